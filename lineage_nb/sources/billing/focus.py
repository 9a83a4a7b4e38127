"""FOCUS exports: cost and usage data as the FinOps Open Cost and Usage Specification lays it out, 1.0 to 1.2.

Read as they come, as CSV, TSV, NDJSON or Parquet, from any provider. A row becomes a row of `costs`: ``BilledCost``
as amount (contracted, never the list price; a credit is negative), the start of its charge period as day (a charge
of a month counts on its first day). The resource becomes a node when costs are asked for. A row that names no currency
is rejected, unless ``currency=`` gives one.

References
----------
FinOps Foundation, FOCUS 1.2, https://focus.finops.org/focus-specification/
"""

from __future__ import annotations

from lineage_nb.sources.billing.files import billing_format
from lineage_nb.sources.billing.reader import FOCUS

__all__ = ["FORMAT"]

FORMAT = billing_format(FOCUS, "FOCUS cost and usage exports of any cloud as .csv, .tsv, .ndjson, .parquet")
