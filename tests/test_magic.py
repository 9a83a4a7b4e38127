"""A node at hand, names completed while they are typed, and the line magic, in a real shell."""

from __future__ import annotations

import subprocess
import sys
import warnings
from html.parser import HTMLParser

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

import lineage_nb as ln
from lineage_nb.completion import complete_string, register
from lineage_nb.errors import AmbiguousNameError, LineageError, UnknownNameError
from lineage_nb.magic import LineageMagic, load, unload
from lineage_nb.magic_arguments import arguments
from lineage_nb.node import NodeView
from lineage_nb.result import Result
from lineage_nb.widgets.signature import parameters

HOSTILE = ["<script>alert(1)</script>", "a'b", 'a"b', "a\\b", "a\nb", "x\u202ey", "z" * 10_000, "with space"]


def small() -> ln.Snapshot:
    return ln.from_frames(
        nodes=[
            {"id": "db/raw.users", "type": "table", "owners": "ana", "tags": ["pii:email"], "namespace": "db", "name": "raw.users"},
            *({"id": f"db/raw.users#{c}", "kind": "column", "parent": "db/raw.users", "ordinal": i, "data_type": "text"} for i, c in enumerate(("mail", "city"))),
            {"id": "db/mart.users", "namespace": "db", "name": "mart.users"},
            {"id": "eu/mart.users", "namespace": "eu", "name": "mart.users"},
            {"id": "eu/mart.orders", "namespace": "eu", "name": "mart.orders"},
            {"id": "load", "kind": "job"},
        ],
        edges=[{"source": "db/raw.users", "target": "db/mart.users"}, {"source": "db/mart.users", "target": "eu/mart.orders"}],
        usage=[{"node": "eu/mart.orders", "consumer": "ben", "day": "2025-06-30", "reads": 5}, {"node": "db/raw.users", "consumer": "ben", "day": "2025-06-01", "reads": 9}],
        costs=[
            {"node": "db/raw.users", "day": "2025-06-30", "amount": "1.50"},
            {"node": "db/raw.users", "day": "2025-06-01", "amount": "2.00"},
            {"node": "db/raw.users", "day": "2025-05-31", "amount": "100.00"},
        ],
    )


@pytest.fixture(scope="module")
def shell():
    main = sys.modules["__main__"]
    made = InteractiveShell.instance()
    yield made
    unload(made)
    InteractiveShell.clear_instance()
    sys.modules["__main__"] = main


@pytest.fixture
def loaded(shell):
    shell.reset(new_session=True)
    load(shell)
    shell.user_ns["snap"] = small()
    return shell


def completed(shell, text: str) -> list[str]:
    with provisionalcompleter():
        found = list(shell.Completer.completions(text, len(text)))
    assert all(text[c.start : c.end] == text[c.start :] for c in found)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert set(shell.complete("", text, len(text))[1]) >= {c.text for c in found if c.type == "lineage"}
    return [c.text for c in found]


# -- a node ------------------------------------------------------------------------------------------------------------


def test_node_tells_what_is_known() -> None:
    node = small()["raw.users"]
    assert isinstance(node, NodeView) and (node.id, node.name, node.kind, node.type) == ("db/raw.users", "raw.users", "dataset", "table")
    assert node.owners == ["ana"] and node.tags == ["pii:email"] and node.columns["name"].to_list() == ["mail", "city"]
    text = repr(node)
    for told in ("table (dataset)", "pii:email", "0 direct", "1 direct", "2025-06-01; 9 reads by 1 named reader", "3.50 USD billed to it from 2025-06-01 to 2025-06-30", "2 columns"):
        assert told in text, told
    assert node.upstream().is_empty() and node.downstream(1)["node"].to_list() == ["db/mart.users"]
    assert node.impact(max_hops=1).frame.equals(small().impact("db/raw.users", max_hops=1).frame)
    assert "db/raw.users" in node.explore(hops=1).visible


def test_node_says_what_is_not_known() -> None:
    assert "not known: there is no usage log" in repr(ln.from_edges([("a", "b")])["a"])
    assert "no read is recorded from 2025-06-01 to 2025-06-30" in repr(small()["db/mart.users"])
    assert "nothing billed to it" in repr(small()["db/mart.users"]) and "billed" not in repr(ln.from_edges([("a", "b")])["a"])
    job = small()["load"]
    assert job.kind == "job" and job.columns.is_empty() and "job" in repr(job)


def test_node_errors_are_those_of_every_name() -> None:
    snap = small()
    with pytest.raises(UnknownNameError, match=r"raw\.users"):
        snap["raw.usrs"]
    with pytest.raises(AmbiguousNameError, match=r"db/mart\.users, eu/mart\.users"):
        snap["mart.users"]
    assert "raw.users" in snap and "raw.usrs" not in snap
    with pytest.raises(TypeError, match="not iterable"):
        iter(snap)


def test_hostile_nodes_are_shown_as_text() -> None:
    snap = ln.from_frames(nodes=[{"id": h, "description": h, "tags": [h], "owners": [h], "type": h} for h in HOSTILE], edges=[{"source": "hub", "target": h} for h in HOSTILE])

    class Tags(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.seen: set[str] = set()

        def handle_starttag(self, tag, attrs) -> None:
            self.seen.add(tag)
            assert not [k for k, _ in attrs if k.startswith("on")]

    for name in HOSTILE:
        bundle = snap[name]._repr_mimebundle_()
        parser = Tags()
        parser.feed(bundle["text/html"])
        assert parser.seen <= {"style", "div", "h4", "table", "thead", "tbody", "tr", "th", "td", "p", "code"}
        assert len(bundle["text/html"]) < 20_000 and "\u202e" not in bundle["text/plain"] + bundle["text/html"]


# -- completion --------------------------------------------------------------------------------------------------------


def test_keys_are_names_that_are_understood() -> None:
    snap = small()
    keys = snap._ipython_key_completions_()
    assert keys[:2] == ["raw.users", "mart.orders"], "the most read first"
    assert {snap[k].id for k in keys} == {"db/raw.users", "eu/mart.orders", "db/mart.users", "eu/mart.users"}
    assert "mart.users" not in keys, "it fits two"


def test_every_offer_stands_for_one_node() -> None:
    snap = ln.sample()
    for typed in ("", "core.", "CORE.dim", "dim_users.", "duckdb://", "stream", "users", "job:", ".", "#", "core.dim_users#em"):
        for name in snap.name_offers.starting(typed):
            assert (name in snap and typed.lower().strip(".#") in name.lower().replace("#", ".")) or "#" in typed, (typed, name)
    assert snap.name_offers.starting("core.dim_users.em") == ["core.dim_users.email"]
    assert snap.name_offers.starting("nothing of the kind") == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('snap["raw.u', ["raw.users"]),
        ('snap.impact("raw.u', ["raw.users"]),
        ("snap.impact('RAW.U", ["raw.users"]),
        ('snap.impact(\n    "raw.u', ["raw.users"]),
        ('snap.impact(max_hops=1, node="raw.u', ["raw.users"]),
        ('snap.what_if(["raw.users", "mart.o', ["mart.orders"]),
        ('snap.impact("raw.users.', ["raw.users.mail", "raw.users.city"]),
        ('snap.graph("column").downstream("raw.users.m', ["raw.users.mail"]),
        ('snap.graph("da', ["dataset"]),
        ('snap.cost(by="te', ["team"]),
        ('ln.impact(snap, "raw.u', ["raw.users"]),
        ('snap.impact("raw.users").explain("mart.o', ["mart.orders"]),
        ('answer.explain("mart.o', ["mart.orders"]),
        ('x = [1, (2, "(")]\nprint(snap.impact("raw.u', ["raw.users"]),
        ('snap.impact("mart.us', ["db/mart.users", "eu/mart.users"]),
        ('snap.save("raw.u', []),
        ('snap.impact(f"raw.u', []),
        ('snap.impact("x" + "raw.u', []),
        ('snap.impact("raw.users", kinds="raw.u', []),
        ('other.impact("raw.u', []),
        ('# snap.impact("raw.u', []),
        ('"snap.impact(" "raw.u', []),
        ("snap.impact(", []),
        ('snap.nodes["raw.u', []),
    ],
)
def test_names_in_strings(text: str, found: list[str]) -> None:
    snap = small()
    namespace = {"snap": snap, "ln": ln, "answer": snap.impact("raw.users"), "other": object()}
    assert complete_string(text, namespace)[1] == found


def test_names_are_escaped_for_their_quotes() -> None:
    snap = ln.from_edges([("hub", name) for name in HOSTILE])
    for quote in "'\"":
        typed, names = complete_string(f"snap.impact({quote}", {"snap": snap})
        assert typed == "" and len(names) == len(HOSTILE) + 1
        assert {snap[eval(quote + name + quote)].id for name in names} == {*HOSTILE, "hub"}


def test_shell_completes_names(loaded) -> None:
    assert completed(loaded, 'snap.impact("raw.u') == ["raw.users"]
    assert completed(loaded, 'snap["raw.u') == ["raw.users"]
    assert completed(loaded, "y = 1; snap.cost(method='sh") == ["shapley"]
    assert "snap" in completed(loaded, "sna"), "others are left alone"
    unload(loaded)
    assert any("raw.users" in text for text in completed(loaded, 'snap["raw.u')), "keys need no extension"
    assert "raw.users" not in completed(loaded, 'snap.impact("raw.u')


def test_no_effect_without_matchers() -> None:
    assert register(object()) is False
    code = "import sys; sys.modules['IPython'] = None\nimport lineage_nb.completion as c, lineage_nb as ln\nprint(c.register(None), len(ln.from_edges([('a', 'b')])['a'].downstream()))"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split() == ["False", "1"]


# -- the line magic ----------------------------------------------------------------------------------------------------


def test_magic_answers_as_the_methods_do(loaded) -> None:
    snap, ask = loaded.user_ns["snap"], lambda line: loaded.run_line_magic("lineage", line)
    assert ask("impact raw.users --max-hops 1").frame.equals(snap.impact("raw.users", max_hops=1).frame)
    assert ask("why db/mart.users").rows() == snap.impact("raw.users", max_hops=1).explain("db/mart.users").rows()
    assert ask("cost --by dataset --method direct").frame.equals(snap.cost(by="dataset", method="direct").frame)
    assert ask("cost --by=dataset --period 2025-06-01,2025-06-30").headline == snap.cost(by="dataset", period=("2025-06-01", "2025-06-30")).headline
    assert ask("unused --days 7").frame.equals(snap.unused(days=7).frame)
    assert ask("pii --labels email").frame.equals(snap.pii(labels=["email"]).frame)
    assert ask("impact raw.users --no-indirect --kinds dataset,column").frame.equals(snap.impact("raw.users", indirect=False, kinds=["dataset", "column"]).frame)
    assert ask("explore raw.users --hops 1 --no-upstream").visible == snap.explore("raw.users", hops=1, upstream=False).visible
    assert ask("show raw.users").id == "db/raw.users"


def test_magic_displays_its_answer(loaded) -> None:
    done = loaded.run_cell("%lineage impact raw.users", store_history=True)
    assert isinstance(done.result, Result) and loaded.user_ns["_"] is done.result
    loaded.run_cell("x = %lineage unused --days 7", store_history=True)
    assert loaded.user_ns["x"].headline.endswith("the 7 days to 2025-06-30.")
    loaded.run_cell("snap.pii()", store_history=True)
    assert loaded.run_line_magic("lineage", "why raw.users").height == loaded.user_ns["snap"].pii().explain("raw.users").height


def test_magic_knows_every_analysis() -> None:
    from lineage_nb.result.binding import QUESTIONS

    said = LineageMagic({}).help()
    assert all(f"%lineage {name} " in said for name in [*QUESTIONS, "explore", "search", "show", "why"])
    assert "--method" in LineageMagic({}).help("cost") and "shapley" in LineageMagic({}).help("cost")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("ipact raw.users", "Did you mean 'impact'"),
        ("impact raw.usrs", "Nearest: db/raw.users"),
        ("impact", "impact needs node"),
        ("impact a b", "'b' belongs to no option"),
        ("cost --bye team", "Did you mean '--by'"),
        ("cost --by teem", "Did you mean 'team'"),
        ("unused --days soon", "whole number"),
        ("unused --days", "needs a value"),
        ("impact raw.users --indirect=maybe", "Known: yes, no"),
        ("cost --period 2025-01-01", "two values"),
        ("cost --by team --by owner", "given 2 times"),
        ("impact 'raw", "close the quote"),
        ("impact raw.users --snap snp", "Did you mean 'snap'"),
        ("why nothing", "no answer yet"),
    ],
)
def test_magic_says_what_is_wrong(line: str, said: str) -> None:
    with pytest.raises(LineageError) as error:
        LineageMagic({"snap": small()}).ask(line)
    assert said in str(error.value)


def test_errors_come_without_a_traceback(loaded) -> None:
    with pytest.raises(UsageError, match="Did you mean 'impact'"):
        loaded.run_line_magic("lineage", "ipact")


def test_the_snapshot_that_is_meant(loaded) -> None:
    one = loaded.user_ns["snap"]
    magic = LineageMagic(loaded.user_ns)
    assert magic.snapshot() is one
    loaded.user_ns["again"] = one
    assert magic.snapshot() is one, "two names of one snapshot"
    loaded.user_ns["later"] = later = ln.from_edges([("a", "b")])
    assert magic.snapshot() is later, "assigned last"
    loaded.user_ns["snap"] = newest = ln.from_edges([("c", "d")])
    assert magic.snapshot() is newest, "an old name assigned last"
    assert magic.snapshot("again") is one
    loaded.user_ns["p"], loaded.user_ns["q"] = small(), ln.from_edges([("e", "f")])
    with pytest.raises(LineageError, match=r"several variables hold snapshots: .*p, q"):
        magic.snapshot()
    loaded.user_ns["_hidden"] = small()
    with pytest.raises(LineageError, match="no variable holds a snapshot"):
        LineageMagic({"_1": one}).snapshot()


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("%lineage imp", ["impact"]),
        ("%lineage impact raw.u", ["raw.users"]),
        ("r = %lineage impact raw.u", ["raw.users"]),
        ("%lineage cost --meth", ["--method"]),
        ("%lineage cost --method sh", ["shapley"]),
        ("%lineage cost --method=sh", ["shapley"]),
        ("%lineage impact raw.users --indirect=n", ["no"]),
        ("%lineage unused --protect raw.users,mart.o", ["mart.orders"]),
        ("%lineage --snap sn", ["snap"]),
        ("%lineage help cost_t", ["cost_trend"]),
        ("%linea", ["%lineage"]),
    ],
)
def test_magic_completes(loaded, line: str, found: list[str]) -> None:
    assert completed(loaded, line) == found


def test_extension_loads_twice_and_leaves(shell) -> None:
    for _ in range(2):
        ln.load_ipython_extension(shell)
    assert len([m for m in shell.Completer.custom_matchers if m.matcher_identifier == "lineage_nb.names"]) == 1
    assert "lineage" in shell.magics_manager.magics["line"]
    ln.unload_ipython_extension(shell)
    assert "lineage" not in shell.magics_manager.magics["line"] and not shell.Completer.custom_matchers
    ln.unload_ipython_extension(shell)


def test_words_become_arguments() -> None:
    known = parameters(ln.Snapshot.what_if)
    assert arguments(["a", "b", "--days", "3", "--monitors", "x,y", "--monitors", "z"], known, {}, "what_if") == {"days": 3, "monitors": ["x", "y", "z"], "remove": ["a", "b"]}
    assert arguments(["--", "--odd name"], known, {}, "what_if") == {"remove": ["--odd name"]}
    rates = {"EUR": 1.1}
    assert arguments(["--rates", "mine"], parameters(ln.Snapshot.cost), {"mine": rates}, "cost") == {"rates": rates}


def test_typos_name_the_nearest() -> None:
    snap = small()
    for wrong, near in (
        (lambda: snap.imapct("x"), "impact"), (lambda: snap.impact("raw.users").fram, "frame"), (lambda: ln.imapct, "impact"),
        (lambda: snap.cost(by="teem"), "team"), (lambda: snap.cost(method="shaply"), "shapley"), (lambda: snap.panel("ipact"), "impact"),
        (lambda: snap.cost(by="dataset").plot(kind="tremap"), "treemap"), (lambda: snap.graph("colum"), "column"),
    ):  # fmt: skip
        with pytest.raises((AttributeError, LineageError), match=f"Did you mean '{near}'"):
            wrong()
