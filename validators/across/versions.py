"""Which of several files from one nämnd counts: chosen by hand, by the stamp of its delivery, or by when it was saved."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from blankettset.validators.across.filed import Ticket
from blankettset.validators.finding import Severity
from blankettset.validators.registry import declare

declare("BF602", title="Varje nämnd lämnar en fil", severity=Severity.FEL, source="Konsolideringens förutsättningar", doc="""
    BF602: En nämnd, eller i enheternas set en enhet, räknas en gång, och det sägs vilken fil som räknas.

    Givet flera filer från samma nämnd eller samma enhet
    När de har samma siffror, eller den ena är vald med --valj, räknas en av dem; annars den som är lämnad senast enligt
    stämpeln på försättsbladet, annars den som är sparad senast enligt arbetsboken själv
    Så sägs vilken som räknas och varför. Går det inte att avgöra är det ett fel, och ingen av dem räknas förrän en är vald.
    Exempel: SDN08.xlsx är lämnad 2024-05-13 09:12 och SDN08 rättad.xlsx 2024-05-14 16:40; den rättade räknas.
    """)  # fmt: skip


class Version(msgspec.Struct, frozen=True):
    """The file that counts, None when that cannot be decided, and why; `severity` is of the finding that says so."""

    ticket: Ticket | None
    why: str
    severity: Severity


ONLY = "enda filen"


def choose(tickets: Sequence[Ticket], picked: str | None = None) -> Version:
    """Which of a nämnd's or unit's files counts. `picked` is the file chosen by hand."""
    if picked is not None:
        return Version(next(t for t in tickets if t.file == picked), "vald med --valj", Severity.UPPLYSNING)
    if len(tickets) == 1:
        return Version(tickets[0], ONLY, Severity.UPPLYSNING)
    filled = [ticket for ticket in tickets if not ticket.empty] or list(tickets)
    delivered = [ticket for ticket in filled if ticket.is_delivered]
    if len({ticket.content for ticket in filled}) == 1:
        why = "samma siffror i alla" if len(filled) == len(tickets) else "den enda som är ifylld"
        return Version((delivered or filled)[0], why, Severity.UPPLYSNING)
    if delivered:
        last = max(ticket.delivered for ticket in delivered)
        found = _one([ticket for ticket in delivered if ticket.delivered == last])
        later = any(_minute(t.modified) > last for t in filled if not t.is_delivered)
        if found is not None and later:
            return Version(found, f"lämnad {last}; en annan är sparad senare men inte lämnad", Severity.VARNING)
        if found is not None:
            return Version(found, f"lämnad senast ({last})", Severity.UPPLYSNING)
    if all(ticket.modified for ticket in filled):
        last = max(ticket.modified for ticket in filled)
        found = _one([ticket for ticket in filled if ticket.modified == last])
        if found is not None:
            return Version(found, f"sparad senast enligt arbetsboken ({_minute(last)} UTC)", Severity.VARNING)
    return Version(None, "varken stämpel eller tid skiljer dem åt", Severity.FEL)


def _one(tickets: Sequence[Ticket]) -> Ticket | None:
    return tickets[0] if len({ticket.content for ticket in tickets}) == 1 else None


def _minute(moment: str) -> str:
    return moment[:16].replace("T", " ")


def sentences(tickets: Sequence[Ticket], version: Version) -> tuple[str, str]:
    """What is said of a nämnd's several files, and what to do."""
    first = tickets[0]
    whose = f"enheten {first.enhet}" if first.enhet else f"nämnden {first.namnd}"
    names = ", ".join(_told(ticket) for ticket in tickets)
    if version.ticket is None:
        return (
            f"{len(tickets)} filer från {whose} har olika siffror: {names}. Ingen av dem räknas: {version.why}.",
            f"Välj den som gäller: --valj {first.namnd}={first.file}. Eller ta bort de andra ur mappen.",
        )
    text = f"{len(tickets)} filer från {whose}: {names}. {version.ticket.file} räknas: {version.why}."
    if version.severity is Severity.VARNING:
        return text, f"Stäm av med nämnden. En annan väljs med --valj {first.namnd}=FIL."
    return text, f"Inget, om den gäller. En annan väljs med --valj {first.namnd}=FIL."


def _told(ticket: Ticket) -> str:
    if ticket.empty:
        return f"{ticket.file} (inte ifylld)"
    if ticket.delivered and not ticket.is_delivered:
        return f"{ticket.file} (ändrad efter stämpeln {ticket.delivered})"
    return f"{ticket.file} (lämnad {ticket.delivered})" if ticket.delivered else ticket.file
