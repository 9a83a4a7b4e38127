"""The evidence of verdicts in words, written for all rows at once."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lineage_nb.analyses.unused.tables import NEVER, Tables
from lineage_nb.graph.csr import Ints
from lineage_nb.graph.lineage import Lineage
from lineage_nb.graph.propagate import live

__all__ = ["days_of", "rests_on_possible", "spoken_of", "table_words"]

_BIG = 10**7


def days_of(numbers: Ints) -> pl.Series:
    """Days of day numbers; null for `NEVER`."""
    days = pl.Series("last_read", np.where(numbers > NEVER, numbers, 0)).cast(pl.Int32).cast(pl.Date)
    return pl.select(pl.when(pl.Series(numbers > NEVER)).then(days).alias("last_read"))["last_read"]


def spoken_of(lineage: Lineage, numbers: pl.Series) -> pl.Series:
    """Names of nodes as people say them: tables and people without namespace, where that leaves no doubt.

    Parameters
    ----------
    lineage : Lineage
        A snapshot.
    numbers : polars.Series
        Numbers in the snapshot; null gives null.

    Examples
    --------
    >>> import lineage_nb as ln
    >>> snap = ln.from_frames(nodes={"id": ["db/a.t", "db/b.t"], "namespace": ["db", "db"], "name": ["a.t", "b.t"]})
    >>> spoken_of(snap, pl.Series([1, None])).to_list()
    ['b.t', None]
    """
    different = numbers.drop_nulls().unique().sort()
    nodes = lineage.frames["nodes"].select("id", "kind", "namespace", "name")
    mine = nodes[different.to_numpy()].with_columns(number=different)
    other = nodes.filter(~pl.col("kind").is_in(["column", "job", "report"]) & pl.col("name").is_in(mine["name"].unique().implode()))
    often = other.group_by("name").len("named")
    mine = mine.join(often, on="name", how="left", maintain_order="left")
    plain = (pl.col("id") == pl.col("namespace") + "/" + pl.col("name")) & (pl.col("named") == 1) & ~pl.col("kind").is_in(["column", "job", "report"])
    person = pl.col("id").str.extract(r"^principal:(?:[A-Za-z][A-Za-z0-9+.\-]*://)?[^/]*/(.+)$")
    said = mine.select("number", said=pl.coalesce(pl.when(plain).then("name"), person, "id"))
    return pl.DataFrame({"number": numbers}).join(said, on="number", how="left", maintain_order="left")["said"]


def rests_on_possible(tables: Tables) -> Ints:
    """Count the edges that are only possible and that each verdict rests on.

    Of what is read: the fewest on any way to a read in the window, or to a report whose views are assumed. Of
    anything else: those that leave it.
    """
    (net, proved), n = tables.net, len(tables.graph)
    found = np.zeros(n, dtype=np.int64)
    if proved.all():
        return found
    open_edges = ~proved & (net.source != net.target)
    found += np.bincount(net.source[open_edges], minlength=n)
    read = tables.conditions["live"]
    found[read] = 0
    ends = np.flatnonzero(tables.recent | ~tables.shown)
    unsure = read & ~live(net, ends, allowed=proved)
    if unsure.any():
        found[unsure] = _fewest(tables, unsure)[unsure]
    return found


def _fewest(tables: Tables, unsure: NDArray[np.bool_]) -> Ints:
    """Fewest possible edges from each unsure place to what is live without any."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import dijkstra

    (net, proved), n = tables.net, len(tables.graph)
    sure = tables.conditions["live"] & ~unsure
    at = np.flatnonzero(unsure[net.source] & (unsure | sure)[net.target] & (net.source != net.target))
    end = np.where(sure[net.target[at]], n, net.target[at])
    weight = np.where(proved[at], 1, _BIG)
    order = np.lexsort((weight, net.source[at], end))
    end, source, weight = end[order], net.source[at][order], weight[order]
    first = np.ones(len(end), dtype=bool)
    first[1:] = (end[1:] != end[:-1]) | (source[1:] != source[:-1])
    matrix = csr_array((weight[first].astype(np.float64), (end[first], source[first])), shape=(n + 1, n + 1))
    length = dijkstra(matrix, indices=np.array([n]))[0, :n]
    counted: Ints = np.where(np.isfinite(length), length, 0).astype(np.int64) // _BIG
    return counted


def table_words(tables: Tables) -> pl.DataFrame:
    """Write what each verdict on a table rests on.

    Returns
    -------
    polars.DataFrame
        A row a place: last_read, read_by (id; null: nobody, or nobody named), evidence, rests_on_possible.
    """
    coded = tables.lineage.coded
    day, at = tables.last
    n = len(tables.graph)
    frame = pl.DataFrame(
        {
            "verdict": tables.verdicts,
            "last_read": days_of(day),
            "place": np.arange(n),
            "at": pl.Series(np.where(at >= 0, at, 0), dtype=pl.Int64).set(pl.Series(at < 0), None),
            "blind": pl.Series(np.maximum(tables.blind, 0), dtype=pl.Int64).set(pl.Series(tables.blind < 0), None),
            "assumed": tables.assumed & ~tables.live,
            "told": tables.coverage["told"],
            "day_gone": days_of(tables.dropped),
            "keeps": pl.Series(np.maximum(tables.needed_by, 0), dtype=pl.Int64).set(pl.Series(tables.protected | (tables.needed_by < 0)), None),
            "possible": rests_on_possible(tables),
        }
    )
    frame = frame.join(tables.readers.rename({"i": "at"}), on="at", how="left", maintain_order="left")
    twin = tables.twins[1].rename({"dead": "place", "why": "how"})
    frame = frame.join(twin, on="place", how="left", maintain_order="left")
    unsure, other = pl.col("verdict") == "unknown", pl.col("blind") != pl.col("place")
    cases = frame.with_columns(
        pl.when(pl.col("at") != pl.col("place")).then("at").alias("at"),
        pl.when(unsure).then("blind").alias("blind"),
        (unsure & other).alias("feeds"),
        pl.when(pl.col("verdict") == "protected").then("keeps").alias("keeps"),
        pl.when(~pl.col("verdict").is_in(["dropped", "live", "protected", "unknown"])).then("told").alias("told"),
    ).drop("place")
    different = cases.unique(maintain_order=True).with_row_index("case")
    place = cases.join(different, on=cases.columns, how="left", maintain_order="left", nulls_equal=True)["case"]
    evidence = _worded(tables, different).gather(place)
    return frame.select("last_read", coded.ids.gather(frame["c"]).alias("read_by"), evidence, rests_on_possible="possible")


def _worded(tables: Tables, frame: pl.DataFrame) -> pl.Series:
    """Write the evidence of each row."""
    number = pl.Series(tables.graph.members.astype(np.int64))
    blind = frame.select(pl.when("feeds").then("blind"))["blind"]
    names = {"at_name": number.gather(frame["at"]), "blind_name": number.gather(blind), "twin_name": number.gather(frame["twin"]), "who": frame["c"], "kept_name": number.gather(frame["keeps"])}
    said = frame.with_columns(
        *(spoken_of(tables.lineage, numbers).alias(name) for name, numbers in names.items()),
        _reasons(tables).gather(frame["blind"]).alias("why"),
    )
    return said.select(_evidence().alias("evidence"))["evidence"]


def _reasons(tables: Tables) -> pl.Series:
    """Why the records cannot tell of each place."""
    table = tables.coverage.select("why", "sample_rate").with_columns(
        open=pl.Series(tables.open_ended), pace=pl.Series(tables.pace), missed=pl.Series(tables.missed)
    )

    def short(column: str, digits: int) -> pl.Expr:
        return pl.col(column).round_sig_figs(digits).cast(pl.String)

    chance = pl.when(pl.col("missed") < 0.9995).then(short("missed", 3)).otherwise(pl.lit("1"))
    sampled = pl.format(
        "{} (p = {}); at its past pace of r = {} reads a day, {} days without one have a chance of {}, more than 0.05",
        "why", short("sample_rate", 3), short("pace", 3), pl.lit(tables.days), chance,
    )
    log = pl.when(pl.col("sample_rate").is_not_null()).then(sampled).otherwise("why")
    who = pl.Series("who", tables.undated)
    reader = spoken_of(tables.lineage, who.set(who < 0, None)).alias("reader")
    undated = pl.when(pl.col("reader").is_not_null() & ~pl.col("open")).then(pl.format("{} reads it, and no record tells when", "reader"))
    told = pl.when("open").then(pl.lit("its lineage is incomplete")).otherwise(log)
    return table.with_columns(reader).select(why=pl.coalesce(undated, told))["why"]


def _evidence() -> pl.Expr:
    """Join what there is to say of a row."""
    unsure, verdict = pl.col("verdict") == "unknown", pl.col("verdict")
    gone = pl.when(verdict == "dropped").then(pl.format("it is gone already: dropped on {}", pl.col("day_gone").cast(pl.String)))
    kept = pl.when(pl.col("kept_name").is_not_null()).then(pl.format("feeds {}, which is protected", "kept_name"))
    assumed = pl.when(pl.col("assumed") & (verdict == "live")).then(pl.lit("live (assumed): feeds or is a report whose views no log records"))
    feeds = pl.when(pl.col("blind_name").is_not_null()).then(pl.format("feeds {}: ", "blind_name")).otherwise(pl.lit(""))
    reason = pl.when(unsure).then(feeds + pl.col("why"))
    shape = pl.when(pl.col("same") == pl.col("of")).then(pl.format("the same {} columns", "of")).otherwise(pl.format("{} of {} columns in common", "same", "of"))
    twin = pl.when(pl.col("twin_name").is_not_null()).then(pl.format("{} is live, has {} and {}", "twin_name", shape, "how"))
    by = pl.when(pl.col("who").is_not_null()).then(pl.format(" by {}", "who")).otherwise(pl.lit(""))
    through = pl.when(pl.col("at_name").is_not_null()).then(pl.format(" (through {})", "at_name")).otherwise(pl.lit(""))
    read = pl.when(pl.col("last_read").is_not_null()).then(pl.format("last read on {}{}{}", pl.col("last_read").cast(pl.String), by, through))
    silent = pl.when(~(pl.col("assumed") & (verdict == "live")) & ~unsure).then(pl.lit("no terminal read is recorded"))
    count = pl.col("possible")
    plural = pl.when(count == 1).then(pl.lit("")).otherwise(pl.lit("s"))
    doubt = pl.when(count > 0).then(pl.format("rests on {} possible edge{}", count, plural))
    return pl.concat_str(gone, kept, assumed, reason, twin, pl.coalesce(read, silent), "told", doubt, separator="; ", ignore_nulls=True)
