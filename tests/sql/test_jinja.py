"""dbt templates: what they stand for, and that hostile ones end in words."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_nb.sql.jinja import is_template, render
from lineage_nb.sql.lineage import sql_lineage


def text(sql: str, **given: object) -> str:
    rendered = render(sql, **given)
    assert rendered.problems == ()
    return rendered.text


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("select 1", "select 1"),
        ("select a from {{ ref('m') }}", "select a from m"),
        ("select a from {{ ref('pkg', 'm') }}", "select a from m"),
        ("select a from {{ ref('m', version=2) }}", "select a from m_v2"),
        ("select a from {{ source('raw', 'users') }}", "select a from raw.users"),
        ("{{ config(materialized='table') }}select 1", "select 1"),
        ("{# a 'comment #}select 1", "select 1"),
        ("{% raw %}{{ x }}{% endraw %}", "{{ x }}"),
        ("x > {{ var('n', 5) }}", "x > 5"),
        ("x > {{ env_var('HOME', '/root') }}", "x > /root"),
        ("{% if is_incremental() %}a{% else %}b{% endif %}", "a"),
        ("{% if not is_incremental() %}a{% else %}b{% endif %}", "b"),
        ("{% if 1 == 2 %}a{% elif 2 > 1 %}b{% else %}c{% endif %}", "b"),
        ("{% set x = 'a' %}{{ x ~ '_' ~ 1 }}", "a_1"),
        ("{% set x %}a{{ 1 }}{% endset %}{{ x | upper }}", "A1"),
        (
            "{% for c in ['a', 'b'] %}{{ c }}{{ ',' if not loop.last }}{% endfor %}",
            "a,b",
        ),
        ("{% for i in range(3) %}{{ loop.index }}{% if loop.first %}!{% endif %}{% endfor %}", "1!23"),
        ("{% for k, v in {'a': 1}.items() %}{{ k }}={{ v }}{% endfor %}", "a=1"),
        ("{% for c in ['a', 'b', 'c'] if c != 'b' %}{{ c }}{% endfor %}", "ac"),
        ("{% for c in [] %}x{% else %}none{% endfor %}", "none"),
        ("{% for c in [1, 2, 3] %}{% if c == 2 %}{% break %}{% endif %}{{ c }}{% endfor %}", "1"),
        ("{{ ['a', 'b'] | join(', ') }}", "a, b"),
        ("{{ ' A b ' | trim | lower | replace('b', 'c') }}", "a c"),
        ("{% set n = namespace(x=1) %}{% set n.x = n.x + 1 %}{{ n.x }}", "2"),
        ("{% set l = [] %}{% do l.append('q') %}{{ l[0] }}", "q"),
        ("{{ 'a' if 'x' in ['x'] else 'b' }}", "a"),
        ("{{ ref('s.m').identifier }}", "m"),
    ],
)
def test_known_part(sql: str, expected: str) -> None:
    assert text(sql) == expected


def test_what_is_met_is_told() -> None:
    rendered = render(
        "{{ config(materialized='view') }}{{ ref('a') }} {{ ref('p', 'b') }} {{ ref('a') }} {{ source('s', 't') }}",
        refs={"a": "db.a", "p.b": "other.b"},
    )
    assert rendered.text == "db.a other.b db.a s.t"
    assert rendered.refs == ("a", "p.b")
    assert rendered.sources == ("s.t",)
    assert rendered.materialized == "view"


def test_given_values() -> None:
    assert text("{{ this }} {{ var('n') }}", this="db.t", variables={"n": 7}) == "db.t 7"
    assert text("{% for c in var('cs') %}{{ c }}{% endfor %}", variables={"cs": ["a", "b"]}) == "ab"


@pytest.mark.parametrize(
    ("sql", "expected", "line", "word"),
    [
        ("select\n{{ dbt_utils.star(ref('m')) }}", "select\n*", 2, "dbt_utils.star"),
        ("{{ this }}", "__jinja_this__", 1, "model"),
        ("x = {{ var('d') }}", "x = '__jinja_var_d__'", 1, "var('d')"),
        ("x = '{{ var('d') }}'", "x = '__jinja_var_d__'", 1, "var('d')"),
        ("from {{ var('s') }}.t", "from __jinja_var_s__.t", 1, "var('s')"),
        ("from {{ target.schema }}.t", "from __jinja_target_schema__.t", 1, "target.schema"),
        ("\n{% if target.name == 'x' %}a{% else %}b{% endif %}", "\na", 2, "condition"),
        ("{% macro f(x) %}y{% endmacro %}a", "a", 1, "macro 'f'"),
        ("{% for c in cols() %}max({{ c }}){% endfor %}", "max(__jinja_cols__)", 1, "cols"),
        ("{% test t(m) %}\nselect 1{% endtest %}", "\nselect 1", 1, "'test'"),
        ("{% call statement() %}a{% endcall %}b", "b", 1, "callblock"),
        ("{{ env_var('HOME') }}", "'__jinja_env_var_HOME__'", 1, "env_var('HOME')"),
        ("{{ x['a'] }}", "__jinja_item__", 1, "'x'"),
        ("{{ ''.__class__ }}", "__jinja___class____", 1, "__class__"),
        ("{{ 2 ** 9999 }}", "__jinja_expression__", 1, "Pow"),
        ("{{ range(100000) }}", "__jinja_range__", 1, "range"),
    ],
)
def test_unknown_part_is_named(sql: str, expected: str, line: int, word: str) -> None:
    rendered = render(sql)
    assert rendered.text == expected
    assert rendered.problems[0].line == line
    assert word in rendered.problems[0].message


def test_environment_is_not_read() -> None:
    os.environ["LINEAGE_NB_SECRET"] = "hunter2"
    try:
        assert "hunter2" not in render("{{ env_var('LINEAGE_NB_SECRET') }}").text
    finally:
        del os.environ["LINEAGE_NB_SECRET"]


def test_snapshot_is_its_query() -> None:
    rendered = render("{% snapshot s %}\nselect * from {{ ref('m') }}\n{% endsnapshot %}")
    assert (rendered.text.strip(), rendered.materialized, rendered.problems) == (
        "select * from m",
        "snapshot",
        (),
    )


def test_lines_stay() -> None:
    sql = "{{ config(\n  a=1\n) }}\n{#\n c #}\nselect a\n{%- set x = 1 -%}\n\nfrom {{ ref('m') }}\n{% if false %}\n\n{% endif %}z"
    lines = text(sql).split("\n")
    assert (lines[5], lines[8], lines[11]) == ("select a", "from m", "z")


@pytest.mark.parametrize(
    "broken", ["{{ 1 + }}", "{% if %}", "{{ 'a }}", "{% for %}", "{% endif %}", "{% break %}"]
)
def test_syntax_error_is_a_problem(broken: str) -> None:
    rendered = render(f"select a\nfrom t {broken}")
    assert rendered.text.startswith("select a\nfrom t ")
    assert "{%" not in rendered.text
    assert "{{" not in rendered.text
    assert "cannot be read" in rendered.problems[-1].message


@pytest.mark.parametrize(
    ("sql", "word"),
    [
        ("{% set x = 'aaaaaaaa' %}" + "{% set x = x ~ x %}" * 60 + "{{ x }}", "characters"),
        ("{% set x = ['a'] %}" + "{% set x = [x, x] %}" * 60 + "{{ x }}", "characters"),
        ("{% set x = [] %}{% do x.append(x) %}{{ x == [] }}", "characters"),
        ("{% set r = range(1000) %}{% for a in r %}{% for b in r %}x{% endfor %}{% endfor %}", "rounds"),
        ("{{ " + "(" * 20_000 + "1" + ")" * 20_000 + " }}", "deeply"),
        ("{% if a %}" * 3_000 + "{% endif %}" * 3_000, "deeply"),
        ("{{ " + "9" * 5_000 + " }}", "digits"),
    ],
)
def test_hostile_templates_end_in_words(sql: str, word: str) -> None:
    rendered = render(sql)
    assert any(word in problem.message for problem in rendered.problems)
    assert len(rendered.text) < 1_000_000


pieces = st.sampled_from(
    [
        "{{",
        "}}",
        "{%",
        "%}",
        "{#",
        "#}",
        "-",
        "'",
        "if",
        "for",
        "in",
        "x",
        "set",
        "=",
        "(",
        ")",
        "endif",
        "endfor",
        "else",
        "raw",
        "endraw",
        " ",
        "\n",
        "select",
        "~",
        "|",
        "ref",
        "[",
        "]",
        ".",
        "1",
        "snapshot",
        "not",
        "\x00",
    ]
)


@given(st.lists(pieces, max_size=40).map("".join))
def test_never_raises(sql: str) -> None:
    assert isinstance(render(sql).text, str)


@given(st.text(alphabet=st.characters(blacklist_characters="{\r", blacklist_categories=("Cs",))))
def test_plain_text_stays(sql: str) -> None:
    assert not is_template(sql)
    assert text(sql) == sql


def test_no_placeholder_is_shown() -> None:
    model = "select id, {{ my_key() }} as k from {{ ref('a') }} where d > (select max(d) from {{ this }})"
    for dialect in ("snowflake", "bigquery"):
        found = sql_lineage(model, dialect=dialect)
        everything = f"{found.edges.rows()}{found.inputs}{found.columns}{found.problems}{found.statements}".lower()
        assert "__jinja" not in everything
        assert [name.lower() for name in found.inputs] == ["a"]
        assert ("", "d") in {(e[2], e[3].lower()) for e in found.edges.rows()}
        assert any("give it with this=" in p.message for p in found.problems)
    told = sql_lineage(model, dialect="bigquery", this="shop.mart.m")
    assert told.inputs == ("a", "shop.mart.m")
    assert sql_lineage("insert into {{ env }}_db.t select a from s").outputs == ("{{ env }}_db.t",)
    parts = "select a from {{ this.database }}.{{ this.schema }}.{{ this.identifier }}_old"
    assert sql_lineage(parts, this="c.s.t").inputs == ("c.s.t_old",)
