"""How carried values show: fill, note and lock in their cells, the hidden stamp, and what stayed behind on Innehåll.

A cell that must be reviewed has a fill of its own and one that is only filled in a paler one, until somebody changes it or
says on Försättsblad that the form is reviewed: then a conditional format makes it an ordinary input cell.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from blankettset.templates.model import Blankett, Type
from blankettset.workbook.calc.evaluate import Key
from blankettset.workbook.carry.roll import Left
from blankettset.workbook.layout import look
from blankettset.workbook.layout.addresses import address
from blankettset.workbook.layout.excel_formula import quote_sheet
from blankettset.workbook.layout.placement import Placement
from blankettset.workbook.layout.text_size import row_height, text_lines
from blankettset.workbook.read.carried import (
    CARRIED_SHEET,
    FILLED_IN,
    HEADER,
    LOCKED,
    NOTE,
    REVIEW,
    Carried,
    as_text,
)

COVER, REVIEWED = "forsattsblad", "medfort_granskat"
SHOWN_COLUMN = len(HEADER)
FILLS = {LOCKED: look.SLK_FILL, REVIEW: look.REVIEW_FILL, FILLED_IN: look.CARRIED_FILL}
LEGEND = "Lila celler är medförda: de mörkare ska granskas, de ljusare är förifyllda. Ändra, eller svara Ja under Medfört granskat på Försättsblad."


class Marks(msgspec.Struct, frozen=True):
    """The carried values of one workbook under construction, and the rows of the stamp that they stand on."""

    carried: tuple[Carried, ...] = ()
    left: tuple[Left, ...] = ()
    notes: Mapping[Key, str] = {}  # what people have written beside cells, when a workbook is made anew

    def of(self, form_id: str) -> dict[tuple[str, str], Carried]:
        """The carried values of a form by row and column."""
        return {(each.row, each.column): each for each in self.carried if each.form == form_id}

    def runs(self, form_id: str, rows: Mapping[str, int]) -> Iterator[tuple[Carried, int, int]]:
        """Unlocked values of like mark down a column: the first, how many, and its row on the stamp's sheet."""
        start, count = 0, 0
        for i, each in enumerate((*self.carried, None)):
            before = self.carried[i - 1] if i else None
            same = (
                each is not None and before is not None and count
                and (each.form, each.column, each.mark) == (before.form, before.column, before.mark)
                and rows.get(each.row, 0) == rows.get(before.row, 0) + 1
            )  # fmt: skip
            if same:
                count += 1
                continue
            first = self.carried[start] if count else None
            if first is not None and first.form == form_id and first.mark in (REVIEW, FILLED_IN):
                yield first, count, start + 2
            start, count = i, 1


def style(carried: Carried | None) -> dict[str, Any]:
    """What a mark changes in the cell's format."""
    if carried is None or carried.mark == NOTE:
        return {}
    more = {"locked": True, "border_color": "#C9DAEA"} if carried.mark == LOCKED else {"border_color": "#D9D0EA"}
    return {"bg_color": FILLS[carried.mark], **more}


def has_note(carried: Carried, is_list: bool, told: set[str]) -> bool:
    """True for a cell whose source is told in a note; the filled-in cells of a list row have one between them."""
    if not is_list or carried.mark != FILLED_IN:
        return True
    if carried.row in told:
        return False
    told.add(carried.row)
    return True


def condition(placement: Placement, run: tuple[Carried, int, int], cover: Placement | None) -> tuple[str, str]:
    """The cells of a run, and the formula that makes them ordinary input cells again."""
    first, count, line = run
    row, column = placement.rows[first.row], placement.columns[first.column]
    cells = f"{address(row, column)}:{address(row + count - 1, column)}"
    touched = f"{address(row, column)}<>{CARRIED_SHEET}!${address(line, SHOWN_COLUMN)}"
    about = first.row if first.form == COVER else first.form
    if first.mark != REVIEW or cover is None or about not in cover.rows or REVIEWED not in cover.columns:
        return cells, f"={touched}"
    answer = address(cover.rows[about], cover.columns[REVIEWED])
    at = "$" + "$".join((answer.rstrip("0123456789"), answer.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")))
    return cells, f'=OR({touched},{quote_sheet(cover.form.sheet)}!{at}="Ja")'


def write_stamp_sheet(book: Any, marks: Marks, forms: Mapping[str, Blankett]) -> None:
    """The very hidden sheet that says what the set began with."""
    if not marks.carried:
        return
    sheet = book.add_worksheet(CARRIED_SHEET)
    for column, word in enumerate(HEADER):
        sheet.write_string(0, column, word)
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    for line, each in enumerate(marks.carried, start=1):
        words = (each.form, each.row, each.column, each.mark, as_text(each.value), each.item, each.source, each.sha256)
        for column, word in enumerate((*words, each.note)):
            sheet.write_string(line, column, word)
        cell = forms[each.form].cell(each.row, each.column)
        if isinstance(each.value, Decimal):
            sheet.write_number(line, SHOWN_COLUMN - 1, float(each.value))
        elif each.value and cell.type is Type.DATUM:
            date = datetime.date.fromisoformat(each.value)
            sheet.write_datetime(line, SHOWN_COLUMN - 1, datetime.datetime(date.year, date.month, date.day), day)
        elif each.value:
            sheet.write_string(line, SHOWN_COLUMN - 1, cell.shown(each.value))
    sheet.very_hidden()


def write_left(sheet: Any, fmt: look.Formats, marks: Marks, row: int) -> int:
    """On Innehåll from `row` (from 0): where the values come from, and what stayed behind. The next free row."""
    if not marks.carried and not marks.left:
        return row
    sheet.write_string(row, 1, "Medfört ur tidigare arbetsböcker", fmt(bold=True, font_size=12, font_color=look.ACCENT))
    sheet.write_string(row + 1, 1, LEGEND, fmt.quiet())
    row += 2
    for source, text in _sources(marks.carried):
        sheet.write_string(row, 1, source, fmt())
        sheet.write_string(row, 2, text, fmt.quiet())
        row += 1
    if not marks.left:
        return row + 1
    row += 1
    for at, text in enumerate(("Stannade kvar", "Belopp eller text", "", "", "", "", "Varför")):
        sheet.write_string(row, 1 + at, text, fmt.header())
    for left in marks.left:
        row += 1
        what = f"{left.title}: {left.what}"
        sheet.write_string(row, 1, what, fmt(text_wrap=True))
        sheet.merge_range(row, 2, row, 6, left.value, fmt(text_wrap=True, align="left"))
        sheet.write_string(row, 7, f"{left.why} ({left.source})", fmt.quiet(text_wrap=True))
        sheet.set_row(row, row_height(max(text_lines(what, 44), text_lines(left.value, 56), text_lines(left.why, 66))))
    return row + 2


def _sources(carried: Sequence[Carried]) -> Iterable[tuple[str, str]]:
    words = {LOCKED: "låsta", REVIEW: "att granska", FILLED_IN: "förifyllda", NOTE: "noter"}
    by_source: dict[str, dict[str, int]] = {}
    for each in carried:
        counts = by_source.setdefault(each.source, {})
        counts[each.mark] = counts.get(each.mark, 0) + 1
    for source, counts in by_source.items():
        yield source, ", ".join(f"{counts[mark]} {word}" for mark, word in words.items() if mark in counts)
