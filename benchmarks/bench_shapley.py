"""Equal shares of every resource for the keys that depend on it (`shapley`): 5,000 keys over 3.6M columns.

Three ways to consume: dashboards at the ends of the lineage, whole tables anywhere (20 a key), and many of them (100 a key). The
peer is one breadth-first search a key by scipy, upstream, of which 20 are run and the time of all is reckoned; it finds the sets and
divides nothing. Times are processor seconds; memory is what the process holds at most, and what it held before the shares.
"""

from __future__ import annotations

import argparse
import resource
import time

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order
from synthetic import Synthetic, synthetic

from lineage_nb.analyses.cost.key_sets import KeySets, reached_keys
from lineage_nb.graph.csr import build_adjacency
from lineage_nb.graph.order import condense

KEYS, TRIED = 5_000, 20


def consumed(lineage: Synthetic, how: str, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Columns, and the key that consumes each."""
    if how == "dashboards at the ends":
        ends = np.flatnonzero(np.bincount(lineage.source, minlength=lineage.n) == 0)
        node = rng.choice(ends, min(len(ends), 40 * KEYS), replace=False)
        return node, rng.integers(0, KEYS, len(node))
    tables = int(how.split()[0])
    first = np.searchsorted(lineage.table, np.arange(int(lineage.table[-1]) + 2))
    read = rng.integers(0, len(first) - 1, KEYS * tables)
    width = np.diff(first)[read]
    node = np.arange(width.sum()) - np.repeat(np.cumsum(width) - width, width) + np.repeat(first[read], width)
    return node, np.repeat(np.repeat(np.arange(KEYS), tables), width)


def held() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def run(lineage: Synthetic, how: str) -> None:
    rng, n = np.random.default_rng(1), lineage.n
    node, key = consumed(lineage, how, rng)
    source, target = np.r_[lineage.source, node], np.r_[lineage.target, key + n]
    amount, before = rng.integers(0, 10**9, n), held()
    begin = time.process_time()
    parts = condense(build_adjacency(n + KEYS, source, target)[0])
    sets = KeySets(parts, n, np.arange(n), reached_keys(parts, n))
    shares = sets.shares(amount[sets.wide])
    ours = time.process_time() - begin
    assert shares.sum() == amount[sets.wide].sum()
    upstream = csr_array((np.ones(len(source), np.int8), (target, source)), shape=(n + KEYS, n + KEYS))
    begin = time.process_time()
    for k in rng.integers(0, KEYS, TRIED):
        breadth_first_order(upstream, int(k) + n, return_predecessors=False)
    peer = (time.process_time() - begin) / TRIED * KEYS
    print(f"{how:<24} {len(source):>11,} edges  {ours:6.1f} s  {held():5.2f} GB ({before:.2f} before)  scipy, a search a key: {peer:8.0f} s  {peer / ours:6.0f} ×", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=10.0)
    given = parser.parse_args()
    made = synthetic(given.scale)
    print(f"{made.n:,} columns, {len(made.source):,} edges between them, {KEYS:,} keys")
    for how in ("dashboards at the ends", "20 tables a key", "100 tables a key"):
        run(made, how)
