"""BF707-BF709: what the text of a goal says of what lies below it, and the text of an activity of the activity."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import msgspec

from blankettset.validators.filing import Filing
from blankettset.validators.finding import Hit, Severity
from blankettset.validators.registry import rule
from blankettset.validators.rules.mal.rader import (
    ACTIVITIES,
    GOALS,
    INDICATORS,
    JUDGED,
    UNIT_GOALS,
    Line,
    label,
    lines,
    status_of,
)
from blankettset.validators.rules.text.analyser import LANGUAGE, disputed
from blankettset.validators.text.lasare import Lasare, lasare
from blankettset.validators.text.malutsaga import Sagt, utsagor
from blankettset.validators.text.meningar import Mening
from blankettset.workbook.calc.status import DELVIS, EJ, HELT

KINDS = ("kf_mal", "namndmal", "indikatorer", "aktiviteter")
WORDS = {
    "kf_mal": "mål för verksamhetsområdet",
    "namndmal": "nämndmål",
    "indikatorer": "indikatorer",
    "aktiviteter": "aktiviteter",
}


class Under(msgspec.Struct, frozen=True):
    """A row below a goal: what to call it, and whether it is reached (None: nothing says)."""

    name: str
    reached: bool | None
    line: Line


def _below(filing: Filing, number: str) -> Mapping[str, list[Under]]:
    """What lies below a goal, by kind. Goals are those at any depth; indicators and activities the goal's own, then all below."""
    found: dict[str, list[Under]] = {kind: [] for kind in KINDS}
    for line in lines(filing, GOALS):
        if line.text("nummer").startswith(number + ".") and line.text("niva") in found:
            status = line.text("status")
            found[line.text("niva")].append(
                Under(f"mål {line.text('nummer')}", status == HELT if status in JUDGED else None, line)
            )
    disputes = disputed(filing)
    for form in (INDICATORS, ACTIVITIES):
        own = [line for line in lines(filing, form) if line.text("mal") == number]
        rows = own or [line for line in lines(filing, form) if line.text("mal").startswith(number + ".")]
        for line in rows:
            found[form].append(Under(f"»{_short(line)}»", _reached(line, disputes), line))
    return found


def _reached(line: Line, disputes: frozenset[str]) -> bool | None:
    if line.form == INDICATORS:
        status = status_of(line)
        if status == HELT and line.row in disputes and not line.text("status"):
            return None
        return status == HELT if status in JUDGED else None
    state = line.text("lage")
    return False if state == "forsenad" else True if line.text("status") in ("klar", "pagar") else None


def _short(line: Line) -> str:
    text = line.text("indikator") or line.text("aktivitet")
    return text if len(text) <= 50 else text[:49].rstrip() + "…"


def _goal_texts(filing: Filing) -> Iterator[tuple[Line, str]]:
    for form in (GOALS, UNIT_GOALS):
        for line in lines(filing, form):
            if line.text("analys"):
                yield line, line.text("analys")


@rule(
    "BF707",
    title="Målets text räknar rätt på det som ligger under",
    many="{n} måltexter räknar fel på det som ligger under",
    severity=Severity.VARNING,
    prov=True,
    source="000:176, 003:97, 003:201, 003:263; " + LANGUAGE,
)
def a_goals_text_counts_what_lies_below(filing: Filing) -> Iterator[Hit]:
    """BF707: Det som ett måls analys säger om målen, indikatorerna och aktiviteterna under det stämmer med raderna.

    Givet ett mål med analys i nämndens set
    När texten säger hur många mål, indikatorer eller aktiviteter som finns eller uppfylls och raderna är ett annat antal; eller
    att alla uppfylls eller genomförs fast några missas, saknar värde eller inte finns
    Så varnas det, med de rader som avviker. »Flertalet» och »de flesta» prövas inte.
    Exempel: »… då målvärdet för fem av åtta indikatorer bedöms uppfyllas», men sex av de åtta uppfylls enligt raderna.
    """
    if filing.set.level != "namnd":
        return
    reader = lasare(filing.set)
    for line, text in _goal_texts(filing):
        below = _below(filing, line.text("nummer"))
        for sentence in reader.sentences(text):
            for said, problem, related in _counts(sentence, reader, below, line):
                yield filing.at(
                    (line.form, line.row, "analys"),
                    f"analysen säger »{said}», men {problem}.",
                    "Rätta texten, eller de rader som den räknar.",
                    found=said,
                    expected=problem,
                    related=related,
                    follows_from_here=False,
                )


def _counts(
    sentence: Mening, reader: Lasare, below: Mapping[str, list[Under]], line: Line
) -> Iterator[tuple[str, str, tuple[tuple[str, str, str], ...]]]:
    norm = sentence.norm
    if reader.says("annat_ar", norm) or reader.named_parts(sentence.tokens, sentence, line.text("titel")):
        return
    for kind in KINDS:
        rows = below[kind]
        noun = reader.words.source(f"under.{kind}")
        counted = re.search(
            rf"(?<!\S)(<t\d+>) (?:av )?(?:de |nämndens |totalt |sammanlagt |av ){{0,3}}(?:(<t\d+>) )?(?:\S+ ){{0,1}}?{noun}",
            norm,
        )
        if counted is not None:
            yield from _numbers(counted, kind, rows, sentence, reader)
            continue
        if kind == "namndmal" and len(rows) > 1 and (one := reader.words["ental.namndmal"].search(norm)) is not None:
            yield sentence.written(one), f"under målet ligger {len(rows)} nämndmål ({_names(rows)})", _places(rows)
            continue
        yield from _all_of(kind, noun, rows, sentence, reader, line)


def _numbers(
    match: re.Match[str], kind: str, rows: list[Under], sentence: Mening, reader: Lasare
) -> Iterator[tuple[str, str, tuple[tuple[str, str, str], ...]]]:
    first, second = sentence.figure(match[1]), sentence.figure(match[2]) if match[2] else None
    if (first.enhet or (second is not None and second.enhet)) or not rows:
        return
    said = sentence.written(match)
    total = second if second is not None else None
    if total is not None and total.tal != len(rows):
        yield said, f"under målet ligger {len(rows)} {WORDS[kind]}", _places(rows)
        return
    rest = sentence.norm[match.end() :]
    negative = re.match(r"(?:\S+ ){0,8}?(?:inte|ej) ", rest) is not None
    verdict = reader.says("nas", rest[:160]) or (kind == "aktiviteter" and reader.says("genomfors", rest[:160]))
    if total is None and not verdict:
        if (
            re.search(r"(?<!\S)(?:hör|ligger|finns|har|omfattar|består|innehåller|följs) ", sentence.norm)
            and first.tal != len(rows)
        ) or len(rows) < first.tal:
            yield said, f"under målet ligger {len(rows)} {WORDS[kind]}", _places(rows)
        return
    if not verdict or (any(row.reached is None for row in rows) and total is None):
        return
    met = [row for row in rows if row.reached]
    missed = [row for row in rows if row.reached is False]
    unknown = [row for row in rows if row.reached is None]
    wanted = len(missed) if negative else len(met)
    if negative and unknown:
        return
    if first.tal == wanted or (
        not negative
        and wanted < first.tal <= wanted + len(unknown)
        and not missed
        and total is not None
        and first.tal != total.tal
    ):
        return
    what = "missas" if negative else "uppfylls"
    extra = f"; {_names(missed)} missas" if missed and not negative and len(missed) <= 4 else ""
    extra += (
        f"; {_names(unknown)} har inget värde"
        if unknown and len(unknown) <= 4
        else f"; {len(unknown)} har inget värde"
        if unknown
        else ""
    )
    yield said, f"enligt raderna {what} {wanted} av {len(rows)}{extra}", _places(missed + unknown or rows)


def _all_of(
    kind: str, noun: str, rows: list[Under], sentence: Mening, reader: Lasare, line: Line
) -> Iterator[tuple[str, str, tuple[tuple[str, str, str], ...]]]:
    """»Samtliga indikatorer bedöms uppfyllas», »indikatorernas årsmål nås», »aktiviteterna genomförs»."""
    words = reader.words
    every = re.search(rf"(?<!\S){words.source('antal_alla')}(?:\S+ ){{0,2}}?{noun}", sentence.norm)
    definite = re.search(
        rf"(?<!\S)(?:att |då |och |som )?(?:planerade |underliggande |tillhörande )?{words.source('bestamd_grupp')}",
        sentence.norm,
    )
    match = every or (definite if definite is not None and re.search(rf"(?<!\S){noun}", definite[0]) else None)
    if match is None or reader.says("inte_alla", sentence.norm) or reader.says("inte", sentence.norm):
        return
    rest = re.split(r"(?<!\S)(?:och att|samt att|, att|;) ", sentence.norm[match.end() :])[0]
    done = "genomfors" if kind == "aktiviteter" else "nas"
    verdict = words[done].search(rest[:160])
    if (
        verdict is None
        or reader.says("delvis", rest)
        or reader.says("mjukt", rest)
        or re.search(r"(?<!\S)(?:ska|för att|bidra\w*) ", rest[: verdict.end()])
    ):
        return
    if re.search(
        r"(?<!\S)(?:för att|i syfte att|om|förutsättning\w*) $", sentence.norm[: match.start()][-40:]
    ) or reader.says("avsikt", sentence.norm[max(0, match.start() - 25) : match.start()]):
        return
    said = sentence.written(match) + " … " + " ".join(rest[: verdict.end()].split()[-1:])
    bad = [row for row in rows if row.reached is False]
    unknown = [row for row in rows if row.reached is None]
    if not rows:
        if kind in ("indikatorer", "aktiviteter") and line.text("niva") != "inriktningsmal":
            yield said, f"under målet finns inga {WORDS[kind]}", ()
    elif bad or (kind == "indikatorer" and unknown):
        parts = [f"{_names(bad)} {'är försenad' if kind == 'aktiviteter' else 'nås inte helt'}"] if bad else []
        if unknown and kind == "indikatorer":
            parts.append(
                f"{_names(unknown) if len(unknown) <= 3 else f'{len(unknown)} av {len(rows)}'} har varken utfall eller prognos som ger det"
            )
        yield said, " och ".join(parts), _places(bad + unknown)


def _names(rows: list[Under]) -> str:
    shown = ", ".join(row.name for row in rows[:4])
    return shown + (f" och {len(rows) - 4} till" if len(rows) > 4 else "")


def _places(rows: list[Under]) -> tuple[tuple[str, str, str], ...]:
    column = {GOALS: "status", INDICATORS: "indikator", ACTIVITIES: "aktivitet"}
    return tuple((row.line.form, row.line.row, column[row.line.form]) for row in rows[:12])


@rule(
    "BF708",
    title="Målets text säger som dess status",
    many="{n} måltexter säger något annat än målets status",
    severity=Severity.VARNING,
    prov=True,
    source=LANGUAGE,
)
def a_goals_text_says_what_its_status_says(filing: Filing) -> Iterator[Hit]:
    """BF708: Den som i ett måls analys säger att målet uppfylls, delvis uppfylls eller inte uppfylls har valt samma status.

    Givet ett mål eller enhetsmål med status och analys
    När analysens första omdöme om målet självt är ett annat än statusen
    Så varnas det. Det som sägs om indikatorer, aktiviteter och andra mål räknas inte.
    Exempel: Status ● Uppfylls helt, men »Nämndmålet bedöms delvis uppfyllas under året».
    """
    reader = lasare(filing.set)
    wanted = {HELT: (Sagt.NAS,), DELVIS: (Sagt.DELVIS, Sagt.MISSAS), EJ: (Sagt.MISSAS, Sagt.DELVIS)}
    for line, text in _goal_texts(filing):
        status = line.text("status")
        if status not in JUDGED:
            continue
        for sentence in reader.sentences(text):
            own = reader.words["malet_sjalvt"].search(sentence.norm)
            if (
                own is None
                or reader.says("under.indikatorer", sentence.norm[: own.start()])
                or "årsmål" in sentence.norm
                or "indikator" in sentence.norm
            ):
                continue
            said = _verdict(sentence, reader, line)
            if said is None:
                continue
            if said not in wanted[status]:
                yield filing.at(
                    (line.form, line.row, "status"),
                    f"statusen är {label(filing, line, 'status', status)} men analysen säger »{sentence.quote(110)}».",
                    "Välj den status som texten motiverar, eller rätta texten.",
                    found=label(filing, line, "status", status),
                    expected=said.value,
                    related=((line.form, line.row, "analys"),),
                    follows_from_here=False,
                )
            break


def _verdict(sentence: Mening, reader: Lasare, line: Line) -> Sagt | None:
    plain = re.sub(rf"(?<!\S){reader.words.source('malet_sjalvt')}", "målet ", sentence.norm)
    title = line.text("titel").casefold()[:40]
    written = reader.words.source("malet_sjalvt")
    text = re.sub(r"<t\d+> ", "", plain) if title and written else plain
    found = [
        u
        for u in utsagor(text, reader, line.text("titel"))
        if u.helar and u.sagt in (Sagt.NAS, Sagt.DELVIS, Sagt.MISSAS)
    ]
    kinds = {u.sagt for u in found}
    return found[0].sagt if len(kinds) == 1 else None


@rule(
    "BF709",
    title="Aktivitetens text säger som dess status",
    many="{n} aktivitetstexter säger något annat än raden",
    severity=Severity.VARNING,
    prov=True,
    source="Kolumnerna Status, Slutdatum, Avvikelse och Analys; " + LANGUAGE,
)
def an_activitys_text_says_what_its_status_says(filing: Filing) -> Iterator[Hit]:
    """BF709: Den som skriver att en aktivitet är gjord, inte är gjord, inte har börjat eller har skjutits upp visar det på raden.

    Givet en aktivitet med text i Analys eller Avvikelse
    När texten säger att den inte har genomförts eller börjat men statusen är klar, att den inte har börjat men statusen är pågår,
    att den är genomförd men statusen är en annan, eller att den skjuts upp, förlängs eller ställs in fast Avvikelse är tom
    Så varnas det.
    Exempel: »Aktiviteten har inte kunnat genomföras», men statusen är ✓ Klar.
    """
    reader = lasare(filing.set)
    for line in lines(filing, ACTIVITIES):
        for column in ("analys", "avvikelse"):
            if line.text(column):
                hit = _activity(filing, line, column, reader)
                if hit is not None:
                    yield hit
                    break


SAID = ("ej_gjord", "ej_borjad", "uppskjuten", "gjord", "pagar")
CONTRADICTED = {  # what a text says -> the statuses that say otherwise
    "ej_gjord": ("klar",),
    "ej_borjad": ("klar", "pagar"),
    "uppskjuten": ("klar",),
    "gjord": ("pagar", "ej_startad"),
    "pagar": ("ej_startad",),
}
_ITSELF = re.compile(r"(?:aktiviteten|den|detta|insatsen|arbetet|genomförandet) ")


def _activity(filing: Filing, line: Line, column: str, reader: Lasare) -> Hit | None:
    """The first contradiction between the activity's text and its row."""
    status = line.text("status")
    shown = label(filing, line, "status", status) if status else "tom"
    for sentence in reader.sentences(line.text(column)):
        norm = sentence.norm
        if reader.named_parts(sentence.tokens, sentence, line.text("aktivitet")) or reader.says("akt.del", norm):
            continue
        kind = next((each for each in SAID if reader.says(f"akt.{each}", norm)), None)
        if kind is None or (
            kind in ("gjord", "pagar", "uppskjuten") and status in CONTRADICTED[kind] and not _ITSELF.match(norm)
        ):
            continue
        said = sentence.quote(110)
        begins_later = kind == "ej_borjad" and status == "pagar" and not reader.says("akt.ej_an", norm)
        if status in CONTRADICTED[kind] and not begins_later:
            text = f"statusen är {shown} men texten säger »{said}»."
            return _activity_hit(filing, line, "status", text, shown, said, column)
        if (
            kind in ("ej_gjord", "uppskjuten")
            and column == "analys"
            and not line.text("avvikelse")
            and status != "klar"
        ):
            text = f"avvikelsen är tom men analysen säger »{said}»."
            return _activity_hit(filing, line, "avvikelse", text, "tomt", said, column)
    return None


def _activity_hit(filing: Filing, line: Line, at: str, text: str, found: str, said: str, column: str) -> Hit:
    return filing.at(
        (ACTIVITIES, line.row, at),
        text,
        "Skriv avvikelsen." if at == "avvikelse" else "Ändra statusen eller texten.",
        found=found,
        expected=said,
        related=((ACTIVITIES, line.row, column),),
        follows_from_here=False,
    )
