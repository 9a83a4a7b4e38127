"""A lineage graph as a NetworkX graph that copies nothing.

Importing this module imports NetworkX, so it is imported where a view is asked for.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import networkx as nx
import polars as pl

from lineage_nb.graph.networkx_view import to_networkx
from lineage_nb.graph.nx_arrays import ArrayGraph, Ids
from lineage_nb.graph.nx_mappings import Nodes, Rows, refuse

if TYPE_CHECKING:
    from lineage_nb.graph.csr import Csr
    from lineage_nb.graph.lineage_graph import LineageGraph

__all__ = ["BACKEND", "LineageView", "Parts"]

BACKEND = "lineage_nb"
"""The name under which the package registers as a NetworkX backend."""


@dataclass(frozen=True, eq=False)
class Parts:
    """What a view reads of a lineage graph, and all that is left of it in a pickled view.

    Attributes
    ----------
    level : str
        What the nodes are.
    nodes, edges : polars.DataFrame
        A row a node, with its id, in sorted order; a row an edge, with source and target.
    forward, backward : Csr
        Successors and predecessors; `edge` numbers, or else places in `forward`, are rows of `edges`.
    """

    level: str
    nodes: pl.DataFrame
    edges: pl.DataFrame
    forward: Csr
    backward: Csr


class LineageView(nx.DiGraph):  # type: ignore[misc]
    """A read-only `networkx.DiGraph` over the arrays of a lineage graph.

    Every function of NetworkX takes it. The ones that `lineage_nb.graph.nx_backend` knows run on the arrays, the
    others run as they are on Mappings that look ids and attributes up when they are asked for.

    Parameters
    ----------
    graph : LineageGraph or Parts
        What to show; attribute `lineage`. Without it the call gives an empty, ordinary `networkx.DiGraph`: NetworkX makes copies and
        subgraphs of a graph by calling its class.

    Raises
    ------
    networkx.NetworkXError
        On every attempt to change nodes, edges or their attributes.

    Notes
    -----
    Nodes are ids (str) in sorted order, neighbours likewise. The columns of the two frames that are not null are
    attributes, with plain Python values. `copy()` gives an independent DiGraph, `subgraph(...)` a filtered view
    that is an ordinary DiGraph, and `reverse(copy=False)` another LineageView. Functions of two graphs take a
    view beside an ordinary graph only with ``nx.config.fallback_to_nx = True``.

    Examples
    --------
    >>> import lineage_nb as ln
    >>> view = LineageView(ln.from_edges([("raw", "staging"), ("staging", "mart")]).graph())
    >>> sorted(nx.descendants(view, "raw")), view.edges["raw", "staging"]["type"]
    (['mart', 'staging'], 'DIRECT')
    """

    def __new__(cls, graph: LineageGraph | Parts | None = None, **_: Any) -> Any:
        """Make a view of a lineage graph; an ordinary DiGraph of nothing."""
        return nx.DiGraph() if graph is None else object.__new__(cls)

    def __init__(self, graph: LineageGraph | Parts, *, turned: bool = False) -> None:
        if not hasattr(graph, "forward"):
            raise TypeError(f"a LineageView shows a LineageGraph, not a {type(graph).__name__}")
        super().__init__()
        arrays = ArrayGraph(graph.forward, graph.backward, Ids(lambda: graph.nodes["id"]))
        self.__networkx_cache__ = None  # nothing to keep: NetworkX's own code reads the view itself
        self.lineage = graph
        self.arrays = arrays.reversed() if turned else arrays
        self.frozen = True
        self._turned = turned
        edges = Rows(lambda: graph.edges, ("source", "target"))
        self._node = Nodes(arrays.labels, Rows(lambda: graph.nodes, ("id",)))
        self._adj = Nodes(arrays.labels, edges, self.arrays.forward)
        self._pred = Nodes(arrays.labels, edges, self.arrays.backward)

    @property
    def __networkx_backend__(self) -> str:
        """Who runs NetworkX's functions; NetworkX itself where the package is imported but not installed."""
        return BACKEND if BACKEND in nx.utils.backends.backends else "networkx"

    def __repr__(self) -> str:
        """Say level and size."""
        turned = " reversed" if self._turned else ""
        return f"<LineageView{turned} level={self.lineage.level!r} nodes={len(self):,} edges={self.arrays.forward.m:,}>"

    def __reduce__(self) -> tuple[Any, ...]:
        lineage = self.lineage
        parts = Parts(lineage.level, lineage.nodes, lineage.edges, lineage.forward, lineage.backward)
        return _view, (parts, self._turned, self.graph)

    def __copy__(self) -> LineageView:
        return self

    def __deepcopy__(self, memo: object) -> LineageView:
        return self

    # -- what the arrays know at once --------------------------------------------------------------------------

    def number_of_edges(self, u: str | None = None, v: str | None = None) -> int:
        """Count the edges, or those from `u` to `v`."""
        return self.arrays.forward.m if u is None else int(self.has_edge(u, v))

    def size(self, weight: str | None = None) -> Any:
        """Count the edges, or sum an attribute of them."""
        return self.arrays.forward.m if weight is None else super().size(weight)

    # -- other graphs ------------------------------------------------------------------------------------------

    def copy(self, as_view: bool = False) -> nx.DiGraph:
        """Make an independent `networkx.DiGraph`; with `as_view` a view of this one."""
        if as_view:
            return super().copy(as_view=True)
        graph = to_networkx(self.lineage.nodes, self._edge_frame())
        graph.graph.update(self.graph)
        return graph

    def reverse(self, copy: bool = True) -> nx.DiGraph:
        """Turn every edge round: in an independent DiGraph, or without `copy` in another LineageView."""
        turned = LineageView(self.lineage, turned=not self._turned)
        turned.graph = deepcopy(self.graph) if copy else self.graph
        return turned.copy() if copy else turned

    def _edge_frame(self) -> pl.DataFrame:
        """Edges in the order in which this view iterates over them."""
        edges, number = self.lineage.edges, self.arrays.forward.edge
        if number is not None:
            edges = edges[number]
        return edges.rename({"source": "target", "target": "source"}) if self._turned else edges

    # -- changes -----------------------------------------------------------------------------------------------

    add_node = add_nodes_from = remove_node = remove_nodes_from = refuse
    add_edge = add_edges_from = add_weighted_edges_from = remove_edge = remove_edges_from = refuse
    update = clear = clear_edges = refuse


def _view(parts: Parts, turned: bool, attributes: dict[str, Any]) -> LineageView:
    view = LineageView(parts, turned=turned)
    view.graph = attributes
    return view
