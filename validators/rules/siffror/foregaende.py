"""BF5xx: against the nämnd's earlier workbooks, given with --foregaende. Silent when none is given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from blankettset.templates.carries import Pair
from blankettset.templates.model import MONEY_SCALE, PERIODS, Blankett, Kind
from blankettset.validators.filing import Filing
from blankettset.validators.finding import Hit, Severity, show
from blankettset.validators.registry import rule, varies
from blankettset.validators.rules.mal.rader import INDICATORS, meaning
from blankettset.validators.rules.siffror.stadsregler import UNITS, surplus
from blankettset.workbook.calc.evaluate import Key, Value
from blankettset.workbook.calc.nyckeltal import prognossakerhet
from blankettset.workbook.carry.maps import asked_for, rows_of, side_sum
from blankettset.workbook.carry.past import Past

AREAS, AREAS_MAP = "verksamhetsomraden", "omraden"


def _earlier(filing: Filing, *periods: str, years_back: int = 0) -> Past | None:
    """The latest of the earlier workbooks from one of these periods, this year or `years_back` years ago."""
    wanted = filing.set.year - years_back
    found = [e for e in filing.previous if e.set.year == wanted and e.set.period in periods]
    return max(found, key=lambda e: PERIODS.index(e.set.period), default=None)


def _this_year(filing: Filing) -> Past | None:
    """The latest of the earlier workbooks from this year."""
    return _earlier(filing, *PERIODS[: PERIODS.index(filing.set.period)])


def _brought_forward(filing: Filing, closing: str, opening: str) -> tuple[Past | None, str]:
    """Where what is brought forward should be found: last year's books and their closing column, else this year's opening."""
    books = _earlier(filing, "VB", years_back=1)
    return (books, closing) if books is not None else (_this_year(filing), opening)


def _same_rows(filing: Filing, earlier: Past, form_id: str) -> dict[str, str]:
    """Row of a list now -> the same row in the earlier workbook."""
    known: dict[str, str] | None = filing.memory.get((f"samma {earlier.name}", form_id))
    if known is None:
        items = {form.form.id: form.items for form in filing.filled.forms.values() if form.form.is_list}
        known = earlier.same_rows(filing.set.blanketter[form_id], filing.filled.facts, items, filing.set.year)
        filing.memory[f"samma {earlier.name}", form_id] = known
    return known


def _both(filing: Filing, earlier: Past, form_id: str) -> tuple[Blankett, Blankett] | None:
    now, before = filing.filled.forms.get(form_id), earlier.form(form_id)
    if now is None or before is None or not now.present or form_id in filing.unusable:
        return None
    return now.form, before


@rule(
    "BF501",
    title="Budgeten är den som gällde, med justeringar",
    many="{n} budgetbelopp har ändrats utan begärd justering",
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
    earlier = _this_year(filing)
    forms = _both(filing, earlier, AREAS) if earlier else None
    if earlier is None or forms is None or "budget" not in forms[0].column_by_id:
        return
    now, before = forms
    column = "budget" if "budget" in before.column_by_id else "netto"
    pairs = filing.set.rolling.maps.get(AREAS_MAP, ()) if column == "netto" else ()
    places = next((rule.asked for rule in now.carries.get("budget", ())), ("begarda_justeringar",))
    tolerance = max(now.tolerance, before.tolerance)
    for row, rows, old in budget_pairs(now, earlier, column, pairs):
        figures = [filing.filled.facts.get((AREAS, each, "budget")) for each in rows]
        found = sum((f for f in figures if isinstance(f, Decimal)), Decimal(0))
        asked = asked_for(places, earlier, AREAS, row) if len(rows) == 1 else None
        if not any(isinstance(f, Decimal) for f in figures):
            continue
        adjusted = old + (asked or 0)
        if abs(found - old) <= tolerance or abs(found - adjusted) <= tolerance:
            continue
        more = f" tillsammans med {' och '.join(now.row_label(each) for each in rows[1:])}" if len(rows) > 1 else ""
        yield filing.at(
            (AREAS, row, "budget"),
            f"budgeten{more} är {show(found, now.decimals)} men var {show(old, now.decimals)} i {earlier.name}"
            + (f" ({show(adjusted, now.decimals)} med begärda justeringar)." if adjusted != old else "."),
            "Rätta budgeten, eller förklara vilket beslut som har ändrat den.",
            found=found,
            expected=adjusted,
            tolerance=tolerance,
            related=tuple((AREAS, each, "budget") for each in rows[1:]),
            follows_from_here=False,
        )


def budget_pairs(
    now: Blankett, earlier: Past, column: str, pairs: tuple[Pair, ...]
) -> Iterator[tuple[str, tuple[str, ...], Decimal]]:
    """First row, rows that together answer to one earlier amount, and that amount; by the map between the layouts."""
    done: set[str] = set()
    for pair in pairs:
        theirs = rows_of(pair.vp)
        if theirs is None:
            continue  # a more exact answer out of another form; the sum of the rows is what is compared
        rows = tuple(row for row in rows_of(pair.t) or () if row in now.row_by_id)
        old = side_sum(pair.vp, earlier, AREAS, column)
        done.update(theirs, rows)
        if rows and old is not None:
            yield rows[0], rows, old
    before = earlier.set.blanketter[AREAS]
    for row in now.rows:
        computed = row.formula is not None or row.id in done or row.id not in before.row_by_id
        value = None if computed else earlier.given((AREAS, row.id, column))
        if isinstance(value, Decimal):
            yield row.id, (row.id,), value


@rule(
    "BF502",
    title="Prognosen i T2 är den som lämnades",
    many="{n} prognoser i T2 är inte de som lämnades",
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
                f"prognosen i T2 anges till {show(found, now.decimals)} men {earlier.name} lämnades med "
                f"{show(old, now.decimals)}.",
                f"Skriv {show(old, now.decimals)}.",
                found=found,
                expected=old,
                tolerance=now.tolerance,
            )


@rule(
    "BF503",
    title="Resultatenheternas ingående fond är den utgående",
    many="{n} resultatenheter börjar inte med det de slutade med",
    severity=varies(Severity.VARNING, Severity.FEL),
    source="Överföringen från föregående år är bokslutets överföring till nästa år: 000:1989, 003:2376",
)
def opening_fund_equals_closing(filing: Filing) -> Iterator[Hit]:
    """BF503: En resultatenhets överföring från föregående år är den som förra bokslutet förde till nästa år.

    Givet förra årets VB-arbetsbok eller en tidigare från i år, angiven som föregående, och en enhet med samma namn i båda
    När beloppet är ett annat än bokslutets utgående, eller än årets tidigare ingående, mer än toleransen och med hänsyn till
    kolumnernas tecken
    Så varnas det (stoppas i VB).
    Exempel: Bokslutet 2023 förde över 6 695,0 till 2024 men T1 2024 börjar med 6 950,0.
    """
    earlier, column = _brought_forward(filing, "overforing_till", "overforing_fran")
    forms = _both(filing, earlier, UNITS) if earlier else None
    if earlier is None or forms is None or "overforing_fran" not in forms[0].column_by_id:
        return
    now, before = forms
    if column not in before.column_by_id or not {now.unit, before.unit} <= set(MONEY_SCALE):
        return
    scale = Decimal(MONEY_SCALE[before.unit]) / MONEY_SCALE[now.unit]
    tolerance = max(now.tolerance, before.tolerance * scale)
    for row, old_row in _same_rows(filing, earlier, UNITS).items():
        value, old = (
            filing.filled.facts.get((UNITS, row, "overforing_fran")),
            earlier.facts.get((UNITS, old_row, column)),
        )
        if not isinstance(value, Decimal) or not isinstance(old, Decimal):
            continue
        opening, closed = surplus(now, "overforing_fran", value), surplus(before, column, old) * scale
        if abs(opening - closed) > tolerance:
            yield filing.at(
                (UNITS, row, "overforing_fran"),
                f"enheten börjar med överskottet {show(opening, now.decimals)} men {earlier.name} "
                f"{'slutade' if column == 'overforing_till' else 'började'} med {show(closed, now.decimals)}.",
                "Rätta beloppet, eller förklara varför fonden har ändrats mellan åren.",
                found=opening,
                expected=closed,
                tolerance=tolerance,
                follows_from_here=False,
            )


@rule(
    "BF504",
    title="Utfallet ligger inom prognosen i T2",
    many="{n} utfall ligger utanför T2:s prognos",
    severity=Severity.VARNING,
    source="Nämndens prognossäkerhet T2, mål +/- 1 %: 000:1585, 002:1285, 003:1416 (parametern prognossakerhet.band)",
)
def the_outcome_is_within_the_t2_forecast(filing: Filing) -> Iterator[Hit]:
    """BF504: Bokslutets utfall avviker högst så mycket från prognosen i T2 som prognossäkerheten tillåter.

    Givet en VB-arbetsbok och årets T2-arbetsbok, angiven som föregående
    När utfallet för hela nämnden avviker mer än bandet (1 %) från T2:s prognos före resultatöverföringar
    Så varnas det med den uträknade prognossäkerheten. Basen är T2:s prognos, vilket är en gissning.
    Exempel: Utfall 1 460,0 mot prognosen 1 433,1 ger 1,9 %.
    """
    earlier = _earlier(filing, "T2") if filing.set.period == "VB" else None
    if earlier is None or _both(filing, earlier, AREAS) is None:
        return
    place: Key = (AREAS, "summa", "utfall")
    column = "prognos_fore" if (AREAS, "summa", "prognos_fore") in earlier.facts else "prognos"
    filled = any(
        filing.filled.facts.get((AREAS, row.id, "utfall")) is not None
        for row in filing.set.blanketter[AREAS].rows
        if row.formula is None
    )
    outcome = filing.filled.facts.get(place) if filled else None
    forecast = earlier.facts.get((AREAS, "summa", column))
    if not isinstance(outcome, Decimal) or not isinstance(forecast, Decimal):
        return
    found, band = prognossakerhet(outcome, forecast), filing.set.parameter("prognossakerhet.band")
    if found is not None and abs(found) > band:
        yield filing.at(
            place,
            f"utfallet {show(outcome, 1)} är {show(abs(found), 1)} % {'över' if found > 0 else 'under'} prognosen "
            f"{show(forecast, 1)} i {earlier.name}; målet är högst {show(band)} %.",
            "Förklara vad som har ändrats sedan T2.",
            found=outcome,
            expected=forecast,
            follows_from_here=False,
        )


@rule(
    "BF505",
    title="En ändrad prognos förklaras",
    many="{n} prognoser har ändrats mycket sedan T1",
    severity=Severity.VARNING,
    source="Helårsprognosen följs från tertial till tertial (000:18); parametern rimlighet.prognosandring är en gissning",
)
def a_changed_forecast_is_explained(filing: Filing) -> Iterator[Hit]:
    """BF505: Prognosen för ett verksamhetsområde i T2 ligger nära den i T1, eller så förklaras ändringen.

    Givet en T2-arbetsbok och årets T1-arbetsbok, angiven som föregående
    När prognosen på en rad har ändrats mer än den beslutade andelen av radens prognos i T1, och mer än toleransen
    Så varnas det. Varav-rader bedöms inte.
    Exempel: Äldreomsorgens prognos var 520,0 i T1 och är 560,0 i T2.
    """
    earlier = _earlier(filing, "T1") if filing.set.period == "T2" else None
    forms = _both(filing, earlier, AREAS) if earlier else None
    if earlier is None or forms is None:
        return
    now, before = forms
    limit = filing.set.parameter("rimlighet.prognosandring")
    column = next((c for c in ("prognos_efter", "prognos") if c in now.column_by_id and c in before.column_by_id), None)
    for row in now.rows:
        if column is None or row.varav_of or row.formula is not None:
            continue
        key: Key = (AREAS, row.id, column)
        found, old = filing.filled.facts.get(key), earlier.facts.get(key)
        if not isinstance(found, Decimal) or not isinstance(old, Decimal) or not old:
            continue
        change = found - old
        if abs(change) > max(limit * abs(old), now.tolerance):
            yield filing.at(
                key,
                f"prognosen är {show(found, now.decimals)} men var {show(old, now.decimals)} i {earlier.name}; "
                f"{show(abs(change), now.decimals)} {'högre' if change > 0 else 'lägre'}.",
                "Förklara vad som har hänt sedan dess.",
                found=found,
                expected=old,
                follows_from_here=False,
            )


def _text(facts: Mapping[Key, Value], row: str, column: str) -> str:
    """What stands in an indicator's column, empty when nothing does."""
    return str(facts.get((INDICATORS, row, column)) or "").strip()


def _shared(filing: Filing, earlier: Past) -> Iterator[tuple[str, str]]:
    """Rows of the same indicator now and before."""
    if any(f.form.id == INDICATORS for f in filing.judged()):
        yield from _same_rows(filing, earlier, INDICATORS).items()


@rule(
    "BF506",
    title="Ett ändrat årsmål är beslutat",
    many="{n} årsmål har ändrats utan att analysen säger varför",
    severity=Severity.VARNING,
    source="003:18-19: nämnden godkänner ett justerat årsmål; 003:575, 003:1502",
)
def a_changed_target_is_decided(filing: Filing) -> Iterator[Hit]:
    """BF506: Nämndens årsmål för en indikator är det som stod i årets förra arbetsbok, eller så sägs det att det ändras.

    Givet en tidigare arbetsbok för samma år, angiven som föregående, med samma indikator under samma mål
    När årsmålet har en annan betydelse och analysen är tom, eller är densamma som då
    Så varnas det: ett ändrat årsmål beslutas av nämnden.
    Exempel: Årsmålet var 92 % i verksamhetsplanen och är 75 % i T1.
    """
    earlier = _this_year(filing)
    for row, old_row in _shared(filing, earlier) if earlier else ():
        assert earlier is not None
        (now, said), (old, said_before) = (
            (_text(facts, r, "arsmal"), _text(facts, r, "analys") or _text(facts, r, "kommentar"))
            for facts, r in ((filing.filled.facts, row), (earlier.facts, old_row))
        )
        unit = _text(filing.filled.facts, row, "enhet")
        if not old or meaning(now, unit) == meaning(old, unit) or (said and said != said_before):
            continue
        why = "och analysen är densamma som då" if said else "och analysen är tom"
        yield filing.at(
            (INDICATORS, row, "arsmal"),
            f"årsmålet är {now or 'tomt'} men var {old} i {earlier.name}, {why}.",
            "Skriv i analysen vilket beslut som ändrar årsmålet, eller återställ det.",
            found=now,
            expected=old,
            follows_from_here=False,
        )


@rule(
    "BF507",
    title="Förra årets utfall är bokslutets",
    many="{n} uppgifter om förra årets utfall är inte bokslutets",
    severity=Severity.VARNING,
    source="Kolumnen Utfall VB föregående år: 000:183, 003:231",
)
def last_years_outcome_is_the_one_reported(filing: Filing) -> Iterator[Hit]:
    """BF507: Kolumnen Utfall VB för en indikator är utfallet i förra årets verksamhetsberättelse.

    Givet förra årets VB-arbetsbok, eller en tidigare från i år, angiven som föregående, med samma indikator under samma mål
    När värdena har olika betydelse
    Så varnas det. En sammanslagen nämnds andelar går inte att summera, så då bedöms det inte.
    Exempel: VB 2023 hade 94,17 % men T1 2024 anger 97,14 % som utfall VB 2023.
    """
    earlier, column = _brought_forward(filing, "periodens_utfall", "utfall_foregaende")
    if earlier is None or earlier.merged:
        return
    for row, old_row in _shared(filing, earlier):
        now, unit = _text(filing.filled.facts, row, "utfall_foregaende"), _text(filing.filled.facts, row, "enhet")
        old = _text(earlier.facts, old_row, column)
        if now and old and meaning(now, unit) != meaning(old, unit):
            yield filing.at(
                (INDICATORS, row, "utfall_foregaende"),
                f"förra årets utfall anges till {now} men {earlier.name} hade {old}.",
                f"Skriv {old}, eller förklara varför värdet är omräknat.",
                found=now,
                expected=old,
                follows_from_here=False,
            )


BALANCE = "balansrakning"


@rule(
    "BF508",
    title="Ingående balans är den utgående",
    many="{n} ingående balanser är inte de utgående",
    severity=varies(Severity.VARNING, Severity.FEL),
    source="Balansräkningens IB är förra bokslutets UB och densamma hela året: 000:2077-2085, ren bokföring",
)
def opening_balance_equals_closing(filing: Filing) -> Iterator[Hit]:
    """BF508: En posts ingående balans är den utgående i förra bokslutet, och densamma hela året.

    Givet förra årets VB-arbetsbok eller en tidigare från i år, angiven som föregående
    När en posts IB skiljer sig mer än toleransen från bokslutets UB, eller från årets tidigare IB
    Så varnas det (stoppas i VB).
    Exempel: Bokslutet slutade med omsättningstillgångar 142,5 men T2 börjar med 145,2.
    """
    earlier, column = _brought_forward(filing, "ub", "ib")
    forms = _both(filing, earlier, BALANCE) if earlier else None
    if earlier is None or forms is None or "ib" not in forms[0].column_by_id or column not in forms[1].column_by_id:
        return
    now, before = forms
    for row in now.rows:
        found = filing.filled.facts.get((BALANCE, row.id, "ib"))
        old = earlier.facts.get((BALANCE, row.id, column))
        computed = now.cell(row.id, "ib").kind is Kind.COMPUTED
        if computed or row.id not in before.row_by_id or not isinstance(found, Decimal) or not isinstance(old, Decimal):
            continue
        if abs(found - old) > now.tolerance:
            yield filing.at(
                (BALANCE, row.id, "ib"),
                f"ingående balans är {show(found, now.decimals)} men {earlier.name} "
                f"{'slutade' if column == 'ub' else 'började'} med {show(old, now.decimals)}.",
                f"Skriv {show(old, now.decimals)}, eller förklara vad som har rättats.",
                found=found,
                expected=old,
                tolerance=now.tolerance,
                follows_from_here=False,
            )
