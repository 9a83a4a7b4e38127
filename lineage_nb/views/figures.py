"""What drawings of money share: colours, names and amounts as they are written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from lineage_nb.graph.lineage import Lineage
from lineage_nb.model.names import short_label
from lineage_nb.views.labels import clean, clip

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

__all__ = ["BLUE", "COLORS", "DARK", "GREY", "HATCHES", "ORANGE", "VERMILION", "brief", "money_axis", "names_of", "plain", "sentence"]

BLUE, ORANGE, GREY, DARK, VERMILION = "#0072b2", "#e69f00", "#b5b5b5", "#333333", "#d55e00"
COLORS = (BLUE, ORANGE, "#009e73", "#cc79a7", "#56b4e9", VERMILION, "#f0e442")
"""Told apart by colour-blind eyes: Okabe and Ito, "Color Universal Design" (2008)."""
HATCHES = ("", "//", "..", "\\\\", "xx", "--", "oo")


def plain(text: str, width: float = 0, size: float = 11) -> str:
    r"""Make any text one visible line that matplotlib writes as it is, shortened to `width` pixels at `size`.

    Examples
    --------
    >>> print(plain("cost in $"))
    cost in \$
    """
    line = clean(text)
    return (clip(line, width, size) if width else line).replace("$", r"\$")


def names_of(lineage: Lineage, keys: Iterable[str]) -> list[str]:
    """Short names of keys; what has no name of its own as a longer one."""
    every = list(keys)
    short = [short_label(k) or k for k in every]
    twice = Counter(short)
    return [s if twice[s] == 1 else lineage.spoken(k) for s, k in zip(short, every, strict=True)]


def brief(micro: float, currency: str = "") -> str:
    """Write micro-units with three figures or so.

    Examples
    --------
    >>> brief(12_345_678_900, "USD"), brief(-4_000_000), brief(20_000)
    ('12.3k USD', '-4.00', '0.02')
    """
    amount = micro / 1e6
    for unit, size in (("", 1.0), ("k", 1e3), ("M", 1e6), ("bn", 1e9)):
        scaled = abs(amount) / size
        if scaled < (100 if unit == "" else 999.95) or unit == "bn":
            digits = 2 if unit == "" else 1 if scaled < 99.95 else 0
            return f"{'-' if amount < 0 else ''}{scaled:,.{digits}f}{unit} {currency}".rstrip()
        if unit == "" and scaled < 999.5:
            return f"{amount:,.0f} {currency}".rstrip()
    return ""


def money_axis(axis: Axis, currency: str, *, whole: bool = False) -> None:
    """Write an axis of micro-units in units of the currency; `whole`: with all figures."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axis.set_major_locator(MaxNLocator(6))
    axis.set_major_formatter(FuncFormatter(lambda micro, _: f"{micro / 1e6:,.6g}" if whole else brief(micro).replace(".00", "")))
    axis.set_label_text(plain(currency) or "amount")


def sentence(axes: Axes, text: str) -> None:
    """Say in words what there is nothing to draw of."""
    axes.axis("off")
    axes.text(0.5, 0.5, plain(text), ha="center", va="center", transform=axes.transAxes, color=DARK)
