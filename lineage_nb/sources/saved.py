"""Snapshots that `Snapshot.save` wrote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from lineage_nb.errors import FormatError
from lineage_nb.model.merge import unite
from lineage_nb.model.report import ReportBuilder
from lineage_nb.model.schema import FRAMES
from lineage_nb.model.storage import MANIFEST, is_saved, load
from lineage_nb.sources.registry import Entry, Format

__all__ = ["FORMAT"]


def _claims(entry: Entry) -> bool:
    return entry.path.name == MANIFEST and is_saved(entry.path.parent)


def _claims_folder(folder: Path) -> list[Path]:
    return [folder / MANIFEST] if is_saved(folder) else []


def _read(
    entries: Sequence[Entry], report: ReportBuilder, options: Mapping[str, Any]
) -> Mapping[str, pl.DataFrame]:
    del options
    parts = []
    for entry in entries:
        file = report.file(entry.path, FORMAT.name)
        try:
            data = load(entry.path.parent)
            frames = {n: data.frames[n] for n in FRAMES}
        except FormatError as error:
            file.count()
            file.reject("manifest", "the saved snapshot cannot be opened", str(error))
            continue
        file.count(sum(f.height for f in frames.values()))
        if data.report.rejected:
            file.note(f"made from files of which {data.report.rejected:,} records had been rejected")
        parts.append(frames)
    return unite(parts)


FORMAT = Format(
    name="saved",
    what="a folder written by Snapshot.save",
    claims=_claims,
    claims_folder=_claims_folder,
    read=_read,
)
