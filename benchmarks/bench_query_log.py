"""How fast a query log becomes frames.

    taskset -c 1 python benchmarks/bench_query_log.py --rows 1000000
    python benchmarks/bench_query_log.py --distinct 4000 --processes 2

Made from a seed. "repeating": statements of 2,000 shapes with literals of their own, 300 characters on average, seven
in eight of them reads, each sent by three of 300 users over 30 days, as Parquet. "distinct": as many statements as shapes, each parsed.
Processor times of the first, wall-clock times of the second, files and frames included, the best of `--rounds`.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

if hasattr(os, "sched_getaffinity"):  # as many threads as cores we may use, before polars counts them
    os.environ["POLARS_MAX_THREADS"] = str(len(os.sched_getaffinity(0)))

import polars as pl

from lineage_nb.model.report import ReportBuilder
from lineage_nb.sources.query_log.reader import read
from lineage_nb.sources.query_log.shapes import Question, answers
from lineage_nb.sources.registry import Entry

WORDS = ("order", "user", "play", "title", "device", "plan", "price", "region", "day", "score", "session", "country")
START = datetime(2025, 1, 1, tzinfo=UTC)


def shape(number: int) -> str:
    """One statement with places for three literals."""
    rng = random.Random(number)
    tables = [f"shop.core.{WORDS[n % 12]}_{n}" for n in rng.sample(range(600), 2)]
    columns = [f"{a}_{b}" for a, b in zip(rng.sample(WORDS, 3), rng.sample(WORDS, 3), strict=True)]
    shown = ", ".join(f"a.{c}" if n % 2 else f"coalesce(b.{c}, a.{c}) AS {c}" for n, c in enumerate(columns))
    query = (
        f"SELECT {shown}, count(*) AS n_{number} FROM {tables[0]} AS a JOIN {tables[1]} AS b ON a.id = b.id "
        f"WHERE a.{columns[0]} = '{{0}}' AND b.{columns[1]} > {{1}} AND a.kind IN ('{{2}}', 'x', 'y') GROUP BY 1, 2, 3"
    )
    return f"INSERT INTO shop.mart.{rng.choice(WORDS)}_{number} {query}" if number % 8 == 0 else query


def make(path: Path, rows: int, shapes: int) -> None:
    """Write a log."""
    rng = random.Random(7)
    patterns = [shape(n) for n in range(shapes)]
    picked = [rng.randrange(shapes) for _ in range(rows)]
    frame = pl.DataFrame(
        {
            "query_id": [f"01b2-{n:08x}" for n in range(rows)],
            "query_text": [patterns[p].format(f"v{n}", n, f"k{n % 9973}") for n, p in enumerate(picked)],
            "user_name": [f"user_{(p * 7 + rng.randrange(3)) % 300}" for p in picked],
            "start_time": [START + timedelta(seconds=30 * 86_400 * n / rows) for n in range(rows)],
            "bytes_scanned": [rng.randrange(10**9) for _ in range(rows)],
            "execution_status": ["SUCCESS"] * rows,
            "total_elapsed_time": [rng.randrange(10**5) for _ in range(rows)],
            "warehouse_name": ["WH"] * rows,
        }
    )
    frame.write_parquet(path)


def best(run: Callable[[], object], rounds: int, clock: Callable[[], float] = time.perf_counter) -> float:
    """Shortest time of `rounds`, seconds."""
    times = []
    for _ in range(rounds):
        start = clock()
        run()
        times.append(clock() - start)
    return min(times)


def repeating(rows: int, rounds: int) -> None:
    """Print statements a second of a log that repeats itself."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.parquet"
        make(path, rows, 2_000)
        report = ReportBuilder()
        frames = read([Entry(path)], report, {"processes": 1})
        assert not report.build().rejected
        seconds = best(lambda: read([Entry(path)], ReportBuilder(), {"processes": 1}), rounds, time.process_time)
        sizes = ", ".join(f"{n} {f.height:,}" for n, f in frames.items())
        print(f"repeating: {rows / seconds:,.0f} statements/s ({seconds:.1f} s; {sizes})")


def distinct(count: int, processes: int, rounds: int) -> None:
    """Print statements a second where every statement is parsed, in one process and in several."""
    questions = [Question(shape(n).format("v", n, "k"), "snowflake", None, None, n) for n in range(count)]
    alone = best(lambda: answers(questions, {}, 1), rounds)
    print(f"distinct, 1 process: {count / alone:,.0f} statements/s")
    if processes > 1:
        seconds = best(lambda: answers(questions, {}, processes), rounds)
        print(f"distinct, {processes} processes: {count / seconds:,.0f} statements/s, {alone / seconds:.2f}×")


def main() -> None:
    """Print the rates."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, default=0)
    parser.add_argument("--distinct", type=int, default=0)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=2)
    given = parser.parse_args()
    if given.rows:
        repeating(given.rows, given.rounds)
    if given.distinct:
        distinct(given.distinct, given.processes, given.rounds)


if __name__ == "__main__":
    main()
