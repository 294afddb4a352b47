"""The forms of every set that the definitions make, together: places that must exist, sums that end, sheets with a name each."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from blankettset.templates.check import Documents, Mistake, Step, refuse
from blankettset.templates.formula import Ref
from blankettset.templates.model import ITEM, LIST_TOTAL, MONEY_SCALE, Blankett, Blankettset, CellDef, Kind, Relation
from blankettset.templates.schema import nearest

ILLEGAL = "[]:*?/\\"
LONGEST = 31
RESERVED = ("Innehåll", "Parametrar", "Långa texter", "Avstämning", "_listor", "_stampel", "Översikt", "Matriser", "Fakta", "Fynd", "Proveniens",
            "Data", "Målmatris", "Indikatormatris", "History", "Historik")  # fmt: skip

Files = Mapping[str, str]  # form -> file


def sets(documents: Documents, bound: Iterable[tuple[Blankettset, Files]]) -> None:
    """Check the sets, each with the files that its forms come from. DefinitionError for what is wrong."""
    found: dict[tuple[str, tuple[Step, ...]], str] = {}
    relations = _Relations(documents)
    for blankettset, files in bound:
        for form_id, path, text in _set(blankettset, documents, files):
            found.setdefault((files[form_id], path), text)
        relations.see(blankettset, files)
    for name, path, text in relations.unmet():
        found.setdefault((name, path), text)
    refuse((documents[name], path, text) for (name, path), text in found.items())


Found = Iterator[tuple[str, tuple[Step, ...], str]]


def _set(bound: Blankettset, documents: Documents, files: Files) -> Found:
    yield from _sheets(bound)
    orders: dict[int, str] = {}
    for form in bound.blanketter.values():
        document = documents[files[form.id]]
        if form.order in orders:
            yield form.id, ("order",), f"ordningen {form.order} har redan blanketten »{orders[form.order]}»."
        orders.setdefault(form.order, form.id)
        for path, text in _computed(bound, form, document.data):
            yield form.id, path, text
    yield from _circles(bound, documents, files)


def _sheets(bound: Blankettset) -> Found:
    names: dict[str, str] = {}
    for form in bound.blanketter.values():
        name = form.sheet
        wrong = ""
        if len(name) > LONGEST:
            wrong = f"är {len(name)} tecken; Excel tar högst {LONGEST}"
        elif bad := sorted(set(name) & set(ILLEGAL)):
            wrong = f"har tecknet {bad[0]}, som Excel inte tar i ett bladnamn"
        elif name.startswith("'") or name.endswith("'"):
            wrong = "får inte börja eller sluta med en apostrof"
        elif name != name.strip():
            wrong = "börjar eller slutar med ett mellanslag"
        elif name.casefold() in map(str.casefold, RESERVED):
            wrong = "är ett blad som programmet eller Excel själv gör"
        elif name.casefold() in names:
            wrong = f"har redan blanketten »{names[name.casefold()]}»"
        names.setdefault(name.casefold(), form.id)
        if wrong:
            yield form.id, ("sheet",), f"bladnamnet »{name}» {wrong}."


# ---- computed cells


def _computed(bound: Blankettset, form: Blankett, data: Any) -> Iterator[Mistake]:
    for row, column, cell in _cells(form):
        where = _place(form, data, row, column)
        for ref in cell.reads:
            if not bound.knows(ref):
                yield where, f"{_name(row, column)} räknas ur {_short(form, ref)}, men {_why(bound, ref)}"
            elif cell.formula is not None and not _definition(bound, ref).type.is_number:
                yield (
                    where,
                    f"{_name(row, column)} summerar {_short(form, ref)}, som är {_definition(bound, ref).type} och inget tal.",
                )
        for term in cell.formula or ():
            if term.parameter is None:
                continue
            parameter = bound.parameters.get(term.parameter)
            if parameter is None:
                yield (
                    where,
                    f"parametern »{term.parameter}» finns inte{nearest(term.parameter, list(bound.parameters)) or '.'}",
                )
            elif parameter.on(bound.report_date) is None:
                yield where, f"parametern »{term.parameter}» saknar värde den {bound.report_date}."


def _cells(form: Blankett) -> Iterator[tuple[str, str, CellDef]]:
    rows = [ITEM, *([LIST_TOTAL] if form.total_columns else [])] if form.is_list else [row.id for row in form.rows]
    for row, column in itertools.product(rows, form.column_by_id):
        cell = form.cell(row, column)
        if cell.kind is Kind.COMPUTED:
            yield row, column, cell


def _definition(bound: Blankettset, ref: Ref) -> CellDef:
    form = bound.blanketter[ref.blankett]
    return form.cell(ITEM if form.is_list and ref.row != LIST_TOTAL else ref.row, ref.column)


def _name(row: str, column: str) -> str:
    return f"kolumnen »{column}»" if row == ITEM else f"cellen {row}.{column}"


def _short(form: Blankett, ref: Ref) -> str:
    """A place as the form itself would write it."""
    row = f"{ref.row}[{ref.where[0]}={ref.where[1]}]" if ref.where else ref.row
    parts = (ref.blankett if ref.blankett != form.id else "", row if row != ITEM else "", ref.column)
    return ".".join(part for part in parts if part)


def _why(bound: Blankettset, ref: Ref) -> str:
    """Why there is no such place, and what may have been meant."""
    form = bound.blanketter.get(ref.blankett)
    if form is None:
        return (
            f"blanketten »{ref.blankett}» finns inte i {bound.id}{nearest(ref.blankett, list(bound.blanketter)) or '.'}"
        )
    if ref.column not in form.column_by_id:
        return f"kolumnen »{ref.column}» finns inte i {form.id}{nearest(ref.column, list(form.column_by_id)) or '.'}"
    if ref.where is not None and (problem := _why_not_where(form, ref.where)):
        return problem
    if form.is_list:
        if ref.row == LIST_TOTAL:
            return f"listan {form.id} summerar inte kolumnen »{ref.column}» (total)."
        return f"raden »{ref.row}» finns inte: {form.id} är en lista, där raden är * eller {LIST_TOTAL}."
    if ref.row not in form.row_by_id:
        return f"raden »{ref.row}» finns inte i {form.id}{nearest(ref.row, list(form.row_by_id)) or '.'}"
    return f"cellen {ref.row}.{ref.column} i {form.id} är inte tillämplig."


def _why_not_where(form: Blankett, where: tuple[str, str]) -> str:
    column, choice = where
    if column not in form.column_by_id:
        return f"kolumnen »{column}» finns inte i {form.id}{nearest(column, list(form.column_by_id)) or '.'}"
    choices = [each.id for each in form.column_by_id[column].choices]
    if choice not in choices:
        return f"»{choice}» är inget svar i kolumnen {column} i {form.id}{nearest(choice, choices) or '.'}"
    return ""


def _place(form: Blankett, data: Any, row: str, column: str) -> tuple[Step, ...]:
    """Where a definition says how a cell is computed."""
    for number, cell in enumerate(data.get("cells", ())):
        if (cell["row"], cell["column"]) == (row, column) and cell.keys() & {"formula", "function"}:
            return ("cells", number)
    for number, each in enumerate(data["columns"]):
        own = each["id"] == column and not (form.is_list and row == LIST_TOTAL)
        if own and each.keys() & {"formula", "function"}:
            return ("columns", number, "formula" if "formula" in each else "function")
    for number, each in enumerate(data.get("rows", ())):
        if each["id"] == row:
            return ("rows", number, "sum")
    return ("total",)


Cell = tuple[str, str, str]


def _circles(bound: Blankettset, documents: Documents, files: Files) -> Found:
    """Each circle once, told where its first sum is written."""
    reads: dict[Cell, list[Cell]] = {}
    for form in bound.blanketter.values():
        for row, column, cell in _cells(form):
            known = (ref for ref in cell.reads if bound.knows(ref))
            reads[form.id, row, column] = [
                (ref.blankett, ITEM if ref.row == "*" else ref.row, ref.column) for ref in known
            ]
    done: set[Cell] = set()
    told: set[frozenset[tuple[str, int]]] = set()
    for start in reads:
        circle = _circle(start, reads, [], done)
        if not circle:
            continue
        places = []
        for owner, row, column in circle:
            document = documents[files[owner]]
            path = _place(bound.blanketter[owner], document.data, row, column)
            places.append((owner, document.line(path), path))
        lines = frozenset((owner, line) for owner, line, _ in places)
        if lines not in told:  # the same circle in another column is the same slip
            names = " → ".join(f"{r}.{c}" if r != ITEM else c for _, r, c in [*circle, circle[0]])
            owner, _, path = min(places)
            yield owner, path, f"summan går i cirkel: {names}."
        told.add(lines)


def _circle(cell: Cell, reads: Mapping[Cell, list[Cell]], way: list[Cell], done: set[Cell]) -> list[Cell] | None:
    if cell in way:
        return way[way.index(cell) :]
    if cell in done or cell not in reads:
        return None
    way.append(cell)
    for each in reads[cell]:
        if circle := _circle(each, reads, way, done):
            return circle
    done.add(way.pop())
    return None


# ---- relations


class _Relations:
    """Which relations have been met by some set, and why the others have not."""

    def __init__(self, documents: Documents) -> None:
        self.documents = documents
        self.reasons: dict[tuple[str, int, int], str | None] = {}  # file, relation, which of its combinations

    def see(self, bound: Blankettset, files: Files) -> None:
        """Try the relations of a set's forms."""
        for form in bound.blanketter.values():
            relations = iter(form.relations)
            for number, raw in enumerate(self.documents[files[form.id]].data.get("relations", ())):
                for which in range(math.prod(len(values) for values in raw.get("each", {}).values())):
                    self._try(bound, form, next(relations), (files[form.id], number, which))

    def _try(self, bound: Blankettset, form: Blankett, relation: Relation, key: tuple[str, int, int]) -> None:
        refs = [*(term.ref for term in (*relation.left, *relation.right)), *relation.needs]
        unknown = next((ref for ref in refs if not bound.knows(ref) or _bad_where(bound, ref)), None)
        if unknown is None:
            reason = _incomparable(bound, form, refs)
            self.reasons[key] = reason
        elif self.reasons.get(key, "") is not None:
            known = self.reasons.get(key) or ""
            told = f"sambandet pekar på {_short(form, unknown)}, men {_why(bound, unknown)}"
            self.reasons[key] = told if not known or "finns inte i " + bound.id not in told else known

    def unmet(self) -> Iterator[tuple[str, tuple[Step, ...], str]]:
        """The relations that no set can judge."""
        for (name, number, _), reason in self.reasons.items():
            if reason is not None:
                yield name, ("relations", number), reason


def _bad_where(bound: Blankettset, ref: Ref) -> bool:
    return ref.where is not None and bool(_why_not_where(bound.blanketter[ref.blankett], ref.where))


def _incomparable(bound: Blankettset, form: Blankett, refs: list[Ref]) -> str | None:
    for ref in refs:
        if not _definition(bound, ref).type.is_number:
            return f"sambandet jämför {_short(form, ref)}, som är {_definition(bound, ref).type} och inget tal."
    units = {ref: bound.blanketter[ref.blankett].unit_of(ref.column) for ref in refs}
    kinds = {"belopp" if unit in MONEY_SCALE else unit: (ref, unit) for ref, unit in units.items()}
    if len(kinds) > 1:
        (one, unit), (other, another) = list(kinds.values())[:2]
        return f"sambandet jämför {_short(form, one)} i {unit} med {_short(form, other)} i {another}."
    return None
