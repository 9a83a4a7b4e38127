"""Notebooks run from top to bottom, are committed without outputs, and the exported page is readable offline."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
from tools.execute_notebook import main

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
MOST_BYTES = 2_000_000


@pytest.fixture(scope="module")
def process() -> Iterator[ProcessPoolExecutor]:
    """One process beside this one writes all pages; each notebook has a kernel of its own."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        yield pool


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_committed_without_outputs(path: Path) -> None:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = [c for c in cells if c["cell_type"] == "code"]
    assert code and not any(c["outputs"] or c["execution_count"] for c in code)
    assert len(cells) < 32


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_runs_and_exports(path: Path, tmp_path: Path, process: ProcessPoolExecutor) -> None:
    page = tmp_path / "page.html"
    process.submit(main, str(path), str(page)).result()
    html = page.read_text(encoding="utf-8")
    assert len(html) < MOST_BYTES
    outputs = html.count('class="jp-OutputArea-child')
    assert "<svg" in html
    assert path.stem == "app" or (outputs >= 8 and "data:image/png;base64" in html)
    asked = re.findall(r'<(?:script|link|img|iframe)[^>]*(?:src|href)="(https?:[^"]+)"', html)
    assert asked == []
