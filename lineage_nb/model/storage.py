"""A saved snapshot: a folder of content-named files and one ``snapshot.json``, replaced last.

Frames are Parquet; arrays that were derived from them, for searching, lie in the folder ``index``. Killing the process
while saving leaves the old snapshot whole. Opening reads the manifest and looks at the sizes of the files; a file is
read, and compared with its checksum, when it is needed.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any

import polars as pl
from numpy.typing import NDArray

from lineage_nb.errors import FormatError
from lineage_nb.model.mapped import MappedArrays, write_array
from lineage_nb.model.report import LoadReport
from lineage_nb.model.schema import FRAMES, empty
from lineage_nb.model.snapshot import FramesOnDemand, SnapshotData

__all__ = ["MANIFEST", "is_saved", "load", "save"]

MANIFEST = "snapshot.json"
_FORMAT = "lineage_nb snapshot"
_VERSION = 2
_INDEX = "index"
_REPORT = {"files": "report_files", "rejections": "report_rejections"}
_OWN = re.compile(r"[a-z_.]+-[0-9a-f]{16}\.(parquet|npy)|\.[a-z_.]+\.\d+\.tmp")
_NO_ARRAYS: Mapping[str, NDArray[Any]] = MappingProxyType({})


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
    return {"file": target.name, "bytes": target.stat().st_size, "rows": frame.height, "sha256": digest}


def _seal(manifest: Mapping[str, Any]) -> str:
    """Checksum of everything else in the manifest."""
    rest = {k: v for k, v in manifest.items() if k != "seal"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def save(data: SnapshotData, folder: str | Path, *, arrays: Mapping[str, NDArray[Any]] = _NO_ARRAYS) -> Path:
    """Write a snapshot to a folder, replacing the one that is there.

    Parameters
    ----------
    data : SnapshotData
        What to write; the report goes with it.
    folder : str or Path
        Created when missing. Files in it that are not of a snapshot are left alone.
    arrays : mapping of str to numpy.ndarray
        What was derived from the data and is to be found again as `SnapshotData.arrays`.

    Returns
    -------
    Path
        The folder.
    """
    root = Path(folder)
    root.mkdir(parents=True, exist_ok=True)
    entries = {n: _write(root, n, f) for n, f in data.frames.items() if f.height}
    for attribute, name in _REPORT.items():
        entries[name] = _write(root, name, getattr(data.report, attribute))
    if arrays:
        (root / _INDEX).mkdir(exist_ok=True)
    kept = {n: write_array(root / _INDEX, n, a) for n, a in arrays.items()}
    manifest = {"format": _FORMAT, "version": _VERSION, "content": data.content_hash, "frames": entries, "arrays": kept}
    manifest["seal"] = _seal(manifest)
    temporary = root / f".{MANIFEST}.{os.getpid()}.tmp"
    temporary.write_text(json.dumps(manifest, indent=1, sort_keys=False) + "\n", encoding="utf-8")
    temporary.replace(root / MANIFEST)
    _clear(root, {e["file"] for e in entries.values()})
    if (root / _INDEX).is_dir():
        _clear(root / _INDEX, {e["file"] for e in kept.values()})
    return root


def _clear(folder: Path, kept: set[str]) -> None:
    """Remove the files of the snapshot that was there, and what a killed process left."""
    for path in folder.iterdir():
        if _OWN.fullmatch(path.name) and path.name not in kept:
            with suppress(PermissionError):  # on Windows while another process has it mapped
                path.unlink(missing_ok=True)


def load(folder: str | Path) -> SnapshotData:
    """Open what `save` wrote.

    Returns
    -------
    SnapshotData
        Its frames are read when they are asked for, and then raise what is below.

    Raises
    ------
    FormatError
        When a file is missing, damaged, or belongs to another snapshot.
    """
    root = Path(folder)
    path = root / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        version, entries, content = manifest["version"], dict(manifest["frames"]), str(manifest["content"])
        arrays = dict(manifest.get("arrays", {}))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise FormatError.unreadable(path, f"is no snapshot manifest ({error})") from error
    if version != _VERSION:
        raise FormatError.unreadable(path, f"has version {version!r}; this package reads {_VERSION}: read its sources again")
    for name, entry in (*entries.items(), *arrays.items()):
        _check_name(path, name, entry)
    if _seal(manifest) != manifest.get("seal"):
        raise FormatError.unreadable(path, "was changed after it was written; save the snapshot again")
    unknown = sorted(set(entries) - {*FRAMES, *_REPORT.values()})
    if unknown:
        raise FormatError.unreadable(path, f"names unknown frames: {', '.join(unknown)}")
    for entry in entries.values():
        _check_size(root / entry["file"], entry)

    def stored(name: str) -> pl.DataFrame:
        return _read(root, name, entries[name]) if name in entries else empty(name)

    report = LoadReport(**{a: _read(root, n, entries[n]) for a, n in _REPORT.items() if n in entries})
    return SnapshotData(FramesOnDemand(stored), report, MappedArrays(root / _INDEX, arrays), content)


def _check_name(path: Path, name: str, entry: object) -> None:
    file = entry.get("file") if isinstance(entry, dict) else None
    if not isinstance(file, str) or file != Path(file).name:
        raise FormatError.unreadable(path, f"{name!r} has no usable file name: {file!r}")


def _check_size(path: Path, entry: Mapping[str, Any]) -> None:
    try:
        size = path.stat().st_size
    except OSError as error:
        raise FormatError.unreadable(path, f"missing or damaged ({error})") from error
    if size != entry["bytes"]:
        raise FormatError.unreadable(path, f"missing or damaged ({size:,} bytes instead of {entry['bytes']:,})")


def _read(root: Path, name: str, entry: Mapping[str, Any]) -> pl.DataFrame:
    path = root / str(entry["file"])
    try:
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != entry["sha256"]:
                raise FormatError.unreadable(path, "missing or damaged (it does not hold what was written)")
        frame = pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise FormatError.unreadable(path, f"missing or damaged ({error})") from error
    wanted = FRAMES[name].schema if name in FRAMES else {}
    wrong = [c for c, t in wanted.items() if frame.schema.get(c) != t]
    if wrong:
        raise FormatError.unreadable(path, f"columns missing or of another type: {', '.join(wrong)}")
    return frame
