"""Who can see personal data, and where to find one person: grants against a slow twin, and what each rule promises."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import costly

import lineage_nb as ln
from lineage_nb.analyses.pii.access import access
from lineage_nb.analyses.pii.decisions import Decisions

DAY = date(2026, 6, 30)
PEOPLE = ("ana", "ben", "cem")


def shop(grants: list[dict[str, Any]] | None = None, usage: list[dict[str, Any]] | None = None, **more: Any) -> ln.Snapshot:
    """raw#mail and raw#ill feed mart#mail and a report; three persons, two of them in a team."""
    nodes = [
        {"id": "raw", "kind": "dataset"},
        {"id": "mart", "kind": "dataset"},
        {"id": "raw#mail", "kind": "column", "tags": ["pii:email"]},
        {"id": "raw#ill", "kind": "column", "tags": ["pii:health"]},
        {"id": "mart#mail", "kind": "column"},
        {"id": "board", "kind": "report"},
        {"id": "team", "kind": "principal", "type": "team"},
        *({"id": p, "kind": "principal", "type": "person", "parent": "team" if p != "cem" else None} for p in PEOPLE),
        *more.pop("nodes", []),
    ]
    edges = [{"source": "raw#mail", "target": "mart#mail"}, {"source": "mart#mail", "target": "board"}, *more.pop("edges", [])]
    return ln.from_frames(nodes=nodes, edges=edges, **({"grants": grants} if grants else {}), **({"usage": usage} if usage else {}), **more)


def seen(snap: ln.Snapshot, by: str = "person", **options: Any) -> dict[tuple[str, str], dict[str, Any]]:
    frame = snap.pii().exposures(by=by, **options).frame
    return {(r["key"], r["label"]): r for r in frame.iter_rows(named=True)}


def grant(who: str, node: str, privilege: str = "SELECT", condition: str | None = None) -> dict[str, Any]:
    return {"principal": who, "node": node, "privilege": privilege, "condition": condition}


# -- grants against a slow twin -------------------------------------------------------------------------------


@st.composite
def rights(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Grants and denies of tables, columns and roles, roles in circles among them."""
    roles = ("r0", "r1", "r2")
    rows = []
    for _ in range(draw(st.integers(1, 9))):
        who, node = draw(st.sampled_from([*PEOPLE, "team", *roles])), draw(st.sampled_from(["raw", "raw#mail", "mart", *roles]))
        privilege = draw(st.sampled_from(["SELECT", "SELECT", "ALL", "INSERT", "DENY SELECT", "odd"])) if node not in roles else "MEMBER"
        condition = draw(st.sampled_from([None, None, "masked: mail", "hashed", "rows: mine"])) if node not in roles and not privilege.startswith("DENY") else None
        rows.append(grant(who, node, privilege, condition))
    return rows


def slow(rows: list[dict[str, Any]]) -> dict[tuple[str, str], int]:
    """(person, place) → the least that a mask hides, by walking through roles one at a time."""
    into: dict[str, set[str]] = {"ana": {"team"}, "ben": {"team"}}
    for r in rows:
        if r["node"].startswith("r") and r["node"] not in ("raw", "raw#mail"):
            into.setdefault(r["principal"], set()).add(r["node"])
    found: dict[tuple[str, str], int] = {}
    for person in PEOPLE:
        mine, todo = {person}, [person]
        while todo:
            for group in into.get(todo.pop(), set()) - mine:
                mine.add(group)
                todo.append(group)
        for place in ("raw#mail", "raw#ill", "mart#mail"):
            fits = [r for r in rows if r["principal"] in mine and r["node"] in (place, place.partition("#")[0])]
            if any(r["privilege"].startswith("DENY") for r in fits):
                continue
            hides = []
            for r in fits:
                if r["privilege"] in ("SELECT", "ALL", "odd"):
                    masked = r["condition"] == "masked: mail" and place.endswith("#mail")
                    hides.append(4 if masked else 1 if r["condition"] == "hashed" else 0)
            if hides:
                found[person, place] = min(hides)
    return found


@costly()
@given(rights())
def test_roles_masks_and_denies_equal_a_walk(rows: list[dict[str, Any]]) -> None:
    roles = [{"id": r, "kind": "principal", "type": "role"} for r in ("r0", "r1", "r2")]
    snap = shop(rows, nodes=roles)
    ids = snap.coded.ids
    places = snap.coded.numbers(pl.Series(["raw#mail", "raw#ill", "mart#mail"])).to_numpy().astype(np.int64)
    found = access(snap, places)
    fast = {(ids[r], ids[p]): h for r, p, h in found.of_leaves.select("reader", "place", "hides").iter_rows() if ids[r] in PEOPLE}
    assert fast == slow(rows)
    for reader, place, holder in found.allowed.select("reader", "place", "holder").iter_rows():
        chain = found.chain(reader, holder)
        assert chain[0] == holder and chain[-1] == reader and place is not None


# -- what each rule promises ----------------------------------------------------------------------------------


def test_a_team_lets_its_members_read_and_only_them() -> None:
    snap = shop([grant("team", "mart")])
    found = seen(snap)
    assert {k for k, _ in found} == {"ana", "ben"}
    row = found["ana", "email"]
    assert (row["node"], row["verdict"], row["via"], row["without_source"], row["use"], row["people"]) == ("mart#mail", "plain", "team", 1, "unknown", 1)
    team = seen(snap, "recipient")["team", "email"]
    assert (team["kind"], team["people"], team["who"]) == ("team", 2, ["ana", "ben"])
    path = snap.pii().exposures(by="person").explain("ana")
    assert path.select("source", "target", "type").rows() == [("raw#mail", "mart#mail", "DIRECT"), ("mart", "team", "GRANT"), ("team", "ana", "MEMBER")]


def test_who_may_read_the_source_is_told_apart() -> None:
    found = seen(shop([grant("ana", "mart"), grant("ana", "raw"), grant("ben", "mart"), grant("ben", "raw", condition="masked: mail")]))
    assert found["ana", "email"]["without_source"] == 0 and found["ben", "email"]["without_source"] == 1


@pytest.mark.parametrize(
    ("condition", "verdict"),
    [(None, "plain"), ("masked: mail", "redacted"), ("masked", "redacted"), ("hashed: MAIL, other", "pseudonymised"), ("masked: other", "plain"), ("masked:", "plain"), ("masked: , ;", "plain"), ("region = 'eu'", "plain"), ("masked: mail; rows: own", "redacted")],
)
def test_masks(condition: str | None, verdict: str) -> None:
    row = seen(shop([grant("cem", "raw", condition=condition)]))["cem", "email"]
    assert (row["verdict"], row["condition"]) == (verdict, condition)
    assert row["action"] == ("downgrade" if verdict == "redacted" else "carry")


def test_the_best_of_several_grants_counts_and_a_deny_beats_them_all() -> None:
    rows = [grant("ana", "raw", condition="masked"), grant("team", "raw")]
    assert seen(shop(rows))["ana", "email"]["verdict"] == "plain"
    assert not seen(shop([*rows, grant("ana", "raw", "DENY SELECT")])).keys() & {("ana", "email"), ("ana", "health")}
    one = seen(shop([*rows, grant("team", "raw#mail", "DENY SELECT")]))
    assert ("ana", "email") not in one and one["ana", "health"]["special"]
    assert seen(shop([*rows, grant("ana", "raw", "DENY INSERT")]))["ana", "email"]["verdict"] == "plain"
    doubt = seen(shop([*rows, grant("ana", "raw", "DENY SELECT", "outside the office")]))["ana", "email"]
    assert (doubt["certainty"], doubt["condition"]) == ("possible", "denied in part")


@pytest.mark.parametrize("privilege", ["DENY UNMASK", "DENY VIEW DEFINITION", "DENY SHOWPLAN", "DENY SHARE", "DENY odd thing"])
def test_a_deny_of_something_else_leaves_reading(privilege: str) -> None:
    row = seen(shop([grant("ana", "raw"), grant("ana", "raw", privilege)]))["ana", "email"]
    unsure = privilege == "DENY odd thing"
    assert (row["verdict"], row["certainty"]) == ("plain", "possible" if unsure else "proved")


@pytest.mark.parametrize("privilege", ["DENY DELETE, SELECT", "DELETE, DENY SELECT", "DENY", "deny:all", "DENY  ALL PRIVILEGES", "DENY INSERT, READ"])
def test_each_privilege_of_a_list_is_denied(privilege: str) -> None:
    assert ("ana", "email") not in seen(shop([grant("ana", "raw"), grant("ana", "raw", privilege)]))


def test_grants_may_be_spelled_with_their_word_and_option() -> None:
    rows = [grant("ana", "raw", "GRANT SELECT WITH GRANT OPTION"), grant("ben", "raw", "DENY DELETE, GRANT SELECT"), grant("cem", "raw", "REVOKE GRANT OPTION FOR SELECT"), grant("cem", "raw")]
    assert {(k, v["certainty"]) for (k, label), v in seen(shop(rows)).items() if label == "email"} == {("ana", "proved"), ("ben", "proved"), ("cem", "proved")}


def test_a_revoke_undoes_what_the_same_principal_had_on_the_same_node() -> None:
    """In SQL a revoke takes a grant back and forbids nothing: who has the right from elsewhere keeps it."""

    def readers(*rows: dict[str, Any]) -> set[str]:
        return {k for (k, label), row in seen(shop(list(rows))).items() if label == "email" and row["certainty"] == "proved"}

    everybody = grant("PUBLIC", "raw", "REVOKE SELECT")
    assert readers(grant("ana", "raw"), everybody) == {"ana"}
    assert readers(grant("team", "raw"), grant("ana", "raw", "REVOKE SELECT")) == {"ana", "ben"}
    assert readers(grant("team", "raw"), grant("team", "raw", "REVOKE ALL")) == set()
    assert readers(grant("team", "raw", "ALL"), grant("team", "raw", "REVOKE SELECT")) == set()
    assert readers(grant("team", "raw"), grant("team", "raw#mail", "REVOKE SELECT")) == {"ana", "ben"}
    assert readers(grant("ana", "raw"), grant("ana", "raw", "REVOKE INSERT")) == {"ana"}
    assert readers(grant("ana", "raw", "OWNERSHIP"), grant("ana", "raw", "REVOKE ALL")) == {"ana"}
    assert readers(grant("ana", "raw"), grant("ana", "raw", "REVOKE SELECT", "at night")) == set()
    assert readers(grant("cem", "team", "MEMBER"), grant("team", "raw"), grant("cem", "team", "REVOKE MEMBER")) == {"ana", "ben"}
    assert readers(grant("cem", "team", "MEMBER"), grant("team", "raw"), grant("cem", "team", "DENY MONITOR")) == {"ana", "ben", "cem"}


def test_accepting_one_role_leaves_the_other_open() -> None:
    roles = {"nodes": [{"id": r, "kind": "principal", "type": "role"} for r in ("q", "r")]}
    rows = [grant("cem", "q", "MEMBER"), grant("cem", "r", "MEMBER"), grant("q", "mart"), grant("r", "mart")]
    for taken, open_ in (("q", "r"), ("r", "q")):
        book = Decisions().accept(label="email", recipient=taken, by="dpo", why="support", until="2030-01-01")
        frame = shop(rows, **roles).pii().exposures(by="person", decisions=book).frame
        assert frame.select("key", "via", "status").rows() == [("cem", open_, "open"), ("cem", taken, "accepted")]


def test_what_is_proved_is_told_beside_something_stronger_that_is_only_possible() -> None:
    frame = shop([grant("cem", "mart", "CURATE"), grant("cem", "mart", condition="hashed: mail")]).pii().exposures(by="person").frame
    assert frame.select("verdict", "certainty").rows() == [("plain", "possible"), ("pseudonymised", "proved")]


def test_a_read_of_what_is_denied_contradicts_and_does_not_count_behind_the_role() -> None:
    usage = [{"node": "raw", "consumer": "ana", "day": DAY, "reads": 1}]
    asked = shop([grant("team", "raw"), grant("ana", "raw", "DENY SELECT")], usage).pii()
    told = asked.exposures()
    rows = {(r["key"], r["label"]): r for r in told.frame.iter_rows(named=True)}
    assert (rows["team", "email"]["people"], rows["team", "email"]["who"]) == (1, ["ben"])
    assert (rows["ana", "email"]["how"], rows["ana", "email"]["certainty"], rows["ana", "email"]["people"]) == ("read, though denied", "possible", 1)
    assert any("a deny takes away: ana (raw)" in note for note in told.trust)
    assert told.explain("ana", label="email")["type"].to_list()[-1] == "READ"
    columns = {r["key"]: r for r in asked.exposures(by="column").frame.iter_rows(named=True)}
    assert columns["raw#mail"]["who"] == ["ben"]


def test_conditions_that_nobody_understands_are_told() -> None:
    rows = [grant("ana", "raw", condition="masking policy mp on mail"), grant("ben", "raw", condition="MASKED WITH (FUNCTION = 'email()')"), grant("cem", "raw", condition="masked: mail; rows: own")]
    told = shop(rows).pii().exposures(by="person")
    note = next(n for n in told.trust if "not understood" in n)
    assert "2 conditions" in note and "'masking policy mp on mail'" in note and "'masked: a, b'" in note
    assert seen(shop(rows))["ana", "email"]["verdict"] == "plain"
    assert not any("not understood" in n for n in shop(rows[2:]).pii().exposures(by="person").trust)


def test_grants_of_some_rows_are_counted_in_words() -> None:
    one, two = ([grant(p, "mart", "SELECT", "rows: x = 1") for p in who] for who in (("ana",), ("ana", "cem")))
    assert any(t.startswith("1 grant shows some rows only, or under a condition: what it shows") for t in shop(one).pii().exposures(by="person").trust)
    assert any(t.startswith("2 grants show some rows only, or under a condition: what they show") for t in shop(two).pii().exposures(by="person").trust)


def test_privileges_that_do_not_read() -> None:
    assert seen(shop([grant("ana", "raw", "INSERT"), grant("ben", "raw", "usage"), grant("cem", "raw", "select, insert")])).keys() == {("cem", "email"), ("cem", "health")}
    assert seen(shop([grant("cem", "raw", "CURATE")]))["cem", "email"]["certainty"] == "possible"


def test_a_schema_and_everybody() -> None:
    more = {"nodes": [{"id": "db.s", "type": "schema"}, {"id": "db.s.t", "kind": "dataset"}, {"id": "db.s.t#m", "kind": "column", "tags": ["pii:phone"]}, {"id": "db.sx.t#m", "kind": "column", "tags": ["pii:phone"]}]}
    assert seen(shop([grant("cem", "db.s")], **more))["cem", "phone"]["node"] == "db.s.t#m"
    assert seen(shop([grant("cem", "db.s")], **more))["cem", "phone"]["places"] == 1
    everybody = seen(shop([grant("PUBLIC", "raw#mail")]))
    assert {k for k, _ in everybody} == {"ana", "ben", "cem"}


def test_report_viewers_are_normal_and_readers_without_a_grant_are_not() -> None:
    usage = [{"node": n, "consumer": "cem", "day": DAY, "reads": 1} for n in ("board", "mart")]
    snap = shop([grant("ana", "raw")], usage)
    found = snap.pii().exposures(by="person").frame
    cem = found.filter(pl.col("key") == "cem").row(0, named=True)
    assert cem["how"] == "view" or cem["how"] == "read, no grant known"
    rows = snap.pii().exposures().frame
    board = rows.filter(pl.col("key") == "board").row(0, named=True)
    assert (board["kind"], board["normal"], board["people"], board["who"], board["last_read"]) == ("report", True, 1, ["cem"], DAY)
    odd = rows.filter(pl.col("key") == "cem").row(0, named=True)
    assert (odd["how"], odd["normal"], odd["certainty"]) == ("read, no grant known", False, "possible")
    assert rows.filter(~pl.col("special") & (pl.col("verdict") == "plain") & (pl.col("certainty") == "proved"))["normal"].to_list() == [False, True]


def test_stale_grants_only_where_the_log_is_complete() -> None:
    rows = [grant("team", "raw"), grant("cem", "raw")]
    usage = [{"node": "raw", "consumer": "ana", "day": DAY, "reads": 1}, {"node": "raw", "consumer": "cem", "day": DAY - timedelta(days=200), "reads": 1}]
    span = {"what": "usage", "from": DAY - timedelta(days=300), "to": DAY, "complete": True}
    told = seen(shop(rows, usage, coverage=[{"scope": "raw", **span}]))
    assert {k: told[k, "email"]["use"] for k in PEOPLE} == {"ana": "used", "ben": "stale", "cem": "stale"}
    assert told["cem", "email"]["stale"] == 1 and told["ana", "email"]["last_read"] == DAY
    assert seen(shop(rows, usage, coverage=[{"scope": "raw", **span}]), "recipient")["team", "email"]["use"] == "used"
    assert seen(shop(rows, usage, coverage=[{"scope": "raw", **span}]), days=250)["cem", "email"]["use"] == "used"
    gap = seen(shop(rows, usage, coverage=[{"scope": "raw", **span, "complete": False}]))
    assert gap["ben", "email"]["use"] == "unknown"
    nameless = [*usage, {"node": "raw", "consumer": None, "day": DAY, "reads": 1}]
    assert seen(shop(rows, nameless, coverage=[{"scope": "raw", **span}]))["ben", "email"]["use"] == "unknown"


def test_acceptances_hold_until_their_day() -> None:
    snap = shop([grant("team", "raw")], [{"node": "raw", "consumer": "ana", "day": DAY, "reads": 1}])

    def status(book: Decisions, label: str = "email") -> tuple[str, date | None]:
        row = seen(snap, decisions=book)["ana", label]
        return row["status"], row["until"]

    until = DAY + timedelta(days=1)
    why = {"by": "dpo", "why": "call centre"}
    assert status(Decisions().accept(node="raw", label="email", until=until, **why)) == ("accepted", until)
    assert status(Decisions().accept(recipient="team", label="email", until=until, **why)) == ("accepted", until)
    assert status(Decisions().accept(recipient="team", label="email", until=until, **why), "health") == ("open", None)
    assert status(Decisions().accept(recipient="ben", label="email", until=until, **why)) == ("open", None)
    past = DAY - timedelta(days=1)
    assert status(Decisions().accept(node="raw#mail", recipient="ana", label="email", until=past, **why)) == ("expired", past)
    frame = snap.pii().exposures(by="person", decisions=Decisions().accept(node="raw", label="health", until=until, **why)).frame
    assert frame["status"].to_list() == ["open", "open", "accepted", "accepted"]


def test_exports_shares_features_files_and_jobs() -> None:
    ends = {"crm": "reverse_etl", "out": "share", "vec": "feature_table", "s3://bucket/x": "file"}
    more = {"nodes": [{"id": n, "kind": "dataset", "type": t} for n, t in ends.items()] + [{"id": f"{n}#m", "kind": "column"} for n in ends]}
    more["edges"] = [{"source": "raw#mail", "target": f"{n}#m"} for n in ends] + [{"source": "raw", "target": "job:a/push", "type": "READ"}]
    found = seen(shop(**more), "recipient")
    assert {k: v["kind"] for (k, x), v in found.items() if x == "email"} == {"crm": "export", "out": "share", "vec": "features", "s3://bucket/x": "file", "job:a/push": "job", "board": "report"}
    assert found["job:a/push", "email"]["certainty"] == "possible"
    assert snap_explains(shop(**more), "job:a/push") == [("raw#mail", "job:a/push", "READ")]


def snap_explains(snap: ln.Snapshot, key: str) -> list[tuple[str, str, str]]:
    return snap.pii().exposures().explain(key, label="email").select("source", "target", "type").rows()  # type: ignore[return-value]


def test_borders_of_regions_and_purposes() -> None:
    nodes = [
        {"id": "a", "kind": "dataset", "tags": ["region:EU", "purpose:billing"]},
        {"id": "a#m", "kind": "column", "tags": ["pii:email"]},
        *({"id": i, "kind": "dataset", "tags": t} for i, t in (("b", None), ("c", ["region:us"]), ("d", ["region:eu", "purpose:ads"]))),
        *({"id": f"{i}#m", "kind": "column"} for i in "bcd"),
    ]
    edges = [{"source": f"{s}#m", "target": f"{t}#m"} for s, t in ("ab", "bc", "cd")]
    snap = ln.from_frames(nodes=nodes, edges=edges)
    rows = snap.pii().exposures(by="region").frame
    assert rows.select("key", "kind", "node", "how").rows() == [("billing → ads", "purpose", "d#m", "cross"), ("eu → us", "region", "c#m", "cross")]
    assert set(snap.pii().exposures().frame["key"]) == {"billing → ads", "eu → us"}
    assert snap.pii().exposures(by="region").explain("eu → us").height == 2
    bare = ln.from_frames(nodes=[{**n, "namespace": n["id"][0], "tags": None if n["kind"] == "dataset" else n.get("tags")} for n in nodes], edges=edges)
    told = bare.pii().exposures(by="region")
    assert told.frame["key"].sort().to_list() == ["a → b", "a → c", "a → d"] and any("namespace" in note for note in told.trust)
    assert "a → b" not in bare.pii().exposures().frame["key"]


def test_a_copy_that_is_held_in_two_regions_left_the_first() -> None:
    nodes = [{"id": "a", "kind": "dataset", "tags": ["region:eu"]}, {"id": "b", "kind": "dataset", "tags": ["region:eu", "region:us"]}]
    nodes += [{"id": "a#m", "kind": "column", "tags": ["pii:email"]}, {"id": "b#m", "kind": "column"}]
    snap = ln.from_frames(nodes=nodes, edges=[{"source": "a#m", "target": "b#m"}])
    assert snap.pii().exposures(by="region").frame.select("key", "node").rows() == [("eu → us", "b#m")]


def test_borders_of_two_kinds_with_equal_names_are_explained() -> None:
    tags = {"a#m": ["pii:email", "region:x"], "b#m": ["region:y"], "c#m": ["pii:phone", "purpose:x"], "d#m": ["purpose:y"]}
    snap = ln.from_frames(nodes=[{"id": i, "kind": "column", "tags": t} for i, t in tags.items()], edges=[{"source": "a#m", "target": "b#m"}, {"source": "c#m", "target": "d#m"}])
    told = snap.pii().exposures(by="region")
    assert told.frame.select("key", "kind").rows() == [("x → y", "region"), ("x → y", "purpose")]
    assert [told.explain("x → y", label=label)["source"].to_list() for label in ("email", "phone")] == [["a#m"], ["c#m"]]


def test_namespaces_that_nothing_leaves_are_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    nodes = [{"id": f"n{i}/a", "kind": "dataset", "namespace": f"n{i}"} for i in range(6)] + [{"id": f"n{i}/a#m", "kind": "column", "namespace": f"n{i}", "tags": ["pii:email"] if i < 5 else None} for i in range(6)]
    edges = [{"source": "n0/a#m", "target": "n5/a#m"}, {"source": "n1/a", "target": "job:x/j", "type": "READ"}, {"source": "job:x/j", "target": "n5/a", "type": "WRITE"}]
    snap = ln.from_frames(nodes=nodes, edges=edges)
    made: list[int] = []
    from lineage_nb.analyses.pii import borders

    class Counted(borders.Trace):
        def __init__(self, *parts: Any) -> None:
            made.append(1)
            super().__init__(*parts)

    monkeypatch.setattr(borders, "Trace", Counted)
    rows = snap.pii().exposures(by="region").frame
    assert rows.select("key", "certainty").rows() == [("n0 → n5", "proved"), ("n1 → n5", "possible")] and len(made) == 2


def test_what_goes_only_to_where_no_zone_is_told_is_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    from lineage_nb.analyses.pii import borders

    made: list[int] = []

    class Counted(borders.Trace):
        def __init__(self, *parts: Any) -> None:
            made.append(1)
            super().__init__(*parts)

    monkeypatch.setattr(borders, "Trace", Counted)
    nodes = [{"id": f"n{i}/a", "kind": "dataset", "namespace": f"n{i}"} for i in range(4)]
    nodes += [{"id": f"n{i}/a#m", "kind": "column", "tags": ["pii:email"] if i < 3 else None} for i in range(4)]
    edges = [{"source": f"n{i}/a#m", "target": f"lost/b{i}#m"} for i in range(3)]
    assert ln.from_frames(nodes=nodes, edges=edges).pii().exposures(by="region").frame.is_empty() and not made
    edges += [{"source": "lost/b1", "target": "job:x/j", "type": "READ"}, {"source": "job:x/j", "target": "n3/a", "type": "WRITE"}]
    rows = ln.from_frames(nodes=nodes, edges=edges).pii().exposures(by="region").frame
    assert rows.select("key", "certainty").rows() == [("n1 → n3", "possible")] and len(made) == 1


@given(st.data())
@costly()
def test_zones_that_are_left_out_have_no_crossing(data: st.DataObject) -> None:
    from lineage_nb.analyses.pii import borders
    from lineage_nb.analyses.pii.propagation import trace_of

    columns = [f"t{i}#{c}" for i in range(4) for c in "ab"]
    zone = st.sampled_from([[], [], ["region:x"], ["region:y"]])
    nodes = [{"id": i, "kind": "column", "tags": ["pii:email"] * data.draw(st.booleans()) + data.draw(zone)} for i in columns]
    nodes += [{"id": f"t{i}", "kind": "dataset", "tags": data.draw(zone)} for i in range(4)]
    pairs = data.draw(st.lists(st.tuples(st.sampled_from(columns), st.sampled_from(columns)).filter(lambda p: p[0] != p[1]), max_size=4))
    edges = [{"source": a, "target": b, "type": None} for a, b in pairs]
    for n, (a, b) in enumerate(data.draw(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=2))):
        edges += [{"source": f"t{a}", "target": f"job:{n}", "type": "READ"}, {"source": f"job:{n}", "target": f"t{b}", "type": "WRITE"}]
    asked = ln.from_frames(nodes=nodes, **({"edges": edges} if edges else {})).pii()
    trace = trace_of(asked._answer)
    with pytest.MonkeyPatch.context() as patch:
        found = borders.flows(trace, "region")[0]
        patch.setattr(borders, "_left", lambda trace, known: known["zone"].unique())
        assert found.equals(borders.flows(trace, "region")[0])


def test_stages_files_and_what_any_source_calls_a_share() -> None:
    ends = {"db/@out/x.csv": "stage", "db//tmp/x": None, "db/out.parquet": None, "fs": "feature_set", "fv": "feature view", "plain": "table", "x.json": "table"}
    nodes = [{"id": i, "kind": "dataset", "name": i.removeprefix("db/"), "type": t} for i, t in ends.items()] + [{"id": f"{i}#m", "kind": "column"} for i in ends]
    edges = [{"source": "raw#mail", "target": f"{i}#m"} for i in ends]
    vendor = ln.from_frames(nodes=[{"id": "plain", "kind": "dataset", "type": "share"}])
    for snap in (shop(nodes=nodes, edges=edges).merge(vendor), vendor.merge(shop(nodes=nodes, edges=edges))):
        found = {k: (v["kind"], v["how"]) for (k, label), v in seen(snap, "recipient").items() if label == "email"}
        assert found == {"db/@out/x.csv": ("file", "path"), "db//tmp/x": ("file", "path"), "db/out.parquet": ("file", "path"), "fs": ("features", "serve"), "fv": ("features", "serve"), "plain": ("share", "copy"), "board": ("report", "view")}


def test_ranks_special_plain_proved_first() -> None:
    rows = shop([grant("ana", "raw"), grant("ben", "raw", condition="hashed")]).pii().exposures(by="person").frame
    assert rows.select("key", "label", "verdict").rows() == [("ana", "health", "plain"), ("ben", "health", "pseudonymised"), ("ana", "email", "plain"), ("ben", "email", "pseudonymised")]


def test_refusals_and_nothing() -> None:
    snap = shop()
    with pytest.raises(AttributeError, match=r"snap\.pii\("):
        snap.unused().exposures()
    with pytest.raises(ln.LineageError, match="Known: recipient"):
        snap.pii().exposures(by="persons")
    with pytest.raises(ln.LineageError, match="days"):
        snap.pii().exposures(days=0)
    with pytest.raises(ln.LineageError, match="does not see"):
        snap.pii().exposures().explain("board", label="phone")
    empty = ln.from_edges([("a", "b")]).pii()
    for made in (empty.exposures(), empty.exposures(by="person"), empty.exposures(by="region"), empty.exposures(by="column"), empty.subject_tables()):
        assert made.frame.is_empty() and made._repr_mimebundle_()


@settings(max_examples=8, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(random: Any) -> None:
    rows = [grant("team", "raw"), grant("ana", "mart", condition="masked"), grant("cem", "raw", "DENY"), grant("ben", "raw#ill")]
    first = shop(rows).pii().exposures(by="person").frame
    random.shuffle(rows)
    assert shop(rows).pii().exposures(by="person").frame.equals(first)


# -- subject tables -------------------------------------------------------------------------------------------


def subjects() -> ln.Snapshot:
    tables = {"users": ["user_id", "mail"], "hashed": ["mail_hash"], "orders": ["order_id", "user_id"], "items": ["order_id", "title"], "notes": ["text"], "total": ["n"]}
    tags = {"users#mail": ["pii:email"], "notes#text": ["pii:free_text"], "items#title": ["pii:free_text"]}
    nodes = [{"id": t, "kind": "dataset"} for t in tables]
    nodes += [{"id": f"{t}#{c}", "kind": "column", "parent": t, "name": c, "ordinal": i, "tags": tags.get(f"{t}#{c}")} for t, cs in tables.items() for i, c in enumerate(cs)]
    edges: list[dict[str, Any]] = [
        {"source": "users#mail", "target": "hashed#mail_hash", "verdict": "pseudonymised"},
        {"source": "users#mail", "target": "total#n", "subtype": "AGGREGATION", "verdict": "aggregated"},
        {"source": "users#user_id", "target": "orders#user_id"},
    ]
    edges += [{"source": f"{t}#order_id", "target": "mart", "type": "INDIRECT", "subtype": "JOIN", "job": "job:j/1"} for t in ("orders", "items")]
    return ln.from_frames(nodes=nodes, edges=edges)


def test_every_table_with_the_keys_to_find_one_person() -> None:
    frame = subjects().pii().subject_tables().frame.unique("node", keep="first", maintain_order=True)
    assert frame.select("node", "key", "how").rows() == [
        ("hashed", "hashed#mail_hash", "hash first"),
        ("items", "items#order_id", "join"),
        ("notes", None, "no key known"),
        ("orders", "orders#user_id", "look up the id"),
        ("users", "users#mail", "look up"),
    ]
    items = frame.filter(pl.col("node") == "items").row(0, named=True)
    assert items["note"] == "items#order_id = orders#order_id (job:j/1), then orders#user_id" and items["certainty"] == "possible"
    assert frame.filter(pl.col("node") == "orders")["labels"].to_list() == [[]]


def test_only_what_the_given_label_leads_to() -> None:
    nodes = [{"id": t, "kind": "dataset"} for t in ("users", "gadgets")]
    nodes += [{"id": i, "kind": "column", "name": i.partition("#")[2], "ordinal": n, "tags": t} for i, n, t in (("users#user_id", 0, None), ("users#mail", 1, ["pii:email"]), ("gadgets#gadget_id", 0, None), ("gadgets#device", 1, ["pii:device"]))]
    asked = ln.from_frames(nodes=nodes, edges=[{"source": "x#a", "target": "y#a"}]).pii()
    rows = asked.subject_tables(label="email").frame
    assert rows.filter(pl.col("node") == "gadgets")["how"].to_list() == ["no key known"]
    assert "users#mail" in rows["key"].to_list()
    with pytest.raises(ln.LineageError, match="is not in this answer"):
        asked.subject_tables(label="phone")


def test_keys_that_are_called_as_keys_of_persons_find_a_person_possibly() -> None:
    tags = {"users#email": ["pii:email"], "a.t1#email": ["pii:email"]}

    def told(*columns: str) -> dict[str, tuple[Any, ...]]:
        snap = ln.from_frames(nodes=[{"id": c, "kind": "column", "name": c.partition("#")[2], "tags": tags.get(c)} for c in columns])
        return {r[0]: r[1:] for r in snap.pii().subject_tables().frame.select("node", "key", "how", "certainty", "note").rows()}

    found = told("users#id", "users#email", "orders#id", "orders#user_id", "products#id")
    assert found["orders"] == ("orders#user_id", "look up the id", "possible", "called as keys of persons are: users#id") and set(found) == {"orders", "users"}
    alone = told("a.t1#email", "a.t2#id", "a.t2#user_id")
    assert alone["a.t2"] == ("a.t2#user_id", "look up the id", "possible", "called as keys of persons are")
    other = told("users#email", "notes#id", "users#id", "notes#customer_id", "gadgets#gadget_id")
    assert other["notes"][:2] == ("notes#customer_id", "look up the id") and "gadgets" not in other


def test_a_way_to_a_value_is_told_beside_a_key_that_is_only_called_so() -> None:
    nodes = [{"id": c, "kind": "column", "name": c.partition("#")[2], "tags": t} for c, t in (("people#mail", ["pii:email"]), ("people#code", None), ("orders#code", None), ("orders#user_id", None))]
    edges = [{"source": c, "target": "mart", "type": "INDIRECT", "subtype": "JOIN", "job": "job:j/1"} for c in ("people#code", "orders#code")]
    rows = ln.from_frames(nodes=nodes, edges=edges).pii().subject_tables().frame.filter(pl.col("node") == "orders")
    assert rows.select("key", "how").rows() == [("orders#user_id", "look up the id"), ("orders#code", "join")]


@pytest.mark.parametrize(
    ("label", "special", "apart"),
    [
        *((x, True, False) for x in ("health data", "political opinions", "philosophical_belief", "racial", "genetic_data", "trade union membership", "Medical-History")),
        ("health_insurance_number", True, True),
        ("email", False, True),
        ("gender", False, False),
        ("apolitical", False, True),
    ],
)
def test_special_categories_by_stem(label: str, special: bool, apart: bool) -> None:
    from lineage_nb.analyses.pii.labels import is_special, tells_persons_apart

    assert (is_special(label), tells_persons_apart(label)) == (special, apart)


# -- the sample -----------------------------------------------------------------------------------------------


def test_the_sample(stream: ln.Snapshot) -> None:
    asked = stream.pii()
    people = asked.exposures(by="person").frame
    kavya = people.filter((pl.col("key") == "principal:stream/kavya.rao") & (pl.col("label") == "payment"))
    assert kavya.select("verdict", "certainty", "condition").rows() == [("plain", "possible", "masked: card_number"), ("redacted", "proved", "masked: card_number")]
    growth = people.filter((pl.col("key") == "principal:stream/ada.lindqvist") & (pl.col("label") == "email")).row(0, named=True)
    assert (growth["verdict"], growth["certainty"], growth["via"]) == ("plain", "proved", "principal:stream/team-growth")
    ends = asked.exposures().frame
    health = ends.filter((pl.col("key") == "report:dbt/stream.crm_health") & (pl.col("label") == "email")).row(0, named=True)
    assert (health["verdict"], health["normal"]) == ("plain", True)
    assert ends.filter(pl.col("key") == "s3://stream-exports/mailing/batch")["kind"].to_list()[:1] == ["file"]
    tables = asked.subject_tables(label="email").frame
    archive = tables.filter(pl.col("node") == "stream.crm.contact_archive").row(0, named=True)
    assert (archive["key"], archive["how"]) == ("stream.crm.contact_archive#contact_value", "look up")
    vault = tables.filter(pl.col("node").str.ends_with("contact_vault")).row(0, named=True)
    assert vault["how"] == "hash first"


def test_decisions_of_the_answer_count_for_its_exposures() -> None:
    snap = shop()
    bare = snap.pii().exposures()
    key, label = bare.frame.select("key", "label").row(0)
    accepted = ln.Decisions().accept(label=label, recipient=key, by="dpo", why="contract", until="2999-12-31")
    assert "accepted" in snap.pii(decisions=accepted).exposures().frame["status"].to_list()
