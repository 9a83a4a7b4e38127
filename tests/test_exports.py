"""What is seen, taken along: every format is read back, and hostile names stay text in all of them."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from io import BytesIO

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lineage_nb as ln
from lineage_nb.errors import LineageError
from lineage_nb.views.dot import dot
from lineage_nb.views.export import PICTURES, save_scene
from lineage_nb.views.graph_files import gexf, graphml, scene_graph
from lineage_nb.views.labels import clean
from lineage_nb.views.marks import Link, Mark, Row, Scene
from lineage_nb.views.mermaid import mermaid
from lineage_nb.views.png import png
from lineage_nb.views.scene import neighbourhood, scene_of

HOSTILE = [
    "<script>alert(1)</script>", '"];click n0 "javascript:alert(1)"', "end", '%%{init: {"securityLevel":"loose"}}%%', "a\nb\r\tc",
    "\\", '\\"', 'x\\" [URL="javascript:1"] //', "{ } | < >", "]]>&amp;<!--", "a\x00b\x1b\x7f", "x\u202ey\u2066z", "\ufffe\uffff", "`md`",
    "#quot;", "ﬂ°°34¶ß", "style a:b#c;", "a" * 10_000, "𝕏 数据 🦆", "$x^2$", "subgraph", "n0 --> n1", "/* c */", "graph",
]  # fmt: skip
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[A-Za-z_][A-Za-z0-9_]*|-?\d+(?:\.\d+)?|->|[][{};,=]|\s+')
NODE = re.compile(r'n(\d+)(?:\[\["|\(\["|\[\("|\[/"|\("|\[")([^"]*)(?:"\]\]|"\]\)|"\)\]|"/\]|"\)|"\])')
EDGE = re.compile(r'n(\d+) (---|-\.->|-->)(?:\|"([^"]*)"\|)? n(\d+)')
# After the number of a character, the letters that Mermaid, HTML and Markdown read as nothing but text.
LABEL = re.compile(r"(?:[^!-*:-@\[-^`{-~ﬂ°¶]|#\d+;|<br/>)*")


def several() -> Scene:
    nodes = [
        {"id": "raw.users", "type": "table", "tags": ["pii:email"]},
        {"id": "v", "type": "view"},
        {"id": "r", "kind": "report"},
        {"id": "old", "type": "topic", "deleted_at": "2026-01-01T00:00:00Z"},
        {"id": "job", "kind": "job"},
    ]
    edges = [
        {"source": "raw.users", "target": "v"},
        {"source": "v", "target": "r", "type": "INDIRECT", "subtype": "FILTER"},
        {"source": "v", "target": "raw.users"},
        {"source": "v", "target": "v"},
        *({"source": s, "target": "job", "type": "READ"} for s in ("v", "old")),
        *({"source": "job", "target": t, "type": "WRITE"} for t in ("out1", "out2")),
        *({"source": "v", "target": f"zz{i}"} for i in range(30)),
    ]
    return neighbourhood(ln.from_frames(nodes=nodes, edges=edges).graph(), "v", fold=6)


def opened() -> Scene:
    a = Mark("s.a", "a", "s", "dataset", "table", 0, 0, 180, 100, 0, frozenset({"open"}), 0, 3, (Row("s.a#x", "x", "int"), Row('s.a#"', '"')), 12)
    b = Mark("s.b", "b", "s", "dataset", "view", 260, 20, 180, 62, 1, frozenset({"open"}), 0, 0, (Row("s.b#m", "m", "text"),), 1)
    return Scene((a, b), (Link(0, 1, value=False, certainty="possible", source_row=0), Link(0, 1, source_row=1, target_row=0)), 440, 120, drawn=2, total=2)


def named(scene: Scene, names: list[str]) -> Scene:
    """The same picture with other names."""
    marks = [replace(m, id=name, label=clean(name), sub=clean(name)) for m, name in zip(scene.marks, names, strict=True)]
    return replace(scene, marks=tuple(marks))


def hostile() -> Scene:
    edges = [("hub", f"t{i}") for i in range(len(HOSTILE) - 1)] + [("t1", "hub")]
    return named(neighbourhood(ln.from_edges(edges).graph(), "hub", max_marks=100, fold=60), HOSTILE)


def read_dot(text: str) -> tuple[dict[str, dict[str, str]], list[tuple[str, str, dict[str, str]]]]:
    """Read the part of DOT that is written: a digraph of nodes and edges with attributes, quoted or bare."""
    at, tokens = 0, []
    while at < len(text):
        found = TOKEN.match(text, at)
        assert found, text[at : at + 80]
        at = found.end()
        if not found[0].isspace():
            tokens.append(found[0])
    assert tokens[:3] == ["digraph", "lineage", "{"] and tokens[-1] == "}"
    nodes: dict[str, dict[str, str]] = {}
    edges = []
    statements, current = [], []
    for token in tokens[3:-1]:
        if token == ";":
            statements.append(current)
            current = []
        else:
            current.append(token)
    assert not current
    for s in statements:
        start = s.index("[") if "[" in s else len(s)
        inner = [t for t in s[start + 1 : -1] if t != ","]
        assert len(inner) % 3 == 0 and all(inner[i + 1] == "=" for i in range(0, len(inner), 3)), s
        values = {inner[i]: inner[i + 2] for i in range(0, len(inner), 3)}
        if s[1:2] == ["->"]:
            edges.append((s[0], s[2], values))
        elif s[0] not in ("graph", "node", "edge"):
            assert start == 1
            nodes[s[0]] = values
    return nodes, edges


def unquoted(text: str) -> str:
    assert text[0] == text[-1] == '"'
    return re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], text[1:-1])


def read_mermaid(text: str) -> tuple[dict[int, str], list[tuple[int, int, str]]]:
    """Read the part of Mermaid that is written; anything else fails."""
    lines = text.splitlines()
    assert lines[0] == "flowchart LR" and lines[1].startswith("accTitle: ")
    nodes, edges = {}, []
    for line in lines[1:]:
        if line.startswith(("accTitle: ", "%% ")):
            assert not set("{}<>\"`;#") & set(line[3:]) and "%%" not in line[3:], line
        elif found := NODE.fullmatch(line):
            assert LABEL.fullmatch(found[2]), line
            label = "\n".join(re.sub(r"#(\d+);", lambda m: chr(int(m[1])), part) for part in found[2].split("<br/>"))
            nodes[int(found[1])] = label
        elif found := EDGE.fullmatch(line):
            assert LABEL.fullmatch(found[3] or "")
            edges.append((int(found[1]), int(found[4]), found[2]))
        else:
            assert re.fullmatch(r"linkStyle \d+ [a-z0-9:#, -]+|classDef [a-z]+ [a-z0-9:#, -]+|class (n\d+,?)+ [a-z]+", line), line
    return nodes, edges


def ends(scene: Scene) -> list[tuple[int, int]]:
    return sorted((k.source, k.target) for k in scene.links)


@pytest.mark.parametrize("scene", [several(), hostile(), opened(), Scene()], ids=["several", "hostile", "opened", "empty"])
def test_texts_hold_every_box_and_line(scene: Scene) -> None:
    nodes, edges = read_mermaid(mermaid(scene, title=HOSTILE[3]))
    assert list(nodes) == list(range(len(scene.marks)))
    assert sorted((a, b) for a, b, _ in edges) == ends(scene)
    boxes, lines = read_dot(dot(scene, title=HOSTILE[7]))
    assert list(boxes) == [f"n{i}" for i in range(len(scene.marks))]
    assert sorted((int(a[1:]), int(b[1:])) for a, b, _ in lines) == ends(scene)
    for place, mark in enumerate(scene.marks):
        label = mark.label[:119]
        assert unquoted(boxes[f"n{place}"]["label"]).startswith(label), mark.label
        assert nodes[place].startswith(label if len(label) < 40 and " " not in label else label[:20]), mark.label
        assert {"label", "tooltip"} <= set(boxes[f"n{place}"]) <= {"label", "tooltip", "pos", "width", "height", "shape", "style", "color", "penwidth"}


@given(st.lists(st.text(max_size=20), min_size=4, max_size=4))
def test_any_names_come_back(names) -> None:
    scene = named(scene_of(ln.from_edges([("a", "b"), ("b", "c"), ("c", "a"), ("a", "d")]).graph()), names)
    nodes, _ = read_mermaid(mermaid(scene))
    boxes, _ = read_dot(dot(scene))
    assert len(nodes) == len(boxes) == len(scene.marks)
    for data in (nx.read_graphml(BytesIO(graphml(scene))), nx.read_gexf(BytesIO(gexf(scene)))):
        assert set(data.edges) == set(scene_graph(scene).edges) and len(data) == 4


@pytest.mark.parametrize("scene", [several(), hostile(), opened()], ids=["several", "hostile", "opened"])
def test_graph_files_hold_everything(scene: Scene) -> None:
    graph = scene_graph(scene)
    assert len(graph) == len(scene.marks)
    back, again = nx.read_graphml(BytesIO(graphml(scene))), nx.read_gexf(BytesIO(gexf(scene)))
    assert dict(back.nodes(data=True)) == {n: dict(d.items()) for n, d in graph.nodes(data=True)}
    assert {(a, b): d for a, b, d in back.edges(data=True)} == {(a, b): d for a, b, d in graph.edges(data=True)}
    for (name, data), mark in zip(again.nodes(data=True), scene.marks, strict=True):
        assert data["x"] == mark.x and data["viz"]["position"]["x"] == pytest.approx(mark.x + mark.width / 2)
        assert graph.nodes[name]["label"] == data["label"]
    assert b"lastmodifieddate" not in gexf(scene), "the same on every day"
    if not any(m.kind == "bundle" for m in scene.marks) and scene.marks[0].id != "s.a":
        assert set(graph) & set(HOSTILE[:4])


def test_lines_keep_their_meaning() -> None:
    scene = several()
    place = {m.id: i for i, m in enumerate(scene.marks) if m.kind != "bundle"}
    bundle = next(i for i, m in enumerate(scene.marks) if m.kind == "bundle")
    _, edges = read_mermaid(mermaid(scene))
    _, lines = read_dot(dot(scene))
    told = {(int(a[1:]), int(b[1:])): values for a, b, values in lines}
    kinds = {(a, b): arrow for a, b, arrow in edges}
    v = place["v"]
    assert told[v, place["r"]]["style"] == "dotted" and kinds[v, place["r"]] == "-.->"
    assert told[v, place["out1"]]["style"] == "dashed" and kinds[v, place["out1"]] == "-.->"
    assert told[v, bundle]["dir"] == "none" and kinds[v, bundle] == "---"
    assert told[place["raw.users"], v] == {} and kinds[place["raw.users"], v] == "-->"
    text = mermaid(scene)
    assert '|"influence"|' in text and '|"possible"|' in text and "dotted line, 'influence'" in text
    assert scene_graph(scene).edges["v", "out1"] == {"value": True, "certainty": "possible", "closes_cycle": False, "columns": "", "line": "dashed"}
    assert scene_graph(scene).edges["v", "v"]["closes_cycle"]
    assert f"+{scene.marks[bundle].more_down} more" in text


def test_open_tables_keep_their_columns() -> None:
    scene = opened()
    assert scene_graph(scene).edges["s.a", "s.b"] == {"value": True, "certainty": "proved", "closes_cycle": False, "columns": 'x → b; " → m', "line": "solid"}
    assert '|"x → b, influence, possible"|' in mermaid(scene) and '|"#34; → m"|' in mermaid(scene)
    assert r'label="\" → m"' in dot(scene) and "2 of 12 columns" in dot(scene)


def test_png_has_the_size_of_the_scene() -> None:
    image = pytest.importorskip("PIL.Image")
    scene = several()
    one, two = (image.open(BytesIO(png(scene, title=HOSTILE[19], scale=s))) for s in (1, 2))
    assert one.format == "PNG" and abs(two.width - 2 * one.width) <= 2 and one.width >= scene.width and one.height >= scene.height
    assert png(scene, scale=1) == png(scene, scale=1)
    mark = scene.marks[0]
    assert len(set(one.convert("L").crop((int(mark.x), int(mark.y), int(mark.x + 120), int(mark.y + 120))).tobytes())) > 5, "something is drawn"
    wide = image.open(BytesIO(png(Scene(marks=scene.marks[:1], width=60_000, height=30.0, drawn=1, total=1))))
    assert wide.width <= 12_001
    for scale in (0, -1, 5, True, float("nan"), "2"):
        with pytest.raises(LineageError, match="scale is"):
            png(scene, scale=scale)


@pytest.mark.filterwarnings("error")
def test_hostile_names_are_drawn_without_a_warning() -> None:
    assert png(hostile(), title=HOSTILE[0], scale=0.4).startswith(b"\x89PNG")
    assert png(opened(), scale=0.4).startswith(b"\x89PNG")


@pytest.mark.parametrize("suffix", [*PICTURES, ".SVG"])
def test_saved_by_suffix(suffix: str, tmp_path) -> None:
    target = save_scene(several(), tmp_path / f"picture{suffix}", title="Users & <more>")
    data = target.read_bytes()
    if suffix == ".png":
        assert data.startswith(b"\x89PNG")
    elif suffix.lower() in (".svg", ".graphml", ".gexf"):
        assert ET.fromstring(data).tag.lower().endswith(suffix[1:].lower())
    elif suffix == ".html":
        assert b"<h1>Users &amp; &lt;more&gt;</h1>" in data
    else:
        assert data.startswith(b"flowchart LR" if suffix in (".mmd", ".mermaid") else b"digraph lineage {")


def test_unknown_suffix_lists_the_known_ones(tmp_path) -> None:
    for name, near in (("a.sgv", None), ("a.pgn", "'.png'"), ("a", None)):
        with pytest.raises(LineageError, match="unknown suffix") as error:
            save_scene(several(), tmp_path / name)
        assert all(s in str(error.value) for s in PICTURES) and (near or "") in str(error.value)
    assert not list(tmp_path.iterdir())


def test_svg_leaves_nothing_out(tmp_path) -> None:
    scene = scene_of(ln.from_edges([("hub", f"t{i}") for i in range(450)]).graph(), max_marks=451)
    root = ET.fromstring(save_scene(scene, tmp_path / "a.svg").read_text(encoding="utf-8"))
    assert len(root.findall(".//{*}g/{*}title")) == 451


def test_results_save_their_picture(tmp_path) -> None:
    snap = ln.sample()
    impact = snap.impact("core.dim_users")
    for suffix in PICTURES:
        assert impact.save_picture(tmp_path / f"impact{suffix}").stat().st_size > 500
    assert set(nx.read_graphml(tmp_path / "impact.graphml")) <= set(impact.graph)
    assert read_dot(impact.to_dot()) and read_mermaid(impact.to_mermaid())[0]
    cost = snap.cost(by="team")
    assert b"team-growth" in cost.save_picture(tmp_path / "cost.svg").read_bytes(), "the bars that it shows"
    assert cost.save_picture(tmp_path / "cost.png").read_bytes().startswith(b"\x89PNG")
    assert read_mermaid(cost.save_picture(tmp_path / "cost.mmd").read_text(encoding="utf-8"))[0]
    with pytest.raises(LineageError, match="speaks of no nodes"):
        snap.cost_trend(by="team").to_mermaid()
