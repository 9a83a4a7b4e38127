"""Merging is a union of evidence: order, duplicates and partitioning never matter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import polars as pl

from lineage_nb.model.report import LoadReport
from lineage_nb.model.schema import FRAMES
from lineage_nb.model.snapshot import SnapshotData

__all__ = ["merge", "unite"]


def unite(parts: Iterable[Mapping[str, pl.DataFrame]]) -> dict[str, pl.DataFrame]:
    """Concatenate the frames of several sources by name; extra columns are kept, absent ones null."""
    collected: dict[str, list[pl.DataFrame]] = {}
    for part in parts:
        for name, frame in part.items():
            if frame.height:
                collected.setdefault(name, []).append(frame)
    return {
        name: pl.concat(_agreeing(name, frames), how="diagonal_relaxed") if len(frames) > 1 else frames[0]
        for name, frames in collected.items()
    }


def _agreeing(name: str, frames: list[pl.DataFrame]) -> list[pl.DataFrame]:
    """Let columns beyond the model's be text where frames disagree about their type."""
    types: dict[str, set[pl.DataType]] = {}
    for frame in frames:
        for column, dtype in frame.schema.items():
            if column not in FRAMES[name].schema and dtype != pl.Null:
                types.setdefault(column, set()).add(dtype)
    torn = [c for c, found in types.items() if len(found) > 1]
    return [
        f.with_columns(
            (pl.col(c).list.join(";") if isinstance(f.schema[c], pl.List) else pl.col(c).cast(pl.String)).alias(c)
            for c in torn
            if c in f.columns
        )
        for f in frames
    ]


def merge(first: SnapshotData, *others: SnapshotData) -> SnapshotData:
    """Unite snapshots.

    Parameters
    ----------
    first, *others : SnapshotData
        Any number; a snapshot merged with itself is itself.

    Returns
    -------
    SnapshotData
        The union of all evidence. Conflicts are resolved later, when the evidence is conformed.
    """
    everything = (first, *others)
    report = LoadReport()
    for data in everything:
        report = report.merge(data.report)
    frames = unite({n: d.frames[n] for n in FRAMES} for d in everything)
    return SnapshotData.of(frames, report)
