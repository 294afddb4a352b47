"""What nobody foresaw: one Swedish sentence, a report without figures, and a killed process costs one file and no more."""

from __future__ import annotations

import multiprocessing
import os
import re
import signal
from pathlib import Path

import pytest

from blankettset.addin.check import konsolidering, unexpected
from blankettset.addin.check.folder import Source
from blankettset.addin.check.pool import spread
from blankettset.addin.cli import kommandon
from tests import forms
from tests.test_kommandon import blankett

SECRET = "Hemliga talet 4711 för Anna"


def _fall(*_: object) -> None:
    secret = SECRET
    try:
        {}[secret]
    except KeyError as error:
        raise RuntimeError(f"{secret} gick inte") from error


def test_an_error_of_ours_is_one_line_status_three_and_a_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(unexpected.FOLDER, str(tmp_path / "rapporter"))
    monkeypatch.setattr(kommandon, "_set", _fall)
    target = tmp_path / "Anna.xlsx"
    done = blankett("ny", "--namnd", "SDN08", "--period=2024-T1", "-o", target)
    assert done.exit_code == unexpected.STATUS == 3
    assert (done.stdout, len(done.stderr.splitlines())) == ("", 1)
    (report,) = (tmp_path / "rapporter").iterdir()
    assert str(report) in done.stderr
    told = report.read_text(encoding="utf-8")
    for wanted in ("Kommando: ny --namnd --period -o", "Dörr: kommandoraden", "builtins.KeyError", "builtins.RuntimeError",
                   "addin/cli/kommandon.py:", "blankettset = _set(period, niva)", "Python 3"):  # fmt: skip
        assert wanted in told
    for kept_back in (SECRET, "4711", "Anna", "SDN08", "2024-T1", str(tmp_path), str(Path.home())):
        assert kept_back not in told
    assert not target.exists()


def test_an_endless_recursion_has_a_short_report_and_no_folder_still_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deeper(left: int) -> int:
        return deeper(left + 1) + 1

    monkeypatch.setenv(unexpected.FOLDER, str(tmp_path / "fil" / "mapp"))
    (tmp_path / "fil").write_text("ingen mapp")
    with pytest.raises(RecursionError) as caught:
        deeper(0)
    made = unexpected.written(caught.value, door="panelen")
    assert made.place is None
    assert "Säg till" in made.sentence
    assert len(made.text.splitlines()) < 3 * unexpected.MAX_FRAMES
    assert "steg till" in made.text


def _dies(item: int) -> int:
    if item in (3, 11):
        os.kill(os.getpid(), signal.SIGKILL)
    return item * item


def _quiet() -> None:
    pass


@pytest.mark.skipif(os.name == "nt", reason="signalen finns inte")
@pytest.mark.parametrize("chunk", [1, 4])
def test_a_killed_process_costs_its_own_item_and_no_other(chunk: int) -> None:
    context = multiprocessing.get_context("fork")
    found = list(spread(_dies, range(20), lambda n: -n, workers=2, context=context, initializer=_quiet, chunk=chunk))
    assert found == [-n if n in (3, 11) else n * n for n in range(20)]


@pytest.mark.skipif(os.name == "nt", reason="signalen finns inte")
def test_a_file_that_kills_its_process_is_named_and_the_rest_consolidated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(9):
        (tmp_path / f"{number}.xlsx").write_bytes(forms.raw_bytes("2024-T1") if number == 5 else b"x")
    judge = konsolidering._judge_file

    def killed(source):  # type: ignore[no-untyped-def]
        if "3.xlsx" in str(source):
            os.kill(os.getpid(), signal.SIGKILL)
        return judge(source)

    monkeypatch.setattr(konsolidering, "_judge_file", killed)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    monkeypatch.setattr(konsolidering, "spread", _forked, raising=False)
    monkeypatch.setattr("blankettset.addin.check.pool.spread", _forked)
    found = list(konsolidering.judged_by_processes([Source(path, path.name) for path in sorted(tmp_path.iterdir())]))
    assert [type(each).__name__ for each in found] == ["Unreadable"] * 5 + ["tuple"] + ["Unreadable"] * 3
    assert "3.xlsx gick inte att läsa färdigt" in found[3].reason


def _forked(work, items, lost, *, workers, context, initializer, chunk=1):  # type: ignore[no-untyped-def]
    """A local function cannot be sent to a process, but a forked one already has it."""
    global _work
    _work = work
    return spread(_call, items, lost, workers=workers, context=context, initializer=initializer, chunk=chunk)


def _call(item):  # type: ignore[no-untyped-def]
    return _work(item)


_work = _quiet


@pytest.mark.skipif(os.name == "nt", reason="länkar kräver rättighet")
def test_links_that_go_in_a_circle_are_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").symlink_to(tmp_path / "b.xlsx")
    (tmp_path / "b.xlsx").symlink_to(tmp_path / "a.xlsx")
    (tmp_path / "mapp").symlink_to(tmp_path)
    (tmp_path / "bok.xlsx").write_bytes(forms.raw_bytes("2024-T1"))
    done = blankett("konsolidera", tmp_path, "-o", tmp_path / "stad.xlsx")
    assert done.exit_code == 1, done.stderr
    assert re.search(r"BF601 fel +a\.xlsx", done.stdout)
    assert "Traceback" not in done.stdout + done.stderr
    one = blankett("validera", tmp_path / "a.xlsx")
    assert (one.exit_code, len(one.stderr.splitlines())) == (2, 1)


def test_brackets_in_a_name_are_shown_as_they_stand(tmp_path: Path) -> None:
    facts = forms.base("2020-VP enhet") | {("forsattsblad", "enhet", "uppgift"): "Enhet [/b] [red] :smile:"}
    (tmp_path / "a.xlsx").write_bytes(forms.raw_bytes("2020-VP enhet", facts))
    done = blankett("konsolidera", tmp_path / "a.xlsx", "-o", tmp_path / "ut.xlsx")
    assert done.exit_code in (0, 1), done.stderr
    assert "Enhet [/b] [red] :smile:" in done.stdout
