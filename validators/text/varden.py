"""Which of an indicator's values a text states: outcome, last year's, target, forecast, or a change between them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum

import msgspec

from blankettset.validators.text.lasare import Lasare
from blankettset.validators.text.meningar import Mening
from blankettset.validators.text.tal import Tal


class Roll(StrEnum):
    """What a figure is. The first four are columns of the form indikatorer, in the same order."""

    UTFALL = "periodens_utfall"
    FORRA = "utfall_foregaende"
    MAL = "arsmal"
    PROGNOS = "prognos_helar"
    ANDRING = "ändring"
    INGEN = ""  # something else, which no other pattern may take for its own


class Angivet(msgspec.Struct, frozen=True):
    """A figure that a text states. `kf`: of kommunfullmäktige's target. `upp`: the change is upwards (None: not said).

    `sakert`: the sentence itself names what is measured; otherwise it was known by the words of the indicator's name.
    """

    roll: Roll
    tal: Tal
    mening: Mening
    ord: str
    kf: bool = False
    upp: bool | None = None
    sakert: bool = True


class Riktning(msgspec.Struct, frozen=True):
    """A comparison with last year without a figure: "upp", "ner", "battre", "samre" or "lika"."""

    vart: str
    mening: Mening
    ord: str


def angivna(text: str, reader: Lasare, name: str) -> list[Angivet]:
    """The figures that the analysis of the indicator `name` states of the indicator itself, in order."""
    return [
        each
        for sentence in reader.sentences(text)
        if sentence.figures
        for each in _in_sentence(sentence, reader, name)
        if each.roll is not Roll.INGEN
    ]


_ASIDE = re.compile(r"(?<!\S)(?:trots|även om|samtidigt|eftersom|då|vilket|därför) ")


def riktningar(text: str, reader: Lasare, name: str) -> Iterator[Riktning]:
    """What the text says of this year's outcome beside last year's, without figures."""
    for sentence in reader.sentences(text):
        for clause in sentence.clauses:
            compared = reader.words["jamfort"].search(clause.norm)
            if compared is None or reader.foreign(clause, sentence, name) or reader.says("inte", clause.norm):
                continue
            rest = clause.norm[: compared.start()] + clause.norm[compared.end() :]
            if (
                reader.says("del_av_ar", clause.norm)
                or reader.says("andring", rest)
                or not _subject(rest, reader, name)
            ):
                continue
            said = _ASIDE.split(clause.norm)[0]
            found = [w for w in ("upp", "ner", "battre", "samre", "lika") if reader.says(w, said)]
            beside = re.match(r"(under|över) ", compared[0])
            if beside is not None:
                found = ["ner" if beside[1] == "under" else "upp"]
            if len(found) == 1:
                yield Riktning(found[0], sentence, clause.quote(110))


def _subject(norm: str, reader: Lasare, name: str) -> bool:
    """The clause's subject is the measure: a general word for it, or the first word of the indicator's name."""
    start = " ".join(norm.split()[:4]) + " "
    if re.match(
        r"(?:\S+ )?(?:andelen|antalet) (?!har |är |ligger |blir |blev |minskar |ökar |minskade |ökade |sjunker |ökat |minskat )",
        start,
    ):
        return overlap(norm, name) >= 2
    head = re.split(r"\W+", name.casefold())[0]
    own = head not in ("andel", "andelen", "antal", "antalet", "") and re.search(
        rf"(?<!\S){re.escape(head[:10])}", start
    )
    return reader.says("matt", start) or bool(own)


def overlap(norm: str, name: str) -> int:
    """How many of the words that carry the indicator's name stand in the clause, by their stems."""
    return len(_stems(name) & {word[:6] for word in norm.split()})


def covers(norm: str, name: str) -> bool:
    """True when the text names the indicator: at least half of the words that carry its name, and two of them if there are two."""
    stems = _stems(name)
    first = next((word[:6] for word in re.findall(r"\w+", name.casefold())[1:2] if len(word) > 4), "-")
    if re.search(rf"(?<!\S)(?:andelen|antalet|andel|antal) {re.escape(first)}\w* $", norm):
        return True
    return bool(stems) and overlap(norm, name) >= max(min(2, len(stems)), (len(stems) + 1) // 2)


def _stems(name: str) -> set[str]:
    return {word[:6] for word in re.findall(r"\w+", name.casefold()) if len(word) > 4 and word not in _EMPTY}


_EMPTY = frozenset(
    [
        "andel",
        "andelen",
        "antal",
        "antalet",
        "personer",
        "totalt",
        "samtliga",
        "under",
        "genom",
        "inom",
        "deras",
        "enligt",
        "staden",
        "stadens",
        "som",
        "har",
    ]
)


def _in_sentence(sentence: Mening, reader: Lasare, name: str) -> Iterator[Angivet]:
    for clause in sentence.statements:
        if "<t" not in clause.norm or reader.foreign(clause, sentence, name):
            continue
        if reader.says("annan_agare", clause.norm):
            continue
        taken: set[str] = set()
        for roll, figure, words in _figures(clause, sentence, reader):
            if figure in taken:
                continue
            taken.add(figure)
            kf = roll is Roll.MAL and reader.says("kf_mal", clause.norm)
            upp = _up(clause.norm, reader) if roll is Roll.ANDRING else None
            yield Angivet(roll, sentence.figure(figure), sentence, words, kf, upp)
        yield from _by_name(clause, sentence, reader, name, taken)


def _figures(clause: Mening, sentence: Mening, reader: Lasare) -> Iterator[tuple[Roll, str, str]]:
    """Role, figure and words, the surest first."""
    words, norm = reader.words, clause.norm
    for match in words["forra"].finditer(norm):
        if not reader.says("del_av_ar", norm):
            yield Roll.FORRA, _group(match), clause.written(match)
    for match in words["andring"].finditer(norm):
        compared = reader.says("jamfort", sentence.norm) and not reader.says("del_av_ar", sentence.norm)
        yield (Roll.ANDRING if compared else Roll.INGEN), _group(match), clause.written(match)
    changed = reader.says("andrat_mal", sentence.norm)
    roles = [(Roll.PROGNOS, "prognosvarde"), (Roll.MAL, "malvarde"), (Roll.UTFALL, "utfall")]
    if reader.period == "VB":
        roles.append((Roll.UTFALL, "utfall_da"))
    for roll, name in roles:
        for match in words[name].finditer(norm):
            near = _near(norm, match)
            before = norm[: match.start()]
            if roll is Roll.UTFALL and re.search(r"(?<!\S)har ", before) and not reader.says("nar_subjekt", before):
                yield Roll.INGEN, _group(match), clause.written(match)
                continue
            this_year = reader.says("i_ar", near) or not reader.says("annat_ar", near)
            if not this_year or reader.says("del_av_ar", near) or (roll is Roll.MAL and changed):
                yield Roll.INGEN, _group(match), clause.written(match)
            elif roll is not Roll.UTFALL or not reader.says("tror", match[0]):
                yield roll, _group(match), clause.written(match)


def _near(norm: str, match: re.Match[str]) -> str:
    """What stands before a match and the three words after it, but not what it is compared with."""
    after = re.split(
        r"(?<!\S)(?:jämfört|jämförelse|jämfördes|mot|än|från|vilket|att|och|\() ", norm[match.end() :], maxsplit=1
    )[0]
    return norm[: match.end()] + " ".join(after.split()[:3]) + " "


def _by_name(clause: Mening, sentence: Mening, reader: Lasare, name: str, taken: set[str]) -> Iterator[Angivet]:
    """»92 % av brukarna upplever …»: this year's outcome when the clause uses the words of the indicator's name."""
    if reader.says("annat_ar", clause.norm) or reader.says("del_av_ar", clause.norm):
        return
    if reader.says("mal", clause.norm) or reader.says("tror", clause.norm):
        return
    for match in reader.words["utfall_namn"].finditer(clause.norm):
        if _group(match) not in taken and covers(clause.norm[: match.start()], name):
            taken.add(_group(match))
            yield Angivet(Roll.UTFALL, sentence.figure(_group(match)), sentence, clause.quote(110), sakert=False)
    if overlap(clause.norm, name) < 2:
        return
    for match in re.finditer(
        r"(<t\d+>) (?:av |som |upplever |är |anser |uppger |tycker |känner |svarar |har |att )", clause.norm
    ):
        figure = sentence.figure(match[1])
        if match[1] not in taken and figure.enhet == "%":
            yield Angivet(Roll.UTFALL, figure, sentence, clause.quote(110), sakert=False)


def _group(match: re.Match[str]) -> str:
    return next(value for value in match.groupdict().values() if value)


def _up(norm: str, reader: Lasare) -> bool | None:
    up, down = reader.says("upp", norm), reader.says("ner", norm)
    return None if up == down else up
