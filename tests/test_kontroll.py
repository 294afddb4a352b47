"""The check written onto the sheet Kontroll of a copy: complete, linked, and nothing else in the workbook touched."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from blankettset.addin.check.kontroll import control_rows, write_control
from blankettset.addin.cli.exempel import filings
from blankettset.addin.cli.kommandon import main
from blankettset.templates.catalog import catalog
from blankettset.validators.validate import Result, validate
from blankettset.workbook.edit.control_sheet import with_texts
from blankettset.workbook.layout.placement import INDEX_SHEET
from blankettset.workbook.layout.start import starting_facts
from blankettset.workbook.read.bind import read_filled
from blankettset.workbook.read.facts import read_facts
from blankettset.workbook.write.build import build
from tests import forms

SHEET = "Kontroll"


def checked(path: Path) -> Result:
    return validate(read_filled(path, catalog()))


def example(folder: Path, tmp_path: Path) -> Path:
    path = tmp_path / "bok.xlsx"
    blankettset = forms.filing_set(folder)
    build(path, blankettset, catalog().namnd(folder.name.split("_")[1]), read_facts(folder / "DATA.csv", blankettset))
    return path


def written(sheet: Worksheet) -> list[tuple[str | None, ...]]:
    rows = [tuple(row[2:10]) for row in sheet.iter_rows(min_row=8, max_row=47, values_only=True)]
    return [row for row in rows if any(row)]


def linked(sheet: Worksheet) -> dict[str, str]:
    cells = [cell for row in sheet.iter_rows(min_row=8, max_row=47) for cell in row if cell.hyperlink]
    return {cell.coordinate: cell.hyperlink.location for cell in cells}


@pytest.mark.parametrize("folder", filings(), ids=lambda f: f.name)
def test_the_copy_holds_the_findings_and_is_otherwise_the_same_file(folder: Path, tmp_path: Path) -> None:
    path, copy = example(folder, tmp_path), tmp_path / "kopia.xlsx"
    before, result = path.read_bytes(), checked(path)
    write_control(path, result, copy, replace=False)
    assert path.read_bytes() == before
    again = checked(copy)
    assert forms.flatten(list(again.findings)) == forms.flatten(list(result.findings))
    assert again.receipt["innehall"] == result.receipt["innehall"]
    rows = written(load_workbook(copy)[SHEET])
    assert [row[0] for row in rows] == [
        "Kvitto",
        *(f.code for f in sorted(result.findings, key=lambda f: f.severity.rank)),
    ]
    old, new = zipfile.ZipFile(io.BytesIO(before)), zipfile.ZipFile(copy)
    assert old.namelist() == new.namelist()
    changed = {name for name in old.namelist() if old.read(name) != new.read(name)} - {"xl/workbook.xml"}
    control = next(name for name in changed if "worksheets/" in name and name != INDEX_PART)
    assert changed == {INDEX_PART, control}
    boards = [without_stored_values(each.read(INDEX_PART).decode()) for each in (old, new)]
    assert boards[0] == boards[1]


INDEX_PART = "xl/worksheets/sheet1.xml"


def without_stored_values(text: str) -> str:
    """A sheet's text without the values that stand beside formulas (and the mark that one is a text)."""
    text = re.sub(r"(</f>)<v>[^<]*</v>", r"\1", text)
    return re.sub(r'(<c\b[^>]*?) t="str"(?=[^>]*><f>)', r"\1", text)


def board(path: Path) -> dict[str, tuple[int | None, int | None]]:
    """What the index stores of fel and varningar, form by form."""
    index = load_workbook(path, data_only=True)[INDEX_SHEET]
    links = (row for row in index.iter_rows(min_row=8, max_row=40) if row[1].hyperlink)
    return {str(row[1].value): (row[5].value, row[6].value) for row in links}


@pytest.mark.parametrize("folder", filings(), ids=lambda f: f.name)
def test_the_copys_index_tells_the_counts_before_anything_is_recalculated(folder: Path, tmp_path: Path) -> None:
    path, copy = example(folder, tmp_path), tmp_path / "kopia.xlsx"
    assert not any(any(counts) for counts in board(path).values())
    result = checked(path)
    write_control(path, result, copy, replace=False)
    shown = board(copy)
    for form in result.filled.set.blanketter.values():
        own = [f for f in result.findings if f.hit.form == form.id and f.explanation is None]
        counts = tuple(sum(str(f.severity) == word for f in own) for word in ("fel", "varning"))
        assert shown[form.title] == counts, form.id
    said = load_workbook(copy, data_only=True)[INDEX_SHEET]["F6"].value
    assert said == "Den senaste kontrollen står på bladet Kontroll."


def test_the_examples_hold_their_check(tmp_path: Path) -> None:
    assert CliRunner().invoke(main, ["exempel", str(tmp_path / "ut")]).exit_code == 0
    for folder in filings():
        copy = tmp_path / "ut" / f"{folder.name}.xlsx"
        assert written(load_workbook(copy)[SHEET])[0][0] == "Kvitto"
        assert forms.flatten(list(checked(copy).findings)) == forms.flatten(
            list(checked(example(folder, tmp_path)).findings)
        )
        (tmp_path / "bok.xlsx").unlink()


def test_each_finding_links_to_its_cell(tmp_path: Path) -> None:
    path, copy = example(next(f for f in filings() if f.name.startswith("2024-T1")), tmp_path), tmp_path / "kopia.xlsx"
    result = checked(path)
    write_control(path, result, copy, replace=False)
    links = linked(load_workbook(copy)[SHEET])
    first = min(result.findings, key=lambda f: f.severity.rank).hit
    assert links["H9"] == f"'{first.sheet}'!{first.cell}"
    assert len(links) == len(result.findings)


def test_the_sheets_own_links_stay(tmp_path: Path) -> None:
    """The way back to Innehåll is no link of a finding's."""
    path, copy = example(filings()[-1], tmp_path), tmp_path / "kopia.xlsx"
    before = {
        c.coordinate: c.hyperlink.location for row in load_workbook(path)[SHEET].iter_rows() for c in row if c.hyperlink
    }
    write_control(path, checked(path), copy, replace=False)
    after = {
        c.coordinate: c.hyperlink.location for row in load_workbook(copy)[SHEET].iter_rows() for c in row if c.hyperlink
    }
    assert before
    assert before.items() <= after.items()


def test_a_new_check_replaces_the_old_one(tmp_path: Path) -> None:
    path, copy, again = example(filings()[0], tmp_path), tmp_path / "ett.xlsx", tmp_path / "två.xlsx"
    write_control(path, checked(path), copy, replace=False)
    write_control(copy, checked(copy), again, replace=False)
    sheets = [load_workbook(each)[SHEET] for each in (copy, again)]
    without_file = [[row[:7] for row in written(sheet)] for sheet in sheets]
    assert without_file[0] == without_file[1]
    assert linked(sheets[0]) == linked(sheets[1])


def test_a_workbook_saved_by_another_program_is_filled_in_too(tmp_path: Path) -> None:
    path, saved, copy = example(filings()[0], tmp_path), tmp_path / "sparad.xlsx", tmp_path / "kopia.xlsx"
    load_workbook(path).save(saved)
    result = checked(saved)
    write_control(saved, result, copy, replace=False)
    assert len(written(load_workbook(copy)[SHEET])) == min(len(result.findings) + 1, 40)


def test_what_does_not_fit_is_counted(tmp_path: Path) -> None:
    path, copy = tmp_path / "tom.xlsx", tmp_path / "kopia.xlsx"
    blankettset = catalog().blankettset("2024-T1")
    begun = {("indikatorer", "1", "arsmal"): "80 %", ("mal", "1", "status"): "helt"}
    build(path, blankettset, catalog().namnd("SDN08"), starting_facts(blankettset) | begun)
    result = checked(path)
    result = msgspec.structs.replace(result, findings=result.findings * 3)
    rows, _ = control_rows(result)
    assert len(rows) > 40
    write_control(path, result, copy, replace=False)
    last = written(load_workbook(copy)[SHEET])[-1][-1]
    assert last == f"… och {len(rows) - 39} till. Alla visas av kommandot validera."


def test_the_command_writes_the_copy_and_refuses_the_file_itself(tmp_path: Path) -> None:
    path = example(filings()[0], tmp_path)
    before, copy = path.read_bytes(), tmp_path / "kopia.xlsx"
    good = CliRunner().invoke(main, ["validera", str(path), "--skriv-kontroll", str(copy)])
    assert good.exit_code == 0
    assert "Fynden står på bladet Kontroll" in good.stdout
    for target in (path, copy, tmp_path / "kopia.xls", tmp_path / "ingen" / "kopia.xlsx"):
        bad = CliRunner().invoke(main, ["validera", str(path), "--skriv-kontroll", str(target)])
        assert bad.exit_code == 2, target
        assert bad.stderr.count("\n") == 1
    assert path.read_bytes() == before


def test_without_its_sheet_the_check_cannot_be_written(tmp_path: Path) -> None:
    path = example(filings()[0], tmp_path)
    book = load_workbook(path)
    del book[SHEET]
    book.save(path)
    bad = CliRunner().invoke(main, ["validera", str(path), "--skriv-kontroll", str(tmp_path / "kopia.xlsx")])
    assert bad.exit_code == 2
    assert "Bladet Kontroll saknas" in bad.stderr
    assert not (tmp_path / "kopia.xlsx").exists()


def put(path: Path, cells: dict[str, str], target: Path) -> Path:
    """A copy with these texts typed on Kontroll."""
    target.write_bytes(with_texts(path.read_bytes(), SHEET, cells))
    return target


def test_an_explanation_written_on_kontroll_answers_stays_and_is_never_thrown_away(tmp_path: Path) -> None:
    folder = next(f for f in filings() if f.name.startswith("2024-T1"))
    path, copy = example(folder, tmp_path), tmp_path / "kopia.xlsx"
    result = checked(path)
    write_control(path, result, copy, replace=False)
    rows = written(load_workbook(copy)[SHEET])
    number, row = next((8 + i, row) for i, row in enumerate(rows) if row[0] == "BF302")
    assert row[2:5] == ("Resultatenheter", "6", "Resultatöverföring till 2025, överskott (+) underskott (−)")
    explained = put(copy, {f"K{number}": "Ligger kvar i väntan på ombyggnaden."}, tmp_path / "förklarad.xlsx")
    after = checked(explained)
    [finding] = [f for f in after.findings if f.code == "BF302"]
    assert finding.explanation == "Ligger kvar i väntan på ombyggnaden."
    assert after.receipt["innehall"] != result.receipt["innehall"]  # what the nämnd says is part of what it hands in
    again = tmp_path / "igen.xlsx"
    write_control(explained, after, again, replace=False)
    assert [f.explanation for f in checked(again).findings if f.code == "BF302"] == [finding.explanation]
    assert checked(again).receipt["innehall"] == after.receipt["innehall"]
    # other figures: open again, and the words are kept on a row of their own, also by the check after
    other = put(again, {f"I{row_of(again, 'BF302')}": "1,0 mot 2,0"}, tmp_path / "annan.xlsx")
    for each in ("a.xlsx", "b.xlsx"):
        opened = checked(other)
        assert [f.explanation for f in opened.findings if f.code == "BF302"] == [None]
        assert "BF028" in {f.code for f in opened.findings}
        other_copy = tmp_path / each
        write_control(other, opened, other_copy, replace=False)
        sheet = load_workbook(other_copy)[SHEET]
        kept = [row for row in sheet.iter_rows(min_row=8, values_only=True) if row[10]]
        assert [row[10] for row in kept] == ["Ligger kvar i väntan på ombyggnaden."]
        assert kept[0][3] == "förklaring"
        other = other_copy


def row_of(path: Path, code: str) -> int:
    sheet = load_workbook(path)[SHEET]
    return next(row[2].row for row in sheet.iter_rows(min_row=8) if row[2].value == code)


@pytest.mark.parametrize(
    ("form", "row", "column"),
    [
        ("resultatenheter", "6", "overforing_till"),
        ("Resultatenheter", "6", "resultatöverföring  till 2025, överskott (+) underskott (−)"),
    ],
)
def test_places_are_written_in_words_or_ids(form: str, row: str, column: str, tmp_path: Path) -> None:
    folder = next(f for f in filings() if f.name.startswith("2024-T1"))
    path = example(folder, tmp_path)
    said = next(f for f in checked(path).findings if f.code == "BF302").siffror
    blankettset = forms.filing_set(folder)
    facts = read_facts(folder / "DATA.csv", blankettset)
    for name, value in zip(("kod", "blankett", "rad", "kolumn", "siffror", "forklaring"),
                           ("bf302", form, row, column, said.replace(",", ".") if form == "Resultatenheter" else said, "Så beslutat."), strict=True):  # fmt: skip
        facts["forklaringar", "9", name] = value
    named = tmp_path / "ord.xlsx"
    build(named, blankettset, catalog().namnd("SDN08"), facts)
    assert [f.explanation for f in checked(named).findings if f.code == "BF302"] == ["Så beslutat."]
