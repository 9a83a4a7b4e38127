"""Input that once led to a wrong answer or a bare traceback."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import networkx as nx
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import costly

import lineage_nb as ln

make = ln.from_frames


def verdicts(snap: ln.Snapshot, **options: Any) -> dict[str, str]:
    return dict(snap.unused(**options).frame.select("node", "verdict").iter_rows())


def test_jobs_are_known_by_what_they_do() -> None:
    edges = [{"source": "a", "target": "loader", "type": "READ"}, {"source": "loader", "target": "b", "type": "WRITE"}]
    assert make(edges=edges).impact("a").frame["node"].to_list() == ["b", "loader"]


def test_a_reader_is_no_table_of_the_same_name() -> None:
    nodes = [{"id": "db/raw", "namespace": "db", "name": "raw"}, {"id": "db/billing", "namespace": "db", "name": "billing"}]
    usage = [{"node": "db/raw", "consumer": "billing", "day": d} for d in ("2025-06-30", "2025-01-01")]
    assert verdicts(make(nodes=nodes, usage=usage))["db/raw"] == "live"


def test_an_exporting_job_keeps_a_table_alive() -> None:
    nodes = [{"id": "t"}, {"id": "u"}, {"id": "job:x", "kind": "job"}]
    usage = [{"node": "t", "consumer": "job:x", "day": "2025-06-30"}, {"node": "u", "consumer": "ana", "day": "2025-01-01"}]
    assert verdicts(make(nodes=nodes, usage=usage)) == {"t": "live", "u": "unread"}
    writes = [{"source": "job:x", "target": "u", "type": "WRITE"}]
    assert verdicts(make(nodes=nodes, usage=usage, edges=writes))["t"] == "zombie", "a job with an output is no end"


def test_no_reads_are_no_read() -> None:
    usage = [{"node": "t", "consumer": "ana", "day": "2025-06-30", "reads": 0}, {"node": "u", "consumer": "ana", "day": "2025-06-30"}, {"node": "u", "consumer": "ana", "day": "2025-01-01"}]
    assert verdicts(make(usage=usage)) == {"u": "live", "t": "unread"} or "t" not in verdicts(make(usage=usage))


def test_a_filter_does_not_move_the_window() -> None:
    usage = [{"node": n, "consumer": "ana", "day": d} for n, d in (("old", "2024-01-01"), ("new", "2025-06-30"), ("new", "2023-06-30"))]
    snap = make(nodes=[{"id": "old"}, {"id": "new"}], usage=usage)
    assert verdicts(snap)["old"] == verdicts(snap.filter(name="old"))["old"] == "unread"


@pytest.mark.parametrize(
    ("frame", "column", "value"),
    [("costs", "kind", "compute"), ("costs", "data", "x"), ("edges", "source_kind", "job"), ("edges", "target_data", 3), ("usage", "consumer_kind", "job"), ("nodes", "home", "x"), ("nodes", "__node", "x")],
)
def test_columns_of_ones_own_change_no_answer(frame: str, column: str, value: object) -> None:
    parts: dict[str, list[dict[str, Any]]] = {
        "nodes": [{"id": "t"}, {"id": "t#c", "kind": "column"}, {"id": "r", "kind": "report", "owners": "ana"}],
        "edges": [{"source": "t", "target": "r"}],
        "usage": [{"node": "t", "consumer": "ben", "day": "2025-06-30"}],
        "costs": [{"node": "t", "day": "2025-01-01", "amount": "10.00"}],
    }
    plain = make(**parts)
    more = make(**{**parts, frame: [{**row, column: value} for row in parts[frame]]})
    for ask in (lambda s: s.cost(), lambda s: s.impact("t"), lambda s: s.unused(), lambda s: s.pii()):
        assert ask(plain).frame.equals(ask(more).frame)
    assert column in more.data.frames[frame].columns, "but it is kept"


@pytest.mark.parametrize(("start", "end"), [("10:00:00", "10:00:00"), ("11:00:00", "10:00:00")])
def test_a_warehouse_row_without_length(start: str, end: str) -> None:
    stamp = "2025-01-01T{}Z".format
    snap = make(
        costs=[{"node": "w", "day": "2025-01-01", "amount": "1.00", "start": stamp(start), "end": stamp(end)}],
        runs=[{"job": "j", "run": "1", "start": stamp("10:00:00"), "end": stamp("10:30:00"), "compute": "w"}],
    )
    assert snap.cost().frame["amount"].sum() == 1_000_000 and snap.cost().frame["amount"].min() >= 0


def test_warehouse_hours_in_other_zones() -> None:
    cost = {"node": "w", "day": "2025-01-01", "amount": "1.00", "start": "2025-01-01T12:00:00+02:00", "end": "2025-01-01 11:00"}
    runs = [{"job": "j", "run": "1", "start": "2025-01-01T10:00:00Z", "end": "2025-01-01T10:30:00Z", "compute": "w"}]
    snap = make(costs=[cost], runs=runs, edges=[{"source": "j", "target": "t", "type": "WRITE"}])
    assert dict(snap.cost(by="dataset").frame.select("key", "amount").iter_rows()) == {"t": 500_000, "idle": 500_000}


def test_sums_beyond_64_bits_are_refused() -> None:
    costs = [{"node": "t", "day": "2025-01-01", "amount": 9 * 10**18, "record": str(i)} for i in range(2)]
    with pytest.raises(ln.LineageError, match="more than 4.6 trillion"):
        make(costs=costs).cost()


def test_more_evidence_weakens_nothing() -> None:
    jobs = [{"source": s, "target": "job:j", "type": "READ"} for s in "ab"] + [{"source": "job:j", "target": t, "type": "WRITE"} for t in "tu"]
    snap = make(nodes=[{"id": "a", "tags": "pii:e"}], edges=[{"source": "a", "target": "t"}, *jobs])
    assert snap.pii().frame.filter(pl.col("node") == "t")["certainty"].to_list() == ["proved"]


def test_open_coverage_reaches_as_far_as_the_log() -> None:
    coverage = [{"scope": "a", "what": "usage", "to": "2025-03-31"}, {"scope": "b", "what": "usage"}]
    usage = [{"node": "b/u", "consumer": "ana", "day": d} for d in ("2025-01-01", "2025-06-30")]
    assert verdicts(make(nodes=[{"id": "b/u"}, {"id": "a/t"}], usage=usage, coverage=coverage)) == {"b/u": "live", "a/t": "unknown"}


def test_monitors_are_readers_first() -> None:
    nodes = [{"id": "principal:iam/scanner", "kind": "principal", "name": "scanner", "namespace": "iam"}, {"id": "db/x.scanner"}]
    usage = [{"node": "db/x.scanner", "consumer": "principal:iam/scanner", "day": d} for d in ("2025-01-01", "2025-06-30")]
    assert verdicts(make(nodes=nodes, usage=usage), monitors="scanner")["db/x.scanner"] == "unread"


def test_hops_of_a_job() -> None:
    edges = [{"source": "job:j", "target": "a", "type": "WRITE"}, {"source": "a", "target": "b"}, {"source": "b", "target": "c"}]
    snap = make(edges=edges)
    assert [snap.impact("job:j", max_hops=h, kinds="dataset").frame["node"].to_list() for h in (0, 1, 2)] == [[], ["a"], ["a", "b"]]


def test_teams_known_only_as_parents_are_no_tables() -> None:
    snap = make(nodes=[{"id": "principal:ana", "kind": "principal", "parent": "growth"}])
    assert snap.unused().frame.is_empty()


def test_currencies_are_not_added() -> None:
    costs = [{"node": "t", "day": "2025-01-01", "amount": "10.00", "currency": c} for c in ("USD", "JPY")]
    usage = [{"node": "u", "consumer": "ana", "day": d} for d in ("2024-01-01", "2025-01-01")]
    assert make(nodes=[{"id": "t"}, {"id": "u"}], costs=costs, usage=usage).unused().frame["freed"].null_count() == 2


@pytest.mark.parametrize("day", [20250101, 2.0, True, "2025-01-01garbage", "9999-12-31T23:59:59-05:00", timedelta(days=3), b"x"])
def test_what_is_no_day_is_rejected(day: object) -> None:
    snap = make(usage=pl.DataFrame({"node": ["t"], "day": pl.Series([day])}))
    assert snap.usage.is_empty() and snap.report.reasons() == {"day is not a date": 1}


def test_days_are_utc() -> None:
    usage = [{"node": "t", "day": "2025-01-01T23:30:00-05:00"}]
    assert str(make(usage=usage).usage["day"].item()) == "2025-01-02"


ODD = {
    "list of numbers": pl.Series([[1, 2]]),
    "struct": pl.Series([{"a": 1}]),
    "bytes": pl.Series([b"x"]),
    "duration": pl.Series([timedelta(1)]),
    "categorical": pl.Series(["a"], dtype=pl.Categorical),
    "unsigned": pl.Series([2**63 + 5], dtype=pl.UInt64),
    "object": pl.Series([object()], dtype=pl.Object),
    "null": pl.Series([None]),
    "float": pl.Series([1.5]),
}


@pytest.mark.parametrize("kind", ODD)
def test_columns_of_any_type(kind: str, tmp_path: Path) -> None:
    for name in ("mine", "bytes", "description", "owners", "last_seen"):
        snap = make(nodes=pl.DataFrame({"id": ["a"]}).with_columns(ODD[kind].alias(name)))
        assert snap.report.read == 1
        assert ln.read(snap.save(tmp_path / name)) == snap
    given = pl.DataFrame({"node": ["a"], "day": ["2025-01-01"], "amount": ["1.0"]})
    for name in ("amount", "record", "mine"):
        assert make(costs=given.with_columns(ODD[kind].alias(name))).report.read == 1


def test_pandas_categories_and_periods() -> None:
    frame = pd.DataFrame({"source": pd.Categorical(["a"]), "target": ["b"], "when": pd.period_range("2025-01", periods=1, freq="M")})
    try:
        snap = ln.from_edges(frame)
    except ln.SchemaError:
        return
    assert snap.edges["source"].to_list() == ["a"]


def test_extra_columns_that_disagree_become_text() -> None:
    a, b = make(nodes={"id": ["a"], "mine": [1]}), make(nodes={"id": ["b"], "mine": ["x"]})
    assert sorted(a.merge(b).data.frames["nodes"]["mine"].to_list()) == ["1", "x"]


def test_graphs_that_are_not_directed() -> None:
    with pytest.raises(ln.SchemaError, match="is undirected"):
        ln.from_edges(nx.Graph([("a", "b")]))
    graph = nx.DiGraph([("a", "b")])
    graph.nodes["a"]["odd"] = {1: 2}
    assert ln.from_edges(graph, nodes=pd.DataFrame({"id": ["a"], "tier": ["gold"]})).nodes["tier"].to_list() == ["gold", None]
    assert len(ln.from_edges(graph)) == 2


def test_empty_snapshots_answer() -> None:
    empty = ln.from_edges([])
    assert empty.unused().frame.is_empty() and empty.pii().frame.is_empty() and len(empty) == 0
    assert "Snapshot" in repr(empty)


@pytest.mark.parametrize("period", ["2025-01", ("a", "b"), ("2025-01-01",), ("2025-02-01", "2025-01-01"), (1, 2), ("2030-01-01", "2030-02-01")])
def test_periods_that_are_none(period: Any) -> None:
    with pytest.raises(ln.LineageError):
        make(costs=[{"node": "t", "day": "2025-01-01", "amount": "1.0"}]).cost(period=period)


def test_odd_arguments() -> None:
    snap = ln.from_edges([("a", "b")])
    for bad in (lambda: snap.impact(["a"]), lambda: snap.search(None), lambda: snap.sql("SELECT * FROM read_csv('/nope')"), lambda: snap.filter(name="nothing*"), lambda: ln.read("")):
        with pytest.raises(ln.LineageError):
            bad()
    assert snap.unused(days=10**6).frame.height == 2


def test_one_bad_entry_does_not_stop_a_folder(tmp_path: Path) -> None:
    import os

    (tmp_path / "edges.csv").write_text("source,target\na,b\n")
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / os.fsdecode(b"caf\xe9.csv")).write_text("source,target\nb,c\n")
    snap = ln.read(tmp_path)
    assert snap.edges.height == 2 and any("pipe" in f for f in snap.report.ignored)


def test_usual_words_for_nodes() -> None:
    rows = [{"id": "t", "kind": "Table", "owner": "ana;ben"}, {"id": "d", "kind": "dashboard"}, {"id": "f", "kind": "feature"}]
    nodes = make(nodes=rows).nodes
    assert nodes.sort("id").select("id", "kind", "type").rows() == [("d", "report", "dashboard"), ("f", "feature", None), ("t", "dataset", "table")]
    assert nodes.filter(pl.col("id") == "t")["owners"].to_list() == [["ana", "ben"]]


@costly()
@given(st.data())
def test_every_column_lives_in_a_dataset_whatever_its_parent_is_said_to_be(data: st.DataObject) -> None:
    ids = ["#a", "m", "t", "t#c", "t#c.d", "j", "p"]
    kinds = st.sampled_from(["column", "dataset", "job", "principal", "compute", "report", None])
    parents = st.sampled_from([None, "elsewhere", *ids])
    nodes = {
        "id": ids,
        "kind": [data.draw(kinds) for _ in ids],
        "parent": [data.draw(parents) for _ in ids],
    }
    pairs = data.draw(st.lists(st.tuples(st.sampled_from(ids), st.sampled_from(ids)), min_size=1, max_size=6))
    snap = ln.from_frames(nodes=nodes, edges={"source": [a for a, _ in pairs], "target": [b for _, b in pairs]})
    kind_of = dict(snap.nodes.select("id", "kind").iter_rows())
    no_dataset = {"column", "job", "principal", "compute"}
    assert all(kind_of[p] not in no_dataset for p in snap.nodes.filter(pl.col("kind") == "column")["parent"])
    for level in ("dataset", "column", "job"):
        assert snap.graph(level).edges.height >= 0
    assert snap.unused().frame.height >= 0
    assert kind_of["t"] in ("principal", "compute") or snap.impact("t").frame.height >= 0


@pytest.mark.parametrize(("given", "kept"), [("1000.0", 1000), ("1e9", 10**9), ("7", 7), (str(2**60), 2**60), ("1.5", None), ("nan", None)])
def test_whole_numbers_as_pandas_writes_them(given: str, kept: int | None) -> None:
    snap = make(nodes={"id": ["t"], "bytes": [given]})
    assert snap.nodes["bytes"].to_list() == ([kept] if kept is not None else [])
    assert snap.report.rejected == (kept is None)
    assert kept is not None or "first in nodes, row 0" in str(snap.report)
