"""Overlays: what the records say of nodes, and the answers of the analyses, one function each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
import polars as pl

from lineage_nb.analyses.cost.attribution import cost
from lineage_nb.analyses.pii.propagation import VERDICTS, pii
from lineage_nb.analyses.result import Answer, money
from lineage_nb.analyses.unused.judge import DROPPABLE, unused
from lineage_nb.errors import LineageError
from lineage_nb.graph.lineage import Lineage
from lineage_nb.graph.lineage_graph import LineageGraph
from lineage_nb.views.overlay import EDGES, NODES, Overlay
from lineage_nb.views.picture import focus_of

__all__ = ["OVERLAYS", "PII_LEVELS", "focus_and_overlay", "of_answer", "of_cost", "of_impact", "of_pii", "of_unused", "overlay"]

_MOST_NAMED = 5
_THIN, _THICK = 1.4, 9.0
PII_LEVELS = ("redacted", "pseudonymised", "aggregated", "derived", "plain")
"""Verdicts as classes of an overlay, weakest first."""
_PII_LEVEL = pl.col("rank").replace_strict({i: PII_LEVELS.index(v) for i, v in enumerate(VERDICTS)}, return_dtype=pl.Int64).alias("level")
_COST_SETTINGS = ("period", "of", "monitors", "idle", "currency", "rates")


def overlay(lineage: Lineage, name: str) -> Overlay:
    """Make an overlay by its name.

    Parameters
    ----------
    lineage : Lineage
        A snapshot.
    name : str
        One of `OVERLAYS`.

    Raises
    ------
    LineageError
        For an unknown name, and where the snapshot lacks what it needs (costs, say).

    Examples
    --------
    >>> import lineage_nb as ln
    >>> snap = ln.from_frames(nodes={"id": ["t", "u"], "owners": ["ana", None]}, edges={"source": ["t"], "target": ["u"]})
    >>> overlay(snap, "owner").badges(["t", "u"])
    {'t': Badge(text='ana', level=1)}
    """
    if name not in OVERLAYS:
        raise LineageError(f"no overlay {name!r}. Known: {', '.join(OVERLAYS)}.")
    return OVERLAYS[name](lineage)


def of_answer(answer: Answer) -> Overlay | None:
    """Make the overlay of an answer; None: its analysis has none."""
    made = {"pii": of_pii, "cost": of_cost, "unused": of_unused, "impact": of_impact}.get(answer.analysis)
    return None if made is None else made(answer)


def focus_and_overlay(answer: Answer) -> tuple[str | None, Overlay | None]:
    """Choose what an explorer of an answer begins with: what it is about, of costs the most expensive table."""
    made = of_answer(answer)
    if answer.analysis == "cost" and made is not None and made.nodes.height:
        return str(made.nodes["id"][0]), made
    return focus_of(answer), made


# -- what the records say ------------------------------------------------------------------------------------


def _owner(lineage: Lineage) -> Overlay:
    nodes = lineage.frames["nodes"].filter((pl.col("kind") != "column") & (pl.col("owners").list.len() > 0))
    names = nodes["owners"].explode().drop_nulls().unique().to_list()
    spoken = pl.col("owners").list.eval(pl.element().replace({n: lineage.spoken(n) for n in names}))
    told = nodes.select("id", spoken.alias("owners")) if names else nodes.select("id", "owners")
    shown = pl.col("owners").list.join(", ").alias("text")
    return _named("owner", "Owner", told.select("id", shown, pl.col("owners").list.first().alias("word")))


def _tier(lineage: Lineage) -> Overlay:
    nodes = lineage.frames["nodes"].filter((pl.col("kind") != "column") & pl.col("tier").is_not_null())
    return _named("tier", "Tier", nodes.select("id", pl.col("tier").cast(pl.String).alias("text"), pl.col("tier").cast(pl.String).alias("word")))


def _named(name: str, title: str, told: pl.DataFrame) -> Overlay:
    """Give the most frequent words a class of their own, all others one together."""
    words = told.group_by("word").len().sort("len", "word", descending=[True, False])["word"].to_list()
    few = words[:_MOST_NAMED]
    places = {word: at + 1 for at, word in enumerate(few)}
    level = pl.col("word").replace_strict(places, default=0, return_dtype=pl.Int64).alias("level")
    return Overlay(name, title, ("others", *few), told.select("id", "text", level))


def _freshness(lineage: Lineage) -> Overlay:
    """Age of a node when the record ends: since it was last written by a run, else last seen."""
    nodes, end = lineage.frames["nodes"], lineage.graph("dataset").as_of
    levels = ("a day old at most", "a week old at most", "30 days old at most", "90 days old at most", "older")
    seen = nodes.filter(pl.col("kind") != "column").select("id", "last_seen")
    io, runs = lineage.frames["io"], lineage.frames["runs"]
    ended = runs.select("run", "job", pl.coalesce("end", "start").alias("at")).drop_nulls("at")
    wrote = io.filter(pl.col("direction") == "out").join(ended, on="run").select(pl.col("dataset").alias("id"), "at")
    ran = pl.concat([wrote, ended.select(pl.col("job").alias("id"), "at")]).group_by("id").agg(pl.col("at").max())
    told = seen.join(ran, on="id", how="left").with_columns(pl.coalesce("at", "last_seen").alias("then")).drop_nulls("then")
    if end is None or told.is_empty():
        return Overlay("freshness", "When the record ends", levels, pl.DataFrame(schema=NODES))
    hours = (pl.lit(end) - pl.col("then")).dt.total_minutes() / 60.0
    told = told.with_columns(hours.clip(lower_bound=0.0).alias("hours"))
    days = (pl.col("hours") / 24.0).floor().cast(pl.Int64)
    word = pl.when(pl.col("at").is_not_null()).then(pl.lit("last run")).otherwise(pl.lit("last seen"))
    age = pl.when(pl.col("hours") < 24).then(pl.format("{} h", pl.col("hours").floor().cast(pl.Int64))).otherwise(pl.format("{} d", days))
    level = pl.sum_horizontal([(pl.col("hours") > limit * 24.0).cast(pl.Int64) for limit in (1, 7, 30, 90)])
    return Overlay("freshness", "When the record ends", levels, told.select("id", pl.format("{} {} earlier", word, age).alias("text"), level.alias("level")))


# -- answers -------------------------------------------------------------------------------------------------


def of_cost(answer: Answer) -> Overlay:
    """Show what is spent on each table, and how the money flows on, split evenly between readers."""
    lineage = answer.lineage
    if answer.settings.get("by") != "dataset":
        settings = {k: v for k, v in answer.settings.items() if k in _COST_SETTINGS and v is not None}
        answer = cost(lineage, by="dataset", **settings)
    frame = answer.frame.filter(pl.col("line") == "consumer").select("key", "amount")
    currency = str(answer.summary["currency"])
    total = max(1, int(frame["amount"].clip(lower_bound=0).sum()))
    limits = (0.001, 0.01, 0.05, 0.2)
    levels = ("under 0.1 % of all", "0.1 to 1 %", "1 to 5 %", "5 to 20 %", "over 20 % of all")
    spent: dict[str, int] = dict(frame.iter_rows())
    texts = [money(a, currency) for a in spent.values()]
    nodes = pl.DataFrame(
        {"id": list(spent), "text": texts, "level": [_level(a / total, limits) for a in spent.values()]}, schema=NODES
    )
    return Overlay("cost", "Cost", levels, nodes, _flow(lineage.graph("dataset"), spent, total, currency, limits))


def _level(share: float, limits: tuple[float, ...]) -> int:
    return sum(share >= limit for limit in limits)


def _flow(graph: LineageGraph, spent: Mapping[str, int], total: int, currency: str, limits: tuple[float, ...]) -> pl.DataFrame:
    """What each edge carries when every table passes on what it costs and gets, evenly to its readers."""
    held = np.zeros(len(graph))
    for node, money_here in spent.items():
        number = graph.naming.number(node)
        if number is not None:
            held[number] += money_here
    parts, (source, target) = graph.condensation, (graph.adjacency.source, graph.adjacency.target)
    home = parts.component
    outer = np.flatnonzero(home[source] != home[target])
    amount = np.bincount(home, weights=held, minlength=parts.count)
    edges = outer[np.argsort(home[source[outer]], kind="stable")]
    a, b = home[source[edges]], home[target[edges]]
    readers = np.maximum(np.bincount(a, minlength=parts.count), 1)
    step = np.asarray(parts.level)[a]
    cuts = np.searchsorted(step, np.arange(int(step.max(initial=-1)) + 2))
    for low, high in zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True):
        np.add.at(amount, b[low:high], amount[a[low:high]] / readers[a[low:high]])
    carried = amount[a] / readers[a]
    some = carried >= 5_000.0
    edges, carried = edges[some], carried[some]
    most = float(carried.max(initial=1.0))
    return pl.DataFrame(
        {
            "source": graph.names(source[edges]),
            "target": graph.names(target[edges]),
            "text": [f"{money(round(v), currency)} flow on here, split evenly between readers" for v in carried.tolist()],
            "level": [_level(v / total, limits) for v in carried.tolist()],
            "width": np.round(_THIN + (_THICK - _THIN) * np.sqrt(carried / most), 1),
            "possible": np.zeros(len(edges), dtype=bool),
        },
        schema=EDGES,
    )


def of_pii(answer: Answer) -> Overlay:
    """Show where personal data is and along which edges it came: the strongest verdict, possible or proved."""
    lineage, frame = answer.lineage, answer.frame
    rank = pl.col("verdict").replace_strict({v: i for i, v in enumerate(VERDICTS)}, return_dtype=pl.Int64).alias("rank")
    told = frame.with_columns(rank, (pl.col("certainty") == "possible").alias("possible"))
    kinds = lineage.frames["nodes"].select("id", "kind", "parent")
    homes = kinds.select(pl.col("id").alias("node"), pl.when(pl.col("kind") == "column").then("parent").fill_null(pl.col("id")).alias("home"))
    told = told.join(homes, on="node", how="left")
    own = told.select(pl.col("node").alias("id"), "label", "rank", "possible")
    box = told.filter(pl.col("home") != pl.col("node")).select(pl.col("home").alias("id"), "label", "rank", "possible")
    nodes = _worst(pl.concat([own, box]), ["id"])
    nodes = nodes.select("id", "text", _PII_LEVEL)
    return Overlay("pii", "Personal data", PII_LEVELS, nodes, _carried(lineage, told, homes))


def _worst(told: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """One row a key: its labels, the strongest verdict, what of that is only possible in words."""
    both = told.group_by(*keys).agg(
        pl.col("rank").min(),
        pl.col("rank").filter(~pl.col("possible")).min().alias("sure"),
        pl.col("possible").all(),
        pl.col("label").unique().sort().alias("labels"),
    )
    words = dict(enumerate(VERDICTS))
    rank, sure = (pl.col(c).replace_strict(words, return_dtype=pl.String) for c in ("rank", "sure"))
    verdict = (
        pl.when(pl.col("sure").is_null()).then(pl.format("possibly {}", rank))
        .when(pl.col("sure") > pl.col("rank")).then(pl.format("{}, possibly {}", sure, rank))
        .otherwise(rank)
    )
    return both.with_columns(pl.format("{}: {}", pl.col("labels").list.join(", "), verdict).alias("text")).sort(*keys)


def _carried(lineage: Lineage, told: pl.DataFrame, homes: pl.DataFrame) -> pl.DataFrame:
    """Edges of columns and of tables that the answer followed, or that are stated between places with one label."""
    graph = lineage.graph("column", expired=True)
    edges = graph.table
    mine = np.array([n for i in told["node"].unique() if (n := graph.naming.number(i)) is not None], dtype=np.int64)
    inside = np.zeros(len(graph), dtype=bool)
    inside[mine] = True
    at, found, edge = graph.forward.expand(np.sort(mine))
    keep = inside[found] & edges.value[edge] & (np.maximum(edges.verdict[edge], 0) < VERDICTS.index("redacted"))
    stated = pl.DataFrame({"source": graph.names(np.sort(mine)[at[keep]]), "target": graph.names(found[keep]), "unsure": ~edges.proved[edge[keep]]})
    ends = told.select("node", "label", "rank", "possible")
    both = stated.join(ends.select(pl.col("node").alias("source"), "label").unique(), on="source").join(ends.rename({"node": "target"}), on=["target", "label"])
    both = both.select("source", "target", "label", "rank", (pl.col("possible") | pl.col("unsure")).alias("possible"))
    followed = told.drop_nulls("via").select(pl.col("via").alias("source"), pl.col("node").alias("target"), "label", "rank", "possible")
    every = pl.concat([both, followed])
    of = dict(homes.filter(pl.col("node") != pl.col("home")).iter_rows()) if every.height else {}
    boxes = every.with_columns(*(pl.col(c).replace(of) for c in ("source", "target"))) if of else every
    every = pl.concat([every, boxes]).filter(pl.col("source") != pl.col("target"))
    worst = _worst(every, ["source", "target"])
    return worst.select("source", "target", "text", _PII_LEVEL, pl.lit(2.4).alias("width"), "possible").cast(EDGES)  # type: ignore[arg-type]


def of_unused(answer: Answer) -> Overlay:
    """Show the verdict on each table."""
    groups = {"live": 0, "protected": 5, "seasonal": 1, "dropped": 2, "unknown": 3} | dict.fromkeys(DROPPABLE, 4)
    level = pl.col("verdict").replace_strict(groups, default=2, return_dtype=pl.Int64)
    last = pl.when(pl.col("last_read").is_null()).then(pl.lit("")).otherwise(pl.format(", last read {}", pl.col("last_read").dt.to_string("%Y-%m-%d")))
    text = pl.concat_str("verdict", pl.when(pl.col("verdict") == "live").then(pl.lit("")).otherwise(last))
    levels = ("live", "seasonal", "other", "not known", "can be dropped", "protected")
    return Overlay("unused", "Use", levels, answer.frame.select(pl.col("node").alias("id"), text.alias("text"), level.alias("level")))


def of_impact(answer: Answer) -> Overlay:
    """Show how far each node is from what changes, and how sure that is."""
    hops = pl.col("hops").min()
    data = answer.lineage.frames["nodes"].select(pl.col("id").alias("node"), "parent")
    told = answer.frame.select("node", "hops", (pl.col("certainty") == "possible").alias("possible"))
    homes = told.join(data, on="node", how="left").drop_nulls("parent").select(pl.col("parent").alias("node"), "hops", "possible")
    every = pl.concat([told, homes]).group_by("node").agg(hops, pl.col("possible").all()).sort("node")
    maybe = pl.when("possible").then(pl.lit("possibly ")).otherwise(pl.lit(""))
    text = pl.format("{}{} hop{}", maybe, "hops", pl.when(pl.col("hops") == 1).then(pl.lit("")).otherwise(pl.lit("s")))
    level = pl.when("possible").then(3).otherwise(pl.when(pl.col("hops") <= 1).then(4).otherwise(1))
    levels = ("", "hit", "", "possibly hit", "hit directly")
    return Overlay("impact", "Impact", levels, every.select(pl.col("node").alias("id"), text.alias("text"), level.cast(pl.Int64).alias("level")))


OVERLAYS: Mapping[str, Callable[[Lineage], Overlay]] = MappingProxyType(
    {
        "owner": _owner,
        "tier": _tier,
        "freshness": _freshness,
        "cost": lambda lineage: of_cost(cost(lineage, by="dataset")),
        "pii": lambda lineage: of_pii(pii(lineage)),
        "unused": lambda lineage: of_unused(unused(lineage)),
    }
)
"""Overlays that any snapshot can be asked for."""
