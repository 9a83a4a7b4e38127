"""How fast the explorer and the table of a panel are: in JupyterLab in headless Chromium, peers in the same run; then a million edges.

    python benchmarks/bench_explorer.py [--all]

Needs JupyterLab, playwright and chromium; ipycytoscape and ipysigma where they are installed. `--all` also waits for pyvis with its default physics on 2,000 nodes (minutes).
"""

from __future__ import annotations

import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from typing import Any

import numpy as np
import polars as pl

import lineage_nb as ln
from lineage_nb.views.drawing import drawing
from lineage_nb.views.scene import Scene, neighbourhood, scene_of
from lineage_nb.widgets.explorer import Canvas

_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync"]
_RUNS = 5
# From the message as text to what is painted: two frames after drawing, the first is certainly on the screen.
_PAINT = """
async ([code, css, message]) => {
  const style = document.createElement("style");
  style.textContent = css;
  document.head.append(style);
  const module = await import(URL.createObjectURL(new Blob([code], { type: "text/javascript" })));
  const el = document.createElement("div");
  el.style.cssText = "position:fixed;inset:0;z-index:9999;background:white";
  document.body.append(el);
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const start = performance.now();
  const state = JSON.parse(message);
  const model = { get: (name) => state[name], set() {}, save_changes() {}, send() {}, on() {}, off() {} };
  const close = module.default.render({ model, el });
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const took = performance.now() - start;
  const marks = el.querySelectorAll(".ln-mark").length;
  close();
  el.remove();
  style.remove();
  return [took, marks];
}
"""
_ROUND = """
async (at) => {
  const plane = document.querySelector(".jp-OutputArea .ln-canvas > g");
  const marks = [...plane.querySelectorAll(".ln-mark:not(.ln-focus):not(.ln-bundle)")];
  const mark = marks[at % marks.length];
  mark.focus();
  const start = performance.now();
  const changed = new Promise((done) => {
    const seen = new MutationObserver(() => (seen.disconnect(), requestAnimationFrame(() => done())));
    seen.observe(plane, { childList: true });
  });
  mark.dispatchEvent(new KeyboardEvent("keydown", { key: "f", bubbles: true }));
  await changed;
  return performance.now() - start;
}
"""
# Run the next cell, whose widget the browser knows already, until its output shows ink.
_SHOW = """
async (nth) => {
  const cell = document.querySelectorAll(".jp-Notebook .jp-CodeCell")[nth];
  const inked = (canvas) => {
    const copy = document.createElement("canvas");
    copy.width = canvas.width; copy.height = canvas.height;
    if (!copy.width || !copy.height) return false;
    const pen = copy.getContext("2d");
    pen.drawImage(canvas, 0, 0);
    return pen.getImageData(0, 0, copy.width, copy.height).data.some((value, at) => at % 4 === 3 && value > 0);
  };
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  const start = performance.now();
  window.jupyterapp.commands.execute("notebook:run-cell-and-select-next");
  while (performance.now() - start < 120000) {
    await frame();
    const output = cell.querySelector(".jp-OutputArea");
    if (output && (output.querySelector(".ln-mark") || [...output.querySelectorAll("canvas")].some(inked))) {
      await frame();
      return performance.now() - start;
    }
  }
  return -1;
}
"""
_PEERS = {
    "explorer": ("lineage_nb", "snap.explore(max_marks=400)"),
    "ipycytoscape with dagre": ("ipycytoscape", "cytoscape(graph)"),
    "ipysigma": ("ipysigma", "ipysigma.Sigma(graph)"),
}
_CYTOSCAPE = """
def cytoscape(graph):
    import ipycytoscape
    made = ipycytoscape.CytoscapeWidget()
    made.graph.add_graph_from_networkx(graph, directed=True)
    made.set_layout(name="dagre", rankDir="LR")
    return made
"""
_TABLE = """
import lineage_nb as ln, polars as pl
n = 100_000
names = [f"wh.s{i % 50}.table_{i:06}" for i in range(1, n + 1)]
snap = ln.from_edges(pl.DataFrame({"source": ["raw.root" if i < 9 else names[i // 9] for i in range(n)], "target": names}))
print("made")
"""
_PANEL = """
panel = snap.panel("impact", node="raw.root")
panel
"""
# Run the next cell; seconds to the first rows, and until all of them are there.
_ROWS = """
async () => {
  const start = performance.now();
  let first = 0;
  window.jupyterapp.commands.execute("notebook:run-cell-and-select-next");
  while (performance.now() - start < 120000) {
    await new Promise((done) => requestAnimationFrame(done));
    const table = document.querySelector(".jp-OutputArea table.dataTable");
    if (!table?.querySelector("tbody td:nth-child(2)")) continue;
    first ||= performance.now() - start;
    if (new window.$.fn.dataTable.Api(table).rows().count() === 100000) return [first, performance.now() - start];
  }
  return [first, -1];
}
"""
_PICK = """
async (nth) => {
  const row = document.querySelectorAll(".ln-panel table.dataTable tbody tr")[nth];
  const name = row.cells[0].textContent;
  const told = () => document.querySelector(".ln-why h4")?.textContent === `Why ${name}?`
    && name.endsWith(document.querySelector(".ln-why .ln-focus .ln-label")?.textContent ?? "?");
  const start = performance.now();
  row.click();
  while (!told()) await new Promise((done) => requestAnimationFrame(done));
  return performance.now() - start;
}
"""
_SEARCH = """
async (text) => {
  const box = document.querySelector(".ln-panel .dt-search input");
  const start = performance.now();
  box.value = text;
  box.dispatchEvent(new Event("input", { bubbles: true }));
  while (!document.querySelector(".ln-panel .dt-info").textContent.includes("filtered") === (text !== "")) await new Promise((done) => requestAnimationFrame(done));
  return performance.now() - start;
}
"""
_SORT = """
async (nth) => {
  const start = performance.now();
  const sorted = () => [...document.querySelectorAll(".ln-panel thead th")].map((head) => head.getAttribute("aria-sort")).join();
  const before = sorted();
  document.querySelectorAll(".ln-panel thead th .dt-column-order")[nth].click();
  while (sorted() === before) await new Promise((done) => requestAnimationFrame(done));
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  return performance.now() - start;
}
"""


def layered_edges(n: int, more: float = 0.6, seed: int = 7) -> list[tuple[str, str]]:
    """A warehouse-like graph: layers, few inputs a table, some hubs."""
    rng = np.random.default_rng(seed)
    layer = np.sort(rng.integers(0, 8, n))
    edges = []
    for node in range(n):
        before = np.flatnonzero(layer < layer[node])
        if len(before):
            picks = before[(len(before) * rng.random(1 + int(rng.poisson(more))) ** 2).astype(int)]
            edges += [(f"wh.s{layer[p]}.table_{p:05}", f"wh.s{layer[node]}.table_{node:05}") for p in set(picks.tolist())]
    return edges


def hub_edges(n: int = 2_000, seed: int = 7) -> list[tuple[str, str]]:
    """A hub with half of the others upstream and half downstream, up to four hops away, and edges across."""
    rng = np.random.default_rng(seed)
    side, hops = rng.random(n) < 0.5, rng.choice([1, 2, 3, 4], n, p=[0.08, 0.22, 0.4, 0.3])
    edges = []
    for node in range(n):
        nearer = np.flatnonzero((side == side[node]) & (hops == hops[node] - 1))
        picks = {f"wh.s{hops[p]}.table_{p:05}" for p in rng.choice(nearer, 2).tolist()} if len(nearer) else {"wh.hub"}
        own = f"wh.s{hops[node]}.table_{node:05}"
        edges += [(own, other) if side[node] else (other, own) for other in sorted(picks)]
    return edges


@contextmanager
def jupyterlab(cells: list[str]) -> Iterator[str]:
    """Serve a folder with one notebook; gives its address."""
    import nbformat

    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "work").mkdir()
        (root / "settings").mkdir()
        overrides = {"@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False}}
        (root / "settings" / "overrides.json").write_text(json.dumps(overrides))
        kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
        book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells], metadata=kernel)
        nbformat.write(book, root / "work" / "bench.ipynb")
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            port = sock.getsockname()[1]
        environment = {k: v for k, v in os.environ.items() if k.lower() not in ("http_proxy", "https_proxy")}
        names = ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR", "IPYTHONDIR")
        environment |= {name: str(root / name.lower()) for name in names}
        command = [
            sys.executable, "-m", "jupyterlab", "--no-browser", "--expose-app-in-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}", "--IdentityProvider.token=",
            f"--ServerApp.root_dir={root / 'work'}", f"--LabApp.app_settings_dir={root / 'settings'}",
        ]  # fmt: skip
        server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            address = f"http://127.0.0.1:{port}"
            for _ in range(150):
                try:
                    urllib.request.urlopen(f"{address}/api/status", timeout=2).close()
                    break
                except OSError:
                    time.sleep(0.2)
            yield address
        finally:
            server.terminate()
            server.wait(15)


def open_notebook(page: Any, address: str, awaited: str = ".ln-mark") -> None:
    """Open the notebook and run it; none of it if nothing is awaited."""
    page.goto(f"{address}/lab/workspaces/bench/tree/bench.ipynb?reset")
    page.locator("#jp-main-statusbar").get_by_text("| Idle").wait_for(timeout=60_000)
    for _ in range(5 if awaited else 0):
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        try:
            page.locator(f".jp-OutputArea {awaited}").first.wait_for(timeout=60_000)
            return
        except Exception as error:  # noqa: BLE001 - the first clicks may come before the kernel is connected
            print("again:", type(error).__name__)


def paints(page: Any, scene: Scene) -> tuple[float, int, int]:
    """Median seconds to the first paint, boxes, bytes of the message."""
    values = drawing(scene) | {"facets": []}
    message = json.dumps({"scene": values, "selected": "", "off": [], "height": 600, "problem": ""})
    code = Path(str(Canvas._esm) if not hasattr(Canvas._esm, "_path") else str(Canvas._esm._path)).read_text(encoding="utf-8")
    found = [page.evaluate(_PAINT, [code, str(Canvas._css), message]) for _ in range(_RUNS)]
    return statistics.median(took for took, _ in found) / 1e3, found[0][1], len(json.dumps(values))


def pyvis_paints(browser: Any, edges: list[tuple[str, str]], *, physics: bool) -> float:
    """Seconds from opening pyvis' page to its first picture (with physics: to the end of its first layout)."""
    from pyvis.network import Network

    scene = scene_of(ln.from_edges(edges).graph(), max_marks=2_000)
    network = Network(directed=True, cdn_resources="in_line")
    for mark in scene.marks:
        network.add_node(mark.id, **({} if physics else {"x": mark.x, "y": mark.y}))
    for link in scene.links:
        network.add_edge(scene.marks[link.source].id, scene.marks[link.target].id)
    network.toggle_physics(physics)
    event = "stabilizationIterationsDone" if physics else "afterDrawing"
    made = "network = new vis.Network(container, data, options);"
    watch = f'{made} network.once("{event}", () => requestAnimationFrame(() => requestAnimationFrame(() => (window.painted = performance.now()))));'
    html = network.generate_html(notebook=False)
    assert made in html
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "page.html"
        path.write_text(html.replace(made, watch), encoding="utf-8")
        page = browser.new_page()
        page.route("**/*", lambda route: route.continue_() if route.request.url.startswith("file:") else route.abort())
        page.goto(path.as_uri(), wait_until="commit")
        took = page.wait_for_function("() => window.painted", timeout=400_000).json_value()
        page.close()
    return float(took) / 1e3


def run_first(page: Any) -> None:
    """Run the first cell, which prints ``made``."""
    for _ in range(5):
        page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-cell-and-select-next')")
        try:
            page.locator(".jp-OutputArea-output", has_text="made").wait_for(timeout=30_000)
            return
        except Exception as error:  # noqa: BLE001 - the kernel may not be connected yet
            print("again:", type(error).__name__)


def widgets(browser: Any, edges: list[tuple[str, str]]) -> None:
    """Show 300 nodes with every widget there is, the explorer among them."""
    peers = {name: make for name, (module, make) in _PEERS.items() if find_spec(module) is not None}
    for name in _PEERS.keys() - peers.keys():
        print(f"{name}: not installed")
    made = "".join(f"made_{at} = {make}\n" for at, make in enumerate(peers.values()))
    imports = "".join(f"import {module}\n" for module, _ in _PEERS.values() if find_spec(module) is not None)
    first = f"{imports}import lineage_nb as ln, networkx as nx\n{_CYTOSCAPE}\nedges = {edges!r}\ngraph = nx.DiGraph(edges)\nsnap = ln.from_edges(edges)\n{made}print('made')"
    with jupyterlab([first, *(f"made_{at}" for at in range(len(peers)))]) as address:
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        open_notebook(page, address, "")
        run_first(page)
        page.wait_for_timeout(2_000)
        for at, name in enumerate(peers):
            print(f"{name}, 300 nodes, from Run to ink: {page.evaluate(_SHOW, at + 1) / 1e3:.2f} s")
        page.close()


def table_of_100_000(browser: Any) -> None:
    """Click, search and sort in the table of a panel."""
    with jupyterlab([_TABLE, _PANEL]) as address:
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        open_notebook(page, address, "")
        run_first(page)
        first, every = page.evaluate(_ROWS)
        print(f"100,000 rows: from Run to the first rows {first / 1e3:.2f} s, to all of them {every / 1e3:.2f} s")
        page.wait_for_timeout(2_000)
        picks = []
        for at in range(9):
            picks.append(page.evaluate(_PICK, at))
            page.wait_for_timeout(300)
        print(f"100,000 rows: click, Python, explorer: median {statistics.median(picks) / 1e3:.2f} s, slowest {max(picks) / 1e3:.2f} s of {len(picks)}")
        searches = [page.evaluate(_SEARCH, text) for text in ("table_0123", "", "s7.table", "", "001")]
        sorts = [page.evaluate(_SORT, at) for at in (0, 1, 2, 0, 1)]
        print(f"100,000 rows: search median {statistics.median(searches) / 1e3:.2f} s, sort median {statistics.median(sorts) / 1e3:.2f} s")
        page.close()


def timed(act: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds, and what came out."""
    start = time.perf_counter()
    found = act()
    return time.perf_counter() - start, found


def million() -> None:
    """Python's part of opening a snapshot with a million column edges."""
    sys.path.insert(0, str(Path(__file__).parent))
    import synthetic

    snap = ln.from_frames(**synthetic.snapshot_frames(synthetic.synthetic(1)))
    snap.graph("dataset")
    first, widget = timed(snap.explore)
    again = statistics.median(timed(snap.explore)[0] for _ in range(3))
    print(f"1M column edges, {len(snap.graph()):,} tables: explore() {first:.2f} s, again {again:.2f} s; {widget.scene.drawn:,} of {widget.scene.total:,} drawn")


def main() -> None:
    """Print all figures."""
    from playwright.sync_api import sync_playwright

    path = which("chromium") or which("chromium-browser") or which("google-chrome")
    if path is None:
        sys.exit("needs chromium")
    small, large = layered_edges(300), layered_edges(2_000, 2.0)
    whole = scene_of(ln.from_edges(small).graph(), max_marks=400)
    graph = ln.from_edges(large).graph()
    degree = np.diff(graph.forward.indptr)
    folded = neighbourhood(ln.from_edges(hub_edges()).graph(), "wh.hub", hops=8, max_marks=400, fold=60)
    frame = pl.DataFrame(large, schema=["source", "target"], orient="row")
    with tempfile.NamedTemporaryFile(suffix=".parquet") as file, sync_playwright() as playwright:
        frame.write_parquet(file.name)
        hub = graph.ids[int(np.argmax(degree))]
        cells = [
            f"import lineage_nb as ln, polars as pl\nsnap = ln.from_edges(pl.read_parquet({file.name!r}))",
            f"explorer = snap.explore({hub!r}, hops=3, view='around')\nexplorer",
        ]
        browser = playwright.chromium.launch(executable_path=path, args=_FLAGS)
        with jupyterlab(cells) as address:
            page = browser.new_page(viewport={"width": 1400, "height": 1000})
            open_notebook(page, address)
            for name, scene in (("300 nodes", whole), (f"{folded.total:,} nodes, folded", folded)):
                took, marks, size = paints(page, scene)
                print(f"explorer, {name}: first paint {took:.2f} s, {marks} boxes, {len(scene.links)} edges, {size / 1e3:.0f} KB")
            rounds = []
            for at in range(21):
                rounds.append(page.evaluate(_ROUND, at))
                page.wait_for_timeout(300)
            print(f"click, Python, redraw: median {statistics.median(rounds) / 1e3:.2f} s, slowest {max(rounds) / 1e3:.2f} s of {len(rounds)}")
            page.close()
        table_of_100_000(browser)
        widgets(browser, small)
        for name, edges in (("300", small), ("2,000", large)):
            print(f"pyvis, physics off, {name} nodes: {pyvis_paints(browser, edges, physics=False):.2f} s")
            if name == "300" or "--all" in sys.argv:
                print(f"pyvis, default, {name} nodes: {pyvis_paints(browser, edges, physics=True):.2f} s")
        browser.close()
    static = (Path(ln.__file__).parent / "widgets" / "static").glob("*.js")
    print(f"shipped JavaScript: {sum(file.stat().st_size for file in static) / 1e3:.1f} KB")
    million()


if __name__ == "__main__":
    main()
