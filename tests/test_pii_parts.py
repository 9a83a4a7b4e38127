"""Parts of blobs: a label of one key is not in what another key of the same blob became."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import lineage_nb as ln
from lineage_nb.api import Snapshot
from lineage_nb.sql.json_parts import sure_path
from lineage_nb.sql.lineage import sql_lineage


def snap_of(folder: Path, sql: str, tags: dict[str, str], dialect: str = "postgres") -> Snapshot:
    folder.mkdir(exist_ok=True)
    (folder / "a.sql").write_text(sql, encoding="utf-8")
    read = ln.read(folder, format="sql", dialect=dialect)
    space = read.nodes.filter(kind="dataset")["namespace"][0]
    ids = [f"{space}/{name}" for name in tags]
    rows = {"id": ids, "kind": ["column"] * len(ids), "parent": [i.partition("#")[0] for i in ids], "tags": [f"pii:{x}" for x in tags.values()]}
    return read.merge(ln.from_frames(nodes=rows))


def reached(snap: Snapshot, **wanted: str) -> dict[str, str]:
    """Certainty by column; of a suspected label ``suspected``."""
    rows = snap.pii().frame.filter(**wanted) if wanted else snap.pii().frame
    told = pl.when("suspected").then(pl.lit("suspected")).otherwise("certainty")
    return dict(rows.select(pl.col("node").str.extract(r"/(.*)$"), told.alias("how")).rows())


@pytest.mark.parametrize(
    ("dialect", "dept", "mail"),
    [
        ("postgres", "j->>'dept'", "j->>'email'"),
        ("postgres", "j#>>'{dept}'", "j#>>'{email}'"),
        ("postgres", "jsonb_extract_path_text(j, 'dept')", "json_extract_path_text(j, 'email')"),
        ("postgres", "jsonb_pretty(j->'dept')", "coalesce(j->'email', 'x')"),
        ("bigquery", "JSON_VALUE(j, '$.dept')", "JSON_QUERY(j, '$.email')"),
        ("bigquery", "JSON_EXTRACT_SCALAR(j, '$.dept')", "JSON_EXTRACT(j, '$.email')"),
        ("bigquery", "j.dept", "j.email"),
        ("snowflake", "j:dept::string", "GET_PATH(j, 'email')"),
        ("snowflake", "j['dept']", "JSON_EXTRACT_PATH_TEXT(j, 'email')"),
        ("databricks", "get_json_object(j, '$.dept')", "j:email"),
        ("mysql", "j->'$.dept'", "JSON_EXTRACT(j, '$.email')"),
        ("tsql", "JSON_VALUE(j, '$.dept')", "JSON_VALUE(j, 'lax $.email')"),
        ("clickhouse", "JSONExtract(j, 'dept', 'String')", "JSONExtractString(j, 'email')"),
    ],
)
def test_a_label_of_one_key_is_not_in_another(tmp_path: Path, dialect: str, dept: str, mail: str) -> None:
    sql = f"CREATE VIEW u AS SELECT {dept} AS d, {mail} AS m, j AS copy FROM t"
    upper = dialect == "snowflake"
    leaf, whole = ("T#J.email", "T#J") if upper else ("t#j.email", "t#j")
    d, m, copy = ("U#D", "U#M", "U#COPY") if upper else ("u#d", "u#m", "u#copy")
    found = reached(snap_of(tmp_path / "leaf", sql, {leaf: "email"}, dialect))
    assert {k: found.get(k) for k in (d, m, copy)} == {d: None, m: "proved", copy: "proved"}
    blob = reached(snap_of(tmp_path / "blob", sql, {whole: "email"}, dialect))
    assert {blob.get(k) for k in (d, m, copy)} == {"proved"}


@pytest.mark.parametrize(
    ("dialect", "value"),
    [
        ("postgres", "j->>k"),
        ("postgres", "j->'contact'"),
        ("postgres", "j->'contact'->'email'->>'domain'"),
        ("postgres", "jsonb_build_object('a', j)->'a'->'contact'->>'email'"),
        ("mysql", "JSON_EXTRACT(j, '$**.email')"),
        ("mysql", "JSON_EXTRACT(j, '$.dept', '$.contact')"),
        ("mysql", "JSON_EXTRACT(j, '$.*.email')"),
        ("oracle", "JSON_VALUE(j, '$.contact[1 to 2].email')"),
        ("oracle", "JSON_VALUE(j, '$..email')"),
        ("duckdb", "json_extract(j, '/contact/email')"),
        ("duckdb", "CASE WHEN k = 1 THEN j->>'$.dept' ELSE j->>'$.contact' END"),
    ],
)
def test_what_may_take_a_labelled_key_has_its_label(tmp_path: Path, dialect: str, value: str) -> None:
    leaf, target = ("T#J.contact.email", "U#X") if dialect == "oracle" else ("t#j.contact.email", "u#x")
    assert target in reached(snap_of(tmp_path / "a", f"CREATE VIEW u AS SELECT {value} AS x FROM t", {leaf: "email"}, dialect))


@pytest.mark.parametrize(
    ("dialect", "source", "value"),
    [
        ("snowflake", "T, LATERAL FLATTEN(input => J) f", "f.value:email"),
        ("postgres", "t, jsonb_each(j) e", "e.value->>'email'"),
        ("tsql", "t CROSS APPLY OPENJSON(j) o", "JSON_VALUE(o.value, '$.email')"),
    ],
)
def test_an_object_that_is_taken_apart_may_hold_the_key_anywhere(tmp_path: Path, dialect: str, source: str, value: str) -> None:
    leaf, target = ("T#J.contact.email", "U#X") if dialect == "snowflake" else ("t#j.contact.email", "u#x")
    sql = f"CREATE VIEW u AS SELECT {value} AS x FROM {source}"
    assert target in reached(snap_of(tmp_path / "a", sql, {leaf: "email"}, dialect))


COPIES = """
CREATE VIEW u AS SELECT j AS j2, j->'contact' AS ct, jsonb_build_object('a', j) AS made FROM t;
CREATE VIEW w AS SELECT j2->>'email' AS m, j2->>'dept' AS d, ct->>'email' AS cm, made->>'dept' AS md FROM u;
"""


def test_copies_of_a_blob_have_its_parts(tmp_path: Path) -> None:
    leaf = reached(snap_of(tmp_path / "a", COPIES, {"t#j.email": "email"}))
    assert {c: leaf.get(f"w#{c}") for c in ("m", "d", "cm", "md")} == {"m": "proved", "d": None, "cm": None, "md": "possible"}
    whole = reached(snap_of(tmp_path / "b", COPIES, {"t#j": "email"}))
    assert {c: whole.get(f"w#{c}") for c in ("m", "d", "cm", "md")} == {"m": "proved", "d": "proved", "cm": "possible", "md": "possible"}


def test_a_way_through_a_part_reads_as_one_through_the_blob(tmp_path: Path) -> None:
    snap = snap_of(tmp_path / "a", COPIES, {"t#j.email": "email"})
    way = snap.pii().explain("w#m", "email")
    assert way["target"].str.extract(r"/(.*)$").to_list() == ["t#j", "u#j2", "w#m"]
    assert way["statement"].to_list() == [None, "j AS j2", "j2->>'?' AS m"]
    assert snap.pii().cure("w#m").frame.height == 1


def test_other_analyses_see_the_blob_and_no_columns_of_its_parts(tmp_path: Path) -> None:
    snap = snap_of(tmp_path / "a", COPIES, {"t#j": "email"})
    assert snap.impact("t#j").frame["node"].str.contains("w#d", literal=True).any()
    assert not snap.nodes["id"].str.contains("#j.", literal=True).any()


def test_a_decision_about_a_blob_is_one_about_its_parts(tmp_path: Path) -> None:
    snap = snap_of(tmp_path / "a", COPIES, {"t#j": "email"})
    book = pl.DataFrame({"node": ["u#j2"], "label": ["email"], "decision": ["is_not"]})
    assert "w#m" not in set(snap.pii(decisions=book).frame["node"].str.extract(r"/(.*)$"))


def test_what_is_not_known_of_a_blob_is_not_known_of_its_parts(tmp_path: Path) -> None:
    snap = snap_of(tmp_path / "a", COPIES, {"other#x": "email"})
    told = dict(snap.pii().status(sources="unknown", names=False).select(pl.col("node").str.extract(r"/(.*)$"), "status").rows())
    assert told["w#d"] == told["w#m"] == "unknown"


def test_an_older_statement_of_another_part_counts_as_well(tmp_path: Path) -> None:
    frames = {
        "nodes": {"id": ["t#j.email", "t#j", "u#x"], "kind": ["column"] * 3, "parent": ["t", "t", "u"], "tags": [["pii:email"], None, None]},
        "edges": {"source": ["t#j"] * 2, "target": ["u#x"] * 2, "job": ["q"] * 2, "source_path": ["email", "dept"], "last_seen": ["2024-01-01", "2024-01-02"]},
    }
    assert "u#x" in ln.from_frames(**frames).pii().frame["node"]
    frames["edges"]["source_path"] = ["contact", "dept"]
    assert "u#x" not in ln.from_frames(**frames).pii().frame["node"]
    frames["edges"]["source_path"] = [None, "dept"]
    assert "u#x" in ln.from_frames(**frames).pii().frame["node"]


def test_a_copy_that_another_job_sums_up_as_well_is_still_a_copy() -> None:
    nodes = [{"id": "a#j", "kind": "column", "tags": ["pii:health"]}, {"id": "a#j.dept", "kind": "column", "tags": ["pii:email"]}, {"id": "b#j", "kind": "column"}, {"id": "c#x", "kind": "column"}]
    nodes += [{"id": "a#j.other", "kind": "column", "tags": ["pii:phone"]}]
    copy = {"source": "a#j", "target": "b#j", "job": "1", "subtype": "IDENTITY"}
    taken = {"source": "b#j", "target": "c#x", "job": "1", "source_path": "dept"}
    summed = {"source": "a#j", "target": "b#j", "job": "2", "subtype": "AGGREGATION", "verdict": "aggregated"}

    def told(*edges: dict[str, str]) -> dict[str, str]:
        frame = ln.from_frames(nodes=nodes, edges=[taken, *edges]).pii().frame
        return dict(frame.filter(node="c#x").select("label", "certainty").rows())

    assert told(copy) == {"health": "proved", "email": "proved"}
    assert told(copy, summed) == {"health": "proved", "email": "proved", "phone": "possible"}
    assert told(summed) == {"health": "possible", "email": "possible", "phone": "possible"}


def test_a_path_is_of_the_source_only_where_the_document_is_the_source() -> None:
    query = "WITH c AS (SELECT OBJECT_CONSTRUCT('a', v) AS o, v:b AS p, v AS q FROM t) SELECT o:a.x AS x, p:y AS y, q:z AS z FROM c"
    edges = [edge for _, found in sql_lineage(query, dialect="snowflake").flows for edge in found]
    assert {e.output_column: sure_path(e.path) for e in edges} == {"X": None, "Y": "b", "Z": "z"}


def test_masking_alone_leaves_a_pseudonym() -> None:
    def verdict(**more: object) -> str:
        edges = {"source": ["t#m"], "target": ["u#m"], **more}
        found = ln.from_frames(nodes={"id": ["t#m", "u#m"], "kind": ["column"] * 2, "tags": ["pii:email", None]}, edges=edges).pii()
        return str(found.frame.filter(node="u#m")["verdict"].item())

    assert verdict(masking=[True]) == verdict(masking=[True], subtype=["AGGREGATION"]) == "pseudonymised"
    assert verdict(masking=[True], verdict=["redacted"]) == "redacted"
    assert verdict(masking=[True], subtype=["DECRYPTION"]) == verdict(masking=[False]) == "plain"
    assert verdict(source=["t#m"] * 2, target=["u#m"] * 2, masking=[True, None], subtype=["TRANSFORMATION", "IDENTITY"], job=["j"] * 2) == "plain"


def test_a_mask_means_the_same_in_parts_that_are_merged() -> None:
    def part(masking: bool | None, **more: object) -> ln.Snapshot:
        edge = {"source": "t#m", "target": "u#m", "job": "j", "masking": masking, **more}
        return ln.from_frames(nodes={"id": ["t#m", "u#m"], "kind": ["column"] * 2, "tags": ["pii:email", None]}, edges=[edge])

    def verdict(*parts: ln.Snapshot) -> list[str]:
        merged = parts[0] if len(parts) == 1 else parts[0].merge(parts[1])
        return merged.pii().frame.filter(node="u#m")["verdict"].to_list()

    hashed, silent = part(True, subtype="HASH"), part(None, subtype="IDENTITY")
    assert verdict(hashed) == ["pseudonymised"]
    assert verdict(hashed, silent) == verdict(silent, hashed) == ["plain"]
    nothing, redacted = part(None, subtype="IDENTITY", verdict="none"), part(None, subtype="IDENTITY", verdict="redacted")
    assert verdict(nothing, hashed) == verdict(nothing, part(None, subtype="HASH")) == []
    assert verdict(redacted, hashed) == ["redacted"]
    assert verdict(redacted, part(True, subtype="IDENTITY")) == ["pseudonymised"]


def test_a_person_taken_out_of_a_blob_is_a_key_and_a_department_is_none(tmp_path: Path) -> None:
    sql = """
    CREATE VIEW u AS SELECT j->>'user_id' AS uid, j->>'dept' AS dept, salary FROM t;
    CREATE VIEW a AS SELECT uid, SUM(salary) AS total FROM u GROUP BY uid;
    CREATE VIEW b AS SELECT dept, SUM(salary) AS total FROM u GROUP BY dept;
    CREATE VIEW c AS SELECT j->>'user_id' AS uid, SUM(salary) AS total FROM t GROUP BY 1;
    """
    found = snap_of(tmp_path / "x", sql, {"t#j.user_id": "user_id", "t#salary": "salary"}).pii(labels="salary").frame
    told = dict(found.select(pl.col("node").str.extract(r"/(.*)$"), "verdict").rows())
    assert (told["a#total"], told["b#total"], told["c#total"]) == ("plain", "aggregated", "plain")
