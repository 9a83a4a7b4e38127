"""Coded nodes and edges as arrays, saved beside the evidence so that opening a snapshot need not code them again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lineage_nb.graph.coded import Coded, kinds_of
from lineage_nb.model.id_index import IdIndex
from lineage_nb.model.mapped import packed, unpacked

__all__ = ["coded_arrays", "coded_of"]

_START = "coded."
Arrays = Mapping[str, NDArray[Any]]


def coded_arrays(coded: Coded) -> dict[str, NDArray[Any]]:
    """Give what was coded as arrays; ids and kinds are those of the conformed nodes and are left out."""
    end = pl.DataFrame({"end": [coded.end]}, schema={"end": pl.Datetime("us", "UTC")})
    frames = {"edges": coded.edges, "words": coded.words.to_frame("word"), "end": end}
    return {f"{_START}{n}": packed(f) for n, f in frames.items()} | {f"{_START}data": np.ascontiguousarray(coded.data)}


def coded_of(arrays: Arrays, nodes: pl.DataFrame) -> Coded:
    """Take up again what was coded.

    Parameters
    ----------
    arrays : mapping
        What `coded_arrays` gave.
    nodes : polars.DataFrame
        Conformed nodes, of which it was coded.

    Raises
    ------
    FormatError
        When an array is damaged.
    KeyError
        When one is missing.
    """
    edges, words, end = (unpacked(arrays, f"{_START}{n}") for n in ("edges", "words", "end"))
    ids = nodes["id"]
    return Coded(ids, kinds_of(nodes), arrays[f"{_START}data"], edges, words["word"], IdIndex(ids), end["end"][0])
