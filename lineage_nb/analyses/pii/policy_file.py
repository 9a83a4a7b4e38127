"""A policy as a small file: the rows of its printed table, in YAML."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, Final

from lineage_nb.analyses.classify.safe_yaml import loaded, read_text, shown
from lineage_nb.analyses.pii.labels import canonical
from lineage_nb.errors import FormatError, SchemaError

__all__ = ["read_rows"]

_KEYS: Final = ("policy", "label", "verdict", "action", "reason")
_REQUIRED: Final = ("label", "verdict", "action")
_WORDS: Final = {"special categories": "special", "any other": "*"}
_CROWD: Final = re.compile(r"aggregated, k ≥ (\d[\d,]*)")


def read_rows(path: str | PathLike[str], verdicts: Sequence[str], actions: Sequence[str]) -> tuple[str, dict[tuple[str, str], tuple[str, str]], int | None]:
    """Read name, rules and crowd of a policy.

    Parameters
    ----------
    path : path-like
        A list of rows with label (``special categories`` or ``special``, ``any other`` or ``*``, or a label), verdict,
        action, reason and policy, as `Policy.table` prints them; a row of the label ``all`` and the verdict
        ``aggregated, k ≥ 10`` says from how many persons on aggregates are stopped.
    verdicts, actions : sequence of str
        Words that there are.

    Raises
    ------
    FormatError
        For a file that is not there or is no YAML list.
    SchemaError
        For rows that do not fit; all faults are listed, with the file and the row.
    """
    source = Path(path)
    rows = loaded(read_text(source), source)
    if not isinstance(rows, list) or not rows:
        raise FormatError.unreadable(source, f"is no list of rules; give rows with {', '.join(_KEYS)}, as Policy.table() prints them")
    faults: list[str] = []
    names: list[str] = []
    rules: dict[tuple[str, str], tuple[str, str]] = {}
    crowd: int | None = None
    for number, row in enumerate(rows, 1):
        found = _faults(row, verdicts, actions)
        faults += [f"row {number}: {fault}" for fault in found]
        if found:
            continue
        names += [row["policy"]] if row.get("policy") else []
        many = _CROWD.fullmatch(row["verdict"].strip())
        if many:
            if row["action"] != "stop":
                faults.append(f"row {number}: action is {shown(row['action'])}; aggregates of so many persons are a 'stop', or leave the row out")
            if crowd is not None:
                faults.append(f"row {number}: all {row['verdict']} is there already; keep one")
            crowd = int(many[1].replace(",", ""))
            continue
        key = _WORDS.get(row["label"]) or canonical(row["label"]), row["verdict"]
        if key in rules:
            faults.append(f"row {number}: {shown(row['label'])} {row['verdict']} is there already; keep one")
        rules[key] = row["action"], row.get("reason") or ""
    if len(set(names)) > 1:
        faults.append(f"rows are of several policies: {', '.join(sorted(set(names)))}; give each a file of its own")
    if faults:
        raise SchemaError.of(str(source), faults[:50])
    return (names[0] if names else source.stem), rules, crowd


def _faults(row: Any, verdicts: Sequence[str], actions: Sequence[str]) -> list[str]:
    if not isinstance(row, Mapping):
        return [f"is {shown(row)}; give a mapping with {', '.join(_KEYS)}"]
    found = [f"unknown key {shown(k)}; known: {', '.join(_KEYS)}" for k in row if k not in _KEYS]
    found += [f"{k} is missing" for k in _REQUIRED if row.get(k) in (None, "")]
    found += [f"{k} is {shown(row[k])}, no text; put it in quotes" for k in _KEYS if row.get(k) is not None and not isinstance(row[k], str)]
    if found:
        return found
    every, many = canonical(row["label"]) == "all", _CROWD.fullmatch(row["verdict"].strip())
    if many and not every:
        found.append(f"label is {shown(row['label'])}; how many persons are enough is said of the label 'all'")
    elif every and not many:
        found.append("label is 'all'; give 'any other', 'special categories' or a label")
    if row["verdict"] not in verdicts and not many:
        found.append(f"verdict is {shown(row['verdict'])}; give one of {', '.join(verdicts)}")
    if row["action"] not in actions:
        found.append(f"action is {shown(row['action'])}; give one of {', '.join(actions)}")
    return found
