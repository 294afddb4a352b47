"""What a stored text says: numbers, dates, escaped characters and addresses."""

from __future__ import annotations

import datetime
import re
from decimal import Context, Decimal, InvalidOperation

from blankettset.workbook.layout.addresses import MAX_COLUMN

_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_CONTEXT = Context(prec=15)
_DAY_ZERO = datetime.date(1899, 12, 30)
_NUMBER = re.compile(r"^[ \t\r\n]*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?[ \t\r\n]*$", re.ASCII)


def number(text: str) -> Decimal | None:
    """The stored number at Excel's own precision: 0.30000000000000004 is 0.3. None for NaN, inf and nonsense."""
    if len(text) > 60 or not _NUMBER.match(text):
        return None
    try:
        number = _CONTEXT.create_decimal(text.strip())
    except InvalidOperation:
        return None
    if not number.is_finite() or (number and not -400 < number.adjusted() < 400):
        return None
    return number


def iso_serial(text: str, *, date1904: bool = False) -> Decimal | None:
    """Excel's day number, in the workbook's own date system, of an ISO date or time; None for anything else.

    A time alone is a part of a day. Excel has no time zones: what stands after the time is left out.
    """
    shown = text.strip().removeprefix("T")
    try:
        moment = datetime.datetime.fromisoformat(shown).replace(tzinfo=None)
    except ValueError:
        try:
            moment = datetime.datetime.combine(_DAY_ZERO, datetime.time.fromisoformat(shown).replace(tzinfo=None))
        except ValueError:
            return None
        date1904 = False
    delta = moment - datetime.datetime.combine(_DAY_ZERO, datetime.time())
    part = Decimal(delta.seconds * 1_000_000 + delta.microseconds) / 86_400_000_000
    return Decimal(delta.days - (1462 if date1904 else 0)) + part.quantize(Decimal("0.0000000001"))


def unescaped(text: str) -> str:
    """Stored text as Excel shows it: _x000D_ is the character it names."""
    if "_x" in text:
        text = _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


COLUMNS: dict[str, int] = {}  # letters as cells have written them, within the sheet


def fast_address(text: str) -> tuple[int, int] | None:
    """(row, column) of an address, bounds not yet checked; letters are looked up once each."""
    letters = text.rstrip("0123456789")
    digits = text[len(letters) :]
    column = COLUMNS.get(letters)
    if column is None:
        if not 1 <= len(letters) <= 4 or not letters.isascii() or not letters.isalpha():
            return None
        column = 0
        for letter in letters.upper():
            column = column * 26 + ord(letter) - 64
        if column <= MAX_COLUMN:
            COLUMNS[letters] = column
    if not digits or len(digits) > 9:
        return None
    return int(digits), column
