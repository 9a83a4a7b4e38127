"""An invoice meets the records: every line and every micro-unit once."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import costly, frames, snapshot

import lineage_nb as ln
from lineage_nb.analyses.cost.reconcile import STATUS

Parts = dict[str, list[dict[str, Any]]]
DAY = date(2025, 6, 30)


def shop(**costs: Any) -> ln.Snapshot:
    return ln.from_frames(
        nodes={"id": ["db/orders", "db/users", "r"], "kind": ["dataset", "dataset", "report"], "owners": [None, None, "X"]},
        edges={"source": ["db/orders", "db/users"], "target": ["r", "r"]},
        costs=costs or {
            "node": ["db/orders", "db/orders", "db/users", None],
            "day": ["2025-06-01", "2025-06-02", "2025-06-01", "2025-06-30"],
            "component": ["storage", "storage", "compute", "tax"],
            "amount": ["10.00", "20.00", "5.00", "7.00"],
            "record": ["a", "b", "c", "d"],
        },
    )


def rows(result: ln.Result) -> list[tuple[Any, ...]]:
    return result.frame.select("line", "invoiced", "recorded", "status", "matched").rows()


def adds_up(result: ln.Result) -> None:
    told, frame = result.summary, result.frame
    assert frame["difference"].sum() == frame["recorded"].sum() - frame["invoiced"].sum()
    after = 0
    for step in told["steps"]:
        after = step["amount"] if step["step"] == "invoice" else after + (step["amount"] if step["kind"] == "change" else 0)
        assert step["after"] == after and (step["kind"] == "change" or step["amount"] == after)
    totals = {s["step"]: s["after"] for s in told["steps"] if s["kind"] == "total"}
    assert totals == {"invoice": told["invoiced"], "billed": told["billed"], "attributed": told["attributed"]}
    assert sum(told[status] for status in STATUS) == frame.height and set(frame["status"]) <= set(STATUS)


# -- laws ---------------------------------------------------------------------------------------------------------


@st.composite
def invoices(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Lines that say much, little or nothing of what they are for; equal ones, credits, days beyond the record."""
    day = st.one_of(st.none(), st.integers(-3, 3).map(lambda n: DAY + timedelta(days=n)))
    lines = []
    for _ in range(draw(st.integers(0, 6))):
        first, long = draw(day), draw(st.integers(0, 3))
        lines.append(
            {
                "node": draw(st.sampled_from([None, "t0", "t1", "r0", "j0", "nowhere", "else"])),
                "component": draw(st.sampled_from([None, "cost", "Cost", "tax"])),
                "first": first,
                "last": None if first is None else first + timedelta(days=long),
                "amount": draw(st.integers(-(10**9), 10**12)),
            }
        )
    return lines + draw(st.lists(st.sampled_from(lines), max_size=2)) if lines else lines


@costly()
@given(frames(), invoices(), st.booleans())
def test_every_line_and_every_record_once(parts: Parts, lines: list[dict[str, Any]], cut: bool) -> None:
    result = snapshot(parts).cost(period=(DAY, DAY) if cut else None)
    invoice = pl.DataFrame(lines, schema={"node": pl.String, "component": pl.String, "first": pl.Date, "last": pl.Date, "amount": pl.Int64})
    met = result.reconcile(invoice)
    adds_up(met)
    frame = met.frame
    assert frame["line"].drop_nulls().to_list() == list(range(1, len(lines) + 1))
    assert frame.filter(pl.col("line").is_not_null())["invoiced"].to_list() == [line["amount"] for line in lines]
    assert frame["recorded"].sum() == result.summary["billed"]
    outside = frame["status"].is_in(["outside", "partly outside"])
    assert cut or not outside.any()
    shown = [met.explain(str(n)) for n in range(len(lines) + 1)]
    assert shown[0]["amount"].sum() == frame.filter(pl.col("status") == "not on the invoice")["recorded"].sum()
    for number, records in enumerate(shown[1:], 1):
        line = frame.filter(pl.col("line") == number).row(0, named=True)
        assert line["records"] == records.height
        assert line["first"] is None or records["day"].is_between(line["first"], line["last"]).all()


@settings(max_examples=10)
@given(frames())
def test_the_records_meet_themselves(parts: Parts) -> None:
    snap = snapshot(parts)
    billed = snap.costs.filter(pl.col("role") == "billed")
    for invoice in (billed, billed.drop("record")):
        met = snap.cost().reconcile(invoice)
        assert set(met.frame["status"]) == {"met"} and met.summary["difference"] == 0
        adds_up(met)


# -- examples -----------------------------------------------------------------------------------------------------


def test_lines_of_every_kind() -> None:
    invoice = {
        "record": ["a", None, None, None, None],
        "resource": [None, "orders", "orders", None, "arn:gone"],
        "service": ["storage", "Storage", None, "tax", "dns"],
        "day": ["2025-06-01", "2025-06-02", "2025-08-01", None, "2025-06-05"],
        "amount": ["10.00", "19.50", "1.00", "7.00", "0.25"],
        "currency": ["USD"] * 5,
    }
    met = shop().cost(period=("2025-06-01", "2025-06-30"), by="owner").reconcile(pl.DataFrame(invoice))
    assert rows(met) == [
        (1, 10_000_000, 10_000_000, "met", "id"),
        (2, 19_500_000, 20_000_000, "differs", "node, component, days"),
        (3, 1_000_000, 0, "outside", None),
        (4, 7_000_000, 7_000_000, "met", "component, days"),
        (5, 250_000, 0, "not recorded", None),
        (None, 0, 5_000_000, "not on the invoice", None),
    ]
    assert [(s["step"], s["amount"]) for s in met.summary["steps"]] == [
        ("invoice", 37_750_000), ("outside the period", -1_000_000), ("not recorded", -250_000), ("not on the invoice", 5_000_000),
        ("differs", 500_000), ("billed", 42_000_000), ("unallocated", -7_000_000), ("attributed", 35_000_000),
    ]
    assert met.explain(2)["record"].to_list() == ["b"] and met.explain(0)["record"].to_list() == ["c"]
    with pytest.raises(ln.LineageError, match="is no line of the invoice"):
        met.explain("orders")


def test_a_line_of_a_month_stands_for_its_days_and_a_day_wins_over_it() -> None:
    invoice = {"component": ["storage", "storage"], "first": ["2025-06-01", "2025-06-02"], "last": ["2025-06-30", "2025-06-02"], "amount": ["10.00", "20.00"]}
    met = shop().cost().reconcile(invoice)
    assert [r[3] for r in rows(met)][:2] == ["met", "met"]
    partly = shop().cost(period=("2025-06-02", "2025-06-30")).reconcile(invoice)
    assert [(r[0], r[3]) for r in rows(partly)][:2] == [(1, "partly outside"), (2, "met")]
    adds_up(partly)


def test_equal_lines_count_twice_without_and_once_with_an_id() -> None:
    twice = {"node": ["orders"] * 2, "amount": ["4.00"] * 2, "day": ["2025-06-01"] * 2}
    snap = shop(node=["db/orders"] * 2, day=["2025-06-01"] * 2, amount=["4.00"] * 2)
    assert snap.cost().reconcile(twice).summary["invoiced"] == 8_000_000
    assert snap.cost().reconcile({**twice, "record": ["x", "x"]}).summary["invoiced"] == 4_000_000
    with pytest.raises(ln.LineageError, match="lines 1 and 2 have the id 'x', but differ"):
        snap.cost().reconcile({**twice, "record": ["x", "x"], "amount": ["4.00", "5.00"]})


def test_the_file_that_was_read_meets_by_id(tmp_path: Path) -> None:
    path = tmp_path / "costs.csv"
    path.write_text("node,day,amount\ndb/orders,2025-06-01,4.00\ndb/orders,2025-06-01,4.00\n,2025-06-02,-1.50\n", encoding="utf-8")
    met = ln.read(path).cost().reconcile(path)
    assert {r[4] for r in rows(met)} == {"id"} and met.summary["met"] == 3


@pytest.mark.parametrize("total", ["40.00", Decimal("40.00"), 40, 40.0])
def test_a_total_is_compared_in_total(total: object) -> None:
    asked = shop().cost(invoice=total)
    assert asked.summary["invoiced"] == 40_000_000 and asked.trust[-1].startswith("Of 1 invoice line 0 are met")
    met = asked.reconcile()
    assert rows(met) == [(1, 40_000_000, 42_000_000, "differs", "in total")]
    adds_up(met)
    assert met.summary["steps"] == asked.summary["steps"]


def test_an_invoice_in_another_currency() -> None:
    costs = {"node": ["db/orders", "db/users"], "day": ["2025-06-01"] * 2, "amount": ["10.00", "10.00"], "currency": ["EUR", "USD"]}
    rates = {"EUR": "1.10"}
    answer = shop(**costs).cost(rates=rates)
    assert answer.summary["billed"] == 21_000_000 and answer.summary["currency"] == "USD"
    in_euro = answer.reconcile({"node": ["orders", "users"], "amount": ["10.00", "10.00"], "currency": ["EUR", "USD"]})
    assert {r[3] for r in rows(in_euro)} == {"met"}
    in_dollars = answer.reconcile({"node": ["orders", "users"], "amount": ["10.80", "10.00"], "currency": ["USD", "USD"]})
    assert ("currency", 200_000) in [(s["step"], s["amount"]) for s in in_dollars.summary["steps"]]
    adds_up(in_dollars)
    with pytest.raises(ln.LineageError, match="invoice: no rate for CHF"):
        answer.reconcile({"amount": ["1.00"], "currency": ["CHF"]})


def test_only_another_rate_for_the_same_amount_is_a_difference_of_currency() -> None:
    costs = {"node": ["db/orders", "db/users"], "day": ["2025-06-01"] * 2, "amount": ["100.00", "50.00"], "currency": ["EUR", "USD"]}
    answer = shop(**costs).cost(rates={"EUR": "1.10"}, currency="USD")

    def steps(invoice: object) -> dict[str, int]:
        met = answer.reconcile(invoice)
        adds_up(met)
        return {s["step"]: s["amount"] for s in met.summary["steps"] if s["step"] in ("currency", "differs")}

    assert steps(165) == {"differs": -5_000_000}  # 160.00 were billed
    assert steps({"node": ["orders", "users"], "amount": ["100.00", "55.00"], "currency": ["EUR", "USD"]}) == {"differs": -5_000_000}
    assert steps({"node": ["orders", "users"], "amount": ["90.00", "50.00"], "currency": ["EUR", "USD"]}) == {"differs": 11_000_000}
    converted = {"node": ["orders", "users"], "amount": ["108.00", "49.00"], "currency": ["USD", "USD"]}
    assert steps(converted) == {"currency": 2_000_000, "differs": 1_000_000}
    assert any("Line 1 counts EUR at 1.08, the bill at 1.1" in note for note in answer.reconcile(converted).trust)


def test_an_invoice_in_euro_of_costs_in_dollars_takes_rates() -> None:
    answer = shop().cost()
    invoice = {"amount": ["40.00"], "currency": ["EUR"]}
    with pytest.raises(ln.LineageError, match="the invoice is in EUR, the costs are in USD"):
        answer.reconcile(invoice)
    assert answer.reconcile(invoice, rates={"eur": "1.05"}, currency="USD").summary["met"] == 1
    with pytest.raises(ln.LineageError, match="the costs are in USD, not EUR"):
        answer.reconcile(invoice, rates={"EUR": "1.05"}, currency="EUR")


@pytest.mark.parametrize("invoice", ["1e30", 1e30, {"amount": ["1e30"]}, {"amount": [2**62]}, pl.DataFrame({"amount": pl.Series([2**64 - 1], dtype=pl.UInt64)})])
def test_amounts_beyond_counting_are_named(invoice: object) -> None:
    with pytest.raises(ln.LineageError, match="beyond what can be counted"):
        shop().cost().reconcile(invoice)


def test_a_long_word_is_no_path() -> None:
    with pytest.raises(ln.LineageError, match="5,000 characters"):
        shop().cost().reconcile("x" * 5000)


def test_exports_are_invoices(tmp_path: Path) -> None:
    from test_focus import CUR, FOCUS

    for text in (FOCUS, CUR):
        path = tmp_path / "export.csv"
        path.write_text(text, encoding="utf-8")
        met = ln.read(path).cost().reconcile(path)
        assert {r[3] for r in rows(met)} == {"met"} and {r[4] for r in rows(met)} == {"id"}
        adds_up(met)
    broken = tmp_path / "broken.csv"
    broken.write_text(FOCUS.replace("12.345678,12", "NaN,12", 1), encoding="utf-8")
    with pytest.raises(ln.LineageError, match=r"invoice, row 1: the amount is not a number.*1 of 7 lines"):
        shop().cost().reconcile(broken)


@pytest.mark.parametrize(
    ("invoice", "message"),
    [
        ({"amount": ["NaN"]}, "line 1: the amount is 'NaN'; give a finite number"),
        ({"amount": ["1", None]}, "line 2: the amount is empty"),
        ({"amount": ["1,50"]}, "line 1: the amount is '1,50'; give a number"),
        ({"amount": [float("inf")]}, "finite number"),
        ({"price": [1]}, "column 'amount' is missing"),
        ({"amount": ["1"], "day": ["June"]}, "row 1: day is 'June'; write YYYY-MM-DD"),
        ({"amount": ["1"], "from": ["2025-02-01"], "to": ["2025-01-01"]}, "is after to"),
        ("nowhere.csv", "no such file"),
        (None, "no invoice; give a path"),
    ],
)
def test_an_invoice_that_cannot_be_read_says_why(invoice: object, message: str) -> None:
    with pytest.raises(ln.LineageError, match=message):
        shop().cost().reconcile(invoice)


def test_only_costs_are_reconciled() -> None:
    with pytest.raises(AttributeError, match="this answers 'unused'"):
        shop().unused().reconcile("1.00")


def test_it_is_shown() -> None:
    met = shop().cost().reconcile("40.00")
    assert "40.00" in repr(met) and "<svg" in met._repr_mimebundle_()["text/html"]
    met.plot()


@pytest.mark.parametrize(("invoiced", "status"), [("1.23", "met"), ("1.24", "differs"), ("1.2301", "differs")])
def test_a_line_in_whole_cents_is_met_by_records_that_differ_by_rounding(invoiced: str, status: str) -> None:
    snap = ln.from_frames(costs={"node": ["t", "t"], "day": ["2026-01-01"] * 2, "amount": ["0.615", "0.6123"], "component": ["c"] * 2})
    met = snap.cost(by="dataset").reconcile(pl.DataFrame({"component": ["c"], "amount": [invoiced], "currency": ["USD"]}))
    assert met.frame["status"].to_list() == [status]
    assert sum(s["amount"] for s in met.summary["steps"] if s["kind"] == "change" and s["step"] in ("rounding", "differs")) == 1_227_300 - round(float(invoiced) * 10**6)
