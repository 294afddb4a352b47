"""What lies in the folders that are to be consolidated: workbooks to read, and every other file by name and with why not."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from blankettset.templates.errors import reason
from blankettset.validators.across.filed import Unreadable
from blankettset.validators.finding import Severity
from blankettset.workbook.read.xlsx_reader import shown_name

WORKBOOKS = (".xlsx", ".xlsm")
SAVE_AS = "Öppna den och spara som Excel-arbetsbok (.xlsx), eller be nämnden lämna in den så."
UNPACK = "Packa upp filerna i mappen."
ATTACHED = "Spara den bifogade arbetsboken i mappen."
OTHERS = {  # what may hold a filing all the same: what it is, and what to do
    ".xls": ("är i det gamla Excelformatet (.xls)", SAVE_AS),
    ".xlsb": ("är en binär arbetsbok (.xlsb)", SAVE_AS),
    ".xltx": ("är en Excelmall (.xltx)", SAVE_AS),
    ".xltm": ("är en Excelmall (.xltm)", SAVE_AS),
    ".xlt": ("är en Excelmall (.xlt)", SAVE_AS),
    ".ods": ("är ett LibreOffice-kalkylblad (.ods)", SAVE_AS),
    ".fods": ("är ett LibreOffice-kalkylblad (.fods)", SAVE_AS),
    ".numbers": ("är ett Numbers-kalkylblad", SAVE_AS),
    **{ending: (f"är ett packat arkiv ({ending})", UNPACK) for ending in (".zip", ".7z", ".rar", ".tar", ".gz")},
    **{ending: (f"är ett e-brev ({ending})", ATTACHED) for ending in (".msg", ".eml")},
}
LISTED = 200


class Source(NamedTuple):
    """A workbook to read, and what it is called: its path below the folder that was named."""

    path: Path
    shown: str


class Found(msgspec.Struct, frozen=True):
    """What lay in the folders."""

    workbooks: tuple[Source, ...]
    unread: tuple[Unreadable, ...]


def look_through(paths: Iterable[Path], *, but: Path) -> Found:
    """The files named, and in folders and their subfolders every workbook, in order of name, each once.

    Excel's lock files (~$) and hidden files are passed over; `but` is the file that is to be written. A link is followed
    once, however it goes.
    """
    workbooks: dict[Path, Source] = {real(but): Source(but, "")}
    unread: list[Unreadable] = []
    others: list[str] = []
    for named in paths:
        if not named.is_dir():
            workbooks.setdefault(real(named), Source(named, shown_name(named)))
            continue
        for path, why in _below(named, named, set()):
            shown = _shown(path, named)
            ending = path.suffix.lower()
            if why is not None:
                unread.append(
                    Unreadable(shown, f"{shown} går inte att läsa: {why}.", "Rätta det, eller ta bort den ur mappen.")
                )
            elif ending in WORKBOOKS:
                workbooks.setdefault(real(path), Source(path, shown))
            elif ending in OTHERS:
                what, action = OTHERS[ending]
                unread.append(Unreadable(shown, f"{shown} {what} och läses inte.", action))
            else:
                others.append(shown)
    del workbooks[real(but)]
    if others:
        unread.append(_passed_over(others))
    return Found(tuple(workbooks.values()), tuple(unread))


def workbooks(paths: Iterable[Path]) -> list[Path]:
    """The workbooks among files and in folders, in order, each once; what else lies there is passed over."""
    return [source.path for source in look_through(paths, but=Path(os.devnull)).workbooks]


def real(path: Path) -> Path:
    """The file that a path leads to; links that go in a circle lead to themselves, and are told of when read."""
    try:
        return path.resolve()
    except (OSError, RuntimeError):
        return path.absolute()


def _below(folder: Path, top: Path, seen: set[Path]) -> Iterator[tuple[Path, str | None]]:
    """Files below a folder, with why one cannot be read; a folder that links lead back to is looked through once."""
    where = real(folder)
    if where in seen:
        return
    seen.add(where)
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries)
    except OSError as error:
        yield folder, reason(error)
        return
    for name in names:
        path = folder / name
        if name.startswith(("~$", ".")):
            continue
        try:
            if path.is_dir():
                yield from _below(path, top, seen)
            elif path.is_file():
                yield path, None
            elif path.is_symlink():
                yield path, "länken leder inte till någon fil"
            else:
                yield path, "det är ingen vanlig fil"
        except OSError as error:
            yield path, reason(error)


def _shown(path: Path, top: Path) -> str:
    """ "SDN08/rättad.xlsx" for a file in a subfolder, its name alone for one that lies in the folder itself."""
    below = path.relative_to(top).as_posix() if path != top else top.as_posix()
    return below.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _passed_over(names: list[str]) -> Unreadable:
    more = f" och {len(names) - LISTED} till" if len(names) > LISTED else ""
    many = (
        f"{len(names)} filer i mappen är inga arbetsböcker" if len(names) > 1 else "En fil i mappen är ingen arbetsbok"
    )
    return Unreadable(
        "", f"{many} och läses inte: {', '.join(names[:LISTED])}{more}.", "Inget, om de inte är en nämnds inlämning.",
        Severity.UPPLYSNING,
    )  # fmt: skip
