"""A1 addresses and (row, column) pairs, both counted from 1."""

from __future__ import annotations

import re
from functools import lru_cache

MAX_ROW, MAX_COLUMN = 1_048_576, 16_384
_ADDRESS = re.compile(r"^([A-Z]{1,3})([1-9][0-9]{0,6})$")


@lru_cache(maxsize=1024)
def letters(column: int) -> str:
    """1 is A, 27 is AA."""
    text = ""
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text


def address(row: int, column: int) -> str:
    """(7, 2) is B7."""
    return f"{letters(column)}{row}"


def parse_address(text: str) -> tuple[int, int]:
    """B7 is (7, 2). ValueError for anything that is no address within Excel's sheet."""
    match = _ADDRESS.match(text)
    if not match:
        raise ValueError(text)
    column = 0
    for letter in match[1]:
        column = column * 26 + ord(letter) - 64
    row = int(match[2])
    if row > MAX_ROW or column > MAX_COLUMN:
        raise ValueError(text)
    return row, column
