"""The billed rows that a question is about, in one currency."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import polars as pl

from lineage_nb.analyses.cost.rates import convert
from lineage_nb.analyses.result import as_list, plural
from lineage_nb.errors import LineageError
from lineage_nb.graph.lineage import Lineage
from lineage_nb.model.normalise import parse_time
from lineage_nb.model.resources import BY_END

__all__ = ["TINY", "Bill", "Days", "bill_of", "currency_of", "days_of_period", "is_tiny", "spent_rows", "stamp"]

Days = tuple[date | str, date | str]
TINY = "No amount reaches one cent: whole numbers in a frame count micro-units (1,000,000 are 1.00); give text or decimals for currency units."
LIMIT = 2.0**62
"""Micro-units that can be summed without a doubt."""


@dataclass(frozen=True)
class Bill:
    """Billed rows of a question.

    Attributes
    ----------
    rows : polars.DataFrame
        Rows of `costs` with role ``billed``; amounts in `currency`, and `own_currency` and `own_amount`, as they were billed.
    currency : str
        Of all amounts; empty without rows.
    notes : tuple of str
        Which rates were used, which resources were matched, which rows last longer than the period.
    """

    rows: pl.DataFrame
    currency: str
    notes: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        """Micro-units billed."""
        return int(self.rows["amount"].sum())


def bill_of(
    lineage: Lineage,
    period: Days | None = None,
    of: str | Iterable[str] | None = None,
    *,
    currency: str | None = None,
    rates: object = None,
) -> Bill:
    """Collect the billed rows of a period and of some nodes, in one currency.

    Parameters
    ----------
    lineage : Lineage
        A snapshot with `costs`.
    period : (date, date), optional
        First and last day, inclusive; all recorded costs by default. A row counts on its day.
    of : str or iterable of str, optional
        Nodes; all by default.
    currency, rates : optional
        See `lineage_nb.analyses.cost.rates.convert`. The rounding is that of these rows alone.

    Raises
    ------
    LineageError
        Without costs at all or in the period, for several currencies without rates, and for sums beyond whole
        micro-units.
    UnknownNameError, AmbiguousNameError
        For a name that fits no or several nodes.
    """
    rows = spent_rows(lineage, period, of)
    own = rows.with_columns(pl.col("currency").alias("own_currency"), pl.col("amount").alias("own_amount"))
    converted = convert(own, currency, rates)
    notes = [converted.note] if converted.note else []
    if is_tiny(rows["amount"]):
        notes.append(TINY)
    guessed = _guessed(lineage, rows)
    if guessed:
        notes.append(f"{plural(guessed, 'resource')} of the bill {'was' if guessed == 1 else 'were'} found by the end of a node's id.")
    if period is not None and {"start", "end"} <= set(rows.columns):
        last = days_of_period(period)[1]
        long = rows.filter(stamp(rows, "end") - timedelta(microseconds=1) > datetime.combine(last, time.max, UTC))
        if long.height:
            notes.append(f"{plural(long.height, 'row')} lasting beyond {last} count{'s' if long.height == 1 else ''} in full on the first day.")
    return Bill(converted.rows, converted.currency, tuple(notes))


def is_tiny(amounts: pl.Series) -> bool:
    """Tell whether the largest amount (micro-units) is some, but less than a cent."""
    largest = amounts.abs().max()
    return isinstance(largest, int) and 0 < largest < 10_000


def _guessed(lineage: Lineage, rows: pl.DataFrame) -> int:
    """How many different resources of the rows were read as nodes by the end of their ids."""
    names = lineage.conformed.renamed.filter(pl.col("why") == BY_END)["name"]
    named = [rows[c] for c in ("resource", "resource_name") if rows.schema.get(c) == pl.String]
    if not named or not len(names):
        return 0
    return pl.concat([n.rename("name") for n in named]).drop_nulls().unique().is_in(names.implode()).to_list().count(True)


def stamp(rows: pl.DataFrame, column: str) -> pl.Expr:
    """Read a column of times beyond the model's, which may be text, as UTC; null where it is none."""
    if rows.schema[column] == pl.String:
        return parse_time(pl.col(column))
    return pl.col(column).cast(pl.Datetime("us"), strict=False).dt.replace_time_zone("UTC")


def spent_rows(lineage: Lineage, period: Days | None, of: str | Iterable[str] | None) -> pl.DataFrame:
    """Billed rows of a period and of some nodes, each in its own currency; see `bill_of`."""
    if lineage.frames["costs"].is_empty():
        raise LineageError("the snapshot holds no costs; add a frame with node, day, component, amount, currency")
    costs = lineage.frames["costs"].filter(pl.col("role") == "billed")
    if period is not None:
        first, last = days_of_period(period)
        inside = costs.filter(pl.col("day").is_between(first, last))
        if inside.is_empty():
            recorded = [str(d) for d in costs.select(pl.col("day").min(), last=pl.col("day").max()).row(0)]
            raise LineageError(f"no costs from {first} to {last}; recorded are {' to '.join(recorded)}")
        costs = inside
    if of is not None:
        costs = costs.filter(pl.col("node").is_in([lineage.names.resolve(n) for n in as_list(of)]))
    if costs.select(pl.col("amount").cast(pl.Float64).abs().sum()).item() >= LIMIT:
        raise LineageError("the costs add up to more than 4.6 trillion currency units; amounts are micro-units")
    return costs


def days_of_period(period: Days) -> tuple[date, date]:
    """Read two days, as dates or ``YYYY-MM-DD``.

    Raises
    ------
    LineageError
        For anything else, and a first day after the last.
    """
    try:
        first, last = (date.fromisoformat(d) if isinstance(d, str) else d for d in period)
    except (TypeError, ValueError) as error:  # a string has more than two letters
        raise LineageError(f"period is {period!r}; give two days, such as ('2026-01-01', '2026-01-31')") from error
    first, last = (d.date() if isinstance(d, datetime) else d for d in (first, last))
    if not (isinstance(first, date) and isinstance(last, date) and first <= last):
        raise LineageError(f"period is {period!r}; give two days, the first before the last")
    return first, last


def currency_of(spent: pl.DataFrame) -> str:
    """The one currency of billed rows; empty without rows.

    Raises
    ------
    LineageError
        For several currencies.
    """
    return convert(spent).currency
