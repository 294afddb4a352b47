"""The product's reader against a slow one on files that other programs, or accidents, have written."""

from __future__ import annotations

import io
import random
import re
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blankettset.workbook.layout.addresses import letters
from blankettset.workbook.read.xlsx_reader import UnreadableWorkbook, read_workbook
from tests.forms import raw_bytes
from tests.reader.packages import book
from tests.reader.slow_reader import SlowBook, address


def require_agreement(data: bytes) -> None:
    found, slow = read_workbook(data), SlowBook(data)
    ours = {
        (number, *place): (str(cell.state), cell.number if cell.number is not None else cell.text, cell.formula)
        for number, sheet in enumerate(found.sheets, start=1)
        for place, cell in sheet.cells.items()
    }
    assert ours == slow.cells
    numbers = {sheet.name: number for number, sheet in enumerate(found.sheets, start=1)}

    def told(kind: str) -> set[tuple[int, int, int]]:
        places = ((each.sheet, address(each.cell or "")) for each in found.anomalies if each.kind == kind)
        return {(numbers[sheet or ""], *place) for sheet, place in places if place is not None}

    if not any(each.kind == "more_anomalies" for each in found.anomalies):
        assert told("row_mismatch") == slow.misplaced
        assert told("duplicate_cell") == slow.doubled
        assert sum(each.kind == "bad_address" for each in found.anomalies) == slow.outside


@pytest.mark.parametrize(
    "rows",
    [
        '<row r="5"><c r="C5"><v>1</v></c><c r="D6"><v>2</v></c><c><v>3</v></c><c r="F5"><v>4</v></c></row>',
        '<row r="5"><c r="C6"><v>1</v></c></row><row r="6"><c r="C6"><v>2</v></c></row>',
        '<row r="11"><c r="A1"><v>1</v></c><c r="B111"><v>2</v></c></row>',
        '<row><c r="A5"><v>1</v></c><c r="B6"><v>2</v></c></row><row><c><v>3</v></c></row>',
        '<row r="3"><c r="B4"/><c><v>1</v></c></row>',
        '<row r="2"><c r="a2"><v>1</v></c><c r="AA02"><v>2</v></c></row>',
    ],
)
def test_a_rows_own_number_holds_and_a_cell_that_names_another_is_told_of(rows: str) -> None:
    require_agreement(book(rows))


def test_the_cell_is_named_with_what_it_said() -> None:
    found = read_workbook(book('<row r="5"><c r="D6"><v>2</v></c><c><v>3</v></c></row>'))
    assert {place: int(cell.number or 0) for place, cell in found.sheets[0].cells.items()} == {(5, 4): 2, (5, 5): 3}
    assert [(a.kind, a.cell, a.detail) for a in found.anomalies] == [("row_mismatch", "D5", "D6")]


ROWS = st.one_of(st.none(), st.integers(1, 12), st.sampled_from([0, 1_048_576, 1_048_577]))
COLUMN = st.one_of(st.integers(1, 6).map(letters), st.sampled_from(["XFD", "XFE", "ZZZZ", "a", ""]))
ADDRESS = st.one_of(st.none(), st.tuples(COLUMN, st.integers(0, 12)), st.just(("A", 1_048_577)))
CONTENT = st.sampled_from(
    ["", "<v>1</v>", "<v>1.50</v>", "<v></v>", "<v>x</v>", "<v>NaN</v>", "<v>7</v>", "<f>A1</f>", "<f>A1</f><v>2</v>", "<f>A1</f><v></v>",
     "<is><t>hej</t></is>", "<is><r><t>h</t></r><r><t>ej</t></r></is>", "<v> 1 </v>", "<v>-1E3</v>"]
)  # fmt: skip
CELL = st.tuples(ADDRESS, st.sampled_from([None, "n", "s", "str", "inlineStr", "b", "e"]), CONTENT)
SHEET = st.lists(st.tuples(ROWS, st.lists(CELL, max_size=5)), max_size=5)


@given(SHEET)
@settings(max_examples=300)
def test_they_agree_on_any_rows_and_cells(sheet: list[tuple[int | None, list[tuple[object, str | None, str]]]]) -> None:
    rows = ""
    for number, cells in sheet:
        rows += f'<row r="{number}">' if number is not None else "<row>"
        for place, kind, content in cells:
            at = "" if place is None else f' r="{place[0]}{place[1]}"'  # type: ignore[index]
            rows += _cell(at, kind, content)
        rows += "</row>"
    require_agreement(book(rows))


def _cell(at: str, kind: str | None, content: str) -> str:
    stated = "" if kind is None else f' t="{kind}"'
    return f"<c{at}{stated}>{content}</c>"


def _mutated(text: str, chance: random.Random) -> str:
    """A sheet with a few of its rows' and cells' statements changed, dropped or moved."""
    marks = list(re.finditer(r'(?<= )(r|t)="([^"]*)"(?=[^<]*>)', text))
    for mark in sorted(chance.sample(marks, min(len(marks), chance.randint(1, 12))), key=lambda m: -m.start()):
        name, old = mark.groups()
        digits = re.search(r"\d+$", old)
        if name == "t":
            new = f't="{chance.choice(["n", "s", "str", "b", "e"])}"'
        elif chance.random() < 0.3 or digits is None:
            new = ""
        else:
            new = f'r="{old[: digits.start()]}{max(1, int(digits[0]) + chance.choice([-2, -1, 1, 2, 10]))}"'
        text = text[: mark.start()] + new + text[mark.end() :]
    return text


def test_they_agree_on_two_hundred_changed_copies_of_a_real_set() -> None:
    chance = random.Random(20261125)
    with zipfile.ZipFile(io.BytesIO(raw_bytes("2024-T1"))) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    sheets = [name for name in parts if re.fullmatch(r"xl/worksheets/sheet\d+\.xml", name)]
    small = sorted(sheets, key=lambda name: len(parts[name]))[: len(sheets) - 4]
    done = 0
    for _ in range(200):
        name = chance.choice(small)
        text = _mutated(parts[name].decode(), chance)
        try:
            require_agreement(book(sheet=text, shared=parts["xl/sharedStrings.xml"]))
            done += 1
        except UnreadableWorkbook:  # a row number that is no number
            continue
    assert done > 150
