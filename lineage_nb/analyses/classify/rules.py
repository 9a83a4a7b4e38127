"""Rules that tell what a column looks like, as data: the shipped file and a user's own."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from os import PathLike
from pathlib import Path
from types import MappingProxyType
from typing import Any

from lineage_nb.analyses.classify.safe_yaml import loaded, read_text, shown
from lineage_nb.errors import LineageError, SchemaError

__all__ = ["CHECKS", "TYPES", "Given", "Rule", "Ruleset", "read_rules", "singulars"]

Given = str | PathLike[str] | Mapping[str, Any]
TYPES = ("text", "integer", "decimal", "boolean", "date", "timestamp", "binary", "json", "uuid", "geo", "array", "network")
"""Families of data types that a rule may name."""
CHECKS = (
    "email", "phone", "payment_card", "iban", "national_id", "ip", "mac", "imei", "url_query", "prose",
    "email_inside", "phone_inside", "payment_card_inside", "iban_inside",
)  # fmt: skip
"""Checks of values that a rule may name (see `lineage_nb.analyses.classify.values`); ``…_inside``: a value contains one."""
SHIPPED = Path(__file__).parents[2] / "data" / "pii_rules.yaml"
_SECTIONS = ("version", "aliases", "abbreviations", "classes", "rules")
_MOST = 1_000_000


@dataclass(frozen=True)
class Rule:
    """One rule; the keys are told at the top of the shipped file, ``lineage_nb/data/pii_rules.yaml``.

    Attributes
    ----------
    id, label : str
        Name of the rule; what a column is that fits. The label ``none`` only takes phrases away from other rules.
    words : tuple of str
        Phrases; ``<class>`` stands for any word of a class.
    weight : float
        0 to 1: how sure the rule is where it fires.
    whole, head, comment : bool
        Nothing else may stand in the name; nothing of weight may follow; comments count as well.
    types, about, not_about, keep : frozenset of str
        Families of types (empty: any); classes of the table; words that do not speak against it.
    value : str or None
        One of `CHECKS`; `share` of the values must pass.
    not_named : frozenset of str
        Classes: of a column whose name has a word of one, values count about half.
    own : bool
        Whether a user gave or changed it; of two rules that fit equally well, the user's wins.
    """

    id: str
    label: str
    words: tuple[str, ...] = ()
    weight: float = 0.8
    whole: bool = False
    head: bool = True
    comment: bool = True
    types: frozenset[str] = frozenset()
    about: frozenset[str] = frozenset()
    not_about: frozenset[str] = frozenset()
    keep: frozenset[str] = frozenset()
    value: str | None = None
    share: float = 0.8
    not_named: frozenset[str] = frozenset()
    own: bool = False


@dataclass(frozen=True)
class Ruleset:
    """All rules in force, with the words they are made of.

    Attributes
    ----------
    rules : tuple of Rule
        By id.
    classes : mapping of str to frozenset of str
        Words by class.
    abbreviations : mapping of str to tuple of str
        What a token stands for.
    aliases : mapping of str to str
        Other words for a label, as tags use them.
    """

    rules: tuple[Rule, ...]
    classes: Mapping[str, frozenset[str]]
    abbreviations: Mapping[str, tuple[str, ...]]
    aliases: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """Labels that a rule gives."""
        return tuple(sorted({r.label for r in self.rules} - {"none"}))

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """Every single word that a rule, a class or an abbreviation knows."""
        words = {w for r in self.rules for phrase in r.words for w in phrase.split() if w[0] != "<"}
        words |= {w for of in self.classes.values() for w in of}
        return frozenset(words | {w for of in self.abbreviations.values() for w in of})

    def canonical(self, word: str) -> tuple[str, ...]:
        """A known word as all of its forms are read: what it is short for, its singular."""
        for form in singulars(word):
            if form in self.abbreviations:
                return tuple(w for long in self.abbreviations[form] for w in (self._singular.get(long, long),))
        return (self._singular.get(word, word),)

    @cached_property
    def _singular(self) -> Mapping[str, str]:
        known = self.vocabulary
        return {w: next((f for f in list(singulars(w))[1:] if f in known), w) for w in known}

    @cached_property
    def by_first(self) -> Mapping[str, tuple[tuple[tuple[str, ...], int], ...]]:
        """First element of a phrase (a word or ``<class>``) → (phrase, place of its rule), longest first."""
        found: dict[str, list[tuple[tuple[str, ...], int]]] = {}
        for place, rule in enumerate(self.rules):
            for phrase in rule.words:
                elements = tuple(w for e in phrase.split() for w in ((e,) if e[0] == "<" else self.canonical(e)))
                found.setdefault(elements[0], []).append((elements, place))
        return {k: tuple(sorted(set(v), key=lambda x: (-len(x[0]), x))) for k, v in found.items()}


def singulars(word: str) -> Iterable[str]:
    """A word and what it may be the plural of.

    Examples
    --------
    >>> list(singulars("cities"))
    ['cities', 'citie', 'citi', 'city']
    """
    yield word
    if len(word) > 3 and word.endswith("s") and not word.endswith("ss"):
        yield word[:-1]
        if word.endswith("es"):
            yield word[:-2]
        if word.endswith("ies"):
            yield word[:-3] + "y"


def read_rules(given: Given | Iterable[Given] | None = None) -> Ruleset:
    """Read the shipped rules and a user's own on top of them.

    Parameters
    ----------
    given : path, mapping, or iterable of them, optional
        Files (or their content) of the same shape as the shipped one, applied in order. A rule of a known id
        changes only the keys it names; ``disabled: true`` switches it off; words of classes are added.

    Raises
    ------
    FormatError
        For a file that cannot be read.
    SchemaError
        For content that does not fit; all faults are listed with file, rule and the good keys.

    Examples
    --------
    >>> rules = read_rules({"rules": [{"id": "own.loyalty", "label": "user_id", "words": ["bonus card"]}]})
    >>> [r.label for r in rules.rules if r.id == "own.loyalty"]
    ['user_id']
    """
    rules = _shipped()
    if given is None:
        return rules
    several = [given] if isinstance(given, (str, PathLike, Mapping)) else list(given)
    for one in several:
        where = "rules" if isinstance(one, Mapping) else str(one)
        content = one if isinstance(one, Mapping) else loaded(read_text(one, _MOST), where)
        rules = _with(rules, content, where)
    return rules


@cache
def _shipped() -> Ruleset:
    empty = Ruleset((), MappingProxyType({}), MappingProxyType({}))
    return _with(empty, loaded(read_text(SHIPPED, _MOST), SHIPPED.name), SHIPPED.name)


def _with(base: Ruleset, content: Any, where: str) -> Ruleset:
    """Rules of one file on top of others; all faults at once."""
    if not isinstance(content, Mapping):
        raise SchemaError.of(where, [f"is {shown(content)}; a file of rules has the keys {', '.join(_SECTIONS)}"])
    faults = [f"unknown key {shown(k)}; known: {', '.join(_SECTIONS)}" for k in content if k not in _SECTIONS]
    if content.get("version", 1) != 1:
        faults.append(f"version is {shown(content['version'])}; this package reads version 1")
    classes = {k: set(v) for k, v in base.classes.items()}
    for name, words in _mapping(content, "classes", faults).items():
        classes.setdefault(str(name), set()).update(_words(words, f"classes: {shown(name)}", faults))
    shorts = dict(base.abbreviations)
    for short, long in _mapping(content, "abbreviations", faults).items():
        if _is_text(short, "abbreviations", faults) and _is_text(long, f"abbreviations: {short}", faults):
            shorts[_plain(short)] = tuple(_plain(long).split())
    aliases = dict(base.aliases)
    for alias, label in _mapping(content, "aliases", faults).items():
        if _is_text(alias, "aliases", faults) and _is_text(label, f"aliases: {alias}", faults):
            aliases |= {alias: label}
    rules = _rules(base.rules, content.get("rules") or [], classes, faults)
    if faults:
        raise SchemaError.of(where, faults)
    frozen = MappingProxyType({k: frozenset(v) for k, v in classes.items()})
    return Ruleset(rules, frozen, MappingProxyType(shorts), MappingProxyType(aliases))


def _rules(known: tuple[Rule, ...], rows: Any, classes: Mapping[str, set[str]], faults: list[str]) -> tuple[Rule, ...]:
    by_id = {r.id: r for r in known}
    if not isinstance(rows, list):
        faults.append(f"rules is {shown(rows)}; give a list")
        return known
    seen: set[str] = set()
    for i, row in enumerate(rows, 1):
        if not isinstance(row, Mapping) or not isinstance(row.get("id"), str) or not row["id"]:
            faults.append(f"rule {i}: is {shown(row)}; give a mapping with an id")
            continue
        if row["id"] in seen:
            faults.append(f"rule {row['id']!r} is there twice")
        seen.add(row["id"])
        before = len(faults)
        rule = _rule(by_id.get(row["id"]), row, classes, faults)
        if row.get("disabled") is True:
            if row["id"] not in by_id:
                faults.append(f"rule {row['id']!r} is disabled, but there is none of this id{_nearest(row['id'], by_id)}")
            by_id.pop(row["id"], None)
        elif len(faults) == before:
            by_id[row["id"]] = replace(rule, own=bool(known))
    return tuple(by_id[k] for k in sorted(by_id))


def _rule(base: Rule | None, row: Mapping[str, Any], classes: Mapping[str, set[str]], faults: list[str]) -> Rule:
    place = f"rule {row['id']!r}"
    keys = {"id", "disabled", *_READ}
    faults += [f"{place}: unknown key {shown(k)}; known: {', '.join(sorted(keys))}" for k in row if k not in keys]
    if not isinstance(row.get("disabled", False), bool):
        faults.append(f"{place}: disabled is {shown(row['disabled'])}; give true or false")
    made: dict[str, Any] = {}
    for key, read in _READ.items():
        if key in row:
            try:
                made[key] = read(row[key])
            except (LineageError, TypeError, ValueError) as error:
                faults.append(f"{place}: {key} is {shown(row[key])}; {error}")
    used = {w for p in made.get("words", ()) for w in re.findall(r"<([^>]*)>", p)}
    used |= made.get("about", frozenset()) | made.get("not_about", frozenset()) | made.get("not_named", frozenset())
    faults += [f"{place}: there is no class {shown(c)}; known: {', '.join(sorted(classes))}" for c in sorted(used - set(classes))]
    rule = replace(base, **made) if base else Rule(row["id"], made.pop("label", ""), **made)
    if base is None and not row.get("disabled") and "label" not in row:
        faults.append(f"{place}: label is missing; give one such as email, or none")
    if base is None and not row.get("disabled") and not rule.words and rule.value is None and "words" not in row and "value" not in row:
        faults.append(f"{place}: has neither words nor value, so it never fires")
    return rule


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise LineageError("give a text (in quotes where YAML reads it as something else)")
    return value


def _phrases(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise LineageError("give a list")
    found = tuple(dict.fromkeys(p for p in (_plain(_text(v)) for v in value) if p))
    if any(len(p) > 100 for p in found):
        raise LineageError("a phrase has at most 100 characters")
    return found


def _names(value: Any) -> frozenset[str]:
    if not isinstance(value, list):
        raise LineageError("give a list")
    return frozenset(_text(v) for v in value)


def _among(good: tuple[str, ...]) -> Callable[[Any], frozenset[str]]:
    def read(value: Any) -> frozenset[str]:
        if bad := sorted(_names(value) - set(good)):
            raise LineageError(f"{', '.join(map(shown, bad))} is none of {', '.join(good)}")
        return _names(value)

    return read


def _check(value: Any) -> str | None:
    if value is not None and value not in CHECKS:
        raise LineageError(f"give one of {', '.join(CHECKS)}")
    return None if value is None else str(value)


def _share(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= 1:
        raise LineageError("give a number above 0, at most 1")
    return float(value)


def _yes(value: Any) -> bool:
    if not isinstance(value, bool):
        raise LineageError("give true or false")
    return value


_READ: Mapping[str, Callable[[Any], Any]] = MappingProxyType(
    {
        "label": _text,
        "words": _phrases,
        "weight": _share,
        "whole": _yes,
        "head": _yes,
        "comment": _yes,
        "types": _among(TYPES),
        "about": _names,
        "not_about": _names,
        "keep": _names,
        "value": _check,
        "share": _share,
        "not_named": _names,
    }
)


def _mapping(content: Mapping[str, Any], key: str, faults: list[str]) -> Mapping[Any, Any]:
    value = content.get(key) or {}
    if not isinstance(value, Mapping):
        faults.append(f"{key} is {shown(value)}; give a mapping")
        return {}
    return value


def _words(value: Any, place: str, faults: list[str]) -> set[str]:
    if not isinstance(value, list):
        faults.append(f"{place} is {shown(value)}; give a list")
        return set()
    return {w for v in value if _is_text(v, place, faults) for w in _plain(v).split()}


def _is_text(value: Any, place: str, faults: list[str]) -> bool:
    if isinstance(value, str) and value:
        return True
    faults.append(f"{place}: {shown(value)} is no text; put it in quotes")
    return False


def _plain(text: str) -> str:
    """A phrase as names are read: lower case, no accents, letters only."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(c))
    return " ".join(re.sub(r"[^\w<>]|[\d]|_(?![^<>]*>)", " ", bare.replace("ß", "ss")).split())


def _nearest(name: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, list(known), 3)
    return f"; nearest: {', '.join(near)}" if near else ""
