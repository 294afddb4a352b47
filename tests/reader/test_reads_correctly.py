"""What the reader must read right: every legal way to write the same workbook, and the five states of a cell."""

from __future__ import annotations

import io
import zipfile
from decimal import Decimal

import openpyxl
import pytest
import python_calamine
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from blankettset.workbook.read.xlsx_reader import CellState, RawCell, read_workbook
from tests.reader.packages import MAIN, WORKBOOK, WORKBOOK_RELATIONS, book, packed, parts, sheet


def cells(data: bytes) -> dict[tuple[int, int], RawCell]:
    return read_workbook(data).sheets[0].cells


def shown(cell: RawCell) -> tuple[str, object, str | None]:
    return (str(cell.state), cell.number if cell.number is not None else cell.text, cell.formula)


@pytest.mark.parametrize(
    ("xml", "expected"),
    [
        ('<c r="A1"><v>1.5</v></c>', ("number", Decimal("1.5"), None)),
        ('<c r="A1"><v>0.30000000000000004</v></c>', ("number", Decimal("0.3"), None)),
        ('<c r="A1"><v>1E3</v></c>', ("number", Decimal(1000), None)),
        ('<c r="A1" t="s"><v>1</v></c>', ("text", "två", None)),
        ('<c r="A1" t="inlineStr"><is><t>hej</t></is></c>', ("text", "hej", None)),
        ('<c r="A1" t="inlineStr"><is><r><t>h</t></r><r><t>ej</t></r></is></c>', ("text", "hej", None)),
        ('<c r="A1" t="b"><v>1</v></c>', ("text", "SANT", None)),
        ('<c r="A1" t="e"><v>#REF!</v></c>', ("error", "#REF!", None)),
        ('<c r="A1" t="d"><v>2024-05-22</v></c>', ("number", Decimal(45434), None)),
        ('<c r="A1"><f>B1+1</f><v>2</v></c>', ("number", Decimal(2), "B1+1")),
        ('<c r="A1"><f>B1+1</f></c>', ("not_calculated", None, "B1+1")),
        ('<c r="A1" t="str"><f>""</f><v></v></c>', ("text", "", '""')),
        ('<c r="A1" t="str"><f>B1</f></c>', ("not_calculated", None, "B1")),
        ('<c r="A1" t="e"><f>1/0</f><v>#DIV/0!</v></c>', ("error", "#DIV/0!", "1/0")),
        ('<c r="A1" t="inlineStr"><is><t>a_x000D_b</t></is></c>', ("text", "a\rb", None)),
    ],
)
def test_a_cell_is_one_of_five_things(xml: str, expected: tuple[str, object, str | None]) -> None:
    assert shown(cells(book(f'<row r="1">{xml}</row>'))[1, 1]) == expected


def test_styled_but_empty_cells_are_blank() -> None:
    assert cells(book('<row r="1"><c r="A1" s="3"/><c r="B1" t="s"/><c r="C1"><v></v></c></row>')) == {}


def test_cells_without_addresses_follow_each_other() -> None:
    found = cells(book('<row><c><v>1</v></c><c/><c r="E1"/><c><v>2</v></c></row><row><c><v>3</v></c></row>'))
    assert {place: int(cell.number or 0) for place, cell in found.items()} == {(1, 1): 1, (1, 6): 2, (2, 1): 3}


def test_shared_formulas_are_translated() -> None:
    found = cells(
        book(
            '<row r="1"><c r="A1"><f t="shared" ref="A1:A2" si="0">B1*$C$1</f><v>1</v></c></row>'
            '<row r="2"><c r="A2"><f t="shared" si="0"/><v>2</v></c></row>'
        )
    )
    assert [found[row, 1].formula for row in (1, 2)] == ["B1*$C$1", "B2*$C$1"]


def test_reading_aids_are_no_part_of_the_text() -> None:
    shared = f'<sst xmlns="{MAIN}"><si><r><t>東</t></r><r><t>京</t></r><rPh sb="0" eb="2"><t>とう</t></rPh></si></sst>'
    assert cells(book('<row r="1"><c r="A1" t="s"><v>0</v></c></row>', shared=shared))[1, 1].text == "東京"


ROW = '<row r="1"><c r="A1"><v>7</v></c></row>'
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
PREFIXED = f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData><x:row r="1"><x:c r="A1"><x:v>7</x:v></x:c></x:row></x:sheetData></x:worksheet>'
LEGAL = {
    "plain": book(ROW),
    "stored": packed(parts(ROW), zipfile.ZIP_STORED),
    "bzip2": packed(parts(ROW), zipfile.ZIP_BZIP2),
    "lzma": packed(parts(ROW), zipfile.ZIP_LZMA),
    "strict namespace": book(sheet=sheet(ROW).replace(MAIN, STRICT)),
    "prefixes": book(sheet=PREFIXED),
    "byte order mark": book(sheet="\ufeff" + sheet(ROW)),
    "utf-16": book(sheet=('<?xml version="1.0" encoding="UTF-16"?>' + sheet(ROW)).encode("utf-16")),
    "absolute target": book(ROW, relations=WORKBOOK_RELATIONS.replace("worksheets/", "/xl/worksheets/")),
    "backslash": book(ROW, relations=WORKBOOK_RELATIONS.replace("worksheets/", "worksheets\\")),
    "relative target": book(ROW, relations=WORKBOOK_RELATIONS.replace("worksheets/", "../xl/./worksheets/")),
    "other case": book(ROW, relations=WORKBOOK_RELATIONS.replace("sheet1.xml", "Sheet1.XML")),
    "no shared strings": book(ROW, shared=None),
    "false dimension": book(sheet=sheet(ROW).replace("<sheetData>", '<dimension ref="A1:XFD1048576"/><sheetData>')),
}


@pytest.mark.parametrize("name", LEGAL)
def test_every_legal_way_to_write_it_reads_the_same(name: str) -> None:
    found = read_workbook(LEGAL[name])
    assert found.sheets[0].cells == {(1, 1): RawCell(CellState.NUMBER, Decimal(7), None, None)}
    assert found.anomalies == []


def test_sheet_state_and_date_system_are_read() -> None:
    changed = WORKBOOK.replace('name="Blad1"', 'name="Blad1" state="veryHidden"')
    found = read_workbook(book(ROW, workbook=changed.replace("<sheets>", '<workbookPr date1904="1"/><sheets>')))
    assert found.date1904
    assert found.sheets[0].visibility == "very_hidden"


NEVER_SILENT = {
    "bad_number": book('<row r="1"><c r="A1"><v>NaN</v></c></row>'),
    "bad_string_index": book('<row r="1"><c r="A1" t="s"><v>99</v></c></row>'),
    "duplicate_cell": book('<row r="1"><c r="A1"><v>1</v></c><c r="A1"><v>2</v></c></row>'),
    "bad_address": book('<row r="1"><c r="ZZZZ1"><v>1</v></c></row>'),
    "external_link": book('<row r="1"><c r="A1"><f>[1]Blad1!A1</f><v>1</v></c></row>'),
    "dde": book('<row r="1"><c r="A1"><f>cmd|\'/c calc\'!A0</f><v>1</v></c></row>'),
    "missing_part": book(sheet=None),
    "duplicate_sheet": book(
        ROW, workbook=WORKBOOK.replace("</sheets>", '<sheet name="BLAD1" sheetId="2" r:id="rId1"/></sheets>')
    ),
}


@pytest.mark.parametrize("kind", NEVER_SILENT)
def test_nothing_odd_is_passed_over(kind: str) -> None:
    assert [anomaly.kind for anomaly in read_workbook(NEVER_SILENT[kind]).anomalies] == [kind]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_part_that_stands_twice_is_noted() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name, text in [*parts(ROW).items(), ("xl/worksheets/sheet1.xml", sheet(""))]:
            file.writestr(name, text)
    found = read_workbook(out.getvalue())
    assert [anomaly.kind for anomaly in found.anomalies] == ["duplicate_entry"]
    assert found.sheets[0].cells[1, 1].number == 7


@pytest.mark.parametrize(
    "formula", ["SUM([1]Blad1!A1)", "'[Budget 2024.xlsx]Blad 1'!B7", "[Bok1.xlsx]Blad1!A1", "1+'C:\\x\\[b.xlsx]s'!A1"]
)
def test_links_to_other_workbooks_are_seen(formula: str) -> None:
    found = read_workbook(book(f'<row r="1"><c r="A1"><f>{formula}</f><v>1</v></c></row>'))
    assert [anomaly.kind for anomaly in found.anomalies] == ["external_link"]


@pytest.mark.parametrize("formula", ["SUM(Tabell1[Belopp])", "Tabell1[[#Totals],[a]]", '"[1]x!"', "'a[b'!A1"])
def test_table_references_are_no_links(formula: str) -> None:
    escaped = formula.replace('"', "&quot;")
    assert read_workbook(book(f'<row r="1"><c r="A1"><f>{escaped}</f><v>1</v></c></row>')).anomalies == []


VALUES = st.one_of(
    st.none(),
    st.integers(-(10**12), 10**12),
    st.decimals(-10000000, 10000000, places=3, allow_nan=False).map(float),
    st.text(st.characters(min_codepoint=32, max_codepoint=0x2FFF, exclude_categories=("Cs", "Cc")), max_size=12),
    st.booleans(),
)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.tuples(st.integers(0, 60), st.integers(0, 30)), VALUES, max_size=25))
def test_agrees_with_openpyxl_and_calamine(content: dict[tuple[int, int], object]) -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False}) as made:
        target = made.add_worksheet("Blad")
        for (row, column), value in content.items():
            if isinstance(value, str):
                target.write_string(row, column, value)
            elif value is not None:
                target.write(row, column, value)
    data = out.getvalue()
    ours = {place: _plain(cell) for place, cell in cells(data).items()}
    page = openpyxl.load_workbook(io.BytesIO(data))["Blad"]
    theirs = {(c.row, c.column): c.value for line in page.iter_rows() for c in line if c.value not in (None, "")}
    assert ours == pytest.approx(theirs)
    third = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0)
    top, left = third.start or (0, 0)
    grid = third.to_python(skip_empty_area=True)
    found = {(top + r + 1, left + c + 1): v for r, line in enumerate(grid) for c, v in enumerate(line) if v != ""}
    assert ours == pytest.approx(found)


def _plain(cell: RawCell) -> object:
    if cell.is_bool:
        return cell.text == "SANT"
    return float(cell.number) if cell.number is not None else cell.text
