"""Writes texts into a copy of a workbook, such as a check onto its sheet Kontroll; every other part is copied byte for byte.

No library edits a handed-in workbook without losing something (openpyxl drops every computed value), so the one
sheet's cells are replaced in its own text. The workbook has been read by our bounded reader before it comes here.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

from blankettset.templates.model import Blankett
from blankettset.workbook.edit.sheet_edit import Edit, NotEditable, decoded, with_cells, with_links
from blankettset.workbook.edit.zip_copy import with_parts
from blankettset.workbook.layout.addresses import address, parse_address
from blankettset.workbook.layout.placement import INDEX_SHEET
from blankettset.workbook.layout.text_size import row_height
from blankettset.workbook.read.bind import list_places
from blankettset.workbook.read.xlsx_reader import RawSheet, read_workbook
from blankettset.workbook.write.index_sheet import CHECKED, NEVER_CHECKED, counted_by
from blankettset.workbook.write.sheets import cell_lines

CONTROL = "kontroll"
DAMAGED = "Arbetsboken är skadad och går inte att skriva i. Öppna den i Excel, spara om den och försök igen."
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    OSError,
    EOFError,
    KeyError,
    ValueError,
    NotImplementedError,
    RuntimeError,
    struct.error,
)


class NoControlSheet(NotEditable):
    """The workbook's sheet Kontroll cannot be filled in; str() says why."""


def with_control(
    data: bytes, form: Blankett, sheet: str, rows: Sequence[Mapping[str, str]], links: Sequence[tuple[str, str] | None]
) -> bytes:
    """A copy of the workbook `data` whose sheet Kontroll holds `rows` (column id -> text) and nothing of an earlier check.

    `links` has for each row the sheet and cell that its column Cell leads to. What does not fit is counted in the last
    row. NoControlSheet when the sheet is missing or its rows cannot be found.
    """
    book = read_workbook(data)
    raw = book.sheet(sheet)
    places = list_places(form, raw) if raw is not None else None
    if raw is None or not raw.part or places is None or not places[0] or set(form.column_by_id) - set(places[1]):
        raise NoControlSheet(
            "Bladet Kontroll saknas eller har ändrats, så kontrollen går inte att skriva i arbetsboken. "
            "Skapa en ny med »blankett ny» och fyll den."
        )
    numbers, columns = places
    fitting = list(rows)
    if len(fitting) > len(numbers):
        left = len(fitting) - len(numbers) + 1
        fitting = [*fitting[: len(numbers) - 1], {"text": f"… och {left} till. Alla visas av kommandot validera."}]
    cells = {(number, column): "" for number in numbers for column in columns.values()}
    jumps: dict[str, tuple[str, str]] = {}
    heights = dict.fromkeys(numbers, row_height(1))
    for number, row, link in zip(numbers, fitting, [*links, *[None] * len(fitting)], strict=False):
        for column, text in row.items():
            cells[number, columns[column]] = text
            heights[number] = max(heights[number], row_height(cell_lines(form, form.column_by_id[column], text)))
        if link is not None and "cell" in row:
            jumps[address(number, columns["cell"])] = link
    own = {address(number, columns["cell"]) for number in numbers}
    edits: dict[str, Edit] = {
        raw.part: lambda text: with_links(with_cells(text, cells, heights), jumps, own),
        book.part: _recalculated,
    }
    index = book.sheet(INDEX_SHEET)
    if index is not None and index.part:
        results = _board(index, fitting)
        edits[index.part] = lambda text: _restored(text, results)
    return _replaced(data, edits)


def _board(index: RawSheet, rows: Sequence[Mapping[str, str]]) -> dict[str, str | int]:
    """Address -> what the status board's formulas give when Kontroll holds `rows`."""
    counts = Counter((row.get("blankett"), row.get("allvar")) for row in rows)
    found: dict[str, str | int] = {}
    for (line, column), cell in index.cells.items():
        formula = cell.formula or ""
        counted = counted_by(formula)
        if counted is not None:
            found[address(line, column)] = counts[counted]
        elif f'"{NEVER_CHECKED}"' in formula:
            found[address(line, column)] = CHECKED
    return found


def _restored(text: str, results: Mapping[str, str | int]) -> str:
    """The sheet with these values stored beside their formulas; the formulas and all else as they are."""

    def replace(cell: re.Match[str]) -> str:
        place = re.search(r'\sr="([A-Z]+\d+)"', cell["a"])
        value = results.get(place[1]) if place else None
        formula = re.search(rf"<{cell['p'] or ''}f\b.*?(?:/>|</{cell['p'] or ''}f\s*>)", cell["body"], re.DOTALL)
        if value is None or formula is None:
            return cell[0]
        p = cell["p"] or ""
        kind = ' t="str"' if isinstance(value, str) else ""
        attributes = re.sub(r'\st="\w+"', "", cell["a"]) + kind
        return f"<{p}c{attributes}>{formula[0]}<{p}v>{escape(str(value))}</{p}v></{p}c>"

    return re.sub(r"<(?P<p>\w+:)?c\b(?P<a>[^>]*?(?<!/))>(?P<body>.*?)</(?P=p)?c\s*>", replace, text, flags=re.DOTALL)


def with_texts(data: bytes, sheet: str, texts: Mapping[str, str]) -> bytes:
    """A copy of the workbook with these cells (address -> text) of one sheet replaced and every other part as it is."""
    raw = read_workbook(data).sheet(sheet)
    if raw is None or not raw.part:
        raise NoControlSheet(f"Bladet {sheet} saknas, så arbetsboken går inte att stämpla.")
    cells = {parse_address(place): text for place, text in texts.items()}
    return _replaced(data, {raw.part: lambda text: with_cells(text, cells, {})})


def _replaced(data: bytes, edits: Mapping[str, Edit]) -> bytes:
    """A copy with these parts' texts edited; the others are moved as they lie."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as source:
            parts = {info.filename: info for info in reversed(source.infolist())}  # of doubled parts the first is read
            texts = {name: decoded(source.read(parts[name])) for name in edits}
    except _DAMAGED:
        raise NotEditable(DAMAGED) from None
    written = {name: edit(texts[name]).encode() for name, edit in edits.items()}
    try:
        return with_parts(data, written)
    except _DAMAGED:
        raise NotEditable(DAMAGED) from None


def _recalculated(text: str) -> str:
    """The workbook part with Excel told to recalculate on opening: the status board counts what stands on Kontroll."""
    if "fullCalcOnLoad=" in text:
        return re.sub(r'fullCalcOnLoad="[^"]*"', 'fullCalcOnLoad="1"', text)
    return re.sub(r"<((?:\w+:)?calcPr)\b", r'<\1 fullCalcOnLoad="1"', text)
