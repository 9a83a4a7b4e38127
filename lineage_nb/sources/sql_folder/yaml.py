"""YAML files beside queries: columns, owners, tags and descriptions of tables.

Understood are a list of columns (``fields`` or ``columns``, also nested), what describes a table (``owners``, ``tags``,
``labels``, ``friendly_name``, ``description``, ``meta``), and dbt's lists of ``models`` and ``sources``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final, NamedTuple

from lineage_nb.model.yaml_depth import is_shallow
from lineage_nb.sources.dbt.facts import owner_names, tag_list, text, tier

__all__ = ["Described", "Field", "described"]

_MANY: Final = 10_000
_DEEP: Final = 15
_MAX_NAME: Final = 8_000
_NO_VALUE: Final = ("null", "~")
_OF_MODELS: Final = ("models", "seeds", "snapshots")
_ARRAYS: Final = ("REPEATED",)


class Field(NamedTuple):
    """A column; one within another as ``outer.inner``."""

    name: str
    data_type: str | None
    description: str | None
    tags: list[str] | None


@dataclass(frozen=True)
class Described:
    """What a file says about a table.

    Attributes
    ----------
    table : str or None
        Its name; None for the table beside whose query the file lies.
    columns : tuple of Field
        In order, those within others after them.
    """

    table: str | None
    columns: tuple[Field, ...] = ()
    description: str | None = None
    owners: list[str] | None = None
    tags: list[str] | None = None
    tier: str | None = None

    @property
    def schema(self) -> dict[str, str | None]:
        """Columns that are not within others → their types."""
        names = {c.name for c in self.columns}
        return {c.name: c.data_type for c in self.columns if c.name.rpartition(".")[0] not in names}


def described(content: str) -> list[Described]:
    """Read what a YAML file says about tables.

    Parameters
    ----------
    content : str
        The text of the file. Every value stays a text, so a column may be called ``no``.

    Returns
    -------
    list of Described
        Empty where it says nothing about tables.

    Raises
    ------
    ValueError
        When it is no YAML, or holds more than 10,000 columns.

    Examples
    --------
    >>> found, = described('''
    ... owners: [ana@x.example]
    ... fields:
    ... - {name: id, type: INT64}
    ... - {name: who, type: RECORD, mode: REPEATED, fields: [{name: mail, type: STRING, description: Address.}]}
    ... ''')
    >>> found.owners, [c.name for c in found.columns], found.schema["who"]
    (['ana@x.example'], ['id', 'who', 'who.mail'], 'ARRAY<STRUCT<mail STRING>>')
    """
    document = _load(content)
    if isinstance(document, list):
        document = {"columns": document}
    if not isinstance(document, dict):
        return []
    count = _Count()
    several = [_one(m, text(m.get("name")), count) for k in _OF_MODELS for m in _dicts(document.get(k))]
    for source in _dicts(document.get("sources")):
        for table in _dicts(source.get("tables")):
            named = [text(source.get("name")), text(table.get("name"))]
            several.append(_one(table, ".".join(n for n in named if n) or None, count))
    if several:
        return [d for d in several if d.table]
    own = _one(document, None, count)
    return [own] if own != Described(None) else []


def _load(content: str) -> Any:
    yaml: Any = import_module("yaml")
    fast = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        return yaml.load(content, Loader=fast if is_shallow(content) else yaml.BaseLoader)
    except (yaml.YAMLError, RecursionError, ValueError, TypeError) as error:
        where = getattr(error, "problem_mark", None)
        line = f"line {where.line + 1}: " if where is not None else ""
        raise ValueError(f"{line}{getattr(error, 'problem', None) or type(error).__name__}") from error


class _Count:
    """Counts columns, which aliases may multiply."""

    def __init__(self) -> None:
        self.fields = 0

    def add(self) -> None:
        self.fields += 1
        if self.fields > _MANY:
            raise ValueError(f"holds more than {_MANY:,} columns")


def _one(given: Mapping[str, Any], table: str | None, count: _Count) -> Described:
    meta = _mapping(given.get("meta")) | _mapping(_mapping(given.get("config")).get("meta"))
    labels = _mapping(given.get("labels"))
    said, title = _said(given.get("description")), _said(given.get("friendly_name"))
    if title and title != said:
        said = f"{title}: {said}" if said else title
    marked = {**labels, **meta}
    tags = [
        given.get("tags"),
        _mapping(given.get("config")).get("tags"),
        list(_label_tags(given.get("labels"))),
    ]
    columns = given.get("columns") or given.get("fields")
    return Described(
        table,
        tuple(_fields(columns, "", count, 0)),
        said,
        owner_names(*(o for o in (given.get("owners"), given.get("owner"), meta.get("owner")) if o)),
        tag_list([t for t in tags if t], {"pii": marked["pii"]} if "pii" in marked else {}),
        tier(marked),
    )


def _label_tags(labels: Any) -> Iterator[str]:
    """Labels as tags: ``key:value``, or the key alone where the value is true."""
    if isinstance(labels, list):
        yield from (label for label in labels if isinstance(label, str))
    for key, value in _mapping(labels).items():
        if isinstance(value, str) and isinstance(key, str) and key not in ("pii", "tier"):
            yield key if value.lower() in ("true", "") else f"{key}:{value}"


def _fields(given: Any, prefix: str, count: _Count, depth: int) -> Iterator[Field]:
    for name, column in _named(given):
        count.add()
        full = prefix + name
        if len(full) > _MAX_NAME:
            continue
        config = _mapping(column.get("config"))
        meta = _mapping(column.get("meta")) | _mapping(config.get("meta"))
        tags = [t for t in (column.get("tags"), config.get("tags")) if t]
        yield Field(full, _type(column, count, depth), _said(column.get("description")), tag_list(tags, meta))
        if depth < _DEEP:
            yield from _fields(_inner(column), f"{full}.", count, depth + 1)


def _named(given: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Name and content of each column, of a list or a mapping."""
    items: Iterable[tuple[Any, Any]] = given.items() if isinstance(given, dict) else ()
    if isinstance(given, list):
        items = ((c.get("name"), c) if isinstance(c, dict) else (c, {}) for c in given)
    for name, column in items:
        known = text(name)
        if known:
            yield known, column if isinstance(column, dict) else {"type": column}


def _inner(column: Mapping[str, Any]) -> Any:
    return column.get("fields") or column.get("columns")


def _type(column: Mapping[str, Any], count: _Count, depth: int) -> str | None:
    """The type as text, with the fields within."""
    kind = _said(column.get("type")) or _said(column.get("data_type"))
    inner = _inner(column)
    if inner and depth < _DEEP:
        parts = []
        for name, field in _named(inner):
            count.add()
            parts.append(f"{name} {_type(field, count, depth + 1) or 'STRING'}")
        kind = f"STRUCT<{', '.join(parts)}>"
    if kind and str(column.get("mode")).upper() in _ARRAYS:
        return f"ARRAY<{kind}>"
    return kind


def _said(value: Any) -> str | None:
    said = text(value)
    return None if said is None or said.lower() in _NO_VALUE else said


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
