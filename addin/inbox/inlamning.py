"""What the pane's buttons Lämna in, Inkorg and Konsolidera do, for whom. Knows nothing of xlwings."""

from __future__ import annotations

import base64
import datetime
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from blankettset.addin.check.konsolidering import consolidate
from blankettset.addin.check.oppen_bok import sent_file, sent_workbooks
from blankettset.addin.inbox.inkorg import (
    COVER,
    SLK,
    NotDelivered,
    chosen,
    deliver,
    inbox_from_environment,
    last_day,
    latest,
    overview,
    set_last_day,
    stamp,
)
from blankettset.templates.catalog import catalog
from blankettset.templates.errors import UnknownSet
from blankettset.workbook.read.bind import read_filled


class Who(msgspec.Struct, frozen=True):
    """The user. `roles` is None on a machine without logins, where everything is allowed."""

    name: str
    roles: tuple[str, ...] | None

    @property
    def is_slk(self) -> bool:
        """True for the city's centre, and where there are no logins."""
        return self.roles is None or SLK in self.roles


def hand_in(
    sent: Mapping[str, Any], who: Who, now: datetime.datetime | None = None, earlier: Sequence[Mapping[str, str]] = ()
) -> dict[str, Any]:
    """Deliver the file that the pane sent: namn, innehall as base64, and av where nobody is logged in.

    `earlier` are the earlier workbooks that the pane compared with, so that the same explanations hold. The answer says
    what the open workbook's cover sheet shall say too.
    """
    name, data = sent_file(sent, "arbetsboken.xlsx")
    given = sent if isinstance(sent, Mapping) else {}
    by = (str(given.get("av") or "").strip()[:80] if who.roles is None else who.name) or "ej angivet"
    moment = now or datetime.datetime.now()
    previous = sent_workbooks(earlier)
    inbox = inbox_from_environment()
    found = deliver(inbox, data, name, by=by, now=moment, roles=who.roles, previous=previous)
    filled = read_filled(data, catalog(), name=name)
    texts = stamp(filled, found.tid, found.av, found.innehall)
    return {
        **msgspec.structs.asdict(found),
        "kvitto": found.innehall[:16],
        "stampel": {"blad": filled.forms[COVER].sheet, "celler": texts},
    }


def _known(set_id: str) -> str:
    """The set's id if there is such a set for nämnder: what comes from a request never becomes a path unchecked."""
    try:
        catalog().periods.info(set_id, "namnd")
    except UnknownSet:
        raise NotDelivered("Välj ett av stadens blankettset.") from None
    return set_id


def inbox_status(set_id: str, who: Who) -> dict[str, Any]:
    """Every nämnd's status for a set, the last day, and which sets there are. Only SLK sees all."""
    _require_slk(who, "Inkorgen visas bara för stadsledningskontoret.")
    inbox = inbox_from_environment()
    year = datetime.date.today().year
    sets = [info.id for info in catalog().periods.every(year + 1) if info.level == "namnd"]
    chosen_set = (
        _known(set_id) if set_id else next((each for each in reversed(sets) if (inbox / each).is_dir()), sets[-1])
    )
    return {
        "blankettset": chosen_set,
        "set": sets,
        "sista_dag": last_day(inbox, chosen_set),
        "rader": overview(inbox, chosen_set),
    }


def decide_last_day(set_id: str, day: str, who: Who, now: datetime.datetime | None = None) -> dict[str, Any]:
    """SLK sets the last day to deliver a set; answers with the inbox as it then is."""
    _require_slk(who, "Bara stadsledningskontoret bestämmer sista dagen.")
    set_last_day(inbox_from_environment(), _known(set_id), day, by=who.name, now=now or datetime.datetime.now())
    return inbox_status(set_id, who)


def _require_slk(who: Who, otherwise: str) -> None:
    if not who.is_slk:
        raise NotDelivered(otherwise)


def _wanted(sent: Any) -> dict[str, int] | None:
    """Nämnd -> version as the pane sent them; None when it sent no choice."""
    if sent is None:
        return None
    try:
        return {str(each["namnd"]): int(each["version"]) for each in sent}
    except (KeyError, TypeError, ValueError):
        raise NotDelivered("Valet av nämnder kom inte fram. Visa inkorgen och välj igen.") from None


def consolidated(set_id: str, who: Who, wanted: Any = None) -> dict[str, Any]:
    """The city's workbook of the deliveries chosen (a list of namnd and version), or of every nämnd's latest."""
    _require_slk(who, "Bara stadsledningskontoret konsoliderar.")
    inbox, choice = inbox_from_environment(), _wanted(wanted)
    files = list(latest(inbox, _known(set_id)).values()) if choice is None else chosen(inbox, _known(set_id), choice)
    if not files:
        raise NotDelivered(
            f"Ingen nämnd har lämnat {set_id}." if choice is None else "Välj minst en nämnd att konsolidera."
        )
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / f"staden_{set_id}.xlsx"
        outcome = consolidate(files, target, replace=False)
        return {
            "namn": target.name,
            "antal": len(outcome.collection.filings),
            "fel": outcome.errors,
            "saknas": list(outcome.collection.missing),
            "innehall": base64.b64encode(target.read_bytes()).decode(),
        }
