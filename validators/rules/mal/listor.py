"""BF327: what every activity needs when the year is over."""

from __future__ import annotations

from collections.abc import Iterator

from blankettset.validators.filing import Filing
from blankettset.validators.finding import Hit, Severity
from blankettset.validators.registry import rule
from blankettset.validators.rules.mal.rader import ACTIVITIES, lines


@rule(
    "BF327",
    title="Aktiviteterna har en status i bokslutet",
    many="{n} aktiviteter saknar status",
    severity=Severity.VARNING,
    source="Kolumnen Status, 003:271: i verksamhetsberättelsen sägs om aktiviteten blev av",
    prov=True,
)
def activities_have_a_status_at_the_end(filing: Filing) -> Iterator[Hit]:
    """BF327: I verksamhetsberättelsen har varje aktivitet en status.

    Givet en aktivitet i VB
    När statusen är tom
    Så varnas det. I tertialrapporterna behöver inte alla aktiviteter bedömas.
    Exempel: Aktiviteten »Öppna en ny parklek» har inget i kolumnen Status i bokslutet.
    """
    if filing.set.period != "VB":
        return
    for line in lines(filing, ACTIVITIES):
        key = (ACTIVITIES, line.row, "status")
        if "status" in line.columns and not line.text("status") and key not in filing.blamed:
            yield filing.at(key, "aktiviteten har ingen status.", "Välj status.", found="tomt", follows_from_here=False)
