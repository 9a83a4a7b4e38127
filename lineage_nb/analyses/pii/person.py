"""Tables about persons: keyed by one, or with enough beside each other to tell who it is, labelled or not."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from lineage_nb.analyses.pii.labels import QUASI, tells_persons_apart
from lineage_nb.analyses.pii.person_keys import KEY, PLAIN, named_keys, own_keys, table_keys
from lineage_nb.analyses.pii.propagation import trace_of
from lineage_nb.analyses.pii.strength import DERIVED, PSEUDONYMISED
from lineage_nb.analyses.pii.subject_joins import joins, only_pairs, stems
from lineage_nb.analyses.pii.trace import CERTAINTIES, Trace
from lineage_nb.analyses.result import Answer
from lineage_nb.graph.csr import Ints
from lineage_nb.graph.paths import PROVED_VALUE

__all__ = ["about_person"]

_SCHEMA: Final = {
    "node": pl.String,
    "key": pl.String,
    "how": pl.String,
    "label": pl.String,
    "certainty": pl.String,
    "evidence": pl.String,
}
_HOWS: Final = ("label", "key", "lineage", "join", "name", "together")
_FEW: Final = 3
_PARTS: Final = frozenset({"date_of_birth", "postcode", "zip"})
"""Quasi-identifiers that stay such in part: the year of a birth, the first digits of a postcode."""
"""Quasi-identifiers of different kinds that together tell who it is."""


def about_person(answer: Answer) -> pl.DataFrame:
    """List the tables that are about persons, with the columns that say so.

    A column tells persons apart where it carries a label that does (e-mail, user id …; plain or pseudonymised). So does
    the key of a table in which such a label begins: its first column, if its name is a key's. From there it goes on by
    value, by joins (a job that joins two columns, or looks one up among the other, says that they mean the same) and by
    name: what is called as a key of persons is (``user_id``) is one, if no decision says otherwise.

    Parameters
    ----------
    answer : Answer
        Of `pii`.

    Returns
    -------
    polars.DataFrame
        A row a table and column, by table: node (table), key (column), how (label: it carries a label; key: it is the
        key of a table where a label begins; lineage: it is made of such a key; join: it is joined with one; name: it is
        called as keys of persons are; together: it is a quasi-identifier beside at least two others), label (null where it carries none), certainty (proved or
        possible; keys and joins are possible at most), evidence (the column that it rests on, or the others).

    Raises
    ------
    LineageError
        For the answer of another analysis.
    """
    trace = trace_of(answer)
    kept: dict[str, pl.DataFrame] = vars(trace)
    if "persons" not in kept:
        kept["persons"] = _about(trace)
    return kept["persons"].clone()


def _about(trace: Trace) -> pl.DataFrame:
    labelled = _labelled(trace)
    keys = table_keys(trace.lineage, trace.every)
    known = np.union1d(labelled["i"].to_numpy(), keys)
    follows = _made_of(trace, keys)
    sure = np.union1d(known, follows["i"].to_numpy())
    joined = _joined(trace, sure)
    sure = np.union1d(sure, joined["i"].to_numpy())
    named = _named(trace, sure, keys)
    joined = pl.concat([joined, _joined(trace, np.union1d(sure, named["i"].to_numpy()))])
    parts = [
        labelled,
        _told(keys, keys, "key", "possible"),
        follows.filter(~pl.col("i").is_in(pl.Series(keys).implode())),
        joined,
        named,
        _together(trace),
    ]
    rows = pl.concat([p.select("i", "how", "label", "certainty", "because", "others") for p in parts])
    rank = pl.col("how").replace_strict({h: n for n, h in enumerate(_HOWS)}, return_dtype=pl.Int64)
    rows = rows.with_columns(rank=rank)
    best = pl.col("rank") == pl.col("rank").filter(pl.col("how") != "together").min().over("i")
    rows = rows.filter((best | (pl.col("how") == "together")).fill_null(value=True))
    coded, names = trace.lineage.coded, trace.graph.names
    i = rows["i"].to_numpy()
    ids = pl.DataFrame(
        {
            "node": names(coded.data[i].astype(np.int64)) if len(i) else [],
            "key": names(i) if len(i) else [],
            "because": names(rows["because"].to_numpy()) if len(i) else [],
        },
        schema={"node": pl.String, "key": pl.String, "because": pl.String},
    )
    made = rows.drop("because").with_columns(ids).with_columns(evidence=pl.coalesce("others", "because"))
    made = made.filter(pl.col("node") != pl.col("key"))
    return made.sort("node", "rank", "key", "label", nulls_last=True).select(list(_SCHEMA)).cast(_SCHEMA)  # type: ignore[arg-type]


def _told(i: Ints, because: Ints, how: str, certainty: str) -> pl.DataFrame:
    return pl.DataFrame(
        {"i": np.asarray(i, np.int64), "because": np.asarray(because, np.int64)},
    ).with_columns(
        how=pl.lit(how), label=pl.lit(None, pl.String), certainty=pl.lit(certainty), others=pl.lit(None, pl.String)
    )


def _columns(trace: Trace) -> pl.Series:
    return pl.Series(np.flatnonzero(trace.lineage.coded.of_kind("column"))).implode()


def _labelled(trace: Trace) -> pl.DataFrame:
    """Columns that carry a label which tells persons apart."""
    telling = [n for n, label in enumerate(trace.labels) if tells_persons_apart(label)]
    rows = trace.rows.filter(
        pl.col("label").is_in(telling) & (pl.col("verdict") <= PSEUDONYMISED) & pl.col("node").is_in(_columns(trace))
    )
    names = pl.Series(trace.labels, dtype=pl.String)
    once = rows.sort("certainty").unique(["node", "label"], keep="first", maintain_order=True)
    return once.select(
        i="node",
        because="origin",
        how=pl.lit("label"),
        label=pl.Series(names.gather(once["label"])),
        certainty=pl.when(pl.col("certainty") == 0).then(pl.lit("proved")).otherwise(pl.lit("possible")),
        others=pl.lit(None, pl.String),
    )


def _made_of(trace: Trace, keys: Ints) -> pl.DataFrame:
    """Columns that take the value of a key, plain or pseudonymised, by stated edges."""
    if not len(keys):
        return _told(keys, keys, "lineage", "possible")
    allowed = trace.strength.of_arcs(trace.strength.stated) <= PSEUDONYMISED
    found = trace.graph.reacher.reach(keys, bit=PROVED_VALUE, allowed=allowed)
    new = (found.hops > 0) & (found.nodes < trace.graph.arcs.real)
    is_column = trace.lineage.coded.of_kind("column")
    new[new] = is_column[found.nodes[new]]
    return _told(found.nodes[new], found.via[new], "lineage", "possible")


def _named(trace: Trace, known: Ints, own: Ints) -> pl.DataFrame:
    """Keys that are called as known keys of persons are, or as such keys usually are; unless a decision or tag speaks of them.

    The `own` keys of tables may be called as the table and they are: ``user_id`` for the ``id`` of ``users``.
    """
    coded = trace.lineage.coded
    name = trace.lineage.frames["nodes"]["name"]
    columns = pl.DataFrame({"i": np.flatnonzero(coded.of_kind("column"))}).cast(pl.Int64)
    columns = columns.with_columns(name=name.gather(columns["i"]).str.to_lowercase(), shaped=name.gather(columns["i"]).str.contains(KEY))
    said = np.concatenate([trace.every["i"].to_numpy(), trace.barred["i"].to_numpy(), known])
    keys = columns.filter(pl.col("shaped"))
    mine = pl.col("i").is_in(pl.Series(known).implode())
    like = keys.filter(mine & ~pl.col("name").is_in(list(PLAIN))).select("name", because="i")
    plain = keys.filter(pl.col("i").is_in(pl.Series(own).implode()) & pl.col("name").is_in(list(PLAIN)))
    tables = name.gather(plain.select(home=pl.Series(coded.data).gather(plain["i"]))["home"])
    after = plain.select(name=pl.format("{}_{}", stems(tables), "name"), because="i").drop_nulls()
    like, after = (x.group_by("name").agg(pl.col("because").min()) for x in (like, after))
    like = pl.concat([like, after.join(like, on="name", how="anti")])
    free = keys.filter(~pl.col("i").is_in(pl.Series(said).cast(pl.Int64).implode()))
    alike = free.join(like, on="name")
    others = named_keys(trace.lineage, free.join(alike, on="i", how="anti")["i"].to_numpy())
    every = pl.concat([alike.select("i", "because"), pl.DataFrame({"i": others, "because": others}).cast(pl.Int64)]).sort("i")
    return _told(every["i"].to_numpy(), every["because"].to_numpy(), "name", "possible")


def _joined(trace: Trace, known: Ints) -> pl.DataFrame:
    """Columns that jobs join with a column which tells persons apart, at any remove.

    They are called as keys are, or are all that a job joins with a table's own key.
    """
    name = trace.lineage.frames["nodes"]["name"]
    steps = joins(trace.lineage).select(i="column", because="partner")
    steps = steps.filter(name.gather(steps["i"]).str.contains(KEY).fill_null(value=False))
    alone = only_pairs(trace.lineage)
    keys = pl.Series(own_keys(trace.lineage, alone["other"].unique().to_numpy())).implode()
    alone = alone.filter(pl.col("partner").is_in(keys)).select(i="column", because="partner")
    steps = pl.concat([steps, alone]).unique(maintain_order=True)
    parts = []
    while True:
        new = steps.filter(~pl.col("i").is_in(pl.Series(known).implode()) & pl.col("because").is_in(pl.Series(known).implode()))
        if new.is_empty():
            break
        parts.append(new.group_by("i").agg(pl.col("because").min()).sort("i"))
        known = np.union1d(known, parts[-1]["i"].to_numpy())
    found = pl.concat(parts) if parts else steps.clear()
    return _told(found["i"].to_numpy(), found["because"].to_numpy(), "join", "possible")


def _together(trace: Trace) -> pl.DataFrame:
    """Quasi-identifiers in tables that hold at least three kinds of them, plain; parts of dates and postcodes tell enough too."""
    quasi, parts = ([n for n, label in enumerate(trace.labels) if label in words] for words in (QUASI, _PARTS))
    rows = trace.rows.filter(pl.col("node").is_in(_columns(trace)) & (pl.col("certainty") < CERTAINTIES.index("suspected")))
    rows = rows.filter((pl.col("label").is_in(quasi) & (pl.col("verdict") == 0)) | (pl.col("label").is_in(parts) & (pl.col("verdict") == DERIVED)))
    rows = rows.sort("certainty", "verdict").unique(["node", "label"], keep="first", maintain_order=True)
    names = pl.Series(trace.labels, dtype=pl.String)
    rows = rows.select(
        i="node", label=pl.Series(names.gather(rows["label"])), sure=pl.col("certainty") == 0, home=pl.Series(trace.lineage.coded.data[rows["node"].to_numpy()])
    )
    several = rows.filter(pl.col("label").n_unique().over("home") >= _FEW)
    others = several.group_by("home").agg(others=pl.col("label").unique().sort().str.join(" + "), sure=pl.col("sure").all())
    told = several.drop("sure").join(others, on="home")
    return told.select(
        "i", because="i", how=pl.lit("together"), label="label", certainty=pl.when("sure").then(pl.lit("proved")).otherwise(pl.lit("possible")), others="others"
    )
