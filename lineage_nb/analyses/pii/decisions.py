"""Decisions about personal data: a small file that is kept under version control and carried from audit to audit."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from os import PathLike
from pathlib import Path
from typing import Any

import polars as pl

from lineage_nb.analyses.classify.safe_yaml import dumped, loaded, read_text, shown
from lineage_nb.analyses.pii.labels import PREFIX, canonical_labels
from lineage_nb.errors import FormatError, LineageError, SchemaError

__all__ = ["Decisions", "as_decisions"]

AnyPath = str | PathLike[str]
WORDS = ("is", "is_not", "accepted")
_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "node": pl.String,
    "recipient": pl.String,
    "label": pl.String,
    "decision": pl.String,
    "by": pl.String,
    "why": pl.String,
    "until": pl.Date,
}
_ABOUT = ["node", "recipient", "label", "kind"]
_REQUIRED = ("label", "decision", "by", "why")
_LONGEST = 20_000
_GUARDED = "=+-@\t\r'"
_KIND = pl.when(pl.col("decision") == "accepted").then(pl.lit("accepted")).otherwise(pl.lit("override")).alias("kind")


@dataclass(frozen=True, eq=False)
class Decisions:
    """What people decided, oldest first; of several about the same, the last one counts. Immutable.

    When an override ends, the one before it that still holds counts again; an acceptance that has ended leaves none behind.

    Two kinds: an override says that a node is (or is not) personal data of a label; an acceptance says that an
    exposure of a label, at a node or to a recipient, is known and allowed until a day. Days are judged by the day
    that the caller names, the end of the log; never by the clock.

    Attributes
    ----------
    frame : polars.DataFrame
        node (id; null: any, for a recipient), recipient (who or what gets the data; null for overrides), label
        (without ``pii:``), decision (is, is_not, accepted), by (who decided), why, until (last day on which it
        holds; null: for good, overrides only).

    Examples
    --------
    >>> from datetime import date
    >>> book = Decisions().decide("db/shop#mail", "email", "is_not", by="ana", why="letters, not e-mail")
    >>> book = book.accept(node="db/mart#phone", label="phone", by="ben", why="call centre", until="2026-12-31")
    >>> book.overrides(date(2026, 6, 30)).select("node", "decision").rows()
    [('db/shop#mail', 'is_not')]
    >>> book.accepted(date(2026, 6, 30)).height, book.accepted(date(2027, 1, 1)).height
    (1, 0)
    >>> book.expired(date(2027, 1, 1)).select("node", "until").rows()
    [('db/mart#phone', datetime.date(2026, 12, 31))]
    """

    frame: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_SCHEMA))

    def decide(self, node: str, label: str, decision: str, *, by: str, why: str, until: date | str | None = None) -> Decisions:
        """Say that a node is, or is not, personal data; gives new decisions.

        Parameters
        ----------
        node : str
            Id of a column; ``is_not`` on a dataset speaks of each of its columns that has no decision of its own.
        label : str
            Such as ``email``.
        decision : {"is", "is_not"}
            What was decided.
        by, why : str
            Who decided, and the reason.
        until : date or str, optional
            Last day on which it holds (ISO 8601); None: for good.

        Raises
        ------
        SchemaError
            For another decision, an empty text or a day that cannot be read.
        """
        if decision == "accepted":
            raise SchemaError.of("decide", ["decision is 'accepted'; give one of is, is_not, or use accept(…)"])
        row = {"node": node, "label": label, "decision": decision, "by": by, "why": why, "until": until}
        return Decisions(pl.concat([self.frame, _checked([row], "decide")]))

    def accept(self, *, label: str, by: str, why: str, until: date | str, node: str | None = None, recipient: str | None = None) -> Decisions:
        """Accept an exposure until a day; gives new decisions.

        Parameters
        ----------
        label : str
            Such as ``email``.
        by, why : str
            Who accepts it, and the reason.
        until : date or str
            Last day on which it is accepted (ISO 8601).
        node, recipient : str, optional
            Id of the node that exposes it, of the principal or system that gets it; at least one of them.

        Raises
        ------
        SchemaError
            When neither node nor recipient is given, for an empty text, or a day that cannot be read.
        """
        row = {"node": node, "recipient": recipient, "label": label, "decision": "accepted", "by": by, "why": why, "until": until}
        return Decisions(pl.concat([self.frame, _checked([row], "accept")]))

    @property
    def latest(self) -> pl.DataFrame:
        """The last decision of each kind about each node, recipient and label, however it is spelled; sorted by these."""
        return _last(self.frame)

    def overrides(self, day: date | None) -> pl.DataFrame:
        """Overrides in force on a day: node, label, decision (is or is_not), by, why, until.

        Parameters
        ----------
        day : date or None
            The end of the log; without one every override still holds.
        """
        return self._in_force(day).filter(pl.col("decision") != "accepted").drop("recipient")

    def accepted(self, day: date | None) -> pl.DataFrame:
        """Exposures that are accepted on a day: node, recipient, label, by, why, until.

        Parameters
        ----------
        day : date or None
            The end of the log; without one every acceptance still holds.
        """
        return self._in_force(day).filter(pl.col("decision") == "accepted").drop("decision")

    def expired(self, day: date | None) -> pl.DataFrame:
        """Decisions that no longer hold on a day, of both kinds; columns as `frame`.

        Parameters
        ----------
        day : date or None
            The end of the log; without one none has expired.
        """
        return self.latest.clear() if day is None else self.latest.filter(pl.col("until") < day)

    def _in_force(self, day: date | None) -> pl.DataFrame:
        if day is None:
            return self.latest
        holds, accepted = pl.col("until").is_null() | (pl.col("until") >= day), pl.col("decision") == "accepted"
        return pl.concat([_last(self.frame.filter(~accepted & holds)), self.latest.filter(accepted & holds)]).sort(_ABOUT[:3], nulls_last=True, maintain_order=True)

    @classmethod
    def read(cls, path: AnyPath) -> Decisions:
        """Read decisions from CSV or YAML (by the ending of the name).

        Raises
        ------
        FormatError
            For a file that is not there, cannot be read, is too large, or ends in something else; YAML tags and
            anchors are not read.
        SchemaError
            For rows that do not fit; all faults are listed.
        """
        source = Path(path)
        suffix = _suffix(source)
        text = read_text(source)
        return cls(_checked(_csv_rows(source, text) if suffix == ".csv" else _yaml_rows(source, text), str(path)))

    def write(self, path: AnyPath) -> Path:
        """Write as CSV or YAML (by the ending of the name), one entry a decision.

        Sorted by node, recipient, label and kind, older decisions before newer ones: a new decision is a new entry in
        its place and nothing else changes. In CSV, text that a spreadsheet would run is made harmless.

        Raises
        ------
        FormatError
            For a name that ends in neither ``.csv`` nor ``.yaml``.
        """
        target = Path(path)
        rows = self.frame.with_columns(_KIND).sort(_ABOUT, nulls_last=True, maintain_order=True).drop("kind")
        if _suffix(target) == ".csv":
            text = [c for c, t in _SCHEMA.items() if t == pl.String]
            risky = [pl.col(c).str.contains(r"^[=+\-@\t\r']") for c in text]
            guarded = [pl.when(r).then(pl.lit("'") + pl.col(c)).otherwise(pl.col(c)).alias(c) for r, c in zip(risky, text, strict=True)]
            target.write_text(rows.with_columns(guarded).write_csv(), encoding="utf-8", newline="")
            return target
        entries = [{k: v for k, v in row.items() if v is not None} for row in rows.iter_rows(named=True)]
        target.write_text(dumped(entries), encoding="utf-8", newline="")
        return target


def _last(frame: pl.DataFrame) -> pl.DataFrame:
    last = frame.with_columns(_KIND, same=canonical_labels(frame["label"]))
    last = last.unique([*(c for c in _ABOUT if c != "label"), "same"], keep="last", maintain_order=True)
    return last.sort(_ABOUT, nulls_last=True).drop("kind", "same")


def as_decisions(given: Any) -> Decisions:
    """Take decisions, the path of a file of them, a frame (polars or pandas) or list of rows like `Decisions.frame`, or none.

    Raises
    ------
    LineageError
        For anything else, a file that cannot be read, or rows that do not fit.

    Examples
    --------
    >>> rows = pl.DataFrame({"node": ["t#a"], "label": ["email"], "decision": ["is"], "by": ["ana"], "why": ["seen"]})
    >>> as_decisions(rows).frame.select("node", "decision").rows()
    [('t#a', 'is')]
    """
    if given is None:
        return Decisions()
    if isinstance(given, Decisions):
        return given
    if isinstance(given, (str, PathLike)):
        return Decisions.read(given)
    if isinstance(given, pl.DataFrame):
        return Decisions(_checked(given.to_dicts(), "decisions"))
    if hasattr(given, "columns") and hasattr(given, "to_dict"):
        return Decisions(_checked([_without_gaps(row) for row in given.to_dict("records")], "decisions"))
    if isinstance(given, list):
        return Decisions(_checked(given, "decisions"))
    raise LineageError(f"decisions is a {type(given).__name__}; give Decisions, the path of a CSV or YAML file, or a frame with {', '.join(_SCHEMA)}")


def _without_gaps(row: Mapping[Any, Any]) -> dict[Any, Any]:
    """A row of pandas, which writes what is missing as NaN or NaT, and days as timestamps."""
    return {k: v.to_pydatetime() if hasattr(v, "to_pydatetime") else v for k, v in row.items() if v is not None and v == v}


def _suffix(path: Path) -> str:
    suffix = path.suffix.lower()
    if suffix not in (".csv", ".yaml", ".yml"):
        raise FormatError.unreadable(path, "decisions are a .csv or .yaml file; give it such a name")
    return suffix


def _csv_rows(path: Path, text: str) -> list[Mapping[Any, Any]]:
    try:
        rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise FormatError.unreadable(path, str(error)) from error
    return [{k: _unguarded(v) if isinstance(v, str) else v for k, v in row.items() if v not in ("", None)} for row in rows]


def _unguarded(text: str) -> str:
    return text[1:] if text[:1] == "'" and text[1:2] and text[1] in _GUARDED else text


def _yaml_rows(path: Path, text: str) -> list[Mapping[Any, Any]]:
    rows = loaded(text, path)
    if rows is None:
        return []
    if not isinstance(rows, list):
        raise FormatError.unreadable(path, f"is no list; give decisions, each with {', '.join(_SCHEMA)}")
    return rows


def _checked(rows: Iterable[Any], where: str) -> pl.DataFrame:
    """Rows as a frame; all faults at once."""
    faults: list[str] = []
    good = []
    for i, row in enumerate(rows, 1):
        place = f"row {i}"
        if not isinstance(row, Mapping):
            faults.append(f"{place}: is {shown(row)}; give a mapping with {', '.join(_SCHEMA)}")
            continue
        faults += [f"{place}: unknown key {shown(k)}; known: {', '.join(_SCHEMA)}" for k in row if k not in _SCHEMA]
        texts = {c: _text(row.get(c), f"{place}: {c}", faults) for c, t in _SCHEMA.items() if t == pl.String}
        faults += [f"{place}: {k} is missing" for k in _REQUIRED if row.get(k) is None or (isinstance(row[k], str) and not row[k].strip())]
        until = None
        try:
            until = _day(row.get("until"))
        except LineageError as error:
            faults.append(f"{place}: until {error}")
        faults += [f"{place}: {fault}" for fault in _misfits(texts, row.get("until"))]
        label = texts["label"].strip() if texts["label"] else None
        if label is not None and label[: len(PREFIX)].lower() == PREFIX:
            label = label[len(PREFIX) :].strip()
        good.append({**texts, "label": label, "until": until})
    if faults:
        raise SchemaError.of(where, faults[:50] + ([f"and {len(faults) - 50} more"] if len(faults) > 50 else []))
    return pl.DataFrame(good, schema=_SCHEMA)


def _misfits(row: Mapping[str, str | None], until: object) -> Iterable[str]:
    """What does not fit together in one row."""
    decision = row["decision"]
    if decision is not None and decision not in WORDS:
        yield f"decision is {shown(decision)}; give one of {', '.join(WORDS)}"
    elif decision == "accepted":
        if row["node"] is None and row["recipient"] is None:
            yield "accepted needs a node or a recipient"
        if until in (None, ""):
            yield "accepted needs until, the last day on which it is"
    elif decision is not None:
        if row["node"] is None:
            yield "node is missing"
        if row["recipient"] is not None:
            yield f"{decision} speaks of a node; a recipient belongs to accepted"


def _text(value: object, place: str, faults: list[str]) -> str | None:
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if not isinstance(value, str):
        faults.append(f"{place} is {shown(value)}, no text; put it in quotes")
        return None
    if len(value) > _LONGEST:
        faults.append(f"{place} is {shown(value)}, longer than {_LONGEST:,} characters")
    return value


def _day(value: object) -> date | None:
    if value is None or value == "":
        return None
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise LineageError(f"is {shown(value)}; give a day as YYYY-MM-DD") from None
