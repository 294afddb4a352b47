"""What may come into the inbox, and how it is put there: judged by the same code as everywhere, against the inbox's own latest."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from blankettset.addin.check.oppen_bok import listed
from blankettset.addin.inbox import inkorg
from blankettset.addin.inbox.durable import Crowded, alone_in, make_folder, write_new
from blankettset.addin.inbox.foreign import require_only_a_workbook
from blankettset.addin.inbox.inkorg import Delivery, NotDelivered
from blankettset.addin.inbox.ledger import Entry, Ledger, Signer, append, digest
from blankettset.addin.inbox.stamp import COVER, cover_text, is_attested, lacks_attest, stamp, stamped, stops
from blankettset.templates.catalog import catalog
from blankettset.templates.errors import reason
from blankettset.validators.validate import Result, validate
from blankettset.workbook.calc.values import parse_date, storable
from blankettset.workbook.carry.past import became
from blankettset.workbook.read.bind import read_filled
from blankettset.workbook.read.filled import FilledSet

SLK, NAMND, ATTESTANT = "SLK", "NAMND.", "ATTEST."  # roles: SLK sees all; NAMND.SDN08 delivers for SDN08
MAX_EARLIER = 10
MAX_COMMENT = 2_000
CROWDED = "Inlämningen gick inte att spara: många lämnar in samtidigt. Försök igen."


class Who(msgspec.Struct, frozen=True):
    """The user. `roles` is None on a machine without logins, where everything is allowed; `id` is the login's own."""

    name: str
    roles: tuple[str, ...] | None
    id: str = ""

    @property
    def is_slk(self) -> bool:
        """True for the city's centre, and where there are no logins."""
        return self.roles is None or SLK in self.roles

    def namnder(self, prefix: str = NAMND) -> list[str] | None:
        """The nämnder that the user has a role for; None where there are no logins."""
        return None if self.roles is None else [r.removeprefix(prefix) for r in self.roles if r.startswith(prefix)]

    def may(self, namnd: str, prefix: str = NAMND) -> bool:
        """True when the user has the role for this nämnd."""
        return self.roles is None or f"{prefix}{namnd}" in self.roles

    @property
    def role(self) -> str:
        """What the ledger and the log say of who it was, without a name."""
        return "utan inloggning" if self.roles is None else " ".join(sorted(self.roles)) or "utan roll"


class Inbox(msgspec.Struct, frozen=True):
    """Where deliveries go: the folder, and the key that signs receipts, if any."""

    folder: Path
    signer: Signer | None = None

    def state(self, set_id: str) -> inkorg.State:
        """A set as it stands, verified."""
        return inkorg.state(self.folder, set_id, self.signer)

    def decide(self, set_id: str, kind: str, who: Who, now: datetime.datetime, facts: Mapping[str, Any]) -> Entry:
        """Append one decision to the set's ledger."""
        entry = Entry(0, kind, _moment(now), storable(who.name), who.role, "", {**facts, "person": who.id})
        try:
            with alone_in(self.folder):
                return append(self.folder / set_id, lambda _: entry, self.signer)
        except Crowded:
            raise NotDelivered(CROWDED, "upptagen") from None
        except OSError as error:
            raise _unwritable(error) from None


def _moment(now: datetime.datetime) -> str:
    return now.strftime("%Y-%m-%d %H:%M")


def _unwritable(error: OSError) -> NotDelivered:
    return NotDelivered(
        f"Inkorgen går inte att skriva i: {reason(error)}. Säg till den som sköter servern.", "otillganglig"
    )


def deliver(
    inbox: Inbox, data: bytes, name: str, who: Who, *, now: datetime.datetime, function: str = ""
) -> tuple[Delivery, dict[str, Any]]:
    """Judge the workbook against the inbox's own latest and put it there, stamped, with its receipt.

    Answers with the delivery and what the open workbook's cover sheet shall say. NotDelivered while there is a fel or an
    unexplained varning, without the role, the function or (in VB) an attest, or when the latest version says the same.
    """
    filled = read_filled(data, catalog(), name=name)
    require_only_a_workbook(data)
    if filled.namnd not in filled.set.namnder:
        raise NotDelivered("Arbetsbokens nämnd finns inte i registret, så den går inte att lämna in.", "namnd")
    if not (who.is_slk or who.may(filled.namnd)):
        raise NotDelivered(f"Du har inte behörighet att lämna in för {filled.namnd}.", "behorighet")
    function = " ".join(storable(function).split())[:80] or cover_text(filled, "kontakt")
    if not function:
        raise NotDelivered("Ange din funktion, till exempel controller, innan du lämnar in.", "funktion")
    result = validate(filled, earlier_of(inbox, filled))
    _require_clean(result)
    kind = _kind(filled)
    by, moment, content = " ".join(storable(who.name).split()), _moment(now), str(result.receipt["innehall"])
    signed = ", ".join(dict.fromkeys(filter(None, (by, function))))
    written = stamped(data, filled, moment, signed, content)
    facts = {
        "blankettset": filled.set.id, "niva": filled.set.level, "namnd": filled.namnd, "enhet": cover_text(filled, "enhet"),
        "funktion": function, "slag": kind, "innehall": content, "person": who.id,
        "fil_sha256": hashlib.sha256(written).hexdigest(), "inskickad_sha256": filled.sha256,
        "kvitto": dict(result.receipt), "forklarade": result.explained,
    }  # fmt: skip
    entry = Entry(0, inkorg.INLAMNING, moment, by, who.role, "", facts)
    try:
        with alone_in(inbox.folder):
            stored = append(
                inbox.folder / filled.set.id, lambda ledger: _placed(inbox, entry, ledger, written), inbox.signer
            )
    except Crowded:
        raise NotDelivered(CROWDED, "upptagen") from None
    except OSError as error:
        raise _unwritable(error) from None
    found = msgspec.convert({**stored.uppgifter, "nr": stored.nr, "tid": moment, "av": by}, Delivery)
    texts = stamp(filled, moment, signed, content)
    return found, {"blad": filled.forms[COVER].sheet, "celler": texts, "post": digest(stored)}


def _placed(inbox: Inbox, entry: Entry, ledger: Ledger, written: bytes) -> Entry:
    """The entry with its version, when the workbook lies there on the disk. NotDelivered when it was delivered before."""
    facts = entry.uppgifter
    who = inkorg.whose(facts["namnd"], facts["enhet"])
    own = [each for each in inkorg.deliveries(ledger) if each.whose == who and each.niva == facts["niva"]]
    if own and own[-1].innehall == facts["innehall"] and own[-1].aterlamnad is None and not _is_broken(inbox, own[-1]):
        raise NotDelivered(f"Samma innehåll är redan inlämnat som version {own[-1].version} ({own[-1].tid}).", "samma")
    version = own[-1].version + 1 if own else 1
    folder = inkorg.folder_of(inbox.folder, *(facts[name] for name in ("blankettset", "niva", "namnd", "enhet")))
    file = f"{facts['namnd']}_{facts['blankettset']}_v{version}_{facts['fil_sha256'][:8]}.xlsx"
    make_folder(folder)
    if not (folder / file).is_file() or (folder / file).read_bytes() != written:  # else ours, from an attempt cut off
        write_new(folder / file, written)
    return msgspec.structs.replace(entry, uppgifter={**facts, "version": version, "fil": file})


def _is_broken(inbox: Inbox, delivery: Delivery) -> bool:
    return bool(inkorg.not_as_delivered(inbox.folder, delivery))


def _require_clean(result: Result) -> None:
    if why := stops(result):
        raise NotDelivered(why, "fynd", listed(result))


def _kind(filled: FilledSet) -> str:
    """slutlig when the workbook is attested on its cover, else preliminär. NotDelivered where the period demands it."""
    if why := lacks_attest(filled):
        raise NotDelivered(why, "attest")
    return inkorg.FINAL if is_attested(filled) else inkorg.PRELIMINARY


def earlier_of(inbox: Inbox, filled: FilledSet) -> tuple[FilledSet, ...]:
    """The nämnd's latest intact deliveries of earlier sets, this year's and the last one's; at most MAX_EARLIER workbooks.

    Of a merged nämnd the predecessors', where all of them lie in the inbox.
    """
    register = filled.set.namnder
    found: list[Delivery] = []
    own = inkorg.whose(filled.namnd, cover_text(filled, "enhet"))
    for set_id in reversed(_earlier_sets(inbox, filled)):
        lying = {
            who: each for who, each in inkorg.latest(inbox.state(set_id), filled.set.level).items() if not each.bruten
        }
        date = catalog().blankettset(set_id, filled.set.level).report_date
        before = [
            code for code, namnd in register.items() if namnd.exists_on(date) and became(register, code, filled.namnd)
        ]
        wanted = [own] if own in lying else [(code, "") for code in before] if filled.set.level == "namnd" else []
        if wanted and all(who in lying for who in wanted) and len(found) + len(wanted) <= MAX_EARLIER:
            found += [lying[who] for who in wanted]
    return tuple(_read(inkorg.path_of(inbox.folder, each), each.fil_sha256) for each in reversed(found))


def _earlier_sets(inbox: Inbox, filled: FilledSet) -> list[str]:
    level, this = filled.set.level, inkorg.when(filled.set.id)
    known = [each for each in inkorg.sets_in(inbox.folder) if (each, level) in catalog().sets]
    first = str(int(this[0]) - 1)
    return sorted((each for each in known if first <= each and inkorg.when(each) < this), key=inkorg.when)


@lru_cache(maxsize=16)
def _read(path: Path, sha256: str) -> FilledSet:
    return read_filled(path, catalog())


def decide_last_day(inbox: Inbox, set_id: str, day: str, who: Who, now: datetime.datetime) -> Entry:
    """SLK decides the last day to deliver a set; earlier decisions stay. NotDelivered when it is no date."""
    require_slk(who, "Bara stadsledningskontoret bestämmer sista dagen.")
    date = parse_date(day)
    if date is None:
        raise NotDelivered("Sista dagen ska vara ett datum, till exempel 2024-05-22.", "datum")
    return inbox.decide(inkorg.known_set(set_id), inkorg.SISTA_DAG, who, now, {"dag": date.isoformat()})


def send_back(inbox: Inbox, delivery: Delivery, comment: str, who: Who, now: datetime.datetime) -> Entry:
    """SLK sends a delivery back with a comment; it stays where it lies."""
    require_slk(who, "Bara stadsledningskontoret lämnar tillbaka.")
    text = storable(comment).strip()[:MAX_COMMENT]
    if not text:
        raise NotDelivered("Skriv en kommentar till nämnden om varför inlämningen lämnas tillbaka.", "kommentar")
    if delivery.aterlamnad is not None:
        raise NotDelivered(f"Version {delivery.version} är redan återlämnad ({delivery.aterlamnad['tid']}).", "samma")
    facts = {**_which(delivery), "kommentar": text}
    return inbox.decide(delivery.blankettset, inkorg.ATERLAMNING, who, now, facts)


def attest(inbox: Inbox, delivery: Delivery, who: Who, now: datetime.datetime) -> Entry:
    """Another person than the one who delivered attests a delivery (four eyes)."""
    if not who.may(delivery.namnd, ATTESTANT):
        raise NotDelivered(f"Du har inte behörighet att attestera för {delivery.namnd}.", "behorighet")
    if delivery.bruten:
        raise NotDelivered(f"Version {delivery.version} attesteras inte. {delivery.bruten}", "bruten")
    if who.id and who.id == delivery.person:
        raise NotDelivered("Den som lämnade in attesterar inte själv. Be en annan attestant.", "fyra-ogon")
    return inbox.decide(delivery.blankettset, inkorg.ATTEST, who, now, _which(delivery))


def _which(delivery: Delivery) -> dict[str, Any]:
    names = ("namnd", "enhet", "version", "fil_sha256")
    return {"inlamning": delivery.nr, **{name: getattr(delivery, name) for name in names}}


def require_slk(who: Who, otherwise: str) -> None:
    """NotDelivered for all but the city's centre."""
    if not who.is_slk:
        raise NotDelivered(otherwise, "behorighet")
