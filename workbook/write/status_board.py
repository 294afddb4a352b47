"""The summary of goals and indicators by status on the index sheet, with a small chart; live, from the lists."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from blankettset.templates.model import Blankett
from blankettset.workbook.calc.evaluate import Evaluation
from blankettset.workbook.calc.status import DELVIS, EJ, HELT, INGEN
from blankettset.workbook.layout import look
from blankettset.workbook.layout.addresses import address
from blankettset.workbook.layout.excel_formula import quote_sheet
from blankettset.workbook.layout.placement import INDEX_SHEET, Placement

STATUSES = (HELT, DELVIS, EJ, INGEN)
COLOURS = {HELT: look.GREEN, DELVIS: "#E0A030", EJ: look.RED, INGEN: "#C4CBD2"}
LEVELS = ("inriktningsmal", "kf_mal", "namndmal")
HEIGHT = 13  # rows that the chart takes


class StatusBoard:
    """Writes the summary from sheet row `row` (0-based); `lines` is empty when the set reports no status."""

    def __init__(self, evaluation: Evaluation, placements: Mapping[str, Placement]) -> None:
        self.evaluation, self.placements = evaluation, placements
        self.forms = evaluation.set.blanketter
        self.lines = [line for line in self._lines() if line is not None]

    def _lines(self) -> list[tuple[str, str, str | None] | None]:
        """Label, form and goal level of each line."""
        found: list[tuple[str, str, str | None] | None] = []
        if self._has("mal", "status") and self.evaluation.set.level == "namnd":
            labels = {choice.id: choice.label for choice in self.forms["mal"].column_by_id["niva"].choices}
            found += [(labels[level], "mal", level) for level in LEVELS]
        for label, form in (("Enhetsmål", "enhetsmal"), ("Indikatorer", "indikatorer")):
            found.append((label, form, None) if self._has(form, "status") else None)
        return found

    def _has(self, form: str, column: str) -> bool:
        return form in self.forms and column in self.forms[form].column_by_id

    def write(self, book: Any, sheet: Any, fmt: look.Formats, row: int) -> int:
        """Returns the first free row below the board."""
        if not self.lines:
            return row
        form = self.forms["indikatorer"]
        sheet.write_string(row, 1, "Måluppfyllelse", fmt(bold=True, font_size=12, font_color=look.ACCENT))
        labels = {choice.id: choice.label for choice in form.column_by_id["status"].choices}
        head = row + 1
        sheet.write_string(head, 1, "", fmt.header())
        for at, status in enumerate(STATUSES, start=2):
            sheet.write_string(head, at, labels[status], fmt.header(centred=True))
        sheet.set_row(head, 30)
        style = {"bottom": 1, "bottom_color": look.LINE}
        for number, (label, form_id, level) in enumerate(self.lines, start=head + 1):
            sheet.write_string(number, 1, label, fmt(**style))
            counts = self._counts(form_id, level)
            for at, status in enumerate(STATUSES, start=2):
                formula = self._formula(form_id, level, labels, status, number)
                cell = fmt(num_format='0;-0;"–"', align="center", **style)
                sheet.write_formula(number, at, "=" + formula, cell, counts[status])
        last = head + len(self.lines)
        self._chart(book, sheet, head, last)
        return max(last + 2, row + HEIGHT)

    def _counts(self, form_id: str, level: str | None) -> Counter[str]:
        counts: Counter[str] = Counter()
        for item in self.evaluation.items.get(form_id, ()):
            if level is not None and self.evaluation.facts.get((form_id, item, "niva")) != level:
                continue
            if not self.evaluation.facts.get((form_id, item, self.forms[form_id].key or "")):
                continue
            status = self.evaluation.facts.get((form_id, item, "status"))
            if not status and form_id == "indikatorer":
                status = self.evaluation.known((form_id, item, "forslag"))
            counts[status if isinstance(status, str) and status in STATUSES else INGEN] += 1
        return counts

    def _span(self, form: Blankett, column: str) -> str:
        first, last = self.placements[form.id].list_range(column)
        return f"{quote_sheet(form.sheet)}!{first}:{last}"

    def _formula(self, form_id: str, level: str | None, labels: Mapping[str, str], status: str, row: int) -> str:
        form = self.forms[form_id]
        if status == INGEN:  # what has no other status
            judged = f"SUM({address(row + 1, 3)}:{address(row + 1, 5)})"
            if level is None:
                return f"COUNTA({self._span(form, form.key or '')})-{judged}"
            label = next(c.label for c in form.column_by_id["niva"].choices if c.id == level)
            return f'COUNTIFS({self._span(form, "niva")},"{label}")-{judged}'
        if level is not None:
            label = next(c.label for c in form.column_by_id["niva"].choices if c.id == level)
            return f'COUNTIFS({self._span(form, "niva")},"{label}",{self._span(form, "status")},"{labels[status]}")'
        own = self._span(form, "status")
        if form_id != "indikatorer":
            return f'COUNTIFS({own},"{labels[status]}")'
        proposed = self._span(form, "forslag")
        return f'SUMPRODUCT(({own}="{labels[status]}")+({own}="")*({proposed}="{labels[status]}"))'

    def _chart(self, book: Any, sheet: Any, head: int, last: int) -> None:
        chart = book.add_chart({"type": "bar", "subtype": "percent_stacked"})
        for at, status in enumerate(STATUSES, start=2):
            chart.add_series({
                "name": [INDEX_SHEET, head, at],
                "categories": [INDEX_SHEET, head + 1, 1, last, 1],
                "values": [INDEX_SHEET, head + 1, at, last, at],
                "fill": {"color": COLOURS[status]},
                "gap": 45,
            })  # fmt: skip
        font = {"name": look.FONT, "size": 8}
        chart.set_x_axis(
            {"num_font": font, "num_format": "0%", "major_gridlines": {"visible": True, "line": {"color": look.LINE}}}
        )
        chart.set_y_axis({"reverse": True, "num_font": font})
        chart.set_legend({"position": "bottom", "font": font})
        chart.set_size({"width": 500, "height": 20 * HEIGHT - 24})
        chart.set_chartarea({"border": {"none": True}})
        sheet.insert_chart(head - 1, 7, chart, {"x_offset": 8, "y_offset": 2, "object_position": 2,
                                                "description": "Andelen mål och indikatorer med varje status"})  # fmt: skip
