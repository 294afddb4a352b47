"""The inbox: only what is clean comes in, stamped and with its receipt; nothing is overwritten; what is broken is shown."""

from __future__ import annotations

import datetime
import functools
import json
import os
import re
import signal
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import pytest
from click.testing import CliRunner

from blankettset.addin.check.konsolidering import consolidate
from blankettset.addin.cli.kommandon import main
from blankettset.addin.inbox import inkorg, inlamning
from blankettset.addin.inbox.foreign import require_only_a_workbook
from blankettset.addin.inbox.inkorg import Delivery, NotDelivered, chosen, history, latest, overview, path_of, slug
from blankettset.addin.inbox.inlamning import Inbox, Who, attest, decide_last_day, deliver, send_back
from blankettset.addin.inbox.paminnelse import reminder
from blankettset.templates.catalog import catalog
from blankettset.validators.validate import validate
from blankettset.workbook.edit.control_sheet import with_texts
from blankettset.workbook.read.bind import read_filled
from blankettset.workbook.read.xlsx_reader import UnreadableWorkbook
from tests import forms

NOW = datetime.datetime(2024, 5, 22, 14, 30)
TODAY = NOW.date()
CLEAN = "2024-T1"
A, B = Who("A", None), Who("B", None)
SLK = Who("SLK", ("SLK",), "s")


@functools.cache
def clean(budget: str = "0", set_id: str = CLEAN) -> bytes:
    facts = forms.base(set_id)
    facts["forsattsblad", "attest", "uppgift"] = f"avdelningschef {budget}"
    return forms.raw_bytes(set_id, facts)


@functools.cache
def books(number: int) -> list[bytes]:
    """So many workbooks of one nämnd that differ by who the contact is."""
    filled = read_filled(clean(), catalog(), name="bok.xlsx")
    cell = filled.cell(("forsattsblad", "kontakt", "uppgift"))
    assert cell is not None
    sheet = filled.forms["forsattsblad"].sheet
    return [with_texts(clean(), sheet, {cell.address: f"controller {each}"}) for each in range(number)]


@pytest.fixture
def inbox(tmp_path: Path) -> Inbox:
    (tmp_path / "inkorg").mkdir()
    return Inbox(tmp_path / "inkorg")


def put(inbox: Inbox, data: bytes, who: Who = A, now: datetime.datetime = NOW) -> Delivery:
    return deliver(inbox, data, "bok.xlsx", who, now=now)[0]


def ledger(inbox: Inbox, number: int, set_id: str = CLEAN) -> Path:
    return inbox.folder / set_id / "00_liggare" / f"{number:05d}.json"


def statuses(inbox: Inbox, today: datetime.date = TODAY) -> dict[str, str]:
    return {row["namnd"]: row["status"] for row in overview(inbox.state(CLEAN), today)}


def test_a_clean_workbook_is_delivered_stamped_with_its_receipt(inbox: Inbox) -> None:
    data = clean()
    found, cover = deliver(
        inbox, data, "bok.xlsx", Who("Controller, Kungsholmen", None), now=NOW, function="controller"
    )
    path = path_of(inbox.folder, found)
    assert re.fullmatch(r"SDN08_2024-T1_v1_[0-9a-f]{8}\.xlsx", path.name)
    filled = read_filled(path, catalog())
    assert filled.facts["forsattsblad", "inlamnad", "uppgift"] == "2024-05-22 14:30"
    assert filled.facts["forsattsblad", "inlamnad_av", "uppgift"] == "Controller, Kungsholmen, controller"
    assert filled.facts["forsattsblad", "kvitto", "uppgift"] == found.kvitto == found.innehall[:16]
    assert set(cover["celler"].values()) == {"2024-05-22 14:30", "Controller, Kungsholmen, controller", found.kvitto}
    before = validate(read_filled(data, catalog(), name="bok.xlsx"))
    after = validate(filled)
    assert after.may_be_submitted
    assert after.receipt["innehall"] == before.receipt["innehall"] == found.innehall
    entry = json.loads(ledger(inbox, 1).read_text("utf-8"))["handelse"]
    assert entry["uppgifter"]["fil_sha256"] == filled.sha256
    assert entry["uppgifter"]["inskickad_sha256"] == before.receipt["sha256"]
    assert (entry["nr"], entry["foregaende"], entry["roll"]) == (1, "0" * 64, "utan inloggning")


def test_a_new_version_stands_beside_the_old_and_the_same_content_is_refused(inbox: Inbox) -> None:
    old = path_of(inbox.folder, put(inbox, clean("1")))
    content = old.read_bytes()
    for again in (clean("1"), content):  # the stamp of the first delivery neither hides nor makes a change
        with pytest.raises(NotDelivered, match="redan inlämnat som version 1"):
            put(inbox, again)
    assert put(inbox, clean("2"), B).version == 2
    assert old.read_bytes() == content
    assert [each.version for each in inbox.state(CLEAN).deliveries] == [1, 2]
    assert latest(inbox.state(CLEAN))["SDN08", ""].version == 2


def test_errors_and_unexplained_warnings_stop_the_delivery_and_are_told(inbox: Inbox) -> None:
    wrong = forms.raw_bytes(CLEAN, {**forms.base(CLEAN), ("verksamhetsomraden", "forskola", "prognos_efter"): None})
    with pytest.raises(NotDelivered, match="1 fel ska rättas") as stopped:
        put(inbox, wrong)
    assert stopped.value.kod == "fynd"
    assert stopped.value.result is not None
    assert stopped.value.result["sammanfattning"]["fel"] == 1
    with pytest.raises(UnreadableWorkbook):
        put(inbox, b"PK")
    assert not list(inbox.folder.rglob("*"))


@pytest.mark.parametrize(
    ("roles", "allowed"), [(["NAMND.SDN08"], True), (["SLK"], True), (["NAMND.SDN04"], False), (["ATTEST.SDN08"], False), ([], False)]
)  # fmt: skip
def test_a_namnd_delivers_only_for_itself(inbox: Inbox, roles: list[str], allowed: bool) -> None:
    who = Who("A", tuple(roles), "x")
    if allowed:
        assert put(inbox, clean(), who).namnd == "SDN08"
        return
    with pytest.raises(NotDelivered, match="behörighet"):
        put(inbox, clean(), who)


def test_function_and_in_vb_attest_are_needed_and_tell_preliminary_from_final(inbox: Inbox) -> None:
    assert put(inbox, clean()).slag == "preliminär"
    facts = forms.base(CLEAN) | {
        ("forsattsblad", "attest", "uppgift"): "avdelningschef",
        ("forsattsblad", "attestdatum", "uppgift"): "2024-05-20",
    }
    assert put(inbox, forms.raw_bytes(CLEAN, facts)).slag == "slutlig"
    vb = forms.base("2024-VB")
    vb.pop(("forsattsblad", "attest", "uppgift"), None)
    vb.pop(("forsattsblad", "attestdatum", "uppgift"), None)
    with pytest.raises(NotDelivered) as stopped:
        put(inbox, forms.raw_bytes("2024-VB", vb))
    assert stopped.value.kod == "attest"
    vb[("forsattsblad", "attest", "uppgift")] = "avdelningschef"
    vb[("forsattsblad", "attestdatum", "uppgift")] = "2025-01-20"
    assert put(inbox, forms.raw_bytes("2024-VB", vb)).slag == "slutlig"


def test_nothing_of_a_units_name_becomes_a_path(inbox: Inbox) -> None:
    facts = forms.base("2020-VP enhet") | {("forsattsblad", "enhet", "uppgift"): "../../Ånge & söner"}
    found = put(inbox, forms.raw_bytes("2020-VP enhet", facts))
    path = path_of(inbox.folder, found)
    assert path.relative_to(inbox.folder).parent.as_posix() == "2020-VP/SDN08/ange-soner"
    assert list(inbox.folder.parent.rglob("*.xlsx")) == [path]
    assert overview(inbox.state("2020-VP"), TODAY, "enhet", ["SDN08"])[0]["enhet"] == "../../Ånge & söner"


def test_many_at_once_get_a_version_each_and_the_same_content_is_one(inbox: Inbox) -> None:
    books = [clean(str(number)) for number in range(4)] * 2

    def attempt(data: bytes) -> int | str:
        try:
            return put(inbox, data).version
        except NotDelivered as error:
            return str(error)

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(attempt, books))
    numbers = sorted(each for each in found if isinstance(each, int))
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) >= 4
    assert all("redan inlämnat" in each for each in found if isinstance(each, str))
    state = inbox.state(CLEAN)
    assert len(list(inbox.folder.rglob("*.xlsx"))) == len(state.deliveries) == len(numbers)
    assert state.breaks == []
    assert len({each.innehall for each in state.deliveries}) == 4


def test_the_inbox_can_be_consolidated_and_slk_chooses_versions(inbox: Inbox, tmp_path: Path) -> None:
    for budget in ("1", "2"):
        put(inbox, clean(budget))
    state = inbox.state(CLEAN)
    assert [path.name[:16] for path in chosen(inbox.folder, state)] == ["SDN08_2024-T1_v2"]
    assert [path.name[:16] for path in chosen(inbox.folder, state, {"SDN08": 1})] == ["SDN08_2024-T1_v1"]
    for wrong in ({"SDN08": 3}, {"SDN04": 1}, {"../../x": 1}):
        with pytest.raises(NotDelivered, match="finns inte i inkorgen"):
            chosen(inbox.folder, state, wrong)
    outcome = consolidate(chosen(inbox.folder, state), tmp_path / "stad.xlsx", replace=False)
    assert [filed.namnd for filed in outcome.collection.filings] == ["SDN08"]


def test_the_command_takes_a_sets_folder_of_the_inbox_as_everyones_latest_and_stops_at_what_is_broken(
    inbox: Inbox, tmp_path: Path
) -> None:
    for budget in ("1", "2"):
        put(inbox, clean(budget))
    command = ["konsolidera", str(inbox.folder / CLEAN), "-o", str(tmp_path / "stad.xlsx"), "--json"]
    done = CliRunner().invoke(main, command)
    assert [each["fil"][:16] for each in json.loads(done.stdout)["namnder"]] == ["SDN08_2024-T1_v2"]
    done = CliRunner().invoke(main, ["konsolidera", str(inbox.folder), "-o", str(tmp_path / "x.xlsx")])
    assert (done.exit_code, "är en inkorg med flera blankettset" in done.output) == (2, True)
    path_of(inbox.folder, inbox.state(CLEAN).deliveries[1]).write_bytes(clean("1"))
    done = CliRunner().invoke(main, [*command, "--ersatt"])
    assert (done.exit_code, "SDN08 version 2: Filen" in done.output) == (2, True)


@pytest.mark.parametrize(
    ("last", "today", "delivered", "other"),
    [
        ("2024-05-22", "2024-05-22", "lämnad", "saknas"),
        ("2024-05-22", "2024-05-23", "lämnad", "försenad"),
        ("2024-05-21", "2024-05-22", "lämnad sent", "försenad"),
    ],
)
def test_who_is_late_follows_the_last_day_that_slk_has_set(
    inbox: Inbox, last: str, today: str, delivered: str, other: str
) -> None:
    put(inbox, clean("1"))
    put(inbox, clean("2"), now=datetime.datetime(2024, 6, 1))  # a correction is not late
    decide_last_day(inbox, CLEAN, last, SLK, NOW)
    found = statuses(inbox, datetime.date.fromisoformat(today))
    assert (found["SDN08"], found["SDN04"]) == (delivered, other)
    assert "SDN22" not in found


def test_every_decision_of_the_last_day_is_kept_also_of_many_at_once(inbox: Inbox) -> None:
    """SAFE 10."""
    assert inbox.state(CLEAN).last_day is None
    days = [f"2024-05-{number:02d}" for number in range(1, 21)]
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda day: decide_last_day(inbox, CLEAN, day, SLK, NOW), days))
    texts = [each["text"] for each in history(inbox.state(CLEAN))]
    assert sorted(texts) == [f"Sista dag är {day}." for day in days]
    assert inbox.state(CLEAN).breaks == []
    with pytest.raises(NotDelivered, match="ska vara ett datum"):
        decide_last_day(inbox, CLEAN, "i morgon", SLK, NOW)
    with pytest.raises(NotDelivered, match="Bara stadsledningskontoret"):
        decide_last_day(inbox, CLEAN, "2024-05-22", Who("A", ("NAMND.SDN08",)), NOW)
    ledger(inbox, 20).write_text('{"handelse": {"nr": 20,')
    decide_last_day(inbox, CLEAN, "2024-06-01", SLK, NOW)
    state = inbox.state(CLEAN)
    assert state.last_day is not None
    assert state.last_day["dag"] == "2024-06-01"
    assert "Kvitto 20 i liggaren går inte att läsa." in state.breaks[0]


def test_slk_sends_back_with_a_comment_and_the_namnd_delivers_again(inbox: Inbox) -> None:
    first = put(inbox, clean("1"))
    with pytest.raises(NotDelivered, match="Skriv en kommentar"):
        send_back(inbox, first, "  ", SLK, NOW)
    send_back(inbox, first, "Avstämningen mot ekonomisystemet saknas.", SLK, NOW)
    row = overview(inbox.state(CLEAN), TODAY, only=["SDN08"])[0]
    assert row["status"] == "återlämnad"
    assert row["versioner"][0]["aterlamnad"]["kommentar"] == "Avstämningen mot ekonomisystemet saknas."
    with pytest.raises(NotDelivered, match="Ingen nämnd har lämnat"):
        chosen(inbox.folder, inbox.state(CLEAN))
    with pytest.raises(NotDelivered, match="redan återlämnad"):
        send_back(inbox, inbox.state(CLEAN).deliveries[0], "igen", SLK, NOW)
    assert put(inbox, clean("1")).version == 2  # SLK may have been wrong
    assert statuses(inbox)["SDN08"] == "lämnad"
    texts = [each["text"] for each in history(inbox.state(CLEAN), "SDN08")]
    assert texts[1] == "SDN08 version 1 lämnades tillbaka: Avstämningen mot ekonomisystemet saknas."


def test_another_person_attests(inbox: Inbox) -> None:
    found = put(inbox, clean("1"), Who("A", ("NAMND.SDN08", "ATTEST.SDN08"), "a"))
    for who, why in (
        (Who("A", ("NAMND.SDN08", "ATTEST.SDN08"), "a"), "attesterar inte själv"),
        (Who("C", ("ATTEST.SDN04",), "c"), "inte behörighet att attestera"),
    ):
        with pytest.raises(NotDelivered, match=why):
            attest(inbox, found, who, NOW)
    attest(inbox, found, Who("C", ("ATTEST.SDN08",), "c"), NOW)
    assert inbox.state(CLEAN).deliveries[0].attesterad == {"tid": "2024-05-22 14:30", "av": "C", "kommentar": ""}


def test_those_who_are_missing_are_reminded_by_a_letter_that_we_do_not_send(inbox: Inbox) -> None:
    put(inbox, clean("1"))
    decide_last_day(inbox, CLEAN, "2024-05-21", SLK, NOW)
    made = reminder(inbox.state(CLEAN), TODAY, {"SDN04": "ekonomi@exempel.se", "SDN06": "x,y@z\nBcc: q"})
    assert "SDN08" not in [each["namnd"] for each in made["saknas"]]
    assert "Hässelby-Vällingby (SDN04), försenad, ekonomi@exempel.se" in made["lista"].splitlines()
    assert made["mailto"].startswith("mailto:?bcc=ekonomi@exempel.se&subject=Blankettset%202024-T1")
    assert "Bcc: ekonomi@exempel.se" in made["eml"].splitlines()
    assert "X-Unsent: 1" in made["eml"]


def test_a_delivery_is_compared_with_the_inboxs_own_latest_alone(inbox: Inbox) -> None:
    """SAFE 9: the client sends no earlier workbook; explanations carry over from what lies in the inbox."""
    overdrawn = "resultatenheter;1;enhet;Enheten\nresultatenheter;1;bruttobudget;-1000\n" \
        "resultatenheter;1;overforing_fran;-100\nresultatenheter;1;resultat;-10\n"  # fmt: skip
    first = forms.handed_in("2024-T1", forms.with_values("2024-T1", overdrawn))
    warnings = [finding for finding in validate(first).findings if finding.severity == "varning"]
    assert warnings
    words = "".join(
        f"forklaringar;{number};{column};{value}\n"
        for number, finding in enumerate(warnings, start=1)
        for column, value in zip(
            ("kod", "blankett", "rad", "kolumn", "siffror", "forklaring"),
            (*finding.place, finding.siffror, "Enligt beslut."), strict=True)
        if value
    )  # fmt: skip
    explained = forms.raw_bytes("2024-T1", forms.with_values("2024-T1", overdrawn + words))
    later = forms.raw_bytes("2024-T2", forms.with_values("2024-T2", overdrawn))
    with pytest.raises(NotDelivered, match="varningar rättas eller förklaras"):
        put(inbox, later)
    earlier = put(inbox, explained)
    found = put(inbox, later)
    receipt = json.loads(ledger(inbox, 1, "2024-T2").read_text("utf-8"))["handelse"]["uppgifter"]["kvitto"]
    assert [each["sha256"] for each in receipt["foregaende"]] == [earlier.fil_sha256]
    assert found.version == 1


def test_without_an_inbox_nothing_is_delivered(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for value in ("", str(tmp_path / "finns inte")):
        monkeypatch.setenv("BLANKETT_INKORG", value)
        with pytest.raises(NotDelivered, match="Inkorgen är inte inställd"):
            inkorg.inbox_from_environment()


def test_an_inbox_that_cannot_be_written_is_one_sentence(inbox: Inbox) -> None:
    (inbox.folder / "2024-T1").write_text("en fil där mappen ska vara")
    with pytest.raises(NotDelivered, match=r"Inkorgen går inte att skriva i: .*sköter servern"):
        put(inbox, clean())
    with pytest.raises(NotDelivered, match="Inkorgen går inte att skriva i"):
        decide_last_day(inbox, CLEAN, "2024-05-22", SLK, NOW)


def test_no_two_units_share_a_folder_because_their_letters_are_lost() -> None:
    names = ["日本", "中国", "a" * 70 + "1", "a" * 70 + "2", "con", "nul", "con-", "Förskolan 日", "Förskolan", ""]
    slugs = [slug(name) for name in names]
    assert len(set(slugs)) == len(names)
    assert all(found not in ("con", "nul") and len(found) <= 60 for found in slugs)
    assert all(re.fullmatch(r"[a-z0-9-]*", found) for found in slugs)
    assert slug("Förskolan  ÅSEN") == slug("förskolan åsen") == "forskolan-asen"


# SAFE 8: what a delivery may not carry


def carrying(data: bytes, part: str, content: str = "x", *, kind: str = "", relation: str = "") -> bytes:
    """The workbook with one more part, declared by a content type or a relationship of the workbook's."""
    source = zipfile.ZipFile(BytesIO(data))
    made = BytesIO()
    with zipfile.ZipFile(made, "w") as target:
        for info in source.infolist():
            text = source.read(info)
            if kind and info.filename == "[Content_Types].xml":
                text = text.replace(
                    b"</Types>", f'<Override PartName="/{part}" ContentType="{kind}"/></Types>'.encode()
                )
            if relation and info.filename == "xl/_rels/workbook.xml.rels":
                text = text.replace(
                    b"</Relationships>",
                    f'<Relationship Id="rId999" Type="{relation}" Target="/{part}"/></Relationships>'.encode(),
                )
            target.writestr(info, text)
        target.writestr(part, content)
    return made.getvalue()


OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


@pytest.mark.parametrize(
    ("said", "part", "how"),
    [
        ("makron", "xl/vbaProject.bin", {}),
        ("makron", "xl/bild.bin", {"kind": "application/vnd.ms-office.vbaProject"}),
        ("makron", "xl/bild.bin", {"kind": "application/vnd.ms-office.vba&#80;roject"}),
        ("makron", "xl/x.xml", {"relation": "http://schemas.microsoft.com/office/2006/relationships/xlMacrosheet"}),
        ("kopplingar", "xl/connections.xml", {}),
        ("kopplingar", "xl/k.xml", {"relation": f"{OFFICE}/connections"}),
        ("kopplingar", "xl/queryTables/queryTable1.xml", {}),
        ("inbäddade objekt", "xl/embeddings/oleObject1.bin", {}),
        ("inbäddade objekt", "xl/o.bin", {"kind": "application/vnd.openxmlformats-officedocument.oleObject"}),
        ("inbäddade objekt", "xl/o.docx", {"relation": f"{OFFICE}/package"}),
        ("ActiveX", "xl/activeX/activeX1.xml", {}),
        ("ActiveX", "xl/a.xml", {"relation": f"{OFFICE}/control"}),
    ],
)
def test_programs_and_pipes_are_refused_whatever_their_parts_are_called(
    inbox: Inbox, said: str, part: str, how: dict[str, str]
) -> None:
    with pytest.raises(NotDelivered, match=said) as stopped:
        put(inbox, carrying(clean(), part, **how))
    assert stopped.value.kod == "makro"
    assert not list(inbox.folder.rglob("*.xlsx"))


@pytest.mark.parametrize(
    "part", ["xl/media/image1.png", "xl/threadedComments/threadedComment1.xml", "xl/printerSettings/printerSettings1.bin",
             "xl/webextensions/taskpanes.xml", "xl/ctrlProps/ctrlProp1.xml", "docProps/custom.xml"],
)  # fmt: skip
def test_what_excel_itself_puts_there_is_no_reason(part: str) -> None:
    require_only_a_workbook(carrying(clean(), part))


# SAFE 4: what was changed after delivery is shown and never passed over


@pytest.fixture
def two(inbox: Inbox) -> tuple[Inbox, Delivery, Delivery]:
    return inbox, put(inbox, clean("1")), put(inbox, clean("2"))


def is_broken(inbox: Inbox, why: str) -> None:
    state = inbox.state(CLEAN)
    assert why in " ".join(state.breaks), state.breaks
    with pytest.raises(NotDelivered, match="Inkorgen stämmer inte med sina kvitton") as stopped:
        chosen(inbox.folder, state)
    assert stopped.value.kod == "bruten"


def test_a_delivery_exchanged_altered_or_taken_away_is_broken_and_no_older_one_stands_in(
    two: tuple[Inbox, Delivery, Delivery],
) -> None:
    inbox, first, second = two
    old, new = path_of(inbox.folder, first), path_of(inbox.folder, second)
    content = new.read_bytes()
    new.write_bytes(old.read_bytes())
    is_broken(inbox, "är inte den som lämnades in")
    assert statuses(inbox)["SDN08"] == "bruten"
    with pytest.raises(NotDelivered, match="SDN08 version 2 konsolideras inte"):
        chosen(inbox.folder, inbox.state(CLEAN), {"SDN08": 2})
    assert chosen(inbox.folder, inbox.state(CLEAN), {"SDN08": 1}) == [old]  # SLK may choose it, by number
    new.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    is_broken(inbox, "är inte den som lämnades in")
    new.unlink()
    is_broken(inbox, "finns inte kvar")
    new.write_bytes(content)
    assert inbox.state(CLEAN).breaks == []
    new.unlink()
    assert put(inbox, clean("2")).version == 3  # the same content again, since what lay there is broken
    assert statuses(inbox)["SDN08"] == "lämnad"
    assert len(inbox.state(CLEAN).breaks) == 1


@pytest.mark.parametrize("damage", ["half", "empty", "gone", "foreign", "number"])
def test_a_receipt_that_cannot_be_read_is_no_reason_to_take_the_version_before(
    two: tuple[Inbox, Delivery, Delivery], damage: str
) -> None:
    inbox, _, _ = two
    put(inbox, clean("3"))
    path = ledger(inbox, 2)
    content = path.read_text("utf-8")
    if damage == "gone":
        path.unlink()
    else:
        path.write_text(
            {
                "half": content[: len(content) // 2],
                "empty": "",
                "foreign": "[1]",
                "number": content.replace('"nr": 2', '"nr": 7'),
            }[damage]
        )
    is_broken(inbox, "Kvitto 2 i liggaren")
    assert len(inbox.state(CLEAN).breaks) == 1  # one cause, one sentence


@pytest.mark.parametrize("number", [1, 2])
def test_an_altered_receipt_is_found_also_when_its_own_hash_was_made_anew(
    two: tuple[Inbox, Delivery, Delivery], number: int
) -> None:
    inbox, first, second = two
    put(inbox, clean("3"))
    path = ledger(inbox, number)
    stored = json.loads(path.read_text("utf-8"))
    stored["handelse"]["uppgifter"]["fil_sha256"] = first.fil_sha256 if number == 2 else second.fil_sha256
    path.write_text(json.dumps(stored))
    assert any(
        "har ändrats efter att det skrevs" in each or "är inte den som" in each for each in inbox.state(CLEAN).breaks
    )
    from blankettset.addin.inbox import ledger as module

    entry = module.msgspec.convert(stored["handelse"], module.Entry)
    path.write_text(json.dumps({**stored, "sha256": module.digest(entry)}))
    path_of(inbox.folder, first if number == 1 else second).write_bytes(
        path_of(inbox.folder, second if number == 1 else first).read_bytes()
    )
    broken = [each for each in inbox.state(CLEAN).deliveries if each.bruten]
    assert [each.nr for each in broken] == [number]
    assert f"Kvitto {number} i liggaren är inte det som skrevs." in broken[0].bruten


@pytest.mark.parametrize(
    "change",
    [{"version": "två"}, {"namnd": None}, {"namnd": "../../../etc", "fil": "passwd.xlsx"}, {"fil": "a/b.xlsx"}, {"enhet": 5},
     {"fil": "\0.xlsx"}, {"aterlamnad": 7}],
)  # fmt: skip
def test_a_receipt_made_by_another_hand_is_told_of_and_hides_nobody(inbox: Inbox, change: dict[str, object]) -> None:
    """Its own hash and chain are right, as somebody who can write there could make them."""
    put(inbox, clean("1"))
    facts = json.loads(ledger(inbox, 1).read_text("utf-8"))["handelse"]["uppgifter"]
    inbox.decide(CLEAN, "inlämning", A, NOW, {**facts, "version": 2, **change})
    state = inbox.state(CLEAN)
    assert len(state.breaks) == (0 if "aterlamnad" in change else 1), state.breaks
    assert next(each for each in state.deliveries if each.nr == 1).bruten == ""
    assert overview(state, TODAY)
    assert put(inbox, clean("2")).nr == 3


def test_a_workbook_laid_there_by_hand_is_no_delivery_and_is_told_of(inbox: Inbox) -> None:
    found = put(inbox, clean())
    path_of(inbox.folder, found).with_name("SDN08_2024-T1_v9_00000000.xlsx").write_bytes(clean("9"))
    state = inbox.state(CLEAN)
    assert [each.version for each in state.deliveries] == [1]
    assert state.without_receipt == ("2024-T1/SDN08/SDN08_2024-T1_v9_00000000.xlsx",)
    assert state.notes[0].startswith("2024-T1/SDN08/SDN08_2024-T1_v9_00000000.xlsx har inget kvitto: ")


@pytest.mark.parametrize("file", ["../../../etc/passwd", "a/b.xlsx", "", "/etc/passwd"])
def test_a_receipt_never_leads_out_of_the_inbox(inbox: Inbox, file: str) -> None:
    found = put(inbox, clean())
    assert inkorg.not_as_delivered(inbox.folder, inlamning.msgspec.structs.replace(found, fil=file))


# SAFE 5, 15: locks die with their holder; what is confirmed is on the disk


@pytest.mark.skipif(sys.platform == "win32", reason="signals as on Unix")
def test_a_killed_writer_holds_nobody_up(inbox: Inbox) -> None:
    code = (
        "import sys, time; from pathlib import Path; from blankettset.addin.inbox.durable import alone_in\n"
        "with alone_in(Path(sys.argv[1])): print('las', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen([sys.executable, "-c", code, str(inbox.folder)], stdout=subprocess.PIPE)
    assert holder.stdout is not None
    holder.stdout.readline()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(put, inbox, clean())
        with pytest.raises(TimeoutError):
            waiting.result(1.5)
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        assert waiting.result(15).version == 1
    holder.stdout.close()


def test_a_delivery_is_flushed_with_its_folders_before_it_is_confirmed(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[str] = []
    real = os.fsync

    def told(handle: int) -> None:
        flushed.append(os.readlink(f"/proc/self/fd/{handle}") if Path("/proc/self/fd").exists() else "?")
        real(handle)

    monkeypatch.setattr(os, "fsync", told)
    put(inbox, clean())
    if "?" not in flushed:
        folders = [path for path in flushed if Path(path).is_dir()]
        assert {
            str(inbox.folder),
            str(inbox.folder / CLEAN),
            str(inbox.folder / CLEAN / "SDN08"),
            str(inbox.folder / CLEAN / "00_liggare"),
        } <= set(folders)
    assert len(flushed) >= 6


def test_a_delivery_that_cannot_get_its_receipt_is_no_delivery(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    from blankettset.addin.inbox import ledger as module

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "write_new", full)
    with pytest.raises(NotDelivered, match="disken är full"):
        put(inbox, clean())
    monkeypatch.undo()
    assert inbox.state(CLEAN).deliveries == ()
    assert put(inbox, clean()).version == 1
    assert inbox.state(CLEAN).without_receipt == ()
