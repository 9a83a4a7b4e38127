"""The rows of controls above the picture."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import ipywidgets as w

from lineage_nb.graph.lineage_graph import Level
from lineage_nb.widgets.state import State

__all__ = ["Bar"]

_SMALL = {"width": "auto"}
_WRAP = {"flex_flow": "row wrap", "width": "100%", "align_items": "center"}
_VIEWS = (("Around it", "around"), ("Its ends", "ends"), ("Path between", "path"))


@dataclass(frozen=True)
class Bar:
    """Search, view, level, hops, sides, kinds, colours, and the way back.

    Examples
    --------
    >>> Bar.of("dataset", 2, upstream=True, downstream=False).down.value
    False
    """

    search: w.Combobox
    to: w.Combobox
    view: w.Dropdown
    level: w.Dropdown
    hops: w.IntSlider
    up: w.ToggleButton
    down: w.ToggleButton
    back: w.Button
    forward: w.Button
    unhide: w.Button
    overlay: w.Dropdown
    kinds: w.HBox

    @classmethod
    def of(cls, level: Level, hops: int, *, upstream: bool, downstream: bool) -> Bar:
        """Build the controls with their first values."""
        search = _box("Search", "Search tables, columns, jobs, reports, owner:…, tag:…", "48px", "1 1 280px")
        search.add_class("ln-search")
        to = _box("to", "the other end of the path", "20px", "1 1 200px")
        to.add_class("ln-to")
        to.layout.display = "none"
        return cls(
            search=search,
            to=to,
            view=_choice("View", _VIEWS, "around", "36px", "176px"),
            level=_choice("Level", [(f"{name}s", name) for name in ("dataset", "job", "column")], level, "40px", "150px"),
            hops=w.IntSlider(
                hops,
                1,
                8,
                description="Hops",
                continuous_update=False,
                style={"description_width": "40px"},
                layout={"width": "200px"},
            ),
            up=w.ToggleButton(upstream, description="◂ Upstream", tooltip="Show what it is made from", layout=_SMALL),
            down=w.ToggleButton(downstream, description="Downstream ▸", tooltip="Show what it feeds", layout=_SMALL),
            back=_button("↩ Back", "Undo: return to what was shown before"),
            forward=_button("↪", "Redo: go forward again"),
            unhide=w.Button(description="Show hidden", tooltip="Show all nodes that were hidden", layout={"width": "auto", "display": "none"}),
            overlay=_choice("Colour by", [("nothing", "")], "", "66px", "190px"),
            kinds=w.HBox(layout={"flex_flow": "row wrap", "margin": "0 0 0 12px"}),
        )

    def rows(self) -> list[w.HBox]:
        """Arrange the controls."""
        return [
            w.HBox([self.search, self.to, self.view, self.level, self.hops], layout=_WRAP),
            w.HBox([self.up, self.down, self.back, self.forward, self.unhide, self.overlay, self.kinds], layout=_WRAP),
        ]

    def offer(self, present: Sequence[str], shown: Iterable[str] | None) -> list[w.ToggleButton]:
        """Put a button for each kind, pressed if it is shown; a single kind needs none."""
        wanted = None if shown is None else set(shown)
        if [b.description for b in self.kinds.children] == list(present):
            for button in self.kinds.children:
                button.value = wanted is None or button.description in wanted
            return []
        buttons = [
            w.ToggleButton(
                wanted is None or kind in wanted, description=kind, tooltip=f"Show nodes of kind {kind}", layout=_SMALL
            )
            for kind in present
        ]
        self.kinds.children = buttons
        self.kinds.layout.display = "flex" if len(buttons) > 1 else "none"
        return buttons

    def chosen_kinds(self) -> tuple[str, ...] | None:
        """List the kinds to show; None for all."""
        chosen = tuple(button.description for button in self.kinds.children if button.value)
        return None if len(chosen) == len(self.kinds.children) else chosen

    def offer_overlays(self, titles: Mapping[str, str]) -> None:
        """Offer overlays by name → title."""
        self.overlay.options = [("nothing", ""), *((title, name) for name, title in titles.items())]

    def tell(self, state: State, *, past: bool, future: bool) -> None:
        """Let the controls say what a state is; they do not act on it."""
        values = (
            (self.view, state.view), (self.level, state.level), (self.hops, state.hops), (self.up, state.up),
            (self.down, state.down), (self.overlay, state.overlay),
        )  # fmt: skip
        for control, value in values:
            if control.value != value:
                control.value = value
        self.hops.disabled = state.view != "around"
        self.hops.layout.display = "none" if state.view == "path" else None
        self.hops.tooltip = "How far to look around a node" + (": only in the view “Around it”" if self.hops.disabled else "")
        self.to.layout.display = "flex" if state.view == "path" else "none"
        self.back.disabled, self.forward.disabled = not past, not future
        self.unhide.description = f"Show {len(state.hidden):,} hidden"
        self.unhide.layout.display = "inline-block" if state.hidden else "none"


def _box(description: str, placeholder: str, wide: str, flex: str) -> w.Combobox:
    return w.Combobox(
        placeholder=placeholder,
        description=description,
        style={"description_width": wide},
        layout={"flex": flex, "min_width": "220px"},
    )


def _choice(description: str, options: Sequence[tuple[str, str]], value: str, wide: str, width: str) -> w.Dropdown:
    return w.Dropdown(options=options, value=value, description=description, style={"description_width": wide}, layout={"width": width})


def _button(description: str, tooltip: str) -> w.Button:
    return w.Button(description=description, tooltip=tooltip, disabled=True, layout=_SMALL)
