"""Billing exports of clouds: recognised as they come, read to the micro-unit."""

from __future__ import annotations

import gzip
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

import lineage_nb as ln
from lineage_nb.sources.billing.reader import plain

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
    assert ln.read(written(tmp_path, "net.csv", within)).costs["amount"].sum() == 8_000_000
    apart = within + "\n" + line.replace("a1,", "a9,").replace(",Usage,", ",EdpDiscount,").replace(",10,", ",-2,") + ",-2"
    assert ln.read(written(tmp_path, "apart.csv", apart)).costs["amount"].sum() == 8_000_000


def test_exports_are_listed_and_others_left_alone(tmp_path: Path) -> None:
    assert {"focus", "cur"} <= set(ln.formats()["format"])
    assert plain("lineItem/UsageStartDate") == plain("line_item_usage_start_date")
    other = written(tmp_path, "edges.csv", "source,target\na,b\n")
    assert ln.read(other).report.files["format"].to_list() == ["frames"]
