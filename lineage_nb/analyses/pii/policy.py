"""Policies: which verdicts of which labels are followed, which count less, and which end the matter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from os import PathLike
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

import polars as pl

from lineage_nb.analyses.pii.labels import canonical, is_special
from lineage_nb.errors import LineageError, SchemaError, did_you_mean

__all__ = ["ACTIONS", "POLICIES", "Action", "Policy", "Rule", "pii_policies", "policy_of"]

Action = Literal["carry", "downgrade", "stop"]
ACTIONS: Final[tuple[Action, ...]] = ("carry", "downgrade", "stop")
_VERDICTS: Final = ("plain", "pseudonymised", "derived", "aggregated", "redacted")
_SPECIAL, _ANY = "special", "*"


class Rule(NamedTuple):
    """What to do with a verdict, and why."""

    action: Action
    reason: str


@dataclass(frozen=True)
class Policy:
    """Which rows of an answer count.

    Attributes
    ----------
    name : str
        How it is called.
    rules : mapping
        (label, verdict) → `Rule`. A label may be ``special`` (the special categories) or ``*`` (any); the more
        special wins. What no rule speaks of is carried.
    crowd : int or None
        Aggregates over at least so many persons are stopped; None: no number is enough.

    Notes
    -----
    carry: the row is listed. downgrade: it is listed, and left out of what asks for action. stop: it is not
    listed, only counted, and can be asked for.

    Raises
    ------
    LineageError
        For an unknown verdict or action, or where a weaker verdict is treated more severely than a stronger one.

    Examples
    --------
    >>> Policy("mine", {("email", "redacted"): Rule("stop", "masked by our own function")}).of("email", "redacted").action
    'stop'
    """

    name: str
    rules: Mapping[tuple[str, str], Rule] = field(default_factory=dict)
    crowd: int | None = None

    def __post_init__(self) -> None:
        """Check the rules."""
        made = {}
        if not isinstance(self.name, str) or not isinstance(self.rules, Mapping):
            raise LineageError(f"policy {self.name!r} is not a name with rules; give Policy('mine', {{('email', 'redacted'): ('stop', 'reason')}})")
        for key, rule in self.rules.items():
            if not (isinstance(key, tuple) and len(key) == 2 and all(isinstance(x, str) for x in key)):
                raise LineageError(f"policy {self.name!r}: {key!r} is no label and verdict; give rules such as ('email', 'redacted'): 'stop'")
            label, verdict = key
            if not isinstance(rule, str) and not (isinstance(rule, tuple) and 1 <= len(rule) <= 2 and all(isinstance(x, str) for x in rule)):
                raise LineageError(f"policy {self.name!r}, label {label!r} {verdict}: {rule!r} is no action with a reason; give 'stop' or ('stop', 'reason'), of {', '.join(ACTIONS)}")
            known = Rule(rule, "") if isinstance(rule, str) else Rule(rule[0], rule[1] if len(rule) == 2 else "")
            if verdict not in _VERDICTS:
                raise LineageError(f"policy {self.name!r}, label {label!r}: unknown verdict {verdict!r}. Known: {', '.join(_VERDICTS)}.")
            if known.action not in ACTIONS:
                raise LineageError(f"policy {self.name!r}, {label!r} {verdict}: unknown action {known.action!r}. Known: {', '.join(ACTIONS)}.")
            made[label, verdict] = known
        object.__setattr__(self, "rules", MappingProxyType(made))
        if self.crowd is not None and (isinstance(self.crowd, bool) or not isinstance(self.crowd, int) or self.crowd < 2):
            raise LineageError(f"policy {self.name!r}: crowd is {self.crowd!r}; give a number of persons ≥ 2, or None")
        for label in {label for label, _ in made} | {_ANY, _SPECIAL}:
            self._ordered(label)

    @classmethod
    def read(cls, path: str | PathLike[str]) -> Policy:
        """Read a policy from YAML: a list of rows as `table` prints them (label, verdict, action, reason, policy).

        Raises
        ------
        FormatError
            For a file that is not there or is no such list.
        SchemaError
            For rows that do not fit: the file and the rows are named.
        """
        from lineage_nb.analyses.pii.policy_file import read_rows

        name, rules, crowd = read_rows(path, _VERDICTS, ACTIONS)
        try:
            return cls(name, rules, crowd)  # type: ignore[arg-type]
        except SchemaError:
            raise
        except LineageError as error:
            raise SchemaError.of(str(path), [str(error)]) from error

    def _ordered(self, label: str) -> None:
        severity = [ACTIONS.index(self.of(label, v).action) for v in _VERDICTS]
        for stronger, weaker, before, after in zip(_VERDICTS, _VERDICTS[1:], severity, severity[1:], strict=False):
            if after < before:
                raise LineageError(f"policy {self.name!r}, label {label!r}: {weaker} hides more than {stronger}, so it cannot be treated more severely")

    def of(self, label: str, verdict: str, k: int | None = None) -> Rule:
        """Tell what to do with one verdict of one label.

        Parameters
        ----------
        label, verdict : str
            As in the answer's frame.
        k : int, optional
            Persons in the smallest group of an aggregate, at least; None: not known.
        """
        if verdict == "aggregated" and self.crowd is not None and k is not None and k >= self.crowd:
            return Rule("stop", f"groups of at least {self.crowd} persons")
        rules, label = {(canonical(name), v): rule for (name, v), rule in self.rules.items()}, canonical(label)
        keys = [label] + ([_SPECIAL] if label == _SPECIAL or is_special(label) else []) + [_ANY]
        found = next((rules[key, verdict] for key in keys if (key, verdict) in rules), None)
        return found or Rule("carry", "no rule speaks of it")

    def table(self) -> pl.DataFrame:
        """Print it: label (a class of labels, or one label), verdict, action, reason.

        Examples
        --------
        >>> POLICIES["gdpr"].table().filter(label="any other", verdict="redacted")["action"].item()
        'downgrade'
        """
        named = sorted({label for label, _ in self.rules} - {_SPECIAL, _ANY})
        words = {_SPECIAL: "special categories", _ANY: "any other"}
        rows = [
            {"policy": self.name, "label": words.get(label, label), "verdict": verdict, "action": rule.action, "reason": rule.reason}
            for label in (*named, _SPECIAL, _ANY)
            for verdict in _VERDICTS
            for rule in (self.of(label, verdict),)
        ]
        if self.crowd is not None:
            rule = self.of(_ANY, "aggregated", self.crowd)
            rows.append({"policy": self.name, "label": "all", "verdict": f"aggregated, k ≥ {self.crowd}", "action": rule.action, "reason": rule.reason})
        return pl.DataFrame(rows)

    def apply(self, frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Part the rows of an answer.

        Parameters
        ----------
        frame : polars.DataFrame
            With columns label, verdict and k.

        Returns
        -------
        tuple of polars.DataFrame
            (rows that are listed, with a column `action`; rows that are stopped, with a column `reason`).
        """
        cases = frame.select("label", "verdict", "k").unique()
        rules = [self.of(label, verdict, k) for label, verdict, k in cases.iter_rows()]
        told = cases.with_columns(
            action=pl.Series([r.action for r in rules], dtype=pl.String), reason=pl.Series([r.reason for r in rules], dtype=pl.String)
        )
        every = frame.join(told, on=["label", "verdict", "k"], how="left", nulls_equal=True, maintain_order="left")
        stopped = pl.col("action") == "stop"
        return every.filter(~stopped).drop("reason"), every.filter(stopped).drop("action")


def _rules(special: str, other: str, reasons: Mapping[tuple[str, str], str]) -> dict[tuple[str, str], Rule]:
    """Rules from a letter a verdict: c(arry), d(owngrade), s(top)."""
    word: dict[str, Action] = {a[0]: a for a in ACTIONS}
    rules = {}
    for label, letters in ((_SPECIAL, special), (_ANY, other)):
        for verdict, letter in zip(_VERDICTS, letters, strict=True):
            rules[label, verdict] = Rule(word[letter], reasons.get((label, verdict)) or reasons[_ANY, verdict])
    return rules


POLICIES: Final[Mapping[str, Policy]] = MappingProxyType(
    {
        "conservative": Policy(
            "conservative",
            _rules(
                "ccccc",
                "cccdd",
                {
                    (_ANY, "plain"): "the value itself",
                    (_ANY, "pseudonymised"): "a hash or token still tells one person from another, and can be looked up",
                    (_ANY, "derived"): "a property of the value; together with others it may tell who it is",
                    (_ANY, "aggregated"): "about a group, of unknown size unless k says so",
                    (_ANY, "redacted"): "masked; what the mask leaves may tell something",
                    (_SPECIAL, "aggregated"): "a small group tells of its members what the law protects most",
                    (_SPECIAL, "redacted"): "that there is a value may tell what the law protects most",
                },
            ),
        ),
        "gdpr": Policy(
            "gdpr",
            _rules(
                "cccdd",
                "ccddd",
                {
                    (_ANY, "plain"): "personal data: article 4(1)",
                    (_ANY, "pseudonymised"): "still personal data: article 4(5), recital 26",
                    (_ANY, "derived"): "personal data where it relates to a person who can be told: recital 26, to be judged",
                    (_ANY, "aggregated"): "anonymous only if nobody can be singled out: recital 26, k is not known to suffice",
                    (_ANY, "redacted"): "anonymous only if what is left tells nobody: recital 26, to be judged",
                    (_SPECIAL, "derived"): "data revealing a special category: article 9(1)",
                },
            ),
            crowd=10,
        ),
        "strict": Policy("strict", _rules("ccccc", "ccccc", {(_ANY, v): "whatever comes from personal data is treated as such" for v in _VERDICTS})),
    }
)
"""The policies that come with the package."""


def pii_policies() -> pl.DataFrame:
    """Print the policies that come with the package: policy, label, verdict, action, reason.

    Examples
    --------
    >>> pii_policies().filter(policy="strict")["action"].unique().to_list()
    ['carry']
    """
    return pl.concat([p.table() for p in POLICIES.values()])


def policy_of(policy: str | PathLike[str] | Policy) -> Policy:
    """Look a policy up by its name, or read its file.

    Raises
    ------
    LineageError
        For an unknown name, or a file that does not fit (see `Policy.read`).
    """
    if isinstance(policy, Policy):
        return policy
    if isinstance(policy, PathLike) or (isinstance(policy, str) and policy.lower().endswith((".yaml", ".yml"))):
        return Policy.read(policy)
    if not isinstance(policy, str) or policy not in POLICIES:
        raise LineageError(f"unknown policy {policy!r}.{did_you_mean(policy, POLICIES)} Known: {', '.join(POLICIES)}; or give a Policy, or the path of a .yaml file of one.")
    return POLICIES[policy]
