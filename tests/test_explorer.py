"""The explorer without a browser: `set_state` plays the browser's part."""

from __future__ import annotations

import asyncio
import json
import threading
from pathlib import Path

import polars as pl
import pytest

import lineage_nb as ln
from lineage_nb.widgets import asking, live
from lineage_nb.widgets import explorer as explorer_module
from lineage_nb.widgets.controls import Explorer, explore
from lineage_nb.widgets.suggest import Search, suggest

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
EVIL = "<img src=x onerror=alert(1)>"


@pytest.fixture
def snap() -> ln.Snapshot:
    edges = [("raw.users", "mart.users"), ("raw.users#email", "mart.users#email"), ("mart.users", "report:weekly"), ("mart.users", EVIL)]
    jobs = [("mart.users", "job:nightly", "READ"), ("job:nightly", "out.daily", "WRITE"), ("out.daily", "job:send", "READ"), ("job:send", "out.sent", "WRITE")]
    return ln.from_frames(
        nodes=[
            {"id": "raw.users", "type": "table", "owners": ["ann", EVIL], "tags": ["gold"], "description": EVIL, "bytes": 1_500_000},
            {"id": "raw.users#email", "kind": "column", "parent": "raw.users", "tags": ["pii:email"], "data_type": "VARCHAR"},
            {"id": "mart.users", "type": "view"},
            {"id": "mart.users#email", "kind": "column", "parent": "mart.users"},
            {"id": "report:weekly", "kind": "report", "type": "dashboard", "name": "Weekly users"},
            {"id": EVIL},
        ],
        edges=[
            *({"source": s, "target": t} for s, t in edges),
            *({"source": s, "target": t, "type": kind} for s, t, kind in jobs),
            *({"source": "raw.users", "target": f"copy.t{i:03}"} for i in range(300)),
        ],
    )


@pytest.fixture
def widget(snap) -> Explorer:
    return snap.explore("mart.users")


def click(widget: Explorer, node: str) -> None:
    widget._canvas.set_state({"selected": node})


def ask(widget: Explorer, **message: object) -> None:
    widget._canvas._handle_custom_msg(message, [])


def test_opens_on_the_focus(widget) -> None:
    assert widget.selected == "mart.users"
    assert {"raw.users", "mart.users", "report:weekly", "out.daily"} <= set(widget.visible)
    assert widget._canvas.selected == "mart.users"
    assert widget._canvas.scene["focus"] == "mart.users"


def test_click_selects_in_python(widget) -> None:
    heard = []
    widget.on_select(heard.append)
    click(widget, "report:weekly")
    assert (widget.selected, heard) == ("report:weekly", ["report:weekly"])
    assert "Weekly users" in widget._details.value
    widget.on_select(heard.append, remove=True)
    click(widget, "raw.users")
    assert heard == ["report:weekly"]


def test_errors_of_callbacks_are_shown_and_do_not_stop_the_others(widget) -> None:
    heard = []

    def broken(node: str) -> None:
        raise ValueError(f"no {node} {EVIL}")

    widget.on_select(broken)
    widget.on_select(heard.append)
    click(widget, "raw.users")
    assert heard == ["raw.users"]
    assert "broken raised ValueError: no raw.users" in widget._canvas.problem
    click(widget, "nobody.knows")
    assert "UnknownNameError" in widget._canvas.problem
    assert widget.selected == "raw.users"
    click(widget, "mart.users")
    assert "broken raised" in widget._canvas.problem


def test_selecting_in_python_moves_the_picture(widget) -> None:
    widget.selected = "t123"
    assert widget.selected == "copy.t123"
    assert "copy.t123" in widget.visible
    assert widget._canvas.selected == "copy.t123"
    with pytest.raises(ln.UnknownNameError):
        widget.selected = "t999"
    widget.selected = None
    assert widget._canvas.selected == ""
    assert "Click a box" in widget._details.value


def test_search_finds_columns_and_goes_there(widget) -> None:
    widget._bar.search.set_state({"value": "EMAIL"})
    assert widget._bar.search.options == ("raw.users#email", "mart.users#email")
    widget._bar.search.set_state({"value": "raw.users#email"})
    assert widget.selected == "raw.users#email"
    assert widget._canvas.scene["focus"] == "raw.users"
    assert widget._canvas.selected == "raw.users", "the box that stands for the column"
    assert 'class="ln-chosen"' in widget._details.value


def test_search_by_enter(widget) -> None:
    widget._bar.search.set_state({"value": "weekl"})
    widget._bar.search._handle_custom_msg({"event": "submit"}, [])
    assert widget.selected == "report:weekly"
    widget._bar.search.set_state({"value": "no such thing"})
    widget._bar.search._handle_custom_msg({"event": "submit"}, [])
    assert "no node named 'no such thing'" in widget._canvas.problem
    assert widget.selected == "report:weekly"


def test_suggestions_are_few_and_good() -> None:
    ids = pl.Series([f"x.orders_{i}" for i in range(500)] + ["y.orders", "z.reorders"])
    found = suggest(ids, "Orders")
    assert len(found) == 50 and found[0] == "y.orders" and "z.reorders" not in found
    assert suggest(ids, "  ") == []
    assert suggest(ids, ".*") == []


def test_refocus_back_and_unfold(widget) -> None:
    ask(widget, do="focus", id="raw.users")
    assert widget.selected == "raw.users" and widget._canvas.scene["drawn"] < 20
    bundle = next(m for m in widget._canvas.scene["marks"] if m.get("side"))
    assert bundle["label"] == "+291 more"
    ask(widget, do="expand", id="raw.users", side="down")
    bundle = next(m for m in widget._canvas.scene["marks"] if m.get("side"))
    assert bundle["label"] == "+267 more"
    widget._bar.back.click()
    assert "+291 more" in [m["label"] for m in widget._canvas.scene["marks"]]
    widget._bar.back.click()
    assert widget._canvas.scene["focus"] == widget.selected == "mart.users" and widget._bar.back.disabled
    widget._bar.forward.click()
    widget._bar.forward.click()
    assert "+267 more" in [m["label"] for m in widget._canvas.scene["marks"]] and widget._bar.forward.disabled


def test_nonsense_from_the_browser_is_harmless(widget) -> None:
    before = widget.visible
    for message in ({}, {"do": "eval", "id": "x"}, {"do": "expand", "id": "raw.users", "side": "in"}, {"do": "focus", "id": 3}):
        ask(widget, **message)
    assert widget.visible == before and not widget._canvas.problem
    ask(widget, do="focus", id="nobody")
    assert "no node named 'nobody'" in widget._canvas.problem


def test_filters(widget) -> None:
    widget._bar.up.value = False
    assert "raw.users" not in widget.visible
    widget._bar.down.value = False
    assert widget.visible == ["mart.users"]
    widget._bar.up.value = widget._bar.down.value = True
    report = next(b for b in widget._bar.kinds.children if b.description == "report")
    report.value = False
    assert "report:weekly" not in widget.visible
    report.value = True
    assert "out.sent" in widget.visible
    widget._bar.hops.value = 1
    assert "out.sent" not in widget.visible


def test_levels(widget) -> None:
    widget._bar.level.value = "job"
    assert "job:nightly" in widget.visible
    widget._bar.level.value = "column"
    assert set(widget.visible) <= set(widget._nodes["id"])
    widget.focus("raw.users#email")
    assert widget.visible == ["mart.users#email", "raw.users#email"]
    widget._bar.level.value = "dataset"
    assert "raw.users" in widget.visible
    widget.focus("job:nightly")
    assert (widget._bar.level.value, widget.selected) == ("job", "job:nightly")
    widget.focus("mart.users")
    assert widget._bar.level.value == "dataset"


def test_counts_in_the_details_are_those_of_the_graph(widget, snap) -> None:
    click(widget, "raw.users")
    graph = snap.graph()
    assert f"<dt>downstream</dt><dd>{graph.downstream('raw.users').height:,}</dd>" in widget._details.value
    assert "<dd>1.5 MB</dd>" in widget._details.value


def test_every_string_is_hostile(widget) -> None:
    widget.focus(EVIL)
    click(widget, "raw.users")
    widget.focus("raw.users")
    assert "<img" not in widget._details.value
    assert "&lt;img src=x onerror=alert(1)&gt;" in widget._details.value
    html = widget._repr_mimebundle_()["text/html"]
    assert "<img" not in html and html.startswith("<svg")


def test_javascript_never_writes_markup() -> None:
    code = Path(explorer_module.__file__).with_name("static").joinpath("explorer.js").read_text()
    for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(", "import ", "http"):
        assert word not in code.replace("http://www.w3.org/2000/svg", ""), word
    assert len(code.encode()) < 60_000


def test_state_is_small(snap) -> None:
    widget = snap.explore("raw.users", hops=8, max_marks=400)
    for _ in range(20):
        ask(widget, do="expand", id="raw.users", side="down")
    assert len(widget._canvas.scene["marks"]) > 250
    assert len(json.dumps(widget._canvas.scene)) < 200_000


def test_a_dense_graph_is_drawn_in_part() -> None:
    names = [f"warehouse_with_a_long_name.schema.table_{i:03}" for i in range(60)]
    widget = ln.from_edges([(a, b) for a in names for b in names if a < b]).explore()
    assert len(json.dumps(widget._canvas.scene)) < 200_000
    assert 10 < len(widget.visible) < 60
    assert f"{len(widget.visible)} of 60 nodes drawn" in widget._canvas.scene["summary"]


def test_opens_on_all_or_on_the_ends(snap) -> None:
    ends = snap.explore()
    assert ends.selected is None and ends._bar.view.value == "ends"
    assert {"raw.users", "mart.users", "out.sent"} <= set(ends.visible)
    assert len(ends._canvas.scene["marks"]) < 40 and ends.scene.total == 306
    small = ln.from_edges([("a", "b"), ("c", "d")]).explore()
    assert small.visible == ["a", "b", "c", "d"] and small.selected is None
    assert ln.from_edges([]).explore().visible == []


def test_mistakes_are_named(snap) -> None:
    with pytest.raises(TypeError, match=r"unknown option 'hop'\. Known: level, hops"):
        explore(snap, hop=3)
    with pytest.raises(ln.LineageError, match="unknown level 'table'"):
        explore(snap, level="table")
    with pytest.raises(ln.LineageError, match="hops is 0"):
        explore(snap, hops=0)
    with pytest.raises(ln.LineageError, match=r"no nodes of kind 'dashboard' here\. Present: dataset, report"):
        explore(snap, kinds=["dashboard"])
    with pytest.raises(ln.UnknownNameError):
        explore(snap, "nobody")


def test_kinds_option(snap) -> None:
    assert "report:weekly" not in explore(snap, "mart.users", kinds="dataset").visible


def test_the_package_alone_does_not_import_widgets() -> None:
    import subprocess
    import sys

    code = "import sys, lineage_nb; lineage_nb.from_edges([('a', 'b')]).graph(); print([m for m in ('anywidget', 'ipywidgets', 'pyvis') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# -- ends, paths, columns ------------------------------------------------------------------------------------


def marks(widget: Explorer) -> dict[str, dict]:
    return {m["id"]: m for m in widget._canvas.scene["marks"]}


@pytest.fixture
def chain() -> ln.Snapshot:
    return ln.from_edges([(f"t{i:03}", f"t{i + 1:03}") for i in range(100)] + [(f"s{i:03}", "t050") for i in range(150)])


def test_a_bundle_unfolds_and_folds_again(chain) -> None:
    widget = chain.explore("t050", view="ends")
    bundle = next(m for m in marks(widget).values() if m["label"] == "49 tables between" and m["layer"] > 1)
    ask(widget, do="expand", id=bundle["id"], side="between")
    drawn = {n for n in widget.visible if n > "t050" and n < "t100"}
    assert len(drawn) == 16 and sum(m["down"] for m in marks(widget).values() if m.get("side") == "between") == 49 + 49 - 16
    ask(widget, do="collapse", id=sorted(drawn)[0])
    assert len([n for n in widget.visible if "t050" < n < "t100"]) < 16
    widget.undo()
    assert drawn <= set(widget.visible)


def test_the_view_is_chosen_by_size(chain) -> None:
    assert chain.explore("t010").scene.ids == ["t008", "t009", "t010", "t011", "t012"]
    assert chain.explore("t050")._bar.view.value == "ends"
    assert chain.explore("t050", view="around")._bar.view.value == "around"
    with pytest.raises(ln.LineageError, match="unknown view 'end'. Known: around, ends, path"):
        chain.explore("t050", view="end")


def test_path(chain) -> None:
    widget = chain.explore("t010")
    widget.path("t020", "t025")
    assert widget.visible == [f"t{i:03}" for i in range(20, 26)]
    assert "From t020 to t025: 4 nodes between." in widget._canvas.scene["summary"]
    widget.path("t025", "t020")
    assert "the other way round" in widget._canvas.scene["summary"]
    widget.path("t020", "s001")
    assert widget.visible == ["s001", "t020"] and "nor back" in widget._canvas.scene["summary"]
    widget.undo()
    assert "t023" in widget.visible and widget._bar.to.layout.display == "flex"
    widget.focus("t003")
    assert widget._bar.view.value == "around"
    widget.selected = "t003"
    ask(widget, do="path", id="t006")
    assert widget.visible == ["t003", "t004", "t005", "t006"]
    for text in ("t00", "t005"):
        widget._bar.to.set_state({"value": text})
    assert widget.visible == ["t003", "t004", "t005"]
    with pytest.raises(ln.UnknownNameError):
        widget.path("t003", "nobody")


def test_tables_open_to_their_columns(widget) -> None:
    ask(widget, do="columns", id="raw.users")
    assert widget.opened == ["raw.users"]
    assert [r["label"] for r in marks(widget)["raw.users"]["rows"]] == ["email"]
    widget.opened = ["raw.users", "mart.users"]
    flows = [k for k in widget._canvas.scene["links"] if "sr" in k]
    assert len(flows) == 1
    click(widget, "raw.users#email")
    assert widget.selected == widget._canvas.selected == "raw.users#email"
    assert widget._canvas.scene["focus"] == "mart.users", "a listed column is selected where it is"
    ask(widget, do="columns", id="raw.users")
    assert widget.opened == ["mart.users"]
    widget.undo()
    assert widget.opened == ["mart.users", "raw.users"]
    with pytest.raises(ln.UnknownNameError):
        widget.opened = ["nobody"]


# -- hide, pin, filters, colours -----------------------------------------------------------------------------


def test_hide_and_show(widget) -> None:
    widget.hide("out.daily")
    assert not {"out.daily", "out.sent"} & set(widget.visible), "what only it leads to goes too"
    assert widget.hidden == ["out.daily"] and "2 hidden" in widget._canvas.scene["summary"]
    assert widget._bar.unhide.description == "Show 1 hidden"
    widget._bar.unhide.click()
    assert "out.sent" in widget.visible and widget.hidden == []
    widget.undo()
    assert widget.hidden == ["out.daily"]
    widget.hidden = ["weekly"]
    assert "report:weekly" not in widget.visible and "out.daily" in widget.visible
    ask(widget, do="hide", id="mart.users")
    assert "is in the middle" in widget._canvas.problem
    widget.focus("report:weekly")
    assert widget.hidden == []


def test_pinned_nodes_stay(widget) -> None:
    ask(widget, do="pin", id="out.sent")
    widget.focus("raw.users")
    widget._bar.hops.value = 1
    assert "out.sent" in widget.visible and widget.pinned == ["out.sent"]
    assert "pinned" in marks(widget)["out.sent"]["flags"]
    widget.pinned = []
    assert "out.sent" not in widget.visible


def test_expand_and_collapse(widget) -> None:
    widget.focus("raw.users")
    widget.collapse("raw.users")
    assert widget.visible == ["raw.users"]
    widget.expand("raw.users")
    assert len(widget.visible) > 20
    widget.collapse("raw.users")
    assert 5 < len(widget.visible) < 20


def test_facets_count_and_filter(widget) -> None:
    facets = {f["facet"]: {v["value"]: v["count"] for v in f["values"]} for f in widget._canvas.scene["facets"]}
    assert facets["kind"] == {"dataset": 5, "report": 1}
    assert facets["schema"]["out"] == 2 and facets["owner"] == {EVIL: 1, "ann": 1}
    ask(widget, do="filter", id="report", side="kind")
    assert widget.visible == ["mart.users", "report:weekly"]
    on = [v["value"] for f in widget._canvas.scene["facets"] for v in f["values"] if v["on"]]
    assert on == ["report"]
    ask(widget, do="filter", id="report", side="kind")
    assert "out.sent" in widget.visible
    widget.filter(owner="ann")
    assert widget.visible == ["mart.users", "raw.users"]
    widget.filter()
    assert "out.sent" in widget.visible
    with pytest.raises(TypeError, match="unknown filter 'colour'. Known: kind, schema"):
        widget.filter(colour="red")


def test_search_by_owner_and_tag(widget) -> None:
    widget._bar.search.set_state({"value": "tag:pii"})
    assert widget._bar.search.options == ("tag:pii:email", "tag:pii:email → raw.users#email")
    widget._bar.search.set_state({"value": "tag:pii:email → raw.users#email"})
    assert widget.selected == "raw.users#email"
    widget._bar.search.set_state({"value": "owner:ann"})
    widget._bar.search._handle_custom_msg({"event": "submit"}, [])
    assert widget.visible == ["raw.users"]


def test_legend_hides_classes_and_python_knows(widget) -> None:
    widget._canvas.set_state({"off": ["look:report"]})
    assert "report:weekly" not in widget.visible
    widget.undo()
    assert "report:weekly" in widget.visible and widget._canvas.off == []


def test_colours(widget) -> None:
    widget._bar.overlay.value = "owner"
    assert widget.overlay == "owner" and marks(widget)["raw.users"]["badge"]["text"].endswith("ann")
    widget.overlay = "pii"
    assert widget._bar.overlay.value == "pii" and any("level" in k for k in widget._canvas.scene["links"])
    widget._bar.overlay.value = "cost"
    assert "no costs" in widget._canvas.problem or "cost" in widget._canvas.problem
    assert widget._bar.overlay.value == widget.overlay == "pii"
    widget.overlay = ""
    assert "badge" not in marks(widget)["raw.users"]
    with pytest.raises(ln.LineageError, match="no overlay 'colour'"):
        widget.overlay = "colour"
    assert "<svg" in widget._repr_mimebundle_()["text/html"]


def test_owners_are_offered_as_people_say_them() -> None:
    nodes = pl.DataFrame({"id": ["t", "u", "v"], "owners": [["principal:a/team-x"], ["principal:b/team-y"], ["principal:c/team-y"]], "tags": [None, None, None]}, schema_overrides={"tags": pl.List(pl.String)})
    search = Search(nodes)
    assert search.options("owner:team") == [
        "owner:team-x", "owner:principal:b/team-y", "owner:principal:c/team-y",
        "owner:team-x → t", "owner:principal:b/team-y → u", "owner:principal:c/team-y → v",
    ]  # fmt: skip
    for text in search.options("owner:team")[:3]:
        assert search.meaning(text)[1].endswith(text.partition(":")[2]), "each offer means what it says"


def test_the_count_says_why_a_node_is_not_drawn(snap) -> None:
    widget = snap.explore("mart.users", hops=1)
    widget.hide("report:weekly")
    assert dict(widget.scene.hidden) == {"hidden": 1}
    widget.filter(kind="dataset")
    assert dict(widget.scene.hidden) == {"hidden or filtered": 1}


def test_controls_that_do_nothing_say_so_or_go(widget) -> None:
    hops = widget._bar.hops
    widget._bar.view.value = "ends"
    assert hops.disabled and "only in the view" in hops.tooltip and hops.layout.display is None
    widget.path("raw.users", "report:weekly")
    assert hops.layout.display == "none"
    widget._bar.view.value = "around"
    assert not hops.disabled and "only" not in hops.tooltip and hops.layout.display is None


def test_a_column_whose_table_is_closed_is_shown_by_its_table(widget) -> None:
    widget.opened = ["raw.users"]
    click(widget, "raw.users#email")
    assert widget._canvas.selected == widget.selected == "raw.users#email"
    ask(widget, do="columns", id="raw.users")
    assert (widget._canvas.selected, widget.selected) == ("raw.users", "raw.users#email")
    widget.undo()
    assert widget._canvas.selected == "raw.users#email"


def test_slow_colours_show_that_they_come_and_can_be_stopped(snap, monkeypatch) -> None:
    free = threading.Event()

    def slow(lineage, name):
        if name == "owner":
            free.wait(5)
        if name == "tier":
            raise ValueError("no <b>luck</b>")
        return real(lineage, name)

    async def until(true) -> None:
        for _ in range(400):
            if true():
                return
            await asyncio.sleep(0.01)
        raise AssertionError("waited 4 s in vain")

    async def play() -> None:
        widget = snap.explore("mart.users")
        bar, colouring = widget._bar, widget._colouring
        bar.overlay.value = "owner"
        await until(lambda: colouring.layout.display is None)
        assert "<progress>" in colouring._said.value and "owner" in colouring._said.value
        widget.focus("raw.users")
        assert widget.selected == "raw.users" and bar.overlay.value == "owner" and widget.overlay == "", "the picture stays usable"
        colouring.stop.click()
        assert colouring.layout.display == "none" and bar.overlay.value == ""
        free.set()
        await asyncio.sleep(0.05)
        assert widget.overlay == "", "what was stopped is not shown"
        bar.overlay.value = "tier"
        await until(lambda: widget._canvas.problem)
        assert widget._canvas.problem == "No colours by tier: ValueError: no <b>luck</b>" and bar.overlay.value == ""
        bar.overlay.value = "owner"
        await until(lambda: widget.overlay == "owner")
        assert bar.overlay.value == "owner" and colouring.layout.display == "none" and not widget._canvas.problem

    real = live.make_overlay
    monkeypatch.setattr(live, "make_overlay", slow)
    monkeypatch.setattr(asking, "GRACE", 0.02)
    asyncio.run(play())


def test_results_open_with_their_colours(snap) -> None:
    found = snap.pii().explore()
    assert found.overlay == "pii" and any("badge" in m for m in found._canvas.scene["marks"])
    assert snap.impact("raw.users").explore().overlay == "impact"
    assert snap.pii().explore(overlay="owner").overlay == "owner"


def test_a_step_that_fails_changes_nothing(widget) -> None:
    before = widget._state
    with pytest.raises(ln.LineageError):
        widget.hide("mart.users")
    with pytest.raises(ln.UnknownNameError):
        widget.hidden = ["nobody"]
    assert widget._state == before and widget._bar.back.disabled


def test_what_is_seen_is_saved(widget, tmp_path) -> None:
    widget.overlay = "owner"
    assert "ann" in widget.save(tmp_path / "seen.svg").read_text(encoding="utf-8")


def test_costs_open_on_the_most_expensive_table() -> None:
    snap = ln.from_frames(
        edges={"source": ["a", "b"], "target": ["b", "c"]}, costs={"node": ["a", "b"], "day": ["2025-01-01"] * 2, "amount": ["1.00", "5.00"]}
    )
    widget = snap.cost(by="dataset").explore()
    assert (widget.selected, widget.overlay) == ("b", "cost")
    assert {m["id"]: m["badge"]["text"] for m in widget._canvas.scene["marks"] if "badge" in m} == {"a": "1.00 USD", "b": "5.00 USD"}
