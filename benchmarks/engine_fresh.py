"""What happens once, each time in a new process: a saved snapshot is opened, a graph is loaded from Parquet.

Run as a script by the functions of this module; it prints what it measured as JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine_measure import Memory, Row

if TYPE_CHECKING:
    from engine_data import Work

__all__ = ["load", "open_saved"]

_PEERS = ("rustworkx", "igraph")


# -- in the new process ------------------------------------------------------------------------------------------
def _open(folder: str, name: str) -> dict[str, Any]:
    """Open a snapshot and ask for what is downstream of a column; imports come first."""
    import numpy  # noqa: F401
    import polars  # noqa: F401
    import scipy.sparse.csgraph  # noqa: F401

    import lineage_nb as ln

    read = ln.read
    memory = Memory()
    wall, cpu = time.perf_counter(), time.process_time()
    found = read(folder).graph("column").downstream(name)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {"wall": wall, "cpu": cpu, "memory": memory.growth(), "answer": found.height}


def _load(library: str, path: str, name: str) -> dict[str, Any]:
    """Load a graph from Parquet and count what a column feeds; a graph of one edge, with all imports, comes first."""
    import polars as pl

    ask = {"lineage_nb": _own, "rustworkx": _rustworkx, "igraph": _igraph}[library]
    try:
        question = ask(pl)
    except (ImportError, AttributeError) as error:
        return {"missing": "not installed" if library in _PEERS else str(error)}
    with tempfile.TemporaryDirectory() as folder:
        small = Path(folder) / "small.parquet"
        pl.DataFrame({"source": ["a"], "target": ["b"]}).write_parquet(small)
        assert question(str(small), "a") == [2, 1, 1]
    wall, cpu = time.perf_counter(), time.process_time()
    answer = question(path, name)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {"wall": wall, "cpu": cpu, "memory": Memory.peak(), "answer": answer}


def _own(pl: Any) -> Any:  # noqa: ARG001
    import scipy.sparse.csgraph  # noqa: F401

    import lineage_nb as ln

    read_graph = ln.read_graph

    def question(path: str, name: str) -> list[int]:
        graph = read_graph(path)
        return [len(graph), graph.forward.m, len(graph.forward.row(graph.index(name)))]

    return question


def _rustworkx(pl: Any) -> Any:
    import rustworkx
    from engine_peers import encoded

    def question(path: str, name: str) -> list[int]:
        names, source, target = encoded(pl.read_parquet(path))
        graph = rustworkx.PyDiGraph(node_count_hint=len(names), edge_count_hint=len(source))
        graph.add_nodes_from(names.to_list())
        graph.extend_from_edge_list(list(zip(source.tolist(), target.tolist(), strict=True)))
        return [graph.num_nodes(), graph.num_edges(), graph.out_degree(names.index_of(name))]

    return question


def _igraph(pl: Any) -> Any:
    import igraph
    import numpy as np
    from engine_peers import encoded

    def question(path: str, name: str) -> list[int]:
        names, source, target = encoded(pl.read_parquet(path))
        graph = igraph.Graph(n=len(names), edges=np.column_stack([source, target]), directed=True)
        graph.vs["name"] = names.to_list()
        return [graph.vcount(), graph.ecount(), graph.degree(names.index_of(name), mode="out")]

    return question


# -- from outside ------------------------------------------------------------------------------------------------
def _best(rounds: int, *arguments: str) -> dict[str, Any]:
    """The quickest of some processes; memory is that of the largest."""
    runs: list[dict[str, Any]] = []
    for _ in range(rounds):
        done = subprocess.run([sys.executable, __file__, *arguments], check=False, capture_output=True, text=True)
        if done.returncode:
            print(done.stderr, file=sys.stderr)
            raise RuntimeError(f"{' '.join(arguments[:1])}: {done.stderr.strip().rpartition(chr(10))[2]}")
        runs.append(json.loads(done.stdout.splitlines()[-1]))
        if "missing" in runs[-1]:
            return runs[-1]
    sizes = [run["memory"] for run in runs if run["memory"] is not None]
    best = min(runs, key=lambda run: run["wall"])
    return {**best, "cpu": min(run["cpu"] for run in runs), "memory": max(sizes, default=None)}


def open_saved(work: Work, rounds: int) -> list[Row]:
    """Open a saved snapshot and answer a first question."""
    rows = []
    for key, what, judged in (("some", "a middling column", True), ("hub", "the largest hub", False)):
        asked = work.facts[key]
        run = _best(rounds, "open", str(work.saved), asked["short"])
        assert run["answer"] == asked["reached"], f"{run['answer']} columns downstream instead of {asked['reached']}"
        name = f"open a saved snapshot, first query answered: {what} ({asked['reached']:,} downstream)"
        time_target, memory_target = ("at most 0.3 s", "at most 200 MB") if judged else ("", "")
        rows.append(Row(name, run["wall"], "s", run["cpu"], target=time_target, limit=0.3))
        rows.append(Row("– memory on top of the imports", run["memory"], "MB", target=memory_target, limit=200.0))
    return rows


def load(work: Work, rounds: int) -> list[Row]:
    """Load Parquet with string ids, beside the libraries."""
    wanted = [work.facts["used"], work.facts["m"], work.facts["hub_successors"]]
    runs = {}
    for library in ("lineage_nb", *_PEERS):
        # What the peers take varies little, and they take long.
        run = _best(rounds if library == "lineage_nb" else min(rounds, 2), "load", library, str(work.edges), work.facts["hub"]["name"])
        assert "missing" in run or run["answer"] == wanted, f"{library} loaded {run['answer']} instead of {wanted}"
        runs[library] = run
    own = runs["lineage_nb"]
    note = own.get("missing", "")
    wall, cpu, memory = own.get("wall"), own.get("cpu"), own.get("memory")
    what = "first load from Parquet with string ids"
    rows = [Row(what, wall, "s", cpu, target="at most 4 s", limit=4.0, note=note)]
    for library in _PEERS:
        run = runs[library]
        took = f"{library} ({run['cpu']:.3g} s cpu, peak {run['memory'] or 0:,.0f} MB)" if "wall" in run else f"{library}: {run['missing']}"
        rows.append(Row("– beside", wall, "s", cpu, took, run.get("wall"), "5 times faster", least=5.0, note=note))
    return [*rows, Row("– peak memory of the process", memory, "MB", target="at most 1.2 GB", limit=1200.0, note=note)]


if __name__ == "__main__":
    measured = _open(*sys.argv[2:]) if sys.argv[1] == "open" else _load(*sys.argv[2:])
    print(json.dumps(measured))
