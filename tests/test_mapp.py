"""What a folder of a city's deliveries can hold: every file is read or named, one version of each nämnd counts and is said."""

from __future__ import annotations

import json
import os
import re
import zipfile
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner
from openpyxl import load_workbook

from blankettset.addin.check.folder import OTHERS, look_through
from blankettset.addin.check.konsolidering import Outcome, consolidate
from blankettset.addin.cli.kommandon import main
from blankettset.addin.inbox.stamp import stamped
from blankettset.templates.catalog import catalog
from blankettset.templates.model import Kind
from blankettset.validators.finding import Severity
from blankettset.validators.validate import content_hash
from blankettset.workbook.calc.evaluate import Key, Value
from blankettset.workbook.read.bind import read_filled
from blankettset.workbook.read.modified import modified
from blankettset.workbook.write.build import build
from blankettset.workbook.write.files import WriteError
from tests import forms

SET = "2024-T1"
PLACE = ("verksamhetsomraden", "aldreomsorg", "budget")


def figures(amount: str) -> dict[Key, Value]:
    return {**forms.base(SET), PLACE: Decimal(amount)}


def make(path: Path, code: str = "SDN08", amount: str = "0", saved: str = "", set_id: str = SET) -> Path:
    """A nämnd's workbook with one figure, as Excel would have saved it at a time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    facts = figures(amount) if set_id == SET else forms.base(set_id)
    build(path, catalog().blankettset(set_id), catalog().namnd(code), facts)
    return with_saved(path, saved) if saved else path


def with_saved(path: Path, moment: str) -> Path:
    parts = {}
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    core = parts["docProps/core.xml"]
    parts["docProps/core.xml"] = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>" + moment.encode(), core)
    with zipfile.ZipFile(path, "w") as book:
        for name, content in parts.items():
            book.writestr(name, content)
    return path


def delivered(path: Path, at: str) -> None:
    """The workbook as a delivery stamps it."""
    data = path.read_bytes()
    filled = read_filled(data, catalog())
    path.write_bytes(stamped(data, filled, at, "A", content_hash(filled)))


def run(folder: Path, target: Path, **more: object) -> Outcome:
    return consolidate([folder], target, replace=True, **more)  # type: ignore[arg-type]


def told(outcome: Outcome, code: str) -> list[tuple[str, str]]:
    return [(str(f.severity), f.hit.text) for _, f in outcome.collection.findings if f.code == code]


def counted(outcome: Outcome) -> list[str]:
    return [filed.file for filed in outcome.collection.filings]


# ---- every file is read or named


def test_subfolders_are_read_and_files_are_called_by_their_path(tmp_path: Path) -> None:
    make(tmp_path / "in/Bromma/T1.xlsx", "SDN06")
    make(tmp_path / "in/Kungsholmen/senaste/T1.xlsx", "SDN08")
    outcome = run(tmp_path / "in", tmp_path / "stad.xlsx")
    assert sorted(counted(outcome)) == ["Bromma/T1.xlsx", "Kungsholmen/senaste/T1.xlsx"]


def test_links_in_circles_are_followed_once(tmp_path: Path) -> None:
    make(tmp_path / "in/a/T1.xlsx")
    (tmp_path / "in/a/upp").symlink_to(tmp_path / "in", target_is_directory=True)
    (tmp_path / "in/igen").symlink_to(tmp_path / "in/a", target_is_directory=True)
    (tmp_path / "in/sig.xlsx").symlink_to(tmp_path / "in/sig.xlsx")
    (tmp_path / "in/borta.xlsx").symlink_to(tmp_path / "finns inte.xlsx")
    outcome = run(tmp_path / "in", tmp_path / "stad.xlsx")
    assert counted(outcome) == ["a/T1.xlsx"]
    assert [text for _, text in told(outcome, "BF601")] == [
        "borta.xlsx går inte att läsa: länken leder inte till någon fil.",
        "sig.xlsx går inte att läsa: länken leder inte till någon fil.",
    ]


@pytest.mark.parametrize("ending", OTHERS)
def test_a_file_that_may_hold_a_filing_is_a_fel_with_what_to_do(ending: str, tmp_path: Path) -> None:
    make(tmp_path / "in/SDN04.xlsx", "SDN04")
    (tmp_path / f"in/SDN08{ending.upper()}").write_bytes(b"PK\x03\x04")
    outcome = run(tmp_path / "in", tmp_path / "stad.xlsx")
    ((severity, text),) = told(outcome, "BF601")
    assert severity == "fel"
    assert f"SDN08{ending.upper()}" in text
    assert ending in text or ending == ".numbers"
    assert outcome.errors >= 1


def test_other_files_are_named_together_and_hidden_ones_are_not(tmp_path: Path) -> None:
    make(tmp_path / "in/SDN04.xlsx", "SDN04")
    for name in ("läs mig.txt", "under/rapport.docx", "~$SDN04.xlsx", ".DS_Store", ".dold/SDN08.xlsx"):
        (tmp_path / "in" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "in" / name).write_bytes(b"x")
    outcome = run(tmp_path / "in", tmp_path / "stad.xlsx")
    assert told(outcome, "BF601") == [
        ("upplysning", "2 filer i mappen är inga arbetsböcker och läses inte: läs mig.txt, under/rapport.docx.")
    ]


def test_an_earlier_city_workbook_is_no_filing_and_no_fel(tmp_path: Path) -> None:
    make(tmp_path / "in/SDN04.xlsx", "SDN04")
    run(tmp_path / "in", tmp_path / "in/stad i går.xlsx")
    outcome = run(tmp_path / "in", tmp_path / "stad.xlsx")
    ((severity, text),) = told(outcome, "BF601")
    assert (severity, "stad i går.xlsx är en konsoliderad arbetsbok" in text) == ("upplysning", True)


@pytest.mark.skipif(os.geteuid() == 0 if hasattr(os, "geteuid") else True, reason="roten får läsa allt")
def test_a_folder_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    make(tmp_path / "in/SDN04.xlsx", "SDN04")
    (tmp_path / "in/låst").mkdir(mode=0)
    outcome = run(tmp_path / "in", tmp_path / "stad.xlsx")
    assert [text for _, text in told(outcome, "BF601")] == ["låst går inte att läsa: åtkomst nekas."]


def test_the_same_file_by_two_ways_is_read_once(tmp_path: Path) -> None:
    path = make(tmp_path / "in/SDN04.xlsx", "SDN04")
    found = look_through([tmp_path / "in", path, tmp_path / "in"], but=tmp_path / "stad.xlsx")
    assert [source.shown for source in found.workbooks] == ["SDN04.xlsx"]


def test_a_folder_without_workbooks_says_what_lies_there(tmp_path: Path) -> None:
    (tmp_path / "SDN08.xls").write_bytes(b"x")
    with pytest.raises(WriteError, match=r"SDN08\.xls är i det gamla Excelformatet"):
        run(tmp_path, tmp_path / "stad.xlsx")


# ---- which version counts


def test_identical_figures_are_an_upplysning(tmp_path: Path) -> None:
    make(tmp_path / "in/a.xlsx", amount="5")
    make(tmp_path / "in/kopia.xlsx", amount="5", saved="2024-05-13T09:00:00Z")
    outcome = run(tmp_path / "in", tmp_path / "stad.xlsx")
    ((severity, text),) = told(outcome, "BF602")
    assert severity == "upplysning"
    assert "samma siffror i alla" in text
    assert len(counted(outcome)) == 1


def test_the_latest_delivery_counts_whatever_was_saved_last(tmp_path: Path) -> None:
    first = make(tmp_path / "in/rättad.xlsx", amount="0", saved="2024-05-01T09:00:00Z")
    second = make(tmp_path / "in/a.xlsx", amount="0", saved="2024-05-30T09:00:00Z")
    _change(first, "beskrivning ett")
    delivered(second, "2024-05-13 09:12")
    delivered(first, "2024-05-14 16:40")
    outcome = run(tmp_path / "in", tmp_path / "stad.xlsx")
    ((severity, text),) = told(outcome, "BF602")
    assert severity == "upplysning"
    assert "rättad.xlsx räknas: lämnad senast (2024-05-14 16:40)" in text
    assert counted(outcome) == ["rättad.xlsx"]


def _change(path: Path, text: str) -> None:
    """The same workbook with another text in it."""
    facts = {**figures("0"), ("mal", "1", "analys"): text}
    saved = modified(path)
    path.unlink()
    build(path, catalog().blankettset(SET), catalog().namnd("SDN08"), facts)
    with_saved(path, saved)


def test_a_later_save_that_was_not_delivered_is_a_warning_and_does_not_count(tmp_path: Path) -> None:
    first = make(tmp_path / "in/lämnad.xlsx", saved="2024-05-01T09:00:00Z")
    delivered(first, "2024-05-13 09:12")
    make(tmp_path / "in/ny.xlsx", amount="7", saved="2024-05-20T08:00:00Z")
    outcome = run(tmp_path / "in", tmp_path / "stad.xlsx")
    ((severity, text),) = told(outcome, "BF602")
    assert severity == "varning"
    assert "sparad senare men inte lämnad" in text
    assert counted(outcome) == ["lämnad.xlsx"]


def test_without_stamps_the_workbooks_own_time_decides_and_is_said(tmp_path: Path) -> None:
    make(tmp_path / "in/a.xlsx", amount="5", saved="2024-05-13T09:00:00Z")
    make(tmp_path / "in/b.xlsx", amount="7", saved="2024-05-13T11:30:00Z")
    os.utime(tmp_path / "in/a.xlsx")  # the file's own time says nothing
    outcome = run(tmp_path / "in", tmp_path / "stad.xlsx")
    ((severity, text),) = told(outcome, "BF602")
    assert severity == "varning"
    assert "b.xlsx räknas: sparad senast enligt arbetsboken (2024-05-13 11:30 UTC)" in text
    assert counted(outcome) == ["b.xlsx"]
    cells = [c.value for row in load_workbook(tmp_path / "stad.xlsx")["Proveniens"].iter_rows() for c in row]
    assert "sparad senast enligt arbetsboken (2024-05-13 11:30 UTC)" in cells


@pytest.mark.parametrize("saved", [("", ""), ("2024-05-13T09:00:00Z", ""), ("2024-05-13T09:00:00Z",) * 2])
def test_what_cannot_be_told_apart_does_not_count_and_is_not_missing(saved: tuple[str, str], tmp_path: Path) -> None:
    make(tmp_path / "in/SDN04.xlsx", "SDN04")
    for name, amount, moment in zip(("a.xlsx", "b.xlsx"), ("5", "7"), saved, strict=True):
        make(tmp_path / "in" / name, amount=amount, saved=moment)
    outcome = run(tmp_path / "in", tmp_path / "stad.xlsx")
    ((severity, text),) = told(outcome, "BF602")
    assert severity == "fel"
    assert "Ingen av dem räknas" in text
    assert counted(outcome) == ["SDN04.xlsx"]
    assert outcome.collection.undecided == ("SDN08",)
    assert not any("SDN08" in text for _, text in told(outcome, "BF603"))
    overview = [c.value for row in load_workbook(tmp_path / "stad.xlsx")["Översikt"].iter_rows() for c in row]
    assert "Kungsholmen: flera filer, ingen vald (SDN08)" in overview


def test_an_empty_template_never_counts_before_a_filled_one(tmp_path: Path) -> None:
    path = tmp_path / "in/mall.xlsx"
    path.parent.mkdir()
    build(path, catalog().blankettset(SET), catalog().namnd("SDN08"), {})
    with_saved(path, "2024-06-30T09:00:00Z")
    make(tmp_path / "in/ifylld.xlsx", amount="5", saved="2024-05-13T09:00:00Z")
    outcome = run(tmp_path / "in", tmp_path / "stad.xlsx")
    ((severity, text),) = told(outcome, "BF602")
    assert severity == "upplysning"
    assert "mall.xlsx (inte ifylld)" in text
    assert counted(outcome) == ["ifylld.xlsx"]


def test_a_stamp_on_changed_figures_is_no_delivery(tmp_path: Path) -> None:
    first = make(tmp_path / "in/a.xlsx", saved="2024-05-01T09:00:00Z")
    delivered(first, "2024-05-13 09:12")
    facts = dict(read_filled(first, catalog()).facts)
    second = tmp_path / "in/b.xlsx"
    build(second, catalog().blankettset(SET), catalog().namnd("SDN08"), {**facts, PLACE: Decimal(9)})
    with_saved(second, "2024-05-02T09:00:00Z")
    outcome = run(tmp_path / "in", tmp_path / "stad.xlsx")
    ((_, text),) = told(outcome, "BF602")
    assert "b.xlsx (ändrad efter stämpeln 2024-05-13 09:12)" in text
    assert counted(outcome) == ["a.xlsx"]


def test_a_version_is_picked_on_the_command_line(tmp_path: Path) -> None:
    make(tmp_path / "in/gammal/T1.xlsx", amount="5")
    make(tmp_path / "in/ny/T1.xlsx", amount="7")

    def konsolidera(*more: str) -> tuple[int, str, str]:
        done = CliRunner().invoke(
            main, ["konsolidera", str(tmp_path / "in"), "-o", str(tmp_path / "s.xlsx"), "--ersatt", "--json", *more]
        )
        return done.exit_code, done.stdout, done.stderr

    code, out, _ = konsolidera("--valj", "SDN08=ny/T1.xlsx")
    found = json.loads(out)
    assert [each["fil"] for each in found["namnder"]] == ["ny/T1.xlsx"]
    assert found["namnder"][0]["version"] == "vald med --valj"
    assert [(f["kod"], f["allvar"]) for f in found["fynd"] if f["kod"] == "BF602"] == [("BF602", "upplysning")]
    (other,) = json.loads(konsolidera("--valj", f"sdn08={tmp_path}/in/gammal/T1.xlsx")[1])["namnder"]
    assert other["fil"] == "gammal/T1.xlsx"
    for wrong, words in (
        ("SDN08=T1.xlsx", "finns på flera ställen: gammal/T1.xlsx, ny/T1.xlsx"),
        ("SDN08=annan.xlsx", "finns inte bland de filer som läses"),
        ("SDN04=ny/T1.xlsx", "kommer från SDN08"),
        ("ny/T1.xlsx", "skriv nämndens kod och filen"),
    ):
        code, _, err = konsolidera("--valj", wrong)
        assert code == 2
        assert words in err
    code, _, err = konsolidera("--valj", "SDN08=ny/T1.xlsx", "--valj", "SDN08=gammal/T1.xlsx")
    assert (code, "två filer är valda" in err) == (2, True)


def test_files_of_another_set_are_one_finding_a_set(tmp_path: Path) -> None:
    for code in ("SDN04", "SDN06"):
        make(tmp_path / f"in/T1/{code}.xlsx", code)
        make(tmp_path / f"in/T2/{code}.xlsx", code, set_id="2024-T2")
    outcome = run(tmp_path / "in", tmp_path / "stad.xlsx")
    ((_, text),) = told(outcome, "BF604")
    assert "2 filer hör till 2024-T1 men lika många till 2024-T2" in text
    assert counted(outcome) == ["T2/SDN04.xlsx", "T2/SDN06.xlsx"]


@pytest.mark.parametrize(
    ("content", "moment"),
    [
        ("2024-05-13T09:00:00Z", "2024-05-13T09:00:00+00:00"),
        ("2024-05-13T09:00:00.123+02:00", "2024-05-13T07:00:00.123000+00:00"),
        ("2024-05-13T09:00:00", "2024-05-13T09:00:00+00:00"),
        ("2024-01-01T00:00:00Z", ""),  # as we made it
        ("i går", ""),
        ("9999-99-99T00:00:00Z", ""),
    ],
)
def test_the_workbooks_own_time_is_read_as_programs_write_it(content: str, moment: str, tmp_path: Path) -> None:
    path = tmp_path / "bok.xlsx"
    with zipfile.ZipFile(path, "w") as book:
        book.writestr(
            "docProps/core.xml", f'<a><dcterms:modified xsi:type="dcterms:W3CDTF">{content}</dcterms:modified></a>'
        )
    assert modified(path) == moment
    (tmp_path / "annat").write_bytes(b"PK\x03\x04")
    assert modified(tmp_path / "annat") == modified(tmp_path / "finns inte") == ""


# ---- nämnder side by side


def spread(factor: str, seed: int) -> dict[Key, Value]:
    """A nämnd with figures of some size on three forms."""
    facts = forms.base(SET)
    blanketter = catalog().blankettset(SET).blanketter
    for number, key in enumerate((form, row, column) for form in ("verksamhetsomraden", "driftbudget", "investeringar")
                                 for row, column, cell in blanketter[form].fixed_cells() if cell.kind is Kind.INPUT):  # fmt: skip
        facts[key] = (Decimal(number % 13 + seed) / 10 + 1) * Decimal(factor)
    return facts


def collected(tmp_path: Path, *given: dict[Key, Value]) -> Outcome:
    for code, facts in zip(("SDN04", "SDN06", "SDN08", "SDN10"), given, strict=False):
        path = tmp_path / f"in/{code}.xlsx"
        path.parent.mkdir(exist_ok=True)
        build(path, catalog().blankettset(SET), catalog().namnd(code), facts)
    return run(tmp_path / "in", tmp_path / "stad.xlsx")


@pytest.mark.parametrize("others", [1, 2, 3])
def test_a_whole_namnd_in_tkr_is_one_finding_on_the_collection(others: int, tmp_path: Path) -> None:
    outcome = collected(tmp_path, *(spread("1", seed) for seed in range(others)), spread("1000", 9))
    ((severity, text),) = told(outcome, "BF609")
    code = ("SDN06", "SDN08", "SDN10")[others - 1]
    assert severity == "varning"
    assert text.startswith(f"{code} ({code}.xlsx): alla belopp är omkring")
    assert text.endswith("är de i tkr?")


def test_one_form_in_tkr_is_told_of_that_form(tmp_path: Path) -> None:
    wrong = {
        k: v * 1000 if k[0] == "verksamhetsomraden" and isinstance(v, Decimal) else v for k, v in spread("1", 9).items()
    }
    outcome = collected(tmp_path, spread("1", 1), spread("1", 2), wrong)
    ((_, text),) = told(outcome, "BF609")
    assert "beloppen på Driftbudget per verksamhetsområde" in text


def test_namnder_of_very_different_size_are_not_asked_about(tmp_path: Path) -> None:
    outcome = collected(tmp_path, spread("0.1", 1), spread("1", 2), spread("20", 3))
    assert told(outcome, "BF609") == told(outcome, "BF608") == []


def test_the_same_figures_from_two_namnder_are_asked_about_once(tmp_path: Path) -> None:
    outcome = collected(tmp_path, spread("1", 1), spread("1", 1), spread("1", 2))
    ((severity, text),) = told(outcome, "BF608")
    assert severity == "varning"
    assert text.startswith("SDN04 och SDN06 har lämnat samma ")


def test_sets_that_are_only_begun_are_not_alike(tmp_path: Path) -> None:
    outcome = collected(tmp_path, forms.base(SET), forms.base(SET), forms.base(SET))
    assert told(outcome, "BF608") == []
    assert all(f.severity is not Severity.FEL for _, f in outcome.collection.findings)
