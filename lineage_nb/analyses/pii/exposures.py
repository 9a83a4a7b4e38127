"""Who can see personal data: reports, exports, shares, feature sets, borders, and people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, partial
from os import PathLike
from typing import Any, Final, Literal

import numpy as np
import polars as pl

from lineage_nb.analyses.pii.abroad import abroad
from lineage_nb.analyses.pii.access import Access, access
from lineage_nb.analyses.pii.borders import BORDERS, Border, flows, zones
from lineage_nb.analyses.pii.decisions import Decisions, as_decisions
from lineage_nb.analyses.pii.ends import (
    DENIED,
    Reads,
    by_grant,
    by_reading,
    day_of,
    ends,
    jobs,
    reads_of,
    used,
)
from lineage_nb.analyses.pii.exposure_rows import ROWS, accepted, crossed, grouped, seen_by
from lineage_nb.analyses.pii.exposure_why import why
from lineage_nb.analyses.pii.masks import SPELLING
from lineage_nb.analyses.pii.policy import Policy, policy_of
from lineage_nb.analyses.pii.propagation import PiiAnswer, trace_of
from lineage_nb.analyses.pii.trace import Trace
from lineage_nb.analyses.pii.unmatched import unmatched_acceptances, unmatched_rules
from lineage_nb.analyses.result import Answer, plural
from lineage_nb.analyses.usage_log import UsageLog, usage_log
from lineage_nb.errors import LineageError, did_you_mean
from lineage_nb.graph.csr import Ints
from lineage_nb.graph.lineage import Lineage

__all__ = ["BY", "By", "exposures"]

By = Literal["recipient", "person", "region", "column"]
BY: Final = ("recipient", "person", "region", "column")


def exposures(
    answer: Answer, *, by: By = "recipient", policy: str | PathLike[str] | Policy | None = None, decisions: Any = None, days: int = 90, within: str | Iterable[str] | None = None
) -> Answer:
    """Tell who can see personal data, worst first.

    Parameters
    ----------
    answer : Answer
        Of `pii`.
    by : {"recipient", "person", "region", "column"}
        recipient: reports, exports, shares, feature sets, files read by their paths, jobs that take data where no
        source says, holders of grants as they are granted, and tagged borders that data crosses. person: persons and
        services, with roles and teams expanded. region: borders; of tags ``region:<name>`` and ``purpose:<name>`` on
        columns, datasets or their parents (and of principals tagged so that may read what lies elsewhere), and where no dataset has any region, of namespaces. column: what is seen of
        each column.
    policy : str, path or Policy, optional
        What counts; by default that of the answer. A mask may make a weaker verdict of what is seen, and the policy
        judges that.
    decisions : Decisions, path or dataframe, optional
        By default those of the answer.
        Exposures that somebody accepted until a day (see `Decisions.accept`). An acceptance of a dataset covers its
        columns, of a role those who see by it.
    days : int
        Window at the end of the usage log in which a read counts as use.
    within : str or iterable of str, optional
        Nodes, as ids or unique suffixes of them: only what is seen there counts; of a dataset all of its columns. By
        default everywhere.

    Returns
    -------
    Answer
        Frame, a row a key, label and status (two where the strongest is only possible and a weaker one is proved): key (who or what gets it; ``a → b`` for borders; a column), kind (report,
        export, share, features, file, job, region, purpose, namespace, region by grant, column; else the principal's type), label,
        verdict (the strongest that is seen, masks counted), certainty, how (view, copy, share, serve, path, job,
        grant, cross; read, no grant known; read, though denied), normal (only viewed in reports: what they are for), node (where it is seen most plainly),
        places (number of nodes), people (persons and services behind it; null: not known), who (the first 20 of them,
        by id), via (roles that the grant comes by), condition (mask or row policy of the grant), without_source (of
        principals: places that a label reaches from some origin which they may not read; else null), use (used, stale: granted and not read in the
        window, unknown: the log cannot tell; null: no grant; of several places the first of these), stale (number of
        places granted and not read), last_read (in the window; of a report by anybody), status (open, accepted, expired), until,
        special (a special category), action (of the policy), origin.

        Open before accepted; then special categories, what the policy carries, plain before weaker verdicts, proved
        before possible, and what is normal last.

    Raises
    ------
    LineageError
        For the answer of another analysis, an unknown `by` or policy, a window that is no number of days ≥ 1, a name in
        `within` that is not known or not clear.

    Examples
    --------
    >>> import lineage_nb as ln
    >>> snap = ln.from_frames(
    ...     nodes={"id": ["t#mail", "ana"], "kind": ["column", "principal"], "tags": ["pii:email", None]},
    ...     grants={"principal": ["ana"], "node": ["t"]},
    ... )
    >>> exposures(snap.pii()._answer, by="person").frame.select("key", "node", "verdict", "use").rows()
    [('ana', 't#mail', 'plain', 'unknown')]
    """
    trace = trace_of(answer)
    if by not in BY:
        raise LineageError(f"by is {by!r}.{did_you_mean(by, BY)} Known: {', '.join(BY)}.")
    if isinstance(days, bool) or not isinstance(days, int) or days < 1:
        raise LineageError(f"days is {days!r}; give a whole number ≥ 1")
    assert isinstance(answer, PiiAnswer)  # noqa: S101 - trace_of refuses others
    work = _Work(trace, answer.policy if policy is None else policy_of(policy), as_decisions(answer.settings.get("decisions") if decisions is None else decisions), days, _named(answer.lineage, within))
    rows, behind = work.rows(by)
    frame = grouped(rows, work.who, work.seeing, answer.lineage, by_column=by == "column")
    summary = _summary(frame, work, by)
    return Answer(
        "exposures",
        frame,
        _headline(summary),
        summary,
        _trust(frame, work, by),
        answer.lineage,
        partial(why, answer.lineage, behind, trace, frame, work.who),
        settings={"by": by, "policy": work.policy.name, "days": days},
    )


def _named(lineage: Lineage, within: str | Iterable[str] | None) -> tuple[str, ...] | None:
    if within is None:
        return None
    names = [within] if isinstance(within, str) else list(within) if isinstance(within, Iterable) else [within]
    for name in names:
        if not isinstance(name, str):
            raise LineageError(f"within is {within!r}; give names of nodes, such as 'mart.orders'")
    return tuple(lineage.names.resolve(name) for name in names)


@dataclass(frozen=True, eq=False)
class _Work:
    """What the rows are made of."""

    trace: Trace
    policy: Policy
    decisions: Decisions
    days: int
    within: tuple[str, ...] | None = None
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def lineage(self) -> Lineage:
        return self.trace.lineage

    @cached_property
    def log(self) -> UsageLog:
        return usage_log(self.lineage)

    @cached_property
    def day(self) -> date | None:
        return day_of(self.lineage, self.log)

    @cached_property
    def reads(self) -> Reads:
        return reads_of(self.lineage, self.log, self.days)

    @cached_property
    def seen(self) -> pl.DataFrame:
        """What is where: the answer's rows before any policy, with numbers."""
        rows, frame = self.trace.rows, self.trace.frame
        every = frame.with_columns(place=rows["node"], at_origin=rows["origin"], about=rows["label"], sureness=rows["certainty"], rank=rows["verdict"], stated=rows["certainty"] == 0)
        return every if self._inside is None else every.filter(pl.col("place").is_in(self._inside.implode()))

    @cached_property
    def _inside(self) -> pl.Series | None:
        """Numbers of the places that were asked for, and of their columns; None: all."""
        if self.within is None:
            return None
        coded = self.lineage.coded
        asked = coded.numbers(pl.Series(self.within, dtype=pl.String)).drop_nulls().cast(pl.Int64)
        at = pl.Series(coded.data).cast(pl.Int64).is_in(asked.implode())
        return pl.concat([asked, pl.Series(np.flatnonzero(at.to_numpy()).astype(np.int64))]).unique()

    @cached_property
    def who(self) -> Access:
        places = np.unique(np.concatenate([self.seen["place"].to_numpy(), self.trace.rows["origin"].to_numpy(), *self._begins()])).astype(np.int64)
        return access(self.lineage, places)

    def _begins(self) -> list[Ints]:
        """Every node where a label begins."""
        return [self.trace.places.shown[self.trace.starts(label, "possible")] for label in self.trace.labels]

    @cached_property
    def places(self) -> Ints:
        found: Ints = np.unique(self.seen["place"].to_numpy()).astype(np.int64)
        return found

    @cached_property
    def read(self) -> pl.DataFrame:
        """Who was seen to view, or to read without a grant."""
        return by_reading(self.lineage, self.places, self.reads, self.who)

    @cached_property
    def seeing(self) -> pl.DataFrame:
        """Persons and services by place: columns place, leaf, granted."""
        leaves = pl.Series(self.who.leaves).implode()
        granted = self.who.allowed.select("place", leaf="reader", granted=pl.lit(value=True))
        seen = self.read.filter(pl.col("how") != DENIED).select("place", leaf="key", granted=pl.lit(value=False))
        pairs = pl.concat([granted, seen]).filter(pl.col("leaf").is_in(leaves))
        return pairs.group_by("place", "leaf").agg(pl.col("granted").any())

    def rows(self, by: By) -> tuple[pl.DataFrame, dict[tuple[str, str], Trace]]:
        """Who gets what: a row a key, place and label, judged; and the traces behind borders."""
        facts = {
            "recipient": lambda: [*self._ends(), self._held(), self.read.filter(~pl.col("normal"))],
            "person": lambda: [self._people()],
            "column": lambda: [*self._ends(), self._people()],
            "region": lambda: [self._people().clear()],
        }[by]()
        every = pl.concat(facts)
        own = seen_by(self.trace, self.who, every, used(self.lineage, every, self.reads, self.who), self.seen)
        across, behind = self._borders(by)
        kept, stopped = self.policy.apply(pl.concat([own, across]))
        self.counts["stopped"] = stopped.height
        return accepted(kept, self.decisions, self.lineage, self.day), behind

    def _ends(self) -> list[pl.DataFrame]:
        return [ends(self.lineage, self.places), jobs(self.lineage, self.places)]

    def _held(self) -> pl.DataFrame:
        return by_grant(self.lineage, self.who.routes.filter(pl.col("reader") == pl.col("holder")))

    def _people(self) -> pl.DataFrame:
        leaves = pl.Series(self.who.leaves).implode()
        return pl.concat([by_grant(self.lineage, self.who.routes.filter(pl.col("reader").is_in(leaves))), self.read.filter(pl.col("key").is_in(leaves))])

    def _drawn(self, border: Border) -> bool:
        """Whether a tag says of anything but principals in which zone it is."""
        people = np.flatnonzero(self.lineage.coded.of_kind("principal"))
        return not zones(self.lineage, border).filter(~pl.col("node").is_in(pl.Series(people).implode())).is_empty()

    def _borders(self, by: By) -> tuple[pl.DataFrame, dict[tuple[str, str], Trace]]:
        stated: list[Border] = [b for b in BORDERS if self._drawn(b)]
        if by == "region" and "region" not in stated:
            stated = ["namespace", *stated]
        parts, behind = [pl.DataFrame(schema=ROWS)], dict[tuple[str, str], Trace]()
        for border in stated if by in ("region", "recipient") else ():
            rows, traces = flows(self.trace, border)
            if border == "region":
                parts.append(abroad(self.lineage, self.who, self.seen))
            over = crossed(self.lineage, rows.with_columns(kind=pl.lit(border)))
            parts.append(over if self._inside is None else over.filter(pl.col("place").is_in(self._inside.implode())))
            behind |= {(border, key): mine for key, mine in traces.items()}
        return pl.concat(parts), behind


# -- what is said of the answer -------------------------------------------------------------------------------


def _summary(frame: pl.DataFrame, work: _Work, by: By) -> dict[str, object]:
    open_ = frame.filter(pl.col("status") != "accepted")
    return {
        "by": by,
        "keys": frame["key"].n_unique(),
        "open": open_["key"].n_unique(),
        "plain": open_.filter((pl.col("verdict") == "plain") & (pl.col("certainty") == "proved"))["key"].n_unique(),
        "special": open_.filter("special")["key"].n_unique(),
        "accepted": frame.filter(pl.col("status") == "accepted").height,
        "expired": frame.filter(pl.col("status") == "expired").height,
        "stale": frame.filter(pl.col("stale") > 0)["key"].n_unique(),
        "without_source": frame.filter(pl.col("without_source") > 0)["key"].n_unique(),
        "stopped": work.counts["stopped"],
        "kinds": dict(frame.group_by("kind").agg(pl.col("key").n_unique()).sort("kind").iter_rows()),
        "labels": frame["label"].unique().sort().to_list(),
    }


_NOUN: Final = {"recipient": "recipient", "person": "person or service", "region": "border", "column": "column"}
_MANY: Final = {"person": "persons and services"}


def _headline(summary: dict[str, object]) -> str:
    by, count, plain = str(summary["by"]), int(str(summary["open"])), int(str(summary["plain"]))
    noun = _MANY[by] if by in _MANY and count != 1 else _NOUN[by]
    text = f"{count:,} {noun}" if noun in _MANY.values() else plural(count, noun)
    verb = {"region": "crossed by", "column": "seen with"}.get(by, "with sight of")
    text = f"{text} {verb} personal data, {plain:,} certainly in plain."
    more = [f"{plural(int(str(summary[k])), 'row')} {word}" for k, word in (("accepted", "accepted"), ("expired", "no longer accepted")) if summary[k]]
    return text + (f" {'; '.join(more)}." if more else "")


def _trust(frame: pl.DataFrame, work: _Work, by: By) -> tuple[str, ...]:
    grants = work.lineage.frames["grants"]
    notes = [
        f"Who may read rests on {plural(grants.height, 'grant')}, roles and teams expanded; who holds rights that no record shows is not known."
        if grants.height
        else "There are no grants: who may read is not known, only who was seen to."
    ]
    notes.append(work.log.sentence())
    odd = work.who.routes.filter(~pl.col("sure"))["privilege"].unique().sort().to_list()
    if odd:
        notes.append(f"Privileges that may let read, or are denied in part, count as possible: {', '.join(odd[:5])}.")
    limited = work.who.allowed.filter("limited").select("holder", "on", "privilege", "condition").n_unique()
    if limited:
        notes.append(f"{plural(limited, 'grant')} {'shows' if limited == 1 else 'show'} some rows only, or under a condition: what {'it shows' if limited == 1 else 'they show'} counts as plain as it is.")
    if strange := work.who.strange:
        told = ", ".join(repr(c if len(c) <= 60 else c[:60] + "…") for c in strange[:5]) + (" …" if len(strange) > 5 else "")
        notes.append(f"{plural(len(strange), 'condition')} of grants not understood, which hide nothing here: {told}. Understood are {SPELLING}.")
    if idle := work.who.idle:
        told = ", ".join(c if len(c) <= 60 else c[:60] + "…" for c in idle[:5]) + (" …" if len(idle) > 5 else "")
        notes.append(f"{plural(len(idle), 'column')} that masks and privileges name {'is' if len(idle) == 1 else 'are'} not known where they are granted, and change{'s' if len(idle) == 1 else ''} nothing: {told}.")
    known = work.trace.every["label"].unique().sort().to_list()
    notes += [*unmatched_acceptances(work.decisions, work.lineage, known), *unmatched_rules(work.policy, known)]
    if denied := _against(work):
        notes.append(denied)
    if by in ("region", "recipient"):
        notes += _border_notes(frame, work, by)
    if work.counts["stopped"]:
        notes.append(f"{plural(work.counts['stopped'], 'place')} are stopped by the policy {work.policy.name!r} and not in the frame.")
    if "file" in frame["kind"]:
        notes.append("Files that can be read by their paths count as copies: no log of the warehouse shows who reads them.")
    return tuple(notes)


def _against(work: _Work) -> str:
    """Reads in the log of what is denied to who reads it."""
    rows = work.read.filter(pl.col("how") == DENIED)
    home = pl.Series(work.lineage.coded.data).cast(pl.Int64).gather(rows["place"])
    pairs = rows.select("key", home=home).unique().sort("key", "home")
    if pairs.is_empty():
        return ""
    ids = work.lineage.coded.ids
    told = ", ".join(f"{ids[key]} ({ids[home]})" for key, home in pairs.head(5).iter_rows())
    return f"The log shows {plural(pairs.height, 'reader')} of what a deny takes away: {told}. The deny counts; one of the two records is wrong, or older."


def _border_notes(frame: pl.DataFrame, work: _Work, by: By) -> list[str]:
    if by == "region" and (frame["kind"] == "namespace").any():
        return ["No tag region:<name> is given, so every namespace counts as a region of its own."]
    if by == "recipient" and not zones(work.lineage, "region").height:
        return ["No tag region:<name> is given: flows across borders are not listed; by='region' lists those between namespaces."]
    told = zones(work.lineage, "region")["node"].implode()
    untold = work.seen.filter(~pl.col("place").is_in(told))["place"].n_unique()
    if not untold:
        return []
    return [f"{plural(untold, 'place')} with personal data {'says' if untold == 1 else 'say'} no region: what crosses into {'it' if untold == 1 else 'them'} is not listed, and what begins there and goes into a region is listed as '(no region) → …'."]
