"""Reads and judges many workbooks and has them written as one. Used by the command line and the Excel doors alike."""

from __future__ import annotations

import datetime
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from templates.catalog import catalog
from validators.finding import Finding, Severity, show
from validators.samling import Collection, Unreadable, eliminated, judge
from validators.validate import Result, validate
from workbook.bind import read_filled
from workbook.build import WriteError
from workbook.evaluate import Evaluation, NotComputable
from workbook.konsolidera import City, Part, write_city
from workbook.xlsx_reader import UnreadableWorkbook

PATIENCE = 1.0  # seconds before progress is shown
HEADERS = ("Nämnd", "Fil", "Kod", "Allvar", "Blankett", "Blad", "Cell", "Rad", "Kolumn", "Funnet", "Förväntat",
           "Text", "Åtgärd", "Förklaring")  # fmt: skip


class Outcome(msgspec.Struct, frozen=True):
    """What came of a consolidation."""

    path: Path
    collection: Collection
    results: tuple[Result, ...]
    rows: tuple[tuple[str, ...], ...]
    beside: Path | None

    @property
    def errors(self) -> int:
        """How many fel there are, in the nämnder's own filings and among them."""
        own = sum(result.count(Severity.FEL) for result in self.results)
        return own + sum(finding.severity is Severity.FEL for _, finding in self.collection.findings)

    def sentence(self) -> str:
        """One line that says what lies where."""
        count = len(self.results)
        missing = f", {len(self.collection.missing)} saknas" if self.collection.missing else ""
        extra = f" Den långa tabellen ligger i {self.beside}." if self.beside else ""
        return (
            f"{self.path}: {count} nämnd{'er' if count != 1 else ''} konsoliderade{missing}, {self.errors} fel.{extra}"
        )

    def as_json(self) -> dict[str, Any]:
        """One object for machines."""
        chosen = self.collection.set
        return {
            "fil": str(self.path),
            "blankettset": chosen.id if chosen else None,
            "namnder": [
                {"namnd": r.filled.namnd, "fil": r.filled.file, "kvitto": dict(r.receipt)} for r in self.results
            ],
            "saknas": list(self.collection.missing),
            "fynd": [{"fil": file, **finding.as_json()} for file, finding in self.collection.findings],
        }


def workbooks(paths: Iterable[Path]) -> list[Path]:
    """The files named, and in folders every Excel workbook (not Excel's own lock files), in order of name."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(
                p
                for p in path.iterdir()
                if p.suffix.lower() in (".xlsx", ".xlsm") and not p.name.startswith(("~$", "."))
            )
        else:
            found.append(path)
    unique = {path.resolve(): path for path in found}
    return list(unique.values())


def consolidate(paths: Iterable[Path], target: Path, *, replace: bool, now: datetime.datetime | None = None) -> Outcome:
    """Read, judge and write. One bad file is a finding; WriteError when nothing at all could be consolidated."""
    files = [path for path in workbooks(paths) if path.resolve() != target.resolve()]
    if not files:
        raise WriteError("Det finns inga arbetsböcker (.xlsx) att konsolidera i det som angavs.")
    if target.exists() and not replace:
        raise WriteError(f"{target} finns redan och skrivs inte över. Välj ett annat namn eller lägg till --ersatt.")
    results: list[Result] = []
    unreadable: list[Unreadable] = []
    for path in _with_progress(files):
        try:
            results.append(validate(read_filled(path, catalog())))
        except UnreadableWorkbook as error:
            unreadable.append(Unreadable(path.name, str(error)))
    collection = judge((result.filled for result in results), unreadable)
    if collection.set is None:
        raise WriteError(
            "Ingen av filerna gick att läsa som blankettset. " + " ".join(bad.reason for bad in unreadable[:3])
        )
    chosen = {id(filed) for filed in collection.filings}
    kept = tuple(sorted((r for r in results if id(r.filled) in chosen), key=lambda r: r.filled.namnd))
    moment = (now or datetime.datetime.now()).strftime("%Y-%m-%d %H:%M")
    city = _city(collection, kept, moment)
    beside = write_city(target, city, replace_existing=replace)
    return Outcome(target, collection, kept, tuple(_overview_row(result) for result in kept), beside)


def _with_progress(files: list[Path]) -> Iterator[Path]:
    """The files one by one; a progress bar on stderr once it has taken longer than a second."""
    start = time.monotonic()
    bar: Any = None
    for number, path in enumerate(files):
        if bar is None and time.monotonic() - start > PATIENCE:
            from rich.console import Console
            from rich.progress import Progress

            progress = Progress(console=Console(stderr=True), transient=True)
            progress.start()
            bar = (progress, progress.add_task("Läser och kontrollerar", total=len(files), completed=number))
        yield path
        if bar is not None:
            bar[0].advance(bar[1])
    if bar is not None:
        bar[0].stop()


def _city(collection: Collection, results: tuple[Result, ...], moment: str) -> City:
    assert collection.set is not None
    blankettset = collection.set
    parts = []
    rows: list[tuple[str, ...]] = []
    for result in results:
        filled = result.filled
        name = _name(collection, filled.namnd)
        counts = (result.count(Severity.FEL), result.count(Severity.VARNING), result.explained)
        receipt = result.receipt
        provenance = (
            ("Fil", filled.file),
            ("Filens kontrollsumma (sha256)", filled.sha256),
            ("Innehållets kontrollsumma", str(receipt["innehall"])),
            ("Definition", str(receipt["definition"])),
            ("Regelverk", str(receipt["regelverk"])),
            ("Fel", str(receipt["fel"])),
            ("Varningar", str(receipt["varning"])),
            ("Utslag", str(receipt["utslag"])),
            ("Konsoliderad", moment),
        )
        parts.append(Part(filled.namnd, name, filled.inputs(), counts, provenance))
        rows += [_finding_row(name, filled.file, collection, finding) for finding in result.findings]
    rows = [_finding_row("", file, collection, finding) for file, finding in collection.findings] + rows
    missing = tuple((code, _name(collection, code)) for code in collection.missing)
    pairs = tuple((a, b, amount) for (a, b), amount in sorted(eliminated(collection.filings).items()))
    return City(blankettset, tuple(parts), missing, HEADERS, tuple(rows), pairs, moment)


def _name(collection: Collection, code: str) -> str:
    assert collection.set is not None
    found = collection.set.namnder.get(code)
    return found.name if found else code


def _finding_row(name: str, file: str, collection: Collection, finding: Finding) -> tuple[str, ...]:
    assert collection.set is not None
    hit = finding.hit
    form = collection.set.blanketter.get(hit.form or "")
    return (
        name, file, finding.code, str(finding.severity), form.title if form else "", hit.sheet or "", hit.cell or "",
        hit.row or "", hit.column or "", show(hit.found, hit.decimals), show(hit.expected, hit.decimals), hit.text,
        hit.action, finding.explanation or "",
    )  # fmt: skip


def _overview_row(result: Result) -> tuple[str, ...]:
    filled = result.filled
    evaluation = Evaluation(filled.set, filled.inputs(), broken=filled.broken)

    def figure(form: str, row: str, column: str) -> str:
        found = filled.set.blanketter.get(form)
        if found is None or column not in found.column_by_id or row not in found.row_by_id:
            return "–"
        try:
            value = evaluation.value((form, row, column))
        except NotComputable:
            return "?"
        return show(value, 1) if value is not None else "–"

    known = filled.set.namnder.get(filled.namnd)
    return (
        f"{known.name if known else filled.namnd}",
        filled.file,
        str(result.count(Severity.FEL)),
        str(result.count(Severity.VARNING)),
        figure("nyckeltal", "budgetfoljsamhet_efter", "varde"),
        figure("verksamhetsomraden", "summa", "avvikelse"),
    )
