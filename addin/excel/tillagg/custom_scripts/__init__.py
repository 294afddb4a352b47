"""The scripts that the pane and the ribbon call: thin, over the same code as the command line.

A payload is read as it came: xlwings' own ranges are cached for the whole process by value, and 1 would be TRUE.
"""

from __future__ import annotations

import json
from typing import Any

import xlwings as xw
from xlwings.server import script
from xlwings_server.config import settings
from xlwings_server.models import CurrentUser

from blankettset.addin.check.oppen_bok import check
from blankettset.addin.inbox import inlamning
from blankettset.templates.errors import Refusal, reason


def _answer(book: xw.Book, macro: str, work: Any) -> None:
    """Give the pane's callback the result as JSON, or the user one Swedish sentence."""
    try:
        found = work()
    except Refusal as error:
        raise xw.XlwingsError(str(error)) from None
    except OSError as error:
        raise xw.XlwingsError(
            f"Servern kan inte läsa eller skriva: {reason(error)}. Säg till den som sköter den."
        ) from None
    book.app.macro(macro)(json.dumps(found, ensure_ascii=False))


def _who(user: CurrentUser) -> inlamning.Who:
    logged_in = bool(settings.auth_providers)
    return (
        inlamning.Who(user.name or "okänd", tuple(user.roles)) if logged_in else inlamning.Who("den här datorn", None)
    )


@script
def validera(book: xw.Book, formler: Any = None, tidigare: Any = None) -> None:
    """Check the open workbook, against earlier ones if they were chosen."""
    _answer(book, "visaFynd", lambda: check(book.impl.api, formler or {}, tidigare or ()))


@script(include="_stampel")
def lamna_in(book: xw.Book, fil: Any = None, user: CurrentUser = None, tidigare: Any = None) -> None:
    """Deliver the saved workbook (namn, innehall as base64) to the inbox, compared with the earlier ones."""
    _answer(book, "visaInlamning", lambda: inlamning.hand_in(fil or {}, _who(user), earlier=tidigare or ()))


@script(include="_stampel")
def inkorg(book: xw.Book, blankettset: Any = None, user: CurrentUser = None) -> None:
    """Who has delivered: for SLK."""
    _answer(book, "visaInkorg", lambda: inlamning.inbox_status(str(blankettset or ""), _who(user)))


@script(include="_stampel")
def sista_dag(book: xw.Book, blankettset: Any = None, dag: Any = None, user: CurrentUser = None) -> None:
    """Set the last day to deliver: for SLK."""
    _answer(book, "visaInkorg", lambda: inlamning.decide_last_day(str(blankettset or ""), str(dag or ""), _who(user)))


@script(include="_stampel")
def konsolidera(book: xw.Book, blankettset: Any = None, user: CurrentUser = None, val: Any = None) -> None:
    """The consolidated workbook of the deliveries chosen, as base64: for SLK."""
    _answer(book, "oppnaStaden", lambda: inlamning.consolidated(str(blankettset or ""), _who(user), val))
