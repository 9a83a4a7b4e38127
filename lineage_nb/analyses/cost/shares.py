"""What a method of attribution hands out, and how it is explained."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

__all__ = ["LINES", "Method", "Split", "apart", "explained", "largest_first"]

LINES = ("joint", "other", "unconsumed", "unallocated", "idle")
"""Keys that are no consumer: what several depend on (`marginal` alone has it); readers the grouping does not cover;
what reaches nobody; what has no node; warehouse time in which nothing ran."""

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Split:
    """Money by key, and what no key gets.

    Attributes
    ----------
    exclusive, shared : numpy.ndarray of int64
        Shape (keys,). Micro-units; of resources that the key alone depends on, and of others.
    lines : Mapping of str to int
        Micro-units of ``unconsumed`` and ``joint``.
    """

    exclusive: Longs
    shared: Longs
    lines: Mapping[str, int] = field(default_factory=dict)

    def amount(self, key: int) -> int:
        """All that a key gets."""
        return int(self.exclusive[key] + self.shared[key])


class Method(Protocol):
    """A method of attribution, applied to placed money."""

    measured: dict[str, int]

    @property
    def keys(self) -> list[str]:
        """Names of the keys, sorted."""

    @property
    def split(self) -> Split:
        """What each key gets."""

    def explain(self, key: str | int) -> pl.DataFrame:
        """Show the resources of a key (its place) or of a line."""


def apart(key: pl.Expr, by: str) -> pl.Expr:
    """Spell keys that are named like a line another way, so that no two names become one.

    Examples
    --------
    >>> names = pl.DataFrame({"key": ["idle", "idle (owner)", "ana", None]})
    >>> names.select(apart(pl.col("key"), "owner"))["key"].to_list()
    ['idle (owner)', 'idle (owner) (owner)', 'ana', None]
    """
    what = f" ({by.replace('_', ' ')})"
    like_a_line = key.str.contains(rf"^(?:{'|'.join(LINES)})(?:{re.escape(what)})*$")
    return pl.when(like_a_line).then(key + what).otherwise(key)


def largest_first(total: int, part: Longs, rest: Floats | Longs) -> Longs:
    """Hand out what is missing to `total`, one unit each, to the largest rests; ties to the earlier place.

    Examples
    --------
    >>> largest_first(11, np.array([5, 5]), np.array([0.2, 0.8])).tolist()
    [5, 6]
    """
    missing = total - int(part.sum())
    if not len(part) or not missing:
        return part
    every, some = divmod(missing, len(part))
    part = part + every
    part[np.argsort(-rest, kind="stable")[:some]] += 1
    return part


def explained(names: pl.Series, billed: Longs, share: Floats, total: int) -> pl.DataFrame:
    """List the resources that a share of comes to one key.

    Parameters
    ----------
    names : polars.Series of String
        At least as long as the others.
    billed : numpy.ndarray of int64
        Shape (n,), micro-units.
    share : numpy.ndarray of float
        Shape (n,), 0 to 1.
    total : int
        What the amounts add up to: the exact sum to within rounding.

    Returns
    -------
    polars.DataFrame
        node, billed, share, amount; largest first.
    """
    used = np.flatnonzero((share > 1e-12) & (billed != 0))
    billed, share = billed[used], share[used]
    exact = billed * share
    whole = share >= 1.0
    part = np.where(whole, billed, np.floor(exact + 1e-6).astype(np.int64))
    part = largest_first(total, part, np.where(whole, -1.0, exact - part))
    frame = pl.DataFrame({"node": names.gather(used), "billed": billed, "share": share, "amount": part})
    return frame.sort("amount", "node", descending=[True, False])
