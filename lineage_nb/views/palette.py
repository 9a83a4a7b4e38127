"""What things look like: line drawings of kinds, colours of classes, and the style sheet of all pictures."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["GLYPHS", "LEVEL_COLOURS", "LINE_COLOURS", "STYLE", "look_of"]

GLYPHS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "dataset": ("#0072b2", "M2.5 4a5.5 2 0 0 1 11 0v8a5.5 2 0 0 1-11 0zM2.5 4a5.5 2 0 0 0 11 0M2.5 8a5.5 2 0 0 0 11 0"),
        "table": ("#0072b2", "M2 3h12v10H2zM2 6.5h12M6 6.5V13"),
        "view": ("#3a9bd0", "M1 8c3-5 11-5 14 0c-3 5-11 5-14 0zM8 6a2 2 0 1 0 .01 0z"),
        "topic": ("#009e73", "M1 5q3.5-4 7 0t7 0M1 8.5q3.5-4 7 0t7 0M1 12q3.5-4 7 0t7 0"),
        "file": ("#b07d00", "M3.5 1.5h6l3 3v10h-9zM9.5 1.5v3h3"),
        "report": ("#d55e00", "M2 14V1.5M2 14h12.5M5 12V8M8.5 12V4M12 12V6.5"),
        "model": ("#c0589b", "M8 1.5l5.6 3.2v6.6L8 14.5l-5.6-3.2V4.7zM8 8l5.6-3.3M8 8v6.5M8 8L2.4 4.7"),
        "feature": ("#c0589b", "M8 1.5L14.5 8L8 14.5L1.5 8z"),
        "column": ("#5b7fa6", "M5.5 2h5v12h-5zM5.5 6h5M5.5 10h5"),
        "job": ("#767676", "M4 2.5l9 5.5l-9 5.5z"),
        "seed": ("#b07d00", "M3 13c0-7 4-10 10-10c0 7-4 10-10 10zM3 13l6-6"),
        "query": ("#5b7fa6", "M6.8 2a4.8 4.8 0 1 0 .01 0zM10.4 10.2l4.1 4.1"),
        "other": ("#767676", "M8 2a6 6 0 1 0 .01 0z"),
    }
)
"""Line drawings on a 16 × 16 grid, with a colour of the Okabe-Ito palette darkened to 3:1 on white."""

_SYNONYMS: Mapping[str, str] = MappingProxyType(
    {
        "dashboard": "report", "notebook": "report", "exposure": "report", "application": "report",
        "materialized view": "view", "stream": "topic", "queue": "topic", "ml": "model", "analysis": "report",
        "incremental": "table", "snapshot": "table", "source": "table", "ephemeral": "view", "external": "table",
        "base table": "table", "task": "job", "feature_set": "feature", "path": "file",
    }
)

LEVEL_COLOURS = ("#d7d9dc", "#9ad0f5", "#a3dfc3", "#f3da72", "#f4ae6b", "#eb9cc8", "#c9b8f0")
"""Fills of the classes of an overlay: told apart by colour-blind people, 7:1 under black letters."""
LINE_COLOURS = ("#7d8793", "#2a86c8", "#1d9a6c", "#a88a00", "#d0660a", "#bb4f8f", "#7a5fd0")
"""The same for lines: 3:1 on white and on black."""

STYLE = """
.ln-svg,.ln-explorer{--ln-bg:var(--jp-layout-color0,var(--vscode-editor-background,var(--ln-d-bg)));
--ln-box:var(--jp-layout-color1,var(--vscode-editor-background,var(--ln-d-box)));
--ln-fg:var(--jp-content-font-color1,var(--vscode-editor-foreground,var(--ln-d-fg)));
--ln-dim:var(--jp-content-font-color2,var(--vscode-descriptionForeground,var(--ln-d-dim)));
--ln-line:var(--jp-border-color0,var(--vscode-panel-border,var(--ln-d-line)));
--ln-d-bg:#fff;--ln-d-box:#fff;--ln-d-fg:#1c1f23;--ln-d-dim:#5c646e;--ln-d-line:#b6bdc6;
--ln-link:#7d8793;--ln-focus:#c75300;--ln-back:#a8507f;
font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
@media (prefers-color-scheme:dark){.ln-svg,.ln-explorer{--ln-d-bg:#14171a;--ln-d-box:#1d2125;--ln-d-fg:#e8eaed;
--ln-d-dim:#a3abb5;--ln-d-line:#4a525c}}
.ln-box{fill:var(--ln-box);stroke:var(--ln-line);stroke-width:1}
.ln-label{font-size:12.5px;font-weight:600;fill:var(--ln-fg)}
.ln-sub{font-size:10.5px;fill:var(--ln-dim)}
.ln-glyph{fill:none;stroke-width:1.4;stroke-linecap:round;stroke-linejoin:round}
.ln-focus>.ln-box{stroke:var(--ln-focus);stroke-width:2.4}
.ln-deleted>.ln-box{stroke-dasharray:5 3}.ln-deleted>.ln-label{text-decoration:line-through;fill:var(--ln-dim)}
.ln-bundle>.ln-box{stroke-dasharray:2 3;stroke:var(--ln-dim)}.ln-bundle>.ln-label{font-weight:500}
.ln-link{fill:none;stroke:var(--ln-link);stroke-width:1.4}
.ln-tip{fill:var(--ln-link);stroke:none}
.ln-influence{stroke-dasharray:1.5 4;stroke-linecap:round;stroke-width:2}.ln-possible{stroke-dasharray:7 4}
.ln-fold{stroke-width:1;opacity:.7}.ln-back{stroke:var(--ln-back)}.ln-tip.ln-back{fill:var(--ln-back)}
.ln-count{font-size:10px;font-weight:600;fill:var(--ln-dim);text-anchor:middle}
.ln-pill{fill:var(--ln-box);stroke:var(--ln-line)}
.ln-tag{font-size:9px;font-weight:700;fill:var(--ln-focus);text-anchor:end}
.ln-legend{font-size:11px;fill:var(--ln-dim)}
.ln-row{font-size:11px;fill:var(--ln-dim)}.ln-linked{fill:var(--ln-fg);font-weight:600}
.ln-type{font-size:9px;fill:var(--ln-dim);text-anchor:end}.ln-rule{stroke:var(--ln-line);stroke-width:1}
.ln-fine{stroke-width:1.1}.ln-faded{opacity:.35}
.ln-badge{stroke:#0000;stroke-width:1}.ln-said{font-size:10px;font-weight:600;fill:#101316}
""" + "".join(
    f".ln-badge.ln-c{i},.ln-swatch.ln-c{i}{{fill:{fill};background:{fill}}}.ln-link.ln-c{i}{{stroke:{line}}}.ln-tip.ln-c{i}{{fill:{line}}}"
    for i, (fill, line) in enumerate(zip(LEVEL_COLOURS, LINE_COLOURS, strict=True))
)


def look_of(kind: str, kind_type: str) -> str:
    """Choose the glyph of a node by its type, else its kind."""
    for word in (kind_type.lower(), kind.lower()):
        name = _SYNONYMS.get(word, word)
        if name in GLYPHS and not (kind == "job" and name == "table"):
            return name
    return "other"
