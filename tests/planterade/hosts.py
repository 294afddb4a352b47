"""Filled workbooks of every kind to plant mistakes in, and sets that nothing is wrong with."""

from __future__ import annotations

import functools
import random
from decimal import Decimal

import msgspec

from blankettset.addin.cli.exempel import FILINGS, filings, synthetic_filing
from blankettset.templates.catalog import catalog
from blankettset.templates.model import Kind, Type
from blankettset.validators.finding import Finding, Hit
from blankettset.validators.validate import validate
from blankettset.workbook.calc.evaluate import Key, Value
from blankettset.workbook.layout.addresses import parse_address
from blankettset.workbook.read.facts import read_facts
from blankettset.workbook.read.filled import FilledSet
from blankettset.workbook.xlsx.raw import RawBook, RawSheet
from tests import forms

Place = tuple[str, str, str, str]  # code, form, row, column
DERIVED = {
    "2024-T2": "2024-T1_SDN08",
    "2024-VB": "2024-T1_SDN08",
    "2024-VP": "2021-VP_SDN04",
    "2024-VB enhet": "2021-VB_SDNHA_daglig_verksamhet",
}
SYNTHETIC = (1, 2)


class Host(msgspec.Struct, frozen=True):
    """A filled workbook: as stored, as read, and what is found in it before anything is planted."""

    name: str
    set_id: str
    raw: RawBook
    filled: FilledSet
    before: frozenset[Place]

    def at(self, raw: RawBook, key: Key) -> tuple[RawSheet, tuple[int, int]]:
        """Where a cell stands in (a copy of) the raw workbook."""
        cell = self.filled.cell(key)
        assert cell is not None, key
        sheet = raw.sheet(cell.sheet)
        assert sheet is not None, cell.sheet
        return sheet, parse_address(cell.address)

    def is_clean(self, key: Key) -> bool:
        """True when nothing is found at the cell from the start."""
        return not any(place[1:] == key for place in self.before)


def place(code: str, hit: Hit) -> Place:
    """What tells a finding's place from another's."""
    return (code, hit.form or "", hit.row or "", hit.column or "")


def places(findings: list[Finding]) -> frozenset[Place]:
    """The places of all findings."""
    return frozenset(place(finding.code, hit) for finding in findings for hit in finding.hits)


@functools.cache
def host(name: str) -> Host:
    """A filing by its folder's name, a set filled with another year's filing, or a synthetic one ("2024-T1 påhittad 1")."""
    set_id, facts = _facts(name)
    raw = forms.raw_book(set_id, facts)
    filled = forms.bound(raw)
    return Host(name, set_id, raw, filled, places(list(validate(filled).findings)))


def names() -> list[str]:
    """Every host."""
    return [
        *(folder.name for folder in filings()),
        *(f"{name} efter {model}" for name, model in DERIVED.items()),
        *(f"2024-T1 påhittad {seed}" for seed in SYNTHETIC),
    ]


def _facts(name: str) -> tuple[str, dict[Key, Value]]:
    if " påhittad " in name:
        set_id, _, seed = name.split(" ")
        blankettset = forms.the_set(set_id)
        model = read_facts(FILINGS / "2024-T1_SDN08" / "DATA.csv", blankettset)
        return set_id, synthetic_filing(blankettset, model, random.Random(int(seed)))
    target, _, source = name.partition(" efter ")
    folder = FILINGS / (source or name)
    own = forms.filing_set(folder)
    given = read_facts(folder / "DATA.csv", own)
    if not source:
        level = " enhet" if own.level == "enhet" else ""
        return f"{own.id}{level}", dict(given)
    return target, _moved(dict(given), target)


def _moved(given: dict[Key, Value], target: str) -> dict[Key, Value]:
    """The figures that the other set has room for; what it requires beyond them is like what stands beside it."""
    blankettset = forms.the_set(target)
    lists = {key[0] for key in given if (form := blankettset.blanketter.get(key[0])) is not None and form.is_list}
    facts: dict[Key, Value] = {key: value for key, value in forms.base(target).items() if key[0] not in lists}
    for (form_id, row, column), value in given.items():
        form = blankettset.blanketter.get(form_id)
        if form is None or column not in form.column_by_id or (not form.is_list and row not in form.row_by_id):
            continue
        cell = form.cell(row, column)
        fits = isinstance(value, Decimal) == cell.type.is_number and (
            not cell.choices or value in {c.id for c in cell.choices}
        )
        if cell.type is Type.DATUM and isinstance(value, str):
            value = f"{blankettset.year}{value[4:]}"  # the same day of the set's own year
        if cell.kind is Kind.INPUT and fits:
            facts[form_id, row, column] = value
            facts.pop(("forsattsblad", form_id, "ej_aktuellt"), None)
            facts.pop(("forsattsblad", form_id, "motivering"), None)
    for form in blankettset.blanketter.values():
        for row, column, cell in form.fixed_cells():
            key = (form.id, row, column)
            if cell.kind is Kind.INPUT and cell.type.is_number and not form.is_list and not facts.get(key):
                beside = [
                    facts.get((form.id, row, other))
                    for other in form.column_by_id
                    if form.cell(row, other).type is cell.type
                ]
                known = next((v for v in beside if isinstance(v, Decimal) and v), None)
                if known is not None:
                    facts[key] = known
    return facts


def clean_sets() -> list[tuple[str, FilledSet]]:
    """Sets that nothing is wrong with: computed from their definition, every layout and some of every year, and synthetic nämnder."""
    every = sorted(catalog().sets)
    chosen = sorted({*catalog().tried, *every[::20]} & set(every))
    found = [(f"{s} {level}", forms.handed_in(f"{s} {level}" if level == "enhet" else s)) for s, level in chosen]
    for seed in range(100, 112):
        set_id, facts = _facts(f"2024-T1 påhittad {seed}")
        found.append((f"2024-T1 påhittad {seed}", forms.bound(forms.raw_book(set_id, facts))))
    return found
