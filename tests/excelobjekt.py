"""The objects of Excel that our add-in and xlwings use, over an openpyxl workbook: the object model of tests/excelvard.py.

What the wire calls GetUsedRange or rowIndex is the member get_used_range or row_index here; members that begin with an
underscore cannot be reached over the wire. Whatever a class has no member for is Unmodelled.
"""

from __future__ import annotations

import base64
import datetime
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from openpyxl.cell.cell import Cell, MergedCell
from openpyxl.utils import get_column_letter, range_boundaries
from openpyxl.utils.datetime import to_excel
from openpyxl.utils.protection import hash_password
from openpyxl.worksheet.formula import ArrayFormula
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.table import Table as FileTable

if TYPE_CHECKING:
    from tests.excelvard import ExcelHost

VISIBILITY = {"visible": "Visible", "hidden": "Hidden", "veryHidden": "VeryHidden"}
PERMISSIONS = {  # Office.js' name -> the file's, which says what is forbidden
    "allowAutoFilter": "autoFilter", "allowDeleteColumns": "deleteColumns", "allowDeleteRows": "deleteRows",
    "allowEditObjects": "objects", "allowEditScenarios": "scenarios", "allowFormatCells": "formatCells",
    "allowFormatColumns": "formatColumns", "allowFormatRows": "formatRows", "allowInsertColumns": "insertColumns",
    "allowInsertHyperlinks": "insertHyperlinks", "allowInsertRows": "insertRows", "allowPivotTables": "pivotTables",
    "allowSort": "sort",
}  # fmt: skip


class HostError(Exception):
    """Excel's own refusal, as the add-in sees it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Unmodelled(HostError):
    """Something that Excel has and this stand-in does not."""

    def __init__(self, what: str) -> None:
        super().__init__("NotImplemented", f"tests/excelvard.py kan inte {what}")


def member(name: str) -> str:
    """The wire's name as ours: GetUsedRange and rowIndex become get_used_range and row_index."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name.lstrip("_")).lower()


class Node:
    """An object of Excel. Public members can be reached over the wire, others not."""

    _default: tuple[str, ...] = ()

    def _wire(self, name: str) -> Any:
        ours = member(name)
        if not hasattr(type(self), ours) and ours not in vars(self):
            raise Unmodelled(f"{type(self).__name__}.{name}")
        return getattr(self, ours)

    def _identity(self) -> dict[str, Any]:
        return {}

    def _read(self, paths: list[str]) -> dict[str, Any]:
        grouped: dict[str, list[str]] = {}
        for path in paths or self._default:
            head, _, rest = path.partition("/")
            grouped.setdefault(head, []).extend([rest] if rest else [])
        found = self._identity()
        for name, inner in grouped.items():
            if name != "isNullObject":  # the client knows that from the answer itself
                value = self._wire(name)
                found[name[0].upper() + name[1:]] = value._read(inner) if isinstance(value, Node) else value
        return found


class Collection(Node):
    """Objects in order, found by name or id. Empty ones stand for what our workbooks do not have."""

    def __init__(self, *items: Any) -> None:
        self._items = list(items)

    def _read(self, paths: list[str]) -> dict[str, Any]:
        return {"_Items": [each._read(paths) for each in self._items]}

    def get_item_or_null_object(self, key: str) -> Any:
        return next((each for each in self._items if key.lower() in (each.name.lower(), each._id.lower())), None)

    def get_item(self, key: str) -> Any:
        found = self.get_item_or_null_object(key)
        if found is None:
            raise HostError("ItemNotFound", "Den begärda resursen finns inte.")
        return found

    def get_item_at(self, index: int) -> Any:
        return self._items[index]


class Plain(Node):
    """A record of properties, with those given loaded by default."""

    def __init__(self, **values: Any) -> None:
        vars(self).update(values)
        self._default = tuple(values)
        self._id = str(values.get("name", ""))

    def _identity(self) -> dict[str, Any]:
        return {"_Id": self._id} if self._id else {}


class Kept(Node):
    """An object that a later batch can use only if it was kept alive, as the client does with what it tracks."""

    def __init__(self, host: ExcelHost) -> None:
        self._host, self._reference = host, f"ref{next(host._numbers)}"

    def _identity(self) -> dict[str, Any]:
        return {"_ReferenceId": self._reference}

    def keep_reference(self) -> None:
        self._host._kept[self._reference] = self


class Range(Kept):
    _default = ("address", "rowIndex", "columnIndex", "rowCount", "columnCount", "values", "formulas")

    def __init__(self, sheet: Sheet, row: int, column: int, rows: int = 1, columns: int = 1) -> None:
        super().__init__(sheet._host)
        self.worksheet, self.format, self._place = sheet, RangeFormat(self), (row, column, rows, columns)
        self.row_index, self.column_index, self.row_count, self.column_count = row - 1, column - 1, rows, columns

    def _grid(self, book: Any) -> list[tuple[Any, ...]]:
        row, column, rows, columns = self._place
        return list(book[self.worksheet.name].iter_rows(row, row + rows - 1, column, column + columns - 1))

    def _cells(self) -> Iterator[Cell | MergedCell]:
        return (cell for row in self._grid(self._host._book) for cell in row)

    @property
    def _local(self) -> str:
        row, column, rows, columns = self._place
        first, last = f"{get_column_letter(column)}{row}", f"{get_column_letter(column + columns - 1)}{row + rows - 1}"
        return first if first == last else f"{first}:{last}"

    @property
    def address(self) -> str:
        name = self.worksheet.name
        return f"{name if name.isidentifier() else quoted(name)}!{self._local}"

    @property
    def values(self) -> list[list[Any]]:
        return [[shown(cell.value) for cell in row] for row in self._grid(self._host._values)]

    @values.setter
    def values(self, given: Any) -> None:
        _, _, rows, columns = self._place
        grid = given if isinstance(given, list) else [[given] * columns] * rows
        if len(grid) != rows or any(len(row) != columns for row in grid):
            raise HostError("InvalidArgument", "Matrisen har inte samma form som området.")
        self.worksheet._allow("cells", list(self._cells()))
        for cells, computed, row in zip(
            self._grid(self._host._book), self._grid(self._host._values), grid, strict=True
        ):
            for cell, value_cell, value in zip(cells, computed, row, strict=True):
                if value is not None and not isinstance(cell, MergedCell):
                    put(cell, value_cell, value)
        self._host._changed(self, "write")

    @property
    def formulas(self) -> list[list[Any]]:
        grids = zip(self._grid(self._host._book), self.values, strict=True)
        return [[formula(cell) or value for cell, value in zip(*pair, strict=True)] for pair in grids]

    @property
    def number_format(self) -> list[list[str]]:
        return [[cell.number_format for cell in row] for row in self._grid(self._host._book)]

    @property
    def hyperlink(self) -> dict[str, str] | None:
        link = next(iter(self._cells())).hyperlink
        return link and {"documentReference": link.location, "textToDisplay": link.display, "screenTip": link.tooltip}

    @hyperlink.setter
    def hyperlink(self, given: dict[str, str]) -> None:
        if set(given) - {"documentReference", "textToDisplay", "screenTip"} or not given.get("documentReference"):
            raise Unmodelled(f"länka med {sorted(given)}")
        self.worksheet._allow("allowInsertHyperlinks", list(self._cells()))
        text, target = given.get("textToDisplay"), given["documentReference"]
        for cell in self._cells():
            cell.hyperlink = Hyperlink(cell.coordinate, location=target, display=text, tooltip=given.get("screenTip"))
        self._host.log.append(("hyperlink", self.worksheet.name, self._local, target))
        if text:
            self.values = f"'{text}"

    def clear(self, what: str = "All") -> None:
        if what not in ("Contents", "Hyperlinks", "RemoveHyperlinks"):
            raise Unmodelled(f"Range.clear({what!r})")
        self.worksheet._allow("cells", list(self._cells()))
        if what == "Contents":
            self.values = ""
        else:
            for cell in self._cells():
                cell.hyperlink = None
            self._host.log.append(("unlink", self.worksheet.name, self._local))

    def get_cell(self, row: int, column: int) -> Range:
        return Range(self.worksheet, self._place[0] + row, self._place[1] + column)

    def select(self) -> None:
        self.worksheet.activate()
        self._host.selected = self
        self._host.log.append(("select", self.worksheet.name, self._local))


class RangeAreas(Kept):
    _default = ("address",)

    def __init__(self, sheet: Sheet, addresses: list[str]) -> None:
        super().__init__(sheet._host)
        self.areas = Collection(*(sheet.get_range(each) for each in addresses))


class RangeFormat(Node):
    def __init__(self, area: Range) -> None:
        self._range = area

    def autofit_rows(self) -> None:
        self._range.worksheet._allow("allowFormatRows", [])
        self._range._host.log.append(("autofit", self._range.worksheet.name, self._range._local))


class Protection(Node):
    _default = ("protected", "options")

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet

    @property
    def _file(self) -> Any:
        return self._sheet._host._book[self._sheet.name].protection

    @property
    def protected(self) -> bool:
        return bool(self._file.sheet)

    @property
    def options(self) -> dict[str, Any]:
        chosen = "None" if self._file.selectUnlockedCells else "Unlocked" if self._file.selectLockedCells else "Normal"
        return {ours: not getattr(self._file, name) for ours, name in PERMISSIONS.items()} | {"selectionMode": chosen}

    def unprotect(self, password: str | None = None) -> None:
        file = self._file
        if file.hashValue and file.sheet:
            raise Unmodelled("pröva ett lösenord med nyare kryptering")
        if file.sheet and file.password and file.password != hash_password(password or ""):
            raise HostError("AccessDenied", "Lösenordet är fel.")
        file.set_password(None, already_hashed=True)  # which also protects
        file.sheet = False
        self._sheet._host.log.append(("unprotect", self._sheet.name))

    def protect(self, options: dict[str, Any] | None = None, password: str | None = None) -> None:
        if self.protected:
            raise HostError("InvalidOperation", "Bladet är redan skyddat.")
        given = options or {}
        if set(given) - {*PERMISSIONS, "selectionMode"}:
            raise HostError("InvalidArgument", f"Okända val: {sorted(given)}")
        for ours, name in PERMISSIONS.items():
            setattr(self._file, name, not given.get(ours, False))
        mode = given.get("selectionMode") or "Normal"
        self._file.selectLockedCells, self._file.selectUnlockedCells = mode != "Normal", mode == "None"
        self._file.sheet = True
        if password:
            self._file.password = password
        self._sheet._host.log.append(("protect", self._sheet.name, given))


class Sheet(Node):
    _default = ("id", "name", "position", "visibility")

    def __init__(self, host: ExcelHost, name: str) -> None:
        self._host, self.name, self.protection = host, name, Protection(self)
        self.position = host._book.sheetnames.index(name)
        self.id = self._id = f"{{00000000-0001-0000-{self.position:04X}-000000000000}}"
        self.names = self.charts = self.pivot_tables = self.shapes = self.notes = Collection()

    @property
    def _file(self) -> Any:
        return self._host._book[self.name]

    def _identity(self) -> dict[str, Any]:
        return {"_Id": self._id}

    def _allow(self, what: str, cells: list[Cell | MergedCell]) -> None:
        """AccessDenied where the sheet's protection forbids `what`, or protects one of the cells."""
        if self.protection.protected and (
            any(cell.protection.locked for cell in cells) or not self.protection.options.get(what, True)
        ):
            raise HostError("AccessDenied", "Bladet är skyddat.")

    @property
    def visibility(self) -> str:
        return VISIBILITY[self._file.sheet_state]

    @property
    def show_gridlines(self) -> bool:
        return bool(self._file.sheet_view.showGridLines)

    @property
    def page_layout(self) -> PageLayout:
        return PageLayout(self)

    @property
    def tables(self) -> Collection:
        return Collection(*(Table(self, table) for table in self._file.tables.values()))

    def activate(self) -> None:
        if self.visibility != "Visible":
            raise HostError("InvalidOperation", "Ett dolt blad kan inte aktiveras.")
        self._host.active = self.name
        self._host.log.append(("activate", self.name))

    def get_range(self, address: str | None = None) -> Range:
        if not re.fullmatch(r"\$?[A-Z]{1,3}\$?\d+(:\$?[A-Z]{1,3}\$?\d+)?", address or ""):
            raise Unmodelled(f"Worksheet.getRange({address!r})")
        left, top, right, bottom = range_boundaries(address)
        return Range(self, top, left, bottom - top + 1, right - left + 1)

    def get_cell(self, row: int, column: int) -> Range:
        return Range(self, row + 1, column + 1)

    def get_range_by_indexes(self, row: int, column: int, rows: int, columns: int) -> Range:
        return Range(self, row + 1, column + 1, rows, columns)

    def get_used_range_or_null_object(self, values_only: bool = False) -> Range | None:
        used = [
            (cell.row, cell.column) for row in self._file.iter_rows() for cell in row
            if cell.value is not None or (cell.has_style and not values_only)
        ]  # fmt: skip
        if not used:
            return None
        rows, columns = zip(*used, strict=True)
        top, left = min(rows), min(columns)
        return Range(self, top, left, max(rows) - top + 1, max(columns) - left + 1)

    def get_used_range(self, values_only: bool = False) -> Range:
        return self.get_used_range_or_null_object(values_only) or Range(self, 1, 1)


class PageLayout(Node):
    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet

    def get_print_area_or_null_object(self) -> RangeAreas | None:
        area = self._sheet._file.print_area
        return RangeAreas(self._sheet, [each.rsplit("!", 1)[-1] for each in area.split(",")]) if area else None


class Table(Plain):
    """A table, with its look as the file says it."""

    def __init__(self, sheet: Sheet, table: FileTable) -> None:
        style = table.tableStyleInfo
        super().__init__(
            name=table.displayName, show_headers=table.headerRowCount != 0, show_totals=bool(table.totalsRowCount),
            style=(style and style.name) or "", show_filter_button=table.autoFilter is not None,
            highlight_first_column=bool(style and style.showFirstColumn),
            highlight_last_column=bool(style and style.showLastColumn),
            show_banded_rows=bool(style and style.showRowStripes),
            show_banded_columns=bool(style and style.showColumnStripes),
            columns=Collection(*(Plain(name=each.name) for each in table.tableColumns)),
        )  # fmt: skip
        self._all = sheet.get_range(table.ref)

    def _part(self, start: int, rows: int) -> Range:
        sheet, (row, column, _, columns) = self._all.worksheet, self._all._place
        return Range(sheet, row + start, column, rows, columns)

    def get_range(self) -> Range:
        return self._all

    @property
    def data_body_range(self) -> Range:
        return self.get_data_body_range()

    def get_data_body_range(self) -> Range:
        return self._part(self.show_headers, self._all.row_count - self.show_headers - self.show_totals)

    def get_header_row_range(self) -> Range:
        return self._part(0, 1)

    def get_total_row_range(self) -> Range:
        return self._part(self._all.row_count - 1, 1)


class Sheets(Collection):
    def __init__(self, host: ExcelHost) -> None:
        super().__init__(*(Sheet(host, name) for name in host._book.sheetnames))
        self._host = host

    def get_active_worksheet(self) -> Sheet:
        return self.get_item(self._host.active)

    def register_data_changed_event(self) -> None:
        self._host.listening = True


class Application(Node):
    def __init__(self, host: ExcelHost) -> None:
        self._host, self.calculation_mode = host, "Automatic"
        self.culture_info = Plain(name="sv-SE", datetime_format=Plain(short_date_pattern="yyyy-MM-dd"))

    def create_workbook(self, content: str) -> NewWorkbook:
        return NewWorkbook(self._host, base64.b64decode(content, validate=True))


class NewWorkbook(Node):
    def __init__(self, host: ExcelHost, content: bytes) -> None:
        self._host, self._content = host, content

    def open(self) -> None:
        self._host.opened.append(self._content)


class AppRuntime(Node):
    def __init__(self, host: ExcelHost) -> None:
        self._host = host

    def set_app_runtime_state(self, state: str) -> None:
        self._host.log.append(("pane", state))


class Workbook(Node):
    def __init__(self, host: ExcelHost) -> None:
        self._host, self.name, self.application = host, host.name, Application(host)
        self.worksheets = Sheets(host)
        if host._book.defined_names:
            raise Unmodelled("arbetsboksnamn")
        self.names = Collection()

    @property
    def tables(self) -> Collection:
        return Collection(*(table for sheet in self.worksheets._items for table in sheet.tables._items))

    def remove_reference(self, reference: str) -> None:
        self._host._kept.pop(reference, None)

    def get_selected_range(self) -> Range:
        return self._host.selected


def quoted(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"


def shown(value: Any) -> Any:
    """A cell's value as Excel sends it: blanks as "", dates as their numbers, errors as their codes."""
    if value is None:
        return ""
    if isinstance(value, datetime.datetime | datetime.date | datetime.time | datetime.timedelta):
        return to_excel(value)
    return value if isinstance(value, bool | int | float) else str(value)


def formula(cell: Cell | MergedCell) -> str | None:
    """A cell's formula as Excel shows it, without the file's marks of newer functions."""
    text = cell.value.text if isinstance(cell.value, ArrayFormula) else cell.value
    if cell.data_type != "f" or not isinstance(text, str):
        return None
    return re.sub(r"_xlfn\.(?:_xlws\.)?", "", text)


def put(cell: Cell, computed: Cell, value: Any) -> None:
    """A value as one types it: an apostrophe makes it text, and what Excel might take for something else is refused."""
    for each in (cell, computed):
        each.quotePrefix = isinstance(value, str) and value.startswith("'")
    if not isinstance(value, str):
        cell.value = computed.value = value
        return
    text = value.removeprefix("'") if cell.quotePrefix else value
    if len(text) > 32767:
        raise HostError("InvalidArgument", "Texten är för lång för en cell.")
    if not cell.quotePrefix and re.match(r"[=+\-@\d#.,]|(true|false|sant|falskt)$", value, re.IGNORECASE):
        raise Unmodelled(f"avgöra vad Excel gör av {value!r}")
    for each in (cell, computed):
        each.value = text or None
        if text:
            each.data_type = "s"  # also what begins with an equals sign
