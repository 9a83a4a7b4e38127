"""Which formats can be read, and what each of them claims."""

from __future__ import annotations

import gzip
import importlib
import importlib.util
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, BinaryIO

import polars as pl

from lineage_nb.errors import FormatError
from lineage_nb.model.report import ReportBuilder

__all__ = ["Entry", "Format", "all_formats", "get_format", "open_bytes"]

HEAD_BYTES = 64 * 1024
Frames = Mapping[str, pl.DataFrame]

_BUILT_IN = (
    "lineage_nb.sources.saved",
    "lineage_nb.sources.dbt.reader",
    "lineage_nb.sources.openlineage.reader",
    "lineage_nb.sources.billing.focus",
    "lineage_nb.sources.billing.cur",
    "lineage_nb.sources.query_log.reader",
    "lineage_nb.sources.frames",
    "lineage_nb.sources.sql_folder.reader",
)
"""Modules with a `FORMAT`, in the order in which they are asked. A new source is one line here."""


def open_bytes(path: Path) -> BinaryIO:
    """Open a file for reading bytes; ``.gz`` is decompressed on the way."""
    if path.suffix == ".gz":
        return gzip.open(path, "rb")  # type: ignore[return-value]
    return path.open("rb")


@dataclass(frozen=True)
class Entry:
    """A file that some format may claim."""

    path: Path

    @cached_property
    def head(self) -> bytes:
        """The first 64 KiB, decompressed, or what can be read of them."""
        head = b""
        try:
            with open_bytes(self.path) as file:
                while len(head) < HEAD_BYTES and (more := file.read1(HEAD_BYTES - len(head))):  # type: ignore[attr-defined]
                    head += more
        except (OSError, EOFError, zlib.error):
            pass
        return head

    @property
    def plain_name(self) -> str:
        """File name without ``.gz``, in lower case."""
        return self.path.name.lower().removesuffix(".gz")

    @property
    def suffix(self) -> str:
        """Extension without ``.gz``, in lower case, with its dot."""
        return Path(self.plain_name).suffix


def _claims_nothing(_: Path) -> list[Path]:
    return []


@dataclass(frozen=True)
class Format:
    """One readable format.

    Attributes
    ----------
    name : str
        What `read(format=…)` takes.
    what : str
        What it is, for people.
    claims : callable
        Whether a file is of this format, by name and head alone; never imports anything optional.
    read : callable
        (entries, report, options) → frames of the model. Counts every record in the report, rejects what it
        cannot use, and raises only for an unknown option.
    claims_folder : callable
        The files of a folder that belong together as one unit of this format; empty: not such a folder. All
        files below a claimed folder belong to the format.
    options : tuple of str
        Keyword arguments that `read` accepts.
    needs : tuple of str
        Importable modules without which the format cannot be read.
    """

    name: str
    what: str
    claims: Callable[[Entry], bool]
    read: Callable[[Sequence[Entry], ReportBuilder, Mapping[str, Any]], Frames]
    claims_folder: Callable[[Path], list[Path]] = _claims_nothing
    options: tuple[str, ...] = ()
    needs: tuple[str, ...] = field(default=())

    @property
    def missing(self) -> list[str]:
        """Modules in `needs` that are not installed."""
        return [m for m in self.needs if importlib.util.find_spec(m) is None]


@cache
def all_formats() -> tuple[Format, ...]:
    """Built-in formats, then those that installed packages offer as entry points ``lineage_nb.formats``."""
    built_in = [importlib.import_module(module).FORMAT for module in _BUILT_IN]
    return (*built_in, *(e.load() for e in entry_points(group="lineage_nb.formats")))


def get_format(name: str) -> Format:
    """Look a format up by name.

    Raises
    ------
    FormatError
        For an unknown name; the message lists the known ones.
    """
    for candidate in all_formats():
        if candidate.name == name:
            return candidate
    raise FormatError.unknown_format(name, [f.name for f in all_formats()])
