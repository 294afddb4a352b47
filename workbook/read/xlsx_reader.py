"""The door for strangers' workbooks: one bounded pass over the XML gives values, formulas and errors.

No library does this safely: some hang on one stray cell, some lose error cells, none gives formula and value in
one pass. Nothing here trusts what a file says of its own size, nothing is read into a grid, and whatever a file
holds, the result is a RawBook or an UnreadableWorkbook with one Swedish sentence. It knows nothing of forms.
"""

from __future__ import annotations

import hashlib
import re
import zipfile
import zlib
from collections.abc import Callable
from decimal import Context, Decimal, InvalidOperation
from enum import StrEnum
from io import BytesIO
from pathlib import Path
from typing import Any, Literal, NamedTuple
from xml.parsers import expat

import msgspec

from blankettset.templates.errors import Refusal, reason
from blankettset.workbook.calc.values import fitting_text
from blankettset.workbook.layout.addresses import MAX_COLUMN, MAX_ROW, address
from blankettset.workbook.layout.formula_text import fetches
from blankettset.workbook.read.shared_formula import translate

MAX_FILE = 256 * 1024 * 1024
MAX_PART = 64 * 1024 * 1024
MAX_PARTS = 5_000
MAX_CELLS = 500_000
MAX_DEPTH = 64
MAX_FORMULA = 8_192
MAX_SHARED_TEXT = 48 * 1024 * 1024  # characters in all shared strings together
MAX_SHEETS = 500
MAX_ANOMALIES = 500
CHUNK = 256 * 1024

ANOMALIES = {
    "missing_part": "ett blad som arbetsboken nämner finns inte i filen",
    "duplicate_sheet": "två blad har samma namn",
    "duplicate_entry": "en del finns två gånger i filen",
    "duplicate_cell": "samma cell finns två gånger; den första läses",
    "bad_address": "en cell har en adress utanför Excels blad och läses inte",
    "bad_number": "ett tal är inget tal (NaN, oändligt eller obegripligt)",
    "bad_string_index": "en cell pekar på en text som inte finns",
    "long_text": "en text är längre än en cell rymmer; början läses",
    "external_link": "en formel eller arbetsboken hämtar värden ur en annan arbetsbok",
    "dde": "arbetsboken hämtar värden ur ett annat program (DDE)",
    "more_anomalies": "fler avvikelser finns än som visas",
}


Start = Callable[[str, dict[str, str]], None]


class CellState(StrEnum):
    """The five things a cell can be; they are never mixed up."""

    NUMBER = "number"
    TEXT = "text"
    BLANK = "blank"
    ERROR = "error"
    NOT_CALCULATED = "not_calculated"


class RawCell(NamedTuple):
    """A cell as stored. Booleans are TEXT "SANT" or "FALSKT"; dates are NUMBER (Excel's day number)."""

    state: CellState
    number: Decimal | None
    text: str | None
    formula: str | None
    is_bool: bool = False


class RawSheet(msgspec.Struct):
    """A sheet's non-empty cells by (row, column), counted from 1. `part` is its name in the zip file, empty when missing."""

    name: str
    visibility: Literal["visible", "hidden", "very_hidden"]
    cells: dict[tuple[int, int], RawCell] = msgspec.field(default_factory=dict)
    part: str = ""


class Anomaly(msgspec.Struct, frozen=True):
    """Something odd in the file that is never passed over in silence; `kind` is a key of ANOMALIES."""

    kind: str
    sheet: str | None
    cell: str | None
    detail: str


class RawBook(msgspec.Struct):
    """A workbook as stored."""

    sha256: str
    sheets: list[RawSheet]
    date1904: bool
    anomalies: list[Anomaly]
    part: str = ""

    def sheet(self, name: str) -> RawSheet | None:
        """The first sheet with this name, or None."""
        return next((sheet for sheet in self.sheets if sheet.name == name), None)

    def note(self, kind: str, sheet: str | None = None, cell: str | None = None, detail: str = "") -> None:
        """Remember an anomaly; a hostile file cannot make the list grow without end."""
        if len(self.anomalies) < MAX_ANOMALIES:
            self.anomalies.append(Anomaly(kind, sheet, cell, detail or ANOMALIES[kind]))
        elif len(self.anomalies) == MAX_ANOMALIES:
            self.anomalies.append(Anomaly("more_anomalies", None, None, ANOMALIES["more_anomalies"]))


class UnreadableWorkbook(Refusal):
    """The file cannot be read as a workbook; str() is one Swedish sentence on what it is and what to do."""


TOO_DEEP = "är skadad (för djupt nästlad). Öppna den i Excel, spara om den och försök igen."


class _Refused(Exception):
    """Why a part is refused; the caller puts the file's name in front."""


def read_workbook(source: Path | bytes, *, name: str | None = None) -> RawBook:
    """Read a .xlsx or .xlsm from a path or from bytes. UnreadableWorkbook for anything else, whatever it is."""
    shown = name or (shown_name(source) if isinstance(source, Path) else "Filen")
    try:
        data = source if isinstance(source, bytes) else _load(source, shown)
        _recognise(data, shown)
        return _Reader(data, shown).read()
    except _Refused as error:
        raise UnreadableWorkbook(f"{shown} {error}") from None
    except expat.ExpatError:
        raise UnreadableWorkbook(
            f"{shown} är skadad (ogiltig XML). Öppna den i Excel, spara om den och försök igen."
        ) from None
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError,
            LookupError, OverflowError, MemoryError, ArithmeticError) as error:  # fmt: skip
        if isinstance(error, RuntimeError) and "encrypted" in str(error):
            raise UnreadableWorkbook(
                f"{shown} är en krypterad zip-fil. Spara arbetsboken utan lösenord och försök igen."
            ) from None
        raise UnreadableWorkbook(
            f"{shown} är skadad eller ofullständig. Öppna den i Excel, spara om den och försök igen."
        ) from None


def shown_name(path: Path) -> str:
    """The file's name as text that can be written anywhere, also when the disk's name for it is no valid text."""
    return path.name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _load(path: Path, shown: str) -> bytes:
    if path.name.startswith("~$"):
        raise UnreadableWorkbook(
            f"{shown} är Excels låsfil, inte arbetsboken. Stäng filen i Excel och välj filen utan ~$."
        )
    if path.is_dir():
        raise UnreadableWorkbook(f"{shown} är en mapp. Ange en Excelfil.")
    if not path.exists():
        raise UnreadableWorkbook(f"{shown} finns inte. Kontrollera namnet och mappen.")
    if not path.is_file():
        raise UnreadableWorkbook(f"{shown} är ingen vanlig fil. Ange en Excelfil.")
    try:
        if path.stat().st_size > MAX_FILE:
            raise UnreadableWorkbook(f"{shown} är större än 256 MB och läses inte. Ett blankettset är under 1 MB.")
        return path.read_bytes()
    except OSError as error:
        raise UnreadableWorkbook(
            f"{shown} går inte att läsa: {reason(error)}. Stäng filen i Excel och försök igen."
        ) from None


_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def _recognise(data: bytes, shown: str) -> None:
    """Say what a file that is no zip really is."""
    if not data:
        raise _Refused("är tom (0 byte). Hämta filen igen.")
    if data.startswith(b"PK\x03\x04") or data.startswith(b"PK\x05\x06"):
        return
    if data.startswith(_OLE):
        head = data[: 4 * 1024 * 1024]
        if (
            "EncryptedPackage".encode("utf-16-le") in head
            or "EncryptedPackage".encode("utf-16-le") in data[-(1 << 20) :]
        ):
            raise _Refused(
                "är skyddad med lösenord. Ta bort lösenordet i Excel (Arkiv > Info > Skydda arbetsbok) och försök igen."
            )
        raise _Refused("är i det gamla Excelformatet (.xls). Öppna den i Excel och spara som Excel-arbetsbok (.xlsx).")
    start = data[:2048].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    kinds = ((b"%pdf", "är en pdf"), (b"<!doctype html", "är en webbsida (html)"), (b"<html", "är en webbsida (html)"),
             (b"{\\rtf", "är ett textdokument (rtf)"), (b"<?xml", "är en XML-fil"), (b"\x89png", "är en bild"))  # fmt: skip
    for mark, what in kinds:
        if start.startswith(mark):
            raise _Refused(f"{what}, ingen Excel-arbetsbok. Lämna in blankettsetet som .xlsx.")
    if b"\x00" not in data[:4096] and (b";" in data[:4096] or b"," in data[:4096] or b"\t" in data[:4096]):
        raise _Refused("är en textfil (csv), ingen Excel-arbetsbok. Använd »blankett fyll» för datafiler.")
    raise _Refused("är ingen Excel-arbetsbok (.xlsx). Kontrollera att det är rätt fil.")


_MAIN_PARTS = ("spreadsheetml.sheet.main+xml", "sheet.macroenabled.main+xml", "spreadsheetml.template.main+xml")


class _Reader:
    def __init__(self, data: bytes, shown: str) -> None:
        self.book = RawBook(hashlib.sha256(data).hexdigest(), [], False, [])
        self.zip = zipfile.ZipFile(BytesIO(data))
        self.left = MAX_FILE
        self.cells_left = MAX_CELLS
        infos = self.zip.infolist()
        if len(infos) > MAX_PARTS:
            raise _Refused("har fler än 5 000 delar och läses inte. Ett blankettset har under hundra.")
        self.parts: dict[str, zipfile.ZipInfo] = {}
        for info in infos:
            name = _part_name(info.filename)
            if name in self.parts:
                self.book.note("duplicate_entry", detail=info.filename)
            else:
                self.parts[name] = info
        self.shared: list[str] = []
        self.long: set[int] = set()  # shared strings that were longer than a cell holds

    def read(self) -> RawBook:
        main = self._main_part()
        self.book.part = self.parts[main].filename
        relations = self._relations(main)
        sheets = self._workbook(main)
        if not sheets:
            raise _Refused("har inga blad som går att läsa. Öppna den i Excel, spara om den som .xlsx och försök igen.")
        strings = next((target for type_, target in relations.values() if type_ == "sharedstrings"), None)
        if strings and strings in self.parts:
            self._shared_strings(strings)
        self._external(main, relations)
        seen: set[str] = set()
        for sheet, relation in sheets:
            if sheet.name.casefold() in seen:
                self.book.note("duplicate_sheet", sheet.name)
            seen.add(sheet.name.casefold())
            self.book.sheets.append(sheet)
            type_, target = relations.get(relation, ("", ""))
            if target not in self.parts:
                self.book.note("missing_part", sheet.name)
            elif type_ in ("worksheet", ""):
                sheet.part = self.parts[target].filename
                self._sheet(sheet, target)
        return self.book

    # ---- parts

    def _parse(
        self,
        name: str,
        start: Start,
        end: Callable[[str], None] | None = None,
        text: Callable[[str], None] | None = None,
    ) -> None:
        parser = expat.ParserCreate()
        parser.buffer_text = True
        if end is None:
            start, end = _shallow(start)
        parser.StartElementHandler = start
        parser.EndElementHandler = end
        if text is not None:
            parser.CharacterDataHandler = text
        parser.StartDoctypeDeclHandler = _refuse_doctype
        parser.EntityDeclHandler = _refuse_doctype
        left = MAX_PART
        with self.zip.open(self.parts[name]) as stream:
            while chunk := stream.read(CHUNK):
                left -= len(chunk)
                self.left -= len(chunk)
                if left < 0 or self.left < 0:
                    raise _Refused(
                        "packas upp till orimligt mycket data och läses inte. Kontrollera att det är rätt fil."
                    )
                parser.Parse(chunk, False)
        parser.Parse(b"", True)

    def _main_part(self) -> str:
        if "[content_types].xml" not in self.parts:
            raise _Refused("är en zip-fil, ingen Excel-arbetsbok. Lämna in blankettsetet som .xlsx.")
        found: list[tuple[str, str]] = []

        def start(tag: str, attributes: dict[str, str]) -> None:
            type_ = attributes.get("ContentType", "").lower()
            if tag.rpartition(":")[2] == "Override" and (type_.endswith("main+xml") or ".main" in type_):
                found.append((type_, _part_name(attributes.get("PartName", ""))))

        self._parse("[content_types].xml", start)
        for type_, part in found:
            if part in self.parts and any(mark in type_ for mark in _MAIN_PARTS):
                return part
            if "binary" in type_:
                raise _Refused(
                    "är en binär arbetsbok (.xlsb). Öppna den i Excel och spara som Excel-arbetsbok (.xlsx)."
                )
        if any("wordprocessingml" in type_ for type_, _ in found):
            raise _Refused("är ett Word-dokument, ingen Excel-arbetsbok. Lämna in blankettsetet som .xlsx.")
        if "xl/workbook.xml" in self.parts:
            return "xl/workbook.xml"
        if "xl/workbook.bin" in self.parts:
            raise _Refused("är en binär arbetsbok (.xlsb). Öppna den i Excel och spara som Excel-arbetsbok (.xlsx).")
        raise _Refused("saknar arbetsbokens huvuddel. Öppna den i Excel, spara om den och försök igen.")

    def _relations(self, part: str) -> dict[str, tuple[str, str]]:
        folder, _, file = part.rpartition("/")
        name = f"{folder}/_rels/{file}.rels" if folder else f"_rels/{file}.rels"
        found: dict[str, tuple[str, str]] = {}
        if name not in self.parts:
            raise _Refused("saknar listan över sina blad. Öppna den i Excel, spara om den och försök igen.")

        def start(tag: str, attributes: dict[str, str]) -> None:
            if tag.rpartition(":")[2] == "Relationship":
                type_ = attributes.get("Type", "").rpartition("/")[2].lower()
                target = attributes.get("Target", "")
                if attributes.get("TargetMode") != "External":
                    target = _resolve(folder, target)
                found[attributes.get("Id", "")] = (type_, target)

        self._parse(name, start)
        return found

    def _workbook(self, part: str) -> list[tuple[RawSheet, str]]:
        sheets: list[tuple[RawSheet, str]] = []
        book = self.book

        def start(tag: str, attributes: dict[str, str]) -> None:
            local = tag.rpartition(":")[2]
            if local == "sheet":
                if len(sheets) >= MAX_SHEETS:
                    raise _Refused("har fler än 500 blad och läses inte. Kontrollera att det är rätt fil.")
                state = attributes.get("state", "visible")
                visibility: Any = {"hidden": "hidden", "veryHidden": "very_hidden"}.get(state, "visible")
                relation = next((v for k, v in attributes.items() if k.rpartition(":")[2] == "id" and ":" in k), "")
                sheets.append((RawSheet(attributes.get("name", "")[:255], visibility), relation))
            elif local == "workbookPr":
                book.date1904 = attributes.get("date1904", "0") in ("1", "true")

        self._parse(part, start)
        return sheets

    def _external(self, main: str, relations: dict[str, tuple[str, str]]) -> None:
        for type_, target in relations.values():
            if type_ != "externallink" or target not in self.parts:
                continue
            kinds: list[str] = []

            def start(tag: str, attributes: dict[str, str], kinds: list[str] = kinds) -> None:
                kinds.append(tag.rpartition(":")[2])

            self._parse(target, start)
            self.book.note("dde" if {"ddeLink", "oleLink"} & set(kinds) else "external_link")

    def _shared_strings(self, part: str) -> None:
        handler = _StringsHandler(self.shared, self.long)
        self._parse(part, handler.start, handler.end, handler.text)

    def _sheet(self, sheet: RawSheet, part: str) -> None:
        handler = _SheetHandler(self.book, sheet, self.shared, self.cells_left, self.long)
        self._parse(part, handler.start, handler.end, handler.text)
        self.cells_left = handler.cells_left


class _StringsHandler:
    """Collects the shared strings; the reading aid of East Asian text (rPh) is no part of a string."""

    def __init__(self, strings: list[str], long: set[int]) -> None:
        self.strings, self.long = strings, long
        self.pieces: list[str] = []
        self.collecting = False
        self.rph = self.size = self.depth = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise _Refused(TOO_DEEP)
        if ":" in tag:
            tag = tag.rpartition(":")[2]
        if tag == "t":
            self.collecting = not self.rph
        elif tag == "si":
            self.pieces = []
        elif tag == "rPh":
            self.rph += 1

    def text(self, data: str) -> None:
        """Characters."""
        if self.collecting:
            self.size += len(data)
            if self.size > MAX_SHARED_TEXT:
                raise _Refused("packas upp till orimligt mycket text och läses inte.")
            self.pieces.append(data)

    def end(self, tag: str) -> None:
        """An element ends."""
        self.depth -= 1
        if ":" in tag:
            tag = tag.rpartition(":")[2]
        if tag == "t":
            self.collecting = False
        elif tag == "si":
            whole = _text("".join(self.pieces))
            kept = fitting_text(whole)
            if len(kept) < len(whole):
                self.long.add(len(self.strings))
            self.strings.append(kept)
            if len(self.strings) > 4 * MAX_CELLS:
                raise _Refused("har fler texter än ett blankettset kan ha och läses inte.")
        elif tag == "rPh":
            self.rph -= 1


class _SheetHandler:
    """Collects the cells of one sheet while expat walks through it."""

    def __init__(
        self, book: RawBook, sheet: RawSheet, shared: list[str], cells_left: int, long: set[int] | None = None
    ) -> None:
        self.book, self.sheet, self.shared, self.cells_left = book, sheet, shared, cells_left
        self.long = long or set()
        self.row = self.column = 0
        self.row_text = "?"  # the row's number as cells state it
        self.depth = 0
        self.type = "n"
        self.stated: str | None = None
        self.value: str | None = None
        self.formula: str | None = None
        self.inline: list[str] | None = None
        self.formula_attributes: dict[str, str] = {}
        self.pieces: list[str] = []
        self.collecting = False
        self.rph = 0
        self.masters: dict[str, tuple[tuple[int, int], str]] = {}

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise _Refused(TOO_DEEP)
        if tag == "c":
            self._begin(attributes)
        elif tag == "v":
            self.pieces = []
            self.collecting = True
        elif ":" in tag:
            self.depth -= 1
            self.start(tag.rpartition(":")[2], attributes)
        elif tag == "f":
            self.pieces = []
            self.collecting = True
            self.formula_attributes = attributes
        elif tag == "row":
            self._row(attributes.get("r"))
        elif tag == "is":
            self.inline = []
        elif tag == "t" and self.inline is not None and not self.rph:
            self.pieces = []
            self.collecting = True
        elif tag == "rPh":
            self.rph += 1

    def _begin(self, attributes: dict[str, str]) -> None:
        stated = attributes.get("r")
        if stated is None:
            self._step()
        self.stated = stated
        self.type = attributes.get("t", "n")
        self.value = self.formula = self.inline = None

    def text(self, data: str) -> None:
        """Characters."""
        if self.collecting:
            self.pieces.append(data)

    def end(self, tag: str) -> None:
        """An element ends."""
        self.depth -= 1
        if tag != "c" and tag != "v" and ":" in tag:
            tag = tag.rpartition(":")[2]
        if tag == "c":
            if self.value is not None or self.formula is not None or self.inline is not None:
                self._cell()
        elif tag == "v":
            self.value = "".join(self.pieces)
            self.collecting = False
        elif tag == "f":
            self.formula = "".join(self.pieces)
            self.collecting = False
        elif tag == "t" and self.inline is not None:
            if self.collecting:
                self.inline.extend(self.pieces)
            self.collecting = False
        elif tag == "rPh":
            self.rph -= 1

    def _row(self, stated: str | None) -> None:
        self.column, self.stated = 0, None
        self.row_text = "?"
        if stated is None:
            self.row += 1
            return
        try:
            self.row = int(stated)
        except ValueError:
            raise _Refused(
                "är skadad (ett radnummer är inget tal). Öppna den i Excel, spara om den och försök igen."
            ) from None
        self.row_text = str(self.row)

    def _step(self) -> None:
        """Move to the cell after the last one, for a cell that does not say where it stands."""
        if self.stated is not None:
            self.row, self.column = _fast_address(self.stated) or (self.row, self.column)
        self.column += 1

    def _place(self) -> tuple[int, int] | None:
        stated = self.stated
        if stated is not None:
            row_text = self.row_text
            known = _addresses.get(stated[: -len(row_text)]) if stated.endswith(row_text) else None
            found = (self.row, known) if known is not None else _fast_address(stated)
            if found is None:
                self.book.note("bad_address", self.sheet.name, stated[:20])
                return None
            self.row, self.column = found
        row, column = self.row, self.column
        if not (1 <= row <= MAX_ROW and 1 <= column <= MAX_COLUMN):
            self.book.note("bad_address", self.sheet.name, f"rad {row}, kolumn {column}")
            return None
        return row, column

    def _cell(self) -> None:
        place, value = self._place(), self.value
        if place is None:
            return
        formula = None if self.formula is None else self._formula(place)
        cell: RawCell | None
        type_ = self.type
        if (
            type_ == "s"
            and formula is None
            and value is not None
            and value.isdecimal()
            and int(value) < len(self.shared)
        ):
            text = self.shared[int(value)]
            if not text:
                return
            if self.long and int(value) in self.long:
                self.book.note("long_text", self.sheet.name, address(*place))
            cell = RawCell(CellState.TEXT, None, text, None)
        elif type_ == "s":
            cell = self._shared_text(place, value, formula)
        elif type_ == "n":
            if value is None or value == "":
                if formula is None:
                    return
                cell = RawCell(CellState.NOT_CALCULATED, None, None, formula)
            else:
                cell = self._number(place, value, formula)
        else:
            cell = self._other(place, type_, value, formula)
        if cell is None:
            return
        cells = self.sheet.cells
        if place in cells:
            self.book.note("duplicate_cell", self.sheet.name, address(*place))
            return
        self.cells_left -= 1
        if self.cells_left < 0:
            raise _Refused("har fler än 500 000 ifyllda celler och läses inte. Ett blankettset har några tusen.")
        cells[place] = cell

    def _number(self, place: tuple[int, int], value: str, formula: str | None) -> RawCell:
        number = _number(value)
        if number is None:
            self.book.note("bad_number", self.sheet.name, address(*place), value[:40])
            return RawCell(CellState.ERROR, None, value[:40], formula)
        return RawCell(CellState.NUMBER, number, None, formula)

    def _shared_text(self, place: tuple[int, int], value: str | None, formula: str | None) -> RawCell | None:
        if value is None or not value.strip():
            return None if formula is None else RawCell(CellState.NOT_CALCULATED, None, None, formula)
        try:
            index = int(value)
            if index < 0:
                raise IndexError
            text = self.shared[index]
        except (ValueError, IndexError):
            self.book.note("bad_string_index", self.sheet.name, address(*place), value[:20])
            return RawCell(CellState.ERROR, None, "okänd text", formula)
        if not text and formula is None:
            return None
        return RawCell(CellState.TEXT, None, text, formula)

    def _other(self, place: tuple[int, int], type_: str, value: str | None, formula: str | None) -> RawCell | None:
        if type_ == "inlineStr":
            text = self._held(place, _text("".join(self.inline) if self.inline is not None else value or ""))
            return RawCell(CellState.TEXT, None, text, formula) if text or formula is not None else None
        if type_ == "str":
            if value is None and formula is not None:
                # Excel writes an empty <v> for a calculated empty text; a missing one is a formula never calculated.
                return RawCell(CellState.NOT_CALCULATED, None, None, formula)
            text = self._held(place, _text(value or ""))
            return RawCell(CellState.TEXT, None, text, formula) if text or formula is not None else None
        if value is None or value == "":
            return RawCell(CellState.NOT_CALCULATED, None, None, formula) if formula is not None else None
        if type_ == "e":
            return RawCell(CellState.ERROR, None, value[:40], formula)
        if type_ == "b":
            return RawCell(CellState.TEXT, None, "SANT" if value.strip() in ("1", "true") else "FALSKT", formula, True)
        if type_ == "d":
            serial = iso_serial(value)
            if serial is not None:
                return RawCell(CellState.NUMBER, serial, None, formula)
            return RawCell(CellState.TEXT, None, self._held(place, value), formula)
        return self._number(place, value, formula)

    def _held(self, place: tuple[int, int], text: str) -> str:
        kept = fitting_text(text)
        if len(kept) < len(text):
            self.book.note("long_text", self.sheet.name, address(*place))
        return kept

    def _formula(self, place: tuple[int, int]) -> str:
        text, attributes = (self.formula or "")[:MAX_FORMULA], self.formula_attributes
        kind = attributes.get("t")
        if kind == "shared":
            index = attributes.get("si", "")
            if text:
                self.masters.setdefault(index, (place, text))
            elif index in self.masters:
                master, formula = self.masters[index]
                text = translate(formula, place[0] - master[0], place[1] - master[1])
        fetched = fetches(text)
        if fetched is not None:
            self.book.note(fetched, self.sheet.name, address(*place))
        return text[:MAX_FORMULA]


_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_CONTEXT = Context(prec=15)
_NUMBER = re.compile(r"^[ \t\r\n]*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?[ \t\r\n]*$", re.ASCII)


def _number(text: str) -> Decimal | None:
    """The stored number at Excel's own precision: 0.30000000000000004 is 0.3. None for NaN, inf and nonsense."""
    if len(text) > 60 or not _NUMBER.match(text):
        return None
    try:
        number = _CONTEXT.create_decimal(text.strip())
    except InvalidOperation:
        return None
    if not number.is_finite() or (number and not -400 < number.adjusted() < 400):
        return None
    return number


def iso_serial(text: str) -> Decimal | None:
    """Excel's day number of an ISO date or time, or None."""
    import datetime

    try:
        moment = datetime.datetime.fromisoformat(text.strip().replace("Z", ""))
    except ValueError:
        return None
    delta = moment.replace(tzinfo=None) - datetime.datetime(1899, 12, 30)
    return Decimal(delta.days) + (Decimal(delta.seconds) / 86400).quantize(Decimal("0.0000000001"))


def _text(text: str) -> str:
    """Stored text as Excel shows it: _x000D_ is the character it names."""
    if "_x" in text:
        text = _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


_addresses: dict[str, int] = {}


def _fast_address(text: str) -> tuple[int, int] | None:
    """(row, column) of an address, bounds not yet checked; letters are looked up once each."""
    letters = text.rstrip("0123456789")
    digits = text[len(letters) :]
    column = _addresses.get(letters)
    if column is None:
        if not 1 <= len(letters) <= 4 or not letters.isascii() or not letters.isalpha():
            return None
        column = 0
        for letter in letters.upper():
            column = column * 26 + ord(letter) - 64
        if len(_addresses) < 20_000:
            _addresses[letters] = column
    if not digits or len(digits) > 9:
        return None
    return int(digits), column


def _part_name(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").lower()


def _resolve(folder: str, target: str) -> str:
    target = target.replace("\\", "/")
    if target.startswith("/"):
        return _part_name(target)
    steps = folder.split("/") if folder else []
    for step in target.split("/"):
        if step == "..":
            steps = steps[:-1]
        elif step not in (".", ""):
            steps.append(step)
    return "/".join(steps).lower()


def _shallow(start: Start) -> tuple[Start, Callable[[str], None]]:
    """Handlers that keep count of depth for a part that needs only its start tags: expat itself has no limit."""
    depth = 0

    def enter(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_DEPTH:
            raise _Refused(TOO_DEEP)
        start(tag, attributes)

    def leave(_: str) -> None:
        nonlocal depth
        depth -= 1

    return enter, leave


def _refuse_doctype(*_: object) -> None:
    raise _Refused("innehåller en DTD eller entitet, vilket Excel aldrig skriver, och läses inte.")
