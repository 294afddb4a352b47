"""The STHLM functions as xlwings-server sees them: names, Swedish descriptions, and nothing of their own."""

from __future__ import annotations

from typing import Any

from xlwings.server import arg, func

from addin import formelfunktioner as f


def area(name: str, doc: str) -> Any:
    """An argument that always arrives as rows of cells, so that a row and a column are not mixed up."""
    return arg(name, doc=doc, ndim=2)


YEAR = "År vars gränser gäller, till exempel 2024; utelämnat tas de senaste."


@func
@area("prognos", "Prognos (i bokslutet utfall), mnkr. Ett tal eller ett område.")
@area("budget", "Budget, mnkr.")
@area("prestationsforandring", "Prestationsförändring, mnkr; tom är noll.")
@area("justeringar", "Begärda budgetjusteringar, mnkr; tom är noll.")
@area("fond", "Förändring av fond, plus när fonderna växer; tom är noll.")
def BUDGETFOLJSAMHET(prognos: Any, budget: Any, prestationsforandring: Any = None, justeringar: Any = None, fond: Any = None):  # fmt: skip
    """Budgetföljsamhet i procent med en decimal; över 100 är överskridande."""
    return f.budgetfoljsamhet(prognos, budget, prestationsforandring, justeringar, fond)


@func
@area("utfall", "Utfall i bokslutet, mnkr.")
@area("prognos_t2", "Prognos i T2, mnkr.")
def PROGNOSSAKERHET(utfall: Any, prognos_t2: Any):
    """Så mycket utfallet avviker från prognosen i T2, i procent; plus när mer har använts."""
    return f.prognossakerhet(utfall, prognos_t2)


@func
@area("utfall", "Periodens utfall som i rapporten: 85 %, 12 st. Ett värde eller en hel kolumn.")
@area("prognos", "Prognos för helåret; tom när den inte finns.")
@area("arsmal", "Nämndens årsmål: 80 %, öka, Max 10 personer.")
@area("riktning", "Högre är bättre, Lägre är bättre, Inom intervall eller Ingen riktning.")
@area("enhet", "Enheten så som den skrivs i värdena: %, st, GWh.")
@area("kf_arsmal", "KF:s årsmål; gäller när nämndens är tomt.")
@area("utfall_foregaende", "Förra årets utfall; behövs för målen öka och minska.")
@area("ar", YEAR)
def INDIKATORSTATUS(utfall: Any, prognos: Any, arsmal: Any, riktning: Any, enhet: Any = None, kf_arsmal: Any = None, utfall_foregaende: Any = None, ar: Any = None):  # fmt: skip
    """Förslag till status för indikatorer: Uppfylls helt, delvis, ej eller Ingen. Hela kolumner ger en kolumn."""
    return f.indikatorstatus(utfall, prognos, arsmal, riktning, enhet, kf_arsmal, utfall_foregaende, ar)


@func
@area("statusar", "Ett område med statusar för det som ligger under målet.")
def MALSTATUS(statusar: Any):
    """Förslag till ett måls status: alla helt ger helt, alla ej ger ej, annars delvis."""
    return f.malstatus(statusar)


@func
@area("budget", "Budget, mnkr.")
@area("prognos", "Prognos, mnkr.")
@area("justeringar", "Begärda budgetjusteringar, mnkr; tom är noll.")
@area("prestationsforandring", "Prestationsförändring, mnkr; tom är noll.")
def AVVIKELSE(budget: Any, prognos: Any, justeringar: Any = None, prestationsforandring: Any = None):
    """Budget med justeringar och prestationsförändring minus prognos; plus är överskott."""
    return f.avvikelse(budget, prognos, justeringar, prestationsforandring)


@func
@area("fran_foregaende", "Överföring från föregående år, överskott plus.")
@area("resultat", "Årets resultat, överskott plus.")
@area("bruttobudget", "Enhetens bruttobudget i samma enhet.")
@area("ar", YEAR)
def RESULTATOVERFORING(fran_foregaende: Any, resultat: Any, bruttobudget: Any, ar: Any = None):
    """En resultatenhets överföring till nästa år, vad som är över årets gräns och över fondens gräns (tre celler)."""
    return f.resultatoverforing(fran_foregaende, resultat, bruttobudget, ar)


@func
@area("hyra", "Hyra i kr per kvm och år.")
@area("yta", "Yta i kvm.")
@area("ar", YEAR)
def LOKALBIDRAG(hyra: Any, yta: Any, ar: Any = None):
    """Bidrag för hög hyra, i tkr."""
    return f.lokalbidrag(hyra, yta, ar)


@func
@area("antal_budget", "Antal barn eller insatser som budgeten bygger på.")
@area("antal_avlast", "Antal vid avläsning.")
@area("ersattning", "Ersättning i kr per år.")
def PRESTATIONSERSATTNING(antal_budget: Any, antal_avlast: Any, ersattning: Any):
    """Prestationsförändringen i mnkr; plus ökar budgeten, minus betalas tillbaka."""
    return f.prestationsersattning(antal_budget, antal_avlast, ersattning)


@func
@area("sannolikhet", "Sannolikhet.")
@area("konsekvens", "Konsekvens.")
def RISKVARDE(sannolikhet: Any, konsekvens: Any):
    """Sannolikhet gånger konsekvens."""
    return f.riskvarde(sannolikhet, konsekvens)


@func
@area("varde", "Ett värde som i rapporten: 1 956,5 st, +/- 1 %, Max 10 personer, öka.")
def TOLKA(varde: Any):
    """Talet, enheten och slaget av ett värde (tre celler)."""
    return f.tolka_varde(varde)


@func
@area("namn", "Nyckeltalets namn, till exempel BUDGETFOLJSAMHET.")
@area("ar", YEAR)
def FORKLARA(namn: Any, ar: Any = None):
    """Formeln bakom ett nyckeltal, parametrarna med datum och källa, och formelns källa (tre celler)."""
    return f.forklara(namn, ar)
