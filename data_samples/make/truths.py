"""What is planted, and what a right answer says about it: `data_samples/truths.json`."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import company as c
import events
import frames
import jobs
from common import (
    FIRST_DAY,
    LAST_DAY,
    RENAME_AT,
    SAMPLES,
    WAREHOUSE,
    at,
    days,
    stamp,
    table,
)

REVENUE = table("marts", "daily_revenue")


def column(schema: str, name: str, field: str) -> str:
    return f"{table(schema, name)}#{field}"


def billed() -> Decimal:
    """The whole bill: the invoice that came twice counts once, drivers not at all."""
    lines = [*frames.costs(), *frames.cdn_invoice()]
    return sum((Decimal(str(line["amount"])) for line in lines if line["role"] == "billed"), Decimal(0))


def truths() -> list[dict[str, Any]]:
    window = "window of 90 days, 2026-04-02..2026-06-30; monitors: " + c.SCANNER
    all_tables = list(c.warehouse_tables())
    return [
        {
            "id": 1,
            "title": "two equal invoice lines, the file read twice",
            "job": "cost",
            "given": {
                "files": ["costs.cdn_invoice.csv", "costs.cdn_invoice_again.csv"],
                "node": c.CDN_LOGS,
                "lines": ["4.00", "4.00"],
            },
            "expect": {"billed": {c.CDN_LOGS: "8.00"}},
            "naive": {c.CDN_LOGS: ["16.00", "4.00"]},
        },
        {
            "id": 2,
            "title": "a warehouse hour with two overlapping half-hour queries",
            "job": "cost",
            "given": {
                "compute": c.WH_ADHOC,
                "hour": [stamp(at(c.ADHOC_DAY, 10)), stamp(at(c.ADHOC_DAY, 11))],
                "amount": "6.00",
                "queries": [stamp(at(c.ADHOC_DAY, 10)), stamp(at(c.ADHOC_DAY, 10, 30))],
                "note": "each query also has a driver line of 3.00, which must not be added",
            },
            "expect": {
                "jobs": dict.fromkeys(c.ADHOC, "1.50"),
                "datasets": dict.fromkeys(c.ADHOC.values(), "1.50"),
                "idle": "3.00",
            },
        },
        {
            "id": 3,
            "title": "shared tables split by report and by team",
            "job": "cost",
            "given": {
                "costs": {c.AD_DELIVERY: "12.00", c.AD_FORECAST: "10.00"},
                "feeds": c.BI_EDGES,
                "teams": {r: c.principal(team) for r, (team, _) in c.BI_REPORTS.items()},
                "reads": "each report reads each of its tables once a day; nothing else reads them",
            },
            "expect": {
                "of_12_by_report": dict.fromkeys(c.BI_EDGES[c.AD_DELIVERY], "4.00"),
                "of_12_by_team": {
                    c.principal("team-ad-sales"): "6.00",
                    c.principal("team-partner-relations"): "6.00",
                },
                "by_report": {c.AD_PACING: "9.00", c.AD_YIELD: "9.00", c.PARTNER_STATEMENT: "4.00"},
                "by_team": {
                    c.principal("team-ad-sales"): "16.00",
                    c.principal("team-partner-relations"): "6.00",
                },
                "freed_by_removing": [
                    {"remove": [c.AD_PACING], "freed": "0.00"},
                    {"remove": [c.AD_YIELD], "freed": "0.00"},
                    {"remove": [c.AD_PACING, c.AD_YIELD], "freed": "10.00"},
                ],
                "method": "shapley (by_report also by usage, the reads being equal)",
            },
        },
        {
            "id": 4,
            "title": "a job of 10 that writes a live table and a dead one of storage 2",
            "job": "unused",
            "given": {
                "costs": {c.THUMBNAIL_JOB: "10.00", c.VARIANTS: "2.00"},
                "writes": [c.THUMBNAILS, c.VARIANTS],
                "window": window,
            },
            "expect": {
                "verdicts": {c.THUMBNAILS: "live", c.VARIANTS: "write-only"},
                "freed": {c.VARIANTS: "2.00"},
            },
        },
        {
            "id": 5,
            "title": "12,960 refreshes are no view; one view is",
            "job": "unused",
            "given": {
                "refreshes": {c.exposure("content_scorecard"): 24 * len(days(c.REFRESH_FROM))},
                "views": {
                    c.exposure("content_scorecard"): 0,
                    c.exposure("content_scorecard_weekly"): 1,
                },
                "view_on": str(c.SIBLING_VIEW[1]),
                "window": window,
            },
            "expect": {
                "verdicts": {
                    c.exposure("content_scorecard"): "refreshed-only",
                    c.SCORECARD: "refreshed-only",
                    c.exposure("content_scorecard_weekly"): "live",
                    c.SCORECARD_WEEKLY: "live",
                }
            },
        },
        {
            "id": 6,
            "title": "seasonal, zombie, read through a view",
            "job": "unused",
            "given": {
                "read_on": {c.SEASONAL: [str(day) for day in c.SEASONAL_DAYS]},
                "zombie_cycle": c.ZOMBIES,
                "view": {c.VIEW: c.VIEW_BASE},
                "window": window,
            },
            "expect": {
                "verdicts": {
                    c.SEASONAL: "seasonal",
                    **dict.fromkeys(c.ZOMBIES, "zombie"),
                    c.VIEW_BASE: "live",
                    c.VIEW: "live",
                }
            },
        },
        {
            "id": 7,
            "title": "a log that ends early, a row from the future",
            "job": "unused",
            "given": {
                "log_ends": {"stream.eu": str(c.EU_LOG_ENDS)},
                "last_read": {name: str(c.EU_LAST_READ) for name in c.EU_TABLES},
                "future_row": {c.FUTURE_TABLE: str(c.FUTURE_DAY)},
                "window": window,
            },
            "expect": {
                "verdicts": {**dict.fromkeys(c.EU_TABLES, "unknown"), c.FUTURE_TABLE: "unread"},
                "log_end": str(LAST_DAY),
                "future_rows_reported": 1,
            },
        },
        {
            "id": 8,
            "title": "a nightly scanner reads every table",
            "job": "unused",
            "given": {
                "scanner": c.SCANNER,
                "since": str(c.SCANNER_FROM),
                "tables_read": len(all_tables),
            },
            "expect": {
                "suggested_monitors": [c.SCANNER],
                "with_monitor": "every verdict equals that of the log without the scanner's rows",
                "without_monitor": {
                    "verdicts": {
                        c.VARIANTS: "live",
                        c.SCORECARD: "live",
                        c.SEASONAL: "live",
                        **dict.fromkeys(c.ZOMBIES, "live"),
                        c.FUTURE_TABLE: "live",
                    }
                },
            },
        },
        {
            "id": 9,
            "title": "a writer without column lineage, a retired writer",
            "job": "pii",
            "given": {
                "opaque_job": c.job_id("airflow-prod", "crm_sync.build_audience"),
                "reads": table("raw", "newsletter_signups"),
                "retired_job": c.RETIRED_JOB,
                "expired": str(c.RETIRED_EXPIRES.date()),
            },
            "expect": {
                "labels": [
                    {
                        "node": f"{c.AUDIENCE}#{name}",
                        "label": "email",
                        "verdict": "plain",
                        "certainty": "possible",
                    }
                    for name in jobs.AUDIENCE.columns
                ]
                + [
                    {
                        "node": f"{c.CONTACT_ARCHIVE}#contact_value",
                        "label": "email",
                        "verdict": "plain",
                        "certainty": "proved",
                    }
                ]
            },
        },
        {
            "id": 10,
            "title": "sums and averages of pay",
            "job": "pii",
            "given": {"source": column("raw", "payroll", "salary"), "label": "salary"},
            "expect": {
                "labels": [
                    {
                        "node": column("hr", "salary_by_employee", "total_salary"),
                        "label": "salary",
                        "verdict": "plain",
                        "certainty": "proved",
                    },
                    {
                        "node": column("hr", "salary_by_department", "average_salary"),
                        "label": "salary",
                        "verdict": "aggregated",
                        "certainty": "proved",
                        "k": None,
                    },
                    {
                        "node": column("hr", "salary_by_department_k10", "average_salary"),
                        "label": "salary",
                        "verdict": "aggregated",
                        "certainty": "proved",
                        "k": 10,
                    },
                ]
            },
        },
        {
            "id": 11,
            "title": "decrypted, united, misnamed, one path unmasked",
            "job": "pii",
            "given": {"label": "email"},
            "expect": {
                "labels": [
                    {
                        "node": f"{node}",
                        "label": "email",
                        "verdict": verdict,
                        "certainty": "proved",
                    }
                    for node, verdict in (
                        (f"{jobs.VAULT.name}#email_encrypted", "pseudonymised"),
                        (f"{jobs.MAILING.name}#email", "plain"),
                        (column("core", "dim_users_hashed", "email_hash"), "pseudonymised"),
                        (column("marts", "contact_points", "contact"), "plain"),
                        (column("core", "support_contacts", "email_masked"), "plain"),
                        (column("marts", "user_contact_directory", "email"), "plain"),
                        (c.exposure("crm_health"), "plain"),
                    )
                ],
                "masked_twin": {
                    "node": column("marts", "user_contact_masked", "email_domain_only"),
                    "verdict_one_of": ["redacted", "derived"],
                },
                "clean": [
                    column("marts", "user_contact_masked", "full_name"),
                    column("marts", "user_contact_masked", "phone"),
                ],
                "path": [
                    column("marts", "user_contact_directory", "email"),
                    c.exposure("crm_health"),
                ],
            },
        },
        {
            "id": 12,
            "title": "revenue short by 30 % after the rename of an enum value",
            "job": "root_cause",
            "given": {
                "start": f"{REVENUE}#revenue_usd",
                "at": stamp(at(RENAME_AT.date().replace(day=21), 8)),
                "measured": "openlineage/quality.ndjson.gz: 120,000 a day, 84,000 from 2026-06-21",
                "stream": c.job_id("kafka-connect", "payments-sink"),
                "decoy": {
                    "job": c.job_id("dbt", "stream.core.stream.dim_plans"),
                    "dataset": table("core", "dim_plans"),
                    "failed": [str(day) for day in sorted(events.BROKEN)],
                    "repeated": "four hours later, with success",
                },
            },
            "expect": {
                "first_one_of": [
                    f"{jobs.KAFKA}/{jobs.PAYMENTS_TOPIC.name}#status",
                    column("raw", "payment_events", "status"),
                ],
                "changed_at": stamp(RENAME_AT),
                "evidence": [
                    "the topic's note on status changes from settled to captured",
                    "the topic's dataset version changes from 7 to 8",
                    "the test payment_status_is_known warns from 2026-06-21 on",
                ],
                "path": [
                    column("raw", "payment_events", "status"),
                    table("staging", "stg_settled_payments"),
                    table("core", "fct_payments"),
                    REVENUE,
                ],
                "only_edge_from_status": {
                    "source": column("raw", "payment_events", "status"),
                    "target": table("staging", "stg_settled_payments"),
                    "type": "INDIRECT",
                    "subtype": "FILTER",
                },
                "below": [table("core", "dim_plans")],
            },
        },
    ]


def write() -> None:
    content = {
        "about": "Planted in data_samples/stream; made by data_samples/make. Amounts are in USD.",
        "namespace": WAREHOUSE,
        "log": [str(FIRST_DAY), str(LAST_DAY)],
        "window_days": 90,
        "monitors": [c.SCANNER],
        "warehouse_tables": len(c.warehouse_tables()),
        "billed_total": f"{billed():.4f}",
        "unallocated": f"{25 * len(c.month_ends()):.4f}",
        "idle": "3.0000",
        "not_live": {
            name: verdict
            for truth in truths()
            if truth["job"] == "unused"
            for name, verdict in truth["expect"].get("verdicts", {}).items()
            if verdict != "live"
        },
        "truths": truths(),
    }
    path = SAMPLES / "truths.json"
    path.write_text(json.dumps(content, indent=2) + "\n")
