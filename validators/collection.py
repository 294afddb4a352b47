"""BF6xx: judgement over several filings at once, before they become one. Declared here, found by `judge`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec

from blankettset.templates.catalog import catalog
from blankettset.templates.model import LIST_TOTAL, Blankettset, Kind
from blankettset.templates.periods import begins_within
from blankettset.validators import common_layout
from blankettset.validators.across.filed import Handed, Ticket, Unreadable
from blankettset.validators.across.likeness import compared
from blankettset.validators.across.versions import choose, sentences
from blankettset.validators.finding import Finding, Hit, Severity, show
from blankettset.validators.registry import RULES, declare
from blankettset.workbook.calc.evaluate import Evaluation, NotComputable
from blankettset.workbook.read.filled import FilledSet

if TYPE_CHECKING:
    from blankettset.validators.validate import Result

CITY = "Konsolideringens förutsättningar"

declare("BF601", title="Filen går att läsa", severity=Severity.FEL, source=CITY, doc="""
    BF601: Varje fil i mappen går att läsa som ett blankettset.

    Givet de filer som samlas in
    När en fil inte går att läsa
    Så anges den här, och de andra konsolideras ändå.
    Exempel: En fil är skyddad med lösenord.
    """)  # fmt: skip
declare("BF603", title="Alla nämnder har lämnat", severity=Severity.VARNING, source="Registret över nämnder", doc="""
    BF603: Varje nämnd som finns på rapportdagen har lämnat.

    Givet registret över nämnder
    När en nämnd som finns på rapportdagen inte är med
    Så varnas det; stadens summor saknar då nämnden. Enheter finns inget register över, så för dem bedöms det inte.
    Exempel: Skärholmen har inte lämnat T1 2024.
    """)  # fmt: skip
declare("BF604", title="Filerna hör till samma set", severity=Severity.FEL, source=CITY, doc="""
    BF604: Alla filer hör till samma blankettset, och enheter till samma nämnd.

    Givet de filer som samlas in
    När en fil hör till en annan period eller nivå än de flesta, eller en enhet till en annan nämnd
    Så räknas den inte med, och anges här.
    Exempel: En T2-fil ligger bland T1-filerna.
    """)  # fmt: skip
declare("BF605", title="Inlämnade summor är de uträknade", severity=Severity.VARNING, source=CITY, doc="""
    BF605: En nämnds inlämnade total är den som räknas ut ur dess egna rader.

    Givet en inlämnad fil
    När en total som nämnden lämnat avviker från den som räknas ut ur de inmatade beloppen, mer än toleransen
    Så varnas det: staden räknar med den uträknade.
    Exempel: Totalt 1 424,3 lämnat, men raderna ger 1 426,3.
    """)  # fmt: skip
declare("BF606", title="Köp och försäljning mellan nämnder möts", severity=Severity.VARNING, source=CITY, doc="""
    BF606: Försäljning till en annan nämnd har en motpost hos den.

    Givet omslutningsposter med en annan nämnd som motpart
    När den andra nämnden inte redovisar lika stort belopp mot den första
    Så listas posten och elimineras inte. Möts de elimineras de ur stadens omslutning.
    Exempel: SDN08 säljer för 3,2 till SDN04 men SDN04 redovisar 3,0.
    """)  # fmt: skip


declare("BF607", title="Värden ur en tidigare layout har en plats", severity=Severity.UPPLYSNING, source=CITY, doc="""
    BF607: Ett värde ur en arbetsbok av en tidigare layout har en plats i den som staden räknar i.

    Givet filer av olika layouter, som därför räknas ihop i den nyaste
    När ett ifyllt värde står på en rad eller i en kolumn som den nyaste inte har
    Så sägs det, med filen och blanketten; värdet är inte med i stadens summor. Belopp räknas om när enheten har ändrats.
    Exempel: SDN08 har fyllt i raden Övrigt, som är borttagen i den layout som de andra har.
    """)  # fmt: skip


class Collection(msgspec.Struct, frozen=True):
    """What is consolidated and what was found on the way. `findings` pairs a file (or "") with a finding."""

    set: Blankettset | None
    filings: tuple[Handed, ...]
    findings: tuple[tuple[str, Finding], ...]
    missing: tuple[str, ...]  # nämnder without a file that counts
    undecided: tuple[str, ...] = ()  # those of them whose several files cannot be told apart
    versions: Mapping[str, str] = {}  # file -> why it is the one that counts


def handed_in(result: Result, modified: str = "") -> Handed:
    """The part of a validation that a consolidation needs. `modified` is when the workbook says that it was saved."""
    filled = result.filled

    def said(row: str) -> str:
        value = filled.facts.get(("forsattsblad", row, "uppgift"))
        return value.strip() if isinstance(value, str) else ""

    forms = (form for form in filled.forms.values() if form.form.id != "forsattsblad" and form.form.has_inputs)
    ticket = Ticket(
        filled.file,
        filled.sha256,
        filled.namnd,
        filled.set.id,
        filled.set.level,
        str(result.receipt["innehall"]),
        enhet=said("enhet"),
        delivered=said("inlamnad"),
        receipt=said("kvitto"),
        modified=modified,
        empty=all(form.is_empty for form in forms),
        layouts=tuple(filled.set.layouts.items()),
    )
    return Handed(ticket, filled.inputs(), filled.broken, result.findings, tuple(_totals(filled)), result.receipt)


def judge(
    tickets: Iterable[Ticket],
    load: Callable[[Ticket], Handed],
    unreadable: Iterable[Unreadable],
    picked: Container[str] = (),
) -> Collection:
    """Choose the filings that belong together and say what is wrong with the rest. Order of files does not matter.

    `load` fetches a chosen filing; the others are never held in memory. `picked` are files chosen by hand.
    """
    found: list[tuple[str, Finding]] = [
        (bad.file, _finding("BF601", bad.reason, bad.action, bad.severity, found=bad.file or None))
        for bad in sorted(unreadable, key=lambda bad: (bad.severity.rank, bad.file))
    ]
    ordered = sorted(tickets, key=lambda ticket: (*ticket.owner, ticket.file, ticket.sha256))
    if not ordered:
        return Collection(None, (), tuple(found), ())
    counted = Counter(ticket.main for ticket in ordered)
    main = max(counted, key=lambda key: (counted[key], catalog().blankettset(*key[:2]).report_date, key))
    found += _of_other_sets(ordered, main, all_alike=len(set(counted.values())) == 1)
    owned: dict[tuple[str, str], list[Ticket]] = {}
    for ticket in ordered:
        if ticket.main == main:
            owned.setdefault(ticket.owner, []).append(ticket)
    kept: dict[tuple[str, str], Ticket] = {}
    versions: dict[str, str] = {}
    undecided: list[str] = []
    for owner, theirs in owned.items():
        version = choose(theirs, next((ticket.file for ticket in theirs if ticket.file in picked), None))
        if len(theirs) > 1:
            text, action = sentences(theirs, version)
            expected = version.ticket.file if version.ticket else None
            files = tuple(ticket.file for ticket in theirs)
            found.append((files[0] if version.ticket is None else version.ticket.file, _finding(
                "BF602", text, action, version.severity, found=str(len(theirs)), expected=expected)))  # fmt: skip
        if version.ticket is None:
            undecided.append(owner[0])
        else:
            kept[owner] = version.ticket
            versions[version.ticket.file] = version.why
    blankettset = common_layout.common(*main[:2], [dict(ticket.layouts) for ticket in kept.values()])
    for ticket, successor in list(_double_plans(blankettset, kept)):
        del kept[successor.owner]
        found.append((successor.file, _finding(
            "BF604", f"{successor.file} är {successor.namnd}:s plan för resten av året, och {ticket.namnd}, som ingår i den, har "
            "lämnat för hela året; den räknas inte med.",
            "Slå ihop den nya nämndens plan för sig, eller de gamlas för sig.", found=successor.namnd, expected=ticket.namnd)))  # fmt: skip
    chosen = tuple(_fitted(load(ticket), blankettset, found) for ticket in kept.values())
    present = {ticket.namnd for ticket in kept.values()}
    missing = tuple(
        code for code, namnd in blankettset.namnder.items()
        if blankettset.level == "namnd" and namnd.exists_on(blankettset.report_date) and code not in present
    )  # fmt: skip
    silent = [f"{blankettset.namnder[code].name} ({code})" for code in missing if code not in undecided]
    if silent:
        who, them = (silent[0], "nämnden") if len(silent) == 1 else (f"{len(silent)} nämnder", "nämnderna")
        listed = "" if len(silent) == 1 else f": {', '.join(silent)}"
        found.append(("", _finding("BF603", f"{who} har inte lämnat {blankettset.id}{listed}.",
                                   f"Begär in det som saknas. Stadens summor saknar {them} tills dess.", found=", ".join(silent))))  # fmt: skip
    for filed in chosen:
        found.extend((filed.file, finding) for finding in filed.totals)
    found.extend(_counterparts(blankettset, chosen))
    found.extend((file, RULES[code].judge(hit, blankettset)) for file, code, hit in compared(blankettset, chosen))
    return Collection(blankettset, chosen, tuple(found), missing, tuple(undecided), versions)


def _of_other_sets(
    tickets: Iterable[Ticket], main: tuple[str, str, str], *, all_alike: bool
) -> Iterator[tuple[str, Finding]]:
    """One finding for the files of each other set."""
    others: dict[tuple[str, str, str], list[str]] = {}
    for ticket in tickets:
        if ticket.main != main:
            others.setdefault(ticket.main, []).append(ticket.file)
    most = (
        f"lika många till {_spoken(main)}, som har den senaste rapportdagen"
        if all_alike
        else f"de flesta till {_spoken(main)}"
    )
    for other, files in others.items():
        one = len(files) == 1
        text = f"{files[0] if one else f'{len(files)} filer'} hör till {_spoken(other)} men {most}; {'den' if one else 'de'} räknas inte med"
        yield (
            files[0],
            _finding(
                "BF604",
                f"{text}." if one else f"{text}: {', '.join(files)}.",
                "Flytta dem till en mapp för sig, eller be nämnden om rätt period.",
                found=_spoken(other),
                expected=_spoken(main),
            ),
        )


def _fitted(handed: Handed, blankettset: Blankettset, found: list[tuple[str, Finding]]) -> Handed:
    """A filing of another layout in the terms of the common one; what has no place there is told."""
    own = common_layout.built_in(dict(handed.ticket.layouts), blankettset)
    if own is None:
        return handed
    inputs, left = common_layout.moved(handed.inputs, own, blankettset)
    if left:
        titles = dict.fromkeys(own.blanketter[form].title for form, _, _ in left)
        found.append((handed.file, _finding(
            "BF607", f"{handed.file} är byggd på en annan layout; {len(left)} värden i {', '.join(titles)} har ingen plats i "
            "den som staden räknar i, och är inte med.",
            "Flytta siffrorna med »blankett uppgradera», eller låt alla lämna i samma layout.",
            found=", ".join(".".join(key) for key in left[:20]))))  # fmt: skip
    broken = frozenset(key for key in handed.broken if common_layout.has_place(blankettset, key))
    return msgspec.structs.replace(handed, inputs=inputs, broken=broken)


def _double_plans(blankettset: Blankettset, kept: Mapping[tuple[str, str], Ticket]) -> Iterator[tuple[Ticket, Ticket]]:
    """A nämnd's plan for the whole year with that of the nämnd that it became within the year, once for each of these."""
    by_namnd = {ticket.namnd: ticket for ticket in kept.values()} if blankettset.level == "namnd" else {}
    met = set()
    for code, ticket in by_namnd.items():
        known = blankettset.namnder.get(code)
        successor = by_namnd.get(known.successor or "") if known else None
        if (
            successor
            and successor.namnd not in met
            and begins_within(blankettset.namnder[successor.namnd], blankettset)
        ):
            met.add(successor.namnd)
            yield ticket, successor


def _spoken(main: tuple[str, str, str]) -> str:
    set_id, level, namnd = main
    return f"{set_id} för enheter i {namnd}" if level == "enhet" else set_id


def _finding(code: str, text: str, action: str, severity: Severity | None = None, **more: object) -> Finding:
    severity = severity or RULES[code].severity_in("VB")
    return Finding(code, severity, Hit(text, action, **more))  # type: ignore[arg-type]


def _totals(filed: FilledSet) -> Iterator[Finding]:
    """Totals as handed in against totals computed from the inputs alone."""
    recomputed = Evaluation(filed.set, filed.inputs(), broken=filed.broken)
    for form in filed.set.blanketter.values():
        for row, column, cell in form.fixed_cells():
            is_total = row == LIST_TOTAL if form.is_list else form.row_by_id[row].total
            given = filed.facts.get((form.id, row, column))
            handed_in = filed.cell((form.id, row, column))
            if cell.kind is not Kind.COMPUTED or not is_total or not isinstance(given, Decimal):
                continue
            if handed_in is None or handed_in.formula is not None:
                continue  # a formula only carries on what is wrong elsewhere
            try:
                value = recomputed.value((form.id, row, column))
            except NotComputable:
                continue
            if isinstance(value, Decimal) and recomputed.differs((form.id, row, column), given, value):
                yield _finding(
                    "BF605",
                    f"{filed.namnd}, {form.title}, {form.row_label(row)}, {form.column_by_id[column].label}: "
                    f"inlämnat {show(given)} men raderna ger {show(value)}.",
                    "Staden räknar med det uträknade. Be nämnden rätta.",
                    form=form.id,
                    sheet=handed_in.sheet,
                    cell=handed_in.address,
                    row=row,
                    column=column,
                    found=given,
                    expected=value,
                    tolerance=form.tolerance,
                )


class Trade(msgspec.Struct, frozen=True):
    """What one nämnd says it sells to another, in the form's unit."""

    seller: str
    buyer: str
    amount: Decimal


def trades(filings: Iterable[Handed]) -> dict[tuple[str, str], Decimal]:
    """(nämnd, counterpart) -> the costs it reports against that counterpart in omslutning."""
    found: dict[tuple[str, str], Decimal] = {}
    for filed in filings:
        for (form, row, column), other in filed.inputs.items():
            if form != "omslutning" or column != "motpart":
                continue
            amount = filed.inputs.get(("omslutning", row, "kostnader"))
            if isinstance(other, str) and isinstance(amount, Decimal):
                key = (filed.namnd, other)
                found[key] = found.get(key, Decimal(0)) + amount
    return found


def eliminated(blankettset: Blankettset, filings: Iterable[Handed]) -> dict[tuple[str, str], Decimal]:
    """The trades that meet: both sides report the same amount within the form's tolerance. Each pair once."""
    found = trades(filings)
    tolerance = blankettset.blanketter["omslutning"].tolerance if found else Decimal(0)
    return {
        (a, b): amount
        for (a, b), amount in found.items()
        if a < b and (b, a) in found and abs(found[b, a] - amount) <= tolerance
    }


def _counterparts(blankettset: Blankettset, filings: tuple[Handed, ...]) -> Iterator[tuple[str, Finding]]:
    found, met = trades(filings), eliminated(blankettset, filings)
    present = {filed.namnd: filed for filed in filings}
    for (a, b), amount in sorted(found.items()):
        if (a, b) in met or (b, a) in met or b not in present or ((b, a) in found and a > b):
            continue
        other = found.get((b, a))
        what = f"redovisar {show(other)}" if other is not None else f"redovisar inget mot {a}"
        yield (
            present[a].file,
            _finding(
                "BF606",
                f"{a} redovisar {show(amount)} mnkr mot {b} i omslutningsförändringar, men {b} {what}.",
                "Stäm av med den andra nämnden. Posten elimineras inte ur stadens omslutning.",
                form="omslutning",
                found=amount,
                expected=other,
            ),
        )
