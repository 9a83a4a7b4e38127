"""``manifest.json`` → which relations, jobs and reports there are, and what each depends on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec
from msgspec import Raw

from lineage_nb.model.ids import node_id
from lineage_nb.sources.dbt.artifacts import Artifact, records
from lineage_nb.sources.dbt.facts import counted, joined, owner_names, tag_list, text, tier, unquoted

__all__ = ["BUILT", "Column", "Facts", "Manifest", "Report", "Resource", "parse_manifest"]

BUILT = ("model", "seed", "snapshot")
"""Kinds of resources that a job of dbt builds."""

NO_ADAPTER = "dbt"
"""Namespace of relations whose manifest does not say which warehouse it is for."""

_MAX_NAME = 10_000


# -- shapes of the JSON: the needed keys; Any where a wrong type must not cost the record -------------------


class _DependsOn(msgspec.Struct):
    nodes: list[str] | None = None


class _Config(msgspec.Struct):
    materialized: Any = None
    tags: Any = None
    meta: Any = None
    group: Any = None


class _Column(msgspec.Struct):
    name: Any = None
    description: Any = None
    data_type: Any = None
    tags: Any = None
    meta: Any = None
    config: Any = None


class _Record(msgspec.Struct):
    resource_type: str | None = None
    name: str | None = None
    database: str | None = None
    schema: str | None = None
    alias: str | None = None
    identifier: str | None = None
    relation_name: str | None = None
    depends_on: _DependsOn | None = None
    package_name: Any = None
    config: Raw = Raw(b"null")
    columns: Raw = Raw(b"null")
    language: Any = None
    compiled_code: Any = None
    compiled_sql: Any = None
    tags: Any = None
    meta: Any = None
    group: Any = None
    owner: Any = None
    type: Any = None
    label: Any = None
    url: Any = None
    description: Any = None


class _Test(msgspec.Struct):
    resource_type: str | None = None


_RECORD = msgspec.json.Decoder(_Record)
_TEST = msgspec.json.Decoder(_Test)
_CONFIG = msgspec.json.Decoder(_Config | None)
_COLUMNS = msgspec.json.Decoder(dict[str, _Column] | list[_Column] | None)
_MANY = msgspec.json.Decoder(dict[str, Raw] | list[Raw] | None)
_MISFITS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


# -- what a manifest holds ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Facts:
    """What people wrote about a resource."""

    description: str | None = None
    owners: list[str] | None = None
    tags: list[str] | None = None
    tier: str | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """A documented column."""

    name: str
    data_type: str | None
    description: str | None
    tags: list[str] | None


@dataclass(frozen=True, slots=True)
class Resource:
    """A model, seed, snapshot or source that has a relation.

    Attributes
    ----------
    kind : str
        One of `BUILT`, or ``source``.
    dataset, name : str
        Node id and unquoted name of the relation.
    other_name : str or None
        The relation as dbt writes it where that is no name, such as a file path.
    type : str
        How it is materialized.
    inputs : tuple of str
        unique_ids that it depends on.
    code : str or None
        The query that makes it, compiled; None where there is none.
    python : bool
        Whether a Python function makes it.
    """

    kind: str
    dataset: str
    name: str
    other_name: str | None
    type: str
    inputs: tuple[str, ...]
    facts: Facts
    columns: tuple[Column, ...]
    code: str | None = None
    python: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """An exposure or a saved query."""

    type: str
    name: str
    evidence: str
    inputs: tuple[str, ...]
    facts: Facts
    url: str | None


@dataclass(frozen=True, eq=False)
class Manifest:
    """One parsed manifest, by unique_id.

    Attributes
    ----------
    passages : dict
        Resources without a relation of their own (ephemeral models, metrics, semantic models, functions) and
        what they depend on: lineage passes through them.
    """

    artifact: Artifact
    resources: dict[str, Resource] = field(default_factory=dict)
    passages: dict[str, tuple[str, ...]] = field(default_factory=dict)
    reports: dict[str, Report] = field(default_factory=dict)

    @property
    def namespace(self) -> str:
        """The warehouse adapter, such as ``duckdb``."""
        return self.artifact.adapter or NO_ADAPTER


# -- parsing ------------------------------------------------------------------------------------------------


class _Parser:
    """Fills one `Manifest`; counts what is left out, so that the notes can say it."""

    def __init__(self, artifact: Artifact) -> None:
        self.manifest = Manifest(artifact)
        self.artifact = artifact
        self.groups: dict[str, Any] = {}
        self.left_out: Counter[str] = Counter()
        self.misfits: Counter[str] = Counter()
        self.ephemeral = 0
        self.python: list[str] = []

    def parse(self) -> Manifest:
        """Read every section, then say in notes what the frames cannot show."""
        for unique_id, record in records(self.artifact, "groups", _RECORD):
            self.groups[unique_id] = record.owner
        for section in ("nodes", "sources"):
            for unique_id, record in records(self.artifact, section, _RECORD):
                self._resource(section, unique_id, record)
        for section in ("metrics", "semantic_models", "functions"):
            for unique_id, record in records(self.artifact, section, _RECORD):
                self.manifest.passages[unique_id] = _inputs(record)
        for section in ("exposures", "saved_queries"):
            for unique_id, record in records(self.artifact, section, _RECORD):
                self._report(section, unique_id, record)
        for _ in records(self.artifact, "unit_tests", _TEST):
            self.left_out["unit_test"] += 1
        self._notes()
        return self.manifest

    def _resource(self, section: str, unique_id: str, record: _Record) -> None:
        kind = record.resource_type or unique_id.partition(".")[0]
        if section == "sources":
            kind = "source"
        elif kind not in BUILT:
            self.left_out[kind] += 1
            return
        config = self._config(record)
        materialized = text(config.materialized) if kind != "source" else "source"
        if materialized == "ephemeral":
            self.manifest.passages[unique_id] = _inputs(record)
            self.ephemeral += 1
            return
        name = unquoted(record.relation_name) if record.relation_name else None
        other = None if name else text((record.relation_name or "").strip("'"))
        own = record.identifier if kind == "source" else record.alias
        name = name or joined(record.database, record.schema, own or record.name)
        if name is None or len(name) > _MAX_NAME:
            value = f"{len(name):,} characters" if name else "relation_name, schema, name are empty"
            self.artifact.file.reject(f"{section}/{unique_id}", "names no relation, or one too long", value)
            return
        if record.language == "python":
            self.python.append(unique_id)
        self.manifest.resources[unique_id] = Resource(
            kind,
            node_id("dataset", self.manifest.namespace, name),
            name,
            other if other is None or len(other) <= _MAX_NAME else None,
            materialized or kind,
            _inputs(record) if kind != "source" else (),
            self._facts(unique_id, record, config),
            tuple(self._columns(record)),
            _code(record) if kind != "source" else None,
            record.language == "python",
        )

    def _report(self, section: str, unique_id: str, record: _Record) -> None:
        _, package, name = unique_id.split(".", 2)
        saved = section == "saved_queries"
        facts = self._facts(unique_id, record, self._config(record))
        label = text(record.label)
        if label and label != facts.description:
            said = f"{label}: {facts.description}" if facts.description else label
            facts = Facts(said, facts.owners, facts.tags, facts.tier)
        self.manifest.reports[unique_id] = Report(
            "saved_query" if saved else text(record.type) or "exposure",
            f"{package}.saved_query.{name}" if saved else f"{package}.{name}",
            "dbt:saved_query" if saved else "dbt:exposure",
            _inputs(record),
            facts,
            text(record.url),
        )

    def _config(self, record: _Record) -> _Config:
        try:
            return _CONFIG.decode(record.config) or _Config()
        except _MISFITS:
            self.misfits["config"] += 1
            return _Config()

    def _facts(self, unique_id: str, record: _Record, config: _Config) -> Facts:
        meta = _mapping(record.meta) | _mapping(config.meta)
        group = text(record.group) or text(config.group)
        of_group = self.groups.get(f"group.{unique_id.split('.', 2)[1]}.{group}") if group else None
        return Facts(
            text(record.description),
            owner_names(meta.get("owner"), meta.get("owners"), of_group, record.owner),
            tag_list((record.tags, config.tags), meta),
            tier(meta),
        )

    def _columns(self, record: _Record) -> Iterator[Column]:
        try:
            given = _COLUMNS.decode(record.columns) or {}
        except _MISFITS:
            self.misfits["columns"] += 1
            return
        for key, column in given.items() if isinstance(given, dict) else enumerate(given):
            name = text(column.name) or text(key)
            if name is None or len(name) > _MAX_NAME:
                self.misfits["column name"] += 1
                continue
            config = _mapping(column.config)
            meta = _mapping(column.meta) | _mapping(config.get("meta"))
            yield Column(
                (unquoted(name) or name) if name[0] in '"`[' else name,
                text(column.data_type),
                text(column.description),
                tag_list((column.tags, config.get("tags")), meta),
            )

    def _notes(self) -> None:
        note = self.artifact.file.note
        if not self.artifact.adapter:
            note(f"names no adapter_type: its relations are in the namespace {NO_ADAPTER!r}")
        if self.ephemeral:
            note(f"{counted(self.ephemeral, 'ephemeral model')} without a relation: lineage passes through")
        if self.python:
            note(
                f"{counted(len(self.python), 'python model')}, whose columns no statement explains: {_some(self.python)}"
            )
        if self.left_out:
            note(
                "no lineage, counted only: "
                + ", ".join(f"{k} {n:,}" for k, n in sorted(self.left_out.items()))
            )
        if self.misfits:
            note(
                "of a wrong type, left out: "
                + ", ".join(f"{k} {n:,}" for k, n in sorted(self.misfits.items()))
            )
        disabled = self._disabled()
        if disabled:
            note(f"{counted(disabled, 'disabled resource')} left out")

    def _disabled(self) -> int:
        raw = self.artifact.sections.get("disabled")
        try:
            return len(_MANY.decode(raw) or ()) if raw is not None else 0
        except _MISFITS:
            return 0


def _inputs(record: _Record) -> tuple[str, ...]:
    return tuple(sorted(set(record.depends_on.nodes or ()))) if record.depends_on else ()


def _code(record: _Record) -> str | None:
    return None if record.language == "python" else text(record.compiled_code) or text(record.compiled_sql)


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _some(names: list[str]) -> str:
    return ", ".join(sorted(names)[:3]) + (" …" if len(names) > 3 else "")


def parse_manifest(artifact: Artifact) -> Manifest:
    """Parse a manifest; what does not fit is rejected or noted in its file's report."""
    return _Parser(artifact).parse()
