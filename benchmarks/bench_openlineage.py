"""How fast OpenLineage events become frames, beside ways of merely parsing them; and how memory grows.

    taskset -c 0 python benchmarks/bench_openlineage.py --events 40000

Events are made from a seed: 2,000 bytes, a job that reads two of 5,000 tables and writes one of its own, of three columns,
with its schema and column lineage (three edges between columns and a filter). "distinct": every event is of another job. "repeated": 500 jobs run over and over, so that job, inputs and
outputs repeat byte for byte. "statistics": the same, but every run wrote another number of rows. "start +
complete": every run of a repeated job comes as two events. Processor times, the best of `--rounds`, frames
included.
"""

from __future__ import annotations

import argparse
import gc
import importlib.util
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

if hasattr(os, "sched_setaffinity"):  # one core, before polars counts them
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
os.environ["POLARS_MAX_THREADS"] = "1"

import polars as pl

from lineage_nb.model.report import ReportBuilder
from lineage_nb.sources.openlineage.reader import read
from lineage_nb.sources.registry import Entry

PRODUCER = "https://jobs.example"
FACETS = "https://openlineage.io/spec/facets"
WORDS = ("order", "user", "play", "title", "device", "plan", "price", "region", "day", "score", "session", "country")
TYPES = ("bigint", "string", "timestamp", "decimal(18,2)", "boolean")


def _facet(name: str, **content: object) -> dict[str, object]:
    return {"_producer": PRODUCER, "_schemaURL": f"{FACETS}/{name}.json", **content}


def _job(number: int) -> dict[str, object]:
    """Job, inputs and outputs of job `number`."""
    rng = random.Random(number)
    space = "s3://lake"
    columns = [f"{a}_{b}" for a, b in zip(rng.sample(WORDS, 3), rng.sample(WORDS, 3), strict=True)]
    inputs = [f"/staging/{WORDS[i % len(WORDS)]}_{i}" for i in rng.sample(range(5_000), 2)]

    def source(name: str, column: str, kind: str, sub: str) -> dict[str, object]:
        return {
            "namespace": space,
            "name": name,
            "field": column,
            "transformations": [{"type": kind, "subtype": sub, "masking": False}],
        }

    lineage = {
        c: {"inputFields": [source(rng.choice(inputs), c, "DIRECT", rng.choice(("IDENTITY", "TRANSFORMATION")))]}
        for c in columns
    }
    schema = _facet("1-1-1/SchemaDatasetFacet", fields=[{"name": c, "type": rng.choice(TYPES)} for c in columns])
    return {
        "job": {
            "namespace": "spark://prod",
            "name": f"stream.load_{number}",
            "facets": {"jobType": _facet("2-0-3/JobTypeJobFacet", processingType="BATCH", integration="SPARK")},
        },
        "inputs": [{"namespace": space, "name": n} for n in inputs],
        "outputs": [
            {
                "namespace": space,
                "name": f"/core/{rng.choice(WORDS)}_{number}",
                "facets": {
                    "schema": schema,
                    "columnLineage": _facet(
                        "1-2-0/ColumnLineageDatasetFacet",
                        fields=lineage,
                        dataset=[source(inputs[0], columns[0], "INDIRECT", "FILTER")],
                    ),
                },
            }
        ],
    }


def make(path: Path, events: int, case: str) -> float:
    """Write a file of events; returns bytes an event."""
    jobs: dict[int, dict[str, object]] = {}
    with path.open("w") as file:
        for number in range(events):
            state, run = "COMPLETE", number
            if case == "start + complete":
                state, run = ("START", "COMPLETE")[number % 2], number // 2
            job = _job(number) if case == "distinct" else jobs.setdefault(run % 500, _job(run % 500))
            if case == "statistics":
                output = dict(job["outputs"][0])  # type: ignore[index]
                output["outputFacets"] = {"outputStatistics": _facet("1-0-2/Output", rowCount=number, size=number * 99)}
                job = {**job, "outputs": [output]}
            stamp = f"2025-{1 + number // 86_400 % 12:02}-01T{number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}.{number % 1000:03}Z"
            event = {
                "eventTime": stamp,
                "eventType": state,
                "run": {
                    "runId": f"0193f2a4-0000-7000-8000-{run:012x}",
                    "facets": {"nominalTime": _facet("1-0-1/NominalTimeRunFacet", nominalStartTime=stamp)},
                },
                **job,
                "producer": PRODUCER,
                "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
            }
            file.write(json.dumps(event, separators=(",", ":")) + "\n")
    return path.stat().st_size / events


def load(path: Path) -> int:
    """Read one file into frames; returns the number of edges."""
    report = ReportBuilder()
    frames = read([Entry(path)], report, {})
    if report.build().rejected:
        raise RuntimeError(str(report.build()))
    return frames["edges"].height


def _each_line(parse: Callable[[bytes], object]) -> Callable[[Path], int]:
    def run(path: Path) -> int:
        with path.open("rb") as file:
            return sum(1 for line in file if parse(line) is not None)

    return run


def peers() -> dict[str, Callable[[Path], int]]:
    """Other ways to get through the same file, which stop at parsing it."""
    found = {"json.loads, parsing only": _each_line(json.loads)}
    if importlib.util.find_spec("orjson"):
        import orjson

        found["orjson.loads, parsing only"] = _each_line(orjson.loads)
    # without a map type for facets: names only, or every field name becomes a column of its own
    name = pl.Struct({"namespace": pl.String, "name": pl.String})
    schema = {
        "eventTime": pl.String,
        "eventType": pl.String,
        "run": pl.Struct({"runId": pl.String}),
        "job": name,
        "inputs": pl.List(name),
        "outputs": pl.List(name),
    }
    found["polars.read_ndjson, names only"] = lambda path: pl.read_ndjson(path, schema=schema).height
    return found


def best(run: Callable[[Path], int], path: Path, rounds: int) -> float:
    """Return the shortest processor time of `rounds`, seconds: what one core needs, whoever else is busy."""
    times = []
    for _ in range(rounds):
        gc.collect()
        start = time.process_time()
        run(path)
        times.append(time.process_time() - start)
    return min(times)


def peak_mb(path: Path, times: int) -> float:
    """Return the peak memory of a process of its own that reads `path` `times` times in one call, MB.

    From Linux' ``VmHWM``: ``ru_maxrss`` starts at that of the parent.
    """
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import bench_openlineage as b;"
        "b.read([b.Entry(b.Path(sys.argv[2]))] * int(sys.argv[3]), b.ReportBuilder(), {});"
        "print(next(l.split()[1] for l in open('/proc/self/status') if l.startswith('VmHWM')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(Path(__file__).parent), str(path), str(times)],
        check=True,
        capture_output=True,
        text=True,
    )
    return float(done.stdout) / 1024


def main() -> None:
    """Print events a second for every case, for the peers, and peak memory."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--events", type=int, default=40_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        ours = {}
        for case in ("distinct", "repeated", "statistics", "start + complete"):
            path = Path(folder) / f"{case}.ndjson"
            size = make(path, given.events, case)
            ours[case] = given.events / best(load, path, given.rounds)
            print(f"{case:34} {ours[case]:10,.0f} events/s   {size:,.0f} bytes an event")
        path = Path(folder) / "distinct.ndjson"
        for name, run in peers().items():
            rate = given.events / best(run, path, given.rounds)
            ratios = ", ".join(f"{c} {ours[c] / rate:.1f}×" for c in ("distinct", "repeated"))
            print(f"{name:34} {rate:10,.0f} events/s   reader: {ratios}")
        for case in ("distinct", "repeated") if Path("/proc/self/status").exists() else ():
            path = Path(folder) / f"{case}.ndjson"
            print(f"peak memory, {case}: once {peak_mb(path, 1):,.0f} MB, 10 times {peak_mb(path, 10):,.0f} MB")


if __name__ == "__main__":
    main()
