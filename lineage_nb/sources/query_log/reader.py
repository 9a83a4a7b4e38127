"""Query logs: what a warehouse was asked, as the vendors export it or as any table of statements and times.

Statements of equal shape are parsed once. One with an output is a job with runs; one without is usage of the tables
it read. What it takes to export a log is told by `lineage_nb.sources.exports.how_to_export`.

The same row twice in one call (equal ids) counts once, and so does the same file in two. Exports that overlap in part
should be read in one call: reads are added up by day, so half a day's export and the whole day's are different facts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import polars as pl

from lineage_nb.model.merge import unite
from lineage_nb.model.report import FileReport, ReportBuilder
from lineage_nb.sources.query_log.facts import EVIDENCE, facts
from lineage_nb.sources.query_log.files import SUFFIXES, columns_of
from lineage_nb.sources.query_log.layout import claims_header
from lineage_nb.sources.query_log.outcomes import (
    NOTHING,
    READ,
    SHARD,
    Key,
    Outcome,
    outcome,
    unsharded,
)
from lineage_nb.sources.query_log.rows import Settings, load_rows, reject
from lineage_nb.sources.query_log.sessions import told_apart
from lineage_nb.sources.query_log.shapes import Question, answers
from lineage_nb.sources.query_log.transactions import with_undone
from lineage_nb.sources.query_log.values import SEPARATOR
from lineage_nb.sources.registry import Entry, Format, Frames
from lineage_nb.sources.sql_rows import SqlRows
from lineage_nb.sql.result import SqlLineage, Statement

__all__ = ["FORMAT", "claims", "read"]

_DAY: Final = "19700101"
_SHARDED: Final = rf"([\w`]){SHARD}\b"
_SHARD_NAME: Final = rf"(?:[\w`-]+\.){{0,2}}`?[\w-]*\w{SHARD}\b"
_KEY: Final = ("dialect", "shape", "database", "schema", "destination", "reads", "undone")
_TEXT: Final = ("dialect", "shape", "database", "schema")


def claims(entry: Entry) -> bool:
    """Whether a file is a query log, by its header.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "log.csv"
    >>> _ = path.write_text("sql_text,start_time,who")
    >>> claims(Entry(path))
    True
    """
    return entry.suffix in SUFFIXES and claims_header(columns_of(entry))


def read(entries: Sequence[Entry], report: ReportBuilder, options: Mapping[str, Any]) -> Frames:
    """Read query logs.

    Parameters
    ----------
    entries : sequence of Entry
        Files, in any order: what one tells of tables serves the statements of all.
    report : ReportBuilder
        Every row is accepted, or rejected with its number (records from 1, the line of names aside), a reason and the
        value that is wrong; the text of a rejected statement is not kept.
        Statements that say nothing about data are counted in the file's note.
    options : Mapping
        ``columns`` (what a column holds → its name in the file, see `lineage_nb.sources.query_log.layout.ROLES`; common
        names need none), ``dialect`` (for files that do not tell), ``namespace`` (of all tables; the platform by
        default), ``schema`` (table → columns, or column → type), ``keep_sql`` (store the statements of jobs, their
        literals taken out, as descriptions), ``processes`` (that parse), ``prices`` (``{"tib": 6.25}`` for bytes
        billed, ``credit``, ``slot_hour``: currency units), ``currency``.

    Returns
    -------
    dict of str to polars.DataFrame
        nodes, edges, aliases, runs, io, usage, costs and coverage, as far as they have rows.

    Raises
    ------
    FormatError
        When no column of a file holds statements, or `columns` names one that is not there.
    LineageError
        For an unknown dialect or price.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "log.csv"
    >>> _ = path.write_text('''statement,time,user
    ... CREATE TABLE mart.users AS SELECT id FROM raw.users,2025-01-01 10:00:00,etl
    ... SELECT id FROM mart.users WHERE id = 7,2025-01-01 11:00:00,jo
    ... SELECT id FROM mart.users WHERE id = 8,2025-01-01 12:00:00,jo''')
    >>> frames = read([Entry(path)], ReportBuilder(), {"namespace": "dwh"})
    >>> frames["usage"].select("node", "consumer", "reads").rows()
    [('dwh/mart.users', 'principal:dwh/jo', 2)]
    >>> frames["edges"].filter(type="DIRECT").select("source", "target").rows()
    [('dwh/raw.users#id', 'dwh/mart.users#id')]
    """
    settings = Settings(**options)
    files: list[FileReport] = []
    parts = []
    for entry in entries:
        files.append(report.file(entry.path, FORMAT.name))
        part = load_rows(entry, len(files) - 1, files, settings)
        if part is not None:
            parts.append(part)
    if not parts:
        return {}
    log = pl.concat(parts)
    spaces = log["namespace"].unique().sort()
    found = [_Log(log.filter(namespace=space), space, files, settings).frames() for space in spaces]
    return unite(frame for frames in found for frame in frames)


class _Log:
    """The rows of one namespace."""

    def __init__(
        self, log: pl.DataFrame, namespace: str, files: Sequence[FileReport], settings: Settings
    ) -> None:
        self.files = files
        self.settings = settings
        self.namespace = namespace
        self.rows = SqlRows(namespace, EVIDENCE, unsharded if "bigquery" in log["dialect"].unique() else str)
        self.shards: set[str] = set()
        self.log = self._without_repeats(log)

    def frames(self) -> Iterable[Frames]:
        """Frames of the model, in two parts."""
        for table, columns in self.settings.schema.items():
            self.rows.knows(table, columns)
        log, keys = self._keyed()
        outcomes = self._outcomes(keys, self._lineages(log, keys))
        self._sorted_out(log, outcomes)
        counted = facts(log, outcomes, self.namespace, self.settings.currency)
        self._shard_names()
        return self.rows.frames(), counted

    def _note(self, rows: pl.DataFrame, what: str | None = None) -> None:
        """Count rows in the notes of their files, by the column `reason` or as `what`."""
        reason = pl.col("reason") if what is None else pl.lit(what)
        for place, why, count in (
            rows.group_by("file", reason.alias("reason")).len().sort("reason").iter_rows()
        ):
            self.files[place].note(f"{count:,} × {why}")

    def _without_repeats(self, log: pl.DataFrame) -> pl.DataFrame:
        """Each execution once; a script only where its statements are not in the log themselves."""
        ids = pl.col("id")
        again = ids.is_not_null() & ~ids.is_first_distinct()
        parents = log["parent"].drop_nulls().unique()
        script = ids.is_in(parents.implode()) & pl.col("type").str.to_uppercase().is_in(["SCRIPT"]).fill_null(
            value=False
        )
        log = log.with_columns(again.alias("again"), script.fill_null(value=False).alias("script"))
        self._note(log.filter("again"), "rows that were read before, by their ids")
        self._note(
            log.filter(pl.col("script") & ~pl.col("again")), "scripts whose statements have rows of their own"
        )
        return log.filter(~pl.col("again") & ~pl.col("script")).drop("again", "script")

    def _keyed(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The log with the place of each row in the keys, and the keys with a statement that stands for them."""
        from lineage_nb.sql.fingerprint import fingerprint, shapes

        parts = []
        for (dialect,), part in self.log.group_by("dialect", maintain_order=True):
            if dialect == "bigquery":
                part = self._unshard(part)
            found = shapes(part["statement"], dialect if isinstance(dialect, str) else None)
            parts.append(part.with_columns(found["shape"], found["representative"]))
        log = (
            pl.concat(parts)
            if parts
            else self.log.with_columns(shape=pl.lit(0, pl.UInt32), representative="statement")
        )
        log = with_undone(log)
        done = pl.col("state").is_null() | (pl.col("state") == "COMPLETE")
        keys = (
            log.group_by(_KEY)
            .agg(
                pl.col("representative").min(),
                pl.col("time").min().alias("seen"),
                pl.col("time").filter(done).min().dt.epoch("us").alias("first"),
                pl.col("time").filter(done).max().dt.epoch("us").alias("last"),
                done.any().alias("done"),
            )
            .sort("seen", "representative", *_KEY, nulls_last=True)
            .with_row_index("key")
        )
        log = log.drop("statement", "representative").join(
            keys.select("key", *_KEY), on=_KEY, how="left", nulls_equal=True, maintain_order="left"
        )
        digests = [
            part.with_columns(
                fingerprint(part["representative"], d if isinstance(d, str) else None).alias("digest")
            )
            for (d,), part in keys.group_by("dialect")
        ]
        return log, pl.concat(digests).sort("key") if digests else keys.with_columns(digest=pl.lit(""))

    def _unshard(self, part: pl.DataFrame) -> pl.DataFrame:
        """Give the tables of all days one name, and remember the names they have."""
        text = pl.col("statement")
        sharded = part.filter(text.str.contains(_SHARDED))
        if not sharded.height and part["reads"].null_count() == part.height:
            return part
        names = (
            sharded.select(text.str.extract_all(_SHARD_NAME).alias("name"), "database")
            .explode("name")
            .drop_nulls("name")
            .unique()
        )
        for name, database in names.iter_rows():
            plain = name.replace("`", "").rpartition(" ")[2]
            self.shards.add(f"{database}.{plain}" if plain.count(".") == 1 and database else plain)
        for listed in part["reads"].drop_nulls().unique():
            self.shards.update(n for n in listed.split(SEPARATOR) if unsharded(n) != n)
        one_name = (
            pl.col("reads").str.split(SEPARATOR).list.eval(pl.element().str.replace(rf"{SHARD}$", "_*"))
        )
        return part.with_columns(
            text.str.replace_all(_SHARDED, f"${{1}}_{_DAY}"),
            pl.col("destination").str.replace(rf"{SHARD}$", f"_{_DAY}"),
            one_name.list.unique().list.sort().list.join(SEPARATOR),
        )

    def _shard_names(self) -> None:
        for name in sorted(self.shards):
            if self.rows.has(unsharded(name)):
                self.rows.other_name(name, name, "shard")

    def _lineages(self, log: pl.DataFrame, keys: pl.DataFrame) -> list[SqlLineage | Statement | None]:
        """What is known of the statement of each key; None without a text."""
        texts = keys.filter(pl.col("representative") != "").unique(_TEXT, keep="first", maintain_order=True)
        fields = texts.select("representative", "dialect", "database", "schema").iter_rows()
        questions = [Question(t, d, b, s, order) for order, (t, d, b, s) in enumerate(fields)]
        found = answers(questions, self.settings.schema, self.settings.processes)
        by_text = dict(zip(texts.select(_TEXT).iter_rows(), found, strict=True))
        known: list[SqlLineage | Statement | None] = [by_text.get(t) for t in keys.select(_TEXT).iter_rows()]
        lineages = (by_text.get(t) for t in keys.select(_TEXT).iter_rows())
        alone = {
            k: f.statements[0] for k, f in enumerate(lineages) if f is not None and len(f.statements) == 1
        }
        for key, statement in told_apart(log, alone, keys["digest"].to_list()).items():
            known[key] = statement
        return known

    def _outcomes(
        self, keys: pl.DataFrame, lineages: Sequence[SqlLineage | Statement | None]
    ) -> list[Outcome]:
        from lineage_nb.sql.redact import redact

        made = []
        for row, lineage in zip(keys.iter_rows(named=True), lineages, strict=True):
            reads = tuple(row["reads"].split(SEPARATOR)) if row["reads"] else ()
            key = Key(row["digest"], row["destination"], reads, row["done"], row["first"], row["last"], row["undone"])
            text = redact(row["representative"], row["dialect"]) if self.settings.keep_sql else None
            made.append(outcome(key, lineage, self.rows, dialect=row["dialect"], description=text))
        return made

    def _sorted_out(self, log: pl.DataFrame, outcomes: Sequence[Outcome]) -> None:
        """Reject what could not be parsed, and count what says nothing."""
        roles = pl.DataFrame(
            [(i, o.role, o.reason, o.rejected) for i, o in enumerate(outcomes)],
            schema={"key": pl.UInt32, "role": pl.String, "where": pl.String, "why": pl.String},
            orient="row",
        )
        told = log.join(roles, on="key", how="left", maintain_order="left")
        parents = log["parent"].drop_nulls().unique()  # calls whose statements have rows of their own
        followed = (pl.col("role") == NOTHING) & pl.col("id").is_in(parents.implode()).fill_null(value=False)
        unread = told.filter(pl.col("why").is_not_null() & ~followed)
        where = pl.when(pl.col("role") != NOTHING).then("where")
        reject(unread.with_columns(where.alias("where"), reason=pl.col("why")), self.files, "where")
        unfinished = ~(pl.col("state").is_null() | (pl.col("state") == "COMPLETE"))
        self._note(told.filter((pl.col("role") == READ) & unfinished), "reads that failed or did not finish")
        ignored = told.filter((pl.col("role") == NOTHING) & (pl.col("why").is_null() | followed))
        self._note(ignored.with_columns(pl.col("where").alias("reason")))


FORMAT: Final = Format(
    name="query_log",
    what="query logs: Snowflake, BigQuery, Databricks, Redshift, Trino, or any table of statements and times (.csv, .parquet, .ndjson)",
    claims=claims,
    read=read,
    options=("columns", "dialect", "namespace", "schema", "keep_sql", "processes", "prices", "currency"),
)
