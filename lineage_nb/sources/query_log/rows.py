"""Rows of query logs that can be used; the others are rejected with their number and a reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from lineage_nb.errors import LineageError
from lineage_nb.model.report import DETAILS_PER_FILE, FileReport
from lineage_nb.sources.checks import require_mapping, require_schema, require_text
from lineage_nb.sources.query_log.files import load, nested
from lineage_nb.sources.query_log.layout import Layout, layout_of
from lineage_nb.sources.query_log.shapes import Schema
from lineage_nb.sources.query_log.values import PRICES, standard
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
        require_mapping("columns", self.columns, "{'statement': 'sql_text'}")
        for role, column in self.columns.items():
            require_text(f"columns: {role}", column, "sql_text")
        require_text("namespace", self.namespace, "snowflake")
        if not self.currency:
            raise LineageError(f"currency is {self.currency!r}; give a text, such as 'USD'")
        require_text("currency", self.currency, "USD")
        require_schema(self.schema)
        if self.processes is not None and not (isinstance(self.processes, int) and self.processes > 0):
            raise LineageError(f"processes is {self.processes!r}; give a whole number from 1, or None")
        require_mapping("prices", self.prices, "{'credit': 3.0}")
        for name, price in self.prices.items():
            if not isinstance(price, (int, float)) or not 0 <= price < float("inf"):
                raise LineageError(f"prices: {name} is {price!r}; give currency units for one, such as 3.0")
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
        Columns of `LOG` and namespace, file (its place), row (number of the record in the file, from 1); None for an
        empty file.
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
    row = pl.int_range(1, pl.len() + 1) if numbers is None else pl.Series(numbers, dtype=pl.Int64)
    log = standard(frame, layout, settings.prices).with_columns(
        row.alias("row"),
        _written(frame, layout, "time").alias("given_time"),
        _written(frame, layout, "cost").alias("given_cost"),
        pl.lit(place, pl.UInt32).alias("file"),
        pl.lit(settings.namespace or layout.platform or dialect or "sql").alias("namespace"),
        pl.coalesce("dialect", pl.lit(dialect, pl.String)).alias("dialect"),
        pl.coalesce("schema", pl.lit(layout.default_schema, pl.String)).alias("schema"),
    )
    names = _dialects(log["dialect"])
    log = log.with_columns(_fault(layout, list(names)).alias("reason"), pl.col("statement").fill_null(""))
    wrong = log.filter(pl.col("reason").is_not_null()).with_columns(_value().alias("value"))
    reject(wrong, files, "value")
    kept = log.filter(pl.col("reason").is_null())
    kept = kept.drop("reason", "bad_time", "bad_cost", "given_time", "given_cost")
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


def _written(frame: pl.DataFrame, layout: Layout, role: str) -> pl.Series:
    """What a file gives for a time or a cost, as text."""
    name = layout.columns.get(role)
    if name is None or name not in frame.columns or frame[name].dtype.is_nested():
        return pl.Series([None] * frame.height, dtype=pl.String)
    return frame[name].cast(pl.String, strict=False)


def _value() -> pl.Expr:
    """The value for which a row cannot be used."""
    reason = pl.col("reason")
    return (
        pl.when(reason == "time is no time")
        .then("given_time")
        .when(reason == "cost is no number")
        .then("given_cost")
        .when(reason == "SQL dialect is not known")
        .then("dialect")
    )


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
    """Count rows as rejected for their `reason`, with their number from 1; texts of statements are never kept.

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
