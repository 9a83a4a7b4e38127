"""The engine against its targets and beside other libraries; writes benchmarks/RESULTS.md.

Each part runs in a process of its own, one after another, so that memory is what that part needs. The largest takes
some ten minutes and stays below 14 GB at 9.5 million edges.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from engine_measure import Row

__all__ = ["PARTS", "main"]

HERE = Path(__file__).parent
_PEERS_FOLDER = "peers"


# -- in a process of its own -------------------------------------------------------------------------------------
def _prepare(work: Any, scale: float, *, quick: bool) -> None:
    from engine_data import prepare

    prepare(work.folder, scale, saved=True)
    if scale > 1 or quick:
        (work.folder / _PEERS_FOLDER).mkdir()
        prepare(work.folder / _PEERS_FOLDER, scale / 10 if quick else 1.0, saved=False)


def _kernel(name: str) -> Callable[..., list[Row]]:
    def run(work: Any, scale: float, *, quick: bool) -> list[Row]:
        del scale, quick
        import engine_kernels

        rows: list[Row] = getattr(engine_kernels, name)(work)
        return rows

    return run


def _open(work: Any, scale: float, *, quick: bool) -> list[Row]:
    del scale
    from engine_fresh import open_saved

    return open_saved(work, 1 if quick else 5)


def _load(work: Any, scale: float, *, quick: bool) -> list[Row]:
    del scale
    from engine_fresh import load

    return load(work, 1 if quick else 4)


def _named(work: Any, scale: float, *, quick: bool) -> list[Row]:
    del scale
    from engine_names import named

    return named(work, 300 if quick else 3000)


def _analyses(work: Any, scale: float, *, quick: bool) -> list[Row]:
    del work
    from engine_names import analyses

    return analyses(min(scale, 1.0), 1 if quick else 3)


def _peers(work: Any, scale: float, *, quick: bool) -> list[Row]:
    from engine_data import Work
    from engine_scaling import peers

    return peers(Work(work.folder / _PEERS_FOLDER) if scale > 1 or quick else work)


def _growth(work: Any, scale: float, *, quick: bool) -> dict[str, Any]:
    del work
    from engine_scaling import growth

    return growth(scale / 2 if quick else scale)


PARTS: dict[str, tuple[str, Callable[..., Any]]] = {
    "open": ("Opening a saved snapshot", _open),
    "load": ("Loading", _load),
    "named": ("Names and closures of an open snapshot", _named),
    "closure": ("The largest hub", _kernel("closure")),
    "labels": ("Labels", _kernel("labels")),
    "cost": ("Cost", _kernel("cost")),
    "live": ("Live", _kernel("live_columns")),
    "counts": ("Counts", _kernel("counts")),
    "analyses": ("The four analyses at a million edges", _analyses),
    "peers": ("Beside other libraries, at a million edges", _peers),
    "growth": ("Growth", _growth),
}
"""Title and function of every part, in the order of the page."""


def _run_here(names: Iterable[str], folder: Path, scale: float, *, quick: bool) -> None:
    from engine_data import Work

    work = Work(folder)
    for name in names:
        function = _prepare if name == "prepare" else PARTS[name][1]
        found = function(work, scale, quick=quick)
        told = [asdict(row) for row in found] if isinstance(found, list) else found
        (folder / f"{name}.json").write_text(json.dumps(told))


# -- from outside ------------------------------------------------------------------------------------------------
def _run(names: tuple[str, ...], folder: Path, scale: float, *, quick: bool) -> str | None:
    """Run parts in a new process; the last line of its error where it fails."""
    print(f"… {', '.join(names)}", file=sys.stderr, flush=True)
    options = ["--inside", str(folder), "--parts", *names, "--scale", str(scale), *(["--quick"] if quick else [])]
    done = subprocess.run([sys.executable, str(HERE / "bench_engine.py"), *options], stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode == 0:
        return None
    print(done.stderr, file=sys.stderr)
    lines = done.stderr.strip().splitlines()
    return lines[-1] if lines else f"the process ended with {done.returncode}"


def _arguments(given: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scale", type=float, default=None, help="in 0.95 million edges; 10 by default")
    parser.add_argument("--quick", action="store_true", help="scale 0.1, few rounds: only to see that it runs")
    parser.add_argument("--only", choices=PARTS, action="append", help="only this part; may be repeated; prints, and writes only to --results")
    parser.add_argument("--results", type=Path, default=None, help="where the page is written; benchmarks/RESULTS.md for a whole run")
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--parts", nargs="*", help=argparse.SUPPRESS)
    return parser.parse_args(given)


def _rows(folder: Path, name: str) -> Any:
    path = folder / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else None


def main(given: list[str] | None = None) -> int:
    """Measure, print and write; 1 where a part fails (a missed target is a result, no failure)."""
    options = _arguments(given)
    scale = options.scale or (0.1 if options.quick else 10.0)
    if options.inside:
        _run_here(options.parts, options.inside, scale, quick=options.quick)
        return 0
    wanted = [name for name in PARTS if not options.only or name in options.only]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        failed = {}
        # Little is measured in a quick run, so its parts share a process.
        for names in [("prepare", *wanted)] if options.quick else [("prepare",), *((name,) for name in wanted)]:
            error = _run(names, folder, scale, quick=options.quick)
            if error is not None:
                failed[", ".join(names)] = error
                if names[0] == "prepare":
                    return 1
        _report(options, scale, folder, wanted, failed)
    return 1 if failed else 0


def _largest() -> float | None:
    """GB of the largest process of this run, so far."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit / 1e9


def _report(options: argparse.Namespace, scale: float, folder: Path, wanted: list[str], failed: dict[str, str]) -> None:
    from engine_report import page, write

    found = {name: _rows(folder, name) for name in wanted if name != "growth"}
    parts = {PARTS[name][0]: [Row(**row) for row in rows] for name, rows in found.items() if rows is not None}
    chosen = "".join(f" --only {name}" for name in options.only or ())
    command = f"python benchmarks/bench_engine.py --scale {scale:g}{' --quick' if options.quick else ''}{chosen}"
    grown = _rows(folder, "growth") if "growth" in wanted else None
    text = page(command, _rows(folder, "facts"), parts, grown, failed, largest=_largest())
    whole = not options.only and not options.quick
    write(options.results or (HERE / "RESULTS.md" if whole else None), text.replace(os.fspath(folder), "…").replace(os.fspath(HERE.parent), "…"))


if __name__ == "__main__":
    sys.exit(main())
