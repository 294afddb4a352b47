"""Amounts in the report's running text, tied to a row and a column by area, measure and phase; what is not certain is left."""

from __future__ import annotations

import re
from decimal import Decimal

import msgspec

from blankettset.validators.filing import Filing
from blankettset.validators.report.ties import Knuten, column_total, list_rows, number_at
from blankettset.validators.text.lasare import Lasare, lasare
from blankettset.validators.text.meningar import Mening
from blankettset.validators.text.tal import Tal
from blankettset.workbook.calc.evaluate import Key
from blankettset.workbook.report.document import Block, Rapport, Slag

OMRADEN, DRIFT = "verksamhetsomraden", "driftbudget"
TOTAL = "summa"
_UNIT = re.compile(r"\w*(?:enhet|enheten|enheterna|enheter|sektionen|avdelningen|gruppen|kontoret|teamet)\b")
_FORECAST = re.compile(r"(?<!\S)(?:prognos\w*|visar|redovisar|beräknas|väntas|bedöms|håller|följer|är|ligger) ")


class Avsnitt(msgspec.Struct):
    """Where in the report the reader is: in its economy, and under which area's heading."""

    ekonomi: bool = False
    omrade: str | None = None
    amne: str = ""  # resultatenhet, investering, omslutning, budgetjustering
    investering: str = ""  # the kind of investment that the heading names


class Lasning(msgspec.Struct):
    """What the prose gave: the tied figures, and the sentences with amounts that nothing was made of."""

    knutna: list[Knuten]
    otolkade: list[tuple[str, str]]


def read_prose(report: Rapport, filing: Filing) -> Lasning:
    """The amounts of the report's paragraphs against the workbook."""
    reader = lasare(filing.set)
    where = Avsnitt()
    found = Lasning([], [])
    for block in report.block:
        if block.slag is Slag.RUBRIK:
            _enter(block.text, where, reader)
        elif block.slag is Slag.STYCKE:
            for sentence in reader.sentences(block.text):
                if sentence.figures or reader.says("eko.balans", sentence.norm):
                    _sentence(sentence, block, where, filing, reader, found)
    return found


KINDS = ("park", "klimat", "trygghet", "maskiner", "stadsmiljo")


def _kind(norm: str, reader: Lasare) -> str:
    """The one kind of investment that a text names; "?" for more than one."""
    kinds = [kind for kind in KINDS if reader.says(f"inv.{kind}", norm)]
    return kinds[0] if len(kinds) == 1 else "?" if kinds else ""


def _norm(text: str, reader: Lasare) -> str:
    return "".join(sentence.norm for sentence in reader.sentences(text))


def _enter(heading: str, where: Avsnitt, reader: Lasare) -> None:
    norm = _norm(heading, reader)
    plain = heading.casefold()
    for topic in ("resultatenhet", "investering", "omslutning", "budgetjustering", "balansräkning", "lokaländamål"):
        if topic in plain:
            where.amne, where.omrade, where.ekonomi = topic, TOTAL, True
            where.investering = _kind(norm, reader) if topic == "investering" else ""
            return
    if reader.says("eko.avsnitt", norm) and len(norm.split()) <= 6:
        where.amne, where.omrade, where.ekonomi = "", TOTAL, True
    elif (
        where.ekonomi
        and where.amne not in ("resultatenhet", "investering", "omslutning", "budgetjustering")
        and reader.says("eko.sluta", norm)
    ):
        where.ekonomi, where.omrade = False, None
    elif where.ekonomi:
        area = _areas(norm, reader)
        if where.amne in ("investering", "budgetjustering", "omslutning") or (
            reader.says("eko.del", norm) and not (area and area[0][0] == 0)
        ):
            where.omrade = None
            where.investering = _kind(norm, reader) if where.amne == "investering" else ""
        else:
            where.omrade = area[-1][2] if area else None


def _areas(norm: str, reader: Lasare) -> list[tuple[int, int, str]]:
    """Areas named in a text: start, end and row, the longest where several begin alike; the whole nämnd only where no other is."""
    found: list[tuple[int, int, str]] = []
    for name in reader.words.lists:
        if name.startswith("omrade.") and name != "omrade.summa":
            found += [(*match.span(), name.removeprefix("omrade.")) for match in reader.words[name].finditer(norm)]
    kept: list[tuple[int, int, str]] = []
    for area in sorted(found, key=lambda each: (each[0], -each[1])):
        if not kept or area[0] >= kept[-1][1]:
            kept.append(area)
    return kept


def _area_words(reader: Lasare) -> str:
    """Every word that an area's name is made of: written with a capital they are no names of units."""
    return " ".join(word for name, words in reader.words.lists.items() if name.startswith("omrade.") for word in words)


def _marked(norm: str, reader: Lasare) -> tuple[str, list[tuple[int, int, str]]]:
    """The text with every area as one token, and where they stand."""
    marked, position, places = "", 0, []
    for start, end, row in _areas(norm, reader):
        marked += norm[position:start]
        places.append((len(marked), len(marked) + len(row) + 5, row))
        marked += f"<o={row}> "
        position = end
    return marked + norm[position:], places


def _sentence(sentence: Mening, block: Block, where: Avsnitt, filing: Filing, reader: Lasare, found: Lasning) -> None:
    before = len(found.knutna)
    area: str | None = None
    for clause in sentence.statements:
        area = _clause(clause, sentence, area, block, where, filing, reader, found)
    amounts = [figure for figure in sentence.figures if figure.mnkr is not None]
    if where.ekonomi and amounts and len(found.knutna) == before:
        found.otolkade.append((block.plats, sentence.quote()))


MEASURES = (
    "fond_fran",
    "fond_till",
    "avvikelse",
    "prestation",
    "budget",
    "prognos",
    "utfall",
    "investering",
    "omslutning",
    "balansomslutning",
)


def _clause(
    clause: Mening,
    sentence: Mening,
    said_before: str | None,
    block: Block,
    where: Avsnitt,
    filing: Filing,
    reader: Lasare,
    found: Lasning,
) -> str | None:
    """Ties what the clause says; the area that it named, for the clauses after it."""
    norm, areas = _marked(clause.norm, reader)
    if reader.named_parts(clause.tokens, sentence, _area_words(reader)):  # a unit, a project or another nämnd
        return areas[-1][2] if areas else said_before
    taken: set[str] = set()
    for measure in MEASURES:
        for match in reader.words[f"eko.{measure}"].finditer(norm):
            name = next(value for value in match.groupdict().values() if value)
            figure = sentence.figure(name)
            if name in taken or figure.mnkr is None:
                continue
            if _is_aside(norm, match, name, reader, measure):
                taken.add(name)
                continue
            row = _row(norm, match.end(), areas, said_before, where, reader, measure)
            if row is None:
                continue
            taken.add(name)
            tied = _tie(measure, row, figure, norm, match, where, filing, reader)
            if tied is not None:
                key, value, agrees = tied
                found.knutna.append(
                    Knuten(key, figure.text.strip(), sentence.quote(), block.plats, value, agrees, measure)
                )
    balanced = reader.words["eko.balans"].search(norm)
    if balanced is not None and not taken and _FORECAST.search(norm) and not reader.says("eko.ej_utfall", norm):
        row = _row(norm, balanced.start(), areas, None, where, reader, "balans")
        values = _deviations(row, norm, filing, reader) if row else []
        if row and values and not _is_aside(norm, balanced, "", reader, "balans"):
            key, value = min(values, key=lambda each: abs(each[1]))
            step = Decimal(1).scaleb(-filing.set.blanketter[key[0]].decimals) / 2
            found.knutna.append(
                Knuten(
                    key,
                    " ".join(balanced[0].split()),
                    sentence.quote(),
                    block.plats,
                    value,
                    abs(value) <= step,
                    "balans",
                )
            )
    return areas[-1][2] if areas else said_before


def _is_aside(norm: str, match: re.Match[str], figure: str, reader: Lasare, measure: str) -> bool:
    """True for what is a change, another time, or something inside the row's amount."""
    after_it = re.split(r"(?<!\S)(?:vilket|jämfört|jämförelse|som|att) ", norm[match.end() :])[0]
    near = norm[max(0, match.start() - 60) : match.end()] + after_it[:30]
    for change in reader.words["eko.jamforelse"].finditer(norm):
        if figure and figure in change[0] and measure not in ("fond_fran", "fond_till", "balansomslutning"):
            return True
    if reader.says("eko.villkor", norm[: match.start()]):
        return True
    if measure.startswith("fond"):
        return False
    if reader.says("eko.annan_tid", near) and measure != "balansomslutning":
        return True
    after = " ".join(norm[match.end() :].split()[:5]) + " "
    inside = re.match(r"(?:\S+ ){0,1}(?:inom|hos|för|avseende|från|i) ", after)
    return bool(inside and (reader.says("eko.del", after) or _UNIT.search(after)))


def _row(
    norm: str,
    start: int,
    areas: list[tuple[int, int, str]],
    said_before: str | None,
    where: Avsnitt,
    reader: Lasare,
    measure: str,
) -> str | None:
    """The row that the clause is about; None when it may be about a part of one, or about nothing certain."""
    if measure in ("investering", "omslutning", "balansomslutning"):
        return TOTAL
    before = norm[:start]
    if measure.startswith("fond"):
        general = where.amne == "resultatenhet" and where.omrade == TOTAL and not areas
        general = general or (where.ekonomi and where.omrade == TOTAL and not areas)
        return TOTAL if general and not re.search(r"(?<!\S)(?:inom|en|två|tre|en av) ", before) else None
    own = [area for area in areas if area[0] < start]
    if own:
        between = norm[own[-1][1] : start]
        ahead = norm[: own[-1][0]]
        if re.search(r"(?<!\S)(?:samt|och|medan|respektive) ", between):
            return None
        part = (
            reader.says("eko.del", between)
            or _UNIT.search(between)
            or reader.says("eko.del", ahead)
            or _UNIT.search(ahead)
        )
        return None if part and not reader.says("eko.alla_delar", between) else own[-1][2]
    if [area for area in areas if area[0] >= start]:
        return None
    if reader.says("eko.del", before) or _UNIT.search(before) or where.amne:
        return None
    whole = re.search(r"(?<!\S)(?:nämnden|stadsdelsnämnden|förvaltningen|stadsdelsförvaltningen) ", before)
    if whole and where.omrade not in (TOTAL, None):
        return None
    return where.omrade if where.ekonomi else None


def _tie(
    measure: str, row: str, figure: Tal, norm: str, match: re.Match[str], where: Avsnitt, filing: Filing, reader: Lasare
) -> tuple[Key, Decimal, bool] | None:
    candidates = _candidates(measure, row, norm, match, where, filing, reader)
    if not candidates:
        return None
    if measure == "avvikelse":
        words = norm[max(0, match.start() - 30) : match.end() + 12]
        minus, plus = reader.says("eko.minus", words), reader.says("eko.plus", words)
        if minus == plus and not figure.minus:
            return None
        sign = -1 if minus or (figure.minus and not plus) else 1
        candidates = [(key, value * sign) for key, value in candidates]
    for key, value in candidates:
        if _agrees(figure, value, filing, key):
            return key, value if measure != "avvikelse" else value * sign, True
    key, value = candidates[0]
    return key, value if measure != "avvikelse" else value * sign, False


def _agrees(figure: Tal, value: Decimal, filing: Filing, key: Key) -> bool:
    unit = filing.set.blanketter[key[0]].unit_at(key[1], key[2])
    scale = {"mnkr": Decimal(1), "tkr": Decimal(1000), "kr": Decimal(1_000_000)}.get(unit, Decimal(1))
    amount = figure.mnkr
    assert amount is not None
    text = msgspec.structs.replace(
        figure, tal=abs(amount), low=None if figure.low is None else abs(amount) - abs(figure.tal - figure.low) * (amount / figure.tal if figure.tal else 1),
        high=None if figure.high is None else abs(amount) + abs(figure.high - figure.tal) * (amount / figure.tal if figure.tal else 1),
        decimaler=figure.decimaler + {"tkr": 3, "kr": 6, "mdkr": -3}.get(figure.enhet or "", 0),
    )  # fmt: skip
    decimals = filing.set.blanketter[key[0]].decimals_of(key[1], key[2]) + {"tkr": 3, "kr": 6}.get(unit, 0)
    return (
        text.agrees(value / scale, max(0, decimals))
        or abs(text.tal - value / scale) <= Decimal(1).scaleb(-max(0, text.decimaler)) / 2
    )


def _candidates(
    measure: str, row: str, norm: str, match: re.Match[str], where: Avsnitt, filing: Filing, reader: Lasare
) -> list[tuple[Key, Decimal]]:
    if measure == "avvikelse":
        return _deviations(row, _beside(norm, match), filing, reader)
    if measure in ("fond_fran", "fond_till"):
        column = "overforing_fran" if measure == "fond_fran" else "overforing_till"
        total = column_total(filing, "resultatenheter", column)
        rows = [("resultatenheter", row, column) for row in list_rows(filing, "resultatenheter")]
        single = [(key, abs(value)) for key, value in _numbers(filing, rows)]
        return [(("resultatenheter", "summa", column), abs(total)), *single] if total is not None else []
    if measure == "omslutning":
        form = filing.set.blanketter.get("omslutning")
        total = (
            column_total(filing, "omslutning", "kostnader")
            if form is not None and form.is_list
            else number_at(filing, ("omslutning", "summa", "kostnader"))
        )
        return [(("omslutning", "summa", "kostnader"), total)] if total is not None else []
    if measure == "balansomslutning":
        return _numbers(filing, [("balansrakning", "balansomslutning", "ub")])
    if measure == "investering":
        after = re.split(r"(?<!\S)(?:varav|och) ", norm[match.end() :])[0]
        kind = _kind(norm[: match.end()] + " ".join(after.split()[:5]) + " ", reader) or where.investering or TOTAL
        if kind == "?":
            return []
        asked: tuple[str, ...] = (
            ("prognos",) if re.search(r"(?<!\S)prognos\w* ", norm[: match.start()]) else ("budget", "netto", "utgifter")
        )
        return _numbers(filing, [("investeringar", kind, column) for column in asked])
    columns: tuple[str, ...] = {"prestation": ("prestationsforandring",), "budget": ("budget", "netto"), "prognos": ("prognos", "prognos_efter", "prognos_fore"),
               "utfall": ("utfall", "utfall_efter")}[measure]  # fmt: skip
    keys = [(OMRADEN, row, column) for column in columns]
    if row == TOTAL:
        keys += [(DRIFT, "anslag_netto", column) for column in columns] + [
            (DRIFT, "kostnader", column) for column in columns
        ]
    return _numbers(filing, keys)


def _beside(norm: str, match: re.Match[str]) -> str:
    """What belongs to an amount: from the amount before it to the one after."""
    before = norm[: match.start()].rpartition("<t")[2] if "<t" in norm[: match.start()] else norm[: match.start()]
    return f"{before} {match[0]}{norm[match.end() :].partition('<t')[0]}"


def _numbers(filing: Filing, keys: list[Key]) -> list[tuple[Key, Decimal]]:
    return [(key, value) for key in keys if (value := number_at(filing, key)) is not None]


def _deviations(row: str, norm: str, filing: Filing, reader: Lasare) -> list[tuple[Key, Decimal]]:
    """The deviations that the clause may mean, the likeliest first; those of another phase than it names are left out."""
    before, after = reader.says("eko.fore_just", norm), reader.says("eko.efter_just", norm)
    form = filing.set.blanketter.get(OMRADEN)
    old = form is not None and "avvikelse_efter" in form.column_by_id
    if row != TOTAL and after and old:
        return []  # the sheet has no column for it
    keys: list[Key] = [(OMRADEN, row, "avvikelse_efter"), (OMRADEN, row, "avvikelse")]
    if row == TOTAL:
        whole: list[Key] = [(DRIFT, "efter", "avvikelse"), (OMRADEN, "summa_efter", "avvikelse_efter")]
        first: list[Key] = [(DRIFT, "fore", "avvikelse"), *keys]
        keys = first if before and not after else whole + ([] if after and not before else first)
        if after and not before and not old:
            keys += [(OMRADEN, TOTAL, "avvikelse")]
    return _numbers(filing, keys)
