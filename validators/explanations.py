"""The nämnd's explanations: what each is bound to, which findings it answers for, and what they sum up to.

An explanation stands at a code, form, row and column, or at a code and form alone and then answers for every warning
of the code there. It is bound to the figures, and opens again when they change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from blankettset.templates.model import Blankettset
from blankettset.validators.finding import Finding, Severity, bound_to
from blankettset.validators.place_names import in_ids
from blankettset.workbook.calc.evaluate import Key, Value
from blankettset.workbook.carry.past import Past, translate_rows
from blankettset.workbook.read.filled import FilledSet

EXPLANATIONS, CONTROL = "forklaringar", "kontroll"
WRITTEN_ON = (EXPLANATIONS, CONTROL)  # where both explain a place, what stands on Kontroll was written last
Place = tuple[str, str, str, str]


class Explanation(msgspec.Struct, frozen=True):
    """What was written, on which row of Förklaringar or Kontroll, and the figures it is bound to."""

    form: str
    row: str | None
    figures: str
    text: str


class Explanations:
    """Those of the workbook, and those of earlier ones, which hold where the figures are the same."""

    def __init__(self, filled: FilledSet, before: tuple[Past, ...]) -> None:
        self.given: dict[Place, Explanation] = {}
        for id_ in WRITTEN_ON:
            form = filled.forms.get(id_)
            self.given |= _stated(filled.set, filled.facts, id_, form.items if form else (), "")
        self.carried: dict[Place, Explanation] = {}
        for earlier in sorted(before, key=lambda each: each.set.report_date):  # the latest last
            self.carried |= _carried(filled, earlier)
        self.codes = {place[0] for place in (*self.given, *self.carried)}

    def answers(self, findings: Sequence[Finding]) -> bool:
        """True when one explanation answers for these: a single finding, or all of a rule's on a form."""
        if not findings or findings[0].code not in self.codes:
            return False
        if len(findings) == 1 and self.own(findings[0]) is not None:
            return True
        warnings = [finding for finding in findings if finding.severity is Severity.VARNING]
        return bool(warnings) and self.common(warnings) is not None

    def own(self, finding: Finding) -> Explanation | None:
        """The explanation of this very place, when its figures are those that stand there."""
        if finding.severity is not Severity.VARNING:
            return None
        return self._bound(finding.place, lambda said: _is_bound(said.figures, finding))

    def common(self, warnings: Sequence[Finding]) -> Explanation | None:
        """The explanation of all warnings of a code on a form."""
        figures = bound_to(tuple(finding.hit for finding in warnings))
        return self._bound(_common_place(warnings), lambda said: _same_figures(said.figures, figures))

    def _bound(self, place: Place, holds: Callable[[Explanation], bool]) -> Explanation | None:
        found = (self.given.get(place), self.carried.get(place))
        return next((said for said in found if said is not None and holds(said)), None)


def _stated(
    blankettset: Blankettset, facts: Mapping[Key, Value], written_on: str, rows: Iterable[str], origin: str
) -> dict[Place, Explanation]:
    found: dict[Place, Explanation] = {}
    columns = ("kod", "blankett", "rad", "kolumn", "siffror", "forklaring")
    for row in rows:
        words = (facts.get((written_on, row, column)) for column in columns)
        code, form_id, line, column, figures, text = (str(word or "").strip() for word in words)
        if text:
            place = in_ids(blankettset, (form_id, line, column))
            found[code.upper(), *place] = Explanation(written_on, row, figures, text + origin)
    return found


def _carried(filled: FilledSet, earlier: Past) -> dict[Place, Explanation]:
    """An earlier workbook's explanations. One about a list's row follows the row to where it stands now."""
    found: dict[Place, Explanation] = {}
    items = {form.form.id: form.items for form in filled.forms.values() if form.form.is_list}
    turned: dict[str, Callable[[str], str | None]] = {}
    stated: dict[Place, Explanation] = {}
    for id_ in WRITTEN_ON:
        stated |= _stated(earlier.set, earlier.facts, id_, earlier.items.get(id_, ()), f" (ur {earlier.name})")
    for (code, form_id, line, column), said in stated.items():
        form = filled.set.blanketter.get(form_id)
        if form is not None and line and form_id not in turned:
            pairs = earlier.same_rows(form, filled.facts, items, filled.set.year) if form.is_list else {}
            turned[form_id] = translate_rows(form, pairs)
        now = turned[form_id](line) if form_id in turned and line else line
        if now is not None and (form is not None or not form_id):
            found[code, form_id, now, column] = said
    return found


def pools(findings: Iterable[Finding]) -> dict[tuple[str, str], list[Finding]]:
    """The warnings that one explanation can answer for: those of a code on a form, and ("") on the whole workbook."""
    found: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        if finding.severity is Severity.VARNING:
            for form in dict.fromkeys((finding.hit.form or "", "")):
                found.setdefault((finding.code, form), []).append(finding)
    return found


def explained(findings: Iterable[Finding], explanations: Explanations) -> tuple[list[Finding], dict[Place, str]]:
    """The findings with what explains them, and the figures that now stand at the place of each explanation given.

    The figures are empty where the explanation holds.
    """
    found = list(findings)
    used: dict[Place, str] = {}
    common: dict[tuple[str, str], Explanation | None] = {}
    for key, group in pools(found).items():
        common[key] = said = explanations.common(group)
        given = explanations.given.get((*key, "", ""))
        if given is not None:
            used[(*key, "", "")] = "" if said is given else bound_to(tuple(finding.hit for finding in group))
    result = []
    for finding in found:
        said = None
        if finding.severity is Severity.VARNING:
            said = explanations.own(finding)
            if finding.place in explanations.given and finding.place not in used:
                used[finding.place] = "" if said is explanations.given[finding.place] else finding.siffror
            said = said or common[finding.code, finding.hit.form or ""] or common[finding.code, ""]
        result.append(finding if said is None else msgspec.structs.replace(finding, explanation=said.text))
    return result, used


def _common_place(findings: Sequence[Finding]) -> Place:
    forms = {finding.hit.form or "" for finding in findings}
    return (findings[0].code, forms.pop() if len(forms) == 1 else "", "", "")


def _is_bound(stated: str, finding: Finding) -> bool:
    """True when the explanation was written for these figures; one that names no row is held by the figures alone."""
    return _same_figures(stated, finding.siffror) or bool(finding.figures and _same_figures(stated, finding.figures))


def _same_figures(stated: str, actual: str) -> bool:
    def plain(text: str) -> str:
        return "".join(text.replace("\u2212", "-").replace(".", ",").split()).casefold()

    return plain(stated) == plain(actual)
