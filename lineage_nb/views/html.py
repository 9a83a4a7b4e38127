"""Results and snapshots as HTML: static, escaped, capped in size; every string of a snapshot is hostile."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

import polars as pl

from lineage_nb.analyses.result import Answer
from lineage_nb.graph.lineage import Lineage
from lineage_nb.views.bars import bars
from lineage_nb.views.text import NODE_COLUMNS, cell, overview, result_text, shown_rows, snapshot_text

__all__ = ["STYLE", "frame_table", "result_bundle", "result_html", "result_page", "snapshot_bundle", "table"]

_ROWS = 10
_CHARS = 120
STYLE = """<style>
.lnb{font:13px/1.45 system-ui,-apple-system,"Segoe UI",sans-serif;color:var(--jp-ui-font-color1,currentColor);max-width:1100px}
.lnb h4{font-size:15px;font-weight:600;line-height:1.35;margin:.3em 0 .6em}
.lnb .wide{overflow-x:auto}
.lnb table{border-collapse:collapse;margin:.4em 0;font-size:12px}
.lnb table th,.lnb table td{text-align:left!important;padding:3px 14px 3px 0;vertical-align:top;white-space:nowrap;max-width:none}
.lnb table th{font-weight:600;border-bottom:1px solid rgba(128,128,128,.5)}
.lnb table td{border-bottom:1px solid rgba(128,128,128,.18)}
.lnb table td.num,.lnb table th.num{text-align:right!important;font-variant-numeric:tabular-nums}
.lnb table td.long{white-space:normal;min-width:22em;max-width:44em}
.lnb table td.node{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:11.5px}
.lnb .more,.lnb .trust{opacity:.72;font-size:12px;margin:.25em 0;padding:0 0 0 1.1em}
.lnb .more{padding:0}
.lnb svg{max-width:100%;height:auto}
</style>"""
_PAGE = """<style>
html,body{height:auto!important}.card{flex:none!important;height:62vh!important}
.lnb.rows{max-width:none;padding:10px 16px}.lnb.rows .wide{max-height:60vh;overflow:auto}
@media print{.card,footer{display:none!important}.lnb.rows .wide{max-height:none;overflow:visible}}
</style>"""
_LONG = ("evidence", "owners", "why", "description", "note", "columns", "also", "stays")


def _kind(column: str, dtype: pl.DataType) -> str:
    if column in NODE_COLUMNS:
        return "node"
    return "num" if dtype.is_numeric() else "long" if column in _LONG else ""


def _head(frame: pl.DataFrame) -> str:
    return "".join(f'<th class="{_kind(c, t)}">{escape(c.replace("_", " "))}</th>' for c, t in frame.schema.items())


def _wide(head: str, body: str) -> str:
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _clip(text: str) -> str:
    return text if len(text) <= _CHARS else text[: _CHARS - 1] + "…"


def table(answer: Answer, rows: int = _ROWS) -> str:
    """First rows of an answer as an HTML table."""
    frame, shown = answer.frame, shown_rows(answer, rows)
    head = _head(frame)
    body = []
    for record, given in zip(shown.iter_rows(named=True), frame.head(rows).iter_rows(named=True), strict=True):
        cells = []
        for column, value in record.items():
            kind = _kind(column, frame.schema[column])
            text = value or ""
            whole = str(given[column]) if kind == "node" and given[column] else text
            full = f' title="{escape(whole[:1000])}"' if whole != text or len(text) > _CHARS else ""
            cells.append(f'<td class="{kind}"{full}>{escape(_clip(text))}</td>')
        body.append(f"<tr>{''.join(cells)}</tr>")
    more = frame.height - rows
    rest = f'<p class="more">… {more:,} more rows in <code>.frame</code></p>' if more > 0 else ""
    return _wide(head, "".join(body)) + rest if body else ""


def frame_table(frame: pl.DataFrame, rows: int = _ROWS, names: Mapping[str, str] | None = None) -> str:
    """First rows of any frame as an HTML table; empty without rows.

    Parameters
    ----------
    frame : polars.DataFrame
        Anything.
    rows : int
        At most so many.
    names : mapping, optional
        How to write node ids; the whole id is shown on hovering.
    """
    if frame.is_empty():
        return ""
    short = names or {}
    head = _head(frame)
    body = []
    for record in frame.head(rows).iter_rows(named=True):
        cells = []
        for column, value in record.items():
            text = short.get(value, value) if isinstance(value, str) else cell(column, value)
            full = f' title="{escape(value[:1000])}"' if isinstance(value, str) and (text != value or len(text) > _CHARS) else ""
            cells.append(f'<td class="{_kind(column, frame.schema[column])}"{full}>{escape(_clip(text))}</td>')
        body.append(f"<tr>{''.join(cells)}</tr>")
    more = f'<p class="more">… {frame.height - rows:,} more rows</p>' if frame.height > rows else ""
    return f'{STYLE}<div class="lnb">{_wide(head, "".join(body))}{more}</div>'


def result_html(answer: Answer, rows: int = _ROWS) -> str:
    """Headline, picture, first rows and trust of an answer."""
    from lineage_nb.views.picture import picture

    notes = "".join(f"<li>{escape(note)}</li>" for note in answer.trust)
    return (
        f'{STYLE}<div class="lnb"><h4>{escape(answer.headline)}</h4>{picture(answer)}{table(answer, rows)}'
        f'<ul class="trust">{notes}</ul></div>'
    )


def result_page(answer: Answer, rows: int = 1000) -> str:
    """A page that stands alone: the answer's part of the lineage to drag and zoom, figures, rows and trust."""
    from lineage_nb.views.page import standalone_html
    from lineage_nb.views.picture import picture, scene_for

    notes = "".join(f"<li>{escape(note)}</li>" for note in answer.trust)
    figures = "" if answer.focus is not None else picture(answer)
    section = f'{STYLE}<section class="lnb rows">{figures}{table(answer, rows)}<ul class="trust">{notes}</ul></section>'
    scene = scene_for(answer, 150)
    if answer.focus is not None:
        return standalone_html(scene, title=answer.headline, after=_PAGE + section)
    return standalone_html(scene, title=answer.headline, before=_PAGE + section)


def result_bundle(answer: Answer) -> dict[str, str]:
    """The mime bundle of an answer; falls back to text when the picture fails."""
    text = result_text(answer)
    return {"text/plain": text, "text/html": result_html(answer)}


def snapshot_bundle(lineage: Lineage) -> dict[str, str]:
    """The mime bundle of a snapshot."""
    rows = "".join(
        f"<tr><th>{escape(name)}</th><td>{escape(_clip(text))}</td></tr>" for name, text in overview(lineage).items() if text
    )
    kinds = lineage.frames["nodes"].group_by("kind").len().sort("len", descending=True)
    picture = bars(kinds["kind"].to_list(), kinds["len"].to_list(), "nodes by kind")
    html = f'{STYLE}<div class="lnb"><h4>Lineage snapshot</h4><table>{rows}</table>{picture}</div>'
    return {"text/plain": snapshot_text(lineage), "text/html": html}
