"""A slow, obvious reader of OpenLineage events: json.loads, dicts, one event at a time.

It answers with the same frames as `lineage_nb.sources.openlineage.reader`, as dicts of rows, and with the reasons of
what it rejects. Claims get the edges they make as their key, where the reader has a digest.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from lineage_nb.model.ids import column_id, node_id

STATES = ("START", "RUNNING", "COMPLETE", "FAIL", "ABORT", "OTHER")
TRANSFORMATION = {"type": str, "subtype?": str, "masking?": bool}
INPUT_FIELD = {"namespace": str, "name": str, "field": str, "transformations?": [TRANSFORMATION]}
FIELD: dict[str, Any] = {"name": str, "type?": str, "description?": str, "ordinal_position?": int}
FIELD["fields?"] = [FIELD]
LINEAGE_INPUT = {"type": str, "namespace?": str, "name?": str, "field?": str, "transformations?": [TRANSFORMATION]}
LINEAGE_FIELDS = {"*": {"inputs": [LINEAGE_INPUT]}}
TAGS = {"tags?": [{"key": str, "value?": (str, bool), "field?": str}]}
OWNERS = {"owners?": [{"name": str}]}
NAME = {"namespace": str, "name": str}
STATISTICS = {"rowCount?": float, "size?": float}
SHAPES: dict[str, dict[str, Any]] = {
    "dataset": {
        "schema": {"fields?": [FIELD]},
        "columnLineage": {
            "fields": {"*": {"inputFields": [INPUT_FIELD], "transformationType?": str}},
            "dataset?": [INPUT_FIELD],
        },
        "lineage": {"inputs?": [LINEAGE_INPUT], "fields": LINEAGE_FIELDS},
        "ownership": OWNERS,
        "tags": TAGS,
        "documentation": {"description?": str},
        "symlinks": {"identifiers?": [NAME]},
        "datasetType": {"datasetType?": str},
        "lifecycleStateChange": {"lifecycleStateChange?": str, "previousIdentifier?": NAME},
        "dataQualityMetrics": {"bytes?": float},
    },
    "job": {
        "jobType": {"processingType?": str, "integration?": str, "jobType?": str},
        "ownership": OWNERS,
        "documentation": {"description?": str},
        "tags": TAGS,
        "lineage": {
            "entries": [
                {"type": str, "namespace?": str, "name?": str, "inputs?": [LINEAGE_INPUT], "fields": LINEAGE_FIELDS}
            ]
        },
    },
    "run": {"nominalTime": {"nominalStartTime?": str}, "parent": {"job?": NAME}},
    "in": {"inputStatistics": STATISTICS, "dataQualityMetrics": {"bytes?": float}},
    "out": {"outputStatistics": STATISTICS},
}
MAY_LACK = {"fields", "entries"}


def fits(value: Any, shape: Any) -> bool:
    if isinstance(shape, list):
        return isinstance(value, list) and all(fits(v, shape[0]) for v in value)
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            return False
        if "*" in shape:
            return all(fits(v, shape["*"]) for v in value.values())
        return all(
            value.get(k) is None or fits(value[k], s)
            if (k := key.removesuffix("?")) != key
            else (k in value and fits(value[k], s)) or (k in MAY_LACK and k not in value)
            for key, s in shape.items()
        )
    if shape in (int, float):
        return isinstance(value, int if shape is int else (int, float)) and not isinstance(value, bool)
    return isinstance(value, shape)


class Unfit(Exception):
    pass


def facets(kind: str, value: Any, lost: list[str]) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        lost.append("facets")
        return {}
    found = {}
    for name, shape in SHAPES[kind].items():
        facet = value.get(name)
        if facet is None:
            continue
        if not fits(facet, shape) or not isinstance(facet.get("_deleted"), bool | None):
            lost.append(name)
        elif not facet.get("_deleted"):
            found[name] = facet
    return found


def moment(text: Any) -> datetime:
    time = datetime.fromisoformat(text)
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def count(number: Any) -> int | None:
    if number is None or number < 0:
        return None
    if number != int(number) or number > 2**63 - 1:
        raise Unfit
    return int(number)


def transformations(given: dict[str, Any], default: list[dict[str, Any]]) -> list[tuple[str, str | None, bool | None, str | None]]:
    out = []
    for t in given.get("transformations") or default:
        kind = t["type"].upper()
        if kind not in ("DIRECT", "INDIRECT"):
            raise Unfit
        out.append((kind, (t.get("subtype") or "").upper() or None, t.get("masking"), t.get("description")))
    return out


def verdict(kind: str, subtype: str | None, masking: bool | None, description: str | None = None) -> str | None:
    if kind != "DIRECT":
        return None
    if subtype == "AGGREGATION":
        function = (description or "").partition("(")[0].lower()
        if function in ("count", "sum", "avg"):
            return "aggregated"
        if function in ("max", "collect_list"):
            return "pseudonymised" if masking else "plain"
    return "pseudonymised" if masking else {"IDENTITY": "plain"}.get(subtype or "")


Edge = tuple[str, str, str, str | None, str | None, bool | None, str]


def column_lineage(facet: dict[str, Any], target: str, job: str | None) -> list[Edge]:
    evidence, edges = "openlineage:columnLineage", []
    told = {"IDENTITY": ("IDENTITY", None), "MASKED": (None, True)}
    for name, entry in facet.get("fields", {}).items():
        column = column_id(target, name)
        sub, masked = told.get((entry.get("transformationType") or "").upper(), (None, None))
        default = [{"type": "DIRECT", "subtype": sub, "masking": masked}]
        if not entry["inputFields"] and job:
            edges.append((job, column, "WRITE", None, None, None, evidence))
        for i in entry["inputFields"]:
            source = column_id(node_id("dataset", i["namespace"], i["name"]), i["field"])
            for kind, subtype, masking, told_by in transformations(i, default):
                wide = kind == "INDIRECT" and subtype in ("FILTER", "JOIN", "GROUP_BY", "SORT")
                said = verdict(kind, subtype, masking, told_by)
                edges.append((source, target if wide else column, kind, subtype, said, masking, evidence))
    for i in facet.get("dataset") or ():
        source = column_id(node_id("dataset", i["namespace"], i["name"]), i["field"])
        for kind, subtype, masking, told_by in transformations(i, [{"type": "INDIRECT"}]):
            edges.append((source, target, kind, subtype, verdict(kind, subtype, masking, told_by), masking, evidence))
    return edges


def entity(given: dict[str, Any]) -> tuple[str, str | None]:
    """Kind and id of one end; None: the event's own job."""
    kind, namespace, name = given["type"].upper(), given.get("namespace"), given.get("name")
    if kind not in ("DATASET", "JOB") or (namespace is None) != (name is None):
        raise Unfit
    if namespace is None:
        if kind == "DATASET":
            raise Unfit
        return kind, None
    return kind, node_id(kind.lower(), namespace, str(name))


def stated(facet: dict[str, Any], to_job: bool, target: str | None, job: str | None) -> list[Edge]:
    """Edges of a lineage facet, or of an entry of one."""
    evidence, edges = "openlineage:lineage", []
    levels = [] if facet.get("inputs") is None else [(None, facet["inputs"])]
    if not to_job:
        levels += [(name, entry["inputs"]) for name, entry in facet.get("fields", {}).items()]
    own_target = job if to_job and target is None else target
    for into, inputs in levels:
        end = own_target if into is None else column_id(str(target), into)
        if not inputs and not to_job and job:
            edges.append((job, end, "WRITE", None, None, None, evidence))
        for given in inputs:
            kind, source = entity(given)
            field = given.get("field") or None
            plain = "DIRECT" if into is not None or field is None else "INDIRECT"
            if kind == "JOB" and to_job:
                continue
            if kind == "DATASET" and field is not None:
                source = column_id(str(source), field)
            if kind == "JOB" and source is None:
                source = job
            for how, subtype, masking, told_by in transformations(given, [{"type": plain}]):
                if kind == "JOB" or to_job:
                    tie = "WRITE" if kind == "JOB" else "READ"
                    edge = (source, end, tie, subtype if given.get("transformations") else None, None, None, evidence)
                else:
                    wide = how == "INDIRECT" and subtype in ("FILTER", "JOIN", "GROUP_BY", "SORT")
                    said = verdict(how, subtype, masking, told_by)
                    edge = (source, own_target if wide else end, how, subtype, said, masking, evidence)
                if edge[0] is not None and edge[1] is not None:
                    edges.append(edge)  # type: ignore[arg-type]
    return edges


def tags(facet: dict[str, Any]) -> dict[str | None, set[str]]:
    found: dict[str | None, set[str]] = {}
    for tag in facet.get("tags") or ():
        value = tag.get("value")
        value = str(value).lower() if isinstance(value, bool) else value or ""
        key = tag["key"]
        if key.lower() == "pii" or key.lower().startswith("pii:"):
            key = "pii" + key[3:]
            if value.lower() in ("false", "no", "0", "none"):
                text = f"{key}={value}"
            elif ":" in key and value.lower() in ("", "true"):
                text = key
            else:
                text = f"{key}:{value or 'true'}"
        else:
            text = f"{key}:{value}" if value else key
        found.setdefault(tag.get("field") or None, set()).add(text)
    return found


def owners(facet: dict[str, Any]) -> tuple[str, ...] | None:
    return tuple(sorted({o["name"] for o in facet.get("owners") or () if o["name"]})) or None


class Twin:
    """Rows by frame, spans of time by content."""

    def __init__(self) -> None:
        self.nodes: dict[tuple[Any, ...], tuple[datetime, datetime]] = {}
        self.edges: dict[tuple[Any, ...], tuple[datetime, datetime]] = {}
        self.runs: set[tuple[Any, ...]] = set()
        self.io: set[tuple[Any, ...]] = set()
        self.aliases: set[tuple[Any, ...]] = set()
        self.reasons: list[str] = []
        self.lost: list[str] = []

    def read(self, lines: list[bytes]) -> Twin:
        for line in lines:
            if line.strip():
                reason = self.event(line)
                if reason:
                    self.reasons.append(reason)
        return self

    def event(self, line: bytes) -> str | None:
        try:
            text = line.decode()
        except UnicodeDecodeError:
            return "not valid UTF-8"
        try:
            event = json.loads(text, parse_constant=lambda c: json.loads("?"))
            json.dumps(event, ensure_ascii=False).encode()
        except ValueError:
            return "not valid JSON"
        if not isinstance(event, dict):
            return "not a JSON object"
        try:
            time = moment(event["eventTime"])
        except (KeyError, TypeError, ValueError):
            return "eventTime is missing or not a time"
        state, run, job = event.get("eventType"), event.get("run"), event.get("job")
        if not isinstance(state, str | None):
            return "eventType is none of START, RUNNING, COMPLETE, FAIL, ABORT, OTHER"
        if run is not None:
            if job is None:
                return "a run without a job"
            state = (state or "OTHER").upper() if state != "" else "OTHER"
            if state not in STATES:
                return "eventType is none of START, RUNNING, COMPLETE, FAIL, ABORT, OTHER"
            if not fits(run, {"runId": str}):
                return "run is not an object with a runId"
        elif job is None:
            if event.get("dataset") is None:
                return "neither a run, a job nor a dataset"
            if not fits(event["dataset"], NAME):
                return "dataset is not an object with namespace and name"
            self.dataset(event["dataset"], time, None, set(), True)
            return None
        for side in ("inputs", "outputs"):
            if event.get(side) is not None and not fits(event[side], [NAME]):
                return f"{side} is not a list of objects with namespace and name"
        if not fits(job, NAME):
            return "job is not an object with namespace and name"
        self.job_event(event, time, state if run is not None else "DECLARED")
        return None

    def node(self, time: datetime, **row: Any) -> None:
        columns = "id kind type namespace name parent data_type ordinal owners tags bytes description deleted_at"
        span(self.nodes, tuple(row.get(c) for c in columns.split()), time, time)

    def mention(self, id_: str, time: datetime) -> None:
        from lineage_nb.model.ids import parse_id

        parts = parse_id(id_)
        assert parts is not None
        if parts.kind == "column":
            self.mention(id_[: id_.index("#")], time)
        else:
            self.node(time, id=id_, kind=parts.kind, namespace=parts.namespace, name=parts.name)

    def edge(self, edge: Edge, job: str | None, claim: Any, time: datetime) -> None:
        span(self.edges, (*edge, job, claim), time, time)
        self.mention(edge[0], time)
        self.mention(edge[1], time)

    def dataset(
        self, given: dict[str, Any], time: datetime, job: str | None, covered: set[str], proven: bool, written: bool = False
    ) -> list[Edge]:
        """Note what is said of a dataset; returns the edges it states."""
        namespace, name = given["namespace"], given["name"]
        id_ = node_id("dataset", namespace, name)
        found, edges = facets("dataset", given.get("facets"), self.lost), []
        explicit = id_ in covered
        if "lineage" in found:
            try:
                edges += stated(found["lineage"], False, id_, job)
                explicit = True
            except Unfit:
                self.lost.append("lineage")
        if "columnLineage" in found and not explicit:
            try:
                edges += column_lineage(found["columnLineage"], id_, job)
            except Unfit:
                self.lost.append("columnLineage")
        tagged, stored = tags(found.get("tags", {})), None
        try:
            stored = count(found.get("dataQualityMetrics", {}).get("bytes"))
        except Unfit:
            self.lost.append("dataQualityMetrics")
        self.node(
            time,
            id=id_,
            kind="dataset",
            type=(found.get("datasetType", {}).get("datasetType") or "").strip().lower() or None,
            namespace=namespace,
            name=name,
            owners=owners(found.get("ownership", {})),
            tags=tuple(sorted(tagged.pop(None, ()))) or None,
            bytes=stored,
            description=found.get("documentation", {}).get("description") or None,
        )
        column = {"kind": "column", "namespace": namespace, "parent": id_}
        for field, texts in tagged.items():
            self.node(time, id=column_id(id_, str(field)), name=field, tags=tuple(sorted(texts)), **column)
        self.schema(found.get("schema", {}).get("fields") or [], "", id_, column, time)
        for link in found.get("symlinks", {}).get("identifiers") or ():
            self.aliases.add((node_id("dataset", link["namespace"], link["name"]), id_, "openlineage:symlinks"))
        change = found.get("lifecycleStateChange", {})
        word, before = (change.get("lifecycleStateChange") or "").upper(), change.get("previousIdentifier")
        if proven and word == "DROP":
            self.node(time, id=id_, kind="dataset", namespace=namespace, name=name, deleted_at=time)
        if proven and word == "RENAME" and before:
            self.aliases.add((node_id("dataset", before["namespace"], before["name"]), id_, "openlineage:rename"))
        if written:
            self.rewritten = word in ("CREATE", "OVERWRITE")
            self.emptied = word == "TRUNCATE"
            return edges
        for edge in edges:
            self.edge(edge, None, None, time)
        return edges

    def schema(self, fields: list[Any], prefix: str, id_: str, column: dict[str, Any], time: datetime) -> None:
        for position, field in enumerate(fields):
            name, given = prefix + field["name"], field.get("ordinal_position")
            self.node(
                time,
                id=column_id(id_, name),
                name=name,
                data_type=field.get("type") or None,
                description=field.get("description") or None,
                ordinal=given - 1 if given and given > 0 else position,
                **column,
            )
            self.schema(field.get("fields") or [], name + ".", id_, column, time)

    def statistics(self, kind: str, name: str, given: dict[str, Any]) -> tuple[Any, Any, dict[str, Any]]:
        found = facets(kind, given.get(f"{kind}putFacets"), self.lost)
        try:
            return count(found.get(name, {}).get("rowCount")), count(found.get(name, {}).get("size")), found
        except Unfit:
            self.lost.append(name)
            return None, None, found

    def job_event(self, event: dict[str, Any], time: datetime, state: str) -> None:
        given = event["job"]
        job = node_id("job", given["namespace"], given["name"])
        run = event["run"]["runId"] if event.get("run") is not None else None
        found = facets("job", given.get("facets"), self.lost)
        if isinstance(given.get("facets"), dict) and given["facets"].get("sql") is not None:
            self.lost.append("sql")
        parts = found.get("jobType", {})
        kind = "/".join(p.strip().lower() for k in ("processingType", "integration", "jobType") if (p := parts.get(k)))
        named = {"id": job, "kind": "job", "namespace": given["namespace"], "name": given["name"]}
        self.node(
            time,
            **named,
            type=kind or None,
            owners=owners(found.get("ownership", {})),
            tags=tuple(sorted(tags(found.get("tags", {})).get(None, ()))) or None,
            description=found.get("documentation", {}).get("description") or None,
        )
        done = state in ("COMPLETE", "DECLARED") or kind.startswith(("streaming", "service"))
        covered = set()
        for entry in found.get("lineage", {}).get("entries", ()):
            try:
                what, target = entity(entry)
                edges = stated(entry, what == "JOB", target, job)
            except Unfit:
                self.lost.append("lineage")
                continue
            if what == "DATASET":
                covered.add(target)
                claim = None if done else (job, target, frozenset(edges))
                if run is not None and claim:
                    self.io.add((run, target, "out", None, None, claim))
                self.mention(str(target), time)
            elif any(i["type"].upper() == "JOB" for i in entry.get("inputs") or ()):
                self.lost.append("job to job")
            for edge in edges:
                self.edge(edge, job, claim if what == "DATASET" else None, time)
        for side in event.get("inputs") or ():
            id_ = node_id("dataset", side["namespace"], side["name"])
            self.dataset(side, time, None, set(), True)
            rows, size, more = self.statistics("in", "inputStatistics", side)
            try:
                stored = count(more.get("dataQualityMetrics", {}).get("bytes"))
            except Unfit:
                self.lost.append("dataQualityMetrics")
                stored = None
            if stored is not None:
                self.node(time, id=id_, kind="dataset", namespace=side["namespace"], name=side["name"], bytes=stored)
            self.edge((id_, job, "READ", None, None, None, "openlineage:inputs"), job, None, time)
            if run is not None:
                self.io.add((run, id_, "in", rows, size, None))
        for side in event.get("outputs") or ():
            id_ = node_id("dataset", side["namespace"], side["name"])
            rows, size, _ = self.statistics("out", "outputStatistics", side)
            proven = done or bool(rows) or bool(size)
            edges = self.dataset(side, time, job, covered, proven, written=True)
            over = "OVERWRITE" if self.emptied and state == "COMPLETE" else None
            edges.append((job, id_, "WRITE", over, None, None, "openlineage:outputs"))
            claim = None if proven else (job, id_, frozenset(edges))
            for edge in edges:
                self.edge(edge, job, claim, time)
            if proven and self.rewritten and size is not None:
                self.node(time, id=id_, kind="dataset", namespace=side["namespace"], name=side["name"], bytes=size)
            if run is not None:
                self.io.add((run, id_, "out", rows, size, claim))
        if run is not None:
            self.run(event["run"], run, job, named, time, state)

    def run(self, given: Any, run: str, job: str, named: dict[str, Any], time: datetime, state: str) -> None:
        about = facets("run", given.get("facets"), self.lost)
        nominal = None
        if "nominalTime" in about:
            try:
                nominal = moment(about["nominalTime"]["nominalStartTime"])
            except (KeyError, TypeError, ValueError):
                self.lost.append("nominalTime")
        if "parent" in about:
            above = about["parent"].get("job")
            if above is None:
                self.lost.append("parent")
            else:
                parent = node_id("job", above["namespace"], above["name"])
                self.mention(parent, time)
                self.node(time, **named, parent=parent)
        start = time if state == "START" else None
        end = time if state in ("COMPLETE", "FAIL", "ABORT") else None
        self.runs.add((job, run, nominal, start, end, None if state == "OTHER" else state))


def span(rows: dict[tuple[Any, ...], tuple[datetime, datetime]], key: tuple[Any, ...], a: datetime, b: datetime) -> None:
    first, last = rows.get(key, (a, b))
    rows[key] = (min(first, a), max(last, b))


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)
