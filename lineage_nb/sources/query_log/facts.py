"""Rows of a log and what their statements come to → usage, runs, io and costs, without a loop over the rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import polars as pl

from lineage_nb.model.ids import node_id
from lineage_nb.model.schema import FRAMES, STRINGS
from lineage_nb.sources.query_log.named import OTHERS, Named
from lineage_nb.sources.query_log.outcomes import READ, WRITE, Outcome
from lineage_nb.sources.sql_facts import fitted

__all__ = ["EVIDENCE", "facts"]

EVIDENCE: Final = "query_log:sql"
COMPONENT: Final = "query"
EXTRAS: Final = ("named_columns", "other_columns")
"""Columns of usage beside those of the model."""


def facts(
    log: pl.DataFrame, outcomes: Sequence[Outcome], namespace: str, currency: str
) -> dict[str, pl.DataFrame]:
    """Count what a log says.

    Parameters
    ----------
    log : polars.DataFrame
        Columns of `LOG` and key: the place in `outcomes`, null for rows of no outcome.
    outcomes : sequence of Outcome
        What the statements come to.
    namespace : str
        Of readers, warehouses and jobs.
    currency : str
        Of costs that name none.

    Returns
    -------
    dict of str to polars.DataFrame
        nodes (readers, warehouses, and a job for what each reader's queries cost), edges, usage, runs, io, costs and
        coverage.

    Notes
    -----
    Reads are added up by table, reader and day. The bytes that a statement scanned are shared evenly by the tables it
    read, so that they add up to the log's. Two extra columns of usage tell which columns of a table were read:
    `named_columns` those that a statement names, `other_columns` what was read beside them: ``none``, ``swept`` (all of them at
    once, as by ``SELECT *``) or ``untold``. What a query costs stays with the job that it is; what reads cost, with the
    job ``queries of <reader>``, which writes for nobody but its reader.
    """
    return _Facts(log, outcomes, namespace, currency).frames()


def _ids(kind: str, namespace: str, names: pl.Series) -> pl.DataFrame:
    """Columns name, id: node ids of different names."""
    different = names.drop_nulls().unique().sort()
    ids = [node_id(kind, namespace, n) for n in different]
    return pl.DataFrame({"name": different, "id": pl.Series(ids, dtype=pl.String)})


class _Facts:
    def __init__(self, log: pl.DataFrame, outcomes: Sequence[Outcome], namespace: str, currency: str) -> None:
        self.namespace = namespace
        self.users = _ids("principal", namespace, log["user"])
        self.computes = _ids("compute", namespace, log["compute"])
        jobs = [o.job.id if o.job is not None and o.role == WRITE else None for o in outcomes]
        place = pl.Series("key", range(len(outcomes)), dtype=pl.UInt32)
        known = pl.DataFrame(
            {"key": place, "role": [o.role for o in outcomes], "job": jobs},
            schema={"key": pl.UInt32, "role": pl.String, "job": pl.String},
        )
        done = pl.col("state").is_null() | (pl.col("state") == "COMPLETE")
        self.log = log.join(known, on="key", how="left", maintain_order="left").with_columns(
            done.alias("done"),
            pl.col("time").dt.date().alias("day"),
            pl.col("currency").fill_null(currency),
        )
        self.inputs = _touched([o.inputs for o in outcomes])
        self.named = _NamedColumns(outcomes)
        self.outputs = _touched([o.outputs for o in outcomes])

    def frames(self) -> dict[str, pl.DataFrame]:
        """All of it; frames without rows are left out."""
        runs = self._numbered_runs()
        costs, for_readers = self._costs()
        made = {
            "nodes": self._nodes(for_readers),
            "edges": self._edges(for_readers),
            "usage": self._usage(),
            "runs": fitted("runs", runs),
            "io": self._io(runs),
            "costs": costs,
            "coverage": self._coverage(),
        }
        return {name: frame for name, frame in made.items() if frame.height}

    def _named(self, frame: pl.DataFrame, column: str, ids: pl.DataFrame) -> pl.DataFrame:
        """Replace names by node ids."""
        joined = frame.join(ids, left_on=column, right_on="name", how="left", maintain_order="left")
        return joined.with_columns(pl.col("id_right" if "id" in frame.columns else "id").alias(column))

    def _usage(self) -> pl.DataFrame:
        reads = self.log.filter((pl.col("role") == READ) & pl.col("done") & pl.col("day").is_not_null())
        reads = reads.with_columns(
            pl.col("user").cast(pl.Categorical)
        )  # numbers are compared faster than texts
        totals = reads.group_by("key", "user", "day").agg(
            pl.len().alias("reads"),
            pl.when(pl.col("bytes").null_count() == 0).then(pl.col("bytes").sum()).alias("bytes"),
            pl.col("id").min().alias("least"),
            pl.col("time").min().alias("since"),
        )
        inputs = self.inputs.with_columns(pl.col("node").cast(pl.Categorical))
        read = totals.join(inputs, on="key").with_columns(_share("bytes"))
        read = read.join(self.named.by_key, on=["key", "nth"], how="left")
        rows = read.group_by("node", "user", "day").agg(
            pl.col("reads").sum(),
            pl.when(pl.col("bytes").null_count() == 0).then(pl.col("bytes").sum()).alias("bytes"),
            pl.col("least").min(),
            pl.col("since").min(),
            pl.col("said").min(),
            pl.col("said").max().alias("said_too"),
        )
        rows = self.named.added(rows, read)
        rows = self._named(rows.with_columns(pl.col("user", "node").cast(pl.String)), "user", self.users)
        record = _record("usage", pl.col("node"), pl.col("user"), pl.col("day"), _first_of(), pl.col("reads"))
        rows = rows.with_columns(record, consumer=pl.col("user"))
        return fitted("usage", rows).hstack(rows.select(EXTRAS))

    def _numbered_runs(self) -> pl.DataFrame:
        """Runs of the jobs, with the columns of the log."""
        runs = self.log.filter(
            (pl.col("role") == WRITE) & (pl.col("id").is_not_null() | pl.col("time").is_not_null())
        )
        nth = pl.int_range(pl.len()).over("job", "time")
        made = pl.concat_str(
            "job", pl.lit("@"), pl.col("time").dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ"), pl.lit("#"), nth
        )
        runs = self._named(runs, "compute", self.computes)
        state = pl.coalesce("state", pl.lit("COMPLETE")).alias("state")
        return runs.with_columns(
            pl.coalesce("id", made).alias("run"),
            pl.col("time").alias("start"),
            state,
            pl.col("busy").alias("busy_us"),
        )

    def _io(self, runs: pl.DataFrame) -> pl.DataFrame:
        done = runs.filter("done").select("run", "key", "bytes", "rows", "written")
        read = done.join(self.inputs, on="key").with_columns(_share("bytes"), direction=pl.lit("in"))
        only = pl.col("of") == 1
        wrote = done.join(self.outputs, on="key").with_columns(
            pl.when(only).then("rows").alias("rows"),
            pl.when(only).then("written").alias("bytes"),
            direction=pl.lit("out"),
        )
        rows = pl.concat([read.with_columns(pl.lit(None, pl.Int64).alias("rows")), wrote])
        return fitted("io", rows.with_columns(pl.col("node").alias("dataset")))

    def _costs(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Costs, and the readers with a job of their own: columns user (a name), job."""
        billed = self.log.filter(pl.col("cost").is_not_null() & pl.col("day").is_not_null())
        others = billed.filter(pl.col("job").is_null())["user"].unique()
        names = pl.Series("user", others, dtype=pl.String)
        ids = [node_id("job", self.namespace, f"queries of {u or 'nobody named'}") for u in names]
        for_readers = pl.DataFrame({"user": names, "reading": pl.Series(ids, dtype=pl.String)})
        billed = billed.join(for_readers, on="user", how="left", nulls_equal=True)
        rows = (
            billed.with_columns(pl.coalesce("job", "reading").alias("node"))
            .group_by("node", "day", "currency")
            .agg(
                pl.col("cost").sum().alias("amount"),
                pl.len().alias("count"),
                pl.col("id").min().alias("least"),
                pl.col("time").min().alias("since"),
            )
        )
        record = _record(
            "costs", pl.col("node"), pl.col("day"), pl.col("currency"), _first_of(), pl.col("count")
        )
        rows = rows.with_columns(record, component=pl.lit(COMPONENT), role=pl.lit("billed"))
        return fitted("costs", rows), for_readers.rename({"reading": "job"}).sort("job")

    def _nodes(self, for_readers: pl.DataFrame) -> pl.DataFrame:
        here = pl.lit(self.namespace).alias("namespace")
        service = pl.col("name").str.contains(r"(?i)gserviceaccount\.com$|^service[_-]")
        kind = pl.when(service).then(pl.lit("service account")).otherwise(None)
        people = self.users.with_columns(here, kind=pl.lit("principal"), type=kind)
        computes = self.computes.with_columns(here, kind=pl.lit("compute"), type=pl.lit("warehouse"))
        name = pl.lit("queries of ") + pl.col("user").fill_null("nobody named")
        jobs = for_readers.select(
            pl.col("job").alias("id"), here, name.alias("name"), kind=pl.lit("job"), type=pl.lit("queries")
        )
        return pl.concat([fitted("nodes", f) for f in (people, computes, jobs)])

    def _edges(self, for_readers: pl.DataFrame) -> pl.DataFrame:
        """A reader's queries write for the reader, whom their cost follows."""
        edges = self._named(for_readers.drop_nulls("user"), "user", self.users)
        return fitted(
            "edges",
            edges.select(
                pl.col("job").alias("source"),
                pl.col("user").alias("target"),
                "job",
                type=pl.lit("WRITE"),
                evidence=pl.lit(EVIDENCE),
            ),
        )

    def _coverage(self) -> pl.DataFrame:
        first, last = self.log["day"].min(), self.log["day"].max()
        if first is None:
            return pl.DataFrame(schema=FRAMES["coverage"].schema)
        whats = ["usage", "lineage", *(["cost"] if self.log["cost"].count() else [])]
        row: dict[str, Any] = {"scope": self.namespace, "from": first, "to": last, "complete": True}
        return fitted("coverage", pl.DataFrame([{**row, "what": what} for what in whats]))


class _NamedColumns:
    """Which columns were read, each different answer once.

    Attributes
    ----------
    by_key
        key, nth (of an input), said (a number of an answer).
    """

    def __init__(self, outcomes: Sequence[Outcome]) -> None:
        numbers: dict[Named, int] = {}
        rows = [
            (key, nth, numbers.setdefault(named, len(numbers)))
            for key, outcome in enumerate(outcomes)
            for nth, named in enumerate(outcome.named)
        ]
        schema: Mapping[str, Any] = {"key": pl.UInt32, "nth": pl.Int64, "said": pl.UInt32}
        self.by_key = pl.DataFrame(rows, schema=schema, orient="row")
        self._answers = pl.DataFrame(
            {
                "said": pl.Series(range(len(numbers)), dtype=pl.UInt32),
                "named_columns": pl.Series([list(n.columns) for n in numbers], dtype=STRINGS),
                "rank": pl.Series([OTHERS.index(n.others) for n in numbers], dtype=pl.Int64),
            }
        )

    def added(self, rows: pl.DataFrame, read: pl.DataFrame) -> pl.DataFrame:
        """Add `EXTRAS` to rows of a table, a user and a day, with the least and greatest answer of what they were read by."""
        of = ["node", "user", "day"]
        found = rows.join(self._answers, on="said", how="left", maintain_order="left")
        several = rows.filter(pl.col("said") != pl.col("said_too")).select(of)
        if several.height:
            parts = read.join(several, on=of, how="semi", nulls_equal=True).select(*of, "said").unique()
            parts = parts.join(self._answers, on="said")
            names = parts.select(*of, pl.col("named_columns")).explode("named_columns").unique().sort("named_columns")
            lists = names.group_by(of).agg(pl.col("named_columns").drop_nulls().alias("all_columns"))
            worst = parts.group_by(of).agg(pl.col("rank").max().alias("all_rank"))
            found = found.join(lists, on=of, how="left", nulls_equal=True).join(worst, on=of, how="left", nulls_equal=True)
            found = found.with_columns(
                pl.coalesce("all_columns", "named_columns").list.sort().alias("named_columns"),
                pl.coalesce("all_rank", "rank").alias("rank"),
            )
        words = pl.DataFrame({"rank": range(len(OTHERS)), "other_columns": OTHERS}, schema={"rank": pl.Int64, "other_columns": pl.String})
        return found.join(words, on="rank", how="left", maintain_order="left")


def _touched(nodes: Sequence[Sequence[str]]) -> pl.DataFrame:
    """Columns key, node, nth and of: the tables of each outcome."""
    rows = [(key, node, nth, len(some)) for key, some in enumerate(nodes) for nth, node in enumerate(some)]
    schema: Mapping[str, Any] = {"key": pl.UInt32, "node": pl.String, "nth": pl.Int64, "of": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _share(column: str) -> pl.Expr:
    """An even share of a sum; the first of those that share takes what is left."""
    part = pl.col(column) // pl.col("of")
    return (
        pl.when(pl.col("nth") == 0)
        .then(pl.col(column) - part * (pl.col("of") - 1))
        .otherwise(part)
        .alias(column)
    )


def _first_of() -> pl.Expr:
    """What tells the rows that were added up from others: the least of their ids, else their first time."""
    return pl.coalesce("least", pl.col("since").dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ"))


def _record(kind: str, *parts: pl.Expr) -> pl.Expr:
    texts = [p.cast(pl.String).fill_null("") for p in parts]
    return pl.concat_str(pl.lit(f"query_log:{kind}"), *texts, separator="|").alias("record")
