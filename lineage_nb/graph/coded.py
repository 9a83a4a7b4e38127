"""Conformed frames as numbers: every id its place among the sorted ids, every word its place in a list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lineage_nb.graph.csr import Ints
from lineage_nb.model.id_index import IdIndex

__all__ = ["NOT_DATA", "VERDICTS", "Coded", "as_of", "code", "kinds_of"]

NOT_DATA = ("column", "job", "principal", "compute")
"""Kinds that are no datasets; every other kind (dataset, report, model, feature …) is treated as one."""
VERDICTS = ("plain", "pseudonymised", "derived", "aggregated", "redacted", "none")
"""Verdicts, strongest first; their places are the codes. -1: no verdict is given."""
_KINDS = ("dataset", "report", *NOT_DATA)
_TYPES = ("DIRECT", "INDIRECT", "READ", "WRITE")
Frames = Mapping[str, pl.DataFrame]


@dataclass(frozen=True)
class Coded:
    """Nodes and edges of conformed frames as numbers.

    Attributes
    ----------
    ids : polars.Series
        Ids of all nodes, sorted; the place of an id is its number.
    kinds : polars.Series
        Kind of every node (Enum).
    data : numpy.ndarray
        Shape (n,). The dataset of every column; any other node itself.
    edges : polars.DataFrame
        One row a statement that may hold: source, target, job (numbers; job null: none is named), type (Enum),
        subtype and evidence (places in `words`; null: none), verdict (place in `VERDICTS`; null: none),
        expired, source_kind, target_kind, source_data, target_data.
    words : polars.Series of String
        Subtypes and evidence, sorted.
    index : IdIndex
        Finds numbers of ids.
    end : datetime or None
        The end of what was recorded.
    """

    ids: pl.Series
    kinds: pl.Series
    data: Ints
    edges: pl.DataFrame
    words: pl.Series
    index: IdIndex
    end: datetime | None

    def numbers(self, values: pl.Series) -> pl.Series:
        """Numbers of ids; null where there is no such node."""
        return self.index.places(values)

    def active(self, *, expired: bool = False) -> pl.DataFrame:
        """Statements that hold at the end of the snapshot; with `expired` also those that no longer do."""
        return self.edges if expired else self.edges.filter(~pl.col("expired"))

    def of_kind(self, *kinds: str) -> NDArray[np.bool_]:
        """Which nodes are of the given kinds; shape (n,)."""
        return self.kinds.is_in(list(kinds)).to_numpy()


def as_of(frames: Frames) -> datetime | None:
    """The end of what the sources recorded about lineage: the newest `last_seen` or run; never the clock."""
    ends = [
        frames["edges"]["last_seen"].max(),
        frames["nodes"]["last_seen"].max(),
        frames["runs"]["start"].max(),
        frames["runs"]["end"].max(),
    ]
    return max((e for e in ends if isinstance(e, datetime)), default=None)


def _enum(values: pl.Series, known: tuple[str, ...]) -> pl.Series:
    more = sorted(set(values.unique().drop_nulls().to_list()) - set(known))
    return values.cast(pl.Enum([*known, *more]))


def kinds_of(nodes: pl.DataFrame) -> pl.Series:
    """Kind of every node (Enum)."""
    return _enum(nodes["kind"], _KINDS)


def _places(values: pl.Series, words: pl.Series) -> pl.Series:
    return values.cast(pl.Enum(words)).to_physical().cast(pl.Int32)


def code(frames: Frames) -> Coded:
    """Number the nodes and edges of conformed frames.

    Parameters
    ----------
    frames : Mapping
        Conformed frames (`lineage_nb.model.conform`).
    """
    nodes, edges, end = frames["nodes"], frames["edges"], as_of(frames)
    ids, kinds = nodes["id"], kinds_of(nodes)
    own = np.arange(len(ids), dtype=np.int32 if len(ids) < np.iinfo(np.int32).max else np.int64)
    index = IdIndex(ids)
    parents = pl.select(pl.when(kinds == "column").then(index.places(nodes["parent"]))).to_series()
    data = parents.fill_null(pl.Series(own)).to_numpy()
    words = pl.concat([edges[c].unique().drop_nulls().rename("word") for c in ("subtype", "evidence")]).unique().sort()
    ends = {side: index.places(edges[side]) for side in ("source", "target", "job")}
    kind, home = kinds.alias("kind"), pl.Series("data", data)
    gone = pl.repeat(value=False, n=edges.height, eager=True) if end is None else (edges["expires_at"] <= end).fill_null(value=False)
    coded = pl.DataFrame(
        {
            **ends,
            "type": _enum(edges["type"], _TYPES),
            "subtype": _places(edges["subtype"], words),
            "verdict": edges["verdict"].replace_strict(VERDICTS, list(range(len(VERDICTS))), default=None, return_dtype=pl.Int8),
            "evidence": _places(edges["evidence"], words),
            "expired": gone,
            **{f"{side}_kind": kind.gather(ends[side]) for side in ("source", "target")},
            **{f"{side}_data": home.gather(ends[side]) for side in ("source", "target")},
        }
    )
    return Coded(ids, kinds, data, coded, words, index, end)
