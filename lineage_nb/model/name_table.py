"""Ids as plain arrays: saved as ``.npy``, memory-mapped, and looked up by binary search without a dictionary."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lineage_nb.errors import AmbiguousNameError, SchemaError, UnknownNameError
from lineage_nb.model.nearest_names import nearest_names
from lineage_nb.model.suffix_order import (
    Bytes,
    Numbers,
    dotted,
    fold,
    fold_array,
    fold_ids,
    join_bytes,
    suffix_order,
)

__all__ = ["NameTable"]

_SHOWN = 8
_DATA_KINDS = ("dataset", "column", "report")
_FEW = 500
_BLOCK = 1 << 19


def _dots() -> Bytes:
    table = np.arange(256, dtype=np.uint8)
    table[[ord(c) for c in "/#:"]] = ord(".")
    return table


_DOTS = _dots()


@dataclass(frozen=True, eq=False, repr=False)
class NameTable:
    """All ids of a snapshot in sorted order; the position of an id is the number of its node.

    Attributes
    ----------
    offsets : numpy.ndarray
        Shape (n + 1,), int64. The UTF-8 bytes of id i are ``text[offsets[i]:offsets[i + 1]]``.
    text : numpy.ndarray
        uint8.
    kinds : numpy.ndarray
        Shape (n,), uint8 (uint16 and wider for more than 256 kinds). Position in `kind_names`.
    kind_list : numpy.ndarray
        uint8. The names of the kinds, a JSON list in UTF-8.
    order : numpy.ndarray
        Shape (n,), int32. Numbers of the ids sorted by their folded bytes from the end (see `suffix_order`).
    tails : numpy.ndarray
        int32. Places in `order` where another last component begins.
    odd : numpy.ndarray
        int32, ascending. Numbers of the ids whose lower case is not a matter of ASCII alone.
    odd_offsets, odd_text : numpy.ndarray
        Their lower-case forms, laid out like the ids.

    Examples
    --------
    >>> ids = pl.Series(["db/mart.orders", "db/mart.orders#email", "job:etl/orders"])
    >>> table = NameTable.build(ids, pl.Series(["dataset", "column", "job"]))
    >>> table.resolve("orders.email"), table.resolve("ORDERS"), table.number("job:etl/orders")
    (1, 0, 2)
    >>> table.names([1, 0]).to_list()
    ['db/mart.orders#email', 'db/mart.orders']
    >>> table
    NameTable(3 ids, 3 kinds)
    """

    offsets: NDArray[np.int64]
    text: Bytes
    kinds: NDArray[np.unsignedinteger[Any]]
    kind_list: Bytes
    order: NDArray[np.int32]
    tails: NDArray[np.int32]
    odd: NDArray[np.int32]
    odd_offsets: NDArray[np.int64]
    odd_text: Bytes

    @classmethod
    def build(cls, ids: pl.Series, kinds: pl.Series) -> NameTable:
        """Make the arrays from sorted ids.

        Parameters
        ----------
        ids : polars.Series
            String, sorted as polars sorts, no nulls.
        kinds : polars.Series
            What each id is (``dataset``, ``column``, ``job`` …); null is kept as an empty string.

        Raises
        ------
        SchemaError
            If the ids are not sorted, hold nulls, or are not as many as the kinds.
        """
        ids = ids.cast(pl.String)
        faults = [
            fault
            for fault, found in (
                (f"{len(ids)} ids but {len(kinds)} kinds", len(ids) != len(kinds)),
                ("ids must not be null", ids.null_count() > 0),
                ("ids must be sorted", not ids.is_sorted()),
            )
            if found
        ]
        if faults:
            raise SchemaError.of("names", faults)
        offsets, text = join_bytes(ids)
        odd, lowered = fold_ids(ids)
        odd_offsets, odd_text = join_bytes(lowered)
        folded_offsets, folded = offsets, text
        if len(odd):
            folded_offsets, folded = join_bytes(ids.clone().scatter(odd, lowered))
        order, tails = suffix_order(fold_array(folded), folded_offsets)
        codes, kind_list = _encode_kinds(kinds)
        return cls(offsets, text, codes, kind_list, order, tails, odd, odd_offsets, odd_text)._sealed()

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> NameTable:
        """Take the arrays of `arrays` back, memory-mapped ones too; none of them is read.

        Parameters
        ----------
        arrays : mapping of str to numpy.ndarray
            At least the names that `arrays` gives.

        Raises
        ------
        SchemaError
            If an array is missing.
        """
        names = [field.name for field in fields(cls)]
        if missing := [name for name in names if name not in arrays]:
            raise SchemaError.of("names", [f"no array {name!r}" for name in missing])
        # Plain views: slices of numpy.memmap are slow to make.
        return cls(**{name: np.asarray(arrays[name]).view(np.ndarray) for name in names})._sealed()

    def _sealed(self) -> NameTable:
        for array in self.arrays().values():
            array.flags.writeable = False
        return self

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Give all arrays by name, to be saved one by one."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    # -- numbers and ids -------------------------------------------------------------------------------------
    def __len__(self) -> int:
        """Number of ids."""
        return len(self.offsets) - 1

    def __repr__(self) -> str:
        return f"NameTable({len(self):,} ids, {len(self.kind_names)} kinds)"

    @property
    def kind_names(self) -> tuple[str, ...]:
        """Names of the kinds, in the order of their codes."""
        return tuple(json.loads(self.kind_list.tobytes()))

    def number(self, name: str) -> int | None:
        """Find the number of exactly this id; None where there is none.

        Examples
        --------
        >>> table = NameTable.build(pl.Series(["a", "b"]), pl.Series(["dataset", "dataset"]))
        >>> table.number("b"), table.number("B")
        (1, None)
        """
        try:
            wanted = name.encode()
        except UnicodeEncodeError:
            return None
        offsets, text = self.offsets.data, self.text.data
        places = range(len(self))
        found = bisect_left(places, wanted, key=lambda i: text[offsets[i] : offsets[i + 1]].tobytes())
        if found < len(self) and text[offsets[found] : offsets[found + 1]] == wanted:
            return found
        return None

    def name(self, number: int) -> str:
        """Give the id of one node.

        Parameters
        ----------
        number : int
            0 … n-1.

        Raises
        ------
        IndexError
            If there is no such number.
        """
        if not 0 <= number < len(self):
            raise IndexError(f"there is no node {number}; the last one is {len(self) - 1}")
        return str(self.text.data[self.offsets[number] : self.offsets[number + 1]], "utf-8")

    def names(self, numbers: Numbers | list[int]) -> pl.Series:
        """Give the ids of nodes.

        Parameters
        ----------
        numbers : array of int
            Shape (k,); any order, repeated ones too.

        Returns
        -------
        polars.Series
            String, named id, shape (k,).

        Raises
        ------
        IndexError
            If there is no such number.
        """
        if len(numbers) <= _FEW:
            return pl.Series("id", [self.name(int(i)) for i in numbers], dtype=pl.String)
        import pyarrow as pa

        wanted = pa.array(np.ascontiguousarray(numbers))
        return _as_series(self._arrow().take(wanted))

    def all(self) -> pl.Series:
        """Give all ids, sorted; the bytes are not copied."""
        return _as_series(self._arrow())

    def _arrow(self) -> Any:
        import pyarrow as pa

        offsets, text = pa.py_buffer(self.offsets), pa.py_buffer(self.text)
        return pa.LargeStringArray.from_buffers(len(self), offsets, text)

    # -- short names -----------------------------------------------------------------------------------------
    def resolve(self, name: str, where: str = "this snapshot") -> int:
        """Find the number of the one id that `name` stands for.

        Parameters
        ----------
        name : str
            An id, or its last components: ``mart.orders.email`` for ``…/shop.mart.orders#email``. Upper and
            lower case are told apart first, and ignored when nothing fits. A dataset, column or report wins
            over a job, person or machine of the same short name.
        where : str
            What the ids belong to, for error messages.

        Raises
        ------
        UnknownNameError, AmbiguousNameError
            With the nearest candidates.
        """
        if not isinstance(name, str):
            raise UnknownNameError(f"a node is named by a string, not {name!r}")
        hits = self._meant(name)
        if len(hits) > 1:
            first = np.sort(np.partition(hits, _SHOWN)[:_SHOWN] if len(hits) > _SHOWN else hits)
            raise AmbiguousNameError.of(name, self.names(first).to_list(), len(hits))
        if not len(hits):
            raise UnknownNameError.of(name, self.nearest(name), where)
        return int(hits[0])

    def only(self, name: str) -> int | None:
        """Find the number of the one id that `name` stands for; None where it stands for none or several.

        As `resolve`, without the search for what looks like it.

        Examples
        --------
        >>> table = NameTable.build(pl.Series(["a/t", "b/t", "b/u"]), pl.Series(["dataset"] * 3))
        >>> table.only("u"), table.only("t"), table.only("v")
        (2, None, None)
        """
        hits = self._meant(name)
        return int(hits[0]) if len(hits) == 1 else None

    def _meant(self, name: str) -> Numbers:
        """Numbers of the ids that `name` may stand for."""
        exact = self.number(name)
        if exact is not None:
            return np.array([exact], dtype=np.int32)
        hits = self._fitting(dotted(name))
        if len(hits) > 1:
            wanted = np.zeros(max(len(self.kind_names), 1), dtype=np.bool_)
            wanted[[code for code, kind in enumerate(self.kind_names) if kind in _DATA_KINDS]] = True
            data = hits[wanted[self.kinds[hits]]]
            hits = data if len(data) else hits
        return hits

    def nearest(self, name: str, limit: int = 5) -> list[str]:
        """List ids that look like `name`: by last component first, then by parts of it."""
        return nearest_names(self, name, limit)

    def place(self, components: str) -> tuple[int, int]:
        """Find the ids that end with `components`.

        Parameters
        ----------
        components : str
            In lower case, as `dotted` writes them.

        Returns
        -------
        tuple of int
            Start and end of their range in `order`.
        """
        try:
            key = fold(components[1:].encode())[::-1]
        except UnicodeEncodeError:
            return 0, 0
        offsets, text, order, odd = self.offsets.data, self.text.data, self.order.data, self.odd.data

        def reversed_id(place: int) -> bytes:
            i = order[place]
            if len(odd) and (k := bisect_left(odd, i)) < len(odd) and odd[k] == i:
                return fold(self.odd_text[self.odd_offsets[k] : self.odd_offsets[k + 1]].tobytes())[::-1]
            return fold(text[offsets[i] : offsets[i + 1]].tobytes())[::-1]

        places = range(len(order))
        start = bisect_left(places, key, key=reversed_id)
        # What goes on behind the key goes on with a separator, the least byte.
        return start, bisect_left(places, key + b"\x01", lo=start, key=reversed_id)

    def _fitting(self, wanted: str) -> Numbers:
        """Numbers of the ids that end with `wanted`, told apart by case if any fits so."""
        start, end = self.place(wanted.lower())
        alike = self.order[start:end]
        if wanted.isascii():
            if len(alike) <= 1:
                return alike
            same = alike
        else:
            same = self._same_letters(wanted)
        exact = same[self._spelled(same, wanted)] if len(same) else same
        return exact if len(exact) else alike

    def _same_letters(self, wanted: str) -> Numbers:
        """Numbers of the ids that end with `wanted` in any case, whatever comes before it.

        The small form of a capital sigma behind nothing but dots depends on what comes before these.
        """
        forms = {wanted.lower(), ("a" + wanted).lower()[1:]}
        ranges = [self.place(form) for form in sorted(forms)]
        return np.concatenate([self.order[start:end] for start, end in ranges])

    def _spelled(self, numbers: Numbers, wanted: str) -> NDArray[np.bool_]:
        """Mark the ids that end with the very letters of `wanted`."""
        tail = np.frombuffer(wanted[1:].encode(), dtype=np.uint8)
        first, end = self.offsets[numbers], self.offsets[numbers + 1]
        start = end - len(tail)
        fits = start >= first
        inner = np.flatnonzero(start > first)
        fits[inner] = _DOTS[self.text[start[inner] - 1]] == ord(".")
        rest = np.flatnonzero(fits)
        step = max(_BLOCK // max(len(tail), 1), 1)
        for row in range(0, len(rest), step):
            rows = rest[row : row + step]
            letters = _DOTS[self.text[start[rows, None] + np.arange(len(tail))]]
            fits[rows] = (letters == tail).all(axis=1)
        return fits


def _as_series(strings: Any) -> pl.Series:
    series = pl.from_arrow(strings)
    assert isinstance(series, pl.Series)  # noqa: S101
    return series.alias("id")


def _encode_kinds(kinds: pl.Series) -> tuple[NDArray[np.unsignedinteger[Any]], Bytes]:
    words = kinds.cast(pl.String).fill_null("")
    names = words.unique().sort()
    dtype = np.min_scalar_type(max(len(names) - 1, 0))
    codes = words.cast(pl.Enum(names)).to_physical().to_numpy().astype(dtype)
    return codes, np.frombuffer(json.dumps(names.to_list()).encode(), dtype=np.uint8).copy()
