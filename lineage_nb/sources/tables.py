"""A table that a question is asked with: an invoice, rates, prices, a map of owners; a file or a frame."""

from __future__ import annotations

import csv
import io
import zlib
from collections.abc import Sequence
from os import PathLike
from pathlib import Path

import polars as pl

from lineage_nb.errors import FormatError, SchemaError
from lineage_nb.model.normalise import parse_time, to_polars
from lineage_nb.sources.registry import Entry, open_bytes
from lineage_nb.sources.separators import header_of, separator_of

__all__ = ["SUFFIXES", "columns_of", "days_of", "exact_texts", "load", "table_of"]

SUFFIXES = (".csv", ".tsv", ".ndjson", ".jsonl", ".parquet")
_FAULTS = (OSError, EOFError, zlib.error, ValueError, TypeError, pl.exceptions.PolarsError, pl.exceptions.PanicException)


def columns_of(entry: Entry, fits: Sequence[str] = ()) -> list[str]:
    """Names of the columns of a file, read off its head; none where it is no table.

    Parameters
    ----------
    entry : Entry
        A file.
    fits : sequence of str
        Names that tell the separator of a CSV file.
    """
    try:
        if entry.suffix in (".csv", ".tsv"):
            return [c.strip() for c in header_of(entry.head, _separator(entry, fits))]
        if entry.suffix == ".parquet" and not entry.path.name.endswith(".gz"):
            return list(pl.read_parquet_schema(entry.path))
        if entry.suffix in (".ndjson", ".jsonl"):
            return pl.read_ndjson(entry.head.splitlines()[0]).columns if entry.head else []
    except (*_FAULTS, csv.Error):
        pass
    return []


def _separator(entry: Entry, fits: Sequence[str]) -> str:
    return separator_of(entry, lambda names: not set(fits).isdisjoint(n.strip() for n in names))


def load(entry: Entry, fits: Sequence[str] = ()) -> pl.DataFrame:
    """Read a whole table; every column of a text file is text.

    Raises
    ------
    FormatError
        For a file that cannot be read as a table.
    """
    if entry.suffix not in SUFFIXES:
        raise FormatError.unreadable(entry.path, f"is no table; give one of {', '.join(SUFFIXES)} (or with .gz)")
    try:
        with open_bytes(entry.path) as file:
            content = file.read()
        if entry.suffix == ".parquet":
            return pl.read_parquet(io.BytesIO(content))
        if entry.suffix in (".ndjson", ".jsonl"):
            return pl.read_ndjson(content, infer_schema_length=None)
        frame = pl.read_csv(content, separator=_separator(entry, fits), infer_schema=False)
        return frame.rename({c: c.strip() for c in frame.columns})
    except pl.exceptions.NoDataError:
        return pl.DataFrame()
    except _FAULTS as error:
        raise FormatError.unreadable(entry.path, f"cannot be read as {entry.suffix.lstrip('.')}: {error}") from error


def table_of(given: object, what: str) -> pl.DataFrame:
    """Take a table as people give it: a path, or anything `lineage_nb.model.normalise.to_polars` takes.

    Parameters
    ----------
    given : path or frame
        A file is CSV, TSV, NDJSON or Parquet, also with ``.gz``.
    what : str
        How to call it in an error.

    Raises
    ------
    FormatError, SchemaError
        For a file that does not exist or is no table, and for a value that is no frame.
    """
    if isinstance(given, (str, PathLike)):
        path = Path(given)
        if not path.is_file():
            raise FormatError.unreadable(path, f"no such file; {what} is a path or a frame")
        return load(Entry(path))
    return to_polars(given, what)


def exact_texts(values: pl.Series) -> list[str | None]:
    """Write numbers as decimal text, floats in their shortest form; text as it is.

    Examples
    --------
    >>> exact_texts(pl.Series([0.1, None, 1e-7]))
    ['0.1', None, '1e-07']
    """
    return [None if v is None else str(v).strip() for v in values.to_list()]


def days_of(frame: pl.DataFrame, column: str, what: str) -> pl.Series:
    """Read a column of days: dates, times or ``YYYY-MM-DD``; null where the column is missing or empty.

    Raises
    ------
    SchemaError
        For a value that is no day; the message names its row.
    """
    if column not in frame.columns:
        return pl.Series(column, [None] * frame.height, dtype=pl.Date)
    given = frame[column]
    if given.dtype in (pl.Date, pl.Null) or isinstance(given.dtype, pl.Datetime):
        return given.cast(pl.Date)
    if given.dtype != pl.String:
        raise SchemaError.of(what, [f"column {column!r} is {given.dtype}; give dates or YYYY-MM-DD"])
    text = pl.when(pl.col(column).str.strip_chars() != "").then(pl.col(column).str.strip_chars())
    read = frame.select(parse_time(text).dt.date().alias("day"), text.alias("text"))
    bad = (read["text"].is_not_null() & read["day"].is_null()).arg_true()
    if len(bad):
        raise SchemaError.of(what, [f"row {bad[0] + 1}: {column} is {read['text'][bad[0]]!r}; write YYYY-MM-DD"])
    return read["day"].alias(column)
