"""Every origin of a label, not only the nearest: which they are, and who sees a place without a right to read one of them.

Origins that are not told apart are one bit of a word, and all bits of a word go along the arcs together.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lineage_nb.analyses.pii.labels import is_special
from lineage_nb.analyses.pii.trace import VERDICTS, Trace
from lineage_nb.graph.csr import Csr, Ints
from lineage_nb.graph.paths import POSSIBLE_VALUE, PROVED_VALUE

__all__ = ["origins_of", "without_source"]

Bools = NDArray[np.bool_]
Words = NDArray[np.uint64]
_BITS: Final = 64
_SURE: Final = ("proved", "possible")


def without_source(trace: Trace, rows: pl.DataFrame, readable: pl.DataFrame) -> Bools:
    """Tell which rows show a label to somebody who may not read some origin of it.

    An origin counts where its label arrives by at least one edge, whatever becomes of the value on the way: a place
    that is tagged itself is without source only for what comes to it by an edge, its own label that comes back to it in
    a circle included.

    Parameters
    ----------
    trace : Trace
        The searches behind the answer.
    rows : polars.DataFrame
        Columns reader, place, origin (numbers of nodes; origin: of the nearest), about (place in `Trace.labels`),
        certainty (place in `CERTAINTIES`).
    readable : polars.DataFrame
        Columns reader, place: what each may read as it is.

    Returns
    -------
    numpy.ndarray of bool
        Shape (number of rows,).
    """
    near = rows.join(readable.select("reader", origin="place", may=pl.lit(value=True)).unique(), on=["reader", "origin"], how="left", maintain_order="left")
    found: Bools = (near["may"].is_null() & (rows["place"] != rows["origin"])).to_numpy().copy()
    reader, place, about, certainty = (rows[c].to_numpy().astype(np.int64) for c in ("reader", "place", "about", "certainty"))
    rights = readable.filter(pl.col("reader").is_in(rows["reader"].unique().implode())).select("reader", "place").unique()
    for number, sure in enumerate(_SURE):
        mine = np.flatnonzero(certainty == number)
        labels = np.unique(about[mine]).tolist()
        for word in _words(trace, labels, sure, rights):
            here = mine[np.isin(about[mine], word.labels)]
            arrived = _arrived(trace, word, sure)
            lacking = np.full(len(trace.lineage.coded.ids), word.every, dtype=np.uint64)
            np.bitwise_and.at(lacking, word.reader, ~word.read)
            own = np.zeros(len(trace.labels), dtype=np.uint64)
            np.bitwise_or.at(own, word.about, word.bit)
            found[here] |= (arrived[place[here]] & lacking[reader[here]] & own[about[here]]) != 0
    return found


@dataclass(frozen=True)
class _Word:
    """At most 64 classes of origins: `bit` and `about` (label) by class, starts and readers with the bits that are theirs."""

    bit: Words
    about: Ints
    start: Ints
    begins: Words
    reader: Ints
    read: Words

    @property
    def every(self) -> np.uint64:
        every: np.uint64 = np.bitwise_or.reduce(self.bit)
        return every

    @property
    def labels(self) -> Ints:
        return np.unique(self.about)


def _words(trace: Trace, labels: list[int], sure: str, rights: pl.DataFrame) -> Iterator[_Word]:
    """Classes of origins of each label that the same readers may read; labels that go by the same edges together."""
    may = rights.sort("place", "reader").group_by("place", maintain_order=True).agg(readers=pl.col("reader"))
    may = may.with_columns(profile=pl.Series(_numbered(may["readers"]), dtype=pl.Int64))
    profiles = may.unique("profile", keep="first", maintain_order=True).select("profile", "readers")
    for every in _origins(trace, labels, sure):
        every = every.join(may.select("place", "profile"), on="place", how="left").with_columns(pl.col("profile").fill_null(-1))
        classes = every.select("about", "profile").unique().sort("about", "profile").with_row_index("class").cast(pl.Int64)
        every = every.join(classes, on=["about", "profile"])
        for first in range(0, classes.height, _BITS):
            some = classes.slice(first, _BITS)
            bit = np.uint64(1) << np.arange(some.height, dtype=np.uint64)
            mine = every.filter(pl.col("class").is_between(first, first + _BITS - 1))
            readers = some.join(profiles, on="profile").explode("readers")
            yield _Word(
                bit,
                some["about"].to_numpy(),
                mine["start"].to_numpy(),
                bit[mine["class"].to_numpy() - first],
                readers["readers"].to_numpy().astype(np.int64),
                bit[readers["class"].to_numpy() - first],
            )


def _numbered(lists: pl.Series) -> list[int]:
    """Number equal lists alike."""
    known: dict[bytes, int] = {}
    return [known.setdefault(part.to_numpy().tobytes(), len(known)) for part in lists]


def _origins(trace: Trace, labels: list[int], sure: str) -> Iterator[pl.DataFrame]:
    """Where labels begin: start, place that shows it, about; labels that go by the same edges together."""
    for special in (False, True):
        starts = {label: trace.starts(trace.labels[label], sure) for label in labels if is_special(trace.labels[label]) == special}
        if starts:
            start, about = np.concatenate(list(starts.values())), np.repeat(list(starts), [len(s) for s in starts.values()])
            yield pl.DataFrame({"start": start, "place": trace.places.shown[start], "about": about}).cast(pl.Int64)


def origins_of(trace: Trace, places: Ints) -> pl.DataFrame:
    """List every origin from which a label certainly arrives at places.

    Parameters
    ----------
    trace : Trace
        The searches behind the answer.
    places : numpy.ndarray
        Numbers of nodes.

    Returns
    -------
    polars.DataFrame
        Columns place, about (place in `Trace.labels`), origin (number of a node): sorted by these.
    """
    parts = [pl.DataFrame(schema={"place": pl.Int64, "about": pl.Int64, "origin": pl.Int64})]
    for every in _origins(trace, list(range(len(trace.labels))), _SURE[0]) if len(places) else ():
        classes = every.select("about", origin="place").unique().sort("about", "origin").with_row_index("class").cast(pl.Int64)
        every = every.join(classes, left_on=["about", "place"], right_on=["about", "origin"])
        for first in range(0, classes.height, _BITS):
            some, mine = classes.slice(first, _BITS), every.filter(pl.col("class").is_between(first, first + _BITS - 1))
            bit = np.uint64(1) << np.arange(some.height, dtype=np.uint64)
            none = np.zeros(0, dtype=np.int64)
            word = _Word(bit, some["about"].to_numpy(), mine["start"].to_numpy(), bit[mine["class"].to_numpy() - first], none, bit[:0])
            at, which = np.nonzero(_arrived(trace, word, _SURE[0])[places][:, None] & bit[None, :])
            told = some[which].select("about", "origin").with_columns(place=pl.Series(places[at], dtype=pl.Int64))
            parts.append(told.select("place", "about", "origin").filter(pl.col("place") != pl.col("origin")))
    return pl.concat(parts).sort("place", "about", "origin")


def _arrived(trace: Trace, word: _Word, sure: str) -> Words:
    """What comes to each node by at least one edge, its twins of today counted; shape (number of nodes,)."""
    places = trace.places
    adjacency = places.arcs.adjacency
    special = is_special(trace.labels[int(word.about[0])])
    channel = trace.channel(special=special, proved=sure == "proved")
    taken = ((channel.bits & (PROVED_VALUE if sure == "proved" else POSSIBLE_VALUE)) != 0) & (channel.strength < len(VERDICTS))
    barred = np.zeros(places.arcs.n, dtype=np.uint64)
    for label in word.labels.tolist():
        nodes = trace.barred.filter(pl.col("label") == trace.labels[label])["i"].to_numpy().astype(np.int64)
        twins = places.twins.filter(pl.col("node").is_in(pl.Series(nodes).implode()))["twin"].to_numpy()
        barred[np.concatenate([nodes, twins]).astype(np.int64)] |= np.bitwise_or.reduce(word.bit[word.about == label])
    reached = _carried(adjacency.forward, taken, _inner(trace), word.start, word.begins, barred)
    told = np.zeros(places.arcs.n, dtype=np.uint64)
    np.bitwise_or.at(told, places.shown[places.reported], reached[places.reported])
    return told


def _inner(trace: Trace) -> Bools:
    """Arcs within a node or a struct: what begins on one side is on the other, and did not come from elsewhere."""
    places = trace.places
    home = np.arange(places.arcs.n)
    home[: len(trace.lineage.coded.data)] = trace.lineage.coded.data
    source, target = places.shown[places.arcs.adjacency.source], places.shown[places.arcs.adjacency.target]
    inner: Bools = (source == target) | ((places.arcs.rows() < 0) & (home[source] == home[target]))
    return inner


def _carried(rows: Csr, taken: Bools, inner: Bools, start: Ints, begins: Words, barred: Words) -> Words:
    """Push bits along the arcs that are taken, to a fixpoint; what came from elsewhere, starts left out."""
    known, arrived = np.zeros(rows.n, dtype=np.uint64), np.zeros(rows.n, dtype=np.uint64)
    np.bitwise_or.at(known, start, begins)
    known &= ~barred
    level = np.flatnonzero(known)
    while level.size:
        at, counts = rows.places(level)
        arc = at if rows.edge is None else rows.edge[at]
        source = level.repeat(counts)[taken[arc]]
        at, arc = at[taken[arc]], arc[taken[arc]]
        if not at.size:
            break
        order = rows.indices[at].argsort(kind="stable")
        source, target, arc = source[order], rows.indices[at[order]], arc[order]
        first = np.flatnonzero(np.concatenate([[True], target[1:] != target[:-1]]))
        into = target[first].astype(np.int64)
        passed = np.bitwise_or.reduceat(known[source], first) & ~barred[into]
        came = np.bitwise_or.reduceat(np.where(inner[arc], arrived[source], known[source]), first) & ~barred[into]
        changed = ((passed & ~known[into]) | (came & ~arrived[into])) != 0
        known[into] |= passed
        arrived[into] |= came
        level = into[changed]
    return arrived
