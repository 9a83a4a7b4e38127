"""Where a value comes from: a flow maps input columns to what became of them.

A flow is a plain dict, since one is built for every expression: ``(table, column, path, subtype) → trace``. `path` is
the part of a JSON value that was taken, null for the whole. A trace packs a verdict, OpenLineage's masking flag,
whether decryption undid an encryption on the way, and whether the value was compared with something into one integer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from lineage_nb.sql.words import AGGREGATION, COMPOSED, DERIVED, IDENTITY, PLAIN, PSEUDONYMISED, UNKNOWN

__all__ = [
    "CARRIED",
    "FIXED",
    "PREDICATE",
    "RESTORES",
    "Cell",
    "Flow",
    "Items",
    "Key",
    "add",
    "carry",
    "influence",
    "masked",
    "predicate",
    "restores",
    "trace",
    "verdict_of",
]

Key = tuple[str, str, str | None, int]
Flow = dict[Key, int]
Items = tuple[tuple[Flow, Any], ...]

CARRIED: Final = PLAIN << 1
RESTORES: Final = 1 << 4
PREDICATE: Final = 1 << 5
FIXED: Final = 1 << 6
"""Of an influence: one value of the column passes, no other."""
_VERDICT: Final = 14


def trace(verdict: int, masking: bool = False) -> int:
    """Pack a verdict and the masking flag."""
    return verdict << 1 | masking


def verdict_of(packed: int) -> int:
    """Verdict of a trace."""
    return packed >> 1 & 7


def masked(packed: int) -> bool:
    """Masking flag of a trace."""
    return bool(packed & 1)


def restores(packed: int) -> bool:
    """Whether the step decrypts, and does nothing else that hides the value."""
    return bool(packed & RESTORES) and verdict_of(packed) <= UNKNOWN


def predicate(packed: int) -> bool:
    """Whether what comes out tells how the value itself compares with something."""
    return bool(packed & PREDICATE) and verdict_of(packed) == DERIVED


def joined(outer: int, inner: int) -> int:
    """Trace of a path: what hides most wins, unless `outer` restores what `inner` encrypted.

    A comparison of what was derived before compares no value.
    """
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
    compared = inner & PREDICATE or (outer & PREDICATE and (inner & _VERDICT) >> 1 < DERIVED)
    return max(outer & _VERDICT, inner & _VERDICT) | ((outer | inner) & (17 | FIXED)) | (PREDICATE if compared else 0)


def add(flow: Flow, key: Key, packed: int) -> None:
    """Add one input; of two paths of the same subtype the one that shows more wins."""
    old = flow.get(key)
    if old is None:
        flow[key] = packed
    elif old != packed:
        shown = min(old & _VERDICT, packed & _VERDICT)
        more = sum(b for b, holds in ((RESTORES, restores), (PREDICATE, predicate)) if holds(old) or holds(packed))
        flow[key] = shown | (old & packed & 1) | more | ((old | packed) & FIXED)


def carry(into: Flow, flow: Mapping[Key, int], subtype: int, packed: int, path: str | None = None) -> None:
    """Add all inputs of `flow` as they look behind a step of `subtype` and trace `packed`."""
    composed = COMPOSED[subtype]
    for (table, column, inner_path, inner), inner_packed in flow.items():
        if path is not None:
            inner_path = f"{inner_path}.{path}" if inner_path else path
        if inner_packed & FIXED and subtype > AGGREGATION:
            inner_packed &= ~FIXED
        add(into, (table, column, inner_path, composed[inner]), joined(packed, inner_packed))


def influence(into: Flow, flow: Mapping[Key, int], subtype: int) -> None:
    """Add all inputs of `flow` as mere influences."""
    for table, column, path, _ in flow:
        into[table, column, path, subtype] = CARRIED


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
                key: Key = (table, column, f"{path}.{name}", subtype)
            elif column == "*" or not table or subtype > IDENTITY + 1:
                key = (table, column, None, subtype)
            else:
                key = (table, f"{column}.{name}", None, subtype)
            add(flow, key, packed)
        return Cell(flow)
