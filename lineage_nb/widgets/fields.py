"""Which control stands for which parameter of an analysis."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import ipywidgets as w
import polars as pl
import traitlets

from lineage_nb.analyses.cost.attribution import METHODS
from lineage_nb.analyses.cost.consumers import BY
from lineage_nb.analyses.pii.propagation import PREFIX
from lineage_nb.analyses.result import as_list
from lineage_nb.graph.lineage import Lineage
from lineage_nb.views.picture import busiest
from lineage_nb.widgets.choosers import Few, Names, Node, Period
from lineage_nb.widgets.signature import Parameter
from lineage_nb.widgets.suggest import suggest

__all__ = ["Field", "field_for", "same"]

_STYLE = {"description_width": "initial"}
_FEW = 12
_OFFERED = 200


@dataclass(frozen=True)
class Field:
    """A control and how its value is read.

    Attributes
    ----------
    control : ipywidgets.Widget
        Has a trait ``value``.
    read : callable
        The control's value → the argument.
    """

    control: Any
    read: Callable[[Any], Any] = lambda value: value

    @property
    def argument(self) -> Any:
        """The argument that the control stands for now."""
        return self.read(self.control.value)


def field_for(parameter: Parameter, lineage: Lineage, value: Any) -> Field | None:
    """Make the control of a parameter.

    Parameters
    ----------
    parameter : Parameter
        What its signature says.
    lineage : Lineage
        A snapshot, for what there is to choose from.
    value
        First value.

    Returns
    -------
    Field or None
        None where no control is known for such a parameter, or where none can show the value: it then stays
        what it was given as.
    """
    if not parameter.choices and parameter.default in _CHOICES.get(parameter.name, ()):
        parameter = replace(parameter, choices=_CHOICES[parameter.name])
    make = _BY_NAME.get(parameter.name) or _by_type(parameter)
    if make is None:
        return None
    try:
        field = make(parameter, lineage, value)
    except (traitlets.TraitError, TypeError, ValueError):
        return None
    if field is None or _left_to_us(parameter, value):
        return field
    return field if same(field.argument, value) else None


def _left_to_us(parameter: Parameter, value: Any) -> bool:
    """A required parameter without a value begins with one of the control's own."""
    return parameter.required and value is None


def same(one: Any, other: Any) -> bool:
    """Tell whether two arguments mean the same: a name and a list of it, nothing and an empty list.

    Examples
    --------
    >>> same(["protected"], ("protected",)), same((), None), same(0, None)
    (True, True, False)
    """
    plain = (str, list, tuple, type(None))
    if isinstance(one, plain) and isinstance(other, plain):
        return [str(v) for v in as_list(one)] == [str(v) for v in as_list(other)]
    return type(one) is type(other) and bool(one == other)


# -- by type -------------------------------------------------------------------------------------------------


def _by_type(parameter: Parameter) -> Callable[[Parameter, Lineage, Any], Field | None] | None:
    if parameter.choices:
        return _choice
    if isinstance(parameter.default, bool):
        return _check
    if isinstance(parameter.default, int):
        return _number
    return _node if parameter.required and parameter.annotation == "str" else None


def _title(parameter: Parameter) -> str:
    return _TITLES.get(parameter.name) or parameter.name.replace("_", " ").capitalize()


def _choice(parameter: Parameter, _: Lineage, value: Any) -> Field:
    width = 40 + 8 * (len(_title(parameter)) + max(map(len, parameter.choices)))
    layout = {"width": f"{width}px"}
    return Field(w.Dropdown(options=parameter.choices, value=value, description=_title(parameter), tooltip=parameter.told, style=_STYLE, layout=layout))


def _check(parameter: Parameter, _: Lineage, value: Any) -> Field:
    return Field(w.Checkbox(value, description=_title(parameter), indent=False, tooltip=parameter.told, layout={"width": "auto"}))


def _number(parameter: Parameter, _: Lineage, value: Any) -> Field:
    least = 1 if parameter.default > 0 else 0 if parameter.default == 0 else -(10**9)
    return Field(_count(parameter, value, least))


def _count(parameter: Parameter, value: int, least: int, most: int = 10**9) -> Any:
    title = _title(parameter)
    return w.BoundedIntText(
        value, min=least, max=most, description=title, tooltip=parameter.told, style=_STYLE, layout={"width": f"{90 + 7 * len(title)}px"}
    )


# -- by name -------------------------------------------------------------------------------------------------


def _node(parameter: Parameter, lineage: Lineage, value: str | None) -> Field:
    return _one(parameter, lineage, _ids(lineage), value or lineage.spoken(busiest(lineage) or ""))


def _report(parameter: Parameter, lineage: Lineage, value: str | None) -> Field:
    nodes = lineage.frames["nodes"]
    reports = nodes.filter(pl.col("kind") == "report")["id"].sort()
    first = lineage.spoken(reports[0]) if len(reports) else ""
    return _one(parameter, lineage, reports, value or first)


def _one(parameter: Parameter, lineage: Lineage, ids: pl.Series, value: str) -> Field:
    """One name out of many, with completion."""

    def offer(text: str) -> list[str]:
        return _spoken(lineage, ids, text) if text.strip() else [lineage.spoken(i) for i in ids.head(_OFFERED)]

    title, layout = _title(parameter), {"width": "420px"}
    return Field(Node(offer, value=value, description=title, tooltip=parameter.told, placeholder="a name …", layout=layout))


def _hops(parameter: Parameter, _: Lineage, value: int | None) -> Field:
    return Field(_count(parameter, value or 0, 0, 999), lambda count: count or None)


def _days(parameter: Parameter, _: Lineage, value: Any) -> Field:
    return Field(_count(parameter, value, 1, 36_500))


def _period(parameter: Parameter, lineage: Lineage, value: Any) -> Field | None:
    recorded = _recorded(lineage)
    if recorded is None:
        return None
    chosen = None if value is None else tuple(date.fromisoformat(d) if isinstance(d, str) else d for d in value)
    control = Period(*recorded, chosen, parameter.told)  # type: ignore[arg-type]
    all_of_it = value is None
    return Field(control, lambda days: None if all_of_it and control.whole else tuple(d.isoformat() for d in days))


def _recorded(lineage: Lineage) -> tuple[date, date] | None:
    """First and last day of what was billed."""
    billed = lineage.frames["costs"].filter(pl.col("role") == "billed")["day"].drop_nulls()
    return (billed.min(), billed.max()) if len(billed) else None  # type: ignore[return-value]


def _compared(*, later: bool) -> Callable[[Parameter, Lineage, Any], Field | None]:
    """One of two periods: the last recorded month, and the one before it; of a short record each half."""

    def make(parameter: Parameter, lineage: Lineage, value: Any) -> Field | None:
        recorded = _recorded(lineage)
        if recorded is None:
            return None
        start, end = recorded
        turn = end.replace(day=1)
        before = (turn - timedelta(days=1)).replace(day=1)
        if before < start:
            turn, before = start + (end - start) // 2 + timedelta(days=1), start
        ours = (min(turn, end), end) if later else (before, max(turn - timedelta(days=1), before))
        chosen = ours if value is None else tuple(date.fromisoformat(d) if isinstance(d, str) else d for d in value)
        control = Period(start, end, chosen, parameter.told, description=f"{_title(parameter)}: from")  # type: ignore[arg-type]
        return Field(control, lambda days: tuple(d.isoformat() for d in days))

    return make


def _names(offered: Callable[[Lineage], pl.Series]) -> Callable[[Parameter, Lineage, Any], Field]:
    """Names out of many, with completion."""

    def make(parameter: Parameter, lineage: Lineage, value: Any) -> Field:
        ids = offered(lineage)
        empty: list[str] | None = None if parameter.default is None and not parameter.required else []

        def offer(text: str) -> list[str]:
            return _spoken(lineage, ids, text) if text.strip() else [lineage.spoken(i) for i in ids.head(_OFFERED)]

        control = Names(_title(parameter), offer, as_list(value), "add one …", parameter.told)
        return Field(control, lambda names: list(names) or empty)

    return make


def _few(offered: Callable[[Lineage], pl.Series]) -> Callable[[Parameter, Lineage, Any], Field]:
    """Some of a few words."""

    def make(parameter: Parameter, lineage: Lineage, value: Any) -> Field:
        words = offered(lineage)
        if len(words) > _FEW:
            return _names(offered)(parameter, lineage, value)
        control = Few(_title(parameter), words.to_list(), as_list(value), parameter.told)
        return Field(control, lambda chosen: list(chosen) or None)

    return make


def _spoken(lineage: Lineage, ids: pl.Series, text: str) -> list[str]:
    """Names that fit, as people say them; the whole id where several would be called the same."""
    found = suggest(ids, text)
    names = [lineage.spoken(i) for i in found]
    return [i if names.count(n) > 1 else n for i, n in zip(found, names, strict=True)]


def _ids(lineage: Lineage) -> pl.Series:
    nodes = lineage.frames["nodes"]
    return nodes.filter(~pl.col("kind").is_in(["principal", "compute"]))["id"]


def _kinds(lineage: Lineage) -> pl.Series:
    return lineage.frames["nodes"]["kind"].unique().sort()


def _tags(lineage: Lineage) -> pl.Series:
    return lineage.frames["nodes"]["tags"].explode().drop_nulls().unique().sort()


def _labels(lineage: Lineage) -> pl.Series:
    tags = _tags(lineage)
    return tags.filter(tags.str.starts_with(PREFIX)).str.strip_prefix(PREFIX)


def _readers(lineage: Lineage) -> pl.Series:
    """Services first: they are what is left out."""
    nodes = lineage.frames["nodes"]
    readers = nodes.filter((pl.col("kind") == "principal") & (pl.col("type") != "team").fill_null(value=True))
    return readers.sort(pl.col("type").is_in(["service"]).fill_null(value=False).not_(), "id")["id"]


def _tags_and_data(lineage: Lineage) -> pl.Series:
    nodes = lineage.frames["nodes"]
    tags = pl.concat([pl.Series(["protected"]), _tags(lineage)]).unique(maintain_order=True)
    return pl.concat([tags, nodes.filter(pl.col("kind").is_in(["dataset", "report"]))["id"]])


def _removable(lineage: Lineage) -> pl.Series:
    """Reports first, then data, jobs and people."""
    nodes = lineage.frames["nodes"]
    order = pl.col("kind").replace_strict({"report": 0, "dataset": 1, "job": 2, "principal": 3}, default=9, return_dtype=pl.Int64)
    return nodes.filter(~pl.col("kind").is_in(["column", "compute"])).sort(order, "id")["id"]


_TITLES = {
    "max_hops": "Hops (0: all)",
    "days": "Window, days",
    "indirect": "Filters and joins too",
    "monitors": "Readers not counted",
    "protect": "Protected (names, tags)",
    "of": "Cost of only",
    "remove": "Remove",
    "by": "Group by",
}
_CHOICES: Mapping[str, tuple[str, ...]] = {"by": BY, "method": METHODS}
"""For analyses that hand these on to `cost`."""
_BY_NAME: Mapping[str, Callable[[Parameter, Lineage, Any], Field | None]] = {
    "node": _node,
    "report": _report,
    "before": _compared(later=False),
    "after": _compared(later=True),
    "max_hops": _hops,
    "days": _days,
    "period": _period,
    "kinds": _few(_kinds),
    "labels": _few(_labels),
    "monitors": _names(_readers),
    "protect": _names(_tags_and_data),
    "remove": _names(_removable),
    "of": _names(_ids),
}
