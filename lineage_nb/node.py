"""One node of a snapshot, as users hold it: what is known of it, and the questions one asks about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from lineage_nb.views import node_card

if TYPE_CHECKING:
    from lineage_nb.api import Snapshot
    from lineage_nb.graph.lineage_graph import LineageGraph
    from lineage_nb.result import Result
    from lineage_nb.widgets.controls import Explorer

__all__ = ["NodeView"]


@dataclass(frozen=True, eq=False, repr=False)
class NodeView:
    """One node of a snapshot.

    Made by ``snap["mart.orders"]``; immutable. In a cell it shows what is known of the node.

    Attributes
    ----------
    id : str
        Its full id.
    """

    _snapshot: Snapshot
    id: str

    @property
    def name(self) -> str:
        """Its name as people say it: without the namespace, where that leaves no doubt."""
        return self._snapshot.spoken(self.id)

    @property
    def kind(self) -> str:
        """Kind as in `nodes`: dataset, column, job, report, principal …."""
        return str(self._row["kind"])

    @property
    def type(self) -> str | None:
        """What kind of dataset, job … it is; None: not known."""
        found: str | None = self._row["type"]
        return found

    @property
    def owners(self) -> list[str]:
        """Who owns it; empty: nobody is named."""
        return list(self._row["owners"] or [])

    @property
    def tags(self) -> list[str]:
        """Its tags."""
        return list(self._row["tags"] or [])

    @property
    def columns(self) -> pl.DataFrame:
        """Its columns in order: name, data_type, tags, description, node (id); no rows where none are known."""
        return node_card.columns_of(self._snapshot, self.id)

    @property
    def _row(self) -> dict[str, Any]:
        return node_card.row_of(self._snapshot, self.id)

    def upstream(self, max_hops: int | None = None, *, indirect: bool = True) -> pl.DataFrame:
        """List what it is made from.

        Parameters
        ----------
        max_hops : int, optional
            At most so many steps.
        indirect : bool
            Follow filters, joins, groupings and the like as well as values.

        Returns
        -------
        polars.DataFrame
            node, hops, via, value, certainty: of columns for a column, of jobs and datasets for a job, else of datasets
            and reports (see `lineage_nb.graph.lineage_graph.LineageGraph.upstream`).

        Raises
        ------
        LineageError
            For a person or machine, through which no data flows.
        """
        return self._graph().upstream(self.id, max_hops, indirect=indirect)

    def downstream(self, max_hops: int | None = None, *, indirect: bool = True) -> pl.DataFrame:
        """List what it flows into; parameters, result and errors as `upstream`."""
        return self._graph().downstream(self.id, max_hops, indirect=indirect)

    def _graph(self) -> LineageGraph:
        return self._snapshot.graph(node_card.level_of(self.kind))

    def impact(self, **options: Any) -> Result:
        """Find everything downstream, with owners and last readers (see `Snapshot.impact`)."""
        return self._snapshot.impact(self.id, **options)

    def explore(self, **options: Any) -> Explorer:
        """Open the explorer around it (see `Snapshot.explore`)."""
        return self._snapshot.explore(self.id, **options)

    def __repr__(self) -> str:
        """Show what is known of it as text."""
        return node_card.node_text(self._snapshot, self.id)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return node_card.node_bundle(self._snapshot, self.id)
