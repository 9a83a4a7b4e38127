"""How to get a query log out of a warehouse: the query that each vendor documents the columns of."""

from __future__ import annotations

from typing import Final

from lineage_nb.errors import LineageError

__all__ = ["how_to_export"]

_SNOWFLAKE: Final = """\
-- Snowflake: SNOWFLAKE.ACCOUNT_USAGE needs the role ACCOUNTADMIN or the database role USAGE_VIEWER or GOVERNANCE_VIEWER;
-- rows arrive up to 45 minutes late and are kept for a year. Save the result as CSV or Parquet.
SELECT h.query_id, h.query_text, h.database_name, h.schema_name, h.query_type, h.session_id, h.user_name,
       h.warehouse_name, h.execution_status, h.error_code, h.start_time, h.end_time, h.total_elapsed_time,
       h.execution_time, h.bytes_scanned, h.bytes_written, h.rows_produced, h.rows_inserted,
       a.credits_attributed_compute
FROM snowflake.account_usage.query_history AS h
LEFT JOIN snowflake.account_usage.query_attribution_history AS a ON a.query_id = h.query_id
WHERE h.start_time >= DATEADD(day, -90, CURRENT_TIMESTAMP())
ORDER BY h.start_time"""

_BIGQUERY: Final = """\
-- BigQuery: needs the role BigQuery Resource Viewer; replace the region; jobs are kept for 180 days.
-- Save the result as newline-delimited JSON or Parquet. Prices: prices={"tib": 6.25} or {"slot_hour": 0.04}.
SELECT creation_time, start_time, end_time, project_id, user_email, job_id, parent_job_id, job_type, statement_type,
       state, error_result, cache_hit, query, destination_table, referenced_tables, total_bytes_processed,
       total_bytes_billed, total_slot_ms, dml_statistics, reservation_id
FROM `region-us`.INFORMATION_SCHEMA.JOBS
WHERE creation_time >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 90 DAY)
ORDER BY creation_time"""

_DATABRICKS: Final = """\
-- Databricks: the schema system.query must be enabled; it holds what SQL warehouses and serverless compute ran.
-- Table names are completed by the session's catalog, which the log does not tell: write them in full where you can.
SELECT statement_id, statement_text, statement_type, session_id, execution_status, error_message, executed_by, compute,
       start_time, end_time, total_duration_ms, execution_duration_ms, read_bytes, read_rows, produced_rows,
       written_bytes, written_rows, from_result_cache
FROM system.query.history
WHERE start_time >= CURRENT_TIMESTAMP() - INTERVAL 90 DAYS
ORDER BY start_time"""

_REDSHIFT: Final = """\
-- Redshift: run it as a superuser, others see their own queries only. SYS_QUERY_HISTORY keeps seven days and the first
-- 4,000 characters of a statement; SYS_QUERY_TEXT has the rest, put together here.
WITH texts AS (
  SELECT query_id, LISTAGG(CASE WHEN LEN(RTRIM(text)) = 0 THEN text ELSE RTRIM(text) END, '')
         WITHIN GROUP (ORDER BY sequence) AS full_text
  FROM sys_query_text
  WHERE sequence < 320
  GROUP BY query_id
)
SELECT h.query_id, h.transaction_id, h.session_id, h.user_id, u.user_name, h.database_name, h.query_type, h.status,
       h.start_time, h.end_time, h.elapsed_time, h.execution_time, h.error_message, h.returned_rows, h.returned_bytes,
       COALESCE(t.full_text, h.query_text) AS query_text
FROM sys_query_history AS h
LEFT JOIN texts AS t ON t.query_id = h.query_id
LEFT JOIN svv_user_info AS u ON u.user_id = h.user_id
WHERE h.start_time >= DATEADD(day, -7, GETDATE())
ORDER BY h.start_time"""

_TRINO: Final = """\
-- Trino: the coordinator remembers recent queries only (query.max-history); export often, or keep the JSON that the
-- HTTP event listener sends for completed queries, which can be read as it is and tells catalog and schema too.
SELECT query_id, state, "user", source, query, queued_time_ms, analysis_time_ms, planning_time_ms, created, started,
       "end", error_type, error_code
FROM system.runtime.queries
ORDER BY created"""

_EXPORTS: Final = {
    "bigquery": _BIGQUERY,
    "databricks": _DATABRICKS,
    "redshift": _REDSHIFT,
    "snowflake": _SNOWFLAKE,
    "trino": _TRINO,
}


def how_to_export(platform: str) -> str:
    """Tell how to export a platform's query log so that it can be read as it is.

    Parameters
    ----------
    platform : {"bigquery", "databricks", "redshift", "snowflake", "trino"}
        In any case.

    Returns
    -------
    str
        A query to run there, with what it needs as comments.

    Raises
    ------
    LineageError
        For any other platform; the message lists the known ones.

    Examples
    --------
    >>> print(how_to_export("Trino").splitlines()[-2])
    FROM system.runtime.queries
    """
    found = _EXPORTS.get(platform.strip().lower()) if isinstance(platform, str) else None
    if found is None:
        hint = "Any table with the columns statement, time and user can be read too, see formats()."
        raise LineageError(f"unknown platform {platform!r}. Known: {', '.join(_EXPORTS)}. {hint}")
    return found
