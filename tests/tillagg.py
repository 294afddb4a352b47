"""The open workbook as Excel's add-in would send it, from a saved file: xlwings' payload and the pane's formulas."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from openpyxl.worksheet.formula import ArrayFormula
from openpyxl.worksheet.worksheet import Worksheet

VISIBILITY = {"visible": "Visible", "hidden": "Hidden", "veryHidden": "VeryHidden"}


def payload(path: Path) -> dict[str, Any]:
    book = load_workbook(path, data_only=True)
    sheets = []
    for sheet in book.worksheets:
        values = _to_the_last(sheet)
        sheets.append({"name": sheet.title, "visibility": VISIBILITY[sheet.sheet_state], "values": values,
                       "pictures": [], "tables": [], "notes": [], "shapes": [], "charts": [], "pivot_tables": []})  # fmt: skip
    info = {"name": path.name, "active_sheet_index": 0, "selection": "A1", "calculation": "Automatic"}
    return {"client": "Office.js", "version": "0.37.8", "book": info, "names": [], "sheets": sheets}


def _to_the_last(sheet: Worksheet) -> list[list[Any]]:
    """The values from A1 to the last row and column that hold anything: formats alone are not sent."""
    used = [(cell.row, cell.column) for row in sheet.iter_rows() for cell in row if cell.value is not None]
    rows, columns = (max(each) for each in zip(*used, strict=True)) if used else (1, 1)
    return [[_value(value) for value in row] for row in sheet.iter_rows(1, rows, 1, columns, values_only=True)]


def _value(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, datetime.datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return value


def formulas(path: Path) -> dict[str, list[list[Any]]]:
    found: dict[str, list[list[Any]]] = {}
    for sheet in load_workbook(path).worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                text = cell.value.text if isinstance(cell.value, ArrayFormula) else cell.value
                if cell.data_type == "f" and isinstance(text, str):
                    shown = text.replace("_xlfn.", "")  # Excel's own text has no such mark
                    found.setdefault(sheet.title, []).append([cell.row, cell.column, shown])
    return found
