"""The tests' own short cut: a workbook with facts typed into it is the workbook that is built of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import forms
from tests.conftest import rule_cases

CASES = [
    (path.stem, case)
    for number, path in enumerate(sorted((Path(__file__).parent / "rules").glob("*.yaml")))
    for case in rule_cases(path)[number % 3 :: 9]
]


@pytest.mark.parametrize(("code", "case"), CASES, ids=lambda each: each if isinstance(each, str) else each["namn"])
def test_facts_typed_into_the_base_give_the_workbook_that_is_built_of_them(code: str, case: dict[str, str]) -> None:
    set_id = case["set"]
    facts = forms.with_values(set_id, case.get("varden", ""))
    quick = forms.filled_in(set_id, facts)
    assert quick is not None
    typed, built = forms.bound(quick), forms.bound(forms.raw_book(set_id, facts))
    assert typed.facts == built.facts
    assert typed.broken == built.broken
    assert {(cell.key, cell.state, cell.formula) for cell in typed.all_cells()} == {
        (cell.key, cell.state, cell.formula) for cell in built.all_cells()
    }
    assert forms.flatten(forms.findings(typed)) == forms.flatten(forms.findings(built))
