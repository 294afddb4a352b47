"""Builds a nämnd's workbook from the definitions and its facts. Creates new files only, and never half of one."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

from blankettset.templates.model import Blankett, Blankettset, Kind, Namnd
from blankettset.templates.periods import begins_within
from blankettset.workbook.calc.evaluate import Evaluation, Facts, Key, NotComputable, Value
from blankettset.workbook.layout import look
from blankettset.workbook.layout.addresses import address
from blankettset.workbook.layout.excel_formula import SheetPlaces
from blankettset.workbook.layout.head import labels_hash
from blankettset.workbook.layout.placement import (
    FIRST_ROW,
    INDEX_SHEET,
    LISTS_SHEET,
    LONG_SHEET,
    PARAMETER_SHEET,
    RECONCILIATION_SHEET,
    STAMP_LABELS,
    STAMP_LAYOUT,
    STAMP_PARAMETER,
    STAMP_SHEET,
    Placement,
)
from blankettset.workbook.layout.text_size import row_height, text_lines
from blankettset.workbook.write.avstamning import Reconciliation
from blankettset.workbook.write.carried_marks import COVER, Marks, write_stamp_sheet
from blankettset.workbook.write.files import new_file, scratch
from blankettset.workbook.write.index_sheet import IndexSheet
from blankettset.workbook.write.long_texts import LongTexts
from blankettset.workbook.write.sheets import NO_MARKS, PROTECTION, FormSheet, back_link, choice_labels, print_set_up

MADE = datetime.datetime(2024, 1, 1)  # the same input gives the same file
STAMP_VERSION = "2"


def prefilled(blankettset: Blankettset, namnd: Namnd) -> dict[Key, Value]:
    """The facts that we know before anybody has filled in anything."""
    known = {
        "namnd_kod": namnd.code,
        "namnd_namn": namnd.name,
        "period": blankettset.id,
        "niva": blankettset.level,
    }
    facts: dict[Key, Value] = {}
    for form in blankettset.blanketter.values():
        for row_id, column_id, cell in form.fixed_cells():
            if cell.prefill:
                facts[form.id, row_id, column_id] = known[cell.prefill]
    return facts


def without_helpers(facts: Facts, blankettset: Blankettset) -> dict[Key, Value]:
    """The facts without computed texts and helper columns, which a document never prints: they are always reckoned anew."""

    def is_helper(key: Key) -> bool:
        form = blankettset.blanketter[key[0]]
        cell = form.cell(key[1], key[2])
        return cell.kind is Kind.COMPUTED and not (cell.type.is_number and form.column_by_id[key[2]].printed)

    return {key: value for key, value in facts.items() if not is_helper(key)}


def build(
    path: Path, blankettset: Blankettset, namnd: Namnd, facts: Facts, *, replace: bool = False, marks: Marks = NO_MARKS
) -> list[Key]:
    """Write the workbook, with `marks` on what it was begun with; returns the computed cells where a given figure was kept in place of the formula.

    Figures for computed cells that agree with the formula within the form's tolerance leave the formula standing.
    """
    blankettset = blankettset.as_decided()
    facts = without_helpers(facts, blankettset)
    evaluation = Evaluation(blankettset, {**facts, **prefilled(blankettset, namnd)})
    with new_file(path, replace=replace) as temporary:
        _Book(temporary, evaluation, namnd, marks).write()
    kept = []
    for key, _ in evaluation.computed():
        if facts.get(key) is not None and stands_alone(evaluation, key):
            kept.append(key)
    return kept


def stands_alone(evaluation: Evaluation, key: Key) -> bool:
    """True when the figure given for a computed cell is not the formula's."""
    try:
        return evaluation.value(key) != evaluation.expected(key)
    except NotComputable:
        return False


def new_book(path: Path, title: str, *, in_memory: bool = False) -> Any:
    """An XlsxWriter workbook with our defaults: no text ever becomes a formula, link or number by itself.

    `in_memory` spares a hundred temporary files, for a workbook that is not large.
    """
    import xlsxwriter

    options: dict[str, Any] = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    options |= {"in_memory": True} if in_memory else {"tmpdir": str(scratch())}
    book = xlsxwriter.Workbook(str(path), options)
    book.set_properties({"title": title, "company": "Stockholms stad", "created": MADE})
    book.set_calc_mode("auto")
    book.formats[0].set_font_name(look.FONT)
    book.formats[0].set_font_size(look.SIZE)
    return book


class _Book:
    def __init__(self, path: Path, evaluation: Evaluation, namnd: Namnd, marks: Marks) -> None:
        self.marks = marks
        self.evaluation, self.set, self.namnd = evaluation, evaluation.set, namnd
        unit = evaluation.facts.get(("forsattsblad", "enhet", "uppgift"))
        self.whose = f"{namnd.name} stadsdelsnämnd ({namnd.code})" + (f" · {unit}" if unit else "")
        if begins_within(namnd, self.set):
            self.whose += f" · planen gäller {namnd.valid_from}–{self.set.year}-12-31"
        self.who = f"{self.whose} · {self.set.id}"
        self.book = new_book(path, f"{self.set.title} {namnd.name}", in_memory=True)
        self.formats = look.Formats(self.book)
        self.placements = {
            form.id: Placement(form, _last_item(evaluation, form)) for form in self.set.blanketter.values()
        }
        self.parameter_rows = parameter_rows(self.set)
        self.places = SheetPlaces(self.placements, parameter_addresses(self.parameter_rows))

    def write(self) -> None:
        index = self.book.add_worksheet(INDEX_SHEET)
        reconciliation = Reconciliation(self.evaluation, self.placements, self.places)
        reconciliation.write(self.book, self.formats, self.who)
        choices = _ListsSheet(self.set)
        for form in self.set.blanketter.values():
            FormSheet(
                self.book,
                self.formats,
                self.placements[form.id],
                self.evaluation,
                self.places,
                who=self.who,
                choices=choices.ranges,
                marks=self.marks,
                cover=self.placements.get(COVER),
            ).write()
        texts = LongTexts(self.book, self.formats, self.evaluation, self.placements)
        texts.write(self.who)
        write_parameters(self.book, self.formats, self.parameter_rows, self.who)
        choices.write(self.book)
        write_stamp_sheet(self.book, self.marks, self.set.blanketter)
        self._stamp()
        more = {RECONCILIATION_SHEET: "Prövar blanketterna medan du skriver: summor, samband, tecken och gränser."}
        more |= {LONG_SHEET: "Texter som är längre än en cell visar, att läsa och skriva ut."} if texts.found else {}
        more[PARAMETER_SHEET] = "Gränser och procentsatser som formlerna använder, med källa."
        IndexSheet(
            self.book,
            self.formats,
            self.evaluation,
            self.placements,
            whose=self.whose,
            who=self.who,
            more=more,
            reconciliation=reconciliation,
            marks=self.marks,
        ).write(index)
        index.activate()
        self.book.close()

    def _stamp(self) -> None:
        write_stamp(self.book, self.set, self.namnd.code, "blankettset")


def _last_item(evaluation: Evaluation, form: Blankett) -> int:
    return max((int(row) for row in evaluation.items.get(form.id, ())), default=0)


class _ListsSheet:
    """The very hidden sheet with the answers that lists offer; each list once."""

    def __init__(self, blankettset: Blankettset) -> None:
        self.ranges: dict[tuple[str, ...], str] = {}
        for form in blankettset.blanketter.values():
            cells = [cell for _, _, cell in form.fixed_cells()]
            if form.is_list:
                cells += [form.cell("1", column.id) for column in form.columns]
            for cell in cells:
                labels = choice_labels(cell)
                if labels and labels not in self.ranges:
                    column = len(self.ranges) + 1
                    letters = address(1, column)[:-1]
                    self.ranges[labels] = f"={LISTS_SHEET}!${letters}$1:${letters}${len(labels)}"

    def write(self, book: Any) -> None:
        sheet = book.add_worksheet(LISTS_SHEET)
        for column, labels in enumerate(self.ranges):
            for row, label in enumerate(labels):
                sheet.write_string(row, column, label)
        sheet.very_hidden()


def parameter_rows(blankettset: Blankettset) -> list[tuple[str, str, float, str, str, str]]:
    """Id, label, value, unit, in force from and source of every parameter in force on the report date."""
    rows = []
    for parameter in blankettset.parameters.values():
        start = max((s for s, _, _ in parameter.values if s <= blankettset.report_date), default=None)
        found = parameter.on(blankettset.report_date)
        if start and found:
            value, source = found
            rows.append((parameter.id, parameter.label, float(value), parameter.unit, start, str(source)))
    return rows


def parameter_addresses(rows: list[tuple[str, str, float, str, str, str]]) -> dict[str, str]:
    """Parameter id -> where its value stands."""
    return {row[0]: f"{PARAMETER_SHEET}!$D${FIRST_ROW + i}" for i, row in enumerate(rows)}


def write_parameters(book: Any, fmt: look.Formats, rows: list[tuple[str, str, float, str, str, str]], who: str) -> None:
    """The sheet with the dated parameters that the formulas refer to."""
    sheet = book.add_worksheet(PARAMETER_SHEET)
    sheet.hide_gridlines(2)
    widths = (2, 36, 72, 12, 12, 14, 44)
    for at, width in enumerate(widths):
        sheet.set_column(at, at, width)
    sheet.set_row(1, 24)
    sheet.write_string(1, 1, PARAMETER_SHEET, fmt.title())
    sheet.write_string(2, 1, who, fmt(bold=True))
    sheet.write_string(3, 1, "Beslutade tal som formlerna räknar med. Ändras inte här.", fmt.quiet())
    back_link(sheet, fmt, 4)
    for i, text in enumerate(("Id", "Vad den gäller", "Värde", "Enhet", "Gäller från", "Källa")):
        sheet.write_string(FIRST_ROW - 2, 1 + i, text, fmt.header(number=text == "Värde"))
    for i, (id_, label, value, unit, start, source) in enumerate(rows):
        row = FIRST_ROW - 1 + i
        sheet.write_string(row, 1, id_, fmt())
        sheet.write_string(row, 2, label, fmt(text_wrap=True))
        sheet.write_number(row, 3, value, fmt(num_format="#,##0.###", align="right"))
        for at, text in ((4, unit), (5, start), (6, source)):
            sheet.write_string(row, at, text, fmt(text_wrap=True, indent=1 if at == 4 else 0))
        lines = max(text_lines(text, widths[at], indent=at == 4) for at, text in ((2, label), (4, unit), (6, source)))
        sheet.set_row(row, row_height(lines))
    sheet.set_tab_color(look.TAB["kontroll"])
    print_set_up(sheet, who, PARAMETER_SHEET)
    sheet.protect("", PROTECTION)


def write_stamp(book: Any, blankettset: Blankettset, namnd_code: str, kind: str) -> None:
    """The very hidden sheet that says what this workbook is."""
    sheet = book.add_worksheet(STAMP_SHEET)
    stamp = {
        "sort": kind,
        "stampel": STAMP_VERSION,
        "blankettset": blankettset.id,
        "niva": blankettset.level,
        "namnd": namnd_code,
        "definition": blankettset.layout_hash,
        STAMP_LABELS: labels_hash(blankettset),
        **{f"{STAMP_LAYOUT}{form}": layout for form, layout in blankettset.layouts.items()},
        **{f"{STAMP_PARAMETER}{row[0]}": f"{blankettset.parameter(row[0]):f}" for row in parameter_rows(blankettset)},
    }
    for row, (name, value) in enumerate(stamp.items()):
        sheet.write_string(row, 0, name)
        sheet.write_string(row, 1, value)
    sheet.very_hidden()
