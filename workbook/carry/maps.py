"""Rows of one layout answered by rows of another: sums where several make one, a note where one cannot be split."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from blankettset.templates.carries import Pair
from blankettset.templates.formula import WrittenFormula, parse_formula
from blankettset.templates.model import Blankett
from blankettset.workbook.calc.evaluate import Value
from blankettset.workbook.carry.past import Past


class Mapped(msgspec.Struct, frozen=True):
    """What an earlier workbook says for a row: its value, or the value it has together with other rows (`shared`)."""

    value: Decimal | None
    shared: tuple[str, ...] = ()


def rows_of(formula: WrittenFormula) -> tuple[str, ...] | None:
    """The rows of a side that only names rows of the form itself, None for one that reaches into other forms."""
    if any(term.ref.blankett for term in formula):
        return None
    return tuple(term.ref.row or "" for term in formula)


def side_sum(formula: WrittenFormula, past: Past, form_id: str, column: str) -> Decimal | None:
    """A side's amount in an earlier workbook: the sum of what is given, None when nothing is or a form is missing."""
    total, found = Decimal(0), False
    for term in formula:
        form = past.form(term.ref.blankett or form_id)
        own_row = term.ref.row or ""
        own_column = (term.ref.column if term.ref.blankett else column) or column
        if form is None or own_row not in form.row_by_id or own_column not in form.column_by_id:
            continue
        value = past.given((form.id, own_row, own_column))
        if isinstance(value, Decimal):
            total, found = total + term.sign * value, True
        elif term.ref.blankett:
            return None
    return total if found else None


def mapped(pairs: tuple[Pair, ...], form: Blankett, row: str, past: Past, form_id: str, column: str) -> Mapped:
    """What `past` holds in `column` for a row of the new form, by the first pair that knows."""
    plan = "t" if past.set.period == "VP" else "vp"
    named = False
    for pair in pairs:
        theirs, ours = (pair.vp, pair.t) if plan == "t" else (pair.t, pair.vp)
        own = rows_of(ours)
        if own is None or row not in own:
            named = named or row in (rows_of(theirs) or ())
            continue
        named = True
        value = side_sum(theirs, past, form_id, column)
        if value is not None:
            there = tuple(each for each in own if each in form.row_by_id and each != row)
            return Mapped(value, there)
    if named:
        return Mapped(None)
    found = past.given((form_id, row, column)) if _has(past, form_id, row, column) else None
    return Mapped(found if isinstance(found, Decimal) else None)


def asked_for(places: tuple[str, ...], past: Past, form_id: str, row: str) -> Decimal | None:
    """What an earlier report asked for on a row: the first place that holds an amount, in its own columns or in a list."""
    for place in places:
        if "." not in place:
            value = past.facts.get((form_id, row, place))
        else:
            ref = parse_formula(place.replace("{rad}", row), "cell")[0].ref
            rows = past.items.get(ref.blankett or "", ()) if ref.where else ()
            column, wanted = ref.where or ("", "")
            given = [past.facts.get((ref.blankett or "", each, ref.column or "")) for each in rows
                     if past.facts.get((ref.blankett or "", each, column)) == wanted]  # fmt: skip
            value = sum((g for g in given if isinstance(g, Decimal)), Decimal(0))
        if isinstance(value, Decimal) and value:
            return value
    return None


def without_place(pairs: tuple[Pair, ...], form: Blankett, past: Past, form_id: str, column: str) -> list[tuple[str, Value]]:  # fmt: skip
    """Rows of an earlier form whose amount has no place in the new one: label and amount, noughts aside."""
    source = past.set.blanketter[form_id]
    plan = past.set.period == "VP"
    placed = set(form.row_by_id)
    for pair in pairs:
        theirs, ours = (pair.vp, pair.t) if plan else (pair.t, pair.vp)
        own = rows_of(ours) or ()
        if any(row in form.row_by_id for row in own):
            placed |= set(rows_of(theirs) or ())
    found: list[tuple[str, Value]] = []
    for row in source.rows:
        if row.id in placed or row.varav_of or row.heading or row.formula:
            continue
        value = past.given((form_id, row.id, column))
        if value:
            found.append((row.label, value))
    return found


def _has(past: Past, form_id: str, row: str, column: str) -> bool:
    form = past.form(form_id)
    return form is not None and row in form.row_by_id and column in form.column_by_id
