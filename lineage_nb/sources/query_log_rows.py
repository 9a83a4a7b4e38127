"""Rows of query logs that can be used; the others are rejected with their number and a reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from lineage_nb.errors import LineageError
from lineage_nb.model.report import DETAILS_PER_FILE, FileReport
from lineage_nb.sources.query_log_files import load, nested
from lineage_nb.sources.query_log_layout import Layout, layout_of
from lineage_nb.sources.query_log_shapes import Schema
from lineage_nb.sources.query_log_values import PRICES, standard
from lineage_nb.sources.registry import Entry

__all__ = ["Settings", "load_rows", "reject"]


@dataclass(frozen=True)
class Settings:
    """The options, checked."""

    columns: Mapping[str, str] = field(default_factory=dict)
    dialect: str | None = None
    namespace: str | None = None
    schema: Schema = field(default_factory=dict)
    keep_sql: bool = False
    processes: int | None = None
    prices: Mapping[str, float] = field(default_factory=dict)
    currency: str = "USD"

    def __post_init__(self) -> None:
        if not isinstance(self.columns, Mapping):
            raise LineageError(
                f"columns is {self.columns!r}; give a mapping, such as {{'statement': 'sql_text'}}"
            )
        unknown = sorted(set(self.prices) - set(PRICES))
        if unknown:
            raise LineageError(f"prices: unknown name {', '.join(unknown)}. Known: {', '.join(PRICES)}.")
        if self.dialect is not None:
            from lineage_nb.sql.catalog import dialect_of

            dialect_of(self.dialect)


def load_rows(
    entry: Entry, place: int, files: Sequence[FileReport], settings: Settings
) -> pl.DataFrame | None:
    """Read one file.

    Parameters
    ----------
    entry : Entry
        The file.
    place : int
        Of its report in `files`.
    files : sequence of FileReport
        Where rows are counted and rejected.
    settings : Settings
        The options.

    Returns
    -------
    polars.DataFrame or None
        Columns of `LOG` and namespace, file (its place), row (number in the file); None for an empty file.
    """
    file = files[place]
    frame, numbers = load(entry, file)
    if not frame.width:
        return None
    layout = layout_of(nested(frame.schema), settings.columns, str(entry.path))
    if "time" not in layout.columns:
        file.note("no column holds times: nothing is known about usage and cost by day")
    file.count(frame.height)
    dialect = settings.dialect or layout.dialect
    row = pl.int_range(pl.len()) if numbers is None else pl.Series(numbers, dtype=pl.Int64)
    log = standard(frame, layout, settings.prices).with_columns(
        row.alias("row"),
        pl.lit(place, pl.UInt32).alias("file"),
        pl.lit(settings.namespace or layout.platform or dialect or "sql").alias("namespace"),
        pl.coalesce("dialect", pl.lit(dialect, pl.String)).alias("dialect"),
        pl.coalesce("schema", pl.lit(layout.default_schema, pl.String)).alias("schema"),
    )
    names = _dialects(log["dialect"])
    log = log.with_columns(_fault(layout, list(names)).alias("reason"), pl.col("statement").fill_null(""))
    reject(log.filter(pl.col("reason").is_not_null()), files)
    kept = log.filter(pl.col("reason").is_null()).drop("reason", "bad_time", "bad_cost")
    return kept.with_columns(pl.col("dialect").replace_strict(names, default=None, return_dtype=pl.String))


def _fault(layout: Layout, dialects: Sequence[str]) -> pl.Expr:
    """Why a row cannot be used; null for those that can."""
    listed = pl.col("destination").is_not_null()
    timed = pl.lit("time" in layout.columns)
    checks = {
        "time is no time": pl.col("bad_time"),
        "cost is no number": pl.col("bad_cost"),
        "time is empty": timed & pl.col("time").is_null() & ~pl.col("bad_time"),
        "statement is empty": pl.col("statement").is_null() & ~listed,
        "SQL dialect is not known": ~pl.col("dialect").is_in(dialects) & pl.col("dialect").is_not_null(),
    }
    return pl.coalesce(*(pl.when(bad).then(pl.lit(why)) for why, bad in checks.items()))


def _dialects(names: pl.Series) -> dict[str, str | None]:
    """The dialects that are known, and what they are called here; null for standard SQL."""
    from lineage_nb.sql.catalog import dialect_of

    known: dict[str, str | None] = {}
    for name in names.drop_nulls().unique():
        try:
            spelled = type(dialect_of(name)).__name__.lower()
        except LineageError:
            continue
        known[name] = None if spelled == "dialect" else spelled
    return known


def reject(rows: pl.DataFrame, files: Sequence[FileReport], value: str | None = None) -> None:
    """Count rows as rejected for their `reason`, with their number; texts of statements are never kept.

    Parameters
    ----------
    rows : polars.DataFrame
        Columns file, row, reason.
    files : sequence of FileReport
        By place.
    value : str, optional
        Column to show as the value that is wrong.
    """
    for (place,), some in rows.sort("file", "row").group_by("file", maintain_order=True):
        file = files[int(str(place))]
        shown = some.head(DETAILS_PER_FILE)
        values = shown[value] if value is not None else [None] * shown.height
        for row, why, what in zip(shown["row"], shown["reason"], values, strict=True):
            file.reject(f"row {row}", why, what or "")
        file.rejected += some.height - shown.height
