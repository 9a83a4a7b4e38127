"""The statements of a drop plan, to review: rename first, drop later. Every name is hostile; nothing is executed.

A name that a client program (sqlplus, sqlcmd, the Hive shell …) could read as anything but a quoted name gets no
statement, only a comment.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl

from lineage_nb.analyses.result import plural
from lineage_nb.errors import LineageError

if TYPE_CHECKING:
    from lineage_nb.analyses.plan.plan import Plan

__all__ = ["DIALECTS", "quoted", "remark", "script"]

_DOUBLE, _BACKTICK, _ESCAPED, _BRACKET = ('"', '"', '""'), ("`", "`", "``"), ("`", "`", "\\`"), ("[", "]", "]]")
_BY_HAND_TYPES = ("topic", "file", "folder", "path", "stream", "model", "feature", "share", "function", "index")
_CLIENT_WORDS = re.compile(r"[;&\\]|\$[({]|\{[{%]|<%")
_IN_REMARK = set(";&$\\{}<>`'\"*")
_SUFFIX = "_to_be_dropped_"


@dataclass(frozen=True)
class Dialect:
    """How one engine quotes, renames and drops.

    Attributes
    ----------
    quotes : tuple of str
        Opening, closing, and what a closing one within a name becomes.
    parts : int
        Components of a name, at most.
    length : int
        Bytes of a component, at most.
    schemes : tuple of str
        How namespaces of the engine begin.
    table, view : str or None
        Statement that renames; {old}, {new} (whole), {last} (last component). None: to be done by hand.
    materialized : bool
        Whether ``DROP MATERIALIZED VIEW`` is known.
    """

    quotes: tuple[str, str, str]
    parts: int
    length: int
    schemes: tuple[str, ...]
    table: str | None
    view: str | None
    materialized: bool = False


_LAST, _WHOLE = "ALTER {kind} {old} RENAME TO {last};", "ALTER {kind} {old} RENAME TO {new};"
_BOTH = "RENAME TABLE {old} TO {new};"
DIALECTS: Mapping[str, Dialect] = {
    "bigquery": Dialect(_ESCAPED, 3, 1024, ("bigquery",), _LAST, None, materialized=True),
    "clickhouse": Dialect(_ESCAPED, 2, 200, ("clickhouse",), _BOTH, _BOTH),
    "databricks": Dialect(_BACKTICK, 3, 255, ("databricks", "unity", "unitycatalog"), _WHOLE, _WHOLE, materialized=True),
    "duckdb": Dialect(_DOUBLE, 3, 1024, ("duckdb", "motherduck"), _LAST, _LAST),
    "hive": Dialect(_BACKTICK, 2, 128, ("hive",), _WHOLE, None, materialized=True),
    "mysql": Dialect(_BACKTICK, 2, 64, ("mysql", "mariadb"), _BOTH, _BOTH),
    "oracle": Dialect(_DOUBLE, 2, 128, ("oracle",), _LAST, None, materialized=True),
    "postgres": Dialect(_DOUBLE, 3, 63, ("postgres", "postgresql"), _LAST, _LAST, materialized=True),
    "redshift": Dialect(_DOUBLE, 3, 127, ("redshift",), _LAST, "ALTER TABLE {old} RENAME TO {last};", materialized=True),
    "snowflake": Dialect(_DOUBLE, 3, 255, ("snowflake",), _WHOLE, _WHOLE, materialized=True),
    "trino": Dialect(_DOUBLE, 3, 128, ("trino", "presto"), _WHOLE, _WHOLE, materialized=True),
    "tsql": Dialect(_BRACKET, 3, 128, ("mssql", "sqlserver", "azuresql", "synapse"), "sp_rename", "sp_rename"),
}
"""The engines that statements can be written for."""


def script(plan: Plan, dialect: str, *, drop: bool = False) -> str:
    """Write the statements of a plan.

    Parameters
    ----------
    plan : Plan
        Any.
    dialect : str
        One of `DIALECTS`.
    drop : bool
        Write the drops alone, as statements; otherwise the renames, with the drops as comments below.

    Returns
    -------
    str
        A script. What no statement can be written for is a comment.

    Raises
    ------
    LineageError
        For an unknown dialect.
    """
    if dialect not in DIALECTS:
        raise LineageError(f"no statements are known for dialect {dialect!r}; give one of {', '.join(DIALECTS)}")
    engine = DIALECTS[dialect]
    facts = plan.lineage.frames["nodes"].select("id", "type", "name", "namespace")
    steps = plan.frame.join(facts, left_on="node", right_on="id", how="left", maintain_order="left")
    days = dict(plan.frame.filter(pl.col("action") == "drop").select("node", "grace").iter_rows())
    first, second = [], []
    for step in steps.iter_rows(named=True):
        what = f"{step['step']}. {step['action']} {step['node']}"
        when = f" not before {_day(plan.as_of, step['grace'])}" if step["action"] == "drop" else ""
        asked = ", ".join(step["owners"]) or "anybody: no owner is named"
        told = [remark(f"{what}{when}. Why: {step['why'].replace(';', ',')}. Ask: {asked}")]
        if step["action"] == "drop":
            second += [*told, _dropped(engine, step, _day(plan.as_of, step["grace"]), live=drop)]
        elif step["action"] == "rename":
            first += [*told, *_renamed(engine, step, _day(plan.as_of, days.get(step["node"], 0)))]
        else:
            first += [*told, remark("   by hand, in the tool that runs it")]
    head = [
        remark(f"To review. Nothing of this has been executed. {plural(plan.frame.height, 'step')}, dialect {dialect}."),
        remark(f"Names are quoted as they were recorded. Days count from the end of the log, {plan.as_of}."),
    ]
    if drop:
        return "\n".join([*head, remark("Second round: drops. Only what was renamed, and missed by nobody."), "", *second, ""])
    return "\n".join([*head, "", *first, "", remark("Later, after the days of grace:"), *second, ""])


def quoted(dialect: str, name: str) -> str:
    """Quote one component of a name.

    Raises
    ------
    LineageError
        For a name that the engine, or a program that reads scripts for it, could take for something else.

    Examples
    --------
    >>> quoted("tsql", "a]b"), quoted("mysql", "a`b"), quoted("postgres", 'a"b')
    ('[a]]b]', '`a``b`', '"a""b"')
    """
    return _quoted(DIALECTS[dialect], name)


def remark(text: str) -> str:
    r"""Write a comment of one line: nothing in it can end it, whatever program reads it.

    Examples
    --------
    >>> remark("a;b\nc")
    '-- a%3Bb%0Ac'
    """
    kept = (c if c.isprintable() and c not in _IN_REMARK else "".join(f"%{b:02X}" for b in c.encode("utf-8", "replace")) for c in text)
    return "-- " + "".join(kept)


def _quoted(engine: Dialect, name: str) -> str:
    opening, closing, escaped = engine.quotes
    if not name or not name.isprintable() or _CLIENT_WORDS.search(name):
        raise LineageError("its name holds characters that no script can hold safely")
    if engine is DIALECTS["oracle"] and '"' in name:
        raise LineageError("its name holds a double quote, which Oracle cannot quote")
    return f"{opening}{name.replace(closing, escaped)}{closing}"


def _day(as_of: date | None, grace: int) -> date | None:
    return None if as_of is None else as_of + timedelta(days=grace)


def _parts(engine: Dialect, step: Mapping[str, Any]) -> list[str]:
    """Components of a table's name; raises where no statement can be written."""
    scheme = re.match(r"[A-Za-z][A-Za-z0-9+.-]*", step["namespace"] or "")
    word = scheme.group().lower() if scheme else ""
    known = {s for d in DIALECTS.values() for s in d.schemes}
    if word not in engine.schemes and (word in known or "://" in (step["namespace"] or "")):
        raise LineageError(f"it is in {step['namespace']}")
    kind = (step["type"] or "").lower()
    if any(t in kind for t in _BY_HAND_TYPES):
        raise LineageError(f"it is a {step['type']}")
    parts: list[str] = (step["name"] or step["node"]).split(".")
    if engine is DIALECTS["oracle"] and len(parts) == 3:
        parts = parts[1:]
    if len(parts) > engine.parts:
        raise LineageError(f"its name has {len(parts)} components, and {engine.parts} are known here")
    return parts


def _kind(step: Mapping[str, Any]) -> str:
    kind = (step["type"] or "").lower()
    return "TABLE" if "view" not in kind else "MATERIALIZED VIEW" if "material" in kind else "VIEW"


def _new_name(engine: Dialect, parts: list[str], day: date | None) -> str:
    suffix = _SUFFIX + (f"{day:%Y%m%d}" if day else "")
    last = parts[-1]
    if len((last + suffix).encode()) > engine.length:
        mark = "_" + hashlib.sha256(".".join(parts).encode("utf-8", "replace")).hexdigest()[:8]
        room = engine.length - len((mark + suffix).encode())
        last = last.encode()[:room].decode("utf-8", "ignore") + mark
    return last + suffix


def _rename_statement(engine: Dialect, kind: str, parts: list[str], new: str) -> str | None:
    form = engine.view if kind == "VIEW" else engine.table if kind == "TABLE" else None
    if kind == "MATERIALIZED VIEW" and engine is DIALECTS["postgres"]:
        form = _LAST
    if form is None:
        return None
    names = [_quoted(engine, p) for p in parts]
    last = _quoted(engine, new)
    if form == "sp_rename":
        place = f"{names[0]}.sys." if len(names) == 3 else ""
        old = ".".join(names[1:] if len(names) == 3 else names).replace("'", "''")
        text = new.replace("'", "''")
        return f"EXEC {place}sp_rename N'{old}', N'{text}', N'OBJECT';"
    return form.format(kind=kind, old=".".join(names), new=".".join([*names[:-1], last]), last=last)


def _renamed(engine: Dialect, step: Mapping[str, Any], day: date | None) -> list[str]:
    try:
        parts, kind = _parts(engine, step), _kind(step)
        new = _new_name(engine, parts, day)
        statement = _rename_statement(engine, kind, parts, new)
        back = _rename_statement(engine, kind, [*parts[:-1], new], parts[-1])
    except LineageError as error:
        return [remark(f"   by hand: {error}")]
    if statement is None:
        return [remark(f"   no rename of a {kind.lower()} here: revoke access to it for the days of grace")]
    return [statement, f"-- back: {back}"]


def _dropped(engine: Dialect, step: Mapping[str, Any], day: date | None, *, live: bool) -> str:
    try:
        parts, kind = _parts(engine, step), _kind(step)
        new = _new_name(engine, parts, day)
        if _rename_statement(engine, kind, parts, new) is not None:
            parts = [*parts[:-1], new]
        if kind == "MATERIALIZED VIEW" and not engine.materialized:
            return remark("   by hand: it is a materialized view")
        if engine is DIALECTS["tsql"] and kind == "VIEW" and len(parts) == 3:
            return remark(f"   by hand, in database {parts[0]}: a view is dropped from within")
        names = ".".join(_quoted(engine, p) for p in parts)
    except LineageError as error:
        return remark(f"   by hand: {error}")
    return f"{'' if live else '-- '}DROP {kind} {names};"
