"""BF2xx: the same figure in two forms. The definitions say which figures; the codes say what kind of link it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal

from blankettset.templates.formula import Formula, Ref
from blankettset.templates.model import LIST_TOTAL, Blankett, Relation
from blankettset.validators.filing import Filing
from blankettset.validators.finding import Hit, Severity, show
from blankettset.validators.registry import rule, varies
from blankettset.validators.rules.mal.rader import KEY_FIGURES, plain
from blankettset.workbook.calc.evaluate import Evaluation, Key, NotComputable
from blankettset.workbook.calc.matvarde import tolka

EARLY = varies(Severity.VARNING, Severity.FEL)


def _relations(
    filing: Filing, code: str, is_judged: Callable[[Filing, Relation], bool] = lambda _, __: True
) -> Iterator[Hit]:
    for form in filing.set.blanketter.values():
        for relation in form.relations:
            if relation.code != code or not all(filing.set.knows(t.ref) for t in relation.left + relation.right):
                continue
            if all(_is_given(filing, ref) for ref in relation.needs) and is_judged(filing, relation):
                yield from _compare(filing, form, relation)


def _is_given(filing: Filing, ref: Ref) -> bool:
    return isinstance(filing.filled.facts.get((ref.blankett, ref.row, ref.column)), Decimal)


def _compare(filing: Filing, form: Blankett, relation: Relation) -> Iterator[Hit]:
    refs = [term.ref for term in relation.left + relation.right]
    forms = {ref.blankett for ref in refs}
    if any(id_ in filing.unusable or id_ in filing.in_other_unit for id_ in forms):
        return
    empty = [id_ for id_ in forms if filing.is_blank(id_) and filing.set.blanketter[id_].has_inputs]
    if empty and not relation.not_current_is_zero:
        return
    if any(not filing.declared_not_current(id_) for id_ in empty):
        return  # an empty form that is not declared has its own finding
    if any(_no_such_rows(filing, ref) for ref in refs):
        return
    left_ref, right_ref = relation.left[0].ref, relation.right[0].ref
    unit, tolerance = filing.set.compared_in(relation)
    try:
        left, right = (_sum(filing, filing.evaluation, side, unit) for side in (relation.left, relation.right))
    except NotComputable:
        return
    if left is None and right is None:
        return
    found, expected = left or Decimal(0), right or Decimal(0)
    if abs(found - expected) <= tolerance or _follows(filing, relation, unit, tolerance):
        return
    key = _anchor(filing, left_ref)
    other = _anchor(filing, right_ref)
    what = _what(filing, relation, left_ref)
    places = filing.set.blanketter[right_ref.blankett].decimals
    if round(found, places) != round(expected, places):  # the form's decimals, unless they hide the difference
        found, expected = round(found, places), round(expected, places)
    yield filing.at(
        key,
        f"{what} är {show(found, places)} {unit} men {_place(filing, right_ref)} visar {show(expected, places)}; "
        f"skillnaden är {show(found - expected, places)}.{_guess(found, expected, tolerance)}",
        relation.advice,
        found=found,
        expected=expected,
        tolerance=tolerance,
        related=tuple(dict.fromkeys((other, *_parts(filing, key), *_parts(filing, other)))),
        follows_from_here=len(relation.left) == 1
        and relation.left[0].sign > 0
        and left_ref.row != "*"
        and filing.set.scale(left_ref, unit) == 1,
    )


PARTS = 6  # of what a figure is summed from, as many as are worth pointing at


def _parts(filing: Filing, key: Key) -> list[Key]:
    """The cells that a computed figure is the sum of, when they are few: the slip may stand there."""
    form = filing.set.blanketter[key[0]]
    if form.is_list:
        return []
    keys = [(ref.blankett or "", ref.row or "", ref.column or "") for ref in form.cell(key[1], key[2]).reads]
    return [part for part in keys if filing.filled.cell(part) is not None] if len(keys) <= PARTS else []


def _follows(filing: Filing, relation: Relation, unit: str, tolerance: Decimal) -> bool:
    """True when the difference would be gone with the cells put right that earlier rules have pointed at."""
    if not filing.blamed:
        return False
    try:
        left, right = (_sum(filing, filing.corrected, side, unit) for side in (relation.left, relation.right))
    except NotComputable:
        return True
    return abs((left or Decimal(0)) - (right or Decimal(0))) <= tolerance


def _no_such_rows(filing: Filing, ref: Ref) -> bool:
    """True when a part of a list is asked for and no row belongs to it: then there is nothing to compare."""
    if ref.row != "*" or ref.where is None:
        return False
    facts, column = filing.filled.facts, ref.where[0]
    rows = filing.evaluation.items.get(ref.blankett, ())
    return not any(facts.get((ref.blankett, row, column)) == ref.where[1] for row in rows)


def _sum(filing: Filing, evaluation: Evaluation, formula: Formula, unit: str) -> Decimal | None:
    total: Decimal | None = None
    for term in formula:
        figure = evaluation.figure(term.ref)
        if figure is not None:
            total = (total or Decimal(0)) + term.sign * figure * filing.set.scale(term.ref, unit)
    return total


def _anchor(filing: Filing, ref: Ref) -> Key:
    form_id, row, column = ref.blankett, ref.row, ref.column
    if row == "*":
        rows = filing.evaluation.items.get(form_id, ())
        matching = [
            r for r in rows if ref.where is None or filing.filled.facts.get((form_id, r, ref.where[0])) == ref.where[1]
        ]
        row = matching[0] if matching else LIST_TOTAL
    return (form_id, row, column)


def _what(filing: Filing, relation: Relation, left: Ref) -> str:
    column = filing.set.blanketter[left.blankett].column_by_id[left.column]
    where = ""
    if left.where:
        choices = filing.set.blanketter[left.blankett].column_by_id[left.where[0]].choices
        where = " för " + next(c.label for c in choices if c.id == left.where[1])
    return f"{relation.text}{where} ({column.label})"


def _place(filing: Filing, ref: Ref) -> str:
    form = filing.set.blanketter[ref.blankett]
    cell = filing.filled.cell(_anchor(filing, ref))
    at = f" ({cell.sheet}!{cell.address})" if cell else ""
    return f"{form.title}, {filing.row_name(form, ref.row or '')}, {form.column_by_id[ref.column or ''].label}{at}"


def _guess(found: Decimal, expected: Decimal, tolerance: Decimal) -> str:
    """What may lie behind the difference: a sign turned round, or thousands where millions were meant."""
    if abs(found + expected) <= tolerance and found:
        return " Med omvänt tecken stämmer de."
    if expected and Decimal(900) < abs(found / expected) < Decimal(1100):
        return " Skillnaden är en faktor 1 000: står det ena i tkr?"
    if found and Decimal(900) < abs(expected / found) < Decimal(1100):
        return " Skillnaden är en faktor 1 000: står det ena i tkr?"
    return ""


@rule(
    "BF201",
    title="Sammandraget stämmer med områdena",
    many="{n} belopp är inte desamma som i Driftbudget per verksamhetsområde",
    severity=Severity.FEL,
    source="003:2126 mot 003:2168",
)
def summary_equals_areas(filing: Filing) -> Iterator[Hit]:
    """BF201: Driftbudgetens netto är totalen i Driftbudget per verksamhetsområde, kolumn för kolumn.

    Givet båda blanketterna ifyllda
    När nettot och totalen skiljer sig mer än toleransen
    Så anges båda beloppen och skillnaden.
    Exempel: Prognos 1 433,1 i sammandraget men 1 431,1 för områdena.
    """
    yield from _relations(filing, "BF201")


@rule(
    "BF202",
    title="Begärda budgetjusteringar stämmer med ansökningarna",
    many="{n} begärda justeringar är inte desamma som i budgetblanketterna",
    severity=EARLY,
    source="Beslutssatserna pekar på tabellerna: 000:20-21 mot 000:1878, 003:15 mot 003:2168, 003:16-17 mot 003:2449",
)
def adjustments_equal_applications(filing: Filing) -> Iterator[Hit]:
    """BF202: Summan i ansökan om budgetjusteringar (3a, 3b) är den som redovisas i budgetblanketterna.

    Givet en lista över begärda budgetjusteringar
    När dess summa inte är den som står i driftbudgeten, investeringarna eller kapitalkostnaderna
    Så varnas det (stoppas i VB). En blankett som är ej aktuell räknas som noll.
    Exempel: Listan 3a begär 0,5 mnkr men kolumnen Begärda budgetjusteringar är 0,0.
    """
    yield from _relations(filing, "BF202")


@rule(
    "BF203",
    title="Resultatenheterna stämmer med driftbudgeten",
    many="{n} belopp stämmer inte mellan resultatenheterna och driftbudgeten",
    severity=EARLY,
    source="000:1992 mot 000:1879, 003:2389 mot 003:2131-2132",
)
def units_equal_dispositions(filing: Filing) -> Iterator[Hit]:
    """BF203: Resultatenheternas överföringar är de som driftbudgeten redovisar.

    Givet blanketten Resultatenheter, i sin enhet och med sina tecken
    När dess summor inte är resultatdispositionerna eller förändringen av fonden
    Så varnas det (stoppas i VB). Tusental räknas om till miljoner och tecknen vänds som blanketterna anger.
    Exempel: Enheterna för över 53 245 tkr men sammandraget visar 51,2 mnkr.
    """
    yield from _relations(filing, "BF203")


@rule(
    "BF204",
    title="Projektlistan stämmer med investeringarna",
    many="{n} belopp i projektlistan stämmer inte med Investeringar",
    severity=EARLY,
    source="000:2004-2014, 003:2423-2459",
)
def projects_equal_investments(filing: Filing) -> Iterator[Hit]:
    """BF204: Projekten inom varje slag av medel summerar till sammandragets rad.

    Givet en projektlista med minst ett projekt av slaget
    När listans summa inte är raden i Investeringar
    Så varnas det (stoppas i VB). Slag utan projekt i listan jämförs inte.
    Exempel: Klimatprojekten är 0,7 mnkr men raden Klimatinvesteringar 2,8.
    """
    yield from _relations(filing, "BF204")


@rule(
    "BF205",
    title="Kapitalkostnaderna stämmer med områdena",
    many="{n} belopp är inte desamma i Kapitalkostnader som i områdena",
    severity=Severity.FEL,
    source="000:2066-2067 mot 000:1867-1868",
)
def capital_costs_equal_areas(filing: Filing) -> Iterator[Hit]:
    """BF205: Avskrivningar och internränta är desamma i Kapitalkostnader som i områdena.

    Givet båda blanketterna ifyllda
    När budget, bokfört eller prognos skiljer sig mer än toleransen
    Så anges båda beloppen.
    Exempel: Avskrivningar 11,3 i den ena och 11,5 i den andra.
    """
    yield from _relations(filing, "BF205")


@rule(
    "BF206",
    title="Omslutningen stämmer med varav-raderna",
    many="{n} belopp i omslutningsförändringarna är inte de i varav-raderna",
    severity=Severity.FEL,
    source="002:1754, 1769 mot 002:1508 och områdestabellerna",
)
def gross_changes_equal_rows(filing: Filing) -> Iterator[Hit]:
    """BF206: Omslutningsförändringarna är de som varav-raderna visar.

    Givet blanketten Omslutningsförändringar
    När ett områdes kostnader eller intäkter inte är raden »varav omslutningsförändring»
    Så anges båda beloppen.
    Exempel: Äldreomsorgens omslutning är 103,3 men varav-raden 100,3.
    """
    yield from _relations(filing, "BF206")


@rule(
    "BF207",
    title="Områdestabellerna stämmer med sammanställningen",
    many="{n} belopp i områdestabellerna är inte sammanställningens",
    severity=Severity.FEL,
    source="002:1512-1653 mot 002:1490-1508",
)
def details_equal_overview(filing: Filing) -> Iterator[Hit]:
    """BF207: Varje områdestabells summa är områdets rad i budgetsammanställningen.

    Givet områdestabellerna i verksamhetsplanen
    När en summa eller delverksamhet inte är samma belopp i sammanställningen
    Så anges båda beloppen, och om ett omvänt tecken förklarar skillnaden.
    Exempel: Prognosen för flyktingmottagande är 5,0 i tabellen och −5,0 i sammanställningen.
    """
    yield from _relations(filing, "BF207")


@rule(
    "BF208",
    title="Prestationsförändringen är den som antalen ger",
    many="{n} prestationsförändringar är inte de som antal och ersättning ger",
    severity=Severity.VARNING,
    source="002:1600, 002:1641; 003:2243, 003:2298",
)
def performance_change_follows_from_counts(filing: Filing) -> Iterator[Hit]:
    """BF208: Prestationsförändringen i driftbudgeten är den som räknas ut ur antal och ersättning.

    Givet Prestationer och ersättning där varje påbörjad rad för förskola eller LSS har antal i budget, avläst antal och pris
    När summan för förskola eller LSS inte är prestationsförändringen på områdets rad i driftbudgeten
    Så varnas det.
    Exempel: 20 barn färre gånger 131 943 kr ger −2,6 mnkr, men driftbudgeten har −1,0.
    """
    yield from _relations(filing, "BF208", _counts_are_whole)


COUNTS = ("antal_budget", "antal_avlast", "pris")


def _counts_are_whole(filing: Filing, relation: Relation) -> bool:
    """True when some row behind the area's sum has counts and price, and none has only some of them."""
    ref = relation.left[0].ref
    form = filing.set.blanketter[ref.blankett]
    whole = False
    for part in form.cell(ref.row, ref.column).reads:
        given = {c for c in COUNTS if _is_given(filing, Ref(form.id, part.row, c))}
        if len(given) == len(COUNTS):
            whole = True
        elif given - {"pris"}:  # a price may stand there from the start
            return False
    return whole


@rule(
    "BF209",
    title="Balansräkningen går ihop",
    many="{n} kolumner i balansräkningen går inte ihop",
    severity=Severity.FEL,
    source="Dubbel bokföring; 000:2077-2085",
)
def the_balance_sheet_balances(filing: Filing) -> Iterator[Hit]:
    """BF209: Tillgångarna är lika med skulder och eget kapital, både ingående och utgående, och är balansomslutningen.

    Givet en balansräkning med anläggningstillgångar, omsättningstillgångar och eget kapital, eller med balansomslutning
    och tillgångar
    När de två sidorna skiljer sig åt mer än toleransen
    Så stoppas inlämningen.
    Exempel: Tillgångar 321,2 men skulder och eget kapital 320,2.
    """
    yield from _relations(filing, "BF209")


@rule(
    "BF210",
    title="Indikatorn är det uträknade nyckeltalet",
    many="{n} indikatorer är inte de nyckeltal som blanketterna ger",
    severity=Severity.VARNING,
    source="000:1579-1584, 003:1414-1416; formlerna härledda ur 000:1582-1584",
)
def indicators_equal_the_computed_key_figures(filing: Filing) -> Iterator[Hit]:
    """BF210: Budgetföljsamhet och prognossäkerhet som indikatorer är de nyckeltal som blanketterna ger.

    Givet indikatorn Nämndens budgetföljsamhet (före eller efter resultatöverföringar) eller prognossäkerhet T2 med utfall
    När utfallet avviker från bladet Nyckeltal mer än avrundningen i det skrivna talet
    Så varnas det med det uträknade.
    Exempel: Indikatorn är 100,7 % men prognos genom budget och prestationsförändring är 100,3 %.
    """
    form = next((f for f in filing.judged() if f.form.id == "indikatorer"), None)
    figures = filing.set.blanketter.get("nyckeltal")
    if form is None or figures is None or "periodens_utfall" not in form.form.column_by_id:
        return
    for row in form.items:
        facts = filing.filled.facts
        named = plain(str(facts.get(("indikatorer", row, "indikator")) or ""))
        figure = KEY_FIGURES.get(named, "")
        stated = tolka(str(facts.get(("indikatorer", row, "periodens_utfall")) or ""))
        if figure not in figures.row_by_id or stated is None or stated.tal is None:
            continue
        try:
            computed = (filing.corrected if filing.blamed else filing.evaluation).value(("nyckeltal", figure, "varde"))
        except NotComputable:
            continue
        tolerance = max(Decimal("0.1"), Decimal(1).scaleb(-stated.decimaler) / 2)
        if isinstance(computed, Decimal) and abs(stated.tal - computed) > tolerance:
            yield filing.at(
                ("indikatorer", row, "periodens_utfall"),
                f"indikatorn är {stated.text} men blanketterna ger {show(computed, 1)} % (bladet Nyckeltal).",
                "Rätta indikatorn eller de belopp den räknas ur, eller förklara skillnaden.",
                found=stated.text,
                expected=f"{show(computed, 1)} %",
                tolerance=tolerance,
                related=(("nyckeltal", figure, "varde"),),
                follows_from_here=False,
            )


@rule(
    "BF211",
    title="Samma mått har samma värde",
    many="{n} mått har inte samma värde bland indikatorerna",
    severity=Severity.VARNING,
    source="Blankettens rad anger indikatorn som mäter detsamma; antal feriearbetare: 003:1501 mot 003:2333",
)
def the_same_measure_has_the_same_value(filing: Filing) -> Iterator[Hit]:
    """BF211: Ett mått som står både bland volymerna och som indikator har samma värde på båda ställena.

    Givet en rad i en blankett som anger vilken indikator som mäter detsamma
    När ett tal i en kolumn som båda har (utfall föregående år, prognos för helåret) skiljer sig
    Så varnas det.
    Exempel: Antal feriearbetare var 224 förra året men indikatorn anger 240 st.
    """
    lists = next((f for f in filing.judged() if f.form.id == "indikatorer"), None)
    if lists is None:
        return
    facts = filing.filled.facts
    named = {plain(str(facts.get(("indikatorer", item, "indikator")) or "")): item for item in lists.items}
    for form in filing.judged():
        for row in form.form.rows:
            item = named.get(plain(row.indikator)) if row.indikator else None
            for column in form.form.columns if item is not None else ():
                key, other = (form.form.id, row.id, column.id), ("indikatorer", item or "", column.id)
                found = facts.get(key)
                stated = tolka(str(facts.get(other) or ""), str(facts.get(("indikatorer", item or "", "enhet")) or ""))
                if not isinstance(found, Decimal) or stated is None or stated.tal is None or stated.tal == found:
                    continue
                yield filing.at(
                    key,
                    f"{show(found)} men indikatorn »{row.indikator}» anger {stated.text} i kolumnen "
                    f"{lists.form.column_by_id[column.id].name}.",
                    "Rätta det värde som är fel, eller förklara varför de skiljer sig.",
                    found=found,
                    expected=stated.tal,
                    related=(other,),
                    follows_from_here=False,
                )
