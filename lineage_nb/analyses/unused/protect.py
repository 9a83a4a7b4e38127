"""What is kept whatever the log says: holds, backups, replicas, and what the user names."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from lineage_nb.analyses.result import as_list
from lineage_nb.analyses.unused.unlogged import word
from lineage_nb.graph.lineage import Lineage

__all__ = ["HELD", "protected_ids"]

HELD = ("protected", "hold", "legal hold", "litigation hold", "retention hold", "backup", "replica")
"""Tags and types that the word ``protected`` stands for; upper case, ``-`` and ``_`` make no difference."""


def protected_ids(lineage: Lineage, protect: str | Iterable[str]) -> pl.Series:
    """Find the datasets, reports and columns that are never called unused.

    Parameters
    ----------
    lineage : Lineage
        A snapshot.
    protect : str or iterable of str
        Tags, tiers, names of nodes, patterns of names (``*`` and ``?``), or ``protected``: the tags and types `HELD`.
        A tag wins over a tier, and a tier over a name.

    Returns
    -------
    polars.Series
        Ids, sorted; of a column its own: its dataset is not to be dropped either.

    Raises
    ------
    UnknownNameError, AmbiguousNameError
        For a name that fits no or several nodes, and a pattern that fits none.

    Examples
    --------
    >>> import lineage_nb as ln
    >>> snap = ln.from_frames(nodes={"id": ["hr.pay", "hr.staff", "b"], "tags": [None, None, "Legal-Hold"]})
    >>> protected_ids(snap, ["protected", "hr.s*"]).to_list()
    ['b', 'hr.staff']
    """
    nodes = lineage.graph("dataset").nodes.select("id", "name", "type", "tier", "tags")
    tags = set(nodes["tags"].explode().drop_nulls().unique().to_list())
    tiers = set(nodes["tier"].drop_nulls().unique().to_list())
    exact, kept = set[str](), pl.lit(value=False)
    for name in dict.fromkeys(as_list(protect)):
        if name == "protected":
            held = nodes.filter(pl.col("tags").is_not_null()).filter(pl.col("tags").list.eval(word(pl.element()).is_in(HELD)).list.any())
            exact.update(held["id"])
            kept |= word("type").is_in(HELD)
        elif name in tags:
            exact.update(nodes.filter(pl.col("tags").list.contains(name))["id"])
        elif name in tiers:
            kept |= pl.col("tier") == name
        elif isinstance(name, str) and set("*?") & set(name):
            exact.update(_fitting(lineage, nodes, name))
        else:
            exact.add(lineage.names.resolve(name))
    found = nodes.filter(kept.fill_null(value=False))["id"]
    return pl.concat([found, pl.Series("id", sorted(exact), dtype=pl.String)]).unique().sort()


def _fitting(lineage: Lineage, nodes: pl.DataFrame, pattern: str) -> list[str]:
    """Ids that a pattern fits, or the names of; an error where it fits none."""
    # polars' patterns know no look-around, which newer Pythons put around a star
    wanted = "".join(".*" if c == "*" else "." if c == "?" else _quoted(c) for c in pattern)
    fit = pl.any_horizontal(*[pl.col(c).str.contains(f"(?s)^(?:{wanted})$") for c in ("id", "name")])
    found = nodes.filter(fit.fill_null(value=False))["id"].to_list()
    return found or [lineage.names.resolve(pattern)]


def _quoted(character: str) -> str:
    return character if character.isalnum() else f"\\x{{{ord(character):x}}}"
