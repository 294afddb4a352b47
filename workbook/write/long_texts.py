"""The sheet Långa texter: what does not fit in its cell, in full, so that it can be read and printed.

Excel shows and prints at most 409 points of a row; an analysis of a goal may be five times as long. Every piece is a formula
over the form's own cell, so there is one text and it is written in one place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blankettset.templates.model import Blankett, Column, Type
from blankettset.workbook.calc.evaluate import Evaluation
from blankettset.workbook.layout import look
from blankettset.workbook.layout.excel_formula import quote_sheet
from blankettset.workbook.layout.placement import LONG_SHEET, Placement
from blankettset.workbook.layout.text_size import LINE, MAX_ROW_HEIGHT, row_height, text_lines
from blankettset.workbook.write.sheets import EMPTY_TEXT, PROTECTION, back_link, cell_lines, print_set_up

WIDTH = 118  # units: a page of A4 across at full size
PIECE = 8  # lines of a piece: a page breaks between pieces, so small ones leave little of it empty
NOTE = "Texter som är längre än en cell visar, i sin helhet. De skrivs och ändras på sitt eget blad; här läses och skrivs de ut."


class LongTexts:
    """Writes the sheet, where any text needs it."""

    def __init__(
        self, book: Any, formats: look.Formats, evaluation: Evaluation, placements: Mapping[str, Placement]
    ) -> None:
        self.book, self.formats, self.evaluation, self.placements = book, formats, evaluation, placements
        self.found = list(self._long())

    def _long(self) -> Iterator[tuple[Blankett, str, Column, str]]:
        for form in self.evaluation.set.blanketter.values():
            columns = [column for column in form.columns if column.type is Type.LANGTEXT] if form.is_list else []
            for row in self.evaluation.items.get(form.id, ()) if columns else ():
                for column in columns:
                    text = self.evaluation.facts.get((form.id, row, column.id))
                    if isinstance(text, str) and cell_lines(form, column, text) * LINE > MAX_ROW_HEIGHT:
                        yield form, row, column, text

    def write(self, who: str) -> None:
        """Add the sheet after the forms; nothing when every text fits in its cell."""
        if not self.found:
            return
        sheet, fmt = self.book.add_worksheet(LONG_SHEET), self.formats
        sheet.hide_gridlines(2)
        sheet.set_column(0, 0, 2)
        sheet.set_column(1, 1, WIDTH)
        sheet.set_row(1, 24)
        sheet.write_string(1, 1, LONG_SHEET, fmt.title())
        sheet.write_string(2, 1, who, fmt(bold=True))
        sheet.write_string(3, 1, NOTE, fmt.quiet())
        back_link(sheet, fmt, 4)
        number, last = 5, None
        for form, row, column, text in self.found:
            if (form.id, row) != last:
                number = self._heading(sheet, form, row, number + 1)
                last = (form.id, row)
            sheet.write_string(
                number, 1, column.name, fmt(bold=True, font_color=look.ACCENT, bottom=1, bottom_color=look.LINE)
            )
            number = self._pieces(sheet, form, row, column, text, number + 1)
        sheet.set_tab_color(look.TAB["verksamhet"])
        print_set_up(sheet, who, LONG_SHEET)
        sheet.print_area(0, 1, number - 1, 1)
        sheet.protect("", PROTECTION)

    def _heading(self, sheet: Any, form: Blankett, row: str, number: int) -> int:
        """Which row of which form: its key and, for goals, the title beside it."""
        named = [c for c in (form.key, "titel") if c is not None and c in form.column_by_id]
        cells = [f"{quote_sheet(form.sheet)}!{self.placements[form.id].address(row, column)}" for column in named]
        shown = " ".join(str(self.evaluation.facts.get((form.id, row, column)) or "") for column in named)
        text = f"{form.title}: {shown}"
        formula = "=" + "&".join([f'"{form.title}: "', '&" "&'.join(cells)])
        style = self.formats(bold=True, font_size=12, text_wrap=True, valign="top")
        sheet.set_row(number, row_height(text_lines(text, WIDTH, size=12, bold=True), 12))
        sheet.write_formula(number, 1, formula, style, text)
        return number + 1

    def _pieces(self, sheet: Any, form: Blankett, row: str, column: Column, text: str, number: int) -> int:
        place = f"{quote_sheet(form.sheet)}!{self.placements[form.id].address(row, column.id)}"
        style = self.formats(text_wrap=True, valign="top")
        parts = pieces(text)
        start = 1
        for at, part in enumerate(parts):
            length = len(part) if at + 1 < len(parts) else 32767  # the last takes what may be written after it
            sheet.set_row(number, row_height(text_lines(part, WIDTH)))
            sheet.write_formula(number, 1, f"=MID({place},{start},{length})", style, part or EMPTY_TEXT)
            start += len(part)
            number += 1
        return number


def pieces(text: str) -> list[str]:
    """The text in parts that each fit in a cell of the sheet, broken after a line, else after a space; together the whole."""
    found, left = [], text
    while text_lines(left, WIDTH) > PIECE:
        low, high = 1, len(left)  # the longest beginning that fits
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if text_lines(left[:middle], WIDTH) <= PIECE else (low, middle - 1)
        cut = (
            max(left.rfind("\n", 0, low), left.rfind(" ", 0, low))
            if "\n" not in left[:low]
            else left.rfind("\n", 0, low)
        )
        size = cut + 1 if cut > 0 else low
        found.append(left[:size])
        left = left[size:]
    return [*found, left]
