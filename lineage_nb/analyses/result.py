"""What an analysis answers, before it is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from lineage_nb.graph.lineage import Lineage

__all__ = ["Answer", "as_list", "money", "plural"]


@dataclass(frozen=True, eq=False)
class Answer:
    """An answer with everything it rests on.

    Attributes
    ----------
    analysis : str
        Name of the analysis.
    frame : polars.DataFrame
        The answer; the columns are documented by the analysis.
    headline : str
        The answer in one sentence.
    summary : Mapping
        The figures of the headline and more, by name.
    trust : tuple of str
        What the answer rests on and what it cannot know, a sentence each.
    lineage : Lineage
        What it was computed on.
    explain : callable
        node → frame that shows why the node is in the answer.
    focus : str or None
        Id of the node that the question was about.
    """

    analysis: str
    frame: pl.DataFrame
    headline: str
    summary: Mapping[str, Any]
    trust: tuple[str, ...]
    lineage: Lineage
    explain: Callable[..., pl.DataFrame]
    focus: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)


def as_list(values: str | Iterable[str] | None) -> list[str]:
    """Make a list of one name or of several.

    Examples
    --------
    >>> as_list("svc-scanner")
    ['svc-scanner']
    """
    return [] if values is None else [values] if isinstance(values, str) else list(values)


def plural(count: int, noun: str) -> str:
    """Write a count with its noun: ``1 table``, ``2,300 tables``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def money(micro: int, currency: str = "") -> str:
    """Write micro-units as currency, to the cent.

    Examples
    --------
    >>> money(12_345_678_900, "USD")
    '12,345.68 USD'
    """
    return f"{micro / 1e6:,.2f} {currency}".strip()
