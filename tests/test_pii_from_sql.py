"""What SQL says decides what becomes of personal data."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import lineage_nb as ln
from lineage_nb.sources.sql_rows import Job, SqlRows
from lineage_nb.sql.lineage import sql_lineage


def verdicts(tmp_path: Path, query: str) -> dict[str, str]:
    folder = tmp_path / "hr" / "out"
    folder.mkdir(parents=True)
    (folder / "query.sql").write_text(query, encoding="utf-8")
    (folder / "schema.yaml").write_text(
        "models: [{name: hr.pay, columns: [{name: employee_id, tags: ['pii:employee']}, {name: department},"
        " {name: salary, tags: ['pii:salary']}]}]",
        encoding="utf-8",
    )
    snap = ln.read(tmp_path, format="sql", dialect="postgres", pattern="{schema}/{table}/query.sql")
    found = snap.pii().frame.filter(pl.col("node").str.contains("hr.out#", literal=True))
    return {
        f"{n.partition('#')[2]} {label}": verdict
        for n, label, verdict in found.select("node", "label", "verdict").rows()
    }


def test_a_sum_by_person_is_that_persons(tmp_path: Path) -> None:
    found = verdicts(tmp_path, "SELECT employee_id, SUM(salary) AS total FROM hr.pay GROUP BY employee_id")
    assert found["total salary"] == "plain"


def test_a_mean_by_department_is_aggregated(tmp_path: Path) -> None:
    found = verdicts(tmp_path, "SELECT department, AVG(salary) AS mean FROM hr.pay GROUP BY department")
    assert found["mean salary"] == "aggregated"


def test_a_hash_is_pseudonymised_and_its_length_derived(tmp_path: Path) -> None:
    found = verdicts(tmp_path, "SELECT md5(employee_id) AS h, length(employee_id) AS n FROM hr.pay")
    assert found == {"h employee": "pseudonymised", "n employee": "derived"}


def test_a_raw_branch_of_a_union_shows(tmp_path: Path) -> None:
    found = verdicts(
        tmp_path, "SELECT md5(employee_id) AS who FROM hr.pay UNION ALL SELECT employee_id FROM hr.pay"
    )
    assert found["who employee"] == "plain"


def test_a_mask_over_all_up_to_a_mark_leaves_a_part(tmp_path: Path) -> None:
    found = verdicts(
        tmp_path,
        "SELECT regexp_replace(employee_id, '^[^@]+', '***') AS masked, regexp_replace(employee_id, '[a-z]+', '*') AS may_miss,"
        " regexp_replace(employee_id, '^[^@]+', 'jo') AS renamed FROM hr.pay",
    )
    assert found == {"masked employee": "derived", "may_miss employee": "plain", "renamed employee": "plain"}


def edges(query: str) -> dict[str, tuple[str, int | None]]:
    rows = SqlRows("pg", "test")
    rows.add(sql_lineage(query, dialect="spark"), Job("pg", "job"))
    frame = rows.frames()["edges"]
    k = frame["k"] if "k" in frame.columns else pl.Series([None] * frame.height)
    return {f"{s.partition('#')[2]} {t.partition('#')[2]}": (w, n) for s, t, w, n in zip(frame["source"], frame["target"], frame["subtype"], k, strict=True)}


def test_decryption_and_predicates_are_told() -> None:
    found = edges(
        "INSERT INTO o SELECT CAST(aes_decrypt(c, 'k') AS STRING) AS shown, length(aes_decrypt(c, 'k')) AS size, d = 'E11' AS flag,"
        " NOT d IN ('E10') AS other, length(d) > 3 AS long, d IS NULL AS nothing FROM p"
    )
    words = {name: word for name, (word, _) in found.items()}
    assert words["c shown"] == "DECRYPTION" and words["c size"] == "TRANSFORMATION"
    assert words["d flag"] == words["d other"] == "PREDICATE"
    assert words["d long"] == words["d nothing"] == "TRANSFORMATION"


@pytest.mark.parametrize(
    ("query", "k"),
    [
        ("SELECT dep, avg(pay) AS a FROM p GROUP BY dep HAVING count(DISTINCT who) >= 10", 10),
        ("SELECT dep, avg(pay) AS a FROM p GROUP BY dep HAVING 10 < count(DISTINCT who) AND max(pay) > 1", 11),
        ("WITH x AS (SELECT dep, avg(pay) AS a FROM p GROUP BY dep HAVING count(DISTINCT who) > 4) SELECT * FROM x", 5),
        ("SELECT dep, avg(pay) AS a FROM p GROUP BY dep HAVING count(DISTINCT who) >= 10 OR dep = 'x'", None),
        ("SELECT dep, avg(pay) AS a FROM p GROUP BY dep HAVING count(who) >= 10", None),
        ("SELECT dep, avg(pay) AS a FROM p GROUP BY dep HAVING count(DISTINCT who) <= 10", None),
        ("SELECT dep, avg(pay) AS a FROM p GROUP BY dep HAVING count(DISTINCT who) >= 10 UNION ALL SELECT dep, avg(pay) FROM p GROUP BY dep", None),
    ],
)
def test_the_size_of_groups(query: str, k: int | None) -> None:
    assert max((n for _, n in edges(f"INSERT INTO o {query}").values() if n is not None), default=None) == k


def test_two_statements_that_write_a_table_promise_no_size() -> None:
    query = "SELECT dep, avg(pay) AS a FROM p GROUP BY dep"
    script = f"INSERT INTO o {query} HAVING count(DISTINCT who) >= 10; INSERT INTO o {query}"
    assert all(n is None for _, n in edges(script).values())


def test_what_is_replaced_as_a_whole_is_told() -> None:
    def written(query: str) -> str | None:
        rows = SqlRows("pg", "test")
        rows.add(sql_lineage(query, dialect="spark"), Job("pg", "job"))
        return rows.frames()["edges"].filter(type="WRITE", target="pg/o")["subtype"].item()

    assert written("CREATE OR REPLACE TABLE o AS SELECT x FROM p") == written("INSERT OVERWRITE TABLE o SELECT x FROM p") == "OVERWRITE"
    assert written("INSERT INTO o SELECT x FROM p") is None
    assert written("INSERT OVERWRITE TABLE o PARTITION (d = 1) SELECT x FROM p") is None
