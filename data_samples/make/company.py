"""The company of the sample: its people, reports and tables, who reads what, and the names of the
planted truths, set here once for `frames.py`, `truths.py` and the tests."""

from __future__ import annotations

import json
from datetime import date, timedelta

import jobs
from common import LAST_DAY, STREAM, WAREHOUSE, at, between, days, read_bytes, table

# ------------------------------------------------------------------ people, services, reports

TEAMS = {
    "team-growth": ["ada.lindqvist", "bruno.keller", "chiara.conti"],
    "team-content": ["dev.patel", "elin.berg", "farid.amari"],
    "team-finance": ["grete.holm", "hugo.marchand"],
    "team-platform": ["ines.rocha", "jonas.weber", "kavya.rao"],
    "team-people": ["lotte.visser", "mateo.cruz"],
    "team-data-science": ["nadia.haddad", "oskar.nilsson", "priya.nair"],
    "team-ad-sales": ["quentin.roy", "rosa.marin"],
    "team-partner-relations": ["stefan.vogel"],
}
SERVICES = {
    "svc-scanner": "Nightly catalogue crawler: opens every table.",
    "svc-recs": "Serves recommendations.",
    "svc-web": "The web player.",
    "svc-mailer": "Sends the newsletter.",
}


def principal(name: str) -> str:
    return f"principal:stream/{name}"


def exposure(name: str) -> str:
    return f"report:dbt/stream.{name}"


def job_id(namespace: str, name: str) -> str:
    return f"job:{namespace}/{name}"


# ------------------------------------------------------------------ the planted truths' names

CDN_LOGS = table("raw", "cdn_edge_logs")  # 1
WH_ADHOC = "compute:stream/wh_adhoc"  # 2
ADHOC_DAY = date(2026, 6, 15)
ADHOC = {
    job_id("sql-console", "trial_cohorts"): table("sandbox", "trial_cohorts"),
    job_id("sql-console", "churn_cohorts"): table("sandbox", "churn_cohorts"),
}
ADHOC_SOURCE = table("sandbox", "cohort_calendar")  # filled by hand, costs nothing
AD_PLATFORM = "adplatform"  # 3; a platform of its own, so that nothing else has a share
AD_DELIVERY = f"{AD_PLATFORM}/ad_delivery_daily"
AD_FORECAST = f"{AD_PLATFORM}/ad_inventory_forecast"
AD_PACING, AD_YIELD, PARTNER_STATEMENT = (
    "report:bi/ad_pacing", "report:bi/ad_yield", "report:bi/partner_statement",
)  # fmt: skip
BI_REPORTS = {
    AD_PACING: ("team-ad-sales", "quentin.roy"),
    AD_YIELD: ("team-ad-sales", "rosa.marin"),
    PARTNER_STATEMENT: ("team-partner-relations", "stefan.vogel"),
}
BI_EDGES = {
    AD_DELIVERY: [AD_PACING, AD_YIELD, PARTNER_STATEMENT],
    AD_FORECAST: [AD_PACING, AD_YIELD],
}
THUMBNAIL_JOB = job_id("spark-prod", "media.build_thumbnails")  # 4
THUMBNAILS, VARIANTS = jobs.THUMBNAILS.name, jobs.VARIANTS.name
SCORECARD, SCORECARD_WEEKLY = (  # 5
    table("marts", "content_scorecard"), table("marts", "content_scorecard_weekly"),
)  # fmt: skip
REFRESH_FROM = LAST_DAY - timedelta(539)  # 540 days of 24 refreshes: 12,960
SEASONAL = table("marts", "awards_season_recap")  # 6
SEASONAL_DAYS = [date(2025, 1, 15), date(2026, 1, 14)]
ZOMBIES = [jobs.CANDIDATES.name, jobs.SCORES.name, jobs.FEEDBACK.name]
VIEW, VIEW_BASE = table("marts", "active_subscribers"), table("core", "subscriber_months")
EU_LOG_ENDS = LAST_DAY - timedelta(40)  # 7
EU_LAST_READ = date(2026, 2, 5)
EU_TABLES = [
    jobs.EU_SESSIONS.name, jobs.EU_CONSENT.name, jobs.EU_VAT.name, jobs.EU_DAILY.name,
]  # fmt: skip
FUTURE_TABLE, FUTURE_DAY = table("archive", "trailer_ab_test_2024"), date(2027, 1, 1)
SCANNER, SCANNER_FROM = principal("svc-scanner"), date(2026, 1, 1)  # 8
AUDIENCE = jobs.AUDIENCE.name  # 9
CONTACT_ARCHIVE = table("crm", "contact_archive")
RETIRED_JOB = job_id("cron", "legacy_contact_dump")
RETIRED_LAST, RETIRED_EXPIRES = at(date(2025, 9, 28), 23, 30), at(date(2025, 9, 30))

# Tables that neither dbt nor a job's events tell of, with their columns: of the warehouse …
NATIVE = {
    ADHOC_SOURCE: ("team-growth", "cohort date, label varchar"),
    table("sandbox", "trial_cohorts"): ("team-growth", "cohort date, trials bigint"),
    table("sandbox", "churn_cohorts"): ("team-data-science", "cohort date, churned bigint"),
    CONTACT_ARCHIVE: ("team-growth", "account_key bigint, contact_value varchar"),
    FUTURE_TABLE: ("team-content", "title_id bigint, variant varchar, clicks bigint"),
}

# … and of the ad platform.
FOREIGN = {
    AD_DELIVERY: ("team-ad-sales", "day date, campaign varchar, impressions bigint"),
    AD_FORECAST: ("team-ad-sales", "day date, slot varchar, available bigint"),
}

# ------------------------------------------------------------------ who reads what

READERS = {
    table("core", "dim_users"): ["ada.lindqvist", "kavya.rao"],
    table("core", "fct_plays"): ["nadia.haddad", "oskar.nilsson"],
    table("core", "dim_titles"): ["dev.patel", "elin.berg"],
    table("core", "fct_payments"): ["hugo.marchand"],
    table("core", "dim_payment_methods"): ["hugo.marchand"],
    table("core", "session_quality"): ["jonas.weber"],
    table("core", "support_contacts"): ["chiara.conti"],
    VIEW: ["ada.lindqvist", "grete.holm"],
    table("marts", "contact_points"): ["bruno.keller"],
    table("marts", "daily_revenue"): ["grete.holm"],
    table("marts", "title_popularity"): ["farid.amari"],
    table("marts", "user_contact_directory"): ["bruno.keller"],
    table("hr", "salary_by_employee"): ["lotte.visser"],
    table("hr", "salary_by_department_k10"): ["mateo.cruz"],
    table("ml", "user_engagement_features"): ["priya.nair"],
    jobs.HOUSEHOLDS.name: ["nadia.haddad"],
    jobs.TASTE.name: ["svc-recs"],
    jobs.CHURN_SCORES.name: ["svc-recs"],
    THUMBNAILS: ["svc-web"],
    jobs.MAILING.name: ["svc-mailer"],
    AUDIENCE: ["bruno.keller"],
    CONTACT_ARCHIVE: ["bruno.keller"],
    table("sandbox", "trial_cohorts"): ["chiara.conti"],
    table("sandbox", "churn_cohorts"): ["oskar.nilsson"],
}
VIEWERS = {
    exposure("revenue_board"): ["grete.holm", "hugo.marchand"],
    exposure("title_trends"): ["dev.patel", "farid.amari"],
    exposure("subscriber_pulse"): ["ada.lindqvist"],
    exposure("playback_health"): ["jonas.weber", "ines.rocha"],
    exposure("crm_health"): ["chiara.conti"],
    exposure("support_desk"): ["chiara.conti"],
    exposure("pay_equity"): ["mateo.cruz", "lotte.visser"],
    exposure("churn_model"): ["priya.nair"],
}
SIBLING_VIEW = ("elin.berg", date(2026, 5, 12))


def dbt() -> tuple[dict[str, str], dict[str, list[str]]]:
    """From the real artifacts: warehouse tables with their type, and exposures with the tables
    they read."""
    target = STREAM / "dbt" / "target"
    manifest = json.loads(read_bytes(target / "manifest.json.gz"))
    tables, names = {}, {}
    for unique_id, node in (manifest["nodes"] | manifest["sources"]).items():
        if unique_id.split(".")[0] in ("model", "source", "seed"):
            name = node["relation_name"].replace('"', "")
            view = node["config"].get("materialized") == "view"
            tables[name], names[unique_id] = "view" if view else "table", name
    reports = {
        exposure(e["name"]): [names[n] for n in e["depends_on"]["nodes"]]
        for e in manifest["exposures"].values()
    }
    return tables, reports


def warehouse_tables() -> dict[str, str]:
    """Every table of the warehouse and whether it is a view."""
    tables, _ = dbt()
    for job in (*jobs.SPARK, *jobs.OTHERS, *jobs.INGEST):
        for data in job.outputs:
            if data.namespace == WAREHOUSE:
                tables.setdefault(data.name, "table")
    return dict(sorted((tables | dict.fromkeys(NATIVE, "table")).items()))


def size(name: str) -> int:
    """Invented bytes: raw tables are large, marts are small."""
    schema = name.split(".")[1]
    low, high = {"raw": (20, 900), "core": (10, 400), "eu": (5, 90)}.get(schema, (1, 40))
    return between(low * 10**8, high * 10**8, "bytes", name)


def month_ends() -> list[date]:
    return [day for day in days() if (day + timedelta(1)).day == 1]
