"""What can be cut to keep a label from a column, and the fewest such cuts: a minimum cut."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lineage_nb.analyses.pii.spread import Channel
from lineage_nb.analyses.pii.trace import Trace
from lineage_nb.graph.csr import Adjacency, Ints
from lineage_nb.graph.paths import FREE, POSSIBLE_VALUE
from lineage_nb.graph.search import closure

__all__ = ["Bools", "Units", "carrying", "fewest", "fewest_nodes", "units"]

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Units:
    """The arcs of a trace by what is cut together.

    Attributes
    ----------
    of_arc : numpy.ndarray
        Shape (m,). The unit that each arc belongs to; -1: a struct and its fields, a dataset and its columns, which
        nothing parts.
    source, target : numpy.ndarray
        By unit, numbers of the snapshot's nodes: a stated edge; a dataset and the job or report that reads it whole; a
        job and what it writes without saying from what.
    edge : numpy.ndarray
        By unit, the number of the stated edge; -1: none.
    """

    of_arc: Ints
    source: Ints
    target: Ints
    edge: Ints

    def __len__(self) -> int:
        """Count the units."""
        return len(self.source)


def units(trace: Trace) -> Units:
    """Tell which arcs are cut together."""
    arcs, real, hubs = trace.places.arcs, trace.graph.arcs.real, trace.graph.arcs.n
    s, t = (side.astype(np.int64) for side in (arcs.adjacency.source, arcs.adjacency.target))
    row = arcs.rows().astype(np.int64)
    shown_s, shown_t = trace.places.shown[s].astype(np.int64), trace.places.shown[t].astype(np.int64)
    owner = np.arange(arcs.n)
    hub_s, hub_t = (s >= real) & (s < hubs), (t >= real) & (t < hubs)
    entry = _marked(t[hub_t & (row < 0) & ((arcs.bits & FREE) == 0)], arcs.n)
    into_hub = hub_t & (s < real) & ~entry[t]
    owner[t[into_hub]] = trace.lineage.coded.data[s[into_hub]]
    from_hub = hub_s & ~entry[s]
    owner[s[hub_s & entry[s]]] = trace.lineage.coded.data[shown_t[hub_s & entry[s]]]
    is_job = np.zeros(arcs.n, dtype=bool)
    is_job[:real] = trace.lineage.coded.of_kind("job")
    is_table = np.zeros(arcs.n, dtype=bool)
    is_table[:real] = ~trace.lineage.coded.of_kind("column", "job")
    home = np.full(arcs.n, -1, dtype=np.int64)
    home[:real] = trace.lineage.coded.data
    leaves = is_table[s] & (home[shown_t] != s)
    cuttable = (row >= 0) | ((from_hub | is_job[s] | leaves) & ((shown_t < real) | entry[t]))
    named_s, named_t = np.where(from_hub, owner[s], shown_s), np.where(entry[t], owner[t], shown_t)
    key = np.where(row >= 0, row, len(trace.graph.table) + named_s * np.int64(arcs.n) + named_t)
    at = np.flatnonzero(cuttable)
    _, first, number = np.unique(key[at], return_index=True, return_inverse=True)
    of_arc = np.full(len(s), -1, dtype=np.int64)
    of_arc[at] = number
    return Units(of_arc, named_s[at][first], named_t[at][first], row[at][first])


def carrying(channel: Channel, weakest: int) -> Bools:
    """Arcs that a label takes, proved or possible, at a verdict as strong as `weakest` or stronger."""
    taken: Bools = ((channel.bits & POSSIBLE_VALUE) > 0) & (channel.strength <= weakest)
    return taken


def fewest(trace: Trace, cut: Units, taken: Bools, starts: Ints, sinks: Ints, *, at_source: bool) -> tuple[Ints, Ints]:
    """Find the fewest units to cut, and starts to mask, so that no arc that is taken leads from a start to a sink.

    Of several smallest sets the one nearest to the sinks: it leaves the label wherever any of them leaves it. Starts
    that nothing parts from a sink are masked in any case, others only with `at_source`; what is masked passes nothing.

    Parameters
    ----------
    trace : Trace
        The arcs.
    cut : Units
        What is cut together, at the cost of one.
    taken : numpy.ndarray of bool
        Shape (m,). Arcs that may be taken.
    starts, sinks : numpy.ndarray
        Node numbers of `places`.
    at_source : bool
        Whether masking a start, at the cost of one, is as good as cutting an edge.

    Returns
    -------
    tuple of numpy.ndarray
        (units, nodes of the snapshot to mask at the source), ascending.

    Notes
    -----
    The minimum cut equals the maximum flow (Ford and Fulkerson, "Maximal flow through a network", 1956); Dinic's
    algorithm in scipy finds it. The cut nearest to the sink consists of the units that lead to what still reaches the
    sink in the residual graph (Picard and Queyranne, "On the structure of all minimum cuts in a network", 1980).
    """
    adjacency = trace.places.arcs.adjacency
    s, t = adjacency.source.astype(np.int64), adjacency.target.astype(np.int64)
    shown = trace.places.shown
    fast = taken & (cut.of_arc < 0)
    bound = closure(adjacency.backward, sinks, allowed=fast).nodes
    forced = np.unique(shown[starts[np.isin(starts, bound)]]).astype(np.int64)
    if np.isin(shown[sinks], forced).any():
        return np.zeros(0, dtype=np.int64), np.unique(shown[sinks]).astype(np.int64)
    free = starts[~np.isin(shown[starts], forced)]
    taken = taken & ~np.isin(shown[s], forced) & ~np.isin(shown[t], forced)
    before, behind = _marked(closure(adjacency.backward, sinks, allowed=taken).nodes, adjacency.n), np.zeros(adjacency.n, dtype=bool)
    behind[closure(adjacency.forward, free, allowed=taken).nodes] = True
    inside = np.flatnonzero(taken & before[s] & behind[s] & before[t])
    free = free[before[free]]
    if not len(free):
        return np.zeros(0, dtype=np.int64), forced
    flow = _Flow(s[inside], t[inside], cut.of_arc[inside], free, shown[free].astype(np.int64), sinks, at_source=at_source)
    chosen, masked = flow.nearest()
    return chosen, np.union1d(forced, masked)


def _marked(nodes: Ints, n: int) -> Bools:
    marked = np.zeros(n, dtype=bool)
    marked[nodes] = True
    return marked


class _Flow:
    """A network: nodes, a gate of capacity one for each unit (and each start), a source and a sink."""

    def __init__(self, s: Ints, t: Ints, unit: Ints, starts: Ints, shown: Ints, sinks: Ints, *, at_source: bool) -> None:
        nodes = np.unique(np.concatenate([s, t, starts, sinks]))
        self.units = np.unique(unit[unit >= 0])
        self.origins = np.unique(shown)
        n, gates = len(nodes), len(self.units)
        width = len(self.origins) if at_source else 0
        much = gates + width + 1
        self.first_gate, self.first_origin = n, n + 2 * gates
        self.source = self.first_origin + 2 * width
        self.sink, self.n = self.source + 1, self.source + 2
        place = np.searchsorted(nodes, s), np.searchsorted(nodes, t)
        begin = np.searchsorted(nodes, starts)
        ends = np.searchsorted(nodes, np.intersect1d(sinks, nodes))
        enter = np.full(len(starts), self.source)
        edges = [(ends, np.full(len(ends), self.sink), much)]
        if at_source:
            origin = np.searchsorted(self.origins, shown)
            number = np.arange(width)
            enter = self.first_origin + width + origin
            edges.append((np.full(width, self.source), self.first_origin + number, much))
            edges.append((self.first_origin + number, self.first_origin + width + number, 1))
            into = np.arange(n)
            single = np.bincount(origin, minlength=width)[origin] == 1
            into[begin[single]] = self.first_origin + origin[single]
            place = place[0], into[place[1]]
        gate, gated, number = np.searchsorted(self.units, unit), unit >= 0, np.arange(gates)
        self.edges = [
            *edges,
            (enter, begin, much),
            (place[0][~gated], place[1][~gated], much),
            (place[0][gated], n + gate[gated], much),
            (n + gates + gate[gated], place[1][gated], much),
            (n + number, n + gates + number, 1),
        ]

    def nearest(self) -> tuple[Ints, Ints]:
        """The smallest cut nearest to the sink: (units, origins)."""
        from scipy.sparse import coo_array, csr_array
        from scipy.sparse.csgraph import breadth_first_order, maximum_flow

        row, column = (np.concatenate([e[side] for e in self.edges]) for side in (0, 1))
        capacity = np.concatenate([np.full(len(e[0]), e[2]) for e in self.edges])
        _, once = np.unique(row * np.int64(self.n) + column, return_index=True)
        network = coo_array((capacity[once].astype(np.int32), (row[once], column[once])), shape=(self.n, self.n)).tocsr()
        flow = maximum_flow(csr_array(network), self.source, self.sink, method="dinic").flow
        left = csr_array(network - flow)
        left.data[left.data < 0] = 0
        left.eliminate_zeros()
        reaches = np.zeros(self.n, dtype=bool)
        reaches[breadth_first_order(csr_array(left.T), self.sink, directed=True, return_predecessors=False)] = True
        return self.units[_crossed(reaches, self.first_gate, len(self.units))], self._masked(reaches)

    def _masked(self, reaches: Bools) -> Ints:
        width = (self.source - self.first_origin) // 2
        return self.origins[_crossed(reaches, self.first_origin, width)] if width else self.origins[:0]


def _crossed(reaches: Bools, first: int, count: int) -> Bools:
    """Gates that lead to what still reaches the sink, and do not reach it themselves."""
    number = first + np.arange(count)
    crossed: Bools = ~reaches[number] & reaches[number + count]
    return crossed


def fewest_nodes(adjacency: Adjacency, taken: Bools, starts: Ints, sinks: Ints, can: Bools) -> Ints:
    """Find the fewest nodes that every path from a start to a sink passes, ends included; nearest to the starts.

    Parameters
    ----------
    adjacency : Adjacency
        The graph.
    taken : numpy.ndarray of bool
        Shape (m,). Arcs that a path may take.
    starts, sinks : numpy.ndarray
        Node numbers.
    can : numpy.ndarray of bool
        Shape (n,). Nodes that may be chosen; the sinks among them, so that there is an answer.

    Examples
    --------
    >>> from lineage_nb.graph.csr import build_adjacency
    >>> graph, _ = build_adjacency(4, np.array([0, 1, 2]), np.array([2, 2, 3]))
    >>> every = np.ones(4, bool)
    >>> fewest_nodes(graph, np.ones(3, bool), np.array([0, 1]), np.array([2, 3]), every)
    array([2])
    """
    from scipy.sparse import coo_array, csr_array
    from scipy.sparse.csgraph import breadth_first_order, maximum_flow

    s, t = adjacency.source.astype(np.int64), adjacency.target.astype(np.int64)
    after = _marked(closure(adjacency.forward, starts, allowed=taken).nodes, adjacency.n)
    before = _marked(closure(adjacency.backward, sinks, allowed=taken).nodes, adjacency.n)
    nodes = np.flatnonzero(after & before)
    if not len(nodes):
        return nodes
    inside = np.flatnonzero(taken & after[s] & before[s] & after[t] & before[t])
    n, much = len(nodes), len(nodes) + 1
    begin, end = (np.searchsorted(nodes, np.intersect1d(x, nodes)) for x in (starts, sinks))
    source, sink = 2 * n, 2 * n + 1
    row = np.concatenate([np.arange(n), n + np.searchsorted(nodes, s[inside]), np.full(len(begin), source), n + end])
    column = np.concatenate([n + np.arange(n), np.searchsorted(nodes, t[inside]), begin, np.full(len(end), sink)])
    capacity = np.concatenate([np.where(can[nodes], 1, much), np.full(len(inside) + len(begin) + len(end), much)])
    _, once = np.unique(row * np.int64(2 * n + 2) + column, return_index=True)
    network = csr_array(coo_array((capacity[once].astype(np.int32), (row[once], column[once])), shape=(2 * n + 2, 2 * n + 2)))
    left = csr_array(network - maximum_flow(network, source, sink, method="dinic").flow)
    left.data[left.data < 0] = 0
    left.eliminate_zeros()
    reached = _marked(breadth_first_order(left, source, directed=True, return_predecessors=False), 2 * n + 2)
    found: Ints = nodes[reached[:n] & ~reached[n : 2 * n]]
    return found
