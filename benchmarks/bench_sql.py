"""What typed column lineage costs on top of parsing.

    taskset -c 0 python benchmarks/bench_sql.py                      # the sample's models and the golden statements
    taskset -c 0 python benchmarks/bench_sql.py --cases FILE.jsonl   # also cases as {"sql", "dialect", "schema"}

Each statement is parsed by `sqlglot.parse` and read by `sql_lineage` in turn, in one process, schemas prepared once.
Processor time, the best of `--rounds` for each of the two. The garbage collector is on, as in a notebook, and starts
empty; ``--no-gc`` turns it off. "long" statements have 1,000 characters or more. The ratio is what lineage costs on top,
as a share of parsing: 1.0 means that reading a statement takes twice as long as parsing it.
"""

from __future__ import annotations

import argparse
import gc
import gzip
import json
import logging
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import sqlglot

from lineage_nb.sql.catalog import Catalog, dialect_of
from lineage_nb.sql.lineage import sql_lineage

ROOT = Path(__file__).parents[1]
LONG = 1_000


class Case(NamedTuple):
    sql: str
    dialect: str
    schema: Catalog


def sample() -> Iterator[Case]:
    """The compiled models of the sample, against its catalog."""
    target = ROOT / "data_samples" / "stream" / "dbt" / "target"
    with gzip.open(target / "manifest.json.gz", "rt", encoding="utf-8") as opened:
        manifest = json.load(opened)
    catalog = json.loads((target / "catalog.json").read_text(encoding="utf-8"))
    tables = {**catalog["nodes"], **catalog["sources"]}
    schema = Catalog(
        {".".join((t["metadata"]["schema"], t["metadata"]["name"])): list(t["columns"]) for t in tables.values()}
    )
    for node in manifest["nodes"].values():
        if node.get("compiled_code") and node.get("resource_type") == "model":
            yield Case(node["compiled_code"], "duckdb", schema)


def golden() -> Iterator[Case]:
    """The statements of the golden pairs."""
    known = Catalog()
    for path in sorted((ROOT / "tests" / "sql" / "golden").glob("*.sql")):
        for block in path.read_text(encoding="utf-8").split("\n===\n"):
            head, _, rest = block.partition("-- dialect:")
            if head.strip().startswith("--") and ";;;" in rest:
                dialect, _, sql = rest.partition("\n")
                yield Case(sql.partition(";;;")[0], dialect.strip(), known)


def file(path: Path) -> Iterator[Case]:
    """Cases of a file of JSON lines."""
    prepared: dict[str, Catalog] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        key = json.dumps(case.get("schema") or {})
        if key not in prepared:
            prepared[key] = Catalog(case.get("schema") or {})
        yield Case(case["sql"], case.get("dialect") or "", prepared[key])


def parsed(case: Case) -> bool:
    try:
        return bool(sqlglot.parse(case.sql, read=dialect_of(case.dialect)))
    except (sqlglot.errors.SqlglotError, ValueError, RecursionError):
        return False


def clock(cases: list[Case], work: Callable[[Case], object]) -> float:
    gc.collect()
    start = time.process_time()
    for case in cases:
        work(case)
    return time.process_time() - start


def measure(cases: list[Case], rounds: int) -> tuple[float, float]:
    """Best seconds of parsing and of reading."""
    dialects = {case.dialect: dialect_of(case.dialect) for case in cases}

    def parse(case: Case) -> object:
        return sqlglot.parse(case.sql, read=dialects[case.dialect])

    def read(case: Case) -> object:
        return sql_lineage(case.sql, dialect=case.dialect, schema=case.schema)

    times = [(clock(cases, parse), clock(cases, read)) for _ in range(rounds)]
    return min(t for t, _ in times), min(t for _, t in times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=Path, action="append", default=[])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--no-gc", action="store_true")
    args = parser.parse_args()
    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    suites = {"sample": [*sample()], "golden": [*golden()]}
    suites.update({path.stem: [*file(path)] for path in args.cases})
    compiled = "compiled" if "sqlglotc" in sys.modules or (hasattr(sqlglot.parser, "__file__") and not str(
        sqlglot.parser.__file__
    ).endswith(".py")) else "pure"
    print(f"sqlglot {sqlglot.__version__} ({compiled}), garbage collector {'off' if args.no_gc else 'on'}")
    if args.no_gc:
        gc.disable()
    print(f"{'suite':24s} {'size':6s} {'n':>5s} {'parse ms':>9s} {'read ms':>9s} {'on top':>7s}")
    for name, suite in suites.items():
        usable = [case for case in suite if parsed(case)]
        for size, cases in (
            ("long", [c for c in usable if len(c.sql) >= LONG]),
            ("short", [c for c in usable if len(c.sql) < LONG]),
        ):
            if cases:
                parse, read = measure(cases, args.rounds)
                each = 1_000 / len(cases)
                print(
                    f"{name:24s} {size:6s} {len(cases):5d} {parse * each:9.3f} {read * each:9.3f}"
                    f" {read / parse - 1:7.2f}"
                )


if __name__ == "__main__":
    main()
