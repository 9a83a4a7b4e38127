"""What the unused goes on to: a plan of what to drop."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from lineage_nb.analyses.plan import plan as plan_data
from lineage_nb.graph.lineage import Lineage
from lineage_nb.result.base import Result

__all__ = ["Plan", "UnusedResult"]


class UnusedResult(Result, of="unused"):
    """What nobody uses; made by `Snapshot.unused`."""

    def plan(self, **options: Any) -> Plan:
        """Make a plan of what `unused` calls unused: in which order to drop it, whom to ask, what it saves.

        Parameters
        ----------
        **options
            ``grace`` (days to wait, or days by tier), ``ledger`` (decisions taken before; see
            `lineage_nb.analyses.plan.plan.plan`).

        Raises
        ------
        LineageError
            For the answer about columns.
        """
        made = plan_data.plan(self._answer, **options)
        return Plan(**{f.name: getattr(made, f.name) for f in fields(made)})


class Plan(plan_data.Plan):
    """What to drop, step by step, ready to be read, handed out and carried on.

    Made by `UnusedResult.plan`; immutable. In a cell it shows its first steps and what they save.
    """

    def realised(self, later: Lineage) -> Result:  # type: ignore[override]
        """Compare what was promised with what a later snapshot shows; the bill over equal spans."""
        return Result(super().realised(later))

    def __repr__(self) -> str:
        """Show headline and first steps as text."""
        from lineage_nb.views.plan import plan_text

        return plan_text(self)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        from lineage_nb.views.plan import plan_bundle

        return plan_bundle(self)
