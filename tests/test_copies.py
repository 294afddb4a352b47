"""A copy with the check or the stamp holds exactly what the file held, whatever program wrote it, or is not written."""

from __future__ import annotations

import datetime
import io
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from blankettset.addin.check import kontroll
from blankettset.addin.check.kontroll import write_control
from blankettset.addin.inbox.inkorg import path_of
from blankettset.addin.inbox.inlamning import Inbox, Who, deliver
from blankettset.templates.catalog import catalog
from blankettset.validators.validate import validate
from blankettset.workbook.edit.sheet_edit import NotEditable, with_cells, with_links
from blankettset.workbook.edit.zip_copy import with_parts
from blankettset.workbook.read.bind import read_filled
from tests import forms

SET = "2024-T1"
NOW = datetime.datetime(2024, 5, 22, 14, 30)
FACTS = forms.base(SET) | {("forsattsblad", "attest", "uppgift"): "avdelningschef Åsa"}


def hand_in(folder: Path, data: bytes, by: str = "A") -> Path:
    """Deliver to an inbox; where the stamped workbook lies."""
    folder.mkdir(exist_ok=True)
    return path_of(folder, deliver(Inbox(folder), data, "bok.xlsx", Who(by, None), now=NOW)[0])


def without_addresses(text: str) -> str:
    """Cells that follow their neighbour lose their address, as some programs write them."""

    def row(match: re.Match[str]) -> str:
        before = 0

        def cell(found: re.Match[str]) -> str:
            nonlocal before
            column = 0
            for letter in found[1]:
                column = column * 26 + ord(letter) - 64
            kept, before = column != before + 1, column
            return found[0] if kept else "<c"

        return re.sub(r'<c r="([A-Z]+)\d+"', cell, match[0])

    return re.sub(r"<row .*?</row>", row, text, flags=re.DOTALL)


DRESSES: dict[str, Callable[[str], bytes]] = {
    "no addresses": lambda text: without_addresses(text).encode(),
    "single quotes": lambda text: re.sub(r'<c r="([A-Z]+\d+)" s="(\d+)"', r"<c r='\1' s='\2'", text).encode(),
    "utf-16": lambda text: text.replace("UTF-8", "UTF-16").encode("utf-16"),
    "latin-1": lambda text: text.replace("UTF-8", "ISO-8859-1").encode("iso-8859-1", "xmlcharrefreplace"),
    "comment": lambda text: text.replace("<sheetData>", "<!-- <sheetData><row r='1'/> --><sheetData>").encode(),
    "prefix": lambda text: re.sub(
        r"<(/?)([a-zA-Z])", r"<\1x:\2", text.replace('xmlns="', 'xmlns:x="')
    ).replace("<x:?xml", "<?xml").encode(),
}  # fmt: skip


def dressed(dress: str) -> bytes:
    data = forms.raw_bytes(SET, FACTS)
    with zipfile.ZipFile(io.BytesIO(data)) as source:
        sheets = [name for name in source.namelist() if name.startswith("xl/worksheets/sheet")]
        return with_parts(data, {name: DRESSES[dress](source.read(name).decode()) for name in sheets})


@pytest.mark.parametrize("dress", DRESSES)
def test_every_dress_of_a_sheet_is_kept(dress: str, tmp_path: Path) -> None:
    path, copy = tmp_path / "bok.xlsx", tmp_path / "kopia.xlsx"
    path.write_bytes(dressed(dress))
    result = validate(read_filled(path, catalog()))
    assert forms.flatten(list(result.findings)) == []
    write_control(path, result, copy, replace=False)
    for written in (copy, hand_in(tmp_path / "inkorg", path.read_bytes(), "Åsa")):
        again = validate(read_filled(written, catalog()))
        assert again.receipt["innehall"] == result.receipt["innehall"]
        assert forms.flatten(list(again.findings)) == []


def test_a_copy_that_would_lose_a_cell_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, copy = tmp_path / "bok.xlsx", tmp_path / "kopia.xlsx"
    path.write_bytes(forms.raw_bytes(SET, FACTS))
    other = forms.raw_bytes(SET, forms.base(SET))
    monkeypatch.setattr(kontroll, "with_control", lambda *_: other)
    with pytest.raises(NotEditable, match="inget har skrivits"):
        write_control(path, validate(read_filled(path, catalog())), copy, replace=False)
    monkeypatch.setattr("blankettset.addin.inbox.stamp.with_texts", lambda *_: other)
    with pytest.raises(NotEditable, match="inget har skrivits"):
        hand_in(tmp_path, path.read_bytes())
    assert [each.name for each in tmp_path.rglob("*.xlsx")] == ["bok.xlsx"]


def with_extra_part(content: bytes, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO(forms.raw_bytes(SET, FACTS))
    with zipfile.ZipFile(out, "a", compression) as file:
        file.writestr("xl/media/bild.bin", content)
    return out.getvalue()


def test_a_damaged_part_that_nothing_reads_is_carried_along(tmp_path: Path) -> None:
    data = bytearray(with_extra_part(b"bildens innehall", zipfile.ZIP_STORED))
    at = data.index(b"bildens innehall")
    data[at] ^= 1
    path, copy = tmp_path / "bok.xlsx", tmp_path / "kopia.xlsx"
    path.write_bytes(data)
    write_control(path, validate(read_filled(path, catalog())), copy, replace=False)
    assert bytes(data[at : at + 16]) in copy.read_bytes()
    assert hand_in(tmp_path, bytes(data)).is_file()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="minnet mäts i /proc")
def test_a_bomb_that_nothing_reads_is_never_unpacked(tmp_path: Path) -> None:
    path, copy = tmp_path / "bomb.xlsx", tmp_path / "kopia.xlsx"
    path.write_bytes(with_extra_part(bytes(400 << 20)))
    code = (
        "import re, sys; from pathlib import Path; from blankettset.addin.cli.kommandon import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "print(int(re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1]) // 1024)"
    )
    command = [sys.executable, "-c", code, "validera", path, "--skriv-kontroll", copy]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert int(done.stdout.splitlines()[-1]) < 200
    assert copy.stat().st_size < 2 << 20


def test_overlapping_parts_are_refused() -> None:
    data = bytearray(with_extra_part(b"x" * 100, zipfile.ZIP_STORED))
    at = data.rindex(b"PK\x01\x02")
    data[at + 20 : at + 24] = (len(data) * 2).to_bytes(4, "little")  # the size that the directory claims
    with pytest.raises(zipfile.BadZipFile):
        with_parts(bytes(data), {})


def test_what_looks_like_an_escape_is_read_as_it_stands(tmp_path: Path) -> None:
    path = hand_in(tmp_path / "inkorg", forms.raw_bytes(SET, FACTS), "_x0041_ _x005F_ \x01\ud83d")
    facts = read_filled(path, catalog()).facts
    assert facts["forsattsblad", "inlamnad_av", "uppgift"] == "_x0041_ _x005F_, controller"


def test_rows_and_cells_that_do_not_say_where_they_stand() -> None:
    sheet = "<worksheet><sheetData><row><c><v>1</v></c><c s='3'/></row><row r='5'><c r='C5' s=\"4\"/></row><row/></sheetData></worksheet>"
    written = with_cells(sheet, {(1, 2): "å", (5, 3): "", (7, 1): "ny"}, {5: 20})
    assert '<c r="A1"><v>1</v></c><c r="B1" s="3" t="inlineStr">' in written
    assert '<row r="5" ht="20" customHeight="1"><c r="C5" s="4"/></row><row r="6"></row><row r="7">' in written


def test_links_stand_where_the_schema_wants_them() -> None:
    sheet = "<worksheet><sheetData/><hyperlinks><hyperlink ref='A1'/></hyperlinks><pageMargins/></worksheet>"
    linked = with_links(sheet, {"B2": ("Blad", "C3")})
    assert linked.count("<hyperlinks>") == 1
    assert linked.index("hyperlinks") < linked.index("pageMargins")
    assert with_links(linked, {}) == "<worksheet><sheetData/><pageMargins/></worksheet>"
