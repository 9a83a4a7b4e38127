"""Tables whose columns no source lists: nothing can be said of what is in them, so no statement of every column holds for them."""

from __future__ import annotations

import numpy as np
import polars as pl

from lineage_nb.analyses.pii.access import CONTAINERS, only_named
from lineage_nb.analyses.unused.unlogged import word
from lineage_nb.graph.csr import Ints
from lineage_nb.graph.lineage import Lineage

__all__ = ["bare_tables"]


def bare_tables(lineage: Lineage) -> Ints:
    """Numbers of datasets without known columns; schemas, and names that only grants know, are none, nor is what was dropped.

    Examples
    --------
    >>> import lineage_nb as ln
    >>> snap = ln.from_edges([("raw.users", "mart.users"), ("a.t#x", "a.u#x")])
    >>> snap.coded.ids.gather(bare_tables(snap)).to_list()
    ['mart.users', 'raw.users']
    """
    coded, nodes = lineage.coded, lineage.frames["nodes"]
    filled = np.zeros(len(coded.ids), dtype=bool)
    filled[coded.data[np.flatnonzero(coded.of_kind("column"))]] = True
    parents = coded.numbers(nodes["parent"].drop_nulls().unique()).drop_nulls()
    filled[parents.to_numpy()] = True
    known = lineage.data.frames["nodes"]["id"]
    touched = pl.concat([lineage.frames["edges"]["source"], lineage.frames["edges"]["target"]]).unique()
    alive = nodes.select(
        (pl.col("kind") == "dataset") & pl.col("deleted_at").is_null() & ~word("type").is_in(CONTAINERS).fill_null(value=False) & ~only_named(known, touched)
    ).to_series()
    found: Ints = np.flatnonzero(alive.to_numpy() & ~filled).astype(np.int64)
    return found
