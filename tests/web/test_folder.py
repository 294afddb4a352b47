"""The folder: made alike every time, from pinned packages, and every address in it leads somewhere."""

from __future__ import annotations

import gzip
import hashlib
import html.parser
import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from blankettset.addin.cli.kommandon import main
from blankettset.addin.web import contents
from blankettset.addin.web.folder import MARK, Built, build_folder
from blankettset.addin.web.packages import pinned
from tests.manifestkontroll import faults

IMPORT = re.compile(r'(?:\bfrom\s*|\bimport\s*\(?\s*)"(\.{1,2}/[^"]+)"')
ADDRESS = re.compile(r'new URL\("([^"]+)", import\.meta\.url\)')


def blankett(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(each) for each in arguments])


def sums(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(folder.rglob("*")) if path.is_file()}  # fmt: skip


class _Page(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.inline: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.addresses += [value for name in ("src", "href") if (value := given.get(name))]
        if tag == "script" and "src" not in given:
            self.inline.append(tag)
        self.inline += [name for name in given if name.startswith("on") or name == "style"]


def test_the_same_packages_give_the_same_folder(built: Built, packages: Path, tmp_path: Path) -> None:
    again = build_folder(tmp_path / "igen", packages, address="https://blankett.example", may_fetch=False)
    assert again.version == built.version
    assert sums(again.folder) == sums(built.folder)


def test_every_address_in_a_page_a_script_or_the_manifest_is_a_file_in_the_folder(built: Built) -> None:
    missing = []
    for path in (
        each for each in built.folder.rglob("*") if each.suffix in (".js", ".mjs") and "/office/" not in each.as_posix()
    ):
        text = path.read_text(encoding="utf-8")
        if "/app/" not in path.as_posix() and "/fluent/tokens/" not in path.as_posix():
            continue
        named = [*IMPORT.findall(text), *ADDRESS.findall(text)]
        missing += [f"{path.name}: {each}" for each in named if not (path.parent / each).exists()]
    for name in ("index.html", "panel.html"):
        page = _Page()
        page.feed((built.folder / name).read_text(encoding="utf-8"))
        missing += [f"{name}: {each}" for each in page.addresses if not (built.folder / each).is_file()]
        assert page.inline == []
    manifest = (built.folder / "manifest.xml").read_text(encoding="utf-8")
    named = re.findall(r'"https://blankett\.example/([^"]*)"', manifest)
    missing += [f"manifest: {each}" for each in named if not (built.folder / each).is_file()]
    assert missing == []
    assert len(named) > 20


def test_no_script_or_page_of_ours_names_another_host(built: Built) -> None:
    """But the city's login, and an address that is answered from memory."""
    allowed = {"https://motor.invalid", "https://login.microsoftonline.com"}
    pages = [built.folder / "index.html", built.folder / "panel.html"]
    for path in (*(built.folder / built.version / "app").rglob("*.js"), *pages):
        assert set(re.findall(r"https?://[\w.-]+", path.read_text(encoding="utf-8"))) <= allowed, path


def test_the_engines_files_are_as_the_scripts_say(built: Built) -> None:
    text = (built.folder / built.version / "app/version.js").read_text(encoding="utf-8")
    said: dict[str, Any] = json.loads(text.removeprefix("export const built = ").rstrip().removesuffix(";"))
    for each in said["files"]:
        stored = (built.folder / built.version / "motor" / f"{each['name']}.gz").read_bytes()
        assert len(stored) == each["bytes"]
        assert hashlib.sha256(gzip.decompress(stored)).hexdigest() == each["sha256"]


def test_the_manifest_is_one_that_excel_takes(built: Built) -> None:
    manifest = (built.folder / "manifest.xml").read_text(encoding="utf-8")
    script = (built.folder / built.version / "app/pane/main.js").read_text(encoding="utf-8")
    assert faults(manifest, re.findall(r'viaPane\("([^"]+)"', script)) == []
    assert built.version not in manifest  # it is handed out once, and holds for every version


def test_the_functions_are_told_as_xlwings_tells_them(built: Built) -> None:
    pytest.importorskip("xlwings")
    from blankettset.addin.excel import functions  # it says under which licence xlwings is used

    server = sys.modules["xlwings.server"]

    told = {
        each["id"]: each
        for each in json.loads((built.folder / "funktioner.json").read_text(encoding="utf-8"))["functions"]
    }
    wanted = {each["id"]: each for each in server.custom_functions_meta(functions)["functions"]}
    assert set(told) == set(wanted)
    for name, each in wanted.items():
        assert {key: told[name][key] for key in ("name", "description", "result")} == {
            key: each[key] for key in ("name", "description", "result")
        }
        assert [{**p, "optional": p.get("optional", False)} for p in told[name]["parameters"]] == [
            {**p, "optional": p.get("optional", False)} for p in each["parameters"]
        ]
    script = (built.folder / built.version / "app/pane/functions.js").read_text(encoding="utf-8")
    assert set(re.findall(r'"([A-Z]{4,})"', script)) >= set(wanted)


def test_a_new_version_is_laid_beside_the_one_before(
    built: Built, packages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "ut"
    shutil.copytree(built.folder, target)
    with monkeypatch.context() as patch:
        patch.setattr(contents, "program_version", lambda: "99")
        second = build_folder(target, packages, address="https://blankett.example", replace=True, may_fetch=False)
    assert second.version != built.version
    assert (target / built.version / "app/version.js").is_file()
    assert json.loads((target / MARK).read_text())["version"] == second.version
    third = build_folder(target, packages, address="https://blankett.example/mapp", replace=True, may_fetch=False)
    assert {path.name for path in target.iterdir() if path.name.startswith("v") and path.is_dir()} == {
        second.version,
        third.version,
    }
    assert "https://blankett.example/mapp/panel.html" in (target / "manifest.xml").read_text(encoding="utf-8")


def test_the_command_prints_size_and_refuses_what_it_must(packages: Path, tmp_path: Path) -> None:
    made = blankett("webb", tmp_path / "ut", "--paket", packages, "--utan-nat", "--adress", "https://a.example")
    assert (made.exit_code, "MB" in made.output) == (0, True)
    for arguments, words in (
        ((tmp_path / "ut", "--paket", packages, "--utan-nat"), "--ersatt"),
        ((tmp_path / "annan", "--paket", packages, "--adress", "http://a.example"), "https://"),
        ((tmp_path / "annan", "--paket", tmp_path / "tom", "--utan-nat"), "saknas pyodide"),
        ((packages, "--paket", packages, "--utan-nat"), "ingen mapp som blankett webb har gjort"),
    ):
        said = blankett("webb", *arguments)
        assert said.exit_code == 2
        assert words in said.stderr
        assert said.stderr.count("\n") == 1
    assert not (tmp_path / "annan").exists()


def test_a_package_that_is_not_the_pinned_one_is_not_used(packages: Path, tmp_path: Path) -> None:
    own = tmp_path / "paket"
    shutil.copytree(packages, own)
    with (own / pinned()["msgspec"].file).open("ab") as file:
        file.write(b"!")
    said = blankett("webb", tmp_path / "ut", "--paket", own, "--utan-nat")
    assert said.exit_code == 2
    assert "kontrollsumman skiljer" in said.stderr
    assert not (tmp_path / "ut").exists()


def test_a_client_that_fails_is_told_in_swedish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    said = blankett("webb", tmp_path / "ut", "--paket", tmp_path / "paket")
    assert said.exit_code == 2
    assert "npm (följer med Node.js)" in said.stderr


def test_licences_of_everything_come_along(built: Built) -> None:
    folder = built.folder / built.version / "licenser"
    listed = (folder / "INNEHALL.txt").read_text(encoding="utf-8")
    for each in pinned().values():
        assert f"{each.name} {each.version} · {each.licence}" in listed
    assert len(list(folder.iterdir())) > 4
