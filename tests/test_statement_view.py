"""The display of a statement's lineage: text, cell, page and picture say the same, safely and within bounds."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lineage_nb as ln
from lineage_nb.cli import main
from lineage_nb.sql.result import Edge, Event, Problem, SqlLineage, Statement
from lineage_nb.sql.words import CONDITIONAL, FILTER, IDENTITY, PLAIN, REDACTED
from lineage_nb.views.statement import statement_html, statement_page, statement_text
from lineage_nb.views.statement_code import code_html
from lineage_nb.views.statement_outline import headline, outline, short_names
from lineage_nb.views.statement_picture import statement_picture
from lineage_nb.views.statement_scene import statement_scene

NS = {"s": "http://www.w3.org/2000/svg"}
HOSTILE = ["<script>alert(1)</script>", "\"' onload='alert(1)", "]]>&amp;<!--", "a\x00b\x1b\u202e", "</pre></style></svg>", "𝕏 数据"]
SCRIPT = """
CREATE TEMP TABLE t AS SELECT id, md5(mail) AS mail FROM raw.users WHERE active;
INSERT INTO mart.users (id, mail, kind)
SELECT t.id, t.mail, CASE WHEN o.total > 9 THEN 'big' END FROM t JOIN raw.orders o ON o.user_id = t.id;
"""


def lineage(edges: list[Edge], **facts: object) -> SqlLineage:
    """A lineage of one statement, by hand."""
    outputs = tuple(dict.fromkeys(e.output_table for e in edges if e.output_table))
    inputs = tuple(dict.fromkeys(e.input_table for e in edges if e.input_table))
    columns: dict[str, dict[str, None]] = {}
    for edge in edges:
        columns.setdefault(edge.output_table, {}).update({edge.output_column: None} if edge.output_column is not None else {})
    given = {
        "sql": "", "statements": (Statement("INSERT", inputs=inputs, outputs=outputs),), "inputs": inputs, "outputs": outputs,
        "columns": {t: tuple(c) for t, c in columns.items()}, "flows": ((0, tuple(edges)),), "problems": (),
    }  # fmt: skip
    return SqlLineage(**{**given, **facts})


def texts(svg: str) -> list[str]:
    return [t.text or "" for t in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def test_users_hold_a_class_with_a_display() -> None:
    found = ln.sql_lineage("SELECT a FROM t")
    assert isinstance(found, ln.SqlLineage) and isinstance(found, SqlLineage)
    bundle = found._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html"} and bundle["text/plain"] == repr(found)
    assert found.edges.height == 1 and found == ln.sql_lineage("SELECT a FROM t")


def test_text_of_a_script() -> None:
    text = repr(ln.sql_lineage(SCRIPT, dialect="postgres"))
    lines = [re.sub(r"\s+", " ", line).strip() for line in text.splitlines()]
    assert lines[0] == "Script of 2 statements writes mart.users from raw.users and raw.orders through 1 temporary table."
    assert "mail ← raw.users.mail [TRANSFORMATION; pseudonymised, masking]" in lines
    assert "kind ← raw.orders.total [CONDITIONAL; influence only]" in lines
    assert "all rows ← FILTER: raw.users.active" in lines
    assert "line 2: CREATE TABLE, raw.users → t (temporary)" in lines
    assert "line 3: INSERT, t and raw.orders → mart.users" in lines
    assert "t ← raw.users" in lines


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("", "There is no statement."),
        ("SELECT 1 AS one", "SELECT gives 1 column from no table."),
        ("CREATE VIEW v AS SELECT a, b FROM t", "CREATE VIEW writes 2 columns of v from t."),
        ("SELECT a FROM t; SELECT b, c FROM u", "Script of 2 statements gives 2 columns from t and u."),
    ],
)
def test_headline(statement: str, expected: str) -> None:
    assert headline(ln.sql_lineage(statement)) == expected


def test_headline_counts_problems() -> None:
    one = lineage([], statements=(Statement("UNPARSED"),), problems=(Problem("no", 1, 1),))
    assert headline(one) == "The statement could not be read; 1 problem."


def test_whole_output_influences_are_told_on_both_sides() -> None:
    edges = [
        Edge("o", "a", "t", "a", IDENTITY, PLAIN, False),
        Edge("o", None, "t", "day", FILTER, PLAIN, False),
        Edge("o", None, "u", "x", FILTER, PLAIN, False),
    ]
    scene = statement_scene(outline(lineage(edges)))
    assert [b.table for b in scene.left] == ["t", "u"]
    assert [(r.label, r.note) for b in scene.left for r in b.rows.values()] == [("a", ""), ("day", "FILTER"), ("x", "FILTER")]
    assert [b.notes for b in scene.right] == [("FILTER: t.day, u.x",)]
    assert [(f.used.column, f.column) for f in scene.flows] == [("a", "a")]


def test_verdict_by_colour_and_label_and_the_most_telling_wins() -> None:
    edges = [
        Edge("o", "a", "t", "a", IDENTITY, REDACTED, True),
        Edge("o", "a", "t", "a", IDENTITY, PLAIN, False),
        Edge("o", "a", "t", "b", IDENTITY, REDACTED, True),
        Edge("o", "c", "t", "a", CONDITIONAL, PLAIN, False),
    ]
    picture = statement_picture(outline(lineage(edges)))
    root = ET.fromstring(picture)
    flows = [p.get("class") for p in root.findall(".//s:g/s:path", NS) if "ln-flow" in (p.get("class") or "")]
    assert sorted(flows) == ["ln-flow ln-none", "ln-flow ln-plain", "ln-flow ln-redacted"]
    assert {"plain", "redacted", "influence only"} <= set(texts(picture))
    assert any(t.startswith("influences only") for t in texts(picture))
    assert ".ln-flow.ln-none{" in picture and "stroke-dasharray" in picture


def test_unresolved_inputs_are_drawn() -> None:
    told = outline(lineage([Edge("o", "a", "", "a", IDENTITY, PLAIN, False)]))
    assert "unresolved" in texts(statement_picture(told))
    assert "a (unresolved)" in statement_text(lineage([Edge("o", "a", "", "a", IDENTITY, PLAIN, False)]))


@given(st.integers(1, 30), st.integers(1, 40), st.integers(1, 4))
@settings(max_examples=25, deadline=None)
def test_counts_are_exact_and_bounded(tables: int, columns: int, inputs: int) -> None:
    edges = [
        Edge(f"o{t}", f"c{c}", f"in{i}.t", f"c{c}", IDENTITY, PLAIN, False)
        for t in range(tables)
        for c in range(columns)
        for i in range(inputs)
    ]
    scene = statement_scene(outline(lineage(edges)))
    drawn_in, drawn_out = (sum(len(b.rows) for b in side) for side in (scene.left, scene.right))
    assert drawn_in <= 60 and drawn_out <= 60 and len(scene.flows) <= 120 and len(scene.right) <= 12
    assert all(len(b.rows) + b.hidden == columns for b in (*scene.left, *scene.right))
    for drawn, total, word in (
        (drawn_out, tables * columns, "output column"),
        (drawn_in, inputs * columns, "input column"),
        (len(scene.flows), len(edges), "link"),
        (len(scene.left) + len(scene.right), inputs + tables, "table"),
    ):
        assert f"{drawn:,} of {total:,} {word}s" in scene.summary or scene.summary.startswith("All ")
    whole = drawn_out == tables * columns and len(scene.flows) == len(edges) and drawn_in == inputs * columns
    assert scene.summary.startswith("All ") == (whole and tables <= 12)


def test_size_is_bounded() -> None:
    wide = [Edge("o", f"column_{i}", "t", f"column_{j}", IDENTITY, PLAIN, False) for i in range(300) for j in range(20)]
    big = lineage(
        wide,
        sql="\n".join(["x" * 10_000] * 5_000),
        statements=tuple(Statement("INSERT", line=i, inputs=("a" * 500,) * 50, outputs=("b",)) for i in range(5_000)),
        problems=tuple(Problem("y" * 5_000, i, 3) for i in range(1, 4_000)),
        trail={f"tmp{i}": ("a",) * 100 for i in range(1_000)},
    )
    assert len(statement_html(big)) < 400_000
    assert len(statement_text(big)) < 60_000
    assert "4,960 more statements" in statement_html(big) and "3,979 more problems" in statement_html(big)
    assert "980 more tables contracted away" in statement_html(big)
    assert "240 more columns" in statement_text(big)


@given(st.lists(st.tuples(*[st.sampled_from(HOSTILE) | st.text(max_size=12)] * 4), min_size=1, max_size=6))
def test_any_names_give_well_formed_pictures(names: list[tuple[str, str, str, str]]) -> None:
    edges = [Edge(a, b, c, d, IDENTITY, PLAIN, False) for a, b, c, d in names]
    found = lineage(edges, sql="\n".join(map("".join, names)), problems=(Problem(names[0][0], 1, 2),))
    ET.fromstring(statement_picture(outline(found)))
    assert not re.search("[\x00-\x08\x1b\u202e]", statement_text(found))


def test_hostile_text_stays_text() -> None:
    edges = [Edge(a, b, b, a, IDENTITY, PLAIN, False) for a in HOSTILE for b in HOSTILE]
    found = lineage(
        edges, sql="\n".join(HOSTILE), problems=tuple(Problem(h, 1, 1) for h in HOSTILE), trail={h: (h,) for h in HOSTILE},
        statements=tuple(Statement(h, inputs=(h,), outputs=(h,), events=(Event(h, h, h),)) for h in HOSTILE),
    )  # fmt: skip
    for html in (statement_html(found), statement_page(found)):
        tags = set(re.findall(r"<([a-zA-Z]+)", html))
        assert not tags & {"script", "img", "iframe", "link", "object", "a", "form"}
        assert not re.search(r"<[^>]*\son[a-z]+\s*=", re.sub(r'"[^"]*"', '""', html))
        assert "http" not in html.replace("http://www.w3.org/2000/svg", "").replace('http-equiv="Content', "")
        assert "\x1b" not in html and "\u202e" not in html


def test_problems_are_marked_in_their_line() -> None:
    html = code_html("SELECT a\n\tFROM b\nWHERE c\n", [Problem("b: nowhere", 2, 7), Problem("no place", 0), Problem("past", 99)])
    assert html.count("<mark>") == 1 and "<mark>    FROM b</mark>" in html
    marked = [re.sub("<[^>]*>", "", line) for line in html.splitlines()]
    assert marked[2].index("^") == marked[1].index("b") and "b: nowhere" in marked[2]
    assert "no place" not in html and "past" not in html


def test_long_texts_show_the_lines_around_problems() -> None:
    html = code_html("\n".join(f"line {i}" for i in range(1, 1_001)), [Problem("here", 900, 1)])
    assert "697 lines not shown" in html and "98 lines not shown" in html
    assert "line 898\n" in html and "line 902\n" in html and "line 903\n" not in html


def test_empty_lines_before_the_text_count() -> None:
    html = code_html("\n\n\nSELECT 1")
    assert ">4 </span> SELECT 1" in html and html.count("\n") == 1


def test_names_are_short_where_that_is_clear() -> None:
    assert short_names(["a.x", "b.x", "c.y", "@stage/path/"]) == {"a.x": "a.x", "b.x": "b.x", "c.y": "y", "@stage/path/": "path/"}


def test_page_stands_alone(tmp_path: Path) -> None:
    page = ln.sql_lineage(SCRIPT).to_html(tmp_path / "page.html").read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>") and "default-src 'none'" in page
    assert "prefers-color-scheme:dark" in page and "src=" not in page and "@import" not in page


def test_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "q.sql"
    file.write_bytes(b"\xef\xbb\xbfSELECT `a` FROM `p.d.t`")
    assert main(["sql", str(file), "--dialect", "bigquery"]) == 0
    assert capsys.readouterr().out.startswith("SELECT gives 1 column from p.d.t.")
    assert main(["sql", str(file), "--dialect", "klingon"]) == 1
    assert main(["sql", str(tmp_path / "missing.sql")]) == 1
    assert "missing.sql" in capsys.readouterr().err
