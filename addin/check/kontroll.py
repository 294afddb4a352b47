"""The sheet Kontroll: a check's findings and receipt as rows, the same from the command line and from Excel."""

from __future__ import annotations

from pathlib import Path

from blankettset.templates.catalog import catalog
from blankettset.templates.model import Blankettset
from blankettset.validators.explanations import Explanation, Explanations, Place
from blankettset.validators.finding import Finding, Severity
from blankettset.validators.place_names import in_words
from blankettset.validators.validate import Result, content_hash
from blankettset.workbook.edit.control_sheet import CONTROL, with_control
from blankettset.workbook.edit.sheet_edit import NotEditable
from blankettset.workbook.read.bind import read_filled
from blankettset.workbook.read.filled import FilledSet
from blankettset.workbook.write.files import new_file

Link = tuple[str, str] | None
PLACES = 15  # of a finding with many places, as many as a row of the sheet shows


def control_rows(result: Result) -> tuple[list[dict[str, str]], list[Link]]:
    """Rows of the form kontroll (column id -> text), the most serious first and the receipt last, and where each leads."""
    ordered = sorted(result.findings, key=lambda f: (f.explanation is not None, f.severity.rank))
    written = {place: said for place, said in Explanations(result.filled, ()).given.items() if said.form == CONTROL}
    rows = [_row(result.filled.set, finding, written) for finding in ordered]
    links: list[Link] = [(f.hit.sheet, f.hit.cell) if f.hit.sheet and f.hit.cell else None for f in ordered]
    rows += [_kept(result.filled.set, place, said) for place, said in written.items()]
    links += [None] * len(written)
    counts = ", ".join(f"{result.count(severity)} {severity}" for severity in Severity)
    verdict = "Får lämnas in." if result.may_be_submitted else "Får inte lämnas in."
    receipt = result.receipt
    rows.insert(0, {
        "kod": "Kvitto",
        "text": f"{verdict} {counts}, {result.explained} förklarade. Innehåll {receipt['innehall'][:16]}, "
        f"regelverk {receipt['regelverk']}, filen {receipt['sha256'][:16]}.",
    })  # fmt: skip
    return rows, [None, *links]


def _kept(blankettset: Blankettset, place: Place, said: Explanation) -> dict[str, str]:
    """An explanation on Kontroll of what is no longer found with those figures: never thrown away by a new check."""
    form, row_id, column = in_words(blankettset, place[1:])
    row = {"kod": place[0], "allvar": "förklaring", "blankett": form, "rad": row_id, "kolumn": column, "siffror": said.figures,
           "text": "Förklaringen gäller siffror som inte längre finns på den platsen. Skriv den på varningens rad om den fortfarande gäller, annars ta bort den.",
           "forklaring": said.text}  # fmt: skip
    return {column: value for column, value in row.items() if value}


def _row(blankettset: Blankettset, finding: Finding, written: dict[Place, Explanation]) -> dict[str, str]:
    """A finding as a row; an explanation written on Kontroll stays with it (and leaves `written`) while it holds."""
    hit = finding.hit
    code, *place = finding.place
    form, row_id, column = in_words(blankettset, (place[0], place[1], place[2]))
    holds = finding.explanation is not None and finding.place in written
    row = {
        "kod": code,
        "allvar": finding.slag,
        "blankett": form,
        "rad": row_id,
        "kolumn": column,
        "cell": hit.cell or "",
        "siffror": finding.siffror,
        "text": "\n".join([f"{hit.text} {finding.said}", *finding.lines(PLACES)]),
        "forklaring": written.pop(finding.place).text if holds else "",
    }
    return {column: value for column, value in row.items() if value}


def write_control(source: Path, result: Result, target: Path, *, replace: bool) -> None:
    """A copy of the checked workbook at `target` with the check on its sheet Kontroll. The source is never touched."""
    content = control_copy(source.read_bytes(), result)
    with new_file(target, replace=replace) as temporary:
        temporary.write_bytes(content)


def control_copy(data: bytes, result: Result) -> bytes:
    """The checked workbook `data` with the check on its sheet Kontroll. NotEditable when that cannot be done without loss."""
    rows, links = control_rows(result)
    filled = result.filled
    content = with_control(data, filled.set.blanketter[CONTROL], filled.forms[CONTROL].sheet, rows, links)
    require_same_content(filled, content)
    return content


def require_same_content(filled: FilledSet, written: bytes) -> None:
    """NotEditable unless the written workbook says exactly what the read one did, but for what the program fills in.

    The last check before a copy is stored: whatever program wrote the file, a cell is never lost on the way.
    """
    again = read_filled(written, catalog(), name=filled.file)
    if _content(filled) != _content(again) or content_hash(filled) != content_hash(again):
        raise NotEditable(
            f"{filled.file} går inte att skriva i utan att något ändras, så inget har skrivits. Öppna den i Excel, spara om den och försök igen."
        )


def _content(filled: FilledSet) -> tuple[object, ...]:
    system = filled.system_cells
    cells = [
        (cell.key, cell.sheet, cell.address, cell.state, cell.raw, cell.formula)
        for cell in filled.all_cells()
        if cell.key not in system and cell.form != CONTROL
    ]
    own = filled.forms[CONTROL].sheet if CONTROL in filled.forms else None
    return filled.stamp, cells, [problem for problem in filled.problems if problem.sheet != own]
