"""The STHLM functions as xlwings' own runtime calls them in the pane: a whole range of cells in one call.

What a function says of itself stands in templates/nyckeltal.yaml, and what it does in formelfunktioner.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

os.environ.setdefault("XLWINGS_LICENSE_KEY", "noncommercial")  # read by xlwings when it is imported

import xlwings
from xlwings.server import arg, custom_functions_call, func

from blankettset.addin.excel.formelfunktioner import FUNCTIONS
from blankettset.templates.catalog import catalog


def _described(name: str) -> Callable[..., Any]:
    """A function of the sheet: every argument arrives as rows of cells, so that a row and a column are not mixed up."""
    inner = FUNCTIONS[name]
    found = catalog().nyckeltal[name]

    @wraps(inner)
    def function(*cells: Any) -> Any:
        return inner(*cells)

    function.__name__, function.__doc__ = name, found.title
    for each in found.indata:
        function = arg(each.id, doc=each.note, ndim=2)(function)
    described: Callable[..., Any] = func(function)
    return described


for _name in FUNCTIONS:
    setattr(sys.modules[__name__], _name, _described(_name))


def call(said: Mapping[str, Any]) -> Any:
    """Rows of cells: the function `namn` of `argument`, each of them rows of cells or None where it was left out."""
    data = {"client": "Office.js", "version": xlwings.__version__, "func_name": str(said["namn"]), "args": list(said["argument"]),
            "caller_address": None, "culture_info_name": "sv-SE", "date_format": "åååå-MM-dd", "runtime": "1.4"}  # fmt: skip
    calling = custom_functions_call(data, module=sys.modules[__name__])
    try:
        calling.send(None)  # our functions wait for nothing, so the first step is the last
    except StopIteration as end:
        return end.value
    calling.close()
    raise RuntimeError(f"{said['namn']} gave no answer at once")
