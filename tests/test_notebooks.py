"""Notebooks run from top to bottom, are committed without outputs, and the exported page is readable offline."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
MOST_BYTES = 2_000_000


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_committed_without_outputs(path: Path) -> None:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = [c for c in cells if c["cell_type"] == "code"]
    assert code and not any(c["outputs"] or c["execution_count"] for c in code)
    assert len(cells) < 32


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_runs_and_exports(path: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    command = [sys.executable, ROOT / "tests" / "tools" / "execute_notebook.py", path, page]
    run = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert run.returncode == 0, run.stderr[-3000:]
    html = page.read_text(encoding="utf-8")
    assert len(html) < MOST_BYTES
    outputs = html.count('class="jp-OutputArea-child')
    assert "<svg" in html
    assert path.stem == "app" or (outputs >= 8 and "data:image/png;base64" in html)
    asked = re.findall(r'<(?:script|link|img|iframe)[^>]*(?:src|href)="(https?:[^"]+)"', html)
    assert asked == []
