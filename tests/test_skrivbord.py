"""The desktop add-in: xlwings' own file with only the ribbon replaced, and a check through a stand-in for Excel's objects."""

from __future__ import annotations

import importlib.util
import shutil
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from blankettset.addin.check.kontroll import control_rows
from blankettset.addin.cli.exempel import filings
from blankettset.addin.cli.kommandon import main
from blankettset.addin.excel.skrivbord import NAME, ORIGINAL, RIBBON, check
from blankettset.templates.catalog import catalog
from blankettset.validators.validate import validate
from blankettset.workbook.read.bind import read_filled
from blankettset.workbook.read.facts import read_facts
from blankettset.workbook.write.build import build
from tests import forms

XLWINGS = importlib.util.find_spec("xlwings")
pytestmark = pytest.mark.skipif(XLWINGS is None, reason="xlwings finns inte på den här maskinen")


def test_only_the_ribbon_is_ours(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["tillagg", "--skrivbord", str(tmp_path)])
    assert result.exit_code == 0, result.output
    assert "Validera" in result.output
    assert XLWINGS is not None
    assert XLWINGS.origin is not None
    old, new = zipfile.ZipFile(Path(XLWINGS.origin).parent / ORIGINAL), zipfile.ZipFile(tmp_path / f"{NAME}.xlam")
    assert old.namelist() == new.namelist()
    assert [name for name in old.namelist() if old.read(name) != new.read(name)] == [RIBBON]
    button = next(each for each in ET.fromstring(new.read(RIBBON)).iter() if each.tag.endswith("button"))
    assert (button.attrib["label"], button.attrib["onAction"]) == ("Validera", "RibbonMyAddin.RunMain")
    scope: dict[str, Any] = {}
    exec((tmp_path / f"{NAME}.py").read_text("utf-8"), scope)
    assert callable(scope["main"])


def test_nothing_is_overwritten_and_a_missing_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.xlam").write_bytes(b"mitt")
    for folder in (tmp_path, tmp_path / "ingen"):
        result = CliRunner().invoke(main, ["tillagg", "--skrivbord", str(folder)])
        assert result.exit_code == 2
        assert result.stderr.count("\n") == 1
    assert (tmp_path / f"{NAME}.xlam").read_bytes() == b"mitt"


class Api:
    def __init__(self, path: Path) -> None:
        self.path, self.ProtectContents, self.log = path, True, []

    def SaveCopyAs(self, target: str) -> None:
        shutil.copy(self.path, target)

    def Unprotect(self) -> None:
        self.ProtectContents = False

    def Protect(self) -> None:
        self.ProtectContents = True


class Cell:
    def __init__(self, sheet: Sheet, place: tuple[int, int]) -> None:
        self.__dict__.update(sheet=sheet, place=place)

    def __setattr__(self, name: str, value: Any) -> None:
        assert not self.sheet.api.ProtectContents
        self.sheet.cells[self.place] = value


class Sheet:
    def __init__(self, path: Path) -> None:
        self.api, self.cells, self.shown = Api(path), {}, False

    def range(self, place: tuple[int, int]) -> Cell:
        return Cell(self, place)

    def activate(self) -> None:
        self.shown = True


class Book:
    def __init__(self, path: Path) -> None:
        self.name, self.api, self.sheets = path.name, Api(path), {"Kontroll": Sheet(path)}


def test_the_button_writes_what_the_command_line_finds(tmp_path: Path) -> None:
    folder = next(each for each in filings() if each.name.startswith("2024-T1"))
    blankettset = forms.filing_set(folder)
    path = tmp_path / "bok.xlsx"
    build(path, blankettset, catalog().namnd("SDN08"), read_facts(folder / "DATA.csv", blankettset))
    book = Book(path)
    said = check(book)
    rows, _ = control_rows(validate(read_filled(path, catalog())))
    written = book.sheets["Kontroll"].cells
    assert [written[8 + number, 3] for number in range(len(rows))] == [f"'{row['kod']}" for row in rows]
    assert said == rows[-1]["text"]
    assert book.sheets["Kontroll"].api.ProtectContents
    assert book.sheets["Kontroll"].shown


def test_another_workbook_is_told_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "annan.xlsx"
    path.write_bytes(b"PK")
    assert "ingen Excel-arbetsbok" in check(Book(path))
