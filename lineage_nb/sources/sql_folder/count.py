"""Statements of a file, counted in its report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from lineage_nb.model.report import HIDDEN, UNREAD, FileReport
from lineage_nb.sql.result import Problem, SqlLineage

__all__ = ["statements"]

_SHOWN: Final = 3


def statements(report: FileReport, faults: Sequence[Problem], found: SqlLineage | None, bare: int) -> None:
    """Count the statements of a file, reject those of which it is not known what they write, note what is open.

    Parameters
    ----------
    report : FileReport
        Of the file.
    faults : sequence of Problem
        Of the file itself.
    found : SqlLineage, optional
        What it says.
    bare : int
        How many of its queries write nothing.
    """
    read = found.statements if found is not None else ()
    problems = [*faults, *(found.problems if found is not None else ())]
    report.count(len(read))
    for statement in (s for s in read if s.kind == "UNPARSED"):
        why = statement.problems[0] if statement.problems else Problem("cannot be read")
        report.reject(f"line {why.line or statement.line}", UNREAD, why.message)
        problems = [p for p in problems if p.message != why.message]
    counted = {p for s in read for p in s.problems}
    hidden = [p for p in problems if p.hides_effects]
    for why in hidden:
        report.count(0 if why in counted else 1)
        report.reject(f"line {why.line or 1}", HIDDEN, why.message)
    problems = [p for p in problems if p not in hidden]
    if not read and problems and not hidden:
        report.count()
        report.reject(f"line {problems[0].line or 1}", UNREAD, problems[0].message)
    elif not read and not hidden:
        report.note("holds no statement")
    elif problems:
        shown = "; ".join(str(p) for p in problems[:_SHOWN])
        more = f"; and {len(problems) - _SHOWN:,} more" if len(problems) > _SHOWN else ""
        report.note(f"not resolved: {shown}{more}")
    if bare > 1 and found is not None and not found.outputs:
        report.note(f"{bare} queries without an output: none names what it makes, so nothing is made")
