"""Explanations: polars frames that show whole names in a cell."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import polars as pl

from lineage_nb.model.names import spoken_name
from lineage_nb.views.html import frame_table
from lineage_nb.views.text import NODE_COLUMNS

__all__ = ["Explanation"]

_ROWS = 30


class Explanation(pl.DataFrame):
    """A polars frame in every respect but how a notebook shows it: names unabridged, without their namespace.

    Examples
    --------
    >>> frame = Explanation({"source": ["db://x/raw.users"], "target": ["db://x/mart.users"]})
    >>> "raw.users</td>" in frame._repr_html_()
    True
    """

    def _repr_html_(self, *, _from_series: bool = False) -> str:
        ids = {v for c in (*NODE_COLUMNS, "dataset", "evidence") if c in self.columns for v in self.head(_ROWS)[c].to_list() if isinstance(v, str)}
        names = {i: spoken_name(i) for i in ids}
        twice = {n for n in names.values() if list(names.values()).count(n) > 1}
        shown = frame_table(pl.DataFrame(self), _ROWS, {i: n for i, n in names.items() if n not in twice})
        return shown or "<p>No rows.</p>"


def _kept(name: str) -> Callable[..., Explanation]:
    """Let what is chosen from an explanation be one."""
    chosen = getattr(pl.DataFrame, name)

    @wraps(chosen)
    def method(self: Explanation, *args: Any, **kwargs: Any) -> Explanation:
        return Explanation(chosen(self, *args, **kwargs))

    return method


for _name in ("drop", "filter", "head", "limit", "select", "slice", "sort", "tail", "with_columns"):
    setattr(Explanation, _name, _kept(_name))
