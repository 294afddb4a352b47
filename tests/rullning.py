"""Rolling forward for tests: the real filings, the next set begun with them, and what remains to be filled in."""

from __future__ import annotations

import functools
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from blankettset.templates.catalog import catalog
from blankettset.templates.model import Blankettset
from blankettset.validators.finding import Finding, Severity
from blankettset.validators.validate import validate
from blankettset.workbook.calc.evaluate import Key, Value
from blankettset.workbook.carry.begin import begin
from blankettset.workbook.carry.past import pasts
from blankettset.workbook.carry.roll import Rolled
from blankettset.workbook.read.bind import read_filled
from blankettset.workbook.read.facts import read_facts
from blankettset.workbook.read.filled import FilledSet
from blankettset.workbook.write.build import build
from blankettset.workbook.write.carried_marks import Marks

FILINGS = Path(__file__).parent.parent / "templates" / "filings"
FINDINGS_OF_NEW = {
    "BF016",
    "BF018",
    "BF313",
    "BF315",
    "BF316",
    "BF509",
}  # ask for what must be new (BF315: an analysis) or reviewed


def made(
    blankettset: Blankettset,
    namnd: str,
    facts: Mapping[Key, Value],
    rolled: Rolled | None = None,
    name: str = "bok.xlsx",
) -> FilledSet:
    """The workbook of these facts, built and read back, with the stamp of what it was begun with."""
    marks = Marks(rolled.carried, rolled.left) if rolled is not None else Marks()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        build(path, blankettset, catalog().namnd(namnd), facts, marks=marks)
        return read_filled(path, catalog())


@functools.cache
def filing(name: str) -> FilledSet:
    """A transcribed filing as a workbook."""
    set_id, code, *unit = name.split("_", 2)
    blankettset = catalog().blankettset(set_id, "enhet" if unit else "namnd")
    return made(blankettset, code, read_facts(FILINGS / name / "DATA.csv", blankettset), name=f"{name}.xlsx")


def rolled(set_id: str, *previous: FilledSet, namnd: str = "", level: str = "") -> Rolled:
    """What the set begins with after these."""
    blankettset = catalog().blankettset(set_id, level or previous[0].set.level)
    return begin(blankettset, pasts(blankettset, namnd or previous[0].namnd, "ny.xlsx", previous, plan=True))


def workbook(set_id: str, result: Rolled, namnd: str, more: Mapping[Key, Value] | None = None, level: str = "namnd") -> FilledSet:  # fmt: skip
    """The set begun so, with `more` typed in."""
    return made(catalog().blankettset(set_id, level), namnd, {**result.facts, **(more or {})}, result)


def open_findings(filled: FilledSet, *previous: FilledSet) -> list[Finding]:
    """What asks for something: fel and unexplained varningar."""
    found = validate(filled, previous).findings
    return [f for f in found if f.severity is not Severity.UPPLYSNING and f.explanation is None]


def codes(found: list[Finding]) -> Counter[str]:
    return Counter(f.code for f in found for _ in f.hits)


def values(result: Rolled, form: str, column: str, mark: str = "") -> dict[str, Value]:
    """Row -> value of what was carried into a column."""
    return {
        each.row: each.value
        for each in result.carried
        if (each.form, each.column) == (form, column)
        and each.mark in (mark or each.mark, mark)
        and each.value is not None
    }


def note(result: Rolled, form: str, row: str, column: str) -> str:
    return next((e.note for e in result.carried if e.key == (form, row, column)), "").replace("\u00a0", " ")
