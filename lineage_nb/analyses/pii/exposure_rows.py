"""Rows of exposures: what each key sees of a place, what of it is accepted, and one line for each."""

from __future__ import annotations

from datetime import date
from typing import Final

import numpy as np
import polars as pl

from lineage_nb.analyses.pii.access import Access
from lineage_nb.analyses.pii.beyond_sources import without_source
from lineage_nb.analyses.pii.decisions import Decisions
from lineage_nb.analyses.pii.ends import DENIED
from lineage_nb.analyses.pii.labels import canonical, is_special
from lineage_nb.analyses.pii.policy import ACTIONS
from lineage_nb.analyses.pii.trace import VERDICTS, Trace
from lineage_nb.errors import LineageError
from lineage_nb.graph.lineage import Lineage

__all__ = ["FRAME", "ROWS", "accepted", "crossed", "grouped", "seen_by"]

ROWS: Final = {
    "key": pl.String,
    "kind": pl.String,
    "how": pl.String,
    "normal": pl.Boolean,
    "node": pl.String,
    "place": pl.Int64,
    "label": pl.String,
    "verdict": pl.String,
    "certainty": pl.String,
    "k": pl.Int64,
    "via": pl.String,
    "condition": pl.String,
    "origin": pl.String,
    "without": pl.Boolean,
    "use": pl.String,
    "last": pl.Date,
    "reader": pl.String,
}
"""What a key sees of a place, before any policy."""
FRAME: Final = {
    "key": pl.String,
    "kind": pl.String,
    "label": pl.String,
    "verdict": pl.String,
    "certainty": pl.String,
    "how": pl.String,
    "normal": pl.Boolean,
    "node": pl.String,
    "places": pl.Int64,
    "people": pl.Int64,
    "who": pl.List(pl.String),
    "via": pl.String,
    "condition": pl.String,
    "without_source": pl.Int64,
    "use": pl.String,
    "stale": pl.Int64,
    "last_read": pl.Date,
    "status": pl.String,
    "until": pl.Date,
    "special": pl.Boolean,
    "action": pl.String,
    "origin": pl.String,
}
"""Columns of the answer's frame."""
_NAMED: Final = 20
_USES: Final = ("stale", "unknown", "used")


def seen_by(trace: Trace, who: Access, facts: pl.DataFrame, use: pl.DataFrame, seen: pl.DataFrame) -> pl.DataFrame:
    """Join who gets a place with what is in it.

    Parameters
    ----------
    trace, who
        The searches behind the answer, and who may read what.
    facts : polars.DataFrame
        Columns of `exposure_ends.FACTS`.
    use : polars.DataFrame
        Columns key, place, use, last.
    seen : polars.DataFrame
        The answer's rows, with place, at_origin, about, sureness, rank (numbers) and stated.

    Returns
    -------
    polars.DataFrame
        Columns of `ROWS`.
    """
    lineage = trace.lineage
    principal = pl.Series(lineage.coded.of_kind("principal"))
    rows = facts.join(seen, on="place").join(use, on=["key", "place"], how="left")
    rows = rows.with_columns(person=principal.gather(rows["key"]) if rows.height else pl.lit(value=True))
    mine = rows["person"].to_numpy()
    about = rows.filter("person").select("place", reader="key", origin="at_origin", about="about", certainty="sureness")
    without = np.zeros(rows.height, dtype=bool)
    without[mine] = without_source(trace, about, who.allowed.filter(pl.col("hides") == 0).select("reader", "place"))
    ids, words = lineage.coded.ids, pl.Series(VERDICTS)
    rank = rows.select(pl.max_horizontal("rank", "hides"))["rank"]
    return rows.with_columns(
        key=ids.gather(rows["key"]),
        verdict=words.gather(rank),
        certainty=pl.when(pl.col("stated") & pl.col("sure")).then(pl.lit("proved")).otherwise(pl.lit("possible")),
        via=pl.when(pl.col("holder") != pl.col("key")).then(ids.gather(rows["holder"])),
        without=pl.when("person").then(pl.Series(without)),
        reader=pl.lit(None, pl.String),
    ).select(list(ROWS)).cast(ROWS)  # type: ignore[arg-type]


def crossed(lineage: Lineage, rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of borders (columns of the answer's frame, key and kind) in the columns of `ROWS`."""
    place = lineage.coded.numbers(rows["node"]).cast(pl.Int64)
    more = {c: pl.lit(None, t) for c, t in ROWS.items() if c not in (*rows.columns, "place", "how", "normal", "via")}
    made = rows.drop("via").with_columns(place=place, how=pl.lit("cross"), normal=pl.lit(value=False), via=pl.lit(None, pl.String), **more)
    return made.select(list(ROWS)).cast(ROWS)  # type: ignore[arg-type]


def accepted(rows: pl.DataFrame, decisions: Decisions, lineage: Lineage, day: date | None) -> pl.DataFrame:
    """Add status (open, accepted, expired) and until: what an acceptance in force, or one of the past, speaks of.

    An acceptance of a dataset covers its columns, of a role those who see by it; the one that lasts longest counts.
    """
    rows = rows.with_row_index("row").with_columns(home=lineage.coded.ids.gather(pl.Series(lineage.coded.data).gather(rows["place"])))
    found = []
    past = decisions.expired(day).filter(pl.col("decision") == "accepted")
    for status, book in (("accepted", decisions.accepted(day)), ("expired", past)):
        for decision in _known(book, lineage).iter_rows(named=True):
            fits = pl.col("label") == canonical(decision["label"])
            if decision["node"] is not None:
                fits &= (pl.col("node") == decision["node"]) | (pl.col("home") == decision["node"])
            if decision["recipient"] is not None:
                fits &= pl.any_horizontal(pl.col(c).eq_missing(pl.lit(decision["recipient"])) for c in ("key", "via", "reader"))
            mine = rows.filter(fits.fill_null(value=False)).select("row", status=pl.lit(status), until=pl.lit(decision["until"], pl.Date))
            found.append(mine)
    if not found:
        return rows.drop("row", "home").with_columns(status=pl.lit("open"), until=pl.lit(None, pl.Date))
    told = pl.concat(found).sort("row", "status", "until", descending=[False, False, True], nulls_last=False)
    best = told.unique("row", keep="first", maintain_order=True)
    return rows.join(best, on="row", how="left", maintain_order="left").drop("row", "home").with_columns(pl.col("status").fill_null("open"))


def _known(book: pl.DataFrame, lineage: Lineage) -> pl.DataFrame:
    """Acceptances with ids for names; a name that the snapshot does not know stays as it is."""

    def resolved(name: str | None) -> str | None:
        try:
            return None if name is None else lineage.names.resolve(name)
        except LineageError:
            return name

    ids = {c: pl.Series([resolved(n) for n in book[c].to_list()], dtype=pl.String) for c in ("node", "recipient")}
    return book.with_columns(**ids)


def grouped(rows: pl.DataFrame, who: Access, seeing: pl.DataFrame, lineage: Lineage, *, by_column: bool) -> pl.DataFrame:
    """Make a line of each key, kind, label and status, worst first (see `exposures`).

    Where the strongest that is seen is only possible, what is proved and weaker is a line of its own.

    Parameters
    ----------
    rows : polars.DataFrame
        Columns of `ROWS`, action, status, until.
    who : Access
        Tells who is in a role.
    seeing : polars.DataFrame
        Columns place, leaf, granted: persons and services who may see a place by grants, or were seen to.
    lineage : Lineage
        The snapshot.
    by_column : bool
        Whether keys are columns.
    """
    rows = rows.with_columns(behind=pl.coalesce("reader", "key"))
    if by_column:
        rows = rows.with_columns(key="node", kind=pl.lit("column"), without=pl.lit(None, pl.Boolean))
    ranked = _beyond(_ranked(rows))
    line = ["key", "kind", "label", "status", "beyond"]
    first = [pl.col(c).first() for c in ("verdict", "certainty", "how", "node", "via", "condition", "action", "origin", "special")]
    lines = ranked.group_by(line, maintain_order=True).agg(
        *first,
        pl.col("normal").all(),
        pl.col("place").n_unique().cast(pl.Int64).alias("places"),
        pl.when(pl.col("without").is_not_null().any()).then(pl.col("place").filter("without").n_unique()).cast(pl.Int64).alias("without_source"),
        pl.col("use").replace_strict({u: i for i, u in enumerate(_USES)}, default=None, return_dtype=pl.Int64).max(),
        pl.when(pl.col("use").is_not_null().any()).then(pl.col("place").filter(pl.col("use") == "stale").n_unique()).cast(pl.Int64).alias("stale"),
        pl.col("last").max().alias("last_read"),
        pl.col("until").max(),
    )
    own = pl.col("reader").is_not_null() | by_column
    people = pl.concat([_readers(ranked.filter(own), line, who, lineage), _people(ranked.filter(~own), line, who, seeing, lineage)])
    told = lines.join(people, on=line, how="left", maintain_order="left")
    told = told.with_columns(pl.col("use").replace_strict(dict(enumerate(_USES)), default=None, return_dtype=pl.String))
    told = told.with_columns(pl.col("people").fill_null(0), pl.col("who").fill_null(pl.lit([], pl.List(pl.String))))
    return _ranked(told).select(list(FRAME)).cast(FRAME)  # type: ignore[arg-type]


def _beyond(rows: pl.DataFrame) -> pl.DataFrame:
    """Tell what is possible and stronger than anything that is proved for the same key, kind, label and status."""
    rank = pl.col("verdict").replace_strict({v: i for i, v in enumerate(VERDICTS)}, return_dtype=pl.Int64)
    proved = rank.filter(pl.col("certainty") == "proved").min().over("key", "kind", "label", "status")
    return rows.with_columns(beyond=((pl.col("certainty") != "proved") & (rank < proved)).fill_null(value=False))


def _ranked(rows: pl.DataFrame) -> pl.DataFrame:
    labels = rows["label"].unique().to_list()
    special = [label for label in labels if is_special(label)]
    place = {v: i for i, v in enumerate(VERDICTS)}
    order = [
        pl.col("status") == "accepted",
        ~pl.col("special"),
        pl.col("action").replace_strict({a: i for i, a in enumerate(ACTIONS)}, return_dtype=pl.Int64),
        pl.col("verdict").replace_strict(place, return_dtype=pl.Int64),
        pl.col("certainty") == "possible",
        "normal",
    ]
    rows = rows.with_columns(special=pl.col("label").is_in(special))
    size = [-pl.col("people")] if "people" in rows.columns else []
    return rows.sort([*order, *size, "key", "label", "node", "kind", "status", "how"], nulls_last=True)


def _readers(rows: pl.DataFrame, line: list[str], who: Access, lineage: Lineage) -> pl.DataFrame:
    """Persons and services whose own rows are in each line: people, and the first of them."""
    rows = rows.with_columns(leaf=lineage.coded.numbers(rows["behind"]).cast(pl.Int64))
    mine = rows.filter(pl.col("leaf").is_in(pl.Series(who.leaves).implode()) & (pl.col("how") != DENIED))
    return mine.group_by(line, maintain_order=True).agg(pl.col("leaf").n_unique().cast(pl.Int64).alias("people"), pl.col("behind").unique().sort().head(_NAMED).alias("who"))


def _people(rows: pl.DataFrame, line: list[str], who: Access, seeing: pl.DataFrame, lineage: Lineage) -> pl.DataFrame:
    """Persons and services behind each line: people, and the first of them."""
    coded = lineage.coded
    inside = who.members.select(group="group", leaf="member")
    number = coded.numbers(rows["key"]).cast(pl.Int64)
    keyed = rows.select(*line, "place", group=number)
    principal = pl.Series(np.flatnonzero(coded.of_kind("principal")).astype(np.int64))
    own = keyed.filter(pl.col("group").is_in(principal.implode()))
    other = keyed.filter(~pl.col("group").is_in(principal.implode()).fill_null(value=False))
    by_grant = seeing.filter("granted").select("place", "leaf")
    leaves = pl.Series(who.leaves).implode()
    mine = own.unique().join(inside, on="group").join(by_grant, on=["place", "leaf"], how="semi")
    self_seen = own.unique().filter(pl.col("group").is_in(leaves)).with_columns(leaf="group")
    mine = pl.concat([mine, self_seen.select(mine.columns)])
    every = pl.concat([mine.select(*line, "leaf"), other.unique().join(seeing.select("place", "leaf"), on="place").select(*line, "leaf")]).unique()
    every = every.sort(*line, "leaf").with_columns(name=coded.ids.gather(every.sort(*line, "leaf")["leaf"]))
    return every.group_by(line, maintain_order=True).agg(
        pl.len().cast(pl.Int64).alias("people"), pl.col("name").sort().head(_NAMED).alias("who")
    )
