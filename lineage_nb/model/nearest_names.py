"""Which ids look like a name that nothing has: enough to correct a typing error, in bounded time."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lineage_nb.model.suffix_order import Numbers, chunk_of, dotted, fold_array, last_component

if TYPE_CHECKING:
    from lineage_nb.model.name_table import NameTable

__all__ = ["nearest_names"]

_SEPARATOR = re.compile(r"[./#:]")
_ROWS = 1 << 16
_TAILS = 2_000
_IDS = 500
_MOST_TAILS = 400_000
_MOST_IDS = 100_000
_WIDTH = 200


def nearest_names(table: NameTable, name: str, limit: int = 5) -> list[str]:
    """List ids that look like `name`: by last component first, then by parts of it.

    The similarity is that of `difflib.SequenceMatcher`, upper and lower case alike for the last component. Where
    there are thousands of candidates, only those that share most letters with `name` are compared.

    Parameters
    ----------
    table : NameTable
        The ids.
    name : str
        What was typed.
    limit : int
        Greatest number of ids.

    Returns
    -------
    list of str
        The best first.
    """
    last = dotted(name).rpartition(".")[2].lower()
    tails = _likely_tails(table, last)
    groups = _like(table, tails, last, limit) or _containing(table, tails, last, limit)
    if not groups:
        return []
    ends = np.append(table.tails, len(table))
    most = max(_MOST_IDS // len(groups), 1)
    places = [_window(table, name, int(ends[g]), int(ends[g + 1]), most) for g in groups]
    numbers = np.sort(np.concatenate([table.order[start:end] for start, end in places]))
    kept = _most_alike(table, numbers, name, _IDS, whole=True)
    return _closest(name, table.names(numbers[kept]).to_list(), limit, 0.0)


def _tail(node: str) -> str:
    """The last component in lower case, which a final sigma owes to the whole id."""
    return _SEPARATOR.split(_SEPARATOR.sub(".", node).lower())[-1]


def _closest(name: str, pool: Iterable[str], limit: int, cutoff: float) -> list[str]:
    """Give the members of `pool` that are most alike to `name`; very long ones are compared by their ends."""
    ends = {member[-_WIDTH:]: member for member in pool}
    return [ends[end] for end in difflib.get_close_matches(name[-_WIDTH:], ends, n=limit, cutoff=cutoff)]


def _likely_tails(table: NameTable, last: str) -> Numbers:
    """Places in `table.tails` to look at: all, or those that end like `last` and as many from everywhere."""
    count = len(table.tails)
    if count <= _MOST_TAILS:
        return np.arange(count)
    half = _MOST_TAILS // 2
    middle = int(np.searchsorted(table.tails, table.place("." + last)[0]))
    first = min(max(middle - half // 2, 0), count - half)
    return np.union1d(np.arange(first, first + half), np.arange(half) * count // half)


def _by_tail(table: NameTable, tails: Numbers) -> dict[str, list[int]]:
    groups: dict[str, list[int]] = {}
    nodes = table.names(table.order[table.tails[tails]])
    for group, node in zip(tails.tolist(), nodes.to_list(), strict=True):
        groups.setdefault(_tail(node), []).append(group)
    return groups


def _like(table: NameTable, tails: Numbers, last: str, limit: int) -> list[int]:
    """Those of `tails` whose last component is close to `last`."""
    kept = _most_alike(table, table.order[table.tails[tails]], last, _TAILS, whole=False)
    groups = _by_tail(table, tails[kept])
    return [group for tail in _closest(last, groups, limit, 0.6) for group in groups[tail]]


def _containing(table: NameTable, tails: Numbers, last: str, limit: int) -> list[int]:
    """Those of `tails` with the alphabetically first last components that have `last` in them."""
    if not last or last.encode(errors="replace").decode() != last:
        return []
    if len(tails) > _TAILS:
        pattern = pl.escape_regex(last) + r"[^./#:]*$"
        names = table.names(table.order[table.tails[tails]])
        tails = tails[names.str.to_lowercase().str.contains(pattern).to_numpy()][:_MOST_IDS]
    groups = _by_tail(table, tails)
    return [group for tail in sorted(t for t in groups if last in t)[:limit] for group in groups[tail]]


def _window(table: NameTable, name: str, start: int, end: int, most: int) -> tuple[int, int]:
    """Cut the range of a last component to the places around the one that `name` would have with it."""
    if end - start <= most:
        return start, end
    head = dotted(name).lower().rpartition(".")[0]
    middle = table.place(f"{head}.{_tail(table.name(int(table.order[start])))}")[0]
    start = min(max(middle - most // 2, start), end - most)
    return start, start + most


def _most_alike(table: NameTable, numbers: Numbers, word: str, most: int, *, whole: bool) -> Numbers:
    """Give the positions in `numbers` of the ids that share most letters with `word`, in whatever order.

    Only the last 64 bytes of the whole id count, or the last 32 of its last component.
    """
    if len(numbers) <= most:
        return np.arange(len(numbers))
    letters, wanted = np.unique(_folded(word), return_counts=True)
    code = np.zeros(256, dtype=np.intp)
    code[letters] = np.arange(1, len(letters) + 1)
    scores = []
    for row in range(0, len(numbers), _ROWS):
        block = numbers[row : row + _ROWS]
        ends = table.offsets[block + 1]
        lengths = ends - table.offsets[block]
        columns = [chunk_of(table.text, ends, lengths, c) for c in range(8 if whole else 4)]
        columns = [fold_array(words.view(np.uint8)).view(np.uint64) for words in columns]
        if not whole:
            columns = last_component(columns)
        text = np.column_stack(columns).view(np.uint8)
        place = code[text] + np.arange(len(block))[:, None] * (len(letters) + 1)
        counts = np.bincount(place.ravel(), minlength=len(block) * (len(letters) + 1)).reshape(len(block), -1)
        shared = np.minimum(counts[:, 1:], wanted).sum(axis=1)
        scores.append(shared / (np.count_nonzero(text, axis=1) + int(wanted.sum())))
    return np.sort(np.argsort(-np.concatenate(scores), kind="stable")[:most])


def _folded(word: str) -> NDArray[np.uint8]:
    """The folded bytes of a word without separators."""
    text = fold_array(np.frombuffer(word.lower().encode(errors="replace")[-_WIDTH:], dtype=np.uint8))
    letters: NDArray[np.uint8] = text[text != 0]
    return letters
