"""Who may read what: grants with roles expanded, what they mask, what is denied."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import polars as pl

from lineage_nb.analyses.unused.unlogged import word
from lineage_nb.analyses.usage_log import inside
from lineage_nb.graph.coded import NOT_DATA, VERDICTS
from lineage_nb.graph.csr import Ints
from lineage_nb.graph.lineage import Lineage

__all__ = ["GROUPS", "Access", "access"]

GROUPS: Final = ("team", "role", "group", "database role", "application role", "domain", "organisation", "organization")
"""Types of principals that stand for others, also where nobody is known to be in them."""
_EVERYBODY: Final = ("public", "allusers", "allauthenticatedusers", "everyone", "account users", "all users")
_CONTAINERS: Final = ("schema", "database", "namespace", "catalog", "project", "folder", "bucket", "account", "share")
_READING: Final = r"(?i)^(select|read|all|all privileges|own|owner|ownership|control|reader|viewer|editor|admin|view|query|roles/.*(viewer|editor|owner|admin|reader))$"
_NOT_READING: Final = (
    r"(?i)^(insert|update|delete|truncate|write|create.*|usage|use.*|references|trigger|monitor|operate|modify|alter|drop|execute|"
    r"browse|apply.*|member|role|assume|reference usage|evolve schema|rebuild|temporary|connect)$"
)
_DENY: Final = r"(?i)^(deny|denied|revoke|revoked|not)([ :_-]+|$)"
_MASKS: Final = re.compile(r"(?i)^\s*(masked|redacted|hashed|pseudonymi[sz]ed|tokeni[sz]ed|encrypted)\s*(?::(.*))?$", re.DOTALL)


@dataclass(frozen=True)
class Access:
    """Who may read which places; numbers are those of the snapshot's nodes.

    Attributes
    ----------
    direct : polars.DataFrame
        Columns member, group: who is directly in which role or team.
    members : polars.DataFrame
        Columns member, group: the same through any number of roles, everybody in itself included.
    allowed : polars.DataFrame
        A row a reader and place that no deny takes away, the best of all grants: reader, place, holder (who holds the
        grant), on (what it was granted on), privilege, hides (place in `VERDICTS` of what its mask makes of the value;
        0: no mask), limited (a row policy or another limit), condition (words), sure (it certainly lets read).
    leaves : numpy.ndarray
        Principals that stand for themselves: persons and services.
    """

    direct: pl.DataFrame
    members: pl.DataFrame
    allowed: pl.DataFrame
    leaves: Ints

    @cached_property
    def of_leaves(self) -> pl.DataFrame:
        """What persons and services may read."""
        return self.allowed.filter(pl.col("reader").is_in(pl.Series(self.leaves).implode()))

    def chain(self, reader: int, holder: int) -> list[int]:
        """The shortest way from who holds a grant to who has it through roles."""
        before, level = {reader: reader}, [reader]
        groups = self.direct.group_by("member").agg(pl.col("group").unique().sort())
        into = dict(groups.iter_rows())
        while level and holder not in before:
            level = [g for m in level for g in into.get(m, []) if before.setdefault(g, m) == m]
        found = [holder]
        while found[-1] != reader and found[-1] in before:
            found.append(before[found[-1]])
        return found


def access(lineage: Lineage, places: Ints) -> Access:
    """Find who may read places.

    A grant on a principal makes the grantee a member of it, and so does a principal's parent. A grant on a dataset
    covers its columns, on a struct its fields; a grant on a schema, database or namespace (a node of such a type, the
    parent of a dataset, or a name that only grants know and that others begin with) covers what is in it. A privilege
    that begins with DENY or REVOKE takes away what any role gives; one that nobody knows here may let read. Of
    conditions, ``masked: a, b`` (redacted, hashed, pseudonymised, tokenised, encrypted) hides these columns, without
    names all; any other limits rows, and what is left shows the value.

    Parameters
    ----------
    lineage : Lineage
        The snapshot.
    places : numpy.ndarray
        Numbers of columns, datasets and reports.
    """
    coded = lineage.coded
    said = lineage.frames["grants"].select(
        pl.Series("holder", coded.numbers(lineage.frames["grants"]["principal"])).cast(pl.Int64),
        pl.Series("on", coded.numbers(lineage.frames["grants"]["node"])).cast(pl.Int64),
        "privilege",
        "condition",
    )
    said = said.drop_nulls(["holder", "on"]).with_columns(deny=pl.col("privilege").str.contains(_DENY))
    direct = _direct(lineage, said)
    members = _members(lineage, direct)
    rights = said.filter(~_principals(lineage).gather(said["on"])) if said.height else said
    allowed = _allowed(lineage, rights, members, np.unique(places))
    return Access(direct, members, allowed, _leaves(lineage, direct))


def _principals(lineage: Lineage) -> pl.Series:
    """Tell nodes that are principals; what holds a grant is one, whatever its kind."""
    frames = lineage.frames
    holders = frames["grants"]["principal"].unique()
    return frames["nodes"].select((pl.col("kind") == "principal") | pl.col("id").is_in(holders.implode())).to_series()


def _direct(lineage: Lineage, said: pl.DataFrame) -> pl.DataFrame:
    coded = lineage.coded
    nodes = lineage.frames["nodes"].select(member=pl.int_range(pl.len(), dtype=pl.Int64), parent="parent", kind="kind", name=pl.coalesce("name", "id"))
    principal = _principals(lineage)
    people = nodes.filter(principal)
    parents = people.select("member", group=coded.numbers(people["parent"]).cast(pl.Int64)).drop_nulls()
    granted = said.filter(principal.gather(said["on"])) if said.height else said
    into = granted.select("deny", member="holder", group="on")
    pairs = pl.concat([parents.filter(principal.gather(parents["group"])), into.filter(~pl.col("deny")).drop("deny")])
    public = people.filter(word(pl.col("name").str.replace(r"^.*[:/]", "")).is_in(_EVERYBODY)).select(group="member")
    everybody = people.select("member").join(public, left_on="member", right_on="group", how="anti").join(public, how="cross")
    pairs = pl.concat([pairs, everybody]).filter(pl.col("member") != pl.col("group")).unique()
    return pairs.join(into.filter("deny"), on=["member", "group"], how="anti").sort("member", "group")


def _members(lineage: Lineage, direct: pl.DataFrame) -> pl.DataFrame:
    """Everybody in everything, to a fixpoint: roles may hold each other in a circle."""
    own = pl.Series(np.flatnonzero(_principals(lineage).to_numpy()).astype(np.int64))
    every, fresh = pl.concat([pl.DataFrame({"member": own, "group": own}), direct]).unique(), direct
    step = direct.rename({"member": "group", "group": "next"})
    while fresh.height:
        fresh = fresh.join(step, on="group").select("member", group="next").unique()
        fresh = fresh.join(every, on=["member", "group"], how="anti")
        every = pl.concat([every, fresh])
    return every.sort("member", "group")


def _leaves(lineage: Lineage, direct: pl.DataFrame) -> Ints:
    groups = direct["group"].unique()
    nodes = lineage.frames["nodes"].select("kind", i=pl.int_range(pl.len(), dtype=pl.Int64), group=word("type").is_in(GROUPS).fill_null(value=False))
    found: Ints = nodes.filter(_principals(lineage)).filter(~pl.col("group") & ~pl.col("i").is_in(groups.implode()))["i"].to_numpy()
    return found


def _allowed(lineage: Lineage, rights: pl.DataFrame, members: pl.DataFrame, places: Ints) -> pl.DataFrame:
    text = word("privilege").str.replace(_DENY, "")
    each = rights.with_columns(pl.col("privilege").str.split(",")).explode("privilege").with_columns(pl.col("privilege").str.strip_chars())
    each = each.with_columns(sure=text.str.contains(_READING), reading=~text.str.contains(_NOT_READING)).filter("reading")
    each = each.unique().join(_covered(lineage, each["on"].unique(), places), on="on")
    each = _masked(lineage, each)
    per = each.join(members, left_on="holder", right_on="group").rename({"member": "reader"})
    deny = per.filter("deny")
    final, loose = deny.filter(pl.col("condition").is_null()), deny.filter(pl.col("condition").is_not_null())
    allow = per.filter(~pl.col("deny")).join(final, on=["reader", "place"], how="anti")
    doubt = loose.select("reader", "place").unique().with_columns(doubt=True)
    allow = allow.join(doubt, on=["reader", "place"], how="left").with_columns(sure=pl.col("sure") & pl.col("doubt").is_null())
    allow = allow.with_columns(pl.when("doubt").then(pl.lit("denied in part")).otherwise("condition").alias("condition"))
    order = allow.sort("reader", "place", "hides", ~pl.col("sure"), "limited", pl.col("holder") != pl.col("reader"), "holder", "on", "privilege", nulls_last=True)
    best = order.unique(["reader", "place"], keep="first", maintain_order=True)
    return best.select("reader", "place", "holder", "on", "privilege", "hides", "limited", "condition", "sure")


def _covered(lineage: Lineage, granted: pl.Series, places: Ints) -> pl.DataFrame:
    """Pairs (on, place): what a grant on each node covers."""
    coded, nodes = lineage.coded, lineage.frames["nodes"]
    place = pl.DataFrame({"place": places.astype(np.int64), "home": coded.data[places].astype(np.int64)})
    pairs = [place.select(on="place", place="place"), place.select(on="home", place="place")]
    parent = coded.numbers(nodes["parent"]).cast(pl.Int64)
    up = place.select("place", on="home")
    for _ in range(16):  # deeper than any hierarchy of folders
        up = up.select("place", on=parent.gather(up["on"])).drop_nulls()
        if up.is_empty():
            break
        pairs.append(up.select("on", "place"))
    told = place.with_columns(column=coded.ids.gather(place["place"]))
    nested = told.filter(pl.col("column").str.contains(r"#.*\."))
    while nested.height:
        nested = nested.with_columns(column=pl.col("column").str.extract(r"^(.*#.*)\.[^.#]*$")).drop_nulls("column")
        pairs.append(nested.select(on=coded.numbers(nested["column"]).cast(pl.Int64), place="place").drop_nulls())
    homes = nodes.select("id", "namespace", "name").with_columns(home=pl.int_range(pl.len(), dtype=pl.Int64)).filter(pl.col("home").is_in(place["home"].unique().implode()))
    for on in _containers(lineage, granted):
        found = homes.filter(inside(coded.ids[on]) & (pl.col("home") != on)).select("home")
        pairs.append(place.join(found, on="home").select(on=pl.lit(on, pl.Int64), place="place"))
    every = pl.concat(pairs).filter(pl.col("on").is_in(granted.implode()))
    return every.unique()


def _containers(lineage: Lineage, granted: pl.Series) -> list[int]:
    """Granted nodes that hold others whose names begin with theirs."""
    coded, nodes = lineage.coded, lineage.frames["nodes"]
    filled = pl.Series(coded.data[np.flatnonzero(coded.of_kind("column"))].astype(np.int64)).unique()
    named = nodes.select(i=pl.int_range(pl.len(), dtype=pl.Int64), kind="kind", typed=word(pl.coalesce("type", "kind")), id="id")
    mine = named.filter(pl.col("i").is_in(granted.implode()) & ~pl.col("i").is_in(filled.implode()) & ~pl.col("kind").is_in([*NOT_DATA, "report"]))
    known = lineage.data.frames["nodes"]["id"]
    touched = pl.concat([lineage.frames["edges"]["source"], lineage.frames["edges"]["target"]]).unique()
    container = pl.col("typed").is_in(_CONTAINERS) | _only_named(known, touched)
    return mine.filter(container)["i"].sort().to_list()


def _only_named(known: pl.Series, touched: pl.Series) -> pl.Expr:
    """Tell nodes that no source describes and no edge touches."""
    return ~pl.col("id").is_in(known.implode()) & ~pl.col("id").is_in(touched.implode())


def _masked(lineage: Lineage, each: pl.DataFrame) -> pl.DataFrame:
    """Add what a grant's condition makes of each place: hides, limited."""
    rows = [
        {"condition": condition, "hides": rank, "column": column, "limited": limited}
        for condition in each["condition"].drop_nulls().unique().sort()
        for rank, column, limited in _parts(condition)
    ]
    shape = {"condition": pl.String, "hides": pl.Int64, "column": pl.String, "limited": pl.Boolean}
    parts = pl.DataFrame(rows, schema=shape)
    limits = parts.group_by("condition").agg(pl.col("limited").any())
    masks = parts.filter(pl.col("hides") > 0)
    names = lineage.coded.ids.gather(each["place"]).str.extract(r"(?s)#(.*)$").str.to_lowercase()
    numbered = each.with_columns(column=names).with_row_index("row")
    some = numbered.join(masks.drop_nulls("column"), on=["condition", "column"]).select("row", "hides")
    whole = numbered.join(masks.filter(pl.col("column").is_null()).select("condition", "hides"), on="condition").select("row", "hides")
    hides = pl.concat([some, whole]).group_by("row").agg(pl.col("hides").max())
    told = numbered.join(hides, on="row", how="left").join(limits, on="condition", how="left")
    return told.drop("row", "column").with_columns(pl.col("hides").fill_null(0), pl.col("limited").fill_null(value=False))


def _parts(condition: str) -> list[tuple[int, str | None, bool]]:
    """What each part of a condition says: verdict (0: none), column (None: all), whether it limits in another way."""
    found: list[tuple[int, str | None, bool]] = []
    for part in condition.split(";"):
        mask = _MASKS.match(part)
        if mask is None:
            found += [(0, None, True)] if part.strip() else []
            continue
        rank = VERDICTS.index("redacted" if mask[1].lower() in ("masked", "redacted") else "pseudonymised")
        names = [n.strip().lower() for n in (mask[2] or "").split(",") if n.strip()]
        found += [(rank, n, False) for n in names] or [(rank, None, False)]
    return found
