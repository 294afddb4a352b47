"""New files, never half of one: written beside their place and moved there whole. What a killed program left is swept."""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import os
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from blankettset.templates.errors import Refusal, reason

HALF = ".blankett-"  # begins the name of a file that is being written: machine, process, chance
SCRATCH = "blankett-"  # and of a program's folder among the system's temporary ones
ABANDONED = 24 * 3600  # seconds after which a file of another machine's counts as left
_NAME = os.uname().nodename if hasattr(os, "uname") else os.environ.get("COMPUTERNAME", "")
_MACHINE = hashlib.sha256(_NAME.encode()).hexdigest()[:8]
_scratch: dict[int, Path] = {}


class WriteError(Refusal):
    """The file cannot be written; str() is one Swedish sentence."""


@contextlib.contextmanager
def new_file(path: Path, *, replace: bool) -> Iterator[Path]:
    """A temporary path beside `path` that is moved into place when the block ends well, and removed otherwise."""
    if path.is_dir():
        raise WriteError(f"{path} är en mapp. Ange ett filnamn.")
    if path.exists() and not path.is_file():
        raise WriteError(f"{path} är ingen vanlig fil och skrivs inte över. Ange ett annat namn.")
    if path.exists() and not replace:
        raise WriteError(f"{path} finns redan och skrivs inte över. Välj ett annat namn eller lägg till --ersatt.")
    if not path.parent.is_dir():
        raise WriteError(f"Mappen {path.parent} finns inte. Skapa den först.")
    temporary = path.parent / f"{_mine(HALF)}{path.suffix}"
    try:
        _sweep(path.parent, HALF)
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))  # the user's umask decides
    except OSError as error:
        raise WriteError(f"Det går inte att skriva i {path.parent} ({reason(error)}).") from None
    try:
        yield temporary
        if replace:
            os.replace(temporary, path)
        else:
            _move_into_place(temporary, path)
    except FileExistsError:
        raise WriteError(f"{path} finns redan och skrivs inte över. Lägg till --ersatt om den ska ersättas.") from None
    except OSError as error:
        raise WriteError(f"Det går inte att skriva {path} ({reason(error)}).") from None
    finally:
        temporary.unlink(missing_ok=True)


def _move_into_place(temporary: Path, path: Path) -> None:
    """Give the file its name unless somebody has taken the name meanwhile (FileExistsError)."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except (AttributeError, OSError):  # a system (the browser's) or a file share without hard links
        if path.exists():
            raise FileExistsError(str(path)) from None
        os.replace(temporary, path)


def scratch() -> Path:
    """This process's folder for temporary files: removed when it ends, or by the next one if it was killed."""
    own = _scratch.get(os.getpid())
    if own is None or not own.is_dir():
        parent = Path(tempfile.gettempdir())
        _sweep(parent, SCRATCH)
        own = _scratch[os.getpid()] = parent / _mine(SCRATCH)
        own.mkdir(mode=0o700)
        atexit.register(_leave, os.getpid())
    return own


def _leave(process: int) -> None:
    if process == os.getpid():  # not a copy of it
        shutil.rmtree(_scratch[process], ignore_errors=True)


def _mine(prefix: str) -> str:
    return f"{prefix}{_MACHINE}-{os.getpid()}-{secrets.token_hex(4)}"


def _sweep(folder: Path, prefix: str) -> None:
    """Remove what was left by a process of this machine that no longer is; on another machine age decides."""
    for left in folder.glob(f"{prefix}*"):
        parts = left.name.removeprefix(prefix).split("-")
        if len(parts) != 3 or not parts[1].isdigit():
            continue
        with contextlib.suppress(OSError):
            if _is_gone(int(parts[1])) if parts[0] == _MACHINE else time.time() - left.stat().st_mtime > ABANDONED:
                shutil.rmtree(left) if left.is_dir() and not left.is_symlink() else left.unlink()


def _is_gone(process: int) -> bool:
    if sys.platform == "win32":
        import ctypes

        handle = ctypes.windll.kernel32.OpenProcess(0x1000, False, process)  # a signal would end the process there
        if handle:
            ctypes.windll.kernel32.CloseHandle(handle)
        return not handle
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
