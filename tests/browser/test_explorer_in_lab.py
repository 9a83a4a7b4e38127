"""The explorer as people use it: JupyterLab in a real browser."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_SHOTS = os.environ.get("LINEAGE_NB_SHOTS")

SETUP = """
import ipywidgets as w
import lineage_nb as ln
snap = ln.from_frames(
    nodes=[
        {"id": "raw.users", "type": "table", "owners": ["ann"], "description": "<img src=x onerror=alert(1)>"},
        {"id": "raw.users#email", "kind": "column", "parent": "raw.users", "tags": ["pii:email"]},
        {"id": "mart.users", "type": "view"},
        {"id": "mart.users#email", "kind": "column", "parent": "mart.users"},
        {"id": "report:weekly", "kind": "report", "type": "dashboard", "name": "Weekly users"},
        {"id": "<script>alert(2)</script>"},
    ],
    edges=[
        {"source": "raw.users", "target": "mart.users"},
        {"source": "raw.users#email", "target": "mart.users#email"},
        {"source": "mart.users", "target": "report:weekly"},
        {"source": "mart.users", "target": "<script>alert(2)</script>"},
        *({"source": "raw.users", "target": f"copy.t{i:03}"} for i in range(300)),
    ],
)
"""
SHOW = """
explorer = snap.explore("mart.users")
label = w.Label("nothing yet")
explorer.on_select(lambda node: setattr(label, "value", f"Python heard {node}"))
w.VBox([explorer, label])
"""


def _shot(page: object, name: str) -> None:
    if _SHOTS:
        page.locator(".ln-widget").first.screenshot(path=str(Path(_SHOTS) / f"{name}.png"))


def test_search_click_and_python_answers(notebook) -> None:
    from playwright.sync_api import expect

    seen = notebook("explore.ipynb", [SETUP, SHOW])
    page = seen.page
    page.on("dialog", lambda dialog: pytest.fail(f"markup ran: {dialog.message}"))
    widget = page.locator(".jp-OutputArea .ln-widget")
    expect(widget.locator(".ln-mark")).not_to_have_count(0, timeout=60_000)
    expect(widget.locator(".ln-focus")).to_have_attribute("aria-label", "users: mart.users, view, focus, 1 column")
    heard = page.locator(".jp-OutputArea .widget-label", has_text="Python heard")

    widget.get_by_role("button", name="Weekly users").click()
    expect(heard).to_have_text("Python heard report:weekly")
    expect(widget.locator(".ln-selected")).to_have_count(1)
    expect(widget.locator(".ln-details h4")).to_have_text("Weekly users")
    _shot(page, "lab_clicked")

    search = widget.locator(".ln-search input")
    search.press_sequentially("raw.users#email", delay=10)
    expect(heard).to_have_text("Python heard raw.users#email")
    expect(widget.locator(".ln-focus")).to_have_attribute("aria-label", "users: raw.users, table, focus, 1 column")
    expect(widget.locator(".ln-details .ln-chosen")).to_contain_text("email")
    _shot(page, "lab_searched")

    more = widget.locator(".ln-bundle.ln-mark")
    expect(more).to_have_attribute("aria-label", "291 more directly downstream of raw.users, not drawn")
    more.click()
    expect(widget.locator(".ln-status")).to_contain_text("folded")
    expect(more).to_have_attribute("aria-label", "267 more directly downstream of raw.users, not drawn")
    _shot(page, "lab_unfolded")
    assert not seen.faults
    assert not seen.outside


def test_keyboard_walks_the_graph(notebook) -> None:
    from playwright.sync_api import expect

    seen = notebook("keys.ipynb", [SETUP, SHOW], reduced_motion="reduce")
    page = seen.page
    widget = page.locator(".jp-OutputArea .ln-widget")
    expect(widget.locator(".ln-mark")).not_to_have_count(0, timeout=60_000)
    heard = page.locator(".jp-OutputArea .widget-label", has_text="Python heard")
    focus = widget.locator(".ln-focus")
    expect(focus).to_have_attribute("tabindex", "0")
    assert widget.locator('.ln-mark[tabindex="0"]').count() == 1
    focus.focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    expect(heard).to_have_text("Python heard raw.users")
    page.keyboard.press("f")
    expect(widget.locator(".ln-focus")).to_have_attribute("aria-label", "users: raw.users, table, focus, 1 column")
    expect(widget.locator(".ln-focus")).to_be_focused()
    page.keyboard.press("/")
    expect(widget.locator(".ln-search input")).to_be_focused()
    assert not seen.faults
    assert not seen.outside


def test_a_callback_that_fails_is_shown(notebook) -> None:
    from playwright.sync_api import expect

    fails = "explorer = snap.explore('mart.users')\nexplorer.on_select(lambda node: 1 / 0)\nexplorer"
    seen = notebook("fails.ipynb", [SETUP, fails])
    widget = seen.page.locator(".jp-OutputArea .ln-widget")
    widget.get_by_role("button", name="Weekly users").click(timeout=60_000)
    expect(widget.get_by_role("alert")).to_contain_text("ZeroDivisionError: division by zero")
    assert not seen.faults


MORE = """
more = ln.sample().explore("stream.core.dim_users")
more
"""


def test_columns_legend_path_and_way_back(notebook) -> None:
    from playwright.sync_api import expect

    seen = notebook("more.ipynb", [SETUP, MORE])
    page = seen.page
    widget = page.locator(".jp-OutputArea .ln-widget")
    expect(widget.locator(".ln-mark")).not_to_have_count(0, timeout=60_000)
    widget.locator(".ln-focus .ln-fold").click()
    expect(widget.locator(".ln-col")).to_have_count(10)
    widget.get_by_role("button", name="stg_users:").locator(".ln-fold").click()
    expect(widget.locator(".ln-link.ln-fine")).not_to_have_count(0)
    widget.locator('.ln-col[aria-label^="email: duckdb://stream.duckdb/stream.core.dim_users#"]').click()
    expect(widget.locator(".ln-details h4")).to_have_text("email")
    expect(widget.locator(".ln-lit")).not_to_have_count(0)
    _shot(page, "lab_columns")

    entry = widget.locator(".ln-key").get_by_role("button", name="view")
    shown = widget.locator(".ln-mark:not(.ln-off)")
    before = shown.count()
    entry.click()
    expect(entry).to_have_attribute("aria-pressed", "false")
    expect(shown).not_to_have_count(before)
    expect(widget.locator(".ln-status")).to_contain_text("The legend hides")
    entry.click()
    expect(shown).to_have_count(before)

    widget.get_by_role("button", name="stg_users:").click(position={"x": 20, "y": 12})
    expect(widget.locator(".ln-mark.ln-selected")).to_have_count(1)
    widget.get_by_role("button", name="contact_points:").click(modifiers=["Shift"])
    expect(widget.locator(".ln-status")).to_contain_text("stg_users to stream.marts.contact_points: 1 node between")
    _shot(page, "lab_path")
    widget.get_by_role("button", name="Back").click()
    expect(widget.locator(".ln-status")).not_to_contain_text("between")
    expect(widget.locator(".ln-col")).not_to_have_count(0)
    assert not seen.faults
    assert not seen.outside
