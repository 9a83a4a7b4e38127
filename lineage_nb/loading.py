"""The ways to make a snapshot: from files, from frames, from edges, from the package's own sample."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import as_file, files
from os import PathLike
from typing import TYPE_CHECKING, Any, cast

import polars as pl

from lineage_nb.api import Snapshot
from lineage_nb.errors import LineageError, SchemaError
from lineage_nb.graph.networkx_view import from_networkx
from lineage_nb.model.normalise import normalise
from lineage_nb.model.report import ReportBuilder
from lineage_nb.model.schema import FRAMES
from lineage_nb.model.snapshot import SnapshotData
from lineage_nb.model.storage import load
from lineage_nb.sources.reader import read_paths
from lineage_nb.sources.registry import all_formats

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["formats", "from_edges", "from_frames", "read", "sample"]

AnyPath = str | PathLike[str]


def read(path: AnyPath | Iterable[AnyPath], *, format: str | None = None, **options: Any) -> Snapshot:  # noqa: A002
    """Read lineage from files and folders.

    Parameters
    ----------
    path : path or iterable of paths
        The format of each file is recognised; folders are read whole, ``.gz`` as it is.
    format : str, optional
        Name of a format (see `formats`) when it should not be recognised.
    **options
        Options of the format.

    Returns
    -------
    Snapshot
        Its ``report`` tells what was read, rejected and ignored.

    Raises
    ------
    FormatError
        When a path does not exist or nothing in it is recognised, with what to do next.

    Examples
    --------
    >>> import lineage_nb as ln
    >>> ln.read("data_samples/stream").impact("raw.users.email")  # doctest: +SKIP
    """
    return Snapshot(read_paths(path, format=format, **options))


def from_frames(**frames: object) -> Snapshot:
    """Build a snapshot from dataframes.

    Parameters
    ----------
    **frames
        Any of nodes, edges, usage, costs, runs, io, grants, aliases, coverage: polars or pandas frames, Arrow
        tables, dicts of columns, lists of records. Missing columns are filled, more are kept. `ln.describe()` lists the
        columns of each. Money as text, decimals or floats is in currency units; whole numbers are micro-units, as a
        snapshot's own frames have them.

    Returns
    -------
    Snapshot
        Rows that do not fit are counted in ``report``, with examples; ``report.rejections`` lists them.

    Raises
    ------
    SchemaError
        For an unknown frame name or a missing required column.

    Examples
    --------
    >>> import lineage_nb as ln
    >>> snap = ln.from_frames(edges={"source": ["a"], "target": ["b"]})
    >>> snap.nodes["id"].to_list()
    ['a', 'b']
    """
    unknown = sorted(set(frames) - set(FRAMES))
    if unknown:
        raise SchemaError.of("from_frames", [f"unknown frame {u!r}; known: {', '.join(FRAMES)}" for u in unknown])
    report = ReportBuilder()
    built = {n: normalise(n, f, report.file(n, "from_frames")) for n, f in frames.items() if f is not None}
    return Snapshot(SnapshotData.of(built, report.build()))


def from_edges(edges: object, **frames: object) -> Snapshot:
    """Build a snapshot from edges alone.

    Parameters
    ----------
    edges
        A frame with columns source and target, a list of pairs, or a directed NetworkX graph (its node and
        edge attributes become columns).
    **frames
        Further frames, as `from_frames` takes them.

    Examples
    --------
    >>> import lineage_nb as ln
    >>> ln.from_edges([("raw", "mart")]).graph().downstream("raw")["node"].to_list()
    ['mart']
    """
    if type(edges).__module__.partition(".")[0] == "networkx":
        taken = from_networkx(cast("nx.DiGraph", edges))
        given = frames.pop("nodes", None)
        nodes = (taken["nodes"] or None) if given is None else given
        return from_frames(nodes=nodes, edges=taken["edges"] or _no_edges(), **frames)
    if isinstance(edges, (list, tuple, set)) and all(isinstance(e, (list, tuple)) for e in edges):
        wrong = next((e for e in edges if len(e) != 2), None)
        if wrong is not None:
            raise LineageError(f"an edge is a pair (source, target); got {wrong!r}")
        edges = {"source": [e[0] for e in edges], "target": [e[1] for e in edges]} if edges else _no_edges()
    return from_frames(edges=edges, **frames)


def _no_edges() -> pl.DataFrame:
    return pl.DataFrame(schema={"source": pl.String, "target": pl.String})


def formats() -> pl.DataFrame:
    """List what `read` can read.

    Returns
    -------
    polars.DataFrame
        format, what, options, missing (modules to install first; null: ready).

    Examples
    --------
    >>> import lineage_nb as ln
    >>> "openlineage" in ln.formats()["format"].to_list()
    True
    """
    rows = [(f.name, f.what, ", ".join(f.options) or None, ", ".join(f.missing) or None) for f in all_formats()]
    return pl.DataFrame(rows, schema=dict.fromkeys(("format", "what", "options", "missing"), pl.String), orient="row")


def sample() -> Snapshot:
    """Open the snapshot that ships with the package: a video-streaming company.

    Examples
    --------
    >>> import lineage_nb as ln
    >>> len(ln.sample()) > 500
    True
    """
    with as_file(files("lineage_nb") / "data" / "stream") as folder:
        data = load(folder)
        return Snapshot(SnapshotData(dict(data.frames), data.report, saved_hash=data.content_hash))
