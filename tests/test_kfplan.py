"""Kommunfullmäktige's plan of a year: an empty sheet, the filled one or a CSV, and sets of years with and without a plan."""

from __future__ import annotations

import shutil
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner, Result

from blankettset.addin.check.kfplan import HEADINGS, BadPlan, read_plan, write_sheet
from blankettset.addin.cli.kommandon import main
from blankettset.templates.catalog import catalog, load
from blankettset.validators.validate import validate
from blankettset.workbook.layout.start import starting_facts
from tests import forms

CSV = """År;2027
Mål;Slag;Mål eller indikator;KF:s årsmål;Enhet;Riktning;Periodicitet;Könsuppdelad
1;Inriktningsmål;En sammanhållen stad;;;;;
1.1;KF:s mål;Alla barn lär sig läsa;;;;;
1.1;Indikator;Andel som läser;79 %;%;Högre är bättre;Tertial;Ja
1.1;indikator;Antal böcker;;st;hogre;ar;nej
"""


def blankett(*args: object) -> Result:
    return CliRunner().invoke(main, [str(arg) for arg in args])


@pytest.fixture
def stad(tmp_path: Path) -> Path:
    folder = tmp_path / "staden"
    assert blankett("stad", "ny", folder).exit_code == 0
    return folder


def plan(folder: Path, text: str = CSV) -> Path:
    path = folder / "plan.csv"
    path.write_text(text, "utf-8")
    return path


def test_a_year_without_a_plan_begins_with_the_latest_one_without_targets_and_is_told_once() -> None:
    known, without = catalog().blankettset("2024-T1"), catalog().blankettset("2026-T1")
    assert (without.kf.faststalld, without.kf.ar, known.kf.faststalld, known.kf.ar) == (False, 2024, True, 2024)
    facts = starting_facts(without)
    assert len(facts) > 300
    assert not [key for key in facts if key[2] == "kf_arsmal"]
    assert "ej fastställda här: raderna är 2024 års" in without.blanketter["mal"].purpose
    assert "ej fastställda" not in known.blanketter["mal"].purpose
    found = forms.findings(forms.handed_in("2026-T1"))
    assert [f.code for f in found] == ["BF326"]


def test_nothing_is_held_against_a_plan_that_is_not_decided() -> None:
    facts = {key: value for key, value in forms.base("2026-T1").items() if key[:2] != ("mal", "2")}
    facts["indikatorer", "1", "riktning"] = "lagre"
    facts["indikatorer", "1", "kf_arsmal"] = "12"
    codes = {f.code for f in validate(forms.handed_in("2026-T1", facts)).findings}
    assert not codes & {"BF310", "BF311", "BF323"}
    assert "BF326" in codes


def test_a_filled_csv_becomes_the_years_plan(stad: Path, tmp_path: Path) -> None:
    done = blankett("kf", plan(tmp_path), "--stad", stad)
    assert done.exit_code == 0, done.output
    assert "2 mål och 2 indikatorer för 2027; 1 av dem utan årsmål" in done.output
    found = load(stad=stad).blankettset("2027-T1")
    assert (found.kf.ar, found.kf.faststalld) == (2027, True)
    assert [
        (each.mal, each.namn, each.arsmal, each.riktning, each.period, each.kon) for each in found.kf.indikatorer
    ] == [
        ("1.1", "Andel som läser", "79 %", "hogre", "tertial", True),
        ("1.1", "Antal böcker", None, "hogre", "ar", False),
    ]
    assert load(stad=stad).blankettset("2028-VP").kf.ar == 2027
    assert not load(stad=stad).blankettset("2028-VP").kf.faststalld
    again = blankett("kf", plan(tmp_path), "--stad", stad)
    assert again.exit_code == 2
    assert "--ersatt" in again.output
    assert blankett("kf", plan(tmp_path), "--stad", stad, "--ersatt").exit_code == 0


def test_the_sheet_filled_in_excel_and_read_gives_the_same_plan(tmp_path: Path) -> None:
    path = tmp_path / "plan.xlsx"
    write_sheet(path, catalog(), 2024, replace=False)
    year, found = read_plan(path, catalog())
    known = catalog().documents["kf/2024.yaml"]
    assert year == 2024
    drop = {"source"}
    assert [{k: v for k, v in each.items() if k not in drop} for each in found["mal"]] == [
        {k: v for k, v in each.items() if k not in drop} for each in known["mal"]
    ]
    order = {goal["nummer"]: i for i, goal in enumerate(known["mal"])}
    wanted = sorted(known["indikatorer"], key=lambda each: order[each["mal"]])
    assert [{k: v for k, v in each.items() if k not in drop} for each in found["indikatorer"]] == [
        {k: v for k, v in each.items() if k not in drop} for each in wanted
    ]


def test_a_sheet_for_a_year_without_a_plan_has_the_latest_rows_without_targets(tmp_path: Path) -> None:
    path = tmp_path / "plan.xlsx"
    assert blankett("kf", "--mall", path, "--ar", "2027").exit_code == 0
    sheet = openpyxl.load_workbook(path).worksheets[0]
    assert [cell.value for cell in sheet[3]] == list(HEADINGS)
    assert sheet["B1"].value == 2027
    assert "Raderna är 2024 års, utan årsmål" in sheet["C2"].value
    assert {row[3].value for row in sheet.iter_rows(min_row=4)} == {None}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("Högre är bättre", "Högre är bätre"), "rad 5: Riktning är »Högre är bätre» men ska vara Högre är bättre, Lägre är bättre, Inom intervall, Ingen riktning; menade du »Högre är bättre»?"),
        (("1.1;Indikator", "1.3;Indikator"), "rad 5: målet 1.3 finns inte i planen; menade du »1.1»?"),
        (("1.1;KF:s mål", "1.1;Inriktningsmål"), "rad 4: 1.1 är inte ett nummer för inriktningsmål"),
        (("1;Inriktningsmål;En sammanhållen stad;;;;;\n", ""), "rad 3: målet 1.1 står före inriktningsmålet 1, eller utan det."),
        (("Antal böcker", "andel som läser"), "rad 6: indikatorn »andel som läser» finns redan under mål 1.1."),
        (("Alla barn lär sig läsa", ""), "rad 4: texten saknas."),
        (("År;2027", "År;27"), "året är »27»"),
        (("1.1;Indikator;Andel", "ett;Indikator;Andel"), "rad 5: målets nummer är »ett»"),
        (("läsa;;", "läsa;80 %;"), "rad 4: KF:s årsmål fylls bara i för indikatorer."),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_line_and_nothing_is_written(
    change: tuple[str, str], said: str, stad: Path, tmp_path: Path
) -> None:
    done = blankett("kf", plan(tmp_path, CSV.replace(*change)), "--stad", stad)
    assert done.exit_code == 2
    assert said in done.output
    assert "inget har skrivits" in done.output
    assert not list((stad / "kf").iterdir())


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(BadPlan) as error:
        read_plan(
            plan(tmp_path, CSV.replace("Tertial", "Varje vecka").replace("Ja", "Kanske").replace(";st;", ";st;åt")),
            catalog(),
        )
    assert len(error.value.mistakes) == 3


def test_a_misspelt_heading_and_a_table_without_headings_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadPlan, match=r"kolumnen »KF:s årsmål» saknas; menade du »KF:s arsmål»\?"):
        read_plan(plan(tmp_path, CSV.replace("KF:s årsmål", "KF:s arsmål")), catalog())
    with pytest.raises(BadPlan, match="rubriken saknas"):
        read_plan(plan(tmp_path, "a;b\n1;2\n"), catalog())


def test_a_plan_without_a_folder_to_put_it_in_says_how_to_get_one(tmp_path: Path) -> None:
    done = blankett("kf", plan(tmp_path))
    assert done.exit_code == 2
    assert "blankett stad ny" in done.output


def test_the_year_of_the_sheet_and_of_the_option_must_agree(stad: Path, tmp_path: Path) -> None:
    done = blankett("kf", plan(tmp_path), "--ar", "2026", "--stad", stad)
    assert done.exit_code == 2
    assert "säger året 2027 men --ar är 2026" in done.output
    shutil.rmtree(stad)
    assert blankett("kf", plan(tmp_path), "--stad", stad).exit_code == 2
