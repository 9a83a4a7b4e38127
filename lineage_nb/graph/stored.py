"""A snapshot's graphs as arrays that are saved beside it, so that opening them costs nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lineage_nb import __version__, model
from lineage_nb.graph.csr import Adjacency, Csr
from lineage_nb.graph.edge_table import EdgeTable
from lineage_nb.graph.lineage_graph import Level, LineageGraph
from lineage_nb.graph.naming import Naming
from lineage_nb.graph.order import Condensation
from lineage_nb.graph.paths import Arcs
from lineage_nb.model.name_table import NameTable

__all__ = ["STORED", "graph_of", "index_arrays", "is_current", "names_of"]

STORED: tuple[Level, ...] = ("column", "dataset")
"""Levels that are saved; the level of jobs is derived when it is asked for."""
_FORM = 1
_FACTS = ("direct", "value", "proved", "subtype", "verdict", "job", "evidence")
Arrays = Mapping[str, NDArray[Any]]


def index_arrays(graphs: Mapping[Level, LineageGraph], content: str) -> dict[str, NDArray[Any]]:
    """Give the arrays of graphs by name.

    Parameters
    ----------
    graphs : mapping
        By level, those of `STORED`.
    content : str
        Content hash of the snapshot that they were derived from.
    """
    told = _stamp(content)
    arrays: dict[str, NDArray[Any]] = {"index": _text(told)}
    for level, graph in graphs.items():
        named = {f"{level}.names.{n}": a for n, a in graph.naming.table.arrays().items()}
        arrays |= named | {f"{level}.{n}": a for n, a in _level(graph).items()}
    return arrays


def _stamp(content: str) -> dict[str, object]:
    """What must be the same for arrays to be used: what they were derived from, how, and their form."""
    return {"form": _FORM, "package": __version__, "rules": _rules(), "content": content}


@cache
def _rules() -> str:
    """Digest of the code that derives: what another state of it derived is made again."""
    digest = hashlib.sha256()
    for folder in (Path(model.__file__).parent, Path(__file__).parent):
        for file in sorted(folder.glob("*.py")):
            digest.update(file.read_bytes())
    return digest.hexdigest()


def _text(value: object) -> NDArray[np.uint8]:
    return np.frombuffer(json.dumps(value).encode(), dtype=np.uint8)


def _told(array: NDArray[Any]) -> Any:
    return json.loads(array.tobytes())


def _level(graph: LineageGraph) -> dict[str, NDArray[Any]]:
    table, arcs = graph.table, graph.arcs
    arrays = {**_rows("edges", table.adjacency), **{n: getattr(table, n) for n in _FACTS}}
    arrays |= {"words": _text(table.words.to_list()), "bits": arcs.bits, **_nodes(graph)}
    arrays |= {f"order.{n}": a for n, a in graph.condensation.arrays().items()}
    if table.first is not None:
        arrays["first"] = table.first
    if arcs.row is not None:
        arrays |= {**_rows("arcs", arcs.adjacency), "row": arcs.row}
    return arrays


def _nodes(graph: LineageGraph) -> dict[str, NDArray[Any]]:
    """Where the nodes stand in the snapshot and at home, as far as these are not themselves."""
    kind = graph.table.adjacency.forward.indptr.dtype
    own = np.arange(len(graph))
    pairs = {"members": graph.members, "homes": graph.homes}
    return {n: a.astype(kind) for n, a in pairs.items() if not np.array_equal(a, own)}


def _rows(name: str, adjacency: Adjacency) -> dict[str, NDArray[Any]]:
    forward, backward = adjacency.forward, adjacency.backward
    return {
        f"{name}.forward.indptr": forward.indptr,
        f"{name}.forward.indices": forward.indices,
        f"{name}.backward.indptr": backward.indptr,
        f"{name}.backward.indices": backward.indices,
        f"{name}.backward.edge": backward.numbers(),
    }


def is_current(arrays: Arrays, content: str) -> bool:
    """Whether arrays hold graphs of the snapshot with this content hash, in today's form."""
    if "index" not in arrays:
        return False
    told = _told(arrays["index"])
    return bool(told == _stamp(content))


def graph_of(
    arrays: Arrays,
    level: Level,
    nodes: Callable[[], pl.DataFrame],
    *,
    names: Naming,
    whole: Callable[[], LineageGraph] | None = None,
    end: Callable[[], datetime | None],
) -> LineageGraph:
    """Take a graph up again; its edges' facts are read when they are asked for.

    Parameters
    ----------
    arrays : mapping
        What `index_arrays` gave.
    level : {"column", "dataset"}
        Which graph.
    nodes, whole, end : callable
        As `LineageGraph` takes them.
    names : Naming
        Names of all nodes of the snapshot (see `names_of`).

    Raises
    ------
    FormatError
        When an array is damaged.
    KeyError
        When one is missing.
    """
    mine = {n.removeprefix(f"{level}."): n for n in arrays if n.startswith(f"{level}.")}
    adjacency = _adjacency("edges", arrays, mine)
    own_arcs = "row" in mine
    arcs = Arcs(
        adjacency.n,
        _adjacency("arcs", arrays, mine) if own_arcs else adjacency,
        arrays[mine["bits"]],
        arrays[mine["row"]] if own_arcs else None,
    )

    def table() -> EdgeTable:
        facts = {n: arrays[mine[n]] for n in _FACTS}
        first = arrays[mine["first"]] if "first" in mine else None
        return EdgeTable(adjacency, **facts, first=first, words=pl.Series(_told(arrays[mine["words"]]), dtype=pl.String))

    def condensation() -> Condensation:
        parts = {n.removeprefix("order."): arrays[full] for n, full in mine.items() if n.startswith("order.")}
        return Condensation.from_arrays(adjacency, parts)

    return LineageGraph(
        level,
        table,
        arcs,
        nodes,
        names if level == "column" else names_of(arrays, level),
        jobs=names,
        adjacency=adjacency,
        members=arrays[mine["members"]] if "members" in mine else None,
        homes=arrays[mine["homes"]] if "homes" in mine else None,
        whole=whole,
        condensation=condensation,
        end=end,
    )


def names_of(arrays: Arrays, level: Level) -> Naming:
    """Take the names of a level's nodes up again."""
    start = f"{level}.names."
    table = NameTable.from_arrays({n.removeprefix(start): arrays[n] for n in arrays if n.startswith(start)})
    return Naming(table=table, where=f"this graph of {level}s")


def _adjacency(name: str, arrays: Arrays, mine: Mapping[str, str]) -> Adjacency:
    def rows(side: str, *parts: str) -> Csr:
        return Csr(*(arrays[mine[f"{name}.{side}.{part}"]] for part in parts))

    return Adjacency(rows("forward", "indptr", "indices"), rows("backward", "indptr", "indices", "edge"))
