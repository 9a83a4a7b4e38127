"""What the words in facets of OpenLineage mean: times, counts, names and transformations."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final, NamedTuple

__all__ = [
    "FOLDED",
    "MAX_INT",
    "MAX_NAME",
    "Arrow",
    "Misfit",
    "arrow",
    "check_names",
    "folds",
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


FOLDED: Final = "aggregated, says lineage_nb"
"""How an aggregation that leaves nothing of single values is described where no function is known."""
_FOLDS: Final = re.compile(
    r"(?i)(?:^|[^a-z])(?:count(?:_?(?:if|distinct|star|all|big))?|sum(?:_?(?:if|distinct|map))?|avg|average|mean|median|std\w*|var(?:iance|_pop|_samp)?|skewness|kurtosis|corr|covar\w*"
    r"|approx_(?:count_)?distinct\w*|hll\w*|ndv|regr_\w*|grouping)(?:[^a-z_]|$)"
)
_CARRIES: Final = re.compile(
    r"(?i)(?:^|[^a-z])(?:min|max|any|first|last|nth|mode|arg_?m\w+|collect\w*|list\w*|string_agg|str_agg|array\w*|group_concat|group_array"
    r"|json\w*|object\w*|map\w*|xmlagg|percentile\w*|quantile\w*|top\w*|approx_most_frequent|histogram|concat\w*|group_uniq\w*)(?:_?(?:by|value|agg|set|list|disc|distinct))*(?:[^a-z]|$)"
)


def folds(description: str | None) -> bool | None:
    """Whether a transformation's description names an aggregate that leaves nothing of single values; None: it does not say.

    Examples
    --------
    >>> [folds(d) for d in ("count", "SUM(amount)", "max(email)", "collect_list", "sum of max", "", None, "by country")]
    [True, True, False, False, False, None, None, None]
    """
    if not description:
        return None
    if description == FOLDED:
        return True
    if _CARRIES.search(description) is not None:
        return False
    return True if _FOLDS.search(description) is not None else None


def arrow(
    type_: str,
    subtype: str | None,
    masking: bool | None,
    *,
    decrypts: bool = False,
    aggregates: bool | None = None,
    whole_dataset: bool = False,
) -> Arrow:
    """Say what a transformation means for an edge.

    Parameters
    ----------
    type_, subtype, masking
        As in the facet; ``DIRECT`` or ``INDIRECT``, in any case.
    decrypts : bool
        Whether its description names decryption or detokenisation: subtype ``DECRYPTION``, verdict plain.
    aggregates : bool, optional
        Of an ``AGGREGATION`` what `folds` makes of its description: where single values come through it, as those of MAX
        and LISTAGG do, it is plain; where nothing is said its verdict is not known. A count that masks is aggregated.
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
    >>> [arrow("DIRECT", "AGGREGATION", False, aggregates=told).verdict for told in (True, False, None)]
    ['aggregated', 'plain', None]
    """
    kind, sub = type_.upper(), (subtype or "").upper() or None
    if kind not in ("DIRECT", "INDIRECT"):
        raise Misfit(type_)
    verdict = None
    if kind == "DIRECT":
        if sub == "DECRYPTION" or (decrypts and sub in (None, "TRANSFORMATION")):
            sub = "DECRYPTION"
        known = {"IDENTITY": "plain", "DECRYPTION": "plain", "PREDICATE": "derived"}
        verdict = "pseudonymised" if masking else known.get(sub or "")
        if sub == "AGGREGATION" and aggregates is not None and (aggregates or not masking):
            verdict = "aggregated" if aggregates else "plain"
    return Arrow(kind, sub, masking, verdict, whole_dataset or (kind == "INDIRECT" and sub in _TO_DATASET))
