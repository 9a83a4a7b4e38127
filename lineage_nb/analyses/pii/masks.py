"""What a grant's condition makes of the values that it lets read.

Parts are divided by semicolons. ``masked: a, b`` (or redacted, hashed, pseudonymised, tokenised, encrypted) hides these
columns, without a colon all; with a colon and no name none. Names may be quoted and begin with their table's; that of a
struct covers its fields. ``rows: …`` limits rows. Anything else limits in a way that is not known here: what is left shows
the value as it is.
"""

from __future__ import annotations

import re
from typing import Final

import polars as pl

from lineage_nb.graph.coded import VERDICTS

__all__ = ["SPELLING", "bare", "called", "masked", "named_by", "strange"]

SPELLING: Final = "'masked: a, b' (or redacted, hashed, pseudonymised, tokenised, encrypted), 'rows: …', with ';' between"
"""Conditions that are understood, as people are to write them."""
_MASKS: Final = re.compile(r"(?i)^\s*(masked|redacted|hashed|pseudonymi[sz]ed|tokeni[sz]ed|encrypted)\s*(?::(.*))?$", re.DOTALL)
_ROWS: Final = re.compile(r"(?i)^\s*rows?\s*:")
_QUOTES: Final = re.compile(r"[\"`\[\]]")
_SHAPE: Final = {"condition": pl.String, "hides": pl.Int64, "column": pl.String, "limited": pl.Boolean}


def masked(each: pl.DataFrame, ids: pl.Series) -> pl.DataFrame:
    """Add what conditions make of each place.

    Parameters
    ----------
    each : polars.DataFrame
        Columns place (number of a node), condition; and more.
    ids : polars.Series
        Ids of the nodes.

    Returns
    -------
    polars.DataFrame
        With hides (place in `VERDICTS` of what is left of the value; 0: all of it) and limited (by more than masks).
    """
    parts = _of_conditions(each["condition"])
    limits = parts.group_by("condition").agg(pl.col("limited").any())
    masks = parts.filter(pl.col("hides") > 0)
    numbered = each.with_row_index("row")
    by_name = numbered.select("row", "place", "condition").join(masks.drop_nulls("column"), on="condition")
    some = by_name.join(called(by_name["place"], ids), left_on=["place", "column"], right_on=["place", "name"]).select("row", "hides")
    whole = numbered.join(masks.filter(pl.col("column").is_null()).select("condition", "hides"), on="condition").select("row", "hides")
    hides = pl.concat([some, whole]).group_by("row").agg(pl.col("hides").max())
    told = numbered.join(hides, on="row", how="left").join(limits, on="condition", how="left")
    return told.drop("row").with_columns(pl.col("hides").fill_null(0), pl.col("limited").fill_null(value=False))


def called(places: pl.Series, ids: pl.Series) -> pl.DataFrame:
    """Give the names that columns go by: columns place, name; in small letters, also those of their structs, and with their table's before.

    Examples
    --------
    >>> called(pl.Series([0]), pl.Series(["db/s.t#Home.City"]))["name"].sort().to_list()
    ['home', 'home.city', 's.t.home', 's.t.home.city', 't.home', 't.home.city']
    """
    every = places.unique().sort()
    text = pl.Series("id", ids.gather(every)).str.to_lowercase()
    made = pl.DataFrame({"place": every.cast(pl.Int64), "path": text.str.extract(r"(?s)#(.*)$"), "table": text.str.extract(r"(?s)^(?:.*/)?([^#]*)#")}).drop_nulls("path")
    parts = [made]
    while parts[-1].height:
        parts.append(parts[-1].with_columns(path=pl.col("path").str.extract(r"(?s)^(.*)\.[^.]*$")).drop_nulls("path"))
    paths = pl.concat(parts)
    names = [paths.select("place", name="path")]
    while paths.height:
        names.append(paths.drop_nulls("table").select("place", name=pl.format("{}.{}", "table", "path")))
        paths = paths.with_columns(table=pl.col("table").str.extract(r"(?s)^[^.]*\.(.*)$")).drop_nulls("table")
    return pl.concat(names).unique().sort("place", "name")


def bare(name: str) -> str:
    """A column's name as it is compared: in small letters, without quotes.

    Examples
    --------
    >>> bare(' [dbo].[T]."Mail"')
    'dbo.t.mail'
    """
    return _QUOTES.sub("", name).strip().lower()


def named_by(conditions: pl.Series) -> pl.DataFrame:
    """List the columns that masks name: columns condition, column."""
    return _of_conditions(conditions).drop_nulls("column").select("condition", "column").unique().sort("condition", "column")


def _of_conditions(conditions: pl.Series) -> pl.DataFrame:
    rows = [(condition, *part) for condition in conditions.drop_nulls().unique().sort() for part in _parts(condition)]
    return pl.DataFrame(rows, schema=_SHAPE, orient="row")


def strange(conditions: pl.Series) -> tuple[str, ...]:
    """Conditions with a part that is no mask and no limit of rows, sorted.

    Examples
    --------
    >>> strange(pl.Series(["masked: mail; rows: own", "MASKED WITH (FUNCTION = 'default()')", None]))
    ("MASKED WITH (FUNCTION = 'default()')",)
    """
    several = conditions.drop_nulls().unique().sort().to_list()
    return tuple(c for c in several if any(p.strip() and not _MASKS.match(p) and not _ROWS.match(p) for p in c.split(";")))


def _parts(condition: str) -> list[tuple[int, str | None, bool]]:
    """What each part of a condition says: verdict (0: none), column (None: all), whether it limits in another way."""
    found: list[tuple[int, str | None, bool]] = []
    for part in condition.split(";"):
        mask = _MASKS.match(part)
        if mask is None:
            found += [(0, None, True)] if part.strip() else []
            continue
        rank = VERDICTS.index("redacted" if mask[1].lower() in ("masked", "redacted") else "pseudonymised")
        if mask[2] is None:
            found.append((rank, None, False))
        else:
            found += [(rank, bare(n), False) for n in mask[2].split(",") if bare(n)]
    return found
