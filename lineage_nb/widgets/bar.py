"""The row of controls above the picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import ipywidgets as w

from lineage_nb.graph.lineage_graph import Level

__all__ = ["Bar"]

_SMALL = {"width": "auto"}
_WRAP = {"flex_flow": "row wrap", "width": "100%", "align_items": "center"}


@dataclass(frozen=True)
class Bar:
    """Search, level, hops, sides, kinds, and the way back.

    Examples
    --------
    >>> Bar.of("dataset", 2, upstream=True, downstream=False).down.value
    False
    """

    search: w.Combobox
    level: w.Dropdown
    hops: w.IntSlider
    up: w.ToggleButton
    down: w.ToggleButton
    back: w.Button
    kinds: w.HBox

    @classmethod
    def of(cls, level: Level, hops: int, *, upstream: bool, downstream: bool) -> Bar:
        """Build the controls with their first values."""
        search = w.Combobox(
            placeholder="Search tables, columns, jobs, reports …",
            description="Search",
            style={"description_width": "48px"},
            layout={"flex": "1 1 280px", "min_width": "220px"},
        )
        search.add_class("ln-search")
        return cls(
            search=search,
            level=w.Dropdown(
                options=[(f"{name}s", name) for name in ("dataset", "job", "column")],
                value=level,
                description="Level",
                style={"description_width": "40px"},
                layout={"width": "150px"},
            ),
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
            back=w.Button(description="↩ Back", tooltip="Return to what was shown before", disabled=True, layout=_SMALL),
            kinds=w.HBox(layout={"flex_flow": "row wrap", "margin": "0 0 0 12px"}),
        )

    def rows(self) -> list[w.HBox]:
        """Arrange the controls."""
        return [
            w.HBox([self.search, self.level, self.hops], layout=_WRAP),
            w.HBox([self.up, self.down, self.back, self.kinds], layout=_WRAP),
        ]

    def offer(self, present: Sequence[str], shown: set[str] | None) -> list[w.ToggleButton]:
        """Put a button for each kind, pressed if it is shown; a single kind needs none."""
        buttons = [
            w.ToggleButton(
                shown is None or kind in shown, description=kind, tooltip=f"Show nodes of kind {kind}", layout=_SMALL
            )
            for kind in present
        ]
        self.kinds.children = buttons
        self.kinds.layout.display = "flex" if len(buttons) > 1 else "none"
        return buttons

    def chosen_kinds(self) -> list[str] | None:
        """List the kinds to show; None for all."""
        chosen = [button.description for button in self.kinds.children if button.value]
        return None if len(chosen) == len(self.kinds.children) else chosen
