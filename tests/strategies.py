"""Random snapshots for property tests: small, with cycles, hubs, missing schemas and facts."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

import lineage_nb as ln

DAY = date(2025, 6, 30)
VERDICTS = (None, "plain", "pseudonymised", "derived", "aggregated", "redacted", "none")


def costly(examples: int = 15, base: settings | None = None) -> settings:
    """For laws whose examples take more than a twentieth of a second: so many of them, and in a soak as many as of any other law."""
    if os.environ.get("HYPOTHESIS_PROFILE") == "soak":
        examples = settings.default.max_examples  # type: ignore[union-attr]
    return settings(base, max_examples=examples)


@st.composite
def graphs(draw: st.DrawFn, most: int = 7) -> tuple[int, list[tuple[int, int]]]:
    n = draw(st.integers(1, most))
    node = st.integers(0, n - 1)
    return n, draw(st.lists(st.tuples(node, node), max_size=3 * n))


@st.composite
def frames(draw: st.DrawFn) -> dict[str, list[dict[str, Any]]]:
    """Datasets with and without columns, jobs with and without column lineage, reports, reads, costs."""
    tables = [f"t{i}" for i in range(draw(st.integers(1, 5)))]
    columns = {t: [f"{t}#c{j}" for j in range(draw(st.integers(0, 3)))] for t in tables}
    reports = [f"r{i}" for i in range(draw(st.integers(0, 2)))]
    jobs = [f"j{i}" for i in range(draw(st.integers(0, 3)))]
    every = [c for cs in columns.values() for c in cs]
    nodes: list[dict[str, Any]] = [{"id": t, "kind": "dataset"} for t in tables]
    nodes += [{"id": c, "kind": "column", "parent": t, "tags": draw(st.sampled_from([None, "pii:a", "pii:b"]))} for t, cs in columns.items() for c in cs]
    nodes += [{"id": r, "kind": "report", "owners": draw(st.sampled_from([None, "X", "X;Y"]))} for r in reports]
    nodes += [{"id": j, "kind": "job"} for j in jobs]
    table, edges = st.sampled_from(tables), []
    for job in jobs:
        inputs = draw(st.lists(table, max_size=2, unique=True))
        outputs = draw(st.lists(table, max_size=2, unique=True))
        edges += [{"source": t, "target": job, "type": "READ"} for t in inputs]
        edges += [{"source": job, "target": t, "type": "WRITE"} for t in outputs]
    if every:
        column = st.sampled_from(every)
        who = st.sampled_from([None, *jobs])
        for _ in range(draw(st.integers(0, 6))):
            edges.append({"source": draw(column), "target": draw(column), "type": "DIRECT", "job": draw(who), "verdict": draw(st.sampled_from(VERDICTS))})
        for _ in range(draw(st.integers(0, 2))):
            edges.append({"source": draw(column), "target": draw(table), "type": "INDIRECT", "subtype": "FILTER", "job": draw(who)})
    for _ in range(draw(st.integers(0, 3))):
        edges.append({"source": draw(table), "target": draw(st.sampled_from([*tables, *reports]))})
    usage = [
        {
            "node": draw(st.sampled_from([*tables, *reports])),
            "consumer": draw(st.sampled_from(["ana", "ben", None, *reports])),
            "day": DAY - timedelta(days=draw(st.integers(0, 200))),
            "bytes": draw(st.sampled_from([None, 10, 1000])),
        }
        for _ in range(draw(st.integers(0, 5)))
    ]
    costs = [
        {
            "node": draw(st.sampled_from([*tables, *jobs, *reports, "nowhere", None])),
            "day": DAY,
            "amount": draw(st.integers(-(10**9), 10**12)),
        }
        for _ in range(draw(st.integers(1, 5)))
    ]
    seen = datetime(2025, 1, 1, tzinfo=UTC)
    for edge in edges:
        edge["last_seen"] = seen + timedelta(days=draw(st.integers(0, 100)))
    return {"nodes": nodes, "edges": edges, "usage": usage, "costs": costs}


def snapshot(parts: dict[str, list[dict[str, Any]]]) -> ln.Snapshot:
    return ln.from_frames(**{n: rows for n, rows in parts.items() if rows})


@st.composite
def warehouses(draw: st.DrawFn) -> dict[str, list[dict[str, Any]]]:
    """`frames`, and machines with hours and days that cost (credits too), and runs of jobs that overlap or leave gaps."""
    parts = draw(frames())
    jobs = [n["id"] for n in parts["nodes"] if n["kind"] == "job"] or ["j9"]
    start = datetime(DAY.year, DAY.month, DAY.day, tzinfo=UTC)
    hour = st.integers(0, 30).map(lambda h: start + timedelta(hours=h))
    parts["nodes"] += [{"id": m, "kind": "compute"} for m in ("m0", "m1")]
    parts["runs"] = []
    for nth in range(draw(st.integers(1, 5))):
        begin = draw(hour) + timedelta(minutes=draw(st.sampled_from([0, 15, 30])))
        end = begin + timedelta(minutes=draw(st.sampled_from([0, 20, 90])))
        parts["runs"].append({"job": draw(st.sampled_from(jobs)), "run": f"u{nth}", "start": begin, "end": end, "compute": draw(st.sampled_from(["m0", "m1", None]))})
    for _ in range(draw(st.integers(1, 4))):
        begin, whole = draw(hour), draw(st.booleans())
        span = {} if whole else {"start": begin, "end": begin + timedelta(hours=draw(st.integers(0, 2)))}
        parts["costs"].append({"node": draw(st.sampled_from(["m0", "m1"])), "day": begin.date(), "amount": draw(st.integers(-(10**9), 10**12)), **span})
    return parts


@st.composite
def loosened(draw: st.DrawFn) -> dict[str, list[dict[str, Any]]]:
    """`frames` with statements without a time, statements that ended, what was dropped, and runs whose inputs nothing else tells."""
    parts = draw(frames())
    day = st.integers(0, 200).map(lambda d: datetime(DAY.year, DAY.month, DAY.day, tzinfo=UTC) - timedelta(days=d))
    tables = [r["id"] for r in parts["nodes"] if r["kind"] == "dataset"]
    jobs = [r["id"] for r in parts["nodes"] if r["kind"] == "job"]
    for edge in parts["edges"]:
        edge["expires_at"] = draw(st.one_of(st.none(), st.none(), day))
        if draw(st.integers(0, 3)) == 0:
            edge["last_seen"] = None
    for node in parts["nodes"]:
        if node["kind"] == "dataset":
            node["deleted_at"] = draw(st.one_of(st.none(), st.none(), st.none(), day.map(lambda d: d + timedelta(days=20))))
    if jobs:
        parts["runs"] = [
            {"job": draw(st.sampled_from(jobs)), "run": f"u{n}", "start": draw(st.one_of(st.none(), day)), "end": None} for n in range(draw(st.integers(0, 3)))
        ]
        runs = [r["run"] for r in parts["runs"]]
        row = st.tuples(st.sampled_from(runs or ["u0"]), st.sampled_from(tables), st.sampled_from(["in", "in", "out"]))
        rows = draw(st.lists(row, max_size=4, unique=True)) if runs else []
        parts["io"] = [{"run": r, "dataset": t, "direction": d} for r, t, d in rows]
    return parts


@st.composite
def histories(draw: st.DrawFn) -> dict[str, list[dict[str, Any]]]:
    """Columns with fields within, several statements of one edge at several times, nameless jobs, tables rewritten and dropped."""
    when = st.sampled_from([None, *(datetime(2025, m, 1, tzinfo=UTC) for m in (1, 2, 3))])
    columns = draw(st.lists(st.sampled_from(["t0#x", "t0#y", "t1#s", "t1#s.a", "t1#x", "t2#s", "t2#s.a"]), min_size=3, max_size=6, unique=True))
    tables = sorted({c.split("#")[0] for c in columns})
    nodes = [{"id": t, "kind": "dataset", "tags": None, "deleted_at": draw(st.sampled_from([None] * 6 + [datetime(2025, 2, 1, tzinfo=UTC)]))} for t in tables]
    nodes += [{"id": c, "kind": "column", "tags": draw(st.sampled_from([["pii:email"], ["pii:health"]] if c.startswith("t0") else [None, None, None, ["pii:email"]])), "deleted_at": None} for c in columns]
    words = [("DIRECT", None, None), ("DIRECT", None, "plain"), ("DIRECT", "TRANSFORMATION", None), ("DIRECT", "TRANSFORMATION", "pseudonymised"), ("DIRECT", "TRANSFORMATION", "derived")]
    words += [("DIRECT", "PREDICATE", "derived"), ("DIRECT", "TRANSFORMATION", "redacted"), ("DIRECT", "DECRYPTION", "plain"), ("DIRECT", None, "none"), ("INDIRECT", "CONDITIONAL", None), ("INDIRECT", "CONDITIONAL", "derived")]
    job, edges = st.sampled_from(["job:a", "job:a", "job:b", None]), []
    for _ in range(draw(st.integers(2, 5))):
        s, t, who = draw(st.sampled_from(columns)), draw(st.sampled_from(columns)), draw(job)
        pool = draw(st.sampled_from([words, [w for w in words if w[1] == "TRANSFORMATION"], [w for w in words if w[1] is None]]))
        for _ in range(draw(st.integers(1, 3))):
            kind, subtype, verdict = draw(st.sampled_from(pool))
            edges.append({"source": s, "target": t, "type": kind, "subtype": subtype, "verdict": verdict, "job": who, "last_seen": draw(when)})
    over = st.sampled_from([None, "OVERWRITE", "OVERWRITE"])
    names = draw(st.lists(st.sampled_from(["job:a", "job:b"]), max_size=2, unique=True))
    edges += [{"source": j, "target": draw(st.sampled_from(tables)), "type": "WRITE", "subtype": draw(over), "verdict": None, "job": j, "last_seen": draw(when)} for j in names]
    return {"nodes": nodes, "edges": edges}
