"""Decisions about what to drop: a small file that is carried from review to review."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from importlib import import_module
from os import PathLike
from pathlib import Path
from typing import Any

import polars as pl

from lineage_nb.analyses.classify.safe_yaml import loaded
from lineage_nb.errors import FormatError, LineageError, SchemaError

__all__ = ["DECISIONS", "Ledger", "as_ledger"]

DECISIONS = ("kept", "dropped", "postponed")
_SCHEMA = {
    "node": pl.String,
    "decision": pl.String,
    "by": pl.String,
    "until": pl.Date,
    "note": pl.String,
    "reviewed": pl.Date,
}
_REQUIRED = ("node", "decision")
_GUARDED = "=+-@\t\r'"
AnyPath = str | PathLike[str]


@dataclass(frozen=True, eq=False)
class Ledger:
    """Decisions, oldest first; of several about one node the last one counts. Immutable.

    Attributes
    ----------
    frame : polars.DataFrame
        node (id), decision (kept, dropped, postponed), by (who decided; null: not said), until (last day on which
        kept or postponed holds; null: for good), note (null: none), reviewed (end of the log that the decision
        rests on; null: not known).

    Examples
    --------
    >>> from datetime import date
    >>> ledger = Ledger().decide("mart.awards", "kept", by="ana", until="2026-12-31", note="season")
    >>> ledger.out(date(2026, 6, 30))["node"].to_list(), ledger.out(date(2027, 1, 1))["node"].to_list()
    (['mart.awards'], [])
    """

    frame: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_SCHEMA))

    def decide(
        self,
        node: str,
        decision: str,
        *,
        by: str | None = None,
        until: date | str | None = None,
        note: str | None = None,
        reviewed: date | None = None,
    ) -> Ledger:
        """Add a decision; gives a new ledger.

        Parameters
        ----------
        node : str
            Id of the node.
        decision : {"kept", "dropped", "postponed"}
            What was decided.
        by, note : str, optional
            Who decided, and why.
        until : date or str, optional
            Last day on which it holds (ISO 8601); a postponed decision needs one.
        reviewed : date, optional
            End of the log that the decision rests on.

        Raises
        ------
        SchemaError
            For an unknown decision, a day that cannot be read, or a postponed decision without a day.
        """
        row = {"node": node, "decision": decision, "by": by, "until": until, "note": note, "reviewed": reviewed}
        return Ledger(pl.concat([self.frame, _checked([row], "decide")]))

    @property
    def latest(self) -> pl.DataFrame:
        """The last decision about each node."""
        return self.frame.unique("node", keep="last", maintain_order=True)

    def out(self, end: date | None) -> pl.DataFrame:
        """Decisions that keep a node out of a plan whose log ends on a day.

        What was decided to be dropped is out of it until a log that is later than the one reviewed still shows it.

        Parameters
        ----------
        end : date or None
            End of the log; without one every decision still holds.
        """
        dropped, until, reviewed = pl.col("decision") == "dropped", pl.col("until"), pl.col("reviewed")
        if end is None:
            return self.latest
        still = pl.when(dropped).then(reviewed.is_not_null() & (reviewed >= end)).otherwise(until.is_null() | (until >= end))
        return self.latest.filter(still)

    @classmethod
    def read(cls, path: AnyPath) -> Ledger:
        """Read a ledger from CSV or YAML (by the ending of the name).

        Raises
        ------
        FormatError
            For a file that is not there, cannot be read, or ends in something else.
        SchemaError
            For rows that do not fit; all faults are listed.
        """
        source = Path(path)
        suffix = _suffix(source)
        try:
            text = source.read_bytes().decode("utf-8-sig")  # as written: no line ending is changed
        except (OSError, UnicodeDecodeError) as error:
            raise FormatError.unreadable(source, str(error)) from error
        return cls(_checked(_csv_rows(source, text) if suffix == ".csv" else _yaml_rows(source, text), str(path)))

    def write(self, path: AnyPath) -> Path:
        """Write as CSV or YAML (by the ending of the name); text that a spreadsheet would run is made harmless.

        Raises
        ------
        FormatError
            For a name that ends in neither ``.csv`` nor ``.yaml``.
        """
        target = Path(path)
        if _suffix(target) == ".csv":
            text = [c for c, t in _SCHEMA.items() if t == pl.String]
            guarded = [
                pl.when(pl.col(c).str.contains(r"^[=+\-@\t\r']")).then(pl.lit("'") + pl.col(c)).otherwise(pl.col(c)).alias(c)
                for c in text
            ]
            target.write_text(self.frame.with_columns(guarded).write_csv(), encoding="utf-8", newline="")
            return target
        yaml: Any = import_module("yaml")
        rows = [{k: v for k, v in row.items() if v is not None} for row in self.frame.iter_rows(named=True)]
        target.write_text(yaml.safe_dump(rows, sort_keys=False, allow_unicode=True), encoding="utf-8")
        return target


def as_ledger(given: Ledger | AnyPath | None) -> Ledger:
    """Take a ledger, the path of one, or none."""
    if given is None:
        return Ledger()
    return given if isinstance(given, Ledger) else Ledger.read(given)


def _suffix(path: Path) -> str:
    suffix = path.suffix.lower()
    if suffix not in (".csv", ".yaml", ".yml"):
        raise FormatError.unreadable(path, "a ledger is a .csv or .yaml file; give it such a name")
    return suffix


def _csv_rows(path: Path, text: str) -> list[Mapping[str, object]]:
    try:
        rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise FormatError.unreadable(path, str(error)) from error
    return [{str(k): _unguarded(v) if k else v for k, v in row.items() if v not in ("", None)} for row in rows]


def _unguarded(text: str) -> str:
    return text[1:] if text[:1] == "'" and text[1:2] and text[1] in _GUARDED else text


def _yaml_rows(path: Path, text: str) -> list[Mapping[str, object]]:
    rows = loaded(text, path) or []
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise FormatError.unreadable(path, "a ledger is a list of decisions, each with node and decision")
    return [{str(k): v for k, v in row.items()} for row in rows]


def _checked(rows: list[Mapping[str, object]], where: str) -> pl.DataFrame:
    """Rows as a frame; all faults at once."""
    faults, good = [], []
    for i, row in enumerate(rows, 1):
        place = f"row {i}"
        faults += [f"{place}: unknown column {k!r}; known: {', '.join(_SCHEMA)}" for k in row if k not in _SCHEMA]
        faults += [f"{place}: {k} is missing" for k in _REQUIRED if row.get(k) in (None, "")]
        if row.get("decision") not in (*DECISIONS, None, ""):
            faults.append(f"{place}: decision is {row['decision']!r}; give one of {', '.join(DECISIONS)}")
        days: dict[str, date | None] = {}
        for column in ("until", "reviewed"):
            try:
                days[column] = _day(row.get(column))
            except LineageError as error:
                faults.append(f"{place}: {column} {error}")
        if row.get("decision") == "postponed" and row.get("until") in (None, ""):
            faults.append(f"{place}: postponed needs until, the last day on which it holds")
        text = {c: None if row.get(c) in (None, "") else str(row[c]) for c, t in _SCHEMA.items() if t == pl.String}
        good.append({**text, **days})
    if faults:
        raise SchemaError.of(where, faults)
    return pl.DataFrame(good, schema=_SCHEMA)


def _day(value: object) -> date | None:
    if value is None or value == "":
        return None
    if isinstance(value, date):
        return date(value.year, value.month, value.day)
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise LineageError(f"is {value!r}; give a day as YYYY-MM-DD") from None
