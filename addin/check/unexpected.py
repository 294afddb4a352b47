"""An error of ours that nobody foresaw, at whatever door: one Swedish sentence, and a report for a maintainer.

The report holds versions, which command and options were used, and the way through the code. It holds nothing of the
nämnd's: no values of variables, no text of an error (which may quote a cell), no names of the user's files or folders.
"""

from __future__ import annotations

import datetime
import linecache
import os
import platform
import sys
import tempfile
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path, PurePath
from types import TracebackType

import msgspec

FOLDER = "BLANKETT_RAPPORTER"  # where reports are laid; otherwise in the machine's folder for temporary files
MAX_FRAMES = 60  # of one error; of an endless recursion the first and last are enough
STATUS = 3  # what the command line then answers


class Report(msgspec.Struct, frozen=True):
    """What a maintainer needs. `place` is the file it lies in, None when it could not be written."""

    text: str
    place: Path | None = None

    @property
    def sentence(self) -> str:
        """What the user is told, on one line."""
        front = "Något gick fel i programmet, vilket inte beror på dig eller filen."
        if self.place is None:
            return f"{front} Säg till den som sköter det, och berätta vad du gjorde."
        return f"{front} Skicka {self.place} till den som sköter det; rapporten innehåller inga siffror eller texter ur arbetsboken."


def report(error: BaseException, *, door: str, command: str = "", options: Iterable[str] = ()) -> Report:
    """The report of an error, not yet written. `options` are names of options, never what was given for them."""
    lines = [
        "Rapport om ett oväntat fel i blankettset",
        f"Tid: {datetime.datetime.now().astimezone().isoformat(timespec='seconds')}",
        f"Version: {_version()}, Python {platform.python_version()}, {platform.system()} {platform.release()} {platform.machine()}",
        f"Dörr: {door}",
        *([f"Kommando: {' '.join([command, *options])}"] if command else []),
        "",
        *_told(error),
    ]
    return Report("\n".join(lines) + "\n")


def written(error: BaseException, *, door: str, command: str = "", options: Iterable[str] = ()) -> Report:
    """As report, laid in a file of its own that only the user may read; nothing is ever written over."""
    made = report(error, door=door, command=command, options=options)
    try:
        folder = Path(os.environ.get(FOLDER) or Path(tempfile.gettempdir()) / "blankettset-rapporter")
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f"fel-{datetime.date.today()}-", suffix=".txt", dir=folder)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(made.text)
    except OSError:
        return made
    return msgspec.structs.replace(made, place=Path(name))


def _version() -> str:
    try:
        return metadata.version("blankettset")
    except metadata.PackageNotFoundError:
        return "okänd"


def _told(error: BaseException) -> Iterator[str]:
    """The kinds of the errors, the first cause first, each with its way through the code."""
    chain: list[BaseException] = []
    while error is not None and error not in chain and len(chain) < 10:
        chain.append(error)
        error = error.__cause__ or error.__context__  # type: ignore[assignment]
    for each in reversed(chain):
        kind = type(each)
        yield f"{kind.__module__}.{kind.__qualname__}"
        yield from _way(each.__traceback__)
        yield ""


def _way(trace: TracebackType | None) -> Iterator[str]:
    frames = []
    while trace is not None:
        frames.append((trace.tb_frame.f_code, trace.tb_lineno))
        trace = trace.tb_next
    half = MAX_FRAMES // 2
    for number, (code, line) in enumerate(frames):
        if len(frames) > MAX_FRAMES and half <= number < len(frames) - half:
            if number == half:
                yield f"  … {len(frames) - MAX_FRAMES} steg till"
            continue
        yield f"  {_module(code.co_filename)}:{line} i {code.co_name}"
        source = linecache.getline(code.co_filename, line).strip() if code.co_filename.endswith(".py") else ""
        if source:
            yield f"    {source}"


def _module(file: str) -> str:
    """Where code stands, without the folders of the user's machine."""
    path = PurePath(file.replace("\\", "/"))
    roots = [PurePath(str(each).replace("\\", "/")) for each in (Path(__file__).parents[2], *sys.path) if str(each)]
    for root in sorted(roots, key=lambda each: -len(each.parts)):
        if root.parts and path.is_relative_to(root) and path != root:
            return str(path.relative_to(root))
    return path.name if file.endswith(".py") else "?"
