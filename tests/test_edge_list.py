"""A Parquet file of edges, read straight into a graph."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import networkx as nx
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lineage_nb as ln
from lineage_nb.model import ordering

NAME = st.sampled_from(["t#a", "t#b", "t", "u#a", "t!x#a", "é/u#ß", "T#a", "z.t#a"])


@pytest.fixture(scope="module")
def file(tmp_path_factory: Any) -> Path:
    return tmp_path_factory.mktemp("edges") / "edges.parquet"


@given(edges=st.lists(st.tuples(NAME, NAME), min_size=1, max_size=12), large=st.booleans())
def test_it_holds_the_edges(file: Path, edges: list[tuple[str, str]], large: bool) -> None:
    pl.DataFrame(edges, schema=["from", "to"], orient="row").write_parquet(file)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ordering, "_MANY", 0 if large else 100)
        graph = ln.read_graph(file, source="from", target="to")
    assert graph.ids == sorted({name for edge in edges for name in edge}, key=str.encode)
    assert sorted(graph.edges.select("source", "target").iter_rows()) == sorted(set(edges))
    assert graph.level == ("column" if any("#" in name for name in graph.ids) else "dataset")
    assert graph.edges["evidence"].explode().unique().to_list() == ["given"] and graph.edges["value"].all()
    slow = nx.DiGraph(edges)
    for name in graph.ids:
        found = dict(graph.downstream(name).select("node", "hops").iter_rows())
        assert found == {n: h for n, h in nx.single_source_shortest_path_length(slow, name).items() if h}


def test_answers_without_a_snapshot(file: Path) -> None:
    pl.DataFrame({"source": ["s.t#a", "s.u#b"], "target": ["s.u#b", "s.v#c"]}).write_parquet(file)
    graph = ln.read_graph(file)
    assert graph.resolve("t.a") == "s.t#a" and graph.upstream("v.c")["node"].to_list() == ["s.u#b", "s.t#a"]
    assert graph.path("t.a", "v.c")["target"].to_list() == ["s.u#b", "s.v#c"]
    assert graph.nodes.row(0, named=True) == {"id": "s.t#a", "kind": "column", "parent": "s.t"}
    assert sorted(graph.view().successors("s.t#a")) == ["s.u#b"]


def test_bad_files(tmp_path: Path) -> None:
    path = tmp_path / "e.parquet"
    pl.DataFrame({"source": ["a", "b"], "target": ["b", None]}).write_parquet(path)
    with pytest.raises(ln.FormatError, match=r"e\.parquet: 1 edges have no target, the first in row 2"):
        ln.read_graph(path)
    with pytest.raises(ln.FormatError, match="cannot be read as Parquet with a column 'to'"):
        ln.read_graph(path, target="to")
    pl.DataFrame({"source": [1], "target": ["b"]}).write_parquet(path)
    with pytest.raises(ln.FormatError, match="column 'source' holds Int64, not text"):
        ln.read_graph(path)
    path.write_text("source,target\na,b\n")
    with pytest.raises(ln.FormatError, match="cannot be read as Parquet"):
        ln.read_graph(path)
    with pytest.raises(ln.FormatError, match="cannot be read as Parquet"):
        ln.read_graph(tmp_path / "missing.parquet")
    pl.DataFrame(schema={"source": pl.String, "target": pl.String}).write_parquet(path)
    assert len(ln.read_graph(path)) == 0


def test_ids_that_share_a_hash_are_refused(file: Path) -> None:
    pl.DataFrame({"source": ["a", "c"], "target": ["b", "d"]}).write_parquet(file)
    real = pl.Series.hash
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pl.Series, "hash", lambda s, seed=0: real(s, seed=seed) if seed else real(s) * 0)
        with pytest.raises(ln.FormatError, match="two of its ids share a hash"):
            ln.read_graph(file)
