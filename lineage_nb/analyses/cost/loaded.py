"""The fully loaded cost of a report: everything it depends on, whoever else does."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property, partial
from typing import Any

import polars as pl

from lineage_nb.analyses.cost.attribution import cost
from lineage_nb.analyses.cost.bill import days_of_period
from lineage_nb.analyses.cost.consumers import Consumers, consumers
from lineage_nb.analyses.cost.outputs import written
from lineage_nb.analyses.cost.period import During
from lineage_nb.analyses.result import Answer, money, plural
from lineage_nb.analyses.usage_log import resolve_consumers
from lineage_nb.errors import LineageError
from lineage_nb.graph.csr import Adjacency, build_adjacency
from lineage_nb.graph.edge_table import EDGE_SCHEMA
from lineage_nb.graph.lineage import Lineage
from lineage_nb.graph.search import Closure, closure, walk_back
from lineage_nb.model.names import spoken_name

__all__ = ["loaded_cost"]


def loaded_cost(
    lineage: Lineage,
    /,
    report: str,
    *,
    period: tuple[date | str, date | str] | None = None,
    monitors: str | Iterable[str] = (),
    **options: Any,
) -> Answer:
    """Say what a report costs with everything it is made from.

    Parameters
    ----------
    lineage : Lineage
        A snapshot with `costs`.
    report : str
        A report; an id or a unique suffix of one.
    period : (date, date), optional
        First and last day, inclusive; all recorded costs by default.
    monitors : str or iterable of str
        Consumers that do not count.
    **options
        Anything else that `cost` takes, but ``by`` and ``method``.

    Returns
    -------
    Answer
        Frame: node (a dataset or job that the report depends on, or the report), billed (micro-units, all of it), share
        (1 / the number of reports that depend on it, everyone who reads tables himself counted as one more), amount (of
        billed, by that share), hops (datasets between it and the report, plus one; a job is as far as the nearest
        dataset that it writes; 0: the report). Dearest first. Summary: fully_loaded (the sum of billed), exclusive (of
        what no other depends on), shared (fully_loaded − exclusive), attributed (the sum of amount), dearest (the upstream
        node billed most; null: there is none), currency.

    Raises
    ------
    UnknownNameError, AmbiguousNameError
        For a name that fits no or several nodes.
    LineageError
        For a node that is no report, and whatever `cost` refuses.

    Notes
    -----
    This is `cost` by report under ``shapley``, seen from one report. The fully loaded costs of several reports count
    what they share several times: they do not add up to the bill; the amounts do.

    Examples
    --------
    >>> import lineage_nb as ln
    >>> snap = ln.from_frames(
    ...     nodes={"id": ["t", "u", "r1", "r2"], "kind": ["dataset", "dataset", "report", "report"]},
    ...     edges={"source": ["t", "u", "u"], "target": ["u", "r1", "r2"]},
    ...     costs={"node": ["t", "u", "r1"], "day": ["2025-01-01"] * 3, "amount": ["10.00", "4.00", "1.00"]},
    ... )
    >>> snap.loaded_cost("r1").frame.select("node", "billed", "amount", "hops").rows()
    [('t', 10000000, 5000000, 2), ('u', 4000000, 2000000, 1), ('r1', 1000000, 1000000, 0)]
    """
    found = lineage.names.resolve(report)
    kind = lineage.frames["nodes"].filter(pl.col("id") == found)["kind"][0]
    if kind != "report":
        raise LineageError(f"{found} is a {kind}, not a report; what a dataset costs says cost(by='dataset')")
    answer = cost(lineage, by="report", method="shapley", period=period, monitors=monitors, **options)
    why = answer.explain(found)
    during = None if period is None else During(lineage, *days_of_period(period))
    way = _Way(lineage, found, resolve_consumers(lineage, monitors), why["node"], during)
    frame = why.with_columns(way.hops(why["node"])).sort("billed", "node", descending=[True, False])
    summary = _summary(frame, found, answer)
    return Answer(
        "loaded_cost",
        frame,
        _headline(summary),
        summary,
        _trust(summary),
        lineage,
        partial(_explain, way),
        settings={"report": found, "period": period, "monitors": monitors, **options},
    )


@dataclass
class _Way:
    """The graph that cost flows along, searched upstream from a report."""

    lineage: Lineage
    report: str
    monitors: list[str]
    nodes: pl.Series
    period: During | None

    @cached_property
    def _net(self) -> Consumers:
        return consumers(self.lineage, "report", self.monitors, measured=False, paid_for=self.nodes, period=self.period)

    @cached_property
    def _graph(self) -> Adjacency:
        return build_adjacency(self._net.places.n, self._net.source, self._net.target)[0]

    @cached_property
    def _found(self) -> Closure:
        return closure(self._graph.backward, self._net.places.of(pl.Series([self.report])))

    @cached_property
    def _start(self) -> pl.DataFrame:
        """node, from (the dataset that a job writes nearest to the report; any other node itself), place, hops."""
        writes = written(self.lineage, self.nodes, self.period).rename({"job": "node", "node": "from"})
        own = pl.DataFrame({"node": self.nodes, "from": self.nodes}).join(writes, on="node", how="anti")
        pairs = pl.concat([own, writes])
        place = self._net.places.of(pairs["from"])
        hops = pl.Series("hops", self._found.all_hops()[place], dtype=pl.Int64)
        pairs = pairs.with_columns(pl.Series("place", place), hops).filter(pl.col("hops") >= 0)
        return pairs.sort("node", "hops", "from").unique("node", keep="first", maintain_order=True)

    def hops(self, nodes: pl.Series) -> pl.Series:
        """Hops from each node to the report."""
        return nodes.to_frame("node").join(self._start, on="node", how="left", maintain_order="left")["hops"]

    def path(self, node: str) -> list[str]:
        """A shortest way from a node to the report, both included."""
        row = self._start.filter(pl.col("node") == node)
        if row.is_empty():
            return []
        names = self._net.places.names
        steps = [str(names[i]) for i in reversed(walk_back(self._found, int(row["place"][0])))]
        return steps if steps[0] == node else [node, *steps]


def _summary(frame: pl.DataFrame, report: str, answer: Answer) -> dict[str, Any]:
    whole, own = int(frame["billed"].sum()), int(frame.filter(pl.col("share") >= 1)["billed"].sum())
    upstream = frame.filter(pl.col("node") != report)
    return {
        "report": report,
        "fully_loaded": whole,
        "exclusive": own,
        "shared": whole - own,
        "attributed": int(frame["amount"].sum()),
        "dearest": None if upstream.is_empty() else str(upstream["node"][0]),
        "dearest_billed": None if upstream.is_empty() else int(upstream["billed"][0]),
        "resources": frame.height,
        "currency": answer.summary["currency"],
        "first": answer.summary["first"],
        "last": answer.summary["last"],
    }


def _headline(summary: dict[str, Any]) -> str:
    currency, name = summary["currency"], spoken_name(summary["report"])
    if not summary["resources"]:
        return f"Nothing that {name} is made from is billed."
    text = f"{name} costs {money(summary['fully_loaded'], currency)} fully loaded, {money(summary['exclusive'], currency)} of it alone"
    dearest = summary["dearest"]
    return text + (f"; the most expensive upstream is {spoken_name(dearest)} ({money(summary['dearest_billed'], currency)})." if dearest else ".")


def _trust(summary: dict[str, Any]) -> tuple[str, ...]:
    if not summary["resources"]:
        return ()
    return (
        f"Counted is what was billed from {summary['first']} to {summary['last']}, for {plural(summary['resources'], 'resource')}: datasets, and jobs as a whole.",
        f"What others depend on as well counts in full; by equal shares it would be {money(summary['attributed'], summary['currency'])}.",
    )


def _explain(way: _Way, node: str) -> pl.DataFrame:
    """Show a shortest way from a node to the report: source, target, type, subtype, verdict, certainty, jobs, evidence."""
    found = way.lineage.names.resolve(node)
    graph = (way.lineage if way.period is None else way.period.flow).graph("dataset")
    schema = {c: t for c, t in EDGE_SCHEMA.items() if c != "value"}
    hops = [pl.DataFrame(schema=schema)]
    path = way.path(found) if found in way.nodes else []
    for a, b in itertools.pairwise(path):
        ends = [graph.naming.number(x) for x in (a, b)]
        edge = None if ends[0] is None or ends[1] is None else graph.edge(ends[0], ends[1])
        if edge is not None:
            hops.append(graph.facts(edge).select(list(schema)))
            continue
        job = way.lineage.frames["nodes"].filter((pl.col("id") == a) & (pl.col("kind") == "job")).height > 0
        told = {"source": a, "target": b, "type": "WRITE" if job else "READ", "certainty": "proved"}
        hops.append(pl.select([pl.lit(told.get(c), dtype=t).alias(c) for c, t in schema.items()]))
    return pl.concat(hops)
