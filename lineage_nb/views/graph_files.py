"""A scene as GraphML and GEXF, for yEd, Gephi, Cytoscape and NetworkX; the places of the boxes are kept."""

from __future__ import annotations

import re
from io import BytesIO
from typing import TYPE_CHECKING, Any

from lineage_nb.views.labels import clean
from lineage_nb.views.marks import Mark, Scene
from lineage_nb.views.scene_text import columns_of, what

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


def scene_graph(scene: Scene) -> nx.DiGraph:
    """Make a `networkx.DiGraph` of what is drawn.

    Parameters
    ----------
    scene : Scene
        Any scene.

    Returns
    -------
    networkx.DiGraph
        Nodes are ids; characters that XML forbids are shown as ␣, and a bundle is named after the node it hangs on and
        its count. Attributes of nodes: label, place, kind, type, flags, x, y, width, height (pixels, from the top left),
        upstream_not_drawn, downstream_not_drawn; of edges: value, certainty, closes_cycle, columns (``a → b``, where
        columns are drawn).

    Examples
    --------
    >>> import lineage_nb as ln
    >>> from lineage_nb.views.scene import scene_of
    >>> scene_graph(scene_of(ln.from_edges([("raw", "mart")]).graph())).edges["raw", "mart"]["certainty"]
    'proved'
    """
    import networkx as nx

    graph = nx.DiGraph()
    names: list[str] = []
    for mark in scene.marks:
        name = _unique(_name(mark), graph)
        names.append(name)
        graph.add_node(name, **_facts(mark))
    for link in scene.links:
        ends = names[link.source], names[link.target]
        before = graph.edges[ends] if graph.has_edge(*ends) else {"value": False, "certainty": "possible", "closes_cycle": False, "columns": ""}
        # Lines between columns of the same two tables are one edge, as strong as the strongest.
        graph.add_edge(
            *ends,
            value=link.value or bool(before["value"]),
            certainty=link.certainty if before["certainty"] == "possible" else str(before["certainty"]),
            closes_cycle=link.back or bool(before["closes_cycle"]),
            columns="; ".join(c for c in (str(before["columns"]), columns_of(link, scene)) if c),
        )
    return graph


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


def graphml(scene: Scene) -> bytes:
    """Write what is drawn as GraphML (see `scene_graph`).

    Returns
    -------
    bytes
        UTF-8; `networkx.read_graphml` reads it back.
    """
    from networkx.readwrite.graphml import write_graphml_xml

    file = BytesIO()
    write_graphml_xml(scene_graph(scene), file)
    return file.getvalue()


def gexf(scene: Scene) -> bytes:
    """Write what is drawn as GEXF 1.2 with places, sizes and colours (see `scene_graph`).

    Returns
    -------
    bytes
        UTF-8; `networkx.read_gexf` reads it back. The same scene gives the same bytes on every day.
    """
    import networkx as nx

    graph = scene_graph(scene)
    for name, mark in zip(list(graph.nodes), scene.marks, strict=True):
        red, green, blue = _COLOURS.get(mark.kind) or _COLOURS.get(what(mark), _DATA)
        graph.nodes[name]["viz"] = {
            # Gephi counts upwards.
            "position": {"x": mark.x + mark.width / 2, "y": -(mark.y + mark.height / 2), "z": 0.0},
            "size": 14.0 if "focus" in mark.flags else 10.0,
            "color": {"r": red, "g": green, "b": blue, "a": 1.0},
        }
    file = BytesIO()
    nx.write_gexf(graph, file)
    return _WRITTEN.sub(b"", file.getvalue(), count=1)
