"""The way of personal data to who sees it: hop by hop to the column, then by grants, views and reads."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import polars as pl

from lineage_nb.analyses.pii.access import Access
from lineage_nb.analyses.pii.ends import DENIED
from lineage_nb.analyses.pii.labels import canonical
from lineage_nb.analyses.pii.trace import Trace
from lineage_nb.analyses.pii.why import explain
from lineage_nb.errors import LineageError, did_you_mean
from lineage_nb.graph.lineage import Lineage

__all__ = ["why"]

_TYPES = {"view": "VIEW", "job": "READ", "read, no grant known": "READ", DENIED: "READ"}


def why(
    lineage: Lineage,
    traces: Mapping[tuple[str, str], Trace],
    trace: Trace,
    frame: pl.DataFrame,
    who: Access,
    key: str,
    label: str | None = None,
) -> pl.DataFrame:
    """Show how a label gets to who sees it.

    Parameters
    ----------
    lineage : Lineage
        The snapshot.
    traces, trace : mapping of Trace, Trace
        The searches behind borders, by kind and key, and those behind all else.
    frame : polars.DataFrame
        The answer's frame.
    who : Access
        Who may read what.
    key : str
        A key of the frame; where nodes are keys also a unique suffix of an id.
    label : str, optional
        Which label; by default that of the key's first row.

    Returns
    -------
    polars.DataFrame
        As `explain` of `pii`, to where it is seen most plainly; then a row each for GRANT (to who holds it), MEMBER
        (of the role), VIEW or READ.

    Raises
    ------
    LineageError
        For a key or label that is not in the answer.
    """
    known = frame["key"].unique().sort().to_list()
    name = key if key in known else lineage.names.resolve(key)
    rows = frame.filter(pl.col("key") == name)
    if rows.is_empty():
        raise LineageError(f"{key!r} is not in this answer.{did_you_mean(key, known)}")
    if label is not None:
        rows = rows.filter(pl.col("label") == canonical(label))
        if rows.is_empty():
            labels = frame.filter(pl.col("key") == name)["label"].unique().sort()
            raise LineageError(f"{key!r} does not see {label!r}. Labels that it sees: {', '.join(labels)}.")
    row = rows.row(0, named=True)
    path = explain(traces.get((row["kind"], name), trace), row["node"], row["label"])
    steps = _steps(lineage, who, row)
    if not steps:
        return path
    more = pl.DataFrame(steps, schema={c: path.schema[c] for c in ("source", "target", "type", "subtype", "certainty", "so_far")})
    return pl.concat([path, more], how="diagonal")


def _steps(lineage: Lineage, who: Access, row: dict[str, object]) -> list[dict[str, object]]:
    how = str(row["how"])
    told = {"certainty": row["certainty"], "so_far": row["verdict"]}
    if row["kind"] in ("column", "region by grant") or how in ("cross", "copy", "share", "serve", "path"):
        return []
    if how == "view" and row["kind"] == "report":
        return []
    coded = lineage.coded
    place, reader = (coded.numbers(pl.Series([str(row[c])])).item() for c in ("node", "key"))
    holder = coded.numbers(pl.Series([str(row["via"] or row["key"])])).item()
    held = who.routes.filter((pl.col("reader") == reader) & (pl.col("place") == place) & (pl.col("holder") == holder))
    held = held.sort(pl.col("sure") != (row["certainty"] == "proved"), maintain_order=True)
    if how in _TYPES and held.is_empty():
        return [{"source": row["node"], "target": row["key"], "type": _TYPES[how], "subtype": None, **told}]
    grant = held.row(0, named=True)
    chain = [coded.ids[i] for i in who.chain(reader, grant["holder"])]
    steps = [{"source": coded.ids[grant["on"]], "target": chain[0], "type": "GRANT", "subtype": grant["privilege"], **told}]
    return steps + [{"source": a, "target": b, "type": "MEMBER", "subtype": None, **told} for a, b in itertools.pairwise(chain)]
