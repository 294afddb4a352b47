"""A PDF as blocks, page by page, with pypdf (the extra `rapport`)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from blankettset.workbook.report.document import MAX_PAGES, Builder, UnreadableReport
from blankettset.workbook.report.plain import lines_to_blocks

SECONDS = 60.0  # for all pages together


def read_pdf(data: bytes, builder: Builder) -> list[str]:
    """Blocks of the PDF into `builder`. UnreadableReport for a protected, scanned, damaged or far too long one."""
    try:
        from pypdf import PdfReader
    except ImportError:
        raise UnreadableReport(
            "är en PDF, och för att läsa den behövs tillägget: pip install 'blankettset[rapport]'."
        ) from None
    try:
        reader = PdfReader(BytesIO(data), strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            raise UnreadableReport("är skyddad med lösenord. Spara den utan lösenord och försök igen.")
        pages = len(reader.pages)
        if pages > MAX_PAGES:
            raise UnreadableReport(
                f"har {pages} sidor; högst {MAX_PAGES} läses. Lämna den del som hör till blankettsetet."
            )
        before = builder.size
        lines_to_blocks(_lines(reader), builder, wrapped=True)
    except UnreadableReport:
        raise
    except Exception:  # whatever a damaged PDF makes the library do
        raise UnreadableReport("är skadad och går inte att läsa som PDF. Spara om den och försök igen.") from None
    if builder.size - before < 40 * pages:
        raise UnreadableReport(
            "ser ut att vara inskannad: sidorna har bilder men ingen text. Lämna originalet som Word eller PDF med text."
        )
    return []


def _lines(reader: Any) -> Iterator[tuple[str, str]]:
    until = time.monotonic() + SECONDS
    for number, page in enumerate(reader.pages, 1):
        if time.monotonic() > until:
            raise UnreadableReport("tar för lång tid att läsa. Spara den som Word eller som en enklare PDF.")
        for line in (page.extract_text() or "").splitlines():
            yield line, f"sidan {number}"
        yield "", f"sidan {number}"
