"""The results as a Markdown page."""

from __future__ import annotations

import math
import os
import platform
import statistics
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from engine_measure import Row

__all__ = ["exponent", "growth_table", "page", "table", "write"]

_LIBRARIES = ("numpy", "scipy", "polars", "pyarrow", "networkx", "rustworkx", "igraph", "duckdb")
_HEAD = ("what", "measured", "cpu", "peer", "peer ÷ measured", "target", "met", "note")
_INTRO = """# What the engine does in how long

Written by `{command}` on {day}. The lineage is synthetic and has the shape of a large company's: {m:,} edges between
{n:,} columns of {tables:,} tables, cycles included; the largest hub reaches {hub:,} columns. Every figure was computed in this run,
and every answer was checked: closures are proved to be shortest, sets and labels are compared with a search that looks
at all edges until nothing changes, money is counted.

*Measured* is wall time and *cpu* processor time of all threads, each of the best of two to five rounds (one, where
a round is long); memory is resident, pages of mapped files included. Files are in the page cache, imports done: loading is measured after a graph of one edge,
by every library. Targets are judged by wall time.
"""


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table without the columns that are empty in all rows."""
    rows = [tuple(row) for row in rows]
    kept = [i for i in range(len(head)) if any(row[i] for row in rows)]
    lines = [[head[i] for i in kept], ["---"] * len(kept), *([row[i] for i in kept] for row in rows)]
    return "\n".join(_line(line) for line in lines) + "\n"


def exponent(edges: Sequence[int], seconds: Sequence[float]) -> float:
    """Slope of a line through the logarithms, by least squares: 1 where twice the edges take twice the time."""
    x, y = [math.log(m) for m in edges], [math.log(s) for s in seconds]
    return statistics.linear_regression(x, y).slope


def growth_table(grown: Mapping[str, Any]) -> str:
    """Seconds by number of edges, and the exponents."""
    edges = grown["edges"]
    head = ["wall seconds at … edges", *(f"{m:,}" for m in edges), "exponent", "of the last step"]
    rows = []
    for what, seconds in grown["seconds"].items():
        fits = exponent(edges, seconds), exponent(edges[-2:], seconds[-2:])
        rows.append([what, *(f"{s:.3g}" for s in seconds), *(f"{fit:.2f}" for fit in fits)])
    return table(head, rows)


def _machine() -> str:
    lines = [f"- {_processor()}, {len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()} cores"]
    with suppress(ValueError, OSError, AttributeError):
        lines[0] += f", {os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 1e9:.0f} GB of memory, {platform.system()}"
    found = [f"Python {platform.python_version()}", *(f"{name} {_version(name)}" for name in _LIBRARIES)]
    return "\n".join([*lines, "- " + ", ".join(found)]) + "\n"


def _processor() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return "(not installed)"


def page(
    command: str,
    facts: Mapping[str, Any],
    parts: Mapping[str, list[Row]],
    grown: Mapping[str, Any] | None,
    failed: Mapping[str, str],
    *,
    largest: float | None = None,
) -> str:
    """Write everything down.

    Parameters
    ----------
    command : str
        How it was run.
    facts : mapping
        Sizes of the lineage.
    parts : mapping
        Rows by title.
    grown : mapping, optional
        What `growth` gave.
    failed : mapping
        Last line of the error of every part that failed.
    largest : float, optional
        GB of the largest process of the run.
    """
    day = date.today().isoformat()
    sizes = {key: facts[key] for key in ("m", "n", "tables")}
    text = [_INTRO.format(command=command, day=day, hub=facts["hub"]["reached"], **sizes), _machine()]
    rows = [row for found in parts.values() for row in found]
    judged = [row.met for row in rows if row.target]
    text.append(f"{judged.count(True)} of {len(judged)} targets are met, {judged.count(False)} are not, {judged.count(None)} could not be measured.\n")
    if largest is not None:
        text.append(f"The largest process of the run held {largest:.1f} GB.\n")
    text += [f"**Failed: {name}**: {error}\n" for name, error in failed.items()]
    for title, found in parts.items():
        text.append(f"## {title}\n\n{table(_HEAD, (row.cells() for row in found))}")
    if grown is not None:
        text.append(
            "## Growth\n\nThe exponent is the slope of a line through the logarithms: 1 is linear. Small graphs fit into the caches "
            f"of the processor, the largest do not.\n\n{growth_table(grown)}"
        )
    return "\n".join(text)


def write(path: Path | None, text: str) -> None:
    """Write the page, and print it."""
    sys.stdout.write(text)
    if path is not None:
        path.write_text(text, encoding="utf-8")
