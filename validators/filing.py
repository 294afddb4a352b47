"""What the rules see: a filled set with its definitions, and short ways to say where something stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

from blankettset.templates.model import Blankett, Blankettset, CellDef, Kind
from blankettset.templates.model import Namnd as NamndInfo
from blankettset.validators.finding import Figure, Finding, Hit, Severity, Wait, clean, cut
from blankettset.workbook.calc.evaluate import Evaluation, Key
from blankettset.workbook.read.filled import Cell, FilledForm, FilledSet

if TYPE_CHECKING:
    from blankettset.workbook.carry.past import Past
    from blankettset.workbook.report.document import Rapport

COVER = "forsattsblad"
INPUTS = (Kind.INPUT, Kind.SLK)
LOST = frozenset(  # problems that leave a form's figures unread
    {"rad_saknas", "kolumn_saknas", "dubbelt_rad_id", "dubbelt_kolumn_id", "blad_saknas", "missing_part", "tomt_blad", "id_borta",
     "dold_rad_borta", "dold_kolumn_borta"}
)  # fmt: skip


class Filing:
    """A handed-in set under judgement."""

    def __init__(
        self,
        filled: FilledSet,
        is_explained: Callable[[Sequence[Finding]], bool] = lambda _: False,
        previous: tuple[Past, ...] = (),
        report: Rapport | None = None,
    ) -> None:
        self.report = report
        self.filled, self.is_explained, self.previous = filled, is_explained, previous
        self.causes: list[Wait] = []
        self.in_other_unit: set[str] = set()  # forms whose amounts are all a thousandfold
        self.blamed_at: dict[str, str] = {}  # Blad!A1 -> the rule that has blamed the cell
        self.set: Blankettset = filled.set
        self.blamed: dict[Key, Decimal | None] = {}
        self.memory: dict[tuple[str, str], Any] = {}  # what several rules need, worked out once
        self._corrected: Evaluation | None = None

    @property
    def evaluation(self) -> Evaluation:
        """Expected values from what stands in the cells."""
        return self.filled.evaluation

    @cached_property
    def namnd(self) -> NamndInfo | None:
        """The nämnd of the stamp, or None when the register does not know it."""
        return self.set.namnder.get(self.filled.namnd)

    def waits(self, code: str, hit: Hit) -> bool:
        """True when the hit only follows from a cause that has been found, or from a cell that another rule has blamed."""
        if any(cause.holds(code, hit) for cause in self.causes):
            return True
        return any(self.blamed_at.get(place or "", code) != code for place in (hit.place, *hit.related))

    def settle(self, of_rule: Sequence[Finding]) -> None:
        """Take back the blame where one explanation answers for all that a rule has found, on a form or everywhere."""
        groups: dict[str | None, list[Finding]] = {}
        for finding in of_rule:
            groups.setdefault(finding.hit.form, []).append(finding)
        for findings in (*groups.values(), of_rule):
            if self.blamed and self.is_explained(findings):
                for hit in (finding.hit for finding in findings):
                    self.blamed.pop((hit.form or "", hit.row or "", hit.column or ""), None)
                    self.blamed_at.pop(hit.place or "", None)
                self._corrected = None

    def blame(self, finding: Finding) -> None:
        """Remember that a cell is wrong, and what it should hold if that is known. An explained one is not wrong."""
        hit = finding.hit
        if not finding.prov:
            self.causes += hit.waits
        if finding.severity is Severity.UPPLYSNING or not hit.follows_from_here or self.is_explained([finding]):
            return
        if hit.form is not None and hit.row is not None and hit.column is not None:
            expected = hit.expected if isinstance(hit.expected, Decimal) and not hit.guess else None
            self.blamed[hit.form, hit.row, hit.column] = expected
            self.blamed_at.setdefault(hit.place or "", finding.code)
            self._corrected = None

    @property
    def corrected(self) -> Evaluation:
        """Values as they would be with every blamed cell put right; those with no known value are broken."""
        if self._corrected is None:
            typed = {
                cell.key: cell.value
                for form in self.filled.forms.values()
                for cell, definition in form.defined
                if cell.value is not None and not (definition.kind is Kind.COMPUTED and cell.formula is not None)
            }
            facts = typed | {key: value for key, value in self.blamed.items() if value is not None}
            unknown = {key for key, value in self.blamed.items() if value is None}
            self._corrected = Evaluation(self.set, facts, broken=self.filled.broken | unknown)
        return self._corrected

    def forms(self) -> Iterator[FilledForm]:
        """Forms whose sheets were found, in the set's order."""
        return (form for form in self.filled.forms.values() if form.present)

    def declared_not_current(self, form_id: str) -> bool:
        """True when the cover sheet says Ja under "Ej aktuellt" for the form."""
        return self.filled.facts.get((COVER, form_id, "ej_aktuellt")) == "ja"

    def is_blank(self, form_id: str) -> bool:
        """True for a form that is missing or holds nothing the nämnd has filled in."""
        form = self.filled.forms.get(form_id)
        return form is None or not form.present or form.is_empty

    @cached_property
    def unusable(self) -> frozenset[str]:
        """Forms whose rows or columns could not be found; their arithmetic is not judged."""
        return frozenset(p.form for p in self.filled.problems if p.kind in LOST and p.form)

    def judged(self) -> Iterator[FilledForm]:
        """Forms whose figures are judged: found, whole, and filled in (or not filled in by anybody)."""
        for form in self.forms():
            if form.form.id not in self.unusable and not (form.form.has_inputs and form.is_empty):
                yield form

    def cells(self, form: FilledForm, *kinds: Kind) -> Iterator[tuple[Cell, CellDef]]:
        """The form's cells of these kinds in reading order. In list forms only rows that hold something."""
        return iter(form.of_kinds(kinds))

    def computed(self, form: FilledForm) -> Iterator[tuple[Cell, CellDef]]:
        """The form's computed cells, but those that read a form whose rows or columns are lost."""
        for cell, definition in self.cells(form, Kind.COMPUTED):
            if not self.reads_lost(definition):
                yield cell, definition

    def reads_lost(self, definition: CellDef) -> bool:
        """True for a computed cell that reads a form whose rows or columns are lost: what is wrong there follows from that."""
        return bool(self.unusable) and any(ref.blankett in self.unusable for ref in definition.reads)

    def name(self, key: Key) -> str:
        """ "Driftbudget per verksamhetsområde, raden Äldreomsorg, kolumnen Budget (C18)"."""
        form = self.set.blanketter[key[0]]
        cell = self.filled.cell(key)
        at = f" ({cell.address})" if cell else ""
        return f"{form.title}, {self.row_name(form, key[1])}, kolumnen {form.column_by_id[key[2]].name}{at}"

    def row_name(self, form: Blankett, row: str) -> str:
        """ "raden Äldreomsorg"; in a list "rad 3" with what its key column says."""
        if not form.is_list or not row.isdigit():
            return f"raden {form.row_label(row)}"
        key = self.filled.facts.get((form.id, row, form.key)) if form.key else None
        if not isinstance(key, str):
            return f"rad {row}"
        return f"rad {row} ({cut(clean(key))})"

    def at(
        self,
        key: Key,
        text: str,
        action: str,
        *,
        found: Figure = None,
        expected: Figure = None,
        tolerance: Decimal | None = None,
        related: tuple[Key, ...] = (),
        severity: Severity | None = None,
        follows_from_here: bool = True,
        guess: bool = False,
        many: str = "",
        cells: tuple[Key, ...] = (),
        waits: tuple[Wait, ...] = (),
    ) -> Hit:
        """A hit at a cell. The text is put after the cell's name and a colon."""
        cell = self.filled.cell(key)
        form = self.filled.forms[key[0]]
        return Hit(
            text=f"{self.name(key)}: {text}",
            action=action,
            form=key[0],
            sheet=form.sheet,
            cell=cell.address if cell else None,
            row=key[1],
            column=key[2],
            found=found,
            expected=expected,
            tolerance=tolerance,
            related=tuple(self.address(other) for other in related),
            severity=severity,
            follows_from_here=follows_from_here,
            guess=guess,
            many=many,
            cells=tuple(self.address(other) for other in cells),
            waits=waits,
            item=self.item(form.form, key[1]),
            decimals=form.form.decimals if form.form.column_by_id[key[2]].type.is_number else 0,
        )

    def item(self, form: Blankett, row: str) -> str:
        """What a row of a list is about, to know it again when it has moved: its key text, or what else it says."""
        if not form.is_list or not row.isdigit():
            return ""
        facts = self.filled.facts
        columns = [form.key] if form.key else []
        columns += [column for column in form.column_by_id if column != form.key]
        words = (facts.get((form.id, row, column)) for column in columns if form.cell(row, column).kind in INPUTS)
        said = next((word for word in words if isinstance(word, str)), "rad utan namn")
        short = " ".join(said.split())
        return short if len(short) <= 120 else short[:119] + "…"

    def address(self, key: Key) -> str:
        """Sheet and address of a cell: 'Resultatenheter!D20'."""
        cell = self.filled.cell(key)
        return f"{cell.sheet}!{cell.address}" if cell else ".".join(key)

    def order(self, finding: Finding) -> tuple[int, int, int, str]:
        """Form, row and column in the workbook, then code; what belongs to no form comes first."""
        hit = finding.hit
        form = self.set.blanketter.get(hit.form or "")
        if form is None:
            return (-1, 0, 0, finding.code)
        row = column = -1
        if hit.row is not None:
            if form.is_list:
                row = int(hit.row) if hit.row.isdigit() else 10**9
            elif hit.row in form.row_by_id:
                row = form.row_order[hit.row]
        if hit.column is not None and hit.column in form.column_by_id:
            column = form.column_order[hit.column]
        return (self.set.order[form.id], row, column, finding.code)
