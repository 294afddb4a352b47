"""The scripts that the pane and the ribbon call: thin, over the same code as the command line."""

from __future__ import annotations

import json
from typing import Any

import xlwings as xw
from xlwings.server import script

from addin.oppen_bok import check
from templates.errors import Refusal


@script
def validera(book: xw.Book, formler: Any = None, tidigare: Any = None) -> None:
    """Check the open workbook; the pane's visaFynd gets the result as JSON.

    The payload is read as it came: xlwings' own ranges are cached for the whole process by value, and 1 would be TRUE.
    """
    try:
        found = check(book.impl.api, formler or {}, tidigare or ())
    except Refusal as error:
        raise xw.XlwingsError(str(error)) from None
    book.app.macro("visaFynd")(json.dumps(found, ensure_ascii=False))
