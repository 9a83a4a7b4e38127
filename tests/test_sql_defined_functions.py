"""Functions in FROM, and functions with a query inside: what they read is followed, or left open."""

from __future__ import annotations

import csv
from pathlib import Path

import polars as pl
import pytest

import lineage_nb as ln
from lineage_nb.sql.lineage import sql_lineage

TAGS = "models: [{name: p, columns: [{name: email, tags: ['pii:email']}, {name: dept}, {name: id}]}]"
DDL = "create table p(id int, email varchar(100), dept varchar(20)); create table o(id int, a varchar(10));"
PLAIN, OPEN, CLEAN, UNKNOWN = "proved plain", "possible plain", "clean", "unknown"

CASES = [
    ("postgres", "create function f(i int) returns table(e text, d text) as $$ select email, dept from p $$ language sql", "create table m as select e, d from f(1)", PLAIN, CLEAN),
    ("postgres", "create function f(i int) returns table(e text, d text) as $$ begin return query select email, dept from p; end $$ language plpgsql", "create table m as select e, d from f(1) x", PLAIN, CLEAN),
    ("tsql", "create function dbo.f(@i int) returns table as return (select email as e, dept as d from p where id=@i)", "select e, d into m from dbo.f(1)", PLAIN, CLEAN),
    ("tsql", "create function dbo.f(@i int) returns table as return select email as e, dept as d from p where id=@i", "insert into m(e,d) select x.e, x.d from o cross apply dbo.f(o.id) x", PLAIN, CLEAN),
    ("tsql", "create function dbo.f() returns @t table (e varchar(9), d varchar(9)) as begin insert @t select email, dept from p return end", "select e, d into m from dbo.f()", OPEN, OPEN),
    ("tsql", "create function dbo.g(@i int) returns varchar(9) as begin declare @e varchar(9); select @e = email from p where id=@i; return @e; end", "select dbo.g(id) as e, a as d into m from o", OPEN, CLEAN),
    ("bigquery", "create or replace table function ds.f(x int64) as (select email as e, dept as d from p)", "create table m as select e, d from ds.f(1)", PLAIN, CLEAN),
    ("bigquery", "create function ds.f(x int64) as ((select max(email) from p where id=x))", "create table m as select ds.f(id) as e, a as d from o", PLAIN, CLEAN),
    ("snowflake", "create function f() returns table (e varchar, d varchar) as 'select email, dept from p'", "create table m as select e, d from table(f())", PLAIN, CLEAN),
    ("snowflake", "create function f(x int) returns varchar as $$ select max(email) from p where id=x $$", "create table m as select f(id) e, a d from o", PLAIN, CLEAN),
    ("duckdb", "create macro f(x) as table select email as e, dept as d from p", "create table m as select e, d from f(1)", PLAIN, CLEAN),
    ("databricks", "create function f(x int) returns table(e string, d string) return select email, dept from p", "create table m as select e, d from f(1)", PLAIN, CLEAN),
    ("mysql", "create function f(i int) returns varchar(9) begin declare r varchar(9); set r = (select email from p where id=i); return r; end", "create table m as select f(id) e, a d from o", OPEN, CLEAN),
    ("oracle", "create function f(i number) return varchar2 is r varchar2(9); begin select email into r from p where id=i; return r; end;", "create table m as select f(id) e, a d from o", OPEN, CLEAN),
    ("clickhouse", "create view v as select email as e, dept as d from p where id={x:Int32}", "create table m as select e, d from v(x=1)", PLAIN, CLEAN),
    ("postgres", "create function f(out e text, out d text) as $$ select email, dept from p $$ language sql", "create table m as select e, d from f()", PLAIN, CLEAN),
    ("postgres", "create function f(i int, inout e text, d out text) returns setof record as $$ select email, dept from p $$ language sql", "create table m as select e, d from f(1, 'x')", PLAIN, CLEAN),
    ("postgres", "create function f(out e text) begin atomic select email from p; end", "create table m as select e, 1 as d from f()", PLAIN, CLEAN),
    ("postgres", "create function f() returns setof record as $$ select id, dept from p $$ language sql", "create table m as select q.e, q.dept as d from f() q", UNKNOWN, CLEAN),
    ("tsql", "create function dbo.f(@a varchar(9)) returns table as return (select @a as e, dept as d from p)", "select q.e, q.d into m from p cross apply dbo.f(p.email) q", OPEN, CLEAN),
    ("postgres", "create function f(a text) returns table(e text, d text) as $$ select a, dept from p $$ language sql", "create table m as select q.e, q.d from p, f(p.email) q", OPEN, CLEAN),
    ("postgres", "create function f(text) returns table(e text, d text) as $$ select $1 || dept, dept from p $$ language sql", "create table m as select q.e, q.d from p, f(p.email) q", OPEN, CLEAN),
    ("postgres", "create function f(dept text) returns table(e text, d text) as $$ select p.email, p.dept as dept from p $$ language sql", "create table m as select q.e, q.d from o, f(o.a) q", PLAIN, CLEAN),
    ("snowflake", "create function f(a varchar) returns table (e varchar, d varchar) as 'select a, dept from p'", "create table m as select q.e, q.d from p, table(f(p.email)) q", OPEN, CLEAN),
    ("duckdb", "create macro f(a) as table select a as e, dept as d from p", "create table m as select q.e, q.d from p, f(p.email) q", OPEN, CLEAN),
    ("bigquery", "create table function ds.f(a string) as (select a as e, dept as d from p)", "create table m as select q.e, q.d from p, ds.f(p.email) q", OPEN, CLEAN),
    ("postgres", "select 1 as n", "create table m as select x.e, o.a as d from o, f(1) x", UNKNOWN, CLEAN),
    ("postgres", "select 1 as n", "create table m as select x.e, o.a as d from o, lateral f(o.a) x", UNKNOWN, CLEAN),
    ("postgres", "select 1 as n", "create table m as select e, o.a as d from o, dblink('c', 'select email from p') as t(e text)", UNKNOWN, CLEAN),
    ("postgres", "select 1 as n", "create table m as select e, o.a as d from o, generate_series(1, 2) e", CLEAN, CLEAN),
    ("tsql", "select 1 as n", "select x.e, o.a as d into m from openquery(srv, 'select email e from p') x cross join o", UNKNOWN, CLEAN),
]


@pytest.mark.parametrize(("dialect", "function", "use", "e", "d"), CASES)
def test_what_a_function_reads_reaches_its_callers(tmp_path: Path, dialect: str, function: str, use: str, e: str, d: str) -> None:
    for name, text in {"schema.yaml": TAGS, "a_ddl.sql": DDL, "m.sql": use, "z_function.sql": function}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    answer = ln.read(tmp_path, format="sql", dialect=dialect).pii(labels=["email"])
    status = {row["node"].partition("/")[2].lower(): row["status"] for row in answer.status().to_dicts()}
    verdicts = {n.partition("/")[2].lower(): v for n, v in answer.frame.select("node", "verdict").iter_rows()}
    assert [f"{status[c]} {verdicts.get(c, '')}".strip() for c in ("m#e", "m#d")] == [e, d]


def test_a_function_of_the_same_script_is_known_behind_it() -> None:
    script = "create function f() returns table(e text) as $$ select email from p $$ language sql; insert into t select e from f()"
    found = sql_lineage(script, dialect="postgres")
    assert found.outputs == ("f()", "t")
    assert ("t", "e", "f()", "e") in set(found.edges.select("output_table", "output_column", "input_table", "input_column").iter_rows())


def test_a_function_that_nothing_defines_is_a_problem() -> None:
    found = sql_lineage("select * from f(1) x", dialect="postgres")
    assert [p.message for p in found.problems] == ["f: which tables the function reads is not known"]
    assert not sql_lineage("select * from unnest(array[1]) x, generate_series(1, 3) n", dialect="postgres").problems


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        ("create function f(x int) returns text as $$ select max(email) from p where id = x $$ language sql", PLAIN),
        ("create function f(x int) returns text as $$ declare r text; begin select email into r from p; return r; end $$ language plpgsql", OPEN),
    ],
)
def test_a_function_of_a_log_is_known_before_and_behind_it(tmp_path: Path, function: str, expected: str) -> None:
    said = ["create table p(id int, email text)", "create table o(id int, a text)", "create table m as select f(id) as e, a from o", function]
    with (tmp_path / "log.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["query_text", "start_time", "user_name", "query_id", "session_id", "execution_status"])
        rows.writerows([text, f"2025-01-01T00:0{n}:00Z", "ann", f"q{n}", "s", "SUCCESS"] for n, text in enumerate(said))
    snap = ln.read(tmp_path, dialect="postgres")
    decided = pl.DataFrame({"node": ["postgres/p#email"], "label": ["email"], "decision": ["is"]})
    answer = snap.pii(decisions=decided)
    status = dict(answer.status().select("node", "status").iter_rows())
    verdicts = dict(answer.frame.select("node", "verdict").iter_rows())
    assert f"{status['postgres/m#e']} {verdicts['postgres/m#e']}" == expected and status["postgres/m#a"] == CLEAN
