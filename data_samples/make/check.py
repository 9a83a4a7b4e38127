"""Does the sample hold what it promises? Plain loops over the files as they were written, with no
help from the code that wrote them, nor from the package that reads them."""

from __future__ import annotations

import csv
import getpass
import io
import json
import re
import socket
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from common import LAST_DAY, MAKE, SAMPLES, STREAM, WAREHOUSE, read_bytes

LIMIT = 5_000_000
SOURCES = {".py", ".sql", ".yml", ".csv", ".txt"}
WINDOW = 90


def neutral() -> Iterator[str]:
    """No folder, user or host of the machine that made it."""
    sources = "".join(p.read_text() for p in sorted(MAKE.rglob("*")) if p.suffix in SOURCES)
    folders = [f"{Path.home()}/", f"{tempfile.gettempdir()}/", str(SAMPLES), "/tmp/"]
    folders = [f for f in folders if f.strip("/")]
    # a machine called by a word of our own, such as "stream", leaves no trace that could be told
    names = {socket.gethostname(), getpass.getuser()} - {""}
    names = {n for n in names if not re.search(rf"\b{re.escape(n)}\b", sources)}
    words = [re.escape(f) for f in folders]
    words += [rf"(?<![\w.-]){re.escape(n)}(?![\w-])" for n in sorted(names - {"root"})]
    pattern = re.compile("|".join(words))
    made = [p for p in sorted(STREAM.rglob("*")) if p.is_file()]
    for path in [*made, *SAMPLES.glob("*.*")]:
        if found := pattern.search(read_bytes(path).decode()):
            yield f"{path.relative_to(SAMPLES)} names this machine: {found[0]}"


def rows(name: str) -> list[dict[str, str]]:
    folder = STREAM / "warehouse"
    path = next(p for p in (folder / f"{name}.csv", folder / f"{name}.csv.gz") if p.exists())
    return list(csv.DictReader(io.StringIO(read_bytes(path).decode())))


def events() -> Iterator[dict[str, Any]]:
    for path in sorted((STREAM / "openlineage").glob("*.ndjson.gz")):
        for line in read_bytes(path).splitlines():
            yield json.loads(line)


class Story:
    """The sample as two relations: what feeds what, and who read what."""

    def __init__(self) -> None:
        self.feeds: dict[str, set[str]] = defaultdict(set)
        self.states: dict[str, Counter[str]] = defaultdict(Counter)
        self.jobs: dict[str, tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
        self.schemas: dict[str, set[tuple[str, str | None]]] = defaultdict(set)
        self.status_moves: set[tuple[str, str]] = set()
        self.topic: dict[str, set[str]] = defaultdict(set)
        self.known: set[str] = set()
        for event in events():
            self._event(event)
        self._dbt()
        for edge in rows("edges"):
            source, target = edge["source"].split("#")[0], edge["target"].split("#")[0]
            self.feeds[source].add(target)
            self.known |= {source, target}
        self.known |= {node["id"] for node in rows("nodes")}
        self.usage = rows("usage")

    def _event(self, event: dict[str, Any]) -> None:
        if "job" not in event:
            return
        job = f"job:{event['job']['namespace']}/{event['job']['name']}"
        self.known.add(job)
        self.states[job][event.get("eventType", "DECLARED")] += 1
        inputs = {self._name(d) for d in event.get("inputs") or ()}
        outputs = {self._name(d) for d in event.get("outputs") or ()}
        self.known |= inputs | outputs
        for data in (*(event.get("inputs") or ()), *(event.get("outputs") or ())):
            if fields := data["facets"].get("schema", {}).get("fields"):
                columns = {(f["name"], f.get("type")) for f in fields}
                self.schemas[self._name(data)] |= columns - {("_loaded_at", "TIMESTAMP")}
        self.jobs[job][0].update(inputs)
        self.jobs[job][1].update(outputs)
        for source in inputs:
            self.feeds[source] |= outputs
        for output in event.get("outputs") or ():
            lineage = output.get("facets", {}).get("columnLineage", {}).get("fields", {})
            for name, value in lineage.items():
                for origin in value["inputFields"]:
                    if (origin["name"], origin["field"]) == ("stream.raw.payment_events", "status"):
                        self.status_moves.add((output["name"], name))
        for data in event.get("inputs") or ():
            if data["name"] == "payments.events":
                notes = {f["name"]: f.get("description") for f in data["facets"]["schema"]["fields"]}
                self.topic[str(notes["status"])].add(event["eventTime"])

    @staticmethod
    def _name(data: dict[str, Any]) -> str:
        inside = data["namespace"] == WAREHOUSE
        return data["name"] if inside else f"{data['namespace']}/{data['name']}"

    def _dbt(self) -> None:
        manifest = json.loads(read_bytes(STREAM / "dbt/target/manifest.json.gz"))
        nodes = manifest["nodes"] | manifest["sources"]
        relation = {
            key: node["relation_name"].replace('"', "")
            for key, node in nodes.items()
            if key.split(".")[0] in ("model", "source", "seed")
        }
        relation |= {key: f"report:dbt/stream.{e['name']}" for key, e in manifest["exposures"].items()}
        self.known |= set(relation.values())
        self.tables = {name for name in relation.values() if not name.startswith("report:")}
        self.filter_sql = nodes["model.stream.stg_settled_payments"]["compiled_code"]
        for child, parents in manifest["parent_map"].items():
            for parent in parents:
                if child in relation and parent in relation:
                    self.feeds[relation[parent]].add(relation[child])

    def live(self, monitors: set[str]) -> set[str]:
        """Read by a person or service in the window, or feeding something that is."""
        first = LAST_DAY - timedelta(WINDOW - 1)
        alive = {
            row["node"]
            for row in self.usage
            if first <= date.fromisoformat(row["day"]) <= LAST_DAY
            and not row["consumer"].startswith("report:")
            and row["consumer"] not in monitors
        }
        back: dict[str, set[str]] = defaultdict(set)
        for source, targets in self.feeds.items():
            for target in targets:
                back[target].add(source)
        work = list(alive)
        while work:
            for source in back[work.pop()]:
                if source not in alive:
                    alive.add(source)
                    work.append(source)
        return alive


def amounts(*names: str) -> dict[str, Decimal]:
    total: dict[str, Decimal] = defaultdict(Decimal)
    for name in names:
        for row in rows(name):
            if row["role"] == "billed":
                total[row["node"]] += Decimal(row["amount"])
    return total


def stories() -> Iterator[str]:
    truths = json.loads((SAMPLES / "truths.json").read_text())
    by_id = {truth["id"]: truth for truth in truths["truths"]}
    story = Story()
    scanner = truths["monitors"][0]
    own = {row["id"]: row["namespace"] for row in rows("nodes") if row["kind"] == "dataset"}
    tables = story.tables | {name for name, namespace in own.items() if namespace == WAREHOUSE}

    def want(condition: bool, text: str) -> Iterator[str]:
        if not condition:
            yield text

    # 1 to 4: money
    cost = amounts("costs", "costs.cdn_invoice")
    twin = (STREAM / "warehouse/costs.cdn_invoice.csv").read_bytes()
    again = (STREAM / "warehouse/costs.cdn_invoice_again.csv").read_bytes()
    yield from want(twin == again, "1: the two invoice files differ")
    yield from want(cost["stream.raw.cdn_edge_logs"] == 8, "1: the lines do not add up to 8")
    total = Decimal(truths["billed_total"])
    yield from want(sum(cost.values()) == total, f"the bill is {sum(cost.values())}, not {total}")
    yield from want(cost[""] == Decimal(truths["unallocated"]), "unallocated differs")
    hours = [row for row in rows("costs") if row["start"]]
    yield from want(len(hours) == 1 and Decimal(hours[0]["amount"]) == 6, "2: not one hour of 6.00")
    spans = {(r["start"], r["end"], r["busy_us"]) for r in rows("runs")}
    yield from want(len(rows("runs")) == 2 and len(spans) == 1, "2: not two equal half hours")
    for node, amount in (by_id[3]["given"]["costs"] | by_id[4]["given"]["costs"]).items():
        yield from want(cost[node] == Decimal(amount), f"3, 4: {node} costs {cost[node]}")
    for node, reports in by_id[3]["given"]["feeds"].items():
        yield from want(story.feeds[node] == set(reports), f"3: {node} feeds {story.feeds[node]}")
        reads = Counter[str]()
        for row in story.usage:
            if row["node"] == node:
                reads[row["consumer"]] += int(row["reads"])
        yield from want(set(reads) == set(reports), f"3: {node} is read by {set(reads)}")
        yield from want(len(set(reads.values())) == 1, f"3: reads of {node} are not equal")
    wrote = story.jobs[next(n for n in by_id[4]["given"]["costs"] if n.startswith("job:"))][1]
    yield from want(wrote == set(by_id[4]["given"]["writes"]), f"4: the job writes {wrote}")

    # 5 to 8: use
    refreshes = Counter[str]()
    for row in story.usage:
        refreshes[row["consumer"]] += int(row["reads"])
    for report, number in by_id[5]["given"]["refreshes"].items():
        yield from want(refreshes[report] == number == 12_960, f"5: {refreshes[report]} refreshes")
    for report, number in by_id[5]["given"]["views"].items():
        views = sum(int(row["reads"]) for row in story.usage if row["node"] == report)
        yield from want(views == number, f"5: {report} has {views} views")
    alive = story.live({scanner})
    dead = {name for name in tables | own.keys() if name not in alive}
    planted = {n for n in truths["not_live"] if not n.startswith("report:")}
    yield from want(dead == planted, f"unused: {sorted(dead ^ planted)} differ")
    for node, read_days in by_id[6]["given"]["read_on"].items():
        seen = [r["day"] for r in story.usage if r["node"] == node and r["consumer"] != scanner]
        yield from want(sorted(seen) == read_days, f"6: {node} was read on {seen}")
    zombies = set(by_id[6]["given"]["zombie_cycle"])
    for node in zombies:
        yield from want(story.feeds[node] <= zombies, f"6: {node} feeds {story.feeds[node]}")
    for view, base in by_id[6]["given"]["view"].items():
        readers = {r["consumer"] for r in story.usage if r["node"] == base}
        yield from want(readers == {scanner}, f"6: {base} is read by {readers}")
        yield from want(story.feeds[base] == {view}, f"6: {base} feeds {story.feeds[base]}")
    late = [row for row in story.usage if date.fromisoformat(row["day"]) > LAST_DAY]
    yield from want(len(late) == 1, f"7: {len(late)} rows from the future")
    for node, last in by_id[7]["given"]["last_read"].items():
        seen = [r["day"] for r in story.usage if r["node"] == node and r["consumer"] != scanner]
        yield from want(max(seen) == last, f"7: {node} was last read on {max(seen)}")
    scanned = {row["node"] for row in story.usage if row["consumer"] == scanner}
    yield from want(scanned == tables, f"8: not scanned: {sorted(tables - scanned)}")
    yield from want(tables <= story.live(set()), "8: not live with the scanner's reads")

    # 9 to 12: columns
    opaque = by_id[9]["given"]["opaque_job"]
    for event in events():
        job = event.get("job", {})
        if f"job:{job.get('namespace')}/{job.get('name')}" == opaque:
            facets = [o["facets"].keys() for o in event.get("outputs") or ()] + [job["facets"].keys()]
            text = "9: the opaque job tells how"
            yield from want(not any({"columnLineage", "sql"} & f for f in facets), text)
            break
    yield from want(not story.status_moves, f"12: status is carried to {story.status_moves}")
    where = story.filter_sql.split("where", 1)
    select = where[0].split("select", 1)[1]
    yield from want("status" in where[1] and "status" not in select, "12: not in WHERE alone")
    sink = story.states[by_id[12]["given"]["stream"]]
    yield from want(set(sink) == {"START", "RUNNING"}, f"12: the stream sent {dict(sink)}")
    yield from want(len(story.topic) == 2, f"12: notes on status: {list(story.topic)}")
    changed = min(story.topic["enum: captured, refunded, failed"], default="never")
    yield from want(changed == by_id[12]["expect"]["changed_at"], f"12: changed {changed}")
    decoy = story.states[by_id[12]["given"]["decoy"]["job"]]
    failed = len(by_id[12]["given"]["decoy"]["failed"])
    yield from want(decoy["FAIL"] >= failed, f"12: the decoy failed {decoy['FAIL']} times")
    other = {j for j, s in story.states.items() if s["FAIL"]}
    yield from want(len(other) > 3, f"only {other} failed")

    # all that tell of a table agree on its columns
    for name, columns in story.schemas.items():
        twice = [n for n, times in Counter(n for n, _ in columns).items() if times > 1]
        yield from want(not twice, f"{name}: types differ for {twice}")
    catalog = json.loads(read_bytes(STREAM / "dbt/target/catalog.json"))
    for node in (catalog["nodes"] | catalog["sources"]).values():
        name = ".".join(node["metadata"][part] for part in ("database", "schema", "name"))
        columns = {(col["name"], col["type"]) for col in node["columns"].values()}
        seen = story.schemas.get(name, set())
        yield from want(seen <= columns, f"{name}: not in the catalog: {sorted(seen - columns)}")

    # every name that a frame uses is told of somewhere
    for frame, names in {
        "usage": ("node", "consumer"), "costs": ("node",), "grants": ("principal", "node"),
        "edges": ("source", "target", "job"), "io": ("dataset",), "runs": ("job", "compute"),
        "aliases": ("node",),
    }.items():  # fmt: skip
        for name in sorted({row[n].split("#")[0] for row in rows(frame) for n in names}):
            yield from want(not name or name in story.known, f"{frame}: nothing is called {name}")

    # a scope covers something
    for row in rows("coverage"):
        scope = row["scope"]
        covered = any(name == scope or name.startswith((f"{scope}.", f"{scope}/")) for name in story.known)
        yield from want(covered, f"coverage: nothing is in {scope}")

    # nor does the README speak of anything that is not there
    readme = (SAMPLES / "README.md").read_text()
    pattern = r"`((?:stream\.[a-z]+\.|(?:job|report|principal|compute):|adplatform/)[\w./:-]+)[`#]"
    for name in sorted(set(re.findall(pattern, readme))):
        yield from want(bool({name, f"job:dbt/{name}"} & story.known), f"README: {name}?")


def run() -> list[str]:
    problems = [*neutral(), *stories()]
    size = sum(p.stat().st_size for p in SAMPLES.rglob("*") if p.is_file())
    if size > LIMIT:
        problems.append(f"{size:,} bytes in total")
    return problems


if __name__ == "__main__":
    found = run()
    print("\n".join(found) or "as promised")
    raise SystemExit(bool(found))
