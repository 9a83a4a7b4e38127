"""PII: where personal data ends up, why, and how sure that is.

Labels start at tags ``pii:<label>`` and follow values, never filters. Along a path the weakest verdict wins,
between paths the strongest. What was written stays written: edges that have expired still carry.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from os import PathLike
from typing import Any

import polars as pl

from lineage_nb.analyses.pii.labels import PREFIX, chosen
from lineage_nb.analyses.pii.origins import Origins, is_book, origins, unknown_tags, unread_tags
from lineage_nb.analyses.pii.policy import Policy, pii_policies, policy_of
from lineage_nb.analyses.pii.trace import VERDICTS, Trace
from lineage_nb.analyses.pii.unmatched import unmatched_rules
from lineage_nb.analyses.pii.why import explain
from lineage_nb.analyses.result import Answer, plural
from lineage_nb.analyses.unread import unread_sentences
from lineage_nb.errors import LineageError
from lineage_nb.graph.lineage import Lineage

__all__ = ["PREFIX", "VERDICTS", "PiiAnswer", "pii", "pii_policies", "stopped", "trace_of"]


@dataclass(frozen=True, eq=False)
class PiiAnswer(Answer):
    """An answer of `pii`, with the searches that it rests on.

    Attributes
    ----------
    trace : Trace
        Starts and edges as labels see them.
    policy : Policy
        What the rows were judged by.
    stopped : polars.DataFrame
        Rows that the policy stopped: columns of the frame, and reason.
    overruled : polars.DataFrame
        Decisions that a column does not hold a label: node, label, decision.
    """

    trace: Trace = field(kw_only=True)
    policy: Policy = field(kw_only=True)
    stopped: pl.DataFrame = field(kw_only=True)
    overruled: pl.DataFrame = field(kw_only=True)


def pii(
    lineage: Lineage,
    *,
    labels: Iterable[str] | None = None,
    policy: str | PathLike[str] | Policy = "conservative",
    decisions: Any = None,
) -> Answer:
    """Follow personal data from tagged columns to every place that it reaches.

    Parameters
    ----------
    lineage : Lineage
        A snapshot in which nodes carry tags ``pii:<label>``; a bare ``pii`` is the label ``true``.
    labels : iterable of str, optional
        Only these labels (``email`` or ``pii:email``), at least one; all by default.
    policy : {"conservative", "gdpr", "strict"}, Policy, or the path of a YAML file of one
        What counts (`pii_policies` prints them). Rows that it stops are not in the frame, but counted.
    decisions : optional
        What people decided about columns: `Decisions`, the path of a file of them, or a frame node, label, decision
        (``is`` or ``is_not``). What is not of a label neither begins nor passes it. Days are judged by the end of
        what was recorded. Decisions about nodes that are not there are counted, and change nothing.

    Returns
    -------
    Answer
        Frame: node (column; a dataset or report where columns are not known), label, verdict (see
        `VERDICTS`), certainty (proved: every hop is stated; possible: through lineage that no source states
        by column), origin (the tagged node), hops (0 at the origin), via (the node before), k (of an aggregated
        value: persons in the smallest group, at least; null: not known), suspected (not tagged itself: something
        else was taken out of it and tagged), action (of the policy: carry or downgrade). A node has a possible row
        beside a proved one only where it claims a stronger verdict.

    Raises
    ------
    LineageError
        For a label that no tag of the snapshot carries, an unknown policy, a decision that does not fit.

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
    judged = policy_of(policy)
    begin = origins(lineage, decisions)
    wanted = _labels(labels, begin.tagged)
    tagged = begin.tagged if wanted is None else begin.tagged.filter(pl.col("label").is_in(wanted))
    trace = Trace(lineage, tagged, begin.tagged, begin.barred)
    frame, stopped = judged.apply(trace.frame)
    summary = _summary(frame, lineage, trace, stopped, begin)
    known = begin.tagged["label"].unique().sort().to_list()
    return PiiAnswer(
        "pii",
        frame,
        _headline(summary),
        summary,
        (*_trust(lineage, frame, trace, judged, stopped, begin), *begin.notes, *unmatched_rules(judged, known), *unknown_tags(lineage, tagged), *unread_tags(lineage)),
        lineage,
        partial(explain, trace),
        settings={"labels": wanted, "policy": judged.name, "decisions": decisions if is_book(decisions) else None},
        trace=trace,
        policy=judged,
        stopped=stopped,
        overruled=begin.overruled,
    )


def trace_of(answer: Answer) -> Trace:
    """Give the searches behind an answer of `pii`: graph, verdicts of edges, where labels begin.

    Raises
    ------
    LineageError
        For the answer of another analysis.
    """
    if not isinstance(answer, PiiAnswer):
        raise LineageError(f"this is asked of personal data: snap.pii(); this answers {answer.analysis!r}")
    return answer.trace


def stopped(answer: Answer) -> pl.DataFrame:
    """List what the policy stopped, in the columns of the frame and with the reason.

    Raises
    ------
    LineageError
        For the answer of another analysis.
    """
    trace_of(answer)
    assert isinstance(answer, PiiAnswer)  # noqa: S101 - just checked
    return answer.stopped


def _labels(labels: Iterable[str] | None, tagged: pl.DataFrame) -> list[str] | None:
    if labels is None:
        return None
    known = tagged["label"].unique().sort().to_list()
    wanted = chosen(labels, known)
    unknown = [x for x in wanted if x not in known]
    if unknown:
        raise LineageError(f"no node is tagged {', '.join(PREFIX + u for u in unknown)}. Labels here: {', '.join(known) or 'none'}.")
    return wanted


# -- what is said of the answer -------------------------------------------------------------------------------


def _summary(frame: pl.DataFrame, lineage: Lineage, trace: Trace, stopped: pl.DataFrame, begin: Origins) -> dict[str, object]:
    proved = frame.filter(pl.col("certainty") == "proved")
    certain = proved["node"].unique()
    reached = frame.filter(pl.col("hops") > 0)
    others = frame.filter(~pl.col("node").is_in(certain.implode()))
    return {
        "labels": trace.labels,
        "origins": trace.tagged["id"].n_unique(),
        "further": proved.filter((pl.col("hops") > 0) & ~pl.col("node").is_in(trace.tagged["id"].unique().implode()))["node"].n_unique(),
        "reached": reached["node"].n_unique(),
        "proved": len(certain),
        "plain": proved.filter(pl.col("verdict") == "plain")["node"].n_unique(),
        "possible": others["node"].n_unique(),
        "suspected": frame.filter(pl.col("suspected"))["node"].n_unique(),
        "columns": int(lineage.coded.of_kind("column").sum()),
        "verdicts": dict(frame.group_by("verdict").len().sort("verdict").iter_rows()),
        "downgraded": frame.filter(pl.col("action") == "downgrade").height,
        "stopped": stopped.height,
        "overruled": begin.denied,
    }


def _headline(summary: dict[str, object]) -> str:
    if not summary["origins"]:
        return "No node carries a tag pii:<label>, so there is nothing to follow."
    origins, further, possible = (int(str(summary[k])) for k in ("origins", "further", "possible"))
    text = f"Personal data of {plural(origins, 'tagged node')} certainly reaches {plural(further, 'further place')}"
    return text + (f" and possibly {possible:,} more." if possible else ".")


def _trust(
    lineage: Lineage, frame: pl.DataFrame, trace: Trace, policy: Policy, stopped: pl.DataFrame, begin: Origins
) -> tuple[str, ...]:
    notes = ["Labels start at tags pii:<label>; a column nobody tagged counts as clean where nothing reaches it, whatever its name (snap.classify() looks at names)."]
    graph = trace.graph
    unknown = int((graph.table.value & (graph.table.verdict < 0)).sum())
    if unknown:
        notes.append(f"{plural(unknown, 'column edge')} {'does not say what becomes of the value: it counts as a plain copy' if unknown == 1 else 'do not say what becomes of the value: they count as plain copies'}.")
    possible = frame.filter((pl.col("certainty") == "possible") & ~pl.col("suspected")).height
    if possible:
        notes.append(f"{plural(possible, 'row')} {'rests' if possible == 1 else 'rest'} on jobs or readers whose column lineage no source states.")
    suspected = int(frame["suspected"].sum())
    if suspected:
        notes.append(f"{plural(suspected, 'row')} {'is' if suspected == 1 else 'are'} suspected: a tagged column was taken or copied from there.")
    gone = len(graph.table) - len(lineage.graph("column").table)
    if gone > 0:
        notes.append(f"{plural(gone, 'expired edge')} still {'carries: what it wrote' if gone == 1 else 'carry: what they wrote'} was not shown to be deleted.")
    cleaned = trace.places.today["node"].len()
    if cleaned:
        notes.append(f"{plural(cleaned, 'node')} {'was' if cleaned == 1 else 'were'} dropped or rewritten as a whole: what was written before is not counted there.")
    if stopped.height:
        notes.append(f"{plural(stopped.height, 'row')} {'is' if stopped.height == 1 else 'are'} stopped by the policy {policy.name!r} and not in the frame.")
    taken = trace.strength.taken_for_keys
    if len(taken):
        names = ", ".join(lineage.spoken(lineage.coded.ids[int(i)]) for i in taken[:3])
        notes.append(f"{plural(len(taken), 'column')} that jobs group by {'is' if len(taken) == 1 else 'are'} taken for a key of persons by name or table ({names}{' …' if len(taken) > 3 else ''}): what is aggregated by it is possibly of one person each.")
    if begin.denied:
        notes.append(f"{plural(begin.denied, 'decision')} that a column does not hold a label: it neither begins nor passes there.")
    return (*notes, *unread_sentences(lineage))


