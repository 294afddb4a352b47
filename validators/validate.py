"""Runs the rules over a filing, applies the nämnd's explanations and writes the receipt."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from blankettset.validators.earlier import earlier_workbooks
from blankettset.validators.filing import Filing
from blankettset.validators.finding import Finding, Hit, Severity
from blankettset.validators.registry import declare, ruleset_version, run
from blankettset.workbook.calc.evaluate import Key, Value
from blankettset.workbook.carry.past import Past, translate_rows
from blankettset.workbook.read.filled import FilledSet

EXPLANATIONS = "forklaringar"
BOUND = "En förklaring gäller de siffror den skrevs för"

declare("BF028", title="Förklaringen gäller de siffror som står", severity=Severity.UPPLYSNING, source=BOUND, doc="""
    BF028: En förklaring gäller de siffror som den skrevs för.

    Givet en förklaring av en varning
    När siffrorna har ändrats sedan förklaringen skrevs
    Så öppnas varningen igen, och förklaringen pekas ut.
    Exempel: Förklaringen gäller 0,7 mot 2,8 men projektlistan är nu 1,4.
    """)  # fmt: skip
declare("BF029", title="Varje förklaring har en varning", severity=Severity.UPPLYSNING, source=BOUND, doc="""
    BF029: En förklaring hör till en varning som finns.

    Givet en rad i Förklaringar
    När det inte finns någon varning med den koden på den platsen
    Så sägs det till.
    Exempel: Varningen är rättad men förklaringen ligger kvar.
    """)  # fmt: skip


class Result(msgspec.Struct, frozen=True):
    """The outcome of one validation. The same file gives the same result, receipt included."""

    filled: FilledSet
    findings: tuple[Finding, ...]
    receipt: Mapping[str, Any]
    earlier: tuple[Past, ...] = ()

    def count(self, severity: Severity) -> int:
        """How many findings of a severity that still ask for something (explained ones do not)."""
        return sum(f.severity is severity and f.explanation is None for f in self.findings)

    @property
    def explained(self) -> int:
        """How many warnings that are explained."""
        return sum(f.explanation is not None for f in self.findings)

    @property
    def may_be_submitted(self) -> bool:
        """True when nothing stops the submission: no fel and no unexplained varning."""
        return not self.count(Severity.FEL) and not self.count(Severity.VARNING)

    def as_json(self) -> dict[str, Any]:
        """The contract of `blankett validera --json`."""
        filled = self.filled
        return {
            "fil": filled.file,
            "sha256": filled.sha256,
            "blankettset": filled.set.id,
            "niva": filled.set.level,
            "namnd": filled.namnd,
            "period": filled.set.period,
            "regelverk": ruleset_version(filled.set),
            "sammanfattning": {
                **{str(severity): self.count(severity) for severity in Severity},
                "forklarade": self.explained,
            },
            "kvitto": dict(self.receipt),
            "fynd": [finding.as_json() for finding in self.findings],
            **self._compared(),
        }

    def _compared(self) -> dict[str, Any]:
        """What differs from the earlier workbooks, when there are any."""
        if not self.earlier:
            return {}
        from blankettset.validators.differences import as_json  # only those who compare pay for loading it

        return {"skillnader": as_json(self.filled, self.earlier)}


def validate(filled: FilledSet, previous: tuple[FilledSet, ...] = ()) -> Result:
    """All findings with explanations applied, in the order of the workbook.

    `previous` are earlier workbooks of the same nämnd, or of all the nämnder merged into it, for the BF5xx rules;
    NotEarlier for one that is not. Their explanations still hold where the figures are the same.
    """
    before = earlier_workbooks(filled, previous)
    given = _explanations(filled)
    carried = _carried(filled, before)

    def is_explained(finding: Finding) -> bool:
        explanation = given.get(finding.place) or carried.get(finding.place)
        explainable = finding.severity is Severity.VARNING
        return explainable and explanation is not None and _is_bound(explanation[1], finding)

    findings = tuple(_explain(filled, given, carried, run(Filing(filled, is_explained, before))))
    compared = [{"fil": earlier.file, "sha256": earlier.sha256} for earlier in previous]
    counts = Counter(f.severity for f in findings if f.explanation is None)
    stops = counts[Severity.FEL] or counts[Severity.VARNING]
    receipt = {
        "sha256": filled.sha256,
        "innehall": content_hash(filled),
        "regelverk": ruleset_version(filled.set),
        "definition": filled.set.layout_hash,
        "fel": counts[Severity.FEL],
        "varning": counts[Severity.VARNING],
        "upplysning": counts[Severity.UPPLYSNING],
        **({"foregaende": compared} if compared else {}),
        "utslag": "får inte lämnas in" if stops else "får lämnas in",
    }
    return Result(filled, findings, receipt, before)


def content_hash(filled: FilledSet) -> str:
    """A hash of the figures and texts alone: unchanged when the file is only saved again."""
    lines = [f"{filled.namnd}\x1f{filled.set.id}"]
    system = filled.system_cells  # what an earlier check or delivery wrote is no content of the nämnd's
    for key, value in sorted(filled.facts.items()):
        if key in system:
            continue
        lines.append(
            "\x1f".join((*key, value if isinstance(value, str) else f"{value.normalize():f}" if value else "0"))
        )
    return hashlib.sha256("\x1e".join(lines).encode()).hexdigest()


Place = tuple[str, str, str, str]
Given = Mapping[Place, tuple[str, str, str]]


def _explanations(filled: FilledSet) -> dict[Place, tuple[str, str, str]]:
    """Place -> (list row, figures, text)."""
    form = filled.forms.get(EXPLANATIONS)
    return _stated(filled.facts, form.items if form else ())


def _carried(filled: FilledSet, previous: tuple[Past, ...]) -> dict[Place, tuple[str, str, str]]:
    """Explanations of the earlier workbooks, the latest last: they hold for as long as the figures are the same.

    One about a list's row follows the row to where it stands now.
    """
    found: dict[Place, tuple[str, str, str]] = {}
    items = {form.form.id: form.items for form in filled.forms.values() if form.form.is_list}
    for earlier in sorted(previous, key=lambda e: e.set.report_date):
        stated = _stated(earlier.facts, earlier.items.get(EXPLANATIONS, ()))
        turned: dict[str, Callable[[str], str | None]] = {}
        for (code, form_id, line, column), (row, figures, text) in stated.items():
            form = filled.set.blanketter.get(form_id)
            if form is None:
                continue
            if form_id not in turned:
                pairs = earlier.same_rows(form, filled.facts, items, filled.set.year) if form.is_list else {}
                turned[form_id] = translate_rows(form, pairs)
            now = turned[form_id](line)
            if now is not None:
                found[code, form_id, now, column] = (row, figures, f"{text} (ur {earlier.name})")
    return found


def _stated(facts: Mapping[Key, Value], rows: Iterable[str]) -> dict[Place, tuple[str, str, str]]:
    found: dict[Place, tuple[str, str, str]] = {}
    for row in rows:
        words = {
            c: facts.get((EXPLANATIONS, row, c)) for c in ("kod", "blankett", "rad", "kolumn", "siffror", "forklaring")
        }
        code, form_id, line, column, figures, text = (str(word or "").strip() for word in words.values())
        if text:
            found[code.upper(), form_id, line, column] = (row, figures, text)
    return found


def _explain(filled: FilledSet, given: Given, carried: Given, findings: list[Finding]) -> list[Finding]:
    used: dict[tuple[str, str, str, str], str] = {}
    result = []
    for finding in findings:
        explanation = given.get(finding.place)
        before = carried.get(finding.place)
        if explanation is None and before is not None and _is_bound(before[1], finding):
            explainable = finding.severity is Severity.VARNING
            result.append(Finding(finding.code, finding.severity, finding.hit, before[2]) if explainable else finding)
            continue
        if explanation is None or finding.severity is not Severity.VARNING:
            result.append(finding)
            continue
        row, figures, text = explanation
        if _is_bound(figures, finding):
            used[finding.place] = "ok"
            result.append(Finding(finding.code, finding.severity, finding.hit, text))
        else:
            used[finding.place] = finding.siffror
            result.append(finding)
            result.append(_about(filled, row, "BF028", f"förklaringen gäller »{figures}» men där står nu »{finding.siffror}».",
                                 "Pröva om förklaringen fortfarande håller och skriv det som nu står."))  # fmt: skip
    for place, (row, _, _) in given.items():
        if place not in used:
            result.append(_about(filled, row, "BF029", f"det finns ingen varning {place[0]} på den platsen.",
                                 "Ta bort förklaringen om den inte längre behövs."))  # fmt: skip
    return result


def _is_bound(stated: str, finding: Finding) -> bool:
    """True when the explanation was written for these figures; one that names no row is held by the figures alone."""
    return _same_figures(stated, finding.siffror) or bool(finding.figures and _same_figures(stated, finding.figures))


def _same_figures(stated: str, actual: str) -> bool:
    def plain(text: str) -> str:
        return "".join(text.replace("\u2212", "-").split()).casefold()

    return plain(stated) == plain(actual)


def _about(filled: FilledSet, row: str, code: str, text: str, action: str) -> Finding:
    form = filled.forms[EXPLANATIONS]
    cell = filled.cell((EXPLANATIONS, row, "kod"))
    hit = Hit(f"{form.form.title}, rad {row}: {text}", action, EXPLANATIONS, form.sheet,
              cell.address if cell else None, row, "siffror" if code == "BF028" else "kod")  # fmt: skip
    return Finding(code, Severity.UPPLYSNING, hit)
