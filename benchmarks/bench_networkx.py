"""The NetworkX face at 0.95M column edges: what a view costs, and its functions against NetworkX's own on a DiGraph.

Times are the best of three, as wall and processor seconds; ratios are of processor seconds. `lazy` is NetworkX's own
code on the view, as for every function that does not run on arrays.
"""

from __future__ import annotations

import gc
import os
import sys
import time
import tracemalloc
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
from synthetic import edges_frame, synthetic

import lineage_nb as ln
from lineage_nb.graph.nx_view import BACKEND, LineageView

ROUNDS = 3


def seconds(call: Callable[[], Any], rounds: int = ROUNDS) -> tuple[float, float]:
    """Wall and processor seconds of the best of some runs; as timeit, without the garbage collector, and once where it takes long."""
    best = (float("inf"), float("inf"))
    gc.disable()
    for _ in range(rounds):
        wall, cpu = time.perf_counter(), time.process_time()
        call()
        best = min(best, (time.perf_counter() - wall, time.process_time() - cpu), key=lambda pair: pair[1])
        if best[1] > 2:
            break
    gc.enable()
    return best


def resident() -> float:
    """Memory of this process, in MB (Linux)."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def drained(found: Any) -> None:
    deque(found, maxlen=0)


def traced(make: Callable[[], Any]) -> float:
    """Memory that stays allocated with a result, in MB: Python's and numpy's."""
    tracemalloc.start()
    kept = make()
    size = tracemalloc.get_traced_memory()[0] / 1e6
    tracemalloc.stop()
    del kept
    return size


def costs(graph: ln.LineageGraph) -> tuple[LineageView, nx.DiGraph]:
    """Make the view and the DiGraph, and print what each takes."""
    first = graph.nodes["id"][0]

    def asked() -> LineageView:
        view = LineageView(graph)
        nx.descendants(view, first)
        return view

    def named() -> LineageView:
        view = LineageView(graph)
        view.arrays.labels._numbers  # noqa: B018 - what NetworkX's own code needs after some thousand lookups
        return view

    for what, make in (("LineageView(graph)", lambda: LineageView(graph)), ("… and a first question", asked), ("… and all names", named)):
        wall, cpu = seconds(make)
        print(f"{what:<42} {wall * 1e3:9.1f} ms wall {cpu * 1e3:9.1f} ms cpu {traced(make):8.1f} MB")
    before, kept = resident(), []
    wall, cpu = seconds(lambda: kept.append(graph.to_networkx()), rounds=1)
    print(f"{'to_networkx: DiGraph with attributes':<42} {wall * 1e3:9.1f} ms wall {cpu * 1e3:9.1f} ms cpu {resident() - before:8.1f} MB resident")
    return LineageView(graph), kept[0]


def questions(hub: str, leaf: str) -> dict[str, Callable[[Any], Any]]:
    """Functions of a graph, each with the same arguments."""
    return {
        "descendants(hub)": lambda g: nx.descendants(g, hub),
        "ancestors(leaf)": lambda g: nx.ancestors(g, leaf),
        "descendants(leaf), nothing to find": lambda g: nx.descendants(g, leaf),
        "has_path(hub, leaf)": lambda g: nx.has_path(g, hub, leaf),
        "shortest_path(hub, leaf)": lambda g: nx.has_path(g, hub, leaf) and nx.shortest_path(g, hub, leaf),
        "single_source_shortest_path_length(hub)": lambda g: nx.single_source_shortest_path_length(g, hub),
        "single_source_shortest_path(hub)": lambda g: nx.single_source_shortest_path(g, hub),
        "bfs_edges(hub)": lambda g: drained(nx.bfs_edges(g, hub)),
        "strongly_connected_components": lambda g: drained(nx.strongly_connected_components(g)),
        "number_strongly_connected_components": nx.number_strongly_connected_components,
        "condensation": nx.condensation,
        "weakly_connected_components": lambda g: drained(nx.weakly_connected_components(g)),
        "is_directed_acyclic_graph": nx.is_directed_acyclic_graph,
    }


def forward_only(graph: ln.LineageGraph) -> ln.LineageGraph:
    """The edges that lead to a later node: no cycle."""
    edges = graph.edges.filter(graph.edges["source"] < graph.edges["target"])
    return ln.from_edges(edges.select("source", "target")).graph("column")


def compare(what: str, call: Callable[[Any], Any], view: LineageView, plain: nx.DiGraph, *, lazy: bool = True) -> None:
    wall, cpu = seconds(lambda: call(view))
    _, plain_cpu = seconds(lambda: call(plain))
    entry = nx.utils.backends.backends.pop(BACKEND)
    lazy_cpu = seconds(lambda: call(view), rounds=1)[1] if lazy else float("nan")
    nx.utils.backends.backends[BACKEND] = entry
    times = f"{wall * 1e3:8.2f} {cpu * 1e3:8.2f} {plain_cpu * 1e3:10.2f} {lazy_cpu * 1e3:10.1f}"
    print(f"{what:<42} {times} {plain_cpu / max(cpu, 1e-9):9.1f} ×")


def main(scale: float) -> None:
    lineage = synthetic(scale)
    graph = ln.from_edges(edges_frame(lineage)).graph("column")
    print(f"{graph}; arrays {sum(a.nbytes for a in (graph.forward.indices, graph.backward.indices)) / 1e6:.1f} MB\n")
    view, plain = costs(graph)
    names = lineage.column_names()
    reach = np.bincount(lineage.source, minlength=lineage.n)
    hub, leaf = names[int(reach.argmax())], names[int(lineage.target[-1])]
    print(f"\n{'ms':<42} {'wall':>8} {'cpu':>8} {'DiGraph':>10} {'lazy':>10} {'DiGraph / view':>11}")
    for what, call in questions(hub, leaf).items():
        compare(what, call, view, plain)
    acyclic = LineageView(forward_only(graph))
    own = acyclic.copy()
    compare("topological_sort (edges without cycles)", lambda g: drained(nx.topological_sort(g)), acyclic, own)
    compare("is_directed_acyclic_graph (it is)", nx.is_directed_acyclic_graph, acyclic, own)


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0)
