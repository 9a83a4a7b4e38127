"""The facets of OpenLineage that the model has a place for: their shapes.

A facet is decoded strictly and its surroundings tolerantly: keys nobody asked for are skipped, a facet
that does not fit its specification is left out and named, and its neighbours are still read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Raw, Struct, field

from lineage_nb.sources.openlineage.words import Misfit, whole

__all__ = [
    "DatasetFacets",
    "InputFacets",
    "JobFacets",
    "LineageEntry",
    "LineageInput",
    "OutputFacets",
    "RunFacets",
    "SchemaField",
    "Transformation",
    "decode_dataset_facets",
    "decode_facets",
    "decode_fitting",
    "decode_transformations",
    "job_type",
    "names",
    "statistics",
    "tag_texts",
    "without_deleted",
]

_F = TypeVar("_F", bound=Struct)


class _Facet(Struct, gc=False):
    deleted: bool | None = field(default=None, name="_deleted")


class SchemaField(Struct, gc=False):
    """A column, or a field nested in one."""

    name: str
    type: str | None = None
    description: str | None = None
    ordinal_position: int | None = None
    fields: list[SchemaField] | None = None


class _Schema(_Facet, gc=False):
    fields: list[SchemaField] | None = None


class Transformation(Struct, gc=False):
    """What happened on the way from one input to an output."""

    type: str
    subtype: str | None = None
    masking: bool | None = None
    description: str | None = None


class _InputField(Struct, gc=False):
    namespace: str
    name: str
    field: str
    transformations: Raw = Raw()
    """Left as it is: few ever differ."""


class _ColumnEntry(Struct, gc=False):
    inputFields: list[_InputField]  # noqa: N815 - the specification's spelling
    transformationType: str | None = None  # noqa: N815


class _ColumnLineage(_Facet, gc=False):
    fields: dict[str, _ColumnEntry] = field(default_factory=dict)
    dataset: list[_InputField] | None = None


class LineageInput(Struct, gc=False):
    """A dataset, a field of one, or a job that feeds something; a job without a name is the event's own."""

    type: str
    namespace: str | None = None
    name: str | None = None
    field: str | None = None
    transformations: list[Transformation] | None = None


class _LineageField(Struct, gc=False):
    inputs: list[LineageInput]


class LineageEntry(_Facet, gc=False):
    """What feeds one dataset or job. As a facet of a dataset it speaks of that dataset."""

    type: str = "DATASET"
    namespace: str | None = None
    name: str | None = None
    inputs: list[LineageInput] | None = None
    fields: dict[str, _LineageField] = field(default_factory=dict)


class _JobLineage(_Facet, gc=False):
    entries: list[LineageEntry] = field(default_factory=list)


class _Owner(Struct, gc=False):
    name: str


class _Ownership(_Facet, gc=False):
    owners: list[_Owner] | None = None


class _Tag(Struct, gc=False):
    key: str
    value: str | bool | None = None
    field: str | None = None


class _Tags(_Facet, gc=False):
    tags: list[_Tag] | None = None


class _DbtNode(Struct, gc=False):
    unique_id: str | None = None


class _Documentation(_Facet, gc=False):
    description: str | None = None


class _Name(Struct, gc=False):
    namespace: str
    name: str


class _Symlinks(_Facet, gc=False):
    identifiers: list[_Name] | None = None


class _DatasetType(_Facet, gc=False):
    datasetType: str | None = None  # noqa: N815


class _Lifecycle(_Facet, gc=False):
    lifecycleStateChange: str | None = None  # noqa: N815
    previousIdentifier: _Name | None = None  # noqa: N815


class _Quality(_Facet, gc=False):
    bytes: int | float | None = None


class _Statistics(_Facet, gc=False):
    rowCount: int | float | None = None  # noqa: N815
    size: int | float | None = None


class _JobType(_Facet, gc=False):
    processingType: str | None = None  # noqa: N815
    integration: str | None = None
    jobType: str | None = None  # noqa: N815


class _Nominal(_Facet, gc=False):
    nominalStartTime: str | None = None  # noqa: N815


class _Parent(_Facet, gc=False):
    job: _Name | None = None


class DatasetFacets(Struct, gc=False):
    """Facets of any dataset."""

    schema: _Schema | None = None
    columnLineage: _ColumnLineage | None = None  # noqa: N815
    lineage: LineageEntry | None = None
    ownership: _Ownership | None = None
    tags: _Tags | None = None
    documentation: _Documentation | None = None
    symlinks: _Symlinks | None = None
    datasetType: _DatasetType | None = None  # noqa: N815
    lifecycleStateChange: _Lifecycle | None = None  # noqa: N815
    dataQualityMetrics: _Quality | None = None  # noqa: N815


class InputFacets(Struct, gc=False):
    """Facets of a dataset as one run read it."""

    inputStatistics: _Statistics | None = None  # noqa: N815
    dataQualityMetrics: _Quality | None = None  # noqa: N815


class OutputFacets(Struct, gc=False):
    """Facets of a dataset as one run wrote it."""

    outputStatistics: _Statistics | None = None  # noqa: N815


class JobFacets(Struct, gc=False):
    """Facets of a job; the statement in `sql` holds literals, which are data, and is only counted."""

    jobType: _JobType | None = None  # noqa: N815
    ownership: _Ownership | None = None
    documentation: _Documentation | None = None
    tags: _Tags | None = None
    lineage: _JobLineage | None = None
    dbt_node: _DbtNode | None = None
    sql: Raw = Raw()


class RunFacets(Struct, gc=False):
    """Facets of a run."""

    nominalTime: _Nominal | None = None  # noqa: N815
    parent: _Parent | None = None


_loose = msgspec.json.Decoder(dict[str, Raw])


@cache
def _decoders(kind: type[Struct]) -> tuple[msgspec.json.Decoder[Any], Mapping[str, msgspec.json.Decoder[Any]]]:
    each = {f.name: msgspec.json.Decoder(f.type) for f in msgspec.structs.fields(kind)}
    return msgspec.json.Decoder(kind | None), each


def decode_facets(kind: type[_F], raw: bytes | Raw, misfits: list[str]) -> _F:
    """Decode a ``facets`` object; facets that do not fit are left out and named in `misfits`.

    Examples
    --------
    >>> wrong: list[str] = []
    >>> facets = decode_facets(JobFacets, b'{"documentation": {"description": "ok"}, "tags": 5}', wrong)
    >>> facets.documentation.description, wrong
    ('ok', ['tags'])
    """
    return without_deleted(decode_fitting(kind, raw, misfits))


def decode_fitting(kind: type[_F], raw: bytes | Raw, misfits: list[str]) -> _F:
    """Decode as `decode_facets` does, and keep those that say they are deleted."""
    if not raw:
        return kind()
    whole_decoder, each = _decoders(kind)
    try:
        facets = whole_decoder.decode(raw)
    except msgspec.ValidationError:
        facets = _decode_each(kind, raw, each, misfits)
    return kind() if facets is None else facets


def without_deleted(facets: _F) -> _F:
    """Take out the facets that say they are ``_deleted``."""
    for name in facets.__struct_fields__:
        facet = getattr(facets, name)
        if isinstance(facet, _Facet) and facet.deleted:
            setattr(facets, name, None)
    return facets


def _decode_each(
    kind: type[Struct], raw: bytes | Raw, each: Mapping[str, msgspec.json.Decoder[Any]], misfits: list[str]
) -> Struct:
    try:
        parts = _loose.decode(raw)
    except msgspec.ValidationError:
        misfits.append("facets")
        return kind()
    fitting = {}
    for name, decoder in each.items():
        if name in parts:
            try:
                fitting[name] = decoder.decode(parts[name])
            except msgspec.ValidationError:
                misfits.append(name)
    return kind(**fitting)


decode_transformations: Final = msgspec.json.Decoder(list[Transformation] | None).decode
decode_dataset_facets: Final = msgspec.json.Decoder(DatasetFacets).decode


def names(owners: _Ownership | None) -> tuple[str, ...]:
    """List who is named in an ownership facet, sorted; empty when nobody is."""
    return tuple(sorted({o.name for o in owners.owners or () if o.name})) if owners else ()


def tag_texts(tags: _Tags | None) -> dict[str | None, tuple[str, ...]]:
    """List the tags of each field, sorted; None stands for the dataset or job itself.

    A key alone stays alone, as does one that already says it all (``pii:email``) with the value ``true``.
    Otherwise it becomes ``key:value``, so that ``pii`` = ``email`` is ``pii:email``; ``pii`` = ``false``
    becomes ``pii=false``, since it denies what ``pii:…`` would say.
    """
    collected: dict[str | None, set[str]] = {}
    for tag in tags.tags or () if tags else ():
        value = str(tag.value).lower() if isinstance(tag.value, bool) else (tag.value or "")
        key = tag.key
        if key.lower() == "pii" or key.lower().startswith("pii:"):
            key = "pii" + key[3:]
            if value.lower() in ("false", "no", "0", "none"):
                text = f"{key}={value}"
            else:
                text = key if ":" in key and value.lower() in ("", "true") else f"{key}:{value or 'true'}"
        else:
            text = f"{key}:{value}" if value else key
        collected.setdefault(tag.field or None, set()).add(text)
    return {at: tuple(sorted(texts)) for at, texts in collected.items()}


def job_type(texts: Iterable[str | None]) -> str:
    """Spell a jobType facet as ``batch/dbt/model``: processing type, integration, type, where given."""
    return "/".join(p.strip().lower() for p in texts if p)


def statistics(name: str, facet: _Statistics | None, misfits: list[str]) -> tuple[int, int]:
    """Rows and bytes; -1 where not known."""
    if facet is None:
        return -1, -1
    try:
        return whole(facet.rowCount), whole(facet.size)
    except Misfit:
        misfits.append(name)
        return -1, -1
