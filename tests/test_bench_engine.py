"""The benchmark of the engine runs, finds its answers right and writes its page."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SCRIPT = ROOT / "benchmarks" / "bench_engine.py"


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("bench") / "results.md"
    before = (ROOT / "benchmarks" / "RESULTS.md").stat().st_mtime_ns if (ROOT / "benchmarks" / "RESULTS.md").exists() else None
    done = subprocess.run([sys.executable, str(SCRIPT), "--quick", "--results", str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    text = path.read_text(encoding="utf-8")
    assert done.stdout == text
    after = (ROOT / "benchmarks" / "RESULTS.md").stat().st_mtime_ns if before else None
    assert before == after, "a quick run must not touch the results"
    return text


def cells(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in text.splitlines() if line.startswith("| ")]


def test_every_part_has_rows(results: str) -> None:
    sections = results.split("\n## ")[1:]
    assert len(sections) == 11 and all(len(cells(section)) >= 3 for section in sections)
    whole = {row[0]: row for row in cells(results)}
    for what in (
        "first load from Parquet with string ids",
        "name lookup, by suffix, median of",
        "closure of the largest hub",
        "64 labels to the fixpoint, all columns, saved condensation",
        "cost attribution, all columns, cycles included, graph at hand",
        "live or unused, all columns",
        "distinct tables downstream of every table",
        "pii, first call",
        "bytes an edge",
        "build both directions",
    ):
        assert any(name.startswith(what) for name in whole), what


def test_every_figure_is_measured(results: str) -> None:
    missing = sum(importlib.util.find_spec(peer) is None for peer in ("rustworkx", "igraph"))
    assert "Failed" not in results and results.count("| not measured |") == missing
    assert f", {missing} could not be measured" in results
    judged = [row for row in cells(results) if {"yes", "**no**", "not measured"} & {*row}]
    counted = re.search(r"(\d+) of (\d+) targets are met", results)
    assert counted and len(judged) == int(counted[2]) >= 28
    for row in judged:
        assert float(row[1].split()[0].replace(",", "")) >= 0, "a measured figure stands in the second column"


def test_the_page_tells_machine_and_command_but_no_paths(results: str) -> None:
    assert "python benchmarks/bench_engine.py --scale 0.1 --quick" in results and "numpy" in results and "cores" in results
    assert str(ROOT) not in results and "/tmp" not in results


def test_a_row_is_judged_by_its_limit_or_its_ratio(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    from engine_measure import Row, timed
    from engine_peers import _or_missing

    assert _or_missing("no_such_library", lambda _: 1) == "not installed"

    assert Row("a", 1.0, target="t", limit=1.0).met and not Row("a", 1.01, target="t", limit=1.0).met
    assert Row("a", 1.0, peer="p", peer_value=5.0, target="t", least=5.0).met
    assert Row("a", 1.0, peer="p", peer_value=4.9, target="t", least=5.0).met is False
    assert Row("a", 1.0, peer="p: not installed", target="t", least=5.0).met is None
    assert Row("a", None, target="t", limit=1.0).cells()[1] == "–"
    with pytest.raises(AssertionError, match="wrong"):
        timed(lambda: 1, lambda found: (_ for _ in ()).throw(AssertionError("wrong")))
