"""What a snapshot knows of one node, on one card."""

from __future__ import annotations

from datetime import timedelta
from html import escape
from typing import Any

import numpy as np
import polars as pl

from lineage_nb.analyses.result import money, plural
from lineage_nb.analyses.usage_log import usage_log
from lineage_nb.graph.lineage import Lineage
from lineage_nb.graph.lineage_graph import Level
from lineage_nb.model.names import spoken_name
from lineage_nb.views.html import STYLE
from lineage_nb.views.labels import clean
from lineage_nb.views.text import cell

__all__ = ["columns_of", "level_of", "node_bundle", "node_facts", "node_text", "row_of"]

_COST_DAYS = 30
_COLUMNS = 20
_TEXT = 400


def row_of(lineage: Lineage, node: str) -> dict[str, Any]:
    """The row of a node in `nodes`."""
    return lineage.frames["nodes"].row(by_predicate=pl.col("id") == node, named=True)


def level_of(kind: str) -> Level:
    """At which level a node of a kind is found."""
    return "column" if kind == "column" else "job" if kind == "job" else "dataset"


def columns_of(lineage: Lineage, node: str) -> pl.DataFrame:
    """List the columns of a dataset: name, data_type, tags, description, node (id); in order."""
    own = lineage.frames["nodes"].filter((pl.col("kind") == "column") & (pl.col("parent") == node))
    own = own.sort("ordinal", "id", nulls_last=True)
    names = [_own_name(i, n) for i, n in own.select("id", "name").iter_rows()]
    return own.select(pl.Series("name", names, dtype=pl.String), "data_type", "tags", "description", pl.col("id").alias("node"))


def _own_name(node: str, name: str | None) -> str:
    return node.rpartition("#")[2] if "#" in node else name or node


def node_facts(lineage: Lineage, node: str) -> dict[str, str]:
    """Say what is known of a node: name of the fact → plain text, bounded, without control characters.

    The counts are of direct neighbours at the level of the node. Costs are what is billed to the node itself in the
    last 30 days of the cost record; what flows into it from elsewhere is not in it.
    """
    row = row_of(lineage, node)
    kind, type_ = str(row["kind"]), row["type"]
    what = kind if type_ in (None, kind) else f"{type_} ({kind})"
    facts = {
        "id": node,
        "kind": what,
        "owners": ", ".join(spoken_name(o) for o in row["owners"] or []) or ("" if kind == "column" else "nobody is named"),
        "tags": ", ".join(row["tags"] or []),
        "tier": row["tier"],
        "data type": row["data_type"],
        "size": cell("bytes", row["bytes"]),
        **_neighbours(lineage, node, kind),
        "last read": _last_read(lineage, node, kind, row["parent"]),
        "cost": "" if kind == "column" else _cost(lineage, node),
        "last seen": f"{row['last_seen']:%Y-%m-%d %H:%M} UTC" if row["last_seen"] else None,
        "deleted": f"{row['deleted_at']:%Y-%m-%d}" if row["deleted_at"] else None,
        "description": row["description"],
    }
    return {name: clean(text, _TEXT) for name, text in facts.items() if text}


def _neighbours(lineage: Lineage, node: str, kind: str) -> dict[str, str]:
    graph = lineage.graph(level_of(kind))
    number = graph.naming.number(node)
    if number is None:
        return {}
    rows = {"upstream": graph.backward.row(number), "downstream": graph.forward.row(number)}
    return {side: f"{int(np.count_nonzero(found != number)):,} direct" for side, found in rows.items()}


def _last_read(lineage: Lineage, node: str, kind: str, parent: str | None) -> str:
    if kind not in ("dataset", "report", "column"):
        return ""
    log = usage_log(lineage)
    if log.end is None:
        return "not known: there is no usage log"
    reads = log.reads.filter(pl.col("node") == (parent if kind == "column" and parent else node))
    where = " (of its table)" if kind == "column" else ""
    if reads.is_empty():
        return f"no read is recorded{where} from {log.start} to {log.end}"
    who = reads["consumer"].drop_nulls().n_unique()
    by = f" by {plural(who, 'named reader')}" if who else ""
    last = reads.select(pl.col("day").max()).item()
    return f"{last}{where}; {plural(int(reads['reads'].sum()), 'read')}{by} from {log.start} to {log.end}"


def _cost(lineage: Lineage, node: str) -> str:
    billed = lineage.frames["costs"].filter(pl.col("role") == "billed")
    if billed.is_empty():
        return ""
    last = billed.select(pl.col("day").max()).item()
    first = last - timedelta(days=_COST_DAYS - 1)
    own = billed.filter((pl.col("node") == node) & pl.col("day").is_between(first, last))
    sums = own.group_by("currency").agg(pl.col("amount").sum()).sort("currency")
    told = ", ".join(money(amount, currency) for currency, amount in sums.iter_rows())
    return f"{told or 'nothing'} billed to it from {first} to {last}"


def _column_rows(lineage: Lineage, node: str) -> tuple[list[tuple[str, str, str]], int]:
    columns = columns_of(lineage, node)
    shown = [
        (clean(name, 120), clean(kind or "", 60), clean(", ".join(tags or []), 120))
        for name, kind, tags in columns.head(_COLUMNS).select("name", "data_type", "tags").iter_rows()
    ]
    return shown, columns.height


def node_text(lineage: Lineage, node: str) -> str:
    """Write the card of a node as text."""
    facts = node_facts(lineage, node)
    width = max(map(len, facts))
    lines = [clean(lineage.spoken(node), 200), *(f"  {name:<{width}}  {text}" for name, text in facts.items())]
    rows, count = _column_rows(lineage, node)
    if count:
        lines.append(f"  {plural(count, 'column')}")
        longest = max(len(name) for name, _, _ in rows)
        lines += [f"    {name:<{longest}}  {'  '.join(t for t in (kind, tags) if t)}".rstrip() for name, kind, tags in rows]
    if count > len(rows):
        lines.append(f"    … {count - len(rows):,} more in .columns")
    return "\n".join(lines)


def node_bundle(lineage: Lineage, node: str) -> dict[str, str]:
    """The mime bundle of a node."""
    facts = "".join(f"<tr><th>{name}</th><td class='long'>{escape(text)}</td></tr>" for name, text in node_facts(lineage, node).items())
    rows, count = _column_rows(lineage, node)
    cells = "".join(f"<tr>{''.join(f'<td>{escape(text)}</td>' for text in row)}</tr>" for row in rows)
    more = f'<p class="more">… {count - len(rows):,} more in <code>.columns</code></p>' if count > len(rows) else ""
    head = "<tr><th>column</th><th>type</th><th>tags</th></tr>"
    columns = f'<div class="wide"><table><thead>{head}</thead><tbody>{cells}</tbody></table></div>{more}' if count else ""
    html = f'{STYLE}<div class="lnb"><h4>{escape(clean(lineage.spoken(node), 200))}</h4><table>{facts}</table>{columns}</div>'
    return {"text/plain": node_text(lineage, node), "text/html": html}
