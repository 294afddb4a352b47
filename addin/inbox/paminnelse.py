"""A reminder to those who have not delivered: a list to copy, a link that opens a letter, and the letter as a file. Nothing is sent."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from email.message import EmailMessage
from typing import Any
from urllib.parse import quote

from blankettset.addin.inbox.inkorg import MISSING, OVERDUE, RETURNED, State, overview

_ADDRESS = re.compile(r"[^\s@<>,;:\"]+@[^\s@<>,;:\"]+")


def reminder(now: State, today: datetime.date, addresses: Mapping[str, str]) -> dict[str, Any]:
    """Those whose delivery is missing or sent back, and the letter to them. `addresses` are function mailboxes by nämnd."""
    rows = [row for row in overview(now, today) if row["status"] in (MISSING, OVERDUE, RETURNED)]
    known = {row["namnd"]: addresses.get(row["namnd"], "") for row in rows}
    receivers = [each for each in known.values() if _ADDRESS.fullmatch(each)]
    limit = (
        f" Sista dag {'var' if now.last_day['dag'] < today.isoformat() else 'är'} {now.last_day['dag']}."
        if now.last_day
        else ""
    )
    subject = f"Blankettset {now.blankettset}: inlämning saknas"
    text = (
        f"Hej!\n\nStadsledningskontoret saknar er inlämning av blankettsetet {now.blankettset}.{limit} "
        "Kontrollera arbetsboken med Validera och lämna in den. Är något oklart, svara på det här brevet.\n"
    )
    missing = [
        {"namnd": row["namnd"], "namn": row["namn"], "status": row["status"], "adress": known[row["namnd"]]}
        for row in rows
    ]
    return {
        "saknas": missing,
        "lista": "\n".join(
            ", ".join(filter(None, (f"{m['namn']} ({m['namnd']})", m["status"], m["adress"]))) for m in missing
        ),
        "mailto": f"mailto:?bcc={quote(','.join(receivers), safe='@,')}&subject={quote(subject)}&body={quote(text)}",
        "eml": _letter(receivers, subject, text),
    }


def _letter(receivers: list[str], subject: str, text: str) -> str:
    letter = EmailMessage()
    letter["Subject"] = subject
    letter["Bcc"] = ", ".join(receivers)
    letter["X-Unsent"] = "1"  # opens as a draft
    letter.set_content(text)
    return letter.as_string()
