"""Personal data: what must not get lost on the way, and what must not be called clean."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import lineage_nb as ln
from lineage_nb.analyses.pii.clock import decision_day
from lineage_nb.analyses.pii.decisions import Decisions
from lineage_nb.analyses.pii.labels import canonical
from lineage_nb.analyses.pii.propagation import PiiAnswer, pii

T1, T2, T3 = (datetime(2025, m, 1, tzinfo=UTC) for m in (1, 2, 3))
Row = dict[str, Any]


def edge(source: str, target: str, **more: Any) -> Row:
    return {"source": source, "target": target, **more}


def made(edges: list[Row], tags: dict[str, Any], usage: list[Row] | None = None, **nodes: Row) -> ln.Snapshot:
    ids = sorted({i for e in edges for i in (e["source"], e["target"])} | set(tags) | set(nodes))
    kinds = {True: "column", False: "dataset"}
    rows = [{"id": i, "kind": "job" if i.startswith("job:") else kinds["#" in i], "tags": tags.get(i), "data_type": None, "ordinal": None, "deleted_at": None, **nodes.get(i, {})} for i in ids]
    facts: dict[str, Any] = {"nodes": rows} | ({"edges": edges} if edges else {}) | ({"usage": usage} if usage else {})
    return ln.from_frames(**facts)


def answer(snap: ln.Snapshot, **options: Any) -> PiiAnswer:
    found = pii(snap, **options)
    assert isinstance(found, PiiAnswer)
    return found


def held(snap: ln.Snapshot, node: str, certainty: str = "proved", **options: Any) -> list[str]:
    """Verdicts of a node's rows."""
    frame = snap.pii(**options).frame.filter((pl.col("node") == node) & (pl.col("certainty") == certainty))
    return sorted(frame["verdict"].to_list())


def statuses(snap: ln.Snapshot, **options: Any) -> dict[str, str]:
    return dict(snap.pii(**options).status().select("node", "status").iter_rows())


# -- conditions -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verdict", ["none", "redacted", "derived", "pseudonymised"])
def test_what_a_case_tells_is_told_beside_a_weaker_copy(verdict: str) -> None:
    case = edge("t#d", "t#flag", type="INDIRECT", subtype="CONDITIONAL", job="job:j")
    copy = edge("t#d", "t#flag", subtype="TRANSFORMATION", verdict=verdict, job="job:j")
    snap = made([case, copy], {"t#d": "pii:health;pii:email"})
    assert held(snap, "t#flag", labels="health") == ["plain"] and statuses(snap)["t#flag"] == "proved"
    assert held(snap, "t#flag", labels="email") == ([] if verdict == "none" else [verdict])


# -- statements of several times ------------------------------------------------------------------------------


@pytest.mark.parametrize("later", ["pseudonymised", "redacted", "none"])
@pytest.mark.parametrize(("earlier", "when"), [("plain", T1), (None, T1), (None, T2), ("plain", T3)])
def test_what_was_written_plain_stays_plain(earlier: str | None, when: datetime, later: str) -> None:
    word = "TRANSFORMATION"
    said = [edge("a#m", "t#m", verdict=earlier, subtype=word, job="job:j", last_seen=when), edge("a#m", "t#m", verdict=later, subtype=word, job="job:j", last_seen=T2)]
    snap = made(said, {"a#m": "pii:email"})
    assert held(snap, "t#m") == ["plain"] == held(made(said[::-1], {"a#m": "pii:email"}), "t#m")
    assert len(snap.graph("column").table) == 1


@pytest.mark.parametrize("writer", ["job:j", "job:other"])
def test_after_a_rewriting_only_what_was_said_since_counts(writer: str) -> None:
    word = "TRANSFORMATION"
    said = [
        edge("a#m", "t#m", verdict="plain", subtype=word, job="job:j", last_seen=T1),
        edge("a#m", "t#m", verdict="redacted", subtype=word, job="job:j", last_seen=T3),
        edge("t#m", "copy#m", verdict="plain", job="job:copy", last_seen=T1),
        edge(writer, "t", type="WRITE", subtype="OVERWRITE", job=writer, last_seen=T2),
    ]
    snap = made(said, {"a#m": "pii:email"})
    assert held(snap, "t#m") == ["redacted"] and held(snap, "copy#m") == ["plain"]
    assert statuses(snap)["t#m"] == "proved"


def test_a_case_since_the_rewriting_tells_only_special_categories() -> None:
    said = [
        edge("a#m", "t#m", verdict="plain", job="job:old", last_seen=T1),
        edge("a#m", "t#m", type="INDIRECT", subtype="CONDITIONAL", job="job:new", last_seen=T3),
        edge("job:new", "t", type="WRITE", subtype="OVERWRITE", job="job:new", last_seen=T2),
    ]
    assert held(made(said, {"a#m": "pii:email"}), "t#m") == []
    assert held(made(said, {"a#m": "pii:health"}), "t#m") == ["plain"]


def test_a_rewriting_does_not_clean_what_the_job_itself_puts_in() -> None:
    told = edge("a#m", "t#m", job="job:j", last_seen=T1)
    events = [edge("a", "job:j", type="READ", job="job:j", last_seen=T2), edge("job:j", "t", type="WRITE", subtype="OVERWRITE", job="job:j", last_seen=T2)]
    snap = made([told, *events], {"a#m": "pii:email"})
    assert held(snap, "t#m") == ["plain"] and statuses(snap)["t#m"] == "proved"
    older = edge("job:x", "t", type="WRITE", subtype="OVERWRITE", job="job:x", last_seen=T3)
    assert held(made([told, *events, older], {"a#m": "pii:email"}), "t#m") == []


@pytest.mark.parametrize(
    ("silent", "told", "job", "verdict"),
    [
        (T1, T2, "job:j", "plain"),
        (T2, T2, "job:j", "pseudonymised"),  # another source of the same state that knows less
        (T2 - timedelta(hours=3), T2, "job:j", "pseudonymised"),
        (T3, T2, "job:j", "pseudonymised"),
        (None, T2, "job:j", "pseudonymised"),
        (T3, T2, "job:k", "plain"),
    ],
)
@pytest.mark.parametrize("evidence", ["given", "other"])
def test_silence_before_any_verdict_of_the_job_counts_as_plain(silent: datetime | None, told: datetime, job: str, verdict: str, evidence: str) -> None:
    said = [
        edge("a#m", "t#m", job="job:j", subtype=None, verdict=None, last_seen=silent, evidence="given"),
        edge("a#m", "t#m", job=job, subtype="TRANSFORMATION", verdict="pseudonymised", last_seen=told, evidence=evidence),
    ]
    for rows in (said, said[::-1]):
        assert held(made(rows, {"a#m": "pii:email"}), "t#m") == [verdict]
    if job == "job:j":  # that source still says so: however its statements are cut into files
        assert held(made([*said, {**said[0], "last_seen": told}], {"a#m": "pii:email"}), "t#m") == ["pseudonymised"]


def test_what_the_rewriting_job_no_longer_reads_has_left() -> None:
    again = edge("job:j", "t", type="WRITE", subtype="OVERWRITE", job="job:j", last_seen=T3)
    old = edge("a#m", "t#m", verdict="plain", job="job:j", last_seen=T1)
    assert held(made([old, again, edge("b#n", "t#m", job="job:j", last_seen=T3)], {"a#m": "pii:email"}), "t#m") == []
    assert held(made([old, again, edge("b#n", "t#o", job="job:j", last_seen=T3)], {"a#m": "pii:email"}), "t#m") == []
    assert held(made([old, again, edge("b#n", "t#m", job="job:j")], {"a#m": "pii:email"}), "t#m") == ["plain"]  # told at no time
    assert held(made([old, again, edge("b#n", "t#m", job="job:k", last_seen=T3)], {"a#m": "pii:email"}), "t#m") == ["plain"]  # another job
    assert held(made([old, again, edge("b#n", "t", type="INDIRECT", subtype="FILTER", job="job:j", last_seen=T3)], {"a#m": "pii:email"}), "t#m") == ["plain"]
    masked = edge("a#m", "t#m", verdict="pseudonymised", job="job:j", last_seen=T2)
    copy = edge("t#m", "copy#m", verdict="plain", job="job:c", last_seen=T1)
    since = made([old, masked, copy, again], {"a#m": "pii:email"})
    assert held(since, "t#m") == ["pseudonymised"] and held(since, "copy#m") == ["plain"]


def test_what_is_replaced_after_it_was_dropped_is_there_again() -> None:
    told = edge("a#m", "t#m", verdict="plain", job="job:j", last_seen=T1)
    for when, status in ((T3, "proved"), (T2, "dropped"), (T1, "dropped")):
        anew = edge("job:j", "t", type="WRITE", subtype="OVERWRITE", job="job:j", last_seen=when)
        snap = made([told, anew], {"a#m": "pii:email"}, t={"deleted_at": T2})
        assert statuses(snap)["t#m"] == status and (held(snap, "t#m") == ["plain"]) is (status == "proved")
    other = edge("job:k", "t", type="WRITE", subtype="OVERWRITE", job="job:k", last_seen=T3)
    assert held(made([told, other], {"a#m": "pii:email"}, t={"deleted_at": T2}), "t#m") == []


@pytest.mark.parametrize("gone", [True, False])
def test_a_struct_that_was_rewritten_still_holds_its_fields(gone: bool) -> None:
    cut = [] if gone else [edge("job:new", "t", type="WRITE", subtype="OVERWRITE", job="job:new", last_seen=T2)]
    t = {"deleted_at": T2} if gone else {}
    leaf = made([edge("a#m", "t#s.m", job="job:new", last_seen=T3), *cut], {"a#m": "pii:email"}, **{"t": t, "t#s": {}, "t#s.n": {}})
    assert held(leaf, "t#s") == ["plain"] and held(leaf, "t#s.n", "possible") == []
    whole = made([edge("a#m", "t#s", job="job:new", last_seen=T3), *cut], {"a#m": "pii:email"}, **{"t": t, "t#s.m": {}, "t#s.m.x": {}})
    assert held(whole, "t#s.m", "possible") == held(whole, "t#s.m.x", "possible") == ["plain"]
    old = made([edge("a#m", "t#s", job="job:old", last_seen=T1), *cut], {"a#m": "pii:email"}, **{"t": t, "t#s.m": {}})
    assert held(old, "t#s") == held(old, "t#s.m", "possible") == []


# -- tables as a whole ----------------------------------------------------------------------------------------


def test_a_whole_table_flows_on_though_others_explain_the_columns() -> None:
    snap = made([edge("a", "b"), edge("c#x", "b#y", job="job:j")], {"a": "pii:email"})
    assert held(snap, "b#y", "possible") == ["plain"] and statuses(snap)["b#y"] == "possible"
    assert snap.pii().cure("b#y").frame.select("source", "target").rows() == [("a", "b")]
    told = made([edge("a", "b"), edge("a#x", "b#y", job="job:j")], {"a#z": "pii:email"})
    assert statuses(told)["b#y"] == "clean"  # a's columns explain all of b


# -- groups of one person -------------------------------------------------------------------------------------


def total(key: str, tags: dict[str, Any], job: str | None = "job:j", **nodes: Row) -> ln.Snapshot:
    said = [edge("pay#s", "out#s", subtype="AGGREGATION", verdict="aggregated", job=job), edge(key, "out", type="INDIRECT", subtype="GROUP_BY", job=job)]
    return made(said, {"pay#s": "pii:salary", **tags}, **nodes)


def test_groups_of_a_person_by_tag_struct_key_and_name() -> None:
    assert held(total("pay#e", {"pay#e": "pii:employee_id"}, None), "out#s", labels="salary") == ["plain"]
    assert held(total("pay#who.id", {"pay#who": "pii:employee_id"}), "out#s", labels="salary") == ["plain"]
    named = total("pay#user_id", {})
    assert (held(named, "out#s"), held(named, "out#s", "possible")) == (["aggregated"], ["plain"])
    assert any("taken for a key of persons by name or table (pay#user_id)" in note for note in named.pii().trust)
    denied = Decisions().decide("pay#user_id", "user_id", "is_not", by="a", why="a pool account")
    assert held(named, "out#s", "possible", decisions=denied) == []
    key = total("pay#emp_id", {"pay#mail": "pii:email"}, **{"pay#emp_id": {"ordinal": 1}, "pay#mail": {"ordinal": 2}})
    assert held(key, "out#s", "possible", labels="salary") == ["plain"]
    assert held(total("pay#region", {}), "out#s", "possible") == []


@pytest.mark.parametrize(("first", "second", "evidence", "least"), [(3, 10, "given", 3), (10, 3, "given", 3), (10, 3, "other", 3), (None, 10, "given", None), (None, 10, "other", None)])
def test_small_groups_once_written_stay(first: int | None, second: int, evidence: str, least: int | None) -> None:
    size = {"type": "INDIRECT", "subtype": "FILTER", "job": "job:j"}
    said = [
        edge("pay#s", "out#s", subtype="AGGREGATION", verdict="aggregated", job="job:j", last_seen=T2),
        edge("pay#e", "out", k=first, last_seen=T1, evidence="given", **size),
        edge("pay#e", "out", k=second, last_seen=T2, evidence=evidence, **size),
    ]
    found = made(said, {"pay#s": "pii:salary", "pay#e": "pii:employee_id"}).pii(labels="salary").frame.filter(node="out#s")
    assert found["k"].to_list() == [least]


# -- decisions ------------------------------------------------------------------------------------------------


def test_one_clock_for_all_that_expires() -> None:
    book = Decisions().decide("t#n", "email", "is_not", by="a", why="w", until="2025-06-30")
    snap = made([edge("t#m", "t#n", job="job:j", last_seen=T1)], {"t#m": "pii:email"})
    assert decision_day(snap) == T1.date() and held(snap, "t#n", decisions=book) == []
    later = made([edge("t#m", "t#n", job="job:j", last_seen=T1)], {"t#m": "pii:email"}, usage=[{"node": "t", "consumer": "x", "day": date(2025, 12, 31), "reads": 1}])
    assert decision_day(later) == date(2025, 12, 31) and held(later, "t#n", decisions=book) == ["plain"]
    assert any("1 decision expired before 2025-12-31" in note for note in later.pii(decisions=book).trust)
    timeless = made([edge("t#m", "t#n", job="job:j")], {"t#m": "pii:email"})
    assert decision_day(timeless) is None and held(timeless, "t#n", decisions=book) == []
    assert any("No time is recorded" in note for note in timeless.pii(decisions=book).trust)
    days = ln.from_frames(nodes=[{"id": "t"}], costs=[{"node": "t", "day": date(2026, 1, 2), "amount": 1}])
    assert decision_day(days) == date(2026, 1, 2)


def test_two_names_of_one_node_are_one_node() -> None:
    snap = made([edge("q/db.t#m", "q/db.u#m", job="job:j")], {"q/db.t#m": "pii:email"})
    first = Decisions().decide("db.u#m", "email", "is_not", by="a", why="w").decide("q/db.u#m", " Email", "is", by="a", why="w")
    assert held(snap, "q/db.u#m", decisions=first) == ["plain"]
    last = Decisions().decide("q/db.u#m", "email", "is", by="a", why="w").decide("db.u#m", "pii:Email", "is_not", by="a", why="w")
    assert held(snap, "q/db.u#m", decisions=last) == []
    both = pl.DataFrame({"node": ["q/db.u#m", "db.u#m"], "label": ["email", "email"], "decision": ["is", "is_not"]})
    with pytest.raises(ln.LineageError, match=r"row 1 says that 'q/db.u#m' is 'email', and row 2 that 'db.u#m' is not"):
        snap.pii(decisions=both)


def test_a_decision_about_a_dataset_is_one_about_its_columns() -> None:
    snap = made([edge("t#m", "u#m", job="job:j"), edge("t#m", "u#n", job="job:j"), edge("u#m", "w#m", job="job:k")], {"t#m": "pii:email"}, u={})
    book = Decisions().decide("u", "email", "is_not", by="a", why="w")
    found = answer(snap, decisions=book)
    assert found.frame["node"].to_list() == ["t#m"] and found.summary["overruled"] == 1
    assert found.overruled["node"].to_list() == ["u", "u#m", "u#n"]
    own = book.decide("u#n", "email", "is", by="a", why="w")
    assert set(snap.pii(decisions=own).frame["node"]) == {"t#m", "u#n"}


def test_pandas_frames_of_decisions() -> None:
    pd = pytest.importorskip("pandas")
    snap = made([edge("t#m", "t#n", job="job:j")], {"t#m": "pii:email"})
    assert held(snap, "t#n", decisions=pd.DataFrame({"node": ["t#n"], "label": ["email"], "decision": ["is_not"]})) == []


# -- what is said of the answer -------------------------------------------------------------------------------


def test_headlines_count_what_is_there() -> None:
    whole = made([], {"t": "pii:email"}, **{f"t#c{i}": {} for i in range(3)}).pii()
    assert whole.headline == "Personal data of 1 tagged node certainly reaches 0 further places and possibly 3 more."
    assert whole.summary["origins"] == 1
    dropped = made([edge("a#m", "c#m", last_seen=T1)], {"a#m": "pii:email"}, a={"deleted_at": T2}, **{"a#m": {}}).pii()
    assert dropped.headline == "Personal data of 1 tagged node certainly reaches 1 further place."
    assert made([edge("a#m", "c#m")], {}).pii().headline.startswith("No node carries a tag")


def test_a_tag_that_fits_no_lineage_is_told_with_the_nearest_name() -> None:
    snap = made([edge("s/MED.RAW.P#EMAIL", "s/MED.M.P#EMAIL", job="job:j")], {"s/med.raw.p#email": "pii:email"})
    assert any("1 tagged node has no lineage at all, such as 's/med.raw.p#email'; the nearest name that is known is 's/MED.RAW.P#EMAIL'" in n for n in snap.pii().trust)


@pytest.mark.parametrize("tag", ["pii:sexual orientation", "PII:Sexual-Orientation", "pii: sexual_orientation "])
def test_one_spelling_of_labels(tag: str) -> None:
    snap = made([edge("t#d", "t#flag", verdict="derived", subtype="PREDICATE")], {"t#d": tag})
    assert held(snap, "t#flag") == ["plain"] and snap.pii(labels="Sexual Orientation").summary["labels"] == ["sexual_orientation"]
    assert canonical("E-Mail") == canonical("E_MAIL") == "email"


# -- what is called clean -------------------------------------------------------------------------------------


def test_what_an_unknown_column_decides_is_not_clean() -> None:
    said = [edge("r", "job:w", type="READ"), edge("job:w", "c", type="WRITE"), edge("c#d", "t#flag", type="INDIRECT", subtype="CONDITIONAL", job="job:j")]
    assert statuses(made(said, {"z#h": "pii:health"}, **{"r#x": {}}))["t#flag"] == "unknown"
    assert statuses(made(said, {"z#h": "pii:email"}, **{"r#x": {}}))["t#flag"] == "clean"


def test_fields_of_a_struct_are_known_where_all_is_stated() -> None:
    snap = made([edge("x#a", "b#u.m", job="job:j")], {}, **{"b#u": {}})
    assert statuses(snap) == {"b#u": "clean", "b#u.m": "clean", "x#a": "clean"} and snap.scan_plan().frame.is_empty()
    opaque = made([edge("r", "job:w", type="READ"), edge("job:w", "b", type="WRITE")], {}, **{"b#u": {}, "b#u.m": {}, "r#x": {}})
    assert statuses(opaque)["b#u.m"] == "unknown"


def test_dropped_tables_are_not_clean() -> None:
    snap = made([edge("a#m", "c#m", last_seen=T1)], {"a#m": "pii:email"}, a={"deleted_at": T2})
    assert statuses(snap) == {"a#m": "dropped", "c#m": "proved"}
    told = snap.pii().coverage(by="namespace")
    assert told.select("columns", "clean", "dropped").rows() == [(2, 0, 1)]


def test_names_are_told_beside_clean() -> None:
    snap = made([edge("t#m", "u#m", job="job:j"), edge("x#code", "y#email", job="job:k")], {"t#m": "pii:phone"}, **{"w#iban": {}, "w#amount": {}})
    told = {r["node"]: (r["status"], r["named"]) for r in snap.pii().status().to_dicts()}
    assert told["y#email"] == ("name-disagrees", "email") and told["w#iban"] == ("clean", "bank_account") and told["w#amount"] == ("clean", None)
    assert snap.pii().coverage(by="namespace").select("clean", "name-disagrees", "named").rows() == [(3, 1, 1)]
    denied = Decisions().decide("w#iban", "bank_account", "is_not", by="a", why="a test").decide("y#email", "email", "is_not", by="a", why="a code")
    assert snap.pii(decisions=denied).coverage(by="namespace").select("clean", "name-disagrees", "named").rows() == [(4, 0, 0)]
    assert set(snap.pii().status(names=False)["status"]) == {"proved", "clean"}


# -- tables about persons -------------------------------------------------------------------------------------


def about(snap: ln.Snapshot) -> dict[str, str]:
    return {r["key"]: r["how"] for r in snap.pii().about_person().to_dicts()}


def test_what_is_keyed_by_a_person_is_about_persons() -> None:
    users = {"users#email": "pii:email"}
    named = made([], users, **{"users#user_id": {}, "watch_history#user_id": {}, "watch_history#title": {}})
    assert about(named)["watch_history#user_id"] == "name"
    told = {r["node"]: (r["status"], r["table"]) for r in named.pii().status().to_dicts()}
    assert told["watch_history#title"] == ("clean", "about-person")
    for word in ("JOIN", "FILTER"):
        join = [edge(c, "x", type="INDIRECT", subtype=word, job="job:j") for c in ("orders#member", "orders#user_id", "users#id")]
        assert about(made([*join, edge("orders#total", "x#total", job="job:j")], users))["orders#user_id"] == "join"


def test_part_of_a_birth_date_still_identifies() -> None:
    said = [edge("p#dob", "k#yob", verdict="derived", subtype="TRANSFORMATION", job="job:j"), edge("p#g", "k#g", job="job:j"), edge("p#n", "k#n", job="job:j")]
    tags = {"p#dob": "pii:date_of_birth", "p#g": "pii:gender", "p#n": "pii:nationality"}
    assert about(made(said, tags))["k#yob"] == "together"
    assert "k#n" not in about(made([{**said[0], "verdict": "redacted"}, *said[1:]], tags))


def test_a_copy_of_a_key_leads_to_the_e_mail() -> None:
    snap = made([edge("p#pid", "k#pid", job="job:j")], {"p#pid": "pii:user_id", "p#mail": "pii:email"}, **{"k#v": {}})
    told = {r["node"]: (r["key"], r["how"], r["note"]) for r in snap.pii().subject_tables(label="email").frame.to_dicts()}
    assert told["k"] == ("k#pid", "join", "k#pid = p#pid, then p#mail") and told["p"][1] == "look up"


def test_a_possible_path_tells_its_own_verdicts() -> None:
    reads = [edge("t", "job:w", type="READ"), edge("u", "job:w", type="READ"), edge("job:w", "v", type="WRITE")]
    snap = made([*reads, edge("t#m", "v#x", verdict="redacted", job="job:k")], {"t#m": "pii:email"}, **{"u#q": {}})
    found = answer(snap)
    possible, proved = (found.explain("v#x", certainty=c).row(0, named=True) for c in ("possible", "proved"))
    assert (possible["verdict"], possible["so_far"], possible["certainty"]) == (None, "plain", "possible")
    assert (proved["verdict"], proved["so_far"], proved["certainty"]) == ("redacted", "redacted", "proved")


@pytest.mark.parametrize("data_type", [None, "VARCHAR"])
def test_text_out_of_which_columns_are_taken_is_a_blob(data_type: str | None) -> None:
    def suspected(name: str, *others: str) -> list[str]:
        said = [edge(f"raw#{name}", t, verdict="plain", subtype="TRANSFORMATION", job="job:j") for t in ("x#mail", *others)]
        snap = made(said, {"x#mail": "pii:email"}, **{f"raw#{name}": {"data_type": data_type}})
        return snap.pii().frame.filter("suspected")["node"].to_list()

    assert suspected("payload") == ["raw#payload"] and suspected("line") == []
    assert ("raw#line" in suspected("line", "x#name")) is (data_type is not None), "a type that is not told does not say text"
    assert suspected("line", "y#name") == [], "of one line come the columns of one table"


# -- sizes of groups, spellings, and what decrypts -------------------------------------------------------------

_OVER = {"source": "job:j", "target": "out", "type": "WRITE", "subtype": "OVERWRITE", "verdict": None, "job": "job:j", "last_seen": T2}


@pytest.mark.parametrize(("first", "second", "least"), [(5, 10, 10), (10, 5, 5), (None, 10, 10), (10, None, None)])
def test_after_a_rewriting_its_own_groups_count(first: int | None, second: int | None, least: int | None) -> None:
    size = {"type": "INDIRECT", "subtype": "FILTER", "job": "job:j"}
    said = [
        edge("pay#s", "out#s", subtype="AGGREGATION", verdict="aggregated", job="job:j", last_seen=T2),
        edge("out#s", "copy#s"),
        edge("pay#e", "out", k=first, last_seen=T1, **size),
        edge("pay#e", "out", k=second, last_seen=T2, **size),
        _OVER,
    ]
    rows = made(said, {"pay#s": "pii:salary", "pay#e": "pii:employee_id"}).pii(labels="salary").frame
    assert rows.filter(node="out#s")["k"].to_list() == [least]
    ever = None if None in (first, second) else min(first or 0, second or 0)
    assert rows.filter(node="copy#s")["k"].to_list() == [ever], "copies made before hold what was there before"


def test_what_a_job_decrypts_is_possible_without_its_column_lineage() -> None:
    hidden = edge("t#m", "t#h", verdict="pseudonymised")
    ends = [edge("t", "job:d", type="READ", job="job:d", verdict=None), edge("job:d", "u", type="WRITE", job="job:d", verdict=None)]
    told = made([hidden, edge("t#h", "u#m", subtype="DECRYPTION", job="job:d"), *ends], {"t#m": "pii:email"})
    silent = made([hidden, *ends], {"t#m": "pii:email", "u#m": ""})
    assert told.pii().frame.filter(node="u#m").select("verdict", "certainty").rows() == [("plain", "proved")]
    assert silent.pii().frame.filter(node="u#m")["certainty"].to_list() == ["possible"]


@pytest.mark.parametrize("spelled", ["e-mail", "E_MAIL", "PII: e mail", "email"])
def test_decisions_and_tags_of_one_label_meet_however_it_is_spelled(spelled: str) -> None:
    book = Decisions().decide("t#m", "E-Mail", "is_not", by="ana", why="letters").decide("t#m", spelled, "is", by="ben", why="seen")
    assert book.latest["decision"].to_list() == ["is"]
    book = Decisions().decide("t#m", spelled, "is_not", by="ana", why="letters")
    assert made([edge("t#m", "u#m")], {"t#m": "PII:E-Mail"}).pii(decisions=book).frame.is_empty()
    found = made([edge("t#m", "u#m")], {"t#m": f"pii:{spelled.removeprefix('PII:').strip()}"}).pii(labels="E_Mail")
    assert found.summary["labels"] == ["email"]


def test_a_decision_that_names_a_key_twice_is_refused(tmp_path: Path) -> None:
    book = tmp_path / "book.yaml"
    book.write_text("- {node: t#m, label: email, decision: is, by: ana, why: seen, decision: is_not}\n", encoding="utf-8")
    with pytest.raises(ln.LineageError, match="decision"):
        Decisions.read(book)


def test_the_heat_map_says_what_its_colours_mean() -> None:
    from matplotlib.figure import Figure

    from lineage_nb.views.heat_map import draw_heat

    axes = Figure().add_subplot()
    draw_heat(made([edge("t#m", "u#m")], {"t#m": "pii:email"}).pii()._answer, axes)
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["proved", "possible"]
