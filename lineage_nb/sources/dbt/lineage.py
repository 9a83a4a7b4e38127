"""A parsed manifest → nodes, edges and aliases."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lineage_nb.model.ids import column_id, node_id
from lineage_nb.sources.dbt.catalog import Spelling
from lineage_nb.sources.dbt.facts import counted, job_name, reference
from lineage_nb.sources.dbt.manifest import BUILT, Manifest, Report, Resource
from lineage_nb.sources.dbt.rows import AliasRow, EdgeRow, NodeRow, Rows

__all__ = ["job_id", "manifest_rows"]

_DATA = (*BUILT, "source")


def job_id(unique_id: str) -> str:
    """Make the id of the job that builds a resource; it follows from the unique_id alone.

    Examples
    --------
    >>> job_id("model.shop.orders.v2")
    'job:dbt/shop.orders.v2'
    """
    return node_id("job", "dbt", job_name(unique_id))


def manifest_rows(rows: Rows, manifest: Manifest, spellings: Mapping[str, Spelling]) -> None:
    """Add everything that a manifest says.

    Parameters
    ----------
    rows : Rows
        Where to add it.
    manifest : Manifest
        What to add.
    spellings : Mapping of str to Spelling
        By unique_id: what a catalog says about the columns of a relation.
    """
    writer = _Writer(rows, manifest)
    for unique_id, resource in manifest.resources.items():
        writer.dataset(unique_id, resource, spellings.get(unique_id))
        if resource.kind in BUILT:
            writer.job(unique_id, resource)
    for unique_id, report in manifest.reports.items():
        writer.report(unique_id, report)
    writer.notes(spellings)


class _Writer:
    def __init__(self, rows: Rows, manifest: Manifest) -> None:
        self.rows = rows
        self.manifest = manifest
        self.time = manifest.artifact.time
        self.referred: set[str] = set()
        self.lost: set[str] = set()
        self.blind = 0

    def dataset(self, unique_id: str, resource: Resource, spelled: Spelling | None) -> None:
        """Write the rows of a node's dataset and of its columns."""
        facts, time = resource.facts, self.time
        from_catalog = resource.kind == "source" and spelled is not None and spelled.has_type
        self.rows.nodes.append(
            NodeRow(
                resource.dataset,
                "dataset",
                None if from_catalog else resource.type,
                self.manifest.namespace,
                resource.name,
                owners=facts.owners,
                tags=facts.tags,
                tier=facts.tier,
                description=facts.description,
                first_seen=time,
                last_seen=time,
            )
        )
        self.rows.aliases.append(AliasRow(resource.name, resource.dataset, "dbt:relation_name"))
        self.rows.aliases.append(AliasRow(reference(unique_id), resource.dataset, "dbt:unique_id"))
        if resource.kind not in BUILT:
            self.rows.aliases.append(AliasRow(unique_id, resource.dataset, "dbt:unique_id"))
        if resource.other_name:
            self.rows.aliases.append(AliasRow(resource.other_name, resource.dataset, "dbt:relation_name"))
        for place, column in enumerate(resource.columns):
            name = spelled.of(column.name) if spelled else column.name
            typed = spelled is not None and spelled.typed.get(name, False)
            self.rows.nodes.append(
                NodeRow(
                    column_id(resource.dataset, name),
                    "column",
                    None,
                    self.manifest.namespace,
                    name,
                    resource.dataset,
                    None if typed else column.data_type,
                    None if spelled is not None and spelled.typed else place,
                    tags=column.tags,
                    description=column.description,
                    first_seen=time,
                    last_seen=time,
                )
            )

    def job(self, unique_id: str, resource: Resource) -> None:
        """Write the rows of the job that builds a node, with what it reads and writes."""
        job, time = job_id(unique_id), self.time
        self.rows.nodes.append(
            NodeRow(
                job,
                "job",
                f"dbt {resource.kind}",
                "dbt",
                job_name(unique_id),
                owners=resource.facts.owners,
                first_seen=time,
                last_seen=time,
            )
        )
        self.rows.aliases.append(AliasRow(unique_id, job, "dbt:unique_id"))
        self.rows.edges.append(EdgeRow(job, resource.dataset, "WRITE", job, "dbt:manifest", time, time))
        for dataset, trail in self._ends(resource.inputs):
            self.rows.edges.append(EdgeRow(dataset, job, "READ", job, "dbt:manifest" + trail, time, time))

    def report(self, unique_id: str, report: Report) -> None:
        """Write the rows of a report, with what it shows."""
        node, facts, time = node_id("report", "dbt", report.name), report.facts, self.time
        self.rows.nodes.append(
            NodeRow(
                node,
                "report",
                report.type,
                "dbt",
                report.name,
                owners=facts.owners,
                tags=facts.tags,
                tier=facts.tier,
                description=facts.description,
                first_seen=time,
                last_seen=time,
                url=report.url,
            )
        )
        self.rows.aliases.append(AliasRow(unique_id, node, "dbt:unique_id"))
        ends = list(self._ends(report.inputs))
        self.blind += not ends
        for dataset, trail in ends:
            self.rows.edges.append(
                EdgeRow(dataset, node, "DIRECT", None, report.evidence + trail, time, time)
            )

    def _ends(self, inputs: Iterable[str]) -> Iterable[tuple[str, str]]:
        """Follow `inputs` through what has no relation: (dataset, trail), each dataset once, by a shortest way.

        The trail names what was passed, from the data on: `` via a, b``; empty for a direct input.
        """
        resources, passages = self.manifest.resources, self.manifest.passages
        way: dict[str, str | None] = dict.fromkeys(inputs)
        queue = list(way)
        ends: dict[str, str] = {}
        for unique_id in queue:
            if unique_id in resources:
                ends.setdefault(resources[unique_id].dataset, unique_id)
            elif unique_id in passages:
                for below in passages[unique_id]:
                    if below not in way:
                        way[below] = unique_id
                        queue.append(below)
            elif unique_id.partition(".")[0] in _DATA:
                self.referred.add(unique_id)
                ends.setdefault(reference(unique_id), unique_id)
            else:
                self.lost.add(unique_id)
        for dataset, unique_id in ends.items():
            passed, step = [], way[unique_id]
            while step is not None:
                passed.append(step)
                step = way[step]
            yield dataset, " via " + ", ".join(passed) if passed else ""

    def notes(self, spellings: Mapping[str, Spelling]) -> None:
        """Say what the lineage lacks, for the report."""
        note, total = self.manifest.artifact.file.note, len(self.manifest.resources)
        unseen = sum(u not in spellings for u in self.manifest.resources)
        if total and unseen == total:
            note("no catalog beside it: columns and their types are known as far as they are documented")
        elif unseen:
            note(
                f"{unseen:,} of {counted(total, 'relation')} not in the catalog: columns known as documented"
            )
        if self.referred:
            note(
                f"{counted(len(self.referred), 'input')} not in this manifest, such as {min(self.referred)}: "
                "kept by unique_id until a manifest that holds it is merged"
            )
        if self.lost:
            note(f"{counted(len(self.lost), 'input')} leading nowhere, such as {min(self.lost)}")
        if self.blind:
            note(f"{counted(self.blind, 'report')} without a known input")
