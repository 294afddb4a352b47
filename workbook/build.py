"""Builds a nämnd's workbook from the definitions and its facts. Creates new files only, and never half of one."""

from __future__ import annotations

import contextlib
import datetime
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from templates.errors import Refusal, reason
from templates.model import Blankett, Blankettset, Kind, Namnd
from workbook import look
from workbook.addresses import address
from workbook.evaluate import Evaluation, Facts, Key, NotComputable, Value
from workbook.excel_formula import SheetPlaces, quote_sheet
from workbook.placement import (
    FIRST_ROW,
    INDEX_SHEET,
    LISTS_SHEET,
    PARAMETER_SHEET,
    STAMP_SHEET,
    Placement,
)
from workbook.sheets import PROTECTION, FormSheet, choice_labels, print_set_up
from workbook.status_board import StatusBoard

MADE = datetime.datetime(2024, 1, 1)  # the same input gives the same file
STAMP_VERSION = "1"
INDEX_FIRST = 8
OWN_COLUMN = {"mal": ("status", "forvantat_resultat"), "indikatorer": ("arsmal",)}  # what a nämnd adds to KF's rows


class WriteError(Refusal):
    """The file cannot be written; str() is one Swedish sentence."""


@contextlib.contextmanager
def new_file(path: Path, *, replace: bool) -> Iterator[Path]:
    """A temporary path beside `path` that is moved into place when the block ends well, and removed otherwise."""
    if path.is_dir():
        raise WriteError(f"{path} är en mapp. Ange ett filnamn.")
    if path.exists() and not path.is_file():
        raise WriteError(f"{path} är ingen vanlig fil och skrivs inte över. Ange ett annat namn.")
    if path.exists() and not replace:
        raise WriteError(f"{path} finns redan och skrivs inte över. Välj ett annat namn eller lägg till --ersatt.")
    if not path.parent.is_dir():
        raise WriteError(f"Mappen {path.parent} finns inte. Skapa den först.")
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".blankett-", suffix=path.suffix)
        os.close(handle)
    except OSError as error:
        raise WriteError(f"Det går inte att skriva i {path.parent} ({reason(error)}).") from None
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o644)
        if replace:
            os.replace(temporary, path)
        else:
            _move_into_place(temporary, path)
    except FileExistsError:
        raise WriteError(f"{path} finns redan och skrivs inte över. Lägg till --ersatt om den ska ersättas.") from None
    except OSError as error:
        raise WriteError(f"Det går inte att skriva {path} ({reason(error)}).") from None
    finally:
        temporary.unlink(missing_ok=True)


def _move_into_place(temporary: Path, path: Path) -> None:
    """Give the file its name unless somebody has taken the name meanwhile (FileExistsError)."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError:  # a file share without hard links
        if path.exists():
            raise FileExistsError(str(path)) from None
        os.replace(temporary, path)


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


def build(path: Path, blankettset: Blankettset, namnd: Namnd, facts: Facts, *, replace: bool = False) -> list[Key]:
    """Write the workbook; returns the computed cells where a given figure was kept in place of the formula.

    Figures for computed cells that agree with the formula within the form's tolerance leave the formula standing.
    """
    evaluation = Evaluation(blankettset, {**facts, **prefilled(blankettset, namnd)})
    with new_file(path, replace=replace) as temporary:
        _Book(temporary, evaluation, namnd).write()
    kept = []
    for key, _ in evaluation.computed():
        if facts.get(key) is not None and _stands_alone(evaluation, key):
            kept.append(key)
    return kept


def _stands_alone(evaluation: Evaluation, key: Key) -> bool:
    """True when the figure given for a computed cell is not the formula's."""
    try:
        return evaluation.value(key) != evaluation.expected(key)
    except NotComputable:
        return False


def new_book(path: Path, title: str) -> Any:
    """An XlsxWriter workbook with our defaults: no text ever becomes a formula, link or number by itself."""
    import xlsxwriter

    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(os.fspath(path), options)
    book.set_properties({"title": title, "company": "Stockholms stad", "created": MADE})
    book.set_calc_mode("auto")
    book.formats[0].set_font_name(look.FONT)
    book.formats[0].set_font_size(look.SIZE)
    return book


class _Book:
    def __init__(self, path: Path, evaluation: Evaluation, namnd: Namnd) -> None:
        self.evaluation, self.set, self.namnd = evaluation, evaluation.set, namnd
        unit = evaluation.facts.get(("forsattsblad", "enhet", "uppgift"))
        self.whose = f"{namnd.name} stadsdelsnämnd ({namnd.code})" + (f" · {unit}" if unit else "")
        self.who = f"{self.whose} · {self.set.id}"
        self.book = new_book(path, f"{self.set.title} {namnd.name}")
        self.formats = look.Formats(self.book)
        self.placements = {
            form.id: Placement(form, _last_item(evaluation, form)) for form in self.set.blanketter.values()
        }
        self.parameter_rows = parameter_rows(self.set)
        self.places = SheetPlaces(self.placements, parameter_addresses(self.parameter_rows))

    def write(self) -> None:
        index = self.book.add_worksheet(INDEX_SHEET)
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
            ).write()
        write_parameters(self.book, self.formats, self.parameter_rows, self.who)
        choices.write(self.book)
        self._stamp()
        self._index(index)
        index.activate()
        self.book.close()

    def _stamp(self) -> None:
        write_stamp(self.book, self.set, self.namnd.code, "blankettset")

    # ---- the index sheet: contents and status board

    def _index(self, sheet: Any) -> None:
        fmt = self.formats
        sheet.hide_gridlines(2)
        sheet.set_tab_color(look.ACCENT)
        sheet.set_column(0, 0, 2)
        for at, width in enumerate((2, self._title_width(), 16, 16, 14, 12, 70)):
            sheet.set_column(at, at, width)
        sheet.set_row(1, 26)
        sheet.write_string(1, 1, self.set.title, fmt.title())
        sheet.write_string(2, 1, self.whose, fmt(bold=True, font_size=12))
        guide = (
            "Fyll i de gula cellerna. Vita celler räknas ut. Streckade celler fylls inte i. Tabb går till nästa cell."
        )
        sheet.write_string(3, 1, guide, fmt.quiet())
        legend = [("Fylls i av nämnden", {"bg_color": look.INPUT_FILL, "border": 1, "border_color": "#E3DCC2"}),
                  ("Fylls i av SLK", {"bg_color": look.SLK_FILL, "border": 1, "border_color": "#C9DAEA"}),
                  ("Räknas ut", {"border": 1, "border_color": look.LINE}),
                  ("Fylls inte i", {"pattern": 14, "fg_color": "#DDE2E6"})]  # fmt: skip
        for at, (text, style) in zip((1, 2, 3, 4), legend, strict=True):
            sheet.write_string(4, at, text, fmt(font_size=9, align="left", **style))
        headers = ["Blankett", "Ifyllt", "Status", "Fel", "Varningar", "Vad den visar"]
        for i, text in enumerate(headers):
            sheet.write_string(INDEX_FIRST - 2, 1 + i, text, fmt.header(centred=text in ("Fel", "Varningar")))
        row = INDEX_FIRST - 1
        for form in self.set.blanketter.values():
            self._index_row(sheet, form, row)
            row += 1
        link = fmt(font_color=look.ACCENT, underline=1)
        sheet.write_url(row, 1, f"internal:'{PARAMETER_SHEET}'!A1", link, PARAMETER_SHEET)
        sheet.write_string(row, 6, "Gränser och procentsatser som formlerna använder, med källa.", fmt.quiet())
        for word, colour in (("Ifylld", look.GREEN), ("Påbörjad", look.AMBER)):
            rule = {"type": "cell", "criteria": "==", "value": f'"{word}"',
                    "format": self.book.add_format({"font_color": colour})}  # fmt: skip
            sheet.conditional_format(INDEX_FIRST - 1, 3, row, 3, rule)
        for at, colour in ((4, look.RED), (5, look.AMBER)):
            rule = {"type": "cell", "criteria": ">", "value": 0,
                    "format": self.book.add_format({"font_color": colour, "bold": True})}  # fmt: skip
            sheet.conditional_format(INDEX_FIRST - 1, at, row, at, rule)
        row = StatusBoard(self.evaluation, self.placements).write(self.book, sheet, fmt, row + 2)
        sheet.write_string(row + 2, 1, f"Definition {self.set.definition_hash}", fmt.quiet(font_size=8))
        sheet.write_string(row + 3, 1, f"Källa: {self.set.source}", fmt.quiet(font_size=8))
        sheet.freeze_panes(INDEX_FIRST - 1, 0)
        sheet.set_selection(INDEX_FIRST - 1, 1, INDEX_FIRST - 1, 1)
        sheet.repeat_rows(INDEX_FIRST - 2)
        print_set_up(sheet, self.who, "Innehåll")
        sheet.fit_to_pages(1, 1)
        sheet.print_area(0, 1, row + 3, 6)
        sheet.protect("", PROTECTION)

    def _title_width(self) -> int:
        return min(66, max(44, *(len(form.title) for form in self.set.blanketter.values())))

    def _index_row(self, sheet: Any, form: Blankett, row: int) -> None:
        fmt = self.formats
        line: dict[str, Any] = {"bottom": 1, "bottom_color": look.LINE}
        link = fmt(font_color=look.ACCENT, underline=1, text_wrap=True, **line)
        sheet.write_url(row, 1, f"internal:{quote_sheet(form.sheet)}!A1", link, form.title)
        sheet.write_string(row, 6, form.purpose, fmt.quiet(text_wrap=True, **line))
        sheet.set_row(row, 30 if len(form.purpose) > 78 or len(form.title) > 48 else 18)
        formula, text, done, wanted = self._filled(form)
        if formula is None:
            sheet.write_string(row, 2, "", fmt(**line))
            sheet.write_string(row, 3, "Räknas ut" if form.group != "kontroll" else "", fmt.quiet(**line))
        else:
            sheet.write_formula(row, 2, "=" + formula, fmt(**line), text)
            state = "Ej påbörjad" if done == 0 else "Ifylld" if done >= wanted else "Påbörjad"
            condition = self._state_formula(form, wanted)
            if self._declared(form) == "ja":
                state = "Ej aktuell"
            sheet.write_formula(row, 3, "=" + condition, fmt(bold=True, **line), state)
        control = self.placements.get("kontroll")
        for at, word in ((4, "fel"), (5, "varning")):
            if control is None:
                continue
            spans = [":".join(control.list_range(c)) for c in ("blankett", "allvar")]
            ranges = [f"{quote_sheet(control.form.sheet)}!{span}" for span in spans]
            count = self._control_count(form, word)
            counted = f'=COUNTIFS({ranges[0]},"{form.id}",{ranges[1]},"{word}")'
            sheet.write_formula(row, at, counted, fmt(num_format='0;-0;"–"', align="center", **line), count)

    def _control_count(self, form: Blankett, word: str) -> int:
        facts = self.evaluation.facts
        rows = self.evaluation.items.get("kontroll", [])
        wanted = (form.id, word)
        return sum(
            (facts.get(("kontroll", r, "blankett")), facts.get(("kontroll", r, "allvar"))) == wanted for r in rows
        )

    def _filled(self, form: Blankett) -> tuple[str | None, str, int, int]:
        """Formula and text for "Ifyllt", how many cells are filled and how many are wanted."""
        place, sheet = self.placements[form.id], quote_sheet(form.sheet)
        if form.is_list:
            if not form.key or form.cell("1", form.key).kind is Kind.SYSTEM:
                return None, "", 0, 0
            first, last = place.list_range(form.key)
            count = len(
                [r for r in self.evaluation.items[form.id] if self.evaluation.facts.get((form.id, r, form.key))]
            )
            span = f"{sheet}!{first}:{last}"
            if form.kf_rows and form.kf_rows in OWN_COLUMN:
                return self._own_rows(form, span, count)
            return (
                f'COUNTA({span})&" rad"&IF(COUNTA({span})=1,"","er")',
                f"{count} rad{'' if count == 1 else 'er'}",
                count,
                1,
            )
        spans, wanted, done = self._spans(form, required=True)
        if not spans:
            spans, wanted, done = self._spans(form, required=False)
            if not spans:
                return None, "", 0, 0
            return f'COUNTA({",".join(spans)})&" ifyllda"', f"{done} ifyllda", done, 1
        return f'COUNTA({",".join(spans)})&" av {wanted}"', f"{done} av {wanted}", done, wanted

    def _own_rows(self, form: Blankett, span: str, count: int) -> tuple[str, str, int, int]:
        """As _filled for a list that begins with KF's rows: what the nämnd itself has added, of half the rows."""
        column = next(c for c in OWN_COLUMN[form.kf_rows or ""] if c in form.column_by_id)
        first, last = self.placements[form.id].list_range(column)
        own = f"{quote_sheet(form.sheet)}!{first}:{last}"
        done = sum(
            self.evaluation.facts.get((form.id, row, column)) is not None for row in self.evaluation.items[form.id]
        )
        return f'COUNTA({own})&" av "&COUNTA({span})&" rader"', f"{done} av {count} rader", done, max(1, count // 2)

    def _spans(self, form: Blankett, *, required: bool) -> tuple[list[str], int, int]:
        """Ranges of the required cells (or of all that are filled in), how many there are and how many are filled."""
        place, sheet = self.placements[form.id], quote_sheet(form.sheet)
        spans, wanted, done = [], 0, 0
        for column in form.columns:
            run: list[int] = []
            for row_id, number in [*place.rows.items(), (None, 0)]:
                cell = form.cell(row_id, column.id) if row_id else None
                if cell is not None and (cell.required if required else cell.kind in (Kind.INPUT, Kind.SLK)):
                    run.append(number)
                    wanted += 1
                    done += self.evaluation.facts.get((form.id, row_id or "", column.id)) is not None
                elif run:
                    at = place.columns[column.id]
                    spans.append(f"{sheet}!{address(run[0], at)}:{address(run[-1], at)}")
                    run = []
        return spans, wanted, done

    def _state_formula(self, form: Blankett, wanted: int) -> str:
        counted = (self._filled(form)[0] or "").split("&")[0]
        text = f'IF({counted}=0,"Ej påbörjad",IF({counted}>={wanted},"Ifylld","Påbörjad"))'
        declared = self._declaration(form)
        return f'IF({declared}="Ja","Ej aktuell",{text})' if declared else text

    def _declaration(self, form: Blankett) -> str | None:
        cover = self.placements.get("forsattsblad")
        if cover is None or form.id not in cover.rows:
            return None
        return f"{quote_sheet(cover.form.sheet)}!{cover.address(form.id, 'ej_aktuellt')}"

    def _declared(self, form: Blankett) -> Value:
        return self.evaluation.facts.get(("forsattsblad", form.id, "ej_aktuellt"))


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
    for at, width in enumerate((2, 36, 72, 12, 12, 14, 44)):
        sheet.set_column(at, at, width)
    sheet.set_row(1, 24)
    sheet.write_string(1, 1, PARAMETER_SHEET, fmt.title())
    sheet.write_string(2, 1, who, fmt(bold=True))
    sheet.write_string(3, 1, "Beslutade tal som formlerna räknar med. Ändras inte här.", fmt.quiet())
    for i, text in enumerate(("Id", "Vad den gäller", "Värde", "Enhet", "Gäller från", "Källa")):
        sheet.write_string(FIRST_ROW - 2, 1 + i, text, fmt.header(number=text == "Värde"))
    for i, (id_, label, value, unit, start, source) in enumerate(rows):
        row = FIRST_ROW - 1 + i
        sheet.write_string(row, 1, id_, fmt())
        sheet.write_string(row, 2, label, fmt(text_wrap=True))
        sheet.write_number(row, 3, value, fmt(num_format="#,##0.###", align="right"))
        for at, text in ((4, unit), (5, start), (6, source)):
            sheet.write_string(row, at, text, fmt(text_wrap=True, indent=1 if at == 4 else 0))
        sheet.set_row(row, 15 * max(1, -(-len(source) // 44)))
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
        "definition": blankettset.definition_hash,
    }
    for row, (name, value) in enumerate(stamp.items()):
        sheet.write_string(row, 0, name)
        sheet.write_string(row, 1, value)
    sheet.very_hidden()
