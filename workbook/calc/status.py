"""Status of indicators, activities and goals as pure functions: proposals that stand beside what is reported.

Values are texts as printed ("85 %", "Max 10 personer"); statuses are the ids of templates/listor.yaml. The Excel
formulas in workbook.calc.form_functions say the same in Excel's words, so what a text means here is deliberately literal:
the row's own unit is taken away, and what then is no number gives no proposal. BF405 and BF408 tell of values that the
parser of workbook.calc.matvarde and this reading do not read alike.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from typing import Any

from blankettset.workbook.calc.matvarde import DOWN, UP

HELT, DELVIS, EJ, INGEN = "helt", "delvis", "ej", "ingen"
OKA, MINSKA = tuple(sorted(UP)), tuple(sorted(DOWN))
REPLACED = {" ": "", "\u00a0": "", "\u202f": "", "\u2009": "", "\n": "", "\u2212": "-", "\u2082": "2"}
AWAY = ("%", "PROCENT", "+/-", "±", "MAX.", "MAX", "HÖGST.", "HÖGST")
AVERAGES = (" per ", "genomsnitt", " möter ")  # words in the name of an indicator that make "Antal" no count
_PLAIN = re.compile(r"^[+-]?(\d+(,\d*)?|,\d+)$", re.ASCII)
_TRANSLATION = str.maketrans(REPLACED)

Text = str | Decimal | None


@lru_cache(maxsize=8192)
def matvarde_tal(text: Text, enhet: Text) -> Decimal | None:
    """The number in `text` when `enhet`, a percent sign, "+/-" and "Max" are taken away; None when none is left.

    "1 956,5 st" with enhet "st" is 1956.5; "Tas fram av nämnd" and "i.u." are None. Capitals, spaces and a full stop
    after the unit do not matter; a lone point is decimal. An Excel number stands for itself.
    """
    if text is None or isinstance(text, Decimal):
        return text
    plain = text.translate(_TRANSLATION).upper()
    unit = str(enhet or "").upper().replace(" ", "").replace(".", "")
    if unit:
        plain = plain.replace(unit + ".", "").replace(unit, "")
    for away in AWAY:
        plain = plain.replace(away, "")
    plain = plain.replace(".", ",")
    return Decimal(plain.replace(",", ".")) if _PLAIN.match(plain) else None


def ar_antal(namn: Text, enhet: Text) -> bool:
    """True for an indicator that counts: its unit is st or its name begins with Antal, and it is no average.

    "Antal barn per anställd" and "Antal personal en hemtjänsttagare möter" are averages.
    """
    name = str(namn or "").casefold()
    counts = name.startswith("antal") or str(enhet or "").casefold() == "st"
    return counts and not any(word in name for word in AVERAGES)


def forsta_matvarde(forst: Text, annars: Text, enhet: Text) -> Decimal | None:
    """The number in `forst`, or in `annars` when `forst` is blank: the nämnd's årsmål before kommunfullmäktige's."""
    return matvarde_tal(annars if forst is None or forst == "" else forst, enhet)


def bedomt_varde_st(prognos: Text, utfall: Text, enhet: Text) -> Decimal | None:
    """As bedomt_varde in layouts of 24 November 2026, which told a count only by its unit."""
    return None if prognos in (None, "") and enhet == "st" else forsta_matvarde(prognos, utfall, enhet)


def bedomt_varde(
    prognos: Text, utfall: Text, enhet: Text, namn: Text = None, riktning: Text = None, mal: Text = None
) -> Decimal | None:
    """What a tertial report judges: the year's forecast, else the outcome so far unless it is a count.

    A count of four months says nothing about the year (a share or an index does), but one that should be low and is
    already above its target `mal` cannot be met any more.
    """
    if (prognos is None or prognos == "") and ar_antal(namn, enhet):
        so_far = matvarde_tal(utfall, enhet)
        above = riktning == "lagre" and isinstance(mal, Decimal) and so_far is not None and so_far > mal
        return so_far if above else None
    return forsta_matvarde(prognos, utfall, enhet)


def indikatorstatus(
    varde: Decimal | None,
    mal: Decimal | None,
    arsmal: Text,
    kf_arsmal: Text,
    utfall_foregaende: Text,
    enhet: Text,
    riktning: Text,
    tolerans: Decimal,
) -> str:
    """helt, delvis, ej or ingen for a value against its target; both in the row's unit.

    `riktning` hogre: at least the target is helt, at most `tolerans` (a share of the target) short of it is delvis.
    lagre: at most the target. band: at most so far from zero ("+/- 1 %"). A target of öka or minska compares with
    `utfall_foregaende`, the outcome of the year before. ingen when anything needed is missing.
    Source: the scale is the city's (000:150, 003:187); the tolerance is parameter indikator.tolerans_delvis, a guess.
    """
    if varde is None:
        return INGEN
    if mal is None:
        wanted = str(kf_arsmal if arsmal is None or arsmal == "" else arsmal).casefold()
        before = matvarde_tal(utfall_foregaende, enhet)
        if before is None or wanted not in OKA + MINSKA:
            return INGEN
        return HELT if (varde > before if wanted in OKA else varde < before) else EJ
    if riktning == "hogre":
        short = mal - varde
    elif riktning == "lagre":
        short = varde - mal
    elif riktning == "band":
        short = abs(varde) - mal
    else:
        return INGEN
    return HELT if short <= 0 else DELVIS if short <= tolerans * abs(mal) else EJ


def aktivitetslage(status: Text, slut: Text, rapportdag: str) -> str | None:
    """klar, i_tid or forsenad for an activity; None while it has no status. Dates are ISO texts.

    Late is one that is not klar although its end date is on or before the report date.
    """
    if not status:
        return None
    if status == "klar":
        return "klar"
    return "forsenad" if isinstance(slut, str) and slut <= rapportdag else "i_tid"


Texts = tuple[Text, ...]


Columns = tuple[Texts, Texts, Texts, Texts, Texts, Texts, Texts]


def _below(nummer: Text, *columns: Texts) -> tuple[Text, ...]:
    """The statuses that decide a goal's: those of the goals one level down, else of its indicators and activities.

    `columns` are the goals' numbers and statuses, the indicators' goals, statuses and proposals, and the activities' goals
    and states. What lies below each goal is worked out once for as long as the same columns are asked about.
    """
    global _latest
    asked: Columns = columns  # type: ignore[assignment]
    known, found = _latest
    if len(known) != len(asked) or any(one is not other for one, other in zip(known, asked, strict=True)):
        found = _all_below(asked)
        _latest = (asked, found)
    return found.get(str(nummer), ())


_latest: tuple[tuple[Texts, ...], dict[str, tuple[Text, ...]]] = ((), {})


def _all_below(columns: Columns) -> dict[str, tuple[Text, ...]]:
    mal_nummer, mal_status, indikator_mal, indikator_status, indikator_forslag, aktivitet_mal, aktivitet_lage = columns
    goals: dict[str, list[Text]] = {}
    own: dict[str, list[Text]] = {}
    for number, status in zip(mal_nummer, mal_status, strict=True):
        above, dot, _ = str(number or "").rpartition(".")
        if dot and status in (HELT, DELVIS, EJ):
            goals.setdefault(above, []).append(status)
    for goal, status, proposed in zip(indikator_mal, indikator_status, indikator_forslag, strict=True):
        own.setdefault(str(goal), []).append(status or proposed)
    for goal, state in zip(aktivitet_mal, aktivitet_lage, strict=True):
        if state in ("klar", "forsenad"):
            own.setdefault(str(goal), []).append(HELT if state == "klar" else EJ)
    return {number: tuple(statuses) for number, statuses in {**own, **goals}.items()}


def under_helt(*below: Any) -> Decimal:
    """How much of what lies under a goal is fulfilled; takes what `malstatus` describes."""
    return Decimal(_below(*below).count(HELT))


def under_delvis(*below: Any) -> Decimal:
    """How much of what lies under a goal is partly fulfilled."""
    return Decimal(_below(*below).count(DELVIS))


def under_ej(*below: Any) -> Decimal:
    """How much of what lies under a goal is not fulfilled."""
    return Decimal(_below(*below).count(EJ))


def malstatus(helt: Decimal | None, delvis: Decimal | None, ej: Decimal | None) -> str:
    """A goal's status from how much below it is helt, delvis and ej: all helt, all ej, delvis between, ingen without any.

    Below a goal stand the goals one level down that have a reported status (2.3 below 2, not 2.3.1). Only where
    there are none do its own indicators (reported status before proposed) and activities (klar counts as helt,
    forsenad as ej) decide. Source: how the reports aggregate (000:1564-1836, 003:97, 003:201, 003:263).
    """
    counts = [count or 0 for count in (helt, delvis, ej)]
    if not sum(counts):
        return INGEN
    if not counts[1] + counts[2]:
        return HELT
    return EJ if not counts[0] + counts[1] else DELVIS
