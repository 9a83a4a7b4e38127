"""For requests of access and erasure: the tables that hold data of persons, and by which keys to find one person."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from lineage_nb.analyses.pii.ends import ends
from lineage_nb.analyses.pii.labels import canonical, tells_persons_apart
from lineage_nb.analyses.pii.person import about_person
from lineage_nb.analyses.pii.person_keys import PLAIN, SHARED
from lineage_nb.analyses.pii.propagation import trace_of
from lineage_nb.analyses.pii.strength import DERIVED
from lineage_nb.analyses.pii.subject_joins import joins, ways
from lineage_nb.analyses.pii.trace import VERDICTS, Trace
from lineage_nb.analyses.result import Answer, plural
from lineage_nb.errors import LineageError
from lineage_nb.graph.csr import Ints

__all__ = ["NO_KEY", "subject_tables"]

NO_KEY: Final = "no key known"
_HOWS: Final = ("look up", "hash first", "look up the id", "join", "narrow down", NO_KEY)
_SCHEMA: Final = {
    "node": pl.String,
    "key": pl.String,
    "how": pl.String,
    "by": pl.String,
    "labels": pl.List(pl.String),
    "certainty": pl.String,
    "copy": pl.String,
    "note": pl.String,
}


def subject_tables(answer: Answer, *, label: str | None = None) -> Answer:
    """List every table with data of or about persons, and how to find one person in it.

    Parameters
    ----------
    answer : Answer
        Of `pii`.
    label : str, optional
        What is known of the person, such as ``email``: only keys of this label count, and joins to tables that have one.
        By default any label that tells persons apart.

    Returns
    -------
    Answer
        Frame, by table, best key first: node (table, topic, file …), key (a column; null: none), how (look up: it
        holds the value; hash first: it holds a pseudonym, made as the job that made it makes it; look up the id: it is
        the key of persons, to be found by another key first; join: over other tables; no key known), by (label of
        the key; null for ids), labels (that the table holds, plain, pseudonymised or derived; empty: it is only
        about persons), certainty (of the key; of the data where there is none), copy (export, share, features, file:
        it is a copy outside; null: no), note.

        Reports show what is in tables and are not in it; nor are tables with nothing but aggregated or redacted values.

    Raises
    ------
    LineageError
        For the answer of another analysis, or a label that is not in it or does not tell persons apart.

    Examples
    --------
    >>> import lineage_nb as ln
    >>> nodes = {"id": ["t#mail", "u#mail_hash"], "kind": ["column"] * 2, "tags": ["pii:email", None]}
    >>> edges = {"source": ["t#mail"], "target": ["u#mail_hash"], "verdict": ["pseudonymised"]}
    >>> subject_tables(ln.from_frames(nodes=nodes, edges=edges).pii()._answer).frame.select("node", "key", "how").rows()
    [('t', 't#mail', 'look up'), ('u', 'u#mail_hash', 'hash first')]
    """
    trace = trace_of(answer)
    wanted = _wanted(trace, label)
    held = _held(trace)
    person, coded = about_person(answer), trace.lineage.coded
    keys = _keys(trace, person, wanted)
    homes = np.union1d(held["home"].to_numpy(), _numbers(trace, person.filter(pl.col("how") != "together")["node"]))
    homes = homes[~coded.of_kind("report", "job")[homes]]
    keys = keys.filter(pl.col("home").is_in(pl.Series(homes).implode()))
    loose, keys = keys.filter(~pl.col("tied")).drop("tied"), keys.filter("tied").drop("tied")
    found = pl.concat([keys, _joined(trace, homes, keys, person), loose])
    found = pl.concat([found, _joined(trace, np.setdiff1d(homes, found["home"].to_numpy()), loose, person)])
    rest = np.setdiff1d(homes, found["home"].to_numpy())
    found = pl.concat([found, _without(trace, rest, person)], how="diagonal")
    frame = _told(trace, found, held)
    summary = {
        "tables": frame["node"].n_unique(),
        "by": dict(frame.unique("node", keep="first", maintain_order=True).group_by("how").len().sort("how").iter_rows()),
        "copies": frame.filter(pl.col("copy").is_not_null())["node"].n_unique(),
        "no_key": frame.filter(pl.col("how") == NO_KEY)["node"].n_unique(),
        "label": label,
    }
    return Answer(
        "subject_tables",
        frame,
        _headline(summary),
        summary,
        (
            "Tables are found by tags, by keys and by joins that are recorded; a table that nothing ties to a person is not in it.",
            "Keys by name and by join are possible: look before you delete. Pseudonyms with a random salt cannot be looked up.",
        ),
        trace.lineage,
        answer.explain,
        settings={"label": label},
    )


def _headline(summary: dict[str, object]) -> str:
    tables, none, copies = (int(str(summary[k])) for k in ("tables", "no_key", "copies"))
    text = f"{plural(tables, 'table')} {'holds' if tables == 1 else 'hold'} data of persons"
    text += f"; {none:,} without a known key" if none else ", each with a key"
    return text + (f"; {plural(copies, 'copy' if copies == 1 else 'copie')} outside." if copies else ".")


def _wanted(trace: Trace, label: str | None) -> list[str]:
    telling = [x for x in trace.labels if tells_persons_apart(x)]
    if label is None:
        return telling
    name = canonical(label)
    if name not in telling:
        what = "does not tell persons apart" if name in trace.labels else "is not in this answer"
        raise LineageError(f"label {label!r} {what}. Labels to find a person by: {', '.join(telling) or 'none'}.")
    return [name]


def _numbers(trace: Trace, ids: pl.Series) -> Ints:
    found: Ints = trace.lineage.coded.numbers(ids.unique()).to_numpy().astype(np.int64)
    return found


def _held(trace: Trace) -> pl.DataFrame:
    """Labels by table: home, label, sure; what is aggregated or redacted is no person's."""
    rows = trace.rows.filter(pl.col("verdict") <= DERIVED)
    home = pl.Series(trace.lineage.coded.data[rows["node"].to_numpy()].astype(np.int64))
    told = rows.select(home=home, label=pl.Series(trace.labels, dtype=pl.String).gather(rows["label"]), sure=pl.col("certainty") == 0)
    return told.group_by("home", "label").agg(pl.col("sure").any()).sort("home", "label")


def _keys(trace: Trace, person: pl.DataFrame, wanted: list[str]) -> pl.DataFrame:
    """Columns to find a person by: home, key, how, by, certainty, note, tied (to a value to look up)."""
    coded, told = trace.lineage.coded, person.filter(pl.col("how") != "together")
    numbers = {c: coded.numbers(told[n]).cast(pl.Int64) for c, n in (("home", "node"), ("column", "key"), ("because", "evidence"))}
    rows = told.select(pl.col("how").alias("kind"), pl.col("label").alias("by"), "certainty").with_columns(**numbers)
    places = {n: i for i, n in enumerate(trace.labels)}
    best = trace.rows.group_by(column="node", number="label").agg(pl.col("verdict").min())
    rows = rows.with_columns(number=pl.col("by").replace_strict(places, default=None, return_dtype=best.schema["number"]))
    rows = rows.join(best, on=["column", "number"], how="left").filter(pl.col("by").is_null() | pl.col("by").is_in(wanted))
    shared = pl.col("by").str.to_lowercase().is_in(list(SHARED))
    hashed = pl.col("verdict") == VERDICTS.index("pseudonymised")
    how = (
        pl.when(pl.col("by").is_null()).then(pl.lit("look up the id"))
        .when(shared).then(pl.lit("narrow down"))
        .when(hashed).then(pl.lit("hash first"))
        .otherwise(pl.lit("look up"))
    )
    rows = _tied(rows.with_columns(how=how))
    reason = pl.col("kind").replace_strict(
        {"key": "the key of a table where personal data begins", "lineage": "made of such a key", "join": "joined with such a key", "name": "called as keys of persons are"}, default=None, return_dtype=pl.String
    )
    because = rows["because"].unique().sort()
    spoken = pl.Series("origin", [trace.lineage.spoken(i) for i in coded.ids.gather(because)], dtype=pl.String)
    origin = spoken.gather(because.search_sorted(rows["because"]))
    told_by = pl.when(pl.col("column") == pl.col("because")).then(reason).otherwise(pl.format("{}: {}", reason, origin))
    note = pl.when(pl.col("by").is_null()).then(told_by).when(hashed).then(pl.format("a pseudonym of {}", origin))
    return rows.with_columns(note=note, key=coded.ids.gather(rows["column"])).select("home", "key", "how", "by", "certainty", "note", "tied")


def _tied(rows: pl.DataFrame) -> pl.DataFrame:
    """Leave out ids that no table ties to a value to look up, whose id it is cannot be told; unless their names say that it is a person's."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    ids = rows.filter(pl.col("by").is_null())
    if ids.is_empty():
        return rows.with_columns(tied=pl.lit(value=True))
    pairs = pl.concat([ids.select(a="column", b="because"), ids.select(a="column", b="home")])
    nodes = pl.concat([pairs["a"], pairs["b"]]).unique().sort()
    a, b = (nodes.search_sorted(pairs[c]).to_numpy() for c in ("a", "b"))
    _, group = connected_components(coo_array((np.ones(len(a)), (a, b)), shape=(len(nodes), len(nodes))), directed=False)
    of = pl.DataFrame({"home": nodes, "group": group})
    sure = rows.filter(pl.col("how").is_in(["look up", "hash first"]))["home"].unique()
    tied = of.filter(pl.col("home").is_in(sure.implode()))["group"].unique()
    homes = of.filter(pl.col("group").is_in(tied.implode()))["home"]
    called = (pl.col("kind") == "name") & (pl.col("column") == pl.col("because"))
    marked = rows.with_columns(tied=pl.col("by").is_not_null() | pl.col("home").is_in(homes.implode()))
    return marked.filter(pl.col("tied") | called)


def _without(trace: Trace, homes: Ints, person: pl.DataFrame) -> pl.DataFrame:
    """Tables in which nothing is known to find a person by, with columns that are called as keys of persons are."""
    lineage = trace.lineage
    short = pl.col("id").str.replace(r"(?s)^.*#", "").str.to_lowercase()
    names = person.filter((pl.col("how") != "together") & pl.col("label").is_null()).select(short=pl.col("key").str.replace(r"(?s)^.*#", "").str.to_lowercase())
    names = names.filter(~pl.col("short").is_in(list(PLAIN)))
    columns = lineage.frames["nodes"].select("id", "kind", short=short, home=pl.Series(lineage.coded.data.astype(np.int64)))
    like = columns.filter((pl.col("kind") == "column") & pl.col("home").is_in(pl.Series(homes).implode())).join(names.unique(), on="short", how="semi")
    hints = like.group_by("home").agg(pl.col("short").sort().str.join(", ").alias("hint"))
    rows = pl.DataFrame({"home": homes.astype(np.int64)}).join(hints, on="home", how="left")
    hint = pl.format("perhaps by {}: keys of persons elsewhere are called so", "hint")
    return rows.select("home", how=pl.lit(NO_KEY), note=pl.coalesce(hint, pl.lit("search it by its other columns, or ask its owner")))


def _joined(trace: Trace, homes: Ints, keys: pl.DataFrame, person: pl.DataFrame) -> pl.DataFrame:
    """Tables without a key from which joins, or copies of one key, lead to one with a key."""
    lineage, ids = trace.lineage, trace.lineage.coded.ids
    keys = keys.filter(pl.col("how") != "narrow down")
    known = keys["home"].unique().to_list()
    found = ways(pl.concat([joins(lineage), _copies(trace, person)]).unique(), known)
    ranked = keys.with_columns(rank=_rank()).sort("home", "rank", "key").unique("home", keep="first", maintain_order=True)
    best = dict(ranked.select("home", "key").iter_rows())
    rows = []
    for home in sorted(set(homes.tolist()) - set(known)):
        if home not in found:
            continue
        path = found[home]
        last = int(lineage.coded.data[path[-1][1]])
        said = [f"{lineage.spoken(ids[c])} = {lineage.spoken(ids[p])}" + (f" ({lineage.spoken(ids[j])})" if j >= 0 else "") for c, p, j in path]
        note = f"{', then '.join(said)}, then {lineage.spoken(best[last])}"
        rows.append({"home": home, "key": ids[path[0][0]], "how": "join", "by": None, "certainty": "possible", "note": note})
    return pl.DataFrame(rows, schema=keys.schema)


def _copies(trace: Trace, person: pl.DataFrame) -> pl.DataFrame:
    """Columns that hold the same key of persons as the column that they rest on, as joins (see `subject_joins.joins`)."""
    coded = trace.lineage.coded
    told = person.filter((pl.col("how") != "together") & (pl.col("key") != pl.col("evidence")))
    column, partner = (coded.numbers(told[c]).cast(pl.Int64) for c in ("key", "evidence"))
    pairs = pl.DataFrame({"column": column, "partner": partner}).drop_nulls().unique()
    both = pl.concat([pairs, pairs.select(column="partner", partner="column")])
    home = pl.Series(coded.data.astype(np.int64))
    steps = both.with_columns(home=home.gather(both["column"]), other=home.gather(both["partner"]), job=pl.lit(-1, pl.Int64))
    return steps.filter(pl.col("home") != pl.col("other")).select("home", "column", "other", "partner", "job")


def _rank() -> pl.Expr:
    return pl.col("how").replace_strict({h: i for i, h in enumerate(_HOWS)}, return_dtype=pl.Int64)


def _told(trace: Trace, found: pl.DataFrame, held: pl.DataFrame) -> pl.DataFrame:
    coded = trace.lineage.coded
    labels = held.group_by("home", maintain_order=True).agg(pl.col("label").alias("labels"), pl.col("sure").any())
    arrived = trace.rows.filter((pl.col("hops") > 0) & (pl.col("certainty") < 2))["node"].to_numpy()
    outside = ends(trace.lineage, np.unique(coded.data[arrived])).select(home="place", copy="kind")
    rows = found.join(labels, on="home", how="left").join(outside, on="home", how="left")
    data = pl.when("sure").then(pl.lit("proved")).otherwise(pl.lit("possible"))
    note = pl.when(pl.col("copy").is_not_null()).then(pl.concat_str([pl.col("note"), pl.lit("a copy outside: whoever has it must be asked too")], separator="; ", ignore_nulls=True))
    rows = rows.with_columns(
        node=coded.ids.gather(rows["home"]),
        labels=pl.col("labels").fill_null([]),
        certainty=pl.coalesce("certainty", data),
        note=note.otherwise(pl.col("note")),
        rank=_rank(),
        doubt=pl.coalesce("certainty", data) == "possible",
    )
    return rows.sort("node", "rank", "doubt", "key", "by", nulls_last=True).select(list(_SCHEMA)).cast(_SCHEMA)  # type: ignore[arg-type]
