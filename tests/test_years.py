"""The sets of every year: made by rule, by analogy where no document prints them, and said so; nämnder that begin or end."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
from click.testing import CliRunner

from blankettset.addin.cli.kommandon import main
from blankettset.templates.catalog import Catalog, catalog
from blankettset.templates.errors import UnknownSet
from blankettset.templates.periods import begins_within, hands_in
from blankettset.validators.collection import Handed, Ticket, judge
from blankettset.validators.validate import validate
from blankettset.workbook.calc.evaluate import Facts
from blankettset.workbook.layout.placement import INDEX_SHEET
from blankettset.workbook.layout.start import starting_facts
from blankettset.workbook.read.bind import read_filled
from blankettset.workbook.read.xlsx_reader import read_workbook
from blankettset.workbook.write.build import build

EVERY = [(info.id, info.level) for info in catalog().periods.every(2028)]
ECONOMY = {"verksamhetsomraden", "resultatenheter", "investeringar"}


def test_every_set_from_2019_can_be_bound_and_has_what_its_period_needs() -> None:
    assert EVERY[0] == ("2019-VP", "namnd")
    assert len(EVERY) == 10 * 4 * 2
    for set_id, level in EVERY:
        forms = catalog().blankettset(set_id, level).blanketter
        assert {"forsattsblad", "mal", "indikatorer", "aktiviteter", "forklaringar", "kontroll"} <= set(forms), set_id
        assert level == "enhet" or set(forms) >= ECONOMY, set_id


def test_a_set_that_a_document_prints_has_no_form_by_analogy() -> None:
    for info in catalog().periods.every(2028):
        chosen = catalog()._chosen(info.id, info.level)
        assert bool(catalog().blankettset(info.id, info.level).analogy) is not info.documented
        if info.documented:
            assert not any(by_analogy for _, by_analogy in chosen.values()), info.id


def test_a_layout_whose_day_has_come_goes_before_one_by_analogy() -> None:
    assert catalog().layouts("2022-T2", "namnd")["verksamhetsomraden"].endswith("/t_2019.yaml")
    assert catalog().layouts("2022-T1", "namnd")["verksamhetsomraden"].endswith("/t_2024.yaml")
    assert catalog().layouts("2027-T2", "namnd") == catalog().layouts("2024-T2", "namnd")


def test_a_form_that_the_documents_print_later_can_be_barred_from_earlier_years() -> None:
    documents = copy.deepcopy(dict(catalog().documents))
    del documents["blanketter/driftbudget/t_2024.yaml"]["analogy"]
    assert "driftbudget" not in Catalog(documents).layouts("2022-T1", "namnd")
    assert "driftbudget" in catalog().layouts("2022-T1", "namnd")


@pytest.mark.parametrize("wrong", ["2018-VB", "2026-T3", "2026", "26-T1", "2026-vb", ""])
def test_what_is_no_set_is_answered_with_what_there_is(wrong: str) -> None:
    with pytest.raises(UnknownSet, match=r"»blankett ny --lista»"):
        catalog().blankettset(wrong)


@pytest.mark.parametrize("name", ["2019-T1 namnd SDN22", "2020-VP namnd SDN22", "2022-T2 namnd SDN08", "2023-VB namnd SDNJA",
                                  "2025-T1 namnd SDNNI", "2026-VB namnd SDN08", "2027-VP namnd SDN04", "2019-VP enhet SDN22",
                                  "2026-T2 enhet SDN08", "2023-VP namnd SDNJA"])  # fmt: skip
def test_an_empty_set_of_any_year_is_built_read_and_only_asks_to_be_filled_in(name: str, tmp_path: Path) -> None:
    set_id, level, code = name.split()
    path, blankettset = tmp_path / "bok.xlsx", catalog().blankettset(set_id, level)
    build(path, blankettset, catalog().namnd(code), starting_facts(blankettset))
    found = validate(read_filled(path, catalog())).findings
    assert {f.code for f in found} <= {"BF016", "BF018", "BF326"}
    index = read_workbook(path).sheet(INDEX_SHEET)
    assert index is not None
    said = [cell.text for cell in index.cells.values() if cell.text and cell.text.startswith("Inget dokument visar")]
    assert said == [blankettset.analogy]


# ---- nämnder that begin or end


def test_the_old_report_until_they_end_and_the_new_plan_for_the_rest_of_the_year() -> None:
    who = {
        set_id: {n.name for n in catalog().namnder.values() if hands_in(n, catalog().periods.info(set_id, "namnd"))}
        for set_id in ("2023-VP", "2023-T1", "2023-T2", "2020-T1", "2020-T2", "2024-VP")
    }
    assert {"Rinkeby-Kista", "Spånga-Tensta", "Järva", "Norrmalm", "Norra innerstaden"} <= who["2023-VP"]
    assert "Järva" not in who["2023-T1"]
    assert "Rinkeby-Kista" in who["2023-T1"]
    assert "Rinkeby-Kista" not in who["2023-T2"]
    assert len(who["2023-T2"]) == len(who["2024-VP"]) == 11
    assert "Älvsjö" in who["2020-T1"]
    assert "Hägersten-Älvsjö" in who["2020-T2"]


def test_a_plan_for_the_rest_of_the_year_says_so(tmp_path: Path) -> None:
    path, blankettset = tmp_path / "bok.xlsx", catalog().blankettset("2023-VP")
    assert begins_within(catalog().namnd("SDNJA"), blankettset)
    build(path, blankettset, catalog().namnd("SDNJA"), {})
    index = read_workbook(path).sheet(INDEX_SHEET)
    assert index is not None
    assert "Järva stadsdelsnämnd (SDNJA) · planen gäller 2023-07-01–2023-12-31" in {
        c.text for c in index.cells.values()
    }


def test_a_plan_for_the_rest_of_the_year_is_not_added_to_those_for_the_whole() -> None:
    def handed(ticket: Ticket) -> Handed:
        facts: Facts = {}
        return Handed(ticket, facts, frozenset(), (), (), {})

    tickets = [
        Ticket(f"{code}.xlsx", code, code, "2023-VP", "namnd", code) for code in ("SDN01", "SDN03", "SDNJA", "SDNNI")
    ]
    found = judge(tickets, handed, ())
    assert [filed.namnd for filed in found.filings] == ["SDN01", "SDN03", "SDNNI"]
    assert [(file, f.code) for file, f in found.findings if f.code == "BF604"] == [("SDNJA.xlsx", "BF604")]


# ---- the command


@pytest.mark.parametrize("said", ["SDN08", "sdn08", "Kungsholmen", "kungsholmens stadsdelsnämnd", " KUNGSHOLMEN "])
def test_a_namnd_is_known_by_code_and_name(said: str) -> None:
    assert catalog().namnd(said).code == "SDN08"


def test_a_misspelt_namnd_is_asked_about() -> None:
    with pytest.raises(UnknownSet, match=r"menade du Hässelby-Vällingby \(SDN04\)\?"):
        catalog().namnd("Hasselby Vallingby")
    with pytest.raises(UnknownSet, match=r"Det finns SDN01 Rinkeby-Kista"):
        catalog().namnd("Göteborg")


def test_the_list_names_every_period_and_namnd() -> None:
    done = CliRunner().invoke(main, ["ny", "--lista"])
    assert done.exit_code == 0
    for word in ("2019-T1", "2024-T1 ●", "2026-VB", "SDNJA? Järva", "2007-01-01–2023-06-30  sedan Järva"):
        assert word in done.output


def test_a_year_far_ahead_is_a_slip(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["ny", "--namnd", "SDN08", "--period", "2062-T1", "-o", str(tmp_path / "x.xlsx")])
    assert done.exit_code == 2
    assert "2062-T1 ligger långt fram" in done.output
    assert not (tmp_path / "x.xlsx").exists()
