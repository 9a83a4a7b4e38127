"""Rows that the dbt modules make, and the frames they become."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import polars as pl

from lineage_nb.model.schema import FRAMES, TIME

__all__ = ["AliasRow", "EdgeRow", "IoRow", "NodeRow", "Rows", "RunRow"]


class NodeRow(NamedTuple):
    """One statement about a node; times are microseconds since 1970, UTC. `url` is an extra column."""

    id: str
    kind: str
    type: str | None = None
    namespace: str | None = None
    name: str | None = None
    parent: str | None = None
    data_type: str | None = None
    ordinal: int | None = None
    owners: list[str] | None = None
    tags: list[str] | None = None
    tier: str | None = None
    bytes: int | None = None
    description: str | None = None
    first_seen: int | None = None
    last_seen: int | None = None
    url: str | None = None


class EdgeRow(NamedTuple):
    """One statement about an edge; times as in `NodeRow`."""

    source: str
    target: str
    type: str
    job: str | None
    evidence: str
    first_seen: int | None
    last_seen: int | None
    subtype: str | None = None


class RunRow(NamedTuple):
    """One execution; times as in `NodeRow`, `busy_us` in microseconds."""

    job: str
    run: str
    start: int | None
    end: int | None
    state: str | None
    busy_us: int | None


class IoRow(NamedTuple):
    """What one run wrote; `rows` is None where the adapter does not count."""

    run: str
    dataset: str
    direction: str
    rows: int | None


class AliasRow(NamedTuple):
    """Another name of a node."""

    name: str
    node: str
    evidence: str


@dataclass(frozen=True)
class Rows:
    """Everything said so far, a list a frame."""

    nodes: list[NodeRow] = field(default_factory=list)
    edges: list[EdgeRow] = field(default_factory=list)
    runs: list[RunRow] = field(default_factory=list)
    io: list[IoRow] = field(default_factory=list)
    aliases: list[AliasRow] = field(default_factory=list)

    def frames(self) -> Mapping[str, pl.DataFrame]:
        """Make the frames of the model; a frame without rows is left out."""
        made = {}
        for name, shape in _SHAPES.items():
            rows = getattr(self, name)
            if rows:
                made[name] = _frame(name, shape, rows)
        return made


_SHAPES: Mapping[str, tuple[str, ...]] = {
    "nodes": NodeRow._fields,
    "edges": EdgeRow._fields,
    "runs": RunRow._fields,
    "io": IoRow._fields,
    "aliases": AliasRow._fields,
}


def _frame(name: str, fields: tuple[str, ...], rows: list[Any]) -> pl.DataFrame:
    schema = FRAMES[name].schema
    given = dict(zip(fields, zip(*rows, strict=True), strict=True))
    columns = []
    for column, dtype in schema.items():
        values = given.pop(column, None)
        if values is None:
            columns.append(pl.repeat(None, len(rows), dtype=dtype, eager=True).alias(column))
        elif dtype == TIME:
            columns.append(pl.Series(column, values, dtype=pl.Int64).cast(TIME))
        else:
            columns.append(pl.Series(column, values, dtype=dtype))
    for column, values in given.items():
        if any(v is not None for v in values):
            columns.append(pl.Series(column, values, dtype=pl.String))
    return pl.DataFrame(columns)
