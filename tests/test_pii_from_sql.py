"""What SQL says decides what becomes of personal data."""

from __future__ import annotations

from pathlib import Path

import polars as pl

import lineage_nb as ln


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
