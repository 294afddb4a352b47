"""The sheet Långa texter: what a cell does not show, in full and in print."""

from __future__ import annotations

import io

import openpyxl
from hypothesis import given
from hypothesis import strategies as st

from blankettset.validators.validate import validate
from blankettset.workbook.layout.placement import INDEX_SHEET, LONG_SHEET
from blankettset.workbook.layout.text_size import text_lines
from blankettset.workbook.write.long_texts import PIECE, WIDTH, pieces
from tests import forms

LONG = "\n".join(
    f"Stycke {number}. " + "Arbetet pågår enligt plan och följs upp varje tertial. " * 9 for number in range(40)
)


@given(st.text(alphabet="ab .\nåäö", max_size=60).map(lambda text: text * 90))
def test_the_pieces_are_the_whole_text_and_each_fits(text: str) -> None:
    found = pieces(text)
    assert "".join(found) == text
    assert all(text_lines(part, WIDTH) <= PIECE for part in found)


def built(analysis: str) -> bytes:
    facts = forms.base("2024-T1")
    row = next(row for form, row, column in facts if (form, column) == ("mal", "niva") and facts[form, row, column] == "namndmal")  # fmt: skip
    return forms.raw_bytes("2024-T1", {**facts, ("mal", row, "analys"): analysis})


def test_a_text_that_its_cell_cannot_show_stands_in_full_on_a_sheet_of_its_own() -> None:
    content = built(LONG)
    values = openpyxl.load_workbook(io.BytesIO(content), data_only=True)
    formulas = openpyxl.load_workbook(io.BytesIO(content))
    shown = [cell.value for cell in values[LONG_SHEET]["B"] if cell.value]
    starts = [cell.row for cell in formulas[LONG_SHEET]["B"] if str(cell.value).startswith("=MID(")]
    assert "".join(values[LONG_SHEET].cell(row, 2).value for row in starts) == LONG
    assert any(str(text).startswith("Mål: 1.1.1 ") for text in shown)
    assert all(values[LONG_SHEET].row_dimensions[row].height < 409 for row in starts)
    assert LONG_SHEET in [cell.value for cell in values[INDEX_SHEET]["B"]]
    filled = forms.handed_in("2024-T1", {**forms.base("2024-T1")})
    assert validate(filled).findings == ()


def test_the_sheet_is_the_programs_own_and_no_loss() -> None:
    from blankettset.templates.catalog import catalog
    from blankettset.workbook.read.bind import read_filled

    found = validate(read_filled(built(LONG), catalog(), name="bok.xlsx")).findings
    assert [finding.code for finding in found] == []


def test_without_long_texts_there_is_no_such_sheet() -> None:
    book = openpyxl.load_workbook(io.BytesIO(built("Målet nås.")))
    assert LONG_SHEET not in book.sheetnames
