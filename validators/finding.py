"""A finding: what is wrong, where, with which figures, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any

import msgspec

from blankettset.workbook.calc.values import format_number, rounded

Figure = Decimal | str | None


class Severity(StrEnum):
    """Only fel stops submission; a varning is repaired or explained; an upplysning asks for nothing."""

    FEL = "fel"
    VARNING = "varning"
    UPPLYSNING = "upplysning"

    @property
    def rank(self) -> int:
        """0 for the most serious."""
        return list(Severity).index(self)


class Hit(msgspec.Struct, frozen=True):
    """What a rule yields; the runner adds the code and the severity of the period.

    `text` is a Swedish sentence that says where, what and what was expected; `action` says what to do.
    """

    text: str
    action: str
    form: str | None = None
    sheet: str | None = None
    cell: str | None = None
    row: str | None = None
    column: str | None = None
    found: Figure = None
    expected: Figure = None
    tolerance: Decimal | None = None
    related: tuple[str, ...] = ()
    severity: Severity | None = None
    decimals: int = 0
    follows_from_here: bool = True  # the cell itself is wrong, and `expected` is what it should hold
    item: str = ""  # in a list form, what the row is about: its key text


class Finding(msgspec.Struct, frozen=True):
    """A hit with its rule's code and severity, and the explanation that the nämnd has given of these figures."""

    code: str
    severity: Severity
    hit: Hit
    explanation: str | None = None

    @property
    def siffror(self) -> str:
        """What an explanation is bound to: the figures, such as "0,7 mot 2,8".

        Rows of a list change places. Where no number tells one row from another, what the row is about is bound too.
        """
        if not self.hit.item or isinstance(self.hit.found, Decimal) or isinstance(self.hit.expected, Decimal):
            return self.figures
        return f"{self.hit.item}: {self.figures}" if self.figures else self.hit.item

    @property
    def figures(self) -> str:
        """What was found and expected alone."""
        found, expected = (show(figure, self.hit.decimals) for figure in (self.hit.found, self.hit.expected))
        return f"{found or 'tomt'} mot {expected}" if expected else found

    @property
    def place(self) -> tuple[str, str, str, str]:
        """Code, form, row and column: where an explanation belongs."""
        return (self.code, self.hit.form or "", self.hit.row or "", self.hit.column or "")

    def as_json(self) -> dict[str, Any]:
        """The contract's keys; numbers as JSON numbers, what is unknown as null."""
        hit = self.hit
        found: dict[str, Any] = {
            "kod": self.code,
            "allvar": str(self.severity),
            "blankett": hit.form,
            "blad": hit.sheet,
            "cell": hit.cell,
            "rad": hit.row,
            "kolumn": hit.column,
            "funnet": _plain(hit.found),
            "forvantat": _plain(hit.expected),
            "tolerans": _plain(hit.tolerance),
            "text": hit.text,
            "atgard": hit.action,
            "siffror": self.siffror,
            "celler": list(hit.related),
        }
        if self.explanation is not None:
            found["forklaring"] = self.explanation
        return found


def show(figure: Figure, decimals: int = 0) -> str:
    """A figure as people write it: at least `decimals` and at most three decimals, nothing for None."""
    if figure is None:
        return ""
    if isinstance(figure, str):
        return figure
    shown = rounded(figure, 3)
    exact = shown.normalize().as_tuple().exponent
    places = max(decimals, -exact if isinstance(exact, int) else 0)
    return format_number(shown, places).replace("\u00a0", " ")


def _plain(figure: Figure) -> float | int | str | None:
    if not isinstance(figure, Decimal):
        return figure
    return int(figure) if figure == figure.to_integral_value() else float(figure)


Severities = Severity | Mapping[str, Severity]
