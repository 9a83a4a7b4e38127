"""One picture per answer: the part of the lineage it speaks of, or bars of its figures."""

from __future__ import annotations

import numpy as np
import polars as pl

from lineage_nb.analyses.cost.change import PARTS
from lineage_nb.analyses.result import Answer, money, plural
from lineage_nb.analyses.unused.judge import DROPPABLE
from lineage_nb.graph.csr import Ints
from lineage_nb.graph.lineage import Lineage
from lineage_nb.graph.lineage_graph import LineageGraph
from lineage_nb.views.bars import bars
from lineage_nb.views.heat_map import heat_svg
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
    if answer.analysis == "loaded_cost":
        report = str(answer.settings["report"])
        return pl.concat([answer.lineage.graph("dataset").upstream(report)["node"], frame["node"], pl.Series("node", [report])])
    if answer.analysis in ("cost", "cost_trend", "cost_change"):
        return answer.lineage.graph("dataset").nodes["id"]
    if answer.analysis == "cure":
        return pl.concat([frame["source"].drop_nulls(), frame["target"]]).alias("node")
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
    draw = {"impact": _impact, "cost": _cost, "pii": heat_svg, "unused": _unused, "what_if": _what_if, "realised": _realised}
    draw |= {"reconcile": _reconcile, "cost_trend": _cost_trend, "cost_change": _cost_change, "loaded_cost": _loaded_cost, "classify": _classify}
    draw |= {"exposures": _exposures, "cure": _cure, "scan_plan": _scan_plan, "subject_tables": _subject_tables}
    return draw[answer.analysis](answer)


def _impact(answer: Answer) -> str:
    return svg(scene_for(answer), title=answer.headline) if answer.frame.height else ""


def _cost(answer: Answer) -> str:
    frame, currency = answer.frame, str(answer.summary["currency"])
    shown = [money(a, currency) for a in frame["amount"]]
    return bars([answer.lineage.spoken(k) for k in frame["key"]], frame["amount"].to_list(), answer.headline, shown, limit=14)


def _reconcile(answer: Answer) -> str:
    steps, currency = answer.summary["steps"], str(answer.summary["currency"])
    shown = [money(s["amount"], currency) for s in steps]
    return bars([s["step"] for s in steps], [s["amount"] for s in steps], answer.headline, shown, limit=16)


def _cost_trend(answer: Answer) -> str:
    periods, currency = dict(answer.summary["periods"]), str(answer.summary["currency"])
    shown = [money(a, currency) for a in periods.values()]
    return bars([str(p) for p in periods], list(periods.values()), answer.headline, shown, limit=24)


def _cost_change(answer: Answer) -> str:
    told, currency = answer.summary, str(answer.summary["currency"])
    parts = {name: int(told[name]) for name in ("before", *PARTS, "after") if told[name]}
    shown = [money(a, currency) for a in parts.values()]
    return bars(list(parts), list(parts.values()), answer.headline, shown, limit=10)


def _loaded_cost(answer: Answer) -> str:
    billed, currency = answer.frame["billed"].to_list(), str(answer.summary["currency"])
    names = [answer.lineage.spoken(n) for n in answer.frame["node"]]
    return bars(names, billed, answer.headline, [money(a, currency) for a in billed], limit=14)


def _classify(answer: Answer) -> str:
    counts = answer.summary["labels"]
    shown = [plural(n, "column") for n in counts.values()]
    return bars(list(counts), list(counts.values()), answer.headline, shown, limit=20) if counts else ""


def _exposures(answer: Answer) -> str:
    counts = answer.frame.group_by("kind", "verdict", "certainty", maintain_order=True).agg(pl.col("key").n_unique())
    names = [f"{kind}: {verdict} ({certainty})" for kind, verdict, certainty, _ in counts.iter_rows()]
    return bars(names, counts["key"].to_list(), answer.headline, limit=16)


def _cure(answer: Answer) -> str:
    spoken = answer.lineage.spoken
    ends = [f"{spoken(s)} → {spoken(t)}" if s else spoken(t) for s, t in answer.frame.select("source", "target").iter_rows()]
    return bars(ends, answer.frame["changes"].to_list(), answer.headline, [plural(n, "other") for n in answer.frame["changes"]], limit=12)


def _scan_plan(answer: Answer) -> str:
    names = [answer.lineage.spoken(n) for n in answer.frame["node"]]
    return bars(names, answer.frame["decides"].to_list(), answer.headline, [plural(n, "column") for n in answer.frame["decides"]], limit=14)


def _subject_tables(answer: Answer) -> str:
    best = answer.frame.unique("node", keep="first", maintain_order=True)
    counts = best.group_by("how").len().sort("len", "how", descending=[True, False])
    return bars(counts["how"].to_list(), counts["len"].to_list(), answer.headline, [plural(n, "table") for n in counts["len"]], limit=10)


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
