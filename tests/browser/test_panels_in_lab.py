"""Panels in JupyterLab: click a row, read why, see where; take the code and the rows along."""

from __future__ import annotations

import os
from pathlib import Path

SETUP = "import lineage_nb as ln\nsnap = ln.sample()"
SHORTER = "snap.unused(days=30, monitors=['svc-scanner'])"


def test_click_a_row_of_unused(notebook) -> None:
    from playwright.sync_api import expect

    expect.set_options(timeout=30_000)
    allowed = ["clipboard-read", "clipboard-write"]
    seen = notebook("unused.ipynb", [SETUP, 'snap.panel("unused", monitors=["svc-scanner"])'], permissions=allowed)
    page = seen.page
    panel = page.locator(".jp-OutputArea .ln-panel")
    rows, why = panel.locator("table.dataTable tbody tr"), panel.locator(".ln-why")
    first = rows.filter(has_text="recs_v1_scores")
    expect(first).to_have_count(1, timeout=60_000)
    _pick(first, why.get_by_role("heading", name="Why stream.legacy.recs_v1_scores?"))
    expect(why.locator(".ln-widget .ln-focus .ln-label")).to_have_text("recs_v1_scores")
    _shot(page, panel, "panel_unused")

    _pick(rows.nth(1), why.get_by_role("heading", name="Why stream.legacy.recs_v1_candidates?"))

    window = panel.get_by_label("Window, days")
    window.fill("30")
    window.press("Enter")
    expect(panel.locator(".ln-call code")).to_have_text(SHORTER)
    expect(why.get_by_role("heading", name="Why")).to_have_count(0)
    _pick(rows.filter(has_text="recs_v1_feedback"), why.get_by_role("heading", name="Why stream.legacy.recs_v1_feedback?"))
    expect(why.locator(".ln-widget .ln-focus .ln-label")).to_have_text("recs_v1_feedback")

    panel.get_by_role("button", name="Copy code").click()
    expect(panel.locator(".ln-call")).to_contain_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == SHORTER
    with page.expect_download() as saving:
        panel.get_by_role("button", name="Save CSV").click()
    assert saving.value.suggested_filename == "unused.csv"
    assert "recs_v1_feedback" in Path(saving.value.path()).read_text(encoding="utf-8")
    assert not seen.faults
    assert not seen.outside


def _pick(row: object, told: object) -> None:
    """Click a row until it is explained: a busy machine may redraw the table under the pointer."""
    from playwright.sync_api import expect

    for _ in range(5):
        row.click()
        try:
            expect(told).to_be_visible(timeout=8_000)
        except AssertionError:
            continue
        return
    expect(told).to_be_visible()


def _shot(page: object, panel: object, name: str) -> None:
    if folder := os.environ.get("LINEAGE_NB_SHOTS"):
        page.wait_for_timeout(500)
        panel.screenshot(path=str(Path(folder) / f"{name}.png"))
