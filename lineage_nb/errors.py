"""Errors that name the bad value, the good ones and the next step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

__all__ = ["AmbiguousNameError", "FormatError", "LineageError", "SchemaError", "UnknownNameError"]


class LineageError(Exception):
    """Base of every error raised on purpose by this package."""


class FormatError(LineageError):
    """A file or folder that cannot be read as any (or as the named) format."""

    @classmethod
    def unrecognised(cls, path: str | Path, known: Sequence[str]) -> FormatError:
        """No registered format claims `path`."""
        return cls(
            f"{path}: no known lineage format. Known: {', '.join(known)}. "
            "Name it with read(path, format=…), or see lineage_nb.formats()."
        )

    @classmethod
    def unknown_format(cls, name: str, known: Sequence[str]) -> FormatError:
        """`format=` names nothing registered."""
        return cls(f"unknown format {name!r}. Known: {', '.join(known)}.")

    @classmethod
    def unreadable(cls, path: str | Path, reason: str) -> FormatError:
        """`path` was recognised but cannot be read at all."""
        return cls(f"{path}: {reason}")


class SchemaError(LineageError):
    """Frames that do not fit the model; every fault found is listed at once."""

    @classmethod
    def of(cls, where: str, faults: Iterable[str]) -> SchemaError:
        """Collect all `faults` found in `where`."""
        listed = list(faults)
        return cls(f"{where}: " + "; ".join(listed))


class UnknownNameError(LineageError, KeyError):
    """A name that no node has."""

    @classmethod
    def of(cls, name: str, nearest: Sequence[str], where: str = "this snapshot") -> UnknownNameError:
        """`name` matches nothing in `where`; `nearest` holds similar ids."""
        hint = f" Nearest: {', '.join(nearest)}." if nearest else " See snapshot.search(…)."
        return cls(f"no node named {name!r} in {where}.{hint}")

    def __str__(self) -> str:
        """Return the message itself; KeyError would show its repr."""
        return str(self.args[0])


class AmbiguousNameError(LineageError, LookupError):
    """A short name that several nodes end with."""

    @classmethod
    def of(cls, name: str, candidates: Sequence[str], total: int) -> AmbiguousNameError:
        """`name` fits `total` nodes, of which `candidates` are shown."""
        more = f" and {total - len(candidates)} more" if total > len(candidates) else ""
        return cls(f"{name!r} fits {total} nodes: {', '.join(candidates)}{more}. Write more of the name.")
