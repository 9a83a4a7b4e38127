"""Options of reading a folder of SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lineage_nb.sources.checks import require_schema, require_text
from lineage_nb.sources.sql_folder.names import PATTERN, PathPattern

__all__ = ["Schema", "Settings"]

Schema = Mapping[str, Sequence[str] | Mapping[str, str | None]]


@dataclass(frozen=True)
class Settings:
    """The options, checked."""

    dialect: str | None = None
    schema: Schema | None = None
    pattern: str = PATTERN
    default_catalog: str | None = None
    default_schema: str | None = None
    namespace: str | None = None

    def __post_init__(self) -> None:
        from lineage_nb.sql.catalog import dialect_of

        dialect_of(self.dialect)
        require_text("pattern", self.pattern or "", PATTERN)
        PathPattern(self.pattern)
        require_schema(self.schema)
        require_text("default_catalog", self.default_catalog, "shop")
        require_text("default_schema", self.default_schema, "mart")
        require_text("namespace", self.namespace, "bigquery")
