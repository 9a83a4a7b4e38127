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
