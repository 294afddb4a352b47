"""The whole report against the workbook, read once for all the rules that judge it."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from blankettset.validators.filing import Filing
from blankettset.validators.report.decisions import requests, targets
from blankettset.validators.report.prose import read_prose
from blankettset.validators.report.tables import read_tables
from blankettset.validators.report.ties import Knuten
from blankettset.workbook.read.filled import FilledSet
from blankettset.workbook.report.document import Rapport, UnreadableReport

_PERIOD = re.compile(r"\b(?:tertialrapport|tertial|delårsrapport)\s*(?:tertial\s*)?(1|2)\b[^\d]{0,40}((?:19|20)\d\d)|\b(verksamhetsplan|verksamhetsberättelse)\w*\s+(?:för\s+)?((?:19|20)\d\d)", re.IGNORECASE)  # fmt: skip
_NAMES = {"verksamhetsplan": "VP", "verksamhetsberättelse": "VB"}


class Avstamning(msgspec.Struct):
    """What was tied: amounts in prose, figures in tables, decisions; and the sentences with amounts that were not understood."""

    prosa: list[Knuten]
    tabeller: list[Knuten]
    begarda: list[Knuten]
    arsmal: list[Knuten]
    otolkade: list[tuple[str, str]]

    @property
    def all(self) -> list[Knuten]:
        """Everything that was tied."""
        return [*self.prosa, *self.tabeller, *self.begarda, *self.arsmal]

    def as_json(self, report: Rapport) -> dict[str, Any]:
        """The summary of `--json`."""
        tied = self.all
        return {
            "fil": report.namn,
            "sha256": report.sha256,
            "knutna": len(tied),
            "stammer": sum(each.stammer for each in tied),
            "avviker": sum(not each.stammer for each in tied),
            "i_tabeller": len(self.tabeller),
            "otolkade": [{"plats": place, "mening": sentence} for place, sentence in self.otolkade],
            "noter": list(report.noter),
        }


def reading(filing: Filing) -> Avstamning | None:
    """The report of the filing tied to its workbook, worked out once; None when there is no report."""
    if filing.report is None:
        return None
    found: Avstamning | None = filing.memory.get(("rapport", "avstämning"))
    if found is None:
        prose = read_prose(filing.report, filing)
        found = Avstamning(
            prose.knutna, read_tables(filing.report, filing), list(requests(filing.report, filing)),
            list(targets(filing.report, filing)), prose.otolkade,
        )  # fmt: skip
        filing.memory["rapport", "avstämning"] = found
    return found


def require_own(report: Rapport, filled: FilledSet) -> None:
    """UnreadableReport for a report whose first page says another nämnd or another period than the workbook."""
    text = report.beginning(3_000)
    plain = re.sub(r"\s*-\s*", "-", text.casefold())
    own = filled.set.namnder.get(filled.namnd)
    if own is not None and not _names(own.name, plain):
        other = next((n.name for n in filled.set.namnder.values() if _names(n.name, plain) and "nämnd" in plain), None)
        if other is not None:
            raise UnreadableReport(
                f"{report.namn} är en rapport för {other}, men arbetsboken gäller {own.name}. Ta rätt rapport."
            )
    said = _PERIOD.search(text)
    if said is not None:
        period = f"T{said[1]}" if said[1] else _NAMES[said[3].casefold()]
        year = int(said[2] or said[4])
        if (period, year) != (filled.set.period, filled.set.year):
            raise UnreadableReport(
                f"{report.namn} gäller {year}-{period}, men arbetsboken {filled.set.id}. Ta rätt rapport."
            )


def _names(name: str, text: str) -> bool:
    return re.sub(r"\s*-\s*", "-", name.casefold()) in text
