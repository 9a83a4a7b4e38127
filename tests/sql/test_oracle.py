"""Column lineage against witnesses that know nothing of lineage: the result of running a query, and the engine's plan."""

from __future__ import annotations

import random

import pytest

pytest.importorskip("duckdb")

from sql.oracle.check import Check, Tally, check_seed, small
from sql.oracle.execution import Bench
from sql.oracle.probes import Probe
from sql.oracle.pruning import columns_read
from sql.oracle.reduction import reduced
from sql.oracle.tables import Leaf, Table, tokens_in

from lineage_nb.sql.lineage import sql_lineage

BATCHES, BATCH = 4, 30
T1 = Table(
    "t1",
    {"a": "int", "b": "str", "c": "int"},
    ({"a": 1, "b": "p", "c": 2}, {"a": 2, "b": None, "c": 3}, {"a": 3, "b": "q", "c": 3}),
)


@pytest.fixture(scope="module")
def bench() -> Bench:
    return Bench()


def caught(bench: Bench, query: str, claimed: str) -> set[str]:
    """The laws that fail when the lineage of `claimed` is held against `query`."""
    bench.load([T1])
    tally, probe = Tally(), Probe(query, look=query)
    names, rows = bench.run(probe)
    schema = {"t1": T1.schema()}
    check = Check(bench, probe, names, rows, random.Random(1), tally)
    check.against(sql_lineage(claimed, dialect="duckdb", schema=schema), schema)
    return {failure.law for failure in tally.failures}


@pytest.mark.parametrize("batch", range(BATCHES))
def test_nothing_that_is_run_contradicts_the_lineage(bench: Bench, batch: int) -> None:
    tally = Tally()
    for seed in range(batch * BATCH, (batch + 1) * BATCH):
        check_seed(bench, seed, tally)
    if tally.failures:
        pytest.fail("\n".join([str(small(bench, tally.failures[0])), *map(str, tally.failures[1:])]))
    assert tally.counts["queries"] >= 0.7 * BATCH
    assert tally.counts["pairs of input and output"] > 5 * BATCH
    assert tally.counts["values seen through"] > BATCH


@pytest.mark.parametrize(
    ("query", "claimed", "law"),
    [
        ("SELECT a AS x, c AS y FROM t1", "SELECT c AS x, a AS y FROM t1", "changes"),
        ("SELECT a FROM t1 WHERE c > 2", "SELECT a FROM t1", "changes"),
        ("SELECT a, IF(c > 2, 'x', 'y') AS y FROM t1", "SELECT a, 'x' AS y FROM t1", "changes"),
        (
            "SELECT a, RANK() OVER (ORDER BY c) AS y FROM t1",
            "SELECT a, RANK() OVER () AS y FROM t1",
            "changes",
        ),
        ("SELECT MAX(a) AS x FROM t1 GROUP BY c", "SELECT MAX(a) AS x FROM t1", "changes"),
        ("SELECT a FROM t1 ORDER BY c LIMIT 1", "SELECT a FROM t1 LIMIT 1", "changes"),
        ("SELECT b AS x FROM t1", "SELECT MD5(b) AS x FROM t1", "shows"),
        ("SELECT COALESCE(b, '') AS x FROM t1", "SELECT IF(b = '', 'x', '') AS x FROM t1", "shows"),
        ("SELECT a * 10 + 7 AS x FROM t1", "SELECT a AS x FROM t1", "copies"),
        ("SELECT a AS x FROM t1", "SELECT a AS y FROM t1", "columns"),
        ("SELECT a FROM t1", "SELECT a, nope AS b FROM t1", "resolved"),
        ("SELECT a FROM t1 WHERE LENGTH(b || 'x') > 0 OR b IS NULL", "SELECT a FROM t1", "pruning"),
    ],
)
def test_false_lineage_is_caught(bench: Bench, query: str, claimed: str, law: str) -> None:
    assert law in caught(bench, query, claimed)
    assert caught(bench, query, query) == set()


def test_results_that_hang_on_the_order_of_rows_prove_nothing(bench: Bench) -> None:
    bench.load([T1])
    loose = Probe("", look="SELECT a, ROW_NUMBER() OVER (ORDER BY 1) AS n FROM t1")
    firm = Probe("", look="SELECT a, ROW_NUMBER() OVER (ORDER BY a) AS n FROM t1")
    assert not bench.steady(loose, random.Random(1), {})
    assert bench.steady(firm, random.Random(1), {})


def test_a_change_is_undone(bench: Bench) -> None:
    bench.load([T1])
    look = Probe("", look="SELECT COUNT(*) FROM t1")
    assert bench.rows(Probe("", ("DELETE FROM t1 WHERE a = 1",), look.look), {}) == [(2,)]
    assert bench.rows(look, {"t1": T1.rows[:1]}) == [(1,)]
    assert bench.rows(look, {}) == [(3,)]


def test_a_plan_tells_the_columns_it_reads(bench: Bench) -> None:
    bench.load([T1])
    read, throughout = columns_read(bench.plan("SELECT b FROM t1 WHERE a > 1"), [T1])
    assert read == {Leaf("t1", "a"), Leaf("t1", "b")}
    assert throughout
    assert columns_read(bench.plan("SELECT COUNT(*) FROM t1"), [T1])[0] == set()


def test_tokens_are_told_from_sums() -> None:
    assert tokens_in("zqtok4z, 903017, 'x902017'") == {4, 3}
    assert tokens_in("903018, 1806034, 12") == set()


def test_a_failing_query_is_made_small() -> None:
    query = "SELECT a, b + 1 AS c FROM t1 JOIN (SELECT 2 AS k) AS u ON TRUE WHERE a > 1 ORDER BY b"
    assert reduced(query, lambda text: "b + 1" in text and "FROM t1" in text) == "SELECT b + 1 FROM t1"
