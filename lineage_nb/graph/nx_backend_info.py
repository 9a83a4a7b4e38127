"""What NetworkX reads about the backend when it is imported itself: no import of NetworkX, nor of anything else."""

from __future__ import annotations

from typing import Any

__all__ = ["FUNCTIONS", "backend_info"]

_ORDER = "In the order of a first-in first-out queue over sorted neighbours, as NetworkX's own."
FUNCTIONS = {
    "ancestors": "",
    "bfs_edges": f"{_ORDER} Without `sort_neighbors`.",
    "bfs_layers": f"{_ORDER} From one node.",
    "bfs_predecessors": f"{_ORDER} Without `sort_neighbors`.",
    "bfs_successors": f"{_ORDER} Without `sort_neighbors`.",
    "bidirectional_shortest_path": "One of the shortest paths; which one may differ from NetworkX's.",
    "condensation": "Components are numbered downstream first. Without `scc`.",
    "descendants": "",
    "descendants_at_distance": "",
    "has_path": "",
    "is_directed_acyclic_graph": "",
    "is_strongly_connected": "",
    "is_weakly_connected": "",
    "number_strongly_connected_components": "",
    "number_weakly_connected_components": "",
    "shortest_path": "Unweighted, from, to or between nodes. Which of several shortest paths between two may differ.",
    "shortest_path_length": "Unweighted, from, to or between nodes.",
    "single_source_shortest_path": _ORDER,
    "single_source_shortest_path_length": _ORDER,
    "single_target_shortest_path": _ORDER,
    "single_target_shortest_path_length": f"{_ORDER} NetworkX 3.5 and later.",
    "strongly_connected_components": "Downstream first: no edge leads from a component to a later one.",
    "topological_generations": "In NetworkX's own order.",
    "topological_sort": "In NetworkX's own order.",
    "weakly_connected_components": "By their first node.",
}
"""Functions that run on arrays, and what is particular about each."""


def backend_info() -> dict[str, Any]:
    """Describe the backend in the form that NetworkX asks for.

    Returns
    -------
    dict
        backend_name, project, package, short_summary, functions.

    Examples
    --------
    >>> backend_info()["functions"]["condensation"]
    {'additional_docs': 'Components are numbered downstream first. Without `scc`.'}
    """
    return {
        "backend_name": "lineage_nb",
        "project": "lineage-nb",
        "package": "lineage_nb",
        "short_summary": "Directed graphs over arrays: the functions that lineage is asked with, in SciPy.",
        "functions": {name: {"additional_docs": text} for name, text in FUNCTIONS.items()},
    }
