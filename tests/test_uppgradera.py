"""A changed form with eleven workbooks out: none breaks, and `uppgradera` moves every value, explanation and note."""

from __future__ import annotations

import csv
import shutil
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner
from openpyxl.comments import Comment

from blankettset.addin.check.upgrading import NotWhole, upgrade_file, upgrade_folder
from blankettset.addin.cli.exempel import synthetic_city
from blankettset.addin.cli.kommandon import main
from blankettset.templates.catalog import Catalog, catalog, load
from blankettset.templates.documents import ROOT
from blankettset.validators.finding import Severity
from blankettset.validators.validate import content_hash, validate
from blankettset.workbook.read.bind import read_filled
from blankettset.workbook.read.losses import typed_over
from tests import forms

AREAS = "blanketter/verksamhetsomraden/t_2024.yaml"
UNITS = "blanketter/resultatenheter/t_2024.yaml"


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """The definitions after a change: a row more, two columns with other ids, a total that leaves one row out."""
    root = tmp_path_factory.mktemp("andrad") / "templates"
    shutil.copytree(ROOT, root, ignore=shutil.ignore_patterns("filings", "*.py", "__pycache__"))
    edit(root / AREAS, [
        ("  - {id: ovrig, label", '  - {id: krisberedskap, label: "Krisberedskap", required: false}\n  - {id: ovrig, label'),
        ("barn_kultur_fritid + arbetsmarknad + ekonomiskt_bistand + ovrig", "barn_kultur_fritid + krisberedskap + arbetsmarknad + ekonomiskt_bistand"),
    ])  # fmt: skip
    edit(root / "blanketter/volymer/t1_2024.yaml", [("id: barn_unga_jourhem, label", "id: barn_unga_hem, formerly: [barn_unga_jourhem], label")])  # fmt: skip
    edit(root / UNITS, [("id: bruttobudget, label", "id: brutto, formerly: [bruttobudget], label"), ("  bruttobudget: [{from", "  brutto: [{from")])  # fmt: skip
    return load(root)


def edit(path: Path, changes: list[tuple[str, str]]) -> None:
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, (path.name, old)
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stad")
    synthetic_city(folder)
    return folder


def test_no_workbook_that_is_out_breaks(city: Path, changed: Catalog) -> None:
    for path in sorted(city.glob("*.xlsx")):
        found = validate(read_filled(path, changed)).findings
        before = validate(read_filled(path, catalog())).findings
        assert [
            f.code
            for f in found
            if f.code in ("BF001", "BF002", "BF006", "BF008") and f.severity is not Severity.UPPLYSNING
        ] == []
        assert sum(str(f.severity) == "fel" for f in found) == sum(str(f.severity) == "fel" for f in before)


def test_every_value_of_eleven_workbooks_moves(city: Path, changed: Catalog, tmp_path: Path) -> None:
    done, wrong = upgrade_folder(city, tmp_path / "ny", changed, keep=False, replace=False)
    assert (len(done), wrong) == (11, [])
    for path in sorted(city.glob("*.xlsx")):
        before, after = read_filled(path, changed), read_filled(tmp_path / "ny" / path.name, changed)
        ids = {("resultatenheter", "bruttobudget"): "brutto", ("volymer", "barn_unga_jourhem"): "barn_unga_hem"}
        moved = {(f, ids.get((f, r), r), ids.get((f, c), c)): value for (f, r, c), value in before.inputs().items()}
        assert after.inputs() == moved
        assert not any(problem.kind == "aldre_layout" for problem in after.problems)
        with (tmp_path / "ny" / f"{path.stem}_flytt.csv").open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file, delimiter=";"))
        assert sum(row["besked"] == "flyttad" for row in rows) == len(moved) + len(typed_over(before))
        total = next(r for r in rows if (r["blankett"], r["rad"], r["kolumn"]) == ("verksamhetsomraden", "summa", "budget"))  # fmt: skip
        assert (total["besked"], total["cell_fore"] != total["cell_efter"]) == ("ändrad", True)


def test_a_workbook_of_the_newest_layout_is_left_alone(city: Path, tmp_path: Path) -> None:
    source = next(city.glob("*.xlsx"))
    outcome = upgrade_file(source, tmp_path / "ny.xlsx", catalog(), keep=False, replace=False)
    assert outcome.path is None
    assert list(tmp_path.iterdir()) == []


def test_explanations_and_peoples_notes_follow(changed: Catalog, tmp_path: Path) -> None:
    text = """
        verksamhetsomraden;forskola;begarda_justeringar;0,5
        resultatenheter;1;enhet;Skolan
        resultatenheter;1;bruttobudget;-1000
        forklaringar;1;kod;BF302
        forklaringar;1;blankett;resultatenheter
        forklaringar;1;rad;1
        forklaringar;1;kolumn;bruttobudget
        forklaringar;1;siffror;0,5 mot 0,0
        forklaringar;1;forklaring;Beslutas senare.
    """
    path = tmp_path / "bok.xlsx"
    path.write_bytes(forms.raw_bytes("2024-T1", forms.with_values("2024-T1", text)))
    noted(path, "Verksamhetsområden", "D16", "Kolla med Eva")
    noted(path, "Verksamhetsområden", "H2", "utanför blanketten")
    with pytest.raises(NotWhole, match="utanför blanketten"):
        upgrade_file(path, tmp_path / "ny.xlsx", changed, keep=False, replace=False)
    assert not (tmp_path / "ny.xlsx").exists()
    outcome = upgrade_file(path, tmp_path / "ny.xlsx", changed, keep=True, replace=False)
    assert outcome.result is not None
    after = read_filled(tmp_path / "ny.xlsx", changed)
    assert after.facts["forklaringar", "1", "kolumn"] == "brutto"
    assert after.facts["forklaringar", "1", "forklaring"] == "Beslutas senare."
    assert after.facts["resultatenheter", "1", "brutto"] == Decimal(-1000)
    said = {c.comment.text for row in openpyxl.load_workbook(tmp_path / "ny.xlsx")["Verksamhetsområden"].iter_rows() for c in row if c.comment}  # fmt: skip
    assert "Kolla med Eva" in said


def noted(path: Path, sheet: str, cell: str, text: str) -> None:
    """A person's note, written with another library; values of formulas are kept out of it."""
    book = openpyxl.load_workbook(path)
    book[sheet][cell].comment = Comment(text, "Ekonomen")
    book.save(path)


def test_what_has_no_place_is_named_and_nothing_is_written(city: Path, changed: Catalog, tmp_path: Path) -> None:
    """A value that the new layout has no cell for: the column is gone without a successor."""
    documents = dict(changed.documents)
    raw = dict(documents[UNITS])
    raw["columns"] = [{k: v for k, v in column.items() if k != "formerly"} for column in raw["columns"]]
    gone = Catalog({**documents, UNITS: raw}, changed.kept)
    source = next(city.glob("*.xlsx"))
    with pytest.raises(NotWhole, match="finns inte i den nya layouten") as refused:
        upgrade_file(source, tmp_path / "ny.xlsx", gone, keep=False, replace=False)
    assert "Resultatenheter!D8" in str(refused.value)
    assert list(tmp_path.iterdir()) == []
    outcome = upgrade_file(source, tmp_path / "ny.xlsx", gone, keep=True, replace=False)
    assert outcome.result is not None
    assert len(outcome.result.lost) == 12


def test_the_command_writes_beside_and_never_in_place(city: Path, tmp_path: Path) -> None:
    source = next(city.glob("*.xlsx"))
    content = source.read_bytes()
    same = CliRunner().invoke(main, ["uppgradera", str(source), "-o", str(source), "--ersatt"])
    assert same.exit_code == 2
    folder = CliRunner().invoke(main, ["uppgradera", str(city), "-o", str(city)])
    assert folder.exit_code == 2
    done = CliRunner().invoke(main, ["uppgradera", str(source), "-o", str(tmp_path / "ny.xlsx")])
    assert (done.exit_code, "redan den nyaste" in done.output) == (0, True)
    assert source.read_bytes() == content
    assert content_hash(read_filled(source, catalog()))
