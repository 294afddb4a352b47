"""What a delivery writes on the cover sheet. Needs no inbox: the pane stamps a workbook in the same way."""

from __future__ import annotations

from blankettset.addin.check.kontroll import require_same_content
from blankettset.workbook.edit.control_sheet import with_texts
from blankettset.workbook.read.filled import FilledSet

COVER = "forsattsblad"


def stamp(filled: FilledSet, moment: str, by: str, content: str) -> dict[str, str]:
    """Address -> text on the cover sheet: when, by whom, and the content's hash, shortened."""
    texts = {}
    for row, text in (("inlamnad", moment), ("inlamnad_av", by), ("kvitto", content[:16])):
        cell = filled.cell((COVER, row, "uppgift"))
        if cell is not None:
            texts[cell.address] = text
    return texts


def stamped(data: bytes, filled: FilledSet, moment: str, by: str, content: str) -> bytes:
    """A copy of the workbook with the stamp. NotEditable when anything else would change on the way."""
    written = with_texts(data, filled.forms[COVER].sheet, stamp(filled, moment, by, content))
    require_same_content(filled, written)
    return written


def cover_text(filled: FilledSet, row: str) -> str:
    """What the cover sheet says on a row; empty when it says nothing."""
    value = filled.facts.get((COVER, row, "uppgift"))
    return " ".join(value.split()) if isinstance(value, str) else "" if value is None else str(value)
