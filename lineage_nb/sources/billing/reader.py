"""Billing exports of clouds (FOCUS, AWS CUR) → rows of `costs`."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from lineage_nb.model.bills import micro_units, settled
from lineage_nb.model.normalise import parse_time
from lineage_nb.model.report import FileReport
from lineage_nb.sources.tables import exact_texts

__all__ = ["CUR", "FOCUS", "Layout", "billing_rows", "layout_of", "lines_of", "plain"]

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
        Columns that number the lines of one delivery; empty: the export has none.
    payer, period : str
        Whose bill a line is on, and when its billing period starts.
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
    payer: str = ""
    period: str = ""
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
    payer="billingaccountid",
    period="billingperiodstart",
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
    payer="billpayeraccountid",
    period="billbillingperiodstartdate",
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
    """Make rows of `costs` of exports, each table for itself, as they add up.

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
        See `lines_of` and `lineage_nb.model.bills.settled`; a line that comes twice with one id counts once.
    """
    lines = [lines_of(t, layout, report) for t, report in zip(tables, reports, strict=True)]
    return [settled(found.unique("record", keep="first", maintain_order=True)) for found in lines]


def lines_of(table: pl.DataFrame, layout: Layout, report: FileReport, currency: str | None = None) -> pl.DataFrame:
    """Make evidence of an export: its lines as rows of `costs`.

    Parameters
    ----------
    table : polars.DataFrame
        An export, as it comes.
    layout : Layout
        What its columns hold.
    report : FileReport
        Every row is counted, and rejected with its position where it has no amount or no day.
    currency : str, optional
        Of lines that name none; where it is empty they are rejected. None: such a line has no currency.

    Returns
    -------
    polars.DataFrame
        The model's columns; start and end (UTC); what the export says of a charge, as text; and
        `lineage_nb.model.bills.BILL_COLUMNS`. `node` is null: the resource becomes a node when it is asked what was
        spent.

    Notes
    -----
    Amounts are what the provider bills: ``BilledCost``; of CUR ``UnblendedCost``, with ``NetUnblendedCost`` beside
    it: which counts is decided over the whole bill. Never the list price. Each is rounded half to even to
    micro-units, with all digits kept beside it.

    AWS numbers the lines of a part of a delivery: the id of a row is that number, the time and the content, payer and
    billing period among it. A line without a number is its content and its ordinal in the file. A file that is read
    twice counts once.
    """
    named = table.select(pl.col(c).alias(n) for c, n in _first_of_each(table.columns))
    report.count(named.height)
    texts = pl.DataFrame({c: _texts(named[c]) for c in named.columns}, schema=dict.fromkeys(named.columns, pl.String))
    read = texts.with_columns(
        micro_units(texts[layout.amount])["micro"].alias("/amount"),
        *(_times(named, column).alias(f"/{name}") for name, column in (("start", layout.start), ("end", layout.end), ("period", layout.period))),
    ).with_row_index("/row", 1)
    faults = [("the amount is not a number", pl.col("/amount").is_null()), ("the start of the charge is not a time", pl.col("/start").is_null())]
    money = _column(texts, layout.currency)
    if currency is not None:
        money = money.fill_null(currency) if currency else money
        faults.append(("no currency; give one, as currency='USD'", money.is_null()))
    read = read.with_columns(money.alias("/currency"), pl.coalesce(pl.when(bad).then(pl.lit(why)) for why, bad in faults).alias("/why"))
    shown = [c for c in (layout.amount, layout.start) if c in texts.columns]
    for row, why, *values in read.filter(pl.col("/why").is_not_null()).select("/row", "/why", *shown).iter_rows():
        report.reject(f"row {row}", why, {c: v for c, v in zip(shown, values, strict=True) if v})
    return _lines(read.filter(pl.col("/why").is_null()), texts.columns, layout)


def _first_of_each(columns: Sequence[str]) -> list[tuple[str, str]]:
    """Columns with their plain names; where two are alike the first."""
    names: dict[str, str] = {}
    for column in columns:
        names.setdefault(plain(column), column)
    return [(c, n) for n, c in names.items() if n]


def _column(texts: pl.DataFrame, column: str) -> pl.Expr:
    return pl.col(column) if column in texts.columns else pl.lit(None, pl.String)


def _lines(read: pl.DataFrame, columns: Sequence[str], layout: Layout) -> pl.DataFrame:
    amount, net = _column(read, layout.amount), _column(read, layout.net)
    period = pl.coalesce("/period", "/start").dt.strftime("%Y-%m")
    whole = net.is_null() & ~amount.str.contains(r"\.\d{6}.*[1-9]|[eE]")
    return read.select(
        pl.lit(None, pl.String).alias("node"),
        pl.col("/start").dt.date().alias("day"),
        _components(read, layout),
        pl.col("/amount").alias("amount"),
        pl.col("/currency").alias("currency"),
        pl.lit("billed").alias("role"),
        pl.Series("record", _records(read, columns, layout), dtype=pl.String),
        pl.col("/start").alias("start"),
        pl.col("/end").alias("end"),
        _column(read, layout.charge).alias("charge"),
        pl.concat_str(pl.lit(layout.name), _column(read, layout.payer).fill_null("-"), period, separator=" ").alias("bill"),
        pl.when(~whole).then(amount).alias("exact"),
        net.alias("net"),
        *(_column(read, column).alias(name) for name, column in layout.extras.items()),
    )


def _texts(values: pl.Series) -> pl.Series:
    """Values as text; null where there is none."""
    if values.dtype != pl.String:
        if values.dtype.is_nested() or values.dtype in (pl.Object, pl.Binary):
            values = pl.Series([None if v is None else str(v) for v in values.to_list()], dtype=pl.String)
        else:
            values = pl.Series(exact_texts(values), dtype=pl.String)
    bare = values.str.strip_chars()
    return bare.set(bare == "", None)


def _times(table: pl.DataFrame, column: str) -> pl.Series:
    if column not in table.columns:
        return pl.Series([None] * table.height, dtype=pl.Datetime("us", "UTC"))
    given = table[column]
    if given.dtype == pl.String:
        different = given.unique().drop_nulls()
        text = pl.col(column).str.strip_chars().str.replace(r"\s*UTC$", "Z")
        known = different.to_frame().with_columns(parse_time(text).alias("/time"))
        return given.to_frame().join(known, on=column, how="left", maintain_order="left")["/time"]
    if isinstance(given.dtype, pl.Datetime) and given.dtype.time_zone is not None:
        return given.dt.convert_time_zone("UTC").cast(pl.Datetime("us", "UTC"))
    if given.dtype.is_temporal() and given.dtype not in (pl.Time, pl.Duration):
        return given.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    return pl.Series([None] * table.height, dtype=pl.Datetime("us", "UTC"))


def _components(read: pl.DataFrame, layout: Layout) -> pl.Series:
    """What each charge is for."""
    kind = pl.coalesce(_column(read, c) for c in layout.kinds)
    told = read.select(_column(read, layout.charge).alias("charge"), kind.alias("kind"), _column(read, "commitmentdiscountid").is_not_null().alias("of"))
    groups = told.unique()
    words = [_component(charge, what, commitment=of) for charge, what, of in groups.iter_rows()]
    groups = groups.with_columns(pl.Series("component", words, dtype=pl.String))
    return told.join(groups, on=["charge", "kind", "of"], how="left", nulls_equal=True, maintain_order="left")["component"]


def _component(charge: str | None, kind: str | None, *, commitment: bool) -> str:
    """What a charge is for, in lower case; of tax, credits and corrections what they are."""
    word = plain(charge or "")
    if word in _FEES or (word == "purchase" and commitment):
        return "commitment"
    if word in ("", "purchase", "fee", *_USAGE):
        return (kind or "cost").lower()
    return (charge or "").lower()


def _records(read: pl.DataFrame, columns: Sequence[str], layout: Layout) -> list[str]:
    """Ids of lines: their number, where they have one, and their content."""
    times: Mapping[str, str] = {layout.start: "/start", layout.end: "/end", layout.period: "/period"}
    told = {c: pl.coalesce(pl.col(times[c]).dt.epoch("us").cast(pl.String), c) if c in times else pl.col(c) for c in sorted(columns)}
    content = pl.concat_str([pl.lit(f"{c}=") + text for c, text in told.items()], separator="\x1f", ignore_nulls=True)
    numbered = _column(read, layout.ids[0]) if layout.ids else pl.lit(None, pl.String)
    number = pl.when(numbered.is_not_null()).then(pl.concat_str([_column(read, c) for c in layout.ids], separator=":", ignore_nulls=True)) if layout.ids else numbered
    seen: Counter[str] = Counter()
    found = []
    for line, text in read.select(number.alias("/number"), content.alias("/content")).iter_rows():
        digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
        if line is not None:
            found.append(f"{layout.name}:{line}:{digest}")
            continue
        found.append(f"{layout.name}:{digest}:{seen[digest]}")
        seen[digest] += 1
    return found
