"""BF010-BF022 and BF027: the cells one by one. Right kind of content, formulas left alone, nothing forgotten."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal, InvalidOperation

from blankettset.templates.model import ITEM, LIST_TOTAL, Kind, Type
from blankettset.validators.filing import COVER, Filing
from blankettset.validators.finding import Hit, Severity, Wait, quoted, show
from blankettset.validators.registry import rule, varies
from blankettset.workbook.calc.evaluate import Key, NotComputable
from blankettset.workbook.calc.meant import readings
from blankettset.workbook.calc.values import LARGEST, TOO_LARGE, rounded
from blankettset.workbook.layout.excel_formula import IdPlaces, formula_text
from blankettset.workbook.layout.formula_text import same_formula
from blankettset.workbook.read.filled import Cell, FilledForm
from blankettset.workbook.read.xlsx_reader import CellState

FILL = "Blankettens definition: vad varje cell ska innehålla"
EPSILON = Decimal("0.000001")  # float noise in a stored formula value; a thousandth of a krona in mnkr

INPUTS = (Kind.INPUT, Kind.SLK)


def _filled_in(filing: Filing) -> Iterator[FilledForm]:
    return (form for form in filing.forms() if form.form.id not in filing.unusable and form.form.id != "kontroll")


@rule(
    "BF010",
    title="Tal står som tal",
    many="{n} celler innehåller text där ett tal ska stå",
    across=4,
    severity=Severity.FEL,
    source=FILL,
)
def numbers_are_numbers(filing: Filing) -> Iterator[Hit]:
    """BF010: En cell som ska innehålla ett tal innehåller inte text.

    Givet en cell för belopp, antal eller procent
    När den innehåller text, också text som ser ut som ett tal
    Så stoppas inlämningen, för Excel räknar text som ingenting i en summa eller ger #VÄRDEFEL!. I månadstabeller får
    »i.u.» (ingen uppgift) stå i stället för ett tal.
    Exempel: »12 500» med mellanslag, eller »1.5» med punkt i svensk Excel.
    """
    for form in _filled_in(filing):
        for cell, definition in filing.cells(form, *INPUTS, Kind.COMPUTED):
            if not definition.type.is_number or cell.state is not CellState.TEXT or not cell.raw:
                continue
            if definition.kind is Kind.COMPUTED and cell.formula is not None:
                continue  # an empty text from the form's own IF; anything else is BF015
            if cell.value is not None:
                continue  # i.u., where the form takes it for an answer
            text, action, number = _instead_of_a_number(cell.raw)
            yield filing.at(cell.key, text, action, found=cell.raw, expected=number, guess=True)


def _instead_of_a_number(raw: str) -> tuple[str, str, Decimal | None]:
    """What a text in a number's place may mean, what to do, and the number when there is only one."""
    said = f"cellen innehåller texten {quoted(raw)} där ett tal ska stå."
    if not raw.strip(" \u00a0\u202f\t"):
        return "cellen ser tom ut men innehåller mellanslag.", "Töm cellen med Delete, eller skriv talet.", None
    if raw.strip() in ("-", "−", "–", "—"):
        return (
            f"{said} Menas 0, eller finns ingen uppgift?",
            "Skriv 0, eller töm cellen om det inte finns något tal.",
            None,
        )
    meant = readings(raw)
    if len(meant) == 2:
        large, small = map(show, meant)
        return (
            f"{said} Menas talet {large} eller {small}?",
            f"Skriv {large} eller {small}, utan punkt och mellanslag.",
            None,
        )
    if not meant:
        return said, "Skriv talet med siffror och decimalkomma, eller töm cellen.", None
    hidden = " (cellen har tecken som inte syns)" if not raw.isprintable() and "\u00a0" not in raw else ""
    return (
        f"{said} Menas talet {show(meant[0])}?{hidden}",
        f"Skriv {show(meant[0])}, utan enhet, mellanslag eller andra tecken.",
        meant[0],
    )


@rule("BF011", title="Inga felvärden", many="{n} celler visar felvärden", across=4, severity=Severity.FEL, source=FILL)
def no_error_values(filing: Filing) -> Iterator[Hit]:
    """BF011: Ingen cell visar ett felvärde som #REFERENS! eller #DIVISION/0!.

    Givet en cell i en blankett
    När den innehåller ett felvärde som inte bara följer av ett annat felvärde eller en text
    Så stoppas inlämningen och grundfelet anges en gång.
    Exempel: En rad som en formel pekade på har tagits bort: #REFERENS!.
    """
    for form in _filled_in(filing):
        for cell, definition in filing.cells(form, *INPUTS, Kind.COMPUTED, Kind.SYSTEM):
            if cell.state is not CellState.ERROR:
                continue
            if definition.kind is Kind.COMPUTED and (filing.reads_lost(definition) or _follows(filing, cell)):
                continue
            shown = _swedish_error(cell.raw)
            yield filing.at(
                cell.key,
                f"talet {shown} {TOO_LARGE}." if _is_too_large(shown) else f"cellen visar felvärdet {shown}.",
                "Rätta formeln eller skriv ett tal.",
                found=shown,
            )


def _follows(filing: Filing, cell: Cell) -> bool:
    """True when the error only follows from another broken cell that the formula reads."""
    try:
        filing.evaluation.expected(cell.key)
    except NotComputable:
        return True
    return False


def _is_too_large(shown: str) -> bool:
    try:
        return abs(Decimal(shown)) >= LARGEST
    except InvalidOperation:
        return False


_ERRORS = {
    "#REF!": "#REFERENS!",
    "#DIV/0!": "#DIVISION/0!",
    "#VALUE!": "#VÄRDEFEL!",
    "#NAME?": "#NAMN?",
    "#N/A": "#SAKNAS!",
    "#NUM!": "#OGILTIGT!",
    "#NULL!": "#SKÄRNING!",
}


def _swedish_error(code: str | None) -> str:
    return _ERRORS.get(code or "", code or "fel")


@rule(
    "BF012",
    title="Formlerna är uträknade",
    many="{n} blanketter har formler utan uträknat värde i filen",
    across=2,
    severity=Severity.FEL,
    source="Läsningen: fem tillstånd för en cell",
)
def formulas_are_calculated(filing: Filing) -> Iterator[Hit]:
    """BF012: Varje formel har ett uträknat värde i filen.

    Givet en arbetsbok som ett annat program än Excel kan ha sparat
    När formler saknar sparat värde
    Så sägs det en gång per blankett, för då går siffrorna inte att läsa.
    Exempel: Filen har skapats av ett program som inte räknar ut formlerna.
    """
    for form in _filled_in(filing):
        cells = [c for c in form.cells.values() if c.state is CellState.NOT_CALCULATED]
        if cells:
            first = cells[0]
            computed = sum(1 for _, definition in form.defined if definition.kind is Kind.COMPUTED)
            more = f" och {len(cells) - 1} till" if len(cells) > 1 else ""
            yield Hit(
                f"{form.form.title}: formeln i {first.address}{more} har inget uträknat värde i filen.",
                "Öppna filen i Excel, tryck Ctrl+Alt+F9, spara och kontrollera igen.",
                form=form.form.id,
                sheet=form.sheet,
                cell=first.address,
                row=first.row,
                column=first.column,
                cells=tuple(f"{cell.sheet}!{cell.address}" for cell in cells[1:]),
                waits=(Wait(form.form.id),) if len(cells) * 2 > computed else (),
            )


@rule(
    "BF013",
    title="Inga formler i inmatningsceller",
    many="{n} inmatningsceller innehåller formler",
    across=4,
    severity=Severity.UPPLYSNING,
    source=FILL,
)
def no_formulas_in_input_cells(filing: Filing) -> Iterator[Hit]:
    """BF013: Inmatningsceller innehåller tal, inte formler.

    Givet en gul cell
    När den innehåller en formel
    Så sägs det till: värdet läses, men det kan ändras när andra celler ändras.
    Exempel: =58,7+2,0 i kolumnen Prognos.
    """
    circles = {(p.form, p.row, p.column) for p in filing.filled.problems if p.kind == "cirkel"}  # BF046 tells of them
    for form in _filled_in(filing):
        for cell, _ in filing.cells(form, *INPUTS):
            if cell.formula is not None and cell.key not in circles:
                yield filing.at(
                    cell.key,
                    f"inmatningscellen innehåller en formel; värdet {show(cell.value) or 'saknas'} har lästs.",
                    "Låt den stå om den är avsedd, annars klistra in värdet i stället för formeln.",
                    found=f"={cell.formula[:60]}",
                )


@rule(
    "BF014",
    title="Formler är inte överskrivna",
    many="{n} formler är ersatta med sina värden och följer inte längre med",
    across=4,
    severity=varies(Severity.VARNING, Severity.FEL),
    source="Ekonomernas krav: en överskriven formel ska synas också när talet råkar stämma",
)
def formulas_are_not_overwritten(filing: Filing) -> Iterator[Hit]:
    """BF014: En beräknad cell har kvar sin formel, också när talet stämmer.

    Givet en cell som blanketten räknar ut
    När formeln är ersatt med ett tal som stämmer inom toleransen
    Så varnas det (stoppas i VB), för cellen följer inte längre med när andra siffror ändras.
    Exempel: Totalt 1 424,3 är inskrivet i stället för uträknat.
    """
    for form in _filled_in(filing):
        for cell, definition in filing.computed(form):
            if cell.formula is None and cell.state is CellState.TEXT and not definition.type.is_number:
                yield filing.at(
                    cell.key,
                    f"formeln är ersatt med texten {quoted(cell.raw)} och följer inte längre med.",
                    "Ångra ändringen, eller kopiera formeln från en ny arbetsbok.",
                    found=cell.raw,
                )
            if cell.formula is not None or cell.state is not CellState.NUMBER:
                continue
            try:
                expected = filing.evaluation.expected(cell.key)
            except NotComputable:
                expected = cell.value
            if expected is None or not filing.evaluation.differs(cell.key, cell.value, expected):
                fate = (
                    "Talet stämmer nu men följer inte längre med"
                    if expected is not None
                    else "Formeln ger inget värde här"
                )
                yield filing.at(
                    cell.key,
                    f"formeln är ersatt med talet {show(cell.value)}. {fate}.",
                    "Ångra ändringen, eller kopiera formeln från en ny arbetsbok.",
                    found=cell.value,
                    expected=expected,
                )


@rule(
    "BF015",
    title="Formlerna är blankettens egna",
    many="{n} formler är borttagna eller ändrade",
    across=4,
    severity=Severity.FEL,
    source=FILL,
)
def formulas_are_the_forms_own(filing: Filing) -> Iterator[Hit]:
    """BF015: En beräknad cell har den formel som blanketten anger, eller ett tal; den är inte tömd.

    Givet en cell som blanketten räknar ut
    När formeln är en annan än blankettens, eller cellen är tömd
    Så stoppas inlämningen, också när värdet råkar stämma.
    Exempel: En summa har fått »+0,1» tillagt för att gå ihop.
    """
    for form in _filled_in(filing):
        for cell, _ in filing.computed(form):
            if cell.formula is None:
                if cell.state is CellState.BLANK:
                    yield filing.at(
                        cell.key,
                        "formeln är borttagen och cellen är tom.",
                        "Ångra ändringen, eller kopiera formeln från en ny arbetsbok.",
                    )
                continue
            if not _is_own_formula(filing, cell, cell.formula):
                yield filing.at(
                    cell.key,
                    f"formeln är en annan än blankettens (värdet är {show(cell.value) or 'tomt'}).",
                    "Ångra ändringen, eller kopiera formeln från en ny arbetsbok.",
                    found=cell.value if isinstance(cell.value, Decimal) else None,
                    expected=_expected(filing, cell),
                )


def _is_own_formula(filing: Filing, cell: Cell, formula: str) -> bool:
    """True for the form's own formula. The rows of a list differ only by their own number, so a column is judged once."""
    form = filing.set.blanketter[cell.form]
    key = cell.key
    if form.is_list and cell.row != LIST_TOTAL:
        key = (cell.form, ITEM, cell.column)
        formula = formula.replace(f"[{cell.form}.{cell.row}.", f"[{cell.form}.{ITEM}.")
    judged = filing.memory.setdefault(("own_formula", "|".join(key)), {})
    if formula not in judged:
        judged[formula] = any(same_formula(formula, own) for own in _own_formulas(filing, key))
    return bool(judged[formula])


def _own_formulas(filing: Filing, key: Key) -> Iterator[str]:
    """The cell's formula, and then as earlier versions wrote it, which a workbook that is out still holds."""
    form_id, row, column = key
    item = row == ITEM
    place = (form_id, "1" if item else row, column)

    def written(function_text: str | None = None, *, exact: bool = False) -> str:
        text = formula_text(filing.set, place, IdPlaces(), function_text, exact=exact)
        return text.replace(f"[{form_id}.1.", f"[{form_id}.{ITEM}.") if item else text

    if place not in filing.set.formula_texts:
        filing.set.formula_texts[place] = written()
    yield filing.set.formula_texts[place]
    yield written(exact=True)
    function = filing.set.blanketter[form_id].cell(place[1], column).function
    for text in filing.set.earlier_texts.get(function.name, ()) if function else ():
        with contextlib.suppress(KeyError, IndexError, StopIteration):
            yield written(text)


def _expected(filing: Filing, cell: Cell) -> Decimal | None:
    try:
        expected = filing.evaluation.expected(cell.key)
    except NotComputable:
        return None
    return expected if isinstance(expected, Decimal) else None


@rule(
    "BF016",
    title="Obligatoriska celler är ifyllda",
    many="{n} rader saknar uppgifter som måste fyllas i",
    severity=Severity.FEL,
    source=FILL,
)
def required_cells_are_filled(filing: Filing) -> Iterator[Hit]:
    """BF016: De celler som måste fyllas i är ifyllda.

    Givet en påbörjad blankett
    När en obligatorisk cell är tom
    Så stoppas inlämningen. En rad som är helt tom anges en gång. Noll skrivs som 0.
    Exempel: Prognosen saknas på raden Äldreomsorg.
    """
    for form in _filled_in(filing):
        if form.is_empty or filing.declared_not_current(form.form.id):
            continue
        rows = form.items if form.form.is_list else list(form.form.row_by_id)
        of_items = [c.id for c in form.form.columns if form.form.is_list and form.form.cell("1", c.id).required]
        for row in rows:
            required = of_items or [c.id for c in form.form.columns if form.form.cell(row, c.id).required]
            blank = [c for c in required if _is_blank(filing, form, row, c)]
            if not blank:
                continue
            whole = len(blank) == len(required) > 1
            names = ", ".join(form.form.column_by_id[c].label for c in blank)
            what = "raden är tom men måste fyllas i" if whole else "cellen är tom men måste fyllas i"
            yield filing.at(
                (form.form.id, row, blank[0]),
                f"{what}." if len(blank) == 1 or whole else f"{len(blank)} celler på raden är tomma: {names}.",
                "Fyll i beloppet. Skriv 0 om det inte finns något att redovisa."
                if form.form.cell(row, blank[0]).type.is_number
                else "Fyll i uppgiften.",
                related=tuple((form.form.id, row, c) for c in blank[1:]),
            )


def _is_blank(filing: Filing, form: FilledForm, row: str, column: str) -> bool:
    cell = form.cells.get((row, column))
    return (
        cell is None or cell.state is CellState.BLANK or (cell.state is CellState.TEXT and not (cell.raw or "").strip())
    )


@rule(
    "BF017",
    title="Ej aktuell blankett är tom",
    many="{n} blanketter anges som ej aktuella men är ifyllda",
    severity=Severity.FEL,
    source="000:2034, 003:2481",
)
def not_current_forms_are_empty(filing: Filing) -> Iterator[Hit]:
    """BF017: En blankett som anges som ej aktuell är inte ifylld.

    Givet Ja under »Ej aktuellt» på försättsbladet
    När blanketten ändå har innehåll
    Så stoppas inlämningen, för det går inte att veta vilket som gäller.
    Exempel: Lokaler är ej aktuellt enligt försättsbladet men har tre rader.
    """
    for form in _filled_in(filing):
        if filing.declared_not_current(form.form.id) and not form.is_empty:
            yield filing.at(
                (COVER, form.form.id, "ej_aktuellt"),
                f"blanketten {form.form.title} anges som ej aktuell men är ifylld.",
                "Ta bort Ja på försättsbladet, eller töm blanketten.",
                found="ja",
            )


@rule(
    "BF018",
    title="Tom blankett är ej aktuell",
    severity=varies(Severity.VARNING, Severity.FEL),
    source="000:2034, 003:2481",
)
def empty_forms_are_declared(filing: Filing) -> Iterator[Hit]:
    """BF018: En tom blankett är angiven som ej aktuell; de blanketter som alla lämnar är ifyllda.

    Givet en blankett utan innehåll
    När den inte är angiven som ej aktuell på försättsbladet
    Så varnas det (stoppas i VB). En blankett som alla måste lämna stoppas alltid.
    Exempel: Resultatenheter är tom och försättsbladet säger ingenting.
    """
    for form in _filled_in(filing):
        definition = form.form
        if definition.id == "forklaringar" or not form.is_empty or filing.declared_not_current(definition.id):
            continue
        if not definition.has_inputs:
            continue
        answer = filing.filled.cell((COVER, definition.id, "ej_aktuellt"))
        if answer is not None and answer.value is None and (answer.raw or "").strip():
            continue  # a word that is no answer: BF020
        if definition.optional:
            yield Hit(
                f"Blanketten {definition.title} är tom men inte angiven som ej aktuell.",
                "Fyll i blanketten, eller välj Ja under »Ej aktuellt» på försättsbladet med en motivering.",
                form=definition.id,
                sheet=form.sheet,
            )
        else:
            yield Hit(
                f"Blanketten {definition.title} {'har bara de rader som var ifyllda från början' if form.untouched else 'är tom'}. "
                f"Den ska lämnas av alla {'enheter' if filing.set.level == 'enhet' else 'nämnder'}.",
                "Fyll i blanketten.",
                form=definition.id,
                sheet=form.sheet,
                severity=Severity.FEL,
            )


@rule(
    "BF019",
    title="Ej aktuellt är motiverat",
    many="{n} blanketter anges som ej aktuella utan motivering",
    severity=Severity.VARNING,
    source="000:2034, 003:2481",
)
def not_current_has_a_reason(filing: Filing) -> Iterator[Hit]:
    """BF019: Den som anger en blankett som ej aktuell säger varför.

    Givet Ja under »Ej aktuellt»
    När motiveringen är tom
    Så varnas det.
    Exempel: Lokaler är ej aktuellt utan motivering.
    """
    for form_id in filing.set.blanketter:
        key = (COVER, form_id, "motivering")
        if filing.declared_not_current(form_id) and not filing.filled.facts.get(key):
            yield filing.at(key, "motiveringen är tom.", "Skriv kort varför blanketten inte är aktuell.")


@rule("BF020", title="Svaret finns i listan", many="{n} svar finns inte i listan", severity=Severity.FEL, source=FILL)
def choices_are_known(filing: Filing) -> Iterator[Hit]:
    """BF020: Celler med lista innehåller ett av listans svar.

    Givet en cell med svarslista
    När innehållet inte är ett av svaren
    Så stoppas inlämningen.
    Exempel: »Park» i stället för »Parkinvesteringar (centrala medel)».
    """
    for form in _filled_in(filing):
        for cell, definition in filing.cells(form, *INPUTS):
            if definition.type not in (Type.VAL, Type.JANEJ) or cell.state is CellState.BLANK:
                continue
            if cell.value is None and cell.raw and cell.raw.strip():
                options = "Ja eller Nej" if definition.type is Type.JANEJ else "ett av svaren i listan"
                yield filing.at(
                    cell.key,
                    f"{quoted(cell.raw)} finns inte bland svaren.",
                    f"Välj {options}.",
                    found=cell.raw,
                    waits=(
                        Wait(cell.form, cell.row, cell.column),
                        Wait(cell.row if cell.form == COVER else cell.form, codes=frozenset({"BF018", "BF204"})),
                    ),
                )


@rule(
    "BF021",
    title="Datum är datum",
    many="{n} celler som ska innehålla ett datum gör det inte",
    across=4,
    severity=Severity.FEL,
    source=FILL,
)
def dates_are_dates(filing: Filing) -> Iterator[Hit]:
    """BF021: En datumcell innehåller ett datum.

    Givet en cell för datum
    När den innehåller text eller ett tal som inte är ett datum
    Så stoppas inlämningen. Ett datum mer än tre år från året är en varning som säger vad som skrevs.
    Exempel: »maj 2024» i stället för 2024-05-22; 2024 blir 1905-07-16.
    """
    for form in _filled_in(filing):
        for cell, definition in filing.cells(form, *INPUTS):
            if definition.type is not Type.DATUM or cell.state is CellState.BLANK:
                continue
            raw, waits = cell.raw or "", (Wait(cell.form, cell.row, codes=frozenset({"BF319", "BF320"})),)
            if cell.value is None:
                text, action = _no_date(cell.state, raw)
                yield filing.at(cell.key, text, action, found=raw, waits=waits)
            elif isinstance(cell.value, str) and abs(int(cell.value[:4]) - filing.set.year) > 3:
                yield filing.at(
                    cell.key,
                    f"datumet är {cell.value}, mer än tre år från {filing.set.year}{_typed(raw)}.",
                    f"Skriv datumet som {filing.set.year}-05-22, eller förklara om det är rätt.",
                    found=cell.value,
                    severity=Severity.VARNING,
                    many="{n} datum ligger mer än tre år från året",
                    waits=waits,
                )


def _no_date(state: CellState, raw: str) -> tuple[str, str]:
    """What is wrong with the content of a date cell, and what to do."""
    day = _read_date(raw)
    if day is not None and state is CellState.TEXT:
        return (
            f"datumet {quoted(raw)} står som text.",
            f"Dubbelklicka i cellen och tryck Enter, eller skriv {day} igen.",
        )
    if day is not None:
        return f"{raw} är inget datum för Excel.", f"Skriv {day}, med bindestreck."
    return f"{quoted(raw)} är inget datum.", "Skriv år, månad och dag med bindestreck: 2024-05-22."


def _read_date(text: str) -> str | None:
    """The day that eight or six figures, or year, month and day with any sign between them, say; None for nothing of the kind."""
    plain = re.fullmatch(r"\s*((?:19|20)?\d{2})(\d{2})(\d{2})\s*", text)  # 20241231 or 241231
    parted = re.fullmatch(r"\s*(\d{4}|\d{2})\D(\d{1,2})\D(\d{1,2})(?:[ T]00:00(?::00)?)?\s*", text)
    found = plain or parted
    if found is None:
        return None
    year, month, day = (int(part) for part in found.groups())
    try:
        return date(year if year > 99 else 2000 + year, month, day).isoformat()
    except ValueError:
        return None


def _typed(raw: str) -> str:
    """What was most likely typed when a date is far from its year: a year, or a day without hyphens."""
    if raw.isdigit() and 1900 < int(raw) < 2100:
        return f": i cellen står årtalet {raw}, som Excel läser som ett datum"
    day = _read_date(raw) if len(raw) in (6, 8) and raw.isdigit() else None
    return f": i cellen står {raw}, som troligen ska vara {day}" if day else ""


@rule(
    "BF022",
    title="Rätt antal decimaler",
    many="{n} tal har fler decimaler än blanketten visar",
    across=4,
    severity=Severity.VARNING,
    source=FILL,
)
def figures_have_the_forms_decimals(filing: Filing) -> Iterator[Hit]:
    """BF022: Inmatade tal har inte fler decimaler än blanketten.

    Givet en blankett i mnkr med en decimal
    När ett inmatat tal har fler decimaler än så
    Så varnas det, för cellen visar ett annat tal än det som räknas och summorna kan se fel ut.
    Exempel: 58,6523 visas som 58,7.
    """
    for form in _filled_in(filing):
        for cell, definition in filing.cells(form, *INPUTS):
            if not definition.type.is_number or not isinstance(cell.value, Decimal):
                continue
            decimals = form.form.decimals_of(cell.row, cell.column)
            shown = rounded(cell.value, decimals)
            if abs(cell.value - shown) > EPSILON:
                yield filing.at(
                    cell.key,
                    f"talet {show(cell.value)} har fler decimaler än blankettens {decimals} "
                    f"och visas som {show(shown, decimals)}.",
                    _fewer_decimals(
                        form.form.unit_at(cell.row, cell.column), cell.value, decimals, show(shown, decimals)
                    ),
                    found=cell.value,
                    expected=shown,
                )


def _fewer_decimals(unit: str, value: Decimal, decimals: int, shown: str) -> str:
    """Round it, or ask whether it is in another unit or a point was meant between thousands."""
    if unit in ("tkr", "kr") and decimals == 0:
        larger = {"tkr": "mnkr", "kr": "tkr"}[unit]
        return (
            f"Skriv {shown} om beloppet står i {unit}, eller {show(rounded(value * 1000, 0))} om det står i {larger}."
        )
    exact = value.normalize().as_tuple().exponent
    if exact == -3 and decimals < 3 and abs(value) >= 1:
        return f"Avrunda till {shown}, eller skriv {show(value * 1000)} om punkten eller kommat skulle skilja tusental."
    return f"Avrunda till {shown}."


@rule(
    "BF027",
    title="Formlernas värden är aktuella",
    many="{n} sparade värden är inte vad formlerna ger",
    across=2,
    severity=Severity.FEL,
    source="Läsningen: formel och värde i samma svep",
)
def stored_values_are_current(filing: Filing) -> Iterator[Hit]:
    """BF027: Det sparade värdet av en formel är det som formeln ger av de andra cellerna.

    Givet en cell med blankettens egen formel
    När det sparade värdet inte är vad formeln ger
    Så är filen inte omräknad efter den sista ändringen, och stoppas.
    Exempel: Automatisk beräkning har varit avstängd: Totalt visar gårdagens summa.
    """
    for form in filing.judged():
        for cell, definition in filing.computed(form):
            if cell.formula is None or cell.state in (CellState.NOT_CALCULATED, CellState.ERROR):
                continue
            if not _is_own_formula(filing, cell, cell.formula):
                continue
            try:
                expected = filing.evaluation.expected(cell.key)
            except NotComputable:
                continue
            found = cell.value
            if isinstance(found, Decimal) and isinstance(expected, Decimal):
                if abs(found - expected) <= EPSILON:
                    continue
            elif found == expected or (not isinstance(found, Decimal) and expected is None):
                continue
            if cell.row != LIST_TOTAL and form.form.is_list and expected is None:
                continue
            shown = [definition.shown(v) if isinstance(v, str) else show(v) for v in (found, expected)]
            yield filing.at(
                cell.key,
                f"det sparade värdet är {shown[0] or 'tomt'} men formeln ger {shown[1] or 'inget värde'}.",
                "Öppna filen i Excel, tryck Ctrl+Alt+F9, spara och kontrollera igen.",
                found=found,
                expected=expected,
            )
