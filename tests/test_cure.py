"""Cures and scan plans: the fewest cuts and samples, against every smaller set on small graphs and against `pii` asked again."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import costly, frames, snapshot

import lineage_nb as ln
from lineage_nb.analyses.pii.cure import _Cure, _wanted, cure
from lineage_nb.analyses.pii.propagation import PiiAnswer, pii
from lineage_nb.analyses.pii.scan_plan import _carrying, _status, _undecided, scan_plan
from lineage_nb.analyses.pii.trace import VERDICTS

Parts = dict[str, list[dict[str, Any]]]
NOTHING = np.zeros(0, dtype=np.int64)


@st.composite
def tagged(draw: st.DrawFn) -> Parts:
    """Random snapshots, more densely joined, with a special label, predicates and decryption."""
    parts = draw(frames())
    columns = [n["id"] for n in parts["nodes"] if n["kind"] == "column"]
    for node in parts["nodes"]:
        if node["kind"] == "column":
            node["tags"] = draw(st.sampled_from([None, None, "pii:a", "pii:health"]))
    if columns:
        for _ in range(draw(st.integers(0, 6))):
            word, verdict = draw(st.sampled_from([(None, "plain"), (None, None), ("PREDICATE", "derived"), ("DECRYPTION", "plain"), ("TRANSFORMATION", "pseudonymised")]))
            parts["edges"].append({"source": draw(st.sampled_from(columns)), "target": draw(st.sampled_from(columns)), "type": "DIRECT", "subtype": word, "verdict": verdict})
    return parts


@st.composite
def webs(draw: st.DrawFn) -> Parts:
    """Columns of a table each, many ways between them, labels begin at the first two; some edges carry one label only."""
    n = draw(st.integers(4, 7))
    nodes = [{"id": f"t{i}#x", "kind": "column", "tags": [["pii:a"], ["pii:health"]][i] if i < 2 else None} for i in range(n)]
    node = st.integers(0, n - 1)
    kinds = [("DIRECT", None, "plain"), ("DIRECT", "TRANSFORMATION", "pseudonymised"), ("DIRECT", "DECRYPTION", "plain"), ("DIRECT", None, "redacted"), ("INDIRECT", "CONDITIONAL", None), ("INDIRECT", "CONDITIONAL", "aggregated")]
    edges = []
    for s, t in draw(st.lists(st.tuples(node, node), min_size=n, max_size=2 * n, unique=True)):
        kind, word, verdict = draw(st.sampled_from([*kinds[:1] * 4, *kinds]))
        edges.append({"source": f"t{s}#x", "target": f"t{t}#x", "type": kind, "subtype": word, "verdict": verdict, "job": "job:j/0"})
    if draw(st.booleans()):
        s, t = draw(node), draw(node)
        edges += [{"source": f"t{s}", "target": "job:j/1", "type": "READ"}, {"source": "job:j/1", "target": f"t{t}", "type": "WRITE"}]
    return {"nodes": [*nodes, *({"id": f"t{i}", "kind": "dataset"} for i in range(n))], "edges": edges}


def answer(snap: ln.Snapshot, **options: Any) -> PiiAnswer:
    found = pii(snap, **options)
    assert isinstance(found, PiiAnswer)
    return found


def reaches(work: _Cure, units: set[int], masked: set[int]) -> bool:
    """Whether some label still gets to the column: one node at a time."""
    places, of_arc = work.trace.places, work.units.of_arc
    for label in work.labels:
        out: dict[int, list[int]] = {}
        for arc, (s, t) in enumerate(zip(places.arcs.adjacency.source, places.arcs.adjacency.target, strict=True)):
            if work.taken[label][arc] and int(of_arc[arc]) not in units:
                out.setdefault(int(s), []).append(int(t))
        todo = [int(s) for s in work.starts[label] if int(places.shown[s]) not in masked]
        seen = set(todo)
        while todo:
            for t in out.get(todo.pop(), []):
                if t not in seen and int(places.shown[t]) not in masked:
                    seen.add(t)
                    todo.append(t)
        if seen & set(work.sinks.tolist()):
            return True
    return False


def useful(work: _Cure) -> list[int]:
    """Units on a way from a start to the column."""
    places, found = work.trace.places, set()
    adjacency = places.arcs.adjacency
    taken = np.logical_or.reduce(list(work.taken.values()))
    before, todo = set(work.sinks.tolist()), work.sinks.tolist()
    while todo:
        at = todo.pop()
        for arc in np.flatnonzero(taken & (adjacency.target == at)):
            if work.units.of_arc[arc] >= 0:
                found.add(int(work.units.of_arc[arc]))
            if int(adjacency.source[arc]) not in before:
                before.add(int(adjacency.source[arc]))
                todo.append(int(adjacency.source[arc]))
    return sorted(found)


def some_cure(parts: Parts, data: st.DataObject, at_source: bool) -> tuple[PiiAnswer, _Cure, list[int], list[int]] | None:
    found = answer(snapshot(parts))
    nodes = found.frame.filter(pl.col("hops") > 0)["node"].unique().sort().to_list() or found.frame["node"].unique().sort().to_list()
    if not nodes:
        return None
    target = found.trace.graph.index(data.draw(st.sampled_from(nodes)))
    work = _Cure(found.trace, target, _wanted(found.trace, target, None))
    units, masked = work.solve(at_source=at_source)
    return found, work, units.tolist(), masked.tolist()


@costly()
@given(st.one_of(webs(), webs(), tagged()), st.data(), st.booleans())
def test_the_cure_clears_and_no_part_of_it_does(parts: Parts, data: st.DataObject, at_source: bool) -> None:
    made = some_cure(parts, data, at_source)
    if made is None or not made[1].labels:
        return
    _, work, units, masked = made
    assert not reaches(work, set(units), set(masked))
    assert work.clear(np.array(units, np.int64), np.array(masked, np.int64))
    for size in range(len(units) + len(masked)):
        if size > 3:
            break
        every = [("u", u) for u in units] + [("m", m) for m in masked]
        for part in combinations(every, size):
            assert reaches(work, {x for k, x in part if k == "u"}, {x for k, x in part if k == "m"})


@costly()
@given(webs(), st.data())
def test_no_smaller_set_cures_and_none_of_its_size_changes_less(parts: Parts, data: st.DataObject) -> None:
    made = some_cure(parts, data, at_source=False)
    if made is None or not made[1].labels or made[3] or not made[1].smallest:
        return
    _, work, units, _ = made
    every = useful(work)
    if len(every) > 9:
        return
    lost = set(work.lost(np.array(units, np.int64), NOTHING).tolist())
    for size in range(len(units)):
        assert all(reaches(work, set(part), set()) for part in combinations(every, size))
    for part in combinations(every, len(units)) if work.alike else ():
        if not reaches(work, set(part), set()):
            assert lost <= set(work.lost(np.array(part, np.int64), NOTHING).tolist())


@costly()
@given(webs(), st.data())
def test_masking_the_origins_is_one_cut_each(parts: Parts, data: st.DataObject) -> None:
    made = some_cure(parts, data, at_source=True)
    if made is None or not made[1].labels or not made[1].alike:
        return
    _, work, units, masked = made
    every = [("u", u) for u in useful(work)]
    every += [("m", int(m)) for m in sorted({int(work.trace.places.shown[s]) for x in work.labels for s in work.starts[x]})]
    if len(every) > 9:
        return
    for size in range(len(units) + len(masked)):
        for part in combinations(every, size):
            assert reaches(work, {x for k, x in part if k == "u"}, {x for k, x in part if k == "m"})


def strong(found: PiiAnswer, node: str, labels: list[str]) -> set[str]:
    rows = found.frame.filter((pl.col("node") == node) & pl.col("verdict").is_in(VERDICTS[:4]) & pl.col("label").is_in(labels))
    return set(rows["label"])


def masked_again(parts: Parts, cuts: list[tuple[str | None, str]], labels: list[str]) -> PiiAnswer:
    """Ask again once edges redact, and columns that hold a label no longer do."""
    pairs = {(s, t) for s, t in cuts if s is not None}
    mine = [(e["source"], e["target"]) in pairs for e in parts["edges"]]
    edges = [{**e, "verdict": "redacted", "subtype": None} if cut and e["type"] == "DIRECT" else e for e, cut in zip(parts["edges"], mine, strict=True) if not cut or e["type"] == "DIRECT"]
    gone = [t for s, t in cuts if s is None]
    book = pl.DataFrame({"node": [n for n in gone for _ in labels], "label": labels * len(gone), "decision": ["is_not"] * len(gone) * len(labels)}, schema=dict.fromkeys(("node", "label", "decision"), pl.String))
    return answer(snapshot({**parts, "edges": edges}), decisions=book)


@costly()
@given(webs(), st.data())
def test_asked_again_the_column_is_clear_and_not_before(parts: Parts, data: st.DataObject) -> None:
    found = answer(snapshot(parts))
    nodes = found.frame.filter(~pl.col("suspected") & (pl.col("hops") > 0))["node"].unique().sort().to_list()
    if not nodes:
        return
    node = data.draw(st.sampled_from(nodes))
    made = cure(found, node)
    labels = made.summary["labels"]
    work = _Cure(found.trace, found.trace.graph.index(node), labels)
    units, _ = work.solve(at_source=False)
    if not labels or (work.units.edge[units] < 0).any() or found.frame["suspected"].any():
        return
    cuts = list(made.frame.select("source", "target").iter_rows())
    assert not strong(masked_again(parts, cuts, labels), node, labels)
    for i in range(len(cuts)):
        assert strong(masked_again(parts, cuts[:i] + cuts[i + 1 :], labels), node, labels)


# -- by hand --------------------------------------------------------------------------------------------------


def columns(edges: list[tuple[Any, ...]], tags: dict[str, str], **nodes: dict[str, Any]) -> ln.Snapshot:
    ids = sorted({i for e in edges for i in e[:2]} | set(tags) | set(nodes))
    return ln.from_frames(
        nodes=[{"id": i, "kind": "column", "tags": tags.get(i), **nodes.get(i, {})} for i in ids],
        edges=[{"source": e[0], "target": e[1], "verdict": (*e, None)[2], "job": "job:j/1"} for e in edges],
    )


def test_one_cut_where_all_ways_meet_and_what_else_it_changes() -> None:
    snap = columns([("a#m", "c#x"), ("b#m", "c#x"), ("c#x", "d#y"), ("d#y", "e#z"), ("d#y", "f#z"), ("a#m", "g#z")], {"a#m": "pii:email", "b#m": "pii:phone"})
    made = snap.pii().cure("e#z")
    assert made.frame.select("source", "target", "action", "labels", "changes").rows() == [("d#y", "e#z", "mask or cut", ["email", "phone"], 0)]
    further = snap.pii().cure("d#y").frame
    assert further.select("source", "target", "changes").rows() == [("c#x", "d#y", 2)]
    assert further["also"].to_list() == [["e#z", "f#z"]] and further["stays"].to_list() == [[]]
    one = snap.pii().cure("c#x", labels=["phone"])
    assert one.frame.select("source", "target").rows() == [("b#m", "c#x")]
    assert one.frame["stays"].to_list() == [[]] and one.summary["changes"] == 3


def test_what_is_redacted_already_needs_no_cut() -> None:
    snap = columns([("a#m", "c#x", "redacted"), ("a#m", "b#x"), ("b#x", "c#x", "pseudonymised")], {"a#m": "pii:email"})
    made = snap.pii().cure("c#x")
    assert made.frame.select("source", "target").rows() == [("b#x", "c#x")]
    only = columns([("a#m", "c#x", "redacted")], {"a#m": "pii:email"}).pii().cure("c#x")
    assert only.frame.is_empty() and "needs no cure" in only.headline
    assert repr(only) and only._repr_mimebundle_()


def test_a_tagged_column_is_masked_at_the_source() -> None:
    snap = columns([("z#m", "a#m"), ("a#m", "b#x"), ("a#m", "c#x"), ("b#x", "d#x"), ("c#x", "d#x")], {"a#m": "pii:email", "z#m": "pii:email"})
    own = snap.pii().cure("a#m").frame
    assert own.select("source", "target", "action", "changes").rows() == [(None, "a#m", "mask at the source", 3)]
    assert snap.pii().cure("d#x").summary["cost"] == 2
    both = snap.pii().cure("d#x", at_source=True)
    assert both.frame.select("target", "action").rows() == [("a#m", "mask at the source")]


def test_more_cuts_that_change_less_are_named() -> None:
    snap = columns([("a#m", "b#x"), *[("b#x", f"c{i}#x") for i in range(3)], *[(f"c{i}#x", "d#x") for i in range(3)], ("b#x", "e#x")], {"a#m": "pii:email"})
    made = snap.pii().cure("d#x")
    assert made.frame.select("source", "target").rows() == [("a#m", "b#x")] and made.summary["changes"] == 5
    assert any("the 3 right before it change 0 other places" in note for note in made.trust)


def test_a_job_without_column_lineage_is_cut_where_it_writes() -> None:
    nodes = [{"id": "raw#m", "kind": "column", "tags": "pii:email"}, {"id": "out#x", "kind": "column"}, {"id": "out#y", "kind": "column"}]
    edges = [{"source": "raw", "target": "job:j/1", "type": "READ"}, {"source": "job:j/1", "target": "out", "type": "WRITE"}]
    row = ln.from_frames(nodes=nodes, edges=edges).pii().cure("out#x").frame.row(0, named=True)
    assert (row["source"], row["target"], row["certainty"], row["changes"]) == ("job:j/1", "out#x", "possible", 0)
    assert row["jobs"] == ["job:j/1"] and row["also"] == []


def test_tables_without_columns_are_cured_too() -> None:
    snap = ln.from_frames(nodes=[{"id": "a", "tags": ["pii:email"]}, {"id": "b"}, {"id": "c"}], edges=[{"source": "a", "target": "b"}, {"source": "b", "target": "c"}])
    assert snap.pii().cure("c").frame.select("source", "target", "changes").rows() == [("b", "c", 0)]


def test_refusals() -> None:
    snap = columns([("a#m", "b#x")], {"a#m": "pii:email"}, **{"c#y": {}})
    with pytest.raises(ln.LineageError, match="no label reaches it"):
        snap.pii().cure("c#y")
    with pytest.raises(ln.LineageError, match="cure one of its columns: b#x"):
        columns([("a#m", "b#x")], {"a#m": "pii:email"}, b={"kind": "dataset"}).pii().cure("b")
    with pytest.raises(ln.LineageError, match="Labels that reach it: email"):
        snap.pii().cure("b#x", labels=["phone"])
    with pytest.raises(AttributeError, match=r"snap\.pii\("):
        snap.impact("a#m").cure("b#x")


# -- scan plan ------------------------------------------------------------------------------------------------


def undetermined(found: PiiAnswer, sampled: set[int], sources: str) -> set[int]:
    """Columns that are not known once some were looked into, by the rule: one node at a time, to a fixpoint."""
    trace, told = found.trace, _status(found, sources)
    places, flow = trace.places, _carrying(trace)
    closed = {i for i in range(places.arcs.n) if places.reported[i] and int(places.shown[i]) in sampled}
    open_ = {int(i) for i in _undecided(trace, flow, told, sources)} - closed
    arcs = [(int(s), int(t)) for s, t, on in zip(places.arcs.adjacency.source, places.arcs.adjacency.target, flow, strict=True) if on]
    grown = True
    while grown:
        more = {t for s, t in arcs if s in open_ and t not in open_ and t not in closed}
        grown = bool(more)
        open_ |= more
    wanted = set(trace.lineage.coded.numbers(told.filter(pl.col("status").is_in(["possible", "suspected", "unknown", "name-disagrees"]))["node"]).to_list())
    return {int(places.shown[i]) for i in open_ if places.reported[i]} & wanted


@costly()
@given(st.one_of(webs(), tagged()), st.sampled_from(["clean", "unknown"]))
def test_samples_settle_everything_and_none_is_idle(parts: Parts, sources: str) -> None:
    snap = snapshot(parts)
    found = answer(snap)
    plan = scan_plan(snap, found, sources=sources)
    chosen = snap.coded.numbers(plan.frame["node"]).to_list()
    assert not undetermined(found, set(chosen), sources)
    for one in chosen:
        assert undetermined(found, set(chosen) - {one}, sources)
    unknown = undetermined(found, set(), sources)
    assert len(unknown) == plan.summary["unknown"]
    candidates = snap.graph("column").members[found.trace.shown].tolist()
    if len(candidates) <= 9 and len(chosen) <= 4:
        for part in combinations(candidates, max(len(chosen) - 1, 0)):
            assert not chosen or undetermined(found, set(part), sources)


def test_a_copy_is_settled_by_what_it_is_a_copy_of() -> None:
    nodes = [{"id": "raw#m", "kind": "column", "tags": "pii:email"}, *({"id": i, "kind": "column"} for i in ("crm#a", "crm#b", "copy#a", "both#x"))]
    edges = [{"source": "raw", "target": "job:j/1", "type": "READ"}, {"source": "job:j/1", "target": "crm", "type": "WRITE"}]
    edges += [{"source": s, "target": t, "job": "job:j/2"} for s, t in (("crm#a", "copy#a"), ("copy#a", "both#x"), ("crm#b", "both#x"))]
    snap = ln.from_frames(nodes=nodes, edges=edges)
    plan = snap.scan_plan(snap.pii())
    assert plan.frame.select("order", "node", "decides").rows() == [(1, "crm#a", 3), (2, "crm#b", 2)]
    assert "job:j/1" in plan.frame["why"][0] and plan.summary["unknown"] == 4
    with pytest.raises(ln.LineageError, match="another snapshot"):
        ln.from_edges([("a", "b")]).scan_plan(snap.pii())
    assert "nothing to look into" in ln.from_edges([("a#x", "b#x")]).scan_plan().headline


# -- the sample -----------------------------------------------------------------------------------------------


def test_the_sample(stream: ln.Snapshot) -> None:
    asked = stream.pii(labels=["email"])
    union = asked.cure("stream.marts.contact_points.contact")
    assert {s.rpartition("/")[2] for s in union.frame["source"]} == {"stream.core.dim_users#email", "stream.staging.stg_newsletter_signups#email"}
    archive = asked.cure("stream.crm.contact_archive#contact_value").frame.row(0, named=True)
    assert archive["jobs"] == ["job:cron/legacy_contact_dump"]
    plan = stream.scan_plan()
    assert {f"duckdb://stream.duckdb/stream.crm.campaign_audience#{c}" for c in ("audience_id", "contact", "refreshed_at", "segment")} <= set(plan.frame["node"])
