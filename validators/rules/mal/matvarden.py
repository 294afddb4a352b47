"""BF405-BF411: plausibility of indicator values, which are texts with their unit."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from blankettset.validators.filing import Filing
from blankettset.validators.finding import Hit, Severity, show
from blankettset.validators.registry import rule, varies
from blankettset.validators.rules.mal.rader import (
    INDICATORS,
    NO_SHARES,
    OUTCOMES,
    hundredth,
    is_count,
    lines,
    number,
    unit_of,
    unit_waits,
    values,
)
from blankettset.workbook.calc.matvarde import Slag, enhetens_namn
from blankettset.workbook.calc.status import matvarde_tal


@rule(
    "BF405",
    title="Värdet går att tolka",
    many="{n} värden går inte att tolka",
    severity=Severity.VARNING,
    source="Värdenas former i de fem dokumenten, docs/varden.md",
)
def values_can_be_understood(filing: Filing) -> Iterator[Hit]:
    """BF405: Ett indikatorvärde har en form som går att tolka; annars står det kvar som text och räknas inte.

    Givet ett värde i Indikatorer
    När det inte är ett tal med känd enhet, ett intervall, en gräns, en riktning, ett uppskjutet mål, i.u. eller -
    Så varnas det. Värdet ändras aldrig.
    Exempel: Årsmålet är »12 av 14».
    """
    for line in lines(filing, INDICATORS):
        for column, value in values(line).items():
            if value.slag is Slag.TEXT:
                read = matvarde_tal(value.text, line.text("enhet"))
                yield filing.at(
                    (INDICATORS, line.row, column),
                    f"»{value.text}» går inte att tolka som ett värde och "
                    + ("räknas inte." if read is None else f"räknas som {show(read)} i förslaget."),
                    "Skriv ett tal med radens enhet (85 %, 12 st), eller öka, minska, Tas fram av nämnd, i.u. eller -.",
                    found=value.text,
                )


@rule(
    "BF406",
    title="Totalen stämmer med könen",
    many="{n} utfall stämmer inte med könens",
    severity=varies(Severity.VARNING, Severity.FEL),
    source="Ren aritmetik; 000:185, 000:189, 000:396",
)
def the_total_agrees_with_the_sexes(filing: Filing) -> Iterator[Hit]:
    """BF406: Totalen för en andel eller ett index ligger mellan könens värden; ett antal är deras summa.

    Givet en indikator med utfall, utfall för män eller pojkar och för kvinnor eller flickor
    När en andel varken ligger mellan de två (med en enhet i sista decimalen till godo) eller är deras summa, eller när ett
    antal inte är summan
    Så varnas det (stoppas i VB). En andel får vara summan: andelen förskollärare delas upp så (3 + 31,9 = 34,9).
    Exempel: Totalt 60,42 med män 62,96 % och kvinnor 61,9 %.
    """
    for line in lines(filing, INDICATORS):
        total, men, women = (number(line, c) for c in ("periodens_utfall", "utfall_man", "utfall_kvinnor"))
        if total is None or men is None or women is None:
            continue
        assert total.tal is not None
        assert men.tal is not None
        assert women.tal is not None
        step = max(Decimal(1).scaleb(-each.decimaler) for each in (total, men, women))
        count = is_count(line)
        summed = abs(total.tal - men.tal - women.tal) <= (0 if count else step)
        low, high = sorted((men.tal, women.tal))
        if summed or (not count and low - step <= total.tal <= high + step):
            continue
        expected = f"summan {show(men.tal + women.tal)}" if count else f"mellan {show(low, 0)} och {show(high, 0)}"
        yield filing.at(
            (INDICATORS, line.row, "periodens_utfall"),
            f"utfallet {total.text} ska vara {expected} (män {men.text}, kvinnor {women.text}).",
            "Rätta det värde som är fel.",
            found=total.text,
            expected=expected,
            related=((INDICATORS, line.row, "utfall_man"), (INDICATORS, line.row, "utfall_kvinnor")),
            follows_from_here=False,
            waits=unit_waits(line),
        )


@rule(
    "BF407",
    title="En andel är högst 100 procent",
    many="{n} andelar ligger inte mellan 0 och 100 %",
    severity=varies(Severity.VARNING, Severity.FEL),
    source="Ren aritmetik",
)
def a_share_is_at_most_the_whole(filing: Filing) -> Iterator[Hit]:
    """BF407: En andel, och annat som mäts i procent av något, har värden mellan 0 och 100.

    Givet en indikator vars namn börjar med Andel, eller ett värde i procent
    När ett värde är över 100 eller under 0
    Så varnas det (stoppas i VB). Budgetföljsamhet, prognossäkerhet och förändringar är inga andelar.
    Exempel: Andel nöjda föräldrar 105 %.
    """
    for line in lines(filing, INDICATORS):
        name = line.text("indikator").casefold()
        if any(word in name for word in NO_SHARES):
            continue
        for column in values(line):
            value = number(line, column)
            percent = value is not None and (
                unit_of(line, value) == "%" or (value.enhet is None and name.startswith("andel"))
            )
            if value is None or value.tal is None or not percent or 0 <= value.tal <= 100:
                continue
            if (INDICATORS, line.row, column) in filing.blamed:  # such as a changed KF target
                continue
            yield filing.at(
                (INDICATORS, line.row, column),
                f"{value.text} är ingen möjlig andel; den ska ligga mellan 0 och 100 %.",
                "Rätta värdet, eller indikatorns namn om den inte är en andel.",
                found=value.text,
                expected="0 till 100 %",
            )


@rule(
    "BF408",
    title="Värdena på raden har radens enhet",
    many="{n} rader har värden utan enhet",
    severity=Severity.UPPLYSNING,
    source="Värdenas former i de fem dokumenten, docs/varden.md; kolumnen Enhet",
)
def values_on_a_row_share_their_unit(filing: Filing) -> Iterator[Hit]:
    """BF408: Alla tal på en indikators rad skrivs med radens enhet.

    Givet en rad i Indikatorer med en enhet i kolumnen Enhet, eller annars med minst ett tal med enhet
    När ett tal på raden har en annan enhet varnas det, för det räknas då inte i förslaget
    Så upplyses det när ett tal saknar enhet. En gång för raden. Noll behöver ingen enhet, och KF:s årsmål skriver SLK.
    Exempel: Utfall 16,3 barn/avd. men prognos 16 st.
    """
    for line in lines(filing, INDICATORS):
        numbers = {
            c: v for c, v in values(line).items()
            if v.tal and c != "kf_arsmal" and (INDICATORS, line.row, c) not in filing.blamed and not hundredth(line, c)
        }  # fmt: skip
        units = [v.enhet for v in numbers.values() if v.enhet is not None]
        main = enhetens_namn(line.text("enhet"), line.text("enhet")) or (
            max(sorted(set(units)), key=units.count) if units else None
        )
        if main is None:
            continue
        columns = filing.set.blanketter[INDICATORS].column_by_id
        for odd, text, severity in (
            ({c: v for c, v in numbers.items() if v.enhet not in (main, None)}, "en annan enhet", Severity.VARNING),
            ({c: v for c, v in numbers.items() if v.enhet is None}, "ingen enhet", Severity.UPPLYSNING),
        ):
            if not odd:
                continue
            said = ", ".join(f"{columns[c].name} {v.text}" for c, v in odd.items())
            counted = " och räknas inte i förslaget" if severity is Severity.VARNING else ""
            yield filing.at(
                (INDICATORS, line.row, next(iter(odd))),
                f"enheten på raden är {main}, men {said} har {text}{counted}.",
                f"Skriv {main} efter talet om det är så det ska läsas.",
                found=said,
                expected=main,
                cells=tuple((INDICATORS, line.row, c) for c in list(odd)[1:]),
                severity=severity,
                many="{n} rader har värden i en annan enhet än radens" if severity is Severity.VARNING else "",
                follows_from_here=False,
            )
            break


@rule(
    "BF409",
    title="Ett stort hopp från förra året förklaras",
    many="{n} indikatorer har ändrats mycket sedan förra året utan analys",
    severity=Severity.VARNING,
    source="Parametern rimlighet.hopp_indikator (gissning); jfr 000:183-1673, där nästan alla stora ändringar analyseras",
)
def a_jump_is_explained(filing: Filing) -> Iterator[Hit]:
    """BF409: En indikator vars utfall har ändrats mycket sedan förra årets verksamhetsberättelse har en analys.

    Givet utfall och förra årets utfall i samma enhet, där årets inte är ett antal för en del av året
    När skillnaden är större än den beslutade andelen av förra årets värde och analysen är tom
    Så varnas det.
    Exempel: 94 % mot 60 % i VB 2023, utan analys.
    """
    limit = filing.set.parameter("rimlighet.hopp_indikator")
    for line in lines(filing, INDICATORS):
        now, before = number(line, "periodens_utfall"), number(line, "utfall_foregaende")
        if now is None or before is None or not before.tal or now.tal is None or line.text("analys"):
            continue
        if unit_of(line, now) != unit_of(line, before) or (is_count(line) and filing.set.period != "VB"):
            continue
        if (INDICATORS, line.row, "periodens_utfall") in filing.blamed or hundredth(line, "periodens_utfall"):
            continue
        share = abs(now.tal - before.tal) / abs(before.tal)
        if share > limit:
            yield filing.at(
                (INDICATORS, line.row, "periodens_utfall"),
                f"utfallet {now.text} är {round(share * 100)} % {'högre' if now.tal > before.tal else 'lägre'} än "
                f"förra årets {before.text}, och analysen är tom.",
                "Rätta värdet, eller förklara ändringen i analysen.",
                found=now.text,
                expected=before.text,
                related=((INDICATORS, line.row, "utfall_foregaende"),),
                follows_from_here=False,
            )


@rule(
    "BF415",
    title="Indikatorvärden är inte negativa",
    many="{n} värden är negativa",
    severity=varies(Severity.VARNING, Severity.FEL),
    source="Ren aritmetik",
)
def values_are_not_negative(filing: Filing) -> Iterator[Hit]:
    """BF415: Ett utfall, en prognos eller ett årsmål är inte negativt, utom för indikatorer som mäter en förändring.

    Givet ett värde i Indikatorer
    När talet är mindre än noll och indikatorn inte är budgetföljsamhet, prognossäkerhet eller en förändring
    Så varnas det (stoppas i VB).
    Exempel: Utfall -85 tkr mot årsmålet 80 tkr.
    """
    for line in lines(filing, INDICATORS):
        if any(word in line.text("indikator").casefold() for word in NO_SHARES):
            continue
        for column in (*OUTCOMES, "arsmal"):
            value = number(line, column)
            if value is not None and value.tal is not None and value.tal < 0:
                yield filing.at(
                    (INDICATORS, line.row, column),
                    f"{value.text} är negativt.",
                    f"Skriv {show(-value.tal)} om tecknet är en felskrivning.",
                    found=value.text,
                    expected=show(-value.tal),
                )


@rule(
    "BF411",
    title="Könsuppdelade indikatorer har båda könen",
    many="{n} könsuppdelade indikatorer saknar det ena könet",
    severity=Severity.UPPLYSNING,
    source="Kolumnerna Utfall män/pojkar och kvinnor/flickor; märkningen ♀ i 000 och 003",
)
def both_sexes_are_given(filing: Filing) -> Iterator[Hit]:
    """BF411: Den som anger utfall för det ena könet anger det för det andra.

    Givet en indikator med utfall
    När bara det ena könets utfall är ifyllt, eller inget fast indikatorn är könsuppdelad och inte är en årsindikator
    Så upplyses det.
    Exempel: Andel personer med ekonomiskt bistånd har utfall för män men inte för kvinnor.
    """
    for line in lines(filing, INDICATORS):
        if "utfall_man" not in line.columns or number(line, "periodens_utfall") is None:
            continue
        given = [bool(line.text(column)) for column in ("utfall_man", "utfall_kvinnor")]
        often = not line.text("period").isdigit()
        if all(given) or (not any(given) and not (line.text("konsuppdelad") == "ja" and often)):
            continue
        missing = " och ".join(
            name for name, there in zip(("män/pojkar", "kvinnor/flickor"), given, strict=True) if not there
        )
        yield filing.at(
            (INDICATORS, line.row, "utfall_kvinnor" if given[0] else "utfall_man"),
            f"utfall för {missing} saknas.",
            "Fyll i utfallet om det finns.",
            found="tomt",
            follows_from_here=False,
        )
