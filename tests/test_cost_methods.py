"""The methods of cost attribution: conservation, closed forms against brute force, planted truths."""

from __future__ import annotations

import itertools
from collections import defaultdict
from fractions import Fraction
from math import factorial
from typing import Any
from unittest.mock import patch

import networkx as nx
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import costly, frames, snapshot

import lineage_nb as ln
from lineage_nb.analyses.cost import key_sets
from lineage_nb.analyses.cost.attribution import LINES, METHODS
from lineage_nb.analyses.cost.consumers import BY
from lineage_nb.analyses.cost.key_sets import KeySets, reached_keys
from lineage_nb.graph.order import condense

Parts = dict[str, list[dict[str, Any]]]
DAY = "2025-01-01"
KEYS_ON_ALL = 60  # a multiple of every number of keys the small snapshots have: shares are whole


def amounts(result: ln.Result) -> dict[str, int]:
    return dict(result.frame.select("key", "amount").iter_rows())


def micro(text: str) -> int:
    return round(float(text) * 10**6)


def with_amounts(parts: Parts, unit: int, *, negative: bool = True) -> Parts:
    costs = [{**c, "amount": (c["amount"] if negative else abs(c["amount"])) // unit * unit} for c in parts["costs"]]
    return {**parts, "costs": costs}


# -- the slow twin: which keys depend on which resource, by plain search ------------------------------------------


@st.composite
def expiring(draw: st.DrawFn) -> Parts:
    """`frames`, some of whose edges no longer hold."""
    parts = draw(frames())
    for edge in parts["edges"]:
        edge["expires_at"] = draw(st.sampled_from([None, None, "2024-12-31T00:00:00Z", "2026-01-01T00:00:00Z"]))
    return parts


def holding(snap: ln.Snapshot) -> list[dict[str, Any]]:
    """Edges that hold at the end of the record."""
    edges = list(snap.edges.iter_rows(named=True))
    end = max((e["last_seen"] for e in edges), default=None)
    return [e for e in edges if e["expires_at"] is None or e["expires_at"] > end]


def outputs_of(snap: ln.Snapshot) -> dict[str, set[str]]:
    """What jobs write: by edges that hold; by any where none of a job's does."""
    home = {r["id"]: r["parent"] if r["kind"] == "column" else r["id"] for r in snap.nodes.iter_rows(named=True)}
    found: dict[str, set[str]] = {}
    for rows in (holding(snap), list(snap.edges.iter_rows(named=True))):
        more: dict[str, set[str]] = defaultdict(set)
        for e in rows:
            if e["type"] == "WRITE":
                more[e["source"]].add(home[e["target"]])
            elif e["type"] == "DIRECT" and e["job"]:
                more[e["job"]].add(home[e["target"]])
        found = {**more, **found}
    return found


def players(snap: ln.Snapshot, by: str) -> tuple[dict[str, int], dict[str, set[str]]]:
    """Cost of every resource (datasets and jobs that write), and the keys that depend on it."""
    nodes = {r["id"]: r for r in snap.nodes.iter_rows(named=True)}
    home = {i: r["parent"] if r["kind"] == "column" else i for i, r in nodes.items()}
    graph = nx.DiGraph()
    graph.add_edges_from(snap.graph("dataset").edges.select("source", "target").iter_rows())
    people = set()
    for r in snap.usage.iter_rows(named=True):
        reader = r["consumer"] or "unnamed reader"
        if nodes.get(r["consumer"], {}).get("kind") in ("job", "column") or nodes[home[r["node"]]]["kind"] == "report":
            continue
        graph.add_edge(home[r["node"]], reader)
        if nodes.get(r["consumer"], {}).get("kind") not in ("dataset", "report"):
            people.add(reader)
    ends: dict[str, set[str]] = defaultdict(set)
    for i, r in nodes.items():
        if r["kind"] == "report":
            ends[i] = {i} if by in ("report", "consumer") else set(r["owners"] or ["other"])
    for p in people:
        ends[p] = {"other"} if by == "report" else {p}
    outputs = defaultdict(set, outputs_of(snap))
    for e in holding(snap):
        if e["type"] == "READ" and not outputs[e["target"]]:
            graph.add_edge(home[e["source"]], e["target"])
            ends[e["target"]] = {"other"}
    graph.remove_edges_from([(a, b) for a, b in graph.edges if a in ends])
    cost: dict[str, int] = defaultdict(int)
    for r in snap.costs.iter_rows(named=True):
        if r["node"] in home and (nodes[r["node"]]["kind"] != "job" or outputs[r["node"]]):
            cost[home[r["node"]]] += r["amount"]
    depends = {}
    for resource in cost:
        below = set()
        for start in outputs[resource] if nodes[resource]["kind"] == "job" else {resource}:
            below |= {start} | (nx.descendants(graph, start) if start in graph else set())
        depends[resource] = set().union(*(ends[n] for n in below if n in ends))
    return cost, depends


def shapley_by_coalitions(cost: dict[str, int], depends: dict[str, set[str]]) -> dict[str, Fraction]:
    """Mean marginal cost over all orders of the keys, c(S) being what some member of S depends on."""
    keys = sorted(set().union(*depends.values()))

    def c(members: set[str]) -> int:
        return sum(a for r, a in cost.items() if depends[r] & members)

    value = dict.fromkeys(keys, Fraction(0))
    for key in keys:
        others = [k for k in keys if k != key]
        for size in range(len(keys)):
            weight = Fraction(factorial(size) * factorial(len(keys) - size - 1), factorial(len(keys)))
            for coalition in itertools.combinations(others, size):
                value[key] += weight * (c({*coalition, key}) - c(set(coalition)))
    return value


# -- laws -------------------------------------------------------------------------------------------------------


@costly()
@given(frames(), st.sampled_from(BY), st.sampled_from(METHODS))
def test_every_method_conserves_money_and_explains_it(parts: Parts, by: str, method: str) -> None:
    snap = snapshot(parts)
    result = snap.cost(by=by, method=method)
    frame = result.frame
    assert frame["amount"].sum() == snap.costs["amount"].sum()
    assert (frame["exclusive"] + frame["shared"] == frame["amount"]).all()
    assert set(frame["line"]) <= {"consumer", *LINES} and (method == "marginal" or "joint" not in set(frame["key"]))
    for key, amount in frame.select("key", "amount").iter_rows():
        why = result.explain(key)
        assert why["amount"].sum() == amount and why["share"].is_between(0, 1).all(), key


@costly()
@given(expiring(), st.sampled_from(["owner", "report", "consumer"]))
def test_shapley_equals_brute_force_over_all_coalitions(parts: Parts, by: str) -> None:
    snap = snapshot(with_amounts(parts, KEYS_ON_ALL))
    cost, depends = players(snap, by)
    expected = {k: v for k, v in shapley_by_coalitions(cost, depends).items() if v}
    result = snap.cost(by=by, method="shapley")
    found = amounts(result)
    assert {k: v for k, v in found.items() if k not in ("unconsumed", "unallocated", "idle")} == expected
    assert found.get("unconsumed", 0) == sum(a for r, a in cost.items() if not depends[r])


@costly()
@given(frames(), st.sampled_from(["owner", "report", "consumer"]))
def test_shapley_is_rounded_to_less_than_one_unit(parts: Parts, by: str) -> None:
    snap = snapshot(parts)
    expected = shapley_by_coalitions(*players(snap, by))
    found = amounts(snap.cost(by=by, method="shapley"))
    assert all(abs(found.get(key, 0) - value) < 1 for key, value in expected.items())


@costly()
@given(frames(), st.sampled_from(["owner", "report", "consumer"]))
def test_marginal_is_what_disappears_with_one_key(parts: Parts, by: str) -> None:
    snap = snapshot(parts)
    cost, depends = players(snap, by)
    frame = snap.cost(by=by, method="marginal").frame
    assert frame.filter(pl.col("line") == "consumer")["shared"].sum() == 0
    found = amounts(snap.cost(by=by, method="marginal"))
    for key in set().union(*depends.values()):
        assert found.get(key, 0) == sum(a for r, a in cost.items() if depends[r] == {key})
    assert found.get("joint", 0) == sum(a for r, a in cost.items() if len(depends[r]) > 1)


@costly()
@given(frames(), st.sampled_from(BY))
def test_marginal_shapley_and_fully_loaded_are_in_order(parts: Parts, by: str) -> None:
    snap = snapshot(with_amounts(parts, 1, negative=False))
    marginal, shapley = (snap.cost(by=by, method=m) for m in ("marginal", "shapley"))
    least, most = amounts(marginal), amounts(shapley)
    for key in {*least, *most} - {"joint"}:
        assert least.get(key, 0) <= most.get(key, 0)
    for key in most:
        assert most[key] <= shapley.explain(key)["billed"].sum()


@settings(max_examples=8)
@given(frames(), st.sampled_from(METHODS), st.randoms(use_true_random=False))
def test_order_of_rows_does_not_matter(parts: Parts, method: str, random: Any) -> None:
    shuffled = {name: random.sample(rows, len(rows)) for name, rows in parts.items()}
    assert snapshot(shuffled).cost(method=method).frame.equals(snapshot(parts).cost(method=method).frame)


@st.composite
def networks(draw: st.DrawFn) -> tuple[int, int, list[tuple[int, int]], list[int]]:
    """Nodes 0 … first-1 with cycles, up to 200 keys behind some of them, and money (credits too) on any."""
    first, keys = draw(st.integers(1, 12)), draw(st.integers(1, 200))
    node = st.integers(0, first - 1)
    edges = draw(st.lists(st.tuples(node, node), max_size=2 * first))
    edges += draw(st.lists(st.tuples(node, st.integers(first, first + keys - 1)), max_size=40))
    hub = draw(st.one_of(st.none(), node))
    edges += [] if hub is None else [(hub, k) for k in range(first, first + keys)]
    return first, keys, edges, draw(st.lists(st.integers(-(10**14), 10**14), min_size=first, max_size=first))


@given(networks(), st.booleans())
def test_key_sets_equal_plain_sets(network: tuple[int, int, list[tuple[int, int]], list[int]], kept: bool) -> None:
    first, keys, edges, money = network
    graph = nx.DiGraph(edges)
    graph.add_nodes_from(range(first + keys))
    below = [{d - first for d in nx.descendants(graph, v) if d >= first} for v in range(first)]
    source, target = np.array(edges, dtype=np.int64).reshape(-1, 2).T
    parts = condense(first + keys, source, target)
    with patch.object(key_sets, "_WORDS", 1), patch.object(key_sets, "_KEPT", 1 << 20 if kept else -1), patch.object(key_sets, "_AT_ONCE", 3):
        sets = KeySets(parts, first, np.arange(first), reached_keys(parts, first))
        wide = [v for v in range(first) if len(below[v]) > 1]
        assert sets.wide.tolist() == [len(b) > 1 for b in below]
        assert sets.count.tolist() == [len(below[v]) for v in wide]
        shares = sets.shares(np.array([money[v] for v in wide], dtype=np.int64))
    exact = [sum((Fraction(money[v], len(below[v])) for v in wide if k in below[v]), Fraction(0)) for k in range(keys)]
    assert int(shares.sum()) == sum(money[v] for v in wide)
    assert all(abs(int(s) - e) < 1 for s, e in zip(shares, exact, strict=True))


def test_many_rows_are_summed_by_pairs_of_bytes() -> None:
    rng = np.random.default_rng(1)
    bits, weight = rng.random((40_000, 128)) < 0.1, rng.integers(0, 1000, 40_000)
    sets = np.packbits(bits, axis=1, bitorder="little").view("<u8")
    assert key_sets._sums_by_bit(sets, weight).tolist() == (weight @ bits).tolist()
    assert key_sets._sums_by_bit(sets[:100], weight[:100]).tolist() == (weight[:100] @ bits[:100]).tolist()


def test_units_that_are_missing_go_to_the_first_keys() -> None:
    nodes = {"id": ["t", "r1", "r2", "r3"], "kind": ["dataset", "report", "report", "report"]}
    snap = ln.from_frames(
        nodes=nodes,
        edges={"source": ["t"] * 3, "target": ["r1", "r2", "r3"]},
        costs={"node": ["t"], "day": [DAY], "amount": [11]},
    )
    assert amounts(snap.cost(by="report", method="shapley")) == {"r1": 4, "r2": 4, "r3": 3}
    credit = ln.from_frames(nodes=nodes, edges=snap.edges, costs={"node": ["t"], "day": [DAY], "amount": [-10]})
    assert amounts(credit.cost(by="report", method="shapley")) == {"r1": -3, "r2": -3, "r3": -4}


def test_a_deep_chain_is_one_resource_for_its_consumers() -> None:
    n = 3_000
    tables = [f"t{i:06d}" for i in range(n)]
    snap = ln.from_frames(
        nodes={"id": ["r1", "r2"], "kind": ["report", "report"]},
        edges={"source": [*tables[:-1], tables[-1], tables[-1]], "target": [*tables[1:], "r1", "r2"]},
        costs={"node": tables, "day": [DAY] * n, "amount": [1] * n},
    )
    assert amounts(snap.cost(by="report", method="shapley")) == {"r1": n // 2, "r2": n // 2}


# -- names, outputs, readers ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["owner", "team", "report", "consumer", "dataset", "cost_centre"])
@pytest.mark.parametrize("method", METHODS)
def test_a_key_named_like_a_line_is_spelled_another_way(by: str, method: str) -> None:
    names = [*LINES, "idle (owner)"]
    word = f" ({by.replace('_', ' ')})"
    reports = [{"id": n if by in ("report", "consumer") else f"r-{n}", "kind": "report", "owners": n} for n in names]
    tables = [{"id": n if by == "dataset" else f"t-{n}", "kind": "dataset", "owners": n} for n in names]
    bills = reports if by in ("report", "consumer") else tables
    snap = ln.from_frames(
        nodes=reports + tables,
        edges=[{"source": t["id"], "target": r["id"]} for t, r in zip(tables, reports, strict=True)],
        costs=[{"node": b["id"], "day": day, "amount": 7} for b in bills for day in (DAY, "2025-02-01")],
    )
    options: dict[str, Any] = {"centres": {"owner": names, "cost_centre": names}} if by == "cost_centre" else {}
    result = snap.cost(by=by, method=method, **options)
    if not (method == "direct" and by == "dataset"):
        taken = [n for n in names if n in LINES or n.endswith(word)]
        assert amounts(result) == {n + word if n in taken else n: 14 for n in names}
    assert set(result.frame["line"]) == {"consumer"}
    for key, amount in amounts(result).items():
        assert result.explain(key)["amount"].sum() == amount
    moved = snap.cost_change(before=("2025-01-01", "2025-01-31"), after=("2025-02-01", "2025-02-28"), by=by, method=method, **options)
    assert moved.summary["before"] == moved.summary["after"] == 7 * len(names)


def test_a_job_writes_what_it_moves_values_into() -> None:
    snap = ln.from_frames(
        nodes={"id": ["j", "k", "r"], "kind": ["job", "job", "report"]},
        edges=[{"source": "a", "target": "b", "job": "j"}, {"source": "b", "target": "r"}],
        costs=[{"node": "j", "day": DAY, "amount": 12}, {"node": "k", "day": DAY, "amount": 2}],
    )
    for method in ("usage", "shapley"):
        answer = snap.cost(by="report", method=method)
        assert amounts(answer) == {"r": 12, "unallocated": 2}
        assert any("Jobs that write nothing known are unallocated: 1 job (k)" in note for note in answer.trust)
    assert snap.loaded_cost("r").frame.select("node", "billed").rows() == [("j", 12)]


def test_a_job_costs_what_it_writes_now_and_in_a_period_what_it_wrote_then() -> None:
    snap = ln.from_frames(
        nodes={"id": ["j", "k"], "kind": ["job", "job"]},
        edges=[
            {"source": "j", "target": "old", "type": "WRITE", "expires_at": "2025-03-01T00:00:00Z", "last_seen": "2025-02-01T00:00:00Z"},
            {"source": "j", "target": "new", "type": "WRITE", "last_seen": "2025-06-30T00:00:00Z"},
            {"source": "k", "target": "gone", "type": "WRITE", "expires_at": "2025-03-01T00:00:00Z", "last_seen": "2025-02-01T00:00:00Z"},
        ],
        costs=[{"node": j, "day": d, "amount": 6} for j in "jk" for d in ("2025-01-15", "2025-06-15")],
    )
    assert amounts(snap.cost(by="dataset")) == {"new": 12, "gone": 12}
    assert amounts(snap.cost(by="dataset", period=("2025-01-01", "2025-01-31"))) == {"gone": 6, "new": 3, "old": 3}
    assert amounts(snap.cost(by="dataset", period=("2025-06-01", "2025-06-30"))) == {"gone": 6, "new": 6}


def test_outputs_are_weighed_by_the_runs_of_the_period_and_by_what_is_known_for_all() -> None:
    def out(run: str, node: str, size: int | None) -> dict[str, Any]:
        return {"run": run, "dataset": node, "direction": "out", "bytes": size, "rows": 1}

    def snap(last: int | None) -> ln.Snapshot:
        return ln.from_frames(
            nodes={"id": ["j"], "kind": ["job"]},
            edges=[{"source": "j", "target": t, "type": "WRITE"} for t in "ab"],
            runs=[{"job": "j", "run": str(m), "start": f"2025-0{m}-05T00:00:00Z"} for m in (1, 2)],
            io=[out("1", "a", 90), out("1", "b", 10), out("2", "a", 10), out("2", "b", last)],
            costs=[{"node": "j", "day": f"2025-0{m}-05", "amount": 100} for m in (1, 2)],
        )

    january, february = ("2025-01-01", "2025-01-31"), ("2025-02-01", "2025-02-28")
    assert amounts(snap(30).cost(by="dataset", period=january)) == {"a": 90, "b": 10}
    assert amounts(snap(30).cost(by="dataset", period=february)) == {"a": 25, "b": 75}
    assert amounts(snap(None).cost(by="dataset")) == {"a": 100, "b": 100}
    assert amounts(snap(None).cost(by="dataset", period=january)) == {"a": 90, "b": 10}
    change = snap(30).cost_change(before=january, after=february, by="dataset")
    assert dict(change.frame.select("key", "change").rows()) == {"a": -65, "b": 65} and change.summary["moved"] == 0


@pytest.mark.parametrize("unit", ["reads", "bytes"])
@pytest.mark.parametrize("stated", [True, False])
@pytest.mark.parametrize("outputs", ["m", "mn"])
def test_what_a_job_reads_counts_for_what_it_writes(unit: str, stated: bool, outputs: str) -> None:
    snap = ln.from_frames(
        nodes=[{"id": "j", "kind": "job"}, {"id": "ana", "kind": "principal"}, {"id": "r", "kind": "report", "owners": "X"}],
        edges=[{"source": "j", "target": m, "type": "WRITE"} for m in outputs] + [{"source": m, "target": "r"} for m in outputs]
        + [{"source": "t", "target": "j", "type": "READ"}] * stated,
        usage=[{"node": "t", "consumer": c, "day": DAY, "reads": 1, unit: n} for c, n in (("ana", 1), ("j", 3))],
        costs={"node": ["t"], "day": [DAY], "amount": ["12.00"]},
    )
    assert amounts(snap.cost()) == {"X": 9_000_000, "ana": 3_000_000}


def test_two_principals_of_one_name_are_not_taken_for_each_other() -> None:
    snap = ln.from_frames(
        nodes=[
            {"id": "p1", "kind": "principal", "name": "ana", "parent": "a"}, {"id": "p2", "kind": "principal", "name": "ana", "parent": "b"},
            {"id": "p3", "kind": "principal", "name": "ben"}, {"id": "r", "kind": "report", "owners": "ana"}, {"id": "q", "kind": "report", "owners": "ben"},
        ],
        edges=[{"source": "t", "target": "r"}, {"source": "t", "target": "q"}],
        costs={"node": ["t"], "day": [DAY], "amount": [12]},
    )
    answer = snap.cost(by="owner")
    assert amounts(answer) == {"ana": 6, "p3": 6} and any("Several principals are called ana" in note for note in answer.trust)
    assert amounts(snap.cost(by="team"))["ana"] == 6


@pytest.mark.parametrize("method", ["usage", "even", "shapley", "marginal"])
@pytest.mark.parametrize("by", ["owner", "team", "report", "consumer"])
def test_what_goes_out_of_sight_is_consumed_by_others(method: str, by: str) -> None:
    snap = ln.from_frames(
        nodes=[
            {"id": "shared", "type": "share"}, {"id": "f", "type": "feature"}, {"id": "sent", "kind": "job"}, {"id": "not_null", "kind": "job", "type": "test"},
            {"id": "fed", "type": "feature"}, {"id": "r", "kind": "report", "owners": "X"},
        ],
        edges=[{"source": a, "target": b} for a, b in (("t1", "shared"), ("t2", "f"), ("t5", "fed"), ("fed", "r"))]
        + [{"source": a, "target": b, "type": "READ"} for a, b in (("t3", "sent"), ("t4", "not_null"))],
        costs=[{"node": f"t{i}", "day": DAY, "amount": 10**i} for i in (1, 2, 3, 4, 5)],
    )
    found = amounts(snap.cost(method=method, by=by))
    assert found == {"r" if by in ("report", "consumer") else "X": 100_000, "other": 1_110, "unconsumed": 10_000}
    assert snap.cost(method=method, by=by).explain("other")["node"].to_list() == ["t3", "t2", "t1"]


# -- direct --------------------------------------------------------------------------------------------------------


def test_direct_charges_those_who_run_the_jobs() -> None:
    snap = ln.from_frames(
        nodes=[
            {"id": "t", "kind": "dataset", "owners": "keeper"},
            {"id": "own", "kind": "dataset", "owners": "keeper"},
            {"id": "bare", "kind": "dataset"},
            {"id": "r", "kind": "report", "owners": "boss"},
            {"id": "load", "kind": "job", "owners": "ana;team-b"},
            {"id": "adhoc", "kind": "job", "owners": "keeper"},
            {"id": "ana", "kind": "principal", "type": "person", "parent": "team-a"},
            {"id": "ben", "kind": "principal", "type": "person", "parent": "team-b"},
            {"id": "team-a", "kind": "principal", "type": "team"},
            {"id": "team-b", "kind": "principal", "type": "team"},
        ],
        edges=[
            {"source": "load", "target": "t", "type": "WRITE"},
            {"source": "adhoc", "target": "ben", "type": "WRITE"},
            {"source": "t", "target": "r"},
        ],
        costs=[{"node": n, "day": DAY, "amount": a} for n, a in (("load", 10), ("t", 4), ("own", 3), ("bare", 2), ("r", 1), ("adhoc", 7), (None, 5))],
    )

    def direct(by: str) -> dict[str, int]:
        return amounts(snap.cost(by=by, method="direct"))

    assert direct("owner") == {"ben": 7, "ana": 7, "team-b": 7, "keeper": 3, "boss": 1, "other": 2, "unallocated": 5}
    assert direct("team") == {"team-b": 14, "team-a": 7, "keeper": 3, "boss": 1, "other": 2, "unallocated": 5}
    assert direct("consumer") == {"ben": 7, "ana": 7, "team-b": 7, "keeper": 3, "r": 1, "other": 2, "unallocated": 5}
    assert direct("report") == {"r": 1, "other": 26, "unallocated": 5}
    assert direct("dataset") == {"t": 14, "own": 3, "bare": 2, "r": 1, "unconsumed": 7, "unallocated": 5}
    shown = snap.cost(by="owner", method="direct").explain("ana")
    assert shown.select("node", "billed", "share", "amount").rows() == [("load", 10, 0.5, 5), ("t", 4, 0.5, 2)]
    frame = snap.cost(by="owner", method="direct").frame
    assert frame.filter(pl.col("key") == "ben").select("exclusive", "shared").row(0) == (7, 0)
    assert frame.filter(pl.col("key") == "ana").select("exclusive", "shared").row(0) == (0, 7)


def test_a_job_is_one_resource_for_all_it_writes() -> None:
    snap = ln.from_frames(
        nodes={"id": ["j", "r1", "r2"], "kind": ["job", "report", "report"]},
        edges=[{"source": "j", "target": t, "type": "WRITE"} for t in "abc"] + [{"source": "a", "target": "r1"}, {"source": "b", "target": "r2"}],
        costs=[{"node": "j", "day": DAY, "amount": 12}, {"node": "a", "day": DAY, "amount": 2}],
    )
    assert amounts(snap.cost(by="report", method="shapley")) == {"r1": 8, "r2": 6}
    assert amounts(snap.cost(by="report", method="marginal")) == {"r1": 2, "joint": 12}
    assert amounts(snap.cost(by="report", method="even")) == {"r1": 6, "r2": 4, "unconsumed": 4}
    assert amounts(snap.cost(by="dataset", method="shapley")) == {"a": 6, "b": 4, "c": 4}
    joint = snap.cost(by="report", method="marginal")
    assert joint.explain("joint").rows() == [("j", 12, 1.0, 12)]
    assert joint.frame.filter(pl.col("key") == "joint").select("exclusive", "shared", "line").row(0) == (0, 12, "joint")
    assert "joint" in joint.headline and joint.summary["joint"] == 12


# -- the sample ------------------------------------------------------------------------------------------------------


def test_truth_3_by_every_method_that_states_it(stream: ln.Snapshot, truths: dict[str, Any]) -> None:
    given_, expect = (next(t for t in truths["truths"] if t["id"] == 3)[k] for k in ("given", "expect"))
    both = list(given_["costs"])
    for by in ("report", "team"):
        asked: dict[str, Any] = {"by": by, "method": "shapley", "monitors": truths["monitors"]}
        assert amounts(stream.cost(of=both, **asked)) == {k: micro(a) for k, a in expect[f"by_{by}"].items()}
        assert amounts(stream.cost(of=both[0], **asked)) == {k: micro(a) for k, a in expect[f"of_12_by_{by}"].items()}
    assert amounts(stream.cost(by="report", method="marginal", of=both)) == {"joint": 22_000_000}
    assert amounts(stream.cost(by="report", method="marginal", of=both[1])) == {"joint": 10_000_000}
    assert amounts(stream.cost(by="team", method="marginal", of=both)) == {"principal:stream/team-ad-sales": 10_000_000, "joint": 12_000_000}


@pytest.mark.parametrize("method", METHODS)
def test_the_bill_is_whole_and_explained_by_every_method(stream: ln.Snapshot, truths: dict[str, Any], method: str) -> None:
    for by in BY:
        result = stream.cost(by=by, method=method, monitors=truths["monitors"])
        assert result.frame["amount"].sum() == result.summary["billed"] == micro(truths["billed_total"])
        assert result.summary["unallocated"] == micro(truths["unallocated"]) and result.summary["idle"] == micro(truths["idle"])
        for key, amount in result.frame.select("key", "amount").head(8).iter_rows():
            assert result.explain(key)["amount"].sum() == amount, (by, key)


def test_an_unknown_method_names_the_good_ones(stream: ln.Snapshot) -> None:
    with pytest.raises(ln.LineageError, match="unknown method 'x'. Known: usage, even, direct, marginal, shapley"):
        stream.cost(method="x")
    with pytest.raises(ln.LineageError, match="no key 'joint' in this result. Keys: "):
        stream.cost(method="shapley").explain("joint")
