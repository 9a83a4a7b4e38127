"""What SQL says of the persons behind an aggregate: one each, at least so many, or nothing."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import lineage_nb as ln

TABLE = "CREATE TABLE hr.pay (employee_id TEXT, department TEXT, salary TEXT, hired TEXT);\n"
TAGS = {"n/hr.pay#employee_id": "pii:employee_id", "n/hr.pay#salary": "pii:salary"}


def judged(root: Path, query: str, dialect: str = "duckdb") -> dict[str, tuple[str, int | None]]:
    (root / "ddl.sql").write_text(TABLE, encoding="utf-8")
    (root / "out.sql").write_text(f"CREATE TABLE hr.out AS {query}", encoding="utf-8")
    snap = ln.read(root, format="sql", dialect=dialect, namespace="n")
    nodes = [{"id": i, "kind": "column", "parent": "n/hr.pay", "tags": tag} for i, tag in TAGS.items()]
    result = snap.merge(ln.from_frames(nodes=nodes)).pii(labels="salary")
    rows = result.frame.filter(pl.col("node").str.starts_with("n/hr.out#"), certainty="proved")
    return {node.partition("#")[2]: (verdict, k) for node, verdict, k in rows.select("node", "verdict", "k").iter_rows()}


PLAIN, FOLDED, TEN = ("plain", None), ("aggregated", None), ("aggregated", 10)
TEN_EACH = "GROUP BY department HAVING count(DISTINCT employee_id) >= 10"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT sum(salary) AS s FROM hr.pay WHERE employee_id = '42'", PLAIN),
        ("SELECT sum(salary) AS s FROM hr.pay WHERE hired > '1' AND employee_id IN ('42')", PLAIN),
        ("SELECT sum(salary) AS s FROM hr.pay WHERE department = '42'", FOLDED),
        ("SELECT sum(salary) AS s FROM hr.pay WHERE NOT employee_id = '42'", FOLDED),
        ("SELECT sum(salary) FILTER (WHERE employee_id = '42') AS s FROM hr.pay", PLAIN),
        ("SELECT sum(CASE WHEN employee_id = '42' THEN salary END) AS s FROM hr.pay", PLAIN),
        ("SELECT sum(CASE employee_id WHEN '42' THEN salary END) AS s FROM hr.pay", PLAIN),
        ("SELECT sum(CASE WHEN department = '42' THEN salary END) AS s FROM hr.pay", FOLDED),
        ("SELECT department, sum(salary) AS s FROM hr.pay GROUP BY department HAVING count(DISTINCT employee_id) = 1", PLAIN),
        ("SELECT (SELECT sum(y.salary) FROM hr.pay y WHERE y.employee_id = e.employee_id) AS s FROM hr.pay e", PLAIN),
        ("SELECT l.s FROM hr.pay e, LATERAL (SELECT sum(y.salary) AS s FROM hr.pay y WHERE y.employee_id = e.employee_id) l", PLAIN),
        ("SELECT (SELECT sum(y.salary) FROM hr.pay y WHERE y.department = e.department) AS s FROM hr.pay e", FOLDED),
        ("SELECT sum(salary) OVER (ORDER BY hired ROWS BETWEEN CURRENT ROW AND CURRENT ROW) AS s FROM hr.pay", PLAIN),
        ("SELECT sum(salary) OVER (ORDER BY hired ROWS BETWEEN CURRENT ROW AND 9 FOLLOWING) AS s FROM hr.pay", FOLDED),
        ("SELECT avg(salary) OVER (PARTITION BY department, employee_id) AS s FROM hr.pay", PLAIN),
        (f"SELECT department, sum(salary) AS s FROM hr.pay {TEN_EACH}", TEN),
        (f"SELECT department, sum(salary) FILTER (WHERE hired > '1') AS s FROM hr.pay {TEN_EACH}", FOLDED),
        (f"SELECT department, sum(CASE WHEN hired > '1' THEN salary END) AS s FROM hr.pay {TEN_EACH}", FOLDED),
        (f"SELECT department, sum(salary) FILTER (WHERE employee_id = '3') AS s FROM hr.pay {TEN_EACH}", PLAIN),
        (
            "SELECT t.department, sum(m.salary) AS s FROM hr.pay t JOIN hr.pay m ON m.department = t.department "
            "GROUP BY t.department HAVING count(DISTINCT t.employee_id) >= 10",
            FOLDED,
        ),
        (
            "SELECT t.department, sum(t.salary) AS s FROM hr.pay t JOIN hr.pay m ON m.department = t.department "
            "GROUP BY t.department HAVING count(DISTINCT t.employee_id) >= 10",
            TEN,
        ),
        (  # one statement is judged by all of its keys, also by those of an inner query: rather too much than too little
            "WITH q AS (SELECT employee_id, sum(salary) AS s FROM hr.pay GROUP BY employee_id) SELECT avg(s) AS s FROM q",
            PLAIN,
        ),
        (f"WITH q AS (SELECT * FROM hr.pay WHERE hired > '1') SELECT department, sum(salary) AS s FROM q {TEN_EACH}", TEN),
        (
            "WITH q AS (SELECT t.department, t.employee_id, m.salary FROM hr.pay t JOIN hr.pay m ON m.hired = t.hired) "
            f"SELECT department, sum(salary) AS s FROM q {TEN_EACH}",
            FOLDED,
        ),
    ],
)
def test_who_stands_behind_an_aggregate(tmp_path: Path, query: str, expected: tuple[str, int | None]) -> None:
    assert judged(tmp_path, query)["s"] == expected


def test_a_condition_concerns_its_own_column(tmp_path: Path) -> None:
    query = "SELECT sumIf(salary, employee_id = '4') AS one, sumIf(salary, hired > '4') AS some, sum(salary) AS all_of FROM hr.pay"
    assert judged(tmp_path, query, "clickhouse") == {"one": PLAIN, "some": FOLDED, "all_of": FOLDED}
