"""A second reader, slow and plain, written from what the format says: the whole part as a tree, one cell at a time.

It shares nothing with the product's reader but the names of the five states, so that a fault in one shows against the other.
"""

from __future__ import annotations

import io
import re
import zipfile
from decimal import Context, Decimal, InvalidOperation
from xml.etree import ElementTree

Place = tuple[int, int]
Shown = tuple[str, Decimal | str | None, str | None]
MAX_ROW, MAX_COLUMN = 1_048_576, 16_384


def local(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def children(element: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return [child for child in element if local(child) == name]


def texts(element: ElementTree.Element) -> str:
    """The text of a shared or inline string: plain, or in runs; never its reading aid."""
    found = "".join("".join(t.itertext()) for t in children(element, "t"))
    for run in children(element, "r"):
        found += "".join("".join(t.itertext()) for t in children(run, "t"))
    return re.sub(r"_x([0-9A-Fa-f]{4})_", lambda match: chr(int(match[1], 16)), found)


def address(text: str) -> Place | None:
    match = re.fullmatch(r"([A-Za-z]{1,4})([0-9]{1,9})", text)
    if match is None:
        return None
    column = 0
    for letter in match[1].upper():
        column = column * 26 + ord(letter) - ord("A") + 1
    return int(match[2]), column


class SlowBook:
    """`cells` by sheet number, row and column; `misplaced` are cells that name another row than the one they stand in."""

    def __init__(self, data: bytes) -> None:
        self.cells: dict[tuple[int, int, int], Shown] = {}
        self.misplaced: set[tuple[int, int, int]] = set()
        self.doubled: set[tuple[int, int, int]] = set()
        self.outside = 0
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            names = {name.lower(): name for name in file.namelist()}
            self.shared: list[str] = []
            if "xl/sharedstrings.xml" in names:
                root = ElementTree.fromstring(file.read(names["xl/sharedstrings.xml"]))
                self.shared = [texts(each) for each in children(root, "si")]
            number = 1
            while f"xl/worksheets/sheet{number}.xml" in names:
                self._sheet(number, ElementTree.fromstring(file.read(names[f"xl/worksheets/sheet{number}.xml"])))
                number += 1

    def _sheet(self, number: int, root: ElementTree.Element) -> None:
        row = 0
        for data in children(root, "sheetData"):
            for each in children(data, "row"):
                first = row + 1  # a row that does not say its number has its first cell's, or is the next
                for cell in children(each, "c"):
                    place = address(cell.get("r", ""))
                    if place is not None or "r" not in cell.attrib:
                        first = place[0] if place is not None else first
                        break
                row = int(each.get("r", first))
                self._row(number, row, children(each, "c"))

    def _row(self, number: int, row: int, cells: list[ElementTree.Element]) -> None:
        column = 0
        for cell in cells:
            place = address(cell.get("r", ""))
            readable = "r" not in cell.attrib or place is not None
            if place is not None:
                column = place[1]
            elif "r" not in cell.attrib:
                column += 1
            if not any(local(child) in ("v", "f", "is") for child in cell):
                continue
            if not readable or not (1 <= row <= MAX_ROW and 1 <= column <= MAX_COLUMN):
                self.outside += 1
                continue
            key = (number, row, column)
            if place is not None and place[0] != row:
                self.misplaced.add(key)
            shown = self._shown(cell)
            if shown is None:
                continue
            if key in self.cells:
                self.doubled.add(key)
            self.cells.setdefault(key, shown)

    def _shown(self, cell: ElementTree.Element) -> Shown | None:
        kind = cell.get("t", "n")
        formula = next((each.text or "" for each in children(cell, "f")), None)
        value = next((each.text or "" for each in children(cell, "v")), None)
        inline = next(iter(children(cell, "is")), None)
        if kind == "inlineStr":
            text = texts(inline) if inline is not None else value or ""
            return ("text", text, formula) if text or formula is not None else None
        if kind == "str":
            if value is None:
                return ("not_calculated", None, formula) if formula is not None else None
            return ("text", value, formula) if value or formula is not None else None
        if value is None or not (value.strip() if kind == "s" else value):
            return ("not_calculated", None, formula) if formula is not None else None
        if kind == "s":
            if not re.fullmatch(r"\s*[0-9]+\s*", value) or int(value) >= len(self.shared):
                return ("error", "okänd text", formula)
            text = self.shared[int(value)]
            return ("text", text, formula) if text or formula is not None else None
        if kind == "b":
            return ("text", "SANT" if value.strip() in ("1", "true") else "FALSKT", formula)
        if kind == "e":
            return ("error", value[:40], formula)
        try:
            found = Context(prec=15).create_decimal(value.strip())
            good = found.is_finite() and re.fullmatch(r"\s*[+-]?[0-9.]+([eE][+-]?[0-9]+)?\s*", value)
        except InvalidOperation:
            good = None
        return ("number", found, formula) if good else ("error", value[:40], formula)
