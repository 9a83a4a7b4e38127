"""Two pictures of a long way: its ends with the middle counted, and what lies between two nodes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import zip_longest
from types import MappingProxyType

import numpy as np

from lineage_nb.graph.csr import Ints
from lineage_nb.graph.lineage_graph import LineageGraph
from lineage_nb.model.names import spoken_name
from lineage_nb.views.choice import Bools, reach
from lineage_nb.views.compose import Dress, Fold, compose
from lineage_nb.views.fold import ALONE, END, MIDDLE, SOURCE, Part, group, label_counts, label_sets
from lineage_nb.views.labels import clean
from lineage_nb.views.marks import Scene

__all__ = ["UNFOLD", "between", "ends"]

UNFOLD = 16
"""Nodes of a bundle that a click draws."""
_EACH_SIDE, _CROSSROADS, _GROUPS, _SMALL, _CANDIDATES = 10, 4, 9, 30, 256
_FAR = 1 << 30
_NOUNS = {"dataset": "table", "job": "job", "column": "column"}


def ends(
    graph: LineageGraph,
    focus: str | None = None,
    *,
    allowed: Bools | None = None,
    upstream: bool = True,
    downstream: bool = True,
    unfolded: Iterable[str] = (),
    max_marks: int = 120,
    dress: Dress | None = None,
) -> Scene:
    """Show what is most upstream and most downstream; what lies between is counted.

    Parameters
    ----------
    graph : LineageGraph
        Any level.
    focus : str, optional
        Id or unique suffix of the node between the ends; None: the ends of the whole graph.
    allowed : numpy.ndarray of bool, optional
        Shape (n,). Nodes that may be shown and passed through.
    upstream, downstream : bool
        Which sides of the focus to show.
    unfolded : iterable of str
        Ids of nodes in the middle that are drawn too.
    max_marks : int
        At most so many boxes, bundles included as far as they hold several nodes.
    dress : Dress, optional
        What is open and pinned.

    Returns
    -------
    Scene
        Sources and ends are those without anything before or after them, a cycle counting as one; of many, those
        that most nodes come from or lead to (of thousands of levels, those with most edges). Of the whole graph, a few tables that most ways lead through are drawn
        too. All counts are exact, and no node is counted twice.

    Examples
    --------
    >>> import lineage_nb as ln
    >>> chain = [(f"t{i:03}", f"t{i + 1:03}") for i in range(100)]
    >>> scene = ends(ln.from_edges(chain).graph(), "t050")
    >>> scene.ids, [m.label for m in scene.marks if m.kind == "bundle"]
    (['t000', 't050', 't100'], ['49 tables between', '49 tables between'])
    """
    mask = np.ones(len(graph), dtype=bool) if allowed is None else allowed.copy()
    roots = np.empty(0, dtype=np.int64)
    everything = inside = mask
    if focus is not None:
        start = graph.index(focus)
        roots = np.array(graph.starts(graph.ids[start]), dtype=np.int64)
        mask[roots] = True
        sides = [csr for csr, wanted in ((graph.backward, upstream), (graph.forward, downstream)) if wanted]
        inside, everything = np.zeros(len(graph), dtype=bool), np.zeros(len(graph), dtype=bool)
        inside[roots] = everything[roots] = True
        for csr in sides:
            inside |= reach(csr, roots, _FAR, mask) >= 0
            everything |= reach(csr, roots, _FAR, np.ones(len(graph), dtype=bool)) >= 0
        focus = graph.ids[start]
    else:
        everything = np.ones(len(graph), dtype=bool)
    part = Part.of(graph, inside)
    role = part.roles()
    role[part.local(roots)] = MIDDLE
    each = max(1, min(_EACH_SIDE, (max_marks - len(roots)) // 3))
    outer = [_largest(part, role, SOURCE, each), _largest(part, role, END, each)]
    scene = Scene(focus=focus, level=graph.level, total=int(everything.sum()))
    lost = int(everything.sum()) - len(part.nodes)
    extra = [graph.naming.number(n) for n in dict.fromkeys([*unfolded, *(dress.pinned if dress else ())])]
    if focus is None:
        extra += part.nodes[_crossroads(part, role, min(_CROSSROADS, max_marks // 12))].tolist()
    return _folded(graph, part, role, roots, outer, [n for n in extra if n is not None], scene, lost, max_marks, dress)


def between(
    graph: LineageGraph,
    a: str,
    b: str,
    *,
    allowed: Bools | None = None,
    unfolded: Iterable[str] = (),
    max_marks: int = 120,
    dress: Dress | None = None,
) -> Scene:
    """Show only what connects two nodes: everything that `a` leads to and that leads to `b`.

    Parameters
    ----------
    graph : LineageGraph
        Any level.
    a, b : str
        Ids or unique suffixes; where nothing leads from `a` to `b` but the other way round, that is shown.
    allowed, unfolded, max_marks, dress
        As `ends`.

    Returns
    -------
    Scene
        `note` says in a sentence what was found. Where nothing connects them, the two alone.

    Examples
    --------
    >>> import lineage_nb as ln
    >>> graph = ln.from_edges([("a", "b"), ("b", "c"), ("b", "x")]).graph()
    >>> between(graph, "a", "c").ids, between(graph, "c", "x").note
    (['a', 'b', 'c'], 'Nothing leads from c to x, nor back.')
    """
    mask = np.ones(len(graph), dtype=bool) if allowed is None else allowed.copy()
    names = [graph.resolve(a), graph.resolve(b)]
    first, last = (np.array(graph.starts(n), dtype=np.int64) for n in names)
    mask[first] = mask[last] = True
    inside = (reach(graph.forward, first, _FAR, mask) >= 0) & (reach(graph.backward, last, _FAR, mask) >= 0)
    turned = not inside.any()
    if turned:
        inside = (reach(graph.forward, last, _FAR, mask) >= 0) & (reach(graph.backward, first, _FAR, mask) >= 0)
        first, last = last, first
    scene = Scene(focus=names[0], level=graph.level)
    said = [clean(spoken_name(n), 80) for n in names]
    if not inside.any():
        note = f"Nothing leads from {said[0]} to {said[1]}, nor back."
        alone = sorted({graph.index(n) for n in names})
        return compose(graph, alone, [], replace(scene, drawn=len(alone), total=len(alone), note=note), roots=names, dress=dress)
    part = Part.of(graph, inside)
    sides = [side[inside[side]].tolist() for side in (first, last)]
    turns = (n for pair in zip_longest(*sides) for n in pair if n is not None)
    roots = np.array(list(dict.fromkeys(turns)), dtype=np.int64)
    count = len(part.nodes) - len(roots)
    way = f"Nothing leads from {said[0]} to {said[1]}; the other way round" if turned else f"From {said[0]} to {said[1]}"
    note = f"{way}: {count:,} node{'' if count == 1 else 's'} between."
    number = [graph.naming.number(n) for n in unfolded]
    extra = [n for n in number if n is not None]
    role = np.full(len(part.nodes), MIDDLE)
    nothing = np.empty(0, dtype=np.int64)
    scene = replace(scene, total=len(part.nodes), note=note)
    return _folded(graph, part, role, roots, [nothing, nothing], extra, scene, 0, max_marks, dress)


def _largest(part: Part, role: Ints, wanted: int, most: int) -> Ints:
    """The ends of a kind that most nodes come from or lead to, one for each cycle: places, best first."""
    found = np.flatnonzero(role == wanted)
    rows = part.adjacency.forward if wanted == SOURCE else part.adjacency.backward
    degree = np.diff(rows.indptr)[found]
    component = part.down.component[found]
    order = np.lexsort((found, -degree))
    once = np.unique(component[order], return_index=True)[1]
    best = found[order[np.sort(once)]]
    if len(best) <= most or part.deep:
        return best[:most]
    best = best[:_CANDIDATES]
    before, after = label_sets(part, best)
    reached = label_counts(before if wanted == SOURCE else after, len(best))
    return best[np.lexsort((best, -reached))][:most]


def _crossroads(part: Part, role: Ints, most: int) -> Ints:
    """The nodes in the middle with most before them, times most after them."""
    found = np.flatnonzero(role == MIDDLE)
    degree = np.diff(part.adjacency.forward.indptr) + np.diff(part.adjacency.backward.indptr)
    best = found[np.lexsort((found, -degree[found]))][:_CANDIDATES]
    if not len(best) or not most or part.deep:
        return best[:most]
    onward, back = (label_counts(sets, len(best)) for sets in label_sets(part, best))
    return best[np.lexsort((best, -(onward * back)))][:most]


def _folded(
    graph: LineageGraph,
    part: Part,
    role: Ints,
    roots: Ints,
    outer: list[Ints],
    extra: list[int],
    scene: Scene,
    lost: int,
    max_marks: int,
    dress: Dress | None,
) -> Scene:
    """Draw roots, ends and what was unfolded; bundle the rest."""
    room = max(1, max_marks - 2 * _GROUPS)
    inside = part.local(extra)
    inside = inside[(inside < len(part.nodes)) & (part.nodes[np.minimum(inside, len(part.nodes) - 1)] == extra)] if extra else inside
    own = part.local(roots)[: max(2, room)]
    if len(part.nodes) <= min(_SMALL, room):
        drawn = np.arange(len(part.nodes))
    else:
        wanted = list(dict.fromkeys(np.concatenate([own, *outer, inside]).tolist()))
        drawn = np.sort(np.array(wanted[:max_marks], dtype=np.int64))
    groups = _grouped(part, drawn, role, max_marks)
    single = np.flatnonzero(np.bincount(groups[groups >= 0]) == 1)
    alone = np.flatnonzero(np.isin(groups, single))
    if len(alone) and len(drawn) + len(alone) <= room:
        drawn = np.union1d(drawn, alone)
        groups = _grouped(part, drawn, role, max_marks)
    folds, members = _folds(graph, part, drawn, groups, role)
    numbers = part.nodes[drawn]
    ids = {graph.ids[i] for i in roots.tolist()}
    kept = {"folded": len(part.nodes) - len(drawn), "filtered": lost}
    scene = replace(
        scene, drawn=len(drawn), hidden=MappingProxyType({k: v for k, v in kept.items() if v}), folds=MappingProxyType(members)
    )
    sides = tuple([int(part.nodes[i]) for i in drawn[role[drawn] == wanted]] for wanted in (SOURCE, END))
    return compose(graph, numbers.tolist(), folds, scene, roots=ids, dress=dress, outer=(sides[0], sides[1]))


def _grouped(part: Part, drawn: Ints, role: Ints, max_marks: int) -> Ints:
    inner = drawn[role[drawn] == MIDDLE]
    return group(part, drawn, inner, role, max(1, min(_GROUPS, max_marks - len(drawn))))


def _folds(
    graph: LineageGraph, part: Part, drawn: Ints, groups: Ints, role: Ints
) -> tuple[list[Fold], Mapping[str, tuple[str, ...]]]:
    """Make bundles of groups: label, neighbours, and what is drawn next."""
    count = int(groups.max(initial=-1)) + 1
    if not count:
        return [], {}
    s, t = part.adjacency.source, part.adjacency.target
    at = np.full(len(part.nodes), -1, dtype=np.int64)
    at[drawn] = part.nodes[drawn]
    ends_of = [np.where(groups[side] >= 0, -1 - groups[side], at[side]) for side in (s, t)]
    touched = ((groups[s] >= 0) | (groups[t] >= 0)) & (ends_of[0] != ends_of[1])
    pairs = np.unique(np.column_stack([end[touched] for end in ends_of]), axis=0).tolist()
    before: dict[int, list[int]] = {}
    after: dict[int, list[int]] = {}
    for a, b in pairs:
        if a < 0:
            after.setdefault(-1 - a, []).append(b)
        else:
            before.setdefault(-1 - b, []).append(a)
    degree = np.diff(part.adjacency.forward.indptr) + np.diff(part.adjacency.backward.indptr)
    order = np.lexsort((np.arange(len(groups)), -degree, groups))
    order = order[np.searchsorted(groups[order], 0) :]
    cut = np.searchsorted(groups[order], np.arange(count + 1))
    folds, members = [], {}
    for g in range(count):
        mine = order[cut[g] : cut[g + 1]]
        first = [graph.id_of(int(n)) for n in part.nodes[mine[:UNFOLD]]]
        kind = {SOURCE: "sources", END: "ends", ALONE: "alone"}.get(int(role[mine[0]]), "between")
        folds.append(Fold(first[0], kind, len(mine), _label(graph, part.nodes[mine], kind), tuple(before.get(g, ())), tuple(after.get(g, ()))))
        members[first[0]] = tuple(first)
    return folds, members


def _label(graph: LineageGraph, nodes: Ints, kind: str) -> str:
    if kind in ("sources", "ends"):
        return f"{len(nodes):,} more {kind}"
    noun = _NOUNS[graph.level]
    if graph.level == "dataset" and graph.naming.of_kind("report")[nodes].any():
        noun = "node"
    what = f"{len(nodes):,} {noun}{'' if len(nodes) == 1 else 's'}"
    return f"{what} between" if kind == "between" else f"{what} alone"

