"""A finding: what is wrong, where, with which figures, and what to do about it."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any

import msgspec

from blankettset.workbook.calc.values import format_number, rounded

Figure = Decimal | str | None
QUOTED = 60  # signs of a cell's own text that a message repeats
_CITED = re.compile(rf"»([^»]{{{QUOTED + 1},}})»")
_BOUND = 120  # signs of what was found or expected


class Severity(StrEnum):
    """Only fel stops submission; a varning is repaired or explained; an upplysning asks for nothing."""

    FEL = "fel"
    VARNING = "varning"
    UPPLYSNING = "upplysning"

    @property
    def rank(self) -> int:
        """0 for the most serious."""
        return list(Severity).index(self)


class Wait(msgspec.Struct, frozen=True):
    """What waits for a cause to be put right: the hits at these places (None: anywhere) of these codes (empty: all)."""

    form: str | None = None
    row: str | None = None
    column: str | None = None
    codes: frozenset[str] = frozenset()

    def holds(self, code: str, hit: Hit) -> bool:
        """True when the hit only follows from the cause."""
        return (
            (not self.codes or code in self.codes)
            and self.form in (None, hit.form)
            and self.row in (None, hit.row)
            and self.column in (None, hit.column)
        )


class Hit(msgspec.Struct, frozen=True):
    """What a rule yields; the runner adds the code and the severity of the period.

    `text` is a Swedish sentence that says where, what and what was expected; `action` says what to do. Control
    characters are taken out of every text and long quotations are cut, whatever stands in the workbook.
    `many` says what several such hits on a sheet are called, with {n} for their number; else the rule's own words.
    `cells` are further cells of the same hit, `related` those that it is compared with, both as Blad!A1.
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
    guess: bool = False  # `expected` is only what may be meant: nothing is reckoned with it
    item: str = ""  # in a list form, what the row is about: its key text
    many: str = ""
    cells: tuple[str, ...] = ()
    waits: tuple[Wait, ...] = ()  # what follows from this and is not said until it is put right

    def __post_init__(self) -> None:
        for name in ("text", "action", "found", "expected", "item"):
            value = getattr(self, name)
            if isinstance(value, str) and value:
                tidy = clean(value)
                if name in ("found", "expected"):
                    tidy = cut(tidy, _BOUND)
                elif name != "item":
                    tidy = _CITED.sub(lambda cited: f"»{cut(cited[1])}»", tidy)
                if tidy != value:
                    msgspec.structs.force_setattr(self, name, tidy)

    @property
    def place(self) -> str | None:
        """Blad!A1; None for a hit at no cell."""
        return f"{self.sheet}!{self.cell}" if self.sheet and self.cell else None


class Finding(msgspec.Struct, frozen=True):
    """A hit with its rule's code and severity, and the explanation that the nämnd has given of these figures.

    `parts` are the hits that a finding stands for when it stands for several; `hit` then sums them up and points at
    the first. A finding `on_trial` has no effect on submission (its severity is upplysning) and would weigh `weight`.
    """

    code: str
    severity: Severity
    hit: Hit
    explanation: str | None = None
    parts: tuple[Hit, ...] = ()
    bound: str = ""  # what an explanation of the code on the whole form is bound to, when the parts are several
    prov: bool = False
    weight: Severity | None = None

    @property
    def hits(self) -> tuple[Hit, ...]:
        """The hits that the finding stands for, one or several."""
        return self.parts or (self.hit,)

    @property
    def slag(self) -> str:
        """The word that is shown: fel, varning, upplysning, förklarad, prov."""
        return "förklarad" if self.explanation is not None else "prov" if self.prov else str(self.severity)

    @property
    def siffror(self) -> str:
        """What an explanation is bound to: the figures, such as "0,7 mot 2,8".

        Rows of a list change places. Where no number tells one row from another, what the row is about is bound too.
        """
        return self.bound or siffror(self.hit)

    @property
    def figures(self) -> str:
        """What was found and expected alone."""
        return figures(self.hit)

    @property
    def place(self) -> tuple[str, str, str, str]:
        """Code, form, row and column: where an explanation belongs. Of several: code and form alone."""
        if self.parts:
            return (self.code, self.hit.form or "", "", "")
        return (self.code, self.hit.form or "", self.hit.row or "", self.hit.column or "")

    @property
    def celler(self) -> tuple[str, ...]:
        """The cells that the finding is about, as Blad!A1: its places, and further cells of the same mistake."""
        named = [place for hit in self.hits for place in (hit.place, *hit.cells) if place]
        return tuple(dict.fromkeys(named))

    @property
    def said(self) -> str:
        """What is done about it: the remedy, or the explanation that has been given."""
        return self.hit.action if self.explanation is None else f"Förklaring: {self.explanation}"

    @property
    def kind(self) -> str:
        """The word for how serious it is, and for one on trial what it would weigh."""
        return f"prov (räknas inte ännu; skulle vara {self.weight})" if self.prov and self.weight else self.slag

    def lines(self, most: int | None = None) -> list[str]:
        """Each place in a sentence, when there are several: cell, what is wrong there, and its own remedy."""
        shown = [
            f"{hit.cell or hit.sheet or ''}: {hit.text}" + (f" {hit.action}" if hit.action != self.hit.action else "")
            for hit in self.parts[:most]
        ]
        left = len(self.parts) - len(shown)
        return [*shown, f"… och {left} till."] if left else shown

    def as_json(self) -> dict[str, Any]:
        """The contract's keys; numbers as JSON numbers, what is unknown as null.

        `celler` are all its cells, first its own and then those it is compared with; `platser` stands there when the
        finding sums up several, with each one's own words.
        """
        hit = self.hit
        related = [cell for each in self.hits for cell in each.related]
        found: dict[str, Any] = {
            "kod": self.code,
            "allvar": str(self.severity),
            "blankett": hit.form,
            "blad": hit.sheet,
            "cell": hit.cell,
            "rad": hit.row,
            "kolumn": hit.column,
            "funnet": plain(hit.found),
            "forvantat": plain(hit.expected),
            "tolerans": plain(hit.tolerance),
            "text": hit.text,
            "atgard": hit.action,
            "siffror": self.siffror,
            "celler": list(dict.fromkeys([*self.celler, *related])),
            "prov": self.prov,
        }
        if self.prov:
            found["skarp_allvar"] = str(self.weight or self.severity)
        if self.parts:
            found["platser"] = [
                {"blad": each.sheet, "cell": each.cell, "rad": each.row, "kolumn": each.column, "funnet": plain(each.found),
                 "forvantat": plain(each.expected), "text": each.text, "atgard": each.action}
                for each in self.parts
            ]  # fmt: skip
        found["forklaras_med"] = dict(zip(("kod", "blankett", "rad", "kolumn"), self.place, strict=True))
        if self.explanation is not None:
            found["forklaring"] = self.explanation
        return found


def siffror(hit: Hit) -> str:
    """The figures of one hit, with what the row is about where no number tells it from another."""
    said = figures(hit)
    if not hit.item or isinstance(hit.found, Decimal) or isinstance(hit.expected, Decimal):
        return said
    return f"{hit.item}: {said}" if said else hit.item


def figures(hit: Hit) -> str:
    """What was found and expected alone."""
    found, expected = (show(figure, hit.decimals) for figure in (hit.found, hit.expected))
    return f"{found or 'tomt'} mot {expected}" if expected else found


def bound_to(hits: tuple[Hit, ...]) -> str:
    """What an explanation of several hits is bound to: their number and a sum of all their figures, in any order."""
    if len(hits) == 1:
        return siffror(hits[0])
    lines = sorted(
        "\x1f".join((hit.form or "", "" if hit.item else hit.row or "", hit.column or "", siffror(hit))) for hit in hits
    )
    digest = hashlib.sha256("\x1e".join(lines).encode()).hexdigest()
    return f"{len(hits)} ställen, {digest[:8]}"


def clean(text: str) -> str:
    """The text without control and other invisible characters; a line break or tab becomes a space."""
    if text.isprintable():
        return text
    kept = (
        "" if unicodedata.category(sign) in ("Cf", "Cs", "Co", "Cn") else
        " " if unicodedata.category(sign) in ("Cc", "Zl", "Zp") else sign
        for sign in text
    )  # fmt: skip
    return re.sub(r" {2,}", " ", "".join(kept)).strip()


def cut(text: str, signs: int = QUOTED) -> str:
    """At most this many signs of a text."""
    return text if len(text) <= signs else text[: signs - 1].rstrip() + "…"


def quoted(text: object) -> str:
    """A cell's own text in a message: »början av texten…», never longer than a line."""
    plain_text = clean(str(text if text is not None else "")).replace("»", '"')
    return f"»{cut(plain_text)}»"


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


def plain(figure: Figure) -> float | int | str | None:
    """A figure as JSON holds it."""
    if not isinstance(figure, Decimal):
        return figure
    return int(figure) if figure == figure.to_integral_value() else float(figure)


Severities = Severity | Mapping[str, Severity]
