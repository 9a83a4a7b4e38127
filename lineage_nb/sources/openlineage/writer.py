"""A snapshot as OpenLineage events: jobs, datasets, schemas, column lineage, owners, tags and drops as NDJSON.

A job becomes a job event with its inputs and outputs, a dataset a dataset event, a drop another one; all of them
state what holds, no run is made up. Lineage goes to the ``columnLineage`` facet (1-2-0), what influences whole
outputs to its array ``dataset``. Where that facet has no words (a dataset that feeds a column or a dataset without
naming a column, a column that is influenced but has no input), the ``lineage`` facet (1-0-0) beside it says all.

What OpenLineage has no place for, and what therefore is not written:

- costs, usage, grants, tiers, coverage; runs, with what they read and wrote, and the workflow that a task is part of;
- verdicts: only whether a transformation masks, so that what is redacted or derived comes back as pseudonymised, and
  in its description that an aggregation leaves nothing of single values; owners of columns; confidence and evidence;
- when something was first seen, and from when on it does not hold: what no longer holds is left out; a table that was
  dropped before a job that it is an input of was last seen counts as dropped then;
- kinds: reports and other nodes that are fed become datasets of their type, in the namespace ``report:…``;
- ids without a namespace: they become names in the namespace ``lineage-nb``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from os import PathLike
from pathlib import Path
from typing import Any, Final

import polars as pl

from lineage_nb.errors import LineageError
from lineage_nb.model.conform import conform
from lineage_nb.model.ids import column_id, parse_id
from lineage_nb.model.snapshot import SnapshotData
from lineage_nb.sources.openlineage.spelling import (
    PRODUCER,
    SPEC,
    Flow,
    Json,
    Place,
    Step,
    about,
    facet,
    job_type,
    lineage,
    named,
    schema_field,
)

__all__ = ["write"]
from lineage_nb.sources.openlineage.words import FOLDED

_EVENT: Final = f"{SPEC}/2-0-2/OpenLineage.json#/$defs/"
_NOT_DATASETS: Final = ("column", "job", "principal", "compute")
_HIDING: Final = ("pseudonymised", "derived", "redacted", "none")
_NO_NAMESPACE: Final = "lineage-nb"

Row = Mapping[str, Any]


def write(data: SnapshotData, path: str | PathLike[str], *, at: datetime | None = None) -> Path:
    """Write a snapshot as OpenLineage events, one JSON object a line.

    Parameters
    ----------
    data : SnapshotData
        Any snapshot; see the head of this module for what OpenLineage cannot hold.
    path : path
        Replaced if it exists; name it ``.ndjson`` or ``.jsonl``.
    at : datetime, optional
        Time of the events, UTC where it has no zone. By default each event has the time when its job or dataset was
        last seen; where that is not known, the latest time in the snapshot.

    Returns
    -------
    Path
        `path`. Equal snapshots give equal files.

    Raises
    ------
    LineageError
        When `at` is missing and the snapshot knows no time at all.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import lineage_nb as ln
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "events.ndjson"
    >>> snap = ln.from_edges([("pg/raw", "pg/mart")])
    >>> _ = write(snap.data, file, at=datetime(2025, 1, 1))
    >>> ln.read(file).graph().downstream("pg/raw")["node"].to_list()
    ['pg/mart']
    """
    target = Path(path)
    events = _Writer(conform(data).frames, at).events()
    lines = [json.dumps(e, ensure_ascii=False, separators=(",", ":")) for e in events]
    target.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")
    return target


def _utc(time: datetime) -> datetime:
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def _latest(*times: pl.Series) -> datetime | None:
    return max((t for t in (series.max() for series in times) if isinstance(t, datetime)), default=None)


class _Writer:
    """The events of conformed frames."""

    def __init__(self, frames: Mapping[str, pl.DataFrame], at: datetime | None) -> None:
        nodes, edges, runs = frames["nodes"], frames["edges"], frames["runs"]
        end = _latest(nodes["last_seen"], edges["last_seen"], runs["start"], runs["end"])
        if end is not None:
            edges = edges.filter(pl.col("expires_at").is_null() | (pl.col("expires_at") > end))
        self._at = None if at is None else _utc(at)
        self._latest = end or _latest(nodes["deleted_at"])
        if self._at is None and self._latest is None and nodes.height:
            raise LineageError("the snapshot knows no time, and every event needs one; give at=datetime(…)")
        self._nodes: dict[str, Row] = {row["id"]: row for row in nodes.iter_rows(named=True)}
        self._columns: dict[str, list[Row]] = {}
        for row in self._nodes.values():
            if row["kind"] == "column":
                self._columns.setdefault(self._owner(row["id"]), []).append(row)
        self._links = self._symlinks(frames["aliases"])
        self._inputs: dict[str, set[str]] = {}
        self._outputs: dict[str, dict[str, Flow]] = {}
        self._loose: dict[str, Flow] = {}
        self._seen: dict[str, datetime] = {}
        for row in edges.iter_rows(named=True):
            self._edge(row)

    # -- what flows ------------------------------------------------------------------------------------------

    def _is_job(self, node: str) -> bool:
        row = self._nodes.get(node)
        return row is not None and row["kind"] == "job"

    def _owner(self, node: str) -> str:
        """The dataset of a column; anything else stands for itself."""
        row = self._nodes.get(node)
        if row is None or row["kind"] != "column":
            return node
        return str(row["parent"] or node.partition("#")[0])

    def _edge(self, row: Row) -> None:
        source, target, kind = row["source"], row["target"], row["type"]
        job = source if kind == "WRITE" else target if kind == "READ" else row["job"]
        if job is not None and row["last_seen"] is not None:
            self._seen[job] = max(self._seen.get(job, row["last_seen"]), row["last_seen"])
        if kind == "READ" and self._is_job(target):
            self._inputs.setdefault(target, set()).add(self._owner(source))
        elif kind == "WRITE" and self._is_job(source):
            flow = self._flow(source, self._owner(target))
            if column := self._place(target).field:
                flow.made.add(column)
        elif kind in ("DIRECT", "INDIRECT") and self._is_data(source) and self._is_data(target):
            self._step(row, self._flow(job, self._owner(target)))

    def _is_data(self, node: str) -> bool:
        row = self._nodes.get(node)
        return row is not None and row["kind"] not in _NOT_DATASETS[1:]

    def _flow(self, job: str | None, dataset: str) -> Flow:
        flows = self._loose if job is None else self._outputs.setdefault(job, {})
        return flows.setdefault(dataset, Flow())

    def _step(self, row: Row, flow: Flow) -> None:
        source, column = self._place(row["source"]), self._place(row["target"]).field
        into = flow.whole if column is None else flow.columns.setdefault(column, {})
        folded = row["subtype"] == "AGGREGATION" and row["verdict"] == "aggregated"
        step = Step(row["type"], row["subtype"], FOLDED if folded else None)
        masks = into.setdefault(source, {}).setdefault(step, set())
        if row["masking"] is not None:
            masks.add(row["masking"])
        elif row["type"] == "DIRECT" and row["verdict"] is not None:
            masks.add(row["verdict"] in _HIDING)

    # -- names -----------------------------------------------------------------------------------------------

    def _place(self, node: str) -> Place:
        """Take an id apart; one that was not made here is a name without a namespace."""
        owner = self._owner(node)
        row = self._nodes.get(node)
        if owner != node and row is not None:
            parsed = parse_id(node) if node.startswith(column_id(owner, "")) else None
            name = parsed.column if parsed is not None and parsed.column is not None else row["name"] or node
            return Place(*self._place(owner)[:2], name)
        parsed = parse_id(node)
        if parsed is None or parsed.column is not None:
            return Place(_NO_NAMESPACE, node)
        prefix = "" if parsed.kind in ("dataset", "job") else f"{parsed.kind}:"
        return Place(prefix + parsed.namespace, parsed.name)

    def _symlinks(self, aliases: pl.DataFrame) -> dict[str, list[Place]]:
        links: dict[str, list[Place]] = {}
        for name, node in sorted(set(aliases.select("name", "node").iter_rows())):
            parsed = parse_id(name)
            is_other = parsed is not None and parsed.kind == "dataset" and name not in self._nodes
            if is_other and node in self._nodes and self._nodes[node]["kind"] not in _NOT_DATASETS:
                links.setdefault(node, []).append(self._place(name))
        return links

    # -- events ----------------------------------------------------------------------------------------------

    def events(self) -> list[Json]:
        """All events, in the order of time, then of names."""
        jobs = {n for n, row in self._nodes.items() if row["kind"] == "job"} | self._inputs.keys() | self._outputs.keys()
        datasets = {n for n, row in self._nodes.items() if row["kind"] not in _NOT_DATASETS} | self._loose.keys()
        made = [self._job(j) for j in sorted(jobs)] + [self._dataset(d) for d in sorted(datasets)]
        dropped = [d for d in sorted(datasets) if self._nodes.get(d, {}).get("deleted_at")]
        if dropped:
            last: dict[tuple[str, str], str] = {}
            for event in made:
                for name in _named_in(event):
                    last[name] = max(last.get(name, ""), event["eventTime"])
            made += [self._drop(d, last.get(self._place(d)[:2], "")) for d in dropped]
        return sorted(made, key=lambda event: str(event["eventTime"]))

    def _event(self, kind: str, time: datetime | None, **content: Json | list[Json]) -> Json:
        when = self._at or time or self._latest
        if when is None:  # a snapshot without nodes has no events
            raise LineageError("an event needs a time; give at=datetime(…)")
        return {"eventTime": _stamp(when), "producer": PRODUCER, "schemaURL": f"{_EVENT}{kind}", **content}

    def _job(self, job: str) -> Json:
        row = self._nodes.get(job, {})
        place = self._place(job)
        facets = about(row, "Job")
        if row.get("type"):
            facets["jobType"] = facet("jobType", **job_type(str(row["type"])))
        inputs = [named(self._place(d)) for d in sorted(self._inputs.get(job, ()))]
        outputs = [named(self._place(d), lineage(f)) for d, f in sorted(self._outputs.get(job, {}).items())]
        seen = [t for t in (row.get("last_seen"), self._seen.get(job)) if t is not None]
        return self._event("JobEvent", max(seen, default=None), job=named(place, facets), inputs=inputs, outputs=outputs)

    def _dataset(self, dataset: str) -> Json:
        row = self._nodes.get(dataset, {})
        columns = sorted(self._columns.get(dataset, ()), key=lambda c: (_last(c["ordinal"]), c["id"]))
        fields = [(self._place(c["id"]).field or "", c) for c in columns]
        facets = about(row, "Dataset", [(name, tag) for name, c in fields for tag in c["tags"] or ()])
        kind = row.get("type") or (row.get("kind") if row.get("kind") != "dataset" else None)
        if kind:
            facets["datasetType"] = facet("datasetType", datasetType=kind)
        if fields:
            facets["schema"] = facet("schema", fields=[schema_field(name, c) for name, c in fields])
        if row.get("bytes") is not None:
            facets["dataQualityMetrics"] = facet("dataQualityMetrics", bytes=row["bytes"], columnMetrics={})
        if links := self._links.get(dataset):
            other = [{"namespace": p.namespace, "name": p.name, "type": "TABLE"} for p in links]
            facets["symlinks"] = facet("symlinks", identifiers=other)
        if dataset in self._loose:
            facets |= lineage(self._loose[dataset])
        seen = row.get("last_seen") or row.get("deleted_at")
        return self._event("DatasetEvent", seen, dataset=named(self._place(dataset), facets))

    def _drop(self, dataset: str, mentioned: str) -> Json:
        """A drop comes last: what is mentioned after it counts as made anew."""
        facets = {"lifecycleStateChange": facet("lifecycleStateChange", lifecycleStateChange="DROP")}
        deleted = self._nodes[dataset]["deleted_at"]
        event = self._event("DatasetEvent", deleted, dataset=named(self._place(dataset), facets))
        return event | {"eventTime": max(_stamp(deleted), mentioned)}


def _named_in(value: Any) -> Iterator[tuple[str, str]]:
    """Everything that an event names."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            if "namespace" in one and "name" in one:
                yield one["namespace"], one["name"]
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one


def _stamp(time: datetime) -> str:
    return _utc(time).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _last(ordinal: int | None) -> float:
    return float("inf") if ordinal is None else ordinal
