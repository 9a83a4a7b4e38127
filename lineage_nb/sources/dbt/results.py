"""``run_results.json`` → runs and what they wrote; ``sources.json`` → when a source was last loaded."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from typing import Any

import msgspec

from lineage_nb.sources.dbt.artifacts import Artifact, malformed, microseconds, results
from lineage_nb.sources.dbt.facts import counted, number, text
from lineage_nb.sources.dbt.lineage import job_id
from lineage_nb.sources.dbt.manifest import BUILT
from lineage_nb.sources.dbt.rows import EdgeRow, IoRow, NodeRow, Rows, RunRow

__all__ = ["freshness_rows", "run_rows"]

STATES = {
    "success": "COMPLETE",
    "partial success": "FAIL",
    "error": "FAIL",
    "fail": "FAIL",
    "runtime error": "FAIL",
    "skipped": "ABORT",
}
"""dbt's word for how a model ended → a run's state. A microbatch of which some batches failed has failed."""

_NOT_RUN = ("no-op", "reused")
_DRY = ("compile", "docs", "generate", "list", "ls", "parse", "show")
"""Commands that write run results with status ``success`` though they build nothing."""

_SKEW_US = 24 * 3600 * 1_000_000
_MAX_BUSY_S = 9e12


class _Timing(msgspec.Struct):
    started_at: Any = None
    completed_at: Any = None


class _Result(msgspec.Struct):
    unique_id: str
    status: str | None = None
    timing: list[_Timing] | None = None
    execution_time: Any = None
    adapter_response: Any = None


class _Args(msgspec.Struct):
    which: Any = None


class _Freshness(msgspec.Struct):
    unique_id: str
    max_loaded_at: Any = None
    snapshotted_at: Any = None


_RESULT = msgspec.json.Decoder(_Result)
_ARGS = msgspec.json.Decoder(_Args | None)
_FRESHNESS = msgspec.json.Decoder(_Freshness)


def run_rows(
    rows: Rows,
    artifact: Artifact,
    dataset_of: Callable[[str], str | None],
    made_anew: Callable[[str, str | None], int | None] = lambda *_: None,
) -> None:
    """Add a run for every model, seed and snapshot that was built.

    Parameters
    ----------
    rows : Rows
        Where to add it.
    artifact : Artifact
        Run results.
    dataset_of : callable
        unique_id → id of its relation; None where it has none.
    made_anew : callable
        unique_id, invocation → since when (microseconds since 1970) a build that
        succeeds has left nothing of what the relation held; None where that is not certain.
    """
    file, which = artifact.file, _command(artifact)
    invocation = artifact.invocation or (f"dbt:{artifact.time}" if artifact.time is not None else None)
    if artifact.invocation is None:
        file.note("names no invocation: its runs are told apart by the time it was made")
    aside: Counter[str] = Counter()
    unknown: Counter[str] = Counter()
    for position, result in results(artifact, _RESULT):
        kind = result.unique_id.partition(".")[0]
        if malformed(result.unique_id):
            file.reject(position, "unique_id is not kind.package.name", result.unique_id)
        elif invocation is None:
            file.reject(position, "belongs to no invocation, and to no time", result.unique_id)
        elif kind not in BUILT:
            aside[kind] += 1
        elif which in _DRY or result.status in _NOT_RUN:
            aside[f"{kind} not built"] += 1
        else:
            if result.status not in STATES:
                unknown[str(result.status)[:50]] += 1
            dataset = dataset_of(result.unique_id)
            _run(rows, f"{invocation}:{result.unique_id}", result, dataset)
            since = made_anew(result.unique_id, artifact.invocation)
            if dataset is not None and since is not None and STATES.get(result.status or "") == "COMPLETE":
                job = job_id(result.unique_id)
                rows.edges.append(EdgeRow(job, dataset, "WRITE", job, "dbt:run_results", since, since, "OVERWRITE"))
    if which in _DRY:
        file.note(f"made by a command that builds nothing ({which}): no runs")
    if aside:
        file.note(
            "no runs of jobs, counted only: " + ", ".join(f"{k} {n:,}" for k, n in sorted(aside.items()))
        )
    if unknown:
        file.note("status not known: " + ", ".join(f"{k!r} {n:,}" for k, n in sorted(unknown.items())))


def _command(artifact: Artifact) -> str | None:
    raw = artifact.sections.get("args")
    try:
        args = _ARGS.decode(raw) if raw is not None else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return text(args.which) if args else None


def _run(rows: Rows, run: str, result: _Result, dataset: str | None) -> None:
    timing = result.timing or []
    started = [t for t in (microseconds(s.started_at) for s in timing) if t is not None]
    completed = [t for t in (microseconds(s.completed_at) for s in timing) if t is not None]
    state = STATES.get(result.status or "")
    job = job_id(result.unique_id)
    rows.runs.append(
        RunRow(
            job,
            run,
            min(started, default=None),
            max(completed, default=None),
            state,
            _busy(result.execution_time),
        )
    )
    response = result.adapter_response if isinstance(result.adapter_response, dict) else {}
    written = number(response.get("rows_affected"))
    if dataset is not None and (state == "COMPLETE" or (state == "FAIL" and written)):
        rows.io.append(IoRow(run, dataset, "out", written))


def _busy(seconds: Any) -> int | None:
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not math.isfinite(seconds):
        return None
    return round(seconds * 1_000_000) if 0 <= seconds < _MAX_BUSY_S else None


def freshness_rows(rows: Rows, artifact: Artifact, dataset_of: Callable[[str], str | None]) -> None:
    """Add the time of the newest row of each source: data was seen there then.

    A time of more than a day after dbt looked is an error in the data, and is left out.
    """
    untimed = future = 0
    for position, result in results(artifact, _FRESHNESS):
        if malformed(result.unique_id):
            artifact.file.reject(position, "unique_id is not kind.package.name", result.unique_id)
            continue
        loaded = microseconds(result.max_loaded_at)
        looked = microseconds(result.snapshotted_at)
        limit = artifact.time if looked is None else looked
        if loaded is None:
            untimed += 1
        elif limit is not None and loaded > limit + _SKEW_US:
            future += 1
        else:
            dataset = dataset_of(result.unique_id)
            if dataset is not None:
                rows.nodes.append(NodeRow(dataset, "dataset", last_seen=loaded))
    if untimed:
        artifact.file.note(f"{counted(untimed, 'source')} without a time of loading")
    if future:
        artifact.file.note(
            f"{counted(future, 'source')} with rows dated after dbt looked: that time is left out"
        )
