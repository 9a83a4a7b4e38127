"""OpenLineage events: JSON (an object, an array), NDJSON, and either of them gzipped.

Run, dataset and job events of any version of the specification become nodes (jobs, datasets, columns),
edges, runs, io and aliases. See https://openlineage.io/spec (events 2-0-2, columnLineage 1-2-0, lineage
1-0-0). Lineage that is stated comes first: the ``lineage`` facet, else ``columnLineage``; inputs × outputs
are never multiplied out, they tie datasets to the job (READ, WRITE). An output field without input fields
is known to have none: the job itself WRITEs that column.

Each row of evidence depends on one event alone, so reading a log in any order, repeated, or in any
partition into files, gives the same snapshot after merging. What a batch job's run announced before it
completed is a claim, which `lineage_nb.model.claims.settle` makes an edge or drops. Kept whatever
becomes of the run: reads, and what an event says about a dataset (its schema, owners, tags). A DROP or
RENAME of an output counts in an event that proves the write.

Not kept: the statement in the ``sql`` facet, whose literals are data, and relations between jobs
(``jobDependencies``, job entries of ``lineage`` fed by jobs). Both are counted or skipped, never rejected.
"""

from __future__ import annotations

import gc
import io
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any, BinaryIO, Final, cast

import msgspec
from msgspec import Raw

from lineage_nb.model.report import FileReport, ReportBuilder
from lineage_nb.sources.openlineage.events import JOB_TO_JOB, Collector
from lineage_nb.sources.openlineage.frames import Speller
from lineage_nb.sources.openlineage.jobs import SQL
from lineage_nb.sources.openlineage.ledger import Ledger
from lineage_nb.sources.openlineage.records import RejectedError
from lineage_nb.sources.registry import Entry, Format, Frames, open_bytes

__all__ = ["FORMAT", "claims", "read"]

_SUFFIXES: Final = ("", ".json", ".jsonl", ".ndjson", ".log", ".txt")
_TIME: Final = re.compile(rb'"eventTime"\s*:')
_SUBJECT: Final = re.compile(rb'"(?:run|job|dataset)"\s*:\s*\{')
_OPENS: Final = re.compile(rb"(?:\A|\n)\s*[\[{]")
_BOM: Final = b"\xef\xbb\xbf"
_CHUNK: Final = 1 << 17
"""Bytes read at a time: they and their lines stay in the processor's cache."""
_BATCH: Final = 1 << 16
CUT_OFF: Final = "file is cut off or damaged"
UNREADABLE: Final = "file cannot be read"
_PEEK: Final = 100
"""Lines looked at to tell a damaged line from a document that is written over several lines."""
_TOKENS: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{},]', re.DOTALL)
_decode_array: Final = msgspec.json.Decoder(list[Raw]).decode
_decode_object: Final = msgspec.json.Decoder(dict[str, Raw]).decode


def claims(entry: Entry) -> bool:
    """Whether a file holds OpenLineage events, by its name and first 64 KiB.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "events.ndjson"
    >>> _ = path.write_text('{"eventTime": "2025-01-01", "job": {"namespace": "a", "name": "b"}}')
    >>> claims(Entry(path))
    True
    """
    if entry.suffix not in _SUFFIXES:
        return False
    head = entry.head.removeprefix(_BOM)
    return all(p.search(head) for p in (_TIME, _SUBJECT, _OPENS)) and b'"namespace"' in head


def read(entries: Sequence[Entry], report: ReportBuilder, options: Mapping[str, Any]) -> Frames:  # noqa: ARG001 - every format takes them
    """Read event files.

    Parameters
    ----------
    entries : sequence of Entry
        Files, in any order.
    report : ReportBuilder
        Gets a line per file: every event read is accepted, or rejected with its position and a reason. A facet
        that does not fit is left out of its event, and counted in the file's note.
    options : Mapping
        None are known.

    Returns
    -------
    dict of str to polars.DataFrame
        nodes, edges, runs, io (with one more column, `claim`) and aliases, as far as they have rows. All of
        it is evidence: a run has a row per distinct event, a dataset one per distinct thing said of it.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "events.ndjson"
    >>> _ = path.write_text('''{"eventTime": "2025-01-01T10:00:00Z", "eventType": "COMPLETE",
    ...     "run": {"runId": "r1"}, "job": {"namespace": "etl", "name": "load"},
    ...     "inputs": [{"namespace": "pg://db", "name": "raw.users"}],
    ...     "outputs": [{"namespace": "pg://db", "name": "core.users"}]}'''.replace(chr(10), ""))
    >>> frames = read([Entry(path)], ReportBuilder(), {})
    >>> frames["edges"].select("source", "target", "type").sort("type").rows()
    [('pg://db/raw.users', 'job:etl/load', 'READ'), ('job:etl/load', 'pg://db/core.users', 'WRITE')]
    """
    collector = Collector()
    ledger = Ledger(collector)
    with _no_garbage_collection():
        _absorb(entries, report, collector, ledger)
        return Speller(collector).frames(ledger.posted())


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Spare the search for circles: millions of objects are made here, and none refers back."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _absorb(entries: Sequence[Entry], report: ReportBuilder, collector: Collector, ledger: Ledger) -> None:
    waiting, absorb = 0, collector.absorb
    for entry in entries:
        file = report.file(entry.path, FORMAT.name)
        for unit, first, records in _records(entry, file):
            blank = 0
            for number, record in enumerate(records, first):
                if not record or record.isspace():
                    blank += 1
                    continue
                try:
                    absorb(record)
                except RejectedError as error:
                    file.reject(f"{unit} {number}", error.reason, error.value)
            file.count(len(records) - blank)
            waiting += len(records)
            if waiting >= _BATCH:
                ledger.post()
                waiting = 0
        _note(file, collector.take_remarks())


def _note(file: FileReport, remarks: Mapping[str, int]) -> None:
    special = {
        SQL: "{} sql facets were not kept: statements hold data",
        JOB_TO_JOB: "{} relations between jobs were not kept",
    }
    for name, count in sorted(remarks.items()):
        file.note(special.get(name, "{} " + name + " facets did not fit").format(f"{count:,}"))


def _records(entry: Entry, file: FileReport) -> Iterator[tuple[str, int, list[bytes]]]:
    """Yield ("line" or "event", a number from 1, as many bytes from there on); damage to the file is rejected here."""
    try:
        with open_bytes(entry.path) as stream:
            batches = _lines(stream, file)
            seen, peeked = [], list[bytes]()
            for batch in batches:
                seen.append(batch)
                peeked += (line for line in batch[1] if line and not line.isspace())
                if len(peeked) > _PEEK or (peeked and _is_object(peeked[0])):
                    break
            if peeked and not _is_object(peeked[0]):
                is_array = peeked[0].lstrip().startswith(b"[")
                if is_array or not any(map(_is_object, peeked[: _PEEK + 1])):
                    yield from _document([*seen, *batches])
                    return
            for number, lines in chain(seen, batches):
                yield "line", number, lines
    except OSError as error:
        _damaged(file, "file", UNREADABLE, error)


def _damaged(file: FileReport, position: str, reason: str, error: Exception) -> None:
    file.count()
    file.reject(position, reason, str(error))


def _lines(stream: BinaryIO, file: FileReport) -> Iterator[tuple[int, list[bytes]]]:
    """Yield lines with their ends, and the number of the first from 1; what follows damage is one rejected line."""
    number, parts, damage = 0, list[bytes](), None
    source = cast(io.BufferedReader, stream)
    while damage is None:
        try:
            chunk = source.read1(_CHUNK)
        except (OSError, EOFError, zlib.error) as error:
            damage, chunk = error, b""
        if not chunk:
            break
        whole = io.BytesIO(chunk).readlines()  # looks for line ends much faster than bytes.split
        rest = b"" if chunk.endswith(b"\n") else whole.pop()
        if whole:
            whole[0] = b"".join((*parts, whole[0]))
            parts = []
            if number == 0:
                whole[0] = whole[0].removeprefix(_BOM)
            yield number + 1, whole
            number += len(whole)
        if rest:
            parts.append(rest)
    rest = b"".join(parts)
    if number == 0:
        rest = rest.removeprefix(_BOM)
    if damage is not None and (number or not rest):
        _damaged(file, f"line {number + 1}", CUT_OFF, damage)
    elif rest and not rest.isspace():
        yield number + 1, [rest]
        if damage is not None:
            file.note(CUT_OFF)


def _is_object(line: bytes) -> bool:
    try:
        return len(_decode_object(line)) > 0
    except (msgspec.DecodeError, RecursionError):
        return False


def _document(batches: list[tuple[int, list[bytes]]]) -> Iterator[tuple[str, int, list[bytes]]]:
    """Take a file that is not a line per event: one object, an array, or neither."""
    text = b"".join(chain.from_iterable(lines for _, lines in batches)).strip()
    if not text.startswith(b"["):
        if text.startswith(b"{"):
            yield "event", 1, [text]
        else:
            for number, lines in batches:
                yield "line", number, lines
        return
    try:
        events: Iterable[bytes] = (bytes(event) for event in _decode_array(text))
    except (msgspec.DecodeError, RecursionError):
        events = _split(text)
    for number, event in enumerate(events, 1):
        yield "event", number, [event]


def _split(text: bytes) -> Iterator[bytes]:
    """Take a damaged array apart at the commas of its first level, so that what is whole can be read."""
    depth, start = 0, 0
    for token in _TOKENS.finditer(text):
        mark = token.group()
        if mark in b"[{":
            depth += 1
            if depth == 1:
                start = token.end()
        elif mark in b"]}" or (mark == b"," and depth == 1):
            depth -= mark != b","
            if depth == 0 or mark == b",":
                if text[start : token.start()].strip():
                    yield text[start : token.start()].strip()
                start = token.end()
    if text[start:].strip():
        yield text[start:].strip()


FORMAT: Final = Format(
    name="openlineage",
    what="OpenLineage events: JSON, NDJSON, also gzipped",
    claims=claims,
    read=read,
)
