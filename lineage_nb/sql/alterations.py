"""What ALTER TABLE does to the columns of a table: added, dropped, renamed, moved; in the words of all dialects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from sqlglot import Token, TokenType, exp

from lineage_nb.sql.catalog import Names
from lineage_nb.sql.commands import table_named
from lineage_nb.sql.cutter import close_of, split
from lineage_nb.sql.draft import Draft
from lineage_nb.sql.flows import CARRIED
from lineage_nb.sql.result import Alteration
from lineage_nb.sql.rewording import name_at
from lineage_nb.sql.scope import Scope
from lineage_nb.sql.tokens import text_of
from lineage_nb.sql.words import GENERATED, IDENTITY

__all__ = ["after", "alter_columns", "renamed"]

_COMMA: Final = frozenset((",",))
_TO: Final = frozenset(("TO", "AS"))
_PLACES: Final = frozenset(("FIRST", "AFTER"))
_TYPE_ENDS: Final = frozenset(
    (
        *("FIRST", "AFTER", "NOT", "NULL", "DEFAULT", "COMMENT", "PRIMARY", "UNIQUE", "CHECK", "REFERENCES", "COLLATE"),
        *("GENERATED", "AS", "CONSTRAINT", "AUTO_INCREMENT", "IDENTITY", "ENCODE", "CODEC", "MASKING", "WITH", "OPTIONS"),
        *("MATERIALIZED", "ALIAS", "EPHEMERAL", "TTL", "ON", "CASCADE", "RESTRICT", "KEY", "INVISIBLE", "VISIBLE"),
    )
)
_VERBS: Final = frozenset(("ADD", "DROP", "RENAME", "CHANGE", "MODIFY", "ALTER", "REPLACE"))
_NO_COLUMNS: Final = frozenset(
    (
        *("CONSTRAINT", "PRIMARY", "FOREIGN", "UNIQUE", "INDEX", "KEY", "CHECK", "PARTITION", "PARTITIONS", "FULLTEXT"),
        *("SPATIAL", "PERIOD", "ROW", "SEARCH", "DEFAULT", "PROJECTION", "STATISTICS", "SUPPLEMENTAL", "EXCLUDE", "RANGE"),
        *("CLUSTERING", "ALL", "STORAGE", "MASKING", "AGGREGATION", "PRIVACY", "TAG", "SUBPARTITION", "LIFECYCLE", "TO", "AS"),
    )
)
"""What else is added, dropped or renamed, unless the word COLUMN says otherwise."""


def alter_columns(tokens: Sequence[Token], scope: Scope, draft: Draft) -> None:
    """Take down what an ALTER TABLE, or ALTER VIEW, does to columns; a renamed column holds what the old one held."""
    reader = _Reader(tokens, scope.context.names)
    start = reader.target()
    if start is None:
        return
    draft.alterations += reader.changes(start)
    for what, table, column, other, _ in draft.alterations:
        if what == "rename" and other is not None:
            renamed(draft, table, column, other)
    if any(a.what == "clear" for a in draft.alterations):  # Hive tells stored columns by their place
        new = [a.column for a in draft.alterations if a.what == "add"]
        for old, other in zip(scope.context.catalog.columns(reader.table) or (), new, strict=False):
            renamed(draft, reader.table, old, other)
    if draft.alterations and "RENAME TO" not in " ".join(reader.words):  # RENAME a TO b was taken for a table's name
        draft.events = [e for e in draft.events if e.what != "rename"]


def renamed(draft: Draft, table: str, column: str, other: str) -> None:
    """Let a column be made of the one whose name it takes."""
    if column != other:
        draft.column(table, other, {(table, column, None, IDENTITY): CARRIED})


def after(columns: Mapping[str, str | None], changes: Sequence[Alteration]) -> dict[str, str | None]:
    """Columns of a table, with their types, behind changes of it.

    Examples
    --------
    >>> after({"id": None, "a": None}, [Alteration("rename", "t", "a", "b"), Alteration("add", "t", "c", place="id")])
    {'id': None, 'c': None, 'b': None}
    """
    moves = {c.column.lower(): c.other for c in changes if c.what == "rename" and c.other}
    names = [moves.get(c.lower()) or c for c in columns]
    found = dict(columns)
    if len({n.lower() for n in names}) == len(names):  # else it was done before
        found = dict(zip(names, columns.values(), strict=True))
    for what, _, column, other, place in changes:
        key = next((c for c in found if c.lower() == column.lower()), None)
        if what == "drop" and key is not None:
            del found[key]
        elif what == "add" and key is None:
            found = _placed(found, column, other, place)
        elif what == "move" and key is not None and place is not None:
            kind = found.pop(key)
            found = _placed(found, key, kind, place)
        elif what == "clear":
            found = {}
    return found


def _placed(columns: Mapping[str, str | None], column: str, kind: str | None, place: str | None) -> dict[str, str | None]:
    """Put a column behind another: behind the last where `place` is None, before the first where it is empty."""
    names = list(columns)
    at = len(names) if place is None else 0
    if place:
        at = next((i + 1 for i, c in enumerate(names) if c.lower() == place.lower()), len(names))
    names.insert(at, column)
    return {c: kind if c == column else columns[c] for c in names}


class _Reader:
    """Reads the actions of one ALTER statement."""

    def __init__(self, tokens: Sequence[Token], names: Names) -> None:
        self.tokens = tokens
        self.names = names
        self.words = text_of("", list(tokens)).words
        self.table = ""
        self.is_tsql = type(names.dialect).__name__ == "TSQL"

    def target(self) -> int | None:
        """Find the table; gives where the actions start."""
        words = self.words
        if words[:1] != ["ALTER"]:
            return None
        i = next((i + 1 for i in range(1, min(4, len(words))) if words[i] in ("TABLE", "VIEW")), None)
        if i is None:
            return None
        while i < len(words) and words[i] in ("IF", "EXISTS", "ONLY"):
            i += 1
        if i >= len(words):
            return None
        self.table = table_named(self.tokens, i, self.names)
        return name_at(self.tokens, i)[1]

    def changes(self, start: int) -> Iterator[Alteration]:
        """What each action does to columns."""
        verb = ""
        for a, b in split(self.words, start, len(self.words), _COMMA):
            if a < b and self.words[a] == "*" and not verb:
                a += 1
            if a < b and self.words[a] in ("ON", "WITH") and not verb:  # ON CLUSTER c, WITH CHECK
                a = next((i for i in range(a, b) if self.words[i] in _VERBS), b)
            if a < b and self.words[a] in _VERBS:
                verb = self.words[a]
                a += 1
            if a < b and verb:
                yield from self._action(verb, a, b)

    def _action(self, verb: str, a: int, b: int) -> Iterator[Alteration]:
        said = self.words[a] in ("COLUMN", "COLUMNS")
        a += said
        while a < b and self.words[a] in ("IF", "NOT", "EXISTS"):
            a += 1
        if a >= b or (not said and self.words[a] in _NO_COLUMNS):
            return
        if verb == "RENAME":
            yield from self._renamed(a, b)
        elif verb == "ALTER":
            at = next((i for i in range(a, b - 2) if self.words[i : i + 2] == ["RENAME", "TO"]), None)
            if at is not None:
                yield Alteration("rename", self.table, self._name(a, at), self._name(at + 2, b))
        elif verb == "CHANGE":
            yield from self._changed(a, b)
        elif verb == "MODIFY":
            place = self._place(a, b)
            if place is not None:
                yield Alteration("move", self.table, self._name(a, b), place=place)
        else:
            yield from self._listed(verb, a, b)

    def _renamed(self, a: int, b: int) -> Iterator[Alteration]:
        to = next((i for i in range(a + 1, b - 1) if self.words[i] in _TO), None)
        if to is not None:
            yield Alteration("rename", self.table, self._name(a, to), self._name(to + 1, b))

    def _changed(self, a: int, b: int) -> Iterator[Alteration]:
        """``CHANGE a b type AFTER c``, of MySQL and Hive."""
        end = name_at(self.tokens, a)[1]
        if end >= b:
            return
        old, new, place = self._name(a, b), self._name(end, b), self._place(end, b)
        if old.lower() != new.lower():
            yield Alteration("rename", self.table, old, new)
        if place is not None:
            yield Alteration("move", self.table, new, place=place)

    def _listed(self, verb: str, a: int, b: int) -> Iterator[Alteration]:
        """Columns that are added, dropped or put in the place of all, in parentheses or not."""
        parts = [(a, b)]
        if self.words[a] == "(":
            parts = split(self.words, a + 1, close_of(self.words, a, b), _COMMA)
        if verb == "REPLACE":
            if self.words[a] != "(":
                return
            yield Alteration("clear", self.table, "")
        for x, y in parts:
            x += x < y and self.words[x] == "COLUMN"
            if x >= y or self.words[x] in _NO_COLUMNS or "." in self._name(x, y):
                continue
            if verb == "DROP":
                yield Alteration("drop", self.table, self._name(x, y))
            elif x + 1 < y:
                yield Alteration("add", self.table, self._name(x, y), self._type(x, y), self._place(x, y))

    def _name(self, a: int, b: int) -> str:
        """The name at `a`, with the dots of a field inside a struct."""
        found = []
        for i in range(a, min(name_at(self.tokens, a)[1], b), 2):
            quoted = self.tokens[i].token_type == TokenType.IDENTIFIER
            found.append(self.names.fold(exp.to_identifier(self.tokens[i].text, quoted=quoted)))
        return ".".join(found)

    def _type(self, a: int, b: int) -> str | None:
        start = name_at(self.tokens, a)[1]
        end = next((i for i in range(start, b) if self.words[i] in _TYPE_ENDS), b)
        text = "".join(f" {t.text}" if t.text.isalnum() else t.text for t in self.tokens[start:end]).strip()
        words = set(self.words[start:b])
        numbered = "IDENTITY" in words
        made = words & {"AS", "MATERIALIZED", "ALIAS"} and not numbered
        stamped = numbered or words & {"ROWVERSION", "TIMESTAMP"}
        if made or (stamped and self.is_tsql):
            text += GENERATED
        return text or None

    def _place(self, a: int, b: int) -> str | None:
        """Behind which column: "" for the first place, None where it is not told."""
        at = next((i for i in range(a + 1, b) if self.words[i] in _PLACES), None)
        if at is None:
            return None
        return "" if self.words[at] == "FIRST" or at + 1 >= b else self._name(at + 1, b)
