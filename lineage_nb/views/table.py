"""All rows of an answer as an interactive table, through itables: offline, every string escaped."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import polars as pl

from lineage_nb.analyses.result import Answer
from lineage_nb.views.text import MONEY_COLUMNS, NODE_COLUMNS

if TYPE_CHECKING:
    from IPython.display import HTML

__all__ = ["FULL_NAME", "MOST_ROWS", "interactive_table", "named_column", "table_options", "table_rows"]

MOST_ROWS = 100_000
FULL_NAME = "full name"
"""Column of the whole id, which can be searched but is not shown."""
_MOST_TEXT = 300


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
    shown = table_rows(answer)
    page = to_html_datatable(shown, connected=False, **table_options(shown))
    library = generate_init_offline_itables_html(itables.options.dt_bundle)
    return HTML(f"{library}<p>{escape(answer.headline + left_out)}</p>{page}")


def table_options(shown: pl.DataFrame) -> dict[str, Any]:
    """How itables shows such rows: all of them, escaped, the whole id hidden."""
    hidden = [i for i, name in enumerate(shown.columns) if name == FULL_NAME]
    return {
        "maxBytes": 0,
        "maxColumns": 0,
        "allow_html": False,
        "showIndex": False,
        "show_dtypes": False,
        "classes": "display compact",
        "style": "width:100%;table-layout:auto;margin:0",
        "text_in_header_can_be_selected": True,
        "lengthMenu": [10, 25, 100],
        "columnDefs": [{"targets": hidden, "visible": False}] if hidden else [],
    }


def named_column(frame: pl.DataFrame) -> str | None:
    """The column that says what a row is about; None: there is none."""
    named = [c for c in ("node", "key", "job") if c in frame.columns]
    text = [c for c, t in frame.schema.items() if t == pl.String]
    return (named or text or [None])[0]


def table_rows(answer: Answer, rows: int = MOST_ROWS) -> pl.DataFrame:
    """First rows as people read them, all columns text that the browser still sorts by value.

    Parameters
    ----------
    answer : Answer
        Of any analysis.
    rows : int
        At most so many.

    Returns
    -------
    polars.DataFrame
        Names without their namespace where that is clear, money in currency units, sizes in MB, lists joined,
        nothing for null, long text cut; no second verdict where it is always the first; last, `FULL_NAME`, if a
        row is about something whose name was shortened.
    """
    frame = answer.frame.head(rows)
    currency = str(answer.summary.get("currency", ""))
    names = _spoken(answer, frame)
    shown = {}
    for name, dtype in frame.schema.items():
        column, title = frame[name], name.replace("_", " ")
        if name == "without_monitors" and answer.frame[name].equals(answer.frame["verdict"]):
            continue
        if name in MONEY_COLUMNS:
            shown[f"{title}, {currency}" if currency else title] = _numbers(column, 1e6, 2)
        elif name == "bytes":
            shown["size, MB"] = _numbers(column, 1e6, 1)
        elif name == "share":
            shown["share, %"] = _numbers(column, 0.01, 1)
        elif dtype == pl.String:
            shown[title] = column.replace_strict(names, default=column, return_dtype=pl.String) if names else column
        else:
            shown[title] = _text(column, dtype, names)
    about = named_column(frame)
    if about in NODE_COLUMNS and (shown[str(about)] != frame[str(about)]).any():
        shown[FULL_NAME] = frame[str(about)]
    return pl.DataFrame({n: s if n == FULL_NAME else _cut(s) for n, s in shown.items()}).fill_null("")


def _cut(column: pl.Series) -> pl.Series:
    if not ((longest := column.str.len_chars().max()) and int(longest) > _MOST_TEXT):  # type: ignore[arg-type]
        return column
    cut = pl.when(pl.col("text").str.len_chars() > _MOST_TEXT).then(pl.col("text").str.head(_MOST_TEXT - 1) + "…").otherwise("text")
    return column.alias("text").to_frame().select(cut).to_series()


def _spoken(answer: Answer, frame: pl.DataFrame) -> dict[str, str]:
    """Whole names → how people say them, for all that the frame names."""
    columns = [frame[c] for c, t in frame.schema.items() if t == pl.String]
    columns += [frame[c].explode() for c, t in frame.schema.items() if t == pl.List(pl.String)]
    if not columns:
        return {}
    named, spoken = pl.concat(columns).drop_nulls().unique(), answer.lineage.spoken
    return {i: said for i in named if (said := spoken(i)) != i}


def _numbers(column: pl.Series, unit: float, decimals: int) -> pl.Series:
    written = [None if v is None else f"{v / unit:,.{decimals}f}" for v in column.to_list()]
    return pl.Series(column.name, written, dtype=pl.String)


def _text(column: pl.Series, dtype: pl.DataType, names: dict[str, str]) -> pl.Series:
    if isinstance(dtype, pl.List):
        words = column.cast(pl.List(pl.String)).list.eval(pl.element().replace(names)) if names else column.cast(pl.List(pl.String))
        return words.list.join(", ")
    if dtype == pl.Boolean:
        return column.replace_strict({True: "yes", False: "no"}, return_dtype=pl.String)
    if dtype.is_integer():
        return _numbers(column, 1, 0)
    if dtype.is_float():
        return _numbers(column, 1, 3)
    return column.cast(pl.String)
