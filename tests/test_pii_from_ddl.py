"""What definitions, changes and copies of tables make of personal data, in folders and in logs."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

import lineage_nb as ln
from lineage_nb.sql import alterations
from lineage_nb.sql.alterations import after

P = "create table p (id int, email varchar(9), phone varchar(9), name varchar(9))"
OUT = "create table o (id int, a varchar(9), b varchar(9), c varchar(9))"
LABELS = {"email": "email", "phone": "phone", "name": "name"}


def held(snap: ln.Snapshot, table: str) -> dict[str, str]:
    """Column → its labels, or what is known of it where it has none."""
    columns = snap.nodes.filter(pl.col("kind") == "column")["id"]
    told = [(i, LABELS[c]) for i in columns for c in LABELS if i.lower().endswith((f"/p#{c}", f"ev_2020#{c}", f"ev_2021#{c}"))]
    found = snap.pii(decisions=pl.DataFrame(told, schema=["node", "label"], orient="row").with_columns(decision=pl.lit("is")))
    rows = found.status(names=False).select("node", "status", "labels").rows()
    mine = {n.partition("#")[2].lower(): (s, ls) for n, s, ls in rows if n.lower().partition("#")[0].endswith(f"/{table}")}
    return {c: " ".join(ls) if s == "proved" else s for c, (s, ls) in mine.items()}


def folder(path: Path, dialect: str, *texts: str) -> ln.Snapshot:
    for i, text in enumerate(texts):
        (path / f"f{i}.sql").write_text(text, encoding="utf-8")
    return ln.read(path, format="sql", dialect=dialect)


def log(path: Path, dialect: str, *statements: str) -> ln.Snapshot:
    start = datetime(2025, 1, 1, tzinfo=UTC)
    with (path / "log.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["query_text", "start_time", "user_name"])
        writer.writerows([s, (start + timedelta(minutes=i)).isoformat(), "ann"] for i, s in enumerate(statements))
    return ln.read(path / "log.csv", dialect=dialect)


# -- columns that change --------------------------------------------------------------------------------------


def test_a_renamed_column_holds_what_it_held(tmp_path: Path) -> None:
    snap = log(tmp_path, "snowflake", P, OUT, "insert into o (id, a) select id, email from p", "alter table o rename column a to d", "create table z as select * from o")
    assert held(snap, "z") == {"id": "clean", "d": "email", "b": "clean", "c": "clean"}


RENAMED = "alter table t rename column x to y; alter table t rename to t3; create table z as select y from t3"


@pytest.mark.parametrize("made", ["create table t as select email x from p", "create table t (x text); insert into t select email from p", "insert into t (x) select email from p"])
def test_a_column_renamed_before_its_table_holds_what_it_held(tmp_path: Path, made: str) -> None:
    for number, texts in enumerate([[f"{P}; {made}; {RENAMED}"], [P, *made.split("; "), *RENAMED.split("; ")]]):
        place = tmp_path / str(number)
        place.mkdir()
        snap = folder(place, "postgres", *texts)
        assert held(snap, "z") == {"y": "email"} and held(snap, "t3")["y"] == "email"


def test_what_was_read_before_a_table_was_renamed_was_read_from_it(tmp_path: Path) -> None:
    again = "create table t as select id as x from p; create table w as select x from t"
    snap = folder(tmp_path, "postgres", f"{P}; create table t as select email as x from p; create table y as select x from t; alter table t rename to t3; {again}")
    assert held(snap, "y") == held(snap, "t3") == {"x": "email"}
    assert held(snap, "w") == held(snap, "t") == {"x": "clean"}


@pytest.mark.parametrize("many", [False, True])
def test_alterations_are_followed_once_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, many: bool) -> None:
    calls: list[object] = []

    def counted(*given: object) -> dict[str, str | None]:
        calls.append(given)
        return after(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(alterations, "after", counted)
    count = 20
    said = ["create table t (id int)", *(f"alter table t add column c{i} int" for i in range(count)), *(f"alter table t rename column c{i} to d{i}" for i in range(count))]
    folder(tmp_path, "postgres", *(said if many else ["; ".join(said)]))
    assert 2 * count <= len(calls) <= 6 * count


def test_another_column_under_an_old_name(tmp_path: Path) -> None:
    snap = log(tmp_path, "snowflake", P, "alter table p rename column id to old", "alter table p rename column email to id", "create table z as select id from p")
    assert held(snap, "z") == {"id": "email"}


def test_a_log_knows_columns_as_they_were(tmp_path: Path) -> None:
    changes = ["alter table t add column a varchar(9) first", "insert into t select email, id, 'x' from p", "create table z as select * from t"]
    snap = log(tmp_path, "mysql", P, "create table t (id int, b int)", "insert into t select id, phone from p", *changes)
    assert held(snap, "z") == {"id": "clean", "a": "email", "b": "phone"}


def test_a_column_that_a_log_drops_is_no_position(tmp_path: Path) -> None:
    changes = ["alter table t drop column a", "insert into t select id, name from p"]
    snap = log(tmp_path, "snowflake", P, "create table t (id int, a int, b int)", "insert into t select id, email, phone from p", *changes)
    assert held(snap, "t") == {"id": "clean", "a": "email", "b": "name phone"}


def test_files_know_what_others_change(tmp_path: Path) -> None:
    snap = folder(tmp_path, "postgres", f"{P};{OUT}", "insert into o select id, email, phone, name, 1 from p", "alter table o rename a to m; alter table o add column d int", "create table z as select * from o")
    assert held(snap, "z") == {"id": "clean", "m": "email", "b": "phone", "c": "name", "d": "clean"}


@pytest.mark.parametrize(("values", "last"), [("id, email", "possible"), ("id, email, phone, name, name", "name")])
def test_where_counts_differ_the_rest_is_open(tmp_path: Path, values: str, last: str) -> None:
    found = held(folder(tmp_path, "snowflake", f"{P};{OUT}", f"insert into o select {values} from p"), "o")
    assert (found["a"], found["c"], found["*"]) == ("email", last, "possible")


def test_the_engine_fills_its_own_columns(tmp_path: Path) -> None:
    text = "create table t (k int identity(1,1), e varchar(9), f varchar(9), up as upper(e), rv rowversion); insert into t select email, phone from p"
    snap = folder(tmp_path, "tsql", P, text, "select up into z from t")
    assert held(snap, "t") == {"k": "clean", "e": "email", "f": "phone", "up": "email", "rv": "clean"}
    assert held(snap, "z") == {"up": "email"}
    assert snap.nodes.filter(pl.col("id").str.ends_with("#rv"))["data_type"].str.to_lowercase().to_list() == ["rowversion"]


# -- writes of nothing personal -------------------------------------------------------------------------------


@pytest.mark.parametrize("write", ["insert into o (id, a) values (1, 'x')", "insert into o (id, a) select 1, 'x'", "update o set a = 'x'"])
def test_constants_leave_other_columns_clean(tmp_path: Path, write: str) -> None:
    assert set(held(folder(tmp_path, "snowflake", f"{P};{OUT}", write), "o").values()) == {"clean"}


@pytest.mark.parametrize(
    ("dialect", "write"),
    [
        ("snowflake", "insert into o (id, a) values (1, 'x'); call other()"),
        ("tsql", "declare @x varchar(9); exec other @x output; insert into o (b) values (@x)"),
        ("postgres", "do $$ declare x text; begin update p set id = 1 returning email into x; insert into o (b) values (x); end $$"),
    ],
)
def test_what_is_not_told_is_not_clean(tmp_path: Path, dialect: str, write: str) -> None:
    assert held(folder(tmp_path, dialect, f"{P};{OUT}", write), "o")["b"] not in ("clean", "email")


# -- overwritten partitions -----------------------------------------------------------------------------------

FIRST, AGAIN = "insert into t select id, email from p", "insert overwrite table t select id, 'x' from p"
DYNAMIC = "set spark.sql.sources.partitionOverwriteMode=dynamic"


@pytest.mark.parametrize("dialect", ["spark", "hive"])
@pytest.mark.parametrize(
    ("statements", "left"),
    [
        (["create table t (id int, a string) partitioned by (id)", FIRST, AGAIN], "email"),
        (["create table t partitioned by (id) as select id, email as a from p", AGAIN], "email"),
        (["create table t (id int, a string)", FIRST, DYNAMIC, AGAIN], "email"),
        (["create table t (id int, a string)", FIRST, AGAIN], "clean"),
    ],
)
def test_other_partitions_stay(tmp_path: Path, dialect: str, statements: list[str], left: str) -> None:
    assert held(log(tmp_path, dialect, P, *statements), "t")["a"] == left


# -- one table's rows in another ------------------------------------------------------------------------------


def test_a_synonym_is_its_table(tmp_path: Path) -> None:
    snap = folder(tmp_path, "tsql", f"{P};{OUT}", "insert into s select id, email, phone, 'x' from r", "select * into z from o", "create synonym r for p; create synonym s for o")
    assert held(snap, "o") == held(snap, "z") == {"id": "clean", "a": "email", "b": "phone", "c": "clean"}


@pytest.mark.parametrize("again", ["create or replace synonym s for p", "drop synonym s; create synonym s for p"])
def test_a_synonym_of_one_table_after_the_other_is_both(tmp_path: Path, again: str) -> None:
    said = [P, OUT, "create synonym s for o", *again.split("; "), "create table z as select * from s"]
    for snap in (log(tmp_path, "oracle", *said), folder(tmp_path, "oracle", "; ".join(said))):
        assert held(snap, "z") == {"id": "clean", "email": "email", "phone": "phone", "name": "name"}
    assert held(snap, "o") == {"id": "clean", "a": "clean", "b": "clean", "c": "clean"}


def test_what_goes_into_a_synonym_of_several_tables_goes_into_each(tmp_path: Path) -> None:
    said = [P, OUT, "create table k (id int, a varchar(9))", "create synonym s for o", "insert into s (id, a) select id, email from p", "create or replace synonym s for k"]
    snap = log(tmp_path, "oracle", *said)
    assert held(snap, "o")["a"] == held(snap, "k")["a"] == "email" and held(snap, "o")["b"] == "clean"


def test_tables_by_pattern_hold_what_all_of_them_hold(tmp_path: Path) -> None:
    tables = "create table ds.ev_2020 (id int64, email string); create table ds.ev_2021 (id int64, phone string)"
    snap = folder(tmp_path, "bigquery", tables, "create table ds.z as select *, _table_suffix as s from `ds.ev_*`")
    assert held(snap, "ds.z") == {"id": "clean", "email": "email", "phone": "phone", "s": "clean"}


def test_what_leaves_and_comes_back_is_known_by_position(tmp_path: Path) -> None:
    out, back = "unload ('select id, email, phone, name from p') to 's3://b/x/' iam_role 'r'", "copy o from 's3://b/x/part_0' iam_role 'r'"
    for snap in (log(tmp_path, "redshift", P, OUT, out, back), folder(tmp_path, "redshift", back, out, f"{P};{OUT}")):
        assert held(snap, "o") == {"id": "clean", "a": "email", "b": "phone", "c": "name"}


def test_columns_of_a_file_that_nobody_is_known_to_write_are_open(tmp_path: Path) -> None:
    found = held(folder(tmp_path, "redshift", f"{P};{OUT}", "unload ('select * from gone') to 's3://b/x/' iam_role 'r'; copy o (id, a) from 's3://b/x/' iam_role 'r'"), "o")
    assert found["a"] == "unknown"


def test_a_partition_shows_its_table_and_the_other_way_round(tmp_path: Path) -> None:
    parts = "create table q1 partition of q for values from (1) to (2); create table q2 partition of q default"
    snap = log(tmp_path, "postgres", P, "create table q (id int, e text) partition by range (id)", *parts.split("; "), "insert into q1 select id, email from p", "create table z as select e from q", "create table y as select e from q2")
    assert held(snap, "z") == held(snap, "y") == {"e": "email"}


def test_a_dictionary_of_another_system_is_open(tmp_path: Path) -> None:
    text = "create dictionary d (id UInt64, mail String) primary key id source(mysql(table 'p' host 'h')) layout(flat()); create table z engine=Memory as select dictGet('d', 'mail', id) as m from o"
    assert held(folder(tmp_path, "clickhouse", f"{P} engine=Memory;{OUT} engine=Memory", text), "z") == {"m": "unknown"}
