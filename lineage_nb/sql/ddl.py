"""Statements that create, copy, load, rename or drop tables as a whole."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect

from lineage_nb.sql.draft import Draft
from lineage_nb.sql.flows import Cell
from lineage_nb.sql.queries import evaluate
from lineage_nb.sql.relations import BaseTable, Relation
from lineage_nb.sql.scope import Scope

__all__ = ["DEFINERS", "copied"]

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
            columns[fold(item.this)] = None if kind is None else _type_text(kind, scope.context.names.dialect)
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
    if declared:
        draft.types[table] = declared
    _filled(node, scope, draft, written, list(declared), properties)
    return Relation()


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
        if isinstance(item, exp.LikeProperty) and isinstance(item.this, exp.Table):
            source_table = scope.context.table(item.this)
            draft.event("like", table, source_table.table)
        elif isinstance(item, exp.Property) and item.name.lower() in ("uri", "uris", "path", "location"):
            for place in item.find_all(exp.Literal):
                if "/" in str(place.this):
                    copied(scope.context.stored(str(place.this)), draft, table, declared)
        elif isinstance(item, exp.LocationProperty) and isinstance(item.this, exp.Literal):
            copied(scope.context.stored(str(item.this.this)), draft, table, declared)


def _copy_table(node: exp.Table, scope: Scope, draft: Draft, table: str) -> str:
    source = scope.context.table(node)
    copied(source, draft, table, [])
    return source.table


def copied(source: Relation, draft: Draft, table: str, columns: list[str]) -> None:
    """All columns of `source` as they are into `table`; under `columns` where only these are known."""
    if columns and not source.complete and isinstance(source, BaseTable):
        cells = [Cell.column(source.table, c) for c in columns]
        draft.write(table, Relation(columns, cells), columns)
    else:
        draft.write(table, source, columns or source.names)


def _copy(node: Any, scope: Scope, draft: Draft) -> Relation:
    draft.kind = "COPY"
    target = node.this
    listed = []
    if isinstance(target, exp.Schema):
        listed = [scope.context.names.fold(e) for e in target.expressions]
        target = target.this
    loads = bool(node.args.get("kind"))  # COPY … FROM and COPY INTO; else COPY … TO
    files = [f for f in node.args.get("files") or () if isinstance(f, exp.Expression)]
    if loads:
        name = _place(target, scope)
        draft.wrote(name)
        known = listed or list(scope.context.catalog.columns(name) or ())
        for file in files:
            if isinstance(file, (exp.Query, exp.Subquery)) and not isinstance(file, exp.Table):
                relation = evaluate(file, scope)
                draft.write(name, relation, known[: len(relation.names)] or relation.names)
            else:
                copied(_stored(file, scope), draft, name, known)
        return Relation()
    source = _stored(target, scope) if isinstance(target, exp.Table) else evaluate(target, scope)
    if listed:
        cells = [source.listed(c) or source.possible(c) or Cell({}) for c in listed]
        source = Relation(listed, cells)
    for file in files:
        draft.write(_place(file, scope), source, source.names)
    return Relation()


def _place(node: Any, scope: Scope) -> str:
    """A table, a stage or a path."""
    if isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier):
        return scope.context.names.table(node)
    return str(getattr(node, "name", "") or node.sql())


def _stored(node: Any, scope: Scope) -> BaseTable:
    return scope.context.stored(_place(node, scope))


def _load(node: Any, scope: Scope, draft: Draft) -> Relation:
    draft.kind = "LOAD"
    table = scope.context.names.table(node.this)
    draft.wrote(table)
    if node.args.get("overwrite"):
        draft.event("replace", table)
    columns = list(scope.context.catalog.columns(table) or ())
    path = node.args.get("inpath")
    paths = [str(path.this)] if isinstance(path, exp.Literal) else []
    files = node.args.get("files")
    if isinstance(files, exp.Expression):
        paths += [
            str(t.this) for t in files.find_all(exp.Literal) if "://" in str(t.this) or "/" in str(t.this)
        ]
    for place in paths:
        copied(scope.context.stored(place), draft, table, columns)
    return Relation()


def _export(node: Any, scope: Scope, draft: Draft) -> Relation:
    draft.kind = "EXPORT"
    relation = evaluate(node.this, scope) if isinstance(node.this, exp.Expression) else Relation()
    options = node.args.get("options")
    for literal in options.find_all(exp.Literal) if options is not None else ():
        if "://" in str(literal.this):
            draft.write(str(literal.this), relation, relation.names)
    return Relation()


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
        elif isinstance(action, exp.SwapTable):
            draft.event("swap", table, scope.context.names.table(action.this))
        elif isinstance(action, exp.Query):
            relation = evaluate(action, scope)
            draft.kind = "CREATE VIEW"
            draft.created(table, replace=True)
            draft.write(table, relation, relation.names)
    return Relation()


def _execute(node: Any, scope: Scope, draft: Draft) -> Relation:
    """T-SQL's sp_rename; any other procedure is a matter of its own."""
    draft.kind = "EXECUTE"
    names = [str(e.this) for e in node.expressions if isinstance(e, exp.Literal)]
    if isinstance(node.this, exp.Table) and node.this.name.lower() == "sp_rename" and len(names) == 2:
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
        ("Copy", _copy),
        ("LoadData", _load),
        ("Export", _export),
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
