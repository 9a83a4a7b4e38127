"""Run the install steps of binder/ in an empty environment: requirements, then postBuild."""

import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).parents[2]


def main() -> None:
    """Fail as the image would."""
    wanted = (ROOT / "binder" / "runtime.txt").read_text(encoding="utf-8").strip().removeprefix("python-")
    print(f"Binder runs Python {wanted}; this is {sys.version.split()[0]}")
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        path = Path(folder) / "bin"
        install = [path / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", "binder/requirements.txt"]
        subprocess.run(install, check=True, cwd=ROOT)
        steps = {**os.environ, "PATH": f"{path}{os.pathsep}{os.environ['PATH']}"}
        subprocess.run(["bash", "binder/postBuild"], check=True, cwd=ROOT, env=steps)
        subprocess.run([path / "jupyter", "lab", "--version"], check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
