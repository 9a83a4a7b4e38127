"""Tables opened to their columns: rows, counts, and edges that end at rows."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

import lineage_nb as ln
from lineage_nb.views.columns import Columns
from lineage_nb.views.compose import Dress
from lineage_nb.views.drawing import drawing
from lineage_nb.views.marks import HEAD_HEIGHT, ROW_HEIGHT
from lineage_nb.views.scene import Scene, neighbourhood
from lineage_nb.views.svg import svg


@pytest.fixture
def snap() -> ln.Snapshot:
    names = {"raw": [f"c{i:02}" for i in range(60)], "stage": ["key", "mail", "other"], "mart": ["mail"]}
    return ln.from_frames(
        nodes=[
            {"id": f"{t}#{c}", "kind": "column", "parent": t, "ordinal": i, "data_type": "INT" if c == "key" else None}
            for t, columns in names.items()
            for i, c in enumerate(columns)
        ]
        + [{"id": "report", "kind": "report"}],
        edges=[
            {"source": "raw#c40", "target": "stage#mail"},
            {"source": "raw#c07", "target": "stage#key"},
            {"source": "raw#c09", "target": "stage", "type": "INDIRECT", "subtype": "FILTER"},
            {"source": "stage#mail", "target": "mart#mail"},
            {"source": "stage", "target": "report"},
        ],
    )


def opened(snap: ln.Snapshot, *tables: str, most: int = 12, chosen: str | None = None) -> Scene:
    return neighbourhood(snap.graph(), "stage", dress=Dress(Columns(snap), dict.fromkeys(tables, most), (), chosen))


def box(scene: Scene, name: str):
    return next(m for m in scene.marks if m.id == name)


def test_columns_with_lineage_come_first_and_the_rest_is_counted(snap) -> None:
    scene = opened(snap, "raw", "stage")
    raw = box(scene, "raw")
    assert (len(raw.rows), raw.columns) == (12, 60)
    assert [r.label for r in raw.rows[:4]] == ["c07", "c09", "c40", "c00"]
    assert ["linked" in r.flags for r in raw.rows[:4]] == [True, True, True, False]
    assert "12 of 60 columns" in "".join(t.text for t in ET.fromstring(svg(scene)).iter() if t.tag.endswith("text"))
    assert len(box(opened(snap, "raw", most=36), "raw").rows) == 36


def test_a_chosen_column_is_listed(snap) -> None:
    assert box(opened(snap, "raw", chosen="raw#c55"), "raw").rows[0].id == "raw#c55"


def test_edges_run_between_columns_of_open_tables_and_between_tables_elsewhere(snap) -> None:
    scene = opened(snap, "raw", "stage")

    def end(place: int, row: int) -> str:
        return scene.marks[place].rows[row].id if row >= 0 else scene.marks[place].id

    links = {(end(k.source, k.source_row), end(k.target, k.target_row), k.value) for k in scene.links}
    assert links == {
        ("raw#c40", "stage#mail", True),
        ("raw#c07", "stage#key", True),
        ("raw#c09", "stage", False),
        ("stage", "mart", True),
        ("stage", "report", True),
    }


def test_one_open_table_keeps_the_edges_of_tables(snap) -> None:
    scene = opened(snap, "stage")
    assert {(scene.marks[k.source].id, scene.marks[k.target].id) for k in scene.links} == {
        ("raw", "stage"), ("stage", "mart"), ("stage", "report"),
    }  # fmt: skip
    assert all(k.source_row < 0 for k in scene.links)


def test_edges_end_at_the_middle_of_their_rows(snap) -> None:
    scene = opened(snap, "raw", "stage")
    values = drawing(scene)
    raw = box(scene, "raw")
    place = scene.marks.index(raw)
    for link in values["links"]:
        if link["s"] == place and "sr" in link:
            x, y = link["d"][1:].replace("C", " ").replace("L", " ").split()[:2]
            assert float(x) == pytest.approx(raw.x + raw.width, abs=0.11)
            assert float(y) == pytest.approx(raw.y + HEAD_HEIGHT + ROW_HEIGHT * (link["sr"] + 0.5), abs=0.11)


def test_boxes_keep_apart(snap) -> None:
    scene = opened(snap, "raw", "stage", "mart", most=60)
    marks = scene.marks
    assert box(scene, "raw").height > 60 * ROW_HEIGHT
    for i, a in enumerate(marks):
        for b in marks[i + 1 :]:
            apart = a.x + a.width <= b.x or b.x + b.width <= a.x or a.y + a.height <= b.y or b.y + b.height <= a.y
            assert apart, (a.id, b.id)


def test_what_has_no_columns_stays_closed(snap) -> None:
    assert opened(snap, "report") == opened(snap)
    assert box(opened(snap), "report").columns == 0


def test_many_edges_are_counted() -> None:
    columns = [f"{t}#c{i:02}" for t in "ab" for i in range(40)]
    dense = ln.from_frames(
        nodes=[{"id": c, "kind": "column", "parent": c[0]} for c in columns],
        edges=[{"source": s, "target": t} for s in columns[:40] for t in columns[40:]],
    )
    scene = neighbourhood(dense.graph(), "a", dress=Dress(Columns(dense), {"a": 40, "b": 40}))
    assert len(scene.links) == 600
    assert "600 of 1,600 edges between open columns drawn." in drawing(scene)["summary"]
