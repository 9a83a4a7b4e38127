"""Suggestions that become tags, so that the propagation can follow them."""

from __future__ import annotations

import polars as pl

from lineage_nb.analyses.result import Answer
from lineage_nb.errors import LineageError
from lineage_nb.graph.lineage import Lineage
from lineage_nb.model.merge import merge
from lineage_nb.model.normalise import normalise
from lineage_nb.model.snapshot import SnapshotData

__all__ = ["suggested_tags", "tagged"]


def suggested_tags(answer: Answer, *, min_confidence: float | None = None, disagreeing: bool = False) -> pl.DataFrame:
    """Turn what `classify` found into tags.

    Parameters
    ----------
    answer : Answer
        Of `lineage_nb.analyses.classify.classifier.classify`.
    min_confidence : float, optional
        Suggestions from this confidence on (0 to 1) become tags; None: only what a decision confirmed.
    disagreeing : bool
        Whether names that their lineage contradicts become tags as well, by the same confidence.

    Returns
    -------
    polars.DataFrame
        node, tags (list: ``pii:<label>``, in the word that the snapshot's own tags have for it; ``suggested:<label>`` beside it where no person confirmed it,
        ``name-disagrees:<label>`` where lineage speaks against the name), evidence. What sources tagged already and
        what was rejected is left out.

    Raises
    ------
    LineageError
        For the answer of another analysis, or a confidence that is not between 0 and 1.
    """
    if answer.analysis != "classify":
        raise LineageError(f"tags are made of what the classifier suggests: snap.classify(); this answers {answer.analysis!r}")
    if min_confidence is not None and not (isinstance(min_confidence, (int, float)) and 0 <= min_confidence <= 1):
        raise LineageError(f"min_confidence is {min_confidence!r}; give a number from 0 to 1, or None for what is confirmed only")
    spelling = dict(answer.settings.get("spelling", {}))
    status, label = pl.col("status"), pl.col("label").replace(spelling) if spelling else pl.col("label")
    sure = pl.lit(value=False) if min_confidence is None else pl.col("confidence") >= min_confidence
    wrong = status == "name-disagrees"
    given = (status == "confirmed") | ((status == "suggested") & sure) | (wrong & sure & pl.lit(disagreeing))
    rows = answer.frame.filter(given | wrong).with_columns(
        tags=pl.concat_list(
            pl.when(given).then(pl.lit("pii:") + label),
            pl.when(given & (status != "confirmed")).then(pl.lit("suggested:") + label),
            pl.when(wrong).then(pl.lit("name-disagrees:") + label),
        ).list.drop_nulls(),
        evidence=pl.lit("classifier, ") + status + pl.format(" {} ({}, rule {}): ", label, "confidence", "rule") + pl.col("evidence"),
    )
    each = rows.group_by("node").agg(pl.col("tags").explode().unique().sort(), pl.col("evidence").sort().str.join(" | "))
    return each.sort("node")


def tagged(lineage: Lineage, answer: Answer, *, min_confidence: float | None = None, disagreeing: bool = False) -> SnapshotData:
    """Add suggestions to a snapshot as tags that `pii` follows.

    Parameters
    ----------
    lineage : Lineage
        The snapshot.
    answer, min_confidence, disagreeing
        See `suggested_tags`.

    Returns
    -------
    SnapshotData
        All evidence and, per column with a new tag, a row of the frame `nodes` with the tags and, in the extra
        column ``evidence``, that they are suggestions and what they rest on. A node's ``suggested:`` tags stay
        visible in ``snap.nodes``.

    Raises
    ------
    LineageError
        As `suggested_tags`; also for an answer about columns that this snapshot does not hold.
    """
    found = suggested_tags(answer, min_confidence=min_confidence, disagreeing=disagreeing)
    known = lineage.frames["nodes"].filter(pl.col("kind") == "column")["id"]
    strange = found.filter(~pl.col("node").is_in(known.implode()))
    if strange.height:
        raise LineageError(f"the answer speaks of {strange.height:,} columns that this snapshot does not hold; classify this one: snap.classify()")
    if found.is_empty():
        return lineage.data
    rows = found.select(pl.col("node").alias("id"), pl.lit("column").alias("kind"), "tags", "evidence")
    return merge(lineage.data, SnapshotData.of({"nodes": normalise("nodes", rows)}))
