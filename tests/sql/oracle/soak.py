"""Let the oracle run for some minutes: ``python tests/sql/oracle/soak.py --minutes 5``."""

from __future__ import annotations

import argparse
import logging
import random
import sys
import time
from pathlib import Path

if not __package__:
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from sql.oracle.check import Failure, Tally, check_seed, small
from sql.oracle.execution import Bench

__all__ = ["soak"]


def soak(minutes: float, start: int, shrink: int) -> Tally:
    """Check the queries of one seed after the other; print what fails, the first `shrink` failures made small."""
    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    bench, tally = Bench(), Tally()
    end = time.monotonic() + 60 * minutes
    seed, shown = start, set[tuple[str, str]]()
    while time.monotonic() < end:
        known = len(tally.failures)
        check_seed(bench, seed, tally)
        for law, failure in {failure.law: failure for failure in tally.failures[known:]}.items():
            least: Failure = small(bench, failure) if shrink > 0 else failure
            shrink -= 1
            if (law, least.probe.text) not in shown:
                print(least, flush=True)
            shown.add((law, least.probe.text))
        seed += 1
    print(f"seeds {start} to {seed - 1}: {tally}, {len(tally.failures)} failures")
    return tally


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument(
        "--seed", type=int, default=random.SystemRandom().randrange(10**9), help="the first seed"
    )
    parser.add_argument("--shrink", type=int, default=20, help="how many failures to make small")
    given = parser.parse_args()
    sys.exit(1 if soak(given.minutes, given.seed, given.shrink).failures else 0)


if __name__ == "__main__":
    main()
