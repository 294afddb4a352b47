"""BF716: how much of a deviation the amounts of its explanation account for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from blankettset.templates.model import MONEY_SCALE
from blankettset.validators.filing import Filing
from blankettset.validators.finding import Hit, Severity, show
from blankettset.validators.registry import rule
from blankettset.validators.rules.mal.rader import lines
from blankettset.validators.text.lasare import lasare
from blankettset.workbook.calc.values import parse_number

EXPLANATIONS = "forklaringar"
_FIGURES = re.compile(r"(?P<funnet>[-\u2212]?[\d \u00a0]+(?:,\d+)?) mot (?P<vantat>[-\u2212]?[\d \u00a0]+(?:,\d+)?)$")


@rule(
    "BF716",
    title="Förklaringens belopp räcker till avvikelsen",
    many="{n} förklaringar har belopp som inte räcker till avvikelsen",
    severity=Severity.UPPLYSNING,
    source="Vad en controller frågar först om en förklaring; parametern rimlighet.forklaring_andel (gissning)",
    prov=True,
)
def the_amounts_of_an_explanation_account_for_the_deviation(filing: Filing) -> Iterator[Hit]:
    """BF716: Beloppen i en förklaring är tillsammans ungefär den avvikelse som den förklarar.

    Givet en förklaring av en varning med två belopp (»4,0 mot 9,0»), som själv anger minst ett belopp i kronor
    När förklaringens belopp tillsammans är en mindre eller större del av skillnaden än den beslutade
    Så upplyses det med hur stor del de står för. Belopp som är siffrorna själva, eller deras skillnad, räknas inte.
    Exempel: Skillnaden är 5,0 mnkr men förklaringen nämner bara »två nya placeringar, 1,2 mnkr».
    """
    reader = lasare(filing.set)
    share = filing.set.parameter("rimlighet.forklaring_andel")
    for line in lines(filing, EXPLANATIONS):
        figures = _FIGURES.search(line.text("siffror"))
        form = filing.set.blanketter.get(line.text("blankett"))
        if figures is None or form is None or form.unit not in MONEY_SCALE:
            continue
        found, expected = parse_number(figures["funnet"]), parse_number(figures["vantat"])
        if found is None or expected is None or found == expected:
            continue
        scale = Decimal(MONEY_SCALE["mnkr"]) / MONEY_SCALE[form.unit]
        known = {abs(found), abs(expected), abs(found - expected)}
        amounts = [
            abs(figure.mnkr) * scale
            for sentence in reader.sentences(line.text("forklaring"))
            for figure in sentence.figures
            if figure.mnkr is not None and abs(figure.mnkr) * scale not in known
        ]
        total, whole = sum(amounts, Decimal(0)), abs(found - expected)
        if not amounts or share <= total / whole <= 1 / share:
            continue
        yield filing.at(
            (EXPLANATIONS, line.row, "forklaring"),
            f"beloppen i förklaringen är tillsammans {show(total)} {form.unit}, {show(round(total / whole * 100, 0))} % av skillnaden "
            f"{show(whole)} {form.unit}.",
            "Säg vad resten beror på, om det går.",
            found=total,
            expected=whole,
            follows_from_here=False,
        )
