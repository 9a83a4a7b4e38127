"""Arrays in files: written once under a name that tells their content, checked and memory-mapped when used."""

from __future__ import annotations

import hashlib
import io
import os
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lineage_nb.errors import FormatError

__all__ = ["MappedArrays", "packed", "unpacked", "write_array"]

_CHUNK = 1 << 22


def write_array(folder: Path, name: str, array: NDArray[Any]) -> dict[str, Any]:
    """Write one array.

    Parameters
    ----------
    folder : Path
        Where.
    name : str
        What the file's name begins with.
    array : numpy.ndarray
        Any array without objects.

    Returns
    -------
    dict
        file, bytes, crc32: what `MappedArrays` takes.
    """
    temporary = folder / f".{name}.{os.getpid()}.tmp"
    with temporary.open("wb") as file:
        np.save(file, array, allow_pickle=False)
    with temporary.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    target = folder / f"{name}-{digest[:16]}.npy"
    temporary.replace(target)
    return {"file": target.name, "bytes": target.stat().st_size, "crc32": _crc32(target)}


def _crc32(path: Path) -> int:
    """Checksum of a file, read in pieces so that memory does not grow."""
    check, piece = 0, bytearray(_CHUNK)
    with path.open("rb", buffering=0) as file:
        while count := file.readinto(piece):
            check = zlib.crc32(memoryview(piece)[:count], check)
    return check


def packed(frame: pl.DataFrame) -> NDArray[np.uint8]:
    """Give a frame as the bytes of a Parquet file.

    Examples
    --------
    >>> unpacked({"a": packed(pl.DataFrame({"x": [1]}))}, "a")["x"].to_list()
    [1]
    """
    file = io.BytesIO()
    frame.write_parquet(file)
    return np.frombuffer(file.getbuffer(), dtype=np.uint8)


def unpacked(arrays: Mapping[str, NDArray[Any]], name: str) -> pl.DataFrame:
    """Read a frame that `packed` gave from among other arrays.

    Raises
    ------
    FormatError
        When it cannot be read.
    KeyError
        When it is missing.
    """
    try:
        return pl.read_parquet(arrays[name].tobytes())
    except pl.exceptions.PolarsError as error:
        raise FormatError(f"the saved frame {name!r} cannot be read ({error})") from error


class MappedArrays(Mapping[str, NDArray[Any]]):
    """Arrays that `write_array` wrote; each is compared with its checksum when it is first asked for.

    Parameters
    ----------
    folder : Path
        Where the files are.
    entries : mapping
        What `write_array` returned, by name of the array.
    """

    def __init__(self, folder: Path, entries: Mapping[str, Mapping[str, Any]]) -> None:
        self._folder, self._entries = folder, dict(entries)
        self._open: dict[str, NDArray[Any]] = {}

    def __getitem__(self, name: str) -> NDArray[Any]:
        """Map one array, read-only.

        Raises
        ------
        KeyError
            For an unknown name.
        FormatError
            When its file is missing or does not hold what was written.
        """
        if name not in self._open:
            self._open[name] = self._map(self._folder / str(self._entries[name]["file"]), self._entries[name])
        return self._open[name]

    def _map(self, path: Path, entry: Mapping[str, Any]) -> NDArray[Any]:
        try:
            if path.stat().st_size != entry["bytes"] or _crc32(path) != entry["crc32"]:
                raise FormatError.unreadable(path, "is damaged: it does not hold what was written")
            array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, KeyError) as error:
            raise FormatError.unreadable(path, f"missing or damaged ({error})") from error
        return array.view(np.ndarray)

    def __iter__(self) -> Iterator[str]:
        """Name the arrays."""
        return iter(self._entries)

    def __len__(self) -> int:
        """Count the arrays."""
        return len(self._entries)
