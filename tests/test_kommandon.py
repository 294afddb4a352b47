"""The command line as a user meets it: exit status, one Swedish line, nothing overwritten, nothing half written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from blankettset.addin.cli.exempel import filings
from blankettset.addin.cli.kommandon import main
from tests import forms
from tests.reader.packages import book

REAL = {folder.name: folder for folder in filings()}


def blankett(*args: str | Path) -> Result:
    return CliRunner().invoke(main, [str(arg) for arg in args])


@pytest.fixture
def tom(tmp_path: Path) -> Path:
    """An empty set for Kungsholmen T1 2024."""
    path = tmp_path / "tom.xlsx"
    assert blankett("ny", "--namnd", "SDN08", "--period", "2024-T1", "-o", path).exit_code == 0
    return path


@pytest.fixture
def klar(tmp_path: Path) -> Path:
    """A set without findings."""
    path = tmp_path / "klar.xlsx"
    path.write_bytes(forms.raw_bytes("2024-T1"))
    return path


def test_from_nothing_to_a_judged_workbook_and_back_to_data(tmp_path: Path, tom: Path) -> None:
    filled = tmp_path / "fylld.xlsx"
    assert blankett("fyll", tom, REAL["2024-T1_SDN08"] / "DATA.csv", "-o", filled).exit_code == 0
    said = json.loads(blankett("validera", filled, "--json").stdout)
    assert said["sammanfattning"] == {"fel": 0, "varning": 12, "upplysning": 11, "forklarade": 0}
    assert {"fil", "sha256", "blankettset", "namnd", "period", "regelverk", "fynd"} <= set(said)
    table = blankett("data", filled).stdout
    assert table.splitlines()[0] == "namnd;period;blankett;rad;kolumn;varde"
    again = tmp_path / "igen.csv"
    again.write_text(table, encoding="utf-8")
    twice = tmp_path / "igen.xlsx"
    assert blankett("fyll", tom, again, "-o", twice).exit_code == 0
    assert blankett("data", twice).stdout == table


def test_the_verdict_is_in_words_and_in_the_exit_status(klar: Path, tom: Path) -> None:
    good, bad = blankett("validera", klar), blankett("validera", tom)
    assert (good.exit_code, bad.exit_code) == (0, 1)
    assert "0 fel, 0 varningar, 0 upplysningar. Får lämnas in." in good.stdout
    assert "Får inte lämnas in: fel ska rättas." in bad.stdout


def test_the_same_file_gives_the_same_receipt(klar: Path) -> None:
    assert blankett("validera", klar, "--json").stdout == blankett("validera", klar, "--json").stdout


def one_line(result: Result, *words: str) -> None:
    assert result.exit_code == 2, result.output
    said = result.stderr.strip()
    assert "\n" not in said
    assert said.endswith((".", "?"))
    for word in words:
        assert word in said
    assert isinstance(result.exception, SystemExit)


def test_an_existing_file_is_left_alone_without_ersatt(tmp_path: Path, klar: Path, tom: Path) -> None:
    before = klar.read_bytes()
    one_line(blankett("ny", "--namnd", "SDN08", "--period", "2024-T1", "-o", klar), "finns redan", "--ersatt")
    one_line(blankett("fyll", tom, REAL["2024-T1_SDN08"] / "DATA.csv", "-o", klar), "finns redan")
    one_line(blankett("konsolidera", tom, "-o", klar), "finns redan")
    assert klar.read_bytes() == before
    assert blankett("ny", "--namnd", "SDN08", "--period", "2024-T1", "-o", klar, "--ersatt").exit_code == 0
    assert klar.read_bytes() != before


def test_fyll_never_writes_to_the_file_it_reads(tom: Path) -> None:
    before = tom.read_bytes()
    one_line(blankett("fyll", tom, REAL["2024-T1_SDN08"] / "DATA.csv", "-o", tom, "--ersatt"), "samma fil")
    assert tom.read_bytes() == before


DATA = {
    "unknown form": ("blankett;rad;kolumn;varde\ndriftbudgt;x;y;1\n", "driftbudgt", "driftbudget"),
    "unknown row": ("blankett;rad;kolumn;varde\nverksamhetsomraden;forskla;budget;1\n", "forskla", "forskola"),
    "unknown column": ("blankett;rad;kolumn;varde\nverksamhetsomraden;forskola;budgt;1\n", "budgt", "budget"),
    "comma": ("blankett,rad,kolumn,varde\na,b,c,1\n", "semikolon"),
    "no header": ("verksamhetsomraden;forskola;budget;1\n", "rad 1"),
    "no number": ("blankett;rad;kolumn;varde\nverksamhetsomraden;forskola;budget;tolv\n", "rad 2", "tolv"),
    "twice": ("blankett;rad;kolumn;varde\n" + "verksamhetsomraden;forskola;budget;1\n" * 2, "rad 3", "redan"),
    "five fields": ("blankett;rad;kolumn;varde\na;b;c;d;e\n", "rad 2", "fält"),
    "list row": ("blankett;rad;kolumn;varde\nresultatenheter;noll;enhet;x\n", "rad 2", "noll"),
    "hatched": ("blankett;rad;kolumn;varde\ndriftbudget;forandring_fond;budget;1\n", "rad 2"),
    "quotes": ('blankett;rad;kolumn;varde\n"a;b;c;d\n', "CSV"),
    "empty": ("", "rad 1"),
}


@pytest.mark.parametrize("kind", DATA)
def test_a_bad_data_file_is_refused_by_line_and_name(tmp_path: Path, tom: Path, kind: str) -> None:
    text, *words = DATA[kind]
    path = tmp_path / "fel.csv"
    path.write_text(text, encoding="utf-8")
    one_line(blankett("fyll", tom, path, "-o", tmp_path / "ut.xlsx"), "fel.csv", *words)
    assert not (tmp_path / "ut.xlsx").exists()


def test_a_data_file_in_another_encoding_says_how_to_save_it(tmp_path: Path, tom: Path) -> None:
    path = tmp_path / "latin.csv"
    path.write_bytes("blankett;rad;kolumn;varde\nresultatenheter;1;enhet;Förskola å\n".encode("latin-1"))
    one_line(blankett("fyll", tom, path, "-o", tmp_path / "ut.xlsx"), "UTF-8")
    path.write_bytes(b"blankett;rad;kolumn;varde\n\0;;;\n")
    one_line(blankett("fyll", tom, path, "-o", tmp_path / "ut.xlsx"), "textfil")


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("ny", "--namnd", "SDN99", "--period", "2024-T1", "-o", "a.xlsx"), ("SDN99", "SDN08 Kungsholmen")),
        (("ny", "--namnd", "SDN22", "--period", "2024-T1", "-o", "a.xlsx"), ("Hägersten-Liljeholmen", "2020-06-30")),
        (("ny", "--namnd", "SDN08", "--period", "2018-T1", "-o", "a.xlsx"), ("2018-T1", "2024-T1")),
        (("ny", "--namnd", "SDN08", "--period", "2024-T1", "-o", "a.xls"), (".xlsx",)),
        (("ny", "--namnd", "SDN08", "--period", "2024-T1", "-o", "saknas/a.xlsx"), ("Mappen saknas",)),
        (("ny", "--namnd", "SDN08"), ("--period",)),
        (("ny", "--nmnd", "SDN08"), ("--nmnd",)),
        (("ny", "--namnd", "SDN08", "--period", "2024-T1", "--niva", "by", "-o", "a.xlsx"), ("namnd eller enhet",)),
        (("validra", "a.xlsx"), ("validera",)),
        (("validera", "saknas.xlsx"), ("saknas.xlsx", "finns inte")),
        (("regler", "BF99"), ("BF99",)),
        (("konsolidera", "saknas", "-o", "a.xlsx"), ("saknas",)),
    ],
)
def test_wrong_use_is_one_swedish_line(
    args: tuple[str, ...], words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    one_line(blankett(*args), *words)
    assert list(tmp_path.iterdir()) == []


def test_a_workbook_that_is_no_blankettset_is_told_so(tmp_path: Path) -> None:
    path = tmp_path / "annan.xlsx"
    path.write_bytes(book("<row><c><v>1</v></c></row>"))
    one_line(blankett("validera", path), "inget blankettset")
    one_line(blankett("data", path), "inget blankettset")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="rättigheter biter inte på root")
def test_a_folder_that_may_not_be_written_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "last").mkdir(mode=0o500)
    one_line(blankett("ny", "--namnd", "SDN08", "--period", "2024-T1", "-o", tmp_path / "last" / "a.xlsx"))


def test_a_write_that_fails_leaves_the_old_file_and_no_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from blankettset.workbook.write import build

    def broken(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "a.xlsx"
    path.write_bytes(b"viktigt")
    monkeypatch.setattr(build._Book, "write", broken)
    one_line(blankett("ny", "--namnd", "SDN08", "--period", "2024-T1", "-o", path, "--ersatt"))
    assert path.read_bytes() == b"viktigt"
    assert list(tmp_path.iterdir()) == [path]


def test_a_share_without_hard_links_still_gets_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refused)
    path = tmp_path / "a.xlsx"
    assert blankett("ny", "--namnd", "SDN08", "--period", "2024-T1", "-o", path).exit_code == 0
    assert list(tmp_path.iterdir()) == [path]


def test_regler_lists_all_and_explains_one() -> None:
    assert "BF101" in blankett("regler").stdout
    said = blankett("regler", "bf302").stdout
    for word in ("BF302", "Givet", "När", "Så", "Källa"):
        assert word in said


@pytest.mark.parametrize("command", [(), *((name,) for name in main.commands)])
def test_help_is_swedish(command: tuple[str, ...]) -> None:
    said = blankett(*command, "--help").stdout
    assert said.startswith("Användning: ")
    for word in ("Usage", "Options", "Show", "required", "default", "OPTIONS"):
        assert word not in said


def test_a_reader_that_goes_away_is_no_error(klar: Path) -> None:
    script = f"{sys.executable} -m blankettset.addin.cli.kommandon data {klar} | head -1"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout.startswith("namnd;")
    assert done.stderr == ""
