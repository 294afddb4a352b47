"""When a workbook says that it was last saved. A file's own time is worth nothing: it changes when the file is copied."""

from __future__ import annotations

import datetime
import re
import zipfile
import zlib
from pathlib import Path

PART = "docProps/core.xml"
MAX_PART = 64 * 1024
MADE = "2024-01-01T00:00:00+00:00"  # what our own files say until Excel has saved them (workbook.write.build.MADE)
_MODIFIED = re.compile(rb"<(?:\w+:)?modified[^<>]*>\s*([^<>]{4,40}?)\s*</")


def modified(source: Path) -> str:
    """The time in UTC as ISO text; empty when the workbook does not say, or is as we made it and has never been saved."""
    try:
        with zipfile.ZipFile(source) as book:
            info = book.getinfo(PART)
            found = _MODIFIED.search(book.read(info)) if info.file_size <= MAX_PART else None
        stated = datetime.datetime.fromisoformat(found[1].decode("ascii")) if found else None
    except (OSError, zipfile.BadZipFile, zlib.error, KeyError, ValueError, EOFError, RuntimeError, NotImplementedError):
        return ""
    if stated is None:
        return ""
    moment = stated.replace(tzinfo=stated.tzinfo or datetime.UTC).astimezone(datetime.UTC).isoformat()
    return "" if moment == MADE else moment
