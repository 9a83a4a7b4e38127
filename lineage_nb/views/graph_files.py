"""A scene as GraphML and GEXF, for yEd, Gephi, Cytoscape and NetworkX; the places of the boxes are kept."""

from __future__ import annotations

import re
from html import escape
from io import BytesIO
from typing import TYPE_CHECKING, Any

from lineage_nb.views.labels import clean
from lineage_nb.views.marks import Link, Mark, Scene
from lineage_nb.views.overlay import Overlay, Stroke
from lineage_nb.views.scene_text import columns_of, drawn_of, is_possible, what
from lineage_nb.views.seen import Told, box_colour, line_colour, told_of

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["gexf", "graphml", "scene_graph"]

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_WRITTEN = re.compile(rb' lastmodifieddate="[^"]*"')
_COLOURS = {
    "job": (118, 118, 118), "report": (213, 94, 0), "column": (91, 127, 166), "topic": (0, 158, 115),
    "file": (176, 125, 0), "model": (192, 89, 155), "feature": (192, 89, 155), "bundle": (190, 190, 190),
}  # fmt: skip
_DATA = (0, 114, 178)
_LINE = (125, 135, 147)


def scene_graph(scene: Scene, overlay: Overlay | None = None) -> nx.DiGraph:
    """Make a `networkx.DiGraph` of what is drawn.

    Parameters
    ----------
    scene : Scene
        Any scene.
    overlay : Overlay, optional
        What is told of boxes and lines besides.

    Returns
    -------
    networkx.DiGraph
        Nodes are ids; characters that XML forbids are shown as ␣, and a bundle is named after the node it hangs on and
        its count. Attributes of nodes: label, place, kind, type, flags, x, y, width, height (pixels, from the top left),
        upstream_not_drawn, downstream_not_drawn; of edges: value, certainty, closes_cycle, columns (``a → b``, where
        columns are drawn), line (how it is drawn: ``solid``, ``dotted``, ``dashed``, ``thin``); of the graph: note (how
        much is not drawn). With an overlay also `overlay` (its words; of the graph its title), overlay_class (what its
        colour means) and colour, and of edges width (pixels).

    Examples
    --------
    >>> import lineage_nb as ln
    >>> from lineage_nb.views.scene import scene_of
    >>> scene_graph(scene_of(ln.from_edges([("raw", "mart")]).graph())).edges["raw", "mart"]["certainty"]
    'proved'
    """
    import networkx as nx

    told = told_of(scene, overlay)
    graph = nx.DiGraph(note=_NO_XML.sub("␣", drawn_of(scene)), **({"overlay": clean(told.title)} if overlay else {}))
    names: list[str] = []
    for place, mark in enumerate(scene.marks):
        name = _unique(_name(mark), graph)
        names.append(name)
        graph.add_node(name, **_facts(mark), **_told_of_box(told, place))
    lines: dict[tuple[str, str], list[int]] = {}
    for at, link in enumerate(scene.links):
        lines.setdefault((names[link.source], names[link.target]), []).append(at)
    for ends, places in lines.items():
        graph.add_edge(*ends, **_edge(scene, told, places))
    return graph


def _edge(scene: Scene, told: Told, places: list[int]) -> dict[str, Any]:
    """Lines between columns of the same two tables are one edge, as strong as the strongest."""
    links, strokes = [scene.links[at] for at in places], [told.lines[at] for at in places]
    sure = [k.certainty for k, stroke in zip(links, strokes, strict=True) if not is_possible(k, stroke)]
    value, certainty = any(k.value for k in links), sure[0] if sure else "possible"
    drawn = "thin" if certainty == "bundle" else "dashed" if certainty == "possible" else "solid" if value else "dotted"
    facts = {
        "value": value,
        "certainty": certainty,
        "closes_cycle": any(k.back for k in links),
        "columns": "; ".join(c for k in links if (c := columns_of(k, scene))),
        "line": drawn,
    }
    return facts | (_told_of_line(told, links, strokes) if told.levels else {})


def _told_of_box(told: Told, place: int) -> dict[str, Any]:
    if not told.levels:
        return {}
    badge = told.boxes[place]
    if badge is None:
        return {"overlay": "", "overlay_class": "", "colour": ""}
    return {"overlay": badge.text, "overlay_class": told.word(badge), "colour": str(box_colour(badge))}


def _told_of_line(told: Told, links: list[Link], strokes: list[Stroke | None]) -> dict[str, Any]:
    """Write the words of all lines, and the class and width of the strongest."""
    some = [stroke for stroke in strokes if stroke is not None]
    first = max(some, key=lambda s: (s.level, s.width), default=None)
    back = any(k.back for k in links)
    return {
        "overlay": "; ".join(dict.fromkeys(clean(s.text) for s in some)),
        "overlay_class": told.word(first) if first else "",
        "colour": line_colour(first, lined=told.lined, back=back) or "",
        "width": max((s.width for s in some), default=1.0),
    }


def _unique(name: str, graph: nx.DiGraph) -> str:
    count, free = 1, name
    while free in graph:
        count += 1
        free = f"{name} ({count})"
    return free


def _name(mark: Mark) -> str:
    own = _NO_XML.sub("␣", mark.id)
    if mark.kind != "bundle":
        return own
    return f"{own} (+{mark.more_up + mark.more_down} {_NO_XML.sub('␣', mark.type)})"


def _facts(mark: Mark) -> dict[str, Any]:
    return {
        "label": clean(mark.label),
        "place": clean(mark.sub),
        "kind": clean(mark.kind),
        "type": clean(mark.type),
        "flags": " ".join(sorted(mark.flags)),
        "x": float(mark.x),
        "y": float(mark.y),
        "width": float(mark.width),
        "height": float(mark.height),
        "upstream_not_drawn": int(mark.more_up),
        "downstream_not_drawn": int(mark.more_down),
    }


def graphml(scene: Scene, overlay: Overlay | None = None) -> bytes:
    """Write what is drawn as GraphML (see `scene_graph`).

    Returns
    -------
    bytes
        UTF-8; `networkx.read_graphml` reads it back.
    """
    from networkx.readwrite.graphml import write_graphml_xml

    file = BytesIO()
    write_graphml_xml(scene_graph(scene, overlay), file)
    return file.getvalue()


def gexf(scene: Scene, overlay: Overlay | None = None) -> bytes:
    """Write what is drawn as GEXF 1.2 with places, sizes, colours and line styles (see `scene_graph`).

    Returns
    -------
    bytes
        UTF-8; `networkx.read_gexf` reads it back. The same scene gives the same bytes on every day.
    """
    import networkx as nx

    graph = scene_graph(scene, overlay)
    for name, mark in zip(list(graph.nodes), scene.marks, strict=True):
        red, green, blue = _rgb(graph.nodes[name].get("colour", "")) or _COLOURS.get(mark.kind) or _COLOURS.get(what(mark), _DATA)
        graph.nodes[name]["viz"] = {
            # Gephi counts upwards.
            "position": {"x": mark.x + mark.width / 2, "y": -(mark.y + mark.height / 2), "z": 0.0},
            "size": 14.0 if "focus" in mark.flags else 10.0,
            "color": {"r": red, "g": green, "b": blue, "a": 1.0},
        }
    for _, _, facts in graph.edges(data=True):
        red, green, blue = _rgb(facts.get("colour", "")) or _LINE
        facts["viz"] = {
            "color": {"r": red, "g": green, "b": blue, "a": 1.0},
            "thickness": float(facts.get("width", 1.0)),
            "shape": "solid" if facts["line"] == "thin" else facts["line"],
        }
    file = BytesIO()
    nx.write_gexf(graph, file)
    said = escape("; ".join(part for part in (graph.graph.get("overlay", ""), graph.graph["note"]) if part)).encode()
    written = _WRITTEN.sub(b"", file.getvalue(), count=1)
    return written.replace(b"</creator>", b"</creator>\n    <description>" + said + b"</description>", 1)


def _rgb(colour: str) -> tuple[int, int, int] | None:
    return (int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)) if colour else None
