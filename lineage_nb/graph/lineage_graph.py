"""Names over arrays: the graph an analyst holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lineage_nb.errors import LineageError
from lineage_nb.graph.csr import Csr, Ints, build_csr
from lineage_nb.graph.effective import NOT_DATA, active_edges, as_of, column_edges, dataset_edges, job_edges
from lineage_nb.graph.paths import (
    POSSIBLE_ANY,
    POSSIBLE_VALUE,
    PROVED_ANY,
    PROVED_VALUE,
    Arcs,
    column_arcs,
    plain_arcs,
)
from lineage_nb.graph.search import Closure, closure, walk_back
from lineage_nb.model.names import NameIndex

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["LEVELS", "SEARCHES", "Direction", "Level", "LineageGraph", "build_graph"]

Level = Literal["column", "dataset", "job"]
Direction = Literal["downstream", "upstream"]
LEVELS: tuple[Level, ...] = ("column", "dataset", "job")
SEARCHES = (
    (PROVED_VALUE, True, "proved"),
    (PROVED_ANY, False, "proved"),
    (POSSIBLE_VALUE, True, "possible"),
    (POSSIBLE_ANY, False, "possible"),
)
"""The searches behind one answer, strongest first: (bit, by values, certainty)."""


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
        nodes: pl.DataFrame,
        edges: pl.DataFrame,
        arcs: Arcs,
        *,
        whole: pl.DataFrame | None = None,
        end: datetime | None = None,
    ) -> None:
        self.level = level
        self._whole = edges if whole is None else whole
        self.nodes = nodes
        self.edges = edges
        self.arcs = arcs
        self.as_of = end

    def __repr__(self) -> str:
        """Say level and size."""
        return f"<LineageGraph level={self.level!r} nodes={len(self):,} edges={self.edges.height:,}>"

    def __len__(self) -> int:
        """Count the nodes."""
        return self.nodes.height

    # -- names and arrays ------------------------------------------------------------------------------------

    @cached_property
    def ids(self) -> list[str]:
        """Ids of the nodes, sorted; the position is the node's number."""
        return self.nodes["id"].to_list()

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.ids)}

    @cached_property
    def _names(self) -> NameIndex:
        return NameIndex(self.nodes, f"this graph of {self.level}s")

    def resolve(self, name: str) -> str:
        """Find the id that a short name stands for.

        Raises
        ------
        UnknownNameError, AmbiguousNameError
            With the nearest candidates.
        """
        return name if isinstance(name, str) and name in self._numbers else self._names.resolve(name)

    def index(self, name: str) -> int:
        """Find the number of a node by its id or a short name; errors as `resolve`."""
        return self._numbers[self.resolve(name)]

    @cached_property
    def _ends(self) -> tuple[Ints, Ints]:
        numbers = pl.DataFrame({"id": self.nodes["id"]}).with_row_index("i")
        ends = [
            self.edges.select(pl.col(side).alias("id")).join(numbers, on="id", how="left", maintain_order="left")["i"]
            for side in ("source", "target")
        ]
        return ends[0].to_numpy().astype(np.int64), ends[1].to_numpy().astype(np.int64)

    @cached_property
    def forward(self) -> Csr:
        """Successors of every node; `edge` numbers are rows of `edges`."""
        return build_csr(len(self), *self._ends)

    @cached_property
    def backward(self) -> Csr:
        """Predecessors of every node; `edge` numbers are rows of `edges`."""
        source, target = self._ends
        return build_csr(len(self), target, source)

    @cached_property
    def _arc_rows(self) -> dict[Direction, Csr]:
        arcs = self.arcs
        return {
            "downstream": build_csr(arcs.n, arcs.source, arcs.target),
            "upstream": build_csr(arcs.n, arcs.target, arcs.source),
        }

    @cached_property
    def _free(self) -> NDArray[np.bool_] | None:
        return self.arcs.free if self.arcs.free.any() else None

    @cached_property
    def _named(self) -> NDArray[np.bool_] | None:
        """At the column level neither hubs nor jobs are steps of a path."""
        if self.level != "column":
            return None
        named = np.zeros(self.arcs.n, dtype=bool)
        named[: self.arcs.real] = (self.nodes["kind"] != "job").to_numpy()
        return named

    # -- searches --------------------------------------------------------------------------------------------

    def reach(
        self,
        starts: Iterable[int],
        direction: Direction = "downstream",
        *,
        bit: int = POSSIBLE_ANY,
        max_hops: int | None = None,
        allowed: NDArray[np.bool_] | None = None,
    ) -> Closure:
        """Search from node numbers along the arcs that carry `bit` (see `SEARCHES`).

        Parameters
        ----------
        starts : iterable of int
            Node numbers.
        direction : {"downstream", "upstream"}
            Which way.
        bit : int
            Which arcs may be taken; by default all.
        max_hops : int, optional
            Stop after so many hops.
        allowed : numpy.ndarray of bool, optional
            Shape (arcs,), further limits the arcs.

        Returns
        -------
        Closure
            Over all arcs' nodes, hubs included.
        """
        mask = (self.arcs.bits & bit) > 0
        return closure(
            self._arc_rows[direction],
            np.fromiter(starts, dtype=np.int64),
            allowed=mask if allowed is None else mask & allowed,
            free=self._free,
            named=self._named,
            max_hops=max_hops,
        )

    def starts(self, name: str) -> list[int]:
        """Numbers of a node and, at the column level, of the columns of a dataset."""
        start = self.index(name)
        if self.level != "column":
            return [start]
        own = self.nodes.select(((pl.col("kind") == "column") & (pl.col("parent") == self.ids[start])).arg_true())
        return [start, *own.to_series().to_list()]

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
        found = self.strongest(self.starts(node), direction, max_hops=max_hops, indirect=indirect)
        return found.sort("hops", "node")

    def strongest(
        self, starts: list[int], direction: Direction, *, max_hops: int | None = None, indirect: bool = True
    ) -> pl.DataFrame:
        """Run the searches of `SEARCHES` and keep the strongest claim about every node.

        Returns
        -------
        polars.DataFrame
            As `downstream`, with the node's number `i`, in no order.
        """
        taken = np.zeros(self.arcs.real, dtype=bool)
        taken[starts] = True
        parts = []
        for bit, value, certainty in SEARCHES:
            if (not value and not indirect) or (not value and bit == PROVED_ANY and not self._any_influence):
                continue
            if certainty == "possible" and not self._any_possible:
                continue
            found = self.reach(starts, direction, bit=bit, max_hops=max_hops)
            new = np.flatnonzero((found.hops[: self.arcs.real] > 0) & ~taken)
            taken[new] = True
            parts.append(self._rows(new, found).with_columns(pl.lit(value).alias("value"), pl.lit(certainty).alias("certainty")))
        return pl.concat(parts)

    @cached_property
    def _any_influence(self) -> bool:
        return bool(((self.arcs.bits & PROVED_VALUE) == 0).any())

    @cached_property
    def _any_possible(self) -> bool:
        return bool(((self.arcs.bits & PROVED_ANY) == 0).any())

    def _rows(self, numbers: Ints, found: Closure) -> pl.DataFrame:
        ids = self.nodes["id"]
        via = found.via[numbers]
        named = ids.gather(np.where(via >= 0, via, 0))
        return pl.DataFrame(
            {
                "node": ids.gather(numbers),
                "hops": pl.Series(found.hops[numbers], dtype=pl.Int64),
                "via": pl.select(pl.when(pl.Series(via >= 0)).then(named)).to_series(),
                "i": pl.Series(numbers, dtype=pl.Int64),
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
        starts, end = self.starts(a), self.starts(b)
        for bit, value, certainty in SEARCHES:
            if not value and not indirect:
                continue
            found = self.reach(starts, "downstream", bit=bit)
            hit = [e for e in end if found.hops[e] > 0]
            if hit:
                last = min(hit, key=lambda e: (found.hops[e], e))
                return self.hops_of(walk_back(found, last), certainty)
        return self.hops_of([], "proved")

    def hops_of(self, path: list[int], certainty: str = "proved") -> pl.DataFrame:
        """Describe consecutive node numbers as hops.

        A hop is the stated edge between the two; else the filter, join or grouping that touches the whole of
        the target's dataset; else what ties the two datasets.
        """
        names = [self.ids[i] for i in path]
        steps = pl.DataFrame(
            {"source": names[:-1], "target": names[1:]}, schema={"source": pl.String, "target": pl.String}
        )
        parents = self.nodes.select("id", pl.when(pl.col("kind") == "column").then("parent").fill_null(pl.col("id")).alias("data"))
        steps = steps.with_row_index("hop")
        for side in ("source", "target"):
            named = parents.rename({"id": side, "data": f"{side}_data"})
            steps = steps.join(named, on=side, how="left", maintain_order="left")
        options = [(self.edges, "source", "target"), (self.edges, "source", "target_data"), (self._whole, "source_data", "target_data")]
        told = ["type", "subtype", "verdict", "jobs", "evidence"]
        tiers = []
        for rank, (edges, source, target) in enumerate(options):
            stated = edges.drop("value").rename({"certainty": "stated"})
            hits = steps.join(stated, left_on=[source, target], right_on=["source", "target"], suffix="_edge")
            how = pl.col("stated") if rank == 0 else pl.lit(certainty)
            tiers.append(hits.select("hop", pl.lit(rank).alias("rank"), how.alias("certainty"), *told))
        best = pl.concat(tiers).sort("rank").unique("hop", keep="first", maintain_order=True)
        shown = steps.join(best, on="hop", how="left").sort("hop")
        return shown.select(
            "source", "target", "type", "subtype", "verdict", pl.col("certainty").fill_null(certainty), "jobs", "evidence"
        )

    # -- parts and other forms -------------------------------------------------------------------------------

    def subgraph(self, nodes: Iterable[str]) -> LineageGraph:
        """Keep the given nodes and the edges between them; errors as `resolve`."""
        keep = sorted({self.resolve(n) for n in nodes})
        inside = self.nodes.filter(pl.col("id").is_in(keep))
        edges = self.edges.filter(pl.col("source").is_in(keep) & pl.col("target").is_in(keep))
        numbers = inside.select("id", pl.int_range(pl.len()).alias("i"))
        return LineageGraph(self.level, inside, edges, plain_arcs(edges, numbers), end=self.as_of)

    def to_networkx(self) -> nx.DiGraph:
        """Make an independent `networkx.DiGraph`; the columns of both frames become attributes."""
        from lineage_nb.graph.networkx_view import to_networkx

        return to_networkx(self.nodes, self.edges)


def build_graph(frames: Mapping[str, pl.DataFrame], level: Level = "dataset", *, expired: bool = False) -> LineageGraph:
    """Derive one level from conformed frames.

    Parameters
    ----------
    frames : Mapping
        Conformed frames (`lineage_nb.model.conform`).
    level : {"column", "dataset", "job"}
        What the nodes are.
    expired : bool
        Keep edges that no longer hold.

    Raises
    ------
    LineageError
        For an unknown level.
    """
    if level not in LEVELS:
        raise LineageError(f"unknown level {level!r}. Known: {', '.join(LEVELS)}.")
    active = active_edges(frames, expired=expired)
    nodes, end = frames["nodes"], as_of(frames)
    if level == "column":
        edges = column_edges(active)
        return LineageGraph(level, nodes, edges, column_arcs(active, edges, nodes), whole=dataset_edges(active), end=end)
    if level == "dataset":
        edges = dataset_edges(active)
        nodes = nodes.filter(~pl.col("kind").is_in(list(NOT_DATA)))
    else:
        edges = job_edges(active)
        ends = pl.concat([edges["source"], edges["target"]]).unique()
        nodes = nodes.filter((pl.col("kind") == "job") | pl.col("id").is_in(ends.implode()))
    numbers = nodes.select("id", pl.int_range(pl.len()).alias("i"))
    return LineageGraph(level, nodes, edges, plain_arcs(edges, numbers), end=end)
