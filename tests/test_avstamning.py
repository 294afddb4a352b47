"""The sheet Avstämning: what its formulas say is what the program says, for every planted mistake that a formula can see."""

from __future__ import annotations

import functools
import io
import random
import shutil
import subprocess
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from blankettset.addin.cli.exempel import filings
from blankettset.templates.catalog import catalog
from blankettset.templates.model import Blankettset, Kind
from blankettset.validators.finding import Hit
from blankettset.validators.validate import validate
from blankettset.workbook.calc.evaluate import Evaluation, Key
from blankettset.workbook.layout.excel_formula import SheetPlaces
from blankettset.workbook.layout.placement import INDEX_SHEET, RECONCILIATION_SHEET, Placement
from blankettset.workbook.read.bind import read_filled
from blankettset.workbook.read.facts import read_facts
from blankettset.workbook.write.avstamning import FIRST, shown
from blankettset.workbook.write.reconciliation import LEFT, WRONG, Checks
from tests import forms

SOFFICE = shutil.which("soffice")
SETS = ("2019-T2", "2021-VP", "2024-T1", "2024-VB")
SEEN = {"BF010", "BF014", "BF016", "BF017", "BF105", "BF201", "BF202", "BF203", "BF204", "BF205", "BF206", "BF207", "BF209",
        "BF301", "BF302", "BF304", "BF401"}  # fmt: skip


def lines(workbook: Any) -> list[dict[str, Any]]:
    """What each line of the sheet says."""
    sheet = workbook[RECONCILIATION_SHEET]
    return [
        {"text": sheet.cell(row, 3).value, "state": sheet.cell(row, 8).value, "code": sheet.cell(row, 10).value,
         "told": sheet.cell(row, 9).value, "form": sheet.cell(row, 11).value}
        for row in range(FIRST, sheet.max_row + 1)
    ]  # fmt: skip


def wrong(workbook: Any) -> set[tuple[str, str]]:
    """Form and code of each line that does not hold."""
    bad = {shown(WRONG), shown(LEFT)}
    return {(line["form"], line["code"]) for line in lines(workbook) if line["state"] in bad}


def test_a_right_set_has_nothing_that_deviates() -> None:
    for set_id in SETS:
        book = load_workbook(io.BytesIO(forms.raw_bytes(set_id)), data_only=True)
        assert not [line for line in lines(book) if line["state"] == shown(WRONG)], set_id
        assert book[RECONCILIATION_SHEET]["B5"].value.startswith("Inget avviker"), set_id


def test_every_relation_of_a_set_has_its_line() -> None:
    for set_id in SETS:
        blankettset = forms.the_set(set_id)
        book = load_workbook(io.BytesIO(forms.raw_bytes(set_id)), data_only=True)
        relations = [
            (relation.left[0].ref.blankett, relation.code)
            for form in blankettset.blanketter.values()
            for relation in form.relations
            if relation.code != "BF208" and all(blankettset.knows(term.ref) for term in relation.left + relation.right)
        ]
        assert sorted(relations) == sorted(
            (line["form"], line["code"]) for line in lines(book) if line["code"].startswith("BF2")
        )


def test_the_index_counts_what_deviates_in_each_form() -> None:
    folder = next(each for each in filings() if each.name == "2024-T1_SDN08")
    blankettset = forms.filing_set(folder)
    facts = read_facts(folder / "DATA.csv", blankettset)
    book = load_workbook(io.BytesIO(forms.raw_bytes("2024-T1", facts)), data_only=True)
    counted = {row[1].value: row[4].value for row in book[INDEX_SHEET].iter_rows(min_row=8, max_row=40)}
    assert counted["Uppföljning investeringar per projekt"] == "3 avviker"  # 003:2423-2459, as BF204 says
    assert counted["Driftbudget per verksamhetsområde"] == "Stämmer"
    told = [line["told"] for line in lines(book) if line["state"] == shown(WRONG)]
    assert told
    assert all(told)


@functools.cache
def handed_in(set_id: str) -> bytes:
    """A workbook to plant mistakes in: a real filing of the set where there is one."""
    folder = next((each for each in filings() if each.name.startswith(set_id) and each.name.count("_") == 1), None)
    return forms.raw_bytes(set_id, read_facts(folder / "DATA.csv", forms.filing_set(folder)) if folder else None)


def recalculated_all(paths: list[Path], folder: Path) -> list[Path]:
    """The workbooks as LibreOffice saves them, all by one process."""
    profile = f"-env:UserInstallation=file://{folder / 'profil'}"
    command = [str(SOFFICE), profile, "--headless", "--convert-to", "xlsx", "--outdir", str(folder), *map(str, paths)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    return [folder / path.name for path in paths]


def seen(code: str, hit: Hit) -> tuple[str, str]:
    """The line of the sheet that says what a finding says: declared ej aktuell but filled in stands with the form."""
    return (hit.row or "", "BF016") if code == "BF017" else (hit.form or "", code)


def planted(set_id: str, blankettset: Blankettset) -> Iterator[tuple[str, Key, Any]]:
    """Mistakes that a formula can see, one at a time: name, cell and what is typed there (None: emptied)."""
    choose = random.Random(20261125)
    for form in blankettset.blanketter.values():
        rows = [row.id for row in form.rows] if not form.is_list else ["1"]
        cells = [(row, column.id, form.cell(row, column.id)) for row in rows for column in form.columns]
        numbers = [(r, c, d) for r, c, d in cells if d.kind in (Kind.INPUT, Kind.SLK) and d.type.is_number and not d.iu]
        if form.group == "kontroll" or not numbers:
            continue
        signed = [(r, c, d) for r, c, d in numbers if d.sign in ("positive", "negative")]
        required = [(r, c, d) for r, c, d in numbers if d.required]
        computed = [(r, c, d) for r, c, d in cells if d.kind is Kind.COMPUTED and d.type.is_number and not form.is_list]
        row, column, _ = choose.choice(numbers)
        yield "text", (form.id, row, column), "12 500 kr"
        yield "högre", (form.id, row, column), 977.7
        if signed:
            row, column, cell = choose.choice(signed)
            yield "tecken", (form.id, row, column), -31.0 if cell.sign == "positive" else 31.0
        if required and not form.is_list:
            row, column, _ = choose.choice(required)
            yield "tom", (form.id, row, column), None
        if computed:
            row, column, _ = choose.choice(computed)
            yield "överskriven", (form.id, row, column), 4711.5
        for part in [row for row in form.rows if row.varav_of and not row.varav_full][:1]:
            for column in form.columns:
                if form.cell(part.id, column.id).kind is Kind.INPUT:
                    yield "varav", (form.id, part.id, column.id), 50_000.0
                    break
        if form.optional:
            yield "ej aktuell", ("forsattsblad", form.id, "ej_aktuellt"), "Ja"


@pytest.mark.libreoffice
@pytest.mark.skipif(not SOFFICE, reason="soffice saknas")
@pytest.mark.parametrize("set_id", SETS)
def test_the_sheet_agrees_with_the_program_on_every_planted_mistake(set_id: str, tmp_path: Path) -> None:
    blankettset = forms.the_set(set_id)
    raw = handed_in(set_id)
    mistakes = list(planted(set_id, blankettset))
    for kind in dict.fromkeys(name for name, _, _ in mistakes):  # a workbook a kind of mistake, made in every form
        book = load_workbook(io.BytesIO(raw))
        for key, value in [(key, value) for name, key, value in mistakes if name == kind]:
            form = blankettset.blanketter[key[0]]
            book[form.sheet][Placement(form, 1).address(key[1], key[2])].value = value
        book.save(tmp_path / f"{kind}.xlsx")
    agreed, missed, extra = 0, [], []
    compared = {form_id: {form_id} for form_id in blankettset.blanketter}  # with what a form's figures are compared
    for form in blankettset.blanketter.values():
        for relation in form.relations:
            for term in relation.left:
                compared[term.ref.blankett] |= {other.ref.blankett for other in relation.right}
    for path in recalculated_all(sorted(tmp_path.glob("*.xlsx")), tmp_path / "ut"):
        found = validate(read_filled(path.read_bytes(), catalog(), name=path.name)).findings
        program = {seen(f.code, hit) for f in found for hit in f.hits if f.code in SEEN}
        sheet = wrong(load_workbook(path, data_only=True))
        missed += [(path.stem, each) for each in program - sheet]
        # what only follows from another fault waits in the program, which has said the other
        blamed = {hit.form for f in found for hit in f.hits}
        said = {code for _, code in program}  # on many sheets the program says it once for the workbook
        extra += [
            (path.stem, each) for each in sheet - program if not blamed & compared[each[0]] and each[1] not in said
        ]
        agreed += len(program & sheet)
    print(
        f"{set_id}: {len(mistakes)} fel planterade, {agreed} utslag lika, {len(missed)} bara i programmet, {len(extra)} bara i bladet"
    )
    assert agreed > 20
    assert not missed
    assert not extra


def test_the_formulas_say_what_is_stored_beside_them_in_words() -> None:
    """A line's stored state is worked out here and not by Excel: the two are made from one definition, tested above."""
    blankettset = forms.the_set("2024-T1")
    evaluation = Evaluation(blankettset, forms.base("2024-T1"))
    placements = {form.id: Placement(form, 3) for form in blankettset.blanketter.values()}
    checks = Checks(evaluation, placements, SheetPlaces(placements, dict.fromkeys(blankettset.parameters, "1")))
    for form in blankettset.blanketter.values():
        for check in checks.of(form):
            assert check.text[0].isupper()
            assert check.advice.endswith(".")
            assert len(check.left) < 8000, check.text
            assert isinstance(check.values[0], Decimal | None)
