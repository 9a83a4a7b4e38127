"""Precision and recall of the classifier of personal data on the labelled list, a line a label.

Run it as ``python tests/tools/score_classifier.py [--errors | --markdown]``. The list is split by a hash of the column's name:
rules are tuned on the half `dev` alone; `held` says how good they are. A name counts once for each table it is in.
Names of origin `made` were written by the author of the rules, who knows how they think; those of origin `public` are
the columns of well-known public schemas, labelled by hand: their held half is the fairer figure for a strange schema.
Those of origin `trial` were written and labelled by somebody who tried the classifier; what it missed among them was
named to the author of the rules, so that neither half of them is unseen: they say what is mended, not what to expect.
Those of origin `short` are names cut short in five languages, written before there were rules for them.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import Any

import polars as pl

import lineage_nb as ln

ORIGINS = ("made", "public", "trial", "short")
LIST = Path(__file__).parents[1] / "golden" / "pii_names.csv"


def half(column: str) -> str:
    return "dev" if int(hashlib.sha256(column.lower().encode()).hexdigest(), 16) % 2 else "held"


def labelled() -> pl.DataFrame:
    """node, table, column, type, labels (list), half."""
    rows = pl.read_csv(LIST, schema_overrides={"type": pl.String, "labels": pl.String})
    return rows.with_columns(
        (pl.col("table") + "#" + pl.col("column")).alias("node"),
        pl.when(pl.col("labels").fill_null("") == "").then(pl.lit([], pl.List(pl.String))).otherwise(pl.col("labels").str.split(";")).alias("labels"),
        pl.col("column").map_elements(half, pl.String).alias("half"),
    )


def snapshot(rows: pl.DataFrame) -> ln.Snapshot:
    """The list as columns of tables, without lineage."""
    tables = rows.select(pl.col("table").alias("id"), pl.lit("dataset").alias("kind"), pl.col("table").alias("name")).unique()
    columns = rows.select(
        pl.col("node").alias("id"), pl.lit("column").alias("kind"), pl.col("column").alias("name"), pl.col("table").alias("parent"), pl.col("type").alias("data_type")
    )
    return ln.from_frames(nodes=pl.concat([tables, columns], how="diagonal"))


def marks(rows: pl.DataFrame) -> pl.DataFrame:
    """Every (column, label) that is right or was found: node, label, right, found, half."""
    found = snapshot(rows).classify().frame.select("node", "label").with_columns(found=True)
    right = rows.explode("labels").drop_nulls("labels").select("node", pl.col("labels").alias("label")).with_columns(right=True)
    both = right.join(found, on=["node", "label"], how="full", coalesce=True).with_columns(pl.col("right", "found").fill_null(value=False))
    return both.join(rows.select("node", "half", "origin"), on="node").sort("node", "label")


def table(of: pl.DataFrame) -> pl.DataFrame:
    """label, right, found, precision, recall; the last line is the whole."""
    hit = pl.col("right") & pl.col("found")
    sums = [pl.col("right").sum(), pl.col("found").sum(), hit.sum().alias("hit")]
    lines = pl.concat([of.group_by("label").agg(sums).sort("label"), of.select(pl.lit("(all)").alias("label"), *sums)])
    shares = [(pl.col("hit") / pl.col(c)).round(3).alias(n) for n, c in (("precision", "found"), ("recall", "right"))]
    return lines.with_columns(shares)


def markdown(judged: pl.DataFrame) -> str:
    """The tables of docs/classifier.md: by half and origin, and by label."""

    def shares(line: dict[str, Any] | None) -> str:
        return " | ".join("" if line is None or line[c] is None else f"{line[c]:.2f}" for c in ("precision", "recall"))

    lines = ["| names | personal | found | precision | recall |", "|---|---:|---:|---:|---:|"]
    for half_ in ("held", "dev"):
        for origin in (*ORIGINS, None):
            part = judged.filter((pl.col("half") == half_) & (pl.lit(value=True) if origin is None else pl.col("origin") == origin))
            line = table(part).row(-1, named=True)
            lines.append(f"| {half_}, {origin or 'all'} | {line['right']:,} | {line['found']:,} | {shares(line)} |")
    lines += ["", "| label | held: columns | precision | recall | dev: columns | precision | recall |", "|---|---:|---:|---:|---:|---:|---:|"]
    by = {h: {r["label"]: r for r in table(judged.filter(pl.col("half") == h)).iter_rows(named=True)} for h in ("held", "dev")}
    for label in sorted({*by["held"], *by["dev"]} - {"(all)"}):
        lines.append(f"| {label} | " + " | ".join(f"{by[h][label]['right'] if label in by[h] else 0:,} | {shares(by[h].get(label))}" for h in ("held", "dev")) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    rows = labelled()
    judged = marks(rows)
    if "--markdown" in sys.argv:
        print(markdown(judged))
        return
    negatives = rows.filter(pl.col("labels").list.len() == 0).height
    print(f"{rows.height:,} columns, {negatives / rows.height:.0%} of them no personal data")
    with pl.Config(tbl_rows=-1, tbl_hide_dataframe_shape=True, tbl_hide_column_data_types=True):
        for name in ("dev", "held"):
            print(name, table(judged.filter(pl.col("half") == name)))
        whole = pl.col("label") == "(all)"
        parts = [(h, o, judged.filter((pl.col("half") == h) & (pl.col("origin") == o))) for h in ("dev", "held") for o in ORIGINS]
        print(pl.concat([table(part).filter(whole).with_columns(label=pl.lit(f"{h}, {o}")) for h, o, part in parts]))
        if "--errors" in sys.argv:
            wrong = judged.filter((pl.col("half") == "dev") & (pl.col("right") != pl.col("found")))
            for row in wrong.iter_rows(named=True):
                print("missed" if row["right"] else "wrong ", row["node"], row["label"])


if __name__ == "__main__":
    main()
