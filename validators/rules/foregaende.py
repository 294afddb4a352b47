"""BF5xx: against the nämnd's earlier workbooks, given with --foregaende. Silent when none is given."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from templates.model import Blankett
from validators.filing import Filing
from validators.finding import Hit, Severity, show
from validators.registry import PERIODS, rule, varies
from validators.rules.stadsregler import UNITS, surplus
from workbook.filled import FilledSet

AREAS = "verksamhetsomraden"


def _earlier(filing: Filing, *periods: str, years_back: int = 0) -> FilledSet | None:
    """The latest of the earlier workbooks from one of these periods, this year or `years_back` years ago."""
    wanted = filing.set.year - years_back
    found = [e for e in filing.previous if e.set.year == wanted and e.set.period in periods]
    return max(found, key=lambda e: PERIODS.index(e.set.period), default=None)


def _both(filing: Filing, earlier: FilledSet, form_id: str) -> tuple[Blankett, Blankett] | None:
    now, before = filing.filled.forms.get(form_id), earlier.forms.get(form_id)
    if now is None or before is None or not now.present or not before.present or form_id in filing.unusable:
        return None
    return now.form, before.form


@rule(
    "BF501",
    title="Budgeten är den som gällde, med justeringar",
    severity=Severity.VARNING,
    source="Budgeten ändras bara genom beslutade budgetjusteringar: 003:2483-2503",
)
def the_budget_is_the_one_before(filing: Filing) -> Iterator[Hit]:
    """BF501: Budgeten per verksamhetsområde är den i årets förra arbetsbok, eller den med begärda justeringar.

    Givet en tidigare arbetsbok för samma år, angiven som föregående
    När budgeten på en rad skiljer sig mer än toleransen både från den förra och från den med de justeringar som begärdes
    Så varnas det: justeringen ska kunna pekas ut.
    Exempel: Förskolan hade 278,5 i T1 och begärde inget, men har 285,0 i T2.
    """
    periods = PERIODS[: PERIODS.index(filing.set.period)]
    earlier = _earlier(filing, *periods)
    forms = _both(filing, earlier, AREAS) if earlier else None
    if earlier is None or forms is None or "budget" not in forms[0].column_by_id:
        return
    now, before = forms
    column = "budget" if "budget" in before.column_by_id else "netto"
    tolerance = max(now.tolerance, before.tolerance)
    for row in now.rows:
        if row.formula is not None or row.id not in before.row_by_id:
            continue
        found, old = filing.filled.facts.get((AREAS, row.id, "budget")), earlier.facts.get((AREAS, row.id, column))
        asked = earlier.facts.get((AREAS, row.id, "begarda_justeringar"))
        if not isinstance(found, Decimal) or not isinstance(old, Decimal):
            continue
        adjusted = old + asked if isinstance(asked, Decimal) else old
        if abs(found - old) <= tolerance or abs(found - adjusted) <= tolerance:
            continue
        yield filing.at(
            (AREAS, row.id, "budget"),
            f"budgeten är {show(found, now.decimals)} men var {show(old, now.decimals)} i {earlier.set.id}"
            + (f" ({show(adjusted, now.decimals)} med begärda justeringar)." if adjusted != old else "."),
            "Rätta budgeten, eller förklara vilket beslut som har ändrat den.",
            found=found,
            expected=adjusted,
            tolerance=tolerance,
            follows_from_here=False,
        )


@rule(
    "BF502",
    title="Prognosen i T2 är den som lämnades",
    severity=Severity.FEL,
    source="Prognossäkerheten jämför utfallet med prognosen i T2: 000:1585, 003:1416",
)
def the_t2_forecast_is_the_one_submitted(filing: Filing) -> Iterator[Hit]:
    """BF502: Kolumnen Prognos i T2 i bokslutet är den prognos som nämnden lämnade i T2.

    Givet en VB-arbetsbok och årets T2-arbetsbok, angiven som föregående
    När prognosen före resultatöverföringar på en rad inte är densamma
    Så stoppas inlämningen, för prognossäkerheten räknas då på fel tal.
    Exempel: T2 lämnade 284,8 för förskolan men bokslutet anger 290,0 som prognos i T2.
    """
    earlier = _earlier(filing, "T2") if filing.set.period == "VB" else None
    forms = _both(filing, earlier, AREAS) if earlier else None
    if earlier is None or forms is None or "prognos" not in forms[0].column_by_id:
        return
    now, before = forms
    column = "prognos_fore" if "prognos_fore" in before.column_by_id else "prognos"
    for row in now.rows:
        found, old = filing.filled.facts.get((AREAS, row.id, "prognos")), earlier.facts.get((AREAS, row.id, column))
        if row.formula is not None or not isinstance(found, Decimal) or not isinstance(old, Decimal):
            continue
        if abs(found - old) > now.tolerance:
            yield filing.at(
                (AREAS, row.id, "prognos"),
                f"prognosen i T2 anges till {show(found, now.decimals)} men {earlier.set.id} lämnades med "
                f"{show(old, now.decimals)}.",
                f"Skriv {show(old, now.decimals)}.",
                found=found,
                expected=old,
                tolerance=now.tolerance,
            )


@rule(
    "BF503",
    title="Resultatenheternas ingående fond är den utgående",
    severity=varies(Severity.VARNING, Severity.FEL),
    source="Överföringen från föregående år är bokslutets överföring till nästa år: 000:1989, 003:2376",
)
def opening_fund_equals_closing(filing: Filing) -> Iterator[Hit]:
    """BF503: En resultatenhets överföring från föregående år är den som förra bokslutet förde till nästa år.

    Givet förra årets VB-arbetsbok, angiven som föregående, och en enhet med samma namn i båda
    När beloppen skiljer sig mer än toleransen, med hänsyn till kolumnernas tecken
    Så varnas det (stoppas i VB).
    Exempel: Bokslutet 2023 förde över 6 695,0 till 2024 men T1 2024 börjar med 6 950,0.
    """
    earlier = _earlier(filing, "VB", years_back=1)
    forms = _both(filing, earlier, UNITS) if earlier else None
    if earlier is None or forms is None or "overforing_fran" not in forms[0].column_by_id:
        return
    now, before = forms
    if "overforing_till" not in before.column_by_id or now.key is None or before.key is None or now.unit != before.unit:
        return
    closing = {}
    for row in earlier.forms[UNITS].items:
        name, value = earlier.facts.get((UNITS, row, before.key)), earlier.facts.get((UNITS, row, "overforing_till"))
        if isinstance(name, str) and isinstance(value, Decimal):
            closing[name.strip().casefold()] = surplus(before, "overforing_till", value)
    for row in filing.filled.forms[UNITS].items:
        name, value = (
            filing.filled.facts.get((UNITS, row, now.key)),
            filing.filled.facts.get((UNITS, row, "overforing_fran")),
        )
        if not isinstance(name, str) or not isinstance(value, Decimal) or name.strip().casefold() not in closing:
            continue
        opening, closed = surplus(now, "overforing_fran", value), closing[name.strip().casefold()]
        if abs(opening - closed) > now.tolerance:
            yield filing.at(
                (UNITS, row, "overforing_fran"),
                f"enheten börjar med överskottet {show(opening, now.decimals)} men {earlier.set.id} slutade med "
                f"{show(closed, now.decimals)}.",
                "Rätta beloppet, eller förklara varför fonden har ändrats mellan åren.",
                found=opening,
                expected=closed,
                tolerance=now.tolerance,
                follows_from_here=False,
            )
