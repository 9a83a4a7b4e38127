"""What a removal frees: against plain loops, in every case the records allow, and on the sample."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import networkx as nx
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import DAY, costly, frames, snapshot

import lineage_nb as ln
from lineage_nb.analyses.result import Answer
from lineage_nb.analyses.usage_log import usage_log
from lineage_nb.analyses.what_if.needs import Needs
from lineage_nb.analyses.what_if.removal import what_if
from lineage_nb.errors import AmbiguousNameError, LineageError, UnknownNameError

Parts = dict[str, list[dict[str, Any]]]
COVERED = [{"scope": scope, "what": "usage", "from": date(2024, 1, 1), "to": DAY} for scope in ("t0", "t1", "t2", "t3", "t4", "r0", "r1")]
CASES = costly()


@st.composite
def questions(draw: st.DrawFn) -> tuple[Parts, list[str]]:
    """A snapshot whose log may have gaps, and a set to remove."""
    parts = draw(frames())
    parts["coverage"] = draw(st.sampled_from([COVERED, COVERED, COVERED[:2], []]))
    people = {u["consumer"] for u in parts["usage"]} - {None}
    names = sorted({n["id"] for n in parts["nodes"] if n["kind"] != "column"} | people)
    return parts, draw(st.lists(st.sampled_from(names), max_size=3, unique=True))


# -- a slow twin: plain sets and loops over the frames ------------------------------------------------------------


class Twin:
    """Liveness from scratch, without the set, in one case of what may be true."""

    def __init__(self, snap: ln.Snapshot, gone: set[str], days: int, skip: set[tuple[str, str]], more: set[str]) -> None:
        graph = snap.graph("dataset")
        self.gone, edges = gone, snap.edges
        self.writes = {(e["source"], e["target"]) for e in edges.filter(pl.col("type") == "WRITE").iter_rows(named=True)}
        self.writers = {job for job, _ in self.writes}
        self.net = nx.DiGraph()
        self.net.add_nodes_from(n for n in graph.ids if n not in gone)
        for e in graph.edges.iter_rows(named=True):
            stopped = bool(e["jobs"]) and set(e["jobs"]) <= gone
            if (e["source"], e["target"]) not in skip and not stopped:
                self.join(e["source"], e["target"])
        usage = [u for u in snap.usage.iter_rows(named=True) if u["day"] is not None]
        reports = set(snap.nodes.filter(pl.col("kind") == "report")["id"])
        for u in usage:
            if u["consumer"] in reports:
                self.join(u["node"], u["consumer"])
        end = DAY if snap.coverage.height else max((u["day"] for u in usage), default=None)
        first = date(1970, 1, 1) if end is None else end - timedelta(days=days - 1)
        seeds = {u["node"] for u in usage if u["consumer"] not in reports | gone and u["day"] >= first}
        for e in edges.filter(pl.col("type") == "READ").iter_rows(named=True):
            if e["target"] not in self.writers | gone and min(e["last_seen"].date(), end or DAY + timedelta(999)) >= first:
                seeds.add(e["source"])
        seeds = (seeds | more) & set(self.net)
        self.needed = seeds | {a for s in seeds for a in nx.ancestors(self.net, s)}

    def join(self, a: str, b: str) -> None:
        if not {a, b} & self.gone:
            self.net.add_edge(a, b)

    def needs(self, job: str) -> bool:
        return any(t in self.needed for j, t in self.writes if j == job)


def twin_freed(snap: ln.Snapshot, remove: list[str], days: int, skip: set[tuple[str, str]], more: set[str]) -> int:
    """c(needed) − c(needed without the set), and the cost of the set itself."""
    gone = set(remove)
    before, after = (Twin(snap, g, days, skip, more) for g in (set[str](), gone))
    freed = gone | (before.needed - after.needed)
    for job in before.writers:
        outputs = {t for j, t in before.writes if j == job}
        if (before.needs(job) or outputs <= gone) and not after.needs(job):
            freed.add(job)
    billed = snap.costs.filter((pl.col("role") == "billed") & pl.col("node").is_in(sorted(freed)))
    return int(billed["amount"].sum())


def unsure(snap: ln.Snapshot, days: int) -> tuple[set[tuple[str, str]], set[str], set[str]]:
    """Possible edges; reports whose views no log records; tables that may be read unrecorded."""
    needs = Needs(snap, usage_log(snap), days, {"protected"})
    ids, edges = pl.Series(needs.graph.ids), snap.graph("dataset").edges.filter(pl.col("certainty") == "possible")
    return set(edges.select("source", "target").iter_rows()), set(ids.filter(pl.Series(needs.assumed))), set(ids.filter(pl.Series(needs.unsure)))


# -- laws ---------------------------------------------------------------------------------------------------------


@CASES
@given(questions(), st.sampled_from([30, 90]))
def test_freed_equals_plain_loops(question: tuple[Parts, list[str]], days: int) -> None:
    snap, remove = snapshot(question[0]), question[1]
    _, assumed, _ = unsure(snap, days)
    answer = what_if(snap, remove, days=days)
    assert answer.summary["freed"] == twin_freed(snap, remove, days, set(), assumed)
    assert answer.frame["freed"].sum() == answer.summary["freed"] == sum(answer.summary["by_component"].values())
    assert answer.frame["cash"].sum() == answer.summary["cash"]


@CASES
@given(questions(), st.data())
def test_the_bounds_hold_in_every_case_the_records_allow(question: tuple[Parts, list[str]], data: st.DataObject) -> None:
    snap, remove = snapshot(question[0]), question[1]
    summary = what_if(snap, remove).summary
    possible, assumed, blind = unsure(snap, 90)
    skip = {e for e in sorted(possible) if data.draw(st.booleans())}
    more = {n for n in sorted(assumed | blind) if data.draw(st.booleans())}
    freed = twin_freed(snap, remove, 90, skip, more)
    assert summary["freed_at_least"] <= freed <= summary["freed_at_most"]
    assert summary["freed_at_least"] <= summary["freed"] <= summary["freed_at_most"]


@CASES
@given(questions(), st.data())
def test_removing_more_never_frees_less(question: tuple[Parts, list[str]], data: st.DataObject) -> None:
    parts, remove = question
    parts["costs"] = [{**c, "amount": abs(c["amount"])} for c in parts["costs"]]
    snap = snapshot(parts)
    fewer = data.draw(st.lists(st.sampled_from(remove), unique=True)) if remove else []
    more, less = what_if(snap, remove), what_if(snap, fewer)
    for bound in ("freed", "freed_at_least", "freed_at_most"):
        assert more.summary[bound] >= less.summary[bound]
    gone = set(more.frame.filter(pl.col("what") != "loses an input")["node"])
    assert set(less.frame.filter(pl.col("what") != "loses an input")["node"]) <= gone


@settings(max_examples=8)
@given(questions())
def test_removing_nothing_frees_nothing(question: tuple[Parts, list[str]]) -> None:
    answer = what_if(snapshot(question[0]), [])
    assert answer.frame.is_empty()
    assert [answer.summary[k] for k in ("freed", "freed_at_least", "freed_at_most", "cash", "losing")] == [0] * 5


@CASES
@given(questions())
def test_needed_is_what_unused_calls_live(question: tuple[Parts, list[str]]) -> None:
    snap = snapshot(question[0])
    verdicts = dict(snap.unused(protect=()).frame.select("node", "verdict").iter_rows())
    needs = Needs(snap, usage_log(snap), 90, set())
    assert dict(zip(needs.graph.ids, needs.needed(), strict=True)) == {n: v == "live" for n, v in verdicts.items()}


@CASES
@given(questions())
def test_explanations_end_where_they_must(question: tuple[Parts, list[str]]) -> None:
    snap, remove = snapshot(question[0]), question[1]
    answer = what_if(snap, remove)
    twin = Twin(snap, set(remove), 90, set(), unsure(snap, 90)[1])
    gone = set(answer.frame.filter(pl.col("what") != "loses an input")["node"])
    losing = dict(answer.frame.filter(pl.col("what") == "loses an input").select("node", "loses").iter_rows())
    for node in snap.graph("dataset").ids:
        rows = answer.explain(node)
        if node in losing:
            assert rows["target"].to_list()[-1:] == [node] and rows["source"][-1] in losing[node]
        elif node in twin.needed:
            assert rows["source"][0] == node and set(rows["state"]) == {"stays"}
            assert rows["target"][:-1].to_list() == rows["source"][1:].to_list()
        elif node in gone:
            data = rows.filter(pl.col("tie") == "feeds")
            assert not set(data["target"]) & twin.needed or node in remove


@CASES
@given(questions())
def test_losers_are_those_who_read_what_is_gone(question: tuple[Parts, list[str]]) -> None:
    snap, remove = snapshot(question[0]), question[1]
    answer = what_if(snap, remove)
    losing = answer.frame.filter(pl.col("what") == "loses an input")
    assert losing["node"].n_unique() == losing.height and not set(losing["node"]) & set(remove)
    whole = Twin(snap, set(), 90, set(), set())
    seeds = set(answer.frame.filter(pl.col("what") != "loses an input")["node"]) & set(whole.net)
    seeds |= {t for j, t in whole.writes if j in remove}
    lost = seeds | {d for s in seeds for d in nx.descendants(whole.net, s)}
    assert all(set(loses) <= lost for loses in losing["loses"])
    reports = set(snap.nodes.filter(pl.col("kind") == "report")["id"])
    stay = set(answer.frame.filter(pl.col("what") != "loses an input")["node"])
    assert set(losing["node"]) & reports == {r for r in reports - stay if set(whole.net.predecessors(r)) & lost}


# -- cases --------------------------------------------------------------------------------------------------------


def ask(remove: list[str] | str, *, nodes: list[dict[str, Any]], edges: list[tuple[str, str]], costs: list[tuple[str, str, str]], **more: Any) -> Answer:
    rows = [{"node": n, "component": c, "amount": a, "day": DAY} for n, c, a in costs]
    extra = {k: more.pop(k) for k in ("runs", "usage", "coverage") if k in more}
    ends = {"source": [a for a, _ in edges], "target": [b for _, b in edges]}
    ends["type"] = ["WRITE" if a.startswith("job") else "READ" if b.startswith("job") else "DIRECT" for a, b in edges]
    return what_if(ln.from_frames(nodes=nodes, edges=ends, costs=rows, **extra), remove, **more)


REPORTS = [{"id": "r1", "kind": "report"}, {"id": "r2", "kind": "report"}]


def test_what_two_share_is_freed_only_when_both_go() -> None:
    given_ = {"nodes": [{"id": "t"}, *REPORTS], "edges": [("t", "r1"), ("t", "r2")], "costs": [("t", "storage", "4"), ("t", "compute", "6")]}
    assert [ask(r, **given_).summary["freed"] for r in (["r1"], ["r2"], ["r1", "r2", "r1"])] == [0, 0, 10_000_000]
    both = ask(["r1", "r2"], **given_)
    assert both.summary["by_component"] == {"compute": 6_000_000, "storage": 4_000_000}
    assert both.frame.filter(pl.col("node") == "t")["what"].unique().to_list() == ["no longer needed"]
    assert both.headline == "Removing 2 nodes frees 10.00 USD (at least 0.00 USD, at most 10.00 USD); 1 other is no longer needed, and 0 consumers lose an input."


def test_a_job_goes_with_the_last_thing_it_writes() -> None:
    given_: dict[str, Any] = {
        "nodes": [{"id": "job", "kind": "job"}, {"id": "a"}, {"id": "b"}, *REPORTS],
        "edges": [("src", "job"), ("job", "a"), ("job", "b"), ("a", "r1"), ("b", "r2")],
        "costs": [("job", "compute", "10"), ("src", "storage", "1"), ("a", "storage", "2")],
    }
    assert ask("r1", **given_).summary["freed"] == 2_000_000
    assert ask("r2", **given_).summary["freed"] == 0
    assert ask(["r1", "r2"], **given_).summary["freed"] == 13_000_000
    stopped = ask("job", **given_)
    assert stopped.summary["freed"] == 11_000_000
    assert stopped.frame.filter(pl.col("what") == "loses an input").select("node", "loses").rows() == [("r1", ["a"]), ("r2", ["b"])]
    stays = ask("r1", **given_).explain("job")
    assert stays.select("source", "target", "tie", "state").rows() == [
        ("job", "a", "writes", "no longer needed"),
        ("job", "b", "writes", "stays"),
        ("b", "r2", "feeds", "stays"),
        ("r2", "r2", "is assumed to be viewed", "stays"),
    ]


def test_capacity_is_no_cash_and_shared_files_free_nothing() -> None:
    nodes = [{"id": "job", "kind": "job"}, {"id": "wh", "kind": "compute"}, {"id": "a"}, {"id": "c", "type": "clone"}, {"id": "e", "type": "external"}]
    answer = ask(
        ["a", "c", "e"],
        nodes=nodes,
        edges=[("src", "job"), ("job", "a")],
        costs=[("wh", "compute", "24"), ("job", "slot reservation", "3"), ("a", "storage", "2"), ("a", "time travel", "1"), ("c", "storage", "5"), ("e", "storage", "7"), ("e", "compute", "1")],
        runs={"job": ["job"], "run": ["1"], "compute": ["wh"], "start": [f"{DAY}T00:00:00Z"], "end": [f"{DAY}T12:00:00Z"]},
    )
    assert answer.summary["by_component"] == {"capacity": 15_000_000, "storage": 2_000_000, "compute": 1_000_000}
    assert (answer.summary["cash"], answer.summary["capacity"], answer.summary["not_freed"]) == (3_000_000, 15_000_000, 13_000_000)
    assert answer.frame.filter(pl.col("node") == "e").select("component", "freed").rows() == [("compute", 1_000_000), ("storage", 0)]
    assert "retained" in answer.frame.filter(pl.col("component") == "time travel")["evidence"].item()


def test_a_team_stands_for_its_members() -> None:
    nodes = [{"id": "x", "kind": "principal", "type": "team"}, *({"id": p, "kind": "principal", "type": "person", "parent": "x"} for p in ("ana", "ben"))]
    usage = {"node": ["t", "t"], "consumer": ["ana", "ben"], "day": [DAY, DAY]}
    given_: dict[str, Any] = {"nodes": [{"id": "t"}, *nodes], "edges": [("s", "t")], "costs": [("s", "storage", "3")], "usage": usage}
    given_["coverage"] = [{"scope": s, "what": "usage", "from": date(2024, 1, 1), "to": DAY} for s in "st"]
    assert ask("ana", **given_).summary["freed"] == 0
    team = ask("x", **given_)
    assert team.summary["removed"] == ["ana", "ben", "x"]
    assert [team.summary[k] for k in ("freed", "freed_at_least", "freed_at_most")] == [3_000_000] * 3
    assert ask("x", **given_, monitors=["ana", "ben"]).summary["freed"] == 0
    assert ask("x", **given_, protect=["t"]).summary["freed"] == 0
    assert ask("ana", **given_).explain("s").select("source", "target").rows() == [("s", "t"), ("t", "ben")]


def test_what_was_unused_before_is_told_apart() -> None:
    given_: dict[str, Any] = {"nodes": [{"id": "t"}, {"id": "dead"}, *REPORTS], "edges": [("t", "r1"), ("up", "dead")], "costs": [("up", "storage", "3"), ("dead", "storage", "4"), ("t", "storage", "5")]}
    given_["coverage"] = [{"scope": s, "what": "usage", "from": date(2024, 1, 1), "to": DAY} for s in ("t", "dead", "up")]
    assert ask("r1", **given_).summary["already_unused"] == 7_000_000
    dropped = ask("dead", **given_).summary
    assert (dropped["freed"], dropped["already_unused"], dropped["already_unused_nodes"]) == (4_000_000, 3_000_000, 1)


def test_no_costs_and_periods() -> None:
    snap = ln.from_frames(nodes=[{"id": "t"}, *REPORTS], edges={"source": ["t", "t"], "target": ["r1", "r2"]})
    answer = what_if(snap, "t")
    assert answer.summary["freed"] == 0 and answer.summary["losing"] == 2 and any("No costs" in n for n in answer.trust)
    costs = {"node": ["t", "t"], "day": ["2025-01-01", "2025-02-01"], "amount": ["1", "2"]}
    snap = ln.from_frames(nodes=[{"id": "t"}], costs=costs)
    assert what_if(snap, "t", period=("2025-02-01", "2025-02-28")).summary["freed"] == 2_000_000


def test_bad_input_is_named(stream: ln.Snapshot) -> None:
    with pytest.raises(UnknownNameError, match="dim_user"):
        what_if(stream, ["stream.core.dim_userz"])
    with pytest.raises(AmbiguousNameError, match="fits"):
        what_if(stream, "email")
    with pytest.raises(LineageError, match=r"is a column.*name its dataset, .*dim_users$"):
        what_if(stream, "stream.core.dim_users.email")
    with pytest.raises(LineageError, match="is a compute"):
        what_if(stream, "compute:stream/wh_adhoc")
    with pytest.raises(LineageError, match="days is 0"):
        what_if(stream, [], days=0)
    with pytest.raises(LineageError, match="recorded are"):
        what_if(stream, [], period=("1999-01-01", "1999-12-31"))


# -- the sample ---------------------------------------------------------------------------------------------------


def truth(truths: dict[str, Any], number: int) -> Any:
    return next(t for t in truths["truths"] if t["id"] == number)["expect"]


def test_truth_3_shared_tables(stream: ln.Snapshot, truths: dict[str, Any]) -> None:
    for case in truth(truths, 3)["freed_by_removing"]:
        summary = what_if(stream, case["remove"], monitors=truths["monitors"]).summary
        assert {summary[k] for k in ("freed", "freed_at_least", "freed_at_most")} == {int(Decimal(case["freed"]) * 1_000_000)}


def test_truth_4_dropping_the_dead_table(stream: ln.Snapshot, truths: dict[str, Any]) -> None:
    for node, freed in truth(truths, 4)["freed"].items():
        answer = what_if(stream, node, monitors=truths["monitors"])
        assert answer.summary["freed"] == answer.summary["cash"] == int(Decimal(freed) * 1_000_000)
        assert answer.frame.select("component", "freed").rows() == [("storage", 2_000_000)]
        assert "title_thumbnails" in answer.explain("job:spark-prod/media.build_thumbnails")["target"].str.join(" ").item()


def test_one_report_frees_its_marginal_cost(stream: ln.Snapshot, truths: dict[str, Any]) -> None:
    marginal = stream.cost(by="consumer", method="marginal", monitors=truths["monitors"]).frame
    amounts = dict(marginal.select("key", "amount").iter_rows())
    viewed = stream.nodes.filter((pl.col("kind") == "report") & pl.col("id").is_in(stream.usage["node"].unique().implode()))["id"]
    for report in viewed:
        assert what_if(stream, report, monitors=truths["monitors"], days=3650).summary["freed"] == amounts.get(report, 0), report


def test_an_edge_goes_with_the_last_job_that_it_names() -> None:
    nodes = [{"id": "job1", "kind": "job"}, {"id": "job2", "kind": "job"}, {"id": "a"}, {"id": "b"}, REPORTS[0]]
    usage = {"node": ["r1"], "consumer": ["ana"], "day": [DAY]}
    coverage = [{"scope": s, "what": "usage", "from": date(2024, 1, 1), "to": DAY} for s in ("a", "b", "r1")]
    two = [("a", "job1"), ("job1", "b"), ("a", "job2"), ("job2", "b"), ("b", "r1")]
    given_: dict[str, Any] = {"nodes": nodes, "costs": [("a", "storage", "1")], "usage": usage, "coverage": coverage}
    keys = ("freed_at_least", "freed", "freed_at_most")
    for remove, edges, expected in (
        (["job1"], two, [0, 0, 0]),
        (["job1", "job2"], two, [1, 1, 1]),
        (["job1"], [*two[:2], ("a", "b"), ("b", "r1")], [0, 1, 1]),
    ):
        summary = ask(remove, edges=edges, **given_).summary
        assert [summary[k] / 1e6 for k in keys] == expected


def test_possible_edges_make_the_bounds() -> None:
    nodes = [{"id": "job", "kind": "job"}, *({"id": n} for n in "abxy"), *REPORTS]
    edges = [("a", "job"), ("b", "job"), ("job", "x"), ("job", "y"), ("x", "r1"), ("y", "r2")]
    usage = {"node": ["r1", "r2"], "consumer": ["ana", "ana"], "day": [DAY, DAY]}
    coverage = [{"scope": s, "what": "usage", "from": date(2024, 1, 1), "to": DAY} for s in ("a", "b", "x", "y", "r1", "r2")]
    given_: dict[str, Any] = {"nodes": nodes, "edges": edges, "costs": [("a", "storage", "1"), ("x", "storage", "2")], "usage": usage, "coverage": coverage}
    summary = ask("r1", **given_).summary
    assert [summary[k] / 1e6 for k in ("freed_at_least", "freed", "freed_at_most")] == [2, 2, 3]
    losing = ask("a", **given_).frame.filter(pl.col("what") == "loses an input")
    assert losing.select("node", "loses", "certainty").rows() == [("ana", ["r1", "r2"], "possible"), ("r1", ["x"], "possible"), ("r2", ["y"], "possible")]


def test_a_scanner_is_suspected(stream: ln.Snapshot, truths: dict[str, Any]) -> None:
    assert any("svc-scanner" in note for note in what_if(stream, "ad_yield").trust)
    assert not any("svc-scanner" in note for note in what_if(stream, "ad_yield", monitors=truths["monitors"]).trust)
