"""Every value shape of the five documents, read and written back."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blankettset.workbook.calc.matvarde import UNITS, Matvarde, Slag, skriv, tolka

D = Decimal
SEEDS = Path(__file__).parent.parent.parent / "shared" / "seeds"

NUMBERS = [
    ("12 %", "12", "%", 0), ("0,8 %", "0.8", "%", 1), ("3,25 %", "3.25", "%", 2), ("12%", "12", "%", 0), ("85", "85", None, 0),
    ("3,8", "3.8", None, 1), ("100,0", "100", None, 1), ("320 st", "320", "st", 0), ("4,9 st", "4.9", "st", 1),
    ("1 599 st", "1599", "st", 0), ("1\u00a0599 st", "1599", "st", 0), ("16,3 barn/avd.", "16.3", "barn/avd.", 1),
    ("3,3 GWh", "3.3", "GWh", 1), ("1 947 GWh", "1947", "GWh", 0), ("1,9 kg CO2 per kg livsmedel", "1.9", "kg CO2 per kg livsmedel", 1),
    ("1,9 kg CO ₂ per kg livsmedel", "1.9", "kg CO2 per kg livsmedel", 1),
    ("10 % energieffektivisering relativt 2018", "10", "% energieffektivisering relativt 2018", 0),
    ("11 117 kr/mån", "11117", "kr/mån", 0), ("1 812 tkr per månad", "1812", "tkr/mån", 0), ("−4,3 mnkr", "-4.3", "mnkr", 1),
    ("-2,0", "-2", None, 1), ("1\u202f956,5", "1956.5", None, 1), ("5,0 mkr", "5", "mnkr", 1),
]  # fmt: skip


@pytest.mark.parametrize(("text", "number", "unit", "decimals"), NUMBERS)
def test_figures_with_their_units(text: str, number: str, unit: str | None, decimals: int) -> None:
    found = tolka(text)
    assert found is not None
    assert (found.slag, found.tal, found.enhet, found.decimaler) == (Slag.TAL, D(number), unit, decimals)


OTHERS = [
    ("+/- 1 %", Slag.BAND), ("+/-1 %", Slag.BAND), ("± 1 %", Slag.BAND), ("Max 10 personer", Slag.TAK),
    ("Max 10 person er", Slag.TAK), ("max 10", Slag.TAK), ("Öka", Slag.OKA), ("öka", Slag.OKA), ("Ökning", Slag.OKA),
    ("Minskning", Slag.MINSKA), ("Tas fram av nämnd", Slag.NAMND), ("tas fram av nämnden", Slag.NAMND),
    ("Tas fram av nämnd/styrelse", Slag.NAMND), ("Tas fram av nämnd/ styrelse", Slag.NAMND),
    ("Tas fram av nämnd/s tyrelse", Slag.NAMND), ("Fastställs 2021", Slag.SENARE), ("Fastställs t1", Slag.SENARE),
    ("Fastställt 2024", Slag.SENARE), ("Faststälts 2024", Slag.SENARE), ("Faststäl ls 2024", Slag.SENARE),
    ("i.u.", Slag.UPPGIFT_SAKNAS), ("-", Slag.INGET), ("–", Slag.INGET),
    ("12 av 14", Slag.TEXT), ("ca 10", Slag.TEXT), ("10-12 %", Slag.TEXT), ("god", Slag.TEXT), ("1 2 st", Slag.TEXT),
    ("12 % och 3 st", Slag.TEXT), ("Tas fram av staden", Slag.TEXT), ("Fastställs snart", Slag.TEXT),
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind"), OTHERS)
def test_what_is_no_plain_figure(text: str, kind: Slag) -> None:
    found = tolka(text)
    assert found is not None
    assert found.slag is kind
    assert found.text == text


def test_bands_and_ceilings_carry_their_figure() -> None:
    assert (tolka("+/- 1 %") or Matvarde(Slag.TEXT, "")).tal == 1
    ceiling = tolka("Max 10 personer")
    assert ceiling is not None
    assert (ceiling.tal, ceiling.enhet) == (D(10), "personer")


def test_later_says_when() -> None:
    assert [(tolka(text) or Matvarde(Slag.TEXT, "")).nar for text in ("Fastställs 2021", "Fastställs t1")] == [
        "2021",
        "t1",
    ]


@pytest.mark.parametrize("text", ["", " ", "\n", "\u00a0"])
def test_blank_is_nothing(text: str) -> None:
    assert tolka(text) is None
    assert skriv(None) == ""


@pytest.mark.parametrize("text", [row[0] for row in NUMBERS] + [row[0] for row in OTHERS])
def test_what_is_written_reads_back_the_same(text: str) -> None:
    found = tolka(text)
    again = tolka(skriv(found))
    assert found is not None
    assert again is not None
    assert (again.slag, again.tal, again.enhet, again.decimaler, again.nar) == (
        found.slag, found.tal, found.enhet, found.decimaler, found.nar
    )  # fmt: skip
    assert skriv(again) == skriv(found)


@given(st.decimals(-(10**9), 10**9, places=2), st.sampled_from(sorted(set(UNITS.values()))), st.integers(0, 2))
def test_any_figure_in_any_unit_survives(number: Decimal, unit: str, decimals: int) -> None:
    value = Matvarde(Slag.TAL, "", round(number, decimals), unit, decimals)
    again = tolka(skriv(value))
    assert again is not None
    assert (again.slag, again.tal, again.enhet, again.decimaler) == (Slag.TAL, round(number, decimals), unit, decimals)


@given(st.text())
def test_no_text_is_too_strange(text: str) -> None:
    found = tolka(text)
    assert found is None or tolka(skriv(found)) is not None


@pytest.mark.filings
def test_the_values_in_the_documents_tables_are_understood() -> None:
    """Cells of indicator rows (a name and then at least two values between tabs) are figures or one of the known words."""
    if not SEEDS.is_dir():
        pytest.skip("källdokumenten ligger inte bredvid projektet")
    figures, left = 0, set()
    for path in SEEDS.glob("*.txt"):
        for line in path.read_text("utf-8").split("\n"):
            cells = [cell.strip() for cell in line.split("\t")]
            name = cells[1] if len(cells) > 1 and not re.search(r"\w{3}", cells[0]) else cells[0]
            if not re.match(r"^(Andel|Antal|Nämndens (budget|prognos)|Sjukfrånvaro|Stockholmarnas|Index)", name):
                continue
            for cell in cells[cells.index(name) + 1 :]:
                value = tolka(cell)
                figures += value is not None and value.slag is Slag.TAL
                if value is not None and value.slag is Slag.TEXT:
                    left.add(cell)
    assert figures > 600
    periods = re.compile(r"^(?:År|(?:Tertial|Halvår|VB)(?: \d)?(?: \d{4})?|(?:Snitt )?[A-Za-z]{3,5}(?:-[a-z]{3})?)$")
    assert {text for text in left if not periods.match(text)} == {
        "Tas fram av nämnd Tertial 1 2024"
    }  # two cells in one
