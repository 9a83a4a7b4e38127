"""Columns that the statements of a query log name: what each statement says, and the verdicts that rest on it."""

from __future__ import annotations

import csv
import json
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lineage_nb as ln
from lineage_nb.model.snapshot import SnapshotData
from lineage_nb.sources.query_log.named import Named, columns_named
from lineage_nb.sql.lineage import sql_lineage

CASES = settings(max_examples=12, deadline=None)
FEW = settings(max_examples=5, deadline=None)
SCHEMA = {"t": ["a", "b", "c"], "u": ["a", "x", "y"]}
EXTRAS = ("named_columns", "other_columns")

SAID = [
    ("SELECT a FROM t WHERE b > 1 ORDER BY c", {"t": ("abc", "none")}),
    ("SELECT count(*) FROM t", {"t": ("", "none")}),
    ("SELECT * FROM t", {"t": ("", "swept")}),
    ("SELECT * FROM t WHERE b > 1", {"t": ("b", "swept")}),
    ("SELECT t.*, x FROM t JOIN u USING (a)", {"t": ("a", "swept"), "u": ("ax", "none")}),
    ("SELECT a FROM (SELECT a, b FROM t) AS s", {"t": ("ab", "none")}),
    ("WITH s AS (SELECT * FROM t) SELECT b FROM s", {"t": ("b", "none")}),
    ("SELECT a FROM t UNION ALL SELECT x FROM u", {"t": ("a", "none"), "u": ("x", "none")}),
    ("SELECT t.b FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.y = t.c)", {"t": ("bc", "none"), "u": ("y", "none")}),
    ("SELECT b AS a FROM t GROUP BY 1 HAVING max(c) > 1", {"t": ("bc", "none")}),
    ("SELECT a FROM t; SELECT x FROM u", {"t": ("a", "none"), "u": ("x", "none")}),
    ("SELECT b, q FROM t JOIN u ON t.a = u.a", {"t": ("ab", "untold"), "u": ("a", "untold")}),
    ("CREATE TEMP TABLE s AS SELECT * FROM t; SELECT a FROM s", {"t": ("", "untold")}),
]


@pytest.mark.parametrize(("text", "said"), SAID)
def test_what_a_statement_names(text: str, said: dict[str, tuple[str, str]]) -> None:
    found = sql_lineage(text, schema=SCHEMA)
    told = dict(zip(said, columns_named(found, said), strict=True))
    assert {t: ("".join(n.columns), n.others) for t, n in told.items()} == said


@pytest.mark.parametrize(
    ("text", "dialect", "named", "others"),
    [
        ("SELECT * FROM t", "snowflake", (), "swept"),
        ("SELECT COUNT(*) FROM t", "snowflake", (), "none"),
        ("SELECT COUNT(*), HASH_AGG(*) FROM t", "snowflake", (), "swept"),
        ("SELECT TO_JSON_STRING(t) FROM d.t AS t", "bigquery", (), "swept"),
        ("SELECT TO_JSON(t) FROM d.t", "snowflake", ("T",), "untold"),
        ("SELECT IDENTIFIER('a') FROM t", "snowflake", (), "untold"),
        ("SELECT s.x.y FROM t", "bigquery", ("s.x.y",), "none"),
    ],
)
def test_what_is_said_of_tables_whose_columns_are_not_known(text: str, dialect: str, named: tuple[str, ...], others: str) -> None:
    found = sql_lineage(text, dialect=dialect)
    assert columns_named(found, found.inputs) == [Named(named, others)]


def test_tables_that_only_the_log_lists_are_told_nothing_of() -> None:
    assert columns_named(sql_lineage("SELECT a FROM v"), ["v", "base"]) == [Named(("a",), "none"), Named((), "untold")]


def test_a_day_of_a_sharded_table_that_the_log_lists_too_is_the_table_of_the_text(tmp_path: Path) -> None:
    table = {"project_id": "p", "dataset_id": "d", "table_id": "e_20250101"}
    job = {"creation_time": "2025-01-01 10:00:00 UTC", "project_id": "p", "user_email": "ana@x.y", "job_id": "j1", "job_type": "QUERY", "state": "DONE"}
    job |= {"query": "SELECT a FROM `p.d.e_20250101`", "statement_type": "SELECT", "referenced_tables": [table]}
    (tmp_path / "log.ndjson").write_text(json.dumps(job), encoding="utf-8")
    found = ln.read(tmp_path / "log.ndjson").frames["usage"]
    assert found.select("node", *EXTRAS).rows() == [("bigquery/p.d.e_*", ["a"], "none")]


# -- logs ------------------------------------------------------------------------------------------------------------

MAKE = "CREATE TABLE m AS SELECT a, b AS k, c FROM t WHERE d > 0"


def log(rows: list[tuple[str, str, date]], **options: Any) -> ln.Snapshot:
    """Read a log of statement, user and day."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "log.csv"
        with path.open("w", newline="", encoding="utf-8") as out:
            writer = csv.writer(out)
            writer.writerow(["statement", "user", "time"])
            writer.writerows((s, u, f"{d} 10:00:00") for s, u, d in rows)
        return ln.read(path, namespace="db", **options)


END = date(2025, 6, 30)
START = END - timedelta(days=100)


def verdicts(snap: ln.Snapshot, **options: Any) -> dict[str, str]:
    return {n.removeprefix("db/"): v for n, v in snap.unused(level="column", **options).frame.select("node", "verdict").iter_rows()}


def told(snap: ln.Snapshot, table: str) -> list[tuple[Any, ...]]:
    return snap.frames["usage"].filter(node=f"db/{table}").sort("day", "consumer").select("reads", *EXTRAS).rows()


def test_a_day_of_a_reader_is_one_row_with_all_that_was_named() -> None:
    snap = log([(MAKE, "etl", START), ("SELECT a FROM m", "ana", END), ("SELECT a, k FROM m", "ana", END), ("SELECT a FROM m", "ben", END)])
    assert told(snap, "m") == [(2, ["a", "k"], "none"), (1, ["a"], "none")]
    worse = log([(MAKE, "etl", START), ("SELECT a FROM m", "ana", END), ("SELECT * FROM m", "ana", END)])
    assert told(worse, "m") == [(2, ["a"], "swept")]
    assert told(log([("SELECT x, y FROM m JOIN t ON m.a = t.a", "ana", END)]), "m") == [(1, ["a"], "untold")]


def test_columns_are_live_swept_or_unread() -> None:
    rows = [(MAKE, "etl", END), ("SELECT a FROM m WHERE k = 1", "ana", END), ("SELECT a FROM m WHERE k = 2", "ana", START)]
    found = log(rows)
    assert verdicts(found) == {"m#a": "live", "m#c": "unread", "m#k": "live", "t#a": "live", "t#b": "live", "t#c": "zombie", "t#d": "live"}
    frame = found.unused(level="column").frame.filter(node="db/m#k")
    assert frame["evidence"].item() == "named for a read on 2025-06-30 by ana"
    assert verdicts(log([*rows, ("SELECT * FROM m", "ben", END)]))["m#c"] == "swept"
    assert verdicts(log([*rows, ("SELECT c FROM m", "ben", END)]))["t#c"] == "live"
    assert verdicts(log([*rows, ("SELECT q FROM m NATURAL JOIN w", "ben", END)]))["m#c"] == "unknown"
    assert verdicts(log([*rows, ("SELECT c FROM m", "ben", START)]))["m#c"] == "unread", "outside the window"


def test_monitors_name_nothing() -> None:
    snap = log([(MAKE, "etl", START), ("SELECT a FROM m", "ana", END), ("SELECT c FROM m", "scan", END)])
    assert verdicts(snap)["m#c"] == "live"
    assert verdicts(snap, monitors=["scan"])["m#c"] != "live"


def test_who_names_a_field_uses_the_struct() -> None:
    rows = [("CREATE TABLE m (s STRUCT<x INT64, y INT64>, z INT64)", "etl", START), ("SELECT s.x FROM m", "ana", END), ("SELECT s.x FROM m", "ana", START)]
    found = verdicts(log(rows, dialect="bigquery"))
    assert found["m#s"] == found["m#s.x"] == "live" and found["m#z"] == "unread"


def test_names_meet_whatever_their_case() -> None:
    read = {"node": "t", "consumer": "ana", "day": "2025-06-30", "named_columns": ["B"], "other_columns": "none"}
    nodes = [{"id": "t"}, *({"id": f"t#{c}", "kind": "column", "parent": "t"} for c in "ab")]
    coverage = [{"scope": "t", "what": "usage", "from": "2024-01-01", "to": "2025-06-30"}]
    assert verdicts(ln.from_frames(nodes=nodes, usage=[read], coverage=coverage)) == {"t#a": "unread", "t#b": "live"}


def test_other_words_than_those_of_query_logs_say_nothing() -> None:
    nodes = [{"id": "t"}, {"id": "t#a", "kind": "column", "parent": "t"}]
    for extra in ({"named_columns": 3, "other_columns": "none"}, {"named_columns": ["b"], "other_columns": "perhaps"}, {"named_columns": ["b"]}):
        read = {"node": "t", "consumer": "ana", "day": "2025-06-30", **extra}
        assert verdicts(ln.from_frames(nodes=nodes, usage=[read]), days=1) == {"t#a": "unknown"}


def test_what_was_named_is_saved_and_does_not_depend_on_order(tmp_path: Path) -> None:
    snap = log([(MAKE, "etl", START), ("SELECT a FROM m", "ana", END)])
    snap.save(tmp_path / "s")
    assert verdicts(ln.read(tmp_path / "s")) == verdicts(snap)
    usage = snap.data.frames["usage"]
    other = usage.with_columns(pl.lit([["a", "c"]]).list.first().alias("named_columns"))
    both = [ln.Snapshot(SnapshotData.of({**snap.data.frames, "usage": pl.concat(pair)}, snap.data.report)) for pair in ([usage, other], [other, usage])]
    assert both[0].frames["usage"].sort("node").equals(both[1].frames["usage"].sort("node"))


# -- laws ------------------------------------------------------------------------------------------------------------

TABLES = {"t": "abcd", "m": "akc"}


@st.composite
def statements(draw: st.DrawFn) -> tuple[str, str, bool, set[str]]:
    """A read of one table: text, table, whether a star takes all, the columns it names."""
    table = draw(st.sampled_from(sorted(TABLES)))
    shown, asked = (draw(st.lists(st.sampled_from(TABLES[table]), unique=True, max_size=2)) for _ in range(2))
    star = draw(st.booleans())
    items = [*(["*"] if star else []), *(f"{c} AS q{n}" for n, c in enumerate(shown))] or ["1 AS one"]
    where = " WHERE " + " AND ".join(f"{c} > 0" for c in asked) if asked else ""
    text = f"SELECT {', '.join(items)} FROM {table}{where}"
    if not star and draw(st.booleans()):
        text = f"SELECT 1 AS one FROM ({text}) AS s"
    return text, table, star, {*shown, *asked}


@st.composite
def logs(draw: st.DrawFn) -> list[tuple[str, str, int, tuple[str, str, bool, set[str]]]]:
    """Reads: text, user, days before the end, and what the statement was made of."""
    reads = draw(st.lists(st.tuples(statements(), st.sampled_from(["ana", "ben"]), st.sampled_from([0, 1, 95])), max_size=6))
    return [(read[0], user, ago, read) for read, user, ago in reads]


def built(reads: list[tuple[str, str, int, tuple[str, str, bool, set[str]]]]) -> ln.Snapshot:
    rows = [(MAKE, "etl", START), ("SELECT 1 AS one FROM other", "ana", END)]
    return log([*rows, *((text, user, END - timedelta(days=ago)) for text, user, ago, _ in reads)], schema={"t": list("abcd")})


@CASES
@given(logs())
def test_verdicts_agree_with_the_statements(reads: list[tuple[str, str, int, tuple[str, str, bool, set[str]]]]) -> None:
    snap = built(reads)
    recent = [read for *_, ago, read in reads if ago < 90]
    named = {f"{table}#{c}" for _, table, _, columns in recent for c in columns}
    swept = {f"{table}#{c}" for _, table, star, _ in recent if star for c in TABLES[table]}
    flows = {"t#a": ["m#a"], "t#b": ["m#k"], "t#c": ["m#c"], "t#d": ["m#a", "m#k", "m#c"]}
    read = {table for _, table, _, _ in recent}
    live_tables = read | ({"t"} if "m" in read else set())
    for node, verdict in verdicts(snap).items():
        table = node.partition("#")[0]
        if table not in live_tables:
            assert verdict not in ("live", "swept"), node
            continue
        leads_to = {node, *flows.get(node, [])}
        filters = node == "t#d" and "m" in read  # which rows of m are read
        want = "live" if filters or leads_to & named else "swept" if leads_to & swept else None
        if want is None:
            assert verdict in ("unread", "zombie", "seasonal"), (node, verdict)
        else:
            assert verdict == want, (node, verdict)


@FEW
@given(logs())
def test_what_was_named_changes_verdicts_on_columns_alone(reads: list[tuple[str, str, int, tuple[str, str, bool, set[str]]]]) -> None:
    snap = built(reads)
    frames = dict(snap.data.frames)
    frames["usage"] = frames["usage"].drop(EXTRAS, strict=False)
    costs = pl.DataFrame({"node": ["db/t", "db/m"], "day": [END] * 2, "amount": [1_000_001, 70]})
    with_costs = [ln.Snapshot(SnapshotData.of({**f, "costs": ln.from_frames(costs=costs).data.frames["costs"]}, snap.data.report)) for f in (snap.data.frames, frames)]
    for ask in (
        lambda s: s.unused().frame,
        lambda s: s.cost(by="consumer").frame,
        lambda s: s.cost(by="consumer", method="shapley").frame,
        lambda s: s.impact("db/t#a").frame,
        lambda s: s.pii().frame,
        lambda s: s.what_if(["db/m"]).frame,
        lambda s: s.usage.drop(EXTRAS, strict=False),
    ):
        one, other = map(ask, with_costs)
        assert one.equals(other)
