"""What jobs say of themselves, parsed once per distinct ``facets``, which a log's jobs share more often than not."""

from __future__ import annotations

from array import array
from typing import Any, Final, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import polars as pl
from msgspec import Raw

from lineage_nb.sources.openlineage.facets import JobFacets, decode_facets, job_type, names, tag_texts
from lineage_nb.sources.openlineage.records import (
    BAD_JOB,
    TOO_LONG,
    RejectedError,
    decode_entity,
    is_given,
    strictly,
)
from lineage_nb.sources.openlineage.statements import Statements
from lineage_nb.sources.openlineage.tables import Columns
from lineage_nb.sources.openlineage.words import Misfit

__all__ = ["SQL", "Jobs"]

Numbers = npt.NDArray[Any]

SQL: Final = "sql"
ENDLESS: Final = ("streaming", "service")
"""How the types of jobs start that never complete."""
_BUILDS: Final = ("/model", "/seed", "/snapshot")
"""How the types of dbt's jobs end that build what they are named after; its tests do not."""


class _Memory(Protocol):
    """A dict that may forget."""

    def __len__(self) -> int: ...
    def get(self, key: bytes, /) -> Any: ...
    def remember(self, key: bytes, value: Any, /) -> Any: ...


class _Said(NamedTuple):
    """What one ``facets`` object says of any job; its `number` is that of a row of texts."""

    number: int
    dbt_node: str | None
    entries: tuple[tuple[int, bool], ...]
    remarks: tuple[str, ...]


class Jobs:
    """All distinct job objects, each a *fact* with a number.

    Parameters
    ----------
    statements : Statements
        Gets what jobs state about datasets.
    said, repeated
        Memories of the facets that were parsed, and of job objects seen more than once.

    Attributes
    ----------
    dbt_nodes : set
        Jobs that build a dbt node, with its unique id.
    entries : dict
        Per fact that states lineage itself, the statements, and whether their targets are datasets.
    remarks : dict
        Per fact the facets that did not fit, and `SQL`.
    """

    def __init__(self, statements: Statements, said: _Memory, repeated: _Memory) -> None:
        self.dbt_nodes: set[tuple[int, str]] = set()
        self.entries: dict[int, tuple[tuple[int, bool], ...]] = {}
        self.remarks: dict[int, tuple[str, ...]] = {}
        self._statements = statements
        self._known: dict[int, int] = {}
        self._jobs, self._saying = array("i"), array("i")
        number = pl.Int32
        self._rows = Columns(type=number, owners=number, tags=number, description=number, endless=pl.Int8)
        self._parsed, self._said, self._repeated = 0, said, repeated

    def fact(self, raw: Raw) -> int:
        """Parse a job object.

        Raises
        ------
        RejectedError
            When it has no namespace and name that fit.
        """
        text = bytes(raw)
        before: int | None = self._repeated.get(text) if self._repeated else None
        if before is not None:
            return before
        entity = strictly(decode_entity, raw, BAD_JOB)
        facets = bytes(entity.facets)
        said: _Said = self._said.get(facets) or self._said.remember(facets, self._parse(facets))
        try:
            job = self._statements.jobs[entity.namespace][entity.name]
        except Misfit as error:
            raise RejectedError(TOO_LONG, max(entity.namespace, entity.name, key=len)) from error
        number, dbt_node, entries, remarks = said
        key = number << 32 | job
        before = self._known.get(key)
        if before is not None:
            self._repeated.remember(text, before)
            return before
        fact = self._known[key] = len(self._known)
        self._jobs.append(job)
        self._saying.append(number)
        if dbt_node:
            self.dbt_nodes.add((job, dbt_node))
        if entries:
            self.entries[fact] = entries
        if remarks:
            self.remarks[fact] = remarks
        return fact

    def _parse(self, raw: bytes) -> _Said:
        misfits: list[str] = []
        facets = decode_facets(JobFacets, raw, misfits)
        words, lists = self._statements.words, self._statements.lists
        given = facets.jobType
        kind = job_type((given.processingType, given.integration, given.jobType)) if given else ""
        node = facets.dbt_node.unique_id if facets.dbt_node and kind.endswith(_BUILDS) else None
        row = (
            words[kind or None],
            lists[names(facets.ownership)],
            lists[tag_texts(facets.tags).get(None, ())],
            words[facets.documentation.description or None] if facets.documentation else 0,
            kind.startswith(ENDLESS),
        )
        entries = []
        for entry in facets.lineage.entries if facets.lineage else ():
            try:
                entries.append(self._statements.entry(entry))
            except Misfit:
                misfits.append("lineage")
        if is_given(facets.sql):
            misfits.append(SQL)
        self._rows.rows += row
        self._parsed += 1
        return _Said(self._parsed - 1, node, tuple(entries), tuple(misfits))

    def jobs_of(self, facts: Numbers) -> Numbers:
        """Job of every fact; -1 for -1."""
        return np.append(np.array(self._jobs, dtype=np.int32), np.int32(-1))[facts]

    def is_endless(self, facts: Numbers) -> Numbers:
        """Whether the job of every fact runs until further notice: its writes need no COMPLETE; not so for -1."""
        endless = self._rows.frame()["endless"].to_numpy() > 0
        return np.append(endless[np.array(self._saying, dtype=np.int32)], False)[facts]

    def rows_of(self, facts: Numbers) -> pl.DataFrame:
        """Job, type, owners, tags and description of each of some facts, as numbers."""
        said = self._rows.frame().drop("endless")[np.array(self._saying, dtype=np.int32)[facts]]
        return pl.DataFrame({"job": self.jobs_of(facts)}).hstack(said)
