"""What is drawn, and exact counts of what is not, against NetworkX."""

from __future__ import annotations

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import costly

import lineage_nb as ln
from lineage_nb.views.labels import caption, clean, clip, text_width
from lineage_nb.views.scene import neighbourhood, opening, scene_of


def star(count: int = 300) -> ln.Snapshot:
    edges = [("hub", f"leaf.t{i:04}") for i in range(count)] + [(f"leaf.t{i:04}", "report") for i in range(3)]
    return ln.from_edges([*edges, ("source", "hub")])


pairs = st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), min_size=1, max_size=40)


@given(pairs, st.integers(0, 3), st.booleans(), st.booleans(), st.integers(1, 20), st.integers(1, 6))
def test_counts_are_exact(edges, hops, upstream, downstream, max_marks, fold) -> None:
    names = [(f"n{a:02}", f"n{b:02}") for a, b in edges]
    graph = ln.from_edges(names).graph()
    truth, focus = nx.DiGraph(names), names[0][0]
    scene = neighbourhood(
        graph, focus, hops=hops, upstream=upstream, downstream=downstream, max_marks=max_marks, fold=fold
    )
    within = {focus}
    if downstream:
        within |= set(nx.single_source_shortest_path_length(truth, focus, hops))
    if upstream:
        within |= set(nx.single_source_shortest_path_length(truth.reverse(), focus, hops))
    drawn = set(scene.ids)
    assert focus in drawn <= within
    assert len(scene.marks) <= max_marks
    assert (scene.drawn, scene.total) == (len(drawn), len(within))
    assert scene.drawn + sum(scene.hidden.values()) == scene.total
    links = {(scene.marks[k.source].id, scene.marks[k.target].id) for k in scene.links if k.certainty != "bundle"}
    assert links == {(a, b) for a, b in truth.edges if a in drawn and b in drawn}
    missing = dict.fromkeys(drawn, (0, 0))
    for mark in scene.marks:
        up, down = missing[mark.id]
        missing[mark.id] = (up + mark.more_up, down + mark.more_down)
    for node, (up, down) in missing.items():
        assert up == len(set(truth.predecessors(node)) - drawn)
        assert down == len(set(truth.successors(node)) - drawn)


@costly()
@given(pairs, st.randoms(use_true_random=False))
def test_row_order_does_not_matter(edges, random) -> None:
    names = [(f"n{a:02}", f"n{b:02}") for a, b in edges]
    shuffled = list(names)
    random.shuffle(shuffled)
    one, two = (neighbourhood(ln.from_edges(e).graph(), names[0][0], fold=3) for e in (names, shuffled))
    assert one == two


def test_a_hub_is_folded_and_unfolds() -> None:
    graph = star().graph()
    scene = neighbourhood(graph, "hub")
    bundle = next(m for m in scene.marks if m.kind == "bundle")
    assert (bundle.id, bundle.label, bundle.type) == ("hub", "+290 more", "down")
    assert (scene.drawn, scene.total, dict(scene.hidden)) == (13, 303, {"folded": 290})
    wider = neighbourhood(graph, "hub", expand={("hub", "down"): 40})
    assert wider.drawn == 43
    assert set(scene.ids) < set(wider.ids)
    full = neighbourhood(graph, "hub", expand={("hub", "down"): 10_000})
    assert len(full.marks) <= 120


def test_what_leads_on_is_drawn_first() -> None:
    assert {"leaf.t0000", "leaf.t0001", "leaf.t0002"} <= set(neighbourhood(star().graph(), "hub").ids)


def test_many_hops_do_not_starve_the_first() -> None:
    chain = [(f"n{i:03}", f"n{i + 1:03}") for i in range(60)]
    graph = ln.from_edges([*chain, *(("n000", f"leaf{i}") for i in range(5))]).graph()
    drawn = neighbourhood(graph, "n000", hops=99, max_marks=24).ids
    assert {"n001", *(f"leaf{i}" for i in range(5))} <= set(drawn)
    assert len(drawn) == 21


def test_boxes_lie_within_the_picture() -> None:
    edges = [("a", "b"), ("c", "a_far_longer_name_than_the_others"), ("a", "d"), ("d", "e"), ("x", "y")]
    scene = scene_of(ln.from_edges(edges).graph())
    assert max(m.x + m.width for m in scene.marks) <= scene.width
    assert max(m.y + m.height for m in scene.marks) <= scene.height


def test_kinds_are_neither_drawn_nor_passed_through() -> None:
    snap = ln.from_frames(
        nodes=[{"id": "r", "kind": "report"}, {"id": "beyond"}],
        edges=[{"source": s, "target": t} for s, t in (("a", "r"), ("r", "beyond"), ("a", "b"))],
    )
    scene = neighbourhood(snap.graph(), "a", kinds=["dataset"])
    assert scene.ids == ["a", "b"]
    assert dict(scene.hidden) == {"filtered": 2}


def test_flags() -> None:
    snap = ln.from_frames(
        nodes=[
            {"id": "a", "tags": ["pii:email"]},
            {"id": "r", "kind": "report"},
            {"id": "gone", "deleted_at": "2026-01-01T00:00:00Z"},
        ],
        edges=[{"source": "a", "target": "r"}, {"source": "a", "target": "gone"}],
    )
    flags = {m.id: set(m.flags) for m in neighbourhood(snap.graph(), "a").marks}
    assert flags == {"a": {"focus", "pii"}, "r": {"report"}, "gone": {"deleted"}}


def test_a_dataset_stands_for_its_columns() -> None:
    snap = ln.from_frames(
        nodes=[{"id": f"{t}#{c}", "kind": "column", "parent": t} for t in ("a", "b") for c in "xy"],
        edges=[{"source": f"a#{c}", "target": f"b#{c}"} for c in "xy"],
    )
    scene = neighbourhood(snap.graph("column"), "b")
    assert scene.ids == ["a#x", "a#y", "b#x", "b#y"]
    focus = [m for m in scene.marks if "focus" in m.flags]
    assert {m.id for m in focus} == {"b#x", "b#y"}
    assert len({m.x for m in focus}) == 1, "the columns of the chosen dataset stand below each other"


def test_scene_of_all_and_of_some() -> None:
    graph = star(30).graph()
    assert scene_of(graph).drawn == len(graph)
    some = scene_of(graph, ["hub", "source"])
    assert some.ids == ["hub", "source"] and len(some.links) == 1
    few = scene_of(graph, max_marks=5)
    assert (few.drawn, few.total, dict(few.hidden)) == (5, len(graph), {"folded": len(graph) - 5})


def test_opening() -> None:
    assert opening(star(10).graph()) is None
    assert opening(star().graph()) == "source", "what feeds most"


@pytest.mark.parametrize(
    ("options", "said"),
    [({"hops": -1}, "hops is -1"), ({"hops": True}, "hops is True"), ({"max_marks": 0}, "max_marks is 0"), ({"fold": 1.5}, "fold is 1.5")],
)
def test_bad_options_are_named(options, said) -> None:
    with pytest.raises(ln.LineageError, match=said):
        neighbourhood(star(3).graph(), "hub", **options)


def test_unknown_names() -> None:
    with pytest.raises(ln.UnknownNameError, match="hub"):
        neighbourhood(star(3).graph(), "hubb")


@given(st.text(max_size=60), st.floats(10, 300), st.sampled_from(["ends", "end"]))
def test_clipped_text_fits(text, width, keep) -> None:
    shown = clip(text, width, 12, keep=keep)
    assert text_width(shown, 12) <= max(width, text_width("…", 12))
    assert shown == text or "…" in shown


@given(st.text(max_size=400))
def test_clean_text_is_one_visible_line(text) -> None:
    shown = clean(text)
    assert len(shown) <= 300
    assert not set(shown) & set("\n\r\t\0\x1b\u202e\u2066\u200b")


def test_captions() -> None:
    def of(**row: object) -> tuple[str, str]:
        return caption({"id": "?", "kind": "dataset", "namespace": None, "parent": None, **row})

    assert of(name="s3/path/to/file.csv") == ("csv", "s3/path/to/file")
    assert of(kind="report", name="Weekly users v1.2", namespace="bi") == ("Weekly users v1.2", "bi")
    assert of(id="db/a.b#c", kind="column", name="c", parent="db/a.b") == ("c", "a.b")
    assert of(name="...") == ("...", "")
    assert of(name="x") == ("x", "")
