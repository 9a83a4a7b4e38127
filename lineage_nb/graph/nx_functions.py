"""NetworkX's functions on arrays: same arguments, same results, and for each the condition under which it may run.

A function is only called where its condition holds for a directed graph, so none raises what NetworkX raises for
unknown nodes, empty graphs or options: NetworkX's own code does. Options that a condition wants at their defaults
are taken and passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import networkx as nx
import numpy as np

from lineage_nb.graph.nx_arrays import ArrayGraph, Tree, breadth_first, components, generations, path_between

__all__ = ["FAST", "Fast"]

Condition = Callable[..., bool]


@dataclass(frozen=True)
class Fast:
    """A function of the backend.

    Attributes
    ----------
    run : callable
        Takes an `ArrayGraph` and the other arguments of NetworkX's function.
    fits : callable
        Takes the graph (any that has nodes and `in`) and the same arguments; True where `run` may run.
    """

    run: Callable[..., Any]
    fits: Condition


FAST: dict[str, Fast] = {}
"""What runs on arrays, by the name under which NetworkX dispatches it."""


def _when(fits: Condition) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def register(run: Callable[..., Any]) -> Callable[..., Any]:
        FAST[run.__name__] = Fast(run, fits)
        return run

    return register


# -- conditions ------------------------------------------------------------------------------------------------


def _any(_: Any) -> bool:
    return True


def _filled(graph: Any) -> bool:
    return len(graph) > 0


def _known(graph: Any, source: object) -> bool:
    return source in graph


def _both(graph: Any, source: object, target: object) -> bool:
    return source in graph and target in graph


def _whole(limit: object) -> bool:
    return limit is None or (isinstance(limit, int) and not isinstance(limit, bool))


def _cut(graph: Any, source: object, cutoff: object = None) -> bool:
    return source in graph and _whole(cutoff)


def _cut_target(graph: Any, target: object, cutoff: object = None) -> bool:
    return target in graph and _whole(cutoff)


def _cut_target_dict(graph: Any, target: object, cutoff: object = None) -> bool:
    return _version() >= (3, 5) and _cut_target(graph, target, cutoff)  # an iterator of pairs before


def _breadth(
    graph: Any, source: object, reverse: object = False, depth_limit: object = None, sort_neighbors: object = None
) -> bool:
    return isinstance(reverse, bool) and _breadth_down(graph, source, depth_limit, sort_neighbors)


def _breadth_down(graph: Any, source: object, depth_limit: object = None, sort_neighbors: object = None) -> bool:
    return source in graph and _whole(depth_limit) and sort_neighbors is None


def _at(graph: Any, source: object, distance: object) -> bool:
    return source in graph and distance is not None and _whole(distance)


def _path(
    graph: Any, source: object = None, target: object = None, weight: object = None, method: object = "dijkstra"
) -> bool:
    ends = [end for end in (source, target) if end is not None]
    plain = weight is None and method in ("dijkstra", "bellman-ford")
    return plain and bool(ends) and all(end in graph for end in ends)


def _own_components(graph: Any, scc: object = None) -> bool:
    return scc is None and len(graph) > 0


def _version() -> tuple[int, ...]:
    return tuple(int(part) for part in nx.__version__.split(".")[:2])


# -- breadth first ---------------------------------------------------------------------------------------------


def _tree(graph: ArrayGraph, label: object, *, up: bool = False) -> Tree:
    return breadth_first(graph.reversed() if up else graph, _number(graph, label))


def _number(graph: ArrayGraph, label: object) -> int:
    number = graph.labels.number(label)
    assert number is not None  # noqa: S101
    return number


@_when(_known)
def descendants(graph: ArrayGraph, source: object) -> set[Any]:
    """Everything that `source` reaches, without itself."""
    return _others(graph, _tree(graph, source))


@_when(_known)
def ancestors(graph: ArrayGraph, source: object) -> set[Any]:
    """Everything that reaches `source`, without itself."""
    return _others(graph, _tree(graph, source, up=True))


def _others(graph: ArrayGraph, tree: Tree) -> set[Any]:
    """Everything but the start; named in the order of the labels, which is the order of memory."""
    return set(graph.labels.pick(np.sort(tree.order[1:])))


def _pairs(graph: ArrayGraph, tree: Tree, depth_limit: int | None) -> Iterator[tuple[Any, Any]]:
    end = tree.within(depth_limit)
    labels = graph.labels.pick(tree.order[:end])
    return ((labels[i], label) for i, label in zip(tree.parent[1:end].tolist(), labels[1:], strict=True))


@_when(_breadth)
def bfs_edges(
    graph: ArrayGraph, source: object, reverse: bool = False, depth_limit: int | None = None, *_: None, **__: None
) -> Iterator[tuple[Any, Any]]:
    """Edges of the breadth-first tree."""
    return _pairs(graph, _tree(graph, source, up=reverse), depth_limit)


@_when(_breadth_down)
def bfs_predecessors(
    graph: ArrayGraph, source: object, depth_limit: int | None = None, *_: None, **__: None
) -> Iterator[tuple[Any, Any]]:
    """(node, the node before it) of the breadth-first tree."""
    return ((child, parent) for parent, child in bfs_edges(graph, source, depth_limit=depth_limit))


@_when(_breadth_down)
def bfs_successors(
    graph: ArrayGraph, source: object, depth_limit: int | None = None, *_: None, **__: None
) -> Iterator[tuple[Any, list[Any]]]:
    """(node, the nodes after it) of the breadth-first tree; the source even where nothing follows."""
    tree = _tree(graph, source)
    end = tree.within(depth_limit)
    if end == 1:
        yield source, []
        return
    labels, parent = graph.labels.pick(tree.order[:end]), tree.parent[:end]
    begins = [1, *(np.flatnonzero(parent[2:] != parent[1:-1]) + 2).tolist(), end]
    for begin, stop in pairwise(begins):
        yield labels[parent[begin]], labels[begin:stop]


@_when(_known)
def bfs_layers(graph: ArrayGraph, sources: object) -> Iterator[list[Any]]:
    """Nodes at 0, 1, 2 … hops."""
    for layer in _tree(graph, sources).layers():
        yield graph.labels.pick(layer)


@_when(_at)
def descendants_at_distance(graph: ArrayGraph, source: object, distance: int) -> set[Any]:
    """Nodes at exactly so many hops."""
    layers = list(_tree(graph, source).layers())
    return set(graph.labels.pick(layers[distance])) if 0 <= distance < len(layers) else set()


# -- shortest paths --------------------------------------------------------------------------------------------


def _lengths(graph: ArrayGraph, tree: Tree, cutoff: int | None) -> dict[Any, int]:
    end = tree.within(cutoff)
    return dict(zip(graph.labels.pick(tree.order[:end]), tree.hops()[:end].tolist(), strict=True))


@_when(_cut)
def single_source_shortest_path_length(graph: ArrayGraph, source: object, cutoff: int | None = None) -> dict[Any, int]:
    """Hops to everything downstream."""
    return _lengths(graph, _tree(graph, source), cutoff)


@_when(_cut_target_dict)
def single_target_shortest_path_length(graph: ArrayGraph, target: object, cutoff: int | None = None) -> dict[Any, int]:
    """Hops from everything upstream."""
    return _lengths(graph, _tree(graph, target, up=True), cutoff)


def _paths(graph: ArrayGraph, tree: Tree, cutoff: int | None, *, up: bool) -> dict[Any, list[Any]]:
    end = tree.within(cutoff)
    labels = graph.labels.pick(tree.order[:end])
    paths = [labels[:1]]
    for i, label in zip(tree.parent[1:end].tolist(), labels[1:], strict=True):
        paths.append([label, *paths[i]] if up else [*paths[i], label])
    return dict(zip(labels, paths, strict=True))


@_when(_cut)
def single_source_shortest_path(graph: ArrayGraph, source: object, cutoff: int | None = None) -> dict[Any, list[Any]]:
    """A shortest path to everything downstream."""
    return _paths(graph, _tree(graph, source), cutoff, up=False)


@_when(_cut_target)
def single_target_shortest_path(graph: ArrayGraph, target: object, cutoff: int | None = None) -> dict[Any, list[Any]]:
    """A shortest path from everything upstream."""
    return _paths(graph, _tree(graph, target, up=True), cutoff, up=True)


def _between(graph: ArrayGraph, source: object, target: object) -> list[int]:
    path = path_between(graph, _number(graph, source), _number(graph, target))
    if path is None:
        raise nx.NetworkXNoPath(f"No path between {source} and {target}.")
    return path


@_when(_both)
def bidirectional_shortest_path(graph: ArrayGraph, source: object, target: object) -> list[Any]:
    """A shortest path."""
    return graph.labels.pick(_between(graph, source, target))


@_when(_both)
def has_path(graph: ArrayGraph, source: object, target: object) -> bool:
    """Whether `source` reaches `target`; a node reaches itself."""
    return path_between(graph, _number(graph, source), _number(graph, target)) is not None


@_when(_path)
def shortest_path(
    graph: ArrayGraph, source: object = None, target: object = None, *_: object, **__: object
) -> Any:
    """A shortest path from, to or between nodes."""
    if source is None:
        return single_target_shortest_path(graph, target)
    if target is None:
        return single_source_shortest_path(graph, source)
    return bidirectional_shortest_path(graph, source, target)


@_when(_path)
def shortest_path_length(
    graph: ArrayGraph, source: object = None, target: object = None, *_: object, **__: object
) -> Any:
    """Hops from, to or between nodes."""
    if source is None:
        return single_target_shortest_path_length(graph, target)
    if target is None:
        return single_source_shortest_path_length(graph, source)
    return len(_between(graph, source, target)) - 1


# -- components ------------------------------------------------------------------------------------------------


def _sets(graph: ArrayGraph, kind: Literal["strong", "weak"]) -> Iterator[set[Any]]:
    _, members, begins = components(graph, kind)
    labels = graph.labels.pick(members)
    for begin, end in pairwise(begins.tolist()):
        yield set(labels[begin:end])


@_when(_any)
def strongly_connected_components(graph: ArrayGraph) -> Iterator[set[Any]]:
    """Sets of nodes that reach each other."""
    return _sets(graph, "strong")


@_when(_any)
def weakly_connected_components(graph: ArrayGraph) -> Iterator[set[Any]]:
    """Sets of nodes that hang together when directions are ignored."""
    return _sets(graph, "weak")


def _count(graph: ArrayGraph, kind: Literal["strong", "weak"]) -> int:
    return len(components(graph, kind)[2]) - 1


@_when(_any)
def number_strongly_connected_components(graph: ArrayGraph) -> int:
    """How many sets of nodes that reach each other."""
    return _count(graph, "strong")


@_when(_any)
def number_weakly_connected_components(graph: ArrayGraph) -> int:
    """How many parts when directions are ignored."""
    return _count(graph, "weak")


@_when(_filled)
def is_strongly_connected(graph: ArrayGraph) -> bool:
    """Whether every node reaches every other."""
    return _count(graph, "strong") == 1


@_when(_filled)
def is_weakly_connected(graph: ArrayGraph) -> bool:
    """Whether the graph is one part when directions are ignored."""
    return _count(graph, "weak") == 1


@_when(_own_components)
def condensation(graph: ArrayGraph, *_: None, **__: None) -> nx.DiGraph:
    """Contract strongly connected components; attributes `members` and `mapping` as NetworkX's."""
    label, members, begins = components(graph, "strong")
    source, target = label[graph.forward.owner()], label[graph.forward.indices]
    across = source != target
    count = len(begins) - 1
    code = np.sort(source[across] * np.int64(count) + target[across])
    code = code[np.r_[True, code[1:] != code[:-1]]] if len(code) else code
    names = graph.labels.pick(members)
    contracted = nx.DiGraph()
    contracted.graph["mapping"] = dict(zip(names, label[members].tolist(), strict=True))
    places = enumerate(pairwise(begins.tolist()))
    contracted.add_nodes_from((i, {"members": set(names[begin:end])}) for i, (begin, end) in places)
    contracted.add_edges_from(zip((code // count).tolist(), (code % count).tolist(), strict=True))
    return contracted


# -- order -----------------------------------------------------------------------------------------------------


@_when(_any)
def is_directed_acyclic_graph(graph: ArrayGraph) -> bool:
    """Whether no node reaches itself."""
    return not graph.loops and _count(graph, "strong") == len(graph)


@_when(_any)
def topological_generations(graph: ArrayGraph) -> Iterator[list[Any]]:
    """Nodes that nothing leads to, then what only those lead to, and so on."""
    taken = 0
    for generation in generations(graph):
        taken += len(generation)
        yield graph.labels.pick(generation)
    if taken < len(graph):
        raise nx.NetworkXUnfeasible("Graph contains a cycle or graph changed during iteration")


@_when(_any)
def topological_sort(graph: ArrayGraph) -> Iterator[Any]:
    """Every node after all that lead to it."""
    for generation in topological_generations(graph):
        yield from generation
