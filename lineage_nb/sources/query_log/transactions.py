"""Which statements of a log a rollback took back."""

from __future__ import annotations

from typing import Final

import polars as pl

__all__ = ["with_undone"]

_ROLLBACK: Final = r"(?i)^\s*rollback\b"
_KEPT: Final = r"(?i)^\s*(?:commit|begin|end|start\s+transaction)(?:\s+(?:work|transaction|tran|name\s+\w+))?[\s;]*$"
"""What ends a transaction, or begins the next one, otherwise."""


def with_undone(log: pl.DataFrame) -> pl.DataFrame:
    """Mark the statements behind which their session's next word on its transaction is a rollback.

    Sessions that commit every statement take nothing back; the log does not tell them, so their statements are marked,
    too. Where sessions are not told, all rows are taken for one.

    Parameters
    ----------
    log : polars.DataFrame
        Columns session, time, row, representative (the statement, or one of its shape).

    Returns
    -------
    polars.DataFrame
        The log with a column undone.
    """
    words = log["representative"].unique()
    back = words.filter(words.str.contains(_ROLLBACK))
    if back.is_empty():
        return log.with_columns(undone=pl.lit(value=False))
    kept = words.filter(words.str.contains(_KEPT))
    text = pl.col("representative")
    ends = pl.when(text.is_in(back.implode())).then(True).when(text.is_in(kept.implode())).then(False)
    order = log.select("session", "time", "row", ends.alias("ends")).with_row_index("at").sort("session", "time", "row")
    order = order.with_columns(pl.col("ends").fill_null(strategy="backward").over("session").fill_null(value=False))
    return log.with_columns(undone=order.sort("at")["ends"])
