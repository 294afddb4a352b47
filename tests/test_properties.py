"""What holds for every set, whatever the figures: judged clean when computed, every planted fault found at its cell."""

from __future__ import annotations

import random
from decimal import Decimal
from functools import cache

import pytest

from blankettset.addin.cli.exempel import filings
from blankettset.templates.catalog import catalog
from blankettset.templates.model import Blankettset, Kind
from blankettset.validators.finding import Finding
from blankettset.validators.validate import validate
from blankettset.workbook.calc.evaluate import Key, Value
from blankettset.workbook.read.facts import parse_facts, read_facts, write_facts
from blankettset.workbook.read.filled import FilledSet
from tests import forms

SETS = sorted(  # a year without kommunfullmäktige's plan says so once (BF326), which is told elsewhere
    set_id
    for set_id, level in catalog().tried
    if level == "namnd" and any(each.arsmal for each in catalog().blankettset(set_id).kf.indikatorer)
)
KONTROLL = "kontroll"


@cache
def clean(set_id: str) -> FilledSet:
    return forms.handed_in(set_id)


def judged(filled: FilledSet) -> list[Finding]:
    return list(validate(filled).findings)


@pytest.mark.parametrize("set_id", SETS)
def test_a_set_computed_from_its_definition_has_no_findings(set_id: str) -> None:
    assert judged(clean(set_id)) == []


def cells(filled: FilledSet, *kinds: Kind) -> list[Key]:
    """Number cells of these kinds in forms that are in use, in table forms and filled list rows."""
    found = []
    for form in filled.forms.values():
        if form.form.id == KONTROLL or (form.is_empty and form.form.has_inputs):
            continue
        found += [c.key for c, d in form.defined if d.kind in kinds and d.type.is_number]
    return found


def sampled(set_id: str, kinds: tuple[Kind, ...], number: int = 12) -> list[Key]:
    keys = cells(clean(set_id), *kinds)
    return random.Random(set_id).sample(keys, min(number, len(keys)))


FAULTS = {
    "text": ({"text": "12 500"}, "BF010"),
    "error": ({"fel": "#REF!"}, "BF011"),
}
INPUTS = (Kind.INPUT, Kind.SLK)
CASES = [(s, key, fault) for s in SETS for key in sampled(s, INPUTS, 5) for fault in FAULTS]


@pytest.mark.parametrize(("set_id", "key", "fault"), CASES, ids=lambda v: ".".join(v) if isinstance(v, tuple) else v)
def test_a_fault_in_an_input_cell_is_found_there_and_nowhere_else(set_id: str, key: Key, fault: str) -> None:
    how, code = FAULTS[fault]
    found = judged(forms.handed_in(set_id, edits=(forms.edit(key, how),)))
    assert forms.flatten(found) == [f"{code} {'.'.join(key)}"]


COMPUTED = [(s, key) for s in SETS for key in sampled(s, (Kind.COMPUTED,), 10)]


@pytest.mark.parametrize(("set_id", "key"), COMPUTED, ids=lambda v: ".".join(v) if isinstance(v, tuple) else v)
def test_an_overwritten_formula_is_found_there_whether_right_or_wrong(set_id: str, key: Key) -> None:
    filled = clean(set_id)
    right = filled.facts.get(key)
    stated = right if isinstance(right, Decimal) else Decimal(0)
    if isinstance(right, Decimal):
        found = judged(forms.handed_in(set_id, edits=(forms.edit(key, {"tal": str(stated)}),)))
        assert forms.flatten(found) == [f"BF014 {'.'.join(key)}"]
    code = "BF10" if isinstance(right, Decimal) else "BF01"  # BF014: the formula gives nothing to compare with
    wrong = judged(forms.handed_in(set_id, edits=(forms.edit(key, {"tal": str(stated + 17)}),)))
    assert [(f.code[:4], (f.hit.form, f.hit.row, f.hit.column)) for f in wrong] == [(code, key)]


@pytest.mark.parametrize("folder", filings(), ids=lambda f: f.name)
def test_facts_survive_being_written_as_text(folder: object) -> None:
    from pathlib import Path

    assert isinstance(folder, Path)
    blankettset = forms.filing_set(folder)
    facts = read_facts(folder / "DATA.csv", blankettset)
    assert parse_facts(write_facts(facts, blankettset), blankettset) == facts
    assert parse_facts(write_facts(facts, blankettset, "SDN08"), blankettset) == facts


@pytest.mark.parametrize("set_id", SETS)
def test_build_fill_and_read_give_back_what_was_put_in(set_id: str) -> None:
    """Random figures in every input cell and two rows of every list come back exactly."""
    blankettset = catalog().blankettset(set_id)
    facts = dict(forms.base(set_id)) | random_facts(blankettset, random.Random(set_id))
    read = forms.bound(forms.raw_book(set_id, facts)).inputs()
    put = {key: value for key, value in facts.items() if kind(blankettset, key) in INPUTS}
    assert read == put


def kind(blankettset: Blankettset, key: Key) -> Kind:
    return blankettset.blanketter[key[0]].cell(key[1], key[2]).kind


def random_facts(blankettset: Blankettset, chance: random.Random) -> dict[Key, Decimal]:
    found: dict[Key, Decimal] = {}
    for form in blankettset.blanketter.values():
        rows = ["1", "2"] if form.is_list else [row.id for row in form.rows]
        for row in rows:
            for column in form.columns:
                cell = form.cell(row, column.id)
                if cell.kind in INPUTS and cell.type.is_number and form.id != KONTROLL:
                    decimals = form.decimals_of(row, column.id)
                    found[form.id, row, column.id] = Decimal(chance.randint(-99999, 99999)).scaleb(-decimals)
    return found


def real_facts(name: str) -> dict[Key, Value]:
    folder = next(folder for folder in filings() if folder.name == name)
    return read_facts(folder / "DATA.csv", catalog().blankettset(name.split("_")[0]))


def test_an_explanation_closes_its_warning_until_the_figures_change() -> None:
    set_id = "2024-T1"
    facts = real_facts("2024-T1_SDN08")
    warning = next(f for f in judged(forms.handed_in(set_id, facts)) if f.code == "BF302")
    words = ("kod", "blankett", "rad", "kolumn", "siffror", "forklaring")
    values = (*warning.place, warning.siffror, "Enheten har lagts ned.")
    told = {("forklaringar", "1", word): value for word, value in zip(words, values, strict=True)}
    closed = judged(forms.handed_in(set_id, {**facts, **told}))
    assert next(f for f in closed if f.place == warning.place).explanation == "Enheten har lagts ned."
    moved = {**facts, **told, ("resultatenheter", "6", "bruttobudget"): Decimal(-66000)}
    opened = judged(forms.handed_in(set_id, moved))
    assert next(f for f in opened if f.place == warning.place).explanation is None
    assert "BF028" in {f.code for f in opened}
