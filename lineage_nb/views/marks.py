"""What a picture shows, as plain values: boxes with their columns, links, and exact counts of what is not drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

__all__ = ["FOOT_HEIGHT", "HEAD_HEIGHT", "LABEL_SIZE", "ROW_HEIGHT", "SUB_SIZE", "Link", "Mark", "Row", "Scene", "row_middle"]

LABEL_SIZE, SUB_SIZE = 12.5, 10.5
HEAD_HEIGHT, ROW_HEIGHT, FOOT_HEIGHT = 44.0, 18.0, 20.0
"""Pixels: a closed box, a column of an open one, the line that counts its columns."""
_NOTHING: Mapping[str, int] = MappingProxyType({})
_NO_FOLDS: Mapping[str, tuple[str, ...]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Row:
    """A column listed in an open box.

    Attributes
    ----------
    id : str
        Full id.
    label, sub : str
        Its name, and its data type.
    flags : frozenset of str
        Any of linked (has lineage to another column that is drawn), pii.
    """

    id: str
    label: str
    sub: str = ""
    flags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Mark:
    """A box: a node, or a counted bundle of nodes that are not drawn.

    Attributes
    ----------
    id : str
        Full id; of a bundle of neighbours the id of the node it hangs on, of any other bundle the first node in it.
    label, sub : str
        Short name, and where it lives.
    kind, type : str
        As in `nodes`; a bundle has kind ``bundle`` and as type what it stands for: ``up`` or ``down`` (neighbours
        of a node), ``between``, ``sources``, ``ends`` or ``alone``.
    x, y, width, height : float
        Left, top and size in pixels.
    layer : int
        0 is leftmost.
    flags : frozenset of str
        Any of focus, report, deleted, pii, pinned, open (its columns are listed), source and end (of what is within
        reach).
    more_up, more_down : int
        Direct neighbours on either side that are not drawn, exact. Of a bundle: how many it holds, on the
        side it stands for; between others, as `more_down`.
    rows : tuple of Row
        Columns listed, when it is open.
    columns : int
        How many columns it has; 0 where none are known.
    """

    id: str
    label: str
    sub: str
    kind: str
    type: str
    x: float
    y: float
    width: float
    height: float
    layer: int
    flags: frozenset[str] = frozenset()
    more_up: int = 0
    more_down: int = 0
    rows: tuple[Row, ...] = ()
    columns: int = 0


@dataclass(frozen=True, slots=True)
class Link:
    """A drawn edge.

    Attributes
    ----------
    source, target : int
        Places in `Scene.marks`.
    value : bool
        Carries values; else it only influences.
    certainty : str
        ``proved``, ``possible``, or ``bundle`` for the link to a bundle.
    back : bool
        Closes a cycle.
    bends : tuple of (x, y)
        Points between the two boxes.
    source_row, target_row : int
        Places in the `rows` of either box of an edge between columns; -1: the box as a whole.
    """

    source: int
    target: int
    value: bool = True
    certainty: str = "proved"
    back: bool = False
    bends: tuple[tuple[float, float], ...] = ()
    source_row: int = -1
    target_row: int = -1


@dataclass(frozen=True, slots=True)
class Scene:
    """A picture before it is drawn.

    Attributes
    ----------
    marks, links : tuple
        What is drawn.
    width, height : float
        Extent in pixels.
    focus : str or None
        Id of the node in the middle of attention.
    level : str
        Level of the graph.
    drawn, total : int
        Nodes drawn, of the nodes within reach; exact.
    hidden : Mapping of str to int
        Why the others are not drawn: ``folded`` into bundles, ``filtered``, ``hidden`` by hand.
    note : str
        A sentence on what is shown, in place of the counts alone.
    folds : Mapping of str to tuple of str
        Id of a bundle that hangs on no node → the nodes in it that are drawn next.
    """

    marks: tuple[Mark, ...] = ()
    links: tuple[Link, ...] = ()
    width: float = 0.0
    height: float = 0.0
    focus: str | None = None
    level: str = "dataset"
    drawn: int = 0
    total: int = 0
    hidden: Mapping[str, int] = field(default_factory=lambda: _NOTHING)
    note: str = ""
    folds: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: _NO_FOLDS)

    @property
    def ids(self) -> list[str]:
        """Ids of the nodes drawn, sorted; bundles are left out."""
        return sorted(m.id for m in self.marks if m.kind != "bundle")

    def drawn_beside(self, node: str, side: str) -> int:
        """Count the drawn neighbours of a node on one side, ``up`` or ``down``."""
        ends = {(self.marks[k.source].id, self.marks[k.target].id) for k in self.links if k.certainty != "bundle"}
        return sum(a != b and (b if side == "up" else a) == node for a, b in ends)


def row_middle(row: int) -> float:
    """Find the height of a listed column below the top of its box; -1: of the name of the box."""
    return HEAD_HEIGHT / 2 if row < 0 else HEAD_HEIGHT + ROW_HEIGHT * (row + 0.5)
