"""Pictures of cost: their geometry, their sums, and that each draws whatever an answer holds."""

from __future__ import annotations

import warnings
from itertools import combinations, pairwise
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import costly, frames, snapshot
from test_cost_trend import dated, halves

import lineage_nb as ln
from lineage_nb.analyses.cost.attribution import METHODS
from lineage_nb.analyses.cost.layers import Box, acyclic, layers
from lineage_nb.views.figures import brief, plain
from lineage_nb.views.money_layers import arranged
from lineage_nb.views.picture import picture
from lineage_nb.views.treemap import squarified
from lineage_nb.views.trend import series_of, spread
from lineage_nb.views.waterfall import change_steps, cost_steps

Parts = dict[str, list[dict[str, Any]]]
BYS = st.sampled_from(["owner", "report", "consumer", "dataset"])
SIZES = st.lists(st.integers(1, 10**12), min_size=1, max_size=40).map(lambda v: sorted(v, reverse=True))


# -- geometry -----------------------------------------------------------------------------------------------------


@given(SIZES, st.floats(1, 2000), st.floats(1, 2000))
def test_boxes_of_a_treemap_are_as_large_as_their_values_and_lie_apart(values: list[int], width: float, height: float) -> None:
    boxes = squarified(values, width, height)
    whole, total = width * height, sum(values)
    assert len(boxes) == len(values)
    for value, (x, y, w, h) in zip(values, boxes, strict=True):
        assert w * h == pytest.approx(value / total * whole, rel=1e-6, abs=whole * 1e-9)
        assert x >= -1e-6 * width and y >= -1e-6 * height
        assert x + w <= width * (1 + 1e-6) and y + h <= height * (1 + 1e-6)
    for (ax, ay, aw, ah), (bx, by, bw, bh) in combinations(boxes, 2):
        across = min(ax + aw, bx + bw) - max(ax, bx)
        along = min(ay + ah, by + bh) - max(ay, by)
        assert across <= 1e-6 * width or along <= 1e-6 * height


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=12).map(sorted), st.floats(0.1, 20))
def test_labels_keep_their_order_and_distance(places: list[float], least: float) -> None:
    moved = spread(places, least)
    assert all(b - a >= least - 1e-9 for a, b in pairwise(moved))
    assert sum(moved) == pytest.approx(sum(places), abs=1e-6)
    if all(b - a >= least for a, b in pairwise(places)):
        assert moved == pytest.approx(places)


FLOWS = st.dictionaries(st.tuples(st.integers(0, 6), st.integers(0, 6)), st.integers(-50, 50), max_size=25)


@given(FLOWS)
def test_what_flows_in_circles_is_netted(numbers: dict[tuple[int, int], int]) -> None:
    boxes = [Box("place", str(i)) for i in range(7)]
    flows = {(boxes[a], boxes[b]): float(m) for (a, b), m in numbers.items()}
    left = acyclic(flows)
    assert all(m > 0 for m in left.values())

    def net(of: dict[tuple[Box, Box], float]) -> list[float]:
        return [sum(m for (a, _), m in of.items() if a == x) - sum(m for (_, b), m in of.items() if b == x) for x in boxes]

    assert net(left) == net(flows)
    seen: set[Box] = set()
    while True:  # take away boxes that nothing leads to, until none is left
        free = [b for b in boxes if b not in seen and not any(t == b and s not in seen for s, t in left)]
        if not free:
            break
        seen.update(free)
    assert len(seen) == len(boxes)


def test_money_and_names_are_written_short() -> None:
    assert [brief(a) for a in (0, 999_000, 99_990_000, 999_400_000, 999_600_000, 5_250_000_000, -123_456_000_000, 7 * 10**18)] == [
        "0.00", "1.00", "99.99", "999", "1.0k", "5.2k", "-123k", "7,000bn",
    ]
    assert plain("a$b\nc\u202e") == r"a\$b␣c␣"
    assert len(plain("x" * 500, 100)) < 30


# -- sums -----------------------------------------------------------------------------------------------------------


@costly()
@given(dated(), BYS, st.sampled_from(METHODS))
def test_steps_of_waterfalls_add_up(parts: Parts, by: str, method: str) -> None:
    snap = snapshot(parts)
    result = snap.cost(by=by, method=method)
    steps = cost_steps(result._answer, most=2)
    at = next(i for i, s in enumerate(steps) if s.name == "attributed")
    assert steps[0].amount + sum(s.amount for s in steps[1:at]) == steps[at].amount == result.summary["attributed"]
    assert steps[at].amount + sum(s.amount for s in steps[at + 1 :]) == 0 and steps[0].amount == result.summary["billed"]
    spans = halves(snap)
    if spans is not None:
        first, *inner, last = change_steps(snap.cost_change(before=spans[0], after=spans[1], by=by, method=method)._answer)
        assert first.amount + sum(s.amount for s in inner) == last.amount


@costly()
@given(dated(), BYS)
def test_a_trend_draws_the_bill_of_every_period(parts: Parts, by: str) -> None:
    result = snapshot(parts).cost_trend(by=by, every="week")
    own, lines = series_of(result._answer, most=2)
    assert len(own) <= 3
    total = sum([*own.values(), *lines.values()], np.zeros(len(result.summary["periods"])))
    assert total.tolist() == list(result.summary["periods"].values())


def test_keys_beyond_the_largest_are_one_of_a_trend() -> None:
    result = CASES["sixty"].cost_trend(by="report")
    own, lines = series_of(result._answer)
    assert [*own][-1] == "54 more" and len(own) == 7 and [*lines] == ["unallocated"]
    assert sum([*own.values(), *lines.values()]).tolist() == list(result.summary["periods"].values())


@costly()
@given(frames(), BYS, st.sampled_from(METHODS), st.integers(2, 12))
def test_layers_conserve_money_and_run_one_way(parts: Parts, by: str, method: str, most: int) -> None:
    costs = [{**c, "amount": abs(c["amount"])} for c in parts["costs"]]
    result = snapshot({**parts, "costs": costs}).cost(by=by, method=method)
    found = layers(result._answer, most)
    column = {box: i for i, boxes in enumerate(found.columns) for box in boxes}
    assert all(column[a] < column[b] and m > 0 for (a, b), m in found.flows.items())
    assert all(len([b for b in boxes if b.what != "line"]) <= max(1, most) for boxes in found.columns)
    into, out = dict.fromkeys(column, 0.0), dict.fromkeys(column, 0.0)
    for (a, b), m in found.flows.items():
        out[a] += m
        into[b] += m
    total = sum(found.spent.values())
    assert total + sum(found.left_out.values()) == pytest.approx(result.summary["billed"], abs=1)
    for box in column:
        held = found.spent.get(box, 0.0) + into[box]
        assert out[box] == pytest.approx(held if out[box] else 0.0, rel=1e-9, abs=1)
    ends = sum(found.spent.get(b, 0.0) + into[b] for b in column if not out[b])
    assert ends == pytest.approx(total, rel=1e-9, abs=1)
    told = dict(result.frame.select("key", "amount").iter_rows())
    for box in column:
        if box.what in ("key", "line"):
            listed = told.get(box.name, 0)  # less than a micro-unit may be no line
            assert into[box] + found.spent.get(box, 0.0) == pytest.approx(listed, rel=1e-9, abs=len(told) + len(costs))
    drawn = arranged(found)
    for x, y, h in drawn.boxes.values():
        assert 0 <= x <= 1 and y >= -1e-9 and y + h <= 1 + 1e-9


def test_money_passes_the_schemas_of_the_sample(stream: ln.Snapshot) -> None:
    found = layers(stream.cost(by="team")._answer)
    column = {box.name: i for i, boxes in enumerate(found.columns) for box in boxes}
    assert column["stream.raw"] < column["stream.staging"] < column["stream.core"] < column["stream.marts"] < len(found.columns) - 1
    unconsumed = sum(m for (_, b), m in found.flows.items() if b == Box("line", "unconsumed"))
    assert unconsumed == pytest.approx(stream.cost(by="team").summary["unconsumed"], abs=1)
    assert len(found.columns) >= 4 and found.left_out == {"unallocated": 450_000_000, "idle": 3_000_000}


# -- drawing --------------------------------------------------------------------------------------------------------

KINDS = {"cost": ("bars", "waterfall", "treemap", "layers"), "cost_trend": ("trend",), "cost_change": ("waterfall", "bars"), "loaded_cost": ("bars", "treemap")}


def odd(amounts: list[float], name: str = "r{}") -> ln.Snapshot:
    reports = [name.format(i) for i in range(len(amounts))]
    nodes = [{"id": "raw.t", "name": "raw.t"}, {"id": "mart.u", "name": "mart.u"}, *({"id": r, "name": r, "kind": "report"} for r in reports)]
    edges = [{"source": "raw.t", "target": "mart.u"}, *({"source": "mart.u", "target": r} for r in reports)]
    costs = [
        {"node": n, "day": f"2025-0{month}-28", "amount": f"{a * month:.2f}", "currency": "$"}
        for month in (1, 2, 3, 4)
        for n, a in [("raw.t", 50.0), (None, 1.0), *zip(reports, amounts, strict=True)]
    ]
    return ln.from_frames(nodes=nodes, edges=edges, costs=costs)


def answers(snap: ln.Snapshot) -> list[ln.Result]:
    spans = {"before": ("2025-01-01", "2025-01-31"), "after": ("2025-02-01", "2025-04-30")}
    return [snap.cost(by="report"), snap.cost(by="report", method="shapley"), snap.cost_trend(by="report"), snap.cost_change(by="report", **spans)]


CASES = {
    "one": odd([5]),
    "none": odd([]),
    "sixty": odd([100 / (i + 1) for i in range(60)]),
    "credits": odd([40, -30, 20, -400, 3]),
    "huge names": odd([400, 90, 20], "a$b_^{{x}} \\frac \u202e\n" + "and on " * 60 + "{}"),
}


@pytest.mark.parametrize("case", CASES)
def test_every_picture_draws_odd_answers(case: str) -> None:
    snap = CASES[case]
    report = snap.nodes.filter(snap.nodes["kind"] == "report")["id"].head(1).to_list()
    for result in [*answers(snap), *map(snap.loaded_cost, report)]:
        for kind in KINDS[result._answer.analysis]:
            figure = result.plot(kind)
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                figure.savefig("/dev/null", format="png", dpi=50)
            assert figure.get_size_inches().tolist() == [9, 4.5]
        ET.fromstring(picture(result._answer))


def test_nothing_billed_is_drawn_as_a_sentence() -> None:
    rows = {"node": ["t", "t"] * 2, "day": ["2025-01-01"] * 2 + ["2025-02-01"] * 2, "amount": ["5", "-5"] * 2}
    snap = ln.from_frames(nodes={"id": ["t", "r"], "kind": ["dataset", "report"]}, edges={"source": ["t"], "target": ["r"]}, costs=rows)
    spans = {"before": ("2025-01-01", "2025-01-31"), "after": ("2025-02-01", "2025-02-28")}
    for result in (snap.cost(by="report"), snap.cost_trend(by="report"), snap.cost_change(by="report", **spans), snap.loaded_cost("r")):
        assert result.frame.is_empty()
        for kind in KINDS[result._answer.analysis]:
            axes = result.plot(kind).axes[0]
            assert not axes.axison and axes.texts[0].get_text().endswith(".")


def test_an_unknown_picture_names_the_good_ones(stream: ln.Snapshot) -> None:
    with pytest.raises(ln.LineageError, match="no picture 'pie' of 'cost'. Known: bars, waterfall, treemap, layers."):
        stream.cost().plot("pie")
    with pytest.raises(ln.LineageError, match="no picture 'treemap' of 'pii'. Known: heat, bars."):
        stream.pii().plot("treemap")
    default = stream.cost().plot()
    assert [p.get_width() for p in default.axes[0].patches] == [p.get_width() for p in stream.cost().plot("bars").axes[0].patches]


def test_results_show_themselves(stream: ln.Snapshot, tmp_path: Any) -> None:
    spans = {"before": ("2026-02-01", "2026-02-28"), "after": ("2026-03-01", "2026-03-31")}
    for result in (stream.cost_trend(every="quarter"), stream.cost_change(**spans), stream.loaded_cost("title_trends")):
        bundle = result._repr_mimebundle_()
        assert result.headline in bundle["text/plain"] and "<svg" in bundle["text/html"]
        assert result.to_html(tmp_path / "page.html").read_text(encoding="utf-8").startswith("<!")
        result.to_csv(tmp_path / "rows.csv")
        assert len(result.graph) > 0
