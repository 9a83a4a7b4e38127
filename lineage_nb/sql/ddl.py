"""Statements that create, rename or drop tables as a whole."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect

from lineage_nb.sql.alterations import renamed
from lineage_nb.sql.catalog import Known
from lineage_nb.sql.copies import copied, copy, export, load, loaded
from lineage_nb.sql.dictionaries import source_of
from lineage_nb.sql.draft import Draft
from lineage_nb.sql.generated import computed, marked
from lineage_nb.sql.queries import evaluate
from lineage_nb.sql.relations import STAR, BaseTable, Relation
from lineage_nb.sql.result import Alteration
from lineage_nb.sql.scope import Scope
from lineage_nb.sql.words import PARTITION_KEY

__all__ = ["DEFINERS"]

_TEMPORARY = tuple(
    kind
    for n in ("TemporaryProperty", "VolatileProperty", "GlobalProperty")
    if (kind := getattr(exp, n, None))
)
_TABLES = frozenset(
    ("TABLE", "VIEW", "MODEL", "DICTIONARY", "DYNAMIC TABLE", "EXTERNAL TABLE", "MATERIALIZED VIEW")
)


def _properties(node: Any) -> list[Any]:
    found = node.args.get("properties")
    listed = list(found.expressions) if found is not None else []
    return [
        p for item in listed for p in (item.expressions if isinstance(item, exp.OptionsProperty) else [item])
    ]


def _type_text(kind: Any, dialect: Dialect) -> str:
    """A declared type, as the dialect writes it."""
    if type(kind) is exp.DataType and not any(value for arg, value in kind.args.items() if arg != "this"):
        return _plain_type(kind.this, dialect)
    return str(kind.sql(dialect=dialect))


@lru_cache(maxsize=512)
def _plain_type(kind: Any, dialect: Dialect) -> str:
    return exp.DataType(this=kind).sql(dialect=dialect)


def _declared(schema: Any, scope: Scope) -> dict[str, str | None]:
    """Columns that a definition declares, with their types."""
    fold = scope.context.names.fold
    columns: dict[str, str | None] = {}
    for item in schema.expressions if isinstance(schema, exp.Schema) else ():
        if isinstance(item, exp.ColumnDef):
            kind = item.args.get("kind")
            text = None if kind is None else _type_text(kind, scope.context.names.dialect)
            columns[fold(item.this)] = marked(item, text, scope.context.dialect)
        elif isinstance(item, (exp.Identifier, exp.Column)):
            columns[fold(item.this if isinstance(item, exp.Column) else item)] = None
    return columns


def _create(node: Any, scope: Scope, draft: Draft) -> Relation:
    kind = str(node.args.get("kind") or "").upper()
    draft.kind = f"CREATE {kind}".strip()
    target = node.this.this if isinstance(node.this, exp.Schema) else node.this
    if kind not in _TABLES or not isinstance(target, exp.Table):
        return Relation()
    properties = _properties(node)
    if kind == "VIEW" and any(isinstance(p, exp.MaterializedProperty) for p in properties):
        draft.kind = "CREATE MATERIALIZED VIEW"
    table = scope.context.names.table(target)
    if any(isinstance(p, exp.GlobalProperty) for p in properties) and kind == "VIEW":
        table = f"global_temp.{table}"  # where Spark keeps it
    temporary = any(isinstance(p, _TEMPORARY) for p in properties) or target.name.startswith("#")
    into = next((p.this for p in properties if isinstance(p, exp.ToTableProperty)), None)
    written = scope.context.names.table(into) if isinstance(into, exp.Table) else table
    if written == table:
        draft.created(table, temporary=temporary, replace=bool(node.args.get("replace")))
    else:  # ClickHouse's CREATE MATERIALIZED VIEW v TO t holds no rows itself
        draft.event("create", table)
    declared = _declared(node.this, scope)
    for partition in (p.this for p in properties if isinstance(p, exp.PartitionedByProperty)):
        typed = {k: v for k, v in _declared(partition, scope).items() if v is not None}
        declared.update(typed)
    for like in node.this.expressions if isinstance(node.this, exp.Schema) else ():
        if isinstance(like, exp.LikeProperty) and isinstance(like.this, exp.Table):
            copied_from = scope.context.table(like.this)
            draft.event("like", table, copied_from.table)
            if copied_from.known:
                declared = {**dict.fromkeys(copied_from.names), **declared}
    declared = _inherited(table, declared, properties, scope, draft)
    if declared:
        draft.types[table] = declared
    _filled(node, scope, draft, written, list(declared), properties)
    _partitioned(table, properties, scope, draft)
    if isinstance(node.this, exp.Schema):
        computed(node.this.expressions, table, declared, scope, draft)
    return Relation()


def _partitioned(table: str, properties: list[Any], scope: Scope, draft: Draft) -> None:
    """Mark the columns by which a table is partitioned, where all of its columns are known."""
    columns = draft.types.get(table) or dict.fromkeys(c for c, _ in draft.columns_of(table))
    for item in (p for p in properties if isinstance(p, exp.PartitionedByProperty)):
        names = {scope.context.names.fold(i).lower() for i in item.find_all(exp.Identifier)} & {c.lower() for c in columns}
        if columns and STAR not in columns:
            keys = names or {next(iter(columns)).lower()}
            draft.types[table] = {c: f"{t or ''}{PARTITION_KEY}" if c.lower() in keys else t for c, t in columns.items()}


def _inherited(
    table: str, declared: dict[str, str | None], properties: list[Any], scope: Scope, draft: Draft
) -> dict[str, str | None]:
    """Columns with those of the tables whose part this one is: they show its rows, and give a partition theirs."""
    for item in properties:
        partition = isinstance(item, exp.PartitionedOfProperty)
        parents = [item.this] if partition else item.expressions if isinstance(item, exp.InheritsProperty) else ()
        for parent in (scope.context.table(p) for p in parents if isinstance(p, exp.Table)):
            own = BaseTable(table, Known(parent.names) if parent.known else None)
            draft.write(parent.table, own, own.names)
            if partition:
                draft.write(table, parent, parent.names)
            if parent.known:
                declared = {**dict.fromkeys(parent.names), **scope.context.catalog.types(parent.table), **declared}
    return declared


def _filled(
    node: Any, scope: Scope, draft: Draft, table: str, declared: list[str], properties: list[Any]
) -> None:
    query = node.args.get("expression")
    clone = node.args.get("clone")
    if isinstance(query, exp.Table) and scope.context.dialect == "clickhouse":  # its structure only
        draft.event("like", table, scope.context.names.table(query))
    elif isinstance(query, exp.Table):
        _copy_table(query, scope, draft, table)
    elif isinstance(query, exp.Expression):
        relation = evaluate(query, scope)
        draft.write(table, relation, declared or relation.names)
    elif clone is not None:
        source = _copy_table(clone.this, scope, draft, table)
        draft.event("clone", table, source)
    for item in properties:
        if isinstance(item, exp.DictProperty):
            looked_up = source_of(item, scope)
            if looked_up is not None:
                _look_up(looked_up, draft, table, declared)
        elif isinstance(item, exp.LikeProperty) and isinstance(item.this, exp.Table):
            source_table = scope.context.table(item.this)
            draft.event("like", table, source_table.table)
        elif isinstance(item, exp.Property) and item.name.lower() in ("uri", "uris", "path", "location"):
            for place in item.find_all(exp.Literal):
                if "/" in str(place.this):
                    loaded(str(place.this), scope, draft, table, declared)
        elif isinstance(item, exp.LocationProperty) and isinstance(item.this, exp.Literal):
            loaded(str(item.this.this), scope, draft, table, declared)


def _look_up(source: Relation, draft: Draft, table: str, declared: list[str]) -> None:
    """Fill a dictionary by the names of its source's columns; a query's go by position too, others are open."""
    named = [c for name in declared if (c := source.listed(name) or source.possible(name)) is not None]
    if len(named) == len(declared):
        source = Relation(declared, named)
    fits = not isinstance(source, BaseTable) and len(source.cells) == len(declared)
    draft.write(table, source if fits else Relation(), declared if fits else [STAR])


def _copy_table(node: exp.Table, scope: Scope, draft: Draft, table: str) -> str:
    source = scope.context.table(node)
    copied(source, draft, table, [])
    return source.table







def _cache(node: Any, scope: Scope, draft: Draft) -> Relation:
    draft.kind = "CACHE"
    query = node.args.get("expression")
    if isinstance(query, exp.Expression):
        table = scope.context.names.table(node.this)
        relation = evaluate(query, scope)
        draft.created(table, temporary=True)
        draft.write(table, relation, relation.names)
    return Relation()


def _drop(node: Any, scope: Scope, draft: Draft) -> Relation:
    kind = str(node.args.get("kind") or "").upper()
    draft.kind = f"DROP {kind}".strip()
    if kind in _TABLES or kind == "TABLE":
        perhaps = bool(node.args.get("exists")) and "VIEW" in kind
        for target in node.args.get("tables") or [node.this]:
            if isinstance(target, exp.Table):
                draft.event("drop", scope.context.names.table(target), "view" if perhaps else None)
    return Relation()


def _undrop(node: Any, scope: Scope, draft: Draft) -> Relation:
    draft.kind = "UNDROP"
    if str(node.args.get("kind") or "").upper() in _TABLES and isinstance(node.this, exp.Table):
        draft.event("undrop", scope.context.names.table(node.this))
    return Relation()


def _truncate(node: Any, scope: Scope, draft: Draft) -> Relation:
    draft.kind = "TRUNCATE"
    for target in node.expressions:
        if isinstance(target, exp.Table):
            draft.event("truncate", scope.context.names.table(target))
    return Relation()


def _alter(node: Any, scope: Scope, draft: Draft) -> Relation:
    draft.kind = f"ALTER {node.args.get('kind') or ''}".strip()
    if not isinstance(node.this, exp.Table):
        return Relation()
    table = scope.context.names.table(node.this)
    for action in node.args.get("actions") or ():
        if isinstance(action, exp.AlterRename) and isinstance(action.this, exp.Table):
            other = scope.context.names.table(action.this)
            if "." not in other and "." in table:
                other = f"{table.rpartition('.')[0]}.{other}"
            draft.event("rename", table, other)
        elif isinstance(action, (exp.ColumnDef, exp.Schema)):
            added = action.expressions if isinstance(action, exp.Schema) else [action]
            known = scope.context.catalog.columns(table) or ()
            columns = {**dict.fromkeys(known), **_declared(exp.Schema(expressions=added), scope)} if known else {}
            computed(added, table, columns, scope, draft)
        elif isinstance(action, exp.SwapTable):
            draft.event("swap", table, scope.context.names.table(action.this))
        elif isinstance(action, exp.Query):
            relation = evaluate(action, scope)
            draft.kind = "CREATE VIEW"
            draft.created(table, replace=True)
            draft.write(table, relation, relation.names)
    return Relation()


def _rename_column(names: list[str], scope: Scope, draft: Draft) -> None:
    """``sp_rename 'dbo.t.old', 'new', 'COLUMN'``."""
    place = exp.to_table(names[0], dialect="tsql")
    if names[2].upper() != "COLUMN" or not place.args.get("db"):
        return
    fold = scope.context.names.fold
    column, new = fold(place.this), fold(exp.to_identifier(names[1]))
    parts = [place.args.get("db"), place.args.get("catalog"), None]
    table = scope.context.names.table(exp.Table(this=parts[0], db=parts[1]))
    draft.alterations.append(Alteration("rename", table, column, new))
    renamed(draft, table, column, new)


def _execute(node: Any, scope: Scope, draft: Draft) -> Relation:
    """T-SQL's sp_rename; any other procedure is a matter of its own."""
    draft.kind = "EXECUTE"
    names = [str(e.this) for e in node.expressions if isinstance(e, exp.Literal)]
    named = {e.this.name.lower(): e.expression.name for e in node.expressions if isinstance(e, exp.EQ)}
    names = names or [named[n] for n in ("objname", "newname", "objtype") if n in named]
    is_rename = isinstance(node.this, exp.Table) and node.this.name.lower() == "sp_rename"
    if is_rename and len(names) == 3:
        _rename_column(names, scope, draft)
    elif is_rename and len(names) == 2:
        table = scope.context.names.table(exp.to_table(names[0], dialect="tsql"))
        draft.event("rename", table, ".".join([*table.split(".")[:-1], names[1].lower()]))
    elif not (isinstance(node.this, exp.Table) and node.this.name.lower().startswith("sp_")):
        scope.context.problem("what the procedure reads and writes is not known")
    return Relation()


def _use(node: Any, scope: Scope, draft: Draft) -> Relation:
    """USE: what completes the names of the statements behind it."""
    draft.kind = "USE"
    if isinstance(node.this, exp.Table):
        kind = str(getattr(node.args.get("kind"), "name", "") or "").upper()
        draft.uses = (kind, tuple(scope.context.names.parts(node.this)))
    return Relation()


def _nothing(node: Any, scope: Scope, draft: Draft) -> Relation:  # noqa: ARG001
    draft.kind = type(node).__name__.upper()
    return Relation()


_Definer = Callable[[Any, Scope, Draft], Relation]
DEFINERS: dict[type, _Definer] = {
    kind: definer
    for names, definer in (
        ("Create", _create),
        ("Copy", copy),
        ("LoadData", load),
        ("Export", export),
        ("Cache", _cache),
        ("Drop", _drop),
        ("Undrop", _undrop),
        ("TruncateTable", _truncate),
        ("Alter", _alter),
        ("Execute", _execute),
        ("Use", _use),
        (
            "Set Commit Rollback Transaction Refresh Uncache Analyze Comment Grant Revoke Describe Show Kill "
            "Pragma Attach Detach Summarize ExecuteSql Put Get Declare Heredoc Semicolon EndStatement Return",
            _nothing,
        ),
    )
    for name in names.split()
    if (kind := getattr(exp, name, None)) is not None
}
