"""What the search box offers while people type."""

from __future__ import annotations

import polars as pl

__all__ = ["SUGGESTIONS", "suggest"]

SUGGESTIONS = 50


def suggest(ids: pl.Series, text: str, limit: int = SUGGESTIONS) -> list[str]:
    """List ids that hold `text`, upper and lower case alike: those whose last part begins with it first.

    Examples
    --------
    >>> suggest(pl.Series(["raw.orders", "mart.users", "mart.orders_by_day"]), "ORDERS")
    ['raw.orders', 'mart.orders_by_day']
    """
    wanted = text.strip().lower()
    if not wanted:
        return []
    hits = pl.DataFrame({"id": ids}).filter(pl.col("id").str.to_lowercase().str.contains(wanted, literal=True))
    last = pl.col("id").str.to_lowercase().str.extract(r"([^./#:]*)$")
    ranked = hits.sort(last != wanted, ~last.str.starts_with(wanted), pl.col("id").str.len_chars(), "id")
    return ranked["id"].head(limit).to_list()
