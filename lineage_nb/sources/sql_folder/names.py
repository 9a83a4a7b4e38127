"""Names of tables: those that a path tells, those that a text mentions, and which of them mean the same."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import PurePath
from typing import Final, NamedTuple

from lineage_nb.errors import LineageError

__all__ = ["PATTERN", "KnownNames", "Mentions", "PathPattern", "called", "defined", "mentions"]

PATTERN: Final = "{catalog}/{schema}/{table}/query.sql"
_PARTS: Final = ("catalog", "schema", "table")
_BRACED: Final = re.compile(r"\{([^{}]*)\}")
_QUOTES: Final = str.maketrans("", "", "`\"[]' \t\r\n")

_NAME: Final = r"([`\"\[\w$#@][\w$#@.\-`\"\[\]]*)"
_READ: Final = re.compile(rf"\b(?:from|join|using|like|clone)\s+{_NAME}", re.IGNORECASE)
_MADE: Final = re.compile(
    r"\bcreate\s+((?:\w+\s+){0,6}?)(?:table\s+function|table|view|function|macro)\s+(?:if\s+not\s+exists\s+)?" + _NAME,
    re.IGNORECASE,
)
_CHANGED: Final = re.compile(
    rf"\b(?:insert\s+(?:overwrite\s+|into\s+)*(?:table\s+)?|merge\s+(?:into\s+)?|update\s+){_NAME}",
    re.IGNORECASE,
)
_DEFINED: Final = re.compile(
    r"\bcreate\s+(?:\w+\s+){0,4}?(?:function|macro)\s+(?:if\s+not\s+exists\s+)?" + _NAME, re.IGNORECASE
)
_CALLED: Final = re.compile(_NAME + r"\s*\(")
_TEMPORARY: Final = re.compile(r"\btemp", re.IGNORECASE)


class PathPattern:
    """Where a path names the table that a query makes.

    Parameters
    ----------
    text : str
        The last parts of a path; ``{catalog}``, ``{schema}`` and ``{table}`` stand for the parts of the name.

    Raises
    ------
    LineageError
        For unknown words in braces, a repeated one, or none for the table.

    Examples
    --------
    >>> PathPattern("{schema}/{table}.sql").table(PurePath("models/mart/orders.sql"))
    {'schema': 'mart', 'table': 'orders'}
    >>> PathPattern("{schema}/{table}/query.sql").table(PurePath("models/mart/orders.sql")) is None
    True
    """

    def __init__(self, text: str) -> None:
        words = _BRACED.findall(text)
        wrong = sorted({w for w in words if w not in _PARTS} | {w for w in words if words.count(w) > 1})
        if wrong or "table" not in words:
            fault = f"has {', '.join(wrong)} in braces" if wrong else "does not say where the table is"
            raise LineageError(
                f"pattern {text!r} {fault}; use {{catalog}}, {{schema}}, {{table}}, each once: {PATTERN!r}"
            )
        text = text.replace("\\", "/").strip("/")
        self.depth = text.count("/") + 1
        pieces = _BRACED.split(text)
        joined = "".join(f"(?P<{p}>[^/]+)" if i % 2 else re.escape(p) for i, p in enumerate(pieces))
        self._regex = re.compile(joined)

    def table(self, path: PurePath) -> dict[str, str] | None:
        """Parts of the table's name, as far as the pattern has them; None where the path does not fit."""
        parts = _plain_parts(path)
        found = self._regex.fullmatch("/".join(parts[-self.depth :])) if len(parts) >= self.depth else None
        return found.groupdict() if found else None

    def tail(self, path: PurePath) -> str:
        """The part of a path that the pattern speaks of."""
        return "/".join(_plain_parts(path)[-self.depth :])


def _plain_parts(path: PurePath) -> tuple[str, ...]:
    name = path.name.removesuffix(".gz")
    return (*(p for p in path.parent.parts if p != path.anchor), name)


class Mentions(NamedTuple):
    """Tables that a text seems to read, to create and to change: a guess, in lower case, without quotes."""

    read: frozenset[str]
    made: frozenset[str]
    changed: frozenset[str]


def mentions(sql: str) -> Mentions:
    """Guess which tables a text speaks of, without parsing it: enough to order files.

    Examples
    --------
    >>> found = mentions("CREATE TEMP TABLE x AS SELECT 1; INSERT INTO `a-b.c` SELECT * FROM Raw.T JOIN x")
    >>> sorted(found.read), sorted(found.made), sorted(found.changed)
    (['raw.t', 'x'], [], ['a-b.c'])
    """
    read = frozenset(_plain(name) for name in _READ.findall(sql))
    made = frozenset(_plain(n) for modifiers, n in _MADE.findall(sql) if not _TEMPORARY.search(modifiers))
    changed = frozenset(_plain(name) for name in _CHANGED.findall(sql))
    return Mentions(read, made, changed)


def defined(sql: str) -> frozenset[str]:
    """Guess which functions a text defines.

    Examples
    --------
    >>> sorted(defined("create or replace table function ds.F(x int64) as select 1; create table t(a int)"))
    ['ds.f']
    """
    return frozenset(_plain(name) for name in _DEFINED.findall(sql))


def called(sql: str, functions: Collection[str]) -> frozenset[str]:
    """Guess which of some functions a text calls, by the last parts of their names.

    Examples
    --------
    >>> sorted(called("select f(x), g(y) from t", {"ds.f"}))
    ['f']
    """
    last = {name.rpartition(".")[2] for name in functions}
    return frozenset(n for name in _CALLED.findall(sql) if (n := _plain(name)).rpartition(".")[2] in last)


def _plain(name: str) -> str:
    return name.translate(_QUOTES).lower().strip(".")


class KnownNames:
    """Finds a name by another spelling: in another case, or by its last parts.

    Parameters
    ----------
    names : collection of str
        Dotted names.
    others : Mapping of str to str
        Other spelling → name.
    parts : int
        How many parts a shorter spelling needs at least.

    Examples
    --------
    >>> names = KnownNames(["db.raw.T", "db.mart.t"])
    >>> names.of("DB.RAW.T"), names.of("mart.t"), names.of("t")
    ('db.raw.T', 'db.mart.t', 't')
    """

    def __init__(
        self, names: Collection[str], others: Mapping[str, str] | None = None, parts: int = 1
    ) -> None:
        self._names = frozenset(names)
        shorter = []
        for name in self._names:
            rest = name
            while rest.count(".") >= parts:
                rest = rest.partition(".")[2]
                shorter.append((rest, name))
        whole = [*((n, n) for n in self._names), *(others or {}).items()]
        self._found = _unique(shorter) | _unique(whole)

    def of(self, name: str) -> str:
        """The name that is meant; `name` itself where it is none or several."""
        return name if name in self._names else self._found.get(name.casefold()) or name


def _unique(pairs: Iterable[tuple[str, str]]) -> dict[str, str | None]:
    """Case-folded key → value; None where several values have it."""
    found: dict[str, str | None] = {}
    for key, value in pairs:
        if found.setdefault(key.casefold(), value) != value:
            found[key.casefold()] = None
    return found
