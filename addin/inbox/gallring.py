"""Retention: whole sets are removed from the inbox after a decision, and the inbox keeps proof of what they held."""

from __future__ import annotations

import datetime
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from blankettset.addin.inbox import inkorg
from blankettset.addin.inbox.bevis import removed
from blankettset.addin.inbox.durable import alone_in, sync_folder
from blankettset.addin.inbox.inkorg import NotDelivered
from blankettset.addin.inbox.inlamning import Inbox
from blankettset.addin.inbox.ledger import Entry, Ledger, append
from blankettset.templates.catalog import catalog

GALLRING, GOING = "gallring", ".gallras-"


def due(inbox: Path, before: datetime.date) -> list[str]:
    """The sets in the inbox whose report date is before a day."""
    levels = dict(catalog().sets.keys())
    known = [each for each in inkorg.sets_in(inbox) if each in levels and not each.startswith(GOING)]
    dates = {each: catalog().blankettset(each, levels[each]).report_date for each in known}
    return [each for each in known if dates[each] < before.isoformat()]


def dry_run(inbox: Inbox, before: datetime.date) -> Iterator[str]:
    """What would be removed, a sentence a set."""
    for set_id in due(inbox.folder, before):
        found = inbox.state(set_id)
        names = sorted({each.namnd for each in found.deliveries})
        yield f"{set_id}: {len(found.deliveries)} inlämningar från {len(names)} nämnder ({', '.join(names)})."


def remove(inbox: Inbox, before: datetime.date, decision: str, now: datetime.datetime) -> list[str]:
    """Remove what is due, after writing in the inbox's own ledger what it held. NotDelivered without a decision.

    Cut off anywhere, it is finished when run again: the entry is written first, the folder renamed, then removed.
    """
    if not decision.strip():
        raise NotDelivered("Ange gallringsbeslutet, till exempel --beslut »dnr 1.2-345/2026».", "beslut")
    done = []
    with alone_in(inbox.folder):
        for left in inbox.folder.glob(f"{GOING}*"):
            shutil.rmtree(left)
        gone = removed(inbox.folder, inbox.signer)
        for set_id in due(inbox.folder, before):
            found = inbox.state(set_id)
            if found.breaks:
                raise NotDelivered(f"{set_id} gallras inte: {found.breaks[0]} Red ut det först.", "bruten")
            if set_id not in gone:
                files = [
                    {"fil": each.fil, "sha256": each.fil_sha256, "version": each.version, "namnd": each.namnd}
                    for each in found.deliveries
                ]
                facts = {
                    "blankettset": set_id,
                    "beslut": decision.strip(),
                    "filer": files,
                    "liggarens_sista": found.ledger.head,
                }
                entry = Entry(0, GALLRING, now.strftime("%Y-%m-%d %H:%M"), "", "drift", "", facts)
                append(inbox.folder, partial(_same, entry), inbox.signer)
            going = inbox.folder / f"{GOING}{set_id}"
            (inbox.folder / set_id).rename(going)
            sync_folder(inbox.folder)
            shutil.rmtree(going)
            done.append(set_id)
    return done


def _same(entry: Entry, _: Ledger) -> Entry:
    return entry
