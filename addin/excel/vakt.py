"""What may be asked of the server's two doors, checked before xlwings sees it: one Swedish sentence for all else.

xlwings answers a wrong call with an English text or an internal error, and a call without a workbook by trying to open
Excel on the server. So a call gets no further than here unless it is one that our own pages could have made.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from blankettset.addin.excel.formelfunktioner import MAX_CELLS, TOO_MANY, WRONG
from blankettset.workbook.calc.values import MAX_TEXT, text_length

FUNCTION_CALL, SCRIPT_CALL = "/xlwings/custom-functions-call", "/xlwings/custom-scripts-call/"
MAX_DEPTH = 6
NEEDED = ("client", "version", "culture_info_name", "date_format", "runtime")  # of a function call, for xlwings
SCALARS = (str, int, float, bool, type(None))
BROKEN = "Anropet kom inte fram helt. Läs in tillägget på nytt och försök igen."


class Refused(Exception):
    """A call that gets no further: its status and what is answered."""

    def __init__(self, status: int, text: str, kind: str = "text/plain; charset=utf-8") -> None:
        super().__init__(text)
        self.status, self.text, self.kind = status, text, kind


def is_call(method: str, path: str) -> bool:
    """True for a request to one of the two doors."""
    return method == "POST" and (path.endswith(FUNCTION_CALL) or SCRIPT_CALL in path)


def checked(path: str, body: bytes, functions: Mapping[str, tuple[int, int]], scripts: Mapping[str, int]) -> bytes:
    """The body of a call that may be made; Refused otherwise.

    `functions` has the least and most arguments of each function, `scripts` the most of each script.
    """
    call = _parsed(body)
    if path.endswith(FUNCTION_CALL):
        _require_function(call, functions)
    else:
        _require_script(path.rpartition(SCRIPT_CALL)[2], call, scripts)
    if b"\\ud" in body.lower():  # half a character that no text can hold
        return json.dumps(call, ensure_ascii=False).encode("utf-8", "replace")
    return body


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        call = json.loads(body.decode("utf-8"), parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise Refused(400, BROKEN) from None
    if not isinstance(call, dict):
        raise Refused(400, BROKEN)
    return call


def _no_number(text: str) -> Any:
    raise ValueError(text)


def _require_function(call: dict[str, Any], functions: Mapping[str, tuple[int, int]]) -> None:
    name, args = call.get("func_name"), call.get("args")
    if not isinstance(name, str) or name not in functions:
        raise Refused(404, f"Funktionen finns inte. Det finns {', '.join(functions)}.")
    if (
        not isinstance(args, list)
        or call.get("client") != "Office.js"
        or not all(isinstance(call.get(key), str) for key in NEEDED)
    ):
        raise Refused(400, BROKEN)
    if not all(isinstance(value, SCALARS) for key, value in call.items() if key != "args"):
        raise Refused(400, BROKEN)
    least, most = functions[name]
    if not least <= len(args) <= most:
        wanted = str(least) if least == most else f"{least}–{most}"
        raise Refused(400, f"{name} tar {wanted} argument men fick {len(args)}.")
    ranges = [_rows(arg) for arg in args]
    if sum(sum(map(len, rows)) for rows in ranges) > MAX_CELLS:
        raise Refused(200, json.dumps({"result": [[f"{WRONG} {TOO_MANY}"]]}), "application/json")
    for rows in ranges:
        _require_cells(rows)


def _rows(arg: Any) -> list[list[Any]]:
    """An argument as rows: one cell, or a range."""
    rows = arg if isinstance(arg, list) else [[arg]]
    if not rows or not all(isinstance(row, list) and row for row in rows):
        raise Refused(400, BROKEN)
    return rows


def _require_cells(rows: list[list[Any]]) -> None:
    for row in rows:
        if len(row) != len(rows[0]) or not all(isinstance(cell, SCALARS) for cell in row):
            raise Refused(400, BROKEN)
        if any(isinstance(cell, str) and text_length(cell) > MAX_TEXT for cell in row):
            raise Refused(400, "En text är längre än de 32 767 tecken som en cell rymmer.")


def _require_script(name: str, call: dict[str, Any], scripts: Mapping[str, int]) -> None:
    if name not in scripts:
        raise Refused(404, "Tjänsten finns inte.")
    args, sheets, book = call.get("args", []), call.get("sheets"), call.get("book")
    if not (isinstance(args, list) and isinstance(sheets, list) and isinstance(book, dict)):
        raise Refused(400, BROKEN)
    if call.get("client") != "Office.js" or not isinstance(call.get("version"), str):
        raise Refused(400, BROKEN)
    if not isinstance(call.get("names", []), list) or not all(map(_is_sheet, sheets)):
        raise Refused(400, BROKEN)
    if not isinstance(book.get("name"), str) or not isinstance(book.get("active_sheet_index"), int):
        raise Refused(400, BROKEN)
    if len(args) > scripts[name] or not all(_is_shallow(each, MAX_DEPTH) for each in (args, book)):
        raise Refused(400, BROKEN)


def _is_sheet(sheet: Any) -> bool:
    if (
        not isinstance(sheet, dict)
        or not isinstance(sheet.get("name"), str)
        or not isinstance(sheet.get("values"), list)
    ):
        return False
    rows = sheet["values"]
    return all(isinstance(row, list) and all(isinstance(cell, SCALARS) for cell in row) for row in rows)


def _is_shallow(value: Any, left: int) -> bool:
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list):
        return True
    return left > 0 and all(_is_shallow(each, left - 1) for each in value)
