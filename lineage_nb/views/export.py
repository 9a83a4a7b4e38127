"""Frames as CSV and Excel: lists joined, formulas made harmless; pictures by the suffix of their file."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

import polars as pl

from lineage_nb.analyses.result import Answer
from lineage_nb.errors import LineageError, unknown_word
from lineage_nb.views.marks import Scene
from lineage_nb.views.overlay import Overlay
from lineage_nb.views.text import MONEY_COLUMNS

__all__ = ["PICTURES", "flat", "in_currency", "save_picture", "save_scene", "scene_of_answer", "write_csv", "write_excel"]

_FORMULA = r"^[=+\-@\t\r]"
PICTURES = {
    ".svg": "a picture that stays sharp",
    ".png": "a picture",
    ".html": "a page to drag and zoom",
    ".mmd": "Mermaid",
    ".mermaid": "Mermaid",
    ".dot": "Graphviz",
    ".gv": "Graphviz",
    ".graphml": "yEd, Cytoscape, NetworkX",
    ".gexf": "Gephi",
}
"""Suffixes of pictures, and what reads them."""
_MOST_MARKS = 150


def flat(frame: pl.DataFrame) -> pl.DataFrame:
    """Join lists by ``;`` and put an apostrophe before text that a spreadsheet would run as a formula."""
    text = [
        (pl.col(c).list.join(";") if isinstance(t, pl.List) else pl.col(c)).alias(c)
        for c, t in frame.schema.items()
        if t == pl.String or isinstance(t, pl.List)
    ]
    frame = frame.with_columns(text)
    return frame.with_columns(
        pl.when(pl.col(c).str.contains(_FORMULA)).then(pl.lit("'") + pl.col(c)).otherwise(pl.col(c)).alias(c)
        for c, t in frame.schema.items()
        if t == pl.String
    )


def in_currency(answer: Answer) -> pl.DataFrame:
    """The frame with money as exact decimals of the currency, which gets a column of its own."""
    frame = answer.frame
    money = [c for c in MONEY_COLUMNS if frame.schema.get(c) == pl.Int64]
    decimals = [(pl.col(c).cast(pl.Decimal(38, 6)) / 1_000_000).cast(pl.Decimal(38, 6)).alias(c) for c in money]
    currency = pl.lit(str(answer.summary.get("currency", "")) or None, pl.String).alias("currency")
    return frame.with_columns(*decimals, currency) if money else frame


def write_csv(answer: Answer, path: str | PathLike[str]) -> Path:
    """Write the frame of `answer` as CSV, money in currency units."""
    target = Path(path)
    flat(in_currency(answer)).write_csv(target)
    return target


def write_excel(answer: Answer, path: str | PathLike[str]) -> Path:
    """Write the frame of `answer` as an Excel file, money in currency units.

    Raises
    ------
    LineageError
        When xlsxwriter is not installed.
    """
    target = Path(path)
    try:
        import xlsxwriter
    except ImportError as error:
        raise LineageError("Excel files need xlsxwriter: pip install 'lineage-nb[excel]'") from error
    plain = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(target, plain) as book:
        flat(in_currency(answer)).write_excel(workbook=book, autofit=True)
    return target


def save_scene(
    scene: Scene, path: str | PathLike[str], *, title: str = "Data lineage", overlay: Overlay | None = None
) -> Path:
    """Write what is seen to a file, in the format that its suffix names.

    Parameters
    ----------
    scene : Scene
        What is drawn.
    path : path-like
        A file that ends with one of `PICTURES`, in upper or lower case.
    title : str
        Title, plain text; GraphML and GEXF have none.
    overlay : Overlay, optional
        What is told of boxes and lines besides, in colours and words.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    LineageError
        For another suffix.
    """
    target = Path(path)
    target.write_bytes(_written(scene, _suffix(target), title, overlay))
    return target


def save_picture(answer: Answer, path: str | PathLike[str]) -> Path:
    """Write the picture of an answer to a file, in the format that its suffix names.

    An answer about one node is drawn as its part of the lineage. Of any other, SVG and PNG hold the bars that it
    shows, the other formats its part of the lineage.

    Raises
    ------
    LineageError
        For a suffix that is not one of `PICTURES`, or an answer with nothing to draw.
    """
    from lineage_nb.views.picture import picture
    from lineage_nb.views.plot import plot

    target = Path(path)
    suffix = _suffix(target)
    if answer.focus is not None or suffix not in (".svg", ".png"):
        return save_scene(scene_of_answer(answer), target, title=answer.headline)
    if suffix == ".png":
        plot(answer).savefig(target, format="png", dpi=200)
        return target
    drawn = picture(answer)
    if not drawn:
        raise LineageError(f"{target}: there is nothing to draw: {answer.headline}")
    target.write_text(drawn, encoding="utf-8")
    return target


def scene_of_answer(answer: Answer) -> Scene:
    """Draw the part of the lineage that an answer speaks of; an error where it speaks of no nodes."""
    from lineage_nb.views.picture import scene_for

    if answer.analysis != "cost" and "node" not in answer.frame.columns:
        raise LineageError(f"an answer of {answer.analysis!r} speaks of no nodes, so there is no lineage to draw")
    return scene_for(answer, _MOST_MARKS)


def _suffix(target: Path) -> str:
    suffix = target.suffix.lower()
    if suffix not in PICTURES:
        known = [f"{name} ({what})" for name, what in PICTURES.items()]
        raise LineageError(f"{target}: {unknown_word('suffix', suffix, PICTURES, listed=known)}")
    return suffix


def _written(scene: Scene, suffix: str, title: str, overlay: Overlay | None) -> bytes:
    if suffix == ".png":
        from lineage_nb.views.png import png

        return png(scene, title=title, overlay=overlay)
    if suffix in (".graphml", ".gexf"):
        from lineage_nb.views.graph_files import gexf, graphml

        return graphml(scene, overlay) if suffix == ".graphml" else gexf(scene, overlay)
    if suffix == ".svg":
        from lineage_nb.views.svg import svg

        text = svg(scene, title=title, overlay=overlay, max_marks=max(len(scene.marks), 1))
    elif suffix == ".html":
        from lineage_nb.views.page import standalone_html

        text = standalone_html(scene, title=title, overlay=overlay)
    elif suffix in (".dot", ".gv"):
        from lineage_nb.views.dot import dot

        text = dot(scene, title=title, overlay=overlay)
    else:
        from lineage_nb.views.mermaid import mermaid

        text = mermaid(scene, title=title, overlay=overlay)
    return text.encode("utf-8", errors="replace")
