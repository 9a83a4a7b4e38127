"""A drop plan as text and HTML: static, escaped, capped in size."""

from __future__ import annotations

from html import escape

import polars as pl

from lineage_nb.analyses.plan.plan import Plan
from lineage_nb.analyses.result import money
from lineage_nb.views.bars import bars
from lineage_nb.views.html import STYLE, frame_table
from lineage_nb.views.text import cell

__all__ = ["plan_bundle", "plan_html", "plan_text"]

_ROWS = 20
_SHOWN = ("step", "group", "action", "node", "why", "owners", "grace", "freed", "freed_cumulated", "bytes", "depends_on")
_MONEY = ("freed", "freed_cumulated")


def plan_bundle(plan: Plan) -> dict[str, str]:
    """The mime bundle of a plan: text and HTML."""
    return {"text/plain": plan_text(plan), "text/html": plan_html(plan)}


def plan_text(plan: Plan, rows: int = _ROWS) -> str:
    """Headline, first steps and trust, as text.

    Parameters
    ----------
    plan : Plan
        Any.
    rows : int
        Steps shown, at most; the rest is counted.
    """
    lines = [plan.headline, ""]
    shown = _shown(plan, rows).drop("group", "owners", "depends_on")
    if shown.height:
        with pl.Config(
            tbl_rows=rows, tbl_cols=-1, tbl_width_chars=160, fmt_str_lengths=60, tbl_hide_dataframe_shape=True,
            tbl_hide_column_data_types=True, tbl_formatting="NOTHING",
        ):
            lines.append(str(shown))
        if len(plan) > rows:
            lines.append(f"… {len(plan) - rows:,} more steps in .frame")
        lines.append("")
    return "\n".join([*lines, *(f"· {note}" for note in plan.trust)])


def plan_html(plan: Plan, rows: int = _ROWS) -> str:
    """Headline, savings by group, first steps, what is left out and trust; parameters as `plan_text`."""
    notes = "".join(f"<li>{escape(note)}</li>" for note in plan.trust)
    table = frame_table(_shown(plan, rows), rows)
    more = f'<p class="more">… {len(plan) - rows:,} more steps in <code>.frame</code></p>' if len(plan) > rows else ""
    left = ""
    if plan.left_out.height:
        names = {n: plan.lineage.spoken(n) for n in plan.left_out.head(rows)["node"]}
        left = f"<h4>Left out</h4>{frame_table(plan.left_out.select('node', 'verdict', 'reason', 'until'), rows, names)}"
    return f'{STYLE}<div class="lnb"><h4>{escape(plan.headline)}</h4>{_picture(plan)}{table}{more}{left}<ul class="trust">{notes}</ul></div>'


def _shown(plan: Plan, rows: int) -> pl.DataFrame:
    """First steps as people read them, all columns text."""
    currency, spoken = str(plan.summary["currency"]), plan.lineage.spoken
    head = plan.frame.head(rows).select(_SHOWN)
    columns = {}
    for name in _SHOWN:
        values = head[name].to_list()
        if name == "node":
            columns[name] = [spoken(v) for v in values]
        elif name in _MONEY:
            columns[name] = ["" if v is None else money(v, currency) for v in values]
        else:
            columns[name] = [cell(name, v, currency) for v in values]
    return pl.DataFrame(columns, schema=dict.fromkeys(_SHOWN, pl.String))


def _picture(plan: Plan) -> str:
    """Bars of what each step frees."""
    most = plan.frame.filter(pl.col("freed") > 0).sort(-pl.col("freed"), "step").head(8)
    labels = [f"{a} {plan.lineage.spoken(n)}" for a, n in most.select("action", "node").iter_rows()]
    shown = [money(v, str(plan.summary["currency"])) for v in most["freed"]]
    return bars(labels, most["freed"].to_list(), "what each step frees", shown)
