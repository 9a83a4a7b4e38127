"""Frames of the model as CSV, Parquet or NDJSON files, and plain edge lists.

A file is taken by its name (``usage.csv``, ``costs.2026-05.parquet``, ``nodes.csv.gz``) or, when its name
says nothing, as edges if it has the columns ``source`` and ``target``.
"""

from __future__ import annotations

import csv
import io
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import polars as pl

from lineage_nb.errors import LineageError, SchemaError
from lineage_nb.model.merge import unite
from lineage_nb.model.normalise import normalise
from lineage_nb.model.report import FileReport, ReportBuilder
from lineage_nb.model.schema import FRAMES
from lineage_nb.sources.registry import Entry, Format, open_bytes
from lineage_nb.sources.separators import header_of, separator_of

__all__ = ["FORMAT"]

_TEXT = (".csv", ".tsv", ".ndjson", ".jsonl")
_SUFFIXES = (*_TEXT, ".parquet")
_FAILURES = (OSError, EOFError, zlib.error, ValueError, TypeError, pl.exceptions.PolarsError, pl.exceptions.PanicException)


def _frame_name(entry: Entry) -> str | None:
    if entry.suffix not in _SUFFIXES:
        return None
    stem = entry.plain_name.partition(".")[0]
    if stem in FRAMES:
        return stem
    return "edges" if {"source", "target"} <= set(_columns(entry)) else None


def _columns(entry: Entry) -> list[str]:
    if entry.suffix in (".csv", ".tsv"):
        return [c.strip() for c in header_of(entry.head, _separator(entry))]
    if entry.suffix == ".parquet":
        try:
            return list(pl.read_parquet_schema(entry.path))
        except _FAILURES:
            return []
    return []


def _separator(entry: Entry) -> str:
    """The separator by which the names are those of the frame, or of an edge list."""
    stem = entry.plain_name.partition(".")[0]
    if stem not in FRAMES:
        return separator_of(entry, {"source", "target"}.issubset)
    known = FRAMES[stem].schema.keys()
    return separator_of(entry, lambda names: len(names) > 1 and not known.isdisjoint(names))


def _claims(entry: Entry) -> bool:
    return _frame_name(entry) is not None


def _parse(entry: Entry) -> pl.DataFrame:
    if entry.suffix == ".parquet" and not entry.path.name.endswith(".gz"):
        return pl.read_parquet(entry.path)
    with open_bytes(entry.path) as file:
        content = file.read()
    if entry.suffix == ".parquet":
        return pl.read_parquet(io.BytesIO(content))
    if entry.suffix in (".ndjson", ".jsonl"):
        return pl.read_ndjson(content, infer_schema_length=None)
    return pl.read_csv(content, separator=_separator(entry), infer_schema=False, truncate_ragged_lines=False)


def _parse_rows(entry: Entry, file: FileReport) -> tuple[pl.DataFrame, list[int]]:
    """Read a text file row by row, rejecting those that do not parse; also the numbers of the others."""
    with open_bytes(entry.path) as stream:
        text = stream.read().decode("utf-8-sig", "replace")
    if entry.suffix in (".csv", ".tsv"):
        return _csv_rows(text, _separator(entry), file)
    good: list[tuple[int, dict[str, Any]]] = []
    for number, line in enumerate(filter(None, map(str.strip, text.splitlines())), 1):
        try:
            record = msgspec.json.decode(line)
        except (msgspec.DecodeError, RecursionError) as error:
            record = str(error)
        if isinstance(record, dict):
            good.append((number, record))
        else:
            file.count()
            file.reject(f"row {number}", "is no JSON object", line)
    return pl.from_dicts([r for _, r in good], infer_schema_length=None, strict=False), [n for n, _ in good]


def _csv_rows(text: str, separator: str, file: FileReport) -> tuple[pl.DataFrame, list[int]]:
    lines = csv.reader(io.StringIO(text), delimiter=separator)
    header = next(lines, [])
    good: list[tuple[int, list[str | None]]] = []
    for number, fields in enumerate((f for f in lines if f), 1):
        if len(fields) > len(header):
            file.count()
            file.reject(f"row {number}", "has more fields than the header", separator.join(fields))
        else:
            padded: list[str | None] = [f or None for f in fields]
            good.append((number, padded + [None] * (len(header) - len(fields))))
    frame = pl.DataFrame([r for _, r in good], schema=dict.fromkeys(header, pl.String), orient="row")
    return frame, [n for n, _ in good]


def _read_one(entry: Entry, name: str, file: FileReport) -> Mapping[str, pl.DataFrame]:
    rows: Sequence[int] = ()
    try:
        frame = _parse(entry)
        rows = range(1, frame.height + 1)
    except pl.exceptions.NoDataError:
        file.note("empty")
        return {}
    except _FAILURES as error:
        try:
            if entry.suffix not in _TEXT:
                raise
            frame, rows = _parse_rows(entry, file)
        except (*_FAILURES, csv.Error) as fault:
            file.count()
            file.reject("file", f"cannot be parsed as {entry.suffix.lstrip('.')}", str(fault or error))
            return {}
    integers = name == "costs" and "amount" in frame.columns
    if integers and entry.suffix in _TEXT and not frame["amount"].cast(pl.String).str.contains(".", literal=True).any():
        file.note("amounts without a decimal point were read as whole currency units")
    before = file.read
    try:
        return {name: normalise(name, frame, file, rows=rows)}
    except SchemaError as error:
        file.count(frame.height - (file.read - before) or 1)
        file.reject("header", "columns do not fit the frame", str(error))
        for row in range(2, frame.height + 1):
            file.reject(f"row {row}", "columns do not fit the frame")
        return {}


def _read(
    entries: Sequence[Entry], report: ReportBuilder, options: Mapping[str, Any]
) -> Mapping[str, pl.DataFrame]:
    given = options.get("frame")
    if given is not None and given not in FRAMES:
        raise LineageError(f"frame is {given!r}; give one of {', '.join(FRAMES)}")
    parts = []
    for entry in entries:
        name = str(options.get("frame") or _frame_name(entry))
        file = report.file(entry.path, FORMAT.name)
        if name not in FRAMES:
            file.count()
            file.reject("file", f"names none of the frames {', '.join(FRAMES)}", entry.path.name)
            continue
        parts.append(_read_one(entry, name, file))
    return unite(parts)


FORMAT = Format(
    name="frames",
    what="frames of the model or plain edges as .csv, .tsv, .ndjson, .parquet (nodes.csv, usage.parquet …)",
    claims=_claims,
    read=_read,
    options=("frame",),
)
