"""What a delivery may not carry besides figures and texts: programs, and pipes to other places.

Told by what the parts are declared to be (content types and relationships) as well as by their names, since a part may be
called anything. Form controls without programs, pictures, comments and a trace of an add-in's pane are no such thing.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from xml.parsers import expat

from blankettset.addin.inbox.inkorg import NotDelivered

KINDS = (  # what a part's name or kind contains, what the nämnd calls it, and how it is taken away
    (
        r"vbaproject|vbadata|macroenabled|macrosheet|xlmacro|intlmacro",
        "makron",
        "Spara den som Excel-arbetsbok (.xlsx)",
    ),
    (r"activex|relationships/control$", "ActiveX-kontroller", "Ta bort kontrollerna (Utvecklare > Designläge)"),
    (
        r"oleobject|/embeddings/|relationships/package$",
        "inbäddade objekt",
        "Ta bort objekten eller klistra in dem som bild",
    ),
    (
        r"connections|querytable|mashup|powerpivot|model\+data|/model/item|customdata",
        "kopplingar till data utanför",
        "Ta bort dem (Data > Frågor och anslutningar)",
    ),
)
MAX_DECLARED = 4 * 1024 * 1024
NOT_WHOLE = "Filen går inte att läsa helt. Öppna den i Excel, spara om den och försök igen."
_UNREADABLE = (
    zipfile.BadZipFile, zlib.error, expat.ExpatError, OSError, EOFError, KeyError, ValueError, NotImplementedError, RuntimeError,
)  # fmt: skip


def require_only_a_workbook(data: bytes) -> None:
    """NotDelivered when the file carries macros, ActiveX controls, embedded objects or connections."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as book:
            said = [f"/{name}" for name in book.namelist()]
            for name in book.namelist():
                if name.lower() == "[content_types].xml" or name.lower().endswith(".rels"):
                    with book.open(name) as part:
                        said += _kinds(part.read(MAX_DECLARED))
    except _UNREADABLE:
        raise NotDelivered(NOT_WHOLE, "makro") from None
    found = {kind: how for pattern, kind, how in KINDS if any(re.search(pattern, each.lower()) for each in said)}
    if found:
        raise NotDelivered(
            f"Arbetsboken lämnas inte in: den innehåller {' och '.join(found)}. {'; '.join(found.values())} och försök igen.",
            "makro",
        )


def _kinds(xml: bytes) -> list[str]:
    """The content types and relationship types that a part declares."""
    found: list[str] = []

    def start(_: str, attributes: dict[str, str]) -> None:
        found.extend(value for name, value in attributes.items() if name.rpartition(":")[2] in ("ContentType", "Type"))

    def doctype(*_: object) -> None:
        raise ValueError

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.StartDoctypeDeclHandler = doctype
    parser.Parse(xml, True)
    return found
