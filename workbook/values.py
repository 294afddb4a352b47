"""Numbers and dates as people write them in Swedish, and back. The only place where text becomes Decimal."""

from __future__ import annotations

import datetime
import re
from decimal import Decimal

_SPACES = " \u00a0\u202f\u2009\t"
_MINUS = "\u2212\u2013"
_NUMBER = re.compile(r"^-?(?:\d{1,3}(?: \d{3})+|\d+)(?:[.,]\d+)?$", re.ASCII)
EXCEL_EPOCH = datetime.date(1899, 12, 30)


def parse_number(text: str) -> Decimal | None:
    """The number in `text` (1 956,5 or −4.3), or None when it is not just a number.

    Thousands may be set apart by ordinary, no-break or narrow space, but only in threes; decimal comma or point;
    minus, true minus or en dash. A lone point or comma is always decimal: 1.234 is a little over one.
    """
    cleaned = text.strip(_SPACES)
    for space in _SPACES:
        cleaned = cleaned.replace(space, " ")
    for minus in _MINUS:
        cleaned = cleaned.replace(minus, "-")
    cleaned = re.sub(r"^-\s+", "-", cleaned)
    if not _NUMBER.match(cleaned):
        return None
    return Decimal(cleaned.replace(" ", "").replace(",", "."))


def says_no_figure(text: str) -> bool:
    """True for i.u. (ingen uppgift) as people write it: i.u., I.U, iu."""
    return text.strip(_SPACES).casefold().replace(".", "") == "iu"


def format_number(value: Decimal, decimals: int | None = None) -> str:
    """Swedish figures: 1956.5 becomes "1 956,5" with no-break space and a true minus. None keeps its decimals."""
    if decimals is None:
        value = value.normalize()
        exponent = value.as_tuple().exponent
        decimals = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    text = f"{abs(value):,.{decimals}f}".replace(",", "\u00a0").replace(".", ",")
    negative = value < 0 and any(digit in "123456789" for digit in text)
    return f"\u2212{text}" if negative else text


def plain_number(value: Decimal) -> str:
    """For data files: decimal comma, ASCII minus, no thousands marks, no needless zeros."""
    text = f"{value.normalize():f}"
    return text.replace(".", ",")


def parse_date(text: str) -> datetime.date | None:
    """An ISO date (2024-05-22), or None."""
    try:
        return datetime.date.fromisoformat(text.strip())
    except ValueError:
        return None


def excel_serial(date: datetime.date) -> int:
    """Excel's day number in the 1900 system."""
    return (date - EXCEL_EPOCH).days


def date_from_serial(serial: Decimal, *, date1904: bool = False) -> datetime.date | None:
    """The date of an Excel day number; None outside 1900-03-01..9999-12-31. The time of day is dropped."""
    days = int(serial) + (1462 if date1904 else 0)
    if not 61 <= days <= 2958465:
        return None
    return EXCEL_EPOCH + datetime.timedelta(days=days)
