"""Make `data_samples/stream` again, from nothing: `python data_samples/make/build.py`.

Needs what `requirements.txt` names. Takes about two minutes. The result does not depend on the
machine, the folder or the day it is made on; `check.py` looks at that and at the planted truths."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.dont_write_bytecode = True

import check  # noqa: E402
import dbt_runs  # noqa: E402
import events  # noqa: E402
import frames  # noqa: E402
import truths  # noqa: E402
from common import STREAM, sweep  # noqa: E402


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="stream-") as temporary:
        folder = Path(temporary).resolve() / "stream"
        print("dbt: running the project in its states")
        templates = dbt_runs.observe(folder)
        print("openlineage: replaying dbt, sending the other jobs")
        events.write(templates, folder)
    print("warehouse: usage, costs, grants and the rest")
    frames.write()
    truths.write()
    sweep()
    problems = check.run()
    for problem in problems:
        print(f"  PROBLEM {problem}")
    files = sorted(p for p in STREAM.rglob("*") if p.is_file())
    for path in files:
        print(f"{path.stat().st_size:>10,}  {path.relative_to(STREAM.parent)}")
    print(f"{sum(p.stat().st_size for p in files):>10,}  in total")
    return 1 if problems else 0


if __name__ == "__main__":
    raise SystemExit(main())
