"""Panels without a browser: controls and arguments, rows and their reasons, code, files, changes that come too late."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import Callable, Coroutine
from datetime import date
from typing import Any

import polars as pl
import pytest

import lineage_nb as ln
from lineage_nb.analyses.cost.attribution import cost
from lineage_nb.analyses.result import Answer
from lineage_nb.views.table import FULL_NAME, table_rows
from lineage_nb.widgets import asking, table
from lineage_nb.widgets.call import call
from lineage_nb.widgets.choosers import Few, Names, Period
from lineage_nb.widgets.fields import same
from lineage_nb.widgets.panels import QUESTIONS, Panel
from lineage_nb.widgets.rows import Rows
from lineage_nb.widgets.signature import parameters

EVIL = '<img src=x onerror="alert(1)">'


@pytest.fixture(scope="module")
def small() -> ln.Snapshot:
    return ln.from_frames(
        nodes=[
            {"id": "db://w/raw.users", "namespace": "db://w", "name": "raw.users", "bytes": 1_500_000, "tags": ["pii:email"]},
            {"id": "db://w/mart.users", "namespace": "db://w", "name": "mart.users", "owners": ["ann"]},
            {"id": "report:weekly", "kind": "report", "owners": [EVIL]},
            {"id": "principal:x/ana", "kind": "principal", "name": "ana"},
            {"id": EVIL},
        ],
        edges=[
            {"source": "db://w/raw.users", "target": "db://w/mart.users"},
            {"source": "db://w/mart.users", "target": "report:weekly"},
            {"source": "db://w/mart.users", "target": EVIL},
        ],
        usage=[{"node": "report:weekly", "consumer": "principal:x/ana", "day": "2026-01-31", "reads": 3}],
        costs=[
            {"node": n, "day": d, "amount": "1234.50", "currency": "USD"}
            for n in ("db://w/raw.users", EVIL)
            for d in ("2026-01-01", "2026-01-31")
        ],
    )


@pytest.fixture(scope="module")
def stream() -> ln.Snapshot:
    return ln.sample()


def pick(panel: Panel, row: int) -> None:
    """Click a row, as the browser tells it."""
    panel.table.rows.set_state({"selected_rows": [row]})


def press_enter(box: Any) -> None:
    box._handle_custom_msg({"event": "submit"}, [])


# -- controls --------------------------------------------------------------------------------------------------


def test_every_question_has_a_panel_whose_arguments_are_those_of_the_analysis(stream: ln.Snapshot) -> None:
    app = ln.app(stream)
    for name in app._questions:
        panel = app.turn_to(name)
        assert set(panel.controls) <= set(parameters(app._questions[name]))
        required = {n for n, p in parameters(app._questions[name]).items() if p.required}
        assert set(panel.arguments) == required, "controls begin with the defaults"
        wanting = panel._missing(panel.arguments)
        assert (panel.result is None) == bool(wanting), panel._shown.value[-300:]
        if not wanting:
            assert panel.result.frame.equals(getattr(stream, name)(**panel.arguments).frame)
    assert list(app.panels) == list(app._questions)


def test_tabs_are_built_when_they_are_opened(small: ln.Snapshot) -> None:
    app = small.app()
    assert app.panels == {} and app.explorer.visible
    app.set_state({"selected_index": 1 + list(app._questions).index("unused")})
    assert list(app.panels) == ["unused"]
    panel = app.panels["unused"]
    app.selected_index = 0
    assert app.turn_to("unused") is panel
    assert isinstance(panel.result, ln.Result)


def test_choices_come_from_the_analysis() -> None:
    assert parameters(cost)["method"].choices == ("usage", "even", "direct", "marginal", "shapley")

    def other(lineage: object, *, mode: str = "b", free: str = "x") -> None:
        """Ask.

        Parameters
        ----------
        mode : {"a", "b"}
            Which of ``both``.

        Returns
        -------
        None
        """

    assert (parameters(other)["mode"].choices, parameters(other)["mode"].told) == (("a", "b"), "Which of both.")
    assert parameters(other)["free"].choices == ()


def test_a_parameter_without_a_control_stays_as_given(small: ln.Snapshot) -> None:
    seen: list[dict[str, Any]] = []

    def ask(lineage: ln.Snapshot, *, by: str = "report", odd: object = None, deep: bool = False, top: int = 3, **more: Any) -> Answer:
        seen.append({"by": by, "odd": odd, "deep": deep, "top": top, **more})
        return cost(lineage, by=by)

    given = pl.DataFrame({"a": [1]})
    panel = Panel(small, "asked", questions={"asked": ask}, odd=given, further=1)
    assert list(panel.controls) == ["by", "deep", "top"]
    assert panel.code == "snap.asked(odd=odd, further=1)"
    panel.controls["deep"].value = True
    panel.controls["top"].value = 5
    assert seen[-1] == {"by": "report", "odd": given, "deep": True, "top": 5, "further": 1}
    assert panel.code == "snap.asked(odd=odd, deep=True, top=5, further=1)"


def test_an_analysis_without_a_picture_has_a_panel(small: ln.Snapshot) -> None:
    def asked(lineage: ln.Snapshot) -> Answer:
        frame = pl.DataFrame({"node": ["db://w/raw.users"], "mark": [None]})
        return Answer("asked", frame, "One mark.", {}, (), lineage, lambda node: frame.clear())

    panel = Panel(small, "asked", questions={"asked": asked})
    pick(panel, 0)
    assert panel.why.explorer is not None
    assert "raw.users</td>" in panel._repr_mimebundle_()["text/html"]


@pytest.mark.parametrize("arguments", [{"by": "nobody"}, {"period": ("2020-01-01", "2020-01-02")}, {"method": 3}, {"period": "x"}])
def test_values_that_no_control_can_show_reach_the_analysis(small: ln.Snapshot, arguments: dict[str, Any]) -> None:
    panel = small.panel("cost", **arguments)
    assert panel.arguments == arguments
    assert panel.result is None and 'role="alert"' in panel._shown.value


def test_names_are_completed_added_and_taken_out(small: ln.Snapshot) -> None:
    panel = small.panel("what_if")
    assert panel.result is None and "Choose what to remove." in panel._shown.value
    names = panel.controls["remove"]
    names.box.set_state({"value": "week"})
    assert names.box.options == ("report:weekly",)
    names.box.set_state({"value": "report:weekly"})
    assert (names.value, names.box.value) == (("report:weekly",), "")
    assert panel.code == "snap.what_if(remove=['report:weekly'])"
    assert panel.result.frame.equals(small.what_if(["report:weekly"]).frame)
    names.box.set_state({"value": "no such thing"})
    press_enter(names.box)
    assert "no node named &#x27;no such thing&#x27;" in panel._shown.value and panel.result is None
    names.chips.children[1].click()
    assert panel.result is not None
    names.chips.children[0].click()
    assert "Choose what to remove." in panel._shown.value


def test_a_period_is_two_recorded_days(small: ln.Snapshot) -> None:
    panel = small.panel("cost", by="dataset")
    period = panel.controls["period"]
    assert (period.first.min, period.last.max) == (date(2026, 1, 1), date(2026, 1, 31))
    period.last.set_state({"value": {"year": 2026, "month": 0, "date": 15}})
    assert panel.code == "snap.cost(by='dataset', period=('2026-01-01', '2026-01-15'))"
    assert panel.result.summary["billed"] == 2 * 1_234_500_000
    period.first.value = date(2026, 1, 20)
    assert panel.result is None and "the first before the last" in panel._shown.value
    period.first.value = period.last.value = None
    assert panel.code == "snap.cost(by='dataset')" and panel.result.summary["billed"] == 4 * 1_234_500_000


def test_no_list_and_an_empty_one_are_told_apart_where_it_matters(small: ln.Snapshot) -> None:
    panel = small.panel("unused")
    assert panel.code == "snap.unused()"
    panel.controls["protect"].value = ()
    assert panel.code == "snap.unused(protect=[])"
    assert same(("a",), ["a"]) and same("a", ["a"]) and same(None, []) and not same(None, 0) and not same(True, 1)


def test_small_choosers() -> None:
    assert Few("Kinds", ["a", "b"]).value == ()
    assert Names("n", lambda _: [], ["b", "b", "a"]).value == ("b", "a")
    assert Period(date(2026, 1, 1), date(2026, 1, 2)).whole


def test_every_control_has_a_label(stream: ln.Snapshot) -> None:
    for name in QUESTIONS:
        for control in stream.panel(name).controls.values():
            parts = [p for p in (control, *getattr(control, "children", ())) if "value" in p.traits() and "description" in p.traits()]
            parts = parts or [p for row in control.children for p in row.children]
            assert all(getattr(p, "description", "") or p.value for p in parts), name


# -- the answer ------------------------------------------------------------------------------------------------


def test_a_row_is_explained_and_shown_in_the_graph(stream: ln.Snapshot) -> None:
    panel = stream.panel("unused", monitors=["svc-scanner"])
    assert panel.why.explorer is None and panel.why.layout.display == "none"
    nodes = panel.result.frame["node"].to_list()
    zombie = next(i for i, n in enumerate(nodes) if n.endswith("recs_v1_scores"))
    pick(panel, zombie)
    explorer = panel.why.explorer
    assert explorer is not None and explorer.selected == nodes[zombie]
    text = panel.why.text.value
    assert "Why stream.legacy.recs_v1_scores?" in text and nodes[zombie] in text and "feeds others, of which nobody reads any" in text
    pick(panel, zombie + 1)
    assert panel.why.explorer is explorer and explorer.selected == nodes[zombie + 1]
    panel.controls["days"].value = 30
    assert panel.why.layout.display == "none" and panel.table.rows.selected_rows == []


def test_hops_read_from_source_to_target(stream: ln.Snapshot) -> None:
    panel = stream.panel("impact", node="raw.users.email")
    frame = panel.result.frame
    row = frame["node"].to_list().index("report:dbt/stream.churn_model")
    pick(panel, row)
    text = panel.why.text.value
    assert text.count("<li>") == panel.result.explain("report:dbt/stream.churn_model").height
    assert text.index("stream.raw.users.email</span></span> →") < text.index("→ <span class=\"ln-name\"><span title=\"report:dbt")
    assert "possible: no source states it by column" in text


def test_what_the_row_knows_is_passed_to_explain(stream: ln.Snapshot) -> None:
    panel = stream.panel("cost", by="team")
    team = panel.result.frame["key"][0]
    pick(panel, 0)
    first = panel.result.explain(team)["node"][0]
    assert panel.why.explorer is not None and panel.why.explorer.selected == first
    assert "the first of these in the graph" in panel.why.text.value


def test_an_explanation_that_fails_is_shown(small: ln.Snapshot) -> None:
    panel = small.panel("impact", node="raw.users")

    def broken(node: str) -> pl.DataFrame:
        raise ZeroDivisionError(EVIL)

    object.__setattr__(panel._answer, "explain", broken)
    pick(panel, 0)
    assert "ZeroDivisionError: &lt;img" in panel.why.text.value


def test_tables_are_written_for_people_and_sorted_by_value(small: ln.Snapshot) -> None:
    shown = table_rows(small.unused(days=10)._answer)
    row = shown.filter(pl.col("node") == "raw.users").row(0, named=True)
    assert (row["size, MB"], row[FULL_NAME]) == ("1.5", "db://w/raw.users")
    shown = table_rows(small.cost(by="dataset")._answer)
    assert shown["amount, USD"].to_list() == ["2,469.00", "2,469.00"]
    assert set(shown.dtypes) == {pl.String} and not sum(shown.null_count().row(0))


def test_long_text_is_cut() -> None:
    snap = ln.from_edges([("a", f"m.{'x' * 5_000}")])
    shown = table_rows(snap.impact("a")._answer)
    assert max(shown["node"].str.len_chars()) == 300


def test_rows_are_picked_by_our_own_code(small: ln.Snapshot) -> None:
    code = str(Rows._esm)
    assert code.count("const itablesWidget = ") == 1 and code.count("export default") == 1
    assert not re.search(r"export\s*\{", code), "itables' own export is gone"
    assert "select" not in small.panel("impact", node="raw.users").table.rows._dt_args, "DataTables' Select is slow at 100,000 rows"


def test_the_first_rows_come_first_and_the_others_follow(small: ln.Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "FIRST_ROWS", 10)
    monkeypatch.setattr(table, "MOST_ROWS", 25)
    panel = ln.from_edges([("a", f"t{i:02}") for i in range(40)]).panel("impact", node="a")
    rows, rest = panel.table.rows, panel.table._rest
    sent = json.loads(rows._dt_args["data_json"]) + json.loads(rest.data)
    assert len(json.loads(rows._dt_args["data_json"])) == 10 and rows.total == 25
    assert [row[0] for row in sent] == panel.result.frame["node"].head(25).to_list() == rows.frame["node"].to_list()
    assert rows.rest == f"IPY_MODEL_{rest.model_id}"
    assert panel.table.caption.value.startswith("First 25 of 40 rows: search and order look through these alone; all are in result.frame")
    pick(panel, 24)
    assert f"Why {panel.result.frame['node'][24]}?" in panel.why.text.value
    short = small.panel("impact", node="raw.users")
    assert short.table.rows.total == 0 and short.table.rows.rest == "" and short.table._rest is None


def test_rows_of_another_answer_never_follow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "FIRST_ROWS", 10)
    free, further = threading.Event(), table._further

    def slow(question: Any) -> Any:
        free.wait(5)
        return further(question)

    async def play() -> None:
        panel = ln.from_edges([("a", f"t{i:02}") for i in range(40)] + [("b", f"u{i:02}") for i in range(30)]).panel("impact", node="a")
        shown = panel.table
        await until(lambda: shown.rows is not None)
        assert shown.caption.value == "40 rows. The first 10 are here; search and order wait for the others."
        shown.show(ask("impact", panel, "b"))
        free.set()
        await until(lambda: shown.rows.rest)
        assert shown.rows.frame.height == 30 and "u29" in shown._rest.data and "t39" not in shown._rest.data
        assert shown.caption.value.startswith("30 rows. Click one")

    def ask(question: str, panel: Panel, node: str) -> Answer:
        return getattr(panel._lineage, question)(node)._answer

    monkeypatch.setattr(table, "_further", slow)
    in_loop(play, monkeypatch)


def test_rows_are_handed_over(small: ln.Snapshot, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    panel = small.panel("cost", by="dataset")
    sent: list[tuple[dict[str, Any], list[bytes]]] = []
    monkeypatch.setattr(panel._call, "send", lambda content, buffers: sent.append((content, buffers)))
    panel.table.exports["csv"].click()
    panel.table.exports["xlsx"].click()
    assert [content["name"] for content, _ in sent] == ["cost.csv", "cost.xlsx"]
    assert sent[0][1][0] == panel.result.to_csv(tmp_path / "own.csv").read_bytes()
    assert sent[1][1][0][:2] == b"PK"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("lineage_nb.widgets.call.MOST_SENT", 10)
    panel.table.exports["csv"].click()
    assert len(sent) == 2 and str(tmp_path / "cost.csv") in panel._call.said
    assert (tmp_path / "cost.csv").read_bytes() == sent[0][1][0]


def test_errors_take_the_place_of_the_answer(small: ln.Snapshot) -> None:
    panel = small.panel("impact", node="raw.users")
    pick(panel, 0)
    panel.controls["node"].value = EVIL + "?"
    assert panel.result is None and "no node named" in panel._shown.value and "<img" not in panel._shown.value
    assert panel.table.layout.display == "none" and panel.why.layout.display == "none"
    panel.controls["node"].value = "raw.users"
    assert panel.result is not None and panel.table.layout.display is None


def test_every_string_is_hostile(small: ln.Snapshot) -> None:
    for name, arguments in (("impact", {"node": "mart.users"}), ("cost", {"by": "owner"}), ("unused", {"days": 5}), ("what_if", {"remove": [EVIL]})):
        panel = small.panel(name, **arguments)
        for row in range(panel.result.frame.height):
            pick(panel, row)
            assert "<img" not in panel.why.text.value
        assert "<img" not in panel._shown.value + panel.table.rows._dt_args["data_json"] + panel.table.rows._dt_args["table_html"]
        assert "<img" not in panel._repr_mimebundle_()["text/html"]


def test_a_reader_without_a_kernel_sees_the_answer(small: ln.Snapshot) -> None:
    panel = small.panel("impact", node="raw.users")
    html = panel._repr_mimebundle_()["text/html"]
    assert "<svg" in html and "<table" in html and panel.result.headline in html and "snap.impact(node=" in html
    assert small.app()._repr_mimebundle_()["text/html"].startswith("<svg")


def test_code_is_what_gives_the_answer(small: ln.Snapshot) -> None:
    panel = small.panel("cost", by="dataset", monitors="ana", period=("2026-01-01", date(2026, 1, 10)))
    assert eval(panel.code, {"snap": small}).frame.equals(panel.result.frame)
    assert call("cost", {"rates": {"EUR": 1.1}, "invoice": panel}) == "snap.cost(rates={'EUR': 1.1}, invoice=invoice)"


# -- in the kernel's loop --------------------------------------------------------------------------------------


def in_loop(play: Callable[[], Coroutine[Any, Any, None]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "PAUSE", 0.02)
    monkeypatch.setattr(asking, "GRACE", 0.02)
    asyncio.run(play())


async def until(true: Callable[[], bool]) -> None:
    for _ in range(400):
        if true():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("waited 4 s in vain")


def held(panel: Panel, when: Callable[[dict[str, Any]], bool]) -> tuple[threading.Event, list[dict[str, Any]]]:
    """Make some questions wait for an event; count all that are asked."""
    free, asked, ask = threading.Event(), [], panel._ask

    def slow(lineage: ln.Snapshot, **arguments: Any) -> Answer:
        asked.append(arguments)
        if when(arguments):
            free.wait(5)
        return ask(lineage, **arguments)

    panel._ask = slow
    return free, asked


def test_quick_changes_are_one_question(small: ln.Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    async def play() -> None:
        panel = small.panel("unused")
        _, asked = held(panel, lambda _: False)
        for days in (10, 20, 30):
            panel.controls["days"].value = days
        assert asked == [] and "90 days" in panel._shown.value
        await until(lambda: "30 days" in panel._shown.value)
        assert asked == [{"days": 30}]
        panel.controls["days"].value = 40
        assert panel.result.summary["days"] == 40, "code does not wait"
        await asyncio.sleep(0.1)
        assert asked == [{"days": 30}, {"days": 40}]

    in_loop(play, monkeypatch)


def test_the_newest_change_wins_and_what_is_cancelled_is_not_shown(small: ln.Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    async def play() -> None:
        panel = small.panel("unused")
        free, asked = held(panel, lambda arguments: arguments["days"] < 20)
        panel.controls["days"].value = 10
        await until(lambda: panel._progress.layout.display is None)
        assert "Working on snap.unused(days=10)" in panel._working.value
        panel.controls["days"].value = 30
        await until(lambda: "30 days" in panel._shown.value)
        assert panel._progress.layout.display == "none"
        panel.controls["days"].value = 15
        await until(lambda: panel._progress.layout.display is None)
        panel.cancel.click()
        free.set()
        await asyncio.sleep(0.1)
        assert "30 days" in panel._shown.value and panel.result.summary["days"] == 30
        assert "Cancelled. Below is still the answer to <code>snap.unused(days=30)</code>" in panel._working.value
        assert [a["days"] for a in asked] == [10, 30, 15]

    in_loop(play, monkeypatch)


def test_an_error_in_a_thread_is_shown(small: ln.Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    async def play() -> None:
        panel = small.panel("impact", node="raw.users")

        def broken(lineage: ln.Snapshot, **_: Any) -> Answer:
            raise MemoryError("all of it")

        panel._ask = broken
        panel.controls["max_hops"].value = 2
        await until(lambda: "MemoryError: all of it" in panel._shown.value)
        assert panel.result is None

    in_loop(play, monkeypatch)


def test_a_tab_opens_at_once_and_its_answer_comes(small: ln.Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    async def play() -> None:
        panel = small.app().turn_to("pii")
        assert panel._answer is None
        await until(lambda: panel._answer is not None)
        assert panel.result.frame.equals(small.pii().frame)

    in_loop(play, monkeypatch)


def test_the_module_of_the_browser_writes_no_markup_and_asks_no_network() -> None:
    from lineage_nb.widgets.call import Call

    code = str(Call._esm)
    for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(", "import ", "http", "fetch"):
        assert word not in code, word
    assert "clipboard" in code and len(code.encode()) < 5_000
