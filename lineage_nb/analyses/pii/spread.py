"""Labels pushed along the arcs, all at once: who is reached, in how many hops, and from where.

A *lane* is one search: a label at one verdict and one certainty. All lanes of a chunk go forward together, a level
of all of them at a time, so that what numpy costs a step is paid once. Verdicts below what a lane asks for are not
taken; decryption leads from a helper lane, which also takes pseudonyms, back into the lane of plain values.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lineage_nb.graph.csr import Csr, Ints
from lineage_nb.graph.paths import FREE

__all__ = ["Channel", "Found", "Lanes", "spread"]

Bools = NDArray[np.bool_]
_CELLS = 1 << 23
"""Places of the scratch: lanes of one chunk times nodes."""


@dataclass(frozen=True)
class Channel:
    """What one kind of label may take, by arc number: `bits` as in `Arcs`, `strength` as places in `VERDICTS`.

    Attributes
    ----------
    bits : numpy.ndarray of uint8
        Shape (m,).
    strength : numpy.ndarray of int8
        Shape (m,). The verdict behind the arc; beyond the last verdict it carries nothing.
    restores : numpy.ndarray of bool or None
        Shape (m,). Arcs that give plain values for pseudonyms; None: there are none.
    """

    bits: NDArray[np.uint8]
    strength: NDArray[np.int8]
    restores: Bools | None = None


@dataclass(frozen=True)
class Lanes:
    """Searches to be made, as arrays of equal length, and their starts.

    Attributes
    ----------
    channel : numpy.ndarray
        Which of the channels each lane takes.
    bit : numpy.ndarray
        Which bit an arc must carry.
    level : numpy.ndarray
        The weakest verdict that may be taken.
    group : numpy.ndarray
        Label of each lane, for `barred`.
    start_lane, start_node : numpy.ndarray
        Where they begin.
    barred : tuple of numpy.ndarray
        (group, node): nodes that a label neither reaches nor passes.
    """

    channel: Ints
    bit: Ints
    level: Ints
    group: Ints
    start_lane: Ints
    start_node: Ints
    barred: tuple[Ints, Ints] = field(default_factory=lambda: (np.zeros(0, np.int64), np.zeros(0, np.int64)))

    def __len__(self) -> int:
        """Count the lanes."""
        return len(self.channel)

    def part(self, first: int, last: int) -> Lanes:
        """Lanes `first` up to `last`, numbered anew."""
        mine = (self.start_lane >= first) & (self.start_lane < last)
        own = slice(first, last)
        return Lanes(
            self.channel[own], self.bit[own], self.level[own], self.group[own], self.start_lane[mine] - first, self.start_node[mine], self.barred
        )


@dataclass(frozen=True)
class Found:
    """What was reached, by lane and hops; arrays of equal length k.

    Attributes
    ----------
    lane, node, hops : numpy.ndarray
        Each lane and node once (twice where a helper lane found it too); 0 hops at a start.
    via : numpy.ndarray
        Place in these arrays of the node before that may be named, the smallest of several; -1 at a start.
    root : numpy.ndarray
        Place of the start that the path begins at.
    helper : numpy.ndarray of bool
        Found at a weaker verdict than the lane asks for, on the way to a decryption.
    """

    lane: Ints
    node: Ints
    hops: Ints
    via: Ints
    root: Ints
    helper: Bools

    def __len__(self) -> int:
        """Count what was reached."""
        return len(self.lane)

    def path(self, place: int) -> list[int]:
        """Places of the witness path, its start first."""
        found = [place]
        while self.via[found[-1]] >= 0:
            found.append(int(self.via[found[-1]]))
        return found[::-1]


def spread(rows: Csr, channels: list[Channel], lanes: Lanes, named: Bools) -> Found:
    """Search from all starts of all lanes, breadth first, to a fixpoint.

    Parameters
    ----------
    rows : Csr
        Successors.
    channels : list of Channel
        What lanes may take.
    lanes : Lanes
        The searches.
    named : numpy.ndarray of bool
        Shape (n,). Nodes that a path may name.

    Returns
    -------
    Found
        Independent of the order of lanes and arcs.

    Examples
    --------
    >>> from lineage_nb.graph.csr import build_csr
    >>> rows = build_csr(3, np.array([0, 1]), np.array([1, 2]))
    >>> rows = Csr(rows.indptr, rows.indices)
    >>> channel = Channel(np.array([15, 15], np.uint8), np.array([0, 2], np.int8))
    >>> one = np.zeros(2, np.int64)
    >>> lanes = Lanes(one, one + 1, np.array([0, 2]), one, np.array([0, 1]), np.array([0, 0]))
    >>> found = spread(rows, [channel], lanes, np.ones(3, bool))
    >>> list(zip(found.lane.tolist(), found.node.tolist(), found.hops.tolist()))
    [(0, 0, 0), (1, 0, 0), (0, 1, 1), (1, 1, 1), (1, 2, 2)]
    """
    width = rows.n * (2 if any(c.restores is not None for c in channels) else 1)
    size = max(1, _CELLS // max(width, 1))
    scratch = _Scratch(width * min(size, max(len(lanes), 1)))
    parts, shift = [], 0
    for first in range(0, max(len(lanes), 1), size):
        part = _Chunk(rows, channels, lanes.part(first, first + size), named, scratch).run()
        moved = Found(part.lane + first, part.node, part.hops, np.where(part.via >= 0, part.via + shift, -1), part.root + shift, part.helper)
        parts.append(moved)
        shift += len(part)
    if len(parts) == 1:
        return parts[0]
    names = ("lane", "node", "hops", "via", "root", "helper")
    return Found(*(np.concatenate([getattr(p, n) for p in parts]) for n in names))


class _Scratch:
    """Arrays over (lane, node), clean between chunks."""

    def __init__(self, size: int) -> None:
        self.place = np.full(size, -1, dtype=np.int32)
        self.first = np.empty(size, dtype=np.int32)


class _Chunk:
    """Some lanes together. A *cell* is lane × n + node; helper lanes come behind the lanes."""

    def __init__(self, rows: Csr, channels: list[Channel], lanes: Lanes, named: Bools, scratch: _Scratch) -> None:
        self.rows, self.channels, self.lanes, self.scratch = rows, channels, lanes, scratch
        self.n, self.count = rows.n, len(lanes)
        self.named = None if named.all() else named
        helping = np.array([c.restores is not None for c in channels], dtype=bool)
        self.helped = helping[lanes.channel] & (lanes.level == 0)
        self.twice = bool(self.helped.any())
        self.single = channels[0] if len(channels) == 1 else None
        self.free = any(bool((c.bits & FREE).any()) for c in channels)
        self.found: list[tuple[Ints, int, Ints, Ints]] = []
        self.total = 0

    def run(self) -> Found:
        """Search."""
        barred = self._bar()
        level = np.unique(self.lanes.start_lane * self.n + self.lanes.start_node)
        level = level[self.scratch.place[level] == -1]
        self._keep(level, np.full(len(level), -1, dtype=np.int64), None, 0)
        depth = 0
        while level.size:
            if self.free:
                level = self._spread_free(level, depth)
            depth += 1
            level = self._step(level, depth, free=False)
        result = self._result()
        for cells, _, _, _ in self.found:
            self.scratch.place[cells] = -1
        self.scratch.place[barred] = -1
        return result

    def _bar(self) -> Ints:
        group, node = self.lanes.barred
        if not len(group):
            return group
        lane, at = np.nonzero(self.lanes.group[:, None] == group[None, :])
        cells = lane * self.n + node[at]
        if self.twice:
            cells = np.concatenate([cells, cells + self.count * self.n])
        self.scratch.place[cells] = -2
        return cells

    def _keep(self, cells: Ints, via: Ints, parent: Ints | None, depth: int) -> None:
        """Note cells with the place of the named one before, and of the one that they were reached from."""
        if cells.size:
            self.scratch.place[cells] = np.arange(self.total, self.total + len(cells), dtype=np.int32)
            root = np.arange(self.total, self.total + len(cells)) if parent is None else parent
            self.found.append((cells, depth, via, root))
            self.total += len(cells)

    def _spread_free(self, level: Ints, depth: int) -> Ints:
        reached = [level]
        while reached[-1].size:
            reached.append(self._step(reached[-1], depth, free=True))
        every: Ints = np.concatenate(reached)
        return np.sort(every) if len(reached) > 2 else level

    def _arcs(self, level: Ints) -> tuple[Ints, Ints, Ints, Ints]:
        """Of every arc that leaves the level: position there, lane, target, number."""
        lane = level // self.n
        at, counts = self.rows.places(level - lane * self.n)
        source = np.arange(len(level)).repeat(counts)
        return source, lane[source], self.rows.indices[at].astype(np.int64), at

    def _lane_behind(self, lane: Ints, arc: Ints, *, free: bool) -> Ints:
        """The lane that each arc leads into; -1 for arcs that may not be taken."""
        own = lane if not self.twice else np.where(lane >= self.count, lane - self.count, lane)
        bits, strength, restores = self._of_channels(self.lanes.channel[own], arc)
        taken = (bits & self.lanes.bit[own]) != 0
        if self.free:
            taken &= ((bits & FREE) != 0) == free
        stays = strength <= self.lanes.level[own]
        if not self.twice or restores is None:
            return np.where(taken & stays, lane, -1)
        below, helped = lane >= self.count, self.helped[own]
        down = (strength == 1) & helped
        target = np.where(stays, np.where(below & ~restores, lane, own), np.where(down, own + self.count, -1))
        return np.where(taken, target, -1)

    def _of_channels(self, channel: Ints, arc: Ints) -> tuple[NDArray[Any], NDArray[Any], Bools | None]:
        if self.single is not None:
            one = self.single
            return one.bits[arc], one.strength[arc], None if one.restores is None else one.restores[arc]
        bits, strength = np.zeros(len(arc), np.uint8), np.zeros(len(arc), np.int8)
        restores = np.zeros(len(arc), dtype=bool)
        for number, one in enumerate(self.channels):
            mine = np.flatnonzero(channel == number)
            bits[mine], strength[mine] = one.bits[arc[mine]], one.strength[arc[mine]]
            if one.restores is not None:
                restores[mine] = one.restores[arc[mine]]
        return bits, strength, restores

    def _step(self, level: Ints, depth: int, *, free: bool) -> Ints:
        """Give the unreached cells behind `level` their hops; returned ascending."""
        source, lane, target, arc = self._arcs(level)
        if not target.size:
            return target
        into = self._lane_behind(lane, arc, free=free)
        keep = np.flatnonzero(into >= 0)
        source = source[keep]
        cell: Ints = into[keep] * self.n + target[keep]
        new = self.scratch.place[cell] == -1
        cell, source = cell[new], source[new]
        if not cell.size:
            return cell
        parent = self.scratch.place[level[source]].astype(np.int64)
        via, before = parent, level[source] % self.n
        if self.named is not None and not self.named[before].all():
            via, before = self._named_before(level, source)
            order = np.lexsort((before, cell))
            cell, via, parent = cell[order], via[order], parent[order]
        elif self.twice:
            order = np.lexsort((before, cell))
            cell, via, parent = cell[order], via[order], parent[order]
        first = self.scratch.first
        number = np.arange(cell.size, dtype=np.int32)
        first[cell[::-1]] = number[::-1]
        chosen = first[cell] == number
        cell, via, parent = cell[chosen], via[chosen], parent[chosen]
        order = cell.argsort()
        cell = cell[order]
        self._keep(cell, via[order], parent[order], depth)
        return cell

    def _named_before(self, level: Ints, source: Ints) -> tuple[Ints, Ints]:
        """The last that may be named, in place of hubs and jobs: its place and its node."""
        assert self.named is not None  # noqa: S101 - asked for only then
        place = self.scratch.place[level].astype(np.int64)
        via_of, node_of = self._via_and_node(place)
        hidden = ~self.named[level % self.n] & (via_of >= 0)
        shown = np.where(hidden, via_of, place)
        node = np.where(hidden, node_of, level % self.n)
        return shown[source], node[source]

    def _via_and_node(self, place: Ints) -> tuple[Ints, Ints]:
        """Of found cells: the place of the named one before, and its node."""
        starts = np.cumsum([0, *(len(f[0]) for f in self.found)])
        via, node = np.full(len(place), -1, dtype=np.int64), np.zeros(len(place), dtype=np.int64)
        for take, what in ((place, via), (via, node)):
            part = np.searchsorted(starts, take, side="right") - 1
            for number in np.unique(part[take >= 0]):
                mine = np.flatnonzero((part == number) & (take >= 0))
                inside = take[mine] - starts[number]
                cells, _, before, _ = self.found[number]
                what[mine] = before[inside] if what is via else cells[inside] % self.n
        return via, node

    def _result(self) -> Found:
        nothing = np.zeros(0, dtype=np.int64)
        if not self.found:
            return Found(nothing, nothing, nothing, nothing, nothing, nothing.astype(bool))
        cell = np.concatenate([f[0] for f in self.found])
        hops = np.repeat([f[1] for f in self.found], [len(f[0]) for f in self.found])
        via = np.concatenate([f[2] for f in self.found])
        root = np.concatenate([f[3] for f in self.found])
        while not np.array_equal(further := root[root], root):
            root = further
        lane = cell // self.n
        helper = lane >= self.count
        return Found(np.where(helper, lane - self.count, lane), cell % self.n, hops, via, root, helper)
