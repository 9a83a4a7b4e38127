"""Compiled SQL of models and snapshots → how their columns flow.

The columns of relations come from the catalog; those of a model that no catalog holds, from its own query, which is
read after those of its inputs. A column whose origin the query does not tell stays open: any input of the model may
be behind it. So do the columns that dbt adds to a snapshot.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from lineage_nb.errors import LineageError
from lineage_nb.model.ids import column_id
from lineage_nb.sources.dbt.catalog import CatalogEntry, Spelling
from lineage_nb.sources.dbt.facts import counted, job_name
from lineage_nb.sources.dbt.manifest import Manifest, Resource
from lineage_nb.sources.sql_folder.names import KnownNames
from lineage_nb.sources.sql_folder.order import ordered

if TYPE_CHECKING:
    from lineage_nb.sql.result import Edge

__all__ = ["EVIDENCE", "compiled_frames"]

EVIDENCE: Final = "dbt:compiled SQL"
_STAR: Final = "*"
_DIALECTS: Final = {
    "fabricspark": "spark",
    "glue": "spark",
    "mysql5": "mysql",
    "starburst": "trino",
    "timescaledb": "postgres",
}
"""Adapters of dbt that are not called as the dialect that they speak."""
_QUOTED: Final = re.compile(r"'([^']+)'")


def compiled_frames(
    manifest: Manifest, catalogs: Mapping[str, Sequence[CatalogEntry]]
) -> Mapping[str, pl.DataFrame]:
    """Read the column lineage of everything in a manifest that has compiled SQL.

    Parameters
    ----------
    manifest : Manifest
        Its file's report is told, in notes, what could not be read or resolved.
    catalogs : Mapping of str to sequence of CatalogEntry
        By unique_id: what catalogs say of a relation, newest first.

    Returns
    -------
    dict of str to polars.DataFrame
        Edges of the model, and nodes that neither the manifest nor a catalog describes.
    """
    written = {u: r for u, r in manifest.resources.items() if r.code is not None}
    if not written:
        return {}
    reader = _Reader(manifest, catalogs)
    inputs = {u: r.inputs for u, r in manifest.resources.items()} | manifest.passages
    for unique_id in ordered(inputs):
        if unique_id in written:
            reader.read(unique_id, written[unique_id])
    reader.notes()
    frames = dict(reader.rows.frames())
    if "nodes" in frames:
        told = pl.col("id").is_in(list(reader.described)) | (pl.col("kind") == "job")
        frames["nodes"] = frames["nodes"].filter(~told)
    return {name: frame for name, frame in frames.items() if frame.height}


class _Reader:
    """Reads one query after the other, each with the columns that are known by then."""

    def __init__(self, manifest: Manifest, catalogs: Mapping[str, Sequence[CatalogEntry]]) -> None:
        from lineage_nb.sources.sql_rows import SqlRows
        from lineage_nb.sql.catalog import Catalog

        self.manifest = manifest
        resources = manifest.resources.values()
        paths = {p: r.name for r in resources for p in _QUOTED.findall(r.other_name or "")}
        self.relations = KnownNames([r.name for r in resources], paths)
        self.rows = SqlRows(manifest.namespace, EVIDENCE, self.relations.of)
        self.dialect = self._dialect()
        self.catalog = Catalog()
        self.listed: set[str] = set()
        self.described: set[str] = set()
        self.spelled: dict[str, Spelling] = {}
        self.faults: dict[str, list[str]] = {"read": [], "star": [], "problems": []}
        self.problems = 0
        for unique_id, resource in manifest.resources.items():
            known: list[str] = []
            for entry in catalogs.get(unique_id, ())[:1]:
                types = {c.name: c.data_type for c in entry.columns}
                self.catalog.learn(resource.name, {c: t for c, t in types.items() if not _within(c, types)})
                self._list(resource.dataset)
                known += types
            self._spell(resource.name, [*known, *(c.name for c in resource.columns)])
            ids = (column_id(resource.dataset, c) for c in self.spelled[resource.name].typed)
            self.described.update((resource.dataset, *ids))

    def _list(self, dataset: str) -> None:
        """Note that the columns of a relation are known: none stands for others."""
        self.listed.add(dataset)
        self.described.add(column_id(dataset, _STAR))

    def _dialect(self) -> str | None:
        from lineage_nb.sql.catalog import dialect_of

        adapter = (self.manifest.artifact.adapter or "").lower()
        name = _DIALECTS.get(adapter, adapter)
        try:
            dialect_of(name)
        except LineageError:
            self.manifest.artifact.file.note(
                f"compiled SQL read as what most dialects share: {adapter!r} is not known"
            )
            return None
        return name

    def read(self, unique_id: str, resource: Resource) -> None:
        """Read the query of one resource."""
        from lineage_nb.sources.sql_folder.reading import making, read_sql
        from lineage_nb.sources.sql_rows import Job

        found = read_sql(resource.code or "", dialect=self.dialect, catalog=self.catalog)
        columns = found.columns.get("")
        if columns is None:
            self.faults["read"].append(unique_id)
            return
        if found.problems:
            self.problems += len(found.problems)
            self.faults["problems"].append(unique_id)
        if _STAR in columns:
            self.faults["star"].append(unique_id)
        self._spell(resource.name, (c for c in columns if c != _STAR))
        snapshot = resource.kind == "snapshot"
        made = making(found, resource.name, None, self.spelled[resource.name].of, more=snapshot)
        edges = tuple(self._from_known(e) for e in made.edges)
        made = replace(made, edges=edges, references=tuple((t, self._known_as(t, c)) for t, c in made.references))
        time = self.manifest.artifact.time
        self.rows.add(made, Job("dbt", job_name(unique_id)), first=time, last=time)
        if snapshot:
            self._list(resource.dataset)
        elif resource.dataset not in self.listed and _STAR not in columns:
            self.catalog.learn(resource.name, made.columns[resource.name])
            self.rows.knows(resource.name, made.columns[resource.name])

    def _from_known(self, edge: Edge) -> Edge:
        """Spell the column that an edge comes from as its relation does."""
        return edge._replace(input_column=self._known_as(edge.input_table, edge.input_column))

    def _known_as(self, table: str, column: str) -> str:
        spelling = self.spelled.get(self.relations.of(table))
        return spelling.of(column) if spelling else column

    def _spell(self, relation: str, columns: Iterable[str]) -> None:
        """Keep how columns are spelled where nothing better is known."""
        known = self.spelled.get(relation, Spelling())
        folded: dict[str, str | None] = {}
        for column in columns:
            key = column.casefold()
            if key not in known.folded:
                folded[key] = None if key in folded and folded[key] != column else column
        typed = dict.fromkeys((c for c in folded.values() if c is not None), False)
        self.spelled[relation] = replace(
            known, typed={**known.typed, **typed}, folded={**known.folded, **folded}
        )

    def notes(self) -> None:
        """Say what the lineage lacks, for the report."""
        note = self.manifest.artifact.file.note
        bare = [
            u
            for u, r in self.manifest.resources.items()
            if r.kind in ("model", "snapshot") and r.code is None and not r.python
        ]
        if bare:
            note(
                f"{counted(len(bare), 'model')} without compiled SQL, such as {min(bare)}: columns not followed"
            )
        for fault, what in (
            ("read", "whose compiled SQL is no query that can be read"),
            ("star", "with all columns (*) of a relation whose columns are not known"),
        ):
            if self.faults[fault]:
                some = self.faults[fault]
                note(f"{counted(len(some), 'model')} {what}, such as {min(some)}: columns stay open")
        if self.problems:
            some = self.faults["problems"]
            note(
                f"{counted(self.problems, 'place')} in the compiled SQL of {counted(len(some), 'model')}, such as "
                f"{min(some)}, could not be resolved: columns that rest on them stay open"
            )


def _within(column: str, columns: Mapping[str, Any]) -> bool:
    """Whether a column is a field of another one, which some adapters list as well."""
    return "." in column and column.partition(".")[0] in columns
