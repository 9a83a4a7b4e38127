"""Cost by dependence: every resource belongs to the keys that depend on it (`shapley`, `marginal`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lineage_nb.analyses.cost.centres import CentresOn
from lineage_nb.analyses.cost.consumers import Consumers, consumers
from lineage_nb.analyses.cost.key_sets import KeySets, reached_keys
from lineage_nb.analyses.cost.outputs import written
from lineage_nb.analyses.cost.period import During
from lineage_nb.analyses.cost.placement import Placement
from lineage_nb.analyses.cost.shares import Split, explained
from lineage_nb.graph.csr import Ints, build_adjacency
from lineage_nb.graph.lineage import Lineage
from lineage_nb.graph.order import Condensation, condense
from lineage_nb.graph.propagate import live

__all__ = ["ReachSplit"]

Longs = NDArray[np.int64]


@dataclass
class ReachSplit:
    """Resources → the keys that depend on them.

    A resource is what is billed to a dataset, or a job with all it costs: it is not split to its outputs, and whoever
    depends on one of them depends on it.
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
    def _net(self) -> Consumers:
        paid_for = self.placed.amounts["node"]
        return consumers(
            self.lineage, self.by, self.monitors, measured=False, paid_for=paid_for, period=self.period, centres=self.centres
        )

    @property
    def keys(self) -> list[str]:
        """Names of the keys, sorted."""
        return self._net.keys.to_list()

    @cached_property
    def _parts(self) -> Condensation:
        """The places of `Consumers`, then its keys; jobs that cost lead to what they write."""
        net, n = self._net, self._net.places.n
        writes = written(self.lineage, self.placed.jobs["node"], self.period)
        job, output = net.places.of(writes["job"]), net.places.of(writes["node"])
        source, target = np.concatenate([net.source, job, net.terminal]), np.concatenate([net.target, output, net.key + n])
        return condense(build_adjacency(n + len(net.keys), source, target)[0])

    @cached_property
    def _resources(self) -> tuple[Ints, Longs]:
        """Places of the resources, ascending, and what they cost."""
        spent = pl.concat([self.placed.own, self.placed.jobs])
        held = np.zeros(self._net.places.n, dtype=np.int64)
        np.add.at(held, self._net.places.of(spent["node"]), spent["amount"].to_numpy())
        at = np.flatnonzero(held)
        return at, held[at]

    @cached_property
    def _reached(self) -> tuple[Longs, Longs]:
        return reached_keys(self._parts, self._net.places.n)

    @cached_property
    def _alone(self) -> Longs:
        """For each resource the key that alone depends on it; -1: none does, -2: several do."""
        at, _ = self._resources
        most, least = (r[at] for r in self._reached)
        return np.where(most < 0, -1, np.where(most == least, most - self._net.places.n, -2))

    @cached_property
    def _sets(self) -> KeySets:
        return KeySets(self._parts, self._net.places.n, self._resources[0], self._reached)

    @cached_property
    def split(self) -> Split:
        """What each key gets; `marginal` leaves what several depend on to ``joint``."""
        (_, amount), alone = self._resources, self._alone
        nothing = np.zeros(len(self._net.keys), dtype=np.int64)
        exclusive = nothing.copy()
        np.add.at(exclusive, alone[alone >= 0], amount[alone >= 0])
        several = amount[alone == -2]
        lines = {"unconsumed": int(amount[alone == -1].sum())}
        if self.method == "marginal":
            return Split(exclusive, nothing, lines | {"joint": int(several.sum())})
        return Split(exclusive, self._sets.shares(several) if len(several) else nothing, lines)

    def explain(self, key: str | int) -> pl.DataFrame:
        """Show the resources of a key (its place) or of the lines ``unconsumed`` and ``joint``."""
        (at, amount), alone = self._resources, self._alone
        if not isinstance(key, int):
            share, total = (alone == {"unconsumed": -1, "joint": -2}[key]).astype(np.float64), self.split.lines[key]
        else:
            share, total = (alone == key).astype(np.float64), self.split.amount(key)
            if self.method == "shapley":
                upstream = live(self._parts, np.array([self._net.places.n + key]))[at]
                several = alone == -2
                share[several] = np.where(upstream[several], 1.0 / self._sets.count, 0.0)
        return explained(self._net.places.names.gather(at), amount, share, total)
