"""The standalone page as text; what a browser makes of it is tested in tests/browser."""

from __future__ import annotations

import re

import pytest

import lineage_nb as ln
from lineage_nb.views.page import standalone_html
from lineage_nb.views.scene import Scene, neighbourhood

HOSTILE = ["</script><script>alert(1)</script>", "<img src=x onerror=alert(1)> href", "${1}{{2}}", "a\u2028b", "<!--"]

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def page(**options: str) -> str:
    edges = [("hub", name) for name in HOSTILE] + [("raw", "hub")]
    return standalone_html(neighbourhood(ln.from_edges(edges).graph(), "hub"), **options)


def test_no_name_becomes_markup() -> None:
    text = page(title=HOSTILE[0], note=HOSTILE[1])
    for name in HOSTILE[:2]:
        assert name not in text
    assert "<h1>&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;</h1>" in text
    assert '"title"' not in "".join(re.findall(r"nodes = new vis.DataSet\(.*?\);", text, re.S))


def test_asks_nobody() -> None:
    text = page()
    assert not re.findall(r"<(?:link|script|img|iframe)[^>]+(?:src|href)=[\"'](?:https?:)?//", text, re.I)
    assert "default-src 'none'" in text
    assert "bootstrap" not in text.lower().split("<body>")[1][:2_000]


def test_keeps_positions_and_tells_the_rest() -> None:
    scene = neighbourhood(ln.from_edges([("hub", f"t{i:03}") for i in range(100)]).graph(), "hub")
    text = standalone_html(scene, title="Hub", before="<p>figures</p>", after="<table></table>")
    assert "11 of 101 nodes drawn (90 folded)." in text
    assert "<p>figures</p>" in text and "<table></table>" in text
    hub = next(m for m in scene.marks if m.id == "hub")
    assert f'"x": {round(hub.x + hub.width / 2, 1)}' in text
    assert re.search(r'"physics":\s*\{[^}]*"enabled":\s*false', text)
    assert "carries values" in text


def test_every_kind_has_a_sign_of_its_own() -> None:
    from lineage_nb.views.page import _SIGNS
    from lineage_nb.views.palette import GLYPHS

    assert set(_SIGNS) == set(GLYPHS)
    assert len(set(_SIGNS.values())) == len(_SIGNS)


def test_nothing_to_draw() -> None:
    assert "There is nothing to draw" in standalone_html(Scene())
