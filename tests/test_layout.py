"""Laws of the layered layout, against slow and obvious twins."""

from __future__ import annotations

import time
from itertools import combinations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lineage_nb as ln
from lineage_nb.views.drawing import drawing
from lineage_nb.views.layout import layered
from lineage_nb.views.ordering import _inversions

WIDTH, HEIGHT = 120.0, 40.0


@st.composite
def graphs(draw: st.DrawFn, most: int = 14) -> tuple[int, list[tuple[int, int]]]:
    n = draw(st.integers(1, most))
    node = st.integers(0, n - 1)
    return n, draw(st.lists(st.tuples(node, node), max_size=3 * most))


def run(n: int, edges: list[tuple[int, int]], **options: object):
    return layered(n, [a for a, _ in edges], [b for _, b in edges], WIDTH, HEIGHT, **options)


def on_one_side(a: tuple[float, float], b: tuple[float, float]) -> bool:
    return a[1] <= b[0] or b[1] <= a[0]


@given(graphs())
def test_boxes_never_overlap(graph) -> None:
    n, edges = graph
    out = run(n, edges)
    for a, b in combinations(range(n), 2):
        apart_x = on_one_side((out.x[a], out.x[a] + WIDTH - 1e-6), (out.x[b], out.x[b] + WIDTH - 1e-6))
        apart_y = on_one_side((out.y[a], out.y[a] + HEIGHT - 1e-6), (out.y[b], out.y[b] + HEIGHT - 1e-6))
        assert apart_x or apart_y
    assert out.x.min() >= -1e-6 and (out.x + WIDTH).max() <= out.width + 1e-6
    assert out.y.min() >= -1e-6 and (out.y + HEIGHT).max() <= out.height + 1e-6


@given(graphs())
def test_edges_lead_forward_unless_flagged(graph) -> None:
    n, edges = graph
    out = run(n, edges)
    for (a, b), back in zip(edges, out.back, strict=True):
        assert back == (out.layer[b] <= out.layer[a])
    acyclic = nx.DiGraph(e for e, back in zip(edges, out.back, strict=True) if not back)
    assert nx.is_directed_acyclic_graph(acyclic)
    whole = nx.DiGraph(edges)
    for (a, b), back in zip(edges, out.back, strict=True):
        if back:
            assert nx.has_path(whole, b, a), "only edges of cycles may lead back"


@given(graphs(), st.randoms(use_true_random=False))
def test_order_and_repetition_of_edges_do_not_matter(graph, random) -> None:
    n, edges = graph
    shuffled = edges + edges[:2]
    random.shuffle(shuffled)
    one, two = run(n, edges), run(n, shuffled)
    np.testing.assert_array_equal(one.x, two.x)
    np.testing.assert_array_equal(one.y, two.y)
    ways = {e: bends.tolist() for e, bends in zip(edges, one.bends, strict=True)}
    assert all(ways[e] == bends.tolist() for e, bends in zip(shuffled, two.bends, strict=True))


@given(graphs())
def test_layers_are_longest_paths_seen_from_the_right(graph) -> None:
    """Twin: on a graph without cycles the longest path fixes how many layers there are."""
    n, edges = graph
    edges = [(min(e), max(e)) for e in edges if e[0] != e[1]]
    out = run(n, edges)
    dag = nx.DiGraph(edges)
    dag.add_nodes_from(range(n))
    assert not out.back.any()
    assert out.layer.max() == nx.dag_longest_path_length(dag, weight=None)


@given(graphs())
def test_bends_pass_no_box(graph) -> None:
    n, edges = graph
    out = run(n, edges)
    for (a, b), bends in zip(edges, out.bends, strict=True):
        assert len(bends) == 2 * max(0, abs(int(out.layer[a]) - int(out.layer[b])) - 1)
        for (x0, y0), (x1, y1) in zip(bends[::2], bends[1::2], strict=True):
            assert y0 == y1
            low, high = min(x0, x1), max(x0, x1)
            inside = (out.x < high) & (out.x + WIDTH > low) & (out.y < y0) & (out.y + HEIGHT > y0)
            assert not inside.any()


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 3)), max_size=60))
def test_inversions_equal_the_obvious_count(values) -> None:
    slow = sum(m * n for (a, m), (b, n) in combinations(values, 2) if a > b)
    place, weight = np.array(values, dtype=np.int64).reshape(-1, 2).T
    assert _inversions(place, weight) == slow


def crossings_as_given(n: int, edges: list[tuple[int, int]], layer: np.ndarray) -> int:
    """Cross every pair of edges between the same neighbouring layers, boxes in the order they came."""
    short = sorted({(a, b) for a, b in edges if layer[b] == layer[a] + 1})
    pairs = combinations(short, 2)
    return sum(layer[a] == layer[c] and (a - c) * (b - d) < 0 for (a, b), (c, d) in pairs)


@pytest.mark.parametrize("seed", range(8))
def test_crossings_are_fewer_than_in_the_given_order(seed) -> None:
    rng = np.random.default_rng(seed)
    tier = np.arange(40) // 8
    edges = [(a, int(b)) for a in range(32) for b in rng.choice(np.flatnonzero(tier == tier[a] + 1), 2)]
    out = run(40, edges, pinned_layers=tier)
    naive = crossings_as_given(40, edges, out.layer)
    assert out.crossings < 0.7 * naive


def test_a_planar_tree_has_no_crossings() -> None:
    tree = nx.balanced_tree(3, 4, create_using=nx.DiGraph)
    assert run(tree.number_of_nodes(), list(tree.edges)).crossings == 0


def test_the_sample_opens_with_few_crossings() -> None:
    """dagre's drawing of the same boxes and edges has 53."""
    scene = ln.sample().explore().scene
    wide, high = [m.width for m in scene.marks], [m.height for m in scene.marks]
    drawn = layered(len(wide), [k.source for k in scene.links], [k.target for k in scene.links], wide, high)
    assert drawn.crossings <= 53


def test_a_fan_with_a_bundle_does_not_cross_itself() -> None:
    scene = ln.from_edges([("hub", f"t{i:02}") for i in range(20)]).explore("hub", view="around").scene
    curves = [link["d"] for link in drawing(scene)["links"]]
    assert len({d.partition("L")[0].split()[-2] for d in curves if "C" in d}) == 1, "all curves end in one line"
    assert any(m.kind == "bundle" for m in scene.marks)


def test_long_edges_run_straight() -> None:
    edges = [(i, i + 1) for i in range(6)] + [(0, 6), (7, 6)]
    out = run(8, edges)
    heights = out.bends[6][:, 1]
    assert np.ptp(heights) < 0.5


def test_pins_hold() -> None:
    out = run(4, [(0, 1), (1, 2), (3, 0)], pinned_layers=[2, -1, 0, -1])
    assert out.layer.tolist()[:3] == [2, 3, 0]
    assert out.back.tolist() == [False, True, False]


def test_nothing_and_one() -> None:
    assert layered(0, [], [], 1, 1).width == 0
    one = layered(1, [0], [0], 10, 10)
    assert one.back.all() and (one.width, one.height) == (10, 10)


def test_two_thousand_nodes_are_laid_out_at_once() -> None:
    """Ten times the time it takes on a laptop, so that a slow machine does not fail."""
    rng = np.random.default_rng(1)
    source = rng.integers(0, 1_980, 2_400)
    target = source + rng.integers(1, 20, 2_400)
    layered(10, [0], [1], 1, 1)
    start = time.perf_counter()
    out = layered(2_000, source, target, WIDTH, HEIGHT)
    assert time.perf_counter() - start < 3
    assert not out.back.any()
