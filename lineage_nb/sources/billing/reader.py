"""Billing exports of clouds (FOCUS, AWS CUR) → rows of `costs`."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

import polars as pl

from lineage_nb.model.normalise import parse_time
from lineage_nb.model.report import FileReport
from lineage_nb.sources.tables import exact_texts

__all__ = ["CUR", "FOCUS", "Layout", "billing_rows", "layout_of", "plain"]

_MICRO = Decimal(1_000_000)
_LARGEST = Decimal(2**62)
_USAGE = ("usage", "discountedusage", "savingsplancoveredusage")
_FEES = ("rifee", "savingsplanrecurringfee", "savingsplanupfrontfee")


def plain(name: str) -> str:
    """Spell a column name in one way: ``lineItem/UsageStartDate`` and ``line_item_usage_start_date`` alike.

    Examples
    --------
    >>> plain("lineItem/UsageStartDate") == plain("line_item_usage_start_date")
    True
    """
    return "".join(c for c in name.lower() if c.isalnum())


@dataclass(frozen=True)
class Layout:
    """Which column of an export holds what, all names as `plain` spells them.

    Attributes
    ----------
    name : str
        Of the format.
    signs : tuple of str
        Columns that only this export has together.
    amount, net, currency, start, end, charge : str
        What is billed; what is billed after discounts, where those are no lines of their own; the rest as named.
    kinds : tuple of str
        What a charge is for, the first that is given: becomes the component.
    ids : tuple of str
        Columns that together identify a line; empty: the export has none.
    extras : dict of str to str
        Column of `costs` → column of the export.
    """

    name: str
    signs: tuple[str, ...]
    amount: str
    currency: str
    start: str
    end: str
    charge: str
    kinds: tuple[str, ...]
    net: str = ""
    ids: tuple[str, ...] = ()
    extras: dict[str, str] = field(default_factory=dict)


FOCUS = Layout(
    name="focus",
    signs=("billedcost", "billingcurrency", "chargeperiodstart"),
    amount="billedcost",
    currency="billingcurrency",
    start="chargeperiodstart",
    end="chargeperiodend",
    charge="chargecategory",
    kinds=("servicecategory", "servicename"),
    extras={
        "resource": "resourceid", "resource_name": "resourcename", "service": "servicename", "description": "chargedescription",
        "account": "subaccountid", "sku": "skuid", "invoice": "invoiceid", "commitment": "commitmentdiscountid", "resource_tags": "tags",
        "effective_cost": "effectivecost", "contracted_cost": "contractedcost", "list_cost": "listcost",
    },
)
CUR = Layout(
    name="cur",
    signs=("lineitemunblendedcost", "lineitemusagestartdate", "lineitemlineitemtype"),
    amount="lineitemunblendedcost",
    net="lineitemnetunblendedcost",
    currency="lineitemcurrencycode",
    start="lineitemusagestartdate",
    end="lineitemusageenddate",
    charge="lineitemlineitemtype",
    kinds=("productproductfamily", "lineitemproductcode"),
    ids=("identitylineitemid", "identitytimeinterval"),
    extras={
        "resource": "lineitemresourceid", "service": "lineitemproductcode", "description": "lineitemlineitemdescription",
        "account": "lineitemusageaccountid", "sku": "productsku", "invoice": "billinvoiceid", "resource_tags": "resourcetags",
    },
)
"""Of AWS, as CSV (``lineItem/…``) and as CUR 2.0 or Parquet (``line_item_…``)."""


def layout_of(headers: Iterable[Sequence[str]]) -> Layout | None:
    """Recognise an export by its column names; None for any other table."""
    known = {plain(c) for header in headers for c in header}
    return next((layout for layout in (FOCUS, CUR) if known.issuperset(layout.signs)), None)


def billing_rows(tables: Sequence[pl.DataFrame], layout: Layout, reports: Sequence[FileReport]) -> list[pl.DataFrame]:
    """Make rows of `costs` of exports.

    Parameters
    ----------
    tables : sequence of polars.DataFrame
        Exports of one layout, as they come.
    layout : Layout
        What their columns hold.
    reports : sequence of FileReport
        One a table; every row is counted, and rejected with its position where it has no amount or no day.

    Returns
    -------
    list of polars.DataFrame
        The model's columns; start and end (UTC); what the export says of a charge, as text. `node` is null: the
        resource becomes a node when it is asked what was spent. `currency` is null where the export names none.

    Notes
    -----
    Amounts are what the provider bills: ``BilledCost``; of CUR ``UnblendedCost``, or ``NetUnblendedCost`` where
    discounts are no lines of their own. Never the list price. Each is rounded half to even to micro-units; what that
    loses of a currency and day is a row of component ``rounding``.

    A line without an id is its content and its ordinal in the file, so that a file that is read twice counts once.
    """
    named = [t.select(pl.col(c).alias(n) for c, n in _first_of_each(t.columns)) for t in tables]
    discounts = [t[layout.charge].cast(pl.String).str.to_lowercase().str.ends_with("discount").any() for t in named if layout.charge in t.columns]
    net = bool(layout.net) and not any(discounts)
    return [_rows(t, layout, report, net=net) for t, report in zip(named, reports, strict=True)]


def _first_of_each(columns: Sequence[str]) -> list[tuple[str, str]]:
    """Columns with their plain names; where two are alike the first."""
    names: dict[str, str] = {}
    for column in columns:
        names.setdefault(plain(column), column)
    return [(c, n) for n, c in names.items() if n]


def _rows(table: pl.DataFrame, layout: Layout, report: FileReport, *, net: bool) -> pl.DataFrame:
    report.count(table.height)
    texts = {c: _texts(table, c) for c in table.columns}
    empty: list[str | None] = [None] * table.height
    amounts = [_decimal(t) for t in _amount_texts(texts, layout, net=net)]
    start, end = (_times(table, c) for c in (layout.start, layout.end))
    good: list[int] = []
    for row, (amount, when) in enumerate(zip(amounts, start, strict=True)):
        why = "the amount is not a number" if amount is None else "the start of the charge is not a time" if when is None else ""
        if why:
            report.reject(f"row {row + 1}", why, {c: t[row] for c, t in texts.items() if t[row] and c in (layout.amount, layout.start)})
        else:
            good.append(row)
    charges, families = texts.get(layout.charge, empty), [next((k for k in kinds if k), None) for kinds in zip(*(texts.get(c, empty) for c in layout.kinds), strict=True)]
    commits = texts.get("commitmentdiscountid", empty)
    exact = [amounts[i] or Decimal(0) for i in good]
    micro = [int((a * _MICRO).to_integral_value(ROUND_HALF_EVEN)) for a in exact]
    currency = texts.get(layout.currency, empty)
    frame = pl.DataFrame(
        {
            "node": [None] * len(good),
            "day": start[good].dt.date(),
            "component": [_component(charges[i], families[i], commits[i]) for i in good],
            "amount": micro,
            "currency": [currency[i] or "USD" for i in good],
            "role": ["billed"] * len(good),
            "record": _records(texts, layout, good),
            "start": start[good],
            "end": end[good],
            "charge": [charges[i] for i in good],
            **{name: [texts.get(column, empty)[i] for i in good] for name, column in layout.extras.items()},
        },
        schema_overrides={"node": pl.String, "amount": pl.Int64, "charge": pl.String, **dict.fromkeys(layout.extras, pl.String)},
    )
    return pl.concat([frame, _rounding(frame, exact, layout)], how="diagonal_relaxed")


def _texts(table: pl.DataFrame, column: str) -> list[str | None]:
    values = table[column]
    if values.dtype.is_nested() or values.dtype in (pl.Object, pl.Binary):
        values = pl.Series([None if v is None else str(v) for v in values.to_list()], dtype=pl.String)
    return [t if t else None for t in exact_texts(values)]


def _times(table: pl.DataFrame, column: str) -> pl.Series:
    if column not in table.columns:
        return pl.Series([None] * table.height, dtype=pl.Datetime("us", "UTC"))
    given = table[column]
    if given.dtype == pl.String:
        text = pl.col(column).str.strip_chars().str.replace(r"\s*UTC$", "Z")
        return table.select(parse_time(text))[column]
    if isinstance(given.dtype, pl.Datetime) and given.dtype.time_zone is not None:
        return given.dt.convert_time_zone("UTC").cast(pl.Datetime("us", "UTC"))
    if given.dtype.is_temporal() and given.dtype not in (pl.Time, pl.Duration):
        return given.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    return pl.Series([None] * table.height, dtype=pl.Datetime("us", "UTC"))


def _amount_texts(texts: dict[str, list[str | None]], layout: Layout, *, net: bool) -> list[str | None]:
    billed = texts[layout.amount]
    if not net or layout.net not in texts:
        return billed
    return [after or before for after, before in zip(texts[layout.net], billed, strict=True)]


def _decimal(text: str | None) -> Decimal | None:
    try:
        found = Decimal(text) if text else None
    except InvalidOperation:
        return None
    return found if found is not None and found.is_finite() and abs(found) * _MICRO < _LARGEST else None


def _component(charge: str | None, kind: str | None, commitment: str | None) -> str:
    """What a charge is for, in lower case; of tax, credits and corrections what they are."""
    word = plain(charge or "")
    if word in _FEES or (word == "purchase" and commitment):
        return "commitment"
    if word in ("", "purchase", "fee", *_USAGE):
        return (kind or "cost").lower()
    return (charge or "").lower()


def _records(texts: dict[str, list[str | None]], layout: Layout, good: Sequence[int]) -> list[str]:
    ids = [texts.get(c) for c in layout.ids]
    columns = sorted(texts)
    seen: Counter[str] = Counter()
    found = []
    for row in good:
        parts = [c[row] if c is not None else None for c in ids]
        if parts and parts[0]:
            found.append(":".join([layout.name, *(p for p in parts if p)]))
            continue
        content = "\x1f".join(f"{c}={texts[c][row]}" for c in columns if texts[c][row] is not None)
        found.append(f"{layout.name}:{hashlib.blake2b(content.encode(), digest_size=12).hexdigest()}:{seen[content]}")
        seen[content] += 1
    return found


def _rounding(frame: pl.DataFrame, exact: Sequence[Decimal], layout: Layout) -> pl.DataFrame:
    """What rounding lost, in whole micro-units: a row a currency and day; its id says of which rows."""
    lost: dict[tuple[object, object], Decimal] = {}
    ids: dict[tuple[object, object], list[str]] = {}
    rows = frame.select("currency", "day", "amount", "record").iter_rows()
    for (currency, day, amount, record), value in zip(rows, exact, strict=True):
        key = (currency, day)
        lost[key] = lost.get(key, Decimal(0)) + value * _MICRO - amount
        ids.setdefault(key, []).append(record)
    found = []
    for (currency, day), rest in lost.items():
        amount = int(rest.to_integral_value(ROUND_HALF_EVEN))
        if amount:
            of = hashlib.blake2b("\x1f".join(sorted(ids[currency, day])).encode(), digest_size=12).hexdigest()
            found.append((day, "rounding", amount, currency, "billed", f"{layout.name}:rounding:{of}"))
    schema = {c: frame.schema[c] for c in ("day", "component", "amount", "currency", "role", "record")}
    return pl.DataFrame(found, schema=schema, orient="row")
