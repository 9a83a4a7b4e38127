"""A graph straight from a Parquet file of edges, for lists too large to be held as a snapshot."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lineage_nb.errors import FormatError
from lineage_nb.graph.csr import Adjacency, Ints, adjacency_of_pairs, stable_order
from lineage_nb.graph.edge_table import EdgeTable
from lineage_nb.graph.lineage_graph import Level, LineageGraph
from lineage_nb.graph.naming import Naming
from lineage_nb.graph.paths import ALL, Arcs
from lineage_nb.model.ordering import SECOND_HASH, id_order

__all__ = ["read_graph"]

_PIECE = 1 << 16


def read_graph(path: str | PathLike[str], *, source: str = "source", target: str = "target") -> LineageGraph:
    """Read the graph of a Parquet file of edges.

    Ids are told apart by their hashes and never joined as strings: ten million edges take seconds, and memory for one
    column of strings at a time. Nothing but the two columns is read: for types, jobs, tags and costs, use `read`.

    Parameters
    ----------
    path : path
        A Parquet file.
    source, target : str
        Columns of ids. Data flows from source to target. Equal edges count once.

    Returns
    -------
    LineageGraph
        Of columns if an id holds a ``#``, else of datasets. Nodes are the ids that edges name; every edge is taken as
        DIRECT and proved.

    Raises
    ------
    FormatError
        When the file cannot be read, lacks a column, holds something else than text in it, or an edge without an end.

    Examples
    --------
    >>> import tempfile, polars as pl, lineage_nb as ln
    >>> file = tempfile.mkdtemp() + "/edges.parquet"
    >>> pl.DataFrame({"source": ["t#a", "u#b"], "target": ["u#b", "v#c"]}).write_parquet(file)
    >>> ln.read_graph(file).downstream("t.a")["node"].to_list()
    ['u#b', 'v#c']
    """
    file = Path(path)
    ends = [_Ends(_column(file, name)) for name in (source, target)]
    ids = pl.concat([pl.Series("id", end.ids.pop(), dtype=pl.String) for end in ends])
    ids = ids.gather(ids.hash().arg_unique())
    with ThreadPoolExecutor(2) as pool:  # neither needs what the other finds
        sorting = pool.submit(id_order, ids)
        places = _Buckets(ids)
        found = [pool.submit(places.find, ends.pop(0)) for _ in range(2)]
        order, at = sorting.result(), [end.result() for end in found]
    if any(places is None for places in at):
        raise FormatError.unreadable(file, "two of its ids share a hash; read it as a snapshot instead")
    number = places.numbers(order)
    del places, found
    is_column = ids.str.contains("#", literal=True).gather(order)  # while they lie in memory in their order
    return _graph(ids.gather(order).set_sorted(), is_column, *(number[at.pop(0)] for _ in range(2)))


class _Ends:
    """One column of ids: two hashes of each, and the different ids."""

    def __init__(self, column: pl.Series) -> None:
        hashed = column.hash()
        self.hash = hashed.to_numpy()
        self.check = column.hash(seed=SECOND_HASH).to_numpy()
        # Arrow's form is a copy: the column itself can go.
        self.ids = [column.gather(hashed.arg_unique()).to_arrow()]


class _Buckets:
    """Finds ids by the first bits of their hashes, of which about one other shares all."""

    def __init__(self, ids: pl.Series) -> None:
        known = ids.hash().to_numpy()
        bits = max(len(known) - 1, 1).bit_length()
        self.shift = np.uint64(64 - bits)
        self.order, self.start = stable_order((known >> self.shift).astype(np.int64), 1 << bits)
        both = np.column_stack([known, ids.hash(seed=SECOND_HASH).to_numpy()])
        # Sixteen bytes each: what is compared one after the other comes from memory at once.
        self.both = both.view(np.complex128).ravel()[self.order]

    def numbers(self, order: Ints) -> Ints:
        """Per place of the buckets, the number of its id in `order`."""
        number = np.empty_like(self.order)
        number[order] = np.arange(len(order), dtype=number.dtype)
        return number[self.order]

    def find(self, ends: _Ends) -> Ints | None:
        """Places of ids that are all known, in pieces that fit into the caches of a processor; None if two share a hash."""
        places = np.empty(len(ends.hash), dtype=self.order.dtype)
        for begin in range(0, len(places), _PIECE):
            piece, check = (h[begin : begin + _PIECE] for h in (ends.hash, ends.check))
            at = self.start[(piece >> self.shift).astype(np.int64)]
            found = self._hashes(at)
            missed = np.flatnonzero(found[:, 0] != piece)
            while len(missed):
                at[missed] += 1
                found[missed] = again = self._hashes(at[missed])
                missed = missed[again[:, 0] != piece[missed]]
            if not np.array_equal(found[:, 1], check):
                return None
            places[begin : begin + _PIECE] = at
        return places

    def _hashes(self, at: Ints) -> NDArray[np.uint64]:
        return self.both[at].view(np.uint64).reshape(-1, 2)


def _column(file: Path, name: str) -> pl.Series:
    try:
        found = pl.read_parquet(file, columns=[name])[name]
    except (OSError, pl.exceptions.PolarsError) as error:
        raise FormatError.unreadable(file, f"cannot be read as Parquet with a column {name!r} ({error})") from error
    if found.dtype != pl.String:
        raise FormatError.unreadable(file, f"column {name!r} holds {found.dtype}, not text")
    if found.null_count():
        row = int(found.is_null().arg_max() or 0) + 1
        raise FormatError.unreadable(file, f"{found.null_count():,} edges have no {name}, the first in row {row:,}")
    return found


def _graph(ids: pl.Series, is_column: pl.Series, source: Ints, target: Ints) -> LineageGraph:
    adjacency = adjacency_of_pairs(len(ids), source, target)
    level: Level = "column" if is_column.any() else "dataset"
    kinds = pl.Series(["dataset", "column"], dtype=pl.Enum(["dataset", "column"])).gather(is_column.cast(pl.UInt32))
    naming = Naming(ids, kinds, where=f"this graph of {level}s")
    table = partial(_stated, adjacency)
    bits = np.broadcast_to(np.uint8(ALL), adjacency.m)
    arcs = Arcs(len(ids), adjacency, bits)
    return LineageGraph(level, table, arcs, partial(_nodes, ids, kinds), naming, jobs=naming)


def _stated(adjacency: Adjacency) -> EdgeTable:
    """Edges that carry values, of which no more is known; what is the same for all takes no memory."""

    def all_(value: Any, kind: type[Any]) -> NDArray[Any]:
        return np.broadcast_to(kind(value), adjacency.m)

    yes, nothing = all_(True, np.bool_), all_(-1, np.int32)
    words = pl.Series(["given"])
    return EdgeTable(adjacency, yes, yes, yes, nothing, all_(-1, np.int8), None, nothing, all_(0, np.int32), words)


def _nodes(ids: pl.Series, kinds: pl.Series) -> pl.DataFrame:
    data = pl.col("id").str.extract(r"^([^#]*)#")
    return pl.DataFrame({"id": ids, "kind": kinds.cast(pl.String)}).with_columns(parent=data)
