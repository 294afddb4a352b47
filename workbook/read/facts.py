"""DATA.csv: the facts of a set as text, in and out. Unknown ids are refused by name with the nearest known id."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from blankettset.templates.errors import Refusal, reason
from blankettset.templates.model import IU, LIST_TOTAL, Blankett, Blankettset, CellDef, Kind, Type
from blankettset.workbook.calc.answers import bare, is_answer
from blankettset.workbook.calc.evaluate import Facts, Key, Value
from blankettset.workbook.calc.meant import both, is_ambiguous
from blankettset.workbook.calc.values import (
    MAX_TEXT,
    TOO_LARGE,
    is_too_large,
    parse_date,
    parse_number,
    plain_number,
    says_no_figure,
    text_length,
)
from blankettset.workbook.xlsx.raw import name_key

HEADER = ["blankett", "rad", "kolumn", "varde"]
LONG_HEADER = ["namnd", "period", *HEADER]
MAX_BYTES = 64 * 1024 * 1024


class DataError(Refusal):
    """The data file cannot be used; str() is one Swedish sentence with file and line."""


def read_facts(path: Path, blankettset: Blankettset, namnd: str | None = None) -> dict[Key, Value]:
    """The facts of a DATA.csv. Both the short header and the long one that `blankett data` writes are accepted.

    With `namnd`, rows that say another nämnd or period than the workbook's are refused.
    """
    return parse_facts(read_text(path), blankettset, path.name, namnd)


def read_text(path: Path) -> str:
    """The content of a data file. DataError when it is no file of text in UTF-8."""
    try:
        if path.exists() and not path.is_file():  # a named pipe would be waited for without end
            raise DataError(f"{path.name} är ingen vanlig fil. Ange en datafil (CSV).")
        if path.stat().st_size > MAX_BYTES:
            raise DataError(f"{path.name} är större än 64 MB och läses inte. Dela upp filen.")
        raw = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path.name} går inte att läsa: {reason(error)}.") from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DataError(
            f"{path.name} är inte sparad som UTF-8. Spara om den i Excel som »CSV UTF-8 (kommaavgränsad)»."
        ) from None


def parse_facts(
    text: str, blankettset: Blankettset, name: str = "DATA.csv", namnd: str | None = None
) -> dict[Key, Value]:
    """As read_facts, from text."""
    rows = csv_rows(text, name)
    skipped = (
        1 if rows and len(rows[0]) <= 2 and rows[0][0].strip().lower().startswith("sep=") else 0
    )  # Excel's own line
    rows = rows[skipped:]
    header = [name_key(cell) for cell in _without_tail(rows[0])] if rows else []
    if header not in (HEADER, LONG_HEADER):
        hint = " Filen verkar ha komma som skiljetecken." if len(header) == 1 and "," in header[0] else ""
        raise DataError(f"{name}, rad {1 + skipped}: rubriken ska vara »{';'.join(HEADER)}» (UTF-8, semikolon).{hint}")
    facts: dict[Key, Value] = {}
    for number, line in enumerate(rows[1:], start=2 + skipped):
        row = [*line[: len(header)], *_without_tail(line[len(header) :])]
        if not any(cell.strip() for cell in row):
            continue
        where = f"{name}, rad {number}"
        if len(row) != len(header):
            raise DataError(f"{where}: raden har {len(row)} fält men rubriken {len(header)}.")
        if namnd is not None and len(row) == len(LONG_HEADER):
            _require_own(where, row, namnd, blankettset.id)
        key, value = parse_row(where, blankettset, row)
        if key in facts:
            raise DataError(f"{where}: {';'.join(key)} finns redan tidigare i filen.")
        if value is not None:
            facts[key] = value
    return facts


def csv_rows(text: str, name: str, delimiter: str = ";") -> list[list[str]]:
    """The rows of a data file. DataError for what is no text of the kind."""
    if "\0" in text:
        raise DataError(f"{name} är ingen textfil. Spara den som CSV UTF-8 med semikolon.")
    csv.field_size_limit(MAX_BYTES)  # a text that is too long is refused where it stands, with its line
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        return list(reader)
    except csv.Error:
        raise DataError(
            f"{name}, rad {reader.line_num}: raden går inte att läsa som CSV med semikolon. Ett citattecken saknas eller står fel."
        ) from None


def parse_row(where: str, blankettset: Blankettset, row: list[str]) -> tuple[Key, Value]:
    """Place and value of a row that ends with blankett;rad;kolumn;varde; None for an empty value. DataError names what is wrong."""
    form_id, row_id, column_id, value = row[-4].strip(), row[-3].strip(), row[-2].strip(), row[-1]
    cell = _place(where, blankettset, form_id, row_id, column_id)
    key = (form_id, row_id, column_id)
    if not value.strip():
        return key, None
    return key, parse_value(where, blankettset.blanketter[form_id], cell, column_id, value)


def _without_tail(row: list[str]) -> list[str]:
    """The fields without the empty ones that Excel adds when a neighbouring column has been used."""
    last = max((at for at, cell in enumerate(row, start=1) if cell.strip()), default=0)
    return row[:last]


def _require_own(where: str, row: list[str], namnd: str, period: str) -> None:
    """Refuse a row of another nämnd or period: its figures would be taken for the workbook's own."""
    for what, found, own in (("nämnden", row[0].strip(), namnd), ("perioden", row[1].strip(), period)):
        if found.casefold() != own.casefold():
            raise DataError(f"{where}: {what} är »{_short(found)}» men arbetsboken gäller {own}. Ta rätt datafil.")


def _place(where: str, blankettset: Blankettset, form_id: str, row_id: str, column_id: str) -> CellDef:
    form = blankettset.blanketter.get(form_id)
    if form is None:
        raise _unknown(where, "blanketten", form_id, blankettset.blanketter)
    if column_id not in form.column_by_id:
        raise _unknown(where, f"kolumnen i {form_id}", column_id, form.column_by_id)
    if form.is_list:
        if row_id != LIST_TOTAL and not (row_id.isascii() and row_id.isdigit() and 1 <= int(row_id) <= 20000):
            raise DataError(f"{where}: raden i listan {form_id} ska vara 1, 2, 3 … men är »{row_id}».")
        if row_id != LIST_TOTAL and str(int(row_id)) != row_id:
            raise DataError(f"{where}: skriv radnumret »{row_id}» utan inledande nollor.")
    elif row_id not in form.row_by_id:
        raise _unknown(where, f"raden i {form_id}", row_id, form.row_by_id)
    cell = form.cell(row_id, column_id)
    if cell.kind is Kind.NOT_APPLICABLE:
        raise DataError(f"{where}: {form_id};{row_id};{column_id} fylls inte i (ej tillämplig).")
    return cell


def _unknown(where: str, what: str, word: str, accepted: Iterable[str]) -> DataError:
    import difflib

    close = difflib.get_close_matches(word, list(accepted), 1, 0.5)
    hint = f" Närmast är »{close[0]}»." if close else ""
    return DataError(f"{where}: {what} »{word}» finns inte.{hint}")


def parse_value(where: str, form: Blankett, cell: CellDef, column_id: str, text: str) -> Value:
    """The value of one cell from text; DataError when it does not fit the cell's type."""
    if cell.type.is_number:
        number = parse_number(text)
        if number is not None and is_ambiguous(text):
            large, small = (f"{each.normalize():f}".replace(".", ",") for each in both(text))
            raise DataError(
                f"{where}: »{_short(text)}» kan vara {large} eller {small}. Skriv det som menas, utan skiljetecken."
            )
        if number is None and cell.iu and says_no_figure(text):
            return IU
        if number is None and is_too_large(text):
            raise DataError(f"{where}: »{_short(text)}» {TOO_LARGE}.")
        if number is None:
            raise DataError(f"{where}: »{_short(text)}» är inget tal. Skriv till exempel 1956,5.")
        return number
    if cell.type is Type.DATUM:
        date = parse_date(text)
        if date is None:
            raise DataError(f"{where}: »{_short(text)}» är inget datum från 1900-03-01. Skriv till exempel 2024-05-22.")
        return date.isoformat()
    if cell.type is Type.JANEJ:
        if bare(text) not in ("ja", "nej"):
            raise DataError(f"{where}: »{_short(text)}» ska vara ja eller nej.")
        return bare(text)
    if cell.type is Type.VAL and cell.choices:
        return choice_id(cell, text) or _refuse_choice(where, cell, text)
    if text_length(text) > MAX_TEXT:
        raise DataError(f"{where}: texten är längre än de 32 767 tecken som en cell rymmer.")
    return text


def choice_id(cell: CellDef, text: str, *, by_id: bool = True) -> str | None:
    """The id of the choice that `text` names by label, as workbook.calc.answers compares them, or by id; None for none."""
    wanted = bare(text)
    for choice in cell.choices:
        if is_answer(text, choice.label) or (by_id and wanted == choice.id.casefold()):
            return choice.id
    return None


def _refuse_choice(where: str, cell: CellDef, text: str) -> str:
    options = ", ".join(choice.id for choice in cell.choices)
    raise DataError(f"{where}: »{_short(text)}» finns inte bland valen {options}.")


def _short(text: str) -> str:
    """A value as a message shows it: on one line, and never a page of it."""
    plain = " ".join(text.split())
    return plain if len(plain) <= 60 else plain[:59] + "…"


def write_facts(facts: Facts, blankettset: Blankettset, namnd: str | None = None) -> str:
    """The facts as DATA.csv text in the form's order; with `namnd`, nämnd and period stand in front."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\n")
    writer.writerow(LONG_HEADER if namnd else HEADER)
    front = [namnd, blankettset.id] if namnd else []
    for key in sorted(facts, key=lambda key: sort_key(blankettset, key)):
        value = facts[key]
        if value is not None:
            text = plain_number(value) if not isinstance(value, str) else value
            writer.writerow([*front, *key, text])
    return out.getvalue()


def merged(old: Facts, new: Facts, blankettset: Blankettset) -> dict[Key, Value]:
    """`old` with `new` laid over it. A list row whose key column gets another text is another item: nothing of the old stays."""
    replaced = replaced_rows(old, new, blankettset)
    kept = {key: value for key, value in old.items() if (key[0], key[1]) not in replaced}
    return {**kept, **new}


def replaced_rows(old: Facts, new: Facts, blankettset: Blankettset) -> set[tuple[str, str]]:
    """Form and row of the list rows that `new` makes into other items."""
    replaced = set()
    for (form_id, row, column), value in new.items():
        form = blankettset.blanketter[form_id]
        if form.is_list and column == form.key and old.get((form_id, row, column)) not in (None, value):
            replaced.add((form_id, row))
    return replaced


def sort_key(blankettset: Blankettset, key: Key) -> tuple[int, int, int]:
    """Order of a place in the set: form, row, column. Totals of list forms come last."""
    form = blankettset.blanketter[key[0]]
    order = blankettset.order
    row = (10**9 if key[1] == LIST_TOTAL else int(key[1])) if form.is_list else form.row_order[key[1]]
    return (order[form.id], row, form.column_order[key[2]])
