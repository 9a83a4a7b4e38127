"""The day by which everything that expires is judged: decisions, accepted exposures."""

from __future__ import annotations

from datetime import date

from lineage_nb.analyses.usage_log import log_span
from lineage_nb.graph.coded import as_of
from lineage_nb.graph.lineage import Lineage

__all__ = ["decision_day"]


def decision_day(lineage: Lineage) -> date | None:
    """Give the latest day that the snapshot recorded of anything: lineage and runs, usage, costs; never the clock.

    Rows of usage that are dated far after its end are set aside (`lineage_nb.analyses.usage_log`).

    Returns
    -------
    datetime.date or None
        None: no time was recorded, so nothing expires.

    Examples
    --------
    >>> import lineage_nb as ln
    >>> snap = ln.from_frames(edges={"source": ["a"], "target": ["b"], "last_seen": ["2025-03-01"]})
    >>> str(decision_day(snap))
    '2025-03-01'
    """
    end, last = as_of(lineage.frames), lineage.frames["costs"]["day"].max()
    days = [None if end is None else end.date(), log_span(lineage.frames)[1], last if isinstance(last, date) else None]
    return max((d for d in days if d is not None), default=None)
