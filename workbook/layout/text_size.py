"""How much room a text takes in Arial, in Excel's measures. Files hold row heights as numbers and no program tells them.

Widths are those of Arial's glyphs (public in Helvetica's metrics, which Arial follows), in thousandths of the size. A
text is broken as Excel and LibreOffice do: at spaces and after hyphens, a longer word where the line ends.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache

_GLYPHS = {
    191: "'", 222: "ijl|", 278: " !,./:;I[\\]ft\u00a0", 333: "()-r`·\u2019", 355: '"', 389: "*", 500: "cJksvxyz",
    556: "#$0123456789?L_abdeghnopquåäöéü«»\u2013", 584: "+<=>~\u2212", 611: "FTZ", 667: "&ABEKPSVXYÅÄÉ",
    722: "CDHNRUwÜ", 778: "GOQÖ", 833: "mM", 889: "%", 944: "W", 1000: "—…",
}  # fmt: skip
_WIDTHS = {glyph: width for width, glyphs in _GLYPHS.items() for glyph in glyphs}
_OTHER = 1000  # a glyph that is not listed: symbols such as ● and ◆ come from wider fonts
_UNIT = 525  # one unit of column width: a figure of Arial 10 is 7 pixels wide on the screen, its size 13 1/3
_BOLD = 1.09
_ROOM = 535  # a wrapped line gets a little more: LibreOffice and Excel's print lay figures out at their true width
_INDENT = 1.4  # units for each step of indent
_WORDS = re.compile(r"[^\s-]*-+|[^\s-]+|\s+")
LINE, SPARE, MAX_ROW_HEIGHT = 12.9, 4.0, 409.0  # points, at size 10


@lru_cache(maxsize=65536)
def _ems(word: str) -> int:
    return sum(_WIDTHS.get(glyph, _OTHER) for glyph in word)


def text_width(text: str, *, size: float = 10, bold: bool = False) -> float:
    """The width of a text on one line, in units of column width."""
    return _ems(text) / _UNIT * (size / 10) * (_BOLD if bold else 1)


def longest_word(text: str, *, bold: bool = False) -> float:
    """The width of the longest part that is not broken between lines."""
    return max((text_width(word, bold=bold) for word in _WORDS.findall(text)), default=0.0)


def text_lines(text: str, width: float, *, size: float = 10, bold: bool = False, indent: int = 0) -> int:
    """How many lines a wrapped text takes in a column of this width."""
    room = max(width - _INDENT * indent, 3.0) * _ROOM / (size / 10) / (_BOLD if bold else 1)
    return sum(_wrapped(part, room) for part in text.split("\n"))


def _wrapped(text: str, room: float) -> int:
    if len(text) * _OTHER <= room or _ems(text) <= room:
        return 1
    lines, used = 1, 0.0
    for word in _WORDS.findall(text):
        long = _ems(word)
        if word.isspace() or used + long <= room:
            used += long
        elif long <= room:
            lines, used = lines + 1, long
        else:
            more = math.ceil(long / room)
            lines, used = lines + more - (0 if used else 1), long - (more - 1) * room
    return lines


def row_height(lines: int, size: float = 10) -> float:
    """The height in points of a row with so many lines; Excel allows no higher than 409."""
    return min(MAX_ROW_HEIGHT, SPARE + LINE * size / 10 * lines)
