"""Money along the layers of the data: from the schemas where it is spent to whoever consumes it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lineage_nb.analyses.cost.flow import FlowSplit
from lineage_nb.analyses.cost.parts import Parts
from lineage_nb.analyses.result import Answer
from lineage_nb.graph.order import Condensation

__all__ = ["Box", "Layers", "acyclic", "layers"]

_MOST = 12
_GROUPS = 40
_ASKED = 60
Floats = NDArray[np.float64]


class Box(NamedTuple):
    """A box of the picture: what it stands for ("place", "key", "line" or "rest"), its name, and a column to tell rests apart."""

    what: str
    name: str
    nth: int = 0


@dataclass(frozen=True)
class Layers:
    """Money between boxes, in columns.

    Attributes
    ----------
    columns : list of lists of Box
        From where money is spent to where it ends.
    flows : dict of (Box, Box) to float
        Micro-units; every flow leads to a later column.
    spent : dict of Box to float
        Micro-units that are spent in a box, before any flow.
    left_out : dict of str to int
        Micro-units that are in the answer, but in no flow, by line.
    """

    columns: list[list[Box]]
    flows: dict[tuple[Box, Box], float]
    spent: dict[Box, float]
    left_out: dict[str, int]


def layers(answer: Answer, most: int = _MOST) -> Layers:
    """Group the flow of money of an answer of `cost` by schema (else namespace).

    Parameters
    ----------
    answer : Answer
        Of `cost`. Under ``usage`` and ``even`` money passes through every schema on its way; other methods know only
        where it is spent and where it ends.
    most : int
        Boxes of a column; the smallest beyond are one box that counts them.

    Returns
    -------
    Layers
        Money that returns to a schema it came from is netted, so that all of it runs one way.
    """
    attributed = next((a for a in getattr(answer.explain, "args", ()) if isinstance(a, Parts)), Parts([]))
    flows_ = [method for _, method in attributed.parts if isinstance(method, FlowSplit)]
    moved: dict[tuple[Box, Box], float] = {}
    spent: dict[Box, float] = {}
    if not flows_:
        moved, spent = _by_reach(answer)
    for flow in flows_:
        more, own = _by_flow(answer, flow)
        for pair, amount in more.items():
            moved[pair] = moved.get(pair, 0.0) + amount
        for box, amount in own.items():
            spent[box] = spent.get(box, 0.0) + amount
    moved, spent = _folded(moved, spent)
    flows = acyclic(moved)
    columns = _columns(flows, spent)
    flows, spent, columns = _trimmed(flows, spent, columns, most)
    out = answer.frame.filter(pl.col("line").is_in(["idle", "unallocated"]))
    return Layers(columns, flows, spent, dict(out.select("key", "amount").iter_rows()))


def _places(answer: Answer, nodes: pl.Series) -> list[str]:
    """Schemas of nodes, else their namespaces."""
    known = answer.lineage.frames["nodes"].select("id", "kind", "namespace", "name")
    rows = nodes.alias("id").to_frame().join(known, on="id", how="left", maintain_order="left")
    schema = rows["name"].str.extract(r"^(.+)[./:#\\][^./:#\\]+$")
    kind = rows["kind"].fill_null("elsewhere")
    own = pl.select(pl.when(rows["kind"] == "principal").then(pl.lit("people")).when(rows["kind"] == "report").then(pl.lit("reports"))).to_series()
    return pl.select(pl.coalesce(own, schema, rows["namespace"], kind)).to_series().to_list()


def _by_flow(answer: Answer, flow: FlowSplit) -> tuple[dict[tuple[Box, Box], float], dict[Box, float]]:
    (parts, weight), first = flow.flow, flow.net.places.n
    edge, moved, held = _edge_money(parts, weight, flow.start)
    heads = parts.order[parts.start[:-1]]
    used = np.zeros(parts.count, dtype=bool)
    source, target = (parts.component[getattr(parts.graph, side)[edge]] for side in ("source", "target"))
    busy = moved != 0
    used[source[busy]] = used[target[busy]] = True
    start = np.bincount(parts.component, weights=flow.start, minlength=parts.count)
    used |= (start != 0) | (held != 0)
    at = np.flatnonzero(used)
    box = dict(zip(at.tolist(), _boxes(answer, flow, heads[at], first), strict=True))
    flows: dict[tuple[Box, Box], float] = {}
    pairs = pl.DataFrame({"a": source[busy], "b": target[busy], "m": moved[busy]}).group_by("a", "b").agg(pl.col("m").sum()).sort("a", "b")
    for a, b, m in pairs.iter_rows():
        flows[box[a], box[b]] = flows.get((box[a], box[b]), 0.0) + m
    spent: dict[Box, float] = {}
    for c in at.tolist():
        if start[c]:
            spent[box[c]] = spent.get(box[c], 0.0) + float(start[c])
        if held[c] and heads[c] < first:
            end = (box[c], Box("line", "unconsumed"))
            flows[end] = flows.get(end, 0.0) + float(held[c])
    return flows, spent


def _boxes(answer: Answer, flow: FlowSplit, nodes: NDArray[np.int64], first: int) -> list[Box]:
    """What nodes of a flow belong to: a key, or a reader that counts as one key alone, to that; others to a schema."""
    net = flow.net
    keys = net.keys.to_list()
    of = np.full(first, -1, dtype=np.int64)
    once = np.bincount(net.terminal, minlength=first)[net.terminal] == 1
    of[net.terminal[once]] = net.key[once]
    inside = nodes < first
    names = _places(answer, net.places.names.gather(np.where(inside, nodes, 0)))
    key = np.where(inside, of[np.where(inside, nodes, 0)], nodes - first)
    return [
        Box("place", place) if k < 0 else Box("line" if keys[k] == "other" else "key", keys[k])
        for place, k in zip(names, key.tolist(), strict=True)
    ]


def _edge_money(parts: Condensation, weight: Floats, start: NDArray[np.int64]) -> tuple[NDArray[np.int64], Floats, Floats]:
    """Numbers of edges between components, what each carries, and what stays at each component in the end."""
    edge = parts.edge
    source, target = parts.component[parts.graph.source[edge]], parts.component[parts.graph.target[edge]]
    share = weight[edge] / np.bincount(source, weights=weight[edge], minlength=parts.count)[source]
    held = np.bincount(parts.component, weights=start, minlength=parts.count).astype(np.float64)
    order = np.argsort(source, kind="stable")
    level = parts.level[source[order]]
    cuts = np.searchsorted(level, np.arange(parts.depth + 1))
    moved = np.zeros(len(edge))
    for a, b in pairwise(cuts.tolist()):
        mine = order[a:b]
        moved[mine] = held[source[mine]] * share[mine]
        np.add.at(held, target[mine], moved[mine])
    held[source] = 0.0
    return edge.astype(np.int64), moved, held


def _by_reach(answer: Answer) -> tuple[dict[tuple[Box, Box], float], dict[Box, float]]:
    """Where money is spent and where it ends, of the largest keys and of the lines."""
    flows: dict[tuple[Box, Box], float] = {}
    spent: dict[Box, float] = {}
    lines = answer.frame.filter(~pl.col("line").is_in(["consumer", "idle", "unallocated"]))
    keys = pl.concat([answer.frame.filter(pl.col("line") == "consumer").head(_ASKED), lines])
    rest = answer.frame.filter(pl.col("line") == "consumer").slice(_ASKED)
    for key, line in keys.select("key", "line").iter_rows():
        why = answer.explain(key)
        end = Box("key" if line == "consumer" else "line", key)
        for place, amount in zip(_places(answer, why["node"]), why["amount"], strict=True):
            box = Box("place", place)
            flows[box, end] = flows.get((box, end), 0.0) + amount
            spent[box] = spent.get(box, 0.0) + amount
    if rest.height:
        box, end = Box("rest", "not broken down"), Box("rest", f"{rest.height:,} more keys")
        flows[box, end] = spent[box] = float(rest["amount"].sum())
    return flows, spent


def _folded(flows: dict[tuple[Box, Box], float], spent: dict[Box, float]) -> tuple[dict[tuple[Box, Box], float], dict[Box, float]]:
    """Keep the schemas that most money passes; the others are one box."""
    through = _through(flows, spent)
    places = sorted((b for b in through if b.what == "place"), key=lambda b: (-through[b], b))
    small = set(places[_GROUPS - 1 :]) if len(places) > _GROUPS else set()
    return _merged(flows, spent, dict.fromkeys(small, Box("rest", f"{len(small):,} other places")))


def _merged(
    flows: dict[tuple[Box, Box], float], spent: dict[Box, float], into: dict[Box, Box]
) -> tuple[dict[tuple[Box, Box], float], dict[Box, float]]:
    merged: dict[tuple[Box, Box], float] = {}
    for (a, b), amount in flows.items():
        pair = into.get(a, a), into.get(b, b)
        if pair[0] != pair[1]:
            merged[pair] = merged.get(pair, 0.0) + amount
    own: dict[Box, float] = {}
    for box, amount in spent.items():
        own[into.get(box, box)] = own.get(into.get(box, box), 0.0) + amount
    return merged, own


def _through(flows: dict[tuple[Box, Box], float], spent: dict[Box, float]) -> dict[Box, float]:
    """What enters each box, or leaves it, whichever is more."""
    into: dict[Box, float] = {b: abs(v) for b, v in spent.items()}
    out: dict[Box, float] = {}
    for (a, b), amount in flows.items():
        out[a] = out.get(a, 0.0) + abs(amount)
        into[b] = into.get(b, 0.0) + abs(amount)
    return {b: max(into.get(b, 0.0), out.get(b, 0.0)) for b in {*into, *out}}


def acyclic(flows: dict[tuple[Box, Box], float]) -> dict[tuple[Box, Box], float]:
    """Cancel what flows in circles, so that what enters and leaves each box differs by the same amount as before.

    Parameters
    ----------
    flows : dict of (Box, Box) to float
        Negative ones count as flows the other way.

    Examples
    --------
    >>> a, b = Box("place", "a"), Box("place", "b")
    >>> acyclic({(a, b): 5.0, (b, a): 2.0})
    {(Box(what='place', name='a', nth=0), Box(what='place', name='b', nth=0)): 3.0}
    """
    left: dict[Box, dict[Box, float]] = {}
    for (a, b), amount in sorted(flows.items()):
        if a != b and amount:
            one, other = (a, b) if amount > 0 else (b, a)
            left.setdefault(one, {})[other] = left.get(one, {}).get(other, 0.0) + abs(amount)
    while True:
        circle = _circle(left)
        if not circle:
            break
        pairs = list(zip(circle, [*circle[1:], circle[0]], strict=True))
        least = min(left[a][b] for a, b in pairs)
        for a, b in pairs:
            left[a][b] -= least
            if left[a][b] <= 0:
                del left[a][b]
    return {(a, b): amount for a, ends in left.items() for b, amount in ends.items()}


def _circle(graph: dict[Box, dict[Box, float]]) -> list[Box]:
    """Find boxes that lead to each other in a circle; empty where there is none."""
    state: dict[Box, int] = {}
    for root in sorted(graph):
        if root in state:
            continue
        trail, ways = [root], [iter(sorted(graph[root]))]
        state[root] = 1
        while trail:
            step = next(ways[-1], None)
            if step is None:
                state[trail.pop()] = 2
                ways.pop()
            elif state.get(step) == 1:
                return trail[trail.index(step) :]
            elif step not in state:
                state[step] = 1
                trail.append(step)
                ways.append(iter(sorted(graph.get(step, {}))))
    return []


def _columns(flows: dict[tuple[Box, Box], float], spent: dict[Box, float]) -> list[list[Box]]:
    """Boxes by their longest way from a source; keys and lines last."""
    boxes = sorted({*spent, *(b for pair in flows for b in pair)})
    level = dict.fromkeys(boxes, 0)
    for _ in boxes:
        moved = False
        for a, b in flows:
            if level[b] <= level[a]:
                level[b], moved = level[a] + 1, True
        if not moved:
            break
    final = {b for b in boxes if b.what in ("key", "line")} | {b for b in boxes if b.what == "rest" and b.name.endswith("keys")}
    last = max((level[b] for b in boxes if b not in final), default=-1) + 1
    sources = {a for a, _ in flows}
    level.update({b: max(last, level[b]) for b in final if b not in sources})
    return [mine for n in range(max(level.values(), default=-1) + 1) if (mine := [b for b in boxes if level[b] == n])]


def _trimmed(
    flows: dict[tuple[Box, Box], float], spent: dict[Box, float], columns: list[list[Box]], most: int
) -> tuple[dict[tuple[Box, Box], float], dict[Box, float], list[list[Box]]]:
    """Let the smallest boxes of a column be one that counts them, lines apart; the largest box first."""
    through = _through(flows, spent)
    into: dict[Box, Box] = {}
    kept = []
    for nth, column in enumerate(columns):
        ranked = sorted(column, key=lambda b: (b.what == "line", -through[b], b))
        lines = [b for b in ranked if b.what == "line"]
        others = [b for b in ranked if b.what != "line"]
        room = max(1, most - len(lines))
        if len(others) > room:
            small = others[room - 1 :]
            rest = Box("rest", f"{len(small):,} more {'keys' if nth == len(columns) - 1 else 'places'}", nth)
            into.update(dict.fromkeys(small, rest))
            others = [*others[: room - 1], rest]
        kept.append([*others, *lines])
    flows, spent = _merged(flows, spent, into)
    return flows, spent, kept
