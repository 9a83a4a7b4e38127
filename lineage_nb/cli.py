"""The command line: ``lineage-nb report PATH …``, ``lineage-nb sql FILE``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from lineage_nb import __version__
from lineage_nb.errors import LineageError

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments : sequence of str, optional
        Instead of those of the process.

    Returns
    -------
    int
        0; 1 after an error, which is printed.

    Examples
    --------
    >>> main(["formats"])  # doctest: +ELLIPSIS
    saved ...
    0
    """
    parser = argparse.ArgumentParser(prog="lineage-nb", description="Data lineage at the command line.")
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    report = commands.add_parser("report", help="read lineage and print the headline of every job")
    report.add_argument("paths", nargs="+", help="files and folders")
    report.add_argument("--node", help="a node for impact analysis; by default the one with most downstream")
    report.add_argument("--by", default="team", choices=["owner", "team", "report", "consumer", "dataset"], help="who costs go to: owner, team, report, consumer, dataset")
    report.add_argument("--days", type=int, default=90, help="window of unused tables, in days")
    report.add_argument("--monitor", action="append", default=[], help="a consumer whose reads do not count")
    report.set_defaults(run=_report)
    sql = commands.add_parser("sql", help="print the column lineage of a SQL file")
    sql.add_argument("file", help="a file; - reads what is piped in")
    sql.add_argument("--dialect", help="bigquery, snowflake, postgres …; by default what most of them share")
    sql.set_defaults(run=_sql)
    formats = commands.add_parser("formats", help="list what can be read")
    formats.set_defaults(run=_formats)
    chosen = parser.parse_args(arguments)
    run: Callable[[argparse.Namespace], None] = chosen.run
    try:
        run(chosen)
    except LineageError as error:
        print(f"lineage-nb: {error}", file=sys.stderr)
        return 1
    return 0


def _formats(_: argparse.Namespace) -> None:
    from lineage_nb.loading import formats

    for name, what in formats().select("format", "what").iter_rows():
        print(f"{name:<12} {what}")


def _sql(chosen: argparse.Namespace) -> None:
    from pathlib import Path

    from lineage_nb.result import sql_lineage

    try:
        given = sys.stdin.buffer.read() if chosen.file == "-" else Path(chosen.file).read_bytes()
    except OSError as error:
        raise LineageError(f"{chosen.file}: {error.strerror or error}") from error
    text = given.decode("utf-8-sig", errors="replace")
    print(repr(sql_lineage(text, dialect=chosen.dialect)))


def _report(chosen: argparse.Namespace) -> None:
    from lineage_nb.loading import read
    from lineage_nb.views.picture import busiest

    snap = read(chosen.paths)
    print(repr(snap), end="\n\n")
    node = chosen.node or busiest(snap)
    questions = {
        "impact": (lambda: snap.impact(node)) if node else None,
        "cost": lambda: snap.cost(by=chosen.by, monitors=chosen.monitor),
        "pii": lambda: snap.pii(),
        "unused": lambda: snap.unused(days=chosen.days, monitors=chosen.monitor),
    }
    for name, ask in questions.items():
        if ask is None:
            continue
        try:
            print(f"{name:<8}{ask().headline}")
        except LineageError as error:
            if name == "impact" or snap.costs.height:
                raise
            print(f"{name:<8}not answered: {error}")


if __name__ == "__main__":
    sys.exit(main())
