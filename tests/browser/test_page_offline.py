"""The standalone page: it paints from a file, asks for nothing, and runs no name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import lineage_nb as ln
from lineage_nb.views.page import standalone_html
from lineage_nb.views.scene import neighbourhood

HOSTILE = [
    "</script><script>window.hit=1</script>",
    '<a href="javascript:window.hit=2">href</a>',
    "<img src=x onerror=window.hit=3>",
    "'\"`;window.hit=4;//",
    "${window.hit=5}{{window.hit=6}}",
    "<b>bold</b>\u2028\u202etxt",
]


def _inked(page: object) -> int:
    """Count pixels of the canvas that are not blank."""
    return page.evaluate(
        """() => { const c = document.querySelector("#mynetwork canvas");
        const d = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
        let n = 0; for (let i = 3; i < d.length; i += 4) n += d[i] > 0; return n; }"""
    )


def test_page_paints_offline(watch, tmp_path: Path) -> None:
    edges = [("focus", name) for name in HOSTILE] + [("raw", "focus"), ("focus", "raw")]
    scene = neighbourhood(ln.from_edges(edges).graph(), "focus")
    file = tmp_path / "page.html"
    file.write_text(standalone_html(scene, title=HOSTILE[0], note=HOSTILE[2]), encoding="utf-8")
    seen = watch(offline=True)
    asked: list[str] = []
    seen.page.on("request", lambda request: asked.append(request.url))
    seen.page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    seen.page.goto(file.as_uri())
    seen.page.locator("#mynetwork canvas").wait_for()
    seen.page.wait_for_timeout(500)
    assert _inked(seen.page) > 5_000
    assert [url for url in asked if not url.startswith(("data:", "blob:"))] == [file.as_uri()]
    assert seen.page.evaluate("window.hit") is None
    assert seen.page.locator("h1").inner_text() == HOSTILE[0]
    box = seen.page.locator("#mynetwork canvas").bounding_box()
    place = seen.page.evaluate("(() => { const i = Object.values(network.body.nodes).find(n => n.options.label.startsWith('● focus')); return network.canvasToDOM({x: i.x, y: i.y}); })()")
    seen.page.mouse.click(box["x"] + place["x"], box["y"] + place["y"])
    assert seen.page.locator("#chosen").inner_text().startswith("focus, dataset, focus")
    if folder := os.environ.get("LINEAGE_NB_SHOTS"):
        seen.page.screenshot(path=str(Path(folder) / "page.png"))
    assert not seen.faults
    assert not seen.outside
