"""Status of indicators, activities and goals: the boundaries of each proposal."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from blankettset.workbook.calc.status import (
    aktivitetslage,
    bedomt_varde,
    forsta_matvarde,
    indikatorstatus,
    malstatus,
    matvarde_tal,
    under_delvis,
    under_ej,
    under_helt,
)

TOLERANCE = D("0.2")


@pytest.mark.parametrize(
    ("text", "unit", "number"),
    [
        ("85 %", "%", "85"), ("85%", None, "85"), ("1 956,5 st", "st", "1956.5"), ("1\u00a0956,5\u202fst", "st", "1956.5"),
        ("\u22124,3 %", "%", "-4.3"), ("+/- 1 %", "%", "1"), ("Max 10 personer", "personer", "10"), (",5", None, "0.5"),
        ("16,3 barn/avd.", "barn/avd.", "16.3"), ("0", "st", "0"), ("90.5 %", "%", "90.5"), ("90 procent", "%", "90"),
        ("12 ST.", "st", "12"), ("max 10 personer", "personer", "10"), ("Högst 10", None, "10"), ("± 1 %", "%", "1"),
        ("16 barn/avd", "barn/avd.", "16"), ("2 timmar", "timmar", "2"),
        ("1,9 kg CO \u2082 per kg livsmedel", "kg CO2 per kg livsmedel", "1.9"),
    ],
)  # fmt: skip
def test_the_number_in_a_value(text: str, unit: str | None, number: str) -> None:
    assert matvarde_tal(text, unit) == D(number)


@pytest.mark.parametrize(
    "text", ["", "st", "%", "-", "i.u.", "öka", "Tas fram av nämnd", "12 av 14", "12/5", "2024-05-01", "16 barn"]
)
def test_what_is_no_number_in_the_rows_unit_is_none(text: str) -> None:
    assert matvarde_tal(text, "st") is None


def test_an_excel_number_stands_for_itself_and_a_blank_for_nothing() -> None:
    assert matvarde_tal(D("0.85"), "%") == D("0.85")
    assert matvarde_tal(None, "%") is None


def test_a_forecast_goes_before_an_outcome_and_a_count_needs_one() -> None:
    assert bedomt_varde("40 st", "12 st", "st") == 40
    assert bedomt_varde(None, "12 st", "st") is None
    assert bedomt_varde(None, "12 %", "%") == 12
    assert bedomt_varde("i.u.", "12 %", "%") is None
    assert forsta_matvarde("", "80 %", "%") == 80
    assert forsta_matvarde("75 %", "80 %", "%") == 75


@pytest.mark.parametrize(
    ("direction", "value", "target", "status"),
    [
        ("hogre", "80", "80", "helt"), ("hogre", "79.9", "80", "delvis"), ("hogre", "64", "80", "delvis"),
        ("hogre", "63.9", "80", "ej"), ("lagre", "8", "8", "helt"), ("lagre", "8.1", "8", "delvis"),
        ("lagre", "9.6", "8", "delvis"), ("lagre", "9.7", "8", "ej"), ("lagre", "0", "0", "helt"), ("lagre", "1", "0", "ej"),
        ("band", "1", "1", "helt"), ("band", "-1", "1", "helt"), ("band", "-1.2", "1", "delvis"), ("band", "1.3", "1", "ej"),
        ("ingen", "80", "80", "ingen"),
    ],
)  # fmt: skip
def test_a_value_against_its_target(direction: str, value: str, target: str, status: str) -> None:
    assert indikatorstatus(D(value), D(target), None, None, None, "%", direction, TOLERANCE) == status


@pytest.mark.parametrize(
    ("target", "value", "before", "status"),
    [("öka", "81", "80 %", "helt"), ("Ökning", "80", "80 %", "ej"), ("Minskning", "79", "80 %", "helt"),
     ("minska", "81", "80 %", "ej"), ("öka", "81", None, "ingen"), ("Tas fram av nämnd", "81", "80 %", "ingen")],
)  # fmt: skip
def test_a_target_to_raise_or_lower(target: str, value: str, before: str | None, status: str) -> None:
    assert indikatorstatus(D(value), None, None, target, before, "%", "hogre", TOLERANCE) == status
    assert indikatorstatus(D(value), None, target, "80 %", before, "%", "hogre", TOLERANCE) == status


def test_without_a_value_there_is_no_status() -> None:
    assert indikatorstatus(None, D(80), "80 %", None, "80 %", "%", "hogre", TOLERANCE) == "ingen"


def test_an_activity_is_late_when_its_end_has_passed_unfinished() -> None:
    assert aktivitetslage("pagar", "2024-04-30", "2024-04-30") == "forsenad"
    assert aktivitetslage("pagar", "2024-05-01", "2024-04-30") == "i_tid"
    assert aktivitetslage("klar", "2024-01-31", "2024-04-30") == "klar"
    assert aktivitetslage("ej_startad", None, "2024-04-30") == "i_tid"
    assert aktivitetslage(None, "2024-01-31", "2024-04-30") is None


GOALS = ("1", "1.1", "1.1.1", "1.1.2", "1.10", "1.10.1")


def below(number: str, statuses: tuple[str | None, ...], indicators: tuple[tuple[str, str | None, str], ...] = (),
          activities: tuple[tuple[str, str], ...] = ()) -> tuple[int, int, int]:  # fmt: skip
    columns = [tuple(each[i] for each in indicators) for i in range(3)] if indicators else [(), (), ()]
    states = [tuple(each[i] for each in activities) for i in range(2)] if activities else [(), ()]
    given = (number, GOALS, statuses, *columns, *states)
    return int(under_helt(*given)), int(under_delvis(*given)), int(under_ej(*given))


def test_only_the_goals_one_level_down_decide() -> None:
    statuses = (None, "helt", "ej", "helt", "delvis", "ej")
    assert below("1", statuses) == (1, 1, 0)
    assert below("1.1", statuses) == (1, 0, 1)
    assert below("1.10", statuses) == (0, 0, 1)


def test_indicators_and_activities_decide_where_no_goal_below_is_judged() -> None:
    indicators = (("1.1.1", None, "helt"), ("1.1.1", "delvis", "helt"), ("1.1.1", None, "ingen"), ("1.1", None, "ej"))
    activities = (("1.1.1", "klar"), ("1.1.1", "forsenad"), ("1.1.1", "i_tid"))
    assert below("1.1.1", (None,) * 6, indicators, activities) == (2, 1, 1)
    assert below("1.1", (None, None, "helt", "ingen", None, None), indicators) == (1, 0, 0)


@pytest.mark.parametrize(
    ("counts", "status"),
    [((0, 0, 0), "ingen"), ((3, 0, 0), "helt"), ((0, 0, 2), "ej"), ((5, 1, 0), "delvis"), ((1, 0, 1), "delvis"), ((0, 1, 0), "delvis")],
)  # fmt: skip
def test_a_goals_status_rolls_up(counts: tuple[int, int, int], status: str) -> None:
    assert malstatus(*(D(count) for count in counts)) == status
