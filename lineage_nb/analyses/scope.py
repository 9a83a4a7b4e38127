"""Scope: the part of a snapshot that a question is about."""

from __future__ import annotations

import re
from collections.abc import Iterable

import polars as pl

from lineage_nb.analyses.usage_log import WHOLE_LOG, log_span
from lineage_nb.errors import LineageError
from lineage_nb.graph.lineage import Lineage
from lineage_nb.model.normalise import normalise
from lineage_nb.model.snapshot import SnapshotData

__all__ = ["scope"]


def _many(value: str | Iterable[str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _glob(patterns: list[str]) -> str:
    """Patterns of whole names, or of their last components."""
    return "|".join(r"(^|[./])" + re.escape(p).replace(r"\*", ".*").replace(r"\?", ".") + "$" for p in patterns) or r"\b\B"


def scope(
    lineage: Lineage,
    *,
    namespace: str | Iterable[str] | None = None,
    name: str | Iterable[str] | None = None,
    tag: str | Iterable[str] | None = None,
    owner: str | Iterable[str] | None = None,
    kind: str | Iterable[str] | None = None,
) -> SnapshotData:
    """Keep what fits all given conditions, with all that belongs to it.

    Parameters
    ----------
    lineage : Lineage
        A snapshot.
    namespace, tag, owner, kind : str or iterable of str, optional
        Any of the values, exactly.
    name : str or iterable of str, optional
        Any of the names, whole or their last components; ``*`` and ``?`` stand for any characters.

    Returns
    -------
    SnapshotData
        The datasets and reports that fit, their columns (a column that fits brings its dataset), the jobs and
        edges between them, and all facts about them. The end of the usage log stays that of the whole; the
        cost of a job is placed on those of its outputs that are kept.

    Raises
    ------
    LineageError
        When no condition is given or nothing fits.
    """
    nodes = lineage.frames["nodes"]
    conditions = []
    if namespace is not None:
        conditions.append(pl.col("namespace").is_in(_many(namespace)))
    if name is not None:
        conditions.append(pl.col("name").str.contains(_glob(_many(name))))
    if tag is not None:
        conditions.append(pl.col("tags").list.set_intersection(_many(tag)).list.len() > 0)
    if owner is not None:
        people = nodes.filter((pl.col("kind") == "principal") & pl.col("name").is_in(_many(owner)))["id"].to_list()
        conditions.append(pl.col("owners").list.set_intersection([*_many(owner), *people]).list.len() > 0)
    if kind is not None:
        conditions.append(pl.col("kind").is_in(_many(kind)))
    if not conditions:
        raise LineageError("filter() needs a condition: namespace=, name=, tag=, owner= or kind=")
    fits = nodes.filter(pl.all_horizontal([c.fill_null(value=False) for c in conditions]))
    data = fits.filter(~pl.col("kind").is_in(["job", "principal", "compute"]))
    if fits.is_empty():
        raise LineageError("nothing fits the filter; see snapshot.nodes for what there is")
    whole = pl.concat([data["id"], data["parent"].drop_nulls()]).unique()
    inside = nodes.filter(pl.col("id").is_in(whole.implode()) | ((pl.col("kind") == "column") & pl.col("parent").is_in(whole.implode())))
    ids = pl.concat([inside["id"], fits["id"]]).unique()
    return _restricted(lineage, ids)


def _restricted(lineage: Lineage, ids: pl.Series) -> SnapshotData:
    frames = dict(lineage.frames)
    first, last = log_span(frames)
    edges = frames["edges"]
    kept = ids.implode()
    touching = edges.filter(
        (pl.col("type").is_in(["READ"]) & pl.col("source").is_in(kept)) | ((pl.col("type") == "WRITE") & pl.col("target").is_in(kept))
    )
    jobs = pl.concat([touching.filter(pl.col("type") == "READ")["target"], touching.filter(pl.col("type") == "WRITE")["source"]])
    everything = pl.concat([ids, jobs]).unique().implode()
    frames["edges"] = edges.filter(pl.col("source").is_in(everything) & pl.col("target").is_in(everything))
    frames["runs"] = frames["runs"].filter(pl.col("job").is_in(everything))
    frames["io"] = frames["io"].filter(pl.col("dataset").is_in(everything))
    for fact in ("usage", "costs", "grants"):
        frames[fact] = frames[fact].filter(pl.col("node").is_in(everything))
    people = pl.concat([frames["usage"]["consumer"], frames["grants"]["principal"], frames["runs"]["compute"]]).drop_nulls()
    nodes = frames["nodes"]
    principals = nodes.filter(pl.col("kind") == "principal")["id"]
    keep = pl.concat([pl.concat([ids, jobs, people]), principals]).unique().implode()
    frames["nodes"] = nodes.filter(pl.col("id").is_in(keep))
    frames["aliases"] = frames["aliases"].filter(pl.col("node").is_in(keep))
    if last is not None:
        span = {"scope": WHOLE_LOG, "what": "usage", "from": first, "to": last}
        frames["coverage"] = pl.concat([frames["coverage"], normalise("coverage", [span])], how="diagonal_relaxed")
    return SnapshotData.of(frames, lineage.data.report)
