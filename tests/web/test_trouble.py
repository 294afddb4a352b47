"""What is wrong around the engine gets one Swedish sentence and a way on: no WebAssembly, half a folder, no network."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from blankettset.addin.web.folder import Built
from tests.static_host import served
from tests.web.conftest import Opened
from tests.web.pane import in_excel

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Route

pytestmark = [pytest.mark.webb, pytest.mark.filterwarnings("ignore")]


@pytest.fixture
def page(browser: Browser, host: str) -> Iterator[Opened]:
    context = browser.new_context(locale="sv-SE", service_workers="block")
    yield Opened(context.new_page(), host)
    context.close()


def stopped(page: Opened) -> str:
    page.until("document.getElementById('motor')?.dataset.lage === 'stoppad'")
    return page.text("#motor-text")


def test_without_webassembly(page: Opened, host: str) -> None:
    page.page.add_init_script("delete globalThis.WebAssembly;")
    page.page.goto(f"{host}/")
    assert "kan inte köra programmet (WebAssembly saknas)" in stopped(page)


@pytest.mark.parametrize(
    "name", ["motor/pyodide.asm.wasm.gz", "motor/blankettset.zip.gz", "motor/pyodide.mjs", "app/engine/core.js"]
)
@pytest.mark.parametrize("how", ["saknas", "halv"])
def test_a_folder_that_is_not_whole(browser: Browser, built: Built, tmp_path: Path, name: str, how: str) -> None:
    target = tmp_path / "ut"
    shutil.copytree(built.folder, target)
    path = target / built.version / name
    if how == "saknas":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    context = browser.new_context(locale="sv-SE", service_workers="block")
    with served(target) as address:
        page = Opened(context.new_page(), address)
        page.page.goto(f"{address}/")
        said = stopped(page)
        assert "inte hela på servern" in said
        assert said.count(".") <= 2
    context.close()


def test_a_file_of_another_version(browser: Browser, built: Built, tmp_path: Path) -> None:
    target = tmp_path / "ut"
    shutil.copytree(built.folder, target)
    shutil.copy(
        target / built.version / "motor/pyodide-lock.json.gz", target / built.version / "motor/blankettset.zip.gz"
    )
    context = browser.new_context(locale="sv-SE", service_workers="block")
    with served(target) as address:
        page = Opened(context.new_page(), address)
        page.page.goto(f"{address}/")
        assert "inte hela på servern" in stopped(page)
    context.close()


def test_the_network_goes_in_mid_load_and_comes_back(page: Opened, host: str) -> None:
    def gone(route: Route) -> None:
        route.abort()

    page.page.route("**/python_stdlib.zip.gz", gone)
    page.page.goto(f"{host}/")
    assert "Nätet svarar inte" in stopped(page)
    page.page.unroute("**/python_stdlib.zip.gz", gone)
    page.page.click("#motor-igen")
    page.ready()


def test_the_pane_says_so_too_and_the_workbook_is_untouched(browser: Browser, host: str, book: Path) -> None:
    with in_excel(browser, host, book, settings="{}", ready=False) as pane:
        pane.page.evaluate("blankettset.engine.failed('Nätet svarar inte.')")
        pane.validate()
        assert "Nätet svarar inte." in pane.text("#fel-banner")
        assert pane.host.log == []


def test_what_was_asked_before_the_engine_was_ready_is_answered(browser: Browser, host: str, book: Path) -> None:
    with in_excel(browser, host, book, ready=False) as pane:
        pane.page.click("#validera")
        pane.until("document.querySelectorAll('.fynd').length > 0")
        pane.idle()
