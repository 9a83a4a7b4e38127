"""Array kernels against slow, obvious twins and NetworkX: cycles, self-loops, parallel edges, masks, nothing at all."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import graphs

from lineage_nb.graph.counts import count_downstream, estimate_downstream
from lineage_nb.graph.critical import critical_path
from lineage_nb.graph.csr import Adjacency, build_adjacency
from lineage_nb.graph.dominators import dominators
from lineage_nb.graph.flow import push_money, share_ending_at, split
from lineage_nb.graph.order import Condensation, condense, condensed
from lineage_nb.graph.propagate import live, push_max, reach_sets
from lineage_nb.graph.witness import iter_witness_paths, witness_paths


@dataclass
class Case:
    """A graph, a mask of its edges, and both as NetworkX sees them."""

    graph: Adjacency
    allowed: np.ndarray | None
    slow: nx.DiGraph

    @property
    def edges(self) -> list[tuple[int, int, int]]:
        kept = np.ones(self.graph.m, dtype=bool) if self.allowed is None else self.allowed
        pairs = zip(self.graph.source.tolist(), self.graph.target.tolist(), strict=True)
        return [(number, s, t) for number, (s, t) in enumerate(pairs) if kept[number]]

    def downstream(self, node: int) -> set[int]:
        return nx.descendants(self.slow, node) - {node}

    def upstream(self, node: int) -> set[int]:
        return nx.ancestors(self.slow, node) - {node}


@st.composite
def cases(draw: st.DrawFn) -> Case:
    n, edges = draw(graphs(8))
    pairs = np.array(edges, dtype=np.int64).reshape(-1, 2)
    graph, _ = build_adjacency(n, pairs[:, 0], pairs[:, 1])
    masked = draw(st.booleans())
    allowed = np.array([draw(st.booleans()) for _ in edges], dtype=bool) if masked else None
    case = Case(graph, allowed, nx.DiGraph())
    case.slow.add_nodes_from(range(n))
    case.slow.add_edges_from((s, t) for _, s, t in case.edges)
    return case


def adjacency(n: int, *edges: tuple[int, int]) -> Adjacency:
    pairs = np.array(edges, dtype=np.int64).reshape(-1, 2)
    return build_adjacency(n, pairs[:, 0], pairs[:, 1])[0]


EMPTY = adjacency(0)


# -- condensation --------------------------------------------------------------------------------------------


@given(cases())
def test_condensation(case: Case) -> None:
    parts = condense(case.graph, allowed=case.allowed)
    slow = nx.condensation(case.slow)
    level = {c: i for i, cs in enumerate(nx.topological_generations(slow)) for c in cs}
    expected = sorted((level[c], sorted(slow.nodes[c]["members"])) for c in slow)
    got = [parts.order[a:b].tolist() for a, b in zip(parts.start, parts.start[1:], strict=False)]
    assert list(zip(parts.level.tolist(), got, strict=True)) == expected
    assert all(parts.component[v] == c for c, members in enumerate(got) for v in members)
    assert parts.cyclic == any(len(members) > 1 for members in got)
    outer = [e for e, s, t in case.edges if parts.component[s] != parts.component[t]]
    assert parts.edge.tolist() == outer
    assert (parts.source < parts.target).all()
    assert all(a.dtype == np.int32 and not a.flags.writeable for a in parts.arrays().values())


@given(graphs(8), st.randoms(use_true_random=False))
def test_condensation_does_not_depend_on_edge_order(graph: tuple[int, Any], random: Any) -> None:
    n, edges = graph
    one, two = (condense(adjacency(n, *e)).arrays() for e in (edges, random.sample(edges, len(edges))))
    assert all(one[name].tolist() == two[name].tolist() for name in one)


def test_parallel_edges_do_not_hang_the_components() -> None:
    ring = adjacency(3, (0, 1), (0, 0), (1, 0), (1, 1), (0, 2), (0, 2), (2, 2), (2, 1), (1, 2))
    assert condense(ring).count == 1


def test_condensation_is_saved_and_mapped(tmp_path: Path) -> None:
    graph = adjacency(5, (0, 1), (1, 0), (1, 2), (3, 2), (2, 4))
    parts = condense(graph)
    for name, array in parts.arrays().items():
        np.save(tmp_path / f"{name}.npy", array)
    mapped = {name: np.load(tmp_path / f"{name}.npy", mmap_mode="r") for name in parts.arrays()}
    again = Condensation.from_arrays(graph, mapped)
    labels = np.array([[1 << i] for i in range(5)], dtype=np.uint64)
    assert reach_sets(again, labels).tolist() == reach_sets(graph, labels).tolist()
    assert count_downstream(again).tolist() == [3, 3, 1, 2, 0]


def test_ten_thousand_levels() -> None:
    n = 10_000
    chain = condense(n, np.arange(n - 1), np.arange(1, n))
    assert chain.depth == n and push_max(chain, np.arange(n)).tolist() == [n - 1] * n


def test_an_acyclic_condensation_serves_every_mask() -> None:
    parts = condense(adjacency(3, (0, 1), (1, 2)))
    some = condensed(parts, np.array([True, False]))
    assert some.order is parts.order
    fewer = condensed(some, np.array([False, True]))
    assert fewer.allowed is not None and not fewer.allowed.any()
    with pytest.raises(ValueError, match="allowed has 1 places for 2 edges"):
        condense(parts.graph, allowed=np.array([True]))


# -- propagation ---------------------------------------------------------------------------------------------


@given(cases(), st.booleans())
def test_reach_sets(case: Case, given_parts: bool) -> None:
    n = case.graph.n
    labels = np.zeros((n, 2), dtype=np.uint64)
    for i in range(n):
        labels[i, i % 2] = 1 << (i + 50)
    graph = condense(case.graph) if given_parts else case.graph
    got = reach_sets(graph, labels, allowed=case.allowed)
    for i in range(n):
        for word in range(2):
            expected = sum(1 << (j + 50) for j in {i, *case.upstream(i)} if j % 2 == word)
            assert int(got[i, word]) == expected
    assert labels.sum() == sum(1 << (i + 50) for i in range(n)), "the labels given are left alone"


@given(cases(), st.lists(st.integers(-(2**62), 2**62), min_size=8, max_size=8), st.booleans())
def test_push_max(case: Case, values: list[int], given_parts: bool) -> None:
    graph = condense(case.graph) if given_parts else case.graph
    got = push_max(graph, np.array(values[: case.graph.n]), allowed=case.allowed)
    assert got.tolist() == [max(values[j] for j in {i, *case.downstream(i)}) for i in range(case.graph.n)]


@given(cases(), st.lists(st.integers(0, 7), max_size=3), st.booleans())
def test_live(case: Case, starts: list[int], given_parts: bool) -> None:
    n = case.graph.n
    starts = [s % n for s in starts]
    graph = condense(case.graph, allowed=case.allowed) if given_parts else case.graph
    got = live(graph, np.array(starts, dtype=np.int64), allowed=case.allowed)
    expected = set(starts).union(*(case.upstream(s) for s in starts))
    assert set(np.flatnonzero(got).tolist()) == expected


def test_wrong_shapes_raise() -> None:
    with pytest.raises(ValueError, match="2 values for 3 nodes"):
        push_max(adjacency(3, (0, 1)), np.array([1, 2]))


# -- money ---------------------------------------------------------------------------------------------------


def split_slowly(amount: int, weights: list[int]) -> list[int]:
    ideal = [Fraction(abs(amount) * w, sum(weights)) for w in weights]
    part = [int(x) for x in ideal]
    by_rest = sorted(range(len(weights)), key=lambda i: (part[i] - ideal[i], i))
    for i in by_rest[: abs(amount) - sum(part)]:
        part[i] += 1
    return part if amount >= 0 else [-p for p in part]


@given(
    st.lists(
        st.tuples(
            st.integers(-1000, 1000),
            # sums that are powers of two: floats hold every share exactly, so that the twin's ties are the same
            st.sampled_from([[1], [1, 1], [0, 4], [1, 1, 2], [3, 5], [1] * 8, [2, 1, 1, 1, 1, 1, 1, 8], [1] * 64]),
        ),
        min_size=1,
        max_size=5,
    ),
    st.booleans(),
)
def test_split_equals_largest_remainder(groups: list[tuple[int, list[int]]], mixed: bool) -> None:
    group = np.array([i for i, (_, w) in enumerate(groups) for _ in w])
    weight = np.array([x for _, w in groups for x in w], dtype=np.float64)
    order = np.argsort(np.arange(len(group)) % 3, kind="stable") if mixed else np.arange(len(group))
    got = split(np.array([a for a, _ in groups]), group[order], weight[order])
    for i, (amount, _) in enumerate(groups):
        mine = group[order] == i
        assert got[mine].tolist() == split_slowly(amount, weight[order][mine].astype(int).tolist())


def test_split_needs_weights() -> None:
    with pytest.raises(ValueError, match="positive, finite sum"):
        split(np.array([3]), np.array([0, 0]), np.array([0.0, 0.0]))


@given(cases(), st.lists(st.integers(-1000, 10**12), min_size=8, max_size=8), st.data())
def test_money_flows_component_by_component(case: Case, money: list[int], data: st.DataObject) -> None:
    n, graph = case.graph.n, case.graph
    weight = np.array([data.draw(st.integers(1, 9)) for _ in range(graph.m)], dtype=np.float64)
    parts = condense(graph, allowed=case.allowed)
    got = push_money(parts, weight, np.array(money[:n]))
    assert int(got.sum()) == sum(money[:n])
    outer = {e for e, s, t in case.edges if parts.component[s] != parts.component[t]}
    held = [0] * parts.count
    for node, amount in enumerate(money[:n]):
        held[parts.component[node]] += amount
    ends = {c: c for c in range(parts.count)}
    leaving = {c: [e for e, s, _ in case.edges if e in outer and parts.component[s] == c] for c in ends}
    for c in ends:  # numbers ascend downstream
        if leaving[c]:
            ideal = split(np.array([held[c]]), np.zeros(len(leaving[c]), dtype=np.int64), weight[leaving[c]])
            held[c] = 0
            for e, part in zip(leaving[c], ideal.tolist(), strict=True):
                held[parts.component[graph.target[e]]] += part
    firsts = [int(parts.order[parts.start[c]]) for c in ends]
    assert {v: int(a) for v, a in enumerate(got) if a} == {v: a for v, a in zip(firsts, held, strict=True) if a}
    terminal = data.draw(st.integers(0, n - 1))
    share = [Fraction(0)] * parts.count
    share[parts.component[terminal]] = Fraction(1)
    for c in sorted(ends, reverse=True):
        if leaving[c]:
            total = sum(Fraction(weight[e]) for e in leaving[c])
            share[c] = sum(Fraction(weight[e]) * share[parts.component[graph.target[e]]] for e in leaving[c]) / total
    fast = share_ending_at(parts, weight, terminal)
    assert np.allclose(fast, [float(share[c]) for c in parts.component], rtol=1e-12, atol=1e-15)


# -- counts --------------------------------------------------------------------------------------------------


@given(cases(), st.lists(st.integers(0, 7), max_size=4))
def test_counts(case: Case, some: list[int]) -> None:
    n = case.graph.n
    got = count_downstream(case.graph, allowed=case.allowed)
    assert got.tolist() == [len(case.downstream(i)) for i in range(n)]
    of = {s % n for s in some}
    got = count_downstream(case.graph, of=np.array(sorted(of), dtype=np.int64), allowed=case.allowed)
    assert got.tolist() == [len(case.downstream(i) & of) for i in range(n)]
    estimate = estimate_downstream(case.graph, allowed=case.allowed)
    assert np.abs(estimate.count - [len(case.downstream(i)) for i in range(n)]).max() < 0.5


def random_graph(n: int, m: int, seed: int = 3) -> Adjacency:
    rng = np.random.default_rng(seed)
    source, target = rng.integers(0, n, m), rng.integers(0, n, m)
    turn = (source > target) & (rng.random(m) < 0.98)
    return build_adjacency(n, np.where(turn, target, source), np.where(turn, source, target))[0]


def test_counts_in_many_blocks_and_the_sketch() -> None:
    graph = random_graph(3000, 7000)
    slow = nx.DiGraph()
    slow.add_nodes_from(range(3000))
    slow.add_edges_from(zip(graph.source.tolist(), graph.target.tolist(), strict=True))
    exact = np.array([len(nx.descendants(slow, i) - {i}) for i in range(3000)])
    for words in (1, 8):
        assert count_downstream(graph, words=words).tolist() == exact.tolist()
    estimate = estimate_downstream(graph)
    large = exact > 50
    assert large.sum() > 100
    wrong = np.abs(estimate.count[large] / exact[large] - 1)
    assert estimate.error == 0.065
    assert wrong.max() < 4 * estimate.error and np.sqrt((wrong**2).mean()) < 2 * estimate.error


def test_the_sketch_hashes_the_same_everywhere() -> None:
    star = adjacency(10_001, *((0, i) for i in range(1, 10_001)))
    first, second = estimate_downstream(star), estimate_downstream(condense(star))
    assert first.count.tolist() == second.count.tolist()
    assert 0 < abs(first.count[0] - 10_000) < 3 * first.error * 10_000


@given(cases(), st.data())
def test_critical_path(case: Case, data: st.DataObject) -> None:
    n, graph = case.graph.n, case.graph
    weight = [data.draw(st.integers(0, 9)) for _ in range(n)]
    between = [data.draw(st.integers(0, 5)) for _ in range(graph.m)] if data.draw(st.booleans()) else None
    edge_weight = None if between is None else np.array(between, dtype=np.int64)
    found = critical_path(graph, np.array(weight), edge_weight, allowed=case.allowed)
    parts = condense(graph, allowed=case.allowed)
    own = [sum(weight[v] for v in parts.order[a:b]) for a, b in zip(parts.start, parts.start[1:], strict=False)]
    outer = [
        (int(parts.component[s]), int(parts.component[t]), 0 if between is None else between[e])
        for e, s, t in case.edges
        if parts.component[s] != parts.component[t]
    ]
    def before(c: int) -> int:
        return max([before(a) + own[a] + w for a, b, w in outer if b == c], default=0)

    def after(c: int) -> int:
        return max([after(b) + own[b] + w for a, b, w in outer if a == c], default=0)

    length = max(before(c) + own[c] for c in range(parts.count))
    at = parts.component.tolist()
    assert found.length == length and found.earliest.dtype == np.int64
    assert found.earliest.tolist() == [before(c) for c in at]
    assert found.latest.tolist() == [length - after(c) - own[c] for c in at]
    assert found.slack.tolist() == [length - after(c) - own[c] - before(c) for c in at]
    steps = list(dict.fromkeys(at[v] for v in found.path.tolist()))
    assert [v for c in steps for v in range(n) if at[v] == c] == found.path.tolist(), "whole components, in order"
    walked = sum(own[c] for c in steps)
    for a, b in itertools.pairwise(steps):
        walked += max(w for s, t, w in outer if (s, t) == (a, b))
    assert walked == length and not found.slack[found.path].any()


def test_critical_path_of_floats_and_faults() -> None:
    found = critical_path(adjacency(3, (0, 2), (1, 2)), np.array([1.5, 1.0, 1.0]))
    assert (found.length, found.slack.tolist()) == (2.5, [0.0, 0.5, 0.0])
    with pytest.raises(ValueError, match="negative or not finite"):
        critical_path(adjacency(1), np.array([-1]))
    with pytest.raises(ValueError, match="edge_weight has 1 values, not 0"):
        critical_path(adjacency(1), np.array([1]), np.array([1]))


@settings(max_examples=200)
@given(cases(), st.sets(st.integers(0, 7), max_size=3), st.integers(0, 7))
def test_all_witness_paths_in_order(case: Case, starts: set[int], target: int) -> None:
    n = case.graph.n
    starts, target = {s % n for s in starts}, target % n
    slow: list[list[int]] = []
    for start in starts:
        if start == target:
            slow.append([start])
        elif nx.has_path(case.slow, start, target):
            slow += [list(p) for p in nx.shortest_simple_paths(case.slow, start, target)]
    got = list(iter_witness_paths(case.graph, np.array(sorted(starts)), target, allowed=case.allowed))
    assert got == sorted(slow, key=lambda path: (len(path), path))
    few = witness_paths(case.graph, np.array(sorted(starts)), target, k=2, allowed=case.allowed)
    assert few == got[:2]


def test_witness_paths_of_dense_graphs_do_not_explode() -> None:
    n = 150
    whole = adjacency(n, *((a, b) for a in range(n) for b in range(n) if a != b))
    paths = witness_paths(whole, np.array([0]), n - 1, k=100)
    assert paths == [[0, n - 1], *([0, i, n - 1] for i in range(1, 100))]
    # 2**100 walks from node 1 that all come back to it
    rungs = [(2 * i + a, 2 * i + 2 + b) for i in range(2, 100) for a in (0, 1) for b in (0, 1)]
    ladder = adjacency(202, (0, 1), (1, 2), (1, 4), (1, 5), (200, 1), (201, 1), *rungs)
    assert witness_paths(ladder, np.array([0]), 2, k=5) == [[0, 1, 2]]
    assert len(witness_paths(ladder, np.array([0]), 200, k=60)) == 60
    with pytest.raises(ValueError, match="k is -1"):
        witness_paths(ladder, np.array([0]), 1, k=-1)


@settings(max_examples=200)
@given(cases(), st.sets(st.integers(0, 7), max_size=3))
def test_dominators(case: Case, some: set[int]) -> None:
    n = case.graph.n
    roots = {r % n for r in some}
    found = dominators(case.graph, np.array(sorted(roots), dtype=np.int64), allowed=case.allowed)
    slow = case.slow.copy()
    slow.add_node("root")
    slow.add_edges_from(("root", r) for r in roots)
    tree = nx.immediate_dominators(slow, "root")
    expected = [tree.get(v, "root") for v in range(n)]
    assert found.immediate.tolist() == [-1 if v == "root" else v for v in expected]
    reached = nx.descendants(slow, "root")
    assert set(np.flatnonzero(found.reached).tolist()) == reached
    for v in range(n):
        left = slow.copy()
        left.remove_node(v)
        lost = reached - nx.descendants(left, "root") - {v} if v in reached else set()
        assert found.cut_off[v] == len(lost)


def test_dominators_of_a_long_chain() -> None:
    n = 20_000
    chain = build_adjacency(n, np.arange(n - 1), np.arange(1, n))[0]
    found = dominators(chain, np.array([0]))
    assert found.cut_off.tolist() == list(range(n - 1, -1, -1))


def test_empty_graphs() -> None:
    none = np.zeros(0, dtype=np.int64)
    assert condense(EMPTY).count == condense(EMPTY).depth == 0
    assert reach_sets(EMPTY, np.zeros((0, 1), dtype=np.uint64)).shape == (0, 1)
    assert push_max(EMPTY, none).size == live(EMPTY, none).size == 0
    assert push_money(EMPTY, np.zeros(0), none).size == split(none, none, np.zeros(0)).size == 0
    assert count_downstream(EMPTY).size == estimate_downstream(EMPTY).count.size == 0
    assert critical_path(EMPTY, none).path.size == critical_path(EMPTY, none).length == 0
    assert dominators(EMPTY, none).immediate.size == 0
    lone = adjacency(2)
    assert reach_sets(lone, np.zeros((2, 0), dtype=np.uint64)).shape == (2, 0)
    assert witness_paths(lone, none, 1) == [] and witness_paths(lone, np.array([0]), 1) == []
    assert live(lone, none).tolist() == [False, False]
