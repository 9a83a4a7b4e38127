"""The jobs around dbt: what they read, write and do to each column. Plain data, no clock.

`Flow` says where an output column comes from and how; `Job` gathers them. `events.py` turns them
into OpenLineage events with openlineage-python's client."""

from __future__ import annotations

from dataclasses import dataclass, field

import raw_data
from common import WAREHOUSE, table

APP_DB = "postgres://app-db.stream.example:5432"
APP_DB_EU = "postgres://app-db-eu.stream.example:5432"
HR_DB = "postgres://hr-db.stream.example:5432"
KAFKA = "kafka://broker.stream.example:9092"
HELP_DESK = "https://helpdesk.stream.example"
LANDING = "https://landing.stream.example"
RATES = "https://rates.stream.example"
CDN = "s3://stream-cdn-logs"
EXPORTS = "s3://stream-exports"

Column = tuple[str, str, str]  # namespace, dataset, field


@dataclass(frozen=True)
class Data:
    namespace: str
    name: str
    columns: dict[str, str]
    pii: dict[str, str] = field(default_factory=dict)  # column -> label, as a tags facet

    def __getitem__(self, column: str) -> Column:
        if column not in self.columns:
            raise KeyError(f"{self.name}#{column}")
        return (self.namespace, self.name, column)


@dataclass(frozen=True)
class Flow:
    output: str
    source: Column
    subtype: str = "IDENTITY"
    kind: str = "DIRECT"
    masking: bool = False
    text: str = ""


@dataclass(frozen=True)
class Job:
    namespace: str
    name: str
    inputs: tuple[Data, ...]
    outputs: tuple[Data, ...]
    flows: dict[str, list[Flow]] = field(default_factory=dict)  # output name -> flows
    shaping: dict[str, list[tuple[str, Column]]] = field(default_factory=dict)  # FILTER, JOIN …
    sql: str = ""
    dialect: str = ""
    integration: str = "SPARK"
    processing: str = "BATCH"
    kind: str = "JOB"
    hour: int = 1
    minute: int = 0
    seconds: int = 300
    owner: str = "team-platform"
    constants: tuple[str, ...] = ()  # output columns that come from no input
    lineage: bool = True  # false: the job tells what it reads and writes, not how
    running: bool = False  # sends a RUNNING event midway
    rows: int = 10_000


def _columns(ddl: str) -> dict[str, str]:
    """Names and types; the warehouse writes types in capitals."""
    pairs = (column.strip().split(" ", 1) for column in _split(ddl))
    return {name: type_.upper() for name, type_ in pairs}


def raw(name: str) -> Data:
    return Data(WAREHOUSE, table("raw", name), _columns(raw_data.DDL[name]))


def _split(ddl: str) -> list[str]:
    """Columns of a DDL; a comma inside decimal(10,2) is no end."""
    parts, depth, word = [], 0, ""
    for letter in ddl:
        depth += (letter == "(") - (letter == ")")
        if letter == "," and not depth:
            parts.append(word)
            word = ""
        else:
            word += letter
    return [*parts, word]


def made(schema: str, name: str, columns: str, pii: dict[str, str] | None = None) -> Data:
    return Data(WAREHOUSE, table(schema, name), _columns(columns), pii or {})


def foreign(namespace: str, name: str, like: Data) -> Data:
    """The same columns elsewhere, where types are written in small letters."""
    return Data(namespace, name, {c: type_.lower() for c, type_ in like.columns.items()})


def copies(source: Data, target: Data) -> list[Flow]:
    return [Flow(c, source[c]) for c in target.columns if c in source.columns]


# ------------------------------------------------------------------ warehouse tables

DIM_USERS = made(
    "core", "dim_users",
    "user_id bigint, email varchar, phone varchar, full_name varchar, birth_date date,"
    " country varchar, region varchar, marketing_opt_in boolean, profile_count bigint,"
    " created_at timestamp",
)  # fmt: skip
FCT_PLAYS = made(
    "core", "fct_plays",
    "session_id bigint, user_id bigint, device_id varchar, title_id bigint,"
    " started_at timestamp, play_day date, seconds_watched integer",
)  # fmt: skip
DIM_TITLES = made(
    "core", "dim_titles",
    "title_id bigint, title_name varchar, kind varchar, genre varchar, release_year integer,"
    " episode_count bigint, runtime_seconds hugeint",
)  # fmt: skip
DIM_DEVICES = made(
    "core", "dim_devices",
    "device_id varchar, user_id bigint, ip_address varchar, device_model varchar, os varchar,"
    " device_class varchar, last_seen_at timestamp",
)  # fmt: skip
DAILY_REVENUE = made(
    "marts", "daily_revenue",
    "revenue_day date, plan_name varchar, payments bigint, revenue_usd decimal(18,2)",
)  # fmt: skip
CHURN_SET = made(
    "ml", "churn_training_set",
    "user_id bigint, email_hash varchar, region varchar, age_years bigint, plays_28d bigint,"
    " seconds_28d hugeint, titles_28d bigint, average_stars double, plan_id bigint,"
    " tenure_days bigint, churned boolean",
)  # fmt: skip
TASTE = made(
    "ml", "user_taste_vectors",
    "user_id bigint, genre varchar, watch_share double, taste varchar",
)  # fmt: skip
HOUSEHOLDS = made(
    "ml", "household_graph",
    "device_hash varchar, ip_hash varchar, device_class varchar, accounts bigint",
)  # fmt: skip
CHURN_SCORES = made("ml", "churn_scores", "user_id bigint, churn_score double, scored_on date")
VAULT = made(
    "secure", "contact_vault",
    "user_id bigint, email_encrypted varbinary, created_at timestamp",
)  # fmt: skip
MAILING = made("secure", "mailing_batch", "user_id bigint, email varchar, batch_day date")
THUMBNAILS = made("media", "title_thumbnails", "title_id bigint, width integer, image varchar")
VARIANTS = made("media", "title_thumbnail_variants", "title_id bigint, variant varchar, image varchar")
AUDIENCE = made(
    "crm", "campaign_audience",
    "audience_id varchar, contact varchar, segment varchar, refreshed_at timestamp",
)  # fmt: skip
CANDIDATES = made("legacy", "recs_v1_candidates", "user_id bigint, title_id bigint, weight double")
SCORES = made("legacy", "recs_v1_scores", "user_id bigint, title_id bigint, score double")
FEEDBACK = made("legacy", "recs_v1_feedback", "user_id bigint, title_id bigint, bias double")
EU_SESSIONS = made(
    "eu", "play_sessions",
    "session_id bigint, user_id bigint, title_id bigint, ip_address varchar, started_at timestamp",
    {"ip_address": "ip"},
)  # fmt: skip
EU_CONSENT = made("eu", "consent_log", "user_id bigint, purpose varchar, given_at timestamp")
EU_VAT = made("eu", "vat_invoices", "invoice_id bigint, user_id bigint, net decimal(10,2)")
EU_DAILY = made("eu", "play_sessions_daily", "play_day date, title_id bigint, sessions bigint")

PAYMENTS_TOPIC = foreign(KAFKA, "payments.events", raw("payment_events"))


def _ingest() -> list[Job]:
    jobs = []
    sources = {
        "users": APP_DB, "profiles": APP_DB, "devices": APP_DB, "payment_methods": APP_DB,
        "subscriptions": APP_DB, "plans": APP_DB, "titles": APP_DB, "episodes": APP_DB,
        "ratings": APP_DB, "payroll": HR_DB, "play_events": KAFKA, "search_events": KAFKA,
        "cdn_edge_logs": CDN, "support_tickets": HELP_DESK, "newsletter_signups": LANDING,
        "fx_rates": RATES,
    }  # fmt: skip
    names = {
        APP_DB: "app.public.{}", HR_DB: "hr.public.{}", KAFKA: "{}", CDN: "edge/{}",
        HELP_DESK: "{}", LANDING: "{}", RATES: "{}",
    }  # fmt: skip
    for number, (name, source) in enumerate(sources.items()):
        target = raw(name)
        origin = foreign(source, names[source].format(name).replace("_events", ".events"), target)
        jobs.append(
            Job(
                "ingest", f"load_{name}", (origin,), (target,),
                {target.name: copies(origin, target)},
                integration="AIRBYTE", hour=0, minute=2 + 3 * number, seconds=120 + 7 * number,
                rows=4_000 + 977 * number,
            )
        )  # fmt: skip
    for number, (target, name) in enumerate(
        [(EU_SESSIONS, "play_sessions"), (EU_CONSENT, "consent_log"), (EU_VAT, "vat_invoices")]
    ):
        origin = foreign(APP_DB_EU, f"app.public.{name}", target)
        jobs.append(
            Job(
                "ingest", f"load_eu_{name}", (origin,), (target,),
                {target.name: copies(origin, target)},
                integration="AIRBYTE", hour=0, minute=20 + number, owner="team-platform",
            )
        )  # fmt: skip
    return jobs


PAYMENTS_SINK = Job(
    "kafka-connect", "payments-sink", (PAYMENTS_TOPIC,), (raw("payment_events"),),
    {table("raw", "payment_events"): copies(PAYMENTS_TOPIC, raw("payment_events"))},
    integration="KAFKA_CONNECT", processing="STREAMING", kind="CONNECTOR", owner="team-finance",
)  # fmt: skip

ENCRYPT_SQL = """INSERT OVERWRITE TABLE secure.contact_vault
SELECT user_id, aes_encrypt(email, key_of('contacts')) AS email_encrypted, created_at
FROM core.dim_users"""
DECRYPT_SQL = """INSERT OVERWRITE TABLE secure.mailing_batch
SELECT user_id, CAST(aes_decrypt(email_encrypted, key_of('contacts')) AS STRING) AS email,
       current_date() AS batch_day
FROM secure.contact_vault
WHERE created_at < current_date()"""


def _spark() -> list[Job]:
    agg, tra = "AGGREGATION", "TRANSFORMATION"
    return [
        Job(
            "spark-prod", "ml.build_taste_vectors", (FCT_PLAYS, DIM_TITLES), (TASTE,),
            {TASTE.name: [
                Flow("user_id", FCT_PLAYS["user_id"]),
                Flow("genre", DIM_TITLES["genre"]),
                Flow("watch_share", FCT_PLAYS["seconds_watched"], agg),
                Flow("watch_share", FCT_PLAYS["user_id"], "WINDOW", "INDIRECT"),
                Flow("taste", DIM_TITLES["genre"], tra),
                Flow("taste", FCT_PLAYS["seconds_watched"], agg),
            ]},
            {TASTE.name: [
                ("JOIN", FCT_PLAYS["title_id"]), ("JOIN", DIM_TITLES["title_id"]),
                ("FILTER", FCT_PLAYS["play_day"]),
                ("GROUP_BY", FCT_PLAYS["user_id"]), ("GROUP_BY", DIM_TITLES["genre"]),
            ]},
            hour=5, seconds=2400, owner="team-data-science", running=True, rows=600_000,
        ),
        Job(
            "spark-prod", "ml.build_household_graph", (DIM_DEVICES,), (HOUSEHOLDS,),
            {HOUSEHOLDS.name: [
                Flow("device_hash", DIM_DEVICES["device_id"], tra, masking=True, text="sha2"),
                Flow("ip_hash", DIM_DEVICES["ip_address"], tra, masking=True, text="sha2"),
                Flow("device_class", DIM_DEVICES["device_class"]),
                Flow("device_class", DIM_DEVICES["os"], "CONDITIONAL", "INDIRECT"),
                Flow("accounts", DIM_DEVICES["user_id"], agg, masking=True, text="count"),
            ]},
            {HOUSEHOLDS.name: [
                ("GROUP_BY", DIM_DEVICES["device_id"]), ("GROUP_BY", DIM_DEVICES["ip_address"]),
                ("FILTER", DIM_DEVICES["last_seen_at"]),
            ]},
            hour=5, minute=10, seconds=900, owner="team-data-science",
        ),
        Job(
            "spark-prod", "ml.score_churn", (CHURN_SET,), (CHURN_SCORES,),
            {CHURN_SCORES.name: [
                Flow("user_id", CHURN_SET["user_id"]),
                Flow("churn_score", CHURN_SET["plays_28d"], tra),
                Flow("churn_score", CHURN_SET["seconds_28d"], tra),
                Flow("churn_score", CHURN_SET["tenure_days"], tra),
                Flow("churn_score", CHURN_SET["region"], tra),
            ]},
            {CHURN_SCORES.name: [
                ("FILTER", CHURN_SET["churned"]), ("SORT", CHURN_SET["user_id"]),
            ]},
            hour=6, seconds=1200, owner="team-data-science", constants=("scored_on",),
        ),
        Job(
            "spark-prod", "vault.encrypt_contacts", (DIM_USERS,), (VAULT,),
            {VAULT.name: [
                Flow("user_id", DIM_USERS["user_id"]),
                Flow("email_encrypted", DIM_USERS["email"], tra, masking=True, text="aes_encrypt"),
                Flow("created_at", DIM_USERS["created_at"]),
            ]},
            sql=ENCRYPT_SQL, dialect="spark", hour=5, minute=20, seconds=240,
        ),
        Job(
            "spark-prod", "vault.decrypt_for_mailing", (VAULT,), (MAILING,),
            {MAILING.name: [
                Flow("user_id", VAULT["user_id"]),
                Flow("email", VAULT["email_encrypted"], tra, text="aes_decrypt"),
            ]},
            {MAILING.name: [("FILTER", VAULT["created_at"])]},
            sql=DECRYPT_SQL, dialect="spark", hour=5, minute=40, seconds=240,
            owner="team-growth",
        ),
        Job(
            "spark-prod", "media.build_thumbnails", (raw("titles"),), (THUMBNAILS, VARIANTS),
            {
                THUMBNAILS.name: [
                    Flow("title_id", raw("titles")["title_id"]),
                    Flow("image", raw("titles")["title_id"], tra),
                ],
                VARIANTS.name: [
                    Flow("title_id", raw("titles")["title_id"]),
                    Flow("variant", raw("titles")["kind"], tra),
                    Flow("image", raw("titles")["title_id"], tra),
                ],
            },
            hour=4, minute=30, seconds=3000, owner="team-content", rows=30_000, constants=("width",),
        ),
        Job(
            "spark-prod", "legacy.recs_v1_candidates", (FCT_PLAYS, FEEDBACK), (CANDIDATES,),
            {CANDIDATES.name: [
                Flow("user_id", FCT_PLAYS["user_id"]), Flow("title_id", FCT_PLAYS["title_id"]),
                Flow("weight", FCT_PLAYS["seconds_watched"], agg),
                Flow("weight", FEEDBACK["bias"], tra),
            ]},
            {CANDIDATES.name: [("JOIN", FCT_PLAYS["user_id"]), ("JOIN", FEEDBACK["user_id"])]},
            hour=4, seconds=1800, owner="team-content",
        ),
        Job(
            "spark-prod", "legacy.recs_v1_scores", (CANDIDATES,), (SCORES,),
            {SCORES.name: [
                Flow("user_id", CANDIDATES["user_id"]), Flow("title_id", CANDIDATES["title_id"]),
                Flow("score", CANDIDATES["weight"], tra),
            ]},
            hour=4, minute=10, seconds=1500, owner="team-content",
        ),
        Job(
            "spark-prod", "legacy.recs_v1_feedback", (SCORES,), (FEEDBACK,),
            {FEEDBACK.name: [
                Flow("user_id", SCORES["user_id"]), Flow("title_id", SCORES["title_id"]),
                Flow("bias", SCORES["score"], tra),
            ]},
            hour=4, minute=20, seconds=600, owner="team-content",
        ),
        Job(
            "spark-prod", "eu.build_daily_sessions", (EU_SESSIONS,), (EU_DAILY,),
            {EU_DAILY.name: [
                Flow("play_day", EU_SESSIONS["started_at"], tra),
                Flow("title_id", EU_SESSIONS["title_id"]),
                Flow("sessions", EU_SESSIONS["session_id"], agg, masking=True, text="count"),
            ]},
            {EU_DAILY.name: [
                ("GROUP_BY", EU_SESSIONS["started_at"]), ("GROUP_BY", EU_SESSIONS["title_id"]),
            ]},
            hour=3, seconds=420,
        ),
    ]  # fmt: skip


def _others() -> list[Job]:
    signups = raw("newsletter_signups")
    feed = Data(
        EXPORTS, "partner-feed/plays",
        {"title_name": "string", "play_day": "date", "seconds_watched": "int"},
    )  # fmt: skip
    close = Data(EXPORTS, "finance/close", DAILY_REVENUE.columns)
    mailing = Data(EXPORTS, "mailing/batch", MAILING.columns)
    return [
        Job(
            "airflow-prod", "crm_sync.build_audience", (signups,), (AUDIENCE,),
            integration="AIRFLOW", kind="TASK", hour=6, minute=30, seconds=180,
            owner="team-growth", lineage=False,
        ),
        Job(
            "airflow-prod", "export.partner_feed", (FCT_PLAYS, DIM_TITLES), (feed,),
            {feed.name: [
                Flow("title_name", DIM_TITLES["title_name"]),
                Flow("play_day", FCT_PLAYS["play_day"]),
                Flow("seconds_watched", FCT_PLAYS["seconds_watched"], "AGGREGATION"),
            ]},
            {feed.name: [
                ("JOIN", FCT_PLAYS["title_id"]), ("JOIN", DIM_TITLES["title_id"]),
                ("GROUP_BY", FCT_PLAYS["play_day"]), ("GROUP_BY", DIM_TITLES["title_name"]),
            ]},
            integration="AIRFLOW", kind="TASK", hour=7, seconds=400,
        ),
        Job(
            "airflow-prod", "export.finance_close", (DAILY_REVENUE,), (close,),
            {close.name: copies(DAILY_REVENUE, close)},
            integration="AIRFLOW", kind="TASK", hour=7, minute=10, seconds=60,
            owner="team-finance",
        ),
        Job(
            "airflow-prod", "export.mailing_list", (MAILING,), (mailing,),
            {mailing.name: copies(MAILING, mailing)},
            integration="AIRFLOW", kind="TASK", hour=7, minute=20, seconds=90,
            owner="team-growth",
        ),
    ]  # fmt: skip


INGEST, SPARK, OTHERS = _ingest(), _spark(), _others()
