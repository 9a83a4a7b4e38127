"""An invoice as people have it → its lines."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

import polars as pl

from lineage_nb.analyses.cost.rates import decimal_of
from lineage_nb.errors import LineageError, SchemaError
from lineage_nb.model.normalise import normalise
from lineage_nb.model.report import FileReport
from lineage_nb.sources.billing.reader import billing_rows, layout_of
from lineage_nb.sources.tables import days_of, exact_texts, table_of

__all__ = ["LINES", "invoice_lines"]

LINES = {
    "line": pl.Int64, "record": pl.String, "node": pl.String, "resource": pl.String, "resource_name": pl.String,
    "component": pl.String, "first": pl.Date, "last": pl.Date, "description": pl.String, "amount": pl.Int64, "currency": pl.String,
}
"""Columns of an invoice's lines; all but line, amount and currency may be null."""
_SPELLED = {
    "cost": "amount", "total": "amount", "date": "day", "service": "component", "product": "component", "resource_id": "resource",
    "from": "first", "start": "first", "to": "last", "end": "last", "text": "description", "id": "record",
}
_MICRO = Decimal(1_000_000)
_MOST = Decimal(2**62) / _MICRO


def invoice_lines(given: object, currency: str = "") -> pl.DataFrame:
    """Read an invoice.

    Parameters
    ----------
    given : path, frame or number
        CSV, TSV, NDJSON or Parquet (FOCUS and CUR exports as they come), a frame with at least amount and, where
        known, record, node or resource, component or service, day (or first and last), description, currency; or
        the total, in currency units. In a frame integers are micro-units and anything else currency units, as in
        `costs`.
    currency : str
        Of lines that name none.

    Returns
    -------
    polars.DataFrame
        See `LINES`. Lines with an equal id count once, others as often as they come.

    Raises
    ------
    LineageError
        For a line that cannot be read, and two lines of one id that differ: nothing of an invoice is left out.
    """
    total = _total(given)
    if total is not None:
        only = {"line": [1], "amount": [total], "currency": [currency], "description": ["total"]}
        return pl.DataFrame({c: only.get(c, [None]) for c in LINES}, schema=LINES)
    table = table_of(given, "invoice")
    layout = layout_of([table.columns])
    lines = _exported(table, layout) if layout is not None else _plain(table)
    lines = lines.with_columns(pl.col("currency").fill_null(currency)).with_row_index("line", 1).select(list(LINES)).cast(LINES)  # type: ignore[arg-type]
    return _once(lines)


def _total(given: object) -> int | None:
    """The amount, where an invoice is a single number."""
    if isinstance(given, str) and not _is_file(given):
        try:
            number = decimal_of(given, "invoice")
        except LineageError:
            return None
        return _micro(number)
    if isinstance(given, (Decimal, int, float)):
        return _micro(decimal_of(given, "invoice"))
    return None


def _is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except (OSError, ValueError) as error:  # too long, or with a null byte
        raise LineageError(f"invoice: {text[:60]!r}{' …' if len(text) > 60 else ''} ({len(text):,} characters) is no path; give a file, a frame or a number") from error


def _micro(amount: Decimal, what: str = "invoice") -> int:
    if abs(amount) >= _MOST:
        raise LineageError(f"{what} is {amount:.3E}, which is beyond what can be counted; amounts are below {_MOST:.1E} currency units")
    return int((amount * _MICRO).to_integral_value(ROUND_HALF_EVEN))


def _exported(table: pl.DataFrame, layout: object) -> pl.DataFrame:
    report = FileReport("invoice", None)
    rows = billing_rows([table], layout, [report])[0]  # type: ignore[arg-type]
    if report.rejected:
        where, why, value = report.rejections[0]
        raise LineageError(f"invoice, {where}: {why}: {value} ({report.rejected:,} of {report.read:,} lines cannot be read)")
    last = pl.max_horizontal("day", (pl.col("end") - pl.duration(microseconds=1)).dt.date())
    columns = [c for c in LINES if c in rows.columns]
    return rows.select(*columns, pl.col("day").alias("first"), last.alias("last")).select(
        *(pl.col(c) if c in (*columns, "first", "last") else pl.lit(None, t).alias(c) for c, t in LINES.items() if c != "line")
    )


def _plain(table: pl.DataFrame) -> pl.DataFrame:
    names: dict[str, str] = {}
    for column in table.columns:
        word = column.strip().lower().replace(" ", "_")
        for name in (word, _SPELLED.get(word, word)):
            names.setdefault(name, column)
    if "amount" not in names:
        raise SchemaError.of("invoice", [f"column 'amount' is missing (found: {', '.join(table.columns) or 'none'})"])
    renamed = table.select(pl.col(names[n]).alias(n) for n in (*LINES, "day") if n in names)
    if "role" in names:
        kept = (table[names["role"]].cast(pl.String) != "driver").fill_null(value=True)
        table, renamed = table.filter(kept), renamed.filter(kept)
    day = days_of(renamed, "day", "invoice")
    first, last = (days_of(renamed, c, "invoice") for c in ("first", "last"))
    text = {c: _text(renamed, c) for c, t in LINES.items() if t == pl.String and c != "record"}
    found = pl.DataFrame({**text, "amount": _amounts(renamed["amount"])}, schema={**dict.fromkeys(text, pl.String), "amount": pl.Int64})
    spans = pl.DataFrame({"first": first, "last": last, "day": day})
    spans = spans.select(pl.coalesce("first", "day", "last").alias("first"), pl.coalesce("last", "day", "first").alias("last"))
    wrong = (spans["first"] > spans["last"]).arg_true()
    if len(wrong):
        raise SchemaError.of("invoice", [f"line {wrong[0] + 1}: from {spans['first'][wrong[0]]} is after to {spans['last'][wrong[0]]}"])
    record = pl.Series("record", _text(renamed, "record"), dtype=pl.String)
    return found.hstack([*spans, _records(table) if record.null_count() == record.len() else record])


def _records(table: pl.DataFrame) -> pl.Series:
    """Ids that the same lines have where they were read as costs."""
    try:
        fitted = normalise("costs", table)["record"]
    except SchemaError:
        fitted = pl.Series([None] * table.height, dtype=pl.String)
    return fitted.alias("record")


def _text(table: pl.DataFrame, column: str) -> list[str | None]:
    if column not in table.columns:
        return [None] * table.height
    return [None if v is None or not str(v).strip() else str(v).strip() for v in table[column].to_list()]


def _amounts(given: pl.Series) -> Sequence[int]:
    if given.dtype.is_integer() and not given.null_count():
        whole: list[int] = given.to_list()
        beyond = next((n for n, amount in enumerate(whole, 1) if abs(amount) >= 2**62), None)
        if beyond is not None:
            raise LineageError(f"invoice, line {beyond}: the amount is {whole[beyond - 1]:,} micro-units, which is beyond what can be counted (below 2**62)")
        return whole
    found = []
    for number, text in enumerate(exact_texts(given), 1):
        if not text:
            raise SchemaError.of("invoice", [f"line {number}: the amount is empty"])
        what = f"invoice, line {number}: the amount"
        found.append(_micro(decimal_of(text, what), what))
    return found


def _once(lines: pl.DataFrame) -> pl.DataFrame:
    """Keep one line of each id."""
    content = [c for c in LINES if c != "line"]
    distinct = lines.unique(content, keep="first", maintain_order=True)
    named = pl.concat([distinct.filter(pl.col("record").is_not_null()), lines.filter(pl.col("record").is_null())]).sort("line")
    clash = named.filter(pl.col("record").is_not_null() & pl.col("record").is_duplicated())
    if clash.height:
        first, second = clash.filter(pl.col("record") == clash["record"][0])["line"].head(2)
        raise LineageError(f"invoice: lines {first} and {second} have the id {clash['record'][0]!r}, but differ; correct one of them")
    return named
