"""What a cost goes on to: the invoice."""

from __future__ import annotations

from lineage_nb.result.base import Result

__all__ = ["CostResult"]


class CostResult(Result, of="cost"):
    """Where the bill goes; made by `Snapshot.cost`."""

    def reconcile(self, invoice: object = None, *, rates: object = None, currency: str | None = None) -> Result:
        """Compare costs with an invoice, line by line and step by step.

        Parameters
        ----------
        invoice : path, frame or number, optional
            FOCUS, CUR or plain CSV, TSV, NDJSON, Parquet; a frame; the total in currency units. By default the one
            that `cost` was asked with. `lineage_nb.analyses.cost.reconcile.reconcile` tells the columns.
        rates : mapping, frame or path, optional
            For an invoice in another currency than the costs, as `cost` takes them; by default those it was asked with.
        currency : str, optional
            In which to compare; that of the costs.

        Raises
        ------
        LineageError
            For an invoice that cannot be read, or in another currency without rates.
        """
        from lineage_nb.analyses.cost.reconcile import reconcile_answer

        return Result(reconcile_answer(self._answer, invoice, rates=rates, currency=currency))
