"""Units into their nämnd: their budgets summed per verksamhetsområde, with live formulas onto the sheet Data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from blankettset.templates.model import Blankettset
from blankettset.workbook.calc.evaluate import Evaluation, Key, NotComputable
from blankettset.workbook.layout import look
from blankettset.workbook.layout.addresses import address
from blankettset.workbook.layout.excel_formula import quote_sheet
from blankettset.workbook.layout.placement import Placement

DATA = "Data"
DATA_FIRST_ROW, DATA_FIRST_COLUMN = 6, 7
UNIT_AREA_ROW = 4  # the sheet Data's row with each unit's område
BUDGET, FIRST = "enhetsbudget", 5
FIGURES = ("kostnader", "intakter", "netto")
PURPOSE = "Enheternas budgetar summerade till nämndens verksamhetsområden, i mnkr. Intäkter är positiva som i enheternas blankett."
NO_AREA = "Utan verksamhetsområde"
CHECK = "Skillnad mot Enhetsbudget (ska vara noll)"


def area_label(blankettset: Blankettset, area: str | None) -> str:
    """A verksamhetsområde as the units' cover sheet names it."""
    return blankettset.blanketter["forsattsblad"].cell("omrade", "uppgift").shown(area) if area else NO_AREA


def areas_of_units(
    sheet: Any,
    fmt: look.Formats,
    owner: str,
    areas: Sequence[str | None],
    units: Sequence[Evaluation],
    total: Evaluation,
    data_rows: Mapping[Key, int],
) -> None:
    """Write the table: a row for each område that a unit has, the nämnd's sum, and whether it is all that Enhetsbudget has.

    `total` are the units' figures together; `data_rows` are rows of the sheet Data.
    """
    _Areas(sheet, fmt, areas, units, total, data_rows).write(owner)


class _Areas:
    def __init__(
        self,
        sheet: Any,
        fmt: look.Formats,
        areas: Sequence[str | None],
        units: Sequence[Evaluation],
        total: Evaluation,
        data_rows: Mapping[Key, int],
    ) -> None:
        self.sheet, self.fmt, self.areas, self.units = sheet, fmt, areas, units
        self.total, self.data_rows = total, data_rows
        self.form = total.set.blanketter[BUDGET]
        self.wanted: list[Key] = [(BUDGET, row, column.id) for column in self.form.columns for row in FIGURES]
        self.sums = [Decimal(0)] * len(self.wanted)
        last = DATA_FIRST_COLUMN + len(units) - 1
        self.span = f"{DATA}!${_letters(DATA_FIRST_COLUMN)}${{0}}:${_letters(last)}${{0}}".format

    def write(self, owner: str) -> None:
        self._headers()
        choices = self.total.set.blanketter["forsattsblad"].cell("omrade", "uppgift").choices
        shown: list[str | None] = [choice.id for choice in choices if choice.id in self.areas]
        if None in self.areas:
            shown.append(None)
        for line, area in enumerate(shown, start=FIRST):
            self._area(line, area)
        self._sum(FIRST + len(shown), owner)
        self._check(FIRST + len(shown) + 1)
        self.sheet.freeze_panes(FIRST, 1)
        self.sheet.repeat_rows(FIRST - 1)

    def _headers(self) -> None:
        columns, rows = self.form.column_by_id, self.form.row_by_id
        names = [
            f"{rows[row].label.removeprefix('Summa ').capitalize()}, {columns[column].label.lower()}"
            for _, row, column in self.wanted
        ]
        self.sheet.set_column(0, 0, 54)
        self.sheet.set_column(1, len(self.wanted) + 1, 16)
        for at, text in enumerate(("Verksamhetsområde", "Enheter", *names)):
            self.sheet.write_string(FIRST - 1, at, text, self.fmt.header(number=at > 0))

    def _number(self, decimals: int, **more: Any) -> Any:
        return self.fmt(num_format=look.number_format(decimals), align="right", **more)

    def _area(self, line: int, area: str | None) -> None:
        members = [unit for unit, own in zip(self.units, self.areas, strict=True) if own == area]
        labels = self.span(UNIT_AREA_ROW)
        self.sheet.write_string(line, 0, area_label(self.total.set, area), self.fmt())
        self.sheet.write_formula(line, 1, f"=COUNTIF({labels},A{line + 1})", self.fmt(align="right"), len(members))
        for at, key in enumerate(self.wanted):
            value = sum((_figure(unit, key) for unit in members), Decimal(0))
            self.sums[at] += value
            formula = f"=SUMIF({labels},$A{line + 1},{self.span(self.data_rows[key])})"
            self.sheet.write_formula(line, at + 2, formula, self._number(self.form.decimals), float(value))

    def _sum(self, line: int, owner: str) -> None:
        bold = {"bold": True, "top": 1, "top_color": look.INK}
        self.sheet.write_string(line, 0, owner, self.fmt(**bold))
        for at, total in enumerate((Decimal(len(self.areas)), *self.sums), start=1):
            letters = _letters(at + 1)
            formula = f"=SUM({letters}{FIRST + 1}:{letters}{line})"
            style = self._number(self.form.decimals if at > 1 else 0, **bold)
            self.sheet.write_formula(line, at, formula, style, float(total))

    def _check(self, line: int) -> None:
        """Every figure of Enhetsbudget has been given an område: the difference is nothing."""
        quiet = {"font_color": look.QUIET, "italic": True}
        self.sheet.write_string(line, 0, CHECK, self.fmt(**quiet))
        sheet, place = quote_sheet(self.form.sheet), Placement(self.form)
        for at, (key, found) in enumerate(zip(self.wanted, self.sums, strict=True), start=2):
            formula = f"=ROUND({_letters(at + 1)}{line}-N({sheet}!{place.address(key[1], key[2])}),6)"
            value = round(found - _figure(self.total, key), 6)
            self.sheet.write_formula(line, at, formula, self._number(self.form.decimals, **quiet), float(value))


def _letters(column: int) -> str:
    return address(1, column)[:-1]


def _figure(unit: Evaluation, key: Key) -> Decimal:
    try:
        value = unit.value(key)
    except NotComputable:
        return Decimal(0)
    return value if isinstance(value, Decimal) else Decimal(0)
