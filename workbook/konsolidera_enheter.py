"""Units into their nämnd: their budgets summed per verksamhetsområde, with live formulas onto the sheet Data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from templates.model import Blankettset
from workbook import look
from workbook.addresses import address
from workbook.evaluate import Evaluation, Key, NotComputable

DATA = "Data"
DATA_FIRST_ROW, DATA_FIRST_COLUMN = 6, 7
UNIT_AREA_ROW = 4  # the sheet Data's row with each unit's område
BUDGET, FIRST = "enhetsbudget", 5
FIGURES = ("kostnader", "intakter", "netto")
PURPOSE = "Enheternas budgetar summerade till nämndens verksamhetsområden, i mnkr. Intäkter är positiva som i enheternas blankett."


def area_label(blankettset: Blankettset, area: str) -> str:
    """A verksamhetsområde as the units' cover sheet names it."""
    return blankettset.blanketter["forsattsblad"].cell("omrade", "uppgift").shown(area)


def areas_of_units(
    sheet: Any,
    fmt: look.Formats,
    owner: str,
    areas: Sequence[str | None],
    units: Sequence[Evaluation],
    data_rows: Mapping[Key, int],
) -> None:
    """Write the table: a row for each område that a unit has, and the nämnd's sum. `data_rows` are rows of the sheet Data."""
    blankettset = units[0].set
    form = blankettset.blanketter[BUDGET]
    wanted = [(row, column) for column in form.columns for row in FIGURES]
    headers = [
        f"{form.row_by_id[row].label.removeprefix('Summa ').capitalize()}, {column.label.lower()}"
        for row, column in wanted
    ]
    sheet.set_column(0, 0, 54)
    sheet.set_column(1, len(wanted) + 1, 16)
    for at, text in enumerate(("Verksamhetsområde", "Enheter", *headers)):
        sheet.write_string(FIRST - 1, at, text, fmt.header(number=at > 0))
    first, last = (_letters(c) for c in (DATA_FIRST_COLUMN, DATA_FIRST_COLUMN + len(units) - 1))
    labels = f"{DATA}!${first}${UNIT_AREA_ROW}:${last}${UNIT_AREA_ROW}"
    choices = blankettset.blanketter["forsattsblad"].cell("omrade", "uppgift").choices
    shown = [choice for choice in choices if choice.id in areas]
    number = fmt(num_format=look.number_format(form.decimals), align="right")
    totals = [Decimal(0)] * len(wanted)
    for line, area in enumerate(shown, start=FIRST):
        members = [unit for unit, own in zip(units, areas, strict=True) if own == area.id]
        sheet.write_string(line, 0, area.label, fmt())
        sheet.write_formula(line, 1, f"=COUNTIF({labels},A{line + 1})", fmt(align="right"), len(members))
        for at, (row, column) in enumerate(wanted):
            key = (BUDGET, row, column.id)
            value = sum((_figure(unit, key) for unit in members), Decimal(0))
            totals[at] += value
            place = data_rows[key]
            formula = f"=SUMIF({labels},$A{line + 1},{DATA}!${first}${place}:${last}${place})"
            sheet.write_formula(line, at + 2, formula, number, float(value))
    bottom = FIRST + len(shown)
    bold = {"bold": True, "top": 1, "top_color": look.INK}
    sheet.write_string(bottom, 0, owner, fmt(**bold))
    counted = Decimal(sum(area is not None for area in areas))
    for at, total in enumerate((counted, *totals), start=1):
        style = fmt(num_format=look.number_format(form.decimals if at > 1 else 0), align="right", **bold)
        letters = _letters(at + 1)
        sheet.write_formula(
            bottom, at, f"=SUM({letters}{FIRST + 1}:{letters}{max(bottom, FIRST + 1)})", style, float(total)
        )
    sheet.freeze_panes(FIRST, 1)


def _letters(column: int) -> str:
    return address(1, column)[:-1]


def _figure(unit: Evaluation, key: Key) -> Decimal:
    try:
        value = unit.value(key)
    except NotComputable:
        return Decimal(0)
    return value if isinstance(value, Decimal) else Decimal(0)
