"""What all scopes of a statement share, and what its dialect does with names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from lineage_nb.sql.catalog import Catalog, Names
from lineage_nb.sql.flows import Cell
from lineage_nb.sql.functions import FunctionTable
from lineage_nb.sql.relations import BaseTable, Relation
from lineage_nb.sql.result import Problem
from lineage_nb.sql.tokens import Rows
from lineage_nb.sql.variables import NOTHING_HELD, Held

if TYPE_CHECKING:
    from lineage_nb.sql.scope import Scope

__all__ = ["Context"]

LATERAL_ALIASES = frozenset(
    ("snowflake", "redshift", "databricks", "spark", "spark2", "duckdb", "clickhouse", "teradata")
)

SCALAR_FUNCTIONS = frozenset(("postgres", "redshift", "duckdb", "materialize", "risingwave", "dialect"))
"""Dialects in which a function in FROM that gives one column names it as its alias."""


_PSEUDO = {
    "oracle": frozenset(
        [
            "level",
            "rownum",
            "rowid",
            "connect_by_isleaf",
            "connect_by_iscycle",
            "connect_by_root",
            "user",
            "uid",
            "sysdate",
            "systimestamp",
        ]
    ),
    "snowflake": frozenset(("level", "connect_by_root")),
}
"""Names that look like columns and are none, by dialect."""

_ROWS_AS_VALUES = frozenset(("postgres", "bigquery", "duckdb", "redshift"))
"""Dialects in which the alias of a source is a value: its whole row."""

_NO_LATE_ALIASES = frozenset(("tsql", "oracle"))
"""Dialects in which GROUP BY and HAVING do not see the aliases of SELECT."""

_ALIASES_IN_WHERE = frozenset(("snowflake", "duckdb", "clickhouse"))


@cache
def _traits(dialect: str) -> dict[str, Any]:
    """What a dialect does with names: attributes of `Context`."""
    return {
        "dialect": dialect,
        "lateral_aliases": dialect in LATERAL_ALIASES,
        "scalar_functions": dialect in SCALAR_FUNCTIONS,
        "pseudo": _PSEUDO.get(dialect, frozenset()),
        "rows_as_values": dialect in _ROWS_AS_VALUES,
        "late_aliases": dialect not in _NO_LATE_ALIASES,
        "columns_function": dialect in ("duckdb", "clickhouse"),
        "aliases_in_where": dialect in _ALIASES_IN_WHERE,
    }


class Context:
    """What all scopes of a statement share."""

    dialect: str
    lateral_aliases: bool
    scalar_functions: bool
    pseudo: frozenset[str]
    rows_as_values: bool
    late_aliases: bool
    columns_function: bool
    aliases_in_where: bool

    def __init__(
        self,
        names: Names,
        catalog: Catalog,
        functions: FunctionTable,
        variables: frozenset[str] = frozenset(),
        held: Mapping[str, Held] = NOTHING_HELD,
    ) -> None:
        self.names = names
        self.catalog = catalog
        self.functions = functions
        self.variables = variables
        self.held = held
        self.bare_variables = variables  # those whose names stand without @, :, $, as columns do
        self.problems: list[Problem] = []
        self.inputs: dict[str, None] = {}
        self.references: dict[tuple[str, str], None] = {}
        self.rows: Rows | None = None
        self.row_table = ""
        self.__dict__.update(_traits(type(names.dialect).__name__.lower()))
        if self.dialect in ("tsql", "fabric"):
            self.bare_variables = frozenset()
        self.evaluate: Callable[[Any, Scope], Relation]
        self.cell: Callable[[Scope, Any], Cell]
        self.walk: Callable[..., None]
        self.write: Callable[[Any, Scope], Relation]
        self.text: Callable[[exp.Expression], str]
        self.fragment: Callable[[exp.Expression], str | None]

    def table(self, node: exp.Table, *, read: bool = True) -> BaseTable:
        """The stored table that `node` names."""
        if self.rows is not None and not node.args.get("db") and node.name.lower() in self.rows.names:
            return self.stored(self.row_table, read=read)
        name = self.names.table(node)
        if self.catalog.search_path and not node.args.get("db"):
            name = self.catalog.on_path(name, self.names.part(node.this))
        return self.stored(name, read=read)

    def stored(self, name: str, *, read: bool = True) -> BaseTable:
        """A stored table, or a path or stage."""
        if read:
            self.inputs[name] = None
        return BaseTable(name, self.catalog.known(name))

    def refer(self, cell: Cell) -> None:
        """Record what a name of a column in the text stands for."""
        if cell.table is not None:
            self.references[cell.table] = None
        else:
            self.references.update(((table, name), None) for table, name, _, _ in cell.flow)

    def problem(self, message: str, node: Any = None) -> None:
        """Record what could not be resolved, once for each place."""
        meta = getattr(node, "meta", None) or {}
        column = meta.get("col", 0) - (meta.get("end", 0) - meta.get("start", 0))
        problem = Problem(message, meta.get("line", 0), column)
        if problem not in self.problems:
            self.problems.append(problem)
