"""Distinct statements → their lineage: each once, in two processes if there are many, with what the log itself tells of tables.

A statement that creates a table tells its columns. So statements are read first as they are; those that left something
open (a star, a column of an unknown table, an INSERT by position) are read again once their tables are known.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from lineage_nb.errors import LineageError
from lineage_nb.sources.query_log.histories import Columns, Histories, learned, then
from lineage_nb.sql.result import Problem, SqlLineage, Statement

if TYPE_CHECKING:
    from lineage_nb.sql.catalog import Catalog

__all__ = ["Question", "Schema", "answers", "single"]

Schema = Mapping[str, Sequence[str] | Mapping[str, str | None]]
_Columns = list[str] | dict[str, str | None]
_ROUNDS: Final = 5
_MANY: Final = 1_500
"""Statements from which on a second process pays for its start."""
_BATCH: Final = 40
_BATCHES: Final = 32
"""Into how many parts work is cut; each costs a hand-over, and the last one is waited for."""
_PATIENCE: Final = 2.0
"""Seconds before a progress bar is shown."""
_BY_POSITION: Final = ("INSERT", "MERGE", "COPY", "LOAD")
_NO_CATALOG: Final = ("mysql", "mariadb", "clickhouse", "hive", "impala", "doris", "starrocks")
"""Dialects whose databases are schemas."""


class Question(NamedTuple):
    """A statement and what it takes to read it: `order` is its place in time, `known` tables as they were then.

    `dynamic` where Spark was told to replace partitions only.
    """

    text: str
    dialect: str | None
    database: str | None
    schema: str | None
    order: int = 0
    known: tuple[tuple[str, Columns], ...] = ()
    dynamic: bool = False


_Batch = tuple[int, Sequence[Question]]


def single(found: SqlLineage) -> SqlLineage | Statement:
    """The only statement itself, whose temporary tables other statements may read; else the script."""
    return found.statements[0] if len(found.statements) == 1 else found


def _read(question: Question, catalog: Catalog) -> SqlLineage:
    from lineage_nb.sql.lineage import sql_lineage

    database, schema = question.database, question.schema
    if (question.dialect or "") in _NO_CATALOG and schema is None:
        database, schema = None, database
    if question.known or question.dynamic:
        catalog = catalog.layer()
        catalog.dynamic_partitions = question.dynamic
        for table, columns in question.known:
            catalog.learn(table, columns)
    try:
        return sql_lineage(
            question.text,
            dialect=question.dialect,
            schema=catalog,
            default_catalog=database,
            default_schema=schema,
            results=False,
        )
    except (LineageError, RecursionError, ValueError, LookupError, TypeError, AttributeError) as error:
        problem = Problem(f"cannot be read: {type(error).__name__}")
        statement = Statement("UNPARSED", problems=(problem,))
        return SqlLineage(question.text, (statement,), (), (), {}, ((0, ()),), (problem,))


_prepared: dict[str, Catalog] = {}


def _work(tables: str, questions: Sequence[Question]) -> list[SqlLineage]:
    """Read a batch in a process of its own; the file `tables` holds what is known, and is read once."""
    from lineage_nb.sql.catalog import Catalog

    if tables not in _prepared:
        _prepared.clear()
        _prepared[tables] = Catalog(msgspec.json.decode(Path(tables).read_bytes(), type=dict[str, _Columns]))
    return [_read(q, _prepared[tables]) for q in questions]


class _Pool:
    """Reads statements in this process and, beside it, in others."""

    def __init__(self, processes: int) -> None:
        self.others = processes - 1
        self._executor: ProcessPoolExecutor | None = None
        self._folder: TemporaryDirectory[str] | None = None
        self._round = 0

    def __enter__(self) -> _Pool:
        return self

    def __exit__(self, *_: object) -> None:
        if self._executor is not None:
            self._executor.shutdown(cancel_futures=True)
        if self._folder is not None:
            self._folder.cleanup()

    def read(self, questions: Sequence[Question], tables: Schema) -> Iterator[tuple[int, list[SqlLineage]]]:
        """Lineage of all questions in batches, each with the place of its first question, in any order.

        Others take batches from the front, this process takes them from the end; it goes on alone where no other
        process can be started, or one dies.
        """
        from lineage_nb.sql.catalog import Catalog

        catalog = Catalog(tables)
        size = min(max(len(questions) // _BATCHES, _BATCH), 10 * _BATCH)
        waiting = deque((i, questions[i : i + size]) for i in range(0, len(questions), size))
        given: dict[Future[list[SqlLineage]], _Batch] = {}
        shared = len(questions) >= _MANY and self._share(tables)
        while waiting or given:
            try:
                while shared and waiting and len(given) < 2 * self.others:
                    given[self._started().submit(_work, str(shared), waiting[0][1])] = waiting[0]
                    waiting.popleft()
                if waiting:
                    start, batch = waiting.pop()
                    yield start, [_read(q, catalog) for q in batch]
                for future in wait(given, None if not waiting else 0, FIRST_COMPLETED).done:
                    yield given[future][0], future.result()
                    del given[future]
            except (BrokenProcessPool, OSError, ImportError, NotImplementedError):
                shared, self.others = False, 0
                waiting.extend(given.values())
                given = {}

    def _share(self, tables: Schema) -> str | bool:
        """Write what is known of tables to a file for other processes; False where there are none."""
        if self.others < 1:
            return False
        plain = {t: dict(c) if isinstance(c, Mapping) else list(c) for t, c in tables.items()}
        self._round += 1
        try:
            self._folder = self._folder or TemporaryDirectory(prefix="lineage_nb_")
            path = Path(self._folder.name) / f"{self._round}.json"
            path.write_bytes(msgspec.json.encode(plain))
        except (OSError, ValueError):
            return False
        return str(path)

    def _started(self) -> ProcessPoolExecutor:
        if self._executor is None:
            spawn = multiprocessing.get_context("spawn")
            self._executor = ProcessPoolExecutor(self.others, mp_context=spawn)
        return self._executor


def _default_processes() -> int:
    """Two where a process can be started without running somebody's script again, as in a notebook; else one."""
    by_hand = not hasattr(sys.modules.get("__main__"), "__file__")
    return min(2, os.cpu_count() or 1) if by_hand else 1


def answers(questions: Sequence[Question], schema: Schema, processes: int | None = None) -> list[SqlLineage]:
    """Read the lineage of every statement.

    Parameters
    ----------
    questions : sequence of Question
        Different statements.
    schema : mapping
        Columns of tables that are known from elsewhere; they count more than what the log tells.
    processes : int, optional
        How many processes read; by default two in a notebook and one in a script, whose file a second process would
        have to run again. More than one are only started for several hundred statements.

    Returns
    -------
    list of SqlLineage
        In the order of `questions`. A statement that cannot be read is one ``UNPARSED`` statement.

    Examples
    --------
    >>> texts = ["CREATE TABLE b AS SELECT * FROM a", "CREATE TABLE a AS SELECT x FROM s"]
    >>> found = answers([Question(t, None, None, None, i) for i, t in enumerate(texts)], {})
    >>> found[0].columns
    {'b': ('x',)}
    """
    from tqdm.auto import tqdm

    from lineage_nb.sql.called_functions import calls_of
    from lineage_nb.sql.catalog import Catalog, is_dynamic_overwrite

    found: list[SqlLineage | None] = [None] * len(questions)
    waiting = list(range(len(questions)))
    tables: Schema = dict(schema)
    given = known = Catalog(tables)
    histories: Histories = {}
    dynamic = any(is_dynamic_overwrite(q.text) for q in questions)
    with _Pool(_default_processes() if processes is None else processes) as pool:
        for _ in range(_ROUNDS):
            asked = [
                questions[i]._replace(known=then(found[i], questions[i].order, histories), dynamic=dynamic)
                for i in waiting
            ]
            bar = tqdm(
                total=len(asked),
                desc="Reading SQL",
                unit="statement",
                delay=_PATIENCE,
                file=sys.stderr,
                leave=False,
            )
            with bar:
                for start, batch in pool.read(asked, tables):
                    for i, answer in zip(waiting[start:], batch, strict=False):
                        found[i] = answer
                    bar.update(len(batch))
            told, histories = learned([(q.order, f) for q, f in zip(questions, found, strict=True)])
            tables = {t: c for t, c in told.items() if given.columns(t) is None} | dict(schema)
            histories = {t: h for t, h in histories.items() if t in tables and t not in schema}
            before, known = known, Catalog(tables)
            calls = calls_of(t for t, columns in tables.items() if before.columns(t) != tuple(columns))
            waiting = [
                i
                for i, answer in enumerate(found)
                if answer is not None
                and (_worth_asking(answer, before, known) or (calls is not None and calls.search(questions[i].text)))
            ]
            if not waiting:
                break
    return [f for f in found if f is not None]


def _worth_asking(answer: SqlLineage, before: Catalog, known: Catalog) -> bool:
    """Whether a statement left something open about tables of which more is known now."""
    if not _open(answer):
        return False
    tables = {t for s in answer.statements for t in (*s.inputs, *s.outputs)}
    return any(known.columns(t) != before.columns(t) for t in tables)


def _open(answer: SqlLineage) -> bool:
    for statement in answer.statements:
        if statement.kind in _BY_POSITION or statement.problems or any("/" in t for t in statement.inputs):
            return True
        if any("*" in names for names in statement.columns.values()):
            return True
        if any(e.input_column == "*" or not e.input_table for e in statement.edges):
            return True
    return False
