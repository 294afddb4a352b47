"""BF001-BF009 and BF023-BF026: the workbook itself. Stamp, sheets, ids, links, and what the file holds of oddities."""

from __future__ import annotations

from collections.abc import Iterator

from blankettset.templates.periods import hands_in
from blankettset.validators.filing import COVER, Filing
from blankettset.validators.finding import Hit, Severity
from blankettset.validators.registry import rule
from blankettset.workbook.read.filled import Problem

PLACE = "@"  # in front of a text: the sheet and cell that it is about
DESIGN = "Blankettsetets uppbyggnad: stämpel och dolda id:n"


def _hits(filing: Filing, texts: dict[str, tuple[str, str]], **severities: Severity) -> Iterator[Hit]:
    for problem in filing.filled.problems:
        if problem.kind in texts:
            text, action = texts[problem.kind]
            text = _placed(problem, text)
            words = _words(filing, problem)
            yield Hit(
                text.format(**words),
                action.format(**words),
                form=problem.form,
                sheet=problem.sheet,
                cell=problem.address,
                row=problem.row,
                column=problem.column,
                found=problem.detail or None,
                severity=severities.get(problem.kind),
            )


def _placed(problem: Problem, text: str) -> str:
    """A text that begins with the place, as far as there is one."""
    if not text.startswith(PLACE):
        return text
    rest = text.removeprefix(PLACE)
    if problem.sheet and problem.address:
        return f"Bladet {{blad}}, cell {{cell}}: {rest}"
    return f"Bladet {{blad}}: {rest}" if problem.sheet else rest[0].upper() + rest[1:]


def _words(filing: Filing, problem: Problem) -> dict[str, str]:
    form = filing.set.blanketter.get(problem.form or "")
    row = column = ""
    if form is not None and problem.row in form.row_by_id:
        row = form.row_label(problem.row or "")
    if form is not None and problem.column in form.column_by_id:
        column = form.column_by_id[problem.column or ""].label
    return {
        "blankett": form.title if form else "",
        "blad": problem.sheet or "",
        "cell": problem.address or "",
        "rad": row or (problem.row or ""),
        "kolumn": column or (problem.column or ""),
        "detalj": problem.detail,
        "set": filing.set.id,
    }


@rule("BF001", title="Blankettsetets layout är känd", severity=Severity.FEL, source=DESIGN)
def layout_is_known(filing: Filing) -> Iterator[Hit]:
    """BF001: Arbetsboken är byggd på en layout av blanketterna som programmet känner.

    Givet en arbetsbok med stämpel
    När stämpelns layout inte är någon som blanketterna har eller har haft
    Så stoppas inlämningen, för raderna och formlerna går inte att bedöma. En tidigare layout läses och bedöms som den
    är, och det sägs i en upplysning att det finns en nyare.
    Exempel: En fil från en provomgång lämnas in, eller staden har ändrat blanketten Mål sedan arbetsboken skapades.
    """
    yield from _hits(
        filing,
        {
            "okand_layout": (
                "Arbetsboken är byggd på en layout av blankettsetet {set} som programmet inte känner (layout {detalj}).",
                "Kontrollera med den version av programmet, och den stadens mapp, som den skapades med; annars skapa en ny "
                "med »blankett ny» och för över siffrorna med »blankett data» och »blankett fyll».",
            ),
            "stampel_borta": (
                "Arbetsbokens dolda blad med stämpeln är borta, vilket andra program än Excel kan orsaka; set och nämnd är lästa ur försättsbladet.",
                "Använd helst filen som den sparades i Excel. Annars: »blankett fyll» ger en ny arbetsbok med stämpel och samma tal.",
            ),
            "aldre_layout": (
                "Arbetsboken är byggd på en tidigare layout av {detalj} och bedöms efter den.",
                "Inget behöver göras. »blankett uppgradera» flyttar siffrorna till den nyaste layouten.",
            ),
        },
        aldre_layout=Severity.UPPLYSNING,
        stampel_borta=Severity.VARNING,
    )


@rule(
    "BF002",
    title="Alla blad finns",
    many="{n} blad saknas i arbetsboken",
    across=2,
    severity=Severity.FEL,
    source=DESIGN,
)
def every_sheet_is_present(filing: Filing) -> Iterator[Hit]:
    """BF002: Varje blankett i setet har sitt blad i arbetsboken.

    Givet setets lista över blanketter
    När ett blad är borttaget, tömt på sina id:n eller nämns i filen utan att finnas där
    Så anges bladet en gång, och dess siffror bedöms inte vidare.
    Exempel: Bladet Resultatenheter har tagits bort.
    """
    yield from _hits(
        filing,
        {
            "blad_saknas": (
                "Bladet {blad} saknas i arbetsboken.",
                "Hämta bladet ur en ny arbetsbok för setet; blanketter som inte är aktuella anges på försättsbladet.",
            ),
            "missing_part": (
                "Bladet {blad} nämns i filen men innehållet finns inte med.",
                "Öppna filen i Excel, låt Excel reparera den, kontrollera bladet och spara om.",
            ),
            "tomt_blad": (
                "Bladet {blad} finns men är tömt: tal, formler och dolda id:n är borta.",
                "Ångra (Ctrl+Z), eller hämta bladet ur en ny arbetsbok eller en tidigare version av filen.",
            ),
            "dold_rad_borta": (
                "Bladet {blad} finns kvar, men dess dolda översta rad med kolumnernas id:n är borttagen, så talen går inte att läsa.",
                "Ångra borttagningen, eller för över bladets tal till ett blad ur en ny arbetsbok. Ta inte bort bladet innan dess.",
            ),
            "dold_kolumn_borta": (
                "Bladet {blad} finns kvar, men dess dolda första kolumn med radernas id:n är borttagen, så talen går inte att läsa.",
                "Ångra borttagningen, eller för över bladets tal till ett blad ur en ny arbetsbok. Ta inte bort bladet innan dess.",
            ),
            "id_borta": (
                "Bladet {blad} finns kvar, men dess dolda id:n för rader och kolumner är borta, så talen går inte att läsa.",
                "Ångra ändringen, eller för över bladets tal till ett blad ur en ny arbetsbok. Ta inte bort bladet innan dess.",
            ),
        },
    )


@rule(
    "BF003",
    title="Varje blad finns en gång",
    many="{n} blad finns två gånger",
    across=2,
    severity=Severity.FEL,
    source=DESIGN,
)
def no_sheet_stands_twice(filing: Filing) -> Iterator[Hit]:
    """BF003: En blankett finns på ett enda blad.

    Givet en arbetsbok med kopierade blad
    När två blad bär samma blankett, eller två blad har samma namn
    Så stoppas inlämningen, för det går inte att veta vilket som gäller.
    Exempel: Bladet Investeringar har kopierats för att pröva en annan prognos.
    """
    yield from _hits(
        filing,
        {
            "dubbelt_blad": (
                "Bladet {blad} är en kopia av {detalj}: blanketten {blankett} finns två gånger.",
                "Ta bort det blad som inte ska gälla.",
            ),
            "duplicate_sheet": ("Två blad heter {blad}.", "Öppna filen i Excel och spara om den."),
        },
    )


@rule(
    "BF004",
    title="Inga blad utöver setets",
    many="{n} blad hör inte till blankettsetet",
    across=2,
    severity=Severity.UPPLYSNING,
    source=DESIGN,
)
def no_foreign_sheets(filing: Filing) -> Iterator[Hit]:
    """BF004: Arbetsboken innehåller inga andra blad än setets.

    Givet en arbetsbok med egna blad
    När ett blad inte hör till setet
    Så sägs det till, för bladet läses inte. Ett blad ur ett annat set är en varning.
    Exempel: Ett eget räkneblad ligger kvar.
    """
    yield from _hits(
        filing,
        {
            "extra_blad": (
                "Bladet {blad} hör inte till blankettsetet och läses inte.",
                "För in det som ska med på setets egna blad. Bladet får ligga kvar.",
            ),
            "frammande_blad": (
                "Bladet {blad} kommer från ett annat blankettset ({detalj}) och läses inte.",
                "För in siffrorna på det egna setets blad; när de är på plats kan det främmande bladet tas bort.",
            ),
        },
        frammande_blad=Severity.VARNING,
    )


@rule(
    "BF005",
    title="Bladen heter som de ska och syns",
    many="{n} blad är dolda eller omdöpta",
    across=2,
    severity=Severity.UPPLYSNING,
    source=DESIGN,
)
def sheets_keep_name_and_are_visible(filing: Filing) -> Iterator[Hit]:
    """BF005: Blanketternas blad har kvar sina namn och är inte dolda.

    Givet en arbetsbok vars blad läses efter sina id:n
    När ett blad har döpts om eller dolts
    Så läses det ändå, men sägs till om; ett dolt blad är en varning.
    Exempel: Bladet Lokaler är dolt men ifyllt.
    """
    yield from _hits(
        filing,
        {
            "omdopt_blad": (
                "Bladet för {blankett} heter {blad} i stället för {detalj}; det läses ändå.",
                "Döp gärna tillbaka bladet.",
            ),
            "dolt_blad": (
                "Bladet {blad} är dolt men hör till setet och läses.",
                "Visa bladet (högerklicka på en flik, Ta fram) och kontrollera siffrorna.",
            ),
            "marke_borta": (
                "Bladet {blad} har förlorat sitt dolda märke (cell A1) men läses efter sitt namn och sina id:n.",
                "Inget behöver göras. En ny arbetsbok med »blankett fyll» har märket kvar.",
            ),
        },
        dolt_blad=Severity.VARNING,
    )


@rule(
    "BF006",
    title="Alla rader och kolumner finns",
    many="{n} rader eller kolumner går inte att hitta",
    severity=Severity.FEL,
    source=DESIGN,
)
def every_row_and_column_is_present(filing: Filing) -> Iterator[Hit]:
    """BF006: Varje rad och kolumn i blanketten går att hitta på bladet.

    Givet ett blad med dolda id:n för rader och kolumner
    När ett id saknas
    Så är raden eller kolumnen borttagen, och blankettens siffror bedöms inte vidare.
    Exempel: Raden Övrig verksamhet har tagits bort.
    """
    yield from _hits(
        filing,
        {
            "rad_saknas": (
                "{blankett}: raden {rad} går inte att hitta på bladet {blad}.",
                "Ångra borttagningen, eller hämta bladet ur en ny arbetsbok. Rader som inte används lämnas tomma.",
            ),
            "kolumn_saknas": (
                "{blankett}: kolumnen {kolumn} går inte att hitta på bladet {blad}.",
                "Ångra borttagningen, eller hämta bladet ur en ny arbetsbok.",
            ),
        },
    )


@rule(
    "BF007",
    title="Varje rad och kolumn finns en gång",
    many="{n} rader eller kolumner finns två gånger",
    severity=Severity.FEL,
    source=DESIGN,
)
def no_row_or_column_stands_twice(filing: Filing) -> Iterator[Hit]:
    """BF007: Inget rad- eller kolumn-id förekommer två gånger på ett blad.

    Givet ett blad där rader har kopierats
    När samma id finns på två rader eller i två kolumner
    Så stoppas inlämningen, för det går inte att veta vilken som gäller.
    Exempel: Raden Äldreomsorg har kopierats och klistrats in under sig själv.
    """
    yield from _hits(
        filing,
        {
            "dubbelt_rad_id": (
                "{blankett}: raden {rad} finns två gånger på bladet {blad} (rad-id i {cell}).",
                "Ta bort den kopierade raden.",
            ),
            "dubbelt_kolumn_id": (
                "{blankett}: kolumnen {kolumn} finns två gånger på bladet {blad} ({cell}).",
                "Ta bort den kopierade kolumnen.",
            ),
        },
    )


@rule(
    "BF008",
    title="Inga tillagda rader eller kolumner",
    many="{n} celler står på rader eller i kolumner som inte hör till blanketten",
    severity=Severity.FEL,
    source=DESIGN,
)
def no_added_rows(filing: Filing) -> Iterator[Hit]:
    """BF008: Det finns inga ifyllda rader som blanketten inte har.

    Givet ett blad där rader har infogats mellan blankettens egna
    När en infogad rad har innehåll i blankettens kolumner, eller ett id är okänt
    Så stoppas inlämningen: raden räknas inte med i någon summa.
    Exempel: En egen rad »varav projekt» har lagts in under Förskoleverksamhet.
    """
    yield from _hits(
        filing,
        {
            "rad_utan_id": (
                "{blankett}: cellen {cell} på bladet {blad} har innehåll men raden hör inte till blanketten.",
                "För in beloppet på en av blankettens rader och töm den tillagda raden.",
            ),
            "okant_rad_id": (
                "{blankett}: rad-id »{detalj}» i {cell} på bladet {blad} hör inte till blanketten.",
                "Ta bort raden eller hämta bladet ur en ny arbetsbok.",
            ),
            "lista_for_lang": (
                "{blankett}: listans slut på bladet {blad} står först på rad {detalj}, långt under dess rader ({cell}).",
                "Ta bort de tomma raderna mellan listans sista rad och dess slut, eller hämta bladet ur en ny arbetsbok.",
            ),
            "okant_kolumn_id": (
                "{blankett}: kolumn-id »{detalj}» i {cell} på bladet {blad} hör inte till blanketten.",
                "Ta bort kolumnen eller hämta bladet ur en ny arbetsbok.",
            ),
        },
        lista_for_lang=Severity.VARNING,
    )


@rule(
    "BF009",
    title="Streckade celler är tomma",
    many="{n} streckade celler har innehåll som inte läses",
    severity=Severity.VARNING,
    source=DESIGN,
)
def cells_that_do_not_apply_are_empty(filing: Filing) -> Iterator[Hit]:
    """BF009: Celler som inte fylls i (streckade) är tomma.

    Givet en rad som bara använder några av blankettens kolumner
    När någon av de andra cellerna har innehåll
    Så varnas det, för innehållet läses inte.
    Exempel: Ett belopp står i kolumnen Budget på raden Förändring av fond.
    """
    yield from _hits(
        filing,
        {
            "ej_tillamplig_ifylld": (
                "{blankett}, raden {rad}, kolumnen {kolumn} ({cell}): cellen fylls inte i men innehåller »{detalj}».",
                "Töm cellen, eller flytta beloppet dit det hör.",
            )
        },
    )


@rule(
    "BF023",
    title="Inga länkar till andra filer",
    many="{n} celler hämtar sitt värde utanför arbetsboken",
    across=4,
    severity=Severity.FEL,
    source="Filen ska stå för sig själv",
)
def no_links_to_other_files(filing: Filing) -> Iterator[Hit]:
    """BF023: Ingen cell hämtar sitt värde ur en annan arbetsbok eller ett annat program.

    Givet en arbetsbok som ska kunna läsas utan nämndens egna filer
    När en formel eller länk pekar på en annan arbetsbok eller ett program (DDE)
    Så stoppas inlämningen, för värdet kan inte kontrolleras och kan vara gammalt.
    Exempel: Budgeten hämtas med ='[Budget 2024.xlsx]Blad1'!B7.
    """
    yield from _hits(
        filing,
        {
            "external_link": (
                PLACE + "värdet hämtas ur en annan arbetsbok.",
                "Ersätt länken med talet (kopiera, klistra in värden) och bryt länken under Data > Redigera länkar.",
            ),
            "dde": (
                PLACE + "värdet hämtas ur ett annat program.",
                "Ersätt länken med talet och ta bort anslutningen.",
            ),
        },
    )


@rule(
    "BF024",
    title="Filen är hel",
    many="{n} ställen i filen är skadade",
    across=4,
    severity=Severity.FEL,
    source="Läsningens gränser",
)
def the_file_is_sound(filing: Filing) -> Iterator[Hit]:
    """BF024: Filen innehåller inga celler som finns två gånger eller pekar på innehåll som saknas.

    Givet en fil som annat än Excel kan ha skrivit
    När en cell är dubbel, har en omöjlig adress, ett obegripligt tal eller en text som inte finns
    Så anges cellen, och inlämningen stoppas.
    Exempel: Ett exportprogram har skrivit NaN där ett tal skulle stå.
    """
    action = "Öppna filen i Excel, kontrollera cellen, spara om filen och kontrollera igen."
    yield from _hits(
        filing,
        {
            kind: (PLACE + text, action)
            for kind, text in {
                "duplicate_cell": "cellen finns två gånger i filen; den första har lästs.",
                "bad_address": "filen har en cell utanför Excels blad ({detalj}) som inte lästs.",
                "bad_number": "»{detalj}» är inget tal.",
                "bad_string_index": "cellens text finns inte i filen.",
                "row_mismatch": "cellen säger sig stå i {detalj}; den har lästs på den rad den ligger i.",
                "long_text": "texten är längre än de 32 767 tecken som en cell rymmer; bara början har lästs.",
                "duplicate_entry": "innehållet finns två gånger i filen; det första har lästs.",
                "more_anomalies": "filen har fler avvikelser än som räknas upp här.",
            }.items()
        },
    )


@rule(
    "BF025",
    title="Parametrarna är de beslutade",
    many="{n} tal är inte de beslutade",
    severity=Severity.FEL,
    source="Bladet Parametrar",
)
def parameters_are_untouched(filing: Filing) -> Iterator[Hit]:
    """BF025: Talen på bladet Parametrar är de som arbetsboken skapades med.

    Givet gränser och procentsatser som formlerna räknar med
    När ett tal på bladet skiljer sig från det som arbetsboken skapades med
    Så stoppas inlämningen, för formlerna räknar då fel. Har beslutet ändrats sedan dess är det en upplysning: bladets
    formler räknar med det tidigare talet, reglerna med det som gäller nu.
    Exempel: Den övre hyresgränsen har ändrats från 2 500 till 2 600.
    """
    for problem in filing.filled.problems:
        if problem.kind not in ("andrad_parameter", "aldre_parameter"):
            continue
        before, now, label = problem.detail.split("|", 2)
        found, expected = before.replace(".", ","), now.replace(".", ",")
        changed = problem.kind == "andrad_parameter"
        yield Hit(
            f"Bladet {problem.sheet}, cell {problem.address}: {label} "
            + (f"är {found} men ska vara {expected}." if changed else f"är {found} men {expected} gäller nu."),
            "Återställ talet. Beslutade tal ändras inte i arbetsboken."
            if changed
            else "Inget behöver göras. »blankett fyll» ger en ny arbetsbok som räknar med det nya talet.",
            sheet=problem.sheet,
            cell=problem.address,
            found=found,
            expected=expected,
            severity=None if changed else Severity.UPPLYSNING,
        )


@rule(
    "BF026",
    title="Nämnd och period stämmer",
    many="{n} uppgifter stämmer inte med den nämnd och period som arbetsboken är skapad för",
    severity=Severity.FEL,
    source="Stämpeln och försättsbladet",
)
def namnd_and_period_agree(filing: Filing) -> Iterator[Hit]:
    """BF026: Försättsbladets nämnd och period är stämpelns, och nämnden finns på rapportdagen.

    Givet en arbetsbok byggd för en nämnd och period
    När försättsbladet säger något annat, eller nämnden inte finns på rapportdagen (en ny nämnd gör sin egen plan för resten
    av året)
    Så stoppas inlämningen, för siffrorna skulle hamna fel.
    Exempel: Förra årets fil har fått en ny period inskriven på försättsbladet.
    """
    namnd = filing.namnd
    stamp = filing.filled.namnd
    if namnd is None:
        yield Hit(
            f"Arbetsboken är stämplad för nämnden »{stamp}», som inte finns i registret.",
            "Skapa en ny arbetsbok med »blankett ny» för rätt nämnd.",
            found=stamp,
        )
        return
    if not hands_in(namnd, filing.set):
        successor = filing.set.namnder.get(namnd.successor or "")
        hint = f" Från {namnd.valid_to} redovisar {successor.name} ({successor.code})." if successor else ""
        yield Hit(
            f"{namnd.name} ({namnd.code}) finns inte som nämnd den {filing.set.report_date}.{hint}",
            "Skapa arbetsboken för den nämnd som finns på rapportdagen.",
            found=namnd.code,
            expected=namnd.successor,
        )
    for row, expected in (("namnd_kod", namnd.code), ("namnd", namnd.name), ("period", filing.set.id)):
        key = (COVER, row, "uppgift")
        found = filing.filled.facts.get(key)
        if COVER in filing.unusable or found == expected or filing.filled.cell(key) is None:
            continue
        shown = str(found) if found is not None else "tom"
        yield filing.at(
            key,
            f"där står »{shown}» men arbetsboken är skapad för »{expected}».",
            "Återställ försättsbladet, eller skapa en ny arbetsbok för rätt nämnd och period.",
            found=shown,
            expected=expected,
        )
