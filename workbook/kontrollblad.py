"""Writes texts into a copy of a workbook, such as a check onto its sheet Kontroll; every other part is copied byte for byte.

No library edits a handed-in workbook without losing something (openpyxl drops every computed value), so the one
sheet's cells are replaced in its own text. The workbook has been read by our bounded reader before it comes here.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from xml.sax.saxutils import escape, quoteattr

from templates.errors import Refusal
from templates.model import Blankett
from workbook.addresses import address, parse_address
from workbook.bind import list_places
from workbook.excel_formula import quote_sheet
from workbook.index_sheet import CHECKED, NEVER_CHECKED, counted_by
from workbook.placement import INDEX_SHEET
from workbook.sheets import cell_lines
from workbook.text_size import row_height
from workbook.xlsx_reader import RawSheet, read_workbook

CONTROL = "kontroll"
_AFTER_LINKS = ("printOptions", "pageMargins", "pageSetup", "headerFooter", "rowBreaks", "colBreaks", "customProperties",
                "cellWatches", "ignoredErrors", "smartTags", "drawing", "legacyDrawing", "legacyDrawingHF", "picture",
                "oleObjects", "controls", "webPublishItems", "tableParts", "extLst")  # fmt: skip


class NoControlSheet(Refusal):
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
    edits = {raw.part: lambda text: _linked(_filled(text, cells, heights), jumps), book.part: _recalculated}
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
    return _replaced(data, {raw.part: lambda text: _filled(text, cells, {})})


def _replaced(data: bytes, edits: Mapping[str, Callable[[str], str]]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for info in source.infolist():
            content = source.read(info)
            edit = edits.get(info.filename)
            if edit is not None:
                content = edit(content.decode("utf-8-sig")).encode("utf-8")
            target.writestr(info, content, compress_type=zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _filled(text: str, cells: Mapping[tuple[int, int], str], heights: Mapping[int, float]) -> str:
    """The sheet with these cells as texts, their formats kept, and rows as high as the texts need."""
    found = re.search(r"<(?P<p>\w+:)?sheetData\s*(?:/>|>(?P<body>.*?)</(?P=p)?sheetData\s*>)", text, re.DOTALL)
    if found is None:
        raise NoControlSheet("Bladet Kontroll går inte att skriva i: filen är sparad av ett okänt program.")
    p = found["p"] or ""
    rows: dict[int, tuple[str, dict[int, str]]] = {}
    for row in re.finditer(rf"<{p}row\b(?P<a>[^>]*?)(?:/>|>(?P<body>.*?)</{p}row\s*>)", found["body"] or "", re.DOTALL):
        number = re.search(r'\br="(\d+)"', row["a"])
        if number is None:
            raise NoControlSheet("Bladet Kontroll går inte att skriva i: dess rader saknar nummer.")
        inner: dict[int, str] = {}
        for cell in re.finditer(rf"<{p}c\b[^>]*?(?:/>|>.*?</{p}c\s*>)", row["body"] or "", re.DOTALL):
            place = re.search(r'\br="([A-Z]+\d+)"', cell[0])
            if place is not None:
                inner[parse_address(place[1])[1]] = cell[0]
        rows[int(number[1])] = (row["a"], inner)
    for (line, column), value in cells.items():
        inner = rows.setdefault(line, (f' r="{line}"', {}))[1]
        style = re.search(r'\bs="\d+"', inner.get(column, ""))
        start = f'<{p}c r="{address(line, column)}"' + (f" {style[0]}" if style else "")
        shown = escape(_clean(value)[:32767])
        inner[column] = (
            f'{start} t="inlineStr"><{p}is><{p}t xml:space="preserve">{shown}</{p}t></{p}is></{p}c>'
            if value
            else f"{start}/>"
        )
    for line, height in heights.items():
        attributes, inner = rows[line]
        bare = re.sub(r'\s(?:ht|customHeight)="[^"]*"', "", attributes)
        rows[line] = (f'{bare} ht="{height:g}" customHeight="1"', inner)
    body = "".join(
        f"<{p}row{attributes}>{''.join(inner[column] for column in sorted(inner))}</{p}row>"
        for _, (attributes, inner) in sorted(rows.items())
    )
    return text[: found.start()] + f"<{p}sheetData>{body}</{p}sheetData>" + text[found.end() :]


def _clean(text: str) -> str:
    """Without the characters that XML cannot hold."""
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "", text)


def _linked(text: str, jumps: Mapping[str, tuple[str, str]]) -> str:
    """The sheet with links inside the workbook, in place of those of an earlier check."""
    prefix = re.search(r"<(\w+:)?sheetData", text)
    p = (prefix[1] if prefix else None) or ""
    text = re.sub(rf"<{p}hyperlinks\b.*?</{p}hyperlinks\s*>", "", text, flags=re.DOTALL)
    if not jumps:
        return text
    links = "".join(
        f"<{p}hyperlink ref={quoteattr(at)} location={quoteattr(f'{quote_sheet(sheet)}!{cell}')} display={quoteattr(cell)}/>"
        for at, (sheet, cell) in jumps.items()
    )
    after = text.index("sheetData>", text.index(f"</{p}sheetData")) + len("sheetData>")
    later = re.search(rf"<{p}(?:{'|'.join(_AFTER_LINKS)})\b|</{p}worksheet", text[after:])
    at = after + (later.start() if later else 0)
    return text[:at] + f"<{p}hyperlinks>{links}</{p}hyperlinks>" + text[at:]


def _recalculated(text: str) -> str:
    """The workbook part with Excel told to recalculate on opening: the status board counts what stands on Kontroll."""
    if "fullCalcOnLoad=" in text:
        return re.sub(r'fullCalcOnLoad="[^"]*"', 'fullCalcOnLoad="1"', text)
    return re.sub(r"<((?:\w+:)?calcPr)\b", r'<\1 fullCalcOnLoad="1"', text)
