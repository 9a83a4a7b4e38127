"""A snapshot's evidence with what is derived from it, each derived once."""

from __future__ import annotations

import warnings
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from typing import Any, TypeVar

import polars as pl
from numpy.typing import NDArray

from lineage_nb.errors import FormatError, SchemaError
from lineage_nb.graph.coded import Coded, as_of, code
from lineage_nb.graph.coded_arrays import coded_arrays, coded_of
from lineage_nb.graph.effective import Effective
from lineage_nb.graph.lineage_graph import Level, LineageGraph, build_graph
from lineage_nb.graph.stored import STORED, graph_of, index_arrays, is_current, names_of
from lineage_nb.model.conform import Conformed, conform
from lineage_nb.model.conformed_arrays import conformed_arrays, conformed_of
from lineage_nb.model.names import NameIndex, spoken_name
from lineage_nb.model.snapshot import SnapshotData

__all__ = ["Lineage"]

Saved = TypeVar("Saved")
_LISTED = 1_000_000
_SPOKEN_SHORT = ~pl.col("kind").is_in(["column", "job", "report"]) & pl.col("namespace").is_not_null()


class Lineage:
    """What every analysis takes: conformed frames, graphs by level, names.

    Parameters
    ----------
    data : SnapshotData
        All evidence.
    """

    data: SnapshotData

    def __init__(self, data: SnapshotData) -> None:
        vars(self).update(data=data, _graphs={})

    def __setattr__(self, name: str, value: object) -> None:
        """Refuse: what an answer rests on never changes."""
        raise AttributeError(f"a {type(self).__name__} never changes; {name!r} cannot be set")

    @property
    def _cache(self) -> dict[tuple[str, bool], LineageGraph]:
        graphs: dict[tuple[str, bool], LineageGraph] = vars(self)["_graphs"]
        return graphs

    @cached_property
    def conformed(self) -> Conformed:
        """The evidence as one row a node (see `lineage_nb.model.conform`)."""
        return self._taken_up(lambda: conformed_of(self.data.arrays, self.data)) or conform(self.data)

    @property
    def frames(self) -> Mapping[str, pl.DataFrame]:
        """Conformed frames by name."""
        return self.conformed.frames

    @cached_property
    def names(self) -> NameIndex:
        """Short names of all nodes."""
        return NameIndex(self.frames["nodes"])

    @cached_property
    def _repeated(self) -> frozenset[str]:
        """Names without namespace that several nodes have."""
        named = self.frames["nodes"].filter(_SPOKEN_SHORT)["name"]
        return frozenset(named.filter(named.is_duplicated()).unique())

    @cached_property
    def _named(self) -> tuple[Sequence[str], pl.Series, pl.Series]:
        """Ids, names, and which are spoken without their namespace; lists are searched faster, series take less memory."""
        nodes = self.frames["nodes"]
        ids: Any = nodes["id"].to_list() if nodes.height <= _LISTED else nodes["id"]
        return ids, nodes["name"], nodes.select(_SPOKEN_SHORT).to_series()

    def _short(self, node: str) -> str | None:
        """Name a node without its namespace; None where it has none, or another node has the same."""
        ids, names, spoken_short = self._named
        place = bisect_left(ids, node)
        if place == len(ids) or ids[place] != node or not spoken_short[place]:
            return None
        name: str = names[place]
        return name if name == spoken_name(node) and name not in self._repeated else None

    def spoken(self, node: str) -> str:
        """Give an id as people say it: without the namespace, where that leaves no doubt.

        Examples
        --------
        >>> import lineage_nb as ln
        >>> snap = ln.from_frames(nodes={"id": ["db/raw.users"], "namespace": ["db"], "name": ["raw.users"]})
        >>> snap.spoken("db/raw.users#email")
        'raw.users.email'
        """
        owner, hash_, _ = node.partition("#")
        short = self._short(owner)
        if short is None:
            return spoken_name(node) if node.startswith("principal:") else node
        return spoken_name(node) if hash_ else short

    @cached_property
    def coded(self) -> Coded:
        """Nodes and edges as numbers."""
        return self._taken_up(lambda: coded_of(self.data.arrays, self.frames["nodes"])) or code(self.frames)

    @cached_property
    def effective(self) -> Effective:
        """The statements that hold at the end of the snapshot."""
        return Effective(self.coded)

    @cached_property
    def effective_with_expired(self) -> Effective:
        """All statements, those that no longer hold included; the same object where none has expired."""
        return Effective(self.coded, expired=True) if self._any_expired else self.effective

    @cached_property
    def _any_expired(self) -> bool:
        return bool(self.coded.edges["expired"].any())

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
        expired = expired and self._any_expired
        key = (level, expired)
        if key not in self._cache:
            saved = None if expired else self._saved(level)
            self._cache[key] = saved or self._derived(level, expired=expired)
        return self._cache[key]

    def _derived(self, level: Level, *, expired: bool) -> LineageGraph:
        effective = self.effective_with_expired if expired else self.effective
        whole = partial(self.graph, "dataset", expired=expired)
        return build_graph(effective, self.frames["nodes"], level, whole=whole)

    def _saved(self, level: Level) -> LineageGraph | None:
        if level not in STORED:
            return None
        arrays, nodes = self.data.arrays, partial(self._nodes_of, level)
        whole, end = partial(self.graph, "dataset"), lambda: as_of(self.frames)
        return self._taken_up(lambda: graph_of(arrays, level, nodes, names=names_of(arrays, "column"), whole=whole, end=end))

    def _taken_up(self, saved: Callable[[], Saved]) -> Saved | None:
        """What was saved with the snapshot; None where nothing was, or it does not hold."""
        arrays = self.data.arrays
        if not arrays:
            return None
        try:
            return saved() if is_current(arrays, self.data.content_hash) else None
        except (FormatError, SchemaError, KeyError) as error:
            warnings.warn(f"the saved index cannot be used and is made again: {error}", stacklevel=4)
            return None

    def _nodes_of(self, level: Level) -> pl.DataFrame:
        nodes = self.frames["nodes"]
        return nodes if level == "column" else nodes[self.graph(level).members]

    def index_arrays(self) -> dict[str, NDArray[Any]]:
        """What was derived, as arrays, to be saved beside the frames: conformed frames, their codes and graphs."""
        graphs = index_arrays({level: self.graph(level) for level in STORED}, self.data.content_hash)
        return graphs | conformed_arrays(self.conformed, self.data) | coded_arrays(self.coded)
