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


def test_libreoffice_counts_iu_as_no_figure_as_we_do(tmp_path: Path) -> None:
    facts = forms.with_values(
        "2019-T2",
        """volymer;forskola_1_3;jan;i.u.
        volymer;forskola_1_3;feb;1959
        volymer;forskola_4_5;jan;2993
        volymer;aldreomsorg_vardplatser;jan;i.u.
        volymer_enheter;1;enhet;Axcgården
        volymer_enheter;1;matt;Tomma dygn
        volymer_enheter;1;jan;0,5
        volymer_enheter;1;feb;i.u.
        volymer_enheter;1;mar;1,5""",
    )
    path = tmp_path / "bok.xlsx"
    build(path, catalog().blankettset("2019-T2"), catalog().namnd("SDN22"), facts)
    filled = read_filled(recalculated(path, tmp_path), catalog())
    assert agree(filled, Evaluation(catalog().blankettset("2019-T2"), facts))
    assert filled.facts["volymer", "forskola_summa", "jan"] == 2993
    assert filled.facts["volymer", "forskola_1_3", "snitt"] == 1959
    assert filled.facts["volymer_enheter", "1", "snitt"] == 1
    assert filled.facts["volymer_enheter", "1", "feb"] == "i.u."


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
