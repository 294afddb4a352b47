"""BF701-BF706: what the analysis of an indicator says, against the row's own figures."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import msgspec

from blankettset.validators.filing import Filing
from blankettset.validators.finding import Hit, Severity, show
from blankettset.validators.registry import rule
from blankettset.validators.rules.mal.rader import INDICATORS, Line, lines, status_of, unit_waits
from blankettset.validators.text.lasare import Lasare, lasare
from blankettset.validators.text.malutsaga import Sagt, Utsaga, slutsats, utsagor
from blankettset.validators.text.varden import Angivet, Roll, angivna, riktningar
from blankettset.workbook.calc.matvarde import Matvarde, Slag, enhetens_namn
from blankettset.workbook.calc.status import DELVIS, EJ, HELT, INGEN, ar_antal, indikatorstatus

NUMBERS = (Slag.TAL, Slag.TAK, Slag.BAND)
LANGUAGE = "Svenskt språkbruk; orden står i templates/ord"


def _texts(filing: Filing) -> Iterator[tuple[Line, str, str]]:
    """Rows with an analysis or a comment, its column and its text."""
    for line in lines(filing, INDICATORS):
        for column in ("analys", "kommentar"):
            if line.text(column):
                yield line, column, line.text(column)


def _sayings(filing: Filing) -> Iterator[tuple[Line, str, list[Utsaga]]]:
    found = filing.memory.get(("analyser", "utsagor"))
    if found is None:
        reader = lasare(filing.set)
        found = [
            (line, column, [_own(said, line) for said in utsagor(text, reader, line.text("indikator"))])
            for line, column, text in _texts(filing)
        ]
        filing.memory["analyser", "utsagor"] = found
    yield from found


def _own(said: Utsaga, line: Line) -> Utsaga:
    """A saying of kommunfullmäktige's target is one of the row's own where the two are the same."""
    own, decided = _figure(line, "arsmal"), _figure(line, "kf_arsmal")
    same = decided is not None and (own is None or own.tal == decided.tal)
    return msgspec.structs.replace(said, kf=False) if said.kf and same else said


def disputed(filing: Filing) -> frozenset[str]:
    """Rows whose analysis says that the target is missed, whatever the figures say."""
    missed = {
        line.row for line, _, said in _sayings(filing)
        if (end := slutsats(said)) is not None and end.sagt in (Sagt.DELVIS, Sagt.MISSAS)
    }  # fmt: skip
    return frozenset(missed)


def _figure(line: Line, column: str) -> Matvarde | None:
    value = line.value(column) if column in line.columns else None
    return value if value is not None and value.slag in NUMBERS and value.tal is not None else None


def _judged(line: Line) -> tuple[str, str]:
    """The value that the row is judged by and its target, as printed."""
    value = line.text("prognos_helar") or line.text("periodens_utfall")
    return value, line.text("arsmal") or line.text("kf_arsmal")


@rule(
    "BF701",
    title="Analysen säger detsamma som siffrorna",
    many="{n} analyser säger att målet missas fast siffrorna når det",
    severity=Severity.VARNING,
    source=LANGUAGE,
)
def the_analysis_says_what_the_figures_say(filing: Filing) -> Iterator[Hit]:
    """BF701: En indikator som enligt siffrorna når målet har ingen analys som säger att det missas.

    Givet en indikator vars status, egen eller föreslagen, är ● Uppfylls helt
    När analysen säger att målet inte nås eller bara delvis nås
    Så varnas det: antingen siffran eller texten är fel. En nekad nekning (»inget tyder på att målet inte nås») är ett ja. Det
    som sägs om andra år, grupper, enheter eller städer, om avsikter och om villkor räknas inte.
    Exempel: Prognosen är 70 mot årsmålet 70, men analysen säger »Målet om 70 % uppnås inte».
    """
    for line, column, said in _sayings(filing):
        end = slutsats(said)
        if end is not None and end.sagt is not Sagt.NAS and status_of(line) == HELT:
            yield msgspec.structs.replace(_year(filing, line, column, end), waits=unit_waits(line))


@rule(
    "BF706",
    title="Analysen säger inte mer än siffrorna",
    many="{n} analyser säger att målet nås, eller hur utfallet ligger till det, tvärtemot siffrorna",
    severity=Severity.VARNING,
    source=LANGUAGE,
    prov=True,
)
def the_analysis_says_no_more_than_the_figures(filing: Filing) -> Iterator[Hit]:
    """BF706: En analys som säger att målet nås, eller att ett värde ligger över eller under det, har siffrorna med sig.

    Givet en indikator med analys
    När den säger att målet nås fast statusen är delvis eller ej; eller att utfallet eller prognosen ligger över eller under målet,
    att periodens mål eller KF:s årsmål nås eller missas, och siffrorna säger tvärtom
    Så varnas det. Läsningen är den som BF701 har.
    Exempel: »Utfallet ligger under årsmålet», men utfallet är 85 % och årsmålet 80 %.
    """
    for line, column, said in _sayings(filing):
        end = slutsats(said)
        if end is not None and end.sagt is Sagt.NAS and status_of(line) in (DELVIS, EJ):
            yield _year(filing, line, column, end)
        elif end is None or end.sagt is Sagt.NAS or status_of(line) != HELT:  # else BF701 has said it
            yield from _partial(filing, line, column, said)


def _year(filing: Filing, line: Line, column: str, said: Utsaga) -> Hit:
    status = status_of(line)
    value, target = _judged(line)
    reached = {HELT: "nås", DELVIS: "bara delvis nås"}.get(status, "inte nås")
    why = (
        f"{value} mot årsmålet {target} ger" if value and target and not line.text("status") else "radens status säger"
    )
    return _contradiction(filing, line, column, said, f"men {why} att målet {reached}.", f"{value} mot {target}")


def _partial(filing: Filing, line: Line, column: str, said: list[Utsaga]) -> Iterator[Hit]:
    """What is said of the period, of kommunfullmäktige's target, or of being above or below."""
    for each in said:
        of_forecast = each.prognos or (each.helar and each.sagt in (Sagt.NAS, Sagt.DELVIS, Sagt.MISSAS))
        value = _figure(
            line, "prognos_helar" if of_forecast and "prognos_helar" in line.columns else "periodens_utfall"
        )
        own = _figure(line, "arsmal") or _figure(line, "kf_arsmal")
        target = _figure(line, "kf_arsmal") if each.kf else own
        if (
            value is None
            or target is None
            or not _same_unit(line, value, target)
            or not _is_wrong(line, each, value, target)
        ):
            continue
        whose = "KF:s årsmål" if each.kf else "årsmålet"
        what = "prognosen" if of_forecast else "utfallet"
        text = f"men {what} är {value.text} och {whose} {target.text}."
        yield _contradiction(filing, line, column, each, text, f"{value.text} mot {target.text}")
        return


def _is_wrong(line: Line, said: Utsaga, value: Matvarde, target: Matvarde) -> bool:
    assert value.tal is not None
    assert target.tal is not None
    if said.sagt is Sagt.OVER:
        return value.tal <= target.tal
    if said.sagt is Sagt.UNDER:
        return value.tal >= target.tal
    if said.sagt is Sagt.OSAKERT or (said.helar and not said.kf):
        return False
    if ar_antal(line.text("indikator"), line.text("enhet")) and not said.helar:
        return False  # a count of some months says nothing yet
    got = indikatorstatus(value.tal, target.tal, None, None, None, None, line.text("riktning"), Decimal(0))
    return got != INGEN and (got == HELT) != (said.sagt is Sagt.NAS)


def _same_unit(line: Line, one: Matvarde, other: Matvarde) -> bool:
    own = enhetens_namn(line.text("enhet"), line.text("enhet"))
    units = {v.enhet or own or None for v in (one, other)}
    return len(units) == 1 or None in units


def _contradiction(filing: Filing, line: Line, column: str, said: Utsaga, text: str, expected: str) -> Hit:
    return filing.at(
        (INDICATORS, line.row, column),
        f"analysen säger »{said.ord}», {text}",
        "Rätta siffran eller texten, eller välj status och motivera den.",
        found=said.ord,
        expected=expected,
        follows_from_here=False,
    )


@rule(
    "BF702",
    title="Analysen och prognosen säger lika mycket",
    many="{n} analyser och prognoser säger inte lika mycket",
    severity=Severity.VARNING,
    prov=True,
    source=LANGUAGE,
)
def a_judgement_in_words_has_a_forecast(filing: Filing) -> Iterator[Hit]:
    """BF702: Den som i text bedömer om årsmålet nås har en prognos, och den som inte kan göra någon har ingen.

    Givet en indikator i en tertialrapport med ett årsmål i siffror
    När analysen säger att målet nås, nås delvis eller inte nås men prognosen är tom och statusen därför ingen; eller när
    analysen säger att ingen prognos kan göras men en prognos är ifylld
    Så varnas det.
    Exempel: »Förvaltningens bedömning är att årsmålet kommer att uppfyllas», men prognosen för helåret är tom.
    """
    for line, _column, said in _sayings(filing):
        if "prognos_helar" not in line.columns:
            continue
        end, forecast = slutsats(said), line.value("prognos_helar")
        unsure = next((u for u in said if u.sagt is Sagt.OSAKERT), None)
        empty = forecast is None or forecast.slag in (Slag.UPPGIFT_SAKNAS, Slag.INGET)
        if unsure is not None and end is None and _figure(line, "prognos_helar") is not None:
            text = f"analysen säger »{unsure.ord}» men prognosen för helåret är {line.text('prognos_helar')}."
            yield _unlike(filing, line, "prognos_helar", text, "Ta bort prognosen, eller skriv om texten.", unsure.ord)
        elif (
            end is not None
            and empty
            and status_of(line) == INGEN
            and (_figure(line, "arsmal") or _figure(line, "kf_arsmal"))
        ):
            text = f"prognosen är tom men analysen säger »{end.ord}»."
            yield _unlike(filing, line, "prognos_helar", text, "Fyll i den prognos som bedömningen bygger på.", end.ord)


def _unlike(filing: Filing, line: Line, column: str, text: str, action: str, said: str) -> Hit:
    return filing.at(
        (INDICATORS, line.row, column), text, action, found=line.text(column) or "tomt", expected=said,
        follows_from_here=False,
    )  # fmt: skip


@rule(
    "BF703",
    title="Siffrorna i analysen är radens",
    many="{n} siffror i analyserna är inte radernas",
    severity=Severity.VARNING,
    prov=True,
    source=LANGUAGE,
)
def figures_in_the_analysis_are_those_of_the_row(filing: Filing) -> Iterator[Hit]:
    """BF703: Utfall, förra årets utfall, mål och prognos som analysen anger är de som står på raden.

    Givet en indikator med analys eller kommentar
    När texten anger ett utfall, ett värde för förra året, ett årsmål eller en prognos, i radens enhet, och cellen har ett annat
    värde eller är tom; eller en ändring från förra året som inte är skillnaden mellan de två utfallen
    Så varnas det. Talet jämförs med så många decimaler som texten har; »drygt», »knappt» och »cirka» läses som sådana. Det
    som gäller andra år, andra delar av året, grupper, enheter eller andra än nämnden räknas inte.
    Exempel: »Målet om 85 % nås inte då resultatet blev 79 %», men periodens utfall är 77.
    """
    reader = lasare(filing.set)
    for line, column, text in _texts(filing):
        stated = [each for each in angivna(text, reader, line.text("indikator")) if _is_of_row(each, line)]
        for role in (Roll.UTFALL, Roll.FORRA, Roll.MAL, Roll.PROGNOS):
            if role.value in line.columns:
                yield from _against(filing, line, column, role, [each for each in stated if each.roll is role], reader)
        yield from _changes(filing, line, column, [each for each in stated if each.roll is Roll.ANDRING])


def _is_of_row(each: Angivet, line: Line) -> bool:
    """The figure's unit may be the row's."""
    own = enhetens_namn(line.text("enhet"), line.text("enhet")) or None
    unit = each.tal.enhet
    if each.roll is Roll.ANDRING:
        return unit in ("procentenheter", "index", None) or (unit == "%" and own in ("%", None))
    if unit is None:
        return own not in ("tkr", "mnkr", "kr") and not (own == "%" and each.tal.ordet)
    if own is None:
        return unit in ("%", "st")
    return unit == own or (own not in ("%", "st", "GWh", "tkr", "mnkr", "kr") and unit == "st")


def _against(
    filing: Filing, line: Line, column: str, role: Roll, stated: list[Angivet], reader: Lasare
) -> Iterator[Hit]:
    if not stated or (INDICATORS, line.row, role.value) in filing.blamed:
        return
    cells = [cell for name in _cells(role, stated[0]) if (cell := _figure(line, name)) is not None]
    before = _figure(line, "utfall_foregaende") if role is Roll.UTFALL and reader.period != "VB" else None
    if before is not None and any(_agree(each, before) for each in stated if not each.sakert):
        return  # it tells of last year's without saying so
    if any(_agree(each, cell) for each in stated for cell in cells):
        return
    name = filing.set.blanketter[INDICATORS].column_by_id[role.value].name
    said = stated[0]
    if not cells:
        if line.text(role.value) or (role is Roll.MAL and line.text("kf_arsmal")):
            return  # öka, Tas fram av nämnd: no figure to compare with
        if not said.tal.exact or said.tal.ordet:
            return
        what = f"cellen är tom men analysen anger {said.tal.text.strip()} (»{said.ord}»)."
        yield filing.at(
            (INDICATORS, line.row, role.value), what, "Fyll i värdet, eller säg i texten vad det gäller.",
            found="tomt", expected=said.tal.text.strip(), related=((INDICATORS, line.row, column),), follows_from_here=False,
        )  # fmt: skip
        return
    yield filing.at(
        (INDICATORS, line.row, role.value),
        f"{name[0].lower() + name[1:]} är {cells[0].text} men analysen anger {said.tal.text.strip()} (»{said.mening.quote(100)}»).",
        "Rätta den siffra som är fel.",
        found=cells[0].text,
        expected=said.tal.text.strip(),
        related=((INDICATORS, line.row, column),),
        follows_from_here=False,
    )


def _cells(role: Roll, said: Angivet) -> tuple[str, ...]:
    if role is Roll.MAL:
        return ("kf_arsmal", "arsmal") if said.kf else ("arsmal", "kf_arsmal")
    return (role.value,)


def _agree(said: Angivet, cell: Matvarde) -> bool:
    assert cell.tal is not None
    return said.tal.agrees(cell.tal, cell.decimaler) or (cell.tal < 0 and said.tal.agrees(-cell.tal, cell.decimaler))


def _changes(filing: Filing, line: Line, column: str, stated: list[Angivet]) -> Iterator[Hit]:
    now, before = _figure(line, "periodens_utfall"), _figure(line, "utfall_foregaende")
    if now is None or before is None or now.tal is None or before.tal is None or not before.tal:
        return
    if ar_antal(line.text("indikator"), line.text("enhet")) and filing.set.period != "VB":
        return
    change = now.tal - before.tal
    decimals = max(now.decimaler, before.decimaler)
    for said in stated:
        size = abs(said.tal.tal)
        points = (
            said.tal.agrees(abs(change), decimals)
            or abs(abs(change) - size) <= Decimal(1).scaleb(-said.tal.decimaler) / 2
        )
        share = said.tal.enhet == "%" and said.tal.agrees(abs(change) / abs(before.tal) * 100, 0)
        turned = said.upp is not None and change != 0 and said.upp != (change > 0)
        if (points or share) and not turned:
            continue
        yield filing.at(
            (INDICATORS, line.row, column),
            f"analysen säger »{said.ord}», men från {before.text} till {now.text} är ändringen {_signed(change)}.",
            "Rätta den siffra som är fel.",
            found=said.ord,
            expected=_signed(change),
            related=((INDICATORS, line.row, "periodens_utfall"), (INDICATORS, line.row, "utfall_foregaende")),
            follows_from_here=False,
        )
        return


def _signed(change: Decimal) -> str:
    return f"+{show(change)}" if change > 0 else show(change)


@rule(
    "BF704",
    title="Analysen säger åt vilket håll utfallet har gått",
    many="{n} analyser säger fel håll mot förra året",
    severity=Severity.VARNING,
    prov=True,
    source=LANGUAGE,
)
def the_analysis_says_which_way_the_outcome_went(filing: Filing) -> Iterator[Hit]:
    """BF704: Den analys som säger att utfallet har ökat, minskat eller är oförändrat från förra året säger som siffrorna.

    Givet en indikator med utfall och förra årets utfall, där årets inte är ett antal för en del av året
    När analysen jämför med förra året och säger upp, ner, bättre, sämre eller oförändrat, och siffrorna säger tvärtom
    Så varnas det. Det som gäller grupper, enheter och andra tider räknas inte.
    Exempel: »Resultatet har förbättrats jämfört med förra året», men det har gått från 86 % till 83 %.
    """
    reader = lasare(filing.set)
    for line, column, text in _texts(filing):
        now, before = _figure(line, "periodens_utfall"), _figure(line, "utfall_foregaende")
        if now is None or before is None or now.tal is None or before.tal is None:
            continue
        if ar_antal(line.text("indikator"), line.text("enhet")) and filing.set.period != "VB":
            continue
        change = now.tal - before.tal
        good = {"hogre": change, "lagre": -change}.get(line.text("riktning"))
        wrong = {"upp": change <= 0, "ner": change >= 0, "lika": abs(change) > max(Decimal(1), abs(before.tal) / 50),
                 "battre": good is not None and good <= 0, "samre": good is not None and good >= 0}  # fmt: skip
        for said in riktningar(text, reader, line.text("indikator")):
            if wrong[said.vart]:
                yield filing.at(
                    (INDICATORS, line.row, column),
                    f"analysen säger »{said.ord}», men utfallet har gått från {before.text} till {now.text}.",
                    "Rätta texten eller den siffra som är fel.",
                    found=said.ord,
                    expected=f"{before.text} till {now.text}",
                    related=((INDICATORS, line.row, "periodens_utfall"), (INDICATORS, line.row, "utfall_foregaende")),
                    follows_from_here=False,
                )
                break


@rule(
    "BF705",
    title="Analysen säger varför värdet saknas",
    many="{n} värden saknas utan att texten säger varför",
    severity=Severity.VARNING,
    prov=True,
    source="003:947, 003:950, 003:1015; " + LANGUAGE,
)
def the_analysis_tells_why_a_value_is_missing(filing: Filing) -> Iterator[Hit]:
    """BF705: När utfall, prognos eller årsmål saknas säger analysen varför, inte bara något annat.

    Givet en indikator med analys eller kommentar där periodens utfall saknas fast den mäts varje tertial eller halvår (i VB:
    alla), eller där årsmålet saknas
    När texten inte säger något om mätning, tid, underlag eller att värdet saknas
    Så varnas det, för BF316 och BF317 nöjer sig med att det finns en text.
    Exempel: Utfall saknas för tertialet och analysen lyder »Arbetet med bemötande fortsätter».
    """
    reader = lasare(filing.set)
    for line, column, text in _texts(filing):
        norm = " ".join(sentence.norm for sentence in reader.sentences(text))
        often = line.text("period") != "" and not line.text("period").isdigit()
        lacking = []
        if "periodens_utfall" in line.columns and (often or filing.set.period == "VB"):
            value = line.value("periodens_utfall")
            if value is None or value.slag in (Slag.UPPGIFT_SAKNAS, Slag.INGET):
                lacking.append(("periodens_utfall", "utfallet", "saknas_orsak"))
        target, decided = line.value("arsmal"), line.value("kf_arsmal")
        own = filing.set.level == "namnd" or decided is None or decided.slag is Slag.NAMND  # a unit follows KF's target
        if (
            (target is None or target.slag is Slag.INGET)
            and own
            and (decided is None or decided.slag is not Slag.INGET)
        ):
            lacking.append(("arsmal", "årsmålet", "malet_orsak"))
        for missing, what, words in lacking:
            if not reader.says(words, norm):
                yield filing.at(
                    (INDICATORS, line.row, missing),
                    f"{what} saknas och texten säger inte varför.",
                    "Fyll i värdet, eller skriv varför det saknas och när det kommer.",
                    found="tomt",
                    related=((INDICATORS, line.row, column),),
                    follows_from_here=False,
                )
                break
