"""Decisions and changes that a report states in words: amounts asked for, changed årsmål, and a percent beside two amounts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from blankettset.validators.filing import Filing
from blankettset.validators.report.ties import Knuten, column_total, list_rows, number_at
from blankettset.validators.rules.mal.rader import INDICATORS, lines
from blankettset.validators.text.lasare import lasare
from blankettset.validators.text.meningar import Mening
from blankettset.validators.text.varden import covers
from blankettset.workbook.report.document import Block, Rapport

DRIFT, INVEST = "budgetjusteringar_drift", "budgetjusteringar_investering"
_INVEST = re.compile(r"(?<!\S)(?:investering\w*|parkmark|anläggning\w*) ")
_PERCENT = re.compile(
    r"(?P<a><t\d+>) (?:vilket är |, vilket är |vilket innebär |det är )?(?:en )?(?:ökning|minskning|höjning|sänkning) (?:\S+ ){0,4}?(?:med |om |på )(?P<b><t\d+>) \( (?P<c><t\d+>) \)"
)


def requests(report: Rapport, filing: Filing) -> Iterator[Knuten]:
    """Amounts that the report asks for, against lists 3a and 3b: each must be an amount or a total there."""
    reader = lasare(filing.set)
    held = {form: _amounts(filing, form) for form in (DRIFT, INVEST)}
    if not any(held.values()):
        return
    for block, sentence in _sentences(report, filing):
        for match in reader.words["eko.begar"].finditer(sentence.norm):
            name = next(value for value in match.groupdict().values() if value)
            figure = sentence.figure(name)
            amount = figure.mnkr
            after = sentence.norm[match.end() :]
            if (
                amount is None
                or reader.says("eko.omslutning", sentence.norm)
                or reader.says("annat_ar", sentence.norm[: match.start()])
            ):
                continue
            form = INVEST if _INVEST.search(after) or _INVEST.search(block.rubrik.casefold() + " ") else DRIFT
            known = held[form] | held[DRIFT] | held[INVEST] if form == DRIFT and not held[DRIFT] else held[form]
            known = known or held[DRIFT] | held[INVEST]
            agrees = any(
                abs(amount - each) <= Decimal(1).scaleb(-figure.decimaler) / 2
                for each in (*known, *(held[DRIFT] | held[INVEST]))
            )
            total = column_total(filing, form, "belopp")
            yield Knuten(
                (form, "summa", "belopp"), figure.text.strip(), sentence.quote(), block.plats, total, agrees, "begärd"
            )


def _amounts(filing: Filing, form: str) -> set[Decimal]:
    found = {n for row in list_rows(filing, form) if (n := number_at(filing, (form, row, "belopp"))) is not None}
    total = column_total(filing, form, "belopp")
    return found | ({total} if total is not None else set())


def _sentences(report: Rapport, filing: Filing) -> Iterator[tuple[Block, Mening]]:
    reader = lasare(filing.set)
    for block in report.paragraphs():
        for sentence in reader.sentences(block.text):
            if sentence.figures:
                yield block, sentence


_FROM_TO = re.compile(r"(?<!\S)från (?P<a><t\d+>) (?:\S+ ){0,2}?till (?:att )?(?P<b><t\d+>) ")


def targets(report: Rapport, filing: Filing) -> Iterator[Knuten]:
    """A change of an indicator's årsmål, "från 210 till 230": the row must have one of the two."""
    rows = [line for line in lines(filing, INDICATORS) if line.text("indikator")]
    for block, sentence in _sentences(report, filing):
        match = _FROM_TO.search(sentence.norm)
        if match is None or not re.search(r"(?<!\S)(?:årsmål\w*|målvärde\w*|ambition\w*|mål|målet) ", sentence.norm):
            continue
        named = [line for line in rows if covers(sentence.norm, line.text("indikator"))]
        named = [
            line
            for line in named
            if _share(sentence.norm, line.text("indikator"))
            == max(_share(sentence.norm, n.text("indikator")) for n in named)
        ]
        if len(named) != 1 or _share(sentence.norm, named[0].text("indikator")) < 0.75:
            continue
        held = named[0].value("arsmal")
        if held is None or held.tal is None:
            continue
        first, second = sentence.figure(match["a"]), sentence.figure(match["b"])
        yield Knuten((INDICATORS, named[0].row, "arsmal"), f"från {first.text.strip()} till {second.text.strip()}", sentence.quote(), block.plats,
                     held.text, held.tal in (first.tal, second.tal), "årsmål")  # fmt: skip


def _share(norm: str, name: str) -> float:
    words = {word[:6] for word in re.findall(r"\w+", name.casefold()) if len(word) > 3}
    return len(words & {word[:6] for word in norm.split()}) / max(1, len(words))


def percents(report: Rapport, filing: Filing) -> Iterator[tuple[Block, Mening, str, Decimal]]:
    """A level, a change and its percent in one sentence that do not go together: the percent as said, and as computed."""
    for block, sentence in _sentences(report, filing):
        match = _PERCENT.search(sentence.norm)
        if match is None:
            continue
        level, change, percent = (sentence.figure(match[name]) for name in "abc")
        if (
            level.mnkr is None
            or change.mnkr is None
            or percent.enhet != "%"
            or not (level.exact and change.exact and percent.exact)
        ):
            continue
        up = re.search(r"(?:ökning|höjning) ", match[0]) is not None
        before = level.mnkr - change.mnkr if up else level.mnkr + change.mnkr
        if before <= 0:
            continue
        half = Decimal(1).scaleb(-change.decimaler) / 2
        low, high = ((abs(change.mnkr) + delta) / before * 100 for delta in (-half, half))
        own = Decimal(1).scaleb(-percent.decimaler) / 2
        if not low - own <= abs(percent.tal) <= high + own:
            yield block, sentence, percent.text.strip(), abs(change.mnkr) / before * 100
