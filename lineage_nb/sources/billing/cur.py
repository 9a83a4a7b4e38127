"""AWS Cost and Usage Reports: legacy (``lineItem/…``) and CUR 2.0 (``line_item_…``), as CSV or Parquet.

A row becomes a row of `costs`; the sum is that of the invoice. AWS numbers its lines anew with every delivery of a
month: read one delivery of each month, not two.

References
----------
AWS Data Exports user guide, table dictionary of CUR 2.0; AWS Cost and Usage Reports user guide, data dictionary.
"""

from __future__ import annotations

from lineage_nb.sources.billing.files import billing_format
from lineage_nb.sources.billing.reader import CUR

__all__ = ["FORMAT"]

FORMAT = billing_format(CUR, "AWS Cost and Usage Reports (legacy and 2.0) as .csv, .tsv, .ndjson, .parquet")
