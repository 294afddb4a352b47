"""The ledger's door: sums by a dated mapping, what is not mapped, totals reconciled, every mistake with its line."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner

from blankettset.addin.cli.kommandon import main
from blankettset.templates.catalog import catalog
from blankettset.workbook.carry.ledger import read_ledger, read_links, summed
from blankettset.workbook.read.bind import read_filled
from blankettset.workbook.read.facts import DataError
from tests import forms

HEAD = "giltig_fran;giltig_till;konto;verksamhet;blankett;rad;kolumn;tecken\n"
LINKS = (
    HEAD
    + "2024-01-01;;3*,4000-7999;40*;verksamhetsomraden;forskola;budget;+\n"
    + "2024-01-01;;4000-7999;*;driftbudget;kostnader;budget;+\n"
    + ";;3*;*;driftbudget;intakter;budget;+\n"
    + "2023-01-01;2023-12-31;*;*;verksamhetsomraden;ovrig;budget;+\n"
)
LEDGER = "Konto;Benämning;Verksamhet;Utfall\n5010;Lön;401;1 250 000,00\n3010;Avgifter;401;-250000,50\n5010;Lön;900;40000\n8100;Ränta;900;-7,25\n"  # fmt: skip


def files(folder: Path, ledger: str = LEDGER, links: str = LINKS) -> tuple[Path, Path]:
    one, other = folder / "HUVUDBOK.csv", folder / "KOPPLING.csv"
    one.write_text(ledger, encoding="utf-8")
    other.write_text(links, encoding="utf-8")
    return one, other


def test_lines_are_summed_into_cells_in_the_forms_unit_and_what_is_left_is_counted(tmp_path: Path) -> None:
    ledger, links = files(tmp_path)
    blankettset = catalog().blankettset("2024-T1")
    found = summed(read_ledger(ledger), read_links(links, blankettset), blankettset)
    assert found.facts == {
        ("verksamhetsomraden", "forskola", "budget"): Decimal("1.0"),
        ("driftbudget", "kostnader", "budget"): Decimal("1.3"),
        ("driftbudget", "intakter", "budget"): Decimal("-0.3"),
    }
    assert found.total == Decimal("1039992.25")
    assert found.unmapped == (("8100", "900", Decimal("-7.25")),)
    assert found.by_form["driftbudget"] + Decimal("-7.25") == found.total
    assert found.by_form["verksamhetsomraden"] == Decimal("999999.50")


@pytest.mark.parametrize(
    "text", [LEDGER.replace(";", "\t"), LEDGER.replace(",", ".").replace(";", ","), "\ufeff" + LEDGER]
)
def test_any_export_with_the_columns_is_read(tmp_path: Path, text: str) -> None:
    ledger, _ = files(tmp_path, text)
    assert [line.belopp for line in read_ledger(ledger)] == [Decimal(1250000), Decimal("-250000.5"), Decimal(40000), Decimal("-7.25")]  # fmt: skip


@pytest.mark.parametrize(
    ("ledger", "links", "says"),
    [
        ("Kont;Verksamhet;Belopp\n1;2;3\n", LINKS, "rad 1: kolumnen för konto saknas; menade du »konto» med »kont»?"),
        ("Konto;Verksamhet;Belopp\n1;2;tre\n1;2;fyra\n", LINKS, "rad 3: »fyra» är inget tal"),
        (LEDGER, HEAD + ";;30x*;*;driftbudget;kostnad;budget;+\n", "raden i driftbudget »kostnad» finns inte. Närmast är »kostnader»"),
        (LEDGER, HEAD + ";;3;*;driftbudget;kostnader;budget;+\n2024-13-01;;3;*;driftbudget;kostnader;budget;+\n", "rad 3: »2024-13-01» är inget datum"),
        (LEDGER, HEAD + ";;3--5;*;driftbudget;kostnader;budget;+\n", "rad 2: konto »3--5» ska vara"),
        (LEDGER, HEAD + ";;3*;*;driftbudget;anslag_netto;budget;+\n", "fylls inte i"),
        (LEDGER, HEAD + ";;3*;*;mal;1;titel;+\n", "fylls inte i med ett belopp"),
        (LEDGER, HEAD.replace("konto", "kontot") + ";;3*;*;driftbudget;kostnader;budget;+\n", "menade du »konto» med »kontot»?"),
        (LEDGER, HEAD + ";;5*;*;driftbudget;kostnader;budget;+\n;;50*;*;driftbudget;intakter;budget;+\n", "rad 2 och 3 tar båda konto 5010"),
        (LEDGER, HEAD + ";2023-12-31;5*;*;driftbudget;kostnader;budget;+\n", "ingen koppling som gäller 2024-04-30"),
    ],
)  # fmt: skip
def test_mistakes_are_said_with_line_and_nothing_is_written(tmp_path: Path, ledger: str, links: str, says: str) -> None:
    one, other = files(tmp_path, ledger, links)
    blankettset = catalog().blankettset("2024-T1")
    with pytest.raises(DataError, match=re.escape(says)):
        summed(read_ledger(one), read_links(other, blankettset), blankettset)


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    ledger, _ = files(tmp_path, "Konto;Verksamhet;Belopp\n1;2;tre\n;2;4\n1;2\n")
    with pytest.raises(DataError) as refused:
        read_ledger(ledger)
    assert [line.partition(":")[0] for line in str(refused.value).splitlines()] == [f"HUVUDBOK.csv, rad {n}" for n in (2, 3, 4)]  # fmt: skip


def test_the_command_fills_a_new_workbook_and_answers_one_when_something_is_not_mapped(tmp_path: Path) -> None:
    ledger, links = files(tmp_path)
    book = tmp_path / "bok.xlsx"
    book.write_bytes(forms.raw_bytes("2024-T1"))
    target = tmp_path / "ut.xlsx"
    done = CliRunner().invoke(
        main, ["fyll", str(book), "--ur", str(ledger), "--koppling", str(links), "-o", str(target)]
    )
    assert done.exit_code == 1
    assert "Inte kopplat: konto 8100, verksamhet 900: −7,25 kr." in done.output
    assert "stämmer med huvudboken" in done.output
    assert read_filled(target, catalog()).facts["driftbudget", "kostnader", "budget"] == Decimal("1.3")
    whole = tmp_path / "hel"
    whole.mkdir()
    ledger, links = files(whole, "\n".join(LEDGER.splitlines()[:-1]) + "\n")
    done = CliRunner().invoke(
        main, ["fyll", str(book), "--ur", str(ledger), "--koppling", str(links), "-o", str(whole / "ut.xlsx")]
    )
    assert done.exit_code == 0
    wrong = CliRunner().invoke(main, ["fyll", str(book), "--ur", str(ledger), "-o", str(tmp_path / "x.xlsx")])
    assert (wrong.exit_code, (tmp_path / "x.xlsx").exists()) == (2, False)
