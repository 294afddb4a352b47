"""What a delivery writes on the cover sheet. Needs no inbox: the pane stamps a workbook in the same way."""

from __future__ import annotations

from blankettset.addin.check.kontroll import require_same_content
from blankettset.validators.finding import Severity
from blankettset.validators.validate import Result
from blankettset.workbook.calc.values import parse_date
from blankettset.workbook.edit.control_sheet import with_texts
from blankettset.workbook.read.filled import FilledSet

COVER = "forsattsblad"
ATTESTED = {"VB"}  # periods whose workbook must be attested before it is delivered: 003:2593


def stops(result: Result) -> str:
    """Why the findings keep the workbook from being delivered, in a sentence; empty when they do not."""
    errors, warnings = result.count(Severity.FEL), result.count(Severity.VARNING)
    if not errors and not warnings:
        return ""
    return f"Arbetsboken lämnas inte in: {errors} fel ska rättas och {warnings} varningar rättas eller förklaras."


def is_attested(filled: FilledSet) -> bool:
    """True when the cover sheet says by whom and when."""
    return bool(cover_text(filled, "attest")) and parse_date(cover_text(filled, "attestdatum")) is not None


def lacks_attest(filled: FilledSet) -> str:
    """What to do where the period demands an attest that the cover sheet does not have; empty otherwise."""
    if is_attested(filled) or filled.set.period not in ATTESTED or filled.set.level != "namnd":
        return ""
    return f"{filled.set.id} ska vara attesterad: fyll i »Attesterad av (funktion)» och »Attesterad den» på försättsbladet."


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
