"""From the bytes of an event to a row: what was said (parsed once per distinct content), by which run, when.

An event is checked wholly before it is absorbed as one appended row. Whatever is expensive hangs on its
*content*, the bytes of job, inputs and outputs, which a job's runs repeat.
"""

from __future__ import annotations

from array import array
from hashlib import sha256
from typing import Any, Final, TypeVar

import msgspec
import numpy as np
import polars as pl
from msgspec import Raw

from lineage_nb.sources.openlineage_facets import (
    InputFacets,
    JobFacets,
    OutputFacets,
    RunFacets,
    decode_facets,
    job_type,
    names,
    statistics,
    tag_texts,
)
from lineage_nb.sources.openlineage_records import (
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
    read_job,
    read_run,
    strictly,
)
from lineage_nb.sources.openlineage_statements import Statements
from lineage_nb.sources.openlineage_tables import Columns
from lineage_nb.sources.openlineage_words import MAX_NAME, Misfit, micros, whole

__all__ = ["ROLES", "STATES", "Collector"]

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
_ENTRY_BYTES: Final = 200

_NONE: Final = frozenset[int]()
_NO_FACETS: Final = JobFacets()


class _Cache(dict[Any, Any]):
    """Numbers by the bytes they were parsed from; forgets everything when it gets big."""

    size = 0

    def remember(self, key: object, number: _T, size: int) -> _T:
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
        self._jobs, self._datasets, self._plain = _Cache(), _Cache(), _Cache()
        self._job_types: dict[tuple[str | None, ...], tuple[int, bool, bool]] = {}
        self._bare: dict[tuple[str, str], int] = {}
        self._items: list[int] = []
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
        summary = sha256(outputs)
        written = summary.digest()
        summary.update(b"\0".join((b"", job, inputs)))
        content = self._contents.get(key := summary.digest())
        if content is None:
            content = self._contents[key] = self._content(job, inputs, outputs, written)
        if told is not None and told.facets is not None:
            nominal, parent = self._run_facets(told.facets, misfits)
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

    def _run_facets(self, facets: RunFacets, misfits: list[str]) -> tuple[int | None, int]:
        nominal, parent = None, -1
        given, by = facets.nominalTime, facets.parent
        if given is not None and not given.deleted:
            try:
                nominal = micros(given.nominalStartTime)
            except ValueError:
                misfits.append("nominalTime")
        if by is not None and not by.deleted:
            job = by.job
            if job is None or len(job.namespace) > MAX_NAME or len(job.name) > MAX_NAME:
                misfits.append("parent")
            else:
                parent = self.statements.jobs((job.namespace, job.name))
        for name in misfits:
            self._lost[name] = self._lost.get(name, 0) + 1
        return nominal, parent

    def _content(self, job: Raw, inputs: Raw, outputs: Raw, key: bytes) -> int:
        """Parse job, inputs and outputs (`key` is of these); nothing is added before all of them are known to fit."""
        fact = -1
        misfits: list[str] = []
        items: list[int] = []
        if outputs is ALONE:
            entity = strictly(decode_entity, job, BAD_DATASET)
            items += (self._dataset(entity, _NONE, misfits), STATIC, -1, -1, -1)
        else:
            read = strictly(decode_entities, inputs, BAD_INPUTS) if inputs else None
            known = self._plain.get(key, ()) if outputs else ()
            written = decode_outputs(outputs) if outputs and not known else []
            fact = self._job(bytes(job))
            misfits += self._job_remarks.get(fact, ())
            bare = self._bare
            for entity in read or ():
                before = None if entity.facets or entity.inputFacets else bare.get((entity.namespace, entity.name))
                items += self._input(entity, misfits) if before is None else (before, IN, -1, -1, -1)
            if entries := self._job_entries.get(fact):
                self._covered(entries, outputs, items, misfits)
            else:
                found: list[int] = []
                for output in written:
                    if isinstance(output, Entity):
                        items += self._output(output, _NONE, misfits)
                    else:
                        found.append(self._plain_output(output))
                if found:
                    known = self._plain.remember(key, tuple(found), _ENTRY_BYTES)
                for statement in known:
                    items += (statement, OUT, -1, -1, -1)
                    misfits += self.statements.misfits.get(statement, ())
        number = len(self.content_job)
        self.content_job.append(self.job_of[fact] if fact >= 0 else -1)
        self.content_fact.append(fact)
        self._items += items
        self.item_start.append(self.item_start[-1] + len(items) // 5)
        if misfits:
            self.remarks[number] = tuple(misfits)
        return number

    def _covered(
        self, entries: list[tuple[int, int]], outputs: Raw, items: list[int], misfits: list[str]
    ) -> None:
        """Take in outputs of a job that states lineage itself, and what it states."""
        targets = self.statements.target
        covered = frozenset(targets[s] for s, role in entries if role == ENTRY)
        for entity in strictly(decode_entities, outputs, BAD_OUTPUTS) or () if outputs else ():
            items += self._output(entity, covered, misfits)
        for statement, role in entries:
            items += (statement, role, -1, -1, -1)
            misfits += self._statement_remarks(statement)

    def _plain_output(self, output: Output) -> int:
        number, facets = self._number(output.namespace, output.name), output.facets
        if facets is None:
            return self._bare_statement(output.namespace, output.name, number)
        return self.statements.state(number, facets, [], covered=False)

    def _bare_statement(self, namespace: str, name: str, number: int) -> int:
        statement = self._bare.get((namespace, name))
        if statement is None:
            statement = self._bare[namespace, name] = self.statements.state(number, None, [], covered=False)
        return statement

    def _number(self, namespace: str, name: str) -> int:
        pair = (namespace, name)
        number = self.statements.datasets.index.get(pair)
        if number is None:
            if len(namespace) > MAX_NAME or len(name) > MAX_NAME:
                raise RejectedError(TOO_LONG, max(pair, key=len))
            number = self.statements.datasets(pair)
        return number

    def pack(self) -> None:
        """Move what was collected lately into compact tables; to be called every now and then."""
        self.statements.pack()
        fresh = np.frombuffer(array("q", self._items), dtype=np.int64).reshape(-1, 5).T
        self._items.clear()
        tables = (self.item_statement, self.item_role, self.item_rows, self.item_bytes, self.item_stored)
        for table, values in zip(tables, fresh, strict=True):
            table.frombytes(values.astype(table.typecode).tobytes())

    def _input(self, entity: Entity, misfits: list[str]) -> tuple[int, int, int, int, int]:
        statement = self._dataset(entity, _NONE, misfits)
        if not entity.inputFacets:
            return statement, IN, -1, -1, -1
        facets = decode_facets(InputFacets, entity.inputFacets, misfits)
        rows, size = statistics("inputStatistics", facets.inputStatistics, misfits)
        stored = -1
        if facets.dataQualityMetrics is not None:
            try:
                stored = whole(facets.dataQualityMetrics.bytes)
            except Misfit:
                misfits.append("dataQualityMetrics")
        return statement, IN, rows, size, stored

    def _output(
        self, entity: Entity, covered: frozenset[int], misfits: list[str]
    ) -> tuple[int, int, int, int, int]:
        statement = self._dataset(entity, covered, misfits)
        if not entity.outputFacets:
            return statement, OUT, -1, -1, -1
        facets = decode_facets(OutputFacets, entity.outputFacets, misfits)
        rows, size = statistics("outputStatistics", facets.outputStatistics, misfits)
        return statement, OUT, rows, size, size if statement in self.statements.rewritten else -1

    def _dataset(self, entity: Entity, covered: frozenset[int], misfits: list[str]) -> int:
        number = self._number(entity.namespace, entity.name)
        if not entity.facets:
            return self._bare_statement(entity.namespace, entity.name, number)
        said = self.statements
        facets = bytes(entity.facets)
        key = (number, sha256(facets).digest(), number in covered)
        statement = self._datasets.get(key)
        if statement is None:
            statement = said.dataset(number, facets, covered=number in covered)
            self._datasets.remember(key, statement, _ENTRY_BYTES)
        if statement in said.misfits:
            misfits += said.misfits[statement]
        return statement

    def _statement_remarks(self, statement: int) -> tuple[str, ...]:
        found = self.statements.misfits.get(statement, ())
        return (*found, JOB_TO_JOB) if statement in self.statements.job_to_job else found

    def _job(self, raw: bytes) -> int:
        """Parse a job object: the number of its row in `job_facts`."""
        before: int | None = self._jobs.get(raw)
        if before is not None:
            return before
        misfits: list[str] = []
        entity = read_job(raw, misfits)
        facets = entity.facets or _NO_FACETS
        if len(entity.namespace) > MAX_NAME or len(entity.name) > MAX_NAME:
            raise RejectedError(TOO_LONG, max(entity.namespace, entity.name, key=len))
        job = self.statements.jobs((entity.namespace, entity.name))
        fact = len(self.job_of)
        self.job_of.append(job)
        given = facets.jobType
        texts = (given.processingType, given.integration, given.jobType) if given else ()
        words, lists = self.statements.words, self.statements.lists
        known = self._job_types.get(texts)
        if known is None:
            kind = job_type(texts)
            known = self._job_types[texts] = (words(kind or None), kind.startswith(ENDLESS), kind.endswith(_BUILDS))
        kind_number, endless, builds = known
        types, owners, tags, descriptions = self.job_facts.lists
        types.append(kind_number)
        owners.append(lists(names(facets.ownership)) if facets.ownership else 0)
        tags.append(lists(tag_texts(facets.tags).get(None, ())) if facets.tags else 0)
        descriptions.append(words(facets.documentation.description or None) if facets.documentation else 0)
        self.endless.append(endless)
        if builds and facets.dbt_node and facets.dbt_node.unique_id:
            self.dbt_jobs.add((job, facets.dbt_node.unique_id))
        entries: list[tuple[int, int]] = []
        for entry in facets.lineage.entries if facets.lineage else ():
            try:
                statement, to_dataset = self.statements.entry(entry)
            except Misfit:
                misfits.append("lineage")
                continue
            entries.append((statement, ENTRY if to_dataset else JOB_ENTRY))
        if entries:
            self._job_entries[fact] = entries
        if is_given(facets.sql):
            misfits.append(SQL)
        if misfits:
            self._job_remarks[fact] = tuple(misfits)
        return self._jobs.remember(raw, fact, len(raw) + _ENTRY_BYTES)
