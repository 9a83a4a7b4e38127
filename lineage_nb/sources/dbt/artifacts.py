"""dbt's JSON files: recognised, opened and taken apart record by record.

Typed parsers of these files forbid unknown keys and fail on real ones. Here a file is split into its sections
and records without looking into them, and of a record only the needed keys are decoded, so that one bad record
costs one record and a new key costs nothing.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Raw

from lineage_nb.model.report import FileReport
from lineage_nb.sources.registry import Entry, open_bytes

__all__ = [
    "Artifact",
    "claims",
    "claims_folder",
    "malformed",
    "microseconds",
    "open_artifact",
    "records",
    "results",
]

T = TypeVar("T")

KINDS = ("manifest", "catalog", "run-results", "sources")
_KNOWN_VERSIONS = {
    "manifest": (*range(4, 13), 20),
    "catalog": (1,),
    "run-results": range(1, 7),
    "sources": (1, 2, 3),
}
_SCHEMA = re.compile(
    rb'"dbt_schema_version"\s*:\s*"https?:\\?/\\?/schemas\.getdbt\.com\\?/dbt\\?/'
    rb"(?:manifest|catalog|run-results|sources)\\?/v\d+"
)
_VERSION = re.compile(r"schemas\.getdbt\.com/dbt/([a-z-]+)/v(\d+)")
_SORTED_KEYS = re.compile(rb'"(?:child_map|unique_id|dbt_schema_version)"\s*:')
_BOM = b"\xef\xbb\xbf"
_UNREADABLE = (OSError, EOFError, zlib.error)
_MISFITS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_MAX_NAME = 10_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_TARGET_FILES = frozenset(
    {
        "dbt.log",
        "graph.gpickle",
        "graph_summary.json",
        "index.html",
        "partial_parse.msgpack",
        "perf_info.json",
        "semantic_manifest.json",
        "static_index.html",
    }
)
_TARGET_FOLDERS = frozenset({"compiled", "run", "logs"})
_TARGET_MARKS = frozenset(
    {"compiled", "run", "graph.gpickle", "partial_parse.msgpack", "semantic_manifest.json"}
)


class Metadata(msgspec.Struct):
    """What every artifact says about itself; values of a wrong type count as missing."""

    dbt_schema_version: Any = None
    generated_at: Any = None
    invocation_id: Any = None
    adapter_type: Any = None


@dataclass(frozen=True, eq=False)
class Artifact:
    """One opened file.

    Attributes
    ----------
    kind : str
        One of `KINDS`.
    folder : Path
        Where it lies; files of one folder are understood together.
    file : FileReport
        Where its records are counted.
    sections : Mapping of str to Raw
        The top-level values, undecoded.
    time : int or None
        When it was made, microseconds since 1970, UTC.
    invocation, adapter : str or None
        Id of dbt's invocation; type of the warehouse adapter (manifests only).
    """

    kind: str
    folder: Path
    file: FileReport
    sections: Mapping[str, Raw]
    time: int | None = None
    invocation: str | None = None
    adapter: str | None = None


_SECTIONS = msgspec.json.Decoder(dict[str, Raw])
_RECORDS = msgspec.json.Decoder(dict[str, Raw] | None)
_LIST = msgspec.json.Decoder(list[Raw] | None)
_METADATA = msgspec.json.Decoder(Metadata)


# -- recognising --------------------------------------------------------------------------------------------


def claims(entry: Entry) -> bool:
    """Whether a file is one of dbt's artifacts, by its head.

    The schema address is looked for in the first 64 KiB, where dbt writes it. A file of one of dbt's own names
    whose keys were sorted (it comes late then) is known by other keys that only dbt uses.
    """
    if entry.suffix != ".json":
        return False
    head = entry.head.removeprefix(_BOM).lstrip()
    if not head.startswith(b"{"):
        return False
    if _SCHEMA.search(head):
        return True
    return _kind_of_name(entry.plain_name) is not None and _SORTED_KEYS.search(head) is not None


def claims_folder(folder: Path) -> list[Path]:
    """List the artifacts of a folder that dbt wrote as a whole (its ``target``).

    A folder that holds a manifest beside files of other makers is not claimed as one: its files are then
    recognised one by one, so that none is passed over.
    """
    try:
        content = {path.name: path for path in folder.iterdir()}
    except OSError:
        return []
    manifests = [content[n] for n in ("manifest.json", "manifest.json.gz") if n in content]
    if not any(path.is_file() and claims(Entry(path)) for path in manifests):
        return []
    found, is_target = [], not _TARGET_MARKS.isdisjoint(content)
    for name, path in sorted(content.items()):
        if name.startswith("."):
            continue
        if path.is_dir():
            if not is_target and name not in _TARGET_FOLDERS:
                return []
        elif claims(Entry(path)):
            found.append(path)
        elif name.lower() not in _TARGET_FILES:
            return []
    return found


def _kind_of_name(name: str) -> str | None:
    kind = name.removesuffix(".json").replace("_", "-")
    return kind if kind in KINDS else None


# -- opening ------------------------------------------------------------------------------------------------


class _RefusedError(Exception):
    """A file that nothing can be got out of: reason, value."""


def open_artifact(entry: Entry, file: FileReport) -> Artifact | None:
    """Read a file into its sections.

    Returns
    -------
    Artifact or None
        None when nothing can be got out of it; it then counts as one rejected record.
    """
    try:
        return _open(entry, file)
    except _RefusedError as refused:
        file.count()
        file.reject("file", *refused.args)
        return None


def _open(entry: Entry, file: FileReport) -> Artifact:
    try:
        with open_bytes(entry.path) as stream:
            content = stream.read()
    except _UNREADABLE as error:
        raise _RefusedError("cannot be read", str(error)) from error
    sections = _split(content, file)
    metadata = _metadata(sections, file)
    kind, version = _version(metadata, entry.plain_name)
    if kind is None:
        raise _RefusedError("is none of dbt's artifacts", metadata.dbt_schema_version or entry.path.name)
    if version is None:
        file.note(f"states no schema version; read as {kind}")
    elif version not in _KNOWN_VERSIONS[kind]:
        file.note(
            f"{kind} v{version} is not a version known here; read as far as its keys are the known ones"
        )
    time = microseconds(metadata.generated_at)
    if time is None:
        file.note("does not say when it was made: first_seen and last_seen are empty")
    invocation, adapter = _text(metadata.invocation_id), _text(metadata.adapter_type)
    return Artifact(kind, entry.path.parent, file, sections, time, invocation, adapter)


def _split(content: bytes, file: FileReport) -> dict[str, Raw]:
    content = content.removeprefix(_BOM)
    try:
        return _SECTIONS.decode(content)
    except msgspec.ValidationError as error:
        raise _RefusedError("is not a JSON object", str(error)) from error
    except _MISFITS as error:
        fault = error
    try:  # json.loads takes what some writers produce and JSON forbids: NaN, halves of surrogate pairs
        parsed = json.loads(content, parse_constant=lambda _: None)
        sections = _SECTIONS.decode(json.dumps(parsed, ensure_ascii=False).encode("utf-8", "replace"))
    except UnicodeDecodeError as error:
        raise _RefusedError("is not UTF-8 text", str(error)) from error
    except (ValueError, RecursionError) as error:
        raise _RefusedError("is not JSON, or was cut off", str(fault)) from error
    file.note("holds NaN or broken characters, which JSON forbids; read without them")
    return sections


def _metadata(sections: Mapping[str, Raw], file: FileReport) -> Metadata:
    if "metadata" in sections:
        try:
            return _METADATA.decode(sections["metadata"])
        except _MISFITS:
            file.note("its metadata cannot be read")
    return Metadata()


def _version(metadata: Metadata, name: str) -> tuple[str | None, int | None]:
    stated = (
        _VERSION.search(metadata.dbt_schema_version) if isinstance(metadata.dbt_schema_version, str) else None
    )
    if stated is None:
        return _kind_of_name(name), None
    return (stated[1] if stated[1] in KINDS else None), int(stated[2][:9])


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= _MAX_NAME else None


def microseconds(text: object) -> int | None:
    """Read an ISO 8601 time as microseconds since 1970 in UTC; no zone is UTC, None is no time.

    Examples
    --------
    >>> microseconds("1970-01-01T00:00:01.5Z"), microseconds("soon")
    (1500000, None)
    """
    if not isinstance(text, str):
        return None
    try:
        time = datetime.fromisoformat(text.strip())
        aware = time.replace(tzinfo=UTC) if time.tzinfo is None else time
        return (aware - _EPOCH) // timedelta(microseconds=1)
    except (ValueError, OverflowError):
        return None


# -- records ------------------------------------------------------------------------------------------------


def malformed(unique_id: str) -> bool:
    """Whether a unique_id is not ``kind.package.name``.

    Examples
    --------
    >>> malformed("model.shop.orders"), malformed("orders")
    (False, True)
    """
    parts = unique_id.split(".", 2)
    return len(parts) < 3 or not all(parts) or len(unique_id) > _MAX_NAME


def _wrong(error: Exception) -> str:
    if isinstance(error, msgspec.ValidationError):
        return "misses a needed value, or has one of a wrong type"
    if isinstance(error, UnicodeDecodeError):
        return "is not UTF-8 text"
    return "cannot be decoded"


def records(artifact: Artifact, section: str, shape: msgspec.json.Decoder[T]) -> Iterator[tuple[str, T]]:
    """Decode a section that maps unique_ids to records; counts each, rejects those that do not fit.

    Yields
    ------
    unique_id, record
        Only well-formed ones. The caller may still reject one, at position ``section/unique_id``.
    """
    file, raw = artifact.file, artifact.sections.get(section)
    if raw is None:
        return
    try:
        entries = _RECORDS.decode(raw) or {}
    except _MISFITS as error:
        file.count()
        file.reject(section, "is not an object of records", str(error))
        return
    file.count(len(entries))
    for unique_id, entry in entries.items():
        if malformed(unique_id):
            file.reject(f"{section}/{unique_id[:200]}", "unique_id is not kind.package.name", unique_id)
            continue
        try:
            record = shape.decode(entry)
        except _MISFITS as error:
            file.reject(f"{section}/{unique_id}", _wrong(error), str(error))
        else:
            yield unique_id, record


def results(artifact: Artifact, shape: msgspec.json.Decoder[T]) -> Iterator[tuple[str, T]]:
    """Decode the list ``results``; counts each, rejects those that do not fit.

    Yields
    ------
    position, record
        Position is ``results/3``, from 0.
    """
    file, raw = artifact.file, artifact.sections.get("results")
    if raw is None:
        file.note("holds no results")
        return
    try:
        entries = _LIST.decode(raw) or []
    except _MISFITS as error:
        file.count()
        file.reject("results", "is not a list of records", str(error))
        return
    file.count(len(entries))
    for number, entry in enumerate(entries):
        try:
            record = shape.decode(entry)
        except _MISFITS as error:
            file.reject(f"results/{number}", _wrong(error), str(error))
        else:
            yield f"results/{number}", record
