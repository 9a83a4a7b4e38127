"""Billing exports of clouds: recognised as they come, read to the micro-unit."""

from __future__ import annotations

import gzip
import time
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lineage_nb as ln
from lineage_nb.errors import LineageError
from lineage_nb.model.bills import micro_units, settled
from lineage_nb.model.merge import unite
from lineage_nb.model.names import NameIndex
from lineage_nb.model.report import FileReport
from lineage_nb.model.resources import match_resources
from lineage_nb.model.schema import empty
from lineage_nb.sources.billing.reader import CUR as CUR_LAYOUT
from lineage_nb.sources.billing.reader import lines_of, plain

FOCUS = """\
BilledCost,EffectiveCost,ListCost,ContractedCost,BillingCurrency,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,ChargeCategory,ChargeClass,ChargeDescription,CommitmentDiscountId,ResourceId,ResourceName,ServiceCategory,ServiceName,SubAccountId,SkuId,Tags
12.345678,12.345678,20,12.345678,USD,2025-06-01T00:00:00Z,2025-07-01T00:00:00Z,2025-06-01T00:00:00Z,2025-06-02T00:00:00Z,Usage,,Storage of orders,,db/shop.orders,orders,Storage,Blob,acc-1,sku-1,"{""team"":""core""}"
2.5,2.5,3,2.5,USD,2025-06-01T00:00:00Z,2025-07-01T00:00:00Z,2025-06-01T00:00:00Z,2025-06-02T00:00:00Z,Usage,,Queries,,arn:9,wh_small,Analytics,Warehouse,acc-1,sku-2,
100,0,100,100,USD,2025-06-01T00:00:00Z,2025-07-01T00:00:00Z,2025-06-01T00:00:00Z,2025-07-01T00:00:00Z,Purchase,,One month,commit-7,,,Compute,Warehouse,acc-1,sku-3,
-7.25,-7.25,-7.25,-7.25,USD,2025-06-01T00:00:00Z,2025-07-01T00:00:00Z,2025-06-30T00:00:00Z,2025-07-01T00:00:00Z,Credit,,Promotion,,,,Other,,acc-1,,
20.43,20.43,20.43,20.43,USD,2025-06-01T00:00:00Z,2025-07-01T00:00:00Z,2025-06-01T00:00:00Z,2025-07-01T00:00:00Z,Tax,,VAT,,,,Other,,acc-1,,
0.5,0.5,1,0.5,USD,2025-06-01T00:00:00Z,2025-07-01T00:00:00Z,2025-06-03T00:00:00Z,2025-06-04T00:00:00Z,Usage,,Lookups,,arn:unknown,nobody,Networking,DNS,acc-1,sku-4,
0.5,0.5,1,0.5,USD,2025-06-01T00:00:00Z,2025-07-01T00:00:00Z,2025-06-03T00:00:00Z,2025-06-04T00:00:00Z,Usage,,Lookups,,arn:unknown,nobody,Networking,DNS,acc-1,sku-4,
"""
CUR = """\
identity/LineItemId,identity/TimeInterval,bill/InvoiceId,lineItem/UsageAccountId,lineItem/LineItemType,lineItem/UsageStartDate,lineItem/UsageEndDate,lineItem/ProductCode,lineItem/ResourceId,lineItem/CurrencyCode,lineItem/UnblendedCost,lineItem/LineItemDescription,product/productFamily
a1,2025-06-01T00:00:00Z/2025-06-01T01:00:00Z,I-1,123,Usage,2025-06-01T00:00:00Z,2025-06-01T01:00:00Z,AmazonS3,lake-bucket,USD,0.0000004,Requests,API Request
a2,2025-06-01T00:00:00Z/2025-06-01T01:00:00Z,I-1,123,Usage,2025-06-01T00:00:00Z,2025-06-01T01:00:00Z,AmazonS3,lake-bucket,USD,0.0000004,Requests,API Request
a3,2025-06-01T00:00:00Z/2025-06-01T01:00:00Z,I-1,123,Usage,2025-06-01T00:00:00Z,2025-06-01T01:00:00Z,AmazonS3,lake-bucket,USD,3E-7,Requests,API Request
a4,2025-06-01T00:00:00Z/2025-07-01T00:00:00Z,I-1,123,RIFee,2025-06-01T00:00:00Z,2025-07-01T00:00:00Z,AmazonRedshift,,USD,50,Reserved,
a5,2025-06-01T00:00:00Z/2025-07-01T00:00:00Z,I-1,123,EdpDiscount,2025-06-01T00:00:00Z,2025-07-01T00:00:00Z,AmazonS3,,USD,-5,Agreed discount,
a5,2025-06-01T00:00:00Z/2025-07-01T00:00:00Z,I-1,123,EdpDiscount,2025-06-01T00:00:00Z,2025-07-01T00:00:00Z,AmazonS3,,USD,-5,Agreed discount,
"""
NODES = {"nodes": {"id": ["db/shop.orders", "compute:sf/wh_small", "db/lake"], "kind": ["dataset", "compute", "dataset"]}}


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def known(**more: object) -> ln.Snapshot:
    return ln.from_frames(**NODES, **more)


def test_focus_becomes_costs(tmp_path: Path) -> None:
    snap = ln.read(written(tmp_path, "export.csv", FOCUS))
    costs = snap.data.frames["costs"].sort("component", "amount")
    assert dict(costs.group_by("component").agg(pl.col("amount").sum()).iter_rows()) == {
        "storage": 12_345_678, "analytics": 2_500_000, "commitment": 100_000_000, "credit": -7_250_000, "tax": 20_430_000, "networking": 1_000_000,
    }
    assert costs["amount"].sum() == 129_025_678 and set(costs["currency"]) == {"USD"} and costs["node"].null_count() == 7
    purchase = costs.filter(pl.col("component") == "commitment").row(0, named=True)
    assert str(purchase["day"]) == "2025-06-01" and str(purchase["end"])[:10] == "2025-07-01" and purchase["commitment"] == "commit-7"
    assert snap.report.read == snap.report.accepted == 7


def test_resources_become_nodes_when_they_are_known(tmp_path: Path) -> None:
    bill = ln.read(written(tmp_path, "export.csv", FOCUS))
    snap = bill.merge(known())
    amounts = dict(snap.cost(by="dataset").frame.select("key", "amount").iter_rows())
    assert amounts["db/shop.orders"] == 12_345_678  # by its id
    assert amounts["unallocated"] == 129_025_678 - 12_345_678
    lost = snap.cost(by="dataset").explain("unallocated")
    assert lost.filter(pl.col("node") == "compute:sf/wh_small")["amount"].item() == 2_500_000  # by the end of its id; nothing ran there
    assert any("1 resource" in note for note in snap.cost().trust)
    by_alias = bill.merge(known(aliases={"name": ["arn:unknown"], "node": ["db/lake"]}))
    assert dict(by_alias.cost(by="dataset").frame.select("key", "amount").iter_rows())["db/lake"] == 1_000_000
    two = bill.merge(ln.from_frames(nodes={"id": ["a/wh_small", "b/wh_small"]}))
    assert "a/wh_small" not in two.cost(by="dataset").frame["key"]  # two fit: nothing is guessed


@pytest.mark.parametrize("name", ["e.csv.gz", "e.tsv", "e.parquet", "e.ndjson"])
def test_every_kind_of_file_says_the_same(tmp_path: Path, name: str) -> None:
    expected = ln.read(written(tmp_path, "plain.csv", FOCUS)).costs
    frame = pl.read_csv(FOCUS.encode(), infer_schema=False)
    path = tmp_path / name
    if name.endswith(".gz"):
        path.write_bytes(gzip.compress(FOCUS.encode()))
    elif name.endswith(".tsv"):
        frame.write_csv(path, separator="\t")
    else:
        times = [c for c in frame.columns if c.endswith(("Start", "End"))]
        typed = frame.with_columns(
            pl.col("BilledCost", "EffectiveCost", "ListCost", "ContractedCost").cast(pl.Float64),
            *(pl.col(c).str.to_datetime("%Y-%m-%dT%H:%M:%SZ") for c in times),
            pl.Series("Tags", [[{"key": "team", "value": "core"}]] + [[]] * 6),
        )
        typed.write_parquet(path) if name.endswith("parquet") else frame.write_ndjson(path)
    found = ln.read(path)
    columns = ["day", "component", "amount", "currency", "role"]
    assert found.costs.select(columns).sort(columns).equals(expected.select(columns).sort(columns))


def test_a_file_read_twice_counts_once_and_equal_lines_twice(tmp_path: Path) -> None:
    first, again = written(tmp_path, "a.csv", FOCUS), written(tmp_path, "b.csv", FOCUS)
    assert ln.read([first, again]).costs["amount"].sum() == 129_025_678
    assert ln.read(first).merge(ln.read(again)).content_hash == ln.read([first, again]).content_hash


def test_rows_that_cannot_be_read_are_counted(tmp_path: Path) -> None:
    head, *rows = FOCUS.splitlines()
    bad = [rows[0].replace("12.345678,12", "NaN,12", 1), rows[0].replace("2025-06-01T00:00:00Z,2025-06-02", "soon,2025-06-02"), rows[0].replace("12.345678,", ",", 1)]
    snap = ln.read(written(tmp_path, "e.csv", "\n".join([head, *rows, *bad, rows[0].replace("12.345678", "1e999", 1)])))
    assert (snap.report.read, snap.report.accepted) == (11, 7)
    assert snap.report.reasons() == {"the amount is not a number": 3, "the start of the charge is not a time": 1}
    assert snap.report.rejections["position"].to_list() == ["row 8", "row 9", "row 10", "row 11"]


def test_a_damaged_file_is_a_rejection(tmp_path: Path) -> None:
    good = written(tmp_path, "a.csv", FOCUS)
    broken = tmp_path / "b.csv.gz"
    broken.write_bytes(gzip.compress(FOCUS.encode() * 50)[:300])
    snap = ln.read([good, broken], format="focus")
    assert snap.report.rejected == 1 and snap.costs["amount"].sum() == 129_025_678
    empty = ln.read([good, written(tmp_path, "c.csv", FOCUS.splitlines()[0])])
    assert "empty" in empty.report.files["note"].to_list()


def test_cur_sums_to_the_invoice_to_the_micro_unit(tmp_path: Path) -> None:
    snap = ln.read(written(tmp_path, "cur.csv", CUR))
    costs = snap.costs
    exact = sum(Decimal(v) for v in ("0.0000004", "0.0000004", "3E-7", "50", "-5"))  # a5 has one id: it counts once
    assert Decimal(costs["amount"].sum()) / 10**6 == round(exact, 6)
    amounts = dict(costs.group_by("component").agg(pl.col("amount").sum()).iter_rows())
    assert amounts == {"api request": 0, "commitment": 50_000_000, "edpdiscount": -5_000_000, "rounding": 1}
    assert snap.report.rejected == 0


def test_cur_2_is_read_alike(tmp_path: Path) -> None:
    frame = pl.read_csv(CUR.encode(), infer_schema=False)
    snake = {c: "".join("_" + x.lower() if x.isupper() else x for x in c.replace("/", "_")).replace("__", "_") for c in frame.columns}
    assert snake["lineItem/UnblendedCost"] == "line_item_unblended_cost" and snake["product/productFamily"] == "product_product_family"
    frame.rename(snake).write_parquet(tmp_path / "cur2.parquet")
    columns = ["day", "component", "amount", "currency", "record"]
    old, new = ln.read(written(tmp_path, "cur.csv", CUR)).costs, ln.read(tmp_path / "cur2.parquet").costs
    assert new.select(columns).equals(old.select(columns))


def test_discounts_within_the_lines_are_taken_from_the_net_column(tmp_path: Path) -> None:
    head, first, *_ = CUR.splitlines()
    line = first.replace("0.0000004", "10")
    within = "\n".join([head + ",lineItem/NetUnblendedCost", line + ",8"])
    snap = ln.read(written(tmp_path, "net.csv", within))
    assert snap.costs["amount"].sum() == 8_000_000
    assert snap.in_currency("EUR", {"USD": "2"}).costs["amount"].sum() == 16_000_000
    apart = within + "\n" + line.replace("a1,", "a9,").replace(",Usage,", ",EdpDiscount,").replace(",10,", ",-2,") + ",-2"
    assert ln.read(written(tmp_path, "apart.csv", apart)).costs["amount"].sum() == 8_000_000


def test_exports_are_listed_and_others_left_alone(tmp_path: Path) -> None:
    assert {"focus", "cur"} <= set(ln.formats()["format"])
    assert plain("lineItem/UsageStartDate") == plain("line_item_usage_start_date")
    other = written(tmp_path, "edges.csv", "source,target\na,b\n")
    assert ln.read(other).report.files["format"].to_list() == ["frames"]


def test_a_line_without_a_currency_is_rejected_unless_one_is_given(tmp_path: Path) -> None:
    path = written(tmp_path, "e.csv", "\n".join(line.replace(",USD,", ",,", 1) if "Storage of" in line else line for line in FOCUS.splitlines()))
    snap = ln.read(path)
    assert snap.report.reasons() == {"no currency; give one, as currency='USD'": 1} and snap.report.rejections["position"].item() == "row 1"
    assert set(snap.costs["currency"]) == {"USD"} and snap.costs["amount"].sum() == 129_025_678 - 12_345_678
    euro = ln.read(path, currency="EUR").costs
    assert dict(euro.group_by("currency").agg(pl.col("amount").sum()).iter_rows()) == {"EUR": 12_345_678, "USD": 129_025_678 - 12_345_678}


def test_an_invoice_without_a_currency_is_in_the_currency_asked_for(tmp_path: Path) -> None:
    snap = ln.read(written(tmp_path, "bill.csv", FOCUS.replace(",USD,", ",EUR,")))
    told = snap.cost(invoice=written(tmp_path, "invoice.csv", FOCUS.replace(",USD,", ",,")))
    assert "Of 7 invoice lines 7 are met; the invoice says 129.03 EUR" in repr(told)


# -- lines of one bill, however they are delivered ----------------------------------------------------------

HEAD = "identity/LineItemId,identity/TimeInterval,bill/PayerAccountId,bill/BillingPeriodStartDate,lineItem/LineItemType,lineItem/UsageStartDate,lineItem/UsageEndDate,lineItem/ProductCode,lineItem/CurrencyCode,lineItem/UnblendedCost,lineItem/NetUnblendedCost"


def line(number: str, amount: str, *, charge: str = "Usage", net: str = "", payer: str = "1", month: str = "06", day: str = "01") -> str:
    start = f"2025-{month}-{day}T00:00:00Z"
    return f"{number},{start},{payer},2025-{month}-01T00:00:00Z,{charge},{start},{start},AmazonS3,USD,{amount},{net}"


def delivered(folder: Path, name: str, *lines: str) -> Path:
    return written(folder, name, "\n".join([HEAD, *lines]))


def test_lines_of_one_number_that_differ_both_count(tmp_path: Path) -> None:
    one, other = line("i1", "10.00"), line("i1", "3.00", charge="Tax")
    apart = [delivered(tmp_path, "a.csv", one), delivered(tmp_path, "b.csv", other)]
    assert ln.read(apart).costs["amount"].sum() == 13_000_000
    together = ln.read(delivered(tmp_path, "c.csv", one, other))
    assert together.costs["amount"].sum() == 13_000_000 and together.report.rejected == 0
    assert ln.read([*apart, tmp_path / "c.csv"]).content_hash == together.content_hash  # delivered again: equal lines count once
    payers = delivered(tmp_path, "d.csv", one, line("i1", "10.00", payer="2"), line("i1", "10.00", month="07"))
    assert ln.read(payers).costs["amount"].sum() == 30_000_000


def test_before_or_after_discounts_is_decided_over_a_whole_bill(tmp_path: Path) -> None:
    usage, discount = line("i1", "10", net="8"), line("i2", "-2", charge="EdpDiscount", net="-2")
    elsewhere = line("i3", "10", net="7", payer="2"), line("i4", "10", net="6", month="07")
    first, second = delivered(tmp_path, "a.csv", usage, *elsewhere), delivered(tmp_path, "b.csv", discount)
    amounts = ln.read(first).costs
    assert amounts["amount"].sum() == 21_000_000  # no line of discounts: after discounts
    both, merged = ln.read([first, second]), ln.read(second).merge(ln.read(first))
    assert both.content_hash == merged.content_hash and both.costs.equals(merged.costs)
    assert sorted(both.costs["amount"].to_list()) == [-2_000_000, 6_000_000, 7_000_000, 10_000_000]


ROW = st.builds(
    line,
    st.sampled_from(["i1", "i2", "i3"]),
    st.sampled_from(["0.0000004", "3E-7", "-0.00000051", "1.23456789", "2.5e-6", "10", "0.0000005"]),
    charge=st.sampled_from(["Usage", "Tax", "EdpDiscount"]),
    net=st.sampled_from(["", "0.0000003", "1.2"]),
    payer=st.sampled_from(["1", "2"]),
    day=st.sampled_from(["01", "02"]),
)


def lines(rows: list[str]) -> pl.DataFrame:
    table = pl.DataFrame([r.split(",") for r in rows], schema=HEAD.split(","), orient="row", schema_overrides=dict.fromkeys(HEAD.split(","), pl.String))
    return lines_of(table, CUR_LAYOUT, FileReport("x", None), "")


def slow_total(rows: list[str]) -> int:
    """A bill, currency and day at a time, in exact decimals."""
    given = [dict(zip(HEAD.split(","), r.split(","), strict=True)) for r in sorted(set(rows))]
    apart = {g["bill/PayerAccountId"] for g in given if g["lineItem/LineItemType"].endswith("Discount")}
    sums: dict[Any, Decimal] = {}
    for g in given:
        net = g["lineItem/NetUnblendedCost"] if g["bill/PayerAccountId"] not in apart else ""
        key = g["bill/PayerAccountId"], g["lineItem/UsageStartDate"]
        sums[key] = sums.get(key, Decimal(0)) + Decimal(net or g["lineItem/UnblendedCost"])
    return sum(int((v * 10**6).to_integral_value(ROUND_HALF_EVEN)) for v in sums.values())


@given(st.lists(st.lists(ROW, max_size=6), min_size=1, max_size=4), st.randoms())
def test_any_partition_order_and_repetition_of_files_adds_up_alike(files: list[list[str]], chance: Any) -> None:
    every = [row for file in files for row in file]
    if not every:
        return
    again = [*files, *chance.sample(files, len(files) // 2)]
    chance.shuffle(again)
    # Evidence is a set: equal rows meet.
    frames = [lines(chance.sample(f, len(f))) for f in again if f]
    found = settled(unite([{"costs": f} for f in frames])["costs"].unique("record"))
    whole = settled(lines(every).unique("record"))
    assert found.sort("record").equals(whole.sort("record"))
    assert found["amount"].sum() == slow_total(every)


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-10**12, max_value=10**12, places=None))
def test_amounts_are_read_exactly(value: Decimal) -> None:
    micro, rest = micro_units(pl.Series([str(value)], dtype=pl.String)).row(0)
    with localcontext() as exact:
        exact.prec = 80
        parts = int((value * 10**24).to_integral_value(ROUND_HALF_EVEN))
        assert micro == int((Decimal(parts) / 10**18).to_integral_value(ROUND_HALF_EVEN))
    assert micro * 10**18 + rest == parts


def test_what_was_settled_or_changed_since_is_left_as_it_is() -> None:
    rows = lines([line("i1", "1.2345678", net="1")])
    assert settled(rows)["amount"].to_list() == [1_000_000]
    assert settled(rows.with_columns(amount=pl.lit(5)))["amount"].to_list() == [5]
    small = lines([line("i1", "0.0000004"), line("i2", "0.0000004")])
    rounding = settled(small).filter(pl.col("component") == "rounding")
    assert rounding["amount"].to_list() == [1]
    assert settled(pl.concat([small, rounding], how="diagonal_relaxed"))["amount"].sum() == 1  # told again: once
    own = pl.DataFrame({"day": [1], "exact": ["1.5"], "net": [3]})
    assert settled(own).columns == ["day"]


# -- resources ----------------------------------------------------------------------------------------------


def test_many_resources_that_nobody_knows_cost_little() -> None:
    count = 20_000
    nodes = pl.DataFrame({"id": [f"db/shop.mart{i % 100}.table_{i}" for i in range(count)], "kind": ["dataset"] * count})
    wanted = [f"arn:aws:s3:eu-central-1:123456789012:bucket/part-{i}" for i in range(count - 1)] + ["mart7.table_7"]
    rows = pl.DataFrame({"node": pl.Series([None] * count, dtype=pl.String), "resource": wanted})
    started = time.process_time()
    found, pairs = match_resources(rows, nodes, empty("aliases"))
    assert time.process_time() - started < 3  # a did-you-mean for each would take minutes
    assert pairs["node"].to_list() == ["db/shop.mart7.table_7"] and found["node"].drop_nulls().len() == 1


@given(st.lists(st.text("aA./#:éK", min_size=1, max_size=6), unique=True, max_size=8), st.text("aA./#:ék", min_size=1, max_size=4))
def test_a_name_stands_for_one_id_or_none(ids: list[str], name: str) -> None:
    index = NameIndex(pl.DataFrame({"id": ids, "kind": ["dataset" if len(i) % 2 else "job" for i in ids]}, schema={"id": pl.String, "kind": pl.String}))
    try:
        expected = index.resolve(name)
    except LineageError:
        expected = None
    assert index.only(name) == expected
