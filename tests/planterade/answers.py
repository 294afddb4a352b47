"""Mistakes in lists, answers and dates; and what is no mistake."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from decimal import Decimal

from blankettset.templates.model import Type
from blankettset.workbook.calc.evaluate import Key
from blankettset.workbook.read.filled import Cell
from blankettset.workbook.xlsx.raw import RawBook, RawSheet
from tests.planterade.hosts import Host
from tests.planterade.kinds import (
    HARMLESS,
    Mistake,
    Planter,
    a_number,
    a_text,
    at_cell,
    kind,
    words_of,
)

# ---- lists and words


@kind("svar som inte finns i listan")
def unknown_answer(host: Host, chance: random.Random) -> Iterator[Mistake]:
    for cell, _ in words_of(host, chance, Type.VAL, Type.JANEJ):
        yield at_cell(host, cell, a_text("Uppfyllt till viss del"))


@kind("målets status borta")
def status_gone(host: Host, chance: random.Random) -> Iterator[Mistake]:
    for cell, _ in words_of(host, chance, Type.VAL):
        if cell.column == "status" and cell.form in ("mal", "enhetsmal"):
            yield at_cell(host, cell, None)


@kind("målnummer som Excel gjort till datum")
def goal_date(host: Host, chance: random.Random) -> Iterator[Mistake]:
    for cell, _ in words_of(host, chance, Type.TEXT):
        if (cell.form, cell.column) in (
            ("mal", "nummer"),
            ("indikatorer", "mal"),
            ("aktiviteter", "mal"),
            ("enhetsmal", "nummer"),
        ):
            yield at_cell(host, cell, a_number(Decimal(chance.randint(45292, 45657))))


@kind("målnummer borta")
def goal_gone(host: Host, chance: random.Random) -> Iterator[Mistake]:
    for cell, _ in words_of(host, chance, Type.TEXT):
        if (cell.form, cell.column) in (("mal", "nummer"), ("indikatorer", "mal"), ("aktiviteter", "mal")):
            yield at_cell(host, cell, None)


@kind("datum skrivet som år eller utan streck")
def odd_date(host: Host, chance: random.Random) -> Iterator[Mistake]:
    for cell, _ in words_of(host, chance, Type.DATUM):
        if cell.form != "forsattsblad":
            yield at_cell(host, cell, a_number(Decimal(chance.choice((2024, 241231)))))


@kind("datum som inte går att läsa")
def bad_date(host: Host, chance: random.Random) -> Iterator[Mistake]:
    for cell, _ in words_of(host, chance, Type.DATUM):
        yield at_cell(host, cell, a_text(chance.choice(("2024-13-45", "våren", "31/12"))))


@kind("samma post två gånger")
def twice(host: Host, chance: random.Random) -> Iterator[Mistake]:
    for form in ("resultatenheter", "investeringsprojekt", "projekt"):
        found = host.filled.forms.get(form)
        if found is None or not found.items:
            continue
        row = chance.choice(found.items)
        last = str(int(found.items[-1]) + 1)
        cells = [
            cell for cell in found.cells.values() if cell.row == row and cell.formula is None and cell.value is not None
        ]
        target = next((c for c in found.cells.values() if c.row == found.items[-1]), None)
        if target is None or not cells:
            continue
        number = host.at(host.raw, target.key)[1][0] + 1

        def change(raw: RawBook, cells: list[Cell] = cells, number: int = number) -> set[Key]:
            for cell in cells:
                sheet, (r, c) = host.at(raw, cell.key)
                sheet.cells[number, c] = sheet.cells[r, c]
            return set()

        key = found.form.key or cells[0].column
        yield Mistake("", f"{form}.{row}", ((form, row, key), (form, last, key)), change)


@kind("indikator tio gånger för stor")
def indicator(host: Host, chance: random.Random) -> Iterator[Mistake]:
    for cell, _ in words_of(host, chance, Type.MATVARDE):
        text = str(cell.value)
        digits = "".join(c for c in text if c.isdigit())
        form = host.filled.set.blanketter[cell.form]
        beside = [host.filled.facts.get((cell.form, cell.row, c)) for c in form.column_by_id if c != cell.column]
        measured = sum(isinstance(v, str) and v[:1].isdigit() for v in beside)
        if (
            text[:1].isdigit()
            and digits.strip("0")
            and "%" not in text
            and cell.column in ("periodens_utfall", "prognos_helar", "arsmal")
        ):
            number = text.split(" ")[0]
            larger = text.replace(number, number.replace(",", "") if "," in number else number + "0", 1)
            yield at_cell(host, cell, a_text(larger), must=measured >= 3 and "," not in number)


# ---- what is no mistake


def _answer(how: Callable[[str], str]) -> Planter:
    def planter(host: Host, chance: random.Random) -> Iterator[Mistake]:
        for cell, _ in words_of(host, chance, Type.VAL, Type.JANEJ):
            sheet, place = host.at(host.raw, cell.key)
            yield at_cell(host, cell, a_text(how(sheet.cells[place].text or "")))

    return planter


HARMLESS["svar med mellanslag efter"] = _answer(lambda text: f"{text} ")
HARMLESS["svar med hårt mellanslag"] = _answer(lambda text: text.replace(" ", "\u00a0"))
HARMLESS["svar med andra versaler"] = _answer(str.upper)
HARMLESS["svar utan sin symbol"] = _answer(lambda text: text.lstrip("●◆■—✓…○→ ") or text)


def _own_sheet(host: Host, _: random.Random) -> Iterator[Mistake]:
    def change(raw: RawBook) -> set[Key]:
        raw.sheets.append(
            RawSheet("Mina anteckningar", "visible", {(3, 3): a_text("Ring ekonomen"), (4, 3): a_number(Decimal(7))})
        )
        return set()

    yield Mistake("", "arbetsboken", (("", "", ""),), change)


HARMLESS["eget blad"] = _own_sheet
