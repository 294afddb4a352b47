"""Shared formulas: Excel stores the text once and lets the other cells point at it; here it is moved to each."""

from __future__ import annotations

import re

from blankettset.workbook.layout.addresses import MAX_COLUMN, MAX_ROW, letters

_TOKEN = re.compile(
    r"(?P<skip>\"(?:[^\"]|\"\")*\"|'(?:[^']|'')*'!?|\[[^\[\]]*\])"
    r"|(?<![\w.$])(?P<cabs>\$?)(?P<col>[A-Za-z]{1,3})(?P<rabs>\$?)(?P<row>\d{1,7})(?![\w(.!])"
    r"|(?<![\w.$])(?P<wcol>\$?[A-Za-z]{1,3}:\$?[A-Za-z]{1,3})(?![\w(.])"
    r"|(?<![\w.$])(?P<wrow>\$?\d{1,7}:\$?\d{1,7})(?![\w(.])"
)


def translate(formula: str, rows: int, columns: int) -> str:
    """The formula as it reads `rows` down and `columns` to the right. A reference off the sheet becomes #REF!."""

    def move(match: re.Match[str]) -> str:
        if match["skip"] is not None:
            return match["skip"]
        if match["wcol"] is not None:
            return ":".join(_column(part, columns) for part in match["wcol"].split(":"))
        if match["wrow"] is not None:
            return ":".join(_row(part, rows) for part in match["wrow"].split(":"))
        column, row = _column(match["cabs"] + match["col"], columns), _row(match["rabs"] + match["row"], rows)
        return "#REF!" if "#REF!" in (column, row) else column + row

    return _TOKEN.sub(move, formula)


def _column(text: str, shift: int) -> str:
    if text.startswith("$"):
        return text
    number = 0
    for letter in text.upper():
        number = number * 26 + ord(letter) - 64
    if not 1 <= number <= MAX_COLUMN:
        return text  # a name, not a column
    return letters(number + shift) if 1 <= number + shift <= MAX_COLUMN else "#REF!"


def _row(text: str, shift: int) -> str:
    if text.startswith("$"):
        return text
    number = int(text) + shift
    return str(number) if 1 <= number <= MAX_ROW else "#REF!"
