"""Some rows of an answer, shown as in the answer itself: names as people say them, money in its currency."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lineage_nb.analyses.result import Answer, plural
from lineage_nb.views.html import STYLE, table
from lineage_nb.views.text import rows_text

__all__ = ["Rows"]


@dataclass(frozen=True)
class Rows:
    """The first rows of an answer, for a cell.

    Attributes
    ----------
    answer : Answer
        With the rows in question as its frame.
    most : int
        At most so many are shown.
    """

    answer: Answer
    most: int

    def __len__(self) -> int:
        """Count all rows, shown or not."""
        return self.answer.frame.height

    def __repr__(self) -> str:
        """Write the rows as text."""
        return "\n".join(rows_text(self.answer, self.most)) or plural(0, "row")

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        shown = table(self.answer, self.most) or f"<p>{plural(0, 'row')}</p>"
        return {"text/plain": repr(self), "text/html": f'{STYLE}<div class="lnb">{shown}</div>'}
