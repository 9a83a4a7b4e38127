"""From the bytes of an event to a row: what was said (parsed once per distinct content), by which run, when.

An event is checked wholly before it is absorbed, and absorbing it is one appended row. Whatever is
expensive hangs on its *content*, the bytes of job, inputs and outputs, which a job's runs repeat.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from hashlib import sha256
from typing import Any, Final, TypeVar

import msgspec
import polars as pl
from msgspec import Raw, Struct

from lineage_nb.sources.openlineage_facets import (
    InputFacets,
    JobFacets,
    OutputFacets,
    RunFacets,
    decode_facets,
    job_type,
    names,
    tag_texts,
)
from lineage_nb.sources.openlineage_statements import Columns, Statements
from lineage_nb.sources.openlineage_words import MAX_NAME, Misfit, micros, whole

__all__ = ["ROLES", "STATES", "Collector", "RejectedError"]

STATES: Final = ("START", "RUNNING", "COMPLETE", "FAIL", "ABORT", "OTHER", "DECLARED")
"""Of a run; `DECLARED` is that of events without a run, which state what holds."""
_T = TypeVar("_T")
ROLES: Final = ("in", "out", "static", "entry", "job entry")
"""Of a statement in an event: an input, an output, a dataset by itself, and entries of a job's lineage."""
ENDLESS: Final = ("streaming", "service")
"""How the types of jobs start that never complete."""
_BUILDS: Final = ("/model", "/seed", "/snapshot")
"""How the types of dbt's jobs end that build what they are named after; its tests do not."""
SQL: Final = "sql"
JOB_TO_JOB: Final = "job to job"
IN, OUT, STATIC, ENTRY, JOB_ENTRY = range(5)
DECLARED: Final = STATES.index("DECLARED")
_STATE: Final = {name: number for number, name in enumerate(STATES[:-1])}
_CACHE_BYTES: Final = 64 << 20
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
    return value[: _SHOWN + 1].decode("utf-8", "replace")


class _Event(Struct, gc=False):
    eventTime: str | None = None  # noqa: N815 - the specification's spelling
    eventType: str | None = None  # noqa: N815
    run: Raw = Raw()
    job: Raw = Raw()
    inputs: Raw = Raw()
    outputs: Raw = Raw()
    dataset: Raw = Raw()


class _Run(Struct, gc=False):
    runId: str  # noqa: N815
    facets: Raw = Raw()


class _Entity(Struct, gc=False):
    namespace: str
    name: str
    facets: Raw = Raw()
    inputFacets: Raw = Raw()  # noqa: N815
    outputFacets: Raw = Raw()  # noqa: N815


_decode_event = msgspec.json.Decoder(_Event).decode
_decode_run = msgspec.json.Decoder(_Run).decode
_decode_entity = msgspec.json.Decoder(_Entity).decode
_decode_entities = msgspec.json.Decoder(list[_Entity] | None).decode
_decode_any = msgspec.json.Decoder().decode
_NULL: Final = Raw(b"null")
_ALONE: Final = Raw(b"alone")
_NONE: Final = frozenset[int]()


class _Cache(dict[Any, int]):
    """Numbers by the bytes they were parsed from; forgets everything when it gets big."""

    size = 0

    def remember(self, key: object, number: int, size: int) -> int:
        self.size += size
        if self.size > _CACHE_BYTES:
            self.clear()
            self.size = size
        self[key] = number
        return number


class Collector:
    """Everything absorbed so far, as numbers over distinct content.

    Attributes
    ----------
    statements : Statements
        What was said of datasets.
    job_facts : Columns
        What was said of jobs, a row per distinct job object, which `job_of` ties to its job; where `endless`
        it runs until further notice: its writes need no COMPLETE.
    content_job, content_fact, item_start : array
        Per content: its job, the row in `job_facts` (both -1 without a job), its first item.
    item_statement, item_role, item_rows, item_bytes, item_stored : array
        Per item of a content: the statement, its role, rows and bytes read or written, bytes stored (-1: not known).
    events : Columns
        A row per event: content, run, time, state, nominal time, parent job (-1: none).
    """

    def __init__(self) -> None:
        self.statements = Statements()
        number, text = pl.Int32, pl.String
        self.job_facts = Columns(type=number, owners=number, tags=number, description=number)
        self.job_of, self.endless = array("i"), array("b")
        self.dbt_jobs: set[tuple[int, str]] = set()
        self.content_job, self.content_fact, self.item_start = array("i"), array("i"), array("q", [0])
        self.item_statement, self.item_role = array("i"), array("b")
        self.item_rows, self.item_bytes, self.item_stored = array("q"), array("q"), array("q")
        self.events = Columns(
            content=number, run=text, time=pl.Int64, state=pl.Int8, nominal=pl.Int64, parent=number
        )
        self.remarks: dict[int, tuple[str, ...]] = {}
        self._remarked: dict[int, int] = {}
        self._lost: dict[str, int] = {}
        self._contents: dict[bytes, int] = {}
        self._jobs, self._datasets = _Cache(), _Cache()
        self._job_entries: dict[int, list[tuple[int, int]]] = {}
        self._job_remarks: dict[int, tuple[str, ...]] = {}

    def absorb(self, record: bytes) -> None:
        """Take in one event.

        Raises
        ------
        RejectedError
            When it cannot be used; nothing of it is kept.
        """
        try:
            if not record.isascii():
                record.decode()
            self._absorb(_decode_event(record), record)
        except UnicodeDecodeError as error:
            raise RejectedError(NOT_UTF8, record) from error
        except msgspec.DecodeError as error:
            raise _diagnosed(record) from error
        except RecursionError as error:
            raise RejectedError(TOO_DEEP, record) from error

    def _absorb(self, event: _Event, record: bytes) -> None:
        try:
            time = micros(event.eventTime)
        except ValueError as error:
            raise RejectedError(BAD_TIME, event.eventTime or "") from error
        state, told, run, nominal, parent = DECLARED, None, None, None, -1
        if _given(event.run):
            if not _given(event.job):
                raise RejectedError(NO_JOB, record)
            state = _STATE.get(event.eventType or "OTHER", -1)
            if state < 0:
                state = _STATE.get(str(event.eventType).upper(), -1)
                if state < 0:
                    raise RejectedError(BAD_TYPE, event.eventType)
            told = _strictly(_decode_run, event.run, BAD_RUN)
            run = told.runId
            if len(run) > MAX_NAME:
                raise RejectedError(TOO_LONG, run)
        elif not _given(event.job):
            if not _given(event.dataset):
                raise RejectedError(NO_SUBJECT, record)
            event.job, event.inputs, event.outputs = event.dataset, _NULL, _ALONE
        key = sha256(b"\0".join((event.job, event.inputs, event.outputs))).digest()[:16]
        content = self._contents.get(key)
        if content is None:
            content = self._contents[key] = self._content(event)
        if told is not None and told.facets:
            nominal, parent = self._run_facets(told.facets)
        numbers, runs, times, states, nominals, parents = self.events.lists
        numbers.append(content)
        runs.append(run)
        times.append(time)
        states.append(state)
        nominals.append(nominal)
        parents.append(parent)
        if content in self.remarks:
            self._remarked[content] = self._remarked.get(content, 0) + 1

    def take_remarks(self) -> dict[str, int]:
        """Facets that did not fit, by name, since the last call; `SQL` and `JOB_TO_JOB` count what was not kept."""
        counts, self._lost = self._lost, {}
        for content, times in self._remarked.items():
            for name in self.remarks[content]:
                counts[name] = counts.get(name, 0) + times
        self._remarked = {}
        return counts

    def _run_facets(self, raw: Raw) -> tuple[int | None, int]:
        misfits: list[str] = []
        facets = decode_facets(RunFacets, raw, misfits)
        nominal, parent = None, -1
        if facets.nominalTime is not None:
            try:
                nominal = micros(facets.nominalTime.nominalStartTime)
            except ValueError:
                misfits.append("nominalTime")
        if facets.parent is not None:
            job = facets.parent.job
            if job is None or len(job.namespace) > MAX_NAME or len(job.name) > MAX_NAME:
                misfits.append("parent")
            else:
                parent = self.statements.jobs((job.namespace, job.name))
        for name in misfits:
            self._lost[name] = self._lost.get(name, 0) + 1
        return nominal, parent

    def _content(self, event: _Event) -> int:
        """Parse job, inputs and outputs; nothing is added before all of them are known to fit."""
        job, fact = -1, -1
        misfits: list[str] = []
        items: list[tuple[int, int, int, int, int]] = []
        if event.outputs is _ALONE:
            entity = _strictly(_decode_entity, event.job, BAD_DATASET)
            items.append((self._dataset(entity, _NONE, misfits), STATIC, -1, -1, -1))
        else:
            inputs = _strictly(_decode_entities, event.inputs, BAD_INPUTS) if event.inputs else None
            outputs = _strictly(_decode_entities, event.outputs, BAD_OUTPUTS) if event.outputs else None
            fact = self._job(event.job)
            job = self.job_of[fact]
            misfits += self._job_remarks.get(fact, ())
            entries = self._job_entries.get(fact, ())
            targets = self.statements.target
            covered = frozenset(targets[s] for s, role in entries if role == ENTRY) if entries else _NONE
            items += [self._input(e, misfits) for e in inputs or ()]
            items += [self._output(e, covered, misfits) for e in outputs or ()]
            items += [(s, role, -1, -1, -1) for s, role in entries]
            for statement, _ in entries:
                misfits += self._statement_remarks(statement)
        number = len(self.content_job)
        self.content_job.append(job)
        self.content_fact.append(fact)
        for statement, role, rows, size, stored in items:
            self.item_statement.append(statement)
            self.item_role.append(role)
            self.item_rows.append(rows)
            self.item_bytes.append(size)
            self.item_stored.append(stored)
        self.item_start.append(len(self.item_statement))
        if misfits:
            self.remarks[number] = tuple(misfits)
        return number

    def _input(self, entity: _Entity, misfits: list[str]) -> tuple[int, int, int, int, int]:
        statement = self._dataset(entity, _NONE, misfits)
        if not entity.inputFacets:
            return statement, IN, -1, -1, -1
        facets = decode_facets(InputFacets, entity.inputFacets, misfits)
        rows, size = _statistics("inputStatistics", facets.inputStatistics, misfits)
        stored = -1
        if facets.dataQualityMetrics is not None:
            try:
                stored = whole(facets.dataQualityMetrics.bytes)
            except Misfit:
                misfits.append("dataQualityMetrics")
        return statement, IN, rows, size, stored

    def _output(
        self, entity: _Entity, covered: frozenset[int], misfits: list[str]
    ) -> tuple[int, int, int, int, int]:
        statement = self._dataset(entity, covered, misfits)
        if not entity.outputFacets:
            return statement, OUT, -1, -1, -1
        facets = decode_facets(OutputFacets, entity.outputFacets, misfits)
        rows, size = _statistics("outputStatistics", facets.outputStatistics, misfits)
        return statement, OUT, rows, size, size if statement in self.statements.rewritten else -1

    def _dataset(self, entity: _Entity, covered: frozenset[int], misfits: list[str]) -> int:
        namespace, name = entity.namespace, entity.name
        facets = bytes(entity.facets)
        hidden = bool(covered) and self.statements.datasets.index.get((namespace, name)) in covered
        key = (namespace, name, facets, hidden)
        statement = self._datasets.get(key)
        if statement is None:
            if len(namespace) > MAX_NAME or len(name) > MAX_NAME:
                raise RejectedError(TOO_LONG, max(namespace, name, key=len))
            statement = self.statements.dataset(namespace, name, facets, covered=hidden)
            self._datasets.remember(key, statement, len(facets) + 200)
        if statement in self.statements.misfits:
            misfits += self.statements.misfits[statement]
        return statement

    def _statement_remarks(self, statement: int) -> tuple[str, ...]:
        found = self.statements.misfits.get(statement, ())
        return (*found, JOB_TO_JOB) if statement in self.statements.job_to_job else found

    def _job(self, raw: Raw) -> int:
        """Parse a job object: the number of its row in `job_facts`."""
        key = bytes(raw)
        fact = self._jobs.get(key)
        if fact is not None:
            return fact
        entity = _strictly(_decode_entity, raw, BAD_JOB)
        if len(entity.namespace) > MAX_NAME or len(entity.name) > MAX_NAME:
            raise RejectedError(TOO_LONG, max(entity.namespace, entity.name, key=len))
        misfits: list[str] = []
        job = self.statements.jobs((entity.namespace, entity.name))
        facets = decode_facets(JobFacets, entity.facets, misfits)
        fact = len(self.job_of)
        self.job_of.append(job)
        kind = job_type(facets.jobType)
        words, lists = self.statements.words, self.statements.lists
        types, owners, tags, descriptions = self.job_facts.lists
        types.append(words(kind))
        owners.append(lists(names(facets.ownership)) if facets.ownership else 0)
        tags.append(lists(tag_texts(facets.tags).get(None, ())) if facets.tags else 0)
        descriptions.append(words(facets.documentation.description or None) if facets.documentation else 0)
        self.endless.append(kind is not None and kind.startswith(ENDLESS))
        if facets.dbt_node and facets.dbt_node.unique_id and kind is not None and kind.endswith(_BUILDS):
            self.dbt_jobs.add((job, facets.dbt_node.unique_id))
        entries = []
        for entry in facets.lineage.entries if facets.lineage else ():
            try:
                statement, to_dataset = self.statements.entry(entry)
            except Misfit:
                misfits.append("lineage")
                continue
            entries.append((statement, ENTRY if to_dataset else JOB_ENTRY))
        if entries:
            self._job_entries[fact] = entries
        if _given(facets.sql):
            misfits.append(SQL)
        if misfits:
            self._job_remarks[fact] = tuple(misfits)
        return self._jobs.remember(key, fact, len(key) + 200)


def _given(raw: Raw) -> bool:
    return bool(raw) and raw != _NULL


def _strictly(decode: Callable[[Raw], _T], raw: Raw, reason: str) -> _T:
    try:
        return decode(raw)
    except msgspec.ValidationError as error:
        raise RejectedError(reason, raw) from error


def _statistics(name: str, facet: Any, misfits: list[str]) -> tuple[int, int]:
    if facet is None:
        return -1, -1
    try:
        return whole(facet.rowCount), whole(facet.size)
    except Misfit:
        misfits.append(name)
        return -1, -1


def _diagnosed(record: bytes) -> RejectedError:
    """Find out what is wrong with a record that did not decode."""
    try:
        _decode_any(record)
    except msgspec.DecodeError:
        return RejectedError(NOT_JSON, record)
    try:
        _decode_event(record)
    except msgspec.ValidationError as error:
        where = str(error).partition("`$.")[2]
        for name, reason in (("eventTime", BAD_TIME), ("eventType", BAD_TYPE)):
            if where.startswith(name):
                return RejectedError(reason, record)
    return RejectedError(NOT_OBJECT, record)
