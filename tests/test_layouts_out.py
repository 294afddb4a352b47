"""A form is changed while workbooks are out: none breaks, the city adds up what it has, and nothing is dropped unsaid."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from blankettset.addin.check.konsolidering import consolidate
from blankettset.templates.catalog import STAD, catalog
from blankettset.validators.finding import Severity
from blankettset.workbook.calc.evaluate import Key, Value
from blankettset.workbook.write.build import build
from tests import forms

COVERED = {"BF607"}
SET = "2024-T1"
FILE = "blanketter/projekt/alla_2019.yaml"
NAMNDER = ("SDN04", "SDN08", "SDN12")
FACTS = "projekt;1;projekt;Torget\nprojekt;1;budget;2,5\nprojekt;1;prognos;2,5\nprojekt;1;finansiering;Egna medel"


def changed(folder: Path, change: Callable[[Any], object]) -> Path:
    """A city's folder where the form is another."""
    raw = copy.deepcopy(catalog().documents[FILE])
    raw.pop("carries", None)
    change(raw)
    (folder / FILE).parent.mkdir(parents=True, exist_ok=True)
    (folder / FILE).write_text(json.dumps(raw, ensure_ascii=False), "utf-8")
    return folder


def without(raw: Any, column: str) -> None:
    raw["columns"] = [each for each in raw["columns"] if each["id"] != column]


def thousands(raw: Any) -> None:
    raw["amounts"].update(unit="tkr", decimals=0)
    for column in raw["columns"]:
        column.pop("unit", None)
        column.pop("decimals", None)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Three nämnder's workbooks, made before the form was changed."""
    folder = tmp_path / "inlamnade"
    folder.mkdir()
    for code in NAMNDER:
        facts: dict[Key, Value] = forms.with_values(SET, FACTS)
        build(folder / f"{code}.xlsx", catalog().blankettset(SET), catalog().namnd(code), facts)
    return folder


def test_workbooks_that_all_have_the_earlier_layout_are_added_up_in_it(
    out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = consolidate([out], tmp_path / "fore.xlsx", replace=False).collection
    monkeypatch.setenv(STAD, str(changed(tmp_path / "staden", lambda raw: without(raw, "finansiering"))))
    after = consolidate([out], tmp_path / "efter.xlsx", replace=False).collection
    assert before.set is not None
    assert after.set is not None
    assert after.set.layouts == before.set.layouts
    assert [filed.inputs for filed in after.filings] == [filed.inputs for filed in before.filings]
    told = {(f.code, f.severity) for filed in after.filings for f in filed.findings} - {
        (f.code, f.severity) for filed in before.filings for f in filed.findings
    }
    assert told == {("BF001", Severity.UPPLYSNING)}
    assert "BF607" not in {f.code for _, f in after.findings}


def test_two_layouts_are_added_up_in_the_newest_and_what_has_no_place_is_told(
    out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = forms.with_values(SET, FACTS)
    monkeypatch.setenv(STAD, str(changed(tmp_path / "staden", lambda raw: without(raw, "finansiering"))))
    facts = {key: value for key, value in given.items() if key[2] != "finansiering" or key[0] != "projekt"}
    build(out / "SDN08.xlsx", catalog().blankettset(SET), catalog().namnd("SDN08"), facts, replace=True)
    found = consolidate([out], tmp_path / "stad.xlsx", replace=False).collection
    assert found.set is not None
    assert "finansiering" not in found.set.blanketter["projekt"].column_by_id
    told = [(file, f.hit.found) for file, f in found.findings if f.code == "BF607"]
    assert told == [("SDN04.xlsx", "projekt.1.finansiering"), ("SDN12.xlsx", "projekt.1.finansiering")]
    assert {filed.inputs["projekt", "1", "budget"] for filed in found.filings} == {Decimal("2.5")}


def test_amounts_follow_the_unit_when_the_form_has_another(
    out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = forms.base(SET)
    monkeypatch.setenv(STAD, str(changed(tmp_path / "staden", thousands)))
    facts = given | {("projekt", "1", "projekt"): "Torget", ("projekt", "1", "budget"): Decimal(2500)}
    build(out / "SDN08.xlsx", catalog().blankettset(SET), catalog().namnd("SDN08"), facts, replace=True)
    found = consolidate([out], tmp_path / "stad.xlsx", replace=False).collection
    assert {filed.inputs["projekt", "1", "budget"] for filed in found.filings} == {Decimal(2500)}
