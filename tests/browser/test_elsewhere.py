"""Beyond JupyterLab: Notebook 7, Voila and a page without a kernel show the same, and ask nobody outside."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
CELLS = [
    "import lineage_nb as ln\nsnap = ln.sample()",
    "import ipywidgets as w\nexplorer = snap.explore('stream.core.dim_users')\nheard = w.Label('nothing yet')\n"
    "explorer.on_select(lambda node: setattr(heard, 'value', f'Python heard {node}'))\nw.VBox([explorer, heard])",
]
STILL = [
    CELLS[0],
    "snap.explore('stream.core.dim_users')",
    "snap.panel('unused', monitors=['svc-scanner'])",
    "snap.impact('stream.core.dim_users')",
]
# Notebook 7 says this as it opens, whatever the notebook.
_OWN = {"Cannot read properties of undefined (reading 'schema')", "Command 'filebrowser:open-path' not registered."}
# Voila's own shell asks for these icons.
_SHELL = "https://cdn.jsdelivr.net/npm/@fortawesome/"


def test_notebook_7_draws_and_answers(seven) -> None:
    from playwright.sync_api import expect

    seen = seven("seven.ipynb", CELLS)
    page = seen.page
    widget = page.locator(".jp-OutputArea .ln-widget")
    expect(widget.locator(".ln-mark")).not_to_have_count(0, timeout=60_000)
    widget.get_by_role("button", name="contact_points: ").first.click()
    expect(page.locator(".jp-OutputArea .widget-label", has_text="Python heard")).to_contain_text("contact_points")
    assert set(seen.faults) <= _OWN
    assert not seen.outside


def test_voila_serves_the_app(voila: str, watch) -> None:
    from playwright.sync_api import expect

    seen = watch()
    page = seen.page
    page.goto(voila)
    expect(page.locator(".ln-app .ln-widget .ln-mark")).not_to_have_count(0, timeout=60_000)
    page.get_by_role("tab", name="Unused").click()
    rows, why = page.locator(".ln-panel table.dataTable tbody tr"), page.locator(".ln-why")
    expect(rows).not_to_have_count(0, timeout=30_000)
    rows.nth(1).click()
    expect(why.locator(".ln-widget .ln-mark")).not_to_have_count(0)
    page.keyboard.press("ArrowDown")
    expect(rows.nth(2)).to_be_focused()
    assert [fault for fault in seen.faults if _SHELL not in fault] == []
    assert [url for url in seen.outside if not url.startswith(_SHELL)] == []


def test_a_page_without_kernel_shows_pictures_and_rows(lab, watch) -> None:
    lab.write("still.ipynb", STILL)
    page_file = lab.folder / "still.html"
    command = [sys.executable, ROOT / "tests" / "tools" / "execute_notebook.py", lab.folder / "still.ipynb", page_file]
    subprocess.run(command, check=True, capture_output=True)
    seen = watch(offline=True)
    page = seen.page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(page_file.as_uri())
    shown = page.locator(".jp-OutputArea-output")
    for at, (picture, words) in enumerate((("svg", "dim_users"), (".lnb", "recs_v1_scores"), ("svg", "contact_points"))):
        box = shown.nth(at).locator(picture).first.bounding_box()
        assert box and box["width"] > 100 and box["height"] > 40
        assert words in shown.nth(at).inner_text()
    assert shown.nth(1).locator("table tr").count() > 5
    assert not page.locator("text=Error displaying widget").count()
    assert [url for url in asked if not url.startswith(("data:", "blob:"))] == [page_file.as_uri()]
    assert not seen.faults
    assert not seen.outside
