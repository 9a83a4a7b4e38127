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
    frame = trace.frame()
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
    """id, label, certain: a tag on a dataset with columns is only possible on each of them."""
    nodes = lineage.frames["nodes"].select("id", "kind", "tags").explode("tags")
    found = nodes.filter(pl.col("tags").str.starts_with(PREFIX) & (pl.col("tags").str.len_chars() > len(PREFIX)))
    return found.select("id", "kind", pl.col("tags").str.slice(len(PREFIX)).alias("label")).unique().sort("id", "label")


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
        rank = {v: i for i, v in enumerate(VERDICTS)}
        verdict = self.graph.edges["verdict"]
        stated = verdict.replace_strict({**rank, "none": len(VERDICTS)}, default=0, return_dtype=pl.Int8).to_numpy().copy()
        told = self._of_arcs(stated)
        stated[self._one_person_each(told)] = 0
        return self._of_arcs(stated)

    def _of_arcs(self, stated: NDArray[np.int8]) -> NDArray[np.int8]:
        row = self.graph.arcs.row
        strength = np.zeros(len(row), dtype=np.int8)
        strength[row >= 0] = stated[row[row >= 0]]
        return strength

    def _one_person_each(self, strength: NDArray[np.int8]) -> NDArray[np.bool_]:
        """Which edges aggregate over the rows of one person: their job groups by a column that tells who it is.

        A sum by employee is that employee's; each group is a person's as long as one of its keys carries a label,
        plain or pseudonymised.
        """
        edges = self.graph.edges
        groups = self.lineage.frames["edges"].filter(pl.col("subtype") == "GROUP_BY")
        found = self.graph.reach(
            [self.graph.index(i) for i in self.tagged["id"].unique().sort()],
            bit=POSSIBLE_VALUE,
            allowed=strength <= VERDICTS.index("pseudonymised"),
        )
        who = self.graph.nodes["id"].filter(pl.Series(found.hops[: self.graph.arcs.real] >= 0))
        groups = groups.filter(pl.col("source").is_in(who.implode()))
        keyed = groups.select(pl.col("target").str.extract(r"^([^#]*)").alias("data"), "job").drop_nulls().unique()
        mine = edges.with_row_index("row").filter(pl.col("verdict") == "aggregated")
        mine = mine.select("row", pl.col("target").str.extract(r"^([^#]*)").alias("data"), pl.col("jobs").alias("job"))
        rows = mine.explode("job").join(keyed, on=["data", "job"], how="semi")["row"].unique()
        plain = np.zeros(edges.height, dtype=np.bool_)
        plain[rows.to_numpy()] = True
        return plain

    def search(self, label: str, verdict: str, certainty: str) -> Closure:
        """Everything that `label` reaches at `verdict` or stronger."""
        mine = self.tagged.filter(pl.col("label") == label)
        starts = [self.graph.index(i) for i in mine["id"]]
        if certainty == "possible":
            whole = mine.filter(pl.col("kind") != "column")["id"].to_list()
            starts += [i for name in whole for i in self._unclassified(name)]
        bit = PROVED_VALUE if certainty == "proved" else POSSIBLE_VALUE
        return self.graph.reach(starts, bit=bit, allowed=self._strength <= VERDICTS.index(verdict))

    def _unclassified(self, dataset: str) -> list[int]:
        nodes = self.graph.nodes
        tags = pl.col("tags").list.eval(pl.element().str.starts_with(PREFIX)).list.any().fill_null(value=False)
        mine = (pl.col("kind") == "column") & (pl.col("parent") == dataset) & ~tags
        return nodes.select(mine.arg_true()).to_series().to_list()

    @cached_property
    def _used(self) -> list[str]:
        present = np.unique(self._strength)
        return [v for i, v in enumerate(VERDICTS) if i == 0 or i in present]

    def frame(self) -> pl.DataFrame:
        """The answer's frame."""
        parts = [self._rows(label) for label in self.tagged["label"].unique().sort()]
        schema = {"node": pl.String, "label": pl.String, "verdict": pl.String, "certainty": pl.String, "origin": pl.String, "hops": pl.Int64, "via": pl.String}
        frame = pl.concat(parts) if parts else pl.DataFrame(schema=schema)
        first = pl.col("certainty") != "proved"
        return frame.sort("label", first, "hops", "node").select(*schema)

    def _rows(self, label: str) -> pl.DataFrame:
        real = self.graph.arcs.real
        shown = (self.graph.nodes["kind"] != "job").to_numpy()
        best = np.full(real, len(VERDICTS), dtype=np.int64)
        parts = []
        for certainty in ("proved", "possible"):
            for rank, verdict in enumerate(VERDICTS):
                if verdict not in self._used:
                    continue
                found = self.search(label, verdict, certainty)
                new = np.flatnonzero((found.hops[:real] >= 0) & (best > rank) & shown)
                best[new] = rank
                parts.append(self._described(new, found, label, verdict, certainty))
        rows = pl.concat(parts)
        whole = self.graph.nodes.filter(pl.col("kind") == "column")["parent"].unique()
        return rows.filter((pl.col("hops") == 0) | ~pl.col("node").is_in(whole.implode()))

    def _described(self, numbers: Ints, found: Closure, label: str, verdict: str, certainty: str) -> pl.DataFrame:
        ids = self.graph.nodes["id"]
        via, root = found.via[numbers], roots(found)[numbers]
        return pl.DataFrame(
            {
                "node": ids.gather(numbers),
                "label": pl.repeat(label, len(numbers), eager=True, dtype=pl.String),
                "verdict": pl.repeat(verdict, len(numbers), eager=True, dtype=pl.String),
                "certainty": pl.repeat(certainty, len(numbers), eager=True, dtype=pl.String),
                "origin": ids.gather(np.where(root < self.graph.arcs.real, root, 0)),
                "hops": pl.Series(found.hops[numbers], dtype=pl.Int64),
                "via": pl.select(pl.when(pl.Series(via >= 0)).then(ids.gather(np.where(via >= 0, via, 0)))).to_series(),
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
    unknown = graph.edges.filter(pl.col("value") & pl.col("verdict").is_null()).height
    if unknown:
        notes.append(f"{plural(unknown, 'column edge')} do not say what becomes of the value: they count as plain copies.")
    possible = frame.filter(pl.col("certainty") == "possible").height
    if possible:
        notes.append(f"{plural(possible, 'row')} rest on jobs or readers whose column lineage no source states.")
    gone = graph.edges.height - lineage.graph("column").edges.height
    if gone > 0:
        notes.append(f"{plural(gone, 'expired edge')} still carry: what they wrote was not shown to be deleted.")
    return tuple(notes)


def _explain(trace: _Trace, node: str, label: str | None = None) -> pl.DataFrame:
    """Show the witness path from the origin to `node`, hop by hop; for the strongest row unless `label` is given."""
    target = trace.graph.resolve(node)
    rows = trace.frame().filter(pl.col("node") == target)
    if label is not None:
        rows = rows.filter(pl.col("label") == label.removeprefix(PREFIX))
    if rows.is_empty():
        raise LineageError(f"{trace.lineage.spoken(target)} is not in this answer: no label reaches it")
    rank = pl.col("verdict").replace_strict({v: i for i, v in enumerate(VERDICTS)})
    row = rows.sort(rank, "certainty", descending=[False, True]).row(0, named=True)
    found = trace.search(row["label"], row["verdict"], row["certainty"])
    return trace.graph.hops_of(walk_back(found, trace.graph.index(target)), row["certainty"])
