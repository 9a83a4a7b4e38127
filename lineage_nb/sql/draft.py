"""What is being taken down of one statement."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from lineage_nb.sql.flows import (
    INNER,
    Flow,
    Items,
    add,
    decided_by,
    fixed,
    masked,
    predicate,
    restores,
    special_of,
    verdict_of,
)
from lineage_nb.sql.relations import STAR, Relation
from lineage_nb.sql.result import Alteration, Edge, Event, Problem, Statement, made
from lineage_nb.sql.words import AGGREGATION, CONDITIONAL, FILTER

__all__ = ["Draft"]


_IN_PLACE = frozenset(("UPDATE", "MERGE"))


class Draft:
    """Collects outputs, their columns and what influences them; `finish` gives the statement."""

    def __init__(self, kind: str = "") -> None:
        self.kind = kind
        self.outputs: dict[str, dict[str, Flow]] = {}
        self.items: dict[tuple[str, str], Items] = {}
        self.rows: dict[str, Flow] = {}
        self.least: dict[str, dict[tuple[str, str], int]] = {}
        self.events: list[Event] = []
        self.temporary: set[str] = set()
        self.uses: tuple[str, tuple[str, ...]] | None = None
        self.types: dict[str, Mapping[str, str | None]] = {}
        self.alterations: list[Alteration] = []

    def wrote(self, table: str) -> None:
        """Name a table that the statement writes."""
        self.outputs.setdefault(table, {})

    def unwrote(self, table: str) -> None:
        """Take back a table that turned out to be read only."""
        self.outputs.pop(table, None)

    def created(self, table: str, *, temporary: bool = False, replace: bool = False) -> None:
        """Name a table that the statement creates."""
        self.wrote(table)
        self.event("replace" if replace else "create", table)
        if temporary:
            self.temporary.add(table)

    def event(self, what: str, table: str, other: str | None = None) -> None:
        """Note what happens to a table as a whole."""
        self.events.append(Event(what, table, other))

    def column(self, table: str, name: str, flow: Flow, items: Items = ()) -> None:
        """Add to what a column of a written table is made of, and to the projections that make it."""
        columns = self.outputs.setdefault(table, {})
        if items:
            self.items[table, name] = self.items.get((table, name), ()) + items
        known = columns.get(name)
        if known is None:
            columns[name] = flow
        else:
            known = columns[name] = dict(known)
            for key, packed in flow.items():
                add(known, key, packed)

    def columns_of(self, table: str) -> Iterator[tuple[str, Flow]]:
        """Columns of a written table so far."""
        yield from self.outputs.get(table, {}).items()

    def influence(self, table: str, rows: Flow) -> None:
        """Add to what decides which rows a written table gets."""
        if rows:
            self.rows.setdefault(table, {}).update(rows)

    def write(self, table: str, relation: Relation, names: Sequence[str]) -> None:
        """Write a relation into a table, its columns under `names` by position; a name that comes twice gets ``_1``.

        A star behind the names of all columns says that nobody knows what goes into the other ones.
        """
        self.wrote(table)
        if len(names) > len(relation.cells) and names[-1] == STAR:
            self.column(table, STAR, {})
        taken: dict[str, int] = {}
        for name, cell in zip(names, relation.cells, strict=False):
            again = taken.get(name, 0)
            taken[name] = again + 1
            self.column(table, f"{name}_{again}" if again and name != STAR else name, cell.flow, cell.items)
        self.influence(table, relation.influence)
        if relation.least:
            self.least[table] = relation.least

    def _edges(self, text_of: Callable[[Any], str | None] | None) -> list[Edge]:
        edges: list[Edge] = []
        texts: dict[int, str | None] = {}
        for table, columns in self.outputs.items():
            for name, flow in columns.items():
                items = self.items.get((table, name), ()) if text_of is not None else ()
                by_source = _by_source(items) if len(items) > 1 else {}
                for (source, column, path, subtype), packed in flow.items():
                    item = items[0][1] if len(items) == 1 else by_source.get((source, column, path, subtype)) or by_source.get((source, column))
                    text = None
                    if item is not None and text_of is not None and subtype <= AGGREGATION:
                        if id(item) not in texts:
                            texts[id(item)] = text_of(item)
                        text = texts[id(item)]
                    if not packed:  # carried as it is
                        edges.append(Edge(table, name, source, column, subtype, 0, False, path, False, False, None, False, text))
                        continue
                    if subtype <= AGGREGATION:
                        told = (verdict_of(packed), masked(packed), path, restores(packed), predicate(packed))
                    else:
                        told = (special_of(packed) if subtype == CONDITIONAL else 0, masked(packed), path, False, False)
                    edges.append(Edge(table, name, source, column, subtype, *told, None, fixed(packed), text, special_of(packed), bool(packed & INNER)))
            rows = self.rows.get(table)
            if rows:
                least = self.least.get(table, {})
                edges += [
                    Edge(table, None, source, column, subtype, 0, False, path)._replace(
                        least=least.get((source, column)) if subtype == FILTER and path is None else None,
                        fixed=fixed(packed),
                    )
                    if least or packed
                    else Edge(table, None, source, column, subtype, 0, False, path)
                    for (source, column, path, subtype), packed in rows.items()
                ]
        return edges

    def _decide(self) -> None:
        """What picks the rows that are changed in place decides a value that comes from nowhere else."""
        for table, rows in self.rows.items():
            filters = {key: packed for key, packed in rows.items() if key[3] == FILTER}
            for name, flow in list(self.outputs.get(table, {}).items()) if filters else ():
                if not any(key[3] <= AGGREGATION for key in flow):
                    self.outputs[table][name] = decided = dict(flow)
                    decided_by(decided, filters)

    def finish(
        self,
        text: str,
        line: int,
        inputs: Iterable[str],
        problems: Sequence[Problem],
        references: Iterable[tuple[str, str]] = (),
        text_of: Callable[[Any], str | None] | None = None,
    ) -> Statement:
        """The statement as a value; a table whose values it carries is among its inputs, its own target included."""
        if self.kind in _IN_PLACE:
            self._decide()
        edges = self._edges(text_of)
        read = dict.fromkeys(inputs)
        for edge in edges:
            if edge.subtype <= AGGREGATION and edge.input_table:
                read[edge.input_table] = None
        fields = {
            "kind": self.kind,
            "text": text,
            "line": line,
            "inputs": tuple(read),
            "outputs": tuple([t for t in self.outputs if t]),
            "columns": {t: tuple(c) for t, c in self.outputs.items() if c or not t},
            "edges": tuple(edges),
            "problems": tuple(problems),
            "events": tuple(self.events),
            "temporary": frozenset(self.temporary),
            "types": self.types,
            "uses": self.uses,
            "references": tuple(references),
            "alterations": tuple(self.alterations),
        }
        return made(Statement, fields)


def _by_source(items: Items) -> dict[tuple[Any, ...], Any]:
    """The first projection with an entry of a flow, by its key and by its table and column."""
    found: dict[tuple[Any, ...], Any] = {}
    for flow, item in items:
        for key in flow:
            found.setdefault(key, item)
            found.setdefault(key[:2], item)
    return found
