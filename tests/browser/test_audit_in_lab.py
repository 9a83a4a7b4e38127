"""The panel of personal data in JupyterLab: choose a zone, click an exposure, see the way it took."""

from __future__ import annotations

import os
from pathlib import Path

SETUP = "import lineage_nb as ln\nsnap = ln.sample()"


def test_click_an_exposure_and_see_the_way(notebook) -> None:
    from playwright.sync_api import expect

    expect.set_options(timeout=30_000)
    seen = notebook("audit.ipynb", [SETUP, 'snap.panel("pii")'])
    page = seen.page
    panel = page.locator(".jp-OutputArea .ln-panel")
    rows, why = panel.locator(".ln-audit table.dataTable tbody tr"), panel.locator(".ln-why")
    export = rows.filter(has_text="mailing/batch").first
    expect(rows.first).to_be_visible(timeout=60_000)
    panel.locator(".ln-audit").get_by_label("who gets it").select_option("persons and services")
    expect(panel.locator(".ln-audit h4")).to_contain_text("persons and services")
    panel.locator(".ln-audit").get_by_label("who gets it").select_option("reports, exports, jobs, grants")
    expect(panel.locator(".ln-audit h4")).to_contain_text("recipients with sight")
    expect(rows.filter(has_text="team-platform").first).to_be_visible()
    _shot(page, panel, "panel_pii_first")
    search = panel.locator(".ln-audit input[type=search]")
    search.fill("mailing/batch")
    export.click()
    expect(why).to_contain_text("colours are verdicts")
    drawn = why.locator(".ln-widget")
    expect(drawn).to_contain_text("The way of personal data")
    expect(panel.get_by_label("zone", exact=True)).to_have_value("all zones")
    _shot(page, panel, "panel_pii")
    _shot(page, why, "panel_pii_way")
    page.evaluate("() => window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})")
    page.locator('body[data-jp-theme-name="JupyterLab Dark"]').wait_for(state="attached")
    _shot(page, why, "panel_pii_way_dark")
    panel.get_by_label("zone", exact=True).select_option("layer stream.crm")
    expect(panel.get_by_text("of these places").first).to_be_visible()
    assert not seen.faults
    assert not seen.outside


def _shot(page: object, panel: object, name: str) -> None:
    if folder := os.environ.get("LINEAGE_NB_SHOTS"):
        page.wait_for_timeout(800)
        panel.screenshot(path=str(Path(folder) / f"{name}.png"))
