"""Personal data: the algebra of verdicts against a slow twin, laws, and what each rule promises."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import costly, frames, histories, snapshot

import lineage_nb as ln
from lineage_nb.analyses.pii.decisions import Decisions
from lineage_nb.analyses.pii.policy import POLICIES, Policy, Rule
from lineage_nb.analyses.pii.propagation import VERDICTS, PiiAnswer, pii, stopped
from lineage_nb.graph.paths import POSSIBLE_VALUE, PROVED_VALUE

Parts = dict[str, list[dict[str, Any]]]
Edge = tuple[str, str] | tuple[str, str, str | None] | tuple[str, str, str | None, str | None]
RANK = {v: i for i, v in enumerate((*VERDICTS, "none"))}


def made(edges: list[Edge], tags: dict[str, str], **nodes: dict[str, Any]) -> ln.Snapshot:
    """Columns with tags and edges (source, target, verdict, subtype)."""
    rows = [(*e, *[None] * (4 - len(e))) for e in edges]
    ids = sorted({i for r in rows for i in r[:2]} | set(tags) | set(nodes))
    about = [{"id": i, "kind": "column", "tags": tags.get(i), "data_type": None, **nodes.get(i, {})} for i in ids if i]
    said = [{"source": s, "target": t, "verdict": v, "subtype": w, "job": "job:j/1"} for s, t, v, w in rows]
    return ln.from_frames(nodes=about, edges=said)


def answer(snap: ln.Snapshot, **options: Any) -> PiiAnswer:
    found = pii(snap, **options)
    assert isinstance(found, PiiAnswer)
    return found


def best(snap: ln.Snapshot, certainty: str | None = "proved", **options: Any) -> dict[tuple[str, str], str]:
    frame = snap.pii(**options).frame
    if certainty is not None:
        frame = frame.filter(pl.col("certainty") == certainty)
    ranked = frame.sort(pl.col("verdict").replace_strict(RANK)).unique(["node", "label"], keep="first")
    return {(n, x): v for n, x, v in ranked.select("node", "label", "verdict").iter_rows()}


# -- the slow twin --------------------------------------------------------------------------------------------


@st.composite
def coded(draw: st.DrawFn) -> Parts:
    """Random snapshots with decryption, predicates and conditions among their column edges, and a special label."""
    parts = draw(frames())
    for node in parts["nodes"]:
        if node["kind"] == "column" and draw(st.booleans()):
            node["tags"] = draw(st.sampled_from(["pii:a", "pii:health"]))
    for edge in parts["edges"]:
        if edge.get("type") == "DIRECT" and "#" in edge["source"] and "#" in edge["target"]:
            subtype, verdict = draw(st.sampled_from([(None, edge.get("verdict")), ("DECRYPTION", "plain"), ("PREDICATE", "derived"), ("TRANSFORMATION", "derived"), ("TRANSFORMATION", "pseudonymised")]))
            edge["subtype"], edge["verdict"] = subtype, verdict
    return parts


def walked(found: PiiAnswer, label: str, *, proved: bool) -> dict[int, int]:
    """Strongest verdict of a label at every node, by following every state that a walk may be in, one at a time."""
    graph, special = found.trace.graph, label == "health"
    strength, restores = found.trace.strength_of(label, "proved" if proved else "possible"), found.trace.strength.restores
    bit = PROVED_VALUE if proved else POSSIBLE_VALUE
    arcs = graph.arcs
    out: dict[int, list[tuple[int, int, bool]]] = {}
    for arc, (s, t, bits, row) in enumerate(zip(arcs.adjacency.source, arcs.adjacency.target, arcs.bits, arcs.rows(), strict=True)):
        del arc
        deciding = special and row >= 0 and row in found.trace.strength.conditions
        if bits & (bit << 1 if deciding else bit):
            hides = int(strength[row]) if row >= 0 else 0
            out.setdefault(int(s), []).append((int(t), hides, bool(row >= 0 and restores[row])))
    todo = [(int(i), 0) for i in found.trace.starts(label, "proved" if proved else "possible")]
    seen = set(todo)
    while todo:
        node, state = todo.pop()
        for target, hides, shows in out.get(node, []):
            after = 0 if shows and state == 1 else max(state, hides)
            if after < len(VERDICTS) and (target, after) not in seen:
                seen.add((target, after))
                todo.append((target, after))
    strongest: dict[int, int] = {}
    for node, state in seen:
        if node < arcs.real:
            strongest[node] = min(strongest.get(node, 9), state)
    return strongest


@costly()
@given(coded())
def test_verdicts_equal_all_walks(parts: Parts) -> None:
    found = answer(snapshot(parts))
    trace = found.trace
    for label in trace.labels:
        rows = trace.rows.filter(pl.col("label") == trace.labels.index(label))
        proved = dict(rows.filter(certainty=0).select("node", "verdict").iter_rows())
        possible = dict(rows.filter(certainty=1).select("node", "verdict").iter_rows())
        sure, maybe = walked(found, label, proved=True), walked(found, label, proved=False)
        shown = {n for n in maybe if trace.shown[n] or n in trace.starts(label, "possible")}
        assert proved == {n: v for n, v in sure.items() if n in shown}
        assert possible == {n: v for n, v in maybe.items() if n in shown and v < sure.get(n, 9)}


@costly()
@given(coded())
def test_hops_and_paths_fit_the_rows(parts: Parts) -> None:
    found = answer(snapshot(parts))
    for row in found.frame.filter(~pl.col("suspected")).iter_rows(named=True):
        path = found.explain(row["node"], row["label"], certainty=row["certainty"])
        assert path.height >= row["hops"]  # from a dataset to its columns there is no hop
        if row["hops"]:
            assert path["source"][0] == row["origin"] and path["target"][-1] == row["node"]
            assert row["via"] in path["source"].to_list()
            assert path["so_far"][-1] == row["verdict"]
        shortest = found.explain(row["node"], row["label"], certainty=row["certainty"], path="shortest")
        assert shortest.is_empty() == path.is_empty()


def told_proved(parts: Parts, label: str) -> dict[str, int]:
    """What is proved of columns, read off the statements alone: what each ever held, and what it holds today."""
    special, columns = label == "health", {r["id"]: r for r in parts["nodes"] if r["kind"] == "column"}
    home = {c: c.partition("#")[0] for c in columns}
    dropped = {r["id"]: r["deleted_at"] for r in parts["nodes"] if r["deleted_at"]}
    over = [e for e in parts["edges"] if e["subtype"] == "OVERWRITE" and e["last_seen"]]
    newest = {t: max(e["last_seen"] for e in over if e["target"] == t) for t in {e["target"] for e in over}}
    cut = {**newest, **dropped}

    def holds(e: dict[str, Any]) -> bool:
        table = home[e["target"]]
        if table not in cut:
            return True
        if e["last_seen"] is None:
            return table not in dropped
        if table in dropped:
            return bool(e["last_seen"] > cut[table])
        own = any(o["target"] == table and o["last_seen"] == cut[table] and o["source"] == e["job"] for o in over)
        same = [x for x in typed if all(x[k] == e[k] for k in ("source", "target", "job"))]
        newer = any(x["last_seen"] is None or x["last_seen"] >= cut[table] for x in same)
        return bool(e["last_seen"] >= cut[table]) or (own and not newer)

    def option(said: list[dict[str, Any]]) -> list[tuple[int, bool]]:
        """Of one job's statements about a pair: what they hide, and whether they decrypt."""
        if special and any((e["type"] == "INDIRECT" and not e["verdict"]) or (e["verdict"] == "derived" and e["subtype"] == "PREDICATE") for e in said):
            return [(0, False)]
        deciding = [(RANK[e["verdict"]], False) for e in said if special and e["type"] == "INDIRECT"]
        direct = [e for e in said if e["type"] == "DIRECT"]
        given = {e["subtype"] for e in typed if e["verdict"] and all(e[k] == said[0][k] for k in ("source", "target", "job"))}
        ranks = [RANK[e["verdict"] or "plain"] for e in direct if e["verdict"] or e["subtype"] in given]
        return [(min(ranks) if ranks else 0, any(e["subtype"] == "DECRYPTION" for e in direct)), *deciding] if direct else deciding

    typed = [e for e in parts["edges"] if e["type"] in ("DIRECT", "INDIRECT")]
    ways: dict[tuple[str, bool], list[tuple[str, bool, int, bool]]] = {}
    for s, t in {(e["source"], e["target"]) for e in typed}:
        pair = [e for e in typed if (e["source"], e["target"]) == (s, t)]
        for today in (False, True):
            kept = [e for e in pair if not today or holds(e)]
            options = [o for j in {e["job"] for e in kept} for o in option([e for e in kept if e["job"] == j])]
            if options:
                ways.setdefault((s, False), []).append((t, today, min(o[0] for o in options), any(o[1] for o in options)))
    for c in columns:
        prefixes = [c[:i] for i, x in enumerate(c) if x == "." and c[:i] in columns]
        for today in (False, True) if prefixes else ():
            ways.setdefault((c, today), []).append((prefixes[-1], today, 0, False))
    starts = [c for c in columns if any(f"pii:{label}" in (r["tags"] or []) for p, r in columns.items() if c == p or c.startswith(p + "."))]
    seen = {(c, today, 0) for c in starts for today in (False, True) if not today or home[c] not in dropped}
    todo = list(seen)
    while todo:
        c, today, state = todo.pop()
        for t, then, hides, shows in ways.get((c, today), []):
            after = 0 if shows and state == 1 else max(state, hides)
            if after < len(VERDICTS) and (t, then, after) not in seen:
                seen.add((t, then, after))
                todo.append((t, then, after))
    found: dict[str, int] = {}
    for c, today, state in seen:
        if today:
            found[c] = min(found.get(c, 9), state)
    return found


@costly(30)
@given(histories())
def test_what_is_proved_is_what_the_statements_say(parts: Parts) -> None:
    found = best(snapshot(parts))
    for label in sorted({x for _, x in found}):
        told = {n: RANK[v] for (n, x), v in found.items() if x == label and "#" in n}
        assert told == told_proved(parts, label)


# -- laws -----------------------------------------------------------------------------------------------------


@costly()
@given(coded(), st.data())
def test_one_more_edge_never_weakens_what_is_proved(parts: Parts, data: st.DataObject) -> None:
    columns = [r["id"] for r in parts["nodes"] if r["kind"] == "column"]
    if not columns:
        return
    pick = st.sampled_from(columns)
    subtype, verdict = data.draw(st.sampled_from([("DECRYPTION", "plain"), ("PREDICATE", "derived"), ("TRANSFORMATION", "redacted")]))
    extra = {"source": data.draw(pick), "target": data.draw(pick), "type": "DIRECT", "subtype": subtype, "verdict": verdict}
    before, after = best(snapshot(parts)), best(snapshot({**parts, "edges": [*parts["edges"], extra]}))
    assert all(RANK[after.get(key, "none")] <= RANK[v] for key, v in before.items())


@settings(max_examples=15, deadline=None)
@given(histories())
def test_taking_column_lineage_from_a_job_never_makes_anything_surer(parts: Parts) -> None:
    """The job reads and writes all that its columns speak of, before and after; what it decrypted is not known any more."""
    mine = [e for e in parts["edges"] if e["job"] == "job:a" and e["type"] == "DIRECT" and e["subtype"] != "DECRYPTION"]
    others = [e for e in parts["edges"] if e["job"] != "job:a" or e["type"] == "WRITE"]
    said = {"subtype": None, "verdict": None, "job": "job:a", "last_seen": None}
    need = [{"source": t, "target": "job:a", "type": "READ", **said} for t in sorted({e["source"].partition("#")[0] for e in mine})]
    need += [{"source": "job:a", "target": t, "type": "WRITE", **said} for t in sorted({e["target"].partition("#")[0] for e in mine})]
    full, less = snapshot({**parts, "edges": [*others, *mine, *need]}), snapshot({**parts, "edges": [*others, *need]})
    before, after = ({r["node"]: r["status"] for r in status_of(s)} for s in (full, less))
    for node, was in before.items():
        now = after[node]
        assert now != "proved" or was == "proved", (node, was, now)
        assert now != "clean" or was == "clean", (node, was, now)
    gone = {r["id"] for r in parts["nodes"] if r["deleted_at"]}
    weaker = best(less, None)
    for (node, label), verdict in best(full, None).items():
        if node.partition("#")[0] not in gone:
            assert RANK[weaker.get((node, label), "none")] <= RANK[verdict]


def status_of(snap: ln.Snapshot) -> list[dict[str, Any]]:
    from lineage_nb.analyses.pii.status import status

    return status(answer(snap), names=False).to_dicts()


# -- the algebra ----------------------------------------------------------------------------------------------


def test_decryption_restores_pseudonyms_only() -> None:
    snap = made(
        [("t#m", "t#h", "pseudonymised"), ("t#h", "t#d", "plain", "DECRYPTION"), ("t#m", "t#l", "derived", "TRANSFORMATION"), ("t#l", "t#x", "plain", "DECRYPTION"), ("t#d", "t#e")],
        {"t#m": "pii:email"},
    )
    found = best(snap)
    assert found["t#d", "email"] == found["t#e", "email"] == "plain"
    assert found["t#h", "email"] == "pseudonymised" and found["t#x", "email"] == "derived"
    path = answer(snap).explain("t#e")
    assert path["so_far"].to_list() == ["pseudonymised", "plain", "plain"]
    assert path.height == 3


def test_decryption_after_a_detour() -> None:
    """The plain way from the pseudonym goes back to where the label came from."""
    snap = made([("t#a", "t#b", "pseudonymised"), ("t#b", "t#c", "plain", "DECRYPTION"), ("t#c", "t#b"), ("t#b", "t#z")], {"t#a": "pii:email"})
    assert best(snap)["t#z", "email"] == "plain"
    assert answer(snap).explain("t#z")["target"].to_list() == ["t#b", "t#c", "t#b", "t#z"]


@pytest.mark.parametrize(("label", "verdict"), [("health", "plain"), ("email", "derived")])
def test_a_predicate_tells_a_special_category(label: str, verdict: str) -> None:
    snap = made([("t#d", "t#flag", "derived", "PREDICATE"), ("t#d", "t#len", "derived", "TRANSFORMATION"), ("t#d", "t#what", "derived")], {"t#d": f"pii:{label}"})
    found = best(snap)
    assert found["t#flag", label] == verdict and found["t#len", label] == "derived"
    assert found["t#what", label] == verdict  # nobody says that it is no predicate


def test_a_case_tells_a_special_category() -> None:
    edges = [{"source": "t#d", "target": "t#flag", "type": "INDIRECT", "subtype": "CONDITIONAL"}]
    nodes = [{"id": "t#d", "kind": "column", "tags": "pii:health;pii:email"}, {"id": "t#flag", "kind": "column"}]
    assert best(ln.from_frames(nodes=nodes, edges=edges)) == {("t#d", "health"): "plain", ("t#d", "email"): "plain", ("t#flag", "health"): "plain"}


def test_only_keys_of_persons_make_a_group_a_person() -> None:
    def total(key: str, subtype: str = "GROUP_BY") -> str:
        nodes = [{"id": "pay", "kind": "dataset"}, {"id": "pay#s", "kind": "column", "tags": "pii:salary"}, {"id": "pay#k", "kind": "column", "tags": key}, {"id": "out#s", "kind": "column"}]
        edges = [
            {"source": "pay#s", "target": "out#s", "subtype": "AGGREGATION", "verdict": "aggregated", "job": "job:a/j"},
            {"source": "pay#k", "target": "out" if subtype == "GROUP_BY" else "out#s", "type": "INDIRECT", "subtype": subtype, "job": "job:a/j"},
        ]
        snap = ln.from_frames(nodes=nodes, edges=edges)
        assert best(snap, labels=["salary"]) == {k: v for k, v in best(snap).items() if k[1] == "salary"}
        return best(snap)["out#s", "salary"]

    assert total("pii:employee_id") == total("pii:email") == "plain"
    assert total("pii:employee_id", "WINDOW") == "plain"
    assert total("pii:gender") == total("team") == "aggregated"


# -- structs and blobs ----------------------------------------------------------------------------------------


def test_a_struct_holds_what_its_fields_hold() -> None:
    snap = made([("a#user", "b#user"), ("a#user.mail", "c#mail")], {"a#user.mail": "pii:email"}, **{"a#user.age": {}, "b#user.mail": {}, "b#user.age": {}})
    assert best(snap) == {(n, "email"): "plain" for n in ("a#user.mail", "a#user", "b#user", "c#mail")}
    assert set(best(snap, "possible")) == {("b#user.mail", "email"), ("b#user.age", "email")}


def test_a_tagged_struct_covers_its_fields() -> None:
    snap = made([("a#user.mail", "c#mail")], {"a#user": "pii:email"}, **{"a#user.more.x": {}})
    assert {n for n, _ in best(snap)} == {"a#user", "a#user.mail", "a#user.more.x", "c#mail"}


def test_what_was_taken_out_of_a_blob_was_in_it() -> None:
    blob = {"data_type": "JSON"}
    snap = made([("raw#p", "stg#p", "plain", "IDENTITY"), ("stg#p", "x#mail", "plain", "TRANSFORMATION"), ("raw#p", "old#p", "plain", "IDENTITY")], {"x#mail": "pii:email"}, **{"raw#p": blob, "stg#p": blob, "old#p": blob})
    frame = snap.pii().frame.filter(pl.col("suspected"))
    assert sorted(frame["node"].to_list()) == ["old#p", "raw#p", "stg#p"] and set(frame["certainty"]) == {"possible"}


# -- what was rewritten ---------------------------------------------------------------------------------------

T1, T2, T3 = (datetime(2025, m, 1, tzinfo=UTC) for m in (1, 2, 3))


def rewritten(**dataset: Any) -> list[dict[str, Any]]:
    return [{"id": "t", "kind": "dataset", **dataset}, {"id": "a#m", "kind": "column", "tags": "pii:email"}, {"id": "t#m", "kind": "column"}, {"id": "copy#m", "kind": "column"}]


def test_a_rewritten_table_is_clean_and_its_copies_are_not() -> None:
    edges = [
        {"source": "a#m", "target": "t#m", "job": "job:a/old", "last_seen": T1},
        {"source": "t#m", "target": "copy#m", "job": "job:a/copy", "last_seen": T1},
        {"source": "job:a/new", "target": "t", "type": "WRITE", "subtype": "OVERWRITE", "job": "job:a/new", "last_seen": T2},
    ]
    snap = ln.from_frames(nodes=rewritten(), edges=edges)
    assert set(best(snap)) == {("a#m", "email"), ("copy#m", "email")}
    again = [*edges, {"source": "a#m", "target": "t#m", "job": "job:a/later", "last_seen": T3}]
    assert ("t#m", "email") in best(ln.from_frames(nodes=rewritten(), edges=again))
    silent = [{**edges[0], "last_seen": None}, *edges[1:]]
    assert ("t#m", "email") in best(ln.from_frames(nodes=rewritten(), edges=silent))
    added = [*edges[:2], {**edges[2], "subtype": None}]
    assert ("t#m", "email") in best(ln.from_frames(nodes=rewritten(), edges=added))


def test_a_dropped_table_holds_nothing_and_its_copies_do() -> None:
    edges = [{"source": "a#m", "target": "t#m", "last_seen": T1}, {"source": "t#m", "target": "copy#m", "last_seen": T1}]
    snap = ln.from_frames(nodes=rewritten(deleted_at=T2, last_seen=T1), edges=edges)
    assert set(best(snap)) == {("a#m", "email"), ("copy#m", "email")}
    assert any("dropped or rewritten" in note for note in snap.pii().trust)
    assert answer(snap).explain("copy#m")["target"].to_list() == ["t#m", "copy#m"]


# -- policies and decisions -----------------------------------------------------------------------------------


def test_policies_print_and_part() -> None:
    snap = made([("t#m", "t#r", "redacted"), ("t#m", "t#h", "pseudonymised")], {"t#m": "pii:email"})
    mine = Policy("mine", {("email", v): Rule("downgrade", "kept apart") for v in VERDICTS[1:4]} | {("email", "redacted"): Rule("stop", "ours")})
    found = answer(snap, policy=mine)
    assert dict(found.frame.select("node", "action").iter_rows()) == {"t#m": "carry", "t#h": "downgrade"}
    assert stopped(found).select("node", "reason").rows() == [("t#r", "ours")] and found.summary["stopped"] == 1
    assert any("stopped by the policy 'mine'" in note for note in found.trust)
    for policy in POLICIES.values():
        table = policy.table()
        assert table["reason"].str.len_chars().min() > 5 and {"special categories", "any other"} <= set(table["label"])


def test_policies_are_checked() -> None:
    with pytest.raises(ln.LineageError, match="unknown policy 'mild'. Known: conservative, gdpr, strict"):
        pii(made([("t#m", "t#n")], {"t#m": "pii:email"}), policy="mild")
    with pytest.raises(ln.LineageError, match="hides more than plain"):
        Policy("bad", {("*", "plain"): Rule("stop", "")})
    with pytest.raises(ln.LineageError, match="unknown verdict 'hashed'"):
        Policy("bad", {("*", "hashed"): Rule("stop", "")})


def test_a_crowd_ends_the_matter() -> None:
    assert POLICIES["gdpr"].of("salary", "aggregated", 10).action == "stop"
    assert POLICIES["gdpr"].of("salary", "aggregated", 9).action == "downgrade"
    assert POLICIES["conservative"].of("health", "aggregated", 100).action == "carry"


def test_decisions_begin_and_end_labels() -> None:
    snap = made([("t#m", "t#n"), ("t#n", "t#o"), ("t#x", "t#y")], {"t#m": "pii:email"})
    said = pl.DataFrame({"node": ["t#n", "t#x"], "label": ["email", "phone"], "decision": ["is_not", "is"]})
    found = snap.pii(decisions=said)
    assert set(best(snap, decisions=said)) == {("t#m", "email"), ("t#x", "phone"), ("t#y", "phone")}
    assert found.summary["overruled"] == 1
    lost = snap.pii(decisions=pl.DataFrame({"node": ["gone#m"], "label": ["email"], "decision": ["is_not"]}))
    assert lost.summary["overruled"] == 0 and any("not here, such as 'gone#m'" in note for note in lost.trust)
    book = Decisions().decide("t#n", "email", "is_not", by="ana", why="a hash by now")
    assert set(best(snap, decisions=book)) == {("t#m", "email")}
    with pytest.raises(ln.LineageError, match="'maybe' about 't#n'"):
        snap.pii(decisions=pl.DataFrame({"node": ["t#n"], "label": ["email"], "decision": ["maybe"]}))
    with pytest.raises(ln.LineageError, match="lack the column 'label'"):
        snap.pii(decisions=pl.DataFrame({"node": ["t#n"], "decision": ["is"]}))


def test_explain_refuses_what_it_does_not_know() -> None:
    found = answer(made([("t#m", "t#n")], {"t#m": "pii:email"}, **{"t#q": {}}))
    with pytest.raises(ln.LineageError, match="no label reaches it"):
        found.explain("t#q")
    with pytest.raises(ln.LineageError, match="label 'phone' is not in this answer. Labels here: email"):
        found.explain("t#n", "phone")
    with pytest.raises(ln.LineageError, match="path is 'best'"):
        found.explain("t#n", path="best")
