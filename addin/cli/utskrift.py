"""What the command line shows people: tables and sentences in the terminal. No judgement, no files."""

from __future__ import annotations

import datetime
import textwrap
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from blankettset.templates.catalog import catalog
from blankettset.validators.finding import Severity

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

    from blankettset.addin.check.konsolidering import Outcome
    from blankettset.templates.catalog import Catalog
    from blankettset.validators.finding import Finding
    from blankettset.validators.registry import RuleInfo
    from blankettset.validators.validate import Result

PATIENCE = 1.0  # seconds before progress is shown
COLOURS = {Severity.FEL: "red", Severity.VARNING: "yellow", Severity.UPPLYSNING: "cyan"}
WORDS = {Severity.FEL: ("fel", "fel"), Severity.VARNING: ("varning", "varningar"),
         Severity.UPPLYSNING: ("upplysning", "upplysningar")}  # fmt: skip


PLACES = 5  # of a finding with many places, as many as are shown; all stand in --json and on the sheet Kontroll


def console() -> Console:
    """A console as wide as the terminal, or 110 columns when there is none. Text is shown as it is: no markup, no emoji."""
    import sys

    from rich.console import Console

    return Console(
        width=None if sys.stdout.isatty() else 110, highlight=False, soft_wrap=False, markup=False, emoji=False
    )


def counted(severity: Severity, number: int) -> str:
    """ "1 varning", "3 varningar"."""
    return f"{number} {WORDS[severity][number != 1]}"


def print_result(result: Result) -> None:
    """The findings of one workbook, grouped by form, with one summary line last.

    Written without rich, which takes longer to load than the whole validation does to run.
    """
    import shutil

    filled = result.filled
    namnd = filled.set.namnder.get(filled.namnd)
    width = min(shutil.get_terminal_size((110, 0)).columns, 120)
    lines = [
        click.style(
            f"{filled.file} · {namnd.name if namnd else filled.namnd} ({filled.namnd}) · {filled.set.id}", bold=True
        )
    ]
    last: str | None = ""
    for finding in result.findings:
        if finding.hit.form != last:
            last = finding.hit.form
            form = filled.set.blanketter.get(last or "")
            lines += ["", click.style(form.title if form else "Arbetsboken", bold=True, underline=True)]
        lines += _finding(finding, width)
    lines += ["", click.style(_summary(result), bold=True)]
    for compared in result.as_json().get("skillnader", ()):
        lines.append(f"Mot {compared['mot']} skiljer sig {compared['antal']} celler; --json och Excel visar vilka.")
    if result.rapport is not None:
        lines += _report(result.rapport, width)
    lines.append(f"Kvitto {result.receipt['innehall'][:16]} · regelverk {result.receipt['regelverk']}")
    click.echo("\n".join(lines))


def _report(told: Mapping[str, Any], width: int) -> Iterator[str]:
    """What of the report was tied, and the sentences with amounts that somebody should look through."""
    yield f"Rapporten {told['fil']}: {told['knutna']} tal knutna till arbetsboken, {told['stammer']} stämmer och {told['avviker']} avviker."
    yield from told["noter"]
    left = told["otolkade"]
    if left:
        yield f"{len(left)} meningar i ekonomidelen har belopp som inte kunde knytas; läs dem själv (alla i --json):"
        for each in left[:PLACES]:
            yield _indented(f"{each['plats']}: {each['mening']}", width, "  ")


def _finding(finding: Finding, width: int) -> Iterator[str]:
    hit = finding.hit
    many = f" ({len(finding.parts)} ställen)" if finding.parts else ""
    severity = click.style(finding.kind, fg="green" if finding.explanation is not None else COLOURS[finding.severity])
    yield f"{click.style(finding.code, bold=True)} {severity}  {click.style((hit.place or hit.sheet or '') + many, dim=True)}".rstrip()
    yield _indented(hit.text, width)
    for line in finding.lines(PLACES):
        yield _indented(line, width, "      ")
    if finding.explanation is not None:
        yield click.style(_indented(finding.said, width), fg="green")
        return
    yield click.style(_indented(f"→ {finding.said}", width), dim=True)
    if finding.severity is Severity.VARNING:
        bind = (*finding.place, finding.siffror)
        yield click.style(_indented("Förklaras med: " + " · ".join(bind), width), dim=True)


def _indented(text: str, width: int, space: str = "    ") -> str:
    return textwrap.fill(text, width, initial_indent=space, subsequent_indent=space, break_long_words=False)


def _summary(result: Result) -> str:
    counts = ", ".join(counted(severity, result.count(severity)) for severity in Severity)
    explained = f" ({result.explained} förklarade)" if result.explained else ""
    if result.count(Severity.FEL):
        verdict = "Får inte lämnas in: fel ska rättas."
    elif result.count(Severity.VARNING):
        verdict = "Får inte lämnas in ännu: varningar ska rättas eller förklaras."
    else:
        verdict = "Får lämnas in."
    return f"{counts}{explained}. {verdict}"


class Bar:
    """A progress bar on stderr, once it has taken longer than a second. Called with how much is done, and of how much."""

    def __init__(self, text: str) -> None:
        self._text, self._start = text, time.monotonic()
        self._progress: Progress | None = None
        self._task: TaskID | None = None

    def __call__(self, done: int, total: int) -> None:
        """Show how far it has come; the bar goes when all is done."""
        if self._progress is None and done < total and time.monotonic() - self._start > PATIENCE:
            from rich.console import Console
            from rich.progress import Progress

            self._progress = Progress(console=Console(stderr=True), transient=True)
            self._progress.start()
            self._task = self._progress.add_task(self._text, total=total)
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, completed=done)
            if done == total:
                self._progress.stop()


def print_collection(outcome: Outcome) -> None:
    """The nämnder that were consolidated, what was found among them, and where the workbook lies."""
    from rich.table import Table
    from rich.text import Text

    out = console()
    if outcome.rows:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for at, name in enumerate(outcome.headers):
            right = at > 1
            table.add_column(name, justify="right" if right else "left", no_wrap=not right)
        for row in outcome.rows:
            table.add_row(*row)
        out.print(table)
    for file, finding in outcome.collection.findings:
        head = Text(f"{finding.code} ", style="bold")
        head.append(str(finding.severity), style=COLOURS[finding.severity])
        head.append(f"  {file}" if file else "", style="dim")
        out.print(head)
        out.print(Text(f"    {finding.hit.text}"))
        for line in finding.lines(PLACES):
            out.print(Text(f"      {line}"))
        out.print(Text(f"    → {finding.hit.action}", style="dim"))
    out.print()
    out.print(Text(outcome.sentence(), style="bold"))


def print_rules(rules: Mapping[str, RuleInfo]) -> None:
    """All rules, a line each."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("Kod", "Regel", "VP, T1, T2", "VB"):
        table.add_column(name)
    for info in rules.values():
        table.add_row(info.code, info.title, str(info.severity_in("T1")), str(info.severity_in("VB")))
    console().print(table)


def print_rule(info: RuleInfo) -> None:
    """One rule explained."""
    from rich.text import Text

    out = console()
    out.print(Text(f"{info.code} {info.title}", style="bold"))
    early, late = info.severity_in("T1"), info.severity_in("VB")
    out.print(f"Allvar: {early}" if early == late else f"Allvar: {early} i VP, T1 och T2, {late} i VB")
    for line in info.use(catalog().regler):
        out.print(line)
    for name in ("Givet", "När", "Så", "Exempel"):
        text = info.section(name)
        if text:
            out.print(Text.assemble((f"{name} ", "bold"), text))
    out.print(f"Källa: {info.source}")


def print_sets(catalog: Catalog) -> None:
    """What can be made: the periods of each level with report dates, and the nämnder with the days they exist."""
    year = datetime.date.today().year + 1
    every = list(catalog.periods.every(year))
    lines = [
        f"Blankettset från {every[0].year}, här till {year} (●: ett dokument visar setet; annars är det gjort efter andra års):"
    ]
    for level, whose in (("namnd", "nämnder"), ("enhet", "enheter")):
        lines += ["", f"För {whose}:"]
        for each_year in sorted({info.year for info in every}):
            own = [info for info in every if info.level == level and info.year == each_year]
            lines.append("  " + "  ".join(f"{info.id}{' ●' if info.documented else '  '}" for info in own).rstrip())
    lines += ["", "Nämnder (kod, namn, hur länge; ?: koden är inte bekräftad):"]
    for namnd in catalog.namnder.values():
        when = f"{namnd.valid_from}–{namnd.valid_to or ''}"
        successor = f"  sedan {catalog.namnder[namnd.successor].name}" if namnd.successor else ""
        lines.append(f"  {namnd.code}{' ' if namnd.confirmed else '?'} {namnd.name:<24} {when}{successor}".rstrip())
    click.echo("\n".join(lines))
