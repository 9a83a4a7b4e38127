"""What people do in an explorer: each step makes one state of another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from lineage_nb.graph.lineage_graph import LineageGraph
from lineage_nb.views.compose import OPEN_ROWS
from lineage_nb.views.scene import Scene
from lineage_nb.widgets.state import State

__all__ = ["STEP", "collapsed", "expanded", "filtered", "more_columns", "opened", "toggled"]

STEP = 24
"""Neighbours, and columns, that a click shows more."""
_SIDES = ("up", "down")


def expanded(state: State, scene: Scene, graph: LineageGraph, node: str, side: str = "") -> State:
    """Show more: of the neighbours of a node on a side (or both), or of what is in a bundle.

    Examples
    --------
    >>> import lineage_nb as ln
    >>> graph = ln.from_edges([("a", "b")]).graph()
    >>> expanded(State(focus="a"), Scene(), graph, "a", "down").expand[("a", "down")]
    24
    """
    if node in scene.folds and side not in _SIDES:
        return replace(state, unfolded=_together(state.unfolded, scene.folds[node]))
    if state.view == "around":
        wanted = {(node, s): scene.drawn_beside(node, s) + STEP for s in ([side] if side in _SIDES else _SIDES)}
        return replace(state, expand={**state.expand, **wanted})
    near = _neighbours(graph, node, set(scene.ids))[:STEP]
    return replace(state, unfolded=_together(state.unfolded, near))


def collapsed(state: State, graph: LineageGraph, node: str) -> State:
    """Show less: first what was expanded from a node, then none of its neighbours; what was unfolded is folded again."""
    if state.view == "around":
        mine = {(node, side): count for side in _SIDES if (count := state.expand.get((node, side), 0)) > 0}
        kept = {k: v for k, v in state.expand.items() if k not in mine}
        return replace(state, expand=kept if mine else {**kept, **{(node, side): 0 for side in _SIDES}})
    gone = {node, *_neighbours(graph, node, set())}
    return replace(state, unfolded=tuple(n for n in state.unfolded if n not in gone))


def opened(state: State, node: str, most: int = OPEN_ROWS) -> State:
    """List the columns of a table in its box, or no longer."""
    if node in state.opened:
        return replace(state, opened={k: v for k, v in state.opened.items() if k != node})
    return replace(state, opened={**state.opened, node: most})


def more_columns(state: State, node: str) -> State:
    """List more columns of an open table."""
    return replace(state, opened={**state.opened, node: state.opened.get(node, 0) + STEP})


def filtered(state: State, facet: str, value: str) -> State:
    """Show only nodes with a value of a facet (and with others chosen before), or no longer."""
    chosen = toggled(state.facets.get(facet, frozenset()), value)
    facets: Mapping[str, frozenset[str]] = {**state.facets, facet: chosen}
    return replace(state, facets={k: v for k, v in facets.items() if v})


def toggled(values: frozenset[str], value: str) -> frozenset[str]:
    """Add a value, or take it out.

    Examples
    --------
    >>> toggled(frozenset({"a"}), "a")
    frozenset()
    """
    return values ^ {value}


def _together(before: Iterable[str], more: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*before, *more]))


def _neighbours(graph: LineageGraph, node: str, drawn: set[str]) -> list[str]:
    number = graph.naming.number(node)
    if number is None:
        return []
    near = [graph.id_of(int(i)) for csr in (graph.backward, graph.forward) for i in csr.row(number)]
    return [n for n in dict.fromkeys(near) if n not in drawn]
