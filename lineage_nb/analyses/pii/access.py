"""Who may read what: grants with roles expanded, what they mask, what is denied."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import polars as pl

from lineage_nb.analyses.pii.masks import bare, called, masked, named_by, strange
from lineage_nb.analyses.unused.unlogged import word
from lineage_nb.analyses.usage_log import inside
from lineage_nb.graph.coded import NOT_DATA
from lineage_nb.graph.csr import Ints
from lineage_nb.graph.lineage import Lineage

__all__ = ["CONTAINERS", "GROUPS", "Access", "access", "only_named"]

GROUPS: Final = ("team", "role", "group", "database role", "application role", "domain", "organisation", "organization")
"""Types of principals that stand for others, also where nobody is known to be in them."""
_EVERYBODY: Final = ("public", "allusers", "allauthenticatedusers", "everyone", "account users", "all users")
CONTAINERS: Final = ("schema", "database", "namespace", "catalog", "project", "folder", "bucket", "account", "share")
_READING: Final = r"^(select|read|all|all privileges|own|owner|ownership|control|reader|viewer|editor|admin|view|query|roles/.*(viewer|editor|owner|admin|reader))$"
_NOT_READING: Final = (
    r"^(insert|update|delete|truncate|write|create.*|usage|use.*|references|trigger|monitor|operate|modify|alter|drop|execute|"
    r"browse|apply.*|member|role|assume|reference usage|evolve schema|rebuild|temporary|connect|"
    r"view .*(definition|state|tracking)|showplan|share|grant option for.*|admin option for.*)$"
)
_MODES: Final = {"deny": r"^(deny|denied|not)([ :]+|$)", "revoke": r"^(revoke|revoked)([ :]+|$)", "grant": r"^(grant|granted)([ :]+|$)"}
_COMMA: Final = re.compile(r",(?![^(]*\))")
_COLUMNS: Final = re.compile(r"\(([^()]*)\)")
_ALL: Final = ("", "all", "all privileges")
_PLAINLY: Final = ("select", "read", "view", "query")
_OWNING: Final = ("own", "owner", "ownership")
_MEMBERSHIP: Final = (*_ALL, "member", "membership", "role", "usage", "assume")


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
    routes : polars.DataFrame
        As `allowed`, the best of the grants of each holder, sure and unsure ones apart: every way to read a place.
    denied : polars.DataFrame
        Columns reader, place: what a deny takes away for certain.
    leaves : numpy.ndarray
        Principals that stand for themselves: persons and services.
    strange : tuple of str
        Conditions of grants that are neither a mask nor a limit of rows in a known spelling.
    idle : tuple of str
        Columns that masks and privileges name, and that are none of what they are granted on.
    """

    direct: pl.DataFrame
    members: pl.DataFrame
    allowed: pl.DataFrame
    routes: pl.DataFrame
    denied: pl.DataFrame
    leaves: Ints
    strange: tuple[str, ...] = ()
    idle: tuple[str, ...] = ()

    @cached_property
    def of_leaves(self) -> pl.DataFrame:
        """What persons and services may read, the best way to each place."""
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
    parent of a dataset, or a name that only grants know and that others begin with) covers what is in it.

    A privilege that begins with DENY takes away what any role gives, where it is one of reading (or ALL, or nothing is
    named); a deny that nobody knows here makes reading less sure. REVOKE undoes grants of the same principal on the
    same node, as in SQL: what a role gives stays. Of several privileges with commas, each goes on with the word before
    it. A privilege that nobody knows here may let read. Conditions: see `lineage_nb.analyses.pii.masks`.

    Parameters
    ----------
    lineage : Lineage
        The snapshot.
    places : numpy.ndarray
        Numbers of columns, datasets and reports.
    """
    coded = lineage.coded
    grants = lineage.frames["grants"]
    said = grants.select(
        pl.Series("holder", coded.numbers(grants["principal"])).cast(pl.Int64),
        pl.Series("on", coded.numbers(grants["node"])).cast(pl.Int64),
        "privilege",
        "condition",
    )
    said = _one_by_one(said.drop_nulls(["holder", "on"]))
    direct = _direct(lineage, said)
    members = _members(lineage, direct)
    rights = _left(said.filter(~_principals(lineage).gather(said["on"])) if said.height else said)
    routes, denied, strange = _allowed(lineage, rights, members, np.unique(places))
    best = routes.unique(["reader", "place"], keep="first", maintain_order=True)
    return Access(direct, members, best, routes, denied, _leaves(lineage, direct), strange, _idle(lineage, rights))


def _one_by_one(said: pl.DataFrame) -> pl.DataFrame:
    """Privileges one by one: mode (grant, deny, revoke), text (the privilege itself), only (the column that it is of; null: all)."""
    several = said["privilege"].drop_nulls().unique().sort().to_list()
    parts = [(p, *part) for p in several for part in _listed(p)]
    split = pl.DataFrame(parts, schema={"privilege": pl.String, "part": pl.String, "only": pl.List(pl.String)}, orient="row")
    each = said.with_row_index("said").join(split, on="privilege", how="left", maintain_order="left")
    each = each.with_columns(privilege="part").drop("part")
    text, mode = word("privilege").str.replace_all(r"\s+", " "), pl.lit(None, pl.String)
    for name, pattern in _MODES.items():
        mode = pl.when(text.str.contains(pattern)).then(pl.lit(name)).otherwise(mode)
    each = each.with_columns(mode=mode).with_columns(mode=pl.col("mode").forward_fill().over("said").fill_null("grant"))
    for pattern in _MODES.values():
        text = text.str.replace(pattern, "")
    return each.with_columns(text=text.str.replace(r" with (grant|admin) option$", "")).drop("said").explode("only")


def _listed(privilege: str) -> list[tuple[str, list[str] | None]]:
    """Privileges between commas, each with the columns that stand in parentheses behind it.

    Examples
    --------
    >>> _listed("SELECT (Mail, addr), DELETE")
    [('SELECT', ['mail', 'addr']), ('DELETE', None)]
    """
    found: list[tuple[str, list[str] | None]] = []
    for part in _COMMA.split(privilege):
        columns = _COLUMNS.search(part)
        names = [bare(n) for n in columns[1].split(",") if bare(n)] if columns else []
        found.append((_COLUMNS.sub(" ", part).strip(), names) if names else (part.strip(), None))
    return found


def _left(rights: pl.DataFrame) -> pl.DataFrame:
    """Grants and denies, without the grants that a revoke undoes; partly: one with a condition may, less: columns of which one may."""
    grants = rights.filter(pl.col("mode") == "grant").with_row_index("row")
    revoked = rights.filter(pl.col("mode") == "revoke").select("holder", "on", gone="text", but="condition", of="only")
    pairs = grants.join(revoked, on=["holder", "on"])
    reading = pl.col("gone").is_in(_PLAINLY) & pl.col("text").is_in((*_PLAINLY, "all", "all privileges"))
    every = pl.col("gone").is_in(_ALL) & ~pl.col("text").is_in(_OWNING)
    undone = pairs.filter((pl.col("gone") == pl.col("text")) | every | reading)
    less = undone.filter(pl.col("of").is_not_null() & pl.col("only").is_null()).group_by("row").agg(less=pl.col("of").unique().sort().str.join("\n"))
    undone = undone.filter(pl.col("of").is_null() | (pl.col("of") == pl.col("only")))
    kept = grants.join(undone.filter(pl.col("but").is_null()), on="row", how="anti").join(less, on="row", how="left", maintain_order="left")
    kept = kept.with_columns(partly=pl.col("row").is_in(undone["row"].unique().implode())).drop("row")
    return pl.concat([kept, rights.filter(pl.col("mode") == "deny").with_columns(partly=pl.lit(value=False), less=pl.lit(None, pl.String))], how="diagonal")


def _idle(lineage: Lineage, rights: pl.DataFrame) -> tuple[str, ...]:
    """Columns that masks and privileges name, and that no column of what they are granted on is called."""
    told = pl.concat([rights.select("on", name="only").drop_nulls(), rights.join(named_by(rights["condition"]), on="condition").select("on", name="column")]).unique()
    if told.is_empty():
        return ()
    columns = np.flatnonzero(lineage.coded.of_kind("column")).astype(np.int64)
    ids = lineage.coded.ids
    covered = _covered(lineage, told["on"].unique(), columns)
    named = called(covered["place"], ids).join(covered, on="place").select("on", "name").unique()
    left = told.join(named, on=["on", "name"], how="anti")
    return tuple(sorted({f"{name} ({lineage.spoken(ids[on])})" for on, name in left.iter_rows()}))


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
    into = granted.select("mode", "text", member="holder", group="on")
    taken = into.filter(pl.col("mode") != "grant")
    given = into.filter(pl.col("mode") == "grant").join(taken, on=["member", "group", "text"], how="anti")
    pairs = pl.concat([parents.filter(principal.gather(parents["group"])), given.select("member", "group")])
    public = people.filter(word(pl.col("name").str.replace(r"^.*[:/]", "")).is_in(_EVERYBODY)).select(group="member")
    everybody = people.select("member").join(public, left_on="member", right_on="group", how="anti").join(public, how="cross")
    pairs = pl.concat([pairs, everybody]).filter(pl.col("member") != pl.col("group")).unique()
    return pairs.join(taken.filter(pl.col("text").is_in(_MEMBERSHIP)), on=["member", "group"], how="anti").sort("member", "group")


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


def _allowed(lineage: Lineage, rights: pl.DataFrame, members: pl.DataFrame, places: Ints) -> tuple[pl.DataFrame, pl.DataFrame, tuple[str, ...]]:
    """Every way to read a place, the best first; what is denied; conditions that nobody knows here."""
    reading, none = pl.col("text").str.contains(_READING), pl.col("text").str.contains(_NOT_READING)
    deny = pl.col("mode") == "deny"
    each = rights.with_columns(sure=reading | (deny & (pl.col("text") == ""))).filter(~none)
    covered = _covered(lineage, each["on"].unique(), places)
    each = _of_columns(each.unique().join(covered, on="on"), lineage.coded.ids)
    lifting = masked(each.filter(pl.col("text") == "unmask"), lineage.coded.ids)
    each = each.filter(pl.col("text").ne_missing("unmask"))
    given = masked(each.filter(~deny), lineage.coded.ids)
    told = members.rename({"member": "reader"})
    taken = each.filter(deny).join(told, left_on="holder", right_on="group")
    final = pl.col("condition").is_null() & pl.col("sure")
    denied, loose = (taken.filter(f).select("reader", "place").unique().sort("reader", "place") for f in (final, ~final))
    allow = given.join(told, left_on="holder", right_on="group").join(denied, on=["reader", "place"], how="anti")
    allow = allow.join(loose.with_columns(doubt=pl.lit(value=True)), on=["reader", "place"], how="left").with_columns(pl.col("doubt").fill_null(value=False))
    allow = _unmasked(allow, lifting.join(told, left_on="holder", right_on="group"))
    condition = pl.when("doubt").then(pl.lit("denied in part")).when("partly").then(pl.lit("revoked in part")).otherwise("condition")
    allow = allow.with_columns(condition.alias("condition"), sure=pl.col("sure") & ~pl.col("doubt") & ~pl.col("partly"))
    order = allow.sort("reader", "place", "hides", ~pl.col("sure"), "limited", pl.col("holder") != pl.col("reader"), "holder", "on", "privilege", nulls_last=True)
    ways = order.unique(["reader", "place", "holder", "sure"], keep="first", maintain_order=True)
    columns = ("reader", "place", "holder", "on", "privilege", "hides", "limited", "condition", "sure")
    return ways.select(columns), denied, strange(given["condition"])


def _of_columns(each: pl.DataFrame, ids: pl.Series) -> pl.DataFrame:
    """Leave out places that a list of columns does not name; where columns are not known it may name them: less sure. So are columns that were revoked."""
    numbered = each.with_row_index("row")
    lists = numbered.filter(pl.col("only").is_not_null() | pl.col("less").is_not_null()).select("row", "place", "only", "less")
    if lists.is_empty():
        return each.drop("only", "less")
    names = called(lists["place"], ids)
    hit = lists.join(names, left_on=["place", "only"], right_on=["place", "name"])["row"].unique()
    less = lists.select("row", "place", pl.col("less").str.split("\n")).explode("less").drop_nulls("less")
    taken = less.join(names, left_on=["place", "less"], right_on=["place", "name"])["row"].unique()
    whole = ~pl.Series(ids.gather(numbered["place"])).str.contains("#", literal=True)
    kept = numbered.with_columns(whole=whole).filter(pl.col("only").is_null() | pl.col("row").is_in(hit.implode()) | pl.col("whole"))
    loose = pl.col("whole") & (pl.col("only").is_not_null() | pl.col("less").is_not_null())
    partly = pl.col("partly") | pl.col("row").is_in(taken.implode()) | (pl.col("whole") & pl.col("less").is_not_null())
    return kept.with_columns(sure=pl.col("sure") & ~loose, partly=partly).drop("row", "whole", "only", "less")


def _unmasked(allow: pl.DataFrame, lifting: pl.DataFrame) -> pl.DataFrame:
    """Lift masks where somebody may UNMASK: for certain, or besides what is certain where the right has a condition or is denied in part."""
    deny = pl.col("mode") == "deny"
    refused = lifting.filter(deny).select("reader", "place").unique()
    rights = lifting.filter(~deny).join(refused, on=["reader", "place"], how="anti")
    free = ~pl.col("limited") & ~pl.col("partly")
    rights = rights.group_by("reader", "place").agg(free=free.any())
    joined = allow.join(rights, on=["reader", "place"], how="left")
    masked_ = (pl.col("hides") > 0) & pl.col("free").is_not_null()
    lifted = joined.filter(masked_).with_columns(hides=pl.lit(0, pl.Int64), condition=pl.format("{} (lifted by UNMASK)", "condition"), sure=pl.col("sure") & pl.col("free"))
    return pl.concat([joined.filter(~(masked_ & pl.col("free").fill_null(value=False))), lifted]).drop("free")


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
    container = pl.col("typed").is_in(CONTAINERS) | only_named(known, touched)
    return mine.filter(container)["i"].sort().to_list()


def only_named(known: pl.Series, touched: pl.Series) -> pl.Expr:
    """Tell nodes that no source describes and no edge touches."""
    return ~pl.col("id").is_in(known.implode()) & ~pl.col("id").is_in(touched.implode())
