"""Rows of bills as they were read → rows that add up as the provider does."""

from __future__ import annotations

import hashlib
from decimal import Context, Decimal, InvalidOperation

import polars as pl

__all__ = ["BILL_COLUMNS", "micro_units", "settled"]

BILL_COLUMNS = ("bill", "exact", "net", "charge")
"""Columns beyond the model's that say how a row was billed; all are text.

`bill` is the bill that a row belongs to; `exact` its amount in currency units with all digits (null where the amount
in micro-units is all there is); `net` the amount after discounts; `charge` what kind of charge the provider calls it.
"""
_UNIT = 10**18
"""Parts of a micro-unit that are still told apart."""
_PART = 10**9
_LARGEST = 2**62
_NUMBER = r"^([+-]?)0*(\d{1,12})(?:\.(\d{0,24}))?$"
_WIDE = Context(prec=80)


def micro_units(texts: pl.Series) -> pl.DataFrame:
    """Read decimal numbers exactly.

    Parameters
    ----------
    texts : polars.Series
        String; currency units.

    Returns
    -------
    polars.DataFrame
        Columns micro (Int64, micro-units, rounded half to even; null: no finite number below 2**62 micro-units) and
        rest (Int64, what that left over, in 10**-18 micro-units; digits beyond are rounded half to even).

    Examples
    --------
    >>> micro_units(pl.Series(["0.0000004", "-12.5", "3E-7", "soon", None])).rows()
    [(0, 400000000000000000), (-12500000, 0), (0, 300000000000000000), (None, None), (None, None)]
    """
    parts = pl.DataFrame({"text": texts}).select(text="text", part=pl.col("text").str.extract_groups(_NUMBER)).unnest("part")
    sign, whole, fraction = (pl.col(c) for c in parts.columns[1:])
    digits = pl.when(whole.is_not_null()).then(fraction.fill_null("").str.pad_end(24, "0"))
    read = parts.select(
        text="text",
        minus=sign == "-",
        micro=whole.cast(pl.Int64) * 10**6 + digits.str.slice(0, 6).cast(pl.Int64),
        rest=digits.str.slice(6).cast(pl.Int64),
    )
    half, rest = _UNIT // 2, pl.col("rest")
    up = (rest > half) | ((rest == half) & (pl.col("micro") % 2 == 1))
    factor = pl.when("minus").then(-1).otherwise(1).cast(pl.Int64)
    micro = (pl.col("micro") + up.cast(pl.Int64)) * factor
    found = read.select("text", micro=micro, rest=(rest - pl.when(up).then(_UNIT).otherwise(0)) * factor)
    odd = found["micro"].is_null() & found["text"].is_not_null()
    if not odd.any():
        return found.select("micro", "rest")
    slow = [_slowly(t) for t in found["text"].filter(odd)]
    other = pl.DataFrame(slow, schema={"micro": pl.Int64, "rest": pl.Int64}, orient="row").with_columns(at=odd.arg_true().cast(pl.UInt32))
    found = found.with_row_index("at").join(other, on="at", how="left", maintain_order="left")
    return found.select(pl.coalesce(c, f"{c}_right").alias(c) for c in ("micro", "rest"))


def _slowly(text: str) -> tuple[int | None, int | None]:
    """Read a number with an exponent, or with more digits than usual."""
    try:
        found = Decimal(text)
    except InvalidOperation:
        return None, None
    if not found.is_finite() or (found and found.adjusted() > 13):
        return None, None
    if not found or found.adjusted() < -30:
        return 0, 0
    parts = int(_WIDE.to_integral_value(_WIDE.scaleb(found, 24)))
    if abs(parts) >= _LARGEST * _UNIT:
        return None, None
    micro = rounded(parts)
    return micro, parts - micro * _UNIT


def rounded(parts: int) -> int:
    """Round 10**-18 micro-units half to even to micro-units."""
    whole, rest = divmod(parts, _UNIT)
    return whole + (2 * rest > _UNIT or (2 * rest == _UNIT and whole % 2 == 1))


def settled(costs: pl.DataFrame) -> pl.DataFrame:
    """Let rows of bills add up as the provider's do.

    Parameters
    ----------
    costs : polars.DataFrame
        Rows of `costs`, each record once, with or without `BILL_COLUMNS`.

    Returns
    -------
    polars.DataFrame
        Without `BILL_COLUMNS`. Where a bill has no lines of discounts, a row counts with what it is after discounts
        (`net`); where it has some, all rows count before discounts, and these lines make up the difference. What
        rounding to micro-units loses of a bill, currency and day is a row of component ``rounding``; its id says of
        which records.

    Notes
    -----
    Everything is decided over all rows of a bill: which files they came in, and how often, makes no difference. A row
    whose amount is not what `exact` says was changed since it was read: it is left as it is.
    """
    if any(costs.schema.get(c) != pl.String for c in ("bill", "exact")) or costs["bill"].null_count() == costs.height:
        return costs.drop(BILL_COLUMNS, strict=False)
    rows = costs.with_columns(pl.lit(None, pl.String).alias(c) for c in ("net", "charge") if costs.schema.get(c) != pl.String)
    exact, net = micro_units(rows["exact"]), micro_units(rows["net"])
    rows = rows.with_columns(exact["micro"].alias("__exact"), exact["rest"].alias("__rest"), net["micro"].alias("__net"), net["rest"].alias("__left"))
    as_read = (pl.col("bill").is_not_null() & (pl.col("role") == "billed") & (pl.col("__exact") == pl.col("amount"))).fill_null(value=False)
    apart = pl.col("charge").str.to_lowercase().str.ends_with("discount").fill_null(value=False).any().over("bill")
    after = as_read & ~apart & pl.col("__net").is_not_null()
    rows = rows.with_columns(
        pl.when(after).then("__net").otherwise("amount").alias("amount"),
        pl.when(after).then("__left").when(as_read).then("__rest").otherwise(0).alias("__rest"),
    )
    lost = _rounding(rows.filter(pl.col("__rest") != 0))
    rows = rows.drop(*BILL_COLUMNS, "__exact", "__net", "__rest", "__left")
    if lost.is_empty():
        return rows
    # They may have been told before: a part of a snapshot, merged with the whole again.
    return pl.concat([rows.filter(~pl.col("record").is_in(lost["record"].implode())), lost], how="diagonal_relaxed")


def _rounding(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows for what rounding lost, in whole micro-units."""
    key = ("bill", "currency", "day")
    rest = pl.col("__rest")
    groups = rows.group_by(key).agg(
        (rest // _PART).sum().alias("high"), (rest % _PART).sum().alias("low"), pl.col("record").sort()
    )
    found = []
    for bill, currency, day, high, low, records in groups.sort(key, nulls_last=True).iter_rows():
        amount = rounded(high * _PART + low)
        if amount:
            of = hashlib.blake2b("\x1f".join(records).encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
            found.append((day, "rounding", amount, currency, "billed", f"{bill.partition(' ')[0]}:rounding:{of}"))
    schema = {c: rows.schema[c] for c in ("day", "component", "amount", "currency", "role", "record")}
    return pl.DataFrame(found, schema=schema, orient="row")
