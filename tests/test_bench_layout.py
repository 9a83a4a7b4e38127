"""The benchmark of the layout counts what a reader would call a crossing."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np

import lineage_nb as ln

BENCH = runpy.run_path(str(Path(__file__).parents[1] / "benchmarks" / "bench_layout.py"), run_name="bench_layout")
BOXES = np.array([(0, 0, 10, 10), (0, 90, 10, 10), (200, 0, 10, 10), (200, 90, 10, 10)], dtype=float)


def count(lines: list[list[tuple[float, float]]], ends: list[tuple[int, int]]) -> int:
    return BENCH["crossings"]([np.array(line, dtype=float) for line in lines], ends, BOXES)


def test_what_is_a_crossing() -> None:
    down, up = [(10, 5), (200, 95)], [(10, 95), (200, 5)]
    assert count([down, up], [(0, 3), (1, 2)]) == 1
    assert count([down, [(10, 95), (200, 96)]], [(0, 3), (1, 3)]) == 0, "they meet at their box"
    trunk = [(10, 5), (60, 50), (120, 50)]
    assert count([[*trunk, (200, 5)], [*trunk, (200, 95)]], [(0, 2), (0, 3)]) == 0, "they share their way"
    assert count([[*trunk, (200, 5)], [*trunk, (200, 95)], [(80, 0), (80, 99)]], [(0, 2), (0, 3), (1, 1)]) == 2


def test_the_edges_of_a_scene_begin_and_end_at_their_boxes() -> None:
    lines, ends, boxes = BENCH["drawn"](ln.sample().explore().scene)
    assert len(lines) == len(set(ends)) > 40
    for line, (a, b) in zip(lines, ends, strict=True):
        x, _, wide, _ = boxes[a]
        assert min(abs(line[0, 0] - x), abs(line[0, 0] - x - wide)) <= 1
        assert boxes[b][0] - 8 <= line[-1, 0] <= boxes[b][0] + boxes[b][2] + 8
