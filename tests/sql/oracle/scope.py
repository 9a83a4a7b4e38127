"""What names a generated expression may use."""

from __future__ import annotations

import random
import re
from collections import Counter
from dataclasses import dataclass, field

__all__ = ["Column", "Scope", "Source", "spelled"]

RESERVED = frozenset({"order", "select", "group"})


@dataclass(frozen=True)
class Column:
    """A column of a relation; `kind` is one of the generator's types."""

    name: str
    kind: str


@dataclass(frozen=True)
class Source:
    """One relation of a FROM clause."""

    alias: str
    columns: tuple[Column, ...]


@dataclass
class Scope:
    """The relations a SELECT reads, and those of the queries around it."""

    sources: list[Source] = field(default_factory=list)
    merged: set[str] = field(default_factory=set)
    outer: Scope | None = None

    def names(self) -> Counter[str]:
        """How many relations offer each name, lower-cased."""
        return Counter(column.name.lower() for source in self.sources for column in source.columns)

    def star(self) -> list[Column]:
        """The columns of ``*``: those that USING merged count once."""
        seen: set[str] = set()
        found = []
        for source in self.sources:
            for column in source.columns:
                low = column.name.lower()
                if low in self.merged and low in seen:
                    continue
                seen.add(low)
                found.append(column)
        return found

    def own(self, rng: random.Random, kind: str) -> list[str]:
        """References to this scope's columns of a type."""
        names = self.names()
        found = []
        for source in self.sources:
            inside = Counter(column.name.lower() for column in source.columns)
            for column in source.columns:
                low = column.name.lower()
                if column.kind != kind or inside[low] > 1:
                    continue
                bare = spelled(rng, column.name)
                if (names[low] == 1 or low in self.merged) and rng.random() < 0.6:
                    found.append(bare)
                else:
                    found.append(f"{spelled(rng, source.alias)}.{bare}")
        return found

    def around(self, rng: random.Random, kind: str) -> list[str]:
        """References to columns of the queries around, as seen from within this one."""
        found: list[str] = []
        aliases = {source.alias.lower() for source in self.sources}
        names = set(self.names())
        scope = self.outer
        while scope is not None:
            theirs = scope.names()
            for source in scope.sources:
                for column in source.columns:
                    low = column.name.lower()
                    if column.kind != kind or sum(c.name.lower() == low for c in source.columns) > 1:
                        continue
                    if source.alias.lower() not in aliases:
                        found.append(f"{spelled(rng, source.alias)}.{spelled(rng, column.name)}")
                    elif low not in names and theirs[low] == 1:
                        found.append(spelled(rng, column.name))
            aliases |= {source.alias.lower() for source in scope.sources}
            names |= set(theirs)
            scope = scope.outer
        return found


def spelled(rng: random.Random, name: str) -> str:
    """A name as SQL may write it: DuckDB compares without regard to case, quoted or not."""
    if re.fullmatch(r"[a-z_][a-z0-9_]*", name) and name not in RESERVED:
        roll = rng.random()
        if roll < 0.06:
            return f'"{name}"'
        return name.upper() if roll < 0.10 else name
    return f'"{name}"'
