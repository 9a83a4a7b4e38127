"""Names of output columns, and what a star stands for."""

from __future__ import annotations

import re
from typing import Any

import polars as pl
from sqlglot import exp
from sqlglot.errors import SqlglotError

from lineage_nb.sql.absence import of_source
from lineage_nb.sql.expressions import cell_of
from lineage_nb.sql.flows import Cell
from lineage_nb.sql.relations import STAR, Opening, Relation
from lineage_nb.sql.scope import Scope, is_own

__all__ = ["expand_columns", "expand_star", "names_column", "output_name", "own_columns"]

Expanded = tuple[list[str], list[Cell], list[Opening]]


def output_name(scope: Scope, item: Any) -> str:
    """Name of an output column: its alias, the column's own name, else the expression's text."""
    names = scope.context.names
    if type(item) is exp.Column and item.args["this"] is not None:
        return names.fold(item.args["this"])
    if isinstance(item, exp.Alias):
        return names.fold(item.args["alias"])
    while isinstance(item, exp.Paren) and isinstance(item.this, (exp.Column, exp.Dot)):
        item = item.this
    if isinstance(item, exp.Column):
        return names.fold(item.args["this"]) if item.args.get("this") is not None else ""
    if isinstance(item, exp.Dot) and isinstance(item.expression, exp.Identifier):
        return names.fold(item.expression)
    if scope.context.dialect in ("postgres", "redshift"):
        named = _postgres_name(scope, item)
        if named:
            return named
    return scope.context.text(item)


def names_column(item: Any) -> bool:
    """Whether an output is a column as it is, perhaps under another name."""
    return type(item.this if type(item) is exp.Alias else item) is exp.Column


def _postgres_name(scope: Scope, item: Any) -> str:
    """Postgres names an output by its function, or by the column that it casts."""
    while isinstance(item, (exp.Cast, exp.Paren, exp.Window, exp.Filter, exp.WithinGroup)):
        item = item.this
    if isinstance(item, exp.Column) and isinstance(item.args["this"], exp.Identifier):
        return scope.context.names.fold(item.args["this"])
    if isinstance(item, exp.Case):
        return "case"
    if isinstance(item, exp.Anonymous):
        return str(item.name).lower()
    if isinstance(item, exp.Func) and not isinstance(item, (exp.Connector, exp.Binary)):
        return str(item.sql_name()).lower()
    return ""


def expand_star(scope: Scope, star: Any) -> Expanded:
    """Columns that a star stands for; those of a table whose columns are not known stay ``*``.

    Parameters
    ----------
    star
        ``*`` or ``t.*`` with its EXCEPT, REPLACE, RENAME and ILIKE; None for a plain star.
    """
    if star is None:
        return _join_columns(scope)
    if isinstance(star, exp.Column):
        options = star.args["this"]
        columns = _qualified_star(scope, star)
    else:
        options, columns = star, _join_columns(scope)
    return _with_options(scope, options, columns)


def _join_columns(scope: Scope) -> Expanded:
    names: list[str] = []
    cells: list[Cell] = []
    openings: list[Opening] = []
    merged = dict(scope.merged)
    in_place = scope.context.dialect == "duckdb"  # where the standard puts columns of USING first
    for lower, cell in merged.items() if not in_place else ():
        names.append(_spelled(scope, lower))
        cells.append(cell)
    for alias, relation in scope.relations:
        if alias.startswith("\0"):
            continue
        for name, cell in zip(relation.names, relation.cells, strict=True):
            lower = name.lower()
            if lower not in scope.merged or all(r is not relation for r in scope.merged_in[lower]):
                names.append(name)
                cells.append(of_source(scope, alias, cell))
            elif in_place and lower in merged:
                names.append(name)
                cells.append(merged.pop(lower))
        openings += relation.openings
    return names, cells, openings


def _spelled(scope: Scope, lower: str) -> str:
    for _, relation in scope.relations:
        position = relation.index().get(lower)
        if position is not None:
            return relation.names[position]
    return scope.context.names.fold(exp.Identifier(this=lower, quoted=False))


def _qualified_star(scope: Scope, star: Any) -> Expanded:
    fold = scope.context.names.fold
    qualifiers = [fold(star.args[a]) for a in ("catalog", "db", "table") if star.args.get(a)]
    level: Scope | None = scope
    while level is not None:
        relation = level.relation(qualifiers)
        if relation is not None:
            cells = [of_source(level, qualifiers[-1].lower(), cell) for cell in relation.cells]
            return list(relation.names), cells, list(relation.openings)
        level = level.parent
    struct = cell_of(scope, exp.column(*[exp.to_identifier(q, quoted=True) for q in reversed(qualifiers)]))
    if struct.fields is not None:
        return list(struct.fields), list(struct.fields.values()), []
    declared = _declared_fields(scope, struct)
    if declared:
        return declared, [struct.field(name) for name in declared], []
    field = struct.field(STAR)
    return [STAR], [field], [Opening(_Fields(whole=struct), frozenset())]


def _declared_fields(scope: Scope, struct: Cell) -> list[str]:
    """Fields of a stored struct whose type is known."""
    if struct.table is None:
        return []
    types = scope.context.catalog.types(struct.table[0])
    text = next((t for n, t in types.items() if n.lower() == struct.table[1].lower()), None)
    if not text or "struct" not in text.lower():
        return []
    try:
        kind = exp.DataType.build(text, dialect=scope.context.names.dialect)
    except (SqlglotError, ValueError):
        return []
    return [e.name for e in kind.expressions if isinstance(e, exp.ColumnDef)]


class _Fields(Relation):
    """The fields of a struct whose type is not known."""

    def possible(self, name: str) -> Cell | None:
        return self.whole.field(name) if self.whole is not None else None


def _with_options(scope: Scope, star: Any, columns: Expanded) -> Expanded:
    names, cells, openings = columns
    args = star.args
    without = {_name(scope, e).lower() for e in args.get("except_") or ()}
    replaced = {_name(scope, e).lower(): cell_of(scope, e) for e in args.get("replace") or ()}
    renamed = {
        _name(scope, e.this).lower(): scope.context.names.fold(e.args["alias"])
        for e in args.get("rename") or ()
    }
    pattern = _ilike(args.get("ilike"))
    if not (without or replaced or renamed or pattern):
        return columns
    extra = [r for r in (*replaced, *renamed) if r not in {n.lower() for n in names}]
    kept: list[tuple[str, Cell]] = []
    for name, cell in zip(names, cells, strict=True):
        lower = name.lower()
        if lower in without or (pattern is not None and name != STAR and not pattern.fullmatch(lower)):
            continue
        kept.append((renamed.get(lower, name), replaced.get(lower, cell)))
    for lower in extra:
        behind = replaced.get(lower) or _behind_star(openings, lower)
        if behind is not None:
            kept.append((renamed.get(lower, lower), behind))
    taken = frozenset(without | set(replaced) | set(renamed))
    narrowed = [Opening(o.source, o.without | taken) for o in openings]
    return [n for n, _ in kept], [c for _, c in kept], narrowed


def own_columns(item: Any) -> list[Any]:
    """DuckDB's ``COLUMNS(…)`` in an expression itself, not in a query inside it."""
    return [found for found in item.find_all(exp.Columns) if is_own(item, found)]


def expand_columns(scope: Scope, item: Any) -> Expanded:
    """DuckDB's ``f(COLUMNS('pattern'))``: one output for each column that the pattern finds."""
    names, cells, openings = _join_columns(scope)
    pattern = own_columns(item)[0].this
    chosen = [n for n in names if n != STAR]
    if isinstance(pattern, exp.Literal) and chosen:
        found = pl.Series(chosen).str.contains(str(pattern.this), strict=False).fill_null(value=False)
        chosen = pl.Series(chosen).filter(found).to_list()
    elif isinstance(pattern, exp.Lambda):
        scope.context.problem("COLUMNS with a condition: all columns are taken", pattern)
    made_names, made = [], []
    for name in [*chosen, *([STAR] if openings else [])]:
        column = (
            exp.column(exp.to_identifier(name, quoted=True)) if name != STAR else exp.Column(this=exp.Star())
        )
        tree = item.copy()
        for place in own_columns(tree):
            if place is tree:
                tree = column
            else:
                place.replace(column.copy())
        made_names.append(name)
        star = Cell.merged([c for n, c in zip(names, cells, strict=True) if n == STAR] or [Cell({})])
        made.append(cell_of(scope, tree) if name != STAR else star)
    return made_names, made, openings


def _behind_star(openings: list[Opening], name: str) -> Cell | None:
    found = [c for o in openings if name not in o.without and (c := o.source.possible(name)) is not None]
    return found[0] if len(found) == 1 else None


def _name(scope: Scope, node: Any) -> str:
    if isinstance(node, exp.Alias):
        return scope.context.names.fold(node.args["alias"])
    return scope.context.names.fold(node.this if isinstance(node, exp.Column) else node)


def _ilike(pattern: Any) -> re.Pattern[str] | None:
    if not isinstance(pattern, exp.Literal):
        return None
    parts = ({"%": ".*", "_": "."}.get(c, re.escape(c)) for c in str(pattern.this).lower())
    return re.compile("".join(parts), re.DOTALL)
