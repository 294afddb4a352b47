"""The inbox: only what is clean comes in, stamped and with its receipt, and nothing is ever overwritten."""

from __future__ import annotations

import datetime
import json
import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from blankettset.addin.check.konsolidering import consolidate
from blankettset.addin.inbox.inkorg import (
    NotDelivered,
    _slug,
    chosen,
    deliver,
    deliveries,
    inbox_from_environment,
    last_day,
    latest,
    overview,
    set_last_day,
)
from blankettset.templates.catalog import catalog
from blankettset.validators.validate import validate
from blankettset.workbook.read.bind import read_filled
from blankettset.workbook.read.xlsx_reader import UnreadableWorkbook
from tests import forms

NOW = datetime.datetime(2024, 5, 22, 14, 30)
CLEAN = "2024-T1"


def clean(budget: str = "0", set_id: str = CLEAN) -> bytes:
    facts = forms.with_values(set_id, f"verksamhetsomraden;forskola;utfall;{budget}" if set_id == "2019-T2" else "")
    facts["forsattsblad", "attest", "uppgift"] = f"avdelningschef {budget}"
    return forms.raw_bytes(set_id, facts)


def test_a_clean_workbook_is_delivered_stamped_with_its_receipt(tmp_path: Path) -> None:
    data = clean()
    found = deliver(tmp_path, data, "bok.xlsx", by="Controller, Kungsholmen", now=NOW)
    path = tmp_path / "2024-T1" / "SDN08" / "SDN08_2024-T1_v1.xlsx"
    filled = read_filled(path, catalog())
    assert filled.facts["forsattsblad", "inlamnad", "uppgift"] == "2024-05-22 14:30"
    assert filled.facts["forsattsblad", "inlamnad_av", "uppgift"] == "Controller, Kungsholmen"
    before = validate(read_filled(data, catalog(), name="bok.xlsx"))
    after = validate(filled)
    assert after.may_be_submitted
    assert after.receipt["innehall"] == before.receipt["innehall"] == found.innehall
    receipt = json.loads(path.with_suffix("").with_suffix(".kvitto.json").read_text("utf-8"))
    assert (receipt["namnd"], receipt["version"], receipt["av"]) == ("SDN08", 1, "Controller, Kungsholmen")


def test_a_new_version_stands_beside_the_old_and_the_same_content_is_refused(tmp_path: Path) -> None:
    deliver(tmp_path, clean("1"), "bok.xlsx", by="A", now=NOW)
    old = (tmp_path / "2024-T1" / "SDN08" / "SDN08_2024-T1_v1.xlsx").read_bytes()
    with pytest.raises(NotDelivered, match="redan inlämnat som version 1"):
        deliver(tmp_path, clean("1"), "bok.xlsx", by="A", now=NOW)
    assert deliver(tmp_path, clean("2"), "bok.xlsx", by="B", now=NOW).version == 2
    assert (tmp_path / "2024-T1" / "SDN08" / "SDN08_2024-T1_v1.xlsx").read_bytes() == old
    assert [each.version for each in deliveries(tmp_path, "2024-T1")] == [1, 2]
    assert latest(tmp_path, "2024-T1")["SDN08"].name == "SDN08_2024-T1_v2.xlsx"


def test_what_was_delivered_may_be_delivered_again_changed(tmp_path: Path) -> None:
    """The stamp of the first delivery is no content: it neither hides nor makes a change."""
    deliver(tmp_path, clean("1"), "bok.xlsx", by="A", now=NOW)
    stamped = latest(tmp_path, "2024-T1")["SDN08"].read_bytes()
    with pytest.raises(NotDelivered, match="redan inlämnat"):
        deliver(tmp_path, stamped, "bok.xlsx", by="A", now=NOW)


def test_errors_and_unexplained_warnings_stop_the_delivery(tmp_path: Path) -> None:
    wrong = forms.raw_bytes(CLEAN, {**forms.base(CLEAN), ("verksamhetsomraden", "forskola", "prognos_efter"): None})
    with pytest.raises(NotDelivered, match="1 fel ska rättas"):
        deliver(tmp_path, wrong, "bok.xlsx", by="A", now=NOW)
    with pytest.raises(UnreadableWorkbook):
        deliver(tmp_path, b"PK", "bok.xlsx", by="A", now=NOW)
    assert not list(tmp_path.rglob("*"))


@pytest.mark.parametrize(
    ("roles", "allowed"), [(["NAMND.SDN08"], True), (["SLK"], True), (["NAMND.SDN04"], False), ([], False)]
)
def test_a_namnd_delivers_only_for_itself(tmp_path: Path, roles: list[str], allowed: bool) -> None:
    if allowed:
        assert deliver(tmp_path, clean(), "bok.xlsx", by="A", now=NOW, roles=roles).namnd == "SDN08"
        return
    with pytest.raises(NotDelivered, match="behörighet"):
        deliver(tmp_path, clean(), "bok.xlsx", by="A", now=NOW, roles=roles)


def test_nothing_of_a_units_name_becomes_a_path(tmp_path: Path) -> None:
    facts = forms.base("2020-VP enhet") | {("forsattsblad", "enhet", "uppgift"): "../../Ånge & söner"}
    deliver(tmp_path, forms.raw_bytes("2020-VP enhet", facts), "bok.xlsx", by="A", now=NOW)
    (path,) = tmp_path.rglob("*.xlsx")
    assert path.relative_to(tmp_path).as_posix() == "2020-VP/SDN08/ange-soner/SDN08_2020-VP_v1.xlsx"


def test_two_at_once_get_a_version_each(tmp_path: Path) -> None:
    books = [clean(str(number)) for number in range(6)]
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda data: deliver(tmp_path, data, "bok.xlsx", by="A", now=NOW), books))
    assert sorted(each.version for each in found) == list(range(1, 7))
    assert len(list(tmp_path.rglob("*.xlsx"))) == len(list(tmp_path.rglob("*.kvitto.json"))) == 6


def test_the_overview_says_who_is_missing_and_the_inbox_can_be_consolidated(tmp_path: Path) -> None:
    inbox = tmp_path / "inkorg"
    inbox.mkdir()
    deliver(inbox, clean(), "bok.xlsx", by="A", now=NOW)
    rows = {row["namnd"]: row for row in overview(inbox, "2024-T1")}
    assert rows["SDN08"]["status"] == "lämnad"
    assert rows["SDN08"]["versioner"] == [{"version": 1, "tid": "2024-05-22 14:30", "av": "A"}]
    assert rows["SDN04"]["status"] == "saknas"
    assert "SDN22" not in rows
    outcome = consolidate(latest(inbox, "2024-T1").values(), tmp_path / "stad.xlsx", replace=False)
    assert [filed.namnd for filed in outcome.collection.filings] == ["SDN08"]


@pytest.mark.parametrize(
    ("last", "today", "delivered", "other"),
    [
        ("2024-05-22", "2024-05-22", "lämnad", "saknas"),
        ("2024-05-22", "2024-05-23", "lämnad", "försenad"),
        ("2024-05-21", "2024-05-22", "lämnad sent", "försenad"),
    ],
)
def test_who_is_late_follows_the_last_day_that_slk_has_set(
    tmp_path: Path, last: str, today: str, delivered: str, other: str
) -> None:
    deliver(tmp_path, clean("1"), "bok.xlsx", by="A", now=NOW)
    deliver(tmp_path, clean("2"), "bok.xlsx", by="A", now=datetime.datetime(2024, 6, 1))  # a correction is not late
    set_last_day(tmp_path, "2024-T1", last, by="SLK", now=NOW)
    rows = {row["namnd"]: row["status"] for row in overview(tmp_path, "2024-T1", datetime.date.fromisoformat(today))}
    assert (rows["SDN08"], rows["SDN04"]) == (delivered, other)


def test_the_last_day_is_kept_with_its_history_and_must_be_a_date(tmp_path: Path) -> None:
    assert last_day(tmp_path, "2024-T1") is None
    set_last_day(tmp_path, "2024-T1", "2024-05-22", by="A", now=NOW)
    set_last_day(tmp_path, "2024-T1", "2024-05-24", by="B", now=NOW)
    assert last_day(tmp_path, "2024-T1") == {"dag": "2024-05-24", "satt": "2024-05-22 14:30", "av": "B"}
    assert len(json.loads((tmp_path / "2024-T1" / "sista_dag.json").read_text("utf-8"))) == 2
    with pytest.raises(NotDelivered, match="ska vara ett datum"):
        set_last_day(tmp_path, "2024-T1", "i morgon", by="A", now=NOW)


def test_slk_chooses_versions_and_only_those_that_lie_there(tmp_path: Path) -> None:
    for budget in ("1", "2"):
        deliver(tmp_path, clean(budget), "bok.xlsx", by="A", now=NOW)
    assert [path.name for path in chosen(tmp_path, "2024-T1", {"SDN08": 1})] == ["SDN08_2024-T1_v1.xlsx"]
    for wrong in ({"SDN08": 3}, {"SDN04": 1}, {"../../x": 1}):
        with pytest.raises(NotDelivered, match="finns inte i inkorgen"):
            chosen(tmp_path, "2024-T1", wrong)


def test_explanations_of_the_earlier_workbook_hold_at_delivery_too(tmp_path: Path) -> None:
    """What the pane calls ready when it has compared is ready at the server as well."""
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
        deliver(tmp_path, later, "t2.xlsx", by="A", now=NOW)
    earlier = read_filled(explained, catalog(), name="t1.xlsx")
    assert deliver(tmp_path, later, "t2.xlsx", by="A", now=NOW, previous=[earlier]).version == 1


def test_without_an_inbox_nothing_is_delivered(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for value in ("", str(tmp_path / "finns inte")):
        monkeypatch.setenv("BLANKETT_INKORG", value)
        with pytest.raises(NotDelivered, match="Inkorgen är inte inställd"):
            inbox_from_environment()


def test_the_same_content_at_once_is_one_version(tmp_path: Path) -> None:
    data = clean()

    def attempt(_: int) -> int | str:
        try:
            return deliver(tmp_path, data, "bok.xlsx", by="A", now=NOW).version
        except NotDelivered as error:
            return str(error)

    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(attempt, range(6)))
    assert [each for each in found if isinstance(each, int)] == [1]
    assert sum("redan inlämnat som version 1" in str(each) for each in found) == 5
    assert len(list(tmp_path.rglob("*.xlsx"))) == 1
    assert not list(tmp_path.rglob(".lamnas_in"))


def test_an_abandoned_lock_stops_nobody(tmp_path: Path) -> None:
    folder = tmp_path / "2024-T1" / "SDN08"
    folder.mkdir(parents=True)
    lock = folder / ".lamnas_in"
    lock.touch()
    os.utime(lock, (1, 1))
    assert deliver(tmp_path, clean(), "bok.xlsx", by="A", now=NOW).version == 1


def test_an_inbox_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "2024-T1").write_text("en fil där mappen ska vara")
    with pytest.raises(NotDelivered, match=r"Inkorgen går inte att skriva i: .*sköter servern"):
        deliver(tmp_path, clean(), "bok.xlsx", by="A", now=NOW)
    with pytest.raises(NotDelivered, match="Inkorgen går inte att skriva i"):
        set_last_day(tmp_path, "2024-T1", "2024-05-22", by="A", now=NOW)
    assert deliveries(tmp_path, "2024-T1") == []


@pytest.mark.parametrize(
    "change",
    [{"fil": "../../../etc/passwd"}, {"fil": "a/b.xlsx"}, {"fil": ""}, {"fil": 5}, {"version": "9"}, {"namnd": "SDN04"},
     {"set_id": "../x"}, {"tid": None}, {"enhet": []}],
)  # fmt: skip
def test_an_odd_receipt_is_passed_over_and_the_others_are_shown(tmp_path: Path, change: dict[str, object]) -> None:
    deliver(tmp_path, clean(), "bok.xlsx", by="A", now=NOW)
    (good,) = tmp_path.rglob("*.kvitto.json")
    odd = good.with_name("SDN08_2024-T1_v9.kvitto.json")
    odd.with_name("SDN08_2024-T1_v9.xlsx").write_bytes(b"x")
    odd.write_text(
        json.dumps({**json.loads(good.read_text("utf-8")), "fil": "SDN08_2024-T1_v9.xlsx", **change}), "utf-8"
    )
    (good.parent / "x.kvitto.json").write_text("[1]", "utf-8")
    assert [each.version for each in deliveries(tmp_path, "2024-T1")] == [1]
    assert latest(tmp_path, "2024-T1")["SDN08"].name == "SDN08_2024-T1_v1.xlsx"


def test_no_two_units_share_a_folder_because_their_letters_are_lost() -> None:
    names = ["日本", "中国", "a" * 70 + "1", "a" * 70 + "2", "con", "nul", "con-", "Förskolan 日", "Förskolan", ""]
    slugs = [_slug(name) for name in names]
    assert len(set(slugs)) == len(names)
    assert all(slug not in ("con", "nul") and len(slug) <= 60 for slug in slugs)
    assert all(re.fullmatch(r"[a-z0-9-]*", slug) for slug in slugs)
    assert _slug("Förskolan  ÅSEN") == _slug("förskolan åsen") == "forskolan-asen"


def test_a_delivery_without_its_receipt_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("blankettset.addin.inbox.inkorg._write_receipt", full)
    with pytest.raises(NotDelivered, match="disken är full"):
        deliver(tmp_path, clean(), "bok.xlsx", by="A", now=NOW)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
