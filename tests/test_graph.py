"""Kernels against NetworkX, and the column level's hubs against the products that they stand for."""

from __future__ import annotations

import itertools
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import frames, graphs, snapshot

import lineage_nb as ln
from lineage_nb.graph import csr, search
from lineage_nb.graph.csr import build_adjacency, build_csr
from lineage_nb.graph.flow import Flow, split
from lineage_nb.graph.order import condense
from lineage_nb.graph.propagate import push_max, reach_sets
from lineage_nb.graph.search import Closure, Searcher, closure, roots, walk_back

Edges = list[tuple[int, int]]


def arrays(edges: Edges) -> tuple[np.ndarray, np.ndarray]:
    pairs = np.array(edges, dtype=np.int64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def digraph(n: int, edges: Edges) -> nx.DiGraph:
    graph = nx.DiGraph()
    graph.add_nodes_from(range(n))
    graph.add_edges_from(edges)
    return graph


def hops_of(found: Closure) -> dict[int, int]:
    return dict(zip(found.nodes.tolist(), found.hops.tolist(), strict=True))


def check(found: Closure, edges: Edges, slow: dict[int, int]) -> None:
    """Hops are NetworkX's, a witness path leads to every node, and ties go to the smallest."""
    assert hops_of(found) == slow
    assert found.reached.tolist() == sorted(slow)
    starts = {node for node, hops in slow.items() if hops == 0}
    assert set(roots(found).tolist()) <= starts
    for place, node in enumerate(found.nodes.tolist()):
        path = walk_back(found, node)
        assert path[0] in starts and path[0] == roots(found)[place] and len(path) == slow[node] + 1
        assert all(pair in set(edges) for pair in itertools.pairwise(path))
        nearer = [a for a, b in edges if b == node and slow.get(a) == slow[node] - 1]
        assert found.via[place] == min(nearer, default=-1), "ties go to the smallest"
        assert found.parents[place] in nearer or node in starts


def lengths(graph: nx.DiGraph, starts: list[int], cutoff: int | None = None) -> dict[int, int]:
    return dict(nx.multi_source_dijkstra_path_length(graph, set(starts), cutoff=cutoff))


SOME = st.lists(st.integers(0, 6), min_size=1, max_size=3)


@given(graphs(), SOME, st.one_of(st.none(), st.integers(0, 4)))
def test_closure_equals_networkx(graph: tuple[int, Edges], starts: list[int], most: int | None) -> None:
    n, edges = graph
    starts = [s % n for s in starts]
    adjacency, _ = build_adjacency(n, *arrays(edges))
    searcher = Searcher(adjacency)
    slow = lengths(digraph(n, edges), starts, most)
    check(closure(build_csr(n, *arrays(edges)), np.array(starts), max_hops=most), edges, slow)
    for _ in range(2):  # the scratch is clean the second time
        check(searcher.closure(np.array(starts), max_hops=most), edges, slow)
    turned = [(b, a) for a, b in edges]
    slow = lengths(digraph(n, turned), starts, most)
    check(searcher.closure(np.array(starts), upstream=True, max_hops=most), turned, slow)


@given(graphs(), SOME)
def test_large_closures_equal_small_ones(graph: tuple[int, Edges], starts: list[int]) -> None:
    n, edges = graph
    starts = [s % n for s in starts]
    adjacency, _ = build_adjacency(n, *arrays(edges))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "_LARGE", -1)
        patch.setattr(search, "_SHARE", 1_000)
        found = Searcher(adjacency).closure(np.array(starts))
    check(found, edges, lengths(digraph(n, edges), starts))


@given(graphs(), SOME, st.randoms(use_true_random=False))
def test_masked_closure_equals_the_graph_without_the_edges(graph: tuple[int, Edges], starts: list[int], random: Any) -> None:
    n, edges = graph
    starts = [s % n for s in starts]
    adjacency, order = build_adjacency(n, *arrays(edges))
    keep = np.array([random.random() < 0.6 for _ in edges], dtype=bool)
    kept = [e for e, k in zip(edges, keep, strict=True) if k]
    allowed = keep[order]
    slow = lengths(digraph(n, kept), starts)
    check(Searcher(adjacency).closure(np.array(starts), allowed=allowed), kept, slow)
    check(Searcher(adjacency).closure(np.array(starts), allowed=lambda at: allowed[at]), kept, slow)


@given(graphs(), st.lists(st.integers(0, 6), min_size=1, max_size=2), st.randoms(use_true_random=False))
def test_free_edges_add_no_hop(graph: tuple[int, Edges], starts: list[int], random: Any) -> None:
    n, edges = graph
    starts = [s % n for s in starts]
    adjacency, order = build_adjacency(n, *arrays(edges))
    free = np.array([random.random() < 0.4 for _ in edges], dtype=bool)
    weighted = nx.MultiDiGraph()
    weighted.add_nodes_from(range(n))
    weighted.add_weighted_edges_from((a, b, 0 if f else 1) for (a, b), f in zip(edges, free, strict=True))
    found = Searcher(adjacency, free=free[order]).closure(np.array(starts))
    assert hops_of(found) == nx.multi_source_dijkstra_path_length(weighted, set(starts))


def test_searches_of_several_threads_do_not_meet() -> None:
    edges = [(i, 2 * i + k) for i in range(2000) for k in (1, 2) if 2 * i + k < 4000]
    adjacency, _ = build_adjacency(4000, *arrays(edges))
    searcher, csr = Searcher(adjacency), adjacency.forward
    starts = [np.array([i]) for i in range(400)] * 3
    expected = [closure(csr, s).nodes.tolist() for s in starts]
    with ThreadPoolExecutor(8) as pool:
        assert [f.nodes.tolist() for f in pool.map(searcher.closure, starts)] == expected


@given(graphs(), SOME)
def test_graphs_beyond_32_bits(graph: tuple[int, Edges], starts: list[int]) -> None:
    n, edges = graph
    starts = [s % n for s in starts]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csr, "_MOST", 0)
        patch.setattr(search, "_LARGE", -1)
        patch.setattr(search, "_SHARE", 1_000)
        adjacency, order = build_adjacency(n, *arrays(edges))
        assert adjacency.forward.indices.dtype == adjacency.backward.edge.dtype == np.int64
        assert [edges[i] for i in order] == sorted(edges)
        check(Searcher(adjacency).closure(np.array(starts)), edges, lengths(digraph(n, edges), starts))
        assert condense(adjacency).count == nx.number_strongly_connected_components(digraph(n, edges))


@given(graphs(), st.randoms())
def test_closure_does_not_depend_on_edge_order(graph: tuple[int, Edges], random: Any) -> None:
    n, edges = graph
    shuffled = random.sample(edges, len(edges))
    one, two = (closure(build_csr(n, *arrays(e)), np.array([0])) for e in (edges, shuffled))
    assert hops_of(one) == hops_of(two) and one.via.tolist() == two.via.tolist()


@given(graphs())
def test_both_directions_hold_the_same_edges(graph: tuple[int, Edges]) -> None:
    n, edges = graph
    adjacency, order = build_adjacency(n, *arrays(edges))
    assert list(zip(adjacency.source.tolist(), adjacency.target.tolist(), strict=True)) == sorted(edges)
    assert [edges[i] for i in order] == sorted(edges)
    back = adjacency.backward
    turned = list(zip(back.indices.tolist(), back.owner().tolist(), strict=True))
    assert turned == [sorted(edges)[i] for i in back.edge.tolist()]
    again = adjacency.reversed()
    assert again.source.tolist() == back.owner().tolist() and again.target.tolist() == back.indices.tolist()


@given(graphs())
def test_condensation_equals_networkx(graph: tuple[int, Edges]) -> None:
    n, edges = graph
    parts = condense(n, *arrays(edges))
    slow = {frozenset(c) for c in nx.strongly_connected_components(digraph(n, edges))}
    fast = defaultdict(set)
    for node, component in enumerate(parts.component.tolist()):
        fast[component].add(node)
    assert {frozenset(c) for c in fast.values()} == slow
    assert (parts.level[parts.source] < parts.level[parts.target]).all()


@given(graphs(), st.lists(st.integers(-5, 50), min_size=7, max_size=7))
def test_push_max_equals_networkx(graph: tuple[int, Edges], values: list[int]) -> None:
    n, edges = graph
    given_values = np.array(values[:n], dtype=np.int64)
    slow = digraph(n, edges)
    expected = [max(values[j] for j in {i, *nx.descendants(slow, i)}) for i in range(n)]
    assert push_max(n, *arrays(edges), given_values).tolist() == expected


@given(graphs())
def test_label_sets_equal_networkx(graph: tuple[int, Edges]) -> None:
    n, edges = graph
    own = np.array([[1 << i] for i in range(n)], dtype=np.uint64)
    slow = digraph(n, edges)
    expected = [sum(1 << j for j in {i, *nx.ancestors(slow, i)}) for i in range(n)]
    assert reach_sets(n, *arrays(edges), own)[:, 0].tolist() == expected


@given(
    st.lists(
        st.tuples(st.integers(-(10**15), 10**15), st.lists(st.floats(1e-3, 1e12), min_size=1, max_size=6)),
        min_size=1,
        max_size=4,
    )
)
def test_split_is_exact_and_fair(groups: list[tuple[int, list[float]]]) -> None:
    amount = np.array([a for a, _ in groups])
    group = np.array([i for i, (_, w) in enumerate(groups) for _ in w])
    weight = np.array([x for _, w in groups for x in w])
    parts = split(amount, group, weight)
    for i, (whole, weights) in enumerate(groups):
        mine = parts[group == i]
        assert int(mine.sum()) == whole
        ideal = np.array(weights) / sum(weights) * whole
        assert (np.abs(mine - ideal) <= 1 + abs(whole) * 1e-12).all()


@given(
    graphs(),
    st.lists(st.integers(-(10**12), 10**12), min_size=7, max_size=7),
    st.randoms(use_true_random=False),
)
def test_flow_conserves_money(graph: tuple[int, Edges], money: list[int], random: Any) -> None:
    n, edges = graph
    weight = np.array([random.uniform(0.01, 5) for _ in edges])
    flow = Flow(n, *arrays(edges), weight)
    assert int(flow.push(np.array(money[:n])).sum()) == sum(money[:n])


# -- the column level: hubs stand for products ---------------------------------------------------------------


def products(parts: dict[str, list[dict[str, Any]]]) -> dict[tuple[bool, bool], nx.DiGraph]:
    """The searches' graphs by (influence too, possible too), every product written out."""
    nodes = {r["id"]: r for r in parts["nodes"]}
    columns: dict[str, set[str]] = defaultdict(set)
    for r in parts["nodes"]:
        if r["kind"] == "column":
            columns[r["parent"]].add(r["id"])
    home = {c: t for t, cs in columns.items() for c in cs}
    edges = parts["edges"]
    reads, writes = defaultdict(set), defaultdict(set)
    for e in edges:
        if e.get("type") == "READ":
            reads[e["target"]].add(e["source"])
        elif e.get("type") == "WRITE":
            writes[e["source"]].add(e["target"])
    stated = [e for e in edges if e.get("type", "DIRECT") in ("DIRECT", "INDIRECT")]
    arcs: set[tuple[str, str, bool, bool]] = set()

    def whole(source: str, targets: list[tuple[str, bool]]) -> None:
        for target, sure in targets:
            arcs.add((source, target, True, sure))
            arcs.update((c, target, True, False) for c in columns[source])

    for e in stated:
        a, b, value = e["source"], e["target"], e.get("type", "DIRECT") == "DIRECT"
        if a in home:
            arcs.add((a, b, value, True))
            if not value and b not in home:
                arcs.update((a, c, False, True) for c in columns[b])
        elif b in home:
            whole(a, [(b, True)])
    for job, targets in writes.items():
        sure = min(len(targets), len(reads[job])) == 1 or not reads[job]
        hit: list[tuple[str, bool]] = []
        for t in targets:
            resolved = {
                e["target"]
                for e in stated
                if e.get("job") == job and e["target"] in columns[t] and e.get("type") == "DIRECT"
            }
            hit += [(c, False) for c in columns[t] - resolved]
            if not resolved:
                hit.append((t, sure))
        for source in reads[job] if hit else []:
            whole(source, [*hit, (job, True)])
    for job, sources in reads.items():
        if not writes[job]:
            for source in sources:
                whole(source, [(job, True)])
    by_column = {
        (home.get(e["source"], e["source"]), home[e["target"]]) for e in stated if e["target"] in home
    }
    known = {e["target"] for e in stated if e["target"] in home}
    in_full = {(s, t) for s, t in by_column if columns[t] <= known}
    bare = [
        e
        for e in stated
        if e["source"] not in home and e["target"] not in home and (e["source"], e["target"]) not in in_full
    ]
    for e in bare:
        whole(e["source"], [(e["target"], True)])
    opaque = {e["target"] for e in bare}
    # what reaches a table as a whole may be in any column that nobody states
    graphs_ = {}
    for influence in (False, True):
        for possible in (False, True):
            graph = nx.DiGraph()
            graph.add_nodes_from(nodes)
            graph.add_edges_from(
                (a, b) for a, b, value, sure in arcs if (value or influence) and (sure or possible)
            )
            if possible:
                for a, b in list(graph.edges):
                    if b in opaque:
                        graph.add_edges_from((a, c) for c in columns[b] - known)
            graphs_[influence, possible] = graph
    return graphs_


@given(frames(), st.integers(0, 50))
def test_column_level_equals_products(parts: dict[str, list[dict[str, Any]]], pick: int) -> None:
    snap = snapshot(parts)
    graph = snap.graph("column")
    pool = [r["id"] for r in parts["nodes"] if r["kind"] != "job"]
    start = pool[pick % len(pool)]
    starts = [graph.ids[i] for i in graph.starts(start)]
    slow: dict[str, tuple[int, bool, str]] = {}
    modes = products(parts)
    for influence, possible in ((False, False), (True, False), (False, True), (True, True)):
        hops = nx.multi_source_dijkstra_path_length(modes[influence, possible], starts)
        for node, h in hops.items():
            if h and node not in slow:
                slow[node] = (int(h), not influence, "possible" if possible else "proved")
    fast = {
        r["node"]: (r["hops"], r["value"], r["certainty"])
        for r in graph.downstream(start).iter_rows(named=True)
    }
    assert fast == slow


@given(frames(), st.integers(0, 50))
def test_upstream_mirrors_downstream(parts: dict[str, list[dict[str, Any]]], pick: int) -> None:
    snap = snapshot(parts)
    graph = snap.graph("dataset")
    node = graph.ids[pick % len(graph)]
    for other in graph.upstream(node)["node"]:
        assert node in graph.downstream(other)["node"].to_list()
    slow = nx.ancestors(graph.to_networkx(), node) - {node}
    assert set(graph.upstream(node)["node"]) == slow


def test_short_names_and_errors() -> None:
    graph = ln.from_edges(
        [("db/raw.users#email", "db/mart.users#email"), ("db/mart.orders", "db/mart.x")]
    ).graph("column")
    assert graph.resolve("mart.users.email") == "db/mart.users#email"
    assert graph.resolve("MART.ORDERS") == "db/mart.orders"
    with pytest.raises(
        ln.AmbiguousNameError, match=r"fits 2 nodes: db/mart\.users#email, db/raw\.users#email"
    ):
        graph.resolve("email")
    with pytest.raises(ln.UnknownNameError, match=r"no node named 'mart\.order'.*Nearest: db/mart\.orders"):
        graph.resolve("mart.order")
    with pytest.raises(ln.LineageError, match="max_hops is -1"):
        graph.downstream("mart.orders", max_hops=-1)


def test_networkx_keeps_attributes_and_is_independent() -> None:
    snap = ln.from_frames(
        nodes={"id": ["a", "b"], "tier": ["gold", None]},
        edges={"source": ["a"], "target": ["b"], "subtype": ["IDENTITY"]},
    )
    graph = snap.graph().to_networkx()
    assert graph.nodes["a"]["tier"] == "gold" and graph.edges["a", "b"]["subtype"] == "IDENTITY"
    graph.remove_node("a")
    assert len(snap.graph()) == 2
    again = ln.from_edges(snap.graph().to_networkx())
    assert again.nodes["id"].to_list() == ["a", "b"]


def test_subgraph_keeps_edges_between() -> None:
    graph = ln.from_edges([("a", "b"), ("b", "c"), ("a", "c")]).graph()
    part = graph.subgraph(["a", "c"])
    assert part.ids == ["a", "c"] and part.edges.height == 1
    assert part.downstream("a")["node"].to_list() == ["c"]


def test_a_table_that_only_filters_carries_no_value() -> None:
    snap = ln.from_frames(
        nodes={
            "id": ["a", "a#x", "b", "b#k", "t", "t#x", "job:j"],
            "kind": [*["dataset", "column"] * 3, "job"],
            "parent": [None, "a", None, "b", None, "t", None],
        },
        edges={
            "source": ["a", "b", "job:j", "a#x", "b#k"],
            "target": ["job:j", "job:j", "t", "t#x", "t"],
            "type": ["READ", "READ", "WRITE", "DIRECT", "INDIRECT"],
            "subtype": [None, None, None, "IDENTITY", "FILTER"],
            "job": [None, None, None, "job:j", "job:j"],
        },
    )
    found = {row["source"]: row for row in snap.graph("dataset").edges.iter_rows(named=True)}
    assert (found["a"]["value"], found["b"]["value"]) == (True, False)
