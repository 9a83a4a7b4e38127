"""Which columns a statement that only reads names, which it sweeps along, and where its text does not tell."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from lineage_nb.sources.sql_facts import STAR, without_values
from lineage_nb.sql.result import Edge, SqlLineage, Statement
from lineage_nb.sql.words import AGGREGATION

__all__ = ["NONE", "OTHERS", "SWEPT", "UNTOLD", "Named", "columns_named"]

NONE: Final = "none"
SWEPT: Final = "swept"
UNTOLD: Final = "untold"
OTHERS: Final = (NONE, SWEPT, UNTOLD)
"""What is read of a table beside the columns that are named: nothing, all at once (``SELECT *``), or nobody can tell."""

_WORD: Final = re.compile(r"\w+")
_LITERAL: Final = re.compile("'[^']*'")
_BY_VALUE: Final = re.compile(r"\bidentifier\s*\(", re.IGNORECASE)
"""What names a column by the value of a text or variable."""


class Named(NamedTuple):
    """What a statement reads of a table: `columns` by name, sorted, and `others`, one of `OTHERS`."""

    columns: tuple[str, ...]
    others: str

    def with_other(self, other: Named | None) -> Named:
        """What this and another read of the same table come to together."""
        if other is None:
            return self
        return Named(tuple(sorted({*self.columns, *other.columns})), max(self.others, other.others, key=OTHERS.index))


def columns_named(what: SqlLineage | Statement, tables: Iterable[str]) -> list[Named]:
    """Tell for each table what a statement reads of it.

    A column is named where the text names it, in the output, a filter, a join, a group, an order or a query inside
    that nothing comes of. It is swept where only a star or a whole row takes it; whether the star could be expanded
    makes no difference. Anything that could not be resolved may mean any table of the statement.

    Parameters
    ----------
    what : SqlLineage or Statement
        A statement without an output, or a script of such.
    tables : iterable of str
        Its tables, under the names it gives them.

    Returns
    -------
    list of Named
        In the order of `tables`. A table that the text does not read itself is told nothing of.

    Examples
    --------
    >>> from lineage_nb.sql.lineage import sql_lineage
    >>> found = sql_lineage("SELECT t.*, u.a FROM t JOIN u ON t.id = u.id WHERE u.b", schema={"t": ["id", "x"]})
    >>> columns_named(found, ["t", "u", "v"])
    [Named(columns=('id',), others='swept'), Named(columns=('a', 'b', 'id'), others='none'), Named(columns=(), others='untold')]
    """
    statements = (what,) if isinstance(what, Statement) else what.statements
    named: dict[str, set[str]] = {}
    for table, column in (r for s in statements for r in s.references if r[1] != STAR):
        named.setdefault(table, set()).add(column)
    swept: set[str] = set()
    torn = [_torn(statement) for statement in statements]
    for statement, is_torn in zip(statements, torn, strict=True):
        swept |= _swept(statement, named, is_torn=is_torn)
    read = {t for s in statements for t in s.inputs}
    return [_of(table, named.get(table, ()), swept=table in swept, torn=any(torn) or table not in read) for table in tables]


def _swept(statement: Statement, named: dict[str, set[str]], *, is_torn: bool) -> set[str]:
    """Tables of which a star took columns; columns that are used without a reference (``USING``) are added to `named`.

    Where something could not be told, such as the keys of a NATURAL JOIN, what is not in the text is not named.
    """
    swept: set[str] = set()
    words: frozenset[str] | None = None
    for table, column, subtype in dict.fromkeys((e.input_table, e.input_column, e.subtype) for e in statement.edges):
        if column == STAR:
            if subtype < AGGREGATION or (table, STAR) in statement.references:  # COUNT(*) takes rows, no columns
                swept.add(table)
        elif column not in named.get(table, ()):
            words = _words(statement.text) if words is None else words
            if (subtype > AGGREGATION and not is_torn) or words.issuperset(_words(column)):
                named.setdefault(table, set()).add(column)
            else:
                swept.add(table)
    return swept


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(_LITERAL.sub(" ", text).casefold()))


def _torn(statement: Statement) -> bool:
    """Whether something in a statement may stand for columns that nobody can tell; also of what leaves something behind."""
    if statement.problems or statement.outputs or (statement.inputs and "" not in statement.columns):
        return True
    if any(not table or column.startswith("$") for table, column in statement.references):
        return True
    return any(map(_is_torn, statement.edges)) or _BY_VALUE.search(statement.text) is not None


def _is_torn(edge: Edge) -> bool:
    return not edge.input_table or (edge.input_column == STAR and edge.subtype > AGGREGATION)


def _of(table: str, names: Iterable[str], *, swept: bool, torn: bool) -> Named:
    columns = tuple(sorted({without_values(name) for name in names}))
    whole_row = table.rpartition(".")[2] in columns  # of a table whose columns are not known: TO_JSON(t)
    return Named(columns, UNTOLD if torn or whole_row else SWEPT if swept else NONE)
