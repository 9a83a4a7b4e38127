"""The shapes of OpenLineage events, and why a record is rejected."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

import msgspec
from msgspec import Raw, Struct

from lineage_nb.sources.openlineage.facets import DatasetFacets, RunFacets, decode_facets
from lineage_nb.sources.openlineage.words import MAX_NAME

__all__ = [
    "ALONE",
    "BAD_DATASET",
    "BAD_INPUTS",
    "BAD_JOB",
    "BAD_OUTPUTS",
    "BAD_TIME",
    "BAD_TYPE",
    "NOT_UTF8",
    "NO_JOB",
    "NO_SUBJECT",
    "TOO_DEEP",
    "TOO_LONG",
    "Entity",
    "Event",
    "Output",
    "RejectedError",
    "decode_entities",
    "decode_entity",
    "decode_event",
    "decode_outputs",
    "diagnosed",
    "is_given",
    "loosely",
    "read_run",
    "strictly",
]

_T = TypeVar("_T")
_SHOWN: Final = 200

NOT_UTF8: Final = "not valid UTF-8"
NOT_JSON: Final = "not valid JSON"
NOT_OBJECT: Final = "not a JSON object"
TOO_DEEP: Final = "nested too deeply"
NO_SUBJECT: Final = "neither a run, a job nor a dataset"
NO_JOB: Final = "a run without a job"
BAD_TIME: Final = "eventTime is missing or not a time"
BAD_TYPE: Final = "eventType is none of START, RUNNING, COMPLETE, FAIL, ABORT, OTHER"
BAD_RUN: Final = "run is not an object with a runId"
BAD_JOB: Final = "job is not an object with namespace and name"
BAD_INPUTS: Final = "inputs is not a list of objects with namespace and name"
BAD_OUTPUTS: Final = "outputs is not a list of objects with namespace and name"
BAD_DATASET: Final = "dataset is not an object with namespace and name"
TOO_LONG: Final = f"a namespace, name or runId is longer than {MAX_NAME:,} characters"


class RejectedError(Exception):
    """A record that cannot be used: why, in fixed words, and the value that is wrong."""

    def __init__(self, reason: str, value: str | bytes | Raw | None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.value = value or "" if not isinstance(value, bytes | Raw) else _shown(bytes(value))


def _shown(value: bytes) -> str:
    return value[: _SHOWN + 1].removesuffix(b"\n").decode("utf-8", "replace")


class _Run(Struct, gc=False):
    runId: str  # noqa: N815 - the specification's spelling
    facets: RunFacets | None = None


class Event(Struct, gc=False):
    """An event whose run fits as a whole; what a job's runs repeat stays as it is."""

    eventTime: str | None = None  # noqa: N815
    eventType: str | None = None  # noqa: N815
    run: _Run | None = None
    job: Raw = Raw()
    inputs: Raw = Raw()
    outputs: Raw = Raw()
    dataset: Raw = Raw()


class _LooseRun(Struct, gc=False):
    runId: str  # noqa: N815
    facets: Raw = Raw()


class _LooseEvent(Struct, gc=False):
    eventTime: str | None = None  # noqa: N815
    eventType: str | None = None  # noqa: N815
    run: Raw = Raw()
    job: Raw = Raw()
    inputs: Raw = Raw()
    outputs: Raw = Raw()
    dataset: Raw = Raw()


class Entity(Struct, gc=False):
    """A job or a dataset; its facets stay as they are."""

    namespace: str
    name: str
    facets: Raw = Raw()
    inputFacets: Raw = Raw()  # noqa: N815
    outputFacets: Raw = Raw()  # noqa: N815


class Output(Struct, gc=False):
    """An output whose facets are decoded with it."""

    namespace: str
    name: str
    facets: DatasetFacets | None = None
    outputFacets: Raw = Raw()  # noqa: N815


decode_event = msgspec.json.Decoder(Event).decode
_decode_loose_event = msgspec.json.Decoder(_LooseEvent).decode
_decode_loose_run = msgspec.json.Decoder(_LooseRun).decode
decode_entity = msgspec.json.Decoder(Entity).decode
decode_entities = msgspec.json.Decoder(list[Entity] | None).decode
_decode_outputs = msgspec.json.Decoder(list[Output] | None).decode
_decode_any = msgspec.json.Decoder().decode
_NULL: Final = Raw(b"null")
ALONE: Final = Raw(b"alone")
"""Stands for the outputs of an event about a dataset by itself; no JSON."""
_UNREAD: Final = _Run("")


def decode_outputs(outputs: Raw, *, apart: bool) -> list[Output] | list[Entity]:
    """Decode outputs in one go where all there is to them are facets of datasets, that fit.

    Parameters
    ----------
    outputs : Raw
        As in the event.
    apart : bool
        Whether not to try, since there will be more to them.
    """
    if not apart:
        try:
            plain: list[Output] = _decode_outputs(outputs) or []
        except msgspec.ValidationError:
            plain = []
        for output in plain:
            if output.outputFacets:
                break
        else:
            if plain:
                return plain
    entities: list[Entity] | None = strictly(decode_entities, outputs, BAD_OUTPUTS)
    return entities or []


def is_given(raw: Raw) -> bool:
    """Whether there is anything but null."""
    return bool(raw) and raw != _NULL


def loosely(record: bytes) -> tuple[Event, Raw | None]:
    """Decode an event whose run does not fit as a whole, and leave its run to `read_run`."""
    event = _decode_loose_event(record)
    run, raw = (_UNREAD, event.run) if is_given(event.run) else (None, None)
    parts = (event.job, event.inputs, event.outputs, event.dataset)
    return Event(event.eventTime, event.eventType, run, *parts), raw


def read_run(raw: Raw, misfits: list[str]) -> _Run:
    """Decode a run whose facets may not fit."""
    run = strictly(_decode_loose_run, raw, BAD_RUN)
    return _Run(run.runId, decode_facets(RunFacets, run.facets, misfits))


def strictly(decode: Callable[[bytes | Raw], _T], raw: bytes | Raw, reason: str) -> _T:
    """Decode what an event cannot do without."""
    try:
        return decode(raw)
    except msgspec.ValidationError as error:
        raise RejectedError(reason, raw) from error


def diagnosed(record: bytes) -> RejectedError:
    """Find out what is wrong with a record that did not decode."""
    try:
        _decode_any(record)
    except msgspec.DecodeError:
        return RejectedError(NOT_JSON, record)
    try:
        _decode_loose_event(record)
    except msgspec.ValidationError as error:
        where = str(error).partition("`$.")[2]
        for name, reason in (("eventTime", BAD_TIME), ("eventType", BAD_TYPE)):
            if where.startswith(name):
                return RejectedError(reason, record)
    return RejectedError(NOT_OBJECT, record)
