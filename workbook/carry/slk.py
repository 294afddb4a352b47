"""What SLK fills in before the workbooks go out (`--ifyllt`): budget and the like, locked and blue in each nämnd's set."""

from __future__ import annotations

import csv
import hashlib
import io
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
from blankettset.workbook.read.facts import LONG_HEADER, DataError, parse_facts, read_text

KF_COLUMNS = ("kf_arsmal",)  # KF's plan weighs more than SLK's file


class Filled(msgspec.Struct, frozen=True):
    """SLK's figures by nämnd, with the file they stand in."""

    file: str
    sha256: str
    facts: Mapping[str, Mapping[Key, Value]]


def read_slk(path: Path, blankettset: Blankettset) -> Filled:
    """Read namnd;period;blankett;rad;kolumn;varde for all nämnder. DataError with every mistake, file and line."""
    text = read_text(path)
    lines = text.splitlines(keepends=True)
    header = [word.strip().lower() for word in lines[0].strip().split(";")] if lines else []
    if header != LONG_HEADER:
        raise DataError(f"{path.name}, rad 1: rubriken ska vara »{';'.join(LONG_HEADER)}» (UTF-8, semikolon).")
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=";"))
    mistakes: list[str] = []
    by_namnd: dict[str, list[str]] = {}
    for number, row in enumerate(rows[1:], start=2):
        if not any(cell.strip() for cell in row):
            continue
        code = row[0].strip().upper()
        if code not in blankettset.namnder:
            mistakes.append(
                f"{path.name}, rad {number}: nämnden »{row[0].strip()}» finns inte{_near(code, blankettset)}"
            )
        by_namnd.setdefault(code, [])
    facts: dict[str, dict[Key, Value]] = {}
    for code in by_namnd:
        own = [
            row if number == 0 or (row[:1] and row[0].strip().upper() == code) else []
            for number, row in enumerate(rows)
        ]
        if code not in blankettset.namnder:
            continue
        try:
            facts[code] = parse_facts(_csv(own), blankettset, path.name, code)
        except DataError as error:
            mistakes.append(str(error))
            continue
        mistakes += [
            f"{path.name}: {'.'.join(key)} räknas ut i blanketten och fylls inte i."
            for key in facts[code]
            if blankettset.blanketter[key[0]].cell(key[1], key[2]).kind not in (Kind.INPUT, Kind.SLK)
        ]
    if mistakes:
        raise DataError("\n".join(mistakes))
    return Filled(path.name, hashlib.sha256(text.encode()).hexdigest(), facts)


def _csv(rows: list[list[str]]) -> str:
    """The rows as they were, blank where another nämnd's stood, so that line numbers hold."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\n")
    for row in rows:
        if row:
            writer.writerow(row)
        else:
            out.write("\n")
    return out.getvalue()


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
