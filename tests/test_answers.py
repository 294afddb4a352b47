"""One normaliser of answers: cells, rules, functions and the sheet's own formulas read the same text alike."""

from __future__ import annotations

import pytest

from blankettset.addin.excel import formelfunktioner as f
from blankettset.workbook.calc.answers import excel_is_answer, is_answer
from tests import forms

SET = "2024-T1"
STATUS = ("mal", "1", "status")
WRITTEN = [
    "● Uppfylls helt",
    "Uppfylls helt",
    "uppfylls HELT ",
    "●Uppfylls helt",
    " \u00a0●\u00a0Uppfylls  helt",
    "Uppfylls\u200b helt",
    "● uppfylls helt\u00a0",
]
OTHER = ["Uppfylls helt inte", "◆ Uppfylls helt", "Uppfylls delvis", "Uppfyllshelt", "Uppfylls\thelt", "helt"]


@pytest.mark.parametrize("text", WRITTEN)
def test_spaces_capitals_and_the_symbol_do_not_matter(text: str) -> None:
    assert is_answer(text, "● Uppfylls helt")
    assert f.malstatus([[text]]) == [["● Uppfylls helt"]]
    filled = forms.handed_in(SET, edits=(forms.edit(STATUS, {"text": text}),))
    assert filled.facts[STATUS] == "helt"
    assert forms.findings(filled) == []


@pytest.mark.parametrize("text", OTHER)
def test_anything_else_is_no_such_answer_and_one_fault_is_one_finding(text: str) -> None:
    assert not is_answer(text, "● Uppfylls helt")
    if text == "Uppfylls delvis":
        return
    found = forms.findings(forms.handed_in(SET, edits=(forms.edit(STATUS, {"text": text}),)))
    assert [each.code for each in found] == ["BF020"]


def test_an_answer_without_symbol_is_itself() -> None:
    assert is_answer("HÖGRE är bättre", "Högre är bättre")
    assert excel_is_answer("A1", "Ja").endswith('="Ja"')


@pytest.mark.parametrize(("outcome", "target"), [("85 %", 0.85), (0.85, "85 %"), ("85 %", "0,85"), ("12 st", "85 %")])
def test_a_share_beside_a_percentage_is_no_status(outcome: object, target: object) -> None:
    answer = f.indikatorstatus([[outcome]], [[""]], [[target]], [["Högre är bättre"]], [["%"]])[0][0]
    assert answer.startswith(f.WRONG)
    assert "olika enhet" in answer or "procent" in answer


def test_shares_among_themselves_and_small_percentages_are_compared() -> None:
    higher = [["Högre är bättre"]]
    assert f.indikatorstatus([[0.85]], [[""]], [[0.8]], higher, [["%"]]) == [["● Uppfylls helt"]]
    assert f.indikatorstatus([["0,4 %"]], [[""]], [["0,5 %"]], higher, [["%"]]) == [["◆ Uppfylls delvis"]]
    assert f.indikatorstatus([[85]], [[""]], [["80 %"]], higher, [["%"]]) == [["● Uppfylls helt"]]
