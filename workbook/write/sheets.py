"""Writes one form onto its sheet: labels, cells, formulas with stored values, validation, protection, print set-up.

Used for a nämnd's own set and for the city's: there the input cells hold formulas onto the data sheet instead.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

from blankettset.templates.model import IU, LIST_TOTAL, Blankett, Blankettset, CellDef, Column, Kind, Row, Type
from blankettset.workbook.calc.evaluate import Evaluation, Key, NotComputable, Value
from blankettset.workbook.layout import look
from blankettset.workbook.layout.excel_formula import Places, formula_text, quote_sheet
from blankettset.workbook.layout.head import unit_text
from blankettset.workbook.layout.placement import (
    BACK_ROW,
    FIRST_COLUMN,
    FIRST_ROW,
    HEADER_ID,
    HEADER_ROW,
    ID_COLUMN,
    ID_ROW,
    INDEX_SHEET,
    LABEL_COLUMN,
    PURPOSE_ROW,
    SIGN_ROW,
    TITLE_ROW,
    WHO_ROW,
    Placement,
    form_stamp,
)
from blankettset.workbook.layout.start import starting_facts
from blankettset.workbook.layout.text_size import longest_word, row_height, text_lines, text_width
from blankettset.workbook.write import carried_marks
from blankettset.workbook.write.carried_marks import Marks

NO_MARKS = Marks()
Instead = Callable[[Key], str | None]
BUTTON = 2.6  # the room that a list's filter button takes of a heading, in units of column width
BESIDE = 8.43  # the width of a column that nobody has set
YES_NO = ("Ja", "Nej")
KFS = {
    "bg_color": look.SLK_FILL,
    "locked": True,
    "border": 1,
    "border_color": "#C9DAEA",
}  # decided by kommunfullmäktige
MEASURE_HELP = "Värdet med enhet som i rapporten: 85 %, 1 956,5 st, Max 10 personer, öka, Tas fram av nämnd, i.u."


class FormSheet:
    """One form's sheet in a workbook under construction. `who` is the line that says nämnd and period.

    `instead` may give what stands in a cell instead of its input or formula: a formula with its equals sign, or a
    text that explains why there is no figure.
    """

    def __init__(
        self,
        book: Any,
        formats: look.Formats,
        placement: Placement,
        evaluation: Evaluation,
        places: Places,
        *,
        who: str,
        choices: Mapping[tuple[str, ...], str],
        instead: Instead | None = None,
        locked: bool = False,
        marks: Marks = NO_MARKS,
        cover: Placement | None = None,
    ) -> None:
        self.form: Blankett = placement.form
        self.set: Blankettset = evaluation.set
        self.formats, self.placement, self.evaluation, self.places = formats, placement, evaluation, places
        self.who = " · ".join(part for part in (who, unit_text(placement.form)) if part)
        self.running, self.choices, self.instead, self.locked = who, choices, instead, locked
        self.marks, self.cover, self.carried = marks, cover, marks.of(placement.form.id)
        self.told: set[str] = set()  # list rows whose source a note has told
        decided = self.form.kf_rows is not None and not locked and any(i.arsmal for i in self.set.kf.indikatorer)
        self.kfs = starting_facts(self.set) if decided else {}
        self.sheet = book.add_worksheet(self.form.sheet)
        self.reads_downwards = self.form.is_list and any(c.type is Type.LANGTEXT for c in self.form.columns)

    def write(self) -> Any:
        """Write everything; returns the XlsxWriter worksheet."""
        self._ids()
        self._head()
        self._headers()
        for row_id, row_number in self.placement.rows.items():
            self._row(row_id, row_number)
        if self.form.is_list:
            self._table()
        if not self.locked:
            self._validations()
        self._conditional()
        self._carried()
        self._notes()
        self._set_up()
        return self.sheet

    # ---- content

    def _ids(self) -> None:
        self.sheet.write_string(ID_ROW - 1, ID_COLUMN - 1, form_stamp(self.form))
        for column_id, number in self.placement.columns.items():
            self.sheet.write_string(ID_ROW - 1, number - 1, column_id)
        self.sheet.write_string(HEADER_ROW - 1, ID_COLUMN - 1, HEADER_ID)
        for row_id, number in self.placement.rows.items():
            self.sheet.write_string(number - 1, ID_COLUMN - 1, row_id)

    def _head(self) -> None:
        label = LABEL_COLUMN - 1
        self.sheet.write_string(TITLE_ROW - 1, label, self.form.title, self.formats.title())
        self.sheet.write_string(WHO_ROW - 1, label, self.who, self.formats(bold=True))
        self.sheet.write_string(PURPOSE_ROW - 1, label, self.form.purpose, self.formats.quiet())
        self.sheet.write_string(SIGN_ROW - 1, label, self.form.sign_text, self.formats.quiet(italic=True))
        back_link(self.sheet, self.formats, BACK_ROW - 1)

    def _headers(self) -> None:
        first = "Nr" if self.form.is_list else ""
        self.sheet.write_string(HEADER_ROW - 1, LABEL_COLUMN - 1, first, self.formats.header(number=False))
        lines = 1
        for column in self.form.columns:
            lines = max(lines, header_lines(self.form, column))
            number = self.placement.columns[column.id] - 1
            header = column_header(self.formats, column)
            self.sheet.write_string(HEADER_ROW - 1, number, column.label, header)
            note = self._column_note(column)
            if note:
                self._comment(HEADER_ROW - 1, number, note)
        self.sheet.set_row(HEADER_ROW - 1, row_height(lines) + 4)

    def _column_note(self, column: Column) -> str:
        parts = [column.note or ""]
        if column.positive_means:
            parts.append(f"Plus betyder {column.positive_means}.")
        if column.sign in ("negative", "positive"):
            parts.append("Skrivs negativt." if column.sign == "negative" else "Skrivs positivt.")
        if column.blank_means == "noll" and column.formula is None:
            parts.append("Tom cell räknas som noll.")
        if not any(parts):
            return ""
        return " ".join(part for part in parts if part) + f"\nKälla: {self.form.source}"

    def _comment(self, row: int, column: int, text: str, author: str = "Blankettset") -> None:
        lines = text_lines(text, 34, size=9)
        options = {"x_scale": 1.9, "y_scale": max(0.6, 0.24 * lines), "font_name": look.FONT, "font_size": 9}
        self.sheet.write_comment(row, column, text, {"author": author, **options})

    def _row(self, row_id: str, number: int) -> None:
        row = None if self.form.is_list else self.form.row_by_id[row_id]
        total = row_id == LIST_TOTAL if row is None else row.total
        if self.form.is_list and row_id not in self.evaluation.items[self.form.id] and row_id != LIST_TOTAL:
            label: str | int = int(row_id) if row_id.isdigit() else ""
        else:
            label = self.form.row_label(row_id) if row is not None or total else int(row_id)
        style = self._row_style(row, total)
        label_format = self.formats(**style, text_wrap=True, indent=self._indent(row))
        if isinstance(label, int):
            top = {"valign": "top"} if self.reads_downwards else {}
            number_style = self.formats(font_color=look.QUIET, align="left", **top)
            self.sheet.write_number(number - 1, LABEL_COLUMN - 1, label, number_style)
        else:
            self.sheet.write_string(number - 1, LABEL_COLUMN - 1, label, label_format)
        if row is not None and row.note:
            self._comment(number - 1, LABEL_COLUMN - 1, row.note + f"\nKälla: {self.form.source}")
        lines = 1
        if row_id.startswith("#"):
            return
        for column in self.form.columns:
            cell = self.form.cell(row_id, column.id)
            text = self._cell(row_id, column, cell, number, style)
            if text:
                lines = max(lines, cell_lines(self.form, column, text))
        if row is not None:
            bold = bool(style.get("bold"))
            lines = max(lines, text_lines(row.label, self._label_width(), bold=bold, indent=self._indent(row)))
        self.sheet.set_row(number - 1, row_height(lines))

    def _indent(self, row: Row | None) -> int:
        return 2 if row is not None and row.varav_of else 0

    def _row_style(self, row: Row | None, total: bool) -> dict[str, Any]:
        style: dict[str, Any] = {"valign": "top"} if self.reads_downwards else {}
        if total:
            style |= {"bold": True, "top": 1, "top_color": look.INK}
        if row is not None and row.heading:
            style |= {"bold": True, "font_color": look.ACCENT}
        if row is not None and row.varav_of:
            style |= {"font_color": look.QUIET}
        if row is not None and row.italic:
            style |= {"italic": True}
        return style

    def _cell(self, row_id: str, column: Column, cell: CellDef, number: int, style: dict[str, Any]) -> str | None:
        row, at = number - 1, self.placement.columns[column.id] - 1
        key = (self.form.id, row_id, column.id)
        if cell.kind is Kind.NOT_APPLICABLE:
            heading = not self.form.is_list and self.form.row_by_id[row_id].heading
            plain = heading or (self.form.is_list and row_id == LIST_TOTAL)
            hatched = {} if plain else {"pattern": 14, "fg_color": "#DDE2E6"}
            self.sheet.write_blank(row, at, None, self.formats(**style, **hatched))
            return None
        own = self._cell_style(cell, self.form.decimals_of(row_id, column.id))
        if number == FIRST_ROW and "border" in own:
            own |= {"top": 1, "top_color": look.ACCENT}  # the line under the headings, which a cell's own would cover
        carried = self.carried.get((row_id, column.id))
        own |= carried_marks.style(carried)
        if self._is_kfs(key):
            own |= KFS
        if carried is not None and carried_marks.has_note(carried, self.form.is_list, self.told):
            self._comment(row, at, carried.note)
        said = self.marks.notes.get(key)
        if said is not None:
            self._comment(row, at, said, author="Nämnden")
        cell_format = self.formats(**(style | own))
        instead = self.instead(key) if self.instead else None
        if instead is not None:
            self._write_instead(key, row, at, instead, style | own)
            return None
        if cell.kind is Kind.COMPUTED:
            return self._write_computed(key, row, at, cell, cell_format)
        return self._write_value(row, at, self.evaluation.value(key), cell, cell_format)

    def _is_kfs(self, key: Key) -> bool:
        """True for what kommunfullmäktige has decided: shown and locked as what SLK fills in; not before the plan is fastställd."""
        return key in self.kfs and self.evaluation.facts.get(key) == self.kfs[key]

    def _write_instead(self, key: Key, row: int, at: int, text: str, style: dict[str, Any]) -> None:
        if text.startswith("="):
            try:
                value = stored(self.evaluation.value(key))
            except NotComputable:  # larger than a cell holds
                value = "#NUM!"
            self.sheet.write_formula(row, at, text, self.formats(**style), value)
        else:
            self.sheet.write_string(row, at, text, self.formats(**style | {"font_color": look.QUIET, "font_size": 8}))

    def _cell_style(self, cell: CellDef, decimals: int) -> dict[str, Any]:
        style: dict[str, Any] = {}
        if cell.kind is not Kind.COMPUTED and cell.kind is not Kind.SYSTEM and not self.locked:
            fill = look.SLK_FILL if cell.kind is Kind.SLK else look.INPUT_FILL
            style = {"bg_color": fill, "locked": False, "border": 1, "border_color": "#E3DCC2"}
            if cell.kind is Kind.SLK:
                style["border_color"] = "#C9DAEA"
        if cell.type.is_number:
            style |= {"num_format": look.number_format(decimals), "align": "right"}
        elif cell.type is Type.DATUM:
            style |= {"num_format": "yyyy-mm-dd", "align": "left", "indent": 1}
        elif cell.type is Type.MATVARDE:
            style |= {"text_wrap": True, "align": "right", "num_format": "@"}
        else:
            style |= {"text_wrap": True, "align": "left", "indent": 1}
            if cell.kind is not Kind.COMPUTED:
                style["num_format"] = "@"
            if cell.type is Type.LANGTEXT:
                style["valign"] = "top"
        return style

    def _write_computed(self, key: Key, row: int, at: int, cell: CellDef, cell_format: Any) -> str | None:
        formula = "=" + formula_text(self.set, key, self.places)
        try:
            value, expected = self.evaluation.value(key), self.evaluation.expected(key)
        except NotComputable:
            self.sheet.write_formula(row, at, formula, cell_format, "#VALUE!")
            return None
        if value != expected and isinstance(value, Decimal):
            # A figure that does not agree with the form's formula is kept as it was given, for the rules to report.
            self.sheet.write_number(row, at, float(value), cell_format)
            return None
        text = cell.shown(expected) if isinstance(expected, str) else None
        self.sheet.write_formula(row, at, formula, cell_format, text or stored(value))
        return text

    def _write_value(self, row: int, at: int, value: Value, cell: CellDef, cell_format: Any) -> str | None:
        if value is None or value == "":
            self.sheet.write_blank(row, at, None, cell_format)
            return None
        if isinstance(value, Decimal):
            self.sheet.write_number(row, at, float(value), cell_format)
            return None
        if cell.type is Type.DATUM:
            day = datetime.date.fromisoformat(value)
            self.sheet.write_datetime(row, at, datetime.datetime(day.year, day.month, day.day), cell_format)
            return value
        text = cell.shown(value)
        self.sheet.write_string(row, at, text, cell_format)
        return text

    # ---- behaviour

    def _table(self) -> None:
        columns = [{"header": "Nr", "header_format": self.formats.header(number=False)}]
        for column in self.form.columns:
            columns.append({"header": column.label, "header_format": column_header(self.formats, column)})
        last = FIRST_ROW + self.placement.list_rows - 1
        options = {"name": "tbl_" + self.form.id, "style": None, "columns": columns, "autofilter": True}
        self.sheet.add_table(HEADER_ROW - 1, LABEL_COLUMN - 1, last - 1, self.placement.last_column - 1, options)

    def _runs(self) -> Iterator[tuple[Column, CellDef, int, int, str]]:
        """Runs of like input cells down each column: first and last sheet row."""
        for column in self.form.columns:
            run: tuple[CellDef, int, int, str] | None = None
            for row_id, number in self.placement.rows.items():
                cell = None if row_id.startswith("#") else self.form.cell(row_id, column.id)
                if cell is not None and cell.kind not in (Kind.INPUT, Kind.SLK):
                    cell = None
                if run and cell == run[0] and number == run[2] + 1:
                    run = (run[0], run[1], number, run[3])
                    continue
                if run:
                    yield column, *run
                run = (cell, number, number, row_id) if cell is not None else None
            if run:
                yield column, *run

    def _validations(self) -> None:
        for column, cell, first, last, row_id in self._runs():
            rule = self._validation(column, cell, row_id)
            if rule:
                at = self.placement.columns[column.id] - 1
                self.sheet.data_validation(first - 1, at, last - 1, at, rule)

    def _validation(self, column: Column, cell: CellDef, row_id: str) -> dict[str, Any] | None:
        title = column.label[:32]
        rule: dict[str, Any] = {"input_title": title, "error_title": "Passar inte här", "ignore_blank": True}
        if cell.type.is_number:
            decimals = self.form.decimals_of(row_id, column.id)
            unit = self.form.unit_at(row_id, column.id)
            sign = {"negative": " Skrivs negativt.", "positive": " Skrivs positivt."}.get(cell.sign or "", "")
            how = f"med {decimals} decimal{'er' if decimals > 1 else ''}" if decimals else "som heltal"
            blank = " Tom räknas som noll." if cell.blank_means == "noll" else ""
            if cell.iu:
                at = self.placement.address(row_id, column.id)
                return rule | {
                    "validate": "custom",
                    "value": f'=OR(ISNUMBER({at}),{at}="{IU}")',
                    "input_message": f"Tal i {unit}, {how}, eller {IU} när uppgift saknas.{sign}{blank}"[:255],
                    "error_message": f"Skriv ett tal i {unit}, eller {IU} när uppgift saknas.",
                }
            rule |= {
                "validate": "decimal",
                "criteria": "between",
                "minimum": -1_000_000_000_000,
                "maximum": 1_000_000_000_000,
                "input_message": f"Tal i {unit}, {how}.{sign}{blank}"[:255],
                "error_message": f"Skriv ett tal i {unit}, till exempel 12{',5' if decimals else ''}. "
                "Text och mellanslag går inte att räkna med.",
            }
            return rule
        if cell.type is Type.DATUM:
            return rule | {
                "validate": "date",
                "criteria": "between",
                "minimum": datetime.date(2000, 1, 1),
                "maximum": datetime.date(2099, 12, 31),
                "input_message": "Datum, till exempel 2024-05-22.",
                "error_message": "Skriv ett datum som 2024-05-22.",
            }
        if cell.type is Type.MATVARDE:
            return {"validate": "any", "input_title": title, "input_message": (column.note or MEASURE_HELP)[:255]}
        labels = choice_labels(cell)
        if labels:
            return rule | {
                "validate": "list",
                "source": self.choices[labels],
                "input_message": "Välj i listan.",
                "error_message": "Välj ett av alternativen i listan.",
            }
        if column.note:
            return {"validate": "any", "input_title": title, "input_message": column.note[:255]}
        return None

    def _conditional(self) -> None:
        negative = self.formats_conditional(look.RED)
        self.measures: list[str] = []
        for column in self.form.columns:
            at = self.placement.columns[column.id] - 1
            if column.positive_means == "överskott":
                rule = {"type": "cell", "criteria": "<", "value": 0, "format": negative}
                self.sheet.conditional_format(FIRST_ROW - 1, at, self.placement.last_row - 1, at, rule)
            for choice in column.choices:
                if choice.tone:
                    style = self.formats._book.add_format(look.tone(choice.tone))
                    label = choice.label.replace('"', '""')
                    rule = {"type": "cell", "criteria": "==", "value": f'"{label}"', "format": style}
                    self.sheet.conditional_format(FIRST_ROW - 1, at, self.placement.last_row - 1, at, rule)
            if column.type is Type.MATVARDE:
                span = f"{self.placement.list_range(column.id)[0]}:{self.placement.list_range(column.id)[1]}"
                self.measures.append(span)
            if self.form.id == "kontroll" and column.id == "allvar":
                for word, colour in (("fel", look.RED), ("varning", look.AMBER)):
                    rule = {
                        "type": "cell", "criteria": "==", "value": f'"{word}"',
                        "format": self.formats_conditional(colour),
                    }  # fmt: skip
                    self.sheet.conditional_format(FIRST_ROW - 1, at, self.placement.last_row - 1, at, rule)

        if self.measures:  # figures with their unit are texts on purpose
            self.sheet.ignore_errors({"number_stored_as_text": " ".join(self.measures)})

    def _carried(self) -> None:
        """A carried cell is an ordinary input cell again once it is changed, or the form reviewed."""
        if not self.carried:
            return
        plain = self.formats._book.add_format({"bg_color": look.INPUT_FILL})
        for run in self.marks.runs(self.form.id, self.placement.rows):
            cells, formula = carried_marks.condition(self.placement, run, self.cover)
            rule = {"type": "formula", "criteria": formula, "format": plain}
            self.sheet.conditional_format(cells, rule)

    def formats_conditional(self, colour: str) -> Any:
        """A font colour for a conditional format (which takes no font name)."""
        return self.formats._book.add_format({"font_color": colour})

    def _foot(self) -> list[str]:
        return [*self.form.notes, f"Källa: {self.form.source}. Blankettens layout {self.form.layout}."]

    def _notes(self) -> None:
        row = self.placement.last_row + 1
        for text in self._foot():
            self.sheet.write_string(row, LABEL_COLUMN - 1, text, self.formats.quiet(font_size=8))
            row += 1
        self.last_row = row

    def _label_width(self) -> int:
        if self.form.is_list:
            total = text_width(self.form.total_label, bold=True) + 1 if self.form.total_columns else 0
            return max(7, math.ceil(total))
        longest = max(
            (text_width(row.label, bold=row.total) + 1.4 * self._indent(row) for row in self.form.rows), default=0
        )
        return min(56, max(18, math.ceil(longest) + 2))

    def _room_for_texts(self) -> int:
        """Columns beside a narrow table that the texts above and below it reach into, so that print does not cut them."""
        if self.placement.last_printed < self.placement.last_column:
            return 0
        texts = [text_width(self.form.title, size=15, bold=True), text_width(self.who, bold=True)]
        texts += [text_width(text) for text in (self.form.purpose, self.form.sign_text)]
        texts += [text_width(text, size=8) for text in self._foot()]
        table = self._label_width() + sum(column_width(self.form, column) for column in self.form.columns)
        return max(0, math.ceil((max(texts) + 1 - table) / BESIDE))

    def _set_up(self) -> None:
        sheet = self.sheet
        sheet.hide_gridlines(2)
        sheet.set_row(ID_ROW - 1, None, None, {"hidden": True})
        sheet.set_row(TITLE_ROW - 1, 24)
        sheet.set_column(ID_COLUMN - 1, ID_COLUMN - 1, 12, None, {"hidden": True})
        sheet.set_column(LABEL_COLUMN - 1, LABEL_COLUMN - 1, self._label_width())
        for column in self.form.columns:
            at = self.placement.columns[column.id] - 1
            sheet.set_column(at, at, column_width(self.form, column))
        kept = FIRST_COLUMN - 1 + (named_columns(self.form) if self.form.is_list else 0)
        sheet.freeze_panes(FIRST_ROW - 1, kept)
        sheet.set_tab_color(look.TAB[self.form.group])
        sheet.set_zoom(100)
        self._select(kept)
        print_set_up(sheet, self.running, self.form.title)
        sheet.repeat_rows(HEADER_ROW - 1)
        sheet.print_area(
            0, LABEL_COLUMN - 1, self.last_row - 1, self.placement.last_printed - 1 + self._room_for_texts()
        )
        sheet.protect("", PROTECTION)

    def _select(self, kept: int) -> None:
        """The first cell left to fill in beside the columns that stay put: Excel's active pane is the one that scrolls."""
        places = []
        for column, _, first, last, _ in self._runs():
            at = self.placement.columns[column.id] - 1
            if at < kept:
                continue
            rows = [row for row, number in self.placement.rows.items() if first <= number <= last]
            for row in rows:
                key = (self.form.id, row, column.id)
                left = self.evaluation.facts.get(key) is None
                asked = not self.form.is_list or row in self.evaluation.items[self.form.id]
                places.append((not (left and asked), self.placement.rows[row], at))
                if left and asked:
                    break
        if places:
            _, number, at = min(places)
            self.sheet.set_selection(number - 1, at, number - 1, at)


# Sorting and new rows are left out: Excel refuses both on a protected sheet with locked cells or a table.
PROTECTION = {
    "format_columns": True,
    "format_rows": True,
    "autofilter": True,
    "select_locked_cells": True,
    "select_unlocked_cells": True,
}


def back_link(sheet: Any, formats: look.Formats, row: int) -> None:
    """The way back to Innehåll, in the first shown column of a row (from 0)."""
    style = formats(font_color=look.ACCENT, underline=1, font_size=9)
    sheet.write_url(row, LABEL_COLUMN - 1, f"internal:{quote_sheet(INDEX_SHEET)}!A1", style, f"← {INDEX_SHEET}")


def print_set_up(sheet: Any, who: str, title: str) -> None:
    """A4 landscape, all columns on the page's width, who and what at the top, page numbers below."""
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.5, right=0.5, top=0.8, bottom=0.7)
    sheet.set_header(f"&L&8{_fitting(who, 240 - len(_escape(title)))}&R&8{_escape(title)}")
    sheet.set_footer("&L&8Stadens blankettset&R&8Sida &P av &N")


def _fitting(text: str, room: int) -> str:
    """As much of the text as there is room for: Excel takes no header longer than 255 characters."""
    while len(_escape(text)) > room:
        text = text.removesuffix("…")[:-1] + "…"
    return _escape(text)


def _escape(text: str) -> str:
    return text.replace("&", "&&")


def choice_labels(cell: CellDef) -> tuple[str, ...]:
    """What the cell's list offers; empty when it has none."""
    if cell.type is Type.JANEJ:
        return YES_NO
    if cell.type is Type.VAL:
        return tuple(choice.label for choice in cell.choices)
    return ()


class _EmptyText(str):
    """An empty text that XlsxWriter stores as one: it takes a plain "" to mean that nothing has been calculated."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return hash("")


EMPTY_TEXT = _EmptyText()


def stored(value: Value) -> float | str:
    """What a formula's cell holds beside the formula, so that a preview or reader sees it at once."""
    if value is None or value == "":
        return EMPTY_TEXT
    return float(value) if isinstance(value, Decimal) else value


def column_width(form: Blankett, column: Column) -> int:
    """Wide enough for the longest word of the heading and for what the column holds."""
    return _width(column.label, column.type, column.width, _heading_indent(column), BUTTON if form.is_list else 0)


@lru_cache(maxsize=4096)
def _width(label: str, type_: Type, width: int | None, indent: int, button: float) -> int:
    usual = {Type.LANGTEXT: 60, Type.MATVARDE: 13, Type.DATUM: 13, Type.JANEJ: 12}.get(type_, 28)
    wanted = width or (13 if type_.is_number else usual)
    return max(wanted, math.ceil(longest_word(label, bold=True) + 1.4 * indent + 1 + button))


def named_columns(form: Blankett) -> int:
    """How many of a list's first columns stay put when it scrolls: to the one that names the row, when it is near."""
    place = form.column_order.get(form.key or "", 0)
    return place + 1 if place < 2 else 1


def _heading_indent(column: Column) -> int:
    return 0 if column.type.is_number or column.type is Type.MATVARDE else 1


def column_header(formats: look.Formats, column: Column) -> Any:
    """The format of a column's heading, aligned as what stands under it."""
    return formats.header(number=not _heading_indent(column), indent=_heading_indent(column))


def header_lines(form: Blankett, column: Column) -> int:
    """How many lines a column's heading takes."""
    width = column_width(form, column) - (BUTTON if form.is_list else 0)
    return text_lines(column.label, width, bold=True, indent=_heading_indent(column))


def cell_lines(form: Blankett, column: Column, text: str) -> int:
    """How many lines a text takes in a cell of the column."""
    if not text or column.type.is_number or column.type is Type.DATUM:
        return 1
    return text_lines(text, column_width(form, column), indent=0 if column.type is Type.MATVARDE else 1)
