"""The STHLM functions for Excel cells: ranges in, ranges out, over the same pure functions as everywhere else.

Knows nothing of xlwings. An argument is what a cell holds or a whole range (a list of rows); ranges of different size
are refused, a single cell goes with every row of a range. A blank that is needed gives a blank; what cannot be
understood gives a text that begins with #VÄRDEFEL! and says why: never a silent zero.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import cache
from typing import Any

from blankettset.templates.catalog import catalog
from blankettset.workbook.calc import nyckeltal, status
from blankettset.workbook.calc.answers import bare, is_answer
from blankettset.workbook.calc.form_functions import NAMESPACE
from blankettset.workbook.calc.matvarde import Slag, tolka
from blankettset.workbook.calc.meant import both, is_ambiguous
from blankettset.workbook.calc.values import (
    LARGEST,
    TOO_LARGE,
    fitting_text,
    format_number,
    is_too_large,
    parse_number,
    storable,
)

WRONG = "#VÄRDEFEL!"
MAX_CELLS = 20_000  # in one call: a form's longest column, and not a whole column of the sheet
TOO_MANY = "Området har fler än 20 000 celler. Välj de rader som är ifyllda, inte hela kolumnen."
Cell = str | float | int | bool | None
Rows = list[list[Any]]


class Felaktigt(Exception):
    """An argument that cannot be understood; str() says which and why, in Swedish."""


def _single(value: Any) -> Cell:
    return None if value is None or value == "" else value


def _rows(argument: Any) -> Rows:
    if not isinstance(argument, list):
        return [[_single(argument)]]
    return [[_single(cell) for cell in row] if isinstance(row, list) else [_single(row)] for row in argument]


def spread(function: Callable[..., Any], *arguments: Any) -> Rows:
    """The function for every cell of the ranges. A result that is a list spills to the right."""
    ranges = [_rows(argument) for argument in arguments]
    height = max(len(rows) for rows in ranges)
    width = max((len(rows[0]) for rows in ranges if rows), default=1)
    for rows in ranges:
        if len(rows) not in (1, height) or any(len(row) not in (1, width) for row in rows):
            return [[f"{WRONG} Områdena ska vara lika stora."]]
    if max(height * width, *(len(rows) * len(rows[0]) for rows in ranges if rows)) > MAX_CELLS:
        return [[f"{WRONG} {TOO_MANY}"]]
    found = []
    for y in range(height):
        line: list[Any] = []
        for x in range(width):
            cells = [rows[y if len(rows) > 1 else 0] for rows in ranges]
            result = _answer(function, [row[x if len(row) > 1 else 0] for row in cells])
            line.extend(result if isinstance(result, list) else [result])
        found.append(line)
    return found


def _answer(function: Callable[..., Any], cells: list[Cell]) -> Any:
    try:
        return _shown(function(*cells))
    except Felaktigt as error:
        return _fitting(f"{WRONG} {error}")
    except (ArithmeticError, ValueError):  # figures that no form has
        return f"{WRONG} Det går inte att räkna med så stora tal."


def _fitting(text: str) -> str:
    """A message that is read in a cell."""
    return text if len(text) <= 255 else text[:254] + "…"


def _shown(value: Any) -> Any:
    if isinstance(value, list):
        return [_shown(each) for each in value]
    if isinstance(value, Decimal):
        found = float(value)
        if not math.isfinite(found):
            raise OverflowError(value)
        return found
    if isinstance(value, str):
        return fitting_text(storable(value))
    return "" if value is None else value


def number(name: str, cell: Cell) -> Decimal | None:
    """The number in a cell, None for a blank. Felaktigt for text that is none, an error or a truth value."""
    if cell is None:
        return None
    if isinstance(cell, bool):
        raise Felaktigt(f"{name} är {'SANT' if cell else 'FALSKT'}, inget tal.")
    if isinstance(cell, int | float):
        found = Decimal(repr(cell))
        if not found.is_finite() or abs(found) >= LARGEST:
            raise Felaktigt(f"{name} {TOO_LARGE}.")
        return found
    found_text = parse_number(cell)
    if found_text is None and is_too_large(cell):
        raise Felaktigt(f"{name} {TOO_LARGE}.")
    if found_text is not None and is_ambiguous(cell):
        large, small = (f"{each.normalize():f}".replace(".", ",") for each in both(cell))
        raise Felaktigt(f"{name} kan vara {large} eller {small}: »{cell}». Skriv det som ett tal.")
    if found_text is None:
        raise Felaktigt(f"{name} är inget tal: »{cell}».")
    return found_text


def _or_zero(name: str, cell: Cell) -> Decimal:
    return number(name, cell) or Decimal(0)


def _text(cell: Cell) -> str | Decimal | None:
    if isinstance(cell, bool):
        raise Felaktigt("SANT och FALSKT är inga värden.")
    return Decimal(repr(cell)) if isinstance(cell, int | float) else cell


def _choice(list_id: str, name: str, cell: Cell) -> str | None:
    """The id of an answer given by its label or id; symbols, spaces and capitals do not matter."""
    text = bare(str(cell or ""))
    if not text:
        return None
    labels = _labels(list_id)
    found = next((id_ for id_, label in labels.items() if text == id_.casefold() or is_answer(text, label)), None)
    if found is None:
        known = ", ".join(_labels(list_id).values())
        raise Felaktigt(f"{name} »{cell}» finns inte. Det finns {known}.")
    return found


@cache
def _labels(list_id: str) -> Mapping[str, str]:
    """Id -> label of a shared list of answers."""
    return {str(o["id"]): str(o["label"]) for o in catalog().documents["listor.yaml"]["listor"][list_id]}


def parameter(id_: str, year: Cell = None) -> Decimal:
    """A dated parameter in force at the end of `year`, or the latest there is. Felaktigt before the first known date."""
    wanted = number("Året", year)
    date = f"{int(wanted)}-12-31" if wanted is not None else "9999-12-31"
    found = catalog().parameters[id_].on(date)
    if found is None:
        raise Felaktigt(f"{catalog().parameters[id_].label} är inte känd för år {wanted}.")
    return found[0]


# ---- the functions, one cell at a time


def _budgetfoljsamhet(prognos: Cell, budget: Cell, prestation: Cell, justeringar: Cell, fond: Cell) -> Decimal | None:
    return nyckeltal.budgetfoljsamhet_efter(
        number("Prognosen", prognos),
        number("Budgeten", budget),
        _or_zero("Prestationsförändringen", prestation),
        _or_zero("Justeringarna", justeringar),
        _or_zero("Förändringen av fond", fond),
    )


def _prognossakerhet(utfall: Cell, prognos: Cell) -> Decimal | None:
    return nyckeltal.prognossakerhet(number("Utfallet", utfall), number("Prognosen i T2", prognos))


MEASURES = ("Utfallet", "Prognosen", "Årsmålet", "KF:s årsmål", "Utfallet föregående år")


def _require_one_unit(named: Iterable[tuple[str, str | Decimal | None]], unit: str | Decimal | None) -> None:
    """Felaktigt for values in different units, and for a share as 0,85 beside one in percent: they cannot be compared."""
    read = [
        (name, _shown_value(value), tolka(_shown_value(value), str(unit or "")))
        for name, value in named
        if value is not None
    ]
    found = [
        (name, text, each.tal, each.enhet) for name, text, each in read if each is not None and each.tal is not None
    ]
    stated = {enhet: (name, text) for name, text, _, enhet in found if enhet}
    if len(stated) > 1:
        (one, first), (other, second) = list(stated.values())[:2]
        raise Felaktigt(f"{one} »{first}» och {other[0].lower() + other[1:]} »{second}» har olika enhet.")
    percent = "%" in stated or bare(str(unit or "")) in ("%", "procent")
    whole = next(((name, text) for name, text, number, _ in found if abs(number) > 1), None)
    for name, text, number, enhet in found if percent and whole else ():
        if not enhet and 0 < abs(number) <= 1:
            assert whole is not None
            raise Felaktigt(
                f"{name} {text} är {format_number(100 * number)} % om det är en andel, men {whole[0].lower() + whole[0][1:]} är "
                f"»{whole[1]}». Skriv båda i procent."
            )


def _shown_value(value: str | Decimal | None) -> str:
    return format_number(value) if isinstance(value, Decimal) else value or ""


def _indikatorstatus(
    utfall: Cell,
    prognos: Cell,
    arsmal: Cell,
    riktning: Cell,
    enhet: Cell,
    kf_arsmal: Cell,
    foregaende: Cell,
    ar: Cell,
    namn: Cell,
) -> str | None:
    given = [_text(cell) for cell in (utfall, prognos, arsmal, kf_arsmal, foregaende)]
    if all(value is None for value in given):
        return None
    unit = _text(enhet)
    _require_one_unit(zip(MEASURES, given, strict=True), unit)
    target = status.forsta_matvarde(given[2], given[3], unit)
    tolerance = parameter("indikator.tolerans_delvis", ar)
    direction = _choice("riktning", "Riktningen", riktning)
    value = status.bedomt_varde(given[1], given[0], unit, _text(namn), direction, target)
    found = status.indikatorstatus(value, target, given[2], given[3], given[4], unit, direction, tolerance)
    return _labels("malstatus")[found]


def _avvikelse(budget: Cell, prognos: Cell, justeringar: Cell, prestation: Cell) -> Decimal | None:
    plan, forecast = number("Budgeten", budget), number("Prognosen", prognos)
    if plan is None or forecast is None:
        return None
    return plan + _or_zero("Justeringarna", justeringar) + _or_zero("Prestationsförändringen", prestation) - forecast


def _resultatoverforing(fran: Cell, resultat: Cell, bruttobudget: Cell, ar: Cell) -> list[Any]:
    start, result = number("Överföringen från föregående år", fran), number("Resultatet", resultat)
    gross = number("Bruttobudgeten", bruttobudget)
    if start is None or result is None or gross is None:
        return [None, None, None]
    shares = [parameter(f"resultatenhet.{each}", ar) for each in ("max_andel_overforing", "max_andel_fond")]
    found = nyckeltal.resultatoverforing(start, result, abs(gross), *shares)
    return [found.till_nasta_ar, found.over_arets_grans, found.over_fondens_grans]


def _lokalbidrag(hyra: Cell, yta: Cell, ar: Cell) -> Decimal | None:
    limits = [parameter(f"lokaler.{each}", ar) for each in ("hyra_golv", "hyra_tak", "andel_mellan", "andel_over")]
    return nyckeltal.lokalbidrag(number("Hyran", hyra), number("Ytan", yta), *limits)


def _prestationsersattning(antal_budget: Cell, antal_avlast: Cell, pris: Cell) -> Decimal | None:
    return nyckeltal.prestationsforandring(
        number("Antal i budget", antal_budget),
        number("Antal vid avläsning", antal_avlast),
        number("Ersättningen", pris),
    )


def _riskvarde(sannolikhet: Cell, konsekvens: Cell) -> Decimal | None:
    return nyckeltal.produkt(number("Sannolikheten", sannolikhet), number("Konsekvensen", konsekvens))


KINDS: Mapping[Slag, str] = {
    Slag.TAL: "tal", Slag.BAND: "intervall", Slag.TAK: "högst", Slag.OKA: "öka", Slag.MINSKA: "minska",
    Slag.NAMND: "nämnden sätter", Slag.SENARE: "fastställs senare", Slag.UPPGIFT_SAKNAS: "ingen uppgift",
    Slag.INGET: "inget mål", Slag.TEXT: "går inte att tolka",
}  # fmt: skip


def _tolka(cell: Cell) -> list[Any]:
    value = _text(cell)
    if isinstance(value, Decimal):
        return [value, "", KINDS[Slag.TAL]]
    found = tolka(value or "")
    if found is None:
        return [None, None, None]
    return [found.tal, found.enhet or "", KINDS[found.slag]]


def _values(name: str, given: list[Cell]) -> str:
    """ "prognos 1 433,1; budget 1 424,3; ger 100,6" for the cells that a nyckeltal is computed from."""
    inputs = catalog().nyckeltal[name].indata
    if name == "MALSTATUS":
        said = [f"{inputs[0].label} {', '.join(str(cell) for cell in given if cell is not None)}"]
        answer = malstatus([given])[0]
    else:
        if len(given) > len(inputs):
            raise Felaktigt(f"{name} tar högst {len(inputs)} indata men området har {len(given)} celler.")
        said = [f"{each.label} {_said(cell)}" for each, cell in zip(inputs, given, strict=False) if cell is not None]
        answer = spread(CELLWISE[name], *given, *[None] * (len(inputs) - len(given)))[0]
    return "; ".join([*said, f"ger {' / '.join(_said(cell) for cell in answer)}"])


def _said(cell: Cell) -> str:
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return format_number(Decimal(repr(cell))) if abs(cell) < LARGEST else f"{cell:g}"
    return str(cell) if cell not in (None, "") else "tomt"


def _forklara(namn: Cell, ar: Cell, given: list[Cell]) -> list[Any]:
    wanted = str(namn or "").strip().upper().removeprefix(f"{NAMESPACE}.")
    if not wanted:
        return [None, None, None, None]
    found = catalog().nyckeltal.get(wanted)
    if found is None:
        raise Felaktigt(f"Nyckeltalet »{namn}» finns inte. Det finns {', '.join(catalog().nyckeltal)}.")
    date = f"{int(year)}-12-31" if (year := number("Året", ar)) is not None else "9999-12-31"
    used = []
    for id_ in found.parametrar:
        known = catalog().parameters[id_]
        start = max((s for s, _, _ in known.values if s <= date), default=None)
        value = known.on(date)
        if value is not None:
            used.append(f"{known.label}: {format_number(value[0])} {known.unit} från {start}, källa {value[1]}")
    inputs = ", ".join(each.label for each in found.indata)
    if any(cell is not None for cell in given) and wanted in (*CELLWISE, "MALSTATUS"):
        inputs = _values(wanted, given)
    definition = f"från {found.valid_from}, källa {found.source}, kontrollerad {found.source.checked_on}"
    return [inputs, found.formel, "; ".join(used) or "inga gränser", definition]


CELLWISE: Mapping[str, Callable[..., Any]] = {
    "BUDGETFOLJSAMHET": _budgetfoljsamhet,
    "PROGNOSSAKERHET": _prognossakerhet,
    "INDIKATORSTATUS": _indikatorstatus,
    "AVVIKELSE": _avvikelse,
    "RESULTATOVERFORING": _resultatoverforing,
    "LOKALBIDRAG": _lokalbidrag,
    "PRESTATIONSERSATTNING": _prestationsersattning,
    "RISKVARDE": _riskvarde,
    "TOLKA": _tolka,
}


# ---- the same over ranges: what Excel calls


def budgetfoljsamhet(prognos: Any, budget: Any, prestationsforandring: Any = None, justeringar: Any = None, fond: Any = None) -> Rows:  # fmt: skip
    """Budgetföljsamhet i procent; över 100 är överskridande."""
    return spread(_budgetfoljsamhet, prognos, budget, prestationsforandring, justeringar, fond)


def prognossakerhet(utfall: Any, prognos_t2: Any) -> Rows:
    """Så mycket utfallet avviker från prognosen i T2, i procent; plus när mer har använts."""
    return spread(_prognossakerhet, utfall, prognos_t2)


def indikatorstatus(utfall: Any, prognos: Any, arsmal: Any, riktning: Any, enhet: Any = None, kf_arsmal: Any = None, utfall_foregaende: Any = None, ar: Any = None, indikator: Any = None) -> Rows:  # fmt: skip
    """Förslag till status för en indikator: Uppfylls helt, delvis, ej eller Ingen."""
    return spread(
        _indikatorstatus, utfall, prognos, arsmal, riktning, enhet, kf_arsmal, utfall_foregaende, ar, indikator
    )


def malstatus(statusar: Any) -> Rows:
    """Förslag till målets status ur statusarna för det som ligger under det."""
    if sum(map(len, _rows(statusar))) > MAX_CELLS:
        return [[f"{WRONG} {TOO_MANY}"]]
    try:
        found = [_choice("malstatus", "Statusen", cell) for row in _rows(statusar) for cell in row]
    except Felaktigt as error:
        return [[_fitting(f"{WRONG} {error}")]]
    counts = (Decimal(found.count(each)) for each in (status.HELT, status.DELVIS, status.EJ))
    return [[_labels("malstatus")[status.malstatus(*counts)]]]


def avvikelse(budget: Any, prognos: Any, justeringar: Any = None, prestationsforandring: Any = None) -> Rows:
    """Budget med justeringar och prestationsförändring minus prognos; plus är överskott."""
    return spread(_avvikelse, budget, prognos, justeringar, prestationsforandring)


def resultatoverforing(fran_foregaende: Any, resultat: Any, bruttobudget: Any, ar: Any = None) -> Rows:
    """En resultatenhets överföring till nästa år, och vad som är över årets och fondens gräns (tre celler)."""
    return spread(_resultatoverforing, fran_foregaende, resultat, bruttobudget, ar)


def lokalbidrag(hyra: Any, yta: Any, ar: Any = None) -> Rows:
    """Bidrag för hög hyra, i tkr."""
    return spread(_lokalbidrag, hyra, yta, ar)


def prestationsersattning(antal_budget: Any, antal_avlast: Any, ersattning: Any) -> Rows:
    """Prestationsförändringen i mnkr; plus ökar budgeten."""
    return spread(_prestationsersattning, antal_budget, antal_avlast, ersattning)


def riskvarde(sannolikhet: Any, konsekvens: Any) -> Rows:
    """Sannolikhet gånger konsekvens."""
    return spread(_riskvarde, sannolikhet, konsekvens)


def tolka_varde(varde: Any) -> Rows:
    """Talet, enheten och slaget av ett värde som 1 956,5 st eller Max 10 personer (tre celler)."""
    return spread(_tolka, varde)


def forklara(namn: Any, ar: Any = None, indata: Any = None) -> Rows:
    """Indata, formel, gränser med datum, och definitionens datum och källa (fyra celler). Med `indata` talen och vad de ger."""
    given = [cell for row in _rows(indata) for cell in row]
    return spread(lambda name, year: _forklara(name, year, given), namn, ar)


FUNCTIONS: Mapping[str, Callable[..., Rows]] = {  # name in Excel -> what answers
    "BUDGETFOLJSAMHET": budgetfoljsamhet,
    "PROGNOSSAKERHET": prognossakerhet,
    "INDIKATORSTATUS": indikatorstatus,
    "MALSTATUS": malstatus,
    "AVVIKELSE": avvikelse,
    "RESULTATOVERFORING": resultatoverforing,
    "LOKALBIDRAG": lokalbidrag,
    "PRESTATIONSERSATTNING": prestationsersattning,
    "RISKVARDE": riskvarde,
    "TOLKA": tolka_varde,
    "FORKLARA": forklara,
}
