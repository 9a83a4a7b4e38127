"""Which character separates the fields of a CSV file, told by the line of its names."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from typing import Final

from lineage_nb.sources.registry import Entry

__all__ = ["header_of", "separator_of"]

_OTHERS: Final = (";", "\t", "|")
_LONGEST: Final = 65_536


def header_of(head: bytes, separator: str) -> list[str]:
    """Names in the first line of a file, by a separator.

    Examples
    --------
    >>> header_of(b'sql;"start; time"', ";")
    ['sql', 'start; time']
    """
    first = head[:_LONGEST].decode("utf-8-sig", "replace").partition("\n")[0].rstrip("\r")
    try:
        return next(csv.reader([first], delimiter=separator), [])
    except csv.Error:
        return []


def separator_of(entry: Entry, fits: Callable[[Sequence[str]], bool]) -> str:
    """Find the separator of a CSV file: the usual one of its kind, another where only by that its names are known.

    Parameters
    ----------
    entry : Entry
        A ``.csv`` or ``.tsv`` file.
    fits : callable
        Whether names are those that are looked for.

    Returns
    -------
    str
        A comma, for ``.tsv`` a tab; else ``;``, a tab or ``|``. Where no names fit, what makes one name of the line
        with the usual separator and several with another is that.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "edges.csv"
    >>> _ = path.write_text("source;target")
    >>> separator_of(Entry(path), lambda names: {"source", "target"} <= set(names))
    ';'
    """
    usual = "\t" if entry.suffix == ".tsv" else ","
    candidates = [usual, *(s for s in (",", *_OTHERS) if s != usual)]
    headers = {separator: header_of(entry.head, separator) for separator in candidates}
    fitting = next((s for s, names in headers.items() if fits(names)), None)
    if fitting is not None:
        return fitting
    if len(headers[usual]) > 1:
        return usual
    return max(candidates, key=lambda s: len(headers[s]))
