"""What SLK fills in before the workbooks go out (`--ifyllt`): budget and the like, locked and blue in each nämnd's set."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import msgspec

from blankettset.templates.model import Blankett, Blankettset, Kind
from blankettset.workbook.calc.evaluate import Key, Value
from blankettset.workbook.calc.values import format_number
from blankettset.workbook.carry.match import row_pairs
from blankettset.workbook.carry.roll import Rolled
from blankettset.workbook.read.carried import LOCKED, Carried, as_text, item_name
from blankettset.workbook.read.facts import LONG_HEADER, DataError, csv_rows, parse_row, read_text

KF_COLUMNS = ("kf_arsmal",)  # KF's plan weighs more than SLK's file


class Filled(msgspec.Struct, frozen=True):
    """SLK's figures by nämnd, with the file they stand in."""

    file: str
    sha256: str
    facts: Mapping[str, Mapping[Key, Value]]


def read_slk(path: Path, blankettset: Blankettset) -> Filled:
    """Read namnd;period;blankett;rad;kolumn;varde for all nämnder. DataError with every mistake, file and line."""
    text = read_text(path)
    rows = csv_rows(text, path.name)
    header = [word.strip().lower() for word in rows[0]] if rows else []
    if header != LONG_HEADER:
        raise DataError(f"{path.name}, rad 1: rubriken ska vara »{';'.join(LONG_HEADER)}» (UTF-8, semikolon).")
    mistakes: list[str] = []
    facts: dict[str, dict[Key, Value]] = {}
    for number, row in enumerate(rows[1:], start=2):
        if not any(cell.strip() for cell in row):
            continue
        try:
            key, value = _row(f"{path.name}, rad {number}", row, blankettset)
        except DataError as error:
            mistakes.append(str(error))
            continue
        own = facts.setdefault(row[0].strip().upper(), {})
        if key in own:
            mistakes.append(f"{path.name}, rad {number}: {';'.join(key)} finns redan tidigare i filen för nämnden.")
        own[key] = value
    if mistakes:
        raise DataError("\n".join(mistakes))
    return Filled(path.name, hashlib.sha256(text.encode()).hexdigest(), facts)


def _row(where: str, row: list[str], blankettset: Blankettset) -> tuple[Key, Value]:
    if len(row) != len(LONG_HEADER):
        raise DataError(f"{where}: raden har {len(row)} fält men rubriken {len(LONG_HEADER)}.")
    code, period = row[0].strip(), row[1].strip()
    if code.upper() not in blankettset.namnder:
        raise DataError(f"{where}: nämnden »{code}» finns inte{_near(code.upper(), blankettset)}")
    if period.upper() != blankettset.id:
        raise DataError(f"{where}: perioden är »{period}» men arbetsböckerna gäller {blankettset.id}.")
    key, value = parse_row(where, blankettset, row)
    if blankettset.blanketter[key[0]].cell(key[1], key[2]).kind not in (Kind.INPUT, Kind.SLK):
        raise DataError(f"{where}: {';'.join(key)} räknas ut i blanketten och fylls inte i.")
    return key, value


def _near(code: str, blankettset: Blankettset) -> str:
    from blankettset.templates.schema import nearest

    return nearest(code, list(blankettset.namnder)) or "."


def with_slk(rolled: Rolled, blankettset: Blankettset, slk: Filled, namnd: str) -> Rolled:
    """`rolled` with SLK's figures over it, locked. A list row finds the row that is called the same, or is added."""
    given = slk.facts.get(namnd, {})
    if not given:
        return rolled
    facts = dict(rolled.facts)
    locked: list[Carried] = []
    for form_id in dict.fromkeys(key[0] for key in given):
        form = blankettset.blanketter[form_id]
        own = {key: value for key, value in given.items() if key[0] == form_id and key[2] not in KF_COLUMNS}
        places = _places(form, own, facts)
        for (_, row, column), value in own.items():
            if value is None:
                continue
            key = (form_id, places.get(row, row), column)
            facts[key] = value
            shown = format_number(value) if isinstance(value, Decimal) else as_text(value)
            locked.append(
                Carried(*key, LOCKED, value, "", slk.file, slk.sha256, f"Ifyllt av SLK ({slk.file}): {shown}.")
            )
    taken = {each.key for each in locked}
    locked = [
        msgspec.structs.replace(each, item=item_name(blankettset.blanketter[each.form], each.row, facts))
        for each in locked
    ]
    kept = [each for each in rolled.carried if each.key not in taken]
    order = blankettset.order

    def place(each: Carried) -> tuple[int, int, int]:
        form = blankettset.blanketter[each.form]
        return order[each.form], form.column_order[each.column], int(each.row) if form.is_list else form.row_order[each.row]  # fmt: skip

    return msgspec.structs.replace(rolled, facts=facts, carried=tuple(sorted([*kept, *locked], key=place)))


def _places(form: Blankett, own: Mapping[Key, Value], facts: Mapping[Key, Value]) -> dict[str, str]:
    """SLK's row number of a list -> the row here."""
    if not form.is_list:
        return {}
    rows = sorted({key[1] for key in own}, key=int)
    here = sorted({key[1] for key in facts if key[0] == form.id}, key=int)
    pairs = row_pairs(form, rows, own, form, here, facts)
    free = max((int(row) for row in here), default=0)
    found = dict(pairs)
    for row in rows:
        if row not in found:
            free += 1
            found[row] = str(free)
    return found
