"""Against kommunfullmäktige's goals and indicators of the year (BF310, BF311, BF318, BF323, BF324, BF326)."""

from __future__ import annotations

from collections.abc import Iterator

from blankettset.validators.filing import Filing
from blankettset.validators.finding import Hit, Severity
from blankettset.validators.registry import rule, varies
from blankettset.validators.rules.mal.rader import (
    AMOUNTS,
    GOALS,
    INDICATORS,
    Line,
    is_explained,
    label,
    lines,
    meaning,
    plain,
)
from blankettset.workbook.calc.matvarde import Slag, enhetens_namn
from blankettset.workbook.calc.status import ar_antal
from blankettset.workbook.layout.start import indicator_row


@rule(
    "BF310",
    title="KF:s mål och indikatorer finns med",
    many="{n} av KF:s mål eller indikatorer saknas eller är ändrade",
    severity=varies(Severity.VARNING, Severity.FEL),
    source="KF:s budget för året, så som nämndernas planer trycker den (templates/kf)",
)
def the_citys_goals_and_indicators_are_there(filing: Filing) -> Iterator[Hit]:
    """BF310: De mål och indikatorer som kommunfullmäktige har beslutat för året finns med i nämndens listor.

    Givet listorna Mål och Indikatorer för ett år vars KF-mål är kända
    När ett av KF:s mål eller en av KF:s indikatorer saknas (samma nummer, eller samma namn under samma mål), eller när ett av
    KF:s mål heter något annat än det beslutade
    Så varnas det (stoppas i VB).
    Exempel: Raden Sjukfrånvaro under 3.4 är borttagen.
    """
    if filing.set.blanketter[GOALS].kf_rows is None if GOALS in filing.set.blanketter else True:
        return
    goals = lines(filing, GOALS)
    numbered = {line.text("nummer"): line for line in goals}
    for goal in filing.set.kf.beslut.mal if goals else ():
        line = numbered.get(goal.nummer)
        if line is None:
            yield _missing(filing, GOALS, f"KF:s mål {goal.nummer} {goal.titel}")
        elif plain(line.text("titel")) != plain(goal.titel):
            yield filing.at(
                (GOALS, line.row, "titel"),
                f"mål {goal.nummer} heter »{line.text('titel')}» men KF har beslutat »{goal.titel}».",
                "Återställ KF:s mål. Nämndens egna mål får nummer under det, till exempel " + goal.nummer + ".1.",
                found=line.text("titel"),
                expected=goal.titel,
                follows_from_here=False,
            )
    indicators = lines(filing, INDICATORS)
    named = {(line.text("mal"), plain(line.text("indikator"))) for line in indicators}
    for indicator in filing.set.kf.beslut.indikatorer if indicators else ():
        if (indicator.mal, plain(indicator.namn)) not in named:
            yield _missing(filing, INDICATORS, f"KF:s indikator »{indicator.namn}» under mål {indicator.mal}")


def _missing(filing: Filing, form_id: str, what: str) -> Hit:
    form = filing.filled.forms[form_id]
    return Hit(
        f"{form.form.title}: {what} finns inte med.",
        "Lägg tillbaka raden, eller förklara varför den inte gäller nämnden.",
        form=form_id,
        sheet=form.sheet,
        found=what,
    )


@rule(
    "BF311",
    title="KF:s årsmål är det beslutade",
    many="{n} av KF:s årsmål är inte de beslutade",
    severity=Severity.FEL,
    source="KF:s budget för året, så som nämndernas planer trycker den (templates/kf)",
)
def the_citys_target_is_the_decided_one(filing: Filing) -> Iterator[Hit]:
    """BF311: KF:s årsmål för en KF-indikator är det som kommunfullmäktige har beslutat.

    Givet en rad i Indikatorer som är en av KF:s för året
    När KF:s årsmål är ett annat än det beslutade
    Så stoppas inlämningen. Skrivsätt med samma betydelse (95 %, 95%) godtas.
    Exempel: KF:s årsmål för trygghet är ändrat från 79 % till 75 %.
    """
    decided = {
        (indicator.mal, plain(indicator.namn)): indicator.arsmal for indicator in filing.set.kf.beslut.indikatorer
    }
    for line in lines(filing, INDICATORS):
        name = (line.text("mal"), plain(line.text("indikator")))
        if name not in decided:
            continue
        given, wanted = line.text("kf_arsmal"), decided[name] or ""
        unit = line.text("enhet")
        if meaning(given, unit) != meaning(wanted, unit):
            yield filing.at(
                (INDICATORS, line.row, "kf_arsmal"),
                f"KF:s årsmål är {given or 'tomt'} men beslutat är {wanted or 'inget årsmål'}.",
                f"Skriv {wanted}." if wanted else "Töm cellen. Nämndens eget mål skrivs i kolumnen Årsmål.",
                found=given,
                expected=wanted,
            )


@rule(
    "BF318",
    title="Årsmålet når KF:s",
    many="{n} årsmål är lägre ställda än KF:s",
    severity=Severity.UPPLYSNING,
    source="KF:s årsmål gäller staden; nämnden sätter sitt eget (002:316-325)",
)
def the_target_reaches_the_citys(filing: Filing) -> Iterator[Hit]:
    """BF318: En nämnds årsmål är minst så högt ställt som KF:s, där de går att jämföra.

    Givet en indikator med riktning vars årsmål och KF-årsmål är tal (också Max och +/-) i samma enhet
    När nämndens årsmål är lägre ställt än KF:s och inget sägs om det
    Så upplyses det. Antal och mängder (st, kr, GWh) jämförs inte: KF:s är hela stadens.
    Exempel: Årsmålet för trygghet är 74 % men KF:s 79 %.
    """
    for line in lines(filing, INDICATORS):
        own, decided = line.value("arsmal"), line.value("kf_arsmal")
        if own is None or decided is None or own.tal is None or decided.tal is None:
            continue
        unit = meaning(own.text, line.text("enhet"))[2]
        amount = unit in AMOUNTS or ar_antal(line.text("indikator"), line.text("enhet"))
        if amount or unit != meaning(decided.text, line.text("enhet"))[2]:
            continue
        lower = own.tal < decided.tal if line.text("riktning") == "hogre" else own.tal > decided.tal
        if (INDICATORS, line.row, "kf_arsmal") in filing.blamed:
            continue
        if line.text("riktning") in ("hogre", "lagre", "band") and lower and not is_explained(line):
            yield filing.at(
                (INDICATORS, line.row, "arsmal"),
                f"årsmålet {own.text} är lägre ställt än KF:s {decided.text}.",
                "Inget behöver göras. Skriv gärna på raden varför nämnden ligger på en annan nivå.",
                found=own.text,
                expected=decided.text,
                follows_from_here=False,
            )


COMPARED = ("enhet", "riktning", "konsuppdelad", "periodicitet", "period")


@rule(
    "BF323",
    title="KF:s indikatorer mäts som KF har bestämt",
    many="{n} av KF:s indikatorer mäts inte som KF har bestämt",
    severity=Severity.VARNING,
    source="KF:s budget för året, så som nämndernas planer trycker den (templates/kf); riktningen är vår läsning",
)
def the_citys_indicators_are_measured_as_decided(filing: Filing) -> Iterator[Hit]:
    """BF323: En KF-indikator har KF:s enhet, riktning, periodicitet och könsuppdelning.

    Givet en rad i Indikatorer som är en av KF:s för året
    När enhet, riktning, period eller könsuppdelning är en annan än den som raden skapades med
    Så varnas det, en gång för raden: statusen räknas annars åt fel håll, eller utfallet efterfrågas inte.
    Exempel: Sjukfrånvaro har riktningen Högre är bättre.
    """
    decided = {(indicator.mal, plain(indicator.namn)): indicator for indicator in filing.set.kf.beslut.indikatorer}
    for line in lines(filing, INDICATORS):
        indicator = decided.get((line.text("mal"), plain(line.text("indikator"))))
        if indicator is None:
            continue
        wanted = indicator_row(filing.set, indicator)
        odd = [c for c in COMPARED if c in line.columns and _measured_otherwise(line, c, wanted.get(c))]
        if not odd:
            continue
        columns = filing.set.blanketter[INDICATORS].column_by_id
        said = ", ".join(
            f"{columns[c].name} {label(filing, line, c, line.text(c)) or 'tomt'} i stället för "
            f"{label(filing, line, c, wanted[c] or '')}"
            for c in odd
        )
        yield filing.at(
            (INDICATORS, line.row, odd[0]),
            f"KF:s indikator är inte som KF har bestämt: {said}.",
            "Återställ raden, eller förklara varför nämnden mäter på ett annat sätt.",
            found=line.text(odd[0]),
            expected=wanted[odd[0]],
            related=tuple((INDICATORS, line.row, c) for c in odd[1:]),
            follows_from_here=False,
        )


def _measured_otherwise(line: Line, column: str, wanted: str | None) -> bool:
    if wanted is None:
        return False
    given = line.text(column)
    if column == "enhet":
        return enhetens_namn(given, given) != enhetens_namn(wanted, wanted)
    return plain(given) != plain(wanted)


@rule(
    "BF324",
    title="Utan mätning finns inget årsmål",
    many="{n} indikatorer har ett årsmål fast de inte mäts",
    severity=Severity.VARNING,
    source="000:676 (ingen mätning, inget årsmål, ingen prognos), 002:432",
)
def without_measurement_there_is_no_target(filing: Filing) -> Iterator[Hit]:
    """BF324: Anger KF att en indikator inte mäts, sätter nämnden inget årsmål som tal.

    Givet en indikator vars KF-årsmål är -
    När nämndens årsmål är ett tal
    Så varnas det.
    Exempel: KF:s årsmål är - men nämndens 91 %.
    """
    for line in lines(filing, INDICATORS):
        own, decided = line.value("arsmal"), line.value("kf_arsmal")
        if decided is not None and decided.slag is Slag.INGET and own is not None and own.tal is not None:
            yield filing.at(
                (INDICATORS, line.row, "arsmal"),
                f"KF anger att indikatorn inte mäts ({decided.text}) men årsmålet är {own.text}.",
                "Ta bort årsmålet, eller förklara hur det ska följas upp.",
                found=own.text,
                expected=decided.text,
                follows_from_here=False,
            )


@rule(
    "BF326",
    title="KF:s mål för året är fastställda",
    severity=Severity.UPPLYSNING,
    source="KF:s budget för året; »blankett kf» läser in den i stadens mapp",
)
def the_citys_plan_is_decided(filing: Filing) -> Iterator[Hit]:
    """BF326: Kommunfullmäktiges mål och indikatorer för året är inlästa.

    Givet ett set som börjar med kommunfullmäktiges mål och indikatorer
    När årets plan inte är inläst, så att raderna är ett tidigare års, utan årsmål
    Så upplyses det en gång. Inget bedöms mot planen (BF310, BF311 och BF323 tiger) tills den är inläst.
    Exempel: Setet 2026-T1 börjar med 2024 års mål.
    """
    plan = filing.set.kf
    begun = [form for form in filing.forms() if form.form.kf_rows is not None]
    if not plan.faststalld and begun:
        yield Hit(
            f"Kommunfullmäktiges mål och indikatorer för {filing.set.year} är inte inlästa: raderna är {plan.ar} års, utan "
            "årsmål, och bedöms inte mot någon plan.",
            "Inget behöver göras i arbetsboken. Staden läser in planen med »blankett kf».",
            form=begun[0].form.id,
            sheet=begun[0].sheet,
            found=str(plan.ar),
            expected=str(filing.set.year),
        )
