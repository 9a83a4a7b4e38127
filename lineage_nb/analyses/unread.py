"""What an answer cannot know because statements could not be read."""

from __future__ import annotations

from lineage_nb.analyses.result import plural
from lineage_nb.graph.lineage import Lineage
from lineage_nb.model.report import HIDDEN, UNPARSED, UNREAD

__all__ = ["unread_sentences"]


def unread_sentences(lineage: Lineage) -> tuple[str, ...]:
    """Say how many statements may write what nobody can tell; empty where all were read.

    Examples
    --------
    >>> import lineage_nb as ln
    >>> unread_sentences(ln.from_edges([("a", "b")]))
    ()
    """
    reasons = lineage.data.report.rejections["reason"]
    count = int(reasons.is_in([HIDDEN, UNPARSED, UNREAD]).sum())
    if not count:
        return ()
    return (f"{plural(count, 'statement')} could not be read: what {'it writes' if count == 1 else 'they write'} is not known (snap.report.rejections).",)
