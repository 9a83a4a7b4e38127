"""The order of many strings: different ones are told apart by hash, and only those are compared.

Of ids even fewer: there are far fewer datasets, and names of columns, than columns.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

__all__ = ["SECOND_HASH", "id_order", "ranks", "sorted_rows"]

SECOND_HASH = 0x9E3779B97F4A7C15
"""Seed of the hash that shows whether two strings share the first."""
_MANY = 100_000
_LARGEST = 2**62
Numbers = NDArray[np.signedinteger[Any]]


def id_order(ids: pl.Series) -> Numbers:
    """Sort ids by their bytes.

    Parameters
    ----------
    ids : polars.Series of String
        Shape (n,), without nulls.

    Returns
    -------
    numpy.ndarray
        Shape (n,). Positions in sorted order, equal ids in any order.

    Examples
    --------
    >>> id_order(pl.Series(["u", "t#b", "t", "t#a"])).tolist()
    [2, 3, 1, 0]
    """
    if len(ids) < _MANY:
        return ids.arg_sort().to_numpy()
    parts = ids.str.split_exact("#", 1).struct.unnest()
    data = _ranks(parts["field_0"], _followed_by_hash)
    if data is None:
        return ids.arg_sort().to_numpy()
    columns = _ranks(parts["field_1"], _sorted)
    column = (parts["field_1"].rank("dense") - 1 if columns is None else columns).cast(pl.Int64).fill_null(-1).to_numpy() + 1
    return _order(data.to_numpy() * (column.max(initial=0) + 1) + column)


def _order(place: Numbers) -> Numbers:
    """Positions in the order of their places, which are not negative; equal ones in the order given."""
    bits = max(len(place) - 1, 1).bit_length()
    if int(place.max(initial=0)).bit_length() + bits > 63:
        return np.argsort(place, kind="stable")
    # One word of place and position is sorted much faster than positions by their places.
    packed = pl.Series((place << bits) | np.arange(len(place)))
    return packed.sort().to_numpy() & ((1 << bits) - 1)


def ranks(values: pl.Series) -> pl.Series:
    """Rank the different values, equal ones alike.

    Parameters
    ----------
    values : polars.Series of String

    Returns
    -------
    polars.Series of Int64
        From 0; null for null.

    Examples
    --------
    >>> ranks(pl.Series(["b", None, "a", "b"])).to_list()
    [1, None, 0, 1]
    """
    found = _ranks(values, _sorted if values.null_count() else id_order)
    return values.rank("dense").cast(pl.Int64) - 1 if found is None else found


def _ranks(values: pl.Series, order: Callable[[pl.Series], Numbers | None]) -> pl.Series | None:
    """Ranks by an order of the different values; None where it gives none, or two of them share a hash."""
    hashed, check = values.hash(), values.hash(seed=SECOND_HASH)
    first = hashed.arg_unique()
    sorted_ = order(values.gather(first))
    if sorted_ is None:
        return None
    first = first.gather(pl.Series(sorted_))
    places = pl.DataFrame({"hash": hashed.gather(first), "i": np.arange(len(first))})
    found = pl.DataFrame({"hash": hashed}).join(places, on="hash", how="left", maintain_order="left")["i"]
    if not (check.gather(first).gather(found) == check).all():
        return None
    return pl.select(pl.when(values.is_not_null()).then(found)).to_series().alias(values.name)


def _sorted(values: pl.Series) -> Numbers:
    return values.arg_sort(nulls_last=True).to_numpy()


def _followed_by_hash(datasets: pl.Series) -> Numbers | None:
    """Order of datasets as parts of ids; None where a byte before "#" could part a dataset from its columns."""
    return None if datasets.str.contains(r'[\x00-"]').any() else (datasets + "#").arg_sort().to_numpy()


def sorted_rows(frame: pl.DataFrame) -> pl.DataFrame:
    """Sort rows by every column, nulls last; lists by their joined texts.

    Examples
    --------
    >>> sorted_rows(pl.DataFrame({"a": ["y", None, "x"]}))["a"].to_list()
    ['x', 'y', None]
    """
    if frame.height < _MANY:
        keys = [pl.col(c).list.join("\x1f") if isinstance(t, pl.List) else pl.col(c) for c, t in frame.schema.items()]
        return frame.sort(keys, nulls_last=True)
    place, most = np.zeros(frame.height, dtype=np.int64), 1
    for name, dtype in frame.schema.items():
        values = frame[name].list.join("\x1f") if isinstance(dtype, pl.List) else frame[name]
        if values.null_count() == frame.height or (values.null_count() == 0 and values.n_unique() == 1):
            continue
        rank = ranks(values) if values.dtype == pl.String else values.rank("dense").cast(pl.Int64) - 1
        size = int(rank.fill_null(-1).to_numpy().max()) + 2
        if most * size > _LARGEST:
            place, most = _dense(place)
        place, most = place * size + rank.fill_null(size - 1).to_numpy(), most * size
    return frame[_order(place)]


def _dense(place: Numbers) -> tuple[Numbers, int]:
    """Places without gaps, and how many differ."""
    different, dense = np.unique(place, return_inverse=True)
    return dense.astype(np.int64), len(different)
