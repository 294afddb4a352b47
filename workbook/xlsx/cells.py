"""The cells of one sheet and the shared strings, gathered while expat walks through a part. Nothing is read into a grid."""

from __future__ import annotations

from collections.abc import Mapping

from blankettset.workbook.calc.values import fitting_text
from blankettset.workbook.layout.addresses import MAX_COLUMN, MAX_ROW, address
from blankettset.workbook.layout.formula_text import fetches
from blankettset.workbook.xlsx.raw import (
    MAX_CELLS,
    MAX_DEPTH,
    MAX_FORMULA,
    MAX_SHARED_TEXT,
    TOO_DEEP,
    CellState,
    Place,
    RawBook,
    RawCell,
    RawSheet,
    Refused,
)
from blankettset.workbook.xlsx.scalars import COLUMNS, fast_address, iso_serial, number, unescaped
from blankettset.workbook.xlsx.shared_formula import translate

TRUE = ("1", "true", "on")
SHOWN = frozenset({"col", "mergeCell", "filterColumn", "sheetProtection"})
MAX_HIDDEN = 20_000  # rows, columns or merged ranges remembered of a sheet


class StringsHandler:
    """Collects the shared strings; the reading aid of East Asian text (rPh) is no part of a string."""

    def __init__(self, strings: list[str], long: set[int]) -> None:
        self.strings, self.long = strings, long
        self.pieces: list[str] = []
        self.collecting = False
        self.rph = self.size = self.depth = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise Refused(TOO_DEEP)
        if ":" in tag:
            tag = tag.rpartition(":")[2]
        if tag == "t":
            self.collecting = not self.rph
        elif tag == "si":
            self.pieces = []
        elif tag == "rPh":
            self.rph += 1

    def text(self, data: str) -> None:
        """Characters."""
        if self.collecting:
            self.size += len(data)
            if self.size > MAX_SHARED_TEXT:
                raise Refused("packas upp till orimligt mycket text och läses inte.")
            self.pieces.append(data)

    def end(self, tag: str) -> None:
        """An element ends."""
        self.depth -= 1
        if ":" in tag:
            tag = tag.rpartition(":")[2]
        if tag == "t":
            self.collecting = False
        elif tag == "si":
            whole = unescaped("".join(self.pieces))
            kept = fitting_text(whole)
            if len(kept) < len(whole):
                self.long.add(len(self.strings))
            self.strings.append(kept)
            if len(self.strings) > 4 * MAX_CELLS:
                raise Refused("har fler texter än ett blankettset kan ha och läses inte.")
        elif tag == "rPh":
            self.rph -= 1


class SheetHandler:
    """Collects the cells of one sheet while expat walks through it."""

    def __init__(
        self,
        book: RawBook,
        sheet: RawSheet,
        shared: list[str],
        cells_left: int,
        long: set[int] | None = None,
        formats: Mapping[str, str] | None = None,
    ) -> None:
        self.book, self.sheet, self.shared, self.cells_left = book, sheet, shared, cells_left
        self.long = long or set()
        self.formats = formats or {}  # style -> what kind of format it is, where it is no plain one
        self.attributes: dict[str, str] = {}
        self.row = self.column = 0
        self.numbered = False  # the row has said its number, or its first cell has
        self.row_text = ""  # the number as its cells state it
        self.cut = 0
        self.depth = 0
        self.type = "n"
        self.stated: str | None = None
        self.value: str | None = None
        self.formula: str | None = None
        self.inline: list[str] | None = None
        self.formula_attributes: dict[str, str] = {}
        self.pieces: list[str] = []
        self.collecting = False
        self.rph = 0
        self.masters: dict[str, tuple[tuple[int, int], str]] = {}

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise Refused(TOO_DEEP)
        if tag == "c":
            stated = attributes.get("r") if self.numbered else self._first(attributes.get("r"))
            if stated is None:
                self._step()
            self.stated = stated
            self.attributes = attributes
            self.type = attributes.get("t", "n")
            self.value = self.formula = self.inline = None
        elif tag == "v":
            self.pieces = []
            self.collecting = True
        elif ":" in tag:
            self.depth -= 1
            self.start(tag.rpartition(":")[2], attributes)
        elif tag == "f":
            self.pieces = []
            self.collecting = True
            self.formula_attributes = attributes
        elif tag == "row":
            self._row(attributes.get("r"))
            if attributes.get("hidden") in TRUE and len(self.sheet.seen.hidden_rows) < MAX_HIDDEN:
                self.sheet.seen.hidden_rows.add(self.row)
        elif tag == "is":
            self.inline = []
        elif tag == "t" and self.inline is not None and not self.rph:
            self.pieces = []
            self.collecting = True
        elif tag == "rPh":
            self.rph += 1
        elif tag in SHOWN:
            self._shown(tag, attributes)

    def _shown(self, tag: str, attributes: dict[str, str]) -> None:
        """How the sheet is shown: hidden columns, merged cells, a filter, protection."""
        seen = self.sheet.seen
        if tag == "filterColumn":
            seen.filtered = True
        elif tag == "sheetProtection":
            seen.protected = attributes.get("sheet") in TRUE
        elif tag == "mergeCell" and len(seen.merged) < MAX_HIDDEN:
            first, _, last = attributes.get("ref", "").partition(":")
            ends = fast_address(first), fast_address(last or first)
            if ends[0] is not None and ends[1] is not None:
                seen.merged.append((ends[0], ends[1]))
        elif tag == "col" and attributes.get("hidden") in TRUE and len(seen.hidden_columns) < MAX_HIDDEN:
            first, last = attributes.get("min", ""), attributes.get("max", "")
            if first.isdecimal() and last.isdecimal() and len(first + last) < 12:
                seen.hidden_columns.append((int(first), int(last)))

    def _first(self, stated: str | None) -> str | None:
        """The first cells of a row that does not say its number: it is that of the first that says one, or the next."""
        found = fast_address(stated) if stated is not None else None
        if found is not None or stated is None:
            self._numbered(found[0] if found is not None else self.row)
        return stated

    def text(self, data: str) -> None:
        """Characters."""
        if self.collecting:
            self.pieces.append(data)

    def end(self, tag: str) -> None:
        """An element ends."""
        self.depth -= 1
        if tag != "c" and tag != "v" and ":" in tag:
            tag = tag.rpartition(":")[2]
        if tag == "c":
            if self.value is not None or self.formula is not None or self.inline is not None:
                self._cell()
        elif tag == "v":
            self.value = "".join(self.pieces)
            self.collecting = False
        elif tag == "f":
            self.formula = "".join(self.pieces)
            self.collecting = False
        elif tag == "t" and self.inline is not None:
            if self.collecting:
                self.inline.extend(self.pieces)
            self.collecting = False
        elif tag == "rPh":
            self.rph -= 1

    def _row(self, stated: str | None) -> None:
        self.column, self.stated = 0, None
        self.numbered, self.row_text, self.cut = False, "", 0
        if stated is None:
            self.row += 1
            return
        try:
            self._numbered(int(stated.replace("_", "x")))
        except ValueError:
            raise Refused(
                "är skadad (ett radnummer är inget tal). Öppna den i Excel, spara om den och försök igen."
            ) from None

    def _numbered(self, row: int) -> None:
        self.row, self.numbered = row, True
        self.row_text = str(row) if 1 <= row <= MAX_ROW else ""  # outside the sheet every cell is told of
        self.cut = -len(self.row_text)

    def _step(self) -> None:
        """Move to the cell after the last one, for a cell that does not say where it stands."""
        if self.stated is not None and (found := fast_address(self.stated)) is not None:
            self.column = found[1]
        self.column += 1

    def _place(self) -> Place | None:
        """Where a cell stands that is not simply the next one of its row. A row's own number holds; another is told of."""
        stated = self.stated
        if stated is not None:
            found = fast_address(stated)
            if found is None:
                self.book.note("bad_address", self.sheet.name, stated[:20])
                return None
            self.column = found[1]
            if found[0] != self.row and 1 <= self.row <= MAX_ROW and found[1] <= MAX_COLUMN:
                self.book.note("row_mismatch", self.sheet.name, address(self.row, found[1]), stated[:20])
        row, column = self.row, self.column
        if not (1 <= row <= MAX_ROW and 1 <= column <= MAX_COLUMN):
            self.book.note("bad_address", self.sheet.name, f"rad {row}, kolumn {column}")
            return None
        return row, column

    def _cell(self) -> None:
        stated, row_text = self.stated, self.row_text
        column = COLUMNS.get(stated[: self.cut]) if row_text and stated and stated.endswith(row_text) else None
        place: Place | None
        if column is not None:
            self.column = column
            place = self.row, column
        elif (place := self._place()) is None:
            return
        value = self.value
        formula = None if self.formula is None else self._formula(place)
        cell: RawCell | None
        type_ = self.type
        if (
            type_ == "s"
            and formula is None
            and value is not None
            and value.isdecimal()
            and int(value) < len(self.shared)
        ):
            text = self.shared[int(value)]
            if not text:
                return
            if self.long and int(value) in self.long:
                self.book.note("long_text", self.sheet.name, address(*place))
            cell = RawCell(CellState.TEXT, None, text, None)
        elif type_ == "s":
            cell = self._shared_text(place, value, formula)
        elif type_ == "n":
            if value is None or value == "":
                if formula is None:
                    return
                cell = RawCell(CellState.NOT_CALCULATED, None, None, formula)
            else:
                cell = self._number(place, value, formula)
        else:
            cell = self._other(place, type_, value, formula)
        if cell is None:
            return
        cells = self.sheet.cells
        if place in cells:
            self.book.note("duplicate_cell", self.sheet.name, address(*place))
            return
        self.cells_left -= 1
        if self.cells_left < 0:
            raise Refused(
                f"har fler än 500 000 ifyllda celler och läses inte; gränsen nåddes på bladet »{self.sheet.name}», rad {self.row}. "
                "Ett blankettset har några tusen."
            )
        cells[place] = cell
        style = self.attributes.get("s")
        if style is not None and style in self.formats:
            self.sheet.seen.formats[place] = self.formats[style]

    def _number(self, place: Place, value: str, formula: str | None) -> RawCell:
        found = number(value)
        if found is None:
            self.book.note("bad_number", self.sheet.name, address(*place), value[:40])
            return RawCell(CellState.ERROR, None, value[:40], formula)
        return RawCell(CellState.NUMBER, found, None, formula)

    def _shared_text(self, place: Place, value: str | None, formula: str | None) -> RawCell | None:
        if value is None or not value.strip():
            return None if formula is None else RawCell(CellState.NOT_CALCULATED, None, None, formula)
        try:
            index = int(value)
            if index < 0:
                raise IndexError
            text = self.shared[index]
        except (ValueError, IndexError):
            self.book.note("bad_string_index", self.sheet.name, address(*place), value[:20])
            return RawCell(CellState.ERROR, None, "okänd text", formula)
        if not text and formula is None:
            return None
        return RawCell(CellState.TEXT, None, text, formula)

    def _other(self, place: Place, type_: str, value: str | None, formula: str | None) -> RawCell | None:
        if type_ == "inlineStr":
            text = self._held(place, unescaped("".join(self.inline) if self.inline is not None else value or ""))
            return RawCell(CellState.TEXT, None, text, formula) if text or formula is not None else None
        if type_ == "str":
            if value is None and formula is not None:
                # Excel writes an empty <v> for a calculated empty text; a missing one is a formula never calculated.
                return RawCell(CellState.NOT_CALCULATED, None, None, formula)
            text = self._held(place, unescaped(value or ""))
            return RawCell(CellState.TEXT, None, text, formula) if text or formula is not None else None
        if value is None or value == "":
            return RawCell(CellState.NOT_CALCULATED, None, None, formula) if formula is not None else None
        if type_ == "e":
            return RawCell(CellState.ERROR, None, value[:40], formula)
        if type_ == "b":
            return RawCell(CellState.TEXT, None, "SANT" if value.strip() in ("1", "true") else "FALSKT", formula, True)
        if type_ == "d":
            serial = iso_serial(value, date1904=self.book.date1904)
            if serial is not None:
                return RawCell(CellState.NUMBER, serial, None, formula)
            return RawCell(CellState.TEXT, None, self._held(place, value), formula)
        return self._number(place, value, formula)

    def _held(self, place: Place, text: str) -> str:
        kept = fitting_text(text)
        if len(kept) < len(text):
            self.book.note("long_text", self.sheet.name, address(*place))
        return kept

    def _formula(self, place: Place) -> str:
        text, attributes = (self.formula or "")[:MAX_FORMULA], self.formula_attributes
        kind = attributes.get("t")
        if kind == "shared":
            index = attributes.get("si", "")
            if text:
                self.masters.setdefault(index, (place, text))
            elif index in self.masters:
                master, formula = self.masters[index]
                text = translate(formula, place[0] - master[0], place[1] - master[1])
        fetched = fetches(text)
        if fetched is not None:
            self.book.note(fetched, self.sheet.name, address(*place))
        return text[:MAX_FORMULA]
