"""The package as a backend of NetworkX: which of its functions run on arrays, and when.

NetworkX loads `backend` through the entry point ``networkx.backends``, when a `LineageView` is given to one of its
functions or the user asks for ``backend="lineage_nb"``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import accumulate, chain
from typing import Any

import networkx as nx
import numpy as np

from lineage_nb.graph.csr import Csr
from lineage_nb.graph.nx_arrays import ArrayGraph, Keys
from lineage_nb.graph.nx_functions import FAST
from lineage_nb.graph.nx_view import BACKEND, LineageView

__all__ = ["Backend", "ConvertedGraph", "backend"]

WORTH_CONVERTING = 1_000
"""Nodes below which NetworkX's own code is done before a graph is converted."""


class ConvertedGraph(ArrayGraph):
    """An ordinary DiGraph, taken apart for the backend; structure only."""

    __networkx_backend__ = BACKEND

    def __contains__(self, label: object) -> bool:
        """Whether `label` is a node."""
        return self.labels.number(label) is not None


class Backend:
    """What NetworkX calls; every function of NetworkX is an attribute.

    On a `LineageView` a function runs on the arrays where it can, and is NetworkX's own code otherwise: for other
    functions, for weights and other options, for unknown nodes. An ordinary DiGraph is converted only for what
    runs on arrays, and only where the user prefers this backend.
    """

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """Find a function by the name under which NetworkX dispatches it."""
        if name not in FAST and name not in _registered():
            raise AttributeError(f"NetworkX dispatches no function {name!r}")
        return partial(_run, name)

    def can_run(self, name: str, args: Sequence[Any], kwargs: dict[str, Any]) -> bool | str:
        """Tell NetworkX whether a call may come here; a str says why not."""
        graphs = list(_graphs(args, kwargs))
        if graphs and all(isinstance(g, LineageView) for g in graphs):
            return True
        if name not in FAST:
            return f"{name} does not run on arrays"
        if len(graphs) != 1 or type(graphs[0]) not in (nx.DiGraph, ConvertedGraph):
            return "only a DiGraph can be converted"
        return _fits(name, args, kwargs) or "these arguments are left to NetworkX"

    def should_run(self, _name: str, args: Sequence[Any], kwargs: dict[str, Any]) -> bool | str:
        """Tell NetworkX whether converting its graphs pays."""
        large = all(len(g) >= WORTH_CONVERTING for g in _graphs(args, kwargs))
        return large or "converting takes longer than NetworkX's own code"

    def convert_from_nx(self, graph: Any, **_: Any) -> LineageView | ConvertedGraph:
        """Take an `networkx.DiGraph` apart; a view stays as it is.

        Raises
        ------
        NotImplementedError
            For undirected graphs and multigraphs; NetworkX then goes on without this backend.
        """
        if isinstance(graph, LineageView | ConvertedGraph):
            return graph
        if not graph.is_directed() or graph.is_multigraph():
            raise NotImplementedError("only a DiGraph can be converted")
        labels = Keys(list(graph))
        return ConvertedGraph(_rows(labels, graph.succ), _rows(labels, graph.pred), labels)

    def convert_to_nx(self, result: Any, **_: Any) -> Any:
        """Give NetworkX a graph that its own code reads; results that are no graphs stay as they are."""
        if not isinstance(result, ConvertedGraph):
            return result  # a LineageView is a DiGraph
        graph = nx.DiGraph()
        names = result.labels.all
        graph.add_nodes_from(names)
        ends = zip(result.forward.owner().tolist(), result.forward.indices.tolist(), strict=True)
        graph.add_edges_from((names[a], names[b]) for a, b in ends)
        return graph


def _registered() -> dict[str, Any]:
    """NetworkX's dispatched functions by name."""
    return getattr(nx.utils.backends, "_registered_algorithms", {})


def _graphs(args: Iterable[Any], kwargs: dict[str, Any]) -> Iterable[Any]:
    for value in chain(args, kwargs.values()):
        within = value if isinstance(value, list | tuple) else (value,)
        yield from (v for v in within if isinstance(v, nx.Graph | ArrayGraph))


def _fits(name: str, args: Sequence[Any], kwargs: dict[str, Any]) -> bool:
    graph, rest, named = _taken(args, kwargs)
    try:
        return FAST[name].fits(graph, *rest, **named)
    except TypeError:  # arguments that the function does not have: NetworkX says so
        return False


def _taken(args: Sequence[Any], kwargs: dict[str, Any]) -> tuple[Any, Sequence[Any], dict[str, Any]]:
    """Tell the graph, which may be called G, from the other arguments."""
    if args:
        return args[0], args[1:], kwargs
    named = dict(kwargs)
    return named.pop("G", None), (), named


def _run(name: str, *args: Any, **kwargs: Any) -> Any:
    if name in FAST and _fits(name, args, kwargs):
        graph, rest, named = _taken(args, kwargs)
        if isinstance(graph, LineageView | ConvertedGraph):
            return FAST[name].run(graph if isinstance(graph, ArrayGraph) else graph.arrays, *rest, **named)
    if any(isinstance(g, ConvertedGraph) for g in _graphs(args, kwargs)) or name not in _registered():
        raise NotImplementedError(f"{name} does not run on arrays")
    return _registered()[name].orig_func(*args, **kwargs)


def _rows(labels: Keys, adjacency: Any) -> Csr:
    """Neighbours of every node, in NetworkX's order."""
    number = {key: i for i, key in enumerate(labels.all)}
    indptr = np.fromiter(accumulate(map(len, adjacency.values()), initial=0), dtype=np.int64, count=len(number) + 1)
    kind = np.int32 if max(len(number), indptr[-1]) < np.iinfo(np.int32).max else np.int64
    places = map(number.__getitem__, chain.from_iterable(adjacency.values()))
    return Csr(indptr.astype(kind), np.fromiter(places, dtype=kind, count=int(indptr[-1])))


backend = Backend()
