"""BF711-BF715, BF720: the report beside the workbook, and its prose for its own sake."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from blankettset.templates.model import Type
from blankettset.validators.filing import Filing
from blankettset.validators.finding import Hit, Severity, show
from blankettset.validators.registry import rule
from blankettset.validators.report.decisions import percents
from blankettset.validators.report.prose import read_prose
from blankettset.validators.report.reading import reading
from blankettset.validators.report.ties import Knuten
from blankettset.validators.rules.mal.rader import GOALS, lines
from blankettset.validators.text.lasare import Lasare, lasare
from blankettset.validators.text.meningar import Mening
from blankettset.workbook.report.document import Block, Rapport, Slag

SOURCE = "Rapportens text och tabeller ska säga som blanketterna; orden står i templates/ord"


def _hits(filing: Filing, ties: Iterable[Knuten], action: str, *, many: str = "") -> Iterator[Hit]:
    """One finding for a cell and what is said of it, however often it is said."""
    told: set[tuple[object, ...]] = set()
    for tie in ties:
        if tie.stammer or (tie.key, tie.sagt) in told:
            continue
        told.add((tie.key, tie.sagt))
        form = filing.set.blanketter[tie.key[0]]
        held = (
            tie.varde
            if isinstance(tie.varde, str)
            else show(tie.varde, form.decimals_of(tie.key[1], tie.key[2])) or "tom"
        )
        unit = form.unit_at(tie.key[1], tie.key[2]) if tie.key[1] in form.row_by_id else form.unit_of(tie.key[2])
        shown = f"{held} {unit}".strip() if unit in ("mnkr", "tkr") and held != "tom" else held
        yield filing.at(
            tie.key,
            f"cellen är {shown} men rapporten säger {tie.sagt} ({tie.plats}: »{tie.citat}»).",
            action,
            found=tie.varde,
            expected=f"{tie.sagt} ({tie.plats})",
            many=many,
            follows_from_here=False,
        )


_ECONOMY = re.compile(r"ekonomi|budget|finans", re.IGNORECASE)


@rule(
    "BF710",
    title="Beloppen i ett ekonomimåls analys är blanketternas",
    many="{n} belopp i ekonomimålens analyser är inte blanketternas",
    severity=Severity.VARNING,
    source=SOURCE,
    prov=True,
)
def amounts_in_a_goals_analysis_are_those_of_the_forms(filing: Filing) -> Iterator[Hit]:
    """BF710: Det som analysen av ett ekonomimål säger om över- eller underskott är vad blanketterna säger.

    Givet ett mål vars titel handlar om ekonomi eller budget, och som har en analys
    När analysen anger ett belopp som rapportens läsare knyter till en cell (se BF711) och cellen har ett annat värde
    Så varnas det. Samma läsning som för rapportens löpande text, utan att någon fil behövs.
    Exempel: »Prognosen visar ett underskott med 6,6 mnkr», men summan är −5,6.
    """
    for line in lines(filing, GOALS):
        if not line.text("analys") or not _ECONOMY.search(line.text("titel")):
            continue
        blocks = (Block(Slag.RUBRIK, "Uppföljning av driftbudget", ""), Block(Slag.STYCKE, line.text("analys"), ""))
        for tie in read_prose(Rapport("", "", blocks), filing).knutna:
            if not tie.stammer:
                held = tie.varde if isinstance(tie.varde, str) else show(tie.varde)
                yield filing.at(
                    (GOALS, line.row, "analys"),
                    f"analysen säger {tie.sagt} (»{tie.citat}»), men {filing.name(tie.key)} är {held or 'tom'}.",
                    "Rätta texten eller blanketten.",
                    found=tie.sagt,
                    expected=held,
                    related=(tie.key,),
                    follows_from_here=False,
                )


@rule("BF711", title="Rapportens belopp i löpande text är blanketternas", many="{n} belopp i rapportens text är inte blanketternas",
      severity=Severity.VARNING, source=SOURCE, prov=True)  # fmt: skip
def amounts_in_the_reports_prose_are_those_of_the_forms(filing: Filing) -> Iterator[Hit]:
    """BF711: Ett belopp i rapportens löpande text är cellens, när område, mått, läge och enhet är desamma.

    Givet en rapport vid sidan av arbetsboken (validera --rapport)
    När en mening i ekonomidelen anger avvikelse, budget, prognos, prestationsförändring, investeringsbudget, omslutning,
    överföring eller balansomslutning för ett verksamhetsområde eller hela nämnden, eller »en budget i balans», och cellen har
    ett annat värde med meningens precision
    Så varnas det med meningen, dess plats, cellen och båda värdena. Delar av ett område, andra tider, ändringar och »varav»
    knyts inte.
    Exempel: »Äldreomsorgen prognostiserar ett underskott om 2,0 mnkr», men avvikelsen är +1,0.
    """
    found = reading(filing)
    if found is not None:
        yield from _hits(filing, found.prosa, "Rätta rapporten eller blanketten.")


@rule("BF712", title="Rapportens tabeller är blanketternas", many="{n} tal i rapportens tabeller är inte blanketternas",
      severity=Severity.VARNING, source=SOURCE, prov=True)  # fmt: skip
def tables_of_the_report_are_those_of_the_forms(filing: Filing) -> Iterator[Hit]:
    """BF712: Varje tal i en tabell som är en blankett är cellens.

    Givet en tabell i rapporten vars flesta tal är en blanketts
    När ett tal är ett annat än cellens
    Så varnas det med raden, dess plats, cellen och båda värdena. En tabell som inte känns igen prövas inte.
    Exempel: Raden Förskoleverksamhet har prognosen 284,8 i blanketten och 248,8 i rapporten.
    """
    found = reading(filing)
    if found is not None:
        yield from _hits(
            filing, found.tabeller, "Rätta rapportens tabell, eller ta den ur arbetsboken med blankett rapport."
        )


@rule("BF713", title="Det som rapporten begär står i listorna 3a och 3b", many="{n} belopp som rapporten begär står inte i listorna 3a och 3b",
      severity=Severity.VARNING, source="003:13-19, 002:15-22; " + SOURCE, prov=True)  # fmt: skip
def what_the_report_asks_for_is_in_the_lists(filing: Filing) -> Iterator[Hit]:
    """BF713: Ett belopp som rapporten eller beslutssatserna begär är en rad eller summan i lista 3a eller 3b.

    Givet en rapport, och minst en ifylld rad i någon av listorna
    När en mening begär eller ansöker om budgetjustering med ett belopp som varken är en rads eller en summas
    Så varnas det.
    Exempel: »Nämnden begär budgetjustering om 0,8 mnkr», men listan 3a har raden 0,5.
    """
    found = reading(filing)
    if found is not None:
        yield from _hits(filing, found.begarda, "Rätta beslutssatsen eller listan.")


@rule("BF714", title="Ett ändrat årsmål är radens", many="{n} ändrade årsmål är inte radernas",
      severity=Severity.VARNING, source="003:18-19, 003:85-87; " + SOURCE, prov=True)  # fmt: skip
def a_changed_target_is_that_of_the_row(filing: Filing) -> Iterator[Hit]:
    """BF714: Ett årsmål som rapporten säger ändras från ett värde till ett annat har ett av dem på raden.

    Givet en rapport
    När en mening nämner en indikator vid namn och säger »från … till …» om dess årsmål, och radens årsmål är ett tredje värde
    Så varnas det.
    Exempel: »… höjs från 210 till 230», men årsmålet på raden är 220 st.
    """
    found = reading(filing)
    if found is not None:
        yield from _hits(filing, found.arsmal, "Rätta rapporten eller radens årsmål.")


@rule("BF715", title="Procenten i en mening är den som beloppen ger", many="{n} procenttal i rapporten ges inte av beloppen bredvid",
      severity=Severity.VARNING, source="Ren aritmetik", prov=True)  # fmt: skip
def a_percent_is_that_of_the_amounts_beside_it(filing: Filing) -> Iterator[Hit]:
    """BF715: En ändring i procent som står efter sitt belopp är beloppet delat med nivån före ändringen.

    Givet en mening i rapporten med en nivå, en ökning eller minskning i kronor och dess procent inom parentes
    När procenten är en annan än beloppen ger, hur de än är avrundade
    Så varnas det.
    Exempel: »… uppgår till 272,6 mnkr vilket är en ökning med 16 mnkr (5,9 %)»; 16 av 256,6 är 6,2 %.
    """
    if filing.report is None:
        return
    for block, sentence, said, computed in percents(filing.report, filing):
        yield Hit(
            f"Rapporten, {block.plats}: »{sentence.quote()}». Beloppen ger {show(round(computed, 1))} %, inte {said}.",
            "Räkna om procenten på nivån före ändringen.",
            found=said,
            expected=f"{show(round(computed, 1))} %",
            follows_from_here=False,
        )


_DOUBLE = re.compile(r"(?:underskott|minus|minskning)\w*\s+(?:\w+\s+){0,3}?[-\u2212\u2013]\d")
_BROKEN_NUMBER = re.compile(
    r"(?<![\d,.])(\d{1,3} ,\d+|\d+, \d+(?=\s?(?:%|procent|mnkr|tkr))|\d \d{1,2},\d(?=\s?(?:%|procent|mnkr)))"
)
_UNFINISHED = re.compile(
    r"(?<=[a-zåäö]\.) ([a-zåäö]{4,}\.)(?=\s+[A-ZÅÄÖ]|$)|(?<=[a-zåäö]{3})\.([a-zåäö]{5,}) |\s(\.[a-zåäö]{4,}) "
)
_BARE = re.compile(
    r"(?:ökat|minskat|ökar|minskar|överskott|underskott) (?:med|om|på) (\d+,\d)(?=[ .,](?!\s?(?:mnkr|mkr|tkr|mil|kr|%|proc|år|enhet|index|barn|st)))"
)
PATTERNS = (
    ("ett minus för mycket: ett underskott eller en minskning skrivs utan minustecken", _DOUBLE),
    ("ett mellanslag inne i talet", _BROKEN_NUMBER),
    ("meningen verkar vara avbruten", _UNFINISHED),
    ("beloppet saknar enhet", _BARE),
)
KINDS = ("mkr", "kwh", "andel_antal", "fel_ar")
LABELS = {
    "mkr": "skrivs mnkr, som i blanketterna",
    "kwh": "energi mäts i kWh; kW/h är ingen enhet",
    "andel_antal": "en andel anges i procent, inte i antal",
    "fel_ar": "överföringen görs till nästa år",
}


@rule(
    "BF720",
    title="Texten är rätt skriven",
    severity=Severity.UPPLYSNING,
    source="Stadens skrivsätt och svenska skrivregler",
    prov=True,
)
def the_text_is_rightly_written(filing: Filing) -> Iterator[Hit]:
    """BF720: Texten har inga skrivfel av de slag som ändrar vad ett tal säger.

    Givet arbetsbokens långa texter, och rapporten om den är med
    När det står ett dubbelt minus, mkr för mnkr, kW/h, ett mellanslag i ett tal, en andel i antal, ett belopp utan enhet, fel år eller
    en avbruten mening
    Så upplyses det, en rad för varje slag i arbetsboken och en i rapporten.
    Exempel: »ett underskott om −2,0 mnkr».
    """
    reader = lasare(filing.set)
    told: dict[str, list[tuple[tuple[str, str, str], str]]] = {}
    seen: set[str] = set()
    for form in filing.judged():
        for column in form.form.columns:
            if column.type is not Type.LANGTEXT:
                continue
            for row in form.items if form.form.is_list else form.form.row_by_id:
                text = filing.filled.facts.get((form.form.id, row, column.id))
                if isinstance(text, str) and (filing.report is not None or _may_have(text)):
                    for sentence in reader.sentences(text):
                        seen.add(sentence.quote())
                        for kind in _kinds(sentence, reader):
                            told.setdefault(kind, []).append(((form.form.id, row, column.id), sentence.quote(100)))
    for kind, places in told.items():
        key, quote = places[0]
        more = f", och på {len(places) - 1} ställen till" if len(places) > 1 else ""
        yield filing.at(
            key, f"»{quote}»: {kind}{more}.", "Rätta texten.", found=quote, expected=kind,
            related=tuple(dict.fromkeys(other for other, _ in places[1:])), many="{n} skrivfel som ändrar vad ett tal säger", follows_from_here=False,
        )  # fmt: skip
    yield from _in_report(filing, reader, seen)


def _in_report(filing: Filing, reader: Lasare, seen: set[str]) -> Iterator[Hit]:
    told: dict[str, list[tuple[str, str]]] = {}
    for block in filing.report.paragraphs() if filing.report is not None else ():
        for sentence in reader.sentences(block.text):
            if sentence.quote() not in seen:
                for kind in _kinds(sentence, reader):
                    told.setdefault(kind, []).append((block.plats, sentence.quote(100)))
    for kind, places in told.items():
        listed = ", ".join(dict.fromkeys(place for place, _ in places[:6])) + (
            f" och {len(places) - 6} till" if len(places) > 6 else ""
        )
        yield Hit(
            f"Rapporten, {listed}: »{places[0][1]}»: {kind}.",
            "Rätta texten.",
            found=places[0][1],
            expected=kind,
            many="{n} slag av skrivfel i rapporten som ändrar vad ett tal säger",
            follows_from_here=False,
        )


_HINTS = re.compile(
    r"\dmkr|\d\smkr|w/h|andel\w* (?:är|uppgår|blev|var|ligger)|fond til|överför\w* til|för\w* över til", re.IGNORECASE
)


def _may_have(text: str) -> bool:
    """False for a text that has none of the kinds: most have none, and need not be read as sentences."""
    plain = " ".join(text.split())
    return _HINTS.search(plain) is not None or any(pattern.search(plain) for _, pattern in PATTERNS)


def _kinds(sentence: Mening, reader: Lasare) -> Iterator[str]:
    for label, pattern in PATTERNS:
        if pattern.search(" ".join(sentence.text.split())):
            yield label
    for kind in KINDS:
        pattern = reader.words[f"prosa.{kind}"]
        said = " ".join(token.norm for token in sentence.tokens) if kind != "mkr" else sentence.text.casefold()
        if kind in ("mkr", "kwh"):
            if re.search(r"\d\s?(?:mkr|mkr\.)(?!\w)" if kind == "mkr" else r"(?i)\b[kmg]w/h\b", sentence.text):
                yield LABELS[kind]
        elif pattern.search(said + " "):
            yield LABELS[kind]
