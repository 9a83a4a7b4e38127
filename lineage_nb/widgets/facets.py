"""Kinds, schemas, owners and tags: how many of the drawn nodes have each, and which nodes pass a choice of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lineage_nb.model.names import spoken_name
from lineage_nb.views.labels import clean

__all__ = ["FACETS", "Facets"]

FACETS = ("kind", "schema", "owner", "tag")
_MOST = 8
_SEPARATORS = r"[./:#\\]"


class Facets:
    """The facets of the nodes of a graph.

    Parameters
    ----------
    nodes : polars.DataFrame
        One row a node.

    Examples
    --------
    >>> facets = Facets(pl.DataFrame({"id": ["db.a.t", "db.b.u"], "kind": ["dataset"] * 2, "owners": [["ana"], None]}))
    >>> facets.mask({"owner": {"ana"}}).tolist()
    [True, False]
    """

    def __init__(self, nodes: pl.DataFrame) -> None:
        self._nodes = nodes

    @cached_property
    def _values(self) -> pl.DataFrame:
        """id, and a list of values for each facet."""
        nodes = self._nodes
        have = set(nodes.columns)
        name = pl.coalesce("name", "id") if "name" in have else pl.col("id")
        place = name.str.strip_chars_end("./:#\\").str.extract(rf"^(.*?){_SEPARATORS}+[^./:#\\]*$", 1)
        schema = pl.coalesce(place, "namespace") if "namespace" in have else place
        lists = {"owner": "owners", "tag": "tags"}
        empty = pl.lit(None, pl.List(pl.String))
        return nodes.select(
            "id",
            pl.concat_list(pl.col("kind") if "kind" in have else pl.lit("dataset")).alias("kind"),
            pl.concat_list(schema).alias("schema"),
            *((pl.col(column) if column in have else empty).alias(facet) for facet, column in lists.items()),
        )

    def counts(self, ids: Collection[str], chosen: Mapping[str, Collection[str]]) -> list[dict[str, Any]]:
        """Count the values of some nodes, most frequent first; chosen ones are always listed.

        Returns
        -------
        list of dict
            For each facet with more than one value: name, values (value, text, count, on) and how many are left out.
        """
        mine = self._values.filter(pl.col("id").is_in(list(ids)))
        found = []
        for facet in FACETS:
            on = set(chosen.get(facet, ()))
            counted = mine.select(facet).explode(facet).drop_nulls().group_by(facet).len().sort("len", facet, descending=[True, False])
            counts: dict[str, int] = dict(counted.iter_rows())
            if len(counts) < 2 and not on:
                continue
            first = [*sorted(on), *(v for v in counts if v not in on)][: max(_MOST, len(on))]
            values = [
                {"value": v, "text": clean(spoken_name(v), 60), "count": counts.get(v, 0), "on": v in on} for v in first
            ]
            found.append({"facet": facet, "values": values, "more": len(set(counts) | on) - len(first)})
        return found

    def mask(self, chosen: Mapping[str, Collection[str]]) -> NDArray[np.bool_] | None:
        """Find the nodes that have one of the chosen values of every facet; None: nothing is chosen."""
        wanted = {facet: values for facet, values in chosen.items() if values}
        if not wanted:
            return None
        passing = pl.all_horizontal(
            pl.col(facet).list.eval(pl.element().is_in(list(values))).list.any().fill_null(value=False) for facet, values in wanted.items()
        )
        return self._values.select(passing).to_series().to_numpy()
