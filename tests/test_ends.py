"""The ends of a graph with its middle counted, and paths: every count against NetworkX, no false cycle."""

from __future__ import annotations

from unittest.mock import patch

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import costly

import lineage_nb as ln
from lineage_nb.views.ends import between, ends
from lineage_nb.views.scene import Scene, within_reach

pairs = st.lists(st.tuples(st.integers(0, 25), st.integers(0, 25)), min_size=1, max_size=60)


def named(edges) -> list[tuple[str, str]]:
    return [(f"n{a:02}", f"n{b:02}") for a, b in edges]


def check(scene: Scene, truth: nx.DiGraph, within: set[str]) -> None:
    """Every node within is drawn or in exactly one bundle; links are those of the graph with bundles as nodes."""
    drawn = set(scene.ids)
    held = {m.id: set(scene.folds[m.id]) for m in scene.marks if m.kind == "bundle"}
    assert drawn <= within
    assert scene.drawn + scene.hidden.get("folded", 0) == len(within)
    for mark in scene.marks:
        if mark.kind == "bundle":
            assert mark.more_down == len(held[mark.id])
    everything = [drawn, *held.values()]
    assert sum(map(len, everything)) == len(set().union(*everything)) == len(within)
    home = {n: ("node", n) for n in drawn} | {n: ("bundle", b) for b, members in held.items() for n in members}
    kept = truth.subgraph(within)
    expected = {(home[a], home[b]) for a, b in kept.edges if home[a] != home[b] or home[a][0] == "node"}

    def at(place: int) -> tuple[str, str]:
        mark = scene.marks[place]
        return ("bundle" if mark.kind == "bundle" else "node", mark.id)

    assert {(at(k.source), at(k.target)) for k in scene.links} == expected
    if nx.is_directed_acyclic_graph(kept):
        assert not any(k.back for k in scene.links), "bundles close no cycle that is not there"


@given(pairs, st.booleans(), st.booleans(), st.integers(0, 12), st.integers(24, 60), st.lists(st.integers(0, 25), max_size=6))
def test_ends_of_a_node(edges, upstream, downstream, focus, max_marks, unfolded) -> None:
    names = named(edges)
    truth, start = nx.DiGraph(names), names[focus % len(names)][0]
    more = [f"n{i:02}" for i in unfolded if f"n{i:02}" in truth]
    scene = ends(
        ln.from_edges(names).graph(), start, upstream=upstream, downstream=downstream, unfolded=more, max_marks=max_marks
    )
    within = {start}
    within |= nx.descendants(truth, start) if downstream else set()
    within |= nx.ancestors(truth, start) if upstream else set()
    assert start in scene.ids and scene.total == len(within)
    assert {n for n in more if n in within} <= set(scene.ids)
    check(scene, truth, within)


@given(pairs, st.integers(1, 60))
def test_ends_of_everything(edges, max_marks) -> None:
    names = named(edges)
    truth = nx.DiGraph(names)
    scene = ends(ln.from_edges(names).graph(), max_marks=max_marks)
    check(scene, truth, set(truth))
    parts = nx.condensation(truth)
    for mark in scene.marks:
        part = parts.graph["mapping"].get(mark.id)
        if "source" in mark.flags and mark.kind != "bundle":
            assert parts.in_degree(part) == 0
        if "end" in mark.flags and mark.kind != "bundle":
            assert parts.out_degree(part) == 0


@given(pairs, st.integers(0, 59), st.integers(0, 59), st.integers(2, 40))
def test_a_path_holds_all_that_connects(edges, first, last, max_marks) -> None:
    names = named(edges)
    truth = nx.DiGraph(names)
    a, b = names[first % len(names)][0], names[last % len(names)][1]

    def way(x: str, y: str) -> set[str]:
        inside = (nx.descendants(truth, x) | {x}) & (nx.ancestors(truth, y) | {y})
        return inside if x in inside and y in inside else set()

    scene = between(ln.from_edges(names).graph(), a, b, max_marks=max_marks)
    within = way(a, b) or way(b, a)
    if not within:
        assert scene.ids == sorted({a, b}) and "nor back" in scene.note
        return
    assert {a, b} <= set(scene.ids)
    assert ("the other way round" in scene.note) == (not way(a, b))
    check(scene, truth, within)


@costly()
@given(pairs, st.randoms(use_true_random=False))
def test_row_order_does_not_matter(edges, random) -> None:
    names = named(edges)
    shuffled = list(names)
    random.shuffle(shuffled)
    one, two = (ends(ln.from_edges(e).graph(), max_marks=24) for e in (names, shuffled))
    assert one == two


def test_largest_ends_first_and_bundles_say_what_they_are() -> None:
    edges = [(f"small{i}", f"sink{i}") for i in range(40)]
    edges += [("big", f"mid{i:03}") for i in range(200)] + [(f"mid{i:03}", "last") for i in range(200)]
    scene = ends(ln.from_edges(edges).graph())
    assert {"big", "last"} <= set(scene.ids)
    said = {m.label for m in scene.marks if m.kind == "bundle"}
    assert any(label.endswith("tables between") for label in said)
    assert any(label.endswith("more sources") for label in said) and any(label.endswith("more ends") for label in said)
    assert len(scene.marks) < 45


def test_sources_stand_left_and_ends_right() -> None:
    chain = [(f"t{i:03}", f"t{i + 1:03}") for i in range(100)]
    scene = ends(ln.from_edges([*chain, ("late", "t099"), ("t001", "early")]).graph(), max_marks=40)
    layer = {m.id: m.layer for m in scene.marks}
    assert layer["late"] == layer["t000"] == 0
    assert layer["early"] == layer["t100"] == max(layer.values())


def test_a_hub_with_cycles_and_loops() -> None:
    edges = [("hub", f"leaf{i:03}") for i in range(300)] + [("leaf000", "hub"), ("hub", "hub")]
    scene = ends(ln.from_edges(edges).graph(), "hub")
    bundle = next(m for m in scene.marks if m.kind == "bundle")
    assert (scene.total, bundle.type, bundle.more_down + scene.drawn) == (301, "ends", 301)


def test_within_reach() -> None:
    graph = ln.from_edges([("a", "b"), ("b", "c"), ("c", "d")]).graph()
    assert [within_reach(graph, "b", hops=h) for h in (0, 1, 2)] == [1, 3, 4]
    assert within_reach(graph, "b", hops=8, upstream=False) == 3


@pytest.mark.parametrize("name", ["nobody"])
def test_unknown_names(name) -> None:
    graph = ln.from_edges([("a", "b")]).graph()
    with pytest.raises(ln.UnknownNameError):
        ends(graph, name)
    with pytest.raises(ln.UnknownNameError):
        between(graph, "a", name)


@given(pairs, st.integers(0, 59), st.integers(24, 60))
def test_searches_in_place_of_levels(edges, focus, max_marks) -> None:
    """What is done on graphs of thousands of levels counts as exactly."""
    names = named(edges)
    truth, start = nx.DiGraph(names), names[focus % len(names)][0]
    with patch("lineage_nb.views.fold._DEEP", -1):
        graph = ln.from_edges(names).graph()
        check(ends(graph, max_marks=max_marks), truth, set(truth))
        scene = ends(graph, start, unfolded=sorted(truth)[::3], max_marks=max_marks)
        check(scene, truth, {start} | nx.descendants(truth, start) | nx.ancestors(truth, start))


def test_a_very_long_chain_opens_at_once() -> None:
    chain = [(f"t{i:05}", f"t{i + 1:05}") for i in range(20_000)]
    scene = ends(ln.from_edges(chain).graph(), "t07000")
    assert [m.label for m in scene.marks if m.kind == "bundle"] == ["6,999 tables between", "12,999 tables between"]
