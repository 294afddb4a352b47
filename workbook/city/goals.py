"""The city's two matrices of goals: each goal and each indicator of kommunfullmäktige, nämnd for nämnd, by status."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from blankettset.templates.model import Blankett, KfIndikator
from blankettset.workbook.calc.evaluate import Evaluation, NotComputable, Value
from blankettset.workbook.calc.status import DELVIS, EJ, HELT, INGEN, MINSKA, OKA, indikatorstatus, matvarde_tal
from blankettset.workbook.layout import look
from blankettset.workbook.layout.addresses import address
from blankettset.workbook.layout.text_size import row_height, text_lines

GOALS_SHEET, INDICATORS_SHEET = "Målmatris", "Indikatormatris"
FIRST = 5
SHOWN = ("prognos_helar", "periodens_utfall", "arsmal")
NAME_WIDTH, VALUE_WIDTH, TARGET_WIDTH = 60, 15, 16
COUNTED = ("Helt", "Delvis", "Ej", "Ingen")
TOLERANCE = "indikator.tolerans_delvis"
COLOURED_BY = "Färg och tecken är värdet mot KF:s årsmål; kursivt, där årsmålet inte är ett tal eller en riktning, den egna statusen."


def same(text: Value) -> str:
    """A name without regard to capitals, spaces and a full stop at its end."""
    return " ".join(str(text or "").casefold().split()).rstrip(".")


class GoalMatrices:
    """Writes the matrices into the city's workbook. `names` and `parts` are the nämnder and their figures, in order."""

    def __init__(self, fmt: look.Formats, names: Sequence[str], parts: Sequence[Evaluation]) -> None:
        self.fmt, self.names, self.parts = fmt, names, parts
        self.set = parts[0].set if parts else None
        self.tones = {}
        if self.set is not None and "indikatorer" in self.set.blanketter:
            columns = self.set.blanketter["indikatorer"].column_by_id
            if "status" in columns:
                self.tones = {c.id: look.tone(c.tone) for c in columns["status"].choices if c.tone}

    def goals(self, sheet: Any) -> None:
        """KF's goals × nämnd: the reported status; a nämnd without one shows its proposal in brackets."""
        assert self.set is not None
        form = self.set.blanketter["mal"]
        self._head(sheet, ("Mål", "Lydelse"), (8, NAME_WIDTH), COUNTED)
        labels = {choice.id: choice.label for choice in form.cell("1", "status").choices}
        row = FIRST
        for goal in self.set.kf.mal:
            level = {"bold": True} if goal.niva == "inriktningsmal" else {}
            sheet.write_string(row, 0, goal.nummer, self.fmt(**level))
            sheet.write_string(row, 1, goal.titel, self.fmt(text_wrap=True, **level))
            found = []
            lines = text_lines(goal.titel, NAME_WIDTH, bold=bool(level))
            for at, part in enumerate(self.parts, start=2):
                item = self._item(part, "mal", "nummer", goal.nummer)
                reported = part.facts.get(("mal", item, "status")) if item else None
                proposed = part.known(("mal", item, "forslag")) if item else None
                status = reported or proposed
                found.append(reported)
                if isinstance(status, str):
                    label = form.cell("1", "status").shown(status)
                    text = label if reported else f"({label})"
                    sheet.write_string(row, at, text, self.fmt(text_wrap=True, **self.tones.get(status, {})))
                    lines = max(lines, text_lines(text, VALUE_WIDTH))
            self._counts(sheet, row, found, [labels[status] for status in (HELT, DELVIS, EJ)])
            sheet.set_row(row, row_height(lines))
            row += 1

    def indicators(self, sheet: Any) -> None:
        """KF's indicators × nämnd: the forecast, else the outcome (in plans the årsmål), coloured against KF's årsmål."""
        assert self.set is not None
        form = self.set.blanketter["indikatorer"]
        judged = "status" in form.column_by_id
        marks = {choice.id: choice.label[0] for choice in form.cell("1", "status").choices} if judged else {}
        widths = (8, NAME_WIDTH, TARGET_WIDTH)
        self._head(sheet, ("Mål", "Indikator", "KF:s årsmål"), widths, COUNTED if judged else ())
        for row, indicator in enumerate(self.set.kf.indikatorer, start=FIRST):
            target = indicator.arsmal or ""
            sheet.write_string(row, 0, indicator.mal, self.fmt())
            sheet.write_string(row, 1, indicator.namn, self.fmt(text_wrap=True))
            sheet.write_string(row, 2, target, self.fmt(text_wrap=True, align="right"))
            lines = max(text_lines(indicator.namn, NAME_WIDTH), text_lines(target, TARGET_WIDTH))
            found: list[Value] = []
            for at, part in enumerate(self.parts, start=3):
                item = self._indicator(part, indicator)
                status, own = self._judged(part, item, indicator) if item and judged else (None, False)
                found.append(status)
                mark = marks[status] if status and status != INGEN else ""
                text = f"{mark} {self._shown(part, form, item) if item else '–'}".strip()
                style = {**self.tones.get(status or "", {}), **({"italic": True} if own and mark else {})}
                sheet.write_string(row, at, text, self.fmt(align="right", text_wrap=True, **style))
                lines = max(lines, text_lines(text, VALUE_WIDTH))
            if judged:
                self._counts(sheet, row, found, [f"{marks[status]}*" for status in (HELT, DELVIS, EJ)])
            sheet.set_row(row, row_height(lines))

    def _head(self, sheet: Any, labels: tuple[str, ...], widths: tuple[int, ...], counts: tuple[str, ...]) -> None:
        for at, (label, width) in enumerate(zip(labels, widths, strict=True)):
            sheet.write_string(FIRST - 1, at, label, self.fmt.header())
            sheet.set_column(at, at, width)
        at = len(labels)
        for name in self.names:
            sheet.write_string(FIRST - 1, at, name, self.fmt.header(centred=True))
            sheet.set_column(at, at, VALUE_WIDTH)
            at += 1
        for count in counts:
            sheet.write_string(FIRST - 1, at, count, self.fmt.header(centred=True))
            sheet.set_column(at, at, 8)
            at += 1
        self.count_column = at - len(counts)
        sheet.set_row(FIRST - 1, 32)
        sheet.freeze_panes(FIRST, len(labels))
        sheet.repeat_rows(FIRST - 1)

    def _counts(self, sheet: Any, row: int, found: Sequence[Value], texts: Sequence[str]) -> None:
        """How many cells of the row say `texts`, which stand for helt, delvis and ej, and how many say none of them."""
        style = self.fmt(num_format='0;-0;"–"', align="center", bold=True)
        first = self.count_column
        span = f"{address(row + 1, first - len(self.parts) + 1)}:{address(row + 1, first)}"
        for at, (status, text) in enumerate(zip((HELT, DELVIS, EJ), texts, strict=True), start=first):
            sheet.write_formula(row, at, f'=COUNTIF({span},"{text}")', style, found.count(status))
        counted = f"{address(row + 1, first + 1)}:{address(row + 1, first + 3)}"
        rest = len(found) - sum(found.count(status) for status in (HELT, DELVIS, EJ))
        sheet.write_formula(row, first + 3, f"=COLUMNS({span})-SUM({counted})", style, rest)

    @staticmethod
    def _item(part: Evaluation, form: str, column: str, wanted: str) -> str | None:
        return next((r for r in part.items.get(form, ()) if part.facts.get((form, r, column)) == wanted), None)

    @staticmethod
    def _indicator(part: Evaluation, indicator: KfIndikator) -> str | None:
        for row in part.items.get("indikatorer", ()):
            place = ("indikatorer", row)
            if part.facts.get((*place, "mal")) == indicator.mal and same(part.facts.get((*place, "indikator"))) == same(
                indicator.namn
            ):
                return row
        return None

    def _judged(self, part: Evaluation, item: str, indicator: KfIndikator) -> tuple[str, bool]:
        """The value's status against KF's årsmål, and False; where that cannot be read, the nämnd's own, and True."""
        assert self.set is not None
        wanted = matvarde_tal(indicator.arsmal, indicator.enhet)
        if wanted is None and (indicator.arsmal or "").casefold() not in OKA + MINSKA:
            return self._status(part, item), True
        place = ("indikatorer", item)
        before, unit = (part.facts.get((*place, column)) for column in ("utfall_foregaende", "enhet"))
        try:
            value = part.value((*place, "varde_tal"))
        except NotComputable:
            value = None
        figure = value if isinstance(value, Decimal) else None
        tolerance = self.set.parameter(TOLERANCE)
        return indikatorstatus(
            figure, wanted, None, indicator.arsmal, before, unit, indicator.riktning, tolerance
        ), False  # fmt: skip

    @staticmethod
    def _status(part: Evaluation, item: str) -> str:
        status = part.facts.get(("indikatorer", item, "status")) or part.known(("indikatorer", item, "forslag"))
        return status if isinstance(status, str) else INGEN

    @staticmethod
    def _shown(part: Evaluation, form: Blankett, item: str) -> str:
        columns: Iterator[str] = (column for column in SHOWN if column in form.column_by_id)
        for column in columns:
            value = part.facts.get(("indikatorer", item, column))
            if value:
                return str(value) if column != "arsmal" or "status" not in form.column_by_id else f"mål {value}"
        return "–"
