"""Handing out to every nämnd and unit, and mergers: what is added, what is only told, whose rows come once."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from blankettset.addin.cli.exempel import synthetic_city
from blankettset.addin.cli.kommandon import main
from blankettset.templates.catalog import catalog
from blankettset.templates.model import Blankettset
from blankettset.workbook.carry.begin import begin
from blankettset.workbook.carry.past import NotEarlier, Past, pasts
from blankettset.workbook.read.bind import read_filled
from blankettset.workbook.read.filled import FilledSet
from tests import forms
from tests.rullning import note, values


def run(*args: object) -> tuple[int, str, str]:
    done = CliRunner().invoke(main, [str(arg) for arg in args])
    return done.exit_code, done.stdout, done.stderr


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stad")
    synthetic_city(folder)
    return folder


# ---- everybody's workbook


def test_every_namnd_of_the_day_gets_one_with_slks_budget_locked(city: Path, tmp_path: Path) -> None:
    slk = tmp_path / "SLK.csv"
    slk.write_text("namnd;period;blankett;rad;kolumn;varde\n" + "".join(
        f"{code};2024-T2;verksamhetsomraden;forskola;budget;{number}\n" for number, code in enumerate(("SDN04", "SDNJA"), start=300)
    ), encoding="utf-8")  # fmt: skip
    code, said, wrong = run(
        "ny", "--alla", tmp_path / "ut", "--period", "2024-T2", "--foregaende", city, "--ifyllt", slk
    )
    assert (code, wrong.strip()) == (0, "")
    made = sorted((tmp_path / "ut").glob("*.xlsx"))
    assert len(made) == 11
    assert said.count("att granska") == 11
    filled = read_filled(tmp_path / "ut" / "2024-T2_SDNJA.xlsx", catalog())
    assert (filled.namnd, filled.facts["verksamhetsomraden", "forskola", "budget"]) == ("SDNJA", Decimal(301))
    assert [each.source for each in filled.carried if each.mark == "L"] == ["SLK.csv"]


def test_a_file_that_cannot_be_rolled_is_named_and_the_rest_made(city: Path, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    files = sorted(city.glob("*.xlsx"))[:2]
    for path in files:
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / f"kopia_{files[0].name}").write_bytes(files[0].read_bytes())
    (folder / "trasig.xlsx").write_bytes(b"ingen bok")
    code, said, wrong = run("ny", "--alla", tmp_path / "ut", "--period", "2024-T2", "--foregaende", folder)
    assert code == 1
    assert "trasig.xlsx" in wrong
    assert "Ta bort den ena" in wrong
    assert said.count("att granska") == 1
    assert said.count(": tom.") == 9
    again = run("ny", "--alla", tmp_path / "ut", "--period", "2024-T2")
    assert (again[0], "innehåller redan" in again[2]) == (2, True)


def test_the_units_on_a_list_get_theirs(tmp_path: Path) -> None:
    units = tmp_path / "enheter.csv"
    units.write_text("enhet;omrade\nPilträdet;aldreomsorg\nÄngens förskola;Förskoleverksamhet\n", encoding="utf-8")
    args = ("ny", "--alla", tmp_path / "ut", "--niva", "enhet", "--namnd", "Kungsholmen", "--period", "2024-VP")
    assert run(*args, "--enheter", units)[0] == 0
    filled = read_filled(tmp_path / "ut" / "2024-VP_SDN08_angens-forskola.xlsx", catalog())
    assert filled.facts["forsattsblad", "enhet", "uppgift"] == "Ängens förskola"
    assert filled.facts["forsattsblad", "omrade", "uppgift"] == "forskola"
    units.write_text("enhet;omrade\n;iof\nA;forskolan\na;iof\n", encoding="utf-8")
    code, _, wrong = run(*args, "--enheter", units)
    assert (code, [line.partition(":")[0] for line in wrong.splitlines()]) == (2, [f"enheter.csv, rad {n}" for n in (2, 3, 4)])  # fmt: skip
    assert "menade du »forskola»" in wrong


def test_too_old_a_workbook_is_refused_with_those_that_fit(tmp_path: Path) -> None:
    old = tmp_path / "gammal.xlsx"
    old.write_bytes(forms.raw_bytes("2021-VP"))
    code, _, wrong = run(
        "ny", "--namnd", "SDN04", "--period", "2024-T1", "--foregaende", old, "-o", tmp_path / "ny.xlsx"
    )
    assert (code, "börjar med 2024-VP" in wrong, "2023-VB" in wrong) == (2, True, True)
    assert not (tmp_path / "ny.xlsx").exists()
    assert run("ny", "--namnd", "SDN04", "--period", "2024-T1", "--foregaende", old, "--lamna-kvar", "-o", tmp_path / "ny.xlsx")[0] == 0  # fmt: skip


# ---- mergers


def part(namnd: str, text: str, set_id: str = "2023-T1") -> FilledSet:
    return msgspec.structs.replace(forms.handed_in(set_id, forms.with_values(set_id, text)), namnd=namnd, file=f"{namnd}.xlsx")  # fmt: skip


ONE = """
    verksamhetsomraden;forskola;budget;60
    sjukfranvaro;total;jan;6,0
    resultatenheter;1;enhet;Hemtjänst
    resultatenheter;1;bruttobudget;-100
    mal;{n};nummer;1.1.1
    mal;{n};niva;namndmal
    mal;{n};titel;Eget mål ett
    mal;{n};forvantat_resultat;Bra
    indikatorer;2;mal;1.1.1
    indikatorer;2;indikator;Vår egen
    indikatorer;2;riktning;hogre
    indikatorer;2;arsmal;80 %
    indikatorer;2;enhet;%
"""


@pytest.fixture(scope="module")
def merged() -> tuple[Blankettset, Past]:
    one = part("SDN01", ONE.format(n=90))
    two = part("SDN03", ONE.format(n=90).replace("60", "40").replace("6,0", "8,0").replace("mål ett", "mål två").replace("80 %", "70 %").replace("Vår egen", "Deras egen"))  # fmt: skip
    blankettset = catalog().blankettset("2023-T2")
    return blankettset, pasts(blankettset, "SDNJA", "ny.xlsx", (one, two))[0]


def test_amounts_are_added_and_rates_only_told(merged: tuple[Blankettset, Past]) -> None:
    blankettset, past = merged
    assert past.facts["verksamhetsomraden", "forskola", "budget"] == 100
    assert ("sjukfranvaro", "total", "jan") not in past.facts
    result = begin(blankettset, [past])
    assert values(result, "verksamhetsomraden", "budget", "G")["forskola"] == 100
    assert "Rinkeby-Kista: 6; Spånga-Tensta: 8" in note(result, "sjukfranvaro", "total", "jan")
    assert {each.mark for each in result.carried} <= {"G", "N"}
    assert ("forsattsblad", "kontakt", "uppgift") not in result.facts


def test_rows_follow_each_other_with_own_goals_renumbered_and_equal_names_told_apart(merged: tuple[Blankettset, Past]) -> None:  # fmt: skip
    blankettset, past = merged
    result = begin(blankettset, [past])
    assert sorted(map(str, values(result, "resultatenheter", "enhet").values())) == ["Hemtjänst (Rinkeby-Kista)", "Hemtjänst (Spånga-Tensta)"]  # fmt: skip
    own = {result.facts["mal", key[1], "titel"]: value for key, value in result.facts.items() if key[0] == "mal" and key[2] == "nummer" and str(value).count(".") == 2}  # fmt: skip
    assert own["Eget mål ett"] != own["Eget mål två"]
    under = {result.facts["indikatorer", key[1], "indikator"]: value for key, value in result.facts.items() if key[0] == "indikatorer" and key[2] == "mal" and str(value).count(".") == 2}  # fmt: skip
    assert under == {"Vår egen": own["Eget mål ett"], "Deras egen": own["Eget mål två"]}


def test_kfs_rows_come_once(merged: tuple[Blankettset, Past]) -> None:
    _, past = merged
    one = part("SDN01", ONE.format(n=90))
    for form, column in (("mal", "nummer"), ("indikatorer", "mal")):
        kf = [row for row in one.forms[form].items if str(one.facts[form, row, column]).count(".") < 2]
        together = [row for row in past.items[form] if str(past.facts[form, row, column]).count(".") < 2]
        assert kf
        assert len(together) == len(kf)
        assert len(past.items[form]) == len(kf) + 2 * (len(one.forms[form].items) - len(kf))


def test_one_of_two_is_not_enough() -> None:
    with pytest.raises(NotEarlier, match="SDN03 ingick också"):
        pasts(catalog().blankettset("2023-T2"), "SDNJA", "ny.xlsx", (part("SDN01", ONE.format(n=90)),))
