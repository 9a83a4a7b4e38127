"""What each distinct statement of a log comes to: a job, a read, a change of a table, or nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from lineage_nb.model.report import HIDDEN
from lineage_nb.model.report import UNPARSED as UNREAD
from lineage_nb.sources.query_log.named import Named, columns_named
from lineage_nb.sources.query_log.shapes import single
from lineage_nb.sources.sql_facts import Job
from lineage_nb.sources.sql_rows import SqlRows
from lineage_nb.sql.result import SqlLineage, Statement

__all__ = [
    "NOTHING",
    "READ",
    "SHARD",
    "UNPARSED",
    "WRITE",
    "Key",
    "Outcome",
    "is_system",
    "outcome",
    "unsharded",
]

WRITE: Final = "write"
READ: Final = "read"
NOTHING: Final = "nothing"
UNPARSED: Final = "unparsed"

SHARD: Final = r"_(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
"""The day at the end of the name of a BigQuery table that is one of many."""
_SHARD_END: Final = re.compile(f"{SHARD}$")
_SYSTEM_PARTS: Final = frozenset(
    (
        "information_schema",
        "pg_catalog",
        "pg_internal",
        "performance_schema",
        "account_usage",
        "organization_usage",
    )
)
_SYSTEM_STARTS: Final = ("stl_", "stv_", "svl_", "svv_", "svcs_", "sys_", "pg_")
_SYSTEM_ROOTS: Final = {
    "databricks": "system",
    "trino": "system",
    "clickhouse": "system",
    "tsql": "sys",
    "mysql": "mysql",
}


class Key(NamedTuple):
    """What tells rows of a log apart that may come to something different.

    `reads` and `destination` are tables that the log itself lists; `ran` is false where no row ran to its end, `first`
    and `last` (microseconds since 1970) are when those ran that did; `undone` where a rollback took them back, or may have.
    """

    digest: str
    destination: str | None
    reads: tuple[str, ...]
    ran: bool
    first: int | None
    last: int | None
    undone: bool = False


@dataclass(frozen=True)
class Outcome:
    """What a statement comes to.

    Attributes
    ----------
    role
        `WRITE`, `READ`, `NOTHING` or `UNPARSED`.
    reason
        Why it is nothing, or where it could not be parsed.
    rejected
        Why its rows count as rejected, whatever it comes to: what they do is known in part at most.
    job
        For `WRITE`.
    inputs, outputs
        Node ids of what it reads and writes, each once.
    named
        For `READ`: what it reads of each of its inputs.
    """

    role: str
    reason: str = ""
    job: Job | None = None
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    named: tuple[Named, ...] = ()
    rejected: str | None = None


def unsharded(table: str) -> str:
    """Name under which all the tables go that BigQuery keeps one of for each day.

    Examples
    --------
    >>> unsharded("p.d.events_20240131"), unsharded("p.d.version_20249999")
    ('p.d.events_*', 'p.d.version_20249999')
    """
    return _SHARD_END.sub("_*", table)


def is_system(table: str, dialect: str | None) -> bool:
    """Whether a table is one of the platform's own, which say nothing about data.

    Examples
    --------
    >>> is_system("db.INFORMATION_SCHEMA.TABLES", None), is_system("system.query.history", "databricks")
    (True, True)
    >>> is_system("system.events", "snowflake")
    False
    """
    parts = table.lower().split(".")
    if _SYSTEM_PARTS & set(parts) or parts[0] == _SYSTEM_ROOTS.get(dialect or ""):
        return True
    return dialect in ("redshift", "postgres") and parts[-1].startswith(_SYSTEM_STARTS)


def _anonymous(destination: str) -> bool:
    """Whether a result went to one of the tables in which BigQuery keeps results for a day."""
    parts = destination.split(".")
    return parts[-1].startswith("anon") or (len(parts) > 1 and parts[-2].startswith("_"))


def _into(statement: Statement, destination: str) -> Statement:
    """A bare query whose result went to a table."""
    return replace(
        statement,
        outputs=(destination,),
        columns={destination: statement.columns.get("", ())},
        edges=tuple(e._replace(output_table=destination) for e in statement.edges if not e.output_table),
    )


def _as_listed(key: Key, destination: str | None) -> Statement | None:
    """What the log itself lists, where there is no text that can be read."""
    if destination is None and not key.reads:
        return None
    outputs = (destination,) if destination is not None else ()
    return Statement("LOAD", inputs=key.reads, outputs=outputs, columns=dict.fromkeys(outputs, ("*",)))


def outcome(
    key: Key,
    found: SqlLineage | Statement | None,
    rows: SqlRows,
    *,
    dialect: str | None,
    description: str | None,
) -> Outcome:
    """Work out what a statement comes to, and note it in `rows` if it ran.

    Parameters
    ----------
    key : Key
        What the log says of it.
    found : SqlLineage, Statement or None
        Its lineage; None without a text.
    rows : SqlRows
        Gets tables, columns, jobs and edges.
    dialect : str or None
        Of the log, to know the platform's own tables.
    description : str or None
        For the job.
    """
    destination = key.destination if key.destination and not _anonymous(key.destination) else None
    what: SqlLineage | Statement | None
    if found is None or _unread(found):
        what = _as_listed(key, destination)
        if what is None and found is not None and found.outputs:
            return replace(_written(key, found, found.inputs, rows, description), reason=_where(found), rejected=UNREAD)
        if what is None:
            return Outcome(UNPARSED, _where(found), rejected=UNREAD)
    else:
        what = found if isinstance(found, Statement) else single(found)
        if (
            isinstance(what, Statement)
            and destination is not None
            and "" in what.columns
            and not what.outputs
        ):
            what = _into(what, destination)
    inputs = tuple(dict.fromkeys(t for t in (*what.inputs, *key.reads) if not is_system(t, dialect)))
    if what.outputs:
        return _written(key, what, inputs, rows, description)
    if any(s.events for s in _statements(what)):
        job = Job(rows.namespace, f"{_kind(what)}:{key.digest[:8]}", "query")
        if key.ran:
            rows.add(what, job, first=key.first, last=key.last, proven=not key.undone)
        return Outcome(NOTHING, "changes of tables, which are kept (DROP, RENAME …)")
    if inputs and not key.ran:
        return Outcome(READ)
    if inputs:
        rows.read(what, first=key.first, last=key.last)
        ids, named = _read_of(what, inputs, rows)
        return Outcome(READ, inputs=ids, named=named)
    hidden = any(p.hides_effects for p in what.problems)
    return Outcome(NOTHING, _why_nothing(what), rejected=HIDDEN if hidden else None)


def _statements(what: SqlLineage | Statement) -> tuple[Statement, ...]:
    return (what,) if isinstance(what, Statement) else what.statements


def _unread(found: SqlLineage | Statement) -> bool:
    if not _statements(found) and found.problems:  # cut off within a text, perhaps by the warehouse
        return True
    if len(_statements(found)) == 1:
        return _statements(found)[0].kind == "UNPARSED"
    return any(s.kind == "UNPARSED" for s in _statements(found)) and not (found.inputs or found.outputs)


def _where(found: SqlLineage | Statement | None) -> str:
    """Place of the first problem; never its message, which may quote the statement."""
    problem = next(iter(found.problems), None) if found is not None else None
    return f"line {problem.line}, column {problem.column}" if problem is not None and problem.line else ""


def _kind(what: SqlLineage | Statement) -> str:
    kinds = [s.kind for s in _statements(what) if s.outputs or s.events] or ["script"]
    return kinds[-1].lower().replace(" ", "_")


def _ids(rows: SqlRows, tables: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(rows.id_of(t) for t in tables))


def _read_of(
    what: SqlLineage | Statement, inputs: tuple[str, ...], rows: SqlRows
) -> tuple[tuple[str, ...], tuple[Named, ...]]:
    """Ids of what a statement reads, and what of each; tables that go by one id are one.

    A table that the log lists beside the text is one of the text where they go by one id.
    """
    found: dict[str, Named] = {}
    for table, said in zip(inputs, columns_named(what, inputs), strict=True):
        node = rows.id_of(table)
        if table in what.inputs or node not in found:
            found[node] = said.with_other(found.get(node))
    return tuple(found), tuple(found.values())


def _written(
    key: Key, what: SqlLineage | Statement, inputs: tuple[str, ...], rows: SqlRows, description: str | None
) -> Outcome:
    name = f"{rows.name_of(what.outputs[0])}:{_kind(what)}:{key.digest[:8]}"
    job = Job(rows.namespace, name, "query", description)
    if not key.ran:
        return Outcome(WRITE, job=job)
    if not rows.add(what, job, first=key.first, last=key.last, proven=not key.undone):
        return Outcome(NOTHING, "definitions of tables, which are kept")
    return Outcome(WRITE, job=job, inputs=_ids(rows, inputs), outputs=_ids(rows, what.outputs))


def _why_nothing(what: SqlLineage | Statement) -> str:
    statements = _statements(what)
    if any(s.inputs for s in statements):
        return "queries of system tables"
    if any(s.kind in ("CALL", "EXECUTE") for s in statements):
        return "calls of procedures, whose reads and writes the text does not tell"
    if any("" in s.columns for s in statements):
        return "queries without a table"
    return "statements that move no data (SET, SHOW, GRANT …)"
