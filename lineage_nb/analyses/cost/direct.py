"""Cost where it is run: nothing flows (`direct`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import polars as pl

from lineage_nb.analyses.cost.centres import CentresOn
from lineage_nb.analyses.cost.consumers import owner_keys
from lineage_nb.analyses.cost.outputs import written
from lineage_nb.analyses.cost.period import During
from lineage_nb.analyses.cost.placement import Placement
from lineage_nb.analyses.cost.shares import Split, apart
from lineage_nb.graph.flow import split
from lineage_nb.graph.lineage import Lineage

__all__ = ["DirectSplit"]


@dataclass
class DirectSplit:
    """Resources → who ran them.

    A job is run by the principals it writes for (the queries of a reader), else by its owners; what is billed to a
    dataset or report is run by whoever runs the jobs that write it, else by its own owners. Several share evenly.
    """

    lineage: Lineage
    placed: Placement
    by: str
    centres: CentresOn | None = None
    period: During | None = None
    measured: dict[str, int] = field(default_factory=dict)

    @cached_property
    def _shares(self) -> pl.DataFrame:
        """node, key, billed, of (keys of the node), amount."""
        spent = pl.concat([self.placed.own, self.placed.jobs]).group_by("node").agg(pl.col("amount").sum())
        spent = spent.filter(pl.col("amount") != 0)
        pairs = spent.join(self._keys(spent["node"]), on="node").sort("node", "key")
        pairs = pairs.with_columns(pl.col("node").rank("dense").cast(pl.Int64).alias("nth") - 1, pl.len().over("node").alias("of"))
        once = pairs.unique("node", keep="first", maintain_order=True)["amount"].to_numpy()
        amount = split(once, pairs["nth"].to_numpy(), np.ones(pairs.height))
        return pairs.select("node", "key", pl.col("amount").alias("billed"), "of", pl.Series("amount", amount, dtype=pl.Int64))

    def _keys(self, spent: pl.Series) -> pl.DataFrame:
        """node, key: what those who run a resource count as; ``other`` where none is named or the grouping has none."""
        nodes = self.lineage.frames["nodes"]
        mine = nodes.filter(pl.col("id").is_in(spent.implode()))
        if self.by == "report":
            key = pl.when(pl.col("kind") == "report").then(apart(pl.col("id"), self.by)).otherwise(pl.lit("other"))
            return mine.select(pl.col("id").alias("node"), key.alias("key"))
        reports = mine.filter((pl.col("kind") == "report") & (self.by == "consumer"))["id"]
        run_by = self._runners(mine.filter(~pl.col("id").is_in(reports.implode())))
        keys = owner_keys(nodes, run_by.rename({"node": "terminal"}), self.by, self.centres).rename({"terminal": "node"})
        return pl.concat([keys, pl.DataFrame({"node": reports}).with_columns(apart(pl.col("node"), self.by).alias("key"))])

    def _runners(self, mine: pl.DataFrame) -> pl.DataFrame:
        """node, owner (null: nobody is named)."""
        nodes = self.lineage.frames["nodes"]
        every = nodes.filter(pl.col("kind") == "job")["id"]
        people = nodes.filter(pl.col("kind") == "principal")["id"]
        writes = written(self.lineage, every, self.period)
        of_job = self._first_known(
            writes.filter(pl.col("node").is_in(people.implode())).select(pl.col("job").alias("node"), pl.col("node").alias("owner")),
            _owners(nodes.filter(pl.col("kind") == "job")),
        )
        made_by = writes.join(of_job.rename({"node": "job"}), on="job").select("node", "owner").unique()
        known = self._first_known(of_job, made_by, _owners(mine))
        return mine.select(pl.col("id").alias("node")).join(known, on="node", how="left")

    @staticmethod
    def _first_known(*choices: pl.DataFrame) -> pl.DataFrame:
        """Owners of each node from the first frame that names one."""
        found = choices[0]
        for more in choices[1:]:
            found = pl.concat([found, more.join(found, on="node", how="anti")])
        return found

    @cached_property
    def keys(self) -> list[str]:
        """Names of the keys, sorted."""
        return self._shares["key"].unique().sort().to_list()

    @cached_property
    def split(self) -> Split:
        """What each key gets."""
        alone = pl.col("of") == 1
        sums = self._shares.group_by("key").agg(
            pl.col("amount").filter(alone).sum().alias("exclusive"), pl.col("amount").filter(~alone).sum().alias("shared")
        ).sort("key")
        return Split(sums["exclusive"].to_numpy(), sums["shared"].to_numpy())

    def explain(self, key: str | int) -> pl.DataFrame:
        """Show the resources of a key (its place)."""
        name = self.keys[key] if isinstance(key, int) else key
        mine = self._shares.filter(pl.col("key") == name)
        return mine.select("node", "billed", (1.0 / pl.col("of")).alias("share"), "amount").sort("amount", "node", descending=[True, False])


def _owners(nodes: pl.DataFrame) -> pl.DataFrame:
    return nodes.select(pl.col("id").alias("node"), pl.col("owners").alias("owner")).explode("owner").drop_nulls("owner")
