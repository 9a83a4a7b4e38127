"""Frames as CSV and Excel: lists joined, formulas made harmless."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

import polars as pl

from lineage_nb.errors import LineageError

__all__ = ["flat", "write_csv", "write_excel"]

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


def write_csv(frame: pl.DataFrame, path: str | PathLike[str]) -> Path:
    """Write `frame` as CSV."""
    target = Path(path)
    flat(frame).write_csv(target)
    return target


def write_excel(frame: pl.DataFrame, path: str | PathLike[str]) -> Path:
    """Write `frame` as an Excel file.

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
        flat(frame).write_excel(workbook=book, autofit=True)
    return target
