"""Where a form's cells stand on its sheet when we build it. Reading never uses this: it goes by ids."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import msgspec

from blankettset.templates.model import LIST_TOTAL, Blankett, Column
from blankettset.workbook.layout.addresses import address

ID_ROW = 1  # hidden: the sheet's stamp and the column ids
TITLE_ROW, WHO_ROW, PURPOSE_ROW, SIGN_ROW = 2, 3, 4, 5
BACK_ROW = 6  # the way back to Innehåll
HEADER_ROW = 7
FIRST_ROW = 8
ID_COLUMN = 1  # hidden: row ids
LABEL_COLUMN = 2
FIRST_COLUMN = 3

STAMP_SHEET = "_stampel"
LISTS_SHEET = "_listor"
PARAMETER_SHEET = "Parametrar"
INDEX_SHEET = "Innehåll"
LONG_SHEET = "Långa texter"
RECONCILIATION_SHEET = "Avstämning"
HEADER_ID = "#rubrik"
END_ID = "#slut"  # any other row or column whose hidden id begins with # is the builder's own and holds nothing to read
STAMP_LABELS = "etiketter"
STAMP_LAYOUT, STAMP_PARAMETER = "layout:", "parameter:"  # in the stamp, before a form's and a parameter's id


def form_stamp(form: Blankett) -> str:
    """What stands in A1 of a form's sheet and tells which form it is, whatever the tab is called."""
    return f"blankett:{form.id}:{form.layout}"


class Placement(msgspec.Struct, frozen=True, dict=True):
    """Rows and columns (from 1) of one form with room for `items` list rows."""

    form: Blankett
    items: int = 0

    @cached_property
    def list_rows(self) -> int:
        """How many rows the list has room for: what is filled, and the spare rows beyond it."""
        return max(self.form.spare_rows, self.items + max(5, self.form.spare_rows // 3)) if self.form.is_list else 0

    @cached_property
    def rows(self) -> dict[str, int]:
        """Sheet row by row id."""
        if self.form.is_list:
            rows = {str(i + 1): FIRST_ROW + i for i in range(self.list_rows)}
            rows[LIST_TOTAL if self.form.total_columns else END_ID] = FIRST_ROW + self.list_rows
            return rows
        return {row.id: FIRST_ROW + i for i, row in enumerate(self.form.rows)}

    @cached_property
    def columns(self) -> dict[str, int]:
        """Sheet column by column id."""
        return {column.id: FIRST_COLUMN + i for i, column in enumerate(self.form.columns)}

    @property
    def last_row(self) -> int:
        """The last row of the table."""
        return max(self.rows.values())

    @property
    def last_column(self) -> int:
        """The last column of the table."""
        return FIRST_COLUMN + len(self.form.columns) - 1

    @property
    def last_printed(self) -> int:
        """The last column that is printed; what only helps the reckoning stands last and stays on the screen."""
        printed = [self.columns[column.id] for column in self.form.columns if column.printed]
        return max(printed, default=self.last_column)

    def address(self, row_id: str, column_id: str) -> str:
        """The address of a cell, such as D12."""
        return address(self.rows[row_id], self.columns[column_id])

    def spans(self, wanted: Callable[[str, Column], bool]) -> list[str]:
        """Ranges of the cells that `wanted(row id, column)` takes, as long as they get down each column: C8:C20."""
        found: list[str] = []
        for column in self.form.columns:
            at, run = self.columns[column.id], (0, 0)
            for row_id, number in [*self.rows.items(), ("#", 0)]:
                if not row_id.startswith("#") and wanted(row_id, column):
                    run = (run[0], number) if run[1] == number - 1 and run[0] else (number, number)
                    continue
                if run[0]:
                    found.append(f"{address(run[0], at)}:{address(run[1], at)}")
                run = (0, 0)
        return found

    def list_range(self, column_id: str) -> tuple[str, str]:
        """First and last address of a list column."""
        column = self.columns[column_id]
        return address(FIRST_ROW, column), address(FIRST_ROW + self.list_rows - 1, column)
