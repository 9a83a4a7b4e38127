"""Folders of SQL files → frames: a golden pair, names out of paths, reading order, YAML, and odd input."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import lineage_nb as ln
from lineage_nb.errors import FormatError, LineageError
from lineage_nb.model.schema import FRAMES
from lineage_nb.sources.sql_folder.order import ordered
from lineage_nb.sources.sql_folder.reader import FORMAT
from lineage_nb.sources.sql_folder.yaml import described

GOLDEN = Path(__file__).parent / "golden" / "sql_folder"
RELAXED = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def read(root: Path, files: dict[str, str] | None = None, **options: object) -> ln.Snapshot:
    snap = ln.read(write(root, files or {}), format="sql", **options)
    assert snap.report.accepted + snap.report.rejected == snap.report.read
    for name, frame in snap.data.frames.items():
        for column, dtype in FRAMES[name].schema.items():
            assert frame.schema[column] == dtype, (name, column)
            if FRAMES[name].column(column).required:
                assert not frame[column].null_count(), (name, column)
    return snap


def flows(snap: ln.Snapshot) -> set[tuple[str, ...]]:
    """Source, target and subtype of edges between columns, without the namespace."""
    typed = snap.data.frames["edges"].filter(pl.col("type").is_in(["DIRECT", "INDIRECT"]))
    short = (pl.col(c).str.replace(r"^[^/]*/", "") for c in ("source", "target"))
    return set(typed.select(*short, "subtype").iter_rows())


def values(snap: ln.Snapshot) -> set[tuple[str, str]]:
    return {(s, t) for s, t, how in flows(snap) if how in ("IDENTITY", "TRANSFORMATION", "AGGREGATION")}


def notes(snap: ln.Snapshot) -> str:
    return "\n".join(snap.report.files["note"])


def node(snap: ln.Snapshot, identity: str) -> dict[str, object]:
    return snap.nodes.filter(pl.col("id") == identity).row(0, named=True)


# -- the golden pair ----------------------------------------------------------------------------------------


def test_golden() -> None:
    """Run with UPDATE_GOLDEN=1 to write the expectation anew; then read what changed."""
    snap = read(GOLDEN / "files", dialect="bigquery", default_catalog="shop", namespace="bq")
    shown = {
        name: [{k: v for k, v in row.items() if v is not None} for row in frame.to_dicts()]
        for name, frame in snap.data.frames.items()
        if frame.height
    }
    expected = GOLDEN / "expected.json"
    if os.environ.get("UPDATE_GOLDEN"):
        rows = (
            f' "{n}": [\n  ' + ",\n  ".join(json.dumps(r) for r in r_) + "\n ]" for n, r_ in shown.items()
        )
        expected.write_text("{\n" + ",\n".join(rows) + "\n}\n", encoding="utf-8")
    assert shown == json.loads(expected.read_text(encoding="utf-8"))


def test_golden_says_what_the_files_say() -> None:
    snap = read(GOLDEN / "files", dialect="bigquery", default_catalog="shop", namespace="bq")
    assert values(snap) == {
        ("shop.raw.users#id", "shop.staging.accounts#id"),
        ("shop.raw.users#email", "shop.staging.accounts#email"),
        ("shop.raw.users#born", "shop.staging.accounts#born"),
        ("shop.raw.users#email", "shop.staging.accounts#mail"),
        ("shop.staging.accounts#id", "shop.mart.customers#customer_id"),
        ("shop.staging.accounts#mail", "shop.mart.customers#mail_hash"),
        ("shop.staging.accounts#born", "shop.mart.customers#birth_year"),
        ("shop.mart.customers#customer_id", "shop.mart.spending#customer_id"),
        ("shop.raw.orders#address.city", "shop.mart.spending#city"),
        ("shop.raw.orders#amount", "shop.mart.spending#spent"),
        ("shop.mart.spending#customer_id", "shop.mart.best#customer_id"),
        ("shop.mart.spending#spent", "shop.mart.best#spent"),
    }
    tables = set(snap.nodes.filter(pl.col("kind") == "dataset")["name"])
    assert tables == {
        f"shop.{t}"
        for t in (
            "raw.users",
            "raw.orders",
            "staging.accounts",
            "mart.customers",
            "mart.spending",
            "mart.best",
        )
    }
    hashed = snap.edges.filter(
        pl.col("target") == "bq/shop.mart.customers#mail_hash", pl.col("type") == "DIRECT"
    )
    assert hashed["verdict"].to_list() == ["pseudonymised"]
    accounts = node(snap, "bq/shop.staging.accounts")
    assert (accounts["owners"], accounts["tags"], accounts["type"]) == (
        ["ana@shop.example"],
        ["incremental", "schedule:nightly"],
        "query",
    )
    assert accounts["description"] == "Accounts: One row per account."
    assert node(snap, "bq/shop.mart.customers")["type"] == "table"
    assert node(snap, "bq/shop.mart.customers#customer_id")["description"] == "Key."
    assert node(snap, "bq/shop.raw.users#born")["data_type"] == "DATE"
    assert snap.report.rejections.select("position", "reason").rows() == [
        ("line 3", "statement cannot be read")
    ]
    jobs = set(snap.nodes.filter(pl.col("kind") == "job")["name"])
    assert jobs == {
        "jobs/refresh.sql",
        "shop/mart/customers/query.sql",
        "shop/mart/spending/query.sql",
        "shop/staging/accounts/query.sql",
    }


# -- names --------------------------------------------------------------------------------------------------


def test_a_path_names_the_table_of_a_bare_query(tmp_path: Path) -> None:
    files = {"c/s/t/query.sql": "select a from x.y", "models/stg_users.sql": "select b from z.y"}
    assert values(read(tmp_path, files)) == {("c.x.y#a", "c.s.t#a"), ("z.y#b", "stg_users#b")}
    found = read(tmp_path, pattern="{schema}/{table}.sql", default_catalog="db")
    assert ("db.z.y#b", "db.models.stg_users#b") in values(found)
    assert ("db.x.y#a", "db.t.query#a") in values(found)


def test_a_statement_names_its_table_whatever_the_path_says(tmp_path: Path) -> None:
    files = {
        "c/s/t/query.sql": "create or replace view c.other.v as select a from c.x.y",
        "n.sql": "insert into k select a from l",
    }
    assert values(read(tmp_path, files)) == {("c.x.y#a", "c.other.v#a"), ("l#a", "k#a")}


def test_files_of_one_name_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    found = values(read(tmp_path, {"a/q.sql": "select x from s", "b/q.sql": "select y from s"}))
    assert found == {("s#x", "a.q#x"), ("s#y", "b.q#y")}


def test_a_single_file_is_enough(tmp_path: Path) -> None:
    write(tmp_path, {"c/s/t/query.sql": "select a from s.u"})
    snap = ln.read(tmp_path / "c" / "s" / "t" / "query.sql")
    assert values(snap) == {("c.s.u#a", "c.s.t#a")}
    assert snap.nodes.filter(pl.col("kind") == "job")["id"].to_list() == ["job:sql/c/s/t/query.sql"]
    parts = [ln.read(tmp_path / "c" / "s" / "t", format="sql"), ln.read(tmp_path, format="sql")]
    assert parts[0] == parts[1] == snap


def test_several_queries_in_a_file_make_nothing(tmp_path: Path) -> None:
    snap = read(tmp_path, {"look.sql": "select a from t; select b from u"})
    assert set(snap.nodes["id"]) == {"sql/t", "sql/t#a", "sql/u", "sql/u#b"}
    assert snap.edges.is_empty()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"pattern": "{schema}/{name}.sql"}, "has name in braces"),
        ({"pattern": "{schema}/x.sql"}, "does not say where the table is"),
        ({"pattern": "{table}/{table}.sql"}, "has table in braces"),
        ({"dialect": "klingon"}, "unknown SQL dialect"),
        ({"schema": ["a"]}, "schema is \\["),
        ({"shema": {}}, "unknown option shema"),
    ],
)
def test_wrong_options_are_named(tmp_path: Path, options: dict[str, object], said: str) -> None:
    with pytest.raises(LineageError, match=said):
        read(tmp_path, {"a.sql": "select 1"}, **options)


def test_spelling_of_paths_and_statements_meets(tmp_path: Path) -> None:
    """Snowflake reads an unquoted name in upper case; the path in lower case means the same table."""
    files = {
        "db/raw/users/query.sql": "select ID from src.src.t",
        "db/mart/u/query.sql": "select id from raw.users",
    }
    snap = read(tmp_path, files, dialect="snowflake")
    assert ("DB.RAW.USERS#ID", "DB.MART.U#ID") in values(snap)


# -- order --------------------------------------------------------------------------------------------------


def test_columns_of_one_file_serve_the_next_whatever_their_names(tmp_path: Path) -> None:
    """Every file but the last sorts before the one it reads, and takes all of its columns."""
    files = {f"{chr(97 + i)}.sql": f"select * from {chr(98 + i)}" for i in range(20)}
    files["u.sql"] = "create view u as select id, lower(name) as name from base"
    found = values(read(tmp_path, files))
    assert ("b#name", "a#name") in found
    assert ("base#name", "u#name") in found
    assert len(found) == 42


def test_a_circle_is_read_and_reads_the_same_each_time(tmp_path: Path) -> None:
    """Which columns the first reads is known once the second is read, whose second branch is known then."""
    files = {
        "a.sql": "select * from b",
        "b.sql": "select x from t union all select * from a",
        "c.sql": "select * from b",
    }
    snap = read(tmp_path, files)
    assert snap.report.rejected == 0
    assert read(tmp_path) == snap
    assert values(snap) == {("t#x", "b#x"), ("b#x", "a#x"), ("a#x", "b#x"), ("b#x", "c#x")}


def test_an_insert_by_position_finds_the_declared_columns(tmp_path: Path) -> None:
    files = {"a_load.sql": "insert into t select p, q from s", "z_ddl.sql": "create table t (x int, y text)"}
    assert values(read(tmp_path, files)) == {("s#p", "t#x"), ("s#q", "t#y")}


@RELAXED
@given(pairs=st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=20), n=st.integers(1, 8))
def test_ordered_puts_inputs_first_unless_they_are_in_a_circle(pairs: list[tuple[int, int]], n: int) -> None:
    needs = {i: {b for a, b in pairs if a == i and b < n} for i in range(n)}
    reach = {(a, b) for a in needs for b in needs[a]}
    for _ in range(n):
        reach |= {(a, d) for a, b in reach for c, d in reach if b == c}
    found = ordered(needs)
    assert sorted(found) == list(range(n))
    for a, b in reach:
        if (b, a) not in reach:
            assert found.index(b) < found.index(a), (a, b)


def test_the_order_of_files_never_matters(tmp_path: Path) -> None:
    files = [p for p in (GOLDEN / "files").rglob("*") if p.is_file()]
    options = {"format": "sql", "dialect": "bigquery", "default_catalog": "shop"}
    whole = ln.read(files, **options)
    for seed in range(3):
        random.Random(seed).shuffle(files)
        assert ln.read(files, **options) == whole


# -- what is given ------------------------------------------------------------------------------------------


def test_a_given_schema_counts_more_than_what_files_tell(tmp_path: Path) -> None:
    files = {"a.sql": "select * from raw.users", "schema.yaml": "fields: [{name: old}]"}
    snap = read(tmp_path, files, schema={"raw.users": {"id": "INT", "mail": "TEXT"}})
    assert values(snap) == {("raw.users#id", "a#id"), ("raw.users#mail", "a#mail")}
    assert node(snap, "sql/raw.users#mail")["data_type"] == "TEXT"


def test_templates_know_their_own_table_and_each_other(tmp_path: Path) -> None:
    files = {
        "c/s/events/query.sql": "select id, day from {{ source('raw', 'events') }}"
        " {% if is_incremental() %} where day > (select max(day) from {{ this }}) {% endif %}",
        "c/s/daily/query.sql": "{{ config(materialized='incremental') }} select day from {{ ref('events') }}",
    }
    snap = read(tmp_path, files)
    assert values(snap) == {
        ("c.raw.events#id", "c.s.events#id"),
        ("c.raw.events#day", "c.s.events#day"),
        ("c.s.events#day", "c.s.daily#day"),
    }
    assert ("c.s.events#day", "c.s.events", "FILTER") in flows(snap)
    assert node(snap, "sql/c.s.daily")["type"] == "table"


def test_what_is_not_resolved_is_possible_and_said(tmp_path: Path) -> None:
    snap = read(tmp_path, {"a.sql": "select u.id, mail\nfrom u join v on u.id = v.id"})
    assert "not resolved: line 1, column 14: mail: may come from u or v" in notes(snap)
    tagged = ln.from_frames(nodes={"id": ["sql/v#mail"], "kind": ["column"], "tags": [["pii:mail"]]})
    found = snap.merge(tagged).pii().frame
    reached = dict(found.select("node", "certainty").iter_rows())
    assert reached == {"sql/v#mail": "proved", "sql/a#mail": "possible"}


# -- YAML ---------------------------------------------------------------------------------------------------


def test_yaml_gives_columns_of_tables_that_no_file_makes(tmp_path: Path) -> None:
    yaml = """
version: 2
sources:
- name: raw
  tables:
  - name: users
    columns: [{name: id, data_type: int}, {name: "no", meta: {pii: name}}]
models:
- name: copy
  description: All users.
  meta: {owner: ana}
  columns: [{name: id, description: Key.}]
"""
    snap = read(tmp_path, {"copy.sql": "select * from {{ source('raw', 'users') }}", "schema.yml": yaml})
    assert values(snap) == {("raw.users#id", "copy#id"), ("raw.users#no", "copy#no")}
    assert node(snap, "sql/raw.users#no")["tags"] == ["pii:name"]
    assert (node(snap, "sql/copy")["owners"], node(snap, "sql/copy#id")["description"]) == (["ana"], "Key.")


def test_columns_described_in_part_never_hide_others(tmp_path: Path) -> None:
    files = {
        "c/s/a/query.sql": "select id, mail from s.src",
        "c/s/a/schema.yaml": "fields: [{name: ID, type: INT64}]",
        "c/s/b/query.sql": "select * from s.a",
    }
    assert ("c.s.a#mail", "c.s.b#mail") in values(read(tmp_path, files))
    assert ("c.s.src#id", "c.s.a#id") in values(read(tmp_path))


def test_nested_fields() -> None:
    (found,) = described(
        "fields:\n- name: a\n  type: RECORD\n  fields: [{name: b, type: INT64}, {name: c, type: RECORD, mode: REPEATED, fields: [{name: d}]}]\n"
    )
    assert [c.name for c in found.columns] == ["a", "a.b", "a.c", "a.c.d"]
    assert found.schema == {"a": "STRUCT<b INT64, c ARRAY<STRUCT<d STRING>>>"}


@pytest.mark.parametrize(
    "content",
    [
        "a: [", "\t- x", "!!python/object/apply:os.system ['true']", "&a [*a]", "a: &x {b: *x}", "[" * 5_000, "- " * 50_000 + "x", "fields: " + "[" * 3_000 + "]" * 3_000,
        "? " * 20_000 + "x", "\x00", "fields: " + "[{name: a}, " * 3,
        "a0: &a0 {name: x}\n" + "".join(f"a{i}: &a{i} {{name: y, fields: [*a{i - 1}, *a{i - 1}, *a{i - 1}]}}\n" for i in range(1, 14)) + "fields: [*a13]",
    ],
    ids=range(12),
)  # fmt: skip
def test_yaml_that_is_none_is_one_counted_rejection(tmp_path: Path, content: str) -> None:
    snap = read(tmp_path, {"q.sql": "select 1 as one", "schema.yaml": content})
    assert snap.report.reasons() in ({"is no YAML that can be read": 1}, {})
    assert node(snap, "sql/q#one")["kind"] == "column"


@RELAXED
@given(content=st.text(max_size=60) | st.text("-:{}[]&*!|> \nab", max_size=60))
def test_reading_yaml_is_total(content: str) -> None:
    with contextlib.suppress(ValueError):
        assert isinstance(described(content), list)


# -- odd input ----------------------------------------------------------------------------------------------


@RELAXED
@given(
    texts=st.lists(
        st.text(max_size=40) | st.text("select from t(),;'\"`{}%\n-", max_size=60), min_size=1, max_size=4
    )
)
def test_loading_is_total(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    root = tmp_path_factory.mktemp("sql")
    for number, text in enumerate(texts):
        (root / f"{number}.sql").write_bytes(text.encode("utf-8", "surrogatepass"))
    files = read(root).report.files
    assert files["read"].to_list() == (files["accepted"] + files["rejected"]).to_list()
    assert files.height == len(texts)


def test_bytes_that_are_no_utf8(tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_bytes("select id as größe from t".encode("utf-16"))
    (tmp_path / "b.sql").write_bytes("select id as größe from t".encode("latin-1"))
    (tmp_path / "c.sql.gz").write_bytes(gzip.compress(b"select id from t"))
    (tmp_path / "d.sql.gz").write_bytes(gzip.compress(os.urandom(9_000))[:5_000])
    (tmp_path / "e.sql").write_text("-- nothing here")
    snap = read(tmp_path)
    assert values(snap) == {("t#id", "a#größe"), ("t#id", "b#größe"), ("t#id", "c#id")}
    assert snap.report.reasons() == {"cannot be read": 1}
    assert "holds no statement" in notes(snap)


def test_files_as_large_as_dumps_are_rejected(tmp_path: Path) -> None:
    (tmp_path / "dump.sql").write_bytes(b"insert into t values (1);\n" * 200_000)
    assert read(tmp_path).report.rejections["value"].to_list() == ["is larger than 5,000,000 bytes"]


def test_nothing_deep_breaks_it(tmp_path: Path) -> None:
    files = {
        "a.sql": "select " + "(" * 20_000 + "1" + ")" * 20_000,
        "b.sql": "select x from t",
        "c.sql": "{% for i in range(9) %}" * 40,
    }
    snap = read(tmp_path, files)
    assert ("t#x", "b#x") in values(snap)


# -- which files --------------------------------------------------------------------------------------------


def test_sql_is_found_beside_other_formats(tmp_path: Path) -> None:
    files = {
        "q.sql": "select id from t",
        "metadata.yaml": "owners: [ana]",
        "edges.csv": "source,target\na,b\n",
        "docs/metadata.yaml": "owners: [bo]",
        "README.md": "words",
    }
    snap = ln.read(write(tmp_path, files))
    assert set(snap.report.files["format"].drop_nulls()) == {"sql", "frames"}
    assert {Path(p).name for p in snap.report.ignored} == {"metadata.yaml", "README.md"}
    assert node(snap, "sql/q")["owners"] == ["ana"]


def test_a_dbt_project_with_its_manifest_is_left_to_dbt(tmp_path: Path) -> None:
    manifest = {
        "metadata": {
            "dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json",
            "adapter_type": "duckdb",
        }
    }
    files = {
        "dbt_project.yml": "name: p",
        "models/a.sql": "select 1 as x",
        "target/manifest.json": json.dumps(manifest),
        "target/compiled/p/a.sql": "select 1 as x",
    }
    snap = ln.read(write(tmp_path, files))
    assert snap.nodes.is_empty()
    assert "left to dbt's manifest" in notes(snap)
    assert set(read(tmp_path, dialect="duckdb").nodes["name"]) == {"a", "x", "a.sql"}
    compiled = read(tmp_path / "target", dialect="duckdb")
    assert set(compiled.nodes["name"]) == {"a", "x", "a.sql"}


def test_a_folder_without_sql_is_not_read_as_one(tmp_path: Path) -> None:
    with pytest.raises(FormatError):
        read(tmp_path, {"a.txt": "select 1"})


def test_nothing_of_sqlglot_is_loaded_until_sql_is_read() -> None:
    code = "import sys, lineage_nb as ln; ln.formats(); print([m for m in ('sqlglot', 'yaml', 'jinja2') if m in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert shown.strip() == "[]"


def test_the_format_is_listed() -> None:
    assert FORMAT.name in ln.formats()["format"].to_list()


def test_a_bare_query_is_a_query_unless_dbt_says_otherwise(tmp_path: Path) -> None:
    files = {
        "adhoc/latin.sql": "select a from shop.raw.t",
        "models/stg.sql": "select a from {{ ref('base') }}",
        "filled/mart.sql": "select a from shop.raw.t",
        "filled/ddl.sql": "create table mart (a int)",
        "dbt/dbt_project.yml": "name: d",
        "dbt/models/plain.sql": "select 1 as one",
    }
    snap = read(tmp_path, files)
    types = dict(snap.nodes.filter(kind="dataset").select("name", "type").iter_rows())
    assert types["latin"] == "query" and types["stg"] == "view"
    assert types["mart"] == "table", "what a statement says counts more than a bare query"
    assert types["plain"] == "view"


def test_queries_that_make_nothing_are_said(tmp_path: Path) -> None:
    snap = read(tmp_path, {"q1.sql": "select a from t;\nselect b from u", "q2.sql": "select c from v"})
    assert "2 queries without an output: none names what it makes, so nothing is made" in notes(snap)
    assert {"sql/t", "sql/u"} <= set(snap.nodes["id"]) and "sql/q1" not in set(snap.nodes["id"])
