"""Analyses as methods: with their signature and their documentation, without the snapshot that the method belongs to."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

import polars as pl

from lineage_nb.analyses.result import Answer
from lineage_nb.graph.lineage import Lineage
from lineage_nb.result.base import Result

__all__ = ["QUESTIONS", "bound", "shown"]

P = ParamSpec("P")
R = TypeVar("R", bound=Result)

QUESTIONS: dict[str, Callable[..., Answer]] = {}
"""Every analysis that is a method, by name."""


def bound(question: Callable[Concatenate[Lineage, P], Answer], kind: type[R]) -> Callable[Concatenate[Lineage, P], R]:
    """Make an analysis a method.

    Parameters
    ----------
    question : callable
        Lineage, and more → `Answer`.
    kind : type
        The kind of `Result` that the method gives.
    """

    @wraps(question)
    def method(self: Lineage, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return kind(question(self, *args, **kwargs))

    QUESTIONS[question.__name__] = question
    _as_method(method, question, kind.__name__)
    return method


def shown(question: Callable[Concatenate[Lineage, P], pl.DataFrame]) -> Callable[Concatenate[Lineage, P], pl.DataFrame]:
    """Make a function that gives a frame a method whose frame shows whole names in a cell."""

    @wraps(question)
    def method(self: Lineage, /, *args: P.args, **kwargs: P.kwargs) -> pl.DataFrame:
        from lineage_nb.views.hops import Explanation

        return Explanation(question(self, *args, **kwargs))

    _as_method(method, question, "polars.DataFrame")
    return method


def _as_method(method: Callable[..., object], question: Callable[..., object], returned: str) -> None:
    told = re.sub(r"    lineage : Lineage\n        [^\n]*\n", "", question.__doc__ or "")
    method.__doc__ = told.replace("    Answer\n        Frame:", f"    {returned}\n        Its `frame`:")
    own = inspect.signature(question)
    first = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
    parameters = [first, *list(own.parameters.values())[1:]]
    method.__signature__ = own.replace(parameters=parameters, return_annotation=returned)  # type: ignore[attr-defined]
