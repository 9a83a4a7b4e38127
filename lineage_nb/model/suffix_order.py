"""Ids sorted from their ends, so that all ids that end with the same components lie side by side.

Every id is *folded* first: lower case, and the separators ``. / # :`` become the byte 0. Then the folded bytes are
compared from the last one to the first. An id that ends where another goes on with a separator comes directly before
it, hence the ids that end with given components are one range of the order.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

__all__ = [
    "CHUNK",
    "Bytes",
    "Numbers",
    "changes",
    "chunk_of",
    "dotted",
    "fold",
    "fold_array",
    "fold_ids",
    "join_bytes",
    "last_component",
    "suffix_order",
]

Bytes = NDArray[np.uint8]
Words = NDArray[np.uint64]
Numbers = NDArray[np.signedinteger[Any]]

CHUNK = 8
"""Bytes that are compared at once."""

_SEPARATOR = re.compile(r"[/#:]")
_COLUMNS = 4
_SORTED_AS_WORDS = 512
_ROWS = 1 << 20
_BLOCK = 1 << 22
_LOWERED = 1 << 16


def _table() -> Bytes:
    table = np.arange(256, dtype=np.uint8)
    table[ord("A") : ord("Z") + 1] += ord("a") - ord("A")
    # Separators change places with the byte 0, so that no two other characters are confused.
    table[0] = ord(".")
    table[[ord(c) for c in "./#:"]] = 0
    return table


_TABLE = _table()
_TRANSLATE = _TABLE.tobytes()
_KEPT = np.array([(1 << 64) - (1 << (64 - 8 * k)) for k in range(CHUNK + 1)], dtype=np.uint64)


def dotted(name: str) -> str:
    """Write `name` as dot-separated components behind a leading dot.

    Parameters
    ----------
    name : str
        An id or its last components; separators around it are left out.

    Examples
    --------
    >>> dotted("mart/orders#email")
    '.mart.orders.email'
    """
    return "." + _SEPARATOR.sub(".", name).strip(".")


def fold(text: bytes) -> bytes:
    r"""Fold UTF-8 bytes whose characters outside ASCII are in lower case already.

    Examples
    --------
    >>> fold(b"db/Orders#ID")
    b'db\x00orders\x00id'
    """
    return text.translate(_TRANSLATE)


def fold_array(text: Bytes) -> Bytes:
    """Fold an array of UTF-8 bytes, of any shape, to a new array."""
    if text.size < _BLOCK:
        return np.asarray(_TABLE[text], dtype=np.uint8)
    folded = np.empty_like(text)
    # In a long row of bytes, `bytes.translate` is several times as fast as numpy.
    for first in range(0, len(text), _BLOCK):
        block = fold(text[first : first + _BLOCK].tobytes())
        folded[first : first + len(block)] = np.frombuffer(block, dtype=np.uint8)
    return folded


def join_bytes(strings: pl.Series) -> tuple[NDArray[np.int64], Bytes]:
    """Lay strings end to end.

    Parameters
    ----------
    strings : polars.Series
        String, no nulls.

    Returns
    -------
    tuple of numpy.ndarray
        Offsets, shape (n + 1,), and the UTF-8 bytes.

    Examples
    --------
    >>> offsets, text = join_bytes(pl.Series(["ab", "", "c"]))
    >>> offsets.tolist(), text.tobytes()
    ([0, 2, 2, 3], b'abc')
    """
    offsets = np.zeros(len(strings) + 1, dtype=np.int64)
    np.cumsum(strings.str.len_bytes().to_numpy(), out=offsets[1:], dtype=np.int64)
    text = np.empty(int(offsets[-1]), dtype=np.uint8)
    # In parts: a single string of polars holds at most 4 GiB.
    for row in range(0, len(strings), _ROWS):
        part = strings.slice(row, _ROWS).str.join("").cast(pl.Binary)[0]
        first = int(offsets[row])
        text[first : first + len(part)] = np.frombuffer(part, dtype=np.uint8)
    return offsets, text


def fold_ids(ids: pl.Series) -> tuple[NDArray[np.int32], pl.Series]:
    """Find the ids that `fold` alone does not bring to lower case.

    Parameters
    ----------
    ids : polars.Series
        String, no nulls.

    Returns
    -------
    tuple
        Their numbers, ascending, and the ids in lower case with dots for separators: those with capitals and a
        character outside ASCII. (Characters outside ASCII may change their length in lower case.)

    Examples
    --------
    >>> numbers, lowered = fold_ids(pl.Series(["db/ÄRA", "db/ORDERS", "db/é"]))
    >>> numbers.tolist(), lowered.to_list()
    ([0], ['db.ära'])
    """
    numbers = np.flatnonzero((ids.str.len_bytes() != ids.str.len_chars()).to_numpy()).astype(np.int32)
    odd, parts = [numbers[:0]], [pl.Series([], dtype=pl.String)]
    # By `str.lower`, as names are: polars and Python differ in the small form of a final sigma.
    for row in range(0, len(numbers), _LOWERED):
        some = numbers[row : row + _LOWERED]
        plain = [_SEPARATOR.sub(".", name) for name in ids.gather(some).to_list()]
        lowered = [name.lower() for name in plain]
        changed = [i for i, name in enumerate(plain) if name != lowered[i]]
        odd.append(some[changed])
        parts.append(pl.Series([lowered[i] for i in changed], dtype=pl.String))
    return np.concatenate(odd), pl.concat(parts)


def chunk_of(text: Bytes, ends: Numbers, lengths: Numbers, nth: int) -> Words:
    """Read eight bytes of each string, counted from its end, as a number that sorts like the reversed bytes.

    Parameters
    ----------
    text : numpy.ndarray
        Shape (bytes,). All strings, end to end.
    ends, lengths : numpy.ndarray
        Shape (k,). End of each string and its length in bytes.
    nth : int
        0 for the last eight bytes, 1 for those before …

    Returns
    -------
    numpy.ndarray
        Shape (k,), uint64; where the string has fewer bytes, the rest is 0.

    Examples
    --------
    >>> [hex(word) for word in chunk_of(np.frombuffer(b"abcd", dtype=np.uint8), np.array([2, 4]), np.array([2, 2]), 0)]
    ['0x6261000000000000', '0x6463000000000000']
    """
    if len(text) < CHUNK:
        text = np.concatenate([text, np.zeros(CHUNK, dtype=np.uint8)])
    # The last byte is the most significant one of a little-endian word. Words may lie at any byte.
    words: Words = np.ndarray((len(text) - CHUNK + 1,), dtype="<u8", buffer=text, strides=(1,))
    starts = ends - CHUNK * (nth + 1)
    found = words[np.maximum(starts, 0)].astype(np.uint64, copy=False)
    early = np.flatnonzero(starts < 0)
    found[early] <<= (-np.maximum(starts[early], 1 - CHUNK) * CHUNK).astype(np.uint64)
    if len(lengths) and int(lengths.min()) < CHUNK * (nth + 1):
        found &= _KEPT[np.clip(lengths - CHUNK * nth, 0, CHUNK)]
    return found


def last_component(columns: list[Words]) -> list[Words]:
    """Set to 0 whatever lies before the last separator.

    Parameters
    ----------
    columns : list of numpy.ndarray
        The chunks 0, 1 … of folded strings.

    Returns
    -------
    list of numpy.ndarray
        Equal in two rows exactly where the last components are equal, as far as the chunks reach.
    """
    low, high = np.uint64(0x7F7F7F7F7F7F7F7F), np.uint64(0x8080808080808080)
    kept, going = [], None
    for words in columns:
        # The highest bit of every byte that is 0, then all bits from the first such byte on.
        zero = ~(((words & low) + low) | words) & high
        for shift in (1, 2, 4, 8, 16, 32):
            zero |= zero >> np.uint64(shift)
        own = words & ~zero
        if going is not None:
            own[~going] = 0
        ended = zero != 0
        going = ~ended if going is None else going & ~ended
        kept.append(own)
    return kept


def changes(columns: list[Any]) -> NDArray[np.bool_]:
    """Mark the rows that differ from the row before; the first row does."""
    changed = np.zeros(len(columns[0]), dtype=np.bool_)
    changed[:1] = True
    for values in columns:
        changed[1:] |= values[1:] != values[:-1]
    return changed


def _arg_sort(columns: list[Any]) -> NDArray[np.int32]:
    frame = pl.DataFrame({str(i): values for i, values in enumerate(columns)})
    return frame.select(pl.arg_sort_by(frame.columns)).to_series().to_numpy().astype(np.int32)


def _sort_long(text: Bytes, ends: Numbers, lengths: Numbers, group: Numbers, members: Numbers) -> list[int]:
    """Sort a few long strings one by one."""

    def key(row: int) -> tuple[int, bytes, int]:
        i = int(members[row])
        end = int(ends[i])
        return int(group[row]), text[end - int(lengths[i]) : end].tobytes()[::-1], i

    return sorted(range(len(members)), key=key)


def suffix_order(text: Bytes, offsets: NDArray[np.int64]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Sort folded strings by their reversed bytes.

    Four chunks of eight bytes are sorted at once, then the next four of the strings that are still tied …

    Parameters
    ----------
    text : numpy.ndarray
        Folded bytes of all strings, end to end.
    offsets : numpy.ndarray
        Shape (n + 1,).

    Returns
    -------
    order : numpy.ndarray
        Shape (n,), int32. Numbers of the strings, ties by number.
    tails : numpy.ndarray
        int32. Places in `order` where another last component begins (compared as far as 32 bytes).

    Examples
    --------
    >>> offsets, text = join_bytes(pl.Series(["a.id", "b.cid", "c.id", "id"]))
    >>> order, tails = suffix_order(fold_array(text), offsets)
    >>> order.tolist(), tails.tolist()
    ([3, 0, 2, 1], [0, 3])
    """
    ends, lengths = offsets[1:], np.diff(offsets)
    columns: list[Any] = [chunk_of(text, ends, lengths, c) for c in range(_COLUMNS)]
    order = _arg_sort(columns)
    for c in range(_COLUMNS):
        columns[c] = columns[c][order]
    tails = np.flatnonzero(changes(last_component(columns))).astype(np.int32)
    same, done = ~changes(columns), _COLUMNS
    while same.any():
        tied = same.copy()
        tied[:-1] |= same[1:]
        places = np.flatnonzero(tied)
        group, members = np.cumsum(~same, dtype=np.int64)[places], order[places]
        if CHUNK * done >= _SORTED_AS_WORDS:
            order[places] = members[_sort_long(text, ends, lengths, group, members)]
            break
        size = lengths[members]
        columns = [group, *(chunk_of(text, ends[members], size, c) for c in range(done, done + _COLUMNS))]
        if int(size.max()) <= CHUNK * done:
            columns = [group, size, members]
        inner = _arg_sort(columns)
        order[places] = members[inner]
        same[:] = False
        same[places] = ~changes([values[inner] for values in columns])
        done += _COLUMNS
    return order, tails
