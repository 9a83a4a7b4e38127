"""Which names stand for which node.

Two described nodes are one, when

- one has a hand-made id, and the namespace and name of the other, whose id was generated from them;
- one is known by platform alone (``duckdb/shop.orders``, as dbt says it), and the other is the only dataset
  of that platform and name with a full address (``duckdb://file/shop.orders``);
- an alias of one is the id of the other (OpenLineage's symlinks);
- both are jobs, one of them dbt's, and sources give both the same dbt unique id.

A name that nothing else is called stands for a node when it is its alias, or the whole name of exactly one
dataset. Whatever fits two nodes is left alone.
"""

from __future__ import annotations

import polars as pl

from lineage_nb.model.snapshot import SnapshotData

__all__ = ["synonyms"]

_PAIR = {"name": pl.String, "node": pl.String, "why": pl.String}


def synonyms(data: SnapshotData) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Work out the names that several sources use for one node.

    Parameters
    ----------
    data : SnapshotData
        All evidence.

    Returns
    -------
    tuple of polars.DataFrame
        Names to replace (name, node, why), and names that fit several nodes (name, nodes).
    """
    nodes = data.frames["nodes"].select("id", "kind", "namespace", "name").drop_nulls(["id", "name"]).unique()
    aliases = data.frames["aliases"]
    datasets = nodes.filter(pl.col("kind") == "dataset")
    by_address = _by_address(datasets)
    structural = pl.concat(
        [
            by_address,
            _by_platform(datasets.join(by_address, left_on="id", right_on="name", how="anti")),
            _by_unique_id(nodes, aliases),
        ]
    )
    same, torn = _unambiguous(structural.filter(pl.col("name") != pl.col("node")))
    symlinks = _ending(_by_symlink(data.frames["nodes"]["id"].unique(), aliases), _to_the_end(same))
    same, torn_links = _unambiguous(pl.concat([same, symlinks]).filter(pl.col("name") != pl.col("node")))
    same = _to_the_end(same)
    named, vague = _unambiguous(_names(data, datasets, same))
    return pl.concat([same, named]).unique("name", keep="first", maintain_order=True).sort("name"), pl.concat(
        [torn, torn_links, vague]
    ).sort("name")


def _by_address(datasets: pl.DataFrame) -> pl.DataFrame:
    address = pl.col("namespace") + "/" + pl.col("name")
    generated = datasets.filter(pl.col("id") == address)
    by_hand = datasets.filter(pl.col("id") != address)
    return by_hand.join(generated, on=["namespace", "name"], suffix="_generated").select(
        pl.col("id").alias("name"), pl.col("id_generated").alias("node"), pl.lit("namespace and name").alias("why")
    )


def _by_platform(datasets: pl.DataFrame) -> pl.DataFrame:
    addressed = pl.col("namespace").str.contains("://", literal=True)
    full = datasets.filter(addressed).with_columns(pl.col("namespace").str.extract(r"^([^:]+)://"))
    return datasets.filter(~addressed).join(full, on=["namespace", "name"], suffix="_full").select(
        pl.col("id").alias("name"), pl.col("id_full").alias("node"), pl.lit("platform and name").alias("why")
    )


def _by_symlink(ids: pl.Series, aliases: pl.DataFrame) -> pl.DataFrame:
    return aliases.filter(pl.col("name").is_in(ids.implode())).select("name", "node", pl.col("evidence").alias("why"))


def _by_unique_id(nodes: pl.DataFrame, aliases: pl.DataFrame) -> pl.DataFrame:
    jobs = aliases.join(nodes.filter(pl.col("kind") == "job").select(pl.col("id").alias("node")).unique(), on="node")
    said_by_dbt = pl.col("evidence").str.starts_with("dbt:")
    ours, theirs = jobs.filter(said_by_dbt), jobs.filter(~said_by_dbt)
    return ours.join(theirs, on="name", suffix="_other").select(
        pl.col("node").alias("name"), pl.col("node_other").alias("node"), pl.lit("dbt unique id").alias("why")
    )


def _names(data: SnapshotData, datasets: pl.DataFrame, same: pl.DataFrame) -> pl.DataFrame:
    """Aliases and whole names of nodes, as far as they are no ids of described nodes themselves."""
    placed = datasets.filter(pl.col("namespace").is_not_null())
    said = data.frames["aliases"].select("name", "node", pl.col("evidence").alias("why"))
    own = placed.select("name", pl.col("id").alias("node"), pl.lit("name").alias("why"))
    names = _ending(pl.concat([said, own]), same)
    known = pl.concat([placed["id"], same["name"]]).unique()
    return names.filter((pl.col("name") != pl.col("node")) & ~pl.col("name").is_in(known.implode()))


def _ending(pairs: pl.DataFrame, same: pl.DataFrame) -> pl.DataFrame:
    """Let the pairs point at the node that their node is one with."""
    ends = same.select(pl.col("name").alias("node"), pl.col("node").alias("end"))
    return pairs.join(ends, on="node", how="left").with_columns(pl.coalesce("end", "node").alias("node")).select(*_PAIR)


def _unambiguous(pairs: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    grouped = pairs.group_by("name").agg(
        pl.col("node").unique().sort().alias("nodes"), pl.col("why").unique().sort().first()
    )
    single = pl.col("nodes").list.len() == 1
    clear = grouped.filter(single).select("name", pl.col("nodes").list.first().alias("node"), "why")
    return clear.sort("name"), grouped.filter(~single).select("name", "nodes").sort("name")


def _to_the_end(pairs: pl.DataFrame) -> pl.DataFrame:
    """Follow name → node to the end; a circle ends at its smallest id."""
    step = dict(pairs.select("name", "node").iter_rows())
    ends = []
    for name in pairs["name"]:
        trail = [name]
        while trail[-1] in step and step[trail[-1]] not in trail:
            trail.append(step[trail[-1]])
        last = trail[-1]
        ends.append(min(trail[trail.index(step[last]) :]) if last in step else last)
    return pairs.with_columns(pl.Series("node", ends, dtype=pl.String)).filter(pl.col("name") != pl.col("node"))
