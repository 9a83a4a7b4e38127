"""PII: where personal data ends up, why, and how sure that is.

Labels start at tags ``pii:<label>`` and follow values, never filters. Along a path the weakest verdict wins,
between paths the strongest. What was written stays written: edges that have expired still carry.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lineage_nb.analyses.result import Answer, plural
from lineage_nb.errors import LineageError
from lineage_nb.graph.csr import Ints
from lineage_nb.graph.lineage import Lineage
from lineage_nb.graph.lineage_graph import LineageGraph
from lineage_nb.graph.paths import POSSIBLE_VALUE, PROVED_VALUE
from lineage_nb.graph.search import Closure, roots, walk_back

__all__ = ["PREFIX", "VERDICTS", "pii"]

PREFIX = "pii:"
VERDICTS = ("plain", "pseudonymised", "derived", "aggregated", "redacted")
"""Strongest first; a value of verdict ``none`` carries nothing, an unknown one counts as plain."""


def pii(lineage: Lineage, *, labels: Iterable[str] | None = None) -> Answer:
    """Follow personal data from tagged columns to every place that it reaches.

    Parameters
    ----------
    lineage : Lineage
        A snapshot in which nodes carry tags ``pii:<label>``.
    labels : iterable of str, optional
        Only these labels (``email`` or ``pii:email``); all by default.

    Returns
    -------
    Answer
        Frame: node (column; a dataset or report where columns are not known), label, verdict (see
        `VERDICTS`), certainty (proved: every hop is stated; possible: through lineage that no source states
        by column), origin (the tagged node), hops (0 at the origin), via (the node before). A node has a
        possible row beside a proved one only where it claims a stronger verdict.

    Raises
    ------
    LineageError
        For a label that no tag of the snapshot carries.

    Examples
    --------
    >>> import lineage_nb as ln
    >>> snap = ln.from_frames(
    ...     nodes={"id": ["t#mail", "u#mail"], "tags": ["pii:email", None]},
    ...     edges={"source": ["t#mail"], "target": ["u#mail"]},
    ... )
    >>> snap.pii().frame.select("node", "label", "verdict", "hops").rows()
    [('t#mail', 'email', 'plain', 0), ('u#mail', 'email', 'plain', 1)]
    """
    tagged = _tagged(lineage)
    wanted = _labels(labels, tagged)
    if wanted is not None:
        tagged = tagged.filter(pl.col("label").is_in(wanted))
    trace = _Trace(lineage, tagged)
    frame = trace.frame
    summary = _summary(frame, lineage)
    return Answer(
        "pii",
        frame,
        _headline(summary),
        summary,
        _trust(lineage, frame),
        lineage,
        partial(_explain, trace),
        settings={"labels": wanted},
    )


def _tagged(lineage: Lineage) -> pl.DataFrame:
    """i, id, kind, label: a tag on a dataset with columns is only possible on each of them."""
    nodes = lineage.frames["nodes"].select(pl.int_range(pl.len()).alias("i"), "id", "kind", "tags")
    nodes = nodes.filter(pl.col("tags").is_not_null()).explode("tags")
    found = nodes.filter(pl.col("tags").str.starts_with(PREFIX) & (pl.col("tags").str.len_chars() > len(PREFIX)))
    return found.select("i", "id", "kind", pl.col("tags").str.slice(len(PREFIX)).alias("label")).unique().sort("id", "label")


def _labels(labels: Iterable[str] | None, tagged: pl.DataFrame) -> list[str] | None:
    if labels is None:
        return None
    wanted = [x.removeprefix(PREFIX) for x in ([labels] if isinstance(labels, str) else labels)]
    known = tagged["label"].unique().sort().to_list()
    unknown = [x for x in wanted if x not in known]
    if unknown:
        raise LineageError(f"no node is tagged {', '.join(PREFIX + u for u in unknown)}. Labels here: {', '.join(known) or 'none'}.")
    return wanted


@dataclass
class _Trace:
    lineage: Lineage
    tagged: pl.DataFrame

    @cached_property
    def graph(self) -> LineageGraph:
        """The column level, expired edges included: what was written stays written."""
        return self.lineage.graph("column", expired=True)

    @cached_property
    def _strength(self) -> NDArray[np.int8]:
        """Verdict of every arc as its place in `VERDICTS`; beyond the last: carries nothing."""
        stated = np.maximum(self.graph.table.verdict, 0)  # no verdict given: plain
        plain = stated.copy()
        plain[self._one_person_each(self._of_arcs(stated))] = 0
        return self._of_arcs(plain)

    def _of_arcs(self, stated: NDArray[np.int8]) -> NDArray[np.int8]:
        row = self.graph.arcs.row
        if row is None:
            return stated
        strength = np.zeros(len(row), dtype=np.int8)
        strength[row >= 0] = stated[row[row >= 0]]
        return strength

    def _one_person_each(self, strength: NDArray[np.int8]) -> Ints:
        """Which edges aggregate over the rows of one person: their job groups by a column that tells who it is.

        A sum by employee is that employee's; each group is a person's as long as one of its keys carries a label,
        plain or pseudonymised.
        """
        coded, table = self.lineage.coded, self.graph.table
        aggregated = np.flatnonzero(table.verdict == VERDICTS.index("aggregated"))
        groups = coded.edges.filter(coded.words.gather(coded.edges["subtype"]) == "GROUP_BY")
        if not len(aggregated) or groups.is_empty():
            return aggregated[:0]
        starts = self.tagged["i"].unique().sort().to_numpy()
        kept = strength <= VERDICTS.index("pseudonymised")
        who = np.zeros(self.graph.arcs.n, dtype=bool)
        who[self.graph.reacher.reach(starts, bit=POSSIBLE_VALUE, allowed=kept).nodes] = True
        groups = groups.filter(pl.Series(who[groups["source"].to_numpy()]), pl.col("job").is_not_null())
        keyed = groups.select(data="target_data", job="job").unique()
        of_jobs = table.jobs_of(aggregated)
        data = coded.data[table.adjacency.target[of_jobs["edge"].to_numpy()]]
        mine = of_jobs.with_columns(data=pl.Series(data)).cast(keyed.schema)
        return mine.join(keyed, on=["data", "job"], how="semi")["edge"].unique().to_numpy()

    def search(self, label: str, verdict: str, certainty: str) -> Closure:
        """Everything that `label` reaches at `verdict` or stronger."""
        mine = self.tagged.filter(pl.col("label") == label)
        starts = mine["i"].to_numpy()
        if certainty == "possible":
            whole = mine.filter(pl.col("kind") != "column")["i"].to_list()
            starts = np.concatenate([starts, *(self._unclassified(dataset) for dataset in whole)])
        bit = PROVED_VALUE if certainty == "proved" else POSSIBLE_VALUE
        kept = None if len(self._used) == 1 and not self._stopped else self._strength <= VERDICTS.index(verdict)
        return self.graph.reacher.reach(starts.astype(np.int64), bit=bit, allowed=kept)

    def _unclassified(self, dataset: int) -> Ints:
        columns = self.graph.starts_of(dataset)[1:]
        return columns[~self._classified[columns]]

    @cached_property
    def _classified(self) -> NDArray[np.bool_]:
        """Which nodes carry a tag of personal data."""
        tags = pl.col("tags").list.eval(pl.element().str.starts_with(PREFIX)).list.any().fill_null(value=False)
        return self.graph.nodes.select(tags.alias("tags"))["tags"].to_numpy()

    @cached_property
    def _stopped(self) -> bool:
        """Whether some edge carries nothing."""
        return bool((self._strength >= len(VERDICTS)).any())

    @cached_property
    def _used(self) -> list[str]:
        present = np.unique(self._strength)
        return [v for i, v in enumerate(VERDICTS) if i == 0 or i in present]

    @cached_property
    def frame(self) -> pl.DataFrame:
        """The answer's frame."""
        parts = [self._rows(label) for label in self.tagged["label"].unique().sort()]
        schema = {"node": pl.String, "label": pl.String, "verdict": pl.String, "certainty": pl.String, "origin": pl.String, "hops": pl.Int64, "via": pl.String}
        frame = pl.concat(parts) if parts else pl.DataFrame(schema=schema)
        first = pl.col("certainty") != "proved"
        return frame.sort("label", first, "hops", "node").select(*schema)

    @cached_property
    def _shown(self) -> NDArray[np.bool_]:
        """Which nodes are places that data may be in: no jobs, and no datasets whose columns are known."""
        whole = np.zeros(self.graph.arcs.real, dtype=bool)
        columns = np.flatnonzero(self.lineage.coded.of_kind("column"))
        whole[self.lineage.coded.data[columns]] = True
        return ~whole & ~self.lineage.coded.of_kind("job")

    def _rows(self, label: str) -> pl.DataFrame:
        real = self.graph.arcs.real
        best = np.full(real, len(VERDICTS), dtype=np.int8)
        parts = []
        for certainty in ("proved", "possible"):
            for rank, verdict in enumerate(VERDICTS):
                if verdict not in self._used:
                    continue
                found = self.search(label, verdict, certainty)
                at = np.flatnonzero(found.nodes < real)
                node = found.nodes[at]
                new = at[(best[node] > rank) & (self._shown[node] | ((found.hops[at] == 0) & self._not_job[node]))]
                best[found.nodes[new]] = rank
                parts.append(self._described(new, found, label, verdict, certainty))
        return pl.concat(parts)

    @cached_property
    def _not_job(self) -> NDArray[np.bool_]:
        return ~self.lineage.coded.of_kind("job")

    def _described(self, at: Ints, found: Closure, label: str, verdict: str, certainty: str) -> pl.DataFrame:
        root = roots(found)[at] if len(at) else at
        names = self.graph.names(np.concatenate([found.nodes[at], found.via[at], root]))
        return pl.DataFrame(
            {
                "node": names.slice(0, len(at)),
                "label": pl.repeat(label, len(at), eager=True, dtype=pl.String),
                "verdict": pl.repeat(verdict, len(at), eager=True, dtype=pl.String),
                "certainty": pl.repeat(certainty, len(at), eager=True, dtype=pl.String),
                "origin": names.slice(2 * len(at), len(at)),
                "hops": pl.Series(found.hops[at], dtype=pl.Int64),
                "via": names.slice(len(at), len(at)),
            }
        )


def _summary(frame: pl.DataFrame, lineage: Lineage) -> dict[str, object]:
    proved = frame.filter(pl.col("certainty") == "proved")
    reached = frame.filter(pl.col("hops") > 0)
    columns = lineage.frames["nodes"].filter(pl.col("kind") == "column").height
    strongest = proved.filter(pl.col("verdict") == "plain")["node"].n_unique()
    return {
        "labels": frame["label"].unique().sort().to_list(),
        "origins": frame.filter(pl.col("hops") == 0)["node"].n_unique(),
        "reached": reached["node"].n_unique(),
        "proved": proved["node"].n_unique(),
        "plain": strongest,
        "possible": frame.filter(~pl.col("node").is_in(proved["node"].unique().implode()))["node"].n_unique(),
        "columns": columns,
        "verdicts": dict(frame.group_by("verdict").len().sort("verdict").iter_rows()),
    }


def _headline(summary: dict[str, object]) -> str:
    if not summary["origins"]:
        return "No node carries a tag pii:<label>, so there is nothing to follow."
    origins, proved, possible = (int(str(summary[k])) for k in ("origins", "proved", "possible"))
    text = f"Personal data of {plural(origins, 'tagged node')} certainly reaches {plural(proved - origins, 'further place')}"
    return text + (f" and possibly {possible:,} more." if possible else ".")


def _trust(lineage: Lineage, frame: pl.DataFrame) -> tuple[str, ...]:
    notes = ["Labels start at tags pii:<label>; a column nobody tagged is not looked at by its name or content."]
    graph = lineage.graph("column", expired=True)
    unknown = int((graph.table.value & (graph.table.verdict < 0)).sum())
    if unknown:
        notes.append(f"{plural(unknown, 'column edge')} do not say what becomes of the value: they count as plain copies.")
    possible = frame.filter(pl.col("certainty") == "possible").height
    if possible:
        notes.append(f"{plural(possible, 'row')} rest on jobs or readers whose column lineage no source states.")
    gone = len(graph.table) - len(lineage.graph("column").table)
    if gone > 0:
        notes.append(f"{plural(gone, 'expired edge')} still carry: what they wrote was not shown to be deleted.")
    return tuple(notes)


def _explain(trace: _Trace, node: str, label: str | None = None) -> pl.DataFrame:
    """Show the witness path from the origin to `node`, hop by hop; for the strongest row unless `label` is given."""
    target = trace.graph.resolve(node)
    rows = trace.frame.filter(pl.col("node") == target)
    if label is not None:
        rows = rows.filter(pl.col("label") == label.removeprefix(PREFIX))
    if rows.is_empty():
        raise LineageError(f"{trace.lineage.spoken(target)} is not in this answer: no label reaches it")
    rank = pl.col("verdict").replace_strict({v: i for i, v in enumerate(VERDICTS)})
    row = rows.sort(rank, "certainty", descending=[False, True]).row(0, named=True)
    found = trace.search(row["label"], row["verdict"], row["certainty"])
    return trace.graph.hops_of(walk_back(found, trace.graph.index(target)), row["certainty"])
