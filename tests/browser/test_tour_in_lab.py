"""The tour notebook in JupyterLab: run it, search a column, click a node, and Python's answer changes."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).parents[2]

ANSWER = """
import ipywidgets as w

answer = w.Label("nothing asked yet")
answer.add_class("answer")
explorer.on_select(lambda node: setattr(answer, "value", f"{node}: {snap.impact(node).headline}"))
answer
"""


def test_the_tour(notebook, tmp_path: Path) -> None:
    import nbformat
    from playwright.sync_api import expect

    book = nbformat.read(ROOT / "notebooks" / "01_tour.ipynb", as_version=4)
    cells = [cell.source for cell in book.cells if cell.cell_type == "code"]
    moved = [c.replace("../data_samples", str(ROOT / "data_samples")).replace("../build", str(tmp_path)) for c in cells]
    seen = notebook("tour.ipynb", [*moved, ANSWER])
    page = seen.page
    answer = page.locator(".jp-OutputArea .answer")
    expect(answer).to_have_text("nothing asked yet", timeout=120_000)
    assert page.locator('.jp-OutputArea [data-mime-type="application/vnd.jupyter.error"]').count() == 0

    widget = page.locator(".jp-OutputArea .ln-widget").first
    expect(widget.locator(".ln-focus .ln-label")).to_have_text("dim_users")
    _shot(page, widget, "tour_before")
    widget.get_by_role("button", name="contact_points: ").first.click()
    expect(answer).to_contain_text("marts.contact_points: ")
    before = answer.inner_text()

    search = widget.locator(".ln-search input")
    search.fill("raw.users#email")
    search.press("Enter")
    expect(answer).to_contain_text("raw.users#email: ")
    assert answer.inner_text() != before
    expect(widget.locator(".ln-details .ln-chosen")).to_contain_text("email")
    _shot(page, widget, "tour_after")
    assert not seen.faults
    assert not seen.outside


def _shot(page: object, widget: object, name: str) -> None:
    if folder := os.environ.get("LINEAGE_NB_SHOTS"):
        widget.scroll_into_view_if_needed()
        page.wait_for_timeout(500)
        page.screenshot(path=str(Path(folder) / f"{name}.png"))
