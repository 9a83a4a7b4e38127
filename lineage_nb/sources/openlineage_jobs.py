"""What jobs say of themselves, parsed once per distinct ``facets``, which a log's jobs share more often than not."""

from __future__ import annotations

from typing import Any, Final, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import polars as pl

from lineage_nb.sources.openlineage_facets import JobFacets, decode_facets, job_type, names, tag_texts
from lineage_nb.sources.openlineage_records import (
    BAD_JOB,
    TOO_LONG,
    RejectedError,
    decode_entity,
    is_given,
    strictly,
)
from lineage_nb.sources.openlineage_statements import Statements
from lineage_nb.sources.openlineage_tables import Columns
from lineage_nb.sources.openlineage_words import Misfit

__all__ = ["SQL", "Jobs"]

Numbers = npt.NDArray[Any]

SQL: Final = "sql"
ENDLESS: Final = ("streaming", "service")
"""How the types of jobs start that never complete."""
_BUILDS: Final = ("/model", "/seed", "/snapshot")
"""How the types of dbt's jobs end that build what they are named after; its tests do not."""


class _Memory(Protocol):
    """A dict that may forget."""

    def get(self, key: bytes, /) -> Any: ...
    def remember(self, key: bytes, value: Any, /) -> Any: ...


class _Said(NamedTuple):
    """What one ``facets`` object says of any job."""

    row: tuple[int, int, int, int, bool]
    dbt_node: str | None
    entries: tuple[tuple[int, bool], ...]
    remarks: tuple[str, ...]


class Jobs:
    """All distinct job objects, each a *fact* with a number.

    Parameters
    ----------
    statements : Statements
        Gets what jobs state about datasets.
    facts, said
        Memories of what was parsed.

    Attributes
    ----------
    facts : Columns
        A row per fact; where `endless` the job runs until further notice: its writes need no COMPLETE.
    dbt_nodes : set
        Jobs that build a dbt node, with its unique id.
    entries : dict
        Per fact that states lineage itself, the statements, and whether their targets are datasets.
    remarks : dict
        Per fact the facets that did not fit, and `SQL`.
    """

    def __init__(self, statements: Statements, facts: _Memory, said: _Memory) -> None:
        number = pl.Int32
        self.facts = Columns(
            job=number, type=number, owners=number, tags=number, description=number, endless=pl.Boolean
        )
        self.dbt_nodes: set[tuple[int, str]] = set()
        self.entries: dict[int, tuple[tuple[int, bool], ...]] = {}
        self.remarks: dict[int, tuple[str, ...]] = {}
        self._statements = statements
        self._count = 0
        self._known, self._said = facts, said

    def fact(self, raw: bytes) -> int:
        """Parse a job object.

        Raises
        ------
        RejectedError
            When it has no namespace and name that fit.
        """
        before: int | None = self._known.get(raw)
        if before is not None:
            return before
        entity = strictly(decode_entity, raw, BAD_JOB)
        facets = bytes(entity.facets)
        said: _Said = self._said.get(facets) or self._said.remember(facets, self._parse(facets))
        try:
            job = self._statements.jobs[entity.namespace, entity.name]
        except Misfit as error:
            raise RejectedError(TOO_LONG, max(entity.namespace, entity.name, key=len)) from error
        row, dbt_node, entries, remarks = said
        number = self._count
        self._count += 1
        self.facts.rows += (job, *row)
        if dbt_node:
            self.dbt_nodes.add((job, dbt_node))
        if entries:
            self.entries[number] = entries
        if remarks:
            self.remarks[number] = remarks
        self._known.remember(raw, number)
        return number

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
        return _Said(row, node, tuple(entries), tuple(misfits))

    def jobs_of(self, facts: Numbers) -> Numbers:
        """Job of every fact; -1 for -1."""
        return np.append(self.facts.frame()["job"].to_numpy(), np.int32(-1))[facts]

    def is_endless(self, facts: Numbers) -> Numbers:
        """Whether the job of every fact is; that of -1 is not."""
        return np.append(self.facts.frame()["endless"].to_numpy(), False)[facts]
