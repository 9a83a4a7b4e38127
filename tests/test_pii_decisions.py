"""Decisions about personal data: made, carried in a file, judged by a day."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lineage_nb as ln

WHO = {"by": "ana", "why": "looked at it"}
END = date(2026, 6, 30)
HOSTILE = ["=cmd|' /C calc'!A0", "'=x", "<script>alert(1)</script>", "!!python/object/apply:os.system ['x']", "../../etc/passwd", "a: b #c\n- d", "no", "2026-01-01", "\x85\u2028end", "x" * 10_000]


@pytest.fixture
def book() -> ln.Decisions:
    made = ln.Decisions().decide("t#mail", "email", "is_not", until="2026-12-31", **WHO).decide("t#z", "pii:health", "is", **WHO)
    made = made.accept(node="m#phone", label="phone", until="2026-06-30", **WHO)
    return made.accept(recipient="principal:x/agency", label="email", until=date(2026, 3, 1), **WHO)


def test_days_are_judged_by_the_day_that_is_named(book: ln.Decisions) -> None:
    assert book.overrides(END).select("node", "label", "decision").rows() == [("t#mail", "email", "is_not"), ("t#z", "health", "is")]
    assert book.overrides(date(2027, 1, 1))["node"].to_list() == ["t#z"]
    assert book.accepted(END).select("node", "recipient", "label").rows() == [("m#phone", None, "phone")]
    assert book.accepted(date(2026, 7, 1)).is_empty()
    assert book.accepted(None).height == 2
    assert book.expired(END).select("recipient", "label", "decision", "until").rows() == [("principal:x/agency", "email", "accepted", date(2026, 3, 1))]
    assert book.expired(None).is_empty()


@given(st.dates())
def test_nothing_is_dropped(day: date) -> None:
    book = ln.Decisions().decide("a", "x", "is", until="2026-01-01", **WHO).accept(node="a", label="x", until="2026-05-01", **WHO).decide("b", "x", "is_not", **WHO)
    assert book.overrides(day).height + book.accepted(day).height + book.expired(day).height == book.latest.height == 3


def test_the_last_decision_counts_and_none_changes_another(book: ln.Decisions) -> None:
    later = book.decide("t#mail", "email", "is", **WHO)
    assert book.overrides(END).filter(pl.col("node") == "t#mail")["decision"].item() == "is_not"
    assert later.overrides(date(2027, 1, 1)).filter(pl.col("node") == "t#mail")["decision"].item() == "is"
    longer = later.accept(node="t#mail", label="email", until="2027-01-01", **WHO)
    assert (longer.overrides(END).height, longer.accepted(END).height) == (2, 2), "an acceptance is no override"


@pytest.mark.parametrize("text", ["[" * 50_000, "- " * 50_000, "{a: " * 50_000, "".join(f"{' ' * i}a:\n" for i in range(1_000))])
def test_depth_is_refused_and_breaks_nothing(text: str, tmp_path: Path) -> None:
    path = tmp_path / "deep.yaml"
    path.write_text(text, encoding="utf-8")
    for read in (ln.Decisions.read, ln.Ledger.read):
        with pytest.raises(ln.FormatError, match="levels deep"):
            read(path)


def test_many_brackets_in_a_row_are_not_deep(tmp_path: Path) -> None:
    path = tmp_path / "flat.yaml"
    path.write_text("\n".join(f"- {{node: t#c{i}, label: email, decision: is, by: ana, why: '[x]'}}" for i in range(600)), encoding="utf-8")
    assert ln.Decisions.read(path).frame.height == 600


def test_a_repeated_key_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "twice.yaml"
    path.write_text("- node: t#c\n  label: email\n  decision: is\n  by: ana\n  why: seen\n  decision: is_not\n", encoding="utf-8")
    with pytest.raises(ln.FormatError, match="line 6: the key 'decision' is there already, on line 3"):
        ln.Decisions.read(path)


@pytest.mark.parametrize("ending", [".csv", ".yaml", ".yml"])
def test_a_file_gives_back_what_was_written(book: ln.Decisions, tmp_path: Path, ending: str) -> None:
    for i, text in enumerate(HOSTILE):
        book = book.decide(text, f"label {i}", "is", by=text, why=text)
    path = book.write(tmp_path / f"pii{ending}")
    again = ln.Decisions.read(path)
    assert again.latest.equals(book.latest)
    assert again.write(tmp_path / f"two{ending}").read_bytes() == path.read_bytes()
    if ending == ".csv":
        assert not [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith(("=", "+", "@"))]


def test_a_new_decision_changes_only_its_own_lines(book: ln.Decisions, tmp_path: Path) -> None:
    before = book.write(tmp_path / "a.yaml").read_text().splitlines()
    after = book.decide("t#n", "name", "is_not", **WHO).write(tmp_path / "b.yaml").read_text().splitlines()
    assert len(after) == len(before) + 5
    at = next(i for i, (x, y) in enumerate(zip(before, after, strict=False)) if x != y)
    assert before == after[:at] + after[at + 5 :]


def test_faults_are_all_listed(tmp_path: Path) -> None:
    path = tmp_path / "pii.yaml"
    path.write_text(
        "- {node: a, label: x, decision: maybe, by: b, why: w}\n- {node: a, label: x, decision: accepted, by: b, why: w}\n- {label: x, decision: is, by: b, why: w}\n"
        "- {node: true, label: x, decision: is, by: b, why: w, until: soon, colour: red}\n- just text\n- {label: x, decision: accepted, until: 2026-01-01}\n- {node: a, recipient: r, label: x, decision: is, by: b, why: w}\n",
        encoding="utf-8",
    )
    with pytest.raises(ln.SchemaError) as error:
        ln.Decisions.read(path)
    for part in (
        "pii.yaml", "row 1: decision is 'maybe'; give one of is, is_not, accepted", "row 2: accepted needs until", "row 3: node is missing", "row 4: node is True, no text; put it in quotes", "row 4: unknown key 'colour'; known: node,",
        "row 4: until is 'soon'; give a day as YYYY-MM-DD", "row 5: is 'just text'", "row 6: by is missing", "row 6: accepted needs a node or a recipient", "row 7: is speaks of a node",
    ):  # fmt: skip
        assert part in str(error.value)


@pytest.mark.parametrize("text", ["- !!python/object/apply:os.system ['x']", "a: &a [1]\nb: *a", "{}", "- [", "node: a"])
def test_odd_files_are_errors_that_name_them(tmp_path: Path, text: str) -> None:
    path = tmp_path / "pii.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ln.FormatError, match=r"pii\.yaml"):
        ln.Decisions.read(path)


def test_files_that_are_none(tmp_path: Path) -> None:
    big = tmp_path / "big.yaml"
    big.write_bytes(b"#" * 10_000_001)
    (tmp_path / "empty.yaml").write_text("")
    assert ln.Decisions.read(tmp_path / "empty.yaml").frame.is_empty()
    for path, words in ((big, "larger than"), (tmp_path / "none.yaml", "No such file"), (tmp_path / "x.txt", "give it such a name")):
        with pytest.raises(ln.FormatError, match=words):
            ln.Decisions.read(path)


def test_decisions_say_who_and_why() -> None:
    with pytest.raises(ln.SchemaError, match="by is missing"):
        ln.Decisions().decide("a", "x", "is", by="", why="w")
    with pytest.raises(ln.SchemaError, match="use accept"):
        ln.Decisions().decide("a", "x", "accepted", **WHO)
    with pytest.raises(ln.SchemaError, match="longer than 20,000"):
        ln.Decisions().decide("a" * 20_001, "x", "is", **WHO)


@pytest.mark.parametrize("kind", ["polars", "pandas", "list"])
def test_a_frame_of_decisions_is_taken(kind: str) -> None:
    rows = [
        {"node": "t#mail", "label": "email", "decision": "is_not", "by": "ana", "why": "letters", "until": date(2030, 1, 1)},
        {"node": "t#z", "label": "health", "decision": "is", "by": "ana", "why": "seen", "until": None},
    ]
    frame = pl.DataFrame(rows)
    given = {"polars": frame, "pandas": frame.to_pandas(), "list": rows}[kind]
    snap = ln.from_frames(nodes=[{"id": "t#mail", "kind": "column", "tags": ["pii:email"]}, {"id": "t#z", "kind": "column"}])
    assert snap.pii(decisions=given).frame.select("node", "label").rows() == [("t#z", "health")]
    assert snap.classify(decisions=given).frame.filter(pl.col("node") == "t#mail")["status"].to_list() == ["rejected"]
    accepted = pl.DataFrame([{"node": "t#mail", "recipient": None, "label": "email", "decision": "accepted", "by": "ana", "why": "known", "until": date(2030, 1, 1)}])
    shown = ln.from_frames(nodes=[{"id": "t#mail", "kind": "column", "tags": ["pii:email"]}, {"id": "cem", "kind": "principal"}], grants=[{"principal": "cem", "node": "t"}]).pii()
    given = {"polars": accepted, "pandas": accepted.to_pandas(), "list": accepted.to_dicts()}[kind]
    assert shown.exposures(by="person", decisions=given).frame["status"].to_list() == ["accepted"]


def test_what_is_no_decision_is_refused() -> None:
    snap = ln.from_frames(nodes=[{"id": "t#mail", "kind": "column", "tags": ["pii:email"]}])
    with pytest.raises(ln.LineageError, match="by is missing"):
        snap.classify(decisions=pl.DataFrame({"node": ["t#mail"], "label": ["email"], "decision": ["is"], "why": ["x"]}))
    for ask in (snap.pii, snap.classify, snap.pii().exposures):
        with pytest.raises(ln.LineageError, match="decisions is a int"):
            ask(decisions=7)
