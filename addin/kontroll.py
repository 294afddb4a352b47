"""The sheet Kontroll: a check's findings and receipt as rows, the same from the command line and from Excel."""

from __future__ import annotations

from pathlib import Path

from validators.finding import Finding, Severity
from validators.validate import Result
from workbook.build import new_file
from workbook.kontrollblad import CONTROL, with_control

Link = tuple[str, str] | None


def control_rows(result: Result) -> tuple[list[dict[str, str]], list[Link]]:
    """Rows of the form kontroll (column id -> text), the most serious first and the receipt last, and where each leads."""
    ordered = sorted(result.findings, key=lambda f: (f.explanation is not None, f.severity.rank))
    rows = [_row(finding) for finding in ordered]
    links: list[Link] = [(f.hit.sheet, f.hit.cell) if f.hit.sheet and f.hit.cell else None for f in ordered]
    counts = ", ".join(f"{result.count(severity)} {severity}" for severity in Severity)
    verdict = "Får lämnas in." if result.may_be_submitted else "Får inte lämnas in."
    receipt = result.receipt
    rows.append({
        "kod": "Kvitto",
        "text": f"{verdict} {counts}, {result.explained} förklarade. Innehåll {receipt['innehall'][:16]}, "
        f"regelverk {receipt['regelverk']}, filen {receipt['sha256'][:16]}.",
    })  # fmt: skip
    return rows, [*links, None]


def _row(finding: Finding) -> dict[str, str]:
    hit = finding.hit
    text = f"{hit.text} {hit.action}"
    if finding.explanation is not None:
        text = f"{hit.text} Förklaring: {finding.explanation}"
    row = {
        "kod": finding.code,
        "allvar": str(finding.severity) if finding.explanation is None else "förklarad",
        "blankett": hit.form or "",
        "rad": hit.row or "",
        "kolumn": hit.column or "",
        "cell": hit.cell or "",
        "siffror": finding.siffror,
        "text": text,
    }
    return {column: value for column, value in row.items() if value}


def write_control(source: Path, result: Result, target: Path, *, replace: bool) -> None:
    """A copy of the checked workbook at `target` with the check on its sheet Kontroll. The source is never touched."""
    rows, links = control_rows(result)
    sheet = result.filled.forms[CONTROL].sheet
    content = with_control(source.read_bytes(), result.filled.set.blanketter[CONTROL], sheet, rows, links)
    with new_file(target, replace=replace) as temporary:
        temporary.write_bytes(content)
