"""The one way to tell which answer of a list a text gives: for cells, rules and functions, and in Excel's own words.

Spaces around and between words (also no-break ones), zero-width spaces, capitals and the answer's symbol do not matter:
"uppfylls helt" is "● Uppfylls helt". Anything else is another answer, in Python as in a sheet's formula.
"""

from __future__ import annotations

from functools import lru_cache

NO_BREAK, ZERO_WIDTH = "\u00a0", "\u200b"


@lru_cache(maxsize=4096)
def bare(text: str) -> str:
    """The text as answers are compared. Only what Excel's TRIM and the two SUBSTITUTE below take away is taken away."""
    plain = text.replace(NO_BREAK, " ").replace(ZERO_WIDTH, "")
    return " ".join(part for part in plain.split(" ") if part).casefold()


@lru_cache(maxsize=512)
def symbol(label: str) -> str:
    """The sign that stands before an answer's words (●), or nothing."""
    first = label[:1]
    return "" if first.isalnum() or label[1:2] != " " else first


def is_answer(text: str, label: str) -> bool:
    """True when the text gives the answer with this label, with or without its symbol."""
    sign = symbol(label)
    return bare(text.replace(sign, "") if sign else text) == bare(label.replace(sign, "") if sign else label)


def excel_is_answer(place: str, label: str) -> str:
    """The same as a condition in an Excel formula, for a cell or a whole column of them."""
    sign = symbol(label)
    text = f'SUBSTITUTE(SUBSTITUTE({place},_xlfn.UNICHAR({ord(NO_BREAK)})," "),_xlfn.UNICHAR({ord(ZERO_WIDTH)}),"")'
    if sign:
        text = f'SUBSTITUTE({text},"{sign}","")'
    return f'TRIM({text})="{label.replace(sign, "").strip() if sign else label}"'
