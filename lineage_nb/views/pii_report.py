"""An audit report: one HTML file that needs no script and no network, dark, light and on paper.

It is a template of jinja2 with escaping on for every expression, so that no text of a snapshot can be forgotten; what
reaches the template is also made one visible line (see `lineage_nb.views.labels.clean`).
"""

from __future__ import annotations

from datetime import date
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from lineage_nb.analyses.pii.clock import decision_day
from lineage_nb.analyses.pii.decisions import as_decisions
from lineage_nb.analyses.pii.exposures import exposures
from lineage_nb.analyses.pii.propagation import PiiAnswer, trace_of
from lineage_nb.analyses.pii.status import status
from lineage_nb.analyses.result import Answer, plural
from lineage_nb.errors import LineageError
from lineage_nb.views.heat_map import heat_svg
from lineage_nb.views.labels import clean
from lineage_nb.views.pii_report_parts import (
    STATUS_WORDS,
    capped,
    decision_rows,
    exposure_part,
    glossary,
    label_rows,
    person_rows,
    unknown_columns,
    unread,
    untagged_rows,
    zone_rows,
)
from lineage_nb.views.text import overview

if TYPE_CHECKING:
    from jinja2 import Template

__all__ = ["pii_report"]

_CONTENTS: Final = (
    ("basis", "What this rests on"),
    ("map", "Where it is"),
    ("exposures", "Who gets it"),
    ("labels", "Label by label"),
    ("persons", "Tables about persons"),
    ("untagged", "Untagged names"),
    ("decisions", "Decisions"),
    ("unread", "Not read"),
    ("unknown", "Not known"),
    ("words", "Words and rules"),
)
_LONGEST = 500


def pii_report(
    answer: Answer, *, title: str = "Personal data audit", dated: date | str | None = None, decisions: Any = None, rows: int = 60
) -> str:
    """Write an audit report.

    Parameters
    ----------
    answer : Answer
        Of `pii`.
    title : str
        What it is called.
    dated : date or str, optional
        Day to print on it. The day on which the records end is always printed, and today never is.
    decisions : Decisions, path or dataframe, optional
        Decisions and accepted exposures to list; whether they still hold is judged by the end of the records.
    rows : int
        Exposures of each kind, at most; the rest is counted.

    Returns
    -------
    str
        An HTML document. Equal answers give equal documents.

    Raises
    ------
    LineageError
        For the answer of another analysis, or a number of rows below 1.
    """
    trace_of(answer)
    assert isinstance(answer, PiiAnswer)  # noqa: S101 - just checked
    if isinstance(rows, bool) or not isinstance(rows, int) or rows < 1:
        raise LineageError(f"rows is {rows!r}; give a whole number ≥ 1")
    decisions = answer.settings.get("decisions") if decisions is None else decisions
    lineage, book, known = answer.lineage, as_decisions(decisions), status(answer)
    end = decision_day(lineage)
    seen = [exposures(answer, by="recipient", decisions=book), exposures(answer, by="person", decisions=book)]
    return _template().render(
        title=title,
        dated=dated,
        until=f"as recorded until {end:%Y-%m-%d}" if end else "no source says when it was recorded",
        headline=answer.headline,
        tiles=_tiles(answer, seen[0], known),
        contents=_CONTENTS,
        basis=_basis(answer),
        trust=answer.trust,
        heat=_safe(heat_svg(answer)),
        zones=zone_rows(answer),
        statuses=STATUS_WORDS,
        exposures=[exposure_part("Reports, exports, jobs, grants", seen[0], rows), exposure_part("Persons and services", seen[1], rows)],
        labels=label_rows(answer),
        persons=person_rows(answer),
        untagged=untagged_rows(answer, book),
        decisions=decision_rows(answer, book, end),
        unread=unread(lineage),
        unknown=unknown_columns(answer, known),
        glossary=glossary(),
        policy=capped(answer.policy.table().iter_rows(named=True), 100) | {"name": answer.policy.name},
        content=lineage.data.content_hash,
        version=_version(),
    )


_RARE = ("name-disagrees", "dropped")
"""States that get no tile where no column is in them."""


def _tiles(answer: PiiAnswer, seen: Answer, known: pl.DataFrame) -> list[tuple[str, str]]:
    """The figures on top."""
    told = dict(known["status"].value_counts().iter_rows())
    states = dict(seen.frame["status"].value_counts().iter_rows())
    states["open"] = seen.frame.filter((pl.col("status") == "open") & ~pl.col("normal")).height
    counts = [(len(answer.summary["labels"]), "labels"), (answer.summary["origins"], "tagged places")]
    named = known.filter((pl.col("status") == "clean") & pl.col("named").is_not_null()).height
    said = {"clean": f"columns clean, {named:,} of them with telling names"} if named else {}
    counts += [(told.get(word, 0), said.get(word, f"columns {word}")) for word, _ in STATUS_WORDS if word in told or word not in _RARE]
    counts += [(states["open"], "exposures open"), (states.get("accepted", 0), "accepted"), (states.get("expired", 0), "no longer accepted")]
    return [(f"{n:,}", words) for n, words in counts]


def _basis(answer: PiiAnswer) -> list[tuple[str, str]]:
    lineage = answer.lineage
    facts = {k: v for k, v in overview(lineage).items() if v}
    rows = [("policy", f"{answer.policy.name}"), ("labels", ", ".join(answer.summary["labels"]) or "none"), *facts.items()]
    logs = lineage.frames["coverage"].sort("what", "scope")
    said = [
        f"{r['what']} of {r['scope']}: {r['from'] or '?'} to {r['to'] or '?'}{'' if r['complete'] else ', incomplete'}"
        for r in logs.head(20).iter_rows(named=True)
    ]
    more = f"; and {plural(logs.height - 20, 'more record')}" if logs.height > 20 else ""
    rows.append(("logs", "; ".join(said) + more if said else "no source says what it covers"))
    return [*rows, ("snapshot", lineage.data.content_hash)]


def _version() -> str:
    from lineage_nb import __version__

    return __version__


def _safe(markup: str) -> Any:
    """Markup of our own, its texts escaped already."""
    from markupsafe import Markup

    return Markup(markup)  # noqa: S704 - drawn by heat_svg, which escapes


@cache
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    def visible(value: Any) -> Any:
        return value if isinstance(value, Markup) or not isinstance(value, str) else clean(value, _LONGEST)

    page = (resources.files("lineage_nb") / "views" / "templates" / "pii_report.html").read_text(encoding="utf-8")
    made = Environment(autoescape=True, undefined=StrictUndefined, finalize=visible, trim_blocks=True, lstrip_blocks=True)
    return made.from_string(page)
