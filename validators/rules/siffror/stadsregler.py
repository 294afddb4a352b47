"""BF3xx: the city's own rules, each with its paragraph in the documents."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from blankettset.templates.model import Blankett
from blankettset.validators.filing import Filing
from blankettset.validators.finding import Hit, Severity, show
from blankettset.validators.registry import rule, varies
from blankettset.workbook.calc.evaluate import Key, Value
from blankettset.workbook.calc.nyckeltal import Overforing, produkt, resultatoverforing

UNITS = "resultatenheter"


def surplus(form: Blankett, column: str, value: Decimal) -> Decimal:
    """The figure with surplus positive, whatever sign the column prints it with."""
    return -value if form.column_by_id[column].positive_means == "underskott" else value


def _units(filing: Filing) -> Iterator[tuple[str, Blankett, Decimal, Decimal, Decimal | None]]:
    """Row, form, transfer from last year, result and gross budget (positive) of each unit; surplus positive."""
    form = next((f for f in filing.judged() if f.form.id == UNITS), None)
    if form is None or "overforing_fran" not in form.form.column_by_id:
        return
    facts = filing.filled.facts
    for row in form.items:
        start, result = facts.get((UNITS, row, "overforing_fran")), facts.get((UNITS, row, "resultat"))
        gross = facts.get((UNITS, row, "bruttobudget"))
        if not isinstance(start, Decimal) or not isinstance(result, Decimal):
            continue
        yield (
            row,
            form.form,
            surplus(form.form, "overforing_fran", start),
            surplus(form.form, "resultat", result),
            abs(gross) if isinstance(gross, Decimal) and gross else None,
        )


def _transfers(filing: Filing) -> Iterator[tuple[str, Blankett, Decimal, Overforing]]:
    share_year = filing.set.parameter("resultatenhet.max_andel_overforing")
    share_fund = filing.set.parameter("resultatenhet.max_andel_fond")
    for row, form, start, result, gross in _units(filing):
        if gross is not None:
            yield row, form, result, resultatoverforing(start, result, gross, share_year, share_fund)


def _percent(filing: Filing, parameter: str) -> str:
    return f"{show(filing.set.parameter(parameter) * 100)} %"


@rule(
    "BF301",
    title="Årets överföring ryms i 5 procent",
    many="{n} resultatenheter har ett större överskott för året än de får föra över",
    severity=varies(Severity.VARNING, Severity.FEL),
    source="000:1987, 002:1691, 003:2391",
)
def transfer_of_the_year_is_within_limit(filing: Filing) -> Iterator[Hit]:
    """BF301: En resultatenhets överskott för året är högst 5 procent av bruttobudgeten.

    Givet en resultatenhet med bruttobudget
    När årets överskott är större än den beslutade andelen av bruttobudgeten, med mer än toleransen
    Så varnas det (stoppas i VB). Underskott förs över i sin helhet.
    Exempel: Bruttobudget 66 700 tkr och årets överskott 3 600 tkr; gränsen är 3 335 tkr.
    """
    for row, form, result, transfer in _transfers(filing):
        if transfer.over_arets_grans > form.tolerance:
            limit = _percent(filing, "resultatenhet.max_andel_overforing")
            yield filing.at(
                (UNITS, row, "resultat"),
                f"årets överskott {show(result, form.decimals)} {form.unit} är {show(transfer.over_arets_grans, form.decimals)} över gränsen "
                f"{show(transfer.arets_grans, form.decimals)} ({limit} av bruttobudgeten).",
                f"Överför högst {show(transfer.arets_grans, form.decimals)} {form.unit}, eller förklara.",
                found=result,
                expected=transfer.arets_grans,
                tolerance=form.tolerance,
                related=((UNITS, row, "bruttobudget"),),
            )


@rule(
    "BF302",
    title="Resultatfonden ryms i 10 procent",
    many="{n} resultatenheter för över mer än fonden får vara",
    severity=varies(Severity.VARNING, Severity.FEL),
    source="000:1987, 002:1691, 003:2391",
)
def fund_is_within_limit(filing: Filing) -> Iterator[Hit]:
    """BF302: En resultatenhets ackumulerade överskott är högst 10 procent av bruttobudgeten.

    Givet en resultatenhet med bruttobudget
    När det som förs över till nästa år är större än den beslutade andelen av bruttobudgeten, med mer än toleransen
    Så varnas det (stoppas i VB).
    Exempel: Bruttobudget 66 700 tkr och överföring 6 695 tkr; gränsen är 6 670 tkr.
    """
    for row, form, _, transfer in _transfers(filing):
        if transfer.over_fondens_grans > form.tolerance:
            limit = _percent(filing, "resultatenhet.max_andel_fond")
            yield filing.at(
                (UNITS, row, "overforing_till"),
                f"överskottet {show(transfer.till_nasta_ar, form.decimals)} {form.unit} är {show(transfer.over_fondens_grans, form.decimals)} över "
                f"gränsen {show(transfer.fondens_grans, form.decimals)} ({limit} av bruttobudgeten).",
                f"Överför högst {show(transfer.fondens_grans, form.decimals)} {form.unit}, eller förklara.",
                found=transfer.till_nasta_ar,
                expected=transfer.fondens_grans,
                tolerance=form.tolerance,
                related=((UNITS, row, "bruttobudget"),),
            )


@rule(
    "BF303",
    title="Underskott täcks inom ett år",
    many="{n} resultatenheter har underskott två år i rad",
    severity=varies(Severity.VARNING, Severity.FEL),
    source="000:1987 (tillämpat 000:1930), 003:2391",
)
def deficit_is_covered_within_a_year(filing: Filing) -> Iterator[Hit]:
    """BF303: En resultatenhet som hade underskott förra året har det inte i år också.

    Givet en resultatenhet som för med sig ett underskott
    När den för över ett underskott också till nästa år
    Så varnas det (stoppas i VB): underskottet skulle ha täckts, annars upplöses resultatenheten i bokslutet.
    Exempel: Från 2023 −120 tkr, till 2025 −80 tkr.
    """
    for row, form, start, result, _ in _units(filing):
        end = start + result
        if start < -form.tolerance and end < -form.tolerance:
            year = filing.set.year
            yield filing.at(
                (UNITS, row, "overforing_till"),
                f"enheten har med sig ett underskott på {show(-start, form.decimals)} {form.unit} från {year - 1} och för över "
                f"{show(-end, form.decimals)} i underskott till {year + 1}.",
                "Underskottet ska täckas i år, annars ska nämnden upplösa resultatenheten i bokslutet. "
                "Rätta beloppen eller förklara.",
                found=end,
                expected=Decimal(0),
                tolerance=form.tolerance,
                related=((UNITS, row, "overforing_fran"),),
            )


@rule(
    "BF304",
    title="Omslutningsförändringarnas netto är noll",
    many="{n} omslutningsförändringar har ett netto som inte är noll",
    severity=Severity.FEL,
    source="002:1754",
)
def gross_changes_net_to_zero(filing: Filing) -> Iterator[Hit]:
    """BF304: Varje omslutningsförändring har lika stora intäkter som kostnader.

    Givet en rad i Omslutningsförändringar
    När kostnader plus intäkter inte är noll
    Så stoppas inlämningen. Summaraden bedöms bara när alla rader stämmer. Toleransen är noll.
    Exempel: Kostnader 5,3 och intäkter −5,0 ger netto 0,3.
    """
    form = next((f for f in filing.judged() if f.form.id == "omslutning"), None)
    if form is None:
        return
    rows = form.items if form.form.is_list else [r.id for r in form.form.rows if r.formula is None]
    for row in rows:
        costs = filing.filled.facts.get(("omslutning", row, "kostnader"))
        incomes = filing.filled.facts.get(("omslutning", row, "intakter"))
        keys: tuple[Key, ...] = (("omslutning", row, "kostnader"), ("omslutning", row, "intakter"))
        if any(key in filing.filled.broken for key in keys) or (costs is None and incomes is None):
            continue
        cost = costs if isinstance(costs, Decimal) else Decimal(0)
        income = incomes if isinstance(incomes, Decimal) else Decimal(0)
        if cost + income != 0:
            flipped = " Intäkterna ska skrivas negativa." if cost == income else ""
            yield filing.at(
                ("omslutning", row, "netto"),
                f"kostnader {show(cost, 1)} och intäkter {show(income, 1)} ger netto {show(cost + income, 1)}, "
                f"men nettot ska alltid vara noll.{flipped}",
                "Rätta kostnaden eller intäkten.",
                found=cost + income,
                expected=Decimal(0),
                tolerance=Decimal(0),
                related=keys,
            )


CONTROL = "internkontroll"
RISK = ("sannolikhet", "konsekvens")


def _processes(filing: Filing) -> Iterator[tuple[str, dict[str, Value]]]:
    """Row and what stands in its columns, for each process in the internal control."""
    form = next((f for f in filing.judged() if f.form.id == CONTROL), None)
    if form is None:
        return
    for row in form.items:
        yield row, {column: filing.filled.facts.get((CONTROL, row, column)) for column in form.form.column_by_id}


@rule(
    "BF305",
    title="Höga risker har en kontroll",
    many="{n} processer med högt riskvärde saknar kontroll",
    severity=varies(Severity.VARNING, Severity.FEL),
    source="003:2555: processer med riskvärde 12 eller högre ingår i internkontrollplanen",
)
def high_risks_are_controlled(filing: Filing) -> Iterator[Hit]:
    """BF305: En process vars riskvärde når gränsen för internkontrollplanen har en kontroll.

    Givet sannolikhet och konsekvens för en process
    När riskvärdet är minst gränsen (12) och varken kontroll eller utfall är ifyllt
    Så varnas det (stoppas i VB).
    Exempel: Arkiv och registratur har riskvärde 4 × 3 = 12 men ingen kontroll.
    """
    limit = filing.set.parameter("internkontroll.riskvarde_plan")
    for row, process in _processes(filing):
        value = produkt(_decimal(process["sannolikhet"]), _decimal(process["konsekvens"]))
        if value is None or value < limit or process.get("kontroll") or process.get("resultat"):
            continue
        yield filing.at(
            (CONTROL, row, "kontroll"),
            f"riskvärdet är {show(value)}, minst gränsen {show(limit)}, men ingen kontroll är angiven.",
            "Ange kontrollen, eller ompröva riskvärdet.",
            found=value,
            expected=limit,
            follows_from_here=False,
        )


@rule(
    "BF306",
    title="Avvikelser i intern kontroll har en åtgärd",
    many="{n} avvikelser i den interna kontrollen saknar åtgärd",
    severity=varies(Severity.VARNING, Severity.FEL),
    source="000:2125: för avvikelser har åtgärder planerats eller vidtagits",
)
def deviations_have_a_remedy(filing: Filing) -> Iterator[Hit]:
    """BF306: En avvikelse i den interna kontrollen har en planerad eller vidtagen åtgärd.

    Givet en kontroll vars utfall är en mindre eller väsentlig avvikelse
    När ingen åtgärd är angiven
    Så varnas det (stoppas i VB).
    Exempel: En mindre avvikelse i diarieföringen har noterats, men inte vad som görs.
    """
    for row, process in _processes(filing):
        result = process.get("resultat")
        if result in ("mindre", "vasentlig") and not process.get("atgard"):
            label = "en mindre avvikelse" if result == "mindre" else "en väsentlig avvikelse"
            yield filing.at(
                (CONTROL, row, "atgard"),
                f"kontrollen visade {label} men ingen åtgärd är angiven.",
                "Skriv vilken åtgärd som planeras eller har vidtagits.",
                found=label,
                follows_from_here=False,
            )


@rule(
    "BF308",
    title="Risken är bedömd på skalan",
    many="{n} riskbedömningar är ofullständiga eller utanför skalan",
    severity=varies(Severity.VARNING, Severity.FEL),
    source="003:2555: riskvärde är sannolikhet gånger konsekvens; skalan är en gissning (internkontroll.skala_*)",
)
def risks_are_judged_on_the_scale(filing: Filing) -> Iterator[Hit]:
    """BF308: En process har både sannolikhet och konsekvens, och båda ligger på skalan.

    Givet en process där sannolikhet eller konsekvens är ifylld
    När den andra saknas, eller någon av dem ligger utanför skalan (1-5)
    Så varnas det (stoppas i VB). En process utan någondera bedöms inte.
    Exempel: Sannolikhet 4 utan konsekvens, eller sannolikhet 12: står riskvärdet i fel kolumn?
    """
    low, high = (filing.set.parameter(f"internkontroll.skala_{end}") for end in ("lagst", "hogst"))
    for row, process in _processes(filing):
        risk = {column: _decimal(process[column]) for column in RISK}
        for column, other in (RISK, RISK[::-1]):
            value = risk[column]
            label = filing.set.blanketter[CONTROL].column_by_id[column].label.lower()
            if value is None:
                if risk[other] is not None and (CONTROL, row, column) not in filing.filled.broken:
                    yield filing.at(
                        (CONTROL, row, column),
                        f"{label} saknas, så riskvärdet går inte att räkna ut.",
                        f"Fyll i {label}, {show(low)}-{show(high)}.",
                        follows_from_here=False,
                    )
            elif not low <= value <= high:
                yield filing.at(
                    (CONTROL, row, column),
                    f"{label} är {show(value)}, utanför skalan {show(low)}-{show(high)}.",
                    "Skriv ett värde på skalan; riskvärdet räknas ut av blanketten.",
                    found=value,
                    follows_from_here=False,
                )


def _decimal(value: Value) -> Decimal | None:
    return value if isinstance(value, Decimal) else None


PRICES = {"forskola_1_3": "ar_1_3", "forskola_4_5": "ar_4_5", "forskola_allman": "allman"}


@rule(
    "BF307",
    title="Förskolepengen är den beslutade",
    many="{n} ersättningar är inte de beslutade",
    severity=Severity.FEL,
    source="002:1608-1613 (parametrarna forskolepeng.*)",
)
def the_price_is_the_decided_one(filing: Filing) -> Iterator[Hit]:
    """BF307: Ersättningen per barn är årets beslutade pengbelopp.

    Givet Prestationer och ersättning för ett år vars pengbelopp är kända
    När ersättningen för en åldersgrupp är en annan än den beslutade
    Så stoppas inlämningen. För år utan känt belopp bedöms inget.
    Exempel: 131 493 kr i stället för 131 943 kr för barn 1-3 år.
    """
    for row, parameter in PRICES.items():
        found = filing.filled.facts.get(("prestationer", row, "pris"))
        in_force = filing.set.parameters[f"forskolepeng.{parameter}"].on(filing.set.report_date)
        decided = in_force[0] if in_force is not None else None
        if isinstance(found, Decimal) and decided is not None and found != decided:
            yield filing.at(
                ("prestationer", row, "pris"),
                f"ersättningen är {show(found)} kr men den beslutade för {filing.set.year} är {show(decided)} kr.",
                f"Skriv {show(decided)}.",
                found=found,
                expected=decided,
                tolerance=Decimal(0),
            )
