"""An attribution in parts: each span of days by the map of its days, added up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from lineage_nb.analyses.cost.placement import Placement
from lineage_nb.analyses.cost.shares import Method, Split
from lineage_nb.analyses.result import plural

__all__ = ["Parts"]


@dataclass(frozen=True)
class Parts:
    """One or several attributions of different days.

    Attributes
    ----------
    parts : sequence of (Placement, Method)
        What was spent in each span of days, and how it was attributed.
    """

    parts: Sequence[tuple[Placement, Method]]

    @cached_property
    def keys(self) -> list[str]:
        """Names of the keys of all parts, sorted."""
        return sorted({key for _, method in self.parts for key in method.keys})

    @cached_property
    def split(self) -> Split:
        """What each key gets over all parts."""
        place = {key: i for i, key in enumerate(self.keys)}
        exclusive, shared = (np.zeros(len(place), dtype=np.int64) for _ in range(2))
        lines: Counter[str] = Counter()
        for _, method in self.parts:
            at = [place[key] for key in method.keys]
            exclusive[at] += method.split.exclusive
            shared[at] += method.split.shared
            for name, amount in method.split.lines.items():
                lines[name] += amount
        return Split(exclusive, shared, dict(lines))

    @property
    def unallocated(self) -> int:
        """Micro-units that no known dataset or job can be charged with."""
        return sum(placed.unallocated for placed, _ in self.parts)

    @property
    def idle(self) -> int:
        """Micro-units of warehouse time in which nothing ran."""
        return sum(placed.idle for placed, _ in self.parts)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was placed how, in words."""
        homeless = pl.concat([placed.homeless for placed, _ in self.parts] or [pl.DataFrame(schema={"node": pl.String, "amount": pl.Int64})])
        if not homeless["amount"].sum():
            return ()
        jobs = plural(homeless["node"].n_unique(), "job")
        return (f"Jobs that write nothing known are unallocated: {jobs} ({', '.join(homeless['node'].unique().sort().head(3))}).",)

    @property
    def measured(self) -> dict[str, int]:
        """Tables split by bytes, by reads, evenly: the most of any part."""
        names = dict.fromkeys(name for _, method in self.parts for name in method.measured)
        return {name: max(method.measured.get(name, 0) for _, method in self.parts) for name in names}

    def is_line(self, key: str) -> bool:
        """Whether a name is that of a line rather than of a key."""
        return key in self.split.lines or any(key in placed.lines for placed, _ in self.parts)

    def explain(self, key: str) -> pl.DataFrame:
        """Show the resources of a key or line: node, billed, share, amount; largest first."""
        found = []
        for placed, method in self.parts:
            if key in placed.lines:
                lines = placed.lines[key].with_columns(pl.col("amount").alias("billed"), pl.lit(1.0).alias("share"))
                found.append(lines.select("node", "billed", "share", "amount"))
            elif key in method.split.lines:
                found.append(method.explain(key))
            elif key in method.keys:
                found.append(method.explain(method.keys.index(key)))
        if len(found) > 1:
            weight = pl.col("billed").abs()
            share = ((pl.col("share") * weight).sum() / weight.sum()).fill_nan(0.0)
            sums = pl.col("billed").sum(), share.alias("share"), pl.col("amount").sum()
            found = [pl.concat(found).group_by("node").agg(sums).select("node", "billed", "share", "amount")]
        return found[0].sort("amount", "node", descending=[True, False])
