"""The text of a formula that somebody handed in: ids for its addresses, what it fetches from elsewhere, when two are one.

Whatever the text is, nothing here fails: what is no address of a cell is left as it stands.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from blankettset.workbook.calc.form_functions import NAMESPACE, STORED
from blankettset.workbook.layout.addresses import parse_address

_STRING = r'"(?:[^"]|"")*+"'
_QUOTED = r"'(?:[^']|'')*+'"
_SHEET = rf"(?:{_QUOTED}|(?:\[[^\[\]]*+\])?[\w.]++(?::[\w.]++)?|\#REF)!"
_CELL = r"\$?[A-Za-z]{1,3}\$?[0-9]{1,7}"
_TOKEN = re.compile(
    rf"(?P<string>{_STRING})"
    rf"|(?P<ref>(?P<sheet>{_SHEET})?(?P<start>{_CELL})(?::(?P<end>{_CELL}))?)(?![\w.(\[!?\\])"
    r"|[\w.\\?]*+\[(?:'.|[^\[\]']|\[(?:'.|[^\[\]'])*+\])*+\]"  # a table's column, also one that is called A1
    rf"|{_QUOTED}|[\w.\\?$]++",  # a word is taken whole, so that none of it is an address
)
Identify = Callable[[str | None, int, int], str | None]
IdentifyRange = Callable[[str | None, tuple[int, int], tuple[int, int]], str | None]


def _place(text: str) -> tuple[int, int] | None:
    try:
        return parse_address(text.replace("$", "").upper())
    except ValueError:
        return None  # column ÅÄÖ or beyond the last one: a name


def _sheet(text: str | None) -> str | None:
    if text is None:
        return None
    name = text[:-1]
    return name[1:-1].replace("''", "'") if name.startswith("'") else name


def with_ids(formula: str, identify: Identify, identify_range: IdentifyRange) -> str:
    """A handed-in formula with ids for the addresses that are known; all else stays as it is."""

    def replace(match: re.Match[str]) -> str:
        start = _place(match["start"]) if match["ref"] is not None else None
        if start is None:
            return match[0]
        if match["end"] is None:
            return identify(_sheet(match["sheet"]), *start) or match[0]
        end = _place(match["end"])
        found = identify_range(_sheet(match["sheet"]), start, end) if end is not None else None
        return found or match[0]

    return _TOKEN.sub(replace, formula.removeprefix("="))


def references(formula: str) -> Iterator[tuple[str | None, tuple[int, int], tuple[int, int]]]:
    """The sheet (None: the formula's own), first and last cell of every reference in a formula."""
    for match in _TOKEN.finditer(formula):
        start = _place(match["start"]) if match["ref"] is not None else None
        end = _place(match["end"]) if start is not None and match["end"] is not None else start
        if start is not None and end is not None:
            yield _sheet(match["sheet"]), start, end


# ---- the same formula

# Another add-in or another Excel may put its own path, book or mark before the stored name of our function; Excel shows @.
_OWN = rf"@?(?:{_QUOTED}!|\[[^\[\]]*+\]!?|(?<![\w.])[\w.]++!)?(?:_xl(?:fn|ws|l|udf)\.)*+(?:{STORED}|{NAMESPACE}[._])(?=[A-Z_]++\()"
_PIECE = re.compile(
    rf"(?P<kept>{_STRING})|(?P<away>{_OWN}|_xlfn\.|\s++)|(?P<id>\[[^\[\]]*+\]|{_QUOTED})", re.IGNORECASE
)


def same_formula(one: str, other: str) -> bool:
    """True for the same formula; spaces and capitals outside strings and ids do not matter."""
    return one == other or _normal(one) == _normal(other)


@lru_cache(maxsize=4096)
def _normal(formula: str) -> str:
    pieces, at = [], 0
    for match in _PIECE.finditer(formula):
        pieces += [formula[at : match.start()].upper(), "" if match["away"] is not None else match[0]]
        at = match.end()
    return "".join([*pieces, formula[at:].upper()])


# ---- what it fetches

_BOOK = r"\.(?:xl\w{1,3}|ods|csv|txt)"
# A hostile formula makes none of these slow: what is tried from one place is never tried again from the next.
_EXTERNAL = re.compile(
    rf"\[(?:[0-9]+|[^\[\]]+{_BOOK})\][^'\[\]\"!]*+'?!|'[^'\[\]]*{_BOOK}'!|(?<![\w.])[\w.]*{_BOOK}!",
    re.IGNORECASE,
)
_PROGRAM = re.compile(r"(?<!\w)\w+\|(?:'[^']+'|\w+)!|(?<![\w.])(?:RTD|WEBSERVICE|CUBE\w{1,20})\(", re.IGNORECASE)
_SIGNS = ("[", "|", ".xl", ".XL", "RTD(", "WEBS", "CUBE")  # a stored formula without any of these fetches nothing
_TEXTS = re.compile(_STRING)
_OWN_PREFIX = re.compile(_OWN, re.IGNORECASE)


def fetches(formula: str) -> str | None:
    """ "external_link" for a formula that reads another workbook, "dde" for one that asks another program, else None.

    Our own functions are no links, whatever add-in's path stands before their names.
    """
    for sign in _SIGNS:
        if sign in formula:
            break
    else:
        return None
    bare = _OWN_PREFIX.sub("", _TEXTS.sub('""', formula))
    return "external_link" if _EXTERNAL.search(bare) else "dde" if _PROGRAM.search(bare) else None
