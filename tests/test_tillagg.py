"""The Excel add-in over HTTP: functions, Validera with the findings of the command line, manifest, pages, limits."""

from __future__ import annotations

import base64
import importlib.util
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

if importlib.util.find_spec("xlwings_server") is None:  # not imported here: it reads its settings when it is
    pytest.skip("xlwings-server finns inte på den här maskinen", allow_module_level=True)
pytestmark = pytest.mark.filterwarnings("ignore")

from fastapi.testclient import TestClient  # noqa: E402
from openpyxl import load_workbook  # noqa: E402

from blankettset.addin.check.kontroll import write_control  # noqa: E402
from blankettset.addin.check.oppen_bok import check  # noqa: E402
from blankettset.addin.cli.exempel import filings  # noqa: E402
from blankettset.addin.cli.kommandon import main  # noqa: E402
from blankettset.addin.excel import formelfunktioner as f  # noqa: E402
from blankettset.addin.excel import server, vakt  # noqa: E402
from blankettset.addin.inbox import inlamning  # noqa: E402
from blankettset.addin.inbox.inkorg import NotDelivered  # noqa: E402
from blankettset.templates.catalog import catalog  # noqa: E402
from blankettset.validators.validate import validate  # noqa: E402
from blankettset.workbook.calc.evaluate import Evaluation  # noqa: E402
from blankettset.workbook.read.bind import read_filled  # noqa: E402
from blankettset.workbook.read.facts import read_facts  # noqa: E402
from blankettset.workbook.write.build import build  # noqa: E402
from tests import (  # noqa: E402
    forms,
    manifestkontroll,
    tillagg,
)


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    os.environ["XLWINGS_LOG_LEVEL"] = "ERROR"
    with TestClient(server.application(), raise_server_exceptions=False) as found:  # type: ignore[arg-type]
        yield found


def call(client: TestClient, name: str, *args: Any) -> Any:
    """A function's answer as Excel gets it: rows of cells. A lone value is a cell, None an omitted argument."""
    cells = [arg if isinstance(arg, list) or arg is None else [[arg]] for arg in args]
    body = {"client": "Office.js", "func_name": name, "args": cells, "caller_address": "[bok.xlsx]Blad!E2", "session_id": "s",
            "culture_info_name": "sv-SE", "date_format": "åååå-MM-dd", "version": "0.37.8", "runtime": "1.4"}  # fmt: skip
    response = client.post("/xlwings/custom-functions-call", json=body)
    assert response.status_code == 200, response.text
    return response.json()["result"]


# ---- functions


def test_the_eleven_functions_are_described_in_swedish(client: TestClient) -> None:
    meta = client.get("/xlwings/custom-functions-meta").json()["functions"]
    assert sorted(each["id"] for each in meta) == sorted(server.FUNCTIONS)
    for each in meta:
        assert each["name"] == each["id"]  # the manifest puts STHLM in front
        assert each["id"].isascii()
        assert each["description"].endswith((".", ")."))
        assert not any("ositional argument" in parameter["description"] for parameter in each["parameters"])
        assert all(parameter["description"].endswith(".") for parameter in each["parameters"])


@pytest.mark.parametrize(
    ("name", "args", "answer"),
    [
        ("BUDGETFOLJSAMHET", (1433.1, 1424.3, 8.8), [[100.0]]),
        ("BUDGETFOLJSAMHET", (1433.1, 1424.3, 8.8, None, 10), [[100.7]]),
        ("BUDGETFOLJSAMHET", ("", 1424.3), [[""]]),
        ("BUDGETFOLJSAMHET", (100, 0), [[""]]),
        ("BUDGETFOLJSAMHET", ("1 956,5", "1 950,6"), [[100.3]]),
        ("PROGNOSSAKERHET", (101, 100), [[1.0]]),
        ("INDIKATORSTATUS", ("85 %", "", "80 %", "Högre är bättre", "%"), [["● Uppfylls helt"]]),
        ("INDIKATORSTATUS", (0.7, "", 0.8, "hogre"), [["◆ Uppfylls delvis"]]),
        ("INDIKATORSTATUS", ("", "", "", "", ""), [[""]]),
        ("INDIKATORSTATUS", ("12 st", "", "45 st", "Högre är bättre", "st"), [["— Ingen"]]),
        ("INDIKATORSTATUS", ("81 %", "", "", "Högre är bättre", "%", "öka", "80 %"), [["● Uppfylls helt"]]),
        ("MALSTATUS", ([["● Uppfylls helt"], ["◆ Uppfylls delvis"], [""]],), [["◆ Uppfylls delvis"]]),
        ("MALSTATUS", ([["Uppfylls helt", "uppfylls HELT"]],), [["● Uppfylls helt"]]),
        ("MALSTATUS", ([[""]],), [["— Ingen"]]),
        ("AVVIKELSE", (100, 103, 5, ""), [[2.0]]),
        ("RESULTATOVERFORING", (6200, 3600, 66700, 2024), [[9800.0, 265.0, 3130.0]]),
        ("LOKALBIDRAG", (2600, 1000, 2019), [[624.8]]),
        ("PRESTATIONSERSATTNING", (500, 480, 131943), [[-2.63886]]),
        ("RISKVARDE", (4, 3), [[12.0]]),
        ("RISKVARDE", (4, ""), [[""]]),
        ("TOLKA", ("1 956,5 st",), [[1956.5, "st", "tal"]]),
        ("TOLKA", ("Tas fram av nämnd",), [["", "", "nämnden sätter"]]),
        ("TOLKA", ("12 av 14",), [["", "", "går inte att tolka"]]),
    ],
)
def test_a_function_gives_the_right_thing(client: TestClient, name: str, args: tuple[Any, ...], answer: Any) -> None:
    assert call(client, name, *args) == answer


@pytest.mark.parametrize(
    ("name", "args", "words"),
    [
        ("BUDGETFOLJSAMHET", ("abc", 100), "Prognosen är inget tal: »abc»"),
        ("BUDGETFOLJSAMHET", (100, True), "Budgeten är SANT"),
        ("LOKALBIDRAG", (2600, 1000, 2001), "inte känd för år 2001"),
        ("INDIKATORSTATUS", ("85 %", "", "80 %", "uppåt", "%"), "Riktningen »uppåt» finns inte"),
        ("MALSTATUS", ([["kanske"]],), "Statusen »kanske» finns inte"),
        ("FORKLARA", ("NETTO",), "finns inte. Det finns BUDGETFOLJSAMHET"),
        ("AVVIKELSE", ([[1], [2]], [[1], [2], [3]]), "lika stora"),
    ],
)
def test_what_cannot_be_understood_says_so(client: TestClient, name: str, args: tuple[Any, ...], words: str) -> None:
    answer = call(client, name, *args)[0][0]
    assert answer.startswith("#VÄRDEFEL! ")
    assert words in answer


def test_a_row_stays_a_row_and_a_column_a_column(client: TestClient) -> None:
    assert call(client, "RISKVARDE", [[1, 2, 3]], 2) == [[2.0, 4.0, 6.0]]
    assert call(client, "RISKVARDE", [[1], [2], [""]], 2) == [[2.0], [4.0], [""]]


def test_forklara_names_parameters_dates_and_sources(client: TestClient) -> None:
    inputs, formula, limits, definition = call(client, "FORKLARA", "STHLM.LOKALBIDRAG", 2019)[0]
    assert inputs == "hyra, yta, år"
    assert "taket" in formula
    assert "från 2019-01-01" in limits
    assert definition == "från 2019-01-01, källa 000:2075, kontrollerad 2026-11-24"


def test_forklara_shows_the_inputs_and_what_they_give(client: TestClient) -> None:
    given = call(client, "FORKLARA", "BUDGETFOLJSAMHET", None, [[1433.1, 1424.3, 8.8]])[0][0]
    assert given.replace("\u00a0", " ") == "prognos 1 433,1; budget 1 424,3; prestationsförändring 8,8; ger 100"
    given = call(client, "FORKLARA", "RISKVARDE", None, [[4], [""]])[0][0]
    assert given == "sannolikhet 4; ger tomt"
    given = call(client, "FORKLARA", "MALSTATUS", None, [["Uppfylls helt"], ["Uppfylls ej"]])[0][0]
    assert given == "statusar Uppfylls helt, Uppfylls ej; ger ◆ Uppfylls delvis"
    assert "högst 2 indata" in call(client, "FORKLARA", "RISKVARDE", None, [[1, 2, 3]])[0][0]


def test_every_function_has_its_definition_and_its_page() -> None:
    assert tuple(sorted(catalog().nyckeltal)) == server.FUNCTIONS


def test_one_call_gives_a_whole_column_equal_to_the_sheets_own_proposals(client: TestClient, tmp_path: Path) -> None:
    folder = next(each for each in filings() if each.name.startswith("2024-T1"))
    blankettset = forms.filing_set(folder)
    evaluation = Evaluation(blankettset, read_facts(folder / "DATA.csv", blankettset))
    rows = evaluation.items["indikatorer"]
    columns = ("periodens_utfall", "prognos_helar", "arsmal", "riktning", "enhet", "kf_arsmal", "utfall_foregaende")
    form = blankettset.blanketter["indikatorer"]

    def shown(row: str, column: str) -> str:
        return form.cell("1", column).shown(str(evaluation.value(("indikatorer", row, column)) or ""))

    ranges = [[[shown(row, column)] for row in rows] for column in columns]
    start = time.perf_counter()
    answer = call(client, "INDIKATORSTATUS", *ranges)
    assert time.perf_counter() - start < 1
    assert answer == [[shown(row, "forslag")] for row in rows]


# ---- Validera


def example(folder: Path, tmp_path: Path) -> Path:
    path = tmp_path / "bok.xlsx"
    blankettset = forms.filing_set(folder)
    build(path, blankettset, catalog().namnd(folder.name.split("_")[1]), read_facts(folder / "DATA.csv", blankettset))
    return path


def ask(client: TestClient, body: dict[str, Any], formulas: Any, *more: Any) -> Any:
    response = client.post("/xlwings/custom-scripts-call/validera", json={**body, "args": [formulas, *more]})
    assert response.status_code == 200, response.text
    (action,) = response.json()["actions"]
    assert (action["func"], action["args"][0]) == ("runMacro", "visaFynd")
    return json.loads(action["args"][1])


@pytest.mark.parametrize("folder", filings(), ids=lambda f: f.name)
def test_validera_finds_what_the_command_line_finds(client: TestClient, folder: Path, tmp_path: Path) -> None:
    path = example(folder, tmp_path)
    wanted = validate(read_filled(path, catalog())).as_json()
    found = ask(client, tillagg.payload(path), tillagg.formulas(path))
    assert found["fynd"] == wanted["fynd"]
    assert found["sammanfattning"] == wanted["sammanfattning"]
    assert found["kvitto"]["innehall"] == wanted["kvitto"]["innehall"]
    assert found["kontroll"]["platser"][:3] == [8, 9, 10]
    assert found["kontroll"]["kolumner"] == list(range(3, 11))
    assert found["forklaringar"]["lediga"][0] == 8


@pytest.mark.parametrize("folder", filings(), ids=lambda f: f.name)
def test_what_the_server_tells_the_pane_to_write_is_what_the_command_line_writes(
    client: TestClient, folder: Path, tmp_path: Path
) -> None:
    """Payload, answer, workbook: the answer carried out in Python gives the sheet Kontroll of --skriv-kontroll."""
    path, copy = example(folder, tmp_path), tmp_path / "kopia.xlsx"
    told = ask(client, tillagg.payload(path), tillagg.formulas(path))["kontroll"]
    book = load_workbook(path)
    sheet = book[told["blad"]]
    for number, texts, link in zip(told["platser"], told["rader"], told["lankar"], strict=False):
        for column, text in zip(told["kolumner"], texts, strict=True):
            sheet.cell(number, column).value = text or None
        if link is not None:
            sheet.cell(number, told["lankkolumn"]).hyperlink = f"#'{link[0]}'!{link[1]}"
    book.save(tmp_path / "efter.xlsx")
    write_control(path, validate(read_filled(path, catalog())), copy, replace=False)
    ours, theirs = (load_workbook(each)["Kontroll"] for each in (tmp_path / "efter.xlsx", copy))
    rows = range(8, 8 + len(told["rader"]))
    for line in rows:
        for column in told["kolumner"]:
            one, other = ours.cell(line, column), theirs.cell(line, column)
            assert without_file(one.value) == without_file(other.value), one.coordinate
            assert where(one) == where(other), one.coordinate
    assert validate(read_filled(copy, catalog())).receipt["innehall"] == validate(read_filled(path, catalog())).receipt["innehall"]  # fmt: skip


def without_file(text: Any) -> str:
    """A receipt without the file's own hash, which an open workbook does not have."""
    return re.sub(r", filen [0-9a-f]{16}\.", "", str(text or ""))


def where(cell: Any) -> str | None:
    """The cell that a link leads to."""
    return (cell.hyperlink.location or cell.hyperlink.target or "").lstrip("#") if cell.hyperlink else None


def test_earlier_workbooks_are_compared_as_on_the_command_line(client: TestClient, tmp_path: Path) -> None:
    paths = []
    for set_id, budget in (("2024-T1", "100"), ("2024-T2", "105")):
        facts = forms.with_values(set_id, f"verksamhetsomraden;forskola;budget;{budget}")
        paths.append(tmp_path / f"{set_id}.xlsx")
        build(paths[-1], catalog().blankettset(set_id), catalog().namnd("SDN08"), facts)
    before, now = paths
    wanted = validate(read_filled(now, catalog()), (read_filled(before, catalog()),)).as_json()
    sent = [{"namn": "C:\\filer\\" + before.name, "innehall": base64.b64encode(before.read_bytes()).decode()}]
    found = ask(client, tillagg.payload(now), tillagg.formulas(now), sent)
    assert found["fynd"] == wanted["fynd"]
    assert "BF501" in {finding["kod"] for finding in found["fynd"]}
    body = {**tillagg.payload(now), "args": [tillagg.formulas(now), [{"namn": "x.xlsx", "innehall": "%%"}]]}
    bad = client.post("/xlwings/custom-scripts-call/validera", json=body)
    assert bad.status_code == 400
    assert "x.xlsx kom inte fram hel" in bad.text


def test_what_is_wrong_in_the_open_workbook_is_found_there_too(client: TestClient) -> None:
    """Every state of a cell: text for a number, an error, an overwritten formula, a date, a truth value."""
    from openpyxl import load_workbook

    changes = {"E18": "660,6 mnkr", "E19": "#REF!", "H25": 17, "E20": True, "C21": 17.123}
    raw = forms.raw_bytes("2024-T1")
    with __import__("tempfile").TemporaryDirectory() as folder:
        path = Path(folder) / "bok.xlsx"
        path.write_bytes(raw)
        body, formulas = tillagg.payload(path), tillagg.formulas(path)
        sheet = next(each for each in body["sheets"] if each["name"] == "Verksamhetsområden")
        cells = load_workbook(path)["Verksamhetsområden"]
        for place, value in changes.items():
            cell = cells[place]
            sheet["values"][cell.row - 1][cell.column - 1] = value
            formulas["Verksamhetsområden"] = [
                each for each in formulas["Verksamhetsområden"] if each[:2] != [cell.row, cell.column]
            ]
        found = ask(client, body, formulas)
    codes = {finding["cell"]: finding["kod"] for finding in found["fynd"] if finding["blad"] == "Verksamhetsområden"}
    assert codes["E18"] == "BF010"
    assert codes["E19"] == "BF011"
    assert codes["E20"] == "BF010"
    assert codes["C21"] == "BF022"


def test_one_request_does_not_leak_into_the_next(client: TestClient, tmp_path: Path) -> None:
    """xlwings' own ranges are cached by value for the process; 1 after TRUE must still be 1."""
    path = example(filings()[0], tmp_path)
    body, formulas = tillagg.payload(path), tillagg.formulas(path)
    first = ask(client, body, formulas)
    sheet = next(each for each in body["sheets"] if each["name"] == "Resultatenheter")
    sheet["values"][7][3] = True
    second = ask(client, body, formulas)
    sheet["values"][7][3] = 1
    third = ask(client, body, formulas)
    assert len({json.dumps(each["fynd"]) for each in (first, second, third)}) == 3


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"book": {"name": "x.xlsx"}, "names": [], "sheets": []}, "inget blankettset"),
        (
            {"book": {"name": "x.xlsx"}, "names": [], "sheets": [{"name": "Blad1", "values": [["a"]]}]},
            "inget blankettset",
        ),
    ],
)
def test_another_workbook_gets_one_swedish_sentence(client: TestClient, body: dict[str, Any], words: str) -> None:
    full = {"client": "Office.js", "version": "0.37.8", **body, "args": [{}]}
    full["book"] = {"active_sheet_index": 0, "selection": "A1", "calculation": "Automatic", **body["book"]}
    response = client.post("/xlwings/custom-scripts-call/validera", json=full)
    assert response.status_code == 400
    assert words in response.text
    assert "Traceback" not in response.text


def test_a_broken_payload_is_one_sentence_and_no_traceback() -> None:
    from blankettset.workbook.read.xlsx_reader import UnreadableWorkbook

    for sheets in ([{"name": "A"}], [{"name": "A", "values": 3}], [{"values": []}], ["x"]):
        with pytest.raises(UnreadableWorkbook, match="kom inte fram hel"):
            check({"sheets": sheets}, {})


# ---- delivery


def script(client: TestClient, name: str, *args: Any) -> Any:
    body = {"client": "Office.js", "version": "0.37.8", "names": [], "sheets": [], "args": list(args),
            "book": {"name": "bok.xlsx", "active_sheet_index": 0, "selection": "A1", "calculation": "Automatic"}}  # fmt: skip
    response = client.post(f"/xlwings/custom-scripts-call/{name}", json=body)
    return json.loads(response.json()["actions"][0]["args"][1]) if response.status_code == 200 else response


def sent(data: bytes) -> dict[str, str]:
    return {"namn": "bok.xlsx", "innehall": base64.b64encode(data).decode(), "av": "controller"}


def test_deliver_see_the_inbox_and_consolidate(
    client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BLANKETT_INKORG", str(tmp_path))
    done = script(client, "lamna_in", sent(forms.raw_bytes("2024-T1")))
    assert (done["namnd"], done["version"], done["av"]) == ("SDN08", 1, "controller")
    again = script(client, "lamna_in", sent(forms.raw_bytes("2024-T1")))
    assert again.status_code == 400
    assert "redan inlämnat" in again.text
    status = script(client, "inkorg", "2024-T1")
    assert {row["namnd"] for row in status["rader"] if row["status"] == "lämnad"} == {"SDN08"}
    for wanted in (None, [{"namnd": "SDN08", "version": 1}]):
        city = script(client, "konsolidera", "2024-T1", wanted)
        assert (city["antal"], city["fel"], len(city["saknas"])) == (1, 0, 10)
    for wrong in ([], [{"namnd": "../x", "version": 1}], [{"namnd": "SDN08", "version": "etc"}], "x", 3):
        assert script(client, "konsolidera", "2024-T1", wrong).status_code == 400
    decided = script(client, "sista_dag", "2024-T1", "2024-05-22")
    assert decided["sista_dag"]["dag"] == "2024-05-22"
    assert {row["status"] for row in decided["rader"]} == {"lämnad sent", "försenad"}
    for wrong in (("2024-T1", "snart"), ("../..", "2024-05-22")):
        assert script(client, "sista_dag", *wrong).status_code == 400
    assert base64.b64decode(city["innehall"]).startswith(b"PK")


def test_a_refused_delivery_leaves_the_inbox_empty(
    client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BLANKETT_INKORG", str(tmp_path))
    wrong = forms.raw_bytes(
        "2024-T1", {**forms.base("2024-T1"), ("verksamhetsomraden", "forskola", "prognos_efter"): None}
    )
    for file, words in (
        (sent(wrong), "fel ska rättas"),
        ({"namn": "x.xlsx", "innehall": "%"}, "kom inte fram hel"),
        (sent(b"PK"), "ingen Excel-arbetsbok"),
    ):
        response = script(client, "lamna_in", file)
        assert response.status_code == 400
        assert words in response.text
    for name in ("../..", "2024-T9", "/etc"):
        assert script(client, "konsolidera", name).status_code == 400
    assert not list(tmp_path.iterdir())


def test_roles_decide_who_sees_and_delivers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLANKETT_INKORG", str(tmp_path))
    own, other, slk = (inlamning.Who("A", (role,)) for role in ("NAMND.SDN08", "NAMND.SDN04", "SLK"))
    with pytest.raises(NotDelivered, match="behörighet"):
        inlamning.hand_in(sent(forms.raw_bytes("2024-T1")), other)
    done = inlamning.hand_in(sent(forms.raw_bytes("2024-T1")), own)
    assert done["av"] == "A"  # who is logged in, whatever the pane says
    with pytest.raises(NotDelivered, match="tadsledningskontoret"):
        inlamning.decide_last_day("2024-T1", "2024-05-22", own)
    for work in (inlamning.inbox_status, inlamning.consolidated):
        with pytest.raises(NotDelivered, match="tadsledningskontoret"):
            work("2024-T1", own)
        assert work("2024-T1", slk)


def test_with_logins_on_an_unknown_user_gets_nothing() -> None:
    code = (
        "from blankettset.addin.excel.server import application; from fastapi.testclient import TestClient; c = TestClient(application()); "
        "r = [c.post(f'/xlwings/custom-scripts-call/{n}', json={'client': 'Office.js', 'version': '0.37.8', 'args': [], 'book': {'name': 'b', 'active_sheet_index': 0, 'selection': 'A1', 'calculation': 'Automatic'}, 'sheets': [], 'names': []}).status_code "
        "for n in ('lamna_in', 'konsolidera', 'validera', 'sista_dag', 'inkorg')]; print(r)"
    )
    environment = {**os.environ, "XLWINGS_AUTH_PROVIDERS": '["entraid"]', "XLWINGS_AUTH_ENTRAID_CLIENT_ID": "a",
                   "XLWINGS_AUTH_ENTRAID_TENANT_ID": "b", "XLWINGS_LOG_LEVEL": "ERROR"}  # fmt: skip
    result = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, env=environment, timeout=60
    )
    assert result.stdout.strip().endswith("[401, 401, 401, 401, 401]"), result.stdout + result.stderr


# ---- manifest, pages, limits, start-up


def ribbon_functions(client: TestClient) -> list[str]:
    return re.findall(r'associate\("([^"]+)"', client.get("/static/js/ribbon.js").text)


def test_the_manifest_is_swedish_whole_and_local(client: TestClient) -> None:
    text = client.get("/manifest").text
    assert manifestkontroll.faults(text, ribbon_functions(client)) == []
    assert "xlwings.org" not in text
    labels = re.findall(r'<bt:String id="\w+\.Label" DefaultValue="([^"]+)"', text)
    assert set(labels) == {"Blankettset", "Kontroll", "Inlämning", "Panel", "Validera", "Förklara", "Hoppa till nästa fynd",
                           "Jämför med föregående", "Lämna in", "Konsolidera", "Visa panel"}  # fmt: skip
    assert re.search(r'id="Functions.Namespace" DefaultValue="STHLM"', text)
    for picture in re.findall(r'DefaultValue="https?://[^/"]+(/[^"]+\.png)"', text):
        assert client.get(picture).status_code == 200, picture


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('resid="Validera.Label"', 'resid="Saknas"', "Saknas finns inte"),
        ('DefaultValue="Validera"', f'DefaultValue="{"x" * 126}"', "126 tecken"),
        ("sv-SE", "en-US", "inte sv-SE"),
        ('id="NastaFynd"', 'id="Validera"', "Validera finns 2 gånger"),
        ('<bt:Image size="80" resid="Forklara.80x80" />', "", "saknar storleken 80"),
        ("<FunctionName>forklara<", "<FunctionName>forklarar<", "forklarar finns inte på sidan"),
        ('<FunctionFile resid="Taskpane.Url" />', '<FunctionFile resid="Validera.Label" />', "som står bland ShortStrings"),
        ("<Version>1.0.0.0</Version>", "<Version>ett</Version>", "som 1.0.0.0"),
        ("<Hosts>", "<Hosts", "inte hel XML"),
        ("http://testserver/static/images/panel-16.png", "http://annan.se/panel-16.png", "annan.se"),
    ],
)  # fmt: skip
def test_the_manifest_checker_sees_faults(client: TestClient, old: str, new: str, words: str) -> None:
    text = client.get("/manifest").text
    assert old in text
    found = manifestkontroll.faults(text.replace(old, new, 1), ribbon_functions(client))
    assert any(words in each for each in found), found


def test_the_manifest_checker_sees_parts_in_the_wrong_order(client: TestClient) -> None:
    text = client.get("/manifest").text
    moved = re.sub(r"(<ProviderName>.*?</ProviderName>\s*)(<DefaultLocale>.*?</DefaultLocale>)", r"\2\1", text)
    assert any("fel ordning" in each for each in manifestkontroll.faults(moved))
    assert any("Id är" in each for each in manifestkontroll.faults(re.sub(r"<Id>[^<]+", "<Id>x", text, count=1)))


def test_the_pane_loads_nothing_from_elsewhere(client: TestClient) -> None:
    page = client.get("/taskpane").text
    sources = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert sources
    assert all(source.startswith("/") for source in sources), sources
    assert all(client.get(source).status_code == 200 for source in sources)
    assert "socket.io" not in page
    for word in ("Validera", "Nästa fynd", "Föregående fynd"):
        assert word in page


def test_the_answers_have_security_headers_and_no_cors(client: TestClient) -> None:
    headers = client.get("/taskpane", headers={"Origin": "https://example.org"}).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert "strict-transport-security" in headers
    assert "access-control-allow-origin" not in headers


def test_too_much_is_refused_before_it_is_read(client: TestClient) -> None:
    response = client.post(
        "/xlwings/custom-scripts-call/validera", headers={"content-length": str(10**9)}, content=b"x"
    )
    assert response.status_code == 413
    assert "för stor" in response.text


def test_no_path_leads_out_of_the_static_folder(client: TestClient) -> None:
    for path in (
        "/static/../pyproject.toml",
        "/static/%2e%2e/pyproject.toml",
        "/static/..%2fpyproject.toml",
        "/static//etc/passwd",
    ):
        assert client.get(path).status_code == 404, path


def test_a_lost_page_or_function_stops_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(server.CannotStart, match=r"taskpane\.html"):
        server.application(tmp_path)
    monkeypatch.setattr(server, "FUNCTIONS", (*server.FUNCTIONS, "NETTO"))
    with pytest.raises(server.CannotStart, match="NETTO saknas"):
        server.application()


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--adress", "0.0.0.0"], "utan inloggning"),
        (["--certifikat", "cert.pem"], "både"),
        (["--certifikat", "saknas.pem", "--nyckel", "saknas.pem"], "finns inte"),
    ],
)
def test_a_server_that_may_not_start_says_why(args: list[str], words: str) -> None:
    result = CliRunner().invoke(main, ["tillagg", *args])
    assert result.exit_code == 2
    assert words in result.stderr
    assert result.stderr.count("\n") == 1


def test_without_the_licence_key_the_rest_works_and_the_server_says_so() -> None:
    environment = {**os.environ, "XLWINGS_LICENSE_KEY": "fel"}
    code = "from blankettset.addin.cli.kommandon import main; main(['tillagg'])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, timeout=60)
    assert result.returncode == 2
    assert "Licensnyckeln" in result.stderr
    assert "Traceback" not in result.stderr
    other = subprocess.run([sys.executable, "-c", "from blankettset.addin.cli.kommandon import main; main(['regler', 'BF302'])"],
                           capture_output=True, text=True, env=environment, timeout=60)  # fmt: skip
    assert other.returncode == 0


# ---- what is no call of ours


HUGE = [["1 st"]] * 30_000
WRONG_CALLS = {
    "no body": (b"", 400),
    "no JSON": (b"{", 400),
    "null": (b"null", 400),
    "a list": (b"[]", 400),
    "deep": (b"[" * 100_000, 400),
    "other encoding": (b"\xff\xfe", 400),
    "NaN": (b'{"func_name": "TOLKA", "client": "Office.js", "version": "1", "args": [[[NaN]]]}', 400),
    "a form": (b"bookData=null", 400),
}


def posted(client: TestClient, path: str, body: bytes, kind: str = "application/json") -> Any:
    return client.post(path, content=body, headers={"content-type": kind})


def is_a_sentence(response: Any, status: int) -> None:
    assert response.status_code == status, response.text
    assert response.text.endswith(".")
    assert not re.search(r"error|Error|argument\(s\)|expected|Traceback", response.text)


@pytest.mark.parametrize("kind", WRONG_CALLS)
@pytest.mark.parametrize("path", ["/xlwings/custom-functions-call", "/xlwings/custom-scripts-call/validera"])
def test_what_is_no_call_is_one_sentence(client: TestClient, path: str, kind: str) -> None:
    body, status = WRONG_CALLS[kind]
    for content_type in ("application/json", "application/x-www-form-urlencoded"):
        is_a_sentence(posted(client, path, body, content_type), status)


@pytest.mark.parametrize(
    ("change", "status"),
    [({"func_name": name}, 404) for name in ("NETTO", "__init__", "arg", "", None, 5, ["TOLKA"], "../x")]
    + [({"args": args}, 400) for args in ("x", None, 5, {}, [], [[[1]], [[1]]], [[1, 2]], [[[1, 2], [3]]], [[]], [[[]]], [[[{"a": 1}]]],
                                          [[[[1]]]], [[["x" * 40_000]]])]
    + [({"client": None}, 400), ({"caller_address": {"a": 1}}, 400)],
)  # fmt: skip
def test_a_wrong_function_call_is_one_sentence(client: TestClient, change: dict[str, Any], status: int) -> None:
    body = {"client": "Office.js", "func_name": "TOLKA", "args": [[["1 st"]]], "caller_address": "[b]B!E2", "version": "0.37.8",
            "culture_info_name": "sv-SE", "date_format": "åååå-MM-dd", "runtime": "1.4"}  # fmt: skip
    is_a_sentence(client.post("/xlwings/custom-functions-call", json={**body, **change}), status)
    assert client.post("/xlwings/custom-functions-call", json=body).status_code == 200


@pytest.mark.parametrize(
    "change",
    [{"book": None}, {"book": {"name": 5, "active_sheet_index": 0}}, {"sheets": 5}, {"sheets": [5]}, {"sheets": [{"name": "A"}]},
     {"sheets": [{"name": "A", "values": [[[1]]]}]}, {"args": 5}, {"args": [5]}, {"args": [{}, 5]}, {"args": [{}, [1]]},
     {"args": [{}, [], 1]}, {"args": [{"A": 5}]}, {"args": [{}, "abc"]}, {"client": "Desktop"}, {"names": 5}],
)  # fmt: skip
def test_a_wrong_script_call_is_one_sentence(client: TestClient, change: dict[str, Any], tmp_path: Path) -> None:
    book = {"name": "b", "active_sheet_index": 0, "selection": "A1", "calculation": "Automatic"}
    body = {
        "client": "Office.js",
        "version": "0.37.8",
        "names": [],
        "sheets": [{"name": "A", "values": [["x"]]}],
        "book": book,
    }
    is_a_sentence(client.post("/xlwings/custom-scripts-call/validera", json={**body, **change}), 400)


def test_only_our_own_scripts_have_an_address(client: TestClient) -> None:
    for name in ("nope", "check", "_who", "json", "inlamning", "xw", "validera/x", ""):
        response = client.post(f"/xlwings/custom-scripts-call/{name}", json={})
        assert response.status_code in (400, 404)
        assert response.text in ("Tjänsten finns inte.", vakt.BROKEN)
    for name in ("lamna_in", "inkorg", "sista_dag", "konsolidera"):
        is_a_sentence(script(client, name), 400)  # without arguments


def test_too_much_in_pieces_is_refused_with_the_sentence(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "MAX_UPLOAD", 1 << 20)
    for path in ("/xlwings/custom-functions-call", "/xlwings/custom-scripts-call/validera"):
        response = client.post(path, content=iter([b"x" * (1 << 19)] * 3), headers={"content-type": "application/json"})
        assert (response.status_code, response.text) == (413, server.TOO_LARGE)


def test_a_whole_column_is_refused_before_it_blocks_the_others(client: TestClient) -> None:
    start = time.perf_counter()
    for name, args in (("TOLKA", (HUGE,)), ("MALSTATUS", (HUGE,)), ("RISKVARDE", ([[1] * 200] * 200, 2))):
        assert call(client, name, *args) == [[f"{f.WRONG} {f.TOO_MANY}"]]
    assert time.perf_counter() - start < 2
    assert f.spread(f._riskvarde, HUGE, 2) == f.malstatus(HUGE) == [[f"{f.WRONG} {f.TOO_MANY}"]]


@pytest.mark.parametrize(
    ("name", "args"),
    [("RISKVARDE", (1e300, 1e300)), ("RISKVARDE", ("9" * 400, 1)), ("AVVIKELSE", (10**400, 1)), ("TOLKA", ("9" * 400,)),
     ("LOKALBIDRAG", (1e18, 1)), ("BUDGETFOLJSAMHET", (1, 1e-320)), ("FORKLARA", ("RISKVARDE", None, [[1e300, 2]])),
     ("LOKALBIDRAG", (1, 1, -1e20)), ("INDIKATORSTATUS", ("9" * 30_000, "", "8" * 30_000, "hogre"))],
)  # fmt: skip
def test_figures_that_no_form_has_never_become_an_internal_error(
    client: TestClient, name: str, args: tuple[Any, ...]
) -> None:
    text = json.dumps(call(client, name, *args))
    assert "Infinity" not in text
    assert "NaN" not in text
    assert len(text) < 1_000


def test_half_a_character_is_replaced(client: TestClient) -> None:
    body = {"client": "Office.js", "func_name": "TOLKA", "args": [[["ök \ud83d"]]], "caller_address": "[b]B!E2", "version": "0.37.8",
            "culture_info_name": "sv-SE", "date_format": "åååå-MM-dd", "runtime": "1.4"}  # fmt: skip
    response = posted(client, "/xlwings/custom-functions-call", json.dumps(body).encode())
    assert response.json()["result"] == [["", "", "går inte att tolka"]]


@pytest.mark.parametrize("kind", ["port", "adress", "certifikat"])
def test_a_server_that_cannot_listen_says_why_in_one_line(tmp_path: Path, kind: str) -> None:
    bad = tmp_path / "cert.pem"
    bad.write_text("inget certifikat")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        args = {
            "port": ["--port", port],
            "adress": ["--adress", "127.0.0.300"],
            "certifikat": ["--certifikat", str(bad), "--nyckel", str(bad)],
        }[kind]
        result = CliRunner().invoke(main, ["tillagg", *args])
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert re.search({"port": "upptagen", "adress": "127.0.0.300", "certifikat": "PEM-filer"}[kind], result.stderr)


def test_a_disk_that_fails_is_one_sentence_too(
    client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BLANKETT_INKORG", str(tmp_path))

    def broken(*_: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(inlamning, "overview", broken)
    response = script(client, "inkorg", "2024-T1")
    is_a_sentence(response, 400)
    assert "disken svarar inte" in response.text
    monkeypatch.setattr(inlamning, "overview", lambda *_: 1 / 0)
    response = script(client, "inkorg", "2024-T1")
    assert (response.status_code, response.text) == (500, server.INTERNAL)
