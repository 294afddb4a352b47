"""Figures in running text: 7,9 %, drygt 40 mnkr, 78–79 procent, fem. The digits are read by the one parser of values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

import msgspec

from blankettset.validators.text.monster import Ordlistor
from blankettset.workbook.calc.values import parse_number

WORDS = {
    word: Decimal(number)
    for number, words in enumerate(
        ("noll", "", "två", "tre", "fyra", "fem", "sex", "sju", "åtta", "nio", "tio", "elva", "tolv", "tretton", "fjorton",
         "femton", "sexton", "sjutton", "arton", "nitton", "tjugo")
    )
    for word in words.split() if word
}  # fmt: skip
WORDS |= {"trettio": Decimal(30), "fyrtio": Decimal(40), "femtio": Decimal(50), "sextio": Decimal(60)}
SCALE = {"mdkr": Decimal(1000), "mnkr": Decimal(1), "tkr": Decimal("0.001"), "kr": Decimal("0.000001")}
_DIGITS = r"\d{1,3}(?:[ \u00a0\u202f\u2009]\d{3})+(?:,\d+)?(?!\d)|\d+(?:[.,]\d+)?"


class Tal(msgspec.Struct, frozen=True):
    """A figure as a text gives it. `low` and `high` are how far off a value may be and still be what the text says.

    `enhet` is the unit's one name, None when none is written. `ordet`: written as a word. `minus`: with a sign of its own.
    """

    text: str
    start: int
    end: int
    tal: Decimal
    low: Decimal | None
    high: Decimal | None
    enhet: str | None
    decimaler: int
    ordet: bool = False
    minus: bool = False
    exact: bool = True

    @property
    def mnkr(self) -> Decimal | None:
        """The amount in mnkr; None for what is no amount."""
        return self.tal * SCALE[self.enhet] if self.enhet in SCALE else None

    def agrees(self, value: Decimal, decimaler: int | None = None, *, scale: Decimal = Decimal(1)) -> bool:
        """True when the text may mean `value`, each read with the decimals that it has.

        `scale` turns the text's figure into the value's unit.
        """
        half = Decimal(1).scaleb(-(_decimals(value) if decimaler is None else decimaler)) / 2
        low = None if self.low is None else self.low * scale
        high = None if self.high is None else self.high * scale
        own = Decimal(1).scaleb(-self.decimaler) / 2 * scale
        if self.exact and half == own:
            return value == self.tal * scale
        slack = half if half > own else Decimal(0)  # the coarser of the two decides
        return (low is None or value >= low - slack) and (high is None or value <= high + slack)


def _decimals(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


class Talsokare:
    """Finds the figures of a text with the words of the lists."""

    def __init__(self, words: Ordlistor) -> None:
        units = "|".join(sorted((re.escape(unit) for unit in words.units), key=len, reverse=True))
        hedges = {h: "|".join(re.escape(w) for w in sorted(words.lists[h], key=len, reverse=True)) for h in HEDGES}
        before = "|".join(rf"(?P<{name}>{alternatives})" for name, alternatives in hedges.items())
        numbers = "|".join(WORDS)
        numbers += rf"|(?:en|ett)(?=\s+av\s+(?:de\s+|våra\s+|nämndens\s+)?(?:{numbers}|\d))"
        self.units = words.units
        self.pattern = re.compile(
            rf"(?:(?<!\w)(?:{before})\s+)?"
            rf"(?:(?:(?P<minus>(?<![\w)\]%])[-\u2212\u2013])|(?<![\w.,:§/\-\u2212\u2013]))(?P<tal>{_DIGITS})"
            rf"(?:\s?[-\u2013\u2014]\s?(?P<till>{_DIGITS})(?=\s*(?:{units})(?!\w)))?|(?<!\w)(?P<ord>{numbers})(?!\w))"
            rf"(?:[ \u00a0\u202f]?(?P<enhet>{units})(?![\w/]))?",
            re.IGNORECASE,
        )

    def find(self, text: str) -> Iterator[Tal]:
        """The figures of a text, in order. Years, dates, numbers of goals, sections and the like are no figures."""
        for match in self.pattern.finditer(text):
            after = text[match.end() : match.end() + 12]
            if match["ord"]:
                number: Decimal | None = WORDS.get(match["ord"].casefold(), Decimal(1))
                digits = match["ord"]
            else:
                digits = match["tal"]
                number = parse_number(digits)
                if self._is_no_figure(match, digits, after):
                    continue
            if number is None:
                continue
            if match["minst"] and _CARRIED.search(text[: match.start()]):  # förde över 35,2 mnkr: no hedge
                match = self.pattern.match(text, match.start("tal")) or match
            unit = self.units.get(match["enhet"].casefold()) if match["enhet"] else None
            minus = bool(match["minus"]) and not match["ord"]
            if minus:
                number = -number
            yield self._figure(match, digits, number, unit, minus)

    def _is_no_figure(self, match: re.Match[str], digits: str, after: str) -> bool:
        if match["enhet"]:
            return False
        if is_year(digits):
            return True
        if re.match(r"[.:/\-\u2013]\d|:e\b|:a\b", after) or re.match(r"-?(?:års|åring|tal\b)", after):
            return True
        return bool(re.match(r"\s*(?:§|kap\b)", after)) or (
            len(digits) > 1 and digits.startswith("0") and digits.isdigit()
        )

    def _figure(self, match: re.Match[str], digits: str, number: Decimal, unit: str | None, minus: bool) -> Tal:
        decimals = len(re.split(r"[.,]", digits)[1]) if re.search(r"[.,]\d", digits) else 0
        half = Decimal(1).scaleb(-decimals) / 2
        low: Decimal | None = number - half
        high: Decimal | None = number + half
        step = _last_place(number, decimals)
        hedge = next((name for name in HEDGES if match[name]), "")
        exact = not hedge and not match["ord"] and not match["till"]
        if match["till"]:
            end = parse_number(match["till"])
            high = high if end is None else end + half
        elif hedge == "drygt":
            low, high = number, number + step
        elif hedge == "knappt":
            low, high = number - step, number
        elif hedge == "cirka":
            low, high = number - max(step, abs(number) / 20), number + max(step, abs(number) / 20)
        elif hedge == "minst":
            low, high = number, None
        elif hedge == "hogst":
            low, high = None, number
        return Tal(
            match[0], match.start(), match.end(), number, low, high, unit, decimals, bool(match["ord"]), minus, exact
        )


_CARRIED = re.compile(r"(?:för\w*|överför\w*|flytta\w*|tar|tog|ta)\s+$", re.IGNORECASE)
HEDGES = ("drygt", "knappt", "cirka", "minst", "hogst")


def is_year(digits: str) -> bool:
    """True for 1990 to 2059 written as a year."""
    return bool(re.fullmatch(r"(?:199|20[0-5])\d", digits))


def _last_place(number: Decimal, decimals: int) -> Decimal:
    """The weight of the last figure that says something: 0,1 for 7,9, 10 for 50, 100 for 1 900."""
    if decimals or not number:
        return Decimal(1).scaleb(-decimals)
    digits = str(abs(int(number)))
    return Decimal(10) ** (len(digits) - len(digits.rstrip("0")))
