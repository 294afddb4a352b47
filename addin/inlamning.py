"""What the pane's buttons Lämna in, Inkorg and Konsolidera do, for whom. Knows nothing of xlwings."""

from __future__ import annotations

import base64
import datetime
import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any

import msgspec

from addin.inkorg import SLK, NotDelivered, deliver, inbox_from_environment, latest, overview
from addin.konsolidering import consolidate
from templates.catalog import catalog


class Who(msgspec.Struct, frozen=True):
    """The user. `roles` is None on a machine without logins, where everything is allowed."""

    name: str
    roles: tuple[str, ...] | None

    @property
    def is_slk(self) -> bool:
        """True for the city's centre, and where there are no logins."""
        return self.roles is None or SLK in self.roles


def hand_in(sent: Mapping[str, Any], who: Who, now: datetime.datetime | None = None) -> dict[str, Any]:
    """Deliver the file that the pane sent: namn, innehall as base64, and av where nobody is logged in."""
    name = PurePath(str(sent.get("namn") or "arbetsboken.xlsx").replace("\\", "/")).name
    try:
        data = base64.b64decode(sent["innehall"], validate=True)
    except (KeyError, TypeError, ValueError):
        raise NotDelivered(f"{name} kom inte fram hel från Excel. Spara arbetsboken och försök igen.") from None
    by = str(sent.get("av") or "").strip()[:80] if who.roles is None else who.name
    moment = now or datetime.datetime.now()
    found = deliver(inbox_from_environment(), data, name, by=by or "ej angivet", now=moment, roles=who.roles)
    return {**msgspec.structs.asdict(found), "kvitto": found.innehall[:16]}


def _known(set_id: str) -> str:
    """The set's id if there is such a set for nämnder: what comes from a request never becomes a path unchecked."""
    if (set_id, "namnd") not in catalog().sets:
        raise NotDelivered("Välj ett av stadens blankettset.")
    return set_id


def inbox_status(set_id: str, who: Who) -> dict[str, Any]:
    """Every nämnd's status for a set, and which sets there are. Only SLK sees all."""
    if not who.is_slk:
        raise NotDelivered("Inkorgen visas bara för stadsledningskontoret.")
    inbox = inbox_from_environment()
    sets = sorted(each for each, level in catalog().sets if level == "namnd")
    chosen = _known(set_id) if set_id else next((each for each in reversed(sets) if (inbox / each).is_dir()), sets[-1])
    return {"blankettset": chosen, "set": sets, "rader": overview(inbox, chosen)}


def consolidated(set_id: str, who: Who) -> dict[str, Any]:
    """The city's workbook of the latest deliveries."""
    if not who.is_slk:
        raise NotDelivered("Bara stadsledningskontoret konsoliderar.")
    files = list(latest(inbox_from_environment(), _known(set_id)).values())
    if not files:
        raise NotDelivered(f"Ingen nämnd har lämnat {set_id}.")
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
