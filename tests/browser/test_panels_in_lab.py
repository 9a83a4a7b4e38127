"""Panels in JupyterLab: click a row or walk there by keys, read why, see where; take the code and the rows along."""

from __future__ import annotations

import os
from pathlib import Path

SETUP = "import lineage_nb as ln\nsnap = ln.sample()"
SHORTER = "snap.unused(days=30, monitors=['svc-scanner'])"


def test_pick_rows_of_unused_by_click_and_keys(notebook) -> None:
    from playwright.sync_api import expect

    expect.set_options(timeout=30_000)
    allowed = ["clipboard-read", "clipboard-write"]
    seen = notebook("unused.ipynb", [SETUP, 'snap.panel("unused", monitors=["svc-scanner"])'], permissions=allowed)
    page = seen.page
    panel = page.locator(".jp-OutputArea .ln-panel")
    rows, why = panel.locator("table.dataTable tbody tr"), panel.locator(".ln-why")
    first = rows.filter(has_text="recs_v1_scores")
    expect(first).to_have_count(1, timeout=60_000)
    first.click()
    expect(why.get_by_role("heading", name="Why stream.legacy.recs_v1_scores?")).to_be_visible()
    expect(why.locator(".ln-widget .ln-focus .ln-label")).to_have_text("recs_v1_scores")
    _shot(page, panel, "panel_unused")

    page.keyboard.press("ArrowDown")
    expect(rows.nth(1)).to_be_focused()
    expect(panel.locator('tbody tr[tabindex="0"]')).to_have_count(1)
    page.keyboard.press("Enter")
    expect(why.get_by_role("heading", name="Why stream.legacy.recs_v1_candidates?")).to_be_visible()
    expect(panel.locator('tbody tr[aria-current="true"]')).to_contain_text("recs_v1_candidates")
    expect(rows.nth(1)).to_be_focused()
    page.keyboard.press("End")
    last = rows.last.inner_text()
    page.keyboard.press("ArrowDown")
    expect(rows.first).to_be_focused()
    assert last not in rows.all_inner_texts(), "the arrow goes on to the next page"
    page.keyboard.press("ArrowUp")
    expect(rows.last).to_be_focused()
    assert rows.last.inner_text() == last

    window = panel.get_by_label("Window, days")
    window.fill("30")
    window.press("Enter")
    expect(panel.locator(".ln-call code")).to_have_text(SHORTER)
    expect(why.get_by_role("heading", name="Why")).to_have_count(0)
    rows.filter(has_text="recs_v1_feedback").click()
    expect(why.get_by_role("heading", name="Why stream.legacy.recs_v1_feedback?")).to_be_visible()
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


LONG = """
import polars as pl
names = [f"wh.t{i:05}" for i in range(12_000)]
ln.from_edges(pl.DataFrame({"source": ["raw.root"] * 12_000, "target": names})).panel("impact", node="raw.root")
"""


def test_a_long_table_begins_short_and_ends_whole(notebook) -> None:
    from playwright.sync_api import expect

    seen = notebook("long.ipynb", ["import lineage_nb as ln", LONG])
    panel = seen.page.locator(".jp-OutputArea .ln-panel")
    info = panel.locator(".dt-info")
    expect(info).to_have_text("Showing 1 to 10 of 12,000 entries", timeout=60_000)
    expect(panel.get_by_text("12,000 rows. Click one")).to_be_visible(timeout=30_000)
    panel.locator(".dt-search input").fill("t1199")
    expect(info).to_have_text("Showing 1 to 10 of 10 entries (filtered from 12,000 total entries)", timeout=30_000)
    panel.locator("table.dataTable tbody tr", has_text="wh.t11997").click()
    expect(panel.get_by_role("heading", name="Why wh.t11997?")).to_be_visible(timeout=30_000)
    assert not seen.faults
    assert not seen.outside


def _shot(page: object, panel: object, name: str) -> None:
    if folder := os.environ.get("LINEAGE_NB_SHOTS"):
        page.wait_for_timeout(500)
        panel.screenshot(path=str(Path(folder) / f"{name}.png"))
