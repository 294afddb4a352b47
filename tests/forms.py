"""Filled sets for tests, from text: a consistent set, figures put into it, and what may happen to a workbook after.

`handed_in` builds the workbook for real, reads it back and lets a test change raw cells as an economist or another
program might: write a number over a formula, leave a text in a number cell, forget to recalculate. What Excel would
recalculate is recalculated.
"""

from __future__ import annotations

import copy
import datetime
import functools
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import msgspec

from blankettset.templates.catalog import catalog
from blankettset.templates.model import Blankettset, CellDef, Kind, Type
from blankettset.validators.finding import Finding
from blankettset.validators.validate import validate
from blankettset.workbook.calc.evaluate import Evaluation, Key, NotComputable, Value
from blankettset.workbook.calc.values import excel_serial, parse_number
from blankettset.workbook.layout.addresses import parse_address
from blankettset.workbook.layout.placement import Placement
from blankettset.workbook.layout.start import starting_facts
from blankettset.workbook.read.bind import bind
from blankettset.workbook.read.facts import parse_facts
from blankettset.workbook.read.filled import FilledSet
from blankettset.workbook.read.xlsx_reader import CellState, RawBook, RawCell, RawSheet, read_workbook
from blankettset.workbook.report.read import read_report
from blankettset.workbook.write.build import build, prefilled, stands_alone

UNKNOWN = "Årsmålet är inte fastställt och värdet redovisas senare."
HEADER = "blankett;rad;kolumn;varde\n"
NAMND = {"2019-T2": "SDN22", "2021-VP": "SDN04"}


def the_set(name: str) -> Blankettset:
    """The set by its id, "2024-T1", or for a unit's "2020-VP enhet"."""
    set_id, _, level = name.partition(" ")
    return catalog().blankettset(set_id, level or "namnd")


def filing_set(folder: Path) -> Blankettset:
    """The set of a transcribed filing, by its folder's name."""
    set_id, _, *unit = folder.name.split("_", 2)
    return catalog().blankettset(set_id, "enhet" if unit else "namnd")


def namnd_of(name: str) -> str:
    return NAMND.get(name, "SDN08")


def goals(blankettset: Blankettset) -> dict[Key, Value]:
    """Goals, indicators and activities that nothing is wrong with: what is prefilled, with targets met, and one of our own."""
    facts = dict(starting_facts(blankettset))
    forms = blankettset.blanketter
    if "mal" not in forms:
        return facts
    own = str(len(blankettset.kf.mal) + 1) if facts else "1"
    top = blankettset.kf.mal[0].nummer if facts else "1"
    kf = next((goal.nummer for goal in blankettset.kf.mal if goal.niva == "kf_mal"), "1.1")
    rows = [(own, f"{kf}.1", "namndmal", "Eget mål")]
    if not facts:
        rows = [
            ("1", top, "inriktningsmal", "Inriktning"),
            ("2", kf, "kf_mal", "KF:s mål"),
            ("3", f"{kf}.1", "namndmal", "Eget mål"),
        ]
    for row, number, level, title in rows:
        facts |= {("mal", row, "nummer"): number, ("mal", row, "niva"): level, ("mal", row, "titel"): title}
        if level == "namndmal":
            facts["mal", row, "forvantat_resultat"] = "Det blir bra."
    for row in [key[1] for key in facts if key[0] == "mal" and key[2] == "nummer"]:
        if "status" in forms["mal"].column_by_id:
            facts["mal", row, "status"] = "ingen" if blankettset.level == "enhet" else "helt"
        if "analys" in forms["mal"].column_by_id:
            facts["mal", row, "analys"] = "Arbetet följer planen."
    if "enhetsmal" in forms:
        facts |= {("enhetsmal", "1", "nummer"): f"{kf}.1.1", ("enhetsmal", "1", "titel"): "Enhetens mål"}
        facts["enhetsmal", "1", "forvantat_resultat"] = "Det blir bra."
        if "status" in forms["enhetsmal"].column_by_id:
            facts["enhetsmal", "1", "status"] = "helt"
            facts["enhetsmal", "1", "analys"] = "Arbetet följer planen."
    if not any(key[0] == "indikatorer" for key in facts):
        facts |= {("indikatorer", "1", "mal"): kf, ("indikatorer", "1", "indikator"): "Andel nöjda"}
        facts |= {("indikatorer", "1", "enhet"): "%", ("indikatorer", "1", "riktning"): "hogre"}
        if "periodicitet" in forms["indikatorer"].column_by_id:
            facts["indikatorer", "1", "periodicitet"] = "ar"
    for row in [key[1] for key in facts if key[0] == "indikatorer" and key[2] == "indikator"]:
        column = "kommentar" if "kommentar" in forms["indikatorer"].column_by_id else "analys"
        facts["indikatorer", row, column] = UNKNOWN
    facts |= {("aktiviteter", "1", "mal"): kf, ("aktiviteter", "1", "aktivitet"): "Göra något"}
    year = blankettset.year
    facts |= {("aktiviteter", "1", "start"): f"{year}-01-01", ("aktiviteter", "1", "slut"): f"{year}-12-31"}
    if blankettset.period == "VB" and "status" in forms["aktiviteter"].column_by_id:
        facts["aktiviteter", "1", "status"] = "klar"
    return facts | followed_up(blankettset, facts)


def followed_up(blankettset: Blankettset, facts: Mapping[Key, Value]) -> dict[Key, Value]:
    """An activity under every goal of a nämnd, so that each has something to be followed up by; far down, out of the way."""
    if blankettset.level != "namnd" or "aktiviteter" not in blankettset.blanketter:
        return {}
    found: dict[Key, Value] = {}
    year = blankettset.year
    for (form, row, column), number in facts.items():
        if (form, column) != ("mal", "nummer"):
            continue
        texts = {
            "mal": str(number),
            "aktivitet": f"Följa upp {number} ({row})",
            "start": f"{year}-01-01",
            "slut": f"{year}-12-31",
        }
        if "status" in blankettset.blanketter["aktiviteter"].column_by_id:
            texts["status"] = "klar" if blankettset.period == "VB" else "pagar"
        found |= {("aktiviteter", str(120 + int(row)), name): text for name, text in texts.items()}
    return found


@functools.cache
def _zeros(set_id: str) -> Mapping[Key, Value]:
    blankettset = the_set(set_id)
    facts: dict[Key, Value] = {
        ("forsattsblad", "kontakt", "uppgift"): "controller",
        ("forsattsblad", "upprattad", "uppgift"): f"{blankettset.year}-05-13",
        **goals(blankettset),
    }
    if blankettset.level == "enhet":
        facts |= {("forsattsblad", "enhet", "uppgift"): "Enheten", ("forsattsblad", "omrade", "uppgift"): "aldreomsorg"}
    for form in blankettset.blanketter.values():
        if form.id in ("forsattsblad", "forklaringar", "kontroll"):
            continue
        if form.optional:
            facts["forsattsblad", form.id, "ej_aktuellt"] = "ja"
            facts["forsattsblad", form.id, "motivering"] = "Inget att redovisa."
            continue
        for row, column, cell in form.fixed_cells():
            if cell.kind is Kind.INPUT and cell.required and cell.type.is_number:
                facts[form.id, row, column] = Decimal(0)
    return facts


def base(set_id: str) -> dict[Key, Value]:
    """A whole set without findings: zero in every required cell, optional forms declared ej aktuella."""
    return dict(_zeros(set_id))


def with_values(set_id: str, text: str) -> dict[Key, Value]:
    """The base with these figures (lines of blankett;rad;kolumn;varde). Forms that get figures are no longer ej aktuella.

    Required number cells of such forms that are not given are zero.
    """
    blankettset = the_set(set_id)
    facts = base(set_id)
    given = parse_facts(HEADER + "\n".join(line.strip() for line in text.strip().splitlines()), blankettset)
    for form_id in {key[0] for key in given}:
        form = blankettset.blanketter[form_id]
        if facts.pop(("forsattsblad", form_id, "ej_aktuellt"), None):
            facts.pop(("forsattsblad", form_id, "motivering"))
        rows = {key[1] for key in given if key[0] == form_id} if form.is_list else set(form.row_by_id)
        for row in rows - {"summa"} if form.is_list else rows:
            for column in form.column_by_id:
                cell = form.cell(row, column)
                if cell.kind is Kind.INPUT and cell.required and cell.type.is_number:
                    facts.setdefault((form_id, row, column), Decimal(0))
    return facts | followed_up(blankettset, given) | given


@dataclass(frozen=True)
class Edit:
    """What happens to one cell: a new raw cell in place of the old one (None empties it)."""

    key: Key
    change: Callable[[RawCell | None], RawCell | None]
    stale: bool = False


def edit(key: Key, how: Mapping[str, str | bool]) -> Edit:
    """An edit from its YAML form: {tal: "1,5"}, {text: "x"}, {fel: "#REF!"}, {formel: "1+1", tal: "2"}, {tom: true},
    {oraknad: true} (a formula without a value), {gammalt: "3,0"} (a formula with an old value)."""
    if how.get("tom"):
        return Edit(key, lambda _: None)
    if how.get("oraknad"):
        return Edit(
            key, lambda cell: RawCell(CellState.NOT_CALCULATED, None, None, cell.formula if cell else "A1"), True
        )
    if "gammalt" in how:
        number = parse_number(str(how["gammalt"]))
        return Edit(key, lambda cell: RawCell(CellState.NUMBER, number, None, cell.formula if cell else None), True)
    formula = str(how["formel"]) if "formel" in how else None
    if "text" in how:
        return Edit(key, lambda _: RawCell(CellState.TEXT, None, str(how["text"]), formula))
    if "fel" in how:
        return Edit(key, lambda _: RawCell(CellState.ERROR, None, str(how["fel"]), formula))
    return Edit(key, lambda _: RawCell(CellState.NUMBER, parse_number(str(how["tal"])), None, formula))


@functools.lru_cache(maxsize=64)
def _built(set_id: str, facts: frozenset[tuple[Key, Value]]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bok.xlsx"
        build(path, the_set(set_id), catalog().namnd(namnd_of(set_id)), dict(facts))
        return path.read_bytes()


def raw_bytes(set_id: str, facts: Mapping[Key, Value] | None = None) -> bytes:
    """The built workbook of a set as a file's content."""
    chosen = base(set_id) if facts is None else facts
    return _built(set_id, frozenset(chosen.items()))


def raw_book(set_id: str, facts: Mapping[Key, Value] | None = None) -> RawBook:
    """A fresh raw workbook of a set, to be changed at will."""
    return read_workbook(raw_bytes(set_id, facts), name="bok.xlsx")


def form_sheet(raw: RawBook, set_id: str, form_id: str) -> RawSheet:
    found = raw.sheet(the_set(set_id).blanketter[form_id].sheet)
    assert found is not None
    return found


def bound(raw: RawBook) -> FilledSet:
    return bind(raw, catalog(), "bok.xlsx")


@functools.cache
def _base_book(set_id: str) -> tuple[RawBook, Mapping[Key, Value], Mapping[str, Placement]]:
    """The base of a set with room for a hundred indicators, built and read once: book, facts, where cells stand."""
    blankettset, facts = the_set(set_id), base(set_id)
    if "indikatorer" in blankettset.blanketter:
        facts["indikatorer", "100", "indikator"] = "plats"
    items = {form: max((int(key[1]) for key in facts if key[0] == form and key[1].isdigit()), default=0)
             for form in blankettset.blanketter}  # fmt: skip
    placements = {form.id: Placement(form, items[form.id]) for form in blankettset.blanketter.values()}
    return raw_book(set_id, facts), facts, placements


def copy_of(raw: RawBook) -> RawBook:
    """The same workbook, to be changed at will."""
    sheets = [
        msgspec.structs.replace(sheet, cells=dict(sheet.cells), seen=copy.deepcopy(sheet.seen)) for sheet in raw.sheets
    ]
    return msgspec.structs.replace(raw, sheets=sheets, anomalies=list(raw.anomalies))


def typed(cell: CellDef, value: Value) -> RawCell | None:
    """A cell as it stands in the file when somebody has typed the value in it."""
    if value is None or value == "":
        return None
    if isinstance(value, Decimal):
        return RawCell(CellState.NUMBER, Decimal(repr(float(value))), None, None)
    if cell.type is Type.DATUM:
        return RawCell(CellState.NUMBER, Decimal(excel_serial(datetime.date.fromisoformat(value))), None, None)
    return RawCell(CellState.TEXT, None, cell.shown(value), None)


def filled_in(set_id: str, facts: Mapping[Key, Value]) -> RawBook | None:
    """The base's workbook with these facts typed into it and recalculated: what `build` gives, ten times sooner.

    None when a list is longer than the base has room for. That it is the same is tried in test_forms.
    """
    first, given, placements = _base_book(set_id)
    blankettset = the_set(set_id)
    evaluation = Evaluation(blankettset, {**facts, **prefilled(blankettset, catalog().namnd(namnd_of(set_id)))})
    raw = copy_of(first)
    for key in given.keys() | facts.keys():
        form, row, column = key
        value = facts.get(key)
        if value == given.get(key):
            continue
        place, definition = placements[form], blankettset.blanketter[form].cell(row, column)
        if row not in place.rows:
            return None
        if definition.kind is Kind.COMPUTED and (value is None or not stands_alone(evaluation, key)):
            continue
        cells, at = form_sheet(raw, set_id, form).cells, (place.rows[row], place.columns[column])
        cell = typed(definition, value)
        if cell is not None:
            cells[at] = cell
        else:
            cells.pop(at, None)
    _recalculate(raw, bound(raw), set())
    return raw


def handed_in(set_id: str, facts: Mapping[Key, Value] | None = None, edits: tuple[Edit, ...] = ()) -> FilledSet:
    """The set as read from its workbook after the edits, recalculated as Excel would."""
    raw = filled_in(set_id, base(set_id) if facts is None else facts) or raw_book(set_id, facts)
    filled = bound(raw)
    if not edits:
        return filled
    places = {key: (cell.sheet, cell.address) for key, cell in ((c.key, c) for c in filled.all_cells())}
    frozen: set[Key] = set()
    for each in edits:
        sheet_name, where = places[each.key]
        sheet = raw.sheet(sheet_name)
        assert sheet is not None
        place = parse_address(where)
        new = each.change(sheet.cells.get(place))
        if new is None:
            sheet.cells.pop(place, None)
        else:
            sheet.cells[place] = new
        if each.stale or (new is not None and new.formula is not None):
            frozen.add(each.key)
    _recalculate(raw, bound(raw), frozen)
    return bound(raw)


def _recalculate(raw: RawBook, filled: FilledSet, frozen: set[Key]) -> None:
    computed = {
        cell.key for cell in filled.all_cells()
        if cell.formula is not None and filled.set.blanketter[cell.form].cell(cell.row, cell.column).kind is Kind.COMPUTED
    }  # fmt: skip
    typed = {key: value for key, value in filled.facts.items() if key not in computed or key in frozen}
    evaluation = Evaluation(filled.set, typed, broken=filled.broken - (computed - frozen))
    for key in computed - frozen:
        cell = filled.cell(key)
        assert cell is not None
        sheet = raw.sheet(cell.sheet)
        assert sheet is not None
        place = parse_address(cell.address)
        old = sheet.cells[place]
        try:
            value = evaluation.expected(key)
        except NotComputable:
            sheet.cells[place] = RawCell(CellState.ERROR, None, "#VALUE!", old.formula)
            continue
        if isinstance(value, Decimal):
            sheet.cells[place] = RawCell(CellState.NUMBER, value, None, old.formula)
        else:
            definition = filled.set.blanketter[cell.form].cell(cell.row, cell.column)
            shown = definition.shown(value) if value is not None else ""
            sheet.cells[place] = RawCell(CellState.TEXT, None, shown, old.formula)


def findings(filled: FilledSet, report: str | None = None) -> list[Finding]:
    """All findings; with the text of a report beside the workbook, those on the report too."""
    read = read_report(report.encode(), "rapport.txt") if report is not None else None
    return list(validate(filled, (), read).findings)


def apart(found: list[Finding]) -> list[Finding]:
    """Each place as a finding of its own, as if it stood alone."""
    return [msgspec.structs.replace(f, hit=hit, parts=(), bound="") for f in found for hit in f.hits]


def flatten(found: list[Finding]) -> list[str]:
    """Every place of every finding as short text: "BF101 verksamhetsomraden.iof.budget"."""
    rows = []
    for finding in found:
        for hit in finding.hits:
            place = ".".join(part for part in (hit.form, hit.row, hit.column) if part)
            mark = " (förklarad)" if finding.explanation is not None else " (prov)" if finding.prov else ""
            rows.append(f"{finding.code} {place}".strip() + mark)
    return rows


def key(text: str) -> Key:
    form, row, column = text.split(".")
    return (form, row, column)


def text_columns(blankettset: Blankettset, form_id: str) -> list[str]:
    columns = blankettset.blanketter[form_id].columns
    return [c.id for c in columns if c.type in (Type.TEXT, Type.LANGTEXT)]
