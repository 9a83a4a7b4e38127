"""Runs that are silent about columns, and aggregations: what events do not say is not taken for proved or clean."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import lineage_nb as ln

SCHEMA = {"fields": [{"name": "a", "type": "string"}, {"name": "b", "type": "string"}]}
Json = dict[str, Any]


def event(run: str, inputs: str, facet: Json | None = None, *, state: str = "COMPLETE", day: int = 1, output: str = "o", job: str = "load") -> Json:
    facets: Json = {"schema": SCHEMA} | ({"columnLineage": facet} if facet is not None else {})
    tagged = {"tags": {"tags": [{"key": "pii", "value": "email", "field": "a"}]}, "schema": SCHEMA}
    return {
        "eventTime": f"2025-01-0{day}T00:00:00Z",
        "eventType": state,
        "run": {"runId": run},
        "job": {"namespace": "j", "name": job},
        "inputs": [{"namespace": "pg", "name": name, "facets": tagged if name == "q" else {"schema": SCHEMA}} for name in inputs],
        "outputs": [{"namespace": "pg", "name": output, "facets": facets}],
    }


def of(table: str, **how: Any) -> Json:
    told = {"transformations": [{"type": "DIRECT", **how}]} if how else {}
    return {"fields": {c: {"inputFields": [{"namespace": "pg", "name": table, "field": c, **told}]} for c in ("a", "b")}}


def read(folder: Path, *files: list[Json]) -> ln.Snapshot:
    for number, events in enumerate(files):
        (folder / f"{number}.ndjson").write_text("\n".join(json.dumps(e) for e in events), encoding="utf-8")
    return ln.read(folder)


def status(snap: ln.Snapshot, node: str = "pg/o#b") -> str:
    return dict(snap.pii().status().select("node", "status").iter_rows())[node]


TOLD, SILENT = event("r1", "p", of("p")), event("r2", "pq", day=2)


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([TOLD, SILENT], "possible"),
        ([SILENT, {**TOLD, "eventTime": "2025-01-05T00:00:00Z"}], "possible"),
        ([TOLD, event("r2", "p", day=2)], "clean"),  # p's columns are known to make those of o
        ([TOLD, event("r2", "pq", state="START", day=2), event("r2", "pq", of("p"), day=2)], "clean"),  # the same run told
        ([TOLD, event("r2", "pq", of("p"), state="START", day=2), event("r2", "pq", day=2)], "clean"),
        ([TOLD, event("r2", "pq", state="FAIL", day=2)], "clean"),
        ([TOLD, event("r2", "pq", state="START", day=2)], "clean"),
        ([TOLD, event("r2", "pq", state="START", day=2), {**event("r2", "", day=2), "outputs": []}], "possible"),
        ([TOLD, event("r2", "pq", of("p"), day=2)], "clean"),
        ([TOLD, event("r2", "q", day=2, output="x")], "clean"),
    ],
)
def test_a_silent_run_is_not_covered_by_another(tmp_path: Path, events: list[Json], expected: str) -> None:
    assert status(read(tmp_path, events)) == expected


def test_a_silent_run_is_seen_in_any_order_and_partition(tmp_path: Path) -> None:
    events = [TOLD, event("r2", "pq", state="START", day=2), SILENT, event("r3", "pq", of("p"), state="START", day=3), event("r3", "pq", day=3)]
    hashes = set()
    for number, order in enumerate(itertools.permutations(events)):
        if number % 30 == 0:
            folder = tmp_path / str(number)
            folder.mkdir()
            snap = read(folder, list(order[:2]), [*order[2:], order[0]])
            assert status(snap) == "possible"
            hashes.add(snap.content_hash)
    assert len(hashes) == 1


def test_a_silent_run_is_seen_under_another_name_of_its_table() -> None:
    nodes = [{"id": "p#x", "kind": "column"}, {"id": "q#m", "kind": "column", "tags": ["pii:email"]}, {"id": "o#y", "kind": "column"}]
    edges = [{"source": "p#x", "target": "o#y", "job": "job:a/j"}]
    runs = [{"job": "job:a/j", "run": "r1", "state": "COMPLETE"}]
    names = [{"name": f"s3://b/{n}", "node": n, "evidence": "openlineage:symlinks"} for n in "oq"]

    def lines(source: str, target: str, *more: Json) -> list[tuple[str, str]]:
        io = [{"run": "r1", "dataset": source, "direction": "in", "told": None}, {"run": "r1", "dataset": target, "direction": "out", "told": False}]
        snap = ln.from_frames(nodes=nodes, edges=[*edges, *more], runs=runs, io=io, aliases=names)
        return snap.edges.filter(pl.col("job").is_null()).select("source", "target").rows()  # type: ignore[return-value]

    known = {"source": "q#m", "target": "o#y", "job": "job:a/j", "subtype": "AGGREGATION", "verdict": "aggregated"}
    for source, target in itertools.product(("q", "s3://b/q"), ("o", "s3://b/o")):
        assert lines(source, target) == [("q", "o")]
        assert lines(source, target, known) == []


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ({"masking": False, "description": ""}, ("plain", None)),
        ({"masking": False}, ("plain", None)),
        ({"masking": False, "description": "max(a)"}, ("plain", "plain")),
        ({"masking": False, "description": "collect_list"}, ("plain", "plain")),
        ({"masking": False, "description": "array_agg(a order by b)"}, ("plain", "plain")),
        ({"masking": False, "description": "any_value"}, ("plain", "plain")),
        ({"masking": False, "description": "avg(a)"}, ("aggregated", "aggregated")),
        ({"masking": False, "description": "SUM"}, ("aggregated", "aggregated")),
        ({"masking": True, "description": "count"}, ("aggregated", "aggregated")),
        ({"masking": True}, ("pseudonymised", "pseudonymised")),
    ],
)
def test_an_aggregation_is_what_its_description_says(tmp_path: Path, how: Json, expected: tuple[str, str | None]) -> None:
    snap = read(tmp_path, [event("r1", "q", of("q", subtype="AGGREGATION", **how))])
    found = snap.pii().frame.filter(pl.col("node") == "pg/o#a")["verdict"].item()
    stated = snap.edges.filter(pl.col("target") == "pg/o#a")["verdict"].item()
    assert (found, stated) == expected


@pytest.mark.parametrize("verdict", ["aggregated", "plain", None])
def test_what_an_aggregation_leaves_is_written_and_read_again(tmp_path: Path, verdict: str | None) -> None:
    from lineage_nb.sources.openlineage.writer import write

    edges = [{"source": "d/a#x", "target": "d/b#y", "subtype": "AGGREGATION", "verdict": verdict, "job": "job:d/j"}]
    times = {"first_seen": "2025-01-01", "last_seen": "2025-01-01"}
    nodes = [{"id": i, "kind": "column" if "#" in i else "dataset", **times} for i in ("d/a", "d/b", "d/a#x", "d/b#y")]
    snap = ln.from_frames(nodes=nodes, edges=[{**e, **times} for e in edges])
    again = ln.read(write(snap.data, tmp_path / "out.ndjson"))
    assert again.edges.filter(pl.col("subtype") == "AGGREGATION")["verdict"].to_list() == [None if verdict == "plain" else verdict]
