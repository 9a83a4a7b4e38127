"""A saved snapshot: a folder of content-named Parquet files and one ``snapshot.json``, replaced last.

Killing the process while saving leaves the old snapshot whole.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import polars as pl

from lineage_nb.errors import FormatError
from lineage_nb.model.report import LoadReport
from lineage_nb.model.schema import FRAMES
from lineage_nb.model.snapshot import SnapshotData

__all__ = ["MANIFEST", "is_saved", "load", "save"]

MANIFEST = "snapshot.json"
_FORMAT = "lineage_nb snapshot"
_VERSION = 1
_REPORT = {"files": "report_files", "rejections": "report_rejections"}


def is_saved(folder: Path) -> bool:
    """Whether `folder` holds a snapshot that `save` wrote."""
    try:
        head = (folder / MANIFEST).read_bytes()[:200]
    except OSError:
        return False
    return _FORMAT.encode() in head


def _write(folder: Path, name: str, frame: pl.DataFrame) -> dict[str, Any]:
    temporary = folder / f".{name}.{os.getpid()}.tmp"
    frame.write_parquet(temporary, compression="zstd")
    with temporary.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    target = folder / f"{name}-{digest[:16]}.parquet"
    temporary.replace(target)
    return {"file": target.name, "rows": frame.height, "sha256": digest}


def save(data: SnapshotData, folder: str | Path) -> Path:
    """Write a snapshot to a folder, replacing the one that is there.

    Parameters
    ----------
    data : SnapshotData
        What to write; the report goes with it.
    folder : str or Path
        Created when missing. Files in it that are not of a snapshot are left alone.

    Returns
    -------
    Path
        The folder.
    """
    root = Path(folder)
    root.mkdir(parents=True, exist_ok=True)
    old = _files(root)
    entries = {n: _write(root, n, f) for n, f in data.frames.items() if f.height}
    for attribute, name in _REPORT.items():
        entries[name] = _write(root, name, getattr(data.report, attribute))
    manifest = {"format": _FORMAT, "version": _VERSION, "content": data.content_hash, "frames": entries}
    temporary = root / f".{MANIFEST}.{os.getpid()}.tmp"
    temporary.write_text(json.dumps(manifest, indent=1, sort_keys=False) + "\n", encoding="utf-8")
    temporary.replace(root / MANIFEST)
    for name in old - {e["file"] for e in entries.values()}:
        (root / name).unlink(missing_ok=True)
    return root


def _files(root: Path) -> set[str]:
    try:
        manifest = json.loads((root / MANIFEST).read_text(encoding="utf-8"))
        names = {str(e["file"]) for e in manifest["frames"].values()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return set()
    return {n for n in names if n == Path(n).name and n.endswith(".parquet")}


def load(folder: str | Path) -> SnapshotData:
    """Read what `save` wrote.

    Raises
    ------
    FormatError
        When a file is missing, damaged, or belongs to another snapshot.
    """
    root = Path(folder)
    path = root / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        version, entries, content = manifest["version"], dict(manifest["frames"]), manifest["content"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise FormatError.unreadable(path, f"is no snapshot manifest ({error})") from error
    if version != _VERSION:
        raise FormatError.unreadable(path, f"has version {version!r}; this package reads {_VERSION}")
    frames = {n: _read(root, n, e) for n, e in entries.items()}
    report = LoadReport(**{a: frames.pop(n) for a, n in _REPORT.items() if n in frames})
    unknown = sorted(set(frames) - set(FRAMES))
    if unknown:
        raise FormatError.unreadable(path, f"names unknown frames: {', '.join(unknown)}")
    data = SnapshotData.of(frames, report)
    if data.content_hash != content:
        raise FormatError.unreadable(path, "the files do not hold the content it promises; save it again")
    return data


def _read(root: Path, name: str, entry: object) -> pl.DataFrame:
    file = entry.get("file") if isinstance(entry, dict) else None
    if not isinstance(file, str) or file != Path(file).name:
        raise FormatError.unreadable(root / MANIFEST, f"frame {name!r} has no usable file name: {file!r}")
    path = root / file
    try:
        frame = pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise FormatError.unreadable(path, f"missing or damaged ({error})") from error
    wanted = FRAMES[name].schema if name in FRAMES else {}
    wrong = [c for c, t in wanted.items() if frame.schema.get(c) != t]
    if wrong:
        raise FormatError.unreadable(path, f"columns missing or of another type: {', '.join(wrong)}")
    return frame
