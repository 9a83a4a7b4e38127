"""Names over arrays: the graph an analyst holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lineage_nb.errors import LineageError, did_you_mean
from lineage_nb.graph import structure
from lineage_nb.graph.coded import NOT_DATA
from lineage_nb.graph.csr import Adjacency, Csr, Ints
from lineage_nb.graph.edge_table import EdgeTable
from lineage_nb.graph.effective import Effective
from lineage_nb.graph.hops import hops_of
from lineage_nb.graph.naming import Naming
from lineage_nb.graph.order import Condensation, condense
from lineage_nb.graph.paths import Arcs, column_arcs, plain_arcs
from lineage_nb.graph.search import walk_back
from lineage_nb.graph.strongest import SEARCHES, Claims, Reacher

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["LEVELS", "Direction", "Level", "LineageGraph", "build_graph"]

Level = Literal["column", "dataset", "job"]
Direction = Literal["downstream", "upstream"]
LEVELS: tuple[Level, ...] = ("column", "dataset", "job")

class LineageGraph:
    """Lineage at one level; immutable.

    Attributes
    ----------
    level : {"column", "dataset", "job"}
        What the nodes are. The column level also holds datasets and reports, which filters and reports of
        unknown columns attach to.
    nodes : polars.DataFrame
        One row a node, sorted by id; the columns of the model's `nodes`.
    edges : polars.DataFrame
        One row an ordered pair: source, target, type, subtype, verdict, value (carries values, not only
        influence), certainty (proved or possible), jobs, evidence (lists).
    adjacency, arcs
        The edges as arrays, and what a search may take.
    naming : Naming
        Ids and kinds of the nodes.

    Examples
    --------
    >>> import lineage_nb as ln
    >>> graph = ln.from_edges([("raw", "staging"), ("staging", "mart")]).graph()
    >>> graph.downstream("raw").select("node", "hops").rows()
    [('staging', 1), ('mart', 2)]
    """

    def __init__(
        self,
        level: Level,
        table: EdgeTable | Callable[[], EdgeTable],
        arcs: Arcs,
        nodes: Callable[[], pl.DataFrame],
        naming: Naming,
        *,
        jobs: Naming,
        adjacency: Adjacency | None = None,
        members: Ints | None = None,
        homes: Ints | None = None,
        whole: Callable[[], LineageGraph] | None = None,
        condensation: Callable[[], Condensation] | None = None,
        end: Callable[[], datetime | None] = lambda: None,
    ) -> None:
        self.level = level
        self.arcs = arcs
        self.naming = naming
        self.adjacency = adjacency or arcs.adjacency
        self._table, self._nodes, self._jobs = table, nodes, jobs
        self._members, self._homes = members, homes
        self._whole, self._condense, self._end = whole, condensation, end

    def __repr__(self) -> str:
        """Say level and size."""
        return f"<LineageGraph level={self.level!r} nodes={len(self):,} edges={self.adjacency.m:,}>"

    def __len__(self) -> int:
        """Count the nodes."""
        return len(self.naming)

    # -- names and frames ------------------------------------------------------------------------------------

    @cached_property
    def nodes(self) -> pl.DataFrame:
        """One row a node, sorted by id; the columns of the model's `nodes`."""
        return self._nodes()

    @cached_property
    def edges(self) -> pl.DataFrame:
        """One row an ordered pair (see the class)."""
        return self.table.frame(self.naming.names, self._jobs.names)

    @cached_property
    def table(self) -> EdgeTable:
        """The edges as arrays."""
        return self._table() if callable(self._table) else self._table

    @cached_property
    def as_of(self) -> datetime | None:
        """The end of what was recorded."""
        return self._end()

    @cached_property
    def ids(self) -> list[str]:
        """Ids of the nodes, sorted; the position is the node's number."""
        return self.naming.ids.to_list()

    def __contains__(self, node: object) -> bool:
        """Whether a node of this id is there."""
        return isinstance(node, str) and self.naming.number(node) is not None

    def resolve(self, name: str) -> str:
        """Find the id that a short name stands for.

        Raises
        ------
        UnknownNameError, AmbiguousNameError
            With the nearest candidates.
        """
        return self.id_of(self.index(name))

    def index(self, name: str) -> int:
        """Find the number of a node by its id or a short name; errors as `resolve`."""
        return self.naming.resolve(name)

    def id_of(self, number: int) -> str:
        """Id of a node number."""
        return self.naming.name(number)

    def names(self, numbers: Ints) -> pl.Series:
        """Ids of node numbers; null for -1."""
        return self.naming.names(numbers)

    # -- arrays ----------------------------------------------------------------------------------------------

    @property
    def forward(self) -> Csr:
        """Successors of every node; `edge` numbers are rows of `edges`."""
        return self.adjacency.forward

    @property
    def backward(self) -> Csr:
        """Predecessors of every node; `edge` numbers are rows of `edges`."""
        return self.adjacency.backward

    @cached_property
    def reacher(self) -> Reacher:
        """Searches over the arcs; at the column level neither hubs nor jobs are steps of a path."""
        if self.level != "column" or self.arcs.row is None:
            return Reacher(self.arcs)
        named = np.zeros(self.arcs.n, dtype=bool)
        named[: self.arcs.real] = ~self.naming.of_kind("job")
        return Reacher(self.arcs, named)

    @cached_property
    def members(self) -> Ints:
        """Number in the snapshot of every node; shape (n,)."""
        return np.arange(len(self)) if self._members is None else self._members

    @cached_property
    def homes(self) -> Ints:
        """Number of the dataset of every column, of any other node its own; shape (n,)."""
        return np.arange(len(self)) if self._homes is None else self._homes

    @cached_property
    def condensation(self) -> Condensation:
        """The edges with their cycles collapsed, level by level."""
        return condense(self.adjacency) if self._condense is None else self._condense()

    def starts(self, name: str) -> list[int]:
        """Numbers of a node and, at the column level, of the columns of a dataset."""
        return [int(i) for i in self.starts_of(self.index(name))]

    def starts_of(self, number: int) -> Ints:
        """A node and, at the column level, the columns of a dataset."""
        if self._homes is None or self._homes[number] != number:
            return np.array([number], dtype=np.int64)
        own = np.flatnonzero(self._homes == number)
        return np.concatenate([[number], own[own != number]])

    # -- searches --------------------------------------------------------------------------------------------

    def downstream(self, node: str, max_hops: int | None = None, *, indirect: bool = True) -> pl.DataFrame:
        """List what `node` flows into.

        Parameters
        ----------
        node : str
            An id or a unique suffix of one. A dataset stands for all of its columns.
        max_hops : int, optional
            At most so many steps; a job between two datasets adds none.
        indirect : bool
            Follow filters, joins, groupings and the like as well as values.

        Returns
        -------
        polars.DataFrame
            node, hops, via (the node before on a shortest path), value (reached by values, not only by
            influence), certainty (proved, or possible where lineage is incomplete); nearest first. The node
            itself is not in it.

        Raises
        ------
        UnknownNameError, AmbiguousNameError
            For a name that fits no or several nodes.
        """
        return self._listed(node, "downstream", max_hops, indirect=indirect)

    def upstream(self, node: str, max_hops: int | None = None, *, indirect: bool = True) -> pl.DataFrame:
        """List what `node` is made from; parameters, result and errors as `downstream`."""
        return self._listed(node, "upstream", max_hops, indirect=indirect)

    def _listed(self, node: str, direction: Direction, max_hops: int | None, *, indirect: bool) -> pl.DataFrame:
        if max_hops is not None and (isinstance(max_hops, bool) or not isinstance(max_hops, int) or max_hops < 0):
            raise LineageError(f"max_hops is {max_hops!r}; give a whole number ≥ 0, or None for no limit")
        starts = np.array(self.starts(node), dtype=np.int64)
        return self.listed(self.reacher.claims(starts, upstream=direction == "upstream", max_hops=max_hops, indirect=indirect))

    def listed(self, claims: Claims) -> pl.DataFrame:
        """Write claims as a frame: node, hops, via, value, certainty."""
        names = self.names(np.concatenate([claims.node, claims.via]))
        possible_proved = pl.Series(["possible", "proved"])
        return pl.DataFrame(
            {
                "node": names.head(len(claims)),
                "hops": pl.Series(claims.hops, dtype=pl.Int64),
                "via": names.tail(len(claims)),
                "value": claims.value,
                "certainty": possible_proved.gather(claims.proved.astype(np.int8)),
            }
        )

    def path(self, a: str, b: str, *, indirect: bool = True) -> pl.DataFrame:
        """Show one shortest path from `a` to `b`, hop by hop.

        The strongest claim is shown: by values and proved before by influence, proved before possible.

        Returns
        -------
        polars.DataFrame
            source, target, type, subtype, verdict, certainty, jobs, evidence: a row a hop. No rows when `b`
            is not downstream of `a`.

        Raises
        ------
        UnknownNameError, AmbiguousNameError
            For a name that fits no or several nodes.
        """
        starts, end = (np.array(self.starts(name), dtype=np.int64) for name in (a, b))
        for bit, value, proved in SEARCHES:
            if not value and not indirect:
                continue
            found = self.reacher.reach(starts, bit=bit)
            at = found.places(end)
            hit = [(int(found.hops[p]), int(e)) for e, p in zip(end, at, strict=True) if p >= 0 and found.hops[p] > 0]
            if hit:
                return self.hops_of(walk_back(found, min(hit)[1]), "proved" if proved else "possible")
        return self.hops_of([], "proved")

    def hops_of(self, path: list[int], certainty: str = "proved") -> pl.DataFrame:
        """Describe consecutive node numbers as hops."""
        return hops_of(self, path, certainty)

    def facts(self, edge: int) -> pl.DataFrame:
        """Describe one edge in words, as a row of `edges`."""
        return self.table.frame(self.naming.names, self._jobs.names, np.array([edge]))

    @property
    def whole(self) -> LineageGraph:
        """The level of datasets that belongs to this one; at any other level the graph itself."""
        return self if self._whole is None else self._whole()

    def edge(self, a: int, b: int) -> int | None:
        """The number of the edge from one node to another; None: there is none."""
        row = self.forward.row(a)
        at = int(np.searchsorted(row, b))
        return int(self.forward.indptr[a]) + at if at < len(row) and row[at] == b else None

    paths = structure.paths
    bottlenecks = structure.bottlenecks
    downstream_counts = structure.downstream_counts
    slack = structure.slack

    # -- parts and other forms -------------------------------------------------------------------------------

    def subgraph(self, nodes: Iterable[str]) -> LineageGraph:
        """Keep the given nodes and the edges between them; errors as `resolve`."""
        return self.part(np.unique(self.naming.numbers(list(nodes))))

    def part(self, keep: Ints) -> LineageGraph:
        """Keep nodes, given by number, ascending, and the edges between them."""
        number = np.full(len(self), -1, dtype=np.int64)
        number[keep] = np.arange(len(keep))
        source, target = number[self.adjacency.source], number[self.adjacency.target]
        table = self.table.part(np.flatnonzero((source >= 0) & (target >= 0)), number, len(keep))
        return LineageGraph(
            self.level,
            table,
            plain_arcs(table),
            lambda: self.nodes[keep],
            self.naming.part(keep, "this part of a graph"),
            jobs=self._jobs,
            members=self.members[keep],
            end=self._end,
        )

    def told(self, nodes: pl.DataFrame, proved: NDArray[np.bool_]) -> LineageGraph:
        """The same graph with other facts: a row a node, and which edges are proved."""
        table = replace(self.table, proved=proved)
        return LineageGraph(
            self.level,
            table,
            plain_arcs(table),
            lambda: nodes,
            self.naming,
            jobs=self._jobs,
            members=self._members,
            whole=self._whole,
            end=self._end,
        )

    def to_networkx(self, *, multigraph: bool = False) -> nx.DiGraph:
        """Make an independent `networkx.DiGraph`; the columns of both frames become attributes.

        Parameters
        ----------
        multigraph : bool
            Make a `networkx.MultiDiGraph`, with an edge for each job that moves the data.
        """
        from lineage_nb.graph.networkx_view import to_networkx

        edges = self.edges.explode("jobs") if multigraph else self.edges
        return to_networkx(self.nodes, edges.rename({"jobs": "job"}) if multigraph else edges, multigraph=multigraph)

    def view(self) -> nx.DiGraph:
        """Look at the graph as a read-only `networkx.DiGraph`: nothing is copied, and the hot functions run on the arrays.

        Examples
        --------
        >>> import networkx as nx, lineage_nb as ln
        >>> view = ln.from_edges([("raw", "staging"), ("staging", "mart")]).graph().view()
        >>> sorted(nx.descendants(view, "raw"))
        ['mart', 'staging']
        """
        from lineage_nb.graph.nx_view import LineageView

        return LineageView(self)


def build_graph(
    effective: Effective, nodes: pl.DataFrame, level: Level = "dataset", *, whole: Callable[[], LineageGraph] | None = None
) -> LineageGraph:
    """Derive one level.

    Parameters
    ----------
    effective : Effective
        The statements that hold.
    nodes : polars.DataFrame
        Every node, one row each, sorted by id.
    level : {"dataset", "column", "job"}
        What the nodes are.
    whole : callable, optional
        Gives the dataset level, which explains hops that no column lineage states.

    Raises
    ------
    LineageError
        For an unknown level.
    """
    if level not in LEVELS:
        raise LineageError(f"unknown level {level!r}.{did_you_mean(level, LEVELS)} Known: {', '.join(LEVELS)}.")
    coded = effective.coded
    names = Naming(coded.ids, coded.kinds, where=f"this graph of {level}s")
    facts: dict[str, Any] = {"jobs": names, "end": lambda: coded.end}
    if level == "column":
        table = effective.columns()
        arcs = column_arcs(effective, table)
        facts |= {"adjacency": table.adjacency, "homes": coded.data, "whole": whole}
        return LineageGraph(level, table, arcs, lambda: nodes, names, **facts)
    if level == "dataset":
        is_data = ~coded.of_kind(*NOT_DATA)
        table = effective.datasets(np.where(is_data, np.cumsum(is_data) - 1, -1), int(is_data.sum()))
        inside = np.flatnonzero(is_data)
    else:
        inside, table = effective.jobs()
    mine = names.part(inside, f"this graph of {level}s")
    return LineageGraph(level, table, plain_arcs(table), lambda: nodes[inside], mine, members=inside, **facts)
