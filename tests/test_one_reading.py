"""One reading behind every door: the open workbook's payload gives the findings of the file, for every rule and oddity."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from blankettset.addin.check.oppen_bok import FILE_ONLY, UnreadableWorkbook, raw_book
from blankettset.validators.validate import validate
from blankettset.workbook.layout.addresses import address, parse_address
from blankettset.workbook.read.xlsx_reader import CellState, RawBook, RawCell
from blankettset.workbook.xlsx.raw import ANOMALIES
from tests import forms
from tests.conftest import rule_cases

SET = "2024-T1"
SHOWN = {"visible": "Visible", "hidden": "Hidden", "very_hidden": "VeryHidden"}
CODES = {"procent": "0.0%", "tusental": "0.0,", "datum": "yyyy-mm-dd", "dolt": ";;;"}
RULES = sorted((Path(__file__).parent / "rules").glob("*.yaml"))


def sent(raw: RawBook) -> tuple[dict[str, Any], dict[str, list[list[Any]]], dict[str, Any]]:
    """What the pane would send of this workbook: payload, formulas and how the sheets are shown."""
    sheets, formulas, seen = [], {}, {"": {"visad_precision": any(a.kind == "shown_precision" for a in raw.anomalies)}}
    for sheet in raw.sheets:
        rows = max((row for row, _ in sheet.cells), default=1)
        columns = max((column for _, column in sheet.cells), default=1)
        values = [
            [_value(sheet.cells.get((row, column))) for column in range(1, columns + 1)] for row in range(1, rows + 1)
        ]
        sheets.append({"name": sheet.name, "visibility": SHOWN[sheet.visibility], "values": values})
        formulas[sheet.name] = [
            [*at, f"={cell.formula}"] for at, cell in sheet.cells.items() if cell.formula is not None
        ]
        look = sheet.seen
        seen[sheet.name] = {
            "dolda_rader": sorted(look.hidden_rows), "dolda_kolumner": look.hidden_columns, "filter": look.filtered,
            "sammanslagna": [f"{sheet.name}!{address(*first)}:{address(*last)}" for first, last in look.merged],
            "format": [[*at, CODES[kind]] for at, kind in look.formats.items()],
            **({} if look.protected is None else {"skydd": look.protected}),
        }  # fmt: skip
    payload = {"sheets": sheets, "book": {"name": "bok.xlsx"}}
    whole: tuple[dict[str, Any], dict[str, list[list[Any]]], dict[str, Any]] = json.loads(
        json.dumps([payload, formulas, seen])
    )
    return whole


def _value(cell: RawCell | None) -> Any:
    if cell is None:
        return ""
    if cell.is_bool:
        return cell.text == "SANT"
    return float(cell.number) if cell.number is not None else cell.text


def told(raw: RawBook) -> list[tuple[Any, ...]]:
    return [(f.code, f.severity, f.hit.place, f.hit.text, f.hit.action) for f in validate(forms.bound(raw)).findings]


def require_same(raw: RawBook) -> None:
    payload, formulas, seen = sent(raw)
    assert told(raw_book(payload, formulas, seen)) == told(raw)


@pytest.mark.parametrize("path", RULES, ids=lambda p: p.stem)
def test_every_rules_cases_are_judged_alike_by_both_routes(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[RawBook] = []
    bound = forms.bound
    for case in rule_cases(path):
        facts = forms.with_values(case["set"], case.get("varden", ""))
        edits = tuple(forms.edit(forms.key(place), how) for place, how in case.get("celler", {}).items())
        with monkeypatch.context() as patch:
            patch.setattr(forms, "bound", lambda raw: kept.append(raw) or bound(raw))
            forms.handed_in(case["set"], facts, edits)
        if any(cell.state is CellState.NOT_CALCULATED for sheet in kept[-1].sheets for cell in sheet.cells.values()):
            continue  # an open workbook has calculated its formulas
        require_same(kept[-1])


def areas(raw: RawBook) -> Any:
    return forms.form_sheet(raw, SET, "verksamhetsomraden")


ODD = {
    "external_link": lambda raw: areas(raw).cells.update(
        {(8, 3): RawCell(CellState.NUMBER, Decimal(1), None, "[1]Blad!A1")}
    ),
    "dde": lambda raw: areas(raw).cells.update({(8, 3): RawCell(CellState.NUMBER, Decimal(1), None, "cmd|'/C'!A0")}),
    "long_text": lambda raw: areas(raw).cells.update({(8, 3): RawCell(CellState.TEXT, None, "x" * 40_000, None)}),
    "bad_number": lambda raw: areas(raw).cells.update(
        {(8, 3): RawCell(CellState.NUMBER, Decimal("1E+999"), None, None)}
    ),
    "shown_precision": lambda raw: None,
}


def test_every_oddity_is_seen_by_the_open_route_or_said_to_be_the_files_alone() -> None:
    assert set(ODD) | FILE_ONLY == set(ANOMALIES)
    assert not set(ODD) & FILE_ONLY


@pytest.mark.parametrize("kind", ODD)
def test_the_open_route_notes_what_the_file_route_notes(kind: str) -> None:
    raw = forms.raw_book(SET)
    ODD[kind](raw)
    payload, formulas, seen = sent(raw)
    seen[""] = {"visad_precision": kind == "shown_precision"}
    found = raw_book(payload, formulas, seen)
    assert [each.kind for each in found.anomalies] == [kind]
    where = {"shown_precision": None}.get(kind, "C8")
    assert [each.cell for each in found.anomalies] == [where]


def test_how_sheets_are_shown_is_judged_alike() -> None:
    raw = forms.raw_book(SET)
    sheet = areas(raw)
    sheet.cells[8, 3] = RawCell(CellState.NUMBER, Decimal("12.5"), None, None)
    sheet.cells[40, 3] = RawCell(CellState.NUMBER, Decimal("7"), None, None)
    budget = forms.bound(raw).cell(("verksamhetsomraden", "forskola", "budget"))
    assert budget is not None
    sheet.cells[parse_address(budget.address)] = RawCell(CellState.NUMBER, Decimal(0), None, f"{budget.address}+1")
    sheet.seen.hidden_rows.add(8)
    sheet.seen.hidden_columns.append((4, 4))
    sheet.seen.merged.append(((10, 3), (11, 3)))
    sheet.seen.formats[8, 3] = "procent"
    sheet.seen.protected = False
    raw.note("shown_precision")
    assert {"BF040", "BF041", "BF043", "BF044", "BF045", "BF046", "BF047"} <= {each[0] for each in told(raw)}
    require_same(raw)


@pytest.mark.parametrize(
    "seen",
    [
        [],
        {"Driftbudget": {"sammanslagna": ["Blad!Å1:Ä2"]}},
        {"Driftbudget": {"dolda_rader": ["x"]}},
        {"Driftbudget": {"format": [[1]]}},
    ],
)
def test_what_is_no_such_account_is_one_sentence(seen: Any) -> None:
    payload, formulas, _ = sent(forms.raw_book(SET))
    with pytest.raises(UnreadableWorkbook, match="kom inte fram hel"):
        raw_book(payload, formulas, seen or [1])
