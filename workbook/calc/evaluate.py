"""Evaluates a set: what every computed cell should hold, given what was put in.

The oracle of the builder (stored values), of the rules (expected values) and of the LibreOffice test. Blank
counts as zero in a sum, as in Excel; text where a number belongs makes what depends on it impossible to compute.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from blankettset.templates.formula import Ref
from blankettset.templates.model import ITEM, IU, LIST_TOTAL, Blankettset, CellDef, Kind
from blankettset.workbook.calc.form_functions import FORM_FUNCTIONS
from blankettset.workbook.calc.values import LARGEST

Key = tuple[str, str, str]
Value = Decimal | str | None
Facts = Mapping[Key, Value]


class NotComputable(Exception):
    """A figure that the formula needs is text or an error; the caller reports the broken cell, not this one."""


class Evaluation:
    """Values of one filled set. `facts` holds what stands in cells; list rows are known from it.

    A fact for a computed cell stands in place of the formula when it differs by more than the form's tolerance
    (as an overwritten formula does in Excel), so what builds on it follows it. With `keep_formulas` such facts
    are ignored and everything is recomputed from the inputs.
    """

    def __init__(
        self,
        blankettset: Blankettset,
        facts: Facts,
        *,
        broken: Iterable[Key] = (),
        keep_formulas: bool = False,
    ) -> None:
        self.set = blankettset
        self.facts = facts
        self.broken = frozenset(broken)
        self.keep_formulas = keep_formulas
        self.items = list_items(blankettset, facts)
        self._values: dict[Key, Value] = {}
        self._expectations: dict[Key, Value] = {}
        self._is_computed: dict[Ref, bool] = {}
        self._columns: dict[Ref, tuple[Value, ...]] = {}
        self._open: set[Key] = set()

    def value(self, key: Key) -> Value:
        """What stands in the cell: the input, or the formula's result unless a fact has replaced it."""
        if key in self._values:
            return self._values[key]
        form, row, column = key
        cell = self.set.blanketter[form].cell(row, column)
        found = self.facts.get(key)
        if key in self.broken:
            raise NotComputable(key)
        if cell.kind is Kind.COMPUTED:
            expected = self.expected(key)
            if found is None or self.keep_formulas or not self.differs(key, found, expected):
                found = expected
        self._values[key] = found
        return found

    def differs(self, key: Key, found: Value, expected: Value) -> bool:
        """True when a found figure is further from the expected one than the form tolerates."""
        if not isinstance(found, Decimal) or not isinstance(expected, Decimal):
            return found != expected
        form = self.set.blanketter[key[0]]
        tolerance = form.tolerance
        if form.unit_of(key[2]) != form.unit:  # a percentage or count: one unit in its last place
            tolerance = Decimal(1).scaleb(-form.decimals_of(key[1], key[2]))
        return abs(found - expected) > tolerance

    def expected(self, key: Key) -> Value:
        """The formula's result from what stands in the cells it reads. None for a blank list row or ratio.

        NotComputable when a cell it reads is broken, and for a figure larger than a cell holds.
        """
        if key in self._expectations:
            return self._expectations[key]
        if key in self._open:
            raise RecursionError(f"formlerna går i cirkel vid {'.'.join(key)}")
        self._open.add(key)
        try:
            found = self._expected(key)
            if isinstance(found, Decimal) and abs(found) >= LARGEST:
                raise NotComputable(key)
            self._expectations[key] = found
            return found
        finally:
            self._open.discard(key)

    def _expected(self, key: Key) -> Value:
        form_id, row, column = key
        form = self.set.blanketter[form_id]
        cell = form.cell(row, column)
        if form.is_list and row != LIST_TOTAL and form.key and self.facts.get((form_id, row, form.key)) is None:
            return None
        if cell.function is not None:
            function = FORM_FUNCTIONS[cell.function.name]
            if function.words:
                words = [self._column(ref) if ref.row == "*" else self._word(ref, row) for ref in cell.function.args]
                more = [self.set.report_date] if function.dated else []
                found: Value = function.python(*words, *map(self.set.in_formulas, function.parameters), *more)
                return found
            args = [self._at(ref, row) for ref in cell.function.args]
            result: Value = function.python(*args, *map(self.set.in_formulas, function.parameters))
            return result
        return self.total(cell, row, form.unit_of(column))

    def total(self, cell: CellDef, row: str, unit: str) -> Decimal:
        """The sum of a formula's terms in `unit`; blanks count as zero."""
        total = Decimal(0)
        for term in cell.formula or ():
            figure = self._at(term.ref, row) or Decimal(0)
            factor = self.set.in_formulas(term.parameter) if term.parameter else Decimal(1)
            total += term.sign * factor * figure * self.set.scale(term.ref, unit)
        return total

    def figure(self, ref: Ref) -> Decimal | None:
        """What stands at an absolute place (None: blank). "*" sums the rows of a list form."""
        return self._at(ref, "")

    def _at(self, ref: Ref, own_row: str) -> Decimal | None:
        if ref.row == "*":
            figures = [self._number((ref.blankett, row, ref.column)) for row in self._matching(ref)]
            return sum((f for f in figures if f is not None), Decimal(0))
        return self._number((ref.blankett, own_row if ref.row == ITEM else ref.row, ref.column))

    def _word(self, ref: Ref, own_row: str) -> Value:
        """What stands at a place as it is, text or number."""
        row = own_row if ref.row == ITEM else ref.row
        key = (ref.blankett, row, ref.column)
        computed = self._is_computed.get(ref)
        if computed is None:
            cell = self.set.blanketter[key[0]].cell(row, key[2])
            computed = self._is_computed[ref] = cell.kind is Kind.COMPUTED
        return self.value(key) if computed or key in self.broken else self.facts.get(key)

    def _column(self, ref: Ref) -> tuple[Value, ...]:
        """What stands in a column of a list form, row by row."""
        if ref not in self._columns:
            form, column = ref.blankett, ref.column
            found = (self.known((form, item, column)) for item in self.items.get(form, ()))
            self._columns[ref] = tuple(found)
        return self._columns[ref]

    def known(self, key: Key) -> Value:
        """As value, but None for what cannot be computed."""
        try:
            return self.value(key)
        except NotComputable:
            return None

    def _matching(self, ref: Ref) -> Iterator[str]:
        for row in self.items.get(ref.blankett, ()):
            if ref.where is None or self.facts.get((ref.blankett, row, ref.where[0])) == ref.where[1]:
                yield row

    def _number(self, key: Key) -> Decimal | None:
        value = self.value(key)
        if value is None or value == "" or value == IU:
            return None
        if not isinstance(value, Decimal):
            raise NotComputable(key)
        return value

    def computed(self) -> Iterator[tuple[Key, CellDef]]:
        """Every computed cell of the set; in list forms only rows that hold something, and the total."""
        for form in self.set.blanketter.values():
            for row, column, cell in form.fixed_cells():
                if cell.kind is Kind.COMPUTED:
                    yield (form.id, row, column), cell
            for row in self.items.get(form.id, ()):
                for column in form.column_by_id:
                    cell = form.cell(row, column)
                    if cell.kind is Kind.COMPUTED:
                        yield (form.id, row, column), cell


def list_items(blankettset: Blankettset, facts: Facts) -> dict[str, list[str]]:
    """Rows of each list form that hold something that is not computed, in order."""
    found: dict[str, set[str]] = {form.id: set() for form in blankettset.blanketter.values() if form.is_list}
    given = {
        (form_id, column)
        for form_id in found
        for column in blankettset.blanketter[form_id].column_by_id
        if blankettset.blanketter[form_id].cell("1", column).kind is not Kind.COMPUTED
    }
    for (form_id, row, column), value in facts.items():
        if value is not None and row != LIST_TOTAL and (form_id, column) in given:
            found[form_id].add(row)
    return {form_id: sorted(rows, key=int) for form_id, rows in found.items()}
