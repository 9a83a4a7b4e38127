"""Which files of a folder are read, and what their paths tell."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from lineage_nb.sources.registry import Entry
from lineage_nb.sources.sql_folder.names import PathPattern

__all__ = ["Place", "claims", "in_dbt_project", "is_yaml", "left_to_dbt", "places"]

_YAML: Final = ("schema.yaml", "schema.yml", "metadata.yaml", "metadata.yml")


@dataclass(frozen=True)
class Place:
    """What the path of a SQL file tells.

    Attributes
    ----------
    job : str
        Name of the job that the file is: its path below the folder that was read.
    parts : Mapping of str to str
        ``table``, and ``schema`` and ``catalog`` where they are known.
    fits : bool
        Whether the path fits the pattern.
    folder : Path
        Where it lies.
    """

    job: str
    parts: Mapping[str, str]
    fits: bool = False
    folder: Path = field(default_factory=Path)

    @property
    def table(self) -> str:
        """Dotted name of the table; a catalog without a schema is left out."""
        names = [self.parts.get(p) for p in ("schema", "table")]
        if names[0] is not None:
            names.insert(0, self.parts.get("catalog"))
        return ".".join(n for n in names if n)

    @property
    def stem(self) -> str:
        """The table's own name, by which templates refer to it."""
        return self.parts["table"]


def is_yaml(entry: Entry) -> bool:
    """Whether a file is one of those that describe the queries beside them."""
    return entry.suffix in (".yaml", ".yml")


def claims(entry: Entry) -> bool:
    """Whether a file is SQL, or describes SQL files beside it.

    Examples
    --------
    >>> claims(Entry(Path("models/orders.sql"))), claims(Entry(Path("nowhere/schema.yaml")))
    (True, False)
    """
    if entry.suffix == ".sql":
        return True
    return entry.plain_name in _YAML and _has_sql(entry.path.parent)


def _has_sql(folder: Path) -> bool:
    try:
        with os.scandir(folder) as inside:
            return any(e.name.lower().endswith((".sql", ".sql.gz")) for e in inside)
    except OSError:
        return False


def left_to_dbt(paths: Sequence[Path], *, whole: bool) -> set[Path]:
    """Find the files of dbt projects that something else tells better.

    Parameters
    ----------
    paths : sequence of Path
        Files that are read together.
    whole : bool
        Whether all files of a project whose manifest is there are left to it; else only what dbt made of its models,
        where the models themselves are read.
    """
    project = {path: _project(path.absolute()) for path in paths}
    target = {path for path, home in project.items() if home and home / "target" in path.absolute().parents}
    with_models = {home for path, home in project.items() if home and path not in target}
    left = {path for path in target if project[path] in with_models}
    if whole:
        homes = {home for home in project.values() if home is not None and _has_manifest(home)}
        left |= {path for path, home in project.items() if home in homes}
    return left


def in_dbt_project(folder: Path) -> bool:
    """Whether a folder is part of a dbt project."""
    return _project(folder.absolute() / "model.sql") is not None


def _project(path: Path) -> Path | None:
    return next((folder for folder in path.parents if (folder / "dbt_project.yml").is_file()), None)


def _has_manifest(project: Path) -> bool:
    return any((project / "target" / name).is_file() for name in ("manifest.json", "manifest.json.gz"))


def places(paths: Sequence[Path], pattern: PathPattern) -> dict[Path, Place]:
    """Work out what the paths of SQL files tell.

    Parameters
    ----------
    paths : sequence of Path
        All files that are read together: the name of a job starts below their common folder, or above it where
        the pattern begins there.
    pattern : PathPattern
        Where a path names a table. A file that does not fit is named like itself; where several are, like its
        folders too.

    Examples
    --------
    >>> found = places([Path("r/d/t/query.sql"), Path("r/d/x.sql")], PathPattern("{schema}/{table}/query.sql"))
    >>> [(place.job, place.table) for place in found.values()]
    [('d/t/query.sql', 'd.t'), ('x.sql', 'x')]
    """
    whole = {path: path.absolute() for path in paths}
    root = Path(os.path.commonpath([p.parent for p in whole.values()])) if paths else Path()
    jobs = {p: w.relative_to(root).as_posix().removesuffix(".gz") for p, w in whole.items()}
    fitting = {p: parts for p, w in whole.items() if (parts := pattern.table(w)) is not None}
    for path in fitting:
        jobs[path] = max(jobs[path], pattern.tail(whole[path]), key=len)
    stems = Counter(_stem(p) for p in paths if p not in fitting)
    found = {}
    for path in paths:
        parts = fitting.get(path)
        if parts is None:
            stem = _stem(path)
            parts = {"table": stem if stems[stem] == 1 else jobs[path].removesuffix(".sql").replace("/", ".")}
        found[path] = Place(jobs[path], parts, path in fitting, path.parent)
    return found


def _stem(path: Path) -> str:
    name = path.name.removesuffix(".gz")
    return name.removesuffix(name[name.rfind(".") :]) if "." in name else name
