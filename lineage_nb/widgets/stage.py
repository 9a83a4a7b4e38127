"""From the state of an explorer to the scene that is drawn."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lineage_nb.graph.lineage_graph import Level, LineageGraph
from lineage_nb.views.columns import Columns, HasGraphs
from lineage_nb.views.compose import Dress
from lineage_nb.views.ends import between, ends
from lineage_nb.views.scene import Scene, neighbourhood, scene_of, within_reach
from lineage_nb.widgets.facets import Facets
from lineage_nb.widgets.state import State

__all__ = ["Stage"]


class Stage:
    """Draws states of one lineage; what several pictures need is looked up once.

    Parameters
    ----------
    lineage : Snapshot or Lineage
        What to look at.

    Examples
    --------
    >>> import lineage_nb as ln
    >>> stage = Stage(ln.from_edges([("raw", "staging"), ("staging", "mart")]))
    >>> stage.scene(State(focus="staging", hidden=frozenset({"raw"})), 120).ids
    ['mart', 'staging']
    """

    def __init__(self, lineage: HasGraphs) -> None:
        self._lineage = lineage
        self._columns = Columns(lineage)
        self._facets: dict[str, Facets] = {}

    def graph(self, level: Level) -> LineageGraph:
        """Give the graph of a level."""
        return self._lineage.graph(level)

    def facets(self, level: Level) -> Facets:
        """Give the facets of the nodes of a level."""
        if level not in self._facets:
            self._facets[level] = Facets(self.graph(level).nodes)
        return self._facets[level]

    def kinds(self, level: Level) -> list[str]:
        """List the kinds of the nodes of a level; of the columns' level, of those with an edge."""
        graph = self.graph(level)
        kinds = graph.naming.kinds
        if level == "column":
            linked = (np.diff(graph.forward.indptr) + np.diff(graph.backward.indptr)) > 0
            kinds = kinds.filter(linked)
        found: list[str] = kinds.cast(pl.String).unique().sort().to_list()
        return found

    def first_view(self, state: State, max_marks: int) -> str:
        """Choose how to begin: with the ends where not everything finds room."""
        graph = self.graph(state.level)
        if state.focus is None:
            return "ends" if len(graph) > max_marks else "around"
        reached = within_reach(graph, state.focus, upstream=state.up, downstream=state.down, hops=state.hops)
        return "ends" if reached > max_marks else "around"

    def scene(self, state: State, max_marks: int, chosen: str | None = None) -> Scene:
        """Compose what a state shows, of at most `max_marks` boxes."""
        graph = self.graph(state.level)
        allowed = self._allowed(graph, state)
        dress = Dress(self._columns, state.opened, state.pinned, chosen)
        scene = self._view(graph, state, allowed, max_marks, dress)
        gone = sum(name in graph for name in state.hidden)
        left = scene.hidden.get("filtered", 0)
        if not gone or not left:
            return scene
        filtered = state.kinds is not None or any(state.facets.values())
        counts = {**scene.hidden, "hidden or filtered" if filtered else "hidden": left}
        del counts["filtered"]
        return replace(scene, hidden=MappingProxyType(counts))

    def _view(
        self, graph: LineageGraph, state: State, allowed: NDArray[np.bool_] | None, max_marks: int, dress: Dress
    ) -> Scene:
        if state.view == "path" and state.focus is not None and state.other is not None:
            return between(graph, state.focus, state.other, allowed=allowed, unfolded=state.unfolded, max_marks=max_marks, dress=dress)
        if state.view == "ends":
            return ends(
                graph,
                state.focus,
                allowed=allowed,
                upstream=state.up,
                downstream=state.down,
                unfolded=state.unfolded,
                max_marks=max_marks,
                dress=dress,
            )
        if state.focus is None:
            return scene_of(graph, max_marks=max_marks, allowed=allowed, dress=dress)
        return neighbourhood(
            graph,
            state.focus,
            upstream=state.up,
            downstream=state.down,
            hops=state.hops,
            max_marks=max_marks,
            expand=state.expand,
            allowed=allowed,
            dress=dress,
        )

    def _allowed(self, graph: LineageGraph, state: State) -> NDArray[np.bool_] | None:
        """Which nodes may be shown; None for all."""
        mask = self.facets(state.level).mask(state.facets)
        if state.kinds is not None:
            of_kind = graph.naming.of_kind(*state.kinds)
            mask = of_kind if mask is None else mask & of_kind
        gone = [n for name in sorted(state.hidden) if (n := graph.naming.number(name)) is not None]
        if gone:
            mask = np.ones(len(graph), dtype=bool) if mask is None else mask.copy()
            mask[gone] = False
        return mask

