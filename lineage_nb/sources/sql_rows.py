"""What SQL statements say, as rows of the model.

A statement is a job: READ and WRITE tie it to tables, typed edges run between their columns. SQL tells all that a
statement does, so a column that it does not name is not reached by it: the job WRITEs that column, which is how
the model says that no input feeds it. Three things are left open, so that analyses call them possible:

- an output column with an input that could not be resolved keeps its other inputs, but names no job that states it;
- behind a star that could not be expanded there may be any column: the table gets a column ``*`` of no known origin,
  unless nothing but the star was written;
- a verdict that is not known is null, for all edges of a job between the same two columns.

Three subtypes say more than OpenLineage's: DECRYPTION shows what encryption hid, of a PREDICATE only a comparison of the
value shows, a REFERENCE (INDIRECT) names a column that nothing of the output is made of. A WRITE of a job that always replaces all that a table held is an OVERWRITE. The extra column `k` of a
FILTER says how many distinct values of the column stand behind every row that came out; the extra column `expression` of
a DIRECT edge is the SQL that made the value, literals taken out and cut to a few hundred characters. `source_path` says
which parts of a JSON value the edge takes, as keys with dots between them, one a line; null: all of it, or nobody knows.

A statement that moves no values (DELETE) has no READ, only what it filters by. A renamed table goes by its new name
where the old one was not used again; else, and where tables are swapped, the content moved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

import polars as pl

from lineage_nb.model.ids import column_id, node_id
from lineage_nb.model.schema import FRAMES
from lineage_nb.sources.sql_facts import (
    STAR,
    Dataset,
    EdgeRow,
    Job,
    Move,
    Times,
    Write,
    dataset_id,
    edge_frame,
    fitted,
    least,
    most,
    node_frame,
    place,
    united_parts,
    without_values,
)
from lineage_nb.sources.sql_said import REFERENCE, Said, groups_by_condition, said_by
from lineage_nb.sql.json_parts import sure_path
from lineage_nb.sql.result import Edge, Event, SqlLineage, Statement
from lineage_nb.sql.words import (
    AGGREGATION,
    CONDITIONAL,
    FILTER,
    SUBTYPES,
    plain_type,
    type_of,
)

__all__ = ["Job", "SqlRows", "dataset_id"]

_TYPES: Final = ("table", "view", "materialized view", "external table", "dynamic table")


class SqlRows:
    """Collects statements; `frames` tells what they say.

    Parameters
    ----------
    namespace : str
        Of all tables, such as ``snowflake`` or ``postgres://host:5432``; files with an address have their own.
    evidence : str
        Which source said so, and how.
    known_as : callable, optional
        Name of a table in a statement → name under which it is kept.

    Examples
    --------
    >>> from lineage_nb.sql.lineage import sql_lineage
    >>> rows = SqlRows("pg", "log:sql")
    >>> rows.add(sql_lineage("CREATE VIEW b AS SELECT x + 1 AS y FROM a WHERE z"), Job("pg", "make_b"))
    True
    >>> frames = rows.frames()
    >>> frames["edges"].filter(pl.col("subtype").is_not_null()).select("source", "target", "subtype").rows()
    [('pg/a#x', 'pg/b#y', 'TRANSFORMATION'), ('pg/a#z', 'pg/b', 'FILTER')]
    >>> frames["nodes"].filter(id="pg/b")["type"].item()
    'view'
    """

    def __init__(self, namespace: str, evidence: str, known_as: Callable[[str], str] = str) -> None:
        self.namespace = namespace
        self.evidence = evidence
        self._known_as = known_as
        self._ids: dict[str, str] = {}
        self._datasets: dict[str, Dataset] = {}
        self._jobs: dict[str, tuple[Job, Times]] = {}
        self._edges: list[EdgeRow] = []
        self._writes: list[Write] = []
        self._moves: list[Move] = []
        self._aliases: set[tuple[str, str, str]] = set()
        self._meant: dict[str, dict[str, Times]] = {}
        self._unread: set[str] = set()
        self._drops: list[tuple[str, bool, int | None]] = []
        self._step = 0

    # -- what is said ----------------------------------------------------------------------------------------

    def name_of(self, table: str) -> str:
        """Name under which a table is kept."""
        return place(self.namespace, self._known_as(table))[1]

    def has(self, table: str) -> bool:
        """Whether any statement spoke of a table that is kept under this name."""
        namespace, name = place(self.namespace, table)
        return node_id("dataset", namespace, name) in self._datasets

    def id_of(self, table: str) -> str:
        """Node id of what statements call `table`."""
        known = self._ids.get(table)
        if known is None:
            namespace, name = place(self.namespace, self._known_as(table))
            known = self._ids[table] = node_id("dataset", namespace, name)
            if known not in self._datasets:
                kind = "file" if namespace != self.namespace else "stage" if name.startswith("@") else None
                self._datasets[known] = Dataset(namespace, name, kind)
        return known

    def other_name(self, table: str, name: str, how: str) -> None:
        """Note that a table is also called `name`; `how` is added to the evidence."""
        self._aliases.add((dataset_id(self.namespace, name), self.id_of(table), f"{self.evidence}:{how}"))

    def knows(self, table: str, columns: Iterable[str] | Mapping[str, str | None]) -> None:
        """Note the columns of a table in order, with types where they are known."""
        about = self._datasets[self.id_of(table)]
        types = columns if isinstance(columns, Mapping) else {}
        for ordinal, name in enumerate(columns):
            about.column(name, types.get(name), ordinal)

    def read(self, what: SqlLineage | Statement, *, first: int | None = None, last: int | None = None) -> None:
        """Note the tables and columns of a statement that writes nothing."""
        said = said_by(what)
        for table in said.inputs:
            self._touch(table, (first, last))
        for edge in said.edges:
            if edge.input_table and edge.input_column != STAR:
                self._datasets[self.id_of(edge.input_table)].column(without_values(edge.input_column))

    def add(
        self,
        what: SqlLineage | Statement,
        job: Job | None = None,
        *,
        first: int | None = None,
        last: int | None = None,
        proven: bool = True,
    ) -> bool:
        """Note what a statement or script does.

        Parameters
        ----------
        what : SqlLineage or Statement
            Temporary tables of a script are left out; those of a single statement are kept.
        job : Job, optional
            The job that it is; without one only tables, columns and what becomes of tables are noted.
        first, last : int, optional
            When it ran, microseconds since 1970, UTC.
        proven : bool
            Whether it was not taken back: what may have been rolled back replaces and drops nothing.

        Returns
        -------
        bool
            Whether the job writes a table.
        """
        said, times = said_by(what), (first, last)
        for statement in said.statements:
            self._definitions(statement, said, times)
            for event in statement.events:
                self._event(event, job, said, times, proven=proven)
        edges: dict[str, list[Edge]] = {}
        for edge in said.edges:
            edges.setdefault(edge.output_table, []).append(edge)
        fed = bool(said.inputs) and any(said.columns.get(table) for table in said.outputs)
        written = [t for t in said.outputs if self._output(t, said, edges.get(t, []), job, fed, times, proven)]
        if not written or job is None:
            return False
        self._job(job, times)
        for source in said.inputs:
            node = self._touch(source, times)
            if fed:
                self._add(node, job.id, "READ", job.id, times)
        for table, name, output in said.references():
            column = without_values(name)
            self._datasets[self.id_of(table)].column(column)
            ends = (column_id(self.id_of(table), column), self.id_of(output))
            self._edges.append(EdgeRow(*ends, "INDIRECT", REFERENCE, None, None, job.id, *times))
        return True

    def _job(self, job: Job, times: Times) -> None:
        _, (first, last) = self._jobs.get(job.id, (job, times))
        self._jobs[job.id] = (job, (least(first, times[0]), most(last, times[1])))

    def _touch(self, table: str, times: Times) -> str:
        node = self.id_of(table)
        about = self._datasets[node]
        self._step += 1
        about.first, about.last, about.step = least(about.first, times[0]), most(about.last, times[1]), self._step
        return node

    def _definitions(self, statement: Statement, said: Said, times: Times) -> None:
        word = statement.kind.removeprefix("CREATE ").lower()
        for table in {e.table for e in statement.events if statement.defines(e)} - said.passing:
            about = self._datasets[self._touch(table, times)]
            if table in said.temporary:
                about.type = "temporary table"
            elif word in _TYPES:
                about.type = word
            elif word == "query":  # of which it is not known how it is stored: what other statements say counts more
                about.type = about.type or word
            declared = statement.types.get(table)
            names = tuple(declared) if declared else statement.columns.get(table, ())
            if STAR not in names:
                for ordinal, name in enumerate(names):
                    about.column(without_values(name), plain_type(declared[name]) if declared else None, ordinal)
        for change in statement.alterations:
            if change.what == "add" and change.table not in said.passing:
                self._datasets[self.id_of(change.table)].column(change.column, plain_type(change.other))

    def _event(self, event: Event, job: Job | None, said: Said, times: Times, *, proven: bool) -> None:
        what, table, other = event
        if table in said.passing or self._known_as(table).endswith(STAR):
            return  # one of many tables that share a name: the others live on
        if what == "drop":
            if proven and not said.may_be_undone:
                self._drops.append((self.id_of(table), other == "view", times[1]))
        elif what == "undrop":
            about = self._datasets[self.id_of(table)]
            about.restored = most(about.restored, times[1])
        elif what == "synonym" and other is not None:
            self._meant.setdefault(self.id_of(table), {})[self.id_of(other)] = times
        elif other is not None and what in ("rename", "swap"):
            if len(said.statements) > 1 and other in said.outputs:
                return  # a script's lineage speaks of tables by their later names already
            old, new = self.id_of(table), self._touch(other, times)
            if what == "swap":
                self._touch(table, times)
            if old != new:
                self._moves.append(Move(old, new, what == "swap", job, times, self._step))

    def _output(
        self, table: str, said: Said, edges: list[Edge], job: Job | None, fed: bool, times: Times, proven: bool
    ) -> bool:
        """Note one written table; False where it is only declared, or no job is named."""
        names = [without_values(name) for name in said.columns.get(table, ())]
        target = self._touch(table, times)
        for name in names:
            if name != STAR:
                self._datasets[target].column(name)
        if job is None or not (names or edges or said.fills(table)):
            return False
        self._add(job.id, target, "WRITE", job.id, times, "OVERWRITE" if proven and said.replaces(table) else None)
        if said.is_unread(table, edges):
            self._unread.add(target)
        if said.writers(table) > 1:  # what one of them says of its groups is not true of the others'
            edges = [e._replace(least=None) for e in edges]
        for edge in groups_by_condition(edges):
            end = target if edge.output_column is None else column_id(target, without_values(edge.output_column))
            self._sql_edge(edge, end, job.id, times)
        by_column: dict[str, list[Edge]] = {name: [] for name in names if name != STAR}
        for edge in edges:
            if edge.output_column is None:
                self._sql_edge(edge, target, job.id, times)
            elif edge.output_column != STAR:
                by_column.setdefault(without_values(edge.output_column), []).append(edge)
        for name, into in by_column.items():
            self._column(column_id(target, name), into, job.id, times, settled=said.settles(table, name))
        known = fed or (bool(names) and said.read_in_full and not said.is_unread(table, edges))
        self._writes.append(Write(job.id, target, frozenset(by_column), STAR in names, known, times))
        return True

    def _column(self, target: str, edges: list[Edge], job: str, times: Times, *, settled: bool) -> None:
        direct = [e for e in edges if e.subtype <= AGGREGATION]
        if not direct and settled:
            self._add(job, target, "WRITE", job, times)
        stated = job if settled and all(e.input_table for e in direct) else None
        for edge in edges:
            self._sql_edge(edge, target, stated if edge.subtype <= AGGREGATION else job, times)

    def _sql_edge(self, edge: Edge, target: str, job: str | None, times: Times) -> None:
        """Add an edge from a column, or from all columns of a table, unless its table could not be told."""
        if not edge.input_table:
            return
        source = self.id_of(edge.input_table)
        if edge.input_column != STAR:
            name = without_values(edge.input_column)
            self._datasets[source].column(name)
            source = column_id(source, name)
        subtype = edge.subtype
        if subtype <= AGGREGATION and edge.shows_more:
            self._sql_edge(edge._replace(subtype=CONDITIONAL, verdict=edge.special or 0, masking=False), target, job, times)
        code = edge.verdict if subtype <= CONDITIONAL else None
        masking = edge.masking if subtype < FILTER else None
        word = "DECRYPTION" if edge.restores else "PREDICATE" if edge.predicate else SUBTYPES[subtype]
        row = EdgeRow(source, target, type_of(subtype), word, code, masking, job, *times, edge.least, edge.said, sure_path(edge.path))
        self._edges.append(row)

    def _add(self, source: str, target: str, kind: str, job: str, times: Times, subtype: str | None = None) -> None:
        self._edges.append(EdgeRow(source, target, kind, subtype, None, None, job, *times))

    # -- what it amounts to ----------------------------------------------------------------------------------

    def frames(self) -> dict[str, pl.DataFrame]:
        """Tell all of it.

        Returns
        -------
        dict of str to polars.DataFrame
            nodes, edges, aliases and coverage (tables into which something went that nobody could read) of the model,
            as far as they have rows.
        """
        for move in self._moves:
            self._moved(move)
        self._moves = []
        for node, if_view, at in self._drops:
            about = self._datasets[node]
            if not if_view or "view" in (about.type or ""):
                about.deleted = most(about.deleted, at)
        self._drops = []
        self._mean()
        self._unite_parts()
        open_tables = self._close()
        made = {
            "nodes": node_frame(self._datasets, self._jobs, open_tables),
            "edges": edge_frame(self._edges, self.evidence),
            "aliases": pl.DataFrame(sorted(self._aliases), schema=FRAMES["aliases"].schema, orient="row"),
            "coverage": fitted("coverage", pl.DataFrame({"scope": sorted(self._unread)}, schema={"scope": pl.String}).with_columns(what=pl.lit("lineage"), complete=pl.lit(False))),
        }
        return {name: frame for name, frame in made.items() if frame.height}

    def _moved(self, move: Move) -> None:
        old, new, first = self._datasets[move.old], self._datasets[move.new], move.times[0]
        later = old.last is not None and first is not None and old.last > first
        again = later or (old.last == first and old.step > move.step)
        if not move.swapped and not again:
            self._aliases.add((move.old, move.new, f"{self.evidence}:rename"))
            for name, (data_type, ordinal) in old.columns.items():
                new.column(name, data_type, ordinal)
        elif move.job is not None:
            self._copied(move.old, move.new, move.job, move.times)
            if move.swapped:
                self._copied(move.new, move.old, move.job, move.times)

    def _copied(self, source: str, target: str, job: Job, times: Times, columns: Iterable[str] | None = None) -> None:
        """Note that all of one table became all of another, or that its `columns` did."""
        self._job(job, times)
        self._add(source, job.id, "READ", job.id, times)
        self._add(job.id, target, "WRITE", job.id, times)
        names = dict.fromkeys(columns or (*self._datasets[source].columns, *self._datasets[target].columns))
        for name in names:
            if columns is not None:
                self._datasets[target].column(name)
            ends = (column_id(source, name), column_id(target, name))
            self._edges.append(EdgeRow(*ends, "DIRECT", "IDENTITY", 0, False, job.id, *times))
        self._writes.append(Write(job.id, target, frozenset(names), columns is None, True, times))

    def _mean(self) -> None:
        """Let a synonym be its table; one of several, one after the other, holds what all hold, and fills all."""
        for node, meant in self._meant.items():
            if len(meant) == 1:
                self._aliases.update((node, other, f"{self.evidence}:synonym") for other in meant)
                continue
            about = self._datasets[node]
            filled = any(write.dataset == node for write in self._writes)
            job = Job(about.namespace, f"{about.name}:synonym", "query")
            for other, times in meant.items():
                self._copied(other, node, job, times, list(self._datasets[other].columns) or None)
                if filled:
                    self._copied(node, other, job, times, list(about.columns) or None)

    def _unite_parts(self) -> None:
        """Let BigQuery's ``events_*`` hold what all tables hold whose names begin so."""
        for source, target in united_parts(self._datasets):
            part, pattern = self._datasets[source], self._datasets[target]
            job = Job(pattern.namespace, f"{pattern.name}:wildcard", "query")
            self._copied(source, target, job, (part.first, part.last), list(part.columns))

    def _close(self) -> set[str]:
        """Say of each job which columns it leaves alone; gives the tables with columns that cannot be told."""
        open_tables = set()
        for write in self._writes:
            if write.star and write.named:
                open_tables.add(write.dataset)
            elif write.known and not write.star and not self._datasets[write.dataset].is_file:
                meant = {c for other in self._meant.get(write.dataset, ()) for c in self._datasets[other].columns}
                for name in (self._datasets[write.dataset].columns.keys() | meant) - write.named:
                    self._add(write.job, column_id(write.dataset, name), "WRITE", write.job, write.times)
        self._writes, self._meant = [], {}
        return open_tables
