"""dbt's artifacts → frames: golden pair, versions, bad input, and the laws of loading and merging."""

from __future__ import annotations

import copy
import gzip
import json
import os
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import costly

import lineage_nb as ln
from lineage_nb.model.conform import conform
from lineage_nb.model.merge import merge
from lineage_nb.model.report import ReportBuilder
from lineage_nb.model.schema import FRAMES
from lineage_nb.model.snapshot import SnapshotData
from lineage_nb.sources.dbt.reader import FORMAT
from lineage_nb.sources.registry import Entry

GOLDEN = Path(__file__).parent / "golden" / "dbt"
TARGET = GOLDEN / "target"
SAMPLE = Path(__file__).parents[1] / "data_samples" / "stream" / "dbt" / "target"
NAMES = ("manifest", "catalog", "run_results", "sources")
RELAXED = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))


def read(*paths: Path) -> SnapshotData:
    report = ReportBuilder()
    frames = FORMAT.read([Entry(p) for p in paths], report, {})
    data = SnapshotData.of(frames, report.build())
    assert data.report.accepted + data.report.rejected == data.report.read
    for name, frame in data.frames.items():
        for column, dtype in FRAMES[name].schema.items():
            assert frame.schema[column] == dtype, (name, column)
            if FRAMES[name].column(column).required:
                assert not frame[column].null_count(), (name, column)
    return data


def write(folder: Path, **artifacts: object) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, content in artifacts.items():
        paths.append(folder / f"{name}.json")
        paths[-1].write_text(json.dumps(content), encoding="utf-8")
    return paths


def head(kind: str, version: int, **more: object) -> dict[str, object]:
    address = f"https://schemas.getdbt.com/dbt/{kind}/v{version}.json"
    return {
        "dbt_schema_version": address,
        "generated_at": "2026-01-05T06:00:00.5Z",
        "invocation_id": "run-1",
        **more,
    }


def model(*inputs: str, relation: str | None = '"db"."mart"."orders"', **more: object) -> dict[str, object]:
    return {
        "resource_type": "model",
        "relation_name": relation,
        "depends_on": {"nodes": list(inputs)},
        **more,
    }


def source(relation: str = '"db"."raw"."orders"', **more: object) -> dict[str, object]:
    return {"resource_type": "source", "relation_name": relation, **more}


def manifest(version: int = 12, adapter: str | None = "duckdb", **sections: object) -> dict[str, object]:
    return {"metadata": head("manifest", version, adapter_type=adapter), **sections}


def catalog(
    columns: dict[str, str], name: str = "orders", key: str = "model.p.orders", **more: object
) -> dict[str, object]:
    described = {
        c: {"name": c, "type": t, "index": i + 1, "comment": None} for i, (c, t) in enumerate(columns.items())
    }
    about = {"type": "BASE TABLE", "database": "db", "schema": "mart", "name": name}
    return {
        "metadata": head("catalog", 1),
        "nodes": {key: {"metadata": about, "columns": described, "stats": {}, **more}},
        "sources": {},
    }


def edges(data: SnapshotData) -> set[tuple[str, str, str, str]]:
    return set(data.frames["edges"].select("source", "target", "type", "evidence").iter_rows())


def node(data: SnapshotData, identity: str) -> dict[str, object]:
    rows = conform(data).frames["nodes"].filter(pl.col("id") == identity).to_dicts()
    assert len(rows) == 1, identity
    return rows[0]


def notes(data: SnapshotData) -> str:
    return "\n".join(data.report.files["note"])


# -- the golden pair: real artifacts of dbt 1.11, trimmed ---------------------------------------------------


def shown(data: SnapshotData) -> dict[str, list[dict[str, object]]]:
    return {
        name: [
            {k: v.isoformat() if hasattr(v, "isoformat") else v for k, v in row.items() if v is not None}
            for row in frame.to_dicts()
        ]
        for name, frame in data.frames.items()
        if frame.height
    }


def test_golden() -> None:
    """Run with UPDATE_GOLDEN=1 to write the expectation anew; then read what changed."""
    data = read(*FORMAT.claims_folder(TARGET))
    expected = GOLDEN / "expected.json"
    if os.environ.get("UPDATE_GOLDEN"):
        rows = (
            f' "{n}": [\n  ' + ",\n  ".join(json.dumps(r) for r in rows) + "\n ]"
            for n, rows in shown(data).items()
        )
        expected.write_text("{\n" + ",\n".join(rows) + "\n}\n", encoding="utf-8")
    assert shown(data) == json.loads(expected.read_text(encoding="utf-8"))


def test_golden_says_what_the_project_says() -> None:
    data = read(*FORMAT.claims_folder(TARGET))
    tickets, sales = "duckdb/cinema.raw.tickets", "duckdb/cinema.main.fct_sales_v2"
    via = "dbt:manifest via model.cinema.tickets_clean"
    assert {e for e in edges(data) if "job:dbt/cinema.fct_sales.v2" in e[:2]} == {
        (tickets, "job:dbt/cinema.fct_sales.v2", "READ", via),
        ("duckdb/cinema.main.rooms", "job:dbt/cinema.fct_sales.v2", "READ", "dbt:manifest"),
        ("job:dbt/cinema.fct_sales.v2", sales, "WRITE", "dbt:manifest"),
    }
    assert node(data, f"{tickets}#BUYER_EMAIL")["tags"] == ["pii:email"]
    assert f"{tickets}#Buyer_Email" not in set(data.frames["nodes"]["id"])
    assert node(data, "report:dbt/cinema.fraud")["owners"] == ["Risk"]
    assert node(data, sales)["owners"] == ["Box office"]
    states = dict(data.frames["runs"].select("job", "state").iter_rows())
    assert states["job:dbt/cinema.broken"] == "FAIL"
    assert states["job:dbt/cinema.after_broken"] == "ABORT"
    assert "1 python model" in notes(data)
    assert "1 ephemeral model " in notes(data)
    assert "1 disabled resource " in notes(data)


@pytest.mark.skipif(not SAMPLE.is_dir(), reason="the sample of the streaming company is not there")
def test_sample_is_read_whole() -> None:
    files = FORMAT.claims_folder(SAMPLE)
    data = read(*files)
    assert {f.name.removesuffix(".gz") for f in files} >= {"manifest.json", "catalog.json"}
    assert data.report.rejected == 0
    assert not conform(data).ambiguous.height
    assert node(data, "duckdb/stream.core.fct_plays")["type"] == "incremental"


# -- what is claimed ----------------------------------------------------------------------------------------


def test_claims(tmp_path: Path) -> None:
    def claimed(name: str, content: bytes) -> bool:
        (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
        return FORMAT.claims(Entry(tmp_path / name))

    real = json.dumps(manifest(nodes={})).encode()
    assert claimed("any_name.json", real)
    assert claimed("manifest.json.gz", real)
    assert claimed("bom.json", b"\xef\xbb\xbf \n" + real)
    assert claimed("manifest.json", b'{"child_map": {' + b" " * 70_000 + b'}, "metadata": {}}')
    assert not claimed("child.json", b'{"child_map": {}}')
    assert not claimed("manifest.json", b'{"name": "an app", "icons": []}')
    assert not claimed("events.json", b'{"producer": "https://schemas.getdbt.com/dbt/", "eventTime": "x"}')
    assert not claimed("array.json", b"[" + real + b"]")
    assert not claimed("broken.json.gz.json", b"\x1f\x8b")
    assert not claimed("manifest.txt", real)


def test_claims_a_target_folder_but_nothing_of_others(tmp_path: Path) -> None:
    target = tmp_path / "target"
    write(target, manifest=manifest(), catalog=catalog({}), semantic_manifest={}, graph_summary={})
    (target / "compiled").mkdir()
    (target / "compiled" / "a.sql").write_text("select 1")
    (target / "more").mkdir()
    assert [p.name for p in FORMAT.claims_folder(target)] == ["catalog.json", "manifest.json"]
    (target / "usage.csv").write_text("node,day\n")
    assert FORMAT.claims_folder(target) == []
    flat = tmp_path / "flat"
    write(flat, manifest=manifest())
    assert FORMAT.claims_folder(flat)
    (flat / "openlineage").mkdir()
    assert FORMAT.claims_folder(flat) == []
    assert FORMAT.claims_folder(tmp_path) == []
    assert FORMAT.claims_folder(tmp_path / "nowhere") == []


# -- versions -----------------------------------------------------------------------------------------------


def test_v4(tmp_path: Path) -> None:
    """As dbt 1.0 wrote it: raw_sql, no groups, relation names quoted by part, database of Spark empty."""
    data = read(
        *write(
            tmp_path,
            manifest=manifest(
                4,
                "spark",
                nodes={
                    "model.p.orders": {
                        "raw_sql": "select 1", "compiled": True, "database": None, "schema": "mart", "name": "orders",
                        "alias": "orders", "resource_type": "model", "relation_name": "mart.orders", "root_path": "/x",
                        "refs": [["stg"]], "depends_on": {"macros": [], "nodes": ["source.p.raw.orders"]},
                        "config": {"materialized": "table"}, "tags": ["daily"], "meta": {"owner": "ana"},
                        "columns": {"id": {"name": "id", "description": "Key.", "meta": {}, "tags": ["PII:id"], "quote": None}},
                    },
                    "rpc.p.q": {"resource_type": "rpc", "depends_on": {}},
                },
                sources={"source.p.raw.orders": {"schema": "raw", "name": "orders", "identifier": "o", "database": None}},
                exposures={"exposure.p.board": {"type": "dashboard", "owner": {"email": "b@x.example", "name": None},
                                                "depends_on": {"macros": [], "nodes": ["model.p.orders"]}}},
                metrics={}, disabled={"model.p.old": [{}]},
            ),
        )
    )  # fmt: skip
    assert edges(data) == {
        ("spark/raw.o", "job:dbt/p.orders", "READ", "dbt:manifest"),
        ("job:dbt/p.orders", "spark/mart.orders", "WRITE", "dbt:manifest"),
        ("spark/mart.orders", "report:dbt/p.board", "DIRECT", "dbt:exposure"),
    }
    assert node(data, "spark/mart.orders#id")["tags"] == ["pii:id"]
    assert node(data, "report:dbt/p.board")["owners"] == ["b@x.example"]
    assert data.report.rejected == 0


def test_v7(tmp_path: Path) -> None:
    """As dbt 1.3 wrote it: metrics that depend on models, config.meta, a python model."""
    nodes = {
        "model.p.orders": model(
            language="python", config={"materialized": "incremental", "meta": {"tier": 1}, "tags": "x"}
        ),
        "seed.p.codes": {
            "resource_type": "seed",
            "relation_name": '"db"."mart"."codes"',
            "depends_on": {"macros": []},
        },
    }
    metrics = {
        "metric.p.revenue": {
            "resource_type": "metric",
            "model": "ref('orders')",
            "depends_on": {"nodes": ["model.p.orders"]},
        }
    }
    exposures = {
        "exposure.p.board": {
            "type": "notebook",
            "label": "Board",
            "depends_on": {"nodes": ["metric.p.revenue"]},
        }
    }
    data = read(
        *write(tmp_path, manifest=manifest(7, "snowflake", nodes=nodes, metrics=metrics, exposures=exposures))
    )
    assert (
        "snowflake/db.mart.orders",
        "report:dbt/p.board",
        "DIRECT",
        "dbt:exposure via metric.p.revenue",
    ) in edges(data)
    orders = node(data, "snowflake/db.mart.orders")
    assert (orders["type"], orders["tier"], orders["tags"]) == ("incremental", "1", ["x"])
    assert node(data, "report:dbt/p.board")["description"] == "Board"
    assert node(data, "job:dbt/p.codes")["type"] == "dbt seed"


@pytest.mark.parametrize("version", [12, 20, 99])
def test_v12_and_fusion(tmp_path: Path, version: int) -> None:
    """Tags and meta in config alone, null beside them; groups, versions, functions, semantic models."""
    column = {
        "name": "mail",
        "description": None,
        "meta": None,
        "tags": None,
        "config": {"meta": {"pii": ["email", "name"]}},
    }
    config = {
        "materialized": "table",
        "group": "team",
        "tags": ["nightly"],
        "meta": {"owner": ["ana", "bo"], "tier": "gold"},
    }
    content = manifest(
        version,
        nodes={"model.p.orders.v2": model("function.p.clean", "source.q.s.t", meta=None, tags=None, config=config, columns=[column])},
        sources={"source.q.s.t": source()},
        functions={"function.p.clean": {"depends_on": {"nodes": ["source.q.s.t", "macro.x"]}}},
        groups={"group.p.team": {"owner": {"name": None, "email": ["t@x.example"]}}},
        semantic_models={"semantic_model.p.orders": {"depends_on": {"nodes": ["model.p.orders.v2"]}}},
        metrics={"metric.p.m": {"depends_on": {"nodes": ["semantic_model.p.orders"]}}},
        saved_queries={"saved_query.p.weekly": {"depends_on": {"nodes": ["metric.p.m"]}, "exports": [{}]}},
        unit_tests={"unit_test.p.a.b": {}},
        unknown_section={"x": 1},
    )  # fmt: skip
    data = read(*write(tmp_path, manifest=content))
    saved = "dbt:saved_query via semantic_model.p.orders, metric.p.m"
    assert edges(data) == {
        ("duckdb/db.raw.orders", "job:dbt/p.orders.v2", "READ", "dbt:manifest"),
        ("job:dbt/p.orders.v2", "duckdb/db.mart.orders", "WRITE", "dbt:manifest"),
        ("duckdb/db.mart.orders", "report:dbt/p.saved_query.weekly", "DIRECT", saved),
    }
    orders = node(data, "duckdb/db.mart.orders")
    assert orders["owners"] == ["ana", "bo", "t@x.example"]
    assert (orders["tags"], orders["tier"]) == (["nightly"], "gold")
    assert node(data, "duckdb/db.mart.orders#mail")["tags"] == ["pii:email", "pii:name"]
    assert ("v99 is not a version known here" in notes(data)) == (version == 99)


@pytest.mark.parametrize(
    ("relation", "name"),
    [
        ('"db"."raw"."a.b"', "db.raw.a.b"),
        ("`my-project`.`raw`.`events_*`", "my-project.raw.events_*"),
        ("`my-project.raw`.t", "my-project.raw.t"),
        ("[db].[raw].[my table]", "db.raw.my table"),
        ("DB.RAW.T", "DB.RAW.T"),
        ("read_parquet('x.parquet')", "d.s.i"),
        ('"db".."t"', "d.s.i"),
        ('"unclosed', "d.s.i"),
        (None, "d.s.i"),
        ("", "d.s.i"),
    ],
)
def test_relation_names(tmp_path: Path, relation: str | None, name: str) -> None:
    parts = {"relation_name": relation, "database": "d", "schema": "s", "identifier": "i", "name": "n"}
    data = read(*write(tmp_path, manifest=manifest(sources={"source.p.r.n": parts})))
    assert data.frames["nodes"]["name"].to_list() == [name]
    aliases = set(data.frames["aliases"]["name"])
    assert {name, "source.p.r.n"} <= aliases
    if relation and "parquet" in relation:
        assert relation in aliases


# -- passing through what has no relation -------------------------------------------------------------------


def slow_ends(deps: dict[str, list[str]], solid: set[str], start: str) -> set[str]:
    """Every relation that `start` reads: obvious, by a fixpoint over all pairs."""
    reach = {(start, d) for d in deps[start]}
    while True:
        more = {(start, e) for _, d in reach if d not in solid for e in deps.get(d, [])} - reach
        if not more:
            return {d for _, d in reach if d in solid}
        reach |= more


@RELAXED
@given(
    solid=st.lists(st.booleans(), min_size=1, max_size=8),
    pairs=st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=24),
)
def test_passing_through_equals_the_slow_twin(
    tmp_path_factory: pytest.TempPathFactory, solid: list[bool], pairs: list[tuple[int, int]]
) -> None:
    names = [f"model.p.m{i}" for i in range(len(solid))]
    deps = {n: [names[b] for a, b in pairs if a == i and b < len(names)] for i, n in enumerate(names)}
    nodes = {
        n: model(
            *deps[n],
            relation=f"db.s.m{i}" if solid[i] else None,
            config={"materialized": "table" if solid[i] else "ephemeral"},
        )
        for i, n in enumerate(names)
    }
    data = read(*write(tmp_path_factory.mktemp("dbt"), manifest=manifest(nodes=nodes)))
    standing = {n for n, s in zip(names, solid, strict=True) if s}
    expected = {
        (f"duckdb/db.s.{e[8:]}", f"job:dbt/{n[6:]}") for n in standing for e in slow_ends(deps, standing, n)
    }
    assert {(s, t) for s, t, kind, _ in edges(data) if kind == "READ"} == expected
    for s, _, kind, evidence in edges(data):
        passed = evidence.partition(" via ")[2].split(", ") if " via " in evidence else []
        assert not standing & set(passed)
        if kind == "READ" and passed:
            assert "model.p." + s.rpartition(".")[2] in deps[passed[0]]


def test_inputs_of_other_projects_meet_when_merged(tmp_path: Path) -> None:
    shop = read(*write(tmp_path / "a", manifest=manifest(nodes={"model.shop.orders": model()})))
    used = manifest(
        nodes={"model.bi.kpi": model("model.shop.orders", "metric.shop.gone", relation="db.bi.kpi")}
    )
    other = read(*write(tmp_path / "b", manifest=used))
    assert ("dbt/model.shop.orders", "job:dbt/bi.kpi", "READ", "dbt:manifest") in edges(other)
    assert "1 input not in this manifest, such as model.shop.orders" in notes(other)
    assert "1 input leading nowhere, such as metric.shop.gone" in notes(other)
    met = conform(merge(other, shop)).frames["edges"]
    assert "duckdb/db.mart.orders" in set(met.filter(pl.col("target") == "job:dbt/bi.kpi")["source"])


# -- catalog ------------------------------------------------------------------------------------------------


def test_catalog_spells_and_types_the_columns(tmp_path: Path) -> None:
    columns = {
        "Id": {"name": "Id", "data_type": "int", "description": "Key."},
        "mail": {"name": "mail", "meta": {"pii": "email"}},
        "extra": {"name": "extra", "data_type": "text"},
    }
    stats = {"num_bytes": {"include": True, "value": 1234.0}, "size": {"include": False, "value": 9}}
    given_catalog = catalog({"ID": "NUMBER", "MAIL": "TEXT", "NEW": "DATE"}, name="ORDERS", stats=stats)
    paths = write(
        tmp_path,
        manifest=manifest(adapter="snowflake", nodes={"model.p.orders": model(columns=columns)}),
        catalog=given_catalog,
    )
    data = read(*paths)
    base = "snowflake/db.mart.orders"
    found = conform(data).frames["nodes"].filter(pl.col("parent") == base).sort("ordinal", nulls_last=True)
    assert found.select("name", "data_type", "ordinal", "tags", "description").rows() == [
        ("ID", "NUMBER", 0, None, "Key."),
        ("MAIL", "TEXT", 1, ["pii:email"], None),
        ("NEW", "DATE", 2, None, None),
        ("extra", "text", None, None, None),
    ]
    assert (node(data, base)["bytes"], node(data, base)["type"]) == (1234, "model")
    assert ("db.mart.ORDERS", base) in set(data.frames["aliases"].select("name", "node").iter_rows())


def test_catalog_entries_that_the_manifest_lacks(tmp_path: Path) -> None:
    data = read(*write(tmp_path, manifest=manifest(), catalog=catalog({"a": "INT"}, key="model.p.gone")))
    assert node(data, "duckdb/db.mart.orders#a")["parent"] == "duckdb/db.mart.orders"
    assert node(data, "duckdb/db.mart.orders")["type"] == "table"
    assert data.report.accepted == 1


def test_manifests_that_disagree_leave_the_unique_id(tmp_path: Path) -> None:
    """Development and production of one project: each catalog and run goes by the manifest beside it."""
    paths = []
    for place in ("dev", "prod"):
        content = manifest(nodes={"model.p.orders": model(relation=f"{place}.mart.orders")})
        ran = results({"unique_id": "model.p.orders", "status": "success"})
        paths += write(tmp_path / place, manifest=content, run_results=ran)
    assert set(read(*paths).frames["io"]["dataset"]) == {"duckdb/dev.mart.orders", "duckdb/prod.mart.orders"}
    orphan = write(tmp_path / "ci", catalog=catalog({"a": "INT"}), run_results=ran)
    data = read(*paths, *orphan)
    assert "dbt/model.p.orders" in set(data.frames["io"]["dataset"])
    assert "dbt/model.p.orders#a" in set(data.frames["nodes"]["id"])
    assert notes(data).count("1 relation named differently by several manifests") == 2


@pytest.mark.parametrize("names", [["ID", "id"], ["id", "ID"]])
def test_columns_that_differ_by_case_only_stay_apart(tmp_path: Path, names: list[str]) -> None:
    columns = {"id": {"tags": ["a"]}, "Id": {"tags": ["b"]}}
    described = catalog(dict.fromkeys(names, "INT"))
    data = read(
        *write(
            tmp_path, manifest=manifest(nodes={"model.p.orders": model(columns=columns)}), catalog=described
        )
    )
    base = "duckdb/db.mart.orders#"
    assert [node(data, base + c)["tags"] for c in ("id", "Id", "ID")] == [["a"], ["b"], None]


# -- runs and freshness -------------------------------------------------------------------------------------


def results(*entries: dict[str, object], which: str | None = "run") -> dict[str, object]:
    return {"metadata": head("run-results", 6), "results": list(entries), "args": {"which": which}}


def test_runs(tmp_path: Path) -> None:
    timing = [
        {"name": "compile", "started_at": "2026-01-05T06:00:00Z", "completed_at": "2026-01-05T06:00:01Z"},
        {
            "name": "execute",
            "started_at": "2026-01-05T06:00:01.000001Z",
            "completed_at": "2026-01-05T07:00:03+01:00",
        },
    ]
    said = [
        ("success", 5, "COMPLETE", 5), ("success", -1, "COMPLETE", None), ("error", 0, "FAIL", ...), ("partial success", 3, "FAIL", 3),
        ("skipped", None, "ABORT", ...), ("odd", 4, None, ...),
    ]  # fmt: skip
    entries = [
        {
            "unique_id": f"model.p.m{i}",
            "status": s,
            "timing": timing,
            "execution_time": 1.5,
            "adapter_response": {"rows_affected": n},
        }
        for i, (s, n, _, _) in enumerate(said)
    ]
    entries += [{"unique_id": "test.p.t.1", "status": "pass"}, {"unique_id": "model.p.x", "status": "no-op"}]
    data = read(*write(tmp_path, run_results=results(*entries)))
    assert data.frames["runs"].sort("run")["state"].to_list() == [s for _, _, s, _ in said]
    run = data.frames["runs"].sort("run").to_dicts()[0]
    assert (run["job"], run["run"]) == ("job:dbt/p.m0", "run-1:model.p.m0")
    assert (run["busy_us"], (run["end"] - run["start"]).total_seconds()) == (1_500_000, 3)
    written = dict(data.frames["io"].select("dataset", "rows").iter_rows())
    assert written == {f"dbt/model.p.m{i}": n for i, (_, _, _, n) in enumerate(said) if n is not ...}
    assert "'odd' 1" in notes(data)
    assert "test 1" in notes(data)


@pytest.mark.parametrize("which", ["compile", "generate", "list"])
def test_commands_that_build_nothing_make_no_runs(tmp_path: Path, which: str) -> None:
    data = read(
        *write(tmp_path, run_results=results({"unique_id": "model.p.a", "status": "success"}, which=which))
    )
    assert data.frames["runs"].is_empty()
    assert (data.report.read, data.report.accepted) == (1, 1)
    assert "builds nothing" in notes(data)


def test_freshness(tmp_path: Path) -> None:
    looked = "2026-01-05T06:00:00Z"
    entries = [
        {
            "unique_id": "source.p.raw.a",
            "max_loaded_at": "2026-01-04T00:00:00+00:00",
            "snapshotted_at": looked,
        },
        {"unique_id": "source.p.raw.b", "max_loaded_at": "2099-01-01T00:00:00Z", "snapshotted_at": looked},
        {"unique_id": "source.p.raw.c", "error": "no such table", "status": "runtime error"},
    ]
    sources = {f"source.p.raw.{n}": source(f"db.raw.{n}") for n in "abc"}
    paths = write(
        tmp_path,
        manifest=manifest(sources=sources),
        sources={"metadata": head("sources", 3), "results": entries},
    )
    data = read(*paths)
    loaded = data.frames["nodes"].filter(pl.col("first_seen").is_null())
    assert [(i, t.isoformat()) for i, t in loaded.select("id", "last_seen").iter_rows()] == [
        ("duckdb/db.raw.a", "2026-01-04T00:00:00+00:00")
    ]
    assert "1 source with rows dated after dbt looked" in notes(data)
    assert "1 source without a time of loading" in notes(data)


# -- laws ---------------------------------------------------------------------------------------------------


def test_artifacts_read_apart_meet_when_merged(tmp_path: Path) -> None:
    """Where the spelling agrees, files of one folder read one by one and merged conform to the same facts."""
    config = {"materialized": "incremental"}
    nodes = {"model.p.orders": model("source.p.raw.o", config=config, columns={"a": {"tags": ["pii:x"]}})}
    parts = {
        "manifest": manifest(nodes=nodes, sources={"source.p.raw.o": source()}),
        "catalog": catalog({"a": "INT", "b": "TEXT"}),
        "run_results": results(
            {"unique_id": "model.p.orders", "status": "success", "adapter_response": {"rows_affected": 2}}
        ),
        "sources": {
            "metadata": head("sources", 3),
            "results": [{"unique_id": "source.p.raw.o", "max_loaded_at": "2026-01-01"}],
        },
    }
    paths = write(tmp_path / "whole", **parts)
    whole = conform(read(*paths)).frames
    apart = conform(merge(*[read(p) for p in paths])).frames
    for name in ("edges", "runs", "io"):
        assert whole[name].equals(apart[name]), name
    undocumented = pl.when(pl.col("kind") != "column").then("namespace").alias("namespace")
    assert whole["nodes"].with_columns(undocumented).equals(apart["nodes"].with_columns(undocumented))
    scattered = [write(tmp_path / name, **{name: content})[0] for name, content in parts.items()]
    assert read(*scattered) == read(*paths)


@costly(15, RELAXED)
@given(order=st.permutations(range(6)), cut=st.integers(1, 5), again=st.integers(0, 5))
def test_order_duplicates_and_partition_never_matter(
    tmp_path_factory: pytest.TempPathFactory, order: list[int], cut: int, again: int
) -> None:
    """Folders hold together; across them anything goes."""
    root = tmp_path_factory.getbasetemp() / "law"
    folders = []
    for i in range(6):
        shared = f"model.p{i % 3}.orders"
        code = f"select A, k.c{i}, e from db.s{i % 3}.orders as o join db.other.t as k on k.id = o.id"
        built = model(
            "model.p0.orders", relation=f"db.s{i % 4}.orders", description=f"text {i}", compiled_code=code
        )
        content = manifest(nodes={shared: built})
        content["metadata"]["generated_at"] = f"2026-01-0{i + 1}T00:00:00Z"
        described = catalog({"A": "INT", f"c{i}": "INT"}, key=shared)
        folders.append(
            write(
                root / str(i), manifest=content, catalog=described, run_results=results({"unique_id": shared})
            )
        )
    whole = read(*[p for f in folders for p in f])
    shuffled = [p for i in [*order, again] for p in reversed(folders[i])]
    assert read(*shuffled) == whole
    first = read(*[p for i in order[:cut] for p in folders[i]])
    rest = read(*[p for i in [*order[cut:], again] for p in folders[i]])
    assert merge(rest, first, rest) == whole


# -- bad input ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is not JSON, or was cut off"),
        (json.dumps(manifest(nodes={"model.p.a": model()})).encode()[:-20], "is not JSON, or was cut off"),
        (b"not json", "is not JSON, or was cut off"),
        (b"[1, 2]", "is not a JSON object"),
        (b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "is not JSON, or was cut off"),
        (b'{"\xff\xfe": 1}', "is not UTF-8 text"),
        (
            b'{"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/other/v1.json"}}',
            "is none of dbt's artifacts",
        ),
        (b'{"nodes": [1], "metadata": {}}', "is not an object of records"),
        (b'{"nodes": {"orders": {}}}', "unique_id is not kind.package.name"),
        (b'{"nodes": {"model.p.a": 7}}', "misses a needed value, or has one of a wrong type"),
        (b'{"nodes": {"model.p.a": {"schema": 7}}}', "misses a needed value, or has one of a wrong type"),
        (
            b'{"nodes": {"model.p.a": {"depends_on": {"nodes": "b"}}}}',
            "misses a needed value, or has one of a wrong type",
        ),
        (b'{"nodes": {"model.p.a": {"name": "\xff"}}}', "is not UTF-8 text"),
        (b'{"nodes": {"model.p.a": {}}}', "names no relation, or one too long"),
        (
            b'{"nodes": {"model.p.a": {"name": "' + b"x" * 20_000 + b'"}}}',
            "names no relation, or one too long",
        ),
    ],
)
def test_what_cannot_be_used_is_one_counted_rejection(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "manifest.json"
    path.write_bytes(content)
    data = read(path)
    assert data.report.reasons() == {reason: 1}
    assert data.report.read == 1


def test_truncated_gzip_is_rejected(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json.gz"
    path.write_bytes(gzip.compress(os.urandom(20_000))[:10_000])
    assert read(path).report.reasons() == {"cannot be read": 1}


def test_one_bad_record_costs_one_record(tmp_path: Path) -> None:
    nodes = {"model.p.a": model("model.p.b", relation="db.s.a"), "model.p.b": {"resource_type": ["model"]}}
    data = read(*write(tmp_path, manifest=manifest(nodes=nodes)))
    assert (data.report.read, data.report.rejected) == (2, 1)
    assert data.report.rejections.row(0, named=True)["position"] == "nodes/model.p.b"
    assert ("dbt/model.p.b", "job:dbt/p.a", "READ", "dbt:manifest") in edges(data)


def test_values_that_people_wrote_never_cost_a_record(tmp_path: Path) -> None:
    odd = {
        "tags": {"a": 1},
        "meta": [1],
        "description": 5,
        "columns": 3,
        "config": "x",
        "group": {},
        "owner": 3,
    }
    data = read(*write(tmp_path, manifest=manifest(nodes={"model.p.a": model(**odd)})))
    assert data.report.rejected == 0
    assert "of a wrong type, left out: columns 1, config 1" in notes(data)


def test_nan_and_half_characters_are_read_around(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    text = json.dumps(manifest(nodes={"model.p.a": model(description="D", odd=float("nan"))}))
    path.write_text(text.replace('"D"', '"D \\ud800"'), encoding="utf-8")
    data = read(path)
    assert node(data, "duckdb/db.mart.orders")["description"] == "D ?"
    assert "holds NaN or broken characters" in notes(data)


ODD = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), st.text(max_size=5), st.just([]), st.just({}),
    st.just([[{}]]), st.just({"nodes": None}), st.just("x" * 11_000), st.just("9999-12-31T23:59:59-23:59"), st.just("a#b%/c"),
)  # fmt: skip


def places(value: object, at: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at] * bool(at) + [p for k, v in below for p in places(v, (*at, k))]


WHOLE = {name: json.loads((TARGET / f"{name}.json").read_text(encoding="utf-8")) for name in NAMES}
PLACES = {name: places(content) for name, content in WHOLE.items()}


@costly(50, RELAXED)
@given(data=st.data())
def test_loading_is_total_over_odd_values(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    spoiled = copy.deepcopy(WHOLE)
    for _ in range(data.draw(st.integers(1, 6))):
        name = data.draw(st.sampled_from(NAMES))
        *way, last = data.draw(st.sampled_from(PLACES[name]))
        inner = spoiled[name]
        try:
            for step in way:
                inner = inner[step]
            inner[last] = copy.deepcopy(data.draw(ODD))
        except (KeyError, IndexError, TypeError):
            continue
    conform(read(*write(tmp_path_factory.mktemp("dbt"), **spoiled)))


@settings(RELAXED, max_examples=60)
@given(name=st.sampled_from(NAMES), at=st.floats(0, 1), junk=st.binary(max_size=4), cut=st.booleans())
def test_loading_is_total_over_odd_bytes(
    tmp_path_factory: pytest.TempPathFactory, name: str, at: float, junk: bytes, cut: bool
) -> None:
    content = (TARGET / f"{name}.json").read_bytes()
    place = int(at * len(content))
    path = tmp_path_factory.mktemp("dbt") / f"{name}.json"
    path.write_bytes(content[:place] + junk + (b"" if cut else content[place + len(junk) :]))
    FORMAT.claims(Entry(path))
    FORMAT.claims_folder(path.parent)
    conform(read(path))


# -- compiled SQL -------------------------------------------------------------------------------------------


ORDERS = {"source.p.raw.o": source(), "source.p.raw.users": source('"db"."raw"."users"')}


def cataloged(**tables: list[str]) -> dict[str, object]:
    """A catalog: unique_id with ``__`` for dots → ``schema.name`` and columns."""
    nodes = {}
    for key, (name, *columns) in tables.items():
        schema, _, table = name.partition(".")
        entry = catalog(dict.fromkeys(columns, "TEXT"), name=table, key=key.replace("__", "."))
        (about,) = entry["nodes"].values()
        about["metadata"]["schema"] = schema
        nodes |= entry["nodes"]
    return {"metadata": head("catalog", 1), "nodes": nodes, "sources": {}}


def columns_of(data: SnapshotData) -> set[tuple[str, str, str, str | None]]:
    """What compiled SQL says: source, target, subtype, verdict; without namespace and database."""
    said = data.frames["edges"].filter(
        pl.col("evidence") == "dbt:compiled SQL", pl.col("type").is_in(["DIRECT", "INDIRECT"])
    )
    short = (pl.col(c).str.replace(r"^[^/]*/(db\.)?", "") for c in ("source", "target"))
    return set(said.select(*short, "subtype", "verdict").iter_rows())


def labelled(data: SnapshotData, *tagged: str) -> dict[str, tuple[str, str]]:
    """Columns that a label reaches from the tagged ones: verdict, certainty."""
    nodes = {"id": list(tagged), "kind": ["column"] * len(tagged), "tags": [["pii:x"]] * len(tagged)}
    snap = ln.Snapshot(data).merge(ln.from_frames(nodes=nodes))
    return {
        n: (v, c)
        for n, v, c in snap.pii(labels=["x"]).frame.select("node", "verdict", "certainty").iter_rows()
    }


def test_compiled_sql_tells_how_columns_flow(tmp_path: Path) -> None:
    code = """
with __dbt__cte__clean as (select id, mail, paid from "db"."raw"."orders" where paid),
named as (select * from __dbt__cte__clean)
select n.id, sha256(n.mail) as mail_hash, count(*) as n, 7 as seven from named as n group by n.id, n.mail
"""
    nodes = {
        "model.p.clean": model("source.p.raw.o", relation=None, config={"materialized": "ephemeral"}),
        "model.p.out": model("model.p.clean", relation='"db"."mart"."out"', compiled_code=code),
    }
    columns = cataloged(
        source__p__raw__o=["raw.orders", "id", "mail", "paid"],
        model__p__out=["mart.out", "id", "mail_hash", "n", "seven"],
    )
    data = read(*write(tmp_path, manifest=manifest(nodes=nodes, sources=ORDERS), catalog=columns))
    assert columns_of(data) == {
        ("raw.orders#id", "mart.out#id", "IDENTITY", "plain"),
        ("raw.orders#mail", "mart.out#mail_hash", "TRANSFORMATION", "pseudonymised"),
        ("raw.orders#paid", "mart.out", "FILTER", None),
        ("raw.orders#id", "mart.out", "GROUP_BY", None),
        ("raw.orders#mail", "mart.out", "GROUP_BY", None),
    }
    assert not {n for n in data.frames["nodes"]["name"].drop_nulls() if "named" in n or "__dbt__" in n}
    job = "job:dbt/p.out"
    assert set(data.frames["edges"].filter(pl.col("subtype").is_not_null())["job"]) == {job}
    assert labelled(data, "duckdb/db.raw.orders#mail") == {
        "duckdb/db.raw.orders#mail": ("plain", "proved"),
        "duckdb/db.mart.out#mail_hash": ("pseudonymised", "proved"),
    }


def test_older_manifests_call_it_compiled_sql(tmp_path: Path) -> None:
    nodes = {
        "snapshot.p.s": {
            **model("source.p.raw.o", relation="mart.s", compiled_sql="select id from raw.o"),
            "resource_type": "snapshot",
        }
    }
    data = read(*write(tmp_path, manifest=manifest(4, "spark", nodes=nodes)))
    assert columns_of(data) == {("raw.o#id", "mart.s#id", "IDENTITY", "plain")}


def test_what_dbt_adds_to_a_snapshot_stays_open(tmp_path: Path) -> None:
    nodes = {"snapshot.p.s": {**model("source.p.raw.o", relation="db.mart.s", compiled_code='select id, mail from "db"."raw"."orders"'), "resource_type": "snapshot"},
             "model.p.m": model("snapshot.p.s", relation="db.mart.m", compiled_code="select id, dbt_valid_to from db.mart.s")}  # fmt: skip
    columns = cataloged(
        snapshot__p__s=["mart.s", "id", "mail", "dbt_scd_id", "dbt_valid_to"],
        source__p__raw__o=["raw.orders", "id", "mail"],
    )
    data = read(*write(tmp_path, manifest=manifest(nodes=nodes, sources=ORDERS), catalog=columns))
    found = labelled(data, "duckdb/db.raw.orders#id")
    assert found["duckdb/db.mart.s#id"] == ("plain", "proved")
    assert (
        found["duckdb/db.mart.s#dbt_scd_id"]
        == found["duckdb/db.mart.m#dbt_valid_to"]
        == ("plain", "possible")
    )
    assert "duckdb/db.mart.s#mail" not in found
    assert not set(data.frames["nodes"].filter(pl.col("name") == "*")["id"])


def test_a_star_without_a_catalog_stays_open(tmp_path: Path) -> None:
    code = 'select *, 1 as one from "db"."raw"."orders"'
    nodes = {"model.p.a": model("source.p.raw.o", relation="db.mart.a", compiled_code=code)}
    data = read(*write(tmp_path, manifest=manifest(nodes=nodes, sources=ORDERS)))
    assert "1 model with all columns (*)" in notes(data)
    found = labelled(data, "duckdb/db.raw.orders#mail")
    assert found["duckdb/db.mart.a#*"] == ("plain", "possible")
    assert "duckdb/db.mart.a#one" not in found
    beside = cataloged(model__p__a=["mart.a", "id", "mail", "one"])
    found = labelled(
        read(*write(tmp_path, catalog=beside), tmp_path / "manifest.json"), "duckdb/db.raw.orders#mail"
    )
    assert found == {
        "duckdb/db.raw.orders#mail": ("plain", "proved"),
        "duckdb/db.mart.a#id": ("plain", "possible"),
        "duckdb/db.mart.a#mail": ("plain", "possible"),
    }


def test_a_column_that_cannot_be_resolved_stays_open_and_no_other(tmp_path: Path) -> None:
    code = "select o.id, mail from db.raw.orders as o join db.raw.users as u on o.user_id = u.id"
    nodes = {
        "model.p.a": model("source.p.raw.o", "source.p.raw.users", relation="db.mart.a", compiled_code=code)
    }
    data = read(*write(tmp_path, manifest=manifest(nodes=nodes, sources=ORDERS)))
    assert "1 place in the compiled SQL of 1 model, such as model.p.a, could not be resolved" in notes(data)
    assert labelled(data, "duckdb/db.raw.users#mail") == {
        "duckdb/db.raw.users#mail": ("plain", "proved"),
        "duckdb/db.mart.a#mail": ("plain", "possible"),
    }


def test_columns_go_from_model_to_model_without_a_catalog(tmp_path: Path) -> None:
    """The order of names is not the order of reading; what people document spells the columns."""
    nodes = {
        "model.p.a": model("model.p.b", relation="DB.MART.A", compiled_code="select * from DB.MART.B"),
        "model.p.b": model("source.p.raw.o", relation="DB.MART.B", compiled_code="select Id, lower(mail) as mail from db.raw.orders",
                           columns={"Id": {"name": "Id"}, "old": {"name": "old"}}),
    }  # fmt: skip
    data = read(*write(tmp_path, manifest=manifest(adapter="snowflake", nodes=nodes, sources=ORDERS)))
    assert columns_of(data) == {
        ("raw.orders#ID", "DB.MART.B#Id", "IDENTITY", "plain"),
        ("raw.orders#MAIL", "DB.MART.B#MAIL", "TRANSFORMATION", "plain"),
        ("DB.MART.B#Id", "DB.MART.A#Id", "IDENTITY", "plain"),
        ("DB.MART.B#MAIL", "DB.MART.A#MAIL", "IDENTITY", "plain"),
    }


@pytest.mark.parametrize(
    ("adapter", "code", "origin"),
    [
        ("bigquery", "select `mail` from `db.raw`.`orders`", "mail"),
        ("duckdb", 'select "MAIL" from "DB"."Raw"."orders"', "Mail"),
        ("sqlserver", "select top 5 [mail] from [db].[raw].[orders]", "Mail"),
        ("snowflake", "select $$x$$ as y, mail from db.raw.orders", "Mail"),
        ("glue", "select mail from raw.orders", "Mail"),
    ],
)
def test_each_adapter_is_read_in_its_dialect(tmp_path: Path, adapter: str, code: str, origin: str) -> None:
    nodes = {"model.p.a": model("source.p.raw.o", relation="db.mart.a", compiled_code=code)}
    columns = cataloged(source__p__raw__o=["raw.orders", "id", origin], model__p__a=["mart.a", "mail"])
    data = read(
        *write(tmp_path, manifest=manifest(adapter=adapter, nodes=nodes, sources=ORDERS), catalog=columns)
    )
    assert (f"raw.orders#{origin}", "mart.a#mail", "IDENTITY", "plain") in columns_of(data)
    assert "could not be resolved" not in notes(data)


def test_compiled_code_that_is_no_query_is_said(tmp_path: Path) -> None:
    nodes = {
        "model.p.bad": model("source.p.raw.o", relation="db.mart.bad", compiled_code="selec id from db.raw.orders"),
        "model.p.ddl": model("source.p.raw.o", relation="db.mart.ddl", compiled_code="create table x (a int)"),
        "model.p.py": model("source.p.raw.o", relation="db.mart.py", compiled_code="def model(dbt, session): ...", language="python"),
        "model.p.raw": model("source.p.raw.o", relation="db.mart.raw", raw_code="select 1"),
        "model.p.deep": model("source.p.raw.o", relation="db.mart.deep", compiled_code="select " + "(" * 9_000 + "1" + ")" * 9_000),
        "model.p.odd": model("source.p.raw.o", relation="db.mart.odd", compiled_code=["select 1"]),
    }  # fmt: skip
    data = read(*write(tmp_path, manifest=manifest(adapter="acme", nodes=nodes, sources=ORDERS)))
    assert data.report.rejected == 0
    assert "3 models whose compiled SQL is no query that can be read, such as model.p.bad" in notes(data)
    assert "2 models without compiled SQL, such as model.p.odd" in notes(data)
    assert "'acme' is not known" in notes(data)
    assert not columns_of(data)
    found = labelled(data, "duckdb/db.raw.orders#id", "acme/db.raw.orders#id")
    assert found["acme/db.mart.bad"] == ("plain", "possible")


@pytest.mark.skipif(not SAMPLE.is_dir(), reason="the sample of the streaming company is not there")
def test_the_sample_tells_masked_from_called_masked() -> None:
    """Truths 10 and 11 of the sample, as far as SQL alone can tell them."""
    data = read(*FORMAT.claims_folder(SAMPLE))
    verdicts: dict[tuple[str, str], set[str]] = {}
    for origin, target, _, verdict in columns_of(data):
        if verdict is not None:
            where = tuple(n.removeprefix("stream.") for n in (origin, target))
            verdicts.setdefault(where, set()).add(verdict)
    assert verdicts["core.dim_users#email", "core.dim_users_hashed#email_hash"] == {"pseudonymised"}
    assert verdicts["core.dim_users#email", "marts.contact_points#contact"] == {"pseudonymised"}
    assert verdicts["staging.stg_newsletter_signups#email", "marts.contact_points#contact"] == {"plain"}
    assert verdicts["staging.stg_support_tickets#email", "core.support_contacts#email_masked"] == {"plain"}
    assert verdicts["staging.stg_payroll#salary", "hr.salary_by_department#average_salary"] == {"aggregated"}
    assert verdicts["raw.play_events#ip_address", "staging.stg_play_events#ip_address"] == {"plain"}
    grouped = {(s, t) for s, t, how, _ in columns_of(data) if how == "GROUP_BY"}
    assert ("stream.staging.stg_payroll#employee_id", "stream.hr.salary_by_employee") in grouped
    assert "could not be resolved" not in notes(data)
