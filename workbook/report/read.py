"""Reads a report file, whichever kind it is."""

from __future__ import annotations

import hashlib
from pathlib import Path

from blankettset.templates.errors import reason
from blankettset.workbook.report.document import MAX_FILE, Builder, Rapport, UnreadableReport
from blankettset.workbook.report.pdf import read_pdf
from blankettset.workbook.report.plain import lines_to_blocks
from blankettset.workbook.report.word import read_docx

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def read_report(source: Path | bytes, name: str | None = None) -> Rapport:
    """The report as blocks. UnreadableReport with one Swedish sentence for what cannot be read; the file is never changed."""
    shown = name or (source.name if isinstance(source, Path) else "rapporten")
    try:
        data = source if isinstance(source, bytes) else _bytes(source)
        builder = Builder()
        notes = _read(data, builder)
    except UnreadableReport as error:
        raise UnreadableReport(f"{shown} {error}") from None
    return Rapport(shown, hashlib.sha256(data).hexdigest(), tuple(builder.blocks), tuple(notes))


def _bytes(path: Path) -> bytes:
    try:
        if path.exists() and not path.is_file():
            raise UnreadableReport("är ingen vanlig fil.")
        if path.stat().st_size > MAX_FILE:
            raise UnreadableReport("är större än 256 MB och läses inte.")
        return path.read_bytes()
    except OSError as error:
        raise UnreadableReport(f"går inte att läsa: {reason(error)}.") from None


def _read(data: bytes, builder: Builder) -> list[str]:
    """What the file is follows from its first bytes, not from its name."""
    if not data.strip():
        raise UnreadableReport("är tom.")
    if data.startswith(_OLE):
        raise UnreadableReport(
            "är ett äldre Word-dokument (.doc) eller skyddad. Öppna den i Word och spara den som .docx utan lösenord."
        )
    if data.startswith(b"PK"):
        return read_docx(data, builder)
    if data[:1024].lstrip().startswith(b"%PDF"):
        return read_pdf(data, builder)
    if data.lstrip()[:5] in (b"{\\rtf", b"<html", b"<!DOC"):
        raise UnreadableReport("är varken Word, PDF eller ren text. Spara den som .docx, .pdf eller .txt.")
    text = _decoded(data)
    lines_to_blocks(((line, f"rad {n}") for n, line in enumerate(text.splitlines(), 1)), builder, wrapped=False)
    return []


def _decoded(data: bytes) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    if b"\0" in data[:4096]:
        raise UnreadableReport("är varken Word, PDF eller ren text. Spara den som .docx, .pdf eller .txt.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")
