"""Numbers and dates as people write them; the facts file; nyckeltal."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blankettset.workbook.calc.nyckeltal import (
    budgetfoljsamhet_efter,
    budgetfoljsamhet_fore,
    differens,
    i_planen,
    kvot_procent,
    lokalbidrag,
    prognossakerhet,
    summa_ifyllda,
    summa_med_forsta,
)
from blankettset.workbook.calc.nyckeltal import resultatoverforing as overforing
from blankettset.workbook.calc.values import (
    date_from_serial,
    excel_serial,
    format_number,
    parse_number,
    plain_number,
    says_no_figure,
)

D = Decimal


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1956,5", "1956.5"), ("1 956,5", "1956.5"), ("1\u00a0956,5", "1956.5"), ("1\u202f956,5", "1956.5"),
        ("-4,3", "-4.3"), ("\u22124,3", "-4.3"), ("\u20134,3", "-4.3"), ("- 4,3", "-4.3"), ("0", "0"), ("1.234", "1.234"),
        (" 12 ", "12"), ("12 345 678", "12345678"),
    ],
)  # fmt: skip
def test_a_number_in_any_dress(text: str, number: str) -> None:
    assert parse_number(text) == D(number)


@pytest.mark.parametrize(
    "text", ["", "-", "1 2", "12 34", "1,2,3", "1.234,5", "tolv", "5 %", "1e3", "--1", "NaN", "٣", "1 mnkr", "1_000"]
)
def test_what_is_no_number(text: str) -> None:
    assert parse_number(text) is None


@given(st.decimals(-(10**12), 10**12, places=3))
def test_numbers_survive_being_written(number: Decimal) -> None:
    assert parse_number(format_number(number)) == number
    assert parse_number(plain_number(number)) == number


@given(st.dates(datetime.date(1900, 3, 1), datetime.date(9999, 12, 31)))
def test_dates_survive_being_day_numbers(date: datetime.date) -> None:
    assert date_from_serial(D(excel_serial(date))) == date


def test_no_minus_before_a_zero() -> None:
    assert format_number(D("-0.04"), 1) == "0,0"


def test_a_ratio_without_a_base_is_nothing() -> None:
    assert kvot_procent(D(1), D(0)) is None
    assert kvot_procent(None, D(1)) is None
    assert kvot_procent(D(1), None) is None
    assert kvot_procent(D("100.25"), D(100)) == D("100.3")


def test_budgetfoljsamhet() -> None:
    assert budgetfoljsamhet_fore(D(102), D(98), D(2)) == D("102.0")
    assert budgetfoljsamhet_fore(D(102), None) is None
    assert budgetfoljsamhet_efter(D(102), D(98), D(2), D(2), D(-1)) == D("99.0")
    assert budgetfoljsamhet_efter(None, D(1)) is None
    assert budgetfoljsamhet_fore(D(1), D(-2), D(2)) is None


def test_prognossakerhet_is_signed() -> None:
    assert prognossakerhet(D(101), D(100)) == D("1.0")
    assert prognossakerhet(D(99), D(100)) == D("-1.0")
    assert prognossakerhet(D(1), D(0)) is None
    assert prognossakerhet(None, D(1)) is None


@pytest.mark.parametrize(
    ("fran", "resultat", "till", "over_ar", "over_fond"),
    [("0", "50", "50", "0", "0"), ("0", "51", "51", "1", "0"), ("60", "50", "110", "0", "10"),
     ("100", "-130", "-30", "0", "0"), ("-20", "60", "40", "10", "0")],
)  # fmt: skip
def test_a_unit_carries_over_within_its_limits(
    fran: str, resultat: str, till: str, over_ar: str, over_fond: str
) -> None:
    found = overforing(D(fran), D(resultat), D(1000), D("0.05"), D("0.10"))
    assert (found.till_nasta_ar, found.over_arets_grans, found.over_fondens_grans) == (
        D(till),
        D(over_ar),
        D(over_fond),
    )
    assert (found.arets_grans, found.fondens_grans) == (50, 100)


@pytest.mark.parametrize(("hyra", "tkr"), [("1769", "0"), ("1000", "0"), ("2500", "584.8"), ("2600", "624.8")])
def test_lokalbidrag_by_its_two_steps(hyra: str, tkr: str) -> None:
    assert lokalbidrag(D(hyra), D(1000), D(1769), D(2500), D("0.8"), D("0.4")) == D(tkr)


def test_lokalbidrag_without_rent_or_area_is_nothing() -> None:
    assert lokalbidrag(None, D(1), D(1), D(2), D(1), D(1)) is None
    assert lokalbidrag(D(1), None, D(1), D(2), D(1), D(1)) is None


def test_every_form_function_can_be_named_in_a_definition() -> None:
    from blankettset.templates.functions import FUNCTIONS
    from blankettset.workbook.calc.form_functions import FORM_FUNCTIONS

    assert set(FUNCTIONS) == set(FORM_FUNCTIONS)


def test_iu_in_any_dress() -> None:
    assert all(says_no_figure(text) for text in ("i.u.", "I.U.", " i.u ", "iu"))
    assert not any(says_no_figure(text) for text in ("", "i", "u.i.", "i.u. 5", "-"))


def test_figures_of_unknown_parts_are_unknown() -> None:
    assert differens(D(5), None) is None
    assert differens(D(5), D(7)) == -2
    assert summa_ifyllda(None, None) is None
    assert summa_ifyllda(None, D(0), D(3)) == 3
    assert summa_med_forsta(None, D(3)) is None
    assert summa_med_forsta(D(1), None, D(3)) == 4
    assert [i_planen(value, D(12)) for value in (None, D(11), D(12))] == [None, "nej", "ja"]
