"""Kommunfullmäktige's plan of a year: an empty sheet for it, and the filled one (or a CSV) into the city's folder.

One table, in the order of the budget: a goal, then its indicators. The headings are those of the form Indikatorer.
"""

from __future__ import annotations

import csv
import datetime
import io
import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from blankettset.templates.catalog import Catalog
from blankettset.templates.errors import Refusal, reason
from blankettset.templates.model import KfPlan
from blankettset.templates.periods import FIRST_YEAR, LAST_YEAR
from blankettset.templates.schema import nearest
from blankettset.workbook.calc.values import plain_number
from blankettset.workbook.layout import look
from blankettset.workbook.layout.addresses import address
from blankettset.workbook.layout.text_size import row_height, text_lines
from blankettset.workbook.read.xlsx_reader import read_workbook
from blankettset.workbook.write.build import new_book
from blankettset.workbook.write.files import new_file

SHEET, YEAR = "KF-plan", "År"
HEADINGS = ("Mål", "Slag", "Mål eller indikator", "KF:s årsmål", "Enhet", "Riktning", "Periodicitet", "Könsuppdelad")
KINDS = {"inriktningsmal": "Inriktningsmål", "kf_mal": "KF:s mål", "indikator": "Indikator"}
SEXES = {"ja": "Ja", "nej": "Nej"}
DEPTH = {"inriktningsmal": 1, "kf_mal": 2}
HELP = (
    "En rad för varje mål och, under målet, en för var och en av dess indikatorer, i budgetens ordning. Årsmålet skrivs som i budgeten: "
    "79 %, Max 10, Ökning, Tas fram av nämnd; tomt när KF inte har satt något."
)
WIDTHS = (8, 16, 84, 22, 14, 18, 14, 14)
MAX_ROWS = 2_000
_NUMBER = re.compile(r"^[0-9]+(\.[0-9]+)*$")


class BadPlan(Refusal):
    """The plan cannot be used; `mistakes` has a sentence for each, with file and place."""

    def __init__(self, text: str, mistakes: tuple[str, ...] = ()) -> None:
        super().__init__(text)
        self.mistakes = mistakes


class Line(msgspec.Struct, frozen=True):
    """A row of the table: where it stands, and what stands in each of its places ("C12" or "rad 12")."""

    where: str
    texts: Mapping[str, str]
    places: Mapping[str, str]

    def at(self, heading: str) -> str:
        """File and place of one of its cells."""
        return f"{self.where}{self.places[heading]}"


def write_sheet(path: Path, catalog: Catalog, year: int, *, replace: bool) -> KfPlan:
    """An Excel sheet for the plan of a year, beginning with the latest plan that is known, without its årsmål."""
    latest = max((y for y in catalog.planned_years if y <= year), default=None)
    plan = catalog.plan(year)
    with new_file(path, replace=replace) as temporary:
        book = new_book(temporary, f"Kommunfullmäktiges mål och indikatorer {year}")
        _write(book, catalog, plan, year, plan.ar if latest != year else 0)
        book.close()
    return plan


def _write(book: Any, catalog: Catalog, plan: KfPlan, year: int, of_year: int) -> None:
    fmt = look.Formats(book)
    sheet = book.add_worksheet(SHEET)
    sheet.hide_gridlines(2)
    for at, width in enumerate(WIDTHS):
        sheet.set_column(at, at, width)
    sheet.write_string(0, 0, YEAR, fmt(bold=True))
    sheet.write_number(0, 1, year, fmt(bold=True, align="left", bg_color=look.INPUT_FILL))
    sheet.write_string(0, 2, "Kommunfullmäktiges mål och indikatorer för året", fmt.title())
    begun = f" Raderna är {of_year} års, utan årsmål: ändra, ta bort och lägg till." if of_year else ""
    sheet.write_string(1, 2, HELP + begun, fmt.quiet(text_wrap=True))
    sheet.set_row(1, 44)
    for at, text in enumerate(HEADINGS):
        sheet.write_string(2, at, text, fmt.header())
    cell = fmt(bg_color=look.INPUT_FILL, border=1, border_color=look.LINE, text_wrap=True, num_format="@")
    rows = list(_rows(catalog, plan))
    goal = fmt(bg_color=look.INPUT_FILL, border=1, border_color=look.LINE, text_wrap=True, num_format="@", bold=True)
    for number, row in enumerate(rows, start=3):
        style = cell if row[HEADINGS[1]] == KINDS["indikator"] else goal
        lines = max(
            text_lines(row.get(h, ""), width, bold=style is goal) for h, width in zip(HEADINGS, WIDTHS, strict=True)
        )
        sheet.set_row(number, row_height(lines))
        for at, heading in enumerate(HEADINGS):
            if row.get(heading):
                sheet.write_string(number, at, row[heading], style)
            else:
                sheet.write_blank(number, at, None, style)
    last = len(rows) + 60
    for number in range(len(rows) + 3, last):
        for at in range(len(HEADINGS)):
            sheet.write_blank(number, at, None, cell)
    for at, answers in (
        (1, KINDS),
        (5, _labels(catalog, "riktning")),
        (6, _labels(catalog, "periodicitet")),
        (7, SEXES),
    ):
        sheet.data_validation(3, at, last, at, {"validate": "list", "source": list(answers.values())})
    sheet.freeze_panes(3, 3)
    sheet.set_selection(3, 0, 3, 0)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(2)


def _labels(catalog: Catalog, list_id: str) -> dict[str, str]:
    return {each["id"]: each["label"] for each in catalog.documents["listor.yaml"]["listor"][list_id]}


def _rows(catalog: Catalog, plan: KfPlan) -> Iterator[dict[str, str]]:
    direction, often = _labels(catalog, "riktning"), _labels(catalog, "periodicitet")
    for goal in plan.mal:
        yield dict(zip(HEADINGS, (goal.nummer, KINDS[goal.niva], goal.titel), strict=False))
        for each in plan.indikatorer:
            if each.mal == goal.nummer:
                values = (each.mal, KINDS["indikator"], each.namn, each.arsmal or "", each.enhet or "",
                          direction[each.riktning], often[each.period], SEXES["ja" if each.kon else "nej"])  # fmt: skip
                yield dict(zip(HEADINGS, values, strict=True))


def read_plan(path: Path, catalog: Catalog, year: int | None = None) -> tuple[int, dict[str, Any]]:
    """The year and the plan of a filled sheet (xlsx) or CSV, as a definition file has it. BadPlan with every mistake."""
    stated, lines = _csv(path) if path.suffix.lower() == ".csv" else _xlsx(path)
    wrong: list[str] = []
    chosen = year or (int(stated) if stated.isdigit() else 0)
    if not FIRST_YEAR <= chosen <= LAST_YEAR:
        wrong.append(f"{path.name}: året är »{stated}». Skriv {YEAR} i första raden, eller ange --ar.")
    elif year is not None and stated.isdigit() and int(stated) != year:
        wrong.append(f"{path.name}: planen säger året {stated} men --ar är {year}.")
    plan = _Reading(path.name, catalog, lines, wrong).plan()
    if wrong:
        raise BadPlan(f"{len(wrong)} fel i {path.name}; inget har skrivits.", tuple(wrong))
    return chosen, plan


class _Reading:
    """Turns lines into a plan; what is wrong is appended to `wrong`."""

    def __init__(self, name: str, catalog: Catalog, lines: list[Line], wrong: list[str]) -> None:
        self.name, self.lines, self.wrong = name, lines, wrong
        self.direction, self.often = _labels(catalog, "riktning"), _labels(catalog, "periodicitet")
        self.today = datetime.date.today().isoformat()

    def plan(self) -> dict[str, Any]:
        goals: dict[str, dict[str, Any]] = {}
        indicators: list[tuple[Line, dict[str, Any]]] = []
        named: set[tuple[str, str]] = set()
        for line in self.lines:
            kind = self._answer(line, "Slag", KINDS)
            number, text = line.texts["Mål"].rstrip("."), " ".join(line.texts["Mål eller indikator"].split())
            if not _NUMBER.match(number):
                self._say(line, "Mål", f"målets nummer är »{number or 'tomt'}» men ska vara som 1 eller 1.2.")
            if not text:
                self._say(line, "Mål eller indikator", "texten saknas.")
            if kind in DEPTH:
                self._goal(line, goals, number, kind, text)
            elif kind == "indikator":
                if (number, text.casefold()) in named:
                    self._say(line, "Mål eller indikator", f"indikatorn »{text}» finns redan under mål {number}.")
                named.add((number, text.casefold()))
                indicators.append((line, self._indicator(line, number, text)))
        for line, each in indicators:
            if _NUMBER.match(each["mal"]) and each["mal"] not in goals:
                self._say(
                    line, "Mål", f"målet {each['mal']} finns inte i planen{nearest(each['mal'], list(goals)) or '.'}"
                )
        if not goals:
            self.wrong.append(f"{self.name}: planen har inga mål.")
        return {"mal": list(goals.values()), "indikatorer": [each for _, each in indicators]}

    def _goal(self, line: Line, goals: dict[str, dict[str, Any]], number: str, kind: str, text: str) -> None:
        parent = number.rpartition(".")[0]
        if number in goals:
            self._say(line, "Mål", f"målet {number} finns redan.")
        elif _NUMBER.match(number) and number.count(".") + 1 != DEPTH[kind]:
            self._say(
                line,
                "Slag",
                f"{number} är inte ett nummer för {KINDS[kind].lower()}: 1 är ett inriktningsmål, 1.2 KF:s mål.",
            )
        elif parent and parent not in goals:
            self._say(line, "Mål", f"målet {number} står före inriktningsmålet {parent}, eller utan det.")
        for heading in HEADINGS[3:]:
            if line.texts[heading]:
                self._say(line, heading, f"{heading} fylls bara i för indikatorer.")
        goals[number] = {"nummer": number, "niva": kind, "titel": text, "source": self._source(line)}

    def _indicator(self, line: Line, number: str, text: str) -> dict[str, Any]:
        target, unit = line.texts["KF:s årsmål"], line.texts["Enhet"]
        found: dict[str, Any] = {"mal": number, "namn": text}
        if target:
            found["arsmal"] = target
        if unit:
            found["enhet"] = unit
        if unit == "%" and re.fullmatch(r"0,\d+", target) and line.places["KF:s årsmål"][:1] != "r" and len(target) > 3:
            self._say(
                line,
                "KF:s årsmål",
                f"årsmålet läses som {target}; en andel i procent skrivs som i budgeten, till exempel 79 %.",
            )
        found["riktning"] = self._answer(line, "Riktning", self.direction) or "ingen"
        found["period"] = self._answer(line, "Periodicitet", self.often) or "ar"
        found["kon"] = self._answer(line, "Könsuppdelad", SEXES) == "ja"
        found["source"] = self._source(line)
        return found

    def _answer(self, line: Line, heading: str, answers: Mapping[str, str]) -> str | None:
        said = line.texts[heading]
        known = {**{id_: id_ for id_ in answers}, **{label.casefold(): id_ for id_, label in answers.items()}}
        found = known.get(said.casefold())
        if found is None:
            what = f"»{said}»" if said else "tomt"
            near = nearest(said, list(answers.values())) or "."
            self._say(line, heading, f"{heading} är {what} men ska vara {', '.join(answers.values())}{near}")
        return found

    def _source(self, line: Line) -> dict[str, str]:
        return {"place": line.at("Mål"), "checked_on": self.today}

    def _say(self, line: Line, heading: str, text: str) -> None:
        self.wrong.append(f"{line.at(heading)}: {text}")


Rows = list[tuple[int, list[str]]]


def _xlsx(path: Path) -> tuple[str, list[Line]]:
    raw = read_workbook(path)
    sheet = raw.sheet(SHEET) or raw.sheets[0]
    rows: dict[int, dict[int, str]] = {}
    for (row, column), cell in sheet.cells.items():
        if row <= MAX_ROWS and column <= 50:
            text = plain_number(cell.number) if isinstance(cell.number, Decimal) else (cell.text or "")
            rows.setdefault(row, {})[column] = " ".join(text.split())
    wide = max((column for row in rows.values() for column in row), default=1)
    table = [(number, [row.get(at, "") for at in range(1, wide + 1)]) for number, row in sorted(rows.items())]
    return _lines(path.name, table, lambda row, at: f"{sheet.name}!{address(row, at + 1)}")


def _csv(path: Path) -> tuple[str, list[Line]]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise BadPlan(f"{path.name} går inte att läsa: {reason(error)}.") from None
    except UnicodeDecodeError:
        raise BadPlan(f"{path.name} är inte sparad som UTF-8. Spara om den i Excel som »CSV UTF-8».") from None
    table = list(enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=";"), start=1))
    return _lines(
        path.name, [(n, [" ".join(cell.split()) for cell in row]) for n, row in table], lambda row, _: f"rad {row}"
    )


def _lines(name: str, table: Rows, place: Any) -> tuple[str, list[Line]]:
    year = next((row[1] for _, row in table if len(row) > 1 and row[0].casefold() == YEAR.casefold()), "")
    start = next((i for i, (_, row) in enumerate(table) if len({*map(str.casefold, row)} & _FOLDED) >= 4), None)
    if start is None:
        raise BadPlan(
            f"{name}: rubriken saknas. Den ska vara {'; '.join(HEADINGS)}; »blankett kf --mall» ger ett blad med den."
        )
    header = [cell.casefold() for cell in table[start][1]]
    missing = [heading for heading in HEADINGS if heading.casefold() not in header]
    if missing:
        extra = [cell for cell in table[start][1] if cell and cell.casefold() not in _FOLDED]
        raise BadPlan(
            f"{name}, rad {table[start][0]}: kolumnen »{missing[0]}» saknas{nearest(missing[0], extra) or '.'}"
        )
    columns = {heading: header.index(heading.casefold()) for heading in HEADINGS}
    found = []
    for number, row in table[start + 1 :]:
        texts = {heading: row[at] if at < len(row) else "" for heading, at in columns.items()}
        if any(texts.values()):
            found.append(Line(f"{name}, ", texts, {heading: place(number, at) for heading, at in columns.items()}))
    return year, found


_FOLDED = {heading.casefold() for heading in HEADINGS}


def write_plan(folder: Path, year: int, plan: Mapping[str, Any], *, replace: bool) -> Path:
    """The year's plan as a definition file in the city's folder."""
    target = folder / "kf" / f"{year}.yaml"
    target.parent.mkdir(exist_ok=True)
    lines = [f"# Kommunfullmäktiges mål och indikatorer {year}, inlästa med »blankett kf»."]
    for key in ("mal", "indikatorer"):
        lines.append(f"{key}:" if plan[key] else f"{key}: []")
        lines += [f"  - {json.dumps(each, ensure_ascii=False)}" for each in plan[key]]
    with new_file(target, replace=replace) as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    return target
