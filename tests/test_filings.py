"""The real filings: exactly their real errors are found, and every transcribed figure stands in the document."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from addin.exempel import FAULTS, filings, synthetic_city
from templates.catalog import catalog
from tests import forms
from validators.validate import validate
from workbook.bind import read_filled
from workbook.build import build
from workbook.evaluate import Evaluation
from workbook.facts import read_facts
from workbook.filled import FilledSet

FOUND = {
    "2019-T2_SDN22": [],
    "2021-VP_SDN04": [
        "BF207 omradesdetalj.namnd_totalt.netto_foregaende",
        "BF207 omradesdetalj.namnd_totalt.prognos_foregaende",
        "BF207 omradesdetalj.flykting_summa.prognos_foregaende",
    ],
    "2024-T1_SDN08": [
        "BF302 resultatenheter.6.overforing_till",
        "BF204 investeringsprojekt.15.budget",
        "BF204 investeringsprojekt.15.prognos",
        "BF204 investeringsprojekt.16.prognos",
        "BF202 budgetjusteringar_drift.summa.belopp",
        "BF306 internkontroll.4.atgard",
    ],
}
NUMBER_WORDS = ("ingen", "en", "två", "tre", "fyra", "fem", "sex", "sju", "åtta", "nio", "tio", "elva", "tolv")
SEEDS = Path(__file__).parent.parent.parent / "shared" / "seeds"
FOLDERS = filings()


def built(folder: Path, tmp_path: Path) -> FilledSet:
    set_id, code = folder.name.split("_")
    blankettset = catalog().blankettset(set_id)
    path = tmp_path / "bok.xlsx"
    build(path, blankettset, catalog().namnd(code), read_facts(folder / "DATA.csv", blankettset))
    return read_filled(path, catalog())


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda f: f.name)
def test_a_real_filing_gives_its_real_errors_and_nothing_else(folder: Path, tmp_path: Path) -> None:
    assert forms.flatten(list(validate(built(folder, tmp_path)).findings)) == FOUND[folder.name]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda f: f.name)
def test_every_printed_figure_is_in_the_workbook(folder: Path, tmp_path: Path) -> None:
    set_id = folder.name.split("_")[0]
    printed = read_facts(folder / "DATA.csv", catalog().blankettset(set_id))
    filled = built(folder, tmp_path)
    for key, value in printed.items():
        found = filled.facts.get(key)
        if isinstance(value, str):
            assert found == value, key
        else:
            assert not filled.evaluation.differs(key, found, value), key


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda f: f.name)
@pytest.mark.filings
def test_every_transcribed_figure_is_printed_in_the_document(folder: Path) -> None:
    """The lines that KALLA.md cites for a form hold every number that DATA.csv has for it."""
    if not SEEDS.is_dir():
        pytest.skip("källdokumenten ligger inte bredvid projektet")
    cited = {
        m[1]: (m[2], m[3])
        for m in re.finditer(r"^\| (\w+) \| (\d{3}): ([\d, -]+) \|", (folder / "KALLA.md").read_text("utf-8"), re.M)
    }
    set_id = folder.name.split("_")[0]
    for (form, row, column), value in read_facts(folder / "DATA.csv", catalog().blankettset(set_id)).items():
        if form == "forsattsblad" or isinstance(value, str):
            continue
        document, places = cited[form]
        lines = next(SEEDS.glob(f"{document}_*.txt")).read_text("utf-8").split("\n")
        text = "\n".join(
            "\n".join(lines[int(start) - 1 : int(end or start)])
            for start, end in re.findall(r"(\d+)(?:-(\d+))?", places)
        )
        for number, word in enumerate(NUMBER_WORDS):
            text = re.sub(rf"\b{word}\b", str(number), text, flags=re.IGNORECASE)
        figures = {re.sub(r"[\s ]", "", figure) for figure in re.findall(r"-?\d[\d ]*(?:,\d+)?", text)}
        stated = f"{value:f}".replace(".", ",")
        assert {stated, stated.removesuffix(",0"), f"{stated},0"} & figures, (form, row, column, stated)


def test_budgetfoljsamhet_of_the_filings_is_what_the_formula_gives() -> None:
    wanted = {"2019-T2_SDN22": ("100.3", "100.2"), "2024-T1_SDN08": ("100.0", "100.0")}
    for folder in FOLDERS:
        if folder.name not in wanted:
            continue
        set_id = folder.name.split("_")[0]
        blankettset = catalog().blankettset(set_id)
        evaluation = Evaluation(blankettset, read_facts(folder / "DATA.csv", blankettset))
        rows = ("budgetfoljsamhet_fore", "budgetfoljsamhet_efter")
        found = tuple(str(evaluation.value(("nyckeltal", row, "varde"))) for row in rows)
        assert found == wanted[folder.name]


def test_in_the_synthetic_city_the_planted_faults_are_found_and_nothing_else(tmp_path: Path) -> None:
    planted = synthetic_city(tmp_path)
    assert len(planted) == len(FAULTS)
    expected = {
        "SDN06": ["BF402 verksamhetsomraden.aldreomsorg.prognos_fore"],
        "SDN12": ["BF401 driftbudget.intakter.prognos"],
        "SDN15": ["BF101 driftbudget.anslag_netto.budget"],
        "SDN24": ["BF016 verksamhetsomraden.forskola.prognos_efter"],
        "SDNJA": ["BF302 resultatenheter.1.overforing_till"],
    }
    for path in sorted(tmp_path.glob("*.xlsx")):
        filled = read_filled(path, catalog())
        assert forms.flatten(list(validate(filled).findings)) == expected.get(filled.namnd, []), path.name
