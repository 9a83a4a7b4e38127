"""One picture per answer: the part of the lineage it speaks of, or bars of its figures."""

from __future__ import annotations

import numpy as np
import polars as pl

from lineage_nb.analyses.pii import VERDICTS
from lineage_nb.analyses.result import Answer, money
from lineage_nb.analyses.unused import DROPPABLE
from lineage_nb.graph.csr import Ints
from lineage_nb.graph.lineage import Lineage
from lineage_nb.graph.lineage_graph import LineageGraph
from lineage_nb.views.bars import bars
from lineage_nb.views.scene import Scene, neighbourhood, scene_of
from lineage_nb.views.svg import svg

__all__ = ["busiest", "data_of", "focus_of", "part_of", "picture", "scene_for"]

_MARKS = 40
_FOLD = 12


def data_of(lineage: Lineage, nodes: pl.Series) -> list[str]:
    """The datasets and reports that nodes are or belong to, sorted."""
    return lineage.graph("dataset").names(_places(lineage, nodes)).to_list()


def _places(lineage: Lineage, nodes: pl.Series) -> Ints:
    """Numbers at the level of datasets of what nodes are or belong to, ascending."""
    coded, members = lineage.coded, lineage.graph("dataset").members
    homes = np.unique(coded.data[coded.numbers(nodes).drop_nulls().to_numpy()])
    at = np.searchsorted(members, homes)
    inside = at < len(members)
    inside[inside] = members[at[inside]] == homes[inside]
    places: Ints = at[inside]
    return places


def _told(answer: Answer) -> pl.Series:
    """The nodes that an answer speaks of."""
    frame = answer.frame
    if answer.analysis == "unused":
        return frame.filter(pl.col("verdict").is_in(DROPPABLE))["node"]
    if answer.analysis == "cost":
        return answer.lineage.graph("dataset").nodes["id"]
    return frame["node"]


def focus_of(answer: Answer) -> str | None:
    """The dataset or report that a picture of the answer begins with; None: no single one."""
    start = answer.focus
    if start is None:
        told = data_of(answer.lineage, _told(answer).head(1))
        return told[0] if told else None
    mine = data_of(answer.lineage, pl.Series([start]))
    if mine:
        return mine[0]
    near = data_of(answer.lineage, answer.frame.filter(pl.col("hops") == 1)["node"])
    return near[0] if near else None


def part_of(answer: Answer) -> LineageGraph:
    """The datasets and reports that an answer speaks of, its start included, and the edges between them."""
    whole = answer.lineage.graph("dataset")
    told = _places(answer.lineage, _told(answer))
    focus = focus_of(answer) if answer.focus is not None else None
    part = whole.part(np.union1d(told, [whole.index(focus)]) if focus else told)
    return _as_answered(part, answer.frame) if answer.analysis == "impact" else part


def _as_answered(part: LineageGraph, frame: pl.DataFrame) -> LineageGraph:
    """Nodes carry the answer's hops and certainty; an edge is no surer than what it leads to."""
    told = frame.select(pl.col("node").alias("id"), "hops", "certainty")
    nodes = part.nodes.join(told, on="id", how="left", maintain_order="left")
    possible = told.filter(pl.col("certainty") == "possible")["id"]
    unsure = nodes["id"].is_in(possible.implode()).to_numpy()
    return part.told(nodes, part.table.proved & ~unsure[part.adjacency.target])


def scene_for(answer: Answer, max_marks: int = _MARKS) -> Scene:
    """The drawing of an answer's part of the lineage."""
    part, focus = part_of(answer), focus_of(answer)
    if answer.focus is not None and focus is not None:
        fold = _FOLD if len(part) > max_marks else 2_000
        return neighbourhood(part, focus, upstream=False, hops=99, max_marks=max_marks, fold=fold)
    return scene_of(part, max_marks=max_marks)


def picture(answer: Answer) -> str:
    """The small picture of an answer, as SVG; empty when there is nothing to draw."""
    draw = {"impact": _impact, "cost": _cost, "pii": _pii, "unused": _unused, "what_if": _what_if, "realised": _realised}
    return draw[answer.analysis](answer)


def _impact(answer: Answer) -> str:
    return svg(scene_for(answer), title=answer.headline) if answer.frame.height else ""


def _cost(answer: Answer) -> str:
    frame, currency = answer.frame, str(answer.summary["currency"])
    shown = [money(a, currency) for a in frame["amount"]]
    return bars([answer.lineage.spoken(k) for k in frame["key"]], frame["amount"].to_list(), answer.headline, shown, limit=14)


def _pii(answer: Answer) -> str:
    order = pl.col("verdict").replace_strict({v: i for i, v in enumerate(VERDICTS)})
    counts = answer.frame.group_by("label", "certainty").agg(pl.len(), order.min()).sort("label", "certainty", descending=[False, True])
    names = [f"{label} ({certainty})" for label, certainty in counts.select("label", "certainty").iter_rows()]
    return bars(names, counts["len"].to_list(), answer.headline, [f"{n:,} places" for n in counts["len"]], limit=24)


def _unused(answer: Answer) -> str:
    counts = answer.frame.group_by("verdict").len().sort("len", "verdict", descending=[True, False])
    return bars(counts["verdict"].to_list(), counts["len"].to_list(), answer.headline, limit=10)


def _what_if(answer: Answer) -> str:
    parts, currency = answer.summary["by_component"], str(answer.summary["currency"])
    shown = [money(v, currency) for v in parts.values()]
    return bars([str(c) for c in parts], list(parts.values()), answer.headline, shown, limit=10)


def _realised(answer: Answer) -> str:
    summary = answer.summary
    if summary["promised"] is None:
        return ""
    both = [int(summary[name]) for name in ("promised", "realised")]
    return bars(["promised", "realised"], both, answer.headline, [money(v, summary["currency"]) for v in both])


def busiest(lineage: Lineage) -> str | None:
    """The dataset with most direct readers: a node worth asking about; None without edges."""
    graph = lineage.graph("dataset")
    degree = np.diff(graph.forward.indptr)
    return graph.ids[int(np.argmax(degree))] if len(graph) and degree.max() > 0 else None
