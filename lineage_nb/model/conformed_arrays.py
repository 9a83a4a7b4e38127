"""The conformed frames as arrays, saved beside the evidence so that opening a snapshot need not conform it again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lineage_nb.model.conform import Conformed, own_columns
from lineage_nb.model.mapped import packed, unpacked
from lineage_nb.model.schema import FRAMES
from lineage_nb.model.snapshot import FramesOnDemand, SnapshotData

__all__ = ["conformed_arrays", "conformed_of"]

_START = "conformed."
_TABLES = ("renamed", "ambiguous")
Arrays = Mapping[str, NDArray[Any]]


def conformed_arrays(conformed: Conformed, data: SnapshotData) -> dict[str, NDArray[Any]]:
    """Give conformed frames as the bytes of Parquet files; those that equal their evidence are left out.

    Parameters
    ----------
    conformed : Conformed
        What was derived.
    data : SnapshotData
        What it was derived from.
    """
    frames = {n: f for n, f in conformed.frames.items() if not _equal(f, own_columns(n, data.frames[n]))}
    frames |= {n: getattr(conformed, n) for n in _TABLES}
    return {f"{_START}{n}": packed(f) for n, f in frames.items()} | {f"{_START}mentioned": np.array([conformed.mentioned])}


def conformed_of(arrays: Arrays, data: SnapshotData) -> Conformed:
    """Take conformed frames up again; those that equal their evidence are read when they are asked for.

    Parameters
    ----------
    arrays : mapping
        What `conformed_arrays` gave.
    data : SnapshotData
        What they were derived from.

    Raises
    ------
    FormatError
        When an array is damaged.
    KeyError
        When one is missing.
    """
    saved = {n: unpacked(arrays, f"{_START}{n}") for n in (*_TABLES, *FRAMES) if n in _TABLES or f"{_START}{n}" in arrays}
    if "nodes" in saved:
        saved["nodes"] = saved["nodes"].with_columns(pl.col("id").set_sorted())

    def frame(name: str) -> pl.DataFrame:
        return saved[name] if name in saved else own_columns(name, data.frames[name])

    tables = {name: saved[name] for name in _TABLES}
    return Conformed(FramesOnDemand(frame), **tables, mentioned=int(arrays[f"{_START}mentioned"][0]))


def _equal(one: pl.DataFrame, other: pl.DataFrame) -> bool:
    return one.schema == other.schema and one.equals(other)
