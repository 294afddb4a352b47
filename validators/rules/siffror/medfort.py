"""BF509-BF511: what the workbook was begun with. Reviewed, left locked, and the year's rows still there."""

from __future__ import annotations

from collections.abc import Iterator

from blankettset.templates.model import Type
from blankettset.validators.filing import COVER, Filing
from blankettset.validators.finding import Hit, Severity, show
from blankettset.validators.registry import rule
from blankettset.workbook.calc.evaluate import Value
from blankettset.workbook.read.carried import FILLED_IN, LOCKED, REVIEW, Now, where_now

SOURCE = (
    "Rullning: det som är medfört är inte granskat förrän någon har ändrat det eller sagt att det stämmer (egen regel)"
)
REVIEWED = "medfort_granskat"


def _carried(filing: Filing) -> list[Now]:
    found: list[Now] | None = filing.memory.get(("medfort", ""))
    if found is None:
        found = where_now(filing.set, filing.filled.carried, filing.filled.facts)
        filing.memory["medfort", ""] = found
    return found


def _shown(filing: Filing, now: Now, value: Value) -> str:
    form = filing.set.blanketter[now.carried.form]
    if not isinstance(value, str):
        return show(value, form.decimals if form.column_by_id[now.carried.column].type.is_number else 0) or "tomt"
    return form.cell(now.carried.row, now.carried.column).shown(value)


@rule("BF509", title="Det medförda är granskat", severity=Severity.VARNING, source=SOURCE)
def carried_values_are_reviewed(filing: Filing) -> Iterator[Hit]:
    """BF509: Ett medfört värde som ska granskas är ändrat, eller blanketten är granskad enligt försättsbladet.

    Givet en arbetsbok som är skapad med tidigare arbetsböcker
    När värden som ska granskas står kvar orörda och Medfört granskat inte är Ja för blanketten
    Så varnas det en gång för blanketten, med alla ställen.
    Exempel: Budgeten är den ur T1 på sexton rader, och ingen har sagt att den gäller också i T2.
    """
    by_form: dict[str, list[Now]] = {}
    for now in _carried(filing):
        about = now.carried.row if now.carried.form == COVER else now.carried.form
        if now.carried.mark != REVIEW or not now.untouched or filing.filled.facts.get((COVER, about, REVIEWED)) == "ja":
            continue
        by_form.setdefault(now.carried.form, []).append(now)
    for found in by_form.values():
        keys = [now.key for now in found if now.key is not None]
        sources = ", ".join(dict.fromkeys(now.carried.source for now in found))
        how = (
            "ett medfört värde är inte granskat" if len(keys) == 1 else f"{len(keys)} medförda värden är inte granskade"
        )
        yield filing.at(
            keys[0],
            f"{how} ({sources}).",
            "Ändra det som är annorlunda nu, och svara Ja under Medfört granskat på försättsbladet när resten stämmer.",
            found=f"{len(keys)} medförda",
            cells=tuple(keys[1:]),
            follows_from_here=False,
        )


@rule("BF510", title="Låsta värden är orörda", severity=Severity.FEL, source=SOURCE)
def locked_values_are_untouched(filing: Filing) -> Iterator[Hit]:
    """BF510: Ett värde som SLK har fyllt i, eller som är hämtat ur en lämnad rapport, är det som arbetsboken skapades med.

    Givet en arbetsbok med låsta blå värden
    När ett av dem är ett annat än i arbetsbokens stämpel
    Så stoppas inlämningen. Där BF502 redan har sagt det sägs det inte igen.
    Exempel: SLK fyllde i budgeten 278,5 för förskolan men där står 285,0.
    """
    for now in _carried(filing):
        if now.carried.mark != LOCKED or now.untouched or (now.key is not None and now.key in filing.blamed):
            continue
        form = filing.filled.forms[now.carried.form]
        if not form.present or now.carried.form in filing.unusable:
            continue
        wanted = _shown(filing, now, now.carried.value)
        if now.key is None or filing.filled.cell(now.key) is None:
            yield Hit(
                f"{form.form.title}: en låst rad ({now.carried.source}) är borttagen.", "Återställ raden.",
                now.carried.form, form.sheet, found="borttagen", expected=wanted,
            )  # fmt: skip
            continue
        number = form.form.cell(now.carried.row, now.carried.column).type is not Type.TEXT
        yield filing.at(
            now.key,
            f"där står {_shown(filing, now, now.value)} men {now.carried.source} anger {wanted}, och värdet är låst.",
            f"Skriv {wanted}. Är det fel i {now.carried.source} ändras det där.",
            found=now.value if number else str(now.value or ""),
            expected=now.carried.value,
        )


@rule("BF511", title="Årets rader är kvar", severity=Severity.UPPLYSNING, source=SOURCE)
def rows_of_the_year_are_still_there(filing: Filing) -> Iterator[Hit]:
    """BF511: En rad ur en tidigare arbetsbok från i år är kvar.

    Givet en lista som börjar med raderna i årets förra rapport
    När en av dem är borttagen eller har fått ett annat namn
    Så sägs det till: enheter, projekt och mål brukar stå kvar året ut.
    Exempel: Resultatenheten Pilträdet fanns i T1 men inte i T2.
    """
    told: set[tuple[str, str]] = set()
    for now in _carried(filing):
        each = now.carried
        form = filing.filled.forms[each.form]
        key_column = form.form.match[0] if form.form.match else ()
        if each.mark != FILLED_IN or now.key is not None or each.column not in key_column or not form.present:
            continue
        if (each.form, each.item) in told:
            continue
        told.add((each.form, each.item))
        name = each.value if each.column == form.form.key else None
        name = name or next((c.value for c in filing.filled.carried
                             if (c.form, c.row, c.column) == (each.form, each.row, form.form.key)), each.item)  # fmt: skip
        yield Hit(
            f"{form.form.title}: raden »{str(name)[:60]}» ur {each.source} är borttagen eller har fått ett annat namn.",
            "Lägg tillbaka raden om den ska vara kvar.",
            each.form,
            form.sheet,
            found=str(name)[:120],
        )
