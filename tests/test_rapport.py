"""The report beside the workbook: every kind of file, what is read of it, and what bad ones get."""

from __future__ import annotations

import json
import time
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from click.testing import CliRunner
from docx import Document
from docx.oxml import parse_xml
from pypdf import PdfWriter

from blankettset.addin.cli.exempel import filings
from blankettset.addin.cli.kommandon import main
from blankettset.templates.catalog import catalog
from blankettset.validators.validate import validate
from blankettset.workbook.read.bind import read_filled
from blankettset.workbook.report.document import Rapport, Slag, UnreadableReport
from blankettset.workbook.report.read import read_report
from tests import forms

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def word(*changes: str) -> bytes:
    """A small report in Word: title, heading, paragraph, table; then paragraphs given as XML."""
    document = Document()
    document.add_heading("Tertialrapport 1 2024 för Kungsholmens stadsdelsnämnd", 0)
    document.add_heading("Uppföljning av driftbudget", 1)
    document.add_paragraph("Äldreomsorgen prognostiserar ett underskott om 1,5 mnkr.")
    table = document.add_table(2, 3)
    for row, texts in zip(table.rows, (("Mnkr", "Budget", "Avvikelse"), ("Äldreomsorg", "100,0", "1,5")), strict=True):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
    for xml in changes:
        document.element.body.insert(len(document.element.body) - 1, parse_xml(xml))
    out = BytesIO()
    document.save(out)
    return out.getvalue()


def pdf(*pages: list[str]) -> bytes:
    """A PDF of text lines, written by hand."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", ""]
    kids = []
    for lines in pages:
        text = "BT /F1 10 Tf 50 800 Td 14 TL " + " ".join(
            f"({line.replace('(', '[').replace(')', ']')}) Tj T*" for line in lines
        )
        content = (text + " ET").encode("cp1252").decode("latin-1")
        objects.append(f"<< /Length {len(content)} >>\nstream\n{content}\nendstream")
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {len(objects)} 0 R /Resources << /Font << "
            "/F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >> >> >> >>"
        )
        kids.append(f"{len(objects)} 0 R")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>"
    out, offsets = "%PDF-1.4\n", []
    for number, each in enumerate(objects, 1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n{each}\nendobj\n"
    start = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n" + "".join(f"{o:010} 00000 n \n" for o in offsets)
    return (out + f"trailer << /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF").encode("latin-1")


def texts(report: Rapport) -> list[str]:
    return [block.text for block in report.paragraphs()]


def refused(data: bytes) -> str:
    with pytest.raises(UnreadableReport) as told:
        read_report(data, "rapporten.docx")
    said = str(told.value)
    assert said.startswith("rapporten.docx ")
    assert said.endswith(".")
    assert "\n" not in said
    return said


def test_a_word_report_is_headings_paragraphs_and_tables_with_their_place() -> None:
    report = read_report(word(), "rapport.docx")
    assert [block.slag for block in report.block] == [Slag.RUBRIK, Slag.RUBRIK, Slag.STYCKE, Slag.TABELL]
    assert report.block[2].rubrik == "Uppföljning av driftbudget"
    assert report.block[3].rader == (("Mnkr", "Budget", "Avvikelse"), ("Äldreomsorg", "100,0", "1,5"))
    assert report.block[2].plats == "avsnittet Uppföljning av driftbudget"


def test_tracked_changes_are_read_as_accepted_and_said_so() -> None:
    changed = (
        f'<w:p {W}><w:r><w:t xml:space="preserve">Underskottet är </w:t></w:r><w:del w:id="1" w:author="x"><w:r>'
        f'<w:delText>2,0</w:delText></w:r></w:del><w:ins w:id="2" w:author="x"><w:r><w:t>3,0</w:t></w:r></w:ins>'
        f'<w:r><w:t xml:space="preserve"> mnkr.</w:t></w:r></w:p>'
    )
    report = read_report(word(changed), "rapport.docx")
    assert texts(report)[-1] == "Underskottet är 3,0 mnkr."
    assert "lästa som om de vore godkända" in report.noter[0]


def test_a_text_box_is_read_once() -> None:
    box = (
        f'<w:p {W} xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"><w:r><mc:AlternateContent>'
        "<mc:Choice><w:txbxContent><w:p><w:r><w:t>I rutan.</w:t></w:r></w:p></w:txbxContent></mc:Choice>"
        "<mc:Fallback><w:txbxContent><w:p><w:r><w:t>I rutan.</w:t></w:r></w:p></w:txbxContent></mc:Fallback>"
        "</mc:AlternateContent></w:r></w:p>"
    )
    assert texts(read_report(word(box), "rapport.docx")).count("I rutan.") == 1


def test_a_pdf_is_read_page_by_page_with_its_lines_joined() -> None:
    report = read_report(
        pdf(
            ["Uppföljning av driftbudget", "", "Äldreomsorgen prognostiserar ett underskott om 1,5 mnkr som beror på", "ökade kostnader för platser."],
            ["Förskoleverksamhet 1 424,3 50,0 -1,5", "Äldreomsorg 100,0 98,5 1,5"],
        ),
        "rapport.pdf",
    )  # fmt: skip
    assert any("beror på ökade kostnader" in text for text in texts(report))
    table = next(report.tables())
    assert table.rader[0] == ("Förskoleverksamhet", "1 424,3", "50,0", "-1,5")
    assert table.plats == "sidan 2"


def test_what_cannot_be_read_gets_one_sentence() -> None:
    blank = PdfWriter()
    for _ in range(3):
        blank.add_blank_page(595, 842)
    scanned = BytesIO()
    blank.write(scanned)
    assert "inskannad" in refused(scanned.getvalue())
    blank.encrypt("hemligt")
    locked = BytesIO()
    blank.write(locked)
    assert "lösenord" in refused(locked.getvalue())
    assert ".doc" in refused(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600)
    assert "tom" in refused(b"  ")
    assert "skadad" in refused(b"%PDF-1.4\nnothing")
    assert "skadad" in refused(word()[:900])
    assert ".docx, .pdf eller .txt" in refused(b"\0\1\2" * 50)
    other = BytesIO()
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("xl/workbook.xml", "<x/>")
    assert "inget Word-dokument" in refused(other.getvalue())
    bomb = BytesIO()
    with zipfile.ZipFile(bomb, "w") as archive:
        archive.writestr("word/document.xml", '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>')
    assert "skadad" in refused(bomb.getvalue())
    deep = BytesIO()
    with zipfile.ZipFile(deep, "w") as archive:
        archive.writestr("word/document.xml", "<a>" * 1000 + "</a>" * 1000)
    assert "skadad" in refused(deep.getvalue())


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("Tertialrapport 2 2024 för Kungsholmens stadsdelsnämnd", "2024-T2"),
        ("Verksamhetsplan 2021 för Kungsholmens stadsdelsnämnd", "2021-VP"),
        ("Tertialrapport 1 2024 för Hässelby-Vällingby stadsdelsnämnd", "Hässelby-Vällingby"),
    ],
)
def test_the_report_of_another_nämnd_or_period_is_refused(title: str, words: str) -> None:
    filled = forms.handed_in("2024-T1", forms.base("2024-T1"))
    with pytest.raises(UnreadableReport, match=words):
        validate(filled, (), read_report(f"{title}\n\nText.".encode(), "rapport.txt"))


def test_without_a_report_nothing_is_said_of_one_and_with_one_the_receipt_names_it() -> None:
    filled = forms.handed_in("2024-T1", forms.base("2024-T1"))
    assert "rapport" not in validate(filled).as_json()
    report = read_report("Uppföljning av driftbudget\n\nNämnden har 3,0 mnkr i kassan.".encode(), "rapport.txt")
    told = validate(filled, (), report).as_json()
    assert told["kvitto"]["rapport"] == {"fil": "rapport.txt", "sha256": report.sha256}
    assert told["rapport"]["otolkade"] == [{"plats": "rad 3", "mening": "Nämnden har 3,0 mnkr i kassan."}]


def test_the_command_line_ties_and_tells(tmp_path: Path) -> None:
    book, text = tmp_path / "bok.xlsx", tmp_path / "rapport.docx"
    book.write_bytes(forms.raw_bytes("2024-T1"))
    text.write_bytes(word())
    said = CliRunner().invoke(main, ["validera", str(book), "--rapport", str(text)])
    assert said.exit_code == 0
    assert "BF711" in said.output
    assert "tal knutna till arbetsboken" in said.output
    told = json.loads(CliRunner().invoke(main, ["validera", str(book), "--rapport", str(text), "--json"]).output)
    assert told["rapport"]["avviker"] >= 1
    text.write_bytes(b"%PDF-")
    failed = CliRunner().invoke(main, ["validera", str(book), "--rapport", str(text)])
    assert failed.exit_code == 2


SEEDS = Path(__file__).parent.parent.parent / "shared" / "seeds"
REPORTS = {"2019-T2_SDN22": ("000", 3, 0), "2021-VP_SDN04": ("002", 0, 3), "2024-T1_SDN08": ("003", 1, 0)}


@pytest.mark.filings
@pytest.mark.skipif(not SEEDS.is_dir(), reason="källdokumenten finns inte bredvid projektet")
@pytest.mark.parametrize("folder", [f for f in filings() if f.name in REPORTS], ids=lambda f: f.name)
def test_the_real_reports_are_tied_and_what_differs_is_true(folder: Path, tmp_path: Path) -> None:
    from tests.test_filings import built

    number, amounts, percents = REPORTS[folder.name]
    report = read_report(next(SEEDS.glob(f"{number}_*.txt")))
    filled = built(folder, tmp_path)
    start = time.perf_counter()
    result = validate(filled, (), report)
    assert time.perf_counter() - start < 6  # some 90 pages, on a busy machine
    found = forms.apart(list(result.findings))
    # 000:2000, 2026, 2030: budget 2019 is 19,7, 1,8 and 2,2; 003:2243: -0,3 against 6,3 in 003:2143 and the table
    assert sum(f.code == "BF711" for f in found) == amounts
    assert sum(f.code == "BF715" for f in found) == percents  # 002:1538, 1542, 1655
    assert not [f for f in found if f.code in ("BF712", "BF713", "BF714")]
    assert result.rapport is not None
    assert result.rapport["i_tabeller"] > 400
    assert read_filled(tmp_path / "bok.xlsx", catalog()).facts == filled.facts
