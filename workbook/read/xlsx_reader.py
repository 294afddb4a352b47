"""The door for strangers' workbooks: one bounded pass over the XML gives values, formulas and errors.

No library does this safely: some hang on one stray cell, some lose error cells, none gives formula and value in
one pass. Nothing here trusts what a file says of its own size, nothing is read into a grid, and whatever a file
holds, the result is a RawBook or an UnreadableWorkbook with one Swedish sentence. It knows nothing of forms.
"""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.parsers import expat

from blankettset.templates.errors import reason
from blankettset.workbook.xlsx.cells import TRUE, SheetHandler, StringsHandler
from blankettset.workbook.xlsx.comments import CommentsHandler, Said
from blankettset.workbook.xlsx.raw import (
    CHUNK,
    MAX_CELLS,
    MAX_DEPTH,
    MAX_FILE,
    MAX_PART,
    MAX_PARTS,
    MAX_SHEETS,
    TOO_DEEP,
    Anomaly,
    CellState,
    Note,
    RawBook,
    RawCell,
    RawSheet,
    Refused,
    TooMuch,
    UnreadableWorkbook,
)
from blankettset.workbook.xlsx.recognise import recognise, recognise_zip
from blankettset.workbook.xlsx.scalars import iso_serial
from blankettset.workbook.xlsx.styles import StylesHandler

__all__ = [
    "Anomaly",
    "CellState",
    "RawBook",
    "RawCell",
    "RawSheet",
    "UnreadableWorkbook",
    "iso_serial",
    "read_workbook",
    "shown_name",
]
Start = Callable[[str, dict[str, str]], None]


def read_workbook(source: Path | bytes, *, name: str | None = None, notes: bool = False) -> RawBook:
    """Read a .xlsx or .xlsm from a path or from bytes. UnreadableWorkbook for anything else, whatever it is.

    `notes` asks for what people have written in notes and comments too.
    """
    shown = name or (shown_name(source) if isinstance(source, Path) else "Filen")
    try:
        data = source if isinstance(source, bytes) else _load(source, shown)
        recognise(data)
        return _Reader(data, notes).read()
    except Refused as error:
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
    if path.is_symlink() and not path.exists():
        raise UnreadableWorkbook(f"{shown} är en länk som inte leder till någon fil. Ange själva filen.")
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


_MAIN_PARTS = ("spreadsheetml.sheet.main+xml", "sheet.macroenabled.main+xml", "spreadsheetml.template.main+xml",
               "template.macroenabled.main+xml")  # fmt: skip
_HELD = {"xl/vbaproject.bin": "macro", "xl/connections.xml": "connection", "xl/model/item.data": "connection"}
_HELD_IN = {
    "xl/macrosheets/": "macro",
    "xl/querytables/": "connection",
    "xl/activex/": "embedded",
    "xl/embeddings/": "embedded",
}
MANY_ROWS = 20_000  # more than any form has, filled or formatted
_ADD_INS = (".xlam", ".xla", ".xll")


class _Reader:
    def __init__(self, data: bytes, notes: bool) -> None:
        self.book = RawBook(hashlib.sha256(data).hexdigest(), [], False, [])
        self.zip = zipfile.ZipFile(BytesIO(data))
        self.left = MAX_FILE
        self.cells_left = MAX_CELLS
        infos = self.zip.infolist()
        if len(infos) > MAX_PARTS:
            raise Refused("har fler än 5 000 delar och läses inte. Ett blankettset har under hundra.")
        self.parts: dict[str, zipfile.ZipInfo] = {}
        self.doubled: dict[str, str] = {}  # parts that stand more than once
        for info in infos:
            name = _part_name(info.filename)
            if name in self.parts:
                self.doubled[name] = info.filename
            self.parts.setdefault(name, info)
        self.with_notes = notes
        self.formats: dict[str, str] = {}
        self.shared: list[str] = []
        self.long: set[int] = set()  # shared strings that were longer than a cell holds

    def read(self) -> RawBook:
        main = self._main_part()
        self.book.part = self.parts[main].filename
        relations = self._relations(main)
        sheets = self._workbook(main)
        if not sheets:
            raise Refused("har inga blad som går att läsa. Öppna den i Excel, spara om den som .xlsx och försök igen.")
        strings = next((target for type_, target in relations.values() if type_ == "sharedstrings"), None)
        if strings and strings in self.parts:
            self._shared_strings(strings)
        styles = next((target for type_, target in relations.values() if type_ == "styles"), None)
        if styles in self.parts:
            handler = StylesHandler()
            self._parse(str(styles), handler.start, handler.end)
            self.formats = handler.kinds
        self._external(relations)
        self._held()
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
                if self.doubled.pop(target, None):
                    self.book.note("duplicate_entry", sheet.name)
                self._sheet(sheet, target)
        for name in self.doubled.values():
            self.book.note("duplicate_entry", detail=name)
        return self.book

    def _held(self) -> None:
        """What the file holds besides cells that a form has no use for: each kind once."""
        kinds = {kind for part, kind in _HELD.items() if part in self.parts}
        kinds |= {kind for name in self.parts for folder, kind in _HELD_IN.items() if name.startswith(folder)}
        for kind in sorted(kinds):
            self.book.note(kind)

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
                    raise TooMuch(
                        "packas upp till orimligt mycket data och läses inte. Kontrollera att det är rätt fil."
                    )
                parser.Parse(chunk, False)
        parser.Parse(b"", True)

    def _main_part(self) -> str:
        if "[content_types].xml" not in self.parts:
            recognise_zip(
                self.parts,
                self.zip.read(self.parts["mimetype"])[:200].decode("ascii", "replace")
                if self._is_small("mimetype")
                else "",
            )
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
                raise Refused("är en binär arbetsbok (.xlsb). Öppna den i Excel och spara som Excel-arbetsbok (.xlsx).")
        if any("wordprocessingml" in type_ for type_, _ in found):
            raise Refused("är ett Word-dokument, ingen Excel-arbetsbok. Lämna in blankettsetet som .xlsx.")
        if "xl/workbook.xml" in self.parts:
            return "xl/workbook.xml"
        if "xl/workbook.bin" in self.parts:
            raise Refused("är en binär arbetsbok (.xlsb). Öppna den i Excel och spara som Excel-arbetsbok (.xlsx).")
        raise Refused("saknar arbetsbokens huvuddel. Öppna den i Excel, spara om den och försök igen.")

    def _is_small(self, part: str) -> bool:
        return part in self.parts and self.parts[part].file_size < 1_000

    def _relations(self, part: str, *, required: bool = True) -> dict[str, tuple[str, str]]:
        """Relation id -> its kind and the part that it leads to (as it stands when it leads out of the file)."""
        folder, _, file = part.rpartition("/")
        name = f"{folder}/_rels/{file}.rels" if folder else f"_rels/{file}.rels"
        found: dict[str, tuple[str, str]] = {}
        if name not in self.parts and not required:
            return {}
        if name not in self.parts:
            raise Refused("saknar listan över sina blad. Öppna den i Excel, spara om den och försök igen.")

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
                    raise Refused("har fler än 500 blad och läses inte. Kontrollera att det är rätt fil.")
                state = attributes.get("state", "visible")
                visibility: Any = {"hidden": "hidden", "veryHidden": "very_hidden"}.get(state, "visible")
                relation = next((v for k, v in attributes.items() if k.rpartition(":")[2] == "id" and ":" in k), "")
                sheets.append((RawSheet(attributes.get("name", "")[:255], visibility), relation))
            elif local == "workbookPr":
                book.date1904 = attributes.get("date1904", "0") in TRUE
            elif local == "calcPr" and attributes.get("fullPrecision", "1") not in TRUE:
                book.note("shown_precision")

        self._parse(part, start)
        return sheets

    def _external(self, relations: dict[str, tuple[str, str]]) -> None:
        for type_, target in relations.values():
            if type_ != "externallink" or target not in self.parts:
                continue
            kinds: list[str] = []

            def start(tag: str, attributes: dict[str, str], kinds: list[str] = kinds) -> None:
                kinds.append(tag.rpartition(":")[2])

            self._parse(target, start)
            books = [book for _, book in self._relations(target, required=False).values()]
            if books and all(book.lower().endswith(_ADD_INS) for book in books):
                continue  # an add-in whose functions somebody has used
            self.book.note("dde" if {"ddeLink", "oleLink"} & set(kinds) else "external_link")

    def _shared_strings(self, part: str) -> None:
        handler = StringsHandler(self.shared, self.long)
        self._parse(part, handler.start, handler.end, handler.text)

    def _sheet(self, sheet: RawSheet, part: str) -> None:
        sheet.seen.protected = False
        handler = SheetHandler(self.book, sheet, self.shared, self.cells_left, self.long, self.formats)
        try:
            self._parse(part, handler.start, handler.end, handler.text)
        except TooMuch as error:
            if handler.row < MANY_ROWS:
                raise Refused(f"har ett blad, »{sheet.name}», som {error}") from None
            raise Refused(
                f"läses inte: bladet »{sheet.name}» är formaterat minst till rad {handler.row}. Markera de tomma raderna "
                "under blanketten, radera dem (Start > Ta bort > Ta bort bladrader), spara och försök igen."
            ) from None
        self.cells_left = handler.cells_left
        if sheet.seen.hidden_rows and not sheet.seen.filtered:
            self._table_filters(sheet, part)
        if self.with_notes:
            self._notes(sheet, part)

    def _table_filters(self, sheet: RawSheet, part: str) -> None:
        def start(tag: str, attributes: dict[str, str]) -> None:
            if tag.rpartition(":")[2] == "filterColumn":
                sheet.seen.filtered = True

        for type_, target in self._relations(part, required=False).values():
            if type_ == "table" and target in self.parts:
                self._parse(target, start)

    def _notes(self, sheet: RawSheet, part: str) -> None:
        found: dict[str, Said] = {}
        for type_, target in sorted(self._relations(part, required=False).values()):
            if type_ in ("comments", "threadedcomment") and target in self.parts:
                handler = CommentsHandler(found)
                self._parse(target, handler.start, handler.end, handler.text)
        self.book.notes.extend(Note(sheet.name, cell, *said) for cell, said in found.items())


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
            raise Refused(TOO_DEEP)
        start(tag, attributes)

    def leave(_: str) -> None:
        nonlocal depth
        depth -= 1

    return enter, leave


def _refuse_doctype(*_: object) -> None:
    raise Refused("innehåller en DTD eller entitet, vilket Excel aldrig skriver, och läses inte.")
