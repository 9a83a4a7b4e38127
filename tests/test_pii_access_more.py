"""What a privacy officer asks of exposures: sources out of sight, masks lifted, borders from nowhere, lists of columns."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lineage_nb as ln
from lineage_nb.analyses.pii.policy import POLICIES

WHY = {"by": "dpo", "why": "seen"}


def made(edges: list[tuple[str, str]], tags: dict[str, list[str]], grants: list[dict[str, Any]] | None = None, nodes: list[dict[str, Any]] | None = None) -> ln.Snapshot:
    """Columns by their edges and tags, with what they are part of."""
    columns = sorted({c for e in edges for c in e} | {t for t in tags if "#" in t})
    rows = [{"id": c, "kind": "column", "parent": c.partition("#")[0], "tags": tags.get(c)} for c in columns]
    rows += [{"id": t, "kind": "dataset", "tags": tags[t]} for t in tags if "#" not in t]
    people = {g["principal"] for g in grants or []} - {n["id"] for n in nodes or []}
    rows += [{"id": p, "kind": "principal", "type": "person"} for p in sorted(people)] + list(nodes or [])
    flows = pl.DataFrame({"source": [a for a, _ in edges], "target": [b for _, b in edges]}, schema={"source": pl.String, "target": pl.String})
    return ln.from_frames(nodes=rows, edges=flows, **({"grants": grants} if grants else {}))


def grant(who: str, node: str, privilege: str = "SELECT", condition: str | None = None) -> dict[str, Any]:
    return {"principal": who, "node": node, "privilege": privilege, "condition": condition}


# -- sources out of sight --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("also", "without"), [("raw.staff", 1), ("raw.patients", 1), (None, 1), ("raw", 0)])
def test_every_origin_counts_for_who_may_not_read_the_source(also: str | None, without: int) -> None:
    edges = [("raw.staff#m", "core#m"), ("raw.patients#m", "stg#m"), ("stg#m", "core#m")]
    on = ["raw.staff", "raw.patients"] if also == "raw" else [also] if also else []
    snap = made(edges, {"raw.staff#m": ["pii:email"], "raw.patients#m": ["pii:email"]}, [grant("hr", n) for n in ["core", *on]])
    told = snap.pii().exposures(by="person").frame.filter(pl.col("node").str.starts_with("core") | (pl.col("places") > 1))
    assert told["without_source"].to_list() == [without]


NAMES = "abcdef"


@given(st.data())
def test_places_without_source_equal_a_walk(data: st.DataObject) -> None:
    """On small graphs with cycles: a place counts where some origin that is not readable leads to it."""
    pairs = data.draw(st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=9))
    tagged = data.draw(st.dictionaries(st.sampled_from(NAMES), st.sampled_from(["email", "health"]), min_size=1, max_size=4))
    rights = data.draw(st.dictionaries(st.sampled_from(NAMES), st.sampled_from([None, "masked"]), min_size=1))
    edges = [(f"{a}#x", f"{b}#x") for a, b in pairs if a != b]
    snap = made(edges, {f"{a}#x": [f"pii:{x}"] for a, x in tagged.items()} | {n: [] for n in rights}, [grant("ana", n, condition=c) for n, c in rights.items()])
    frame = snap.pii(policy="strict").exposures(by="person").frame
    for label in set(tagged.values()):
        expected = set()
        for origin in (a for a, x in tagged.items() if x == label and rights.get(a, "no") is not None):
            todo, reached = [origin], set[str]()
            while todo:
                at = todo.pop()
                new = {b for a, b in pairs if a == at and b != at} - reached
                reached |= new
                todo += new
            expected |= reached & rights.keys()
        assert frame.filter(pl.col("label") == label)["without_source"].sum() == len(expected)


def test_tags_to_write_back_name_every_origin() -> None:
    import yaml

    snap = made([("a#m", "c#m"), ("b#m", "c#m"), ("z#m", "y#m"), ("y#m", "c#m")], {"a#m": ["pii:email"], "b#m": ["pii:email"], "z#m": ["pii:email"]})
    frames = {**snap.data.frames, "aliases": pl.DataFrame({"name": ["dbt/model.shop.c"], "node": ["c"], "evidence": ["dbt:unique_id"]})}
    told = yaml.safe_load(ln.from_frames(**{k: frames[k] for k in ("nodes", "edges", "aliases")}).pii().tag_yaml())
    assert told["models"][0]["columns"][0]["config"]["meta"]["pii_from"] == ["a#m", "b#m", "z#m"]


# -- masks and privileges --------------------------------------------------------------------------------------


def person(rows: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """What one person sees of a table with a mail, an illness and an address: place, verdict, certainty."""
    tags = {"t#mail": ["pii:email"], "t#hlth": ["pii:health"], "t#addr.city": ["pii:address"], "t#addr": []}
    snap = made([], tags, rows, [{"id": "r", "kind": "principal", "type": "role"}, {"id": "ana", "kind": "principal", "type": "person", "parent": "r"}])
    frame = snap.pii(policy="strict").exposures(by="column").frame.filter(pl.col("who").list.contains("ana") & (pl.col("key") != "t#addr"))
    return frame.sort("key", "verdict").select("key", "verdict", "certainty").rows()  # type: ignore[return-value]


def test_unmask_lifts_masks_and_lets_nobody_read() -> None:
    cut = grant("r", "t#mail", condition="masked: mail")
    assert person([cut]) == [("t#mail", "redacted", "proved")]
    assert person([cut, grant("ana", "t", "UNMASK")]) == [("t#mail", "plain", "proved")]
    assert person([grant("ana", "t", "UNMASK")]) == []
    assert person([cut, grant("ana", "t", "UNMASK", "at night")]) == [("t#mail", "plain", "possible"), ("t#mail", "redacted", "proved")]
    assert person([cut, grant("ana", "t", "UNMASK"), grant("r", "t", "DENY UNMASK")]) == [("t#mail", "redacted", "proved")]
    assert person([grant("ana", "t#mail"), grant("r", "t", "DENY UNMASK")]) == [("t#mail", "plain", "proved")]
    assert person([grant("ana", "t#mail", "SELECT, UNMASK", "masked: mail")]) == [("t#mail", "plain", "proved")]
    assert ("t#mail", "plain", "possible") in person([grant("ana", "t#mail", "SELECT, UNMASK", "masked: mail; rows: own")])
    assert person([cut, grant("ana", "t", "UNMASK"), grant("ana", "t", "REVOKE UNMASK")]) == [("t#mail", "redacted", "proved")]
    assert person([cut, grant("ana", "t", "UNMASK (hlth)")]) == [("t#mail", "redacted", "proved")]


def test_columns_in_privileges() -> None:
    mail, ill, city = (("t#mail", "plain", "proved"), ("t#hlth", "plain", "proved"), ("t#addr.city", "plain", "proved"))
    assert person([grant("ana", "t", "SELECT (Mail, addr)")]) == [city, mail]
    assert person([grant("ana", "t", 'SELECT ("t".mail), UPDATE (hlth)')]) == [mail]
    assert person([grant("ana", "t"), grant("ana", "t", "DENY SELECT (hlth)")]) == [city, mail]
    assert person([grant("ana", "t", "SELECT (hlth, mail)"), grant("ana", "t", "REVOKE SELECT (hlth)")]) == [mail]
    assert person([grant("ana", "t"), grant("ana", "t", "REVOKE SELECT (hlth)")]) == [city, (ill[0], "plain", "possible"), mail]
    whole = ln.from_frames(nodes=[{"id": "t", "kind": "dataset", "tags": ["pii:email"]}, {"id": "ana", "kind": "principal"}], grants=[grant("ana", "t", "SELECT (x)")])
    assert whole.pii().exposures(by="person").frame["certainty"].to_list() == ["possible"]


def test_masks_cover_structs_and_those_that_fit_no_column_are_told() -> None:
    assert person([grant("ana", "t", condition='masked: addr, "t".[MAIL]')]) == [("t#addr.city", "redacted", "proved"), ("t#hlth", "plain", "proved"), ("t#mail", "redacted", "proved")]
    snap = made([("t#m", "u#m"), ("t#plain", "u#plain")], {"t#m": ["pii:email"]}, [grant("ana", "t", condition="masked: m, plain, u.m"), grant("ana", "u", "SELECT (nope, m)")])
    notes = [n for n in snap.pii().exposures().trust if "name" in n and "privileges" in n]
    assert len(notes) == 1 and "2 columns" in notes[0] and "nope (u), u.m (t)" in notes[0]


def test_grants_that_show_some_rows_are_counted_once() -> None:
    snap = made([], {f"t#{c}": ["pii:email"] for c in "abcd"}, [grant("ana", "t", condition="rows: own")])
    assert any(n.startswith("1 grant shows some rows only") for n in snap.pii().exposures().trust)


# -- where, across which border, and whom it was accepted for ----------------------------------------------------


def test_only_what_is_seen_within_named_nodes() -> None:
    snap = made([("pg/h.raw#m", "pg/h.core.pay#m")], {"pg/h.raw#m": ["pii:email"]}, [grant("ana", "pg/h.raw"), grant("ana", "pg/h.core.pay")])
    asked = snap.pii()
    for within in ("core.pay", ["core.pay"], "pg/h.core.pay", ("pg/h.core.pay#m",)):
        assert asked.exposures(by="person", within=within).frame.select("node", "places").rows() == [("pg/h.core.pay#m", 1)]
    assert asked.exposures(by="person", within=[]).frame.is_empty()
    with pytest.raises(ln.LineageError, match="'core.pax'.*pay"):
        asked.exposures(within="core.pax")
    with pytest.raises(ln.LineageError, match="within is 5"):
        asked.exposures(within=5)


def test_data_from_where_no_region_is_told_goes_into_a_region() -> None:
    snap = made([("a#m", "b#m"), ("b#m", "c#m"), ("d#m", "e#m")], {"a#m": ["pii:email"], "d#m": ["pii:email"], "c": ["Region:US"]})
    told = snap.pii().exposures(by="region")
    assert told.frame.select("key", "node", "places").rows() == [("(no region) → us", "c#m", 1)]
    assert any("4 places with personal data say no region" in n and "(no region) → …" in n for n in told.trust)
    assert told.explain("(no region) → us")["source"].to_list() == ["a#m", "b#m"]


def test_an_accepted_line_of_a_column_counts_whom_it_was_accepted_for() -> None:
    team = [{"id": "r", "kind": "principal", "type": "role"}, *({"id": p, "kind": "principal", "type": "person", "parent": "r"} for p in ("ana", "ben"))]
    snap = made([], {"a#m": ["pii:email"]}, [grant("r", "a")], team)
    book = ln.Decisions().accept(recipient="ana", label="E-Mail", until="2027-01-01", **WHY)
    frame = snap.pii().exposures(by="column", decisions=book).frame
    assert frame.select("status", "people", "who").rows() == [("open", 1, ["ben"]), ("accepted", 1, ["ana"])]


# -- words that are not here, and values of the wrong type -------------------------------------------------------


def copied() -> ln.Snapshot:
    return made([("a#m", "b#m")], {"a#m": ["pii:email"], "c#z": ["pii:health"]}, [grant("ana", "b")])


def test_what_speaks_of_nothing_here_is_told() -> None:
    snap = copied()
    asked = snap.pii(decisions=ln.Decisions().decide("a#m", "emial", "is_not", **WHY), policy=ln.Policy("mine", {("emial", "redacted"): "stop"}))
    assert asked.frame.height == 3
    assert not any("neither begins nor passes" in n for n in asked.trust)
    assert any("'emial' (did you mean 'email'?): no node is tagged so, and they change nothing" in n for n in asked.trust)
    assert any("policy 'mine' speaks of 'emial' (did you mean 'email'?)" in n for n in asked.trust)
    book = ln.Decisions().accept(node="nope", label="emial", until="2030-01-01", **WHY).accept(recipient="ana", label="E-Mail", until="2030-01-01", **WHY)
    told = snap.pii().exposures(by="person", decisions=book)
    assert [n for n in told.trust if "acceptance" in n] == ["1 acceptance of what is not here changes nothing: node 'nope' and label 'emial' (did you mean 'email'?)"]
    assert told.frame["status"].to_list() == ["accepted"]
    assert not any("not here" in n or "speaks of" in n for n in snap.pii(decisions=ln.Decisions().decide("a#m", "email", "is_not", **WHY)).trust)


@pytest.mark.parametrize("tag", ["pii:false", "PII: No", "pii:none", "pii:0", "pii=false"])
def test_a_tag_that_denies_is_no_label(tag: str) -> None:
    asked = made([("a#m", "b#m")], {"a#m": [tag], "b#m": [tag, "pii:email"]}).pii()
    assert asked.frame.select("node", "label").rows() == [("b#m", "email")]
    assert not any("not read" in n for n in asked.trust)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (["email, verdict: 'aggregated, k ≥ 10'"], "row 1: label is 'email'; .*of the label 'all'"),
        (["any other, verdict: 'aggregated, k ≥ 10'"], "row 1: label is 'any other'"),
        (["all, verdict: 'aggregated, k ≥ 10'", "all, verdict: 'aggregated, k ≥ 5'"], "row 2: all aggregated, k ≥ 5 is there already"),
        (["all, verdict: 'aggregated, k ≥ ,'"], "row 1: .*'aggregated, k ≥ ,'"),
        (["all, verdict: redacted"], "row 1: label is 'all'; give 'any other'"),
        (["E-Mail, verdict: redacted", "email, verdict: redacted"], "row 2: 'email' redacted is there already"),
    ],
)
def test_rows_of_a_policy_that_cannot_be_meant_are_named(tmp_path: Path, rows: list[str], words: str) -> None:
    file = tmp_path / "p.yaml"
    file.write_text("\n".join(f"- {{label: {row}, action: stop}}" for row in rows), encoding="utf-8")
    with pytest.raises(ln.LineageError, match=words):
        ln.Policy.read(file)
    file.write_text("- {label: E-Mail, verdict: redacted, action: stop}\n- {label: all, verdict: 'aggregated, k ≥ 1,000', action: stop}", encoding="utf-8")
    assert (set(ln.Policy.read(file).rules), ln.Policy.read(file).crowd) == ({("email", "redacted")}, 1000)


def test_an_expired_override_leaves_the_one_before_it() -> None:
    snap = ln.from_frames(nodes=[{"id": i, "kind": "column"} for i in ("t#c", "u#c")], edges=[{"source": "t#c", "target": "u#c", "last_seen": "2026-06-30"}])
    for_good = ln.Decisions().decide("t#c", "health", "is", **WHY)
    book = for_good.decide("t#c", "health", "is_not", until="2026-01-31", **WHY)
    asked = snap.pii(decisions=book)
    assert asked.frame["node"].to_list() == ["t#c", "u#c"]
    assert any("1 decision expired" in n for n in asked.trust)
    held = snap.pii(decisions=for_good.decide("t#c", "health", "is_not", until="2026-12-31", **WHY))
    assert held.frame.is_empty() and not any("expired" in n for n in held.trust)
    shorter = ln.Decisions().accept(node="t", label="x", until="2026-12-31", **WHY).accept(node="t", label="x", until="2026-03-31", **WHY)
    assert shorter.accepted(date(2026, 6, 30)).is_empty(), "an acceptance that was shortened does not come back"
    assert book.overrides(date(2026, 6, 30))["decision"].to_list() == ["is"]
    assert book.overrides(date(2026, 1, 31))["decision"].to_list() == ["is_not"]


def test_a_label_that_does_not_reach_a_column_is_told_with_those_that_do() -> None:
    with pytest.raises(ln.LineageError, match="health does not reach b.m. Labels that reach it: email"):
        copied().pii().explain("b.m", "health")


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda s: s.pii(labels=5), "labels is 5; .*Labels here: email, health"),
        (lambda s: s.pii(labels=[None]), "label None is no text"),
        (lambda s: s.pii(labels=[]), "labels is empty; .*email, health"),
        (lambda s: s.pii().status(label=3), "label 3 is no text"),
        (lambda s: s.pii().explain("b.m", label=5), "label 5 is no text"),
        (lambda s: s.pii().subject_tables(label=4), "label 4 is no text"),
        (lambda s: s.pii().tag_sql("snowflake", namespace=4), "namespace"),
        (lambda s: s.pii().cure("b.m", labels=3), "labels is 3; .*email"),
        (lambda s: s.scan_plan("x"), r"'x' is no result; give that of snap.pii\(\)"),
        (lambda s: s.tagged(None), r"None is no result; give that of snap.classify\(\)"),
        (lambda _: ln.Policy("x", {"email": "stop"}), "'email' is no label and verdict"),
        (lambda _: ln.Policy("x", {(None, "plain"): "stop"}), "is no label and verdict"),
        (lambda _: ln.Policy("x", {("email", "plain"): 5}), "5 is no action"),
        (lambda _: ln.Policy("x", ["email"]), "is not a name with rules"),
        (lambda _: ln.Decisions().decide("a", "email", "is", by=" ", why="x"), "by is missing"),
        (lambda s: s.pii().report("/nowhere/at/all.html"), "all.html: cannot be written .*a folder that is there"),
    ],
)
def test_values_of_the_wrong_type_are_named(call: Callable[[ln.Snapshot], object], words: str) -> None:
    with pytest.raises(ln.LineageError, match=words):
        call(copied())


# -- what is not known ------------------------------------------------------------------------------------------


def test_tables_without_known_columns_are_unknown() -> None:
    nodes = [{"id": "s.a#m", "kind": "column", "parent": "s.a", "tags": ["pii:email"]}, {"id": "s.b", "kind": "dataset"}, {"id": "x.c", "kind": "dataset"}, {"id": "x", "kind": "dataset", "type": "schema"}]
    snap = ln.from_frames(nodes=nodes, edges=[{"source": "s.a", "target": "job:j", "type": "READ"}, {"source": "job:j", "target": "s.b", "type": "WRITE"}, {"source": "x.c", "target": "job:j", "type": "READ"}])
    asked = snap.pii()
    plan = snap.scan_plan(asked)
    assert plan.frame.select("node", "status", "why").rows() == [("x.c", "unknown", "no source lists its columns"), ("s.b", "possible", "no source lists its columns")]
    assert plan.headline == "2 samples settle 2 tables without known columns whose status is not known."
    assert (plan.summary["columns"], plan.summary["tables"], plan.summary["known"]) == (1, 2, 1)
    assert asked.coverage().select("zone", "columns", "proved", "bare", "clean_share").rows() == [("s", 1, 1, 1, 0.0), ("x", 0, 0, 1, None)]
    bare = ln.from_edges([("raw.users", "mart.users")])
    assert "every column is known" not in bare.scan_plan().headline and bare.scan_plan().frame.height == 2
    held = ln.from_frames(nodes=[{"id": "t", "kind": "dataset", "tags": ["pii:email"]}])
    assert "nothing to look into" in held.scan_plan().headline, "a label is proved there"


def test_the_report_does_not_call_columns_known_where_there_are_none(tmp_path: Path) -> None:
    page = ln.from_edges([("raw.users", "mart.users")]).pii().report(tmp_path / "r.html").read_text(encoding="utf-8")
    assert "Of 2 tables no source lists the columns" in page and "1 table without known columns" in page
    assert "Every column is either labelled" not in page


def test_names_that_disagree_are_looked_into() -> None:
    edges = [("k#description", "stay#diagnosis_text"), ("stay#diagnosis_text", "mart#diagnosis_text")]
    snap = made(edges, {"p#who": ["pii:name"]})
    told = snap.pii().status()
    assert told.filter(pl.col("node") == "stay#diagnosis_text")["status"].item() == "name-disagrees"
    plan = snap.scan_plan(snap.pii())
    assert plan.frame.select("node", "status").rows() == [("stay#diagnosis_text", "name-disagrees")]
    assert "its name says" in plan.frame["why"].item()


@pytest.mark.parametrize("column", ["post_code", "zip_code", "plz", "address"])
def test_what_many_share_is_no_key_of_persons(column: str) -> None:
    snap = ln.from_frames(nodes=[{"id": f"geo#{column}", "kind": "column", "ordinal": 1}, {"id": "geo#mail", "kind": "column", "tags": ["pii:email"], "ordinal": 2}, {"id": f"visits#{column}", "kind": "column"}])
    assert snap.pii().about_person()["key"].to_list() == ["geo#mail"]
    assert snap.pii().subject_tables().frame.select("node", "key").rows() == [("geo", "geo#mail")]


@pytest.mark.parametrize(("tag", "label"), [("pii", "true"), (" PII ", "true"), ("Pii:E-Mail", "email"), ("pii_email", None), ("pii=email", None), ("pii=false", None), ("non_pii", None), ("pii_redacted:email", None)])
def test_bare_tags_are_read_and_others_are_told(tag: str, label: str | None) -> None:
    snap = made([("a#m", "b#m")], {"a#m": [tag]})
    asked = snap.pii()
    assert asked.frame["label"].unique().to_list() == ([label] if label else [])
    assert any("1 tag that speaks of pii is not read" in n and tag in n for n in asked.trust) == (tag in ("pii_email", "pii=email"))


# -- policies in files -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["conservative", "gdpr", "strict"])
def test_a_policy_is_read_from_its_printed_table(name: str, tmp_path: Path) -> None:
    import yaml

    shipped = POLICIES[name]
    path = tmp_path / "rules.yaml"
    path.write_text(yaml.safe_dump(shipped.table().to_dicts(), allow_unicode=True), encoding="utf-8")
    read = ln.Policy.read(path)
    assert read.table().equals(shipped.table()) and read.crowd == shipped.crowd
    asked = copied().pii(policy=str(path))
    assert asked.frame.equals(copied().pii(policy=name).frame)
    assert copied().pii().exposures(policy=path).frame.equals(copied().pii().exposures(policy=name).frame)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("- {label: email, verdict: redactd, action: stop}", "row 1: verdict is 'redactd'; give one of plain"),
        ("- {label: email, verdict: redacted, action: halt}\n- {label: email, verdict: plain}", "row 1: action is 'halt'.*row 2: action is missing"),
        ("- {label: email, verdict: plain, action: stop}", "weaker|cannot be treated|severely"),
        ("- {label: email, verdict: plain, action: carry, x: 1}", "row 1: unknown key 'x'"),
        ("- 5", "row 1: is 5"),
        ("a: 1", "is no list of rules"),
        ("- {label: a, verdict: plain, action: carry}\n- {label: a, verdict: plain, action: carry}", "row 2: 'a' plain is there already"),
    ],
)
def test_faults_of_a_policy_file_name_the_file_and_the_row(text: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ln.LineageError, match=f"(?s)mine.yaml.*(?:{words})"):
        copied().pii(policy=path)


def test_a_policy_file_that_is_not_there() -> None:
    with pytest.raises(ln.LineageError, match=r"nope\.yaml"):
        copied().pii(policy="nope.yaml")


# -- readers abroad ----------------------------------------------------------------------------------------------


def test_who_reads_from_another_region_takes_data_across_the_border() -> None:
    people = [
        {"id": "r", "kind": "principal", "type": "role", "tags": ["region:us"]},
        {"id": "ana", "kind": "principal", "type": "person", "parent": "r"},
        {"id": "ben", "kind": "principal", "type": "person", "parent": "r", "tags": ["region:ch"]},
        {"id": "cem", "kind": "principal", "type": "person", "tags": ["Region:US"]},
    ]
    snap = made([("a#m", "b#m")], {"a#m": ["pii:email"], "a": ["region:ch"], "b": ["region:ch"]}, [grant("r", "a"), grant("cem", "b", condition="masked")], people)
    asked = snap.pii()
    frame = asked.exposures(by="region").frame
    assert frame.select("key", "kind", "node", "verdict", "places", "people", "who").rows() == [("ch → us", "region by grant", "a#m", "plain", 2, 2, ["ana", "cem"])]
    assert ("ch → us", "region by grant") in asked.exposures().frame.select("key", "kind").rows()
    assert asked.exposures(by="region").explain("ch → us").is_empty(), "the tagged column itself"
    book = ln.Decisions().accept(recipient="ana", label="email", until="2030-01-01", **WHY)
    assert asked.exposures(by="region", decisions=book).frame.select("status", "who").rows() == [("open", ["cem"]), ("accepted", ["ana"])]


def test_a_field_of_a_tagged_struct_did_not_come_from_elsewhere() -> None:
    snap = made([], {"t#s": ["pii:email"], "t#s.a": [], "t#s.b": []}, [grant("ana", "t#s.a")])
    assert snap.pii().exposures(by="person").frame.select("node", "without_source").rows() == [("t#s.a", 0)]
