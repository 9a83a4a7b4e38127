"""Storage that no source bills by dataset, priced: bytes × price × days."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction

import numpy as np
import polars as pl

from lineage_nb.analyses.cost.bill import Days, days_of_period
from lineage_nb.analyses.cost.rates import decimal_of
from lineage_nb.analyses.what_if.savings import SHARED_TYPES
from lineage_nb.errors import LineageError, SchemaError
from lineage_nb.graph.lineage import Lineage
from lineage_nb.model.merge import unite
from lineage_nb.model.normalise import normalise
from lineage_nb.model.snapshot import SnapshotData
from lineage_nb.sources.tables import days_of, exact_texts, table_of

__all__ = ["STANDARD", "UNITS", "priced", "storage_costs"]

STANDARD = "standard"
"""Tier of a dataset that names none."""
UNITS = {
    "gb-month": 10**9, "gib-month": 2**30, "tb-month": 10**12, "tib-month": 2**40, "byte-month": 1,
}
"""Bytes of a unit; a month is shared by its days."""
_STORED = r"storage|stored"
_COLUMNS = ("what", "tier", "unit", "amount", "currency", "from", "to", "kind")
_Rows = list[tuple[str | None, Fraction, str, date, date, bool]]


def storage_costs(lineage: Lineage, prices: object, period: Days | None = None) -> pl.DataFrame:
    """Price the storage of datasets that have no storage cost rows of their own.

    Parameters
    ----------
    lineage : Lineage
        A snapshot; `bytes` of nodes is the size, its extra column `storage_tier` the tier (null: `STANDARD`).
    prices : frame, path, or dict of columns
        what (``storage``; other rows are left alone), tier (null: all others), unit (one of `UNITS`), amount
        (currency units per unit), currency (USD), from, to (days, inclusive; null: open), kind (``contracted`` or
        ``list``; null: contracted). Where a tier has both on a day, the contracted price counts.
    period : (date, date), optional
        First and last day; by default those of the recorded costs.

    Returns
    -------
    polars.DataFrame
        Rows of `costs`: one a dataset and month, on the first day of it (in the period), component ``storage``, billed;
        exact, rounded half to even. The id is made of dataset and days, so that reading twice counts once.

    Raises
    ------
    LineageError
        For an unknown unit or kind, prices that disagree, a tier or day without a price, and no period.

    Notes
    -----
    The size is the last one recorded, taken for all days. A dataset is paid until the day before it was dropped. Left
    out are datasets and months that have a billed row whose component speaks of storage, and clones and external
    tables, whose files are another's.

    Examples
    --------
    >>> import lineage_nb as ln
    >>> snap = ln.from_frames(nodes={"id": ["t"], "bytes": [2 * 2**40]})
    >>> prices = {"what": ["storage"], "unit": ["TiB-month"], "amount": ["23.00"]}
    >>> storage_costs(snap, prices, ("2025-06-01", "2025-06-15")).select("node", "day", "amount").rows()
    [('t', datetime.date(2025, 6, 1), 23000000)]
    """
    rows = _prices(prices)
    first, last = _period(lineage, period)
    stored = _stored(lineage)
    parts = [_month(stored, rows, begin, end, _paid(lineage, begin)) for begin, end in _months(first, last)]
    found = [p for p in parts if p.height]
    empty = pl.DataFrame({"node": [], "day": [], "amount": []}, schema={"node": pl.String, "day": pl.Date, "amount": pl.Int64})
    return normalise("costs", pl.concat(found) if found else empty)


def _prices(given: object) -> _Rows:
    """tier, price a byte-month (micro-units), currency, from, to, contracted."""
    table = table_of(given, "prices")
    missing = [c for c in ("unit", "amount") if c not in table.columns]
    if missing:
        raise SchemaError.of("prices", [f"column {c!r} is missing; columns are {', '.join(_COLUMNS)} (found: {', '.join(table.columns)})" for c in missing])
    texts = {c: exact_texts(table[c]) if c in table.columns else [None] * table.height for c in _COLUMNS if c not in ("from", "to")}
    begins, ends = (days_of(table, c, "prices").to_list() for c in ("from", "to"))
    rows: _Rows = []
    for i in range(table.height):
        if (texts["what"][i] or "storage") != "storage":
            continue
        unit, kind = (texts["unit"][i] or "").lower(), (texts["kind"][i] or "contracted").lower()
        if unit not in UNITS or kind not in ("contracted", "list"):
            raise LineageError(f"prices, row {i + 1}: unit {texts['unit'][i]!r}, kind {kind!r}; units are {', '.join(UNITS)}, kinds contracted and list")
        price = decimal_of(texts["amount"][i], f"prices, row {i + 1}: the amount")
        if price < 0:
            raise LineageError(f"prices, row {i + 1}: the amount is {price}; a price is not negative")
        a_byte = Fraction(price) * 1_000_000 / UNITS[unit]
        rows.append((texts["tier"][i], a_byte, texts["currency"][i] or "USD", begins[i] or date.min, ends[i] or date.max, kind == "contracted"))
    return rows


def _price_on(rows: _Rows, tier: str, day: date) -> tuple[Fraction, str]:
    """The price of a tier on a day: contracted before list, its own before that of all tiers."""
    for contracted, own in ((True, True), (True, False), (False, True), (False, False)):
        fitting = {(p, c) for t, p, c, a, b, k in rows if k == contracted and a <= day <= b and (t == tier if own else t is None)}
        if len(fitting) > 1:
            raise LineageError(f"two {'contracted' if contracted else 'list'} prices for tier {tier!r} on {day}; end one before the other begins")
        if fitting:
            return fitting.pop()
    raise LineageError(f"no price for tier {tier!r} on {day}; add a row to prices (a row without tier is for all)")


def _period(lineage: Lineage, period: Days | None) -> tuple[date, date]:
    if period is not None:
        return days_of_period(period)
    days = lineage.frames["costs"]["day"]
    first, last = days.min(), days.max()
    if not (isinstance(first, date) and isinstance(last, date)):
        raise LineageError("no period and no costs to take it from; give period=('2026-01-01', '2026-06-30')")
    return first, last


def _months(first: date, last: date) -> Iterator[tuple[date, date]]:
    while first <= last:
        end = first.replace(day=monthrange(first.year, first.month)[1])
        yield first, min(end, last)
        first = end + timedelta(days=1)


def _stored(lineage: Lineage) -> pl.DataFrame:
    """node, bytes, tier, deleted (day; null: still there) of the datasets that are priced."""
    nodes = lineage.frames["nodes"].filter((pl.col("kind") == "dataset") & (pl.col("bytes") > 0))
    own = ~pl.col("type").str.to_lowercase().is_in(SHARED_TYPES)
    nodes = nodes.filter(own.fill_null(value=True))
    tier = pl.lit(STANDARD).alias("tier")
    evidence, renamed = lineage.data.frames["nodes"], lineage.conformed.renamed.select("name", "node")
    if "storage_tier" in evidence.columns:
        told = evidence.filter(pl.col("storage_tier").is_not_null()).select("id", pl.col("storage_tier").cast(pl.String), "last_seen")
        told = told.join(renamed, left_on="id", right_on="name", how="left").with_columns(pl.coalesce("node", "id").alias("id"))
        told = told.sort("last_seen", "storage_tier", nulls_last=False).unique("id", keep="last", maintain_order=True)
        nodes = nodes.join(told.select("id", "storage_tier"), on="id", how="left", maintain_order="left")
        tier = pl.col("storage_tier").fill_null(STANDARD).alias("tier")
    return nodes.select(pl.col("id").alias("node"), "bytes", tier, pl.col("deleted_at").dt.date().alias("deleted"))


def _paid(lineage: Lineage, begin: date) -> pl.Series:
    """Datasets that have storage cost rows of their own in the month of a day."""
    nodes = lineage.frames["nodes"].select("id", pl.when(pl.col("kind") == "column").then("parent").fill_null(pl.col("id")).alias("data"))
    rows = lineage.frames["costs"].filter((pl.col("role") == "billed") & pl.col("component").str.to_lowercase().str.contains(_STORED))
    rows = rows.filter((pl.col("day").dt.year() == begin.year) & (pl.col("day").dt.month() == begin.month))
    return rows.join(nodes, left_on="node", right_on="id")["data"].unique()


def _month(stored: pl.DataFrame, rows: _Rows, begin: date, end: date, paid: pl.Series) -> pl.DataFrame:
    """Rows of `costs` for the days of one month."""
    open_ = stored.filter(~pl.col("node").is_in(paid.implode()) & (pl.col("deleted").is_null() | (pl.col("deleted") > begin)))
    stop = pl.min_horizontal(pl.col("deleted"), pl.lit(end + timedelta(days=1))).alias("stop")
    parts = []
    for (tier, until), mine in open_.with_columns(stop).partition_by("tier", "stop", as_dict=True, maintain_order=True).items():
        days = [begin + timedelta(days=d) for d in range((until - begin).days)]
        quotes = [_price_on(rows, str(tier), day) for day in days]
        currencies = {c for _, c in quotes}
        if len(currencies) > 1:
            raise LineageError(f"prices of tier {tier!r} change currency within {begin:%Y-%m}; end a price with a month")
        factor = sum((p for p, _ in quotes), Fraction(0)) / monthrange(begin.year, begin.month)[1]
        amount = _times(mine["bytes"].to_numpy(), factor)
        if max(amount, default=0) >= 2**63:
            most = mine["node"][amount.index(max(amount))]
            raise LineageError(f"the storage of {most} comes to more than can be counted (9.2 trillion currency units); check its bytes and the price of tier {tier!r}")
        ids = "priced:storage:" + mine["node"] + f":{begin}:{until - timedelta(days=1)}"
        parts.append(
            mine.select(
                "node", pl.lit(begin).alias("day"), pl.lit("storage").alias("component"), pl.Series("amount", amount, dtype=pl.Int64),
                pl.lit(currencies.pop()).alias("currency"), pl.lit("billed").alias("role"), ids.alias("record"),
            ).filter(pl.col("amount") != 0)
        )
    return pl.concat(parts) if parts else pl.DataFrame()


def _times(size: np.ndarray[tuple[int], np.dtype[np.int64]], factor: Fraction) -> list[int]:
    """Multiply exactly, rounded half to even."""
    doubled = size.astype(object) * (2 * factor.numerator)
    whole, rest = (doubled + factor.denominator) // (2 * factor.denominator), (doubled + factor.denominator) % (2 * factor.denominator)
    tie = (rest == 0) & (whole % 2 == 1)
    rounded: list[int] = (whole - tie.astype(int)).tolist()
    return rounded


def priced(lineage: Lineage, prices: object, period: Days | None = None) -> SnapshotData:
    """Add what `storage_costs` finds to the evidence of a snapshot."""
    rows = storage_costs(lineage, prices, period)
    frames = dict(lineage.data.frames)
    united = unite([{"costs": frames["costs"]}, {"costs": rows}])
    return SnapshotData.of({**frames, **united}, lineage.data.report)
