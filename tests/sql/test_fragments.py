"""The text of what a statement puts into a column: the part that made the value, and no value of a literal."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage_nb.sql.fragments import MOST
from lineage_nb.sql.lineage import sql_lineage
from lineage_nb.sql.words import AGGREGATION

SECRET = "hunter2 O4711"


def texts(sql: str, dialect: str | None = None, **more: bool) -> dict[tuple[str | None, str], str | None]:
    """Output column, input column → text."""
    found = sql_lineage(sql, dialect=dialect, **more)  # type: ignore[arg-type]
    return {(e.output_column, e.input_column): e.expression for _, edges in found.flows for e in edges if e.subtype <= AGGREGATION}


@pytest.mark.parametrize(
    ("dialect", "sql", "expected"),
    [
        ("postgres", "create table m as select u.id, lower(trim(email))\n  AS mail from u", {("id", "id"): "u.id", ("mail", "email"): "lower(trim(email)) AS mail"}),
        # what was done in a query inside, where the outer one takes it as it is
        ("duckdb", "with a as (select upper(e) as x from u), b as (select * from a) insert into m select b.x from b", {("x", "e"): "upper(e) as x"}),
        ("postgres", "insert into m (a) select x from u union all select y || '7' from v", {("a", "x"): "x", ("a", "y"): "y || '?'"}),
        ("bigquery", "create table m as select * except (a) from u", {("*", "*"): "* except (a)"}),
        ("postgres", "create view m as select distinct on (k) a, b is distinct from c as d from u", {("a", "a"): "a", ("d", "b"): "b is distinct from c as d", ("d", "c"): "b is distinct from c as d"}),
        ("tsql", "select top (10) a into m from u", {("a", "a"): "a"}),
        ("bigquery", "create table m as select extract(year from d) as y, b from u", {("y", "d"): "extract(year from d) as y", ("b", "b"): "b"}),
        ("mysql", 'update t set a = concat(b, "7"), c = d where e = 1', {("a", "b"): "a = concat(b, '?')", ("c", "d"): "c = d"}),
        (
            "postgres",
            "merge into t using (select sha256(e) as h, id from u) s on t.id = s.id when matched then update set h = s.h, k = case when s.id > 3 then s.id end "
            "when not matched then insert (id, h) values (s.id, upper(s.h))",
            {("h", "e"): "sha256(e) as h", ("k", "id"): "k = case when s.id > 0 then s.id end", ("id", "id"): "id"},
        ),
        ("oracle", "insert all into a (x) values (q) into a (y) values (lower(q)) select upper(z) q from src", {("X", "Z"): "upper(z) q", ("Y", "Z"): "lower(q)"}),
        ("tsql", "select lower(e) as x into #t from u; insert into m select x from #t", {("x", "e"): "lower(e) as x"}),
        ("snowflake", "insert into m (a) values ((select max(e) from u))", {("A", "E"): "max(e)"}),
        (None, "select a + 1 as b from t", {("b", "a"): "a + 0 as b"}),
    ],
)
def test_the_text_is_the_part_that_made_the_value(dialect: str | None, sql: str, expected: dict[tuple[str, str], str]) -> None:
    assert texts(sql, dialect) == expected


@pytest.mark.parametrize("dialect", [None, "postgres", "mysql", "bigquery", "snowflake", "tsql", "oracle", "duckdb", "clickhouse"])
@pytest.mark.parametrize(
    "item",
    [
        "case when a = 'SECRET' then b else 'SECRET' end",
        "case a when 4711 then b when 47.11 then a end",
        "a in ('SECRET', 'x''SECRET''', 4711)",
        "a like '%SECRET%' or b = 'SECRET'",
        "a /* SECRET */ || b -- SECRET\n",
        "coalesce(a, \"'SECRET'\")",
        "coalesce(a, \"secret@hunter2 O4711\")",
        "coalesce(a, \"4711\")",
        "nullif(a, E'SECRET\\' SECRET')",
        "concat(a, N'SECRET', x'4711', $$SECRET$$, q'[SECRET]')",
        "a = 'SECRET\\'' , b = 'SECRET'",
        "a # SECRET\n + b",
        "a + 4711e4711 + 0x4711 + 4711L",
    ],
)
def test_no_value_of_a_literal_is_left(dialect: str | None, item: str) -> None:
    kept = texts(f"insert into m select {item} as c, a as d from u where a = 'SECRET'".replace("SECRET", SECRET), dialect)
    for text in filter(None, kept.values()):
        assert "hunter2" not in text
        assert "4711" not in text


NAMES = st.sampled_from(["a", "lower(a)", "a || 'hunter2'", "b + 4711", "f(a, 'x,) from', 4711)", "(select max(a) from v where b = 'hunter2')", "case when a = 'from' then b end"])


@settings(max_examples=60, deadline=None)
@given(st.lists(NAMES, min_size=1, max_size=5), st.sampled_from(["postgres", "snowflake", "bigquery"]))
def test_each_column_has_its_own_item(items: list[str], dialect: str) -> None:
    kept = texts("create table m as select " + ", ".join(f"{item} as c{n}" for n, item in enumerate(items)) + " from u", dialect)
    for (output, _), text in kept.items():
        number = int(str(output)[1:])
        assert text is not None
        assert text.endswith(f"as c{number}")
        assert text.startswith(items[number].split("'")[0].split("4711")[0])
        assert "hunter2" not in text
        assert "4711" not in text


def test_a_long_text_is_cut() -> None:
    (text,) = texts(f"create table m as select coalesce({', '.join(['a'] * 500)}) as c from u").values()
    assert text is not None
    assert len(text) <= MOST
    assert text.endswith("…")


def test_what_an_unknown_dialect_reads_otherwise_is_not_kept() -> None:
    assert set(texts("insert into m select a, 'it\\'s', b as c from u").values()) <= {None}
    assert texts('insert into m select a || "Jo Smith" as x from u')["x", "a"] == 'a || "?" as x'


def test_a_template_shows_its_own_names() -> None:
    kept = texts("create table m as select {{ salt }} || a as b from u")
    assert kept["b", "a"] == "{{ salt }} || a as b"


def test_the_result_of_a_query_is_left_out_where_nobody_asks() -> None:
    assert texts("select a from t", results=False) == {("a", "a"): None}
    assert texts("create table m as select a from t", results=False) == {("a", "a"): "a"}
