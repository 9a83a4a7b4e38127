"""Tags to write back to a dbt project: properties of columns, as YAML to review. Every name is hostile."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import numpy as np
import polars as pl

from lineage_nb.analyses.classify.safe_yaml import dumped
from lineage_nb.analyses.pii.beyond_sources import origins_of
from lineage_nb.analyses.pii.propagation import PREFIX, trace_of
from lineage_nb.analyses.pii.tag_rows import Tagging, taggings
from lineage_nb.analyses.plan.sql import remark
from lineage_nb.analyses.result import Answer, plural
from lineage_nb.graph.lineage import Lineage

__all__ = ["tag_yaml"]

_RESOURCES = {"model": "models", "seed": "seeds", "snapshot": "snapshots"}
_TEMPLATE = re.compile(r"\{[{%#]")
_LONGEST = 1_000
_NAMED = 20
"""Origins of a column that are named; of more it is said how many they are."""


def tag_yaml(answer: Answer, *, possible: bool = False, config: bool = True) -> str:
    """Write what personal data was proved to reach as properties for a dbt project.

    Parameters
    ----------
    answer : Answer
        Of `pii`.
    possible : bool
        Add what is only possible, and what begins at a suggestion that nobody confirmed, as comments.
    config : bool
        Write ``tags`` and ``meta`` of a column under ``config``, as dbt wants it from 1.10 on; else beside its name.

    Returns
    -------
    str
        One file of properties (``version: 2``): models, seeds, snapshots and sources by name, with the columns that no
        source tags so already. Tags are ``pii:<label>`` for plain values, ``pii_<verdict>:<label>`` for others, so that
        reading them back makes no more of them; ``meta`` names where the labels begin (20 of them, and how many more). Tables that dbt does not
        know, and names that dbt would take for a template, are comments.

    Raises
    ------
    LineageError
        For the answer of another analysis.

    Examples
    --------
    >>> import lineage_nb as ln
    >>> snap = ln.from_frames(
    ...     nodes={"id": ["raw.t#mail", "mart.u#mail"], "kind": ["column"] * 2, "tags": ["pii:email", None]},
    ...     edges={"source": ["raw.t#mail"], "target": ["mart.u#mail"]},
    ...     aliases={"name": ["dbt/model.shop.u"], "node": ["mart.u"], "evidence": ["dbt:unique_id"]},
    ... )
    >>> print(tag_yaml(snap.pii()._answer).partition("version")[2])
    : 2
    models:
    - name: u
      columns:
      - name: mail
        config:
          tags:
          - pii:email
          meta:
            pii_from:
            - raw.t#mail
    <BLANKLINE>
    """
    found, others = taggings(answer)
    resources = _resources(answer.lineage)
    sure = [t for t in found if t.new]
    known = [t for t in sure if t.dataset in resources and not _unsafe(t, resources[t.dataset])]
    written = {t.column for t in known}
    left = [t for t in sure if t.column not in written]
    head = [f"To review: {plural(len(known), 'column')}. dbt takes one entry a model: merge these into the entries that are there."]
    if others:
        head.append(f"{plural(others, 'place')} reached are no columns (reports, datasets of unknown columns): not here.")
    unsure = [t for t in found if t.new_maybe]
    if unsure and not possible:
        head.append(f"{plural(len(unsure), 'column')} where personal data is only possible: not here, unless asked for with possible=True.")
    body = dumped(_document(answer.lineage, known, resources, _origins(answer, known), config=config))
    why = {True: "its name cannot stand safely in a project", False: "dbt does not know the table"}
    tail = [_comment(f"left out, {why[t.dataset in resources]}: {t.column}: {_said(t)}") for t in left]
    if possible and unsure:
        tail += [_comment("possible only, to look into:"), *(_comment(f"  {t.column}: {_maybe(t)}") for t in unsure)]
    return "\n".join([*map(_comment, head), body.rstrip("\n"), *tail]) + "\n"


def _comment(text: str) -> str:
    return "#" + remark(text)[2:]


def _said(tagging: Tagging) -> str:
    return ", ".join(f"{k} ({v})" for k, v in sorted(tagging.labels.items()))


def _maybe(tagging: Tagging) -> str:
    return ", ".join(f"{k} ({v})" for k, v in sorted(tagging.maybe.items()) if k in tagging.new_maybe)


def _resources(lineage: Lineage) -> dict[str, tuple[str, ...]]:
    """Dataset → (kind, name), or (source, its name, the table's name), as dbt calls it; the first of several."""
    aliases = lineage.frames["aliases"]
    own = aliases.filter(pl.col("evidence") == "dbt:unique_id").sort("name")
    found: dict[str, tuple[str, ...]] = {}
    for name, node in own.select("name", "node").iter_rows():
        kind, *rest = name.partition("/")[2].split(".")
        if kind in _RESOURCES and len(rest) >= 2:
            found.setdefault(node, (kind, ".".join(rest[1:])))
        elif kind == "source" and len(rest) >= 3:
            found.setdefault(node, (kind, rest[1], ".".join(rest[2:])))
    return found


def _unsafe(tagging: Tagging, resource: Iterable[str]) -> bool:
    """Whether dbt would take a text for a template, or no person could read it."""
    texts = [tagging.name, *resource, *tagging.labels]
    return any(_TEMPLATE.search(t) or len(t) > _LONGEST or not t.isprintable() for t in texts)


def _origins(answer: Answer, known: list[Tagging]) -> dict[str, list[str]]:
    """Column → where its labels begin, all of them, by name; of a column that is an origin itself nothing."""
    trace, coded = trace_of(answer), answer.lineage.coded
    columns = coded.numbers(pl.Series([t.column for t in known], dtype=pl.String)).to_numpy().astype(np.int64)
    told = origins_of(trace, np.unique(columns)).select("place", "origin").unique()
    named = pl.DataFrame({"column": coded.ids.gather(told["place"]), "origin": coded.ids.gather(told["origin"])}).sort("column", "origin")
    return dict(named.group_by("column", maintain_order=True).agg("origin").iter_rows())


def _document(lineage: Lineage, known: list[Tagging], resources: dict[str, tuple[str, ...]], begin: dict[str, list[str]], *, config: bool) -> dict[str, Any]:
    columns: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for tagging in known:
        columns.setdefault(resources[tagging.dataset], []).append(_column(lineage, tagging, begin.get(tagging.column, []), config=config))
    document: dict[str, Any] = {"version": 2}
    for kind, section in _RESOURCES.items():
        mine = [{"name": r[1], "columns": columns[r]} for r in sorted(columns) if r[0] == kind]
        if mine:
            document[section] = mine
    sources: dict[str, list[dict[str, Any]]] = {}
    for resource in sorted(r for r in columns if r[0] == "source"):
        sources.setdefault(resource[1], []).append({"name": resource[2], "columns": columns[resource]})
    if sources:
        document["sources"] = [{"name": name, "tables": tables} for name, tables in sources.items()]
    return document


def _column(lineage: Lineage, tagging: Tagging, begin: list[str], *, config: bool) -> dict[str, Any]:
    tags = sorted(PREFIX + k if v == "plain" else f"pii_{v}:{k}" for k, v in tagging.labels.items())
    origins = [lineage.spoken(o) for o in begin]
    safe = [o for o in origins if not _TEMPLATE.search(o) and o.isprintable() and len(o) <= _LONGEST][:_NAMED]
    if safe and len(origins) > len(safe):
        safe.append(f"and {len(origins) - len(safe):,} more")
    facts: dict[str, Any] = {"tags": tags} | ({"meta": {"pii_from": safe}} if safe else {})
    return {"name": tagging.name, "config": facts} if config else {"name": tagging.name, **facts}
