"""BF501-BF508: against the nämnd's earlier workbooks. Nothing is judged that was not given."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from blankettset.addin.cli.kommandon import main
from blankettset.validators.finding import Finding
from blankettset.validators.validate import validate
from blankettset.workbook.calc.evaluate import Key, Value
from blankettset.workbook.carry.past import NotEarlier
from blankettset.workbook.read.filled import FilledSet
from tests import forms

COVERED = {f"BF50{number}" for number in range(1, 9)}
AREAS = "verksamhetsomraden"


def filed(set_id: str, **rows: str) -> FilledSet:
    """A set with figures for förskola: column=value."""
    lines = "\n".join(f"{AREAS};forskola;{column};{value}" for column, value in rows.items())
    facts: dict[Key, Value] = forms.with_values(set_id, lines) if lines else dict(forms.base(set_id))
    return forms.handed_in(set_id, facts)


def new(now: FilledSet, *earlier: FilledSet) -> list[Finding]:
    """What the earlier workbooks add."""
    alone = set(forms.flatten(list(validate(now).findings)))
    return [f for f in validate(now, earlier).findings if forms.flatten([f])[0] not in alone]


def test_an_unchanged_budget_says_nothing() -> None:
    assert new(filed("2024-T2", budget="100"), filed("2024-T1", budget="100")) == []


def test_a_budget_changed_without_adjustment_is_found() -> None:
    found = new(filed("2024-T2", budget="105"), filed("2024-T1", budget="100"))
    assert forms.flatten(found) == [f"BF501 {AREAS}.forskola.budget"]
    assert "100,0 i 2024-T1" in found[0].hit.text


@pytest.mark.parametrize(
    ("now", "codes"), [("105", []), ("100", []), ("104", ["BF501"]), ("105,1", []), ("105,2", ["BF501"])]
)
def test_the_adjustment_that_was_asked_for_explains_it(now: str, codes: list[str]) -> None:
    earlier = filed("2024-T1", budget="100", begarda_justeringar="5")
    assert [f.code for f in new(filed("2024-T2", budget=now), earlier)] == codes


def test_the_latest_of_the_years_workbooks_counts() -> None:
    now, first, second = filed("2024-VB", budget="110"), filed("2024-T1", budget="100"), filed("2024-T2", budget="110")
    assert new(now, first, second) == []
    assert [f.code for f in new(now, first)] == ["BF501"]


def test_the_plan_is_compared_by_its_netto() -> None:
    plan = filed("2024-VP", kostnader="120", intakter="-20")
    assert new(filed("2024-T1", budget="100"), plan) == []
    assert [f.code for f in new(filed("2024-T1", budget="120"), plan)] == ["BF501"]


def test_the_t2_forecast_in_the_books_is_the_one_submitted() -> None:
    t2 = filed("2024-T2", prognos_fore="284,8")
    assert new(filed("2024-VB", prognos="284,8", utfall="285"), t2) == []
    found = new(filed("2024-VB", prognos="290", utfall="285"), t2)
    assert forms.flatten(found) == [f"BF502 {AREAS}.forskola.prognos"]
    assert found[0].hit.expected == Decimal("284.8")


UNIT = """
    resultatenheter;1;enhet;Servicehuset
    resultatenheter;1;bruttobudget;-66700
    resultatenheter;1;overforing_fran;{fran}
"""


@pytest.mark.parametrize(("opening", "codes"), [("-1000", []), ("-1200", ["BF503"]), ("1000", ["BF503"])])
def test_a_unit_opens_with_what_it_closed_with(opening: str, codes: list[str]) -> None:
    """The closing surplus 1 000 is printed +1 000 in one column and −1 000 in the other."""
    books = forms.handed_in("2024-VB", forms.with_values("2024-VB", UNIT.format(fran="-1000")))
    assert books.facts["resultatenheter", "1", "overforing_till"] == 1000
    last_year = msgspec.structs.replace(books, set=msgspec.structs.replace(books.set, id="2023-VB", year=2023))
    now = forms.handed_in("2024-T1", forms.with_values("2024-T1", UNIT.format(fran=opening)))
    assert [f.code for f in new(now, last_year)] == codes


@pytest.mark.parametrize(("outcome", "codes"), [("101", []), ("99", []), ("101,2", ["BF504"]), ("98,8", ["BF504"])])
def test_the_outcome_is_within_one_per_cent_of_the_t2_forecast(outcome: str, codes: list[str]) -> None:
    found = new(filed("2024-VB", prognos="100", utfall=outcome), filed("2024-T2", prognos_fore="100"))
    assert [f.code for f in found] == codes
    assert all("1,2 %" in f.hit.text for f in found)


@pytest.mark.parametrize(("now", "codes"), [("103", []), ("97", []), ("103,1", ["BF505"]), ("90", ["BF505"])])
def test_a_forecast_that_has_moved_since_t1_is_explained(now: str, codes: list[str]) -> None:
    found = new(filed("2024-T2", budget="100", prognos_efter=now), filed("2024-T1", budget="100", prognos_efter="100"))
    assert [f.code for f in found] == codes


def indicator(set_id: str, **values: str) -> FilledSet:
    """A set with one indicator of our own: column=value."""
    given = {"mal": "1.1.1", "indikator": "Andel nöjda hos oss", "riktning": "hogre", "enhet": "%"} | values
    lines = "\n".join(f"indikatorer;99;{column};{value}" for column, value in given.items() if value)
    return forms.handed_in(set_id, forms.with_values(set_id, lines))


@pytest.mark.parametrize(
    ("target", "analysis", "codes"),
    [("92 %", "", []), ("92%", "", []), ("75 %", "", ["BF506"]), ("75 %", "Nämnden har beslutat om 75 %.", [])],
)
def test_a_changed_target_is_decided(target: str, analysis: str, codes: list[str]) -> None:
    plan = indicator("2024-VP", arsmal="92 %", periodicitet="ar")
    assert [f.code for f in new(indicator("2024-T1", arsmal=target, period="2024", analys=analysis), plan)] == codes


@pytest.mark.parametrize(("given", "codes"), [("94,17 %", []), ("97,14 %", ["BF507"])])
def test_last_years_outcome_is_the_one_reported(given: str, codes: list[str]) -> None:
    books = indicator("2024-VB", arsmal="92 %", periodens_utfall="94,17 %")
    last_year = msgspec.structs.replace(books, set=msgspec.structs.replace(books.set, id="2023-VB", year=2023))
    now = indicator("2024-T1", arsmal="92 %", period="2024", utfall_foregaende=given)
    assert [f.code for f in new(now, last_year)] == codes


def test_a_unit_begins_all_the_year_with_the_same() -> None:
    first = forms.handed_in("2024-T1", forms.with_values("2024-T1", UNIT.format(fran="-1000")))
    for opening, codes in (("-1000", []), ("-1200", ["BF503"])):
        now = forms.handed_in("2024-T2", forms.with_values("2024-T2", UNIT.format(fran=opening)))
        found = new(now, first)
        assert [f.code for f in found] == codes
        assert all("2024-T1 började med 1 000" in f.hit.text for f in found)


def test_last_years_outcome_is_the_same_all_the_year() -> None:
    first = indicator("2024-T1", arsmal="92 %", period="2024", utfall_foregaende="94 %")
    for given, codes in (("94", []), ("95 %", ["BF507"])):
        now = indicator("2024-T2", arsmal="92 %", period="2024", utfall_foregaende=given)
        assert [f.code for f in new(now, first) if f.code != "BF408"] == codes


def test_the_same_analysis_as_before_does_not_explain_a_new_target() -> None:
    first = indicator("2024-T1", arsmal="92 %", period="2024", analys="Målet nås.")
    for said, codes in (("Målet nås.", ["BF506"]), ("Nämnden har beslutat om 75 %.", [])):
        now = indicator("2024-T2", arsmal="75 %", period="2024", analys=said)
        assert [f.code for f in new(now, first)] == codes


def balance(set_id: str, **figures: str) -> FilledSet:
    """A set whose balance sheet has these opening and closing current assets, and the same in eget kapital."""
    lines = [f"balansrakning;{row};{column};{value}" for column, value in figures.items()
             for row in ("omsattningstillgangar", "eget_kapital")]  # fmt: skip
    return forms.handed_in(set_id, forms.with_values(set_id, "\n".join(lines)))


def test_the_opening_balance_is_last_years_closing_and_the_same_all_the_year() -> None:
    t2 = balance("2024-T2", ib="142,5", ub="130")
    assert new(balance("2024-VB", ib="142,5", ub="120"), t2) == []
    found = new(balance("2024-VB", ib="145,2", ub="120"), t2)
    assert forms.flatten(found) == [
        "BF508 balansrakning.omsattningstillgangar.ib",
        "BF508 balansrakning.eget_kapital.ib",
    ]
    books = balance("2024-VB", ib="100", ub="142,5")
    last_year = msgspec.structs.replace(books, set=msgspec.structs.replace(books.set, id="2023-VB", year=2023))
    assert new(balance("2024-T2", ib="142,5", ub="130"), last_year) == []
    opening = new(balance("2024-T2", ib="100", ub="130"), last_year)
    assert [(f.code, len(f.parts)) for f in opening] == [("BF508", 2)]


EXPLAINED = """
    indikatorer;99;mal;1.1.1
    indikatorer;99;indikator;Andel nöjda hos oss
    indikatorer;99;riktning;hogre
    indikatorer;99;arsmal;80 %
    indikatorer;99;enhet;%
    indikatorer;99;prognos_helar;{prognos}
"""
WORDS = """
    forklaringar;1;kod;BF315
    forklaringar;1;blankett;indikatorer
    forklaringar;1;rad;99
    forklaringar;1;kolumn;analys
    forklaringar;1;siffror;70 % mot 80 %
    forklaringar;1;forklaring;Enkäten hade få svar.
"""


def test_an_explanation_holds_in_the_next_report_while_the_figures_are_the_same() -> None:
    before = forms.handed_in("2024-T1", forms.with_values("2024-T1", EXPLAINED.format(prognos="70 %") + WORDS))
    assert validate(before).explained == 1
    same = forms.handed_in("2024-T2", forms.with_values("2024-T2", EXPLAINED.format(prognos="70 %")))
    finding = next(f for f in validate(same, (before,)).findings if f.code == "BF315")
    assert finding.explanation == "Enkäten hade få svar. (ur 2024-T1)"
    changed = forms.handed_in("2024-T2", forms.with_values("2024-T2", EXPLAINED.format(prognos="69 %")))
    assert next(f for f in validate(changed, (before,)).findings if f.code == "BF315").explanation is None


def merged_into(namnd: str, old: tuple[str, ...], now: FilledSet) -> FilledSet:
    """The same set in a world where `old` became `namnd` on the first of July 2024."""
    world = {
        code: msgspec.structs.replace(n, valid_to="2024-06-30", successor=namnd) if code in old else n
        for code, n in now.set.namnder.items()
    }
    return msgspec.structs.replace(now, set=msgspec.structs.replace(now.set, namnder=world))


def test_a_merged_namnd_is_compared_with_its_predecessors_sum() -> None:
    first = msgspec.structs.replace(filed("2024-T1", budget="60"), namnd="SDN04")
    second = msgspec.structs.replace(filed("2024-T1", budget="40"), namnd="SDN06")
    now = merged_into("SDN08", ("SDN04", "SDN06"), filed("2024-T2", budget="100"))
    assert new(now, first, second) == []
    raised = merged_into("SDN08", ("SDN04", "SDN06"), filed("2024-T2", budget="110"))
    found = new(raised, second, first)
    assert forms.flatten(found) == [f"BF501 {AREAS}.forskola.budget"]
    assert "100,0 i 2024-T1 (pro forma: summan av SDN04 och SDN06)" in found[0].hit.text


def test_one_of_two_predecessors_is_not_enough() -> None:
    now = merged_into("SDN08", ("SDN04", "SDN06"), filed("2024-T2", budget="100"))
    with pytest.raises(NotEarlier, match="SDN06 ingick också"):
        validate(now, (msgspec.structs.replace(filed("2024-T1", budget="60"), namnd="SDN04"),))


def test_another_namnds_workbook_or_a_later_one_is_refused() -> None:
    now = filed("2024-T1")
    with pytest.raises(NotEarlier, match="inte tidigare"):
        validate(now, (filed("2024-T2"),))
    with pytest.raises(NotEarlier, match="inte tidigare"):
        validate(now, (now,))
    with pytest.raises(NotEarlier, match="hör till SDN22"):
        validate(now, (forms.handed_in("2019-T2"),))


def test_the_command_takes_earlier_files_and_the_receipt_names_them(tmp_path: Path) -> None:
    for set_id in ("2024-T1", "2024-T2"):
        (tmp_path / f"{set_id}.xlsx").write_bytes(forms.raw_bytes(set_id))
    first, second = str(tmp_path / "2024-T1.xlsx"), str(tmp_path / "2024-T2.xlsx")
    good = CliRunner().invoke(main, ["validera", second, "--foregaende", first, "--json"])
    assert good.exit_code == 0
    assert '"foregaende"' in good.stdout
    bad = CliRunner().invoke(main, ["validera", first, "--foregaende", second])
    assert bad.exit_code == 2
    assert bad.stderr.count("\n") == 1
    missing = CliRunner().invoke(main, ["validera", first, "--foregaende", str(tmp_path / "saknas.xlsx")])
    assert missing.exit_code == 2


def test_a_units_workbook_is_not_said_to_be_another_namnds() -> None:
    unit, own = forms.handed_in("2020-VP enhet"), forms.handed_in("2024-T1")
    with pytest.raises(NotEarlier, match=r"en enhets blankettset men .* är en nämnds"):
        validate(own, (unit,))
