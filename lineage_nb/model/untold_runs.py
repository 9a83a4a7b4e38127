"""Runs that wrote a dataset and did not say what its columns are made of, though other runs of their job do.

What one run says of the columns does not hold for another that had more inputs. So an input that no column of the output is
known to be made of, read by a run that is silent, may have gone into any of them.
"""

from __future__ import annotations

from typing import Final

import polars as pl

__all__ = ["with_untold"]

EVIDENCE: Final = "openlineage:outputs"
_ENDLESS: Final = r"^(streaming|service)"


def with_untold(edges: pl.DataFrame, runs: pl.DataFrame, io: pl.DataFrame, nodes: pl.DataFrame) -> pl.DataFrame:
    """Add what inputs of silent runs may have fed, as edges between datasets that no job states.

    Parameters
    ----------
    edges : polars.DataFrame
        Of the model, claims settled.
    runs, io, nodes : polars.DataFrame
        Of the model. The column `told` of `io` says of an output whether a run's event told of its columns; if one event
        of a run did, the run did.

    Returns
    -------
    polars.DataFrame
        `edges`, and one more for each input and output.

    Examples
    --------
    >>> from lineage_nb.model.normalise import normalise
    >>> edges = normalise("edges", [{"source": "p#x", "target": "o#y", "job": "job:a/j"}])
    >>> io = normalise("io", [{"run": "r1", "dataset": "q", "direction": "in", "told": None},
    ...     {"run": "r1", "dataset": "o", "direction": "out", "told": False}])
    >>> done = normalise("runs", [{"job": "job:a/j", "run": "r1", "state": "COMPLETE"}])
    >>> nodes = normalise("nodes", [{"id": "job:a/j", "kind": "job"}])
    >>> with_untold(edges, done, io, nodes).select("source", "target").rows()
    [('p#x', 'o#y'), ('q', 'o')]
    """
    if "told" not in io.columns:
        return edges
    stated = _ends(edges.filter(pl.col("job").is_not_null() & pl.col("target").str.contains("#", literal=True))).select("job", dataset="to")
    by_run = runs.group_by("run", "job").agg(done=(pl.col("state") == "COMPLETE").any(), end=pl.col("end").max())
    endless = nodes.filter((pl.col("kind") == "job") & pl.col("type").str.contains(_ENDLESS))["id"].unique()
    wrote = (pl.col("rows") > 0) | (pl.col("bytes") > 0)
    written = io.filter((pl.col("direction") == "out") & pl.col("told").is_not_null())
    silent = (
        written.join(by_run, on="run")
        .join(stated.unique(), on=["job", "dataset"], how="semi")
        .group_by("run", "dataset", "job")
        .agg(told=pl.col("told").any(), wrote=wrote.any(), done=pl.col("done").any(), end=pl.col("end").max())
        .filter(~pl.col("told") & (pl.col("done") | pl.col("wrote").fill_null(value=False) | pl.col("job").is_in(endless.implode())))
    )
    if silent.is_empty():
        return edges
    read = io.filter(pl.col("direction") == "in").select("run", source="dataset").unique()
    known = _ends(edges.filter(pl.col("type").is_in(["DIRECT", "INDIRECT"]))).select("source", dataset="to").unique()
    pairs = silent.join(read, on="run").filter(pl.col("source") != pl.col("dataset")).join(known, on=["source", "dataset"], how="anti")
    if pairs.is_empty():
        return edges
    more = pairs.group_by("source", "dataset").agg(first_seen=pl.col("end").min(), last_seen=pl.col("end").max())
    more = more.select("source", "first_seen", "last_seen", target="dataset", type=pl.lit("DIRECT"), evidence=pl.lit(EVIDENCE))
    return pl.concat([edges, more.sort("source", "target")], how="diagonal_relaxed")


def _ends(edges: pl.DataFrame) -> pl.DataFrame:
    """The datasets at both ends: source, to, job."""
    dataset = r"^([^#]*)"
    return edges.select("job", source=pl.col("source").str.extract(dataset), to=pl.col("target").str.extract(dataset))
