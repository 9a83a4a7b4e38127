"""Where ids stand among many: found by hash, each hit compared with its id."""

from __future__ import annotations

import numpy as np
import polars as pl

__all__ = ["IdIndex"]


class IdIndex:
    """Finds the places of ids among many, by hash; each hit is compared with its id.

    Parameters
    ----------
    ids : polars.Series of String
        Shape (n,), distinct.

    Examples
    --------
    >>> IdIndex(pl.Series(["a", "b"])).places(pl.Series(["b", None, "x"])).to_list()
    [1, None, None]
    """

    def __init__(self, ids: pl.Series) -> None:
        kind = pl.Int32 if len(ids) < np.iinfo(np.int32).max else pl.Int64
        self._ids = ids
        self._places = pl.DataFrame({"h": ids.hash(), "id": ids, "i": pl.Series(np.arange(len(ids)), dtype=kind)})
        self._exact = self._places["h"].n_unique() == len(ids)

    def places(self, values: pl.Series) -> pl.Series:
        """Find the place of every value.

        Parameters
        ----------
        values : polars.Series of String
            Shape (m,).

        Returns
        -------
        polars.Series of Int32 (Int64 beyond 2³¹ ids)
            Shape (m,); null where a value is null or no id.
        """
        values = values.cast(pl.String).alias("id")
        if self._exact:
            wanted = pl.DataFrame({"h": values.hash()})
            found = wanted.join(self._places.select("h", "i"), on="h", how="left", maintain_order="left")["i"]
            hit = self._ids.gather(found)
            if ((hit == values) | hit.is_null()).all(ignore_nulls=True):
                return pl.select(pl.when(values.is_not_null()).then(found)).to_series().alias("i")
        by_id = self._places.select("id", "i")
        return pl.DataFrame({"id": values}).join(by_id, on="id", how="left", maintain_order="left")["i"]
