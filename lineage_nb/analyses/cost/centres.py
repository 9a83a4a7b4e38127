"""Who belongs to which team and cost centre, and when."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

import polars as pl

from lineage_nb.errors import LineageError, SchemaError
from lineage_nb.sources.tables import days_of, table_of

__all__ = ["Centres", "CentresOn", "namesakes", "principals"]

_COLUMNS = ("owner", "team", "cost_centre", "from", "to")
_SPELLED = {"cost_center": "cost_centre", "costcentre": "cost_centre", "costcenter": "cost_centre"}
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class CentresOn:
    """The map of one span of days.

    Attributes
    ----------
    team_of : dict of str to str
        Owner → team.
    centre_of : dict of str to str
        Owner, or team, → cost centre.
    """

    team_of: dict[str, str] = field(default_factory=dict)
    centre_of: dict[str, str] = field(default_factory=dict)

    def frame(self, keys: pl.Series) -> pl.DataFrame:
        """Look keys up: key, mapped_team, own_centre (null: not in the map)."""
        names = keys.unique().drop_nulls().to_list()
        looked = {"key": names, "mapped_team": [self.team_of.get(n) for n in names], "own_centre": [self.centre_of.get(n) for n in names]}
        return pl.DataFrame(looked, schema=dict.fromkeys(looked, pl.String))


class Centres:
    """A dated map owner → team → cost centre.

    Parameters
    ----------
    given : path or frame
        Columns owner, team, cost_centre, from, to; all but one of owner and team may be missing or null. A row
        without owner says which cost centre a team belongs to. Days are inclusive, null is open.
    nodes : polars.DataFrame
        The conformed nodes: owners and teams are ids or names of principals, or any words that nodes have as owners.

    Raises
    ------
    LineageError
        For a table without these columns, and for two rows of one owner that disagree about a day.

    Examples
    --------
    >>> nodes = pl.DataFrame({"id": ["ana"], "kind": ["principal"], "type": ["person"], "name": ["ana"], "parent": [None]})
    >>> moved = {"owner": ["ana", "ana"], "team": ["core", "web"], "from": [None, "2025-03-01"], "to": ["2025-02-28", None]}
    >>> [(str(a), on.team_of["ana"]) for a, b, on in Centres(moved, nodes).spans(date(2025, 2, 1), date(2025, 3, 31))]
    [('2025-02-01', 'core'), ('2025-03-01', 'web')]
    """

    def __init__(self, given: object, nodes: pl.DataFrame) -> None:
        table = table_of(given, "centres")
        table = table.rename({c: _SPELLED.get(c.strip().lower().replace(" ", "_"), c.strip().lower().replace(" ", "_")) for c in table.columns})
        if "owner" not in table.columns and "team" not in table.columns:
            raise SchemaError.of("centres", [f"columns are {', '.join(_COLUMNS)} (found: {', '.join(table.columns) or 'none'})"])
        days = {c: days_of(table, c, "centres") for c in ("from", "to")}
        text = {c: _text(table, c) for c in _COLUMNS[:3]}
        rows = pl.DataFrame({**text, **days}, schema={**dict.fromkeys(_COLUMNS[:3], pl.String), "from": pl.Date, "to": pl.Date})
        rows = rows.with_row_index("row", 1)
        known = dict(principals(nodes).select("key", "principal").iter_rows())
        self._rows = rows.with_columns(pl.col(c).replace(known) if known else pl.col(c) for c in ("owner", "team")).rows(named=True)
        self._check()

    def _check(self) -> None:
        """Two rows of one owner (or of one team alone) that hold on one day must say the same."""
        seen: dict[tuple[str, str], list[dict[str, object]]] = {}
        for row in self._rows:
            if row["from"] and row["to"] and row["from"] > row["to"]:
                raise LineageError(f"centres, row {row['row']}: from {row['from']} is after to {row['to']}")
            who = ("owner", row["owner"]) if row["owner"] else ("team", row["team"])
            if who[1] is None:
                raise LineageError(f"centres, row {row['row']}: neither owner nor team")
            for other in seen.setdefault(who, []):
                if _overlap(row, other) and any(row[c] != other[c] for c in ("team", "cost_centre")):
                    told = " and ".join(f"row {r['row']} ({_told(r)})" for r in (other, row))
                    raise LineageError(f"centres disagree about {who[1]}: {told} hold on the same day; end one before the other begins")
            seen[who].append(row)

    def spans(self, first: date, last: date) -> list[tuple[date, date, CentresOn]]:
        """Cut a period where the map changes: first day, last day, the map of these days."""
        cuts = {first}
        for row in self._rows:
            after = row["to"] + _ONE_DAY if row["to"] and row["to"] < date.max else None
            cuts |= {d for d in (row["from"], after) if d is not None and first < d <= last}
        begins = sorted(cuts)
        ends = [d - _ONE_DAY for d in begins[1:]] + [last]
        return [(a, b, self.on(a)) for a, b in zip(begins, ends, strict=True)]

    def on(self, day: date) -> CentresOn:
        """The map of one day."""
        rows = [r for r in self._rows if (r["from"] or date.min) <= day <= (r["to"] or date.max)]
        team_of = {r["owner"]: r["team"] for r in rows if r["owner"] and r["team"]}
        members: dict[str, set[str]] = {}
        for r in rows:
            if r["owner"] and r["team"] and r["cost_centre"]:
                members.setdefault(r["team"], set()).add(r["cost_centre"])
        centre_of = {team: next(iter(found)) for team, found in members.items() if len(found) == 1}
        centre_of |= {r["owner"]: r["cost_centre"] for r in rows if r["owner"] and r["cost_centre"]}
        centre_of |= {r["team"]: r["cost_centre"] for r in rows if not r["owner"] and r["cost_centre"]}
        return CentresOn(team_of, centre_of)


def _text(table: pl.DataFrame, column: str) -> list[str | None]:
    if column not in table.columns:
        return [None] * table.height
    return [None if v is None or not str(v).strip() else str(v).strip() for v in table[column].to_list()]


def _overlap(one: dict[str, object], other: dict[str, object]) -> bool:
    starts = [r["from"] if isinstance(r["from"], date) else date.min for r in (one, other)]
    ends = [r["to"] if isinstance(r["to"], date) else date.max for r in (one, other)]
    return max(starts) <= min(ends)


def _told(row: dict[str, object]) -> str:
    return ", ".join([*(str(row[c]) for c in ("team", "cost_centre") if row[c]), f"{row['from'] or '…'} to {row['to'] or '…'}"])


def principals(nodes: pl.DataFrame) -> pl.DataFrame:
    """List principals by id and by name.

    Parameters
    ----------
    nodes : polars.DataFrame
        The conformed nodes.

    Returns
    -------
    polars.DataFrame
        key (an id, or the name of one principal alone; each once), principal, type, team (of a person).
    """
    known = nodes.filter(pl.col("kind") == "principal").select(
        "name",
        pl.col("id").alias("principal"),
        "type",
        pl.when(pl.col("type").is_null() | (pl.col("type") != "team")).then("parent").alias("team"),
    )
    by_id = known.select(pl.col("principal").alias("key"), "principal", "type", "team")
    by_name = known.filter(pl.len().over("name") == 1).select(pl.col("name").alias("key"), "principal", "type", "team")
    return pl.concat([by_id, by_name]).unique("key", keep="first", maintain_order=True)


def namesakes(nodes: pl.DataFrame) -> list[str]:
    """List the owners of nodes that are named by a word which several principals have as their name, sorted."""
    people = nodes.filter(pl.col("kind") == "principal")
    shared = people.filter(pl.col("name").is_not_null() & (pl.len().over("name") > 1))["name"].unique()
    used = nodes["owners"].explode().drop_nulls().unique()
    return used.filter(used.is_in(shared.implode()) & ~used.is_in(people["id"].implode())).sort().to_list()
