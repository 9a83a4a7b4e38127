"""The way that a label took to a column, hop by hop."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import polars as pl

from lineage_nb.analyses.pii.labels import canonical, is_special
from lineage_nb.analyses.pii.strength import PSEUDONYMISED
from lineage_nb.analyses.pii.trace import CERTAINTIES, VERDICTS
from lineage_nb.errors import LineageError
from lineage_nb.graph.hops import hop
from lineage_nb.graph.paths import POSSIBLE_VALUE, PROVED_VALUE

if TYPE_CHECKING:
    from lineage_nb.analyses.pii.spread import Found
    from lineage_nb.analyses.pii.trace import Trace
    from lineage_nb.graph.lineage import Lineage

__all__ = ["Way", "explain"]

Way = Literal["strongest", "shortest"]
_WAYS: Final = ("strongest", "shortest")
_MOST = 2_000
"""Characters of a statement that are shown."""
_SAFE: Final = re.compile(r"'\?'|\"[^\"]*\"|`[^`]*`|\[[^\]']*\]")
"""What literals became, and quoted names."""
_LITERALS: Final = re.compile(r"['\"`#]|--|/\*|(?<![\w$.])(?:0x|[1-9]|0[\d.])")


def explain(trace: Trace, node: str, label: str | None = None, *, path: Way = "strongest", certainty: str | None = None) -> pl.DataFrame:
    """Show how a label got to a node.

    Parameters
    ----------
    trace : Trace
        The searches behind an answer.
    node : str
        An id or a unique suffix of one.
    label : str, optional
        Which label; by default that of the node's strongest row.
    path : {"strongest", "shortest"}
        The shortest of the ways that show most of the value, proved before possible; or the shortest of all ways,
        whatever they hide.
    certainty : {"proved", "possible", "suspected"}, optional
        Only ways as sure as that; by default the strongest row's.

    Returns
    -------
    polars.DataFrame
        A row a hop: source, target, type, subtype, verdict (of this hop), certainty, jobs, evidence, so_far (the
        verdict behind it), statement (the SQL that makes the column, else that of the job, literals taken out; null:
        the snapshot holds neither). No rows at the tagged node itself.

    Raises
    ------
    LineageError
        For a node or label that is not in the answer, or an unknown way.
    """
    if path not in _WAYS:
        raise LineageError(f"path is {path!r}; give one of {', '.join(_WAYS)}")
    if certainty is not None and certainty not in CERTAINTIES:
        raise LineageError(f"certainty is {certainty!r}; give one of {', '.join(CERTAINTIES)}")
    target = trace.graph.index(node)
    row = _row(trace, target, label, certainty)
    name = trace.labels[row["label"]]
    level = row["verdict"] if path == "strongest" else len(VERDICTS) - 1
    sure = CERTAINTIES[row["certainty"]]
    found = trace.search([(name, sure, int(level))])
    place = _place(trace, found, target)
    places = found.path(place)
    numbers = [int(trace.places.shown[found.node[p]]) for p in places]
    taken = _Taken(trace, name, sure, int(level))
    ways = [taken.between(int(found.node[a]), int(found.node[b])) for a, b in itertools.pairwise(places)]
    so_far, direct = _so_far(ways)
    told = [hop(trace.graph, a, b, "proved" if sure == "proved" else "possible", stated=d) for (a, b), d in zip(itertools.pairwise(numbers), direct, strict=True)]
    hops = pl.concat(told) if told else trace.graph.hops_of([])
    return hops.with_columns(so_far=pl.Series(so_far, dtype=pl.String), statement=_statements(trace.lineage, hops, direct))


def _row(trace: Trace, target: int, label: str | None, certainty: str | None) -> dict[str, int]:
    rows = trace.rows.filter(pl.col("node") == target)
    if label is not None:
        wanted = canonical(label)
        rows = rows.filter(pl.col("label") == (trace.labels.index(wanted) if wanted in trace.labels else -1))
    if certainty is not None:
        rows = rows.filter(pl.col("certainty") == CERTAINTIES.index(certainty))
    if rows.is_empty():
        name = trace.lineage.spoken(trace.graph.id_of(target))
        if label is not None and canonical(label) not in trace.labels:
            raise LineageError(f"label {label!r} is not in this answer. Labels here: {', '.join(trace.labels) or 'none'}.")
        others = [trace.labels[i] for i in trace.rows.filter(pl.col("node") == target)["label"].unique().sort()]
        if label is not None and others:
            raise LineageError(f"{canonical(label)} does not reach {name}{f' as {certainty}' if certainty else ''}. Labels that reach it: {', '.join(others)}.")
        raise LineageError(f"{name} is not in this answer: no label reaches it{f' as {certainty}' if certainty else ''}")
    return rows.sort("verdict", "certainty", "label").row(0, named=True)


def _place(trace: Trace, found: Found, target: int) -> int:
    """Where the node is among what was found: by fewest hops, as it is today."""
    mine = np.flatnonzero((trace.places.shown[found.node] == target) & trace.places.reported[found.node] & ~found.helper)
    return int(mine[np.argmin(found.hops[mine])])


class _Taken:
    """The arcs that a search took: at most as hiding as its level, or any on the way to a decryption."""

    def __init__(self, trace: Trace, label: str, certainty: str, level: int) -> None:
        channel = trace.channel(special=is_special(label), proved=certainty == "proved")
        self.trace, self.rows, self.channel = trace, trace.places.arcs.adjacency.forward, channel
        bit = PROVED_VALUE if certainty == "proved" else POSSIBLE_VALUE
        deepest = max(level, PSEUDONYMISED) if channel.restores is not None and level == 0 else level
        self.may = ((channel.bits & bit) != 0) & (channel.strength <= deepest)
        self.row = trace.places.arcs.rows()

    def between(self, a: int, b: int) -> list[tuple[int, bool, bool]]:
        """What may become of the value from a named place to the next: verdict, whether it restores, whether an edge says so."""
        shown, found, seen, todo = self.trace.places.shown, [], {(a, 0)}, [(a, 0)]
        real = self.trace.graph.arcs.real
        edge = self.trace.graph.edge(int(shown[a]), int(shown[b])) if max(shown[a], shown[b]) < real else None
        while todo:
            at, hidden = todo.pop()
            for arc in range(int(self.rows.indptr[at]), int(self.rows.indptr[at + 1])):
                if not self.may[arc]:
                    continue
                into, verdict = int(self.rows.indices[arc]), max(hidden, int(self.channel.strength[arc]))
                if into == b:
                    restores = self.channel.restores is not None and bool(self.channel.restores[arc])
                    found.append((verdict, restores, edge is not None and int(self.row[arc]) == edge))
                elif not self.trace.named[into] and (into, verdict) not in seen:
                    seen.add((into, verdict))
                    todo.append((into, verdict))
        return found


def _so_far(ways: list[list[tuple[int, bool, bool]]]) -> tuple[list[str], list[bool]]:
    """Verdict behind each hop of a path, by the strongest way of each; and whether that way is a stated edge."""
    state, told, direct = 0, [], []
    for hop_ways in ways:
        best = min((0 if restores and state == PSEUDONYMISED else max(state, verdict), not stated) for verdict, restores, stated in hop_ways)
        state = best[0]
        told.append(VERDICTS[state])
        direct.append(not best[1])
    return told, direct


def _statements(lineage: Lineage, hops: pl.DataFrame, direct: list[bool]) -> pl.Series:
    """SQL of each hop: what makes the column, else the statement of the first job that has one; null: none is held."""
    whole = _whole(lineage, hops["jobs"])
    parts = _parts(lineage, hops.filter(pl.Series(direct, dtype=pl.Boolean)))
    told = [(parts.get(key) if by_column else None) or text for key, by_column, text in zip(hops.select("source", "target").iter_rows(), direct, whole, strict=True)]
    return pl.Series(told, dtype=pl.String)


def _parts(lineage: Lineage, hops: pl.DataFrame) -> dict[tuple[str, str], str]:
    """Expression by source and target: of the edges that show as much as the hop the newest, then the larger."""
    edges = lineage.frames["edges"]
    if edges.schema.get("expression") != pl.String or hops.is_empty():  # of frames by hand it may be anything
        return {}
    ends = ["source", "target"]
    edges = edges.filter((pl.col("type") == "DIRECT") & pl.col("expression").is_not_null())
    shown = hops.select(*ends, shown=pl.col("verdict").fill_null("plain")).unique()
    told = edges.join(shown, on=ends).with_columns(same=pl.col("verdict").fill_null("plain") == pl.col("shown"))
    told = told.sort("same", "last_seen", "expression", nulls_last=False).unique(ends, keep="last", maintain_order=True)
    return {(source, target): _without_values(text) for source, target, text in told.select(*ends, "expression").iter_rows()}


def _without_values(text: str) -> str:
    """An expression as it is stored, which has no literals; of another kind of source it may."""
    from lineage_nb.sql.redact import redact

    safe = _SAFE.sub("", text)
    return text[:_MOST] if not _LITERALS.search(safe) else redact(text)[:_MOST]


def _whole(lineage: Lineage, jobs: pl.Series) -> list[str | None]:
    """Statement of the first job of each hop that has one, without its values."""
    from lineage_nb.sql.redact import redact

    nodes = lineage.frames["nodes"]
    named = jobs.explode().drop_nulls().unique()
    held = nodes.filter((pl.col("kind") == "job") & (pl.col("type") == "query") & pl.col("id").is_in(named.implode()))
    texts = {i: redact(d)[:_MOST] for i, d in held.select("id", "description").drop_nulls().iter_rows()}
    return [next((texts[j] for j in of_hop or [] if j in texts), None) for of_hop in jobs.to_list()]
