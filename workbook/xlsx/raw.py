"""A workbook as it is stored: cells, what is odd in the file, and how sheets are shown. It knows nothing of forms or files."""

from __future__ import annotations

import unicodedata
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Literal, NamedTuple

import msgspec

from blankettset.templates.errors import Refusal

MAX_FILE = 256 * 1024 * 1024
MAX_PART = 64 * 1024 * 1024
MAX_PARTS = 5_000
MAX_CELLS = 500_000
MAX_DEPTH = 64
MAX_FORMULA = 8_192
MAX_SHARED_TEXT = 48 * 1024 * 1024  # characters in all shared strings together
MAX_SHEETS = 500
MAX_ANOMALIES = 500
CHUNK = 256 * 1024

ANOMALIES = {
    "missing_part": "ett blad som arbetsboken nämner finns inte i filen",
    "duplicate_sheet": "två blad har samma namn",
    "duplicate_entry": "en del finns två gånger i filen",
    "duplicate_cell": "samma cell finns två gånger; den första läses",
    "bad_address": "en cell har en adress utanför Excels blad och läses inte",
    "bad_number": "ett tal är inget tal (NaN, oändligt eller obegripligt)",
    "bad_string_index": "en cell pekar på en text som inte finns",
    "long_text": "en text är längre än en cell rymmer; början läses",
    "row_mismatch": "en cell anger en annan rad än den står i; radens nummer gäller",
    "external_link": "en formel eller arbetsboken hämtar värden ur en annan arbetsbok",
    "dde": "arbetsboken hämtar värden ur ett annat program (DDE)",
    "macro": "arbetsboken innehåller makron",
    "connection": "arbetsboken har en anslutning till data utanför filen",
    "embedded": "arbetsboken innehåller ett inbäddat objekt eller en ActiveX-kontroll",
    "shown_precision": "arbetsboken räknar med talen så som de visas",
    "more_anomalies": "fler avvikelser finns än som visas",
}


class CellState(StrEnum):
    """The five things a cell can be; they are never mixed up."""

    NUMBER = "number"
    TEXT = "text"
    BLANK = "blank"
    ERROR = "error"
    NOT_CALCULATED = "not_calculated"


class RawCell(NamedTuple):
    """A cell as stored. Booleans are TEXT "SANT" or "FALSKT"; dates are NUMBER (Excel's day number)."""

    state: CellState
    number: Decimal | None
    text: str | None
    formula: str | None
    is_bool: bool = False


Place = tuple[int, int]


class Seen(msgspec.Struct):
    """How a sheet is shown, as far as it may mislead. `formats` has only what is no plain number format: see xlsx.styles.

    `merged` are first and last cells, `hidden_columns` first and last columns.
    """

    hidden_rows: set[int] = msgspec.field(default_factory=set)
    hidden_columns: list[Place] = msgspec.field(default_factory=list)
    merged: list[tuple[Place, Place]] = msgspec.field(default_factory=list)
    formats: dict[Place, str] = msgspec.field(default_factory=dict)
    filtered: bool = False
    protected: bool | None = None  # None: not known

    def hides_column(self, column: int) -> bool:
        """True for a hidden column."""
        return any(first <= column <= last for first, last in self.hidden_columns)


class Note(NamedTuple):
    """A comment that somebody has written beside a cell: a note, or a thread with answers."""

    sheet: str
    cell: str
    threaded: bool
    text: str = ""


class RawSheet(msgspec.Struct):
    """A sheet's non-empty cells by (row, column), counted from 1. `part` is its name in the zip file, empty when missing."""

    name: str
    visibility: Literal["visible", "hidden", "very_hidden"]
    cells: dict[tuple[int, int], RawCell] = msgspec.field(default_factory=dict)
    part: str = ""
    seen: Seen = msgspec.field(default_factory=Seen)


class Anomaly(msgspec.Struct, frozen=True):
    """Something odd in the file that is never passed over in silence; `kind` is a key of ANOMALIES."""

    kind: str
    sheet: str | None
    cell: str | None
    detail: str


class RawBook(msgspec.Struct):
    """A workbook as stored."""

    sha256: str
    sheets: list[RawSheet]
    date1904: bool
    anomalies: list[Anomaly]
    part: str = ""
    notes: list[Note] = msgspec.field(default_factory=list)  # only when asked for

    def sheet(self, name: str) -> RawSheet | None:
        """The first sheet with this name, or one whose name looks the same; None when there is none."""
        found = next((sheet for sheet in self.sheets if sheet.name == name), None)
        key = name_key(name)
        return found or next((sheet for sheet in self.sheets if name_key(sheet.name) == key), None)

    def note(self, kind: str, sheet: str | None = None, cell: str | None = None, detail: str = "") -> None:
        """Remember an anomaly; a hostile file cannot make the list grow without end."""
        if len(self.anomalies) < MAX_ANOMALIES:
            self.anomalies.append(Anomaly(kind, sheet, cell, detail or ANOMALIES[kind]))
        elif len(self.anomalies) == MAX_ANOMALIES:
            self.anomalies.append(Anomaly("more_anomalies", None, None, ANOMALIES["more_anomalies"]))


@lru_cache(maxsize=1024)
def name_key(name: str) -> str:
    """The same for names that look the same: composed letters, spaces of any kind, nothing invisible, no capitals."""
    plain = unicodedata.normalize("NFC", name.replace("\u00a0", " "))
    visible = "".join(" " if c.isspace() else c for c in plain if unicodedata.category(c) != "Cf")
    return " ".join(visible.split()).casefold()


class UnreadableWorkbook(Refusal):
    """The file cannot be read as a workbook; str() is one Swedish sentence on what it is and what to do."""


TOO_DEEP = "är skadad (för djupt nästlad). Öppna den i Excel, spara om den och försök igen."


class Refused(Exception):
    """Why a part is refused; the caller puts the file's name in front."""


class TooMuch(Refused):
    """A part that unpacks to more than any form needs."""
