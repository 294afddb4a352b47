"""BF040-BF048: what stands round the forms' cells and how they are shown, so that nobody reads another figure than the one there."""

from __future__ import annotations

from collections.abc import Iterator

from blankettset.validators.filing import Filing
from blankettset.validators.finding import Hit, Severity, quoted
from blankettset.validators.registry import rule
from blankettset.workbook.read.filled import Problem

SHOWN = "Läsningen: hur bladet visas, inte bara vad det innehåller"
MOST = 8  # cells named in a sentence
FORMATS = {
    "procent": "som procent: 0,5 visas som 50 %",
    "tusental": "i tusental: 52 700 visas som 53",
    "datum": "som datum",
    "dolt": "inte alls",
}


def _problems(filing: Filing, *kinds: str) -> Iterator[Problem]:
    return (problem for problem in filing.filled.problems if problem.kind in kinds)


def _hit(problem: Problem, text: str, action: str, **more: Severity) -> Hit:
    return Hit(
        text,
        action,
        form=problem.form,
        sheet=problem.sheet,
        cell=problem.address,
        row=problem.row,
        column=problem.column,
        found=_cells(problem) or None,
        cells=tuple(f"{problem.sheet}!{cell}" for cell in problem.cells),
        severity=more.get("severity"),
    )


def _cells(problem: Problem) -> str:
    """ "C20", "C20 och J20", "C20, C21 … och 14 till"."""
    cells = problem.cells
    if len(cells) > MOST:
        return f"{', '.join(cells[:MOST])} … och {len(cells) - MOST} till"
    return " och ".join(part for part in (", ".join(cells[:-1]), *cells[-1:]) if part)


def _cell_words(problem: Problem) -> str:
    return f"{'cellerna' if len(problem.cells) > 1 else 'cellen'} {_cells(problem)}"


@rule(
    "BF040",
    title="Inget står utanför blanketten",
    many="{n} ställen har innehåll utanför blanketten",
    severity=Severity.VARNING,
    source=SHOWN,
    prov=True,
)
def nothing_stands_outside_the_form(filing: Filing) -> Iterator[Hit]:
    """BF040: Det finns inget innehåll under blankettens sista rad eller bredvid dess kolumner.

    Givet ett blad med en blankett
    När något står under dess sista rad, i dess kolumner, eller bredvid dem
    Så varnas det för det som står under, som ser ut att höra till men inte läses eller summeras; det som står bredvid är en upplysning.
    Exempel: Listan är full, och två rader till har skrivits under Totalt.
    """
    for problem in _problems(filing, "under_blanketten", "bredvid_blanketten"):
        below = problem.kind == "under_blanketten"
        yield _hit(
            problem,
            f"Bladet {problem.sheet}: {_cell_words(problem)} står {'under' if below else 'bredvid'} blanketten och läses inte"
            f"{' eller räknas med' if below else ''}.",
            "För in det som ska med på blankettens egna rader; i en lista går det att infoga rader ovanför den sista."
            if below
            else "Inget behöver göras om det är egna anteckningar; de följer inte med när siffrorna samlas.",
            **({} if below else {"severity": Severity.UPPLYSNING}),
        )


@rule(
    "BF041",
    title="Ifyllda rader och kolumner syns",
    many="{n} ställen har dolda rader eller kolumner med innehåll",
    across=2,
    severity=Severity.UPPLYSNING,
    source=SHOWN,
)
def filled_rows_and_columns_are_visible(filing: Filing) -> Iterator[Hit]:
    """BF041: Inga rader eller kolumner med innehåll är dolda.

    Givet en blankett på sitt blad
    När en dold rad eller kolumn innehåller något som nämnden har fyllt i
    Så sägs det till, för det räknas med utan att synas.
    Exempel: Raden Ekonomiskt bistånd är dold men har belopp.
    """
    for problem in _problems(filing, "dold_rad", "dold_kolumn"):
        what = "rader" if problem.kind == "dold_rad" else "kolumner"
        yield _hit(
            problem,
            f"Bladet {problem.sheet}: {_cell_words(problem)} står på dolda {what} och räknas med utan att synas.",
            f"Visa dem (markera bladets {what}, högerklicka, Ta fram) och kontrollera siffrorna.",
        )


@rule(
    "BF042",
    title="Inget filter döljer ifyllda rader",
    many="{n} filter döljer ifyllda rader",
    across=2,
    severity=Severity.UPPLYSNING,
    source=SHOWN,
)
def no_filter_hides_rows(filing: Filing) -> Iterator[Hit]:
    """BF042: Inget filter är kvar som döljer ifyllda rader.

    Givet en lista med filterknappar
    När ett filter döljer rader som är ifyllda
    Så sägs det till, för raderna räknas med utan att synas.
    Exempel: Aktiviteter är filtrerad på en enhet.
    """
    for problem in _problems(filing, "filter_pa"):
        yield _hit(
            problem,
            f"Bladet {problem.sheet}: ett filter döljer ifyllda rader, som räknas med utan att synas ({_cells(problem)}).",
            "Rensa filtret (Data > Rensa) så att alla rader syns.",
        )


@rule(
    "BF043",
    title="Inmatningsceller är inte sammanslagna",
    many="{n} ställen har sammanslagna inmatningsceller",
    across=2,
    severity=Severity.UPPLYSNING,
    source=SHOWN,
)
def input_cells_are_not_merged(filing: Filing) -> Iterator[Hit]:
    """BF043: Inga inmatningsceller är sammanslagna med varandra.

    Givet blankettens gula celler
    När några av dem är sammanslagna
    Så sägs det till: bara den första cellens innehåll finns kvar och läses.
    Exempel: Prognosen för två rader är skriven i en sammanslagen cell.
    """
    for problem in _problems(filing, "sammanslagna"):
        yield _hit(
            problem,
            f"Bladet {problem.sheet}: inmatningscellerna {problem.detail} är sammanslagna; bara den första cellen läses.",
            "Dela cellerna (Start > Centrera över kolumner) och fyll i var och en.",
        )


@rule(
    "BF044",
    title="Tal visas som de är",
    many="{n} ställen visar tal i ett annat format än blankettens",
    across=2,
    severity=Severity.UPPLYSNING,
    source=SHOWN,
)
def figures_are_shown_as_they_are(filing: Filing) -> Iterator[Hit]:
    """BF044: Ett tal visas inte som procent, i tusental, som datum eller inte alls.

    Givet en cell för ett tal
    När cellens talformat är ett som visar något annat än talet
    Så sägs det till: talet i cellen läses, inte det som visas.
    Exempel: Budgeten 52,7 har fått procentformat och visas som 5270 %.
    """
    for problem in _problems(filing, "talformat"):
        yield _hit(
            problem,
            f"Bladet {problem.sheet}: {_cell_words(problem)} visas {FORMATS.get(problem.detail, 'i ett annat format')}; "
            "talet i cellen läses som det är.",
            "Kontrollera talet i formelfältet och ge cellen blankettens talformat igen (kopiera formatet från cellen bredvid).",
        )


@rule("BF045", title="Arbetsboken räknar med hela tal", severity=Severity.UPPLYSNING, source=SHOWN)
def the_workbook_reckons_with_whole_figures(filing: Filing) -> Iterator[Hit]:
    """BF045: Arbetsboken räknar inte med talen så som de visas.

    Givet Excels inställning »Ange precision som visas»
    När den är på
    Så sägs det till, för Excel har då avrundat de tal som skrivits in, för gott.
    Exempel: 58,6523 har blivit 58,7 när filen sparades.
    """
    for problem in _problems(filing, "shown_precision"):
        yield _hit(
            problem,
            "Arbetsboken är inställd på att räkna med talen så som de visas (precision som visas); inskrivna decimaler är borta.",
            "Stäng av det under Arkiv > Alternativ > Avancerat > Ange precision som visas, och kontrollera de tal som haft fler decimaler.",
        )


@rule(
    "BF046",
    title="Ingen formel räknar med sig själv",
    many="{n} formler räknar med sig själva",
    severity=Severity.UPPLYSNING,
    source=SHOWN,
)
def no_formula_reckons_with_itself(filing: Filing) -> Iterator[Hit]:
    """BF046: En formel i en inmatningscell räknar inte med sig själv, direkt eller genom andra celler.

    Givet en inmatningscell med en egen formel
    När formeln läser en cell som i sin tur räknas ut av den
    Så sägs det till: Excel räknar inte en sådan cirkel, och värdet som står kvar kan vara vilket som helst.
    Exempel: Budgeten är =C25-C9, där C25 är summan.
    """
    for problem in _problems(filing, "cirkel"):
        key = (problem.form or "", problem.row or "", problem.column or "")
        yield filing.at(
            key,
            "formeln räknar med sig själv, direkt eller genom andra celler, så värdet går inte att lita på.",
            "Skriv in talet i stället för formeln.",
        )


HELD = {
    "macro": (
        "makron",
        "Spara arbetsboken som Excel-arbetsbok (.xlsx) utan makron. Med makron tas den inte emot i inkorgen.",
    ),
    "connection": (
        "en anslutning till data utanför filen",
        "Ta bort den under Data > Frågor och anslutningar. Med en anslutning tas arbetsboken inte emot i inkorgen.",
    ),
    "embedded": (
        "ett inbäddat objekt eller en ActiveX-kontroll",
        "Ta bort objektet. Med det i tas arbetsboken inte emot i inkorgen.",
    ),
}


@rule("BF047", title="Filen innehåller bara blanketter", severity=Severity.UPPLYSNING, source=SHOWN)
def the_file_holds_forms_only(filing: Filing) -> Iterator[Hit]:
    """BF047: Filen innehåller inga makron, anslutningar eller inbäddade objekt, och bladens skydd är kvar.

    Givet en arbetsbok som ska lämnas vidare
    När den innehåller makron, en anslutning till data utanför filen eller ett inbäddat objekt, eller när blad har blivit av med sitt skydd
    Så sägs det till, en gång för varje slag.
    Exempel: Arbetsboken har sparats som .xlsm med ett inspelat makro.
    """
    for problem in _problems(filing, *HELD):
        what, action = HELD[problem.kind]
        yield _hit(problem, f"Arbetsboken innehåller {what}.", action)
    for problem in _problems(filing, "utan_skydd"):
        names = problem.detail.split(", ")
        shown = ", ".join(names[:3]) + (f" och {len(names) - 3} till" if len(names) > 3 else "")
        yield _hit(
            problem,
            f"Skyddet är borttaget på {'bladet' if len(names) == 1 else 'bladen'} {shown}, så formler och etiketter kan ändras av misstag.",
            "Slå på det igen (Granska > Skydda blad) när arbetet är klart.",
        )


@rule(
    "BF048",
    title="Rubriker och etiketter är setets",
    many="{n} blad har en annan rubrikrad eller andra etiketter än setets",
    across=2,
    severity=Severity.VARNING,
    source=SHOWN,
    prov=True,
)
def headings_and_labels_are_the_sets(filing: Filing) -> Iterator[Hit]:
    """BF048: Bladets rubrikrad säger arbetsbokens nämnd, period och enhet, och radernas och kolumnernas etiketter är blankettens.

    Givet ett blad med rubrikrad och etiketter
    När rubrikraden säger en annan nämnd, period eller enhet, eller en etikett är ändrad
    Så varnas det: bladet kan vara inklistrat från en annan arbetsbok, eller en rad betyda något annat än den summeras som.
    Exempel: Bladet Lokaler säger Bromma (SDN06), och »Belopp i mnkr» har ändrats till »Belopp i tkr».
    """
    for problem in _problems(filing, "annan_rubrik"):
        wrong, expected = problem.detail.split("|", 1)
        yield _hit(
            problem,
            f"Bladet {problem.sheet}, cell {problem.address}: rubrikraden säger {wrong}, men arbetsboken gäller {expected}.",
            "Kontrollera att bladets siffror är nämndens egna, i rätt period och enhet, och återställ rubrikraden.",
        )
    for problem in _problems(filing, "andrad_etikett"):
        stands, label, more = problem.detail.split("|", 2)
        yield _hit(
            problem,
            f"Bladet {problem.sheet}, cell {problem.address}: etiketten är {quoted(stands) if stands else 'borttagen'} men ska vara "
            f"{quoted(label)}{more}. Talen läses som blankettens rad eller kolumn.",
            "Återställ etiketten. Flytta talen om de hör till något annat.",
        )
