"""``catalog.json`` → the columns, types and sizes that the warehouse itself reports.

Where a manifest describes the same relation, each fact is said once: the catalog's spelling of a column, its
type and position go before the documented ones; what people wrote goes before the warehouse's comments; what a model is
materialized as goes before the warehouse's kind of table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from lineage_nb.model.ids import column_id, node_id
from lineage_nb.sources.dbt.artifacts import Artifact, records
from lineage_nb.sources.dbt.facts import joined, number, reference, text
from lineage_nb.sources.dbt.manifest import BUILT, Resource
from lineage_nb.sources.dbt.rows import AliasRow, NodeRow, Rows

__all__ = ["CatalogEntry", "Spelling", "catalog_rows", "parse_catalog", "spelling"]

_SIZES = ("bytes", "num_bytes", "size")
"""Statistics that hold a size in bytes: Snowflake and Spark, BigQuery, Redshift."""


class _Metadata(msgspec.Struct):
    type: Any = None
    database: str | None = None
    schema: str | None = None
    name: str | None = None
    comment: Any = None


class _Column(msgspec.Struct):
    name: str | None = None
    type: Any = None
    index: Any = None
    comment: Any = None


class _Record(msgspec.Struct):
    metadata: _Metadata | None = None
    columns: dict[str, _Column] | list[_Column] | None = None
    stats: Any = None


_RECORD = msgspec.json.Decoder(_Record)


@dataclass(frozen=True, slots=True)
class CatalogColumn:
    """A column as the warehouse spells it; `ordinal` counts from 0."""

    name: str
    data_type: str | None
    ordinal: int
    comment: str | None


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """One relation of the warehouse."""

    name: str | None
    type: str | None
    bytes: int | None
    comment: str | None
    columns: tuple[CatalogColumn, ...]


@dataclass(frozen=True)
class Spelling:
    """How the warehouse spells the columns of one relation.

    Attributes
    ----------
    typed : Mapping of str to bool
        Its columns; whether a type is known.
    folded : Mapping of str to str or None
        Column by its case-folded name; None where two differ by case only.
    has_type : bool
        Whether it says if this is a table or a view.
    """

    typed: Mapping[str, bool] = field(default_factory=dict)
    folded: Mapping[str, str | None] = field(default_factory=dict)
    has_type: bool = False

    def of(self, column: str) -> str:
        """Spell a documented column as the warehouse does.

        Examples
        --------
        >>> Spelling({"EMAIL": True}, {"email": "EMAIL"}).of("Email")
        'EMAIL'
        """
        return column if column in self.typed else self.folded.get(column.casefold()) or column


def parse_catalog(artifact: Artifact) -> dict[str, CatalogEntry]:
    """Parse a catalog: entry by unique_id."""
    entries = {}
    for section in ("nodes", "sources"):
        for unique_id, record in records(artifact, section, _RECORD):
            about = record.metadata or _Metadata()
            kind = (text(about.type) or "").lower().replace(" ", "_").replace("base_table", "table")
            entries[unique_id] = CatalogEntry(
                joined(about.database, about.schema, about.name) if about.name else None,
                kind or None,
                _bytes(record.stats),
                text(about.comment),
                tuple(_columns(record.columns)),
            )
    errors = artifact.sections.get("errors")
    if errors is not None and bytes(errors) not in (b"null", b"[]"):
        artifact.file.note("dbt met errors while it made this catalog: relations may be missing")
    return entries


def _bytes(stats: Any) -> int | None:
    for key in _SIZES:
        entry = stats.get(key) if isinstance(stats, dict) else None
        if isinstance(entry, dict) and entry.get("include") is not False:
            size = number(entry.get("value"))
            if size is not None:
                return size
    return None


def _columns(given: dict[str, _Column] | list[_Column] | None) -> list[CatalogColumn]:
    """Order the columns by their index, which some adapters count from 0 and others from 1."""
    named = given.items() if isinstance(given, dict) else ((None, c) for c in given or ())
    found: dict[str, tuple[float, _Column]] = {}
    for key, column in named:
        name = column.name or key
        if name:
            index = number(column.index)
            found.setdefault(name, (float("inf") if index is None else index, column))
    ordered = sorted(found.items(), key=lambda item: item[1][0])
    return [
        CatalogColumn(name, text(column.type), place, text(column.comment))
        for place, (name, (_, column)) in enumerate(ordered)
    ]


def spelling(entries: Sequence[CatalogEntry]) -> Spelling:
    """Unite what several catalogs, newest first, say about the columns of one relation."""
    typed: dict[str, bool] = {}
    folded: dict[str, str | None] = {}
    for entry in entries:
        own: dict[str, str | None] = {}
        for column in entry.columns:
            typed[column.name] = typed.get(column.name, False) or column.data_type is not None
            key = column.name.casefold()
            own[key] = None if key in own else column.name
        folded = own | folded
    return Spelling(typed, folded, any(e.type for e in entries))


def catalog_rows(
    rows: Rows,
    entry: CatalogEntry,
    unique_id: str,
    *,
    resource: Resource | None,
    namespace: str | None,
    time: int | None,
) -> None:
    """Add what a catalog says about one relation.

    Parameters
    ----------
    rows : Rows
        Where to add it.
    entry : CatalogEntry
        The relation.
    unique_id : str
        dbt's id of it.
    resource : Resource or None
        What the manifest beside the catalog says about it.
    namespace : str or None
        The adapter of that manifest. Without resource and namespace the unique_id stands for the relation
        until a manifest that explains it is merged.
    time : int or None
        When the catalog was made.
    """
    dataset, name = reference(unique_id), entry.name
    if resource is not None:
        dataset, name = resource.dataset, resource.name
        if entry.name not in (None, name):
            rows.aliases.append(AliasRow(str(entry.name), dataset, "dbt:catalog"))
    elif namespace is not None and entry.name is not None:
        dataset = node_id("dataset", namespace, entry.name)
        rows.aliases.append(AliasRow(entry.name, dataset, "dbt:relation_name"))
        rows.aliases.append(AliasRow(reference(unique_id), dataset, "dbt:unique_id"))
    else:
        namespace = None
    built = unique_id.partition(".")[0] in BUILT and (resource is not None or namespace is None)
    kind = None if built else entry.type
    comment = None if resource and resource.facts.description else entry.comment
    rows.nodes.append(
        NodeRow(
            dataset,
            "dataset",
            kind,
            namespace,
            name,
            bytes=entry.bytes,
            description=comment,
            first_seen=time,
            last_seen=time,
        )
    )
    _column_rows(rows, entry, dataset, resource=resource, namespace=namespace, time=time)


def _column_rows(
    rows: Rows,
    entry: CatalogEntry,
    dataset: str,
    *,
    resource: Resource | None,
    namespace: str | None,
    time: int | None,
) -> None:
    written = {c.name.casefold() for c in resource.columns if c.description} if resource else set()
    for column in entry.columns:
        rows.nodes.append(
            NodeRow(
                column_id(dataset, column.name),
                "column",
                None,
                namespace,
                column.name,
                dataset,
                column.data_type,
                column.ordinal,
                description=None if column.name.casefold() in written else column.comment,
                first_seen=time,
                last_seen=time,
            )
        )
