"""One JupyterLab for all browser tests, driven by Debian's Chromium; nothing may leave this machine."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_REQUIRED = os.environ.get("LINEAGE_NB_REQUIRE_BROWSER") == "1"
# Chromium says this about pages of JupyterLab itself, whatever they show.
_OWN_NOISE = ("ResizeObserver loop",)


def _chromium() -> str | None:
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((found for name in names if (found := shutil.which(name))), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything in this folder, and skip it with one line where no browser is found."""
    here = Path(__file__).parent
    missing = [name for name in ("playwright", "jupyterlab", "notebook", "voila", "nbformat") if not _installed(name)]
    if _chromium() is None:
        missing.append("chromium")
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.filterwarnings("default"))
            if missing and not _REQUIRED:
                item.add_marker(pytest.mark.skip(reason=f"browser tests need {', '.join(missing)}"))


def _installed(name: str) -> bool:
    from importlib.util import find_spec

    return find_spec(name) is not None


@pytest.fixture(scope="module")
def chromium() -> Iterator[object]:
    """A headless browser; as long as it is open, an event loop runs, which other tests must not see."""
    path = _chromium()
    if path is None:
        pytest.fail("LINEAGE_NB_REQUIRE_BROWSER=1, but no chromium is found: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=_FLAGS)
        yield browser
        browser.close()


@dataclass
class Lab:
    """A running JupyterLab."""

    url: str
    folder: Path

    def write(self, name: str, cells: list[str]) -> None:
        """Save a notebook with these code cells."""
        import nbformat.v4 as v4

        book = v4.new_notebook(
            cells=[v4.new_code_cell(c) for c in cells],
            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
        )
        import nbformat

        nbformat.write(book, self.folder / name)


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab on a free port, without token, news or user settings."""
    root = tmp_path_factory.mktemp("lab")
    work, settings = root / "work", root / "settings"
    for folder in (work, settings):
        folder.mkdir()
    overrides = {
        "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True},
        "@jupyterlab/docmanager-extension:plugin": {"autosave": False},
        "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"},
    }
    (settings / "overrides.json").write_text(json.dumps(overrides))
    port = _free_port()
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--expose-app-in-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}",
        "--ServerApp.port_retries=0", "--IdentityProvider.token=", "--ServerApp.password=", f"--ServerApp.root_dir={work}",
        f"--LabApp.app_settings_dir={settings}",
    ]
    with _serving(command, f"http://127.0.0.1:{port}/api/status", root):
        yield Lab(f"http://127.0.0.1:{port}", work)


@contextmanager
def _serving(command: list[str], address: str, root: Path) -> Iterator[None]:
    """Run a server of Jupyter's with its settings and log in `root`, once it answers at `address`."""
    own = ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR", "IPYTHONDIR")
    environment = {k: v for k, v in os.environ.items() if k.lower() not in ("http_proxy", "https_proxy")}
    environment |= {name: str(root / name.lower()) for name in own}
    with (root / "log").open("w") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)
        try:
            _wait(address, server, root / "log")
            yield
        finally:
            server.terminate()
            try:
                server.wait(15)
            except subprocess.TimeoutExpired:
                server.kill()


@pytest.fixture(scope="session")
def voila(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app as Voila serves it, without Notebook 7's lab extension, which does not load there."""
    root, port = tmp_path_factory.mktemp("voila"), _free_port()
    app = Path(__file__).parents[2] / "notebooks" / "app.ipynb"
    unfit = '["@jupyter-notebook/lab-extension"]'
    command = [
        sys.executable, "-m", "voila", str(app), "--no-browser", "--Voila.ip=127.0.0.1", f"--port={port}",
        f"--VoilaConfiguration.extension_denylist={unfit}",
    ]
    with _serving(command, f"http://127.0.0.1:{port}/nothing", root):
        yield f"http://127.0.0.1:{port}/"


def _wait(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        if server.poll() is not None:
            break
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except urllib.error.HTTPError:
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    pytest.fail(f"the server did not start: {log.read_text()[-2000:]}")


@dataclass
class Watched:
    """A page, what its console complained about, and every request that would leave this machine."""

    page: object
    faults: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)


@pytest.fixture
def watch(chromium: object) -> Iterator[Callable[..., Watched]]:
    """Open pages that are watched; options go to Playwright's `new_context`."""
    contexts = []

    def open_page(**options: object) -> Watched:
        context = chromium.new_context(viewport={"width": 1400, "height": 1000}, **options)
        contexts.append(context)
        watched = Watched(context.new_page())

        def route(route: object) -> None:
            url = route.request.url
            if url.startswith(("http://127.0.0.1", "data:", "blob:", "file:", "about:")):
                route.continue_()
            else:
                watched.outside.append(url)
                route.abort()

        context.route("**/*", route)
        watched.page.on("pageerror", lambda error: watched.faults.append(str(error)))
        watched.page.on("console", lambda said: _note(watched, said))
        return watched

    yield open_page
    for context in contexts:
        context.close()


def _note(watched: Watched, said: object) -> None:
    if said.type == "error" and not any(noise in said.text for noise in _OWN_NOISE):
        watched.faults.append(f"{said.text} ({said.location.get('url', '')})")


@pytest.fixture
def notebook(lab: Lab, watch: Callable[..., Watched]) -> Callable[..., Watched]:
    """Write a notebook, open it in JupyterLab and run all of its cells."""

    def run(name: str, cells: list[str], **options: object) -> Watched:
        lab.write(name, cells)
        watched = watch(**options)
        page = watched.page
        page.goto(f"{lab.url}/lab/workspaces/{name.partition('.')[0]}/tree/{name}?reset")
        # The toolbar says idle before the kernel is connected; the status bar does not.
        page.locator("#jp-main-statusbar").get_by_text("| Idle").wait_for(timeout=60_000)
        _run_all(page, 5_000)
        return watched

    return run


@pytest.fixture
def seven(lab: Lab, watch: Callable[..., Watched]) -> Callable[..., Watched]:
    """Write a notebook, open it in Notebook 7, which the same server serves, and run all of its cells."""

    def run(name: str, cells: list[str]) -> Watched:
        lab.write(name, cells)
        watched = watch()
        watched.page.goto(f"{lab.url}/notebooks/{name}")
        watched.page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').wait_for(timeout=60_000)
        _run_all(watched.page, 2_000)
        return watched

    return run


def _run_all(page: object, patience: int) -> None:
    """Run all cells, again as long as none has begun: before the kernel is connected, it is lost."""
    from playwright.sync_api import expect

    prompts = page.locator(".jp-Notebook .jp-CodeCell .jp-InputArea-prompt")
    for _ in range(10):
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        try:
            expect(prompts.first).not_to_have_text("[ ]:", timeout=patience)
            return
        except AssertionError:
            continue
