"""The engine in the browser answers as CPython does: the same JSON and receipts to the letter, the same refusals."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from blankettset.addin.cli.exempel import filings
from blankettset.addin.web.engine import Job
from blankettset.templates.catalog import catalog
from blankettset.validators.validate import validate
from blankettset.workbook.read.bind import read_filled
from tests import forms
from tests.reader.test_hostile_files import REFUSED
from tests.web.conftest import Opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.webb, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="module")
def engine(browser: Browser, host: str) -> Iterator[Opened]:
    """One engine for all questions, in the pane, whose functions need xlwings too."""
    page = browser.new_page(locale="sv-SE")
    found = Opened(page, host)
    page.goto(f"{host}/")
    found.ready()
    yield found
    page.close()
    assert (found.outside, found.broken, found.errors) == ([], [], [])


def here(name: str, said: dict[str, Any], files: Sequence[bytes] = ()) -> tuple[str, str, dict[str, bytes]]:
    """The same question to this Python."""
    job = Job(name, json.dumps(said), files)
    while job.step() is not None:
        pass
    return job.kind, job.said, job.files


def parts(content: bytes) -> dict[str, bytes]:
    """What a workbook holds, whatever it was compressed with."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        return {name: book.read(name) for name in book.namelist()}


def one(name: str) -> dict[str, Any]:
    return {"fil": {"namn": name, "nr": 0}}


@pytest.mark.parametrize("name", [folder.name for folder in filings()])
def test_a_filing_gets_the_same_answer_to_the_letter(engine: Opened, books: dict[str, Path], name: str) -> None:
    data = books[name].read_bytes()
    kind, text, _ = engine.ask("validera", one(f"{name}.xlsx"), [data])
    assert kind == "svar", text
    assert text == here("validera", one(f"{name}.xlsx"), [data])[1]
    result = validate(read_filled(books[name], catalog()))
    ours = json.dumps(result.as_json(), ensure_ascii=False)
    said = json.loads(text)
    assert json.dumps({key: said[key] for key in result.as_json()}, ensure_ascii=False) == ours
    assert said["kvitto"] == result.receipt


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_a_file_that_is_no_workbook_is_refused_in_the_same_words(engine: Opened, name: str) -> None:
    data, words = REFUSED[name]
    kind, text, _ = engine.ask("validera", one("fil.xlsx"), [data])
    assert kind == "Refused", text
    assert words in text
    assert (text, "vagran") == (
        json.loads(here("validera", one("fil.xlsx"), [data])[1]),
        here("validera", one("fil.xlsx"), [data])[0],
    )


def test_earlier_workbooks_are_compared_with_in_the_same_way(engine: Opened) -> None:
    files = [
        forms.raw_bytes("2024-T2"),
        forms.raw_bytes("2024-T1", forms.with_values("2024-T1", "verksamhetsomraden;forskola;budget;1")),
    ]
    said = {**one("t2.xlsx"), "tidigare": [{"namn": "t1.xlsx", "nr": 1}]}
    kind, text, _ = engine.ask("validera", said, files)
    assert (kind, text) == here("validera", said, files)[:2]
    assert json.loads(text)["skillnader"]


@pytest.mark.parametrize(("job", "more"), [
    ("kontroll", {}),
    ("forklara", {"forklaringar": [{"kod": "BF302", "blankett": "resultatenheter", "rad": "6", "kolumn": "", "siffror": "1 mot 2", "text": "Därför."}]}),
])  # fmt: skip
def test_a_copy_has_the_same_content(engine: Opened, book: Path, job: str, more: dict[str, Any]) -> None:
    said = {**one(book.name), **more}
    kind, text, files = engine.ask(job, said, [book.read_bytes()])
    assert kind == "svar", text
    _, ours, wanted = here(job, said, [book.read_bytes()])
    assert text == ours
    assert {name: parts(content) for name, content in files.items()} == {
        name: parts(content) for name, content in wanted.items()
    }


def test_a_new_set_is_the_same(engine: Opened) -> None:
    said = {"set": "2024-T1", "niva": "namnd", "namnd": "SDN08"}
    kind, text, files = engine.ask("ny", said)
    assert kind == "svar", text
    _, ours, wanted = here("ny", said)
    assert text == ours
    assert list(files) == list(wanted) == ["SDN08_2024-T1.xlsx"]
    assert parts(files["SDN08_2024-T1.xlsx"]) == parts(wanted["SDN08_2024-T1.xlsx"])


def test_many_workbooks_become_the_same_one(engine: Opened, book: Path) -> None:
    files = [book.read_bytes(), forms.raw_bytes("2024-T1"), b"trasig"]
    said = {"filer": [{"namn": f"{number}.xlsx", "nr": number} for number in range(3)], "tid": "2024-05-20T10:00:00"}
    kind, text, made = engine.ask("konsolidera", said, files)
    assert kind == "svar", text
    _, ours, wanted = here("konsolidera", said, files)
    assert text == ours
    assert {name: parts(content) for name, content in made.items()} == {
        name: parts(content) for name, content in wanted.items()
    }


def test_a_stamp_waits_until_nothing_stops_it_and_then_says_the_same(engine: Opened, book: Path, clean: Path) -> None:
    more = {"tid": "2024-05-20 10:00", "av": "controller"}
    kind, text, _ = engine.ask("stampla", {**one(book.name), **more}, [book.read_bytes()])
    assert kind == "Refused"
    assert "varningar rättas eller förklaras" in text
    kind, text, files = engine.ask("stampla", {**one("ren.xlsx"), **more}, [clean.read_bytes()])
    assert (kind, text) == here("stampla", {**one("ren.xlsx"), **more}, [clean.read_bytes()])[:2]
    (content,) = files.values()
    again = read_filled(content, catalog())
    assert (
        str(validate(again).receipt["innehall"])[:16]
        == json.loads(text)["kvitto"]
        == again.facts["forsattsblad", "kvitto", "uppgift"]
    )


def test_a_question_that_the_engine_does_not_know_is_a_version_mismatch_in_words(engine: Opened) -> None:
    kind, text, _ = engine.ask("nagot_nytt", {})
    assert (kind, text) == ("Refused", "Sidan och motorn är av olika version. Stäng och öppna på nytt.")


def test_an_error_of_ours_is_one_sentence_with_a_report(engine: Opened) -> None:
    kind, text, _ = engine.ask("validera", {"fil": {"namn": "hemlig.xlsx", "nr": 7}})
    assert kind == "Error"
    assert text.startswith("Rapport om ett oväntat fel")
    assert "hemlig" not in text
