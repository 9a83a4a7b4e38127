"""A Snowflake query history of the shop in `data_samples/queries`, made from a seed.

    python data_samples/make/query_history.py

Synthetic: sixty days of nightly loads and of people's reads, in the columns of ACCOUNT_USAGE.QUERY_HISTORY with the
credits of QUERY_ATTRIBUTION_HISTORY. Nobody reads ``shop.mart.contacts`` after the first week.
"""

import csv
import gzip
import io
import random
from datetime import datetime, timedelta
from pathlib import Path

HERE = Path(__file__).parents[1]
MODELS = (
    ("staging", "users"),
    ("staging", "orders"),
    ("staging", "baskets"),
    ("mart", "customers"),
    ("mart", "daily_revenue"),
    ("mart", "contacts"),
)
READS = (
    ("ANNA", 0.9, "SELECT day, SUM(revenue) FROM shop.mart.daily_revenue WHERE country = '{country}' GROUP BY day"),
    ("BORIS", 0.5, "SELECT tier, COUNT(*) FROM shop.mart.customers WHERE revenue > {number} GROUP BY tier"),
    ("CHEN", 0.4, "SELECT * FROM shop.mart.customers WHERE user_id = {number}"),
    ("DASHBOARD", 6.0, "SELECT day, country, revenue, share FROM shop.report.revenue_board WHERE day >= '{day}' -- board"),
    ("DORA", 0.2, "SELECT ip, COUNT(*) AS orders FROM shop.staging.orders WHERE day = '{day}' GROUP BY ip LIMIT {number}"),
)
COLUMNS = (
    "QUERY_ID", "QUERY_TEXT", "DATABASE_NAME", "SCHEMA_NAME", "QUERY_TYPE", "SESSION_ID", "USER_NAME", "WAREHOUSE_NAME",
    "EXECUTION_STATUS", "START_TIME", "END_TIME", "TOTAL_ELAPSED_TIME", "EXECUTION_TIME", "BYTES_SCANNED",
    "BYTES_WRITTEN", "ROWS_PRODUCED", "CREDITS_ATTRIBUTED_COMPUTE",
)  # fmt: skip


def rows(rng: random.Random) -> list[tuple[object, ...]]:
    made: list[tuple[object, ...]] = []
    first = datetime(2026, 5, 1)

    def add(text: str, user: str, start: datetime, kind: str, seconds: float, size: int, failed: bool = False) -> None:
        end = start + timedelta(seconds=seconds)
        credits = round(seconds / 3600 * (1 if user == "LOADER" else 0.5), 9)
        made.append((
            f"01b{len(made):09x}", text, "SHOP", "PUBLIC", kind, 1000 + start.toordinal() % 90, user,
            "LOAD_WH" if user == "LOADER" else "BI_WH", "FAIL" if failed else "SUCCESS",
            f"{start:%Y-%m-%d %H:%M:%S}.000 +0000", f"{end:%Y-%m-%d %H:%M:%S}.000 +0000",
            int(seconds * 1000), int(seconds * 900), size, size // 3 if user == "LOADER" else 0, size // 500, credits,
        ))  # fmt: skip

    for night in range(60):
        day = first + timedelta(days=night)
        for hour, (schema, table) in enumerate(MODELS):
            query = (HERE / "queries" / "shop" / schema / table / "query.sql").read_text(encoding="utf-8").strip()
            text = f"CREATE OR REPLACE TABLE shop.{schema}.{table} AS\n{query}"
            start = day + timedelta(hours=1, minutes=10 * hour)
            failed = rng.random() < 0.02
            add(text, "LOADER", start, "CREATE_TABLE_AS_SELECT", rng.uniform(20, 400), rng.randrange(10**8, 10**9), failed)
        for user, often, text in READS:
            for _ in range(int(often) + (rng.random() < often % 1)):
                when = day + timedelta(hours=7, seconds=rng.randrange(36_000))
                filled = text.format(
                    country=rng.choice(("DE", "FR", "NL", "PL")), number=rng.randrange(1, 5000), day=f"{day:%Y-%m-%d}"
                )
                add(filled, user, when, "SELECT", rng.uniform(0.5, 30), rng.randrange(10**6, 10**8))
        if night < 7:
            add("SELECT contact FROM shop.mart.contacts WHERE kind = 'phone'", "DORA", day + timedelta(hours=9), "SELECT", 2, 10**6)
    return sorted(made, key=lambda row: str(row[9]))


def main() -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows(random.Random(7)))
    packed = gzip.compress(text.getvalue().encode(), mtime=0)
    (HERE / "query_history.csv.gz").write_bytes(packed)


if __name__ == "__main__":
    main()
