"""What held in a period: the edges, reads and runs along which its cost flows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from functools import cached_property
from types import MappingProxyType

import polars as pl

from lineage_nb.analyses.result import plural
from lineage_nb.analyses.usage_log import log_span
from lineage_nb.graph.lineage import Lineage

__all__ = ["During", "log_sentence"]


@dataclass(frozen=True)
class During:
    """First and last day, both inclusive, and what is known to have held between them.

    An edge does not count if it expired before the first day; if it was first seen after the last day; or if it had
    been silent by the first day for longer than it had ever been seen (a monthly job is silent for weeks). The last
    two only where it was seen more than once, by a source that saw other edges in the period: what was seen but
    once says nothing about other days.
    """

    lineage: Lineage
    first: date
    last: date

    @cached_property
    def _held(self) -> tuple[pl.DataFrame, int]:
        """Edges of the period, none of them expired, and how many were left out."""
        edges = self.lineage.frames["edges"]
        start = datetime(self.first.year, self.first.month, self.first.day, tzinfo=UTC)
        end = datetime.combine(self.last, time.max, UTC)
        spanned = (pl.col("first_seen") < pl.col("last_seen")).fill_null(value=False)
        later, before = pl.col("first_seen") > end, pl.col("last_seen") < start
        silent = before & (start - pl.col("last_seen") > pl.col("last_seen") - pl.col("first_seen"))
        seen = edges.filter(spanned & ~later & ~before)["evidence"].unique()
        expired = (pl.col("expires_at") <= start).fill_null(value=False)
        gone = expired | (spanned & (later | silent).fill_null(value=False) & pl.col("evidence").is_in(seen.implode()))
        kept = edges.filter(~gone)
        return kept.with_columns(pl.lit(None, kept.schema["expires_at"]).alias("expires_at")), edges.height - kept.height

    @cached_property
    def flow(self) -> Lineage:
        """The snapshot with the edges of the period; itself where that changes nothing."""
        kept, left_out = self._held
        if not left_out and not self.lineage.frames["edges"]["expires_at"].count():
            return self.lineage
        part = Lineage(replace(self.lineage.data, arrays={}))
        frames = MappingProxyType({**self.lineage.frames, "edges": kept})
        vars(part)["conformed"] = replace(self.lineage.conformed, frames=frames)
        return part

    def reads(self, reads: pl.DataFrame) -> pl.DataFrame:
        """Rows of the usage log in the period; all of them where it has none."""
        inside = reads.filter(pl.col("day").is_between(self.first, self.last))
        return inside if inside.height else reads

    def runs(self, runs: pl.DataFrame) -> pl.DataFrame:
        """Runs that began in the period; all of them where none did."""
        inside = runs.filter(pl.col("start").dt.date().is_between(self.first, self.last))
        return inside if inside.height else runs

    def sentence(self) -> str:
        """What of the record counted, in words."""
        usage = self.lineage.frames["usage"]
        inside = usage["day"].is_between(self.first, self.last).any()
        text = f"Cost flows along what is known of {self.first} to {self.last}: "
        text += "the reads of these days" if inside else "no reads of these days are recorded, so those of the whole log"
        left_out = self._held[1]
        return text + (f"; {plural(left_out, 'edge')} known only from other days left out." if left_out else ".")


def log_sentence(lineage: Lineage, first: date, last: date) -> str:
    """Say how the days of the cost log lie to those of the usage log.

    Parameters
    ----------
    lineage : Lineage
        A snapshot.
    first, last : datetime.date
        Of the costs.
    """
    start, end = log_span(lineage.frames)
    if start is None or end is None:
        return f"Costs run from {first} to {last}; there is no usage log."
    common = (min(last, end) - max(first, start)).days + 1
    shared = f"{plural(max(common, 0), 'day')} in common" if common > 0 else "no day in common"
    return f"Costs run from {first} to {last}, the usage log from {start} to {end}: {shared}."
