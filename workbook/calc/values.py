"""Numbers and dates as people write them in Swedish, and back. The only place where text becomes Decimal."""

from __future__ import annotations

import datetime
import re
from decimal import ROUND_HALF_EVEN, Context, Decimal

_SPACES = " \u00a0\u202f\u2009\t"
_MINUS = "\u2212\u2013"
_NUMBER = re.compile(r"^-?(?:\d{1,3}(?: \d{3})+|\d+)(?:[.,]\d+)?$", re.ASCII)
_DATE = re.compile(r"^\d{4}-\d{2}-\d{2}$", re.ASCII)
_UNSTORABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ROUNDING = Context(prec=5_000)  # room for every digit that can come of figures that have passed the door
EXCEL_EPOCH = datetime.date(1899, 12, 30)
FIRST_DATE = datetime.date(1900, 3, 1)  # before it Excel counts a day that never was
LARGEST = Decimal(10) ** 15  # an amount is below this; Excel holds 15 digits
SMALLEST = Decimal(10) ** -15  # what is nearer to zero is what binary arithmetic has left over
DIGITS = 15
MAX_TEXT = 32_767  # what a cell holds, in UTF-16 units, as Excel counts
TOO_LARGE = "är större än 999 biljoner eller har fler än 15 siffror, vilket en cell inte rymmer"


def parse_number(text: str) -> Decimal | None:
    """The number in `text` (1 956,5 or −4.3), or None when it is not just a number.

    Thousands may be set apart by ordinary, no-break or narrow space, but only in threes; decimal comma or point;
    minus, true minus or en dash. A lone point or comma is always decimal: 1.234 is a little over one. None also for
    what a cell cannot hold, see is_too_large.
    """
    number = _as_number(text)
    return None if number is None or not is_held(number) else number


def is_too_large(text: str) -> bool:
    """True for a number that is one, but that a cell cannot hold: from 10^15, or with more than 15 digits."""
    number = _as_number(text)
    return number is not None and not is_held(number)


def is_held(number: Decimal) -> bool:
    """True for a number that Excel holds exactly and that an amount can be."""
    return abs(number) < LARGEST and len(number.normalize(_ROUNDING).as_tuple().digits) <= DIGITS


def rounded(value: Decimal, places: int, how: str = ROUND_HALF_EVEN) -> Decimal:
    """`value` with so many decimals, however large it is: Decimal's own rounding refuses more than 28 digits."""
    return value.quantize(Decimal(1).scaleb(-places), how, _ROUNDING)


def _as_number(text: str) -> Decimal | None:
    if len(text) > 4_000:
        return None
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
        value = value.normalize(_ROUNDING)
        exponent = value.as_tuple().exponent
        decimals = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    text = f"{abs(value):,.{decimals}f}".replace(",", "\u00a0").replace(".", ",")
    negative = value < 0 and any(digit in "123456789" for digit in text)
    return f"\u2212{text}" if negative else text


def plain_number(value: Decimal) -> str:
    """For data files: decimal comma, ASCII minus, no thousands marks, no needless zeros."""
    text = f"{value.normalize(_ROUNDING):f}"
    return text.replace(".", ",")


def parse_date(text: str) -> datetime.date | None:
    """A date written 2024-05-22, from the first that Excel counts right (1900-03-01), or None."""
    if not _DATE.match(text.strip()):
        return None
    try:
        found = datetime.date.fromisoformat(text.strip())
    except ValueError:
        return None
    return found if found >= FIRST_DATE else None


def text_length(text: str) -> int:
    """How many characters Excel counts: one outside the basic plane, such as an emoji, counts as two."""
    return len(text) + sum(character > "\uffff" for character in text)


def fitting_text(text: str) -> str:
    """As much of the text as a cell holds."""
    if len(text) <= MAX_TEXT // 2 or text_length(text) <= MAX_TEXT:
        return text
    raw = text.encode("utf-16-le", "surrogatepass")[: 2 * MAX_TEXT]
    return raw.decode("utf-16-le", "ignore")


def storable(text: str) -> str:
    """The text without the characters that no file can hold: controls, halves of a pair and the like."""
    return _UNSTORABLE.sub("", text)


def excel_serial(date: datetime.date) -> int:
    """Excel's day number in the 1900 system."""
    return (date - EXCEL_EPOCH).days


def date_from_serial(serial: Decimal, *, date1904: bool = False) -> datetime.date | None:
    """The date of an Excel day number; None outside 1900-03-01..9999-12-31. The time of day is dropped."""
    days = int(serial) + (1462 if date1904 else 0)
    if not 61 <= days <= 2958465:
        return None
    return EXCEL_EPOCH + datetime.timedelta(days=days)
