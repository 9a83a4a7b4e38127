"""Measuring: rows of results, times as wall and processor seconds, memory of a process."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

__all__ = ["Memory", "Row", "Seconds", "timed"]

T = TypeVar("T")
_UNITS = {"s": 1.0, "ms": 1e3}


class Seconds(NamedTuple):
    """What the best round took."""

    wall: float
    cpu: float


@dataclass(frozen=True)
class Row:
    """One figure beside its target.

    Attributes
    ----------
    what : str
        What was measured.
    value : float or None
        Seconds for the units s and ms, else in `unit`; None: it could not be measured, and `note` says why.
    unit : str
        s, ms, MB, bytes.
    cpu : float or None
        Processor seconds, of all threads.
    peer : str
        What it is compared with in the same run.
    peer_value : float or None
        Its value, in the unit of `value`.
    target : str
        The target in words; empty: there is none.
    limit : float or None
        The largest `value` that meets it.
    least : float or None
        The smallest `ratio` that meets it.
    note : str
        What else is to be known.
    """

    what: str
    value: float | None
    unit: str = "s"
    cpu: float | None = None
    peer: str = ""
    peer_value: float | None = None
    target: str = ""
    limit: float | None = None
    least: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """How many times as much the peer takes."""
        return self.peer_value / self.value if self.value and self.peer_value is not None else None

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None: there is none, or it could not be measured."""
        if not self.target or self.value is None:
            return None
        if self.least is not None:
            return None if self.ratio is None else self.ratio >= self.least
        return self.limit is not None and self.value <= self.limit

    def cells(self) -> tuple[str, ...]:
        """The row as text: what, measured, cpu, peer, peer ÷ measured, target, met, note."""
        peer = f"{self.peer} {self._shown(self.peer_value)}" if self.peer_value is not None else self.peer
        cpu = "" if self.cpu is None else self._shown(self.cpu)
        ratio = "" if self.ratio is None else f"{self.ratio:,.2f} ×" if self.ratio < 10 else f"{self.ratio:,.0f} ×"
        met = {True: "yes", False: "**no**", None: "not measured" if self.target else ""}[self.met]
        return self.what, self._shown(self.value), cpu, peer, ratio, self.target, met, self.note

    def _shown(self, value: float | None) -> str:
        if value is None:
            return "–"
        value *= _UNITS.get(self.unit, 1.0)
        return f"{value:,.0f} {self.unit}" if value >= 100 else f"{value:.3g} {self.unit}"


def timed(
    call: Callable[[], T],
    check: Callable[[T], Any] | None = None,
    *,
    rounds: int = 4,
    most: float = 20.0,
    collecting: bool = False,
) -> Seconds:
    """Take the best of some rounds.

    Parameters
    ----------
    call : callable
        What is measured.
    check : callable, optional
        Raises AssertionError where the result of the first round is wrong; not measured.
    rounds : int
        At most so many.
    most : float
        Seconds after which no further round begins.
    collecting : bool
        Whether to leave Python's garbage collector on, as it is in any session; it looks at every container that
        lives, so that graphs of dicts pay for it.
    """
    wall = cpu = float("inf")
    began = time.perf_counter()
    gc.collect()
    if not collecting:
        gc.disable()
    try:
        for number in range(rounds):
            start, busy = time.perf_counter(), time.process_time()
            result = call()
            wall, cpu = min(wall, time.perf_counter() - start), min(cpu, time.process_time() - busy)
            if number == 0 and check is not None:
                check(result)
            del result
            if time.perf_counter() - began > most:
                break
    finally:
        gc.enable()
    return Seconds(wall, cpu)


class Memory:
    """How much the resident memory of this process grows at most; pages of mapped files count (Linux)."""

    def __init__(self) -> None:
        gc.collect()
        with suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
        self._before = _status("VmRSS")

    def growth(self) -> float | None:
        """MB between then and the peak since; None where the system does not tell."""
        peak = _status("VmHWM")
        return None if peak is None or self._before is None else peak - self._before

    @staticmethod
    def peak() -> float | None:
        """MB of the process at its peak."""
        return _status("VmHWM")


def _status(field: str) -> float | None:
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1]) * 1024 / 1e6
    return None
