"""BF4xx: plausibility. Signs and scale: what is possible but most likely a slip."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from blankettset.templates.model import Kind
from blankettset.validators.filing import Filing
from blankettset.validators.finding import Hit, Severity, show
from blankettset.validators.registry import rule, varies
from blankettset.workbook.calc.values import rounded

INPUTS = (Kind.INPUT, Kind.SLK)
VOLUMES, COMPLAINTS = "volymer", "synpunkter"


@rule(
    "BF401",
    title="Beloppen har blankettens tecken",
    many="{n} belopp har omvänt tecken",
    severity=varies(Severity.VARNING, Severity.FEL),
    source="Teckenregeln står i blankettens definition; jfr 000:1879, 003:2376",
)
def figures_have_the_forms_sign(filing: Filing) -> Iterator[Hit]:
    """BF401: Ett belopp har det tecken som blanketten anger för raden eller kolumnen.

    Givet en rad eller kolumn som ska skrivas positiv eller negativ
    När beloppet har motsatt tecken
    Så varnas det (stoppas i VB). Noll har inget tecken.
    Exempel: Intäkter 402,5 i stället för −402,5.
    """
    for form in filing.judged():
        for cell, definition in filing.cells(form, *INPUTS):
            if definition.sign is None or not isinstance(cell.value, Decimal) or not cell.value:
                continue
            if (cell.value < 0) == (definition.sign == "negative"):
                continue
            wanted = "negativt" if definition.sign == "negative" else "positivt"
            yield filing.at(
                cell.key,
                f"{show(cell.value)} ska skrivas {wanted}.",
                f"Skriv {show(-cell.value)}, eller förklara om beloppet verkligen har omvänt tecken.",
                found=cell.value,
                expected=-cell.value,
            )


@rule(
    "BF403",
    title="Försörjningsstödet är hushåll gånger medelbidrag",
    many="{n} månader med försörjningsstöd är inte hushåll gånger medelbidrag",
    severity=Severity.VARNING,
    source="Medelbidrag är utbetalt stöd per hushåll: 003:2357-2359 (163 hushåll × 11 117 kr = 1 812 tkr)",
)
def support_is_households_times_average(filing: Filing) -> Iterator[Hit]:
    """BF403: Utbetalat försörjningsstöd per månad är antalet hushåll gånger medelbidraget.

    Givet blanketten Verksamhetsvolym med hushåll, utbetalt stöd (tkr) och medelbidrag (kr) i samma kolumn
    När det utbetalda skiljer sig mer än avrundningen medger: ett halvt hushåll och en halv tusenlapp
    Så varnas det, för ett av de tre talen är fel eller har fel enhet.
    Exempel: 163 hushåll × 11 117 kr är 1 812 tkr, men där står 1 812 071.
    """
    form = filing.filled.forms.get(VOLUMES)
    if form is None or not form.present or form.form.id in filing.unusable:
        return
    for column in form.form.column_by_id:
        keys = [(VOLUMES, f"ekonomiskt_bistand_{row}", column) for row in ("hushall", "medelbidrag", "utbetalt")]
        households, average, paid = (filing.filled.facts.get(key) for key in keys)
        if not (isinstance(households, Decimal) and isinstance(average, Decimal) and isinstance(paid, Decimal)):
            continue
        expected = households * average / 1000
        tolerance = average / 2000 + Decimal("0.5")
        if abs(paid - expected) > tolerance:
            yield filing.at(
                keys[2],
                f"{show(paid)} tkr är inte {show(households)} hushåll × {show(average)} kr, som är {show(rounded(expected, 0))} tkr.",
                "Rätta det tal som är fel. Stödet skrivs i tkr per månad, medelbidraget i kr per hushåll och månad.",
                found=paid,
                expected=rounded(expected, 0),
                tolerance=rounded(tolerance, 1),
                related=(keys[0], keys[1]),
            )


@rule(
    "BF404",
    title="Besvarade synpunkter är högst de inkomna",
    many="{n} områden har fler besvarade synpunkter än inkomna",
    severity=Severity.FEL,
    source="Ordet varav: en del kan inte vara större än det hela; tiden två veckor: 002:1805",
)
def answered_are_among_the_received(filing: Filing) -> Iterator[Hit]:
    """BF404: Antalet synpunkter besvarade inom två veckor är högst antalet inkomna.

    Givet ett område i blanketten Synpunkter
    När fler är besvarade i tid än som har kommit in, eller besvarade anges utan inkomna
    Så stoppas inlämningen.
    Exempel: 44 inkomna men 54 besvarade inom två veckor.
    """
    form = filing.filled.forms.get(COMPLAINTS)
    if form is None or not form.present or form.form.id in filing.unusable:
        return
    for column in form.form.columns:
        keys = [(COMPLAINTS, row, column.id) for row in ("i_tid", "synpunkter")]
        answered, received = (filing.filled.facts.get(key) for key in keys)
        if column.function is not None or not isinstance(answered, Decimal):
            continue
        whole = received if isinstance(received, Decimal) else Decimal(0)
        if answered > whole:
            yield filing.at(
                keys[0],
                f"{show(answered)} är besvarade inom två veckor men bara {show(whole)} har kommit in.",
                "Rätta det antal som är fel.",
                found=answered,
                expected=whole,
                related=(keys[1],),
            )


MONTHS = ("jan", "feb", "mar", "apr", "maj", "jun", "jul", "aug", "sep", "okt", "nov", "dec")


@rule(
    "BF412",
    title="Månader som inte har varit är tomma",
    many="{n} rader har tal i månader som inte har varit",
    severity=Severity.VARNING,
    source="000:1919-1981: serierna slutar med rapportmånaden",
)
def months_to_come_are_blank(filing: Filing) -> Iterator[Hit]:
    """BF412: En månadsserie slutar senast med rapportmånaden.

    Givet en blankett med en kolumn per månad
    När en månad efter rapportdagen har ett annat tal än noll
    Så varnas det, en gång per rad.
    Exempel: Septembers antal är ifyllt i T2, som gäller till och med augusti.
    """
    month = int(filing.set.report_date[5:7])
    for form in filing.judged():
        if "jan" not in form.form.column_by_id:
            continue
        seen: set[str] = set()
        for cell, _ in filing.cells(form, *INPUTS):
            if cell.column not in MONTHS[month:] or not isinstance(cell.value, Decimal) or not cell.value:
                continue
            if cell.row not in seen:
                seen.add(cell.row)
                yield filing.at(
                    cell.key,
                    f"{show(cell.value)} står i en månad efter rapportdagen {filing.set.report_date}.",
                    "Flytta talet till rätt månad, eller töm cellen.",
                    found=cell.value,
                )
