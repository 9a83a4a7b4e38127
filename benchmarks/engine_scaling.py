"""How times grow with the number of edges, and how other libraries do on a graph that they can hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from engine_data import Work, asked_columns, check_closure, scipy_matrix
from engine_kernels import Columns, check_labels, check_live, check_money, money, read_columns, start_labels
from engine_measure import Row, Seconds, timed
from engine_peers import DUCKDB_CLOSURE, DUCKDB_LABELS, duckdb_of, igraph_of, networkx_of, rustworkx_of
from synthetic import synthetic

from lineage_nb.graph.csr import build_adjacency
from lineage_nb.graph.flow import push_money
from lineage_nb.graph.order import Condensation, condense
from lineage_nb.graph.propagate import live, reach_sets
from lineage_nb.graph.search import Searcher

__all__ = ["growth", "peers"]


def growth(scale: float) -> dict[str, Any]:
    """Wall seconds by question and number of edges.

    Returns
    -------
    dict
        edges (list of int) and seconds (question: list of float), smallest graph first.
    """
    edges: list[int] = []
    seconds: dict[str, list[float]] = {}
    for size in (scale / 1000, scale / 100, scale / 10, scale):
        lineage = synthetic(size)
        columns = Columns(lineage.n, lineage.source.astype(np.int32), lineage.target.astype(np.int32))
        del lineage
        edges.append(len(columns.source))
        for what, took in _grown(columns).items():
            seconds.setdefault(what, []).append(took.wall)
    return {"edges": edges, "seconds": seconds}


def _grown(columns: Columns) -> dict[str, Seconds]:
    n, source, target = columns.n, columns.source, columns.target
    hub = asked_columns(n, source, target)[0][0]
    graph = columns.graph
    parts, searcher, start = condense(graph), Searcher(graph), np.array([hub])
    begun, (weight, amount) = start_labels(n), money(n, graph.m)
    read = read_columns(n)
    return {
        "build both directions": timed(
            lambda: build_adjacency(n, source, target)[0], lambda g: _equal(g.forward.indices[g.backward.edge], g.backward.owner())
        ),
        "condense": timed(lambda: condense(graph), lambda c: _equal(int(c.size.sum()), n)),
        "closure of the largest hub": timed(lambda: searcher.closure(start), lambda f: check_closure(f, source, target, hub)),
        "64 labels": timed(lambda: reach_sets(parts, begun), lambda f: check_labels(f, begun, columns, (5,))),
        "cost": timed(
            lambda: push_money(parts, weight, amount), lambda f: check_money(f, amount, columns, parts.component)
        ),
        "live": timed(lambda: live(graph, read), lambda f: check_live(f, read, columns)),
    }


# -- peers -------------------------------------------------------------------------------------------------------
def peers(work: Work) -> list[Row]:
    """The same questions to every library, at most at a million edges; all give the same answer."""
    columns = Columns.of(work)
    plain = networkx_of(columns.n, columns.source, columns.target)
    return [*_closure_peers(columns, work.facts["hub"]["number"], plain), *_label_peers(columns, plain), *_cost_peers(columns, plain)]


def _equal(got: Any, wanted: Any) -> None:
    assert np.array_equal(got, wanted), "the answers differ"


def _beside(what: str, own: Seconds, peers: dict[str, Seconds | str], **target: Any) -> list[Row]:
    """A row for each peer."""
    rows = []
    for name, took in peers.items():
        peer, value = (f"{name}: {took}", None) if isinstance(took, str) else (name, took.wall)
        rows.append(Row(what, own.wall, "ms", own.cpu, peer, value, **target))
    return rows


def _closure_peers(columns: Columns, hub: int, plain: Any) -> list[Row]:
    import networkx as nx
    from scipy.sparse.csgraph import breadth_first_order

    start = np.array([hub])
    searcher = Searcher(columns.graph)
    found = searcher.closure(start)
    reached, hops = found.reached, found.all_hops()
    own = timed(lambda: searcher.closure(start), lambda f: check_closure(f, columns.source, columns.target, hub))
    rows = columns.graph.forward
    matrix = scipy_matrix(rows.indptr, rows.indices)
    took: dict[str, Seconds | str] = {
        "scipy breadth_first_order": timed(lambda: breadth_first_order(matrix, hub), lambda f: _equal(np.sort(f[0]), reached)),
        "nx.descendants (set only)": timed(lambda: nx.descendants(plain, hub), lambda f: _equal(_sorted(f | {hub}), reached), rounds=3),
        "networkx descendants, nodes named by strings": _descendants_by_name(columns, hub, len(reached) - 1),
        "nx.single_source_shortest_path_length (hops)": timed(
            lambda: nx.single_source_shortest_path_length(plain, hub), lambda f: _equal(_by_node(f, columns.n), hops), rounds=2
        ),
    }
    took["igraph bfs (hops and parents)"] = _asking(
        igraph_of(columns.n, columns.source, columns.target), lambda g: g.bfs(hub, mode="out")[0], lambda f: _equal(np.sort(f), reached)
    )
    took["rustworkx descendants (set only)"] = _asking(
        rustworkx_of(columns.n, columns.source, columns.target),
        lambda g: _rustworkx().descendants(g, hub),
        lambda f: _equal(_sorted(f | {hub}), reached),
    )
    took["DuckDB WITH RECURSIVE … USING KEY (hops)"] = _asking(
        duckdb_of(columns.source, columns.target),
        lambda c: c.execute(DUCKDB_CLOSURE.format(start=hub)).fetchnumpy(),
        lambda f: _equal(_scattered(f["node"], f["hops"], columns.n), hops),
    )
    return [*_as_in_a_session(searcher, start, plain, reached), *_beside("closure of the largest hub", own, took)]


def _as_in_a_session(searcher: Searcher, start: np.ndarray, plain: Any, reached: np.ndarray) -> list[Row]:
    """Beside networkx with the garbage collector on: it walks through a graph of dicts again and again."""
    import networkx as nx

    hub = int(start[0])
    own = timed(lambda: searcher.closure(start), lambda f: _equal(f.reached, reached), rounds=8, collecting=True)
    took = timed(
        lambda: nx.descendants(plain, hub), lambda f: _equal(_sorted(f | {hub}), reached), rounds=3, collecting=True
    )
    what = "closure of the largest hub, garbage collector on as in any session"
    return _beside(what, own, {"nx.descendants (set only)": took}, target="100 times nx.descendants", least=100.0)


def _descendants_by_name(columns: Columns, hub: int, size: int) -> Seconds:
    import networkx as nx

    graph = nx.relabel_nodes(networkx_of(columns.n, columns.source, columns.target), "column_{}".format)
    return timed(lambda: nx.descendants(graph, f"column_{hub}"), lambda f: _equal(len(f), size), rounds=3)


def _rustworkx() -> Any:
    import rustworkx

    return rustworkx


def _asking(peer: Any, question: Callable[[Any], Any], check: Callable[[Any], Any]) -> Seconds | str:
    return peer if isinstance(peer, str) else timed(lambda: question(peer), check, rounds=3)


def _sorted(nodes: Any) -> np.ndarray:
    return np.sort(np.fromiter(nodes, dtype=np.int64))


def _by_node(hops: dict[int, int], n: int) -> np.ndarray:
    return _scattered(np.fromiter(hops.keys(), dtype=np.int64), np.fromiter(hops.values(), dtype=np.int32), n)


def _scattered(node: np.ndarray, value: np.ndarray, n: int) -> np.ndarray:
    result = np.full(n, -1, dtype=np.int32)
    result[np.asarray(node)] = np.asarray(value)
    return result


def _label_peers(columns: Columns, plain: Any) -> list[Row]:
    from scipy.sparse.csgraph import breadth_first_order

    begun, parts = start_labels(columns.n), condense(columns.graph)
    found = reach_sets(parts, begun)
    own = timed(lambda: reach_sets(columns.graph, begun), lambda f: check_labels(f, begun, columns))
    n, m, rows = columns.n, columns.graph.m, columns.graph.forward

    def by_scipy() -> np.ndarray:
        """A search for each label, from a node before all its starts."""
        sets = np.zeros((n, 1), dtype=np.uint64)
        for label in range(64):
            bit = np.uint64(1) << np.uint64(label)
            starts = np.flatnonzero(begun[:, 0] & bit).astype(np.int32)
            matrix = scipy_matrix(np.append(rows.indptr, np.int32(m + len(starts))), np.concatenate([rows.indices, starts]))
            sets[breadth_first_order(matrix, n, return_predecessors=False)[1:], 0] |= bit
        return sets

    took: dict[str, Seconds | str] = {
        "scipy, a search a label": timed(by_scipy, lambda f: _equal(f, found), rounds=3),
        "networkx, condensation and bit sets": timed(
            lambda: _labels_by_networkx(plain, begun), lambda f: _equal(f, found[:, 0]), rounds=1
        ),
        "DuckDB WITH RECURSIVE … USING KEY": _asking(
            duckdb_of(columns.source, columns.target), lambda c: _labels_by_duckdb(c, begun), lambda f: _equal(f, found[:, 0])
        ),
    }
    return _beside("64 labels to the fixpoint, condensation made anew", own, took)


def _labels_by_networkx(plain: Any, begun: np.ndarray) -> np.ndarray:
    import networkx as nx

    small = nx.condensation(plain)
    home = small.graph["mapping"]
    sets = dict.fromkeys(small, 0)
    for node in np.flatnonzero(begun[:, 0]).tolist():
        sets[home[node]] |= int(begun[node, 0])
    for part in nx.topological_sort(small):
        if sets[part]:
            for after in small.successors(part):
                sets[after] |= sets[part]
    return np.array([sets[home[node]] for node in range(len(begun))], dtype=np.uint64)


def _labels_by_duckdb(connection: Any, begun: np.ndarray) -> np.ndarray:
    marked = np.flatnonzero(begun[:, 0])
    connection.register("begun", {"node": marked.astype(np.int32), "labels": begun[marked, 0]})
    found = connection.execute(DUCKDB_LABELS).fetchnumpy()
    result = np.zeros(len(begun), dtype=np.uint64)
    result[np.asarray(found["node"])] = np.asarray(found["labels"])
    return result


def _cost_peers(columns: Columns, plain: Any) -> list[Row]:
    graph = columns.graph
    weight, amount = money(columns.n, graph.m)
    parts = condense(graph)
    ended = push_money(parts, weight, amount)
    own = timed(lambda: push_money(graph, weight, amount), lambda f: check_money(f, amount, columns, parts.component))

    def near(found: np.ndarray) -> None:
        """Floats do not add up to the last unit: one in ten thousand, and a unit for each edge on the way, may go."""
        wanted = np.zeros(parts.count)
        np.add.at(wanted, parts.component, ended)
        got = np.zeros(parts.count)
        np.add.at(got, parts.component, found)
        assert np.allclose(got, wanted, rtol=1e-4, atol=1e3), "the answers differ"

    took = timed(lambda: _cost_by_networkx(plain, parts, weight, amount), near, rounds=1)
    return _beside("cost attribution, condensation made anew", own, {"networkx, condensation and dicts (floats)": took})


def _cost_by_networkx(plain: Any, parts: Condensation, weight: np.ndarray, amount: np.ndarray) -> np.ndarray:
    """Shares of what leaves a component, summed over its edges, in the order of a topological sort."""
    import networkx as nx

    small = nx.condensation(plain)
    home = small.graph["mapping"]
    held = dict.fromkeys(small, 0.0)
    for node, money_there in enumerate(amount.tolist()):
        held[home[node]] += money_there
    leaving: dict[int, dict[int, float]] = {}
    for a, b, share in zip(parts.graph.source.tolist(), parts.graph.target.tolist(), weight.tolist(), strict=True):
        if home[a] != home[b]:
            parted = leaving.setdefault(home[a], {})
            parted[home[b]] = parted.get(home[b], 0.0) + share
    for part in nx.topological_sort(small):
        row = leaving.get(part)
        if row and held[part]:
            total = sum(row.values())
            for after, share in row.items():
                held[after] += held[part] * share / total
            held[part] = 0.0
    result = np.zeros(len(amount))
    for part, members in small.nodes(data="members"):
        result[min(members)] = held[part]
    return result


