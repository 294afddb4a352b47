"""BF501-BF503: against the nämnd's earlier workbooks. Nothing is judged that was not given."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from addin.kommandon import main
from tests import forms
from validators.finding import Finding
from validators.validate import NotEarlier, validate
from workbook.evaluate import Key, Value
from workbook.filled import FilledSet

COVERED = {"BF501", "BF502", "BF503"}
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
    assert new(filed("2024-VB", prognos="284,8"), t2) == []
    found = new(filed("2024-VB", prognos="290"), t2)
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
