"""The report's tables against the forms, cell by cell. A table is tied to a form only when most of its figures are the form's."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import cache

import msgspec

from blankettset.templates.model import LIST_TOTAL, Blankett, Type
from blankettset.validators.filing import Filing
from blankettset.validators.report.ties import Knuten, list_rows
from blankettset.workbook.calc.evaluate import Key
from blankettset.workbook.calc.matvarde import tolka
from blankettset.workbook.calc.values import parse_number
from blankettset.workbook.report.document import Block, Rapport

ENOUGH = 4  # figures that must agree before a table is taken for a form
SHARE = Decimal("0.6")  # of its figures
_VARAV = re.compile(r"^(?:varav|v\.?|därav)\s+", re.IGNORECASE)


class Rad(msgspec.Struct, frozen=True):
    """A row of a table with the row of the form that it must be; many where several have its label, the likeliest first."""

    nummer: int
    rader: tuple[str, ...]
    celler: tuple[str, ...]


def read_tables(report: Rapport, filing: Filing) -> list[Knuten]:
    """Every figure of the tables that are the workbook's forms."""
    forms = [_Form(filing, form.form) for form in filing.judged() if any(_carries(c.type) for c in form.form.columns)]
    found: list[Knuten] = []
    for block in report.tables():
        for part in _parts(block):
            best = max((_tied(part, block, form) for form in forms), key=_weight, default=None)
            if best:
                found += best
    return found


def _carries(kind: Type) -> bool:
    return kind.is_number or kind is Type.MATVARDE


def _weight(found: list[Knuten]) -> tuple[int, Decimal]:
    agreeing = sum(each.stammer for each in found)
    return (agreeing, Decimal(agreeing) / len(found)) if found else (0, Decimal(0))


def _parts(block: Block) -> Iterator[list[int]]:
    """The table cut where a new heading row begins, with the heading row first."""
    part: list[int] = []
    for number, row in enumerate(block.rader):
        filled = [cell for cell in row[1:] if cell]
        header = len(filled) >= 2 and not any(_is_figure(cell) for cell in filled)
        if header and part and any(_is_figure(cell) for n in part for cell in block.rader[n][1:]):
            yield part
            part = []
        part.append(number)
    if part:
        yield part


@cache
def _is_figure(cell: str) -> bool:
    return parse_number(cell) is not None or bool(re.match(r"^[-−–]?\d[\d\s.,]*\s?(?:%|st|mnkr|tkr|kr)?$", cell))


@cache
def plain(text: str) -> str:
    """A label without varav, footnote marks, hyphens, spaces and capitals: what a PDF may have broken stays the same."""
    return re.sub(r"[^a-zåäö0-9§]", "", _VARAV.sub("", text.strip()).casefold())


class _Form:
    """A form of the workbook with its rows and columns by their plain labels."""

    def __init__(self, filing: Filing, form: Blankett) -> None:
        self.filing, self.form = filing, form
        self.columns = [column for column in form.columns if _carries(column.type)]
        self.shown = [column for column in self.columns if column.printed]
        self.labels: Mapping[str, str] = {plain(column.name): column.id for column in self.columns}
        self.rows: dict[str, list[str]] = defaultdict(list)
        if form.is_list:
            for row in list_rows(filing, form.id):
                key = filing.filled.facts.get((form.id, row, form.key or ""))
                if isinstance(key, str):
                    self.rows[plain(key)].append(row)
            if form.total_columns:
                self.rows[plain(form.total_label)].append(LIST_TOTAL)
        else:
            for each in form.rows:
                if not each.heading:
                    self.rows[plain(each.label)].append(each.id)

    def value(self, row: str, column: str) -> Decimal | str | None:
        """What the cell holds."""
        found = self.filing.filled.facts.get((self.form.id, row, column))
        return found if isinstance(found, Decimal | str) else None


def _tied(part: list[int], block: Block, form: _Form) -> list[Knuten]:
    rows = list(_rows(part, block, form))
    if not rows:
        return []
    best: list[Knuten] = []
    for columns in _columns(part, block, form, rows):
        for scale in (Decimal(1), Decimal("0.001"), Decimal(1000)):
            found = [tie for row in rows for tie in _row(row, block, form, columns, scale)]
            if _weight(found) > _weight(best):
                best = found
    agreeing, share = _weight(best)
    return best if agreeing >= ENOUGH and share >= SHARE else []


def _rows(part: list[int], block: Block, form: _Form) -> Iterator[Rad]:
    """Rows whose label is a row of the form; one that stands many times is taken in order."""
    times: Counter[str] = Counter()
    tied = sum(bool(form.rows.get(plain(cell))) for number in part for cell in block.rader[number][:1])
    for number in part:
        cells = block.rader[number]
        for first in range(min(2, len(cells))):
            label = plain(cells[first])
            ids = form.rows.get(label, [])
            if label and ids and not (ids == [LIST_TOTAL] and tied <= len(list_rows(form.filing, form.form.id))):
                start = min(times[label], len(ids) - 1)
                times[label] += 1
                yield Rad(number, (*ids[start:], *ids[:start]), tuple(cells[first + 1 :]))
                break


def _columns(part: list[int], block: Block, form: _Form, rows: list[Rad]) -> Iterator[list[str | None]]:
    """Ways to read the columns: by the heading row, and by the order of the form's own columns."""
    header = block.rader[part[0]]
    named = [form.labels.get(plain(cell)) for cell in header[1:]]
    if sum(column is not None for column in named) >= 2:
        yield named
        yield [None, *named]  # an icon column stands first
    order: list[str | None] = [column.id for column in form.shown]
    widths = Counter(len(row.celler) for row in rows)
    width = widths.most_common(1)[0][0]
    for start in range(max(1, len(order) - width + 1)):
        yield order[start : start + width]


def _row(row: Rad, block: Block, form: _Form, columns: list[str | None], scale: Decimal) -> list[Knuten]:
    """The row's figures; where several rows have the label, those of the one that agrees throughout, and else none."""
    for id_ in row.rader:
        found = list(_cells(row, id_, block, form, columns, scale))
        if len(row.rader) == 1 or (found and all(each.stammer for each in found)):
            return found
    return []


def _cells(
    row: Rad, id_: str, block: Block, form: _Form, columns: list[str | None], scale: Decimal
) -> Iterator[Knuten]:
    for column, cell in zip(columns, row.celler, strict=False):
        if column is None or not cell.strip():
            continue
        key = (form.form.id, id_, column)
        agrees = _agrees(cell, form.value(id_, column), key, form, scale)
        if agrees is not None:
            quote = " | ".join(each for each in block.rader[row.nummer] if each)
            yield Knuten(
                key, cell.strip(), quote[:160], block.place_of(row.nummer), form.value(id_, column), agrees, "tabell"
            )


def _agrees(cell: str, value: Decimal | str | None, key: Key, form: _Form, scale: Decimal) -> bool | None:
    """Whether the two are the same at the precision of the coarser; None for what cannot be compared."""
    if form.form.column_by_id[key[2]].type is Type.MATVARDE:
        enhet = form.filing.filled.facts.get((key[0], key[1], "enhet"))
        unit = enhet if isinstance(enhet, str) else ""
        said = tolka(cell, unit)
        held = tolka(value, unit) if isinstance(value, str) else None
        if said is None or said.tal is None:
            return None
        if held is None or held.tal is None:
            return None if value is None else False
        return said.tal == held.tal
    number = parse_number(re.sub(r"\s?(?:mnkr|tkr|kr|%)\s*$", "", cell))
    if number is None:
        return None
    if not isinstance(value, Decimal):
        return None if number == 0 or value is not None else False
    own = _decimals(number)
    decimals = min(own, form.form.decimals_of(key[1], key[2])) if scale == 1 else own
    return abs(number * scale - value) <= Decimal(1).scaleb(-decimals) * max(scale, Decimal(1)) / 2 - (
        Decimal(0) if own < _decimals(value) else Decimal(1).scaleb(-decimals - 1) * scale
    )


def _decimals(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
