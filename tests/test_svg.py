"""The still picture: well-formed, escaped, bounded, readable without colour."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

import lineage_nb as ln
from lineage_nb.views.scene import Scene, neighbourhood, scene_of
from lineage_nb.views.svg import STYLE, drawing, look_of, svg

NS = {"s": "http://www.w3.org/2000/svg"}
HOSTILE = ["<script>alert(1)</script>", "\"' onload='alert(1)", "]]>&amp;<!--", "a\x00b\x1b\u202e", "</style></svg>", "𝕏 数据 🦆"]


def several() -> ln.Snapshot:
    return ln.from_frames(
        nodes=[
            {"id": "raw.users", "type": "table", "tags": ["pii:email"]},
            {"id": "v", "type": "view"},
            {"id": "r", "kind": "report"},
            {"id": "old", "type": "topic", "deleted_at": "2026-01-01T00:00:00Z"},
            {"id": "job", "kind": "job"},
        ],
        edges=[
            {"source": "raw.users", "target": "v"},
            {"source": "v", "target": "r", "type": "INDIRECT", "subtype": "FILTER"},
            {"source": "v", "target": "raw.users"},
            {"source": "v", "target": "v"},
            {"source": "old", "target": "v"},
            *({"source": s, "target": "job", "type": "READ"} for s in ("v", "old")),
            *({"source": "job", "target": t, "type": "WRITE"} for t in ("out1", "out2")),
        ],
    )


@given(st.lists(st.tuples(st.text(min_size=1, max_size=20), st.text(min_size=1, max_size=20)), min_size=1, max_size=8))
def test_any_names_give_well_formed_xml(edges) -> None:
    scene = scene_of(ln.from_edges(edges).graph())
    root = ET.fromstring(svg(scene))
    assert len(root.findall(".//s:g[@class]", NS)) == scene.drawn


def test_hostile_names_stay_text() -> None:
    text = svg(neighbourhood(ln.from_edges([("hub", name) for name in HOSTILE]).graph(), "hub"), title=HOSTILE[0])
    root = ET.fromstring(text)
    allowed = {"svg", "title", "desc", "style", "g", "rect", "path", "text"}
    assert {e.tag.rpartition("}")[2] for e in root.iter()} == allowed
    assert not [k for e in root.iter() for k in e.attrib if k.lower().startswith("on") or k.endswith("href")]
    assert "<script>alert(1)</script>" in [t.text.partition(",")[0] for t in root.findall(".//s:g/s:title", NS)]


def test_accessible() -> None:
    root = ET.fromstring(svg(neighbourhood(several().graph(), "v"), title="Users"))
    assert root.get("role") == "img" and root.get("aria-label") == "Users"
    assert root.findtext("s:title", namespaces=NS) == "Users"
    assert "nodes within reach are drawn" in root.findtext("s:desc", namespaces=NS)
    titles = [t.text for t in root.findall(".//s:g/s:title", NS)]
    assert "raw.users, table, pii" in titles and "v, view, focus" in titles and "old, topic, deleted" in titles


def test_no_meaning_by_colour_alone() -> None:
    """Every style of line differs in more than its colour or is named, every kind has its own drawing."""
    values = drawing(neighbourhood(several().graph(), "v"))
    styles = {k["style"] for k in values["links"]}
    assert {"value", "influence", "possible", "back"} <= styles
    said = {e.get("line") or e.get("look") or e.get("sign") for e in values["legend"]}
    assert {"influence", "possible", "back", "table", "view", "report", "topic", "PII"} <= said
    shapes = [path for _, path in values["glyphs"].values()]
    assert len(set(shapes)) == len(shapes)
    for name in ("influence", "possible"):
        assert f".ln-{name}{{stroke-dasharray" in STYLE


def test_self_contained() -> None:
    text = svg(neighbourhood(several().graph(), "v"))
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")
    assert "url(" not in text and "@import" not in text and "id=" not in text.replace("grid=", "")
    assert "prefers-color-scheme:dark" in text


def test_size_is_bounded() -> None:
    graph = ln.from_edges([("hub" * 90, f"{'long' * 200}{i}") for i in range(1_500)]).graph()
    text = svg(scene_of(graph, max_marks=1_500))
    assert len(text) < 700_000
    assert "1,100 of these are left out" in text


def test_state_is_small() -> None:
    graph = ln.from_edges([(f"warehouse.schema_{i % 7}.table_{i}", f"warehouse.mart.table_{i * 7 % 400}") for i in range(800)]).graph()
    scene = scene_of(graph, max_marks=400)
    assert scene.drawn == 400
    assert len(json.dumps(drawing(scene))) < 200_000


def test_nothing() -> None:
    assert ET.fromstring(svg(Scene())).findtext("s:desc", namespaces=NS).startswith("There is nothing")


@pytest.mark.parametrize(
    ("kind", "kind_type", "look"),
    [("dataset", "TABLE", "table"), ("dataset", "", "dataset"), ("dataset", "Materialized View", "view"), ("report", "dashboard", "report"),
     ("job", "batch/dbt/model", "job"), ("job", "table", "job"), ("column", "", "column"), ("new", "thing", "other")],
)
def test_looks(kind, kind_type, look) -> None:
    assert look_of(kind, kind_type) == look
