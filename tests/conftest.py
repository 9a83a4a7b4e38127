"""Shared fixtures: the bundled sample, read once."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

import lineage_nb as ln

ROOT = Path(__file__).parents[1]
STREAM = ROOT / "data_samples" / "stream"

# A soak: HYPOTHESIS_PROFILE=soak, with other examples each time.
settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True, max_examples=30)
settings.register_profile("soak", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=1_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


@pytest.fixture(scope="session")
def stream() -> ln.Snapshot:
    return ln.read(STREAM)


@pytest.fixture(scope="session")
def truths() -> dict[str, Any]:
    return json.loads((ROOT / "data_samples" / "truths.json").read_text(encoding="utf-8"))
