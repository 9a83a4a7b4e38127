"""Any frame with the right column names → a frame of the model; rows that do not fit are rejected.

Accepted are polars and pandas frames, Arrow tables, dicts of lists and lists of dicts. Text becomes dates,
times, numbers and lists where the model asks for them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import polars as pl

from lineage_nb.errors import SchemaError
from lineage_nb.model.report import FileReport
from lineage_nb.model.schema import FRAMES, STRINGS, TIME, Column, Frame

__all__ = ["normalise", "parse_time", "to_polars"]

LIST_SEPARATOR = ";"
MICRO = 1_000_000
_EXACT = 2**53
"""Whole numbers up to here are exact as floats."""
_ROW = "__row"
_FAULT = "__fault"
_KINDS = {
    **dict.fromkeys(("table", "view", "materialized view", "topic", "file", "seed", "external table"), "dataset"),
    **dict.fromkeys(("dashboard", "exposure", "chart"), "report"),
    **dict.fromkeys(("person", "team", "user", "service account"), "principal"),
}
"""Words that are types rather than kinds, and the kind that they are of."""
_MAX_TEXT = 100_000
_FIRST_YEAR, _LAST_YEAR = 1900, 9998


def to_polars(frame: Any, what: str = "frame") -> pl.DataFrame:
    """Convert any supported frame to polars.

    Parameters
    ----------
    frame
        polars.DataFrame or LazyFrame, pandas.DataFrame, pyarrow.Table, dict of columns, list of records.
    what : str
        How to call it in an error.

    Raises
    ------
    SchemaError
        When it is none of those.
    """
    if isinstance(frame, pl.DataFrame):
        return frame
    module = type(frame).__module__.partition(".")[0]
    try:
        if isinstance(frame, pl.LazyFrame):
            return frame.collect()
        if module == "pandas":
            return pl.DataFrame(pl.from_pandas(frame))
        if module == "pyarrow":
            return pl.DataFrame(pl.from_arrow(frame))
        if isinstance(frame, dict):
            return pl.DataFrame(frame, strict=False)
        if isinstance(frame, list):
            return pl.from_dicts(frame, infer_schema_length=None, strict=False)
    except (TypeError, ValueError, OSError, pl.exceptions.PolarsError) as error:
        raise SchemaError.of(what, [f"cannot be read as a frame: {error}"]) from error
    raise SchemaError.of(
        what, [f"is a {type(frame).__name__}; give a polars or pandas frame, an Arrow table, a dict or a list"]
    )


def normalise(
    name: str, frame: object, report: FileReport | None = None, *, rows: Sequence[int] | None = None
) -> pl.DataFrame:
    """Fit a frame to the model.

    Parameters
    ----------
    name : str
        One of `lineage_nb.model.schema.FRAMES`.
    frame
        Anything `to_polars` takes. Missing columns are filled; columns beyond the model's are kept.
    report : FileReport, optional
        Where rejected rows are counted. Without one the first rejected row raises.
    rows : sequence of int, optional
        Numbers of the rows in their file, where some are missing.

    Returns
    -------
    polars.DataFrame
        Columns of the model first, then extra ones; only rows that fit.

    Raises
    ------
    SchemaError
        When a required column is missing, or, without `report`, for any row that does not fit.

    Notes
    -----
    `costs.amount` counts micro-units when it is an integer column, and currency units (``4.00``) when it is
    a float, decimal or text column.

    Examples
    --------
    >>> normalise("edges", {"source": ["a"], "target": ["b"]})["type"].to_list()
    ['DIRECT']
    """
    spec = FRAMES[name]
    data = _plain_extras(to_polars(frame, name), spec)
    if name == "nodes":
        data = _usual_words(data)
    clash = [c for c in data.columns if c in (_ROW, _FAULT)]
    missing = [c.name for c in spec.columns if c.required and c.name not in data.columns and c.name != "record"]
    if missing or clash:
        faults = [f"column {m!r} is missing (found: {', '.join(data.columns) or 'none'})" for m in missing]
        raise SchemaError.of(name, faults + [f"column name {c!r} is reserved" for c in clash])
    if report is not None:
        report.count(data.height)
    number = pl.int_range(pl.len()) if rows is None else pl.Series(rows, dtype=pl.Int64)
    data = data.with_columns(number.alias(_ROW), pl.lit(None, pl.String).alias(_FAULT))
    original = data
    if "record" in spec.schema:
        data = _with_record(data, spec)
    for column in spec.columns:
        data = _fit(data, column, name)
    data = _check_values(data, name)
    bad = data.filter(pl.col(_FAULT).is_not_null())
    if bad.height:
        _reject(name, original.filter(pl.col(_ROW).is_in(bad[_ROW].implode())), bad[_FAULT], report)
        data = data.filter(pl.col(_FAULT).is_null())
    extras = [c for c in data.columns if c not in spec.schema and c not in (_ROW, _FAULT)]
    return data.select(*spec.schema, *extras)


def _plain_extras(data: pl.DataFrame, spec: Frame) -> pl.DataFrame:
    """Columns beyond the model's as text, unless they are text, numbers, dates or lists of text already."""
    kept = (pl.String, pl.Int64, pl.Float64, pl.Boolean, pl.Date, STRINGS)
    for name, dtype in data.schema.items():
        if name in spec.schema or dtype in kept or isinstance(dtype, pl.Datetime):
            continue
        if dtype.is_integer() and dtype not in (pl.UInt64, pl.Int128):
            data = data.with_columns(pl.col(name).cast(pl.Int64))
        elif dtype == pl.Float32:
            data = data.with_columns(pl.col(name).cast(pl.Float64))
        else:
            text = [None if v is None else str(v) for v in data[name].to_list()]
            data = data.with_columns(pl.Series(name, text, dtype=pl.String))
    return data


def _usual_words(data: pl.DataFrame) -> pl.DataFrame:
    """Take what people usually write for nodes: a column `owner`, a table's type as its kind."""
    if "owner" in data.columns and "owners" not in data.columns:
        data = data.rename({"owner": "owners"})
    if data.schema.get("kind") != pl.String:
        return data
    word = pl.col("kind").str.strip_chars().str.to_lowercase()
    given = pl.col("type").cast(pl.String, strict=False) if "type" in data.columns else pl.lit(None, pl.String)
    special = word.is_in(list(_KINDS))
    return data.with_columns(
        pl.when(special).then(pl.coalesce(given, word)).otherwise(given).alias("type"),
        pl.when(special).then(word.replace_strict(_KINDS, default=None)).otherwise("kind").alias("kind"),
    )


def _with_record(data: pl.DataFrame, spec: Frame) -> pl.DataFrame:
    """Give rows without an id of their own a content hash and their ordinal among equal rows."""
    if "record" not in data.columns:
        data = data.with_columns(pl.lit(None, pl.String).alias("record"))
    if _unfit(data.schema["record"], pl.String):
        spelled = [None if v is None else str(v) for v in data["record"].to_list()]
        data = data.with_columns(pl.Series("record", spelled, dtype=pl.String))
    data = data.with_columns(pl.col("record").cast(pl.String))
    if not data["record"].null_count():
        return data
    content = sorted(c for c in data.columns if c not in (_ROW, _FAULT, "record"))
    text = pl.concat_str(
        [pl.lit(f"{c}=") + _as_text(data.schema[c], c).fill_null("\0") for c in content], separator="\x1f"
    )
    keyed = data.select(pl.col("record"), text.alias("content")).with_columns(
        pl.int_range(pl.len()).over("content").alias("nth")
    )
    made = pl.Series(
        [
            r if r is not None else f"{spec.name}:{hashlib.blake2b(c.encode(), digest_size=12).hexdigest()}:{n}"
            for r, c, n in keyed.iter_rows()
        ],
        dtype=pl.String,
    )
    return data.with_columns(made.alias("record"))


def _as_text(dtype: pl.DataType, column: str) -> pl.Expr:
    if (dtype.is_nested() and not isinstance(dtype, pl.List)) or dtype in (pl.Object, pl.Binary, pl.Duration):
        return pl.lit("")
    if isinstance(dtype, pl.List):
        return pl.col(column).cast(STRINGS).list.join("\x1e")
    return pl.col(column).cast(pl.String)


def _fit(data: pl.DataFrame, column: Column, frame: str) -> pl.DataFrame:
    name = column.name
    if name not in data.columns:
        return data.with_columns(pl.lit(column.default, dtype=column.dtype).alias(name))
    given = pl.col(name)
    fitted = _cast(data.schema[name], column, frame)
    data = data.with_columns(fitted.alias("__fitted"))
    failed = given.is_not_null() & pl.col("__fitted").is_null()
    if data.schema[name] == pl.String:
        failed &= given.str.strip_chars() != ""
    elif isinstance(data.schema[name], pl.List):
        failed &= given.list.len() > 0
    faults = [pl.when(failed).then(pl.lit(f"{name} is not a {_spoken(column)}")).otherwise(None)]
    value = pl.col("__fitted")
    if column.default is not None:
        value = value.fill_null(pl.lit(column.default, dtype=column.dtype))
    elif column.required:
        faults.append(pl.when(value.is_null()).then(pl.lit(f"{name} is empty")).otherwise(None))
    return data.with_columns(pl.coalesce(pl.col(_FAULT), *faults).alias(_FAULT), value.alias(name)).drop("__fitted")


def _spoken(column: Column) -> str:
    if column.name == "amount":
        return "money amount"
    spoken = ((pl.Int64, "whole number"), (pl.Float64, "number"), (pl.Date, "date"), (pl.Boolean, "boolean"), (TIME, "time"))
    return next((word for dtype, word in spoken if column.dtype == dtype), "text")


def _cast(dtype: pl.DataType, column: Column, frame: str) -> pl.Expr:
    given, want = pl.col(column.name), column.dtype
    if dtype in (pl.Categorical, pl.Enum):
        given, dtype = given.cast(pl.String), pl.String()
    if _unfit(dtype, want):
        return pl.lit(None, dtype=want)
    if frame == "costs" and column.name == "amount" and not dtype.is_integer():
        units = given.str.strip_chars() if dtype == pl.String else given
        return (units.cast(pl.Decimal(38, 6), strict=False) * MICRO).cast(pl.Int64, strict=False)
    if want == STRINGS:
        if isinstance(dtype, pl.List):
            items = given.cast(STRINGS, strict=False)
        else:
            items = given.cast(pl.String, strict=False).str.split(LIST_SEPARATOR)
        items = items.list.eval(pl.element().str.strip_chars()).list.eval(
            pl.element().filter(pl.element().is_not_null() & (pl.element() != ""))
        )
        return pl.when(items.list.len() > 0).then(items.list.unique().list.sort())
    if dtype == pl.String:
        text = given.str.strip_chars() if want != pl.String else given
        text = pl.when(text != "").then(text)
        if want == TIME:
            return parse_time(text)
        if want == pl.Date:
            return parse_time(text).dt.date()
        if want == pl.Boolean:
            lowered = text.str.to_lowercase()
            yes, no = lowered.is_in(["true", "1", "yes", "t"]), lowered.is_in(["false", "0", "no", "f"])
            return pl.when(yes).then(pl.lit(True)).when(no).then(pl.lit(False))
        # pandas writes whole numbers as 1.0 as soon as one cell is empty.
        return pl.coalesce(text.cast(want, strict=False), _whole(text.cast(pl.Float64, strict=False))) if want == pl.Int64 else text.cast(want, strict=False)
    if want == TIME and isinstance(dtype, pl.Datetime):
        zoned = given.dt.replace_time_zone("UTC") if dtype.time_zone is None else given.dt.convert_time_zone("UTC")
        return zoned.cast(TIME)
    if want == TIME and dtype == pl.Date:
        return given.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    if want == pl.Int64 and dtype.is_float():
        return _whole(given)
    return given.cast(want, strict=False)


def _whole(number: pl.Expr) -> pl.Expr:
    """Floats that are whole numbers and exact."""
    exact = (number == number.round(0)) & (number.abs() <= _EXACT)
    return pl.when(exact).then(number.cast(pl.Int64, strict=False))


def _unfit(dtype: pl.DataType, want: pl.DataType | type[pl.DataType]) -> bool:
    """Whether values of a type can never be what is wanted; numbers are no dates, dates are no numbers."""
    if isinstance(dtype, pl.List):
        return want != STRINGS or dtype.inner.is_nested() or dtype.inner in (pl.Object, pl.Binary)
    if dtype.is_nested() or dtype in (pl.Object, pl.Binary, pl.Duration, pl.Time):
        return True
    numeric = dtype.is_numeric() or dtype == pl.Boolean
    if want in (pl.Date, TIME):
        return numeric
    return bool(want in (pl.Int64, pl.Float64) and (dtype.is_temporal() or dtype == pl.Boolean))


def parse_time(text: pl.Expr) -> pl.Expr:
    """ISO 8601 with or without zone and fraction (up to nanoseconds), or a bare date; no zone is UTC."""
    clean = text.str.replace(r"^(\d{4}-\d\d-\d\d) ", "${1}T").str.replace(r"(\.\d{6})\d+", "$1")
    zoned = clean.str.replace(r"Z$", "+00:00").str.replace(r"([+-]\d\d)$", "${1}:00")
    naive = clean.str.replace(r"(Z|[+-]\d\d(:?\d\d)?)$", "")
    found = pl.coalesce(
        zoned.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%:z", time_unit="us", strict=False).dt.convert_time_zone("UTC"),
        naive.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", time_unit="us", strict=False).dt.replace_time_zone("UTC"),
        naive.str.to_datetime("%Y-%m-%dT%H:%M", time_unit="us", strict=False).dt.replace_time_zone("UTC"),
        clean.str.to_date("%Y-%m-%d", strict=False).cast(pl.Datetime("us")).dt.replace_time_zone("UTC"),
    )
    return pl.when(found.dt.year().is_between(_FIRST_YEAR, _LAST_YEAR)).then(found)


_WORDS = {
    ("edges", "type"): ("DIRECT", "INDIRECT", "READ", "WRITE"),
    ("edges", "verdict"): ("plain", "pseudonymised", "derived", "aggregated", "redacted", "none", "unknown"),
    ("io", "direction"): ("in", "out"),
    ("costs", "role"): ("billed", "driver"),
    ("coverage", "what"): ("usage", "lineage", "cost"),
}


def _check_values(data: pl.DataFrame, frame: str) -> pl.DataFrame:
    faults = []
    for (owner, column), words in _WORDS.items():
        if owner == frame:
            bad = pl.col(column).is_not_null() & ~pl.col(column).is_in(words)
            faults.append(pl.when(bad).then(pl.lit(f"{column} is none of {', '.join(words)}")))
    if frame == "usage":
        faults.append(pl.when(pl.col("reads") < 0).then(pl.lit("reads is negative")))
    key = {"nodes": ["id"], "edges": ["source", "target"]}.get(frame, [])
    for column in key:
        too_long = pl.col(column).str.len_bytes() > _MAX_TEXT
        faults.append(pl.when(too_long).then(pl.lit(f"{column} is longer than {_MAX_TEXT:,} bytes")))
    if "record" in data.columns:
        content = [c for c in data.columns if c not in (_ROW, _FAULT)]
        first = pl.struct(pl.col(content)) != pl.struct(pl.col(content)).first().over("record")
        faults.append(pl.when(first).then(pl.lit("record repeats an earlier row's with other content")))
    if not faults:
        return data
    return data.with_columns(pl.coalesce(pl.col(_FAULT), *[f.otherwise(None) for f in faults]).alias(_FAULT))


def _reject(name: str, bad: pl.DataFrame, faults: pl.Series, report: FileReport | None) -> None:
    shown = bad.drop(_FAULT, _ROW)
    for row, fault, record in zip(bad[_ROW], faults, shown.iter_rows(named=True), strict=True):
        value = {k: v for k, v in record.items() if v is not None}
        if report is None:
            more = f" ({bad.height:,} rows like this or otherwise unfit)" if bad.height > 1 else ""
            raise SchemaError.of(name, [f"row {row}: {fault}: {value}{more}"])
        report.reject(f"row {row}", fault, value)
