"""Read-only Mappings that look like NetworkX's dicts of nodes, neighbours and attributes, over arrays and frames."""

from __future__ import annotations

from collections.abc import Callable, ItemsView, Iterator, Mapping, ValuesView
from functools import cached_property
from typing import Any, NoReturn

import numpy as np
import polars as pl
from networkx.exception import NetworkXError

from lineage_nb.graph.csr import Csr
from lineage_nb.graph.nx_arrays import Labels

__all__ = ["Attributes", "Neighbours", "Nodes", "Rows", "refuse"]

BLOCK = 256
"""Rows turned into Python values at once when attributes are read one after the other."""


def refuse(*_: object, **__: object) -> NoReturn:
    """Say that nothing can be changed here."""
    raise NetworkXError("a lineage graph cannot be changed; view.copy() gives an independent DiGraph that can")


class Rows:
    """The rows of a frame as attributes.

    Parameters
    ----------
    frame : callable
        Gives the frame when it is first needed.
    keys : tuple of str
        Columns that are no attributes.
    """

    def __init__(self, frame: Callable[[], pl.DataFrame], keys: tuple[str, ...]) -> None:
        self._make, self._keys = frame, keys
        self._near: tuple[int, list[tuple[Any, ...]]] = (-1, [])  # the block last asked for; its rows once they pay

    @cached_property
    def _frame(self) -> pl.DataFrame:
        return self._make().drop(self._keys).rechunk()

    @cached_property
    def _columns(self) -> dict[str, pl.Series]:
        return {column.name: column for column in self._frame}

    def value(self, row: int, name: str) -> Any:
        """One value as plain Python; KeyError for an unknown column."""
        value = self._columns[name][row]
        return value.to_list() if isinstance(value, pl.Series) else value

    def present(self, row: int) -> dict[str, Any]:
        """The values of a row that are not null."""
        block, place = divmod(row, BLOCK)
        near, rows = self._near
        if near != block:
            self._near = (block, [])
            values = self._frame.row(row)
        else:
            if not rows:
                rows = self._frame.slice(block * BLOCK, BLOCK).rows()
                self._near = (block, rows)
            values = rows[place]
        return {name: _own(value) for name, value in zip(self._columns, values, strict=True) if value is not None}


def _own(value: Any) -> Any:
    """Hand out lists and dicts as new ones, as rows may be kept."""
    if isinstance(value, list):
        return [_own(v) for v in value]
    return {k: _own(v) for k, v in value.items()} if isinstance(value, dict) else value


class Attributes(Mapping[str, Any]):
    """The attributes of one node or edge, looked up when they are read; every change is refused.

    Parameters
    ----------
    rows : Rows
        Attributes of all nodes or edges.
    row : int
        Which one.
    """

    __slots__ = ("_row", "_rows")

    def __init__(self, rows: Rows, row: int) -> None:
        self._rows, self._row = rows, row

    def __getitem__(self, name: str) -> Any:
        value = self._rows.value(self._row, name)
        if value is None:
            raise KeyError(name)
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(self.copy())

    def __len__(self) -> int:
        return len(self.copy())

    def items(self) -> ItemsView[str, Any]:
        """All at once."""
        return self.copy().items()

    def values(self) -> ValuesView[Any]:
        """All at once."""
        return self.copy().values()

    def __eq__(self, other: object) -> bool:
        return self.copy() == (other.copy() if isinstance(other, Attributes) else other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(self.copy())

    def copy(self) -> dict[str, Any]:
        """An ordinary dict."""
        return self._rows.present(self._row)

    def __copy__(self) -> dict[str, Any]:
        return self.copy()

    def __deepcopy__(self, memo: object) -> dict[str, Any]:
        return self.copy()

    def __reduce__(self) -> tuple[type[dict[str, Any]], tuple[dict[str, Any]]]:
        return dict, (self.copy(),)

    __setitem__ = __delitem__ = __ior__ = refuse
    update = setdefault = pop = popitem = clear = refuse


class _Pairs(ItemsView[Any, Any]):
    _mapping: _Labelled

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        return zip(self._mapping, self._mapping.each(), strict=True)


class _Each(ValuesView[Any]):
    _mapping: _Labelled

    def __iter__(self) -> Iterator[Any]:
        return self._mapping.each()


class _Labelled(Mapping[Any, Any]):
    """A Mapping that can give its values in order without looking up its keys."""

    def each(self) -> Iterator[Any]:
        raise NotImplementedError

    def items(self) -> ItemsView[Any, Any]:
        """Pairs of key and value."""
        return _Pairs(self)

    def values(self) -> ValuesView[Any]:
        """Values in the order of the keys."""
        return _Each(self)

    def copy(self) -> dict[Any, Any]:
        """An ordinary dict of the same values."""
        return dict(self.items())

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {len(self):,}>"

    __setitem__ = __delitem__ = refuse


class Nodes(_Labelled):
    """Something about every node: its attributes, or its neighbours.

    Parameters
    ----------
    labels : Labels
        What the nodes are called.
    rows : Rows
        The attributes of nodes, or of the edges to the neighbours.
    csr : Csr, optional
        Edges; without them the values are the attributes of nodes.
    """

    def __init__(self, labels: Labels, rows: Rows, csr: Csr | None = None) -> None:
        self._labels, self._rows, self._csr = labels, rows, csr

    def _of(self, node: int) -> Attributes | Neighbours:
        if self._csr is None:
            return Attributes(self._rows, node)
        return Neighbours(self._labels, self._rows, self._csr, node)

    def __getitem__(self, label: Any) -> Attributes | Neighbours:
        node = self._labels.number(label)
        if node is None:
            hash(label)  # an unhashable one is a TypeError, as in a dict
            raise KeyError(label)
        return self._of(node)

    def __contains__(self, label: object) -> bool:
        hash(label)
        return self._labels.number(label) is not None

    def __iter__(self) -> Iterator[Any]:
        return iter(self._labels.all)

    def __len__(self) -> int:
        return len(self._labels)

    def each(self) -> Iterator[Attributes | Neighbours]:
        """Values in the order of the nodes."""
        return map(self._of, range(len(self)))


class Neighbours(_Labelled):
    """The successors or predecessors of one node, and the attributes of the edges to them.

    Parameters
    ----------
    labels : Labels
        What the nodes are called.
    rows : Rows
        The attributes of all edges.
    csr : Csr
        All edges; neighbours ascend within a row.
    node : int
        Whose neighbours.
    """

    __slots__ = ("_begin", "_csr", "_end", "_labels", "_rows")

    def __init__(self, labels: Labels, rows: Rows, csr: Csr, node: int) -> None:
        self._labels, self._rows, self._csr = labels, rows, csr
        self._begin, self._end = int(csr.indptr[node]), int(csr.indptr[node + 1])

    def _place(self, label: object) -> int | None:
        node = self._labels.number(label)
        if node is None or self._begin == self._end:
            return None
        own = self._csr.indices[self._begin : self._end]
        place = int(np.searchsorted(own, own.dtype.type(node)))
        return self._begin + place if place < len(own) and own[place] == node else None

    def _at(self, place: int) -> Attributes:
        edge = self._csr.edge
        return Attributes(self._rows, place if edge is None else int(edge[place]))

    def __getitem__(self, label: Any) -> Attributes:
        place = self._place(label)
        if place is None:
            hash(label)
            raise KeyError(label)
        return self._at(place)

    def __contains__(self, label: object) -> bool:
        hash(label)
        return self._place(label) is not None

    def __iter__(self) -> Iterator[Any]:
        return iter(self._labels.pick(self._csr.indices[self._begin : self._end]))

    def __len__(self) -> int:
        return self._end - self._begin

    def each(self) -> Iterator[Attributes]:
        """Attributes of the edges in the order of the neighbours."""
        return map(self._at, range(self._begin, self._end))
