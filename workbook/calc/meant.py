"""What number a text in a number's place may mean. Only proposals: nothing is ever put in a cell's place."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

from blankettset.workbook.calc.values import is_held, parse_number

_UNITS = r"(?:mnkr|tkr|kr|kronor|miljoner|milj|tusen|st|procent|%|platser|personer|barn)"
_AROUND = re.compile(rf"^(?:ca|cirka|c:a|~|≈|\+|>|<)?\s*(?P<tal>.*?)\s*{_UNITS}?\.?$", re.IGNORECASE)
_THREES = re.compile(r"^[-−–]?\d{1,3}[.,]\d{3}$")
_HIDDEN = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff"))


def is_ambiguous(text: str) -> bool:
    """True for a point and exactly three figures (1.052 is a thousand or a little over one), and for 25,000.

    1,052 is none: that is how a figure with three decimals is written here.
    """
    said = text.strip()
    return _in_threes(said) and ("." in said or said.endswith("0"))


def _in_threes(said: str) -> bool:
    return _THREES.match(said) is not None and not said.lstrip("-−–").startswith("0")


def both(text: str) -> tuple[Decimal, Decimal]:
    """The two readings of an ambiguous text: the sign between thousands, and before decimals."""
    said = text.strip().replace("−", "-").replace("–", "-")
    return Decimal(re.sub(r"[.,]", "", said)), Decimal(said.replace(",", "."))


def readings(text: str) -> tuple[Decimal, ...]:
    """The numbers that a text may mean, the likeliest first; none for what says no number.

    Taken away are units, "ca", signs that cannot be seen and a leading plus; (5,2) and 5,2- are negative; 5,27E+01 is a
    power of ten. A lone point or comma before exactly three figures gives two readings.
    """
    found = _AROUND.match(text.translate(_HIDDEN).strip())
    said = found["tal"].strip() if found else ""
    negative = False
    if len(said) > 2 and said[0] == "(" and said[-1] == ")":
        said, negative = said[1:-1].strip(), True
    elif len(said) > 1 and said[-1] in "-−–":
        said, negative = said[:-1].strip(), True
    number = parse_number(said)
    if number is None and re.fullmatch(r"[-−]?\d+(?:[.,]\d+)?[eE][-+]?\d{1,2}", said):
        number = _power(said)
    if number is None:
        return ()
    figures = both(said) if _in_threes(said) else (number,)
    return tuple(-figure if negative else figure for figure in figures)


def _power(text: str) -> Decimal | None:
    try:
        number = Decimal(text.replace(",", ".").replace("−", "-"))
    except InvalidOperation:
        return None
    return number if is_held(number) else None
