"""From the bytes of an event to a row: what was said (parsed once per distinct content), by which run, when.

An event is checked wholly before it is absorbed as one appended row. Whatever is expensive hangs on its
*content*, the bytes of job, inputs and outputs, which a job's runs repeat.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256
from typing import Any, Final, TypeVar

import msgspec
import numpy as np
import polars as pl
from msgspec import Raw

from lineage_nb.sources.openlineage.facets import (
    InputFacets,
    OutputFacets,
    RunFacets,
    decode_facets,
    statistics,
)
from lineage_nb.sources.openlineage.jobs import Jobs
from lineage_nb.sources.openlineage.records import (
    ALONE,
    BAD_DATASET,
    BAD_INPUTS,
    BAD_OUTPUTS,
    BAD_TIME,
    BAD_TYPE,
    NO_JOB,
    NO_SUBJECT,
    NOT_UTF8,
    TOO_DEEP,
    TOO_LONG,
    Entity,
    Event,
    Output,
    RejectedError,
    decode_entities,
    decode_entity,
    decode_event,
    decode_outputs,
    diagnosed,
    is_given,
    loosely,
    read_run,
    strictly,
)
from lineage_nb.sources.openlineage.statements import Statements
from lineage_nb.sources.openlineage.tables import Columns
from lineage_nb.sources.openlineage.words import MAX_NAME, Misfit, micros, whole

__all__ = ["ROLES", "STATES", "Collector"]

STATES: Final = ("START", "RUNNING", "COMPLETE", "FAIL", "ABORT", "OTHER", "DECLARED")
"""Of a run; `DECLARED` is that of events without a run, which state what holds."""
_T = TypeVar("_T")
ROLES: Final = ("in", "out", "static", "entry", "job entry")
"""Of a statement in an event: an input, an output, a dataset by itself, and entries of a job's lineage."""
JOB_TO_JOB: Final = "job to job"
IN, OUT, STATIC, ENTRY, JOB_ENTRY = range(5)
_ROLE_BITS, _ROLE = 3, 7
"""How a role is packed below the number of its statement."""
DECLARED: Final = STATES.index("DECLARED")
_STATE: Final = {name: number for number, name in enumerate(STATES[:-1])}
_CACHE_BYTES: Final = 64 << 20
_ENTRY_BYTES: Final = 200

_NONE: Final = frozenset[int]()


class _Cache(dict[Any, Any]):
    """What was made of something, by its bytes or digest; forgets everything when it gets big."""

    size = 0

    def remember(self, key: bytes | tuple[int, bytes, bool], value: _T) -> _T:
        self.size += len(key) + _ENTRY_BYTES
        if self.size > _CACHE_BYTES:
            self.clear()
            self.size = 0
        self[key] = value
        return value


class Collector:
    """Everything absorbed so far, as numbers over distinct content.

    Attributes
    ----------
    statements : Statements
        What was said of datasets.
    jobs : Jobs
        What was said of jobs.
    content_fact, item_start : array
        Per content: the fact about its job (-1 without a job), its first item.
    item_statement, item_role, item_rows, item_bytes, item_stored : array
        Per item of a content: the statement, its role, rows and bytes read or written, bytes stored (-1: not known).
    events : Columns
        A row per event: content, run, time, state, nominal time, parent job (-1: none).
    """

    def __init__(self) -> None:
        self.statements = Statements()
        number, text = pl.Int32, pl.String
        self.jobs = Jobs(self.statements, _Cache(), _Cache())
        self.content_fact, self.item_start = array("i"), array("q", [0])
        self.item_statement, self.item_role = array("i"), array("b")
        self.item_rows, self.item_bytes, self.item_stored = array("q"), array("q"), array("q")
        self.events = Columns(
            content=number, run=text, time=pl.Int64, state=pl.Int8, nominal=pl.Int64, parent=number
        )
        self.remarks: dict[int, tuple[str, ...]] = {}
        self._remarked: dict[int, int] = {}
        self._lost: dict[str, int] = {}
        self._contents: dict[bytes, int] = {}
        self._datasets, self._plain = _Cache(), _Cache()
        self._bare: dict[int, int] = {}
        self._items: list[int] = []
        """Statement and role of every item since the last `pack`, in one number each."""
        self._measured: list[int] = []
        """Of items with statistics: place in `_items`, rows, bytes, bytes stored."""
        self._made: list[int] = []
        self._apart = False
        """Whether the latest outputs had more than facets of datasets, as those of the next event will."""
        self._returning = True
        """Whether the latest job was known before, as that of the next event will be, and perhaps its outputs."""

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
            try:
                event, unread = decode_event(record), None
            except msgspec.ValidationError:
                event, unread = loosely(record)
            self._absorb(event, unread, record)
        except UnicodeDecodeError as error:
            raise RejectedError(NOT_UTF8, record) from error
        except msgspec.DecodeError as error:
            raise diagnosed(record) from error
        except RecursionError as error:
            raise RejectedError(TOO_DEEP, record) from error

    def _absorb(self, event: Event, unread: Raw | None, record: bytes) -> None:
        try:
            time = micros(event.eventTime)
        except ValueError as error:
            raise RejectedError(BAD_TIME, event.eventTime or "") from error
        state, told, run, nominal, parent = DECLARED, event.run, None, None, -1
        job, inputs, outputs = event.job, event.inputs, event.outputs
        misfits: list[str] = []
        if told is not None:
            if not is_given(job):
                raise RejectedError(NO_JOB, record)
            state = _STATE.get(event.eventType or "OTHER", -1)
            if state < 0:
                state = _STATE.get(str(event.eventType).upper(), -1)
                if state < 0:
                    raise RejectedError(BAD_TYPE, event.eventType)
            if unread is not None:
                told = read_run(unread, misfits)
            run = told.runId
            if len(run) > MAX_NAME:
                raise RejectedError(TOO_LONG, run)
        elif not is_given(job):
            if not is_given(event.dataset):
                raise RejectedError(NO_SUBJECT, record)
            job, inputs, outputs = event.dataset, Raw(), ALONE
        key = sha256(b"\0".join((job, inputs, outputs))).digest()
        content = self._contents.get(key)
        if content is None:
            content = self._contents[key] = self._content(job, inputs, outputs)
        if told is not None and told.facets is not None:
            nominal, parent = self._run_facets(told.facets, misfits)
        self.events.rows += (content, run, time, state, nominal, parent)
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

    def _run_facets(self, facets: RunFacets, misfits: list[str]) -> tuple[int | None, int]:
        nominal, parent = None, -1
        given, by = facets.nominalTime, facets.parent
        if given is not None and not given.deleted:
            try:
                nominal = micros(given.nominalStartTime)
            except ValueError:
                misfits.append("nominalTime")
        if by is not None and not by.deleted:
            with suppress(Misfit):
                parent = self.statements.jobs[by.job.namespace][by.job.name] if by.job else -1
            if parent < 0:
                misfits.append("parent")
        for name in misfits:
            self._lost[name] = self._lost.get(name, 0) + 1
        return nominal, parent

    def _content(self, job: Raw, inputs: Raw, outputs: Raw) -> int:
        """Parse job, inputs and outputs; nothing is added before all of them are known to fit."""
        fact = -1
        misfits: list[str] = []
        items: list[int] = []
        measured: list[int] = []
        if outputs is ALONE:
            entity = strictly(decode_entity, job, BAD_DATASET)
            items.append(self._dataset(entity, _NONE, misfits) << _ROLE_BITS | STATIC)
        else:
            read = strictly(decode_entities, inputs, BAD_INPUTS) if inputs else None
            key = sha256(outputs).digest() if outputs and self._returning else b""
            known: Sequence[int] = self._plain.get(key, ()) if key else ()
            written = decode_outputs(outputs, apart=self._apart) if outputs and not known else []
            jobs = len(self.statements.jobs.names)
            fact = self.jobs.fact(job)
            self._returning = len(self.statements.jobs.names) == jobs
            if fact in self.jobs.remarks:
                misfits += self.jobs.remarks[fact]
            for entity in read or ():
                if entity.facets or entity.inputFacets:
                    self._input(entity, items, measured, misfits)
                else:
                    items.append(self._mentioned(entity.namespace, entity.name) << _ROLE_BITS | IN)
            if entries := self.jobs.entries.get(fact):
                self._covered(entries, outputs, items, measured, misfits)
            else:
                found: list[int] = []
                for output in written:
                    if isinstance(output, Output):
                        found.append(self._plain_output(output))
                    else:
                        self._output(output, _NONE, items, measured, misfits)
                if found:
                    known = self._plain.remember(key, tuple(found)) if key else found
                remarks = self.statements.misfits
                for statement in known:
                    items.append(statement << _ROLE_BITS | OUT)
                    if statement in remarks:
                        misfits += remarks[statement]
        number = len(self._contents)
        if measured:
            measured[::4] = [place + len(self._items) for place in measured[::4]]
            self._measured += measured
        self._made += (fact, len(items))
        self._items += items
        if misfits:
            self.remarks[number] = tuple(misfits)
        return number

    def _covered(
        self,
        entries: tuple[tuple[int, bool], ...],
        outputs: Raw,
        items: list[int],
        measured: list[int],
        misfits: list[str],
    ) -> None:
        """Take in outputs of a job that states lineage itself, and what it states."""
        targets = self.statements.target
        covered = frozenset(targets[s] for s, to_dataset in entries if to_dataset)
        for entity in strictly(decode_entities, outputs, BAD_OUTPUTS) or () if outputs else ():
            self._output(entity, covered, items, measured, misfits)
        for statement, to_dataset in entries:
            items.append(statement << _ROLE_BITS | (ENTRY if to_dataset else JOB_ENTRY))
            misfits += self._statement_remarks(statement)

    def _plain_output(self, output: Output) -> int:
        if output.facets is None:
            return self._mentioned(output.namespace, output.name)
        return self.statements.state(self._number(output.namespace, output.name), output.facets, [], covered=False)

    def _mentioned(self, namespace: str, name: str) -> int:
        """The statement of a dataset that nothing more is said of."""
        dataset = self._number(namespace, name)
        statement = self._bare.get(dataset)
        if statement is None:
            statement = self._bare[dataset] = self.statements.state(dataset, None, [], covered=False)
        return statement

    def _number(self, namespace: str, name: str) -> int:
        try:
            return self.statements.datasets[namespace][name]
        except Misfit as error:
            raise RejectedError(TOO_LONG, max(namespace, name, key=len)) from error

    def pack(self) -> None:
        """Move what was collected lately into compact tables; to be called every now and then."""
        self.statements.pack()
        facts, counts = np.array(self._made, dtype=np.int64).reshape(-1, 2).T
        items = np.array(self._items, dtype=np.int64)
        places, *numbers = np.array(self._measured, dtype=np.int64).reshape(-1, 4).T
        measures = np.full((3, items.size), -1)
        measures[:, places] = numbers
        for table, values in (
            (self.content_fact, facts),
            (self.item_start, self.item_start[-1] + np.cumsum(counts)),
            (self.item_statement, items >> _ROLE_BITS),
            (self.item_role, items & _ROLE),
            *zip((self.item_rows, self.item_bytes, self.item_stored), measures, strict=True),
        ):
            table.frombytes(values.astype(table.typecode).tobytes())
        for rows in (self._made, self._items, self._measured):
            rows.clear()

    def _input(self, entity: Entity, items: list[int], measured: list[int], misfits: list[str]) -> None:
        statement = self._dataset(entity, _NONE, misfits)
        items.append(statement << _ROLE_BITS | IN)
        if not entity.inputFacets:
            return
        facets = decode_facets(InputFacets, entity.inputFacets, misfits)
        rows, size = statistics("inputStatistics", facets.inputStatistics, misfits)
        stored = -1
        if facets.dataQualityMetrics is not None:
            try:
                stored = whole(facets.dataQualityMetrics.bytes)
            except Misfit:
                misfits.append("dataQualityMetrics")
        measured += (len(items) - 1, rows, size, stored)

    def _output(
        self,
        entity: Entity,
        covered: frozenset[int],
        items: list[int],
        measured: list[int],
        misfits: list[str],
    ) -> None:
        statement = self._dataset(entity, covered, misfits)
        items.append(statement << _ROLE_BITS | OUT)
        self._apart = bool(entity.outputFacets)
        if not self._apart:
            return
        facets = decode_facets(OutputFacets, entity.outputFacets, misfits)
        rows, size = statistics("outputStatistics", facets.outputStatistics, misfits)
        measured += (len(items) - 1, rows, size, size if statement in self.statements.rewritten else -1)

    def _dataset(self, entity: Entity, covered: frozenset[int], misfits: list[str]) -> int:
        if not entity.facets:
            return self._mentioned(entity.namespace, entity.name)
        said, number = self.statements, self._number(entity.namespace, entity.name)
        facets = bytes(entity.facets)
        key = (number, sha256(facets).digest(), number in covered)
        statement = self._datasets.get(key)
        if statement is None:
            statement = said.dataset(number, facets, covered=number in covered)
            self._datasets.remember(key, statement)
        if statement in said.misfits:
            misfits += said.misfits[statement]
        return statement

    def _statement_remarks(self, statement: int) -> tuple[str, ...]:
        found = self.statements.misfits.get(statement, ())
        return (*found, JOB_TO_JOB) if statement in self.statements.job_to_job else found
