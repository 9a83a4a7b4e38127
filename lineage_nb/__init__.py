"""Data lineage in a notebook: impact, cost, PII and unused tables, exact, explained and offline.

>>> import lineage_nb as ln
>>> snap = ln.from_edges([("raw.users", "mart.users")])
>>> snap.impact("raw.users").frame["node"].to_list()
['mart.users']
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_WHERE = {
    **dict.fromkeys(
        (
            *("Result", "Snapshot", "app", "classify", "cost", "cost_change", "cost_trend", "impact", "loaded_cost"),
            *("pii", "unused", "what_if"),
        ),
        "lineage_nb.api",
    ),
    **dict.fromkeys(("formats", "from_edges", "from_frames", "read", "sample"), "lineage_nb.loading"),
    **dict.fromkeys(
        ("AmbiguousNameError", "FormatError", "LineageError", "SchemaError", "UnknownNameError"), "lineage_nb.errors"
    ),
    **dict.fromkeys(("Plan", "SqlLineage", "sql_lineage"), "lineage_nb.result"),
    **dict.fromkeys(("Policy", "Rule", "pii_policies"), "lineage_nb.analyses.pii.policy"),
    "Decisions": "lineage_nb.analyses.pii.decisions",
    "Ledger": "lineage_nb.analyses.plan.ledger",
    "LineageGraph": "lineage_nb.graph.lineage_graph",
    "describe": "lineage_nb.model.schema",
    "read_graph": "lineage_nb.graph.edge_list",
    "how_to_export": "lineage_nb.sources.exports",
}

__all__ = ["__version__", *sorted(_WHERE)]

if TYPE_CHECKING:
    from lineage_nb.analyses.pii.decisions import Decisions as Decisions
    from lineage_nb.analyses.pii.policy import Policy as Policy
    from lineage_nb.analyses.pii.policy import Rule as Rule
    from lineage_nb.analyses.pii.policy import pii_policies as pii_policies
    from lineage_nb.analyses.plan.ledger import Ledger as Ledger
    from lineage_nb.api import Result as Result
    from lineage_nb.api import Snapshot as Snapshot
    from lineage_nb.api import app as app
    from lineage_nb.api import classify as classify
    from lineage_nb.api import cost as cost
    from lineage_nb.api import cost_change as cost_change
    from lineage_nb.api import cost_trend as cost_trend
    from lineage_nb.api import impact as impact
    from lineage_nb.api import loaded_cost as loaded_cost
    from lineage_nb.api import pii as pii
    from lineage_nb.api import unused as unused
    from lineage_nb.api import what_if as what_if
    from lineage_nb.errors import AmbiguousNameError as AmbiguousNameError
    from lineage_nb.errors import FormatError as FormatError
    from lineage_nb.errors import LineageError as LineageError
    from lineage_nb.errors import SchemaError as SchemaError
    from lineage_nb.errors import UnknownNameError as UnknownNameError
    from lineage_nb.graph.edge_list import read_graph as read_graph
    from lineage_nb.graph.lineage_graph import LineageGraph as LineageGraph
    from lineage_nb.loading import formats as formats
    from lineage_nb.loading import from_edges as from_edges
    from lineage_nb.loading import from_frames as from_frames
    from lineage_nb.loading import read as read
    from lineage_nb.loading import sample as sample
    from lineage_nb.model.schema import describe as describe
    from lineage_nb.result import Plan as Plan
    from lineage_nb.result import SqlLineage as SqlLineage
    from lineage_nb.result import sql_lineage as sql_lineage
    from lineage_nb.sources.exports import how_to_export as how_to_export


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: importing the package alone costs nothing."""
    if name not in _WHERE:
        from lineage_nb.errors import did_you_mean

        near = did_you_mean(name, _WHERE) if name[:1] != "_" else ""
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}{near and '.' + near}")
    import importlib

    value = getattr(importlib.import_module(_WHERE[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__


def load_ipython_extension(shell: Any) -> None:
    """Add ``%lineage`` and the completion of names to IPython: what ``%load_ext lineage_nb`` calls."""
    from lineage_nb.magic import load

    load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """Take them away again: what ``%unload_ext lineage_nb`` calls."""
    from lineage_nb.magic import unload

    unload(shell)
