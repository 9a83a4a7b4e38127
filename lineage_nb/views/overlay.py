"""What is told of boxes and edges besides the lineage itself: a class and a few words each."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import polars as pl

__all__ = ["EDGES", "NODES", "Badge", "Overlay", "Stroke"]

NODES = {"id": pl.String, "text": pl.String, "level": pl.Int64}
EDGES = {
    "source": pl.String, "target": pl.String, "text": pl.String, "level": pl.Int64, "width": pl.Float64, "possible": pl.Boolean,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Badge:
    """Words on a box, and the class (place in `Overlay.levels`) that colours them."""

    text: str
    level: int


@dataclass(frozen=True, slots=True)
class Stroke:
    """How an edge is drawn: words, class, width in pixels, and whether it is only possible."""

    text: str
    level: int
    width: float
    possible: bool


@dataclass(frozen=True, eq=False)
class Overlay:
    """Colours and words for the boxes and edges of any picture.

    Attributes
    ----------
    name, title : str
        What it is called in code, and by people.
    levels : tuple of str
        What each class means, at most seven.
    nodes : polars.DataFrame
        id (of a dataset, column, job or report), text, level; ids once.
    edges : polars.DataFrame
        source, target, text, level, width (pixels), possible; pairs of ids once.

    Examples
    --------
    >>> nodes = pl.DataFrame({"id": ["t"], "text": ["gold"], "level": [1]})
    >>> Overlay("tier", "Tier", ("none", "gold"), nodes).badges(["t", "u"])
    {'t': Badge(text='gold', level=1)}
    """

    name: str
    title: str
    levels: tuple[str, ...]
    nodes: pl.DataFrame
    edges: pl.DataFrame | None = None

    def badges(self, ids: Collection[str]) -> dict[str, Badge]:
        """Find what is told of some nodes."""
        mine = self.nodes.filter(pl.col("id").is_in(list(ids))).select("id", "text", "level")
        return {i: Badge(text, level) for i, text, level in mine.iter_rows()}

    def strokes(self, ids: Collection[str]) -> dict[tuple[str, str], Stroke]:
        """Find how the edges between some nodes are drawn."""
        if self.edges is None:
            return {}
        wanted = list(ids)
        mine = self.edges.filter(pl.col("source").is_in(wanted) & pl.col("target").is_in(wanted)).select(*EDGES)
        return {(s, t): Stroke(text, level, width, possible) for s, t, text, level, width, possible in mine.iter_rows()}
