"""What goes, written as steps: action, reason, owners, grace, restore, money, dependencies."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from lineage_nb.analyses.plan.groups import Order
from lineage_nb.analyses.plan.ledger import Ledger
from lineage_nb.analyses.plan.owners import owners_of
from lineage_nb.analyses.plan.ties import Ties
from lineage_nb.analyses.unused.dropped import dropped_nodes
from lineage_nb.analyses.unused.freed import billed_currencies, job_shares, saved_costs
from lineage_nb.analyses.usage_log import UsageLog
from lineage_nb.graph.lineage import Lineage

__all__ = ["ACTIONS", "SCHEMA", "steps_of"]

ACTIONS = ("retire report", "stop job", "change job", "rename", "drop")
"""Actions in the order in which a group takes them; all drops come after all renames."""
SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "step": pl.Int64,
    "group": pl.Int64,
    "action": pl.String,
    "node": pl.String,
    "why": pl.String,
    "owners": pl.List(pl.String),
    "grace": pl.Int64,
    "restore": pl.String,
    "freed": pl.Int64,
    "freed_cumulated": pl.Int64,
    "cash": pl.Int64,
    "bytes": pl.Int64,
    "bytes_cumulated": pl.Int64,
    "depends_on": pl.List(pl.Int64),
    "checked": pl.Boolean,
}
_NAMES = 3


def steps_of(
    lineage: Lineage, found: Ties, order: Order, goes: pl.DataFrame, grace: Mapping[str, int], book: Ledger, log: UsageLog
) -> pl.DataFrame:
    """Write the steps.

    Parameters
    ----------
    lineage : Lineage
        A snapshot.
    found : Ties
        Its ties.
    order : Order
        What goes, in groups.
    goes : polars.DataFrame
        node, verdict, evidence, bytes, freed of every dataset and report that goes.
    grace : mapping
        Days by tier; under ``""`` those of any other.
    book : Ledger
        Decisions, to be told.
    log : UsageLog
        The usage log.

    Returns
    -------
    polars.DataFrame
        See `lineage_nb.analyses.plan.plan.Plan`.
    """
    coded, nodes = lineage.coded, lineage.frames["nodes"]
    i64 = pl.Int64
    facts = goes.select("node", "verdict", "evidence", "bytes", "freed").with_columns(data=coded.numbers(goes["node"]).cast(i64))
    facts = facts.join(nodes.select("id", "tier", "type"), left_on="node", right_on="id", how="left")
    data = order.data.with_columns(report=coded.kinds.gather(order.data["data"]) == "report").join(facts, on="data")
    stopped = order.stopped.select(pl.col("job").cast(i64).alias("job"), "group")
    costs, shares = _priced(lineage, log, data, stopped)
    own = data.join(shares.group_by("data").agg(pl.col("amount").sum()), on="data", how="left", maintain_order="left")
    own = own.with_columns(pl.col("freed").fill_null(0) - pl.col("amount").fill_null(0))
    of_job = stopped.join(shares.group_by("job").agg(pl.col("amount").sum().alias("freed")), on="job", how="left")
    zero, priced = pl.lit(0, i64), not data["freed"].null_count()
    changed = order.changed.with_columns(pl.col("job").cast(i64), pl.col("data").cast(i64))
    parts = [
        _rows(own.filter("report"), "retire report", pl.col("data"), "freed"),
        _rows(of_job.with_columns(pl.col("freed").fill_null(zero)), "stop job", pl.col("job"), "freed"),
        _rows(changed, "change job", pl.col("job"), zero, about=pl.col("data")),
        _rows(own.filter(~pl.col("report")), "rename", pl.col("data"), zero),
        _rows(own.filter(~pl.col("report")), "drop", pl.col("data"), "freed"),
    ]
    capacity = costs.select(number="resource", ahead="capacity")
    steps = pl.concat(parts).with_columns(place=pl.col("action").replace_strict(list(ACTIONS), list(range(len(ACTIONS))), return_dtype=i64))
    ranks = order.data.select(number="data", rank="rank")
    steps = steps.join(ranks, on="number", how="left")
    steps = steps.sort(pl.col("action") == "drop", "group", "place", "rank", "number", "about").with_row_index("step", offset=1)
    steps = steps.with_columns(pl.col("step").cast(i64), pl.when(pl.lit(priced)).then("freed").alias("freed"))
    steps = steps.join(capacity, on="number", how="left", maintain_order="left")
    ahead = pl.when(pl.col("action").is_in(["drop", "stop job", "retire report"])).then("ahead").fill_null(0)
    steps = steps.with_columns((pl.col("freed") - ahead).alias("cash"))
    steps = steps.join(facts.select(number="data", size="bytes", verdict="verdict", evidence="evidence", tier="tier", type="type"), on="number", how="left", maintain_order="left")
    steps = steps.join(owners_of(lineage, found, steps["number"]).rename({"node": "number"}), on="number", how="left", maintain_order="left")
    steps = _asked_for_jobs(steps, found)
    steps = steps.join(_dependencies(steps, found, stopped), on="step", how="left", maintain_order="left")
    return _told(lineage, found, steps, order, grace, book)


def _rows(frame: pl.DataFrame, action: str, number: pl.Expr, freed: str | pl.Expr, about: pl.Expr | None = None) -> pl.DataFrame:
    money = pl.col(freed) if isinstance(freed, str) else freed
    other = pl.lit(-1, pl.Int64) if about is None else about.cast(pl.Int64)
    return frame.select(
        "group", pl.lit(action).alias("action"), number.cast(pl.Int64).alias("number"), other.alias("about"), money.cast(pl.Int64).alias("freed")
    )


def _priced(lineage: Lineage, log: UsageLog, data: pl.DataFrame, stopped: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What resources cost, and what each output of a job that stops was promised of that: job, data, amount, capacity."""
    i64, dropped = pl.Int64, np.zeros(len(lineage.coded.ids), dtype=bool)
    if len(billed_currencies(lineage)) > 1:
        none = pl.DataFrame(schema=dict.fromkeys(("resource", "amount", "capacity"), i64))
        return none, pl.DataFrame(schema=dict.fromkeys(("job", "data", "amount", "capacity"), i64))
    dropped[data["data"].to_numpy()] = True
    costs = saved_costs(lineage, log)
    shares = job_shares(lineage, costs, dropped, dropped_nodes(lineage, log)).rename({"node": "data"}).join(stopped.select("job"), on="job", how="semi")
    paid = pl.concat([data.select(resource=pl.col("data").cast(i64)), shares.select(resource="job")]).unique()
    return costs.join(paid, on="resource", how="semi"), shares


def _asked_for_jobs(steps: pl.DataFrame, found: Ties) -> pl.DataFrame:
    """Ask the owners of its outputs about a job that has none."""
    tables = steps.filter(pl.col("action").is_in(["rename", "retire report"])).select("number", "owners")
    touched = pl.concat([found.writes.select("job", "data"), found.reads.select("job", "data")]).select(
        number=pl.col("job").cast(pl.Int64), data=pl.col("data").cast(pl.Int64)
    )
    asked = touched.join(tables, left_on="data", right_on="number").explode("owners").drop_nulls("owners")
    asked = asked.group_by("number").agg(pl.col("owners").unique().sort().alias("others"))
    steps = steps.join(asked, on="number", how="left", maintain_order="left")
    lonely = pl.col("action").str.ends_with("job") & (pl.col("owners").list.len() == 0) & pl.col("others").is_not_null()
    return steps.with_columns(pl.when(lonely).then("others").otherwise("owners").alias("owners")).drop("others")


def _dependencies(steps: pl.DataFrame, found: Ties, stopped: pl.DataFrame) -> pl.DataFrame:
    """step, depends_on: the steps that must be done before, each named once."""
    number = pl.Int64
    release = steps.filter(pl.col("action").is_in(["rename", "retire report"])).select("step", "rank", data="number")
    drop = steps.filter(pl.col("action") == "drop").select("step", "rank", data="number")
    stop = steps.filter(pl.col("action") == "stop job").select("step", job="number")
    change = steps.filter(pl.col("action") == "change job").select("step", data="about")
    rename = steps.filter(pl.col("action") == "rename").select("step", data="number")
    writes = found.writes.select(pl.col("job").cast(number), pl.col("data").cast(number))
    touched = pl.concat([writes, found.reads.select(pl.col("job").cast(number), pl.col("data").cast(number))]).unique()
    links = found.links.select(data=pl.col("source").cast(number), to=pl.col("target").cast(number))
    below = links.join(release, left_on="to", right_on="data").select("data", before="step", other="rank")
    dropped_below = links.join(drop, left_on="to", right_on="data").select("data", before="step", other="rank")
    apart = pl.col("rank") != pl.col("other")
    outputs = writes.join(stopped, on="job").select("job", "data")
    pairs = [
        rename.join(touched, on="data").join(stop.rename({"step": "before"}), on="job").select("step", "before"),
        rename.join(change.rename({"step": "before"}), on="data").select("step", "before"),
        release.join(below, on="data").filter(apart).select("step", "before"),
        stop.join(outputs, on="job").join(below, on="data").select("step", "before"),
        drop.join(rename.rename({"step": "before"}), on="data").select("step", "before"),
        drop.join(dropped_below, on="data").filter(apart).select("step", "before"),
    ]
    both = pl.concat(pairs).filter(pl.col("before") < pl.col("step")).unique()
    return both.group_by("step").agg(pl.col("before").sort().alias("depends_on"))


def _told(
    lineage: Lineage, found: Ties, steps: pl.DataFrame, order: Order, grace: Mapping[str, int], book: Ledger
) -> pl.DataFrame:
    """The steps in words."""
    ids, spoken = lineage.coded.ids, lineage.spoken
    steps = steps.with_columns(node=ids.gather(steps["number"]))
    decided = {r["node"]: r for r in book.latest.filter(pl.col("decision") == "dropped").iter_rows(named=True)}
    stopped, tables = order.stopped.select("job"), order.data.select(pl.col("data").cast(found.writes["data"].dtype))
    outputs, inputs = (_few(t.join(stopped, on="job", how="semi"), "job", "data", lineage) for t in (found.writes, found.reads))
    writers = _few(found.writes.filter("holds").join(tables, on="data", how="semi"), "data", "job", lineage)
    stays = _staying(found, order, lineage)
    writes = {(j, d): w for j, d, w in order.changed.select("job", "data", "writes").iter_rows()}
    why, restore, days = [], [], []
    for row in steps.iter_rows(named=True):
        action, number, node = row["action"], row["number"], row["node"]
        says = ""
        if action == "stop job":
            made = outputs.get(number)
            says = f"everything it writes goes: {made}" if made else f"it writes nothing, and all it reads goes: {inputs.get(number, '')}"
        elif action == "change job":
            verb = "write" if writes[number, row["about"]] else "read"
            rest = stays.get(number)
            says = f"it must no longer {verb} {spoken(ids[row['about']])}" + (f"; it stays, for {rest}" if rest else "; it stays")
        else:
            says = f"{row['verdict']}: {row['evidence']}"
        if node in decided:
            by = decided[node]["by"]
            says += f"; decided: dropped{f' by {by}' if by else ''}, and it is still there"
        why.append(says)
        restore.append(_restore(action, row["type"], writers.get(number)))
        days.append(grace.get(row["tier"] or "", grace[""]) if action == "drop" else 0)
    size = pl.when(pl.col("action") == "drop").then("size")
    return steps.with_columns(
        pl.Series("why", why, dtype=pl.String),
        pl.Series("restore", restore, dtype=pl.String),
        pl.Series("grace", days, dtype=pl.Int64),
        pl.col("freed").cum_sum().alias("freed_cumulated"),
        size.alias("bytes"),
        size.fill_null(0).cum_sum().alias("bytes_cumulated"),
        pl.col("depends_on").fill_null(pl.lit([], dtype=pl.List(pl.Int64))),
        pl.when(pl.col("action") != "change job").then(pl.lit(value=True)).alias("checked"),
    ).select(*SCHEMA)


def _restore(action: str, kind: str | None, writers: str | None) -> str:
    if action == "retire report":
        return "turn its refresh on again"
    if action == "stop job":
        return "start its schedule again"
    if action == "change job":
        return "undo the change"
    if action == "rename":
        return "rename it back"
    if kind and "view" in kind.lower():
        return "create the view again from its statement; save the statement first"
    again = f", or run {writers} again once its inputs are back" if writers else ""
    return f"from a backup or time travel{again}"


def _staying(found: Ties, order: Order, lineage: Lineage) -> dict[int, str]:
    """What stays of what the jobs to be changed write; of those that write nothing, of what they read."""
    jobs = order.changed.select("job").unique()
    rest = []
    for touched in (found.reads.select("job", "data"), found.writes.filter("holds").select("job", "data")):
        mine = touched.join(jobs, on="job", how="semi").with_columns(pl.col("data").cast(pl.Int64))
        rest.append(_few(mine.join(order.data, on="data", how="anti"), "job", "data", lineage))
    return rest[0] | rest[1]


def _few(pairs: pl.DataFrame, by: str, listed: str, lineage: Lineage) -> dict[int, str]:
    """Names of a few of what belongs to each number, and how many more there are."""
    some = pairs.sort(by, listed).group_by(by).agg(pl.col(listed).head(_NAMES), pl.len().alias("n"))
    ids, spoken = lineage.coded.ids, lineage.spoken
    return {
        key: ", ".join(spoken(ids[i]) for i in few) + (f" and {n - _NAMES:,} more" if n > _NAMES else "")
        for key, few, n in some.select(by, listed, "n").iter_rows()
    }
