"""BF325, BF331-BF332, BF421: what a status rests on, and what a share is written in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

from blankettset.validators.filing import Filing
from blankettset.validators.finding import Hit, Severity
from blankettset.validators.registry import rule
from blankettset.validators.rules.mal.rader import (
    ACTIVITIES,
    GOALS,
    INDICATORS,
    JUDGED,
    UNIT_GOALS,
    Line,
    is_explained,
    lines,
    status_of,
)
from blankettset.validators.rules.text.analyser import disputed
from blankettset.workbook.calc.matvarde import Slag
from blankettset.workbook.calc.status import DELVIS, EJ, HELT, INGEN, bedomt_varde, indikatorstatus

COUNTS = (
    "st",
    "personer",
    "barn/avd.",
    None,
)  # units that count the same thing: 16 st and 16,2 barn/avd. are comparable


@rule(
    "BF325",
    title="Målet är inte högre bedömt än det som ligger under",
    many="{n} mål är högre bedömda än det som ligger under dem",
    severity=Severity.UPPLYSNING,
    source="003:201, 003:263: målet bedöms av mål, indikatorer och aktiviteter under det; jfr 000:176",
)
def a_goal_is_not_above_what_lies_below(filing: Filing) -> Iterator[Hit]:
    """BF325: Ett mål som bedöms som helt uppfyllt har mestadels uppfyllt närmast under sig.

    Givet ett mål med status ● Uppfylls helt och en analys (utan analys gäller BF314)
    När ett mål närmast under inte är helt uppfyllt, eller när fler av målets egna indikatorer och aktiviteter har missats
    (med analys; utan gäller BF315 och BF320) än nåtts: minst två, eller den enda
    Så upplyses det med antalen, för den som läser stadens samlade bild. En indikator vars egen analys säger att målet missas
    räknas som missad. Nämndens bedömning gäller.
    Exempel: KF-mål 1.2 är helt uppfyllt men tre av dess fyra indikatorer når inte årsmålet.
    """
    goals = [*lines(filing, GOALS), *lines(filing, UNIT_GOALS)]
    below: dict[str, Counter[str]] = {line.text("nummer"): Counter() for line in goals}
    disputes = disputed(filing)
    for line in goals:
        counted = below.get(line.text("nummer").rpartition(".")[0])
        if counted is not None and line.text("status") in (DELVIS, EJ):
            counted["mål"] += 1
    for line in lines(filing, INDICATORS):
        if line.text("mal") in below:
            status = _counted_status(line)
            missed = status in (DELVIS, EJ) or (line.row in disputes and not line.text("status"))
            below[line.text("mal")]["rader"] += 1
            below[line.text("mal")]["nådda"] += status == HELT and not missed
            below[line.text("mal")]["indikatorer"] += missed and is_explained(line)
    for line in lines(filing, ACTIVITIES):
        if line.text("mal") in below:
            below[line.text("mal")]["rader"] += 1
            below[line.text("mal")]["nådda"] += line.text("lage") == "klar"
            explained = bool(line.text("avvikelse") or line.text("analys"))
            below[line.text("mal")]["aktiviteter"] += line.text("lage") == "forsenad" and explained
    for line in goals:
        counted = below[line.text("nummer")]
        lost = counted["indikatorer"] + counted["aktiviteter"]
        most = lost > counted["nådda"] and (lost > 1 or counted["rader"] == 1)
        if line.text("status") != HELT or not line.text("analys") or not (counted["mål"] or most):
            continue
        said = " och ".join(filter(None, (_counted(what, counted[what]) for what in MISSED)))
        reached = f" {counted['nådda']} har nåtts." if lost else ""
        yield filing.at(
            (line.form, line.row, "status"),
            f"målet är bedömt som helt uppfyllt, men närmast under det är {said}.{reached}",
            "Inget behöver göras om analysen säger varför målet ändå nås.",
            found=said,
            related=((line.form, line.row, "forslag"),),
            follows_from_here=False,
        )


def _counted_status(line: Line) -> str:
    """The row's status; where a count is written in another unit than the row's, that of its bare figures."""
    status = status_of(line)
    if status != INGEN or "prognos_helar" not in line.columns:
        return status
    values = [line.value(c) for c in ("prognos_helar", "periodens_utfall", "arsmal", "kf_arsmal")]
    numbers = [
        v.tal if v is not None and v.slag in (Slag.TAL, Slag.TAK) and v.enhet in COUNTS else None for v in values
    ]
    forecast, outcome, target, decided = numbers
    target = decided if target is None else target
    name, direction = line.text("indikator"), line.text("riktning")
    value = bedomt_varde(forecast, outcome, None, name, direction, target)
    return (
        indikatorstatus(value, target, None, None, None, None, direction, Decimal(0)) if target is not None else status
    )


MISSED = {
    "mål": ("mål inte helt uppfyllt", "mål inte helt uppfyllda"),
    "indikatorer": ("indikator inte uppfylld", "indikatorer inte uppfyllda"),
    "aktiviteter": ("aktivitet försenad", "aktiviteter försenade"),
}


def _counted(what: str, number: int) -> str:
    return f"{number} {MISSED[what][number != 1]}" if number else ""


@rule(
    "BF331",
    title="Ett nämndmål har indikator eller aktivitet",
    many="{n} nämndmål har varken indikator eller aktivitet",
    severity=Severity.VARNING,
    prov=True,
    source="Uppställningen i 000, 002 och 003: indikatorer och aktiviteter under varje nämndmål",
)
def a_goal_has_something_to_be_followed_up_by(filing: Filing) -> Iterator[Hit]:
    """BF331: Ett nämndmål har minst en indikator eller en aktivitet, annars kan det inte följas upp.

    Givet nämndmålen i nämndens set, där listorna Indikatorer eller Aktiviteter är ifyllda
    När det varken finns indikator, aktivitet eller mål under ett nämndmål
    Så varnas det.
    Exempel: Nämndmål 3.1.1 har beskrivning och förväntat resultat men inget att mäta det med.
    """
    if filing.set.level != "namnd":
        return
    used = {line.text("mal") for form in (INDICATORS, ACTIVITIES) for line in lines(filing, form)}
    if not used:
        return
    bare = [
        line for line in lines(filing, GOALS)
        if line.text("niva") == "namndmal" and line.text("nummer") and not _has_below(line.text("nummer"), used)
    ]  # fmt: skip
    for line in bare:
        yield _bare(
            filing,
            line,
            "nummer",
            "nämndmålet har varken indikator eller aktivitet.",
            "Lägg till en indikator eller aktivitet, eller säg i målets text hur det följs upp.",
        )


def _has_below(number: str, used: set[str]) -> bool:
    return any(each == number or each.startswith(number + ".") for each in used)


def _bare(filing: Filing, line: Line, column: str, text: str, action: str, many: str = "") -> Hit:
    return filing.at((line.form, line.row, column), text, action, found="tomt", many=many, follows_from_here=False)


@rule(
    "BF332",
    title="En satt status har något att vila på",
    severity=Severity.VARNING,
    prov=True,
    source="003:201, 003:263: målet bedöms av det som ligger under; 003:91 om utfall och prognos",
)
def a_status_rests_on_something(filing: Filing) -> Iterator[Hit]:
    """BF332: Ett mål eller en indikator som har fått en status har minst ett värde som den kan vila på.

    Givet mål och indikatorer i nämndens set med status helt, delvis eller ej
    När ingen av målets indikatorer har utfall, prognos eller egen status, ingen av dess aktiviteter har status och inget mål under
    har status; eller när indikatorn har varken utfall eller prognos
    Så varnas det. Ett nämndmål utan något alls under sig säger BF331 till om.
    Exempel: Nämndmål 1.1.1 är helt uppfyllt, men dess tre indikatorer saknar utfall och prognos och aktiviteterna saknar status.
    """
    if filing.set.level != "namnd":
        return
    valued, existing = set(), set()
    for line in lines(filing, INDICATORS):
        existing.add(line.text("mal"))
        if line.text("periodens_utfall") or line.text("prognos_helar") or line.text("status"):
            valued.add(line.text("mal"))
    for line in lines(filing, ACTIVITIES):
        existing.add(line.text("mal"))
        if line.text("status"):
            valued.add(line.text("mal"))
    for line in lines(filing, GOALS):
        above = line.text("nummer").rpartition(".")[0]
        existing.add(above)
        if line.text("status") in JUDGED:
            valued.add(above)
    loose = [
        line for line in lines(filing, GOALS)
        if line.text("status") in JUDGED and line.text("nummer") in existing and line.text("nummer") not in valued
    ]  # fmt: skip
    for line in loose:
        yield _bare(
            filing,
            line,
            "status",
            "målet har en status men ingenting under det har utfall, prognos eller status.",
            "Fyll i det som bedömningen vilar på, eller säg i analysen vad den vilar på.",
            "{n} mål har status men ingenting under dem har utfall, prognos eller status",
        )
    unmeasured = [
        line for line in lines(filing, INDICATORS)
        if line.text("status") in JUDGED and not line.text("periodens_utfall") and not line.text("prognos_helar")
    ]  # fmt: skip
    for line in unmeasured:
        yield _bare(
            filing,
            line,
            "status",
            "indikatorn har en status men varken utfall eller prognos.",
            "Fyll i prognosen, eller ta bort statusen.",
            "{n} indikatorer har status men varken utfall eller prognos",
        )


@rule(
    "BF421",
    title="En andel har enhet",
    many="{n} andelar har ingen enhet på raden",
    severity=Severity.VARNING,
    prov=True,
    source="Värdenas former i de fem dokumenten, docs/varden.md",
)
def a_share_has_a_unit(filing: Filing) -> Iterator[Hit]:
    """BF421: En indikator som är en andel har enheten procent någonstans på raden.

    Givet indikatorer vars namn börjar med Andel och som har minst ett värde i siffror
    När varken kolumnen Enhet eller något värde på raden, KF:s årsmål inräknat, har en enhet
    Så varnas det.
    Exempel: »Andel nöjda föräldrar» har utfall 77 och årsmål 85, utan procenttecken.
    """
    bare = []
    for line in lines(filing, INDICATORS):
        if not line.text("indikator").casefold().startswith("andel") or line.text("enhet"):
            continue
        columns = (
            "periodens_utfall",
            "utfall_man",
            "utfall_kvinnor",
            "utfall_foregaende",
            "prognos_helar",
            "arsmal",
            "kf_arsmal",
        )
        values = [value for column in columns if column in line.columns and (value := line.value(column)) is not None]
        numbers = [value for value in values if value.tal is not None]
        if numbers and not any(value.enhet for value in numbers):
            bare.append(line)
    for line in bare:
        yield _bare(
            filing, line, "enhet", "andelen har ingen enhet på raden.", "Skriv % i kolumnen Enhet och efter värdena."
        )
