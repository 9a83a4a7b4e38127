"""The laws of the design, as properties."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections import defaultdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import networkx as nx
import polars as pl
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from strategies import DAY, costly, frames, snapshot

import lineage_nb as ln
from lineage_nb.analyses.unused.judge import DROPPABLE
from lineage_nb.model.conform import conform
from lineage_nb.model.ids import column_id, node_id, parse_id
from lineage_nb.model.schema import FRAMES

Parts = dict[str, list[dict[str, Any]]]
anything = st.one_of(st.none(), st.text(max_size=8), st.integers(-5, 5), st.floats(allow_nan=True), st.booleans())


def same(a: ln.Snapshot, b: ln.Snapshot) -> bool:
    """Equal evidence and equal conformed frames."""
    return a == b and all(a.frames[n].sort(pl.all()).equals(b.frames[n].sort(pl.all())) for n in ("usage", "costs", "aliases"))


# 1. Loading is total ----------------------------------------------------------------------------------------


@given(st.sampled_from(sorted(FRAMES)), st.data())
def test_every_record_is_accepted_or_rejected(name: str, data: st.DataObject) -> None:
    columns = [c.name for c in FRAMES[name].columns]
    rows = data.draw(st.lists(st.fixed_dictionaries(dict.fromkeys(columns, anything)), max_size=5))
    frame = pl.DataFrame({c: pl.Series([str(r[c]) if r[c] is not None else None for r in rows], dtype=pl.String) for c in columns})
    snap = ln.from_frames(**{name: frame})
    row = snap.report.files.row(0, named=True)
    assert row["read"] == len(rows) == row["accepted"] + row["rejected"]
    assert snap.report.rejections.height == row["rejected"]
    assert (snap.report.rejections["position"].str.starts_with("row ")).all()


@given(st.text(), st.text(), st.one_of(st.none(), st.text()))
def test_ids_are_total(namespace: str, name: str, column: str | None) -> None:
    for kind in ("dataset", "job", "report", "principal", "compute"):
        made = node_id(kind, namespace, name)
        parts = parse_id(made)
        assert parts is not None and (parts.kind, parts.namespace, parts.name) == (kind, namespace, name)
    if column is not None:
        again = parse_id(column_id(node_id("dataset", namespace, name), column))
        assert again == ("column", namespace, name, column)


# 2. Merge is commutative, associative, idempotent ------------------------------------------------------------


@costly()
@given(frames(), frames(), frames())
def test_merge_is_a_union(a: Parts, b: Parts, c: Parts) -> None:
    x, y, z = map(snapshot, (a, b, c))
    both = x.merge(y)
    assert same(both, y.merge(x))
    assert same(both.merge(z), x.merge(y.merge(z)))
    assert same(x.merge(x), x)
    assert same(both.merge(y), x.merge(y, x))


@costly()
@given(frames(), st.randoms(use_true_random=False))
def test_order_and_partition_of_rows_do_not_matter(parts: Parts, random: Any) -> None:
    # records of facts without an id of their own count within their file, so facts keep their partition
    whole = snapshot(parts)
    pieces = []
    for name, rows in parts.items():
        shuffled = random.sample(rows, len(rows))
        cut = random.randint(0, len(rows)) if name in ("nodes", "edges") else 0
        pieces += [{name: shuffled[:cut]}, {name: shuffled[cut:]}]
    merged = [snapshot(p) for p in pieces if any(p.values())]
    again = merged[0].merge(*merged[1:])
    assert same(again, whole)
    assert conform(whole.data).frames["nodes"].equals(again.frames["nodes"])


# 3. Save then open -------------------------------------------------------------------------------------------


@costly()
@given(parts=frames())
def test_save_then_open_is_equal(parts: Parts, tmp_path_factory: Any) -> None:
    folder = tmp_path_factory.mktemp("snap")
    snap = snapshot(parts)
    snap.save(folder)
    assert same(ln.read(folder), snap)


@settings(max_examples=12)
@given(parts=frames())
def test_the_saved_index_answers_alike(parts: Parts, tmp_path_factory: Any) -> None:
    snap = snapshot(parts)
    again = ln.read(snap.save(tmp_path_factory.mktemp("snap")))
    for level in ("dataset", "column"):
        one, two = snap.graph(level), again.graph(level)
        assert two.ids == one.ids and two.edges.equals(one.edges)
        for node in one.ids:
            assert two.downstream(node).equals(one.downstream(node)) and two.upstream(node).equals(one.upstream(node))
            assert two.resolve(node) == node
        assert two.downstream_counts().equals(one.downstream_counts())
    for name in FRAMES:
        assert_frame_equal(again.frames[name], snap.frames[name])
    assert_frame_equal(again.coded.edges, snap.coded.edges)
    assert again.coded.end == snap.coded.end and again.coded.data.tolist() == snap.coded.data.tolist()
    for told in ("renamed", "ambiguous"):
        assert_frame_equal(getattr(again.conformed, told), getattr(snap.conformed, told))
    assert again.conformed.mentioned == snap.conformed.mentioned
    assert again.pii().frame.equals(snap.pii().frame) and again.unused().frame.equals(snap.unused().frame)


def test_content_hash_is_equal_across_processes(stream: ln.Snapshot, tmp_path: Path) -> None:
    stream.save(tmp_path / "saved")
    code = f"import lineage_nb as ln; print(ln.read({str(tmp_path / 'saved')!r}).content_hash)"
    other = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, env={"PYTHONHASHSEED": "7", "PATH": ""}
    )
    assert other.stdout.strip() == stream.content_hash


# 5. Attribution conserves money ------------------------------------------------------------------------------


@costly()
@given(frames(), st.sampled_from(["owner", "team", "report", "consumer", "dataset"]), st.sampled_from(["usage", "even"]))
def test_cost_conserves_money(parts: Parts, by: str, method: str) -> None:
    snap = snapshot(parts)
    result = snap.cost(by=by, method=method)
    assert result.frame["amount"].sum() == snap.costs["amount"].sum()
    assert (result.frame["exclusive"] + result.frame["shared"]).sum() == snap.costs["amount"].sum()


# 6. Labels are monotone --------------------------------------------------------------------------------------

_ORDER = {v: i for i, v in enumerate(("plain", "pseudonymised", "derived", "aggregated", "redacted"))}


def strongest(frame: pl.DataFrame, certainty: str | None = None) -> dict[tuple[str, str], int]:
    best: dict[tuple[str, str], int] = {}
    for r in frame.filter(pl.col("certainty") == certainty if certainty else True).iter_rows(named=True):
        key = (r["node"], r["label"])
        best[key] = min(best.get(key, 9), _ORDER[r["verdict"]])
    return best


@costly()
@given(frames(), st.data())
def test_one_more_edge_never_removes_a_label(parts: Parts, data: st.DataObject) -> None:
    columns = [r["id"] for r in parts["nodes"] if r["kind"] == "column"]
    if not columns:
        return
    before = snapshot(parts).pii().frame
    pick = st.sampled_from(columns)
    extra = {"source": data.draw(pick), "target": data.draw(pick), "type": "DIRECT", "verdict": data.draw(st.sampled_from([None, *_ORDER]))}
    after = snapshot({**parts, "edges": [*parts["edges"], extra]}).pii().frame
    proved_after, any_after = strongest(after, "proved"), strongest(after)
    assert all(proved_after.get(key, 9) <= verdict for key, verdict in strongest(before, "proved").items())
    # a possible label can go only where the new statement settles what its column is made of
    lost = {node for node, _ in strongest(before).keys() - any_after.keys()}
    assert not lost or extra["target"] in lost


@costly()
@given(frames(), st.data())
def test_one_more_masking_never_adds_a_label(parts: Parts, data: st.DataObject) -> None:
    direct = [i for i, e in enumerate(parts["edges"]) if e.get("type") == "DIRECT"]
    if not direct:
        return
    before = strongest(snapshot(parts).pii().frame)
    chosen = data.draw(st.sampled_from(direct))
    target = parts["edges"][chosen]
    weaker = data.draw(st.sampled_from(list(_ORDER)[_ORDER.get(target.get("verdict") or "plain", 0) :] if target.get("verdict") != "none" else ["none"]))
    edges = [{**e, "verdict": weaker} if e["source"] == target["source"] and e["target"] == target["target"] and e.get("verdict") == target.get("verdict") else e for e in parts["edges"]]
    after = strongest(snapshot({**parts, "edges": edges}).pii().frame)
    assert all(key in before and verdict >= before[key] for key, verdict in after.items())


@costly()
@given(frames())
def test_proved_labels_equal_all_paths(parts: Parts) -> None:
    """Every simple path between columns: the weakest verdict along it, the strongest between paths."""
    edges = [e for e in parts["edges"] if e.get("type") == "DIRECT" and "#" in e["source"] and "#" in e["target"]]
    said = [(e["source"], e["target"], e.get("job")) for e in edges]
    assume(len(set(said)) == len(said))  # of what one job says twice, the newest verdict holds
    between: dict[tuple[str, str], int] = {}
    for e in edges:
        rank = {**_ORDER, "none": 9}.get(e.get("verdict") or "plain", 0)
        key = (e["source"], e["target"])
        between[key] = min(between.get(key, 9), rank)
    graph = nx.DiGraph()
    graph.add_weighted_edges_from((a, b, w) for (a, b), w in between.items() if w < 9)
    result: dict[tuple[str, str], int] = defaultdict(lambda: 9)
    for r in parts["nodes"]:
        if r.get("tags"):
            label = r["tags"].removeprefix("pii:")
            result[r["id"], label] = 0
            for target in graph:
                if r["id"] in graph and target != r["id"]:
                    for path in nx.all_simple_paths(graph, r["id"], target):
                        worst = max(graph.edges[e]["weight"] for e in itertools.pairwise(path))
                        result[target, label] = min(result[target, label], worst)
    proved = snapshot(parts).pii().frame.filter((pl.col("certainty") == "proved") & pl.col("node").str.contains("#"))
    best = {(r["node"], r["label"]): r["verdict"] for r in proved.iter_rows(named=True)}
    assert {k: _ORDER[v] for k, v in best.items()} == {k: v for k, v in result.items() if v < 9}


# 7. Unused means no path to a live consumer ------------------------------------------------------------------


@costly()
@given(frames(), st.sampled_from([30, 90]))
def test_unused_has_no_live_consumer(parts: Parts, days: int) -> None:
    coverage = [{"scope": t, "what": "usage", "from": DAY - timedelta(days=400), "to": DAY} for t in {r["id"] for r in parts["nodes"]}]
    snap = snapshot({**parts, "coverage": coverage})
    graph = snap.graph("dataset").to_networkx()
    graph.add_edges_from((u["node"], u["consumer"]) for u in parts["usage"] if str(u["consumer"]).startswith("r"))
    first = DAY - timedelta(days=days - 1)
    alive = {u["node"] for u in parts["usage"] if not str(u["consumer"]).startswith("r") and u["day"] >= first}
    writers = {e["source"] for e in parts["edges"] if e.get("type") == "WRITE"}
    window_start = first
    for e in parts["edges"]:
        if e.get("type") == "READ" and e["target"] not in writers and e["last_seen"].date() >= window_start:
            alive.add(e["source"])
    verdicts = dict(snap.unused(days=days).frame.select("node", "verdict").iter_rows())
    for node, verdict in verdicts.items():
        reaches = bool({node, *nx.descendants(graph, node)} & alive)
        assert (verdict == "live") == reaches, (node, verdict)
        assert not (verdict in DROPPABLE and reaches)


# 8. Results do not depend on order, hash seed, threads or the date ---------------------------------------------


@costly()
@given(frames(), st.randoms(use_true_random=False))
def test_results_do_not_depend_on_row_order(parts: Parts, random: Any) -> None:
    other = {n: random.sample(rows, len(rows)) for n, rows in parts.items()}
    a, b = snapshot(parts), snapshot(other)
    for ask in (lambda s: s.unused(), lambda s: s.pii(), lambda s: s.cost(by="owner"), lambda s: s.impact("t0")):
        assert ask(a).frame.equals(ask(b).frame)


_ASK = """
import sys, lineage_nb as ln
s = ln.read(sys.argv[1])
for r in (s.impact("raw.users"), s.cost(by="team"), s.pii(), s.unused()):
    print(r.headline); print(r.frame.write_json())
"""


def test_results_do_not_depend_on_seed_or_threads(stream: ln.Snapshot, tmp_path: Path) -> None:
    stream.save(tmp_path / "s")
    said = set()
    for seed, threads in (("1", "1"), ("2", "4")):
        run = subprocess.run(
            [sys.executable, "-c", _ASK, str(tmp_path / "s")], check=True, capture_output=True, text=True,
            env={"PYTHONHASHSEED": seed, "POLARS_MAX_THREADS": threads, "PATH": ""},
        )
        said.add(run.stdout)
    assert len(said) == 1
