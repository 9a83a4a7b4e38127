"""OpenLineage events of eighteen months: dbt-ol's own, replayed, and those of the jobs around dbt,
sent with openlineage-python's client through the same file transport."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import dbt_runs
import jobs
from common import (
    LAST_DAY,
    RENAME_AT,
    STREAM,
    WAREHOUSE,
    at,
    between,
    days,
    draw,
    run_days,
    run_id,
    stamp,
    write_ndjson,
)
from dbt_runs import Event
from jobs import Data, Job
from openlineage.client import OpenLineageClient
from openlineage.client.event_v2 import (
    DatasetEvent,
    InputDataset,
    JobEvent,
    OutputDataset,
    Run,
    RunEvent,
    RunState,
    StaticDataset,
)
from openlineage.client.event_v2 import Job as ClientJob
from openlineage.client.facet_v2 import (
    column_lineage_dataset as lineage,
)
from openlineage.client.facet_v2 import (
    data_quality_metrics_dataset as metrics,
)
from openlineage.client.facet_v2 import (
    dataset_version_dataset as version,
)
from openlineage.client.facet_v2 import (
    error_message_run,
    input_statistics_input_dataset,
    job_type_job,
    nominal_time_run,
    output_statistics_output_dataset,
    ownership_job,
    parent_run,
    schema_dataset,
    sql_job,
    tags_dataset,
)
from openlineage.client.transport.file import FileConfig, FileTransport

PRODUCER = "https://stream.example/jobs"

# Nights on which the nightly run began hours late, and by how many.
LATE = {
    date(2025, 3, 5): 4, date(2025, 9, 17): 6, date(2026, 2, 4): 3, date(2026, 6, 9): 5,
    date(2026, 6, 16): 2, date(2026, 6, 27): 7,
}  # fmt: skip
# Nights on which a price that is no number stopped dim_plans; the run was repeated hours later.
BROKEN = {date(2025, 8, 6), date(2026, 6, 21)}
ABORTED = ("export.partner_feed", date(2026, 6, 11))


class Sender:
    """openlineage-python's client with a file transport; `take` hands over what was sent."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "client.ndjson"
        config = FileConfig(log_file_path=str(self.path), append=True)
        self.client = OpenLineageClient(transport=FileTransport(config))

    def send(self, event: RunEvent | DatasetEvent | JobEvent) -> None:
        self.client.emit(event)

    def take(self) -> list[Event]:
        lines = self.path.read_text().splitlines()
        self.path.unlink()
        return [json.loads(line) for line in lines]


def field(column: jobs.Column, *steps: lineage.Transformation) -> lineage.InputField:
    namespace, name, field_name = column
    return lineage.InputField(namespace, name, field_name, list(steps))


def column_lineage(job: Job, output: Data) -> lineage.ColumnLineageDatasetFacet | None:
    if not job.lineage or output.name not in job.flows:
        return None
    fields: dict[str, list[lineage.InputField]] = {}
    for flow in job.flows[output.name]:
        step = lineage.Transformation(flow.kind, flow.subtype, flow.text, flow.masking)
        fields.setdefault(flow.output, []).append(field(flow.source, step))
    fields |= {name: [] for name in job.constants if name in output.columns}
    shaping = [
        field(column, lineage.Transformation("INDIRECT", subtype, "", False))
        for subtype, column in job.shaping.get(output.name, [])
    ]
    return lineage.ColumnLineageDatasetFacet(
        {name: lineage.Fields(inputs) for name, inputs in fields.items()}, shaping
    )


def schema(data: Data, notes: dict[str, str] | None = None) -> schema_dataset.SchemaDatasetFacet:
    return schema_dataset.SchemaDatasetFacet(
        [
            schema_dataset.SchemaDatasetFacetFields(name, type_, (notes or {}).get(name))
            for name, type_ in data.columns.items()
        ]
    )


def facets(data: Data, **more: Any) -> dict[str, Any]:
    result = {"schema": schema(data)} | {k: v for k, v in more.items() if v is not None}
    if data.pii:
        result["tags"] = tags_dataset.TagsDatasetFacet(
            [tags_dataset.TagsDatasetFacetFields("pii", v, "CATALOG", k) for k, v in data.pii.items()]
        )
    return result


def job_facets(job: Job) -> dict[str, Any]:
    owner = ownership_job.Owner(f"principal:stream/{job.owner}", "MAINTAINER")
    result: dict[str, Any] = {
        "jobType": job_type_job.JobTypeJobFacet(job.processing, job.integration, job.kind),
        "ownership": ownership_job.OwnershipJobFacet([owner]),
    }
    if job.sql:
        result["sql"] = sql_job.SQLJobFacet(job.sql, job.dialect)
    return result


def client_event(
    job: Job, state: RunState, moment: datetime, run: str, day: date, **run_facets: Any
) -> RunEvent:
    growth = 1 + (day - date(2025, 1, 1)).days / 1000
    rows = int(job.rows * growth * (0.95 + draw("rows", job.name, day) / 10))
    inputs, outputs = [], []
    for data in job.inputs:
        read = input_statistics_input_dataset.InputStatisticsInputDatasetFacet(rows, rows * 90)
        statistics = {"inputStatistics": read} if state is RunState.COMPLETE else {}
        inputs.append(InputDataset(data.namespace, data.name, statistics, facets=facets(data)))
    for data in job.outputs if state not in (RunState.FAIL, RunState.ABORT) else ():
        written = output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(rows, rows * 80)
        statistics = {"outputStatistics": written} if state is RunState.COMPLETE else {}
        more = facets(data, columnLineage=column_lineage(job, data))
        outputs.append(OutputDataset(data.namespace, data.name, statistics, facets=more))
    return RunEvent(
        eventTime=stamp(moment),
        eventType=state,
        run=Run(run, run_facets),
        job=ClientJob(job.namespace, job.name, job_facets(job)),
        producer=PRODUCER,
        inputs=inputs,
        outputs=outputs,
    )


def batch(job: Job, sender: Sender) -> None:
    """Every night of a batch job: sometimes a failure and a second try, once an abort."""
    for day in run_days():
        start = at(day, job.hour, job.minute) + timedelta(seconds=between(0, 50, job.name, day))
        nominal = nominal_time_run.NominalTimeRunFacet(stamp(at(day, job.hour, job.minute)))
        took = timedelta(seconds=round(job.seconds * (0.8 + draw("took", job.name, day) * 0.4)))
        fails = day < date(2026, 6, 15) and draw("fail", job.name, day) < 0.015
        aborts = (job.name, day) == ABORTED
        if fails or aborts:
            run = run_id(start, job.name, "first")
            sender.send(client_event(job, RunState.START, start, run, day, nominalTime=nominal))
            error = error_message_run.ErrorMessageRunFacet("connection reset by peer", "JAVA")
            state = RunState.ABORT if aborts else RunState.FAIL
            run_facets = {"nominalTime": nominal} | ({} if aborts else {"errorMessage": error})
            sender.send(client_event(job, state, start + took / 3, run, day, **run_facets))
            start += timedelta(hours=1)
        run = run_id(start, job.name)
        sender.send(client_event(job, RunState.START, start, run, day, nominalTime=nominal))
        if job.running:
            moment = start + took / 2
            sender.send(client_event(job, RunState.RUNNING, moment, run, day, nominalTime=nominal))
        sender.send(client_event(job, RunState.COMPLETE, start + took, run, day, nominalTime=nominal))


def stream(job: Job, sender: Sender) -> None:
    """A job that never ends: one run, one START, a RUNNING per night. At `RENAME_AT` the topic's
    word for a settled payment changes: the schema note and the dataset version show it."""
    begin = at(date(2025, 1, 1))
    run = run_id(begin, job.name)
    topic, target = job.inputs[0], job.outputs[0]
    moments = [at(day, 0, 0, 1) for day in run_days()] + [RENAME_AT]
    for number, moment in enumerate(sorted(moments)):
        renamed = moment >= RENAME_AT
        word = "captured" if renamed else "settled"
        notes = {"status": f"enum: {word}, refunded, failed"}
        schema_version = version.DatasetVersionDatasetFacet("8" if renamed else "7")
        more = {"schema": schema(topic, notes), "version": schema_version}
        sender.send(
            RunEvent(
                eventTime=stamp(begin if not number else moment),
                eventType=RunState.RUNNING if number else RunState.START,
                run=Run(run),
                job=ClientJob(job.namespace, job.name, job_facets(job)),
                producer=PRODUCER,
                inputs=[InputDataset(topic.namespace, topic.name, facets=more)],
                outputs=[
                    OutputDataset(
                        target.namespace,
                        target.name,
                        facets=facets(target, columnLineage=column_lineage(job, target)),
                    )
                ],
            )
        )


def parents(day: date, late: int, attempt: int = 0) -> dict[str, str]:
    start = at(day, 2 + late) + timedelta(minutes=attempt)
    return {"dag": run_id(start, "stream_nightly"), "task": run_id(start, "stream_nightly.dbt")}


def nightly_dag(sender: Sender) -> None:
    """The orchestrator's own runs: no datasets, but the nominal time that lateness needs."""
    for name in ("stream_nightly", "stream_nightly.dbt"):
        kind = "DAG" if name == "stream_nightly" else "TASK"
        job = Job("airflow-prod", name, (), (), integration="AIRFLOW", kind=kind)
        for day in run_days():
            late = LATE.get(day, 0)
            for attempt in (0, 1) if day in BROKEN else (0,):
                nominal = nominal_time_run.NominalTimeRunFacet(stamp(at(day, 2)))
                ids = parents(day, late, attempt)
                more: dict[str, Any] = {"nominalTime": nominal}
                if kind == "TASK":
                    more["parent"] = parent_run.ParentRunFacet(
                        parent_run.Run(ids["dag"]), parent_run.Job("airflow-prod", "stream_nightly")
                    )
                start = at(day, 2 + late + 4 * attempt)
                end = start + timedelta(minutes=40)
                failed = day in BROKEN and not attempt
                run = ids["dag" if kind == "DAG" else "task"]
                sender.send(client_event(job, RunState.START, start, run, day, **more))
                state = RunState.FAIL if failed else RunState.COMPLETE
                sender.send(client_event(job, state, end, run, day, **more))


def revenue_metrics(sender: Sender) -> None:
    """What a data-quality monitor saw in daily_revenue: from the rename on, 30 % are missing."""
    for day in days(date(2026, 6, 1), LAST_DAY):
        expected = 120_000 + 4_000 * ((day.toordinal() % 7) in (5, 6))
        seen = expected * 7 // 10 if day > RENAME_AT.date() else expected
        facet = metrics.DataQualityMetricsDatasetFacet(
            columnMetrics={"revenue_usd": metrics.ColumnMetrics(sum=float(seen))}, rowCount=3
        )
        name = jobs.DAILY_REVENUE.name
        moment = at(day, 8) + timedelta(hours=LATE.get(day, 0))
        sender.send(
            DatasetEvent(
                eventTime=stamp(moment),
                producer=PRODUCER,
                dataset=StaticDataset(WAREHOUSE, name, facets={"dataQualityMetrics": facet}),
            )
        )


def declarations(sender: Sender) -> None:
    """One job told of at design time, without a run."""
    job = next(j for j in jobs.SPARK if j.name == "ml.score_churn")
    sender.send(
        JobEvent(
            eventTime=stamp(at(date(2026, 6, 1), 9)),
            producer=PRODUCER,
            job=ClientJob(job.namespace, job.name, job_facets(job)),
            inputs=[InputDataset(d.namespace, d.name, facets=facets(d)) for d in job.inputs],
            outputs=[
                OutputDataset(d.namespace, d.name, facets=facets(d, columnLineage=column_lineage(job, d)))
                for d in job.outputs
            ],
        )
    )


def replayed(templates: dict[str, list[Event]]) -> list[Event]:
    """dbt-ol's events on every night of the eighteen months."""
    events: list[Event] = []
    for number, day in enumerate(run_days()):
        late = LATE.get(day, 0)
        start = at(day, 2 + late) + timedelta(seconds=between(5, 90, "dbt", day))
        if day in BROKEN:
            events += dbt_runs.replay(templates["failed"], start, parents(day, late))
            start += timedelta(hours=4)
        attempt = int(day in BROKEN)
        template = templates["nightly" if number else "first"]
        events += dbt_runs.replay(template, start, parents(day, late, attempt))
        renamed = day > RENAME_AT.date()
        template = templates["tests_renamed" if renamed else "tests"]
        start += timedelta(minutes=30)
        events += dbt_runs.replay(template, start, parents(day, late, attempt))
    return events


def shuffled(events: list[Event]) -> list[Event]:
    """Grouped by job, which is how they compress; within a job some pairs swapped, so that the
    end of a run comes before its start, and some events sent twice."""
    events = sorted(
        events,
        key=lambda e: (
            e.get("job", {}).get("namespace", ""),
            e.get("job", {}).get("name", ""),
            e["eventTime"],
            e.get("eventType", ""),
        ),
    )
    result: list[Event] = []
    for number, event in enumerate(events):
        identity = (event["eventTime"], event.get("run", {}).get("runId"), event.get("eventType"))
        if result and draw("swap", *identity) < 0.03:
            result.insert(len(result) - 1, event)
        else:
            result.append(event)
        if draw("twice", *identity) < 0.02:
            result.append(event)
        if number and draw("again", *identity) < 0.005:
            result.append(events[number - 1])
    return result


def write(templates: dict[str, list[Event]], folder: Path) -> None:
    target = STREAM / "openlineage"
    write_ndjson(target / "dbt.replayed.ndjson.gz", shuffled(replayed(templates)))
    sender = Sender(folder)
    groups = {
        "ingest": lambda: [batch(job, sender) for job in jobs.INGEST],
        "payments-sink": lambda: stream(jobs.PAYMENTS_SINK, sender),
        "spark": lambda: ([batch(job, sender) for job in jobs.SPARK], declarations(sender)),
        "airflow": lambda: ([batch(job, sender) for job in jobs.OTHERS], nightly_dag(sender)),
        "quality": lambda: revenue_metrics(sender),
    }
    for name, run in groups.items():
        run()
        write_ndjson(target / f"{name}.ndjson.gz", shuffled(sender.take()))
