"""Every set against every earlier one that it can meet: nothing falls, and what one of the two lacks is skipped."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from functools import cache

import msgspec
import pytest

from blankettset.templates.catalog import catalog
from blankettset.templates.model import LIST_TOTAL, PERIODS, Blankettset, Kind
from blankettset.validators.validate import validate
from blankettset.workbook.calc.evaluate import Key, Value
from blankettset.workbook.read.filled import FilledSet
from tests import forms


def _name(set_id: str, level: str) -> str:
    return set_id if level == "namnd" else f"{set_id} {level}"


def _when(set_id: str) -> tuple[int, int]:
    year, period = set_id.split("-")
    return int(year), PERIODS.index(period)


PAIRS = [
    (_name(early, level), _name(late, level))
    for early, level in sorted(catalog().tried)
    for late, other in sorted(catalog().tried)
    if level == other and _when(early) < _when(late)
]


def _everything(blankettset: Blankettset) -> Iterator[tuple[Key, Value]]:
    """Something in every input cell of the set, and two rows in every list."""
    for form in blankettset.blanketter.values():
        cells = [(row, column, cell) for row, column, cell in form.fixed_cells() if row != LIST_TOTAL]
        if form.is_list:
            cells = [(row, column.id, form.cell(row, column.id)) for row in "12" for column in form.columns]
        for row, column, cell in cells:
            if cell.kind not in (Kind.INPUT, Kind.SLK) or form.id in ("forsattsblad", "kontroll", "forklaringar"):
                continue
            text = {
                "datum": f"{blankettset.year}-03-01",
                "janej": "ja",
                "val": cell.choices[0].id if cell.choices else None,
            }
            yield (form.id, row, column), Decimal(3) if cell.type.is_number else text.get(str(cell.type), f"Text {row}")


@cache
def filled(name: str) -> FilledSet:
    return forms.bound(forms.raw_book(name, dict(_everything(forms.the_set(name)))))


@pytest.mark.parametrize(("early", "late"), PAIRS)
def test_a_set_is_compared_with_an_earlier_one(early: str, late: str) -> None:
    before, now = filled(early), filled(late)
    if before.namnd != now.namnd:  # the documents' own nämnder: as one and the same here, it is the sets that meet
        before = msgspec.structs.replace(before, namnd=now.namnd)
    told = validate(now, (before,)).as_json()["skillnader"]
    assert [each["mot"] for each in told] == [early.split()[0]]
    assert all(each["antal"] >= 0 for each in told)
