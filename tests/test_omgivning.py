"""BF040-BF048: what stands round the cells and how they are shown; each is found once, at its place, and by both routes."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from blankettset.templates.catalog import catalog
from blankettset.validators.validate import validate
from blankettset.workbook.layout.addresses import parse_address
from blankettset.workbook.read.bind import read_filled
from blankettset.workbook.read.xlsx_reader import CellState, RawBook, RawCell, RawSheet, read_workbook
from blankettset.workbook.xlsx.styles import format_kind
from tests import forms
from tests.reader.packages import PACKAGE, RELATIONS, WORKBOOK, book, packed, parts
from tests.test_kommandon import blankett, one_line

SET = "2024-T1"
COVERED = {f"BF04{n}" for n in range(9)}
BUDGET = ("verksamhetsomraden", "forskola", "budget")


def number(figure: str, formula: str | None = None) -> RawCell:
    return RawCell(CellState.NUMBER, Decimal(figure), None, formula)


def areas(raw: RawBook) -> RawSheet:
    return forms.form_sheet(raw, SET, "verksamhetsomraden")


def place(raw: RawBook, key: tuple[str, str, str] = BUDGET) -> tuple[int, int]:
    cell = forms.bound(raw).cell(key)
    assert cell is not None
    return parse_address(cell.address)


def found(change: Callable[[RawBook], None]) -> list[tuple[str, str | None, str]]:
    raw = forms.raw_book(SET)
    change(raw)
    told = forms.findings(forms.bound(raw))
    return [(f.code, f.hit.cell, f.hit.text) for f in told if f.code in COVERED] + [
        (f.code, f.hit.cell, f.hit.text) for f in told if f.code not in COVERED
    ]


def test_content_below_a_form_is_named_and_beside_it_too() -> None:
    def below(raw: RawBook) -> None:
        row, column = max(areas(raw).cells)[0], place(raw)[1]
        areas(raw).cells[row + 3, column] = number("2100")
        areas(raw).cells[row + 3, 40] = number("5")
        areas(raw).cells[row + 4, 2] = RawCell(CellState.TEXT, None, "Anm: en not", None)

    ((code, _, text),) = found(below)
    assert code == "BF040"
    assert "2 ställen har innehåll utanför blanketten" in text


def test_rows_below_a_lists_end_are_named() -> None:
    raw = forms.raw_book("2024-T1")
    sheet = forms.form_sheet(raw, SET, "aktiviteter")
    end = next(row for (row, column), cell in sheet.cells.items() if column == 1 and cell.text in ("#slut", "summa"))
    column = next(c for (r, c), cell in sheet.cells.items() if r == 1 and cell.text == "aktivitet")
    sheet.cells[end + 2, column] = RawCell(CellState.TEXT, None, "En aktivitet till", None)
    told = [f for f in validate(forms.bound(raw)).findings if f.code == "BF040"]
    assert [(f.prov, str(f.weight)) for f in told] == [(True, "varning")]
    assert "under blanketten och läses inte" in told[0].hit.text


def test_hidden_rows_and_columns_with_figures() -> None:
    def hide(raw: RawBook) -> None:
        row, column = place(raw)
        areas(raw).cells[row, column] = number("12.5")
        areas(raw).seen.hidden_rows.add(row)
        areas(raw).seen.hidden_columns.append((column, column))

    told = [each for each in found(hide) if each[0] in COVERED]
    assert [(code, "dolda rader" in text) for code, _, text in told] == [("BF041", True)]

    def empty(raw: RawBook) -> None:
        areas(raw).seen.hidden_rows.add(place(raw)[0])  # zeros only

    assert [each for each in found(empty) if each[0] in COVERED] == []


def test_a_filter_that_hides_rows_is_one_finding() -> None:
    def filter_(raw: RawBook) -> None:
        row, column = place(raw)
        areas(raw).cells[row, column] = number("12.5")
        areas(raw).seen.hidden_rows.add(row)
        areas(raw).seen.filtered = True

    assert [each[0] for each in found(filter_) if each[0] in COVERED] == ["BF042"]


def test_merged_inputs_formats_precision_and_what_the_file_holds() -> None:
    def odd(raw: RawBook) -> None:
        row, column = place(raw)
        areas(raw).seen.merged.append(((row, column), (row + 1, column)))
        areas(raw).seen.formats[row, column] = "procent"
        for kind in ("shown_precision", "macro", "connection", "embedded"):
            raw.note(kind)
        areas(raw).seen.protected = False

    told = found(odd)
    assert [code for code, _, _ in told] == ["BF045", "BF047", "BF043", "BF044"]
    assert "4 " in told[1][2]


def test_a_circle_is_told_of_at_the_input_and_nowhere_else() -> None:
    def circle(raw: RawBook) -> None:
        row, column = place(raw)
        total = place(raw, ("verksamhetsomraden", "summa", "budget"))
        letter = "ABCDEFGH"[column - 1]
        areas(raw).cells[row, column] = number("0", f"{letter}{total[0]}-{letter}{row + 1}")

    assert [(code, "räknar med sig själv" in text) for code, _, text in found(circle)] == [("BF046", True)]

    def straight(raw: RawBook) -> None:
        areas(raw).cells[place(raw)] = number("0", "1-1")

    assert [code for code, _, _ in found(straight)] == ["BF013"]


def head(raw: RawBook) -> tuple[RawSheet, tuple[int, int]]:
    sheet = areas(raw)
    return sheet, next(p for p, cell in sheet.cells.items() if p[0] == 3 and cell.text)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [("SDN08", "SDN06", "nämnden SDN06"), ("2024-T1", "2024-T2", "perioden 2024-T2"), ("Belopp i mnkr", "Belopp i tkr", "»Belopp i tkr»")],
)  # fmt: skip
def test_another_namnds_period_or_unit_at_the_head(old: str, new: str, said: str) -> None:
    def change(raw: RawBook) -> None:
        sheet, at = head(raw)
        sheet.cells[at] = sheet.cells[at]._replace(text=(sheet.cells[at].text or "").replace(old, new))

    ((code, cell, text),) = found(change)
    assert (code, cell) == ("BF048", "B3")
    assert said in text


def test_a_renamed_row_and_a_removed_heading() -> None:
    def change(raw: RawBook) -> None:
        row, column = place(raw)
        areas(raw).cells[row, 2] = RawCell(CellState.TEXT, None, "Förskola och annat", None)
        del areas(raw).cells[7, column]

    ((code, _, text),) = found(change)
    assert code == "BF048"
    assert "och 1 till" in text


def test_a_workbook_built_with_other_words_is_not_compared_with_todays() -> None:
    def change(raw: RawBook) -> None:
        stamp = raw.sheet("_stampel")
        assert stamp is not None
        at = next(p for p, c in stamp.cells.items() if c.text == "etiketter")
        stamp.cells[at[0], 2] = RawCell(CellState.TEXT, None, "andra ord", None)
        areas(raw).cells[place(raw)[0], 2] = RawCell(CellState.TEXT, None, "Förskola", None)

    assert found(change) == []


# ---- what the reader sees of it


SHEET = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><cols><col min="2" max="3" hidden="1"/></cols>'
    '<sheetData><row r="1" hidden="1"><c r="A1" s="1"><v>1</v></c></row></sheetData><sheetProtection sheet="1"/>'
    '<autoFilter ref="A1:B2"><filterColumn colId="0"/></autoFilter><mergeCells><mergeCell ref="A1:B2"/></mergeCells></worksheet>'
)
STYLES = (
    '<styleSheet><numFmts><numFmt numFmtId="170" formatCode="0.0%"/></numFmts><cellStyleXfs><xf numFmtId="9"/></cellStyleXfs>'
    '<cellXfs><xf numFmtId="0"/><xf numFmtId="170"/></cellXfs></styleSheet>'
)


def test_the_reader_sees_how_a_sheet_is_shown() -> None:
    relations = (
        f'<Relationships xmlns="{PACKAGE}"><Relationship Id="rId1" Type="{RELATIONS}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="rId2" Type="{RELATIONS}/styles" Target="styles.xml"/></Relationships>'
    )
    content = {**parts(sheet=SHEET, relations=relations, shared=None), "xl/styles.xml": STYLES}
    seen = read_workbook(packed(content)).sheets[0].seen
    assert (seen.hidden_rows, seen.hidden_columns, seen.merged) == ({1}, [(2, 3)], [((1, 1), (2, 2))])
    assert (seen.filtered, seen.protected, seen.formats) == (True, True, {(1, 1): "procent"})
    assert not read_workbook(book('<row r="1"><c r="A1"><v>1</v></c></row>')).sheets[0].seen.protected


@pytest.mark.parametrize(
    ("code", "kind"),
    [("General", None), ("#,##0.0", None), ("0.0;[Red]-0.0", None), ("@", None), ('0.0" mnkr"', None), ("0.00E+00", None), ("0%", "procent"),
     ("0.0,", "tusental"), ("#,##0,,", "tusental"), ("yyyy-mm-dd", "datum"), ("[h]:mm", "datum"), (";;;", "dolt"), ("[Red]General", None), ('"%"0', None)],
)  # fmt: skip
def test_which_formats_show_something_else(code: str, kind: str | None) -> None:
    assert format_kind(code) == kind


def test_macros_connections_and_precision_are_seen_once_each() -> None:
    content = {**parts('<row r="1"><c r="A1"><v>1</v></c></row>'), "xl/vbaProject.bin": "x", "xl/connections.xml": "<x/>",
               "xl/activeX/a.xml": "<x/>", "xl/embeddings/b.bin": "x"}  # fmt: skip
    content["xl/workbook.xml"] = WORKBOOK.replace("</workbook>", '<calcPr fullPrecision="0"/></workbook>')
    assert [each.kind for each in read_workbook(packed(content)).anomalies] == [
        "shown_precision",
        "connection",
        "embedded",
        "macro",
    ]


def test_the_add_in_that_a_function_came_from_is_no_link() -> None:
    link = f'<Relationship Id="rId3" Type="{RELATIONS}/externalLink" Target="externalLinks/externalLink1.xml"/>'
    content = parts('<row r="1"><c r="A1"><f>[1]!_xldudf_STHLM_TOLKA(B1)</f><v>1</v></c></row>')
    relations = str(content["xl/_rels/workbook.xml.rels"]).replace("</Relationships>", f"{link}</Relationships>")
    for target, kinds in (("file:///C:/Add.xlam", []), ("Budget.xlsx", ["external_link"])):
        told = f'<Relationships><Relationship Id="rId1" Type="x/externalLinkPath" Target="{target}" TargetMode="External"/></Relationships>'
        whole = {**content, "xl/_rels/workbook.xml.rels": relations, "xl/externalLinks/externalLink1.xml": "<externalLink><externalBook/></externalLink>",
                 "xl/externalLinks/_rels/externalLink1.xml.rels": told}  # fmt: skip
        assert [each.kind for each in read_workbook(packed(whole)).anomalies] == kinds


# ---- sheets that have lost something


def test_an_emptied_sheet_is_no_missing_one() -> None:
    raw = forms.raw_book(SET)
    areas(raw).cells.clear()
    (told,) = [f for f in forms.findings(forms.bound(raw)) if f.code == "BF002"]
    assert "är tömt" in told.hit.text


@pytest.mark.parametrize(
    ("keep", "words"), [("column", "dolda översta rad"), ("row", "dolda första kolumn"), ("", "dolda id:n för rader")]
)
def test_a_deleted_hidden_row_or_column_is_said_to_be_that(keep: str, words: str) -> None:
    raw = forms.raw_book(SET)
    sheet = areas(raw)
    for at in list(sheet.cells):
        if (at[0] == 1 and keep != "row") or (at[1] == 1 and keep != "column") or at == (1, 1):
            del sheet.cells[at]
    told = forms.findings(forms.bound(raw))
    (first,) = [f for f in told if f.code == "BF002"]
    assert words in first.hit.text
    assert "Ta inte bort bladet" in first.hit.action
    assert not [f for f in told if f.code == "BF004"]


def test_a_lost_mark_does_no_harm() -> None:
    raw = forms.raw_book(SET)
    del areas(raw).cells[1, 1]
    filled = forms.bound(raw)
    assert filled.facts == forms.handed_in(SET).facts
    assert [f.code for f in forms.findings(filled)] == ["BF005"]


@pytest.mark.parametrize("name", ["Verksamhetsomra\u030aden", "Verksamhetsområden ", "verksamhets\u200bområden"])
def test_a_name_that_looks_the_same_is_the_same(name: str) -> None:
    raw = forms.raw_book(SET)
    areas(raw).name = name
    assert forms.findings(forms.bound(raw)) == []


# ---- fyll


def zipped(data: bytes, **changed: Callable[[str], str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w") as target:
        for info in source.infolist():
            content = source.read(info)
            if info.filename in changed:
                content = changed[info.filename](content.decode()).encode()
            target.writestr(info.filename, content)
    return out.getvalue()


def test_fyll_names_notes_and_content_outside(tmp_path: Path) -> None:
    path, data = tmp_path / "bok.xlsx", tmp_path / "data.csv"
    data.write_text("blankett;rad;kolumn;varde\n", encoding="utf-8")
    raw = forms.raw_bytes(SET)
    comments = next(name for name in zipfile.ZipFile(io.BytesIO(raw)).namelist() if name.startswith("xl/comments"))

    def noted(text: str) -> str:
        return text.replace(
            "<author>Blankettset</author>", "<author>Blankettset</author><author>Controller</author>"
        ).replace("<commentList>", '<commentList><comment ref="C9" authorId="1"><text><t>Varför?</t></text></comment>')

    path.write_bytes(zipped(raw, **{comments: noted}))
    one_line(blankett("fyll", path, data, "-o", tmp_path / "ut.xlsx"), "C9 (anteckning)", "--lamna-kvar")
    path.write_bytes(raw)
    assert blankett("fyll", path, data, "-o", tmp_path / "ut.xlsx").exit_code == 0
    assert read_filled(path, catalog(), notes=True).problems == []


@pytest.mark.parametrize(
    "text",
    ["sep=;\nblankett;rad;kolumn;varde\nverksamhetsomraden;forskola;budget;12,5\n",
     "blankett;rad;kolumn;varde;;\r\nverksamhetsomraden;forskola;budget;12,5;;\r\n;;;;;\r\n",
     " Blankett ;RAD;kolumn\u00a0;Värde\u200b\nverksamhetsomraden;forskola;budget;12,5\n".replace("Värde", "Varde")],
)  # fmt: skip
def test_excels_own_ways_with_a_csv(tmp_path: Path, text: str) -> None:
    path, data, out = tmp_path / "bok.xlsx", tmp_path / "data.csv", tmp_path / "ut.xlsx"
    path.write_bytes(forms.raw_bytes(SET))
    data.write_bytes(text.encode("utf-8-sig"))
    assert blankett("fyll", path, data, "-o", out).exit_code == 0
    assert read_filled(out, catalog()).facts[BUDGET] == Decimal("12.5")
    data.write_text("blankett;rad;kolumn;varde\nverksamhetsomraden;forskola;budget;12,5;extra\n", encoding="utf-8")
    one_line(blankett("fyll", path, data, "-o", out, "--ersatt"), "rad 2", "5 fält")


def test_data_with_helper_columns_comes_back_without_findings(tmp_path: Path) -> None:
    path, data, out = tmp_path / "bok.xlsx", tmp_path / "data.csv", tmp_path / "ut.xlsx"
    path.write_bytes(forms.raw_bytes(SET))
    assert blankett("data", path, "-o", data).exit_code == 0
    rows = data.read_text(encoding="utf-8").splitlines()
    changed = [
        row.rsplit(";", 1)[0] + ";nej" if ";i_planen;" in row else row.replace(";mal;1;status;helt", ";mal;1;status;ej")
        for row in rows
    ]
    assert changed != rows
    data.write_text("\n".join(changed) + "\n", encoding="utf-8")
    assert blankett("fyll", path, data, "-o", out).exit_code == 0
    assert not [f for f in validate(read_filled(out, catalog())).findings if f.code in ("BF014", "BF015", "BF027")]


# ---- the same figures, the same receipt


def test_the_content_is_the_same_after_another_programs_arithmetic() -> None:
    filled = forms.handed_in(SET, forms.with_values(SET, "verksamhetsomraden;forskola;budget;0,35"))
    raw = forms.raw_book(SET, forms.with_values(SET, "verksamhetsomraden;forskola;budget;0,35"))
    for sheet in raw.sheets:
        for at, cell in sheet.cells.items():
            if cell.formula is not None and cell.number is not None:
                noise = Decimal("4E-14") * max(abs(cell.number), 1)
                sheet.cells[at] = cell._replace(number=cell.number - noise)
    assert validate(forms.bound(raw)).receipt["innehall"] == validate(filled).receipt["innehall"]
    row, column = place(raw)
    areas(raw).cells[row, column] = number("0.36")
    assert validate(forms.bound(raw)).receipt["innehall"] != validate(filled).receipt["innehall"]


def test_an_empty_result_that_a_program_dropped_is_no_uncalculated_formula() -> None:
    raw = forms.raw_book(SET)
    dropped = 0
    for sheet in raw.sheets:
        for at, cell in sheet.cells.items():
            if cell.formula is not None and cell.state is CellState.TEXT and cell.text == "":
                sheet.cells[at] = RawCell(CellState.NOT_CALCULATED, None, None, cell.formula)
                dropped += 1
    assert dropped
    assert forms.findings(forms.bound(raw)) == []
