"""Verdicts on tables: against a slow search along every path, and case by case."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from time import perf_counter
from typing import Any

import networkx as nx
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import DAY, costly, loosened, snapshot

import lineage_nb as ln
from lineage_nb.analyses.unused.judge import DROPPABLE, VERDICTS
from lineage_nb.analyses.usage_log import best_scopes, inside

Parts = dict[str, list[dict[str, Any]]]
DAYS = 90
FIRST = DAY - timedelta(days=DAYS - 1)
CASES = costly()
LIVENESS = {v: 2 if v in ("live", "protected", "dropped") else 1 if v in ("unknown", "seasonal") else 0 for v in VERDICTS}


@st.composite
def cases(draw: st.DrawFn) -> Parts:
    """Random snapshots with a log over all tables, over some, or sampled."""
    parts = draw(loosened())
    names = sorted(r["id"] for r in parts["nodes"] if r["kind"] in ("dataset", "report"))
    begin = st.sampled_from([400, 400, 50])
    parts["coverage"] = [
        {"scope": n, "what": "usage", "from": DAY - timedelta(days=draw(begin)), "to": DAY, "sample_rate": draw(st.sampled_from([None, None, 1.0, 0.4]))}
        for n in names
        if draw(st.integers(0, 4))
    ]
    parts["coverage"].append({"scope": "elsewhere", "what": "usage", "from": DAY - timedelta(days=400), "to": DAY})
    parts["usage"].append({"node": "elsewhere", "consumer": "ana", "day": DAY, "bytes": 1})
    return parts


class Twin:
    """The same verdicts by plain loops: every path is walked, every fact read off the rows."""

    def __init__(self, snap: ln.Snapshot, parts: Parts) -> None:
        self.kinds = dict(snap.nodes.select("id", "kind").iter_rows())
        graph = snap.graph("dataset").to_networkx()
        graph.add_edges_from((u["node"], u["consumer"]) for u in parts["usage"] if str(u["consumer"]).startswith("r"))
        edges, runs = parts["edges"], {r["run"]: r for r in parts.get("runs", [])}
        times = [e["last_seen"] for e in edges] + [r["start"] for r in runs.values()]
        end = max((t for t in times if t), default=datetime(1970, 1, 1, tzinfo=UTC))
        over = {i for i, e in enumerate(edges) if e["expires_at"] and e["expires_at"] <= end and any(times)}
        writes = {(e["source"], e["target"]) for i, e in enumerate(edges) if e.get("type") == "WRITE" and i not in over}
        ran = {j: max((r["start"].date() for r in runs.values() if r["job"] == j and r["start"]), default=None) for j in {r["job"] for r in runs.values()}}
        taken = [(io["dataset"], runs[io["run"]]["job"], runs[io["run"]]["start"]) for io in parts.get("io", []) if io["direction"] == "in"]
        graph.add_edges_from((a, b) for a, j, _ in taken for k, b in writes if j == k)
        self.graph, self.nodes = graph, list(snap.graph("dataset").ids)
        self.reads = [(u["node"], u["day"]) for u in parts["usage"] if not str(u["consumer"]).startswith("r")]
        by_job: dict[tuple[str, str], list[date | None]] = {}
        for i, e in enumerate(edges):
            if e.get("type") == "READ":
                seen = e["last_seen"].date() if e["last_seen"] else None
                ended = min(t for t in (e["last_seen"], e["expires_at"]) if t).date() if i in over else None
                by_job.setdefault((e["source"], e["target"]), []).append(ended or ran.get(e["target"]) or seen)
        for a, j, at in taken:
            by_job.setdefault((a, j), []).append(at.date() if at else None)
        exports = {k: [d for d in days if d] for k, days in by_job.items() if k[1] not in {j for j, _ in writes}}
        self.reads += [(a, min(max(days), DAY)) for (a, _), days in exports.items() if days]
        self.undated = {a for (a, _), days in exports.items() if not days}
        home = {r["id"]: r.get("parent", r["id"]) for r in parts["nodes"]}
        self.written = set()
        for e in edges:
            a, b, by = home[e["source"]], home[e["target"]], e["source"] if e.get("type") == "WRITE" else e.get("job")
            day = e["last_seen"].date() if e["last_seen"] else ran.get(by) or (e["expires_at"].date() if e["expires_at"] else None)
            if e.get("type") != "READ" and a != b and (day is None or day >= FIRST):
                self.written.add(b)
        for io in parts.get("io", []):
            at = runs[io["run"]]["start"]
            if io["direction"] == "out" and (at is None or at.date() >= FIRST):
                self.written.add(io["dataset"])
        self.gone: dict[str, date] = {}
        for r in parts["nodes"]:
            if r.get("deleted_at") and r["deleted_at"].date() <= max(DAY, end.date()):
                later = [u["day"] for u in parts["usage"] if u["node"] == r["id"]]
                later += [e["last_seen"].date() for i, e in enumerate(edges) if i not in over and e.get("type") != "READ" and e["last_seen"] and home[e["target"]] == r["id"]]
                if max(later, default=date(1970, 1, 1)) <= r["deleted_at"].date():
                    self.gone[r["id"]] = r["deleted_at"].date()
        self.refreshes = {u["consumer"] for u in parts["usage"] if str(u["consumer"]).startswith("r") and u["day"] >= FIRST}
        self.viewed = {n for n, _ in self.reads if self.kinds.get(n) == "report"}
        self.scopes = {c["scope"]: c for c in parts["coverage"]}
        self.below = {n: {n, *nx.descendants(graph, n)} for n in self.nodes}

    def last(self, node: str) -> date | None:
        return max((d for n, d in self.reads if n in self.below[node]), default=None)

    def pace(self, node: str) -> float:
        best = 0.0
        for n in self.below[node]:
            days = [d for m, d in self.reads if m == n]
            since = self.scopes[n]["from"] if n in self.scopes else FIRST
            best = max(best, len(days) / max((max(days) - since).days + 1, DAYS)) if days else best
        return best

    def blind(self, node: str) -> bool:
        scope = self.scopes.get(node)
        if self.gone.get(node, DAY) < FIRST:
            return False
        if node in self.undated:
            return True
        if scope is None:
            return self.kinds[node] != "report" or bool(self.viewed)
        if scope["from"] > FIRST:
            return True
        rate = 1 if scope["sample_rate"] is None else scope["sample_rate"]
        return rate < 1 and (1 - rate) ** (self.pace(node) * DAYS) > 0.05

    def seasonal(self, node: str) -> bool:
        days = sorted({d for n, d in self.reads if n == node})
        gaps = [(b - a).days for a, b in pairwise(days)]
        return bool(gaps) and (DAY - days[-1]).days <= 1.25 * max(gaps)

    def verdict(self, node: str) -> str:
        if node in self.gone:
            return "dropped"
        below, outer = self.below[node], set(self.graph.successors(node)) - {node}
        last = self.last(node)
        report = self.kinds[node] == "report"
        unlogged = {n for n in self.nodes if self.kinds[n] == "report" and n not in self.scopes and not self.viewed}
        if (last and last >= FIRST) or below & unlogged:
            return "live"
        if any(self.blind(n) for n in below):
            return "unknown"
        if any(self.seasonal(n) for n in below):
            return "seasonal"
        if self.graph.has_edge(node, node) and not outer:
            return "self-only"
        ends = {n for n in below if not set(self.graph.successors(n)) - {n}}
        if below & self.refreshes and all(self.kinds[n] == "report" for n in ends):
            return "refreshed-only"
        if outer:
            return "zombie"
        return "write-only" if node in self.written and last is None and not report else "unread"


@CASES
@given(cases())
def test_every_verdict_equals_a_search_along_every_path(parts: Parts) -> None:
    snap = snapshot(parts)
    twin = Twin(snap, parts)
    found = snap.unused(days=DAYS).frame.filter(pl.col("verdict") != "superseded")
    for node, verdict in found.select("node", "verdict").iter_rows():
        assert verdict == twin.verdict(node), node
    for node, last in found.select("node", "last_read").iter_rows():
        assert last == twin.last(node)


@CASES
@given(cases(), st.data())
def test_one_more_read_makes_nothing_upstream_less_live(parts: Parts, data: st.DataObject) -> None:
    before = dict(snapshot(parts).unused(days=DAYS).frame.select("node", "verdict").iter_rows())
    node = data.draw(st.sampled_from(sorted(before)))
    more = {"node": node, "consumer": data.draw(st.sampled_from(["zoe", None])), "day": DAY - timedelta(days=data.draw(st.integers(0, DAYS - 1)))}
    snap = snapshot({**parts, "usage": [*parts["usage"], {**more, "bytes": None}]})
    after = dict(snap.unused(days=DAYS).frame.select("node", "verdict").iter_rows())
    graph = snap.graph("dataset").to_networkx()
    for above in {node, *nx.ancestors(graph, node)}:
        assert LIVENESS[after[above]] >= LIVENESS[before[above]]
        assert after[above] not in DROPPABLE


# -- cases -----------------------------------------------------------------------------------------------------------


def asked(**given_: Any) -> dict[str, dict[str, Any]]:
    options = {k: given_.pop(k) for k in ("days", "monitors", "protect") if k in given_}
    usage = [{"node": "elsewhere", "consumer": "ana", "day": d} for d in ("2024-01-01", "2025-06-30")]
    given_["usage"] = [*given_.get("usage", []), *usage]
    return {r["node"]: r for r in ln.from_frames(**given_).unused(**options).frame.iter_rows(named=True)}


def table(name: str, columns: str = "", **facts: Any) -> list[dict[str, Any]]:
    return [{"id": name, **facts}, *({"id": f"{name}#{c}", "kind": "column", "parent": name} for c in columns)]


def read(node: str, day: str = "2025-06-30", consumer: str | None = "ana") -> dict[str, Any]:
    return {"node": node, "consumer": consumer, "day": day}


@pytest.mark.parametrize(
    ("dead", "alive", "twin"),
    [
        ("s.orders_v1", "s.orders_v2", True),
        ("s.orders_old", "s.orders", True),
        ("s.orders_20240131", "s.orders", True),
        ("s.orders_v1_bak", "s.orders_v2", True),
        ("s.orders", "s.orders_v2", True),
        ("s.orders_v3", "s.orders_v2", False),
        ("s.orders", "s.orders_old", False),
        ("s.orders_20240130", "s.orders_20240131", False),
        ("s.orders_2024", "s.orders", False),
        ("t.orders_old", "s.orders", False),
        ("s.clients", "s.orders", False),
    ],
)
def test_twins_by_name(dead: str, alive: str, twin: bool) -> None:
    rows = asked(nodes=[*table(dead, "abc"), *table(alive, "abc")], usage=[read(alive)])
    assert rows[dead]["verdict"] == ("superseded" if twin else "unread") and rows[alive]["verdict"] == "live"
    if twin:
        assert f"{alive} is live, has the same 3 columns and the same name" in rows[dead]["evidence"]


def test_twins_have_the_same_shape() -> None:
    for mine, theirs, twin in (("ab", "ab", False), ("abcd", "abc", False), ("abcdefghij", "abcdefghijk", True), ("abcdefghij", "abcdefghijkl", False)):
        rows = asked(nodes=[*table("o_old", mine), *table("o", theirs)], usage=[read("o")])
        assert (rows["o_old"]["verdict"] == "superseded") == twin, (mine, theirs)


def test_twins_by_origin_are_made_in_the_same_way() -> None:
    nodes = [*table("raw", "xyz"), *table("a", "abc"), *table("b", "abc")]
    edges = [{"source": "raw", "target": t} for t in "ab"]
    assert asked(nodes=nodes, edges=edges, usage=[read("b")])["a"]["verdict"] == "superseded"
    same = [{"source": f"raw#{c}", "target": f"{t}#{d}"} for c, d in zip("xyz", "abc", strict=True) for t in "ab"]
    rows = asked(nodes=nodes, edges=same, usage=[read("b")])
    assert rows["a"]["verdict"] == "superseded" and "the same upstream tables" in rows["a"]["evidence"]
    other = [*same[:-1], {"source": "raw#x", "target": "b#c"}]
    assert asked(nodes=nodes, edges=other, usage=[read("b")])["a"]["verdict"] == "write-only"
    siblings = [{"source": "raw", "target": "j", "type": "READ"}, *({"source": "j", "target": t, "type": "WRITE"} for t in "ab")]
    assert asked(nodes=[*nodes, {"id": "j", "kind": "job"}], edges=siblings, usage=[read("b")])["a"]["verdict"] == "write-only"


@pytest.mark.parametrize(("rate", "reads", "verdict"), [(0.5, 30, "unread"), (0.01, 30, "unknown"), (0.5, 1, "unknown"), (0.5, 0, "unknown"), (1.0, 0, "unread"), (0.0, 30, "unknown")])
def test_sampled_logs(rate: float, reads: int, verdict: str) -> None:
    coverage = [{"scope": "t", "what": "usage", "from": "2024-12-01", "to": "2025-06-30", "sample_rate": rate}]
    usage = [read("t", str(date(2024, 12, 1) + timedelta(days=2 * i))) for i in range(reads)]
    row = asked(nodes=[{"id": "t"}], usage=usage, coverage=coverage)["t"]
    assert row["verdict"] == verdict
    if rate == 0.01:
        assert "p = 0.01" in row["evidence"] and "r = 0.333 reads a day" in row["evidence"] and "0.74" in row["evidence"]


def test_logs_in_parts_count_together() -> None:
    parts = [{"scope": "t", "what": "usage", "from": a, "to": b} for a, b in (("2025-01-01", "2025-04-30"), ("2025-05-01", "2025-06-30"))]
    assert asked(nodes=[{"id": "t"}], coverage=parts)["t"]["verdict"] == "unread"
    gap = [parts[0], {**parts[1], "from": "2025-05-03"}]
    row = asked(nodes=[{"id": "t"}], coverage=gap)["t"]
    assert row["verdict"] == "unknown" and "a gap after 2025-04-30" in row["evidence"]


@pytest.mark.parametrize(
    "more",
    [
        {"nodes": [{"id": "t", "type": "Data-Share"}]},
        {"nodes": [{"id": "t", "tags": "shared"}]},
        {"nodes": [{"id": "t", "namespace": "s3://lake", "name": "x"}]},
        {"nodes": [{"id": "t"}, {"id": "out", "type": "share"}], "edges": [{"source": "t", "target": "out"}]},
        {"nodes": [{"id": "t"}, {"id": "acme", "kind": "principal", "type": "recipient"}], "grants": [{"principal": "acme", "node": "t"}]},
        {"nodes": [{"id": "t"}], "grants": [{"principal": "allUsers", "node": "t"}]},
        {"nodes": [{"id": "t"}], "coverage": [{"scope": "t", "what": "lineage", "complete": False}]},
    ],
)
def test_what_no_log_shows_is_unknown(more: dict[str, Any]) -> None:
    assert asked(**more)["t"]["verdict"] == "unknown"
    assert asked(**more, usage=[read("t")])["t"]["verdict"] == "live", "a read that was seen decides"


def test_ends_of_data() -> None:
    nodes = [{"id": "t"}, {"id": "end", "type": "share"}]
    assert asked(nodes=nodes, usage=[read("t", consumer="end")])["t"]["verdict"] == "live"
    feature = [{"id": "t"}, {"id": "f", "kind": "feature"}]
    edge = [{"source": "t", "target": "f"}]
    assert asked(nodes=feature, edges=edge)["t"]["evidence"].startswith("live (assumed)")
    gone = [feature[0], {**feature[1], "deleted_at": "2024-05-01"}]
    assert asked(nodes=gone, edges=edge)["t"]["verdict"] == "zombie"
    export = [{"id": "t"}, {"id": "x", "type": "export"}]
    assert asked(nodes=export, edges=[{**edge[0], "target": "x", "last_seen": "2025-06-01"}])["t"]["verdict"] == "live"
    assert asked(nodes=export, edges=[{**edge[0], "target": "x", "last_seen": "2024-06-01"}])["t"]["verdict"] == "unknown"


def test_a_job_that_the_log_shows_reading_feeds_what_it_writes() -> None:
    nodes, edges = [{"id": "t"}, {"id": "u"}, {"id": "j", "kind": "job"}], [{"source": "j", "target": "u", "type": "WRITE"}]
    assert asked(nodes=nodes, edges=edges, usage=[read("t", "2025-01-01", "j"), read("u")])["t"]["verdict"] == "live"


def test_written_before_the_window_is_not_write_only() -> None:
    edge = {"source": "j", "target": "t", "type": "WRITE"}
    for day, verdict in (("2025-06-01", "write-only"), ("2024-06-01", "unread"), (None, "write-only")):
        assert asked(nodes=[{"id": "j", "kind": "job"}], edges=[{**edge, "last_seen": day}])["t"]["verdict"] == verdict
    runs = [{"job": "j", "run": "1", "start": "2024-06-01T00:00:00Z"}]
    assert asked(nodes=[{"id": "j", "kind": "job"}], edges=[edge], runs=runs)["t"]["verdict"] == "unread"


def test_protection() -> None:
    nodes = [{"id": "a", "tags": "legal-hold"}, {"id": "b", "type": "Replica"}, {"id": "hr.x"}, {"id": "hr.y"}, {"id": "g", "tier": "gold"}, {"id": "z"}]
    assert {n for n, r in asked(nodes=nodes).items() if r["verdict"] == "protected"} == {"a", "b"}
    assert {n for n, r in asked(nodes=nodes, protect=["hr.*", "gold"]).items() if r["verdict"] == "protected"} == {"hr.x", "hr.y", "g"}
    with pytest.raises(ln.LineageError):
        asked(nodes=nodes, protect=["nothing*"])


def test_evidence_names_the_reader_and_what_is_only_possible() -> None:
    jobs = [{"source": s, "target": "j", "type": "READ"} for s in "ab"] + [{"source": "j", "target": t, "type": "WRITE"} for t in "tu"]
    rows = asked(nodes=[{"id": "j", "kind": "job"}], edges=[*jobs, {"source": "r", "target": "a"}], usage=[read("t"), read("t", consumer="ben")])
    assert rows["a"]["rests_on_possible"] == rows["r"]["rests_on_possible"] == 1 and rows["t"]["rests_on_possible"] == 0
    assert rows["r"]["evidence"] == "last read on 2025-06-30 by ana (through t); rests on 1 possible edge" and rows["r"]["read_by"] == "ana"


def test_bad_questions_and_odd_logs() -> None:
    snap = ln.from_frames(nodes=[{"id": "t"}], usage=[read("t"), read("t", "2024-01-01")])
    for wrong in ({"days": 0}, {"days": True}, {"level": "job"}, {"monitors": "nobody-here"}):
        with pytest.raises(ln.LineageError):
            snap.unused(**wrong)
    assert snap.unused(days=10**6).frame["verdict"].to_list() == ["live"]
    none = ln.from_frames(nodes=[{"id": "t"}])
    assert none.unused().frame["verdict"].to_list() == ["unknown"] and "no usage log" in none.unused().headline
    coverage = [{"scope": "t", "what": "usage", "from": "2024-01-01", "to": "2025-06-30"}]
    future = ln.from_frames(nodes=[{"id": "t"}], coverage=coverage, usage=[read("t", "2029-01-01")]).unused()
    assert future.frame["verdict"].to_list() == ["unread"] and future.summary["set_aside"] == 1
    assert any("2029-01-01" in note for note in future.trust)
    assert ln.from_edges([]).unused(level="column").frame.is_empty()


JOB = {"id": "j", "kind": "job"}
READS = {"source": "a", "target": "j", "type": "READ"}


def test_a_read_at_a_time_that_nobody_knows_is_unknown() -> None:
    row = asked(nodes=[JOB, *table("a", "x")], edges=[READS])["a"]
    assert row["verdict"] == "unknown" and row["evidence"].startswith("j reads it, and no record tells when")
    usage = [read("a#x"), read("elsewhere", "2024-01-01")]
    rows = ln.from_frames(nodes=[JOB, *table("a", "xy")], edges=[READS], usage=usage).unused(level="column").frame
    told = {r["node"]: (r["verdict"], r["evidence"]) for r in rows.iter_rows(named=True)}
    assert told["a#x"][0] == "live" and told["a#y"] == ("unknown", "j reads its table, and no record tells when")
    assert asked(nodes=[JOB, {"id": "a"}], edges=[READS], monitors=["j"])["a"]["verdict"] == "unread", "a monitor, wherever it is recorded"


def test_jobs_that_write_no_data_that_holds_export() -> None:
    reads = {**READS, "last_seen": "2025-06-20"}
    old = {"source": "j", "target": "b", "type": "WRITE", "last_seen": "2022-01-01", "expires_at": "2023-01-01"}
    assert asked(nodes=[JOB], edges=[reads, old])["a"]["verdict"] == "live"
    people = [JOB, {"id": "ana", "kind": "principal"}]
    assert asked(nodes=people, edges=[reads, {"source": "j", "target": "ana", "type": "WRITE"}])["a"]["verdict"] == "live"
    assert asked(nodes=people, edges=[{"source": "a", "target": "ana", "last_seen": "2025-06-20"}])["a"]["verdict"] == "live"
    assert asked(nodes=people, edges=[{"source": "a", "target": "ana"}])["a"]["verdict"] == "unknown"
    runs, io = [{"job": "j", "run": "1", "start": "2025-06-20T00:00:00Z"}], [{"run": "1", "dataset": "a", "direction": "in"}]
    assert asked(nodes=[JOB, {"id": "a"}], runs=runs, io=io)["a"]["verdict"] == "live"
    assert asked(nodes=[JOB, {"id": "a"}], runs=runs, io=io, monitors=["j"])["a"]["verdict"] == "unread"
    into = [{"source": "j", "target": "b", "type": "WRITE"}]
    assert asked(nodes=[JOB, {"id": "a"}], runs=runs, io=io, edges=into)["a"]["verdict"] == "zombie"
    assert asked(nodes=[JOB, {"id": "a"}], runs=runs, io=io, edges=into, usage=[read("b")])["a"]["verdict"] == "live"


def costing(**more: Any) -> ln.Snapshot:
    usage = [read("elsewhere"), read("elsewhere", "2024-01-01")]
    return ln.from_frames(usage=usage, **more)


def test_what_was_dropped_is_not_dropped_again() -> None:
    nodes = [{"id": "old", "deleted_at": "2025-06-01T00:00:00Z"}, {"id": "dead"}]
    costs = [{"node": n, "day": "2025-05-01", "amount": "5"} for n in ("old", "dead")]
    snap = costing(nodes=nodes, costs=costs)
    answer = snap.unused()
    rows = {r["node"]: r for r in answer.frame.iter_rows(named=True)}
    assert rows["old"]["verdict"] == "dropped" and rows["old"]["freed"] == 0 and "dropped on 2025-06-01" in rows["old"]["evidence"]
    assert answer.summary["freed"] == 5_000_000 and answer.summary["gone_already"] == 1
    assert set(answer.plan().frame["node"]) == {"dead"}
    asked_ = snap.what_if("old")
    assert asked_.summary["freed"] == 0 and asked_.summary["gone_already"] == ["old"] and "gone already" in asked_.headline
    again = costing(nodes=nodes, costs=costs, edges=[{"source": "dead", "target": "old", "last_seen": "2025-06-10"}])
    assert dict(again.unused().frame.select("node", "verdict").iter_rows())["old"] == "write-only", "written after: another of that name"


def test_what_feeds_the_protected_is_needed() -> None:
    nodes, edges = [{"id": "a"}, {"id": "b", "tags": "protected"}], [{"source": "a", "target": "b"}]
    snap = costing(nodes=nodes, edges=edges, costs=[{"node": "a", "day": "2025-05-01", "amount": "5"}])
    answer = snap.unused()
    row = answer.frame.filter(pl.col("node") == "a").row(0, named=True)
    assert (row["verdict"], row["freed"], answer.summary["unused"], answer.summary["freed"]) == ("protected", 0, 0, 0)
    assert row["evidence"].startswith("feeds b, which is protected") and answer.plan().frame.is_empty()


def test_a_protected_column_stands_for_its_table() -> None:
    nodes = [*table("t", "cd"), *table("s", "c")]
    edges = [{"source": "s#c", "target": "t#c"}]
    snap = costing(nodes=nodes, edges=edges)
    assert dict(snap.unused(protect=["t#c"]).frame.select("node", "verdict").iter_rows())["t"] == "protected"
    columns = dict(snap.unused(protect=["t#c"], level="column").frame.select("node", "verdict").iter_rows())
    assert columns["t#c"] == columns["s#c"] == "protected" and columns["t#d"] in DROPPABLE


def test_warehouse_hours_are_freed_as_capacity() -> None:
    nodes = [JOB, {"id": "w", "kind": "compute"}, {"id": "a"}]
    runs = [{"job": "j", "run": "1", "start": "2025-02-01T00:00:00Z", "end": "2025-02-02T00:00:00Z", "compute": "w"}]
    costs = [{"node": "w", "day": "2025-02-01", "amount": "24"}, {"node": "j", "day": "2025-02-01", "amount": "3"}, {"node": "a", "day": "2025-02-01", "amount": "2"}]
    snap = costing(nodes=nodes, runs=runs, costs=costs, edges=[{"source": "j", "target": "a", "type": "WRITE"}])
    answer, what_if = snap.unused(), snap.what_if("a").summary
    made = answer.plan()
    for summary in (answer.summary, made.summary, what_if):
        assert (summary["freed"], summary["cash"], summary["capacity"]) == (29_000_000, 5_000_000, 24_000_000)
    assert "capacity" in answer.headline and "capacity" in made.headline
    assert made.frame["freed"].sum() == 29_000_000 and made.frame["cash"].sum() == 5_000_000
    driver = [*costs, {"node": "a", "day": "2025-02-01", "amount": "1", "currency": "EUR", "role": "driver"}]
    more = costing(nodes=nodes, runs=runs, costs=driver, edges=[{"source": "j", "target": "a", "type": "WRITE"}])
    assert more.unused().summary["freed"] == more.unused().plan().summary["freed"] == 29_000_000
    mixed = costing(nodes=nodes, costs=[*costs, {**driver[-1], "role": "billed"}])
    assert mixed.unused().plan().summary["freed"] is None or mixed.unused().frame["freed"].null_count()
    with pytest.raises(ln.LineageError, match="snap.in_currency"):
        mixed.what_if("a")


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text("ab./#:", min_size=1, max_size=5), min_size=1, max_size=6), st.lists(st.text("ab./#:", min_size=1, max_size=3), max_size=6))
def test_the_most_specific_scope_is_found(names: list[str], scopes: list[str]) -> None:
    nodes = pl.DataFrame({"id": sorted(set(names))}).with_columns(namespace=pl.col("id").str.head(1), name=pl.col("id").str.tail(2))
    found = dict(best_scopes(nodes, pl.Series(scopes, dtype=pl.String)).iter_rows())
    for node in nodes.iter_rows(named=True):
        fits = [s for s in scopes if pl.DataFrame([node]).select(inside(s).alias("in"))["in"].item()]
        assert found.get(node["id"]) == max(fits, key=lambda s: (len(s), s), default=None)


def test_a_scope_a_table_is_fast() -> None:
    names = [f"db/s.t{i}" for i in range(3000)]
    coverage = [{"scope": n, "what": w, "from": "2024-01-01", "to": "2025-06-30", "complete": True} for n in names for w in ("usage", "lineage")]
    coverage[1]["complete"] = False
    snap = costing(nodes=[{"id": n, "namespace": "db", "name": n[3:]} for n in names], coverage=coverage)
    begin = perf_counter()
    rows = snap.unused().frame
    assert perf_counter() - begin < 3 and rows.filter(pl.col("verdict") == "unknown")["node"].to_list().count(names[0]) == 1
