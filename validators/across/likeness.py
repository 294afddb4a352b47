"""BF608 and BF609: what only shows when nämnder are laid side by side, a whole form in another unit or another's figures."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal

from blankettset.templates.model import MONEY_SCALE, Blankettset
from blankettset.validators.across.filed import Handed
from blankettset.validators.finding import Hit, Severity
from blankettset.validators.registry import declare
from blankettset.workbook.layout.start import starting_facts

FEWEST = 5  # figures that must be at hand on a form before anything is said of it

declare("BF609", title="Nämndernas belopp är i samma enhet", severity=Severity.VARNING, source="Rimlighet, vår gissning", doc="""
    BF609: En nämnds belopp är inte tusen gånger större eller mindre än de andra nämndernas, blankett för blankett.

    Givet minst två nämnder med belopp på samma rader
    När en nämnds belopp på en blankett, i mitten av sina kvoter mot nämndernas mittvärden (av två det mindre), är så många
    gånger större eller mindre som parametern rimlighet.samling_faktor säger
    Så frågas om hela blanketten, eller om alla, är i en annan enhet: stadens summor blir annars orimliga.
    Exempel: Bromma har fyllt i hela setet i tusental kronor, där de andra har miljoner.
    """)  # fmt: skip
declare("BF608", title="Varje nämnd har egna siffror", severity=Severity.VARNING, source="Rimlighet, vår gissning", doc="""
    BF608: Två nämnder, eller två enheter, har inte lämnat samma ifyllda belopp på en blankett.

    Givet en blankett med så många olika belopp som parametern rimlighet.samling_lika säger
    När två nämnder har exakt samma belopp i samma celler
    Så frågas om den ena har lämnat den andras blad.
    Exempel: Bladet Lokaler i Skärholmens fil är Brommas.
    """)  # fmt: skip

Figures = dict[tuple[str, str], Decimal]  # (row, column) -> what is filled in


def figures(blankettset: Blankettset, filed: Handed) -> dict[str, Figures]:
    """The figures that a nämnd has filled in, form by form; zeros and what the set begins with left out."""
    begun = starting_facts(blankettset)
    found: dict[str, Figures] = defaultdict(dict)
    for key, value in filed.inputs.items():
        if isinstance(value, Decimal) and value and begun.get(key) != value:
            found[key[0]][key[1], key[2]] = value
    return found


def compared(blankettset: Blankettset, filings: Sequence[Handed]) -> Iterator[tuple[str, str, Hit]]:
    """File, code and hit for what stands out among the filings."""
    all_figures = [figures(blankettset, filed) for filed in filings]
    yield from _units(blankettset, filings, all_figures)
    yield from _same(blankettset, filings, all_figures)


# ---- a whole form in another unit


def _units(
    blankettset: Blankettset, filings: Sequence[Handed], all_figures: Sequence[dict[str, Figures]]
) -> Iterator[tuple[str, str, Hit]]:
    factor = float(blankettset.parameter("rimlighet.samling_faktor"))
    middles = _middles(blankettset, all_figures)
    for filed, own in zip(filings, all_figures, strict=True):
        odd: dict[str, float] = {}
        judged = 0
        for form, amounts in own.items():
            ratio = _ratio(form, amounts, middles)
            judged += ratio is not None
            if ratio is not None and (ratio >= factor or ratio <= 1 / factor):
                odd[form] = ratio
        for forms in _together(odd, whole=len(odd) == judged):
            yield filed.file, "BF609", _odd(blankettset, filed, forms, [odd[form] for form in forms], judged)


def _together(odd: dict[str, float], *, whole: bool) -> Iterator[tuple[str, ...]]:
    """All forms as one cause when every one is odd, in the same direction; else each by itself."""
    if whole and len(odd) > 1 and len({ratio > 1 for ratio in odd.values()}) == 1:
        yield tuple(odd)
    else:
        yield from ((form,) for form in odd)


def _middles(
    blankettset: Blankettset, all_figures: Sequence[dict[str, Figures]]
) -> dict[tuple[str, str, str], list[float]]:
    """The amounts of all nämnder at each place where money is filled in, in tables."""
    found: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    for own in all_figures:
        for form_id, amounts in own.items():
            form = blankettset.blanketter[form_id]
            for (row, column), value in amounts.items():
                if not form.is_list and form.unit_at(row, column) in MONEY_SCALE:
                    found[form_id, row, column].append(abs(float(value)))
    return found


def _ratio(form: str, amounts: Figures, middles: dict[tuple[str, str, str], list[float]]) -> float | None:
    """The middle of the nämnd's ratios to the nämnder's middles; None where too little is at hand.

    Of an even number the lower middle: where two disagree the larger is asked about, tkr for mnkr being the usual slip.
    """
    ratios = []
    for (row, column), value in amounts.items():
        all_of_it = middles.get((form, row, column), ())
        if len(all_of_it) > 1:
            ratios.append(abs(float(value)) / statistics.median_low(all_of_it))
    return statistics.median(ratios) if len(ratios) >= FEWEST else None


def _odd(blankettset: Blankettset, filed: Handed, forms: tuple[str, ...], ratios: list[float], judged: int) -> Hit:
    ratio = statistics.median(ratios)
    how, much = ("större", ratio) if ratio > 1 else ("mindre", 1 / ratio)
    times = f"omkring {round(much, -2) if much < 10_000 else round(much, -5):,.0f} gånger {how} än de andras".replace(
        ",", " "
    )
    first = blankettset.blanketter[forms[0]]
    whole = len(forms) == judged and judged > 1
    what = "alla belopp" if whole else f"beloppen på {first.title}"
    unit = {"mnkr": "tkr", "tkr": "kr"}.get(first.unit, "en mindre enhet") if ratio > 1 else {"tkr": "mnkr", "kr": "tkr"}.get(
        first.unit, "en större enhet"
    )  # fmt: skip
    whose = f"{filed.namnd}, {filed.enhet}" if filed.enhet else filed.namnd
    return Hit(
        f"{whose} ({filed.file}): {what} är {times}: är de i {unit}{'' if whole else f' i stället för {first.unit}'}?",
        "Fråga nämnden. Stadens summor räknar med beloppen som de står.",
        form=None if whole else first.id,
        sheet=None if whole else first.sheet,
        found=f"{much:.0f} gånger {how}",
    )


# ---- the same figures from two


def _same(
    blankettset: Blankettset, filings: Sequence[Handed], all_figures: Sequence[dict[str, Figures]]
) -> Iterator[tuple[str, str, Hit]]:
    fewest = int(blankettset.parameter("rimlighet.samling_lika"))
    alike: dict[tuple[str, frozenset[tuple[tuple[str, str], Decimal]]], list[Handed]] = defaultdict(list)
    for filed, own in zip(filings, all_figures, strict=True):
        for form, given in own.items():
            if len(set(given.values())) >= fewest:
                alike[form, frozenset(given.items())].append(filed)
    together: dict[tuple[str, ...], list[tuple[str, int]]] = defaultdict(list)
    for (form, amounts), owners in alike.items():
        if len(owners) > 1:
            together[tuple(filed.file for filed in owners)].append((form, len(amounts)))
    by_file = {filed.file: filed for filed in filings}
    for files, forms in together.items():
        who = " och ".join(by_file[file].enhet or by_file[file].namnd for file in files)
        titles = ", ".join(blankettset.blanketter[form].title for form, _ in forms)
        first = blankettset.blanketter[forms[0][0]]
        single = len(forms) == 1
        yield files[-1], "BF608", Hit(
            f"{who} har lämnat samma {sum(count for _, count in forms)} belopp på {titles} ({', '.join(files)}).",
            "Fråga nämnderna om den ena har lämnat den andras blad. Stadens summor räknar med båda.",
            form=first.id if single else None,
            sheet=first.sheet if single else None,
            found=who,
        )  # fmt: skip
