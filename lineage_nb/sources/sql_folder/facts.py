"""What YAML files say of tables and columns, as rows of nodes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from lineage_nb.model.ids import column_id
from lineage_nb.model.schema import FRAMES
from lineage_nb.sources.registry import Frames
from lineage_nb.sources.sql_facts import fitted, place
from lineage_nb.sources.sql_folder.yaml import Described
from lineage_nb.sources.sql_rows import SqlRows

__all__ = ["described_nodes"]

_NAMES = (
    *("id", "kind", "namespace", "name", "parent", "data_type", "ordinal"),
    *("owners", "tags", "tier", "description"),
)


def described_nodes(rows: SqlRows, described: Sequence[tuple[str, Described]]) -> Frames:
    """Make the rows.

    Parameters
    ----------
    rows : SqlRows
        Knows under which id a table goes.
    described : sequence of (str, Described)
        Table, and what is said about it.

    Returns
    -------
    dict of str to polars.DataFrame
        nodes of the model; empty where nothing is said.
    """
    made: list[dict[str, Any]] = []
    for table, said in described:
        node = rows.id_of(table)
        namespace, name = place(rows.namespace, rows.name_of(table))
        home = {"namespace": namespace, "name": name}
        facts = {"owners": said.owners, "tags": said.tags, "tier": said.tier, "description": said.description}
        made.append({"id": node, "kind": "dataset", **home, **facts})
        places = {name: at for at, name in enumerate(said.schema)}
        for column in said.columns:
            home = {"namespace": namespace, "name": column.name, "parent": node}
            facts = {"data_type": column.data_type, "tags": column.tags, "description": column.description}
            ordinal = places.get(column.name)
            made.append(
                {"id": column_id(node, column.name), "kind": "column", "ordinal": ordinal, **home, **facts}
            )
    if not made:
        return {}
    schema = {n: FRAMES["nodes"].schema[n] for n in _NAMES}
    return {"nodes": fitted("nodes", pl.DataFrame(made, schema=schema, orient="row"))}
