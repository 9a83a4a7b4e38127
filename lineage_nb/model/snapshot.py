"""The data of a snapshot: all evidence, as frames of the model."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lineage_nb.model.ordering import sorted_rows
from lineage_nb.model.report import LoadReport
from lineage_nb.model.schema import FRAMES, empty

__all__ = ["FramesOnDemand", "SnapshotData"]

_SEEN = ("first_seen", "last_seen")


def distinct(frame: pl.DataFrame) -> pl.DataFrame:
    """Reduce evidence to a set: equal statements become one, seen from the first to the last time.

    Sorted by every column, so that equal evidence is an equal frame whatever order it came in.
    """
    known = [c for f in FRAMES.values() for c in f.schema]
    frame = frame.select(sorted(frame.columns, key=lambda c: (c not in known, "" if c in known else c)))
    if frame.is_empty():
        return frame
    seen = [c for c in _SEEN if c in frame.columns]
    content = [c for c in frame.columns if c not in seen]
    if seen:
        frame = frame.group_by(content).agg(pl.col("first_seen").min(), pl.col("last_seen").max()).select(frame.columns)
    else:
        frame = frame.unique()
    return sorted_rows(frame)


class FramesOnDemand(Mapping[str, pl.DataFrame]):
    """The frames of the model, each read when it is first asked for.

    Parameters
    ----------
    read : callable
        Gives a frame by its name; asked once for each.
    """

    def __init__(self, read: Callable[[str], pl.DataFrame]) -> None:
        self._read, self._held = read, dict[str, pl.DataFrame]()

    def __getitem__(self, name: str) -> pl.DataFrame:
        """Give one frame; for another name than the model's, KeyError."""
        if name not in FRAMES:
            raise KeyError(name)
        if name not in self._held:
            self._held[name] = self._read(name)
        return self._held[name]

    def __iter__(self) -> Iterator[str]:
        """Name the frames."""
        return iter(FRAMES)

    def __len__(self) -> int:
        """Count the frames."""
        return len(FRAMES)


@dataclass(frozen=True, eq=False)
class SnapshotData:
    """Everything the sources said, and the report of reading them.

    Frames hold *evidence*: several rows may speak of one node. `lineage_nb.model.conform` derives one row a
    node from it. A frame may carry columns beyond the model's.

    Attributes
    ----------
    frames : Mapping of str to polars.DataFrame
        One entry per name of `lineage_nb.model.schema.FRAMES`, each a set (see `distinct`).
    report : LoadReport
        What was read and rejected; not part of the content.
    arrays : Mapping of str to numpy.ndarray
        What was derived from the frames and saved beside them; empty for a snapshot that was just read.
    saved_hash : str or None
        The content hash, where it is known already.
    """

    frames: Mapping[str, pl.DataFrame]
    report: LoadReport = field(default_factory=LoadReport)
    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    saved_hash: str | None = None

    @classmethod
    def of(cls, frames: Mapping[str, pl.DataFrame], report: LoadReport | None = None) -> SnapshotData:
        """Build from frames that already fit the model; missing ones are empty."""
        full = {name: distinct(frames[name]) if name in frames else empty(name) for name in FRAMES}
        return cls(MappingProxyType(full), report or LoadReport())

    @cached_property
    def content_hash(self) -> str:
        """Hash of the content: equal for equal evidence, across processes and library versions.

        Report, paths and positions are left out.
        """
        if self.saved_hash is not None:
            return self.saved_hash
        digest = hashlib.sha256()
        for name in FRAMES:
            _feed(digest, name, self.frames[name])
        return digest.hexdigest()

    def __eq__(self, other: object) -> bool:
        """Compare by content."""
        return isinstance(other, SnapshotData) and self.content_hash == other.content_hash

    def __hash__(self) -> int:
        """Hash by content."""
        return hash(self.content_hash)


def _feed(digest: hashlib._Hash, name: str, frame: pl.DataFrame) -> None:
    if frame.is_empty():
        return
    digest.update(f"{name}:{frame.height}".encode())
    for column in sorted(frame.columns):
        series = frame[column]
        if series.null_count() == series.len():
            continue
        digest.update(f"\0{column}\0".encode())
        digest.update(np.packbits(series.is_null().to_numpy()).tobytes())
        if isinstance(series.dtype, pl.List):
            digest.update(series.list.len().fill_null(0).cast(pl.Int64).to_numpy().tobytes())
            series = series.explode().cast(pl.String)
        if series.dtype == pl.Float64:
            digest.update(series.fill_null(0.0).to_numpy().astype("<f8").tobytes())
        elif series.dtype.is_integer() or series.dtype.is_temporal() or series.dtype == pl.Boolean:
            digest.update(series.to_physical().cast(pl.Int64).fill_null(0).to_numpy().astype("<i8").tobytes())
        else:
            text = series.cast(pl.String).fill_null("")
            digest.update(text.str.len_bytes().cast(pl.Int64).to_numpy().astype("<i8").tobytes())
            digest.update("".join(text.to_list()).encode("utf-8", "surrogatepass"))
