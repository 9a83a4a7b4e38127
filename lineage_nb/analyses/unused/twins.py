"""Superseded twins: tables that nobody reads beside a live one of the same shape.

Two tables are twins when their columns are called the same, and either they are made from the same tables in the
same way, or their names differ by a version, a copy's mark or a day alone. A label beside *unread* should never be
a guess, so what is doubtful is no twin: partitions by day, outputs of one job, a newer version, columns below three.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lineage_nb.graph.csr import Ints
from lineage_nb.graph.lineage import Lineage

__all__ = ["BY_NAME", "BY_ORIGIN", "twins"]

Bools = NDArray[np.bool_]
Hashes = NDArray[np.uint64]

BY_NAME = "the same name but for a version, a copy's mark or a day"
BY_ORIGIN = "the same upstream tables"
_LEAST = 3
_SHARE = 0.9
_MOST_EACH = 20
_COPY = r"[_-](?:old|bak|backup|copy\d*|tmp|temp|deprecated|legacy|prev|previous|orig|original)$"
_DAY = r"[_-](?:19|20)\d\d[_-]?(?:0[1-9]|1[0-2])[_-]?(?:0[1-9]|[12]\d|3[01])$"
_VERSION = r"[_-]?v(\d{1,6})$"


def twins(lineage: Lineage, dead: Bools, alive: Bools) -> tuple[Ints, pl.DataFrame]:
    """Find for dead tables a live one that took their place.

    Parameters
    ----------
    lineage : Lineage
        A snapshot.
    dead, alive : numpy.ndarray of bool
        Shape (nodes of the dataset level,). Which tables ask, and which may answer.

    Returns
    -------
    tuple
        Shape (nodes of the dataset level,): the place of the twin, -1: none; and a frame with a row a twin found:
        dead, twin (places), same (columns of the same name), of (columns of either), why (`BY_NAME` or `BY_ORIGIN`).
    """
    graph, n = lineage.graph("dataset"), len(lineage.graph("dataset"))
    names = _columns(lineage, dead | alive)
    wide = names.group_by("home").len("of").filter(pl.col("of") >= _LEAST)
    asks = wide.filter(pl.Series(dead[wide["home"].to_numpy()]))
    offers = wide.filter(pl.Series(alive[wide["home"].to_numpy()]))
    found = np.full(n, -1, dtype=np.int64)
    if asks.is_empty() or offers.is_empty():
        return found, pl.DataFrame(schema={"dead": pl.Int64, "twin": pl.Int64, "same": pl.Int64, "of": pl.Int64, "why": pl.String})
    about = graph.nodes.select("namespace", "name")
    pairs = pl.concat([_by_name(about, asks, offers), _by_origin(lineage, names, asks, offers)])
    pairs = _alike(pairs, names, wide)
    pairs = pairs.sort("dead", pl.col("why") != BY_NAME, -pl.col("same"), "twin").unique("dead", keep="first", maintain_order=True)
    found[pairs["dead"].to_numpy()] = pairs["twin"].to_numpy()
    return found, pairs


def _columns(lineage: Lineage, wanted: Bools) -> pl.DataFrame:
    """List the columns of wanted tables: home (a place), name (lower case), number."""
    coded, graph = lineage.coded, lineage.graph("dataset")
    places = np.full(len(coded.ids), -1, dtype=np.int64)
    places[graph.members[wanted]] = np.flatnonzero(wanted)
    column = np.flatnonzero(coded.of_kind("column"))
    home = places[coded.data[column]]
    column, home = column[home >= 0], home[home >= 0]
    name = lineage.frames["nodes"]["name"].gather(column).str.to_lowercase()
    return pl.DataFrame({"home": home, "name": name, "number": column}).unique(["home", "name"])


def _alike(pairs: pl.DataFrame, names: pl.DataFrame, wide: pl.DataFrame) -> pl.DataFrame:
    """Keep pairs whose columns are called the same, or nine in ten of them."""
    pairs = pairs.unique()
    mine = pairs.join(names.select(dead="home", name="name"), on="dead").join(names.select(twin="home", name="name"), on=["twin", "name"])
    same = mine.group_by("dead", "twin", "why").agg(pl.len().cast(pl.Int64).alias("same"))
    for side in ("dead", "twin"):
        same = same.join(wide.select(pl.col("home").alias(side), pl.col("of").cast(pl.Int64).alias(f"of_{side}")), on=side)
    same = same.with_columns(of=pl.col("of_dead") + pl.col("of_twin") - pl.col("same"))
    close = (pl.col("same") >= _LEAST) & (pl.col("same") >= _SHARE * pl.col("of"))
    return same.filter(close).select("dead", "twin", "same", "of", "why")


# -- by name ------------------------------------------------------------------------------------------------------


def _by_name(about: pl.DataFrame, asks: pl.DataFrame, offers: pl.DataFrame) -> pl.DataFrame:
    """dead, twin, why: pairs of one schema whose names differ by a mark that says which one is the copy."""
    keys = ["namespace", "schema", "stem"]
    mine, other = (_stems(about, side["home"]) for side in (asks, offers))
    other = other.filter(~pl.col("marked")).select(*keys, twin="place", newer="version")
    both = mine.rename({"place": "dead"}).join(other, on=keys, nulls_equal=True).filter(pl.col("dead") != pl.col("twin"))
    version, newer = pl.col("version"), pl.col("newer")
    unknown = version.is_null() | newer.is_null()
    copies = pl.col("marked") & (unknown | (version <= newer))
    versions = ~pl.col("marked") & pl.when(newer.is_null()).then(version.is_not_null()).otherwise(version.is_null() | (version < newer))
    return both.filter(copies | versions).select("dead", "twin", why=pl.lit(BY_NAME))


def _stems(about: pl.DataFrame, places: pl.Series) -> pl.DataFrame:
    """place, namespace, schema, stem, version, marked (a copy, or of one day)."""
    leaf = r"([^./]*)$"
    name = pl.col("name").str.to_lowercase()
    frame = about[places].with_columns(
        place=places.cast(pl.Int64), stem=name.str.extract(leaf), schema=name.str.replace(leaf, ""), marked=pl.lit(value=False)
    )
    frame = frame.with_columns(version=pl.lit(None, pl.Int64))
    for _ in range(3):
        for pattern in (_COPY, _DAY):
            frame = frame.with_columns(marked=pl.col("marked") | pl.col("stem").str.contains(pattern), stem=pl.col("stem").str.replace(pattern, ""))
        number = pl.col("stem").str.extract(_VERSION).cast(pl.Int64)
        frame = frame.with_columns(version=pl.coalesce("version", number), stem=pl.col("stem").str.replace(_VERSION, ""))
    return frame.filter(pl.col("stem").str.len_bytes() > 0).drop("name")


# -- by origin ----------------------------------------------------------------------------------------------------


def _mixed(values: Ints, salt: int) -> Hashes:
    """Hashes of numbers, after Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014)."""
    x = values.astype(np.uint64) + np.uint64((0x9E3779B97F4A7C15 * (salt + 1)) % 2**64)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def _sums(n: int, at: Ints, hashes: Hashes) -> Hashes:
    """Sum hashes by place, beyond 64 bits from zero again."""
    found = np.zeros(n, dtype=np.uint64)
    np.add.at(found, at.astype(np.int64), hashes)
    return found


def _by_origin(lineage: Lineage, names: pl.DataFrame, asks: pl.DataFrame, offers: pl.DataFrame) -> pl.DataFrame:
    """dead, twin, why: pairs made from the same tables, and column by column from the same columns."""
    graph = lineage.graph("dataset")
    n, source, target = len(graph), graph.adjacency.source, graph.adjacency.target
    outer = source != target
    fed = np.bincount(target[outer], minlength=n)
    origins = [_sums(n, target[outer], _mixed(source[outer], salt)) for salt in (1, 2)]
    ways = _ways(lineage, names, n)
    keys = {"fed": fed, "origin": origins[0], "again": origins[1], "ways": ways}
    mine, other = (pl.DataFrame({"place": side["home"].to_numpy(), **{k: v[side["home"].to_numpy()] for k, v in keys.items()}}) for side in (asks, offers))
    other = other.filter(pl.col("fed") > 0).sort("place").group_by(list(keys)).agg(pl.col("place").head(_MOST_EACH).alias("twin")).explode("twin")
    pairs = mine.join(other, on=list(keys)).select(dead=pl.col("place").cast(pl.Int64), twin=pl.col("twin").cast(pl.Int64))
    return pairs.join(_siblings(lineage, pairs), on=["dead", "twin"], how="anti").with_columns(why=pl.lit(BY_ORIGIN))


def _ways(lineage: Lineage, names: pl.DataFrame, n: int) -> Hashes:
    """Hash, for every place, the ways in which its columns are made: which column, made from which, by value or not."""
    graph, coded = lineage.graph("column"), lineage.coded
    source, target = graph.adjacency.source, graph.adjacency.target
    number = np.full(len(coded.ids), -1, dtype=np.int64)
    number[names["number"].to_numpy()] = names["home"].to_numpy()
    number[lineage.graph("dataset").members] = np.arange(n)
    inside = (coded.data[source] != coded.data[target]) & (number[target] >= 0)
    source, target = source[inside], target[inside]
    word = np.zeros(len(coded.ids), dtype=np.uint64)
    word[names["number"].to_numpy()] = names["name"].hash(seed=7).to_numpy()
    mixed = _mixed(source, 3) + _mixed(word[target], 4) * np.uint64(3) + graph.table.direct[inside].astype(np.uint64)
    return _sums(n, number[target], _mixed(mixed, 5))


def _siblings(lineage: Lineage, pairs: pl.DataFrame) -> pl.DataFrame:
    """Pairs that one job writes: two outputs, not a table and its successor."""
    graph = lineage.graph("dataset")
    places = np.full(len(lineage.coded.ids), -1, dtype=np.int64)
    places[graph.members] = np.arange(len(graph))
    writes = lineage.effective_with_expired.writes.select("job", "target")
    writes = writes.with_columns(target=pl.Series(places[writes["target"].to_numpy()], dtype=pl.Int64))
    by = pairs.join(writes, left_on="dead", right_on="target").rename({"job": "writer"})
    return by.join(writes, left_on=["twin", "writer"], right_on=["target", "job"], how="semi").select("dead", "twin").unique()
