"""Which cell styles show a number as something else than it is: percent, thousands, a date, or nothing at all."""

from __future__ import annotations

import re

from blankettset.workbook.xlsx.raw import MAX_DEPTH, TOO_DEEP, Refused

BUILT_IN = {"9": "procent", "10": "procent"} | dict.fromkeys(
    ("14", "15", "16", "17", "18", "19", "20", "21", "22", "45", "46", "47"), "datum"
)
MAX_STYLES = 70_000  # Excel itself has at most 64,000
_LITERAL = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE)


def format_kind(code: str) -> str | None:
    """procent, tusental, datum or dolt for a number format (its English code); None for one that shows the number."""
    if code.casefold() in ("general", "standard", "@", ""):
        return None
    plain = _LITERAL.sub("", code)
    if not plain.replace(";", "").strip():
        return "dolt"
    first = plain.split(";")[0]
    if "%" in first:
        return "procent"
    if re.search(r"[0#?],+(?![0#?,])", first):
        return "tusental"
    return (
        "datum"
        if re.search(r"[ymdhs]", re.sub(r"general|e[+-]", "", first, flags=re.IGNORECASE), re.IGNORECASE)
        else None
    )


class StylesHandler:
    """Collects `kinds`: style number as cells state it -> kind of its format, where it is no plain one."""

    def __init__(self) -> None:
        self.kinds: dict[str, str] = {}
        self._codes: dict[str, str | None] = {}
        self._inside = False
        self._number = self._depth = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise Refused(TOO_DEEP)
        tag = tag.rpartition(":")[2]
        if tag == "cellXfs":
            self._inside = True
        elif tag == "xf" and self._inside and self._number < MAX_STYLES:
            format_ = attributes.get("numFmtId", "0")
            kind = self._codes[format_] if format_ in self._codes else BUILT_IN.get(format_)
            if kind is not None:
                self.kinds[str(self._number)] = kind
            self._number += 1
        elif tag == "numFmt" and len(self._codes) < MAX_STYLES:
            self._codes[attributes.get("numFmtId", "")] = format_kind(attributes.get("formatCode", "")[:500])

    def end(self, tag: str) -> None:
        """An element ends."""
        self._depth -= 1
        if tag.rpartition(":")[2] == "cellXfs":
            self._inside = False
