"""What the tests of the pane share: the real server on a port, Chromium, the example's workbook and a page with the pane.

Importing this skips the module that does where xlwings-server, playwright or Chromium is missing.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
MISSING = [name for name in ("xlwings_server", "playwright") if importlib.util.find_spec(name) is None]
if MISSING or CHROMIUM is None:
    what = ", ".join([*MISSING, *(["chromium"] if CHROMIUM is None else [])])
    pytest.skip(f"panelen prövas inte: {what} saknas på den här maskinen", allow_module_level=True)

from playwright.sync_api import Browser, Page, sync_playwright  # noqa: E402

from blankettset.addin.cli.exempel import filings  # noqa: E402
from blankettset.templates.catalog import catalog  # noqa: E402
from blankettset.workbook.read.facts import read_facts  # noqa: E402
from blankettset.workbook.write.build import build  # noqa: E402
from tests import forms  # noqa: E402

PICTURES = os.environ.get("BLANKETT_BILDER")  # a folder for screenshots to look at


@pytest.fixture(scope="module")
def inbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("inkorg")


@pytest.fixture(scope="module")
def address(inbox: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable,
        "-c",
        f"from blankettset.addin.cli.kommandon import main; main(['tillagg', '--port', '{port}'])",
    ]
    environment = {**os.environ, "BLANKETT_INKORG": str(inbox)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        for _ in range(200):
            with socket.socket() as attempt:
                if attempt.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
        process.terminate()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = next(each for each in filings() if each.name.startswith("2024-T1"))
    blankettset = forms.filing_set(folder)
    path = tmp_path_factory.mktemp("bok") / "kungsholmen.xlsx"
    build(path, blankettset, catalog().namnd("SDN08"), read_facts(folder / "DATA.csv", blankettset))
    return path


class PanePage:
    """A page with the pane. `outside` are the requests that left our server."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.outside = page, []
        page.on("request", lambda request: self._note(request.url, address))
        page.set_viewport_size({"width": 380, "height": 900})

    def _note(self, url: str, address: str) -> None:
        if not url.startswith((address, "data:")):
            self.outside.append(url)

    def validate(self) -> None:
        self.page.click("#validera")
        self.page.wait_for_function("!document.getElementById('validera').disabled")

    def picture(self, name: str) -> None:
        if PICTURES:
            self.page.screenshot(path=f"{PICTURES}/{name}.png")
