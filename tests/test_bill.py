"""The bill: currencies, cost centres, idle time, prices, the period, and input that does not fit."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import DAY, costly, frames, snapshot, warehouses

import lineage_nb as ln
from lineage_nb.analyses.cost.attribution import LINES, METHODS
from lineage_nb.analyses.cost.consumers import BY
from lineage_nb.analyses.cost.rates import convert
from lineage_nb.graph.flow import split

Parts = dict[str, list[dict[str, Any]]]
MAP = {
    "owner": ["ana", "ana", "X", None],
    "team": ["T1", "T2", None, "Y"],
    "cost_centre": ["C1", None, "C3", "C4"],
    "from": [None, DAY - timedelta(days=1), None, None],
    "to": [DAY - timedelta(days=2), None, None, None],
}


def amounts(result: ln.Result) -> dict[str, int]:
    return dict(result.frame.select("key", "amount").iter_rows())


def explained(result: ln.Result) -> None:
    for key, amount in result.frame.select("key", "amount").iter_rows():
        why = result.explain(key)
        assert why["amount"].sum() == amount and why["share"].is_between(0, 1).all(), key


# -- currencies ---------------------------------------------------------------------------------------------------


money = st.lists(st.tuples(st.integers(-(10**14), 10**14), st.sampled_from(["EUR", "GBP", "USD"]), st.integers(0, 3)), min_size=1, max_size=30)
rate = st.decimals("0.000001", "2000", places=6)


@given(money, rate, rate, rate)
def test_conversion_is_exact_over_the_bill(bill: list[tuple[int, str, int]], euro: Decimal, later: Decimal, pound: Decimal) -> None:
    days = [DAY + timedelta(days=n) for _, _, n in bill]
    rows = pl.DataFrame({"amount": [a for a, _, _ in bill], "currency": [c for _, c, _ in bill], "day": days})
    table = {"currency": ["EUR", "EUR", "GBP"], "rate": [euro, later, pound], "from": [None, DAY + timedelta(days=2), None], "to": [DAY + timedelta(days=1), None, None]}
    factor = {("EUR", n): Fraction(euro if n < 2 else later) for n in range(4)} | {("GBP", n): Fraction(pound) for n in range(4)}
    exact = [a * factor.get((c, n), Fraction(1)) for a, c, n in bill]
    found = convert(rows, "USD", pl.DataFrame(table, strict=False)).rows
    assert found["amount"].sum() == round(sum(exact, Fraction(0)))
    assert all(abs(f - e) < 1 for f, e in zip(found["amount"], exact, strict=True))
    assert set(found["currency"]) == {"USD"}


@settings(max_examples=12)
@given(warehouses(), st.sampled_from(METHODS), st.data())
def test_a_converted_bill_is_conserved(parts: Parts, method: str, data: st.DataObject) -> None:
    for row in parts["costs"]:
        row["currency"] = data.draw(st.sampled_from(["EUR", "USD"]))
    rates = {"EUR": Decimal("1.083217"), "USD": 1}
    snap = snapshot(parts)
    answer = snap.cost(method=method, rates=rates, currency="USD")
    exact = sum((Fraction(a) * (Fraction("1.083217") if c == "EUR" else 1) for a, c in snap.costs.select("amount", "currency").iter_rows()), Fraction(0))
    assert answer.frame["amount"].sum() == answer.summary["billed"] == round(exact)
    assert snap.in_currency("USD", rates).cost(method=method).frame.equals(answer.frame)
    explained(answer)


def several() -> ln.Snapshot:
    return ln.from_frames(
        nodes={"id": ["t", "r"], "kind": ["dataset", "report"], "owners": [None, "X"]},
        edges={"source": ["t"], "target": ["r"]},
        costs={"node": ["t"] * 3, "day": ["2025-01-01", "2025-01-02", "2025-01-03"], "amount": ["10.00", "10.00", "3.00"], "currency": ["EUR", "EUR", "USD"]},
    )


def test_rates_by_mapping_frame_and_file(tmp_path: Path) -> None:
    assert amounts(several().cost(rates={"EUR": 1.08})) == {"X": 24_600_000}
    assert amounts(several().cost(rates={"EUR": "1.08", "USD": "0.5"}, currency="GBP")) == {"X": 23_100_000}
    path = tmp_path / "rates.csv"
    path.write_text("currency,rate,from,to\nEUR,1.1,,2025-01-01\nEUR,1.2,2025-01-02,\n", encoding="utf-8")
    answer = several().cost(rates=path)
    assert amounts(answer) == {"X": 26_000_000} and answer.summary["currency"] == "USD"
    assert answer.trust[0] == "Converted into USD: EUR at 1.1 to 1.2 (2 rates)."
    assert several().in_currency("USD", path).what_if(["r"]).summary["freed"] == 26_000_000


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({}, r"several currencies \(EUR, USD\); give rates"),
        ({"currency": "USD"}, r"several currencies"),
        ({"rates": {"GBP": 1.2}}, "no rate for EUR, USD: name the currency"),
        ({"rates": {"GBP": 1.2}, "currency": "USD"}, "no rate for EUR on 2025-01-01 into USD"),
        ({"rates": {"EUR": 1.1, "USD": 1.2}}, "every currency has a rate: name the currency"),
        ({"rates": {"EUR": 1.1, "USD": 1.2}, "currency": "USD"}, "turn USD into USD at other than 1"),
        ({"rates": {"EUR": float("nan")}}, "rate of EUR is nan"),
        ({"rates": {"EUR": "much"}}, "rate of EUR is 'much'"),
        ({"rates": {"EUR": 0}}, "rates are above 0"),
        ({"rates": {"currency": ["EUR"], "rate": ["1.1"], "to": ["2025-01-01"]}}, "no rate for EUR on 2025-01-02"),
        ({"rates": {"currency": ["EUR"] * 2, "rate": ["1.1", "1.2"], "to": ["2025-01-05", None]}}, "two rates of EUR"),
        ({"rates": pl.DataFrame({"currency": ["EUR"], "price": [1]})}, "rates lack the column rate"),
        ({"rates": "rates.csv"}, "no such file"),
    ],
)
def test_rates_that_do_not_do_say_why(asked: dict[str, Any], message: str) -> None:
    with pytest.raises(ln.LineageError, match=message):
        several().cost(**asked)


# -- cost centres -------------------------------------------------------------------------------------------------


@costly()
@given(warehouses(), st.sampled_from(["team", "cost_centre"]), st.sampled_from(METHODS), st.sampled_from(["line", "spread"]), st.data())
def test_every_span_of_the_map_is_conserved(parts: Parts, by: str, method: str, idle: str, data: st.DataObject) -> None:
    for row in parts["costs"]:
        row["day"] = DAY - timedelta(days=data.draw(st.integers(0, 3)))
    snap = snapshot(parts)
    answer = snap.cost(by=by, method=method, idle=idle, centres=MAP)
    assert answer.frame["amount"].sum() == snap.costs["amount"].sum()
    assert (answer.frame["exclusive"] + answer.frame["shared"] == answer.frame["amount"]).all()
    assert set(answer.frame["line"]) <= {"consumer", *LINES}
    explained(answer)


def people(**more: Any) -> ln.Snapshot:
    return ln.from_frames(
        nodes={
            "id": ["t", "r", "core", "web", "ana", "ben"],
            "kind": ["dataset", "report", "principal", "principal", "principal", "principal"],
            "type": [None, None, "team", "team", "person", "person"],
            "parent": [None, None, None, None, "core", "core"],
            "owners": [None, "ana", None, None, None, None],
        },
        edges={"source": ["t"], "target": ["r"]},
        costs={"node": ["t"] * 3, "day": ["2025-01-31", "2025-02-01", "2025-03-01"], "amount": ["1.00", "10.00", "100.00"]},
        **more,
    )


def test_cost_goes_by_the_map_of_its_day() -> None:
    moved = {"owner": ["ana", "ana", None], "team": ["web", None, "core"], "cost_centre": ["C-web", "C-own", "C-core"], "from": ["2025-02-01", "2025-03-01", None], "to": ["2025-02-28", None, None]}
    assert amounts(people().cost(by="team")) == {"core": 111_000_000}
    by_team = people().cost(by="team", centres=moved)
    assert amounts(by_team) == {"web": 10_000_000, "core": 101_000_000}
    assert by_team.explain("core").rows() == [("t", 101_000_000, 1.0, 101_000_000)]
    by_centre = people().cost(by="cost_centre", centres=moved)
    assert amounts(by_centre) == {"C-core": 1_000_000, "C-web": 10_000_000, "C-own": 100_000_000}
    assert any("3 spans of days" in note for note in by_centre.trust)
    in_february = people().cost(by="cost_centre", centres=moved, period=("2025-02-01", "2025-02-28"))
    assert amounts(in_february) == {"C-web": 10_000_000}
    assert amounts(people().cost(by="owner", centres=moved)) == {"ana": 111_000_000}


def test_an_owner_without_an_entry_has_the_centre_of_his_team() -> None:
    assert amounts(people().cost(by="cost_centre", centres={"owner": ["core"], "cost_centre": ["C"]})) == {"C": 111_000_000}
    assert amounts(people().cost(by="cost_centre", centres={"owner": ["ben"], "team": ["core"], "cost_centre": ["C"]})) == {"C": 111_000_000}
    torn = {"owner": ["ben", "eva"], "team": ["core", "core"], "cost_centre": ["C", "D"]}
    assert amounts(people().cost(by="cost_centre", centres=torn)) == {"other": 111_000_000}


@pytest.mark.parametrize(
    ("centres", "message"),
    [
        (None, "needs the map: centres="),
        ({"owner": ["ana", "ana"], "team": ["a", "b"], "from": ["2025-01-01"] * 2}, r"disagree about ana: row 1 \(a, 2025-01-01 to …\) and row 2 \(b, 2025-01-01 to …\)"),
        ({"owner": [None], "cost_centre": ["C"]}, "row 1: neither owner nor team"),
        ({"owner": ["ana"], "from": ["2025-02-01"], "to": ["2025-01-01"]}, "row 1: from 2025-02-01 is after to 2025-01-01"),
        ({"owner": ["ana"], "from": ["spring"]}, "row 1: from is 'spring'"),
        ({"who": ["ana"]}, "columns are owner, team, cost_centre, from, to"),
    ],
)
def test_a_map_that_does_not_do_says_why(centres: object, message: str) -> None:
    with pytest.raises(ln.LineageError, match=message):
        people().cost(by="cost_centre", centres=centres)


# -- idle time ----------------------------------------------------------------------------------------------------


def busy_and_idle(parts: Parts) -> tuple[dict[tuple[str, str], int], dict[str, int]]:
    """Minutes that each job ran in billed time of its machine, and idle micro-units by machine: minute by minute."""
    ran: dict[tuple[str, str], int] = defaultdict(int)
    idle: dict[str, int] = defaultdict(int)
    metered = {r["compute"] for r in parts["runs"]}
    for row in parts["costs"]:
        if row["node"] not in metered or row["node"] not in ("m0", "m1"):
            continue
        begin = row.get("start") or datetime(row["day"].year, row["day"].month, row["day"].day, tzinfo=UTC)
        end = row.get("end") or begin + timedelta(days=1)
        minutes = [begin + timedelta(minutes=m) for m in range(int((end - begin).total_seconds() // 60))]
        at_work = 0
        for minute in minutes:
            jobs = [r["job"] for r in parts["runs"] if r["compute"] == row["node"] and r["start"] <= minute < r["end"]]
            at_work += bool(jobs)
            for job in jobs:
                ran[row["node"], job] += 1
        whole = [at_work, len(minutes) - at_work] if minutes else [0, 1]
        idle[row["node"]] += int(split(pl.Series([row["amount"]]).to_numpy(), pl.Series([0, 0]).to_numpy(), pl.Series(whole, dtype=pl.Float64).to_numpy())[1])
    return ran, idle


@settings(max_examples=15)
@given(warehouses(), st.sampled_from(METHODS))
def test_idle_is_a_line_or_spread_over_the_jobs_that_ran(parts: Parts, method: str) -> None:
    snap = snapshot(parts)
    ran, idle = busy_and_idle(parts)
    line, spread = (snap.cost(by="dataset", method=method, idle=i) for i in ("line", "spread"))
    total = snap.costs["amount"].sum()
    assert line.frame["amount"].sum() == spread.frame["amount"].sum() == total
    assert line.summary["idle"] == sum(idle.values())
    left = {m: a for m, a in idle.items() if a and not any(node == m for node, _ in ran)}
    assert spread.summary["idle"] == sum(left.values())
    explained(spread)


def test_idle_is_spread_by_execution_time() -> None:
    hour = datetime(2025, 1, 1, 10, tzinfo=UTC)
    snap = ln.from_frames(
        nodes={"id": ["m", "a", "b", "t", "u"], "kind": ["compute", "job", "job", "dataset", "dataset"]},
        edges={"source": ["a", "b"], "target": ["t", "u"], "type": ["WRITE"] * 2},
        runs={"job": ["a", "b"], "run": ["1", "2"], "compute": ["m", "m"], "start": [hour, hour + timedelta(minutes=10)], "end": [hour + timedelta(minutes=10), hour + timedelta(minutes=30)]},
        costs={"node": ["m"] * 2, "day": ["2025-01-01"] * 2, "amount": ["6.00", "3.00"], "start": [hour, hour + timedelta(hours=1)], "end": [hour + timedelta(hours=1), hour + timedelta(hours=2)]},
    )
    assert amounts(snap.cost(by="dataset")) == {"t": 1_000_000, "u": 2_000_000, "idle": 6_000_000}
    assert amounts(snap.cost(by="dataset", idle="spread")) == {"t": 3_000_000, "u": 6_000_000}
    with pytest.raises(ln.LineageError, match="unknown idle='hide'. Known: line, spread"):
        snap.cost(idle="hide")


# -- prices -------------------------------------------------------------------------------------------------------


def lake(**more: Any) -> ln.Snapshot:
    return ln.from_frames(
        nodes={
            "id": ["hot", "cold", "billed", "view", "gone", "copy"],
            "type": ["table", "table", "table", "view", "table", "clone"],
            "bytes": [2**40, 2**41, 2**40, None, 3 * 2**40, 2**40],
            "storage_tier": [None, "archive", None, None, None, None],
            "deleted_at": [None, None, None, None, "2025-06-11T00:00:00Z", None],
        },
        costs={"node": ["billed"], "day": ["2025-06-30"], "component": ["storage"], "amount": ["9.00"]},
        **more,
    )


PRICES = {
    "what": ["storage", "storage", "storage", "queries"],
    "tier": [None, None, "archive", None],
    "unit": ["TiB-month", "TiB-month", "TiB-month", "TB"],
    "amount": ["30.00", "23.00", "3.00", "5.00"],
    "kind": ["contracted", "list", None, None],
}


def test_storage_is_priced_by_tier_and_the_contract() -> None:
    snap = lake().priced(PRICES, ("2025-06-01", "2025-06-30"))
    assert amounts(snap.cost(by="dataset")) == {"hot": 30_000_000, "gone": 30_000_000, "billed": 9_000_000, "cold": 6_000_000}
    assert snap.priced(PRICES, ("2025-06-01", "2025-06-30")) == snap  # twice is once
    assert lake().merge(snap).merge(snap).costs["amount"].sum() == 75_000_000
    both = lake().priced(PRICES, ("2025-06-16", "2025-07-31")).costs.filter(pl.col("node") == "hot")
    assert both.select("day", "amount").rows() == [(date(2025, 6, 16), 15_000_000), (date(2025, 7, 1), 30_000_000)]
    assert lake().priced(PRICES).costs.height == 1 + 2  # the recorded costs are of one day


@settings(max_examples=25)
@given(st.integers(1, 9 * 10**16), st.decimals("0", "99999", places=4), st.integers(1, 28), st.integers(0, 60))
def test_priced_to_the_micro_unit(size: int, price: Decimal, first: int, days: int) -> None:
    snap = ln.from_frames(nodes={"id": ["t"], "bytes": [size]})
    begin = date(2025, 2, first)
    last = begin + timedelta(days=days)
    rows = snap.priced({"unit": ["GB-month"], "amount": [price]}, (begin, last)).costs
    exact: dict[int, Fraction] = defaultdict(Fraction)
    for n in range(days + 1):
        day = begin + timedelta(days=n)
        exact[day.month] += Fraction(price) * 10**6 * size / 10**9 / {2: 28, 3: 31, 4: 30}[day.month]
    assert dict(zip(rows["day"].dt.month(), rows["amount"], strict=True)) == {m: round(a) for m, a in exact.items() if round(a)}


@pytest.mark.parametrize(
    ("prices", "message"),
    [
        ({"unit": ["TiB"], "amount": ["1"]}, "row 1: unit 'TiB'"),
        ({"unit": ["TiB-month"], "amount": ["-1"]}, "a price is not negative"),
        ({"unit": ["TiB-month"], "amount": ["NaN"]}, "row 1: the amount is 'NaN'"),
        ({"unit": ["TiB-month"], "amount": ["1"], "tier": ["archive"]}, "no price for tier 'standard' on 2025-06-01"),
        ({"unit": ["TiB-month"], "amount": ["1"], "to": ["2025-06-03"]}, "no price for tier '(archive|standard)' on 2025-06-04"),
        ({"unit": ["TiB-month"] * 2, "amount": ["1", "2"]}, "two contracted prices for tier"),
        ({"what": ["storage"]}, "column 'unit' is missing"),
    ],
)
def test_prices_that_do_not_do_say_why(prices: object, message: str) -> None:
    with pytest.raises(ln.LineageError, match=message):
        lake().priced(prices, ("2025-06-01", "2025-06-30"))


# -- the period ---------------------------------------------------------------------------------------------------


def shifted(**edges: Any) -> ln.Snapshot:
    at = [datetime(2025, m, 1, tzinfo=UTC) for m in (1, 3, 5, 7)]
    return ln.from_frames(
        nodes={"id": ["t", "r1", "r2", "r3"], "kind": ["dataset", "report", "report", "report"]},
        edges={"source": ["t"] * 3, "target": ["r1", "r2", "r3"], "first_seen": [at[0], at[2], at[1]], "last_seen": [at[1], at[3], at[1]], **edges},
        usage={"node": ["t", "t"], "consumer": ["r1", "r2"], "day": ["2025-02-01", "2025-06-01"], "reads": [3, 1]},
        costs={"node": ["t", "t"], "day": ["2025-02-15", "2025-06-15"], "amount": ["12.00", "12.00"]},
    )


def test_cost_flows_along_what_held_in_the_period() -> None:
    snap = shifted()
    assert set(amounts(snap.cost(by="report", method="shapley"))) == {"r1", "r2", "r3"}
    early = snap.cost(by="report", method="shapley", period=("2025-02-01", "2025-02-28"))
    assert amounts(early) == {"r1": 6_000_000, "r3": 6_000_000}  # r2 came later; r3 was seen once, which says nothing of other days
    assert any("1 edge known only from other days left out" in note for note in early.trust)
    late = snap.cost(by="report", method="shapley", period=("2025-06-01", "2025-06-30"))
    assert amounts(late) == {"r2": 6_000_000, "r3": 6_000_000}
    soon_after = snap.cost(by="report", method="shapley", period=("2025-03-10", "2025-06-30"))
    assert set(amounts(soon_after)) == {"r1", "r2", "r3"}  # r1 was seen for two months and is silent for a week
    nothing_seen = snap.cost(by="report", method="shapley", period=("2025-06-15", "2025-06-15"))
    assert any("no reads of these days are recorded, so those of the whole log" in note for note in nothing_seen.trust)


def test_edges_count_until_they_expire() -> None:
    snap = shifted(first_seen=[None] * 3, last_seen=["2025-07-01T00:00:00Z"] * 3, expires_at=["2025-03-01T00:00:00Z", None, None])
    assert "r1" not in amounts(snap.cost(by="report", method="even", period=("2025-06-01", "2025-06-30")))
    assert amounts(snap.cost(by="report", method="even", period=("2025-02-01", "2025-02-28")))["r1"] == 4_000_000


@settings(max_examples=15)
@given(frames(), st.sampled_from(BY), st.sampled_from(METHODS))
def test_a_period_is_conserved(parts: Parts, by: str, method: str) -> None:
    for nth, edge in enumerate(parts["edges"]):
        edge["first_seen"] = edge["last_seen"] - timedelta(days=40 * (nth % 3))
    snap = snapshot(parts)
    answer = snap.cost(by=by, method=method, period=(DAY, DAY))
    assert answer.frame["amount"].sum() == snap.costs["amount"].sum()
    explained(answer)


# -- input that does not fit --------------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", ["NaN", "inf", "-Infinity", "1,50", "free"])
def test_amounts_that_are_none_are_rejected(bad: str, tmp_path: Path) -> None:
    snap = ln.from_frames(costs={"node": ["t", "t"], "day": ["2025-01-01"] * 2, "amount": ["1.00", bad]})
    assert snap.report.reasons() == {"amount is not a money amount": 1} and snap.report.rejections["position"].to_list() == ["row 1"]
    assert snap.cost().summary["billed"] == 1_000_000
    path = tmp_path / "costs.csv"
    path.write_text(f'node,day,amount\nt,2025-01-01,1.00\nt,2025-01-02,"{bad}"\n', encoding="utf-8")
    assert ln.read(path).report.rejections.select("position", "value").row(0)[0] == "row 2"


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf"), 1e300])
def test_floats_that_are_no_amount_are_rejected(bad: float) -> None:
    snap = ln.from_frames(costs={"node": ["t", "t"], "day": ["2025-01-01"] * 2, "amount": [1.0, bad]})
    assert snap.report.reasons() == {"amount is not a money amount": 1} and snap.cost().summary["billed"] == 1_000_000


def test_whole_numbers_far_below_a_cent_and_scanners_are_told() -> None:
    tables = [f"t{i:02}" for i in range(12)]
    snap = ln.from_frames(usage={"node": tables, "consumer": ["bot"] * 12, "day": ["2025-01-01"] * 12}, costs={"node": ["t00"], "day": ["2025-01-01"], "amount": [12]})
    trust = " ".join(snap.cost().trust)
    assert "count micro-units" in trust and "bot read nearly every table" in trust
    assert "bot read" not in " ".join(snap.cost(monitors="bot").trust)


def test_a_period_to_the_end_of_time_and_its_words() -> None:
    answer = people().cost(period=("2025-01-01", "9999-12-31"))
    assert "from 2025-01-01 to 9999-12-31" in answer.headline


def test_many_daily_rates_are_checked_and_found_at_once() -> None:
    days = [date(2015, 1, 1) + timedelta(days=n) for n in range(4000)]
    names = [f"{a}{b}X" for a in "ABCDEF" for b in "GHIJK"]
    table = pl.DataFrame({"currency": [c for c in names for _ in days], "rate": [f"1.{n % 97}" for _ in names for n in range(4000)], "from": days * 30, "to": days * 30})
    rows = pl.DataFrame({"amount": [100], "currency": ["agx"], "day": [days[5]]})
    assert convert(rows, "usd", table).rows["amount"].to_list() == [150]
    clash = pl.concat([table, table.tail(1).with_columns(pl.lit("7").alias("rate"))])
    with pytest.raises(ln.LineageError, match="two rates of FKX for"):
        convert(rows, "usd", clash)
    with pytest.raises(ln.LineageError, match="give the line a day"):
        convert(rows.with_columns(pl.lit(None, pl.Date).alias("day")), "USD", table)


def test_costs_of_nobody_are_a_line() -> None:
    snap = ln.from_frames(nodes={"id": ["t"]}, costs={"node": ["t", "who", None], "day": ["2025-01-01"] * 3, "amount": ["1.00", "2.00", "4.00"]})
    answer = snap.cost(by="dataset")
    assert amounts(answer)["unallocated"] >= 4_000_000 and answer.frame["amount"].sum() == 7_000_000


def test_costs_in_the_future_are_told() -> None:
    snap = ln.from_frames(
        nodes={"id": ["t"]},
        usage={"node": ["t"], "consumer": ["ana"], "day": ["2025-01-10"]},
        costs={"node": ["t", "t"], "day": ["2025-01-01", "2031-01-01"], "amount": ["1.00", "2.00"]},
    )
    answer = snap.cost()
    assert answer.summary["billed"] == 3_000_000
    assert any("Costs run from 2025-01-01 to 2031-01-01, the usage log from 2025-01-10 to 2025-01-10" in n for n in answer.trust)


def test_empty_logs_are_told() -> None:
    with pytest.raises(ln.LineageError, match="holds no costs"):
        ln.from_frames(nodes={"id": ["t"]}).cost()
    snap = ln.from_frames(nodes={"id": ["t"]}, costs={"node": ["t"], "day": ["2025-01-01"], "amount": ["1.00"]})
    assert amounts(snap.cost()) == {"unconsumed": 1_000_000}
    assert any("there is no usage log" in note for note in snap.cost().trust)
    with pytest.raises(ln.LineageError, match="no costs from 2025-02-01 to 2025-02-28; recorded are 2025-01-01 to 2025-01-01"):
        snap.cost(period=("2025-02-01", "2025-02-28"))


def test_overlapping_hours_are_both_paid() -> None:
    hour = datetime(2025, 1, 1, 10, tzinfo=UTC)
    snap = ln.from_frames(
        nodes={"id": ["m", "a", "t"], "kind": ["compute", "job", "dataset"]},
        edges={"source": ["a"], "target": ["t"], "type": ["WRITE"]},
        runs={"job": ["a"], "run": ["1"], "compute": ["m"], "start": [hour], "end": [hour + timedelta(minutes=90)]},
        costs={"node": ["m"] * 2, "day": ["2025-01-01"] * 2, "amount": ["1.00", "2.00"], "start": [hour, hour + timedelta(minutes=30)], "end": [hour + timedelta(hours=1), hour + timedelta(hours=2)]},
    )
    assert amounts(snap.cost(by="dataset")) == {"t": 1_000_000 + 1_333_333, "idle": 666_667}


def test_runs_without_an_end_leave_the_machine_unallocated() -> None:
    hour = datetime(2025, 1, 1, 10, tzinfo=UTC)
    snap = ln.from_frames(
        nodes={"id": ["m"], "kind": ["compute"]},
        runs={"job": ["a"], "run": ["1"], "compute": ["m"], "start": [hour]},
        costs={"node": ["m"], "day": ["2025-01-01"], "amount": ["1.00"]},
    )
    explained(snap.cost())
    assert amounts(snap.cost()) == {"unallocated": 1_000_000}
