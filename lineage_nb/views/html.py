"""Results and snapshots as HTML: static, escaped, capped in size; every string of a snapshot is hostile."""

from __future__ import annotations

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
.lnb h4{font-size:15px;font-weight:600;margin:.3em 0 .5em}
.lnb table{border-collapse:collapse;margin:.4em 0;font-size:12px}
.lnb th{text-align:left;font-weight:600;border-bottom:1px solid rgba(128,128,128,.5);padding:3px 12px 3px 0}
.lnb td{padding:3px 12px 3px 0;border-bottom:1px solid rgba(128,128,128,.18);vertical-align:top;text-align:left;overflow-wrap:anywhere}
.lnb td.num{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.lnb td.node{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:11.5px}
.lnb .more,.lnb .trust{opacity:.72;font-size:12px;margin:.25em 0;padding:0 0 0 1.1em}
.lnb .more{padding:0}
.lnb svg{max-width:100%;height:auto}
</style>"""
_NUMBERS = ("amount", "exclusive", "shared", "freed", "share", "bytes", "hops")


def _clip(text: str) -> str:
    return text if len(text) <= _CHARS else text[: _CHARS - 1] + "…"


def table(answer: Answer, rows: int = _ROWS) -> str:
    """First rows of an answer as an HTML table."""
    frame, shown = answer.frame, shown_rows(answer, rows)
    head = "".join(f"<th>{escape(c.replace('_', ' '))}</th>" for c in frame.columns)
    body = []
    for record, given in zip(shown.iter_rows(named=True), frame.head(rows).iter_rows(named=True), strict=True):
        cells = []
        for column, value in record.items():
            kind = "num" if column in _NUMBERS else "node" if column in NODE_COLUMNS else ""
            text = value or ""
            whole = str(given[column]) if kind == "node" and given[column] else text
            full = f' title="{escape(whole[:1000])}"' if whole != text or len(text) > _CHARS else ""
            cells.append(f'<td class="{kind}"{full}>{escape(_clip(text))}</td>')
        body.append(f"<tr>{''.join(cells)}</tr>")
    more = frame.height - rows
    rest = f'<p class="more">… {more:,} more rows in <code>.frame</code></p>' if more > 0 else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>{rest}" if body else ""


def frame_table(frame: pl.DataFrame, rows: int = _ROWS) -> str:
    """First rows of any frame as an HTML table; empty without rows."""
    if frame.is_empty():
        return ""
    head = "".join(f"<th>{escape(c.replace('_', ' '))}</th>" for c in frame.columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(_clip(cell(c, v)))}</td>" for c, v in record.items()) + "</tr>"
        for record in frame.head(rows).iter_rows(named=True)
    )
    more = f'<p class="more">… {frame.height - rows:,} more rows</p>' if frame.height > rows else ""
    return f'{STYLE}<div class="lnb"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}</div>'


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

    figures = "" if answer.focus is not None else picture(answer)
    notes = "".join(f"<li>{escape(note)}</li>" for note in answer.trust)
    below = (
        f'{STYLE}<section class="lnb" style="max-height:45vh;overflow:auto;padding:8px 16px;border-top:1px solid #dfe3e8;'
        f'max-width:none">{figures}{table(answer, rows)}<ul class="trust">{notes}</ul></section>'
    )
    return standalone_html(scene_for(answer, 150), title=answer.headline, after=below)


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
