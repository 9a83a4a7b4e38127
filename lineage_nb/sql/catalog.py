"""Tables and columns that are known, and how names are spelled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from functools import cache, lru_cache
from typing import Any

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect, NormalizationStrategy

from lineage_nb.errors import LineageError
from lineage_nb.sql.words import GENERATED, PARTITION_KEY

__all__ = ["Catalog", "Known", "Names", "dialect_of", "is_dynamic_overwrite", "is_path", "names_of", "spelled"]

Columns = Sequence[str] | Mapping[str, str | None]

_ALIASES = {
    "sparksql": "spark",
    "spark3": "spark",
    "pyspark": "spark",
    "postgresql": "postgres",
    "greenplum": "postgres",
    "vertica": "postgres",
    "db2": "",
    "ansi": "",
    "mssql": "tsql",
    "sqlserver": "tsql",
    "synapse": "tsql",
    "azuresql": "tsql",
    "mariadb": "mysql",
    "flink": "hive",
    "flinksql": "hive",
    "impala": "hive",
    "presto": "presto",
    "databrickssql": "databricks",
    "unity": "databricks",
    "google_bigquery": "bigquery",
    "google bigquery": "bigquery",
}


_READ = (
    *(
        "athena",
        "bigquery",
        "clickhouse",
        "databricks",
        "duckdb",
        "flink",
        "hive",
        "mysql",
        "oracle",
        "postgres",
    ),
    *("redshift", "snowflake", "spark", "trino", "tsql"),
)


def dialect_of(name: str | None) -> Dialect:
    """Find a dialect by its name, sqlglot's or a common other one.

    Raises
    ------
    LineageError
        For an unknown name; the message lists the known ones.

    Examples
    --------
    >>> type(dialect_of("SparkSQL")).__name__
    'Spark'
    """
    if name is not None and not isinstance(name, str):
        raise LineageError(f"dialect must be a name, not {type(name).__name__}")
    return _dialect(name or "")


@cache
def _dialect(name: str) -> Dialect:
    key = name.strip().lower()
    try:
        return Dialect.get_or_raise(_ALIASES.get(key, key) or None)
    except ValueError:
        close = get_close_matches(key, [*_READ, *_ALIASES, *Dialect.classes], n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise LineageError(f"unknown SQL dialect {name!r}.{hint} Known: {', '.join(_READ)}.") from None


def is_path(table: str) -> bool:
    """Whether a statement names a file or a stage rather than a table."""
    return "/" in table or table.startswith("@")


def is_dynamic_overwrite(text: str) -> bool:
    """Whether a SET lets Spark's INSERT OVERWRITE replace only the partitions that it writes."""
    lower = text.lower()
    return "partitionoverwritemode" in lower and "dynamic" in lower


class Known:
    """Columns of a table in order, and their positions by lower-cased name; `given` are those that INSERT by position fills."""

    __slots__ = ("columns", "given", "index", "partitioned", "types")

    def __init__(self, columns: Columns) -> None:
        self.columns = tuple(str(c) for c in columns)
        self.index: dict[str, int] = {}
        for position, name in enumerate(self.columns):
            self.index.setdefault(name.lower(), position)
        self.types: Mapping[str, str | None] = dict(columns) if isinstance(columns, Mapping) else {}
        self.given = self.columns
        marks = "".join(t for t in self.types.values() if t)
        self.partitioned = PARTITION_KEY in marks
        if GENERATED in marks:
            self.given = tuple(c for c in self.columns if not (self.types.get(c) or "").endswith(GENERATED))


class Catalog:
    """Columns of tables, found by any unique dotted suffix of the table's name.

    Parameters
    ----------
    tables : mapping, optional
        Dotted table name → its columns in order, or column → type.

    Examples
    --------
    >>> catalog = Catalog({"db.main.orders": ["id", "amount"]})
    >>> catalog.columns("orders")
    ('id', 'amount')
    >>> catalog.columns("other.orders") is None
    True
    """

    def __init__(self, tables: Mapping[str, Columns] | None = None) -> None:
        self._tables: dict[str, Known] = {}
        self._suffixes: dict[str, list[str]] | None = None
        self._below: Catalog | None = None
        self._exact = False
        self._forgotten: set[str] = set()
        self._files: dict[str, str] = {}
        self.functions: frozenset[str] = frozenset()  # names of those that SQL defines
        self.search_path: tuple[str, ...] = ()
        self.dynamic_partitions = False  # Spark's INSERT OVERWRITE replaces only the partitions it writes
        if tables is not None and not isinstance(tables, Mapping):
            raise LineageError(f"a schema maps tables to their columns; it is no {type(tables).__name__}")
        for table, columns in (tables or {}).items():
            self.learn(table, columns)

    def __len__(self) -> int:
        return len(self._tables)

    def learn(self, table: str, columns: Columns) -> None:
        """Add a table, or replace what was known of it."""
        if isinstance(columns, (str, bytes)):
            raise LineageError(
                f"the columns of {table!r} must be a list or a mapping to types, not the text {columns!r}"
            )
        if not isinstance(table, str) or not isinstance(columns, Iterable):
            raise LineageError(
                f"a schema maps names of tables to their columns, not {table!r} to {columns!r}"
            )
        key = _plain(table)
        if key not in self._tables:
            self._suffixes = None
        self._tables[key] = Known(columns)
        if is_path(table):
            self._files[key] = table

    def forget(self, table: str) -> None:
        """Remove a table that was dropped."""
        key = _plain(table)
        self._forgotten.add(key)
        if self._tables.pop(key, None) is not None:
            self._suffixes = None

    def known(self, table: str) -> Known | None:
        """What is known of a table; None if nothing is, or its name fits several."""
        if not self._tables and self._below is None:
            return None
        plain = _plain(table)
        key = self._find(plain)
        if key is None and self._files and is_path(table):
            key = self._find(_plain(self.file(table)))
        if plain.endswith("*") and not is_path(plain):
            return self._all_like(plain)
        if key is not None:
            return self._tables[key]
        if self._below is None or plain in self._forgotten:
            return None
        return self._below.known(table)

    def _all_like(self, pattern: str) -> Known | None:
        """Columns of all tables that BigQuery's ``events_*`` stands for."""
        columns: dict[str, str | None] = {}
        level: Catalog | None = self
        while level is not None:
            for name, known in level._tables.items():
                if name.startswith(pattern[:-1]) and name not in self._forgotten:
                    columns.update({c: known.types.get(c) for c in known.columns if c not in columns})
            level = level._below
        return Known(columns) if columns else None

    def on_path(self, table: str, name: str) -> str:
        """The table that a name without a schema means: `table`, in the first schema, or a known one in a later schema."""
        later = self.search_path[1:]
        if not later or self._has(table):
            return table
        names = [f"{schema}.{name}" for schema in later] + [name] * ("public" in later)
        return next((n for n in names if self._has(n, exactly=n == name)), table)

    def _has(self, table: str, *, exactly: bool = False) -> bool:
        """Whether a table is known under this name, or one that ends so."""
        key = _plain(table)
        level: Catalog | None = self
        while level is not None:
            if key in level._tables or (not exactly and any(t.endswith(f".{key}") for t in level._tables)):
                return True
            level = level._below
        return False

    def file(self, path: str) -> str:
        """The known path that a path speaks of: itself, or the one other that begins like it, part files and patterns aside."""
        key = _plain(path)
        if key in self._files or not is_path(path):
            return path
        bare = key.rstrip("*/")
        fits = [f for k, f in self._files.items() if len(k.rstrip("*/")) > 6 and (k.startswith(bare) or key.startswith(k.rstrip("*/")))]
        if len(fits) == 1 and len(bare) > 6:
            return fits[0]
        return self._below.file(path) if self._below is not None else path

    def columns(self, table: str) -> tuple[str, ...] | None:
        """Columns of a table in order; None if it is not known or its name fits several."""
        known = self.known(table)
        return None if known is None else known.columns

    def types(self, table: str) -> Mapping[str, str | None]:
        """Column → type of a table, empty where types are not known."""
        known = self.known(table)
        return {} if known is None else known.types

    def layer(self) -> Catalog:
        """A catalog upon this one, that learns and forgets without changing it."""
        upper = Catalog()
        upper._below = self
        upper.dynamic_partitions = self.dynamic_partitions
        upper._exact = True  # what a script makes is found by its own name only
        return upper

    def _find(self, key: str) -> str | None:
        if not self._tables:
            return None
        if key in self._tables:
            return key
        if self._exact:
            return None
        if self._suffixes is None:
            self._suffixes = _suffixes(self._tables)
        fits = self._suffixes.get(key, [])
        while not fits and "." in key:
            key = key.partition(".")[2]
            fits = [key] if key in self._tables else []
        return fits[0] if len(fits) == 1 else None


def _plain(table: str) -> str:
    if table.isidentifier():
        return table.lower()
    return table.replace('"', "").replace("`", "").replace("[", "").replace("]", "").lower()


def _suffixes(tables: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for table in tables:
        rest = table
        while "." in rest:
            rest = rest.partition(".")[2]
            found.setdefault(rest, []).append(table)
    return found


FILE_FORMATS = frozenset(("csv", "json", "parquet", "orc", "text", "avro", "delta", "iceberg", "binaryfile"))
"""What Spark writes before a path that it reads or writes as a table."""


class Names:
    """How identifiers are spelled: folded as the dialect does, tables completed by the defaults."""

    def __init__(self, dialect: Dialect, default_catalog: str | None, default_schema: str | None) -> None:
        self.dialect = dialect
        self.strategy = dialect.normalization_strategy
        self._always_lower = self.strategy == NormalizationStrategy.CASE_INSENSITIVE
        self._never = self.strategy == NormalizationStrategy.CASE_SENSITIVE
        self._upper = self.strategy == NormalizationStrategy.UPPERCASE
        self._keeps_tables = self.strategy == NormalizationStrategy.CASE_SENSITIVE or type(
            dialect
        ).__name__.lower() in ("bigquery",)
        self._has_live = type(dialect).__name__.lower() in ("databricks", "spark")
        self._default_schema = self._spelled(default_schema)
        self._default_catalog = self._spelled(default_catalog)

    def _spelled(self, name: str | None) -> str | None:
        return self.part(exp.to_identifier(name)) if name else None

    def fold(self, identifier: Any) -> str:
        """Spelling of a column or alias."""
        if type(identifier) is not exp.Identifier:
            return str(getattr(identifier, "name", identifier) or "")
        args = identifier.args
        name: str = args["this"]
        if self._always_lower:
            return name.lower()
        if self._never or args.get("quoted"):
            return name
        return name.upper() if self._upper else name.lower()

    def part(self, identifier: Any) -> str:
        """Spelling of one part of a table's name."""
        if self._keeps_tables:
            return str(getattr(identifier, "name", identifier) or "")
        return self.fold(identifier)

    def parts(self, table: exp.Table) -> list[str]:
        """Parts of a table's name as written, folded, outermost first."""
        found = []
        for arg in ("catalog", "db"):
            value = table.args.get(arg)
            if value is not None and value != "":
                found.append(self.part(value))
        this = table.this
        while isinstance(this, exp.Dot):
            found.append(self.part(this.this))
            this = this.expression
        name = self.part(this)
        temporary = isinstance(this, exp.Identifier) and this.args.get("temporary")
        if isinstance(this, exp.Parameter):
            name = f"@{this.name}"
        elif isinstance(this, exp.DynamicIdentifier) and isinstance(this.this, exp.Literal):
            name = ".".join(self.fold(exp.to_identifier(p)) for p in str(this.this.this).split("."))
        found.append(f"#{name}" if temporary and not name.startswith("#") else name)
        return [p for p in found if p]

    def table(self, table: exp.Table) -> str:
        """Dotted name of a table, completed by the default schema and catalog; a path stays a path."""
        args = table.args
        this = args["this"]
        if type(this) is exp.Identifier and not (args.get("db") or this.args.get("temporary")):
            name = this.args["this"] if self._keeps_tables else self.fold(this)
            if self._default_schema is None:
                return name
        parts = self.parts(table)
        if len(parts) == 2 and "/" in parts[1] and parts[0].lower() in FILE_FORMATS:
            return parts[1]
        if len(parts) == 2 and self._has_live and parts[0].lower() == "live":  # tables of the same pipeline
            del parts[0]
        if len(parts) == 1 and self._default_schema:
            parts.insert(0, self._default_schema)
        if len(parts) == 2 and self._default_catalog:
            parts.insert(0, self._default_catalog)
        return ".".join(parts)


@lru_cache(maxsize=64)
def names_of(dialect: Dialect, default_catalog: str | None, default_schema: str | None) -> Names:
    """How a dialect spells names, with these defaults; shared, since it never changes."""
    return Names(dialect, default_catalog, default_schema)


def spelled(name: str, dialect: str | None = None, *, table: bool = False) -> str:
    """How a dialect spells a name that is written without quotes, dotted or not.

    Examples
    --------
    >>> spelled("shop.mart.users", "snowflake", table=True), spelled("Email", "postgres")
    ('SHOP.MART.USERS', 'email')
    """
    names = names_of(dialect_of(dialect), None, None)
    fold = names.part if table else names.fold
    return ".".join(fold(exp.to_identifier(part)) for part in name.split("."))
