"""What users hold: the answers to their questions."""

from __future__ import annotations

from lineage_nb.analyses.result import Answer
from lineage_nb.result.base import Result
from lineage_nb.result.cost import CostResult
from lineage_nb.result.pii import PiiResult
from lineage_nb.result.sql import SqlLineage, sql_lineage
from lineage_nb.result.unused import Plan, UnusedResult

__all__ = ["CostResult", "PiiResult", "Plan", "Result", "SqlLineage", "UnusedResult", "result_of", "sql_lineage"]

_KINDS: dict[str, type[Result]] = {"cost": CostResult, "pii": PiiResult, "unused": UnusedResult}


def result_of(answer: Answer) -> Result:
    """Make an answer what users hold: with the methods that its question goes on to.

    Parameters
    ----------
    answer : Answer
        Of any analysis.
    """
    return _KINDS.get(answer.analysis, Result)(answer)
