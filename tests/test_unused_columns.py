"""Verdicts on columns: named, swept, not known or unused; against a slow search over the edges as stated."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import networkx as nx
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import DAY, costly, frames, snapshot

import lineage_nb as ln
from lineage_nb.analyses.unused.judge import DROPPABLE

Parts = dict[str, list[dict[str, Any]]]
CASES = costly()


@st.composite
def cases(draw: st.DrawFn) -> Parts:
    """Random snapshots whose reads name columns now and then."""
    parts = draw(frames())
    names = sorted(r["id"] for r in parts["nodes"] if r["kind"] in ("dataset", "report"))
    parts["coverage"] = [{"scope": n, "what": "usage", "from": DAY - timedelta(days=400), "to": DAY} for n in [*names, "elsewhere"] if draw(st.integers(0, 5))]
    parts["usage"].append({"node": "elsewhere", "consumer": "ana", "day": DAY, "bytes": 1})
    for column in [r["id"] for r in parts["nodes"] if r["kind"] == "column"]:
        if not draw(st.integers(0, 3)):
            parts["usage"].append({"node": column, "consumer": "ben", "day": DAY - timedelta(days=draw(st.integers(0, 120))), "bytes": 1})
    return parts


@CASES
@given(cases())
def test_columns_agree_with_the_edges_as_stated(parts: Parts) -> None:
    snap = snapshot(parts)
    tables = dict(snap.unused().frame.select("node", "verdict").iter_rows())
    first = DAY - timedelta(days=89)
    home = {r["id"]: r.get("parent", r["id"]) for r in parts["nodes"]}
    stated, anything = nx.DiGraph(), nx.DiGraph()
    stated.add_nodes_from(home)
    anything.add_nodes_from(home)
    for e in parts["edges"]:
        source, target = e["source"], e["target"]
        every = [c for c in home if home[c] == home[target]]
        if "#" in source:
            stated.add_edge(source, target)
            if "#" not in target:
                stated.add_edges_from((source, c) for c in every)
        for a in [c for c in home if home[c] == home[source]]:
            anything.add_edges_from((a, c) for c in every)
    named = {u["node"] for u in parts["usage"] if "#" in u["node"] and u["day"] >= first}
    alive = named | {t for t, v in tables.items() if v == "live"}
    for node, verdict in snap.unused(level="column").frame.select("node", "verdict").iter_rows():
        table = tables[home[node]]
        if table != "live":
            assert verdict == table, node
            continue
        by_name = bool({node, *nx.descendants(stated, node)} & alive)
        assert (verdict == "live") == by_name, node
        if verdict in DROPPABLE:
            reached = {node, *nx.descendants(anything, node)}
            whole = {u["node"] for u in parts["usage"] if "#" not in u["node"] and u["day"] >= first}
            assert not {home[c] for c in stated.nodes if c in {node, *nx.descendants(stated, node)}} & (whole - {"elsewhere"}), "its table was read by somebody"
            assert node in reached


@CASES
@given(cases(), st.data())
def test_a_read_by_name_makes_nothing_upstream_less_live(parts: Parts, data: st.DataObject) -> None:
    columns = sorted(r["id"] for r in parts["nodes"] if r["kind"] == "column")
    if not columns:
        return
    node = data.draw(st.sampled_from(columns))
    snap = snapshot({**parts, "usage": [*parts["usage"], {"node": node, "consumer": "zoe", "day": DAY, "bytes": None}]})
    after = dict(snap.unused(level="column").frame.select("node", "verdict").iter_rows())
    assert after[node] == "live"
    for above in snap.graph("column").upstream(node)["node"]:
        assert after.get(above) not in DROPPABLE


# -- cases -----------------------------------------------------------------------------------------------------------

NODES = [{"id": t, "namespace": "db"} for t in "tu"] + [{"id": f"{t}#{c}", "kind": "column", "parent": t} for t in "tu" for c in "abc"]


def asked(*usage: tuple[str, str], edges: list[dict[str, Any]] | None = None, nodes: list[dict[str, Any]] | None = None) -> dict[str, dict[str, Any]]:
    reads = [{"node": n, "consumer": c, "day": "2025-06-30"} for n, c in usage] + [{"node": "elsewhere", "consumer": "ana", "day": d} for d in ("2024-01-01", "2025-06-30")]
    coverage = [{"scope": s, "what": "usage", "from": "2024-01-01", "to": "2025-06-30"} for s in ("db", "elsewhere", "r")]
    frame = ln.from_frames(nodes=NODES + (nodes or []), usage=reads, edges=edges or {"source": [], "target": []}, coverage=coverage).unused(level="column").frame
    return {r["node"]: r for r in frame.iter_rows(named=True)}


def test_a_column_is_named_or_not() -> None:
    rows = asked(("t#a", "ana"))
    assert [rows[f"t#{c}"]["verdict"] for c in "abc"] == ["live", "unread", "unread"]
    assert rows["t#a"]["evidence"] == "named for a read on 2025-06-30 by ana" and rows["t#a"]["read_by"] == "ana"
    assert "nothing names or sweeps it" in rows["t#b"]["evidence"]
    assert rows["t#a"]["bytes"] is None and rows["t#a"]["freed"] is None


def test_readers_that_are_not_known_by_column() -> None:
    rows = asked(("t", "ana"))
    assert {rows[f"t#{c}"]["verdict"] for c in "abc"} == {"unknown"}
    assert rows["t#a"]["evidence"] == "its table was read on 2025-06-30 by ana, and no record tells which columns"


def test_whole_reads_sweep_where_the_log_names_columns() -> None:
    rows = asked(("t", "ana"), ("t#b", "ben"))
    assert [rows[f"t#{c}"]["verdict"] for c in "abc"] == ["swept", "live", "swept"]
    assert "swept with its table on 2025-06-30 by ana" in rows["t#a"]["evidence"]
    same = asked(("t", "ana"), ("t#b", "ana"))
    assert [same[f"t#{c}"]["verdict"] for c in "abc"] == ["unread", "live", "unread"], "the row of the table repeats that of the column"


def test_filters_and_join_keys_are_used() -> None:
    edges = [{"source": "t#a", "target": "u#a"}, {"source": "t#b", "target": "u", "type": "INDIRECT", "subtype": "FILTER"}]
    rows = asked(("u#b", "ana"), edges=edges)
    assert rows["t#b"]["verdict"] == "live" and rows["t#a"]["verdict"] == "zombie" and rows["t#c"]["verdict"] == "unread"
    assert asked(("u", "ana"), edges=edges)["t#a"]["verdict"] == "unknown"


def test_a_star_in_a_statement_sweeps() -> None:
    edges = [{"source": "t", "target": "u#a"}, {"source": "t#b", "target": "u#a"}]
    rows = asked(("u#a", "ana"), edges=edges)
    assert rows["t#a"]["verdict"] == "swept" and rows["t#b"]["verdict"] == "live"


def test_a_job_without_column_lineage_may_use_any() -> None:
    edges = [{"source": "t", "target": "j", "type": "READ"}, {"source": "j", "target": "u", "type": "WRITE"}]
    rows = asked(("u#a", "ana"), edges=edges, nodes=[{"id": "j", "kind": "job"}])
    assert {rows[f"t#{c}"]["verdict"] for c in "abc"} == {"unknown"}


def test_reports_that_show_columns() -> None:
    report = [{"id": "r", "kind": "report"}]
    rows = asked(("r", "ana"), edges=[{"source": "t#a", "target": "r"}], nodes=report)
    assert [rows[f"t#{c}"]["verdict"] for c in "ab"] == ["live", "unread"] and "through r" in rows["t#a"]["evidence"]
    whole = asked(("r", "ana"), edges=[{"source": "t", "target": "r"}], nodes=report)
    assert {whole[f"t#{c}"]["verdict"] for c in "abc"} == {"unknown"}
    refreshed = asked(("r", "ana"), ("t", "r"), nodes=report)
    assert {refreshed[f"t#{c}"]["verdict"] for c in "abc"} == {"unknown"}


def test_a_plan_is_made_of_tables() -> None:
    snap = ln.from_frames(nodes=NODES, usage=[{"node": "t#a", "consumer": "ana", "day": "2025-06-30"}])
    result = snap.unused(level="column")
    with pytest.raises(ln.LineageError, match="datasets"):
        result.plan()
    assert result.explain("t#a").is_empty() and isinstance(result.frame, pl.DataFrame)
