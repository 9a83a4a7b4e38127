"""What a function may do to the values of its arguments, by kind."""

from __future__ import annotations

from typing import Final, NamedTuple

from lineage_nb.sql.words import (
    AGGREGATED,
    AGGREGATION,
    DERIVED,
    PLAIN,
    PSEUDONYMISED,
    REDACTED,
    TRANSFORMATION,
    UNKNOWN,
)

__all__ = ["CARRIES", "KINDS", "UDAF", "UDF", "Effect", "of_one_row"]


class Effect(NamedTuple):
    """What a function does to its arguments.

    Attributes
    ----------
    subtype : int
        `words.TRANSFORMATION` or `words.AGGREGATION`.
    verdict : int
        What becomes of the values that it takes, a code of `words`.
    masking : bool
        OpenLineage's flag: the result does not show the value.
    carries : tuple of int, optional
        Positions of the arguments that have this verdict, from 0; None for all of them.
    restores : bool
        Decryption: the result shows what encryption hid.
    predicate : bool
        It compares the value with something.
    others : int
        Verdict of the arguments outside `carries`, which only steer the result: keys, formats, conditions.
    """

    subtype: int
    verdict: int
    masking: bool
    carries: tuple[int, ...] | None = None
    restores: bool = False
    others: int = DERIVED
    predicate: bool = False


CARRIES: Final = Effect(TRANSFORMATION, PLAIN, False)
"""The effect of every class that is not in a table: all arguments carry."""


def of_one_row(effect: Effect) -> Effect:
    """What an aggregate does to the values of one row, such as those of its array: a sum carries, a count derives.

    Examples
    --------
    >>> of_one_row(KINDS["aggregated"]).verdict == PLAIN, of_one_row(KINDS["counted"]).verdict == DERIVED
    (True, True)
    """
    if effect.verdict != AGGREGATED:
        return effect
    verdict = DERIVED if effect.masking else PLAIN
    return effect._replace(verdict=verdict, masking=False, others=verdict)


UDF: Final = Effect(TRANSFORMATION, UNKNOWN, False)
UDAF: Final = Effect(AGGREGATION, UNKNOWN, False)

KINDS: Final[dict[str, Effect]] = {
    "carried": CARRIES,
    "derived": Effect(TRANSFORMATION, DERIVED, False),
    "hashed": Effect(TRANSFORMATION, PSEUDONYMISED, True),
    "encrypted": Effect(TRANSFORMATION, PSEUDONYMISED, True, others=REDACTED),
    "decrypted": Effect(TRANSFORMATION, PLAIN, False, restores=True, others=REDACTED),
    "masked": Effect(TRANSFORMATION, REDACTED, True),
    "unknown": UDF,
    "folded": CARRIES,
    "picked": Effect(AGGREGATION, PLAIN, False),
    "aggregated": Effect(AGGREGATION, AGGREGATED, False, others=AGGREGATED),
    "counted": Effect(AGGREGATION, AGGREGATED, True, others=AGGREGATED),
    "guessed": UDAF,
}
