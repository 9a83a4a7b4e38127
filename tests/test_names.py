"""Short names over arrays do what a scan over all ids does, and the arrays survive saving and threads."""

from __future__ import annotations

import difflib
import pickle
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lineage_nb.errors import AmbiguousNameError, SchemaError, UnknownNameError
from lineage_nb.model import nearest_names as nearest_module
from lineage_nb.model import suffix_order as order_module
from lineage_nb.model.name_table import NameTable
from lineage_nb.model.names import NameIndex
from lineage_nb.model.suffix_order import fold_array, join_bytes, suffix_order

DATA = ("dataset", "column", "report")
KINDS = ("dataset", "column", "report", "job", "principal", "", None)
# Capitals that change their length, that depend on what stands around them, and that fall into ASCII.
LETTERS = "abAB01-éÉßẞİıK\u212aΣσςǅŁł日\x00\n\x01é̇"
TEXT = st.text(st.sampled_from(LETTERS + "./#:" * 6), max_size=9)
ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
WORD = st.sampled_from(["id", "ID", "orders", "Orders", "ORDERS", "mart", "Mart", "é", "É", "ΟΔΟΣ", "οδος", "Σ", ""])
PATH = st.lists(st.tuples(WORD, st.sampled_from("./#:")), min_size=1, max_size=4).map(
    lambda parts: "".join(word + mark for word, mark in parts)[:-1]
)
NAME = st.one_of(TEXT, PATH, ANY)
NODES = st.dictionaries(NAME, st.sampled_from(KINDS), max_size=14)


def written(name: str) -> str:
    return "." + re.sub(r"[/#:]", ".", name).strip(".")


def scan(nodes: dict[str, str | None], name: str) -> str | tuple[list[str], int] | None:
    """The obvious way: the id, or (the first ids, how many), or None."""
    if name in nodes:
        return name
    dotted = {node: "." + re.sub(r"[/#:]", ".", node) for node in nodes}
    wanted = written(name)
    for hits in (
        [node for node in nodes if dotted[node].endswith(wanted)],
        [node for node in nodes if dotted[node].lower().endswith(wanted.lower())],
    ):
        found = [node for node in hits if nodes[node] in DATA] or hits
        if len(found) == 1:
            return found[0]
        if found:
            return sorted(found)[:8], len(found)
    return None


def nearest_by_scan(nodes: dict[str, str | None], name: str, limit: int = 5) -> list[str]:
    last = written(name).rpartition(".")[2].lower()
    tail = {node: re.sub(r"[/#:]", ".", node).lower().rpartition(".")[2] for node in nodes}
    pool = sorted(set(tail.values()))
    close = difflib.get_close_matches(last, pool, n=limit, cutoff=0.6)
    if last and not close:
        close = [p for p in pool if last in p][:limit]
    hits = [node for node in nodes if tail[node] in close]
    return difflib.get_close_matches(name, hits, n=limit, cutoff=0.0) if hits else []


def table_of(nodes: dict[str, str | None]) -> NameTable:
    frame = pl.DataFrame({"id": list(nodes), "kind": list(nodes.values())}, schema={"id": pl.String, "kind": pl.String})
    frame = frame.sort("id")
    return NameTable.build(frame["id"], frame["kind"])


def assert_same(table: NameTable, nodes: dict[str, str | None], name: str) -> None:
    expected = scan(nodes, name)
    if isinstance(expected, str):
        assert table.name(table.resolve(name)) == expected
    elif expected is None:
        with pytest.raises(UnknownNameError) as unknown:
            table.resolve(name, "here")
        assert str(unknown.value) == str(UnknownNameError.of(name, nearest_by_scan(nodes, name), "here"))
    else:
        with pytest.raises(AmbiguousNameError) as ambiguous:
            table.resolve(name)
        assert str(ambiguous.value) == str(AmbiguousNameError.of(name, *expected))


@st.composite
def questions(draw: st.DrawFn) -> tuple[dict[str, str | None], list[str]]:
    """Nodes, and names that often stand for some of them: ends of ids, in other cases and with other separators."""
    nodes = draw(NODES)
    names = draw(st.lists(NAME, max_size=3))
    for node in draw(st.lists(st.sampled_from(sorted(nodes)), max_size=4)) if nodes else ():
        end = node[draw(st.integers(0, len(node))) :]
        change = draw(st.sampled_from([str, str.upper, str.lower, str.swapcase, written]))
        names.append(change(end))
        names.append(change(re.split(r"[./#:]", node)[-1]))
    return nodes, names


@settings(max_examples=200, deadline=None)
@given(questions())
@example(({}, ["", "a", "."]))
@example(({"": "dataset", "a/": "job", ".": None}, ["", "/", "#", "a", "a."]))
@example(({"x/Σ": "dataset"}, ["Σ", "σ", "ς"]))
@example(({"A/ΣB": "job", "Σ": "job"}, ["ΣB", "σb", "Σ"]))
@example(({"\u212aelvin": "dataset"}, ["kelvin", "KELVIN"]))
@example(({"a/İd": "dataset", "b/i\u0307d": "dataset"}, ["İd", "i\u0307D"]))
@example(({"a\x00b": "dataset", "a.b": "dataset"}, ["b", "a/b"]))
@example(({"a/x": "dataset", "a-x": "dataset", "b/a/x": "job", "ax": "column"}, ["x", "a.x", "X"]))
@example(({f"d{i}/x": "job" for i in range(20)}, ["x"]))
@example(({f"d{i}/X": "job" for i in range(20)} | {"e/x": "job"}, ["x", "X"]))
def test_names_mean_what_a_scan_says(question: tuple[dict[str, str | None], list[str]]) -> None:
    nodes, names = question
    table = table_of(nodes)
    for name in (*names, *nodes):
        assert_same(table, nodes, name)


@settings(max_examples=100, deadline=None)
@given(st.lists(NAME, unique=True), st.data())
def test_numbers_and_ids(ids: list[str], data: st.DataObject) -> None:
    nodes = dict.fromkeys(ids, "dataset")
    table, expected = table_of(nodes), sorted(ids)
    assert len(table) == len(ids)
    assert table.all().to_list() == expected
    assert [table.number(name) for name in expected] == list(range(len(ids)))
    stranger = data.draw(NAME)
    assert (table.number(stranger) is None) == (stranger not in nodes)
    if ids:
        numbers = data.draw(st.lists(st.integers(0, len(ids) - 1), max_size=10))
        assert table.names(np.array(numbers, dtype=np.int32)).to_list() == [expected[i] for i in numbers]
        many = numbers * 100
        assert table.names(np.array(many, dtype=np.int64)).to_list() == [expected[i] for i in many]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(TEXT, st.sampled_from("ab/").map(lambda c: "x" + c * 40), st.integers(1, 700).map("a".__mul__)), unique=True))
def test_the_order_is_that_of_the_reversed_bytes(strings: list[str]) -> None:
    offsets, text = join_bytes(pl.Series(strings, dtype=pl.String))
    order, tails = suffix_order(fold_array(text), offsets)
    keys = [order_module.fold(s.encode())[::-1] for s in strings]
    assert order.tolist() == sorted(range(len(strings)), key=lambda i: (keys[i], i))
    lasts = [keys[i].split(b"\x00")[0][:32] for i in order]
    assert tails.tolist() == [k for k in range(len(lasts)) if k == 0 or lasts[k] != lasts[k - 1]]


def test_long_ids_that_differ_at_their_start_or_only_in_case() -> None:
    long = "x" * 2000
    nodes = {f"{head}/{long}": "dataset" for head in ("a", "b", "A", "aa", "a/a")} | {f"{long}a": "job", f"{long}A": "job"}
    table = table_of(nodes)
    for name in (f"b.{long}", f"B.{long}", f"a/a.{long}", f"A.{long}", long.upper(), f"{long}A", f"{long[:-1]}.a"):
        assert_same(table, nodes, name)


def save(table: NameTable, folder: Path) -> NameTable:
    for name, array in table.arrays().items():
        np.save(folder / f"{name}.npy", array)
    return NameTable.from_arrays({name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in table.arrays()})


@pytest.mark.parametrize(
    "nodes",
    [
        {},
        {"": None},
        {"db/mart.orders": "dataset", "db/mart.orders#email": "column", "db/Mart.ÖRDERS#Email": "column", "job:x/orders": "job"},
    ],
    ids=["empty", "one empty id", "several"],
)
def test_saved_arrays_answer_alike(nodes: dict[str, str | None], tmp_path: Path) -> None:
    opened = save(table_of(nodes), tmp_path)
    assert opened.all().to_list() == sorted(nodes)
    assert opened.kind_names == tuple(sorted({kind or "" for kind in nodes.values()}))
    for name in (*nodes, "orders", "orders.email", "örders.email", "Örders.Email", "ordrs", "email", ""):
        assert_same(opened, nodes, name)
    with pytest.raises(ValueError, match="read-only"):
        opened.order[:] = 0


def test_tables_are_pickled() -> None:
    nodes = {"a/b": "dataset", "c/b": "job"}
    index = NameIndex(pl.DataFrame({"id": list(nodes), "kind": list(nodes.values())}))
    assert index.resolve("b") == "a/b"
    assert pickle.loads(pickle.dumps(index)).resolve("b") == "a/b"


def test_threads_share_an_index() -> None:
    ids = [f"db{i % 7}/t{i}#c{i % 5}" for i in range(5000)]
    frame = pl.DataFrame({"id": ids, "kind": "column"}).sample(fraction=1.0, shuffle=True, seed=1)
    index = NameIndex(frame)

    def ask(i: int) -> bool:
        with pytest.raises(AmbiguousNameError):
            index.resolve(f"C{i % 5}")
        return index.resolve(f"T{i}.c{i % 5}") == ids[i]

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, range(0, 5000, 97)))


def test_an_index_takes_any_frame() -> None:
    nodes = pl.DataFrame({"id": ["z", None, "b/a", "c/a"], "kind": ["job", "job", None, "report"], "more": 1})
    index = NameIndex(nodes, "the readers")
    assert (index.resolve("a"), index.resolve("Z")) == ("c/a", "z")
    with pytest.raises(UnknownNameError, match="no node named 'y' in the readers"):
        index.resolve("y")
    assert NameIndex.of_table(table_of({"q/r": "job"})).resolve("R") == "q/r"


@pytest.mark.parametrize("name", ["\ud800", "a\ud800", "É\udfff", "b.\ud800", 3, None, b"a"])
def test_what_can_be_no_name_is_unknown(name: object) -> None:
    with pytest.raises(UnknownNameError):
        table_of({"a": "dataset", "b/é": "dataset"}).resolve(name)  # type: ignore[arg-type]


def test_many_kinds() -> None:
    nodes = {f"n{i:04}/x": f"kind{i}" for i in range(400)} | {"n/x": "report"}
    table = table_of(nodes)
    assert table.kinds.dtype == np.uint16
    assert table.name(table.resolve("x")) == "n/x"


def test_faults_are_reported() -> None:
    with pytest.raises(SchemaError, match="2 ids but 1 kinds"):
        NameTable.build(pl.Series(["a", "b"]), pl.Series(["job"]))
    with pytest.raises(SchemaError, match="sorted"):
        NameTable.build(pl.Series(["b", "a"]), pl.Series(["job", "job"]))
    with pytest.raises(SchemaError, match="null"):
        NameTable.build(pl.Series(["a", None]), pl.Series(["job", "job"]))
    with pytest.raises(SchemaError, match="no array 'order'"):
        NameTable.from_arrays({k: v for k, v in table_of({"a": "job"}).arrays().items() if k != "order"})
    table = table_of({"a": "job"})
    for number in (-1, 1):
        with pytest.raises(IndexError, match="there is no node"):
            table.name(number)
        with pytest.raises(IndexError):
            table.names([number] * 1000)


def test_blocks_and_windows_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    nodes: dict[str, str | None] = {f"db/area{i % 3}.orders_{i % 40}#Email_{i % 90}": "column" for i in range(600)}
    nodes |= {f"DB/Ä{i}.Orders#e_{i % 7}": "column" for i in range(50)}
    names = ("email_7", "orders_7.email_7", "EMAIL_7", "ä3.orders.e_3", "Ä3.Orders.E_3")
    for block in (1, 3, 64):
        monkeypatch.setattr(order_module, "_BLOCK", block)
        monkeypatch.setattr(order_module, "_ROWS", block)
        monkeypatch.setattr(order_module, "_LOWERED", block)
        monkeypatch.setattr("lineage_nb.model.name_table._BLOCK", block)
        for name in names:
            assert_same(table_of(nodes), nodes, name)


def test_among_many_only_the_likely_ones_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    words = ("customer", "payment", "session", "title", "device")
    nodes = {f"db/{a}.{b}_{i}#{c}_id": "column" for a in words for b in words for c in words for i in range(9)}
    table = table_of(nodes)
    for name, value in {"_IDS": 40, "_MOST_IDS": 150, "_ROWS": 16}.items():
        monkeypatch.setattr(nearest_module, name, value)
    assert table.nearest("CUSTOM")[0].endswith("customer_id")
    assert table.nearest("zzzzzzzzzzz") == []
    for name in ("_TAILS", "_MOST_TAILS"):
        assert table.nearest("payment.session_3.custmer_id")[0] == "db/payment.session_3#customer_id"
        assert table.nearest("payment.session_3.zustomer_id")[0] == "db/payment.session_3#customer_id"
        monkeypatch.setattr(nearest_module, name, 4)
    assert table.nearest("payment.session_3.zustomer_id")[0] == "db/payment.session_3#customer_id"
    assert len(table.nearest("session_3._id")) == 5
