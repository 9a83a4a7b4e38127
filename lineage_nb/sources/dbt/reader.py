"""dbt's artifacts: manifest.json (v4 and later), catalog.json, run_results.json, sources.json.

What becomes of them
    - a model, seed, snapshot or source → a dataset ``adapter/database.schema.name`` with its columns; what
      builds it → a job ``job:dbt/package.name`` that reads and writes; an exposure or saved query → a report;
    - ephemeral models, metrics, semantic models and functions have no relation: lineage passes through them, and
      the evidence names them (``dbt:manifest via model.shop.stg_orders``). Tests, analyses and hooks are
      counted, no more;
    - compiled SQL of models and snapshots → how their columns flow, see `lineage_nb.sources.dbt.sql`;
    - dbt's ``relation_name`` becomes an alias of the relation, its ``unique_id`` one of what it names: the job of
      a model, the relation of a source, the report of an exposure. By these other sources meet the same nodes.

What is understood together
    The files of one folder are: a catalog names no warehouse, and run results name no relation, so both need the
    manifest beside them. A folder without a manifest goes by the one manifest of the read that knows the
    unique_id, if all that do agree. Failing that ``dbt/unique_id`` is the dataset, which the aliases of
    a manifest explain when the two are merged. Reading several folders is the same as merging them. Only what
    takes both files to see is lost by reading a catalog and its manifest apart: columns that they spell in
    different cases stay apart, the newer one of the two names a column's type, and a star in compiled SQL stands
    for columns that are not known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from lineage_nb.model.merge import unite
from lineage_nb.model.report import ReportBuilder
from lineage_nb.sources.dbt.artifacts import Artifact, claims, claims_folder, open_artifact
from lineage_nb.sources.dbt.catalog import CatalogEntry, catalog_rows, parse_catalog, spelling
from lineage_nb.sources.dbt.facts import counted, reference
from lineage_nb.sources.dbt.lineage import manifest_rows
from lineage_nb.sources.dbt.manifest import Manifest, Resource, parse_manifest
from lineage_nb.sources.dbt.results import freshness_rows, run_rows
from lineage_nb.sources.dbt.rows import Rows
from lineage_nb.sources.dbt.sql import compiled_frames
from lineage_nb.sources.registry import Entry, Format

__all__ = ["FORMAT"]


class _Project:
    """The manifests by which the files of one folder are understood."""

    def __init__(self, manifests: Sequence[Manifest]) -> None:
        self.manifests = manifests
        self.disputed: set[str] = set()

    @property
    def namespace(self) -> str | None:
        """Their adapter, if they agree."""
        found = {m.namespace for m in self.manifests}
        return found.pop() if len(found) == 1 else None

    def resource(self, unique_id: str) -> Resource | None:
        """Find what the newest manifest says about a relation, if all agree on its name."""
        found = [m for m in self.manifests if unique_id in m.resources]
        if len({m.resources[unique_id].dataset for m in found}) > 1:
            self.disputed.add(unique_id)
            return None
        if len(found) > 1:
            found.sort(key=lambda m: (m.artifact.time or 0, repr(m.resources[unique_id])))
        return found[-1].resources[unique_id] if found else None

    def made_anew(self, unique_id: str, invocation: str | None) -> int | None:
        """Since when a build has left nothing of what a relation held: as the manifest of the same invocation says.

        A table is made anew by every build. The time is the manifest's: what it says of the relation was written with it, or
        after.
        """
        for manifest in self.manifests:
            resource, artifact = manifest.resources.get(unique_id), manifest.artifact
            if resource is None or invocation is None or artifact.invocation != invocation:
                continue
            if resource.kind == "model" and resource.type == "table":
                return artifact.time
        return None

    def knows(self, unique_id: str) -> bool:
        """Whether any of them holds it, be they of one mind or not."""
        return any(unique_id in m.resources or unique_id in m.passages for m in self.manifests)

    def dataset(self, unique_id: str) -> str | None:
        """Give the id of a relation, by default its unique_id; None for what has no relation."""
        resource = self.resource(unique_id)
        if resource is not None:
            return resource.dataset
        passed = any(unique_id in m.passages for m in self.manifests)
        return None if passed else reference(unique_id)


def _read(
    entries: Sequence[Entry], report: ReportBuilder, options: Mapping[str, Any]
) -> Mapping[str, pl.DataFrame]:
    del options
    opened = (open_artifact(entry, report.file(entry.path, FORMAT.name)) for entry in entries)
    artifacts = [a for a in opened if a is not None]
    manifests = [parse_manifest(a) for a in artifacts if a.kind == "manifest"]
    beside: dict[Path, list[Manifest]] = {}
    for manifest in manifests:
        beside.setdefault(manifest.artifact.folder.resolve(), []).append(manifest)
    projects = {a.folder: _Project(beside.get(a.folder.resolve()) or manifests) for a in artifacts}
    rows = Rows()
    catalogs = _catalogs(rows, [a for a in artifacts if a.kind == "catalog"], projects)
    for manifest in manifests:
        said = catalogs.get(id(manifest), {})
        manifest_rows(rows, manifest, {u: spelling(entries) for u, entries in said.items()})
    for artifact in artifacts:
        project = projects[artifact.folder]
        if artifact.kind == "run-results":
            run_rows(rows, artifact, project.dataset, project.made_anew)
        elif artifact.kind == "sources":
            freshness_rows(rows, artifact, project.dataset)
        if artifact.kind != "manifest" and not project.manifests:
            artifact.file.note("no manifest: relations go by their unique_id until one is merged")
    for artifact in artifacts:
        disputed = projects[artifact.folder].disputed
        if disputed and artifact.kind != "manifest":
            count = counted(len(disputed), "relation")
            artifact.file.note(f"{count} named differently by several manifests: left at the unique_id")
    compiled = (compiled_frames(m, catalogs.get(id(m), {})) for m in manifests)
    return unite([rows.frames(), *compiled])


def _catalogs(
    rows: Rows, catalogs: Sequence[Artifact], projects: Mapping[Path, _Project]
) -> dict[int, dict[str, list[CatalogEntry]]]:
    """Add what catalogs say; return what they say of each manifest's relations, newest first."""
    said: dict[int, dict[str, list[tuple[int, CatalogEntry]]]] = {}
    for artifact in catalogs:
        project, nameless = projects[artifact.folder], 0
        for unique_id, entry in parse_catalog(artifact).items():
            resource = project.resource(unique_id)
            namespace = None if resource is None and project.knows(unique_id) else project.namespace
            nameless += resource is None and entry.name is None
            catalog_rows(rows, entry, unique_id, resource=resource, namespace=namespace, time=artifact.time)
            for manifest in project.manifests if resource is not None else ():
                if unique_id in manifest.resources:
                    said.setdefault(id(manifest), {}).setdefault(unique_id, []).append(
                        (artifact.time or 0, entry)
                    )
        if nameless:
            artifact.file.note(f"{counted(nameless, 'relation')} without a name, left at the unique_id")
    return {m: {u: _newest_first(found) for u, found in by_id.items()} for m, by_id in said.items()}


def _newest_first(found: list[tuple[int, CatalogEntry]]) -> list[CatalogEntry]:
    if len(found) > 1:
        found = sorted(found, key=lambda pair: (-pair[0], repr(pair[1])))
    return [entry for _, entry in found]


FORMAT = Format(
    name="dbt",
    what="dbt's manifest.json, catalog.json, run_results.json and sources.json, or the target folder with them",
    claims=claims,
    claims_folder=claims_folder,
    read=_read,
)
