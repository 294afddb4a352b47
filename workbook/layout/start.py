"""What an empty set begins with: kommunfullmäktige's goals and indicators of the year, and prices in force, where known."""

from __future__ import annotations

from blankettset.templates.model import Blankettset, KfIndikator
from blankettset.workbook.calc.evaluate import Key, Value

PERIOD_TEXT = {"T1": "Tertial 1 {ar}", "T2": "Tertial 2 {ar}", "VB": "VB {ar}"}


def starting_facts(blankettset: Blankettset) -> dict[Key, Value]:
    """The prefilled rows of the lists and figures that a parameter gives, by key; nothing for years without them."""
    facts: dict[Key, Value] = {}
    for form in blankettset.blanketter.values():
        for row_id, column in form.overrides:
            named = form.cell(row_id, column).prefill_parameter
            decided = blankettset.parameters[named].on(blankettset.report_date) if named else None
            if decided is not None:
                facts[form.id, row_id, column] = decided[0]
        if form.kf_rows == "mal":
            for row, goal in enumerate(blankettset.kf.mal, start=1):
                values = {"nummer": goal.nummer, "niva": goal.niva, "titel": goal.titel}
                facts |= {(form.id, str(row), column): value for column, value in values.items()}
        elif form.kf_rows == "indikatorer":
            for row, indicator in enumerate(blankettset.kf.indikatorer, start=1):
                facts |= {(form.id, str(row), column): value for column, value in
                          indicator_row(blankettset, indicator).items() if value and column in form.column_by_id}  # fmt: skip
    return facts


def indicator_row(blankettset: Blankettset, indicator: KfIndikator) -> dict[str, str | None]:
    """What the row of one of KF's indicators begins with, by column; None where no document says."""
    often = indicator.period != "ar"
    text = PERIOD_TEXT.get(blankettset.period, "{ar}") if often else "{ar}"
    if indicator.period == "halvar" and blankettset.period != "VB":
        text = "Halvår 1 {ar}"
    return {
        "mal": indicator.mal,
        "indikator": indicator.namn,
        "kf_arsmal": indicator.arsmal,
        "periodicitet": indicator.period,
        "period": text.replace("{ar}", str(blankettset.year)),
        "enhet": indicator.enhet,
        "riktning": indicator.riktning,
        "konsuppdelad": "ja" if indicator.kon else "nej",
    }
