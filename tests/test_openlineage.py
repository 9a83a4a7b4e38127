"""OpenLineage events → frames: golden pair, a slow twin, bad input, damaged files, and the laws of loading."""

from __future__ import annotations

import gzip
import json
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openlineage_twin import Twin
from strategies import costly

from lineage_nb.model.claims import settle
from lineage_nb.model.merge import merge
from lineage_nb.model.report import LoadReport, ReportBuilder
from lineage_nb.model.schema import FRAMES
from lineage_nb.model.snapshot import SnapshotData
from lineage_nb.sources.openlineage import events as openlineage_events
from lineage_nb.sources.openlineage.reader import FORMAT
from lineage_nb.sources.registry import Entry

GOLDEN = Path(__file__).parent / "golden" / "openlineage"
SAMPLE = Path(__file__).parents[1] / "data_samples" / "stream" / "openlineage"
RELAXED = settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))


def read(*paths: Path) -> SnapshotData:
    report = ReportBuilder()
    frames = FORMAT.read([Entry(p) for p in paths], report, {})
    for name, frame in frames.items():
        assert dict(list(frame.schema.items())[: len(FRAMES[name].schema)]) == FRAMES[name].schema
        assert frame.is_unique().all(), name
    data = SnapshotData.of(frames, report.build())
    assert data.report.accepted + data.report.rejected == data.report.read
    for name, frame in data.frames.items():
        for column in FRAMES[name].columns:
            if column.required:
                assert not frame[column.name].null_count(), (name, column.name)
    return data


def write(path: Path, records: Iterable[object]) -> Path:
    lines = [r if isinstance(r, bytes) else json.dumps(r, ensure_ascii=False).encode() for r in records]
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    return path


def event(state: str | None = "COMPLETE", run: str = "r1", at: str = "2025-03-01T10:00:00Z", **more: Any) -> dict[str, Any]:
    return {
        "eventTime": at,
        "eventType": state,
        "run": {"runId": run},
        "job": {"namespace": "etl", "name": "load"},
        **more,
    }


def dataset(name: str, **more: Any) -> dict[str, Any]:
    return {"namespace": "pg://db", "name": name, **more}


def column_lineage(**fields: list[dict[str, Any]]) -> dict[str, Any]:
    return {"columnLineage": {"fields": {f: {"inputFields": inputs} for f, inputs in fields.items()}}}


def effective(data: SnapshotData) -> set[tuple[str, str, str]]:
    frames = data.frames
    edges = settle(frames["edges"], frames["runs"], frames["io"], frames["nodes"])
    return set(edges.select("source", "target", "type").iter_rows())


# -- golden pair --------------------------------------------------------------------------------------------


def as_json(data: SnapshotData) -> str:
    rows = {
        name: [{k: v for k, v in row.items() if v is not None} for row in frame.iter_rows(named=True)]
        for name, frame in data.frames.items()
        if frame.height
    }
    lines = []
    for name, listed in rows.items():
        body = ",\n".join("  " + json.dumps(r, default=lambda t: t.isoformat(), ensure_ascii=False) for r in listed)
        lines.append(f'"{name}": [\n{body}\n]')
    lines.append('"report": ' + json.dumps(data.report.rejections.drop("file").to_dicts(), ensure_ascii=False))
    lines.append('"note": ' + json.dumps(data.report.files["note"].to_list(), ensure_ascii=False))
    return "{" + ",\n".join(lines) + "}\n"


def test_golden() -> None:
    made = as_json(read(GOLDEN / "events.ndjson"))
    expected = GOLDEN / "expected.json"
    if os.environ.get("UPDATE_GOLDEN"):
        expected.write_text(made, encoding="utf-8")
    assert made == expected.read_text(encoding="utf-8")


def test_golden_events_are_claimed() -> None:
    assert FORMAT.claims(Entry(GOLDEN / "events.ndjson"))
    assert not FORMAT.claims(Entry(GOLDEN / "expected.json"))
    assert not FORMAT.claims(Entry(Path(__file__)))


# -- the slow twin ------------------------------------------------------------------------------------------

TIMES = ("2025-03-01T10:00:00Z", "2025-03-02 00:00:00.123456789", "2025-03-01T12:00:00.5+02:00", "2025-03-03")
words = st.sampled_from(["a", "b", "a.b", "x#y", "100%", "é"])
spaces = st.sampled_from(["pg://db", "s", "a/b:"])
masked = st.sampled_from([None, True, False])
wrong: st.SearchStrategy[Any] = st.sampled_from([5, "x", [], [1], {"fields": 5}, {"tags": [{}]}, {"_deleted": 3}, True])


def shaped(required: dict[str, Any], **optional: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(required, optional=optional)


transformation = shaped(
    {"type": st.sampled_from(["DIRECT", "DIRECT", "INDIRECT", "INDIRECT", "direct", "COPY"])},
    subtype=st.sampled_from(["IDENTITY", "AGGREGATION", "FILTER", "JOIN", "WINDOW", "CONDITIONAL", "custom", ""]),
    masking=masked,
    description=st.sampled_from(["", "count", "SUM(x)", "max(x)", "collect_list(x)", "of its own", None]),
)
some = st.lists(transformation, max_size=2)
input_field = shaped({"namespace": spaces, "name": words, "field": words}, transformations=some)
lineage_input = shaped(
    {"type": st.sampled_from(["DATASET", "DATASET", "JOB"]), "namespace": spaces, "name": words},
    field=words,
    transformations=some,
) | st.sampled_from([{"type": "JOB"}, {"type": "DATASET"}, {"type": "VIEW"}])
lineage_inputs = st.lists(lineage_input, max_size=2)
lineage_fields = st.dictionaries(words, shaped({"inputs": lineage_inputs}), max_size=2)
schema_field = st.recursive(
    shaped({"name": words}, type=words, description=words, ordinal_position=st.integers(-1, 3)),
    lambda inner: shaped({"name": words}, fields=st.lists(inner, max_size=2)),
    max_leaves=3,
)
name_pair = shaped({"namespace": spaces, "name": words})
tag = shaped(
    {"key": st.sampled_from(["pii", "PII:email", "tier", "x"])},
    value=st.sampled_from(["email", "true", "false", "", True, None]),
    field=words,
)
owned = shaped({"owners": st.lists(shaped({"name": st.sampled_from(["team:b", "team:a", ""])}), max_size=2)})
number = st.sampled_from([0, 7, 7.0, -1, None, 2**63, 1.5])
documented = shaped({"description": words | st.just("")})
DATASET_FACETS: dict[str, Any] = {
    "schema": shaped({"fields": st.lists(schema_field, max_size=3)}, _deleted=masked),
    "columnLineage": shaped(
        {
            "fields": st.dictionaries(
                words,
                shaped({"inputFields": st.lists(input_field, max_size=2)}, transformationType=st.sampled_from(["MASKED", "IDENTITY"])),
                max_size=3,
            )
        },
        dataset=st.lists(input_field, max_size=2),
    ),
    "lineage": shaped({}, inputs=lineage_inputs, fields=lineage_fields),
    "ownership": owned,
    "tags": shaped({"tags": st.lists(tag, max_size=3)}),
    "documentation": documented,
    "symlinks": shaped({"identifiers": st.lists(name_pair, max_size=2)}),
    "datasetType": shaped({"datasetType": st.sampled_from(["TABLE", "VIEW"])}),
    "lifecycleStateChange": shaped(
        {"lifecycleStateChange": st.sampled_from(["DROP", "RENAME", "CREATE", "ALTER", "overwrite", "TRUNCATE"])},
        previousIdentifier=name_pair,
    ),
    "dataQualityMetrics": shaped({"bytes": number}),
}
entry = shaped(
    {"type": st.sampled_from(["DATASET", "JOB"])}, namespace=spaces, name=words, inputs=lineage_inputs, fields=lineage_fields
)
JOB_FACETS: dict[str, Any] = {
    "jobType": shaped({"processingType": st.sampled_from(["BATCH", "STREAMING", "SERVICE"])}, integration=words),
    "ownership": owned,
    "documentation": documented,
    "tags": shaped({"tags": st.lists(tag, max_size=2)}),
    "lineage": shaped({"entries": st.lists(entry, max_size=2)}),
    "sql": shaped({"query": words}),
}
RUN_FACETS: dict[str, Any] = {
    "nominalTime": shaped({"nominalStartTime": st.sampled_from([*TIMES, "soon"])}),
    "parent": shaped({"job": name_pair}) | st.just({}),
}
STATISTICS = shaped({"rowCount": number, "size": number})


@st.composite
def some_facets(draw: st.DrawFn, known: dict[str, Any]) -> Any:
    if draw(st.integers(0, 30)) == 30:
        return draw(st.sampled_from([None, 5, []]))
    chosen = draw(st.lists(st.sampled_from(sorted(known)), max_size=3, unique=True))
    found = {k: draw(wrong if draw(st.integers(0, 12)) == 12 else known[k]) for k in chosen}
    return found | ({"extra": {"x": [1, None]}} if draw(st.booleans()) else {})


def entities(**more: Any) -> st.SearchStrategy[Any]:
    one = shaped({"namespace": spaces, "name": words}, facets=some_facets(DATASET_FACETS), **more)
    return st.lists(one, max_size=2) | st.just(None)


fine = shaped(
    {
        "eventTime": st.sampled_from(TIMES),
        "run": shaped({"runId": st.sampled_from(["r1", "r2"])}, facets=some_facets(RUN_FACETS)),
        "job": shaped({"namespace": spaces, "name": words}, facets=some_facets(JOB_FACETS)),
    },
    eventType=st.sampled_from(["START", "RUNNING", "COMPLETE", "FAIL", "ABORT", "OTHER", "complete"]),
    inputs=entities(inputFacets=some_facets({"inputStatistics": STATISTICS, "dataQualityMetrics": DATASET_FACETS["dataQualityMetrics"]})),
    outputs=entities(outputFacets=some_facets({"outputStatistics": STATISTICS})),
)


@st.composite
def events(draw: st.DrawFn) -> dict[str, Any]:
    made = draw(fine)
    kind = draw(st.integers(0, 9))
    if kind == 0:
        del made["run"]
    elif kind == 1:
        made = {"eventTime": made["eventTime"], "dataset": {**made["job"], "facets": draw(some_facets(DATASET_FACETS))}}
    elif kind == 2:
        at = draw(st.sampled_from(["eventTime", "eventType", "run", "job", "inputs", "outputs"]))
        made[at] = draw(st.sampled_from([5, "x", [], {}, None, [5], [{"namespace": "a", "name": 5}], {"namespace": 1}]))
    elif kind == 3:
        made.pop(draw(st.sampled_from(["eventTime", "job", "eventType"])), None)
    return made


COLUMNS = (
    *("id", "kind", "type", "namespace", "name", "parent", "data_type", "ordinal", "owners", "tags", "bytes"),
    *("description", "deleted_at"),
)


def rows(data: SnapshotData) -> dict[str, Any]:
    """Frames as the twin has them; a claim is what its edges are."""
    frames = data.frames
    claim = pl.col("evidence").str.extract(":claim:(.*)$")
    edges = frames["edges"].with_columns(claim.alias("claim"), pl.col("evidence").str.replace(":claim:.*$", ""))
    assert edges.select(((pl.col("confidence") == 0) | pl.col("claim").is_null()).all()).item()
    made: dict[str, set[Any]] = {}
    columns = ("source", "target", "type", "subtype", "verdict", "masking", "evidence", "job", "claim")
    for row in edges.select(columns).iter_rows():
        if row[-1]:
            made.setdefault(row[-1], set()).add(row[:7])
    job_of = {row[-1]: row[-2] for row in edges.select(columns).iter_rows()}

    def full(key: str | None, target: str | None = None) -> Any:
        return key and (job_of.get(key), frozenset(made.get(key, ())))

    nodes = frames["nodes"]
    io = frames["io"] if "claim" in frames["io"].columns else frames["io"].with_columns(claim=pl.lit(None, pl.String))
    return {
        "nodes": {
            tuple(tuple(v) if isinstance(v, list) else v for v in row[:-2]): row[-2:]
            for row in nodes.select(*COLUMNS, "first_seen", "last_seen").iter_rows()
        },
        "edges": {
            (*row[:8], full(row[8])): row[9:] for row in edges.select(*columns, "first_seen", "last_seen").iter_rows()
        },
        "runs": set(frames["runs"].select("job", "run", "nominal_time", "start", "end", "state").iter_rows()),
        "io": {(*row[:5], full(row[5])) for row in io.select("run", "dataset", "direction", "rows", "bytes", "claim").iter_rows()},
        "aliases": set(frames["aliases"].select("name", "node", "evidence").iter_rows()),
    }


def expected(lines: Sequence[bytes]) -> tuple[dict[str, Any], Twin]:
    twin = Twin().read(list(lines))

    def full(claim: Any) -> Any:
        return claim and (claim[0], claim[2]) if claim and claim[2] else None

    edges = {}
    for key, (first, last) in twin.edges.items():
        short = (*key[:-1], full(key[-1]))
        a, b = edges.get(short, (first, last))
        edges[short] = (min(a, first), max(b, last))
    io = {(*row[:5], full(row[5])) for row in twin.io}
    return {"nodes": twin.nodes, "edges": edges, "runs": twin.runs, "io": io, "aliases": twin.aliases}, twin


@RELAXED
@given(st.lists(events(), max_size=5))
def test_equals_the_slow_twin(tmp_path_factory: pytest.TempPathFactory, records: list[dict[str, Any]]) -> None:
    folder = tmp_path_factory.mktemp("twin")
    path = write(folder / "events.ndjson", records)
    data = read(path)
    wanted, twin = expected(path.read_bytes().splitlines())
    assert Counter(data.report.rejections["reason"].to_list()) == Counter(twin.reasons)
    assert data.report.read == len(records)
    made = rows(data)
    for name, content in wanted.items():
        assert made[name] == content, name
    told = ", ".join(data.report.files["note"])
    for name, times in Counter(twin.lost).items():
        assert f"{times} " in told and name.replace("job to job", "relations between jobs") in told, (name, told)
    assert bool(twin.lost) == bool(told)


# -- merging ------------------------------------------------------------------------------------------------


@costly(20, RELAXED)
@given(st.lists(events(), min_size=1, max_size=6), st.data())
def test_order_repetition_and_partition_never_matter(
    tmp_path_factory: pytest.TempPathFactory, records: list[dict[str, Any]], draw: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("law")
    whole = read(write(folder / "whole.ndjson", records))
    mixed = draw.draw(st.permutations(records + records[: draw.draw(st.integers(0, len(records)))]))
    cuts = sorted(draw.draw(st.lists(st.integers(0, len(mixed)), max_size=3)))
    parts = [mixed[a:b] for a, b in zip([0, *cuts], [*cuts, len(mixed)], strict=True)]
    paths = []
    for number, part in enumerate(parts):
        path = folder / f"{number}.json"
        as_array = draw.draw(st.booleans())
        if as_array:
            path.write_text(json.dumps(part, indent=draw.draw(st.sampled_from([None, 2]))), encoding="utf-8")
        else:
            write(path, part)
        paths.append(path)
    assert read(*draw.draw(st.permutations(paths))).content_hash == whole.content_hash
    merged = merge(*(read(p) for p in draw.draw(st.permutations(paths))))
    assert merged.content_hash == whole.content_hash
    assert effective(merged) == effective(whole)


@costly(20, RELAXED)
@given(st.lists(events(), min_size=1, max_size=6))
def test_posting_often_and_forgetting_caches_change_nothing(
    tmp_path_factory: pytest.TempPathFactory, records: list[dict[str, Any]]
) -> None:
    path = write(tmp_path_factory.mktemp("post") / "events.ndjson", records * 2)
    once = read(path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("lineage_nb.sources.openlineage.reader._BATCH", 1)
        patch.setattr(openlineage_events, "_CACHE_BYTES", 0)
        assert read(path).content_hash == once.content_hash


# -- when a write counts ------------------------------------------------------------------------------------

OUT = [dataset("t", facets=column_lineage(c=[{**dataset("s"), "field": "a"}]))]
WRITES = {("job:etl/load", "pg://db/t", "WRITE"), ("pg://db/s#a", "pg://db/t#c", "DIRECT")}
STREAMING = {"namespace": "etl", "name": "load", "facets": {"jobType": {"processingType": "STREAMING", "integration": "FLINK"}}}
WROTE = [{**OUT[0], "outputFacets": {"outputStatistics": {"rowCount": 3}}}]


@pytest.mark.parametrize(
    ("log", "written"),
    [
        ([event("COMPLETE", outputs=OUT)], True),
        ([event("START", outputs=OUT)], False),
        ([event("RUNNING", outputs=OUT)], False),
        ([event("START", outputs=OUT), event("COMPLETE")], True),
        ([event("START", outputs=OUT), event("COMPLETE", run="r2")], False),
        ([event("START", outputs=OUT), event("FAIL", outputs=OUT)], False),
        ([event("START", outputs=OUT), event("ABORT")], False),
        ([event("FAIL", outputs=WROTE)], True),
        ([event("START", outputs=OUT), event("FAIL", outputs=[{**WROTE[0], "facets": {}}])], True),
        ([event("RUNNING", outputs=OUT, job=STREAMING)], True),
        ([event("START", job=STREAMING), event("RUNNING", outputs=OUT)], True),
        ([{k: v for k, v in event(outputs=OUT).items() if k not in ("run", "eventType")}], True),
        ([event(None, outputs=OUT)], False),
    ],
)
def test_a_write_counts_when_it_came_about(tmp_path: Path, log: list[dict[str, Any]], written: bool) -> None:
    for number, ordered in enumerate((log, log[::-1])):
        together = read(write(tmp_path / f"{number}.ndjson", ordered))
        apart = merge(*(read(write(tmp_path / f"{number}-{i}.ndjson", [e])) for i, e in enumerate(ordered)))
        assert apart == together
        assert (effective(together) >= WRITES) is written
        assert bool(effective(together) & WRITES) is written


def test_a_settled_claim_is_seen_when_its_run_ended(tmp_path: Path) -> None:
    log = [
        event("START", outputs=OUT, at="2025-03-01T10:00:00Z"),
        event("COMPLETE", at="2025-03-01T11:00:00Z"),
        event("START", run="r2", outputs=OUT, at="2025-03-05T10:00:00Z"),
        event("FAIL", run="r2", at="2025-03-05T11:00:00Z"),
    ]
    frames = read(write(tmp_path / "e.ndjson", log)).frames
    edges = settle(frames["edges"], frames["runs"], frames["io"], frames["nodes"])
    assert {str(t) for t in edges["last_seen"]} == {"2025-03-01 11:00:00+00:00"}
    assert edges["confidence"].null_count() == edges.height


def test_statements_are_never_stored(tmp_path: Path) -> None:
    job = {"namespace": "etl", "name": "load", "facets": {"sql": {"query": "select 'SECRET'"}}}
    data = read(write(tmp_path / "e.ndjson", [event(job=job), event(job=job, run="r2")]))
    assert data.report.files["note"].to_list() == ["2 sql facets were not kept: statements hold data"]
    assert "SECRET" not in as_json(data)


# -- bad input ----------------------------------------------------------------------------------------------

GOOD = json.dumps(event(inputs=[dataset("s")])).encode()
BAD = [
    (b'{"eventTime": "2025', "not valid JSON"),
    (b"hello", "not valid JSON"),
    (b'{"eventTime": "\xff"}', "not valid UTF-8"),
    (b'{"eventTime": "\\ud800"}', "not valid JSON"),
    (b"[1]", "not a JSON object"),
    (b"5", "not a JSON object"),
    (b"{}", "eventTime is missing or not a time"),
    (b'{"eventTime": 5}', "eventTime is missing or not a time"),
    (b'{"eventTime": "soon"}', "eventTime is missing or not a time"),
    (b'{"eventTime": "2025-01-01"}', "neither a run, a job nor a dataset"),
    (b'{"eventTime": "2025-01-01", "run": {"runId": "r"}}', "a run without a job"),
    (b'{"eventTime": "2025-01-01", "eventType": "DONE", "run": {"runId": "r"}, "job": {"namespace": "a", "name": "b"}}',
     "eventType is none of START, RUNNING, COMPLETE, FAIL, ABORT, OTHER"),
    (b'{"eventTime": "2025-01-01", "run": {"runId": 5}, "job": {"namespace": "a", "name": "b"}}',
     "run is not an object with a runId"),
    (b'{"eventTime": "2025-01-01", "job": {"namespace": "a", "name": 5}}', "job is not an object with namespace and name"),
    (b'{"eventTime": "2025-01-01", "job": {"namespace": "a", "name": "b"}, "inputs": [{"name": 5}]}',
     "inputs is not a list of objects with namespace and name"),
    (b'{"eventTime": "2025-01-01", "job": {"namespace": "a", "name": "b"}, "outputs": {}}',
     "outputs is not a list of objects with namespace and name"),
    (b'{"eventTime": "2025-01-01", "dataset": 5}', "dataset is not an object with namespace and name"),
    (b'{"eventTime": "2025-01-01", "dataset": {"namespace": "a", "name": "' + b"x" * 9000 + b'"}}',
     "a namespace, name or runId is longer than 8,000 characters"),
    (b'{"eventTime": "2025-01-01", "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "reason"), BAD)
def test_a_bad_record_is_one_rejection(tmp_path: Path, line: bytes, reason: str) -> None:
    data = read(write(tmp_path / "e.ndjson", [GOOD, b"", line, b"  ", GOOD]))
    assert (data.report.read, data.report.accepted) == (3, 2)
    assert data.report.rejections.select("position", "reason").rows() == [("line 3", reason)]
    assert data == read(write(tmp_path / "good.ndjson", [GOOD]))


def test_a_rejected_record_leaves_nothing_behind(tmp_path: Path) -> None:
    broken = event(inputs=[dataset("ghost")], outputs=[dataset("t", facets=OUT[0]["facets"]), {"name": 5}])
    data = read(write(tmp_path / "e.ndjson", [GOOD, broken]))
    assert "ghost" not in as_json(data).split('"report"')[0]


def test_a_broken_facet_costs_only_itself(tmp_path: Path) -> None:
    facets = {"schema": {"fields": [{"name": "a"}]}, "columnLineage": {"fields": {"a": 5}}, "tags": 5}
    log = [event(run=f"r{i}", outputs=[dataset("t", facets=facets)]) for i in range(12)]
    data = read(write(tmp_path / "e.ndjson", log))
    assert data.report.rejected == 0
    assert data.report.files["note"].to_list() == ["12 columnLineage facets did not fit; 12 tags facets did not fit"]
    assert "pg://db/t#a" in data.frames["nodes"]["id"]


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("zipped", [False, True])
def test_shapes_of_files(tmp_path: Path, indent: int | None, bom: bytes, zipped: bool) -> None:
    log = [event("START", inputs=[dataset("s")]), event(outputs=OUT)]
    wanted = read(write(tmp_path / "plain.ndjson", log))
    assert read(write(tmp_path / "empty.ndjson", [])).report.read == 0
    texts = {
        "array": json.dumps(log, indent=indent).encode(),
        "lines": "\r\n\r\n".join(json.dumps(e) for e in log).encode(),
        "object": json.dumps(log[1], indent=indent).encode(),
    }
    for name, text in texts.items():
        path = tmp_path / f"{name}.json{'.gz' if zipped else ''}"
        path.write_bytes(gzip.compress(bom + text) if zipped else bom + text)
        assert FORMAT.claims(Entry(path))
        data = read(path)
        assert data.report.rejected == 0
        if name == "object":
            assert data == read(write(tmp_path / "one.ndjson", log[1:]))
        else:
            assert data == wanted


def test_damaged_files(tmp_path: Path) -> None:
    log = [event(run=f"r{i}", inputs=[dataset(f"s{i}")]) for i in range(500)]
    lines = write(tmp_path / "e.ndjson", log).read_bytes()
    cut = tmp_path / "cut.ndjson"
    cut.write_bytes(lines[:-50])
    assert (read(cut).report.accepted, read(cut).report.reasons()) == (499, {"not valid JSON": 1})
    packed = tmp_path / "cut.ndjson.gz"
    packed.write_bytes(gzip.compress(lines)[:-2000])
    report = read(packed).report
    assert report.reasons() == {"file is cut off or damaged": 1}
    assert 0 < report.accepted < 500
    array = tmp_path / "cut.json"
    array.write_bytes(json.dumps(log).encode()[:-50])
    assert (read(array).report.accepted, read(array).report.reasons()) == (499, {"not valid JSON": 1})
    array.write_bytes(json.dumps([*log[:2], 5, log[3]], indent=1).encode().replace(b"5,", b"5 5,", 1))
    assert read(array).report.rejections.select("position", "reason").rows() == [("event 3", "not valid JSON")]
    pretty = tmp_path / "pretty.json"
    pretty.write_bytes(json.dumps(log[0], indent=2).encode()[:-5])
    assert read(pretty).report.rejections.select("position", "reason").rows() == [("event 1", "not valid JSON")]
    first = tmp_path / "first.ndjson"
    first.write_bytes(lines[20:])
    assert (read(first).report.accepted, read(first).report.rejected) == (499, 1)
    for name, content in (("no.json.gz", b"not gzip"), ("none.json.gz", gzip.compress(lines)[:5])):
        path = tmp_path / name
        path.write_bytes(content)
        assert read(path).report.reasons() == {"file is cut off or damaged": 1}
    assert read(tmp_path / "missing.json").report.reasons() == {"file cannot be read": 1}


@RELAXED
@given(st.lists(st.binary(max_size=40) | st.just(GOOD), max_size=4), st.binary(max_size=20))
def test_any_bytes_are_accounted_for(tmp_path_factory: pytest.TempPathFactory, records: list[bytes], end: bytes) -> None:
    path = tmp_path_factory.mktemp("bytes") / "e.json"
    path.write_bytes(b"\n".join(records) + end)
    assert isinstance(read(path).report, LoadReport)


@pytest.mark.skipif(not SAMPLE.is_dir(), reason="no sample here")
def test_the_sample_is_read_whole() -> None:
    paths = sorted(p for p in SAMPLE.iterdir() if FORMAT.claims(Entry(p)))
    data = read(*paths)
    assert data.report.read == data.report.accepted > 1000
    assert merge(*(read(p) for p in paths)) == data

