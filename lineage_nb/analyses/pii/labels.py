"""What labels of personal data are about: special categories, what tells persons apart, what does so together."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["ATTRIBUTES", "PREFIX", "QUASI", "SPECIAL", "canonical", "is_special", "tells_persons_apart"]


PREFIX: Final = "pii:"
_GAPS: Final = re.compile(r"[\s-]+")


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


SPECIAL: Final = _set(
    """
    special_category health medical diagnosis medication disability pregnancy religion belief ethnicity race
    ethnic_origin orientation sexual_orientation sex_life politics political political_opinion union
    trade_union biometric biometrics genetic genetics criminal criminal_record
    """
)
"""Special categories: GDPR articles 9 and 10. A predicate on such a value tells the value."""
_BEGIN: Final = re.compile(r"(^|_)(health|medical|diagnos|politic|philosoph|religi|racial|ethnic|genetic|biometric|sexual|criminal|trade_union)")
"""What words of labels begin with that speak of special categories, however they go on: ``health data``, ``religious belief``."""
_ABOUT: Final = _set("data info information status origin opinion opinions view views belief beliefs affiliation membership history")
"""What labels of special categories end with that many people share."""

ATTRIBUTES: Final = _set(
    """
    gender sex age birth_year location city country region postcode zip nationality language salary income
    financial free_text url
    """
) | SPECIAL
"""What many people share: grouping by it does not give one group a person."""

QUASI: Final = _set("gender sex age birth_year date_of_birth location city region postcode zip nationality")
"""What identifies a person only together with others of its kind.

Sweeney, "Simple demographics often identify people uniquely" (2000): date of birth, sex and postcode.
"""


def canonical(label: str) -> str:
    """Write a label as all answers do: without the prefix ``pii:``, in lower case, with underscores between words.

    Examples
    --------
    >>> canonical("pii: Sexual-Orientation "), canonical("email")
    ('sexual_orientation', 'email')
    """
    text = label.strip().casefold().removeprefix(PREFIX)
    return _GAPS.sub("_", text.strip())


def is_special(label: str) -> bool:
    """Whether a label is a special category.

    Examples
    --------
    >>> is_special("health data"), is_special("email")
    (True, False)
    """
    name = canonical(label)
    return name in SPECIAL or _BEGIN.search(name) is not None


def tells_persons_apart(label: str) -> bool:
    """Whether a column of this label has one value a person, so that grouping by it is grouping by person.

    A label that is not known here does: that shows more.

    Examples
    --------
    >>> tells_persons_apart("employee_id"), tells_persons_apart("gender")
    (True, False)
    """
    name = canonical(label)
    shared = name.rpartition("_")[2] in _ABOUT or "_" not in name
    return name not in ATTRIBUTES and not (shared and is_special(name))
