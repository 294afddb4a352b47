"""Goals, indicators and activities: what belongs together, what must be said, what the figures say (BF312-BF325)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from blankettset.validators.filing import Filing
from blankettset.validators.finding import Hit, Severity
from blankettset.validators.registry import rule, varies
from blankettset.validators.rules.mal.rader import (
    ACTIVITIES,
    GOALS,
    INDICATORS,
    JUDGED,
    UNIT_GOALS,
    Line,
    differs,
    is_computed,
    is_explained,
    label,
    lines,
    plain,
    status_of,
)
from blankettset.workbook.calc.matvarde import Slag
from blankettset.workbook.calc.status import DELVIS, EJ

UNSET = (Slag.INGET, Slag.SENARE, Slag.NAMND, Slag.UPPGIFT_SAKNAS)  # what is no target that the nämnd has set


@rule(
    "BF312",
    title="Varje rad hör till ett mål som finns",
    many="{n} rader hör inte till något mål i listan",
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
    many="{n} mål saknar status",
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
            hint = f" Förslaget är {label(filing, line, 'forslag', proposed)}." if proposed in JUDGED else ""
            yield filing.at(
                (GOALS, line.row, "status"), f"målet har ingen status.{hint}", "Välj status.", follows_from_here=False
            )


@rule(
    "BF314",
    title="En avvikande status är motiverad",
    many="{n} statusar är andra än förslaget utan att analysen säger varför",
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
            if differs(line) and not is_explained(line):
                said = [label(filing, line, "status", line.text(each)) for each in ("status", "forslag")]
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
    "BF315",
    title="Ett mål som inte nås analyseras",
    many="{n} indikatorer som inte når målet saknar analys",
    severity=varies(Severity.VARNING, Severity.FEL),
    source="003:91",
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
        if "analys" in line.columns and status in (DELVIS, EJ) and not line.text("analys") and not differs(line):
            figures = "" if line.text("status") else _figures(line)
            yield filing.at(
                (INDICATORS, line.row, "analys"),
                f"indikatorn {label(filing, line, 'forslag', status).lower()[2:]}{figures} men har ingen analys.",
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
    many="{n} indikatorer saknar utfall eller prognos, och det sägs inte varför",
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
        if "periodens_utfall" not in line.columns or is_explained(line):
            continue
        often = not line.text("period").isdigit() and line.text("period") != ""
        if not often and filing.set.period != "VB":
            continue
        expected = [("periodens_utfall", f"utfall för {line.text('period') or filing.set.id}", "utfallet")]
        if often and "prognos_helar" in line.columns:
            expected.append(("prognos_helar", "prognos för helåret", "prognosen"))
        if is_computed(filing, line):
            continue
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
    many="{n} indikatorer saknar årsmål, och det sägs inte varför",
    severity=varies(Severity.VARNING, Severity.FEL),
    source="002:432, 002:899, 002:907; 003:329; 000:676",
)
def a_missing_target_is_explained(filing: Filing) -> Iterator[Hit]:
    """BF317: Nämnden sätter ett årsmål för varje indikator, eller säger varför det inte går.

    Givet en rad i Indikatorer
    När årsmålet saknas (tomt, -, fastställs senare eller tas fram av nämnd) och varken kommentar eller analys är ifylld
    Så varnas det (stoppas i VB), eller upplyses när KF själv anger - eller Fastställs. En enhet som följer KF:s årsmål
    behöver inget eget.
    Exempel: KF:s årsmål är »Tas fram av nämnd», nämndens är tomt och kommentaren likaså.
    """
    for line in lines(filing, INDICATORS):
        value = line.value("arsmal")
        if is_explained(line) or (value is not None and value.slag not in UNSET):
            continue
        decided = line.value("kf_arsmal")
        if filing.set.level == "enhet" and decided is not None and decided.slag not in (Slag.INGET, Slag.NAMND):
            continue
        open_ = decided is not None and decided.slag in (Slag.INGET, Slag.SENARE)
        yield filing.at(
            (INDICATORS, line.row, "arsmal"),
            f"årsmålet är inte satt; KF anger {decided.text}."
            if open_ and decided is not None
            else "nämnden har inte satt något årsmål och säger inte varför."
            if filing.set.level == "namnd"
            else "årsmålet saknas och det sägs inte varför.",
            "Inget behöver göras förrän KF har bestämt sitt. Skriv gärna på raden vad som gäller."
            if open_
            else "Sätt ett årsmål, eller förklara på raden varför det inte går.",
            found=line.text("arsmal"),
            expected=line.text("kf_arsmal"),
            severity=Severity.UPPLYSNING if open_ else None,
            many="{n} indikatorer saknar årsmål, liksom KF:s" if open_ else "",
            follows_from_here=False,
        )


@rule(
    "BF319",
    title="Aktiviteternas datum hör till året",
    many="{n} aktiviteter har datum som inte hör till året",
    severity=Severity.FEL,
    source="Kolumnerna Startdatum och Slutdatum, 002:328",
)
def activities_have_dates_in_the_year(filing: Filing) -> Iterator[Hit]:
    """BF319: En aktivitet slutar inte före den börjar, och den pågår någon del av året.

    Givet start- och slutdatum för en aktivitet
    När slutet ligger före starten stoppas inlämningen
    Så varnas det när hela aktiviteten ligger före eller efter året, och upplyses när den slutar efter det. En aktivitet som
    följer med från förra året sägs det inget om.
    Exempel: En aktivitet i T1 2024 slutade 2023-12-31.
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
        elif end > last:
            yield filing.at(
                key,
                f"aktiviteten {start} till {end} slutar efter {filing.set.year}.",
                "Inget behöver göras om datumen är rätt.",
                found=f"{start} till {end}",
                severity=Severity.UPPLYSNING,
                follows_from_here=False,
            )


@rule(
    "BF320",
    title="En försenad aktivitet förklaras",
    many="{n} försenade aktiviteter förklaras inte",
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


@rule(
    "BF321",
    title="Samma rad står en gång",
    many="{n} rader står två gånger",
    severity=Severity.VARNING,
    source="Ren ordning; jfr 003:961-962",
)
def no_row_stands_twice(filing: Filing) -> Iterator[Hit]:
    """BF321: En indikator, en aktivitet eller en post i en ekonomisk lista står en gång.

    Givet listorna Indikatorer och Aktiviteter, och ekonomiska listor, till exempel Resultatenheter
    När två rader har samma text, under samma mål eller under två, eller samma namn (och grupp eller område)
    Så varnas det, mellan mål upplyses det: den räknas annars två gånger.
    Exempel: Samma aktivitet står på rad 40 och 41 med olika startdatum.
    """
    yield from _posts_twice(filing)
    for form, column in ((INDICATORS, "indikator"), (ACTIVITIES, "aktivitet")):
        first: dict[str, tuple[str, str]] = {}
        for line in lines(filing, form):
            name = plain(line.text(column))
            if not name:
                continue
            if name in first:
                row, goal = first[name]
                yield filing.at(
                    (form, line.row, column),
                    f"samma {column} står redan på rad {row} under mål {goal}.",
                    "Ta bort den ena raden, eller förklara skillnaden.",
                    found=f"rad {row}",
                    severity=None if goal == line.text("mal") else Severity.UPPLYSNING,
                    follows_from_here=False,
                )
            first.setdefault(name, (line.row, line.text("mal")))


def _posts_twice(filing: Filing) -> Iterator[Hit]:
    """Rows of an economic list that nothing tells apart: the definition's `match` says what does."""
    for form in filing.judged():
        if not (form.form.is_list and form.form.group == "ekonomi" and form.form.match):
            continue
        columns = form.form.match[0]
        first: dict[tuple[str, ...], str] = {}
        for row in form.items:
            said = tuple(plain(str(filing.filled.facts.get((form.form.id, row, column)) or "")) for column in columns)
            if not said[0]:
                continue
            if said in first:
                yield filing.at(
                    (form.form.id, row, columns[0]),
                    f"samma post står redan på rad {first[said]}; båda räknas.",
                    "Ta bort den ena raden, eller skriv vad som skiljer dem åt.",
                    found=f"rad {first[said]}",
                    follows_from_here=False,
                )
            first.setdefault(said, row)


@rule(
    "BF322",
    title="Nämndmål har förväntat resultat och analys",
    many="{n} mål saknar förväntat resultat eller analys",
    severity=varies(Severity.VARNING, Severity.FEL),
    source="Uppställningen i 000, 002 och 003: Beskrivning, Förväntat resultat, Analys",
)
def goals_say_what_is_expected(filing: Filing) -> Iterator[Hit]:
    """BF322: Ett nämndmål eller enhetsmål säger vilket resultat som väntas, och en uppföljning har en analys.

    Givet ett nämndmål eller enhetsmål
    När förväntat resultat är tomt, eller analysen är tom där målet har en status
    Så varnas det (stoppas i en nämnds VB). I en enhets set har nämndens mål ingen analys. Avviker statusen från förslaget gäller
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
        judged = line.text("status") in JUDGED and not differs(line)
        if "analys" in line.columns and judged and not line.text("analys"):
            status = label(filing, line, "status", line.text("status"))
            yield _untold(filing, line, "analys", f"målet har status {status} men ingen analys.")


def _untold(filing: Filing, line: Line, column: str, text: str) -> Hit:
    severity = Severity.VARNING if filing.set.level == "enhet" else None
    return filing.at((line.form, line.row, column), text, "Fyll i texten.", found="tomt", severity=severity,
                     follows_from_here=False)  # fmt: skip
