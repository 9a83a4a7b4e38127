"""How OpenLineage spells what is known of jobs and datasets: names, facets, and what flows into a dataset."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

__all__ = ["PRODUCER", "SPEC", "Flow", "Json", "Place", "Step", "about", "facet", "job_type", "lineage", "named", "schema_field"]

PRODUCER: Final = "urn:lineage-nb"
SPEC: Final = "https://openlineage.io/spec"
_FACETS: Final = {
    "schema": "1-2-0/SchemaDatasetFacet",
    "columnLineage": "1-2-0/ColumnLineageDatasetFacet",
    "lineage": "1-0-0/LineageFacet.json#/$defs/LineageDatasetFacet",
    "datasetType": "1-0-1/DatasetTypeDatasetFacet",
    "dataQualityMetrics": "1-0-0/DataQualityMetricsDatasetFacet",
    "lifecycleStateChange": "1-0-1/LifecycleStateChangeDatasetFacet",
    "symlinks": "1-0-1/SymlinksDatasetFacet",
    "jobType": "2-0-4/JobTypeJobFacet",
}
_ABOUT: Final = {"ownership": ("1-0-1", "Ownership"), "tags": ("1-0-0", "Tags"), "documentation": ("1-1-0", "Documentation")}
_PROCESSING: Final = ("batch", "streaming", "service")

Json = dict[str, Any]
Row = Mapping[str, Any]


class Place(NamedTuple):
    """How OpenLineage names a dataset, a job, or a column of a dataset."""

    namespace: str
    name: str
    field: str | None = None


class Step(NamedTuple):
    """A transformation: type, subtype and description."""

    type: str
    subtype: str | None
    description: str | None = None


Steps = dict[Step, set[bool]]
"""What is known of the masking of each transformation."""


@dataclass
class Flow:
    """What flows into one dataset, by one job: into all of it, into each column, and the columns it makes from nothing."""

    whole: dict[Place, Steps] = field(default_factory=dict)
    columns: dict[str, dict[Place, Steps]] = field(default_factory=dict)
    made: set[str] = field(default_factory=set)


def named(place: Place, facets: Json | None = None) -> Json:
    """A dataset or job by its name, with facets if there are any."""
    name: Json = {"namespace": place.namespace, "name": place.name}
    return name | {"facets": facets} if facets else name


def facet(name: str, **content: Any) -> Json:
    """A facet with its content."""
    where = _FACETS[name]
    if ".json" not in where:
        where = f"{where}.json#/$defs/{where.partition('/')[2]}"
    return {"_producer": PRODUCER, "_schemaURL": f"{SPEC}/facets/{where}", **content}


def about(row: Row, what: str, of_columns: Iterable[tuple[str, str]] = ()) -> Json:
    """What people say of a job or dataset: owners, tags, description."""
    tags = [_tag(tag) for tag in row.get("tags") or ()]
    tags += [_tag(tag) | {"field": column} for column, tag in of_columns]
    said: dict[str, Json] = {
        "ownership": {"owners": [{"name": name} for name in row.get("owners") or ()]},
        "tags": {"tags": tags},
        "documentation": {"description": row.get("description")},
    }
    facets = {}
    for name, content in said.items():
        if next(iter(content.values())):
            version, title = _ABOUT[name]
            where = f"{SPEC}/facets/{version}/{title}{what}Facet.json#/$defs/{title}{what}Facet"
            facets[name] = {"_producer": PRODUCER, "_schemaURL": where, **content}
    return facets


def _tag(text: str) -> Json:
    """Take ``key:value`` apart; ``pii:…`` is kept so that no label reads as a denial."""
    key, colon, value = text.partition(":")
    if not (key and colon and value) or (key.lower() == "pii" and value.lower() in ("false", "no", "0", "none")):
        return {"key": text, "value": "true" if text.lower().startswith("pii:") else ""}
    return {"key": key, "value": value}


def job_type(text: str) -> Json:
    """Spell ``batch/dbt/model`` as the three words it is made of, anything else as one."""
    words = text.split("/", 2)
    if words[0] in _PROCESSING:
        names = ("processingType", "integration", "jobType")
        return {"integration": "", **{n: w.upper() for n, w in zip(names, words, strict=False)}}
    return {"processingType": "", "integration": "", "jobType": text}


def schema_field(name: str, row: Row) -> Json:
    """A column as a field of the ``schema`` facet; positions count from 1 there."""
    facts = {
        "type": row["data_type"],
        "description": row["description"],
        "ordinal_position": None if row["ordinal"] is None or row["ordinal"] < 0 else row["ordinal"] + 1,
    }
    return {"name": name} | {k: v for k, v in facts.items() if v is not None}


# -- lineage facets -----------------------------------------------------------------------------------------------


def lineage(flow: Flow) -> Json:
    """The facets that say what flows into a dataset."""
    facets = {}
    fields = {c: _sources(flow.columns.get(c, {})) for c in sorted(flow.columns.keys() | flow.made)}
    told = {c: {"inputFields": s} for c, s in fields.items() if s or not flow.columns.get(c)}
    whole = _sources(flow.whole)
    if told or whole:
        facets["columnLineage"] = facet("columnLineage", fields=told, **({"dataset": whole} if whole else {}))
    unsaid = any(p.field is None for sources in (flow.whole, *flow.columns.values()) for p in sources)
    if unsaid or any(flow.columns.get(c) for c in flow.made):
        entries = {c: {"inputs": list(_entries(flow, c))} for c in fields}
        inputs = [_input(p, steps) for p, steps in _in_order(flow.whole)]
        facets["lineage"] = facet("lineage", **({"inputs": inputs} if inputs else {}), fields=entries)
    return facets


def _entries(flow: Flow, column: str) -> Iterator[Json]:
    """Inputs of a column in the ``lineage`` facet; the job itself where it makes a column that others influence."""
    sources = flow.columns.get(column, {})
    if sources and column in flow.made:
        yield {"type": "JOB"}
    for place, steps in _in_order(sources):
        yield _input(place, steps)


def _in_order(sources: Mapping[Place, Steps]) -> list[tuple[Place, Steps]]:
    return sorted(sources.items(), key=lambda item: (item[0].namespace, item[0].name, item[0].field or ""))


def _sources(sources: Mapping[Place, Steps]) -> list[Json]:
    """Inputs as the ``columnLineage`` facet names them: columns only."""
    return [
        named(p) | {"field": p.field, "transformations": _transformations(steps)}
        for p, steps in _in_order(sources)
        if p.field is not None
    ]


def _input(place: Place, steps: Steps) -> Json:
    of_column = {} if place.field is None else {"field": place.field}
    return {"type": "DATASET", **named(place), **of_column, "transformations": _transformations(steps)}


def _transformations(steps: Steps) -> list[Json]:
    """Spell transformations; one that is told differently masks only if nobody denies it."""
    told = []
    for step in sorted(steps, key=lambda s: (s.type, s.subtype or "", s.description or "")):
        masks = steps[step]
        subtype = {} if step.subtype is None else {"subtype": step.subtype}
        masking = {} if not masks else {"masking": all(masks)}
        described = {} if step.description is None else {"description": step.description}
        told.append({"type": step.type, **subtype, **described, **masking})
    return told
