"""Mistakes with whole sheets, rows and columns, and with the workbook."""

from __future__ import annotations

import random
from collections.abc import Iterator
from decimal import Decimal

from blankettset.templates.model import LIST_TOTAL, Kind, Type
from blankettset.workbook.calc.evaluate import Key
from blankettset.workbook.layout.placement import FIRST_ROW, HEADER_ROW, ID_COLUMN, LABEL_COLUMN, STAMP_SHEET, WHO_ROW
from blankettset.workbook.xlsx.raw import RawBook, RawCell, RawSheet
from tests.planterade.hosts import Host
from tests.planterade.kinds import (
    Mistake,
    a_number,
    a_text,
    figures_of,
    form_ids,
    kind,
    on_sheet,
)


@kind("alla formler på ett blad klistrade som värden")
def pasted(host: Host, chance: random.Random) -> Iterator[Mistake]:
    def flat(sheet: RawSheet) -> None:
        for place, cell in list(sheet.cells.items()):
            if cell.formula is not None:
                sheet.cells[place] = RawCell(cell.state, cell.number, cell.text, None, cell.is_bool)

    for form in form_ids(host, chance):
        if (
            sum(
                c.formula is not None for c, d in host.filled.forms[form].of_kinds((Kind.COMPUTED,)) if d.type.is_number
            )
            > 3
        ):
            yield on_sheet(host, form, flat)


# ---- the sheets themselves


def _without(sheet: RawSheet, *, row: int | None = None, column: int | None = None) -> None:
    for place in [place for place in sheet.cells if place[0] == row or place[1] == column]:
        del sheet.cells[place]


@kind("rad borttagen")
def row_gone(host: Host, chance: random.Random) -> Iterator[Mistake]:
    for form in form_ids(host, chance, lists=False):
        row = chance.choice([r.id for r in host.filled.set.blanketter[form].rows if not r.heading])
        cell = next(c for c in host.filled.forms[form].cells.values() if c.row == row)
        number = host.at(host.raw, cell.key)[1][0]
        yield on_sheet(host, form, lambda sheet, n=number: _without(sheet, row=n), f"{form}.{row}")  # type: ignore[misc]


@kind("kolumn borttagen")
def column_gone(host: Host, chance: random.Random) -> Iterator[Mistake]:
    for form in form_ids(host, chance):
        column = chance.choice(list(host.filled.set.blanketter[form].column_by_id))
        cell = next((c for c in host.filled.forms[form].cells.values() if c.column == column), None)
        if cell is not None:
            number = host.at(host.raw, cell.key)[1][1]
            yield on_sheet(host, form, lambda sheet, n=number: _without(sheet, column=n), f"{form}.{column}")  # type: ignore[misc]


@kind("blad borttaget")
def sheet_gone(host: Host, chance: random.Random) -> Iterator[Mistake]:
    for form in form_ids(host, chance):
        name = host.filled.forms[form].sheet

        def change(raw: RawBook, name: str = name) -> set[Key]:
            raw.sheets[:] = [sheet for sheet in raw.sheets if sheet.name != name]
            return set()

        yield Mistake("", form, ((form, "", ""),), change, recalculated=False)


@kind("blad dolt")
def sheet_hidden(host: Host, chance: random.Random) -> Iterator[Mistake]:
    for form in form_ids(host, chance):
        yield on_sheet(host, form, lambda sheet: setattr(sheet, "visibility", "hidden"))


@kind("blad omdöpt")
def sheet_renamed(host: Host, chance: random.Random) -> Iterator[Mistake]:
    for form in form_ids(host, chance):
        yield on_sheet(host, form, lambda sheet: setattr(sheet, "name", f"{sheet.name} ny"))


@kind("rad kopierad")
def row_copied(host: Host, chance: random.Random) -> Iterator[Mistake]:
    for form in form_ids(host, chance, lists=False):
        row = chance.choice([r.id for r in host.filled.set.blanketter[form].rows if not r.heading])
        cell = next(c for c in host.filled.forms[form].cells.values() if c.row == row)
        number = host.at(host.raw, cell.key)[1][0]

        def change(sheet: RawSheet, number: int = number) -> None:
            last = max(place[0] for place in sheet.cells)
            sheet.cells.update({(last + 2, c): each for (r, c), each in list(sheet.cells.items()) if r == number})

        yield on_sheet(host, form, change, f"{form}.{row}")


@kind("dolda id borttagna")
def ids_gone(host: Host, chance: random.Random) -> Iterator[Mistake]:
    for form in form_ids(host, chance):
        yield on_sheet(host, form, lambda sheet: _without(sheet, column=ID_COLUMN))


@kind("etikett på rad ändrad")
def row_relabelled(host: Host, chance: random.Random) -> Iterator[Mistake]:
    for form in form_ids(host, chance, lists=False):
        row = chance.choice([r.id for r in host.filled.set.blanketter[form].rows if not r.heading])
        cell = next(c for c in host.filled.forms[form].cells.values() if c.row == row)
        number = host.at(host.raw, cell.key)[1][0]

        def change(sheet: RawSheet, number: int = number) -> None:
            sheet.cells[number, LABEL_COLUMN] = a_text("Övriga kostnader för annat")

        yield on_sheet(host, form, change, f"{form}.{row}")


@kind("rubrik på kolumn ändrad")
def column_relabelled(host: Host, chance: random.Random) -> Iterator[Mistake]:
    for form in form_ids(host, chance):
        column = chance.choice(list(host.filled.set.blanketter[form].column_by_id))
        cell = next((c for c in host.filled.forms[form].cells.values() if c.column == column), None)
        if cell is None:
            continue
        number = host.at(host.raw, cell.key)[1][1]

        def change(sheet: RawSheet, number: int = number) -> None:
            sheet.cells[HEADER_ROW, number] = a_text("Helt annat")

        yield on_sheet(host, form, change, f"{form}.{column}")


@kind("enheten på bladet ändrad")
def unit_changed(host: Host, chance: random.Random) -> Iterator[Mistake]:
    for form in form_ids(host, chance):
        sheet = host.raw.sheet(host.filled.forms[form].sheet)
        assert sheet is not None
        place = next((p for p, c in sorted(sheet.cells.items()) if p[0] < FIRST_ROW and "mnkr" in (c.text or "")), None)
        if place is not None:

            def change(sheet: RawSheet, place: tuple[int, int] = place) -> None:
                sheet.cells[place] = a_text((sheet.cells[place].text or "").replace("mnkr", "tkr"))

            yield on_sheet(host, form, change)


@kind("blad ur en annan nämnds fil")
def foreign(host: Host, chance: random.Random) -> Iterator[Mistake]:
    for form in form_ids(host, chance):

        def change(sheet: RawSheet) -> None:
            for place, cell in list(sheet.cells.items()):
                if place[0] == WHO_ROW and cell.text:
                    sheet.cells[place] = a_text("Skärholmen stadsdelsnämnd (SDN15) · 2024-T1")

        yield on_sheet(host, form, change)


@kind("tal bredvid blanketten")
def beside(host: Host, chance: random.Random) -> Iterator[Mistake]:
    for form in form_ids(host, chance):

        def change(sheet: RawSheet) -> None:
            row, column = max(p[0] for p in sheet.cells), max(p[1] for p in sheet.cells)
            sheet.cells[row + 3, column + 2] = a_number(Decimal("123.4"))

        yield on_sheet(host, form, change)


@kind("rad under listans slut")
def below(host: Host, chance: random.Random) -> Iterator[Mistake]:
    for form in form_ids(host, chance, lists=True):
        key = host.filled.set.blanketter[form].key or next(iter(host.filled.set.blanketter[form].column_by_id))
        cell = next(c for c in host.filled.forms[form].cells.values() if c.column == key and c.row != LIST_TOTAL)
        number = host.at(host.raw, cell.key)[1][1]

        def change(sheet: RawSheet, number: int = number) -> None:
            last = max(place[0] for place in sheet.cells)
            sheet.cells[last + 2, number] = a_text("En rad till")
            sheet.cells[last + 2, number + 1] = a_number(Decimal(77))

        yield on_sheet(host, form, change)


@kind("dold rad med belopp")
def hidden_row(host: Host, chance: random.Random) -> Iterator[Mistake]:
    for cell, _, _, _ in figures_of(host, chance):
        number = host.at(host.raw, cell.key)[1][0]
        yield on_sheet(host, cell.form, lambda sheet, n=number: sheet.seen.hidden_rows.add(n), ".".join(cell.key))  # type: ignore[misc]


@kind("filter kvar")
def filtered(host: Host, chance: random.Random) -> Iterator[Mistake]:
    for form in form_ids(host, chance, lists=True):
        sheet = host.raw.sheet(host.filled.forms[form].sheet)
        assert sheet is not None
        cell = next(c for c in host.filled.forms[form].cells.values() if c.raw is not None and c.row != LIST_TOTAL)
        number = host.at(host.raw, cell.key)[1][0]

        def change(sheet: RawSheet, number: int = number) -> None:
            sheet.seen.filtered = True
            sheet.seen.hidden_rows.add(number)

        yield on_sheet(host, form, change)


@kind("sammanslagna inmatningsceller")
def merged(host: Host, chance: random.Random) -> Iterator[Mistake]:
    for cell, _, _, _ in figures_of(host, chance):
        form = host.filled.set.blanketter[cell.form]
        columns = list(form.column_by_id)
        after = columns[columns.index(cell.column) + 1 :][:1]
        if not after or form.cell(cell.row, after[0]).kind is not Kind.INPUT:
            continue
        row, column = host.at(host.raw, cell.key)[1]
        pair = ((row, column), (row, column + 1))
        yield on_sheet(host, cell.form, lambda sheet, p=pair: sheet.seen.merged.append(p), ".".join(cell.key))  # type: ignore[misc]


# ---- the workbook


@kind("fel datumsystem")
def date_system(host: Host, _: random.Random) -> Iterator[Mistake]:
    dates = [
        c for f in host.filled.forms.values() for c, d in f.defined if d.type is Type.DATUM and c.value is not None
    ]
    if len(dates) > 1:

        def change(raw: RawBook) -> set[Key]:
            raw.date1904 = True
            return set()

        yield Mistake("", "arbetsboken", (("", "", ""),), change, recalculated=False)


@kind("stämpel av en annan nämnd")
def other_stamp(host: Host, _: random.Random) -> Iterator[Mistake]:
    def change(raw: RawBook) -> set[Key]:
        sheet = raw.sheet(STAMP_SHEET)
        assert sheet is not None
        for (row, column), cell in list(sheet.cells.items()):
            if column == 1 and cell.text == "namnd":
                sheet.cells[row, 2] = a_text("SDN15")
        return set()

    yield Mistake("", "arbetsboken", (("", "", ""), ("forsattsblad", "", "")), change, recalculated=False)
