"""Run dbt and dbt-ol on the project, and take out of their files what differs from machine to
machine or from minute to minute: folders, ids, clock times. Nothing else is changed."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import raw_data
from common import ARTIFACTS_AT, MAKE, STREAM, between, dump, run_id, stamp, write_bytes

Event = dict[str, Any]
NEUTRAL = "/srv/stream"  # stands for the folder the tools ran in
PARENT_RUN = "00000000-0000-7000-8000-000000000001"
ROOT_RUN = "00000000-0000-7000-8000-000000000002"
COMPRESS_ABOVE = 200_000


class Project:
    """A copy of the dbt project in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(MAKE / "dbt", folder, dirs_exist_ok=True)
        self.events = folder / "events.ndjson"
        config = f"transport:\n  type: file\n  log_file_path: {self.events.name}\n  append: true\n"
        (folder / "openlineage.yml").write_text(config)
        bin_folder = Path(sys.executable).parent
        self.env = {
            "PATH": f"{bin_folder}{os.pathsep}{os.environ.get('PATH', '')}",
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "PYTHONHASHSEED": "0",
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            "OPENLINEAGE_CONFIG": "openlineage.yml",
            "OPENLINEAGE_PARENT_ID": f"airflow-prod/stream_nightly.dbt/{PARENT_RUN}",
            "OPENLINEAGE_ROOT_PARENT_ID": f"airflow-prod/stream_nightly/{ROOT_RUN}",
        }

    def run(self, *command: str, may_fail: bool = False) -> None:
        done = subprocess.run(
            command, cwd=self.folder, env=self.env, capture_output=True, text=True, check=False
        )
        if done.returncode and not may_fail:
            raise SystemExit(f"{' '.join(command)} failed\n{done.stdout}\n{done.stderr}")

    def observed(self, *command: str, may_fail: bool = False) -> list[Event]:
        """Run under dbt-ol; return the events that it sent."""
        self.events.unlink(missing_ok=True)
        self.run("dbt-ol", *command, may_fail=may_fail)
        return [json.loads(line) for line in self.events.read_text().splitlines()]

    def artifact(self, name: str) -> Any:
        return json.loads((self.folder / "target" / name).read_text())


def observe(folder: Path) -> dict[str, list[Event]]:
    """Run the project in the states of the story; return dbt-ol's events of each, write the
    artifacts of the last one."""
    project = Project(folder)
    templates: dict[str, list[Event]] = {}

    raw_data.load(folder, days=2)
    project.run("dbt", "seed")
    project.run("dbt", "run")
    project.run("dbt", "docs", "generate")  # from here on events have column types
    templates["first"] = project.observed("run", "--full-refresh")

    raw_data.load(folder, days=3)
    templates["nightly"] = project.observed("run")
    templates["tests"] = project.observed("test")

    raw_data.load(folder, days=3, broken=True)
    templates["failed"] = project.observed("run", may_fail=True)

    raw_data.load(folder, days=3, renamed=True)
    project.run("dbt", "build")
    templates["tests_renamed"] = project.observed("test")
    project.run("dbt", "build")
    results = project.artifact("run_results.json")
    project.run("dbt", "docs", "generate")
    here = str(folder)
    write_artifact("manifest.json", manifest(project.artifact("manifest.json")), here)
    write_artifact("catalog.json", metadata(project.artifact("catalog.json"), "docs"), here)

    shift = raw_data.age_as_of_now(folder)
    project.run("dbt", "source", "freshness")  # writes a manifest too, without compiled code
    write_artifact("run_results.json", run_results(results), here)
    write_artifact("sources.json", sources(project.artifact("sources.json"), shift), here)
    return templates


def write_artifact(name: str, content: Any, here: str) -> None:
    data = json.dumps(content).replace(here, NEUTRAL).encode()
    target = STREAM / "dbt" / "target"
    write_bytes(target / (f"{name}.gz" if len(data) > COMPRESS_ABOVE else name), data)


def metadata(artifact: Any, command: str) -> Any:
    """One clock and one invocation id per command."""
    meta = artifact["metadata"]
    moment = ARTIFACTS_AT + timedelta(minutes={"build": 0, "docs": 60, "freshness": 70}[command])
    meta["invocation_id"] = run_id(ARTIFACTS_AT, "invocation", command)
    for key in ("generated_at", "invocation_started_at", "run_started_at"):
        if key in meta:
            meta[key] = stamp(moment)
    elapsed = artifact.get("elapsed_time", 0)
    meta["generated_at"] = stamp(moment + timedelta(seconds=elapsed))
    return artifact


def manifest(artifact: Any) -> Any:
    created = ARTIFACTS_AT.timestamp()

    def settle(value: Any) -> None:
        if isinstance(value, dict):
            if isinstance(value.get("created_at"), float):
                value["created_at"] = created
            for inner in value.values():
                settle(inner)

    settle(artifact)
    return metadata(artifact, "docs")


def run_results(artifact: Any) -> Any:
    """Results keep their order; each takes its turn on the sample's clock."""
    clock = ARTIFACTS_AT
    for result in artifact["results"]:
        start = clock
        for timing in result["timing"]:
            took = 20 if timing["name"] == "compile" else seconds(result["unique_id"]) * 1000
            timing["started_at"] = stamp(clock)
            clock += timedelta(milliseconds=took)
            timing["completed_at"] = stamp(clock)
        result["execution_time"] = (clock - start).total_seconds()
    artifact["elapsed_time"] = (clock - ARTIFACTS_AT).total_seconds()
    return metadata(artifact, "build")


def sources(artifact: Any, shift: timedelta) -> Any:
    measured = ARTIFACTS_AT + timedelta(minutes=70)
    for result in artifact["results"]:
        loaded = datetime.fromisoformat(result["max_loaded_at"]) - shift
        result["max_loaded_at"] = stamp(loaded)
        result["snapshotted_at"] = stamp(measured)
        result["max_loaded_at_time_ago_in_s"] = (measured - loaded).total_seconds()
        for timing in result["timing"]:
            timing["started_at"] = timing["completed_at"] = stamp(measured)
        result["execution_time"] = 0.02
    artifact["elapsed_time"] = round(0.02 * len(artifact["results"]), 2)
    return metadata(artifact, "freshness")


def seconds(job: str) -> int:
    """How long a job usually takes."""
    return between(3, 45, "duration", job)


# ---------------------------------------------------------------- replay


def replay(template: list[Event], start: datetime, parents: dict[str, str]) -> list[Event]:
    """The events of one dbt-ol call, moved to another night: new clock times and ids, the rest
    as it was sent. Jobs keep their order and run one after the other."""
    ids = {PARENT_RUN: parents["task"], ROOT_RUN: parents["dag"]}
    begins: dict[str, datetime] = {}
    ends: dict[str, datetime] = {}
    wrapper = template[0]["run"]["runId"]
    clock = start + timedelta(seconds=5)
    for event in template:
        old = event["run"]["runId"]
        if old in ids:
            continue
        job = event["job"]["name"]
        ids[old] = run_id(start, job, old == wrapper)
        if old != wrapper:
            begins[old] = clock
            took = seconds(job) * (0.8 + between(0, 400, start, job) / 1000)
            clock = ends[old] = clock + timedelta(milliseconds=round(took * 1000))
    begins[wrapper], ends[wrapper] = start, clock + timedelta(seconds=2)

    for event in template:
        if call := event["run"]["facets"].get("dbt_run"):
            ids[call["invocation_id"]] = run_id(start, "invocation")
    # every id is a UUID of its own, so exchanging the text touches nothing else
    pattern = re.compile("|".join(map(re.escape, ids)))
    moved = []
    for event in template:
        old = event["run"]["runId"]
        copy: Event = json.loads(pattern.sub(lambda m: ids[m[0]], dump(event).decode()))
        copy["eventTime"] = stamp(begins[old] if event["eventType"] == "START" else ends[old])
        moved.append(copy)
    return moved
