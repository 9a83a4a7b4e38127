"""The live picture: draws a scene in the browser and hears what is clicked there."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from lineage_nb.views.drawing import drawing
from lineage_nb.views.labels import clean
from lineage_nb.views.overlay import Overlay
from lineage_nb.views.palette import STYLE
from lineage_nb.views.scene import Scene

__all__ = ["MOST_STATE", "Canvas"]

MOST_STATE = 200_000
"""Largest scene sent to the browser, bytes of JSON."""

_STATIC = Path(__file__).parent / "static"
_SIDES = ("up", "down", "between", "sources", "ends", "alone")
_ACTIONS = ("focus", "expand", "collapse", "columns", "more_columns", "hide", "pin", "path", "filter", "undo", "redo")


class Canvas(anywidget.AnyWidget):  # type: ignore[misc]
    """A scene in the browser.

    Attributes
    ----------
    scene : dict
        What `lineage_nb.views.drawing.drawing` gives, and ``facets``; replaced as a whole.
    selected : str
        Id of the selected node or column, drawn or not; empty for none. The browser sets it on a click or Enter.
    off : list of str
        Classes of the legend that are not shown: ``look:table``, ``line:influence``, ``level:2``. The browser sets it.
    height : int
        Height of the picture in pixels.
    problem : str
        Shown under the picture as plain text; empty for none.

    Examples
    --------
    >>> canvas = Canvas()
    >>> canvas.show(Scene())
    True
    """

    _esm = _STATIC / "explorer.js"
    _css = STYLE + (_STATIC / "explorer.css").read_text(encoding="utf-8")

    scene = traitlets.Dict().tag(sync=True)
    selected = traitlets.Unicode("").tag(sync=True)
    off = traitlets.List(traitlets.Unicode()).tag(sync=True)
    height = traitlets.Int(480).tag(sync=True)
    problem = traitlets.Unicode("").tag(sync=True)

    def __init__(self, **settings: Any) -> None:
        settings.setdefault("scene", drawing(Scene()))
        super().__init__(**settings)
        self._actions: dict[str, list[Callable[..., object]]] = {name: [] for name in _ACTIONS}
        self.on_msg(self._hear)

    def show(self, scene: Scene, overlay: Overlay | None = None, facets: Collection[dict[str, Any]] = ()) -> bool:
        """Draw another scene, unless it is too much to send.

        Returns
        -------
        bool
            False when it takes more than `MOST_STATE` bytes; the old scene then stays.
        """
        values = drawing(scene, overlay) | {"facets": list(facets)}
        if len(json.dumps(values)) > MOST_STATE:
            return False
        self.scene = values
        return True

    def shown(self) -> set[str]:
        """Ids of the nodes that are drawn and not hidden by the legend."""
        off = set(self.off)
        marks = [m for m in self.scene.get("marks", []) if not m.get("side")]
        return {m["id"] for m in marks if f"look:{m['look']}" not in off and f"level:{m.get('badge', {}).get('level')}" not in off}

    def on_action(self, name: str, act: Callable[..., object]) -> None:
        """Call `act(id, side)` when the browser asks for an action (``focus``, ``expand`` …)."""
        self._actions[name].append(act)

    def guarded(self, act: Callable[..., object], *values: object) -> bool:
        """Call `act`; what it raises is shown under the picture instead of getting lost in the browser's log.

        Returns
        -------
        bool
            Whether it went well.
        """
        try:
            act(*values)
        except Exception as error:  # noqa: BLE001 - a callback may raise anything, and nobody else would see it
            where = traceback.extract_tb(error.__traceback__)[-1]
            name = getattr(act, "__qualname__", type(act).__name__)
            said = str(error) or "no message"
            self.problem = clean(
                f"{name} raised {type(error).__name__}: {said} (line {where.lineno} of {where.name})", 1_000
            )
            return False
        return True

    def _hear(self, _: object, content: object, __: object) -> None:
        if not isinstance(content, dict):
            return
        name, node, side = content.get("do"), content.get("id", ""), content.get("side", "")
        if name not in _ACTIONS or not isinstance(node, str) or not isinstance(side, str):
            return
        if name == "expand" and side not in _SIDES:
            return
        self.problem = ""
        for act in self._actions[name]:
            self.guarded(act, node, side)
