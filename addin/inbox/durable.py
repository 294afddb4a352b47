"""Files that are there for certain: written whole, flushed to the disk with their folder, and one writer at a time.

The lock is the operating system's (fcntl on Unix, msvcrt on Windows), so it dies with the process that holds it, and it
holds between machines that share the folder where the share passes locks on (docs/inkorg.md says which do).
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from blankettset.workbook.write.files import new_file

LOCK = ".skrivlas"
PATIENCE = 20.0  # seconds to wait for those who are writing
_BUSY = {errno.EACCES, errno.EAGAIN, errno.EDEADLK}
_threads: dict[Path, threading.Lock] = {}
_guard = threading.Lock()


class Crowded(OSError):
    """Others have been writing for as long as there is patience."""


@contextlib.contextmanager
def alone_in(folder: Path, patience: float = PATIENCE) -> Iterator[None]:
    """The only writer in `folder`, among threads, processes and machines. Crowded after `patience` seconds."""
    until = time.monotonic() + patience
    with _guard:
        mine = _threads.setdefault(folder.resolve(), threading.Lock())
    if not mine.acquire(timeout=patience):  # the system's locks are per process
        raise Crowded(errno.EAGAIN, "upptagen")
    try:
        handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            while not _claimed(handle):
                if time.monotonic() > until:
                    raise Crowded(errno.EAGAIN, "upptagen")
                time.sleep(0.01)
            try:
                yield
            finally:
                _released(handle)
        finally:
            os.close(handle)
    finally:
        mine.release()


def _claimed(handle: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _BUSY:
            return False
        raise
    return True


def _released(handle: int) -> None:
    if sys.platform == "win32":
        import msvcrt

        os.lseek(handle, 0, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)
    else:
        import fcntl

        fcntl.lockf(handle, fcntl.LOCK_UN)


def write_new(path: Path, content: bytes) -> None:
    """A new file, whole and on the disk when this returns. WriteError when the name is taken."""
    with new_file(path, replace=False) as temporary, temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    sync_folder(path.parent)


def make_folder(folder: Path) -> None:
    """The folder and those above it, each name on the disk."""
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for each in reversed(missing):
        each.mkdir(exist_ok=True)
        sync_folder(each.parent)


def sync_folder(folder: Path) -> None:
    """Flush the folder's names; on Windows the file system does that itself and folders cannot be opened."""
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
