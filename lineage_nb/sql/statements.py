"""From the tokens of one statement to what is known of it."""

from __future__ import annotations

import logging
import threading
from collections import ChainMap
from collections.abc import Sequence
from typing import Any

from sqlglot import Token, TokenType, exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import ParseError, SqlglotError

from lineage_nb.sql.alterations import alter_columns
from lineage_nb.sql.catalog import Catalog, dialect_of, names_of
from lineage_nb.sql.commands import HARMLESS, command, table_at
from lineage_nb.sql.context import Context
from lineage_nb.sql.ddl import DEFINERS
from lineage_nb.sql.defaults import SEARCH_PATH, schema_set
from lineage_nb.sql.defined_functions import define, is_function
from lineage_nb.sql.draft import Draft
from lineage_nb.sql.expressions import cell_of, walk
from lineage_nb.sql.flows import Cell, trace
from lineage_nb.sql.fragments import Fragments
from lineage_nb.sql.functions import FunctionTable
from lineage_nb.sql.heads import sources, written
from lineage_nb.sql.logged import logged
from lineage_nb.sql.model_clause import has_model
from lineage_nb.sql.queries import evaluate
from lineage_nb.sql.relations import STAR, Relation
from lineage_nb.sql.result import Problem, Statement
from lineage_nb.sql.rewording import logged_rows, logged_to, reworded
from lineage_nb.sql.scope import Scope
from lineage_nb.sql.text import StatementText
from lineage_nb.sql.tokens import SEVERAL, Piece, Rows, lexer, of_dialect
from lineage_nb.sql.variables import NOTHING_HELD, Held, Variables, is_constant
from lineage_nb.sql.words import TRANSFORMATION, UNKNOWN
from lineage_nb.sql.writes import WRITERS

__all__ = ["Reader"]

MAX_TOKENS = 500_000
MAX_DEPTH = 200
"""Parentheses in parentheses; some dialects' parsers try each level twice."""

MAX_SUBSCRIPTS = 300
"""``a[1][1]…``: the parser's time grows with the square of their number."""

_REWORDINGS = 3
_PARSER_FAULTS = (SqlglotError, RecursionError, ValueError, TypeError, AttributeError, KeyError, IndexError)


class _Quiet(logging.Filter):
    """Keeps sqlglot's warnings to itself while we parse: what they say is among the problems."""

    def __init__(self) -> None:
        super().__init__()
        self.here = threading.local()

    def filter(self, record: logging.LogRecord) -> bool:  # noqa: ARG002
        return not getattr(self.here, "parsing", False)


_quiet = _Quiet()
logging.getLogger("sqlglot").addFilter(_quiet)


def _depth(tokens: Sequence[Token]) -> int:
    depth = deepest = 0
    for token in tokens:
        if token.token_type == TokenType.L_PAREN:
            depth += 1
            deepest = max(deepest, depth)
        elif token.token_type == TokenType.R_PAREN:
            depth -= 1
    return deepest


class _Place:
    """Where a token stands, as a tree's nodes tell it."""

    def __init__(self, token: Token) -> None:
        self.meta = {"line": token.line, "col": token.col, "start": token.start, "end": token.end}


def _aside(node: Any, scope: Scope, draft: Draft) -> Relation:
    """A statement that writes inside another one, which keeps its own kind."""
    kind = draft.kind
    relation = WRITERS[type(node)](node, scope, draft)
    draft.kind = kind
    return relation


class Reader:
    """Reads statements of one dialect against one catalog.

    Parameters
    ----------
    dialect, catalog, functions
        How to parse, which tables are known, what functions do to values.
    default_catalog, default_schema
        Complete table names that leave them out.
    variables
        What the variables of a script hold; None for a statement alone.
    results
        Whether edges into the result of a bare query hold their expressions.
    """

    def __init__(
        self,
        dialect: Dialect,
        catalog: Catalog,
        functions: FunctionTable,
        default_catalog: str | None = None,
        default_schema: str | None = None,
        variables: Variables | None = None,
        *,
        results: bool = True,
    ) -> None:
        self.dialect = dialect
        self.catalog = catalog
        self.functions = functions
        self.names = names_of(dialect, default_catalog, default_schema)
        self.variables = variables
        self.results = results

    def read(self, piece: Piece) -> Statement:
        """What is known of one statement; one that cannot be parsed says so in its problems."""
        tokens = (
            piece.tokens
            if piece.role != "condition"
            else [*lexer(self.dialect).tokenize("SELECT"), *piece.tokens]
        )
        text = piece.text if piece.tokens else ""
        node: Any = None
        if len(tokens) > MAX_TOKENS:
            problem = Problem(
                f"a statement of {len(tokens)} tokens is not read (limit {MAX_TOKENS})", piece.line
            )
            return self._unread(piece, text, problem)
        if text.count("(") > MAX_DEPTH and _depth(tokens) > MAX_DEPTH:
            problem = Problem(
                f"parentheses are nested deeper than {MAX_DEPTH}, which is not read", piece.line
            )
            return self._unread(piece, text, problem)
        if text.count("][") > MAX_SUBSCRIPTS:
            problem = Problem(f"more than {MAX_SUBSCRIPTS} subscripts in a row are not read", piece.line)
            return self._unread(piece, text, problem)
        try:
            node, tokens = self._parse(tokens, piece.source)
        except _PARSER_FAULTS as error:
            return self._altered(piece, text) or self._unparsed(piece, text, error)
        try:
            return self._analysed(node, tokens, piece, text)
        except RecursionError:
            problem = Problem("queries are nested deeper than can be read", piece.line)
        except _PARSER_FAULTS as error:  # trees of broken text that the parser lets pass
            problem = Problem(
                f"parsed, but not a statement that can be read ({type(error).__name__}: {error})", piece.line
            )
        return self._unread(piece, text, problem)

    def _altered(self, piece: Piece, text: str) -> Statement | None:
        """What an ALTER that cannot be parsed does to columns, by its words; None for anything else."""
        if not piece.tokens or piece.tokens[0].text.upper() != "ALTER":
            return None
        context, draft = self._context(piece.tokens, piece)
        alter_columns(self._spread(piece.tokens), Scope(context), draft)
        draft.kind = "ALTER TABLE"
        return draft.finish(text, piece.line, (), ()) if draft.alterations else None

    def _unread(self, piece: Piece, text: str, problem: Problem) -> Statement:
        """A statement that cannot be read: it still names what it writes, and perhaps what it reads."""
        targets = written(piece.tokens, self.names) if piece.role == "statement" else ()
        if not targets:
            return Statement("UNPARSED", text, piece.line, problems=(problem,))
        return Statement(
            "UNPARSED",
            text,
            piece.line,
            inputs=sources(piece.tokens, self.names),
            outputs=targets,
            columns=dict.fromkeys(targets, (STAR,)),
            problems=(problem,),
        )

    def assign(self, piece: Piece) -> None:
        """Take down what an assignment puts into variables."""
        fill = piece.fill
        if fill is None or self.variables is None:
            return
        relation: Relation | None = None
        held = self.variables.seen_in(piece.routine)
        if fill.constant or (fill.known and not fill.of and is_constant(piece.tokens, held)):
            relation = Relation([""], [Cell({})])
        elif fill.known and not fill.of:
            relation = self._value(piece)
        self.variables.fill(piece.routine, fill, relation)

    def _value(self, piece: Piece) -> Relation | None:
        """What an expression gives; None where that is not known."""
        if len(piece.tokens) > MAX_TOKENS or _depth(piece.tokens) > MAX_DEPTH:
            return None
        try:
            node = self._tree([*lexer(self.dialect).tokenize("SELECT"), *piece.tokens], piece.source)
            context, _ = self._context(piece.tokens, piece)
            scope = Scope(context)
            cell = cell_of(scope, node.expressions[0])
        except (RecursionError, *_PARSER_FAULTS):
            return None
        return None if context.problems else Relation([""], [cell], influence=scope.influence)

    def _parse(self, tokens: list[Token], source: str) -> tuple[Any, list[Token]]:
        """The tree of a statement; of one that the parser does not know, the tree of its rewording."""
        if len(tokens) > 1 and self._is_misread(tokens):
            tokens = reworded(tokens, self.dialect) or tokens
        for _ in range(_REWORDINGS):
            node, error = None, None
            try:
                node = self._tree(tokens, source)
            except ParseError as fault:
                error = fault
            if node is not None and not isinstance(node, exp.Command):
                return node, tokens
            tokens = self._spread(tokens)
            other = reworded(tokens, self.dialect)
            if other is None:
                break
            tokens = other
        if error is not None and any(t.text.upper() == "MATCH_RECOGNIZE" for t in tokens):
            foreign = dialect_of("snowflake")
            node, error = foreign.parse(source[tokens[0].start : tokens[-1].end + 1])[0], None
        if error is not None:
            raise error
        return node, tokens

    def _is_misread(self, tokens: list[Token]) -> bool:
        """Whether the parser takes a statement for something else: ClickHouse's mutations, T-SQL's DELETE TOP (n)."""
        if tokens[0].text.upper() == "ALTER":
            return type(self.dialect).__name__ == "ClickHouse"
        return tokens[1].text.upper() == "TOP"

    def _parser(self) -> Any:
        """The parser of this thread for the dialect."""
        return of_dialect(_quiet.here, self.dialect, self.dialect.parser)

    def _spread(self, tokens: list[Token]) -> list[Token]:
        """Tokens of a statement that the tokenizer has swallowed whole as a command."""
        if len(tokens) != 2 or tokens[1].token_type != TokenType.STRING:
            return tokens
        return [tokens[0], *lexer(self.dialect).tokenize(tokens[1].text)]

    def _tree(self, tokens: list[Token], source: str) -> Any:
        _quiet.here.parsing = True
        try:
            trees = [t for t in self._parser().parse(tokens, source) if t is not None]
        finally:
            _quiet.here.parsing = False
        return trees[0] if trees else None

    def _unparsed(self, piece: Piece, text: str, error: Exception) -> Statement:
        if isinstance(error, RecursionError):
            problem = Problem("expressions are nested deeper than can be read", piece.line)
        elif isinstance(error, ParseError) and error.errors:
            first = error.errors[0]
            near = f" near {first.get('highlight')!r}" if first.get("highlight") else ""
            said = str(first.get("description"))
            message = f"cannot be parsed: {'something is missing' if '<' in said else said}{near}"
            column = max(1, (first.get("col") or 1) - max(len(first.get("highlight") or "") - 1, 0))
            problem = Problem(message, (first.get("line") or 1) + piece.line_shift, column)
        else:
            problem = Problem(
                f"cannot be parsed: {str(error).splitlines()[0] if str(error) else error!r}", piece.line
            )
        return self._unread(piece, text, problem)

    def _context(self, tokens: Sequence[Token], piece: Piece) -> tuple[Context, Draft]:
        held = NOTHING_HELD
        if self.variables is not None:
            held = self.variables.seen_in(piece.routine, piece.fill)
        context = Context(self.names, self.catalog, self.functions, piece.variables, held)
        if piece.rows is not None:
            self._rows(context, piece.rows)
        draft = Draft()
        written = StatementText(tokens, piece.source, self.dialect)
        context.evaluate = evaluate
        context.cell = cell_of
        context.walk = walk
        context.write = lambda node, scope: _aside(node, scope, draft)
        context.text = written.of
        context.fragment = Fragments(tokens, piece.source, self.dialect).of
        return context, draft

    def _rows(self, context: Context, rows: Rows) -> None:
        """Let NEW and OLD of a trigger be rows of its table."""
        tables = [self.names.table(exp.to_table(t, dialect=self.dialect)) for t in rows.table.split(SEVERAL)]
        if len(tables) == 1:
            context.rows, context.row_table = rows, tables[0]
        row: Relation = context.stored(tables[0], read=False)
        for other in (context.stored(t, read=False) for t in tables[1:]):
            names = list(dict.fromkeys((*row.names, *other.names)))
            cells = [[c for r in (row, other) if (c := r.listed(n)) is not None] for n in names]
            row = Relation(names, [Cell.merged(c) for c in cells])
        known = {name: Held(row.row(), row) for name in rows.names}
        context.held = ChainMap(known, dict(context.held))

    def _analysed(self, node: Any, tokens: list[Token], piece: Piece, text: str) -> Statement:
        context, draft = self._context(tokens, piece)
        scope = Scope(context)
        kind = type(node)
        if node is None:
            draft.kind = "EMPTY"
        elif kind in WRITERS:
            relation = WRITERS[kind](node, scope, draft)
            if piece.fill is not None and self.variables is not None:
                self.variables.fill(piece.routine, piece.fill, relation)
            self._log(piece, node, scope, draft)
        elif is_function(node):
            define(node, scope, draft)
        elif kind in DEFINERS:
            DEFINERS[kind](node, scope, draft)
        elif isinstance(node, exp.Command):
            known = command(tokens, scope, draft, lambda inner: self._tree(inner, piece.source))
            if not draft.outputs and not draft.events and written(tokens, self.names):
                return self._unread(piece, text, Problem("cannot be parsed", piece.line))
            if not known:
                context.problem(f"{draft.kind} is not a statement that is known")
        else:
            draft.kind = kind.__name__.upper()
            if draft.kind not in HARMLESS:
                message = f"{tokens[0].text.upper()} … is not a statement that is known"
                if written(piece.tokens, self.names):
                    return self._unread(piece, text, Problem(message, piece.line))
                draft.kind = "UNPARSED"
                context.problem(message, _Place(tokens[0]))
        if context.dialect == "oracle" and has_model(piece.tokens):
            context.problem(
                "MODEL: its rules are not followed, so a measure may come from other measures and rows"
            )
        verb = tokens[0].text.upper() if tokens else ""
        if verb == "ALTER":
            alter_columns(tokens, scope, draft)
        path = schema_set(tokens, self.names) if verb in ("SET", "ALTER") else ()
        if path:
            draft.uses = (SEARCH_PATH, path)
        if piece.role != "statement":
            draft.kind = piece.role.upper()
        if context.dialect == "tsql":
            draft.temporary.update(t for t in draft.outputs if t.startswith(("#", "@")))
        problems = [self._shifted(p, piece) for p in context.problems]
        text_of = context.fragment if self.results or draft.outputs.keys() != {""} else None
        return draft.finish(text, piece.line, context.inputs, problems, context.references, text_of)

    def _log(self, piece: Piece, node: Any, scope: Scope, draft: Draft) -> None:
        """Take down what OUTPUT … INTO writes beside the statement itself."""
        if scope.context.dialect != "tsql":
            return
        if draft.kind == "INSERT" and any(t.text.upper() in ("EXEC", "EXECUTE") for t in piece.tokens):
            scope.context.problem("the rows come from a procedure: what they are made of is not known")
            for columns in draft.outputs.values():
                columns.pop("NULL", None)
                columns.update({name: {("", name, None, TRANSFORMATION): trace(UNKNOWN)} for name in columns or (STAR,)})
        place = logged_to(piece.tokens)
        if place is not None and draft.kind != "DELETE":
            try:
                logged(piece.tokens, node, scope, draft, lambda inner: self._tree(inner, piece.source))
            except _PARSER_FAULTS:
                table = table_at(piece.tokens, place, scope)
                draft.column(table, STAR, {})
                scope.context.problem(f"OUTPUT … INTO {table}: which columns it writes is not followed")
        tokens = logged_rows(piece.tokens, self.dialect) if draft.kind == "DELETE" else None
        insert = self._tree(tokens, piece.source) if tokens is not None else None
        if insert is not None and type(insert) in WRITERS:
            WRITERS[type(insert)](insert, Scope(scope.context), draft)
            draft.kind = "DELETE"

    @staticmethod
    def _shifted(problem: Problem, piece: Piece) -> Problem:
        return problem._replace(line=problem.line + piece.line_shift if problem.line else piece.line)
