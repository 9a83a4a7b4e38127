"""The truths planted in data_samples, found exactly (see data_samples/README.md)."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import lineage_nb as ln
from lineage_nb.analyses.pii.person import about_person
from lineage_nb.analyses.pii.propagation import pii
from lineage_nb.analyses.pii.status import STATUSES, coverage, status

STREAM = Path(__file__).parents[1] / "data_samples" / "stream"
Truths = dict[str, Any]


def micro(amount: str) -> int:
    return int(Decimal(amount) * 1_000_000)


def truth(truths: Truths, number: int) -> Any:
    return next(t for t in truths["truths"] if t["id"] == number)


@pytest.fixture(scope="module")
def verdicts(stream: ln.Snapshot, truths: Truths) -> dict[str, str]:
    frame = stream.unused(days=truths["window_days"], monitors=truths["monitors"]).frame
    return dict(frame.select("node", "verdict").iter_rows())


def expected_verdicts(stream: ln.Snapshot, expected: dict[str, str]) -> dict[str, str]:
    return {stream.names.resolve(node): verdict for node, verdict in expected.items()}


def test_everything_is_read(stream: ln.Snapshot) -> None:
    assert stream.report.rejected == 0 and stream.report.ignored == []
    assert set(stream.report.files["format"]) == {"dbt", "openlineage", "frames"}
    assert stream.conformed.ambiguous.is_empty()


def test_dbt_and_openlineage_meet(stream: ln.Snapshot) -> None:
    table = stream.nodes.filter(pl.col("name") == "stream.core.dim_users").row(0, named=True)
    assert table["id"] == "duckdb://stream.duckdb/stream.core.dim_users"
    assert stream.nodes.filter(pl.col("name") == "stream.core.dim_users").height == 1
    jobs = stream.edges.filter((pl.col("target") == table["id"]) & (pl.col("type") == "WRITE"))
    assert jobs["source"].unique().to_list() == ["job:dbt/stream.core.stream.dim_users"]
    assert {e.partition(":")[0] for e in jobs["evidence"]} >= {"dbt", "openlineage"}


def test_truth_1_equal_lines_of_a_file_read_twice(truths: Truths) -> None:
    given = truth(truths, 1)
    files = [STREAM / "warehouse" / f for f in given["given"]["files"]]
    expected = {node: micro(a) for node, a in given["expect"]["billed"].items()}
    for paths in (files, [files[0], files[0], *files]):
        snap = ln.read(paths)
        assert dict(snap.cost(by="dataset").frame.select("key", "amount").iter_rows()) == expected


def test_truth_2_a_warehouse_hour(stream: ln.Snapshot, truths: Truths) -> None:
    given = truth(truths, 2)
    result = stream.cost(by="dataset", of=given["given"]["compute"])
    amounts = {stream.names.resolve(n): micro(a) for n, a in given["expect"]["datasets"].items()}
    assert dict(result.frame.select("key", "amount").iter_rows()) == {**amounts, "idle": micro(given["expect"]["idle"])}


def test_truth_3_shared_tables(stream: ln.Snapshot, truths: Truths) -> None:
    given = truth(truths, 3)
    both = list(given["given"]["costs"])
    by_report = stream.cost(by="report", of=both)
    assert dict(by_report.frame.select("key", "amount").iter_rows()) == {k: micro(a) for k, a in given["expect"]["by_report"].items()}
    twelve = stream.cost(by="report", of=both[0])
    assert dict(twelve.frame.select("key", "amount").iter_rows()) == {k: micro(a) for k, a in given["expect"]["of_12_by_report"].items()}
    assert twelve.frame["exclusive"].sum() == 0


def test_truth_4_a_job_with_a_live_and_a_dead_table(stream: ln.Snapshot, truths: Truths) -> None:
    given = truth(truths, 4)["expect"]
    frame = stream.unused(monitors=truths["monitors"]).frame
    for node, verdict in given["verdicts"].items():
        assert frame.filter(pl.col("node") == stream.names.resolve(node))["verdict"].item() == verdict
    for node, freed in given["freed"].items():
        assert frame.filter(pl.col("node") == stream.names.resolve(node))["freed"].item() == micro(freed)


@pytest.mark.parametrize("number", [5, 6, 7])
def test_truths_5_to_7_verdicts(stream: ln.Snapshot, truths: Truths, verdicts: dict[str, str], number: int) -> None:
    for node, verdict in expected_verdicts(stream, truth(truths, number)["expect"]["verdicts"]).items():
        assert verdicts[node] == verdict, node


def test_every_other_table_of_the_warehouse_is_live(stream: ln.Snapshot, truths: Truths, verdicts: dict[str, str]) -> None:
    expected = expected_verdicts(stream, truths["not_live"])
    mine = {n: v for n, v in verdicts.items() if n.startswith((truths["namespace"], "report:", "stream.")) and v != "live"}
    assert mine == expected


def test_truth_7_a_row_from_the_future_changes_nothing(stream: ln.Snapshot, truths: Truths) -> None:
    result = stream.unused(monitors=truths["monitors"])
    rows = [r for r in stream.usage.iter_rows(named=True) if str(r["day"]) != "2027-01-01"]
    assert len(rows) == stream.usage.height - 1
    without = ln.Snapshot(type(stream.data).of({**stream.data.frames, "usage": stream.data.frames["usage"].filter(pl.col("day").dt.year() < 2027)}))
    assert without.unused(monitors=truths["monitors"]).frame.equals(result.frame)
    assert any("1 row" in note and "2027-01-01" in note for note in result.trust)


def test_truth_8_the_scanner_is_suggested_and_both_verdicts_shown(stream: ln.Snapshot, truths: Truths, verdicts: dict[str, str]) -> None:
    given = truth(truths, 8)["expect"]
    counted = stream.unused()
    assert counted.summary["suspected_monitors"] == given["suggested_monitors"]
    shown = {r["node"]: (r["verdict"], r["without_monitors"]) for r in counted.frame.iter_rows(named=True)}
    for node, verdict in expected_verdicts(stream, given["without_monitor"]["verdicts"]).items():
        assert shown[node] == (verdict, verdicts[node])
    usage = stream.data.frames["usage"].filter(~pl.col("consumer").is_in(truths["monitors"]))
    never = ln.Snapshot(type(stream.data).of({**stream.data.frames, "usage": usage}))
    assert dict(never.unused().frame.select("node", "verdict").iter_rows()) == verdicts


def test_truth_9_no_column_lineage_and_a_retired_writer(stream: ln.Snapshot, truths: Truths) -> None:
    frame = stream.pii(labels=["email"]).frame
    for expected in truth(truths, 9)["expect"]["labels"]:
        node = stream.names.resolve(expected["node"])
        mine = frame.filter(pl.col("node") == node)
        assert mine["verdict"].to_list() == [expected["verdict"]]
        assert mine["certainty"].to_list() == [expected["certainty"]]


@pytest.mark.parametrize("number", [9, 10, 11])
def test_truths_9_to_11_personal_data(stream: ln.Snapshot, truths: Truths, number: int) -> None:
    frame = stream.pii().frame
    expect = truth(truths, number)["expect"]
    for expected in expect["labels"]:
        mine = frame.filter((pl.col("node") == stream.names.resolve(expected["node"])) & (pl.col("label") == expected["label"]))
        rows = mine.select("verdict", "certainty", "k").rows()
        assert rows == [(expected["verdict"], expected["certainty"], expected.get("k"))], expected["node"]


def test_truth_10_holds_when_only_pay_is_asked_for(stream: ln.Snapshot) -> None:
    whole = stream.pii().frame.filter(pl.col("label") == "salary")
    assert stream.pii(labels=["salary"]).frame.equals(whole)


def test_truth_11_the_masked_twin_and_the_path(stream: ln.Snapshot, truths: Truths) -> None:
    given, result = truth(truths, 11)["expect"], stream.pii(labels=["email"])
    twin = result.frame.filter(pl.col("node") == stream.names.resolve(given["masked_twin"]["node"]))
    assert twin["verdict"].to_list()[0] in given["masked_twin"]["verdict_one_of"] and twin.height == 1
    clean = [stream.names.resolve(c) for c in given["clean"]]
    assert result.frame.filter(pl.col("node").is_in(clean)).is_empty()
    told = status(pii(stream)).filter(pl.col("node").is_in(clean))
    assert told["status"].to_list() == ["clean"] * len(clean)
    start, end = (stream.names.resolve(n) for n in given["path"])
    path = result.explain(end)
    assert path["source"][-1] == start and path["target"][-1] == end and set(path["so_far"]) == {"plain"}


def test_the_audit_counts_every_column(stream: ln.Snapshot) -> None:
    answer = pii(stream)
    for by in ("schema", "namespace"):
        told = coverage(answer, by=by)
        parts = told.select(STATUSES).sum_horizontal()
        assert told["columns"].sum() == answer.summary["columns"] and parts.equals(told["columns"], check_names=False)


def test_tables_without_a_label_are_about_persons_too(stream: ln.Snapshot) -> None:
    told = about_person(pii(stream))
    keys = dict(told.filter(pl.col("label").is_null()).select("key", "how").iter_rows())
    assert keys[stream.names.resolve("stream.raw.users#user_id")] == "key"
    assert keys[stream.names.resolve("stream.core.dim_users#user_id")] == "lineage"
    assert keys[stream.names.resolve("stream.staging.stg_ratings#user_id")] == "join"


def test_the_bill_is_whole(stream: ln.Snapshot, truths: Truths) -> None:
    for by in ("owner", "team", "report", "consumer", "dataset"):
        summary = stream.cost(by=by, monitors=truths["monitors"]).summary
        assert summary["billed"] == micro(truths["billed_total"])
        assert summary["unallocated"] == micro(truths["unallocated"])
        assert summary["idle"] == micro(truths["idle"])


def test_the_shipped_sample_is_this_one(stream: ln.Snapshot) -> None:
    assert ln.sample() == stream
