"""An order in which what is read comes before what reads it, circles included."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from lineage_nb.sources.sql_folder.names import Mentions

__all__ = ["ordered", "reading_order"]

T = TypeVar("T", str, int)


def ordered(inputs: Mapping[T, Iterable[T]]) -> list[T]:
    """Order things so that each comes after its inputs.

    Parameters
    ----------
    inputs : Mapping
        Thing → what it needs; what is no key itself is left out.

    Returns
    -------
    list
        All keys, smallest first where there is a choice. A circle is entered at its smallest member.

    Examples
    --------
    >>> ordered({"a": ["c"], "b": [], "c": ["b", "d"], "d": ["c"]})
    ['b', 'c', 'a', 'd']
    """
    needs = {thing: {n for n in given if n in inputs and n != thing} for thing, given in inputs.items()}
    feeds: dict[T, list[T]] = {thing: [] for thing in needs}
    for thing, given in needs.items():
        for needed in given:
            feeds[needed].append(thing)
    ready = [thing for thing, given in needs.items() if not given]
    heapq.heapify(ready)
    waiting = sorted((thing for thing, given in needs.items() if given), reverse=True)
    done: set[T] = set()
    found: list[T] = []
    while len(found) < len(needs):
        if not ready:
            while waiting[-1] in done:
                waiting.pop()
            ready.append(_entry(waiting[-1], needs))
        thing = heapq.heappop(ready)
        if thing in done:
            continue
        done.add(thing)
        found.append(thing)
        for reader in feeds[thing]:
            needs[reader].discard(thing)
            if not needs[reader] and reader not in done:
                heapq.heappush(ready, reader)
    return found


def _entry(start: T, needs: Mapping[T, set[T]]) -> T:
    """The smallest member of a circle that `start` waits for."""
    place: dict[T, int] = {}
    trail: list[T] = []
    while start not in place:
        place[start] = len(trail)
        trail.append(start)
        start = min(needs[start])
    return min(trail[place[start] :])


def reading_order(mentioned: Sequence[Mentions], tables: Sequence[str]) -> list[list[int]]:
    """Order texts so that what makes a table comes before what reads or fills it.

    Parameters
    ----------
    mentioned : sequence of Mentions
        Which tables each text speaks of.
    tables : sequence of str
        The table that each makes if it creates and changes none.

    Returns
    -------
    list of list of int
        Places of all texts, in steps: texts of one step do not need each other.

    Examples
    --------
    >>> from lineage_nb.sources.sql_folder.names import mentions
    >>> texts = ["insert into t select * from v", "select * from raw", "create table d.t (a int)"]
    >>> reading_order([mentions(t) for t in texts], ["a", "d.v", "b"])
    [[1, 2], [0]]
    """
    makers: dict[str, list[tuple[int, list[str], bool]]] = {}
    for number, (said, table) in enumerate(zip(mentioned, tables, strict=True)):
        for name in said.made | said.changed or {table.lower()}:
            parts = name.split(".")
            makers.setdefault(parts[-1], []).append((number, parts, name in said.made or not said.changed))
    needs: dict[int, set[int]] = {}
    for number, said in enumerate(mentioned):
        fits = {
            maker
            for name in said.read
            for maker, parts, _ in makers.get(name.rpartition(".")[2], ())
            if _agree(parts, name.split("."))
        }
        made = {
            maker
            for name in said.changed
            for maker, parts, creates in makers.get(name.rpartition(".")[2], ())
            if creates and _agree(parts, name.split("."))
        }
        needs[number] = fits | made
    height: dict[int, int] = {}
    for number in ordered(needs):
        height[number] = 1 + max((height[n] for n in needs[number] if n in height), default=-1)
    steps: list[list[int]] = [[] for _ in range(max(height.values(), default=-1) + 1)]
    for number in sorted(height):
        steps[height[number]].append(number)
    return steps


def _agree(some: Sequence[str], others: Sequence[str]) -> bool:
    """Whether two names are the same as far as both go."""
    shared = min(len(some), len(others))
    return list(some[-shared:]) == list(others[-shared:])
