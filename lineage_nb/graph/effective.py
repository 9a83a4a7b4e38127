"""Evidence → the edges that hold: expiry, precedence, contraction of jobs.

Datasets are tied to jobs by READ and WRITE, and to each other directly where a source says so; columns by
typed edges. From these three levels are derived, each as one edge per ordered pair. All ids are numbers here
(`lineage_nb.graph.coded`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import polars as pl

from lineage_nb.graph.coded import NOT_DATA, Coded
from lineage_nb.graph.csr import Ints
from lineage_nb.graph.edge_table import Codes, EdgeTable, Statements, unite

__all__ = ["Effective"]

_NO_DATA = ("job", "principal", "compute")
_SAID = ("source", "target", "job", "type", "subtype", "evidence", "verdict")


@dataclass(frozen=True)
class Effective:
    """The statements that hold, and what follows from them.

    Attributes
    ----------
    coded : Coded
        All statements.
    expired : bool
        Keep those that no longer hold: what was written stays written.
    """

    coded: Coded
    expired: bool = False

    @cached_property
    def active(self) -> pl.DataFrame:
        """The statements that hold (see `Coded.edges`)."""
        return self.coded.active(expired=self.expired)

    @cached_property
    def typed(self) -> pl.DataFrame:
        """Typed statements between datasets and columns."""
        no_data = list(_NO_DATA)
        return self.active.filter(
            pl.col("type").is_in(["DIRECT", "INDIRECT"]) & ~pl.col("source_kind").is_in(no_data) & ~pl.col("target_kind").is_in(no_data)
        )

    @cached_property
    def writes(self) -> pl.DataFrame:
        """Every (job, target) that a job writes, target a dataset: and `stated`, whether columns of it are."""
        written = self.active.filter((pl.col("type") == "WRITE") & ~pl.col("target_kind").is_in(list(NOT_DATA)))
        stated = self.resolved.select("job", "target").unique().with_columns(pl.lit(value=True).alias("stated"))
        return (
            written.select(pl.col("source").alias("job"), "target")
            .unique()
            .join(stated, on=["job", "target"], how="left")
            .with_columns(pl.col("stated").fill_null(value=False))
            .sort("job", "target")
        )

    @cached_property
    def resolved(self) -> pl.DataFrame:
        """Every (job, target, column) whose inputs the lineage of a job states, target the column's dataset."""
        stated = self.active.filter((pl.col("target_kind") == "column") & pl.col("type").is_in(["DIRECT", "WRITE"]))
        job = pl.when(pl.col("type") == "WRITE").then("source").otherwise("job").alias("job")
        return stated.select(job, pl.col("target_data").alias("target"), pl.col("target").alias("column")).drop_nulls("job").unique()

    @cached_property
    def reads(self) -> pl.DataFrame:
        """Every (source, job) that a job reads, source a dataset; and evidence (list of places)."""
        found = self.active.filter((pl.col("type") == "READ") & (pl.col("target_kind") == "job"))
        named = found.select(pl.col("source_data").alias("source"), pl.col("target").alias("job"), "evidence").unique()
        return named.group_by("source", "job").agg(pl.col("evidence").sort()).sort("source", "job")

    # -- levels ------------------------------------------------------------------------------------------------

    def columns(self) -> EdgeTable:
        """The column level as sources state it: edges from a column or into one, also to and from datasets."""
        of_columns = self.typed.filter((pl.col("source_kind") == "column") | (pl.col("target_kind") == "column"))
        return unite(len(self.coded.ids), _statements(of_columns), self.coded.words)

    def datasets(self, number: Ints, n: int) -> EdgeTable:
        """The dataset level: jobs contracted, column edges lifted, stated dataset edges kept.

        A pair that column lineage of the same job speaks of takes its type from there. A self-update is an edge
        from a dataset to itself.

        Parameters
        ----------
        number : numpy.ndarray
            The number at this level of every node.
        n : int
            Number of nodes at this level.
        """
        lifted = self.typed.with_columns(source=pl.col("source_data"), target=pl.col("target_data"))
        implied, words = self._implied()
        said = _statements(lifted.select(_SAID).unique()).join(implied)
        return unite(n, replace(said, source=number[said.source], target=number[said.target]), words)

    def jobs(self) -> tuple[Ints, EdgeTable]:
        """The job level: one job writes what another reads; reports follow the jobs that write what they show.

        Returns
        -------
        tuple
            (nodes at this level, ascending; edges between their places). The `jobs` of an edge are empty, its
            evidence is the datasets between the two.
        """
        outputs = self.writes.select(pl.col("job").alias("source"), pl.col("target").alias("dataset"))
        inputs = self.reads.select(pl.col("source").alias("dataset"), pl.col("job").alias("target"))
        shown = self.typed.filter(pl.col("target_kind") == "report")
        shown = shown.select(pl.col("source_data").alias("dataset"), "target")
        pairs = outputs.join(pl.concat([inputs, shown]).unique(), on="dataset")
        source, target = (pairs[side].to_numpy() for side in ("source", "target"))
        nodes = np.union1d(np.flatnonzero(self.coded.of_kind("job")), np.r_[source, target]).astype(source.dtype)
        nothing, yes = np.full(len(source), -1, dtype=np.int32), np.ones(len(source), dtype=bool)
        dataset = pairs["dataset"].to_numpy().astype(np.int32)
        said = Statements(np.searchsorted(nodes, source), np.searchsorted(nodes, target), nothing, yes, yes, yes, nothing, dataset, nothing.astype(np.int8))
        return nodes, unite(len(nodes), said, self.coded.ids)

    # -- inputs × outputs --------------------------------------------------------------------------------------

    def _implied(self) -> tuple[Statements, pl.Series]:
        """Inputs × outputs of every job that its column lineage does not speak of, and the words they use.

        Proved for a single input or output, else possible.
        """
        inputs = self.reads.with_columns(pl.len().over("job").alias("n_in"))
        outputs = self.writes.with_columns(pl.len().over("job").alias("n_out"))
        both = inputs.join(outputs, on="job").join(self._spoken_of(), on=["source", "target", "job"], how="left")
        influences = pl.col("influences").is_not_null() & pl.col("stated")
        both = both.filter(pl.col("by_column").is_null() & ~influences)
        proved = (pl.min_horizontal("n_in", "n_out") == 1) & ~pl.col("stated")
        both = both.select("source", "target", "job", proved.alias("proved"), "evidence")
        evidence, words = self._joined(both["evidence"])
        yes, nothing = np.ones(both.height, dtype=bool), np.full(both.height, -1, dtype=np.int32)
        said = Statements(
            both["source"].to_numpy(),
            both["target"].to_numpy(),
            both["job"].to_numpy(),
            yes,
            yes,
            both["proved"].to_numpy(),
            nothing,
            evidence,
            nothing.astype(np.int8),
        )
        return said, words

    def _spoken_of(self) -> pl.DataFrame:
        """Pairs of datasets that column lineage of a job speaks of: source, target, job, by_column, influences.

        `by_column` where the job states columns of the target, `influences` where it states that columns filter, join,
        group or sort the whole of it.
        """
        ends = [pl.col("source_data").alias("source"), pl.col("target_data").alias("target"), "job"]
        told = self.active.filter(pl.col("type").is_in(["DIRECT", "INDIRECT"]))
        by_column = told.filter(pl.col("target_kind") == "column").select(ends).unique()
        sweeping = (pl.col("type") == "INDIRECT") & (pl.col("source_kind") == "column") & (pl.col("target_kind") != "column")
        influences = told.filter(sweeping).select(ends).unique()
        return by_column.with_columns(by_column=pl.lit(value=True)).join(
            influences.with_columns(influences=pl.lit(value=True)), on=["source", "target", "job"], how="full", coalesce=True
        )

    def _joined(self, evidence: pl.Series) -> tuple[Codes, pl.Series]:
        """Places of lists of evidence, each list written as one word; and the words with those added."""
        words = self.coded.words
        several = evidence.filter(evidence.list.len() > 1).unique(maintain_order=True)
        texts = pl.DataFrame({"list": several}).with_row_index("i").explode("list")
        texts = texts.with_columns(words.gather(texts["list"]).alias("word")).group_by("i", maintain_order=True).agg(pl.col("word").str.join("; "))
        longer = pl.DataFrame({"list": several, "place": np.arange(len(several), dtype=np.int32) + len(words)})
        alone = pl.when(pl.col("list").list.len() == 1).then(pl.col("list").list.first())
        found = pl.DataFrame({"list": evidence}).join(longer, on="list", how="left", maintain_order="left")
        places = found.select(pl.coalesce("place", alone).alias("place"))["place"]
        return places.cast(pl.Int32).to_numpy(), pl.concat([words, texts["word"]])


def _statements(edges: pl.DataFrame) -> Statements:
    """Coded edges as arrays; what is stated is proved."""
    direct = (edges["type"] == "DIRECT").to_numpy()
    return Statements(
        edges["source"].to_numpy(),
        edges["target"].to_numpy(),
        edges["job"].fill_null(-1).to_numpy(),
        direct,
        (edges["type"] != "INDIRECT").to_numpy(),
        np.ones(edges.height, dtype=bool),
        edges["subtype"].fill_null(-1).to_numpy(),
        edges["evidence"].fill_null(-1).to_numpy(),
        edges["verdict"].fill_null(-1).to_numpy(),
    )
