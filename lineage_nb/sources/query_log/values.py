"""Columns of a query log, however they are written → one frame with fixed types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
import polars as pl

from lineage_nb.model.normalise import parse_time
from lineage_nb.model.schema import TIME
from lineage_nb.sources.query_log.layout import Layout

__all__ = ["LOG", "SEPARATOR", "standard"]

SEPARATOR: Final = "\x1f"
LOG: Final[Mapping[str, Any]] = {
    "statement": pl.String,
    "time": TIME,
    "end": TIME,
    "user": pl.String,
    "id": pl.String,
    "parent": pl.String,
    "session": pl.String,
    "state": pl.String,
    "dialect": pl.String,
    "database": pl.String,
    "schema": pl.String,
    "busy": pl.Int64,
    "bytes": pl.Int64,
    "rows": pl.Int64,
    "written": pl.Int64,
    "cost": pl.Int64,
    "currency": pl.String,
    "compute": pl.String,
    "reads": pl.String,
    "destination": pl.String,
    "type": pl.String,
    "bad_time": pl.Boolean,
    "bad_cost": pl.Boolean,
}
"""A row per statement: `state` in the model's words, `busy` in microseconds, `cost` in micro-units, `reads` the tables
that the log itself lists, joined by `SEPARATOR`; `bad_time` and `bad_cost` where what is given is no time or number."""

_STATES: Final = {
    "COMPLETE": (
        "success",
        "succeeded",
        "successful",
        "finished",
        "finish",
        "done",
        "complete",
        "completed",
        "ok",
    ),
    "FAIL": (
        "fail",
        "failed",
        "failure",
        "error",
        "errored",
        "incident",
        "failed_with_error",
        "failed_with_incident",
    ),
    "ABORT": ("cancel", "canceled", "cancelled", "abort", "aborted", "killed", "closed", "timeout"),
    "RUNNING": (
        "running",
        "planning",
        "queued",
        "returning",
        "pending",
        "started",
        "waiting",
        "blocked",
        "starting",
    ),
}
_STATE_OF: Final = {word: state for state, words in _STATES.items() for word in words}
_NO_ERROR: Final = ("", "0", "null", "none", "{}")
_MICRO: Final = 1_000_000
_PER: Final = {"billed": 2.0**40, "credits": 1.0, "slot_ms": 3_600_000.0}
"""How much of a billed quantity has one price: a TiB, a credit, a slot hour."""
PRICES: Final = {"tib": "billed", "credit": "credits", "slot_hour": "slot_ms"}
"""Names of prices that users give → what they are the price of."""
_SCALES: Final = ((1e17, 1e-3), (1e14, 1.0), (1e11, 1e3), (0.0, 1e6))
"""Times as numbers: from this size on, microseconds in one unit (nano-, micro-, milliseconds, seconds since 1970)."""
_PARTS: Final = (("project_id", "projectId"), ("dataset_id", "datasetId"), ("table_id", "tableId"))
"""Names of the parts of a table's name, as BigQuery's views and its API spell them."""


def standard(frame: pl.DataFrame, layout: Layout, prices: Mapping[str, float]) -> pl.DataFrame:
    """Bring a file's columns into the form of `LOG`.

    Parameters
    ----------
    frame : polars.DataFrame
        As read.
    layout : Layout
        Which column holds what.
    prices : mapping
        Keys of `PRICES` → currency units for one.

    Returns
    -------
    polars.DataFrame
        As many rows; null where nothing is said.
    """
    given = {role: _column(frame, name) for role, name in layout.columns.items()}
    nothing = pl.Series([None] * frame.height, dtype=pl.String)
    text = {r: _text(given.get(r, nothing)) for r in LOG if LOG[r] == pl.String and r != "state"}
    text["reads"] = _tables(given.get("reads", nothing))
    text["destination"] = _tables(given.get("destination", nothing))
    number = {r: _whole(given.get(r, nothing)) for r in ("bytes", "rows", "written")}
    times = {r: _times(given[r]) if r in given else _none(frame.height, TIME) for r in ("time", "end")}
    known = {**text, **number, **times, "state": _state(given, nothing)}
    known["bad_time"] = _text(given.get("time", nothing)).is_not_null() & times["time"].is_null()
    known["cost"] = _cost(given, prices, frame.height)
    known["bad_cost"] = _text(given.get("cost", nothing)).is_not_null() & known["cost"].is_null()
    spans = {r: _micros(given[r], layout.units.get(r, _MICRO)) for r in ("busy", "duration") if r in given}
    out = pl.DataFrame([known.get(r, _none(frame.height, t)).cast(t).alias(r) for r, t in LOG.items()])
    measured = pl.coalesce(*spans.values(), pl.lit(None, pl.Int64)) if spans else pl.lit(None, pl.Int64)
    duration = spans.get("duration", _none(frame.height, pl.Int64))
    return out.with_columns(
        measured.alias("busy"),
        pl.coalesce("end", pl.col("time") + pl.Series(duration).cast(pl.Duration("us"))).alias("end"),
    )


def _none(height: int, dtype: Any) -> pl.Series:
    return pl.Series([None] * height, dtype=dtype)


def _column(frame: pl.DataFrame, name: str) -> pl.Series:
    """A column, or field b of column a for ``a.b``."""
    if name in frame.columns:
        return frame[name]
    base, _, inner = name.partition(".")
    if isinstance(frame.schema.get(base), pl.Struct):
        return frame[base].struct.field(inner)
    return frame[base].cast(pl.String).str.json_path_match(f"$.{inner}")


def _text(values: pl.Series) -> pl.Series:
    """Text without blanks around it; null for nothing but blanks."""
    if values.dtype.is_nested() or values.dtype == pl.Object:
        values = pl.Series([None if v is None else str(v) for v in values.to_list()], dtype=pl.String)
    stripped = values.cast(pl.String, strict=False).str.strip_chars()
    return pl.select(pl.when(stripped != "").then(stripped)).to_series()


def _number(values: pl.Series) -> pl.Series:
    if values.dtype.is_numeric():
        return values
    return _text(values).cast(pl.Float64, strict=False)


def _whole(values: pl.Series) -> pl.Series:
    """Whole numbers of at least 0."""
    if values.dtype.is_integer():
        found = values.cast(pl.Int64, strict=False)
    elif values.dtype.is_numeric():
        found = values.cast(pl.Float64).round(0).cast(pl.Int64, strict=False)
    else:
        text = _text(values)
        exact = text.cast(pl.Int64, strict=False)
        found = pl.select(
            pl.coalesce(exact, text.cast(pl.Float64, strict=False).round(0).cast(pl.Int64, strict=False))
        ).to_series()
    return pl.select(pl.when(found >= 0).then(found)).to_series()


def _micros(values: pl.Series, unit: int) -> pl.Series:
    if isinstance(values.dtype, pl.Duration):
        return values.dt.total_microseconds()
    return (_number(values).cast(pl.Float64) * unit).round(0).cast(pl.Int64, strict=False)


def _times(values: pl.Series) -> pl.Series:
    """Times in any common notation, without a zone in UTC; numbers count from 1970 in the unit of their size."""
    if isinstance(values.dtype, pl.Datetime):
        zoned = (
            values.dt.replace_time_zone("UTC")
            if values.dtype.time_zone is None
            else values.dt.convert_time_zone("UTC")
        )
        return zoned.cast(TIME)
    if values.dtype == pl.Date:
        return values.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    if values.dtype.is_numeric():
        return _epoch(values.cast(pl.Float64))
    text = _text(values)
    plain = pl.col("t").str.replace(r"\s+(?:UTC|GMT)$", "Z").str.replace(r"\s+([+-]\d\d:?\d\d|Z)$", "$1")
    parsed = pl.DataFrame({"t": text}).select(parse_time(plain)).to_series()
    if parsed.null_count() == text.null_count():
        return parsed
    numbers = _epoch(text.cast(pl.Float64, strict=False))
    return pl.select(pl.coalesce(parsed, numbers)).to_series()


def _epoch(numbers: pl.Series) -> pl.Series:
    size = pl.col("n").abs()
    micros = pl.coalesce(*(pl.when(size >= least).then(pl.col("n") * scale) for least, scale in _SCALES))
    sane = micros.is_between(0, 4.0e15)
    found = pl.DataFrame({"n": numbers}).select(
        pl.when(sane).then(micros).round(0).cast(pl.Int64, strict=False)
    )
    return found.to_series().cast(pl.Datetime("us")).dt.replace_time_zone("UTC")


def _state(given: Mapping[str, pl.Series], nothing: pl.Series) -> pl.Series:
    """How statements ended, in the model's words; null where nothing tells."""
    word = _text(given.get("status", nothing)).str.to_lowercase()
    error = _text(given.get("error", nothing)).str.to_lowercase()
    failed = error.is_not_null() & ~error.is_in(_NO_ERROR)
    state = word.replace_strict(_STATE_OF, default=None, return_dtype=pl.String)
    went_wrong = failed & ~state.is_in(["ABORT", "RUNNING"]).fill_null(value=False)
    return pl.select(pl.when(went_wrong).then(pl.lit("FAIL")).otherwise(state)).to_series()


def _cost(given: Mapping[str, pl.Series], prices: Mapping[str, float], height: int) -> pl.Series:
    """Micro-units: as the log says, else what it bills times its price."""
    parts = []
    if "cost" in given:
        text = _text(given["cost"])
        exact = text.cast(pl.Decimal(38, 6), strict=False)
        parts.append((exact * _MICRO).cast(pl.Int64, strict=False))
        written = text.cast(pl.Float64, strict=False)  # 1e-06, which not every polars reads as a decimal
        parts.append((written * _MICRO).round(0).cast(pl.Int64, strict=False))
    for name, price in prices.items():
        role = PRICES[name]
        if role in given:
            amount = _number(given[role]).cast(pl.Float64) / _PER[role] * price * _MICRO
            parts.append(amount.round(0).cast(pl.Int64, strict=False))
    return pl.select(pl.coalesce(*parts)).to_series() if parts else _none(height, pl.Int64)


# -- tables that the log lists ------------------------------------------------------------------------------


def _tables(values: pl.Series) -> pl.Series:
    """Names of tables, sorted, each once, joined by `SEPARATOR`."""
    if values.dtype == pl.String:
        return _distinct(values, lambda v: _listed(_decoded(v)))
    if isinstance(values.dtype, pl.List) and isinstance(values.dtype.inner, pl.Struct):
        names = values.list.eval(_dotted(values.dtype.inner, pl.element()))
        joined = names.list.drop_nulls().list.unique().list.sort().list.join(SEPARATOR)
        return _text(joined)
    if isinstance(values.dtype, pl.Struct):
        return _text(pl.DataFrame({"t": values}).select(_dotted(values.dtype, pl.col("t"))).to_series())
    if values.dtype.is_nested():
        return pl.Series([_listed(v) for v in values.to_list()], dtype=pl.String)
    return _text(values)


def _dotted(dtype: pl.Struct, value: pl.Expr) -> pl.Expr:
    """Dotted name of a table that is given as a struct of its parts."""
    fields = {f.name for f in dtype.fields}
    parts = [next((n for n in names if n in fields), None) for names in _PARTS]
    texts = [value.struct.field(n).cast(pl.String) for n in parts if n is not None]
    return pl.concat_str(texts, separator=".", ignore_nulls=True) if texts else pl.lit(None, pl.String)


def _distinct(values: pl.Series, change: Any) -> pl.Series:
    """Change each different text once."""
    different = values.drop_nulls().unique()
    known = pl.DataFrame(
        {"text": different, "changed": [change(v) for v in different]},
        schema={"text": pl.String, "changed": pl.String},
    )
    frame = pl.DataFrame({"text": values})
    return frame.join(known, on="text", how="left", maintain_order="left")["changed"]


def _decoded(text: str) -> object:
    if text.lstrip()[:1] not in ("[", "{"):
        return text
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None


def _listed(value: object) -> str | None:
    items = value if isinstance(value, list) else [value]
    return SEPARATOR.join(sorted({name for item in items if (name := _name(item))})) or None


def _name(item: object) -> str | None:
    """Dotted name of a table: text, or the parts that BigQuery gives."""
    if isinstance(item, str):
        return item.strip().replace("`", "").replace(":", ".", 1) or None
    if not isinstance(item, dict):
        return None
    parts = [item.get(one) or item.get(other) for one, other in _PARTS]
    return ".".join(str(p) for p in parts if p) or None
