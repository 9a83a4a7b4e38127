"""YAML that people give: plain values only, of bounded size."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from os import PathLike
from pathlib import Path
from typing import Any

from lineage_nb.errors import FormatError
from lineage_nb.model.yaml_depth import DEEPEST, is_shallow

__all__ = ["MOST_BYTES", "dumped", "loaded", "read_text", "shown"]

_BREAKS = "\x85\u2028\u2029\ufeff"
MOST_BYTES = 10_000_000
"""Largest file that is read."""


def read_text(path: str | PathLike[str], most: int = MOST_BYTES) -> str:
    """Read a text file as written; no line ending is changed.

    Raises
    ------
    FormatError
        For a file that is not there, is no UTF-8 text, or is larger than `most` bytes.
    """
    source = Path(path)
    try:
        with source.open("rb") as file:
            data = file.read(most + 1)
        if len(data) > most:
            raise FormatError.unreadable(source, f"is larger than {most:,} bytes; cut it into several files")
        return data.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise FormatError.unreadable(source, str(error)) from error


def loaded(text: str, where: str | Path) -> Any:
    """Parse YAML without tags and without anchors, which can stand for far more than the file holds.

    Raises
    ------
    FormatError
        For text that is no such YAML, is nested deeper than `DEEPEST`, or names a key twice in one mapping.
    """
    yaml: Any = import_module("yaml")
    if not is_shallow(text):
        raise FormatError.unreadable(where, f"is nested {DEEPEST} levels deep or more")
    loader = _strict()
    try:
        if "&" in text or "*" in text:
            for event in yaml.parse(text, Loader=loader):
                if getattr(event, "anchor", None) is not None:
                    place = f"line {event.start_mark.line + 1}"
                    raise FormatError.unreadable(where, f"{place}: anchors and aliases are not read; write the values out")
        return yaml.load(text, Loader=loader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise FormatError.unreadable(where, " ".join(str(error).split())[:500]) from error


@cache
def _strict() -> Any:
    """A loader of plain values that refuses a key that is repeated: of two only the last would count."""
    yaml: Any = import_module("yaml")
    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class Strict(base):  # type: ignore[misc]
        def construct_mapping(self, node: Any, deep: bool = False) -> Any:
            lines: dict[tuple[str, str], int] = {}
            for key in (k for k, _ in node.value if isinstance(k, yaml.ScalarNode)):
                line = key.start_mark.line + 1
                if (key.tag, key.value) in lines:
                    raise ValueError(f"line {line}: the key {shown(key.value)} is there already, on line {lines[key.tag, key.value]}; keep one")
                lines[key.tag, key.value] = line
            return super().construct_mapping(node, deep)

    return Strict


def dumped(value: Any) -> str:
    """Write YAML, keys in the order given; what YAML would read back as something else is written as an escape."""
    yaml: Any = import_module("yaml")
    text: str = yaml.safe_dump(value, sort_keys=False, allow_unicode=True)
    if any(c in text for c in _BREAKS):
        text = yaml.safe_dump(value, sort_keys=False, allow_unicode=False)
    return text


def shown(value: object) -> str:
    """A bad value for an error, cut short.

    Examples
    --------
    >>> shown("x" * 100)
    "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…"
    """
    text = repr(value)
    return text if len(text) <= 60 else text[:60] + "…"
