"""The engine over arrays: closures, labels, money, what is live, how much lies downstream."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from engine_data import Work, check_closure, reached_from, scipy_matrix
from engine_measure import Memory, Row, timed
from engine_peers import igraph_of, rustworkx_of

from lineage_nb.graph.counts import count_downstream
from lineage_nb.graph.csr import Adjacency, build_adjacency
from lineage_nb.graph.flow import Flow
from lineage_nb.graph.order import condense
from lineage_nb.graph.propagate import live, reach_sets
from lineage_nb.graph.search import Searcher

__all__ = ["Columns", "check_labels", "check_live", "check_money", "closure", "cost", "counts", "labels", "live_columns", "money", "read_columns", "start_labels"]


class Columns:
    """Column edges as arrays."""

    def __init__(self, n: int, source: np.ndarray, target: np.ndarray) -> None:
        self.n, self.source, self.target = n, source, target

    @classmethod
    def of(cls, work: Work) -> Columns:
        return cls(work.facts["n"], work.array("source"), work.array("target"))

    @cached_property
    def graph(self) -> Adjacency:
        return build_adjacency(self.n, self.source, self.target)[0]


def closure(work: Work) -> list[Row]:
    """The largest hub, beside the libraries."""
    from scipy.sparse.csgraph import breadth_first_order

    columns, hub = Columns.of(work), work.facts["hub"]
    start, size = np.array([hub["number"]]), hub["reached"] + 1
    searcher = Searcher(columns.graph)
    own = timed(lambda: searcher.closure(start), lambda found: check_closure(found, columns.source, columns.target, int(start[0])), rounds=5)
    rows = columns.graph.forward
    matrix = scipy_matrix(rows.indptr, rows.indices)
    bare = timed(lambda: breadth_first_order(matrix, int(start[0])), lambda found: _same(len(found[0]), size), rounds=5)
    what = f"closure of the largest hub ({hub['reached']:,} columns) with hops and parents"
    table = [Row(what, own.wall, "ms", own.cpu, "scipy breadth_first_order", bare.wall, "at most 1.5 × scipy", least=1 / 1.5)]
    peers: tuple[tuple[str, Callable[..., Any], Callable[[Any], Callable[[], Any]]], ...] = (
        ("igraph bfs (hops and parents)", igraph_of, lambda g: lambda: g.bfs(int(start[0]), mode="out")[0]),
        ("rustworkx descendants (set only)", rustworkx_of, lambda g: lambda: _descendants(g, int(start[0]))),
    )
    for name, make, question in peers:
        peer = make(columns.n, columns.source, columns.target)
        if isinstance(peer, str):
            table.append(Row("– the same", own.wall, "ms", own.cpu, f"{name}: {peer}"))
            continue
        took = timed(question(peer), lambda found: _same(len(found), size), rounds=3)
        table.append(Row("– the same", own.wall, "ms", own.cpu, name, took.wall))
        del peer
    return table


def _descendants(graph: Any, start: int) -> set[int]:
    import rustworkx

    return rustworkx.descendants(graph, start) | {start}


def _same(got: object, wanted: object) -> None:
    assert got == wanted, f"{got} instead of {wanted}"


# -- the whole graph -------------------------------------------------------------------------------------------
def start_labels(n: int, seed: int = 11) -> np.ndarray:
    """64 labels, each on one in five thousand columns."""
    rng = np.random.default_rng(seed)
    sets = np.zeros((n, 1), dtype=np.uint64)
    each = max(n // 5000, 2)
    for label in range(64):
        sets[rng.integers(0, n, each), 0] |= np.uint64(1) << np.uint64(label)
    return sets


def check_labels(found: np.ndarray, begun: np.ndarray, columns: Columns, some: Sequence[int] = (0, 31, 63)) -> None:
    """Nothing more flows along any edge, and some labels are where a search from their starts finds them."""
    assert not (found[columns.source] & ~found[columns.target]).any(), "a label stops before the end"
    assert (found & begun == begun).all() and (found != begun).any(), "labels were lost, or none flowed"
    for label in some:
        bit = np.uint64(1) << np.uint64(label)
        slow = reached_from(columns.n, columns.source, columns.target, np.flatnonzero(begun[:, 0] & bit))
        assert np.array_equal((found[:, 0] & bit) > 0, slow), f"label {label} is not where it should be"


def labels(work: Work) -> list[Row]:
    """64 labels to the fixpoint."""
    columns = Columns.of(work)
    graph, begun = columns.graph, start_labels(columns.n)
    parts = condense(graph)
    known = timed(lambda: reach_sets(parts, begun), lambda found: check_labels(found, begun, columns))
    anew = timed(lambda: reach_sets(graph, begun), lambda found: check_labels(found, begun, columns, ()), rounds=3)
    order = timed(lambda: condense(graph), lambda found: _same(int(found.size.sum()), columns.n), rounds=3)
    what = "64 labels to the fixpoint, all columns"
    return [
        Row(f"{what}, saved condensation", known.wall, "s", known.cpu, target="at most 2 s", limit=2.0),
        Row(f"{what}, condensation made anew", anew.wall, "s", anew.cpu),
        Row("condensation (cycles and levels)", order.wall, "s", order.cpu),
    ]


def check_money(ended: np.ndarray, amount: np.ndarray, columns: Columns, component: np.ndarray) -> None:
    """No unit is lost, and money lies only where nothing leads on."""
    assert ended.sum() == amount.sum() > 0, "money was lost or made"
    inner = component[columns.source] == component[columns.target]
    leaving = np.bincount(component[columns.source[~inner]], minlength=int(component.max()) + 1) > 0
    assert not ended[leaving[component]].any() and (ended > 0).sum() > 1, "money stayed where edges lead on"


def money(n: int, m: int, seed: int = 13) -> tuple[np.ndarray, np.ndarray]:
    """Random weights of edges, and costs of columns in micro-units."""
    rng = np.random.default_rng(seed)
    return rng.random(m) + 0.1, rng.integers(1, 10**8, n)


def cost(work: Work) -> list[Row]:
    """Money from every column to the ends, cycles included."""
    columns = Columns.of(work)
    weight, amount = money(columns.n, len(columns.source))
    flow = Flow(columns.n, columns.source, columns.target, weight)
    component = flow.parts.component
    assert flow.parts.cyclic, "there should be cycles"
    ready = timed(lambda: flow.push(amount), lambda ended: check_money(ended, amount, columns, component))
    anew = timed(
        lambda: Flow(columns.n, columns.source, columns.target, weight).push(amount),
        lambda ended: check_money(ended, amount, columns, component),
        rounds=2,
    )
    what = "cost attribution, all columns, cycles included"
    return [
        Row(f"{what}, graph at hand", ready.wall, "s", ready.cpu, target="at most 2 s", limit=2.0),
        Row(f"{what}, from an edge list", anew.wall, "s", anew.cpu),
    ]


def read_columns(n: int, seed: int = 17) -> np.ndarray:
    """Every other column, at random."""
    return np.flatnonzero(np.random.default_rng(seed).random(n) < 0.5)


def check_live(marked: np.ndarray, starts: np.ndarray, columns: Columns) -> None:
    slow = reached_from(columns.n, columns.target, columns.source, starts)
    assert np.array_equal(marked, slow) and marked.sum() > len(starts), "what is live is not what is upstream"


def live_columns(work: Work) -> list[Row]:
    """What leads to columns that are read: every other one is."""
    columns = Columns.of(work)
    graph = columns.graph
    starts = read_columns(columns.n)
    took = timed(lambda: live(graph, starts), lambda marked: check_live(marked, starts, columns), rounds=5)
    return [Row("live or unused, all columns, every other one read", took.wall, "s", took.cpu, target="at most 0.5 s", limit=0.5)]


def counts(work: Work) -> list[Row]:
    """Distinct tables downstream of every table."""
    tables = Columns(work.facts["tables"], work.array("table_source"), work.array("table_target"))
    graph = tables.graph

    def check(found: np.ndarray) -> None:
        for table in np.r_[found.argmax(), np.random.default_rng(19).integers(0, tables.n, 20)]:
            slow = int(reached_from(tables.n, tables.source, tables.target, np.array([table])).sum()) - 1
            _same(int(found[table]), slow)
        assert found.max() > 10, "no table leads anywhere"

    memory = Memory()
    first = time.perf_counter(), time.process_time()
    found = count_downstream(graph)
    first = time.perf_counter() - first[0], time.process_time() - first[1]
    grown = memory.growth()
    check(found)
    again = timed(lambda: count_downstream(graph), rounds=2, most=5.0)
    what = f"distinct tables downstream of every table, exact ({graph.m:,} table edges)"
    return [
        Row(what, min(first[0], again.wall), "s", min(first[1], again.cpu), target="at most 10 s", limit=10.0),
        Row("– memory on top", grown, "MB", target="at most 400 MB", limit=400.0),
    ]
