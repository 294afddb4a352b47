"""Analysis cells call the add-in's functions with our own formula behind them: right with and without the add-in."""

from __future__ import annotations

import re
import shutil
import zipfile
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import load_workbook

from blankettset.addin.cli.exempel import filings
from blankettset.addin.excel import formelfunktioner
from blankettset.templates.catalog import catalog
from blankettset.validators.validate import validate
from blankettset.workbook.calc.evaluate import Evaluation, Key
from blankettset.workbook.calc.form_functions import FORM_FUNCTIONS, STORED
from blankettset.workbook.layout.formula_text import same_formula
from blankettset.workbook.read.bind import read_filled
from blankettset.workbook.read.facts import read_facts
from blankettset.workbook.write.build import build
from tests import forms
from tests.test_libreoffice import SETS, recalculated, set_facts

CALL = re.compile(rf"^=IFERROR\({STORED}(?P<name>[A-Z]+)\((?P<args>[^()]*)\),(?P<own>.*)\)$")
KEPT_WHOLE = {"budgetfoljsamhet", "prognossakerhet"}


def with_a_call(evaluation: Evaluation) -> dict[Key, str]:
    """The cells of a set that call the add-in, and with which function."""
    return {
        key: cell.function.name
        for key, cell in evaluation.computed()
        if cell.function is not None and FORM_FUNCTIONS[cell.function.name].stored
    }


def our_answer(name: str, *args: Decimal) -> object:
    """What the add-in's function gives for these cells."""
    return getattr(formelfunktioner, name.lower())(*map(float, args))[0][0]


def built(set_id: str, level: str, path: Path) -> Evaluation:
    blankettset = catalog().blankettset(set_id, level)
    facts = set_facts(set_id, level)
    build(path, blankettset, catalog().namnd(forms.namnd_of(set_id if level == "namnd" else "enhet")), facts)
    return Evaluation(blankettset, facts)


@pytest.mark.parametrize(("set_id", "level"), SETS)
def test_a_call_to_the_addin_always_has_our_own_formula_behind_it(set_id: str, level: str, tmp_path: Path) -> None:
    evaluation = built(set_id, level, tmp_path / "bok.xlsx")
    found: dict[str, set[str]] = {}
    for sheet in load_workbook(tmp_path / "bok.xlsx").worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type != "f" or STORED not in str(cell.value):
                    continue
                match = CALL.match(str(cell.value))
                assert match, (sheet.title, cell.coordinate, cell.value)
                assert match["name"] in catalog().nyckeltal
                assert STORED not in match["own"]
                found.setdefault(sheet.title, set()).add(match["name"])
    analysed = {evaluation.set.blanketter[form].sheet for form, _, _ in with_a_call(evaluation)}
    assert set(found) == analysed
    assert analysed <= {"Nyckeltal"}  # figures that are reported are our own formulas alone


def test_every_set_with_a_budget_to_follow_has_such_cells(tmp_path: Path) -> None:
    counts = {
        set_id: len(with_a_call(built(set_id, level, tmp_path / f"{set_id}{level}.xlsx"))) for set_id, level in SETS
    }
    assert (counts["2019-T2"], counts["2024-T1"], counts["2024-T2"], counts["2024-VB"]) == (2, 2, 2, 3)


@pytest.mark.parametrize(("set_id", "level"), [each for each in SETS if each[0] in ("2019-T2", "2024-T1", "2024-VB")])
def test_the_addins_function_and_our_formula_give_the_same(set_id: str, level: str, tmp_path: Path) -> None:
    evaluation = built(set_id, level, tmp_path / "bok.xlsx")
    for (form, row, column), name in with_a_call(evaluation).items():
        assert name in KEPT_WHOLE
        above, below = (evaluation.value((form, row, each)) for each in ("taljare", "namnare"))
        assert isinstance(above, Decimal)
        assert isinstance(below, Decimal)
        first = above + below if name == "prognossakerhet" else above
        expected = evaluation.value((form, row, column))
        assert our_answer(name, first, below) == (float(expected) if isinstance(expected, Decimal) else "")


@pytest.mark.parametrize("denominator", ["0", "100", "-100", "0.004"])
@pytest.mark.parametrize("numerator", ["0", "100.05", "-3.25", "1433.1"])
def test_they_agree_at_the_edges_too(numerator: str, denominator: str) -> None:
    above, below = Decimal(numerator), Decimal(denominator)
    for name, first in (("budgetfoljsamhet", above), ("prognossakerhet", above + below)):
        expected = FORM_FUNCTIONS[name].python(above, below)
        assert our_answer(name, first, below) == ("" if expected is None else float(expected))


@pytest.mark.libreoffice
@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice (soffice) finns inte på den här maskinen")
def test_without_the_addin_libreoffice_shows_what_the_function_gives(tmp_path: Path) -> None:
    folder = next(each for each in filings() if each.name.startswith("2024-T1"))
    blankettset = forms.filing_set(folder)
    facts = read_facts(folder / "DATA.csv", blankettset)
    build(tmp_path / "bok.xlsx", blankettset, catalog().namnd("SDN08"), facts)
    shown = read_filled(recalculated(tmp_path / "bok.xlsx", tmp_path), catalog()).facts
    for form, row, column in with_a_call(Evaluation(blankettset, facts)):
        above, below = shown[form, row, "taljare"], shown[form, row, "namnare"]
        assert isinstance(above, Decimal)
        assert isinstance(below, Decimal)
        assert shown[form, row, column] == Decimal(str(our_answer("BUDGETFOLJSAMHET", above, below)))


@pytest.mark.parametrize(
    "handed_in",
    [
        "IFERROR(_xldudf_STHLM_BUDGETFOLJSAMHET(C8,D8),IF(D8=0,\"\",ROUND(100*(C8)/(D8),1)))",
        "IFERROR(STHLM.BUDGETFOLJSAMHET(C8,D8),IF(D8=0,\"\",ROUND(100*(C8)/(D8),1)))",
        "IFERROR(@STHLM.BUDGETFOLJSAMHET(C8,D8),IF(D8=0,\"\",ROUND(100*(C8)/(D8),1)))",
        "IFERROR(_xldudf_sthlm_budgetfoljsamhet(C8,D8),IF(D8=0,\"\",ROUND(100*(C8)/(D8),1)))",
    ],
)  # fmt: skip
def test_whichever_way_excel_writes_the_call_it_is_our_formula(handed_in: str) -> None:
    own = 'IFERROR(_xldudf_STHLM_BUDGETFOLJSAMHET(C8,D8),IF(D8=0,"",ROUND(100*(C8)/(D8),1)))'
    assert same_formula(handed_in, own)
    assert not same_formula(handed_in.replace("C8,D8", "C8,C8"), own)
    assert not same_formula(handed_in.replace("BUDGET", "AVVIK").replace("budget", "avvik"), own)


def test_a_workbook_saved_with_the_displayed_name_still_passes(tmp_path: Path) -> None:
    """Excel has been seen to store another spelling than ours; the check must not blame the economist for it."""
    path, other = tmp_path / "bok.xlsx", tmp_path / "annan.xlsx"
    path.write_bytes(forms.raw_bytes("2024-T1"))
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(other, "w") as target:
        for info in source.infolist():
            target.writestr(info, source.read(info).replace(STORED.encode(), b"STHLM."))
    assert validate(read_filled(other, catalog())).findings == validate(read_filled(path, catalog())).findings
