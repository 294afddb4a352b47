"""Nyckeltal as pure functions: the same ones in workbook formulas, rules, consolidation and the Excel functions.

Amounts are Decimal in one and the same unit (mnkr where nothing else is said). A missing input is None, and a
nyckeltal that cannot be stated is None: never a silent zero.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import msgspec

from blankettset.workbook.calc.values import rounded


def kvot_procent(taljare: Decimal | None, namnare: Decimal | None) -> Decimal | None:
    """`taljare` / `namnare` in percent with one decimal (half away from zero).

    None when either is missing or `namnare` is zero.
    """
    if taljare is None or namnare is None or namnare == 0:
        return None
    return rounded(100 * taljare / namnare, 1, ROUND_HALF_UP)


def budgetfoljsamhet_fore(
    prognos: Decimal | None, budget: Decimal | None, prestationsforandring: Decimal = Decimal(0)
) -> Decimal | None:
    """Budgetföljsamhet before resultatöverföringar, percent with one decimal; above 100 is overspending.

    prognos / (budget + prestationsförändring); in VB the outcome stands for the forecast. None when prognos or
    budget is missing or the sum below is zero.
    Source: derived from 000:1584 ("budget samt prestationsförändring").
    """
    if budget is None:
        return None
    return kvot_procent(prognos, budget + prestationsforandring)


def budgetfoljsamhet_efter(
    prognos: Decimal | None,
    budget: Decimal | None,
    prestationsforandring: Decimal = Decimal(0),
    begarda_justeringar: Decimal = Decimal(0),
    forandring_fond: Decimal = Decimal(0),
) -> Decimal | None:
    """Budgetföljsamhet after resultatöverföringar, percent with one decimal; above 100 is overspending.

    (prognos + förändring av fond) / (budget + prestationsförändring + begärda budgetjusteringar).
    `forandring_fond` is what is set aside: plus when the units' funds grow and so cost the nämnd more. The T2
    2019 form prints it with the opposite sign ("- ökning"), 000:1879.
    Source: derived from 000:1582 and 000:1879-1880.
    """
    if prognos is None or budget is None:
        return None
    return kvot_procent(prognos + forandring_fond, budget + prestationsforandring + begarda_justeringar)


def prognossakerhet(utfall: Decimal | None, prognos_t2: Decimal | None) -> Decimal | None:
    """How far the outcome fell from the T2 forecast, percent with one decimal; plus when more was spent.

    (utfall - prognos T2) / prognos T2. None when either is missing or the forecast is zero. The documents print
    the indicator and its target (+/- 1 %, 000:1585, 003:1416) but not the base; the forecast as base is a guess,
    dated as parameter prognossakerhet.band with its note.
    """
    if utfall is None or prognos_t2 is None:
        return None
    return kvot_procent(utfall - prognos_t2, prognos_t2)


class Overforing(msgspec.Struct, frozen=True):
    """What a resultatenhet may carry over; all in the unit of the arguments, surplus positive."""

    till_nasta_ar: Decimal
    arets_grans: Decimal
    fondens_grans: Decimal
    over_arets_grans: Decimal
    over_fondens_grans: Decimal


def resultatoverforing(
    fran_foregaende: Decimal,
    resultat: Decimal,
    bruttobudget: Decimal,
    max_andel_ar: Decimal,
    max_andel_fond: Decimal,
) -> Overforing:
    """The transfer of a resultatenhet and how much of it exceeds the two limits (zero when within).

    Surplus is positive, deficit negative, `bruttobudget` positive. The year's own result may add at most
    `max_andel_ar` of it, and the accumulated surplus may be at most `max_andel_fond` of it. A deficit is carried
    over whole. Source: 000:1987, 002:1691, 003:2391.
    """
    till = fran_foregaende + resultat
    arets, fondens = max_andel_ar * bruttobudget, max_andel_fond * bruttobudget
    return Overforing(till, arets, fondens, max(resultat - arets, Decimal(0)), max(till - fondens, Decimal(0)))


def lokalbidrag(
    hyra: Decimal | None,
    yta: Decimal | None,
    golv: Decimal,
    tak: Decimal,
    andel_mellan: Decimal,
    andel_over: Decimal,
) -> Decimal | None:
    """Support for high rent, in tkr. `hyra` in kr per kvm and year, `yta` in kvm; None when either is missing.

    `andel_mellan` of the rent between `golv` and `tak`, `andel_over` of what exceeds `tak`; nothing below `golv`.
    Source: 000:2075 (80 % between 1 769 and 2 500 kr/kvm, 40 % above, year 2019).
    """
    if hyra is None or yta is None:
        return None
    mellan = max(min(hyra, tak) - golv, Decimal(0))
    over = max(hyra - tak, Decimal(0))
    return (andel_mellan * mellan + andel_over * over) * yta / 1000


def produkt(ena: Decimal | None, andra: Decimal | None) -> Decimal | None:
    """`ena` times `andra`, such as riskvärde from sannolikhet and konsekvens. None when either is missing.

    Source: riskvärde 12 or more enters the plan (003:2555); that it is the product is the usual reading.
    """
    return None if ena is None or andra is None else ena * andra


def differens(ena: Decimal | None, andra: Decimal | None) -> Decimal | None:
    """`ena` minus `andra`; None when either is missing, so that an unknown opening balance is not taken for zero."""
    return None if ena is None or andra is None else ena - andra


def summa_ifyllda(*delar: Decimal | None) -> Decimal | None:
    """The sum of the parts that are known; None without any, where a zero would say that there is nothing."""
    given = [part for part in delar if part is not None]
    return sum(given, Decimal(0)) if given else None


def summa_med_forsta(forsta: Decimal | None, *delar: Decimal | None) -> Decimal | None:
    """The sum of what is known, once the first part is: liabilities and equity say nothing without the equity."""
    return None if forsta is None else forsta + sum((part for part in delar if part is not None), Decimal(0))


def i_planen(riskvarde: Decimal | None, grans: Decimal) -> str | None:
    """Whether a process belongs in the internal control plan: "ja" from the limit. None without a risk value.

    Source: 003:2555, limit 12.
    """
    return None if riskvarde is None else "ja" if riskvarde >= grans else "nej"


def medel(*manader: Decimal | None) -> Decimal | None:
    """The mean of the months that are filled in; None without any. Zero counts, a blank does not.

    Source: 000:1939-1945, where months without figure (i.u.) are left out of Snitt.
    """
    given = [month for month in manader if month is not None]
    return sum(given, Decimal(0)) / len(given) if given else None


def prestationsforandring(
    antal_budget: Decimal | None, antal_avlast: Decimal | None, pris: Decimal | None
) -> Decimal | None:
    """What more or fewer children or insatser than budgeted mean for the budget, in mnkr; `pris` in kr a year.

    (avläst - budget) * pris / 1 000 000: plus raises the budget, minus is paid back. None when anything is missing.
    Source: 002:1600, 003:2243, 003:2298.
    """
    if antal_budget is None or antal_avlast is None or pris is None:
        return None
    return (antal_avlast - antal_budget) * pris / 1_000_000
