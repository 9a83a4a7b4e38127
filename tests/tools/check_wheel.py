"""Build the wheel, check what is in it, install it into an empty environment and use it there."""

import subprocess
import sys
import tempfile
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
NEEDED = (
    "lineage_nb/widgets/static/explorer.js",
    "lineage_nb/widgets/static/explorer.css",
    "lineage_nb/widgets/static/rows.js",
    "lineage_nb/py.typed",
    "lineage_nb/data/stream/snapshot.json",
    "lineage_nb/data/pii_rules.yaml",
    "lineage_nb/views/templates/pii_report.html",
)
USE = """
import lineage_nb as ln
snap = ln.sample()
assert snap.impact("raw.users.email").frame.height
assert snap.cost(by="team").frame.height and snap.pii().frame.height and snap.unused().frame.height
found = ln.sql_lineage("INSERT INTO t SELECT md5(email) AS h FROM raw.users")
assert found.edges["verdict"].to_list() == ["pseudonymised"]
print("the wheel works:", snap.impact("raw.users.email").headline)
"""


def main() -> None:
    """Fail with a message when anything is missing."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        subprocess.run([sys.executable, "-m", "build", "--wheel", "--outdir", folder, ROOT], check=True, stdout=subprocess.DEVNULL)
        wheel = next(work.glob("*.whl"))
        names = zipfile.ZipFile(wheel).namelist()
        missing = [n for n in NEEDED if n not in names]
        stray = [n for n in names if n.startswith(("tests/", "data_samples/", "benchmarks/"))]
        if missing or stray:
            sys.exit(f"{wheel.name}: missing {missing}, should not be there {stray}")
        venv.create(work / "env", with_pip=True)
        python = work / "env" / "bin" / "python"
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wheel], check=True)
        subprocess.run([python, "-W", "error", "-c", USE], check=True, cwd=work)
        check_pure(python)


def check_pure(python: Path) -> None:
    """The golden pairs hold under sqlglot's pure build too, which browser kernels have."""
    pip = [python, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "uninstall", "--yes", "sqlglotc"], check=True)
    subprocess.run([*pip, "install", "pytest", "hypothesis"], check=True)
    subprocess.run([python, "-c", "import sqlglot.parser as p; assert p.__file__.endswith('.py')"], check=True)
    options = ["-q", "-p", "no:cacheprovider", "-o", "addopts=", "--import-mode=importlib"]
    subprocess.run([python, "-m", "pytest", *options, "tests/sql/test_golden.py"], check=True, cwd=ROOT)


if __name__ == "__main__":
    main()
