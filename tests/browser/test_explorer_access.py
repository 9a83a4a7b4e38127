"""The explorer by keyboard and for screen readers, light and dark: axe-core finds nothing."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

import pytest

_SHOTS = os.environ.get("LINEAGE_NB_SHOTS")
_AXE = find_spec("axe_playwright_python")

CELL = """
import lineage_nb as ln
explorer = ln.sample().explore("stream.core.dim_users", overlay="pii", height=560)
explorer.opened = ["stream.core.dim_users", "stream.staging.stg_users"]
explorer.pinned = ["contact_points"]
explorer
"""

# axe cannot tell the ground behind text in JupyterLab: colours are compared here. Gives what has less than 4.5:1.
CONTRAST = """
() => {
  const parse = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const over = ([r, g, b, a = 1], under) => [r, g, b].map((c, i) => c * a + under[i] * (1 - a));
  const ground = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour.slice(0, 3);
    }
    return [255, 255, 255];
  };
  const light = (colour) => {
    const [r, g, b] = colour.map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);
  const found = [];
  const judge = (node, colour, under) => {
    const value = ratio(over(parse(colour), under), under);
    if (!(value >= 4.5)) found.push([node.getAttribute("class"), node.textContent.slice(0, 30), value.toFixed(2)]);
  };
  const explorer = document.querySelector(".ln-explorer");
  const html = ".ln-status, .ln-entry, .ln-value, .ln-sign, .ln-filters summary, .ln-help dt, .ln-help dd, .ln-tools button:not(:disabled)";
  explorer.querySelectorAll(html).forEach((node) => judge(node, getComputedStyle(node).color, ground(node)));
  const box = parse(getComputedStyle(explorer.querySelector(".ln-mark:not(.ln-bundle) .ln-box")).fill).slice(0, 3);
  explorer.querySelectorAll(".ln-label, .ln-sub, .ln-row, .ln-type, .ln-count").forEach((node) => judge(node, getComputedStyle(node).fill, box));
  return { found, looked: explorer.querySelectorAll(html).length };
}
"""


def _open(notebook, name: str, **options: object):
    from playwright.sync_api import expect

    seen = notebook(name, [CELL], **options)
    widget = seen.page.locator(".jp-OutputArea .ln-widget")
    expect(widget.locator(".ln-mark")).not_to_have_count(0, timeout=60_000)
    return seen, widget


@pytest.mark.skipif(_AXE is None, reason="needs axe-playwright-python")
@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_axe_finds_nothing(notebook, theme) -> None:
    from playwright.sync_api import expect

    seen, widget = _open(notebook, f"axe_{theme[-4:].strip().lower()}.ipynb", reduced_motion="reduce")
    page = seen.page
    page.evaluate("theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", theme)
    page.locator(f'body[data-jp-theme-name="{theme}"]').wait_for(state="attached")
    widget.locator(".ln-filters summary").click()
    widget.get_by_role("button", name="Keys", exact=True).click()
    expect(widget.locator(".ln-help")).to_be_visible()
    if _SHOTS:
        widget.screenshot(path=str(Path(_SHOTS) / f"axe_{theme[-4:].strip().lower()}.png"))
    assert _AXE is not None and _AXE.origin is not None
    page.evaluate(Path(_AXE.origin).with_name("axe.min.js").read_text(encoding="utf-8"))
    page.evaluate("() => document.querySelectorAll('.ln-explorer, .ln-details').forEach((part, i) => part.setAttribute('data-axe', i))")
    found = page.evaluate("() => window.axe.run({include: [['[data-axe]']]}, {resultTypes: ['violations', 'incomplete']})")
    told = [f"{v['id']}: {v['help']}: {n['html'][:160]} {n['failureSummary']}" for v in found["violations"] for n in v["nodes"]]
    assert not told, "\n".join(told)
    contrast = page.evaluate(CONTRAST)
    assert contrast["looked"] > 10 and not contrast["found"], contrast["found"]
    assert len(found["passes"]) > 8, "axe looked at something"
    assert not seen.faults
    assert not seen.outside


def test_everything_can_be_reached_and_done_by_keyboard(notebook) -> None:
    from playwright.sync_api import expect

    seen, widget = _open(notebook, "reach.ipynb", reduced_motion="reduce")
    page = seen.page
    assert widget.locator('.ln-canvas [role="button"]:not([aria-label])').count() == 0
    assert widget.locator('.ln-canvas [tabindex="0"]').count() == 1
    assert widget.locator('.ln-canvas [role="button"] [role="button"]').count() == 0
    names = widget.locator(".ln-col").evaluate_all("all => all.map(one => one.getAttribute('aria-label'))")
    assert any(name.startswith("email: ") and "email: plain" in name for name in names)

    widget.locator(".ln-focus").focus()
    page.keyboard.press("ArrowDown")
    column = widget.locator(".ln-col:focus")
    expect(column).to_have_count(1)
    seen_names = set()
    for _ in range(12):
        seen_names.add(page.evaluate("() => document.activeElement.getAttribute('aria-label')"))
        page.keyboard.press("ArrowDown")
    assert len(seen_names) >= 10, "arrows pass through the columns of an open table"

    widget.locator('.ln-col[aria-label^="email: duckdb://stream.duckdb/stream.core.dim_users#"]').focus()
    page.keyboard.press("Enter")
    expect(widget.locator(".ln-col.ln-selected")).to_have_count(1)
    expect(widget.locator(".ln-on")).not_to_have_count(0)
    page.keyboard.press("ArrowLeft")
    expect(widget.locator(".ln-col:focus")).to_have_attribute("aria-label", "email: duckdb://stream.duckdb/stream.staging.stg_users#email, column, VARCHAR, linked, email: plain")

    marks = widget.locator(".ln-mark")
    before = marks.count()
    widget.get_by_role("button", name="contact_vault:").focus()
    page.keyboard.press("h")
    expect(marks).not_to_have_count(before)
    page.keyboard.press("z")
    expect(marks).to_have_count(before)
    widget.locator(".ln-focus").focus()
    page.keyboard.press("c")
    expect(widget.locator(".ln-focus")).to_have_attribute("aria-expanded", "false")
    expect(widget.locator(".ln-focus")).to_be_focused()
    page.keyboard.press("?")
    expect(widget.locator(".ln-help")).to_be_visible()
    page.keyboard.press("Escape")
    expect(widget.locator(".ln-help")).to_be_hidden()
    page.keyboard.press("/")
    expect(widget.locator(".ln-search input")).to_be_focused()
    assert not seen.faults
    assert not seen.outside
