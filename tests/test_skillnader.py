"""What differs from an earlier workbook: every cell that both have, list rows matched by name."""

from __future__ import annotations

from decimal import Decimal

from blankettset.validators.differences import Skillnad, as_json, differences
from blankettset.validators.earlier import earlier_workbooks
from blankettset.validators.validate import validate
from blankettset.workbook.read.filled import FilledSet
from tests import forms


def compared(now: FilledSet, before: FilledSet) -> list[Skillnad]:
    return list(differences(now, earlier_workbooks(now, (before,))[0]))


def filed(set_id: str, text: str) -> FilledSet:
    return forms.handed_in(set_id, forms.with_values(set_id, text))


def test_the_same_figures_differ_nowhere() -> None:
    text = "verksamhetsomraden;forskola;budget;100"
    assert compared(filed("2024-T2", text), filed("2024-T1", text)) == []


def test_a_changed_figure_is_told_with_before_after_and_change_and_so_are_its_sums() -> None:
    found = compared(
        filed("2024-T2", "verksamhetsomraden;forskola;budget;105,5"),
        filed("2024-T1", "verksamhetsomraden;forskola;budget;100"),
    )
    first = found[0]
    assert (first.blankett, first.rad, first.kolumn) == ("verksamhetsomraden", "Förskoleverksamhet", "Budget")
    assert (first.fore, first.nu, first.andring) == ("100,0", "105,5", Decimal("5.5"))
    assert first.cell is not None
    assert ("Totalt", "Budget") in {(each.rad, each.kolumn) for each in found}


def test_list_rows_are_matched_by_name_whatever_their_order() -> None:
    row = "investeringsprojekt;{0};projekt;{1}\ninvesteringsprojekt;{0};grupp;park\ninvesteringsprojekt;{0};budget;{2}"
    before = "\n".join([row.format(1, "Lekpark", "2,0"), row.format(2, "Gångväg", "1,0")])
    now = "\n".join([row.format(1, "Gångväg", "1,0"), row.format(2, "lekpark", "2,5"), row.format(3, "Brygga", "0,3")])
    found = compared(filed("2024-T2", now), filed("2024-T1", before))
    told = {(each.rad, each.kolumn, each.fore, each.nu) for each in found if each.blankett == "investeringsprojekt"}
    assert ("lekpark", "Budget 2024", "2,0", "2,5") in told or ("lekpark", "Budget", "2,0", "2,5") in told
    assert ("Brygga", "", "", "ny rad") in told
    assert not [each for each in told if each[0] == "Gångväg"]
    gone = compared(filed("2024-T2", row.format(1, "Gångväg", "1,0")), filed("2024-T1", before))
    assert ("Lekpark", "fanns", "borttagen") in {(each.rad, each.fore, each.nu) for each in gone}


def test_an_indicator_is_matched_within_its_goal() -> None:
    row = "indikatorer;200;mal;1.1\nindikatorer;200;indikator;Egen\nindikatorer;200;riktning;hogre\nindikatorer;200;arsmal;{}"
    found = compared(filed("2024-T2", row.format("75 %")), filed("2024-T1", row.format("92 %")))
    assert [(each.rad, each.kolumn, each.fore, each.nu) for each in found] == [("Egen", "Årsmål", "92 %", "75 %")]


def test_the_json_counts_all_and_shows_the_first() -> None:
    before = filed("2024-T1", "verksamhetsomraden;forskola;budget;100")
    now = filed("2024-T2", "verksamhetsomraden;forskola;budget;105")
    told = validate(now, (before,)).as_json()["skillnader"]
    assert [(each["mot"], each["antal"]) for each in told] == [("2024-T1", len(compared(now, before)))]
    assert told[0]["skillnader"][0]["andring"] == "5,0"
    assert "skillnader" not in validate(now).as_json()
    assert as_json(now, ()) == []
