"""Values that become another when the period turns, and the conditions of the definitions."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

from blankettset.templates.carries import BLANK, OWN, Test
from blankettset.templates.formula import WrittenFormula
from blankettset.templates.model import Blankettset
from blankettset.workbook.calc.evaluate import Value
from blankettset.workbook.layout.start import PERIOD_TEXT

MONTHS = ("jan", "feb", "mar", "apr", "maj", "jun", "jul", "aug", "sep", "okt", "nov", "dec")
Word = Callable[[str], Value]  # what stands in a column of the row


def turned_period(value: Value, blankettset: Blankettset) -> str | None:
    """An indicator's period in the new set: from the earlier text, or from how often it is measured (tertial, halvar, ar)."""
    often = how_often(value)
    if often is None:
        return None
    if often == "ar":
        return str(blankettset.year)
    if often == "halvar" and blankettset.period != "VB":
        return f"Halvår 1 {blankettset.year}"
    return PERIOD_TEXT.get(blankettset.period, "{ar}").replace("{ar}", str(blankettset.year))


def how_often(value: Value) -> str | None:
    """Tertial, halvar or ar, from "Tertial 1 2024", "VB 2024", "2024" or the word itself; None for anything else."""
    text = str(value or "").strip().casefold()
    if text.startswith(("tertial", "vb")):
        return "tertial"
    if text.startswith("halv"):
        return "halvar"
    return "ar" if text in ("ar", "år") or re.fullmatch(r"\d{4}", text) else None


def reported(column: str, value: Value, report_date: str) -> bool:
    """True for a month that had passed on the report date and has a figure; i.u. is asked for again."""
    month = MONTHS.index(column) + 1 if column in MONTHS else 0
    return 0 < month <= int(report_date[5:7]) and isinstance(value, Decimal)


def holds(tests: tuple[Test, ...], word: Word, *, own: bool) -> bool:
    """True when every test does; `own` says whether the row belongs to a goal of the nämnd's own."""
    return all(own if test.column == OWN else _holds(test, word) for test in tests)


def _holds(test: Test, word: Word) -> bool:
    value = word(test.column)
    if test.how in ("=", "!="):
        text = BLANK if value in (None, "") else str(value).strip()
        return (text in test.words) == (test.how == "=")
    if isinstance(test.than, str):
        left: Decimal | str | None = value if isinstance(value, str) else None
        right: Decimal | str = test.than
    else:
        left, right = value if isinstance(value, Decimal) else None, _sum(test.than or (), word)
    if left is None:
        return False
    return left < right if test.how == "<" else left > right  # type: ignore[operator]


def _sum(formula: WrittenFormula, word: Word) -> Decimal:
    figures = ((term.sign, word(term.ref.column or "")) for term in formula)
    return sum((sign * figure for sign, figure in figures if isinstance(figure, Decimal)), Decimal(0))
