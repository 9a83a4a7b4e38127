"""What is known of a statement, and of a script: values, no behaviour beyond showing them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple, TypeVar

import polars as pl

from lineage_nb.sql.json_parts import shown_path
from lineage_nb.sql.words import AGGREGATION, SUBTYPES, VERDICTS, type_of

__all__ = ["EDGES", "Alteration", "Edge", "Event", "Problem", "SqlLineage", "Statement"]

EDGES = {
    "output_table": pl.String,
    "output_column": pl.String,
    "input_table": pl.String,
    "input_column": pl.String,
    "type": pl.String,
    "subtype": pl.String,
    "masking": pl.Boolean,
    "verdict": pl.String,
    "path": pl.String,
    "statement": pl.Int64,
}
"""Schema of `SqlLineage.edges`. `output_column` is null where an edge concerns the whole output; `verdict` is null
for INDIRECT edges; `path` is the part of a JSON value that was taken, null for the whole; `statement` counts from 0."""


HIDDEN = ("what the procedure reads and writes is not known", "dynamic SQL cannot be known from the text")
FOREIGN = "which is not read"
"""How messages of problems begin, and end, that hide what a statement writes."""

Frozen = TypeVar("Frozen")


def made(kind: type[Frozen], values: Mapping[str, object]) -> Frozen:
    """A frozen dataclass of all its fields, in a third of the time that its constructor takes."""
    value = object.__new__(kind)
    value.__dict__.update(values)
    return value


class Edge(NamedTuple):
    """One input column's part in one output; subtype and verdict are codes of `words`.

    `restores` where decryption shows what encryption hid, `predicate` where only a comparison of the value shows. A
    FILTER of groups by the number of their distinct values has that number in `least`; an influence that lets one value of
    the column pass is `fixed`. The part of a JSON value that was taken is `path`, as `json_paths` writes it. `expression` is the text of the projection that made the value, without literals.
    `special` is the verdict for special categories, of which a comparison tells the value; it is the `verdict` of a CONDITIONAL.
    What decides rows of a query `inner` to the one of the column is FILTER for OpenLineage: `SqlLineage.edges` leaves it out.
    """

    output_table: str
    output_column: str | None
    input_table: str
    input_column: str
    subtype: int
    verdict: int
    masking: bool
    path: str | None = None
    restores: bool = False
    predicate: bool = False
    least: int | None = None
    fixed: bool = False
    expression: str | None = None
    special: int | None = None
    inner: bool = False

    @property
    def shows_more(self) -> bool:
        """Whether special categories show more than the verdict and the subtype tell."""
        return self.special is not None and self.special < self.verdict and not self.predicate

    @property
    def said(self) -> str | None:
        """The expression, of what carries values."""
        return self.expression if self.subtype <= AGGREGATION else None

    def row(self, statement: int) -> tuple[object, ...]:
        """The edge as a row of `EDGES`."""
        direct = type_of(self.subtype)
        verdict = VERDICTS[self.verdict] if direct == "DIRECT" else None
        return (*self[:4], direct, SUBTYPES[self.subtype], self.masking, verdict, shown_path(self.path), statement)


class Problem(NamedTuple):
    """Something that could not be resolved, and where: line and column count from 1, 0 where not known."""

    message: str
    line: int = 0
    column: int = 0
    statement: int = 0

    @property
    def hides_effects(self) -> bool:
        """Whether something runs here of which nobody can tell what it writes: a procedure, SQL that is put together."""
        foreign = self.message.startswith("procedure ") and self.message.endswith(FOREIGN)
        return foreign or self.message.startswith(HIDDEN)

    def __str__(self) -> str:
        column = f", column {self.column}" if self.column else ""
        where = f"line {self.line}{column}: " if self.line else ""
        return f"{where}{self.message}"


class Event(NamedTuple):
    """What a statement does to a table as a whole.

    `what` is one of ``create``, ``replace`` (its content before is gone), ``truncate``, ``drop`` (`other` is
    ``view`` where it may only concern a view: IF EXISTS), ``undrop``, ``rename`` (to `other`), ``swap`` (with `other`), ``clone`` (from `other`), ``synonym`` (of `other`), ``exchange`` (partitions from `other`).
    """

    what: str
    table: str
    other: str | None = None


class Alteration(NamedTuple):
    """What a statement does to a column of a stored table.

    `what` is one of ``add`` (`other` is its type), ``drop``, ``rename`` (to `other`), ``move``, ``clear`` (all columns go);
    `place` is the column behind which it is put, "" for the first place, None for the last.
    """

    what: str
    table: str
    column: str
    other: str | None = None
    place: str | None = None


@dataclass(frozen=True)
class Statement:
    """One statement: what it reads, what it writes, and how columns flow.

    Attributes
    ----------
    kind : str
        ``SELECT``, ``INSERT``, ``CREATE TABLE``, ``CREATE VIEW``, ``UPDATE``, ``DELETE``, ``MERGE``, ``COPY`` …;
        ``UNPARSED`` where it could not be read.
    text : str
        As written.
    line : int
        Where it starts in the script, from 1.
    inputs, outputs : tuple of str
        Dotted table names, paths or stages.
    columns : mapping
        Output table (``""`` for a bare query) → its output columns in order.
    edges : tuple of Edge
        How columns flow.
    problems : tuple of Problem
        What could not be resolved.
    events : tuple of Event
        What it does to tables as a whole.
    temporary : frozenset of str
        Those of `outputs` that live for the session only.
    types : mapping
        Table → column → declared type, for statements that declare columns.
    uses : tuple, optional
        Of USE: what is changed (``CATALOG``, ``SCHEMA`` … or ``""``), and the parts of the name.
    references : tuple of (str, str)
        Table and column of every name of a column in the text, used in the output or not; the table is ``""`` where it
        could not be told, the column ``*`` for a whole row. What a star or a join by equal names takes is not among them.
    alterations : tuple of Alteration
        What it does to columns of tables that are there.
    """

    kind: str
    text: str = ""
    line: int = 1
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    edges: tuple[Edge, ...] = ()
    problems: tuple[Problem, ...] = ()
    events: tuple[Event, ...] = ()
    temporary: frozenset[str] = frozenset()
    types: Mapping[str, Mapping[str, str | None]] = field(default_factory=dict)
    uses: tuple[str, tuple[str, ...]] | None = None
    references: tuple[tuple[str, str], ...] = ()
    alterations: tuple[Alteration, ...] = ()

    @property
    def files(self) -> dict[str, tuple[str, ...]]:
        """Files and stages that it writes, with their columns in order where all are known."""
        written = {t: self.columns.get(t, ()) for t in self.outputs if "/" in t or t.startswith("@")}
        return {t: c for t, c in written.items() if c and "*" not in c}

    def defines(self, event: Event) -> bool:
        """Whether one of its events tells which columns a table has: not where only its rows are replaced."""
        return event.what == "create" or (event.what == "replace" and self.kind.startswith("CREATE"))

    def frame(self, index: int = 0) -> pl.DataFrame:
        """Its edges as a frame with the schema `EDGES`."""
        return edge_frame([(index, self.edges)])


def edge_frame(parts: Iterable[tuple[int, Iterable[Edge]]]) -> pl.DataFrame:
    """Edges of several statements as one frame."""
    rows = [edge.row(index) for index, edges in parts for edge in edges if not edge.inner]
    return pl.DataFrame(rows, schema=EDGES, orient="row")


@dataclass(frozen=True)
class SqlLineage:
    """The lineage of a statement or of a whole script.

    Attributes
    ----------
    sql : str
        The text that was read.
    statements : tuple of Statement
        Each statement by itself.
    inputs, outputs : tuple of str
        Dotted names of what the script reads and writes; temporary tables in between are contracted away.
    columns : mapping
        Output table (``""`` for a bare query, the last of several) → its columns in order.
    flows : tuple of (int, tuple of Edge)
        The script's edges, temporary tables contracted; the int is the statement that writes the output.
    trail : mapping
        Temporary table → the tables it was made from, for those that were contracted away.
    problems : tuple of Problem
        All that could not be resolved, with line and column.
    dialect : str
        The dialect it was read in, ``""`` for none.
    """

    sql: str
    statements: tuple[Statement, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    columns: Mapping[str, tuple[str, ...]]
    flows: tuple[tuple[int, tuple[Edge, ...]], ...]
    problems: tuple[Problem, ...]
    trail: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    dialect: str = ""

    @cached_property
    def _edges(self) -> pl.DataFrame:
        return edge_frame(self.flows)

    @property
    def edges(self) -> pl.DataFrame:
        """How columns flow: a polars frame with the columns of `EDGES`."""
        return self._edges.clone()

    def __repr__(self) -> str:
        return (
            f"SqlLineage({len(self.statements)} statements, {', '.join(self.inputs) or 'nothing'} → "
            f"{', '.join(self.outputs) or 'a result'}, {self.edges.height} edges, {len(self.problems)} problems)"
        )
