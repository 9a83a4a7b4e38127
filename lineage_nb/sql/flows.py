"""Where a value comes from: a flow maps input columns to what became of them.

A flow is a plain dict, since one is built for every expression: ``(table, column, path, subtype) → trace``. `path` is
the part of a JSON value that was taken, null for the whole (see `json_paths`). A trace packs a verdict, OpenLineage's masking flag,
whether decryption undid an encryption on the way, and a second verdict into one integer: what special categories show, of
which a comparison tells the value (``diagnosis = 'E11'``). That is also the verdict of what decides a value, as a CASE does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from lineage_nb.sql.json_parts import UNSURE, deeper
from lineage_nb.sql.words import (
    AGGREGATION,
    COMPOSED,
    CONDITIONAL,
    DERIVED,
    IDENTITY,
    PLAIN,
    PSEUDONYMISED,
    REDACTED,
    UNKNOWN,
)

__all__ = [
    "CARRIED",
    "COMPARED",
    "FIXED",
    "INNER",
    "RESTORES",
    "Cell",
    "Flow",
    "Items",
    "Key",
    "add",
    "carry",
    "decided_by",
    "deciding",
    "fixed",
    "fixing",
    "influence",
    "masked",
    "predicate",
    "restores",
    "special_of",
    "trace",
    "unsure",
    "verdict_of",
]

Key = tuple[str, str, str | None, int]
Flow = dict[Key, int]
Items = tuple[tuple[Flow, Any], ...]

CARRIED: Final = PLAIN << 1
RESTORES: Final = 1 << 4
_VERDICT: Final = 14
_SPECIAL: Final = 7 << 7
COMPARED: Final = DERIVED << 1
"""Trace of a comparison."""
FIXED: Final = 1 << 6 | REDACTED << 7 | REDACTED << 1 | 1
"""Of an influence: one value of the column passes, no other. What shows of it, another path tells."""
_FIXED: Final = 1 << 6
INNER: Final = 1 << 10
"""Of a CONDITIONAL: decides rows of a query inside, and so whether there is a value. OpenLineage calls that a FILTER of the whole output."""


def trace(verdict: int, masking: bool = False, special: int | None = None) -> int:
    """Pack a verdict and the masking flag, and the verdict for special categories where it is another."""
    return verdict << 1 | masking | (verdict if special is None else special) << 7


def verdict_of(packed: int) -> int:
    """Verdict of a trace."""
    return packed >> 1 & 7


def masked(packed: int) -> bool:
    """Masking flag of a trace."""
    return bool(packed & 1)


def restores(packed: int) -> bool:
    """Whether the step decrypts, and does nothing else that hides the value."""
    return bool(packed & RESTORES) and verdict_of(packed) <= UNKNOWN


def special_of(packed: int) -> int:
    """Verdict of a trace for special categories, and of what decides a value."""
    return packed >> 7 & 7


def predicate(packed: int) -> bool:
    """Whether what comes out tells how the value itself compares with something."""
    return verdict_of(packed) == DERIVED and special_of(packed) <= UNKNOWN


def fixed(packed: int) -> bool:
    """Whether one value of an influence passes, no other."""
    return bool(packed & _FIXED)


def fixing(packed: int) -> int:
    """The trace of an influence of which one value passes, no other."""
    return packed | _FIXED


def deciding(packed: int) -> int:
    """Trace of a condition on a way of trace `packed`: nothing is decrypted or masked of it there."""
    return packed & ~(RESTORES | 1)


def joined(outer: int, inner: int) -> int:
    """Trace of a path: what hides most wins, unless `outer` restores what `inner` encrypted."""
    if outer & RESTORES:
        outer &= ~RESTORES
        if inner >> 1 & 7 == PSEUDONYMISED:
            inner = CARRIED
        elif inner == CARRIED:
            outer |= RESTORES
    if inner == CARRIED:
        return outer
    if outer == CARRIED:
        return inner
    special = max(outer & _SPECIAL, inner & _SPECIAL)
    return max(outer & _VERDICT, inner & _VERDICT) | special | ((outer | inner) & (17 | _FIXED | INNER))


def add(flow: Flow, key: Key, packed: int) -> None:
    """Add one input; of two paths of the same subtype the one that shows more wins."""
    old = flow.get(key)
    if old is None:
        flow[key] = packed
    elif old != packed:
        shown = min(old & _VERDICT, packed & _VERDICT)
        shown |= min(old & _SPECIAL, packed & _SPECIAL)
        more = RESTORES if restores(old) or restores(packed) else 0
        flow[key] = shown | (old & packed & (1 | INNER)) | more | ((old | packed) & _FIXED)


def carry(
    into: Flow, flow: Mapping[Key, int], subtype: int, packed: int, path: str | None = None, *, kept: bool = False
) -> None:
    """Add all inputs of `flow` as they look behind a step of `subtype` and trace `packed`.

    A `path` is one inside the inputs where they arrive as they are, or their parts do (`kept`); else nobody knows where in
    them it leads.
    """
    composed = COMPOSED[subtype]
    for (table, column, inner_path, inner), inner_packed in flow.items():
        if path is not None:
            inner_path = deeper(inner_path, path, sure=kept or inner == IDENTITY)
        if inner_packed & _FIXED and subtype > AGGREGATION:
            inner_packed &= ~_FIXED
        if inner_packed & INNER and subtype > CONDITIONAL:
            continue
        add(into, (table, column, inner_path, composed[inner]), joined(packed, inner_packed))


def unsure(flow: Mapping[Key, int]) -> Flow:
    """The same inputs; paths inside of them are not known to begin where they lie."""
    return {(table, column, f"{path or ''}{UNSURE}", kind): packed for (table, column, path, kind), packed in flow.items()}


def influence(into: Flow, flow: Mapping[Key, int], subtype: int) -> None:
    """Add all inputs of `flow` as mere influences."""
    for (table, column, path, _), packed in flow.items():
        if not packed & INNER:
            into[table, column, path, subtype] = CARRIED


def decided_by(into: Flow, rows: Mapping[Key, int], packed: int = CARRIED) -> None:
    """Add what decides which rows a query inside has, as what decides a value; of it shows what `packed` tells."""
    for (table, column, path, _), how in rows.items():
        shown = packed | INNER
        add(into, (table, column, path, CONDITIONAL), fixing(shown) if fixed(how) else shown)


class Cell:
    """One output column of a relation: its flow, and the flows of its fields where it is built as a struct.

    `table` is (table, column) where the cell is a column as stored; of an `opaque` cell, such as what a table
    function gives, every field has the flow of the whole. `items` are the projections that made it, each with its flow:
    those that last did anything to the value.
    """

    __slots__ = ("fields", "flow", "items", "opaque", "table")

    def __init__(
        self,
        flow: Flow,
        fields: dict[str, Cell] | None = None,
        table: tuple[str, str] | None = None,
        *,
        opaque: bool = False,
    ) -> None:
        self.flow = flow
        self.fields = fields
        self.table = table
        self.opaque = opaque
        self.items: Items = ()

    def written(self, item: Any) -> Cell:
        """The same, made by a projection."""
        cell: Cell = Cell.__new__(Cell)
        cell.flow, cell.fields, cell.table, cell.opaque = self.flow, self.fields, self.table, self.opaque
        cell.items = ((self.flow, item),)
        return cell

    @classmethod
    def column(cls, table: str, column: str) -> Cell:
        """A column as stored."""
        return cls({(table, column, None, IDENTITY): CARRIED}, None, (table, column))

    @classmethod
    def merged(cls, cells: Sequence[Cell]) -> Cell:
        """One column that takes its value from any of `cells`."""
        if len(cells) == 1:
            return cells[0]
        flow: Flow = dict(cells[0].flow)
        for cell in cells[1:]:
            for key, packed in cell.flow.items():
                add(flow, key, packed)
        items = {id(item): (made, item) for cell in cells for made, item in cell.items}
        fields = [cell.fields for cell in cells]
        if all(f is not None and f.keys() == (fields[0] or {}).keys() for f in fields):
            merged = cls(flow, {n: cls.merged([f[n] for f in fields if f]) for n in fields[0] or {}})
        else:
            merged = cls(flow)
        merged.items = tuple(items.values())
        return merged

    def field(self, name: str) -> Cell:
        """A field of the struct; of a stored struct the dotted column."""
        if self.fields is not None:
            lower = name.lower()
            for field, cell in self.fields.items():
                if field.lower() == lower:
                    return cell
        if self.opaque:
            return self
        flow: Flow = {}
        for (table, column, path, subtype), packed in self.flow.items():
            if path is not None:
                key: Key = (table, column, deeper(path, name, sure=False), subtype)
            elif column == "*" or not table or subtype > IDENTITY + 1:
                key = (table, column, None, subtype)
            else:
                key = (table, f"{column}.{name}", None, subtype)
            add(flow, key, packed)
        return Cell(flow)
