"""Word documents out of a workbook: what is written is read back without a finding, in the template's styles, the same every time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from docx import Document

from blankettset.addin.cli.exempel import filings, synthetic_city
from blankettset.addin.cli.kommandon import main
from tests.test_filings import built


def blankett(*args: str | Path) -> Result:
    return CliRunner().invoke(main, [str(arg) for arg in args])


@pytest.mark.parametrize("folder", filings(), ids=lambda f: f.name)
def test_what_the_workbook_writes_is_read_back_without_a_finding(folder: Path, tmp_path: Path) -> None:
    filled = built(folder, tmp_path)
    book, out = tmp_path / "bok.xlsx", tmp_path / "rapport.docx"
    assert blankett("rapport", book, "-o", out).exit_code == 0
    told = json.loads(blankett("validera", book, "--rapport", out, "--json").output)
    assert told["rapport"]["avviker"] == 0
    figures = sum(key[0] in ("indikatorer", "verksamhetsomraden", "enhetsbudget") for key in filled.facts)
    assert told["rapport"]["i_tabeller"] > min(10, figures // 20)
    assert not [f for f in told["fynd"] if f["kod"] in ("BF711", "BF712", "BF713", "BF714", "BF715")]


def test_the_document_has_real_styles_captions_and_repeated_headings(tmp_path: Path) -> None:
    folder = next(f for f in filings() if f.name == "2024-T1_SDN08")
    built(folder, tmp_path)
    out, again = tmp_path / "rapport.docx", tmp_path / "igen.docx"
    assert blankett("rapport", tmp_path / "bok.xlsx", "-o", out).exit_code == 0
    assert blankett("rapport", tmp_path / "bok.xlsx", "-o", again).exit_code == 0
    assert out.read_bytes() == again.read_bytes()
    document = Document(str(out))
    assert document.paragraphs[0].text == "Tertialrapport 1 2024 för Kungsholmens stadsdelsnämnd"
    styles = {p.style.name for p in document.paragraphs if p.style is not None}
    assert {"Title", "Heading 1", "Heading 2", "Heading 4", "Caption"} <= styles
    assert any(p.text == "● Uppfylls helt" for p in document.paragraphs)
    table = document.tables[-1]
    assert table.rows[0]._tr.trPr is not None
    assert "tblHeader" in table.rows[0]._tr.trPr.xml


def test_the_citys_template_keeps_its_header_and_styles(tmp_path: Path) -> None:
    built(next(f for f in filings() if f.name == "2020-VP_SDN22_bestallarenheten"), tmp_path)
    template = Document()
    template.sections[0].header.paragraphs[0].text = "Stadens sidhuvud"
    template.add_paragraph("Exempeltext som inte ska med.")
    template.save(str(tmp_path / "mall.docx"))
    out = tmp_path / "rapport.docx"
    assert blankett("rapport", tmp_path / "bok.xlsx", "-o", out, "--mall", tmp_path / "mall.docx").exit_code == 0
    document = Document(str(out))
    assert document.sections[0].header.paragraphs[0].text == "Stadens sidhuvud"
    assert not any("Exempeltext" in p.text for p in document.paragraphs)


def test_nothing_is_overwritten_and_what_is_wrong_is_one_sentence(tmp_path: Path) -> None:
    built(next(f for f in filings() if f.name == "2020-VP_SDN22_bestallarenheten"), tmp_path)
    book, out = tmp_path / "bok.xlsx", tmp_path / "rapport.docx"
    out.write_text("min text", encoding="utf-8")
    for args in (
        ("rapport", book, "-o", out),
        ("rapport", book, "-o", tmp_path / "rapport.pdf"),
        ("rapport", book, "-o", tmp_path / "ny.docx", "--mall", book),
        ("pm", book, "-o", tmp_path / "pm.docx"),
    ):
        said = blankett(*args)
        assert said.exit_code == 2, args
        assert len(said.stderr.strip().splitlines()) == 1
    assert out.read_text(encoding="utf-8") == "min text"
    assert not (tmp_path / "ny.docx").exists()
    assert not (tmp_path / "pm.docx").exists()


def test_the_citys_memo_has_its_overview_and_its_largest_deviations(tmp_path: Path) -> None:
    synthetic_city(tmp_path)
    city, out = tmp_path / "stad" / "stad.xlsx", tmp_path / "pm.docx"
    city.parent.mkdir()
    blankett("konsolidera", *sorted(tmp_path.glob("*.xlsx")), "-o", city)
    assert blankett("pm", city, "-o", out).exit_code == 0
    document = Document(str(out))
    texts = [p.text for p in document.paragraphs]
    assert texts[0].startswith("PM: ")
    assert any(text.startswith("Störst underskott") for text in texts)
    first = document.tables[0]
    assert first.cell(0, 0).text == "Nämnd"
    assert first.cell(len(first.rows) - 1, 0).text == "Stockholms stad"
