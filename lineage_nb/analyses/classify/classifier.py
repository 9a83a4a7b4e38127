"""Which columns look like personal data, by name, type, comment, table and, where given, values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

import polars as pl

from lineage_nb.analyses.classify.hits import Columns, hits
from lineage_nb.analyses.classify.lineage import disagreeing
from lineage_nb.analyses.classify.rules import Given, Ruleset, read_rules
from lineage_nb.analyses.classify.values import FEW
from lineage_nb.analyses.pii.clock import decision_day
from lineage_nb.analyses.pii.decisions import Decisions, as_decisions
from lineage_nb.analyses.pii.labels import NO_LABEL, canonical
from lineage_nb.analyses.result import Answer, plural
from lineage_nb.errors import LineageError
from lineage_nb.graph.lineage import Lineage

__all__ = ["LANGUAGES", "STATUSES", "classify"]

PREFIX = "pii:"
STATUSES = ("confirmed", "tagged", "suggested", "name-disagrees", "rejected")
"""What is known of a suggestion, surest first."""
LANGUAGES = (
    "English, German, French, Spanish, Italian, Portuguese, Dutch and Swedish, the commonest words also in Polish, Turkish, Chinese, "
    "Russian, Japanese (in Latin letters, too), Korean and Arabic"
)
"""Languages that the shipped rules know."""
_LEAST = 0.5
_KEY = ["node", "label"]


def classify(
    lineage: Lineage,
    *,
    rules: Given | Iterable[Given] | None = None,
    values: Any = None,
    decisions: Any = None,
) -> Answer:
    """Suggest which columns hold personal data, of which label, how sure that is and why.

    Parameters
    ----------
    lineage : Lineage
        A snapshot.
    rules : path, mapping, or iterable of them, optional
        Your own rules (YAML) on top of the shipped ones; of the same shape as ``lineage_nb/data/pii_rules.yaml``.
    values : mapping or dataframe, optional
        Sample values: column → list of values, dataset → dataframe of rows, or a dataframe with the columns node
        and value. They are checked and forgotten: the answer holds counts and shares only. Needs the extra
        ``lineage-nb[pii]``.
    decisions : Decisions, path or dataframe, optional
        What people decided before; judged by the latest day recorded.

    Returns
    -------
    Answer
        Frame: node (column), label, confidence (0 to 1; from 0.5 on; 1 for what is tagged or decided), rule (id
        of the strongest rule; ``tag`` or ``decision`` where none fired), evidence (words), status:
        ``suggested``; ``tagged`` (a source's tag says so already); ``name-disagrees`` (the name or comment says so,
        but every writer upstream states its columns and no other column upstream holds the label: neither
        personal data for sure, nor clean); ``confirmed`` or ``rejected`` by a decision. The surest first.

    Raises
    ------
    FormatError, SchemaError
        For rules or decisions that cannot be read; all faults are listed.
    LineageError
        For values in another shape, or given without the extra ``pii``.
    UnknownNameError, AmbiguousNameError
        For values of a column that is not there.

    Examples
    --------
    >>> import lineage_nb as ln
    >>> names = ["email", "email_count", "dob"]
    >>> snap = ln.from_frames(nodes=[{"id": f"shop.users#{n}", "kind": "column"} for n in names])
    >>> snap.classify().frame.select("node", "label", "status").rows()
    [('shop.users#dob', 'date_of_birth', 'suggested'), ('shop.users#email', 'email', 'suggested')]
    """
    ruleset = read_rules(rules)
    book = as_decisions(decisions)
    columns = Columns.of(lineage)
    found, sampled = hits(columns, ruleset, values)
    made = _Made(lineage, ruleset, columns, found, book, decision_day(lineage), sampled)
    frame, evidence = made.frame()
    summary = _summary(frame, columns.frame.height)
    return Answer(
        "classify",
        frame,
        _headline(summary),
        summary,
        made.trust(frame),
        lineage,
        partial(_explain, lineage, evidence),
        settings={"labels": ruleset.labels, "spelling": made.spelling()},
    )


@dataclass(frozen=True)
class _Made:
    lineage: Lineage
    rules: Ruleset
    columns: Columns
    hits: pl.DataFrame
    book: Decisions
    day: date | None
    sampled: Mapping[str, int]

    def frame(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The answer's frame, and all evidence behind it: node, label, rule, kind, weight, evidence."""
        tags, overrides = self._tags(), self._overrides()
        kept = _scored(self.hits).filter(pl.col("confidence") >= _LEAST)
        same = tags.filter(~pl.col("whole")).select("node", "label", tag="tag")
        rows = kept.join(same, on=_KEY, how="full", coalesce=True).join(overrides, on=_KEY, how="full", coalesce=True)
        rows = self._said(rows, tags, overrides)
        more = [
            same.select(*_KEY, rule=pl.lit("tag"), kind=pl.lit("tag"), weight=pl.lit(1.0), evidence=pl.lit("tag pii:") + pl.col("tag") + pl.lit(" of a source")),
            overrides.select(*_KEY, rule=pl.lit("decision"), kind=pl.lit("decision"), weight=pl.lit(1.0), evidence=_decided()),
            rows.filter(pl.col("status") == "name-disagrees").select(*_KEY, rule=pl.lit("lineage"), kind=pl.lit("lineage"), weight=pl.lit(0.0), evidence=_contradicted()),
        ]
        shown = self.hits.join(rows, on=_KEY, how="semi")
        behind = pl.concat([shown, *(m.select(shown.columns) for m in more)]).sort(*_KEY, pl.col("weight"), "rule", descending=[False, False, True, False])
        return rows.select("node", "label", "confidence", "rule", "evidence", "status").sort("confidence", *_KEY, descending=[True, False, False]), behind

    def _said(self, rows: pl.DataFrame, tags: pl.DataFrame, overrides: pl.DataFrame) -> pl.DataFrame:
        """Give each row its status, and the evidence of tags and decisions."""
        by_name = rows.filter(pl.col("tag").is_null() & pl.col("decision").is_null() & ~pl.col("by_value"))
        wrong = self._disagreeing(rows, by_name, tags, overrides)
        rows = rows.join(wrong.with_columns(wrong=True), on=_KEY, how="left")
        decided, tagged = pl.col("decision").is_not_null(), pl.col("tag").is_not_null()
        status = (
            pl.when(pl.col("decision") == "is").then(pl.lit("confirmed"))
            .when(decided).then(pl.lit("rejected"))
            .when(tagged).then(pl.lit("tagged"))
            .when(pl.col("wrong").fill_null(value=False)).then(pl.lit("name-disagrees"))
            .otherwise(pl.lit("suggested"))
        )  # fmt: skip
        sure = (pl.col("decision") == "is") | (tagged & ~decided)
        by = pl.when(decided).then(pl.lit("decision")).otherwise(pl.lit("tag"))
        parts = [
            pl.when(decided).then(_decided()),
            pl.when(tagged).then(pl.lit("tag pii:") + pl.col("tag") + pl.lit(" of a source")),
            pl.when(status == "name-disagrees").then(_contradicted()),
            "evidence",
        ]
        return rows.with_columns(
            status.alias("status"),
            pl.when(sure).then(1.0).otherwise(pl.col("confidence").fill_null(0.0)).alias("confidence"),
            pl.coalesce("rule", by).alias("rule"),
            pl.concat_str(parts, separator="; ", ignore_nulls=True).alias("evidence"),
        )

    def _disagreeing(self, rows: pl.DataFrame, by_name: pl.DataFrame, tags: pl.DataFrame, overrides: pl.DataFrame) -> pl.DataFrame:
        rejected = overrides.filter(pl.col("decision") == "is_not").select(_KEY)
        holders = pl.concat([rows.select(_KEY), tags.select(_KEY)]).unique().join(rejected, on=_KEY, how="anti")
        candidates = by_name.select(_KEY).sort(_KEY)
        opaque = self.columns.opaque(rows.filter(pl.col("label").is_in(["free_text", "url"]))["node"])
        return candidates.filter(disagreeing(self.lineage, candidates, holders, opaque))

    def _tags(self) -> pl.DataFrame:
        """node, label (as the rules call it), tag (as the source does), whole (whether the node is a dataset)."""
        nodes = self.lineage.frames["nodes"].select("id", "kind", "tags").filter(pl.col("tags").is_not_null()).explode("tags")
        nodes = nodes.with_columns(pl.col("tags").str.strip_chars()).filter(pl.col("tags").str.to_lowercase().str.starts_with(PREFIX))
        nodes = nodes.with_columns(tag=pl.col("tags").str.slice(len(PREFIX)).str.strip_chars())
        nodes = nodes.filter(~pl.col("tag").str.to_lowercase().is_in(NO_LABEL))
        words = {tag: self._label(tag) for tag in nodes["tag"].unique()}
        label = pl.col("tag").replace_strict(words, return_dtype=pl.String) if words else pl.col("tag")
        found = nodes.select(pl.col("id").alias("node"), label.alias("label"), "tag", (pl.col("kind") != "column").alias("whole"))
        return found.sort("node", "label", "tag").unique(_KEY, keep="first", maintain_order=True)

    def _label(self, word: str) -> str:
        """A label as the rules call it, however it is spelled."""
        known, plain = self.rules.aliases, canonical(word)
        own = {canonical(x): x for x in sorted(self.rules.labels, reverse=True)}
        return known.get(word) or (word if word in self.rules.labels else known.get(plain) or own.get(plain, plain))

    def spelling(self) -> dict[str, str]:
        """Labels that the sources' tags call by one other word, and that word."""
        words = self._tags().group_by("label").agg(pl.col("tag").unique()).filter(pl.col("tag").list.len() == 1)
        return {label: tag[0] for label, tag in words.sort("label").iter_rows() if tag[0] != label}

    def _overrides(self) -> pl.DataFrame:
        """node, label, decision, by, why: in force, about columns; what is said of a dataset reaches its columns."""
        said = self.book.overrides(self.day).select("node", "label", "decision", "by", "why")
        words = {label: self._label(label) for label in said["label"].unique()}
        said = said.with_columns(pl.col("label").replace(words)) if words else said
        known = self.columns.frame.select("node", "parent")
        own = said.join(known.select("node"), on="node", how="semi")
        whole = said.filter(pl.col("decision") == "is_not").rename({"node": "parent"}).join(known, on="parent").select(own.columns)
        whole = whole.join(pl.concat([self.hits.select(_KEY), self._tags().select(_KEY)]), on=_KEY, how="semi").join(own, on=_KEY, how="anti")
        return pl.concat([own, whole])

    def trust(self, frame: pl.DataFrame) -> tuple[str, ...]:
        """What the answer rests on and cannot know."""
        notes = ["A column is judged by its name, type, comment and table; one without a telling name may hold anything: no suggestion is no proof."]
        notes.append(f"Names and comments are read in {LANGUAGES}; in other languages only what looks alike.")
        if checked := sum(count >= FEW for count in self.sampled.values()):
            notes.append(f"Values of {plural(checked, 'column')} were checked; none was kept.")
        if scant := sum(count < FEW for count in self.sampled.values()):
            notes.append(f"{plural(scant, 'column')} with fewer than {FEW} distinct values: too few to say anything; judged by name alone.")
        untyped = self.columns.frame["family"].null_count()
        if untyped:
            notes.append(f"The type of {plural(untyped, 'column')} is not known, so it speaks neither for nor against a name.")
        wrong = frame.filter(pl.col("status") == "name-disagrees").height
        if wrong:
            notes.append(f"The lineage of {plural(wrong, 'column')} speaks against the name; look before you call them clean or personal.")
        day = self.day
        if gone := self.book.expired(day).filter(pl.col("decision") != "accepted").height:
            notes.append(f"{plural(gone, 'override')} expired before {day}, the latest day recorded, and count no more.")
        said = self.book.overrides(day)
        nodes = pl.concat([self.columns.frame["node"], self.columns.frame["parent"].drop_nulls()]).unique()
        if strange := said.filter(~pl.col("node").is_in(nodes.implode())).height:
            notes.append(f"{plural(strange, 'override')} speak of nodes that are no columns of this snapshot.")
        return tuple(notes)


def _scored(found: pl.DataFrame) -> pl.DataFrame:
    """One row a column and label: kinds of evidence add up as independent, within a kind the strongest counts."""
    order = found.sort("weight", "rule", descending=[True, False])
    one = order.unique([*_KEY, "kind"], keep="first", maintain_order=True)
    texts = pl.col("evidence").str.join("; ").alias("evidence")
    scored = one.group_by(_KEY, maintain_order=True).agg(
        (1 - (1 - pl.col("weight").clip(0, 1)).product()).round(4).alias("confidence"),
        pl.col("rule").first(),
        texts,
        ((pl.col("kind") == "value") & (pl.col("weight") > 0)).any().alias("by_value"),
        ((pl.col("kind") == "value") & (pl.col("weight") == 0)).any().alias("doubted"),
    )
    doubt = pl.when(pl.col("doubted") & (pl.col("confidence") >= _LEAST)).then((pl.col("confidence") * 0.6).clip(_LEAST)).otherwise("confidence")
    return scored.with_columns(doubt.alias("confidence")).drop("doubted")


def _decided() -> pl.Expr:
    word = pl.when(pl.col("decision") == "is").then(pl.lit("decided to be by ")).otherwise(pl.lit("decided not to be by "))
    return word + pl.col("by") + pl.lit(": ") + pl.col("why")


def _contradicted() -> pl.Expr:
    return pl.lit("lineage: every writer upstream states its columns, and none of them holds ") + pl.col("label")


def _summary(frame: pl.DataFrame, columns: int) -> dict[str, Any]:
    count = dict(frame.group_by("status").len().iter_rows())
    kept = frame.filter(pl.col("status") != "rejected")
    return {
        "columns": columns,
        "found": kept["node"].n_unique(),
        "statuses": {s: count.get(s, 0) for s in STATUSES},
        "labels": dict(kept.group_by("label").len().sort("label").iter_rows()),
    }


def _headline(summary: Mapping[str, Any]) -> str:
    found, count = summary["found"], summary["statuses"]
    text = f"{plural(found, 'column')} of {summary['columns']:,} look{'s' if found == 1 else ''} like personal data"
    parts = [f"{count[s]:,} {s}" for s in STATUSES if count[s]]
    return text + (f": {', '.join(parts)}." if parts else ".")


def _explain(lineage: Lineage, evidence: pl.DataFrame, node: str, label: str | None = None) -> pl.DataFrame:
    """Show all that was found about `node`: label, rule, kind (name, comment, value, tag, decision, lineage), weight, evidence."""
    target = lineage.graph("column").resolve(node)
    rows = evidence.filter(pl.col("node") == target)
    if label is not None:
        rows = rows.filter(pl.col("label").is_in([label.strip(), canonical(label)]))
    if rows.is_empty():
        raise LineageError(f"{lineage.spoken(target)} is not in this answer: no rule, tag or decision speaks for it")
    return rows
