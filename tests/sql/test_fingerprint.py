"""Shapes of statements: what must be one shape, what never may be, and a slow twin on tokens."""

from __future__ import annotations

import subprocess
import sys
import time

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import Dialect, TokenType
from sqlglot.errors import SqlglotError

from lineage_nb.sql.fingerprint import fingerprint, normalise, shapes


def same(one: str, other: str, dialect: str | None = None) -> bool:
    first, second = normalise(pl.Series([one, other]), dialect)
    return first == second


MERGED = [
    (None, "select a from t where b = 1", "select a from t where b = 23.5e-3"),
    (None, "select a from t where b = 1", "SELECT a\n  FROM t -- why\nWHERE b = 'x'"),
    (None, "select a from t where b = 1;", "/* job 7 */ select a from t where b = 2"),
    (None, "select a from t where b in (1, 2)", "select a from t where b in (3,4,5, -6)"),
    (None, "select a from t where b in ('x')", "select a from t where b in ('it''s', 'y')"),
    (None, "select a from t where b like 'x%' limit 5", "select a from t where b like '--' limit 99"),
    (None, "select a from t where d between date '2024-01-01' and date '2024-01-02'",
     "select a from t where d between date '2025-01-01' and date '2025-01-02'"),
    (None, "select case when a > 1 then 'x' else 'y' end from t", "select case when a > 2 then 'z' else 'w' end from t"),
    (None, "select '2024-01-01' as day, a from t", "select '2024-01-02' as day, a from t"),
    (None, "select a * 1.5 from t where b > now() - 7", "select a * 2 from t where b > now() - 30"),
    (None, "insert into t (a, b) values (1, 'x')", "insert into t (a, b) values (2, 'y'), (3, 'z')"),
    (None, "insert into t values (1, 'x')", "insert into t values (2, 'y'), (3, 'z')"),
    (None, 'select "A b" from t where c = 1', 'select "A b" from t where c = 2'),
    ("mysql", r"select a from t where b = 'it\'s'", "select a from t where b = \"x\" # note"),
    ("bigquery", 'select a from `p-1.d.t` where b = "x"', "select a from `p-1.d.t` where b = 'y'"),
    ("spark", r"select a from t where b = 'a\\'", "select a from t where b = \"q\""),
    ("tsql", "select [a b] from t where c = N'x'", "select [a b] from t where c = 'it''s'"),
    ("tsql", "select top 10 a from t", "select top 20 a from t"),
    ("snowflake", "select src:a.b from t where c = 1 // x", "select src:a.b from t where c = 2"),
    ("snowflake", "select get_path(src, 'a.b') from t where c = 1", "select get_path(src, 'a.b') from t where c = 2"),
    ("postgres", "select a->>'x' from t where c = 1", "select a->>'x' from t where c = 2"),
]  # fmt: skip

APART = [
    (None, "select a from t order by 1", "select a from t order by 2"),
    (None, "select f(a), b, c from t group by f(a), 2", "select f(a), b, c from t group by f(a), 3"),
    (None, "select json_value(a, '$.x') from t", "select json_value(a, '$.y') from t"),
    (None, "select a['x'] from t", "select a['y'] from t"),
    (None, "select a[0] from t", "select a[1] from t"),
    (None, "select a as 'x' from t", "select a as 'y' from t"),
    (None, "select a from t1", "select a from t2"),
    (None, 'select "A" from t', 'select "a" from t'),
    (None, 'select "a  b" from t', 'select "a b" from t'),
    (None, "select \"a'b\" from t where c = 'x'", "select \"a'd\" from t where c = 'x'"),
    (None, "select é1 from t", "select é2 from t"),
    (None, "select É from t", "select é from t"),
    (None, "select f(1) from t", "select f() from t"),
    (None, "select a = 1 b from t", "select a = b from t"),
    (None, "select * from (values (1, 2)) t", "select * from (values (1, 2, 3)) t"),
    (None, "insert into t values (1, 2)", "insert into t values (1, 2, 3)"),
    (None, "select a, b from t where c = 1 -- x\n, d = 2", "select a, b from t where c = 1 -- x , d = 2"),
    ("mysql", "select a 'x' from t", "select a 'y' from t"),
    ("mysql", "select t.date 'x' from t", "select t.date 'y' from t"),
    ("mysql", "select a from T", "select a from t"),
    ("mysql", "select 5--1\n, a from t", "select 5--2\n, b from t"),
    ("mysql", r"select a from t where b = 'x\' or c = ' or d = 'x'", r"select a from t where b = 'x' or c = ' or d = 'x'"),
    ("tsql", "select date 'x' from t", "select date 'y' from t"),
    ("tsql", "exec p @t = 'x'", "exec p @t = 'y'"),
    ("tsql", "exec('select a from t')", "exec('select a from u')"),
    ("bigquery", "select a from Orders", "select a from orders"),
    ("bigquery", "select a from p-1.d.t", "select a from p-2.d.t"),
    ("bigquery", "select a from `d.t_*` where _TABLE_SUFFIX = '1'", "select a from `d.t_*` where _TABLE_SUFFIX = '2'"),
    ("bigquery", "select * from x pivot(sum(a) for b in ('u'))", "select * from x pivot(sum(a) for b in ('v'))"),
    ("bigquery", r"select r'\', a, '", r"select r'\', b, '"),
    ("bigquery", "select '''a' , b, '''", "select '''a' , c, '''"),
    ("snowflake", "copy into t from @s pattern = 'x'", "copy into t from @s pattern = 'y'"),
    ("snowflake", "select $1 from @s", "select $2 from @s"),
    ("snowflake", "select a from @s/d=1/", "select a from @s/d=2/"),
    ("snowflake", "select f.value from t, lateral flatten(input => a, path => 'x') f",
     "select f.value from t, lateral flatten(input => a, path => 'y') f"),
    ("snowflake", "execute immediate 'select a from t'", "execute immediate 'select a from u'"),
    ("duckdb", "select * from 'a.csv'", "select * from 'b.csv'"),
    ("duckdb", "select * from read_csv('a.csv')", "select * from read_csv('b.csv')"),
    ("duckdb", "select {'a': 1}.a", "select {'b': 1}.a"),
    ("postgres", "select a->'x' from t", "select a->'y' from t"),
    ("postgres", "select a #>> '{x}' from t", "select a #>> '{y}' from t"),
    ("postgres", "select $x$ a $x$, b", "select $x$ a $x$, c"),
    ("postgres", "select /* /* */ ' */ a, '' from t", "select /* /* */ ' */ b, '' from t"),
    ("clickhouse", "select dictGet('a', 'b', c)", "select dictGet('a', 'd', c)"),
    ("hive", "select 1a from t", "select 2a from t"),
    ("oracle", "select q'[it's]', a from t", "select q'[it's]', b from t"),
]  # fmt: skip


@pytest.mark.parametrize(("dialect", "one", "other"), MERGED)
def test_repeats_are_one_shape(dialect: str | None, one: str, other: str) -> None:
    assert same(one, other, dialect)


@pytest.mark.parametrize(("dialect", "one", "other"), APART)
def test_what_decides_lineage_stays(dialect: str | None, one: str, other: str) -> None:
    assert not same(one, other, dialect)


def test_written_as() -> None:
    log = pl.Series("q", ["SELECT \"A\", 'x' FROM t WHERE b IN (1, 2)", None])
    assert normalise(log, "postgres").to_list() == ["SELECT \"A\" , 'x' FROM t WHERE b IN (? )", None]
    assert normalise(log, "postgres").name == "q"


def test_unknown_dialect_is_read_as_none() -> None:
    assert same("select a where b = 1", "SELECT a where b = 2", "no such dialect")


def test_shapes_do_not_depend_on_row_order() -> None:
    log = pl.Series(
        ["select a from t where b = 2", None, "select c", "select a from t where b = 1", "select c"]
    )
    forth, back = shapes(log), shapes(log.reverse())
    assert forth["shape"].to_list() == [0, None, 1, 0, 1]
    assert forth.schema == {"shape": pl.UInt32, "representative": pl.String}
    assert forth["representative"].to_list() == back["representative"].reverse().to_list()
    assert forth["representative"][0] == "select a from t where b = 1"


def test_empty_log() -> None:
    empty = pl.Series([], dtype=pl.String)
    assert shapes(empty).height == len(normalise(empty)) == len(fingerprint(empty)) == 0
    assert shapes(pl.Series([None], dtype=pl.Null))["shape"].to_list() == [None]


def test_digest_is_the_same_in_every_process() -> None:
    code = (
        "import polars as pl; from lineage_nb.sql.fingerprint import fingerprint;"
        "print(fingerprint(pl.Series(['select a from t where b = 7']))[0])"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout.strip()
        for _ in "ab"
    }
    assert runs == {fingerprint(pl.Series(["select a from t where b = 123"]))[0]}
    assert len(runs.pop()) == 32


def test_odd_inputs_take_linear_time() -> None:
    start = time.process_time()
    big = [
        "'" * 100_001,
        "/*" * 50_000,
        "(" * 100_000,
        "in (" + "1, " * 50_000,
        "a" * 100_000,
        "= -" * 30_000,
        "$" * 99_999,
    ]
    assert len(normalise(pl.Series(big))) == len(big)
    assert time.process_time() - start < 5


# The twin: the same rules told on sqlglot's tokens. It may unite more than the fast one, never less.

LITERALS = (TokenType.NUMBER, TokenType.STRING, TokenType.NATIONAL_STRING)
QUOTED = (*LITERALS, TokenType.IDENTIFIER)
WORDS = {
    "like",
    "ilike",
    "rlike",
    "regexp",
    "between",
    "and",
    "or",
    "when",
    "then",
    "else",
    "limit",
    "offset",
    "top",
}
WORDS |= {"first", "next"}
TYPES = {"date", "timestamp", "time", "interval"}
CALLS = {"cast", "try_cast", "safe_cast", "date", "timestamp", "to_date", "to_timestamp"}
NAMING = {":=", "=>", "->", "->>", "#>", "#>>"}
EXACT = {"pivot", "unpivot", "copy", "execute", "exec", "_table_suffix", "set"}


def twin(sql: str, dialect: str) -> tuple[object, ...]:
    found = Dialect.get_or_raise(dialect)
    try:
        tokens = found.tokenize(sql)
        while tokens and tokens[-1].token_type is TokenType.SEMICOLON:
            tokens = tokens[:-1]
    except SqlglotError:
        return () if "x'" in sql.lower() else (sql.strip(" \n;"),)  # x'…' may be no number
    folds = dialect not in ("mysql", "bigquery", "clickhouse")
    typed = dialect != "tsql"
    texts = [token.text.lower() if folds and token.text.isascii() else token.text for token in tokens]
    words = ["" if token.token_type in QUOTED else token.text.lower() for token in tokens]
    kinds = [token.token_type in LITERALS for token in tokens]
    exact = bool(EXACT & set(words))
    rows = words[:1] == ["insert"] and "values" in words and "select" not in words

    def word(place: int) -> str:
        return words[place] if 0 <= place < len(words) else ""

    def harmless(place: int) -> bool:
        before = word(place)
        if before and before[-1] in "<>=":
            return before not in NAMING
        if before in WORDS or (typed and before in TYPES) or (rows and before in ("(", ",")):
            return word(place - 1) not in (".", "@", ":", "$", "#")
        return before == "(" and word(place - 1) in CALLS

    result: list[object] = []
    inside = False
    for place, token in enumerate(tokens):
        before, after = word(place - 1), word(place + 1)
        inside = inside and (kinds[place] or words[place] in (",", "-", "+"))
        inside = inside or (words[place] == "(" and before == "in")
        if exact or not kinds[place]:
            kind = TokenType.VAR if token.token_type is not TokenType.IDENTIFIER else token.token_type
            result.append((kind, token.text if kind is TokenType.IDENTIFIER else texts[place]))
            continue
        if before in ("-", "+") and (harmless(place - 2) or inside or word(place - 2) in ("-", "+", "*")):
            result[-1] = "?"
        elif (
            harmless(place - 1)
            or inside
            or (before in ("-", "+", "*"))
            or (after == "as" and before in ("select", ","))
        ):
            result.append("?")
        else:
            result.append((token.token_type, token.text))
        if inside and result[-3:-1] == ["?", (TokenType.VAR, ",")]:
            del result[-2:]
    while rows and (TokenType.VAR, ",") in result:
        result.remove((TokenType.VAR, ","))
    return tuple(result) if not rows else tuple(dict.fromkeys(result))


DIALECTS = ["postgres", "mysql", "bigquery", "snowflake", "tsql", "spark", "clickhouse", "duckdb", "oracle"]
PIECES = st.sampled_from(
    ["select", "SELECT", "a", "A", "t.a", "t.date", "date", "from", "t1", "t2", "where", "=", " = ", "<>", ">", "=>", ":=", "->", "->>", "in", "(", ")", ",", ", ", "1", "2", "-1", "1.5", "'x'", "'y'", "'it''s'", "'a\\'", '"q"', '"Q"', "`b`", "[c]", "[", "]", "and", "like", "limit", "order by", "as", "--", "\n", "/*", "*/", "#", "$$", "r'", "N'x'", "'", '"', "cast(", "insert into t values (", "null", " - ", "*", "+", ";", ".", "$1", "@v", "é", "e'", "pivot", "case when", "in (1, 2)", "in ('a')", "date '2024-01-01'", "b = 1", "b = 'z'", "f('x')", "\\'", "then", "//", "'''", "  "]
)  # fmt: skip


@settings(max_examples=300)
@given(
    st.sampled_from(DIALECTS),
    st.lists(PIECES, max_size=14),
    st.lists(st.tuples(st.integers(0, 13), PIECES), min_size=1, max_size=8),
    st.sampled_from(["", " "]),
)
def test_never_unites_more_than_the_twin(
    dialect: str, pieces: list[str], changes: list[tuple[int, str]], glue: str
) -> None:
    statements = [glue.join(pieces)]
    for place, piece in changes:
        changed = [*pieces]
        changed[place : place + 1] = [piece]
        statements.append(glue.join(changed))
    texts = normalise(pl.Series(statements), dialect).to_list()
    seen: dict[str, str] = {}
    for text, statement in zip(texts, statements, strict=True):
        first = seen.setdefault(text, statement)
        assert twin(first, dialect) == twin(statement, dialect), (first, statement, text)


@given(
    st.sampled_from(DIALECTS),
    st.lists(st.integers(0, 10**6), min_size=4, max_size=4),
    st.text(alphabet="abc é%/(,=", max_size=9),
)
def test_distinct_values_merge(dialect: str, numbers: list[int], value: str) -> None:
    statement = (
        "select a, sum(b) as c from s.t where d = {} and e in ({}, {}) and f = '{}' group by 1 limit {}"
    )
    one = statement.format(*numbers[:3], value, numbers[3])
    assert same(one, statement.format(1, 2, 3, "x", 4), dialect)
