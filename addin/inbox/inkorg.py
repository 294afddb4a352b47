"""The inbox as it stands: each set's deliveries, verified against their receipts, and what SLK has decided.

    inkorg/2024-T1/00_liggare/00001.json                          the ledger, see ledger.py
    inkorg/2024-T1/SDN08/SDN08_2024-T1_v1_5f0c2a91.xlsx           the delivered workbook, stamped; its hash begins so

A unit's workbooks lie in a folder of the unit below its nämnd's. Nothing is ever overwritten; what no longer agrees with
its receipt is shown as broken and never passed over.
"""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import os
import re
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from blankettset.addin.inbox.ledger import FOLDER as LEDGER
from blankettset.addin.inbox.ledger import Entry, Ledger, Signer, read_ledger
from blankettset.templates.catalog import catalog
from blankettset.templates.errors import Refusal
from blankettset.templates.model import PERIODS

ENVIRONMENT = "BLANKETT_INKORG"  # environment variable that names the inbox
INLAMNING, SISTA_DAG, ATERLAMNING, ATTEST, PAMINNELSE, HAMTNING = (
    "inlämning", "sista dag", "återlämning", "attest", "påminnelse", "konsolidering",
)  # fmt: skip
DELIVERED, LATE, MISSING, OVERDUE, RETURNED, BROKEN = (
    "lämnad", "lämnad sent", "saknas", "försenad", "återlämnad", "bruten",
)  # fmt: skip
PRELIMINARY, FINAL = "preliminär", "slutlig"
RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10))}


class NotDelivered(Refusal):
    """What was asked of the inbox is not done; str() says why, `kod` which kind of refusal it is."""

    def __init__(self, text: str, kod: str = "inkorg", result: Mapping[str, Any] | None = None) -> None:
        super().__init__(text)
        self.kod, self.result = kod, result


class Delivery(msgspec.Struct, frozen=True):
    """One delivered version. `bruten` is a Swedish sentence when the workbook or its receipt is not what was delivered."""

    nr: int
    blankettset: str
    niva: str
    namnd: str
    enhet: str
    version: int
    tid: str
    av: str
    funktion: str
    slag: str
    innehall: str
    fil: str
    fil_sha256: str
    person: str = ""
    bruten: str = ""
    aterlamnad: Mapping[str, str] | None = None
    attesterad: Mapping[str, str] | None = None

    @property
    def kvitto(self) -> str:
        """What stands on the cover sheet."""
        return self.innehall[:16]

    @property
    def whose(self) -> tuple[str, str]:
        """The nämnd, or a unit of it by name. Capitals and spaces do not make another unit."""
        return whose(self.namnd, self.enhet)

    def shown(self) -> dict[str, Any]:
        """As the pane shows a version."""
        names = ("version", "tid", "av", "funktion", "slag", "kvitto", "bruten", "aterlamnad", "attesterad")
        return {name: getattr(self, name) for name in names}


class State(msgspec.Struct, frozen=True):
    """A set's deliveries by nämnd, unit and version, with its other decisions.

    `unknown` says which receipts cannot be read or are gone, so that nobody knows what they were (Swedish sentences);
    `without_receipt` are workbooks that no receipt names: a delivery that was cut off, or one whose receipt was taken away.
    """

    blankettset: str
    deliveries: tuple[Delivery, ...]
    ledger: Ledger
    unknown: tuple[str, ...]
    without_receipt: tuple[str, ...]

    @property
    def breaks(self) -> list[str]:
        """All that is broken."""
        known = [each for each in self.deliveries if each.bruten]
        return [*self.unknown, *(f"{_named(each)}: {each.bruten}" for each in known)]

    @property
    def notes(self) -> list[str]:
        """What lies there without being a delivery (Swedish sentences)."""
        why = "en inlämning som avbröts, ett kvitto som har tagits bort, eller en inlämning till version 0.3"
        return [f"{path} har inget kvitto: {why}." for path in self.without_receipt]

    @property
    def last_day(self) -> Mapping[str, str] | None:
        """The last day to deliver as it was last decided, with when and by whom; None while none is set."""
        decided = [each for each in self.ledger.entries if each.slag == SISTA_DAG]
        return {"dag": decided[-1].text("dag"), "satt": decided[-1].tid, "av": decided[-1].av} if decided else None

    def versions(self, namnd: str, enhet: str = "", niva: str = "namnd") -> list[Delivery]:
        """What one nämnd, or one unit, has delivered."""
        return [each for each in self.deliveries if each.whose == whose(namnd, enhet) and each.niva == niva]


def inbox_from_environment() -> Path:
    """The configured inbox. NotDelivered when there is none."""
    folder = os.environ.get(ENVIRONMENT, "")
    if not folder or not Path(folder).is_dir():
        raise NotDelivered("Inkorgen är inte inställd. Den som sköter servern anger den i BLANKETT_INKORG.")
    return Path(folder)


def known_set(set_id: str, niva: str = "namnd") -> str:
    """The set's id if there is such a set: what comes from a request never becomes a path unchecked."""
    if not re.fullmatch(r"[0-9A-Za-z-]{1,20}", set_id) or (set_id, niva) not in catalog().sets:
        raise NotDelivered("Välj ett av stadens blankettset.")
    return set_id


def when(set_id: str) -> tuple[str, int]:
    """What puts sets in order of time."""
    return set_id[:4], PERIODS.index(set_id[5:])


def sets_in(inbox: Path) -> list[str]:
    """The sets that have a ledger."""
    return sorted(path.parent.name for path in inbox.glob(f"*/{LEDGER}") if not path.parent.name.startswith("."))


def state(inbox: Path, set_id: str, signer: Signer | None = None) -> State:
    """A set as it stands, every stored workbook compared with its receipt."""
    folder = inbox / set_id
    ledger = read_ledger(folder, signer)
    found = []
    for each in deliveries(ledger):
        why = not_as_delivered(inbox, each) or ledger.breaks.get(each.nr, "")
        found.append(msgspec.structs.replace(each, bruten=why))
    known = {each.nr for each in found}
    lost = {
        each.nr: f"Kvitto {each.nr} i liggaren går inte att förstå."
        for each in ledger.entries
        if each.slag == INLAMNING and each.nr not in known
    }
    unknown = tuple(
        f"{set_id}: {text} Det kan ha varit en inlämning; jämför med säkerhetskopian och loggen."
        for number, text in sorted({**lost, **ledger.breaks}.items())
        if number not in known
    )
    named = {path_of(inbox, each) for each in found}
    loose = sorted(path.relative_to(inbox).as_posix() for path in folder.glob("*/**/*.xlsx") if path not in named)
    return State(set_id, tuple(found), ledger, unknown, tuple(loose))


def deliveries(ledger: Ledger) -> list[Delivery]:
    """What the ledger says has been delivered, by nämnd, unit and version; the workbooks are not looked at."""
    returned, attested = _about(ledger, ATERLAMNING), _about(ledger, ATTEST)
    found = []
    for entry in ledger.entries:
        if entry.slag == INLAMNING:
            about: dict[str, Any] = {"aterlamnad": returned.get(entry.nr), "attesterad": attested.get(entry.nr)}
            about |= {"slag": FINAL} if entry.nr in attested else {}
            own = {**entry.uppgifter, **about, "nr": entry.nr, "tid": entry.tid, "av": entry.av}
            with contextlib.suppress(msgspec.ValidationError):  # not written by us: state tells of it
                found.append(msgspec.convert(own, Delivery))
    return sorted(found, key=lambda each: (each.namnd, each.enhet, each.version))


def _named(delivery: Delivery) -> str:
    return f"{delivery.namnd} {delivery.enhet}".strip() + f" version {delivery.version}"


def _about(ledger: Ledger, kind: str) -> dict[int, Mapping[str, str]]:
    """Number of the delivery -> the latest decision of a kind about it."""
    found: dict[int, Mapping[str, str]] = {}
    for entry in ledger.entries:
        number = entry.uppgifter.get("inlamning")
        if entry.slag == kind and isinstance(number, int):
            found[number] = {"tid": entry.tid, "av": entry.av, "kommentar": entry.text("kommentar")}
    return found


def not_as_delivered(inbox: Path, delivery: Delivery) -> str:
    """Why the stored workbook is not the one that was delivered; empty when it is."""
    path = path_of(inbox, delivery)
    try:
        if not re.fullmatch(r"[\w.-]+\.xlsx", delivery.fil) or not path.resolve().is_relative_to(inbox.resolve()):
            return "Kvittot pekar utanför inkorgen."
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    except FileNotFoundError:
        return f"Filen {delivery.fil} finns inte kvar."
    except (OSError, ValueError, RuntimeError):  # also a name that no file can have, and links in a circle
        return f"Filen {delivery.fil} går inte att läsa."
    return "" if found == delivery.fil_sha256 else f"Filen {delivery.fil} är inte den som lämnades in."


def path_of(inbox: Path, delivery: Delivery) -> Path:
    """Where the delivered workbook lies."""
    return folder_of(inbox, delivery.blankettset, delivery.niva, delivery.namnd, delivery.enhet) / delivery.fil


def folder_of(inbox: Path, set_id: str, niva: str, namnd: str, enhet: str) -> Path:
    """Codes from the register and a slug: nothing of the workbook's own text becomes a path."""
    folder = inbox / set_id / namnd
    return folder / (slug(enhet) or "enhet") if niva == "enhet" else folder


def slug(text: str) -> str:
    """A folder's name from a unit's: only letters a-z, figures and hyphens, whatever the workbook says.

    Where letters are lost that other names may differ by, or the name is one that Windows keeps for itself, a hash of the
    name is added. Names that differ only by capitals, spaces or the dots of å, ä and ö share a folder, see whose.
    """
    known = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    plain = unicodedata.normalize("NFKD", known).encode("ascii", "ignore").decode()
    found = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    letters = sum(character.isalnum() for character in known)
    if len(found) <= 60 and sum(map(str.isalnum, found)) == letters and found not in RESERVED and (found or not known):
        return found
    return f"{found[:50]}-{hashlib.sha256(known.encode('utf-8', 'replace')).hexdigest()[:8]}".strip("-")


def whose(namnd: str, enhet: str) -> tuple[str, str]:
    """Who delivers: a nämnd, or a unit of it by name. Capitals and spaces do not make another unit."""
    return namnd, " ".join(unicodedata.normalize("NFKC", enhet).casefold().split())


def latest(now: State, niva: str = "namnd") -> dict[tuple[str, str], Delivery]:
    """Each nämnd's (or unit's) latest version, unless SLK has sent it back. Broken ones are among them."""
    found = {each.whose: each for each in now.deliveries if each.niva == niva}
    return {who: each for who, each in found.items() if each.aterlamnad is None}


def chosen(inbox: Path, now: State, wanted: Mapping[str, int] | None = None) -> list[Path]:
    """The workbooks to consolidate: these versions, or every nämnd's latest. NotDelivered when one of them is broken.

    An older version never silently stands in for a broken one: SLK chooses it by number.
    """
    if wanted is None:
        picked = list(latest(now).values())
        broken = [*now.unknown, *(f"{_named(each)}: {each.bruten}" for each in picked if each.bruten)]
        if broken:
            raise NotDelivered(
                f"Inkorgen stämmer inte med sina kvitton, så inget konsolideras. {' '.join(broken[:3])} "
                "Låt nämnden lämna in på nytt, eller välj versioner själv.", "bruten",
            )  # fmt: skip
        if not picked:
            raise NotDelivered(f"Ingen nämnd har lämnat {now.blankettset}.")
        return [path_of(inbox, each) for each in picked]
    lying = {(each.namnd, each.version): each for each in now.deliveries if each.niva == "namnd"}
    if not wanted:
        raise NotDelivered("Välj minst en nämnd att konsolidera.")
    for code, version in wanted.items():
        found = lying.get((code, version))
        if found is None:
            raise NotDelivered(f"Version {version} från {code[:8]} finns inte i inkorgen. Visa inkorgen igen.")
        if found.bruten:
            raise NotDelivered(f"{code} version {version} konsolideras inte. {found.bruten}", "bruten")
    return [path_of(inbox, lying[item]) for item in wanted.items()]


def expanded(paths: Iterable[Path]) -> list[Path]:
    """The paths, where a set's folder of an inbox stands for every nämnd's latest, verified. NotDelivered for a whole inbox."""
    found: list[Path] = []
    for path in paths:
        if (path / LEDGER).is_dir() and path.name in {set_id for set_id, _ in catalog().sets}:
            inbox = path.resolve().parent
            found += chosen(inbox, state(inbox, path.name))
        elif sets_in(path):
            names = ", ".join(str(path / each) for each in sets_in(path))
            raise NotDelivered(f"{path} är en inkorg med flera blankettset. Ange ett av dem: {names}.")
        else:
            found.append(path)
    return found


def overview(
    now: State, today: datetime.date, niva: str = "namnd", only: Iterable[str] | None = None
) -> list[dict[str, Any]]:
    """Status of every nämnd that exists on the set's report date (or of every unit that has delivered), with its versions.

    saknas, or försenad when the last day has passed; lämnad, or lämnad sent when the first version came after it;
    återlämnad when SLK has sent the latest back; bruten when it is not what was delivered. `only` are the nämnder
    that the reader may see; None is all.
    """
    blankettset = catalog().blankettset(now.blankettset, niva)
    limit = now.last_day["dag"] if now.last_day else "9999-12-31"
    seen = None if only is None else set(only)
    rows = []
    for code, namnd in blankettset.namnder.items():
        if not namnd.exists_on(blankettset.report_date) or (seen is not None and code not in seen):
            continue
        own = [each for each in now.deliveries if each.namnd == code and each.niva == niva]
        units = {each.whose: each.enhet for each in own} if niva == "enhet" else {(code, ""): ""}
        for who, unit in units.items():
            versions = [each for each in own if each.whose == who]
            rows.append({
                "namnd": code, "namn": namnd.name, "enhet": unit, "status": _status(versions, limit, today.isoformat()),
                "slag": versions[-1].slag if versions else "", "versioner": [each.shown() for each in versions],
            })  # fmt: skip
    return rows


def _status(versions: list[Delivery], limit: str, today: str) -> str:
    if not versions:
        return MISSING if today <= limit else OVERDUE
    if versions[-1].bruten:
        return BROKEN
    if versions[-1].aterlamnad is not None:
        return RETURNED
    return DELIVERED if versions[0].tid[:10] <= limit else LATE


def history(now: State, namnd: str = "") -> list[dict[str, Any]]:
    """Every decision about a set, or about one nämnd of it, in order."""
    return [
        {"nr": each.nr, "slag": each.slag, "tid": each.tid, "av": each.av, "roll": each.roll, "text": _sentence(each)}
        for each in now.ledger.entries
        if not namnd or each.text("namnd") in ("", namnd)
    ]


def _sentence(entry: Entry) -> str:
    facts = entry.uppgifter
    who = f"{entry.text('namnd')} {entry.text('enhet')}".strip()
    version = f"version {facts.get('version')}"
    if entry.slag == INLAMNING:
        return f"{who} lämnade {version} ({entry.text('slag')}), kvitto {entry.text('innehall')[:16]}."
    if entry.slag == SISTA_DAG:
        return f"Sista dag är {entry.text('dag')}."
    if entry.slag == ATERLAMNING:
        return f"{who} {version} lämnades tillbaka: {entry.text('kommentar')}"
    if entry.slag == ATTEST:
        return f"{who} {version} attesterades."
    return f"{entry.slag.capitalize()}: {', '.join(map(str, facts.get('namnder', ())))}."
