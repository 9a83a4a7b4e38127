"""What the variables, cursors and loop rows of a script hold: the flows of the values that it puts into them."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlglot import Token, TokenType

from lineage_nb.sql.flows import CARRIED, Cell, Flow, carry
from lineage_nb.sql.relations import Relation
from lineage_nb.sql.tokens import STRINGS, Fill
from lineage_nb.sql.words import TRANSFORMATION

if TYPE_CHECKING:
    from lineage_nb.sql.scope import Scope

__all__ = ["NOTHING_HELD", "Held", "Unknown", "Variables", "held_field", "held_value", "is_constant"]

_LARGEST: Final = 1_000
"""Input columns of one variable; one that may hold more is not followed."""


class Unknown(Cell):
    """The value of a variable that the script does not tell."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        super().__init__({})
        self.name = name


class Held(NamedTuple):
    """What a variable holds: a value, and the row it is the first column of, if it takes whole rows."""

    cell: Cell
    row: Relation | None = None
    influence: Mapping[tuple[str, str, str | None, int], int] = {}


NOTHING_HELD: Final[Mapping[str, Held]] = {}


class Variables:
    """What is held by name, for each routine of a script and outside of them.

    Parameters
    ----------
    isolated : bool
        Whether routines do not see what the script around them declares.
    """

    def __init__(self, *, isolated: bool) -> None:
        self._isolated = isolated
        self._held: dict[str, dict[str, Held]] = {}

    def seen_in(self, routine: str, fill: Fill | None = None) -> Mapping[str, Held]:
        """What a statement of a routine can name; in the statement that fills a variable it is empty at first."""
        if not self._held and fill is None:
            return NOTHING_HELD
        levels = [self._held.setdefault(routine, {})]
        if routine and not self._isolated:
            levels.append(self._held.setdefault("", {}))
        if fill is not None:
            levels.append(dict.fromkeys(fill.names, Held(Cell({}))))
        return ChainMap(*levels)

    def fill(self, routine: str, fill: Fill, relation: Relation | None) -> None:
        """Put the columns of a relation into variables by position; None for what is not known.

        Parameters
        ----------
        routine : str
            Where it happens, ``""`` outside routines.
        fill : Fill
            The variables, and how they take it.
        relation : Relation or None
            The values; those of `fill.of`, a cursor, where it names one.
        """
        held = self._held.setdefault(routine, {})
        if fill.of:
            source = self.seen_in(routine).get(fill.of)
            relation = source.row if source is not None else None
            if source is not None and relation is None:
                relation = Relation([""], [source.cell], influence=dict(source.influence))
        for position, name in enumerate(fill.names):
            new = _held(relation, position, fill.names, rows=fill.rows)
            if new is not None and fill.adds and name in held:
                new = _either(held[name], new)
            if new is None:
                held.pop(name, None)
            else:
                held[name] = new


def is_constant(tokens: Sequence[Token], held: Mapping[str, Held]) -> bool:
    """Whether an expression is plainly made of literals, functions and variables that hold no column's value."""
    for position, token in enumerate(tokens):
        if token.token_type == TokenType.VAR:
            if position + 1 < len(tokens) and tokens[position + 1].token_type == TokenType.L_PAREN:
                continue
            value = held.get(token.text.lower())
            if value is None or value.cell.flow or value.influence:
                return False
        elif token.token_type not in _PLAIN:
            return False
    return True


_PLAIN: Final = STRINGS | {
    *(
        TokenType.NUMBER,
        TokenType.NULL,
        TokenType.TRUE,
        TokenType.FALSE,
        TokenType.L_PAREN,
        TokenType.R_PAREN,
    ),
    *(TokenType.COMMA, TokenType.PLUS, TokenType.DASH, TokenType.STAR, TokenType.SLASH, TokenType.DPIPE),
    *(TokenType.PARAMETER, TokenType.CURRENT_DATE, TokenType.CURRENT_TIMESTAMP),
}


def _held(relation: Relation | None, position: int, names: Sequence[str], *, rows: bool) -> Held | None:
    if relation is None:
        return None
    cells = relation.cells
    cell = cells[min(position, len(cells) - 1)] if cells else Cell({})
    flow: Flow = {}
    carry(flow, cell.flow, TRANSFORMATION, CARRIED)
    row = relation if rows or len(names) == 1 else None
    return Held(Cell(flow, opaque=rows), row, relation.influence)


def _either(before: Held, after: Held) -> Held | None:
    """What a variable holds that may have been filled again or not."""
    cell = Cell.merged([before.cell, after.cell])
    if len(cell.flow) > _LARGEST:
        return None
    return Held(cell, None, {**before.influence, **after.influence})


def held_value(scope: Scope, name: str) -> Cell:
    """What a variable holds; what decided it decides the rows that it is used for."""
    held = scope.context.held.get(name)
    if held is None:
        return Unknown(name)
    scope.influence.update(held.influence)
    return held.cell


def held_field(scope: Scope, path: list[str]) -> Cell | None:
    """A column of a row that a variable holds; None for one that is not known."""
    context = scope.context
    alone = context.held.get(".".join(path).lower())
    held = alone or context.held.get(path[0].lower())
    if held is None:
        return None
    if alone is not None:
        scope.influence.update(alone.influence)
        return alone.cell
    cell = None
    if held.row is not None:
        cell = held.row.listed(path[1]) or held.row.possible(path[1])
    if cell is None:
        return None
    scope.influence.update(held.influence)
    for name in path[2:]:
        cell = cell.field(name)
    return cell
