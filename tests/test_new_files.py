"""New files are whole or not there, follow the user's umask, and what a killed program left is swept by the next one."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from blankettset.workbook.write import files
from blankettset.workbook.write.files import HALF, SCRATCH, new_file, scratch
from tests import forms

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="processes and umask as on Unix")


@pytest.mark.parametrize(("umask", "mode"), [(0o077, 0o600), (0o022, 0o644), (0o027, 0o640)])
def test_the_users_umask_decides_who_may_read(tmp_path: Path, umask: int, mode: int) -> None:
    before = os.umask(umask)
    try:
        with new_file(tmp_path / "ny.txt", replace=False) as temporary:
            temporary.write_text("x")
            assert temporary.stat().st_mode & 0o777 == mode
    finally:
        os.umask(before)
    assert (tmp_path / "ny.txt").stat().st_mode & 0o777 == mode


def test_what_a_killed_program_left_is_swept_and_nothing_else(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    machine = files._MACHINE
    left = tmp_path / f"{HALF}{machine}-{dead.pid}-0a0b0c0d.xlsx"
    others = [
        f"{HALF}{machine}-{os.getpid()}-0a0b0c0d.xlsx",
        f"{HALF}00000000-{dead.pid}-0a0b0c0d.xlsx",
        f"{HALF}egen fil",
    ]
    for name in (left.name, *others):
        (tmp_path / name).write_text("")
    os.utime(tmp_path / others[2], (1, 1))
    with new_file(tmp_path / "ny.txt", replace=False):
        pass
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*others, "ny.txt"])
    os.utime(tmp_path / others[1], (1, 1))  # another machine's, long ago
    with new_file(tmp_path / "ny2.txt", replace=False):
        pass
    assert not (tmp_path / others[1]).exists()


def test_a_process_removes_its_own_scratch_folder(tmp_path: Path) -> None:
    code = "from blankettset.workbook.write.files import scratch; print(scratch()); (scratch() / 'x').write_text('')"
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert Path(done.stdout.strip()).parent == tmp_path
    assert not list(tmp_path.iterdir())
    assert scratch() == scratch()


def children(parent: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] != "Z" and int(fields[1]) == parent:
            found.append(int(stat.parent.name))
    return found


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")
def test_a_killed_konsolidera_leaves_no_processes_and_the_next_sweeps_its_files(tmp_path: Path) -> None:
    """SAFE 11."""
    sources, temporary = tmp_path / "in", tmp_path / "tmp"
    sources.mkdir()
    temporary.mkdir()
    data = forms.raw_bytes("2024-T1", forms.base("2024-T1"))
    for number in range(60):
        (sources / f"{number}.xlsx").write_bytes(data)
    command = [sys.executable, "-m", "blankettset.addin.cli.kommandon", "konsolidera", str(sources), "-o"]
    environment = {**os.environ, "TMPDIR": str(temporary)}
    first = subprocess.Popen([*command, str(tmp_path / "stad.xlsx")], env=environment, stdout=-3, stderr=-3)
    workers: list[int] = []
    for _ in range(400):
        workers = children(first.pid) or workers
        if workers:
            break
        time.sleep(0.02)
    assert workers, "no worker was started: the test must kill it in the middle"
    first.kill()
    first.wait()
    deadline = time.monotonic() + 14
    while any(Path(f"/proc/{pid}").exists() for pid in workers) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not [pid for pid in workers if Path(f"/proc/{pid}").exists()]
    (temporary / f"{SCRATCH}{files._MACHINE}-{first.pid}-00000000").mkdir(exist_ok=True)
    few = tmp_path / "fa"
    few.mkdir()
    (few / "en.xlsx").write_bytes(data)
    subprocess.run(
        [*command[:4], str(few), "-o", str(tmp_path / "stad.xlsx")], env=environment, stdout=-3, stderr=-3, check=False
    )
    assert (tmp_path / "stad.xlsx").is_file()
    assert not list(temporary.iterdir())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fa", "in", "stad.xlsx", "tmp"]
