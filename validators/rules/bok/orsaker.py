"""Causes on the workbook, a form or a column, said once: what follows from them waits until they are put right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from blankettset.templates.model import Kind, Type
from blankettset.validators.filing import Filing
from blankettset.validators.finding import Hit, Severity, Wait, quoted
from blankettset.validators.registry import rule
from blankettset.validators.rules.mal.rader import (
    ACTIVITIES,
    GOALS,
    INDICATORS,
    UNIT_GOALS,
    as_typed_date,
    lines,
    plain,
)
from blankettset.workbook.read.filled import Cell, FilledForm

EPOCHS = timedelta(days=1462)  # between Excel's two date systems
DATES = frozenset({"BF021", "BF319", "BF320", "BF325", "BF709"})
NUMBERED = frozenset({"BF310", "BF312", "BF325", "BF331", "BF332", "BF707", "BF708"})


@rule(
    "BF030",
    title="Datumen räknas från rätt dag",
    severity=Severity.FEL,
    source="Excels två datumsystem (1900 och 1904) skiljer 1 462 dagar",
)
def dates_are_in_the_right_system(filing: Filing) -> Iterator[Hit]:
    """BF030: Arbetsbokens datum ligger inte alla fyra år och en dag fel.

    Givet minst tre datum, varav de flesta ligger långt från året
    När de hamnar rätt om man flyttar dem de 1 462 dagar som skiljer Excels två datumsystem
    Så sägs det en gång, och inget om datumen för sig.
    Exempel: Bladet är klistrat ur en arbetsbok med 1904 som första år: alla slutdatum är 2028.
    """
    cells = [
        (cell, date.fromisoformat(cell.value))
        for form in filing.forms()
        for cell, definition in form.of_kinds((Kind.INPUT,))
        if definition.type is Type.DATUM and isinstance(cell.value, str)
    ]
    year = filing.set.year
    for shift in (EPOCHS, -EPOCHS):
        moved = [
            (cell, day)
            for cell, day in cells
            if not year - 2 < day.year < year + 3 and year - 2 < (day + shift).year < year + 3
        ]
        if len(moved) < 3 or len(moved) * 5 < len(cells) * 4:
            continue
        first, day = moved[0]
        yield Hit(
            f"{len(moved)} datum i arbetsboken ligger fyra år och en dag fel (det första är {day.isoformat()}, men ska troligen vara "
            f"{(day + shift).isoformat()}): de är räknade från 1904 i stället för 1900, eller tvärtom.",
            "Klistra in datumen som text och skriv om dem, eller ta bort krysset vid »Använd datumsystemet 1904» under "
            "Arkiv > Alternativ > Avancerat.",
            form=first.form,
            sheet=first.sheet,
            cell=first.address,
            column=first.column,
            found=day.isoformat(),
            expected=(day + shift).isoformat(),
            cells=tuple(f"{cell.sheet}!{cell.address}" for cell, _ in moved[1:]),
            waits=(Wait(codes=DATES),),
        )
        return


@rule(
    "BF031",
    title="Listans rader hänger ihop",
    many="{n} kolumner ser ut att vara sorterade för sig",
    severity=Severity.VARNING,
    source="Excel sorterar bara den markerade kolumnen när frågan om att utvidga besvaras fel",
)
def rows_of_lists_belong_together(filing: Filing) -> Iterator[Hit]:
    """BF031: Ingen kolumn i en lista är sorterad utan de andra.

    Givet en lista över indikatorer, aktiviteter eller mål där raderna står i målens ordning
    När en annan kolumn ensam är sorterad rakt igenom (minst sex olika värden), eller KF:s rader har bytt innehåll i en kolumn
    Så sägs det en gång för kolumnen, och inget om det som följer av att raderna har blandats.
    Exempel: Kolumnen Slutdatum är sorterad för sig: varje aktivitet har fått en annans datum.
    """
    for form_id in (INDICATORS, ACTIVITIES, GOALS):
        form = filing.filled.forms.get(form_id)
        rows = lines(filing, form_id)
        numbers = [_by_number(line.text("mal" if form_id != GOALS else "nummer")) for line in rows]
        if form is None or len(rows) < 10 or not _in_order(numbers):
            continue
        for column in form.form.columns:
            if (
                column.id in ("mal", "nummer", "niva", form.form.key)
                or column.formula is not None
                or column.function is not None
            ):
                continue
            cells = [cell for line in rows if (cell := form.cells.get((line.row, column.id))) is not None and cell.raw]
            if _is_sorted(cells):
                yield _sorted_alone(filing, form, column.id, cells)


def _by_number(number: str) -> tuple[tuple[int, str], ...]:
    return tuple((int(part), "") if part.isdigit() else (10**6, part) for part in number.split("."))


def _in_order(values: Sequence[Any]) -> bool:
    """True when nearly every value is at least as large as the one before: programs do not agree on how letters sort."""
    turned = sum(bool(after < before) for before, after in pairwise(values))
    return turned <= max(1, len(values) // 20)


def _is_sorted(cells: Sequence[Cell]) -> bool:
    """True when six or more different contents stand in order, as Excel sorts: numbers first, then texts."""
    said = [_as_sorted(cell) for cell in cells]
    return len(cells) >= 10 and len(set(said)) >= 6 and (_in_order(said) or _in_order(said[::-1]))


def _as_sorted(cell: Cell) -> tuple[int, Decimal, str]:
    figure = cell.value if isinstance(cell.value, Decimal) else None
    return (0, figure, "") if figure is not None else (1, Decimal(0), (cell.raw or "").casefold())


def _sorted_alone(filing: Filing, form: FilledForm, column: str, cells: Sequence[Cell]) -> Hit:
    first = cells[0]
    return filing.at(
        first.key,
        f"kolumnen {form.form.column_by_id[column].name} står i bokstavs- eller storleksordning genom hela listan, men raderna i "
        "målens ordning: den ser ut att vara sorterad för sig.",
        "Ångra sorteringen, eller hämta kolumnen ur en äldre kopia. Markera hela listan när du sorterar.",
        cells=tuple(cell.key for cell in cells[1:]),
        follows_from_here=False,
        waits=(Wait(form.form.id), Wait(codes=frozenset({"BF325", "BF332", "BF707"}))),
    )


@rule(
    "BF032",
    title="Målen har sina nummer",
    many="{n} mål har fått ett annat nummer",
    severity=Severity.FEL,
    source="Uppställningen i 002 och 003: mål i mål, med KF:s nummer",
)
def goals_have_their_numbers(filing: Filing) -> Iterator[Hit]:
    """BF032: Ett mål har kvar det nummer som andra mål, indikatorer och aktiviteter hänvisar till.

    Givet ett nummer som hänvisas till men inte finns på något mål
    När ett mål saknar nummer, har fått ett datum i stället, står under ett mål som inte finns eller har en titel som är ett av
    KF:s måls
    Så pekas det målet ut, och inget sägs om raderna som hänvisar till numret.
    Exempel: Excel har gjort 1.4 till ett datum (45383): 39 rader hör då inte till något mål.
    """
    goals = [*lines(filing, GOALS), *lines(filing, UNIT_GOALS)]
    numbers = {line.text("nummer") for line in goals}
    plan = {plain(goal.titel): goal.nummer for goal in filing.set.kf.mal} if lines(filing, GOALS) else {}
    asked = Counter(_parent(line.text("nummer")) for line in goals)
    asked.update(line.text("mal") for line in (*lines(filing, INDICATORS), *lines(filing, ACTIVITIES)))
    lost = {number for number in (*asked, *plan.values()) if number and number not in numbers}
    for line in goals if lost else ():
        number = line.text("nummer")
        typed = as_typed_date(number)
        decided = plan.get(plain(line.text("titel")))
        meant = decided if decided in lost else typed if typed in lost else None
        if number and typed is None and decided in (None, number):
            if _parent(number) in ("", *numbers, *plan.values()):
                continue
            meant = _only([each for each in lost if asked[each] and _parent(each) in numbers])
            if meant is None:
                continue  # a goal under one that is not there: BF312
        meant = meant or _only([each for each in lost if asked[each]])
        yield filing.at(
            (line.form, line.row, "nummer"),
            (f"målet har inget nummer, men {_referring(asked, meant)}." if not number else
             f"numret är {quoted(number)}" + (" (Excel har gjort det till ett datum)" if typed else "")
             + f", men {_referring(asked, meant)}."),
            f"Formatera cellen som text och skriv {meant}." if meant else "Formatera cellen som text och skriv målets nummer.",
            found=number,
            expected=meant,
            waits=(Wait(line.form, line.row, "nummer"), Wait(codes=NUMBERED)),
        )  # fmt: skip


def _parent(number: str) -> str:
    return number.rpartition(".")[0]


def _only(numbers: Sequence[str]) -> str | None:
    return numbers[0] if len(numbers) == 1 else None


def _referring(asked: Counter[str], meant: str | None) -> str:
    if meant is None:
        return "andra rader hänvisar till nummer som inte finns"
    count = asked[meant]
    return f"{count} rader hänvisar till {meant}" if count > 1 else f"målet är {meant}"
