"""Who may read, from one region, personal data that lies in another: the data crosses the border when they do."""

from __future__ import annotations

from typing import Final

import polars as pl

from lineage_nb.analyses.pii.access import Access
from lineage_nb.analyses.pii.borders import zones
from lineage_nb.analyses.pii.exposure_rows import ROWS
from lineage_nb.analyses.pii.trace import VERDICTS
from lineage_nb.graph.lineage import Lineage

__all__ = ["ABROAD", "abroad"]

ABROAD: Final = "region by grant"
"""Kind of such a border."""


def abroad(lineage: Lineage, who: Access, seen: pl.DataFrame) -> pl.DataFrame:
    """List what persons and services may read by a grant in a region that is not theirs.

    Theirs is what a tag ``region:<name>`` says of them, else of what they are part of, else of who holds the grant. Of data
    and of readers without a region nothing is said.

    Parameters
    ----------
    lineage, who
        The snapshot, and who may read what.
    seen : polars.DataFrame
        The answer's rows, with place, rank (numbers) and stated.

    Returns
    -------
    polars.DataFrame
        Columns of `ROWS`; key: region of the data → region of the reader.
    """
    known = zones(lineage, "region")
    routes = who.of_leaves.filter(pl.col("place").is_in(seen["place"].unique().implode()))
    own = routes.join(known.rename({"node": "reader", "zone": "there"}), on="reader")
    held = routes.join(own.select("reader").unique(), on="reader", how="anti").join(known.rename({"node": "holder", "zone": "there"}), on="holder")
    pairs = pl.concat([own, held.select(own.columns)]).join(known.rename({"node": "place", "zone": "here"}), on="place")
    home = (pl.col("here") == pl.col("there")).any().over("reader", "place")
    rows = pairs.filter(~home).join(seen, on="place")
    ids = lineage.coded.ids
    more = {c: pl.lit(None, t) for c, t in ROWS.items() if c in ("without", "use", "last")}
    return rows.with_columns(
        key=pl.format("{} → {}", "here", "there"),
        kind=pl.lit(ABROAD),
        how=pl.lit("grant"),
        normal=pl.lit(value=False),
        verdict=pl.Series(VERDICTS).gather(rows.select(pl.max_horizontal("rank", "hides")).to_series()),
        certainty=pl.when(pl.col("stated") & pl.col("sure")).then(pl.lit("proved")).otherwise(pl.lit("possible")),
        via=ids.gather(rows["holder"]),
        reader=ids.gather(rows["reader"]),
        **more,
    ).select(list(ROWS)).cast(ROWS)  # type: ignore[arg-type]
