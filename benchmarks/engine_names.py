"""The engine with names: a saved snapshot that is open, and the four analyses."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import numpy as np
from engine_data import Work, full_frames, scipy_matrix
from engine_measure import Row, timed

import lineage_nb as ln

__all__ = ["analyses", "named"]


def _each(call: Callable[[Any], Any], arguments: Iterable[Any]) -> tuple[np.ndarray, float, list[Any]]:
    """Wall seconds of every call, processor seconds of the mean one, and what the calls gave."""
    seconds, results = [], []
    busy = time.process_time()
    for argument in arguments:
        start = time.perf_counter()
        results.append(call(argument))
        seconds.append(time.perf_counter() - start)
    return np.array(seconds), (time.process_time() - busy) / max(len(seconds), 1), results


def _spread(what: str, seconds: np.ndarray, *, median: tuple[str, float], p99: tuple[str, float]) -> list[Row]:
    rows = []
    for share, word, (target, limit) in ((50, "median", median), (99, "p99", p99)):
        rows.append(Row(f"{what}, {word} of {len(seconds):,}", float(np.percentile(seconds, share)), "ms", target=target, limit=limit))
    return rows


def named(work: Work, many: int) -> list[Row]:
    """Names, closures of random columns and bytes an edge of a saved snapshot's column graph."""
    graph = ln.read(work.saved).graph("column")
    numbers = np.random.default_rng(5).choice(len(graph), min(many, len(graph)), replace=False)
    numbers = numbers[graph.naming.of_kind("column")[numbers]]
    return [*_lookups(graph, numbers), *_closures(graph, numbers), *_bytes(graph)]


def _lookups(graph: ln.LineageGraph, numbers: np.ndarray) -> list[Row]:
    ids = graph.names(numbers).to_list()
    forms = {
        "exact": ids,
        "by suffix": [name.rpartition("/")[2].partition(".")[2].replace("#", ".") for name in ids],
    }
    rows = []
    for form, names in forms.items():
        graph.index(names[0])
        seconds, _, found = _each(graph.index, names)
        assert found == numbers.tolist(), f"names were found wrongly {form}"
        rows += _spread(f"name lookup, {form}", seconds, median=("at most 1 ms", 1e-3), p99=("", 0.0))
    return rows


def _closures(graph: ln.LineageGraph, numbers: np.ndarray) -> list[Row]:
    from scipy.sparse.csgraph import breadth_first_order

    reacher = graph.reacher
    reacher.reach(numbers[:1])
    seconds, _, sizes = _each(lambda i: len(reacher.reach(np.array([i]))), numbers)
    matrix = scipy_matrix(graph.forward.indptr, graph.forward.indices)
    for i in range(0, len(numbers), max(len(numbers) // 50, 1)):
        order = breadth_first_order(matrix, int(numbers[i]), return_predecessors=False)
        assert np.array_equal(np.sort(order), reacher.reach(numbers[i : i + 1]).reached), "a closure is not scipy's"
    assert max(sizes) > 10, "no closure leads anywhere"
    told = f"closure of a random column (median {np.median(sizes):,.0f} nodes, p99 {np.percentile(sizes, 99):,.0f})"
    rows = _spread(f"{told}, as arrays", seconds, median=("at most 0.1 ms", 1e-4), p99=("at most 25 ms", 25e-3))
    feeding = np.array(sizes) > 1
    rows += _spread("– of those that feed others", seconds[feeding], median=("", 0.0), p99=("", 0.0))
    some = numbers[:300]
    names = graph.names(some).to_list()
    graph.downstream(names[int(np.argmax(sizes[: len(some)]))])
    seconds, _, heights = _each(lambda name: graph.downstream(name).height, names)
    assert heights == [size - 1 for size in sizes[: len(some)]], "a frame does not hold what the arrays hold"
    return rows + _spread("closure of a random column, as a named frame", seconds, median=("at most 1 ms", 1e-3), p99=("", 0.0))


def _bytes(graph: ln.LineageGraph) -> list[Row]:
    forward, backward, bits = graph.forward, graph.backward, graph.arcs.bits
    assert backward.edge is not None and forward.m == backward.m == len(bits), "the graph is not one of plain edges"
    two_way = sum(array.nbytes for array in (forward.indptr, forward.indices, backward.indptr, backward.indices))
    whole = two_way + bits.nbytes + backward.edge.nbytes
    what = f"bytes an edge, both ways ({forward.m:,} edges, {forward.n:,} nodes)"
    return [
        Row(what, two_way / forward.m, "bytes", target="at most 12", limit=12.0),
        Row("– with bits and edge numbers", whole / forward.m, "bytes", target="at most 17", limit=17.0),
    ]


# -- the four analyses -------------------------------------------------------------------------------------------
def _shown(result: Any) -> Any:
    assert len(repr(result)) > 20 and "text/html" in result._repr_mimebundle_(), "a result shows nothing"
    return result


def _answer(ask: Callable[[ln.Snapshot], Any], snap: ln.Snapshot) -> Any:
    return _shown(ask(snap))


def _questions(hub: str) -> dict[str, Callable[[ln.Snapshot], Any]]:
    return {
        "impact (of the largest hub)": lambda snap: snap.impact(hub),
        "cost": lambda snap: snap.cost(),
        "pii": lambda snap: snap.pii(),
        "unused": lambda snap: snap.unused(),
    }


def _check(question: str, snap: ln.Snapshot, hub: str, result: Any) -> None:
    frame = result.frame
    assert frame.height > 1, f"{question} answers nothing"
    if question == "cost":
        billed = snap.costs["amount"].sum()
        assert frame["amount"].sum() == billed > 0, "money was lost or made"
    if question == "pii":
        tagged = snap.nodes.filter(snap.nodes["tags"].list.len() > 0)["id"]
        assert tagged.is_in(frame["node"].implode()).all() and frame.height > len(tagged), "tagged columns are missing, or nothing flows"
    if question.startswith("impact"):
        found = snap.graph("column").downstream(hub)
        assert set(found["node"]) <= {*frame["node"]}, "columns downstream are missing"


def analyses(scale: float, rounds: int) -> list[Row]:
    """Each of the four, to what a cell shows: the first call on new evidence, a later one, and the first on a saved snapshot."""
    small, hub = full_frames(min(scale, 0.01))
    warm = ln.from_frames(**small)
    for ask in _questions(hub).values():
        _shown(ask(warm))
    frames, hub = full_frames(scale)
    made: list[ln.Snapshot] = []
    built = timed(lambda: made.append(ln.from_frames(**frames)), rounds=1)
    rows = [Row(f"from_frames ({frames['edges'].height:,} edges, {frames['nodes'].height:,} nodes)", built.wall, "s", built.cpu)]
    with tempfile.TemporaryDirectory() as folder:
        made[0].save(folder)
        for question, ask in _questions(hub).items():
            snap = ln.Snapshot(made[0].data)
            call, check = partial(_answer, ask, snap), partial(_check, question, snap, hub)
            times = {
                "first call (evidence conformed, graphs built)": timed(call, rounds=1),
                "first call of a saved snapshot, opening included": timed(partial(_of_saved, ask, folder), check, rounds=rounds),
                "a later call": timed(call, check, rounds=rounds),
            }
            rows += [Row(f"{question}, {when}", t.wall, "s", t.cpu, target="at most 1 s", limit=1.0) for when, t in times.items()]
    return rows


def _of_saved(ask: Callable[[ln.Snapshot], Any], folder: str) -> Any:
    return _answer(ask, ln.read(folder))
