"""The one formula language of the definitions: a sum of ids with signs, at most times a dated parameter.

    budget + begarda_justeringar - prognos            columns of the same row
    nycklade + @resultatenhet.max_andel * brutto      a term times a parameter
    summa.avvikelse + fond.avvikelse                  rad.kolumn, in a formula for one cell
    resultatenheter.summa.resultat                    blankett.rad.kolumn
    projekt.*[grupp=park].budget                      all rows of a list form (where a column holds a choice)

Parsed once; Excel text, evaluation and the sentence in the docs come from the same terms.
"""

from __future__ import annotations

import re
from typing import Literal

import msgspec

Context = Literal["row", "column", "cell"]


class FormulaError(ValueError):
    """The text is no formula; str() says why, in Swedish."""


class Ref(msgspec.Struct, frozen=True):
    """A place in a set. Row "*" is every row of a list form, with `where` those that hold a choice; ITEM its own row."""

    blankett: str
    row: str
    column: str
    where: tuple[str, str] | None = None

    def __str__(self) -> str:
        return _shown(self)


class Term(msgspec.Struct, frozen=True):
    """`sign` (+1 or -1) times a parameter (if any) times what stands at `ref`."""

    sign: int
    ref: Ref
    parameter: str | None = None


Formula = tuple[Term, ...]


class Written(msgspec.Struct, frozen=True):
    """A place as a definition writes it: None means "the same as the cell that the formula stands in"."""

    blankett: str | None
    row: str | None
    column: str | None
    where: tuple[str, str] | None = None

    def at(self, blankett: str, row: str, column: str) -> Ref:
        """The place, seen from a cell."""
        return Ref(self.blankett or blankett, self.row or row, self.column or column, self.where)

    def __str__(self) -> str:
        return _shown(self)


class WrittenTerm(msgspec.Struct, frozen=True):
    """A term as a definition writes it."""

    sign: int
    ref: Written
    parameter: str | None = None

    def at(self, blankett: str, row: str, column: str) -> Term:
        """The term, seen from a cell."""
        return Term(self.sign, self.ref.at(blankett, row, column), self.parameter)


WrittenFormula = tuple[WrittenTerm, ...]


def _shown(place: Ref | Written) -> str:
    row = f"{place.row}[{place.where[0]}={place.where[1]}]" if place.where is not None else place.row
    return ".".join(part for part in (place.blankett, row, place.column) if part is not None)


_ID = r"[a-z0-9_]+"
_TERM = re.compile(
    rf"\s*(?P<sign>[+-])?\s*(?:@(?P<parameter>{_ID}(?:\.{_ID})*)\s*\*\s*)?"
    rf"(?P<ref>(?:{_ID}\.)?(?:{_ID}|\*(?:\[{_ID}={_ID}\])?)(?:\.{_ID})?)\s*"
)
_STAR = re.compile(rf"^\*(?:\[(?P<column>{_ID})=(?P<choice>{_ID})\])?$")


def _split(text: str) -> list[str]:
    return re.split(r"\.(?![^\[]*\])", text)


def _ref(text: str, context: Context) -> Written:
    parts = _split(text)
    where = None
    for i, part in enumerate(parts):
        star = _STAR.match(part)
        if star:
            parts[i] = "*"
            if star["column"]:
                where = (star["column"], star["choice"])
    if len(parts) == 1:
        if context == "row":
            return Written(None, parts[0], None, where)
        if context == "column":
            return Written(None, None, parts[0], where)
        raise FormulaError(f"»{text}» ska skrivas rad.kolumn eller blankett.rad.kolumn")
    if len(parts) == 2:
        return Written(None, parts[0], parts[1], where)
    return Written(parts[0], parts[1], parts[2], where)


def parse_formula(text: str, context: Context) -> WrittenFormula:
    """The terms of `text`; `context` says what a lone id is (a row, a column, or not allowed)."""
    terms: list[WrittenTerm] = []
    position = 0
    while position < len(text):
        match = _TERM.match(text, position)
        if not match or match.end() == position or (terms and not match["sign"]):
            raise FormulaError(
                f"»{text}» går inte att tolka vid tecken {position + 1}; "
                "en formel är id:n med + och -, högst gånger en parameter (@id *)"
            )
        sign = -1 if match["sign"] == "-" else 1
        terms.append(WrittenTerm(sign, _ref(match["ref"], context), match["parameter"]))
        position = match.end()
    if not terms:
        raise FormulaError("formeln är tom")
    return tuple(terms)
