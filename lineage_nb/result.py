"""The answer to one question, as users hold it."""

from __future__ import annotations

from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from lineage_nb.analyses.result import Answer

if TYPE_CHECKING:
    import networkx as nx
    import pandas as pd
    from IPython.display import HTML
    from matplotlib.figure import Figure

    from lineage_nb.widgets.controls import Explorer

__all__ = ["Result"]

AnyPath = str | PathLike[str]


class Result:
    """The answer to one question, ready to be read, drawn, explained and taken along.

    Made by the methods of `Snapshot`; immutable. In a cell it shows a headline, the first rows and a picture.
    """

    _answer: Answer

    def __init__(self, answer: Answer) -> None:
        vars(self)["_answer"] = answer

    def __setattr__(self, name: str, value: object) -> None:
        """Refuse: an answer never changes."""
        raise AttributeError(f"a Result never changes; {name!r} cannot be set")

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

    def plot(self) -> Figure:
        """Draw the summary as a matplotlib figure."""
        from lineage_nb.views.plot import plot

        return plot(self._answer)

    def table(self) -> HTML:
        """Show all rows as a table to sort, search and page through; works offline, up to 100,000 rows."""
        from lineage_nb.views.table import interactive_table

        return interactive_table(self._answer)

    def explore(self, **options: Any) -> Explorer:
        """Open the explorer on the answer."""
        from lineage_nb.views.picture import focus_of
        from lineage_nb.widgets.controls import explore

        return explore(self._answer.lineage, focus=focus_of(self._answer), **options)

    def to_html(self, path: AnyPath) -> Path:
        """Write a page that stands alone and works offline: the picture, the figures and the rows."""
        from lineage_nb.views.html import result_page

        target = Path(path)
        target.write_text(result_page(self._answer), encoding="utf-8")
        return target

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
