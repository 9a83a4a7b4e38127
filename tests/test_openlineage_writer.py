"""A snapshot written as OpenLineage and read again is the same where OpenLineage has words for it."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lineage_nb as ln
from lineage_nb.errors import LineageError
from lineage_nb.model.ids import parse_id
from lineage_nb.model.snapshot import SnapshotData
from lineage_nb.sources.openlineage.writer import write
from lineage_nb.sources.sql_rows import Job, SqlRows
from lineage_nb.sql.lineage import sql_lineage

SPEC = Path(os.environ.get("OPENLINEAGE_SPEC", Path(__file__).parents[2] / "shared" / "openlineage_spec"))
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
SCRIPTS = {
    "load": "INSERT INTO core.users (id, mail, age) SELECT u.id, md5(u.mail), u.age FROM raw.users AS u WHERE u.active",
    "count": "CREATE TABLE mart.n AS SELECT count(*) AS n, max(u.age) AS oldest FROM core.users AS u JOIN core.bans AS b ON b.id = u.id",
    "rank": "CREATE VIEW mart.v AS SELECT u.id, CASE WHEN u.age > 64 THEN 'old' END AS band, 1 AS one, "
    "row_number() OVER (PARTITION BY u.age ORDER BY u.id) AS place FROM core.users AS u",
    "star": "INSERT INTO mart.copy SELECT * FROM core.unknown",
    "open": "INSERT INTO mart.open (a, b) SELECT x, t.y FROM s.t AS t, s.u AS u",
    "purge": "DELETE FROM core.users WHERE id IN (SELECT g.id FROM raw.gone AS g)",
}
FACTS = ["source", "target", "type", "subtype", "value", "certainty", "jobs"]


def again(snap: ln.Snapshot, folder: Path, **options: Any) -> ln.Snapshot:
    read = ln.read(snap.to_openlineage(folder / "events.ndjson", **options))
    assert read.report.rejected == 0 and read.report.ignored == []
    return read


def of_sql() -> ln.Snapshot:
    rows = SqlRows("pg", "log:sql")
    for name, text in SCRIPTS.items():
        rows.add(sql_lineage(text, dialect="postgres"), Job("pg", name), first=1_700_000_000_000_000, last=1_700_000_000_000_000)
    return ln.Snapshot(SnapshotData.of(rows.frames()))


def renamed(node: str, snap: ln.Snapshot) -> str:
    """The id that a node has to come back with: reports as datasets, ids without a namespace in one of their own."""
    owner, hash_, column = node.partition("#")
    if owner.startswith("report:"):
        return f"report%3A{node.removeprefix('report:')}"
    return node if parse_id(owner) is not None else f"lineage-nb/{owner}{hash_}{column}"


def edges(snap: ln.Snapshot, level: str, name: Any = lambda node: node) -> list[tuple[Any, ...]]:
    found = snap.graph(level).edges.select(FACTS)
    return sorted(((name(a), name(b), *rest[:-1], tuple(rest[-1])) for a, b, *rest in found.iter_rows()), key=repr)


def ids(snap: ln.Snapshot, *kinds: str) -> set[str]:
    return set(snap.nodes.filter(pl.col("kind").is_in(kinds))["id"])


def test_round_trip_of_the_sample(stream: ln.Snapshot, tmp_path: Path) -> None:
    read = again(stream, tmp_path)
    assert ids(read, "job") == ids(stream, "job")
    assert ids(read, "dataset") == {renamed(i, stream) for i in ids(stream, "dataset", "report")}
    assert ids(read, "column") == {renamed(i, stream) for i in ids(stream, "column")}
    for level in ("column", "dataset"):
        assert edges(read, level) == edges(stream, level, lambda node: renamed(node, stream))


def test_round_trip_of_sql(tmp_path: Path) -> None:
    snap = of_sql()
    read = again(snap, tmp_path)
    for kind in ("job", "dataset", "column"):
        assert ids(read, kind) == ids(snap, kind)
    for level in ("column", "dataset", "job"):
        assert edges(read, level) == edges(snap, level) != []
    kept = ["source", "target", "type", "subtype", "masking", "job"]
    typed = [s.edges.filter(pl.col("type").is_in(["DIRECT", "INDIRECT"])).select(kept).unique().sort(kept) for s in (read, snap)]
    assert typed[0].equals(typed[1])


def test_written_twice_is_the_same(stream: ln.Snapshot, tmp_path: Path) -> None:
    first = stream.to_openlineage(tmp_path / "a.ndjson").read_bytes()
    shuffled = {n: f.sample(fraction=1.0, shuffle=True, seed=3) for n, f in stream.data.frames.items()}
    assert write(SnapshotData.of(shuffled), tmp_path / "b.ndjson").read_bytes() == first
    once = again(stream, tmp_path)
    twice = again(once, tmp_path)
    assert edges(twice, "column") == edges(once, "column") and ids(twice, "dataset") == ids(once, "dataset")


def events(snap: ln.Snapshot, folder: Path, **options: Any) -> list[dict[str, Any]]:
    text = snap.to_openlineage(folder / "e.ndjson", **options).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_the_facet_says_what_sql_says(tmp_path: Path) -> None:
    load = next(e for e in events(of_sql(), tmp_path) if e.get("job", {}).get("name") == "load")
    assert load["inputs"] == [{"namespace": "pg", "name": "raw.users"}] and "run" not in load
    facet = load["outputs"][0]["facets"]["columnLineage"]
    source = {"namespace": "pg", "name": "raw.users"}
    assert facet["fields"]["mail"]["inputFields"] == [
        {**source, "field": "mail", "transformations": [{"type": "DIRECT", "subtype": "TRANSFORMATION", "masking": True}]}
    ]
    assert [(d["field"], d["transformations"][0]["subtype"]) for d in facet["dataset"]] == [("active", "FILTER")]
    assert load["eventTime"] == "2023-11-14T22:13:20.000000Z"
    assert "description" not in json.dumps(facet)


def test_people_s_facts_come_back(tmp_path: Path) -> None:
    nodes = [
        {"id": "pg/a", "type": "view", "owners": ["ann", "team:x"], "tags": ["gold", "tier:1", "pii:email", "pii:no"], "bytes": 7,
         "description": "wörds", "last_seen": AT},
        {"id": "pg/a#x", "kind": "column", "parent": "pg/a", "data_type": "INT", "ordinal": 1, "tags": ["pii:phone"], "description": "no"},
        {"id": "pg/a#b.c", "kind": "column", "parent": "pg/a", "ordinal": 0},
        {"id": "pg/gone", "deleted_at": datetime(2026, 1, 1, tzinfo=UTC)},
        {"id": "job:x/j", "kind": "job", "type": "streaming/flink/job", "owners": ["bob"], "tags": ["t"], "description": "d"},
        {"id": "job:x/k", "kind": "job", "type": "task"},
    ]  # fmt: skip
    snap = ln.from_frames(nodes=nodes, aliases=[{"name": "old/a", "node": "pg/a"}])
    read = again(snap, tmp_path)
    kept = ["id", "kind", "type", "parent", "data_type", "ordinal", "owners", "tags", "bytes", "description", "deleted_at"]
    assert read.nodes.select(kept).equals(snap.nodes.select(kept))
    assert read.aliases.select("name", "node").rows() == [("old/a", "pg/a")]


def test_what_was_dropped_stays_dropped(tmp_path: Path) -> None:
    dropped = datetime(2026, 1, 1, tzinfo=UTC)
    rows = [{"source": "d/old", "target": "job:d/j", "type": "READ", "last_seen": datetime(2025, 12, 1, tzinfo=UTC)},
            {"source": "job:d/j", "target": "d/new", "type": "WRITE", "last_seen": AT}]  # fmt: skip
    snap = ln.from_frames(nodes=[{"id": "d/old", "deleted_at": dropped}], edges=rows)
    for options, when in (({}, AT), ({"at": datetime(2027, 1, 1, tzinfo=UTC)}, datetime(2027, 1, 1, tzinfo=UTC))):
        read = again(snap, tmp_path, **options).nodes
        assert read.filter(pl.col("deleted_at").is_not_null()).select("id", "deleted_at").rows() == [("d/old", when)]


def test_masking_that_one_source_denies_is_not_claimed(tmp_path: Path) -> None:
    one = {"source": "d/a#x", "target": "d/b#y", "subtype": "TRANSFORMATION", "job": "job:d/j"}
    columns = [{"id": f"d/{t}#{c}", "kind": "column", "parent": f"d/{t}"} for t, c in (("a", "x"), ("b", "y"))]
    for evidence, expected in (([True, False], False), ([True, True], True), ([True, None], True), ([None], None)):
        rows = [{**one, "masking": m, "evidence": f"e{i}"} for i, m in enumerate(evidence)]
        snap = ln.from_frames(nodes=columns, edges=rows)
        job = next(e for e in events(snap, tmp_path, at=AT) if "job" in e)
        step = job["outputs"][0]["facets"]["columnLineage"]["fields"]["y"]["inputFields"][0]["transformations"][0]
        assert step.get("masking") is expected


def test_a_verdict_without_masking_says_whether_it_hides(tmp_path: Path) -> None:
    columns = [{"id": f"d/{t}#{c}", "kind": "column", "parent": f"d/{t}"} for t, c in (("a", "x"), ("b", "y"))]
    for verdict, expected in (("plain", False), ("pseudonymised", True), ("redacted", True), ("aggregated", False)):
        snap = ln.from_frames(nodes=columns, edges=[{"source": "d/a#x", "target": "d/b#y", "verdict": verdict}])
        facet = next(e for e in events(snap, tmp_path, at=AT) if e["dataset"]["name"] == "b")["dataset"]["facets"]["columnLineage"]
        assert facet["fields"]["y"]["inputFields"][0]["transformations"] == [{"type": "DIRECT", "masking": expected}]


def test_what_no_longer_holds_is_left_out(tmp_path: Path) -> None:
    rows = [{"source": "d/a", "target": "d/b", "expires_at": datetime(2025, 1, 1, tzinfo=UTC), "last_seen": AT},
            {"source": "d/a", "target": "d/c", "last_seen": AT}]  # fmt: skip
    assert [e[:2] for e in edges(again(ln.from_frames(edges=rows), tmp_path), "dataset")] == [("d/a", "d/c")]


def test_times(tmp_path: Path) -> None:
    snap = ln.from_edges([("d/a", "d/b")])
    with pytest.raises(LineageError, match="at=datetime"):
        snap.to_openlineage(tmp_path / "e.ndjson")
    assert {e["eventTime"] for e in events(snap, tmp_path, at=datetime(2026, 1, 2))} == {"2026-01-02T00:00:00.000000Z"}
    assert again(snap, tmp_path, at=AT).nodes["last_seen"].unique().to_list() == [AT]
    assert events(ln.from_frames(), tmp_path) == []


names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6)


@given(st.lists(st.tuples(names, names), min_size=1, max_size=6))
@settings(max_examples=15)
def test_any_ids_stay_apart(tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[str, str]]) -> None:
    snap = ln.from_edges(pairs)
    read = again(snap, tmp_path_factory.mktemp("e"), at=AT)
    assert len(ids(read, "dataset")) == len(ids(snap, "dataset"))
    assert read.graph().edges.height == snap.graph().edges.height


@pytest.mark.skipif(not SPEC.is_dir(), reason="the specification's schemas are not here; OPENLINEAGE_SPEC names their folder")
def test_events_fit_the_specification(stream: ln.Snapshot, tmp_path: Path) -> None:
    from jsonschema import Draft202012Validator
    from referencing import Registry, Resource

    schemas = [json.loads(p.read_text(encoding="utf-8")) for p in (SPEC / "OpenLineage.json", *sorted((SPEC / "facets").glob("*.json")))]
    registry = Registry().with_resources([(s["$id"], Resource.from_contents(s)) for s in schemas])
    checks: dict[str, Draft202012Validator] = {}
    written = events(stream, tmp_path) + events(of_sql(), tmp_path)
    assert len(written) > 100

    def check(url: str, value: object) -> None:
        if url not in checks:
            checks[url] = Draft202012Validator({"$ref": url}, registry=registry, format_checker=Draft202012Validator.FORMAT_CHECKER)
        checks[url].validate(value)

    for event in written:
        check(event["schemaURL"], event)
        for entity in (event.get("job"), event.get("dataset"), *event.get("inputs", ()), *event.get("outputs", ())):
            for facet in (entity or {}).get("facets", {}).values():
                check(facet["_schemaURL"], facet)
    assert {u.rpartition("/")[2] for u in checks} >= {"ColumnLineageDatasetFacet", "LineageDatasetFacet", "JobEvent", "DatasetEvent"}
