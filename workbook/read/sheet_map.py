"""Where the rows and columns of one form stand on one raw sheet, by the ids that it carries; also when its mark is gone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from blankettset.templates.model import LIST_TOTAL, Blankett
from blankettset.workbook.layout.addresses import address
from blankettset.workbook.layout.placement import END_ID, HEADER_ID
from blankettset.workbook.read.filled import Problem
from blankettset.workbook.xlsx.raw import Place, RawSheet

STAMP_PREFIX = "blankett:"
SPARE_ROWS = 2_000  # of a list, beyond as many as hold something
NEAR = 50  # rows and columns within which a form's hidden ids are looked for
Mark = tuple[Place, str]  # where a form's mark stands, and what it says


class SheetMap:
    """Where rows and columns of one form stand on one raw sheet."""

    def __init__(self, form: Blankett, sheet: RawSheet, id_row: int, id_column: int) -> None:
        self.form, self.sheet = form, sheet
        self.problems: list[Problem] = []
        self.formulas: dict[
            str, tuple[list[str], list[str]]
        ] = {}  # a list column's formula around its row, and with ids
        self.columns: dict[str, int] = {}
        self.rows: dict[str, int] = {}
        self.last_item = self.last_used = 0  # a list's last row; in one that is too long, its last with content
        in_row, marks = {}, {}
        for (row, column), cell in sheet.cells.items():
            if row == id_row:
                if column != id_column and cell.text:
                    in_row[column] = cell.text
            elif column == id_column and cell.text:
                marks[row] = cell.text
        self._find_columns(in_row, id_row)
        self._find_rows(marks, id_column)
        self.column_at = {number: id_ for id_, number in self.columns.items()}
        self.row_at = {number: id_ for id_, number in self.rows.items()}
        self.id_row, self.id_column = id_row, id_column

    def _problem(
        self, kind: str, at: Place | None = None, *, row: str | None = None, column: str | None = None, detail: str = ""
    ) -> None:
        place = address(*at) if at else None
        self.problems.append(Problem(kind, self.form.id, self.sheet.name, place, row, column, detail))

    def _find_columns(self, ids: dict[int, str], id_row: int) -> None:
        for column, id_ in ids.items():
            if id_ not in self.form.column_by_id:
                self._problem("okant_kolumn_id", (id_row, column), detail=id_)
            elif id_ in self.columns:
                self._problem("dubbelt_kolumn_id", (id_row, column), column=id_)
            else:
                self.columns[id_] = column
        for column_id in self.form.column_by_id:
            if column_id not in self.columns:
                self._problem("kolumn_saknas", column=column_id)

    def _find_rows(self, marks: dict[int, str], id_column: int) -> None:
        if self.form.is_list:
            self._find_list_rows(marks, id_column)
            return
        for row, id_ in sorted(marks.items()):
            if id_ == HEADER_ID:
                continue
            if id_ not in self.form.row_by_id:
                self._problem("okant_rad_id", (row, id_column), detail=id_)
            elif id_ in self.rows:
                self._problem("dubbelt_rad_id", (row, id_column), row=id_)
            else:
                self.rows[id_] = row
        for row_id in self.form.row_by_id:
            if row_id not in self.rows:
                self._problem("rad_saknas", row=row_id)

    def _find_list_rows(self, marks: dict[int, str], id_column: int) -> None:
        end_id = LIST_TOTAL if self.form.total_columns else END_ID
        headers = [row for row, id_ in marks.items() if id_ == HEADER_ID]
        ends = [row for row, id_ in marks.items() if id_ == end_id]
        if not headers:
            self._problem("rad_saknas", row=HEADER_ID)
        if not ends:
            self._problem("rad_saknas", row=end_id)
        for doubled in (sorted(headers)[1:], sorted(ends)[1:]):
            for row in doubled:
                self._problem("dubbelt_rad_id", (row, id_column), row=marks[row])
        first = min(headers, default=min(marks, default=1)) + 1
        columns = set(self.columns.values())
        used = {row for row, column in self.sheet.cells if column in columns and row >= first}
        last = min(ends, default=max(used, default=first) + 1)
        self.last_item = self.last_used = last - 1
        near = min(last, first + SPARE_ROWS + len(used))  # an end far below is no reason to walk through all between
        far = sorted(row for row in used if near <= row < last)
        self.rows = {str(item): number for item, number in enumerate([*range(first, near), *far], start=1)}
        if near < last:
            self.last_used = max((row for row in used if row < last), default=first)
            self._problem("lista_for_lang", (last, id_column), detail=str(last))
        if ends and self.form.total_columns:
            self.rows[LIST_TOTAL] = min(ends)

    def strays(self) -> Iterator[tuple[int, int]]:
        """Cells with content in the form's columns on rows that carry no id, between its first and last row."""
        if not self.rows or self.form.is_list:
            return
        first, last = min(self.rows.values()), max(self.rows.values())
        for row, column in sorted(self.sheet.cells):
            if first <= row <= last and row not in self.row_at and column in self.column_at:
                yield row, column


def list_places(form: Blankett, sheet: RawSheet) -> tuple[list[int], dict[str, int]] | None:
    """Sheet rows and columns (by id) of a list form as they stand on a raw sheet, or None when it is not there."""
    mark = find_mark(sheet)
    if mark is None:
        return None
    found = SheetMap(form, sheet, *mark[0])
    return sorted(row for id_, row in found.rows.items() if id_ != LIST_TOTAL), found.columns


def find_mark(sheet: RawSheet) -> Mark | None:
    """The mark of the form that the sheet carries, or None."""
    found = sheet.cells.get((1, 1))
    if found is not None and found.text and found.text.startswith(STAMP_PREFIX):
        return (1, 1), found.text
    for place, cell in sheet.cells.items():  # a row or column may have been inserted before it
        if cell.text and cell.text.startswith(STAMP_PREFIX) and place[0] <= NEAR and place[1] <= NEAR:
            return place, cell.text
    return None


def lost_mark(form: Blankett, sheet: RawSheet) -> tuple[int | None, int | None]:
    """The row of a form's column ids and the column of its row ids on a sheet without mark; None for one that is gone."""
    rows = {*form.row_by_id, HEADER_ID, END_ID, LIST_TOTAL} if not form.is_list else {HEADER_ID, END_ID, LIST_TOTAL}
    near = [(place, cell.text) for place, cell in sheet.cells.items() if cell.text]
    in_rows = Counter(row for (row, _), text in near if row <= NEAR and text in form.column_by_id)
    in_columns = Counter(column for (_, column), text in near if column <= NEAR and text in rows)
    enough = 2 if form.is_list else 1 + len(form.row_by_id) // 2
    return _most(in_rows, 1 + len(form.column_by_id) // 2), _most(in_columns, enough)


def _most(counted: Counter[int], enough: int) -> int | None:
    return next((at for at, number in counted.most_common(1) if number >= enough), None)
