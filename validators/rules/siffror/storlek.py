"""BF413-BF415: the order of magnitude. A figure far from the others on its row, and a form in another unit."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from statistics import median

import msgspec

from blankettset.templates.model import MONEY_SCALE, Kind
from blankettset.validators.filing import Filing
from blankettset.validators.finding import Hit, Severity, Wait, show
from blankettset.validators.registry import rule, varies
from blankettset.validators.rules.mal.rader import (
    AMOUNTS,
    INDICATORS,
    NO_SHARES,
    OUTCOMES,
    VALUES,
    Line,
    hundredth,
    is_count,
    lines,
    number,
    unit_of,
)
from blankettset.workbook.calc.evaluate import Key
from blankettset.workbook.calc.matvarde import Matvarde
from blankettset.workbook.calc.values import rounded
from blankettset.workbook.read.filled import FilledForm

INPUTS = (Kind.INPUT, Kind.SLK)
GUESS = "Vår gissning, prövad på de fem redovisningarna (parametrarna rimlighet.storlek_*)"
POWERS = (1, 2, 3, 6)
UNIT = {("mnkr", 3): "tkr", ("mnkr", 6): "kr", ("tkr", 3): "kr"}
Row = dict[Key, Decimal]


class Odd(msgspec.Struct, frozen=True):
    """A figure, the size that the others on its row have, and the power of ten between them, if it is one."""

    key: Key
    value: Decimal
    usual: Decimal
    others: tuple[Decimal, ...]
    beside: str = "radens andra tal"

    @property
    def ratio(self) -> Decimal:
        """How many times the usual size."""
        return abs(self.value) / self.usual

    @property
    def power(self) -> int | None:
        """1 for ten times the others, -3 for a thousandth; None when no power of ten lies near."""
        for power in POWERS:
            for signed in (power, -power):
                if Decimal("0.6") < self.ratio / Decimal(10) ** signed < Decimal("1.7"):
                    return signed
        return None


def _rows(filing: Filing, form: FilledForm, *, loose: bool = True) -> dict[tuple[str, str], Row]:
    """(row, unit) -> the figures that compare with one another, those of a part of the year raised to the whole."""
    found: dict[tuple[str, str], Row] = defaultdict(dict)
    part = Decimal(12) / int(filing.set.report_date[5:7])
    for cell, definition in filing.cells(form, *INPUTS):
        column = form.form.column_by_id[cell.column]
        if not isinstance(cell.value, Decimal) or not cell.value or not definition.type.is_number:
            continue
        if column.size == "own" or column.positive_means is not None or cell.key in filing.blamed:
            continue
        if column.size == "loose" and not loose:
            continue
        raised = abs(cell.value) * (part if column.size == "to_date" else 1)
        found[cell.row, form.form.unit_at(cell.row, cell.column)][cell.key] = raised
    return found


def _odd(filing: Filing, form: FilledForm, row: Row, factor: Decimal, least: Decimal) -> Odd | None:
    """The figure of a row that is furthest from the others, when it is far enough; of two figures the larger."""
    worst: Odd | None = None
    for key, size in row.items():
        others = [other for place, other in row.items() if place != key]
        value = filing.filled.facts[key]
        assert isinstance(value, Decimal)
        usual = Decimal(median(others))
        odd = Odd(key, value, usual, tuple(others))
        if usual and not 1 / factor <= size / usual <= factor:
            unit = Decimal(1).scaleb(-form.form.decimals_of(key[1], key[2]))
            if max(size, usual) >= least * unit and (
                worst is None or _distance(odd) > _distance(worst) or (len(row) == 2 and odd.ratio > 1)
            ):
                worst = odd
    return worst


def _distance(odd: Odd) -> Decimal:
    return max(odd.ratio, 1 / odd.ratio)


def _sorted_columns(rows: Mapping[tuple[str, str], Row]) -> dict[str, list[Decimal]]:
    """Column -> its sizes, sorted: what a figure alone on its row is compared with."""
    found: dict[str, list[Decimal]] = defaultdict(list)
    for row in rows.values():
        for key, size in row.items():
            found[key[2]].append(size)
    for column in found.values():
        column.sort()
    return found


def middle_of_others(column: Sequence[Decimal], size: Decimal) -> Decimal | None:
    """The median of a sorted column without one figure of this size; None when fewer than three others are left."""
    own, count = bisect_left(column, size), len(column) - 1
    if count < 3:
        return None
    low, high = (column[at + (at >= own)] for at in ((count - 1) // 2, count // 2))
    return (low + high) / 2


def _thousandfold(filing: Filing, form: FilledForm, row: Row, columns: Mapping[str, Sequence[Decimal]]) -> Odd | None:
    """In a row with one or two amounts: one that is about a thousand times the other, or its column's middle."""
    low, high = filing.set.parameter("rimlighet.faktor_minst"), filing.set.parameter("rimlighet.faktor_mest")
    found = []
    for key, size in row.items():
        beside = [other for place, other in row.items() if place != key]
        usual = Decimal(median(beside)) if beside else middle_of_others(columns[key[2]], size)
        value = filing.filled.facts[key]
        far = max(size / usual, usual / size) if usual else Decimal(0)
        if usual and low <= far <= high and isinstance(value, Decimal):
            found.append(Odd(key, value, usual, (usual,), "radens andra tal" if beside else "kolumnens mittersta tal"))
    return found[0] if found else None


@rule(
    "BF414",
    title="Blanketten står i sin enhet",
    many="{n} blanketter ser ut att stå i tusental i stället för sin enhet",
    across=2,
    severity=varies(Severity.VARNING, Severity.FEL),
    source="Ren aritmetik: ingen nämnd har så stora belopp (parametern rimlighet.storsta_belopp)",
)
def forms_are_in_their_unit(filing: Filing) -> Iterator[Hit]:
    """BF414: Beloppen i en blankett står i dess enhet, inte alla tusen gånger större.

    Givet en blankett i mnkr eller tkr med minst fem rader
    När de flesta raderna är så stora att ingen nämnd kan ha dem, och de är rimliga en tusendel så stora
    Så varnas det en gång för blanketten, eller en gång för arbetsboken när det gäller flera (stoppas i VB), och det som följer
    av enheten sägs inte.
    Exempel: Driftbudgeten är ifylld i tkr: Äldreomsorg 660 600 där blanketten räknar i mnkr.
    """
    largest = filing.set.parameter("rimlighet.storsta_belopp") * MONEY_SCALE["mnkr"]
    found = []
    for form in filing.judged():
        unit = form.form.unit
        if unit not in MONEY_SCALE or unit == "kr":
            continue
        rows = [row for (_, of), row in _rows(filing, form).items() if of == unit]
        limit = largest / MONEY_SCALE[unit]
        sizes = sorted(Decimal(median(row.values())) for row in rows)
        if sizes and sizes[-1] > limit:
            found.append((form, unit, rows, sizes, len(sizes) > 4 and median(sizes) > limit / 20))
    sure = {unit for _, unit, _, _, is_sure in found if is_sure}
    for form, unit, rows, sizes, _ in found:
        if unit not in sure:
            continue
        filing.in_other_unit.add(form.form.id)
        cells = [key for row in rows for key in row]
        smaller = "tkr" if unit == "mnkr" else "kr"
        yield Hit(
            f"{form.form.title}: beloppen ser ut att stå i {smaller}, men blanketten räknar i {unit} (det största är "
            f"{show(sizes[-1])} {unit}).",
            f"Skriv alla belopp i {unit}: dela dem med 1 000.",
            form=form.form.id,
            sheet=form.sheet,
            cell=filing.address(cells[0]).rpartition("!")[2],
            found=sizes[-1],
            expected=rounded(sizes[-1] / 1000, form.form.decimals),
            cells=tuple(filing.address(key) for key in cells),
            waits=(Wait(form=form.form.id, codes=frozenset({"BF022", "BF413"})),),
        )


@rule(
    "BF413",
    title="Talen har radens storleksordning",
    many="{n} tal har en annan storleksordning än radens andra",
    severity=Severity.VARNING,
    source=GUESS,
)
def figures_have_the_size_of_their_row(filing: Filing) -> Iterator[Hit]:
    """BF413: Ett tal är ungefär så stort som de andra på raden: ingen siffra för mycket, ingen för litet, rätt enhet.

    Givet en rad med minst tre tal i samma enhet (belopp eller volymer; en del av året räknas upp till helår)
    När ett tal är mer än tre gånger så stort som de andras median, eller mindre än en tredjedel av den
    Så varnas det, för det tal på raden som skiljer sig mest. Där talen får skilja sig mer (investeringar, indikatorer, rader med
    två tal) krävs åtta gånger, och för ett ensamt belopp omkring tusen gånger kolumnens mittersta.
    Exempel: Prognos 453,0 på en rad där budgeten är 45,3 och utfallet 44,8.
    """
    factor, wide, least = (filing.set.parameter(f"rimlighet.storlek_{name}") for name in ("faktor", "los", "minst"))
    largest = filing.set.parameter("rimlighet.storsta_belopp") * MONEY_SCALE["mnkr"]
    for form in filing.judged():
        rows, strict = _rows(filing, form), _rows(filing, form, loose=False)
        columns = _sorted_columns(rows)
        found: list[Odd] = []
        for place, row in rows.items():
            unit = place[1]
            money = unit in MONEY_SCALE and unit != "kr"
            compared = strict.get(place, {})
            odd = _odd(filing, form, compared, factor, least) if len(compared) > 2 else None
            if odd is None and len(row) > 1:
                odd = _odd(filing, form, row, wide, least)
            if odd is None and money:
                odd = _thousandfold(filing, form, row, columns) if len(row) == 1 else None
                large = {key: size for key, size in row.items() if size > largest / MONEY_SCALE[unit]}
                if odd is None and large:
                    key = max(large, key=lambda each: large[each])
                    value = filing.filled.facts[key]
                    if isinstance(value, Decimal):
                        odd = Odd(key, value, abs(value) / 1000, ())
            if odd is not None:
                found.append(odd)
        yield from _said(filing, form, found)
    yield from _indicators(filing)


def _said(filing: Filing, form: FilledForm, found: Sequence[Odd]) -> Iterator[Hit]:
    whole = _whole_column(form, found)
    if whole:
        factor = whole[0].power or 0
        column = form.form.column_by_id[whole[0].key[2]]
        smaller = UNIT.get((form.form.unit, factor))
        yield filing.at(
            whole[0].key,
            f"hela kolumnen {column.name} är {_times(factor)} radernas andra tal"
            + (f": den ser ut att stå i {smaller}." if smaller else "."),
            f"Skriv kolumnen i {form.form.unit_of(column.id)}, eller rätta de andra talen om det är de som är fel.",
            found=whole[0].value,
            cells=tuple(odd.key for odd in whole[1:]),
            waits=tuple(Wait(odd.key[0], odd.key[1], odd.key[2]) for odd in whole[1:]),
        )
        for odd in whole:
            filing.blamed[odd.key] = odd.value / Decimal(10) ** factor
    for odd in found:
        if odd in whole:
            continue
        places = form.form.decimals_of(odd.key[1], odd.key[2])
        unit = form.form.unit_at(odd.key[1], odd.key[2])
        power = odd.power
        meant = odd.value / Decimal(10) ** power if power is not None else None
        beside = ", ".join(show(rounded(other, places), places) for other in odd.others[:4])
        text = f"{show(odd.value, places)} {unit} är " + (
            f"{_times(power) if power is not None else _about(odd)} {odd.beside} ({beside})."
            if odd.others
            else f"mer än någon nämnd har på en rad ({show(filing.set.parameter('rimlighet.storsta_belopp'))} mnkr)."
        )
        other_unit = UNIT.get((unit, power or 0))
        asked = f" Står beloppet i {other_unit}?" if other_unit else ""
        if meant is not None:
            action = f"Skriv {show(rounded(meant, places), places)} om det är vad som menas, annars rätta de andra eller förklara."
        else:
            action = "Kontrollera siffrorna: saknas en, eller står en två gånger? Rätta, eller förklara skillnaden."
        yield filing.at(odd.key, text + asked, action, found=odd.value,
                        expected=rounded(meant, places) if meant is not None else None, guess=True)  # fmt: skip


def _whole_column(form: FilledForm, found: Sequence[Odd]) -> list[Odd]:
    """Those of a column where most figures are the same power of ten from their rows."""
    by_column: dict[tuple[str, int], list[Odd]] = defaultdict(list)
    for odd in found:
        if odd.power is not None:
            by_column[odd.key[2], odd.power].append(odd)
    most = max(by_column.values(), key=len, default=[])
    column = most[0].key[2] if most else ""
    filled = sum(isinstance(c.value, Decimal) and bool(c.value) for c, d in form.of_kinds(INPUTS) if c.column == column)
    return most if len(most) >= 3 and len(most) > filled / 2 else []


def _times(power: int) -> str:
    words = {1: "tio gånger", 2: "hundra gånger", 3: "tusen gånger", 6: "en miljon gånger",
             -1: "en tiondel av", -2: "en hundradel av", -3: "en tusendel av", -6: "en miljondel av"}  # fmt: skip
    return "omkring " + words[power]


def _about(odd: Odd) -> str:
    if odd.ratio > 1:
        return f"{show(rounded(odd.ratio, 0))} gånger"
    if odd.ratio < Decimal("0.01"):
        return "mindre än en hundradel av"
    return f"bara {show(rounded(odd.ratio * 100, 0))} % av"


def _indicators(filing: Filing) -> Iterator[Hit]:
    """Indicator values, each against the others on its row in the same unit."""
    factor = filing.set.parameter("rimlighet.storlek_los")
    for line in lines(filing, INDICATORS):
        numbers = {column: value for column in VALUES if (value := number(line, column)) is not None and value.tal}
        for column in (*OUTCOMES, "arsmal"):
            value, beside = numbers.get(column), hundredth(line, column)
            if value is not None and value.tal is not None and beside is not None:
                meant = f"{show(value.tal * 100)} %"
                yield filing.at(
                    (INDICATORS, line.row, column),
                    f"{value.text} är troligen {meant}; raden rör sig kring {beside.text}.",
                    f"Skriv {meant} som text, med procenttecken.",
                    found=value.text,
                    expected=meant,
                )
                break
        else:
            yield from _far_off(filing, line, numbers, factor)


def _far_off(filing: Filing, line: Line, numbers: Mapping[str, Matvarde], factor: Decimal) -> Iterator[Hit]:
    units = [unit_of(line, value) for value in numbers.values()]
    unit = max(sorted({each or "" for each in units}), key=[each or "" for each in units].count, default="")
    part = (
        Decimal(12) / int(filing.set.report_date[5:7]) if is_count(line) and filing.set.period != "VP" else Decimal(1)
    )
    sizes = {
        column: abs(value.tal) * (part if column in ("periodens_utfall", "utfall_man", "utfall_kvinnor") else 1)
        for column, value in numbers.items()
        if value.tal and (unit_of(line, value) or "") == unit and column not in ("utfall_man", "utfall_kvinnor")
    }
    if unit in AMOUNTS or is_count(line):
        sizes.pop("kf_arsmal", None)  # then the city's is the sum of everybody's
    worst: tuple[Decimal, str, Decimal] | None = None
    for column, size in sizes.items():
        others = [other for place, other in sizes.items() if place != column]
        usual = Decimal(median(others)) if len(others) > 1 else Decimal(0)
        if column == "kf_arsmal" or not usual or 1 / factor < size / usual < factor:
            continue
        ratio = size / usual
        if worst is None or max(ratio, 1 / ratio) > worst[0]:
            worst = (max(ratio, 1 / ratio), column, ratio)
    if worst is None or any(word in line.text("indikator").casefold() for word in NO_SHARES):
        return
    value = numbers[worst[1]]
    beside = ", ".join(numbers[column].text for column in sizes if column != worst[1])
    times = f"{show(rounded(worst[2], 0))} gånger" if worst[2] > 1 else f"bara {show(rounded(worst[2] * 100, 0))} % av"
    yield filing.at(
        (INDICATORS, line.row, worst[1]),
        f"{value.text} är omkring {times} radens andra värden ({beside}).",
        "Kontrollera siffrorna och enheten: saknas en siffra, eller står en för mycket? Rätta, eller förklara i analysen.",
        found=value.text,
    )
