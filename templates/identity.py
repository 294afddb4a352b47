"""What makes a workbook what it is, and what a verdict on it rests on: two hashes of the definitions.

The *layout* is what a built workbook carries and a reader needs: ids, formulas, types, units, choices, sheet names. Its
hash stands in the workbook's stamp. What is *judged* (tolerance, sign, what is required, relations) may change without
the workbook being another; it goes, with parameters, register and kommunfullmäktige's plan, into the hash of the
receipt. What is only *shown* (labels, notes, sources, days of review) is in neither.

Every key of the schema is named below. A key that is not named counts as layout, which is always safe, never silent.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import PurePosixPath
from typing import Any

LAYOUT: Mapping[str, frozenset[str]] = {
    "form": frozenset(
        ["id", "sheet", "kind", "amounts", "columns", "rows", "cells", "key", "kf_rows", "total", "optional"]
    ),
    "amounts": frozenset({"unit"}),
    "total": frozenset({"columns"}),
    "column": frozenset(["id", "type", "unit", "filled_by", "formula", "function", "choices", "choices_from", "iu"]),
    "row": frozenset(
        [
            "id",
            "sum",
            "heading",
            "only_columns",
            "except_columns",
            "type",
            "unit",
            "filled_by",
            "choices",
            "choices_from",
            "prefill",
            "each",
        ]
    ),
    "cell": frozenset(["row", "column", "formula", "function", "state"]),
    "choice": frozenset({"id", "label"}),
}
JUDGED: Mapping[str, frozenset[str]] = {
    "form": frozenset({"relations", "match", "carries"}),
    "amounts": frozenset({"decimals", "tolerance"}),
    "total": frozenset(),
    "column": frozenset(["required", "blank_means", "decimals", "sign", "positive_means", "size", "summed"]),
    "row": frozenset(["varav_of", "varav", "total", "summed", "decimals", "required", "sign", "indikator"]),
    "cell": frozenset({"prefill_parameter"}),
    "choice": frozenset(),
}
SHOWN: Mapping[str, frozenset[str]] = {
    "form": frozenset(
        [
            "title",
            "purpose",
            "group",
            "order",
            "source",
            "sign_text",
            "spare_rows",
            "notes",
            "valid_from",
            "analogy",
            "valid_to",
            "periods",
            "levels",
        ]
    ),
    "amounts": frozenset(),
    "total": frozenset({"label"}),
    "column": frozenset(["label", "width", "printed", "note", "formerly"]),
    "row": frozenset(["label", "italic", "note", "formerly"]),
    "cell": frozenset(),
    "choice": frozenset({"tone"}),
}
_INSIDE = {
    "amounts": "amounts",
    "total": "total",
    "columns": "column",
    "rows": "row",
    "cells": "cell",
    "choices": "choice",
}
_SPOKEN = frozenset({"source", "note", "notes", "label", "title", "text", "advice", "checked_on", "confirmed"})


def _without(raw: Any, level: str, dropped: Mapping[str, frozenset[str]]) -> Any:
    """The document with the keys of `dropped` left out, also in what stands inside it."""
    if isinstance(raw, list):
        return [_without(each, level, dropped) for each in raw]
    if not isinstance(raw, dict):
        return raw
    return {
        key: _without(value, _INSIDE[key], dropped) if key in _INSIDE else value
        for key, value in raw.items()
        if key not in dropped[level]
    }


def _both(a: Mapping[str, frozenset[str]], b: Mapping[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    return {level: a[level] | b[level] for level in a}


_NOT_LAYOUT = _both(JUDGED, SHOWN)


def digest(content: Any) -> str:
    """Sixteen hexadecimal digits of plain data; the same on every machine and Python version."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def resolved(raw: Mapping[str, Any], lists: Mapping[str, Any]) -> dict[str, Any]:
    """The form's document with the shared lists it names written out, so that it stands alone."""

    def of(each: Mapping[str, Any]) -> dict[str, Any]:
        named = each.get("choices_from", "")
        if named not in lists:
            return dict(each)
        return {**{key: value for key, value in each.items() if key != "choices_from"}, "choices": lists[named]}

    found = {**raw, "columns": [of(column) for column in raw["columns"]]}
    if "rows" in raw:
        found["rows"] = [of(row) for row in raw["rows"]]
    return found


def layout_of_form(file: str, raw: Mapping[str, Any], lists: Mapping[str, Any]) -> str:
    """The hash of a form's layout. The file's name is part of it: the sheet's mark carries it."""
    return digest([PurePosixPath(file).stem, _without(resolved(raw, lists), "form", _NOT_LAYOUT)])


def layout_of_set(forms: Mapping[str, str]) -> str:
    """The hash of a set's layout from those of its forms, in whatever order and of whatever year."""
    return digest(dict(forms))


def judged(raw: Mapping[str, Any], lists: Mapping[str, Any]) -> Any:
    """What of a form's document a verdict rests on: everything but what is only shown."""
    return spoken_away(_without(resolved(raw, lists), "form", SHOWN))


def spoken_away(raw: Any) -> Any:
    """Plain data without sources, notes, labels and days of review, at any depth."""
    if isinstance(raw, list):
        return [spoken_away(each) for each in raw]
    if isinstance(raw, dict):
        return {key: spoken_away(value) for key, value in raw.items() if key not in _SPOKEN}
    return raw


_APART = (
    "blanketter/",
    "parametrar/",
    "kf/",
    "listor.yaml",
    "kallor.yaml",
    "blankettset.yaml",
    "stad",
)  # weighed on their own


def judgement_of(
    documents: Mapping[str, Any], report_date: str, year: int, forms: Iterable[tuple[str, Mapping[str, Any]]]
) -> str:
    """The hash of the data that a verdict on a set rests on: the set's forms, parameters that have come into force by
    the report date, kommunfullmäktige's plan, the register and every other list of words or names."""
    lists = documents["listor.yaml"]["listor"]
    parameters = {
        each["id"]: [each["unit"], sorted(_in_force(each["values"], report_date))]
        for name, document in documents.items()
        if name.startswith("parametrar/")
        for each in document["parametrar"]
    }
    plans = {name: document for name, document in documents.items() if name == f"kf/{year}.yaml"}
    others = {name: document for name, document in documents.items() if not name.startswith(_APART)}
    layouts = {name: [layout_of_form(name, raw, lists), judged(raw, lists)] for name, raw in forms}
    answers = {name: [[choice["id"], choice["label"]] for choice in choices] for name, choices in lists.items()}
    return digest([report_date, layouts, parameters, spoken_away(plans), answers, spoken_away(others)])


def _in_force(values: Iterable[Mapping[str, str]], report_date: str) -> Iterable[list[str]]:
    for each in values:
        if each["from"] <= report_date:
            yield [each["from"], each.get("to", ""), str(Decimal(each["value"]).normalize())]
