"""BF327-BF328: what every row of a list needs, and what may stand there once."""

from __future__ import annotations

from collections.abc import Iterator

from blankettset.templates.model import Type
from blankettset.validators.filing import Filing
from blankettset.validators.finding import Hit, Severity, quoted
from blankettset.validators.registry import rule
from blankettset.validators.rules.mal.rader import ACTIVITIES, GOALS, INDICATORS, UNIT_GOALS, lines, plain

JUDGED_ELSEWHERE = (
    GOALS,
    UNIT_GOALS,
    INDICATORS,
    ACTIVITIES,
    "budgetjusteringar_drift",
    "budgetjusteringar_investering",
)


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


@rule(
    "BF328",
    title="Samma enhet eller projekt står en gång",
    many="{n} rader står två gånger",
    severity=Severity.VARNING,
    source="Ren ordning: en rad som står två gånger räknas två gånger i summan",
    prov=True,
)
def no_unit_or_project_stands_twice(filing: Filing) -> Iterator[Hit]:
    """BF328: En resultatenhet, ett projekt eller en lokal står på en rad i sin lista.

    Givet en lista med summarad
    När två rader har samma namn (och samma svar i kolumner med svarslista)
    Så varnas det: beloppen räknas annars två gånger.
    Exempel: Pilträdet Servicehus står både på rad 3 och rad 6.
    """
    for form in filing.judged():
        definition = form.form
        if not definition.is_list or definition.key is None or definition.id in JUDGED_ELSEWHERE:
            continue
        if not definition.total_columns:
            continue
        told = [definition.key, *(c.id for c in definition.columns if c.type in (Type.VAL, Type.JANEJ))]
        first: dict[tuple[str, ...], str] = {}
        for row in form.items:
            said = tuple(plain(str(filing.filled.facts.get((definition.id, row, column)) or "")) for column in told)
            if said[0] and said in first:
                name = filing.filled.facts[definition.id, row, definition.key]
                yield filing.at(
                    (definition.id, row, definition.key),
                    f"{quoted(name)} står redan på rad {first[said]}.",
                    "Ta bort den ena raden, eller skriv vad som skiljer dem i namnet.",
                    found=f"rad {first[said]}",
                    related=((definition.id, first[said], definition.key),),
                    follows_from_here=False,
                )
            first.setdefault(said, row)
