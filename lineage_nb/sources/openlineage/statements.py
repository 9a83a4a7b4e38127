"""What datasets' and jobs' facets state, kept once per distinct content, column by column.

A *statement* is all that one dataset entry of an event (or one entry of a lineage facet) says about its
target. It is parsed once, however many events repeat it, and becomes part of a snapshot only through the
events that refer to it: statements of a record that is rejected later leave no trace.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from itertools import chain
from typing import Any, Final

import msgspec
import polars as pl
from msgspec import Raw

from lineage_nb.model.ids import node_id
from lineage_nb.sources.openlineage.facets import (
    DatasetFacets,
    LineageEntry,
    LineageInput,
    Transformation,
    decode_dataset_facets,
    decode_fitting,
    decode_transformations,
    names,
    tag_texts,
    without_deleted,
)
from lineage_nb.sources.openlineage.tables import Columns, Entities, Interner, Names
from lineage_nb.sources.openlineage.words import (
    MAX_INT,
    MAX_NAME,
    Arrow,
    Misfit,
    arrow,
    check_names,
    folds,
    says_decryption,
    whole,
)

__all__ = ["OWN_JOB", "Statements", "job_code"]

OWN_JOB: Final = -1
"""Stands for the job of the event where the index of a dataset could be; see `job_code`."""
_LONG, _MANY = 1_000, 10_000
"""How long a list of transformations may be to be remembered, and how many are."""

COLUMN_LINEAGE: Final = "openlineage:columnLineage"
LINEAGE: Final = "openlineage:lineage"


def job_code(job: int) -> int:
    """Code job number `job` as an end of an edge, apart from datasets (0, 1, …) and `OWN_JOB`."""
    return -2 - job


class Statements:
    """All distinct statements: tables over the numbers of datasets, texts and arrows."""

    def __init__(self) -> None:
        self.datasets, self.jobs = Entities(), Entities()
        self.names = Names()
        self.words: Interner[str | None] = Interner({None: 0})
        self.lists: Interner[tuple[str, ...]] = Interner({(): 0})
        self.arrows: Interner[tuple[Arrow, str]] = Interner()
        self._arrow_of: dict[tuple[object, ...], int] = {}
        self._told: tuple[dict[bytes, tuple[int, ...]], ...] = ({}, {})
        self.made = self.arrows[Arrow("WRITE", None, None, None, False), COLUMN_LINEAGE]
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
        self.emptied: set[int] = set()
        self.job_to_job: set[int] = set()

    def dataset(self, dataset: int, facets: bytes, *, covered: bool) -> int:
        """Parse what is stated about one dataset, see `state`.

        Parameters
        ----------
        dataset : int
            Its number.
        facets : bytes
            Its ``facets`` object as JSON; empty for none.
        covered : bool
            Whether its job already states its lineage, so that ``columnLineage`` says nothing.

        Returns
        -------
        int
            Number of the statement.
        """
        misfits: list[str] = []
        try:
            found = decode_dataset_facets(facets) if facets else None
        except msgspec.ValidationError:
            found = decode_fitting(DatasetFacets, facets, misfits)
        return self.state(dataset, found, misfits, covered=covered)

    def state(self, dataset: int, found: DatasetFacets | None, misfits: list[str], *, covered: bool) -> int:
        """Take in decoded facets of a dataset, and the names of those that did not fit: a new statement."""
        statement = len(self.target)
        self.target.append(dataset)
        if found is None:
            return statement
        lineage, columns, schema = found.lineage, found.columnLineage, found.schema
        if lineage is not None and not lineage.deleted:
            covered |= self._try("lineage", self._lineage, misfits, statement, lineage)
        if columns is not None:
            parse = _check_shape if covered or columns.deleted else self._column_lineage
            self._try("columnLineage", parse, misfits, statement, columns)
        if schema is not None and not schema.deleted:
            self._try("schema", self._schema, misfits, statement, schema)
        if (
            found.ownership
            or found.tags
            or found.documentation
            or found.symlinks
            or found.datasetType
            or found.lifecycleStateChange
            or found.dataQualityMetrics
        ):
            self._facts(statement, without_deleted(found), misfits)
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
        statement = len(self.target)
        self.target.append(target)
        if not self._try("lineage", self._lineage, [], statement, entry):
            raise Misfit(entry.type)
        return statement, target >= 0

    def _try(
        self, name: str, parse: Callable[[int, Any], None], misfits: list[str], statement: int, facet: Any
    ) -> bool:
        rows = (self.fields if name == "schema" else self.flows).rows
        before = len(rows)
        try:
            parse(statement, facet)
        except BaseException as error:
            del rows[before:]
            if not isinstance(error, Misfit):
                raise
            misfits.append(name)
            return False
        return True

    def _facts(self, statement: int, found: DatasetFacets, misfits: list[str]) -> None:
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
            self.words[kind or None],
            self.lists[names(found.ownership)],
            self.lists[tags.pop(None, ())],
            self.words[description or None],
            stored,
        )
        if row != (0, 0, 0, 0, -1):
            self.facts.rows += (statement, *row)
        for at, texts in tags.items():
            if at is not None and len(at) <= MAX_NAME:
                self.fields.rows += (statement, self.names[at], 0, -1, 0, self.lists[texts])
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
        elif word == "TRUNCATE":  # OVERWRITE is also told of single partitions
            self.emptied.add(statement)
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
        self.aliases.rows += (statement, node_id("dataset", namespace, name), lasting)

    def _schema(self, statement: int, facet: Any) -> None:
        """Take in every field, nested ones as ``a.b``, level by level without recursion."""
        rows, names, words = self.fields.rows, self.names, self.words
        levels = [("", facet.fields or ())]
        for prefix, level in levels:
            for position, column in enumerate(level):
                given = column.ordinal_position
                if given is not None and given > 0:
                    if given > MAX_INT:
                        raise Misfit(given)
                    position = given - 1  # they count from 1
                name = prefix + column.name if prefix else column.name
                description = words[column.description] if column.description else 0
                rows += (statement, names[name], words[column.type or None], position, description, 0)
                if column.fields:
                    levels.append((f"{prefix}{column.name}.", column.fields))

    def _arrow(self, given: Transformation, whole_dataset: bool, evidence: str) -> int:
        decrypts = not given.masking and says_decryption(given.description)
        aggregates = folds(given.description) if (given.subtype or "").upper() == "AGGREGATION" else None
        key = (given.type, given.subtype, given.masking, decrypts, aggregates, whole_dataset, evidence)
        number = self._arrow_of.get(key)
        if number is None:
            said = arrow(given.type, given.subtype, given.masking, decrypts=decrypts, aggregates=aggregates, whole_dataset=whole_dataset)
            number = self._arrow_of[key] = self.arrows[said, evidence]
        return number

    def _read_arrows(self, raw: Raw, *, whole_dataset: bool) -> tuple[int, ...]:
        """Parse a list of transformations, of which a log has few that differ."""
        try:
            given = decode_transformations(raw) if raw else None
        except msgspec.ValidationError as error:
            raise Misfit(raw) from error
        numbers = tuple(self._arrow(g, whole_dataset, COLUMN_LINEAGE) for g in given or ())
        told = self._told[whole_dataset]
        if len(raw) <= _LONG:
            if len(told) == _MANY:
                told.clear()
            told[bytes(raw)] = numbers
        return numbers

    def _column_lineage(self, statement: int, facet: Any) -> None:
        rows, datasets, names, told = self.flows.rows, self.datasets, self.names, self._told[False]
        namespace = name = None
        origin = 0
        for column, entry in facet.fields.items():
            into = names[column]
            if not entry.inputFields:
                rows += (statement, OWN_JOB, 0, into, self.made)
            for source in entry.inputFields:
                if source.name != name or source.namespace != namespace:  # else as the one before
                    namespace, name = source.namespace, source.name
                    origin = datasets[namespace][name]
                how = told.get(bytes(source.transformations))
                if how is None:
                    how = self._read_arrows(source.transformations, whole_dataset=False)
                field = names[source.field]
                for number in how or (self._arrow(_told_by(entry.transformationType), False, COLUMN_LINEAGE),):
                    rows += (statement, origin, field, into, number)
        told = self._told[True]
        for source in facet.dataset or ():
            origin, field = datasets[source.namespace][source.name], names[source.field]
            how = told.get(bytes(source.transformations))
            if how is None:
                how = self._read_arrows(source.transformations, whole_dataset=True)
            for number in how or (self._arrow(_INFLUENCE, True, COLUMN_LINEAGE),):
                rows += (statement, origin, field, 0, number)

    def _end(self, type_: str, namespace: str | None, name: str | None) -> int:
        """Give the number of the dataset or the code of the job at one end of a stated flow."""
        kind = type_.upper()
        if kind not in ("DATASET", "JOB") or (namespace is None) != (name is None):
            raise Misfit(type_)
        if namespace is None or name is None:
            if kind == "DATASET":
                raise Misfit(type_)
            return OWN_JOB
        return self.datasets[namespace][name] if kind == "DATASET" else job_code(self.jobs[namespace][name])

    def _lineage(self, statement: int, facet: Any) -> None:
        if facet.inputs is not None:
            self._inputs(statement, 0, facet.inputs)
        for target, entry in facet.fields.items() if self.target[statement] >= 0 else ():
            self._inputs(statement, self.names[target], entry.inputs)

    def _inputs(self, statement: int, into: int, inputs: list[LineageInput]) -> None:
        to_job = self.target[statement] < 0
        if not inputs and not to_job:
            self.flows.rows += (statement, OWN_JOB, 0, into, self._tie("WRITE", None))
        for given in inputs:
            origin = self._end(given.type, given.namespace, given.name)
            check_names(given.field)
            if origin < 0 and to_job:
                self.job_to_job.add(statement)
                continue
            field = self.names[given.field or None] if origin >= 0 else 0
            for how in given.transformations or (None,):
                if origin < 0 or to_job:
                    number = self._tie("WRITE" if origin < 0 else "READ", how)
                elif how is None:
                    number = self._arrow(_VALUES if into or not field else _INFLUENCE, not into, LINEAGE)
                else:
                    number = self._arrow(how, not into, LINEAGE)
                self.flows.rows += (statement, origin, field, into, number)

    def _tie(self, word: str, how: Transformation | None) -> int:
        said = arrow(how.type, how.subtype, how.masking) if how else None
        return self.arrows[Arrow(word, said.subtype if said else None, None, None, False), LINEAGE]


_VALUES: Final = Transformation("DIRECT")
_INFLUENCE: Final = Transformation("INDIRECT")
_TOLD: Final = {
    "IDENTITY": Transformation("DIRECT", "IDENTITY"),
    "MASKED": Transformation("DIRECT", None, True),
}


def _told_by(transformation_type: str | None) -> Transformation:
    """Read the deprecated ``transformationType``, which stands beside all inputs of a field."""
    return _TOLD.get((transformation_type or "").upper(), _VALUES)


def _check_shape(_: int, facet: Any) -> None:
    """Raise `Misfit` where a facet that is not used has transformations that are none."""
    sources = chain.from_iterable(entry.inputFields for entry in facet.fields.values())
    for source in chain(sources, facet.dataset or ()):
        try:
            if source.transformations:
                decode_transformations(source.transformations)
        except msgspec.ValidationError as error:
            raise Misfit(source.transformations) from error
