"""Import time of the package, as a ratio to `import polars` in the same run (each in processes of its own)."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

ROUNDS = 7
CASES = {
    "polars": "import polars",
    "lineage_nb": "import lineage_nb",
    "lineage_nb, first snapshot": "import lineage_nb as ln; ln.from_edges([('a', 'b')]).impact('a').frame",
}


def seconds(code: str) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - start


def main() -> None:
    for code in CASES.values():
        seconds(code)
    empty = statistics.median(seconds("pass") for _ in range(ROUNDS))
    times = {name: statistics.median(seconds(code) for _ in range(ROUNDS)) - empty for name, code in CASES.items()}
    for name, value in times.items():
        print(f"{name:<28} {value * 1000:7.0f} ms   {value / times['polars']:5.2f} × polars")


if __name__ == "__main__":
    main()
