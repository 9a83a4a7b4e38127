"""Paths → frames and a report: finds the files, asks each format what it claims, reads them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from lineage_nb.errors import FormatError, LineageError
from lineage_nb.model.merge import unite
from lineage_nb.model.report import ReportBuilder
from lineage_nb.model.snapshot import SnapshotData
from lineage_nb.model.storage import is_saved, load
from lineage_nb.sources.registry import Entry, Format, all_formats, get_format

__all__ = ["read_paths"]

_SKIPPED_FOLDERS = {"__pycache__", ".git", ".ipynb_checkpoints", "node_modules", ".venv"}
Claims = dict[str, list[Entry]]


def read_paths(
    paths: str | PathLike[str] | Iterable[str | PathLike[str]], *, format: str | None = None, **options: Any  # noqa: A002
) -> SnapshotData:
    """Read files and folders of any registered format into one snapshot.

    Parameters
    ----------
    paths : path or iterable of paths
        Files are recognised by name and content; folders are read whole.
    format : str, optional
        Name of a format; then nothing is recognised and every given file is read as that.
    **options
        Options of the formats that are read.

    Raises
    ------
    FormatError
        When a path does not exist, nothing in it is recognised, or `format` or an option is unknown; and when a
        saved snapshot, given alone, is damaged. Beside other paths a damaged one is a rejection.
    """
    given = [paths] if isinstance(paths, (str, PathLike)) else list(paths)
    if not given or "" in given:
        raise FormatError("no path given; name a file or a folder of lineage")
    forced = get_format(format) if format is not None else None
    alone = Path(given[0])
    if len(given) == 1 and not options and forced in (None, get_format("saved")) and is_saved(alone):
        return load(alone)
    report = ReportBuilder()
    claims: Claims = {}
    for path in dict.fromkeys(Path(p) for p in given):
        if not _exists(path):
            raise FormatError.unreadable(path, "does not exist")
        if path.is_dir():
            _claim_folder(path, forced, claims, report)
        else:
            _claim_file(path, forced, claims)
    if not any(claims.values()):
        raise FormatError.unrecognised(", ".join(str(p) for p in given), [f.name for f in all_formats()])
    used = [get_format(name) for name in claims]
    _check_options(used, options)
    parts = [f.read(claims[f.name], report, {k: v for k, v in options.items() if k in f.options}) for f in used]
    return SnapshotData.of(unite(parts), report.build())


def _exists(path: Path) -> bool:
    try:
        return path.is_dir() or path.is_file()
    except (OSError, ValueError):
        return False


def _check_options(used: Sequence[Format], options: dict[str, Any]) -> None:
    for reader in used:
        if reader.missing:
            raise LineageError(f"format {reader.name!r} needs {', '.join(reader.missing)}: pip install them")
    known = sorted({o for f in used for o in f.options})
    unknown = sorted(set(options) - set(known))
    if unknown:
        names = ", ".join(f.name for f in used)
        raise FormatError(f"unknown option {', '.join(unknown)} for {names}. Known: {', '.join(known) or 'none'}.")


def _claim_file(path: Path, forced: Format | None, claims: Claims) -> None:
    entry = Entry(path)
    for candidate in [forced] if forced else all_formats():
        if forced or candidate.claims(entry):
            claims.setdefault(candidate.name, []).append(entry)
            return
    raise FormatError.unrecognised(path, [f.name for f in all_formats()])


def _claim_folder(folder: Path, forced: Format | None, claims: Claims, report: ReportBuilder) -> None:
    candidates = [forced] if forced else all_formats()
    for candidate in candidates:
        files = candidate.claims_folder(folder)
        if files:
            claims.setdefault(candidate.name, []).extend(Entry(f) for f in sorted(files))
            return
    try:
        inside = sorted(folder.iterdir())
    except OSError as error:
        report.ignored(folder, f"cannot be listed ({error.strerror})")
        return
    for path in inside:
        if not (path.is_dir() or path.is_file()):
            report.ignored(path, "neither a file nor a folder")
            continue
        if path.is_dir():
            if path.name not in _SKIPPED_FOLDERS and not path.is_symlink():
                _claim_folder(path, forced, claims, report)
            continue
        entry = Entry(path)
        for candidate in candidates:
            if candidate.claims(entry):
                claims.setdefault(candidate.name, []).append(entry)
                break
        else:
            report.ignored(path, _why_ignored(entry))


def _why_ignored(entry: Entry) -> str:
    return "empty or unreadable" if not entry.head else "no known format"
