"""What SQL expressions leave of personal data, by dialect: each column's name begins with the verdict that it must have."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import lineage_nb as ln
from lineage_nb.sql.fingerprint import fingerprint

COLUMNS = "id int, employee_id int, email varchar(100), phone varchar(20), name varchar(50), dob date, salary int, bonus int, diagnosis varchar(20), dept varchar(20), ip varchar(40), ts timestamp"
LABELS = {"employee_id": "employee_id", "email": "email", "phone": "phone", "name": "name", "dob": "date_of_birth", "salary": "salary", "bonus": "salary", "xs": "salary", "rs": "salary", "diagnosis": "health", "ip": "ip_address"}
ARRAYS = {"bigquery": ", xs array<int64>, rs array<struct<e int64>>", "duckdb": ", xs int[]", "clickhouse": ", xs Array(Int32)"}

CASES: dict[str, list[str]] = {
    "bigquery": [
        # the array of a row around it
        "select (select max(x) from t.xs x) plain_1, array(select x from t.xs x) plain_2, (select r.e from t.rs r limit 1) plain_3, array(select as struct e from t.rs) plain_4 from p t",
        # aggregates of one row's own values
        "select (select sum(x) from unnest(t.xs) x) plain_1, (select count(x) from unnest(t.xs) x) derived_1, (select sum(x) from unnest([salary]) x) plain_2,"
        " (select avg(v) from (select salary v union all select bonus) q) plain_3, (select sum(x) from unnest((select array_agg(salary) from p)) x) aggregated_1, (select sum(x) from t.xs x) plain_4 from p t",
        "select net.ip_trunc(ip, 32) plain_1, net.ip_trunc(ip, 24) redacted_1, net.ip_trunc(ip, 48) redacted_2 from p",
        "select struct(extract(year from dob) as y, extract(month from dob) as m, extract(day from dob) as d) plain_1, format('%d%d%d', extract(year from dob), extract(month from dob), extract(day from dob)) plain_2 from p",
    ],
    "duckdb": [
        "select list_sum(xs) plain_1, list_avg([salary, bonus]) plain_2, (select quantile_cont(x, 0.5) from unnest(xs) t(x)) plain_3, (select sum(salary) from p) aggregated_1 from p",
        # statistics of a special category
        "select sum(case when diagnosis = 'E11' then 1 else 0 end) aggregated_1, count(case when diagnosis = 'E11' then 1 end) aggregated_2, count(*) filter (where diagnosis = 'E11') aggregated_3,"
        " coalesce(count(diagnosis), 0) aggregated_4, coalesce(md5(max(diagnosis)), '') pseudonymised_1, md5(case when diagnosis = 'E11' then 'a' else 'b' end) pseudonymised_2,"
        " max(case when diagnosis = 'E11' then 1 else 0 end) plain_1, max(id) filter (where diagnosis = 'E11') plain_2, sum(if(diagnosis = 'E11', 1, 0)) aggregated_5, md5(diagnosis) = 'x' pseudonymised_3,"
        " length(diagnosis = 'E11') derived_1, dept clean_1 from p group by dept",
        "select make_date(year(dob), month(dob), day(dob)) plain_1, make_timestamp(year(dob), month(dob), day(dob), 0, 0, 0) plain_2, struct_pack(y := year(dob), m := month(dob), d := day(dob)) plain_3,"
        " [year(dob), month(dob), day(dob)] plain_4, format('{}-{}-{}', year(dob), month(dob), day(dob)) plain_5, year(dob) * 1000 + dayofyear(dob) plain_6, date_sub('day', dob, date '2020-01-01') plain_7,"
        " date_sub('year', dob, date '2020-01-01') derived_1, year(dob) derived_2, day(dob) derived_3, month(dob) * 100 + day(dob) derived_4, date_diff('day', dob, current_date) derived_5, age(dob) plain_10, extract(year from age(dob)) derived_6,"
        " age(date '2020-01-01', dob) plain_8, date_part('year', dob) * 10000 + date_part('month', dob) * 100 + date_part('day', dob) plain_9, year(dob) || day(ts) || month(dob) derived_7 from p",
    ],
    "clickhouse": [
        "select arraySum(xs) plain_1 from p",
        "select sumIf(1, diagnosis = 'E11') aggregated_1, countIf(diagnosis = 'E11') aggregated_2, anyIf(id, diagnosis = 'E11') plain_1, arrayExists(x -> x = 'E11', [diagnosis]) plain_2,"
        " indexOf([diagnosis], 'E11') plain_3, positionCaseInsensitive(diagnosis, 'E11') plain_4, length(diagnosis) derived_1 from p",
        "select dateDiff('day', dob, toDate('2020-01-01')) plain_1, toYear(dob) * 1000 + toDayOfYear(dob) plain_2, dateDiff('year', dob, toDate('2020-01-01')) derived_1 from p",
    ],
    "postgres": [
        "select l.s plain_1 from p cross join lateral (select sum(v) s from (values (p.salary), (p.bonus)) t(v)) l",
        "select employee_id plain_1, sum(case when diagnosis = 'E11' then 1 else 0 end) plain_2, count(*) filter (where diagnosis = 'E11') plain_3 from p group by employee_id",
        "select sum(case when diagnosis = 'E11' then 1 else 0 end) over (partition by employee_id) plain_1, count(*) filter (where diagnosis = 'E11') over (partition by dept) aggregated_1 from p",
        "select sum(case when diagnosis = 'E11' and employee_id = 42 then 1 else 0 end) plain_1 from p",
        # queries inside, and rows that an outer join does not find
        "select id in (select id from p where diagnosis = 'E11') plain_1, case when id in (select id from p where diagnosis = 'E11') then 1 end plain_2, id = any(select id from p where diagnosis = 'E11') plain_3,"
        " (select 1 from p q where q.id = p.id and q.diagnosis = 'E11') plain_4, exists(select 1 from p where diagnosis = 'E11') plain_5, id clean_1 from p",
        "select (select count(*) from p where diagnosis = 'E11') aggregated_1 from p",
        "select a.id clean_1, q.id is not null plain_1, coalesce(q.id, 0) plain_2, md5(q.id) plain_3 from p a left join (select id from p where diagnosis = 'E11') q on q.id = a.id",
        "select a.id clean_1, q.id is not null plain_1, count(q.id) over () aggregated_1 from p a left join p q on q.id = a.id and q.diagnosis = 'E11'",
        "select * from (select id clean_1 from p) a left join (select id plain_1 from p where diagnosis = 'E11') q on q.plain_1 = a.clean_1",
        "select q.* from p a left join (select id plain_1 from p where diagnosis = 'E11') q on q.plain_1 = a.id",
        "select a.id clean_1, q.id clean_2 from p a join (select id from p where diagnosis = 'E11') q on q.id = a.id",
        "select id clean_1, 'd' plain_1, 'x' clean_2 from p where diagnosis = 'E11' union all select id, 'o', 'x' from p where diagnosis <> 'E11'",
        "select strpos(diagnosis, 'E11') plain_1, position('E11' in diagnosis) plain_2, array_position(array[diagnosis], 'E11') plain_3, regexp_count(diagnosis, 'E11') plain_4, regexp_instr(diagnosis, 'E11') plain_5 from p",
        # masks
        "select regexp_replace(email, '^[^@]+', '***') derived_1, regexp_replace(email, '[^@ ]{6,}', '***') plain_1, regexp_replace(email, '\\S+', '*') plain_2, regexp_replace(email, '\\S+', '*', 'g') derived_2,"
        " regexp_replace(email, '.', '*') plain_3, regexp_replace(email, '.', '*', 'g') derived_3, regexp_replace(email, '.+', '*') derived_4, regexp_replace(email, '[^@]+$', '*') plain_4,"
        " regexp_replace(email, '.+@x.com', '*') plain_5, anon.partial(email, 50, 'x', 50) plain_6, anon.partial(email, 2, '***', 2) redacted_1 from p",
        "select json_build_object('y', date_part('year', dob), 'd', extract(doy from dob)) plain_1, age(date '2020-01-01', dob) plain_2, age(dob) plain_3, age(current_date, dob) plain_4, date_part('year', age(dob)) derived_1 from p",
        # one person behind other filters
        *(
            f"select sum(salary) plain_1 from p where {condition}"
            for condition in ("employee_id between 5 and 5", "employee_id >= 5 and employee_id <= 5", "employee_id in (5, 5)", "email like 'a@b.c'", "not (employee_id <> 5)", "employee_id in (select 5)", "(employee_id, 1) = (5, 1)", "(employee_id, id) in ((5, 1))")
        ),
        *(f"select sum(salary) aggregated_1 from p where {condition}" for condition in ("employee_id between 5 and 6", "employee_id >= 5 and employee_id <= 6", "email like 'a%'", "employee_id in (select id from p)", "(id, 1) = (5, 1)", "employee_id in (select unnest(array[5, 6]))")),
        # one row by its number
        *(f"select sum(salary) plain_1 from (select salary, row_number() over (order by id) r from p) q where {condition}" for condition in ("r = 1", "r <= 1", "2 > q.r", "dept = 'x' and r = 3")),
        *(f"select sum(salary) aggregated_1 from (select salary, row_number() over ({window}) r from p) q where {condition}" for window, condition in (("order by id", "r <= 10"), ("partition by dept order by id", "r = 1"))),
        "select sum(salary) plain_1 from (select salary, dept from p qualify row_number() over (order by id) = 1) q",
        # one row or one person in each group
        *(
            f"select dept clean_1, sum(salary) plain_1, avg(salary) plain_2, count(*) clean_2 from p group by dept having {condition}"
            for condition in ("count(*) = 1", "count(*) < 2", "1 >= count(*)", "clean_2 = 1", "count(distinct employee_id) = 1", "count(distinct employee_id) < 2", "1 >= count(distinct employee_id)")
        ),
        "select sum(salary) plain_1 from p having count(*) = 1",
        *(f"select dept clean_1, sum(salary) aggregated_1 from p group by dept having {condition}" for condition in ("count(*) > 1", "count(*) <= 2", "count(*) = 1 or dept = 'x'", "count(distinct id) <= 1")),
        "select sum(salary) plain_1 from (select salary from p limit 1) q",
        "select sum(salary) aggregated_1 from (select salary from p limit 10) q",
    ],
    "snowflake": [
        "select sum(f.value) plain_1 from p, lateral flatten(input => array_construct(salary, bonus)) f group by f.seq",
        "select sum(f.value) aggregated_1 from p, lateral flatten(input => array_construct(salary, bonus)) f group by p.dept",
        "select regexp_replace(email, '.+', '*', 3) plain_1, regexp_replace(email, '.+', '*', 1, 2) plain_2, regexp_replace(email, '[^@]+', '*') derived_1 from p",
        "select timestamp_from_parts(year(dob), month(dob), day(dob), 0, 0, 0) plain_1, object_construct('a', year(dob), 'b', month(dob), 'c', day(dob)) plain_2, datediff('day', dob, to_date('2020-01-01')) plain_3,"
        " months_between(dob, to_date('2020-01-01')) plain_4, months_between(dob, current_date) derived_1 from p",
    ],
    "spark": [
        "select exists(array(diagnosis), x -> x = 'E11') plain_1, forall(array(diagnosis), x -> x = 'E11') plain_2 from p",
        "select mask_first_n(email, 1) plain_1, mask_last_n(phone, 1) plain_2, mask_first_n(email) redacted_1, mask_show_first_n(email, 2) redacted_2, mask_show_last_n(email, 30) plain_3, mask(email) redacted_3 from p",
        "select mask(phone, digitChar => null) plain_1, mask(phone, digitChar => cast(null as string)) plain_2, mask(str => phone, upperChar => null) plain_3, mask(phone, otherChar => null) redacted_1, mask(phone, digitChar => 'd') redacted_2 from p",
        "select * from (select dept as clean_1, diagnosis, id from p) pivot (count(id) for diagnosis in ('E11' as aggregated_1))",
        "select * from (select dept as clean_1, diagnosis, id from p) pivot (max(id) for diagnosis in ('E11' as plain_1))",
        "select named_struct('y', year(dob), 'm', month(dob), 'd', day(dob)) plain_1, concat_ws('-', year(dob), month(dob), dayofmonth(dob)) plain_2, months_between(dob, '2020-01-01') plain_3 from p",
    ],
    "trino": [
        "select any_match(array[diagnosis], x -> x = 'E11') plain_1, none_match(array[diagnosis], x -> x = 'E11') plain_2 from p",
        "select row(year(dob), month(dob), day(dob)) plain_1, date_diff('day', dob, date '2020-01-01') plain_2, year(dob) * 1000 + day_of_year(dob) plain_3 from p",
    ],
    "mysql": [
        "select instr(diagnosis, 'E11') plain_1, locate('E11', diagnosis) plain_2, mask_outer(email, 0, 0) plain_3, mask_inner(email, 50, 50) plain_4, mask_inner(email, 2, 2) redacted_1, mask_outer(email, 4, 4) redacted_2,"
        " makedate(year(dob), dayofyear(dob)) plain_5 from p",
    ],
    "tsql": [
        "select charindex('E11', diagnosis) plain_1, patindex('%E11%', diagnosis) plain_2, datepart(year, dob) * 10000 + datepart(month, dob) * 100 + datepart(day, dob) plain_3 from p",
        "select sum(salary) plain_1 from (select top 1 salary from p) q",
    ],
}


def read(folder: Path, dialect: str, files: dict[str, str]) -> dict[str, set[str]]:
    """Proved verdicts of all columns but those of p."""
    for name, text in {"a.sql": f"create table p ({COLUMNS}{ARRAYS.get(dialect, '')});", **files}.items():
        (folder / name).write_text(text, encoding="utf-8")
    snap = ln.read(folder, format="sql", dialect=dialect)
    columns = snap.nodes.filter(pl.col("kind") == "column")["id"].to_list()
    tagged = [(i, LABELS[name], "is") for i in columns if i.lower().partition("#")[0].endswith("/p") and (name := i.lower().partition("#")[2]) in LABELS]
    rows = snap.pii(decisions=pl.DataFrame(tagged, schema=["node", "label", "decision"], orient="row")).frame.filter(certainty="proved")
    found: dict[str, set[str]] = {i.lower().partition("/")[2]: set() for i in columns if not i.lower().partition("#")[0].endswith("/p")}
    for node, verdict in rows.select("node", "verdict").rows():
        found.setdefault(node.lower().partition("/")[2], set()).add(verdict)
    return found


@pytest.mark.parametrize("dialect", CASES)
def test_what_expressions_leave(dialect: str, tmp_path: Path) -> None:
    found = read(tmp_path, dialect, {f"z{i}.sql": f"create table z{i} as {query};" for i, query in enumerate(CASES[dialect])})
    mine = {node: verdicts for node, verdicts in found.items() if node.startswith("z")}
    assert mine and mine == {node: {word} - {"clean"} for node in mine for word in (node.partition("#")[2].partition("_")[0],)}


def test_rows_changed_in_place_tell_by_which_condition(tmp_path: Path) -> None:
    declared = "create table z1 (id int, a int, b int); create table z2 (id int, a int, b int);"
    changes = "update z1 set a = 1, b = p.id from p where p.id = z1.id and p.diagnosis = 'E11'; merge into z2 using p on p.id = z2.id when matched and p.diagnosis = 'E11' then update set a = 1;"
    found = read(tmp_path, "snowflake", {"b.sql": declared, "c.sql": changes})
    assert {n: v for n, v in found.items() if v and n.startswith("z")} == {"z1#a": {"plain"}, "z2#a": {"plain"}}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("insert into z select dept, avg(salary) from p group by dept having count(distinct id) >= 10", "insert into z select dept, avg(salary) from p group by dept having count(distinct id) >= 2"),
        ("insert into z select sum(salary) from (select salary from p limit 1) q", "insert into z select sum(salary) from (select salary from p limit 100) q"),
        ("insert into z select dept, sum(salary) from p group by dept having count(*) = 1", "insert into z select dept, sum(salary) from p group by dept having count(*) = 2"),
        ("insert into z select dept, sum(salary) from p group by dept having 2 > count(*)", "insert into z select dept, sum(salary) from p group by dept having 20 > count(*)"),
        ("insert into z select sum(salary) from p where email like 'abc'", "insert into z select sum(salary) from p where email like 'ab%'"),
    ],
)
def test_a_query_log_tells_groups_of_one_apart(one: str, other: str) -> None:
    assert fingerprint(pl.Series([one, other])).n_unique() == 2


@pytest.mark.parametrize("name", ["public.sha256", "sha256", "x.public.sha256"])
def test_a_function_that_is_defined_goes_before_the_one_that_is_built_in(name: str, tmp_path: Path) -> None:
    function = f"create function {name}(a text) returns text as $$ select a $$ language sql;"
    query = "create table {} as select public.sha256(email) x, pg_catalog.sha256(email) y, sha256(email) w from p;"
    found = read(tmp_path, "postgres", {"b.sql": function, "c.sql": query.format("z1"), "d.sql": function + query.format("z2")})
    told = {"x": {"plain"}, "y": {"pseudonymised"}, "w": {"pseudonymised"}}
    assert {n: v for n, v in found.items() if n.startswith("z")} == {f"{table}#{column}": v for table in ("z1", "z2") for column, v in told.items()}


STEPS = {
    "md5": "md5({})",
    "length": "length({})",
    "compared": "({} = 'x')",
    "null": "({} is null)",
    "case": "case when {} = 'x' then 1 else 0 end",
    "coalesce": "coalesce({}, 'n')",
    "nullif": "nullif({}, 'x')",
    "mask": "anon.partial({}, 1, '*', 1)",
    "encrypted": "pgp_sym_encrypt({}, 'k')",
    "counted": "count({}) over (partition by dept)",
    "position": "strpos({}, 'x')",
}


def test_a_special_category_fares_alike_in_one_statement_and_in_two(tmp_path: Path) -> None:
    pairs = [(a, b) for a in STEPS for b in STEPS]
    nested = ", ".join(f"{STEPS[b].format(STEPS[a].format('diagnosis'))} c{i}" for i, (a, b) in enumerate(pairs))
    first = "dept, " + ", ".join(f"{step.format('diagnosis')} x_{name}" for name, step in STEPS.items())
    second = ", ".join(f"{STEPS[b].format(f'x_{a}')} c{i}" for i, (a, b) in enumerate(pairs))
    files = {
        "b.sql": f"create table nest as select {nested} from p;",
        "c.sql": f"create table cte as with q as (select {first} from p) select {second} from q;",
        "d.sql": f"create temp table q as select {first} from p; create table passing as select {second} from q;",
        "e.sql": f"create table stored as select {first} from p;",
        "f.sql": f"create table two as select {second} from stored;",
    }
    found = read(tmp_path, "postgres", files)
    for i, pair in enumerate(pairs):
        told = {table: found[f"{table}#c{i}"] for table in ("nest", "cte", "passing", "two")}
        assert len(set(map(frozenset, told.values()))) == 1 and told["two"], (pair, told)
