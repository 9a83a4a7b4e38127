"""Verdicts on columns: named by what somebody reads, only swept with their table, or not known.

A column is *live* when a terminal reader names it, or a statement names it in making or choosing what is read: a
filter or join key is used. It is *swept* when it is read, or flows on, only as one of all columns (``SELECT *``). Where
a reader or job of its table is recorded without columns, it is *unknown*: it may be among those that are used. As
columns are found from their readers upwards, each search takes the edges that its claim allows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lineage_nb.analyses.unused.dropped import LASTING, dropped_days
from lineage_nb.analyses.unused.named import named_in_statements
from lineage_nb.analyses.unused.tables import EPOCH, NEVER, TABLE_VERDICTS, Tables, in_words, silence_is_short
from lineage_nb.analyses.unused.words import days_of, spoken_of
from lineage_nb.graph.csr import Ints
from lineage_nb.graph.order import condense
from lineage_nb.graph.paths import PROVED_ANY, Arcs
from lineage_nb.graph.propagate import live, push_max

__all__ = ["COLUMN_VERDICTS", "Columns"]

Bools = NDArray[np.bool_]
Longs = NDArray[np.int64]

COLUMN_VERDICTS = (*TABLE_VERDICTS[:3], "swept", *TABLE_VERDICTS[3:])
"""The first that applies is the verdict; of a table that is unused or protected, its columns take its own."""
_CODE = {verdict: code for code, verdict in enumerate(COLUMN_VERDICTS)}


@dataclass
class Columns:
    """What is known of every column of a dataset or report.

    Attributes
    ----------
    tables : Tables
        The same of their tables.
    kept : polars.Series
        Ids of columns that are protected.
    """

    tables: Tables
    kept: pl.Series = field(default_factory=lambda: pl.Series("id", [], dtype=pl.String))

    @cached_property
    def numbers(self) -> Ints:
        """Numbers in the snapshot of the columns, ascending."""
        coded = self.tables.lineage.coded
        column = np.flatnonzero(coded.of_kind("column"))
        return column[self.tables.places[coded.data[column]] >= 0]

    @cached_property
    def home(self) -> Longs:
        """Place of the table of each column; shape (columns,)."""
        tables = self.tables
        found: Longs = tables.places[tables.lineage.coded.data[self.numbers]]
        return found

    # -- readers ---------------------------------------------------------------------------------------------------

    @cached_property
    def named(self) -> pl.DataFrame:
        """Terminal reads that name a column: column (number), c (of several readers the first, or each), day."""
        tables = self.tables
        by_record = tables.reads.filter(pl.col("column").is_not_null()).select("column", "c", "day")
        names = tables.lineage.frames["nodes"]["name"].gather(self.numbers)
        columns = pl.DataFrame({"column": self.numbers.astype(np.int64), "i": self.home, "name": names})
        by_statement = named_in_statements(tables.reads.filter(pl.col("column").is_null()), columns)
        return pl.concat([by_record, by_statement])

    @cached_property
    def whole(self) -> pl.DataFrame:
        """Terminal reads of a table that may be of any column: i, c, day, swept (else it is not known which columns were read).

        What statements tell of the columns they read holds. Other reads sweep where the log of their namespace names
        columns otherwise; an export takes all of itself.
        """
        tables, coded, others = self.tables, self.tables.lineage.coded, pl.col("other_columns")
        key, by_table = ["i", "c", "day"], pl.col("column").is_null()
        told = tables.reads.filter(by_table & others.is_not_null()).filter(others != "none").select(*key, swept=others == "swept")
        rows = tables.reads.filter(by_table & others.is_null()).select(key)
        by_name = tables.reads.filter(~by_table | others.is_in(["none", "swept"])).select(key)
        rows = rows.join(by_name, on=key, how="anti", nulls_equal=True).unique()
        spaces = tables.graph.nodes["namespace"].fill_null("")
        at = tables.places[tables.log.reads.filter(pl.col("column").is_not_null())["i"].unique().to_numpy()]
        knows = spaces.is_in(spaces.gather(at[at >= 0]).unique().implode()).to_numpy()
        jobs = pl.Series(coded.of_kind("job"))
        by_job = jobs.gather(rows["c"]).fill_null(value=False)
        exported = pl.Series(tables.graph.members.astype(np.int64)).gather(rows["i"]) == rows["c"]
        swept = (pl.Series(knows).gather(rows["i"]) & ~by_job) | exported.fill_null(value=False)
        return pl.concat([rows.with_columns(swept.alias("swept")), told.unique()])

    def _at(self, *, swept: bool) -> Bools:
        """Tables that are read as a whole in the window; shape (places,)."""
        found = np.zeros(len(self.tables.graph), dtype=bool)
        found[self.whole.filter((pl.col("swept") == swept) & (pl.col("day") >= self.tables.first))["i"].to_numpy()] = True
        return found

    @cached_property
    def opaque(self) -> Bools:
        """Tables read in the window by somebody whose columns no record tells; shape (places,)."""
        tables, found = self.tables, self._at(swept=False)
        source, target = tables.ties
        if len(source):
            alive = tables.conditions["live"] | (tables.blind >= 0)
            pairs = np.unique(np.c_[source, target][alive[target]], axis=0)
            told = self._told_by_column()
            found[[a for a, b in pairs.tolist() if (a, b) not in told]] = True
        return found

    def _told_by_column(self) -> set[tuple[int, int]]:
        """Pairs of places that column lineage speaks of."""
        tables, data = self.tables, self.tables.lineage.coded.data
        net = tables.lineage.graph("column").adjacency
        by_column = tables.lineage.coded.of_kind("column")[net.source]
        ends = tables.places[data[net.source[by_column]]], tables.places[data[net.target[by_column]]]
        wanted = np.isin(ends[1], tables.ties[1])
        return set(map(tuple, np.unique(np.c_[ends[0][wanted], ends[1][wanted]], axis=0).tolist()))

    @cached_property
    def shown(self) -> Bools:
        """Reports that people view, and what deployed models are: all their columns are in use; shape (places,)."""
        tables = self.tables
        report = (tables.graph.nodes["kind"] == "report").to_numpy()
        return (report & tables.recent) | ~tables.shown

    # -- searches ----------------------------------------------------------------------------------------------------

    @property
    def arcs(self) -> Arcs:
        """The edges of the column level, with hubs (see `lineage_nb.graph.paths`)."""
        return self.tables.lineage.graph("column").arcs

    @cached_property
    def proved(self) -> Bools:
        """Arcs that are stated; shape (arcs,)."""
        return (self.arcs.bits & PROVED_ANY) > 0

    @cached_property
    def sweeping(self) -> Bools:
        """Arcs that are stated, of single columns or of all of a table; shape (arcs,)."""
        arcs, row = self.arcs, self.arcs.rows()
        hub = np.zeros(arcs.n, dtype=bool)
        source, target = arcs.adjacency.source, arcs.adjacency.target
        hub[target[(target >= arcs.real) & (row < 0)]] = True
        return (self.proved & ~(hub[source] & (row < 0))) | hub[target]

    def _upstream(self, seeds: Bools, places: Bools, allowed: Bools | None = None) -> Bools:
        """Columns from which something marked is reached: columns, or places of tables; shape (columns,)."""
        starts = np.r_[self.numbers[seeds], self.tables.graph.members[places]]
        return live(self.arcs.adjacency, starts, allowed=None if allowed is None or allowed.all() else allowed)[self.numbers]

    def _own(self, numbers: pl.Series) -> Bools:
        """Mark columns given by number; shape (columns,)."""
        marked = np.zeros(len(self.tables.lineage.coded.ids), dtype=bool)
        marked[numbers.to_numpy()] = True
        return marked[self.numbers]

    @cached_property
    def live(self) -> Bools:
        """Columns that are named on the way to a terminal reader; shape (columns,)."""
        recent = self._own(self.named.filter(pl.col("day") >= self.tables.first)["column"])
        return self._upstream(recent | self.shown[self.home], self.tables.conditions["live"], self.proved)

    @cached_property
    def swept(self) -> Bools:
        """Columns that are live, or read as one of all; shape (columns,)."""
        return self._upstream(self.live | self._at(swept=True)[self.home], self.tables.conditions["live"], self.sweeping)

    @cached_property
    def unknown(self) -> Bools:
        """Columns that are swept, or may be used where no record tells; shape (columns,)."""
        tables = self.tables
        unsure = self.swept | (self.opaque | tables.own_blind)[self.home]
        return self._upstream(unsure, tables.conditions["live"] | (tables.blind >= 0))

    @cached_property
    def seasonal(self) -> Bools:
        """Columns that lead to what has been silent no longer than before; shape (columns,)."""
        tables, end = self.tables, (self.tables.window[1] - EPOCH).days
        own = self._own(silence_is_short(self.named.select(i="column", day="day"), end))
        tabled = np.zeros(len(tables.graph), dtype=bool)
        tabled[silence_is_short(self.whole, end).to_numpy()] = True
        return self._upstream(own | tabled[self.home], tables.conditions["seasonal"])

    # -- verdicts ----------------------------------------------------------------------------------------------------

    @cached_property
    def out(self) -> tuple[Longs, Longs, Longs]:
        """Arcs that leave each column: to others, to itself, and those that are only possible; shape (columns,)."""
        net = self.arcs.adjacency
        other = net.source != net.target
        counts = (np.bincount(net.source[mask], minlength=self.arcs.n)[self.numbers] for mask in (other, ~other, other & ~self.proved))
        to_others, to_itself, possible = counts
        return to_others, to_itself, possible

    @cached_property
    def codes(self) -> NDArray[np.int8]:
        """Place in `COLUMN_VERDICTS` of each verdict; shape (columns,)."""
        to_others, to_itself, _ = self.out
        fits = {
            "live": self.live,
            "swept": self.swept,
            "unknown": self.unknown,
            "seasonal": self.seasonal,
            "zombie": to_others > 0,
            "self-only": to_itself > 0,
        }
        found = np.full(len(self.numbers), _CODE["unread"], dtype=np.int8)
        for verdict, mask in reversed(fits.items()):
            found[mask] = _CODE[verdict]
        table = np.array([_CODE[verdict] for verdict in TABLE_VERDICTS], dtype=np.int8)[self.tables.codes][self.home]
        found = np.where(table == _CODE["live"], found, table)
        found[self.protected & ~np.isin(found, (_CODE["dropped"], _CODE["live"]))] = _CODE["protected"]
        found[self.dropped > LASTING] = _CODE["dropped"]
        return found

    @cached_property
    def dropped(self) -> Longs:
        """Day number on which each column was dropped; `LASTING`: it is there; shape (columns,)."""
        found: Longs = dropped_days(self.tables.lineage, self.tables.log)[self.numbers]
        return found

    @cached_property
    def own_kept(self) -> Bools:
        """Columns that are kept by their own names; shape (columns,)."""
        return self.tables.lineage.coded.ids.gather(self.numbers).is_in(self.kept.implode()).to_numpy()

    @cached_property
    def protected(self) -> Bools:
        """Columns that are kept, and all that feeds them; shape (columns,)."""
        if not self.own_kept.any():
            return self.own_kept
        return self._upstream(self.own_kept, np.zeros(len(self.tables.graph), dtype=bool))

    @cached_property
    def last(self) -> tuple[Longs, Longs]:
        """Last terminal read that a column is named for (day number), and the node where it happened (number; -1)."""
        arcs, tables = self.arcs, self.tables
        packed = np.full(arcs.n, -1, dtype=np.int64)
        day = tables.last[0]
        read = np.flatnonzero(day > NEVER)
        packed[tables.graph.members[read]] = day[read] * arcs.n + tables.graph.members[read]
        own = np.flatnonzero(self.shown[self.home] & (day[self.home] > NEVER))
        packed[self.numbers[own]] = day[self.home[own]] * arcs.n + self.numbers[own]
        named = self.named.group_by("column").agg(pl.col("day").max())
        packed[named["column"].to_numpy()] = named["day"].to_numpy() * arcs.n + named["column"].to_numpy()
        parts = condense(arcs.adjacency, allowed=None if self.proved.all() else self.proved)
        packed = push_max(parts, packed)[self.numbers]
        return np.where(packed >= 0, packed // max(arcs.n, 1), NEVER), np.where(packed >= 0, packed % max(arcs.n, 1), -1)

    def frame(self) -> pl.DataFrame:
        """A row a column, by number: node, verdict, last_read, evidence, bytes, freed, read_by, rests_on_possible."""
        coded = self.tables.lineage.coded
        day, at = self.last
        verdict = in_words(self.codes, COLUMN_VERDICTS)
        frame = pl.DataFrame({"verdict": verdict, "day": day, "at": at, "home": self.home, "number": self.numbers})
        frame = frame.with_columns(self._readers(frame), **self._reasons())
        for swept, name in ((True, "sweep"), (False, "guess")):
            rows = self.whole.filter(pl.col("swept") == swept)
            latest = rows.filter(pl.col("day") == pl.col("day").max().over("i")).group_by("i").agg(pl.col("day").first(), pl.col("c").min())
            latest = latest.select(home="i", **{f"{name}_day": "day", f"{name}_c": "c"})
            frame = frame.join(latest, on="home", how="left", maintain_order="left")
        only_swept = (pl.col("verdict") == "swept") & (pl.col("sweep_day").fill_null(NEVER) > pl.col("day"))
        frame = frame.with_columns(
            pl.when(only_swept).then("sweep_day").otherwise("day").alias("day"),
            pl.when(only_swept).then("sweep_c").otherwise("c").alias("c"),
        )
        return frame.select(
            coded.ids.gather(self.numbers).alias("node"),
            "verdict",
            days_of(frame["day"].to_numpy()),
            self._evidence(frame),
            pl.lit(None, pl.Int64).alias("bytes"),
            pl.lit(None, pl.Int64).alias("freed"),
            coded.ids.gather(frame["c"]).alias("read_by"),
            pl.Series("rests_on_possible", np.where(self.live | self.swept, 0, self.out[2]), dtype=pl.Int64),
        )

    def _readers(self, frame: pl.DataFrame) -> pl.Series:
        """Who made the last read of each row: c, a number."""
        tables = self.tables
        latest = self.named.filter(pl.col("day") == pl.col("day").max().over("column")).group_by("column").agg(pl.col("c").min())
        by_table = pl.DataFrame({"i": tables.last[1], "at": tables.graph.members}).join(tables.readers, on="i")
        every = pl.concat([latest.rename({"column": "at"}), by_table.select(pl.col("at").cast(pl.Int64), "c")])
        of_reports = frame.filter(pl.Series(self.shown[self.home])).select(at="number", i=pl.Series(tables.last[1]).gather(self.home[self.shown[self.home]]))
        every = pl.concat([every, of_reports.join(tables.readers, on="i").select(pl.col("at").cast(pl.Int64), "c")])
        every = every.unique("at", keep="first", maintain_order=True)
        return frame.select("at").join(every, on="at", how="left", maintain_order="left")["c"]

    def _reasons(self) -> dict[str, pl.Series]:
        tables = self.tables
        return {
            "blind": pl.Series(tables.own_blind[self.home]),
            "opaque": pl.Series(self.opaque[self.home]),
            "undated": pl.Series(np.maximum(self.tables.undated, 0)).set(pl.Series(self.tables.undated < 0), None).gather(self.home),
            "kept": pl.Series(self.protected),
            "own_kept": pl.Series(self.own_kept),
            "gone": days_of(self.dropped),
            "assumed": pl.Series((tables.assumed & ~tables.live)[self.home]),
            "swept_here": pl.Series(self._at(swept=True)[self.home]),
        }

    def _evidence(self, frame: pl.DataFrame) -> pl.Series:
        """Write the evidence, once for all rows that it fits."""
        table = pl.Series("table", self.tables.codes).gather(self.home)
        cases = frame.select(
            pl.Series("verdict", self.codes),
            table,
            "assumed", "blind", "opaque", "swept_here", "kept", "own_kept", "gone",
            pl.when((pl.col("at") >= 0) & (pl.col("at") != pl.col("number")) & (pl.col("verdict") == "live")).then("at").alias("at"),
            *(pl.when(pl.col("verdict").is_in(["live", "swept"])).then(c).alias(c) for c in ("day", "c")),
            *(pl.when(pl.col("verdict") == "unknown").then(c).alias(c) for c in ("guess_day", "guess_c", "undated")),
        )
        different = cases.unique(maintain_order=True).with_row_index("case")
        keys = cases.columns
        place = cases.join(different, on=keys, how="left", maintain_order="left", nulls_equal=True)["case"]
        return self._worded(different).gather(place).alias("evidence")

    def _worded(self, frame: pl.DataFrame) -> pl.Series:
        """Write the evidence of each row."""
        lineage, verdict = self.tables.lineage, pl.col("verdict")
        names = {"who": frame["c"], "where": frame["at"], "guess_who": frame["guess_c"], "reader": frame["undated"]}
        said = frame.with_columns(
            *(spoken_of(lineage, number).alias(name) for name, number in names.items()),
            *(days_of(frame[c].fill_null(NEVER).to_numpy()).cast(pl.String).alias(d) for c, d in (("day", "date"), ("guess_day", "guess_date"))),
            in_words(frame["verdict"].to_numpy(), COLUMN_VERDICTS).alias("verdict"),
            in_words(frame["table"].to_numpy(), TABLE_VERDICTS).alias("table"),
        )

        def by(name: str) -> pl.Expr:
            return pl.when(pl.col(name).is_not_null()).then(pl.format(" by {}", name)).otherwise(pl.lit(""))

        where = pl.when(pl.col("where").is_not_null()).then(pl.format(" (through {})", "where")).otherwise(pl.lit(""))
        assumed = pl.when(pl.col("assumed")).then(pl.lit("live (assumed): named in making a report whose views no log records"))
        read = pl.when(pl.col("date").is_not_null()).then(pl.format("named for a read on {}{}{}", "date", by("who"), where))
        whole = pl.when(pl.col("swept_here")).then(pl.format("no statement names it; last swept with its table on {}{}", "date", by("who")))
        guess = pl.when(pl.col("opaque")).then(
            pl.when(pl.col("guess_date").is_not_null())
            .then(pl.format("its table was read on {}{}, and no record tells which columns", "guess_date", by("guess_who")))
            .otherwise(pl.lit("its table was read, and no record tells which columns"))
        )
        cases = {
            "live": pl.coalesce(assumed, read, pl.lit("named in making what is read")),
            "swept": pl.coalesce(whole, pl.lit("no statement names it on the way to a reader; it is swept along with all columns")),
            "unknown": pl.coalesce(
                guess,
                pl.when(pl.col("reader").is_not_null()).then(pl.format("{} reads its table, and no record tells when", "reader")),
                pl.when("blind").then(pl.lit("no complete log or lineage tells of its table")),
                pl.lit("it may flow into what is read: no record tells which columns do"),
            ),
            "seasonal": pl.lit("its table is live; what it leads to is silent, but no longer than before"),
            "unread": pl.lit("its table is live, and nothing names or sweeps it"),
            "zombie": pl.lit("its table is live; it feeds other columns, which nobody reads"),
            "self-only": pl.lit("its table is live; it feeds itself alone"),
        }
        text = pl.lit(None, pl.String)
        for name, words in cases.items():
            text = pl.when(verdict == name).then(words).otherwise(text)
        inherited = pl.when((pl.col("table") != "live") | text.is_null()).then(pl.format("its table is {}", "table")).otherwise(text)
        kept = pl.when("own_kept").then(pl.lit("it is protected")).otherwise(pl.lit("feeds a column that is protected"))
        gone = pl.format("it is gone already: dropped on {}", pl.col("gone").cast(pl.String))
        said_of = pl.when(verdict == "dropped").then(gone).when((verdict == "protected") & pl.col("kept")).then(kept).otherwise(inherited)
        return said.select(said_of.alias("evidence"))["evidence"]
