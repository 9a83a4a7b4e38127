"""Conditions of a template that its text does not decide: each is taken one way and the other, a variant each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from jinja2 import nodes

__all__ = ["VARIANTS", "Choices", "key_of"]

VARIANTS: Final = 8
"""Texts of one template that are read."""
_SHORT: Final = 2_000


@dataclass
class Choices:
    """How the open conditions of a template are taken, in the order in which they are met.

    Parameters
    ----------
    given : Mapping of str to bool
        Condition → how it is taken; those not given as they are by default.
    """

    given: Mapping[str, bool] = field(default_factory=dict)
    made: dict[str, bool] = field(default_factory=dict)
    certain: set[str] = field(default_factory=set)

    def take(self, condition: str, default: bool, *, certain: bool = False) -> bool:
        """Decide a condition, the same way wherever it is met.

        Parameters
        ----------
        condition : str
            See `key_of`.
        default : bool
            How it is taken first.
        certain : bool
            Whether the text says that it is so unless somebody says otherwise.
        """
        if condition not in self.made:
            self.made[condition] = self.given.get(condition, default)
            if certain:
                self.certain.add(condition)
        return self.made[condition]

    def others(self) -> Iterator[tuple[dict[str, bool], bool]]:
        """Each other way that begins as this one did, once: choices, and whether one that is not certain differs."""
        before: dict[str, bool] = {}
        for condition, taken in self.made.items():
            if condition not in self.given:
                yield {**before, condition: not taken}, condition not in self.certain
            before[condition] = taken


def key_of(test: nodes.Node) -> tuple[str, bool]:
    """Tell a condition from others by what it says; False where it is the opposite.

    Examples
    --------
    >>> from jinja2 import nodes
    >>> x = nodes.Name("x", "load")
    >>> key_of(x)[0] == key_of(nodes.Not(x))[0], key_of(nodes.Not(x))[1]
    (True, False)
    """
    holds = True
    while isinstance(test, nodes.Not):
        test, holds = test.node, not holds
    return repr(test)[:_SHORT], holds
