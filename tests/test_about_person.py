"""Tables keyed by a person whose key is not called one."""

from __future__ import annotations

from typing import Any

import lineage_nb as ln


def about(*joined: str, key: str = "users#id", subtype: str = "JOIN") -> dict[str, str]:
    edges: list[dict[str, Any]] = [{"source": c, "target": "x", "type": "INDIRECT", "subtype": subtype, "job": "job:j"} for c in (key, *joined)]
    edges.append({"source": "history#title", "target": "x#title", "job": "job:j"})
    ids = {"users#id", "users#email", "users#nick", "history#title", *joined, *(e["source"] for e in edges), "x#title"}
    nodes = [{"id": i, "kind": "column", "tags": "pii:email" if i == "users#email" else None} for i in sorted(ids)]
    snap = ln.from_frames(nodes=[*nodes, *({"id": i, "kind": "dataset"} for i in ("users", "history", "x"))], edges=edges)
    return {r["key"]: r["how"] for r in snap.pii().about_person().to_dicts()}


def test_all_that_is_joined_with_a_tables_own_key_is_one() -> None:
    assert about("history#viewer")["history#viewer"] == "join"


def test_other_names_say_nothing_beside_others_or_without_a_key() -> None:
    assert "history#viewer" not in about("history#viewer", "history#title")
    assert "history#viewer" not in about("history#viewer", key="users#nick")
    assert "history#viewer" not in about("history#viewer", subtype="FILTER")
