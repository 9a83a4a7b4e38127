"""Query logs → frames: the vendors' exports, any other log, what is counted, what is never kept."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import costly

import lineage_nb as ln
from lineage_nb.errors import FormatError, LineageError
from lineage_nb.model.schema import FRAMES
from lineage_nb.sources.exports import how_to_export
from lineage_nb.sources.query_log.layout import PRESETS, layout_of
from lineage_nb.sources.query_log.reader import FORMAT
from lineage_nb.sources.query_log.shapes import Question, answers
from lineage_nb.sources.query_log.values import standard
from lineage_nb.sources.registry import Entry

GOLDEN = Path(__file__).parent / "golden" / "query_log"
RELAXED = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


def log(folder: Path, *rows: dict[str, object], name: str = "log.ndjson") -> Path:
    path = folder / name
    path.write_text("\n".join(json.dumps(r) for r in rows), encoding="utf-8")
    return path


def row(statement: str, hour: int = 8, **more: object) -> dict[str, object]:
    return {"statement": statement, "time": f"2025-03-01T{hour:02}:00:00Z", "user": "jo", **more}


def read(path: Path, **options: object) -> ln.Snapshot:
    snap = ln.read(path, format="query_log", **{"namespace": "db", **options})
    assert snap.report.accepted + snap.report.rejected == snap.report.read
    for name, frame in snap.data.frames.items():
        for column, dtype in FRAMES[name].schema.items():
            assert frame.schema[column] == dtype, (name, column)
            if FRAMES[name].column(column).required:  # type: ignore[union-attr]
                assert not frame[column].null_count(), (name, column)
    return snap


def notes(snap: ln.Snapshot) -> str:
    return "\n".join(snap.report.files["note"])


def usage(snap: ln.Snapshot) -> set[tuple[object, ...]]:
    return set(snap.usage.select("node", "consumer", "day", "reads", "bytes").iter_rows())


def direct(snap: ln.Snapshot) -> set[tuple[str, str]]:
    return set(snap.edges.filter(type="DIRECT").select("source", "target").iter_rows())


# -- golden pair --------------------------------------------------------------------------------------------


def shown(snap: ln.Snapshot) -> dict[str, list[dict[str, object]]]:
    return {
        name: [
            {k: v.isoformat() if hasattr(v, "isoformat") else v for k, v in r.items() if v is not None}
            for r in frame.to_dicts()
        ]
        for name, frame in snap.data.frames.items()
        if frame.height
    }


def test_golden_pair() -> None:
    found = shown(ln.read(GOLDEN / "snowflake.csv"))
    path = GOLDEN / "expected.json"
    if os.environ.get("WRITE_GOLDEN"):
        path.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    assert found == json.loads(path.read_text(encoding="utf-8"))


# -- the vendors' exports -----------------------------------------------------------------------------------


def test_snowflake() -> None:
    snap = ln.read(GOLDEN / "snowflake.csv")
    active, mails = "snowflake/SHOP.MART.ACTIVE", "snowflake/SHOP.MART.MAILS"
    jo = "principal:snowflake/JO"
    assert usage(snap) == {(active, jo, date(2025, 3, 3), 2, 1001), (mails, jo, date(2025, 3, 3), 2, 1000)}
    assert snap.nodes.filter(id=active)["type"].item() == "view"
    runs = {r["run"]: r for r in snap.runs.iter_rows(named=True)}
    assert {k: r["state"] for k, r in runs.items()} == {
        "q1": "COMPLETE",
        "q2": "COMPLETE",
        "q3": "COMPLETE",
        "q4": "FAIL",
    }
    assert runs["q1"]["start"] == datetime(2025, 3, 1, 16, 0, 0, 123_000, tzinfo=UTC)
    assert runs["q2"]["busy_us"] == 1_500_000
    assert runs["q3"]["job"] == runs["q4"]["job"]
    assert ("q2", mails, "out", 40, 512) in set(snap.io.iter_rows())
    assert not snap.io.filter(run="q4").height  # it failed
    assert (snap.report.read, snap.report.rejected) == (9, 1)
    assert snap.report.rejections["position"].to_list() == ["row 9"]
    assert "1 × queries of system tables" in notes(snap)
    assert set(snap.coverage.select("scope", "what", "from", "to").iter_rows()) == {
        ("snowflake", what, date(2025, 3, 1), date(2025, 3, 3)) for what in ("usage", "lineage")
    }


def test_bigquery() -> None:
    snap = ln.read(GOLDEN / "bigquery.ndjson", prices={"tib": 104_857.6})
    users = "bigquery/shop.mart.users"
    # a cache hit lists no tables: they are read off its text; the statement of a script counts, the script does not
    assert usage(snap) == {(users, "principal:bigquery/jo@shop.example", date(2025, 3, 2), 3, 1000)}
    assert ("bigquery/shop.raw.events_*#email", f"{users}#email") in direct(snap)
    assert (f"{users}#email", "bigquery/shop.lab.jo_mails#mail") in direct(
        snap
    )  # a SELECT with a destination
    assert set(snap.aliases["name"]) == {
        "bigquery/shop.raw.events_20250228",
        "bigquery/shop.raw.events_20250301",
    }
    made = snap.runs.filter(pl.col("job").str.contains("create_table"))
    assert made["job"].n_unique() == 1  # both days are one job
    assert made.height == 2
    assert snap.runs.filter(run="bq9")["state"].item() == "FAIL"
    assert snap.edges.filter(target="bigquery/shop.raw.uploads")["type"].to_list() == ["WRITE"]  # a load job
    assert not snap.nodes["id"].str.contains("anon").any()
    # 10 MiB cost 1.00 here; bq1, bq2, bq3, bq5 and bq7 are billed, the script is not billed again
    assert snap.costs["amount"].sum() == 5_000_000


def test_bigquery_parquet_with_nested_columns(tmp_path: Path) -> None:
    pl.read_ndjson(GOLDEN / "bigquery.ndjson").write_parquet(tmp_path / "jobs.parquet")
    assert ln.read(tmp_path).data == ln.read(GOLDEN / "bigquery.ndjson").data


def test_bigquery_csv_with_json_columns(tmp_path: Path) -> None:
    frame = pl.read_ndjson(GOLDEN / "bigquery.ndjson")
    nested = [c for c, t in frame.schema.items() if t.is_nested()]
    text = {c: [None if v is None else json.dumps(v) for v in frame[c].to_list()] for c in nested}
    frame.with_columns(pl.Series(c, v, dtype=pl.String) for c, v in text.items()).write_csv(
        tmp_path / "x.csv"
    )
    assert ln.read(tmp_path / "x.csv").data == ln.read(GOLDEN / "bigquery.ndjson").data


def test_databricks(tmp_path: Path) -> None:
    compute = {"type": "WAREHOUSE", "cluster_id": None, "warehouse_id": "w1"}
    frame = pl.DataFrame(
        [
            {
                "account_id": "a",
                "workspace_id": "1",
                "statement_id": f"s{n}",
                "session_id": "x",
                "execution_status": state,
                "compute": compute,
                "executed_by_user_id": "7",
                "executed_by": "jo@example.org",
                "statement_text": text,
                "statement_type": "SELECT",
                "error_message": error,
                "total_duration_ms": 1500,
                "execution_duration_ms": 1000,
                "start_time": datetime(2025, 3, 1, 8 + n, tzinfo=UTC),
                "end_time": datetime(2025, 3, 1, 8 + n, 0, 2, tzinfo=UTC),
                "read_bytes": 64,
                "read_rows": 8,
                "produced_rows": 2,
                "written_bytes": 0,
                "written_rows": 0,
            }
            for n, (text, state, error) in enumerate(
                (
                    ("CREATE OR REPLACE TABLE main.mart.t AS SELECT a, b FROM main.raw.s", "FINISHED", None),
                    ("SELECT a FROM main.mart.t WHERE b = 1", "FINISHED", None),
                    ("SELECT a FROM main.mart.t WHERE b = 2", "CANCELED", None),
                    ("SELECT * FROM system.query.history", "FINISHED", None),
                )
            )
        ]
    )
    frame.write_parquet(tmp_path / "history.parquet")
    snap = ln.read(tmp_path)
    assert usage(snap) == {
        ("databricks/main.mart.t", "principal:databricks/jo@example.org", date(2025, 3, 1), 1, 64)
    }
    assert snap.runs["compute"].to_list() == ["compute:databricks/w1"]
    assert snap.runs["busy_us"].to_list() == [1_000_000]
    assert "1 × reads that failed" in notes(snap)


def test_redshift() -> None:
    snap = ln.read(GOLDEN / "redshift.csv")
    assert direct(snap) == {
        ("redshift/dev.public.orders#id", "redshift/dev.public.picked#id"),
        ("redshift/dev.public.picked#id", "redshift/dev.mart.daily#order_id"),
    }
    assert snap.nodes.filter(id="redshift/dev.public.picked")["type"].item() == "temporary table"
    assert usage(snap) == {("redshift/dev.mart.daily", "principal:redshift/101", date(2025, 3, 1), 1, None)}
    assert snap.runs.filter(run="11")["busy_us"].item() == 2_000_000  # microseconds, unlike other vendors


def test_trino() -> None:
    snap = ln.read(GOLDEN / "trino.ndjson")
    assert usage(snap) == {("trino/hive.mart.users", "principal:trino/jo", date(2025, 3, 1), 1, None)}
    assert snap.report.rejected == 0
    events = ln.read(GOLDEN / "trino_events.ndjson")
    assert direct(events) == {("trino/hive.raw.users#name", "trino/hive.mart.names#name")}
    assert events.io.filter(direction="out").select("rows", "bytes").rows() == [(8, 64)]


@pytest.mark.parametrize("preset", PRESETS, ids=lambda p: p.platform)
def test_what_how_to_export_selects_is_recognised(preset: object) -> None:
    platform = preset.platform  # type: ignore[attr-defined]
    query = how_to_export(platform)
    select = query[query.rindex("SELECT ") + 7 : query.rindex("\nFROM ")].replace('"', "")
    names = [
        part.split(" AS ")[-1].split(".")[-1].strip(" )\n") for part in select.replace("\n", " ").split(",")
    ]
    found = layout_of(names, {}, "x")
    assert found.platform == platform
    assert {"statement", "time", "user", "id", "status"} <= set(found.columns)


def test_how_to_export_lists_what_it_knows() -> None:
    with pytest.raises(LineageError, match="bigquery, databricks, redshift, snowflake, trino"):
        how_to_export("excel")


# -- any log ------------------------------------------------------------------------------------------------


def test_columns_names_the_users_own(tmp_path: Path) -> None:
    path = log(tmp_path, {"Was": "SELECT a FROM t", "Wann": "2025-03-01 08:00", "Wer": "jo"})
    snap = read(path, columns={"statement": "was", "time": "Wann", "user": "WER"})
    assert usage(snap) == {("db/t", "principal:db/jo", date(2025, 3, 1), 1, None)}
    with pytest.raises(FormatError, match="no column holds the statements.*Was, Wann, Wer"):
        read(path)
    with pytest.raises(FormatError, match="no column 'x'"):
        read(path, columns={"statement": "x"})
    with pytest.raises(FormatError, match="unknown name who.*Known: statement"):
        read(path, columns={"who": "Wer"})


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".ndjson", ".json", ".parquet", ".csv.gz", ".ndjson.gz"])
def test_files_of_all_kinds(tmp_path: Path, suffix: str) -> None:
    frame = pl.DataFrame(
        [row('INSERT INTO m SELECT "a\nb", c\tx FROM t -- it\'s, "quoted"'), row("SELECT a FROM m", 9)]
    )
    plain = suffix.removesuffix(".gz")
    path = tmp_path / f"log{plain}"
    if plain == ".parquet":
        frame.write_parquet(path)
    elif plain in (".csv", ".tsv"):
        frame.write_csv(path, separator="," if plain == ".csv" else "\t")
    elif plain == ".json":
        path.write_text(json.dumps(frame.to_dicts(), indent=1))
    else:
        frame.write_ndjson(path)
    if suffix.endswith(".gz"):
        packed = tmp_path / f"log{suffix}"
        packed.write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    snap = ln.read(tmp_path, namespace="db", dialect="postgres")
    assert direct(snap) == {("db/t#a\nb".replace("\n", "%0A"), "db/m#a%0Ab"), ("db/t#c", "db/m#x")}
    assert snap.usage["reads"].to_list() == [1]


def test_what_is_no_query_log_is_left_to_others(tmp_path: Path) -> None:
    (tmp_path / "search.csv").write_text("query,time,user\nhow to,2025-01-01,jo\n")
    (tmp_path / "nodes.csv").write_text("id,kind\na,dataset\n")
    (tmp_path / "odd.parquet").write_bytes(b"not parquet")
    (tmp_path / "odd.json").write_text('{"statement": ')
    snap = ln.read(tmp_path)
    assert sorted(Path(f).name for f in snap.report.ignored) == ["odd.json", "odd.parquet", "search.csv"]


def test_damaged_rows_are_rejected_one_by_one(tmp_path: Path) -> None:
    path = tmp_path / "log.ndjson"
    good = json.dumps(row("SELECT a FROM t"))
    path.write_text("\n".join([good, "{oops", good, '["no object"]']))
    snap = read(path)
    assert snap.usage["reads"].to_list() == [2]
    assert snap.report.reasons() == {"is no JSON object": 2}
    table = tmp_path / "log.csv"
    table.write_text("statement,time\nSELECT a FROM t,2025-03-01\nSELECT a, b FROM t,2025-03-01,x,y\n")
    assert read(table).report.reasons() == {"has more fields than the header": 1}


def test_rows_that_lack_something_are_rejected(tmp_path: Path) -> None:
    rows = [
        row("SELECT a FROM t"),
        {**row("SELECT a FROM t"), "time": "yesterday"},
        {**row("SELECT a FROM t"), "time": None},
        row("  "),
        row("SELECT a FROM t", dialect="klingon"),
    ]
    snap = read(log(tmp_path, *rows))
    assert snap.report.reasons() == {
        "time is no time": 1,
        "time is empty": 1,
        "statement is empty": 1,
        "SQL dialect is not known": 1,
    }
    assert snap.report.rejections.sort("position")["position"].to_list() == [
        "row 2",
        "row 3",
        "row 4",
        "row 5",
    ]


def test_without_times_there_is_lineage_and_no_usage(tmp_path: Path) -> None:
    path = log(tmp_path, {"statement": "CREATE TABLE m AS SELECT a FROM t"}, {"statement": "SELECT a FROM m"})
    snap = read(path)
    assert direct(snap) == {("db/t#a", "db/m#a")}
    assert snap.usage.is_empty()
    assert snap.nodes["last_seen"].null_count() == len(snap)
    assert "no column holds times" in notes(snap)


def test_options_are_checked(tmp_path: Path) -> None:
    path = log(tmp_path, row("SELECT 1"))
    for options, message in (
        ({"dialect": "klingon"}, "unknown SQL dialect"),
        ({"prices": {"beer": 3}}, "Known: tib, credit, slot_hour"),
        ({"columns": ["statement"]}, "give a mapping"),
        ({"colums": {}}, "unknown option colums"),
    ):
        with pytest.raises(LineageError, match=message):
            read(path, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("2025-03-01 08:00:00.5 UTC", datetime(2025, 3, 1, 8, 0, 0, 500_000, tzinfo=UTC)),
        ("2025-03-01 08:00:00.123 -0800", datetime(2025, 3, 1, 16, 0, 0, 123_000, tzinfo=UTC)),
        ("2025-03-01T08:00:00+01:00", datetime(2025, 3, 1, 7, tzinfo=UTC)),
        ("1740816000", datetime(2025, 3, 1, 8, tzinfo=UTC)),
        ("1.740816E9", datetime(2025, 3, 1, 8, tzinfo=UTC)),
        (1740816000000, datetime(2025, 3, 1, 8, tzinfo=UTC)),
        (1740816000000000, datetime(2025, 3, 1, 8, tzinfo=UTC)),
        (date(2025, 3, 1), datetime(2025, 3, 1, tzinfo=UTC)),
        ("-5", None),
        ("1e300", None),
    ],
)
def test_times_in_many_notations(given: object, expected: object) -> None:
    frame = pl.DataFrame({"statement": ["x"], "time": [given]})
    found = standard(frame, layout_of(frame.columns, {}, "x"), {})
    assert found["time"].item() == expected
    assert found["bad_time"].item() is (expected is None)


@pytest.mark.parametrize(
    ("name", "value", "micros"),
    [
        ("duration", "2", 2_000_000),
        ("duration_ms", 2, 2_000),
        ("duration_s", 0.5, 500_000),
        ("execution_ms", 7, 7_000),
    ],
)
def test_durations_have_the_unit_of_their_name(name: str, value: object, micros: int) -> None:
    frame = pl.DataFrame({"statement": ["x"], "time": ["2025-03-01"], name: [value]})
    assert standard(frame, layout_of(frame.columns, {}, "x"), {})["busy"].item() == micros


# -- what statements come to --------------------------------------------------------------------------------


def test_equal_shapes_are_one_job_and_reads_add_up(tmp_path: Path) -> None:
    rows = [row(f"INSERT INTO m SELECT a FROM t WHERE d = {n}", n, id=f"i{n}") for n in range(3)]
    rows += [row(f"SELECT a FROM m WHERE a = '{n}'", 9, user=u, bytes=5) for n, u in enumerate("xxy")]
    snap = read(log(tmp_path, *rows))
    assert snap.nodes.filter(kind="job").height == 1
    assert snap.runs["run"].to_list() == ["i0", "i1", "i2"]
    day = date(2025, 3, 1)
    assert usage(snap) == {("db/m", "principal:db/x", day, 2, 10), ("db/m", "principal:db/y", day, 1, 5)}
    job = snap.nodes.filter(kind="job").row(0, named=True)
    assert job["name"].startswith("m:insert:")
    assert job["first_seen"] == datetime(2025, 3, 1, 0, tzinfo=UTC)
    assert job["last_seen"] == datetime(2025, 3, 1, 2, tzinfo=UTC)


def test_views_that_come_later_in_the_log_still_help(tmp_path: Path) -> None:
    rows = (
        row("CREATE TABLE c AS SELECT * FROM b", 1),
        row("INSERT INTO c SELECT y, x FROM s", 2),
        row("CREATE VIEW b AS SELECT * FROM a", 3),
        row("CREATE TABLE a (x INT, y INT)", 4),
        row("CREATE TABLE d AS SELECT x, z FROM a JOIN s ON a.x = s.k", 5),
    )
    snap = read(log(tmp_path, *rows))
    assert direct(snap) >= {
        ("db/a#x", "db/b#x"),
        ("db/b#y", "db/c#y"),
        ("db/s#y", "db/c#x"),  # by position
        ("db/s#x", "db/c#y"),
        ("db/a#x", "db/d#x"),
        ("db/s#z", "db/d#z"),  # a is known not to have it
    }
    assert not any("*" in end for pair in direct(snap) for end in pair)


def test_a_given_schema_counts_more_than_the_log(tmp_path: Path) -> None:
    path = log(tmp_path, row("CREATE TABLE m AS SELECT * FROM t"))
    snap = read(path, schema={"t": {"a": "INT", "b": "TEXT"}})
    assert direct(snap) == {("db/t#a", "db/m#a"), ("db/t#b", "db/m#b")}
    assert snap.nodes.filter(id="db/t#b")["data_type"].item() == "TEXT"


def test_failed_statements_write_nothing(tmp_path: Path) -> None:
    rows = (
        row("CREATE TABLE m AS SELECT a FROM t", status="error", id="1"),
        row("SELECT a FROM u", status="cancelled", id="2"),
        row("DROP TABLE v", status="failed", id="3"),
        row("SELECT a FROM w", error="no such column", id="4"),
    )
    snap = read(log(tmp_path, *rows))
    assert snap.edges.is_empty()
    assert snap.usage.is_empty()
    assert snap.nodes.filter(kind="dataset").is_empty()
    assert snap.runs.select("run", "state").rows() == [("1", "FAIL")]


def test_the_text_of_what_cannot_be_parsed_is_not_kept(tmp_path: Path) -> None:
    rows = [row("SELECT FROM WHERE 'secret' ((("), row("SELECT a FROM t WHERE b = 'hidden'")]
    rows += [row("INSERT INTO m SELECT 'private', 4711, a FROM t")]
    for options in ({}, {"keep_sql": True}):
        snap = read(log(tmp_path, *rows), **options)
        everything = str(shown(snap)) + str(snap.report.rejections.to_dicts()) + str(snap.report)
        for word in ("secret", "hidden", "private", "4711"):
            assert word not in everything, (word, options)
        assert snap.report.reasons() == {"statement cannot be parsed": 1}
        assert snap.report.rejections["position"].to_list() == ["row 1"]


def test_statements_are_kept_without_their_literals_on_request(tmp_path: Path) -> None:
    path = log(tmp_path, row("INSERT INTO m SELECT a FROM t WHERE b = 'x'"))
    jobs = read(path, keep_sql=True).nodes.filter(kind="job")
    assert jobs["description"].to_list() == ["INSERT INTO m SELECT a FROM t WHERE b = '?'"]
    assert read(path).nodes["description"].null_count() == len(read(path))


def test_dropped_and_renamed_tables(tmp_path: Path) -> None:
    rows = (
        row("CREATE TABLE a AS SELECT x FROM s", 1),
        row("ALTER TABLE a RENAME TO b", 2),
        row("CREATE TABLE tmp AS SELECT x FROM b", 3),
        row("DROP TABLE tmp", 4),
    )
    snap = read(log(tmp_path, *rows))
    assert ("db/s#x", "db/b#x") in direct(snap)
    assert snap.nodes.filter(id="db/tmp")["deleted_at"].item() == datetime(2025, 3, 1, 4, tzinfo=UTC)
    assert "2 × changes of tables" in notes(snap)


def test_temporary_tables_of_different_sessions_are_different_tables(tmp_path: Path) -> None:
    rows = (
        row("CREATE TEMP TABLE z AS SELECT a AS x FROM s1", 1, session_id="A"),
        row("CREATE TEMP TABLE z AS SELECT b AS x FROM s2", 2, session_id="B"),
        row("CREATE TABLE m AS SELECT x FROM z", 3, session_id="A"),
        row("CREATE TABLE n AS SELECT x FROM z", 4, session_id="B"),
    )
    snap = read(log(tmp_path, *rows))
    origins = {t: set(snap.impact(s).frame["node"]) for s, t in (("db/s1#a", "A"), ("db/s2#b", "B"))}
    assert "db/m#x" in origins["A"] - origins["B"]
    assert "db/n#x" in origins["B"] - origins["A"]
    alike = [{**r, "session_id": None} for r in rows]  # nothing tells them apart
    assert {"db/m#x", "db/n#x"} <= set(read(log(tmp_path, *alike)).impact("db/s1#a").frame["node"])


def test_a_temporary_table_that_one_statement_makes_keeps_its_name(tmp_path: Path) -> None:
    rows = [row("CREATE TEMP TABLE z AS SELECT a FROM s", n, session_id=str(n)) for n in (1, 2)]
    assert "db/z#a" in set(read(log(tmp_path, *rows)).nodes["id"])


def test_a_dropped_day_does_not_drop_the_table_of_all_days(tmp_path: Path) -> None:
    rows = (
        row("CREATE TABLE d.e_20250301 AS SELECT a FROM d.s", 1),
        row("SELECT a FROM `d.e_20250301`", 2),
        row("DROP TABLE d.e_20241201", 3),
    )
    snap = read(log(tmp_path, *rows), dialect="bigquery")
    assert snap.nodes.filter(id="db/d.e_*")["deleted_at"].item() is None
    assert ("db/d.s#a", "db/d.e_*#a") in direct(snap)


def test_default_database_and_schema_complete_names(tmp_path: Path) -> None:
    rows = (
        row("SELECT a FROM t", database="d1", schema="s"),
        row("SELECT a FROM t", database="d2", schema="s"),
        row("SELECT a FROM x.t", database="d1", schema="s"),
    )
    assert set(read(log(tmp_path, *rows)).usage["node"]) == {"db/d1.s.t", "db/d2.s.t", "db/d1.x.t"}
    mysql = read(log(tmp_path, row("SELECT a FROM t", database="shop")), dialect="mysql")
    assert mysql.usage["node"].to_list() == ["db/shop.t"]


# -- money --------------------------------------------------------------------------------------------------


def test_costs_follow_jobs_and_readers(tmp_path: Path) -> None:
    rows = (
        row("CREATE TABLE m AS SELECT a FROM t", 1, user="etl", cost=3.0),
        row("SELECT a FROM m", 2, user="jo", cost="0.50"),
        row("SELECT a FROM m", 3, user="jo", cost=0.25),
        row("SHOW TABLES", 4, user="al", cost=0.125),
        row("SELECT a FROM m", 5, user=None, cost=0.0625),
    )
    snap = read(log(tmp_path, *rows))
    by = dict(snap.costs.select("node", "amount").iter_rows())
    assert sorted(by.values()) == [62_500, 125_000, 750_000, 3_000_000]
    assert by["job:db/queries of jo"] == 750_000
    assert snap.costs["amount"].sum() == 3_937_500
    answer = dict(snap.cost(by="consumer").frame.select("key", "amount").iter_rows())
    assert sum(answer.values()) == 3_937_500
    # m costs 3.00, read twice by jo and once by nobody named; jo's own queries are jo's
    assert answer["principal:db/jo"] == 2_000_000 + 750_000
    assert answer["principal:db/al"] == 125_000  # al reads no table, but what al ran is al's
    assert answer["unallocated"] == 62_500


def test_prices_make_costs(tmp_path: Path) -> None:
    rows = (
        row("SELECT a FROM m", 2, credits="0.5", query_id="1"),
        row("SELECT a FROM m", 2, credits=None, query_id="2"),
    )
    snap = read(log(tmp_path, *rows), columns={"credits": "credits"}, prices={"credit": 3.0}, currency="EUR")
    assert snap.costs.select("amount", "currency").rows() == [(1_500_000, "EUR")]
    assert "cost" in snap.coverage["what"].to_list()


# -- laws ---------------------------------------------------------------------------------------------------

STATEMENTS = st.sampled_from(
    [
        "SELECT a FROM t WHERE b = 1",
        "SELECT a FROM t WHERE b = 22",
        "SELECT t.a, u.b FROM t JOIN u ON t.a = u.a",
        "INSERT INTO m SELECT a FROM t WHERE c = 'x'",
        "INSERT INTO m SELECT a FROM t WHERE c = 'y'",
        "CREATE TABLE m AS SELECT * FROM v",
        "CREATE VIEW v AS SELECT a, b FROM u",
        "DROP TABLE m",
        "SHOW TABLES",
        "SELECT 1",
        "not sql at all (",
    ]
)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "statement": STATEMENTS,
            "time": st.datetimes(datetime(2025, 1, 1), datetime(2025, 1, 3)).map(lambda d: d.isoformat()),
            "user": st.sampled_from(["x", "y", None]),
            "bytes": st.integers(0, 1000) | st.none(),
            "cost": st.integers(0, 10**7).map(lambda n: n / 10**6) | st.none(),
            "status": st.sampled_from(["success", "failed", None]),
        }
    ),
    min_size=1,
    max_size=25,
)


def slow_usage(rows: list[dict[str, object]]) -> dict[tuple[object, ...], int]:
    """Reads counted one by one; every statement that reads names its tables here by hand."""
    tables = {"SELECT a": ["db/t"], "SELECT t": ["db/t", "db/u"]}
    counted: dict[tuple[object, ...], int] = {}
    for r in rows:
        if r["status"] == "failed":
            continue
        for table in tables.get(str(r["statement"])[:8], []):
            key = (table, r["user"] and f"principal:db/{r['user']}", str(r["time"])[:10])
            counted[key] = counted.get(key, 0) + 1
    return counted


@RELAXED
@given(ROWS)
def test_usage_equals_counting_one_by_one(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, object]]
) -> None:
    numbered = [{**r, "id": f"q{n}"} for n, r in enumerate(rows)]
    snap = read(log(tmp_path_factory.mktemp("x"), *numbered))
    found = {
        (n, c, str(d)): r for n, c, d, r in snap.usage.select("node", "consumer", "day", "reads").iter_rows()
    }
    assert found == slow_usage(numbered)
    billed = sum(round(float(str(r["cost"])) * 10**6) for r in rows if r["cost"] is not None)
    assert snap.costs["amount"].sum() == billed


@costly(15, RELAXED)
@given(ROWS, st.randoms())
def test_order_and_repeats_do_not_matter(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, object]], rng: object
) -> None:
    numbered = [{**r, "id": f"q{n}"} for n, r in enumerate(rows)]
    folder = tmp_path_factory.mktemp("x")
    once = read(log(folder, *numbered))
    rng.shuffle(numbered)  # type: ignore[attr-defined]
    assert read(log(folder, *numbered, *numbered[:3])).data == once.data
    assert once.merge(once) == once


def test_two_files_of_one_log_are_the_log(tmp_path: Path) -> None:
    rows = [row(f"SELECT a FROM v WHERE b = {n}", n, id=str(n)) for n in range(6)]
    rows.append(row("CREATE VIEW v AS SELECT * FROM t", 8, id="v"))
    rows.append(row("CREATE TABLE t (a INT, b INT)", 9, id="t"))
    whole = read(log(tmp_path, *rows, name="whole.ndjson"))
    parts = [log(tmp_path, *rows[:3], name="a.ndjson"), log(tmp_path, *rows[2:], name="b.ndjson")]
    both = ln.read(parts, format="query_log", namespace="db")
    assert both.data == whole.data
    assert "1 × rows that were read before" in notes(both)


def test_two_processes_find_what_one_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lineage_nb.sources.query_log.shapes._MANY", 50)
    questions = [
        Question(
            f"CREATE TABLE t{n + 1} AS SELECT a, b + {n} AS b FROM t{n} JOIN u{n} USING (k)",
            None,
            None,
            None,
            n,
        )
        for n in range(90)
    ]
    assert answers(questions, {}, processes=2) == answers(questions, {}, processes=1)


def test_a_process_that_dies_is_done_without(monkeypatch: pytest.MonkeyPatch) -> None:
    questions = [
        Question(f"CREATE TABLE t{n} AS SELECT a FROM u{n}", None, None, None, n) for n in range(120)
    ]
    alone = answers(questions, {}, processes=1)

    class Dying:
        def submit(self, work: object, *given: object) -> Future[object]:
            future: Future[object] = Future()
            future.set_exception(BrokenProcessPool())
            return future

    monkeypatch.setattr("lineage_nb.sources.query_log.shapes._MANY", 50)
    monkeypatch.setattr("lineage_nb.sources.query_log.shapes._Pool._started", lambda _: Dying())
    assert answers(questions, {}, processes=2) == alone


def test_a_progress_bar_is_shown_only_to_those_who_wait(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    read(log(tmp_path, row("SELECT a FROM t")))
    assert capfd.readouterr() == ("", "")


def test_reading_a_log_is_what_loads_sqlglot(tmp_path: Path) -> None:
    assert FORMAT.claims(Entry(log(tmp_path, row("SELECT 1"))))
    code = "import sys, lineage_nb.sources.query_log.reader; print('sqlglot' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("name", ["log.csv", "log.tsv"])
def test_the_separator_is_told_by_the_header(tmp_path: Path, separator: str, name: str) -> None:
    fields = [["statement", "time", "user", "cost"], ["SELECT a, b FROM t", "2025-03-01 08:00:00", "jo", "1.5"]]
    quoted = (separator.join(f'"{f}"' if separator in f else f for f in line) for line in fields)
    (tmp_path / name).write_text("\n".join(quoted))
    snap = ln.read(tmp_path / name, namespace="db")
    assert {r[:2] for r in usage(snap)} == {("db/t", "principal:db/jo")}
    assert snap.costs["amount"].to_list() == [1_500_000]


def test_an_empty_log_says_so(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("statement,time,user\n")
    assert "holds no rows" in notes(ln.read(tmp_path / "log.csv"))
    (tmp_path / "log.csv").write_text("")
    assert "empty" in notes(ln.read(tmp_path / "log.csv", format="query_log"))


def test_rejections_count_from_one_and_show_what_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text(
        "statement,time,user,cost\nSELECT a FROM t,2025-03-01,jo,1\nSELECT a FROM t,31.02.2025,jo,1\n"
        f"SELECT a FROM t,2025-03-01,jo,{'9x' * 500}\n"
    )
    found = read(path).report.rejections.select("position", "reason", "value").rows()
    assert found[0] == ("row 2", "time is no time", "31.02.2025")
    assert found[1][:2] == ("row 3", "cost is no number")
    assert found[1][2].startswith("9x9x") and len(found[1][2]) <= 201
