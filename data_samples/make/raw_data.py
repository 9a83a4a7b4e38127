"""Fill the raw schema of the sample's DuckDB file. The values are invented and never shipped:
they only have to be such that dbt has something to build."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
from common import ARTIFACTS_AT, between, draw

USERS, TITLES, PAYMENTS_A_DAY = 120, 30, 40
COUNTRIES = ["DE", "FR", "NL", "GB", "US", "CA", "BR", "JP", "AU", "IN"]
GENRES = ["drama", "comedy", "crime", "nature", "kids"]
PLANS = [("basic", "7.99"), ("standard", "12.99"), ("premium", "17.99")]
DEPARTMENTS = [("engineering", 14), ("content", 11), ("legal", 4)]
SOURCE_DAYS = [date(2026, 6, 27), date(2026, 6, 28), date(2026, 6, 29)]

DDL = {
    "users": "user_id bigint, email varchar, phone varchar, full_name varchar, birth_date date,"
    " country varchar, marketing_opt_in boolean, created_at timestamp",
    "profiles": "profile_id bigint, user_id bigint, profile_name varchar, is_kids boolean",
    "devices": "device_id varchar, user_id bigint, ip_address varchar, model varchar,"
    " os varchar, last_seen_at timestamp",
    "payment_methods": "payment_method_id bigint, user_id bigint, card_number varchar,"
    " provider varchar, billing_zip varchar",
    "subscriptions": "subscription_id bigint, user_id bigint, plan_id bigint, started_on date, ended_on date",
    "plans": "plan_id bigint, plan_name varchar, price varchar",
    "payment_events": "event_id bigint, user_id bigint, plan_id bigint, amount decimal(10,2),"
    " currency varchar, status varchar, occurred_at timestamp",
    "fx_rates": "rate_day date, currency varchar, usd_rate decimal(10,4)",
    "titles": "title_id bigint, title_name varchar, kind varchar, genre varchar, release_year integer",
    "episodes": "episode_id bigint, title_id bigint, season integer, episode_number integer,"
    " runtime_seconds integer",
    "play_events": "session_id bigint, user_id bigint, device_id varchar, title_id bigint,"
    " ip_address varchar, started_at timestamp, seconds_watched integer",
    "search_events": "search_id bigint, user_id bigint, query_text varchar, result_count integer,"
    " clicked_title_id bigint, searched_at timestamp",
    "ratings": "user_id bigint, title_id bigint, stars integer, rated_at timestamp",
    "cdn_edge_logs": "log_id bigint, session_id bigint, pop varchar, client_ip varchar,"
    " bytes_sent bigint, rebuffer_ms integer, logged_at timestamp",
    "support_tickets": "ticket_id bigint, user_id bigint, email varchar, subject varchar,"
    " body varchar, opened_at timestamp, closed_at timestamp",
    "newsletter_signups": "signup_id bigint, email varchar, campaign varchar, signed_up_at timestamp",
    "payroll": "employee_id bigint, department varchar, salary decimal(10,2), paid_on date",
}


def _noon(day: date, minute: int) -> datetime:
    return datetime(day.year, day.month, day.day, 12) + timedelta(minutes=minute)


def _rows(days: list[date], renamed: bool) -> dict[str, list[tuple[object, ...]]]:
    rows: dict[str, list[tuple[object, ...]]] = {name: [] for name in DDL}
    start = datetime(2024, 3, 1)
    for u in range(1, USERS + 1):
        mail, country = f"member{u}@mail.example", COUNTRIES[u % len(COUNTRIES)]
        ip = f"203.0.113.{u}"
        born = date(1960 + between(0, 44, "born", u), 1 + u % 12, 1 + u % 28)
        rows["users"].append((u, mail, f"+10000{u:05d}", f"Member {u}", born, country, u % 3 > 0, start))
        rows["profiles"].append((u, u, f"Profile {u}", u % 5 == 0))
        rows["devices"].append((f"dev-{u:05d}", u, ip, "tv-9", ["iOS", "tvOS"][u % 2], start))
        rows["payment_methods"].append((u, u, f"0000 0000 0000 {u:04d}", "card", f"{u:05d}"))
        end = date(2026, 3, 31) if u % 7 == 0 else None
        rows["subscriptions"].append((u, u, 1 + u % 3, date(2025, 1 + u % 12, 1), end))
        rows["search_events"].append((u, u, "something nice", u % 4, u % 3 or None, start))
        rows["ratings"].append((u, 1 + u % TITLES, 1 + u % 5, start))
        if u % 4 == 0:
            rows["support_tickets"].append(
                (u, u, mail, "Cannot sign in", "Please help.", start, start + timedelta(hours=u))
            )
        if u % 2 == 0:
            rows["newsletter_signups"].append((u, mail, f"campaign-{u % 3}", start))
    for number, (name, price) in enumerate(PLANS, 1):
        rows["plans"].append((number, name, price))
    for t in range(1, TITLES + 1):
        rows["titles"].append((t, f"Title {t}", "series", GENRES[t % 5], 2020 + t % 7))
        rows["episodes"] += [(t * 10 + e, t, 1, e, 2400) for e in range(1, 4)]
    employee = 0
    for department, size in DEPARTMENTS:
        for _ in range(size):
            employee += 1
            pay = 4000 + between(0, 3000, "pay", employee)
            rows["payroll"].append((employee, department, pay, date(2026, 6, 25)))
    for n, day in enumerate(days):
        rows["fx_rates"] += [(day, "EUR", 1.1), (day, "USD", 1)]
        for i in range(PAYMENTS_A_DAY):
            event = n * PAYMENTS_A_DAY + i + 1
            # three of ten payments of the newest day carry the new word for the same thing
            new_word = renamed and day == days[-1] and i % 10 < 3
            status = "captured" if new_word else "settled"
            rows["payment_events"].append((event, 1 + i % USERS, 1 + i % 3, 10, "USD", status, _noon(day, i)))
        for u in range(1, USERS + 1):
            session, pop = n * USERS + u, ["ams", "fra", "iad"][u % 3]
            title = 1 + int(draw("title", session) * TITLES)
            moment, ip = _noon(day, u), f"203.0.113.{u}"
            rows["play_events"].append((session, u, f"dev-{u:05d}", title, ip, moment, 600 + 10 * u))
            rows["cdn_edge_logs"].append((session, session, pop, ip, 5_000_000, u % 40, moment))
    return rows


def load(folder: Path, *, days: int, broken: bool = False, renamed: bool = False) -> None:
    """Replace the raw tables. `days` of events are there; `broken` puts text into a price;
    `renamed` gives part of the newest day's payments the status `captured`."""
    rows = _rows(SOURCE_DAYS[:days], renamed)
    if broken:
        number, name, _ = rows["plans"][0]
        rows["plans"][0] = (number, name, "n/a")
    with duckdb.connect(str(folder / "stream.duckdb")) as db:
        db.execute("create schema if not exists raw")
        for name, columns in DDL.items():
            db.execute(f"create or replace table raw.{name} ({columns}, _loaded_at timestamp)")
            # the rates are a day late: one source that dbt warns of
            age = 30 * 60 if name == "fx_rates" else between(30, 20 * 60, "loaded", name)
            loaded = ARTIFACTS_AT.replace(tzinfo=None) - timedelta(minutes=age)
            marks = ",".join("?" * len(rows[name][0]))
            db.executemany(f"insert into raw.{name} values ({marks}, ?)", [(*r, loaded) for r in rows[name]])


def age_as_of_now(folder: Path) -> timedelta:
    """Shift the load times so that they are as old now as they are at the sample's clock.
    Freshness is measured against the clock on the wall; the shift is taken out again."""
    now = datetime.now(UTC).replace(microsecond=0)
    shift = now - ARTIFACTS_AT
    with duckdb.connect(str(folder / "stream.duckdb")) as db:
        for name in DDL:
            db.execute(
                f"update raw.{name} set _loaded_at = _loaded_at + to_seconds(?)",
                [int(shift.total_seconds())],
            )
    return shift
