"""The STHLM functions as xlwings-server sees them: bare signatures. What they say of themselves is templates/nyckeltal.yaml."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from xlwings.server import arg, func

from blankettset.addin.excel import formelfunktioner as f
from blankettset.templates.catalog import catalog


def described(function: Callable[..., Any]) -> Any:
    """A function of the add-in: every argument arrives as rows of cells, so that a row and a column are not mixed up."""
    found = catalog().nyckeltal[function.__name__]
    function.__doc__ = found.title
    for each in found.indata:
        function = arg(each.id, doc=each.note, ndim=2)(function)
    return func(function)


@described
def BUDGETFOLJSAMHET(prognos: Any, budget: Any, prestationsforandring: Any = None, justeringar: Any = None, fond: Any = None):  # fmt: skip
    return f.budgetfoljsamhet(prognos, budget, prestationsforandring, justeringar, fond)


@described
def PROGNOSSAKERHET(utfall: Any, prognos_t2: Any):
    return f.prognossakerhet(utfall, prognos_t2)


@described
def INDIKATORSTATUS(utfall: Any, prognos: Any, arsmal: Any, riktning: Any, enhet: Any = None, kf_arsmal: Any = None, utfall_foregaende: Any = None, ar: Any = None, indikator: Any = None):  # fmt: skip
    return f.indikatorstatus(utfall, prognos, arsmal, riktning, enhet, kf_arsmal, utfall_foregaende, ar, indikator)


@described
def MALSTATUS(statusar: Any):
    return f.malstatus(statusar)


@described
def AVVIKELSE(budget: Any, prognos: Any, justeringar: Any = None, prestationsforandring: Any = None):
    return f.avvikelse(budget, prognos, justeringar, prestationsforandring)


@described
def RESULTATOVERFORING(fran_foregaende: Any, resultat: Any, bruttobudget: Any, ar: Any = None):
    return f.resultatoverforing(fran_foregaende, resultat, bruttobudget, ar)


@described
def LOKALBIDRAG(hyra: Any, yta: Any, ar: Any = None):
    return f.lokalbidrag(hyra, yta, ar)


@described
def PRESTATIONSERSATTNING(antal_budget: Any, antal_avlast: Any, ersattning: Any):
    return f.prestationsersattning(antal_budget, antal_avlast, ersattning)


@described
def RISKVARDE(sannolikhet: Any, konsekvens: Any):
    return f.riskvarde(sannolikhet, konsekvens)


@described
def TOLKA(varde: Any):
    return f.tolka_varde(varde)


@described
def FORKLARA(namn: Any, ar: Any = None, indata: Any = None):
    return f.forklara(namn, ar, indata)
