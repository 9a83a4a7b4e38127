"""Questions that are asked again and again while controls move: the newest wins, long ones can be given up."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

__all__ = ["GRACE", "PAUSE", "Asking"]

PAUSE = 0.4
"""Seconds without a further change before a question is asked."""
GRACE = 0.3
"""Seconds after which progress is shown."""


@cache
def _workers() -> ThreadPoolExecutor:
    """Two threads: an abandoned question does not hold up the next one."""
    return ThreadPoolExecutor(2, thread_name_prefix="lineage_nb")


def _loop() -> asyncio.AbstractEventLoop | None:
    if sys.platform == "emscripten":
        return None
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


class Asking:
    """Answers one question at a time, beside the kernel's loop where there is one, else at once.

    Widgets are touched in the loop alone; a thread only computes.

    Parameters
    ----------
    work : callable
        question → answer; runs in a thread, touches no widget, and raises nothing.
    show : callable
        Takes each answer that is still wanted.
    busy : callable
        Told True when an answer takes long, False when it is there or given up.

    Examples
    --------
    >>> shown = []
    >>> asking = Asking(lambda n: n * n, shown.append, lambda busy: None)
    >>> asking.ask(3)
    >>> shown
    [9]
    """

    def __init__(
        self, work: Callable[[Any], Any], show: Callable[[Any], object], busy: Callable[[bool], object]
    ) -> None:
        self._work, self._show, self._busy = work, show, busy
        self._turn = 0
        self._open: Any = None
        self._task: tuple[asyncio.AbstractEventLoop, asyncio.Task[None]] | None = None

    @property
    def waiting(self) -> bool:
        """Whether an answer is still to come."""
        return self._task is not None

    def ask(self, question: object, pause: float | None = None) -> None:
        """Ask; what was asked before and is not answered is given up.

        Parameters
        ----------
        question : object
            What `work` takes.
        pause : float, optional
            Seconds to wait for another question; `PAUSE` by default.
        """
        self.give_up()
        self._open = question
        loop = _loop()
        if loop is None:
            self._show(self._work(question))
            return
        task = loop.create_task(self._answer(self._turn, question, PAUSE if pause is None else pause))
        self._task = (loop, task)

    def give_up(self) -> None:
        """Forget what was asked; its answer will not be shown."""
        self._turn += 1
        if self._task is not None:
            loop, task = self._task
            self._task = None
            if not loop.is_closed():
                loop.call_soon_threadsafe(task.cancel)
            self._busy(False)

    def settle(self) -> None:
        """Answer now what is still open, so that code need not wait."""
        if self._task is not None:
            question = self._open
            self.give_up()
            self._show(self._work(question))

    async def _answer(self, turn: int, question: object, pause: float) -> None:
        await asyncio.sleep(pause)
        answer = asyncio.get_running_loop().run_in_executor(_workers(), self._work, question)
        try:
            done, _ = await asyncio.wait([answer], timeout=GRACE)
            if not done and turn == self._turn:
                self._busy(True)
            found = await answer
        except asyncio.CancelledError:
            answer.cancel()  # spares one that has not begun; what runs runs to its end, unseen
            raise
        if turn == self._turn:
            self._task = None
            self._busy(False)
            self._show(found)
