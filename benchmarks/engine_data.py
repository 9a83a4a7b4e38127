"""What the engine is measured on, made once and kept in a folder; and slow, obvious twins of what is measured."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from synthetic import edges_frame, snapshot_frames, synthetic

__all__ = ["Work", "asked_columns", "check_closure", "full_frames", "prepare", "reached_from", "scipy_matrix"]

_ARRAYS = ("table", "source", "target", "table_source", "table_target")


def reached_from(n: int, source: np.ndarray, target: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Mark what lies downstream of `starts`, and these: all edges are looked at until nothing changes."""
    marked = np.zeros(n, dtype=bool)
    marked[starts] = True
    while True:
        new = target[marked[source] & ~marked[target]]
        if not len(new):
            return marked
        marked[new] = True


def scipy_matrix(indptr: np.ndarray, indices: np.ndarray) -> Any:
    """A graph as scipy takes it, with weights that take no memory."""
    from scipy.sparse import csr_array

    n = len(indptr) - 1
    return csr_array((np.broadcast_to(1.0, len(indices)), indices, indptr), shape=(n, n))


def check_closure(found: Any, source: np.ndarray, target: np.ndarray, start: int) -> None:
    """Prove that hops are shortest: no edge spares a hop, and every parent lies one hop before along an edge."""
    hops = found.all_hops()
    assert hops[start] == 0 and len(found) == (hops >= 0).sum() > 1, "a closure is empty or names a node twice"
    inside = hops[source] >= 0
    a, b = source[inside], target[inside]
    assert (hops[b] >= 0).all() and (hops[b] <= hops[a] + 1).all(), "an edge leads out of a closure, or spares a hop"
    later = found.hops > 0
    parents, nodes = found.parents[later].astype(np.int64), found.nodes[later].astype(np.int64)
    assert later.sum() == len(found) - 1 and (hops[parents] == hops[nodes] - 1).all(), "a parent is not one hop before"
    size = np.int64(found.n)
    there = np.sort(a.astype(np.int64) * size + b)
    pairs = parents * size + nodes
    assert (there[np.minimum(np.searchsorted(there, pairs), len(there) - 1)] == pairs).all(), "a parent has no edge"


@dataclass(frozen=True)
class Work:
    """A folder with lineage as arrays, as Parquet and as a saved snapshot."""

    folder: Path

    def array(self, name: str) -> np.ndarray:
        """One of the arrays of `Synthetic`."""
        found: np.ndarray = np.load(self.folder / f"{name}.npy")
        return found

    @cached_property
    def facts(self) -> dict[str, Any]:
        """Sizes, names of columns that are asked for, and what their answers hold."""
        told: dict[str, Any] = json.loads((self.folder / "facts.json").read_text())
        return told

    @property
    def edges(self) -> Path:
        """Column edges with string ids, in no order."""
        return self.folder / "edges.parquet"

    @property
    def saved(self) -> Path:
        """Tables, columns and column edges as a saved snapshot."""
        return self.folder / "saved"


def prepare(folder: Path, scale: float, *, saved: bool) -> None:
    """Fill the folder; deterministic."""
    lineage = synthetic(scale)
    for name in _ARRAYS:
        np.save(folder / f"{name}.npy", getattr(lineage, name).astype(np.int32))
    names = lineage.column_names()
    hub, some = asked_columns(lineage.n, lineage.source, lineage.target)
    asked = {key: {"name": names[i], "short": _short(names[i]), "number": i, "reached": size} for key, (i, size) in (("hub", hub), ("some", some))}
    used = int((np.bincount(lineage.source, minlength=lineage.n) + np.bincount(lineage.target, minlength=lineage.n) > 0).sum())
    sizes = {"n": lineage.n, "m": len(lineage.source), "used": used, "tables": int(lineage.table[-1]) + 1}
    after = int((lineage.source == hub[0]).sum())
    (folder / "facts.json").write_text(json.dumps({**sizes, **asked, "hub_successors": after}))
    edges_frame(lineage).write_parquet(folder / "edges.parquet")
    if saved:
        _save(folder / "saved", lineage)


def _save(folder: Path, lineage: Any) -> None:
    import lineage_nb as ln

    names, tables = lineage.column_names(), lineage.table_names()
    nodes = pl.concat(
        [
            pl.DataFrame({"id": tables, "kind": "dataset", "namespace": "warehouse://prod"}),
            pl.DataFrame({"id": names, "kind": "column", "parent": tables.gather(lineage.table)}),
        ],
        how="diagonal",
    )
    edges = pl.DataFrame({"source": names.gather(lineage.source), "target": names.gather(lineage.target)})
    del names, tables
    ln.from_frames(nodes=nodes, edges=edges).save(folder)


def _short(name: str) -> str:
    """A column as people call it: table.column."""
    return name.rpartition("/")[2].partition(".")[2].replace("#", ".")


def asked_columns(n: int, source: np.ndarray, target: np.ndarray) -> tuple[tuple[int, int], tuple[int, int]]:
    """The largest closure among the twenty columns that feed most others; and the middling one of some random columns."""
    from scipy.sparse.csgraph import breadth_first_order

    degree = np.bincount(source, minlength=n)
    indptr = np.r_[0, np.cumsum(degree)].astype(np.int32)
    matrix = scipy_matrix(indptr, target.astype(np.int32))

    def sizes(columns: np.ndarray) -> list[tuple[int, int]]:
        found = [(len(breadth_first_order(matrix, i, return_predecessors=False)) - 1, int(i)) for i in columns]
        return [(i, size) for size, i in sorted(found)]

    hub = sizes(np.argsort(-degree, kind="stable")[:20])[-1]
    feeding = np.flatnonzero(degree)
    random = sizes(np.random.default_rng(3).choice(feeding, min(101, len(feeding)), replace=False))
    return hub, random[len(random) // 2]


def full_frames(scale: float) -> tuple[dict[str, pl.DataFrame], str]:
    """Everything that the four analyses take, and the id of the largest hub."""
    lineage = synthetic(scale)
    hub, _ = asked_columns(lineage.n, lineage.source, lineage.target)
    return snapshot_frames(lineage), lineage.column_names()[hub[0]]
