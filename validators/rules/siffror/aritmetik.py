"""BF1xx: arithmetic within a form. Written once for all forms; the definition says what is the sum of what."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from blankettset.templates.formula import Formula, Ref
from blankettset.templates.model import ITEM, LIST_TOTAL, CellDef
from blankettset.validators.filing import Filing
from blankettset.validators.finding import Hit, Severity, show
from blankettset.validators.registry import rule, varies
from blankettset.workbook.calc.evaluate import Key, NotComputable
from blankettset.workbook.read.filled import Cell
from blankettset.workbook.read.xlsx_reader import CellState

ARITHMETIC = "Räkneregeln står i blankettens definition (se blankettens sida)"


def _wrong(filing: Filing, kind: str) -> Iterator[tuple[Cell, Decimal, Decimal, Formula]]:
    """Cells of one kind of computation that hold a figure (no formula) further off than the tolerance."""
    for form in (form for form in filing.forms() if form.form.id not in filing.unusable):
        for cell, definition in filing.computed(form):
            if cell.formula is not None or cell.state is not CellState.NUMBER:
                continue
            if _kind(filing, cell, definition) != kind or not isinstance(cell.value, Decimal):
                continue
            try:
                expected = filing.evaluation.expected(cell.key)
            except NotComputable:
                continue
            if isinstance(expected, Decimal) and filing.evaluation.differs(cell.key, cell.value, expected):
                yield cell, cell.value, expected, definition.formula or ()


def _kind(filing: Filing, cell: Cell, definition: CellDef) -> str:
    form = filing.set.blanketter[cell.form]
    if form.is_list and cell.row == LIST_TOTAL:
        return "listsumma"
    column = form.column_by_id[cell.column]
    if definition.function is not None or (cell.row, cell.column) in form.overrides:
        return "cell"
    return "kolumn" if column.formula is not None else "rad"


def _hit(filing: Filing, cell: Cell, found: Decimal, expected: Decimal, formula: Formula, what: str) -> Hit:
    difference = found - expected
    form = filing.set.blanketter[cell.form]
    places, unit = form.decimals, form.unit_at(cell.row, cell.column)
    direction = "för hög" if difference > 0 else "för låg"
    flipped = _flipped(filing, cell, found, formula)
    return filing.at(
        cell.key,
        f"där står {show(found, places)} men {what} ger {show(expected, places)}; "
        f"{show(abs(difference), places)}{f' {unit}' if unit != '-' else ''} {direction}.{flipped}",
        "Rätta den siffra som är fel och återställ formeln.",
        found=found,
        expected=expected,
        tolerance=form.tolerance,
        related=_places(filing, cell, formula),
    )


def _places(filing: Filing, cell: Cell, formula: Formula) -> tuple[Key, ...]:
    keys = []
    for term in formula:
        row = cell.row if term.ref.row == ITEM else term.ref.row
        key = (term.ref.blankett, row, term.ref.column)
        if filing.filled.cell(key) is not None:
            keys.append(key)
    return tuple(keys)


def _flipped(filing: Filing, cell: Cell, found: Decimal, formula: Formula) -> str:
    """ "Med omvänt tecken på … stämmer det", when turning one term round explains the whole difference."""
    form = filing.set.blanketter[cell.form]
    try:
        expected = filing.evaluation.expected(cell.key)
    except NotComputable:
        return ""
    for key, term in zip(_places(filing, cell, formula), formula, strict=False):
        value = filing.filled.facts.get(key)
        if not isinstance(value, Decimal) or not value or not isinstance(expected, Decimal):
            continue
        if abs(found - (expected - 2 * term.sign * value)) <= form.tolerance:
            name = filing.row_name(form, key[1]) if key[1] != cell.row else form.column_by_id[key[2]].label
            return f" Med omvänt tecken på {name} stämmer det."
    return ""


def _spoken(filing: Filing, cell: Cell, formula: Formula, *, rows: bool) -> str:
    form = filing.set.blanketter[cell.form]
    words = []
    for i, term in enumerate(formula):
        name = _short(filing, term.ref, cell, rows=rows)
        sign = "−" if term.sign < 0 else "+" if i else ""
        words.append(f"{sign} {name}" if sign else name)
    text = " ".join(words)
    return text if len(text) < 160 else f"summan av {len(formula)} {'rader' if rows else 'belopp'} i {form.title}"


def _short(filing: Filing, ref: Ref, cell: Cell, *, rows: bool) -> str:
    form = filing.set.blanketter[ref.blankett]
    if rows:
        return form.row_label(ref.row or cell.row)
    label = form.column_by_id[ref.column].label
    return (
        label if form.id == cell.form and ref.row in (ITEM, cell.row) else f"{form.row_label(ref.row or '')} ({label})"
    )


@rule(
    "BF101",
    title="Radsummor stämmer",
    many="{n} radsummor stämmer inte med sina delar",
    severity=Severity.FEL,
    source=ARITHMETIC,
)
def a_sum_row_equals_its_parts(filing: Filing) -> Iterator[Hit]:
    """BF101: En summarad är summan av sina delar, i varje kolumn.

    Givet en rad som blanketten räknar ut som summan av andra rader
    När ett tal är inskrivet i stället för formeln och avviker mer än toleransen
    Så anges cellen med båda talen och skillnaden.
    Exempel: Individ- och familjeomsorg 164,9 när delarna är 87,2 + 26,7 + 50,3 = 164,2.
    """
    for cell, found, expected, formula in _wrong(filing, "rad"):
        what = _spoken(filing, cell, formula, rows=True)
        yield _hit(filing, cell, found, expected, formula, what)


@rule(
    "BF102",
    title="Kolumnformler stämmer",
    many="{n} celler stämmer inte med kolumnens formel",
    severity=Severity.FEL,
    source=ARITHMETIC,
)
def a_column_equals_its_formula(filing: Filing) -> Iterator[Hit]:
    """BF102: En beräknad kolumn är vad dess formel ger, på varje rad.

    Givet en kolumn som blanketten räknar ut, som Avvikelse
    När ett tal är inskrivet i stället för formeln och avviker mer än toleransen
    Så anges cellen med båda talen, och om ett omvänt tecken förklarar skillnaden.
    Exempel: Avvikelse 2,5 när budget 51,3 − prognos 48,3 är 3,0.
    """
    for cell, found, expected, formula in _wrong(filing, "kolumn"):
        what = _spoken(filing, cell, formula, rows=False)
        yield _hit(filing, cell, found, expected, formula, what)


@rule(
    "BF103",
    title="Listors summor stämmer",
    many="{n} summor stämmer inte med listans rader",
    severity=Severity.FEL,
    source=ARITHMETIC,
)
def a_list_total_equals_its_items(filing: Filing) -> Iterator[Hit]:
    """BF103: En listas summa är summan av dess rader.

    Givet en lista med summarad
    När ett tal är inskrivet i stället för formeln och avviker mer än toleransen
    Så anges cellen med båda talen.
    Exempel: Totalt 12,3 när posterna är 2,0 + 5,0 + 2,9 + 2,0 = 11,9.
    """
    for cell, found, expected, formula in _wrong(filing, "listsumma"):
        yield _hit(filing, cell, found, expected, formula, "summan av raderna")


@rule(
    "BF104",
    title="Enskilda cellers formler stämmer",
    many="{n} celler stämmer inte med sin formel",
    severity=Severity.FEL,
    source=ARITHMETIC,
)
def a_single_cell_equals_its_formula(filing: Filing) -> Iterator[Hit]:
    """BF104: En cell med egen formel är vad formeln ger.

    Givet en cell vars formel bara gäller den, som summan efter resultatdispositioner eller ett nyckeltal
    När ett tal är inskrivet i stället för formeln och avviker mer än toleransen
    Så anges cellen med båda talen.
    Exempel: Efter resultatdispositioner −4,5 när −6,6 + 2,3 − 0,5 är −4,8.
    """
    for cell, found, expected, formula in _wrong(filing, "cell"):
        what = _spoken(filing, cell, formula, rows=False) if formula else "blankettens formel"
        yield _hit(filing, cell, found, expected, formula, what)


@rule(
    "BF105",
    title="En varav-rad ryms i sin rad",
    many="{n} varav-belopp är större än raden de är en del av",
    severity=varies(Severity.VARNING, Severity.FEL),
    source="Ordet varav: en del kan inte vara större än det hela (000:1876, 002:1505, 003:2166)",
)
def a_part_is_within_its_whole(filing: Filing) -> Iterator[Hit]:
    """BF105: En ofullständig varav-rad är högst så stor som den rad den är en del av.

    Givet en varav-rad som är en del av en annan rad, men inte hela
    När båda har samma tecken och delen är större än det hela med mer än toleransen
    Så varnas det (stoppas i VB). Avvikelser och rader med olika tecken jämförs inte.
    Exempel: Varav handläggning 76,8 av ekonomiskt bistånd 65,7.
    """
    for form in filing.judged():
        for row in form.form.rows:
            if row.varav_of is None or row.varav_full:
                continue
            for column in form.form.columns:
                if column.formula is not None or column.function is not None:
                    continue
                part = filing.filled.facts.get((form.form.id, row.id, column.id))
                whole = filing.filled.facts.get((form.form.id, row.varav_of, column.id))
                if not isinstance(part, Decimal) or not isinstance(whole, Decimal) or part * whole <= 0:
                    continue
                if abs(part) - abs(whole) > form.form.tolerance:
                    parent = form.form.row_by_id[row.varav_of].label
                    yield filing.at(
                        (form.form.id, row.id, column.id),
                        f"{show(part, form.form.decimals)} är mer än hela raden {parent}, "
                        f"{show(whole, form.form.decimals)}.",
                        "Rätta det belopp som är fel.",
                        found=part,
                        expected=whole,
                        tolerance=form.form.tolerance,
                        related=((form.form.id, row.varav_of, column.id),),
                    )
