"""Templates whose conditions or macros the text does not tell: nothing that one of their texts does is called clean."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import lineage_nb as ln
from lineage_nb.sql.jinja import OPEN, render
from lineage_nb.sql.lineage import sql_lineage

TAGS = "models: [{name: p, columns: [{name: email, tags: ['pii:email']}, {name: dept}, {name: id}]}]"
DDL = "create table p(id int, email varchar(100), dept varchar(20)); create table q(a int)"

MODELS = {
    "condition": "select {% if flags.X %} dept {% else %} email {% endif %} as e, dept as d from p",
    "chain": "select {% if flags.X %} dept {% elif flags.Y %} id {% else %} email {% endif %} as e, dept as d from p",
    "hashed": "select {% if target.name == 'prod' %} md5(email) {% else %} email {% endif %} as e, dept as d from p",
    "value": "select {{ 'dept' if flags.X else 'email' }} as e, dept as d from p",
    "incremental": "select {% if is_incremental() %} dept {% else %} email {% endif %} as e, dept as d from p",
    "set": "{% set c = 'dept' %}{% if flags.X %}{% set c = 'email' %}{% endif %}select {{ c }} as e, dept as d from p",
    "default": "select {% if var('mask', true) %} md5(email) {% else %} email {% endif %} as e, dept as d from p",
    "source": "select e, d from {% if flags.X %} (select dept e, dept d from p) x {% else %} (select email e, dept d from p) x {% endif %}",
    "two": "with x as (select {% if a %} dept {% else %} email {% endif %} v, dept d from p) select {% if b %} md5(v) {% else %} v {% endif %} as e, d from x",
}


def told(folder: Path, files: dict[str, str], dialect: str = "postgres") -> dict[str, str]:
    """Column → its status, with the verdict where e-mail reaches it."""
    for name, text in {"schema.yaml": TAGS, "a_ddl.sql": DDL, **files}.items():
        (folder / name).write_text(text, encoding="utf-8")
    answer = ln.read(folder, format="sql", dialect=dialect).pii(labels=["email"])
    status = {row["node"].partition("/")[2].lower(): row["status"] for row in answer.status().to_dicts()}
    verdicts = {n.partition("/")[2].lower(): v for n, v in answer.frame.select("node", "verdict").iter_rows() if "#" in n}
    return {node: f"{state} {verdicts.get(node, '')}".strip() for node, state in status.items()}


def test_each_branch_of_a_condition_is_read(tmp_path: Path) -> None:
    found = told(tmp_path, {f"{name}.sql": text for name, text in MODELS.items()})
    assert {name: (found[f"{name}#e"], found[f"{name}#d"]) for name in MODELS} == dict.fromkeys(MODELS, ("proved plain", "clean"))


def test_more_conditions_than_are_read_leave_the_columns_open(tmp_path: Path) -> None:
    model = "select " + ", ".join(f"{{% if flags.x{i} %}} dept {{% else %}} id {{% endif %}} as c{i}" for i in range(4)) + " from p"
    assert told(tmp_path, {"m.sql": model})["m#c1"] == "possible plain"
    assert not render(model).complete and OPEN in str(render(model).problems[-1])
    assert len(render(model).variants) == 7
    assert {row[0] for row in sql_lineage(model).edges.filter(pl.col("input_table") == "").select("output_column").iter_rows()} >= {"c0", "c3"}


def test_one_condition_is_one_choice() -> None:
    rendered = render("{% if x %}a{% else %}b{% endif %}{% if not x %}c{% else %}d{% endif %}")
    assert (rendered.text, rendered.variants) == ("ad", ("bc",))
    assert render("{% if var('x', true) %}a{% endif %}b").variants == ("b",)
    assert render("{% if 1 == 1 %}a{% endif %}b").variants == ()


def test_a_value_that_is_not_given_stays_a_value_outside_of_select() -> None:
    rendered = render("select a, {{ var('x') }} as x, a * {{ var('y') }} from t where d >= {{ var('s') }} and e in ({{ var('t') }})")
    assert rendered.text == "select a, __jinja_var_x__ as x, a * '__jinja_var_y__' from t where d >= '__jinja_var_s__' and e in ('__jinja_var_t__')"
    many = render("select " + ", ".join(f"{{{{ var('c{i}') }}}} as x{i}, 'it (' as y{i}, max(d)" for i in range(1_000)) + " from t where d >= {{ var('s') }}").text
    assert many.count("'__jinja_") == 1 and many.count("__jinja_") == 1_001
    assert render("select {{ var('c') | default('email') }} from p").variants == ("select __jinja_var_c__ from p",)


def test_a_table_is_replaced_only_if_every_text_does() -> None:
    found = sql_lineage("{% if x %}create or replace table t as select a from s{% else %}insert into t select b from s{% endif %}")
    assert {e.what for s in found.statements for e in s.events} == {"create"}
    assert set(found.edges.select("output_column", "input_column").iter_rows()) == {("a", "a"), ("b", "b")}


MACROS = {
    "whole": "{{ dbt_utils.deduplicate(relation=ref('p'), partition_by='id', order_by='id') }}",
    "several": "{{ dbt_utils.union_relations(relations=[ref('p'), ref('q')]) }}",
    "inside": "select * from {{ dbt_utils.deduplicate(ref('p')) }}",
    "named": "with x as ({{ dbt_utils.deduplicate(ref('p')) }}) select email, dept from x",
    "broken": "select email, dept from p where )",
    "branch": "{% if x %} select dept as email, dept from p {% else %} select email, dept frm p where ) {% endif %}",
}


@pytest.mark.parametrize("name", MACROS)
def test_what_a_macro_makes_is_open_for_its_readers(tmp_path: Path, name: str) -> None:
    found = told(tmp_path, {"m.sql": MACROS[name], "n.sql": "select email as e, dept as d from {{ ref('m') }}"})
    assert (found["n#e"], found["n#d"]) == ("possible plain", "possible plain")


def test_a_macro_without_a_table_is_not_clean(tmp_path: Path) -> None:
    assert told(tmp_path, {"m.sql": "{{ config(materialized='table') }}{{ my_macro() }}", "n.sql": "select e from {{ ref('m') }}"})["n#e"] == "unknown"


BESIDE = {
    "select list": ("select {{ my_cols() }} from {{ ref('p') }}", "possible plain", "possible plain"),
    "further columns": ("select dept, {{ dbt_utils.pivot('id', ['a']) }} from {{ ref('p') }}", "possible plain", "clean"),
    "loop": ("select dept {% for c in cols() %}, {{ c }} as {{ c }}_x {% endfor %} from p", "possible plain", "clean"),
    "behind a column": ("select dept {{ more_cols() }} from p", "possible plain", "possible plain"),
    "behind a table": ("select dept from p {{ union_more() }}", "possible plain", "possible plain"),
    "another file": ("select dept {% include 'x' %} from p", "possible plain", "possible plain"),
    "condition of rows": ("select dept from p where {{ cond() }}", "clean", "clean"),
    "value": ("select dept, '{{ var('x') }}' as l from p", "clean", "clean"),
    "column that is not given": ("select {{ var('c') }} as email, dept from p", "possible plain", "clean"),
    "column that is not given, in a call": ("select 1 + (select 1 from p where id = 1), upper({{ env_var('c') }}) as email, dept from p", "possible plain", "clean"),
    "columns that are not given": ("select {% for c in var('cols') %} {{ c }} as email, {% endfor %} dept from p", "possible plain", "clean"),
    "column by default": ("select {{ var('c') | default('email') }} as email, dept from p", "proved plain", "clean"),
    "bound that is not given": ("select id as email, case when id >= {{ var('s') }} then 1 end x, dept from p where id >= {{ var('start') }} limit {{ var('n') }}", "clean", "clean"),
    "text given to a macro": ("select {% call w() %} email {% endcall %}, dept from {{ ref('p') }}", "possible plain", "clean"),
    "query given to a macro": ("{% call w() %} select email, dept from {{ ref('p') }} {% endcall %}", "possible plain", "possible plain"),
    "statement that dbt runs": ("{% call statement('s') %} select 1 {% endcall %} select id as email, dept from p", "clean", "clean"),
}


@pytest.mark.parametrize("name", BESIDE)
def test_what_a_macro_writes_beside_columns_may_be_any(tmp_path: Path, name: str) -> None:
    model, e, d = BESIDE[name]
    found = told(tmp_path, {"m.sql": model, "n.sql": "select email as e, dept as d from {{ ref('m') }}"})
    assert (found["n#e"], found["n#d"]) == (e, d)
