"""The panel of personal data: zones, who gets it, and the way that is drawn when a row is clicked."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

import lineage_nb as ln
from lineage_nb.widgets.audit import in_zone


@pytest.fixture
def snap() -> ln.Snapshot:
    """An address goes from raw to mart plain, hashed to a share, possibly (by a silent job) to a copy; ana may read mart."""
    names = {"db/raw.t": "raw.t", "db/mart.u": "mart.u", "db/out.v": "out.v", "lake/copy.w": "copy.w"}
    nodes: list[dict[str, Any]] = [{"id": i, "kind": "dataset", "name": n, "namespace": i.partition("/")[0], "type": "share" if n == "out.v" else "table"} for i, n in names.items()]
    nodes += [{"id": f"{i}#m", "kind": "column", "name": "m", "parent": i, "namespace": i.partition("/")[0], "tags": ["pii:email"] if i == "db/raw.t" else None} for i in names]
    nodes += [{"id": "ana", "kind": "principal", "type": "person"}]
    edges = [
        {"source": "db/raw.t#m", "target": "db/mart.u#m"},
        {"source": "db/mart.u#m", "target": "db/out.v#m", "verdict": "pseudonymised"},
        {"source": "db/mart.u", "target": "job:a/j", "type": "READ"},
        {"source": "job:a/j", "target": "lake/copy.w", "type": "WRITE"},
    ]
    return ln.from_frames(nodes=nodes, edges=edges, grants=[{"principal": "ana", "node": "db/mart.u"}])


def click(table: Any, row: int) -> None:
    table.rows.set_state({"selected_rows": [row]})


def test_exposures_stand_beside_the_answer(snap: ln.Snapshot) -> None:
    panel = snap.panel("pii")
    told = panel.audit.exposures
    assert told.frame.equals(snap.pii().exposures().frame)
    assert told.headline.split(",")[0] in panel.audit.said.value
    panel.audit.by.value = "person"
    assert panel.audit.exposures.frame["key"].to_list() == ["ana"]
    assert snap.panel("unused").audit is None


def test_a_zone_narrows_places_and_exposures_and_not_the_result(snap: ln.Snapshot) -> None:
    panel = snap.panel("pii")
    zones = dict(panel.audit.zone.options)
    assert panel.audit.zone.label == "all zones"
    assert list(zones) == ["all zones", "layer copy", "layer mart", "layer out", "layer raw", "namespace db", "namespace lake"]
    panel.audit.zone.value = ("layer", "out")
    assert panel._answer.frame["node"].to_list() == ["db/out.v#m"] and "In layer out: 1 of these places" in panel._shown.value
    assert panel.audit.exposures.frame.select("key", "node", "places").rows() == [("db/out.v", "db/out.v#m", 1)]
    assert panel.result.frame.height == snap.pii().frame.height
    assert panel.code == "snap.pii()"
    panel.audit.zone.value = ("namespace", "lake")
    assert panel._answer.frame["certainty"].to_list() == ["possible"] and panel.audit.exposures.frame.is_empty()
    panel.controls["policy"].value = "strict"
    assert panel.audit.zone.value == ("namespace", "lake"), "the zone stays while it has any personal data"
    panel.audit.zone.value = ""
    assert panel._answer.frame.height == panel.result.frame.height


def test_within_counts_what_is_seen_there(snap: ln.Snapshot) -> None:
    asked = snap.pii()
    whole, part = asked.exposures(by="column").frame, asked.exposures(by="column", within=["db/mart.u"]).frame
    assert part.equals(whole.filter(pl.col("key") == "db/mart.u#m")) and part.height == 1
    assert asked.exposures(within=[]).frame.is_empty()
    answer = asked._answer
    assert in_zone(answer, None) is answer


def test_a_click_draws_the_way_with_its_verdicts(snap: ln.Snapshot) -> None:
    panel = snap.panel("pii")
    keys = panel.audit.exposures.frame["key"].to_list()
    click(panel.audit.table, keys.index("db/out.v"))
    explorer = panel.why.explorer
    assert "Why out.v?" in panel.why.text.value and "colours are verdicts" in panel.why.text.value
    way = explorer._overlays["way"]
    assert explorer.overlay == "way" and {"db/raw.t#m", "db/mart.u#m", "db/out.v#m"} <= set(explorer.visible)
    assert {i: b.text for i, b in way.badges(["db/raw.t#m", "db/out.v#m", "db/out.v"]).items()} == {"db/raw.t#m": "email: plain", "db/out.v#m": "email: pseudonymised", "db/out.v": "email: pseudonymised"}
    strokes = way.strokes(["db/raw.t#m", "db/mart.u#m", "db/out.v#m"])
    assert {k: (way.levels[s.level], s.possible) for k, s in strokes.items()} == {("db/raw.t#m", "db/mart.u#m"): ("plain", False), ("db/mart.u#m", "db/out.v#m"): ("pseudonymised", False)}
    click(panel.audit.table, keys.index("ana"))
    assert "Why ana?" in panel.why.text.value and set(explorer.visible) == {"db/raw.t#m", "db/mart.u#m"}


def test_possible_hops_are_dashed(snap: ln.Snapshot) -> None:
    panel = snap.panel("pii")
    row = panel._answer.frame["node"].to_list().index("lake/copy.w#m")
    click(panel.table, row)
    explorer = panel.why.explorer
    strokes = explorer._overlays["way"].strokes(["db/raw.t#m", "db/mart.u#m", "db/mart.u", "lake/copy.w#m", "lake/copy.w"])
    assert any(s.possible and "possibly plain" in s.text for s in strokes.values())
    assert "lake/copy.w" in " ".join(explorer.visible)


def test_hostile_names_stay_text() -> None:
    bad = "<img src=x onerror=alert(1)>"
    snap = ln.from_frames(nodes=[{"id": f"{bad}.t#m", "kind": "column", "name": "m", "parent": f"{bad}.t", "tags": [f"pii:{bad}"]}, {"id": f"{bad}.t", "kind": "dataset", "name": f"{bad}.t"}, {"id": bad, "kind": "principal"}], grants=[{"principal": bad, "node": f"{bad}.t", "condition": bad}])
    panel = snap.panel("pii")
    panel.audit.zone.value = ("layer", bad)
    click(panel.audit.table, 0)
    assert "<img" not in panel.audit.said.value + panel.why.text.value + panel._shown.value
