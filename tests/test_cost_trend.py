"""Cost over time, what changed and why, and the fully loaded cost of a report."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import networkx as nx
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import DAY, costly, frames, snapshot
from test_cost_methods import expiring, outputs_of

import lineage_nb as ln
from lineage_nb.analyses.cost.attribution import METHODS
from lineage_nb.analyses.cost.change_cells import PARTS
from lineage_nb.analyses.cost.periods import EVERY, is_complete, periods

Parts = dict[str, list[dict[str, Any]]]
BYS = ("owner", "team", "report", "consumer", "dataset")
JANUARY, FEBRUARY = ("2025-01-01", "2025-01-31"), ("2025-02-01", "2025-02-28")


@st.composite
def dated(draw: st.DrawFn) -> Parts:
    """Snapshots with costs on the sixty days before `DAY`, some of them drivers, and runs of their jobs."""
    parts = draw(frames())
    days = st.integers(0, 60).map(lambda d: DAY - timedelta(days=d))
    again = [{**draw(st.sampled_from(parts["costs"])), "amount": draw(st.integers(-(10**6), 10**9))} for _ in range(draw(st.integers(0, 5)))]
    words = st.sampled_from(["cost", "storage", "compute"])
    roles = st.sampled_from(["billed", "billed", "driver"])
    first, *rest = [*parts["costs"], *again]
    costs = [{**first, "day": draw(days)}]
    costs += [{**c, "day": draw(days), "component": draw(words), "role": draw(roles)} for c in rest]
    jobs = [n["id"] for n in parts["nodes"] if n["kind"] == "job"]
    runs = []
    for i in range(draw(st.integers(0, 6)) if jobs else 0):
        day, hours = draw(days), draw(st.integers(1, 3))
        runs.append({"job": draw(st.sampled_from(jobs)), "run": str(i), "start": f"{day}T00:00:00Z", "end": f"{day}T{hours:02}:00:00Z"})
    return {**parts, "costs": costs, "runs": runs}


def halves(snap: ln.Snapshot) -> tuple[tuple[date, date], tuple[date, date]] | None:
    """The first billed day, and all days after it."""
    days = snap.costs.filter(pl.col("role") == "billed")["day"].unique().sort().to_list()
    return ((days[0], days[0]), (days[0] + timedelta(days=1), days[-1])) if len(days) > 1 else None


# -- trend --------------------------------------------------------------------------------------------------------


@costly()
@given(dated(), st.sampled_from(BYS), st.sampled_from(METHODS), st.sampled_from(list(EVERY)))
def test_every_period_conserves_money_and_is_the_cost_of_its_days(parts: Parts, by: str, method: str, every: str) -> None:
    snap = snapshot(parts)
    result = snap.cost_trend(by=by, method=method, every=every)
    billed = snap.costs.filter(pl.col("role") == "billed")
    days = billed["day"]
    spans = periods(days.min(), days.max(), every)  # type: ignore[arg-type]
    assert list(result.summary["periods"]) == [s[0] for s in spans]
    for span in spans:
        inside = billed.filter(pl.col("day").is_between(*span))
        mine = result.frame.filter(pl.col("period") == span[0])
        assert mine["amount"].sum() == inside["amount"].sum() == result.summary["periods"][span[0]]
        if inside.height:
            assert mine.select("key", "amount", "line").equals(snap.cost(by=by, method=method, period=span).frame.select("key", "amount", "line"))
    for key in result.frame["key"].unique():
        sums = result.frame.filter(pl.col("key") == key).select("period", "amount")
        why = result.explain(key).group_by("period").agg(pl.col("amount").sum()).sort("period")
        assert why.filter(pl.col("amount") != 0).equals(sums.filter(pl.col("amount") != 0))


@given(st.dates(date(2020, 1, 1), date(2026, 1, 1)), st.integers(0, 400), st.sampled_from(list(EVERY)))
def test_periods_lie_side_by_side_and_hold_both_days(first: date, more: int, every: str) -> None:
    last = first + timedelta(days=more)
    spans = periods(first, last, every)
    assert spans[0][0] <= first <= spans[0][1] and spans[-1][0] <= last <= spans[-1][1]
    assert all(b[0] - a[1] == timedelta(days=1) for a, b in pairwise(spans))
    if every == "week":
        assert {(a.weekday(), b.weekday()) for a, b in spans} == {(0, 6)}


def bill(*rows: tuple[str | None, str, str], **more: Any) -> ln.Snapshot:
    """A table t feeding u feeding the report r of X; j writes t. Rows: node, day, amount."""
    nodes = [{"id": "j", "kind": "job"}, {"id": "t"}, {"id": "u"}, {"id": "r", "kind": "report", "owners": "X"}, {"id": "q", "kind": "report", "owners": "Y"}]
    edges = [{"source": "j", "target": "t", "type": "WRITE"}, {"source": "t", "target": "u"}, {"source": "u", "target": "r"}]
    costs = [{"node": n, "day": d, "amount": a} for n, d, a in rows] + more.pop("costs", [])
    return ln.from_frames(nodes=nodes + more.pop("nodes", []), edges=edges + more.pop("edges", []), costs=costs, **more)


def test_growth_counts_complete_periods_only() -> None:
    snap = bill(*[("t", str(date(2025, 1, 10) + timedelta(days=d)), "1.00") for d in range(90)])
    result = snap.cost_trend(by="owner")
    assert dict(result.frame.select("period", "complete").iter_rows()) == {
        date(2025, 1, 1): False, date(2025, 2, 1): True, date(2025, 3, 1): True, date(2025, 4, 1): False,
    }
    assert result.summary["growth"] == 3_000_000 and result.summary["rises"] == {"X": 3_000_000}
    assert any("in part only" in note and "2 months" in note for note in result.trust)
    half = snap.cost_trend(by="owner", period=("2025-02-01", "2025-03-15"))
    assert half.frame["complete"].to_list() == [True, False] and half.summary["growth"] is None
    weeks = bill(("t", "2025-01-31", "1.00"), ("t", "2025-03-31", "1.00")).cost_trend(by="owner", every="week")
    assert weeks.summary["growth"] is None and any("comes less often" in note for note in weeks.trust)


def test_weeks_of_a_monthly_bill_are_not_compared() -> None:
    snap = bill(*[("t", f"2025-0{m}-01", "1.00") for m in (1, 2, 3)])
    weeks = snap.cost_trend(by="owner", every="week")
    assert weeks.summary["growth"] is None and any("at most one day a month" in note for note in weeks.trust)
    assert snap.cost_trend(by="owner").summary["growth"] == 0


def test_many_keys_are_one_beyond_the_largest() -> None:
    reports = [{"id": f"r{i:04}", "kind": "report", "owners": f"o{i:04}"} for i in range(500)]
    costs = [{"node": r["id"], "day": d, "amount": (i + 1) * n} for i, r in enumerate(reports) for d, n in (("2025-01-31", 10**6), ("2025-02-28", 2 * 10**6))]
    result = bill(nodes=reports, costs=costs).cost_change(before=JANUARY, after=FEBRUARY, by="owner")
    rest = result.frame.filter(pl.col("line") == "the rest").row(0, named=True)
    assert result.frame.height == 201 and rest["before"] == 10**6 * 300 * 301 // 2 and rest["after"] == 2 * rest["before"]
    assert result.explain("the rest").height == 300 and any("300 keys" in note for note in result.trust)


def test_coverage_says_which_periods_are_complete() -> None:
    covered = {"scope": "x", "what": "cost", "from": "2025-01-01", "to": "2025-02-15"}
    snap = bill(("t", "2025-01-20", "1.00"), ("t", "2025-01-21", "1.00"), ("t", "2025-02-10", "1.00"), coverage=[covered])
    assert snap.cost_trend(by="owner").frame["complete"].to_list() == [True, False]
    january = date(2025, 1, 1), date(2025, 1, 31)
    first, rest = (date(2025, 1, 1), date(2025, 1, 10)), (date(2025, 1, 11), date(2025, 1, 31))
    assert is_complete(january, [first, rest], None) and not is_complete(january, [first], None)
    year = date(2025, 1, 1), date(2025, 12, 31)
    assert is_complete(january, [year], None) and not is_complete(january, [year, rest], None)


def test_what_a_trend_refuses(stream: ln.Snapshot) -> None:
    with pytest.raises(ln.LineageError, match="unknown every='year'. Known: day, week, month, quarter"):
        stream.cost_trend(every="year")
    with pytest.raises(ln.LineageError, match="unknown by='x'"):
        stream.cost_trend(by="x")
    with pytest.raises(TypeError, match="colour"):
        stream.cost_trend(colour="red")
    with pytest.raises(ln.LineageError, match="nothing is billed to these nodes"):
        bill(("t", "2025-01-01", "1.00")).cost_trend(of="u")
    mixed = bill(costs=[{"node": "t", "day": f"2025-0{i}-01", "amount": "1", "currency": c} for i, c in ((1, "EUR"), (2, "USD"))])
    with pytest.raises(ln.LineageError, match="several currencies"):
        mixed.cost_trend(by="owner")
    with pytest.raises(ln.LineageError, match="several currencies"):
        mixed.cost_change(before=JANUARY, after=FEBRUARY)


# -- change -------------------------------------------------------------------------------------------------------


@costly()
@given(dated(), st.sampled_from(BYS), st.sampled_from(METHODS), st.sampled_from(["total", "per day"]))
def test_the_parts_of_a_change_add_up(parts: Parts, by: str, method: str, compare: str) -> None:
    snap = snapshot(parts)
    spans = halves(snap)
    if spans is None:
        return
    result = snap.cost_change(before=spans[0], after=spans[1], by=by, method=method, compare=compare)
    frame = result.frame
    assert (frame["after"] - frame["before"] == frame["change"]).all()
    assert (pl.Series(frame.select(pl.sum_horizontal(*PARTS))) == frame["change"]).all()
    assert abs(frame["moved"].sum()) == 0
    for side, span in zip(("before", "after"), spans, strict=True):
        told = dict(frame.filter(pl.col(side) != 0).select("key", side).iter_rows())
        days = (span[1] - span[0]).days + 1 if compare == "per day" else 1
        expected = {k: a // days for k, a in snap.cost(by=by, method=method, period=span).frame.select("key", "amount").iter_rows()}
        assert told == {k: a for k, a in expected.items() if a}
    for key in frame["key"]:
        why = result.explain(key)
        row = frame.filter(pl.col("key") == key).row(0, named=True)
        assert {c: why[c].sum() for c in ("before", "after", "change", *PARTS)} == {c: row[c] for c in ("before", "after", "change", *PARTS)}
        assert (why.select(pl.sum_horizontal(*PARTS)).to_series() == why["change"]).all()


@settings(max_examples=10)
@given(dated(), st.sampled_from(METHODS), st.randoms(use_true_random=False))
def test_a_change_does_not_depend_on_the_order_of_rows(parts: Parts, method: str, random: Any) -> None:
    shuffled = {name: random.sample(rows, len(rows)) for name, rows in parts.items()}
    spans = halves(snapshot(parts))
    if spans is not None:
        both = [snapshot(p).cost_change(before=spans[0], after=spans[1], by="owner", method=method) for p in (parts, shuffled)]
        assert both[0].frame.equals(both[1].frame) and both[0].headline == both[1].headline


def change(snap: ln.Snapshot, key: str = "X", **options: Any) -> dict[str, int]:
    result = snap.cost_change(before=JANUARY, after=FEBRUARY, **{"by": "owner", **options})
    row = result.frame.filter(pl.col("key") == key).row(0, named=True)
    return {c: row[c] // 10**6 for c in PARTS if row[c]}


def run(job: str, nth: str, start: str, hours: int) -> dict[str, str]:
    return {"job": job, "run": nth, "start": f"{start}T00:00:00Z", "end": f"{start}T{hours:02}:00:00Z"}


def test_volume_is_the_quantity_at_the_old_price_and_price_the_rest() -> None:
    rows = ("j", "2025-01-31", "10"), ("j", "2025-02-28", "33")
    snap = bill(*rows, runs=[run("j", "1", "2025-01-05", 2), run("j", "2", "2025-02-05", 4), run("j", "3", "2025-02-06", 2)])
    assert change(snap) == {"volume": 20, "price": 3}
    assert change(snap, by="report", key="r", method="shapley") == {"volume": 20, "price": 3}
    why = snap.cost_change(before=JANUARY, after=FEBRUARY, by="owner").explain("X").row(0, named=True)
    assert (why["node"], why["unit"], why["quantity_before"], why["quantity_after"]) == ("j", "run hours", 2.0, 6.0)
    assert (why["price_before"], why["price_after"]) == (5e6, 5.5e6)
    unknown = bill(*rows, runs=[run("j", "1", "2025-01-05", 2), run("j", "2", "2025-02-05", 4), {"job": "j", "run": "3", "start": "2025-02-06T00:00:00Z"}])
    assert change(unknown) == {"unexplained": 23}


def test_driver_rows_are_believed_before_run_time() -> None:
    drivers = [{"node": "j", "day": d, "amount": a, "role": "driver"} for d, a in (("2025-01-31", "100"), ("2025-02-28", "300"))]
    snap = bill(("j", "2025-01-31", "10"), ("j", "2025-02-28", "33"), costs=drivers, runs=[run("j", "1", "2025-01-05", 1), run("j", "2", "2025-02-05", 1)])
    assert change(snap) == {"volume": 20, "price": 3}
    steep = bill(("j", "2025-01-31", "10"), ("j", "2025-02-28", "3"), costs=drivers)
    assert change(steep) == {"volume": 20, "price": -27}


def test_a_quantity_that_does_not_drive_the_cost_explains_nothing() -> None:
    snap = bill(("j", "2025-01-31", "10"), ("j", "2025-02-28", "11"), runs=[run("j", "1", "2025-01-05", 1), run("j", "2", "2025-02-05", 9)])
    result = snap.cost_change(before=JANUARY, after=FEBRUARY, by="owner")
    assert change(snap) == {"unexplained": 1} and result.summary["doubted"] == 10_000_000
    assert any("does not drive the cost" in note for note in result.trust)


def test_a_pure_move_of_rates_is_currency() -> None:
    rates = {"currency": ["EUR", "EUR"], "rate": ["1.10", "1.21"], "from": ["2025-01-01", "2025-02-01"], "to": ["2025-01-31", "2025-02-28"]}
    rows = [{"node": n, "day": d, "amount": a, "currency": c} for n, a, c in (("t", "10", "EUR"), ("j", "100", "EUR"), ("u", "7", "USD")) for d in ("2025-01-31", "2025-02-28")]
    snap = bill(costs=rows, runs=[run("j", "1", "2025-01-05", 2), run("j", "2", "2025-02-05", 2)])
    asked = {"rates": rates, "currency": "USD"}
    result = snap.cost_change(before=JANUARY, after=FEBRUARY, by="owner", **asked)
    assert {c: result.summary[c] for c in PARTS if result.summary[c]} == {"exchange": 12_100_000}
    assert any("2025-01: Converted into USD: EUR at 1.10." in n for n in result.trust) and any("EUR at 1.21" in n for n in result.trust)
    rows[3] = {**rows[3], "amount": "150"}
    assert change(bill(costs=rows), **asked) == {"exchange": 17, "unexplained": 55}  # 17.60 and 55.00
    assert any("EUR at 1.10 to 1.21 (2 rates)" in n for n in snap.cost_trend(by="owner", **asked).trust)
    once = bill(costs=rows).cost_change(before=JANUARY, after=FEBRUARY, by="owner", rates={"EUR": "1.10"})
    assert once.summary["exchange"] == 0 and once.summary["unexplained"] == 55_000_000


def test_less_idle_time_is_volume_as_the_runs_are() -> None:
    def snap(hours: int) -> ln.Snapshot:
        runs = [{**run("j", str(n), d, h), "compute": "m"} for n, (d, h) in enumerate((("2025-01-31", 2), ("2025-02-28", hours)))]
        return bill(("m", "2025-01-31", "24"), ("m", "2025-02-28", "24"), runs=runs, nodes=[{"id": "m", "kind": "compute"}])

    assert change(snap(5)) == {"volume": 3} and change(snap(5), key="idle") == {"volume": -3}
    assert snap(5).cost_change(before=JANUARY, after=FEBRUARY, by="owner").explain("idle")["unit"].to_list() == ["idle hours"]


def test_new_gone_credits_and_storage() -> None:
    assert change(bill(("t", "2025-01-31", "4"), ("u", "2025-02-28", "7"))) == {"new": 7, "gone": -4}
    assert change(bill(("t", "2025-01-31", "4"), ("t", "2025-02-28", "-1"))) == {"unexplained": -5}
    reads = [{"node": "t", "consumer": "r", "day": d, "bytes": b} for d, b in (("2025-01-05", 100), ("2025-02-05", 200))]
    for component, expected in (("scan", {"volume": 5, "price": 1}), ("storage", {"unexplained": 6})):
        costs = [{"node": "t", "day": d, "amount": a, "component": component} for d, a in (("2025-01-31", "5"), ("2025-02-28", "11"))]
        assert change(bill(costs=costs, usage=reads)) == expected, component


def test_what_is_split_differently_moves_and_costs_nobody_more_in_all() -> None:
    reads = [{"node": "u", "consumer": c, "day": d, "bytes": b} for c, d, b in (("r", "2025-01-05", 50), ("q", "2025-01-05", 50), ("r", "2025-02-05", 75), ("q", "2025-02-05", 25))]
    snap = bill(("u", "2025-01-31", "10"), ("u", "2025-02-28", "10"), edges=[{"source": "u", "target": "q"}], usage=reads)
    frame = snap.cost_change(before=JANUARY, after=FEBRUARY, by="owner").frame
    assert dict(frame.select("key", "moved").iter_rows()) == {"X": 2_500_000, "Y": -2_500_000}
    assert frame["change"].sum() == 0


def test_spans_of_different_length_are_told_and_can_be_compared_per_day() -> None:
    snap = bill(("t", "2025-01-31", "31"), ("t", "2025-02-28", "28"))
    as_billed = snap.cost_change(before=JANUARY, after=FEBRUARY, by="owner")
    assert as_billed.summary["change"] == -3_000_000 and any("31 days and 28 days" in n and "compare='per day'" in n for n in as_billed.trust)
    per_day = snap.cost_change(before=JANUARY, after=FEBRUARY, by="owner", compare="per day")
    assert per_day.summary["change"] == 0 and "is the same" in per_day.headline
    assert per_day.frame.select("before", "after").row(0) == (1_000_000, 1_000_000)


def test_what_a_change_refuses(stream: ln.Snapshot) -> None:
    with pytest.raises(ln.LineageError, match="must end before"):
        stream.cost_change(before=("2026-02-01", "2026-02-28"), after=("2026-02-28", "2026-03-31"))
    with pytest.raises(ln.LineageError, match="no costs from 2020-01-01"):
        stream.cost_change(before=("2020-01-01", "2020-02-28"), after=("2026-02-28", "2026-03-31"))
    with pytest.raises(ln.LineageError, match="unknown compare='x'. Known: total, per day"):
        stream.cost_change(before=JANUARY, after=FEBRUARY, compare="x")
    with pytest.raises(ln.LineageError, match="no key 'nobody' in this result. Keys: "):
        stream.cost_change(before=JANUARY, after=FEBRUARY).explain("nobody")


def test_the_sample_changes_for_planted_reasons(stream: ln.Snapshot) -> None:
    result = stream.cost_change(before=("2026-05-01", "2026-05-31"), after=("2026-06-01", "2026-06-30"), by="dataset")
    new = dict(result.frame.filter(pl.col("new") != 0).select("key", "new").iter_rows())
    assert new["adplatform/ad_delivery_daily"] == 12_000_000 and new["adplatform/ad_inventory_forecast"] == 10_000_000
    gone = dict(result.frame.filter(pl.col("gone") != 0).select("key", "gone").iter_rows())
    assert list(gone.values()) == [-8_000_000]
    assert result.explain("idle")["new"].to_list() == [3_000_000]


# -- loaded cost --------------------------------------------------------------------------------------------------


def upstream_by_search(snap: ln.Snapshot, report: str) -> dict[str, tuple[int, int]]:
    """Resource → cost and hops, of all that leads to a report along edges, reads and writing jobs."""
    home = {r["id"]: r["parent"] if r["kind"] == "column" else r["id"] for r in snap.nodes.iter_rows(named=True)}
    kind = dict(snap.nodes.select("id", "kind").iter_rows())
    graph = nx.DiGraph(snap.graph("dataset").edges.select("source", "target").rows())
    for r in snap.usage.iter_rows(named=True):
        if kind.get(r["consumer"]) in ("dataset", "report") and kind[home[r["node"]]] != "report":
            graph.add_edge(home[r["node"]], r["consumer"])
    graph.remove_edges_from([(a, b) for a, b in graph.edges if kind[a] == "report"])
    graph.add_node(report)
    hops = nx.single_source_shortest_path_length(graph.reverse(), report)
    near = {job: [hops[t] for t in targets if t in hops] for job, targets in outputs_of(snap).items()}
    far = {**hops, **{job: min(found) for job, found in near.items() if found}}
    found: dict[str, int] = {}
    for r in snap.costs.iter_rows(named=True):
        if home.get(r["node"]) in far:
            found[home[r["node"]]] = found.get(home[r["node"]], 0) + r["amount"]
    return {n: (amount, far[n]) for n, amount in found.items() if amount}


@costly()
@given(expiring())
def test_loaded_cost_is_all_that_leads_to_a_report(parts: Parts) -> None:
    snap = snapshot(parts)
    attributed = dict(snap.cost(by="report", method="shapley").frame.select("key", "amount").iter_rows())
    for report in snap.nodes.filter(pl.col("kind") == "report")["id"]:
        result = snap.loaded_cost(report)
        expected = upstream_by_search(snap, report)
        assert {n: (b, h) for n, b, h in result.frame.select("node", "billed", "hops").iter_rows()} == expected
        assert result.summary["fully_loaded"] == sum(a for a, _ in expected.values()) == result.summary["exclusive"] + result.summary["shared"]
        assert result.summary["attributed"] == attributed.get(report, 0)
        for node, hops in result.frame.select("node", "hops").iter_rows():
            path = result.explain(node)
            job = snap.nodes.filter(pl.col("id") == node)["kind"][0] == "job"
            assert path.height == hops + job
            if path.height:
                assert path["source"][0] == node and path["target"][-1] == report
                assert path["target"][:-1].equals(path["source"][1:])


def test_a_job_is_as_far_as_the_nearest_dataset_that_it_writes() -> None:
    snap = bill(("j", "2025-01-01", "1"), edges=[{"source": "j", "target": "u", "type": "WRITE"}])
    result = snap.loaded_cost("r")
    assert result.frame.select("node", "hops").rows() == [("j", 1)]
    assert result.explain("j").select("source", "target", "type").rows() == [("j", "u", "WRITE"), ("u", "r", "DIRECT")]


def test_loaded_cost_of_the_sample(stream: ln.Snapshot) -> None:
    pacing = stream.loaded_cost("ad_pacing")
    assert pacing.summary["fully_loaded"] == 22_000_000 and pacing.summary["attributed"] == 9_000_000
    assert pacing.summary["dearest"] == "adplatform/ad_delivery_daily" and pacing.summary["exclusive"] == 0
    assert "ad_delivery_daily" in pacing.headline and pacing.explain("ad_delivery_daily").height == 1
    assert "adplatform/ad_delivery_daily" in pacing.graph
    with pytest.raises(ln.LineageError, match="is a dataset, not a report"):
        stream.loaded_cost("dim_users")
    assert bill(("t", "2025-01-01", "1")).loaded_cost("q").headline == "Nothing that q is made from is billed."
