"""All rows of an answer as an interactive table, through itables: offline, every string escaped."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import polars as pl

from lineage_nb.analyses.result import Answer
from lineage_nb.views.text import MONEY_COLUMNS, NODE_COLUMNS

if TYPE_CHECKING:
    from IPython.display import HTML

__all__ = ["interactive_table"]

MOST_ROWS = 100_000


def interactive_table(answer: Answer) -> HTML:
    """Make a table to sort, search and page through.

    Parameters
    ----------
    answer : Answer
        Of any analysis; rows beyond the first 100,000 are left out, and the caption says so.

    Returns
    -------
    IPython.display.HTML
        One self-contained element.
    """
    import itables.options
    from IPython.display import HTML
    from itables import to_html_datatable
    from itables.javascript import generate_init_offline_itables_html

    rows = answer.frame.height
    left_out = f" (first {MOST_ROWS:,} of {rows:,} rows)" if rows > MOST_ROWS else ""
    page = to_html_datatable(
        _sortable(answer).to_pandas(),
        connected=False,
        maxBytes=0,
        allow_html=False,
        showIndex=False,
        style="width:100%;table-layout:auto",
        text_in_header_can_be_selected=True,
    )
    library = generate_init_offline_itables_html(itables.options.dt_bundle)
    return HTML(f"{library}<p>{escape(answer.headline + left_out)}</p>{page}")


def _sortable(answer: Answer) -> pl.DataFrame:
    """Names as people say them, money in currency units, lists joined; numbers and dates stay what they are."""
    frame, spoken = answer.frame.head(MOST_ROWS), answer.lineage.spoken
    shown = []
    for name, dtype in frame.schema.items():
        column = frame[name]
        if name in NODE_COLUMNS:
            column = pl.Series(name, [spoken(v) if v else "" for v in column.to_list()], dtype=pl.String)
        elif name in MONEY_COLUMNS:
            column = (column / 1e6).round(2).alias(name)
        elif isinstance(dtype, pl.List):
            column = column.list.join(", ")
        shown.append(column)
    return pl.DataFrame(shown)
