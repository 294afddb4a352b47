"""No command loses work: what does not fit is named, and nothing that is read is ever written over."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import load_workbook

from blankettset.addin.cli.kommandon import main
from blankettset.templates.catalog import catalog
from blankettset.workbook.read.bind import read_filled
from tests import forms
from tests.test_kommandon import blankett, one_line

HEADER = "blankett;rad;kolumn;varde\n"
BUDGET = ("verksamhetsomraden", "forskola", "budget")


@pytest.fixture
def klar(tmp_path: Path) -> Path:
    path = tmp_path / "klar.xlsx"
    path.write_bytes(forms.raw_bytes("2024-T1"))
    return path


def changed(path: Path, key: tuple[str, str, str], value: object) -> Path:
    """The workbook with one cell rewritten, as somebody's own program would."""
    cell = read_filled(path, catalog()).cell(key)
    assert cell is not None
    book = load_workbook(path)
    book[cell.sheet][cell.address].value = value
    book.save(path)
    return path


def data(tmp_path: Path, *lines: str, header: str = HEADER) -> Path:
    path = tmp_path / "data.csv"
    path.write_text(header + "".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


LOST = [
    (BUDGET, "ca 278,5", "ca 278,5"),
    (("forsattsblad", "upprattad", "uppgift"), "mars 2024", "mars 2024"),
    (("forsattsblad", "resultatenheter", "ej_aktuellt"), "kanske", "kanske"),
]


@pytest.mark.parametrize(("key", "value", "said"), LOST)
def test_fyll_names_what_does_not_fit_and_writes_nothing(
    tmp_path: Path, klar: Path, key: tuple[str, str, str], value: str, said: str
) -> None:
    target = tmp_path / "ut.xlsx"
    changed(klar, key, value)
    one_line(blankett("fyll", klar, data(tmp_path), "-o", target), said, "--lamna-kvar", "inget har skrivits")
    assert not target.exists()
    done = blankett("fyll", klar, data(tmp_path), "-o", target, "--lamna-kvar")
    assert done.exit_code == 0
    assert said in done.stderr


def test_a_new_value_for_the_very_cell_makes_it_no_loss(tmp_path: Path, klar: Path) -> None:
    changed(klar, BUDGET, "ca 278,5")
    target = tmp_path / "ut.xlsx"
    assert blankett("fyll", klar, data(tmp_path, ";".join((*BUDGET, "278,5"))), "-o", target).exit_code == 0
    assert read_filled(target, catalog()).facts[BUDGET] == Decimal("278.5")


def test_own_sheets_and_lost_columns_stop_fyll_and_three_places_are_named(tmp_path: Path, klar: Path) -> None:
    book = load_workbook(klar)
    book.create_sheet("Mina anteckningar")["A1"] = "viktigt"
    sheet = book["Verksamhetsområden"]
    column = next(cell.column for cell in sheet[1] if cell.value == "budget")
    sheet.cell(1, column).value = None
    for name in ("Två", "Tre", "Fyra"):
        book.create_sheet(name)["A1"] = "x"
    book.save(klar)
    one_line(blankett("fyll", klar, data(tmp_path), "-o", tmp_path / "ut.xlsx"), "Mina anteckningar", "… och 2 till")
    told = blankett("data", klar)
    assert told.exit_code == 1  # own sheets are no part of the long table, the lost column is
    assert "kolumnen Budget (saknas)" in told.stderr


def test_data_writes_what_can_be_read_and_names_the_rest(tmp_path: Path, klar: Path) -> None:
    whole = blankett("data", klar)
    assert (whole.exit_code, whole.stderr) == (0, "")
    changed(klar, BUDGET, "ca 278,5")  # and openpyxl leaves every formula without a value
    told = blankett("data", klar)
    assert told.exit_code == 1
    assert re.match(
        r"\d+ ställen i .*klar\.xlsx är inga värden och är inte med: Verksamhetsområden \w+ »ca 278,5»", told.stderr
    )
    typed = {row for row in whole.stdout.splitlines() if ";forsattsblad;" in row or ";forskola;" in row}
    assert "SDN08;2024-T1;verksamhetsomraden;forskola;budget;0" in typed - set(told.stdout.splitlines())


def test_a_figure_typed_over_a_formula_follows_along(tmp_path: Path, klar: Path) -> None:
    total = ("verksamhetsomraden", "summa", "budget")
    changed(klar, total, 12.3)
    target = tmp_path / "ut.xlsx"
    assert blankett("fyll", klar, data(tmp_path), "-o", target).exit_code == 0
    assert read_filled(target, catalog()).facts[total] == Decimal("12.3")


@pytest.mark.parametrize(("front", "words"), [("SDN04;2024-T1", "SDN04"), ("SDN08;2023-T1", "2023-T1")])
def test_figures_of_another_namnd_or_period_are_refused_by_row(
    tmp_path: Path, klar: Path, front: str, words: str
) -> None:
    path = data(tmp_path, f"{front};{';'.join(BUDGET)};1", header="namnd;period;" + HEADER)
    one_line(blankett("fyll", klar, path, "-o", tmp_path / "ut.xlsx"), "rad 2", words)


def names_of(path: Path, kind: str) -> Path:
    """The same file under another name."""
    other = path.with_name("annat" + path.suffix)
    if kind == "samma":
        return path
    (os.link if kind == "hard" else os.symlink)(path, other)
    return other


@pytest.mark.parametrize("kind", ["samma", "hard", "lank"])
def test_no_command_writes_over_what_it_reads(tmp_path: Path, klar: Path, kind: str) -> None:
    earlier, table = tmp_path / "fore.xlsx", data(tmp_path)
    earlier.write_bytes(forms.raw_bytes("2019-T2"))
    before = {path: path.read_bytes() for path in (klar, earlier, table)}
    for source, args in (
        (klar, ["data", klar, "-o"]),
        (klar, ["fyll", klar, table, "-o"]),
        (klar, ["validera", klar, "--skriv-kontroll"]),
        (klar, ["ny", "--namnd", "SDN08", "--period", "2024-T2", "--foregaende", klar, "-o"]),
        (klar, ["uppgradera", klar, "-o"]),
        (earlier, ["validera", klar, "--foregaende", earlier, "--skriv-kontroll"]),
    ):
        target = names_of(source, kind)
        one_line(blankett(*args, target, "--ersatt"), "samma fil")
        if target != source:
            target.unlink()
    one_line(blankett("fyll", klar, table, "-o", names_of(table, kind), "--ersatt"))
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.parametrize("kind", ["samma", "hard", "lank"])
def test_a_consolidation_replaces_only_a_consolidation(tmp_path: Path, klar: Path, kind: str) -> None:
    before = klar.read_bytes()
    target = names_of(klar, kind)
    one_line(blankett("konsolidera", klar, "-o", target, "--ersatt"), "ingen konsoliderad arbetsbok")
    one_line(blankett("konsolidera", tmp_path, "-o", target, "--ersatt"), "ingen konsoliderad arbetsbok")
    assert klar.read_bytes() == before
    city = tmp_path / "stad.xlsx"
    assert blankett("konsolidera", klar, "-o", city).exit_code == 0
    if target != klar:
        target.unlink()
    assert blankett("konsolidera", tmp_path, "-o", city, "--ersatt").exit_code == 0


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="inga namngivna rör")
def test_a_named_pipe_is_no_file(tmp_path: Path, klar: Path) -> None:
    pipe = tmp_path / "ror.csv"
    os.mkfifo(pipe)
    one_line(blankett("fyll", klar, pipe, "-o", tmp_path / "ut.xlsx"), "ingen vanlig fil")
    one_line(blankett("data", klar, "-o", pipe, "--ersatt"), "ingen vanlig fil")


def test_every_console_can_show_what_is_said(tmp_path: Path, klar: Path) -> None:
    for encoding in ("ascii", "cp1252"):
        for args in (["validera", klar], ["validera", klar, "--json"], ["data", klar], ["regler"], ["validra"]):
            command = [sys.executable, "-m", "blankettset.addin.cli.kommandon", *map(str, args)]
            environment = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
            done = subprocess.run(command, capture_output=True, env=environment, check=False)
            assert b"Traceback" not in done.stderr
            (done.stdout + done.stderr).decode("utf-8")


@pytest.mark.skipif(os.name == "nt", reason="signalen finns inte")
def test_a_request_to_end_leaves_nothing_half_written(tmp_path: Path) -> None:
    code = (
        "import time, blankettset.workbook.write.build as b; from blankettset.addin.cli.kommandon import main\n"
        "b._Book.write = lambda self: (print('skriver', flush=True), time.sleep(60))\n"
        "main(['ny', '--namnd', 'SDN08', '--period', '2024-T1', '-o', 'ut.xlsx'])"
    )
    with subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env={**os.environ, "PYTHONPATH": str(Path.cwd())}) as running:  # fmt: skip
        assert running.stdout is not None
        assert running.stdout.readline() == b"skriver\n"
        assert list(tmp_path.iterdir())
        running.terminate()
        _, said = running.communicate(timeout=20)
    assert running.returncode == 2
    assert said.decode().strip() == "Avbrutet. Inget har skrivits."
    assert list(tmp_path.iterdir()) == []


def test_the_commands_are_those_that_are_guarded_here() -> None:
    assert set(main.commands) == {
        "ny",
        "uppgradera",
        "fyll",
        "data",
        "validera",
        "konsolidera",
        "tillagg",
        "verifiera",
        "gallra",
        "kf",
        "stad",
        "webb",
        "sida",
        "rapport",
        "pm",
        "regler",
        "exempel",
    }
