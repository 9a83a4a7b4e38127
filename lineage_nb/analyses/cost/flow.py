"""Cost that flows: what a table costs is split between those that read it, again and again (`usage`, `even`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lineage_nb.analyses.cost.centres import CentresOn
from lineage_nb.analyses.cost.consumers import Consumers, consumers
from lineage_nb.analyses.cost.key_sets import reached_keys
from lineage_nb.analyses.cost.period import During
from lineage_nb.analyses.cost.placement import Placement
from lineage_nb.analyses.cost.shares import Split, explained
from lineage_nb.graph.csr import Ints, build_adjacency
from lineage_nb.graph.flow import push_money, share_ending_at
from lineage_nb.graph.lineage import Lineage
from lineage_nb.graph.order import Condensation, condense
from lineage_nb.graph.propagate import live

__all__ = ["FlowSplit"]

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]


@dataclass
class FlowSplit:
    """Money on datasets → money on keys, along the readers that lead to a consumer.

    Nodes of the flow are the places of `Consumers`, then its keys.
    """

    lineage: Lineage
    placed: Placement
    by: str
    method: str
    monitors: Sequence[str]
    period: During | None = None
    centres: CentresOn | None = None
    measured: dict[str, int] = field(default_factory=dict)

    @cached_property
    def net(self) -> Consumers:
        """Who reads what, and what each final consumer counts as."""
        measured = self.method == "usage" and self.by != "dataset"
        paid_for = self.placed.amounts["node"]
        return consumers(
            self.lineage, self.by, self.monitors, measured=measured, paid_for=paid_for, period=self.period, centres=self.centres
        )

    @property
    def keys(self) -> list[str]:
        """Names of the keys, sorted."""
        return self.net.keys.to_list()

    @cached_property
    def flow(self) -> tuple[Condensation, Floats]:
        """The graph limited to readers that lead to a consumer, and the weight of its edges."""
        net, n = self.net, self.net.places.n
        whole = build_adjacency(n, net.source, net.target)[0]
        kept = live(whole, np.unique(net.terminal))[net.target]
        source, target = net.source[kept], net.target[kept]
        ends = np.r_[source, net.terminal], np.r_[target, net.key + n]
        graph, order = build_adjacency(n + len(net.keys), *ends)
        parts = condense(graph)
        amounts = {"bytes": net.bytes[kept], "reads": net.reads[kept]}
        weight = np.r_[self._weights(parts.component, source, target, amounts), np.ones(len(net.terminal))]
        return parts, weight[order]

    def _weights(self, component: Ints, source: Ints, target: Ints, amounts: dict[str, Floats]) -> Floats:
        """Bytes if known for all readers of a table (or cycle), else reads, else 1; counts them in `measured`."""
        at, weight = component[source], np.ones(len(source))
        outer = at != component[target]
        left = np.unique(at[outer])
        for unit in ("bytes", "reads") if self.method == "usage" else ():
            values = amounts[unit]
            usable = np.setdiff1d(left, at[outer & (values <= 0)])
            chosen = outer & np.isin(at, usable)
            weight[chosen] = values[chosen]
            self.measured[unit] = len(usable)
            left = np.setdiff1d(left, usable)
        self.measured["evenly"] = len(left)
        return weight

    @cached_property
    def start(self) -> Longs:
        """Money at each node of the flow before it flows."""
        amount = np.zeros(self.net.places.n + len(self.net.keys), dtype=np.int64)
        spent = self.placed.amounts
        np.add.at(amount, self.net.places.of(spent["node"]), spent["amount"].to_numpy())
        return amount

    @cached_property
    def _reached(self) -> tuple[Longs, Longs]:
        """The last and the first key that each node leads to; a last one of -1: none."""
        return reached_keys(self.flow[0], self.net.places.n)

    @cached_property
    def split(self) -> Split:
        """What each key gets; what reaches none is unconsumed."""
        (parts, weight), (most, least) = self.flow, self._reached
        first, alone = self.net.places.n, (most == least) & (most >= 0)
        exclusive = push_money(parts, weight, np.where(alone, self.start, 0))
        shared = push_money(parts, weight, np.where(alone, 0, self.start))
        left = int((exclusive[:first] + shared[:first]).sum())
        return Split(exclusive[first:], shared[first:], {"unconsumed": left})

    def explain(self, key: str | int) -> pl.DataFrame:
        """Show the resources of a key (its place) or of the line ``unconsumed``."""
        first, (parts, weight) = self.net.places.n, self.flow
        if isinstance(key, int):
            share, total = share_ending_at(parts, weight, first + key), self.split.amount(key)
        else:
            share, total = (self._reached[0] < 0).astype(np.float64), self.split.lines[key]
        return explained(self.net.places.names, self.start[:first], share[:first], total)
