"""Replaces cells and links in a sheet's own text, whatever program wrote it; all else in the sheet stays as it is.

The places of rows and cells are found by expat, as the reader finds them, so that both always speak of the same cell.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Container, Mapping
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

import msgspec

from blankettset.templates.errors import Refusal
from blankettset.workbook.calc.values import fitting_text, storable
from blankettset.workbook.layout.addresses import address, parse_address
from blankettset.workbook.layout.excel_formula import quote_sheet

_AFTER_LINKS = ("printOptions", "pageMargins", "pageSetup", "headerFooter", "rowBreaks", "colBreaks", "customProperties",
                "cellWatches", "ignoredErrors", "smartTags", "drawing", "legacyDrawing", "legacyDrawingHF", "picture",
                "oleObjects", "controls", "webPublishItems", "tableParts", "extLst")  # fmt: skip
_DECLARATION = re.compile(r"^\s*<\?xml\b[^>]*?\?>")
_STATED = re.compile(rb"^\s*<\?xml\b[^>]*?encoding\s*=\s*[\"']([\w.-]+)[\"']")


class NotEditable(Refusal):
    """The sheet cannot be written in; str() is one Swedish sentence."""


class _Span(msgspec.Struct):
    """An element of the sheet: its name with prefix, its attributes and where in the text it stands."""

    name: str
    attributes: dict[str, str]
    start: int
    end: int = 0
    children: list[_Span] = msgspec.field(default_factory=list)

    @property
    def local(self) -> str:
        """The name without prefix."""
        return self.name.rpartition(":")[2]


def decoded(content: bytes) -> str:
    """A part's text, in whatever encoding it is written, declared as UTF-8 from here on."""
    stated = _STATED.match(content)
    encoding = stated[1].decode("ascii") if stated else "utf-8"
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    elif content.startswith(codecs.BOM_UTF8):
        encoding = "utf-8-sig"
    elif content.startswith((b"<\x00", b"\x00<")):
        encoding = "utf-16-le" if content[1:2] == b"\x00" else "utf-16-be"
    try:
        text = content.decode(encoding)
    except (LookupError, UnicodeError):
        raise NotEditable(
            "Arbetsboken är sparad i en teckenkodning som inte går att skriva i. Spara om den i Excel."
        ) from None
    declaration = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    return _DECLARATION.sub(declaration, text, count=1)


def with_cells(text: str, cells: Mapping[tuple[int, int], str], heights: Mapping[int, float]) -> str:
    """The sheet with these cells as texts, their formats kept, and rows as high as the texts need."""
    raw, root = _parsed(text)
    data = next((child for child in root.children if child.local == "sheetData"), None)
    if data is None:
        raise NotEditable("Arbetsbokens blad går inte att skriva i: filen är sparad av ett okänt program.")
    p = data.name[: -len("sheetData")]
    rows = _rows(raw, data)
    for (line, column), value in cells.items():
        row = rows.setdefault(line, _Row({"r": str(line)}))
        old = row.cells.get(column)
        row.cells[column] = _Cell(_text_cell(p, address(line, column), old.style if old else None, value))
    for line, height in heights.items():
        rows.setdefault(line, _Row({"r": str(line)})).attributes.update(ht=f"{height:g}", customHeight="1")
    body = "".join(rows[line].text(p) for line in sorted(rows))
    whole = f"<{p}sheetData>{body}</{p}sheetData>".encode()
    return (raw[: data.start] + whole + raw[data.end :]).decode()


_LINK = re.compile(rb"<(?:\w+:)?hyperlink\b[^>]*?(?:/>|>.*?</(?:\w+:)?hyperlink\s*>)", re.DOTALL)
_REF = re.compile(rb"""\sref=["']([^"']*)""")


def with_links(text: str, jumps: Mapping[str, tuple[str, str]], places: Container[str] | None = None) -> str:
    """The sheet with links inside the workbook (address -> sheet and cell), in place of those that `places` had (None: all)."""
    raw, root = _parsed(text)
    p = root.name[: -len(root.local)]
    links = "".join(
        f"<{p}hyperlink ref={quoteattr(at)} location={quoteattr(f'{quote_sheet(sheet)}!{cell}')} display={quoteattr(cell)}/>"
        for at, (sheet, cell) in jumps.items()
    )
    if places is not None:
        for child in (each for each in root.children if each.local == "hyperlinks"):
            kept = ((link[0], _REF.search(link[0])) for link in _LINK.finditer(raw, child.start, child.end))
            links += "".join(link.decode() for link, ref in kept if ref is not None and ref[1].decode() not in places)
    later = next((child for child in root.children if child.local in _AFTER_LINKS), None)
    at = later.start if later else raw.rindex(b"</", 0, root.end)
    pieces = [(at, at, f"<{p}hyperlinks>{links}</{p}hyperlinks>".encode() if links else b"")]
    pieces += [(child.start, child.end, b"") for child in root.children if child.local == "hyperlinks"]
    for start, end, new in sorted(pieces, reverse=True):
        raw = raw[:start] + new + raw[end:]
    return raw.decode()


class _Cell(msgspec.Struct):
    text: str
    style: str | None = None


class _Row(msgspec.Struct):
    attributes: dict[str, str]
    cells: dict[int, _Cell] = msgspec.field(default_factory=dict)
    rest: str = ""  # what stands in the row beside its cells

    def text(self, p: str) -> str:
        """The row as it is written."""
        stated = "".join(f" {name}={quoteattr(value)}" for name, value in self.attributes.items())
        return f"<{p}row{stated}>{''.join(self.cells[at].text for at in sorted(self.cells))}{self.rest}</{p}row>"


def _text_cell(p: str, at: str, style: str | None, value: str) -> str:
    start = f'<{p}c r="{at}"' + (f" s={quoteattr(style)}" if style is not None else "")
    if not value:
        return f"{start}/>"
    shown = _escaped(fitting_text(value))
    return f'{start} t="inlineStr"><{p}is><{p}t xml:space="preserve">{shown}</{p}t></{p}is></{p}c>'


def _escaped(text: str) -> str:
    """As XML, and so that what looks like Excel's escape of a character is read as it stands."""
    return escape(re.sub(r"_(?=x[0-9A-Fa-f]{4}_)", "_x005F_", storable(text)))


def _rows(raw: bytes, data: _Span) -> dict[int, _Row]:
    """The sheet's rows by number. A row or cell that does not say where it stands comes after the one before it."""
    rows: dict[int, _Row] = {}
    line = 0
    for span in data.children:
        if span.local != "row":
            continue
        line = int(span.attributes["r"]) if span.attributes.get("r", "").isdecimal() else line + 1
        own = rows.setdefault(line, _Row({}))
        own.attributes = {**span.attributes, "r": str(line)}
        column = 0
        for cell in span.children:
            if cell.local != "c":
                own.rest += raw[cell.start : cell.end].decode()
                continue
            row, column = _place(cell, line, column)
            at = rows.setdefault(row, _Row({"r": str(row)}))
            at.cells.setdefault(column, _Cell(_addressed(raw, cell, row, column), cell.attributes.get("s")))
            line = row
    return rows


def _place(cell: _Span, line: int, column: int) -> tuple[int, int]:
    stated = cell.attributes.get("r")
    if stated is None:
        return line, column + 1
    try:
        return parse_address(stated.upper())
    except ValueError:
        raise NotEditable(
            "Arbetsbokens blad går inte att skriva i: en cell har en adress utanför Excels blad."
        ) from None


def _addressed(raw: bytes, cell: _Span, row: int, column: int) -> str:
    text = raw[cell.start : cell.end].decode()
    if "r" in cell.attributes:
        return text
    head = len(cell.name) + 1
    return f'{text[:head]} r="{address(row, column)}"{text[head:]}'


def _parsed(text: str) -> tuple[bytes, _Span]:
    """The text as UTF-8 and its elements down to the cells."""
    raw = text.encode()
    parser = expat.ParserCreate("utf-8")
    stack: list[_Span] = []
    found: list[_Span] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        span = _Span(name, attributes, parser.CurrentByteIndex)
        if stack and len(stack) <= 3:  # the sheet, its parts, the rows and the cells
            stack[-1].children.append(span)
        stack.append(span)
        found[:] = found or [span]

    def end(name: str) -> None:
        at = parser.CurrentByteIndex
        closing = f"</{name}".encode()
        stack.pop().end = raw.index(b">", at) + 1 if raw.startswith(closing, at) else at

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    try:
        parser.Parse(raw, True)
    except expat.ExpatError:
        raise NotEditable("Arbetsbokens blad går inte att skriva i: filen är skadad. Spara om den i Excel.") from None
    return raw, found[0]


Edit = Callable[[str], str]
