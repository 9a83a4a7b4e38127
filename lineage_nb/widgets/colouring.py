"""Overlays that take a while: worked out beside the picture, with a sign that it goes on and a way to stop it."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

import ipywidgets as w

from lineage_nb.views.labels import clean
from lineage_nb.views.overlay import Overlay
from lineage_nb.widgets.asking import Asking

__all__ = ["Colouring"]


class Colouring(w.HBox):  # type: ignore[misc]
    """One overlay at a time; shows itself only while it takes long.

    Parameters
    ----------
    make : callable
        name → overlay; runs in a thread, may raise anything.
    done : callable
        Told the name and the overlay, or what was raised instead of it.
    stopped : callable
        Called after a click on `stop`.

    Attributes
    ----------
    wanted : str
        Name of the overlay that is worked on; empty for none.
    stop : Button
        Gives it up.

    Examples
    --------
    >>> made = []
    >>> Colouring(str.upper, lambda name, found: made.append((name, found)), bool).ask("cost", "Cost")
    >>> made
    [('cost', 'COST')]
    """

    def __init__(
        self, make: Callable[[str], Any], done: Callable[[str, Overlay | Exception], object], stopped: Callable[[], object]
    ) -> None:
        self._make, self._done, self._stopped = make, done, stopped
        self.wanted, self._title = "", ""
        self._asking = Asking(self._work, self._show, self._busy)
        self._said = w.HTML()
        self.stop = w.Button(description="Stop", tooltip="Keep the colours as they are", layout={"width": "auto"})
        self.stop.on_click(lambda _: self._give_up())
        super().__init__([self._said, self.stop], layout={"display": "none", "align_items": "center"})

    def ask(self, name: str, title: str) -> None:
        """Work out another overlay; the one before is given up."""
        self._asking.give_up()
        self.wanted, self._title = name, title
        self._asking.ask(name, 0.0)

    def drop(self) -> None:
        """Forget what is worked on; it will not be shown."""
        self.wanted = ""
        self._asking.give_up()

    def _give_up(self) -> None:
        self.drop()
        self._stopped()

    def settle(self) -> None:
        """Work out now what is open, so that code need not wait."""
        self._asking.settle()

    def _work(self, name: str) -> tuple[str, Overlay | Exception]:
        try:
            return name, self._make(name)
        except Exception as error:  # noqa: BLE001 - told under the picture; a thread has nobody else to tell
            return name, error

    def _show(self, answer: tuple[str, Overlay | Exception]) -> None:
        self.wanted = ""
        self._done(*answer)

    def _busy(self, busy: bool) -> None:
        self._said.value = f'<span role="status"><progress></progress> Working out {escape(clean(self._title, 80))}</span>' if busy else ""
        self.layout.display = None if busy else "none"
