"""The first sheet of a nämnd's workbook: contents and status board. Live formulas with their values stored beside them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from blankettset.templates.model import Blankett, Column, Kind
from blankettset.workbook.calc.evaluate import Evaluation
from blankettset.workbook.layout import look
from blankettset.workbook.layout.excel_formula import quote_sheet
from blankettset.workbook.layout.placement import INDEX_SHEET, Placement
from blankettset.workbook.layout.text_size import row_height, text_lines, text_width
from blankettset.workbook.write.avstamning import Reconciliation
from blankettset.workbook.write.carried_marks import Marks, write_left
from blankettset.workbook.write.reconciliation import NOT_YET, OK, WRONG
from blankettset.workbook.write.sheets import EMPTY_TEXT, PROTECTION, print_set_up
from blankettset.workbook.write.status_board import StatusBoard

FIRST = 8
CHECK_LINE = FIRST - 2  # says whether anybody has checked; stands over the counts
PURPOSE_WIDTH = 70
FAULTS, PURPOSE = (5, 6), 7  # columns, from 0
GUIDE = "Fyll i de gula cellerna. Vita celler räknas ut. Streckade celler fylls inte i. Tabb går till nästa cell."
OWN_COLUMN = {"mal": ("status", "forvantat_resultat"), "indikatorer": ("arsmal",)}  # what a nämnd adds to KF's rows
CONTROL = "kontroll"
NEVER_CHECKED = "Ingen kontroll är gjord än; tryck Validera."
CHECKED = "Den senaste kontrollen står på bladet Kontroll."
_COUNT = re.compile(r'COUNTIFS\([^"]*,"(?P<form>[^"]+)",[^"]*,"(?P<word>fel|varning)"\)')


def counted_by(formula: str) -> tuple[str, str] | None:
    """The form and severity that a cell of the board counts on Kontroll, or None for another formula."""
    found = _COUNT.search(formula)
    return (found["form"], found["word"]) if found else None


class Progress(msgspec.Struct, frozen=True):
    """How far a form is filled in: what "Ifyllt" and "Status" say, as formulas and as they are now.

    `state` is None for a form that asks for nothing.
    """

    shown: str
    text: str
    state: str | None
    word: str


def _state(begun: str, complete: str) -> str:
    return f'IF({begun}=0,"Ej påbörjad",IF({complete},"Ifylld","Påbörjad"))'


def _word(begun: int, *, complete: bool) -> str:
    return "Ej påbörjad" if not begun else "Ifylld" if complete else "Påbörjad"


class FormProgress:
    """Works out how far the forms are filled in."""

    def __init__(self, evaluation: Evaluation, placements: Mapping[str, Placement]) -> None:
        self.evaluation, self.placements = evaluation, placements

    def of(self, form: Blankett) -> Progress | None:
        """How far the form is filled in; None when nobody fills it in."""
        found = self._list(form) if form.is_list else self._table(form)
        declared = self._declaration(form)
        if found is None or found.state is None or declared is None:
            return found
        current = self.evaluation.facts.get(("forsattsblad", form.id, "ej_aktuellt")) != "ja"
        return msgspec.structs.replace(
            found,
            state=f'IF({declared}="Ja","Ej aktuell",{found.state})',
            word=found.word if current else "Ej aktuell",
        )

    def _declaration(self, form: Blankett) -> str | None:
        cover = self.placements.get("forsattsblad")
        if cover is None or form.id not in cover.rows or not form.optional:
            return None
        return f"{quote_sheet(cover.form.sheet)}!{cover.address(form.id, 'ej_aktuellt')}"

    # ---- tables: filled when every required cell is, or every cell where none is required

    def _table(self, form: Blankett) -> Progress | None:
        spans, every, begun = self._cells(form, required=False)
        needed, wanted, done = self._cells(form, required=True)
        if not spans:
            return None
        counted = f"COUNTA({','.join(spans)})"
        if not needed:
            state = _state(counted, f"{counted}>={every}")
            return Progress(f'{counted}&" ifyllda"', f"{begun} ifyllda", state, _word(begun, complete=begun >= every))
        filled = f"COUNTA({','.join(needed)})"
        state = _state(counted, f"{filled}>={wanted}")
        word = _word(begun, complete=done >= wanted)
        return Progress(f'{filled}&" av {wanted}"', f"{done} av {wanted}", state, word)

    def _cells(self, form: Blankett, *, required: bool) -> tuple[list[str], int, int]:
        """Ranges of the required cells (or of all that are filled in), how many there are and how many are filled."""

        def wanted(row: str, column: Column) -> bool:
            cell = form.cell(row, column.id)
            return cell.required if required else cell.kind in (Kind.INPUT, Kind.SLK) and not cell.prefill_parameter

        place, sheet = self.placements[form.id], quote_sheet(form.sheet)
        keys = [(row, column) for row in place.rows for column in form.columns if wanted(row, column)]
        done = sum(self._filled(form, row, column.id) for row, column in keys)
        return [f"{sheet}!{span}" for span in place.spans(wanted)], len(keys), done

    # ---- lists: filled when every row that has a name has all that is required and what the nämnd itself adds

    def _list(self, form: Blankett) -> Progress | None:
        if not form.key or form.cell("1", form.key).kind is Kind.SYSTEM:
            return None
        named = f"COUNTA({self._span(form, form.key)})"
        rows = [row for row in self.evaluation.items[form.id] if self._filled(form, row, form.key)]
        shown, text = f'{named}&" rad"&IF({named}=1,"","er")', f"{len(rows)} rad{'' if len(rows) == 1 else 'er'}"
        if form.group == "kontroll":
            return Progress(shown, text, None, "")
        needed = [column.id for column in form.columns if column.id != form.key and form.cell("1", column.id).required]
        missing = sum(not self._filled(form, row, column) for row in rows for column in needed)
        missed = self._empty(form, needed)
        own = self._own(form)
        if own is None:
            state = _state(named, f"{missed}=0")
            return Progress(shown, text, state, _word(len(rows), complete=not missing))
        asked = [row for row in rows if not self._is_heading(form, row)]
        begun = sum(self._filled(form, row, own.id) for row in self.evaluation.items[form.id])
        done = sum(self._filled(form, row, own.id) for row in asked)
        given, wanted = self._given(form, own), self._asked(form)
        state = _state(f"COUNTA({self._span(form, own.id)})", f"AND({given}>={wanted},{missed}=0)")
        word = _word(begun, complete=done >= len(asked) and not missing)
        return Progress(f'{given}&" av "&{wanted}&" rader"', f"{done} av {len(asked)} rader", state, word)

    def _own(self, form: Blankett) -> Column | None:
        if not form.kf_rows:
            return None
        return next((form.column_by_id[c] for c in OWN_COLUMN[form.kf_rows] if c in form.column_by_id), None)

    def _filled(self, form: Blankett, row: str, column: str) -> bool:
        return self.evaluation.facts.get((form.id, row, column)) is not None

    def _is_heading(self, form: Blankett, row: str) -> bool:
        """An inriktningsmål only groups goals; nobody judges it."""
        return self.evaluation.facts.get((form.id, row, "niva")) == "inriktningsmal"

    def _span(self, form: Blankett, column: str) -> str:
        first, last = self.placements[form.id].list_range(column)
        return f"{quote_sheet(form.sheet)}!{first}:{last}"

    def _rows(self, form: Blankett) -> str:
        """1 for each row that has a name and is to be judged, in an array."""
        named = f'({self._span(form, form.key or "")}<>"")'
        if "niva" not in form.column_by_id:
            return named
        label = next(c.label for c in form.column_by_id["niva"].choices if c.id == "inriktningsmal")
        return f'{named}*({self._span(form, "niva")}<>"{label}")'

    def _asked(self, form: Blankett) -> str:
        return f"SUMPRODUCT(1*{self._rows(form)})"

    def _given(self, form: Blankett, own: Column) -> str:
        return f'SUMPRODUCT({self._rows(form)}*({self._span(form, own.id)}<>""))'

    def _empty(self, form: Blankett, columns: list[str]) -> str:
        """How many of the columns' cells are empty on rows that have a name."""
        if not columns:
            return "0"
        gaps = "+".join(f'({self._span(form, column)}="")' for column in columns)
        return f'SUMPRODUCT(({self._span(form, form.key or "")}<>"")*({gaps}))'


class IndexSheet:
    """Writes the sheet. `whose` is the nämnd (and unit), `who` the line at the top of each printed page.

    `more` are the sheets that are no forms, with what each is for.
    """

    def __init__(
        self, book: Any, formats: look.Formats, evaluation: Evaluation, placements: Mapping[str, Placement],
        *, whose: str, who: str, more: Mapping[str, str], marks: Marks, reconciliation: Reconciliation,
    ) -> None:  # fmt: skip
        self.reconciliation = reconciliation
        self.book, self.fmt, self.evaluation, self.placements = book, formats, evaluation, placements
        self.set, self.whose, self.who, self.more, self.marks = evaluation.set, whose, who, more, marks
        self.progress = FormProgress(evaluation, placements)
        self.control = placements.get(CONTROL)

    def write(self, sheet: Any) -> None:
        """Write everything onto `sheet`."""
        self._head(sheet)
        row = FIRST - 1
        for form in self.set.blanketter.values():
            self._row(sheet, form, row)
            row += 1
        link = self.fmt(font_color=look.ACCENT, underline=1)
        for name, purpose in self.more.items():
            sheet.write_url(row, 1, f"internal:{quote_sheet(name)}!A1", link, name)
            sheet.write_string(row, PURPOSE, purpose, self.fmt.quiet())
            row += 1
        row -= 1
        self._conditional(sheet, row)
        row = StatusBoard(self.evaluation, self.placements).write(self.book, sheet, self.fmt, row + 2)
        row = write_left(sheet, self.fmt, self.marks, row + 1)
        sheet.write_string(row + 2, 1, f"Layout {self.set.layout_hash}", self.fmt.quiet(font_size=8))
        origin = self.set.analogy or f"Källa: {self.set.source}"
        sheet.write_string(row + 3, 1, origin, self.fmt.quiet(font_size=8))
        sheet.freeze_panes(FIRST - 1, 0)
        sheet.set_selection(FIRST - 1, 1, FIRST - 1, 1)
        sheet.repeat_rows(FIRST - 2)
        print_set_up(sheet, self.who, INDEX_SHEET)
        sheet.fit_to_pages(1, 0 if self.marks.left else 1)
        sheet.print_area(0, 1, row + 3, PURPOSE)
        sheet.protect("", PROTECTION)

    def _head(self, sheet: Any) -> None:
        fmt = self.fmt
        sheet.hide_gridlines(2)
        sheet.set_tab_color(look.ACCENT)
        for at, width in enumerate((2, self._title_width(), 15, 15, 16, 9, 12, PURPOSE_WIDTH)):
            sheet.set_column(at, at, width)
        sheet.set_row(1, 26)
        sheet.write_string(1, 1, self.set.title, fmt.title())
        sheet.write_string(2, 1, self.whose, fmt(bold=True, font_size=12))
        sheet.write_string(3, 1, GUIDE, fmt.quiet())
        legend = [("Fylls i av nämnden", {"bg_color": look.INPUT_FILL, "border": 1, "border_color": "#E3DCC2"}),
                  ("Fylls i av SLK", {"bg_color": look.SLK_FILL, "border": 1, "border_color": "#C9DAEA"}),
                  ("Räknas ut", {"border": 1, "border_color": look.LINE}),
                  ("Fylls inte i", {"pattern": 14, "fg_color": "#DDE2E6"})]  # fmt: skip
        for at, (text, style) in zip((1, 2, 3, 4), legend, strict=True):
            sheet.write_string(4, at, text, fmt(font_size=9, align="left", **style))
        for i, text in enumerate(("Blankett", "Ifyllt", "Status", "Avstämning", "Fel", "Varningar", "Vad den visar")):
            sheet.write_string(FIRST - 2, 1 + i, text, fmt.header(centred=text in ("Fel", "Varningar")))
        if self.control is not None:
            line = f'=IF({self._unchecked()},"{NEVER_CHECKED}","{CHECKED}")'
            value = CHECKED if self._is_checked() else NEVER_CHECKED
            sheet.write_formula(CHECK_LINE - 1, FAULTS[0], line, fmt.quiet(font_size=9), value)

    def _title_width(self) -> int:
        widest = max(text_width(form.title) for form in self.set.blanketter.values())
        return min(66, max(44, round(widest + 1)))

    def _row(self, sheet: Any, form: Blankett, row: int) -> None:
        fmt = self.fmt
        line: dict[str, Any] = {"bottom": 1, "bottom_color": look.LINE}
        link = fmt(font_color=look.ACCENT, underline=1, text_wrap=True, **line)
        sheet.write_url(row, 1, f"internal:{quote_sheet(form.sheet)}!A1", link, form.title)
        sheet.write_string(row, PURPOSE, form.purpose, fmt.quiet(text_wrap=True, **line))
        lines = max(text_lines(form.purpose, PURPOSE_WIDTH), text_lines(form.title, self._title_width()))
        sheet.set_row(row, row_height(lines))
        found = self.progress.of(form)
        if found is None:
            sheet.write_string(row, 2, "", fmt(**line))
            sheet.write_string(row, 3, "Räknas ut" if form.group != "kontroll" else "", fmt.quiet(**line))
        else:
            sheet.write_formula(row, 2, "=" + found.shown, fmt(**line), found.text)
            if found.state is None:
                sheet.write_string(row, 3, "", fmt(**line))
            else:
                sheet.write_formula(row, 3, "=" + found.state, fmt(bold=True, **line), found.word)
        self._reconciled(sheet, form, row, line)
        for at, word in zip(FAULTS, ("fel", "varning"), strict=True):
            if self.control is not None:
                value = self._count(form, word) if self._is_checked() else EMPTY_TEXT
                style = fmt(num_format='0;-0;"–"', align="center", **line)
                sheet.write_formula(row, at, "=" + self._count_formula(form, word), style, value)

    def _reconciled(self, sheet: Any, form: Blankett, row: int, line: Mapping[str, Any]) -> None:
        """Whether the form's checks on Avstämning hold, live: how many do not, or that all do."""
        if not any(check.form == form.id for check in self.reconciliation.lines):
            sheet.write_string(row, 4, "", self.fmt(**line))
            return
        (wrong, wrong_now), (right, right_now) = (self.reconciliation.counts(form.id, s) for s in (WRONG, OK))
        formula = f'=IF({wrong}>0,{wrong}&" avviker",IF({right}>0,"{OK}","{NOT_YET}"))'
        now = f"{wrong_now} avviker" if wrong_now else OK if right_now else NOT_YET
        sheet.write_formula(row, 4, formula, self.fmt(bold=True, **line), now)

    def _control_span(self, column: str) -> str:
        assert self.control is not None
        return f"{quote_sheet(self.control.form.sheet)}!{':'.join(self.control.list_range(column))}"

    def _unchecked(self) -> str:
        return f"COUNTA({self._control_span('kod')})=0"

    def _count_formula(self, form: Blankett, word: str) -> str:
        spans = [self._control_span(column) for column in ("blankett", "allvar")]
        return f'IF({self._unchecked()},"",COUNTIFS({spans[0]},"{form.sheet}",{spans[1]},"{word}"))'

    def _checks(self) -> Iterator[str]:
        yield from (r for r in self.evaluation.items[CONTROL] if self.evaluation.facts.get((CONTROL, r, "kod")))

    def _is_checked(self) -> bool:
        return any(self._checks())

    def _count(self, form: Blankett, word: str) -> int:
        facts = self.evaluation.facts
        found = ((facts.get((CONTROL, r, "blankett")), facts.get((CONTROL, r, "allvar"))) for r in self._checks())
        return sum(each == (form.sheet, word) for each in found)

    def _conditional(self, sheet: Any, last: int) -> None:
        for word, colour in (("Ifylld", look.GREEN), ("Påbörjad", look.AMBER)):
            rule = {"type": "cell", "criteria": "==", "value": f'"{word}"',
                    "format": self.book.add_format({"font_color": colour})}  # fmt: skip
            sheet.conditional_format(FIRST - 1, 3, last, 3, rule)
        for criteria, word, colour in (("==", OK, look.GREEN), ("containing", "avviker", look.RED)):
            style = self.book.add_format({"font_color": colour})
            rule = {"type": "text", "criteria": "containing", "value": word, "format": style}
            if criteria == "==":
                rule = {"type": "cell", "criteria": "==", "value": f'"{word}"', "format": style}
            sheet.conditional_format(FIRST - 1, 4, last, 4, rule)
        for at, colour in zip(FAULTS, (look.RED, look.AMBER), strict=True):
            rule = {"type": "cell", "criteria": ">", "value": 0,
                    "format": self.book.add_format({"font_color": colour, "bold": True})}  # fmt: skip
            sheet.conditional_format(FIRST - 1, at, last, at, rule)
