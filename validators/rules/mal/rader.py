"""The rows of goals, indicators and activities as the rules read them. Judges nothing itself."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from blankettset.validators.filing import Filing
from blankettset.workbook.calc.matvarde import Matvarde, Slag, enhetens_namn, tolka
from blankettset.workbook.calc.status import DELVIS, EJ, HELT, INGEN

GOALS, UNIT_GOALS, INDICATORS, ACTIVITIES = "mal", "enhetsmal", "indikatorer", "aktiviteter"
JUDGED = (HELT, DELVIS, EJ)


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


def plain(text: str) -> str:
    """A name with capitals, spaces and a final full stop aside: what makes two rows the same."""
    return " ".join(text.casefold().split()).rstrip(".")


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
