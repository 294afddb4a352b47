"""LibreOffice recalculates every built set and agrees with our evaluation, cell by cell."""

from __future__ import annotations

import functools
import shutil
import subprocess
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import load_workbook

from addin.exempel import filings, synthetic_city
from addin.konsolidering import consolidate
from templates.catalog import catalog
from templates.model import Type
from tests import forms
from workbook.bind import read_filled
from workbook.build import build
from workbook.evaluate import Evaluation
from workbook.facts import read_facts
from workbook.filled import FilledSet
from workbook.xlsx_reader import CellState

SOFFICE = shutil.which("soffice") or shutil.which("libreoffice")
pytestmark = [
    pytest.mark.libreoffice,
    pytest.mark.skipif(SOFFICE is None, reason="LibreOffice (soffice) finns inte på den här maskinen"),
]
SETS = sorted(catalog().sets)
SHAPES = (
    "85 %",
    "1 956,5 st",
    "\u2212 4,3 %",
    "Max 10 personer",
    "+/- 1 %",
    "öka",
    "Tas fram av nämnd",
    "i.u.",
    "-",
    "0",
    "12/5",
    "90.5 %",
    "90 procent",
    "12 ST.",
    "max 10 PERSONER",
    "Högst. 10",
    "± 1 %",
    "1,9 kg CO \u2082 per kg livsmedel",
    "12\u202f345 st",
    "ska minska",
    "12 34",
    "st",
)
EPSILON = Decimal("0.0000001")


def without_values(path: Path, target: Path) -> None:
    """The same workbook with every stored formula value dropped: openpyxl never keeps them."""
    load_workbook(path).save(target)


def recalculated(path: Path, folder: Path) -> Path:
    stripped = folder / "in" / path.name
    stripped.parent.mkdir()
    without_values(path, stripped)
    profile = f"-env:UserInstallation=file://{folder / 'profil'}"
    command = [
        str(SOFFICE),
        profile,
        "--headless",
        "--convert-to",
        "xlsx",
        "--outdir",
        str(folder / "ut"),
        str(stripped),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return folder / "ut" / path.name


@functools.cache
def set_facts(set_id: str, level: str) -> dict[tuple[str, str, str], Decimal | str | None]:
    """Figures for every input: the real filing where there is one, else small numbers of our own."""
    blankettset = catalog().blankettset(set_id, level)
    for folder in filings():
        if forms.filing_set(folder) is blankettset:
            return dict(read_facts(folder / "DATA.csv", blankettset))
    facts = forms.base(f"{set_id} {level}")
    number = 0
    for form in blankettset.blanketter.values():
        rows = ["1", "2"] if form.is_list else [row.id for row in form.rows]
        if form.id in ("forsattsblad", "forklaringar", "kontroll"):
            continue
        for row in rows:
            for column in form.column_by_id:
                cell = form.cell(row, column)
                if cell.kind.value == "inmatning":
                    number += 1
                    key = (form.id, row, column)
                    if cell.type.is_number:
                        facts[key] = Decimal(number % 97) + Decimal(number % 7) / 10
                    elif cell.type is Type.DATUM:
                        facts[key] = f"2024-0{number % 9 + 1}-15"
                    elif cell.type is Type.MATVARDE:
                        facts[key] = SHAPES[number % len(SHAPES)]
                    elif cell.choices:
                        facts[key] = cell.choices[number % len(cell.choices)].id
                    else:
                        facts[key] = f"text {number}"
    return facts


def agree(filled: FilledSet, evaluation: Evaluation) -> int:
    compared = 0
    for key, _ in evaluation.computed():
        cell = filled.cell(key)
        expected = evaluation.value(key)
        assert cell is not None, key
        if isinstance(expected, Decimal):
            assert cell.state is CellState.NUMBER, (key, cell)
            assert isinstance(cell.value, Decimal)
            assert abs(cell.value - expected) < EPSILON, (key, cell.value, expected)
        else:
            assert (cell.value or None) == (expected or None), (key, cell.value, expected)
        compared += 1
    return compared


@pytest.mark.parametrize(("set_id", "level"), SETS)
def test_libreoffice_agrees_with_our_evaluation_in_every_set(set_id: str, level: str, tmp_path: Path) -> None:
    blankettset = catalog().blankettset(set_id, level)
    path = tmp_path / "bok.xlsx"
    facts = set_facts(set_id, level)
    build(path, blankettset, catalog().namnd(forms.namnd_of(set_id if level == "namnd" else "enhet")), facts)
    filled = read_filled(recalculated(path, tmp_path), catalog())
    assert agree(filled, Evaluation(blankettset, facts)) >= 3
    assert forms.flatten(forms.findings(filled)) == forms.flatten(forms.findings(read_filled(path, catalog())))


def test_libreoffice_agrees_with_every_stored_value_in_the_citys_workbook(tmp_path: Path) -> None:
    folder = tmp_path / "filer"
    folder.mkdir()
    synthetic_city(folder)
    city = tmp_path / "stad.xlsx"
    consolidate([folder], city, replace=False)
    stored = load_workbook(city, data_only=True)
    formulas = load_workbook(city)
    fresh = load_workbook(recalculated(city, tmp_path), data_only=True)
    compared = 0
    for sheet in formulas.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type != "f":
                    continue
                ours, theirs = stored[sheet.title][cell.coordinate].value, fresh[sheet.title][cell.coordinate].value
                if isinstance(ours, int | float):
                    assert theirs == pytest.approx(ours, abs=1e-6), (sheet.title, cell.coordinate, cell.value)
                else:
                    assert theirs in (ours, None, ""), (sheet.title, cell.coordinate)
                compared += 1
    assert compared > 500


UNITS = ("%", "st", "", "barn/avd.", "kg CO2 per kg livsmedel", "personer", "timmar")
NAMES = (
    "Antal barn per grupp",
    "Antal ungdomar",
    "Andel nöjda",
    "Index",
    "Antal personal en hemtjänsttagare möter i snitt",
)


def test_every_shape_of_value_is_read_alike_in_the_sheet_and_here(tmp_path: Path) -> None:
    """Value, target, unit, name and direction in every combination that matters, recalculated by LibreOffice."""
    blankettset = catalog().blankettset("2024-T1")
    facts = forms.base("2024-T1")
    start = 1 + max(int(row) for form, row, _ in facts if form == "indikatorer")
    shapes = [*SHAPES, "16,3 barn/avd", "16 barn/avd.", "2 timmar", "5\u00a0000 st", "3"]
    for number in range(len(shapes) * len(UNITS)):
        row, shape = str(start + number), shapes[number % len(shapes)]
        facts |= {
            ("indikatorer", row, "mal"): "1.1",
            ("indikatorer", row, "indikator"): NAMES[number % len(NAMES)],
            ("indikatorer", row, "enhet"): UNITS[number // len(shapes)] or None,
            ("indikatorer", row, "periodens_utfall"): shape,
            ("indikatorer", row, "prognos_helar"): shapes[number % 7] if number % 3 == 0 else None,
            ("indikatorer", row, "arsmal"): shapes[(number * 5) % len(shapes)],
            ("indikatorer", row, "utfall_foregaende"): shapes[(number * 3) % len(shapes)],
            ("indikatorer", row, "riktning"): ("hogre", "lagre", "band", "ingen")[number % 4],
        }
    path = tmp_path / "bok.xlsx"
    build(path, blankettset, catalog().namnd("SDN08"), facts)
    evaluation = Evaluation(blankettset, facts)
    assert agree(read_filled(recalculated(path, tmp_path), catalog()), evaluation) > 300
    judged = {evaluation.value(("indikatorer", str(start + n), "forslag")) for n in range(len(shapes) * len(UNITS))}
    assert judged >= {"helt", "ej", "ingen"}
