"""The city's two matrices of goals: each goal and each indicator of kommunfullmäktige, nämnd for nämnd, by status."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from templates.model import Blankett, KfIndikator
from workbook import look
from workbook.evaluate import Evaluation, Value
from workbook.status import DELVIS, EJ, HELT, INGEN

GOALS_SHEET, INDICATORS_SHEET = "Målmatris", "Indikatormatris"
FIRST = 5
SHOWN = ("prognos_helar", "periodens_utfall", "arsmal")


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
        self._head(sheet, ("Mål", "Lydelse"), (8, 60), ("Helt", "Delvis", "Ej"))
        row = FIRST
        for goal in self.set.kf.mal:
            level = {"bold": True} if goal.niva == "inriktningsmal" else {}
            sheet.write_string(row, 0, goal.nummer, self.fmt(**level))
            sheet.write_string(row, 1, goal.titel, self.fmt(text_wrap=True, **level))
            found = []
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
            self._counts(sheet, row, found)
            sheet.set_row(row, 30 if len(goal.titel) > 62 else 18)
            row += 1

    def indicators(self, sheet: Any) -> None:
        """KF's indicators × nämnd: the forecast, else the outcome (in plans the årsmål), coloured by status."""
        assert self.set is not None
        form = self.set.blanketter["indikatorer"]
        judged = "status" in form.column_by_id
        self._head(sheet, ("Mål", "Indikator", "KF:s årsmål"), (8, 60, 16), ("Helt", "Delvis", "Ej") if judged else ())
        row = FIRST
        for indicator in self.set.kf.indikatorer:
            sheet.write_string(row, 0, indicator.mal, self.fmt())
            sheet.write_string(row, 1, indicator.namn, self.fmt(text_wrap=True))
            sheet.write_string(row, 2, indicator.arsmal or "", self.fmt(text_wrap=True, align="right"))
            found = []
            for at, part in enumerate(self.parts, start=3):
                item = self._indicator(part, indicator)
                status = self._status(part, item) if item and judged else None
                found.append(status)
                text = self._shown(part, form, item) if item else "–"
                style = self.tones.get(status or "", {})
                mark = form.cell("1", "status").shown(status)[0] if status and status != INGEN else ""
                sheet.write_string(row, at, f"{mark} {text}".strip(), self.fmt(align="right", text_wrap=True, **style))
            if judged:
                self._counts(sheet, row, found)
            sheet.set_row(row, 15 * max(1, -(-len(indicator.namn) // 62)) + 3)
            row += 1

    def _head(self, sheet: Any, labels: tuple[str, ...], widths: tuple[int, ...], counts: tuple[str, ...]) -> None:
        for at, (label, width) in enumerate(zip(labels, widths, strict=True)):
            sheet.write_string(FIRST - 1, at, label, self.fmt.header())
            sheet.set_column(at, at, width)
        at = len(labels)
        for name in self.names:
            sheet.write_string(FIRST - 1, at, name, self.fmt.header(centred=True))
            sheet.set_column(at, at, 15)
            at += 1
        for count in counts:
            sheet.write_string(FIRST - 1, at, count, self.fmt.header(centred=True))
            sheet.set_column(at, at, 8)
            at += 1
        self.count_column = at - len(counts)
        sheet.set_row(FIRST - 1, 32)
        sheet.freeze_panes(FIRST, len(labels))
        sheet.repeat_rows(FIRST - 1)

    def _counts(self, sheet: Any, row: int, found: Sequence[Value]) -> None:
        style = self.fmt(num_format='0;-0;"–"', align="center", bold=True)
        for at, status in enumerate((HELT, DELVIS, EJ), start=self.count_column):
            sheet.write_number(row, at, found.count(status), style)

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
