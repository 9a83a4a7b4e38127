"""Statements → rows of the model, and what the analyses make of them."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest

import lineage_nb as ln
from lineage_nb.model.schema import FRAMES
from lineage_nb.model.snapshot import SnapshotData
from lineage_nb.sources.sql_rows import Job, SqlRows, dataset_id
from lineage_nb.sql.lineage import sql_lineage

DAY = 86_400_000_000


def rows_of(
    *statements: str, schema: dict[str, list[str]] | None = None, days: tuple[int, ...] = ()
) -> SqlRows:
    """One job a statement (j0, j1 …), which ran on day 0, 1 … or on those given."""
    rows = SqlRows("db", "test:sql")
    for table, columns in (schema or {}).items():
        rows.knows(table, columns)
    for number, text in enumerate(statements):
        when = (days[number] if days else number) * DAY
        rows.add(sql_lineage(text, schema=schema), Job("db", f"j{number}"), first=when, last=when)
    return rows


def snapshot(rows: SqlRows, tagged: str = "") -> ln.Snapshot:
    frames = rows.frames()
    for name, frame in frames.items():
        extras = {"expression": pl.String} if name == "edges" and "expression" in frame.columns else {}
        assert dict(frame.schema) == {**FRAMES[name].schema, **extras}, name
        for column in FRAMES[name].columns:
            assert not (column.required and frame[column.name].null_count()), (name, column.name)
    if tagged:
        about = pl.DataFrame({"id": [tagged], "kind": "column", "tags": [["pii:x"]]})
        frames["nodes"] = pl.concat([frames["nodes"], about], how="diagonal_relaxed")
    return ln.Snapshot(SnapshotData.of(frames))


def reached(snap: ln.Snapshot) -> dict[str, str]:
    """Which columns a tagged column reaches, and how surely."""
    return dict(snap.pii().frame.select("node", "certainty").iter_rows())


def edges(rows: SqlRows) -> set[tuple[str, ...]]:
    frame = rows.frames()["edges"].filter(pl.col("type").is_in(["DIRECT", "INDIRECT"]))
    return set(frame.select("source", "target", "subtype", "job").iter_rows())


def ties(rows: SqlRows) -> set[tuple[str, ...]]:
    frame = rows.frames()["edges"].filter(pl.col("type").is_in(["READ", "WRITE"]))
    return set(frame.select("source", "target", "type").iter_rows())


def test_a_statement_is_a_job_between_tables_and_columns() -> None:
    rows = rows_of("INSERT INTO m SELECT a + 1 AS x, 7 AS y FROM s WHERE b > 0 ORDER BY c")
    assert edges(rows) == {
        ("db/s#a", "db/m#x", "TRANSFORMATION", "job:db/j0"),
        ("db/s#b", "db/m", "FILTER", "job:db/j0"),
        ("db/s#c", "db/m", "SORT", "job:db/j0"),
    }
    assert ties(rows) == {
        ("db/s", "job:db/j0", "READ"),
        ("job:db/j0", "db/m", "WRITE"),
        ("job:db/j0", "db/m#y", "WRITE"),  # made by the statement itself
    }


def test_declared_types_places_and_kinds_of_tables() -> None:
    rows = rows_of("CREATE TABLE t (b INT, a VARCHAR(3))", "CREATE VIEW v AS SELECT a, b FROM t")
    frames = rows.frames()
    nodes = {r["id"]: r for r in frames["nodes"].iter_rows(named=True)}
    assert (nodes["db/t#b"]["data_type"], nodes["db/t#b"]["ordinal"]) == ("INT", 0)
    assert (nodes["db/t#a"]["data_type"], nodes["db/t#a"]["ordinal"]) == ("VARCHAR(3)", 1)
    assert nodes["db/v#a"]["ordinal"] == 0
    assert (nodes["db/t"]["type"], nodes["db/v"]["type"]) == ("table", "view")
    assert "job:db/j0" not in nodes  # a table that is only declared is no job
    assert nodes["db/v"]["first_seen"] == datetime(1970, 1, 2, tzinfo=UTC)


def test_columns_that_a_statement_does_not_name_are_not_reached() -> None:
    rows = rows_of(
        "CREATE TABLE t (id INT, flag INT, name INT)", "UPDATE t SET flag = s.f FROM s WHERE t.id = s.id"
    )
    assert reached(snapshot(rows, "db/s#f")) == {"db/s#f": "proved", "db/t#flag": "proved"}
    assert set(reached(snapshot(rows, "db/s#other"))) == {"db/s#other"}


def test_an_unresolved_input_leaves_its_column_open_and_no_other() -> None:
    rows = rows_of("CREATE TABLE m AS SELECT s.a AS p, q FROM s JOIN u ON s.k = u.k")
    tagged = snapshot(rows, "db/u#anything")
    assert reached(tagged) == {"db/u#anything": "proved", "db/m#q": "possible"}
    assert reached(snapshot(rows, "db/s#a"))["db/m#p"] == "proved"


def test_a_partly_resolved_column_keeps_what_is_known_and_stays_open() -> None:
    rows = rows_of("CREATE TABLE m AS SELECT s.a || q AS p FROM s JOIN u ON s.k = u.k")
    assert reached(snapshot(rows, "db/s#a"))["db/m#p"] == "proved"
    assert reached(snapshot(rows, "db/u#q"))["db/m#p"] == "possible"


def test_a_star_beside_named_columns_leaves_the_table_open() -> None:
    rows = rows_of("CREATE TABLE m AS SELECT s.id AS k, s.* FROM s", "CREATE TABLE n AS SELECT ssn FROM m")
    found = reached(snapshot(rows, "db/s#ssn"))
    assert found["db/m#ssn"] == "possible"
    assert found["db/n#ssn"] == "possible"
    assert "db/m#k" not in found
    alone = reached(snapshot(rows_of("CREATE TABLE m AS SELECT s.id AS k, s.* FROM s"), "db/s#ssn"))
    assert alone == {"db/s#ssn": "proved", "db/m#*": "possible"}


def test_a_mere_star_copies_the_table() -> None:
    rows = rows_of("CREATE TABLE m AS SELECT * FROM s")
    assert not edges(rows)
    assert snapshot(rows).impact("db/s").frame["node"].to_list() == ["db/m", "job:db/j0"]
    assert "db/m#*" not in rows.frames()["nodes"]["id"]


def test_a_delete_moves_no_values() -> None:
    rows = rows_of("CREATE TABLE t (id INT, x INT)", "DELETE FROM t USING s WHERE t.id = s.id AND s.gone")
    assert ("db/s#gone", "db/t", "FILTER", "job:db/j1") in edges(rows)
    assert ties(rows) == {("job:db/j1", "db/t", "WRITE")}
    assert set(reached(snapshot(rows, "db/s#id"))) == {"db/s#id"}
    assert not snapshot(rows).impact("db/s").frame["value"].any()


def test_a_verdict_that_is_not_known_is_not_outdone_by_one_that_is() -> None:
    rows = rows_of("CREATE TABLE m AS SELECT my_udf(a) || CAST(COUNT(a) AS TEXT) AS x FROM s")
    verdicts = rows.frames()["edges"].filter(pl.col("type") == "DIRECT")["verdict"]
    assert verdicts.null_count() == verdicts.len() > 0
    sure = rows_of("CREATE TABLE m AS SELECT COUNT(a) AS x FROM s")
    assert sure.frames()["edges"].filter(pl.col("type") == "DIRECT")["verdict"].to_list() == ["aggregated"]


def test_of_two_parts_of_one_json_value_the_plainer_counts() -> None:
    rows = rows_of("CREATE TABLE m AS SELECT md5(j ->> 'a') || (j ->> 'b') AS x FROM s")
    frame = rows.frames()["edges"].filter(pl.col("type") == "DIRECT")
    key = list(FRAMES["edges"].key)
    assert not frame.select(pl.struct(key).is_duplicated().any()).item()
    assert frame["verdict"].to_list() == ["plain"]


def test_temporary_tables_of_a_script_are_left_out() -> None:
    rows = rows_of("CREATE TEMP TABLE z AS SELECT q FROM r; INSERT INTO m SELECT q AS p FROM z")
    assert edges(rows) == {("db/r#q", "db/m#p", "IDENTITY", "job:db/j0")}
    assert not rows.frames()["nodes"]["id"].str.contains("/z").any()


def test_a_temporary_table_of_a_single_statement_is_kept() -> None:
    rows = SqlRows("db", "test:sql")
    rows.add(sql_lineage("CREATE TEMP TABLE z AS SELECT q FROM r").statements[0], Job("db", "j"))
    assert rows.frames()["nodes"].filter(id="db/z")["type"].item() == "temporary table"
    assert ("db/r#q", "db/z#q", "IDENTITY", "job:db/j") in edges(rows)


def test_a_dropped_table_is_gone_until_it_is_made_again() -> None:
    gone = snapshot(rows_of("CREATE TABLE t AS SELECT a FROM s", "DROP TABLE t"))
    assert gone.nodes.filter(id="db/t")["deleted_at"].item() == datetime(1970, 1, 2, tzinfo=UTC)
    again = snapshot(
        rows_of("CREATE TABLE t AS SELECT a FROM s", "DROP TABLE t", "CREATE TABLE t AS SELECT b FROM s")
    )
    assert again.nodes.filter(id="db/t")["deleted_at"].item() is None


def test_a_renamed_table_is_one_table() -> None:
    snap = snapshot(rows_of("CREATE TABLE t AS SELECT a FROM s", "ALTER TABLE t RENAME TO u"))
    assert set(snap.impact("db/s#a").frame["node"]) == {"db/u", "db/u#a", "job:db/j0"}


def test_a_table_that_takes_the_place_of_another_does_not_become_it() -> None:
    text = (
        "CREATE TABLE t_new AS SELECT a FROM s",
        "ALTER TABLE t RENAME TO t_old",
        "ALTER TABLE t_new RENAME TO t",
        "CREATE TABLE r AS SELECT a AS b FROM t",
    )
    snap = snapshot(rows_of(*text))
    found = set(snap.impact("db/s#a").frame.filter(pl.col("kind") == "column")["node"])
    assert {"db/t#a", "db/r#b"} <= found
    assert {"db/t", "db/t_old"} <= set(snap.nodes["id"])  # the older content has a name of its own


def test_swapped_tables_feed_each_other() -> None:
    rows = SqlRows("db", "test:sql")
    for number, text in enumerate(
        (
            "CREATE TABLE stage AS SELECT a FROM s",
            "ALTER TABLE t SWAP WITH stage",
            "CREATE VIEW v AS SELECT a FROM t",
        )
    ):
        when = number * DAY
        rows.add(sql_lineage(text, dialect="snowflake"), Job("db", f"j{number}"), first=when, last=when)
    assert "db/V#A" in snapshot(rows).impact("db/S#A").frame["node"].to_list()


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("s3://lake/in/x.csv", "s3://lake/in/x.csv"),
        ("@stage/x.csv", "db/@stage/x.csv"),
        ("a%b", "db/a%25b"),
        ("gs://", "gs:///"),
    ],
)
def test_ids_of_files_stages_and_odd_names(table: str, expected: str) -> None:
    assert dataset_id("db", table) == expected


def test_rows_do_not_depend_on_the_order_of_equal_statements() -> None:
    text = ("CREATE TABLE m AS SELECT a FROM s", "INSERT INTO m SELECT b FROM u")
    one, other = rows_of(*text), SqlRows("db", "test:sql")
    for number in (1, 0):
        when = number * DAY
        other.add(sql_lineage(text[number]), Job("db", f"j{number}"), first=when, last=when)
    assert SnapshotData.of(one.frames()) == SnapshotData.of(other.frames())
