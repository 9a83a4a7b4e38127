"""AWS Cost and Usage Reports: legacy (``lineItem/…``) and CUR 2.0 (``line_item_…``), as CSV or Parquet.

A row becomes a row of `costs`; the sum is that of the invoice. A line is known by its number, its time and all that it
says: equal lines of two files count once, lines that share a number alone count each. AWS numbers its lines anew with
every delivery of a month: read one delivery of each month, not two.

Where a bill (a payer account and a billing period) has no lines of discounts, a line counts after discounts
(``NetUnblendedCost``), else before. A line that names no currency is rejected, unless ``currency=`` gives one.

References
----------
AWS Data Exports user guide, table dictionary of CUR 2.0; AWS Cost and Usage Reports user guide, data dictionary.
"""

from __future__ import annotations

from lineage_nb.sources.billing.files import billing_format
from lineage_nb.sources.billing.reader import CUR

__all__ = ["FORMAT"]

FORMAT = billing_format(CUR, "AWS Cost and Usage Reports (legacy and 2.0) as .csv, .tsv, .ndjson, .parquet")
