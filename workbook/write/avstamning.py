"""The sheet Avstämning: every check that a formula can make, live, with what to do beside what is wrong.

For those who have nothing but Excel: it turns green or red as figures are typed. The program's own check sees more
(earlier periods, texts, what a formula cannot see), and says the same about what both see.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from blankettset.workbook.calc.evaluate import Evaluation
from blankettset.workbook.layout import look
from blankettset.workbook.layout.excel_formula import Places, quote_sheet
from blankettset.workbook.layout.placement import RECONCILIATION_SHEET, Placement
from blankettset.workbook.layout.text_size import row_height, text_lines
from blankettset.workbook.write.reconciliation import LEFT, OK, WRONG, Check, Checks
from blankettset.workbook.write.sheets import PROTECTION, back_link, print_set_up, stored

FIRST = 8  # the first line, counted from 1
WIDTHS = (2, 30, 58, 12, 12, 11, 10, 13, 52, 9)
HEADINGS = (
    "Blankett",
    "Vad som prövas",
    "Här",
    "Där / ska vara",
    "Skillnad",
    "Tolerans",
    "Utfall",
    "Gör så här",
    "Regel",
)
SYMBOLS = {OK: "●", WRONG: "■", LEFT: "◆"}
GUIDE = "Räknas om medan du skriver. Validera prövar mer än så: tidigare rapporter, texter och filen själv."


class Reconciliation:
    """Writes the sheet. `lines` is known beforehand, so that Innehåll can count on it."""

    def __init__(self, evaluation: Evaluation, placements: Mapping[str, Placement], places: Places) -> None:
        checks = Checks(evaluation, placements, places)
        self.set = evaluation.set
        self.lines: list[Check] = [check for form in self.set.blanketter.values() for check in checks.of(form)]

    def span(self, letter: str) -> str:
        """A column of the lines, from other sheets."""
        return f"{RECONCILIATION_SHEET}!${letter}${FIRST}:${letter}${FIRST + max(len(self.lines), 1) - 1}"

    def counts(self, form_id: str | None, state: str) -> tuple[str, int]:
        """How many checks of a form (None: of the set) are in a state, as an expression and now."""
        now = sum(check.values[2] == state for check in self.lines if form_id in (None, check.form))
        state = shown(state)
        if form_id is None:
            return f'COUNTIF({self.span("H")},"{state}")', now
        return f'COUNTIFS({self.span("K")},"{form_id}",{self.span("H")},"{state}")', now

    def write(self, book: Any, fmt: look.Formats, who: str) -> None:
        """Write everything onto a sheet of its own."""
        sheet = book.add_worksheet(RECONCILIATION_SHEET)
        sheet.hide_gridlines(2)
        for at, width in enumerate(WIDTHS):
            sheet.set_column(at, at, width)
        sheet.set_column(
            len(WIDTHS), len(WIDTHS), 12, None, {"hidden": True}
        )  # the form's id, for the counts on Innehåll
        sheet.set_row(1, 24)
        sheet.write_string(1, 1, RECONCILIATION_SHEET, fmt.title())
        sheet.write_string(2, 1, who, fmt(bold=True))
        sheet.write_string(3, 1, GUIDE, fmt.quiet())
        wrong, wrong_now = self.counts(None, WRONG)
        left, left_now = self.counts(None, LEFT)
        headline = f'=IF({wrong}=0,"Inget avviker",{wrong}&" avviker")&IF({left}=0,"; allt är ifyllt.","; "&{left}&" återstår.")'
        sheet.write_formula(4, 1, headline, fmt(bold=True, font_size=12), _headline(wrong_now, left_now))
        back_link(sheet, fmt, 5)
        for i, text in enumerate(HEADINGS):
            number = text in HEADINGS[2:6]
            sheet.write_string(FIRST - 2, 1 + i, text, fmt.header(number=number, indent=0 if number else 1))
        sheet.set_row(FIRST - 2, 30)
        for i, check in enumerate(self.lines):
            self._line(sheet, fmt, FIRST - 1 + i, check, new=not i or self.lines[i - 1].form != check.form)
        last = FIRST - 2 + max(len(self.lines), 1)
        for state, name in ((OK, "bra"), (WRONG, "dalig"), (LEFT, "delvis")):
            style = book.add_format(look.tone(name))
            rule = {"type": "cell", "criteria": "==", "value": f'"{shown(state)}"', "format": style}
            sheet.conditional_format(FIRST - 1, 7, last, 7, rule)
        sheet.autofilter(FIRST - 2, 1, last, 9)
        sheet.freeze_panes(FIRST - 1, 0)
        sheet.set_tab_color(look.TAB["kontroll"])
        print_set_up(sheet, who, RECONCILIATION_SHEET)
        sheet.repeat_rows(FIRST - 2)
        sheet.print_area(1, 1, last, 8)
        sheet.protect("", PROTECTION)

    def _line(self, sheet: Any, fmt: look.Formats, row: int, check: Check, *, new: bool) -> None:
        form = self.set.blanketter[check.form]
        line: dict[str, Any] = {"bottom": 1, "bottom_color": look.LINE, "valign": "top"}
        link = fmt(
            font_color=look.ACCENT if new else look.QUIET, underline=1 if new else 0, text_wrap=True, indent=1, **line
        )
        sheet.write_url(row, 1, f"internal:{quote_sheet(form.sheet)}!A1", link, form.title)
        sheet.write_string(row, 2, check.text, fmt(text_wrap=True, indent=1, **line))
        number = fmt(num_format=look.number_format(check.decimals), align="right", **line)
        left, right, state = check.values
        sheet.write_formula(row, 3, f"={check.left}", number, stored(left))
        sheet.write_formula(row, 4, f"={check.right}", number, stored(right))
        at = row + 1
        difference = left - right if left is not None and right is not None else None  # type: ignore[operator]
        sheet.write_formula(row, 5, f'=IFERROR(D{at}-E{at},"")', number, stored(difference))
        sheet.write_number(row, 6, float(check.tolerance), number)
        formula = check.state.format(left=f"D{at}", right=f"E{at}")
        for each in SYMBOLS:
            formula = formula.replace(f'"{each}"', f'"{shown(each)}"')
        sheet.write_formula(row, 7, f"={formula}", fmt(bold=True, indent=1, align="left", **line), shown(state))
        told = f'=IF(OR(H{at}="{shown(WRONG)}",H{at}="{shown(LEFT)}"),"{check.advice}","")'
        sheet.write_formula(
            row,
            8,
            told,
            fmt.quiet(text_wrap=True, indent=1, align="left", **line),
            stored(check.advice if state in (WRONG, LEFT) else None),
        )
        sheet.write_string(row, 9, check.codes[0], fmt.quiet(font_size=8, indent=1, **line))
        sheet.write_string(row, 10, check.form)
        lines = max(
            text_lines(text, WIDTHS[column], indent=1)
            for column, text in ((1, form.title), (2, check.text), (8, check.advice))
        )
        sheet.set_row(row, row_height(lines))


def shown(state: str) -> str:
    """A state as the sheet shows it: with a symbol, so that colour never stands alone."""
    return f"{SYMBOLS[state]} {state}" if state in SYMBOLS else state


def _headline(wrong: int, left: int) -> str:
    return ("Inget avviker" if not wrong else f"{wrong} avviker") + (
        "; allt är ifyllt." if not left else f"; {left} återstår."
    )
