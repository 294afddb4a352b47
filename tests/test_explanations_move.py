"""An explanation of a list's row is bound to what the row is about: it never comes to speak of another row."""

from __future__ import annotations

import pytest

from blankettset.validators.finding import Finding, Severity
from blankettset.workbook.calc.evaluate import Key, Value
from tests import forms

SET = "2024-T1"
ROWS = {"A": "Egen A", "B": "Egen B"}
TEXT = "Egen A mäts först nästa år."


def with_own(order: tuple[str, ...]) -> dict[Key, Value]:
    """Indicators of the nämnd's own, without targets, in this order after KF's."""
    facts = forms.base(SET)
    last = max(int(row) for form, row, _ in facts if form == "indikatorer")
    for number, name in enumerate(order, start=last + 1):
        row = ("indikatorer", str(number))
        facts |= {(*row, "mal"): "1.1", (*row, "indikator"): name, (*row, "enhet"): "%", (*row, "riktning"): "hogre"}
    return facts


def about(facts: dict[Key, Value], name: str) -> list[Finding]:
    row = next(key[1] for key, value in facts.items() if key[2] == "indikator" and value == name)
    found = forms.apart(forms.findings(forms.handed_in(SET, facts)))
    return [f for f in found if f.hit.form == "indikatorer" and f.hit.row == row and f.severity is Severity.VARNING]


def explained(facts: dict[Key, Value], finding: Finding) -> dict[Key, Value]:
    values = (*finding.place, finding.siffror, TEXT)
    words = zip(("kod", "blankett", "rad", "kolumn", "siffror", "forklaring"), values, strict=True)
    return {("forklaringar", "1", column): value for column, value in words}


@pytest.mark.parametrize("moved", [("Egen B", "Egen A"), ("Ny", "Egen A", "Egen B")], ids=["sorterad", "infogad"])
def test_the_explanation_does_not_follow_the_row_number(moved: tuple[str, ...]) -> None:
    before = with_own(("Egen A", "Egen B"))
    warning = about(before, "Egen A")[0]
    assert warning.siffror == "Egen A"
    explanation = explained(before, warning)
    assert [f.explanation for f in about(before | explanation, "Egen A")] == [TEXT]
    after = with_own(moved) | explanation
    for name in moved:
        assert [f.explanation for f in about(after, name)] == [None]
    assert "BF028" in {f.code for f in forms.findings(forms.handed_in(SET, after))}


def test_words_alone_are_bound_to_their_row_and_numbers_stand_for_themselves() -> None:
    facts = forms.with_values(SET, "resultatenheter;1;enhet;Skolan\nresultatenheter;1;bruttobudget;-1000\n"
                              "resultatenheter;1;overforing_fran;-100\nresultatenheter;1;resultat;-10")  # fmt: skip
    numbers = [
        f for f in forms.findings(forms.handed_in(SET, facts)) if f.hit.form == "resultatenheter" and f.hit.found
    ]
    assert numbers
    assert all("Skolan" not in f.siffror for f in numbers)
    hit = numbers[0].hit
    words = Finding("BF000", Severity.VARNING, type(hit)("", "", item="Skolan", found="helt", expected="ej"))
    assert (words.siffror, words.figures) == ("Skolan: helt mot ej", "helt mot ej")


def test_no_finding_of_a_lists_row_is_bound_to_nothing() -> None:
    facts = with_own(("Egen A", "Egen B"))
    found = forms.findings(forms.handed_in(SET, facts | {("aktiviteter", "9", "start"): "2030-01-01"}))
    rows = [f for f in found if f.hit.form in ("indikatorer", "aktiviteter") and f.hit.row]
    assert rows
    assert all(f.siffror for f in rows)
