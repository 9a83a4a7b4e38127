"""What decisions, acceptances and policies speak of that is not here: a word misspelled changes nothing, and is told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import polars as pl

from lineage_nb.analyses.pii.decisions import Decisions
from lineage_nb.analyses.pii.labels import canonical
from lineage_nb.analyses.pii.policy import Policy
from lineage_nb.analyses.result import plural
from lineage_nb.errors import LineageError, did_you_mean
from lineage_nb.graph.lineage import Lineage

__all__ = ["unmatched_acceptances", "unmatched_labels", "unmatched_rules"]


def unmatched_labels(barred: pl.DataFrame, labels: Sequence[str]) -> tuple[str, ...]:
    """Say which labels decisions take from columns though nothing is tagged with them.

    Parameters
    ----------
    barred : polars.DataFrame
        Columns i, label: where somebody decided that a label is not.
    labels : sequence of str
        Labels that tags and decisions give, those taken away included.
    """
    unknown = sorted(set(barred["label"]) - set(labels))
    if not unknown:
        return ()
    return (f"Decisions that a column does not hold {_told(unknown, labels)}: no node is tagged so, and they change nothing here.",)


def unmatched_rules(policy: Policy, labels: Sequence[str]) -> tuple[str, ...]:
    """Say of which labels a policy speaks that no node is tagged with."""
    if not labels:
        return ()
    unknown = sorted({canonical(label) for label, _ in policy.rules if label not in ("special", "*")} - set(labels))
    return (f"The policy {policy.name!r} speaks of {_told(unknown, labels)}: no node is tagged so, and the rule is of nothing here.",) if unknown else ()


def unmatched_acceptances(decisions: Decisions, lineage: Lineage, labels: Sequence[str]) -> tuple[str, ...]:
    """Say which acceptances speak of a node, recipient or label that is not here."""
    rows = decisions.latest.filter(pl.col("decision") == "accepted")
    odd = []
    for row in rows.iter_rows(named=True):
        gone = [f"{c} {_short(row[c])}" for c in ("node", "recipient") if row[c] is not None and not _known(lineage, row[c])]
        if canonical(row["label"]) not in labels:
            gone.append(f"label {_told([row['label']], labels)}")
        if gone:
            odd.append(" and ".join(gone))
    if not odd:
        return ()
    more = " …" if len(odd) > 3 else ""
    return (f"{plural(len(odd), 'acceptance')} of what is not here change{'s' if len(odd) == 1 else ''} nothing: {'; '.join(odd[:3])}{more}",)


def _known(lineage: Lineage, name: str) -> bool:
    try:
        lineage.names.resolve(name)
    except LineageError:
        return False
    return True


def _told(unknown: Sequence[str], labels: Iterable[str]) -> str:
    known = list(labels)
    hints = [did_you_mean(x, known).strip().replace("Did", "did", 1) for x in unknown[:3]]
    return ", ".join(_short(x) + (f" ({hint})" if hint else "") for x, hint in zip(unknown, hints, strict=False)) + (" …" if len(unknown) > 3 else "")


def _short(name: str) -> str:
    return repr(name if len(name) <= 60 else name[:60] + "…")
