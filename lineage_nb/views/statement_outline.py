"""What the lineage of a statement says, output by output, as plain values: every face of it shows these."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from lineage_nb.sql.result import Edge, SqlLineage
from lineage_nb.sql.words import AGGREGATION, SUBTYPES, VERDICTS
from lineage_nb.views.labels import caption, clean

__all__ = ["UNRESOLVED", "Outline", "Output", "Part", "Used", "headline", "outline", "short_names", "table_names"]

UNRESOLVED = "unresolved"


class Used(NamedTuple):
    """An input column, or the part of a JSON value that is taken from one; `table` is empty where not resolved."""

    table: str
    column: str
    path: str | None = None

    @property
    def label(self) -> str:
        """The column as one line."""
        return clean(f"{self.column}:{self.path}" if self.path else self.column)


class Part(NamedTuple):
    """What an input column does to an output column.

    Attributes
    ----------
    value, influence : tuple of str
        Subtypes by which it carries values, and by which it only influences them.
    verdict : str or None
        What shows most of the value; None where no value is carried.
    masking : bool
        Every way a value is carried masks it.
    """

    value: tuple[str, ...]
    influence: tuple[str, ...]
    verdict: str | None
    masking: bool


@dataclass(frozen=True)
class Output:
    """An output table: each of its columns with the inputs it is made of, and what all of its rows depend on."""

    table: str
    columns: Mapping[str, Mapping[Used, Part]]
    rows: Mapping[str, tuple[Used, ...]]


@dataclass(frozen=True)
class Outline:
    """The outputs in order, input tables in order, and for each input column how it influences whole outputs."""

    outputs: tuple[Output, ...]
    inputs: tuple[str, ...]
    whole: Mapping[Used, tuple[str, ...]] = field(default_factory=dict)


def outline(found: SqlLineage) -> Outline:
    """Gather the edges of a lineage by output, column and input.

    Parameters
    ----------
    found : SqlLineage
        Any.

    Returns
    -------
    Outline
        Outputs of which no column is known are there too; the table of a bare query is ``""``.

    Examples
    --------
    >>> from lineage_nb.sql.lineage import sql_lineage
    >>> drawn = outline(sql_lineage("SELECT upper(a) AS b FROM t WHERE c > 1")).outputs[0]
    >>> [(column, [used.column for used in parts]) for column, parts in drawn.columns.items()]
    [('b', ['a'])]
    >>> drawn.rows["FILTER"][0].column
    'c'
    """
    edges = [edge for _, flow in found.flows for edge in flow if not edge.inner]
    by_table: dict[str, list[Edge]] = {t: [] for t in (*found.outputs, *found.columns)}
    for edge in edges:
        by_table.setdefault(edge.output_table, []).append(edge)
    outputs = tuple(_output(t, found.columns.get(t, ()), mine) for t, mine in by_table.items())
    inputs = dict.fromkeys((*found.inputs, *(e.input_table for e in edges)))
    whole: dict[Used, dict[str, None]] = {}
    for edge in edges:
        if edge.output_column is None:
            whole.setdefault(_used(edge), {})[SUBTYPES[edge.subtype]] = None
    return Outline(outputs, tuple(inputs), {used: tuple(names) for used, names in whole.items()})


def _used(edge: Edge) -> Used:
    return Used(edge.input_table, edge.input_column, edge.path)


def _output(table: str, columns: Iterable[str], edges: list[Edge]) -> Output:
    ways: dict[str, dict[Used, list[Edge]]] = {column: {} for column in columns}
    rows: dict[str, dict[Used, None]] = {}
    for edge in edges:
        if edge.output_column is None:
            rows.setdefault(SUBTYPES[edge.subtype], {})[_used(edge)] = None
        else:
            ways.setdefault(edge.output_column, {}).setdefault(_used(edge), []).append(edge)
    made = {column: {used: _part(mine) for used, mine in inputs.items()} for column, inputs in ways.items()}
    return Output(table, made, {name: tuple(rows[name]) for name in SUBTYPES if name in rows})


def _part(edges: list[Edge]) -> Part:
    carrying = [e for e in edges if e.subtype <= AGGREGATION]
    subtypes = sorted({e.subtype for e in edges})
    return Part(
        value=tuple(SUBTYPES[s] for s in subtypes if s <= AGGREGATION),
        influence=tuple(SUBTYPES[s] for s in subtypes if s > AGGREGATION),
        verdict=VERDICTS[min(e.verdict for e in carrying)] if carrying else None,
        masking=bool(carrying) and all(e.masking for e in carrying),
    )


def short_names(tables: Iterable[str]) -> dict[str, str]:
    """Give each table the last part of its name, or all of it where several end alike.

    Examples
    --------
    >>> short_names(["raw.users", "crm.users", "mart.orders", ""])
    {'raw.users': 'raw.users', 'crm.users': 'crm.users', 'mart.orders': 'orders', '': 'unresolved'}
    """
    last = {t: caption({"id": t})[0] if t else UNRESOLVED for t in tables}
    endings = list(last.values())
    return {t: clean(short if endings.count(short) == 1 else t) for t, short in last.items()}


def table_names(tables: Iterable[str], none: str, most: int = 3) -> str:
    """Name the first tables and count the rest.

    Examples
    --------
    >>> table_names(["a", "b", "c", "d", "e"], "nothing")
    'a, b, c and 2 more'
    """
    named = [clean(t, 120) if t else UNRESOLVED for t in tables]
    if not named:
        return none
    if len(named) > most:
        return f"{', '.join(named[:most])} and {len(named) - most:,} more"
    return " and ".join((", ".join(named[:-1]), named[-1])) if len(named) > 1 else named[0]


def _counted(n: int, word: str) -> str:
    return f"{n:,} {word}{'' if n == 1 else 's'}"


def headline(found: SqlLineage) -> str:
    """Tell in one sentence what is written from what.

    Examples
    --------
    >>> from lineage_nb.sql.lineage import sql_lineage
    >>> headline(sql_lineage("INSERT INTO mart.a (x, y) SELECT b.x, b.y FROM raw.b AS b"))
    'INSERT writes 2 columns of mart.a from raw.b.'
    """
    problems = f"; {_counted(len(found.problems), 'problem')}" if found.problems else ""
    known = sum(len(c) for c in found.columns.values())
    columns = _counted(known, "column")
    sources = table_names(found.inputs, "no table")
    targets = table_names(found.outputs, "")
    if not found.statements:
        return f"There is no statement{problems}."
    if len(found.statements) == 1:
        kind = found.statements[0].kind
        if kind == "UNPARSED":
            return f"The statement could not be read{problems}."
        if found.outputs:
            return f"{kind} writes {f'{columns} of ' if known else ''}{targets} from {sources}{problems}."
        gives = f"gives {columns} from {sources}" if known or found.inputs else "moves no data"
        return f"{kind} {gives}{problems}."
    gives = f"writes {targets}" if targets else f"gives {columns}"
    through = f" through {_counted(len(found.trail), 'temporary table')}" if found.trail else ""
    if not (targets or known or found.inputs):
        return f"Script of {len(found.statements):,} statements moves no data{problems}."
    return f"Script of {len(found.statements):,} statements {gives} from {sources}{through}{problems}."
