"""The workings of the explorer: one state, a way back, controls and a picture that both follow it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

import ipywidgets as w
import polars as pl
import traitlets

from lineage_nb.errors import LineageError
from lineage_nb.graph.lineage_graph import LEVELS, Level, LineageGraph
from lineage_nb.model.names import NameIndex
from lineage_nb.views.columns import HasGraphs
from lineage_nb.views.labels import clean
from lineage_nb.views.overlay import Overlay
from lineage_nb.views.overlays import OVERLAYS
from lineage_nb.views.overlays import overlay as make_overlay
from lineage_nb.views.scene import Scene
from lineage_nb.views.seen import seen
from lineage_nb.views.svg import svg
from lineage_nb.widgets import moves
from lineage_nb.widgets.bar import Bar
from lineage_nb.widgets.colouring import Colouring
from lineage_nb.widgets.details import details_html
from lineage_nb.widgets.explorer import Canvas
from lineage_nb.widgets.facets import FACETS
from lineage_nb.widgets.stage import Stage
from lineage_nb.widgets.state import VIEWS, History, State
from lineage_nb.widgets.suggest import Search

__all__ = ["Live"]

_NO_DATA = ("job", "principal", "compute")


class Live(w.VBox):  # type: ignore[misc]
    """A picture with its controls; what can be done with it is `Explorer`, which see for the parameters."""

    selected = traitlets.Unicode(None, allow_none=True)

    def __init__(
        self,
        lineage: HasGraphs,
        focus: str | None = None,
        *,
        level: Level = "dataset",
        hops: int = 2,
        upstream: bool = True,
        downstream: bool = True,
        kinds: Collection[str] | None = None,
        max_marks: int = 120,
        height: int = 480,
        view: str | None = None,
        overlay: str | Overlay | None = None,
    ) -> None:
        if level not in LEVELS:
            raise LineageError(f"unknown level {level!r}. Known: {', '.join(LEVELS)}.")
        if isinstance(hops, bool) or hops not in range(1, 9):
            raise LineageError(f"hops is {hops!r}; give a whole number from 1 to 8")
        if view is not None and view not in VIEWS:
            raise LineageError(f"unknown view {view!r}. Known: {', '.join(VIEWS)}.")
        self._lineage, self._stage, self._max_marks = lineage, Stage(lineage), max_marks
        self._nodes: pl.DataFrame = lineage.frames["nodes"]
        self._names: NameIndex = lineage.names if hasattr(lineage, "names") else NameIndex(self._nodes)
        self._searches: dict[str, Search] = {}
        self._overlays: dict[str, Overlay] = {}
        self._titles = {name: name.upper() if name == "pii" else name for name in OVERLAYS}
        self._history, self._listeners = History(), list[Callable[[str], object]]()
        self._scene, self._quiet = Scene(), False
        self._state = State(level=level, hops=hops, up=upstream, down=downstream)
        self._canvas = Canvas(height=height)
        self._canvas.layout.flex = "1 1 auto"
        self._canvas.layout.min_width = "0"
        self._bar = Bar.of(level, hops, upstream=upstream, downstream=downstream)
        self._details = w.HTML(
            layout={"flex": "0 0 270px", "margin": "0 0 0 12px", "max_height": f"{height + 34}px", "overflow": "auto"}
        )
        chosen = None if focus is None else self._resolved(focus)
        state = self._state if chosen is None else self._aimed(self._state, chosen)
        state = replace(state, kinds=self._known_kinds(state.level, kinds))
        self._bar.offer_overlays(self._titles)
        self._colouring = Colouring(lambda name: make_overlay(lineage, name), self._coloured, self._tell_bar)  # type: ignore[arg-type]
        if overlay is not None:
            state = replace(state, overlay=self._overlay_name(overlay))
        self._state = replace(state, view=view or self._stage.first_view(state, max_marks))
        super().__init__([*self._bar.rows(), self._colouring, w.HBox([self._canvas, self._details], layout={"width": "100%"})])
        self.add_class("ln-widget")
        self._redraw()
        self._listen()
        if chosen:
            self.selected = chosen
        else:
            self._tell(None)

    # -- parts -----------------------------------------------------------------------------------------------

    def _listen(self) -> None:
        bar, canvas = self._bar, self._canvas
        for control, field in ((bar.hops, "hops"), (bar.up, "up"), (bar.down, "down"), (bar.view, "view"), (bar.overlay, "overlay")):
            control.observe(lambda change, field=field: self._set(**{field: change["new"]}), "value")
        bar.level.observe(lambda change: self._quiet or canvas.guarded(self._to_level, change["new"]), "value")
        for box, go in ((bar.search, self.focus), (bar.to, self._path_to)):
            box.observe(lambda change, go=go: self._typed(change, go), "value")
            box.on_msg(lambda box, content, _, go=go: self._submitted(box, content, go))
        bar.back.on_click(lambda _: self._turn(self._history.back(self._state)))
        bar.forward.on_click(lambda _: self._turn(self._history.forward(self._state)))
        bar.unhide.on_click(lambda _: self._apply(replace(self._state, hidden=frozenset())))
        acts: dict[str, Callable[[str, str], object]] = {
            "focus": lambda node, _: self.focus(node),
            "expand": self.expand,
            "collapse": lambda node, _: self.collapse(node),
            "columns": lambda node, _: self._apply(moves.opened(self._state, node)),
            "more_columns": lambda node, _: self._apply(moves.more_columns(self._state, node)),
            "hide": lambda node, _: self.hide(node),
            "pin": lambda node, _: self._apply(replace(self._state, pinned=moves.toggled(self._state.pinned, node))),
            "path": lambda node, _: self._path_to(node),
            "filter": lambda value, facet: self._filter(facet, value),
            "undo": lambda *_: self._turn(self._history.back(self._state)),
            "redo": lambda *_: self._turn(self._history.forward(self._state)),
        }
        for name, act in acts.items():
            canvas.on_action(name, act)
        canvas.observe(self._clicked, "selected")
        canvas.observe(lambda change: self._set(off=frozenset(change["new"])), "off")

    def _known_kinds(self, level: Level, kinds: Collection[str] | None) -> tuple[str, ...] | None:
        if kinds is None:
            return None
        wanted, present = {kinds} if isinstance(kinds, str) else set(kinds), self._stage.kinds(level)
        unknown = sorted(wanted - set(present))
        if unknown:
            raise LineageError(f"no nodes of kind {', '.join(map(repr, unknown))} here. Present: {', '.join(present)}.")
        return tuple(sorted(wanted))

    # -- state -----------------------------------------------------------------------------------------------

    @property
    def _graph(self) -> LineageGraph:
        return self._stage.graph(self._state.level)

    def _apply(self, state: State) -> None:
        """Show another state, and remember the one before it."""
        before, self._state = self._state, state
        try:
            self._redraw()
        except Exception:
            self._state = before
            self._tell_bar()
            raise
        if state != before:
            self._history.note(before)
            self._tell_bar()

    def _set(self, **changes: Any) -> None:
        """Follow a control."""
        if self._quiet:
            return
        if all(getattr(self._state, field) == value for field, value in changes.items()):
            if "overlay" in changes:
                self._colouring.drop()
            return
        self._canvas.problem = ""
        if "overlay" in changes:
            self._colouring.drop()
            if changes["overlay"] and changes["overlay"] not in self._overlays:
                self._colouring.ask(changes["overlay"], self._titles[changes["overlay"]])
                return
        self._canvas.guarded(self._apply, replace(self._state, **changes))

    def _coloured(self, name: str, found: Overlay | Exception) -> None:
        """Show an overlay that was worked out, or why there is none."""
        if isinstance(found, Overlay):
            self._overlays[name] = found
            self._canvas.guarded(self._apply, replace(self._state, overlay=name))
        else:
            kind = "" if isinstance(found, LineageError) else f"{type(found).__name__}: "
            self._canvas.problem = clean(f"No colours by {self._titles[name]}: {kind}{found}", 1_000)
            self._tell_bar()

    def _turn(self, state: State) -> None:
        """Show a state that was shown before."""
        moved = (state.level, state.focus) != (self._state.level, self._state.focus)
        self._state = state
        self._redraw()
        if moved and state.focus is not None:
            self._choose(state.focus)

    def _redraw(self) -> None:
        most, state = self._max_marks, self._state
        chosen = self.selected if "#" in (self.selected or "") else None
        facets = self._stage.facets(state.level)
        while True:
            self._scene = self._stage.scene(state, most, chosen)
            told = facets.counts(self._scene.ids, state.facets)
            if self._canvas.show(self._scene, self._overlays.get(state.overlay), told) or most == 1:
                break
            most = max(1, most * 3 // 4)
        if self.selected:
            # A column whose table was closed is shown by its table.
            self._show_chosen(self.selected)
        self._tell_bar()

    def _tell_bar(self) -> None:
        """Let the controls follow the state."""
        self._quiet = True
        state = self._state
        for button in self._bar.offer(self._stage.kinds(state.level), state.kinds):
            button.observe(lambda _: self._set(kinds=self._bar.chosen_kinds()), "value")
        self._bar.tell(replace(state, overlay=self._colouring.wanted or state.overlay), past=self._history.has_past, future=self._history.has_future)
        if set(self._canvas.off) != state.off:
            self._canvas.off = sorted(state.off)
        self._quiet = False

    def _to_level(self, level: Level) -> None:
        """Keep what was looked at if the new level has it; else begin anew."""
        graph = self._stage.graph(level)
        known = [n for n in (self.selected, self._state.focus) if n is not None and n in graph]
        state = replace(self._state, level=level, focus=known[0] if known else None, other=None, kinds=None)
        state = replace(state, expand={}, unfolded=(), facets={}, opened={} if level != "dataset" else state.opened)
        self._apply(replace(state, view=self._stage.first_view(state, self._max_marks)))
        if state.focus is not None:
            self._choose(state.focus)

    def _overlay_name(self, wanted: str | Overlay) -> str:
        """Make an overlay that is wanted known, and give its name."""
        if isinstance(wanted, Overlay):
            self._overlays[wanted.name] = wanted
            if wanted.name not in self._titles:
                self._titles = {**self._titles, wanted.name: wanted.title}
                self._quiet = True
                self._bar.offer_overlays(self._titles)
                self._quiet = False
            return wanted.name
        if wanted and wanted not in self._overlays:
            self._overlays[wanted] = make_overlay(self._lineage, wanted)  # type: ignore[arg-type]
        return wanted

    # -- names -----------------------------------------------------------------------------------------------

    def _resolved(self, name: str) -> str:
        ids = self._nodes["id"]
        at = int(ids.search_sorted(name)) if isinstance(name, str) else len(ids)
        return name if at < len(ids) and ids[at] == name else self._names.resolve(name)

    def _row(self, node: str) -> dict[str, Any]:
        return self._nodes.row(int(self._nodes["id"].search_sorted(node)), named=True)

    def _aimed(self, state: State, node: str) -> State:
        """Put `node` in the middle, at a level that has it; of a column its dataset."""
        row, aim, level = self._row(node), node, state.level
        if row["kind"] == "column" and level != "column":
            aim, level = str(row["parent"] or node), "dataset"
        elif row["kind"] == "job":
            level = "job"
        elif level == "job" and node not in self._stage.graph("job"):
            level = "dataset"
        self._stage.graph(level).index(aim)
        if level != state.level:
            state = replace(state, level=level, kinds=None, facets={}, expand={}, unfolded=())
        return replace(state, focus=aim)

    # -- selection -------------------------------------------------------------------------------------------

    def _drawn_as(self, node: str | None) -> str:
        """Id of the box or row that stands for `node`: of a column that is not listed its dataset."""
        if node is None or any(node == m.id or any(node == r.id for r in m.rows) for m in self._scene.marks if m.kind != "bundle"):
            return node or ""
        parent = self._row(node)["parent"]
        return str(parent) if parent in self._scene.ids else node

    def _choose(self, node: str) -> None:
        self._show_chosen(node)
        self.selected = node

    def _show_chosen(self, node: str) -> None:
        self._quiet = True
        self._canvas.selected = self._drawn_as(node)
        self._quiet = False

    @traitlets.validate("selected")  # type: ignore[untyped-decorator]
    def _resolve(self, proposal: Any) -> str | None:
        return None if proposal["value"] is None else self._resolved(proposal["value"])

    @traitlets.observe("selected")  # type: ignore[untyped-decorator]
    def _selection_changed(self, change: Any) -> None:
        node = change["new"]
        if node is None:
            self._canvas.selected = ""
            self._tell(None)
            return
        shown = self._drawn_as(node)
        if shown == node and node not in self._scene.ids and not self._listed(node):
            self.focus(node)
        self._show_chosen(node)
        self._canvas.problem = ""
        self._tell(node)
        for callback in self._listeners:
            self._canvas.guarded(callback, node)

    def _listed(self, node: str) -> bool:
        return any(node == r.id for m in self._scene.marks for r in m.rows)

    def _tell(self, node: str | None) -> None:
        self._details.value = details_html(self._lineage, self._nodes, self._state.level, node)
        self._details.layout.display = "none" if node is None else None

    def _clicked(self, change: Any) -> None:
        node = change["new"]
        if not self._quiet and node:
            self._canvas.guarded(lambda: setattr(self, "selected", node))

    # -- search ----------------------------------------------------------------------------------------------

    @property
    def _search(self) -> Search:
        """What this level can show: its nodes, and the columns of its datasets."""
        level = "job" if self._state.level == "job" else "data"
        if level not in self._searches:
            found = self._graph.nodes if level == "job" else self._nodes.filter(~pl.col("kind").is_in(list(_NO_DATA)))
            self._searches[level] = Search(found)
        return self._searches[level]

    def _typed(self, change: Any, go: Callable[[str], object]) -> None:
        text, box = change["new"], change["owner"]
        meant = self._search.meaning(text) if " → " in text else None
        if meant is not None and meant[0] == "node":
            self._canvas.guarded(go, meant[1])
        elif text in box.options and self._search.meaning(text) is None:
            self._canvas.guarded(go, text)
        else:
            box.options = tuple(self._search.options(text))

    def _submitted(self, box: Any, content: object, go: Callable[[str], object]) -> None:
        """Go where Enter in a search box points: the name itself, an owner or tag, else the best suggestion."""
        if not isinstance(content, dict) or content.get("event") != "submit" or not box.value.strip():
            return
        text, self._canvas.problem = box.value.strip(), ""
        meant = self._search.meaning(text)
        if meant is not None and meant[0] != "node":
            self._canvas.guarded(self._filter, *meant)
            return
        found = self._search.options(text, 1)
        try:
            go(text)
        except LineageError as error:
            if found:
                self._canvas.guarded(go, found[0])
            else:
                self._canvas.problem = clean(str(error), 1_000)

    def _filter(self, facet: str, value: str) -> None:
        if facet in FACETS:
            self._apply(moves.filtered(self._state, facet, value))

    def _path_to(self, node: str) -> None:
        """Show what connects the selected node, else the one in the middle, with another."""
        start = self._state.focus if self._state.view == "path" and self._state.focus else self.selected or self._state.focus
        if start is None:
            raise LineageError("select the node where the path begins first")
        self.path(start, node)

    def _repr_mimebundle_(self, **options: Any) -> Any:
        """Add the still picture, for readers without a kernel."""
        bundle = super()._repr_mimebundle_(**options)
        if isinstance(bundle, dict):
            overlay = self._overlays.get(self._state.overlay)
            bundle["text/html"] = svg(seen(self._scene, overlay, self._state.off), overlay=overlay)
        return bundle

    # -- what `Explorer` adds ----------------------------------------------------------------------------------

    def focus(self, name: str) -> None:
        """Put a node in the middle and select it."""
        raise NotImplementedError

    def path(self, a: str, b: str) -> None:
        """Show only what connects two nodes."""
        raise NotImplementedError

    def expand(self, name: str, side: str = "") -> None:
        """Show more."""
        raise NotImplementedError

    def collapse(self, name: str) -> None:
        """Show less."""
        raise NotImplementedError

    def hide(self, *names: str) -> None:
        """Hide nodes."""
        raise NotImplementedError
