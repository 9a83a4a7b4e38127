"""Which rules a name fits: the longest phrase wins, and the head of a name decides what it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from lineage_nb.analyses.classify.rules import Rule, Ruleset
from lineage_nb.analyses.classify.words import UNKNOWN

__all__ = ["Fit", "Matcher", "Spot"]

_COMMENT_REACH = 6


@dataclass(frozen=True)
class Spot:
    """Where a phrase of a rule stands in a name: words `start` up to `end`, `exact` of them not just by their class."""

    rule: Rule
    start: int
    end: int
    exact: int


@dataclass(frozen=True)
class Fit:
    """A rule that a name fits.

    Attributes
    ----------
    rule : Rule
        The rule.
    phrase : str
        The words of the rule that were found; never words of the source.
    killed : bool
        Whether other words of the name speak against it (``email_count``).
    """

    rule: Rule
    phrase: str
    killed: bool


@dataclass(frozen=True)
class Matcher:
    """Finds the rules that names fit; remembers what it has seen.

    Attributes
    ----------
    rules : Ruleset
        The rules.
    """

    rules: Ruleset
    _spots: dict[str, tuple[Spot, ...]] = field(default_factory=dict)

    @cached_property
    def _classes_of(self) -> dict[str, frozenset[str]]:
        found: dict[str, set[str]] = {}
        for name, words in self.rules.classes.items():
            for word in words:
                for form in {word, self.rules.canonical(word)[-1]}:
                    found.setdefault(form, set()).add(name)
        return {w: frozenset(c) for w, c in found.items()}

    def classes(self, word: str) -> frozenset[str]:
        """Classes that a word is in."""
        return self._classes_of.get(word, frozenset())

    def about(self, table: str) -> frozenset[str]:
        """What a table is about: the classes of its last word that is not just part of its administration."""
        for word in reversed(table.split()):
            found = self.classes(word)
            if "table_neutral" in found and not found & {"person", "thing", "talk"}:
                continue
            return found
        return frozenset()

    def fits(self, name: str, about: frozenset[str] = frozenset(), family: str | None = None) -> list[Fit]:
        """Rules that a name fits.

        Parameters
        ----------
        name : str
            Known words, with a space between (see `lineage_nb.analyses.classify.words.Words`).
        about : frozenset of str
            Classes of what the table is about.
        family : str, optional
            Family of the data type.

        Returns
        -------
        list of Fit
            No two of them share a word.

        Examples
        --------
        >>> from lineage_nb.analyses.classify.rules import read_rules
        >>> matcher = Matcher(read_rules())
        >>> [(f.rule.id, f.killed) for f in matcher.fits("email address")]
        [('email.name', False)]
        >>> [(f.rule.id, f.killed) for f in matcher.fits("email count")]
        [('email.name', True)]
        """
        words = name.split()
        able = [s for s in self.spots(name) if self._in_place(s, words, about)]
        found = []
        for spot in _apart(able):
            rule = spot.rule
            if rule.label != "none" and (not rule.types or family is None or family in rule.types):
                found.append(Fit(rule, " ".join(words[spot.start : spot.end]), self._stopped(spot, words)))
        return found

    def comment(self, text: str, about: frozenset[str] = frozenset(), family: str | None = None) -> list[Fit]:
        """Rules that the beginning of a comment fits; parameters as `fits`."""
        words = text.split()
        able = [s for s in self.spots(text) if not s.rule.whole and self._in_place(s, words, about)]
        found = []
        for spot in _apart(able):
            rule, before = spot.rule, words[: spot.start]
            fit = rule.comment and rule.label != "none" and (not rule.types or family is None or family in rule.types)
            next_stops = spot.end < len(words) and "stop_after" in self.classes(words[spot.end])
            if fit and spot.start < _COMMENT_REACH and not any(self.classes(w) & {"stop_any", "stop_comment"} for w in before) and not next_stops:
                found.append(Fit(rule, " ".join(words[spot.start : spot.end]), killed=False))
        return found

    def spots(self, name: str) -> tuple[Spot, ...]:
        """Every phrase of every rule that stands in a name."""
        if name not in self._spots:
            words, found = name.split(), []
            for start, word in enumerate(words):
                for first in self._firsts(word):
                    for phrase, place in self.rules.by_first.get(first, ()):
                        end = start + len(phrase)
                        if end <= len(words) and all(map(self._is, words[start + 1 : end], phrase[1:])):
                            exact = sum(e[0] != "<" for e in phrase)
                            found.append(Spot(self.rules.rules[place], start, end, exact))
            self._spots[name] = tuple(found)
        return self._spots[name]

    def _firsts(self, word: str) -> list[str]:
        """What a phrase may begin with that begins with this word."""
        every = (word, *(f"<{c}>" for c in sorted(self.classes(word))))
        return [first for first in every if first in self.rules.by_first]

    def _is(self, word: str, element: str) -> bool:
        return element[1:-1] in self.classes(word) if element[0] == "<" else element == word

    def _in_place(self, spot: Spot, words: list[str], about: frozenset[str]) -> bool:
        """Whether what the name and its table are about allows the rule."""
        rule = spot.rule
        others = [*words[: spot.start], *words[spot.end :]]
        if rule.whole and not all(self.classes(w) & {"neutral"} for w in others):
            return False
        if rule.about and not rule.about & about:
            return False
        return not rule.not_about or not self._qualified(words[: spot.start], about) & rule.not_about

    def _qualified(self, before: Iterable[str], about: frozenset[str]) -> frozenset[str]:
        """What the phrase belongs to: the nearest word before it that tells, else the table."""
        for word in reversed(list(before)):
            found = self.classes(word)
            if found & {"person", "owner"}:
                return frozenset({"person"})
            if found & {"thing", "organisation", "place"} and "neutral" not in found:
                return found
        return frozenset({"person"}) if "person" in about else about

    def _stopped(self, spot: Spot, words: list[str]) -> bool:
        """Whether another word makes the name something else: ``has_email``, ``email_type``."""
        rule, before, after = spot.rule, words[: spot.start], words[spot.end :]
        for word in (*before, *after):
            if word not in rule.keep and "stop_any" in self.classes(word):
                return True
        if not rule.head:
            return False
        if any(w not in rule.keep and "stop_before" in self.classes(w) for w in before):
            return True
        return any(w not in rule.keep and not self._harmless(w) for w in after)

    def _harmless(self, word: str) -> bool:
        found = self.classes(word)
        return word != UNKNOWN and bool(found & {"neutral", "person"}) and "stop_after" not in found


def _apart(spots: Iterable[Spot]) -> list[Spot]:
    """Spots that share no word: longer and more exact ones first, then a user's own, what takes phrases away, then the surer rule."""
    several = list(spots)
    if len(several) < 2:
        return several
    order = sorted(several, key=lambda s: (s.start - s.end, -s.exact, not s.rule.own, s.rule.label != "none", -s.rule.weight, s.rule.id, s.start))
    taken: set[int] = set()
    kept = []
    for spot in order:
        places = set(range(spot.start, spot.end))
        if not places & taken:
            taken |= places
            kept.append(spot)
    return sorted(kept, key=lambda s: s.start)
