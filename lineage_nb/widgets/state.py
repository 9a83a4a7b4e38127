"""What an explorer shows, as a value; and the way back through the values before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from lineage_nb.graph.lineage_graph import Level

__all__ = ["VIEWS", "History", "State"]

VIEWS = ("around", "ends", "path")
_MOST = 100
_NOTHING: Mapping[str, int] = MappingProxyType({})
_NO_EXPANSION: Mapping[tuple[str, str], int] = MappingProxyType({})
_NO_FACETS: Mapping[str, frozenset[str]] = MappingProxyType({})


@dataclass(frozen=True)
class State:
    """Everything that decides what is drawn.

    Attributes
    ----------
    level, view : str
        What the boxes are; ``around`` a node, its ``ends``, or the ``path`` between two.
    focus, other : str or None
        Ids of the node looked at, and of the second end of a path.
    hops, up, down
        How far to look around, and on which sides.
    kinds : tuple of str or None
        Kinds to show; None for all.
    expand : mapping of (id, side) to int
        Nodes that show more of their neighbours, or fewer.
    unfolded : tuple of str
        Nodes taken out of bundles.
    hidden, pinned : frozenset of str
        Nodes never shown, and always.
    opened : mapping of str to int
        Tables whose columns are listed → how many.
    facets : mapping of str to frozenset of str
        Schema, owner, tag, kind → the values to show.
    overlay : str
        Name of the overlay; empty for none.
    off : frozenset of str
        Classes of the legend that are not shown.
    """

    level: Level = "dataset"
    view: str = "around"
    focus: str | None = None
    other: str | None = None
    hops: int = 2
    up: bool = True
    down: bool = True
    kinds: tuple[str, ...] | None = None
    expand: Mapping[tuple[str, str], int] = field(default_factory=lambda: _NO_EXPANSION)
    unfolded: tuple[str, ...] = ()
    hidden: frozenset[str] = frozenset()
    pinned: frozenset[str] = frozenset()
    opened: Mapping[str, int] = field(default_factory=lambda: _NOTHING)
    facets: Mapping[str, frozenset[str]] = field(default_factory=lambda: _NO_FACETS)
    overlay: str = ""
    off: frozenset[str] = frozenset()


class History:
    """States that can be gone back to, and forward again.

    Examples
    --------
    >>> history = History()
    >>> history.note(State(hops=1))
    >>> history.back(State(hops=2)).hops, history.forward(State(hops=1)).hops
    (1, 2)
    """

    def __init__(self) -> None:
        self._past: list[State] = []
        self._future: list[State] = []

    @property
    def has_past(self) -> bool:
        """Whether there is a way back."""
        return bool(self._past)

    @property
    def has_future(self) -> bool:
        """Whether there is a way forward."""
        return bool(self._future)

    def note(self, before: State) -> None:
        """Remember a state that is left for another."""
        self._past = [*self._past, before][-_MOST:]
        self._future = []

    def back(self, now: State) -> State:
        """Go back one state; `now` where there is none."""
        if not self._past:
            return now
        self._future.append(now)
        return self._past.pop()

    def forward(self, now: State) -> State:
        """Go forward again."""
        if not self._future:
            return now
        self._past.append(now)
        return self._future.pop()
