"""The ledger's door: an export of any ledger, and a dated mapping of accounts and verksamheter to form cells.

KOPPLING.csv: giltig_fran;giltig_till;konto;verksamhet;blankett;rad;kolumn;tecken. Konto and verksamhet are a code, a span
(3000-3999), a beginning (30*), several of these with commas, or * for all. The first date and the last are included; an
empty one is open. Tecken is + or -: which way the ledger's sign stands to the form's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path

import msgspec

from blankettset.templates.model import MONEY_SCALE, Blankettset, Kind
from blankettset.workbook.calc.evaluate import Key
from blankettset.workbook.calc.values import parse_date, parse_number, rounded
from blankettset.workbook.read.facts import DataError, csv_rows, parse_row, read_text

HEADER = ("giltig_fran", "giltig_till", "konto", "verksamhet", "blankett", "rad", "kolumn", "tecken")
NAMES: Mapping[str, tuple[str, ...]] = {  # what ledgers call their columns
    "konto": ("konto", "kontonr", "kontonummer", "kontokod", "account"),
    "verksamhet": ("verksamhet", "verks", "vht", "verksamhetskod", "verksamhetsnr"),
    "belopp": ("belopp", "utfall", "saldo", "summa", "amount"),
}
_CODE = re.compile(r"^(\*|[0-9A-Za-zÅÄÖåäö]+\*?|[0-9]+-[0-9]+)$")
MOST = 50  # mistakes told at once


class Line(msgspec.Struct, frozen=True):
    """One row of the ledger, in kronor as the ledger writes its signs."""

    number: int
    konto: str
    verksamhet: str
    belopp: Decimal


class Link(msgspec.Struct, frozen=True):
    """One row of the mapping that is in force: which lines it takes, and the cell they are summed into."""

    number: int
    konto: tuple[str, ...]
    verksamhet: tuple[str, ...]
    key: Key
    sign: int

    def takes(self, line: Line) -> bool:
        """True when both the account and the verksamhet are among the link's."""
        return _among(line.konto, self.konto) and _among(line.verksamhet, self.verksamhet)


class Summed(msgspec.Struct, frozen=True):
    """What the ledger comes to: a figure per cell in its own unit, what no link takes, and the totals in kronor."""

    facts: Mapping[Key, Decimal]
    unmapped: tuple[tuple[str, str, Decimal], ...]
    total: Decimal
    by_form: Mapping[str, Decimal]
    lines: int

    def reconciled(self) -> list[str]:
        """For each form: mapped plus unmapped is the ledger's total, in kronor."""
        missing = sum((amount for _, _, amount in self.unmapped), Decimal(0))
        return [form for form, amount in self.by_form.items() if amount + missing != self.total]


def read_ledger(path: Path) -> list[Line]:
    """The lines of a ledger's export: semicolon, comma or tab; columns by their names. DataError with every mistake and its line."""
    text = read_text(path)
    first = text.splitlines()[0] if text.strip() else ""
    delimiter = max((";", "\t", ","), key=first.count)
    rows = csv_rows(text, path.name, delimiter)
    header = [cell.strip().casefold().rstrip(".") for cell in rows[0]] if rows else []
    places: dict[str, int] = {}
    for what, names in NAMES.items():
        at = next((header.index(name) for name in names if name in header), None)
        if at is None:
            raise DataError(f"{path.name}, rad 1: kolumnen för {what} saknas{_near(names, header)} Den ska heta {' eller '.join(names[:3])}.")  # fmt: skip
        places[what] = at
    mistakes: list[str] = []
    found: list[Line] = []
    for number, row in enumerate(rows[1:], start=2):
        if not any(cell.strip() for cell in row):
            continue
        if len(row) <= max(places.values()):
            mistakes.append(f"{path.name}, rad {number}: raden har {len(row)} fält men rubriken {len(header)}.")
            continue
        konto, verksamhet, text = (row[places[what]].strip() for what in NAMES)
        amount = parse_number(text) if text else Decimal(0)
        if amount is None:
            mistakes.append(f"{path.name}, rad {number}: »{text[:40]}» är inget tal. Skriv till exempel 1956,50.")
        elif not konto and amount:
            mistakes.append(f"{path.name}, rad {number}: kontot saknas.")
        elif amount:
            found.append(Line(number, konto, verksamhet, amount))
    _refuse(mistakes)
    return found


def read_links(path: Path, blankettset: Blankettset) -> list[Link]:
    """The mapping's rows in force on the report date. DataError with every mistake and its line."""
    rows = csv_rows(read_text(path), path.name)
    header = tuple(cell.strip().casefold() for cell in rows[0]) if rows else ()
    if header != HEADER:
        wrong = next((word for word in header if word not in HEADER), "")
        hint = _near(HEADER, [wrong]) if wrong else ""
        raise DataError(f"{path.name}, rad 1: rubriken ska vara »{';'.join(HEADER)}» (UTF-8, semikolon){hint or '.'}")
    mistakes: list[str] = []
    found: list[Link] = []
    for number, row in enumerate(rows[1:], start=2):
        words = [cell.strip() for cell in row]
        if not any(words):
            continue
        try:
            link = _link(f"{path.name}, rad {number}", number, words, blankettset)
        except DataError as error:
            mistakes.append(str(error))
            continue
        if link is not None:
            found.append(link)
    _refuse(mistakes)
    if not found:
        raise DataError(f"{path.name} har ingen koppling som gäller {blankettset.report_date}.")
    return found


def _link(where: str, number: int, words: list[str], blankettset: Blankettset) -> Link | None:
    if len(words) != len(HEADER):
        raise DataError(f"{where}: raden har {len(words)} fält men rubriken {len(HEADER)}.")
    start, end, konto, verksamhet, form, row, column, sign = words
    for day in (start, end):
        if day and parse_date(day) is None:
            raise DataError(f"{where}: »{day}» är inget datum. Skriv till exempel 2026-01-01.")
    codes = []
    for what, text in (("konto", konto), ("verksamhet", verksamhet)):
        parts = tuple(part.strip() for part in text.split(","))
        wrong = next((part for part in parts if not _CODE.match(part)), None)
        if wrong is not None:
            raise DataError(f"{where}: {what} »{wrong}» ska vara en kod, 3000-3999, 30* eller *.")
        codes.append(parts)
    if sign not in ("+", "-", "\u2212", ""):
        raise DataError(f"{where}: tecknet är »{sign}» men ska vara + eller -.")
    key, _ = parse_row(where, blankettset, [form, row, column, ""])
    cell = blankettset.blanketter[key[0]].cell(key[1], key[2])
    if cell.kind not in (Kind.INPUT, Kind.SLK) or not cell.type.is_number:
        raise DataError(f"{where}: {';'.join(key)} fylls inte i med ett belopp.")
    if blankettset.blanketter[key[0]].unit_at(key[1], key[2]) not in MONEY_SCALE:
        raise DataError(f"{where}: {';'.join(key)} är inget belopp i kronor, tkr eller mnkr.")
    if not (start or "0000") <= blankettset.report_date <= (end or "9999"):
        return None
    return Link(number, codes[0], codes[1], key, -1 if sign in ("-", "\u2212") else 1)


def summed(lines: Sequence[Line], links: Sequence[Link], blankettset: Blankettset) -> Summed:
    """Every line into the cells that take it: at most one in a form's column. DataError when two rows of the mapping take the same."""
    kronor: dict[Key, Decimal] = {}
    by_form: dict[str, Decimal] = {}
    unmapped: dict[tuple[str, str], Decimal] = {}
    mistakes: list[str] = []
    chosen: dict[tuple[str, str], list[Link]] = {}
    for line in lines:
        place = (line.konto, line.verksamhet)
        if place not in chosen:
            chosen[place] = [link for link in links if link.takes(line)]
            seen: dict[tuple[str, str], Link] = {}
            for link in chosen[place]:
                other = seen.setdefault((link.key[0], link.key[2]), link)
                if other is not link:
                    mistakes.append(
                        f"Kopplingens rad {other.number} och {link.number} tar båda konto {line.konto}, verksamhet "
                        f"{line.verksamhet or '(tom)'} till {link.key[0]}.{link.key[2]}. Låt bara en av dem göra det."
                    )
        for link in chosen[place]:
            kronor[link.key] = kronor.get(link.key, Decimal(0)) + link.sign * line.belopp
            by_form[link.key[0]] = by_form.get(link.key[0], Decimal(0)) + line.belopp
        if not chosen[place]:
            unmapped[place] = unmapped.get(place, Decimal(0)) + line.belopp
    _refuse(mistakes)
    facts = {}
    for key, amount in kronor.items():
        form = blankettset.blanketter[key[0]]
        scale = MONEY_SCALE[form.unit_at(key[1], key[2])]
        facts[key] = rounded(amount / scale, form.decimals_of(key[1], key[2]))
    left = tuple((konto, verksamhet, amount) for (konto, verksamhet), amount in sorted(unmapped.items()) if amount)
    return Summed(facts, left, sum((line.belopp for line in lines), Decimal(0)), by_form, len(lines))


def _among(code: str, wanted: tuple[str, ...]) -> bool:
    return any(_is(code, each) for each in wanted)


def _is(code: str, wanted: str) -> bool:
    if wanted.endswith("*"):
        return code.startswith(wanted[:-1])
    first, span, last = wanted.partition("-")
    if span:
        return code.isdigit() and len(code) == len(first) and first <= code <= last
    return code == wanted


def _refuse(mistakes: list[str]) -> None:
    if mistakes:
        more = [f"… och {len(mistakes) - MOST} fel till."] if len(mistakes) > MOST else []
        raise DataError("\n".join([*mistakes[:MOST], *more]))


def _near(known: Sequence[str], words: Sequence[str]) -> str:
    import difflib

    for word in words:
        close = difflib.get_close_matches(word, known, 1, 0.6)
        if close:
            return f"; menade du »{close[0]}» med »{word}»?"
    return "."
