"""What the sheet Avstämning checks, made from the definitions: each check as a live formula, with its value beside it.

A check is right, wrong or not to be judged yet; it says the same as the program's rule of the same code wherever a formula
can see the fault (tests/test_avstamning.py compares them). Nothing here is written to a sheet: see workbook.write.avstamning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import cached_property

import msgspec

from blankettset.templates.formula import Formula, Ref
from blankettset.templates.model import LIST_TOTAL, Blankett, CellDef, Column, Kind, Relation
from blankettset.workbook.calc.evaluate import Evaluation, NotComputable, Value
from blankettset.workbook.layout.excel_formula import Places, quote_sheet, sum_text
from blankettset.workbook.layout.placement import Placement
from blankettset.workbook.layout.start import starting_facts

COVER = "forsattsblad"
OK, WRONG, LEFT, NOT_YET = "Stämmer", "Avviker", "Återstår", "–"
NOT_ASKED = "Ej aktuell"
UNITS, GROSS = "resultatenheter", "omslutning"
INPUTS = (Kind.INPUT, Kind.SLK)
NOT_BY_FORMULA = {"BF208"}  # judged only once all counts that it rests on are given, which the program sees
NOISE = 6  # decimals: binary fractions in a sheet are not differences


class Check(msgspec.Struct, frozen=True):
    """One line: what is compared, as formulas without their equals sign and as values now.

    `left` and `right` are figures (or counts), `state` an expression of OK, WRONG, LEFT, NOT_YET or NOT_ASKED in which
    {left} and {right} stand for the line's own cells. `tolerance` is in the unit of the figures.
    """

    form: str
    codes: tuple[str, ...]
    text: str
    left: str
    right: str
    state: str
    values: tuple[Value, Value, str]
    advice: str
    tolerance: Decimal = Decimal(0)
    decimals: int = 0


class Checks:
    """The checks of one set, for the workbook that is being built."""

    def __init__(self, evaluation: Evaluation, placements: Mapping[str, Placement], places: Places) -> None:
        self.evaluation, self.placements, self.places = evaluation, placements, places
        self.set, self.facts = evaluation.set, evaluation.facts
        self._given = starting_facts(self.set)

    def of(self, form: Blankett) -> Iterator[Check]:
        """The checks that belong to a form: filled in, numbers, formulas, signs, parts, relations, the city's limits."""
        if form.group == "kontroll" or (form.id == COVER and not form.has_inputs):
            return
        if form.has_inputs:
            yield from self._complete(form)
            yield from self._numbers(form)
        yield from self._formulas(form)
        yield from self._signs(form)
        yield from self._parts(form)
        for relation in self._relations.get(form.id, ()):
            yield self._relation(form, relation)
        if form.id == UNITS and "bruttobudget" in form.column_by_id and "overforing_fran" in form.column_by_id:
            yield from self._limits(form)
        if form.id == GROSS:
            yield self._net(form)

    @cached_property
    def _relations(self) -> Mapping[str, list[Relation]]:
        """The relations by the form whose figure is judged, wherever they are written down."""
        found: dict[str, list[Relation]] = {}
        for form in self.set.blanketter.values():
            for relation in form.relations:
                known = all(self.set.knows(term.ref) for term in relation.left + relation.right)
                if known and relation.code not in NOT_BY_FORMULA:
                    found.setdefault(relation.left[0].ref.blankett, []).append(relation)
        return found

    # ---- places

    def _spans(self, form: Blankett, wanted: Callable[[CellDef, Column, str], bool]) -> list[str]:
        place, sheet = self.placements[form.id], quote_sheet(form.sheet)
        return [
            f"{sheet}!{span}"
            for span in place.spans(lambda row, column: wanted(form.cell(row, column.id), column, row))
        ]

    def _keys(self, form: Blankett, wanted: Callable[[CellDef, Column, str], bool]) -> Iterator[Value]:
        for row in self.placements[form.id].rows:
            for column in () if row.startswith("#") else form.columns:
                if wanted(form.cell(row, column.id), column, row):
                    yield self.facts.get((form.id, row, column.id))

    def begun(self, form: Blankett) -> str:
        """How many cells the nämnd has filled in, as an expression; KF's own rows and prefilled prices do not count."""
        count = f"COUNTA({','.join(self._spans(form, self._is_own(form)))})"
        if form.key and (rows := self._given_rows(form)):
            count += f"+MAX(0,COUNTA({self.places.column('', form.id, form.key)})-{rows})"
        return count

    def _given_rows(self, form: Blankett) -> int:
        return len({row for form_id, row, _ in self._given if form_id == form.id})

    def _is_own(self, form: Blankett) -> Callable[[CellDef, Column, str], bool]:
        """Cells that are the nämnd's to fill in: not the columns of the rows that an empty set begins with."""
        given = {column for form_id, _, column in self._given if form_id == form.id} if form.is_list else set()
        return lambda cell, column, row: (
            cell.kind in INPUTS and not cell.prefill_parameter and not cell.prefill and column.id not in given
        )

    def _has_begun(self, form: Blankett) -> bool:
        if form.key and (rows := self._given_rows(form)):
            named = sum(self.facts.get((form.id, row, form.key)) is not None for row in self.evaluation.items[form.id])
            if named > rows:
                return True
        return any(value is not None for value in self._keys(form, self._is_own(form)))

    def declared(self, form_id: str) -> str | None:
        """Where the cover says whether a form is ej aktuell, if it can be said."""
        cover = self.placements.get(COVER)
        if cover is None or form_id not in cover.rows or "ej_aktuellt" not in cover.columns:
            return None
        return f"{quote_sheet(cover.form.sheet)}!{cover.address(form_id, 'ej_aktuellt')}"

    def _is_declared(self, form_id: str) -> bool:
        return self.facts.get((COVER, form_id, "ej_aktuellt")) == "ja"

    # ---- filled in

    def _complete(self, form: Blankett) -> Iterator[Check]:
        begun, has_begun = self.begun(form), self._has_begun(form)
        if form.is_list:
            needed = [c for c in form.columns if c.id != form.key and form.cell("1", c.id).required]
            if not form.key or form.cell("1", form.key).kind is Kind.SYSTEM:
                return
            named = self.places.column("", form.id, form.key)
            gaps = "+".join(f'({self.places.column("", form.id, c.id)}="")' for c in needed) or "0"
            left = f'SUMPRODUCT(({named}<>"")*({gaps}))' if needed else "0"
            rows = [
                row for row in self.evaluation.items[form.id] if self.facts.get((form.id, row, form.key)) is not None
            ]
            missing = sum(self.facts.get((form.id, row, c.id)) is None for row in rows for c in needed)
        else:
            spans = self._spans(form, lambda cell, column, row: cell.required)
            wanted = sum(1 for _ in self._keys(form, lambda cell, column, row: cell.required))
            filled = sum(v is not None for v in self._keys(form, lambda cell, column, row: cell.required))
            left = f"{wanted}-COUNTA({','.join(spans)})" if spans else "0"
            missing = wanted - filled
        where, declared = self.declared(form.id), self._is_declared(form.id)
        state = f'IF({begun}=0,"{LEFT}",IF({{left}}=0,"{OK}","{LEFT}"))'
        now = LEFT if not has_begun or missing else OK
        if where is not None:
            state = f'IF({where}="Ja",IF({begun}=0,"{NOT_ASKED}","{WRONG}"),{state})'
            now = (WRONG if has_begun else NOT_ASKED) if declared else now
        advice = "Fyll i de obligatoriska cellerna; skriv 0 om det inte finns något att redovisa."
        if where is not None:
            advice += " Lämnas blanketten inte: välj Ja under Ej aktuellt på Försättsbladet och töm den."
        yield Check(
            form.id, ("BF016", "BF017", "BF018"), "Ifylld, eller angiven som ej aktuell: obligatoriska celler som saknas",
            left, "0", state, (Decimal(missing), Decimal(0), now), advice,
        )  # fmt: skip

    def _numbers(self, form: Blankett) -> Iterator[Check]:
        spans = self._spans(form, lambda cell, column, row: cell.kind in INPUTS and cell.type.is_number)
        if not spans:
            return
        with_iu = self._spans(form, lambda cell, column, row: cell.kind in INPUTS and cell.type.is_number and cell.iu)
        text = "+".join(f"SUMPRODUCT(ISTEXT({span})+ISERROR({span}))" for span in spans)
        text += "".join(f'-COUNTIF({span},"i.u.")' for span in with_iu)
        yield self._none(form, ("BF010", "BF011"), "Tal som står som text, och felvärden", text, 0,
                         "Skriv talet på nytt med decimalkomma, utan mellanslag och enhet.")  # fmt: skip

    def _formulas(self, form: Blankett) -> Iterator[Check]:
        spans = self._spans(form, lambda cell, column, row: cell.kind is Kind.COMPUTED)
        if not spans:
            return
        kept = 0
        for key, _ in self.evaluation.computed():
            if key[0] == form.id:
                try:
                    given = self.evaluation.value(key)
                    kept += isinstance(given, Decimal) and given != self.evaluation.expected(key)
                except NotComputable:
                    pass
        text = "+".join(f"SUMPRODUCT(1-_xlfn.ISFORMULA({span}))" for span in spans)
        yield self._none(form, ("BF014", "BF015"), "Vita celler där formeln är överskriven eller borttagen", text, kept,
                         "Ta tillbaka formeln: kopiera cellen bredvid, eller ångra.", whenever=True)  # fmt: skip

    def _signs(self, form: Blankett) -> Iterator[Check]:
        parts, bad = [], 0
        for sign, wrong in (("positive", "<0"), ("negative", ">0")):

            def wanted(cell: CellDef, column: Column, row: str, sign: str = sign) -> bool:
                return cell.kind in INPUTS and cell.type.is_number and cell.sign == sign

            parts += [f'COUNTIF({span},"{wrong}")' for span in self._spans(form, wanted)]
            figures = [v for v in self._keys(form, wanted) if isinstance(v, Decimal)]
            bad += sum(v < 0 if sign == "positive" else v > 0 for v in figures)
        if parts:
            yield self._none(form, ("BF401",), "Belopp med omvänt tecken", "+".join(parts), bad,
                             "Vänd tecknet så som raden under rubriken säger, eller förklara.")  # fmt: skip

    def _parts(self, form: Blankett) -> Iterator[Check]:
        place, parts, bad = self.placements[form.id], [], 0
        tolerance = form.tolerance
        for row in form.rows:
            if row.varav_of is None or row.varav_full:
                continue
            for column in form.columns:
                pair = [form.cell(id_, column.id) for id_ in (row.id, row.varav_of)]
                if (
                    column.formula
                    or column.function
                    or any(not c.type.is_number or c.kind is Kind.NOT_APPLICABLE for c in pair)
                ):
                    continue
                part, whole = (
                    f"N({quote_sheet(form.sheet)}!{place.address(id_, column.id)})" for id_ in (row.id, row.varav_of)
                )
                parts.append(f"({part}*{whole}>0)*(ROUND(ABS({part})-ABS({whole}),{NOISE})>{tolerance})")
                a, b = (self._value((form.id, id_, column.id)) for id_ in (row.id, row.varav_of))
                bad += bool(a is not None and b is not None and a * b > 0 and abs(a) - abs(b) > tolerance)
        if parts:
            yield self._none(form, ("BF105",), "Varav-rader som är större än raden de är en del av", "+".join(parts), bad,
                             "Rätta det belopp som är fel.")  # fmt: skip

    def _value(self, key: tuple[str, str, str]) -> Decimal | None:
        try:
            found = self.evaluation.value(key)
        except NotComputable:
            return None
        return found if isinstance(found, Decimal) else None

    def _none(
        self,
        form: Blankett,
        codes: tuple[str, ...],
        text: str,
        count: str,
        now: int,
        advice: str,
        *,
        whenever: bool = False,
    ) -> Check:
        """A check that counts faults: none is right; a form that nobody has begun is not judged."""
        state = f'IF(ISNUMBER({{left}}),IF({{left}}=0,"{OK}","{WRONG}"),"{WRONG}")'
        value = OK if not now else WRONG
        if form.has_inputs and not whenever:
            state = f'IF({self.begun(form)}=0,"{NOT_YET}",{state})'
            value = value if self._has_begun(form) else NOT_YET
        return Check(form.id, codes, text, count, "0", state, (Decimal(now), Decimal(0), value), advice)

    # ---- between forms

    def _relation(self, form: Blankett, relation: Relation) -> Check:
        unit, tolerance = self.set.compared_in(relation)
        left, right = (sum_text(self.set, side, unit, self.places) for side in (relation.left, relation.right))
        refs = [term.ref for term in relation.left + relation.right]
        forms = [self.set.blanketter[id_] for id_ in dict.fromkeys(ref.blankett or "" for ref in refs)]
        silent, quiet = [], False
        for each in forms:
            if not each.has_inputs:
                continue
            where = self.declared(each.id)
            empty, is_empty = f"{self.begun(each)}=0", not self._has_begun(each)
            if relation.not_current_is_zero and where is not None:
                empty, is_empty = f'AND({empty},{where}<>"Ja")', is_empty and not self._is_declared(each.id)
            silent.append(empty)
            quiet = quiet or is_empty
        for ref in relation.needs:
            place = self.places.cell("", ref.blankett or "", ref.row or "", ref.column or "")
            silent.append(f"NOT(ISNUMBER({place}))")
            quiet = quiet or self._figure(ref) is None
        for ref in refs:
            if ref.row == "*" and ref.where is not None:
                column, choice = ref.where
                label = next(
                    c.label
                    for c in self.set.blanketter[ref.blankett or ""].column_by_id[column].choices
                    if c.id == choice
                )
                silent.append(f'COUNTIF({self.places.column("", ref.blankett or "", column)},"{label}")=0')
                rows = self.evaluation.items.get(ref.blankett or "", ())
                quiet = quiet or not any(self.facts.get((ref.blankett or "", row, column)) == choice for row in rows)
        state = f'IF(ROUND(ABS({{left}}-{{right}}),{NOISE})<={tolerance},"{OK}","{WRONG}")'
        state = f'IF(ISNUMBER({{left}}-{{right}}),{state},"{WRONG}")'
        if silent:
            state = f'IF(OR({",".join(silent)}),"{NOT_YET}",{state})'
        a, b = (self._total(side, unit) for side in (relation.left, relation.right))
        now = NOT_YET if quiet else OK if a is not None and b is not None and abs(a - b) <= tolerance else WRONG
        first, other = relation.left[0].ref, relation.right[0].ref
        named = self.set.blanketter[first.blankett or ""].column_by_id[first.column or ""]
        where_text = ""
        if first.where:
            choices = self.set.blanketter[first.blankett or ""].column_by_id[first.where[0]].choices
            where_text = " för " + next(c.label for c in choices if c.id == first.where[1])
        there = self.set.blanketter[other.blankett or ""]
        text = f"{relation.text}{where_text} ({named.name}) är detsamma som i {there.title} ({self._row_name(there, other)})"
        return Check(
            form.id, (relation.code,), text, left, right, state, (a, b, now), relation.advice, tolerance,
            there.decimals_of(other.row or "", other.column or "") if other.row != "*" else there.decimals,
        )  # fmt: skip

    def _row_name(self, form: Blankett, ref: Ref) -> str:
        return "listans rader" if ref.row == "*" else form.row_label(ref.row or "")

    def _figure(self, ref: Ref) -> Decimal | None:
        return self._value((ref.blankett or "", ref.row or "", ref.column or ""))

    def _total(self, formula: Formula, unit: str) -> Decimal | None:
        total = Decimal(0)
        for term in formula:
            try:
                figure = self.evaluation.figure(term.ref)
            except NotComputable:
                return None
            total += term.sign * (figure or Decimal(0)) * self.set.scale(term.ref, unit)
        return total

    # ---- the city's own limits

    def _limits(self, form: Blankett) -> Iterator[Check]:
        start, result, gross = (
            self.places.column("", form.id, c) for c in ("overforing_fran", "resultat", "bruttobudget")
        )
        given = f"ISNUMBER({start})*ISNUMBER({result})*ISNUMBER({gross})*({gross}<>0)"
        signs = {
            c: "-" if form.column_by_id[c].positive_means == "underskott" else ""
            for c in ("overforing_fran", "resultat")
        }
        year = f"({signs['resultat']}{result})"
        fund = f"({signs['overforing_fran']}{start}{'-' if signs['resultat'] else '+'}{result})"
        for code, text, what, parameter in (
            (
                "BF301",
                "Enheter vars överskott för året är över årets gräns",
                year,
                "resultatenhet.max_andel_overforing",
            ),
            ("BF302", "Enheter vars fond är över gränsen", fund, "resultatenhet.max_andel_fond"),
        ):
            share = self.set.parameter(parameter)
            count = f"SUMPRODUCT({given}*(ROUND({what}-{self.places.parameter(parameter)}*ABS({gross}),{NOISE})>{form.tolerance}))"
            over = 0
            for row in self.evaluation.items[form.id]:
                a, b, c = (
                    self._value((form.id, row, each)) for each in ("overforing_fran", "resultat", "bruttobudget")
                )
                if a is None or b is None or not c:
                    continue
                surplus = -b if signs["resultat"] else b
                carried = (-a if signs["overforing_fran"] else a) + surplus
                over += (surplus if code == "BF301" else carried) - share * abs(c) > form.tolerance
            limit = f"{share * 100:f}".rstrip("0").rstrip(".").replace(".", ",")
            yield self._none(form, (code,), f"{text} ({limit} % av bruttobudgeten)", count, over,
                             "Överför högst gränsen, eller förklara.")  # fmt: skip

    def _net(self, form: Blankett) -> Check:
        rows = [r.id for r in form.rows if r.formula is None and not r.heading]
        if form.is_list:
            costs, incomes = (self.places.column("", form.id, c) for c in ("kostnader", "intakter"))
            count = f"SUMPRODUCT(1*(ROUND({costs}+{incomes},{NOISE})<>0))"
            rows = list(self.evaluation.items[form.id])
        else:
            pairs = [[f"N({self.places.cell('', form.id, row, c)})" for c in ("kostnader", "intakter")] for row in rows]
            count = "+".join(f"(ROUND({a}+{b},{NOISE})<>0)" for a, b in pairs)
        values = [
            [self._value((form.id, row, c)) or Decimal(0) for c in ("kostnader", "intakter")]
            for row in rows
            if row != LIST_TOTAL
        ]
        return self._none(form, ("BF304",), "Rader där kostnader och intäkter inte tar ut varandra", count,
                          sum(a + b != 0 for a, b in values), "Rätta kostnaden eller intäkten: nettot ska vara noll.")  # fmt: skip
