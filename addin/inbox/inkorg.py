"""The inbox: a folder where delivered workbooks lie with their receipts, version upon version. Nothing is ever overwritten.

    inkorg/2024-T1/SDN08/SDN08_2024-T1_v1.xlsx         the delivered workbook, stamped
    inkorg/2024-T1/SDN08/SDN08_2024-T1_v1.kvitto.json  its receipt: who, when, hashes, counts
    inkorg/2024-T1/sista_dag.json                      the last day to deliver, each time SLK has set it

A unit's workbooks lie in a folder of the unit below its nämnd's.
"""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import json
import os
import re
import time
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from blankettset.addin.check.kontroll import require_same_content
from blankettset.templates.catalog import catalog
from blankettset.templates.errors import Refusal, reason
from blankettset.validators.finding import Severity
from blankettset.validators.validate import Result, validate
from blankettset.workbook.calc.values import parse_date, storable
from blankettset.workbook.edit.control_sheet import with_texts
from blankettset.workbook.read.bind import read_filled
from blankettset.workbook.read.filled import FilledSet
from blankettset.workbook.write.files import WriteError, new_file

COVER = "forsattsblad"
FOLDER = "BLANKETT_INKORG"  # environment variable that names the inbox
SLK, NAMND = "SLK", "NAMND."  # roles: SLK sees all; NAMND.SDN08 delivers for SDN08
ATTEMPTS = 50
LAST_DAY = "sista_dag.json"
LOCK = ".lamnas_in"
PATIENCE, ABANDONED = 20.0, 120.0  # seconds to wait for another delivery, and until one is taken to have died
CROWDED = "Inlämningen gick inte att spara: många lämnar in samtidigt. Försök igen."
RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10))}
DELIVERED, DELIVERED_LATE, MISSING, LATE = "lämnad", "lämnad sent", "saknas", "försenad"


class NotDelivered(Refusal):
    """The workbook is not delivered; str() says why."""


class Delivery(msgspec.Struct, frozen=True):
    """One delivered version."""

    set_id: str
    niva: str
    namnd: str
    enhet: str
    version: int
    tid: str
    av: str
    innehall: str
    fil: str


def inbox_from_environment() -> Path:
    """The configured inbox. NotDelivered when there is none."""
    folder = os.environ.get(FOLDER, "")
    if not folder or not Path(folder).is_dir():
        raise NotDelivered("Inkorgen är inte inställd på servern. Den som sköter servern anger den i BLANKETT_INKORG.")
    return Path(folder)


def may_deliver(roles: Iterable[str], namnd: str) -> bool:
    """True for SLK and for the nämnd's own role."""
    return bool({SLK, NAMND + namnd} & set(roles))


def deliver(
    inbox: Path,
    data: bytes,
    name: str,
    *,
    by: str,
    now: datetime.datetime,
    roles: Iterable[str] | None = None,
    previous: Iterable[FilledSet] = (),
) -> Delivery:
    """Check the workbook, against `previous` if any, and put it, stamped, into the inbox with its receipt.

    `roles` are the user's when logins are used, None on a machine of one's own. NotDelivered while there is a fel or an
    unexplained varning, without the role, or when the same content already lies there as the latest version.
    """
    by = " ".join(storable(by).split())
    filled = read_filled(data, catalog(), name=name)
    if roles is not None and not may_deliver(roles, filled.namnd):
        raise NotDelivered(f"Du har inte behörighet att lämna in för {filled.namnd}.")
    result = validate(filled, tuple(previous))
    _require_clean(result)
    folder = _folder(inbox, filled)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _alone_in(folder):
            return _stored(inbox, folder, data, filled, result, by=by, moment=now.strftime("%Y-%m-%d %H:%M"))
    except OSError as error:
        raise NotDelivered(
            f"Inkorgen går inte att skriva i: {reason(error)}. Säg till den som sköter servern."
        ) from None


def _stored(
    inbox: Path, folder: Path, data: bytes, filled: FilledSet, result: Result, *, by: str, moment: str
) -> Delivery:
    content = str(result.receipt["innehall"])
    earlier = deliveries(inbox, filled.set.id, filled.set.level)
    own = [each for each in earlier if _whose(each.namnd, each.enhet) == _whose(filled.namnd, _unit(filled))]
    if own and own[-1].innehall == content:
        raise NotDelivered(f"Samma innehåll är redan inlämnat som version {own[-1].version} ({own[-1].tid}).")
    stamped = _stamped(data, filled, moment, by, content)
    version = own[-1].version + 1 if own else 1
    for number in range(version, version + ATTEMPTS):
        stem = f"{filled.namnd}_{filled.set.id}_v{number}"
        delivery = Delivery(
            filled.set.id, filled.set.level, filled.namnd, _unit(filled), number, moment, by, content, f"{stem}.xlsx"
        )
        try:
            with new_file(folder / f"{stem}.xlsx", replace=False) as temporary:
                temporary.write_bytes(stamped)
        except WriteError:
            if (folder / f"{stem}.xlsx").exists():
                continue  # somebody delivered at the same moment
            raise
        try:
            _write_receipt(folder / f"{stem}.kvitto.json", delivery, result)
        except BaseException:  # a workbook without its receipt is no delivery
            (folder / f"{stem}.xlsx").unlink(missing_ok=True)
            raise
        return delivery
    raise NotDelivered(CROWDED)


@contextlib.contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """One delivery at a time in a folder, also from several processes and servers: the same content is one version."""
    lock = folder / LOCK
    patience = time.monotonic() + PATIENCE
    while True:
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
            break
        except FileExistsError:
            with contextlib.suppress(OSError):
                if time.time() - lock.stat().st_mtime > ABANDONED:
                    lock.unlink()
                    continue
            if time.monotonic() > patience:
                raise NotDelivered(CROWDED) from None
            time.sleep(0.02)
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)


def _require_clean(result: Result) -> None:
    errors, warnings = result.count(Severity.FEL), result.count(Severity.VARNING)
    if errors or warnings:
        raise NotDelivered(
            f"Arbetsboken lämnas inte in: {errors} fel ska rättas och {warnings} varningar rättas eller förklaras."
        )


def _unit(filled: FilledSet) -> str:
    value = filled.facts.get((COVER, "enhet", "uppgift"))
    return value if isinstance(value, str) else ""


def _slug(text: str) -> str:
    """A folder's name from a unit's: only letters a-z, figures and hyphens, whatever the workbook says.

    Where letters are lost that other names may differ by, or the name is one that Windows keeps for itself, a hash of the
    name is added. Names that differ only by capitals, spaces or the dots of å, ä and ö share a folder, see _whose.
    """
    known = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    plain = unicodedata.normalize("NFKD", known).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    letters = sum(character.isalnum() for character in known)
    if len(slug) <= 60 and sum(map(str.isalnum, slug)) == letters and slug not in RESERVED and (slug or not known):
        return slug
    return f"{slug[:50]}-{hashlib.sha256(known.encode('utf-8', 'replace')).hexdigest()[:8]}".strip("-")


def _whose(namnd: str, unit: str) -> tuple[str, str]:
    """Who delivers: a nämnd, or a unit of it by name. Capitals and spaces do not make another unit."""
    return namnd, " ".join(unicodedata.normalize("NFKC", unit).casefold().split())


def _folder(inbox: Path, filled: FilledSet) -> Path:
    """Codes from the register and a slug: nothing of the workbook's own text becomes a path."""
    if filled.namnd not in filled.set.namnder:
        raise NotDelivered("Arbetsbokens nämnd finns inte i registret, så den går inte att lämna in.")
    folder = inbox / filled.set.id / filled.namnd
    return folder / (_slug(_unit(filled)) or "enhet") if filled.set.level == "enhet" else folder


def stamp(filled: FilledSet, moment: str, by: str, content: str) -> dict[str, str]:
    """What a delivery writes on the cover sheet: address -> text."""
    texts = {}
    for row, text in (("inlamnad", moment), ("inlamnad_av", by), ("kvitto", content[:16])):
        cell = filled.cell((COVER, row, "uppgift"))
        if cell is not None:
            texts[cell.address] = text
    return texts


def _stamped(data: bytes, filled: FilledSet, moment: str, by: str, content: str) -> bytes:
    written = with_texts(data, filled.forms[COVER].sheet, stamp(filled, moment, by, content))
    require_same_content(filled, written)
    return written


def _write_receipt(path: Path, delivery: Delivery, result: Result) -> None:
    receipt = {**msgspec.structs.asdict(delivery), "kvitto": dict(result.receipt), "forklarade": result.explained}
    with new_file(path, replace=False) as temporary:
        temporary.write_text(json.dumps(receipt, ensure_ascii=False, indent=2), encoding="utf-8")


def deliveries(inbox: Path, set_id: str, level: str = "namnd") -> list[Delivery]:
    """What has been delivered for a set, by nämnd, unit and version. A receipt that cannot be read is passed over."""
    found = []
    for path in sorted((inbox / set_id).rglob("*.kvitto.json")) if (inbox / set_id).is_dir() else ():
        try:
            delivery = msgspec.json.decode(path.read_bytes(), type=Delivery)
            if delivery.niva == level and _lies_where_it_says(path, delivery):
                found.append(delivery)
        except (OSError, ValueError):  # also msgspec's: no such receipt
            continue
    return sorted(found, key=lambda each: (each.namnd, each.enhet, each.version))


def _lies_where_it_says(path: Path, delivery: Delivery) -> bool:
    """True for a receipt beside its workbook, in the nämnd's own folder: what it says never leads out of there."""
    stem = path.name.removesuffix(".kvitto.json")
    folder = path.parent if delivery.niva == "namnd" else path.parent.parent
    own = (folder.name, folder.parent.name) == (delivery.namnd, delivery.set_id)
    return own and delivery.fil == f"{stem}.xlsx" and path.with_name(delivery.fil).is_file()


def latest(inbox: Path, set_id: str) -> dict[str, Path]:
    """Each nämnd's latest delivered workbook."""
    return {each.namnd: path_of(inbox, each) for each in deliveries(inbox, set_id)}


def path_of(inbox: Path, delivery: Delivery) -> Path:
    """Where the nämnd's delivered workbook lies."""
    return inbox / delivery.set_id / delivery.namnd / delivery.fil


def chosen(inbox: Path, set_id: str, wanted: Mapping[str, int]) -> list[Path]:
    """The delivered workbooks of these nämnder and versions. NotDelivered for one that does not lie in the inbox."""
    lying = {(each.namnd, each.version): each for each in deliveries(inbox, set_id)}
    for code, version in wanted.items():
        if (code, version) not in lying:
            raise NotDelivered(f"Version {version} från {code[:8]} finns inte i inkorgen. Visa inkorgen igen.")
    return [path_of(inbox, lying[item]) for item in wanted.items()]


def last_day(inbox: Path, set_id: str) -> dict[str, str] | None:
    """The last day to deliver a set, with when it was set and by whom; None while none is set."""
    history = _days(inbox / set_id / LAST_DAY)
    return history[-1] if history else None


def _days(path: Path) -> list[dict[str, str]]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    known = found if isinstance(found, list) else []
    return [
        each
        for each in known
        if isinstance(each, dict) and all(isinstance(each.get(key), str) for key in ("dag", "satt", "av"))
    ]


def set_last_day(inbox: Path, set_id: str, day: str, *, by: str, now: datetime.datetime) -> None:
    """Decide the last day to deliver a set; earlier decisions stay in the file. NotDelivered when it is no date."""
    date = parse_date(day)
    if date is None:
        raise NotDelivered("Sista dagen ska vara ett datum, till exempel 2024-05-22.")
    folder = inbox / set_id
    entry = {"dag": date.isoformat(), "satt": now.strftime("%Y-%m-%d %H:%M"), "av": storable(by)}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with new_file(folder / LAST_DAY, replace=True) as temporary:
            text = json.dumps([*_days(folder / LAST_DAY), entry], ensure_ascii=False, indent=2)
            temporary.write_text(text, encoding="utf-8")
    except OSError as error:
        raise NotDelivered(
            f"Inkorgen går inte att skriva i: {reason(error)}. Säg till den som sköter servern."
        ) from None


def overview(inbox: Path, set_id: str, today: datetime.date | None = None) -> list[dict[str, Any]]:
    """Status of every nämnd that exists on the set's report date, with its versions, the latest last.

    saknas, or försenad when the last day has passed; lämnad, or lämnad sent when the first version came after it.
    """
    blankettset = catalog().blankettset(set_id)
    decided = last_day(inbox, set_id)
    limit = decided["dag"] if decided else "9999-12-31"
    date = (today or datetime.date.today()).isoformat()
    lying: dict[str, list[Delivery]] = {}
    for each in deliveries(inbox, set_id):
        lying.setdefault(each.namnd, []).append(each)
    rows = []
    for code, namnd in blankettset.namnder.items():
        if not namnd.exists_on(blankettset.report_date):
            continue
        versions = lying.get(code, [])
        if versions:
            status = DELIVERED if versions[0].tid[:10] <= limit else DELIVERED_LATE
        else:
            status = MISSING if date <= limit else LATE
        rows.append({
            "namnd": code,
            "namn": namnd.name,
            "status": status,
            "versioner": [{"version": each.version, "tid": each.tid, "av": each.av} for each in versions],
        })  # fmt: skip
    return rows
