"""Tables, columns and jobs that SQL statements speak of, and the frames that they become."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import polars as pl

from lineage_nb.model.ids import column_id, node_id
from lineage_nb.model.schema import FRAMES, TIME
from lineage_nb.sql.words import UNKNOWN, VERDICTS

__all__ = [
    "STAR",
    "Dataset",
    "EdgeRow",
    "Job",
    "Move",
    "Times",
    "Write",
    "dataset_id",
    "edge_frame",
    "fitted",
    "is_file",
    "least",
    "most",
    "node_frame",
    "place",
    "united_parts",
    "without_values",
]

STAR: Final = "*"
"""Stands for columns that are not known."""
_URL: Final = re.compile(r"^([a-z][a-z0-9+.-]*://[^/]*)/?(.*)$", re.IGNORECASE | re.DOTALL)
_VALUED: Final = re.compile(r"['=<>]|^[\d.]+$")
_STRING: Final = re.compile(r"'(?:[^'\\]|\\.|'')*(?:'|\Z)", re.DOTALL)
_NUMBER: Final = re.compile(r"(?<!\w)\d[\d.]*(?!\w)")
Times = tuple[int | None, int | None]
"""First and last time, microseconds since 1970, UTC."""


def place(namespace: str, table: str) -> tuple[str, str]:
    """Namespace and name of what a statement calls `table`: a file with an address has a namespace of its own.

    Examples
    --------
    >>> place("snowflake", "SHOP.MART.ORDERS"), place("snowflake", "s3://lake/orders.csv")
    (('snowflake', 'SHOP.MART.ORDERS'), ('s3://lake', 'orders.csv'))
    """
    address = _URL.match(table)
    return (address[1], address[2]) if address else (namespace, table)


def is_file(name: str) -> bool:
    """Whether a dataset's name is that of a file or a stage.

    Examples
    --------
    >>> is_file("@stage/orders"), is_file("lake/orders.csv"), is_file("mart.orders")
    (True, True, False)
    """
    return "/" in name or name.startswith("@")


def dataset_id(namespace: str, table: str) -> str:
    """Make the id of what a statement calls `table` (see `place`).

    Examples
    --------
    >>> dataset_id("snowflake", "SHOP.MART.ORDERS")
    'snowflake/SHOP.MART.ORDERS'
    """
    return node_id("dataset", *place(namespace, table))


def without_values(column: str) -> str:
    """Take the literals out of a column's name, which is an expression's text where nobody gave it one.

    Examples
    --------
    >>> without_values("concat(name, ' of Bonn')"), without_values("4711"), without_values("Sales (2024)")
    ("concat(name, '?')", '0', 'Sales (2024)')
    """
    if not _VALUED.search(column):
        return column
    return _NUMBER.sub("0", _STRING.sub("'?'", column))


@dataclass(frozen=True)
class Job:
    """The job that a statement is.

    Attributes
    ----------
    namespace, name
        Make its id.
    type, description
        As in the model's frame of nodes.
    """

    namespace: str
    name: str
    type: str | None = None
    description: str | None = None

    @property
    def id(self) -> str:
        """Node id of the job."""
        return node_id("job", self.namespace, self.name)


@dataclass
class Dataset:
    """What is known of a dataset so far; `step` counts what was told, so that it is known what came last.

    `deleted` and `restored` are when it was last dropped and brought back.
    """

    namespace: str
    name: str
    type: str | None = None
    first: int | None = None
    last: int | None = None
    step: int = -1
    deleted: int | None = None
    restored: int | None = None
    columns: dict[str, tuple[str | None, int | None]] = field(default_factory=dict)

    @property
    def is_file(self) -> bool:
        """Whether it is a file or a stage, whose readers may call its columns by other names than its writers."""
        return self.type in ("file", "stage") or is_file(self.name)

    def column(self, name: str, data_type: str | None = None, ordinal: int | None = None) -> None:
        """Note a column; a type or place that is given replaces what was known."""
        old_type, old_ordinal = self.columns.get(name, (None, None))
        self.columns[name] = (data_type or old_type, old_ordinal if ordinal is None else ordinal)


class Write(NamedTuple):
    """How much of what a job writes is known by column; `known` where the columns that it does not name are left alone."""

    job: str
    dataset: str
    named: frozenset[str]
    star: bool
    known: bool
    times: Times


class Move(NamedTuple):
    """A table's content that goes by another name from now on."""

    old: str
    new: str
    swapped: bool
    job: Job | None
    times: Times
    step: int


class EdgeRow(NamedTuple):
    """One statement about an edge; `code` is a verdict of `lineage_nb.sql.words`, times as in `Times`.

    `k`, `expression` and `source_path` are extra columns of the model: of a FILTER, how many distinct values of the column
    stand behind every row; of a DIRECT edge, the SQL that made the value, without literals; the part of the source that
    it takes, null for all of it.
    """

    source: str
    target: str
    type: str
    subtype: str | None
    code: int | None
    masking: bool | None
    job: str | None
    first_seen: int | None
    last_seen: int | None
    k: int | None = None
    expression: str | None = None
    source_path: str | None = None


_EDGE: Final = {
    **{name: FRAMES["edges"].schema[name] for name in EdgeRow._fields if name not in ("code", "k", "expression", "source_path")},
    "code": pl.Int64,
    "k": pl.Int64,
    "expression": pl.String,
    "source_path": pl.String,
    "first_seen": pl.Int64,
    "last_seen": pl.Int64,
}


def united_parts(datasets: Mapping[str, Dataset]) -> list[tuple[str, str]]:
    """Ids of tables beside those of the patterns, such as BigQuery's ``events_*``, that stand for them too."""
    patterns = {node: d for node, d in datasets.items() if d.name.endswith(STAR) and not d.is_file}
    return [
        (node, pattern)
        for pattern, about in patterns.items()
        for node, part in datasets.items()
        if node != pattern and part.namespace == about.namespace and part.name.startswith(about.name.removesuffix(STAR))
    ]


def least(one: int | None, other: int | None) -> int | None:
    """The smaller of two numbers that may not be known."""
    return min((t for t in (one, other) if t is not None), default=None)


def most(one: int | None, other: int | None) -> int | None:
    """The larger of two numbers that may not be known."""
    return max((t for t in (one, other) if t is not None), default=None)


def fitted(frame: str, data: pl.DataFrame) -> pl.DataFrame:
    """Select the model's columns, nulls where there is nothing to say; times from microseconds."""
    return data.select(
        (pl.col(c) if c in data.columns else pl.lit(None)).cast(dtype).alias(c)
        for c, dtype in FRAMES[frame].schema.items()
    )


def node_frame(
    datasets: Mapping[str, Dataset], jobs: Mapping[str, tuple[Job, Times]], open_tables: Collection[str]
) -> pl.DataFrame:
    """Rows of nodes.

    Parameters
    ----------
    datasets, jobs
        By node id.
    open_tables : collection of str
        Those of `datasets` that have columns which cannot be told: they get one named ``*``.
    """
    rows: list[tuple[Any, ...]] = []
    for node, about in datasets.items():
        back = about.restored is not None and (about.deleted is None or about.restored >= about.deleted)
        seen = (about.first, about.last, None if back else about.deleted)
        rows.append((node, "dataset", about.type, about.namespace, about.name, None, None, None, None, *seen))
        for name, told in about.columns.items():
            home = (about.namespace, name, node)
            rows.append(
                (column_id(node, name), "column", None, *home, *told, None, about.first, about.last, None)
            )
        if node in open_tables:
            home = (about.namespace, STAR, node)
            kind = "columns not known"
            seen = (about.first, about.last, None)
            rows.append((column_id(node, STAR), "column", kind, *home, None, None, None, *seen))
    for node, (job, times) in jobs.items():
        rows.append(
            (node, "job", job.type, job.namespace, job.name, None, None, None, job.description, *times, None)
        )
    names = ("id", "kind", "type", "namespace", "name", "parent", "data_type", "ordinal", "description")
    return _frame("nodes", (*names, "first_seen", "last_seen", "deleted_at"), rows)


def _frame(frame: str, names: Sequence[str], rows: list[tuple[Any, ...]]) -> pl.DataFrame:
    schema = FRAMES[frame].schema
    kinds = {n: pl.Int64 if schema[n] == TIME else schema[n] for n in names}
    return fitted(frame, pl.DataFrame(rows, schema=kinds, orient="row"))


def edge_frame(rows: Sequence[EdgeRow], evidence: str) -> pl.DataFrame:
    """Rows of edges, one for each key of the model: what shows most wins; a verdict that is not known is null.

    Where a job has several edges between two columns and does not know one verdict, it gives none of them: a
    verdict that is given would decide.
    """
    edges = pl.DataFrame(rows, schema={n: _EDGE[n] for n in EdgeRow._fields}, orient="row")
    key = ["source", "target", "type", "subtype", "job"]
    direct = pl.col("type") == "DIRECT"
    unsure = ((pl.col("code") == UNKNOWN) & direct).any().over("source", "target", "job").fill_null(value=False)
    one_each = (
        edges.with_columns(unsure.alias("unsure"))
        .group_by(*key, "unsure")
        .agg(
            pl.col("code").min(),
            pl.col("masking").min(),
            pl.col("first_seen").min(),
            pl.col("last_seen").max(),
            pl.when(pl.col("k").null_count() == 0).then(pl.col("k").min()).alias("k"),
            *_newest(edges),
            *_parts(edges),
        )
    )
    known = pl.col("code").replace_strict(dict(enumerate(VERDICTS)), default=None, return_dtype=pl.String)
    told = one_each.with_columns(
        pl.when(~pl.col("unsure") & (direct | (pl.col("code") > UNKNOWN))).then(known).alias("verdict"), evidence=pl.lit(evidence)
    )
    made = fitted("edges", told)
    extras = [told[name] for name in ("k", "expression", "source_path") if name in told.columns and told[name].null_count() < told.height]
    made = made.with_columns(extras)
    return made.sort(*key, nulls_last=True)


def _parts(edges: pl.DataFrame) -> list[pl.Expr]:
    """All parts that an edge takes, a line each; one that takes the whole source takes no parts."""
    path = pl.col("source_path")
    if edges["source_path"].null_count() == edges.height:
        return []
    told = (path.null_count() == 0) & ~path.str.contains("\n", literal=True).any()
    return [pl.when(told).then(path.unique().sort().str.join("\n")).alias("source_path")]


def _newest(edges: pl.DataFrame) -> list[pl.Expr]:
    """Of several expressions of an edge the one that was seen last, then the larger; nothing where there is none."""
    if edges["expression"].null_count() == edges.height:
        return []
    said = pl.col("expression")
    return [said.sort_by("last_seen", said, nulls_last=False).drop_nulls().last()]
