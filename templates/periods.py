"""Which sets there are: a rule for each period and level, not a list of years. What documents show is named beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from blankettset.templates.errors import UnknownSet
from blankettset.templates.model import PERIODS, Blankettset, Namnd, Source

FIRST_YEAR, LAST_YEAR = 2019, 2099
_SET = re.compile(r"^(?P<year>20\d\d)-(?P<period>VP|T1|T2|VB)$")
LEVEL_NAMES: Mapping[str, str] = {"namnd": "nämnder", "enhet": "enheter"}


class PeriodRule(msgspec.Struct, frozen=True):
    """A period of a level. `report_date` is month and day; `after` says which documents sets without one are made after."""

    period: str
    level: str
    report_date: str
    title: str
    after: str


class SetInfo(msgspec.Struct, frozen=True):
    """What is known of a set before its forms are bound. `documented`: a document prints it; otherwise it is by analogy."""

    id: str
    level: str
    year: int
    period: str
    report_date: str
    title: str
    source: Source
    documented: bool
    after: str


class Periods:
    """The sets that can be made, from the content of blankettset.yaml."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        rules = msgspec.convert(document["perioder"], list[PeriodRule])
        self.rules = {(rule.period, rule.level): rule for rule in rules}
        self.shown = {(raw["id"], raw["level"]): msgspec.convert(raw["source"], Source) for raw in document["belagda"]}
        self.tried = [(raw["id"], raw["level"]) for raw in (*document["belagda"], *document["provade"])]

    def info(self, set_id: str, level: str) -> SetInfo:
        """What is known of a set; UnknownSet, with what can be made, for one that is none."""
        match = _SET.match(set_id)
        rule = self.rules.get((match["period"], level)) if match else None
        if match is None or rule is None or not FIRST_YEAR <= int(match["year"]) <= LAST_YEAR:
            raise UnknownSet(
                f"Blankettsetet »{set_id}» finns inte för {LEVEL_NAMES.get(level, level)}. Skriv år och period, från {FIRST_YEAR}: "
                f"{', '.join(f'ÅÅÅÅ-{period}' for period in PERIODS)}, till exempel 2024-T1; »blankett ny --lista» visar dem."
            )
        year = match["year"]
        source = self.shown.get((set_id, level))
        checked = max(each.checked_on for each in self.shown.values())
        return SetInfo(
            set_id,
            level,
            int(year),
            rule.period,
            f"{year}-{rule.report_date}",
            rule.title.replace("{ar}", year),
            source or Source("analogi", checked, note=f"Ej belagd: {rule.after}"),
            source is not None,
            rule.after,
        )

    def every(self, last_year: int) -> Iterator[SetInfo]:
        """Every set up to a year, in the order of time; a nämnd's before its units'."""
        for year in range(FIRST_YEAR, last_year + 1):
            for period in PERIODS:
                for level in LEVEL_NAMES:
                    if (period, level) in self.rules:
                        yield self.info(f"{year}-{period}", level)


def hands_in(namnd: Namnd, info: SetInfo | Blankettset) -> bool:
    """True when the nämnd reports the set: it exists on the report date, or begins in the year of a plan (its own plan for
    the rest of the year)."""
    return namnd.exists_on(info.report_date) or begins_within(namnd, info)


def begins_within(namnd: Namnd, info: SetInfo | Blankettset) -> bool:
    """True for the plan of a nämnd that begins after the plan's day but in its year."""
    return info.period == "VP" and info.report_date < namnd.valid_from <= f"{info.year}-12-31"
