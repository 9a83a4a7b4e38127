"""Temporary tables of equal name in different sessions are different tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import polars as pl

from lineage_nb.sql.result import Edge, Statement

__all__ = ["told_apart"]

_Variants = Mapping[str, Sequence[str]]


def told_apart(
    log: pl.DataFrame, statements: Mapping[int, Statement], digests: Sequence[str]
) -> dict[int, Statement]:
    """Give each temporary table that several statements create under one name a name of its own.

    Who reads or fills such a table means the one that was created last in the same session; any of them where the log
    does not tell.

    Parameters
    ----------
    log : polars.DataFrame
        Columns key, session, time, state.
    statements : mapping
        By key: those that are a single statement.
    digests : sequence of str
        By key: what the new names are made of.

    Returns
    -------
    dict of int to Statement
        Those that change.
    """
    creators: dict[str, list[int]] = {}
    for key, statement in statements.items():
        for table in _created(statement):
            creators.setdefault(table, []).append(key)
    creators = {t: keys for t, keys in creators.items() if len({digests[k] for k in keys}) > 1}
    if not creators:
        return {}
    variants: dict[int, dict[str, list[str]]] = {key: {} for keys in creators.values() for key in keys}
    for table, keys in creators.items():
        for key in keys:
            variants[key][table] = [_variant(table, digests[key])]
    for user, creator, table in _pairs(log, statements, creators):
        names = variants.setdefault(user, {}).setdefault(table, [])
        meant = creators[table] if creator is None else [creator]
        names += [n for k in meant if (n := _variant(table, digests[k])) not in names]
    return {key: _renamed(statements[key], names) for key, names in variants.items()}


def _created(statement: Statement) -> set[str]:
    return {e.table for e in statement.events if e.what in ("create", "replace")} & statement.temporary


def _variant(table: str, digest: str) -> str:
    return f"{table} ({digest[:8]})"


def _pairs(
    log: pl.DataFrame, statements: Mapping[int, Statement], creators: Mapping[str, Sequence[int]]
) -> list[tuple[int, int | None, str]]:
    """(key of a user, key of the creator, table) that met in a session; no creator where none is known to have."""
    users = [
        (key, table)
        for key, statement in statements.items()
        for table in dict.fromkeys((*statement.inputs, *statement.outputs))
        if table in creators and key not in creators[table]
    ]
    made = [(key, table) for table, keys in creators.items() for key in keys]
    schema = {"key": pl.UInt32, "table": pl.String}
    done = pl.col("state").is_null() | (pl.col("state") == "COMPLETE")
    rows = log.filter(done).select("key", "session", "time").unique().sort("time", "key")
    placed = pl.col("session").is_not_null() & pl.col("time").is_not_null()
    creating = rows.join(pl.DataFrame(made, schema=schema, orient="row"), on="key", maintain_order="left")
    using = rows.join(pl.DataFrame(users, schema=schema, orient="row"), on="key", maintain_order="left")
    met = using.filter(placed).join_asof(
        creating.filter(placed).rename({"key": "creator"}),
        on="time",
        by=["session", "table"],
        check_sortedness=False,
    )
    lost = using.filter(~placed).with_columns(creator=pl.lit(None, pl.UInt32))
    pairs = pl.concat([f.select("key", "creator", "table") for f in (met, lost)])
    return pairs.unique().sort("key", "creator", "table", nulls_last=True).rows()


def _renamed(statement: Statement, variants: _Variants) -> Statement:
    """The statement with other names of tables; a table that may be one of several becomes all of them."""

    def all_of(table: str) -> Sequence[str]:
        return variants.get(table, (table,))

    edges = (
        Edge(output, e.output_column, source, *e[3:])
        for e in statement.edges
        for output in all_of(e.output_table)
        for source in all_of(e.input_table)
    )
    return replace(
        statement,
        inputs=tuple(dict.fromkeys(n for t in statement.inputs for n in all_of(t))),
        outputs=tuple(dict.fromkeys(n for t in statement.outputs for n in all_of(t))),
        columns={n: c for t, c in statement.columns.items() for n in all_of(t)},
        types={n: c for t, c in statement.types.items() for n in all_of(t)},
        edges=tuple(edges),
        events=tuple(e._replace(table=n) for e in statement.events for n in all_of(e.table)),
        temporary=frozenset(n for t in statement.temporary for n in all_of(t)),
        references=tuple((n, c) for t, c in statement.references for n in all_of(t)),
        alterations=tuple(a._replace(table=n) for a in statement.alterations for n in all_of(a.table)),
    )
