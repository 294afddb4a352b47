"""Reads and judges many workbooks and has them written as one. Used by the command line and the Excel doors alike."""

from __future__ import annotations

import datetime
import gc
import os
import pickle
import signal
import sqlite3
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from blankettset.addin.check.folder import Source, look_through, real
from blankettset.addin.check.processes import end_with_parent
from blankettset.addin.check.skydd import spare_other_kinds, spare_sources
from blankettset.addin.check.unexpected import written
from blankettset.templates.catalog import catalog
from blankettset.templates.model import Blankettset
from blankettset.validators.across.filed import Handed, Ticket, Unreadable
from blankettset.validators.across.versions import ONLY
from blankettset.validators.collection import Collection, eliminated, handed_in, judge
from blankettset.validators.finding import Finding, Severity, show
from blankettset.validators.validate import validate
from blankettset.workbook.calc.evaluate import Evaluation, NotComputable
from blankettset.workbook.city.book import CITY, City, Part, write_city
from blankettset.workbook.read.bind import ConsolidatedWorkbook, read_filled
from blankettset.workbook.read.modified import modified
from blankettset.workbook.read.xlsx_reader import UnreadableWorkbook
from blankettset.workbook.write.files import WriteError

MANY = 60  # files; below this a pool of fresh processes costs more than it gives
MANY_WHERE_CHEAP = 8
HEADERS = ("Kod", "Allvar", "Blankett", "Funnet", "Förväntat", "Text", "Åtgärd", "Förklaring")
LISTED = 10  # of a finding with many places, as many as are listed
PLACES = ("Blad", "Cell", "Rad", "Kolumn", "Fil")  # last, and not on paper


class Outcome(msgspec.Struct, frozen=True):
    """What came of a consolidation."""

    path: Path
    collection: Collection
    rows: tuple[tuple[str, ...], ...]
    beside: Path | None

    @property
    def errors(self) -> int:
        """How many fel there are, in the nämnder's own filings and among them."""
        own = sum(filed.count(Severity.FEL) for filed in self.collection.filings)
        return own + sum(finding.severity is Severity.FEL for _, finding in self.collection.findings)

    @property
    def headers(self) -> tuple[str, ...]:
        """What the columns of `rows` are."""
        if self.collection.set is not None and self.collection.set.level == "enhet":
            return ("Enhet", "Fil", "Fel", "Varningar", "Kostnader, tkr", "Netto, tkr")
        return ("Nämnd", "Fil", "Fel", "Varningar", "Budgetföljsamhet", "Avvikelse")

    def sentence(self) -> str:
        """One line that says what lies where."""
        count = len(self.collection.filings)
        missing = f", {len(self.collection.missing)} saknas" if self.collection.missing else ""
        extra = f" Den långa tabellen ligger i {self.beside}." if self.beside else ""
        return f"{self.path}: {count} {self._many(count)} konsoliderad{'e' if count != 1 else ''}{missing}, {self.errors} fel.{extra}"

    def _many(self, count: int) -> str:
        level = self.collection.set.level if self.collection.set else "namnd"
        return ("enhet" if level == "enhet" else "nämnd") + ("er" if count != 1 else "")

    def as_json(self) -> dict[str, Any]:
        """One object for machines."""
        chosen = self.collection.set
        return {
            "fil": str(self.path),
            "blankettset": chosen.id if chosen else None,
            "namnder": [
                {
                    "namnd": filed.namnd,
                    **({"enhet": filed.enhet} if filed.enhet else {}),
                    "fil": filed.file,
                    "version": self.collection.versions.get(filed.file, ONLY),
                    "kvitto": dict(filed.receipt),
                }
                for filed in self.collection.filings
            ],
            "saknas": list(self.collection.missing),
            "ej_valda": list(self.collection.undecided),
            "fynd": [{"fil": file, **finding.as_json()} for file, finding in self.collection.findings],
        }


def consolidate(
    paths: Iterable[Path],
    target: Path,
    *,
    replace: bool,
    now: datetime.datetime | None = None,
    picks: Mapping[str, str] = {},
    told: Callable[[int, int], None] | None = None,
) -> Outcome:
    """Read, judge and write. One bad file is a finding; WriteError when nothing at all could be consolidated.

    `told` hears how many of how many files have been read. `picks` says which of several files counts: file -> the code
    of its nämnd.
    """
    steps = consolidating(paths, target, replace=replace, now=now, picks=picks, judged=judged_by_processes)
    while True:
        try:
            done, total = next(steps)
        except StopIteration as end:
            outcome: Outcome = end.value
            return outcome
        if told is not None:
            told(done, total)


def consolidating(
    paths: Iterable[Path],
    target: Path,
    *,
    replace: bool,
    now: datetime.datetime | None = None,
    picks: Mapping[str, str] = {},
    judged: Callable[[list[Source]], Iterator[tuple[Ticket, bytes] | Unreadable]] | None = None,
) -> Generator[tuple[int, int], None, Outcome]:
    """As consolidate, a file at a time, for a door that has no threads or processes: yields how many have been read.

    Nothing is written before the last file has been judged, so it can be given up between any two.
    """
    if target.exists() and not replace:
        raise WriteError(f"{target} finns redan och skrivs inte över. Välj ett annat namn eller lägg till --ersatt.")
    spare_other_kinds(target)
    found_files = look_through(paths, but=target)  # the target may be an earlier result in the folder
    files, unreadable = list(found_files.workbooks), list(found_files.unread)
    if not files:
        said = " ".join(each.reason for each in unreadable[:3])
        raise WriteError(f"Det finns inga arbetsböcker (.xlsx) att konsolidera i det som angavs. {said}".strip())
    spare_sources(target, [source.path for source in files])
    picked = _picked(files, picks)
    with Spool() as spool:
        yield 0, len(files)
        for number, found in enumerate((judged or judged_here)(files), start=1):
            if isinstance(found, Unreadable):
                unreadable.append(found)
            else:
                spool.put(*found)
            yield number, len(files)
        _require_owners(spool.tickets, picked)
        collection = judge(spool.tickets, spool.load, unreadable, picked)
    if collection.set is None:
        raise WriteError(
            "Ingen av filerna gick att läsa som blankettset. " + " ".join(bad.reason for bad in unreadable[:3])
        )
    moment = (now or datetime.datetime.now()).strftime("%Y-%m-%d %H:%M")
    beside = write_city(target, _city(collection, moment), replace_existing=replace)
    rows = tuple(_overview_row(collection.set, filed) for filed in collection.filings)
    return Outcome(target, collection, rows, beside)


def _picked(files: Sequence[Source], picks: Mapping[str, str]) -> dict[str, str]:
    """Shown name -> code for the files that are picked by name or path. WriteError for one that is not among the files."""
    found = {}
    for name, code in picks.items():
        fits = [each.shown for each in files if each.shown == name or real(each.path) == real(Path(name))]
        fits = fits or [each.shown for each in files if each.path.name == name]
        if len(fits) != 1:
            what = "finns inte bland de filer som läses" if not fits else f"finns på flera ställen: {', '.join(fits)}"
            raise WriteError(f"--valj {code}={name}: filen {what}.")
        found[fits[0]] = code
    return found


def _require_owners(tickets: Iterable[Ticket], picked: Mapping[str, str]) -> None:
    """WriteError when a picked file is not of the nämnd that it was picked for."""
    owners = {ticket.file: ticket for ticket in tickets}
    chosen: dict[tuple[str, str], str] = {}
    for file, code in picked.items():
        ticket = owners.get(file)
        if ticket is None:
            raise WriteError(f"--valj {code}={file}: filen går inte att läsa, så den kan inte väljas.")
        if ticket.namnd.casefold() != code.casefold():
            raise WriteError(f"--valj {code}={file}: filen kommer från {ticket.namnd}.")
        if chosen.setdefault(ticket.owner, file) != file:
            raise WriteError(f"--valj {code}: två filer är valda, {chosen[ticket.owner]} och {file}. Välj en.")


class Spool:
    """Judged filings on disk until it is known which of them count, so that a thousand take no more memory than ten."""

    def __init__(self) -> None:
        self.tickets: list[Ticket] = []
        self._places: dict[Ticket, int] = {}
        self._base = sqlite3.connect("")  # a private file that SQLite itself removes

    def __enter__(self) -> Spool:
        self._base.execute("CREATE TABLE handed (place INTEGER PRIMARY KEY, content BLOB)")
        return self

    def __exit__(self, *_: object) -> None:
        self._base.close()

    def put(self, ticket: Ticket, content: bytes) -> None:
        """Keep a filing."""
        self._places.setdefault(ticket, len(self.tickets))
        self._base.execute("INSERT INTO handed VALUES (?, ?)", (len(self.tickets), content))
        self.tickets.append(ticket)

    def load(self, ticket: Ticket) -> Handed:
        """Fetch it again."""
        place = self._places[ticket]
        (content,) = self._base.execute("SELECT content FROM handed WHERE place = ?", (place,)).fetchone()
        found: Handed = pickle.loads(content)
        return found


def _judge_file(source: Source) -> tuple[Ticket, bytes] | Unreadable:
    path, shown = source
    try:
        handed = handed_in(validate(read_filled(path, catalog(), name=shown)), modified(path))
    except ConsolidatedWorkbook as error:
        return Unreadable(shown, str(error), "Inget, om den bara ligger kvar.", Severity.UPPLYSNING)
    except UnreadableWorkbook as error:
        return Unreadable(shown, str(error))
    except Exception as error:  # our own bug in one file must not stop the others
        told = written(error, door="konsolideringen").sentence
        return Unreadable(shown, f"{shown} går inte att bedöma. {told}")
    return handed.ticket, pickle.dumps(handed, pickle.HIGHEST_PROTOCOL)


def judged_here(files: list[Source]) -> Iterator[tuple[Ticket, bytes] | Unreadable]:
    """Each file read and judged, in order, by this process."""
    return map(_judge_file, files)


def judged_by_processes(files: list[Source]) -> Iterator[tuple[Ticket, bytes] | Unreadable]:
    """Each file read and judged, in order; by several processes when there are enough of them to pay for it."""
    workers = min(os.cpu_count() or 1, 8)
    import multiprocessing

    cheap = "fork" in multiprocessing.get_all_start_methods()  # a copy of this process costs next to nothing
    if workers == 1 or len(files) < (MANY_WHERE_CHEAP if cheap else MANY):
        yield from judged_here(files)
        return
    from blankettset.addin.check.pool import spread

    catalog()  # loaded once, before the copies
    context = multiprocessing.get_context("fork" if cheap else "spawn")
    chunk = 8 if len(files) >= MANY else 1
    yield from spread(_judge_file, files, _lost, workers=workers, context=context, initializer=_calm, chunk=chunk)


def _lost(source: Source) -> Unreadable:
    return Unreadable(
        source.shown,
        f"{source.shown} gick inte att läsa färdigt: kontrollen av den avbröts av datorn, troligen för att minnet tog slut. "
        "Pröva filen för sig med »blankett validera».",
    )


def _calm() -> None:
    end_with_parent()
    gc.set_threshold(100_000)  # records without cycles: collecting often only costs time
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _city(collection: Collection, moment: str) -> City:
    assert collection.set is not None
    blankettset = collection.set
    parts = []
    rows: list[tuple[str, ...]] = []
    for filed in collection.filings:
        name = filed.enhet or _name(collection, filed.namnd)
        counts = (filed.count(Severity.FEL), filed.count(Severity.VARNING), filed.explained)
        receipt = filed.receipt
        provenance = (
            ("Fil", filed.file),
            ("Version som räknas", collection.versions.get(filed.file, ONLY)),
            ("Filens kontrollsumma (sha256)", filed.ticket.sha256),
            ("Innehållets kontrollsumma", str(receipt["innehall"])),
            ("Definition", str(receipt["definition"])),
            ("Regelverk", str(receipt["regelverk"])),
            ("Fel", str(receipt["fel"])),
            ("Varningar", str(receipt["varning"])),
            ("Utslag", str(receipt["utslag"])),
            ("Konsoliderad", moment),
        )
        area = filed.inputs.get(("forsattsblad", "omrade", "uppgift"))
        parts.append(Part(filed.namnd, name, filed.inputs, counts, provenance, str(area) if area else None))
        rows += [_finding_row(name, filed.file, collection, finding) for finding in filed.findings]
    rows = [_finding_row("", file, collection, finding) for file, finding in collection.findings] + rows
    missing = tuple(
        (code, _name(collection, code) + (": flera filer, ingen vald" if code in collection.undecided else ""))
        for code in collection.missing
    )
    pairs = tuple((a, b, amount) for (a, b), amount in sorted(eliminated(blankettset, collection.filings).items()))
    owner = CITY
    if blankettset.level == "enhet" and collection.filings:
        owner = f"{_name(collection, collection.filings[0].namnd)} stadsdelsnämnd"
    headers = ("Enhet" if blankettset.level == "enhet" else "Nämnd", *HEADERS, *PLACES)
    return City(blankettset, tuple(parts), missing, headers, tuple(rows), pairs, moment, 1 + len(HEADERS), owner)


def _name(collection: Collection, code: str) -> str:
    assert collection.set is not None
    found = collection.set.namnder.get(code)
    return found.name if found else code


def _finding_row(name: str, file: str, collection: Collection, finding: Finding) -> tuple[str, ...]:
    assert collection.set is not None
    hit = finding.hit
    form = collection.set.blanketter.get(hit.form or "")
    text = "\n".join([hit.text, *finding.lines(LISTED)])
    severity = finding.slag if finding.prov else str(finding.severity)
    return (
        name, finding.code, severity, form.title if form else "", show(hit.found, hit.decimals),
        show(hit.expected, hit.decimals), text, hit.action, finding.explanation or "", hit.sheet or "",
        hit.cell or "", hit.row or "", hit.column or "", file,
    )  # fmt: skip


def _overview_row(blankettset: Blankettset, filed: Handed) -> tuple[str, ...]:
    evaluation = Evaluation(blankettset, filed.inputs, broken=filed.broken)

    def figure(form: str, row: str, column: str) -> str:
        found = blankettset.blanketter.get(form)
        if found is None or column not in found.column_by_id or row not in found.row_by_id:
            return "–"
        try:
            value = evaluation.value((form, row, column))
        except NotComputable:
            return "?"
        return show(value, 1) if value is not None else "–"

    known = blankettset.namnder.get(filed.namnd)
    return (
        filed.enhet or (known.name if known else filed.namnd),
        filed.file,
        str(filed.count(Severity.FEL)),
        str(filed.count(Severity.VARNING)),
        *(
            (figure("enhetsbudget", "kostnader", "budget"), figure("enhetsbudget", "netto", "budget"))
            if filed.enhet
            else (
                figure("nyckeltal", "budgetfoljsamhet_efter", "varde"),
                figure("verksamhetsomraden", "summa", "avvikelse"),
            )
        ),
    )
