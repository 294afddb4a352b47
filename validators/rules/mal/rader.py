"""The rows of goals, indicators and activities as the rules read them. Judges nothing itself."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from blankettset.validators.filing import Filing
from blankettset.validators.finding import Wait
from blankettset.workbook.calc.matvarde import Matvarde, Slag, enhetens_namn, tolka
from blankettset.workbook.calc.status import DELVIS, EJ, HELT, INGEN, ar_antal
from blankettset.workbook.calc.values import date_from_serial

GOALS, UNIT_GOALS, INDICATORS, ACTIVITIES = "mal", "enhetsmal", "indikatorer", "aktiviteter"
AMOUNTS = ("tkr", "mnkr", "kr", "GWh")  # units of which the city's target is the sum of everybody's
JUDGED = (HELT, DELVIS, EJ)


KEY_FIGURES = {
    "nämndens budgetföljsamhet före resultatöverföringar": "budgetfoljsamhet_fore",
    "nämndens budgetföljsamhet efter resultatöverföringar": "budgetfoljsamhet_efter",
    "nämndens prognossäkerhet t2": "prognossakerhet_t2",
}


class Line(msgspec.Struct, frozen=True):
    """One filled row of a list form: its number and the texts in its columns, without space around them."""

    form: str
    row: str
    texts: Mapping[str, str]
    columns: frozenset[str]
    told: dict[str, Matvarde | None] = msgspec.field(default_factory=dict)  # values that have been read once

    def text(self, column: str) -> str:
        """The text in a column, empty when there is none."""
        return self.texts.get(column, "")

    def value(self, column: str) -> Matvarde | None:
        """What a column's value says, read with the indicator's own unit; None when there is none."""
        if column not in self.told:
            text = self.texts.get(column)
            self.told[column] = tolka(text, self.texts.get("enhet", "")) if text else None
        return self.told[column]


def lines(filing: Filing, form_id: str) -> list[Line]:
    """The filled rows of a list form that can be judged; none when the set lacks it or it is empty."""
    found: list[Line] | None = filing.memory.get(("rader", form_id))
    if found is None:
        found = filing.memory["rader", form_id] = _lines(filing, form_id)
    return found


def _lines(filing: Filing, form_id: str) -> list[Line]:
    form = next((f for f in filing.judged() if f.form.id == form_id), None)
    if form is None:
        return []
    columns = frozenset(form.form.column_by_id)
    texts: dict[str, dict[str, str]] = {row: {} for row in form.items}
    for (row, column), cell in form.cells.items():
        if isinstance(cell.value, str) and row in texts:
            texts[row][column] = cell.value.strip()
    return [Line(form_id, row, found, columns) for row, found in texts.items()]


NO_SHARES = ("budgetföljsamhet", "prognossäkerhet", "förändring", "ökning", "minskning", "energieffektivisering")
OUTCOMES = ("periodens_utfall", "utfall_man", "utfall_kvinnor", "utfall_foregaende", "prognos_helar")
VALUES = (*OUTCOMES, "arsmal", "kf_arsmal")


def values(line: Line) -> dict[str, Matvarde]:
    """The values that stand on an indicator's row, by column."""
    found = {column: line.value(column) for column in VALUES if column in line.columns}
    return {column: value for column, value in found.items() if value is not None}


def number(line: Line, column: str) -> Matvarde | None:
    """A column's value when it is a plain figure."""
    value = line.value(column) if column in line.columns else None
    return value if value is not None and value.slag is Slag.TAL and value.tal is not None else None


def is_count(line: Line) -> bool:
    """True for what is counted, not measured in percent or as an index."""
    return ar_antal(line.text("indikator"), line.text("enhet"))


def unit_of(line: Line, value: Matvarde) -> str | None:
    """A value's unit; where none is printed, the one that the row states."""
    return value.enhet or enhetens_namn(line.text("enhet"), line.text("enhet")) or None


def hundredth(line: Line, column: str) -> Matvarde | None:
    """The value beside that shows this one to be a hundredth of what was meant; None when nothing does."""
    value = number(line, column)
    others = ("kf_arsmal", "utfall_foregaende", "periodens_utfall") if column == "arsmal" else ("arsmal", "kf_arsmal")
    beside = next((found for c in others if (found := number(line, c)) is not None), None)
    if (
        value is None
        or beside is None
        or value.tal is None
        or beside.tal is None
        or not 0 < value.tal < 1
        or beside.tal <= 2
    ):
        return None
    if unit_of(line, value) not in ("%", None) or unit_of(line, beside) != "%":
        return None
    return beside if abs(value.tal * 100 - beside.tal) < abs(value.tal - beside.tal) else None


def plain(text: str) -> str:
    """A name with capitals, spaces and a final full stop aside: what makes two rows the same."""
    return " ".join(text.casefold().split()).rstrip(".")


def as_typed_date(text: str) -> str | None:
    """What was typed when Excel made a goal's number a date: 45383 is 2024-04-01, so 1.4. None for other texts."""
    if not text.isdigit() or not 30_000 < int(text) < 60_000:
        return None
    day = date_from_serial(Decimal(text))
    return f"{day.day}.{day.month}" if day is not None else None


def unit_waits(line: Line) -> tuple[Wait, ...]:
    """What a value that is wrong makes wait: how its unit is written on the same row."""
    return (Wait(line.form, line.row, codes=frozenset({"BF408"})),)


def is_explained(line: Line) -> bool:
    """True when the row says anything in its analysis or comment."""
    return bool(line.text("analys") or line.text("kommentar"))


def status_of(line: Line) -> str:
    """The status that counts: the reported one, else the proposal."""
    return line.text("status") or line.text("forslag") or INGEN


def differs(line: Line) -> bool:
    """The reported status and the proposal both judge, and differently."""
    status, proposed = line.text("status"), line.text("forslag")
    return status in JUDGED and proposed in JUDGED and status != proposed


def is_computed(filing: Filing, line: Line) -> bool:
    """True for an indicator that the sheet Nyckeltal works out: nobody is asked for it."""
    figures = filing.set.blanketter.get("nyckeltal")
    return figures is not None and KEY_FIGURES.get(plain(line.text("indikator"))) in figures.row_by_id


def label(filing: Filing, line: Line, column: str, value: str) -> str:
    """A choice of the column as the sheet shows it."""
    return filing.set.blanketter[line.form].cell(line.row, column).shown(value)


def meaning(text: str, enhet: str = "") -> tuple[object, ...]:
    """What a value says, whatever way it is written: 95 % and 95% are the same, and 95 where the unit is %."""
    value = tolka(text, enhet)
    if value is None:
        return ()
    unit = value.enhet or (enhetens_namn(enhet, enhet) if value.tal is not None else None)
    return (value.slag, value.tal, unit or None, value.nar, value.text if value.slag is Slag.TEXT else "")
