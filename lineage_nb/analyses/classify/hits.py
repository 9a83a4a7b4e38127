"""Every rule that fires on every column: Python judges distinct names, polars carries it to the columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from lineage_nb.analyses.classify.names import Fit, Matcher
from lineage_nb.analyses.classify.rules import Rule, Ruleset
from lineage_nb.analyses.classify.values import FEWEST, Sample, samples
from lineage_nb.analyses.classify.words import Words, type_families
from lineage_nb.errors import LineageError
from lineage_nb.graph.lineage import Lineage

__all__ = ["OPAQUE", "Columns", "hits"]

_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {"node": pl.String, "label": pl.String, "rule": pl.String, "kind": pl.String, "weight": pl.Float64, "evidence": pl.String}
_COMMENT = 0.75
_DOUBT = 0.05
_ENOUGH = 20
_OF_FEW = 0.7
_ELSEWHERE = 0.55
_STRICT = ("email", "ip")
_INSIDE = "_inside"
_ENDINGS = r"\.(csv|tsv|json|parquet|avro|orc|txt|gz|sql)$"
OPAQUE = ("payload", "raw", "data", "json", "body", "blob", "document", "properties", "attributes", "metadata", "content", "value", "message", "record", "extra", "context")


@dataclass(frozen=True)
class Columns:
    """The columns of a snapshot, as the classifier sees them.

    Attributes
    ----------
    lineage : Lineage
        The snapshot.
    frame : polars.DataFrame
        node, parent, leaf (the last part of its name), context (the parts before it, else the table's name),
        family (of its type; null: not known), comment.
    """

    lineage: Lineage
    frame: pl.DataFrame

    @classmethod
    def of(cls, lineage: Lineage) -> Columns:
        """Take the columns of a snapshot."""
        nodes = lineage.frames["nodes"]
        columns = nodes.filter(pl.col("kind") == "column").select("id", "name", "parent", "data_type", "description")
        tables = nodes.select(pl.col("id").alias("parent"), pl.col("name").alias("table"))
        columns = columns.join(tables, on="parent", how="left", maintain_order="left")
        name = pl.col("name").str.strip_chars_end(".[] ")
        leaf = pl.coalesce(name.str.extract(r"([^.]+)$"), name)
        table = pl.col("table").str.replace(_ENDINGS, "").str.extract(r"([^./]+)/*$")
        frame = columns.select(
            pl.col("id").alias("node"),
            "parent",
            leaf.alias("leaf"),
            pl.coalesce(name.str.extract(r"([^.]+)\.[^.]+$"), table).alias("context"),
            type_families(columns["data_type"]).alias("family"),
            pl.col("description").alias("comment"),
        )
        return cls(lineage, frame)

    def opaque(self, more: pl.Series) -> list[str]:
        """Columns that may hold anything, and `more`."""
        any_type = pl.col("family").is_in(["json", "binary", "array"]).fill_null(value=False)
        vague = pl.col("leaf").str.to_lowercase().is_in(list(OPAQUE))
        return pl.concat([self.frame.filter(any_type | vague)["node"], more]).unique().sort().to_list()


def hits(columns: Columns, rules: Ruleset, values: Any = None) -> tuple[pl.DataFrame, Mapping[str, int]]:
    """Find every rule that fires.

    Parameters
    ----------
    columns : Columns
        What is judged.
    rules : Ruleset
        By which rules.
    values : mapping or dataframe, optional
        Sample values (see `lineage_nb.analyses.classify.values.samples`).

    Returns
    -------
    tuple
        (node, label, rule, kind (name, comment, value), weight, evidence; column → number of its distinct values,
        where values were given).
    """
    words, matcher = Words(rules), Matcher(rules)
    frame = columns.frame
    frame = frame.with_columns(words.of(frame["leaf"]).alias("name"), _about(words.of(frame["context"]), matcher))
    key = ["name", "about", "family"]
    by_name, killed = _judged(_telling(frame.select(key).unique(), matcher), "name", matcher.fits)
    named = frame.select("node", *key).join(by_name, on=key, nulls_equal=True)
    against = frame.select("node", *key).join(killed, on=key, nulls_equal=True)
    commented = frame.filter(pl.col("comment").is_not_null()).select("node", "about", "family", name=words.of(frame.drop_nulls("comment")["comment"]))
    by_comment, _ = _judged(_telling(commented.select(key).unique(), matcher), "comment", matcher.comment)
    # A comment speaks where the name says nothing, and for what it says; "log-in address" makes an e-mail no address.
    told = commented.join(by_comment, on=key, nulls_equal=True).join(against, on=["node", "label"], how="anti")
    other = named.select("node", "label").unique()
    told = pl.concat([told.join(other, on=["node", "label"], how="semi"), told.join(other.select("node").unique(), on="node", how="anti")])
    checked, sampled = _by_value(columns, rules, values, frame, matcher)
    parts = [part.select(pl.col(c).cast(t) for c, t in _SCHEMA.items()) for part in (named, told, checked)]
    return pl.concat(parts), sampled


def _about(contexts: pl.Series, matcher: Matcher) -> pl.Series:
    """What tables are about: their classes, sorted, with a space between."""
    distinct = contexts.drop_nulls().unique().to_list()
    found = {t: " ".join(sorted(matcher.about(t))) for t in distinct}
    return pl.DataFrame({"t": contexts}).select(pl.col("t").replace_strict(found, default="", return_dtype=pl.String).fill_null("").alias("about"))["about"]


def _telling(distinct: pl.DataFrame, matcher: Matcher) -> pl.DataFrame:
    """Those in whose name some rule finds a phrase."""
    names = [n for n in distinct["name"].drop_nulls().unique().to_list() if matcher.spots(n)]
    return distinct.filter(pl.col("name").is_in(names))


def _judged(
    distinct: pl.DataFrame, kind: str, judge: Callable[[str, frozenset[str], str | None], list[Fit]]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rules that distinct names fit, and the labels that other words of the name speak against."""
    fired, killed = [], []
    for name, about, family in distinct.iter_rows():
        for fit in judge(name or "", frozenset(about.split()), family):
            key = (name, about, family, fit.rule.label)
            if fit.killed:
                killed.append(key)
            else:
                weight = fit.rule.weight * (_COMMENT if kind == "comment" else 1)
                fired.append((*key, fit.rule.id, kind, weight, _evidence(kind, fit, about, family)))
    text = dict.fromkeys(("name", "about", "family", "label"), pl.String)
    schema = {**text, "rule": pl.String, "kind": pl.String, "weight": pl.Float64, "evidence": pl.String}
    return pl.DataFrame(fired, schema=schema, orient="row"), pl.DataFrame(killed, schema=text, orient="row")


def _evidence(kind: str, fit: Fit, about: str, family: str | None) -> str:
    parts = [f"{kind}: {fit.phrase}"]
    if family is not None and fit.rule.types:
        parts.append(f"type: {family}")
    if fit.rule.about:
        parts.append(f"table about: {', '.join(sorted(fit.rule.about & set(about.split())))}")
    return "; ".join(parts)


def _by_value(columns: Columns, rules: Ruleset, values: Any, named: pl.DataFrame, matcher: Matcher) -> tuple[pl.DataFrame, Mapping[str, int]]:
    if values is None:
        return pl.DataFrame(schema=_SCHEMA), {}
    known = set(columns.frame["node"].to_list())

    def resolve(name: str) -> str:
        node = columns.lineage.graph("column").resolve(name)
        if node not in known:
            raise LineageError(f"{columns.lineage.spoken(node)[:200]} is no column; give the values of columns")
        return node

    checked = samples(values, resolve)
    words = dict(named.filter(pl.col("node").is_in(list(checked))).select("node", "name").iter_rows())
    classes = {node: frozenset().union(*map(matcher.classes, (words[node] or "").split())) for node in checked}
    rows = [row for node, sample in sorted(checked.items()) for rule in rules.rules if rule.value for row in _value_rows(node, rule, sample, classes[node])]
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row"), {node: sample.count for node, sample in checked.items()}


def _value_rows(node: str, rule: Rule, sample: Sample, classes: frozenset[str]) -> Iterable[tuple[str, str, str, str, float, str]]:
    share = sample.shares.get(rule.value or "", 0.0)
    kind, inside, _ = (rule.value or "").partition(_INSIDE)
    text = f"values: {share:.0%} of {sample.count:,} {'contain' if inside else 'are'} {kind}"
    weight = rule.weight * share
    few = sample.count < FEWEST
    if few:
        weight, text = weight * _OF_FEW, f"{text}, which is few"
    if rule.not_named & classes:
        weight, text = weight * _ELSEWHERE, f"{text}, and the name says something else"
    if share >= (1.0 if few else rule.share):
        yield node, rule.label, rule.id, "value", round(weight, 4), text
    elif rule.value in _STRICT and sample.count >= _ENOUGH and max(share, sample.shares.get(f"{kind}{_INSIDE}", 0.0)) < _DOUBT:
        yield node, rule.label, rule.id, "value", 0.0, text
