"""Errors that name the bad value, the good ones and the next step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path

__all__ = ["AmbiguousNameError", "FormatError", "LineageError", "SchemaError", "UnknownNameError", "did_you_mean", "no_attribute", "unknown_word"]


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
        return cls(f"unknown format {name!r}.{did_you_mean(name, known)} Known: {', '.join(known)}.")

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


def did_you_mean(given: object, known: Iterable[str]) -> str:
    """Ask whether the nearest of the known words was meant; empty where none is near.

    Examples
    --------
    >>> did_you_mean("teem", ["owner", "team"])
    " Did you mean 'team'?"
    """
    close = get_close_matches(str(given)[:80].lower(), list(known), n=1)
    return f" Did you mean {close[0]!r}?" if close else ""


def no_attribute(holder: object, name: str) -> AttributeError:
    """Make the error of a mistyped attribute; notebooks of Python 3.11 show no suggestion of Python itself.

    Examples
    --------
    >>> print(no_attribute([], "apend"))
    'list' object has no attribute 'apend'. Did you mean 'append'?
    """
    near = did_you_mean(name, [n for n in dir(type(holder)) if not n.startswith("_")]) if name[:1] != "_" else ""
    return AttributeError(f"{type(holder).__name__!r} object has no attribute {name!r}{near and '.' + near}")


def unknown_word(what: str, given: object, known: Iterable[str], *, listed: Iterable[str] | None = None) -> str:
    """Say that a word is not one of the known ones, and which of them was probably meant.

    Parameters
    ----------
    what : str
        What the word stands for.
    given : object
        What was given instead.
    known : iterable of str
        The good ones.
    listed : iterable of str, optional
        How to write them, if not as they are.

    Examples
    --------
    >>> unknown_word("by", "teem", ["owner", "team"])
    "unknown by 'teem'. Did you mean 'team'? Known: owner, team."
    """
    good = list(known)
    return f"unknown {what} {given!r}.{did_you_mean(given, good)} Known: {', '.join(good if listed is None else listed)}."
