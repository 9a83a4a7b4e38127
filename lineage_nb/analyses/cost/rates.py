"""Several currencies → one, by exact rates, exact to the micro-unit."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

import numpy as np
import polars as pl

from lineage_nb.analyses.cost.shares import largest_first
from lineage_nb.errors import LineageError
from lineage_nb.graph.lineage import Lineage
from lineage_nb.model.bills import settled
from lineage_nb.model.snapshot import SnapshotData
from lineage_nb.sources.tables import days_of, exact_texts, table_of

__all__ = ["Converted", "convert", "converted_costs", "decimal_of"]

_ONE_DAY = timedelta(days=1)
_SCHEMA = {"currency": pl.String, "rate": pl.String, "from": pl.Date, "to": pl.Date}


@dataclass(frozen=True)
class Converted:
    """Rows in one currency.

    Attributes
    ----------
    rows : polars.DataFrame
        As given; `amount` in the target currency, `currency` the target.
    currency : str
        The target; empty without rows.
    note : str
        Which rates were used, in words; empty where none was.
    """

    rows: pl.DataFrame
    currency: str
    note: str = ""


def decimal_of(value: object, what: str) -> Decimal:
    """Read an exact number: a Decimal, an int, a float as it prints, or text.

    Raises
    ------
    LineageError
        For anything else, NaN and infinity.

    Examples
    --------
    >>> decimal_of(1.08, "rate"), decimal_of(" 0.5 ", "rate")
    (Decimal('1.08'), Decimal('0.5'))
    """
    wrong = isinstance(value, bool) or not isinstance(value, (Decimal, int, float, str))
    try:
        found = value if isinstance(value, Decimal) else Decimal("" if wrong else str(value).strip())
    except InvalidOperation as error:
        raise LineageError(f"{what} is {value!r}; give a number such as '1.08'") from error
    if not found.is_finite():
        raise LineageError(f"{what} is {value!r}; give a finite number")
    return found


def _table(rates: object) -> pl.DataFrame:
    """currency, rate (text), from, to."""
    if isinstance(rates, Mapping) and not {"currency", "rate"} <= set(rates):
        pairs = [(str(c).strip().upper(), str(decimal_of(r, f"the rate of {c}"))) for c, r in rates.items()]
        plain = pl.DataFrame(pairs, schema={"currency": pl.String, "rate": pl.String}, orient="row")
        return plain.with_columns(pl.lit(None, pl.Date).alias("from"), pl.lit(None, pl.Date).alias("to"))
    table = table_of(rates, "rates")
    missing = [c for c in ("currency", "rate") if c not in table.columns]
    if missing:
        raise LineageError(f"rates lack the column {', '.join(missing)} (found: {', '.join(table.columns) or 'none'}); columns are {', '.join(_SCHEMA)}")
    texts = exact_texts(table["rate"])
    currencies = [None if c is None else str(c).strip().upper() for c in table["currency"].to_list()]
    for number, (currency, rate) in enumerate(zip(currencies, texts, strict=True), 1):
        if not currency:
            raise LineageError(f"rates, row {number}: no currency")
        decimal_of(rate, f"rates, row {number}: the rate of {currency}")
    return pl.DataFrame(
        {"currency": currencies, "rate": texts, "from": days_of(table, "from", "rates"), "to": days_of(table, "to", "rates")}, schema=_SCHEMA
    )


class _Rates:
    """Rates by currency and day."""

    def __init__(self, rates: object, target: str | None, found: list[str]) -> None:
        self.rows: dict[str, list[tuple[date, date, Decimal]]] = {}
        self.begins: dict[str, list[date]] = {}
        for currency, text, first, last in _table(rates).iter_rows():
            rate = Decimal(text)
            if rate <= 0:
                raise LineageError(f"the rate of {currency} is {rate}; rates are above 0")
            if first is not None and last is not None and first > last:
                raise LineageError(f"the rate of {currency} holds from {first} to {last}; give the first day before the last")
            self.rows.setdefault(currency, []).append((first or date.min, last or date.max, rate))
        self._check()
        self.target = target.strip().upper() if target is not None else self._only_other(found)
        if any(r != 1 for _, _, r in self.rows.get(self.target, [])):
            raise LineageError(f"rates turn {self.target} into {self.target} at other than 1; they lead into the target currency")
        self.used: dict[tuple[str, Decimal], None] = {}

    def _check(self) -> None:
        """Sort the rates of each currency, unite equal ones that meet, and refuse different ones of one day."""
        for currency, rows in self.rows.items():
            united: list[tuple[date, date, Decimal]] = []
            for first, last, rate in sorted(rows):
                a, b, other = united[-1] if united else (first, first, rate)
                if not united or first > b + _ONE_DAY * (b < date.max) or (first > b and other != rate):
                    united.append((first, last, rate))
                elif other != rate:
                    raise LineageError(f"two rates of {currency} for {first}: {other} and {rate}; end one before the other begins")
                else:
                    united[-1] = (a, max(b, last), rate)
            self.rows[currency] = united
            self.begins[currency] = [first for first, _, _ in united]

    def _only_other(self, found: list[str]) -> str:
        others = sorted({c.upper() for c in found} - set(self.rows))
        ones = [c for c, rows in self.rows.items() if all(r == 1 for _, _, r in rows)]
        choice = others or ones
        if len(choice) == 1:
            return choice[0]
        asked = f"no rate for {', '.join(others)}" if others else "every currency has a rate"
        raise LineageError(f"{asked}: name the currency to convert into, as currency='{(others or found)[0]}'")

    def of(self, currency: str, day: date | None) -> Fraction:
        currency = currency.upper()
        if currency == self.target:
            return Fraction(1)
        rows = self.rows.get(currency, [])
        at = bisect_right(self.begins.get(currency, []), day or date.min) - 1
        if at >= 0 and (day or date.max) <= rows[at][1]:
            self.used[currency, rows[at][2]] = None
            return Fraction(rows[at][2])
        if rows and day is None:
            raise LineageError(f"no rate for {currency} without a day into {self.target}: its rates hold on some days; give the line a day")
        known, when = ", ".join(sorted(self.rows)) or "none", f"on {day}" if day else "without a day"
        raise LineageError(f"no rate for {currency} {when} into {self.target}; add a row to rates (known: {known})")


def convert(rows: pl.DataFrame, currency: str | None = None, rates: object = None) -> Converted:
    """Convert amounts into one currency.

    Parameters
    ----------
    rows : polars.DataFrame
        Columns amount (micro-units), currency, day (null: only a rate without days fits).
    currency : str, optional
        The target (ISO 4217); by default the one currency of the rows, or the one that has no rate.
    rates : mapping, frame or path, optional
        Units of the target per unit: ``{"EUR": 1.08}``, or a table with currency, rate and, optionally, from
        and to (days, both inclusive; null: open). Decimals, ints and text are taken exactly, floats as they print.

    Returns
    -------
    Converted
        The sum is that of the exact amounts, rounded half to even; each row is rounded down and what is missing
        goes to the largest remainders, ties to the earlier row.

    Raises
    ------
    LineageError
        For several currencies without rates, a currency or day without a rate, and rates that disagree.

    Examples
    --------
    >>> rows = pl.DataFrame({"amount": [100, 7], "currency": ["USD", "EUR"], "day": [date(2025, 1, 1)] * 2})
    >>> convert(rows, rates={"EUR": 1.08}).rows["amount"].to_list()
    [100, 8]
    """
    found = rows["currency"].unique().sort().to_list()
    if rates is None:
        return Converted(rows, _same(found, currency))
    table = _Rates(rates, currency, found)
    if found in ([], [table.target]):
        return Converted(rows, table.target if found else "")
    groups = rows.select("currency", "day").unique().sort("currency", "day")
    factors = [table.of(c, d) for c, d in groups.iter_rows()]
    number = rows.select("currency", "day").join(groups.with_row_index("nth"), on=["currency", "day"], how="left", maintain_order="left", nulls_equal=True)["nth"]
    amounts = _scaled(rows["amount"].to_numpy(), number.to_numpy(), factors)
    told = [f"{c} at {_told([r for k, r in table.used if k == c])}" for c in sorted({c for c, _ in table.used})]
    changed = rows.with_columns(pl.Series("amount", amounts, dtype=pl.Int64), pl.lit(table.target).alias("currency"))
    return Converted(changed, table.target, f"Converted into {table.target}: {'; '.join(told)}." if told else "")


def _same(found: list[str], currency: str | None) -> str:
    if len(found) > 1:
        raise LineageError(f"costs in several currencies ({', '.join(found)}); give rates into one, such as rates={{'{found[0]}': 1.08}}, currency='{found[-1]}'")
    if found and currency is not None and found[0] != currency:
        raise LineageError(f"costs are in {found[0]}, not {currency}; give rates={{'{found[0]}': …}}")
    return str(found[0]) if found else ""


def _told(rates: list[Decimal]) -> str:
    return str(rates[0]) if len(rates) == 1 else f"{min(rates)} to {max(rates)} ({len(rates)} rates)"


def _scaled(amount: np.ndarray[Any, Any], group: np.ndarray[Any, Any], factors: list[Fraction]) -> np.ndarray[Any, Any]:
    """Multiply exactly; one rounding for all: largest remainders."""
    part = np.array(amount, dtype=object)
    rest = np.zeros(len(amount))
    total = Fraction(0)
    order = np.argsort(group, kind="stable")
    bounds = np.searchsorted(group[order], np.arange(len(factors) + 1))
    for nth, factor in enumerate(factors):
        at = order[bounds[nth] : bounds[nth + 1]]
        product = part[at] * factor.numerator
        part[at], left = product // factor.denominator, product % factor.denominator
        rest[at] = left.astype(np.float64) / factor.denominator
        total += Fraction(int(product.sum()), factor.denominator)
    if sum(map(abs, part.tolist())) >= 1 << 62:
        raise LineageError("the converted costs add up to more than 4.6 trillion currency units; amounts are micro-units")
    whole: np.ndarray[Any, Any] = largest_first(round(total), part.astype(np.int64), rest)
    return whole


def converted_costs(lineage: Lineage, currency: str, rates: object) -> SnapshotData:
    """Convert all costs of a snapshot into one currency.

    Parameters
    ----------
    lineage : Lineage
        A snapshot.
    currency : str
        The target, ISO 4217.
    rates : mapping, frame or path
        See `convert`. Billed and driver rows are rounded each as a whole.

    Returns
    -------
    SnapshotData
        The evidence with converted costs; each record once.
    """
    costs = lineage.data.frames["costs"]
    order = [c for c, t in costs.schema.items() if not isinstance(t, pl.List)]
    costs = settled(costs.sort(order, nulls_last=False).unique("record", keep="last", maintain_order=True))
    parts = [convert(part, currency, rates).rows for _, part in costs.partition_by("role", as_dict=True, maintain_order=True).items()]
    return SnapshotData.of({**lineage.data.frames, "costs": pl.concat(parts) if parts else costs}, lineage.data.report)
