"""Bottlenecks, counts, further paths and slack of a graph, against removal, closures and enumeration."""

from __future__ import annotations

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import graphs

import lineage_nb as ln

Edges = list[tuple[int, int]]


def made(graph: tuple[int, Edges]) -> tuple[ln.LineageGraph, nx.DiGraph]:
    n, edges = graph
    pairs = [(f"t{a}", f"t{b}") for a, b in edges]
    snap = ln.from_edges(pairs, nodes={"id": [f"t{i}" for i in range(n)]})
    slow = nx.DiGraph(pairs)
    slow.add_nodes_from(f"t{i}" for i in range(n))
    return snap.graph(), slow


@given(graphs(), st.integers(0, 6))
def test_bottlenecks_are_found_by_removal(graph: tuple[int, Edges], start: int) -> None:
    fast, slow = made(graph)
    start_id = f"t{start % graph[0]}"
    found = dict(fast.bottlenecks(start_id).iter_rows())
    expected = {}
    for node in nx.descendants(slow, start_id):
        rest = slow.copy()
        rest.remove_node(node)
        cut = len(nx.descendants(slow, start_id)) - 1 - len(nx.descendants(rest, start_id))
        if cut:
            expected[node] = cut
    assert found == expected


@given(graphs())
def test_bottlenecks_of_everything(graph: tuple[int, Edges]) -> None:
    fast, slow = made(graph)
    found = dict(fast.bottlenecks().iter_rows())
    heads = [min(c, key=lambda x: int(x[1:])) for c in nx.strongly_connected_components(slow) if all(a in c for b in c for a in slow.predecessors(b))]
    for node in slow:
        rest = slow.copy()
        rest.remove_node(node)
        alive = set().union(*({h, *nx.descendants(rest, h)} for h in heads if h in rest)) if heads else set()
        assert found.get(node, 0) == len(slow) - 1 - len(alive)


@given(graphs())
def test_downstream_counts(graph: tuple[int, Edges]) -> None:
    fast, slow = made(graph)
    assert dict(fast.downstream_counts().select("node", "downstream").iter_rows()) == {
        node: len(nx.descendants(slow, node)) for node in slow
    }


@given(graphs(), st.integers(0, 6), st.integers(0, 6))
def test_paths_are_the_shortest_simple_ones(graph: tuple[int, Edges], a: int, b: int) -> None:
    fast, slow = made(graph)
    a, b = a % graph[0], b % graph[0]
    found = fast.paths(f"t{a}", f"t{b}", k=4)
    told = [[rows["source"][0], *rows["target"]] for (_,), rows in found.group_by("path", maintain_order=True)]
    simple = sorted((len(p), p) for p in nx.all_simple_paths(slow, f"t{a}", f"t{b}")) if a != b else []
    assert told == [p for _, p in simple[:4]]


def test_slack_and_bad_input() -> None:
    graph = ln.from_edges([("a", "b"), ("b", "c"), ("a", "c")]).graph()
    rows = {r["node"]: r for r in graph.slack({"a": 1, "b": 4, "c": 2}).iter_rows(named=True)}
    assert {n: r["earliest"] for n, r in rows.items()} == {"a": 0, "b": 1, "c": 5}
    assert [n for n, r in rows.items() if r["critical"]] == ["a", "b", "c"]
    with pytest.raises(ln.LineageError, match="the weight of 'a' is -1"):
        graph.slack({"a": -1})
    with pytest.raises(ln.LineageError, match="k is 0"):
        graph.paths("a", "b", k=0)
    with pytest.raises(ln.UnknownNameError):
        graph.bottlenecks("nowhere")
    estimated = graph.downstream_counts(exact=False)
    assert estimated["error"].unique().to_list() != [0.0] and estimated["downstream"].to_list() == [2, 1, 0]
