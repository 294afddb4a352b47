"""A Word document (.docx) as blocks, by one bounded pass over its XML.

No library: python-docx leaves out what stands in tracked insertions and text boxes, needs a compiled XML library and keeps
the whole tree; a hostile file must not be able to do harm, as in the reader of workbooks.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from io import BytesIO
from typing import Any
from xml.parsers import expat

from blankettset.workbook.report.document import Builder, UnreadableReport, is_heading

MAX_PART = 96 * 1024 * 1024
MAX_DEPTH = 400
_DAMAGED = "är skadad och går inte att läsa. Öppna den i Word, spara om den och försök igen."
_HEADING = re.compile(r"^(?:heading|rubrik)\s*(\d)?", re.IGNORECASE)
_NO_TEXT = ("del", "moveFrom", "Fallback", "instrText", "delText", "delInstrText")


def read_docx(data: bytes, builder: Builder) -> list[str]:
    """Blocks of the document into `builder`; notes on how it was read. UnreadableReport for what is no whole docx."""
    try:
        archive = zipfile.ZipFile(BytesIO(data))
        names = set(archive.namelist())
        if "word/document.xml" not in names:
            raise UnreadableReport("är inget Word-dokument. Spara rapporten som .docx, .pdf eller .txt.")
        styles = _Styles()
        if "word/styles.xml" in names:
            _parse(archive, "word/styles.xml", styles)
        body = _Body(builder, styles.names)
        _parse(archive, "word/document.xml", body)
        body.finish()
    except (
        zipfile.BadZipFile,
        zlib.error,
        expat.ExpatError,
        NotImplementedError,
        EOFError,
        OSError,
        RuntimeError,
    ) as error:
        if isinstance(error, RuntimeError) and "password" in str(error):
            raise UnreadableReport("är skyddad med lösenord. Ta bort lösenordet och försök igen.") from None
        raise UnreadableReport(_DAMAGED) from None
    return ["Spårade ändringar är lästa som om de vore godkända."] if body.tracked else []


def _parse(archive: zipfile.ZipFile, name: str, handler: Any) -> None:
    parser = expat.ParserCreate(namespace_separator="}")

    def refuse(*_: object) -> None:
        raise UnreadableReport(_DAMAGED)

    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = handler.start
    parser.EndElementHandler = handler.end
    parser.CharacterDataHandler = handler.data
    parser.buffer_text = True
    read = 0
    with archive.open(name) as part:
        while chunk := part.read(1 << 18):
            read += len(chunk)
            if read > MAX_PART:
                raise UnreadableReport("är större än vad som läses. Ta bort bilder och bilagor.")
            parser.Parse(chunk, False)
    parser.Parse(b"", True)


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _value(attributes: dict[str, str], wanted: str) -> str:
    return next((value for name, value in attributes.items() if _local(name) == wanted), "")


class _Styles:
    """Style id -> its name in small letters, and the level of its outline."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.current = ""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        kind = _local(name)
        if kind == "style":
            self.current = _value(attributes, "styleId")
        elif kind == "name" and self.current:
            self.names[self.current] = _value(attributes, "val").casefold()
        elif kind == "outlineLvl" and self.current and not _HEADING.match(self.names.get(self.current, "")):
            self.names[self.current] = "rubrik " + _value(attributes, "val")

    def end(self, name: str) -> None:
        if _local(name) == "style":
            self.current = ""

    def data(self, text: str) -> None:
        """Styles hold no text of the report."""


class _Paragraph:
    def __init__(self) -> None:
        self.text: list[str] = []
        self.style = ""
        self.bold: bool | None = None


class _Body:
    """The body: paragraphs, tables in order, pages as Word last broke them."""

    def __init__(self, builder: Builder, styles: dict[str, str]) -> None:
        self.builder, self.styles = builder, styles
        self.paragraphs: list[_Paragraph] = []
        self.tables: list[list[list[str]]] = []
        self.places: list[list[str]] = []
        self.silent = 0
        self.depth = 0
        self.page = 1
        self.counted = False
        self.tracked = False
        self.in_text = False

    @property
    def place(self) -> str:
        return (
            f"sidan {self.page}"
            if self.counted
            else (f"avsnittet {self.builder.heading}" if self.builder.heading else "början")
        )

    def start(self, name: str, attributes: dict[str, str]) -> None:
        kind = _local(name)
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise UnreadableReport(_DAMAGED)
        if kind in ("ins", "del", "moveFrom", "moveTo"):
            self.tracked = True
        if kind in _NO_TEXT or self.silent:
            self.silent += 1
            return
        if kind == "p":
            self.paragraphs.append(_Paragraph())
        elif kind == "tbl":
            self.tables.append([])
            self.places.append([])
        elif kind == "tr" and self.tables:
            self.tables[-1].append([])
            self.places[-1].append(self.place)
        elif kind == "tc" and self.tables and self.tables[-1]:
            self.tables[-1][-1].append("")
        elif kind == "t":
            self.in_text = True
        elif self.paragraphs:
            self._inside(kind, attributes)

    def _inside(self, kind: str, attributes: dict[str, str]) -> None:
        paragraph = self.paragraphs[-1]
        if kind == "pStyle":
            paragraph.style = _value(attributes, "val")
        elif kind in ("tab", "ptab"):
            paragraph.text.append("\t")
        elif kind in ("cr", "br"):
            if _value(attributes, "type") == "page":
                self._new_page()
            paragraph.text.append("\n")
        elif kind == "lastRenderedPageBreak":
            self._new_page()
        elif kind == "noBreakHyphen":
            paragraph.text.append("-")
        elif kind == "outlineLvl" and _value(attributes, "val").isdigit() and int(_value(attributes, "val")) < 9:
            paragraph.style = paragraph.style or "rubrik"

    def _new_page(self) -> None:
        self.page += 1
        self.counted = True

    def data(self, text: str) -> None:
        if self.in_text and not self.silent and self.paragraphs:
            self.paragraphs[-1].text.append(text)

    def end(self, name: str) -> None:
        kind = _local(name)
        self.depth -= 1
        if self.silent:
            self.silent -= 1
            return
        if kind == "t":
            self.in_text = False
        elif kind == "p" and self.paragraphs:
            self._end_paragraph(self.paragraphs.pop())
        elif kind == "tbl" and self.tables:
            rows, places = self.tables.pop(), self.places.pop()
            if self.tables and self.tables[-1] and self.tables[-1][-1]:  # a table inside a cell
                self.tables[-1][-1][-1] += " " + " ".join(" ".join(row) for row in rows)
            else:
                self.builder.table([tuple(cell.strip() for cell in row) for row in rows], places)

    def _end_paragraph(self, paragraph: _Paragraph) -> None:
        text = "".join(paragraph.text).strip()
        if not text:
            return
        if self.tables and self.tables[-1] and self.tables[-1][-1]:
            cell = self.tables[-1][-1][-1]
            self.tables[-1][-1][-1] = f"{cell}\n{text}" if cell else text
            return
        style = self.styles.get(paragraph.style, paragraph.style).casefold()
        if style.startswith(("toc", "innehåll")):
            return
        if (
            _HEADING.match(style)
            or style == "title"
            or (not style and is_heading(text) and len(text) < 60 and "\t" not in text)
        ):
            self.builder.title(" ".join(text.split()), self.place)
        else:
            self.builder.text(text, self.place)

    def finish(self) -> None:
        """Nothing is left open in a whole document."""
