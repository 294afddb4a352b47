"""Does a text say that the target is, or will be, met? Grammar: target, verb, negations, whose, when; words are data."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum

import msgspec

from blankettset.validators.text.lasare import Lasare
from blankettset.validators.text.meningar import Mening

ACTIVE = re.compile(
    r"^(?:når|uppnår|uppfyller|klarar|infriar|överträffar|missar|lever|kommer|nådde|uppnådde|uppfyllde|klarade|missade|levde) "
)
_CONDITION = re.compile(r"(?:om (?!<t)|ifall |förutsatt |under förutsättning |trots att målet )")
_FIGURE_OF = re.compile(r"(?<!\S)om (?:\S+ ){0,2}<t\d+> ")  # målet om 70 %: no condition
_MODAL = re.compile(r"\b(?:ska|skall|skulle|kunna) ")
_FUTURE = re.compile(r"(?<!\S)(?:<ar\+[1-9]> |nästa år|nästkommande|kommande år|på (?:längre )?sikt|framöver)")
_STOP = re.compile(r"(?<!\S)(?:och|eller|samt|som|då|eftersom|vilket|där|trots|på grund|på|för|inom|av|till|när|utan) ")
_BARE = re.compile(
    r"^(?:bedöms |förväntas |väntas )?(?P<verb>uppfylls|uppfyllas|uppfyllt|nås|uppnås|uppnått|nått) (?:(?P<rest>helt|delvis|ej|inte|inte helt) )?(?:\. )?$"
)


class Sagt(StrEnum):
    """What a text says of the target."""

    NAS = "nås"
    DELVIS = "nås delvis"
    MISSAS = "nås inte"
    OVER = "över målet"
    UNDER = "under målet"
    OSAKERT = "ingen prognos"


class Utsaga(msgspec.Struct, frozen=True):
    """One saying. `helar`: of the whole year, not of the period so far. `kf`: of kommunfullmäktige's target.

    `tror`: it says outright that it judges the year. `prognos`: OVER and UNDER say it of the forecast, not of the outcome.
    """

    sagt: Sagt
    ord: str
    mening: Mening
    helar: bool = True
    kf: bool = False
    tror: bool = False
    prognos: bool = False


def utsagor(text: str, reader: Lasare, name: str) -> list[Utsaga]:
    """What the analysis of the indicator `name` says of its target, in order."""
    return [found for sentence in reader.sentences(text) for found in _in_sentence(sentence, reader, name)]


def slutsats(found: list[Utsaga]) -> Utsaga | None:
    """The one thing that a text says of the year; None when it says nothing, or one thing and then another."""
    yearly = [u for u in found if u.helar and u.sagt in (Sagt.NAS, Sagt.DELVIS, Sagt.MISSAS) and not u.kf]
    yearly = [u for u in yearly if u.tror] or yearly
    said = {u.sagt is Sagt.NAS for u in yearly}
    return yearly[-1] if len(said) == 1 else None


def _in_sentence(sentence: Mening, reader: Lasare, name: str) -> Iterator[Utsaga]:
    words = reader.words
    if bare := _BARE.match(sentence.norm):
        sagt = {"delvis": Sagt.DELVIS, "inte helt": Sagt.DELVIS, "ej": Sagt.MISSAS, "inte": Sagt.MISSAS}
        yield Utsaga(sagt.get(bare["rest"] or "", Sagt.NAS), sentence.quote(), sentence)
        return
    if reader.says("ingen_prognos", sentence.norm) and not reader.foreign(sentence, sentence, name):
        match = words["ingen_prognos"].search(sentence.norm)
        if match is not None and not _FUTURE.search(sentence.norm):
            yield Utsaga(Sagt.OSAKERT, sentence.written(match), sentence)
    about = False
    for clause in sentence.clauses:
        target = words["malsubjekt"].search(clause.norm)
        pronoun = about and target is None and re.match(r"(?:\S+ ){0,4}?(?:det|den) ", clause.norm)
        about = about or target is not None
        if (target is None and not pronoun) or reader.says("annan_agare", clause.norm):
            continue
        if reader.foreign(clause, sentence, name) or reader.says("ingen_prognos", clause.norm):
            continue
        kf = reader.says("kf_mal", clause.norm)
        beside = next(((s, m) for s in (Sagt.OVER, Sagt.UNDER) if (m := words[_BESIDE[s]].search(clause.norm))), None)
        if beside is not None:
            yield from _beside(beside[0], beside[1], clause, sentence, reader, kf)
            continue
        yield from _reached(clause, sentence, reader, kf)


_BESIDE = {Sagt.OVER: "over_malet", Sagt.UNDER: "under_malet"}


def _beside(
    sagt: Sagt, match: re.Match[str], clause: Mening, sentence: Mening, reader: Lasare, kf: bool
) -> Iterator[Utsaga]:
    before = clause.norm[: match.start()]
    forecast = re.search(r"\bprognos\w* ", before) is not None
    if not forecast and not reader.says("utfallsord", before):
        return
    if reader.says("inte", clause.norm) or reader.says("annat_ar", clause.norm) or reader.says("mjukt", clause.norm):
        return
    if reader.says("del_av_ar", clause.norm) or re.search(
        r"(?<!\S)(?:har|hade|tidigare) (?:\S+ )?(?:legat|varit) ", before
    ):
        return
    yield Utsaga(sagt, _quoted(clause), sentence, helar=forecast, kf=kf, prognos=forecast)


def _reached(clause: Mening, sentence: Mening, reader: Lasare, kf: bool) -> Iterator[Utsaga]:
    words, norm = reader.words, clause.norm
    position = 0
    found = [
        (m, kind) for kind in ("missas", "nas", "nas_da") for m in words[kind].finditer(norm)
    ]  # fmt: skip
    taken: list[tuple[int, int]] = []
    for match, kind in sorted(found, key=lambda each: (each[0].start(), -each[0].end())):
        if any(start < match.end() and match.start() < end for start, end in taken):
            continue
        taken.append(match.span())
        said = _said(match, kind, norm, position, sentence, reader)
        position = match.end()
        if said is not None:
            sagt, yearly, believed = said
            yield Utsaga(sagt, _quoted(clause), sentence, helar=yearly, kf=kf, tror=believed)


def _said(
    match: re.Match[str], kind: str, norm: str, position: int, sentence: Mening, reader: Lasare
) -> tuple[Sagt, bool, bool] | None:
    """What the verb at `match` says: (what, of the year, as a judgement of it); None when nothing certain."""
    words = reader.words
    before, after = norm[position : match.start()], norm[match.end() :]
    stop = _STOP.search(after)
    tail = after[: stop.start()] if stop else after
    tail = " ".join(tail.split()[:5]) + " "
    whole = sentence.norm
    lead = whole[: max(0, whole.find(norm[: match.end()]) + match.start())] or before
    operators = list(words["nekar_att"].finditer(lead + match[0]))
    operator = operators[-1] if operators else None  # the last one governs
    tvekan = reader.says("tvekan", lead)
    denied = operator is not None and not tvekan and " men " not in lead[operator.end() :]
    cleaned = before if operator is None else words["nekar_att"].sub(" ", before + match[0]).replace(match[0], " ")
    cleaned = words["ej_nekande"].sub(" ", cleaned)
    tail = words["ej_nekande"].sub(" ", tail)
    believed = reader.says("tror", before) or reader.says("tror", lead[-120:])
    near = " ".join(cleaned.split()[-9:]) + " "
    if re.search(r"(?<!\S)kan $", near) and not reader.says("inte", " ".join(near.split()[-4:]) + " "):
        return None  # it can be reached: nobody says that it will
    intent = words["avsikt"].search(near)
    if intent is not None and not ((denied or believed) and _MODAL.fullmatch(intent[0])):
        return None
    if not denied and not tvekan and words["mjukt"].search(words["nekar_att"].sub(" ", before) + tail):
        return None
    if reader.says("villkor", _FIGURE_OF.sub("", norm)) or _CONDITION.match(whole):
        return None
    partly = words["delvis"].search(near + "| " + tail) or words["delvis"].match(after)
    counted = words["delvis"].sub(" ", near + ("" if kind == "missas" else match[0]) + tail)
    negations = len(words["inte"].findall(counted)) + denied
    if not _is_this_year(kind, norm, believed, reader):
        return None
    if ACTIVE.match(match[0]) and not reader.says("nar_subjekt", before + tail):
        return None
    if reader.level == "namnd" and ACTIVE.match(match[0]) and re.search(r"(?<!\S)(?:enheten|verksamheten) ", before):
        return None
    positive = (
        not re.match(r"(?:missa|oupp|utom|omöj|spric|inte m|inte r|går inte)", match[0]) and kind != "missas"
    ) ^ (negations % 2 == 1)
    sagt = Sagt.DELVIS if partly and negations % 2 == 0 and positive else Sagt.NAS if positive else Sagt.MISSAS
    period_only = reader.says("denna_period", norm) and not believed and not reader.says("i_ar", norm)
    return sagt, not period_only, believed


def _is_this_year(kind: str, norm: str, believed: bool, reader: Lasare) -> bool:
    """False for what is said of another year, or in the past tense of a report in the middle of the year."""
    if _FUTURE.search(norm):
        return False
    this = reader.says("i_ar", norm)
    if reader.says("annat_ar", norm) and not this and not (believed and kind != "nas_da"):
        return False
    if reader.says("del_av_ar", norm) and not believed:
        return False
    return kind != "nas_da" or reader.period == "VB" or this


def _quoted(clause: Mening) -> str:
    return clause.quote(110)
