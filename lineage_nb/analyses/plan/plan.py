"""The drop plan: in which order what nobody uses may go, whom to ask, how to restore it, what it saves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from lineage_nb.analyses.plan.groups import Order, order_of
from lineage_nb.analyses.plan.ledger import Ledger, as_ledger
from lineage_nb.analyses.plan.steps import SCHEMA, steps_of
from lineage_nb.analyses.plan.ties import Ties, stays_below, ties
from lineage_nb.analyses.result import Answer, money, plural
from lineage_nb.analyses.unused.dropped import dropped_nodes
from lineage_nb.analyses.unused.freed import freed_costs
from lineage_nb.analyses.unused.judge import DROPPABLE
from lineage_nb.analyses.usage_log import UsageLog, usage_log
from lineage_nb.errors import LineageError
from lineage_nb.graph.lineage import Lineage

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Plan", "plan"]

_LEFT_OUT = {"node": pl.String, "verdict": pl.String, "reason": pl.String, "until": pl.Date, "freed": pl.Int64}
Grace = int | Mapping[str, int]


@dataclass(frozen=True, eq=False)
class Plan:
    """Steps in a safe order; every prefix of them is safe too. Immutable.

    Attributes
    ----------
    frame : polars.DataFrame
        A row a step: step (from 1), group (what goes together: a cycle is one group), action (``retire report``,
        ``stop job``, ``change job``, ``rename``, ``drop``), node, why, owners (list; whom to ask), grace (days to
        wait after the steps it depends on), restore, freed and freed_cumulated (micro-units; null: several
        currencies), cash (the part of freed that is money at once: warehouse hours are not, until the warehouse is
        resized), bytes, bytes_cumulated, depends_on (list of steps), checked (dependencies searched again: nothing
        that stays needs it, nobody read it; null: a person has to see to it).
    left_out : polars.DataFrame
        What `unused` calls unused and the plan leaves alone: node, verdict, reason, until (last day on which a
        decision keeps it; null: no such day), freed (micro-units `unused` promised for it).
    headline : str
        The plan in one sentence.
    summary : Mapping
        The figures of the headline and more, by name.
    trust : tuple of str
        What it rests on, a sentence each.
    lineage : Lineage
        The snapshot.
    as_of : datetime.date or None
        End of the log: every day of the plan counts from there.
    ledger : Ledger
        Decisions taken before.
    """

    frame: pl.DataFrame
    left_out: pl.DataFrame
    headline: str
    summary: Mapping[str, Any]
    trust: tuple[str, ...]
    lineage: Lineage
    as_of: date | None
    ledger: Ledger = field(default_factory=Ledger)

    def __len__(self) -> int:
        """Count the steps."""
        return self.frame.height

    def to_pandas(self) -> pd.DataFrame:
        """Copy the frame to pandas."""
        return self.frame.to_pandas()

    def to_markdown(self) -> str:
        """Write the whole plan as Markdown: headline, steps, what is left out, what it rests on."""
        from lineage_nb.analyses.plan.text import markdown

        return markdown(self)

    def packets(self) -> dict[str, str]:
        """Write a Markdown page for each owner, with a place to answer for each table.

        Returns
        -------
        dict
            Owner → page; under ``""`` what nobody owns.
        """
        from lineage_nb.analyses.plan.text import packets

        return packets(self)

    def sql(self, dialect: str, *, drop: bool = False) -> str:
        """Write the statements to review; nothing is ever executed.

        Parameters
        ----------
        dialect : str
            One of `lineage_nb.analyses.plan.sql.DIALECTS`.
        drop : bool
            Write the drops as statements, for the second round; otherwise they are comments below the renames.

        Raises
        ------
        LineageError
            For an unknown dialect.
        """
        from lineage_nb.analyses.plan.sql import script

        return script(self, dialect, drop=drop)

    def decide(
        self, node: str, decision: str, *, by: str | None = None, until: date | str | None = None, note: str | None = None
    ) -> Ledger:
        """Add a decision to the ledger of this plan.

        Parameters
        ----------
        node : str
            Id or short name of a node.
        decision : {"kept", "dropped", "postponed"}
            Kept and postponed leave it, and what it is made from, out of the next plan. Dropped leaves it out while the
            log still ends where it did (or before); a later log that holds it still brings it back, and its step says so.
        by, note : str, optional
            Who decided, and why.
        until : date or str, optional
            Last day on which it holds, by the end of the log; None: for good.

        Returns
        -------
        Ledger
            A new one, with all decisions before; write it, and hand it to the next plan.

        Raises
        ------
        UnknownNameError, AmbiguousNameError
            For a name that fits no or several nodes.
        LineageError
            For a job: decide about what it writes.
        SchemaError
            For an unknown decision or a day that cannot be read.
        """
        found = self.lineage.names.resolve(node)
        if self.lineage.frames["nodes"].filter((pl.col("id") == found) & (pl.col("kind") == "job")).height:
            raise LineageError(f"{found} is a job; decide about the tables that it writes")
        return self.ledger.decide(found, decision, by=by, until=until, note=note, reviewed=self.as_of)

    def realised(self, later: Lineage) -> Answer:
        """Compare what the plan promised with what a later snapshot shows (see `lineage_nb.analyses.plan.realised`)."""
        from lineage_nb.analyses.plan.realised import realised

        return realised(self, later)


def plan(answer: Answer, *, grace: Grace = 30, ledger: Ledger | str | PathLike[str] | None = None) -> Plan:
    """Order what is unused into steps that are safe one by one.

    Parameters
    ----------
    answer : Answer
        Of `unused`, at the level of datasets.
    grace : int or mapping
        Days between a rename and the drop; by tier, where a mapping is given (30 for any other tier).
    ledger : Ledger or path, optional
        Decisions taken before: what is kept or postponed beyond the end of the log, and what it is made from, is
        left out.

    Returns
    -------
    Plan
        Its ``frame`` and what is left out.

    Raises
    ------
    LineageError
        For an answer of anything else, or a grace below 0.
    FormatError, SchemaError
        For a ledger that cannot be read.

    Notes
    -----
    First come reports and dead tables downstream, then what they are made from; a job is stopped before anything
    it writes is renamed, and only if all of it goes. A job that also writes something that stays is never stopped:
    a step asks to change it first. A cycle is one group. All renames come before all drops, and no drop before its
    days of grace. ``freed`` adds up to what `unused` promised, less what is left out.

    Examples
    --------
    >>> import lineage_nb as ln
    >>> from lineage_nb.analyses.unused.judge import unused
    >>> snap = ln.from_frames(
    ...     nodes={"id": ["load"], "kind": ["job"]},
    ...     edges={"source": ["a", "load"], "target": ["load", "b"], "type": ["READ", "WRITE"]},
    ...     usage={"node": ["a", "a"], "consumer": ["ana", "ana"], "day": ["2025-01-01", "2025-06-30"]},
    ... )
    >>> plan(unused(snap)).frame.select("action", "node").rows()
    [('stop job', 'load'), ('rename', 'b'), ('drop', 'b')]
    """
    if answer.analysis != "unused" or answer.settings.get("level", "dataset") != "dataset":
        raise LineageError(f"a plan is made of unused tables, not of {answer.analysis!r}; ask unused() at the level of datasets")
    lineage, book = answer.lineage, as_ledger(ledger)
    log = usage_log(lineage, answer.settings.get("monitors", ()))
    frame = answer.frame.filter(pl.col("verdict").is_in(DROPPABLE))
    found = ties(lineage, log)
    kept, left_out = _kept(lineage, found, frame, log, book, int(answer.settings.get("days", 90)))
    goes = _freed_again(lineage, kept.filter("goes").drop("goes"), log) if left_out.height else kept.drop("goes")
    numbers = lineage.coded.numbers(goes["node"]).to_numpy()
    n = len(lineage.coded.ids)
    marked, freed = np.zeros(n, dtype=bool), np.zeros(n, dtype=np.int64)
    marked[numbers], freed[numbers] = True, goes["freed"].fill_null(0).to_numpy()
    dropped = dropped_nodes(lineage, log)
    dropped[lineage.coded.numbers(book.out(log.end).filter(pl.col("decision") == "dropped")["node"]).drop_nulls().to_numpy()] = True
    order = order_of(lineage, found, marked, freed, dropped)
    steps = steps_of(lineage, found, order, goes, _grace(grace), book, log) if goes.height else pl.DataFrame(schema=SCHEMA)
    summary = _summary(answer, steps, order, left_out, frame)
    return Plan(steps, left_out, _headline(summary), summary, _trust(summary, answer, book, lineage, steps), lineage, log.end, book)


def _freed_again(lineage: Lineage, goes: pl.DataFrame, log: UsageLog) -> pl.DataFrame:
    """What the rest frees once something is left out: a job that also writes that is no longer freed."""
    again = freed_costs(lineage, goes.drop("freed"), DROPPABLE, log)
    return again.with_columns(pl.when(pl.Series(goes["freed"].is_not_null())).then("freed").alias("freed"))


def _grace(grace: Grace) -> Mapping[str, int]:
    """Days by tier; under ``""`` those of any other."""
    days = {"": 30, **grace} if isinstance(grace, Mapping) else {"": grace}
    for tier, value in days.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            of = f" of tier {tier!r}" if tier else ""
            raise LineageError(f"grace{of} is {value!r}; give whole days ≥ 0")
    return days


def _kept(
    lineage: Lineage, found: Ties, frame: pl.DataFrame, log: UsageLog, book: Ledger, days: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Mark in `frame` what goes, and list what is left out, with the reason."""
    coded = lineage.coded
    decided = book.out(log.end).select("node", "decision", "by", "until")
    told = frame.join(decided, on="node", how="left", maintain_order="left").with_columns(i=coded.numbers(frame["node"]))
    goes = np.zeros(len(coded.ids), dtype=bool)
    goes[told.filter(pl.col("decision").is_null() | (pl.col("decision") == "dropped"))["i"].to_numpy()] = True
    window = log.window(days)
    if window is None:
        return frame.clear().with_columns(goes=pl.lit(value=True)), pl.DataFrame(schema=_LEFT_OUT)
    below = stays_below(lineage, found, log, goes, window)
    told = told.with_columns(below=pl.Series(below[told["i"].to_numpy()]))
    rows = []
    for row in told.filter(pl.col("decision").is_not_null() | (pl.col("below") >= 0)).iter_rows(named=True):
        if row["decision"]:
            by = f" by {row['by']}" if row["by"] else ""
            reason = f"decided: dropped{by}, by this same log" if row["decision"] == "dropped" else f"{row['decision']}{by}"
        elif row["below"] == row["i"]:
            reason = "the records show a read by somebody in the window"
        else:
            reason = f"feeds {lineage.spoken(coded.ids[row['below']])}, which stays"
        rows.append((row["node"], row["verdict"], reason, row["until"], row["freed"]))
    left_out = pl.DataFrame(rows, schema=_LEFT_OUT, orient="row")
    return frame.with_columns(goes=~frame["node"].is_in(left_out["node"].implode())), left_out


def _summary(answer: Answer, steps: pl.DataFrame, order: Order, left_out: pl.DataFrame, frame: pl.DataFrame) -> dict[str, Any]:
    actions = dict(steps.group_by("action").len().sort("action").iter_rows())
    freed = None if steps["freed"].null_count() else int(steps["freed"].sum())
    cash = None if freed is None else int(steps["cash"].sum())
    promised = None if frame["freed"].null_count() else int(frame["freed"].sum())
    return {
        "steps": steps.height,
        "groups": order.data["group"].n_unique(),
        "actions": actions,
        "tables": actions.get("drop", 0),
        "reports": actions.get("retire report", 0),
        "jobs": actions.get("stop job", 0),
        "to_change": actions.get("change job", 0),
        "freed": freed,
        "cash": cash,
        "capacity": None if freed is None or cash is None else freed - cash,
        "freed_left_out": None if freed is None or promised is None else promised - freed,
        "left_out": left_out.height,
        "bytes": int(steps["bytes"].sum()),
        "currency": answer.summary.get("currency", ""),
        "as_of": answer.summary["window"][1] if answer.summary.get("window") else None,
    }


def _headline(summary: Mapping[str, Any]) -> str:
    if not summary["steps"]:
        return "There is nothing to drop."
    what = [plural(summary[k], noun) for k, noun in (("tables", "table"), ("reports", "report"), ("jobs", "job")) if summary[k]]
    text = f"{plural(summary['steps'], 'step')} to drop {', '.join(what)}"
    if summary["freed"]:
        text += f", saving {money(summary['freed'], summary['currency'])} of what was billed"
        if summary["capacity"]:
            text += f", of which {money(summary['capacity'], summary['currency'])} is capacity that saves nothing until it is resized"
    changed = summary["to_change"]
    return text + (f"; {plural(changed, 'change')} to jobs that stay must come first." if changed else ".")


def _trust(summary: Mapping[str, Any], answer: Answer, book: Ledger, lineage: Lineage, steps: pl.DataFrame) -> tuple[str, ...]:
    notes = []
    if summary["steps"]:
        notes.append(
            "Dependencies were checked again in the records, possible ones included: nothing that stays is made from "
            "what goes, and nobody read it in the window."
        )
        notes.append(f"Days count from the end of the log, {summary['as_of']}. freed is what was billed over the whole cost record.")
    if summary["left_out"]:
        notes.append(f"Left out: {plural(summary['left_out'], 'table')} (see left_out).")
    still = book.latest.filter((pl.col("decision") == "dropped") & pl.col("node").is_in(steps["node"].implode()))
    if still.height:
        notes.append(f"{plural(still.height, 'table')} that the ledger calls dropped {'is' if still.height == 1 else 'are'} still there.")
    gone = book.latest.filter(~pl.col("node").is_in(lineage.coded.ids.implode()))
    if gone.height:
        notes.append(f"The ledger speaks of {plural(gone.height, 'node')} that this snapshot does not hold.")
    return (*notes, *answer.trust)
