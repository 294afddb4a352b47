"""Writes the city's workbook: every form summed with live formulas onto a sheet that shows each nämnd's part.

Takes figures and ready-made rows of text; judges nothing. All money is in mnkr, whatever unit a form has.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from blankettset.templates.model import LIST_TOTAL, MONEY_SCALE, Blankett, Blankettset, CellDef, Kind, Type
from blankettset.workbook.calc.evaluate import Evaluation, Facts, Key, NotComputable, Value
from blankettset.workbook.city.goals import COLOURED_BY, GOALS_SHEET, INDICATORS_SHEET, GoalMatrices
from blankettset.workbook.city.units import (
    DATA,
    DATA_FIRST_COLUMN,
    DATA_FIRST_ROW,
    PURPOSE,
    UNIT_AREA_ROW,
    area_label,
    areas_of_units,
)
from blankettset.workbook.layout import look
from blankettset.workbook.layout.addresses import address
from blankettset.workbook.layout.excel_formula import SheetPlaces, formula_text, quote_sheet
from blankettset.workbook.layout.head import unit_text
from blankettset.workbook.layout.placement import FIRST_COLUMN, HEADER_ROW, INDEX_SHEET, PARAMETER_SHEET, Placement
from blankettset.workbook.layout.text_size import row_height, text_lines
from blankettset.workbook.write.build import (
    new_book,
    parameter_addresses,
    parameter_rows,
    write_parameters,
    write_stamp,
)
from blankettset.workbook.write.files import new_file
from blankettset.workbook.write.sheets import (
    FormSheet,
    cell_lines,
    column_header,
    column_width,
    header_lines,
    named_columns,
    print_set_up,
    stored,
)

OVERVIEW, CONTENTS = "Översikt", INDEX_SHEET
MATRICES, FACTS, FINDINGS, PROVENANCE = "Matriser", "Fakta", "Fynd", "Proveniens"
CONTENTS_WIDTH = 100
SEE_DATA = "se Data"  # in place of a figure that the nämnder's together do not make
CITY = "Stockholms stad"
COUNT_UNIT = "mnkr"
MAX_FACT_ROWS = 1_000_000
AREAS = "verksamhetsomraden"
NOT_SUMMED = ("forsattsblad", "kontroll")


class Part(msgspec.Struct, frozen=True):
    """One nämnd's contribution: its inputs, and what the overview and the provenance say of it."""

    code: str
    name: str
    inputs: Facts
    overview: tuple[int, int, int]  # fel, öppna varningar, förklarade
    provenance: tuple[tuple[str, str], ...]
    area: str | None = None  # a unit's verksamhetsområde


class City(msgspec.Struct, frozen=True):
    """All that the workbook shows. `findings` are rows of text under `finding_headers`; `eliminated` are pairs.

    The first `findings_printed` columns of the findings go on paper; the others are for finding the place on the screen.
    """

    set: Blankettset
    parts: tuple[Part, ...]
    missing: tuple[tuple[str, str], ...]
    finding_headers: tuple[str, ...]
    findings: tuple[tuple[str, ...], ...]
    eliminated: tuple[tuple[str, str, Decimal], ...]
    made: str
    findings_printed: int
    owner: str = CITY


def in_mnkr(form: Blankett) -> Blankett:
    """The form with its own unit turned into mnkr, where that is money; other forms as they are."""
    if form.unit not in MONEY_SCALE or form.unit == COUNT_UNIT:
        return form
    scale = Decimal(MONEY_SCALE[form.unit]) / MONEY_SCALE[COUNT_UNIT]
    columns = tuple(
        msgspec.structs.replace(c, unit=COUNT_UNIT) if c.unit in MONEY_SCALE and c.unit != COUNT_UNIT else c
        for c in form.columns
    )
    return msgspec.structs.replace(
        form, unit=COUNT_UNIT, decimals=form.decimals + 2, tolerance=form.tolerance * scale, columns=columns
    )


def city_facts(city_set: Blankettset, part_set: Blankettset, inputs: Facts) -> dict[Key, Value]:
    """One nämnd's inputs with money in mnkr."""
    facts: dict[Key, Value] = {}
    for key, value in inputs.items():
        form = part_set.blanketter[key[0]]
        if isinstance(value, Decimal) and form.cell(key[1], key[2]).type.is_number:
            before, after = form.unit_of(key[2]), city_set.blanketter[key[0]].unit_of(key[2])
            if before != after:
                value = value * MONEY_SCALE[before] / MONEY_SCALE[after]
        facts[key] = value
    return facts


def sum_inputs(city_set: Blankettset, parts: Sequence[Facts]) -> dict[Key, Value]:
    """The city's inputs: each number cell of the table forms summed. Blank everywhere stays blank."""
    total: dict[Key, Value] = {}
    for form in city_set.blanketter.values():
        if form.is_list or form.id in NOT_SUMMED:
            continue
        for row, column, cell in form.fixed_cells():
            if cell.kind not in (Kind.INPUT, Kind.SLK) or not cell.type.is_number or not form.is_summed(row, column):
                continue
            key = (form.id, row, column)
            found = _sum(facts.get(key) for facts in parts)
            if found is not None:
                total[key] = found
    return total


def _sum(values: Iterable[Value]) -> Decimal | None:
    """The sum of the figures; None when there is none."""
    given = [value for value in values if isinstance(value, Decimal)]
    return sum(given, Decimal(0)) if given else None


def reads_unsummed(blankettset: Blankettset, cell: CellDef) -> bool:
    """True for what is computed from a price or an average: the city's is the sum of the nämnder's own."""
    refs = ((blankettset.blanketter[ref.blankett], ref) for ref in cell.reads)
    return any(not form.is_list and not form.is_summed(ref.row, ref.column) for form, ref in refs)


def read_by_functions(blankettset: Blankettset) -> frozenset[Key]:
    """The cells that functions read; they count a blank their own way, so what they read keeps its zero."""
    cells = (cell for form in blankettset.blanketter.values() for _, _, cell in form.fixed_cells())
    refs = (ref for cell in cells if cell.function is not None for ref in cell.reads)
    return frozenset((ref.blankett, ref.row, ref.column) for ref in refs)


class CityEvaluation(Evaluation):
    """A nämnd's figures in mnkr. A function's result comes in the form's own unit and is turned into mnkr as well."""

    def __init__(self, blankettset: Blankettset, facts: Facts, own: Blankettset) -> None:
        super().__init__(blankettset, facts, keep_formulas=True)
        self.own = own

    def expected(self, key: Key) -> Value:
        """See Evaluation."""
        found = super().expected(key)
        form, before = self.set.blanketter[key[0]], self.own.blanketter[key[0]].unit_of(key[2])
        after = form.unit_of(key[2])
        if before == after or not isinstance(found, Decimal) or form.cell(key[1], key[2]).function is None:
            return found
        return found * MONEY_SCALE[before] / MONEY_SCALE[after]


class CityTotal(CityEvaluation):
    """The city's figures. A sum of what nobody has reported is blank, unless a function reads it (`kept`).

    `given` stands in place of what would be computed: the sums of the nämnder's own figures.
    """

    def __init__(
        self, blankettset: Blankettset, facts: Facts, own: Blankettset, given: Mapping[Key, Value], kept: Set[Key]
    ) -> None:
        super().__init__(blankettset, facts, own)
        self.given, self.kept = given, kept

    def expected(self, key: Key) -> Value:
        """See Evaluation."""
        if key in self.given:
            return self.given[key]
        return None if self._adds_blanks(key) else super().expected(key)

    def _adds_blanks(self, key: Key) -> bool:
        form = self.set.blanketter[key[0]]
        terms = form.cell(key[1], key[2]).formula
        if not terms or form.is_list or key in self.kept:
            return False
        return all(self.figure(term.ref) is None for term in terms)


def write_city(path: Path, city: City, *, replace_existing: bool) -> Path | None:
    """Write the workbook. Returns the path of the long table as CSV when it would not fit on a sheet."""
    with new_file(path, replace=replace_existing) as temporary:
        writer = _CityBook(temporary, city)
        writer.write()
    if writer.fact_rows <= MAX_FACT_ROWS:
        return None
    beside = path.with_name(path.stem + "_fakta.csv")
    with (
        new_file(beside, replace=replace_existing) as temporary,
        temporary.open("w", encoding="utf-8-sig") as file,
    ):
        file.write(";".join(FACT_HEADERS) + "\n")
        for row in writer.facts():
            file.write(";".join(_csv(cell) for cell in row) + "\n")
    return beside


FACT_HEADERS = ("Nämnd", "Namn", "Period", "Blankett", "Rad", "Kolumn", "Enhet", "Värde", "Text")


def _csv(cell: str | float | None) -> str:
    text = "" if cell is None else str(cell).replace(".", ",") if isinstance(cell, float) else cell
    return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in ';"\n\r') else text


class _CityBook:
    def __init__(self, path: Path, city: City) -> None:
        self.city = city
        forms = {form.id: in_mnkr(form) for form in city.set.blanketter.values()}
        self.set = msgspec.structs.replace(city.set, blanketter=forms)
        self.parts = [city_facts(self.set, city.set, part.inputs) for part in city.parts]
        self.evaluations = [CityEvaluation(self.set, facts, city.set) for facts in self.parts]
        self.units = city.set.level == "enhet"
        self.one, self.many = ("enhet", "enheter") if self.units else ("nämnd", "nämnder")
        self.contents: list[tuple[str, str]] = []
        self.who = f"{city.owner} · {city.set.id} · {len(city.parts)} {self.many}"
        self.book = new_book(path, f"{city.set.title}, {city.owner}")
        self.fmt = look.Formats(self.book)
        self.data_rows: dict[Key, int] = {}
        self.fact_rows = 0
        self.tables = [f for f in forms.values() if not f.is_list and f.id not in NOT_SUMMED]
        self.lists = [f for f in forms.values() if f.is_list and f.id not in NOT_SUMMED]
        self._number_rows()
        self.kept = read_by_functions(self.set)
        self.placements = {form.id: Placement(form) for form in self.tables}
        self.parameter_rows = parameter_rows(self.set)
        self.places = SheetPlaces(self.placements, parameter_addresses(self.parameter_rows), blank_text=True)
        self.total = CityTotal(self.set, sum_inputs(self.set, self.parts), city.set, self._given(), self.kept)

    def _given(self) -> dict[Key, Value]:
        """What the city's forms do not compute anew: None for what is not summed, else the sum of the nämnder's own."""
        found: dict[Key, Value] = {}
        for key in self.data_rows:
            form = self.set.blanketter[key[0]]
            cell = form.cell(key[1], key[2])
            if form.is_list or cell.kind is not Kind.COMPUTED:
                continue
            if not form.is_summed(key[1], key[2]):
                found[key] = None
            elif reads_unsummed(self.set, cell):
                found[key] = _sum(_number(evaluation, key) for evaluation in self.evaluations)
        return found

    def write(self) -> None:
        overview, contents = self.book.add_worksheet(OVERVIEW), self.book.add_worksheet(CONTENTS)
        self._matrices()
        self._goal_matrices()
        if "enhetsbudget" in self.set.blanketter:
            sheet = self._plain_sheet("Verksamhetsområden", PURPOSE, "ekonomi")
            areas = [part.area for part in self.city.parts]
            areas_of_units(sheet, self.fmt, self.city.owner, areas, self.evaluations, self.total, self.data_rows)
        for form in self.set.blanketter.values():
            if form in self.tables:
                self.contents.append((form.sheet, form.purpose))
                FormSheet(self.book, self.fmt, self.placements[form.id], self.total, self.places, who=self.who, choices={},
                          instead=self._instead, locked=True).write()  # fmt: skip
            elif form in self.lists:
                self._list(form)
        self._eliminations()
        self._findings()
        self._provenance()
        self._data()
        self._facts()
        write_parameters(self.book, self.fmt, self.parameter_rows, self.who)
        write_stamp(self.book, self.city.set, "STAD", "konsoliderad")
        self.contents.append((PARAMETER_SHEET, "Beslutade tal som formlerna räknar med, med källa."))
        self._overview(overview)
        self._contents(contents)
        overview.activate()
        self.book.close()

    # ---- the wide data sheet: a row for each place, a column for each nämnd

    def _number_rows(self) -> None:
        row = DATA_FIRST_ROW
        for form in self.set.blanketter.values():
            if form.id in NOT_SUMMED:
                continue
            for row_id, column_id, cell in form.fixed_cells():
                if cell.type.is_number and cell.kind is not Kind.NOT_APPLICABLE:
                    self.data_rows[form.id, row_id, column_id] = row
                    row += 1

    @property
    def _last_column(self) -> int:
        return DATA_FIRST_COLUMN + max(len(self.parts), 1) - 1

    def _instead(self, key: Key) -> str | None:
        """What stands in the city's form: a sum of the row on Data, or that there is none; None to compute it anew."""
        row, form = self.data_rows.get(key), self.set.blanketter[key[0]]
        if row is None:
            return None
        if not form.is_summed(key[1], key[2]):
            return SEE_DATA
        cell = form.cell(key[1], key[2])
        if cell.kind is Kind.COMPUTED and not reads_unsummed(self.set, cell):
            return self._anew(key, cell)
        span = f"{DATA}!{address(row, DATA_FIRST_COLUMN)}:{address(row, self._last_column)}"
        return f'=IF(COUNT({span})=0,"",SUM({span}))'

    def _anew(self, key: Key, cell: CellDef) -> str | None:
        """The form's own formula, blank where what it adds up is; None for a function or what a function reads."""
        if not cell.formula or key in self.kept:
            return None
        refs = [term.ref for term in cell.formula]
        read = [self.places.cell(key[0], ref.blankett, ref.row, ref.column) for ref in refs]
        return f'=IF(COUNT({",".join(read)})=0,"",{formula_text(self.set, key, self.places)})'

    def _data(self) -> None:
        whose = "Nämndens" if self.units else "Stadens"
        sheet = self._plain_sheet(
            DATA, f"Varje belopp per {self.one}, i mnkr. {whose} blanketter summerar raderna här."
        )
        if self.units:
            sheet.write_string(UNIT_AREA_ROW - 1, 5, "Område", self.fmt.quiet())
        headers = ("Blankett", "Rad", "Kolumn", "Radens namn", "Kolumnens namn", "Enhet")
        for at, (text, width) in enumerate(zip(headers, (20, 22, 20, 40, 30, 8), strict=True)):
            sheet.write_string(DATA_FIRST_ROW - 2, at, text, self.fmt.header(number=False))
            sheet.set_column(at, at, width)
        for i, part in enumerate(self.city.parts):
            at = DATA_FIRST_COLUMN - 1 + i
            sheet.write_string(DATA_FIRST_ROW - 2, at, part.name, self.fmt.header(number=True))
            sheet.set_column(at, at, 13)
            if self.units:
                style = self.fmt.quiet(text_wrap=True)
                sheet.write_string(UNIT_AREA_ROW - 1, at, area_label(self.set, part.area), style)
        for key, row in self.data_rows.items():
            form = self.set.blanketter[key[0]]
            texts = (*key, form.row_label(key[1]), form.column_by_id[key[2]].label, form.unit_of(key[2]))
            for at, text in enumerate(texts):
                sheet.write_string(row - 1, at, text, self.fmt())
            number = self.fmt(num_format=look.number_format(form.decimals_of(key[1], key[2])), align="right")
            for i, evaluation in enumerate(self.evaluations):
                value = _number(evaluation, key)
                if value is not None:
                    sheet.write_number(row - 1, DATA_FIRST_COLUMN - 1 + i, float(value), number)
        sheet.freeze_panes(DATA_FIRST_ROW - 1, DATA_FIRST_COLUMN - 1)
        sheet.repeat_rows(DATA_FIRST_ROW - 2)
        sheet.autofilter(DATA_FIRST_ROW - 2, 0, max(self.data_rows.values(), default=6) - 1, self._last_column - 1)

    def _plain_sheet(self, name: str, purpose: str, colour: str = "kontroll") -> Any:
        sheet = self.book.add_worksheet(name)
        self.contents.append((name, purpose))
        sheet.set_tab_color(look.TAB[colour])
        self._plain_head(sheet, name, purpose)
        return sheet

    def _plain_head(self, sheet: Any, name: str, purpose: str) -> None:
        sheet.hide_gridlines(2)
        sheet.set_row(0, 24)
        sheet.write_string(0, 0, name, self.fmt.title())
        sheet.write_string(1, 0, self.who, self.fmt(bold=True))
        sheet.write_string(2, 0, purpose, self.fmt.quiet())
        print_set_up(sheet, self.who, name)

    def _contents(self, sheet: Any) -> None:
        """Every sheet that a reader can open, with a link."""
        self._plain_head(sheet, CONTENTS, "Arbetsbokens blad.")
        sheet.fit_to_pages(1, 1)
        sheet.set_tab_color(look.ACCENT)
        sheet.set_column(0, 0, 32)
        sheet.set_column(1, 1, CONTENTS_WIDTH)
        link = self.fmt(font_color=look.ACCENT, underline=1, bottom=1, bottom_color=look.LINE)
        shown = self.fmt.quiet(text_wrap=True, bottom=1, bottom_color=look.LINE)
        for row, (name, purpose) in enumerate(
            [(OVERVIEW, "Vilka som har lämnat, med status."), *self.contents], start=4
        ):
            sheet.write_url(row, 0, f"internal:{quote_sheet(name)}!A1", link, name)
            sheet.write_string(row, 1, purpose, shown)
            sheet.set_row(row, row_height(text_lines(purpose, CONTENTS_WIDTH)))

    # ---- overview

    def _overview(self, sheet: Any) -> None:
        fmt = self.fmt
        sheet.hide_gridlines(2)
        sheet.set_tab_color(look.ACCENT)
        sheet.set_column(0, 0, 30)
        sheet.set_column(1, 1, 13)
        sheet.set_column(2, 4, 11)
        sheet.set_column(5, 9, 18)
        sheet.set_row(0, 26)
        sheet.write_string(0, 0, f"{self.city.set.title}, {self.city.owner}", fmt.title())
        present = f"{len(self.city.parts)} av {len(self.city.parts) + len(self.city.missing)} nämnder har lämnat"
        if self.units:
            present = f"{len(self.city.parts)} enheter har lämnat"
        sheet.write_string(1, 0, f"{present} · konsoliderad {self.city.made} · belopp i mnkr", fmt(bold=True))
        columns = self._overview_columns()
        note = "Beloppen hämtas ur bladet Data."
        if any("%" in label for label, _, _ in columns):
            note += " Budgetföljsamhet över 100 procent är överskridande."
        sheet.write_string(2, 0, note, fmt.quiet())
        link = fmt(font_color=look.ACCENT, underline=1)
        sheet.write_url(3, 0, f"internal:{quote_sheet(CONTENTS)}!A1", link, "Alla blad")
        headers = [
            self.one.capitalize(),
            "Status",
            "Fel",
            "Varningar",
            "Förklarade",
            *(label for label, _, _ in columns),
        ]
        for at, text in enumerate(headers):
            sheet.write_string(4, at, text, fmt.header(number=at > 1))
        sheet.set_row(4, 34)
        line: dict[str, Any] = {"bottom": 1, "bottom_color": look.LINE}
        row = 5
        for i, part in enumerate(self.city.parts):
            sheet.write_string(row, 0, part.name if self.units else f"{part.name} ({part.code})", fmt(**line))
            errors, warnings, _ = part.overview
            status = "Fel" if errors else "Varningar" if warnings else "Klar"
            colour = look.RED if errors else look.AMBER if warnings else look.GREEN
            sheet.write_string(row, 1, status, fmt(bold=True, font_color=colour, **line))
            for at, count in enumerate(part.overview, start=2):
                sheet.write_number(row, at, count, fmt(num_format='0;-0;"–"', align="right", **line))
            for at, (_, key, decimals) in enumerate(columns, start=5):
                self._linked(sheet, row, at, key, i, decimals, line)
            row += 1
        total_row = row
        bold = {"bold": True, "top": 1, "top_color": look.INK}
        sheet.write_string(row, 0, self.city.owner, fmt(**bold))
        sheet.write_string(row, 1, "", fmt(**bold))
        for at in range(2, 5):
            counted = sum(part.overview[at - 2] for part in self.city.parts)
            span = f"{address(6, at + 1)}:{address(max(row, 6), at + 1)}"
            sheet.write_formula(row, at, f"=SUM({span})", fmt(num_format="0", align="right", **bold), counted)
        for at, (_, key, decimals) in enumerate(columns, start=5):
            form = self.set.blanketter[key[0]]
            where = f"{quote_sheet(form.sheet)}!{Placement(form).address(key[1], key[2])}"
            value = _number(self.total, key)
            style = fmt(num_format=look.number_format(decimals), align="right", **bold)
            sheet.write_formula(row, at, f"={where}", style, stored(value))
        row += 1
        for code, name in self.city.missing:
            sheet.write_string(row, 0, f"{name} ({code})", fmt.quiet(**line))
            sheet.write_string(row, 1, "Saknas", fmt(bold=True, font_color=look.RED, **line))
            for at in range(2, len(headers)):
                sheet.write_blank(row, at, None, fmt(**line))
            row += 1
        self._charts(sheet, columns, total_row, row + 1)
        sheet.freeze_panes(5, 1)
        print_set_up(sheet, self.who, OVERVIEW)
        sheet.print_area(0, 0, row + 22, max(len(headers), 10) - 1)

    def _overview_columns(self) -> list[tuple[str, Key, int]]:
        wanted = [
            ("Kostnader, budget", "enhetsbudget", "kostnader", "budget"),
            ("Intäkter, budget", "enhetsbudget", "intakter", "budget"),
            ("Netto", "enhetsbudget", "netto", "budget"),
            ("Netto, utfall", "enhetsbudget", "netto", "utfall"),
            ("Budget", AREAS, "summa", "budget"),
            ("Prognos", AREAS, "summa", "prognos"),
            ("Prognos efter", AREAS, "summa", "prognos_efter"),
            ("Utfall efter", AREAS, "summa", "utfall_efter"),
            ("Kostnader", AREAS, "summa", "kostnader"),
            ("Intäkter", AREAS, "summa", "intakter"),
            ("Netto", AREAS, "summa", "netto"),
            ("Avvikelse", AREAS, "summa", "avvikelse"),
            ("Budgetföljsamhet före, %", "nyckeltal", "budgetfoljsamhet_fore", "varde"),
            ("Budgetföljsamhet efter, %", "nyckeltal", "budgetfoljsamhet_efter", "varde"),
        ]
        found = []
        for label, *key in wanted:
            place: Key = (key[0], key[1], key[2])
            if place in self.data_rows and not (
                key[2] == "prognos" and (AREAS, "summa", "utfall_efter") in self.data_rows
            ):
                found.append((label, place, 1))
        return found

    def _linked(
        self, sheet: Any, row: int, at: int, key: Key, part: int, decimals: int, style: Mapping[str, Any]
    ) -> None:
        where = f"={DATA}!{address(self.data_rows[key], DATA_FIRST_COLUMN + part)}"
        value = _number(self.evaluations[part], key)
        cell_format = self.fmt(num_format=look.number_format(decimals), align="right", **style)
        if value is None:
            sheet.write_string(row, at, "–", self.fmt(align="right", **style))
        else:
            sheet.write_formula(row, at, where, cell_format, float(value))

    def _charts(self, sheet: Any, columns: list[tuple[str, Key, int]], total_row: int, row: int) -> None:
        if total_row == 5:
            return
        wanted = [(at, label) for at, (label, _, _) in enumerate(columns, start=5)
                  if label in ("Avvikelse", "Budgetföljsamhet efter, %", "Netto")]  # fmt: skip
        for number, (at, label) in enumerate(wanted[:2]):
            chart = self.book.add_chart({"type": "bar"})
            chart.add_series({
                "name": label,
                "categories": [OVERVIEW, 5, 0, total_row - 1, 0],
                "values": [OVERVIEW, 5, at, total_row - 1, at],
                "fill": {"color": look.ACCENT},
                "invert_if_negative": True,
                "invert_if_negative_color": look.RED,
                "gap": 60,
                "data_labels": {"value": True, "font": {"name": look.FONT, "size": 8}},
            })  # fmt: skip
            unit = "procent" if "%" in label else "mnkr"
            chart.set_title(
                {"name": f"{label.replace(', %', '')}, {unit}", "name_font": {"name": look.FONT, "size": 11}}
            )
            chart.set_legend({"none": True})
            font = {"name": look.FONT, "size": 8}
            axis: dict[str, Any] = {
                "num_font": font,
                "major_gridlines": {"visible": True, "line": {"color": look.LINE}},
            }
            if "%" in label:
                values = [v for v in (_number(e, columns[at - 5][1]) for e in self.evaluations) if v is not None]
                axis |= {  # bars start at 100: what is over points right, what is under points left
                    "min": min(int(min(values, default=Decimal(98))), 99) - 1,
                    "max": max(int(max(values, default=Decimal(102))), 100) + 2,
                    "crossing": 100,
                }
            chart.set_x_axis(axis)
            chart.set_y_axis({"num_font": font, "reverse": True, "label_position": "low"})
            chart.set_size({"width": 560, "height": 60 + 26 * max(len(self.parts), 4)})
            sheet.insert_chart(row, 0 if number == 0 else 5, chart, {"x_offset": 4, "y_offset": 6})

    # ---- matrices

    def _matrices(self) -> None:
        form = self.set.blanketter.get(AREAS)
        if form is None:
            return
        sheet = self._plain_sheet(
            MATRICES, "Verksamhetsområde för verksamhetsområde, nämnd för nämnd, i mnkr.", "ekonomi"
        )
        sheet.set_column(0, 0, 44)
        sheet.set_column(1, len(self.parts) + 1, 12)
        row = 4
        breaks = []
        for column in form.columns:
            if row > 4:
                breaks.append(row)
            sheet.write_string(row, 0, column.label, self.fmt(bold=True, font_size=12, font_color=look.ACCENT))
            row += 1
            for at, text in enumerate(("Verksamhetsområde", *(p.name for p in self.city.parts), "Staden")):
                sheet.write_string(row, at, text, self.fmt.header(number=at > 0))
            sheet.set_row(row, 30)
            row += 1
            for area in form.rows:
                key = (form.id, area.id, column.id)
                if key in self.data_rows:
                    self._matrix_row(sheet, row, form, key)
                    row += 1
            row += 1
        sheet.set_h_pagebreaks(breaks)
        sheet.freeze_panes(4, 1)

    def _matrix_row(self, sheet: Any, row: int, form: Blankett, key: Key) -> None:
        area = form.row_by_id[key[1]]
        style: dict[str, Any] = {}
        if area.total:
            style = {"bold": True, "top": 1, "top_color": look.INK}
        elif area.varav_of:
            style = {"font_color": look.QUIET}
        sheet.write_string(row, 0, area.label, self.fmt(indent=2 if area.varav_of else 0, **style))
        for i in range(len(self.parts)):
            self._linked(sheet, row, 1 + i, key, i, form.decimals, style)
        place = Placement(form).address(key[1], key[2])
        value = _number(self.total, key)
        number = self.fmt(num_format=look.number_format(form.decimals), align="right", bold=True,
                          **{k: v for k, v in style.items() if k != "bold"})  # fmt: skip
        sheet.write_formula(row, 1 + len(self.parts), f"={quote_sheet(form.sheet)}!{place}", number,
                            stored(value))  # fmt: skip

    def _goal_matrices(self) -> None:
        if not self.set.kf.mal or not self.parts:
            return
        matrices = GoalMatrices(self.fmt, [part.name for part in self.city.parts], self.evaluations)
        if "mal" in self.set.blanketter and "forslag" in self.set.blanketter["mal"].column_by_id:
            purpose = (
                f"KF:s mål {self.one} för {self.one}: den status som {self.one}en anger; inom parentes ett förslag "
                "där den saknas, som inte räknas med till höger."
            )
            matrices.goals(self._plain_sheet(GOALS_SHEET, purpose, "verksamhet"))
        if "indikatorer" in self.set.blanketter:
            purpose = (
                f"KF:s indikatorer {self.one} för {self.one}: prognosen för året, annars utfallet eller målet. "
                + (COLOURED_BY if "status" in self.set.blanketter["indikatorer"].column_by_id else "")
            )
            matrices.indicators(self._plain_sheet(INDICATORS_SHEET, purpose, "verksamhet"))

    # ---- lists: all nämnder's rows under each other

    def _list(self, form: Blankett) -> None:
        sheet = self.book.add_worksheet(form.sheet)
        self.contents.append((form.sheet, form.purpose))
        self._list_head(sheet, form)
        row = first = HEADER_ROW
        for part, evaluation in zip(self.city.parts, self.evaluations, strict=True):
            for item in evaluation.items[form.id]:
                sheet.write_string(row, 0, part.name, self.fmt(valign="top"))
                sheet.write_number(row, 1, int(item), self.fmt(align="center", valign="top", font_color=look.QUIET))
                lines = 1
                for at, column in enumerate(form.columns, start=2):
                    text = self._list_cell(sheet, row, at, form, evaluation, (form.id, item, column.id))
                    lines = max(lines, cell_lines(form, column, text))
                sheet.set_row(row, row_height(lines))
                row += 1
        last = max(row - 1, first)
        self._list_table(sheet, form, first - 1, last)
        if form.total_columns:
            self._list_total(sheet, form, first, last)
        printed = Placement(form).last_printed - FIRST_COLUMN + 2
        sheet.print_area(0, 0, last + bool(form.total_columns), printed)

    def _list_head(self, sheet: Any, form: Blankett) -> None:
        sheet.hide_gridlines(2)
        sheet.set_tab_color(look.TAB[form.group])
        unit = f" · {unit_text(form)}" if unit_text(form) else ""
        sheet.set_row(0, 24)
        sheet.write_string(0, 0, form.title, self.fmt.title())
        sheet.write_string(1, 0, self.who + unit, self.fmt(bold=True))
        sheet.write_string(2, 0, form.sign_text if form.unit == "-" else form.purpose, self.fmt.quiet())
        sheet.set_column(0, 0, 24)
        sheet.set_column(1, 1, 6)
        for at, column in enumerate(form.columns, start=2):
            sheet.set_column(at, at, column_width(form, column))
        sheet.freeze_panes(HEADER_ROW, 2 + named_columns(form))
        print_set_up(sheet, self.who, form.title)
        sheet.repeat_rows(HEADER_ROW - 1)

    def _list_table(self, sheet: Any, form: Blankett, top: int, last: int) -> None:
        columns = [
            {"header": "Lämnat av" if self.units else "Nämnd", "header_format": self.fmt.header()},
            {"header": "Nr", "header_format": self.fmt.header(centred=True)},
        ]
        columns += [{"header": c.label, "header_format": column_header(self.fmt, c)} for c in form.columns]
        options = {"name": "stad_" + form.id, "style": None, "columns": columns}
        sheet.add_table(top, 0, last, len(columns) - 1, options)
        sheet.set_row(top, row_height(max(header_lines(form, column) for column in form.columns)) + 4)

    def _list_cell(self, sheet: Any, row: int, at: int, form: Blankett, evaluation: Evaluation, key: Key) -> str:
        """Write the cell; returns its text."""
        try:
            value = evaluation.value(key)
        except NotComputable:
            value = None
        if value is None:
            return ""
        if isinstance(value, Decimal):
            number = look.number_format(form.decimals_of(key[1], key[2]))
            sheet.write_number(row, at, float(value), self.fmt(num_format=number, align="right", valign="top"))
            return ""
        cell = form.cell(key[1], key[2])
        tone = next((choice.tone for choice in cell.choices if choice.id == value), None)
        style: dict[str, Any] = look.tone(tone) if tone else {}
        style |= {"align": "right"} if cell.type is Type.MATVARDE else {"align": "left", "indent": 1}
        text = cell.shown(value)
        sheet.write_string(row, at, text, self.fmt(text_wrap=True, valign="top", **style))
        return text

    def _list_total(self, sheet: Any, form: Blankett, first: int, last: int) -> None:
        row = last + 1
        bold = {"bold": True, "top": 1, "top_color": look.INK}
        for at in range(len(form.columns) + 2):
            sheet.write_blank(row, at, None, self.fmt(**bold))
        sheet.write_string(row, 0, form.total_label, self.fmt(**bold))
        for at, column in enumerate(form.columns, start=2):
            if column.id in form.total_columns:
                value = sum(
                    (_number(e, (form.id, LIST_TOTAL, column.id)) or Decimal(0) for e in self.evaluations),
                    Decimal(0),
                )
                style = self.fmt(num_format=look.number_format(form.decimals), align="right", **bold)
                span = f"{address(first + 1, at + 1)}:{address(last + 1, at + 1)}"
                sheet.write_formula(row, at, f"=SUM({span})", style, float(value))

    # ---- eliminations, findings, provenance and the long table

    def _eliminations(self) -> None:
        if "omslutning" not in self.set.blanketter or not self.city.eliminated:
            return
        sheet = self._plain_sheet(
            "Elimineringar",
            "Köp och försäljning mellan nämnder som båda redovisar lika; dras från stadens omslutning.",
            "ekonomi",
        )
        for at, (text, width) in enumerate((("Nämnd", 26), ("Motpart", 26), ("Belopp, mnkr", 16))):
            sheet.write_string(4, at, text, self.fmt.header(number=at == 2))
            sheet.set_column(at, at, width)
        row = 5
        number = look.number_format(1)
        for one, other, amount in self.city.eliminated:
            sheet.write_string(row, 0, self._namnd(one), self.fmt())
            sheet.write_string(row, 1, self._namnd(other), self.fmt())
            sheet.write_number(row, 2, float(amount), self.fmt(num_format=number, align="right"))
            row += 1
        total = sum((amount for _, _, amount in self.city.eliminated), Decimal(0))
        bold = {"bold": True, "top": 1}
        sheet.write_string(row, 0, "Summa eliminerat på vardera sidan", self.fmt(**bold))
        sheet.write_formula(
            row, 2, f"=SUM(C6:C{row})", self.fmt(num_format=number, align="right", **bold), float(total)
        )

    def _namnd(self, code: str) -> str:
        found = self.set.namnder.get(code)
        return f"{found.name} ({code})" if found else code

    def _findings(self) -> None:
        sheet = self._plain_sheet(FINDINGS, f"Alla fynd, från varje {self.one}s kontroll och från sammanslagningen.")
        headers, rows = self.city.finding_headers, self.city.findings
        self._text_table(sheet, "tbl_fynd", headers, rows, (22, 10, 12, 26, 14, 14, 90, 60, 40, 22, 10, 22, 20, 28))
        sheet.print_area(0, 0, 4 + max(len(rows), 1), self.city.findings_printed - 1)

    def _provenance(self) -> None:
        sheet = self._plain_sheet(PROVENANCE, "Vilka filer som ingår, med kontrollsummor och kvitton.")
        names = [
            self.one.capitalize(),
            *(name for name, _ in (self.city.parts[0].provenance if self.city.parts else ())),
        ]
        rows = [(f"{p.name} ({p.code})", *(text for _, text in p.provenance)) for p in self.city.parts]
        self._text_table(sheet, "tbl_proveniens", tuple(names), tuple(rows), (28, 30, 66, 66, 18, 20, 8, 10, 20, 20))

    def _text_table(
        self,
        sheet: Any,
        name: str,
        headers: tuple[str, ...],
        rows: tuple[tuple[str, ...], ...],
        widths: tuple[int, ...],
    ) -> None:
        first = 4
        for at, width in zip(range(len(headers)), widths, strict=False):
            sheet.set_column(at, at, width)
        body = self.fmt(text_wrap=True, valign="top")
        for number, row in enumerate(rows, start=first + 1):
            for at, text in enumerate(row):
                sheet.write_string(number, at, text[:32767], body)
            sheet.set_row(number, row_height(max(map(text_lines, row, widths), default=1)))
        last = first + max(len(rows), 1)
        columns = [{"header": text, "header_format": self.fmt.header(number=False)} for text in headers]
        sheet.add_table(first, 0, last, len(headers) - 1, {"name": name, "style": None, "columns": columns})
        sheet.freeze_panes(first + 1, 1)
        sheet.repeat_rows(first)

    def facts(self) -> Iterator[tuple[str | float | None, ...]]:
        """The long table: every figure of every nämnd, computed ones too. What lists hold beside figures is in their own tables."""
        for part, evaluation in zip(self.city.parts, self.evaluations, strict=True):
            for form in self.set.blanketter.values():
                if form.id == "kontroll":
                    continue
                rows = [row.id for row in form.rows] if not form.is_list else evaluation.items[form.id]
                if form.is_list and form.total_columns:
                    rows = [*rows, LIST_TOTAL]
                for row in rows:
                    yield from self._row_facts(part, evaluation, form, row)

    def _row_facts(
        self, part: Part, evaluation: Evaluation, form: Blankett, row: str
    ) -> Iterator[tuple[str | float | None, ...]]:
        for column in form.columns:
            cell = form.cell(row, column.id)
            helper = form.is_list and cell.function is not None
            if cell.kind is Kind.NOT_APPLICABLE or helper:
                continue
            try:
                value = evaluation.value((form.id, row, column.id))
            except NotComputable:
                continue
            if value is None or value == "":
                continue
            if form.is_list and row != LIST_TOTAL and not isinstance(value, Decimal):
                continue
            number, text = (float(value), None) if isinstance(value, Decimal) else (None, value)
            unit = form.unit_of(column.id) if number is not None else ""
            yield part.code, part.name, self.set.id, form.id, row, column.id, unit, number, text

    def _facts(self) -> None:
        sheet = self._plain_sheet(
            FACTS,
            "Alla uppgifter i en lång tabell, för pivottabeller. Beloppen i mnkr. Listornas texter och svar står på listornas egna blad.",
        )
        first = row = 4
        for at, width in enumerate((10, 24, 10, 24, 26, 24, 9, 14, 50)):
            sheet.set_column(at, at, width)
        number, text = self.fmt(num_format="#,##0.0##", align="right"), self.fmt()
        for fact in self.facts():
            self.fact_rows += 1
            if self.fact_rows > MAX_FACT_ROWS:
                continue
            row += 1
            for at, cell in enumerate(fact):
                if isinstance(cell, float):
                    sheet.write_number(row, at, cell, number)
                elif cell:
                    sheet.write_string(row, at, cell, text)
        if self.fact_rows > MAX_FACT_ROWS:
            sheet.write_string(2, 0, "Tabellen ryms inte på bladet; den ligger som CSV bredvid arbetsboken.", text)
        columns = [{"header": name, "header_format": self.fmt.header(number=name == "Värde")} for name in FACT_HEADERS]
        sheet.add_table(first, 0, max(row, first + 1), len(FACT_HEADERS) - 1,
                        {"name": "tbl_fakta", "style": None, "columns": columns})  # fmt: skip
        sheet.freeze_panes(first + 1, 0)
        sheet.repeat_rows(first)


def _number(evaluation: Evaluation, key: Key) -> Decimal | None:
    try:
        value = evaluation.value(key)
    except NotComputable:
        return None
    return value if isinstance(value, Decimal) else None
