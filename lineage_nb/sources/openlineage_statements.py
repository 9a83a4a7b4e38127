"""What datasets' and jobs' facets state, kept once per distinct content, column by column.

A *statement* is all that one dataset entry of an event (or one entry of a lineage facet) says about its
target. It is parsed once, however many events repeat it, and becomes part of a snapshot only through the
events that refer to it: statements of a record that is rejected later leave no trace.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Hashable, Mapping
from typing import Any, Final, Generic, TypeVar

import polars as pl
from msgspec import Raw

from lineage_nb.model.ids import node_id
from lineage_nb.sources.openlineage_facets import (
    DatasetFacets,
    LineageEntry,
    LineageInput,
    Transformation,
    decode_facets,
    names,
    tag_texts,
    walk_fields,
)
from lineage_nb.sources.openlineage_words import MAX_NAME, Arrow, Misfit, arrow, check_names, whole

__all__ = ["OWN_JOB", "Columns", "Interner", "Statements", "add_row", "job_code"]

OWN_JOB: Final = -1
"""Stands for the job of the event where the index of a dataset could be; see `job_code`."""
_CHUNK: Final = 1 << 18
_K = TypeVar("_K", bound=Hashable)

COLUMN_LINEAGE: Final = "openlineage:columnLineage"
LINEAGE: Final = "openlineage:lineage"


def job_code(job: int) -> int:
    """Code job number `job` as an end of an edge, apart from datasets (0, 1, …) and `OWN_JOB`."""
    return -2 - job


class Interner(Generic[_K]):
    """Numbers for distinct values, in order of appearance."""

    def __init__(self) -> None:
        self.values: list[_K] = []
        self.index: dict[_K, int] = {}

    def __call__(self, value: _K) -> int:
        """Get the number of `value`, a new one for a new value."""
        number = self.index.get(value)
        if number is None:
            number = self.index[value] = len(self.values)
            self.values.append(value)
        return number


class Columns:
    """A table that grows: Python lists, packed into polars chunks so that text takes little memory."""

    def __init__(self, **schema: Any) -> None:
        self.schema = schema
        self.lists: list[list[Any]] = [[] for _ in schema]
        self.chunks: list[pl.DataFrame] = []

    def mark(self) -> int:
        """Remember the height, for `undo`."""
        return len(self.lists[-1])

    def undo(self, mark: int) -> None:
        """Drop what came after `mark`."""
        for values in self.lists:
            del values[mark:]

    def pack(self, at_least: int = _CHUNK) -> None:
        """Move the lists into a chunk once they are long enough; never between `mark` and `undo`."""
        if len(self.lists[0]) >= at_least:
            parts = zip(self.schema.items(), self.lists, strict=True)
            self.chunks.append(pl.DataFrame([pl.Series(n, v, dtype=t, strict=True) for (n, t), v in parts]))
            for values in self.lists:
                values.clear()

    def clear(self) -> None:
        """Forget every row."""
        self.chunks = []
        for values in self.lists:
            values.clear()

    def frame(self) -> pl.DataFrame:
        """Everything so far."""
        self.pack(1)
        if len(self.chunks) > 1:
            self.chunks = [pl.concat(self.chunks)]
        return self.chunks[0] if self.chunks else pl.DataFrame(schema=self.schema)


def add_row(table: Columns, *row: object) -> None:
    """Append one row."""
    for values, value in zip(table.lists, row, strict=True):
        values.append(value)


class Statements:
    """All distinct statements: tables over the numbers of datasets, texts and arrows."""

    def __init__(self) -> None:
        self.datasets: Interner[tuple[str, str]] = Interner()
        self.jobs: Interner[tuple[str, str]] = Interner()
        self.words: Interner[str | None] = Interner()
        self.lists: Interner[tuple[str, ...]] = Interner()
        self.arrows: Interner[tuple[Arrow, str]] = Interner()
        self._arrow_of: dict[tuple[object, ...], int] = {}
        self._field_arrows: dict[tuple[str, str | None, bool | None], int] = {}
        self.words(None)
        self.lists(())
        self.made = self.arrows((Arrow("WRITE", None, None, None, False), COLUMN_LINEAGE))
        self.target = array("i")
        self.misfits: dict[int, tuple[str, ...]] = {}
        number = pl.Int32
        self.facts = Columns(
            statement=number, type=number, owners=number, tags=number, description=number, bytes=pl.Int64
        )
        self.fields = Columns(
            statement=number, field=number, data_type=number, ordinal=pl.Int64, description=number, tags=number
        )
        self.flows = Columns(statement=number, origin=number, field=number, into=number, arrow=number)
        self.aliases = Columns(statement=number, name=pl.String, lasting=pl.Boolean)
        self.dropped: set[int] = set()
        self.rewritten: set[int] = set()
        self.job_to_job: set[int] = set()
        self._parsers: Mapping[str, Callable[[int, Any], None]] = {
            "schema": self._schema,
            "columnLineage": self._column_lineage,
            "lineage": self._lineage,
        }

    def dataset(self, namespace: str, name: str, facets: bytes | Raw, *, covered: bool) -> int:
        """Parse what is stated about one dataset.

        Parameters
        ----------
        namespace, name : str
            Of the dataset.
        facets : bytes
            Its ``facets`` object as JSON; empty for none.
        covered : bool
            Whether its job already states its lineage, so that ``columnLineage`` says nothing.

        Returns
        -------
        int
            Number of the statement.
        """
        statement = self._new(self.datasets((namespace, name)))
        if not facets:
            return statement
        misfits: list[str] = []
        found = decode_facets(DatasetFacets, facets, misfits)
        if found.lineage is not None:
            covered |= self._try("lineage", misfits, statement, found.lineage)
        if found.columnLineage is not None and not covered:
            self._try("columnLineage", misfits, statement, found.columnLineage)
        if found.schema is not None:
            self._try("schema", misfits, statement, found.schema)
        self._facts(statement, found, misfits)
        if misfits:
            self.misfits[statement] = tuple(misfits)
        return statement

    def pack(self) -> None:
        """Move long lists into compact tables; to be called every now and then."""
        for table in (self.facts, self.fields, self.flows, self.aliases):
            table.pack()

    def entry(self, entry: LineageEntry) -> tuple[int, bool]:
        """Parse an entry of a job's lineage facet: its number, and whether its target is a dataset.

        Raises
        ------
        Misfit
            When it is not an entry.
        """
        target = self._end(entry.type, entry.namespace, entry.name)
        misfits: list[str] = []
        statement = self._new(target)
        if not self._try("lineage", misfits, statement, entry):
            raise Misfit(entry.type)
        return statement, target >= 0

    def _new(self, target: int) -> int:
        self.target.append(target)
        return len(self.target) - 1

    def _try(self, name: str, misfits: list[str], statement: int, facet: Any) -> bool:
        table = self.fields if name == "schema" else self.flows
        mark = table.mark()
        try:
            self._parsers[name](statement, facet)
        except Misfit:
            table.undo(mark)
            misfits.append(name)
            return False
        return True

    def _facts(self, statement: int, found: DatasetFacets, misfits: list[str]) -> None:
        if (
            found.ownership is None
            and found.tags is None
            and found.documentation is None
            and found.symlinks is None
            and found.datasetType is None
            and found.lifecycleStateChange is None
            and found.dataQualityMetrics is None
        ):
            return
        tags = tag_texts(found.tags)
        stored = -1
        if found.dataQualityMetrics is not None:
            try:
                stored = whole(found.dataQualityMetrics.bytes)
            except Misfit:
                misfits.append("dataQualityMetrics")
        kind = (found.datasetType.datasetType or "").strip().lower() if found.datasetType else ""
        description = found.documentation.description if found.documentation else None
        row = (
            self.words(kind or None),
            self.lists(names(found.ownership)),
            self.lists(tags.pop(None, ())),
            self.words(description or None),
            stored,
        )
        if row != (0, 0, 0, 0, -1):
            add_row(self.facts, statement, *row)
        for at, texts in tags.items():
            if at is not None and len(at) <= MAX_NAME:
                add_row(self.fields, statement, self.words(at), 0, -1, 0, self.lists(texts))
        if found.symlinks:
            for link in found.symlinks.identifiers or ():
                self._alias(statement, "symlinks", misfits, link.namespace, link.name, lasting=True)
        change = found.lifecycleStateChange
        if change is None:
            return
        word, before = (change.lifecycleStateChange or "").upper(), change.previousIdentifier
        if word == "DROP":
            self.dropped.add(statement)
        elif word in ("CREATE", "OVERWRITE"):
            self.rewritten.add(statement)
        elif word == "RENAME" and before is not None:
            self._alias(statement, "lifecycleStateChange", misfits, before.namespace, before.name, lasting=False)

    def _alias(
        self, statement: int, facet: str, misfits: list[str], namespace: str, name: str, *, lasting: bool
    ) -> None:
        try:
            check_names(namespace, name)
        except Misfit:
            misfits.append(facet)
            return
        add_row(self.aliases, statement, node_id("dataset", namespace, name), lasting)

    def _schema(self, statement: int, facet: Any) -> None:
        numbers, fields, types, ordinals, descriptions, tags = self.fields.lists
        word, index = self.words, self.words.index
        before = len(tags)
        for name, column, position in walk_fields(facet.fields or ()):
            fields.append(index.get(name) or word(name))
            types.append((index.get(column.type) or word(column.type)) if column.type else 0)
            ordinals.append(position)
            descriptions.append(word(column.description) if column.description else 0)
            tags.append(0)
        numbers.extend([statement] * (len(tags) - before))

    def _arrow(self, given: Transformation, whole_dataset: bool, evidence: str) -> int:
        key = (given.type, given.subtype, given.masking, whole_dataset, evidence)
        number = self._arrow_of.get(key)
        if number is None:
            said = arrow(given.type, given.subtype, given.masking, whole_dataset=whole_dataset)
            number = self._arrow_of[key] = self.arrows((said, evidence))
        return number

    def _column_lineage(self, statement: int, facet: Any) -> None:
        numbers, origins, fields, into, arrows = self.flows.lists
        datasets, known, words = self.datasets.index, self._field_arrows, self.words.index
        before = len(arrows)
        for column, entry in facet.fields.items():
            target = words.get(column)
            if target is None:
                check_names(column)
                target = self.words(column)
            if not entry.inputFields:
                origins.append(OWN_JOB)
                fields.append(0)
                into.append(target)
                arrows.append(self.made)
            for source in entry.inputFields:
                origin = datasets.get((source.namespace, source.name))
                if origin is None:
                    check_names(source.namespace, source.name)
                    origin = self.datasets((source.namespace, source.name))
                field = words.get(source.field)
                if field is None:
                    check_names(source.field)
                    field = self.words(source.field)
                for given in source.transformations or _told_by(entry.transformationType):
                    key = (given.type, given.subtype, given.masking)
                    number = known.get(key)
                    if number is None:
                        number = known[key] = self._arrow(given, False, COLUMN_LINEAGE)
                    origins.append(origin)
                    fields.append(field)
                    into.append(target)
                    arrows.append(number)
        for source in facet.dataset or ():
            check_names(source.namespace, source.name, source.field)
            origin = self.datasets((source.namespace, source.name))
            for given in source.transformations or (_INFLUENCE,):
                origins.append(origin)
                fields.append(self.words(source.field))
                into.append(0)
                arrows.append(self._arrow(given, True, COLUMN_LINEAGE))
        numbers.extend([statement] * (len(arrows) - before))

    def _end(self, type_: str, namespace: str | None, name: str | None) -> int:
        """Give the number of the dataset or the code of the job at one end of a stated flow."""
        kind = type_.upper()
        if kind not in ("DATASET", "JOB") or (namespace is None) != (name is None):
            raise Misfit(type_)
        check_names(namespace, name)
        if namespace is None or name is None:
            if kind == "DATASET":
                raise Misfit(type_)
            return OWN_JOB
        return self.datasets((namespace, name)) if kind == "DATASET" else job_code(self.jobs((namespace, name)))

    def _lineage(self, statement: int, facet: Any) -> None:
        if facet.inputs is not None:
            self._inputs(statement, 0, facet.inputs)
        for target, entry in facet.fields.items() if self.target[statement] >= 0 else ():
            check_names(target)
            self._inputs(statement, self.words(target), entry.inputs)

    def _inputs(self, statement: int, into: int, inputs: list[LineageInput]) -> None:
        to_job = self.target[statement] < 0
        if not inputs and not to_job:
            add_row(self.flows, statement, OWN_JOB, 0, into, self._tie("WRITE", None))
        for given in inputs:
            origin = self._end(given.type, given.namespace, given.name)
            check_names(given.field)
            if origin < 0 and to_job:
                self.job_to_job.add(statement)
                continue
            field = self.words(given.field or None) if origin >= 0 else 0
            for how in given.transformations or (None,):
                if origin < 0 or to_job:
                    number = self._tie("WRITE" if origin < 0 else "READ", how)
                elif how is None:
                    number = self._arrow(_VALUES if into or not field else _INFLUENCE, not into, LINEAGE)
                else:
                    number = self._arrow(how, not into, LINEAGE)
                add_row(self.flows, statement, origin, field, into, number)

    def _tie(self, word: str, how: Transformation | None) -> int:
        said = arrow(how.type, how.subtype, how.masking) if how else None
        return self.arrows((Arrow(word, said.subtype if said else None, None, None, False), LINEAGE))


_VALUES: Final = Transformation("DIRECT")
_INFLUENCE: Final = Transformation("INDIRECT")
_TOLD: Final = {
    "IDENTITY": (Transformation("DIRECT", "IDENTITY"),),
    "MASKED": (Transformation("DIRECT", None, True),),
}
_UNTOLD: Final = (_VALUES,)


def _told_by(transformation_type: str | None) -> tuple[Transformation, ...]:
    """Read the deprecated ``transformationType``, which stands beside all inputs of a field."""
    return _TOLD.get((transformation_type or "").upper(), _UNTOLD)
