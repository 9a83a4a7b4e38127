"""What proves that nothing is left of what a table held before, and what does not."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import lineage_nb as ln

MADE = "CREATE TABLE c.s.x AS SELECT email AS c FROM c.s.t"
ANEW = "INSERT OVERWRITE INTO c.s.x (c) SELECT code FROM c.s.codes"


def left_in_log(root: Path, *statements: str) -> bool:
    """Whether the e-mail address is still in C.S.X behind statements of one session, a minute apart."""
    rows = [{"statement": s, "time": f"2025-01-01 10:{m:02}:00", "session": "1"} for m, s in enumerate(statements)]
    pl.DataFrame(rows).write_ndjson(root / "log.ndjson")
    snap = ln.read(root / "log.ndjson", dialect="snowflake", namespace="n")
    tags = ln.from_frames(nodes={"id": ["n/C.S.T#EMAIL"], "kind": ["column"], "parent": ["n/C.S.T"], "tags": ["pii:email"]})
    return "n/C.S.X#C" in snap.merge(tags).pii().frame["node"]


@pytest.mark.parametrize(
    ("statements", "left"),
    [
        ((MADE, ANEW), False),
        ((MADE, "BEGIN", ANEW, "COMMIT"), False),
        ((MADE, "BEGIN", ANEW, "COMMIT", "SELECT c FROM c.s.x", "ROLLBACK"), False),
        ((MADE, "BEGIN", ANEW, "ROLLBACK"), True),
        ((MADE, "start transaction;", ANEW, "SELECT 1", "rollback work"), True),
        ((MADE, "BEGIN", "DROP TABLE c.s.x", "ROLLBACK"), True),
        ((MADE, f"BEGIN; {ANEW}; ROLLBACK"), True),
        ((MADE, "DROP TABLE c.s.x"), False),
        ((MADE, "DROP TABLE c.s.x", "UNDROP TABLE c.s.x"), True),
        ((MADE, "DROP TABLE c.s.x", "UNDROP TABLE c.s.x", "DROP TABLE c.s.x"), False),
        ((MADE, "DROP VIEW IF EXISTS c.s.x"), True),
        ((MADE.replace("TABLE", "VIEW"), "DROP VIEW IF EXISTS c.s.x"), False),
    ],
)
def test_what_is_undone_proves_nothing(tmp_path: Path, statements: tuple[str, ...], left: bool) -> None:
    assert left_in_log(tmp_path, *statements) is left


def test_rows_that_replace_others_name_no_columns(tmp_path: Path) -> None:
    left_in_log(tmp_path, MADE, "INSERT OVERWRITE INTO c.s.x SELECT code FROM c.s.codes")
    snap = ln.read(tmp_path / "log.ndjson", dialect="snowflake", namespace="n")
    assert [n for n in snap.nodes["id"] if n.startswith("n/C.S.X#")] == ["n/C.S.X#C"]


def event(state: str, time: str, source: str, job: str, change: str | None, fields: dict[str, str]) -> dict[str, Any]:
    lineage = {k: {"inputFields": [{"namespace": "n", "name": source, "field": f}]} for k, f in fields.items()}
    facets: dict[str, Any] = {"columnLineage": {"fields": lineage}}
    if change:
        facets["lifecycleStateChange"] = {"lifecycleStateChange": change}
    return {
        "eventType": state,
        "eventTime": f"2025-01-0{time}T00:00:00Z",
        "run": {"runId": f"00000000-0000-0000-0000-00000000000{time}"},
        "job": {"namespace": "jobs", "name": job},
        "inputs": [{"namespace": "n", "name": source}],
        "outputs": [{"namespace": "n", "name": "x", "facets": facets}],
    }


@pytest.mark.parametrize(
    ("state", "change", "field", "left"),
    [
        ("COMPLETE", "OVERWRITE", "code", True),  # also told of single partitions
        ("COMPLETE", "TRUNCATE", "code", False),
        ("COMPLETE", "CREATE", "code", True),
        ("COMPLETE", None, "code", True),
        ("FAIL", "TRUNCATE", "code", True),
        ("START", "TRUNCATE", "code", True),
        ("COMPLETE", "TRUNCATE", "email", True),  # what the rewriting job itself puts in is there
    ],
)
def test_events_tell_of_rewriting(tmp_path: Path, state: str, change: str | None, field: str, left: bool) -> None:
    events = [event("COMPLETE", "1", "t", "first", None, {"c": "email"}), event(state, "2", "u", "second", change, {"c": field})]
    (tmp_path / "events.ndjson").write_text("\n".join(map(json.dumps, events)), encoding="utf-8")
    tags = {"id": ["n/t#email", "n/u#email"], "kind": ["column"] * 2, "parent": ["n/t", "n/u"], "tags": ["pii:email"] * 2}
    found = ln.read(tmp_path).merge(ln.from_frames(nodes=tags)).pii().frame
    assert ("n/x#c" in found["node"]) is left


def built(root: Path, made: str, *, materialized: str, query: str, status: str = "success", run_of: str | None = None) -> None:
    """Write artifacts of a dbt project with one model, built in an invocation of its own."""
    root.mkdir()
    metadata = {"invocation_id": made, "generated_at": f"{made}T00:00:00Z", "adapter_type": "postgres", "project_name": "p"}
    schema = "https://schemas.getdbt.com/dbt/{}.json"
    model = {
        "unique_id": "model.p.x",
        "resource_type": "model",
        "name": "x",
        "relation_name": '"d"."s"."x"',
        "config": {"materialized": materialized},
        "compiled_code": query,
        "depends_on": {"nodes": []},
    }
    manifest = {"metadata": {**metadata, "dbt_schema_version": schema.format("manifest/v12")}, "nodes": {"model.p.x": model}, "sources": {}}
    version = {**metadata, "dbt_schema_version": schema.format("run-results/v6"), "invocation_id": run_of or made}
    results = [{"unique_id": "model.p.x", "status": status, "timing": [], "execution_time": 1.0}]
    (root / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    (root / "run_results.json").write_text(json.dumps({"metadata": version, "results": results, "args": {"which": "run"}}), encoding="utf-8")


@pytest.mark.parametrize(
    ("materialized", "status", "run_of", "query", "left"),
    [
        ("table", "success", None, 'SELECT code AS c FROM "d"."s"."codes"', False),
        ("table", "error", None, 'SELECT code AS c FROM "d"."s"."codes"', True),
        ("table", "success", "other", 'SELECT code AS c FROM "d"."s"."codes"', True),
        ("incremental", "success", None, 'SELECT code AS c FROM "d"."s"."codes"', True),
        ("table", "success", None, 'SELECT email AS c FROM "d"."s"."t2"', True),
    ],
)
def test_a_build_of_a_table_makes_it_anew(
    tmp_path: Path, materialized: str, status: str, run_of: str | None, query: str, left: bool
) -> None:
    built(tmp_path / "new", "2025-02-01", materialized=materialized, query=query, status=status, run_of=run_of)
    snap = ln.read(tmp_path / "new")
    (into,) = (n for n in snap.nodes["id"] if n.endswith("s.x#c"))
    before = {"source": "old.t#email", "target": into, "type": "DIRECT", "job": "job:old", "last_seen": datetime(2025, 1, 1, tzinfo=UTC)}
    snap = snap.merge(ln.from_frames(edges=[before]))
    sources = [n for n in snap.edges["source"].unique() if n.endswith("#email")]
    tags = {"id": sources, "kind": ["column"] * len(sources), "parent": [s.partition("#")[0] for s in sources], "tags": ["pii:email"] * len(sources)}
    found = snap.merge(ln.from_frames(nodes=tags)).pii().frame["node"]
    assert any(n.endswith("x#c") for n in found) is left
