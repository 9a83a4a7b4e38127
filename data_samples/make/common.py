"""Paths, the clock of the sample, seeded choices and writers: shared by every step."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from openlineage.client.uuid import generate_static_uuid

MAKE = Path(__file__).resolve().parent
SAMPLES = MAKE.parent
STREAM = SAMPLES / "stream"

# The database file is opened by a relative path, so this is what dbt-ol itself writes.
WAREHOUSE = "duckdb://stream.duckdb"
DATABASE = "stream"

FIRST_DAY = date(2025, 1, 1)
LAST_DAY = date(2026, 6, 30)
DAILY_FROM = date(2026, 6, 1)
RENAME_AT = datetime(2026, 6, 20, 9, 15, tzinfo=UTC)
# The moment the dbt artifacts are said to be made at: after the last nightly run.
ARTIFACTS_AT = datetime(2026, 6, 30, 3, 0, tzinfo=UTC)

CSV_LIMIT = 200_000  # larger tables are gzipped


def days(first: date = FIRST_DAY, last: date = LAST_DAY, step: int = 1) -> list[date]:
    """Days from `first` to `last`, both included."""
    return [first + timedelta(n) for n in range(0, (last - first).days + 1, step)]


def run_days() -> list[date]:
    """The nights that are replayed: weekly at first, every night in the last thirty days."""
    return days(FIRST_DAY, DAILY_FROM - timedelta(1), 7) + days(DAILY_FROM, LAST_DAY)


def at(day: date, hour: int = 0, minute: int = 0, second: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=UTC)


def stamp(moment: datetime) -> str:
    """ISO 8601 in UTC, with a `Z`; fractions of a second only where there are any."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def draw(*key: object) -> float:
    """A number in [0, 1) that depends on the key alone: no hidden state, no order of calls."""
    digest = hashlib.sha256("\x1f".join(map(str, key)).encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def between(low: int, high: int, *key: object) -> int:
    """A whole number from low to high, both included."""
    return low + int(draw(*key) * (high - low + 1))


def run_id(moment: datetime, *key: object) -> str:
    """A UUIDv7 that is the same on every rebuild."""
    return str(generate_static_uuid(moment, "\x1f".join(map(str, key)).encode()))


def table(schema: str, name: str) -> str:
    return f"{DATABASE}.{schema}.{name}"


WRITTEN: set[Path] = set()


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file; a `.gz` name is compressed, without a time stamp or name in its header."""
    WRITTEN.add(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".gz":
        buffer = io.BytesIO()
        with gzip.GzipFile(fileobj=buffer, mode="wb", compresslevel=9, mtime=0, filename="") as f:
            f.write(data)
        data = buffer.getvalue()
    path.write_bytes(data)


def sweep() -> None:
    """Remove what an earlier build wrote and this one did not."""
    for path in STREAM.rglob("*"):
        if path.is_file() and path not in WRITTEN:
            path.unlink()


def read_bytes(path: Path) -> bytes:
    data = path.read_bytes()
    return gzip.decompress(data) if path.suffix == ".gz" else data


def dump(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def write_ndjson(path: Path, events: Iterable[Mapping[str, Any]]) -> int:
    lines = [dump(e) for e in events]
    write_bytes(path, b"\n".join(lines) + b"\n")
    return len(lines)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return stamp(value)
    if isinstance(value, (list, tuple)):
        return ";".join(map(str, value))
    return str(value)


def write_csv(folder: Path, name: str, columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> Path:
    """Write one native frame; unknown keys in a row are an error, absent ones stay empty."""
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow(columns)
    for row in rows:
        if extra := row.keys() - set(columns):
            raise KeyError(f"{name}: no column {sorted(extra)}")
        out.writerow([_cell(row.get(c)) for c in columns])
    data = text.getvalue().encode()
    path = folder / (f"{name}.csv.gz" if len(data) > CSV_LIMIT else f"{name}.csv")
    write_bytes(path, data)
    return path
