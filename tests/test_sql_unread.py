"""Statements that cannot be read still write: what they write is never called clean."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import lineage_nb as ln
from lineage_nb.sql.lineage import sql_lineage

DDL = "CREATE TABLE c.s.t (id TEXT, email TEXT, dept TEXT);\n"
TARGET = "CREATE TABLE c.s.x (a TEXT, b TEXT);\n"


def folder(root: Path, sql: str, dialect: str) -> ln.Snapshot:
    (root / "ddl.sql").write_text(DDL + TARGET, encoding="utf-8")
    (root / "load.sql").write_text(sql, encoding="utf-8")
    snap = ln.read(root, format="sql", dialect=dialect, namespace="n")
    tags = {"id": ["n/c.s.t#email"], "kind": ["column"], "parent": ["n/c.s.t"], "tags": ["pii:email"]}
    return snap.merge(ln.from_frames(nodes=tags))


@pytest.mark.parametrize(
    ("dialect", "sql", "reads"),
    [
        ("duckdb", "INSERT INTO c.s.x PIVOT c.s.t ON dept USING first(email)", ("c.s.t",)),
        ("duckdb", "CREATE OR REPLACE TEMP TABLE c.s.x AS PIVOT (SELECT dept FROM c.s.t) ON dept", ("c.s.t",)),
        ("postgres", "INSERT INTO c.s.x SELECT a FROM c.s.t u, q JOIN r USING (id) WHERE (((", ("c.s.t", "q", "r")),
        ("postgres", "MERGE INTO c.s.x USING c.s.t ON WHEN ((", ("c.s.t",)),
        ("postgres", "UPDATE c.s.x SET a = email FROM c.s.t WHERE ((", ("c.s.t",)),
        (
            "postgres",
            "WITH q AS (SELECT 1 FROM z) INSERT INTO c.s.x SELECT extract(year FROM d) FROM q JOIN w ON a IS DISTINCT FROM b ((",
            ("z", "w"),
        ),
    ],
)
def test_what_a_broken_statement_names(dialect: str, sql: str, reads: tuple[str, ...]) -> None:
    (statement,) = sql_lineage(sql, dialect=dialect).statements
    assert (statement.kind, statement.outputs, statement.inputs) == ("UNPARSED", ("c.s.x",), reads)
    assert (statement.columns, statement.edges, statement.events) == ({"c.s.x": ("*",)}, (), ())


@pytest.mark.parametrize("sql", ["DELETE FROM c.s.x WHERE ((", "CREATE TABLE c.s.x (a INT, b ((", "SELECT a FROM ((("])
def test_a_broken_statement_that_moves_no_values(sql: str) -> None:
    assert sql_lineage(sql, dialect="postgres").outputs == ()


def test_a_broken_statement_that_writes_several() -> None:
    sql = "INSERT ALL WHEN a > 1 THEN INTO c.s.x WHEN a > 2 THEN INTO c.s.y SELECT a FROM c.s.t WHERE ((("
    (statement,) = sql_lineage(sql, dialect="snowflake").statements
    assert (statement.kind, statement.outputs, statement.inputs) == ("UNPARSED", ("C.S.X", "C.S.Y"), ("C.S.T",))


def test_a_folder_says_what_it_could_not_read(tmp_path: Path) -> None:
    snap = folder(tmp_path, TARGET + "INSERT INTO c.s.x (a) SELECT 'k';\nINSERT INTO c.s.x SELECT email, id FROM c.s.t WHERE (((", "duckdb")
    result = snap.pii()
    found = result.frame.filter(pl.col("node").str.starts_with("n/c.s.x#")).select("node", "certainty").rows()
    assert sorted(found) == [(f"n/c.s.x#{c}", "possible") for c in "*ab"]
    assert snap.coverage.select("scope", "what", "complete").rows() == [("n/c.s.x", "lineage", False)]
    sentence = "1 statement could not be read: what it writes is not known (snap.report.rejections)."
    assert sentence in result.trust
    assert sentence in snap.impact("c.s.t.email").trust


@pytest.mark.parametrize(
    ("dialect", "sql"),
    [
        ("snowflake", "CALL c.s.fill_x('c.s.t')"),
        ("snowflake", "EXECUTE IMMEDIATE 'INSERT INTO c.s.x SELECT email FROM ' || :src"),
        ("tsql", "EXEC c.s.fill_x"),
    ],
)
def test_what_runs_unknown_statements_is_counted(tmp_path: Path, dialect: str, sql: str) -> None:
    snap = folder(tmp_path, sql, dialect)
    assert snap.report.rejections["reason"].to_list() == ["what the statement runs, and so what it writes, is not known"]
    assert snap.report.read == snap.report.accepted + 1
    assert any("1 statement could not be read" in line for line in snap.pii().trust)


def test_rows_of_a_procedure_are_of_no_known_origin(tmp_path: Path) -> None:
    snap = folder(tmp_path, "INSERT INTO c.s.x (a) EXEC c.s.p", "tsql")
    assert snap.coverage["scope"].to_list() == ["n/c.s.x"]
    assert snap.edges.filter(pl.col("type") == "WRITE", pl.col("target").str.contains("#")).is_empty()


def test_a_log_keeps_the_writer_and_rejects_the_row(tmp_path: Path) -> None:
    rows = [
        {"statement": "INSERT INTO c.s.x SELECT email FROM c.s.t WHERE (((", "time": "2025-01-01 10:00:00", "id": "1"},
        {"statement": "CALL c.s.p()", "time": "2025-01-01 11:00:00", "id": "2"},
        {"statement": "CALL c.s.q()", "time": "2025-01-01 12:00:00", "id": "3"},
        {"statement": "SELECT 1", "time": "2025-01-01 12:00:01", "id": "4", "parent": "3"},
    ]
    path = tmp_path / "log.ndjson"
    pl.DataFrame([{"parent": None, **r} for r in rows], infer_schema_length=None).write_ndjson(path)
    snap = ln.read(path, dialect="postgres", namespace="n")
    assert snap.report.reasons() == {
        "statement cannot be parsed": 1,
        "what the statement runs, and so what it writes, is not known": 1,
    }
    moved = snap.edges.filter(pl.col("type").is_in(["READ", "WRITE"])).select("type", "source", "target")
    ends = {(kind, source if kind == "READ" else target) for kind, source, target in moved.iter_rows()}
    assert ends == {("READ", "n/c.s.t"), ("WRITE", "n/c.s.x")}
    assert snap.coverage.filter(what="lineage", complete=False)["scope"].to_list() == ["n/c.s.x"]


def test_columns_that_only_an_inner_query_names(tmp_path: Path) -> None:
    snap = folder(tmp_path, "INSERT INTO c.s.x (a) SELECT id FROM (SELECT id, dept FROM c.s.t) q", "postgres")
    named = snap.edges.filter(subtype="REFERENCE").select("source", "target", "type").rows()
    assert named == [("n/c.s.t#dept", "n/c.s.x", "INDIRECT")]
    hit = snap.impact("c.s.t.dept").frame
    assert ("n/c.s.x", False) in hit.select("node", "value").rows()
    found = snap.merge(ln.from_frames(nodes={"id": ["n/c.s.t#dept"], "kind": ["column"], "parent": ["n/c.s.t"], "tags": ["pii:team"]}))
    assert found.pii(labels="team").frame["node"].to_list() == ["n/c.s.t#dept"]
