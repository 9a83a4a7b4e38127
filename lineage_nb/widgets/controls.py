"""The explorer: a picture to click through, a search box, filters, and what is known of the chosen node."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any

from lineage_nb.errors import LineageError
from lineage_nb.graph.lineage_graph import Level
from lineage_nb.views.columns import HasGraphs
from lineage_nb.views.export import save_scene
from lineage_nb.views.overlay import Overlay
from lineage_nb.views.scene import Scene
from lineage_nb.views.seen import seen
from lineage_nb.widgets import moves
from lineage_nb.widgets.facets import FACETS
from lineage_nb.widgets.live import Live

__all__ = ["Explorable", "Explorer", "explore"]

Explorable = HasGraphs
_OPTIONS = ("level", "hops", "upstream", "downstream", "kinds", "max_marks", "height", "view", "overlay")


def explore(lineage: Explorable, focus: str | None = None, **options: Any) -> Explorer:
    """Open an explorer.

    Parameters
    ----------
    lineage : Snapshot or Lineage
        What to look at.
    focus : str, optional
        Where to begin: an id or a unique suffix of one; a column opens its dataset with the column selected.
        By default all if that is little, else the ends: what is most upstream and most downstream.
    **options
        As `Explorer`.

    Raises
    ------
    TypeError
        For an unknown option.
    UnknownNameError, AmbiguousNameError
        For a focus that fits no or several nodes.

    Examples
    --------
    >>> import lineage_nb as ln
    >>> explore(ln.from_edges([("raw", "staging"), ("staging", "mart")]), "staging", hops=1).visible
    ['mart', 'raw', 'staging']
    """
    unknown = sorted(set(options) - set(_OPTIONS))
    if unknown:
        raise TypeError(f"unknown option {', '.join(map(repr, unknown))}. Known: {', '.join(_OPTIONS)}.")
    return Explorer(lineage, focus, **options)


class Explorer(Live):
    """A part of the lineage, live.

    Parameters
    ----------
    lineage : Snapshot or Lineage
        What to look at.
    focus : str, optional
        Where to begin.
    level : {"dataset", "column", "job"}
        What the boxes are.
    hops : int
        How far to show around a node, 1 to 8.
    upstream, downstream : bool
        Which sides to show.
    kinds : collection of str, optional
        Kinds to show; all by default.
    max_marks : int
        At most so many boxes.
    height : int
        Height of the picture, pixels.
    view : {"around", "ends", "path"}, optional
        A node with what is near it; or what is most upstream and downstream of it, the middle counted. By default
        the ends where not everything near finds room. ``path`` is what `path` shows.
    overlay : str or Overlay, optional
        What to colour boxes and edges by (``owner``, ``tier``, ``freshness``, ``cost``, ``pii``, ``unused``).

    Attributes
    ----------
    selected : str or None
        Full id of the selected node; setting it (short names too) moves the picture there.
    """

    # -- what is shown ---------------------------------------------------------------------------------------

    @property
    def scene(self) -> Scene:
        """What is drawn."""
        return self._scene

    @property
    def visible(self) -> list[str]:
        """Ids of the nodes drawn and not hidden by the legend, sorted."""
        return sorted(self._canvas.shown())

    @property
    def hidden(self) -> list[str]:
        """Ids of the nodes that are never drawn, sorted; can be set, short names too."""
        return sorted(self._state.hidden)

    @hidden.setter
    def hidden(self, names: Iterable[str]) -> None:
        self._apply(replace(self._state, hidden=frozenset(self._resolved(n) for n in names)))

    @property
    def pinned(self) -> list[str]:
        """Ids of the nodes that stay drawn, sorted; can be set, short names too."""
        return sorted(self._state.pinned)

    @pinned.setter
    def pinned(self, names: Iterable[str]) -> None:
        self._apply(replace(self._state, pinned=frozenset(self._resolved(n) for n in names)))

    @property
    def opened(self) -> list[str]:
        """Ids of the tables whose columns are listed, sorted; can be set, short names too."""
        return sorted(self._state.opened)

    @opened.setter
    def opened(self, names: Iterable[str]) -> None:
        state = replace(self._state, opened={})
        for name in names:
            state = moves.opened(state, self._resolved(name)) if self._resolved(name) not in state.opened else state
        self._apply(state)

    @property
    def overlay(self) -> str:
        """Name of what boxes and edges are coloured by, empty for nothing; can be set, to an `Overlay` too."""
        return self._state.overlay

    @overlay.setter
    def overlay(self, wanted: str | Overlay) -> None:
        self._colouring.drop()
        self._apply(replace(self._state, overlay=self._overlay_name(wanted)))

    def focus(self, name: str) -> None:
        """Put a node in the middle and select it.

        Parameters
        ----------
        name : str
            An id or a unique suffix of one. A column selects itself and puts its dataset in the middle; a job
            or dataset of another level changes the level.

        Raises
        ------
        UnknownNameError, AmbiguousNameError
            With the nearest candidates.
        """
        chosen = self._resolved(name)
        state = self._aimed(self._state, chosen)
        if (state.level, state.focus) != (self._state.level, self._state.focus):
            state = replace(state, expand={}, unfolded=())
        if state.view == "path":
            state = replace(state, view="around", other=None)
        self._apply(replace(state, hidden=state.hidden - {state.focus or ""}))
        self._choose(chosen)

    def path(self, a: str, b: str) -> None:
        """Show only what connects two nodes; a sentence tells where nothing does.

        Parameters
        ----------
        a, b : str
            Ids or unique suffixes. Two columns are followed at the level of columns.

        Raises
        ------
        UnknownNameError, AmbiguousNameError
            With the nearest candidates.
        """
        ends = [self._resolved(name) for name in (a, b)]
        kinds = [self._row(node)["kind"] for node in ends]
        level: Level = "column" if kinds == ["column", "column"] else "job" if "job" in kinds else "dataset"
        state = replace(self._state, level=level)
        if level == "dataset":
            ends = [str(self._row(n)["parent"] or n) if k == "column" else n for n, k in zip(ends, kinds, strict=True)]
        for node in ends:
            self._stage.graph(level).index(node)
        if level != self._state.level:
            state = replace(state, kinds=None, facets={})
        self._apply(replace(state, view="path", focus=ends[0], other=ends[1], unfolded=(), hidden=state.hidden - set(ends)))

    def expand(self, name: str, side: str = "") -> None:
        """Show more neighbours of a node, ``up``, ``down`` or on both sides; of a bundle more of what it holds."""
        node = name if name in self._scene.folds else self._resolved(name)
        self._apply(moves.expanded(self._state, self._scene, self._graph, node, side))

    def collapse(self, name: str) -> None:
        """Show fewer neighbours of a node."""
        self._apply(moves.collapsed(self._state, self._graph, self._resolved(name)))

    def hide(self, *names: str) -> None:
        """Hide nodes until they are shown again; what only they lead to is not drawn either."""
        nodes = {self._resolved(n) for n in names}
        if self._state.focus in nodes:
            raise LineageError(f"{self._state.focus} is in the middle; put another node there first, then hide it")
        self._apply(replace(self._state, hidden=self._state.hidden | nodes, pinned=self._state.pinned - nodes))

    def filter(self, **facets: str | Iterable[str]) -> None:
        """Show only nodes of some kinds, schemas, owners or tags; without arguments all again."""
        unknown = sorted(set(facets) - set(FACETS))
        if unknown:
            raise TypeError(f"unknown filter {', '.join(map(repr, unknown))}. Known: {', '.join(FACETS)}.")
        chosen = {k: frozenset([v] if isinstance(v, str) else v) for k, v in facets.items()}
        self._apply(replace(self._state, facets=chosen))

    def save(self, path: str | PathLike[str], *, title: str = "Data lineage") -> Path:
        """Write what is seen to a file, in the format that its suffix names (see `lineage_nb.views.export.save_scene`).

        What the legend hides is left out and counted; what the overlay tells is in all formats, as colours and words.
        """
        overlay = self._overlays.get(self._state.overlay)
        return save_scene(seen(self._scene, overlay, self._state.off), path, title=title, overlay=overlay)

    def undo(self) -> None:
        """Return to what was shown before."""
        self._turn(self._history.back(self._state))

    def redo(self) -> None:
        """Go forward again."""
        self._turn(self._history.forward(self._state))

    def on_select(self, callback: Callable[[str], object], *, remove: bool = False) -> None:
        """Call `callback(id)` whenever another node is selected; what it raises is shown under the picture.

        Parameters
        ----------
        callback : callable
            Takes the full id.
        remove : bool
            Stop calling it instead.
        """
        if remove:
            self._listeners = [c for c in self._listeners if c != callback]
        else:
            self._listeners.append(callback)
