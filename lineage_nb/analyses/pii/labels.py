"""What labels of personal data are about: special categories, what tells persons apart, what does so together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

import polars as pl

from lineage_nb.errors import LineageError

__all__ = ["ATTRIBUTES", "NO_LABEL", "PREFIX", "QUASI", "SPECIAL", "canonical", "canonical_labels", "chosen", "is_special", "spelled", "tells_persons_apart"]

PREFIX: Final = "pii:"
NO_LABEL: Final = ("", "false", "no", "none", "0")
"""What stands behind the prefix where no label is meant."""
_GAPS: Final = re.compile(r"[\s-]+")
_MAIL: Final = re.compile(r"(?<![^_])e_mail(?![^_])")


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
    """Write a label as all answers do: without the prefix ``pii:``, in lower case, with underscores between words, email in one word.

    Examples
    --------
    >>> canonical("pii: Sexual-Orientation "), canonical("email")
    ('sexual_orientation', 'email')
    >>> {canonical(x) for x in ("PII:E-Mail", "e_mail", "e mail", "eMail")}
    {'email'}
    """
    if not isinstance(label, str):
        raise LineageError(f"label {label!r} is no text; give one such as 'email'")
    text = label.strip().casefold().removeprefix(PREFIX)
    return _MAIL.sub("email", _GAPS.sub("_", text.strip()))


def canonical_labels(labels: pl.Series) -> pl.Series:
    """Write each label of a series as `canonical` does; null stays null."""
    words = {x: canonical(x) for x in labels.unique().drop_nulls()}
    return pl.Series("label", [None if x is None else words[x] for x in labels], dtype=pl.String)


def chosen(labels: object, here: Sequence[str]) -> list[str]:
    """Write labels that somebody asks for as answers do: one, or several.

    Parameters
    ----------
    labels : str or iterable of str
        What was given.
    here : sequence of str
        Labels that there are, for the error.

    Raises
    ------
    LineageError
        For what is no text and no collection of texts, and for none at all.

    Examples
    --------
    >>> chosen("pii:E-Mail", []), chosen(["Phone"], [])
    (['email'], ['phone'])
    """
    known = f"Labels here: {', '.join(here) or 'none'}."
    if not isinstance(labels, Iterable):
        raise LineageError(f"labels is {labels!r}; give a label such as 'email', or several. {known}")
    found = [canonical(x) for x in ([labels] if isinstance(labels, str) else labels)]
    if not found:
        raise LineageError(f"labels is empty; give at least one, or leave it out for all. {known}")
    return found


def spelled(tags: pl.Series) -> pl.Series:
    """Write a tag that says personal data and not which, ``pii`` in any case, as ``pii:true``, as dbt's ``pii: true`` is read.

    Examples
    --------
    >>> spelled(pl.Series(["PII", "pii:email", "gold"])).to_list()
    ['pii:true', 'pii:email', 'gold']
    """
    bare = tags.str.strip_chars().str.to_lowercase() == PREFIX[:-1]
    return tags.to_frame("tag").select(pl.when(bare).then(pl.lit(PREFIX + "true")).otherwise("tag")).to_series()


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
