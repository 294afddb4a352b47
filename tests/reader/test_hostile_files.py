"""Files that are no workbook, or a broken or hostile one: one Swedish sentence, in bounded time and memory."""

from __future__ import annotations

import io
import random
import struct
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from blankettset.workbook.read.xlsx_reader import RawBook, UnreadableWorkbook, read_workbook
from tests.forms import raw_bytes
from tests.reader.packages import TYPES, WORKBOOK, WORKBOOK_RELATIONS, book, packed, parts, sheet

ROW = '<row r="1"><c r="A1"><v>7</v></c></row>'
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
DEEP = "<a>" * 5000 + "</a>" * 5000


def _encrypted_zip() -> bytes:
    data = bytearray(packed(parts(ROW)))
    position = data.find(b"PK\x01\x02")
    while position >= 0:  # the encryption bit of every entry, in the directory and before each part
        flags = struct.unpack_from("<H", data, position + 8)[0]
        struct.pack_into("<H", data, position + 8, flags | 1)
        position = data.find(b"PK\x01\x02", position + 4)
    return bytes(data)


def _bad_crc() -> bytes:
    data = bytearray(packed(parts(ROW), zipfile.ZIP_STORED))
    at = data.find(b"<v>7</v>")
    data[at + 3 : at + 4] = b"8"
    return bytes(data)


REFUSED = {
    "empty": (b"", "är tom"),
    "old excel": (OLE + b"\0" * 4096, "gamla Excelformatet"),
    "password": (OLE + b"\0" * 512 + "EncryptedPackage".encode("utf-16-le") + b"\0" * 512, "lösenord"),
    "encrypted zip": (_encrypted_zip(), "krypterad"),
    "csv": (b"blankett;rad;kolumn;varde\n", "textfil"),
    "html": (b"<!DOCTYPE html><html></html>", "webbsida"),
    "pdf": (b"%PDF-1.7\n", "pdf"),
    "rtf": (b"{\\rtf1 hej}", "rtf"),
    "noise": (bytes(range(256)) * 20, "ingen Excel-arbetsbok"),
    "other zip": (packed({"a.txt": "hej"}), "zip-fil"),
    "word": (
        packed({**parts(), "[Content_Types].xml": TYPES.replace("spreadsheetml.sheet", "wordprocessingml.document")}),
        "Word-dokument",
    ),
    "binary": (book(types=TYPES.replace("xl/workbook.xml", "xl/workbook.bin").replace(
        "openxmlformats-officedocument.spreadsheetml.sheet.main+xml", "ms-excel.sheet.binary.macroEnabled.main")),
        "xlsb"),
    "no main part": (book(workbook=None), "huvuddel"),
    "no relations": (book(relations=None), "listan över sina blad"),
    "no sheets": (book(workbook=WORKBOOK.replace('<sheet name="Blad1" sheetId="1" r:id="rId1"/>', "")), "inga blad"),
    "truncated": (book(ROW)[:-200], "skadad"),
    "half": (book(ROW)[:300], "skadad"),
    "bad crc": (_bad_crc(), "skadad"),
    "broken xml": (book(sheet=sheet(ROW)[:-20]), "ogiltig XML"),
    "doctype": (book(sheet='<!DOCTYPE x [<!ENTITY a "b">]>' + sheet(ROW)), "DTD"),
    "billion laughs": (book(shared='<!DOCTYPE x [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><sst><si><t>&b;</t></si></sst>'),
                       "DTD"),
    "deep sheet": (book(DEEP), "djupt nästlad"),
    "deep cells": (book("<c>" * 5000 + "</c>" * 5000), "djupt nästlad"),
    "deep strings": (book(ROW, shared=DEEP), "djupt nästlad"),
    "deep list of parts": (book(ROW, types=DEEP), "djupt nästlad"),
    "deep workbook": (book(ROW, workbook=DEEP), "djupt nästlad"),
    "bad row": (book('<row r="x"><c><v>1</v></c></row>'), "radnummer"),
    "many sheets": (book(ROW, workbook=WORKBOOK.replace(
        "</sheets>", '<sheet name="x" sheetId="2" r:id="rId1"/>' * 600 + "</sheets>")), "500 blad"),
    "many parts": (packed({**parts(ROW), **{f"x/{i}": "" for i in range(5100)}}), "5 000 delar"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_in_one_swedish_sentence(name: str) -> None:
    data, words = REFUSED[name]
    with pytest.raises(UnreadableWorkbook) as raised:
        read_workbook(data, name="budget.xlsx")
    said = str(raised.value)
    assert said.startswith("budget.xlsx ")
    assert words in said
    assert said.endswith(".")
    assert "\n" not in said


@pytest.mark.parametrize(
    ("name", "words"), [("~$budget.xlsx", "låsfil"), ("mapp.xlsx", "mapp"), ("saknas.xlsx", "finns inte")]
)
def test_paths_that_are_no_workbook(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "mapp.xlsx").mkdir()
    with pytest.raises(UnreadableWorkbook, match=words):
        read_workbook(tmp_path / name)


def test_one_stray_cell_far_away_costs_nothing() -> None:
    start = time.perf_counter()
    found = read_workbook(book(ROW + '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'))
    assert len(found.sheets[0].cells) == 2
    assert time.perf_counter() - start < 1


def _bomb(kind: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, text in parts(ROW, sheet=None, shared=None).items():
            file.writestr(name, text)
        with file.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
            head, tail = sheet("@").encode().split(b"@")
            piece = {"spaces": b" " * (1 << 20), "cells": b"<row><c><v>1</v></c></row>" * 40_000,
                     "text": b"<row><c t='str'><v>" + b"x" * (1 << 20) + b"</v></c></row>"}[kind]  # fmt: skip
            part.write(head)
            for _ in range(400):
                part.write(piece)
            part.write(tail)
    return out.getvalue()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="minnet mäts i /proc")
@pytest.mark.parametrize("kind", ["spaces", "cells", "text"])
def test_a_bomb_is_stopped_within_five_seconds_and_300_mib(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "bomb.xlsx"
    path.write_bytes(_bomb(kind))
    assert path.stat().st_size < 8 << 20
    code = (
        "import re, sys; from pathlib import Path; from blankettset.workbook.read.xlsx_reader import *\n"
        "try: read_workbook(Path(sys.argv[1])); print('läst')\n"
        "except UnreadableWorkbook as error: print(error)\n"
        "status = Path('/proc/self/status').read_text()\n"  # ru_maxrss would count the memory of the forking parent
        "print(int(re.search(r'VmHWM:\\s+(\\d+)', status)[1]) // 1024)"
    )
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, timeout=60, check=True)
    said, mebibytes = done.stdout.strip().splitlines()
    assert "läses inte" in said
    assert int(mebibytes) < 300
    assert time.perf_counter() - start < 5 * 2  # twice the promise: other tests run beside


def _attempt(data: bytes) -> RawBook | None:
    try:
        return read_workbook(data, name="f.xlsx")
    except UnreadableWorkbook:
        return None


def test_changed_bytes_never_escape() -> None:
    """Four hundred changed copies of a real set: read, or refused in words; never another exception."""
    chance = random.Random(20240522)
    data = raw_bytes("2024-T1")
    outcomes = []
    for _ in range(400):
        changed = bytearray(data)
        for _ in range(chance.randint(1, 8)):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        if chance.random() < 0.1:
            del changed[chance.randrange(len(changed)) :]
        outcomes.append(_attempt(bytes(changed)) is None)
    assert sum(outcomes) > 0


PIECES = [
    "<row>", "</row>", "<c>", "</c>", "<v>", "</v>", "<f>", "</f>", "<is>", "</is>", "<t>", "</t>", "<sheetData>",
    '<c r="A1" t="s">', '<c r="" t="b">', '<c r="A0">', '<row r="-1">', '<row r="9999999">', '<f t="shared" si="0">',
    '<c r="AAAA99999999999">', "1", "-1", "1e999", "_x0041_", "_xD800_", "\u00e5", "&amp;", "=[1]x!A1", "A1:XFD1048576",
    '<c r="A1" t="d">', "0000-00-00", '<c t="zz">', "<rPh>", "</rPh>", "١٢", " ", "9" * 400,
]  # fmt: skip


def test_scrambled_structure_never_escapes() -> None:
    """Well-formed and ill-formed scrambles of the sheet's own tags, in sheet, strings and list of sheets."""
    chance = random.Random(20191007)
    read = 0
    for i in range(800):
        text = "".join(chance.choice(PIECES) for _ in range(chance.randint(1, 25)))
        if i % 2:  # balanced, so that the handlers are reached
            text = "".join(f"<{t}{a}>{v}</{t}>" for t, a, v in _elements(chance))
        where = chance.choice(["sheet", "shared", "relations", "types"])
        whole = {"sheet": sheet(text), "shared": f"<sst>{text}</sst>",
                 "relations": WORKBOOK_RELATIONS.replace("</Rel", text + "</Rel"),
                 "types": TYPES.replace("</Types", text + "</Types")}[where]  # fmt: skip
        read += _attempt(book(ROW, **{where: whole})) is not None
    assert read > 100


def _elements(chance: random.Random) -> list[tuple[str, str, str]]:
    types = ["", ' t="s"', ' t="b"', ' t="e"', ' t="str"', ' t="inlineStr"', ' t="d"', ' t="?"']
    places = ["", ' r="A1"', ' r="B2"', ' r="a1"', ' r="$A$1"', ' r="XFE1"', ' r="1"', ' r="A"', ' r="A１"']
    values = ["", "1", "0", "-1", "x", "NaN", "1e400", "2024-13-40", "_x0000_", "９"]
    found = []
    for _ in range(chance.randint(1, 6)):
        inner = chance.choice(["v", "f", "is", "t"])
        value = f"<{inner}>{chance.choice(values)}</{inner}>"
        found.append(("row", "", f"<c{chance.choice(places)}{chance.choice(types)}>{value}</c>"))
    return found
