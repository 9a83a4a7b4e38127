"""What the words in facets of OpenLineage mean: times, counts, names and transformations."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final, NamedTuple

__all__ = [
    "MAX_INT",
    "MAX_NAME",
    "Arrow",
    "Misfit",
    "arrow",
    "check_names",
    "micros",
    "says_decryption",
    "whole",
]

MAX_NAME: Final = 8_000
"""Characters of a namespace, a name or a field; an id made of three of them stays below 100,000 bytes."""
MAX_INT: Final = 2**63 - 1
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TO_DATASET: Final = frozenset({"FILTER", "JOIN", "GROUP_BY", "SORT"})


class Misfit(ValueError):  # noqa: N818 - a word for what a facet is, not an error that anybody sees
    """A facet whose JSON is fine and whose content is not."""


def check_names(*given: str | None) -> None:
    """Raise `Misfit` for a name too long to become part of an id."""
    for name in given:
        if name is not None and len(name) > MAX_NAME:
            raise Misfit(name)


def micros(text: str | None) -> int:
    """Read an ISO 8601 time as microseconds since 1970; without a zone it is UTC, nanoseconds are cut off.

    Raises
    ------
    ValueError
        When it is not a time.

    Examples
    --------
    >>> micros("1970-01-01T01:00:00.000001999+01:00"), micros("1970-01-01 00:00:01")
    (1, 1000000)
    """
    if text is None:
        raise ValueError(text)
    time = datetime.fromisoformat(text)
    since = (time if time.tzinfo is not None else time.replace(tzinfo=UTC)) - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def whole(number: float | None) -> int:
    """Read a count; -1 stands for not known, which is also what a negative count means.

    Raises
    ------
    Misfit
        When it is not a whole number of 63 bits.
    """
    if number is None or number < 0:
        return -1
    if number > MAX_INT or (isinstance(number, float) and not number.is_integer()):
        raise Misfit(number)
    return int(number)


class Arrow(NamedTuple):
    """What an edge says besides its ends; `to_dataset` when its target is a dataset as a whole."""

    type: str
    subtype: str | None
    masking: bool | None
    verdict: str | None
    to_dataset: bool


_DECRYPTION: Final = re.compile(r"(?i)(?<!en)(?:decrypt|decipher|detoken|de-token|de_token|unmask)")


def says_decryption(description: str | None) -> bool:
    """Whether a transformation's description names a function that shows what was encrypted or tokenised.

    Examples
    --------
    >>> says_decryption("aes_decrypt"), says_decryption("aes_encrypt"), says_decryption(None)
    (True, False, False)
    """
    return description is not None and _DECRYPTION.search(description) is not None


def arrow(
    type_: str, subtype: str | None, masking: bool | None, *, decrypts: bool = False, whole_dataset: bool = False
) -> Arrow:
    """Say what a transformation means for an edge.

    Parameters
    ----------
    type_, subtype, masking
        As in the facet; ``DIRECT`` or ``INDIRECT``, in any case.
    decrypts : bool
        Whether its description names decryption or detokenisation: subtype ``DECRYPTION``, verdict plain.
    whole_dataset : bool
        Whether it was said of the whole target dataset, not of one of its fields.

    Raises
    ------
    Misfit
        For any other type.

    Examples
    --------
    >>> arrow("INDIRECT", "JOIN", None)
    Arrow(type='INDIRECT', subtype='JOIN', masking=None, verdict=None, to_dataset=True)
    >>> arrow("DIRECT", "AGGREGATION", False).verdict
    'aggregated'
    """
    kind, sub = type_.upper(), (subtype or "").upper() or None
    if kind not in ("DIRECT", "INDIRECT"):
        raise Misfit(type_)
    verdict = None
    if kind == "DIRECT":
        if sub == "DECRYPTION" or (decrypts and sub in (None, "TRANSFORMATION")):
            sub = "DECRYPTION"
        known = {"IDENTITY": "plain", "DECRYPTION": "plain", "AGGREGATION": "aggregated", "PREDICATE": "derived"}
        verdict = "pseudonymised" if masking else known.get(sub or "")
    return Arrow(kind, sub, masking, verdict, whole_dataset or (kind == "INDIRECT" and sub in _TO_DATASET))
