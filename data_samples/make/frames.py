"""The native frames of `warehouse/`: who read what, what it cost, who may read it. No open tool
writes these, so they are synthetic."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

import company as c
import jobs
from common import FIRST_DAY, LAST_DAY, STREAM, WAREHOUSE, at, between, days, draw, run_id, table, write_csv

Row = dict[str, object]


def nodes() -> Iterator[Row]:
    for team, people in c.TEAMS.items():
        yield {"id": c.principal(team), "kind": "principal", "type": "team", "name": team}
        for person in people:
            yield {
                "id": c.principal(person), "kind": "principal", "type": "person", "name": person,
                "parent": c.principal(team), "description": person.replace(".", " ").title(),
            }  # fmt: skip
    for service, text in c.SERVICES.items():
        yield {
            "id": c.principal(service), "kind": "principal", "type": "service", "name": service,
            "parent": c.principal("team-platform"), "description": text,
        }  # fmt: skip
    yield {
        "id": c.WH_ADHOC, "kind": "compute", "type": "warehouse", "name": "wh_adhoc",
        "owners": [c.principal("team-platform")],
    }  # fmt: skip
    for report, (team, _) in c.BI_REPORTS.items():
        yield {
            "id": report, "kind": "report", "type": "dashboard", "namespace": "bi",
            "name": report.split("/")[1], "owners": [c.principal(team)],
        }  # fmt: skip
    for job in (*c.ADHOC, c.RETIRED_JOB):
        namespace, name = job.removeprefix("job:").split("/")
        owner = "team-data-science" if "churn" in name else "team-growth"
        yield {
            "id": job, "kind": "job", "type": "query" if job in c.ADHOC else "script",
            "namespace": namespace, "name": name, "owners": [c.principal(owner)],
            "deleted_at": c.RETIRED_EXPIRES if job == c.RETIRED_JOB else None,
        }  # fmt: skip
    from_dbt, _ = c.dbt()
    owner_of = {name: team for name, (team, _) in c.NATIVE.items()}
    for made in (*jobs.SPARK, *jobs.OTHERS, *jobs.INGEST):
        owner_of |= {data.name: made.owner for data in made.outputs}
    for name, kind in c.warehouse_tables().items():
        yield {
            "id": name, "kind": "dataset", "type": kind, "namespace": WAREHOUSE, "name": name,
            "bytes": c.size(name) if kind == "table" else None,
            "owners": [] if name in from_dbt else [c.principal(owner_of[name])],
            "first_seen": at(FIRST_DAY), "last_seen": at(LAST_DAY),
        }  # fmt: skip
    for name, (team, _) in c.FOREIGN.items():
        yield {
            "id": name, "kind": "dataset", "type": "table", "namespace": c.AD_PLATFORM,
            "name": name.split("/")[1], "bytes": between(10**9, 9 * 10**9, "bytes", name),
            "owners": [c.principal(team)], "first_seen": at(FIRST_DAY), "last_seen": at(LAST_DAY),
        }  # fmt: skip
    for name, (_, columns) in (c.NATIVE | c.FOREIGN).items():
        for ordinal, column in enumerate(columns.split(", "), 1):
            field, data_type = column.split()
            yield {
                "id": f"{name}#{field}", "kind": "column", "name": field, "parent": name,
                "namespace": c.AD_PLATFORM if name in c.FOREIGN else WAREHOUSE,
                "data_type": data_type.upper(), "ordinal": ordinal,
            }  # fmt: skip


def edges() -> Iterator[Row]:
    seen: Row = {"first_seen": at(FIRST_DAY), "last_seen": at(LAST_DAY)}
    for source, reports in c.BI_EDGES.items():
        for report in reports:
            yield {
                "source": source, "target": report, "type": "DIRECT", "subtype": "IDENTITY",
                "evidence": "bi data sources", **seen,
            }  # fmt: skip
    moment = at(c.ADHOC_DAY, 10, 30)
    for job, target in c.ADHOC.items():
        known: Row = {
            "job": job, "evidence": "query history", "first_seen": moment, "last_seen": moment,
        }  # fmt: skip
        yield {"source": c.ADHOC_SOURCE, "target": job, "type": "READ", **known}
        yield {"source": job, "target": target, "type": "WRITE", **known}
    for source, target in (("email", "contact_value"), ("user_id", "account_key")):
        yield {
            "source": f"{table('raw', 'users')}#{source}", "target": f"{c.CONTACT_ARCHIVE}#{target}",
            "type": "DIRECT", "subtype": "IDENTITY", "verdict": "plain", "job": c.RETIRED_JOB,
            "evidence": "read in the script, now retired", "first_seen": at(FIRST_DAY),
            "last_seen": c.RETIRED_LAST, "expires_at": c.RETIRED_EXPIRES,
        }  # fmt: skip
    for source in ("user_contact_directory#email", "user_contact_masked#email_domain_only"):
        yield {
            "source": table("marts", source), "target": c.exposure("crm_health"), "type": "DIRECT",
            "subtype": "IDENTITY", "evidence": "fields on the dashboard", **seen,
        }  # fmt: skip


def usage() -> Iterator[Row]:
    def read(node: str, consumer: str, day: date, reads: int, known_bytes: bool = True) -> Row:
        scanned = c.size(node) // 1000 * reads if known_bytes else None
        return {
            "node": node, "consumer": consumer, "day": day, "reads": reads, "bytes": scanned,
        }  # fmt: skip

    span = days()
    _, reports = c.dbt()
    for node, readers in c.READERS.items():
        for reader in readers:
            service = reader.startswith("svc-")
            for day in span:
                if service or (day.weekday() < 5 and draw("read", node, reader, day) < 0.6):
                    top = 40 if service else 6
                    yield read(node, c.principal(reader), day, between(1, top, node, reader, day))
    for report, sources in reports.items():
        for source in sources:
            for day in span if source != c.SCORECARD else days(c.REFRESH_FROM):
                hourly = source in (c.SCORECARD, c.SCORECARD_WEEKLY)
                yield read(source, report, day, 24 if hourly else 4)
    for report, viewers in c.VIEWERS.items():
        for viewer in viewers:
            for day in span:
                if day.weekday() < 5 and draw("view", report, viewer, day) < 0.4:
                    yield {"node": report, "consumer": c.principal(viewer), "day": day, "reads": 1}
    viewer, day = c.SIBLING_VIEW
    yield {
        "node": c.exposure("content_scorecard_weekly"), "consumer": c.principal(viewer), "day": day,
        "reads": 1,
    }  # fmt: skip
    for source, readers in c.BI_EDGES.items():
        for report in readers:
            for day in span:
                yield read(source, report, day, 1, known_bytes=False)
    for report, (_, viewer) in c.BI_REPORTS.items():
        for day in span:
            if day.weekday() == 0:
                yield {"node": report, "consumer": c.principal(viewer), "day": day, "reads": 1}
    for day in c.SEASONAL_DAYS:
        yield read(c.SEASONAL, c.principal("farid.amari"), day, 3)
    for name in c.EU_TABLES:
        for day in days(FIRST_DAY, c.EU_LAST_READ, 7):
            yield read(name, c.principal("ines.rocha"), day, 2)
        if c.EU_LAST_READ not in days(FIRST_DAY, c.EU_LAST_READ, 7):
            yield read(name, c.principal("ines.rocha"), c.EU_LAST_READ, 1)
    yield read(c.FUTURE_TABLE, c.principal("dev.patel"), c.FUTURE_DAY, 1)
    for name in c.warehouse_tables():
        until = c.EU_LOG_ENDS if name in c.EU_TABLES else LAST_DAY
        for day in days(c.SCANNER_FROM, until):
            yield read(name, c.SCANNER, day, 1)


PLANTED_COSTS = {c.CDN_LOGS, c.AD_DELIVERY, c.AD_FORECAST, c.THUMBNAILS, c.VARIANTS, *c.ADHOC.values()}


def costs() -> Iterator[Row]:
    """The bill by month. The tables and the job of the planted truths have only their own lines."""
    number = 0

    def line(node: str | None, day: date, component: str, amount: Decimal, **more: object) -> Row:
        nonlocal number
        number += 1
        return {
            "node": node, "day": day, "component": component, "amount": f"{amount:.4f}",
            "currency": "USD", "role": "billed", "record": f"inv-{day:%Y-%m}-{number:05d}", **more,
        }  # fmt: skip

    def cents(low: int, high: int, *key: object) -> Decimal:
        return Decimal(between(low * 10_000, high * 10_000, *key)) / 10_000

    tables = c.warehouse_tables()
    for day in c.month_ends():
        growth = Decimal(100 + (day - FIRST_DAY).days // 8) / 100
        for name, kind in tables.items():
            if kind == "view" or name in PLANTED_COSTS:
                continue
            yield line(name, day, "storage", Decimal(c.size(name)) / 10**9 * Decimal("0.02") * growth)
            if name.split(".")[1] in ("core", "marts", "ml", "hr"):
                yield line(name, day, "compute", cents(2, 30, "compute", name) * growth)
        for job in (*jobs.INGEST, *jobs.SPARK, *jobs.OTHERS):
            node = c.job_id(job.namespace, job.name)
            if node != c.THUMBNAIL_JOB:
                component = "ingest" if job.namespace == "ingest" else "compute"
                yield line(node, day, component, cents(1, 40, "compute", node) * growth)
        yield line(None, day, "support plan", Decimal(25))
    yield line(table("raw", "play_events"), LAST_DAY, "storage", Decimal("-3.50"))
    start = at(c.ADHOC_DAY, 10)
    yield line(c.WH_ADHOC, c.ADHOC_DAY, "compute", Decimal(6), start=start, end=start + timedelta(hours=1))
    for job in c.ADHOC:
        yield line(job, c.ADHOC_DAY, "compute", Decimal(3), role="driver", record=None)
    yield line(c.AD_DELIVERY, LAST_DAY, "storage", Decimal(12))
    yield line(c.AD_FORECAST, LAST_DAY, "storage", Decimal(10))
    yield line(c.THUMBNAIL_JOB, LAST_DAY, "compute", Decimal(10))
    yield line(c.VARIANTS, LAST_DAY, "storage", Decimal(2))


def cdn_invoice() -> list[Row]:
    """Two deliveries on one day at the same price: two lines, and no id to tell them apart."""
    line: Row = {
        "node": c.CDN_LOGS, "day": date(2026, 5, 31), "component": "log delivery",
        "amount": "4.00", "currency": "USD", "role": "billed",
    }  # fmt: skip
    return [line, line]


def adhoc_runs() -> tuple[list[Row], list[Row]]:
    """Two queries of the same half hour."""
    start, end = at(c.ADHOC_DAY, 10), at(c.ADHOC_DAY, 10, 30)
    runs: list[Row] = []
    io: list[Row] = []
    for job, target in c.ADHOC.items():
        run = run_id(start, job)
        runs.append(
            {
                "job": job, "run": run, "start": start, "end": end, "state": "COMPLETE",
                "compute": c.WH_ADHOC, "busy_us": 30 * 60 * 1_000_000,
            }
        )  # fmt: skip
        for dataset, direction in ((c.ADHOC_SOURCE, "in"), (target, "out")):
            io.append(
                {
                    "run": run, "dataset": dataset, "direction": direction,
                    "rows": 1_000, "bytes": 80_000,
                }
            )  # fmt: skip
    return runs, io


def coverage() -> list[Row]:
    def row(scope: str, what: str, last: date = LAST_DAY) -> Row:
        return {
            "scope": scope, "what": what, "from": FIRST_DAY, "to": last, "complete": True,
            "sample_rate": "1.0",
        }  # fmt: skip

    return [
        row("stream", "usage"), row("stream.eu", "usage", c.EU_LOG_ENDS),
        row("report:dbt/stream", "usage"), row("report:bi", "usage"), row(c.AD_PLATFORM, "usage"),
        row("stream", "lineage"), row("stream", "cost"), row(c.AD_PLATFORM, "cost"),
    ]  # fmt: skip


def grants() -> Iterator[Row]:
    can = {
        "team-growth": [
            "core.dim_users", "marts.active_subscribers", "marts.contact_points",
            "marts.user_contact_directory", "marts.user_contact_masked", "core.support_contacts",
            "crm.campaign_audience", "crm.contact_archive",
        ],
        "team-content": ["core.dim_titles", "marts.title_popularity", "marts.content_scorecard"],
        "team-finance": ["marts.daily_revenue", "core.fct_payments", "core.dim_payment_methods"],
        "team-platform": ["core.dim_users", "core.session_quality", "raw.users", "raw.devices"],
        "team-people": ["hr.salary_by_employee", "hr.salary_by_department_k10"],
        "team-data-science": [
            "core.fct_plays", "core.dim_users_hashed", "ml.user_engagement_features",
            "ml.churn_training_set", "ml.household_graph", "hr.salary_by_department",
        ],
        "svc-mailer": ["secure.mailing_batch"],
        "svc-recs": ["ml.user_taste_vectors", "ml.churn_scores"],
        "svc-web": ["media.title_thumbnails"],
    }  # fmt: skip
    for name, tables in can.items():
        for short in tables:
            yield {"principal": c.principal(name), "node": f"stream.{short}", "privilege": "SELECT"}
    for name in c.FOREIGN:
        team = c.principal("team-ad-sales")
        yield {"principal": team, "node": name, "privilege": "SELECT"}
    yield {
        "principal": c.principal("kavya.rao"), "node": table("raw", "payment_methods"),
        "privilege": "SELECT", "condition": "masked: card_number",
    }  # fmt: skip
    for name in c.warehouse_tables():
        yield {"principal": c.SCANNER, "node": name, "privilege": "SELECT"}


def aliases() -> Iterator[Row]:
    """The addresses under which c.dbt knows the owners."""
    for team in c.TEAMS:
        address = f"{team.removeprefix('team-')}@stream.example"
        yield {"name": address, "node": c.principal(team), "evidence": "directory"}


COST_COLUMNS = ["node", "day", "component", "amount", "currency", "role", "record", "start", "end"]


def write() -> None:
    folder = STREAM / "warehouse"
    runs, io = adhoc_runs()
    write_csv(
        folder, "nodes",
        ["id", "kind", "type", "namespace", "name", "parent", "data_type", "ordinal", "owners",
         "tags", "bytes", "description", "first_seen", "last_seen", "deleted_at"],
        nodes(),
    )  # fmt: skip
    write_csv(
        folder, "edges",
        ["source", "target", "type", "subtype", "verdict", "job", "evidence", "first_seen",
         "last_seen", "expires_at"],
        edges(),
    )  # fmt: skip
    write_csv(folder, "usage", ["node", "consumer", "day", "reads", "bytes", "record"], usage())
    write_csv(folder, "costs", COST_COLUMNS, costs())
    # the same invoice, fetched twice
    for name in ("costs.cdn_invoice", "costs.cdn_invoice_again"):
        write_csv(folder, name, COST_COLUMNS[:7], cdn_invoice())
    write_csv(
        folder, "runs",
        ["job", "run", "nominal_time", "start", "end", "state", "compute", "busy_us"], runs,
    )  # fmt: skip
    write_csv(folder, "io", ["run", "dataset", "direction", "rows", "bytes"], io)
    write_csv(folder, "coverage", ["scope", "what", "from", "to", "complete", "sample_rate"], coverage())
    write_csv(folder, "grants", ["principal", "node", "privilege", "condition"], grants())
    write_csv(folder, "aliases", ["name", "node", "evidence"], aliases())
