"""BF31x-BF32x: goals, indicators and activities: what belongs together, what must be said, what the figures say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

import msgspec

from validators.filing import Filing
from validators.finding import Hit, Severity
from validators.registry import rule, varies
from workbook.matvarde import Matvarde, Slag, enhetens_namn, tolka
from workbook.start import indicator_row
from workbook.status import DELVIS, EJ, HELT, INGEN, ar_antal

GOALS, UNIT_GOALS, INDICATORS, ACTIVITIES = "mal", "enhetsmal", "indikatorer", "aktiviteter"
JUDGED = (HELT, DELVIS, EJ)
UNSET = (Slag.INGET, Slag.SENARE, Slag.NAMND, Slag.UPPGIFT_SAKNAS)  # what is no target that the nämnd has set
AMOUNTS = ("tkr", "mnkr", "kr", "GWh")  # units of which the city's target is the sum of everybody's


class Line(msgspec.Struct, frozen=True):
    """One filled row of a list form: its number and the texts in its columns, without space around them."""

    form: str
    row: str
    texts: Mapping[str, str]
    columns: frozenset[str]
    told: dict[str, Matvarde | None] = msgspec.field(default_factory=dict)  # values that have been read once

    def text(self, column: str) -> str:
        """The text in a column, empty when there is none."""
        return self.texts.get(column, "")

    def value(self, column: str) -> Matvarde | None:
        """What a column's value says, read with the indicator's own unit; None when there is none."""
        if column not in self.told:
            text = self.texts.get(column)
            self.told[column] = tolka(text, self.texts.get("enhet", "")) if text else None
        return self.told[column]


def lines(filing: Filing, form_id: str) -> list[Line]:
    """The filled rows of a list form that can be judged; none when the set lacks it or it is empty."""
    found: list[Line] | None = filing.memory.get(("rader", form_id))
    if found is None:
        found = filing.memory["rader", form_id] = _lines(filing, form_id)
    return found


def _lines(filing: Filing, form_id: str) -> list[Line]:
    form = next((f for f in filing.judged() if f.form.id == form_id), None)
    if form is None:
        return []
    columns = frozenset(form.form.column_by_id)
    texts: dict[str, dict[str, str]] = {row: {} for row in form.items}
    for (row, column), cell in form.cells.items():
        if isinstance(cell.value, str) and row in texts:
            texts[row][column] = cell.value.strip()
    return [Line(form_id, row, found, columns) for row, found in texts.items()]


def _same(text: str) -> str:
    return " ".join(text.casefold().split()).rstrip(".")


def _said(line: Line) -> bool:
    return bool(line.text("analys") or line.text("kommentar"))


def status_of(line: Line) -> str:
    """The status that counts: the reported one, else the proposal."""
    return line.text("status") or line.text("forslag") or INGEN


def _differs(line: Line) -> bool:
    """The reported status and the proposal both judge, and differently."""
    status, proposed = line.text("status"), line.text("forslag")
    return status in JUDGED and proposed in JUDGED and status != proposed


def _label(filing: Filing, line: Line, column: str, value: str) -> str:
    return filing.set.blanketter[line.form].cell(line.row, column).shown(value)


@rule(
    "BF310",
    title="KF:s mål och indikatorer finns med",
    severity=varies(Severity.VARNING, Severity.FEL),
    source="KF:s budget för året, så som nämndernas planer trycker den (templates/kf)",
)
def the_citys_goals_and_indicators_are_there(filing: Filing) -> Iterator[Hit]:
    """BF310: De mål och indikatorer som kommunfullmäktige har beslutat för året finns med i nämndens listor.

    Givet listorna Mål och Indikatorer för ett år vars KF-mål är kända
    När ett av KF:s mål eller en av KF:s indikatorer saknas (samma nummer, eller samma namn under samma mål)
    Så varnas det (stoppas i VB).
    Exempel: Raden Sjukfrånvaro under 3.4 är borttagen.
    """
    if filing.set.blanketter[GOALS].kf_rows is None if GOALS in filing.set.blanketter else True:
        return
    goals = lines(filing, GOALS)
    numbers = {line.text("nummer") for line in goals}
    for goal in filing.set.kf.mal if goals else ():
        if goal.nummer not in numbers:
            yield _missing(filing, GOALS, f"KF:s mål {goal.nummer} {goal.titel}")
    indicators = lines(filing, INDICATORS)
    named = {(line.text("mal"), _same(line.text("indikator"))) for line in indicators}
    for indicator in filing.set.kf.indikatorer if indicators else ():
        if (indicator.mal, _same(indicator.namn)) not in named:
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
    decided = {(indicator.mal, _same(indicator.namn)): indicator.arsmal for indicator in filing.set.kf.indikatorer}
    for line in lines(filing, INDICATORS):
        name = (line.text("mal"), _same(line.text("indikator")))
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


def meaning(text: str, enhet: str = "") -> tuple[object, ...]:
    """What a value says, whatever way it is written: 95 % and 95% are the same, and 95 where the unit is %."""
    value = tolka(text, enhet)
    if value is None:
        return ()
    unit = value.enhet or (enhetens_namn(enhet, enhet) if value.tal is not None else None)
    return (value.slag, value.tal, unit or None, value.nar, value.text if value.slag is Slag.TEXT else "")


@rule(
    "BF312",
    title="Varje rad hör till ett mål som finns",
    severity=Severity.FEL,
    source="Uppställningen i 002 och 003: mål i mål",
)
def every_row_belongs_to_a_goal(filing: Filing) -> Iterator[Hit]:
    """BF312: Ett mål har ett mål över sig, och indikatorer och aktiviteter hör till ett mål i listan.

    Givet målens nummer
    När numret över ett mål saknas, när två mål har samma nummer eller när en indikator eller aktivitet har ett nummer
    som inget mål har
    Så stoppas inlämningen, för raden kommer då inte med i något mål.
    Exempel: En aktivitet har mål 1.6.1 men målen slutar vid 1.5.2.
    """
    goals = [*lines(filing, GOALS), *lines(filing, UNIT_GOALS)]
    counted = Counter(line.text("nummer") for line in goals)
    numbers = set(counted)
    seen: set[str] = set()
    for line in goals:
        number = line.text("nummer")
        above, dot, _ = number.rpartition(".")
        if number and number in seen:
            yield filing.at(
                (line.form, line.row, "nummer"),
                f"numret {number} finns på {counted[number]} mål.",
                "Ge målen olika nummer.",
                found=number,
            )
        elif dot and above not in numbers:
            yield filing.at(
                (line.form, line.row, "nummer"),
                f"målet {number} står under {above}, som inte finns i listan.",
                "Rätta numret, eller lägg till målet över.",
                found=number,
                expected=above,
            )
        seen.add(number)
    if not goals:
        return
    for line in (*lines(filing, INDICATORS), *lines(filing, ACTIVITIES)):
        number = line.text("mal")
        if number and number not in numbers:
            yield filing.at(
                (line.form, line.row, "mal"),
                f"målet {number} finns inte på bladet Mål.",
                "Rätta numret, eller lägg till målet.",
                found=number,
            )


@rule(
    "BF313",
    title="Målen är bedömda",
    severity=varies(Severity.VARNING, Severity.FEL),
    source="000:144-1836 och 003:195-2063: varje KF-mål och nämndmål har status",
)
def goals_have_a_status(filing: Filing) -> Iterator[Hit]:
    """BF313: KF:s mål för verksamhetsområdet och nämndmålen har en status.

    Givet listan Mål i en uppföljning
    När ett KF-mål eller nämndmål saknar status
    Så varnas det (stoppas i VB). Inriktningsmålen bedöms inte alltid.
    Exempel: Nämndmål 1.2.1 har analys men ingen status.
    """
    for line in lines(filing, GOALS):
        if "status" in line.columns and line.text("niva") in ("kf_mal", "namndmal") and not line.text("status"):
            proposed = line.text("forslag")
            hint = f" Förslaget är {_label(filing, line, 'forslag', proposed)}." if proposed in JUDGED else ""
            yield filing.at(
                (GOALS, line.row, "status"), f"målet har ingen status.{hint}", "Välj status.", follows_from_here=False
            )


@rule(
    "BF314",
    title="En avvikande status är motiverad",
    severity=varies(Severity.VARNING, Severity.FEL),
    source="Förslaget följer stadens sätt att väga samman (003:97, 003:201, 003:263); den som bedömer annorlunda säger varför",
)
def a_status_that_differs_is_motivated(filing: Filing) -> Iterator[Hit]:
    """BF314: En status som är en annan än förslaget motiveras i analysen.

    Givet ett mål, enhetsmål eller en indikator med status och ett förslag som räknas ut
    När statusen är en annan än förslaget och analysen är tom
    Så varnas det (stoppas i VB). Finns inget att räkna på (förslaget Ingen), eller är statusen Ingen, bedöms det inte.
    Exempel: Målet har ● Uppfylls helt, men ett av två nämndmål har ■ Uppfylls ej och analysen är tom.
    """
    for form in (GOALS, UNIT_GOALS, INDICATORS):
        for line in lines(filing, form):
            if _differs(line) and not _said(line):
                said = [_label(filing, line, "status", line.text(each)) for each in ("status", "forslag")]
                yield filing.at(
                    (form, line.row, "status"),
                    f"statusen är {said[0]} men förslaget {said[1]}, och analysen är tom.",
                    "Motivera i analysen, eller välj förslaget.",
                    found=said[0],
                    expected=said[1],
                    related=((form, line.row, "forslag"),),
                    follows_from_here=False,
                )


@rule(
    "BF315", title="Ett mål som inte nås analyseras", severity=varies(Severity.VARNING, Severity.FEL), source="003:91"
)
def a_target_not_met_is_analysed(filing: Filing) -> Iterator[Hit]:
    """BF315: En indikator som inte uppfylls, eller inte väntas uppfyllas, helt har en analys.

    Givet en indikator med status, nämndens egen eller den föreslagna
    När statusen är delvis eller ej och analysen är tom
    Så varnas det (stoppas i VB). Skiljer sig de två åt gäller BF314.
    Exempel: Prognosen är 40 st mot årsmålet 45 st men analysen är tom.
    """
    for line in lines(filing, INDICATORS):
        status = status_of(line)
        if "analys" in line.columns and status in (DELVIS, EJ) and not line.text("analys") and not _differs(line):
            figures = "" if line.text("status") else _figures(line)
            yield filing.at(
                (INDICATORS, line.row, "analys"),
                f"indikatorn {_label(filing, line, 'forslag', status).lower()[2:]}{figures} men har ingen analys.",
                "Skriv varför målet inte nås och vad som görs.",
                found=line.text("prognos_helar") or line.text("periodens_utfall"),
                expected=line.text("arsmal") or line.text("kf_arsmal"),
                follows_from_here=False,
            )


def _figures(line: Line) -> str:
    value = line.text("prognos_helar") or line.text("periodens_utfall")
    return f" ({value} mot {line.text('arsmal') or line.text('kf_arsmal')})"


@rule(
    "BF316",
    title="Ett saknat tertialutfall förklaras",
    severity=varies(Severity.VARNING, Severity.FEL),
    source="003:947, 003:950, 003:1015: analysen säger varför utfallet saknas",
)
def a_missing_outcome_is_explained(filing: Filing) -> Iterator[Hit]:
    """BF316: En indikator som mäts varje tertial eller halvår har utfall och prognos, eller en analys som säger varför inte.

    Givet en indikator vars period är ett tertial eller halvår (i VB: alla indikatorer)
    När periodens utfall saknas (tomt, i.u. eller -), eller prognosen för helåret i en tertialrapport, och analysen är tom
    Så varnas det (stoppas i VB).
    Exempel: Period Tertial 1 2024, men inget utfall och ingen analys.
    """
    for line in lines(filing, INDICATORS):
        if "periodens_utfall" not in line.columns or _said(line):
            continue
        often = not line.text("period").isdigit() and line.text("period") != ""
        if not often and filing.set.period != "VB":
            continue
        expected = [("periodens_utfall", f"utfall för {line.text('period') or filing.set.id}", "utfallet")]
        if often and "prognos_helar" in line.columns:
            expected.append(("prognos_helar", "prognos för helåret", "prognosen"))
        for column, what, fill in expected:
            value = line.value(column)
            if value is None or value.slag in (Slag.UPPGIFT_SAKNAS, Slag.INGET):
                yield filing.at(
                    (INDICATORS, line.row, column),
                    f"{what} saknas och analysen är tom.",
                    f"Fyll i {fill}, eller skriv i analysen varför det saknas.",
                    found=line.text(column),
                    follows_from_here=False,
                )
                break


@rule(
    "BF317",
    title="Ett årsmål som inte sätts förklaras",
    severity=varies(Severity.VARNING, Severity.FEL),
    source="002:432, 002:899, 002:907; 003:329; 000:676",
)
def a_missing_target_is_explained(filing: Filing) -> Iterator[Hit]:
    """BF317: Nämnden sätter ett årsmål för varje indikator, eller säger varför det inte går.

    Givet en rad i Indikatorer
    När årsmålet saknas (tomt, -, fastställs senare eller tas fram av nämnd) och varken kommentar eller analys är ifylld
    Så varnas det (stoppas i VB). En enhet som följer KF:s årsmål behöver inget eget.
    Exempel: KF anger »Fastställs t1», nämndens årsmål är tomt och kommentaren likaså.
    """
    for line in lines(filing, INDICATORS):
        value = line.value("arsmal")
        if _said(line) or (value is not None and value.slag not in UNSET):
            continue
        decided = line.value("kf_arsmal")
        if filing.set.level == "enhet" and decided is not None and decided.slag not in (Slag.INGET, Slag.NAMND):
            continue
        yield filing.at(
            (INDICATORS, line.row, "arsmal"),
            "nämnden har inte satt något årsmål och säger inte varför."
            if filing.set.level == "namnd"
            else "årsmålet saknas och det sägs inte varför.",
            "Sätt ett årsmål, eller förklara på raden varför det inte går.",
            found=line.text("arsmal"),
            expected=line.text("kf_arsmal"),
            follows_from_here=False,
        )


@rule(
    "BF318",
    title="Årsmålet når KF:s",
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
        if line.text("riktning") in ("hogre", "lagre", "band") and lower and not _said(line):
            yield filing.at(
                (INDICATORS, line.row, "arsmal"),
                f"årsmålet {own.text} är lägre ställt än KF:s {decided.text}.",
                "Inget behöver göras. Skriv gärna på raden varför nämnden ligger på en annan nivå.",
                found=own.text,
                expected=decided.text,
                follows_from_here=False,
            )


@rule(
    "BF319",
    title="Aktiviteternas datum hör till året",
    severity=Severity.FEL,
    source="Kolumnerna Startdatum och Slutdatum, 002:328",
)
def activities_have_dates_in_the_year(filing: Filing) -> Iterator[Hit]:
    """BF319: En aktivitet slutar inte före den börjar, och den pågår någon del av året.

    Givet start- och slutdatum för en aktivitet
    När slutet ligger före starten stoppas inlämningen
    Så varnas det när hela aktiviteten ligger före eller efter året, och upplyses när den börjar före eller slutar efter det.
    Exempel: En aktivitet i T1 2024 började 2023-01-01.
    """
    first, last = f"{filing.set.year}-01-01", f"{filing.set.year}-12-31"
    for line in lines(filing, ACTIVITIES):
        start, end = line.text("start"), line.text("slut")
        if not start or not end:
            continue
        key = (ACTIVITIES, line.row, "start")
        if end < start:
            yield filing.at(
                (ACTIVITIES, line.row, "slut"),
                f"slutdatum {end} ligger före startdatum {start}.",
                "Rätta datumen.",
                found=end,
                expected=start,
            )
        elif end < first or start > last:
            yield filing.at(
                key,
                f"aktiviteten {start} till {end} ligger helt utanför {filing.set.year}.",
                "Rätta datumen, eller ta bort aktiviteten.",
                found=f"{start} till {end}",
                severity=Severity.VARNING,
                follows_from_here=False,
            )
        elif start < first or end > last:
            yield filing.at(
                key,
                f"aktiviteten {start} till {end} går utöver {filing.set.year}.",
                "Inget behöver göras om datumen är rätt.",
                found=f"{start} till {end}",
                severity=Severity.UPPLYSNING,
                follows_from_here=False,
            )


@rule(
    "BF320",
    title="En försenad aktivitet förklaras",
    severity=varies(Severity.VARNING, Severity.FEL),
    source="Kolumnen Avvikelse och raden Analys, 000:205, 003:271",
)
def a_late_activity_is_explained(filing: Filing) -> Iterator[Hit]:
    """BF320: En aktivitet som inte är klar fast slutdatum har passerat har en avvikelse eller analys.

    Givet en aktivitet med status
    När slutdatum har passerat på rapportdagen, aktiviteten inte är klar och både avvikelse och analys är tomma
    Så varnas det (stoppas i VB).
    Exempel: Slutdatum 2024-03-31 och status ▶ Pågår i T1 2024.
    """
    for line in lines(filing, ACTIVITIES):
        if line.text("lage") == "forsenad" and not line.text("avvikelse") and not line.text("analys"):
            yield filing.at(
                (ACTIVITIES, line.row, "avvikelse"),
                f"slutdatum {line.text('slut')} har passerat men aktiviteten är inte klar, och det förklaras inte.",
                "Skriv avvikelsen, eller ändra status till klar.",
                found=line.text("slut"),
                follows_from_here=False,
            )


@rule("BF321", title="Samma rad står en gång", severity=Severity.VARNING, source="Ren ordning; jfr 003:961-962")
def no_row_stands_twice(filing: Filing) -> Iterator[Hit]:
    """BF321: En indikator eller aktivitet står en gång under samma mål.

    Givet listorna Indikatorer och Aktiviteter
    När två rader har samma text under samma mål
    Så varnas det: den räknas annars två gånger.
    Exempel: Samma aktivitet står på rad 40 och 41 med olika startdatum.
    """
    for form, column in ((INDICATORS, "indikator"), (ACTIVITIES, "aktivitet")):
        first: dict[tuple[str, str], str] = {}
        for line in lines(filing, form):
            name = (line.text("mal"), _same(line.text(column)))
            if not name[1]:
                continue
            if name in first:
                yield filing.at(
                    (form, line.row, column),
                    f"samma {column} står redan på rad {first[name]} under mål {name[0]}.",
                    "Ta bort den ena raden, eller förklara skillnaden.",
                    found=f"rad {first[name]}",
                    follows_from_here=False,
                )
            first.setdefault(name, line.row)


@rule(
    "BF322",
    title="Nämndmål har förväntat resultat och analys",
    severity=varies(Severity.VARNING, Severity.FEL),
    source="Uppställningen i 000, 002 och 003: Beskrivning, Förväntat resultat, Analys",
)
def goals_say_what_is_expected(filing: Filing) -> Iterator[Hit]:
    """BF322: Ett nämndmål eller enhetsmål säger vilket resultat som väntas, och en uppföljning har en analys.

    Givet ett nämndmål eller enhetsmål
    När förväntat resultat är tomt, eller analysen är tom där målet har en status
    Så varnas det (stoppas i VB). I en enhets set har nämndens mål ingen analys. Avviker statusen från förslaget gäller
    BF314.
    Exempel: Nämndmål 1.2.1 har status ● Uppfylls helt men ingen analys.
    """
    for line in (*lines(filing, GOALS), *lines(filing, UNIT_GOALS)):
        own = line.form == UNIT_GOALS or (line.text("niva") == "namndmal" and filing.set.level == "namnd")
        if not own:
            continue
        required = filing.set.blanketter[line.form].column_by_id["forvantat_resultat"].required  # then BF016 says so
        if not line.text("forvantat_resultat") and not required:
            yield _untold(filing, line, "forvantat_resultat", "målet har inget förväntat resultat.")
        judged = line.text("status") in JUDGED and not _differs(line)
        if "analys" in line.columns and judged and not line.text("analys"):
            status = _label(filing, line, "status", line.text("status"))
            yield _untold(filing, line, "analys", f"målet har status {status} men ingen analys.")


def _untold(filing: Filing, line: Line, column: str, text: str) -> Hit:
    return filing.at((line.form, line.row, column), text, "Fyll i texten.", found="tomt", follows_from_here=False)


COMPARED = ("enhet", "riktning", "konsuppdelad", "periodicitet", "period")


@rule(
    "BF323",
    title="KF:s indikatorer mäts som KF har bestämt",
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
    decided = {(indicator.mal, _same(indicator.namn)): indicator for indicator in filing.set.kf.indikatorer}
    for line in lines(filing, INDICATORS):
        indicator = decided.get((line.text("mal"), _same(line.text("indikator"))))
        if indicator is None:
            continue
        wanted = indicator_row(filing.set, indicator)
        odd = [c for c in COMPARED if c in line.columns and _measured_otherwise(line, c, wanted.get(c))]
        if not odd:
            continue
        columns = filing.set.blanketter[INDICATORS].column_by_id
        said = ", ".join(
            f"{columns[c].name} {_label(filing, line, c, line.text(c)) or 'tomt'} i stället för "
            f"{_label(filing, line, c, wanted[c] or '')}"
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
    return _same(given) != _same(wanted)


@rule(
    "BF324",
    title="Utan mätning finns inget årsmål",
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
    "BF325",
    title="Målet är inte högre bedömt än det som ligger under",
    severity=Severity.UPPLYSNING,
    source="003:201, 003:263: målet bedöms av mål, indikatorer och aktiviteter under det; jfr 000:176",
)
def a_goal_is_not_above_what_lies_below(filing: Filing) -> Iterator[Hit]:
    """BF325: Ett mål som bedöms som helt uppfyllt har mestadels uppfyllt närmast under sig.

    Givet ett mål med status ● Uppfylls helt och en analys (utan analys gäller BF314)
    När ett mål närmast under inte är helt uppfyllt, eller när minst två av målets egna indikatorer och aktiviteter har
    missats (med analys; utan gäller BF315 och BF320) och fler än som har nåtts
    Så upplyses det med antalen, för den som läser stadens samlade bild. Nämndens bedömning gäller.
    Exempel: KF-mål 1.2 är helt uppfyllt men tre av dess fyra indikatorer når inte årsmålet.
    """
    goals = [*lines(filing, GOALS), *lines(filing, UNIT_GOALS)]
    below: dict[str, Counter[str]] = {line.text("nummer"): Counter() for line in goals}
    for line in goals:
        counted = below.get(line.text("nummer").rpartition(".")[0])
        if counted is not None and line.text("status") in (DELVIS, EJ):
            counted["mål"] += 1
    for line in lines(filing, INDICATORS):
        if line.text("mal") in below:
            status = status_of(line)
            below[line.text("mal")]["nådda"] += status == HELT
            below[line.text("mal")]["indikatorer"] += status in (DELVIS, EJ) and _said(line)
    for line in lines(filing, ACTIVITIES):
        if line.text("mal") in below:
            below[line.text("mal")]["nådda"] += line.text("lage") == "klar"
            explained = bool(line.text("avvikelse") or line.text("analys"))
            below[line.text("mal")]["aktiviteter"] += line.text("lage") == "forsenad" and explained
    for line in goals:
        counted = below[line.text("nummer")]
        missed = counted["indikatorer"] + counted["aktiviteter"]
        if (
            line.text("status") != HELT
            or not line.text("analys")
            or not (counted["mål"] or missed > max(1, counted["nådda"]))
        ):
            continue
        said = " och ".join(filter(None, (_counted(what, counted[what]) for what in MISSED)))
        reached = f" {counted['nådda']} har nåtts." if missed else ""
        yield filing.at(
            (line.form, line.row, "status"),
            f"målet är bedömt som helt uppfyllt, men närmast under det är {said}.{reached}",
            "Inget behöver göras om analysen säger varför målet ändå nås.",
            found=said,
            related=((line.form, line.row, "forslag"),),
            follows_from_here=False,
        )


MISSED = {
    "mål": ("mål inte helt uppfyllt", "mål inte helt uppfyllda"),
    "indikatorer": ("indikator inte uppfylld", "indikatorer inte uppfyllda"),
    "aktiviteter": ("aktivitet försenad", "aktiviteter försenade"),
}


def _counted(what: str, number: int) -> str:
    return f"{number} {MISSED[what][number != 1]}" if number else ""
