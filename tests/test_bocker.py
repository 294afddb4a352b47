"""Workbooks from users: recipes of what must pass and of what must be found, one file a case. The next report is one more file.

A recipe names a set and figures (`varden`, as in tests/rules), and then either what somebody did to cells (`celler`, as there;
recalculated as Excel would) or what a program did to the file (`fil`: parts of it, with what is replaced by what).
"""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

from blankettset.templates.catalog import catalog
from blankettset.templates.strict_yaml import Document
from blankettset.validators.finding import Finding, Severity
from blankettset.validators.validate import validate
from blankettset.workbook.read.bind import read_filled
from blankettset.workbook.read.filled import FilledSet
from blankettset.workbook.read.xlsx_reader import read_workbook
from tests import forms

BOOKS = Path(__file__).parent / "bocker"


def recipe(path: Path) -> dict[str, Any]:
    """The recipe, with its file's name for a name."""
    found: dict[str, Any] = Document(path.name, path.read_text(encoding="utf-8")).data
    unknown = set(found) - {"varfor", "set", "varden", "celler", "fil", "fynd", "ord"}
    assert not unknown, unknown
    return found


def handed_in(case: dict[str, Any]) -> FilledSet:
    """The workbook of a recipe, read as it is handed in."""
    facts = forms.with_values(case["set"], case.get("varden", ""))
    if "fil" not in case:
        edits = tuple(forms.edit(forms.key(place), how) for place, how in case.get("celler", {}).items())
        return forms.handed_in(case["set"], facts, edits)
    return read_filled(
        changed(forms.raw_bytes(case["set"], facts), case["set"], case["fil"]), catalog(), name="bok.xlsx"
    )


def changed(data: bytes, set_id: str, steps: list[dict[str, Any]]) -> bytes:
    """The file after what was done to its parts. A step that finds nothing to change is a mistake in the recipe."""
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        parts = {info.filename: book.read(info) for info in book.infolist()}
    for step in steps:
        for name in _parts(data, set_id, step, list(parts)):
            before = parts[name].decode("utf-8")
            if step.get("monster"):
                after = re.sub(step["byt"], step["mot"], before, count=0 if step.get("alla") else 1)
            else:
                after = before.replace(step["byt"], step["mot"], -1 if step.get("alla") else 1)
            assert after != before or step.get("alla"), (step, name)
            parts[name] = after.encode("utf-8")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as book:
        for name, content in parts.items():
            book.writestr(name, content)
    return out.getvalue()


def _parts(data: bytes, set_id: str, step: dict[str, Any], names: list[str]) -> list[str]:
    if "blankett" in step:
        sheet = read_workbook(data).sheet(forms.the_set(set_id).blanketter[step["blankett"]].sheet)
        assert sheet is not None
        return [sheet.part]
    if step["del"] == "alla blad":
        return [name for name in names if name.startswith("xl/worksheets/sheet")]
    return [step["del"]]


def said(findings: list[Finding]) -> str:
    return " ".join(
        f"{f.severity} {hit.text} {f.hit.text} {hit.action} {f.siffror}" for f in findings for hit in f.hits
    )


@pytest.mark.parametrize("path", sorted((BOOKS / "godkanda").glob("*.yaml")), ids=lambda path: path.stem)
def test_what_must_pass_passes(path: Path) -> None:
    found = list(validate(handed_in(recipe(path))).findings)
    stops = [f for f in found if f.severity is not Severity.UPPLYSNING]
    assert forms.flatten(stops) == [], said(stops)
    assert sorted(forms.flatten(found)) == sorted(recipe(path).get("fynd", [])), said(found)


@pytest.mark.parametrize("path", sorted((BOOKS / "funna").glob("*.yaml")), ids=lambda path: path.stem)
def test_what_must_be_found_is_found_and_nothing_else(path: Path) -> None:
    case = recipe(path)
    found = list(validate(handed_in(case)).findings)
    assert case["fynd"]
    assert sorted(forms.flatten(found)) == sorted(case["fynd"]), said(found)
    for words in case.get("ord", []):
        assert words in said(found), said(found)
