"""Which earlier workbooks a new set may begin with, and which of them a rule means."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from blankettset.templates.carries import I_AR
from blankettset.templates.errors import Refusal
from blankettset.templates.model import PERIODS, Blankettset
from blankettset.workbook.carry.past import Past

PLAN_OF_NAMND = "namnd.VP"


class TooOld(Refusal):
    """An earlier workbook that the new set does not begin with; str() names those it does."""


def origin(blankettset: Blankettset, past: Past) -> str:
    """What the rules call an earlier workbook: T2, VB-1, namnd.VP."""
    return origin_of(blankettset, past.set)


def origin_of(blankettset: Blankettset, earlier: Blankettset) -> str:
    """As origin, of the set that an earlier workbook is."""
    back = blankettset.year - earlier.year
    level = f"{earlier.level}." if earlier.level != blankettset.level else ""
    return f"{level}{earlier.period}" + (f"-{back}" if back else "")


def set_name(blankettset: Blankettset, name: str) -> str:
    """An origin as a reader says it: 2025-VB, or nämndens 2026-VP."""
    level, _, rest = name.rpartition(".")
    period, _, back = rest.partition("-")
    return ("nämndens " if level else "") + f"{blankettset.year - int(back or 0)}-{period}"


def unfit(blankettset: Blankettset, pasts: Sequence[Past]) -> list[Past]:
    """Those that a set like this does not begin with."""
    known = (*blankettset.rolling.first, *blankettset.rolling.also)
    return [past for past in pasts if origin(blankettset, past) not in known]


def require_fit(blankettset: Blankettset, pasts: Sequence[Past]) -> None:
    """TooOld when one is older than what the set begins with."""
    wrong = unfit(blankettset, pasts)
    if wrong:
        first = [set_name(blankettset, name) for name in blankettset.rolling.first]
        also = [set_name(blankettset, name) for name in blankettset.rolling.also]
        more = f", och därtill {_listed(also)}" if also else ""
        raise TooOld(
            f"{_listed([f'{file} ({past.set.id})' for past in wrong for file, _ in past.files])} är för gammal för "
            f"{blankettset.id}, som börjar med {' eller '.join(first)}{more}. Ange den, eller lägg till --lamna-kvar: då förs "
            "bara det vidare som enheter, projekt och mål heter."
        )


def _listed(words: list[str]) -> str:
    return " och ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


class Origins:
    """The earlier workbooks of a new set by what the rules call them."""

    def __init__(self, blankettset: Blankettset, pasts: Sequence[Past]) -> None:
        self.by_name = {origin(blankettset, past): past for past in pasts}
        before = PERIODS[: PERIODS.index(blankettset.period)]
        self.this_year = tuple(reversed(before))

    def of(self, names: tuple[str, ...]) -> Iterator[Past]:
        """The workbooks that are at hand among these, in the order of the rule."""
        for name in names:
            for each in self.this_year if name == I_AR else (name,):
                if each in self.by_name:
                    yield self.by_name[each]
