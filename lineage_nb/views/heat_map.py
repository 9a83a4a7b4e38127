"""Personal data as a map: labels by layers, proved places solid, possible ones hatched, the counts written in."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import polars as pl

from lineage_nb.analyses.pii.labels import is_special
from lineage_nb.analyses.result import Answer
from lineage_nb.graph.lineage import Lineage
from lineage_nb.views.drawing import number
from lineage_nb.views.figures import ORANGE, plain, sentence
from lineage_nb.views.labels import clean, clip

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["HeatMap", "draw_heat", "heat_map", "heat_svg", "layers"]

_LABELS, _LAYERS = 24, 16
REPORTS, MORE = "reports", "more"
_FILLS = ("#d3e5f3", "#a3cbe6", "#62a3d0", "#2a74ae", "#0c4a7d")
"""One hue, so that it reads as more and less to every eye; letters on the first three are black, white on the others."""
_HATCH = "#a35f00"
_SCHEME = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*://")
_WIDE, _HIGH, _HEAD, _SIDE = 64, 30, 92, 150
_KEY_WIDE = 410


@dataclass(frozen=True)
class HeatMap:
    """Places by label and layer.

    Attributes
    ----------
    labels, layers : tuple of str
        Rows and columns, in their order; `special` are the rows of special categories.
    proved, possible : mapping
        (label, layer) → number of places that the label certainly, or only possibly, reaches.
    suspected : mapping
        Of the possible ones, those that something was taken out of.
    left_out : tuple of int
        Labels and layers that were put together as ``more``.
    """

    labels: tuple[str, ...]
    layers: tuple[str, ...]
    special: frozenset[str]
    proved: dict[tuple[str, str], int]
    possible: dict[tuple[str, str], int]
    suspected: dict[tuple[str, str], int]
    left_out: tuple[int, int]


def layers(lineage: Lineage, nodes: pl.Series) -> pl.Series:
    """Name the layer of nodes: the dataset's name up to its last dot, else its namespace; ``reports`` of reports.

    Parameters
    ----------
    lineage : Lineage
        A snapshot.
    nodes : polars.Series
        Ids.
    """
    coded, frame = lineage.coded, lineage.frames["nodes"]
    home = pl.Series(coded.data).gather(coded.numbers(nodes))
    told = frame.select("kind", "namespace", "name").with_columns(
        layer=pl.when(pl.col("kind") == "report")
        .then(pl.lit(REPORTS))
        .otherwise(pl.coalesce(pl.col("name").str.extract(r"(?s)^(.+)\.[^.]*$"), "namespace", pl.lit("no layer")))
    )
    return told["layer"].gather(home).rename("layer")


def heat_map(answer: Answer, *, labels: int = _LABELS, layers_shown: int = _LAYERS) -> HeatMap:
    """Count the places of an answer of `pii` by label and layer.

    Parameters
    ----------
    answer : Answer
        Of `pii`.
    labels, layers_shown : int
        At most so many rows and columns, those with most places; the rest is put together.

    Returns
    -------
    HeatMap
        Labels by name, special categories first; layers in the order in which data flows (by their hops), reports last.
    """
    frame = answer.frame
    rows = frame.with_columns(layer=layers(answer.lineage, frame["node"])) if frame.height else frame.with_columns(layer=pl.lit(""))
    sure = pl.col("certainty") == "proved"
    places = rows.group_by("label", "layer", "node").agg(sure=sure.any(), suspected=pl.col("suspected").any(), hops=pl.col("hops").min())
    labels_of = _first(places, "label", labels)
    shown = _first(places.filter(pl.col("layer") != REPORTS), "layer", layers_shown) | ({REPORTS} & set(places["layer"]))
    every = {c: places[c].n_unique() for c in ("label", "layer")}
    far = places.filter(pl.col("layer").is_in(list(shown))).group_by("layer").agg(pl.col("hops").mean())
    order = [n for n, _ in sorted(far.iter_rows(), key=lambda r: (r[0] == REPORTS, r[1], r[0]))]
    special = frozenset(x for x in labels_of if is_special(x))
    names = sorted(labels_of, key=lambda x: (x not in special, x))
    left = (every["label"] - len(names), every["layer"] - len(order))
    names, order = names + [f"{left[0]:,} {MORE}"] * bool(left[0]), order + [f"{left[1]:,} {MORE}"] * bool(left[1])
    told = places.with_columns(
        label=pl.when(pl.col("label").is_in(list(labels_of))).then("label").otherwise(pl.lit(names[-1] if names else "")),
        layer=pl.when(pl.col("layer").is_in(list(shown))).then("layer").otherwise(pl.lit(order[-1] if order else "")),
    )
    counts = told.group_by("label", "layer").agg(
        proved=pl.col("sure").sum(), possible=(~pl.col("sure")).sum(), suspected=(~pl.col("sure") & pl.col("suspected")).sum()
    )
    made = {(r["label"], r["layer"]): r for r in counts.iter_rows(named=True)}
    parts = [{k: int(r[c]) for k, r in made.items() if r[c]} for c in ("proved", "possible", "suspected")]
    return HeatMap(tuple(names), tuple(order), special, parts[0], parts[1], parts[2], left)


def _first(places: pl.DataFrame, column: str, most: int) -> set[str]:
    """The words of a column with most places; ties by name."""
    return set(places.group_by(column).len().sort("len", column, descending=[True, False]).head(most)[column])


def _level(count: int, most: int) -> int:
    """Place in `_FILLS`: the square root of the share, so that few are seen beside many."""
    return round(math.sqrt(count / most) * (len(_FILLS) - 1))


def _written(count: int) -> str:
    return f"{count:,}" if count < 10_000 else f"{count / 1000:,.0f}k"


def heat_svg(answer: Answer) -> str:
    """Draw the heat map as SVG, in the colour of the text around it; empty where no personal data was found.

    Examples
    --------
    >>> import lineage_nb as ln
    >>> snap = ln.from_frames(nodes={"id": ["raw.t#mail"], "kind": ["column"], "tags": ["pii:email"]})
    >>> heat_svg(snap.pii()._answer).count("1 proved")
    1
    """
    told = heat_map(answer)
    if not told.labels:
        return ""
    side = _SIDE
    width, height = side + max(len(told.layers) * _WIDE + 60, _KEY_WIDE), _HEAD + len(told.labels) * _HIGH + 30
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(clean(answer.headline))}" width="{width}" height="{height}"'
        f' viewBox="0 0 {width} {height}" style="max-width:100%;height:auto" font-family="system-ui,sans-serif" font-size="12" fill="currentColor">'
    ]
    for i, (layer, short) in enumerate(zip(told.layers, _short(told.layers), strict=True)):
        x = side + i * _WIDE + _WIDE / 2 - 4
        parts.append(
            f'<g><title>{escape(clean(layer))}</title><text transform="translate({number(x)} {_HEAD - 10}) rotate(-35)">{escape(clip(short, 100, 12))}</text></g>'
        )
    most = max(told.proved.values(), default=1)
    for row, label in enumerate(told.labels):
        y = _HEAD + row * _HIGH
        name = clip(clean(label), side - 34, 12) + (" ⚑" if label in told.special else "")
        parts.append(f'<g><title>{escape(clean(label))}</title><text x="{side - 10}" y="{y + 19}" text-anchor="end">{escape(name)}</text></g>')
        parts += [_cell(told, label, layer, side + i * _WIDE, y, most) for i, layer in enumerate(told.layers)]
    parts.append(_key(side, _HEAD + len(told.labels) * _HIGH + 10, special=bool(told.special)))
    return "".join([*parts, "</svg>"])


def _short(every: Sequence[str]) -> list[str]:
    """The last component of each layer's name, or all of it where several end so."""
    bare = [_SCHEME.sub("", clean(layer)) for layer in every]
    ends = [text if " " in text or "/" in text else text.rpartition(".")[2] or text for text in bare]
    return [end if ends.count(end) == 1 else text for end, text in zip(ends, bare, strict=True)]


def _cell(told: HeatMap, label: str, layer: str, x: float, y: float, most: int) -> str:
    sure, maybe = told.proved.get((label, layer), 0), told.possible.get((label, layer), 0)
    w, h = _WIDE - 3, _HIGH - 3
    if not sure and not maybe:
        return f'<rect x="{x}" y="{y}" width="{w}" height="{h}" rx="3" fill="none" stroke="currentColor" stroke-opacity=".14"/>'
    suspected = told.suspected.get((label, layer), 0)
    said = ", ".join([f"{sure:,} proved"] * bool(sure) + [f"{maybe:,} possible"] * bool(maybe) + [f"{suspected:,} of these suspected"] * bool(suspected))
    parts = [f"<g><title>{escape(clean(label))} in {escape(clean(layer))}: {said}</title>"]
    solid = 0 if not sure else w if not maybe else w * 0.5
    if sure:
        level = _level(sure, most)
        parts.append(f'<rect x="{x}" y="{y}" width="{number(solid)}" height="{h}" rx="3" fill="{_FILLS[level]}"/>')
        parts.append(_count(_written(sure), x + solid / 2, y, "#101316" if level < 3 else "#ffffff"))
    if maybe:
        parts.append(_hatched(x + solid, y, w - solid, h))
        parts.append(_count(f"{_written(maybe)}?", x + solid + (w - solid) / 2, y, "#101316"))
    return "".join([*parts, "</g>"])


def _count(text: str, x: float, y: float, colour: str) -> str:
    return f'<text x="{number(x)}" y="{y + 18}" text-anchor="middle" font-weight="600" style="fill:{colour}">{text}</text>'


def _hatched(x: float, y: float, w: float, h: float) -> str:
    """A box with oblique lines, without a pattern: patterns go by ids, which a page may hold twice."""
    lines = []
    for at in range(7, int(w + h), 7):
        x1, y1 = (x + at, y) if at <= w else (x + w, y + at - w)
        x2, y2 = (x, y + at) if at <= h else (x + at - h, y + h)
        lines.append(f"M{number(x1)} {number(y1)}L{number(x2)} {number(y2)}")
    box = f'<rect x="{number(x)}" y="{y}" width="{number(w)}" height="{h}" rx="3" fill="#fff4dc" stroke="{_HATCH}" stroke-dasharray="3 2"/>'
    return f'{box}<path d="{"".join(lines)}" stroke="{ORANGE}" stroke-opacity=".55" fill="none"/>'


def _key(x: float, y: float, *, special: bool) -> str:
    more = " ⚑ special category" if special else ""
    return (
        f'<g font-size="11"><rect x="{x}" y="{y}" width="22" height="13" rx="3" fill="{_FILLS[2]}"/><text x="{x + 28}" y="{y + 11}">proved, darker: more places</text>'
        f'{_hatched(x + 190, y, 22, 13)}<text x="{x + 218}" y="{y + 11}">possible.{more}</text></g>'
    )


def draw_heat(answer: Answer, axes: Axes) -> None:
    """Draw the heat map of an answer of `pii` with matplotlib."""
    from matplotlib.patches import Patch, Rectangle

    told = heat_map(answer)
    if not told.labels:
        return sentence(axes, "No personal data was found.")
    most = max(told.proved.values(), default=1)
    for row, label in enumerate(told.labels):
        for at, layer in enumerate(told.layers):
            sure, maybe = told.proved.get((label, layer), 0), told.possible.get((label, layer), 0)
            solid = 0 if not sure else 0.94 if not maybe else 0.47
            if sure:
                level = _level(sure, most)
                axes.add_patch(Rectangle((at, row), solid, 0.9, facecolor=_FILLS[level], edgecolor="none"))
                axes.text(at + solid / 2, row + 0.45, _written(sure), ha="center", va="center", fontsize=8, color="black" if level < 3 else "white")
            if maybe:
                axes.add_patch(Rectangle((at + solid, row), 0.94 - solid, 0.9, facecolor="#fff4dc", edgecolor=ORANGE, hatch="////", linewidth=0.6))
                box = {"facecolor": "#fff4dc", "edgecolor": "none", "pad": 0.8}
                axes.text(at + solid + (0.94 - solid) / 2, row + 0.45, f"{_written(maybe)}?", ha="center", va="center", fontsize=8, color="black", bbox=box)
            if not sure and not maybe:
                axes.add_patch(Rectangle((at, row), 0.94, 0.9, facecolor="none", edgecolor="#dddddd", linewidth=0.6))
    _frame(axes, told.layers, told.labels)
    handles = [Patch(facecolor=_FILLS[2], label="proved"), Patch(facecolor="#fff4dc", edgecolor=ORANGE, hatch="////", label="possible")]
    axes.legend(handles=handles, frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(0, -0.02), ncols=2)
    return None


def _frame(axes: Axes, columns: Sequence[str], rows: Sequence[str]) -> None:
    axes.set_xlim(0, len(columns))
    axes.set_ylim(len(rows), 0)
    axes.xaxis.tick_top()
    axes.set_xticks([i + 0.47 for i in range(len(columns))], [plain(c, 110) for c in _short(columns)], rotation=35, ha="left", fontsize=8)
    axes.set_yticks([i + 0.45 for i in range(len(rows))], [plain(r, 130) for r in rows], fontsize=8)
    axes.tick_params(length=0)
    for side in axes.spines.values():
        side.set_visible(False)
