"""What is exported is what is seen: hidden classes are left out and counted, overlays are told in words and colours."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path

import networkx as nx
import polars as pl
import pytest

import lineage_nb as ln
from lineage_nb.views.drawing import drawing
from lineage_nb.views.export import PICTURES, save_scene
from lineage_nb.views.marks import Scene
from lineage_nb.views.overlay import Overlay
from lineage_nb.views.palette import LEVEL_COLOURS, LINE_COLOURS
from lineage_nb.views.scene import neighbourhood
from lineage_nb.views.seen import seen, told_of

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
TEXTS = [suffix for suffix in PICTURES if suffix not in (".png", ".gv", ".mermaid")]


@pytest.fixture(scope="module")
def snap() -> ln.Snapshot:
    return ln.from_frames(
        nodes=[
            {"id": "s.raw", "type": "table", "owners": ["ana"]},
            {"id": "s.stage", "type": "view", "owners": ["bo"]},
            {"id": "s.mart", "type": "table", "owners": ["ana"]},
            {"id": "weekly", "kind": "report"},
        ],
        edges=[
            {"source": "s.raw", "target": "s.stage"},
            {"source": "s.stage", "target": "s.mart", "type": "INDIRECT", "subtype": "FILTER"},
            {"source": "s.raw", "target": "s.mart"},
            {"source": "s.mart", "target": "weekly"},
            *({"source": "s.stage", "target": f"s.copy{i:02}"} for i in range(40)),
        ],
    )


@pytest.fixture(scope="module")
def scene(snap) -> Scene:
    return neighbourhood(snap.graph(), "s.raw", hops=3, fold=4)


@pytest.fixture(scope="module")
def overlay() -> Overlay:
    nodes = pl.DataFrame({"id": ["s.raw", "s.mart"], "text": ["12.00 USD <b>", "3.00 USD"], "level": [4, 1]})
    edges = pl.DataFrame(
        {
            "source": ["s.raw", "s.raw"], "target": ["s.stage", "s.mart"], "text": ["mail: plain", "mail: possibly derived"],
            "level": [4, 2], "width": [6.5, 2.0], "possible": [False, True],
        }
    )  # fmt: skip
    return Overlay("money", "Money", ("none", "little", "some", "more", "most"), nodes, edges)


def saved(scene: Scene, folder: Path, suffix: str, overlay: Overlay | None = None) -> str:
    return save_scene(scene, folder / f"a{suffix}", overlay=overlay).read_text(encoding="utf-8")


def twin(values: dict, off: set[str]) -> tuple[set[str], set[tuple[str, str]]]:
    """What the browser shows, by its own words."""
    gone = [f"look:{m['look']}" in off or ("badge" in m and f"level:{m['badge']['level']}" in off) for m in values["marks"]]
    homes = {m["id"] for m, out in zip(values["marks"], gone, strict=True) if out}
    gone = [out or (m.get("side") in ("up", "down") and m["id"] in homes) for m, out in zip(values["marks"], gone, strict=True)]
    name = [f"{m['id']}{m.get('side', '')}" for m in values["marks"]]
    lines = set()
    for k in values["links"]:
        words = {f"line:{w}" for w in k["style"].split()} | ({f"level:{k['level']}"} if "level" in k else set())
        if not (gone[k["s"]] or gone[k["t"]] or words & off):
            lines.add((name[k["s"]], name[k["t"]]))
    return {n for n, out in zip(name, gone, strict=True) if not out}, lines


OFF = [{"look:view"}, {"look:report", "line:influence"}, {"level:4"}, {"level:1", "line:possible"}, {"look:table", "look:view", "look:report", "look:dataset"}, {"line:fold"}]


@pytest.mark.parametrize("off", OFF, ids=lambda off: "+".join(sorted(off)))
@pytest.mark.parametrize("told", [False, True])
def test_what_is_left_is_what_the_browser_shows(scene, overlay, off, told) -> None:
    given = overlay if told else None
    left = seen(scene, given, off)
    marks, lines = twin(drawing(scene, given), off)
    name = [m.id + (m.type if m.kind == "bundle" else "") for m in left.marks]
    assert set(name) == marks and {(name[k.source], name[k.target]) for k in left.links} == lines
    gone = len(scene.ids) - len(left.ids)
    assert left.hidden.get("hidden by the legend", 0) == gone == scene.drawn - left.drawn
    places = {m.id: (m.x, m.y) for m in scene.marks if m.kind != "bundle"}
    assert all(places[m.id] == (m.x, m.y) for m in left.marks if m.kind != "bundle"), "the places stay"


@pytest.mark.parametrize("suffix", TEXTS)
def test_hidden_classes_are_left_out_and_counted(scene, tmp_path, suffix) -> None:
    left = seen(scene, off=["look:report", "line:influence"])
    text = saved(left, tmp_path, suffix)
    assert "weekly" in saved(scene, tmp_path, suffix) and "weekly" not in text
    assert "1 hidden by the legend" in text and "The legend hides 1 line." in text


def test_an_empty_picture_says_why() -> None:
    scene = neighbourhood(ln.from_edges([("a", "b")]).graph(), "a")
    left = seen(scene, off=["look:dataset"])
    assert left.marks == () and "0 of 2 nodes drawn (2 hidden by the legend)" in drawing(left)["summary"]


def test_overlays_are_words_and_colours_in_every_text(scene, overlay, tmp_path) -> None:
    plain = {suffix: saved(scene, tmp_path, suffix) for suffix in TEXTS}
    for suffix in TEXTS:
        text = saved(scene, tmp_path, suffix, overlay)
        assert LEVEL_COLOURS[4] in text or suffix == ".gexf", suffix
        assert LINE_COLOURS[4] in text or suffix in (".svg", ".gexf"), suffix
        assert "USD" in text and ("USD <b>" not in text or suffix == ".dot"), suffix
        assert suffix in (".graphml", ".gexf") or re.search("Money[: ] most", text), suffix
        assert "USD" not in plain[suffix] and LEVEL_COLOURS[4] not in plain[suffix].partition("</style>")[2], suffix


def test_graph_files_hold_words_classes_colours_and_lines(scene, overlay, tmp_path) -> None:
    save_scene(scene, tmp_path / "a.graphml", overlay=overlay)
    save_scene(scene, tmp_path / "a.gexf", overlay=overlay)
    graph, again = nx.read_graphml(tmp_path / "a.graphml"), nx.read_gexf(tmp_path / "a.gexf")
    assert graph.graph["overlay"] == "Money" and "nodes drawn" in graph.graph["note"]
    for one in (graph, again):
        assert {k: one.nodes["s.raw"][k] for k in ("overlay", "overlay_class", "colour")} == {"overlay": "12.00 USD <b>", "overlay_class": "most", "colour": LEVEL_COLOURS[4]}
        edge = one.edges["s.raw", "s.mart"]
        assert (edge["certainty"], edge["line"], edge["overlay_class"], edge["width"]) == ("possible", "dashed", "some", 2.0)
        assert one.edges["s.raw", "s.stage"]["line"] == "solid" and one.edges["s.raw", "s.stage"]["colour"] == LINE_COLOURS[4]
        assert one.edges["s.stage", "s.mart"]["line"] == "dotted"
    assert again.nodes["s.raw"]["viz"]["color"]["r"] == int(LEVEL_COLOURS[4][1:3], 16)
    text = (tmp_path / "a.gexf").read_text(encoding="utf-8")
    assert 'shape value="dashed"' in text and 'thickness value="6.5"' in text and "<description>Money; " in text


def test_texts_draw_lines_as_they_are_told(scene, overlay, tmp_path) -> None:
    dot, mermaid, page = (saved(scene, tmp_path, suffix, overlay) for suffix in (".dot", ".mmd", ".html"))
    place = {m.id: i for i, m in enumerate(scene.marks) if m.kind != "bundle"}
    told = next(line for line in dot.splitlines() if f"n{place['s.raw']} -> n{place['s.mart']} " in line)
    assert "style=dashed" in told and 'label="some"' in told and "penwidth=2.0" in told and LINE_COLOURS[2] in told
    told = next(line for line in mermaid.splitlines() if line.startswith(f"n{place['s.raw']} -") and line.endswith(f"n{place['s.mart']}"))
    assert "-.->" in told and "possibly derived" in told
    assert re.search(rf"linkStyle \d+ stroke:{LINE_COLOURS[4]},stroke-width:6px", mermaid)
    assert f"class n{place['s.raw']} orange" in mermaid and "%% orange: Money  most" in mermaid
    assert '"width": 6.5' in page and "s.raw \\u2192 s.mart: possible, mail: possibly derived" in page


def test_png_shows_the_colours(scene, overlay) -> None:
    image = pytest.importorskip("PIL.Image")
    from lineage_nb.views.png import png

    def colours(given: Overlay | None) -> set[tuple[int, ...]]:
        picture = image.open(BytesIO(png(scene, scale=1, overlay=given))).convert("RGB")
        return {colour for _, colour in picture.getcolors(1 << 24)}

    rgb = {c: tuple(int(c[i : i + 2], 16) for i in (1, 3, 5)) for c in (LEVEL_COLOURS[4], LEVEL_COLOURS[1], LINE_COLOURS[4])}
    with_overlay, without = colours(overlay), colours(None)
    assert set(rgb.values()) <= with_overlay and not set(rgb.values()) & without


def test_the_explorer_saves_what_it_shows(snap, tmp_path) -> None:
    widget = snap.explore("s.raw", hops=3, overlay="owner")
    widget._canvas.set_state({"off": ["look:report"]})
    widget.filter(owner=["ana"])
    for suffix in PICTURES:
        target = widget.save(tmp_path / f"a{suffix}")
        if suffix != ".png":
            text = target.read_text(encoding="utf-8")
            assert "weekly" not in text and "stage" not in text and "raw" in text, suffix
            assert "ana" in text, suffix
    assert set(nx.read_graphml(tmp_path / "a.graphml")) == set(widget.visible)
    assert "weekly" not in widget._repr_mimebundle_()["text/html"]


def test_one_class_for_each_line(scene, overlay) -> None:
    told = told_of(scene, overlay)
    assert len(told.boxes) == len(scene.marks) == len(told.rows) and len(told.lines) == len(scene.links)
    assert told.present() == [(1, "Money: little"), (2, "Money: some"), (4, "Money: most")]
