"""Frames as CSV and Excel: lists joined, formulas made harmless."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

import polars as pl

from lineage_nb.analyses.result import Answer
from lineage_nb.errors import LineageError
from lineage_nb.views.text import MONEY_COLUMNS

__all__ = ["flat", "in_currency", "write_csv", "write_excel"]

_FORMULA = r"^[=+\-@\t\r]"


def flat(frame: pl.DataFrame) -> pl.DataFrame:
    """Join lists by ``;`` and put an apostrophe before text that a spreadsheet would run as a formula."""
    text = [
        (pl.col(c).list.join(";") if isinstance(t, pl.List) else pl.col(c)).alias(c)
        for c, t in frame.schema.items()
        if t == pl.String or isinstance(t, pl.List)
    ]
    frame = frame.with_columns(text)
    return frame.with_columns(
        pl.when(pl.col(c).str.contains(_FORMULA)).then(pl.lit("'") + pl.col(c)).otherwise(pl.col(c)).alias(c)
        for c, t in frame.schema.items()
        if t == pl.String
    )


def in_currency(answer: Answer) -> pl.DataFrame:
    """The frame with money as exact decimals of the currency, which gets a column of its own."""
    frame = answer.frame
    money = [c for c in MONEY_COLUMNS if c in frame.columns]
    decimals = [(pl.col(c).cast(pl.Decimal(38, 6)) / 1_000_000).cast(pl.Decimal(38, 6)).alias(c) for c in money]
    currency = pl.lit(str(answer.summary.get("currency", "")) or None, pl.String).alias("currency")
    return frame.with_columns(*decimals, currency) if money else frame


def write_csv(answer: Answer, path: str | PathLike[str]) -> Path:
    """Write the frame of `answer` as CSV, money in currency units."""
    target = Path(path)
    flat(in_currency(answer)).write_csv(target)
    return target


def write_excel(answer: Answer, path: str | PathLike[str]) -> Path:
    """Write the frame of `answer` as an Excel file, money in currency units.

    Raises
    ------
    LineageError
        When xlsxwriter is not installed.
    """
    target = Path(path)
    try:
        import xlsxwriter
    except ImportError as error:
        raise LineageError("Excel files need xlsxwriter: pip install 'lineage-nb[excel]'") from error
    plain = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(target, plain) as book:
        flat(in_currency(answer)).write_excel(workbook=book, autofit=True)
    return target
