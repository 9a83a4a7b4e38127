"""Sorting large frames by ranks equals sorting them by their values."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_nb.model import ordering
from lineage_nb.model.ordering import id_order, ranks, sorted_rows

TEXT = st.text(st.sampled_from("ab#./!~\x00é\U0001f600"), max_size=4)
TIME = st.datetimes(datetime(2025, 1, 1), datetime(2025, 1, 3)).map(lambda t: t.replace(tzinfo=UTC))
SCHEMA = {
    "id": pl.String,
    "tags": pl.List(pl.String),
    "n": pl.Int64,
    "ok": pl.Boolean,
    "seen": pl.Datetime("us", "UTC"),
    "share": pl.Float64,
    "nothing": pl.String,
}


def rows() -> st.SearchStrategy[list[dict[str, Any]]]:
    row = {
        "id": st.one_of(st.none(), TEXT),
        "tags": st.one_of(st.none(), st.lists(TEXT, max_size=2)),
        "n": st.one_of(st.none(), st.integers(-3, 3), st.sampled_from([-(2**63), 2**63 - 1])),
        "ok": st.one_of(st.none(), st.booleans()),
        "seen": st.one_of(st.none(), TIME),
        "share": st.one_of(st.none(), st.floats(0, 1)),
    }
    return st.lists(st.fixed_dictionaries(row), max_size=12)


@pytest.fixture(scope="module", autouse=True)
def large() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ordering, "_MANY", 0)
        yield


def plainly(frame: pl.DataFrame) -> pl.DataFrame:
    keys = [pl.col(c).list.join("\x1f") if isinstance(t, pl.List) else pl.col(c) for c, t in frame.schema.items()]
    return frame.sort(keys, nulls_last=True)


@given(rows())
def test_rows_sorted_by_ranks(records: list[dict[str, Any]]) -> None:
    frame = pl.DataFrame(records, schema=SCHEMA)
    assert sorted_rows(frame).equals(plainly(frame))


@given(rows())
def test_ranks_are_compressed_before_they_overflow(records: list[dict[str, Any]]) -> None:
    frame = pl.DataFrame(records, schema=SCHEMA)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ordering, "_LARGEST", 40)
        assert sorted_rows(frame).equals(plainly(frame))


@given(st.lists(TEXT, max_size=20))
def test_ids_are_sorted_by_their_bytes(ids: list[str]) -> None:
    series = pl.Series("id", ids, dtype=pl.String)
    assert series.gather(pl.Series(id_order(series), dtype=pl.UInt32)).to_list() == sorted(ids, key=str.encode)


@given(st.lists(st.one_of(st.none(), TEXT), max_size=20), st.booleans())
def test_ranks(texts: list[str | None], clash: bool) -> None:
    series = pl.Series("id", texts, dtype=pl.String)
    different = sorted({t for t in texts if t is not None}, key=str.encode)
    expected = [None if t is None else different.index(t) for t in texts]
    with pytest.MonkeyPatch.context() as patch:
        if clash:  # every string has the same first hash
            real = pl.Series.hash
            patch.setattr(pl.Series, "hash", lambda s, seed=0: real(s, seed=seed) * 0 if not seed else real(s, seed=seed))
        assert ranks(series).to_list() == expected
