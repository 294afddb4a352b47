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
    """A place: None means "the same as the cell the formula stands in"; row "*" is every row of a list form."""

    blankett: str | None
    row: str | None
    column: str | None
    where: tuple[str, str] | None = None

    def __str__(self) -> str:
        row = self.row
        if self.where is not None:
            row = f"{row}[{self.where[0]}={self.where[1]}]"
        return ".".join(part for part in (self.blankett, row, self.column) if part is not None)


class Term(msgspec.Struct, frozen=True):
    """`sign` (+1 or -1) times a parameter (if any) times what stands at `ref`."""

    sign: int
    ref: Ref
    parameter: str | None = None


Formula = tuple[Term, ...]

_ID = r"[a-z0-9_]+"
_TERM = re.compile(
    rf"\s*(?P<sign>[+-])?\s*(?:@(?P<parameter>{_ID}(?:\.{_ID})*)\s*\*\s*)?"
    rf"(?P<ref>(?:{_ID}\.)?(?:{_ID}|\*(?:\[{_ID}={_ID}\])?)(?:\.{_ID})?)\s*"
)
_STAR = re.compile(rf"^\*(?:\[(?P<column>{_ID})=(?P<choice>{_ID})\])?$")


def _split(text: str) -> list[str]:
    return re.split(r"\.(?![^\[]*\])", text)


def _ref(text: str, context: Context) -> Ref:
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
            return Ref(None, parts[0], None, where)
        if context == "column":
            return Ref(None, None, parts[0], where)
        raise FormulaError(f"»{text}» ska skrivas rad.kolumn eller blankett.rad.kolumn")
    if len(parts) == 2:
        return Ref(None, parts[0], parts[1], where)
    return Ref(parts[0], parts[1], parts[2], where)


def parse_formula(text: str, context: Context) -> Formula:
    """The terms of `text`; `context` says what a lone id is (a row, a column, or not allowed)."""
    terms: list[Term] = []
    position = 0
    while position < len(text):
        match = _TERM.match(text, position)
        if not match or match.end() == position or (terms and not match["sign"]):
            raise FormulaError(
                f"»{text}» går inte att tolka vid tecken {position + 1}; "
                "en formel är id:n med + och -, högst gånger en parameter (@id *)"
            )
        sign = -1 if match["sign"] == "-" else 1
        terms.append(Term(sign, _ref(match["ref"], context), match["parameter"]))
        position = match.end()
    if not terms:
        raise FormulaError("formeln är tom")
    return tuple(terms)


def parse_reference(text: str) -> Ref:
    """A single place, written rad.kolumn or blankett.rad.kolumn."""
    terms = parse_formula(text, "cell")
    if len(terms) != 1 or terms[0].sign < 0 or terms[0].parameter:
        raise FormulaError(f"»{text}» ska peka på en enda plats")
    return terms[0].ref
