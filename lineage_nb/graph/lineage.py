"""A snapshot's evidence with what is derived from it, each derived once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import polars as pl

from lineage_nb.graph.lineage_graph import Level, LineageGraph, build_graph
from lineage_nb.model.conform import Conformed, conform
from lineage_nb.model.names import NameIndex
from lineage_nb.model.snapshot import SnapshotData

__all__ = ["Lineage"]


class Lineage:
    """What every analysis takes: conformed frames, graphs by level, names.

    Parameters
    ----------
    data : SnapshotData
        All evidence.
    """

    def __init__(self, data: SnapshotData) -> None:
        self.data = data
        self._graphs: dict[tuple[str, bool], LineageGraph] = {}

    @cached_property
    def conformed(self) -> Conformed:
        """The evidence as one row a node (see `lineage_nb.model.conform`)."""
        return conform(self.data)

    @property
    def frames(self) -> Mapping[str, pl.DataFrame]:
        """Conformed frames by name."""
        return self.conformed.frames

    @cached_property
    def names(self) -> NameIndex:
        """Short names of all nodes."""
        return NameIndex(self.frames["nodes"])

    def graph(self, level: Level = "dataset", *, expired: bool = False) -> LineageGraph:
        """Derive the graph of one level; the same object every time.

        Parameters
        ----------
        level : {"dataset", "column", "job"}
            What the nodes are.
        expired : bool
            Keep edges that no longer hold at the end of the snapshot.

        Returns
        -------
        LineageGraph

        Raises
        ------
        LineageError
            For an unknown level.
        """
        key = (level, expired)
        if key not in self._graphs:
            self._graphs[key] = build_graph(self.frames, level, expired=expired)
        return self._graphs[key]
