"""What workers do for the server: judge and store a delivery, judge a stored one again, consolidate. Plain values in and out."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from blankettset.addin.check.konsolidering import consolidate
from blankettset.addin.check.oppen_bok import listed
from blankettset.addin.inbox import inkorg
from blankettset.addin.inbox.bevis import Key
from blankettset.addin.inbox.inkorg import NotDelivered
from blankettset.addin.inbox.inlamning import Inbox, Who, deliver, earlier_of
from blankettset.templates.catalog import catalog
from blankettset.validators.validate import validate
from blankettset.workbook.read.bind import read_filled

DELIVERED = (
    "blankettset",
    "niva",
    "namnd",
    "enhet",
    "version",
    "tid",
    "av",
    "funktion",
    "slag",
    "kvitto",
    "innehall",
    "fil_sha256",
)


@lru_cache(maxsize=4)
def inbox_at(folder: Path, key: Path | None) -> Inbox:
    """The inbox, its key read once."""
    return Inbox(folder, Key(key) if key is not None else None)


def hand_in(
    folder: Path, key: Path | None, spooled: Path, name: str, who: Who, function: str, now: datetime.datetime
) -> dict[str, Any]:
    """Deliver the spooled file; what the pane shows, and what the log keeps under `logg`."""
    found, cover = deliver(inbox_at(folder, key), spooled.read_bytes(), name, who, now=now, function=function)
    answer = {each: getattr(found, each) for each in DELIVERED}
    log = {
        "set": found.blankettset,
        "namnd": found.namnd,
        "nr": found.nr,
        "version": found.version,
        "post": cover.pop("post"),
        "hash": found.fil_sha256,
    }
    return {**answer, "stampel": cover, "logg": log}


def open_delivery(folder: Path, key: Path | None, delivery: inkorg.Delivery) -> dict[str, Any]:
    """The findings of a stored delivery, judged again against the inbox's own latest. NotDelivered when it is broken."""
    if delivery.bruten:
        raise NotDelivered(delivery.bruten, "bruten")
    filled = read_filled(inkorg.path_of(folder, delivery), catalog())
    return listed(validate(filled, earlier_of(inbox_at(folder, key), filled)))


def consolidated(
    folder: Path, key: Path | None, set_id: str, wanted: Mapping[str, int] | None, target: Path
) -> dict[str, Any]:
    """The city's workbook at `target`, of the deliveries wanted or of every nämnd's latest, verified first."""
    found = inbox_at(folder, key).state(inkorg.known_set(set_id))
    files = inkorg.chosen(folder, found, wanted)
    outcome = consolidate(files, target, replace=False)
    receipts = {each.fil: each.fil_sha256 for each in found.deliveries}
    for filed in outcome.collection.filings:
        if receipts.get(filed.file) != filed.ticket.sha256:  # exchanged between the check and the reading
            raise NotDelivered(f"Filen {filed.file} är inte den som lämnades in. Inget konsolideras.", "bruten")
    return {
        "namn": f"staden_{set_id}.xlsx",
        "antal": len(outcome.collection.filings),
        "fel": outcome.errors,
        "saknas": list(outcome.collection.missing),
        "filer": [path.name for path in files],
    }
