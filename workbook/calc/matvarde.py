"""Indicator values as plans and reports print them: one parser and one formatter for every shape.

The shapes were counted in five public documents (plans and reports of 2019, 2021 and 2024): 1 956,5 st, 0,8 %,
+/- 1 %, 16,3 barn/avd., Max 10 personer, Ökning, Tas fram av nämnd, Fastställs 2021, i.u. and "-". What fits none of
them is kept as text and can be reported; nothing is guessed.
"""

from __future__ import annotations

import re
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache

import msgspec

from blankettset.workbook.calc.values import format_number, parse_number


class Slag(StrEnum):
    """What kind of value it is."""

    TAL = "tal"  # a figure, with or without unit
    BAND = "band"  # +/- 1 %: at most so far from zero
    TAK = "tak"  # Max 10 personer: at most
    OKA = "oka"  # more than before
    MINSKA = "minska"  # less than before
    NAMND = "namnd"  # Tas fram av nämnd: the city states no target
    SENARE = "senare"  # Fastställs 2021: stated later
    UPPGIFT_SAKNAS = "uppgift_saknas"  # i.u.
    INGET = "inget"  # "-": no target or no measurement
    TEXT = "text"  # none of these, kept as it stands


class Matvarde(msgspec.Struct, frozen=True):
    """A value. `tal` is the figure of tal, band and tak in `enhet` (None: no unit printed); `text` is as printed.

    `decimaler` are those printed, so that 3,0 is not shown as 3. `nar` is the year or tertial of SENARE.
    """

    slag: Slag
    text: str
    tal: Decimal | None = None
    enhet: str | None = None
    decimaler: int = 0
    nar: str | None = None

    @property
    def procent(self) -> bool:
        """True for a share printed with a percent sign."""
        return self.enhet is not None and self.enhet.startswith("%")


_FIGURE = r"(?P<tal>[-\u2212\u2013]?\s?\d[\d \u00a0\u202f\u2009]*(?:[.,]\d+)?)"
_NUMBER = re.compile(rf"^{_FIGURE}\s*(?P<enhet>.*)$", re.DOTALL)
_BAND = re.compile(rf"^(?:\+\s?/\s?[-\u2212\u2013]|±)\s*{_FIGURE}\s*(?P<enhet>.*)$", re.DOTALL)
_CEILING = re.compile(rf"^(?:max|högst)\.?\s+{_FIGURE}\s*(?P<enhet>.*)$", re.IGNORECASE | re.DOTALL)
_LATER = re.compile(r"^fastställs (?P<nar>\d{4}|(?:t|tertial )[12](?: \d{4})?|vb(?: \d{4})?)$")
UP = frozenset({"öka", "ökar", "ökning", "ska öka"})
DOWN = frozenset({"minska", "minskar", "minskning", "ska minska"})
_NO_FIGURE = {"i.u.", "i.u", "iu", "ingen uppgift", "uppgift saknas"}
_DASHES = {"-", "\u2212", "\u2013", "\u2014"}
_NAMND = re.compile(r"^tas fram av nämnd(?:en)?(?:/ ?styrelse)?$")

# As printed, spaces and capitals aside -> the unit's one name. A row's own unit is known beside these.
UNITS = {
    "%": "%", "procent": "%", "st": "st", "tkr": "tkr", "mnkr": "mnkr", "mkr": "mnkr", "kr": "kr",
    "kr/mån": "kr/mån", "tkr/mån": "tkr/mån", "tkrpermånad": "tkr/mån", "gwh": "GWh", "barn/avd": "barn/avd.", "personer": "personer", "kgco2perkglivsmedel": "kg CO2 per kg livsmedel",
    "kgcoperkglivsmedel": "kg CO2 per kg livsmedel",
}  # fmt: skip
_RELATIVE = re.compile(r"^% energieffektivisering relativt (\d{4})$")


@lru_cache(maxsize=8192)
def tolka(text: str, egen_enhet: str = "") -> Matvarde | None:
    """The value that the text prints, or None for a blank one. Broken words of a PDF ("person er") are allowed in units.

    `egen_enhet` is the unit that the indicator states, which may be any word. A figure followed by words that are no
    known unit is TEXT: "12 av 14" is not twelve.
    """
    shown = " ".join(text.replace("\u00a0", " ").replace("\u202f", " ").replace("\u2009", " ").split())
    if not shown:
        return None
    low = shown.casefold()
    if shown in _DASHES:
        return Matvarde(Slag.INGET, shown)
    if low in _NO_FIGURE:
        return Matvarde(Slag.UPPGIFT_SAKNAS, shown)
    if low in UP:
        return Matvarde(Slag.OKA, shown)
    if low in DOWN:
        return Matvarde(Slag.MINSKA, shown)
    if _NAMND.match(_joined_styrelse(low)):
        return Matvarde(Slag.NAMND, shown)
    if later := _LATER.match(_unbroken(low)):
        return Matvarde(Slag.SENARE, shown, nar=later["nar"])
    for kind, pattern in ((Slag.BAND, _BAND), (Slag.TAK, _CEILING), (Slag.TAL, _NUMBER)):
        match = pattern.match(shown)
        if match is None:
            continue
        number, unit = parse_number(match["tal"]), enhetens_namn(match["enhet"], egen_enhet)
        if number is None or unit is None:
            break
        return Matvarde(kind, shown, number, unit or None, _decimals(match["tal"]))
    return Matvarde(Slag.TEXT, shown)


def skriv(value: Matvarde | None) -> str:
    """The value as we print it: "1 956,5 st", "± 1 %", "Max 10 personer"; nothing for None. tolka() reads it back."""
    if value is None:
        return ""
    if value.tal is not None:
        front = {Slag.BAND: "+/- ", Slag.TAK: "Max "}.get(value.slag, "")
        return f"{front}{format_number(value.tal, value.decimaler)}" + (f" {value.enhet}" if value.enhet else "")
    words = {Slag.OKA: "Ökning", Slag.MINSKA: "Minskning", Slag.NAMND: "Tas fram av nämnd", Slag.INGET: "-",
             Slag.UPPGIFT_SAKNAS: "i.u.", Slag.SENARE: f"Fastställs {value.nar}"}  # fmt: skip
    return words.get(value.slag, value.text)


def enhetens_namn(text: str, egen: str = "") -> str | None:
    """The unit's one name, "" for none, None for what is neither a known unit nor the row's own."""
    if not text.strip():
        return ""
    if relative := _RELATIVE.match(text):
        return f"% energieffektivisering relativt {relative[1]}"
    found = UNITS.get(_joined(text))
    return egen.strip() if found is None and egen.strip() and _joined(text) == _joined(egen) else found


def _joined(text: str) -> str:
    return "".join(text.replace("\u2082", "2").split()).casefold().rstrip(".")


def _decimals(figure: str) -> int:
    return len(re.split(r"[.,]", figure)[1]) if re.search(r"[.,]", figure) else 0


def _unbroken(text: str) -> str:
    """ "faststäl ls 2024" and "faststälts 2024" as the word they are."""
    head, _, tail = text.rpartition(" ")
    joined = head.replace(" ", "")
    return f"fastställs {tail}" if joined in ("fastställs", "fastställt", "faststälts", "fastställes") else text


def _joined_styrelse(text: str) -> str:
    head, slash, tail = text.partition("/")
    return head.rstrip() + slash + tail.replace(" ", "") if slash else text
