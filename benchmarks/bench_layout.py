"""Crossings of our drawings beside dagre's of the same boxes and edges, counted by one function on what is drawn.

    python benchmarks/bench_layout.py [EDGES.csv ...] [--pictures FOLDER]

Without a file: the sample that ships with the package. Of a file of edges (source, target): what the explorer draws
of three hops around each of the ten nodes with most edges. dagre comes from npm into build/peers, once; without npm
its columns stay empty.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from shutil import which
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

import lineage_nb as ln
from lineage_nb.views.drawing import drawing
from lineage_nb.views.layout import layered
from lineage_nb.views.scene import Scene, scene_of
from lineage_nb.views.svg import svg

Points = NDArray[np.float64]

PEERS = Path(__file__).parents[1] / "build" / "peers"
_STEPS = 7  # straight pieces of a curve: odd, as two that mirror each other cross in their middle
_TINY = 1e-6  # edges of one box share their way: touching is no crossing
_NEAR = 10.0  # pixels around a box in which edges of that box may meet
_DAGRE = """
const dagre = require(process.argv[2]);
const run = dagre.layout ? dagre : dagre.default;
const { nodes, edges } = JSON.parse(require("fs").readFileSync(0, "utf8"));
const graph = new run.graphlib.Graph().setGraph({ rankdir: "LR" }).setDefaultEdgeLabel(() => ({}));
nodes.forEach(([width, height], at) => graph.setNode(String(at), { width, height }));
edges.forEach(([a, b]) => graph.setEdge(String(a), String(b), {}));
const start = process.hrtime.bigint();
run.layout(graph);
const took = Number(process.hrtime.bigint() - start) / 1e9;
const boxes = nodes.map((_, at) => { const n = graph.node(String(at)); return [n.x - n.width / 2, n.y - n.height / 2, n.width, n.height]; });
const lines = edges.map(([a, b]) => graph.edge(String(a), String(b)).points.map((p) => [p.x, p.y]));
process.stdout.write(JSON.stringify({ took, boxes, lines }));
"""


def crossings(lines: list[Points], ends: list[tuple[int, int]], boxes: Points) -> int:
    """Count where drawn edges cross.

    Parameters
    ----------
    lines : list of numpy.ndarray
        Each edge as a polyline, shape (k, 2).
    ends : list of (source, target)
        Boxes of each edge.
    boxes : numpy.ndarray
        Shape (n, 4). Left, top, width, height.

    Returns
    -------
    int
        Points in which two edges cross; edges of one box may meet at that box.
    """
    first = np.concatenate([line[:-1] for line in lines])
    last = np.concatenate([line[1:] for line in lines])
    edge = np.repeat(np.arange(len(lines)), [len(line) - 1 for line in lines])
    low, high = np.minimum(first, last), np.maximum(first, last)
    order = np.argsort(low[:, 0], kind="stable")
    first, last, low, high, edge = first[order], last[order], low[order], high[order], edge[order]
    ends_of = np.array(ends)
    total = 0
    for i in range(len(first)):
        stop = int(np.searchsorted(low[:, 0], high[i, 0], side="right"))
        at = np.arange(i + 1, stop)
        at = at[(edge[at] != edge[i]) & (low[at, 1] <= high[i, 1]) & (high[at, 1] >= low[i, 1])]
        if not at.size:
            continue
        a, b, c, d = first[i], last[i], first[at], last[at]
        hit = (_turn(a, b, c) * _turn(a, b, d) < -_TINY) & (_turn(c, d, a) * _turn(c, d, b) < -_TINY)
        for other in at[hit].tolist():
            point = _meeting(a, b, first[other], last[other])
            shared = set(ends_of[edge[i]].tolist()) & set(ends_of[edge[other]].tolist())
            total += not any(_near(point, boxes[box]) for box in shared)
    return total


def _turn(a: Points, b: Points, c: Points) -> Points:
    """On which side of the line from a to b lies c."""
    found: Points = (b[..., 0] - a[..., 0]) * (c[..., 1] - a[..., 1]) - (b[..., 1] - a[..., 1]) * (c[..., 0] - a[..., 0])
    return found


def _meeting(a: Points, b: Points, c: Points, d: Points) -> Points:
    along, other = b - a, d - c
    by = along[0] * other[1] - along[1] * other[0]
    t = 0.5 if by == 0 else ((c[0] - a[0]) * other[1] - (c[1] - a[1]) * other[0]) / by
    point: Points = a + t * along
    return point


def _near(point: Points, box: Points) -> bool:
    x, y, wide, high = box
    return bool(x - _NEAR <= point[0] <= x + wide + _NEAR and y - _NEAR <= point[1] <= y + high + _NEAR)


def drawn(scene: Scene) -> tuple[list[Points], list[tuple[int, int]], Points]:
    """Give the edges of a scene as the polylines that are drawn, each pair of boxes once, no loops."""
    boxes = np.array([(m.x, m.y, m.width, m.height) for m in scene.marks])
    lines: dict[tuple[int, int], Points] = {}
    for link, values in zip(scene.links, drawing(scene)["links"], strict=True):
        if link.source != link.target:
            lines.setdefault((link.source, link.target), _flat(values["d"]))
    return list(lines.values()), list(lines), boxes


def _flat(path: str) -> Points:
    """Read the path of an edge (M, L, C with whole coordinates), curves cut into straight pieces."""
    points: list[Points] = []
    for word in path.replace("L", "|L").replace("C", "|C").split("|"):
        values = np.array(word[1:].split(), dtype=np.float64).reshape(-1, 2)
        if word[0] in "ML":
            points.append(values[0])
            continue
        p0, (p1, p2, p3) = points[-1], values
        steps = np.arange(1, _STEPS + 1)[:, None] / _STEPS
        points.extend((1 - steps) ** 3 * p0 + 3 * (1 - steps) ** 2 * steps * p1 + 3 * (1 - steps) * steps**2 * p2 + steps**3 * p3)
    return np.array(points)


def dagre(ends: list[tuple[int, int]], boxes: Points) -> tuple[list[Points], Points, float] | None:
    """Lay the same boxes and edges out with dagre, left to right; None where it is not to be had."""
    module = PEERS / "node_modules" / "@dagrejs" / "dagre"
    if not module.exists():
        if which("npm") is None or which("node") is None:
            return None
        PEERS.mkdir(parents=True, exist_ok=True)
        command = ["npm", "install", "--silent", "--no-save", "--prefix", PEERS, "@dagrejs/dagre"]
        if subprocess.run(command, check=False, capture_output=True).returncode:
            return None
    asked = json.dumps({"nodes": boxes[:, 2:].tolist(), "edges": ends})
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "run.cjs"
        script.write_text(_DAGRE, encoding="utf-8")
        said = subprocess.run(["node", script, module], input=asked, capture_output=True, text=True, check=True).stdout
    found = json.loads(said)
    return [np.array(line, dtype=np.float64) for line in found["lines"]], np.array(found["boxes"]), found["took"]


def scenes(files: list[str]) -> Iterator[tuple[str, Scene]]:
    """Yield the drawings to compare, with a name for each."""
    if not files:
        snap = ln.sample()
        yield "sample, as it opens", snap.explore()._scene
        for level in ("dataset", "job"):
            graph = snap.graph(level)
            yield f"sample, all of level {level}", scene_of(graph, max_marks=min(2_000, len(graph)))
    for file in files:
        snap = ln.from_edges(pl.read_csv(file, columns=["source", "target"]))
        graph = snap.graph()
        degree = np.diff(graph.forward.indptr) + np.diff(graph.backward.indptr)
        for hub in np.lexsort((np.arange(len(graph)), -degree))[:10].tolist():
            name = graph.ids[hub]
            yield name, snap.explore(name, hops=3, view="around")._scene


def seconds(scene: Scene) -> float:
    """Seconds that our layout of a scene takes; the best of three."""
    wide, high = np.array([m.width for m in scene.marks]), np.array([m.height for m in scene.marks])
    source, target = [k.source for k in scene.links], [k.target for k in scene.links]
    took = []
    for _ in range(3):
        start = time.perf_counter()
        layered(len(scene.marks), source, target, wide, high)
        took.append(time.perf_counter() - start)
    return min(took)


def main() -> None:
    """Print the table."""
    arguments = sys.argv[1:]
    folder = None
    if "--pictures" in arguments:
        at = arguments.index("--pictures")
        folder = Path(arguments[at + 1])
        folder.mkdir(parents=True, exist_ok=True)
        del arguments[at : at + 2]
    print("| drawing | boxes | edges | crossings | dagre's | our layout s | dagre's s |\n| --- | --- | --- | --- | --- | --- | --- |")
    sums: list[tuple[int, int]] = []
    for nth, (name, scene) in enumerate(scenes(arguments)):
        lines, ends, boxes = drawn(scene)
        ours, theirs, theirs_took = crossings(lines, ends, boxes), "", ""
        if (other := dagre(ends, boxes)) is not None:
            found = crossings(other[0], ends, other[1])
            sums.append((ours, found))
            theirs, theirs_took = f"{found:,}", f"{other[2]:.2f}"
        print(f"| {name} | {len(scene.marks)} | {len(lines)} | {ours:,} | {theirs} | {seconds(scene):.3f} | {theirs_took} |", flush=True)
        if folder is not None:
            _picture(folder, nth, scene, other)
    worse = sum(a > b for a, b in sums)
    print(f"sum {sum(a for a, _ in sums):,} beside {sum(b for _, b in sums):,}; worse in {worse} of {len(sums)} drawings")


def _picture(folder: Path, nth: int, scene: Scene, other: Any) -> None:
    (folder / f"{nth:02}_ours.svg").write_text(svg(scene), encoding="utf-8")
    if other is None:
        return
    lines, boxes, _ = other
    wide, high = (boxes[:, :2] + boxes[:, 2:]).max(axis=0)
    parts = [f'<rect x="{x:.0f}" y="{y:.0f}" width="{w:.0f}" height="{h:.0f}" fill="none" stroke="#333"/>' for x, y, w, h in boxes.tolist()]
    parts += ["<path fill='none' stroke='#1f77b4' d='M" + "L".join(f"{x:.0f} {y:.0f}" for x, y in line.tolist()) + "'/>" for line in lines]
    (folder / f"{nth:02}_dagre.svg").write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-10 -10 {wide + 20:.0f} {high + 20:.0f}">{"".join(parts)}</svg>', encoding="utf-8"
    )


if __name__ == "__main__":
    main()
