"""How much room a text takes: the rows of our workbooks are as high as their texts, and print reaches as far."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blankettset.workbook.layout.text_size import MAX_ROW_HEIGHT, longest_word, row_height, text_lines, text_width


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("", 10, 1),
        ("Förskola", 10, 1),
        ("Förskola och äldreomsorg", 12, 2),
        ("ett\ntvå\n\nfyra", 10, 4),
        ("Prestations-förändring", 13, 2),  # broken after its hyphen
        ("budgetuppföljningsrapportens", 10, 3),  # longer than the column: broken where the line ends
    ],
)
def test_lines_are_broken_at_words(text: str, width: int, lines: int) -> None:
    assert text_lines(text, width) == lines


def test_narrow_letters_take_less_room_than_wide_ones() -> None:
    assert text_width("illi") < text_width("nnnn") < text_width("MWMW")
    assert text_width("summa") < text_width("summa", bold=True) < text_width("summa", size=15, bold=True)
    assert longest_word("Resultat-överföring till") == text_width("överföring")


@given(st.text(max_size=300), st.integers(4, 90))
def test_a_wider_column_never_needs_more_lines_and_a_row_never_more_than_excel_allows(text: str, width: int) -> None:
    assert 1 <= text_lines(text, width + 20) <= text_lines(text, width)
    assert row_height(text_lines(text, width)) <= MAX_ROW_HEIGHT
