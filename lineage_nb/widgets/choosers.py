"""Controls that ipywidgets does not have: several names, a period, several of a few."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import ipywidgets as w
import traitlets

__all__ = ["Few", "Names", "Node", "Period"]

_STYLE = {"description_width": "initial"}
_ROW = {"flex_flow": "row wrap", "align_items": "center"}


class Node(w.Combobox):  # type: ignore[misc]
    """One node, with completion while people type; Enter asks at once.

    Parameters
    ----------
    offer : callable
        text → names that fit it.
    """

    entered = traitlets.Int(0)
    """Counts how often Enter was pressed."""

    def __init__(self, offer: Callable[[str], list[str]], **options: Any) -> None:
        self._offer = offer
        super().__init__(options=offer(options.get("value", "")), style=_STYLE, **options)
        self.observe(self._typed, "value")
        self.on_msg(self._heard)

    def _typed(self, change: dict[str, Any]) -> None:
        self.options = self._offer(change["new"])

    def _heard(self, _: object, content: object, __: object) -> None:
        if isinstance(content, dict) and content.get("event") == "submit":
            self.entered += 1


class Names(w.VBox):  # type: ignore[misc]
    """Several names: a box with completion, and a button for each name that takes it out again.

    Parameters
    ----------
    description : str
        What the names are.
    offer : callable
        text → names that fit it.
    value : sequence of str
        First names.
    placeholder, tooltip : str
        Shown in the box, and on hovering.

    Attributes
    ----------
    value : tuple of str
        The names, in the order in which they were added.

    Examples
    --------
    >>> names = Names("Remove", lambda text: ["a", "b"], ["a"])
    >>> names.box.value = "b"
    >>> names.value
    ('a', 'b')
    """

    value = traitlets.Tuple(())

    def __init__(
        self,
        description: str,
        offer: Callable[[str], list[str]],
        value: Sequence[str] = (),
        placeholder: str = "add a name …",
        tooltip: str = "",
    ) -> None:
        self.box = w.Combobox(
            description=description,
            options=offer(""),
            placeholder=placeholder,
            tooltip=tooltip,
            style=_STYLE,
            layout={"width": "330px"},
        )
        self._offer = offer
        self.chips = w.HBox(layout=_ROW)
        self.chips.add_class("ln-chips")
        super().__init__([self.box, self.chips], layout={"width": "346px"}, value=tuple(dict.fromkeys(value)))
        self.box.observe(self._typed, "value")
        self.box.on_msg(self._heard)
        self._list()

    def _typed(self, change: dict[str, Any]) -> None:
        text = change["new"]
        if text and text in self.box.options:
            self._add(text)
        else:
            self.box.options = self._offer(text)

    def _heard(self, _: object, content: object, __: object) -> None:
        if isinstance(content, dict) and content.get("event") == "submit" and self.box.value.strip():
            self._add(self.box.value.strip())

    def _add(self, name: str) -> None:
        self.value = tuple(dict.fromkeys((*self.value, name)))
        self.box.value = ""

    @traitlets.observe("value")  # type: ignore[untyped-decorator]
    def _changed(self, _: object) -> None:
        if hasattr(self, "chips"):
            self._list()

    def _list(self) -> None:
        self.chips.children = [self._chip(name) for name in self.value]

    def _chip(self, name: str) -> w.Button:
        shown = name if len(name) <= 40 else "…" + name[-39:]
        chip = w.Button(description=f"{shown} ✕", tooltip=f"Take out {name}")
        chip.on_click(lambda _: self._take_out(name))
        return chip

    def _take_out(self, name: str) -> None:
        self.value = tuple(v for v in self.value if v != name)


class Few(w.VBox):  # type: ignore[misc]
    """Any of a few words, a check box each; none checked stands for all.

    Examples
    --------
    >>> few = Few("Labels", ["email", "phone"], ["phone"])
    >>> few.boxes[0].value = True
    >>> few.value
    ('email', 'phone')
    """

    value = traitlets.Tuple(())

    def __init__(self, description: str, options: Sequence[str], value: Sequence[str] = (), tooltip: str = "") -> None:
        self.boxes = [
            w.Checkbox(word in value, description=word, indent=False, tooltip=tooltip, layout={"width": "auto", "margin": "0 10px 0 0"})
            for word in options
        ]
        row = w.HBox([w.Label(f"{description} (none checked: all)"), *self.boxes], layout=_ROW)
        super().__init__([row], value=tuple(word for word in options if word in value))
        for box in self.boxes:
            box.observe(self._checked, "value")

    def _checked(self, _: object) -> None:
        self.value = tuple(box.description for box in self.boxes if box.value)


class Period(w.HBox):  # type: ignore[misc]
    """Two days within the recorded ones, both inclusive.

    Parameters
    ----------
    start, end : datetime.date
        First and last recorded day.
    value : (date, date), optional
        First choice; the whole record by default.

    Attributes
    ----------
    value : tuple of date
        First and last day; an emptied box stands for the end of the record.

    Examples
    --------
    >>> period = Period(date(2026, 1, 1), date(2026, 6, 30))
    >>> period.first.value = date(2026, 6, 1)
    >>> period.value
    (datetime.date(2026, 6, 1), datetime.date(2026, 6, 30))
    """

    value = traitlets.Tuple(())

    def __init__(
        self, start: date, end: date, value: tuple[date, date] | None = None, tooltip: str = "", description: str = "From"
    ) -> None:
        first, last = value or (start, end)
        self._whole = (start, end)
        limits = {"min": start, "max": end, "style": _STYLE, "tooltip": tooltip}
        self.first = w.DatePicker(value=first, description=description, layout={"width": f"{160 + 7 * len(description)}px"}, **limits)
        self.last = w.DatePicker(value=last, description="to", layout={"width": "174px"}, **limits)
        super().__init__([self.first, self.last], value=(first, last))
        for box in (self.first, self.last):
            box.observe(self._picked, "value")

    @property
    def whole(self) -> bool:
        """Whether all recorded days are chosen."""
        return bool(self.value == self._whole)

    def _picked(self, _: object) -> None:
        start, end = self._whole
        self.value = (self.first.value or start, self.last.value or end)
