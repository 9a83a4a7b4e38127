"""Shared fixtures: the bundled sample, read once. Several workers take whole files, the slowest first."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

# Workers share the cores: each gets its part of them, before polars is imported and counts them all.
if workers := os.environ.get("PYTEST_XDIST_WORKER_COUNT"):
    os.environ.setdefault("POLARS_MAX_THREADS", str(max(1, (os.cpu_count() or 1) // int(workers))))

import pytest
from hypothesis import HealthCheck, settings

import lineage_nb as ln

ROOT = Path(__file__).parents[1]
STREAM = ROOT / "data_samples" / "stream"

# A soak: HYPOTHESIS_PROFILE=soak, with other examples each time.
settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True, max_examples=30)
settings.register_profile("soak", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=1_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

# What takes longest begins first, so that no worker is left alone with it at the end.
SLOWEST = (
    "browser", "test_notebooks", "test_laws", "test_plan", "test_cost_trend", "test_what_if", "test_cost_methods", "test_unused", "test_pii", "test_cost_pictures",
    "test_exposures", "test_cure", "test_openlineage", "test_bench_engine", "test_magic", "test_unused_columns", "test_bill", "test_odd_input", "test_panels",
    "test_dbt", "test_pii_report", "test_oracle", "test_classify", "test_pii_leaks", "test_networkx_backend", "test_ends", "test_query_log", "test_script",
)


def _group(path: str) -> str:
    """What one worker does as a whole: a file, with its fixtures, or all that needs the browser and its servers."""
    return "tests/browser" if path.startswith("tests/browser/") else path


def _rank(path: str) -> int:
    name = Path(_group(path)).stem
    return SLOWEST.index(name) if name in SLOWEST else len(SLOWEST)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: _rank(item.nodeid.partition("::")[0]))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    from xdist.scheduler import LoadFileScheduling

    class ByGroup(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return _group(super()._split_scope(nodeid))

    config.option.loadscopereorder = False
    return ByGroup(config, log)


@pytest.fixture(scope="session")
def stream() -> ln.Snapshot:
    return ln.read(STREAM)


@pytest.fixture(scope="session")
def truths() -> dict[str, Any]:
    return json.loads((ROOT / "data_samples" / "truths.json").read_text(encoding="utf-8"))
