"""Options of what reads SQL: a wrong one is an error that names it, with what it should be."""

from __future__ import annotations

from pathlib import Path

import pytest

import lineage_nb as ln
from lineage_nb.errors import LineageError
from lineage_nb.sources.exports import how_to_export

WRONG_FOR_ALL = [
    ("dialect", 3, "dialect must be a name"),
    ("schema", "x", "schema"),
    ("schema", 3, "schema"),
    ("schema", ["t"], "schema"),
    ("schema", {"t": "a,b"}, "not the text 'a,b'"),
    ("schema", {"t": 3}, "not 't' to 3"),
    ("schema", {3: ["a"]}, "3"),
]
WRONG = {
    "text": [
        *WRONG_FOR_ALL,
        ("dialect", [], "dialect must be a name"),
        ("default_catalog", 3, "default_catalog is 3"),
        ("default_schema", [], "default_schema is \\[\\]"),
        ("functions", "md5", "functions is 'md5'; give a mapping"),
        ("functions", {"f": 3}, "unknown verdict 3"),
    ],
    "log": [
        *WRONG_FOR_ALL,
        ("columns", {"statement": 3}, "columns: statement is 3"),
        ("columns", {3: "sql"}, "columns is {3: 'sql'}"),
        ("namespace", 3, "namespace is 3"),
        ("processes", "many", "processes is 'many'"),
        ("processes", 0, "processes is 0"),
        ("prices", 3, "prices is 3; give a mapping, such as {'credit': 3.0}"),
        ("prices", ["credit"], "prices is"),
        ("prices", {"credit": "3"}, "prices: credit is '3'"),
        ("prices", {"credit": float("nan")}, "prices: credit is nan"),
        ("prices", {"credit": -1}, "prices: credit is -1"),
        ("prices", {"credits": 1}, "unknown name credits. Known: tib, credit, slot_hour"),
        ("currency", None, "currency is None"),
    ],
    "sql": [
        *WRONG_FOR_ALL,
        ("pattern", 3, "pattern is 3; give a text"),
        ("default_catalog", 3, "default_catalog is 3"),
        ("namespace", 3, "namespace is 3"),
    ],
}


@pytest.mark.parametrize(("name", "value", "said"), WRONG["text"])
def test_options_of_sql_lineage(name: str, value: object, said: str) -> None:
    with pytest.raises(LineageError, match=said):
        ln.sql_lineage("SELECT a FROM t", **{name: value})


@pytest.mark.parametrize(("name", "value", "said"), WRONG["log"])
def test_options_of_query_logs(tmp_path: Path, name: str, value: object, said: str) -> None:
    (tmp_path / "log.csv").write_text("statement,time,user\nSELECT a FROM t,2025-01-01,jo\n")
    with pytest.raises(LineageError, match=said):
        ln.read(tmp_path / "log.csv", **{name: value})


@pytest.mark.parametrize(("name", "value", "said"), WRONG["sql"])
def test_options_of_sql_folders(tmp_path: Path, name: str, value: object, said: str) -> None:
    (tmp_path / "a.sql").write_text("SELECT a FROM t")
    with pytest.raises(LineageError, match=said):
        ln.read(tmp_path, format="sql", **{name: value})


def test_the_frame_of_a_file_is_one_that_there_is(tmp_path: Path) -> None:
    (tmp_path / "some.csv").write_text("source;target\na;b\n")
    assert ln.read(tmp_path / "some.csv").edges.select("source", "target").rows() == [("a", "b")]
    with pytest.raises(LineageError, match="frame is 'edge'; give one of nodes, edges"):
        ln.read(tmp_path / "some.csv", frame="edge")


@pytest.mark.parametrize("platform", [None, 3, [], "", "oracle"])
def test_platforms_that_there_are_not(platform: object) -> None:
    with pytest.raises(LineageError, match="Known: bigquery, databricks"):
        how_to_export(platform)  # type: ignore[arg-type]
