"""The inbox under load and under kills: long, so run by `-m long`; what they measure is printed."""

from __future__ import annotations

import datetime
import functools
import multiprocessing
import os
import random
import shutil
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

pytest.importorskip("uvicorn", reason="tillvalet server är inte installerat")

from blankettset.addin.inbox import inkorg, inlamning
from blankettset.addin.inbox.bevis import verify
from blankettset.addin.inbox.gallring import remove
from blankettset.addin.inbox.inkorg import NotDelivered
from blankettset.addin.inbox.inlamning import Inbox, Who, attest, decide_last_day, deliver, send_back
from blankettset.templates.catalog import catalog
from blankettset.validators.validate import validate
from blankettset.workbook.read.bind import read_filled
from tests.inboxserver import Server, own
from tests.test_inkorg import CLEAN, NOW, SLK, books, clean
from tests.test_inkorg_server import memory
from tests.test_new_files import children

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="signals and /proc as on Linux"),
]


UNHURRIED = (  # every delivery here is the same user's
    "from blankettset.addin.server import settings; "
    "settings.SETTINGS['granser']['inlamningar_per_minut'] = settings.Setting(int, 10_000, ''); "
    "settings.SETTINGS['granser']['anrop_per_minut'] = settings.Setting(int, 10_000, '')"
)


def everything(server: Server) -> int:
    """Bytes of the server and its workers."""
    return sum(memory(pid) for pid in (server.process.pid, *children(server.process.pid)))


@pytest.mark.long
def test_fifty_at_once_are_all_taken_and_memory_is_bounded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with own(tmp_path, before=UNHURRIED) as server:
        assert server.deliver(clean("varm")).status == 201
        before, most = everything(server), 0
        done = threading.Event()

        def watch() -> None:
            nonlocal most
            while not done.wait(0.2):
                most = max(most, everything(server))

        watcher = threading.Thread(target=watch)
        watcher.start()

        def timed(data: bytes) -> tuple[int, float]:
            began = time.monotonic()
            return server.deliver(data).status, time.monotonic() - began

        with ThreadPoolExecutor(50) as pool:
            found = list(pool.map(timed, books(50)))
        done.set()
        watcher.join()
    took = sorted(seconds for _, seconds in found)
    with capsys.disabled():
        print(
            f"\n50 inlämningar på en gång: p50 {took[24]:.1f} s, p95 {took[47]:.1f} s, längst {took[-1]:.1f} s; "
            f"minne {before / 2**20:.0f} → {most / 2**20:.0f} MB"
        )
    assert {status for status, _ in found} == {201}
    assert most < before + 200 * 2**20
    assert verify(tmp_path).broken == ()


@pytest.mark.long
def test_twenty_times_twenty_over_two_servers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sent = books(400)
    with (
        own(tmp_path, before=UNHURRIED) as one,
        own(tmp_path, before=UNHURRIED) as other,
        ThreadPoolExecutor(20) as pool,
    ):
        began = time.monotonic()

        def user(number: int) -> list[int]:
            server = (one, other)[number % 2]
            return [server.deliver(data).json["version"] for data in sent[number * 20 : number * 20 + 20]]

        versions = [version for each in pool.map(user, range(20)) for version in each]
        took = time.monotonic() - began
    with capsys.disabled():
        print(f"\n20 × 20 inlämningar över två servrar: {took:.0f} s, {took / 400:.2f} s styck")
    assert sorted(versions) == list(range(1, 401))
    found = verify(tmp_path)
    assert (found.intact, found.broken, found.notes) == (400, (), ())


def write_on(folder: Path, books: list[bytes], told: Connection) -> None:
    """Do every kind of writing without end, and tell what was confirmed."""
    inbox, number = Inbox(folder), 0
    while True:
        number += 1
        try:
            found, _ = deliver(inbox, books[number % len(books)], "bok.xlsx", Who("A", None, str(number)), now=NOW)
        except NotDelivered:  # as the one killed before left it
            continue
        told.send((found.nr, found.fil_sha256))
        for entry in (
            decide_last_day(inbox, CLEAN, f"2024-05-{1 + number % 28:02d}", SLK, NOW),
            send_back(inbox, found, "kommentar", SLK, NOW),
            attest(inbox, found, Who("B", None, "b"), NOW),
        ):
            told.send((entry.nr, ""))


@pytest.mark.parametrize("kills", [pytest.param(12, id="few"), pytest.param(150, id="many", marks=pytest.mark.long)])
def test_kills_at_random_points_lose_nothing_confirmed_and_stop_nobody(
    tmp_path: Path, kills: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, chance, sent = multiprocessing.get_context("fork"), random.Random(5), books(4)
    judged = functools.cache(lambda data: validate(read_filled(data, catalog(), name="bok.xlsx")))
    monkeypatch.setattr(
        inlamning, "read_filled", lambda data, *_, name: judged(data).filled
    )  # so that kills fall on writing
    monkeypatch.setattr(
        inlamning, "validate", lambda filled, _: next(r for r in map(judged, sent) if r.filled is filled)
    )
    monkeypatch.setattr(inlamning, "stamped", lambda data, *_: data + b"stamp")
    assert all(map(judged, sent))  # before the copies
    confirmed: dict[int, str] = {}
    for kill in range(kills):
        ours, theirs = context.Pipe()
        rotated = sent[kill % 4 :] + sent[: kill % 4]
        writer = context.Process(target=write_on, args=(tmp_path, rotated, theirs))
        writer.start()
        theirs.close()
        assert kill % 2 or ours.poll(30)  # every other one gets through its first delivery
        time.sleep(chance.uniform(0.0, 0.1))
        os.kill(writer.pid or 0, signal.SIGKILL)
        writer.join()
        while ours.poll():
            try:
                number, sha256 = ours.recv()
            except EOFError:
                break
            assert number not in confirmed
            confirmed[number] = sha256
        ours.close()
    assert confirmed
    found = verify(tmp_path)
    assert found.broken == ()
    entries = {each.nr: each for each in inkorg.state(tmp_path, CLEAN).ledger.entries}
    for number, sha256 in confirmed.items():
        assert not sha256 or entries[number].uppgifter["fil_sha256"] == sha256
    monkeypatch.undo()
    began = time.monotonic()
    deliver(Inbox(tmp_path), clean("efter"), "bok.xlsx", Who("A", None), now=NOW)
    assert time.monotonic() - began < 14.0
    assert not list(tmp_path.rglob(".blankett-*"))  # swept by the next


@pytest.mark.parametrize("kills", [pytest.param(6, id="few"), pytest.param(60, id="many", marks=pytest.mark.long)])
def test_a_removal_that_is_killed_is_finished_by_the_next(tmp_path: Path, kills: int) -> None:
    context, chance = multiprocessing.get_context("fork"), random.Random(6)
    whole = tmp_path / "hel"
    whole.mkdir()
    inbox = Inbox(whole)
    deliver(inbox, clean("1"), "bok.xlsx", Who("A", None), now=NOW)
    later = datetime.date(2030, 1, 1)
    for kill in range(kills):
        copy = tmp_path / f"k{kill}"
        shutil.copytree(whole, copy)
        remover = context.Process(target=remove, args=(Inbox(copy), later, "dnr 1", NOW))
        remover.start()
        time.sleep(chance.uniform(0.0, 0.12))
        os.kill(remover.pid or 0, signal.SIGKILL)
        remover.join()
        remove(Inbox(copy), later, "dnr 1", NOW)
        left = sorted(path.name for path in copy.iterdir() if not path.name.startswith(".skrivlas"))
        assert left == ["00_liggare"]
        (stored,) = [path for path in (copy / "00_liggare").iterdir() if not path.name.startswith(".")]
        assert "dnr 1" in stored.read_text("utf-8")


def test_what_is_due_is_shown_first_and_removed_after_a_decision(tmp_path: Path) -> None:
    from click.testing import CliRunner

    from blankettset.addin.cli.kommandon import main

    inbox, runner = Inbox(tmp_path), CliRunner()
    found = deliver(inbox, clean("1"), "bok.xlsx", Who("A", None), now=NOW)[0]
    assert (
        "Inget i inkorgen är från före" in runner.invoke(main, ["gallra", str(tmp_path), "--fore", "2024-01-01"]).output
    )
    shown = runner.invoke(main, ["gallra", str(tmp_path), "--fore", "2030-01-01"]).output
    assert "2024-T1: 1 inlämningar från 1 nämnder (SDN08)." in shown
    assert "Inget har tagits bort." in shown
    assert inbox.state(CLEAN).deliveries
    with pytest.raises(NotDelivered, match="Ange gallringsbeslutet"):
        remove(inbox, datetime.date(2030, 1, 1), " ", NOW)
    done = runner.invoke(main, ["gallra", str(tmp_path), "--fore", "2030-01-01", "--beslut", "dnr 1.2-345/2026"])
    assert done.output == "Gallrat enligt dnr 1.2-345/2026: 2024-T1.\n"
    assert not (tmp_path / CLEAN).exists()
    assert found.fil_sha256 in (tmp_path / "00_liggare" / "00001.json").read_text("utf-8")


def test_a_copy_made_in_use_is_whole_and_can_be_put_back(tmp_path: Path) -> None:
    """Backup and restore: the ledger is copied first, as every copying program does by name."""
    folder, copy = tmp_path / "inkorg", tmp_path / "kopia"
    folder.mkdir()
    inbox, sent, going = Inbox(folder), books(7), threading.Event()

    def write() -> None:
        for number, data in enumerate(sent):
            deliver(inbox, data, "bok.xlsx", Who("A", None), now=NOW)
            if number == 1:
                going.set()

    writer = threading.Thread(target=write)
    writer.start()
    going.wait(60)
    copies = 0
    while writer.is_alive() and copies < 3:
        copy_of = tmp_path / f"kopia{copies}"
        copied(folder, copy_of)
        found = verify(copy_of)
        assert found.broken == ()
        assert found.intact >= 2
        copies += 1
    writer.join()
    assert copies
    copied(folder, copy)
    shutil.rmtree(folder)
    copied(copy, folder)
    assert verify(folder).intact == 7
    assert deliver(inbox, clean("efter"), "bok.xlsx", Who("A", None), now=NOW)[0].version == 8


def copied(source: Path, target: Path) -> None:
    """As rsync and robocopy do: in order of name; half-written files may vanish on the way."""
    target.mkdir(exist_ok=True)
    for path in sorted(source.iterdir()):
        if path.is_dir():
            copied(path, target / path.name)
        elif not path.name.startswith("."):
            shutil.copy2(path, target / path.name)
