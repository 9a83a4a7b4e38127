"""The explorer: a picture to click through, a search box, filters, and what is known of the chosen node."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Protocol

import ipywidgets as w
import polars as pl
import traitlets

from lineage_nb.errors import LineageError
from lineage_nb.graph.lineage_graph import LEVELS, Level, LineageGraph
from lineage_nb.model.names import NameIndex
from lineage_nb.views.labels import clean
from lineage_nb.views.scene import Scene, neighbourhood, opening, scene_of
from lineage_nb.views.svg import svg
from lineage_nb.widgets.bar import Bar
from lineage_nb.widgets.details import details_html
from lineage_nb.widgets.explorer import Canvas
from lineage_nb.widgets.suggest import suggest

__all__ = ["Explorable", "Explorer", "explore"]

_STEP = 24
_MOST_BACK = 50
_OPTIONS = ("level", "hops", "upstream", "downstream", "kinds", "max_marks", "height")


class Explorable(Protocol):
    """What can be explored: a snapshot, or the lineage below one."""

    def graph(self, level: Level = "dataset") -> LineageGraph:
        """Give the graph of a level."""
        ...


def explore(lineage: Explorable, focus: str | None = None, **options: Any) -> Explorer:
    """Open an explorer.

    Parameters
    ----------
    lineage : Snapshot or Lineage
        What to look at.
    focus : str, optional
        Where to begin: an id or a unique suffix of one; a column opens its dataset with the column selected.
        By default all if that is little, else the node that feeds most.
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


class Explorer(w.VBox):  # type: ignore[misc]
    """A neighbourhood of the lineage, live.

    Parameters
    ----------
    lineage : Snapshot or Lineage
        What to look at.
    focus : str, optional
        Where to begin.
    level : {"dataset", "column", "job"}
        What the boxes are.
    hops : int
        How far to show, 1 to 8.
    upstream, downstream : bool
        Which sides to show.
    kinds : collection of str, optional
        Kinds to show; all by default.
    max_marks : int
        At most so many boxes.
    height : int
        Height of the picture, pixels.

    Attributes
    ----------
    selected : str or None
        Full id of the selected node; setting it (short names too) moves the picture there.
    """

    selected = traitlets.Unicode(None, allow_none=True)

    def __init__(
        self,
        lineage: Explorable,
        focus: str | None = None,
        *,
        level: Level = "dataset",
        hops: int = 2,
        upstream: bool = True,
        downstream: bool = True,
        kinds: Collection[str] | None = None,
        max_marks: int = 120,
        height: int = 480,
    ) -> None:
        if level not in LEVELS:
            raise LineageError(f"unknown level {level!r}. Known: {', '.join(LEVELS)}.")
        if isinstance(hops, bool) or hops not in range(1, 9):
            raise LineageError(f"hops is {hops!r}; give a whole number from 1 to 8")
        self._lineage = lineage
        nodes = lineage.nodes if hasattr(lineage, "nodes") else lineage.frames["nodes"]  # type: ignore[attr-defined]
        self._nodes: pl.DataFrame = nodes
        self._names = NameIndex(nodes)
        self._max_marks = max_marks
        self._focus: str | None = None
        self._expand: dict[tuple[str, str], int] = {}
        self._past: list[tuple[Level, str | None]] = []
        self._listeners: list[Callable[[str], object]] = []
        self._scene = Scene()
        self._quiet = False
        self._canvas = Canvas(height=height)
        self._canvas.layout.flex = "1 1 auto"
        self._canvas.layout.min_width = "0"
        self._bar = Bar.of(level, hops, upstream=upstream, downstream=downstream)
        self._details = w.HTML(
            layout={"flex": "0 0 270px", "margin": "0 0 0 12px", "max_height": f"{height + 34}px", "overflow": "auto"}
        )
        self._offer_kinds(None if kinds is None else {kinds} if isinstance(kinds, str) else set(kinds))
        chosen = None
        if focus is None:
            self._focus = opening(self._graph, max_marks=max_marks)
        else:
            chosen = self._aim(self._names.resolve(focus))
        super().__init__([*self._bar.rows(), w.HBox([self._canvas, self._details], layout={"width": "100%"})])
        self.add_class("ln-widget")
        self._listen()
        self._redraw()
        if chosen or self._focus:
            self.selected = chosen or self._focus
        else:
            self._tell(None)

    # -- parts -----------------------------------------------------------------------------------------------

    def _listen(self) -> None:
        for control in (self._bar.hops, self._bar.up, self._bar.down):
            control.observe(self._changed, "value")
        self._bar.level.observe(self._level_changed, "value")
        self._bar.search.observe(self._typed, "value")
        self._bar.search.on_msg(self._submitted)
        self._bar.back.on_click(lambda _: self._return())
        self._canvas.on_action("focus", self.focus)
        self._canvas.on_action("expand", self._unfold)
        self._canvas.observe(self._clicked, "selected")

    def _offer_kinds(self, shown: set[str] | None) -> None:
        """Offer a button for each kind of the level, if there are several."""
        ends = pl.concat([self._graph.edges["source"], self._graph.edges["target"]]).unique()
        nodes = self._graph.nodes
        linked = nodes.filter(pl.col("id").is_in(ends.implode())) if self._bar.level.value == "column" else nodes
        present = linked["kind"].unique().sort().to_list()
        unknown = sorted((shown or set()) - set(present))
        if unknown:
            raise LineageError(f"no nodes of kind {', '.join(map(repr, unknown))} here. Present: {', '.join(present)}.")
        for button in self._bar.offer(present, shown):
            button.observe(self._changed, "value")

    # -- state -----------------------------------------------------------------------------------------------

    @property
    def _graph(self) -> LineageGraph:
        return self._lineage.graph(self._bar.level.value)

    @property
    def scene(self) -> Scene:
        """What is drawn."""
        return self._scene

    @property
    def visible(self) -> list[str]:
        """Ids of the nodes drawn, sorted."""
        return self._scene.ids

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
        before = (self._bar.level.value, self._focus)
        chosen = self._aim(self._names.resolve(name))
        if before != (self._bar.level.value, self._focus):
            self._past = [*self._past, before][-_MOST_BACK:]
            self._expand = {}
        self._redraw()
        self._choose(chosen)

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

    def _aim(self, node: str) -> str:
        """Set focus (and level, if need be) to show `node`; returns what to select."""
        row = self._nodes.row(by_predicate=pl.col("id") == node, named=True)
        aim, level = node, self._bar.level.value
        if row["kind"] == "column" and level != "column":
            aim, level = str(row["parent"] or node), "dataset"
        elif row["kind"] == "job":
            level = "job"
        elif level == "job" and node not in self._graph.ids:
            level = "dataset"
        self._lineage.graph(level).index(aim)
        if level != self._bar.level.value:
            self._quiet = True
            self._bar.level.value = level
            self._quiet = False
            self._offer_kinds(None)
        self._focus = aim
        return node

    def _drawn_as(self, node: str | None) -> str:
        """Id of the box that stands for `node`: a column's dataset unless columns are drawn."""
        if node is None or node in self._scene.ids:
            return node or ""
        parents = self._nodes.filter(pl.col("id") == node)["parent"].to_list()
        return str(parents[0]) if parents and parents[0] in self._scene.ids else node

    def _choose(self, node: str) -> None:
        self._quiet = True
        self._canvas.selected = self._drawn_as(node)
        self._quiet = False
        self.selected = node

    @traitlets.validate("selected")  # type: ignore[untyped-decorator]
    def _resolve(self, proposal: Any) -> str | None:
        return None if proposal["value"] is None else self._names.resolve(proposal["value"])

    @traitlets.observe("selected")  # type: ignore[untyped-decorator]
    def _selection_changed(self, change: Any) -> None:
        node = change["new"]
        if node is None:
            self._canvas.selected = ""
            self._tell(None)
            return
        shown = self._drawn_as(node)
        if shown not in self._scene.ids:
            self.focus(node)
        self._quiet = True
        self._canvas.selected = self._drawn_as(node)
        self._quiet = False
        self._canvas.problem = ""
        self._tell(node)
        for callback in self._listeners:
            self._canvas.guarded(callback, node)

    def _tell(self, node: str | None) -> None:
        self._details.value = details_html(self._lineage, self._nodes, self._bar.level.value, node)

    # -- drawing ---------------------------------------------------------------------------------------------

    def _redraw(self) -> None:
        kinds = self._bar.chosen_kinds()
        most = self._max_marks
        self._scene = self._compose(kinds, most)
        while not self._canvas.show(self._scene) and most > 1:
            most = max(1, most * 3 // 4)
            self._scene = self._compose(kinds, most)
        self._bar.back.disabled = not self._past

    def _compose(self, kinds: list[str] | None, most: int) -> Scene:
        if self._focus is None:
            return scene_of(self._graph, kinds=kinds, max_marks=most)
        return neighbourhood(
            self._graph,
            self._focus,
            upstream=self._bar.up.value,
            downstream=self._bar.down.value,
            hops=self._bar.hops.value,
            kinds=kinds,
            max_marks=most,
            expand=self._expand,
        )

    def _changed(self, _: object) -> None:
        if not self._quiet:
            self._canvas.problem = ""
            self._canvas.guarded(self._redraw)

    def _level_changed(self, change: Any) -> None:
        if not self._quiet:
            self._canvas.guarded(self._to_level, change["old"])

    def _to_level(self, before: Level) -> None:
        """Keep what was looked at if the new level has it; else begin anew."""
        self._past = [*self._past, (before, self._focus)][-_MOST_BACK:]
        self._expand = {}
        self._offer_kinds(None)
        wanted = [n for n in (self.selected, self._focus) if n is not None]
        known = [n for n in wanted if n in set(self._graph.ids)]
        self._focus = known[0] if known else opening(self._graph, max_marks=self._max_marks)
        self._redraw()
        if self._focus is not None:
            self._choose(self._focus)

    def _return(self) -> None:
        level, self._focus = self._past.pop()
        self._quiet = True
        if level != self._bar.level.value:
            self._bar.level.value = level
            self._offer_kinds(None)
        self._quiet = False
        self._expand = {}
        self._redraw()
        if self._focus is not None:
            self._choose(self._focus)

    # -- what the browser says -------------------------------------------------------------------------------

    def _clicked(self, change: Any) -> None:
        node = change["new"]
        if not self._quiet and node:
            self._canvas.guarded(lambda: setattr(self, "selected", node))

    def _unfold(self, node: str, side: str) -> None:
        self._expand = {**self._expand, (node, side): self._scene.drawn_beside(node, side) + _STEP}
        self._redraw()

    @property
    def _findable(self) -> pl.Series:
        """Ids that this level can show: its nodes, and the columns of its datasets."""
        if self._graph.level == "job":
            return self._graph.nodes["id"]
        return self._nodes.filter(~pl.col("kind").is_in(["job", "principal", "compute"]))["id"]

    def _typed(self, change: Any) -> None:
        text = change["new"]
        if text in self._bar.search.options:
            self._canvas.guarded(self.focus, text)
        else:
            self._bar.search.options = tuple(suggest(self._findable, text))

    def _submitted(self, _: object, content: object, __: object) -> None:
        """Go where Enter in the search box points: the name itself, else the best suggestion."""
        if not isinstance(content, dict) or content.get("event") != "submit" or not self._bar.search.value.strip():
            return
        text = self._bar.search.value.strip()
        found = suggest(self._findable, text, 1)
        self._canvas.problem = ""
        try:
            self.focus(text)
        except LineageError as error:
            if found:
                self._canvas.guarded(self.focus, found[0])
            else:
                self._canvas.problem = clean(str(error), 1_000)

    def _repr_mimebundle_(self, **options: Any) -> Any:
        """Add the still picture, for readers without a kernel."""
        bundle = super()._repr_mimebundle_(**options)
        if isinstance(bundle, dict):
            bundle["text/html"] = svg(self._scene)
        return bundle
