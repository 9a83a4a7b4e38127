"""The frames of a snapshot: their columns, types, units and what a null means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import polars as pl

__all__ = ["FRAMES", "Column", "Frame", "describe", "empty"]

TIME = pl.Datetime("us", "UTC")
STRINGS = pl.List(pl.String)


@dataclass(frozen=True)
class Column:
    """One column of a frame.

    Attributes
    ----------
    name, dtype
        As in the polars frame.
    meaning
        What it holds, with its unit.
    null
        What a null means; empty where a null is not allowed.
    default
        Value given where an input frame lacks the whole column.
    """

    name: str
    dtype: pl.DataType | type[pl.DataType]
    meaning: str
    null: str = "not known"
    default: object = None

    @property
    def required(self) -> bool:
        """Whether an input row without this value is rejected."""
        return not self.null and self.default is None


@dataclass(frozen=True)
class Frame:
    """One frame of the model: its columns in order, and the columns that identify a row.

    `key` decides which rows of two snapshots are the same row when they are merged. Facts that count
    (`usage`, `costs`) are told apart by `record`.
    """

    name: str
    meaning: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]

    @property
    def schema(self) -> dict[str, pl.DataType | type[pl.DataType]]:
        """Name → dtype, in order."""
        return {c.name: c.dtype for c in self.columns}

    def column(self, name: str) -> Column | None:
        """Look a column up by name."""
        return next((c for c in self.columns if c.name == name), None)


def _c(
    name: str,
    dtype: pl.DataType | type[pl.DataType],
    meaning: str,
    null: str = "not known",
    default: object = None,
) -> Column:
    return Column(name, dtype, meaning, null, default)


_SEEN = (
    _c("first_seen", TIME, "first time a source recorded it, UTC", "the source gives no time"),
    _c("last_seen", TIME, "last time a source recorded it, UTC", "the source gives no time"),
)

_ALL = (
    Frame(
        "nodes",
        "everything that lineage relates",
        (
            _c("id", pl.String, "opaque and unique; a generated one is namespace/name#column", ""),
            _c("kind", pl.String, "dataset, column, job, report, principal, compute …", "", "dataset"),
            _c("type", pl.String, "table, view, topic, file, model, dashboard, person, team …"),
            _c("namespace", pl.String, "platform and place, as the source names it"),
            _c("name", pl.String, "name within the namespace"),
            _c("parent", pl.String, "a column's dataset, a task's workflow, a person's team", "stands alone"),
            _c("data_type", pl.String, "a column's type, as the source spells it"),
            _c("ordinal", pl.Int64, "a column's position in its dataset, from 0"),
            _c("owners", STRINGS, "principal ids or names, sorted", "nobody is named"),
            _c("tags", STRINGS, "free tags, sorted; pii:<label> marks personal data", "none"),
            _c("tier", pl.String, "importance as the source ranks it"),
            _c("bytes", pl.Int64, "stored size, bytes"),
            _c("description", pl.String, "what people wrote about it", "nobody wrote any"),
            *_SEEN,
            _c("deleted_at", TIME, "when it was dropped, UTC", "it still exists, or nobody said"),
        ),
        ("id",),
    ),
    Frame(
        "edges",
        "what flows where: source → target, the way data flows; extra columns that count: k (of a FILTER: distinct values "
        "behind every row, at least), expression (of a DIRECT edge: the SQL that makes the value, without literals) and "
        "source_path (the parts of a JSON value that it takes, as keys with dots between them, one a line; null: all of it)",
        (
            _c("source", pl.String, "node id", ""),
            _c("target", pl.String, "node id", ""),
            _c("type", pl.String, "DIRECT (carries values), INDIRECT (influences), READ, WRITE", "", "DIRECT"),
            _c(
                "subtype",
                pl.String,
                "IDENTITY, TRANSFORMATION, AGGREGATION; FILTER, JOIN, GROUP_BY, SORT, WINDOW, CONDITIONAL; also DECRYPTION "
                "(shows what was hidden), PREDICATE (tells whether a value is so), REFERENCE (named, though nothing is made of it), "
                "of a WRITE OVERWRITE (nothing is left of before)",
            ),
            _c(
                "verdict",
                pl.String,
                "what becomes of a value: plain, pseudonymised, derived, aggregated, redacted, none",
                "not known; counts as plain",
            ),
            _c("masking", pl.Boolean, "OpenLineage's own masking flag; of a DIRECT edge given without a verdict it means pseudonymised"),
            _c("job", pl.String, "id of the job that moves the data", "no job is named"),
            _c("evidence", pl.String, "which source said so, and how", "", "given"),
            _c("confidence", pl.Float64, "0 to 1", "stated without a doubt"),
            *_SEEN,
            _c("expires_at", TIME, "from when on it no longer holds, UTC", "it holds until further notice"),
        ),
        ("source", "target", "type", "subtype", "job", "evidence"),
    ),
    Frame(
        "runs",
        "executions of jobs",
        (
            _c("job", pl.String, "node id", ""),
            _c("run", pl.String, "the source's run id", ""),
            _c("nominal_time", TIME, "the time the run was scheduled for, UTC"),
            _c("start", TIME, "UTC"),
            _c("end", TIME, "UTC", "still running, or not known"),
            _c("state", pl.String, "COMPLETE, FAIL, ABORT, RUNNING, START"),
            _c("compute", pl.String, "node id of the warehouse or cluster it ran on"),
            _c("busy_us", pl.Int64, "time spent executing, microseconds"),
        ),
        ("job", "run"),
    ),
    Frame(
        "io",
        "what a run read and wrote",
        (
            _c("run", pl.String, "the source's run id", ""),
            _c("dataset", pl.String, "node id", ""),
            _c("direction", pl.String, "in or out", ""),
            _c("rows", pl.Int64, "rows read or written"),
            _c("bytes", pl.Int64, "bytes read or written"),
        ),
        ("run", "dataset", "direction"),
    ),
    Frame(
        "usage",
        "who read what, per day",
        (
            _c("node", pl.String, "node id of what was read", ""),
            _c("consumer", pl.String, "node id of the reader", "an unnamed reader"),
            _c("day", pl.Date, "UTC day", ""),
            _c("reads", pl.Int64, "number of reads", "", 1),
            _c("bytes", pl.Int64, "bytes scanned"),
            _c("record", pl.String, "the source's own id, else content hash and ordinal in its file", ""),
        ),
        ("record",),
    ),
    Frame(
        "costs",
        "what was billed, and what drove it",
        (
            _c("node", pl.String, "node id of the dataset, job or compute that costs", "billed to no node"),
            _c("day", pl.Date, "UTC day", ""),
            _c("component", pl.String, "storage, compute, ingest …", "", "cost"),
            _c("amount", pl.Int64, "micro-units of the currency; negative is a credit", ""),
            _c("currency", pl.String, "ISO 4217", "", "USD"),
            _c("role", pl.String, "billed (sums to the bill) or driver (only splits it)", "", "billed"),
            _c("record", pl.String, "the source's own id, else content hash and ordinal in its file", ""),
        ),
        ("record",),
    ),
    Frame(
        "grants",
        "who may do what",
        (
            _c("principal", pl.String, "node id or name", ""),
            _c("node", pl.String, "node id", ""),
            _c("privilege", pl.String, "SELECT, INSERT, ALL …", "", "SELECT"),
            _c("condition", pl.String, "row filter, mask or other limit", "no limit"),
        ),
        ("principal", "node", "privilege", "condition"),
    ),
    Frame(
        "aliases",
        "other names of nodes",
        (
            _c("name", pl.String, "another name or id of the node", ""),
            _c("node", pl.String, "node id", ""),
            _c("evidence", pl.String, "which source said so, and how", "", "given"),
        ),
        ("name", "node", "evidence"),
    ),
    Frame(
        "coverage",
        "what the records can and cannot show",
        (
            _c("scope", pl.String, "platform, namespace or name prefix", ""),
            _c("what", pl.String, "usage, lineage or cost", ""),
            _c("from", pl.Date, "first day covered", "from the start of the log"),
            _c("to", pl.Date, "last day covered", "to the end of the log"),
            _c("complete", pl.Boolean, "false where records are known to be missing"),
            _c("sample_rate", pl.Float64, "share of records kept, 0 to 1", "all are kept"),
        ),
        ("scope", "what", "from", "to"),
    ),
)

FRAMES: Mapping[str, Frame] = MappingProxyType({f.name: f for f in _ALL})
"""Every frame of the model by name, in the order in which a snapshot shows them."""


def empty(name: str) -> pl.DataFrame:
    """Make a frame of the model without rows.

    Parameters
    ----------
    name : str
        One of `FRAMES`.

    Returns
    -------
    polars.DataFrame
        No rows, all columns of the frame with their dtypes.

    Examples
    --------
    >>> empty("grants").columns
    ['principal', 'node', 'privilege', 'condition']
    """
    return pl.DataFrame(schema=FRAMES[name].schema)


def describe(name: str | None = None) -> pl.DataFrame:
    """List the columns of one frame, or of all.

    Parameters
    ----------
    name : str, optional
        One of `FRAMES`; all when left out.

    Returns
    -------
    polars.DataFrame
        Columns frame, column, dtype, meaning, null (what a null means; empty: not allowed).

    Examples
    --------
    >>> describe("grants")["column"].to_list()
    ['principal', 'node', 'privilege', 'condition']
    """
    frames = FRAMES.values() if name is None else (FRAMES[name],)
    return pl.DataFrame(
        [
            {"frame": f.name, "column": c.name, "dtype": str(c.dtype), "meaning": c.meaning, "null": c.null}
            for f in frames
            for c in f.columns
        ]
    )
