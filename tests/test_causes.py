"""A cause on the workbook, a form or a column is said once, there; what follows from it waits."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from blankettset.templates.model import Kind, Type
from blankettset.validators.finding import Finding
from blankettset.workbook.calc.evaluate import Key, Value
from tests import forms

SET = "2024-T1"


def counted(facts: dict[Key, Value]) -> list[Finding]:
    """The findings that count, rules on trial aside."""
    return [finding for finding in forms.findings(forms.handed_in(SET, facts)) if not finding.prov]


@pytest.mark.parametrize("days", [1462, -1462])
def test_the_wrong_date_system_is_one_finding_with_all_its_dates(days: int) -> None:
    facts, blankettset = forms.base(SET), forms.the_set(SET)
    dated = {
        key: value for key, value in facts.items()
        if isinstance(value, str) and blankettset.blanketter[key[0]].cell(key[1], key[2]).type is Type.DATUM
    }  # fmt: skip
    moved = {key: (date.fromisoformat(str(value)) + timedelta(days)).isoformat() for key, value in dated.items()}
    found = counted(facts | moved)
    assert [finding.code for finding in found] == ["BF030"]
    assert len(found[0].celler) == len(dated)


def test_a_column_sorted_alone_is_one_finding() -> None:
    facts = forms.base(SET)
    rows = sorted({key[1] for key in facts if key[0] == "indikatorer"}, key=int)
    values = sorted(f"{number} %" for number in range(10, 10 + len(rows)))
    mixed = {("indikatorer", row, "arsmal"): value for row, value in zip(rows, values, strict=True)}
    found = [finding for finding in counted(facts | mixed) if finding.hit.form == "indikatorer"]
    assert [(finding.code, finding.hit.column) for finding in found] == [("BF031", "arsmal")]


def test_a_whole_namnd_in_thousands_is_one_finding_on_the_set() -> None:
    amounts = {
        "iof_barn_unga": "87.2",
        "iof_vuxna": "26.7",
        "forskola": "278.5",
        "aldreomsorg": "660.6",
        "stadsmiljo": "51.3",
    }
    rows = [f"verksamhetsomraden;{row};{column};{Decimal(amount) * 1000}"
            for row, amount in amounts.items() for column in ("budget", "prognos_fore", "prognos_efter")]  # fmt: skip
    total = sum(map(Decimal, amounts.values())) * 1000
    rows += [f"driftbudget;kostnader;{column};{total}" for column in ("budget", "prognos")]
    found = counted(forms.with_values(SET, "\n".join(rows)))
    assert [(finding.code, finding.hit.form, len(finding.parts)) for finding in found] == [("BF414", None, 2)]


def test_values_pasted_over_the_formulas_of_a_form_are_one_finding() -> None:
    filled = forms.handed_in(SET)
    pasted = tuple(
        forms.edit(cell.key, {"tal": "0"})
        for cell, definition in filled.forms["verksamhetsomraden"].defined
        if definition.kind is Kind.COMPUTED
    )
    found = [finding for finding in forms.findings(forms.handed_in(SET, None, pasted)) if not finding.prov]
    assert [(finding.code, len(finding.parts)) for finding in found] == [("BF014", len(pasted))]
    assert {f"Verksamhetsområden!{hit.cell}" for hit in found[0].parts} == set(found[0].celler)


def test_a_word_that_is_no_answer_is_said_once() -> None:
    for place in ("mal.2.status", "forsattsblad.lokaler.ej_aktuellt"):
        edit = forms.edit(forms.key(place), {"text": "Nästan"})
        found = [finding for finding in forms.findings(forms.handed_in(SET, None, (edit,))) if not finding.prov]
        assert [finding.code for finding in found] == ["BF020"], place
