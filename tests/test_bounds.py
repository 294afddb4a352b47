"""What is larger than a cell or a form can hold is said at the door, and nothing grows slow or falls over on it."""

from __future__ import annotations

import time
from decimal import Decimal
from pathlib import Path
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blankettset.templates.catalog import catalog
from blankettset.templates.model import Kind, Type
from blankettset.validators.filing import Filing
from blankettset.validators.finding import show
from blankettset.validators.rules.siffror.storlek import figures_have_the_size_of_their_row, middle_of_others
from blankettset.workbook.calc.nyckeltal import kvot_procent
from blankettset.workbook.calc.values import is_too_large, parse_date, parse_number, rounded, text_length
from blankettset.workbook.layout.formula_text import fetches, same_formula, with_ids
from blankettset.workbook.read.facts import DataError, parse_facts
from blankettset.workbook.read.filled import Cell
from blankettset.workbook.read.xlsx_reader import CellState, RawCell, read_workbook
from blankettset.workbook.write.build import build
from blankettset.workbook.xlsx.shared_formula import translate
from tests import forms
from tests.reader.packages import book, strings
from tests.test_kommandon import blankett

SET = "2024-T1"
PLACE = "verksamhetsomraden;forskola;budget"


def parsed(line: str) -> object:
    return parse_facts(forms.HEADER + line, forms.the_set(SET))


@pytest.mark.parametrize("text", ["9" * 16, "1" + "0" * 15, "0," + "1" * 16, "9" * 400, "1 000 000 000 000 000"])
def test_a_number_that_no_cell_holds_is_refused_in_words(text: str) -> None:
    assert parse_number(text) is None
    assert is_too_large(text)
    with pytest.raises(DataError, match="större än 999 biljoner eller har fler än 15 siffror"):
        parsed(f"{PLACE};{text}")


def test_the_largest_number_passes() -> None:
    assert parse_number("999999999999999") == Decimal(10) ** 15 - 1
    assert parse_number("1000000000000,000") == Decimal(10) ** 12


@pytest.mark.parametrize("figure", ["1E+15", "1E+25", "-1E+300", "12345678901234567890123456"])
def test_a_huge_number_in_a_cell_is_a_finding_and_the_others_are_judged(figure: str) -> None:
    change = forms.Edit(
        forms.key(PLACE.replace(";", ".")), lambda _: RawCell(CellState.NUMBER, Decimal(figure), None, None)
    )
    filled = forms.handed_in(SET, edits=(change,))
    found = [finding for finding in forms.findings(filled) if finding.severity == "fel"]
    assert [finding.code for finding in found] == ["BF011"]
    assert "999 biljoner" in found[0].hit.text


@pytest.mark.parametrize("length", [24, 26, 40, 5_000])
def test_a_text_of_many_digits_in_a_number_cell_is_text(length: int) -> None:
    filled = forms.handed_in(SET, edits=(forms.edit(forms.key(PLACE.replace(";", ".")), {"text": "9" * length}),))
    assert "BF010" in {finding.code for finding in forms.findings(filled)}


@pytest.mark.parametrize("figure", ["999999999999999", "0.000000000000001"])
def test_the_largest_and_smallest_everywhere_are_judged_built_and_consolidated(tmp_path: Path, figure: str) -> None:
    chosen = forms.the_set("2024-VB")
    facts = forms.base("2024-VB")
    for form in chosen.blanketter.values():
        for row in ["1"] if form.is_list else list(form.row_by_id):
            for column in form.column_by_id:
                cell = form.cell(row, column)
                if cell.kind is Kind.INPUT and cell.type.is_number:
                    facts[form.id, row, column] = Decimal(figure)
    facts["verksamhetsomraden", "forskola", "budget"] = Decimal("1E-15")
    path = tmp_path / "stor.xlsx"
    build(path, chosen, catalog().namnd("SDN08"), facts)
    assert blankett("validera", path).exit_code == 1
    assert blankett("konsolidera", path, "-o", tmp_path / "stad.xlsx").exit_code == 1


def test_rounding_never_refuses() -> None:
    assert kvot_procent(Decimal(10) ** 15, Decimal("1E-300")) == Decimal(10) ** 317
    assert show(Decimal("1E+40"), 1).startswith("10 000")
    assert rounded(Decimal("2.5"), 0) == 2  # as round()


@pytest.mark.parametrize(
    "text", ["2024-W05-1", "20240101", "1900-02-28", "0001-01-01", "2024-1-1", "２024-01-01", "2023-02-29"]
)
def test_what_is_no_date(text: str) -> None:
    assert parse_date(text) is None
    with pytest.raises(DataError, match="inget datum"):
        parsed(f"forsattsblad;upprattad;uppgift;{text}")


def test_the_first_and_the_last_date_pass() -> None:
    assert all(parse_date(text) for text in ("1900-03-01", "9999-12-31", " 2024-02-29 "))


@pytest.mark.parametrize("text", ["å" * 32768, "😀" * 16384])
def test_a_text_that_no_cell_holds_is_refused_and_never_cut_in_silence(text: str) -> None:
    with pytest.raises(DataError, match="32 767"):
        parsed(f"forsattsblad;kontakt;uppgift;{text}")
    inline = f'<row><c t="inlineStr"><is><t>{text}</t></is></c><c t="str"><v>{text}</v></c><c t="s"><v>0</v></c></row>'
    found = read_workbook(book(inline, shared=strings(text)))
    assert [(each.kind, each.cell) for each in found.anomalies] == [("long_text", at) for at in ("A1", "B1", "C1")]
    assert all(text_length(cell.text or "") in (32766, 32767) for cell in found.sheets[0].cells.values())


def test_a_text_that_just_fits_is_whole() -> None:
    text = "😀" * 16383 + "x"
    assert parsed(f"forsattsblad;kontakt;uppgift;{text}") == {("forsattsblad", "kontakt", "uppgift"): text}


@pytest.mark.parametrize(
    "text",
    [
        "(" * 32000 + "[",
        "(a" * 16000 + "[",
        "([x.xl" * 6000,
        "'[" + ".xl" * 10000 + "]",
        "a" * 32000 + "|",
        "a|" * 16000,
    ],
)
def test_no_formula_makes_the_search_for_links_slow(text: str) -> None:
    start = time.perf_counter()
    fetches(text)
    with_ids(text, lambda *_: None, lambda *_: None)
    same_formula(text, "A1")
    translate(text, 1, 1)
    assert time.perf_counter() - start < 0.5


@pytest.mark.parametrize(
    ("formula", "kind"),
    [("[1]Blad1!A1", "external_link"), ("'C:\\m\\[Budget 2024.xlsx]Blad'!B7", "external_link"), ("SUM(A1,[2]B!A:A)", "external_link"),
     ("cmd|' /C calc'!A0", "dde"), ("Excel|Bok!R1C1", "dde"), ("Tabell1[kolumn]+1", ""), ("'C:\\m\\Budget.xlsx'!Ram", "external_link"),
     ("Budget.xlsx!Ram", "external_link"), ('WEBSERVICE("x")', "dde"), ("[1]!_xldudf_STHLM_TOLKA(A1)", ""),
     ("'C:\\m\\Add.xlam'!_xldudf_STHLM_TOLKA(A1)", ""), ("'Text.xlsxtra'!A1", ""), ('"[1]A!"&A1', ""), ("A1|B1", "")],
)  # fmt: skip
def test_links_are_found_as_before(formula: str, kind: str) -> None:
    escaped = formula.replace("&", "&amp;").replace('"', "&quot;")
    found = read_workbook(book(f"<row><c><f>{escaped}</f><v>1</v></c></row>"))
    assert [each.kind for each in found.anomalies] == ([kind] if kind else [])


def test_ten_thousand_rows_are_judged_in_seconds() -> None:
    chosen = forms.the_set(SET)
    columns = [c.id for c in chosen.blanketter["budgetjusteringar_drift"].columns if c.type is Type.BELOPP]
    filled = forms.bound(forms.raw_book(SET))
    form = filled.forms["budgetjusteringar_drift"]
    for number in range(1, 10_001):
        for column in columns:
            cell = Cell(
                form.form.id,
                str(number),
                column,
                CellState.NUMBER,
                Decimal(number),
                str(number),
                None,
                form.sheet,
                "C8",
            )
            form.cells[str(number), column] = cell
    form.defined = [(cell, form.form.cell("1", cell.column)) for cell in form.cells.values()]
    start = time.perf_counter()
    list(figures_have_the_size_of_their_row(Filing(filled)))
    assert time.perf_counter() - start < 3


@given(st.lists(st.integers(1, 50), min_size=1, max_size=12))
def test_the_median_of_the_others_is_the_median(values: list[int]) -> None:
    column = sorted(map(Decimal, values))
    for number, value in enumerate(column):
        others = [*column[:number], *column[number + 1 :]]
        assert middle_of_others(column, value) == (median(others) if len(others) >= 3 else None)
