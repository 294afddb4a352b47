"""LibreOffice recalculates every built set and agrees with our evaluation, cell by cell."""

from __future__ import annotations

import functools
import itertools
import re
import shutil
import subprocess
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import load_workbook

from blankettset.addin.check.konsolidering import consolidate
from blankettset.addin.cli.exempel import filings, synthetic_city
from blankettset.templates.catalog import catalog
from blankettset.templates.model import Type
from blankettset.validators.validate import validate
from blankettset.workbook.calc.evaluate import Evaluation
from blankettset.workbook.layout import look
from blankettset.workbook.layout.placement import INDEX_SHEET
from blankettset.workbook.layout.text_size import text_lines
from blankettset.workbook.read.bind import read_filled
from blankettset.workbook.read.facts import read_facts
from blankettset.workbook.read.filled import FilledSet
from blankettset.workbook.read.xlsx_reader import CellState
from blankettset.workbook.write.build import build, new_book
from tests import forms

SOFFICE = shutil.which("soffice") or shutil.which("libreoffice")
pytestmark = [
    pytest.mark.libreoffice,
    pytest.mark.skipif(SOFFICE is None, reason="LibreOffice (soffice) finns inte på den här maskinen"),
]
SETS = sorted(catalog().tried)
SHAPES = (
    "85 %",
    "1 956,5 st",
    "\u2212 4,3 %",
    "Max 10 personer",
    "+/- 1 %",
    "öka",
    "Tas fram av nämnd",
    "i.u.",
    "-",
    "0",
    "12/5",
    "90.5 %",
    "90 procent",
    "12 ST.",
    "max 10 PERSONER",
    "Högst. 10",
    "± 1 %",
    "1,9 kg CO \u2082 per kg livsmedel",
    "12\u202f345 st",
    "ska minska",
    "12 34",
    "st",
)
EVERY_SET = "test_libreoffice_agrees_with_our_evaluation_in_every_set"
EPSILON = Decimal("0.0000001")


def without_values(path: Path, target: Path) -> None:
    """The same workbook with every stored formula value dropped: openpyxl never keeps them."""
    load_workbook(path).save(target)


def recalculated(path: Path, folder: Path) -> Path:
    """The workbook without its stored values, recalculated by LibreOffice."""
    return all_recalculated([path], folder)[path]


def all_recalculated(paths: list[Path], folder: Path) -> dict[Path, Path]:
    """As recalculated, of several workbooks by one LibreOffice: starting it takes longer than reckoning."""
    (folder / "in").mkdir()
    for path in paths:
        without_values(path, folder / "in" / path.name)
    converted(*(folder / "in" / path.name for path in paths), folder=folder)
    return {path: folder / "ut" / path.name for path in paths}


def converted(*paths: Path, folder: Path, kind: str = "xlsx") -> None:
    """Saved anew by LibreOffice in the folder ut."""
    profile = f"-env:UserInstallation=file://{folder / 'profil'}"
    command = [
        str(SOFFICE),
        profile,
        "--headless",
        "--convert-to",
        kind,
        "--outdir",
        str(folder / "ut"),
        *map(str, paths),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=300)


@functools.cache
def set_facts(set_id: str, level: str) -> dict[tuple[str, str, str], Decimal | str | None]:
    """Figures for every input: the real filing where there is one, else small numbers of our own."""
    blankettset = catalog().blankettset(set_id, level)
    for folder in filings():
        if forms.filing_set(folder) is blankettset:
            return dict(read_facts(folder / "DATA.csv", blankettset))
    facts = forms.base(f"{set_id} {level}")
    number = 0
    for form in blankettset.blanketter.values():
        rows = ["1", "2"] if form.is_list else [row.id for row in form.rows]
        if form.id in ("forsattsblad", "forklaringar", "kontroll"):
            continue
        for row in rows:
            for column in form.column_by_id:
                cell = form.cell(row, column)
                if cell.kind.value == "inmatning":
                    number += 1
                    key = (form.id, row, column)
                    if cell.type.is_number:
                        facts[key] = Decimal(number % 97) + Decimal(number % 7) / 10
                    elif cell.type is Type.DATUM:
                        facts[key] = f"2024-0{number % 9 + 1}-15"
                    elif cell.type is Type.MATVARDE:
                        facts[key] = SHAPES[number % len(SHAPES)]
                    elif cell.choices:
                        facts[key] = cell.choices[number % len(cell.choices)].id
                    else:
                        facts[key] = f"text {number}"
    return facts


def agree(filled: FilledSet, evaluation: Evaluation) -> int:
    compared = 0
    for key, _ in evaluation.computed():
        cell = filled.cell(key)
        expected = evaluation.value(key)
        assert cell is not None, key
        if isinstance(expected, Decimal):
            assert cell.state is CellState.NUMBER, (key, cell)
            assert isinstance(cell.value, Decimal)
            assert abs(cell.value - expected) < EPSILON, (key, cell.value, expected)
        else:
            assert (cell.value or None) == (expected or None), (key, cell.value, expected)
        compared += 1
    return compared


@pytest.fixture(scope="module")
def every_set(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[tuple[str, str], tuple[Path, Path]]:
    """The sets that are to be tried, as built and as LibreOffice has recalculated them, all by one process."""
    folder = tmp_path_factory.mktemp("alla_set")
    chosen = [
        item.callspec.params for item in request.session.items if "[" in item.name and item.name.startswith(EVERY_SET)
    ]
    paths = {}
    for set_id, level in sorted({(each["set_id"], each["level"]) for each in chosen}):
        path = paths[set_id, level] = folder / f"{set_id}_{level}.xlsx"
        namnd = catalog().namnd(forms.namnd_of(set_id if level == "namnd" else "enhet"))
        build(path, catalog().blankettset(set_id, level), namnd, set_facts(set_id, level))
    fresh = all_recalculated(list(paths.values()), folder)
    return {key: (path, fresh[path]) for key, path in paths.items()}


@pytest.mark.parametrize(("set_id", "level"), SETS)
def test_libreoffice_agrees_with_our_evaluation_in_every_set(
    set_id: str, level: str, every_set: dict[tuple[str, str], tuple[Path, Path]]
) -> None:
    blankettset, facts = catalog().blankettset(set_id, level), set_facts(set_id, level)
    path, fresh = every_set[set_id, level]
    filled = read_filled(fresh, catalog())
    assert agree(filled, Evaluation(blankettset, facts)) >= 3
    assert forms.flatten(forms.findings(filled)) == forms.flatten(forms.findings(read_filled(path, catalog())))
    boards = [load_workbook(each, data_only=True)[INDEX_SHEET] for each in (path, fresh)]
    ours, theirs = ({(c.coordinate, c.value) for row in each["B6:F60"] for c in row if c.value} for each in boards)
    assert ours == theirs


def printed_lines(texts: list[tuple[str, int]], folder: Path) -> list[int]:
    """How many lines LibreOffice prints of each text in a column of the given width; a page for each."""
    path = folder / "texter.xlsx"
    book = new_book(path, "Texter")
    style = look.Formats(book)(text_wrap=True, valign="top", align="left", indent=1)
    sheet = book.add_worksheet()
    sheet.set_h_pagebreaks(range(1, len(texts) + 1))
    sheet.set_landscape()
    columns = sorted({width for _, width in texts})
    for at, width in enumerate(columns):
        sheet.set_column(at, at, width)
    for row, (text, width) in enumerate(texts):
        sheet.write_string(row, columns.index(width), text, style)
        sheet.set_row(row, 400)
    book.close()
    converted(path, folder=folder, kind="pdf")
    command = ["pdftotext", "-bbox", str(folder / "ut" / "texter.pdf"), "-"]
    pages = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("<page ")[1:]
    return [len({round(float(y) / 3) for y in re.findall(r'yMin="([\d.]+)"', page)}) for page in pages]


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext (poppler) finns inte på den här maskinen")
def test_we_count_the_lines_of_a_text_as_libreoffice_prints_it(tmp_path: Path) -> None:
    """Never too few, so that nothing is cut, and hardly ever too many, so that rows have no empty bands."""
    folder = next(each for each in filings() if each.name == "2024-T1_SDN08")
    found = read_facts(folder / "DATA.csv", forms.filing_set(folder)).values()
    long = [text for text in found if isinstance(text, str) and 60 < len(text) < 600][:60]
    texts = [(text[: 18 * width], width) for text, width in zip(long, itertools.cycle((15, 28, 60)))]
    ours, theirs = [text_lines(text, width, indent=1) for text, width in texts], printed_lines(texts, tmp_path)
    assert len(ours) == len(theirs) > 40
    assert [each for each in zip(texts, ours, theirs, strict=True) if each[1] < each[2]] == []
    assert sum(ours) < 1.1 * sum(theirs)


def test_libreoffice_counts_iu_as_no_figure_as_we_do(tmp_path: Path) -> None:
    facts = forms.with_values(
        "2019-T2",
        """volymer;forskola_1_3;jan;i.u.
        volymer;forskola_1_3;feb;1959
        volymer;forskola_4_5;jan;2993
        volymer;aldreomsorg_vardplatser;jan;i.u.
        volymer_enheter;1;enhet;Axcgården
        volymer_enheter;1;matt;Tomma dygn
        volymer_enheter;1;jan;0,5
        volymer_enheter;1;feb;i.u.
        volymer_enheter;1;mar;1,5""",
    )
    path = tmp_path / "bok.xlsx"
    build(path, catalog().blankettset("2019-T2"), catalog().namnd("SDN22"), facts)
    filled = read_filled(recalculated(path, tmp_path), catalog())
    assert agree(filled, Evaluation(catalog().blankettset("2019-T2"), facts))
    assert filled.facts["volymer", "forskola_summa", "jan"] == 2993
    assert filled.facts["volymer", "forskola_1_3", "snitt"] == 1959
    assert filled.facts["volymer_enheter", "1", "snitt"] == 1
    assert filled.facts["volymer_enheter", "1", "feb"] == "i.u."


def test_libreoffice_agrees_with_every_stored_value_in_the_citys_workbook(tmp_path: Path) -> None:
    folder = tmp_path / "filer"
    folder.mkdir()
    synthetic_city(folder)
    assert same_when_recalculated(folder, tmp_path) > 500


@pytest.mark.parametrize(("set_id", "level"), [("2019-T2", "namnd"), ("2024-VB", "namnd"), ("2021-VB", "enhet")])
def test_libreoffice_agrees_where_one_namnd_or_unit_has_reported_little(
    set_id: str, level: str, tmp_path: Path
) -> None:
    folder = tmp_path / "filer"
    folder.mkdir()
    for number, facts in enumerate((set_facts(set_id, level), forms.base(f"{set_id} {level}"))):
        code = "SDN08" if level == "enhet" or number else "SDN04"
        own = {**facts, ("forsattsblad", "enhet", "uppgift"): f"Enhet {number}"} if level == "enhet" else facts
        build(folder / f"{number}.xlsx", catalog().blankettset(set_id, level), catalog().namnd(code), own)
    assert same_when_recalculated(folder, tmp_path) > 100


def same_when_recalculated(folder: Path, tmp_path: Path) -> int:
    """Consolidates the folder; how many formulas gave what was stored, all of them."""
    city = tmp_path / "stad.xlsx"
    consolidate([folder], city, replace=False)
    stored = load_workbook(city, data_only=True)
    formulas = load_workbook(city)
    fresh = load_workbook(recalculated(city, tmp_path), data_only=True)
    compared = 0
    for sheet in formulas.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type != "f":
                    continue
                ours, theirs = stored[sheet.title][cell.coordinate].value, fresh[sheet.title][cell.coordinate].value
                if isinstance(ours, int | float):
                    assert theirs == pytest.approx(ours, abs=1e-6), (sheet.title, cell.coordinate, cell.value)
                else:
                    assert theirs in (ours, None, ""), (sheet.title, cell.coordinate)
                compared += 1
    return compared


UNITS = ("%", "st", "", "barn/avd.", "kg CO2 per kg livsmedel", "personer", "timmar")
NAMES = (
    "Antal barn per grupp",
    "Antal ungdomar",
    "Andel nöjda",
    "Index",
    "Antal personal en hemtjänsttagare möter i snitt",
)


def test_every_shape_of_value_is_read_alike_in_the_sheet_and_here(tmp_path: Path) -> None:
    """Value, target, unit, name and direction in every combination that matters, recalculated by LibreOffice."""
    blankettset = catalog().blankettset("2024-T1")
    facts = forms.base("2024-T1")
    start = 1 + max(int(row) for form, row, _ in facts if form == "indikatorer")
    shapes = [*SHAPES, "16,3 barn/avd", "16 barn/avd.", "2 timmar", "5\u00a0000 st", "3"]
    for number in range(len(shapes) * len(UNITS)):
        row, shape = str(start + number), shapes[number % len(shapes)]
        facts |= {
            ("indikatorer", row, "mal"): "1.1",
            ("indikatorer", row, "indikator"): NAMES[number % len(NAMES)],
            ("indikatorer", row, "enhet"): UNITS[number // len(shapes)] or None,
            ("indikatorer", row, "periodens_utfall"): shape,
            ("indikatorer", row, "prognos_helar"): shapes[number % 7] if number % 3 == 0 else None,
            ("indikatorer", row, "arsmal"): shapes[(number * 5) % len(shapes)],
            ("indikatorer", row, "utfall_foregaende"): shapes[(number * 3) % len(shapes)],
            ("indikatorer", row, "riktning"): ("hogre", "lagre", "band", "ingen")[number % 4],
        }
    path = tmp_path / "bok.xlsx"
    build(path, blankettset, catalog().namnd("SDN08"), facts)
    evaluation = Evaluation(blankettset, facts)
    assert agree(read_filled(recalculated(path, tmp_path), catalog()), evaluation) > 300
    judged = {evaluation.value(("indikatorer", str(start + n), "forslag")) for n in range(len(shapes) * len(UNITS))}
    assert judged >= {"helt", "ej", "ingen"}


def test_libreoffice_and_the_program_read_answers_alike(tmp_path: Path) -> None:
    """Every way to write an answer that tests/test_answers.py has, and some that are none: no stored value is out of date."""
    from tests.test_answers import OTHER, WRITTEN

    facts = forms.with_values(
        "2024-T1",
        "\n".join(
            f"investeringsprojekt;{row};{column};{value}"
            for row in range(1, 14)
            for column, value in (("grupp", "ovriga"), ("projekt", f"Projekt {row}"), ("budget", "1"), ("prognos", "1"))
            if column in forms.the_set("2024-T1").blanketter["investeringsprojekt"].column_by_id
        ),
    )
    path = tmp_path / "bok.xlsx"
    build(path, forms.the_set("2024-T1"), catalog().namnd("SDN08"), facts)
    book = load_workbook(path)
    filled = read_filled(path, catalog())
    for number, text in enumerate([*WRITTEN, *OTHER], start=1):
        status = filled.cell(("mal", str(number), "status"))
        assert status is not None
        book[status.sheet][status.address].value = text
        group = filled.cell(("investeringsprojekt", str(number), "grupp"))
        if group is not None and group.raw:
            book[group.sheet][group.address].value = (
                text.replace("● ", "").replace("Uppfylls helt", group.raw) if "elt" in text else text
            )
    book.save(path)
    result = validate(read_filled(recalculated(path, tmp_path), catalog()))
    assert not [f.hit.text for f in result.findings if f.code == "BF027"]
    assert sum(f.code == "BF020" for f in result.findings)
