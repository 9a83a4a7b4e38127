"""Masks that keep much of a value: how much their arguments let through."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlglot import exp

__all__ = ["keeps_much"]

_FEW: Final = 6
"""Characters, at most, that a mask may show."""
_SOME: Final = 4
"""Characters, at least, that must be hidden where the rest is shown."""
_NETWORK: Final = range(25)
_NETWORK_6: Final = range(33, 57)
"""Bits of an address that name a network, not the one who uses it; longer than 32 they are of version 6."""


def keeps_much(name: str, arguments: Sequence[Any]) -> bool:
    """Whether a call that masks leaves so much of the value that it is no mask; so does one whose extent is not written out.

    Parameters
    ----------
    name : str
        The function, in any case, perhaps qualified.
    arguments : sequence
        What it is given, the value first.

    Examples
    --------
    >>> from sqlglot import parse_one
    >>> [keeps_much("mask_inner", parse_one(f"f(a, {n}, 2)").expressions) for n in (2, 50)]
    [False, True]
    """
    short = name.upper().rpartition(".")[2]
    first, second = _number(arguments, 1), _number(arguments, 2)
    if short in ("MASK_FIRST_N", "MASK_LAST_N"):
        return len(arguments) > 1 and (first is None or first < _SOME)
    if short in ("MASK_SHOW_FIRST_N", "MASK_SHOW_LAST_N"):
        return len(arguments) > 1 and (first is None or first > _FEW)
    if short == "MASK_OUTER":
        return first is None or second is None or first + second < _SOME
    if short == "MASK_INNER":
        return first is None or second is None or first + second > _FEW
    if short == "PARTIAL":
        last = _number(arguments, 3)
        return first is None or last is None or first + last > _FEW
    if short == "IP_TRUNC":
        return first is None or (first not in _NETWORK and first not in _NETWORK_6)
    if short == "CUTIPV6":
        return first is None or second is None or first < 8 or second < 1
    return False


def _number(arguments: Sequence[Any], position: int) -> int | None:
    found = arguments[position] if position < len(arguments) else None
    return int(found.this) if isinstance(found, exp.Literal) and str(found.this).isdigit() else None
