"""What a grant's condition makes of the values that it lets read.

Parts are divided by semicolons. ``masked: a, b`` (or redacted, hashed, pseudonymised, tokenised, encrypted) hides these
columns, without a colon all; with a colon and no name none. ``rows: …`` limits rows. Anything else limits in a way that is
not known here: what is left shows the value as it is.
"""

from __future__ import annotations

import re
from typing import Final

import polars as pl

from lineage_nb.graph.coded import VERDICTS

__all__ = ["SPELLING", "masked", "strange"]

SPELLING: Final = "'masked: a, b' (or redacted, hashed, pseudonymised, tokenised, encrypted), 'rows: …', with ';' between"
"""Conditions that are understood, as people are to write them."""
_MASKS: Final = re.compile(r"(?i)^\s*(masked|redacted|hashed|pseudonymi[sz]ed|tokeni[sz]ed|encrypted)\s*(?::(.*))?$", re.DOTALL)
_ROWS: Final = re.compile(r"(?i)^\s*rows?\s*:")
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
    conditions = each["condition"].drop_nulls().unique().sort()
    rows = [(condition, *part) for condition in conditions for part in _parts(condition)]
    parts = pl.DataFrame(rows, schema=_SHAPE, orient="row")
    limits = parts.group_by("condition").agg(pl.col("limited").any())
    masks = parts.filter(pl.col("hides") > 0)
    names = ids.gather(each["place"]).str.extract(r"(?s)#(.*)$").str.to_lowercase()
    numbered = each.with_columns(column=names).with_row_index("row")
    some = numbered.join(masks.drop_nulls("column"), on=["condition", "column"]).select("row", "hides")
    whole = numbered.join(masks.filter(pl.col("column").is_null()).select("condition", "hides"), on="condition").select("row", "hides")
    hides = pl.concat([some, whole]).group_by("row").agg(pl.col("hides").max())
    told = numbered.join(hides, on="row", how="left").join(limits, on="condition", how="left")
    return told.drop("row", "column").with_columns(pl.col("hides").fill_null(0), pl.col("limited").fill_null(value=False))


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
            found += [(rank, n.strip().lower(), False) for n in mask[2].split(",") if n.strip()]
    return found
