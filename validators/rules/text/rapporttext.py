"""BF7xx: what the report's own text says, against its figures."""

from __future__ import annotations

import re
from collections.abc import Iterator

from blankettset.validators.filing import Filing
from blankettset.validators.finding import Hit, Severity
from blankettset.validators.registry import rule
from blankettset.validators.rules.mal.rader import INDICATORS, lines, status_of
from blankettset.workbook.calc.status import HELT

_REACH = r"(?:nås|nå|uppnås|uppnå|uppfylls|uppfyllas)"
# "Målet om 70 % uppnås inte", "delvis kommer att uppnås vid årets slut": the words that the reports use of a missed target
MISSED = re.compile(
    rf"\bmål\w*[^.!?]{{0,60}}?\b{_REACH}\b[^.!?]{{0,20}}?\b(?:inte|ej|delvis)\b|\b(?:inte|ej|delvis)\b[^.!?]{{0,25}}?\b{_REACH}\b",
    re.IGNORECASE,
)


@rule(
    "BF701",
    title="Analysen säger detsamma som siffrorna",
    many="{n} analyser säger att målet missas fast siffrorna når det",
    severity=Severity.VARNING,
    source="Orden för ett mål som missas: »nås delvis», »uppnås inte» (000:404, 000:450, 003:556, 003:560)",
)
def the_analysis_says_what_the_figures_say(filing: Filing) -> Iterator[Hit]:
    """BF701: En indikator som enligt siffrorna når målet har ingen analys som säger att det missas.

    Givet en indikator vars status, egen eller föreslagen, är ● Uppfylls helt
    När analysen säger att målet inte nås eller bara delvis nås
    Så varnas det: antingen prognosen eller texten är fel.
    Exempel: Prognosen är 70 mot årsmålet 70, men analysen säger »Målet om 70 % uppnås inte».
    """
    for line in lines(filing, INDICATORS):
        said = MISSED.search(line.text("analys")) if status_of(line) == HELT else None
        if said is None:
            continue
        value = line.text("prognos_helar") or line.text("periodens_utfall")
        target = line.text("arsmal") or line.text("kf_arsmal")
        words = " ".join(said[0].split())
        yield filing.at(
            (INDICATORS, line.row, "analys"),
            f"analysen säger »{words}», men {value} mot årsmålet {target} ger att målet nås.",
            "Rätta prognosen eller texten, eller välj status och motivera den.",
            found=words,
            expected=f"{value} mot {target}",
            follows_from_here=False,
        )
