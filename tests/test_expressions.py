"""Each hop of an explanation shows the SQL that made the column, wherever it was read, and no value of a literal."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

import lineage_nb as ln
from lineage_nb.widgets.why import hops_html

SAMPLE = Path(__file__).parent.parent / "data_samples" / "stream" / "dbt"
SECRET = "hunter2"
HIDDEN = f"CASE WHEN email LIKE '%{SECRET}%' OR email IN ('{SECRET}', '4711') THEN email /* {SECRET} */ END"


def tagged(snap: ln.Snapshot, column: str) -> ln.Snapshot:
    tags = ln.from_frames(nodes=pl.DataFrame({"id": [column], "kind": ["column"], "tags": [["pii:email"]]}))
    return snap.merge(tags)


def statements(snap: ln.Snapshot, node: str) -> list[str | None]:
    return snap.pii().explain(node, label="email")["statement"].to_list()


def stored(snap: ln.Snapshot) -> str:
    return "".join(frame.write_json() for frame in snap.data.frames.values())


def test_a_folder_of_sql(tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_text(f"CREATE TABLE b AS SELECT lower(email) AS mail, {HIDDEN} AS flag FROM a;")
    (tmp_path / "b.sql").write_text("CREATE VIEW c AS SELECT sha2(mail, 256) AS mail_hash FROM b;")
    snap = tagged(ln.read(tmp_path, format="sql", namespace="db", dialect="snowflake"), "db/A#EMAIL")
    assert statements(snap, "db/C#MAIL_HASH") == ["lower(email) AS mail", "sha2(mail, 0) AS mail_hash"]
    (flag,) = statements(snap, "db/B#FLAG")
    assert flag == "CASE WHEN email LIKE '?' OR email IN ('?', '?') THEN email END AS flag"
    assert SECRET not in stored(snap)
    assert "4711" not in stored(snap)


def test_a_query_log_keeps_one_text_for_many_runs(tmp_path: Path) -> None:
    rows = "".join(f"\"INSERT INTO b SELECT concat(email, '{SECRET}') AS mail FROM a WHERE day = '{SECRET}{n}'\",2025-01-{n + 1:02d} 10:00:00,etl\n" for n in range(9))
    (tmp_path / "log.csv").write_text(f"statement,time,user\n{rows}")
    snap = tagged(ln.read(tmp_path / "log.csv", namespace="db", dialect="duckdb", schema={"b": ["mail"]}), "db/a#email")
    assert statements(snap, "db/b#mail") == ["concat(email, '?') AS mail"]
    assert snap.data.frames["edges"]["expression"].drop_nulls().to_list() == ["concat(email, '?') AS mail"]
    assert SECRET not in stored(snap)


def test_compiled_sql_of_dbt() -> None:
    snap = ln.read(SAMPLE)
    hops = snap.pii().explain("core.dim_users_hashed#email_hash", label="email")
    told = dict(hops.select(pl.col("target").str.extract(r"([^.]*)$"), "statement").iter_rows())
    assert told["stg_users#email"] == "lower(trim(email)) as email"
    assert told["dim_users_hashed#email_hash"] == "sha256(email) as email_hash"


def edge(text: str, day: int = 1, **more: object) -> dict[str, object]:
    return {"source": "a#email", "target": "b#mail", "expression": text, "evidence": "given", "last_seen": datetime(2025, 1, day, tzinfo=UTC), **more}


def given(*edges: dict[str, object]) -> ln.Snapshot:
    return ln.from_frames(edges=pl.DataFrame(edges), nodes=pl.DataFrame({"id": ["a#email"], "kind": ["column"], "tags": [["pii:email"]]}))


def test_frames_keep_it_through_save_and_merge(tmp_path: Path) -> None:
    snap = given(edge("trim(email)"))
    assert statements(snap, "b#mail") == ["trim(email)"]
    snap.save(tmp_path / "saved")
    opened = ln.read(tmp_path / "saved")
    assert opened.content_hash == snap.content_hash
    assert statements(opened, "b#mail") == ["trim(email)"]


def test_of_several_texts_the_newest_counts_then_the_larger() -> None:
    old, new, larger = edge("x(email)", 1), edge("lower(email)", 2), edge("trim(email)", 2)
    for some in ([old, new, larger], [larger, old, new]):
        assert statements(given(*some), "b#mail") == ["trim(email)"]
        assert statements(given(*some, edge("upper(email)", 3, evidence="other")), "b#mail") == ["upper(email)"]


def test_the_text_is_that_of_an_edge_that_shows_as_much() -> None:
    snap = given(edge("email", 1, verdict="plain", job="job:x/a"), edge("sha2(email)", 9, verdict="pseudonymised", job="job:x/b"))
    assert statements(snap, "b#mail") == ["email"]


def test_what_others_give_is_shown_without_values_and_escaped() -> None:
    hostile = f"concat(email, '<script>{SECRET}</script>') + 4711 -- {SECRET}"
    snap = given(edge(hostile))
    (text,) = statements(snap, "b#mail")
    assert text is not None
    assert text.startswith("concat(email, '?') + 0")
    assert SECRET not in text
    marked = given(edge('"<img src=x onerror=alert()>"'))
    html = hops_html(marked, marked.pii().explain("b#mail", label="email"))
    assert "<code>&quot;&lt;img" in html
    assert "<img" not in html


def test_the_graph_takes_no_notice_of_it() -> None:
    bare, told = given(edge("email")), given(edge("lower(email)"))
    assert json.dumps(bare.pii().frame.to_dicts(), default=str) == json.dumps(told.pii().frame.to_dicts(), default=str)
