"""Where personal data leaves: reports, exports, shares, feature sets, files, jobs; people who may read it, or did."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import polars as pl

from lineage_nb.analyses.pii.access import Access
from lineage_nb.analyses.pii.clock import decision_day
from lineage_nb.analyses.terminal import not_exporting
from lineage_nb.analyses.unused.unlogged import EXPORTS, SERVED, SHARES, is_served, open_doors, word
from lineage_nb.analyses.usage_log import UsageLog, covered
from lineage_nb.graph.csr import Ints
from lineage_nb.graph.lineage import Lineage

__all__ = ["DENIED", "FACTS", "Reads", "by_grant", "by_reading", "day_of", "ends", "jobs", "reads_of", "used"]

FACTS: Final = {
    "key": pl.Int64,
    "kind": pl.String,
    "how": pl.String,
    "place": pl.Int64,
    "hides": pl.Int64,
    "sure": pl.Boolean,
    "normal": pl.Boolean,
    "holder": pl.Int64,
    "condition": pl.String,
    "limited": pl.Boolean,
}
"""Who gets what of a place, all as numbers of nodes: columns of what these functions give."""
DENIED: Final = "read, though denied"
"""How somebody gets what the log shows them reading and a deny takes away."""
_SERVED: Final = (*SERVED, "feature set", "feature store", "featureset", "featuretable", "featureview", "online store")
_FILES: Final = ("file", "stage", "external stage", "internal stage", "path", "external path", "directory", "folder", "volume")
_NO_DATA: Final = ("job", "column", "principal", "compute", "report")
_PATH: Final = r"^(@|~?/|\.{1,2}/|[A-Za-z]:[\\/])|\.(csv|tsv|ndjson|jsonl|parquet|avro|xlsx|gz)$"
"""Names of stages and files where no source says what they are."""


@dataclass(frozen=True)
class Reads:
    """Reads in the window.

    Attributes
    ----------
    by : polars.DataFrame
        Columns reader, home, place (the column that the log names, else the home), named (whether it names one), last.
    open : polars.DataFrame
        Columns home, blind: homes of which some reads have no name, or whose log does not cover the window.
    """

    by: pl.DataFrame
    open: pl.DataFrame


def reads_of(lineage: Lineage, log: UsageLog, days: int) -> Reads:
    """Take the reads of the last `days` days of the log."""
    window = log.window(days)
    every = log.reads.filter(pl.col("day").is_between(*window)) if window is not None else log.reads.clear()
    place = pl.coalesce(pl.Series("at", lineage.coded.numbers(every["column"])).cast(pl.Int64), pl.col("i").cast(pl.Int64))
    told = every.with_columns(place=place, named=pl.col("column").is_not_null())
    by = told.drop_nulls("c").group_by(reader=pl.col("c").cast(pl.Int64), home=pl.col("i").cast(pl.Int64), place="place", named="named").agg(last=pl.col("day").max())
    nameless = told.filter(pl.col("c").is_null()).select(home=pl.col("i").cast(pl.Int64)).unique()
    if window is None:
        seen = pl.DataFrame({"home": np.arange(len(lineage.coded.ids))}).cast(pl.Int64)
    else:
        dark = covered(lineage.frames, log, window).filter(~pl.col("covered"))["id"]
        seen = pl.DataFrame({"home": lineage.coded.numbers(dark).cast(pl.Int64)})
    return Reads(by.sort("reader", "home", "place"), pl.concat([nameless, seen]).unique().with_columns(blind=True))


def _facts(frame: pl.DataFrame, **more: object) -> pl.DataFrame:
    defaults = {"hides": 0, "sure": True, "normal": False, "holder": None, "condition": None, "limited": False} | more
    missing = {n: pl.lit(v, FACTS[n]) for n, v in defaults.items() if n not in frame.columns}
    return frame.with_columns(**missing).select(pl.col(n).cast(t) for n, t in FACTS.items())


def _homes(lineage: Lineage, places: Ints) -> pl.DataFrame:
    return pl.DataFrame({"place": places.astype(np.int64), "home": lineage.coded.data[places].astype(np.int64)})


def ends(lineage: Lineage, places: Ints) -> pl.DataFrame:
    """List places that are of a report, an export, a share, a feature set, or a file or stage that is read by its path.

    What one source calls a share, an export or a feature set is one, whatever another calls it.

    Returns
    -------
    polars.DataFrame
        Columns of `FACTS`; a report's are normal: showing is what it is for.
    """
    nodes = lineage.frames["nodes"]
    doors = open_doors(lineage.frames).select("id", "door", "path")
    told = nodes.select("id", "kind", "type", "name", "deleted_at", home=pl.int_range(pl.len(), dtype=pl.Int64)).join(doors, on="id", how="left", maintain_order="left")
    exported, shared, served = (pl.col("id").is_in(_called(lineage, words).implode()) for words in (EXPORTS, SHARES, _SERVED))
    served &= ~pl.col("kind").is_in(_NO_DATA) & pl.col("deleted_at").is_null()
    filed = (word("type").is_in(_FILES) | (pl.col("type").is_null() & pl.col("name").str.contains(_PATH))) & ~pl.col("kind").is_in(_NO_DATA)
    by_tag = pl.col("door").str.starts_with("its tags").fill_null(value=False)
    kind = (
        pl.when(pl.col("kind") == "report").then(pl.lit("report"))
        .when(exported).then(pl.lit("export"))
        .when(shared).then(pl.lit("share"))
        .when(is_served() | served).then(pl.lit("features"))
        .when(by_tag).then(pl.lit("share"))
        .when(pl.col("path").fill_null(value=False) | filed.fill_null(value=False)).then(pl.lit("file"))
    )
    found = told.with_columns(end=kind).drop_nulls("end").select("home", kind="end")
    how = pl.col("kind").replace_strict({"report": "view", "features": "serve", "file": "path"}, default="copy")
    rows = _homes(lineage, places).join(found, on="home")
    return _facts(rows.with_columns(key="home", how=how, normal=pl.col("kind") == "report"))


def _called(lineage: Lineage, words: tuple[str, ...]) -> pl.Series:
    """Ids of nodes that any source calls by one of these words; of several types the snapshot keeps only one."""
    every = [lineage.data.frames["nodes"].select("id", "kind", "type"), lineage.frames["nodes"].select("id", "kind", "type")]
    said = [part.filter((word("type").is_in(words) | word("kind").is_in(words)).fill_null(value=False))["id"] for part in every]
    return pl.concat(said).unique()


def jobs(lineage: Lineage, places: Ints) -> pl.DataFrame:
    """List places that a job reads which writes nothing that any source records: it may take them anywhere."""
    coded = lineage.coded
    quiet = coded.numbers(not_exporting(lineage)).drop_nulls().cast(pl.Int64)
    read = coded.edges.filter(pl.col("type") == "READ").select(key=pl.col("target").cast(pl.Int64), at=pl.col("source").cast(pl.Int64), home=pl.col("source_data").cast(pl.Int64))
    read = read.filter(~pl.col("key").is_in(quiet.implode())).unique()
    whole = read.filter(pl.col("at") == pl.col("home")).drop("at")
    by_home = _homes(lineage, places).join(whole, on="home").with_columns(sure=pl.col("place") == pl.col("home"))
    own = _homes(lineage, places).join(read.filter(pl.col("at") != pl.col("home")).drop("home"), left_on="place", right_on="at").with_columns(sure=True)
    rows = pl.concat([by_home.select("key", "place", "sure"), own.select("key", "place", "sure")]).sort("key", "place", ~pl.col("sure"))
    return _facts(rows.unique(["key", "place"], keep="first", maintain_order=True), kind="job", how="job")


def _kinds(lineage: Lineage) -> pl.DataFrame:
    """What a principal is called, by number: its type."""
    nodes = lineage.frames["nodes"]
    return nodes.select(key=pl.int_range(pl.len(), dtype=pl.Int64), kind=pl.coalesce(word("type"), pl.lit("principal")))


def by_grant(lineage: Lineage, allowed: pl.DataFrame) -> pl.DataFrame:
    """List what grants let read; of a report they let view."""
    if allowed.is_empty():
        return pl.DataFrame(schema=FACTS)
    report = pl.Series(lineage.coded.of_kind("report")).gather(lineage.coded.data[allowed["place"].to_numpy()])
    rows = allowed.with_columns(normal=report, how=pl.when(report).then(pl.lit("view")).otherwise(pl.lit("grant")))
    return _facts(rows.rename({"reader": "key"}).join(_kinds(lineage), on="key"))


def by_reading(lineage: Lineage, places: Ints, reads: Reads, who: Access) -> pl.DataFrame:
    """List what principals were seen to view, and to read without a grant that lets them.

    A log that names no columns says that some were read; which ones is only possible. So is what a deny takes away:
    the two records contradict each other.
    """
    principal = pl.Series(lineage.coded.of_kind("principal"))
    by = reads.by.filter(principal.gather(reads.by["reader"])) if reads.by.height else reads.by
    homes = _homes(lineage, places)
    whole = homes.join(by.filter(~pl.col("named")).select("reader", "home"), on="home").with_columns(sure=pl.col("place") == pl.col("home"))
    own = homes.join(by.filter("named").select("reader", "place"), on="place").with_columns(sure=True)
    rows = pl.concat([whole.select("reader", "home", "place", "sure"), own.select("reader", "home", "place", "sure")])
    rows = rows.sort("reader", "place", ~pl.col("sure")).unique(["reader", "place"], keep="first", maintain_order=True)
    report = pl.Series(lineage.coded.of_kind("report")).gather(rows["home"]) if rows.height else pl.Series([], dtype=pl.Boolean)
    rows = rows.with_columns(normal=report, how=pl.when(report).then(pl.lit("view")).otherwise(pl.lit("read, no grant known")))
    rows = rows.join(who.denied.with_columns(denied=pl.lit(value=True)), on=["reader", "place"], how="left")
    denied = pl.col("denied").is_not_null()
    rows = rows.with_columns(sure=(pl.col("sure") | pl.col("normal")) & ~denied, normal=pl.col("normal") & ~denied, how=pl.when(denied).then(pl.lit(DENIED)).otherwise("how"))
    rows = rows.join(who.allowed.select("reader", "place"), on=["reader", "place"], how="anti")
    return _facts(rows.rename({"reader": "key"}).join(_kinds(lineage), on="key"))


def used(lineage: Lineage, facts: pl.DataFrame, reads: Reads, who: Access) -> pl.DataFrame:
    """Tell of what principals may read whether they do: columns key, place, use, last.

    used: they, or somebody in them, read it in the window; stale: nobody did, and the log would show it; unknown: the
    log does not cover the window, or some of its reads have no name. Of reports only when they were viewed last.
    """
    people = who.members["member"].unique().implode()
    pairs = facts.filter(pl.col("how").is_in(["grant", "view"]) & pl.col("key").is_in(people)).select("key", "place").unique()
    pairs = pairs.with_columns(home=pl.Series(lineage.coded.data[pairs["place"].to_numpy()]).cast(pl.Int64)) if pairs.height else pairs.with_columns(home=pl.lit(None, pl.Int64))
    seen = reads.by.join(who.members, left_on="reader", right_on="member").rename({"group": "key"})
    whole = seen.filter(~pl.col("named")).group_by("key", "home").agg(whole=pl.col("last").max())
    own = seen.filter("named").group_by("key", "place").agg(own=pl.col("last").max())
    told = pairs.join(whole, on=["key", "home"], how="left").join(own, on=["key", "place"], how="left").join(reads.open, on="home", how="left")
    last = pl.max_horizontal("whole", "own").cast(pl.Date)
    use = pl.when(last.is_not_null()).then(pl.lit("used")).when(pl.col("blind").is_not_null()).then(pl.lit("unknown")).otherwise(pl.lit("stale"))
    shown = facts.filter(pl.col("kind") == "report").select("key", "place").unique()
    viewed = reads.by.group_by("home").agg(last=pl.col("last").max())
    views = shown.join(viewed, left_on="key", right_on="home").select("key", "place", use=pl.lit(None, pl.String), last="last")
    return pl.concat([told.select("key", "place", use=use, last=last), views])


def day_of(lineage: Lineage, log: UsageLog) -> date | None:
    """The latest day that anything was recorded: the day by which decisions are judged."""
    days = (decision_day(lineage), log.end)
    return max((d for d in days if d is not None), default=None)
