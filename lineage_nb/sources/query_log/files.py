"""Files of query logs → frames, with every value as the file has it."""

from __future__ import annotations

import csv
import io
import zlib
from collections.abc import Sequence
from typing import Any, Final

import msgspec
import polars as pl

from lineage_nb.model.report import FileReport
from lineage_nb.sources.query_log.layout import claims_header
from lineage_nb.sources.registry import Entry, open_bytes
from lineage_nb.sources.separators import header_of, separator_of

__all__ = ["SUFFIXES", "columns_of", "load", "nested"]

SUFFIXES: Final = (".csv", ".tsv", ".parquet", ".ndjson", ".jsonl", ".json")
_FAULTS: Final = (OSError, EOFError, zlib.error, ValueError, TypeError, pl.exceptions.PolarsError)
_LARGE: Final = 1 << 30


def _separator(entry: Entry) -> str:
    return separator_of(entry, claims_header)


def columns_of(entry: Entry) -> list[str]:
    """Columns of a file, read off its head; fields of structs as ``a.b`` beside their column."""
    try:
        if entry.suffix in (".csv", ".tsv"):
            return header_of(entry.head, _separator(entry))
        if entry.suffix == ".parquet" and not entry.path.name.endswith(".gz"):
            return nested(pl.read_parquet_schema(entry.path))
        if entry.suffix in SUFFIXES:
            return _keys(entry.head)
    except (*_FAULTS, csv.Error, pl.exceptions.PanicException):
        pass
    return []


def nested(schema: Any) -> list[str]:
    """Names of columns, and of the fields of structs as ``a.b``."""
    found = list(schema)
    for name, dtype in schema.items():
        if isinstance(dtype, pl.Struct):
            found += [f"{name}.{f.name}" for f in dtype.fields]
    return found


def _keys(head: bytes) -> list[str]:
    """Keys of the first object in a JSON file."""
    text = head.decode("utf-8-sig", "replace").lstrip("[ \t\r\n")
    line = text.partition("\n")[0].rstrip(", \r]")
    try:
        record = msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError):
        record = _first_object(text)
    if not isinstance(record, dict):
        return []
    inner = [f"{k}.{f}" for k, v in record.items() if isinstance(v, dict) for f in v]
    return [*record, *inner]


def _first_object(text: str) -> object:
    """The first object of a text that is not a line per object; None where it is cut off."""
    depth, quoted, skip = 0, False, False
    for at, char in enumerate(text):
        if skip:
            skip = False
        elif quoted:
            quoted, skip = char != '"', char == "\\"
        elif char == '"':
            quoted = True
        elif char in "{}":
            depth += 1 if char == "{" else -1
            if depth == 0:
                try:
                    return msgspec.json.decode(text[: at + 1])
                except (msgspec.DecodeError, RecursionError):
                    return None
    return None


def load(entry: Entry, file: FileReport) -> tuple[pl.DataFrame, Sequence[int] | None]:
    """Read a file; rows that are broken are rejected.

    Parameters
    ----------
    entry : Entry
        A file with one of `SUFFIXES`.
    file : FileReport
        Gets what is rejected; the rows that are returned are not counted yet.

    Returns
    -------
    tuple of polars.DataFrame and sequence of int or None
        The rows, text columns of CSV uninterpreted; their numbers where some are missing. Records count from 1, the
        line of names and empty lines aside.
    """
    try:
        frame = _parse(entry)
        if not frame.height:
            file.note("holds no rows")
        return frame, None
    except pl.exceptions.NoDataError:
        file.note("empty")
        return pl.DataFrame(), None
    except (*_FAULTS, pl.exceptions.PanicException) as error:
        try:
            if entry.suffix == ".parquet":
                raise
            return _rows(entry, file)
        except (*_FAULTS, csv.Error, pl.exceptions.PanicException):
            file.count()
            file.reject(
                "file", f"cannot be parsed as {entry.suffix.lstrip('.') or 'a query log'}", str(error)
            )
            return pl.DataFrame(), None


def _parse(entry: Entry) -> pl.DataFrame:
    if entry.suffix == ".parquet" and not entry.path.name.endswith(".gz"):
        return pl.read_parquet(entry.path)
    with open_bytes(entry.path) as stream:
        content = stream.read()
    if entry.suffix == ".parquet":
        return pl.read_parquet(io.BytesIO(content))
    if entry.suffix in (".csv", ".tsv"):
        return pl.read_csv(
            content, separator=_separator(entry), infer_schema=False, truncate_ragged_lines=False
        )
    if content.lstrip()[:1] == b"[":
        return _frame(msgspec.json.decode(content, type=list[dict[str, Any]]))
    return pl.read_ndjson(content, infer_schema_length=None)


def _frame(records: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.from_dicts(records, infer_schema_length=None, strict=False) if records else pl.DataFrame()


def _rows(entry: Entry, file: FileReport) -> tuple[pl.DataFrame, list[int]]:
    with open_bytes(entry.path) as stream:
        text = stream.read().decode("utf-8-sig", "replace")
    if entry.suffix in (".csv", ".tsv"):
        return _csv_rows(text, _separator(entry), file)
    good: list[tuple[int, dict[str, Any]]] = []
    for number, line in enumerate(filter(None, map(str.strip, text.splitlines())), 1):
        try:
            record = msgspec.json.decode(line)
        except (msgspec.DecodeError, RecursionError):
            record = None
        if isinstance(record, dict):
            good.append((number, record))
        else:
            file.count()
            file.reject(f"row {number}", "is no JSON object")
    return _frame([r for _, r in good]), [n for n, _ in good]


def _csv_rows(text: str, separator: str, file: FileReport) -> tuple[pl.DataFrame, list[int]]:
    limit = csv.field_size_limit(_LARGE)
    try:
        lines = [f for f in csv.reader(io.StringIO(text), delimiter=separator) if f]
    finally:
        csv.field_size_limit(limit)
    header = lines[0] if lines else []
    good: list[tuple[int, list[str | None]]] = []
    for number, fields in enumerate(lines[1:], 1):
        if len(fields) > len(header):
            file.count()
            file.reject(f"row {number}", "has more fields than the header", f"{len(fields)} of {len(header)}")
        else:
            padded: list[str | None] = [f or None for f in fields]
            good.append((number, padded + [None] * (len(header) - len(fields))))
    frame = pl.DataFrame([r for _, r in good], schema=dict.fromkeys(header, pl.String), orient="row")
    return frame, [n for n, _ in good]
