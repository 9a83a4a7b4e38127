"""From the statements of a script to its lineage as a whole: temporary tables are contracted away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from lineage_nb.sql.flows import (
    CARRIED,
    FIXED,
    INNER,
    RESTORES,
    Flow,
    Key,
    add,
    fixed,
    fixing,
    joined,
    masked,
    predicate,
    restores,
    special_of,
    trace,
    verdict_of,
)
from lineage_nb.sql.json_parts import deeper
from lineage_nb.sql.relations import STAR
from lineage_nb.sql.result import Edge, Problem, SqlLineage, Statement, made
from lineage_nb.sql.words import AGGREGATION, COMPOSED, CONDITIONAL, IDENTITY, PLAIN

__all__ = ["contracted"]

_READS = ("CONDITION", "QUERY")


class _Made:
    """What a temporary table is made of."""

    def __init__(self) -> None:
        self.columns: dict[str, Flow] = {}
        self.rows: Flow = {}
        self.tables: dict[str, None] = {}
        self.expressions: dict[tuple[str, Key], str] = {}
        self.computed: list[Edge] = []

    def column(self, name: str) -> Flow:
        """Flow of a column; behind a star that could not be expanded, the column of the table it stands for."""
        found = self._computed(name) or self.columns.get(name)
        if found is not None:
            return found
        if name == STAR:
            return {k: v for flow in self.columns.values() for k, v in flow.items()}
        base, _, field = name.partition(".")
        if field and base in self.columns:
            whole = self.columns[base].items()
            return {
                (t, f"{c}.{field}" if k == IDENTITY and p is None else c, p, k): v
                for (t, c, p, k), v in whole
            }
        star = self.columns.get(STAR, {})
        return {(t, name if c == STAR else c, p, k): v for (t, c, p, k), v in star.items()}


    def _computed(self, name: str) -> Flow:
        """Flow of a column that the table's definition makes of others."""
        flow: Flow = {}
        for edge in (e for e in self.computed if e.output_column == name and e.input_column != name):
            for (table, column, path, kind), packed in self.column(edge.input_column).items():
                add(flow, (table, column, path, COMPOSED[edge.subtype][kind]), joined(_packed(edge), packed))
        return flow


def contracted(
    sql: str, statements: tuple[Statement, ...], problems: tuple[Problem, ...], dialect: str
) -> SqlLineage:
    """The lineage of a script.

    A temporary table, and one that the script creates and drops again, is contracted away: what reads it reads what
    it is made of. A table that is renamed or swapped in is known by its later name.
    """
    if len(statements) == 1 and not statements[0].temporary and statements[0].kind not in _READS:
        return _single(sql, statements[0], problems, dialect)
    passing = _passing(statements)
    made: dict[str, _Made] = {}
    flows: list[tuple[int, tuple[Edge, ...]]] = []
    inputs: dict[str, None] = {}
    written: dict[str, None] = {}
    columns: dict[str, dict[str, None]] = {}
    fresh: set[str] = set()
    last_query = max(
        (i for i, s in enumerate(statements) if s.kind == "SELECT" and "" in s.columns), default=-1
    )
    for index, statement in enumerate(statements):
        _forget(statement, made, passing)
        for table in statement.inputs:
            reached = made[table].tables if table in made else {table: None}
            inputs.update({t: None for t in reached if t not in written})
        edges = tuple(_through(statement, made))
        bare = index == last_query
        kept = tuple(e for e in edges if e.output_table not in passing and (e.output_table or bare))
        _remember(statement, edges, passing, made)
        flows.append((index, kept))
        for table in statement.outputs:
            if table not in passing:
                written[table] = None
        for table, names in statement.columns.items():
            if table not in passing and (table or bare):
                columns.setdefault(table, {}).update(dict.fromkeys(names))
        _rename(statement, flows, written, columns, fresh)
        fresh.update(e.table for e in statement.events if e.what in ("create", "replace"))
    return SqlLineage(
        sql=sql,
        statements=statements,
        inputs=tuple(inputs),
        outputs=tuple(written),
        columns={t: tuple(c) for t, c in columns.items()},
        flows=tuple(flows),
        problems=problems,
        trail=MappingProxyType({t: tuple(m.tables) for t, m in made.items()}),
        dialect=dialect,
    )


def _single(sql: str, statement: Statement, problems: tuple[Problem, ...], dialect: str) -> SqlLineage:
    fields = {
        "sql": sql,
        "statements": (statement,),
        "inputs": statement.inputs,
        "outputs": statement.outputs,
        "columns": statement.columns,
        "flows": ((0, statement.edges),),
        "problems": problems,
        "trail": {},
        "dialect": dialect,
    }
    return made(SqlLineage, fields)


def _passing(statements: tuple[Statement, ...]) -> set[str]:
    """Tables that do not outlive the script."""
    passing: set[str] = set()
    created: set[str] = set()
    for statement in statements:
        passing |= statement.temporary
        for what, table, other in statement.events:
            if other is not None and what == "rename":
                _move(created, {table: other})
                _move(passing, {table: other})
            elif other is not None and what == "swap":
                _move(created, {table: other, other: table})
            if what in ("create", "replace", "clone", "like"):
                created.add(table)
                if table not in statement.temporary:
                    passing.discard(table)
            elif what == "drop" and table in created:
                passing.add(table)
            elif what == "undrop" and table not in statement.temporary:
                passing.discard(table)
    return passing


def _move(names: set[str], moves: dict[str, str]) -> None:
    moved = {moves[n] for n in names if n in moves}
    names.difference_update(moves)
    names.update(moved)


def _forget(statement: Statement, made: dict[str, _Made], passing: set[str]) -> None:
    for what, table, _ in statement.events:
        if table in passing and what in ("create", "replace", "truncate"):
            before, made[table] = made.get(table), _Made()
            own = [e for e in statement.edges if e.input_table == e.output_table == table]
            made[table].computed = own if what != "truncate" else before.computed if before is not None else []


def _through(statement: Statement, made: Mapping[str, _Made]) -> Iterator[Edge]:
    """Edges of a statement with temporary inputs replaced by what these are made of."""
    if not any(e.input_table in made for e in statement.edges) and not any(
        t in made for t in statement.inputs
    ):
        yield from statement.edges
        return
    flows: dict[tuple[str, str | None], Flow] = {}
    expressions: dict[tuple[str, str | None, Key], str | None] = {}
    for edge in statement.edges:
        end = (edge.output_table, edge.output_column)
        flow = flows.setdefault(end, {})
        packed = _packed(edge)
        source = made.get(edge.input_table)
        if source is None:
            key = (edge.input_table, edge.input_column, edge.path, edge.subtype)
            add(flow, key, packed)
            expressions.setdefault((*end, key), edge.expression)
            continue
        for (table, column, path, subtype), inner in source.column(edge.input_column).items():
            inside = deeper(path, edge.path, sure=subtype == IDENTITY) if edge.path else path
            key = (table, column, inside, COMPOSED[edge.subtype][subtype])
            add(flow, key, joined(packed, inner))
            before = source.expressions.get((edge.input_column, (table, column, path, subtype)))
            expressions.setdefault((*end, key), before if before and edge.subtype == IDENTITY else edge.expression or before)
    rows = {k: v for t in statement.inputs if t in made for k, v in made[t].rows.items()}
    for output in dict.fromkeys([*statement.outputs, *([""] if "" in statement.columns else [])]):
        if rows:
            flows.setdefault((output, None), {}).update(rows)
    for (output, name), flow in flows.items():
        for (table, column, path, subtype), packed in flow.items():
            said, special = None, None
            if subtype <= AGGREGATION:
                said = expressions.get((output, name, (table, column, path, subtype)))
                told = (verdict_of(packed), masked(packed), path, restores(packed), predicate(packed))
                special = special_of(packed)
            else:
                told = (special_of(packed) if subtype == CONDITIONAL else PLAIN, masked(packed), path, False, False)
            yield Edge(output, name, table, column, subtype, *told, None, subtype > AGGREGATION and fixed(packed), said, special, bool(packed & INNER))


def _packed(edge: Edge) -> int:
    """Trace of an edge."""
    if edge.subtype == CONDITIONAL:
        packed = trace(edge.verdict, edge.masking) | (INNER if edge.inner else 0)
        return fixing(packed) if edge.fixed else packed
    if edge.subtype > AGGREGATION:
        return FIXED if edge.fixed else CARRIED
    special = PLAIN if edge.predicate and edge.special is None else edge.special
    return trace(edge.verdict, edge.masking, special) | (RESTORES if edge.restores else 0)


def _remember(
    statement: Statement, edges: tuple[Edge, ...], passing: set[str], made: dict[str, _Made]
) -> None:
    for table in statement.outputs:
        if table not in passing:
            continue
        target = made.setdefault(table, _Made())
        for name in statement.columns.get(table, ()):
            target.columns.setdefault(name, {})
        for source in statement.inputs:
            target.tables.update(made[source].tables if source in made else {source: None})
    for edge in edges:
        if edge.output_table not in passing:
            continue
        target = made[edge.output_table]
        packed = _packed(edge)
        flow = (
            target.rows if edge.output_column is None else target.columns.setdefault(edge.output_column, {})
        )
        key = (edge.input_table, edge.input_column, edge.path, edge.subtype)
        add(flow, key, packed)
        if edge.expression and edge.output_column is not None:
            target.expressions[edge.output_column, key] = edge.expression


def _rename(
    statement: Statement,
    flows: list[tuple[int, tuple[Edge, ...]]],
    written: dict[str, None],
    columns: dict[str, dict[str, None]],
    fresh: set[str],
) -> None:
    """What was written under a name that the script changes was written to the later one, and read from there."""
    moves: dict[str, str] = {}
    for what, table, other in statement.events:
        if other is not None and what == "rename":
            moves = {table: other}
        elif other is not None and what == "swap":
            moves = {table: other, other: table}
        else:
            continue
        read = moves if what == "rename" and table in written else {}
        for position, (index, edges) in enumerate(flows):
            if any(e.output_table in moves or e.input_table in read for e in edges):
                named = [e._replace(output_table=moves.get(e.output_table, e.output_table)) for e in edges]
                later = [e._replace(input_table=read.get(e.input_table, e.input_table)) for e in named]
                flows[position] = (index, tuple(later if table in fresh else dict.fromkeys((*named, *later))))
        if what == "rename" and table in fresh:
            fresh.discard(table)
            fresh.update(moves.values())
        for mapping in (written, columns):
            _rekey(mapping, moves)


def _rekey(
    mapping: dict[str, object] | dict[str, None] | dict[str, dict[str, None]], moves: dict[str, str]
) -> None:
    items = [(moves.get(key, key), value) for key, value in mapping.items()]
    mapping.clear()
    for key, value in items:
        mapping[key] = value  # type: ignore[assignment]
