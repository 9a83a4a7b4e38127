"""T-SQL's OUTPUT … INTO: what a change of rows puts into another table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlglot import Token, TokenType, exp

from lineage_nb.sql.changes import positions
from lineage_nb.sql.commands import table_at
from lineage_nb.sql.draft import Draft
from lineage_nb.sql.expressions import cell_of
from lineage_nb.sql.flows import Cell
from lineage_nb.sql.output import expand_star, output_name
from lineage_nb.sql.relations import Opening, Relation
from lineage_nb.sql.rewording import logged_to, name_at
from lineage_nb.sql.scope import Scope
from lineage_nb.sql.sources import add_sources

__all__ = ["logged"]


def logged(
    tokens: Sequence[Token], node: Any, scope: Scope, draft: Draft, parse: Callable[[list[Token]], Any]
) -> None:
    """Take down what INSERT, UPDATE or MERGE logs: `inserted` and `deleted` are rows of the table that they change."""
    place = logged_to(tokens)
    changed = next((t for t in draft.outputs if t), None)
    if place is None or changed is None:
        return
    table = scope.context.stored(table_at(tokens, place, scope), read=False)
    start = next(i for i, t in enumerate(tokens) if t.text.upper() == "OUTPUT")
    first = tokens[start]
    select = Token(TokenType.SELECT, "SELECT", first.line, first.col, first.start, first.end)
    tree = parse([select, *tokens[start + 1 : place - 1]])
    inner = Scope(scope.context, None, scope.ctes)
    row = scope.context.stored(changed, read=False)
    inner.relations = [("inserted", row), ("deleted", row)]
    sources = node.args.get("using") or node.args.get("from_")
    if isinstance(sources, exp.Expression):
        add_sources(inner, sources.this if isinstance(sources, exp.From) else sources, [])
    names: list[str] = []
    cells: list[Cell] = []
    openings: list[Opening] = []
    for item in tree.expressions:
        whole = item if isinstance(item, exp.Star) or isinstance(item.this, exp.Star) else None
        if whole is not None:
            more = expand_star(inner, whole)
            names, cells, openings = [*names, *more[0]], [*cells, *more[1]], [*openings, *more[2]]
        else:
            names.append(output_name(inner, item))
            cells.append(Cell({}) if item.sql().lower().startswith("$action") else cell_of(inner, item))
    relation = Relation(names, cells, openings, dict(draft.rows.get(changed, {})))
    listed = _listed(tokens, name_at(tokens, place)[1], scope)
    draft.write(table.table, relation, listed or positions(table, relation, exp.Table(), False, scope))


def _listed(tokens: Sequence[Token], at: int, scope: Scope) -> list[str]:
    """Columns in parentheses behind the table's name."""
    names = []
    if at < len(tokens) and tokens[at].token_type == TokenType.L_PAREN:
        for token in tokens[at + 1 :]:
            if token.token_type == TokenType.R_PAREN:
                break
            if token.token_type != TokenType.COMMA:
                quoted = token.token_type == TokenType.IDENTIFIER
                names.append(scope.context.names.fold(exp.to_identifier(token.text, quoted=quoted)))
    return names
