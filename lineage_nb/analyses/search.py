"""Search: nodes by what their name, tags, owners or description say."""

from __future__ import annotations

import polars as pl

from lineage_nb.errors import LineageError
from lineage_nb.graph.lineage import Lineage

__all__ = ["search"]


def search(lineage: Lineage, text: str, *, kind: str | None = None, limit: int = 1000) -> pl.DataFrame:
    """Find nodes whose name, tags, owners or description contain `text`.

    Parameters
    ----------
    lineage : Lineage
        A snapshot.
    text : str
        Matched as it is, upper and lower case alike.
    kind : str, optional
        Only nodes of this kind.
    limit : int
        At most so many rows.

    Returns
    -------
    polars.DataFrame
        node, kind, type, found_in (name, tags, owners or description), description. Matches of the name
        first, short names before long ones.

    Examples
    --------
    >>> import lineage_nb as ln
    >>> ln.from_edges([("raw.users#email", "mart.mail")]).search("email")["node"].to_list()
    ['raw.users#email']
    """
    if not isinstance(text, str):
        raise LineageError(f"search takes a text, not {text!r}")
    wanted = text.lower()
    last = pl.col("id").str.extract(r"([^./#:]*)$").str.to_lowercase()
    places = {
        "name": pl.col("id").str.to_lowercase().str.contains(wanted, literal=True),
        "tags": _in_list("tags", wanted),
        "owners": _in_list("owners", wanted),
        "description": pl.col("description").str.to_lowercase().str.contains(wanted, literal=True),
    }
    found_in = pl.lit(None, pl.String)
    for place, matches in reversed(places.items()):
        found_in = pl.when(matches).then(pl.lit(place)).otherwise(found_in)
    nodes = lineage.frames["nodes"]
    if kind is not None:
        nodes = nodes.filter(pl.col("kind") == kind)
    rank = pl.col("found_in").replace_strict({p: i for i, p in enumerate(places)})
    return (
        nodes.with_columns(found_in.alias("found_in"), last.str.contains(wanted, literal=True).alias("in_last"))
        .filter(pl.col("found_in").is_not_null())
        .sort(rank, ~pl.col("in_last"), last.str.len_chars(), "id")
        .head(limit)
        .select(pl.col("id").alias("node"), "kind", "type", "found_in", "description")
    )


def _in_list(column: str, wanted: str) -> pl.Expr:
    return pl.col(column).list.join("\n").str.to_lowercase().str.contains(wanted, literal=True)
