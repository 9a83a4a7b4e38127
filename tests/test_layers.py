"""A layer imports only from those below it, lazy imports included; importing the package stays cheap."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "lineage_nb"
LAYERS = (
    {"errors"},
    {"sql"},
    {"model"},
    {"sources", "graph"},
    {"analyses"},
    {"views"},
    {"widgets"},
    {"result", "node"},
    {"api"},
    {"loading"},
    {"completion", "magic_arguments"},
    {"magic"},
    {"cli"},
)
HEIGHT = {room: height for height, rooms in enumerate(LAYERS) for room in rooms}
HEAVY = ("pandas", "matplotlib", "pyvis", "ipywidgets", "networkx", "scipy.sparse.csgraph", "sqlglot")
MODULES = sorted(p for p in PACKAGE.rglob("*.py") if p.name != "__init__.py" or p.parent != PACKAGE)


def room(module: str) -> str:
    return module.split(".")[1]


def type_checking_lines(tree: ast.Module) -> set[int]:
    lines: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            lines.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return lines


@cache
def imports(path: Path) -> list[tuple[str, int]]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    only_types = type_checking_lines(tree)
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level:
            raise AssertionError(f"{path}:{node.lineno}: write absolute imports")
        if getattr(node, "lineno", 0) in only_types:
            continue
        if isinstance(node, ast.ImportFrom) and node.module:
            found.append((node.module, node.lineno))
        elif isinstance(node, ast.Import):
            found.extend((alias.name, node.lineno) for alias in node.names)
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_down(path: Path) -> None:
    own = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    for module, line in imports(path):
        if not module.startswith("lineage_nb."):
            continue
        other = room(module)
        allowed = HEIGHT[other] < HEIGHT[own] or other == own
        assert allowed, f"{path.name}:{line}: {own} must not import {module}"


def test_no_circle_between_modules() -> None:
    names = {".".join(("lineage_nb", *p.relative_to(PACKAGE).with_suffix("").parts)): p for p in MODULES}
    edges = {n: {m for m, _ in imports(p) if m in names and m != n} for n, p in names.items()}
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " → ".join((*trail[trail.index(name) :], name))
        if name not in done:
            for other in edges[name]:
                visit(other, (*trail, name))
            done.add(name)

    for name in names:
        visit(name, ())


def run(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout


def test_import_loads_nothing_heavy() -> None:
    loaded = run(f"import sys, lineage_nb; print([m for m in {HEAVY!r} if m in sys.modules])")
    assert loaded.strip() == "[]"


def test_loading_and_asking_loads_no_display_library() -> None:
    display = ("matplotlib", "pyvis", "ipywidgets", "networkx", "sqlglot", "pandas")
    code = (
        "import sys, lineage_nb as ln\n"
        "snap = ln.from_frames(nodes={'id': ['a', 'b'], 'tags': ['pii:x', None]}, edges={'source': ['a'], 'target': ['b']},"
        " costs={'node': ['a'], 'day': ['2025-01-01'], 'amount': ['1.00']})\n"
        "[r.frame for r in (snap.impact('a'), snap.pii(), snap.unused(), snap.cost(by='dataset'))]\n"
        f"print([m for m in {display!r} if m in sys.modules])"
    )
    assert run(code).strip() == "[]"
