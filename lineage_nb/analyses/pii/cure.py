"""How to keep personal data from a column: the fewest edges to mask or cut, and what else each changes."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any, Final

import numpy as np
import polars as pl

from lineage_nb.analyses.pii.cure_units import Bools, Units, carrying, fewest, units
from lineage_nb.analyses.pii.labels import chosen, is_special
from lineage_nb.analyses.pii.propagation import trace_of
from lineage_nb.analyses.pii.trace import CERTAINTIES, VERDICTS, Trace
from lineage_nb.analyses.result import Answer, plural
from lineage_nb.errors import LineageError
from lineage_nb.graph.csr import Ints
from lineage_nb.graph.search import closure

__all__ = ["cure"]

_SCHEMA: Final[dict[str, Any]] = {
    "node": pl.String,
    "source": pl.String,
    "target": pl.String,
    "action": pl.String,
    "jobs": pl.List(pl.String),
    "labels": pl.List(pl.String),
    "certainty": pl.String,
    "changes": pl.Int64,
    "also": pl.List(pl.String),
    "stays": pl.List(pl.String),
    "why": pl.String,
}
_WEAKEST: Final = VERDICTS.index("redacted") - 1
_TRIES: Final = 200
"""Ways that are followed in search of a smaller set."""
_CUT, _MASK = "mask or cut", "mask at the source"


def cure(answer: Answer, column: str, *, labels: Iterable[str] | None = None, at_source: bool = False) -> Answer:
    """Find the fewest edges to mask or cut so that a column is cleared of personal data.

    Cleared means that no label reaches it at a verdict stronger than redacted, proved, possible or suspected: a mask
    is enough, and what is masked already needs none. Of several smallest sets the one nearest to the column is given: it
    changes the fewest other columns, since whatever any smallest set leaves alone, it leaves alone too. Where labels go
    by different ways a smaller set is searched for, and `summary` and trust say whether the one found is surely the smallest.

    Parameters
    ----------
    answer : Answer
        Of `pii`.
    column : str
        A column, dataset or report; an id or a unique suffix of one.
    labels : iterable of str, optional
        Only of these; by default of all that reach it.
    at_source : bool
        Count masking a tagged column, for everybody, as one cut like any other. By default only what cannot be cured
        otherwise (it is tagged itself, or is the struct that holds a tagged field) is masked at the source.

    Returns
    -------
    Answer
        Frame, a row a cut, by source and target: node (the target), source, target (an edge; a dataset and the job or report that reads
        it without saying which columns; a job and a column that it writes without saying from what), action (mask or
        cut; mask at the source: the column `target`, no source), jobs (that move the data: several cuts of one job
        are one change of its code), labels (that come by it), certainty, changes (number of other nodes that lose one
        of the labels if this alone is done), also (these), stays (nodes behind it that keep all of them), why.

        The cost is the number of rows; no part of the set cures, and no smaller one does (``smallest`` in the summary:
        whether that is sure).

    Raises
    ------
    LineageError
        For the answer of another analysis, or a column that no label, or not that label, reaches.

    Examples
    --------
    >>> import lineage_nb as ln
    >>> snap = ln.from_frames(
    ...     nodes={"id": ["raw#mail", "stg#mail", "mart#mail", "log#mail"], "tags": ["pii:email", None, None, None]},
    ...     edges={"source": ["raw#mail", "stg#mail", "raw#mail"], "target": ["stg#mail", "mart#mail", "log#mail"]},
    ... )
    >>> cure(snap.pii()._answer, "mart#mail").frame.select("source", "target", "changes").rows()
    [('stg#mail', 'mart#mail', 0)]
    """
    trace = trace_of(answer)
    target = trace.graph.index(column)
    work = _Cure(trace, target, _wanted(trace, target, labels))
    chosen, masked = work.solve(at_source=at_source)
    frame = work.frame(chosen, masked)
    name = trace.graph.id_of(target)
    summary = work.summary(frame, chosen, masked)
    return Answer(
        "cure",
        frame,
        _headline(summary, trace.lineage.spoken(name)),
        summary,
        work.trust(frame, chosen, masked),
        answer.lineage,
        answer.explain,
        settings={"column": name, "labels": work.labels, "at_source": at_source},
    )


def _wanted(trace: Trace, target: int, labels: Iterable[str] | None) -> list[str]:
    """Labels to clear the node of: of those asked for, what reaches it stronger than redacted."""
    rows = trace.rows.filter(pl.col("node") == target)
    here = [trace.labels[i] for i in rows["label"].unique().sort()]
    name = trace.lineage.spoken(trace.graph.id_of(target))
    own = trace.graph.names(np.intersect1d(trace.graph.starts_of(target)[1:], trace.rows["node"].to_numpy()))
    if not here and own.len():
        shown = ", ".join(trace.lineage.spoken(c) for c in own.head(5)) + (" …" if own.len() > 5 else "")
        raise LineageError(f"{name} is held as columns; cure one of its columns: {shown}")
    if not here:
        raise LineageError(f"{name} needs no cure: no label reaches it")
    asked = here if labels is None else chosen(labels, here)
    unknown = [x for x in asked if x not in here]
    if unknown:
        raise LineageError(f"{name} needs no cure of {unknown}. Labels that reach it: {', '.join(here)}.")
    strong = rows.filter(pl.col("verdict") <= _WEAKEST)["label"].to_list()
    return sorted({x for x in asked if trace.labels.index(x) in strong})


class _Cure:
    """The search for cuts of one column."""

    def __init__(self, trace: Trace, target: int, labels: list[str]) -> None:
        self.trace, self.target, self.labels = trace, target, labels
        place = trace.places
        self.sinks = np.flatnonzero((place.shown == target) & place.reported)
        self.starts = {label: self._starts(label) for label in labels}
        self.taken = {label: self._taken(label) for label in labels}
        self.smallest = True

    @cached_property
    def units(self) -> Units:
        return units(self.trace)

    def _starts(self, label: str) -> Ints:
        found = [self.trace.starts(label, "possible"), *(self.trace.begins(label, c) for c in CERTAINTIES[2:])]
        every = np.unique(np.concatenate(found))
        return every[~np.isin(self.trace.places.shown[every], self._barred(label))]

    def _barred(self, label: str) -> Ints:
        found: Ints = self.trace.barred.filter(pl.col("label") == label)["i"].to_numpy().astype(np.int64)
        return found

    def _taken(self, label: str) -> Bools:
        channel = self.trace.channel(special=is_special(label), proved=False)
        adjacency, shown = self.trace.places.arcs.adjacency, self.trace.places.shown
        barred = np.isin(shown, self._barred(label))
        return carrying(channel, _WEAKEST) & ~barred[adjacency.source] & ~barred[adjacency.target]

    # -- solving ---------------------------------------------------------------------------------------------

    def solve(self, *, at_source: bool) -> tuple[Ints, Ints]:
        """Units to cut and nodes to mask."""
        nothing = np.zeros(0, dtype=np.int64)
        if not self.labels:
            return nothing, nothing
        taken = np.logical_or.reduce([self.taken[label] for label in self.labels])
        starts = np.unique(np.concatenate([self.starts[label] for label in self.labels]))
        chosen, masked = fewest(self.trace, self.units, taken, starts, self.sinks, at_source=at_source)
        if self.alike and not len(masked):
            return chosen, masked
        chosen, masked = self._needed(chosen, masked)
        self.smallest = self.alike
        return (chosen, masked) if self.alike or at_source else (self._smaller(chosen, masked), masked)

    def _smaller(self, chosen: Ints, masked: Ints) -> Ints:
        """A smaller set that cures all labels, if there is one: at least as many cuts are needed as for any one label."""
        cuts = [fewest(self.trace, self.units, self.taken[x], self.starts[x], self.sinks, at_source=False)[0] for x in self.labels]
        tries = _TRIES
        for size in range(max(map(len, cuts)), len(chosen)):
            found, tries = self._searched(chosen[:0], size, masked, tries)
            if found is not None:
                self.smallest = True
                return np.sort(found)
            if tries <= 0:
                return chosen
        self.smallest = True
        return chosen

    def _searched(self, chosen: Ints, size: int, masked: Ints, tries: int) -> tuple[Ints | None, int]:
        """A set of `size` that cures and holds those chosen: one of the units on any way that is left must be in it."""
        way = self._way(chosen, masked)
        if way is None:
            return chosen, tries
        if len(chosen) == size or tries <= 0:
            return None, tries - 1
        for unit in way:
            found, tries = self._searched(np.append(chosen, unit), size, masked, tries - 1)
            if found is not None or tries <= 0:
                return found, tries
        return None, tries

    def _way(self, chosen: Ints, masked: Ints) -> list[int] | None:
        """Units on a way by which some label still gets to the column, the last first; None: none does."""
        adjacency = self.trace.places.arcs.adjacency
        for label in self.labels:
            allowed, starts = self._left(label, chosen, masked)
            found = closure(adjacency.forward, starts, allowed=allowed)
            ends = self.sinks[found.places(self.sinks) >= 0] if len(starts) else self.sinks[:0]
            if not len(ends):
                continue
            at, units = int(ends[0]), []
            while (before := int(found.parents[found.places(np.array([at]))[0]])) >= 0:
                first, last = int(adjacency.forward.indptr[before]), int(adjacency.forward.indptr[before + 1])
                arcs = first + np.flatnonzero((adjacency.forward.indices[first:last] == at) & allowed[first:last])
                units.append(int(self.units.of_arc[arcs[0]]))
                at = before
            return [u for u in dict.fromkeys(units) if u >= 0]
        return None

    @cached_property
    def alike(self) -> bool:
        """Whether all labels may take the same arcs: only then is the set surely the smallest."""
        return all(np.array_equal(self.taken[label], self.taken[self.labels[0]]) for label in self.labels[1:])

    def _needed(self, chosen: Ints, masked: Ints) -> tuple[Ints, Ints]:
        """Leave out what is not needed, farthest numbers first: labels may not take all arcs that others take."""
        for unit in chosen[::-1].tolist():
            rest = chosen[chosen != unit]
            chosen = rest if self.clear(rest, masked) else chosen
        for node in masked[::-1].tolist():
            rest = masked[masked != node]
            masked = rest if self.clear(chosen, rest) else masked
        return chosen, masked

    def clear(self, chosen: Ints, masked: Ints) -> bool:
        """Whether nothing reaches the column once this is done."""
        return not any(self.reached(label, chosen, masked)[self.sinks].any() for label in self.labels)

    def reached(self, label: str, chosen: Ints, masked: Ints) -> Bools:
        """Places that a label reaches once this is done."""
        marked = np.zeros(self.trace.places.arcs.n, dtype=bool)
        allowed, starts = self._left(label, chosen, masked)
        if len(starts):
            marked[closure(self.trace.places.arcs.adjacency.forward, starts, allowed=allowed).nodes] = True
        return marked

    def _left(self, label: str, chosen: Ints, masked: Ints) -> tuple[Bools, Ints]:
        """Arcs that a label may still take once this is done, and where it still begins."""
        adjacency, shown = self.trace.places.arcs.adjacency, self.trace.places.shown
        starts = self.starts[label]
        allowed = self.taken[label] & ~np.isin(self.units.of_arc, chosen)
        if len(masked):
            allowed &= ~np.isin(shown[adjacency.target], masked)
        return allowed, starts[~np.isin(shown[starts], masked)]

    # -- telling ---------------------------------------------------------------------------------------------

    @cached_property
    def before(self) -> dict[str, Bools]:
        nothing = np.zeros(0, dtype=np.int64)
        return {label: self.reached(label, nothing, nothing) for label in self.labels}

    def _nodes(self, places: Bools) -> Ints:
        """Nodes that are shown and hold something today, of places."""
        place = self.trace.places
        found = np.unique(place.shown[places & place.reported])
        found = found[found < self.trace.graph.arcs.real]
        shown: Ints = found[self.trace.shown[found] & (found != self.target)]
        return shown

    def lost(self, chosen: Ints, masked: Ints) -> Ints:
        """Other nodes that lose a label."""
        parts = [self._nodes(self.before[x] & ~self.reached(x, chosen, masked)) for x in self.labels]
        return np.unique(np.concatenate(parts)) if parts else np.zeros(0, dtype=np.int64)

    def _behind(self, heads: Ints) -> Ints:
        """Nodes that anything leads to from what a unit leads to."""
        marked = np.zeros(self.trace.places.arcs.n, dtype=bool)
        for label in self.labels:
            found = closure(self.trace.places.arcs.adjacency.forward, heads, allowed=self.taken[label])
            marked[found.nodes] |= self.before[label][found.nodes]
        return self._nodes(marked)

    def frame(self, chosen: Ints, masked: Ints) -> pl.DataFrame:
        """The rows (see `cure`)."""
        nothing = np.zeros(0, dtype=np.int64)
        rows = [self._row(u, np.array([u]), nothing) for u in chosen.tolist()]
        rows += [self._row(None, nothing, np.array([node])) for node in masked.tolist()]
        return pl.DataFrame(rows, schema=_SCHEMA).sort("source", "target", nulls_last=True)

    def _row(self, unit: int | None, chosen: Ints, masked: Ints) -> dict[str, object]:
        graph, adjacency = self.trace.graph, self.trace.places.arcs.adjacency
        lost = self.lost(chosen, masked)
        if unit is None:
            node = int(masked[0])
            heads = np.flatnonzero(self.trace.places.shown == node)
            labels = [x for x in self.labels if np.isin(heads, self.starts[x]).any()]
            about: dict[str, object] = {"source": None, "target": graph.id_of(node), "action": _MASK, "jobs": [], "certainty": None}
            reason = "it holds the label itself, so no edge can be cut" if node == self.target else "the label begins here"
        else:
            arcs = np.flatnonzero(self.units.of_arc == unit)
            heads = np.unique(adjacency.target[arcs]).astype(np.int64)
            labels = [x for x in self.labels if (self.taken[x][arcs] & self.before[x][adjacency.source[arcs]]).any()]
            about, reason = self._edge(unit)
        kept = np.setdiff1d(self._behind(heads), lost)
        names = graph.names
        return {
            **about,
            "node": about["target"],
            "labels": labels,
            "changes": len(lost),
            "also": names(lost).to_list() if len(lost) else [],
            "stays": names(kept).to_list() if len(kept) else [],
            "why": reason,
        }

    def _edge(self, unit: int) -> tuple[dict[str, object], str]:
        graph, u = self.trace.graph, self.units
        source, target, edge = int(u.source[unit]), int(u.target[unit]), int(u.edge[unit])
        ends = {"source": graph.id_of(source), "target": graph.id_of(target), "action": _CUT}
        if edge >= 0:
            told = graph.facts(edge).row(0, named=True)
            return {**ends, "jobs": told["jobs"], "certainty": told["certainty"]}, "the value is moved here"
        is_job = self.trace.lineage.coded.of_kind("job")
        job = source if is_job[source] else target if is_job[target] else None
        jobs = [] if job is None else [graph.id_of(job)]
        reason = "no source says which columns are read here" if job != source else "no source says what this is made of"
        return {**ends, "jobs": jobs, "certainty": "possible"}, reason

    def summary(self, frame: pl.DataFrame, chosen: Ints, masked: Ints) -> dict[str, object]:
        """The figures of the headline and more."""
        return {
            "labels": self.labels,
            "cost": frame.height,
            "smallest": self.smallest,
            "jobs": frame["jobs"].explode().drop_nulls().unique().sort().to_list(),
            "at_source": frame.filter(pl.col("action") == _MASK).height,
            "changes": len(self.lost(chosen, masked)),
            "also": self.trace.graph.names(self.lost(chosen, masked)).to_list(),
        }

    def at_column(self) -> Ints:
        """The units that lead right into the column."""
        adjacency, of_arc = self.trace.places.arcs.adjacency, self.units.of_arc
        found = []
        for label in self.labels:
            near = np.zeros(adjacency.n, dtype=bool)
            near[closure(adjacency.backward, self.sinks, allowed=self.taken[label] & (of_arc < 0)).nodes] = True
            found.append(of_arc[self.taken[label] & (of_arc >= 0) & near[adjacency.target] & self.before[label][adjacency.source]])
        return np.unique(np.concatenate(found)) if found else np.zeros(0, dtype=np.int64)

    def trust(self, frame: pl.DataFrame, chosen: Ints, masked: Ints) -> tuple[str, ...]:
        """What the cure rests on."""
        notes = ["The cure is for the lineage that is known, expired edges included: what was written stays until it is deleted."]
        near = self.at_column()
        if len(near) > len(chosen) and len(self.lost(near, masked)) < len(self.lost(chosen, masked)):
            ends = "; ".join(f"{e['source']} → {e['target']}" for e, _ in map(self._edge, near[:5].tolist()))
            others = plural(len(self.lost(near, masked)), "other place")
            notes.append(f"More cuts would change less: the {len(near)} right before it change {others} ({ends}{' …' if len(near) > 5 else ''}).")
        if not self.smallest:
            notes.append("Some labels go by ways that others do not: nothing in the set can be left out, but a smaller one may exist.")
        if (frame["certainty"] == "possible").any():
            notes.append("Cuts that are possible may turn out to be needless once column lineage is stated there.")
        return tuple(notes)


def _headline(summary: dict[str, object], name: str) -> str:
    cost, changes = int(str(summary["cost"])), int(str(summary["changes"]))
    labels = summary["labels"]
    if not cost:
        return f"{name} needs no cure: what reaches it is redacted."
    text = f"{plural(cost, 'cut')} clear{'s' if cost == 1 else ''} {name} of {', '.join(labels) if isinstance(labels, list) else labels}"
    return text + (f"; {plural(changes, 'other place')} lose a label too." if changes != 1 else "; 1 other place loses a label too.")
