"""The answer to one question, as users hold it."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import polars as pl

from lineage_nb.analyses.result import Answer
from lineage_nb.errors import no_attribute

if TYPE_CHECKING:
    import networkx as nx
    import pandas as pd
    from IPython.display import HTML
    from matplotlib.figure import Figure

    from lineage_nb.views.rows import Rows
    from lineage_nb.widgets.controls import Explorer

__all__ = ["Result"]

AnyPath = str | PathLike[str]


class Result:
    """The answer to one question, ready to be read, drawn, explained and taken along.

    Made by the methods of `Snapshot`; immutable. In a cell it shows a headline, the first rows and a picture.
    """

    _answer: Answer
    _elsewhere: ClassVar[dict[str, str]] = {}
    """Methods that the answers of one question alone have, and that question."""

    def __init_subclass__(cls, *, of: str | None = None, **options: Any) -> None:
        super().__init_subclass__(**options)
        if of is not None:
            Result._elsewhere |= {name: of for name, value in vars(cls).items() if name[0] != "_" and callable(value)}

    def __init__(self, answer: Answer) -> None:
        vars(self)["_answer"] = answer

    def __setattr__(self, name: str, value: object) -> None:
        """Refuse: an answer never changes."""
        raise AttributeError(f"a Result never changes; {name!r} cannot be set")

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Name the nearest attribute."""
            if hasattr(type(self), name):
                # A property failed: its own error is the one to show.
                return object.__getattribute__(self, name)
            if name in self._elsewhere:
                question = self._elsewhere[name]
                raise AttributeError(f"{name!r} goes on from what {question!r} answers: snap.{question}(…).{name}(…); this answers {self._answer.analysis!r}")
            raise no_attribute(self, name)

    @property
    def frame(self) -> pl.DataFrame:
        """The answer; its columns are documented by the method that made it."""
        return self._answer.frame.clone()

    @property
    def headline(self) -> str:
        """The answer in one sentence."""
        return self._answer.headline

    @property
    def summary(self) -> dict[str, Any]:
        """The figures of the headline and more, by name."""
        return dict(self._answer.summary)

    @property
    def trust(self) -> tuple[str, ...]:
        """What the answer rests on and what it cannot know, a sentence each."""
        return self._answer.trust

    def to_pandas(self) -> pd.DataFrame:
        """Copy the frame to pandas."""
        return self._answer.frame.to_pandas()

    def show(self, *conditions: pl.Expr, rows: int = 20) -> Rows:
        """Show the rows that fit, as the answer itself shows its first ones.

        Parameters
        ----------
        *conditions : polars.Expr
            Over the columns of `frame`; all have to hold.
        rows : int
            At most so many.

        Examples
        --------
        >>> import lineage_nb as ln
        >>> import polars as pl
        >>> ln.from_edges([("a", "b"), ("b", "c")]).impact("a").show(pl.col("hops") > 1)
        node  kind     hops  via  value  certainty
         c     dataset  2     b    yes    proved
        Empty in these rows: owners, last_read.
        """
        from lineage_nb.views.rows import Rows

        return Rows(replace(self._answer, frame=self._answer.frame.filter(*conditions)), rows)

    def explain(self, node: str, **options: Any) -> pl.DataFrame:
        """Show why a node is in the answer.

        Parameters
        ----------
        node : str
            A node (or key, for costs) of the frame; an id or a unique suffix of one.
        **options
            ``label`` for PII.

        Returns
        -------
        polars.DataFrame
            The witness path hop by hop: source, target, type, subtype, verdict, certainty, jobs, evidence.
            For costs: the resources that the amount comes from.
        """
        from lineage_nb.views.hops import Explanation

        return Explanation(self._answer.explain(node, **options))

    @cached_property
    def graph(self) -> nx.DiGraph:
        """The part of the lineage that the answer speaks of, as an independent `networkx.DiGraph`."""
        from lineage_nb.views.picture import part_of

        return part_of(self._answer).to_networkx()

    def plot(self, kind: str | None = None) -> Figure:
        """Draw the summary as a matplotlib figure.

        Parameters
        ----------
        kind : str, optional
            Which picture, where there are several: ``bars``, ``waterfall``, ``treemap`` or ``layers`` of a cost,
            ``waterfall`` or ``bars`` of a change, ``bars`` or ``treemap`` of a loaded cost, ``heat`` (labels by layers)
            or ``bars`` of personal data. By default the first.

        Raises
        ------
        LineageError
            For a kind that the answer does not have; it lists those it has.
        """
        from lineage_nb.views.plot import plot

        return plot(self._answer, kind)

    def table(self) -> HTML:
        """Show all rows as a table to sort, search and page through; works offline, up to 100,000 rows."""
        from lineage_nb.views.table import interactive_table

        return interactive_table(self._answer)

    def explore(self, **options: Any) -> Explorer:
        """Open the explorer on the answer, boxes and edges coloured by it where it has something to say of them."""
        from lineage_nb.views.overlays import focus_and_overlay
        from lineage_nb.widgets.controls import explore

        focus, overlay = focus_and_overlay(self._answer)
        return explore(self._answer.lineage, focus=options.pop("focus", focus), **({"overlay": overlay} | options))

    def to_html(self, path: AnyPath) -> Path:
        """Write a page that stands alone and works offline: the picture, the figures and the rows."""
        from lineage_nb.views.html import result_page

        target = Path(path)
        target.write_text(result_page(self._answer), encoding="utf-8")
        return target

    def save_picture(self, path: AnyPath) -> Path:
        """Write the picture to a file, in the format that its suffix names.

        Parameters
        ----------
        path : path-like
            ``.svg``, ``.png``: the picture; ``.html``: a page to drag and zoom; ``.mmd``, ``.dot``, ``.graphml``,
            ``.gexf``: the part of the lineage that the answer speaks of, for Mermaid, Graphviz, yEd and Gephi.

        Raises
        ------
        LineageError
            For another suffix, or an answer with nothing to draw.
        """
        from lineage_nb.views.export import save_picture

        return save_picture(self._answer, path)

    def to_mermaid(self) -> str:
        """Write the part of the lineage that the answer speaks of as a Mermaid flowchart, at most 150 boxes.

        Raises
        ------
        LineageError
            For an answer that speaks of no nodes.
        """
        from lineage_nb.views.export import scene_of_answer
        from lineage_nb.views.mermaid import mermaid

        return mermaid(scene_of_answer(self._answer), title=self.headline)

    def to_dot(self) -> str:
        """Write the part of the lineage that the answer speaks of in Graphviz's DOT language; otherwise as `to_mermaid`."""
        from lineage_nb.views.dot import dot
        from lineage_nb.views.export import scene_of_answer

        return dot(scene_of_answer(self._answer), title=self.headline)

    def to_csv(self, path: AnyPath) -> Path:
        """Write the frame as CSV: money in currency units, lists joined by ``;``, formulas made harmless."""
        from lineage_nb.views.export import write_csv

        return write_csv(self._answer, path)

    def to_excel(self, path: AnyPath) -> Path:
        """Write the frame as an Excel file, money in currency units (needs the extra ``lineage-nb[excel]``)."""
        from lineage_nb.views.export import write_excel

        return write_excel(self._answer, path)

    def to_parquet(self, path: AnyPath) -> Path:
        """Write the frame as Parquet."""
        target = Path(path)
        self._answer.frame.write_parquet(target)
        return target

    def __repr__(self) -> str:
        """Show headline and first rows as text."""
        from lineage_nb.views.text import result_text

        return result_text(self._answer)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        from lineage_nb.views.html import result_bundle

        return result_bundle(self._answer)
