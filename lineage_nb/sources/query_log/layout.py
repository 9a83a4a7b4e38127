"""Which column of a query log holds what: the vendors' own exports by their headers, others by common names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from lineage_nb.errors import FormatError

__all__ = ["PRESETS", "ROLES", "Layout", "Preset", "claims_header", "layout_of"]

ROLES: Final[Mapping[str, str]] = {
    "statement": "text of the statement; the only one that must be there",
    "time": "when it started",
    "end": "when it ended",
    "user": "who sent it",
    "id": "the log's own id of this execution",
    "parent": "id of the script that it is a part of",
    "session": "id of the session, in which temporary tables live",
    "status": "how it ended, in any common word",
    "error": "message or code of an error; empty for none",
    "dialect": "SQL dialect",
    "database": "default database or catalog",
    "schema": "default schema",
    "duration": "time from start to end",
    "busy": "time spent executing",
    "bytes": "bytes scanned",
    "rows": "rows written or returned",
    "written": "bytes written",
    "cost": "what it cost, in currency units",
    "currency": "ISO 4217",
    "billed": "bytes that are billed",
    "credits": "credits that are billed",
    "slot_ms": "slot milliseconds that are billed",
    "compute": "warehouse or cluster it ran on",
    "reads": "tables that it read, as the log lists them",
    "destination": "table that its result went to",
    "type": "kind of statement, as the log calls it",
}
"""What a column may hold: the keys of the option `columns`."""

_COMMON: Final[Mapping[str, tuple[str, ...]]] = {
    "statement": ("statement", "sql", "query_text", "sql_text", "statement_text", "querytext", "query"),
    "time": (
        "time",
        "start_time",
        "started_at",
        "started",
        "query_start_time",
        "starttime",
        "timestamp",
        "ts",
        "event_time",
        "creation_time",
        "created_at",
        "created",
        "log_time",
    ),
    "end": ("end", "end_time", "ended_at", "endtime", "completed_at"),
    "user": ("user", "user_name", "username", "user_email", "usename", "executed_by", "login", "user_id"),
    "id": ("id", "query_id", "job_id", "statement_id", "queryid"),
    "parent": ("parent", "parent_job_id", "parent_query_id"),
    "session": ("session", "session_id"),
    "status": ("status", "execution_status", "state", "query_state", "query_status"),
    "error": ("error", "error_message", "error_code"),
    "dialect": ("dialect",),
    "database": ("database", "database_name", "catalog", "catalog_name", "dbname"),
    "schema": ("schema", "schema_name", "search_path"),
    "duration": (
        "duration",
        "duration_us",
        "duration_ms",
        "duration_s",
        "duration_seconds",
        "elapsed",
        "elapsed_ms",
        "total_elapsed_time",
        "elapsed_time",
        "query_duration_ms",
    ),
    "busy": ("busy", "busy_us", "execution_time", "execution_ms"),
    "bytes": ("bytes", "bytes_scanned", "read_bytes", "total_bytes_processed", "bytes_read"),
    "rows": ("rows", "rows_produced", "returned_rows", "result_rows"),
    "written": ("bytes_written", "written_bytes"),
    "cost": ("cost", "cost_usd"),
    "currency": ("currency",),
    "compute": ("compute", "warehouse", "warehouse_name", "cluster"),
    "reads": ("referenced_tables",),
    "destination": ("destination_table",),
    "type": ("type", "statement_type", "query_type"),
}
_CLAIMED: Final = frozenset(("statement", "sql", "query_text", "sql_text", "statement_text"))
MICROS: Final[Mapping[str, int]] = {"us": 1, "ms": 1_000, "s": 1_000_000, "seconds": 1_000_000}


@dataclass(frozen=True)
class Preset:
    """A vendor's own export.

    Attributes
    ----------
    platform
        Its name, which is also the default namespace.
    dialect
        In which statements are written.
    marks
        Columns, in lower case, that together tell the export from others.
    columns
        Role → the first of these columns that is there; ``a.b`` is field b of a struct or JSON text a.
    units
        Role → microseconds in one unit of `duration` and `busy`.
    default_schema
        Where tables without a schema are, if the log does not say.
    """

    platform: str
    dialect: str
    marks: frozenset[str]
    columns: Mapping[str, tuple[str, ...]]
    units: Mapping[str, int] = field(default_factory=dict)
    default_schema: str | None = None


_MS: Final = {"duration": 1_000, "busy": 1_000}

PRESETS: Final[tuple[Preset, ...]] = (
    Preset(
        "snowflake",
        "snowflake",
        frozenset(("query_text", "execution_status", "total_elapsed_time", "warehouse_name")),
        {
            "statement": ("query_text",),
            "time": ("start_time",),
            "end": ("end_time",),
            "user": ("user_name",),
            "id": ("query_id",),
            "session": ("session_id",),
            "status": ("execution_status",),
            "error": ("error_code",),
            "database": ("database_name",),
            "schema": ("schema_name",),
            "duration": ("total_elapsed_time",),
            "busy": ("execution_time",),
            "bytes": ("bytes_scanned",),
            "rows": ("rows_inserted", "rows_produced"),
            "written": ("bytes_written",),
            "credits": ("credits_attributed_compute", "credits_used_cloud_services"),
            "compute": ("warehouse_name",),
            "type": ("query_type",),
        },
        _MS,
    ),
    Preset(
        "bigquery",
        "bigquery",
        frozenset(("query", "job_id", "creation_time")),
        {
            "statement": ("query",),
            "time": ("creation_time",),
            "end": ("end_time",),
            "user": ("user_email",),
            "id": ("job_id",),
            "parent": ("parent_job_id",),
            "session": ("session_info.session_id",),
            "status": ("state",),
            "error": ("error_result.reason", "error_result"),
            "database": ("project_id",),
            "bytes": ("total_bytes_processed",),
            "rows": ("dml_statistics.inserted_row_count",),
            "billed": ("total_bytes_billed",),
            "slot_ms": ("total_slot_ms",),
            "compute": ("reservation_id",),
            "reads": ("referenced_tables",),
            "destination": ("destination_table",),
            "type": ("statement_type",),
        },
    ),
    Preset(
        "databricks",
        "databricks",
        frozenset(("statement_text", "statement_id", "executed_by")),
        {
            "statement": ("statement_text",),
            "time": ("start_time",),
            "end": ("end_time",),
            "user": ("executed_by",),
            "id": ("statement_id",),
            "session": ("session_id",),
            "status": ("execution_status",),
            "error": ("error_message",),
            "duration": ("total_duration_ms",),
            "busy": ("execution_duration_ms",),
            "bytes": ("read_bytes",),
            "rows": ("written_rows", "produced_rows"),
            "written": ("written_bytes",),
            "compute": ("compute.warehouse_id", "compute.cluster_id"),
            "type": ("statement_type",),
        },
        _MS,
    ),
    Preset(
        "redshift",
        "redshift",
        frozenset(("query_text", "elapsed_time", "returned_rows")),
        {
            "statement": ("query_text",),
            "time": ("start_time",),
            "end": ("end_time",),
            "user": ("user_name", "usename", "username", "user_id"),
            "id": ("query_id",),
            "session": ("session_id",),
            "status": ("status",),
            "error": ("error_message",),
            "database": ("database_name",),
            "duration": ("elapsed_time",),
            "busy": ("execution_time",),
            "bytes": ("scanned_bytes",),
            "rows": ("returned_rows",),
            "type": ("query_type",),
        },
        {"duration": 1, "busy": 1},
        "public",
    ),
    Preset(
        "trino",
        "trino",
        frozenset(("query_id", "state", "query", "user")),
        {
            "statement": ("query",),
            "time": ("created",),
            "end": ("end",),
            "user": ("user",),
            "id": ("query_id",),
            "status": ("state",),
            "error": ("error_code",),
        },
    ),
    Preset(
        "trino",
        "trino",
        frozenset(("metadata.query", "metadata.queryid", "context.user")),
        {
            "statement": ("metadata.query",),
            "time": ("createTime",),
            "end": ("endTime",),
            "user": ("context.user",),
            "id": ("metadata.queryId",),
            "status": ("metadata.queryState",),
            "database": ("context.catalog",),
            "schema": ("context.schema",),
            "bytes": ("statistics.physicalInputBytes",),
            "rows": ("statistics.writtenRows",),
            "written": ("statistics.writtenBytes",),
        },
    ),
)


@dataclass(frozen=True)
class Layout:
    """How one file is to be read.

    Attributes
    ----------
    columns
        Role → column of the file, as it is spelled there (``a.b``: field b of a).
    units
        As in `Preset`.
    platform, dialect, default_schema
        As in `Preset`; None where no preset fits.
    """

    columns: Mapping[str, str]
    units: Mapping[str, int] = field(default_factory=dict)
    platform: str | None = None
    dialect: str | None = None
    default_schema: str | None = None


def _preset(header: Mapping[str, str]) -> Preset | None:
    return next((p for p in PRESETS if p.marks <= header.keys()), None)


def _header(columns: Iterable[str]) -> dict[str, str]:
    """Column in lower case → as spelled; of equal ones the first."""
    found: dict[str, str] = {}
    for column in columns:
        found.setdefault(column.strip().lower(), column)
    return found


def _spelled(header: Mapping[str, str], name: str) -> str | None:
    """A column as the file spells it; for ``a.b`` also a column a that is no struct, which may hold JSON text."""
    found = header.get(name.lower())
    base, _, inner = name.partition(".")
    if found is None and inner and base.lower() in header:
        is_struct = any(column.startswith(f"{base.lower()}.") for column in header)
        return None if is_struct else f"{header[base.lower()]}.{inner}"
    return found


def claims_header(columns: Iterable[str]) -> bool:
    """Whether a file with these columns is a query log: a vendor's export, or a statement and a time.

    Examples
    --------
    >>> claims_header(["SQL_TEXT", "start_time"]), claims_header(["query", "time"]), claims_header(["id", "name"])
    (True, False, False)
    """
    header = _header(columns)
    timed = any(name in header for name in _COMMON["time"])
    return _preset(header) is not None or (timed and bool(_CLAIMED & header.keys()))


def layout_of(columns: Iterable[str], given: Mapping[str, str], where: str) -> Layout:
    """Work out which column holds what.

    Parameters
    ----------
    columns : iterable of str
        Columns of the file; also ``a.b`` for fields of structs.
    given : mapping
        Role → column, as the user says.
    where : str
        The file, for errors.

    Raises
    ------
    FormatError
        When a given role or column is unknown, or no column holds the statements.

    Examples
    --------
    >>> layout_of(["sql", "ts", "Who"], {"user": "who"}, "log.csv").columns
    {'statement': 'sql', 'time': 'ts', 'user': 'Who'}
    """
    header = _header(columns)
    shown = ", ".join(c for c in header.values() if "." not in c) or "none"
    unknown = sorted(set(given) - set(ROLES))
    if unknown:
        raise FormatError(f"columns: unknown name {', '.join(unknown)}. Known: {', '.join(ROLES)}.")
    for role, named in given.items():
        if named.strip().lower() not in header:
            raise FormatError(f"{where}: no column {named!r} for {role!r}. Columns: {shown}.")
    preset = _preset(header)
    candidates = preset.columns if preset else _COMMON
    chosen = {
        role: column
        for role, names in candidates.items()
        if (column := next((c for n in names if (c := _spelled(header, n))), None)) is not None
    }
    chosen |= {role: header[named.strip().lower()] for role, named in given.items()}
    if "statement" not in chosen:
        hint = "Name it: columns={'statement': …}."
        raise FormatError(f"{where}: no column holds the statements. Columns: {shown}. {hint}")
    units = {r: MICROS.get(c.rpartition("_")[2].lower(), 1_000_000) for r, c in chosen.items() if r in _MS}
    if preset is None:
        return Layout(chosen, units)
    return Layout(chosen, units | dict(preset.units), preset.platform, preset.dialect, preset.default_schema)
