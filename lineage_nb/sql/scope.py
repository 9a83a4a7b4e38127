"""Which columns an expression can see, and which one a name means."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from lineage_nb.sql.context import Context
from lineage_nb.sql.flows import CARRIED, Cell, Flow, trace
from lineage_nb.sql.placeholders import PREFIX
from lineage_nb.sql.relations import BaseTable, Relation, Relations
from lineage_nb.sql.variables import held_field, held_value
from lineage_nb.sql.whole_rows import is_given_as_row
from lineage_nb.sql.words import IDENTITY, TRANSFORMATION, UNKNOWN

__all__ = ["GROUPING", "Scope", "is_own", "lists", "resolve"]

GROUPING = 1

_SEQUENCES = frozenset(("nextval", "currval"))


class Scope:
    """One SELECT's sources, what is known of its output so far, and the scope around it."""

    __slots__ = (
        "alias_first",
        "aliases",
        "context",
        "ctes",
        "decides",
        "folds",
        "found",
        "influence",
        "late",
        "listing",
        "merged",
        "merged_in",
        "named",
        "natural",
        "parent",
        "pending",
        "projections",
        "relations",
        "shadowed",
        "windows",
    )

    def __init__(
        self, context: Context, parent: Scope | None = None, ctes: dict[str, Relation] | None = None
    ) -> None:
        self.context = context
        self.parent = parent
        self.ctes: dict[str, Relation] = ctes if ctes is not None else parent.ctes if parent else {}
        self.relations: Relations = []
        self.merged: dict[str, Cell] = {}
        self.merged_in: dict[str, list[Relation]] = {}  # the sources that gave each merged column
        self.natural: tuple[
            Relation, ...
        ] = ()  # those that a NATURAL JOIN may merge in columns that are not known
        self.aliases: dict[str, Cell] = {}
        self.projections: dict[str, Any] = {}
        # column → position of the source that lists it, -1 for several
        self.listing: dict[str, int] | None = None
        self.found: dict[str, Cell] = {}  # columns of `relations` that were looked up before
        self.alias_first = False
        self.named: dict[str, Any] = parent.named if parent else {}  # expressions with a name of their own
        # behind SELECT, where its aliases are seen: GROUPING in GROUP BY, more in later clauses
        self.late = 0
        # projections with an alias that WHERE may name before they are reached
        self.pending: dict[str, Any] = {}
        self.influence: Flow = {}
        self.shadowed: frozenset[str] = parent.shadowed if parent else frozenset()
        self.windows: dict[str, exp.Expression] = {}
        self.decides: dict[str, Flow] = {}  # alias of a source that a join may leave out → what decides whether it does
        self.folds = False  # aggregates fold the values of one row

    def relation(self, qualifiers: list[str]) -> Relation | None:
        """The source with this alias, or with this (perhaps partial) table name."""
        if len(qualifiers) == 1:
            alias = qualifiers[0].lower()
            return next((relation for name, relation in self.relations if name == alias), None)
        dotted = ".".join(qualifiers).lower()
        for _, relation in self.relations:
            if (isinstance(relation, BaseTable) and f".{relation.table.lower()}".endswith(f".{dotted}")) or (
                isinstance(relation, BaseTable) and dotted.endswith(f".{relation.table.lower()}")
            ):
                return relation
        return None

    def add(self, alias: str, relation: Relation) -> None:
        """Add a source."""
        self.relations.append((alias, relation))
        self.changed()

    def changed(self) -> None:
        """Forget what was looked up: there are other sources now."""
        self.listing = None
        if self.found:
            self.found.clear()

    def _aggregates(self, alias: str) -> bool:
        """Whether an alias names an aggregate, by which nothing can be grouped."""
        item = self.projections.get(alias)
        return item is not None and any(is_own(item, a) for a in item.find_all(exp.AggFunc))

    def _mentions_itself(self, alias: str) -> bool:
        """Whether an alias names a column of its own expression: ``lower(email) AS email``."""
        item = self.projections.get(alias)
        return item is not None and any(c.name.lower() == alias for c in item.this.find_all(exp.Column))

    def _ahead(self, alias: str) -> Cell | None:
        """A projection that is named before SELECT is reached."""
        item = self.pending.pop(alias)
        self.projections[alias] = item
        return self.context.cell(self, item)

    def _named(self, name: str) -> Cell:
        """ClickHouse's ``WITH expression AS name``, evaluated where the name is used."""
        outside = self.named
        self.named = {k: v for k, v in outside.items() if k != name}
        cell = self.context.cell(self, outside[name])
        self.named = outside
        return cell

    def _row(self, alias: str, node: Any) -> Cell | None:
        """The whole row of the source with this alias.

        Where the alias is but the table's name, only a function that takes rows is given it: a column may well be
        called like its table.
        """
        for name, relation in self.relations:
            if name == alias and isinstance(relation, BaseTable):
                named = relation.table.lower().rpartition(".")[2] == alias
                return relation.row() if not named or is_given_as_row(node) else None
        return None

    def _listed(self, lower: str) -> Cell | None:
        """The column that one source lists."""
        relations = self.relations
        if len(relations) == 1:
            return relations[0][1].listed(lower)
        if self.listing is None:
            self.listing = {}
            for position, (_, relation) in enumerate(relations):
                for column in relation.index():
                    self.listing[column] = -1 if column in self.listing else position
        at = self.listing.get(lower)
        if at is None:
            return None
        if at < 0:
            raise LookupError([r for _, r in relations if r.listed(lower) is not None])
        return relations[at][1].listed(lower)

    def _perhaps_merged(self, cell: Cell, name: str) -> Cell:
        """A column that one side of a NATURAL JOIN lists: the other's, too, if that has it."""
        if all(relation.possible(name) is None for relation in self.natural):
            return cell
        return Cell.merged([cell, Cell({("", name, None, IDENTITY): CARRIED})])

    def find(self, name: str, node: Any = None) -> Cell | None:
        """The column that an unqualified name means here; None if no source can have it. `node` is its identifier.

        Raises
        ------
        LookupError
            When several sources may have it.
        """
        lower = name.lower()
        alias = self.aliases.get(lower)
        if alias is not None and self.alias_first:
            return alias
        if lower in self.merged:
            return self.merged[lower]
        known = self.found.get(lower)
        if known is not None:
            return known
        only = self._listed(lower)
        if only is not None:
            if self.natural:
                only = self._perhaps_merged(only, name)
            self.found[lower] = only
            return only
        context = self.context
        if lower in context.bare_variables:
            return held_value(self, lower)
        if lower in context.pseudo:
            return Cell({})
        if alias is None and lower in self.pending:
            alias = self._ahead(lower)
        if alias is not None and self.late == GROUPING and self._aggregates(lower):
            alias = None
        if alias is not None and (
            self.late or (context.lateral_aliases and not self._mentions_itself(lower))
        ):
            return alias
        if lower in self.named:
            return self._named(lower)
        row = self._row(lower, node) if context.rows_as_values else None
        if row is not None:
            return row
        openings = [(r, c) for _, r in self.relations if r.is_open and (c := r.possible(name)) is not None]
        if len(openings) == 1:
            torn = [r for _, r in self.relations if r.torn(name)]
            if torn:
                raise LookupError([openings[0][0], *torn])
            return openings[0][1]
        if alias is not None:
            return alias
        if openings:
            raise LookupError([r for r, _ in openings])
        if any(a == lower for a, _ in self.relations):
            return None
        wholes = [r.whole for _, r in self.relations if r.whole is not None]
        return wholes[0].field(name) if len(wholes) == 1 else None


def is_own(item: Any, node: Any) -> bool:
    """Whether a node stands in an expression itself, not in a query inside it."""
    while node is not item:
        if isinstance(node, exp.Query):
            return False
        node = node.parent
    return True


def _unresolved(scope: Scope, name: str, why: str, node: Any) -> Cell:
    scope.context.problem(f"{name}: {why}", node)
    return Cell({("", name, None, IDENTITY): CARRIED})


def _labels(scope: Scope, relations: list[Relation]) -> str:
    labels = [
        relation.table if isinstance(relation, BaseTable) else alias
        for alias, relation in scope.relations
        if any(relation is r for r in relations)
    ]
    return " or ".join(label or "a query without a name" for label in labels[:4])


def _unqualified(scope: Scope, name: str, node: Any, *, quiet: bool = False) -> Cell | None:
    level: Scope | None = scope
    while level is not None:
        try:
            found = level.find(name, node)
        except LookupError as ambiguous:
            if quiet:
                return None
            why = f"may come from {_labels(level, ambiguous.args[0])}"
            return _unresolved(scope, name, why, node)
        if found is not None:
            return found
        level = level.parent
    return None


def _whole_row(scope: Scope, name: str) -> Cell | None:
    level: Scope | None = scope
    while level is not None:
        relation = level.relation([name])
        if relation is not None:
            return relation.row()
        level = level.parent
    return None


def lists(scope: Scope, alias: str, name: str) -> bool | None:
    """Whether the source with an alias, here or in a query around, has a column; None where that is not known."""
    level: Scope | None = scope
    while level is not None:
        relation = level.relation([alias])
        if relation is not None:
            found = relation.listed(name) is not None
            return True if found else None if relation.is_open else False
        level = level.parent
    return False


def _only_table(scope: Scope) -> BaseTable | None:
    tables = [r for _, r in scope.relations]
    return tables[0] if len(tables) == 1 and isinstance(tables[0], BaseTable) else None


def _fields(cell: Cell, names: list[str]) -> Cell:
    for name in names:
        cell = cell.field(name)
    return cell


def _struct_named(scope: Scope, name: str) -> Cell | None:
    """A column with the name of an alias, where the relation of that alias lacks what is asked of it."""
    listed = [c for _, r in scope.relations if (c := r.listed(name)) is not None]
    return listed[0] if len(listed) == 1 else None


def _qualified(scope: Scope, qualifiers: list[str], name: str, node: Any) -> Cell:
    path = [*qualifiers, name]
    level: Scope | None = scope
    while level is not None:
        for cut in range(len(qualifiers), 0, -1):
            relation = level.relation(qualifiers[:cut])
            if relation is None:
                continue
            column, rest = path[cut], path[cut + 1 :]
            cell = relation.listed(column)
            if cell is None and column.lower() in scope.context.pseudo:
                return Cell({})
            cell = cell or relation.possible(column)
            if (
                cell is None
                and not relation.openings
                and (struct := _struct_named(level, path[0])) is not None
            ):
                return _fields(struct, path[1:])
            if cell is None and isinstance(relation, BaseTable):
                cell = relation.stated(column)
            elif cell is None and relation.whole is not None:
                cell = relation.whole.field(column)
            if cell is not None:
                return _fields(cell, rest)
            why = "may come from several tables behind" if relation.torn(column) else "is no column of"
            return _unresolved(scope, column, f"{why} {qualifiers[cut - 1]}", node)
        level = level.parent
    if name.lower() in _SEQUENCES:
        return Cell({})
    if qualifiers[0].lower() in scope.context.bare_variables:
        field = held_field(scope, path)
        if field is not None:
            return field
        scope.context.problem(
            f"{'.'.join(path)}: what a row held by a variable is made of is not followed", node
        )
        return Cell({("", name, None, TRANSFORMATION): trace(UNKNOWN)})
    struct = _unqualified(scope, qualifiers[0], node, quiet=True)
    if struct is not None:
        return _fields(struct, path[1:])
    return _unresolved(scope, ".".join(path), f"{'.'.join(qualifiers)} is no source here", node)


def resolve(scope: Scope, column: exp.Expression) -> Cell:
    """Find where a column comes from; what cannot be told is kept as a column of no table, with a problem."""
    cell = _meant(scope, column)
    scope.context.refer(cell)
    return cell


def _meant(scope: Scope, column: exp.Expression) -> Cell:
    args = column.args
    this = args["this"]
    names = scope.context.names
    name = names.fold(this)
    table = args.get("table")
    if table is not None and table != "":
        if args.get("db") is None:
            return _qualified(scope, [names.fold(table)], name, this)
        qualifiers = [names.fold(args[a]) for a in ("catalog", "db", "table") if args.get(a)]
        return _qualified(scope, qualifiers, name, this)
    lower = name.lower()
    if lower in scope.shadowed:
        return Cell({})
    if lower.startswith(PREFIX):  # what a macro would have written; the template's reader reports it
        return Cell({("", name, None, TRANSFORMATION): trace(UNKNOWN)})
    found = _unqualified(scope, name, this)
    if found is not None:
        return found
    context = scope.context
    if lower in context.bare_variables or (lower in context.held and context.dialect != "tsql"):
        return held_value(scope, lower)
    if name.startswith("@"):
        return Cell({})
    row = _whole_row(scope, name)
    if row is not None:
        return row
    only = _only_table(scope)
    if only is not None:
        if not lower.startswith(("_", "metadata$", "$")) and lower not in (
            "rowid",
            "ctid",
            "rownum",
            "level",
        ):
            scope.context.problem(f"{name}: is not among the known columns of {only.table}", this)
        return only.stated(name)
    return _unresolved(scope, name, "no source here has it", this)
