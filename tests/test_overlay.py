"""Overlays: what boxes and edges say besides the lineage, and that it is what the analyses answer."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import polars as pl
import pytest

import lineage_nb as ln
from lineage_nb.views.drawing import drawing
from lineage_nb.views.overlay import Badge, Overlay
from lineage_nb.views.overlays import OVERLAYS, of_answer, overlay
from lineage_nb.views.palette import LEVEL_COLOURS, LINE_COLOURS
from lineage_nb.views.scene import neighbourhood, scene_of
from lineage_nb.views.svg import svg

EVIL = "<script>alert(1)</script>"


@pytest.fixture
def snap() -> ln.Snapshot:
    return ln.from_frames(
        nodes=[
            {"id": "raw", "owners": ["ana"], "tier": "gold", "last_seen": "2025-06-29T12:00:00Z"},
            {"id": "stage", "owners": [EVIL]},
            {"id": "mart", "last_seen": "2025-06-30T00:00:00Z"},
            {"id": "dark"},
            {"id": "r1", "kind": "report"},
            {"id": "r2", "kind": "report"},
            *({"id": f"{t}#mail", "kind": "column", "parent": t, "tags": ["pii:email"] if t == "raw" else None} for t in ("raw", "stage", "mart")),
        ],
        edges=[
            {"source": "raw#mail", "target": "stage#mail"},
            {"source": "stage#mail", "target": "mart#mail", "verdict": "pseudonymised"},
            {"source": "raw", "target": "stage"},
            {"source": "stage", "target": "mart"},
            {"source": "raw", "target": "dark"},
            {"source": "mart", "target": "r1"},
            {"source": "mart", "target": "r2"},
        ],
        usage=[{"node": "r1", "consumer": "ana", "day": "2025-06-30"}],
        costs=[{"node": n, "day": "2025-06-01", "amount": a} for n, a in (("raw", "10.00"), ("mart", "6.00"))],
    )


def levels(made: Overlay) -> dict[str, str]:
    return {i: made.levels[level] for i, level in made.nodes.select("id", "level").iter_rows()}


@pytest.mark.parametrize("name", list(OVERLAYS))
def test_every_overlay_is_in_order(snap, name) -> None:
    made = overlay(snap, name)
    assert made.name == name and made.title
    assert made.nodes["id"].is_unique().all() and not made.nodes["text"].is_null().any()
    assert len(made.levels) <= len(LEVEL_COLOURS) == len(LINE_COLOURS)
    assert made.nodes["level"].is_between(0, len(made.levels) - 1).all()
    known = set(snap.nodes["id"])
    assert set(made.nodes["id"]) <= known
    if made.edges is not None:
        assert not made.edges.select("source", "target").is_duplicated().any()
        assert set(made.edges["source"]) | set(made.edges["target"]) <= known
    ET.fromstring(svg(scene_of(snap.graph()), overlay=made))


def test_owner_and_tier(snap) -> None:
    assert overlay(snap, "owner").badges(["raw", "mart"]) == {"raw": Badge("ana", 2)}
    assert levels(overlay(snap, "tier")) == {"raw": "gold"}


def test_cost_is_what_is_spent_and_flows_on_evenly(snap) -> None:
    made = overlay(snap, "cost")
    assert {i: b.text for i, b in made.badges(["raw", "mart"]).items()} == {"raw": "10.00 USD", "mart": "6.00 USD"}
    said = {pair: s.text.split(" ")[0] for pair, s in made.strokes(["raw", "stage", "dark", "mart", "r1", "r2"]).items()}
    assert said == {("raw", "stage"): "5.00", ("raw", "dark"): "5.00", ("stage", "mart"): "5.00", ("mart", "r1"): "5.50", ("mart", "r2"): "5.50"}
    widths = {pair: s.width for pair, s in made.strokes(["raw", "stage", "mart", "r1"]).items()}
    assert widths["mart", "r1"] == 9.0 > widths["raw", "stage"] > 1.4


def test_cost_conserves_money_in_cycles() -> None:
    snap = ln.from_frames(
        edges={"source": ["a", "b", "b"], "target": ["b", "a", "c"]},
        costs={"node": ["a", "b"], "day": ["2025-01-01"] * 2, "amount": ["3.00", "4.00"]},
    )
    assert {p: s.text[:4] for p, s in overlay(snap, "cost").strokes("abc").items()} == {("b", "c"): "7.00"}


def test_pii_on_columns_tables_and_edges(snap) -> None:
    made = of_answer(snap.pii()._answer)
    told = made.badges(["raw", "raw#mail", "stage", "mart", "mart#mail", "r1", "dark"])
    assert told["raw"].text == told["raw#mail"].text == "email: plain"
    assert told["mart"].text == "email: pseudonymised"
    assert told["r1"].text == "email: possibly pseudonymised"
    assert told["dark"].text == "email: possibly plain"
    strokes = made.strokes(["raw", "stage", "mart", "r1", "raw#mail", "stage#mail", "mart#mail", "dark"])
    assert {pair for pair, s in strokes.items() if not s.possible} >= {("raw", "stage"), ("raw#mail", "stage#mail"), ("stage", "mart")}
    assert strokes["raw", "dark"].possible and strokes["mart", "r1"].possible
    values = drawing(neighbourhood(snap.graph(), "mart"), made)
    drawn = {(values["marks"][k["s"]]["id"], values["marks"][k["t"]]["id"]): k["style"] for k in values["links"]}
    assert "possible" in drawn["mart", "r1"] and drawn["stage", "mart"] == "value"


def test_a_stronger_verdict_that_is_only_possible_is_told() -> None:
    snap = ln.from_frames(
        nodes=[{"id": "a#x", "kind": "column", "parent": "a", "tags": ["pii:x"]}, {"id": "b#y", "kind": "column", "parent": "b"}],
        edges=[
            {"source": "a#x", "target": "b#y", "verdict": "pseudonymised", "job": "j"},
            {"source": "a", "target": "k", "type": "READ"},
            {"source": "k", "target": "b", "type": "WRITE"},
        ],
    )
    answer = snap.pii()
    both = answer.frame.filter(pl.col("node") == "b#y").select("verdict", "certainty").sort("certainty").rows()
    if len(both) == 2:
        assert of_answer(answer._answer).badges(["b"])["b"].text == "x: pseudonymised, possibly plain"


def test_unused_and_impact(snap) -> None:
    answer = snap.unused()
    made = of_answer(answer._answer)
    verdicts = dict(answer.frame.select("node", "verdict").iter_rows())
    told = made.badges(list(verdicts))
    assert all(told[n].text.startswith(v) for n, v in verdicts.items())
    assert {n for n, v in verdicts.items() if v == "live"} == {n for n, b in told.items() if made.levels[b.level] == "live"}
    hops = of_answer(snap.impact("raw")._answer).badges(["stage", "mart", "mart#mail"])
    assert (hops["stage"].text, hops["mart#mail"].text) == ("1 hop", "2 hops")


def test_freshness_counts_back_from_the_end_of_the_record(snap) -> None:
    told = overlay(snap, "freshness").badges(["raw", "mart", "stage"])
    assert set(told) == {"raw", "mart"}
    assert told["mart"].text == "last seen 0 h earlier" and told["raw"].text == "last seen 12 h earlier"


def test_text_is_never_markup_and_never_missing(snap) -> None:
    scene = scene_of(snap.graph())
    text = svg(scene, overlay=overlay(snap, "owner"))
    assert "<script" not in text
    assert any(EVIL in (t.text or "") for t in ET.fromstring(text).iter() if t.tag.endswith("title"))
    values = drawing(scene, overlay(snap, "owner"))
    assert {e["text"] for e in values["legend"] if "level" in e} == {f"Owner: {EVIL}", "Owner: ana"}
    assert next(m for m in values["marks"] if m["id"] == "raw")["name"].count("ana") == 1, "told to screen readers"


def test_unknown(snap) -> None:
    with pytest.raises(ln.LineageError, match="no overlay 'colour'. Known: owner, tier"):
        overlay(snap, "colour")


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(a: str, b: str) -> float:
    low, high = sorted((_luminance(a), _luminance(b)))
    return (high + 0.05) / (low + 0.05)


def test_colours_have_contrast() -> None:
    assert all(_contrast(colour, "#101316") >= 7 for colour in LEVEL_COLOURS)
    assert all(_contrast(colour, ground) >= 3 for colour in LINE_COLOURS for ground in ("#ffffff", "#111111"))
