"""What each SQL function does to the values of its arguments: carries, derives, hashes, masks or aggregates them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

from sqlglot import exp

from lineage_nb.errors import LineageError
from lineage_nb.sql.effects import CARRIES, KINDS, UDAF, UDF, Effect
from lineage_nb.sql.function_names import NAMES, PARENTS
from lineage_nb.sql.function_tables import (
    COMBINATORS,
    COMPARING_NAMES,
    COMPARING_TYPES,
    KEYS,
    POSITIONS,
    SHOWING_PREFIXES,
    STEERS,
    SYSTEM,
    TYPES,
    WHOLE_PARTS,
)
from lineage_nb.sql.masking import keeps_much
from lineage_nb.sql.words import AGGREGATION, DERIVED, PLAIN, REDACTED, UNKNOWN

__all__ = ["CARRIES", "CONFIGURES", "Effect", "FunctionTable", "table", "table_beside"]

_WORDS: Final[dict[str, Effect]] = {
    "plain": CARRIES,
    "unknown": UDF,
    "pseudonymised": KINDS["hashed"],
    "derived": KINDS["derived"],
    "aggregated": KINDS["aggregated"],
    "redacted": KINDS["masked"],
}

_WHOLE: Final = frozenset(WHOLE_PARTS.split())
_SYSTEM: Final = frozenset(SYSTEM.split())
_DATE_PARTS: Final = frozenset(("DATE_PART", "DATEPART"))
_BY_NAME: Final[dict[str, type[exp.Expression]]] = getattr(exp, "FUNCTION_BY_NAME", {})

_COMPARING: Final = frozenset(COMPARING_NAMES.split())
_COMBINATORS: Final = tuple(COMBINATORS.split())
_ONE_ARGUMENT: Final = frozenset(("IF", "ARGMIN", "ARGMAX", "RESAMPLE"))


def _known(names: str) -> Iterator[type[exp.Expression]]:
    """Give the classes of `names` that this version of sqlglot has."""
    for name in names.split():
        found = getattr(exp, name, None)
        if found is not None:
            yield found


def _steering() -> Mapping[type, Mapping[str, int]]:
    roles: dict[type, dict[str, int]] = {}
    for table_of_roles, verdict in ((STEERS, DERIVED), (KEYS, REDACTED)):
        for argument, classes in table_of_roles.items():
            for kind in _known(classes):
                roles.setdefault(kind, {})[argument] = verdict
    return MappingProxyType({kind: MappingProxyType(arguments) for kind, arguments in roles.items()})


CONFIGURES: Final = _steering()
"""Class → argument → verdict, for arguments that steer the result or hold a key instead of carrying into it."""


class FunctionTable:
    """The functions of one dialect. Made by `table`, shared and never changed.

    Attributes
    ----------
    by_type : mapping
        sqlglot's class → its effect; a class that is not listed carries all its arguments.
    configures : mapping
        `CONFIGURES` as this dialect has it.
    """

    __slots__ = ("_chained", "_combines", "_direct", "_extra", "_names", "by_type", "configures")

    def __init__(self, dialect: str, extra: Mapping[str, Effect]) -> None:
        by_type = _types_of(dialect)
        names = _names_of(dialect)
        _fill_types(by_type, names)
        for name, kind in _BY_NAME.items():
            names.setdefault(name, by_type.get(kind, CARRIES))
        for name, effect in extra.items():
            names[name] = effect
            if name in _BY_NAME:
                by_type[_BY_NAME[name]] = effect
        self._names = names
        self._extra = dict(extra)
        self._combines = dialect in ("", "clickhouse")
        self._chained = dialect == "duckdb"
        self._direct = {kind: effect for kind, effect in by_type.items() if kind not in _SPECIAL}
        self.by_type: Mapping[type, Effect] = MappingProxyType(by_type)
        self.configures = _configures_of(dialect)

    def of(self, node: exp.Expression) -> Effect:
        """Tell what the function or operator at `node` does to its arguments.

        Positions in `Effect.carries` count a function's own arguments; for a parametric aggregate, as in
        ``quantile(0.9)(x)``, those in the second pair of parentheses.

        Parameters
        ----------
        node : sqlglot.exp.Expression
            A function call, an operator, or a call with a qualified name.

        Returns
        -------
        Effect
            `CARRIES` for whatever no table holds.

        Examples
        --------
        >>> from sqlglot import parse_one
        >>> from lineage_nb.sql.words import UNKNOWN
        >>> table("postgres").of(parse_one("md5(email)")).masking
        True
        >>> table().of(parse_one("mydb.my_hash(email)")).verdict == UNKNOWN
        True
        """
        kind = type(node)
        effect = self._direct.get(kind)
        if effect is not None:
            return effect
        special = _SPECIAL.get(kind)
        return CARRIES if special is None else special(self, node)

    def named(self, name: str) -> Effect:
        """Tell what the function called `name` does, where sqlglot has no class for it.

        Parameters
        ----------
        name : str
            In any case; dotted where it is qualified.

        Returns
        -------
        Effect
            ``Effect(TRANSFORMATION, UNKNOWN, False)`` for a name that nobody knows.

        Examples
        --------
        >>> from lineage_nb.sql.words import PSEUDONYMISED
        >>> table("snowflake").named("hash").verdict == PSEUDONYMISED
        True
        >>> table("snowflake", {"my_hash": "pseudonymised"}).named("mydb.my_hash").verdict == PSEUDONYMISED
        True
        """
        return self._lookup(name) or UDF

    def masking(self, name: str, arguments: list[Any]) -> Effect:
        """Tell what a call does: as `named`, but a built-in mask that keeps much of the value carries it."""
        effect = self.named(name)
        if effect.verdict == REDACTED and name.upper().rpartition(".")[2] not in self._extra and name.upper() not in self._extra and keeps_much(name, arguments):
            return CARRIES
        return effect

    def _lookup(self, name: str) -> Effect | None:
        key = name.upper()
        found = self._names.get(key)
        if found is not None:
            return found
        if "." in key:
            return self._qualified(key)
        if key.startswith(SHOWING_PREFIXES):
            return CARRIES
        return self._combined(key) if self._combines else None

    def _qualified(self, key: str) -> Effect | None:
        """Look up a dotted name: the user's own, then the built-in one behind a system's qualifier."""
        rest = key
        while "." in rest and self._extra:
            rest = rest.partition(".")[2]
            if rest in self._extra:
                return self._extra[rest]
        first, _, rest = key.partition(".")
        while first in _SYSTEM:
            if rest in self._names:
                return self._names[rest]
            first, _, rest = rest.partition(".")
        # In DuckDB a dot also chains: email.md5() is md5(email).
        return self._names.get(key.rpartition(".")[2]) if self._chained else None

    def _combined(self, key: str) -> Effect | None:
        """Look up an aggregate behind ClickHouse's combinators, as SUM in sumIf."""
        only_first = False
        for _ in range(len(_COMBINATORS)):
            suffix = next((end for end in _COMBINATORS if key.endswith(end)), "")
            if not suffix:
                return None
            key = key.removesuffix(suffix)
            only_first = only_first or suffix in _ONE_ARGUMENT
            found = self._names.get(key)
            if found is not None and found.subtype == AGGREGATION:
                return found._replace(carries=(0,)) if only_first and found.carries is None else found
        return None


def _types_of(dialect: str) -> dict[type, Effect]:
    types: dict[type, Effect] = {}
    for level, kinds in TYPES.items():
        if level in _levels(dialect):
            for kind, names in kinds.items():
                types.update(dict.fromkeys(_known(names), KINDS[kind]))
    for comparing in _known(COMPARING_TYPES):
        if comparing in types and types[comparing].verdict == DERIVED:
            types[comparing] = types[comparing]._replace(predicate=True)
    return types


def _names_of(dialect: str) -> dict[str, Effect]:
    if dialect:
        return {name: effect for level in _levels(dialect) for name, effect in _spelled(level)}
    names: dict[str, Effect] = {}
    for level in _levels(""):
        for name, effect in _spelled(level):
            names[name] = _more_showing(names.get(name, effect), effect)
    return names


def _levels(dialect: str) -> tuple[str, ...]:
    """Tables that hold for `dialect`, a later one over an earlier; the generic one is made of all."""
    if not dialect:
        return tuple(NAMES)
    parent = PARENTS.get(dialect, "")
    return ("", parent, dialect) if parent else ("", dialect)


def _spelled(level: str) -> Iterator[tuple[str, Effect]]:
    for kind, words in NAMES.get(level, {}).items():
        for word in words.split():
            name, _, positions = word.partition("/")
            effect = KINDS[kind]
            if positions:
                effect = effect._replace(carries=tuple(int(position) for position in positions.split(",")))
            if name in _COMPARING and effect.verdict == DERIVED:
                effect = effect._replace(predicate=True)
            yield name, effect


def _more_showing(one: Effect, other: Effect) -> Effect:
    """Where dialects differ and the dialect is not known, the one that shows more of the value."""
    if one.verdict != other.verdict:
        return min(one, other, key=lambda effect: effect.verdict)
    return one if one.carries == other.carries else one._replace(carries=None)


def _fill_types(types: dict[type, Effect], names: Mapping[str, Effect]) -> None:
    """Give classes that are in no table the effect of their SQL name, so that a newer sqlglot changes nothing."""
    squeezed = {name.replace("_", ""): effect for name, effect in names.items()}
    for name, kind in _BY_NAME.items():
        effect = squeezed.get(name.replace("_", ""))
        if effect and effect.verdict != PLAIN and kind not in types and kind not in CONFIGURES:
            types[kind] = effect


def _configures_of(dialect: str) -> Mapping[type, Mapping[str, int]]:
    own = {
        kind: MappingProxyType({argument: KINDS[role].verdict for argument, role in roles.items()})
        for name, roles in POSITIONS.get(dialect, {}).items()
        for kind in _known(name)
    }
    return MappingProxyType({**CONFIGURES, **own}) if own else CONFIGURES


def _call(functions: FunctionTable, node: Any) -> Effect:
    name = node.name
    if name.upper() in _DATE_PARTS and node.expressions and node.expressions[0].name.upper() in _WHOLE:
        return CARRIES
    if name.upper() == "MASK" and any(map(_leaves_as_is, range(len(node.expressions)), node.expressions)):
        return CARRIES  # Spark's mask(x, NULL, …) leaves letters or digits as they are
    return functions.masking(name, node.expressions)


def _leaves_as_is(position: int, argument: Any) -> bool:
    """Whether an argument of Spark's ``mask``, in its place or by its name, says that letters or digits stay."""
    named = isinstance(argument, (exp.Kwarg, exp.PropertyEQ))
    told = str(argument.this.name).lower() in ("upperchar", "lowerchar", "digitchar") if named else 0 < position < 4
    value = argument.expression if named else argument
    while isinstance(value, (exp.Cast, exp.TryCast, exp.Paren)):
        value = value.this
    return told and isinstance(value, exp.Null)


def _aggregate_call(functions: FunctionTable, node: Any) -> Effect:
    return functions._lookup(node.name) or UDAF


def _extract(functions: FunctionTable, node: Any) -> Effect:
    return CARRIES if node.name.upper() in _WHOLE else functions.by_type[exp.Extract]


def _dotted(functions: FunctionTable, node: Any) -> Effect:
    call = node.expression
    if type(call) is not exp.Anonymous:
        return functions.of(call) if issubclass(type(call), exp.Func) else CARRIES
    parts = [call.name]
    left = node.this
    while isinstance(left, exp.Dot):
        parts.append(left.expression.name)
        left = left.this
    parts.append(left.name)
    return functions.masking(".".join(reversed(parts)), call.expressions)


_AGGREGATE_CALLS: Final = "AnonymousAggFunc CombinedAggFunc ParameterizedAgg CombinedParameterizedAgg"
_Special = Callable[[FunctionTable, Any], Effect]
_SPECIAL: Final[dict[type, _Special]] = {
    exp.Anonymous: _call,
    exp.Dot: _dotted,
    exp.Extract: _extract,
    **dict.fromkeys(_known(_AGGREGATE_CALLS), _aggregate_call),
}


def table(dialect: str | None = None, extra: Mapping[str, str] | None = None) -> FunctionTable:
    """Give the functions of a dialect.

    Parameters
    ----------
    dialect : str, optional
        A name of sqlglot's; one without a table of its own, and None, give the generic table, which joins all
        dialects and where they differ takes what shows more of the value.
    extra : mapping, optional
        The user's own functions: name, in any case and perhaps qualified → verdict word.

    Returns
    -------
    FunctionTable
        The same one for the same arguments.

    Raises
    ------
    LineageError
        For a verdict word that is none.

    Examples
    --------
    >>> from lineage_nb.sql.words import UNKNOWN
    >>> table("databricks").named("mask").verdict == REDACTED, table("postgres").named("mask").verdict == UNKNOWN
    (True, True)
    >>> table(extra={"scramble": "scrambled"})
    Traceback (most recent call last):
    ...
    lineage_nb.errors.LineageError: function 'scramble': unknown verdict 'scrambled'. Known: plain, unknown, ...
    """
    if extra is None:
        return _table(dialect or "", ())
    if not isinstance(extra, Mapping):
        raise LineageError(f"functions is {extra!r}; give a mapping, such as {{'my_hash': 'pseudonymised'}}")
    own: dict[str, str] = {}
    for function, word in extra.items():
        if not (isinstance(word, str) and word in _WORDS):
            known = ", ".join(_WORDS)
            raise LineageError(f"function {function!r}: unknown verdict {word!r}. Known: {known}.")
        own[str(function).upper()] = word
    return _table(dialect or "", tuple(sorted(own.items())))


def table_beside(dialect: str | None, extra: Mapping[str, str] | None, defined: Iterable[str]) -> FunctionTable:
    """Give the functions of a dialect where SQL defines others: a built-in one that hides has no say of a qualified namesake.

    Parameters
    ----------
    dialect, extra
        See `table`.
    defined : iterable of str
        Names of the functions that are defined, perhaps qualified.

    Examples
    --------
    >>> from lineage_nb.sql.words import UNKNOWN
    >>> found = table_beside("postgres", None, ["public.sha256"])
    >>> found.named("public.sha256").verdict == UNKNOWN, found.named("pg_catalog.sha256").verdict == UNKNOWN
    (True, False)
    """
    found, own = table(dialect, extra), {}
    for name in defined:
        parts = name.upper().split(".")
        at = next((i for i, part in enumerate(parts[:-1]) if part in _SYSTEM), None)
        key = f"PUBLIC.{parts[0]}" if len(parts) == 1 else None if at is None else ".".join(parts[at:])
        if key is not None and not {key, parts[-1]} & found._extra.keys() and found.named(key).verdict not in (PLAIN, UNKNOWN):
            own[key] = "unknown"
    return table(dialect, {**own, **(extra or {})}) if own else found


@lru_cache(maxsize=256)
def _table(dialect: str, extra: tuple[tuple[str, str], ...]) -> FunctionTable:
    name = dialect.lower()
    own = name if name in NAMES or name in PARENTS else ""
    if own != dialect:
        return _table(own, extra)
    return FunctionTable(own, {name: _WORDS[word] for name, word in extra})
