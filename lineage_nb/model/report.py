"""What was read, accepted and rejected, file by file: loading is total."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import polars as pl

__all__ = ["HIDDEN", "UNPARSED", "UNREAD", "FileReport", "LoadReport", "ReportBuilder"]

DETAILS_PER_FILE = 10_000
"""Rejections kept with position and reason; beyond them only the counts grow."""

_FILES = {
    "file": pl.String,
    "format": pl.String,
    "read": pl.Int64,
    "accepted": pl.Int64,
    "rejected": pl.Int64,
    "note": pl.String,
}
_REJECTIONS = {"file": pl.String, "position": pl.String, "reason": pl.String, "value": pl.String}
VALUE_CHARS = 200
UNREAD = "statement cannot be read"
UNPARSED = "statement cannot be parsed"
HIDDEN = "what the statement runs, and so what it writes, is not known"
"""Reasons for statements of which it is not known what they write."""


def _clip(value: object) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= VALUE_CHARS else text[: VALUE_CHARS - 1] + "…"


@dataclass
class FileReport:
    """Counts of one file while it is being read."""

    file: str
    format: str | None
    read: int = 0
    rejected: int = 0
    notes: list[str] = field(default_factory=list)
    rejections: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def accepted(self) -> int:
        """Records read and not rejected."""
        return self.read - self.rejected

    def count(self, records: int = 1) -> None:
        """Note `records` more records as read."""
        self.read += records

    def reject(self, position: str, reason: str, value: object = "") -> None:
        """Note one record, already counted as read, as rejected.

        Parameters
        ----------
        position : str
            Where in the file: ``line 12``, ``row 3``, ``nodes/model.x``.
        reason : str
            What is wrong, in words that do not vary by value, so that they can be counted.
        value : object
            The bad value; cut to 200 characters.
        """
        self.rejected += 1
        if len(self.rejections) < DETAILS_PER_FILE:
            self.rejections.append((position, reason, _clip(value)))

    def note(self, text: str) -> None:
        """Say something about the file that a reader of the report should know."""
        if text not in self.notes:
            self.notes.append(text)


@dataclass
class ReportBuilder:
    """Collects a `FileReport` per file."""

    files: list[FileReport] = field(default_factory=list)

    def file(self, path: object, format: str | None) -> FileReport:  # noqa: A002 - the word users know
        """Start the report of one file."""
        report = FileReport(os.fsencode(str(path)).decode("utf-8", "replace"), format)
        self.files.append(report)
        return report

    def ignored(self, path: object, why: str) -> None:
        """List a file that no format claims."""
        self.file(path, None).note(why)

    def build(self) -> LoadReport:
        """Freeze what was collected."""
        files = pl.DataFrame(
            [(f.file, f.format, f.read, f.accepted, f.rejected, "; ".join(f.notes)) for f in self.files],
            schema=_FILES,
            orient="row",
        )
        rejections = pl.DataFrame(
            [(f.file, *r) for f in self.files for r in f.rejections], schema=_REJECTIONS, orient="row"
        )
        return LoadReport(files, rejections)


@dataclass(frozen=True)
class LoadReport:
    """What was read, accepted and rejected.

    Attributes
    ----------
    files : polars.DataFrame
        A row per file: file, format (null: ignored), read, accepted, rejected (records), note.
    rejections : polars.DataFrame
        A row per rejected record: file, position, reason, value. At most 10,000 a file; the counts in
        `files` are always complete.
    """

    files: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_FILES))
    rejections: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_REJECTIONS))

    @property
    def read(self) -> int:
        """Records read, over all files."""
        return int(self.files["read"].sum())

    @property
    def accepted(self) -> int:
        """Records accepted, over all files."""
        return int(self.files["accepted"].sum())

    @property
    def rejected(self) -> int:
        """Records rejected, over all files."""
        return int(self.files["rejected"].sum())

    @property
    def ignored(self) -> list[str]:
        """Files that no format claims."""
        return self.files.filter(pl.col("format").is_null())["file"].to_list()

    def reasons(self) -> dict[str, int]:
        """Count the rejections by reason, most frequent first."""
        return dict(Counter(self.rejections["reason"].to_list()).most_common())

    def merge(self, other: LoadReport) -> LoadReport:
        """Unite two reports; the same line said twice is kept once."""
        return LoadReport(
            pl.concat([self.files, other.files]).unique(maintain_order=True),
            pl.concat([self.rejections, other.rejections]).unique(maintain_order=True),
        )

    def _lines(self) -> Iterator[str]:
        claimed = self.files.filter(pl.col("format").is_not_null())
        yield (
            f"{claimed.height} files: {self.read:,} records read, {self.accepted:,} accepted, "
            f"{self.rejected:,} rejected; {len(self.ignored)} files ignored"
        )
        first = {r: (f, p, v) for f, p, r, v in self.rejections.reverse().select("file", "position", "reason", "value").iter_rows()}
        for reason, count in self.reasons().items():
            file, position, value = first[reason]
            yield f"  {count:,} × {reason}, first in {file}, {position}: {value}"
        for file, note in claimed.filter(pl.col("note") != "").select("file", "note").iter_rows():
            yield f"  {file}: {note}"
        for file in self.ignored:
            yield f"  ignored: {file}"

    def __str__(self) -> str:
        """Say the counts, the reasons and the ignored files, a line each."""
        return "\n".join(self._lines())
